/*
 * live_pusher.h: the HTTP API of a server that speaks the Pusher protocol, as its caller.
 *
 * Signed requests to an outside hub: Pusher's own, Reverb, soketi, or another Parley. Call workers
 * only; each call waits for the other side, PUSHER_DEADLINE_MS at most.
 */
#ifndef LIVE_LIVE_PUSHER_H
#define LIVE_LIVE_PUSHER_H

#include "account/realtime.h"

#define PUSHER_DEADLINE_MS 5000
#define PUSHER_BATCH_MAX 10          /* events of a call, as the hosted service has it */
#define PUSHER_DATA_MAX (10u << 10)  /* of an event: the hosted service refuses more */
#define PUSHER_USERS_MAX 200

struct pusher_server { str url, app_id, key, secret; bool allow_private; };
struct pusher_server pusher_server_of(struct job *job, const struct realtime *r,
	bool allow_private);

/* Errors of all: ERR_UPSTREAM and ERR_TIMEOUT (try again), ERR_LIMIT (429: try later), ERR_AUTH
 * (app id, key or secret are not theirs), ERR_INPUT (they do not take this), ERR_DENIED (a private
 * address, and those are not allowed). */
struct pusher_event { str channel, name, data; };
enum err pusher_publish(struct job *job, const struct pusher_server *server,
	const struct pusher_event *events, size_t count);
/* The names of the occupied channels that begin so, at most max of them. */
enum err pusher_channels(struct job *job, const struct pusher_server *server, str prefix,
	str *names, size_t max, size_t *count);
/* The ids of those in a presence channel. */
enum err pusher_users(struct job *job, const struct pusher_server *server, str channel, str *ids,
	size_t max, size_t *count);
/* Is it there, and are the credentials right? Says in a sentence why not. */
enum err pusher_test(struct job *job, const struct pusher_server *server);

/* The signature of a request, for tests and the sandbox: of "METHOD\nPATH\nQUERY". */
str pusher_signature(struct arena *arena, str secret, str signed_text);

#endif
