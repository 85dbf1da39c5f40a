/*
 * live_order.c: what other threads ask of the hub.
 *
 * An order (publish, set an app, close somebody) is put on a list without a lock, and the loop is
 * woken for the first one only; the loop then takes all that wait and does them in order.
 */
#include "base/log.h"
#include "live/live_internal.h"

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
	/* app_set; id: the socket of a claim, the owners to close; secret: the owner of a claim */
	str id, secret;
	struct live_limits *limits; /* app_set; heap */
	struct live_target *targets; /* app_set */
	bool is_disabled;
};

static void app_reconnect(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_of_key(live, order->key);

	if (app)
		live_app_close_all(app, LIVE_CLOSE_RECONNECT,
			S("Who may listen has changed; connect again"));
}

static void app_set(struct live *live, struct live_order *order)
{
	live_app_take(live,
		&(struct live_app_config){ .id = order->id,
			.key = order->key,
			.secret = order->secret,
			.limits = *order->limits,
			.is_disabled = order->is_disabled });
	live_targets_take(live, live_app_of_key(live, order->key), order->targets);
	order->targets = NULL;
}

/* What closes is not freed before live_exit(): the list stays. */
static void close_member(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_of_key(live, order->key);
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
	id64 owner;

	if (conn && conn->app && str_is(conn->app->node.name, order->key) &&
		id64_parse(order->secret, &owner))
		conn->owner = owner;
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
	for (struct live_app *app = live->all_apps; app; app = app->next) {
		close_owned(&app->quiet, order->id);
		close_owned(&app->pinged, order->id);
	}
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
	size_t count = 0;

	for (const struct live_app *app = live->all_apps; app; app = app->next) {
		count += list_owners(&app->quiet, owners + count);
		count += list_owners(&app->pinged, owners + count);
	}
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
	heap_free(order->limits);
	live_targets_drop(order->targets);
	heap_free(order);
}

static void publish(struct live *live, const struct live_order *order)
{
	struct live_app *app = live_app_of_key(live, order->key);

	if (app)
		live_channel_publish_encoded(live, app,
			&(struct live_encoded){ order->channel, order->frame, order->except });
}

static void carry_out(struct live *live, struct live_order *order)
{
	switch (order->kind) {
	case ORDER_PUBLISH:
		publish(live, order);
		break;
	case ORDER_APP_SET:
		app_set(live, order);
		break;
	case ORDER_APP_REMOVE:
		live_app_drop(live, order->key);
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

void live_orders_done(struct live *live)
{
	for (struct live_order *order = take_orders(live), *next; order; order = next) {
		next = order->next;
		order_free(order);
	}
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

void live_app_set(struct live *live, const struct live_app_config *config)
{
	struct live_order *order = order_create(ORDER_APP_SET,
		(str[]){ config->key, config->id, config->secret });

	order->limits = HEAP_NEW(struct live_limits);
	*order->limits = config->limits;
	order->is_disabled = config->is_disabled;
	order->targets = live_targets_create(config->hooks, config->hook_count);
	give_order(live, order);
}

void live_app_forget(struct live *live, str key)
{
	give_order(live, order_create(ORDER_APP_REMOVE, (str[]){ key, STR_NONE, STR_NONE }));
}

/* For our own listeners, and those of the other nodes. */
static void order_all(struct live *live, enum order_kind kind, const str texts[3])
{
	const char which = (char)('0' + kind);

	give_order(live, order_create(kind, texts));
	live_nodes_order(live, (str){ &which, 1 }, texts);
}

void live_order_here(struct live *live, str which, const str texts[3])
{
	int kind = which.len == 1 ? which.ptr[0] - '0' : -1;

	if (kind >= ORDER_APP_RECONNECT && kind <= ORDER_CHECK_OWNERS)
		give_order(live, order_create((enum order_kind)kind, texts));
}

void live_app_reconnect(struct live *live, str key)
{
	order_all(live, ORDER_APP_RECONNECT, (str[]){ key, STR_NONE, STR_NONE });
}

void live_close_member(struct live *live, str app_key, str channel, str user_id)
{
	order_all(live, ORDER_CLOSE_MEMBER, (str[]){ app_key, channel, user_id });
}

void live_claim(struct live *live, str app_key, str socket_id, id64 owner)
{
	char text[24];
	struct buf id = { .ptr = (uint8_t *)text, .cap = sizeof text, .max = sizeof text };

	buf_i64(&id, owner);
	order_all(live, ORDER_CLAIM, (str[]){ app_key, socket_id, buf_text(&id) });
}

void live_close_owners(struct live *live, const id64 *owners, size_t count)
{
	const str octets = { (const char *)owners, count * sizeof *owners };

	order_all(live, ORDER_CLOSE_OWNERS, (str[]){ STR_NONE, octets, STR_NONE });
}

void live_check_owners(struct live *live)
{
	order_all(live, ORDER_CHECK_OWNERS, (str[]){ STR_NONE, STR_NONE, STR_NONE });
}

/* Encoded on the publisher's thread, so the loop only hands the frame on. */
void live_publish_here(struct live *live, str app_key, const struct live_event *event)
{
	struct live_order *order;

	order = order_create(ORDER_PUBLISH, (str[]){ app_key, event->channel, STR_NONE });
	order->frame = live_event_frame(event);
	if (event->except.ptr && !live_socket_id_read(event->except, &order->except))
		order->except = 0;
	give_order(live, order);
}

void live_publish(struct live *live, str app_key, const struct live_event *event)
{
	if (event->data.len > LIVE_DATA_MAX) {
		log_warn("live: an event of %zu octets is too large and was dropped",
		         event->data.len);
		atomic_fetch_add(&live->dropped, 1);
		return;
	}
	if (!live_nodes_publish(live, app_key, event))
		live_publish_here(live, app_key, event);
}

/* ---- who is there ---- */

#define MEMBERS_TOLD_MAX 1000

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
	struct live_app *app = live_app_of_key(q->live, q->app_key);
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
