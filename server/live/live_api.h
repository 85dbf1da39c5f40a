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

#define LIVE_PARAMS_MAX 32
struct live_params { struct { str name, value; } items[LIVE_PARAMS_MAX]; size_t count; };
/* Names in lower case, both without escapes; false: too many. */
bool live_params_read(struct arena *arena, str query, struct live_params *out);
str live_param(const struct live_params *params, str name); /* STR_NONE: not there */
/* What the signature is over; sorts them. */
str live_params_signed(struct arena *arena, const char *method, str path,
	struct live_params *params);

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
