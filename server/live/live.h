/*
 * live.h: the live hub, speaking the Pusher protocol (docs/protocol/pusher.md).
 *
 * Connections, subscriptions and fan-out live on the loop. Any thread publishes with
 * live_publish(); the frame is encoded once and shared by all receivers. Authorisation of private
 * and presence channels is a signature with the app's secret, made by live_authorise() for those
 * whom the caller has checked.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include "account/live_limits.h"
#include "net/ws.h"
#include "runtime/job.h"

/* What no limit of an app can pass (account/live_limits.h has those). */
#define LIVE_CHANNEL_NAME_MAX 200
#define LIVE_EVENT_NAME_MAX 200
#define LIVE_DATA_MAX (256u << 10)       /* of a published event */

struct live;

struct live *live_create(struct loop *loop);
/* On the loop: closes all with 4200, so that clients come back at once, spread over a second or two
 * when they are many; then done(arg). */
void live_drain(struct live *live, void (*done)(void *arg), void *arg);
/* On the loop, or with the loop stopped: after a drain, or after the HTTP server, which ends the
 * sockets. */
void live_destroy(struct live *live);

/* Who outside is told of what: sums of live_news_bit(), 0: all; prefix and suffix of the channels
 * that count. */
struct live_hook_config { str url, prefix, suffix; unsigned kinds; };
unsigned live_news_bit(str name); /* "channel_occupied"; 0: there is no such event */
/* Who calls them, and whether at private addresses, too; before the loop runs. Ends before the hub.
 */
void live_set_callers(struct live *live, struct pool *callers, bool allow_private);

/* An app: the id that its HTTP API uses, key, secret (plain, kept in memory), limits. A disabled
 * one is known, and refuses (4003, 403). */
struct live_app_config {
	str id, key, secret;
	struct live_limits limits;
	bool is_disabled;
	const struct live_hook_config *hooks;
	size_t hook_count;
};
/* Any thread; copied; replaces one of the same key. One that is disabled now: its connections are
 * closed with 4003. */
void live_app_set(struct live *live, const struct live_app_config *config);
/* Any thread. Its connections are closed with 4001. */
void live_app_forget(struct live *live, str key);
/* Its connections are closed with 4200: their clients come back at once and ask again what they may
 * hear. For when somebody may hear less than before. */
void live_app_reconnect(struct live *live, str key);

/* A user may not be in this presence channel any more: their connections there are closed so, too.
 * Any thread. */
void live_close_member(struct live *live, str app_key, str channel, str user_id);

/* A connection listens by the right of its owner (a session, a key). Any thread; told before the
 * client subscribes with what live_authorise() gave. */
void live_claim(struct live *live, str app_key, str socket_id, id64 owner);
/* Any thread: closes the connections of these owners with 4200. Their clients come back, and are
 * asked who they are. */
void live_close_owners(struct live *live, const id64 *owners, size_t count);
/* Before the loop runs: hands all owners to check, on the loop, now and then and soon after each
 * live_check_owners() (any thread). Whoever ends an owner elsewhere (another process, the clock) is
 * found out so. */
typedef void live_owner_check(struct live *live, const id64 *owners, size_t count);
void live_watch_owners(struct live *live, int64_t every_ms, live_owner_check *check);
void live_check_owners(struct live *live);

/* GET /app/{key}, the socket, and /apps/{app_id}/…, the HTTP API; all of it on the loop. */
extern const struct route live_routes[];
extern const size_t live_route_count;
void live_set_routes_hub(struct live *live); /* which hub they serve */

/* data: the exact text that subscribers get as `data`, at most LIVE_DATA_MAX. except: a socket_id
 * that does not get it, or none. */
struct live_event { str channel, name, data, except; };
/* Any thread; copied. In the order of publishing; many cost one wake of the loop. Too large ones
 * are dropped, and counted. */
void live_publish(struct live *live, str app_key, const struct live_event *event);

/* Set once at start: a private channel has its first subscriber, or lost its last one. On the loop.
 */
extern void (*live_occupied_hook)(str app_key, str channel, bool occupied);

/* "KEY:HEX" for /broadcasting/auth, for a claim that the caller has checked. channel_data: JSON
 * text for presence channels, else none. ERR_INPUT for a malformed socket id, and for names that
 * are not of a private or presence channel. */
struct live_credentials { str key, secret; };
struct live_claim { str socket_id, channel, channel_data; };
enum err live_authorise(struct job *job, const struct live_credentials *app,
	const struct live_claim *claim, str *auth);

/* The same for a sign-in (/broadcasting/user-auth): user_data is JSON text. */
enum err live_authorise_user(struct job *job, const struct live_credentials *app, str socket_id,
	str user_data, str *auth);

/* Who is in a presence channel now: done is called once, on the loop, with the ids of its members.
 * Any thread. */
typedef void live_present_fn(void *arg, const str *user_ids, size_t count);
void live_present(struct live *live, str app_key, str channel, live_present_fn *done, void *arg);

struct live_figures {
	size_t connections, channels, subscriptions;
	uint64_t published, delivered, dropped;
};
void live_figures(struct live *live, struct live_figures *out); /* any thread */

#endif
