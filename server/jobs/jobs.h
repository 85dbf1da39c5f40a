/*
 * jobs.h: what runs by itself: intake, outbox, webhooks to others, media, retention.
 *
 * Each is created once by main and stopped in the reverse order. Their threads are workers: they
 * may block.
 */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "net/http.h"
#include "runtime/pool.h"

/* ---- intake: webhooks in (intake.c), and their effects (processor.c) ---- */

#define INTAKE_QUEUE_MAX 8192              /* webhooks waiting for their commit; 503 past it */
#define INTAKE_OCTETS_MAX (64u << 20)      /* of their bodies; the same */
#define INTAKE_BATCH_MAX 512               /* in one transaction */
#define PROCESSOR_BATCH_MAX 128
#define PROCESSOR_APPLIED_MAX 500          /* messages and so on of them; then a round ends */
#define PROCESSOR_OCTETS_MAX (4u << 20)    /* of a batch's bodies, if it is more than one event */
#define PROCESSOR_BATCH_SMALL 16           /* while webhooks wait for the writer … */
#define PROCESSOR_GIVE_WAY_MS \
	20 /* … and so long it leaves the writer to them between two batches */
#define INTAKE_PRESSURE 32                 /* webhooks that make it do so */
#define PROCESSOR_ATTEMPTS_MAX 5

struct intake;
struct processor;
struct channel;

/* Set once by main: an attempt at an event of the job's workspace failed. On the processor's
 * thread. */
extern void (*processor_failed_hook)(struct job *job, id64 event);

struct processor *processor_create(struct store *store);
void processor_wake(struct processor *processor); /* any thread */
/* Ends after the batch under way. */
void processor_destroy(struct processor *processor);

struct intake *intake_create(struct store *store, struct processor *processor);
/* Commits what waits, then ends. */
void intake_destroy(struct intake *intake);
/* Handlers of the webhook routes, on the loop. */
void intake_receive(const struct request *req, struct exchange *ex);
void intake_handshake(const struct request *req, struct exchange *ex);
/* provider_loopback: stores the body as an event of the channel, as if it had come in. */
enum err intake_loopback(struct job *job, const struct channel *ch, str body);
/* The same inside an open transaction of job->workspace; then, after its commit, intake_told(). */
enum err intake_put(struct job *job, id64 channel, str body);
void intake_told(void);
/* How many webhooks wait for their commit right now: the processor gives way to them. Any thread.
 */
size_t intake_pressure(void);

struct intake_figures {
	uint64_t accepted, repeated, refused, failed;
	size_t waiting;
	int64_t failed_ms; /* 0: the last batch was stored */
};
void intake_figures(struct intake *intake, struct intake_figures *out); /* any thread */
struct processor_figures { uint64_t applied, failed, kept; int64_t lag_ms; };
void processor_figures(struct processor *processor, struct processor_figures *out);

/* ---- outbox: messages out ---- */

#define OUTBOX_CLAIM_MAX 64                /* messages given to workers in one round */
#define OUTBOX_GIVE_UP_MS (24 * 3600 * 1000LL)
#define OUTBOX_BACKOFF_MS 1000             /* doubled each time, with jitter */
#define OUTBOX_BACKOFF_MAX_MS 30000
#define OUTBOX_PAIRS_MAX 20000             /* pair buckets in memory */

struct outbox_config {
	struct store *store;
	struct pool *callers;                  /* call workers */
	struct pool *spare;                    /* while calls to a channel hang; may be NULL */
	/* how long a lost answer may be settled by its status report */
	int64_t unconfirmed_wait_ms;
};
struct outbox;
struct outbox *outbox_create(const struct outbox_config *config);
void outbox_wake(struct outbox *outbox);       /* any thread */
/* Claims nothing more, waits for the calls under way (they have deadlines), writes their results.
 */
void outbox_destroy(struct outbox *outbox);
/* moved: to another channel; moved_…: what came of those */
struct outbox_figures {
	uint64_t sent, failed, retried, unconfirmed, moved, moved_sent, moved_failed;
	size_t in_flight;
};
void outbox_figures(struct outbox *outbox, struct outbox_figures *out);

/* ---- webhooks to others (webhook.c) ---- */

#define WEBHOOK_ATTEMPTS_MAX 10
#define WEBHOOK_DEADLINE_MS 15000
#define WEBHOOK_REPLY_MAX (64u << 10)      /* octets of an answer; more is a failure */
#define WEBHOOK_EXCERPT_MAX 1024           /* octets of an answer that are kept */
#define WEBHOOK_PER_ADDRESS_MAX 4          /* calls to one webhook at a time */
#define WEBHOOK_IN_FLIGHT_MAX 64           /* to all */
#define WEBHOOK_PATIENCE_UNITS (5 * 86400) /* without one success: then it is disabled */

struct webhook_event_row;
struct webhooks_config {
	struct store *store;
	size_t workers;                        /* threads of its own */
	int64_t retry_unit_ms;                 /* of the schedule: a second, less in tests */
	int64_t patience_ms;                   /* WEBHOOK_PATIENCE_UNITS of it */
	/* The body of an event of the job's workspace: the whole JSON text. */
	enum err (*compose)(struct job *job, const struct webhook_event_row *event, str *body);
	/* The same in Meta's format. source: the network's own words of it, or none. Never
	 * ERR_MISSING: what is gone is told by what is left. */
	enum err (*compose_cloud)(struct job *job, const struct webhook_event_row *event,
		str source, str *body);
	/* Something of a webhook's deliveries changed: at most once a second for each. */
	void (*changed)(struct job *job, id64 webhook);
};
struct webhooks;
struct webhooks *webhooks_create(const struct webhooks_config *config);
void webhooks_wake(struct webhooks *webhooks); /* any thread */
/* Starts nothing more, waits for the calls under way (they have deadlines), writes what came of
 * them. What is not written is delivered again after the start, under the same id. */
void webhooks_destroy(struct webhooks *webhooks);
struct webhooks_figures { uint64_t delivered, failed, dead; size_t in_flight; };
void webhooks_figures(struct webhooks *webhooks, struct webhooks_figures *out);

/* ---- retention and the like, as timers ---- */

struct retention_config { int64_t raw_event_ms, webhook_event_ms; };
/* Messages for later (schedule.c). */
void schedule_start(struct timers *timers);
/* Snoozed conversations wake at their time (snooze.c). */
void snooze_start(struct timers *timers);
void retention_start(struct timers *timers, const struct retention_config *config);

/* ---- what networks tell of their numbers (numbers.c) ---- */

/* When a webhook tells of a change; sets channel_refresh_hook. Forgets old counts of limits. */
void numbers_start(struct timers *timers, struct pool *call_workers);

/* ---- templates follow their providers (templates.c) ---- */

#define TEMPLATES_EVERY_MS (3600 * 1000LL)
/* Every `every_ms`, and when somebody asks; sets the hooks of account/template.h. */
void templates_start(struct timers *timers, struct pool *call_workers, int64_t every_ms);
/* Any thread. */
void templates_sync_soon(id64 workspace, id64 channel);

#endif
