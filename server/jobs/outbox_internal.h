/* outbox_internal.h: what outbox.c (decides), outbox_call.c (calls) and outbox_queue.c (hands over
 * between them) share. */
#ifndef JOBS_OUTBOX_INTERNAL_H
#define JOBS_OUTBOX_INTERNAL_H

#include "account/route_health.h"
#include "inbox/inbox.h"
#include "jobs/jobs.h"
#include "jobs/outbox_pace.h"
#include "store/queries.h"

#include <pthread.h>

enum { IN_FLIGHT_MAX = 64, BROKEN_MAX = 32 };

/* A call that is with the workers. */
struct flight { id64 message, channel; int64_t started_ms; };

enum outbox_outcome { OUTCOME_SENT, OUTCOME_RETRY, OUTCOME_UNCONFIRMED, OUTCOME_FAILED };

/* What came of one call; the texts live in `texts`. */
struct outbox_result {
	struct outbox_result *next;
	struct outbox_item_row item;
	enum outbox_outcome outcome;
	bool passed_on;     /* the network's webhook tells of it, and is passed on */
	bool is_template;
	/* what it says of the channel, if a call was made */
	bool was_called;
	enum route_outcome health;
	bool may_move;      /* failed for the channel's sake: another one may do it */
	bool is_trial;      /* the one that tries a channel that was down */
	bool is_paced;      /* the number is a person's: account/pace_number.h */
	/* wait_ms: the provider said how long; 0: back-off */
	int64_t started_ms, ended_ms, wait_ms;
	str remote_id, code, sentence, next_step, provider_trace;
	struct buf texts;
};

struct claims {
	struct outbox_item_row items[OUTBOX_CLAIM_MAX];
	bool is_trial[OUTBOX_CLAIM_MAX];
	size_t count;
	struct inbox_changes changes;
};

struct outbox {
	struct outbox_config config;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct outbox_result *results; /* finished, not yet written */
	size_t calls;                  /* with the workers */
	struct outbox_figures shown;   /* what others see of `figures` */
	bool woken, stopping;

	/* The outbox thread's own: */
	struct pace *pace;
	struct flight flights[IN_FLIGHT_MAX];
	size_t flight_count;
	id64 broken[BROKEN_MAX];       /* channels that just failed: what waits there may move */
	size_t broken_count;
	struct outbox_figures figures;
	int64_t wait_ms;
	/* Claimed in a round whose commit was not confirmed: it may stand on disk all the same. */
	id64 unsure[OUTBOX_CLAIM_MAX];
	size_t unsure_count;
};

void *outbox_thread(void *arg);
void outbox_wait_at_most(struct outbox *outbox, int64_t ms);
bool outbox_is_stopping(struct outbox *outbox);
/* Waits for results, a wake or wait_ms; appends the results to *results. False when stopping and no
 * call is left. */
bool outbox_take_results(struct outbox *outbox, struct outbox_result **results);
/* To a call worker; when their queue is full the result is a retry. */
void outbox_hand_out(struct outbox *outbox, const struct outbox_item_row *item, bool is_trial);

/* ---- to other channels (outbox_route.c), on the outbox's thread ---- */

/* After a result was written: what it says of the channel. */
void outbox_note_health(struct outbox *outbox, const struct outbox_result *result, int64_t now_ms);
void outbox_flight_begins(struct outbox *outbox, const struct outbox_item_row *item,
	int64_t now_ms);
void outbox_flight_ends(struct outbox *outbox, id64 message);
/* How many calls of the channel are under way. */
size_t outbox_flights_of(const struct outbox *outbox, id64 channel);
/* Calls that hang make their channel rest. True when there are any. */
bool outbox_look_for_stalls(struct outbox *outbox, int64_t now_ms);
/* In the open transaction. *moved false: no other channel may carry it, or it belongs there. */
enum err outbox_move(struct job *job, struct outbox *outbox, const struct outbox_item_row *item,
	struct inbox_changes *changes, bool *moved);
/* All that waits on a channel that does not work, as far as another one may carry it. */
enum err outbox_move_waiting(struct job *job, struct outbox *outbox, id64 channel,
	struct inbox_changes *changes);
/* The same for those that just failed. */
enum err outbox_move_broken(struct job *job, struct outbox *outbox, struct inbox_changes *changes);
/* ---- numbers of persons' phones (outbox_slow.c), on the outbox's thread ---- */

/* May it go now? Then it counts as sent. stop: nor may what stands behind it. In the open
 * transaction of the claim. */
struct outbox_slow { bool go, stop; size_t held; };
enum err outbox_slow_ask(struct job *job, struct outbox *outbox, const struct channel *ch,
	const struct outbox_item_row *item, struct outbox_slow *slow,
	struct inbox_changes *changes);
/* How long somebody seems to type before it; 0: not at all. On a call worker. */
enum err outbox_slow_typing(struct job *job, const struct channel *ch, const struct message *msg,
	int64_t *out);
/* What came of a call. In the open transaction. */
enum err outbox_slow_note(struct job *job, const struct outbox_result *result,
	struct inbox_changes *changes);

/* A worker is done with it; takes the result over. Any thread. */
void outbox_finish(struct outbox *outbox, struct outbox_result *result);
/* On a call worker: the whole call (outbox_call.c). */
void outbox_call(struct job *job, struct outbox_result *result);

#endif
