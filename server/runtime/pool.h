/*
 * pool.h: worker threads, lanes that keep order, and timers.
 *
 * A pool runs tasks on its threads, each task as one job. A lane runs its tasks one by one, in
 * order, on whatever thread of its pool is free: state that belongs to a lane needs no lock. Queues
 * are bounded: posting to a full one answers false, and the caller says what happens then. All
 * functions may be called from any thread.
 */
#ifndef RUNTIME_POOL_H
#define RUNTIME_POOL_H

#include "runtime/job.h"

struct pool;
struct lane;
struct timers;

/* run: on a worker, as a job of its own; its error is logged by the job's end. drop: called instead
 * of run for a timer that never became due, and after the last run of a periodic one; may be NULL.
 * A pool or lane runs all that it took; what it refused is the caller's still. */
struct task {
	const char *name; /* literal */
	enum err (*run)(struct job *job, void *arg);
	void (*drop)(void *arg);
	void *arg;
};

/* threads ≥ 1; at most queue_max tasks wait. store is given to each job; may be NULL. */
struct pool *pool_create(const char *name, size_t threads, size_t queue_max, struct store *store);
/* Runs what is queued, then ends the threads. */
void pool_destroy(struct pool *pool);
/* Refuses new tasks from now on; waits until all is run, or the wall clock is at deadline_ms; true
 * when all ran. */
bool pool_drain(struct pool *pool, int64_t deadline_ms);
[[nodiscard]] bool pool_post(struct pool *pool, struct task task);
size_t pool_depth(struct pool *pool);

/* At most queue_max tasks wait in it. */
struct lane *lane_create(struct pool *pool, size_t queue_max);
/* Ends after the queued tasks have run; the memory goes then. Before its pool is destroyed; from
 * its own task, too. */
void lane_destroy(struct lane *lane);
[[nodiscard]] bool lane_post(struct lane *lane, struct task task);

/* Timers of the server's slow life (retries, schedules): one thread, posting to a pool when due.
 * They follow clock_now_ms(), so a test that fakes the clock calls timers_wake(). */
struct timers *timers_create(struct pool *pool);
/* Waits for timers that run; no task is called after it, and what is set from then on is dropped
 * at once: others may still set timers while they end. Before the pool is destroyed. */
void timers_stop(struct timers *timers);
/* Stops them first, if they were not; nobody may set any more. */
void timers_destroy(struct timers *timers);
/* Once, at or after due_ms. */
void timer_at(struct timers *timers, int64_t due_ms, struct task task);
/* Again and again: the next run is period_ms after the end of the last. task.drop is called at
 * destroy. */
void timer_every(struct timers *timers, int64_t period_ms, struct task task);
void timers_wake(struct timers *timers);

#endif
