/*
 * subject.h: a provider and the fake of its network, as the conformance suite sees them.
 *
 * The suite speaks the Cloud API's shapes to every fake, whatever the network's own are. A new
 * provider writes one of these and adds it to the list in conformance.c. What a network cannot do,
 * because there is none, is NULL: the tests about it pass by.
 */
#ifndef TESTS_CONFORMANCE_SUBJECT_H
#define TESTS_CONFORMANCE_SUBJECT_H

#include "base/json.h"
#include "base/test.h"
#include "provider/provider.h"

struct subject {
	const struct provider *provider;
	void (*start)(void);                       /* each test begins anew */
	struct channel (*channel)(void);
	struct job *(*job)(void);                  /* lives until the next start() */
	void (*open_window)(str phone);            /* the customer writes once */
	/* as in a webhook's messages[]; gives the remote id, none: nobody can say such a thing here
	 */
	str (*customer_sends)(str phone, str message);
	/* a file that the customer can send: its id */
	str (*customer_file)(bytes data, const char *mime_type);
	/* an address of a file that whoever fetches it can open */
	str (*file_link)(bytes data, const char *mime_type);
	void (*customer_reads)(str phone);
	/* WhatsApp's servers do not tell a linked device: they take the message and keep it, and
	 * it stays sent for ever, as on a phone. So there it is NULL. */
	void (*customer_blocks)(str phone);
	/* the newest message on the customer's phone: {"type":…} */
	json (*arrived)(str phone);
	bool (*is_typing)(str phone);
	/* once: "lost_answer", "rate_limit", "gateway_page" (its server fails in the middle), and
	 * "forged_webhook": what comes next comes once as somebody else made it, then as it is */
	void (*break_by)(const char *fault);
	size_t (*forged)(void);                    /* that were refused */
	/* Nobody takes the channel's credentials any more; its network cannot be reached. */
	void (*lock_out)(struct channel *ch);
	void (*unplug)(struct channel *ch);
	const struct provider_event *(*wait)(enum event_kind kind, size_t index);
	/* Where a network goes another way than Meta's. */
	bool follows_links;   /* we fetch what a link leads to, and not its network */
	bool numbers_choices; /* buttons and lists arrive as text, to be answered with a number */
	/* send() itself waits for what STATUS_SENT says, the server's ack: to say it again would
	 * be one more event for each message, and nothing new. It comes only when the ack is late.
	 */
	bool answer_is_sent;
};

/* The customers of the sandbox, whatever provider speaks to it (cloud_subject.c). */
void sandbox_open_window(str phone);
str sandbox_customer_sends(str phone, str message);
str sandbox_customer_file(bytes data, const char *mime_type);
str sandbox_file_link(bytes data, const char *mime_type);
void sandbox_customer_reads(str phone);
void sandbox_customer_blocks(str phone);
json sandbox_arrived(str phone);
bool sandbox_is_typing(str phone);
void sandbox_break_by(const char *fault);
void sandbox_lock_out(struct channel *ch);
void sandbox_unplug(struct channel *ch);

/* What a subject has in common with all that speak to the sandbox. */
#define SUBJECT_ON_SANDBOX                                                                 \
	.job = fixture_job, .open_window = sandbox_open_window,                            \
	.customer_sends = sandbox_customer_sends, .customer_file = sandbox_customer_file,  \
	.file_link = sandbox_file_link, .customer_reads = sandbox_customer_reads,          \
	.customer_blocks = sandbox_customer_blocks, .arrived = sandbox_arrived,            \
	.is_typing = sandbox_is_typing, .break_by = sandbox_break_by,                      \
	.lock_out = sandbox_lock_out, .unplug = sandbox_unplug, .forged = fixture_refused, \
	.wait = fixture_wait

extern const struct subject cloud_subject, msg91_subject, http_subject, linked_subject,
	echo_subject;

#endif
