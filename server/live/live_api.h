/*
 * live_api.h: a call of the hub's HTTP API, between who admits it (live_api.c) and what it does
 * (live_call.c). On the loop, between live_enter() and live_exit().
 */
#ifndef LIVE_LIVE_API_H
#define LIVE_LIVE_API_H

#include "base/json.h"
#include "live/live_internal.h"

struct live_call {
	struct live *live;
	struct live_app *app;
	const struct request *req;
	struct arena *arena;
	str info, prefix;       /* of the query */
	struct buf out;         /* the answer's JSON */
	int status;
	const char *why;        /* unless 200 */
};

/* Answers false, so that a check can end with it. */
bool live_call_fail(struct live_call *call, int status, const char *why);

void live_call_events(struct live_call *call);
void live_call_batch(struct live_call *call);
void live_call_channels(struct live_call *call);
void live_call_channel(struct live_call *call);
void live_call_users(struct live_call *call);
void live_call_terminate(struct live_call *call);
void live_call_connections(struct live_call *call);

#endif
