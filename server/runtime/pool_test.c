/* pool_test.c: tasks run once each, lanes keep order, queues are bounded, and the end is orderly.
 */
#include "runtime/pool.h"

#include "base/clock.h"
#include "base/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS = 4, LANES = 8, TASKS = 500 };

/* A gate that holds tasks until it is opened, so a test decides what is queued when. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open;
	int inside;
} gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 };

static void gate_set(bool open)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = open;
	if (!open)
		gate.inside = 0;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
}

static enum err wait_at_gate(struct job *job, void *arg)
{
	(void)job;
	(void)arg;
	pthread_mutex_lock(&gate.lock);
	gate.inside++;
	pthread_cond_broadcast(&gate.changed);
	while (!gate.open)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
	return OK;
}

/* Until n tasks stand at the gate. */
static void gate_await(int n)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.inside < n)
		pthread_cond_wait(&gate.changed, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static atomic_int ran;

static enum err count(struct job *job, void *arg)
{
	(void)job;
	(void)arg;
	ran++;
	return OK;
}

static struct task task_of(enum err (*run)(struct job *, void *), void *arg)
{
	return (struct task){ "test", run, NULL, arg };
}

static int64_t soon(int64_t ms)
{
	return clock_now_ms() + ms;
}

TEST(every_task_runs_once)
{
	struct pool *pool = pool_create("test", THREADS, TASKS, NULL);

	ran = 0;
	for (int i = 0; i < TASKS; i++)
		EXPECT(pool_post(pool, task_of(count, NULL)));
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, TASKS);
	EXPECT_INT(pool_depth(pool), 0);
	pool_destroy(pool);
}

struct counted_lane {
	struct lane *lane;
	int next; /* no lock: only the lane's own tasks touch it */
	bool in_order;
	atomic_int inside;
};

struct numbered {
	struct counted_lane *lane;
	int number;
};

static enum err run_numbered(struct job *job, void *arg)
{
	struct numbered *n = arg;

	(void)job;
	if (n->lane->inside++ != 0 || n->number != n->lane->next)
		n->lane->in_order = false;
	n->lane->next++;
	n->lane->inside--;
	return OK;
}

TEST(lanes_run_their_tasks_one_by_one_in_order)
{
	struct pool *pool = pool_create("test", THREADS, LANES * TASKS, NULL);
	struct counted_lane *lanes = ARENA_ARRAY(test_arena(), struct counted_lane, LANES);
	struct numbered *all = ARENA_ARRAY(test_arena(), struct numbered, LANES * TASKS);

	for (int i = 0; i < LANES; i++) {
		lanes[i].lane = lane_create(pool, TASKS);
		lanes[i].in_order = true;
	}
	for (int i = 0; i < LANES * TASKS; i++) {
		all[i] = (struct numbered){ &lanes[i % LANES], i / LANES };
		EXPECT(lane_post(lanes[i % LANES].lane, task_of(run_numbered, &all[i])));
	}
	EXPECT(pool_drain(pool, soon(30000)));
	for (int i = 0; i < LANES; i++) {
		EXPECT(lanes[i].in_order);
		EXPECT_INT(lanes[i].next, TASKS);
		lane_destroy(lanes[i].lane);
	}
	pool_destroy(pool);
}

static void *post_many(void *arg)
{
	struct lane *lane = arg;
	int taken = 0;

	while (taken < TASKS)
		taken += lane_post(lane, task_of(count, NULL));
	return NULL;
}

TEST(threads_may_post_to_one_lane)
{
	struct pool *pool = pool_create("test", THREADS, 100, NULL);
	struct lane *lane = lane_create(pool, 50);
	pthread_t threads[THREADS];

	ran = 0;
	for (size_t i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, post_many, lane) == 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, THREADS * TASKS);
	lane_destroy(lane);
	pool_destroy(pool);
}

TEST(a_full_queue_refuses)
{
	struct pool *pool = pool_create("test", 1, 3, NULL);
	struct lane *lane = lane_create(pool, 2);

	ran = 0;
	gate_set(false);
	EXPECT(pool_post(pool, task_of(wait_at_gate, NULL)));
	gate_await(1);
	EXPECT(lane_post(lane, task_of(count, NULL)));
	EXPECT(lane_post(lane, task_of(count, NULL)));
	EXPECT(!lane_post(lane, task_of(count, NULL)));
	EXPECT(pool_post(pool, task_of(count, NULL)));
	EXPECT(pool_post(pool, task_of(count, NULL)));
	EXPECT(!pool_post(pool, task_of(count, NULL)));
	EXPECT_INT(pool_depth(pool), 5);
	gate_set(true);
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, 4);
	lane_destroy(lane);
	pool_destroy(pool);
}

