/* schedule.c: sends the messages for later when their time has come, one transaction each. */
#include "base/log.h"
#include "inbox/scheduled.h"
#include "jobs/jobs.h"
#include "store/store.h"

enum { EVERY_MS = 1000, DUE_PER_ROUND = 100 };

/* One that cannot be sent now (the store is away, somebody else made the same contact) stays due.
 */
static enum err send_due(struct job *job, void *arg)
{
	struct scheduled_due *due;
	size_t count;

	(void)arg;
	TRY(scheduled_find_due(job, DUE_PER_ROUND, &due, &count));
	for (size_t i = 0; i < count; i++) {
		enum err e = scheduled_send(job, &due[i]);

		if (e == OK)
			continue;
		log_warn("a message for later was not sent yet: %s: " STR_F, err_name(e),
			STR_A(job->why));
		db_rollback(job);
		job_forgive(job);
	}
	return OK;
}

void schedule_start(struct timers *timers)
{
	timer_every(timers, EVERY_MS, (struct task){ "schedule", send_due, NULL, NULL });
}
