/*
 * live.c: the hub: its apps, what other threads ask of it, liveness, and its end.
 *
 * Other threads give it orders: publish, set or remove an app. An order is put on a list without a
 * lock and the loop is woken for the first one only; the loop then takes all that wait and does
 * them in order.
 */
#include "live/live.h"

#include "base/clock.h"
#include "base/log.h"
#include "live/live_internal.h"

#define PING_AFTER_US \
	35000000 /* net's own ping frame went out at 30 s: only the deaf are asked twice */
#define CLOSE_AFTER_US \
	22000000 /* and closed before net gives up on them at 60 s, so that they hear 4201 */
#define SWEEP_MS 1000
#define DRAIN_STEP_MS 20
#define DRAIN_STEPS 50                                   /* about a second for all */
#define FRAME_TEXT_MAX (6 * LIVE_DATA_MAX + (16u << 10)) /* every octet escaped */

enum order_kind {
	ORDER_PUBLISH,
	ORDER_APP_SET,
	ORDER_APP_REMOVE,
	ORDER_APP_RECONNECT,
	ORDER_CLOSE_MEMBER,
	ORDER_CLAIM,
	ORDER_CLOSE_OWNERS,
	ORDER_CHECK_OWNERS
};

/* One allocation: its texts stand behind it. */
struct live_order {
	struct live_order *next;
	enum order_kind kind;
	str key;
	str channel; /* publish */
	struct ws_frame *frame;
	uint64_t except;
	str id, secret; /* app_set; id: the socket of a claim, the owners to close */
	id64 owner;     /* claim */
};

static struct live *routes_hub;

/* ---- entering and leaving ---- */

void live_enter(struct live *live)
{
	live->depth++;
}

static void when_drained(struct live *live)
{
	void (*drained)(void *arg) = live->drained;

	if (!live->draining || !drained || atomic_load(&live->connections) > 0)
		return;
	live->drained = NULL;
	drained(live->drained_arg);
}

void live_exit(struct live *live)
{
	struct live_conn *conn;

	if (live->depth > 1) {
		live->depth--;
		return;
	}
	/* Taking one apart tells its channels, which may make others go. */
	while ((conn = live->gone)) {
		live->gone = conn->next_gone;
		live_conn_free(conn);
	}
	arena_reset(live->scratch);
	live->depth--;
	when_drained(live);
}

/* ---- apps ---- */

struct live_app *live_app_find(struct live *live, str key)
{
	return (struct live_app *)live_table_find(&live->apps, key);
}