TEST(a_slow_lane_does_not_hold_up_the_others)
{
	struct pool *pool = pool_create("test", 2, 100, NULL);
	struct lane *slow = lane_create(pool, 10), *other = lane_create(pool, 10);

	ran = 0;
	gate_set(false);
	EXPECT(lane_post(slow, task_of(wait_at_gate, NULL)));
	for (int i = 0; i < 5; i++) {
		EXPECT(lane_post(slow, task_of(wait_at_gate, NULL)));
		EXPECT(lane_post(other, task_of(count, NULL)));
	}
	while (ran < 5)
		usleep(100);
	gate_set(true);
	EXPECT(pool_drain(pool, soon(30000)));
	lane_destroy(slow);
	lane_destroy(other);
	pool_destroy(pool);
}

TEST(a_lane_destroyed_while_tasks_wait_still_runs_them)
{
	struct pool *pool = pool_create("test", 2, 100, NULL);
	struct lane *lane = lane_create(pool, 10);

	ran = 0;
	gate_set(false);
	EXPECT(lane_post(lane, task_of(wait_at_gate, NULL)));
	EXPECT(lane_post(lane, task_of(count, NULL)));
	EXPECT(lane_post(lane, task_of(count, NULL)));
	gate_await(1);
	lane_destroy(lane); /* LeakSanitizer sees whether it goes */
	gate_set(true);
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, 2);
	pool_destroy(pool);
	lane_destroy(NULL);
}

static enum err destroy_own_lane(struct job *job, void *lane)
{
	(void)job;
	lane_destroy(lane);
	return OK;
}

TEST(a_lane_may_be_destroyed_by_its_own_task)
{
	struct pool *pool = pool_create("test", 2, 100, NULL);
	struct lane *lane = lane_create(pool, 10);

	EXPECT(lane_post(lane, task_of(destroy_own_lane, lane)));
	EXPECT(pool_drain(pool, soon(30000)));
	pool_destroy(pool);
}

TEST(drain_gives_up_at_its_deadline_and_refuses_new_tasks)
{
	struct pool *pool = pool_create("test", 1, 10, NULL);
	struct lane *lane = lane_create(pool, 10);

	ran = 0;
	gate_set(false);
	EXPECT(pool_post(pool, task_of(wait_at_gate, NULL)));
	EXPECT(pool_post(pool, task_of(count, NULL)));
	EXPECT(!pool_drain(pool, soon(30)));
	EXPECT(!pool_post(pool, task_of(count, NULL)));
	EXPECT(!lane_post(lane, task_of(count, NULL)));
	gate_set(true);
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, 1);
	lane_destroy(lane);
	pool_destroy(pool);
}

TEST(destroy_runs_what_is_queued)
{
	struct pool *pool = pool_create("test", 2, 1000, NULL);
	struct lane *lane = lane_create(pool, 1000);

	ran = 0;
	for (int i = 0; i < 100; i++) {
		EXPECT(pool_post(pool, task_of(count, NULL)));
		EXPECT(lane_post(lane, task_of(count, NULL)));
	}
	lane_destroy(lane);
	pool_destroy(pool);
	EXPECT_INT(ran, 200);
	pool_destroy(NULL);
}

static enum err check_job(struct job *job, void *store)
{
	/* An EXPECT belongs to the test's own thread. */
	ran += job->store == store && strcmp(job->name, "test") == 0 && arena_used(job->arena) == 0;
	arena_alloc(job->arena, 1000);
	return OK;
}

TEST(each_task_is_a_job_of_its_own)
{
	int store;
	struct pool *pool = pool_create("test", 1, 10, (struct store *)&store);

	ran = 0;
	EXPECT(pool_post(pool, task_of(check_job, &store)));
	EXPECT(pool_post(pool, task_of(check_job, &store)));
	EXPECT(pool_drain(pool, soon(30000)));
	EXPECT_INT(ran, 2);
	pool_destroy(pool);
}
