/*
 * numbers.c: what the network tells of a number, asked soon after a webhook says that something
 * changed. (Every channel is asked every minute anyway: route.c.)
 *
 * One task of a call worker for each channel: a network that does not answer holds up nobody else.
 * A channel that waits to be asked is not asked twice.
 */
#include "account/limit.h"
#include "account/pace_number.h"
#include "jobs/jobs.h"
#include "store/queries.h"

#include <stdatomic.h>

enum { WAITING_MAX = 256, PRUNE_EVERY_MS = 3600000 };

static struct pool *callers;
/* Who waits to be asked, by a hash of the id: two of one place wait beside each other. */
static _Atomic id64 waiting[WAITING_MAX];

struct asked { id64 workspace, channel; };

static _Atomic id64 *place_of(id64 channel)
{
	return &waiting[((uint64_t)channel * 0x9E3779B97F4A7C15ull >> 32) % WAITING_MAX];
}

static void end_waiting(id64 channel)
{
	id64 mine = channel;

	atomic_compare_exchange_strong(place_of(channel), &mine, 0);
}

/* Before it asks: what changes while it asks is asked for again. */
static enum err check_one(struct job *job, void *arg)
{
	const struct asked asked = *(struct asked *)arg;
	struct provider_health health;
	enum err e;

	heap_free(arg);
	end_waiting(asked.channel);
	job->workspace = asked.workspace;
	e = channel_check(job, asked.channel, &health);
	return e == ERR_MISSING || e == ERR_UNSUPPORTED ? OK : e;
}

static void drop(void *arg)
{
	end_waiting(((struct asked *)arg)->channel);
	heap_free(arg);
}

/* A full queue drops it: the next minute asks again. */
static void check_soon(id64 workspace, id64 channel)
{
	struct asked *asked;

	if (atomic_exchange(place_of(channel), channel) == channel)
		return;
	asked = HEAP_NEW(struct asked);
	*asked = (struct asked){ workspace, channel };
	if (!pool_post(callers, (struct task){ "number check", check_one, drop, asked }))
		drop(asked);
}

static enum err prune(struct job *job, void *arg)
{
	(void)arg;
	TRY(pace_prune(job));
	return limits_prune(job);
}

void numbers_start(struct timers *timers, struct pool *call_workers)
{
	callers = call_workers;
	channel_refresh_hook = check_soon;
	timer_every(timers, PRUNE_EVERY_MS, (struct task){ "limits", prune, NULL, NULL });
}
