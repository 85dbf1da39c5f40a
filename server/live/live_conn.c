/*
 * live_conn.c: one connection: its start, what its client may say, and its end.
 *
 * A client can subscribe, unsubscribe, ping, and send client events into private and presence
 * channels that it is in. What it says wrong is answered by an error event; only a wrong app,
 * version or frame kind closes the connection.
 */
#include "base/clock.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "live/live_internal.h"

#define TEXT_MAX (LIVE_DATA_MAX + (16u << 10))
#define SECOND_US 1000000
#define FLOOD_SECONDS 5

void live_conn_send(struct live_conn *conn, const struct buf *text)
{
	if (conn->ws && !conn->is_closing && !text->failed)
		ws_send_text(conn->ws, buf_text(text));
}

void live_conn_error(struct live_conn *conn, str channel, int code, str message)
{
	struct buf text = buf_in(conn->live->scratch, TEXT_MAX);

	live_write_error(&text, channel, code, message);
	live_conn_send(conn, &text);
}

static void list_leave(struct live_conn *conn)
{
	if (conn->app)
		live_list_remove(conn->is_pinged ? &conn->app->pinged : &conn->app->quiet, conn);
}

/* It gets nothing more; on_close takes it apart. */
void live_conn_close(struct live_conn *conn, int code, str reason)
{
	if (!conn->ws || conn->is_closing)
		return;
	conn->is_closing = true;
	list_leave(conn);
	ws_close(conn->ws, code, reason);
}

void live_conn_ping(struct live_conn *conn)
{
	struct live *live = conn->live;

	list_leave(conn);
	conn->is_pinged = true;
	conn->since_us = clock_monotonic_us();
	live_list_add(&conn->app->pinged, conn);
	ws_ping(conn->ws, BYTES_NONE);
	ws_send_frame(conn->ws, live->ping);
}

/* Any frame proves the client alive, control frames of native libraries too. */
static void on_activity(struct ws *ws, void *owner)
{
	struct live_conn *conn = owner;

	(void)ws;
	if (conn->is_closing)
		return;
	list_leave(conn);
	conn->is_pinged = false;
	conn->since_us = clock_monotonic_us();
	live_list_add(&conn->app->quiet, conn);
}

/* ---- what a client says ---- */

static void on_ping(struct live_conn *conn, const struct live_message *msg)
{
	struct buf text = buf_in(conn->live->scratch, TEXT_MAX);

	(void)msg;
	live_write_event(&text, S("pusher:pong"), STR_NONE, S("{}"));
	live_conn_send(conn, &text);
}

/* That it came was the answer. */
static void on_pong(struct live_conn *conn, const struct live_message *msg)
{
	(void)conn;
	(void)msg;
}

static void on_subscribe(struct live_conn *conn, const struct live_message *msg)
{
	struct live_subscribe wanted;
	str why;

	if (live_subscribe_read(conn->live->scratch, msg->data, &wanted, &why) != OK)
		live_conn_error(conn, S(""), LIVE_ERROR_NONE, why);
	else
		live_subscribe(conn, &wanted);
}

static void on_unsubscribe(struct live_conn *conn, const struct live_message *msg)
{
	struct live_subscribe wanted;
	struct live_sub *sub;
	str why;

	if (live_subscribe_read(conn->live->scratch, msg->data, &wanted, &why) != OK)
		live_conn_error(conn, S(""), LIVE_ERROR_NONE, why);
	else if ((sub = live_sub_find(conn, wanted.channel)))
		live_sub_end(sub);
}

/* The octets count that the receiver's program sees: of a string, its text. */
static size_t data_size(struct arena *arena, str raw)
{
	str text;

	return live_text(arena, raw, &text) ? text.len : raw.len;
}

static bool is_over_rate(struct live_conn *conn)
{
	uint32_t second = (uint32_t)(clock_monotonic_us() / SECOND_US);

	if (conn->client_second != second) {
		conn->client_second = second;
		conn->client_events = 0;
	}
	return ++conn->client_events > (uint64_t)conn->app->limits.client_events_per_second;
}

/* Of all that it says, over some seconds: a client that comes back subscribes to much at once. */
static bool floods(struct live_conn *conn)
{
	uint32_t span = (uint32_t)(clock_monotonic_us() / (FLOOD_SECONDS * SECOND_US));

	if (conn->message_span != span) {
		conn->message_span = span;
		conn->messages = 0;
	}
	return ++conn->messages > FLOOD_SECONDS * (uint64_t)conn->app->limits.messages_per_second;
}

