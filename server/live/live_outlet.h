/*
 * live_outlet.h: the way of live events to outside hubs.
 *
 * A workspace that has chosen another server than ours has an outlet: a bounded queue, and one lane
 * of call workers that sends what waits, in order, tried again when the other side fails. Whoever
 * publishes never waits. What cannot be sent (the queue is full, it is older than
 * OUTLET_KEEP_MS, larger than the other side takes) is replaced by one live.missed on its channel:
 * listeners then fetch it from us (live_stream.h). Any thread.
 */
#ifndef LIVE_LIVE_OUTLET_H
#define LIVE_LIVE_OUTLET_H

#include "live/live.h"
#include "live/live_pusher.h"

#define OUTLET_EVENTS_MAX 2000
#define OUTLET_BYTES_MAX (4u << 20)
#define OUTLET_KEEP_MS 60000
#define OUTLET_LOOK_MS 10000 /* how often the other side is asked who listens */
#define LIVE_MISSED_EVENT "live.missed" /* to a listener: fetch what you missed */
#define LIVE_RESET_EVENT "live.reset"   /* ask again who you are, and where to listen */

struct live_outlets;
struct live_outlets_config {
	struct pool *callers;
	struct timers *timers;
	bool allow_private;
	/* A private-person- channel has its first listener over there, or lost its last one. On a
	 * call worker. */
	void (*occupied)(str hub_key, str channel, bool occupied);
};

struct live_outlets *live_outlets_create(const struct live_outlets_config *config);
/* No more tries: what waits is dropped at the next failure. Before timers and callers end. */
void live_outlets_stop(struct live_outlets *outlets);
void live_outlets_destroy(struct live_outlets *outlets); /* behind the callers */

/* hub_key: the key of the workspace's app in our own hub, by which all here know it. The built-in
 * driver ends its outlet. */
void live_outlets_set(struct live_outlets *outlets, str hub_key, const struct realtime *r);
size_t live_outlets_active(struct live_outlets *outlets);
/* Copies. False: this workspace has no outlet. */
bool live_outlets_send(struct live_outlets *outlets, str hub_key, const struct pusher_event *event);
/* To all who are known to listen: event without data of its own. False as above. */
bool live_outlets_tell_all(struct live_outlets *outlets, str hub_key, str event);
/* As live_present(); done is called on a call worker. False as above: done is not called. */
bool live_outlets_present(struct live_outlets *outlets, str hub_key, str channel,
	live_present_fn *done, void *arg);

struct live_outlet_state {
	bool is_active;
	size_t waiting;
	uint64_t sent, dropped;
	unsigned failures;      /* one after the other, up to now */
	int64_t sent_ms;        /* the last success; 0: none yet */
	char why[200];          /* of the last failure */
};
void live_outlets_state(struct live_outlets *outlets, str hub_key, struct live_outlet_state *out);

#endif
