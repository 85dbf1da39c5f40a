/*
 * live_internal.h: what the files of live/ share.
 *
 *	live_api.c ── live_call.c ─┐
 *	live_conn.c ── live_channel.c ── live_presence.c ── live_message.c
 *	     └── live_user.c, live_cache.c    live_app.c       live_auth.c
 *	live_order.c (other threads), live.c (the hub, liveness)
 *
 * Connections, channels and apps belong to the loop; live_message.c and live_auth.c are plain
 * functions for any thread. The one rule: whoever may make a socket close (by sending, too) does so
 * between live_enter() and live_exit(). A connection that ends meanwhile is only noted, and taken
 * apart by the outermost live_exit(); so nobody loses what he walks over.
 */
#ifndef LIVE_LIVE_INTERNAL_H
#define LIVE_LIVE_INTERNAL_H

#include "base/buf.h"
#include "live/live.h"

#include <stdatomic.h>

#define LIVE_AUTH_MAX 300
#define LIVE_SOCKET_ID_MAX 24           /* two 32-bit numbers and a dot, with its NUL */
#define LIVE_PROTOCOL_MIN 4
#define LIVE_PROTOCOL_MAX 7

/* Close codes; pusher-js stays away after 4000 to 4099, waits a second after 4100 to 4199, and
 * comes back at once after 4200 to 4299. */
enum live_close {
	LIVE_CLOSE_UNKNOWN_APP = 4001,
	LIVE_CLOSE_DISABLED = 4003,
	LIVE_CLOSE_OVER_QUOTA = 4004,
	LIVE_CLOSE_BAD_VERSION = 4006,
	LIVE_CLOSE_UNSUPPORTED_VERSION = 4007,
	LIVE_CLOSE_UNAUTHORIZED = 4009,
	LIVE_CLOSE_TOO_MUCH = 4100,
	LIVE_CLOSE_RECONNECT = 4200,
	LIVE_CLOSE_NO_PONG = 4201,
	LIVE_CLOSE_BINARY = 1003,
};
#define LIVE_ERROR_NONE 0               /* "code":null */
#define LIVE_ERROR_CLIENT_EVENT 4301
#define LIVE_ERROR_WATCH_LIST 4302

/* ---- JSON by its spans (live_message.c): what a client sent is passed on as it came, so it is
 * never re-encoded ---- */

#define LIVE_JSON_DEPTH_MAX 32

/* A wanted member: raw is its value's text as it stands, or none. */
struct live_field { const char *name; str raw; };

/* Checks that text is one JSON object, and notes the wanted members. ERR_INPUT with a sentence in
 * *why: not JSON, not an object, too deep, not UTF-8, a wanted member twice. */
enum err live_members(struct arena *arena, str text, struct live_field *fields, size_t count,
	str *why);
/* The text of a raw JSON string; false when it is another kind, or has half a surrogate pair. */
bool live_text(struct arena *arena, str raw, str *out);

/* {"event":…,"channel":…,"data":…} from a client. channel is empty when absent; data is raw. */
struct live_message { str event, channel, data; };
enum err live_message_read(struct arena *arena, str text, struct live_message *out, str *why);

/* What a client gives to subscribe; data may be an object, or a string that holds one. All empty
 * when absent. */
struct live_subscribe { str channel, auth, channel_data; bool has_channel_data; };
enum err live_subscribe_read(struct arena *arena, str data, struct live_subscribe *out, str *why);

/* Who joins a presence channel or signs in: the id as text and as the app wrote it, the info as the
 * app wrote it ("{}" if none), whom a signed-in one watches. */
struct live_user { str id, id_raw, info_raw, watch_raw; };
enum err live_user_read(struct arena *arena, str channel_data, struct live_user *out, str *why);
/* The same of a sign-in's user_data, where the id is called so. */
enum err live_person_read(struct arena *arena, str user_data, struct live_user *out, str *why);
/* What a client gives to sign in. */
struct live_credential { str auth, user_data; };
enum err live_credential_read(struct arena *arena, str data, struct live_credential *out, str *why);

/* One reference. */
struct ws_frame *live_event_frame(const struct live_event *event);
/* A server's event; no channel or no data: leave out. data becomes a string, as the protocol wants
 * it. */
void live_write_event(struct buf *out, str event, str channel, str data);
/* {"event":"pusher:error",…}; code LIVE_ERROR_NONE is null. */
void live_write_error(struct buf *out, str channel, int code, str message);
struct live_refusal { const char *type; int status; str message; };
void live_write_refusal(struct buf *out, str channel, const struct live_refusal *refusal);

/* ---- names and signatures (live_auth.c) ---- */

