/*
 * turns.c: see turns.h. Free places are a stack, so the warmest connection goes first; waiters are
 * a list, and a place that comes back is handed to the oldest of them directly: nobody can
 * overtake.
 */
#include "store/turns.h"

#include "base/arena.h"
#include "base/clock.h"

#include <pthread.h>

enum { NO_PLACE = -1 };

struct waiter {
	struct waiter *next;
	pthread_cond_t called;
	int place;
};

struct turns {
	pthread_mutex_t lock;
	struct waiter *first, **last;
	size_t count, free_count;
	int free[];
};

struct turns *turns_create(size_t places)
{
	struct turns *turns = heap_alloc(sizeof *turns + places * sizeof *turns->free);

	pthread_mutex_init(&turns->lock, NULL);
	turns->last = &turns->first;
	turns->count = places;
	while (turns->free_count < places) {
		turns->free[turns->free_count] = (int)(places - 1 - turns->free_count);
		turns->free_count++;
	}
	return turns;
}

void turns_destroy(struct turns *turns)
{
	if (!turns)
		return;
	pthread_mutex_destroy(&turns->lock);
	heap_free(turns);
}

static void leave_queue(struct turns *turns, const struct waiter *me)
{
	struct waiter **at = &turns->first;

	while (*at != me)
		at = &(*at)->next;
	*at = me->next;
	if (!*at)
		turns->last = at;
}

static int wait_in_queue(struct turns *turns, int64_t wait_ms)
{
	struct timespec deadline = clock_deadline(wait_ms);
	struct waiter me = { .place = NO_PLACE };

	clock_cond_init(&me.called);
	*turns->last = &me;
	turns->last = &me.next;
	while (me.place == NO_PLACE)
		if (pthread_cond_timedwait(&me.called, &turns->lock, &deadline) != 0 &&
		    me.place == NO_PLACE) {
			leave_queue(turns, &me);
			break;
		}
	pthread_cond_destroy(&me.called);
	return me.place;
}

int turns_take(struct turns *turns, int64_t wait_ms)
{
	int place;

	pthread_mutex_lock(&turns->lock);
	place = turns->free_count ? turns->free[--turns->free_count]
	                          : wait_in_queue(turns, wait_ms);
	pthread_mutex_unlock(&turns->lock);
	return place;
}

void turns_give(struct turns *turns, int place)
{
	struct waiter *next;

	pthread_mutex_lock(&turns->lock);
	next = turns->first;
	if (next) {
		turns->first = next->next;
		if (!turns->first)
			turns->last = &turns->first;
		next->place = place;
		pthread_cond_signal(&next->called);
	} else {
		turns->free[turns->free_count++] = place;
	}
	pthread_mutex_unlock(&turns->lock);
}

size_t turns_in_use(struct turns *turns)
{
	size_t n;

	pthread_mutex_lock(&turns->lock);
	n = turns->count - turns->free_count;
	pthread_mutex_unlock(&turns->lock);
	return n;
}

size_t turns_waiting(struct turns *turns)
{
	size_t n = 0;

	pthread_mutex_lock(&turns->lock);
	for (const struct waiter *w = turns->first; w; w = w->next)
		n++;
	pthread_mutex_unlock(&turns->lock);
	return n;
}
