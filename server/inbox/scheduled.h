/*
 * scheduled.h: messages for later.
 *
 * A message for later is sent exactly once: its row is taken, the message and its place in the
 * outbox are written and the row is settled in one transaction. Times of repeats are counted in the
 * row's time zone, so that nine o'clock stays nine o'clock.
 */
#ifndef INBOX_SCHEDULED_H
#define INBOX_SCHEDULED_H

#include "inbox/inbox.h"

#define SCHEDULED_MAX 20000                          /* that wait, of a workspace */
#define SCHEDULED_AHEAD_MAX_MS (366 * 86400000LL)
#define SCHEDULED_LATE_MAX_MS (12 * 3600000LL)       /* later than that it is not sent at all */
#define TIME_ZONE_MAX 64

enum scheduled_state {
	SCHEDULED_PENDING,
	SCHEDULED_SENT,
	SCHEDULED_CANCELLED,
	SCHEDULED_NOT_SENT,
	SCHEDULED_STATES
};
const char *scheduled_state_name(enum scheduled_state state);
bool scheduled_state_parse(str name, enum scheduled_state *out);

enum repeat { REPEAT_ONCE, REPEAT_DAILY, REPEAT_WEEKLY, REPEAT_MONTHLY, REPEATS };
const char *repeat_name(enum repeat repeat);
bool repeat_parse(str name, enum repeat *out);

struct scheduled {
	id64 id, workspace, conversation_id, author_id, reply_to_id, canned_id, last_message_id;
	enum actor_kind author_kind;
	enum message_kind kind;
	str content;                 /* JSON object of the kind */
	int64_t due_ms, first_ms, repeat_until_ms, if_no_reply_ms, sent_count;
	str time_zone;               /* "Europe/Berlin" */
	enum repeat repeat;
	enum scheduled_state state;
	str code, reason;            /* why it was not sent: a word, a sentence; or none */
};
struct scheduled_list { struct scheduled *items; size_t count; };

/* What is asked for; the message itself is a draft, with its conversation. */
struct scheduled_draft {
	const struct message_draft *message;
	int64_t due_ms, repeat_until_ms;
	str time_zone;
	enum repeat repeat;
	bool only_if_no_reply;
};

/* The content is checked now; a window that will be closed then is no error (scheduled_misses). */
enum err scheduled_create(struct job *job, const struct scheduled_draft *draft,
	struct scheduled *out);
/* All of it anew; one that waits. ERR_CONFLICT "not_pending" otherwise. */
enum err scheduled_change(struct job *job, id64 id, const struct scheduled_draft *draft,
	struct scheduled *out);
enum err scheduled_cancel(struct job *job, id64 id, struct scheduled *out);
/* All of a conversation, in the caller's transaction: what waits is cancelled, and no text of any
 * stays. */
enum err scheduled_forget(struct job *job, id64 conversation);
enum err scheduled_get(struct job *job, id64 id, struct scheduled *out);
/* By time, behind (after_ms, after). conversation 0: all of the state; else those that wait. */
struct scheduled_ask {
	id64 conversation, after;
	enum scheduled_state state;
	int64_t after_ms;
	size_t max;
};
enum err scheduled_list(struct job *job, const struct scheduled_ask *ask,
	struct scheduled_list *out);
/* Will the 24-hour window be closed when it goes, unless the customer writes before? */
bool scheduled_misses(const struct scheduled *s, const struct conversation *conv, bool has_window);

/* Those that are due now, of all workspaces. */
struct scheduled_due { id64 id, workspace; };
enum err scheduled_find_due(struct job *job, size_t max, struct scheduled_due **out, size_t *count);
/* Sends one that is due, in a transaction of its own; or settles why not, and tells its author.
 * Nothing when somebody else was faster. Sets the job's workspace and actor. */
enum err scheduled_send(struct job *job, const struct scheduled_due *due);
/* The time behind after_ms that a repeat comes to; 0: none. */
int64_t scheduled_next(const struct scheduled *s, int64_t after_ms);

#endif