enum live_kind { LIVE_PUBLIC, LIVE_PRIVATE, LIVE_PRESENCE };
enum live_kind live_channel_kind(str name);
bool live_channel_name_fits(str name); /* the characters; not the length */
/* "1.2" → 0x1_00000002; false when it is not two decimal numbers of 32 bits. */
bool live_socket_id_read(str text, uint64_t *out);
void live_socket_id_write(uint64_t id, char out[LIVE_SOCKET_ID_MAX]);
bool live_auth_holds(struct arena *arena, str key, str secret, str signed_text, str auth);
str live_signed_text(struct arena *arena, str socket_id, str channel, str channel_data);
str live_user_signed_text(struct arena *arena, str socket_id, str user_data);

/* ---- named things in a table (live_table.c) ---- */

struct live_node { struct live_node *next; uint64_t hash; str name; };
/* starts as { 0 } */
struct live_table { struct live_node **buckets; size_t size, count; uint64_t seed; };
struct live_node *live_table_find(const struct live_table *table, str name);
/* name set, and not there yet */
void live_table_add(struct live_table *table, struct live_node *node);
void live_table_remove(struct live_table *table, struct live_node *node);
void live_table_done(struct live_table *table); /* the nodes stay the caller's */

/* ---- on the loop ---- */

/* Connections by since_us, oldest first. */
struct live_list { struct live_conn *first, *last; };

struct live_app {
	struct live_node node;          /* name: the key */
	struct live_node by_id;         /* name: the id */
	struct live_app *next, **at;    /* of all that the hub knows */
	str secret;
	struct live_limits limits;
	struct live_table channels, people, cache, graces;
	struct live_target *targets;    /* of webhooks */
	unsigned told_kinds;            /* that any of them wants */
	struct live_cached *oldest_cached, *newest_cached;
	struct live_list quiet, pinged; /* those that are not closing */
	size_t connections;
	int64_t api_second;             /* of api_calls */
	int64_t api_calls;
	bool is_disabled;
	/* out of the hub's tables; freed with its last connection */
	bool gone;
};

/* A person in a presence channel, whatever the number of his connections. */
struct live_member {
	struct live_node node;          /* name: the id */
	struct live_member *next, *previous; /* in the order of joining */
	struct live_user user;
	size_t connections;
	size_t elsewhere;               /* nodes that have him, too */
};

struct live_channel {
	struct live_node node;
	struct live_app *app;
	enum live_kind kind;
	bool is_cache;
	struct live_sub *subs;
	size_t sub_count;
	struct live_member *members, *last_member;
	struct live_table members_by_id;
	size_t member_count;
	/* The log (live_fan.c): what was published and has not been round yet. */
	struct live_chunk *chunks, *last_chunk;
	struct live_except *excepts, *last_except;
	uint64_t end;                   /* of the log, in octets since the channel began */
	uint64_t round_end;             /* all have what lies before, when the round ends */
	struct live_sub *cursor;        /* who is next in the round; NULL: all were */
	struct live_channel *next_dirty;
	size_t room;                    /* of the log's next chunk */
	uint32_t message_count;
	bool is_dirty;                  /* in live->dirty: a round is under way */
	/* Those whose number of subscribers is to be told. */
	struct live_channel *next_counting, **at_counting;
	int64_t count_told_us;
	/* On other nodes (live_nodes.c): how many are in it, with how many subscribers; and what
	 * they were told of ours. */
	size_t elsewhere, subs_elsewhere, count_said;
	bool is_count_ours;             /* it changed here: here it is told to webhooks */
};

/* One connection in one channel, in the list of both. */
struct live_sub {
	struct live_conn *conn;
	struct live_channel *channel;
	struct live_member *member;
	struct live_sub *next_of_channel, *prev_of_channel, *next_of_conn;
	uint64_t place;                 /* in the channel's log */
	uint32_t messages_seen;
};

struct live_conn {
	struct live_node by_id;         /* name: its socket id, as text */
	struct live *live;
	struct ws *ws;                  /* NULL: the socket has gone */
	struct live_app *app;           /* NULL: refused, and being closed */
	uint64_t socket_id;
	char socket_name[LIVE_SOCKET_ID_MAX];
	id64 owner;                     /* by whose right it listens; 0: nobody said */
	struct live_sign_in *sign_in;   /* NULL: nobody signed in */
	struct loop_timer *deadline;    /* of getting authorised; NULL: none, or it is */
	struct live_sub *subs;
	size_t sub_count;
	struct live_conn *prev, *next;  /* in its app's quiet or pinged */
	struct live_conn *next_gone;
	int64_t since_us;               /* last heard; in pinged: asked */
	uint32_t client_second;         /* of client_events */
	uint32_t client_events;
	uint32_t message_span;          /* of messages */
	uint32_t messages;
	bool is_pinged, is_closing;
};

