/* timers_test.c: timers under a clock that the test drives. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/test.h"
#include "runtime/pool.h"

#include <stdatomic.h>
#include <unistd.h>

enum { START = 1763735400, SECOND = 1000 };

static atomic_int ran, dropped;
static struct buf order; /* one pool thread writes it */

static enum err count(struct job *job, void *arg)
{
	(void)job;
	if (arg)
		buf_str(&order, str_of(arg));
	ran++;
	return OK;
}

static void drop(void *arg)
{
	(void)arg;
	dropped++;
}

static void await(atomic_int *what, int n)
{
	while (*what < n)
		usleep(200);
}

struct rig {
	struct pool *pool;
	struct timers *timers;
};

static int64_t start_ms(void)
{
	return (int64_t)START * SECOND;
}

static struct rig rig_start(size_t queue_max)
{
	struct rig rig;

	ran = dropped = 0;
	order = buf_in(test_arena(), 100);
	clock_fake(start_ms());
	rig.pool = pool_create("test", 1, queue_max, NULL);
	rig.timers = timers_create(rig.pool);
	return rig;
}

static void rig_stop(struct rig *rig)
{
	timers_destroy(rig->timers);
	pool_destroy(rig->pool);
	clock_fake(0);
}

static void advance(struct rig *rig, int64_t seconds)
{
	clock_fake(clock_now_ms() + seconds * SECOND);
	timers_wake(rig->timers);
}

TEST(a_timer_runs_when_due_and_not_before)
{
	struct rig rig = rig_start(10);

	timer_at(rig.timers, start_ms() + 60 * SECOND, (struct task){ "t", count, drop, NULL });
	advance(&rig, 59);
	usleep(20000); /* a chance to do wrong */
	EXPECT_INT(ran, 0);
	advance(&rig, 1);
	await(&ran, 1);
	advance(&rig, 1000);
	usleep(20000);
	EXPECT_INT(ran, 1);
	rig_stop(&rig);
	EXPECT_INT(dropped, 0);
}

TEST(timers_run_in_the_order_of_their_times)
{
	struct rig rig = rig_start(10);

	timer_at(rig.timers, start_ms() + 30 * SECOND, (struct task){ "t", count, NULL, "c" });
	timer_at(rig.timers, start_ms() + 10 * SECOND, (struct task){ "t", count, NULL, "a" });
	timer_at(rig.timers, start_ms() + 20 * SECOND, (struct task){ "t", count, NULL, "b" });
	timer_at(rig.timers, start_ms() + 30 * SECOND, (struct task){ "t", count, NULL, "d" });
	advance(&rig, 3600);
	await(&ran, 4);
	rig_stop(&rig);
	EXPECT_STR(buf_text(&order), "abcd");
}

TEST(a_periodic_timer_counts_from_the_end_of_the_last_run)
{
	struct rig rig = rig_start(10);

	timer_every(rig.timers, 10 * SECOND, (struct task){ "t", count, drop, NULL });
	for (int i = 1; i <= 5; i++) {
		advance(&rig, 10);
		await(&ran, i);
		EXPECT(pool_depth(rig.pool) <= 1);
		while (pool_depth(rig.pool)) /* the run is over, the next one is planned */
			usleep(200);
	}
	advance(&rig, 9);
	usleep(20000);
	EXPECT_INT(ran, 5);
	/* Runs that were missed are not made up for. */
	advance(&rig, 1000);
	await(&ran, 6);
	usleep(20000);
	EXPECT_INT(ran, 6);
	rig_stop(&rig);
	EXPECT_INT(dropped, 1);
}

TEST(timers_that_never_ran_are_dropped_at_the_end)
{
	struct rig rig = rig_start(10);

	timer_at(rig.timers, start_ms() + SECOND, (struct task){ "t", count, drop, NULL });
	timer_at(rig.timers, start_ms() + 2 * SECOND, (struct task){ "t", count, NULL, NULL });
	timer_every(rig.timers, SECOND, (struct task){ "t", count, drop, NULL });
	rig_stop(&rig);
	EXPECT_INT(ran, 0);
	EXPECT_INT(dropped, 2);
	timers_destroy(NULL);
}

TEST(a_timer_that_is_set_after_the_stop_is_dropped_and_never_runs)
{
	struct rig rig = rig_start(10);

	timers_stop(rig.timers);
	timer_at(rig.timers, start_ms(), (struct task){ "t", count, drop, NULL });
	EXPECT_INT(dropped, 1);
	rig_stop(&rig);
	EXPECT_INT(ran, 0);
	EXPECT_INT(dropped, 1);
}

static atomic_bool hold;

static enum err hold_on(struct job *job, void *arg)
{
	(void)job;
	(void)arg;
	ran++;
	while (hold)
		usleep(200);
	return OK;
}

TEST(a_full_pool_gets_the_task_later)
{
	struct rig rig = rig_start(1);

	hold = true;
	EXPECT(pool_post(rig.pool, (struct task){ "t", hold_on, NULL, NULL }));
	await(&ran, 1);
	EXPECT(pool_post(rig.pool, (struct task){ "t", count, NULL, NULL }));
	timer_at(rig.timers, start_ms(), (struct task){ "t", count, drop, NULL });
	usleep(30000);
	EXPECT_INT(ran, 1);
	hold = false;
	await(&ran, 3);
	rig_stop(&rig);
	EXPECT_INT(dropped, 0);
}

static void drop_slowly(void *arg)
{
	usleep(50000);
	drop(arg);
}

static enum err release_and_count(struct job *job, void *arg)
{
	enum err e = hold_on(job, arg);

	usleep(20000); /* so that destroy is waiting by now */
	return e;
}

/* The owner frees what the timer points to when timers_destroy() returns, so the drop must be over
 * by then. */
TEST(destroy_waits_for_a_running_timer_and_its_drop)
{
	struct rig rig = rig_start(10);

	hold = true;
	timer_every(rig.timers, SECOND, (struct task){ "t", release_and_count, drop_slowly, NULL });
	advance(&rig, 1);
	await(&ran, 1);
	hold = false;
	timers_destroy(rig.timers);
	EXPECT_INT(dropped, 1);
	pool_destroy(rig.pool);
	clock_fake(0);
}
