/*
 * route.h: the route of a number: its channels in order, which of them is used now, and why.
 *
 * A number (a phone number of the business) may be reached by several channels. The rule is
 * account/route_choose.h, what is known of the channels' health is account/route_health.h; here
 * both meet the store. Runs on workers.
 */
#ifndef ACCOUNT_ROUTE_H
#define ACCOUNT_ROUTE_H

#include "account/channel.h"
#include "account/route_choose.h"
#include "account/route_health.h"

#define ROUTE_REASON_MAX 500   /* code points of what an administrator says */
#define ROUTE_NUMBERS_MAX 100  /* of a page */

struct number_route {
	id64 id;
	str phone;                    /* digits; empty until known */
	enum route_mode mode;
	/* held to a channel by hand; channel 0: not */
	struct route_hold {
		id64 channel;
		str reason, by;
		int64_t since_ms, until_ms; /* until_ms 0: until it is lifted */
	} hold;
	/* what plain messages go by, as it was last settled; channel 0: not settled yet */
	id64 active;
	str active_reason, active_sentence;
	int64_t active_since_ms;
	/* in the order of the route, side by side */
	struct channel_full *channels;
	struct route_candidate *candidates;
	struct route_sight *sights;
	size_t count;
};

/* All channels that are not deleted, with their health. ERR_MISSING for a number that is none of
 * the workspace. */
enum err number_route_get(struct job *job, id64 number, struct number_route *out);
/* Of the workspace, those with a channel, by id above `after`. */
enum err number_route_list(struct job *job, id64 after, size_t limit, struct number_route **out,
	size_t *count);
/* The number of a channel, also of a deleted one. */
enum err number_of_channel(struct job *job, id64 channel, id64 *out);

/* route_choose() among them; mode and hold of the ask are set here. */
void number_route_choose(struct job *job, const struct number_route *route, struct route_ask *ask,
	struct route_choice *out);
/* What plain messages go by now. */
void number_route_now(struct job *job, const struct number_route *route, struct route_choice *out);
/* The channel of a choice; NULL for none. */
struct channel *number_route_channel(const struct number_route *route,
	const struct route_choice *choice);

/* ---- by hand: each in its own transaction, with an audit row ---- */

struct route_draft {
	bool has_mode;
	enum route_mode mode;
	/* all channels of the number in their order, or none to keep it */
	const id64 *channels;
	const int64_t *weights; /* side by side with channels */
	size_t count;
	str reason;
};
/* Field errors "channels", "mode". */
enum err number_route_change(struct job *job, id64 number, const struct route_draft *draft);
/* Holds the number to the channel until it is lifted, or until_ms; a reason is asked for. channel
 * 0: lifts it. */
enum err number_route_hold(struct job *job, id64 number, const struct route_hold *hold);

/* ---- by itself (route_change.c) ---- */

/* Compares what the number goes by with what was settled last. A change is written in a transaction
 * of its own: the number, a row of history, a notice, an outgoing webhook, a line of the log; then
 * route_changed_hook. */
enum err number_route_settle(struct job *job, id64 number, bool *changed);
/* After a commit; set once at start by main, may be NULL. */
extern void (*route_changed_hook)(struct job *job, id64 number);

struct route_change {
	id64 id, channel, from;
	str reason, severity, sentence;
};
/* Newest first, below `before`. */
enum err number_route_history(struct job *job, id64 number, id64 before, size_t max,
	struct route_change **out, size_t *count);

/* ---- decisions, kept with the message ---- */

struct route_decision {
	id64 id, channel, from;    /* from 0: the first */
	str reason, sentence;
	str name, provider, phone; /* of the channel */
};
/* In the open transaction. */
enum err route_decide(struct job *job, id64 message, id64 from, const struct route_choice *choice);
/* Oldest first. A message whose number had one channel has none written: then it is that one.
 * channel: the message's. */
enum err route_decisions(struct job *job, id64 message, id64 channel,
	struct route_decision **out, size_t *count);
/* Had this channel ever the message? */
enum err route_had(struct job *job, id64 message, id64 channel, bool *out);

/* The API's NumberRoute. key NULL: an element, or the whole. */
void number_route_write_json(struct job *job, struct buf *out, const char *key,
	const struct number_route *route);

#endif