/* For tests, which are in a hurry: 0: as the app's limits say. */
struct live_timing { int64_t ping_after_us, close_after_us, sweep_ms; };

struct live {
	struct loop *loop;
	struct live_table apps, apps_by_id, conns; /* conns: by socket id */
	struct live_nodes *nodes;       /* NULL: we are alone */
	struct live_app *all_apps;
	struct pool *callers;           /* of webhooks; NULL: none go out */
	bool allow_private;             /* … to addresses that are not public */
	struct live_channel *counting;
	struct live_channel *dirty, *last_dirty; /* channels in a round; the first is being swept */
	struct live_sweeper *sweeper;
	void (*check)(struct live *live, const id64 *owners, size_t count);
	int64_t check_every_ms;
	struct loop_timer *checking;
	struct live_timing timing;
	/* of what is being handled; reset by the outermost live_exit() */
	struct arena *scratch;
	struct live_conn *gone;
	unsigned depth;                 /* of live_enter() */
	struct loop_timer *sweep, *draining_timer;
	bool draining;
	void (*drained)(void *arg);
	void *drained_arg;
	struct ws_frame *ping;
	_Atomic(struct live_order *) orders; /* newest first, from any thread */
	atomic_size_t connections, channels, subscriptions;
	_Atomic uint64_t published, delivered, dropped;
};

/* live.c */
void live_enter(struct live *live);
void live_exit(struct live *live);
void live_list_add(struct live_list *list, struct live_conn *conn); /* as the youngest */
void live_list_remove(struct live_list *list, struct live_conn *conn);
struct live *live_of_routes(void);

/* live_order.c */
struct live_order;
void live_orders_done(struct live *live);
/* Any thread: for our own listeners, not those of other nodes. */
void live_publish_here(struct live *live, str app_key, const struct live_event *event);
void live_order_here(struct live *live, str which, const str texts[3]);

/* live_app.c */
struct live_app *live_app_of_key(struct live *live, str key);
struct live_app *live_app_by_id(struct live *live, str id);
void live_app_take(struct live *live, const struct live_app_config *config);
void live_app_drop(struct live *live, str key);
void live_app_free(struct live_app *app);
void live_app_leave(struct live_app *app); /* a connection of it has gone */
void live_app_close_all(struct live_app *app, int code, str reason);
str live_heap_str(str s); /* a copy on the heap */

/* live_api.c */
void live_on_api(const struct request *req, struct exchange *ex);

/* live_conn.c */
void live_on_socket(const struct request *req, struct ws *ws);
void live_conn_open(struct live *live, const struct request *req, struct ws *ws);
void live_conn_close(struct live_conn *conn, int code, str reason);
void live_conn_free(struct live_conn *conn);
void live_conn_send(struct live_conn *conn, const struct buf *text);
void live_conn_ping(struct live_conn *conn);
void live_conn_authorised(struct live_conn *conn); /* it may stay */
void live_conn_error(struct live_conn *conn, str channel, int code, str message);

/* live_channel.c */
struct live_channel *live_channel_find(struct live_app *app, str name);
struct live_channel *live_channel_get(struct live *live, struct live_app *app, str name);
size_t live_channel_subs(const struct live_channel *channel); /* of all nodes; NULL: none */
/* Other nodes are in it more or less than before; it may go by this. */
void live_channel_elsewhere(struct live *live, struct live_channel *channel, ptrdiff_t nodes,
	ptrdiff_t subs);
void live_channels_end(struct live *live, struct live_app *app); /* those that are elsewhere only */
/* Publishes to whoever is there, and remembers it where the channel is a cache. */
void live_channel_publish(struct live *live, struct live_app *app, const struct live_event *event);
struct live_encoded { str channel; struct ws_frame *frame; uint64_t except; };
void live_channel_publish_encoded(struct live *live, struct live_app *app,
	const struct live_encoded *event);
struct live_sub *live_sub_find(const struct live_conn *conn, str channel);
struct live_sub *live_sub_add(struct live_conn *conn, struct live_channel *channel);
void live_sub_end(struct live_sub *sub);
void live_refuse(struct live_conn *conn, str channel, const struct live_refusal *refusal);
/* Joining: told of its success first, then added, then the rest. */
void live_succeed(struct live_conn *conn, str channel, str data);
void live_joined(struct live_conn *conn, struct live_channel *channel);
/* How many subscribers there are, for those channels that were told not long ago. */
void live_tell_counts(struct live *live, int64_t now_us);
void live_count_forget(struct live_channel *channel);

