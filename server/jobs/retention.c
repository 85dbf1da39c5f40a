/* retention.c: what goes by itself after its time: applied raw events, reports about messages that
 * are not ours, events told to webhooks, idempotency keys, expired sessions. */
#include "account/account.h"
#include "jobs/jobs.h"
#include "store/queries.h"
#include "store/store.h"

enum { EVERY_MS = 60000, EVENTS_PER_ROUND = 500, ROUNDS_MAX = 20 };
#define EFFECT_MS (30 * 24 * 3600 * 1000LL) /* a report comes within days of its message */

#define IDEMPOTENCY_MS (24 * 3600 * 1000LL)

static struct retention_config settings;

/* In small transactions, so that nobody waits long for the writer. */
static enum err prune_events(struct job *job)
{
	int64_t changed = EVENTS_PER_ROUND;

	for (int round = 0; round < ROUNDS_MAX && changed == EVENTS_PER_ROUND; round++) {
		TRY(db_begin(job, DB_WRITE));
		TRY(sql_intake_event_prune(job,
			&(struct sql_intake_event_prune){
				id64_floor(job->now_ms - settings.raw_event_ms), EVENTS_PER_ROUND },
			&changed));
		TRY(db_commit(job));
	}
	return OK;
}

static enum err prune_effects(struct job *job)
{
	int64_t changed = EVENTS_PER_ROUND;

	for (int round = 0; round < ROUNDS_MAX && changed == EVENTS_PER_ROUND; round++) {
		TRY(db_begin(job, DB_WRITE));
		TRY(sql_effect_prune(job, &(struct sql_effect_prune){ job->now_ms - EFFECT_MS,
						  EVENTS_PER_ROUND }, &changed));
		TRY(db_commit(job));
	}
	return OK;
}

static enum err prune_keys(struct job *job)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_idempotency_prune(job,
		&(struct sql_idempotency_prune){ job->now_ms - IDEMPOTENCY_MS }, NULL));
	return db_commit(job);
}

/* Deliveries first: an event goes when none is left of it. */
static enum err prune_webhooks(struct job *job)
{
	id64 before = id64_floor(job->now_ms - settings.webhook_event_ms);
	int64_t changed = EVENTS_PER_ROUND;

	for (int round = 0; round < ROUNDS_MAX && changed > 0; round++) {
		int64_t attempts, deliveries, events;

		TRY(db_begin(job, DB_WRITE));
		TRY(sql_webhook_prune_attempts(job,
			&(struct sql_webhook_prune_attempts){ before, EVENTS_PER_ROUND },
			&attempts));
		TRY(sql_webhook_prune_deliveries(job,
			&(struct sql_webhook_prune_deliveries){ before, EVENTS_PER_ROUND },
			&deliveries));
		TRY(sql_webhook_prune_events(job,
			&(struct sql_webhook_prune_events){ before, EVENTS_PER_ROUND }, &events));
		TRY(db_commit(job));
		changed = attempts + deliveries + events;
	}
	return OK;
}

static enum err prune(struct job *job, void *arg)
{
	(void)arg;
	TRY(prune_webhooks(job));
	TRY(prune_events(job));
	TRY(prune_effects(job));
	TRY(prune_keys(job));
	return session_clean(job);
}

void retention_start(struct timers *timers, const struct retention_config *config)
{
	settings = *config;
	timer_every(timers, EVERY_MS, (struct task){ "retention", prune, NULL, NULL });
}
