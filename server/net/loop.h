/*
 * loop.h: the one thread that touches sockets.
 *
 * Built on libevent. The loop never waits: handlers on it do bounded work and return. Any thread
 * may hand it work with loop_post(); many posts wake it once.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/str.h"
#include "base/err.h"

struct loop;
struct event_base;

struct loop *loop_create(void);
/* Behind loop_run(), when no other thread posts any more: runs what was handed over and still waits
 * (it owns memory), though no socket will hear of it. Before those go who are in it. */
void loop_finish(struct loop *loop);
void loop_destroy(struct loop *loop); /* loop_finish() too */
/* Runs until loop_stop(); the calling thread becomes the loop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* any thread */
/* Any thread: fn(arg) runs on the loop, in order of posting. Never blocks, never fails while the
 * loop lives. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);
/* On the loop: work for the end of its turn; queued at most once, on the caller's memory. */
struct late {
	struct late *next;
	void (*fn)(struct late *late);
	bool queued;
};
void loop_late(struct loop *loop, struct late *late);
bool loop_is_here(const struct loop *loop); /* on the loop's thread? */
/* On the loop: fn(arg) after delay_ms; returns a handle for loop_cancel. Fires once. */
struct loop_timer *loop_after(struct loop *loop, int64_t delay_ms, void (*fn)(void *arg),
                              void *arg);
void loop_cancel(struct loop_timer *timer); /* on the loop; NULL allowed; not after it fired */
/* On the loop, or before loop_run: fn on SIGHUP and the like. */
void loop_on_signal(struct loop *loop, int signal_number, void (*fn)(void *arg), void *arg);
struct event_base *loop_base(struct loop *loop);

#endif