/* live_fan.c */
/* To all subscribers but the connection with this socket id (0: to all), at the end of the turn. */
void live_channel_send(struct live *live, struct live_channel *channel, struct ws_frame *frame,
	uint64_t except);
void live_fan_join(struct live_sub *sub);  /* gets what comes from now on */
void live_fan_leave(struct live_sub *sub); /* before it is unlinked */
void live_fan_end(struct live *live, struct live_channel *channel);
struct live_sweeper *live_sweeper_create(struct live *live);
void live_sweeper_destroy(struct live_sweeper *sweeper);

/* live_presence.c */
void live_subscribe(struct live_conn *conn, const struct live_subscribe *wanted);
/* One connection less; told when it was the last. */
void live_member_leave(struct live_conn *conn, struct live_channel *channel,
	struct live_member *member);

/* The same on one other node. */
void live_member_elsewhere(struct live *live, struct live_channel *channel,
	const struct live_user *user);
void live_member_gone_elsewhere(struct live *live, struct live_channel *channel, str user_id);

/* live_nodes.c; nothing is done where we are alone */
struct live_told;
bool live_nodes_are_up(struct live *live);
/* Any thread. True: it comes back by the bus, and goes to our own listeners then. */
bool live_nodes_publish(struct live *live, str app_key, const struct live_event *event);
bool live_nodes_tell(struct live *live, const struct live_told *told, int64_t above);
void live_nodes_forget(struct live *live, str app_key);
void live_nodes_order(struct live *live, str which, const str texts[3]);
/* On the loop. */
void live_nodes_client(struct live *live, const struct live_channel *channel, str frame);
void live_nodes_terminate(struct live *live, const struct live_app *app, str user_id);
/* On the loop. The first subscriber came, the last one left; the same for a member. True: webhooks
 * are told when it comes back by the bus, in the order of all nodes, by one of them. */
bool live_nodes_came(struct live *live, struct live_channel *channel);
bool live_nodes_left(struct live *live, struct live_channel *channel, bool by_disconnect);
bool live_nodes_member_came(struct live *live, const struct live_channel *channel,
	const struct live_user *user);
bool live_nodes_member_left(struct live *live, const struct live_channel *channel,
	const struct live_user *user, bool by_disconnect);
void live_nodes_end(struct live *live);

/* live_user.c */
struct live_to_user { str user_id; struct ws_frame *frame; uint64_t except; };
/* "#server-to-user-7": true, and the id, which may be empty. */
bool live_user_of_channel(str channel, str *user_id);
void live_sign_in(struct live_conn *conn, str data);
/* As whom it is signed in; false: nobody. */
bool live_user_of_conn(const struct live_conn *conn, struct live_user *out);
void live_user_leave(struct live_conn *conn);
void live_user_send(struct live *live, struct live_app *app, const struct live_to_user *to);
void live_user_terminate(struct live_app *app, str user_id);

/* live_cache.c */
bool live_is_cache(str channel);
void live_cache_put(struct live_app *app, str channel, struct ws_frame *frame);
struct ws_frame *live_cache_get(struct live_app *app, str channel); /* NULL: a miss; the cache's */
/* "cache":{"data","ttl"} or null. */
void live_cache_write(struct live *live, struct live_app *app, str channel, struct buf *out);
/* To a new subscriber: the event, or that there is none. */
void live_send_cached(struct live_conn *conn, str channel);
void live_cache_done(struct live_app *app);

/* live_hook.c: what happened, for webhooks. Strings are borrowed; user_id: none unless there is
 * one. */
enum live_news_kind {
	LIVE_OCCUPIED,
	LIVE_VACATED,
	LIVE_MEMBER_ADDED,
	LIVE_MEMBER_REMOVED,
	LIVE_CLIENT_EVENT,
	LIVE_CACHE_MISS,
	LIVE_COUNTED,
	LIVE_NEWS_KINDS
};
struct live_news {
	enum live_news_kind kind;
	str channel, user_id;
	str event, data, socket_id;     /* of a client event; data is raw */
	size_t count;
	bool is_by_disconnect;          /* may come back at once */
};
void live_tell(struct live *live, struct live_app *app, const struct live_news *news);
/* Whoever left here is on another node: that they left is not told. */
void live_untell(struct live *live, struct live_app *app, const struct live_news *news);
struct live_target;
struct live_target *live_targets_create(const struct live_hook_config *hooks, size_t count);
void live_targets_drop(struct live_target *first);
void live_targets_take(struct live *live, struct live_app *app, struct live_target *targets);
void live_graces_done(struct live_app *app);

#endif
