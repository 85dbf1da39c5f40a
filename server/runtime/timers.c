/*
 * timers.c: one thread that waits for the earliest timer and posts it to the pool.
 *
 * The list is kept sorted; there are few timers (schedules, not messages). A pool whose queue is
 * full gets the task again at the next round, so nothing is lost.
 */
#include "base/clock.h"
#include "runtime/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { RETRY_FULL_POOL_MS = 20, LONGEST_WAIT_MS = 1000 };

struct timer {
	struct timer *next;
	struct timers *owner;
	int64_t due_ms, period_ms; /* period 0: once */
	struct task task;
};

struct timers {
	struct pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	struct timer *first;
	size_t running;
	bool stopping;
};

/* With the lock held. */
static void insert(struct timers *timers, struct timer *timer)
{
	struct timer **at = &timers->first;

	while (*at && (*at)->due_ms <= timer->due_ms)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	pthread_cond_broadcast(&timers->changed);
}

static void forget(struct timer *timer, bool ran)
{
	if (timer->task.drop && (!ran || timer->period_ms))
		timer->task.drop(timer->task.arg);
	heap_free(timer);
}

static void after_run(struct timer *timer)
{
	struct timers *timers = timer->owner;
	bool again;

	pthread_mutex_lock(&timers->lock);
	again = timer->period_ms && !timers->stopping;
	if (again) {
		timer->due_ms = clock_now_ms() + timer->period_ms;
		insert(timers, timer);
	}
	pthread_mutex_unlock(&timers->lock);
	if (!again)
		forget(timer, true);
	/* Last of all: when none is running, timers_destroy() may return, and what drop() was given
	 * may go. */
	pthread_mutex_lock(&timers->lock);
	timers->running--;
	pthread_cond_broadcast(&timers->changed);
	pthread_mutex_unlock(&timers->lock);
}

static enum err run_timer(struct job *job, void *arg)
{
	struct timer *timer = arg;
	enum err e = timer->task.run(job, timer->task.arg);

	after_run(timer);
	return e;
}

/* With the lock held: posts what is due; returns how long to wait then. */
static int64_t post_due(struct timers *timers)
{
	int64_t now = clock_now_ms();

	while (timers->first && timers->first->due_ms <= now) {
		struct timer *timer = timers->first;

		if (!pool_post(timers->pool,
		               (struct task){ timer->task.name, run_timer, NULL, timer }))
			return RETRY_FULL_POOL_MS;
		timers->first = timer->next;
		timers->running++;
	}
	if (!timers->first || timers->first->due_ms - now > LONGEST_WAIT_MS)
		return LONGEST_WAIT_MS;
	return timers->first->due_ms - now;
}

static void *timer_thread(void *arg)
{
	struct timers *timers = arg;
	struct timespec until;

	pthread_mutex_lock(&timers->lock);
	while (!timers->stopping) {
		int64_t wait_ms = post_due(timers);

		until = clock_deadline(wait_ms);
		pthread_cond_timedwait(&timers->changed, &timers->lock, &until);
	}
	while (timers->running)
		pthread_cond_wait(&timers->changed, &timers->lock);
	pthread_mutex_unlock(&timers->lock);
	return NULL;
}

struct timers *timers_create(struct pool *pool)
{
	struct timers *timers = HEAP_NEW(struct timers);

	timers->pool = pool;
	pthread_mutex_init(&timers->lock, NULL);
	clock_cond_init(&timers->changed);
	if (pthread_create(&timers->thread, NULL, timer_thread, timers) != 0)
		abort();
	pthread_setname_np(timers->thread, "timers");
	return timers;
}

void timers_wake(struct timers *timers)
{
	pthread_mutex_lock(&timers->lock);
	pthread_cond_broadcast(&timers->changed);
	pthread_mutex_unlock(&timers->lock);
}

void timers_stop(struct timers *timers)
{
	bool was_stopping;

	pthread_mutex_lock(&timers->lock);
	was_stopping = timers->stopping;
	timers->stopping = true;
	pthread_cond_broadcast(&timers->changed);
	pthread_mutex_unlock(&timers->lock);
	if (was_stopping)
		return;
	pthread_join(timers->thread, NULL);
	while (timers->first) {
		struct timer *timer = timers->first;

		timers->first = timer->next;
		forget(timer, false);
	}
}

void timers_destroy(struct timers *timers)
{
	if (!timers)
		return;
	timers_stop(timers);
	pthread_mutex_destroy(&timers->lock);
	pthread_cond_destroy(&timers->changed);
	heap_free(timers);
}

static void add(struct timers *timers, struct timer timer)
{
	struct timer *made = HEAP_NEW(struct timer);
	bool is_late;

	*made = timer;
	made->owner = timers;
	pthread_mutex_lock(&timers->lock);
	is_late = timers->stopping;
	if (!is_late)
		insert(timers, made);
	pthread_mutex_unlock(&timers->lock);
	if (is_late)
		forget(made, false);
}

void timer_at(struct timers *timers, int64_t due_ms, struct task task)
{
	add(timers, (struct timer){ .due_ms = due_ms, .task = task });
}

void timer_every(struct timers *timers, int64_t period_ms, struct task task)
{
	add(timers, (struct timer){ .due_ms = clock_now_ms() + period_ms,
	                            .period_ms = period_ms,
	                            .task = task });
}
