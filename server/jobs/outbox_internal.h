/* outbox_internal.h: what outbox.c (decides), outbox_call.c (calls) and outbox_queue.c (hands over
 * between them) share. */
#ifndef JOBS_OUTBOX_INTERNAL_H
#define JOBS_OUTBOX_INTERNAL_H

#include "inbox/inbox.h"
#include "jobs/jobs.h"
#include "jobs/outbox_pace.h"
#include "store/queries.h"

#include <pthread.h>

enum { BREAKERS_MAX = 256 };

/* After BREAKER_FAILURES failures of the network in a row a channel rests for a while; one call
 * then tries it. */
struct breaker {
	id64 channel;
	int64_t failures, open_until_ms;
};

enum outbox_outcome { OUTCOME_SENT, OUTCOME_RETRY, OUTCOME_UNCONFIRMED, OUTCOME_FAILED };

/* What came of one call; the texts live in `texts`. */
struct outbox_result {
	struct outbox_result *next;
	struct outbox_item_row item;
	enum outbox_outcome outcome;
	bool passed_on;     /* the network's webhook tells of it, and is passed on */
	bool is_template;
	bool is_upstream;   /* the network or the provider's servers, not this message */
	/* wait_ms: the provider said how long; 0: back-off */
	int64_t started_ms, ended_ms, wait_ms;
	str remote_id, code, sentence, next_step, provider_trace;
	struct buf texts;
};

struct claims {
	struct outbox_item_row items[OUTBOX_CLAIM_MAX];
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
	struct breaker breakers[BREAKERS_MAX];
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
void outbox_hand_out(struct outbox *outbox, const struct outbox_item_row *item);
/* A worker is done with it; takes the result over. Any thread. */
void outbox_finish(struct outbox *outbox, struct outbox_result *result);
/* On a call worker: the whole call (outbox_call.c). */
void outbox_call(struct job *job, struct outbox_result *result);

#endif
