/*
 * cost.h: what messages cost, as estimated before they leave and as the network reports it
 * afterwards; and whom the network counts or holds back.
 */
#ifndef INBOX_COST_H
#define INBOX_COST_H

#include "account/price.h"
#include "inbox/inbox.h"

struct message_cost {
	str country, category, kind; /* the network's words; country may be empty */
	bool is_known, is_charged;   /* charged: it was delivered, and its kind is not free */
	int64_t micros;              /* by our table */
	str currency;
};
/* ERR_MISSING until the network reported a price. */
enum err message_cost(struct job *job, id64 message, struct message_cost *out);

/* What a message would cost: to a conversation, or to a phone number or business-scoped id. */
struct cost_question {
	id64 conversation_id;
	str to;
	id64 template_id;  /* its category; or */
	str category;      /* this one; neither: "service" */
};
struct cost_estimate {
	struct price price;
	str country, category;
	bool window_open;
};
enum err cost_estimate(struct job *job, const struct cost_question *question,
	struct cost_estimate *out);

/* A status report of one of our messages: its price, and a hold on marketing. In the open
 * transaction. */
enum err cost_apply(struct job *job, id64 message, const struct provider_event *event);
/* The provider took the message: its person counts for the messaging limit when the window is
 * closed. code: of a refusal, or none. In the open transaction. */
enum err cost_sent(struct job *job, id64 message);
enum err cost_refused(struct job *job, id64 message, str code);

#endif
