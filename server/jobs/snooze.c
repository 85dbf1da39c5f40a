/* snooze.c: snoozed conversations wake at their time, also when that was while the server was off.
 */
#include "inbox/inbox.h"
#include "jobs/jobs.h"

enum { EVERY_MS = 1000, WAKE_PER_ROUND = 100, ROUNDS_MAX = 20 };

static enum err wake(struct job *job, void *arg)
{
	size_t count = WAKE_PER_ROUND;

	(void)arg;
	for (int round = 0; round < ROUNDS_MAX && count == WAKE_PER_ROUND; round++)
		TRY(conversation_wake_due(job, WAKE_PER_ROUND, &count));
	return OK;
}

void snooze_start(struct timers *timers)
{
	timer_every(timers, EVERY_MS, (struct task){ "snooze", wake, NULL, NULL });
}
