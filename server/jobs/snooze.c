/*
 * snooze.c: what the inbox does by itself: snoozed conversations wake at their time, also when that
 * was while the server was off, and receipts meet the messages that they missed.
 */
#include "inbox/inbox.h"
#include "jobs/jobs.h"

enum { EVERY_MS = 1000, WAKE_PER_ROUND = 100, MISSED_PER_ROUND = 100, ROUNDS_MAX = 20 };

static enum err wake(struct job *job, void *arg)
{
	size_t count = WAKE_PER_ROUND;

	(void)arg;
	for (int round = 0; round < ROUNDS_MAX && count == WAKE_PER_ROUND; round++)
		TRY(conversation_wake_due(job, WAKE_PER_ROUND, &count));
	return OK;
}

static enum err settle_missed(struct job *job, void *arg)
{
	size_t count = MISSED_PER_ROUND;

	(void)arg;
	for (int round = 0; round < ROUNDS_MAX && count == MISSED_PER_ROUND; round++)
		TRY(effects_settle_missed(job, MISSED_PER_ROUND, &count));
	return OK;
}

void snooze_start(struct timers *timers)
{
	timer_every(timers, EVERY_MS, (struct task){ "snooze", wake, NULL, NULL });
	timer_every(timers, EVERY_MS, (struct task){ "missed", settle_missed, NULL, NULL });
}
