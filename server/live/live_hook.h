/*
 * live_hook.h: webhooks of the hub, between who gathers them on the loop (live_hook.c) and the call
 * on a worker (live_hook_call.c).
 */
#ifndef LIVE_LIVE_HOOK_H
#define LIVE_LIVE_HOOK_H

#include "live/live_internal.h"

/* An event as JSON, waiting. */
struct live_waiting { struct live_waiting *next; size_t len; char text[]; };

/* One address that is told; on the loop, but body and url while a call is in flight. */
struct live_target {
	struct live_target *next;
	struct live *live;
	struct live_app *app;           /* NULL: dropped, and freed after the call */
	str url, prefix, suffix;
	unsigned kinds;
	struct live_waiting *first, *last;
	size_t waiting_octets;
	struct buf body;                /* heap; what is being sent, until it was taken */
	int64_t began_us;
	unsigned attempts;
	bool in_flight;
	struct loop_timer *timer;
};

/* Posts the body to its address, on a worker; live_hook_called() comes on the loop. False: no
 * worker takes it. */
bool live_hook_call(struct live_target *target);
void live_hook_called(struct live_target *target, bool taken);

#endif