static str heap_str(str s)
{
	char *copy = heap_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

static void app_free(struct live_app *app)
{
	live_table_done(&app->channels);
	heap_free((char *)app->node.name.ptr);
	heap_free((char *)app->id.ptr);
	heap_free((char *)app->secret.ptr);
	heap_free(app);
}

void live_app_leave(struct live_app *app)
{
	if (--app->connections == 0 && app->gone)
		app_free(app);
}

static void app_set(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_find(live, order->key);

	if (!app) {
		app = HEAP_NEW(struct live_app);
		app->node.name = heap_str(order->key);
		live_table_add(&live->apps, &app->node);
	}
	heap_free((char *)app->id.ptr);
	heap_free((char *)app->secret.ptr);
	app->id = heap_str(order->id);
	app->secret = heap_str(order->secret);
}

static void close_those_of(struct live_list *list, const struct live_app *app, int code, str reason)
{
	for (struct live_conn *conn = list->first, *next; conn; conn = next) {
		next = conn->next;
		if (conn->app == app)
			live_conn_close(conn, code, reason);
	}
}

static void close_all_of(struct live *live, const struct live_app *app, int code, str reason)
{
	close_those_of(&live->quiet, app, code, reason);
	close_those_of(&live->pinged, app, code, reason);
}

static void app_remove(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_find(live, order->key);

	if (!app)
		return;
	live_table_remove(&live->apps, &app->node);
	app->gone = true;
	app->connections++; /* ours, so that it outlives the closing */
	close_all_of(live, app, LIVE_CLOSE_UNKNOWN_APP, S("The app was removed"));
	live_app_leave(app);
}

static void app_reconnect(struct live *live, const struct live_order *order)
{
	const struct live_app *app = live_app_find(live, order->key);

	if (app)
		close_all_of(live, app, LIVE_CLOSE_RECONNECT,
			S("Who may listen has changed; connect again"));
}

/* What closes is not freed before live_exit(): the list stays. */
static void close_member(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_find(live, order->key);
	struct live_node *node = app ? live_table_find(&app->channels, order->id) : NULL;
	struct live_sub *sub = node ? ((struct live_channel *)node)->subs : NULL;

	for (; sub; sub = sub->next_of_channel)
		if (sub->member && str_is(sub->member->user.id, order->secret))
			live_conn_close(sub->conn, LIVE_CLOSE_RECONNECT,
				S("What was looked at is out of sight; connect again"));
}

/* ---- owners ---- */

static void claim(struct live *live, const struct live_order *order)
{
	struct live_node *node = live_table_find(&live->conns, order->id);
	struct live_conn *conn = node ? (struct live_conn *)node : NULL;

	if (conn && conn->app && str_is(conn->app->node.name, order->key))
		conn->owner = order->owner;
}

static bool is_owned_by(const struct live_conn *conn, str owners)
{
	id64 id;

	for (size_t at = 0; conn->owner && at + sizeof id <= owners.len; at += sizeof id) {
		memcpy(&id, owners.ptr + at, sizeof id);
		if (id == conn->owner)
			return true;
	}
	return false;
}

static void close_owned(struct live_list *list, str owners)
{
	for (struct live_conn *conn = list->first, *next; conn; conn = next) {
		next = conn->next;
		if (is_owned_by(conn, owners))
			live_conn_close(conn, LIVE_CLOSE_RECONNECT,
				S("Whoever listened here is signed out; sign in again"));
	}
}

static void close_owners(struct live *live, const struct live_order *order)
{
	close_owned(&live->quiet, order->id);
	close_owned(&live->pinged, order->id);
}

static size_t list_owners(const struct live_list *list, id64 *out)
{
	size_t count = 0;

	for (const struct live_conn *conn = list->first; conn; conn = conn->next)
		if (conn->owner)
			out[count++] = conn->owner;
	return count;
}

static void check_owners(struct live *live)
{
	id64 *owners = heap_alloc((atomic_load(&live->connections) + 1) * sizeof *owners);
	size_t count = list_owners(&live->quiet, owners);

	count += list_owners(&live->pinged, owners + count);
	if (count && live->check)
		live->check(live, owners, count);
	heap_free(owners);
}

static void check_in_time(void *arg)
{
	struct live *live = arg;

	live->checking = loop_after(live->loop, live->check_every_ms, check_in_time, live);
	check_owners(live);
}

void live_watch_owners(struct live *live, int64_t every_ms, live_owner_check *check)
{
	live->check = check;
	live->check_every_ms = every_ms;
	live->checking = loop_after(live->loop, every_ms, check_in_time, live);
}

/* ---- orders ---- */

static struct live_order *order_create(enum order_kind kind, const str texts[3])
{
	size_t size = sizeof(struct live_order);
	struct live_order *order;
	char *to;
	str copies[3];

	for (size_t i = 0; i < 3; i++)
		size += texts[i].len;
	order = heap_alloc(size);
	to = (char *)(order + 1);
	for (size_t i = 0; i < 3; i++) {
		if (texts[i].len)
			memcpy(to, texts[i].ptr, texts[i].len);
		copies[i] = (str){ to, texts[i].len };
		to += texts[i].len;
	}
	*order = (struct live_order){ .kind = kind, .key = copies[0] };
	if (kind == ORDER_PUBLISH)
		order->channel = copies[1];
	order->id = copies[1];
	order->secret = copies[2];
	return order;
}

static void order_free(struct live_order *order)
{
	ws_frame_drop(order->frame);
	heap_free(order);
}

static void publish(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_find(live, order->key);
	struct live_node *node = app ? live_table_find(&app->channels, order->channel) : NULL;

	atomic_fetch_add_explicit(&live->published, 1, memory_order_relaxed);
	if (node)
		live_channel_send(live, (struct live_channel *)node, order->frame, order->except);
}

static void carry_out(struct live *live, const struct live_order *order)
{
	switch (order->kind) {
	case ORDER_PUBLISH:
		publish(live, order);
		break;
	case ORDER_APP_SET:
		app_set(live, order);
		break;
	case ORDER_APP_REMOVE:
		app_remove(live, order);
		break;
	case ORDER_APP_RECONNECT:
		app_reconnect(live, order);
		break;
	case ORDER_CLOSE_MEMBER:
		close_member(live, order);
		break;
	case ORDER_CLAIM:
		claim(live, order);
		break;
	case ORDER_CLOSE_OWNERS:
		close_owners(live, order);
		break;
	case ORDER_CHECK_OWNERS:
		check_owners(live);
	}
}

static struct live_order *take_orders(struct live *live)
{
	struct live_order *newest = atomic_exchange(&live->orders, NULL), *oldest = NULL;

	while (newest) {
		struct live_order *next = newest->next;

		newest->next = oldest;
		oldest = newest;
		newest = next;
	}
	return oldest;
}

static void run_orders(void *arg)
{
	struct live *live = arg;

	live_enter(live);
	for (struct live_order *order = take_orders(live), *next; order; order = next) {
		next = order->next;
		carry_out(live, order);
		order_free(order);
	}
	live_exit(live);
}

static void give_order(struct live *live, struct live_order *order)
{
	struct live_order *before = atomic_load(&live->orders);

	do {
		order->next = before;
	} while (!atomic_compare_exchange_weak(&live->orders, &before, order));
	if (!before)
		loop_post(live->loop, run_orders, live);
}

void live_app_set(struct live *live, str app_id, str key, str secret)
{
	give_order(live, order_create(ORDER_APP_SET, (str[]){ key, app_id, secret }));
}

void live_app_remove(struct live *live, str key)
{
	give_order(live, order_create(ORDER_APP_REMOVE, (str[]){ key, STR_NONE, STR_NONE }));
}

void live_app_reconnect(struct live *live, str key)
{
	give_order(live, order_create(ORDER_APP_RECONNECT, (str[]){ key, STR_NONE, STR_NONE }));
}

void live_close_member(struct live *live, str app_key, str channel, str user_id)
{
	give_order(live, order_create(ORDER_CLOSE_MEMBER, (str[]){ app_key, channel, user_id }));
}

void live_claim(struct live *live, str app_key, str socket_id, id64 owner)
{
	struct live_order *order =
		order_create(ORDER_CLAIM, (str[]){ app_key, socket_id, STR_NONE });

	order->owner = owner;
	give_order(live, order);
}

void live_close_owners(struct live *live, const id64 *owners, size_t count)
{
	const str octets = { (const char *)owners, count * sizeof *owners };

	give_order(live, order_create(ORDER_CLOSE_OWNERS, (str[]){ STR_NONE, octets, STR_NONE }));
}

void live_check_owners(struct live *live)
{
	give_order(live,
		order_create(ORDER_CHECK_OWNERS, (str[]){ STR_NONE, STR_NONE, STR_NONE }));
}

/* ---- who is there ---- */

#define MEMBERS_TOLD_MAX LIVE_PRESENCE_MEMBERS_MAX

struct question {
	struct live *live;
	live_present_fn *done;
	void *arg;
	str app_key, channel;
	char texts[];
};

static void tell_members(void *arg)
{
	struct question *q = arg;
	struct live_app *app = live_app_find(q->live, q->app_key);
	struct live_node *node = app ? live_table_find(&app->channels, q->channel) : NULL;
	str ids[MEMBERS_TOLD_MAX];
	size_t count = 0;

	if (node)
		for (struct live_member *m = ((struct live_channel *)node)->members;
			m && count < MEMBERS_TOLD_MAX; m = m->next)
			ids[count++] = m->user.id;
	q->done(q->arg, ids, count);
	heap_free(q);
}

void live_present(struct live *live, str app_key, str channel, live_present_fn *done, void *arg)
{
	struct question *q = heap_alloc(sizeof *q + app_key.len + channel.len);

	memcpy(q->texts, app_key.ptr, app_key.len);
	memcpy(q->texts + app_key.len, channel.ptr, channel.len);
	q->live = live;
	q->done = done;
	q->arg = arg;
	q->app_key = (str){ q->texts, app_key.len };
	q->channel = (str){ q->texts + app_key.len, channel.len };
	loop_post(live->loop, tell_members, q);
}

/* Encoded on the publisher's thread, so the loop only hands the frame on. */
void live_publish(struct live *live, str app_key, const struct live_event *event)
{
	struct buf text = buf_heap(FRAME_TEXT_MAX);
	struct live_order *order;

	if (event->data.len > LIVE_DATA_MAX) {
		log_warn("live: an event of %zu octets is too large and was dropped",
		         event->data.len);
		atomic_fetch_add(&live->dropped, 1);
		return;
	}
	live_write_event(&text, event->name, event->channel, event->data);
	order = order_create(ORDER_PUBLISH, (str[]){ app_key, event->channel, STR_NONE });
	order->frame = ws_frame_create(buf_text(&text));
	buf_done(&text);
	if (event->except.ptr && !live_socket_id_read(event->except, &order->except))
		order->except = 0;
	give_order(live, order);
}

/* ---- liveness ---- */

void live_list_add(struct live_list *list, struct live_conn *conn)
{
	conn->prev = list->last;
	conn->next = NULL;
	if (list->last)
		list->last->next = conn;
	else
		list->first = conn;
	list->last = conn;
}

void live_list_remove(struct live_list *list, struct live_conn *conn)
{
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		list->first = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	else
		list->last = conn->prev;
}

/* Both lists are by age: only those who are due are looked at. */
static void sweep(void *arg)
{
	struct live *live = arg;
	const struct live_timing *t = &live->timing;
	int64_t now_us = clock_monotonic_us();
	struct live_conn *conn;

	live->sweep = loop_after(live->loop, t->sweep_ms, sweep, live);
	live_enter(live);
	while ((conn = live->pinged.first) && now_us - conn->since_us >= t->close_after_us)
		live_conn_close(conn, LIVE_CLOSE_NO_PONG, S("Pong reply not received"));
	while ((conn = live->quiet.first) && now_us - conn->since_us >= t->ping_after_us)
		live_conn_ping(conn);
	live_exit(live);
}

static struct ws_frame *ping_frame(void)
{
	struct buf text = buf_heap(256);
	struct ws_frame *frame;

	live_write_event(&text, S("pusher:ping"), STR_NONE, S("{}"));
	frame = ws_frame_create(buf_text(&text));
	buf_done(&text);
	return frame;
}

/* ---- the hub ---- */

struct live *live_create(struct loop *loop)
{
	struct live *live = HEAP_NEW(struct live);

	live->loop = loop;
	live->scratch = arena_create(ARENA_LIMIT_DEFAULT);
	live->timing = (struct live_timing){ PING_AFTER_US, CLOSE_AFTER_US, SWEEP_MS,
		                             LIVE_ACTIVITY_TIMEOUT_S };
	live->ping = ping_frame();
	return live;
}

void live_set_routes_hub(struct live *live)
{
	routes_hub = live;
}

void live_on_socket(const struct request *req, struct ws *ws)
{
	struct live *live = routes_hub;

	if (!live->sweep)
		live->sweep = loop_after(live->loop, live->timing.sweep_ms, sweep, live);
	live_enter(live);
	live_conn_open(live, req, ws);
	live_exit(live);
}

static void close_some(struct live_list *list, size_t count)
{
	while (list->first && count-- > 0)
		live_conn_close(list->first, LIVE_CLOSE_RECONNECT,
		                S("The server restarts; connect again"));
}

/* They come back at once, so they are not all sent away in the same moment. */
static void drain_step(void *arg)
{
	struct live *live = arg;
	size_t share = atomic_load(&live->connections) / DRAIN_STEPS + 100;

	live->draining_timer = NULL;
	live_enter(live);
	close_some(&live->quiet, share);
	close_some(&live->pinged, share);
	if (live->quiet.first || live->pinged.first)
		live->draining_timer = loop_after(live->loop, DRAIN_STEP_MS, drain_step, live);
	live_exit(live);
}

void live_drain(struct live *live, void (*done)(void *arg), void *arg)
{
	live->draining = true;
	live->drained = done;
	live->drained_arg = arg;
	drain_step(live);
}

static void apps_free(struct live *live)
{
	for (size_t i = 0; i < live->apps.size; i++) {
		for (struct live_node *node = live->apps.buckets[i], *next; node; node = next) {
			next = node->next;
			app_free((struct live_app *)node);
		}
	}
	live_table_done(&live->apps);
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	for (struct live_order *order = take_orders(live), *next; order; order = next) {
		next = order->next;
		order_free(order);
	}
	loop_cancel(live->sweep);
	loop_cancel(live->draining_timer);
	loop_cancel(live->checking);
	apps_free(live);
	live_table_done(&live->conns);
	ws_frame_drop(live->ping);
	arena_destroy(live->scratch);
	if (routes_hub == live)
		routes_hub = NULL;
	heap_free(live);
}

void live_figures(struct live *live, struct live_figures *out)
{
	*out = (struct live_figures){
		.connections = atomic_load(&live->connections),
		.channels = atomic_load(&live->channels),
		.subscriptions = atomic_load(&live->subscriptions),
		.published = atomic_load(&live->published),
		.delivered = atomic_load(&live->delivered),
		.dropped = atomic_load(&live->dropped),
	};
}