/* The sentence of a refusal, or none. The rate is asked last: a refused event does not count. */
static str client_event_refusal(struct live_conn *conn, const struct live_sub *sub,
                                const struct live_message *msg)
{
	const struct live_limits *limits = &conn->app->limits;
	struct arena *arena = conn->live->scratch;

	if (!limits->client_events)
		return S("This app does not have client messaging enabled.");
	if (msg->event.len > (size_t)limits->event_name_length)
		return arena_printf(arena, "The event's name is too long: at most %lld characters.",
			(long long)limits->event_name_length);
	if (!sub)
		return S("A client event goes to a channel that the sender is subscribed to.");
	if (sub->channel->kind == LIVE_PUBLIC)
		return S("Client events are for private and presence channels only.");
	if (data_size(arena, msg->data) > (size_t)limits->client_event_bytes)
		return arena_printf(arena,
			"The data of the client event is too large: at most %lld octets.",
			(long long)limits->client_event_bytes);
	if (is_over_rate(conn))
		return arena_printf(arena,
			"Too many client events: at most %lld in a second. This one was dropped.",
			(long long)limits->client_events_per_second);
	return STR_NONE;
}

/* Made from event, channel and data alone, so that nobody can speak in another's name. */
static str client_event_text(struct arena *arena, const struct live_sub *sub,
	const struct live_message *msg)
{
	struct buf text = buf_in(arena, TEXT_MAX);

	json_open(&text, '{');
	json_put(&text, "event", msg->event);
	json_put(&text, "channel", msg->channel);
	if (msg->data.ptr)
		json_put_raw(&text, "data", msg->data);
	if (sub->member)
		json_put(&text, "user_id", sub->member->user.id);
	json_close(&text, '}');
	return buf_text(&text);
}

static void on_client_event(struct live_conn *conn, const struct live_message *msg)
{
	const struct live_sub *sub = live_sub_find(conn, msg->channel);
	str no = client_event_refusal(conn, sub, msg);
	struct ws_frame *frame;
	str text;

	if (no.ptr) {
		live_conn_error(conn, str_part(msg->channel, 0, LIVE_CHANNEL_NAME_MAX),
		                LIVE_ERROR_CLIENT_EVENT, no);
		return;
	}
	text = client_event_text(conn->live->scratch, sub, msg);
	live_nodes_client(conn->live, sub->channel, text);
	frame = ws_frame_create(text);
	live_channel_send(conn->live, sub->channel, frame, conn->socket_id);
	ws_frame_drop(frame);
	live_tell(conn->live, conn->app,
		&(struct live_news){ .kind = LIVE_CLIENT_EVENT,
			.channel = msg->channel,
			.user_id = sub->member ? sub->member->user.id : STR_NONE,
			.event = msg->event,
			.data = msg->data,
			.socket_id = conn->by_id.name });
}

static void on_signin(struct live_conn *conn, const struct live_message *msg)
{
	live_sign_in(conn, msg->data);
}

static void on_unknown(struct live_conn *conn, const struct live_message *msg)
{
	(void)msg;
	live_conn_error(conn, S(""), LIVE_ERROR_NONE,
		S("This event is not known. Events of clients begin with client- and go to a "
	          "channel."));
}

static const struct {
	str event;
	void (*handle)(struct live_conn *conn, const struct live_message *msg);
} handlers[] = {
	{ S("pusher:ping"), on_ping },
	{ S("pusher:pong"), on_pong },
	{ S("pusher:subscribe"), on_subscribe },
	{ S("pusher:unsubscribe"), on_unsubscribe },
	{ S("pusher:signin"), on_signin },
};

static void handle(struct live_conn *conn, const struct live_message *msg)
{
	for (size_t i = 0; i < COUNT_OF(handlers); i++) {
		if (str_is(handlers[i].event, msg->event)) {
			handlers[i].handle(conn, msg);
			return;
		}
	}
	if (str_starts(msg->event, S("client-")))
		on_client_event(conn, msg);
	else
		on_unknown(conn, msg);
}

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	struct live_conn *conn = owner;
	struct live *live = conn->live;
	struct live_message msg;
	str why;

	(void)ws;
	if (conn->is_closing)
		return;
	live_enter(live);
	if (!is_text)
		live_conn_close(conn, LIVE_CLOSE_BINARY, S("Binary messages are not supported"));
	else if (floods(conn))
		live_conn_close(conn, LIVE_CLOSE_TOO_MUCH, S("Too many messages"));
	else if (live_message_read(live->scratch, str_from(message), &msg, &why) != OK)
		live_conn_error(conn, S(""), LIVE_ERROR_NONE, why);
	else
		handle(conn, &msg);
	live_exit(live);
}

/* ---- start and end ---- */

static void on_close(struct ws *ws, void *owner, int code, str reason)
{
	struct live_conn *conn = owner;
	struct live *live = conn->live;

	(void)ws;
	(void)code;
	(void)reason;
	live_enter(live);
	if (!conn->is_closing)
		list_leave(conn);
	conn->is_closing = true;
	conn->ws = NULL;
	conn->next_gone = live->gone;
	live->gone = conn;
	live_exit(live);
}

