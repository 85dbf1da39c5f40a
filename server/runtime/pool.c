/*
 * pool.c: worker threads, lanes and timers; see pool.h.
 *
 * The one rule: everything of a pool, its lanes' queues included, is guarded by the pool's one
 * mutex, which is never held while a task runs.
 */
#include "runtime/pool.h"

#include "base/clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct entry {
	struct entry *next;
	struct task task;
	struct lane *lane; /* set for the turn of a lane */
};

struct queue {
	struct entry *first, **end;
	size_t count, max;
};

struct lane {
	struct pool *pool;
	struct queue queue;
	bool scheduled, ending;
};

struct pool {
	const char *name;
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t has_work, is_idle;
	struct queue queue;
	size_t threads, waiting; /* waiting: tasks that are queued, here and in lanes, or run */
	bool draining, stopping;
	pthread_t *ids;
};

static void queue_init(struct queue *q, size_t max)
{
	*q = (struct queue){ .max = max };
	q->end = &q->first;
}

static void queue_add(struct queue *q, struct task task, struct lane *lane)
{
	struct entry *e = HEAP_NEW(struct entry);

	*e = (struct entry){ NULL, task, lane };
	*q->end = e;
	q->end = &e->next;
	q->count++;
}

static struct entry *queue_take(struct queue *q)
{
	struct entry *e = q->first;

	if (!e)
		return NULL;
	q->first = e->next;
	if (!q->first)
		q->end = &q->first;
	q->count--;
	return e;
}

static void run_task(struct pool *pool, struct arena *arena, const struct task *task)
{
	struct job job;

	job_init(&job, task->name, arena, pool->store);
	job_finish(&job, task->run(&job, task->arg));
}

/* With the lock held: a lane's turn is over; it queues for its next one behind the others. */
static void lane_turn_over(struct lane *lane)
{
	struct pool *pool = lane->pool;

	lane->scheduled = lane->queue.count > 0;
	if (lane->scheduled) {
		queue_add(&pool->queue, (struct task){ 0 }, lane);
		pthread_cond_signal(&pool->has_work);
	} else if (lane->ending) {
		heap_free(lane);
	}
}

/* With the lock held on entry and on return. */
static void run_entry(struct pool *pool, struct arena *arena, struct entry *e)
{
	struct entry *turn = e->lane ? queue_take(&e->lane->queue) : NULL;
	const struct task *task = turn ? &turn->task : &e->task;

	pthread_mutex_unlock(&pool->lock);
	run_task(pool, arena, task);
	pthread_mutex_lock(&pool->lock);
	pool->waiting--;
	if (e->lane)
		lane_turn_over(e->lane);
	heap_free(turn);
	heap_free(e);
	if (pool->waiting == 0)
		pthread_cond_broadcast(&pool->is_idle);
}

static void *worker(void *arg)
{
	struct pool *pool = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct entry *e = queue_take(&pool->queue);

		if (e)
			run_entry(pool, arena, e);
		else if (pool->stopping)
			break;
		else
			pthread_cond_wait(&pool->has_work, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	arena_destroy(arena);
	return NULL;
}

struct pool *pool_create(const char *name, size_t threads, size_t queue_max, struct store *store)
{
	struct pool *pool = HEAP_NEW(struct pool);
	char thread_name[16];

	*pool = (struct pool){ .name = name, .store = store, .threads = threads };
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	pthread_cond_init(&pool->is_idle, NULL);
	queue_init(&pool->queue, queue_max);
	pool->ids = heap_alloc(threads * sizeof *pool->ids);
	for (size_t i = 0; i < threads; i++) {
		if (pthread_create(&pool->ids[i], NULL, worker, pool) != 0)
			abort();
		snprintf(thread_name, sizeof thread_name, "%.10s-%u", name, (unsigned)(i % 10000));
		pthread_setname_np(pool->ids[i], thread_name);
	}
	return pool;
}

static struct timespec deadline_of(int64_t deadline_ms)
{
	return (struct timespec){ deadline_ms / 1000, deadline_ms % 1000 * 1000000 };
}

bool pool_drain(struct pool *pool, int64_t deadline_ms)
{
	struct timespec until = deadline_of(deadline_ms);
	bool done;

	pthread_mutex_lock(&pool->lock);
	pool->draining = true;
	while (pool->waiting > 0 &&
	       pthread_cond_timedwait(&pool->is_idle, &pool->lock, &until) == 0)
		;
	done = pool->waiting == 0;
	pthread_mutex_unlock(&pool->lock);
	return done;
}

void pool_destroy(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->draining = pool->stopping = true;
	pthread_cond_broadcast(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->threads; i++)
		pthread_join(pool->ids[i], NULL);
	heap_free(pool->ids);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->has_work);
	pthread_cond_destroy(&pool->is_idle);
	heap_free(pool);
}

bool pool_post(struct pool *pool, struct task task)
{
	bool taken;

	pthread_mutex_lock(&pool->lock);
	taken = !pool->draining && pool->queue.count < pool->queue.max;
	if (taken) {
		queue_add(&pool->queue, task, NULL);
		pool->waiting++;
		pthread_cond_signal(&pool->has_work);
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

size_t pool_depth(struct pool *pool)
{
	size_t depth;

	pthread_mutex_lock(&pool->lock);
	depth = pool->waiting;
	pthread_mutex_unlock(&pool->lock);
	return depth;
}

struct lane *lane_create(struct pool *pool, size_t queue_max)
{
	struct lane *lane = HEAP_NEW(struct lane);

	lane->pool = pool;
	queue_init(&lane->queue, queue_max);
	return lane;
}

bool lane_post(struct lane *lane, struct task task)
{
	struct pool *pool = lane->pool;
	bool taken;

	pthread_mutex_lock(&pool->lock);
	taken = !pool->draining && !lane->ending && lane->queue.count < lane->queue.max;
	if (taken) {
		queue_add(&lane->queue, task, NULL);
		pool->waiting++;
		if (!lane->scheduled) {
			lane->scheduled = true;
			queue_add(&pool->queue, (struct task){ 0 }, lane);
			pthread_cond_signal(&pool->has_work);
		}
	}
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

void lane_destroy(struct lane *lane)
{
	struct pool *pool = lane ? lane->pool : NULL;
	bool now;

	if (!lane)
		return;
	pthread_mutex_lock(&pool->lock);
	lane->ending = true;
	now = !lane->scheduled;
	pthread_mutex_unlock(&pool->lock);
	if (now)
		heap_free(lane);
}
