/* turns_test.c: places, and the queue before them. */
#include "base/test.h"
#include "store/turns.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { THREADS = 8 };

static struct turns *turns;
static int order[THREADS];
static atomic_int served;

static void *take_and_note(void *number)
{
	int place = turns_take(turns, 10000);

	order[served++] = (int)(intptr_t)number;
	turns_give(turns, place);
	return NULL;
}

TEST(who_comes_first_is_served_first)
{
	pthread_t threads[THREADS];
	int place;

	turns = turns_create(1);
	served = 0;
	place = turns_take(turns, 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_create(&threads[i], NULL, take_and_note, (void *)(intptr_t)i);
		while (turns_waiting(turns) < (size_t)i + 1)
			sched_yield();
	}
	turns_give(turns, place);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		EXPECT_INT(order[i], i);
	turns_destroy(turns);
}

TEST(waiting_ends_and_leaves_the_queue)
{
	int a, b;

	turns = turns_create(2);
	a = turns_take(turns, 0);
	b = turns_take(turns, 0);
	EXPECT(a != b && a >= 0 && b >= 0);
	EXPECT_INT(turns_take(turns, 5), -1);
	EXPECT_INT(turns_waiting(turns), 0);
	EXPECT_INT(turns_in_use(turns), 2);
	turns_give(turns, b);
	EXPECT_INT(turns_take(turns, 0), b);
	turns_give(turns, a);
	turns_give(turns, b);
	EXPECT_INT(turns_in_use(turns), 0);
	turns_destroy(turns);
}
