/* retention.c: what goes by itself after its time: applied raw events, reports about messages that
 * are not ours, idempotency keys, expired sessions. */
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

static enum err prune(struct job *job, void *arg)
{
	(void)arg;
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