void live_conn_free(struct live_conn *conn)
{
	live_table_remove(&conn->live->conns, &conn->by_id);
	loop_cancel(conn->deadline);
	while (conn->subs)
		live_sub_end(conn->subs);
	live_user_leave(conn);
	if (conn->app)
		live_app_leave(conn->app);
	atomic_fetch_sub(&conn->live->connections, 1);
	heap_free(conn);
}

static uint64_t new_socket_id(void)
{
	uint64_t id;

	do {
		crypto_random(&id, sizeof id);
	} while (id == 0); /* 0 is nobody, for `except` */
	return id;
}

void live_conn_authorised(struct live_conn *conn)
{
	loop_cancel(conn->deadline);
	conn->deadline = NULL;
}

static void not_authorised(void *arg)
{
	struct live_conn *conn = arg;
	struct live *live = conn->live;

	conn->deadline = NULL;
	live_enter(live);
	live_conn_error(conn, S(""), LIVE_CLOSE_UNAUTHORIZED,
		S("Connection not authorized in time"));
	live_conn_close(conn, LIVE_CLOSE_UNAUTHORIZED, S("Connection not authorized in time"));
	live_exit(live);
}

static void greet(struct live_conn *conn)
{
	struct arena *arena = conn->live->scratch;
	struct buf data = buf_in(arena, TEXT_MAX), text = buf_in(arena, TEXT_MAX);

	json_open(&data, '{');
	json_put(&data, "socket_id", conn->by_id.name);
	json_put_int(&data, "activity_timeout", conn->app->limits.activity_timeout_seconds);
	json_close(&data, '}');
	live_write_event(&text, S("pusher:connection_established"), STR_NONE, buf_text(&data));
	live_conn_send(conn, &text);
}

struct refusal { int code; str why; };

/* Why a connection cannot be: code 0 when it can. No version is the newest one. */
static struct refusal start_refusal(const struct live *live, const struct request *req,
	const struct live_app *app)
{
	str protocol = request_query(live->scratch, req, "protocol");
	int64_t version = LIVE_PROTOCOL_MAX;

	if (live->draining)
		return (struct refusal){ LIVE_CLOSE_RECONNECT,
			S("The server restarts; connect again") };
	if (!app)
		return (struct refusal){ LIVE_CLOSE_UNKNOWN_APP, S("There is no app of this key") };
	if (app->is_disabled)
		return (struct refusal){ LIVE_CLOSE_DISABLED, S("The app is disabled") };
	if (protocol.ptr && !str_to_i64(protocol, &version))
		return (struct refusal){ LIVE_CLOSE_BAD_VERSION,
			S("The protocol version is not a number") };
	if (version < LIVE_PROTOCOL_MIN || version > LIVE_PROTOCOL_MAX)
		return (struct refusal){ LIVE_CLOSE_UNSUPPORTED_VERSION,
			S("This protocol version is not supported") };
	if (app->connections >= (size_t)app->limits.connections)
		return (struct refusal){ LIVE_CLOSE_OVER_QUOTA,
			S("The app has too many connections") };
	return (struct refusal){ 0 };
}

static void begin(struct live_conn *conn)
{
	const struct live_limits *limits = &conn->app->limits;

	ws_set_limits(conn->ws, (size_t)limits->message_bytes, (size_t)limits->backlog_bytes);
	if (limits->authorize_seconds)
		conn->deadline = loop_after(conn->live->loop, limits->authorize_seconds * 1000,
			not_authorised, conn);
	greet(conn);
}

/* A refused client is connected first, and then closed: it would take a refused upgrade for a
 * network failure, and try for ever. */
void live_conn_open(struct live *live, const struct request *req, struct ws *ws)
{
	static const struct ws_events events = { on_message, on_close, on_activity };
	struct live_app *app = live_app_of_key(live, req->params[0]);
	struct live_conn *conn = HEAP_NEW(struct live_conn);
	struct refusal no = start_refusal(live, req, app);

	*conn = (struct live_conn){ .live = live,
		                    .ws = ws,
		                    .app = app,
		                    .socket_id = new_socket_id(),
		                    .since_us = clock_monotonic_us() };
	live_socket_id_write(conn->socket_id, conn->socket_name);
	conn->by_id.name = str_of(conn->socket_name);
	live_table_add(&live->conns, &conn->by_id);
	if (app)
		app->connections++;
	atomic_fetch_add(&live->connections, 1);
	if (app)
		live_list_add(&app->quiet, conn);
	ws_accept(ws, &events, conn);
	if (no.code == 0) {
		begin(conn);
		return;
	}
	live_conn_error(conn, S(""), no.code, no.why);
	live_conn_close(conn, no.code, no.why);
}
