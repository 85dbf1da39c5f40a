/*
 * live_channel.c: who is in which channel, and what all of them get.
 *
 * A channel exists while it has subscribers. Nothing is sent to a subscriber before its
 * subscription_succeeded, and nothing after its unsubscribe was dealt with.
 */
#include "base/clock.h"
#include "base/json.h"
#include "live/live_internal.h"

#define TEXT_MAX (32u << 20)
#define COUNT_QUICK_MAX 100     /* subscribers of whom each change is told at once … */
#define COUNT_WAIT_US 5000000   /* … and how long above */

void (*live_occupied_hook)(str app_key, str channel, bool occupied);

static void note_occupied(const struct live_channel *channel, bool occupied)
{
	if (live_occupied_hook && channel->kind == LIVE_PRIVATE)
		live_occupied_hook(channel->app->node.name, channel->node.name, occupied);
}

static void tell_occupied(struct live *live, const struct live_channel *channel,
	struct live_news *news)
{
	news->channel = channel->node.name;
	live_tell(live, channel->app, news);
}

struct live_channel *live_channel_find(struct live_app *app, str name)
{
	return (struct live_channel *)live_table_find(&app->channels, name);
}

struct live_channel *live_channel_get(struct live *live, struct live_app *app, str name)
{
	struct live_channel *channel = live_channel_find(app, name);

	if (channel)
		return channel;
	channel = HEAP_NEW(struct live_channel);
	channel->node.name = live_heap_str(name);
	channel->app = app;
	channel->kind = live_channel_kind(name);
	channel->is_cache = live_is_cache(name);
	live_table_add(&app->channels, &channel->node);
	atomic_fetch_add(&live->channels, 1);
	return channel;
}

size_t live_channel_subs(const struct live_channel *channel)
{
	return channel ? channel->sub_count + channel->subs_elsewhere : 0;
}

static void channel_free(struct live *live, struct live_channel *channel)
{
	live_fan_end(live, channel);
	live_count_forget(channel);
	live_table_remove(&channel->app->channels, &channel->node);
	live_table_done(&channel->members_by_id);
	atomic_fetch_sub(&live->channels, 1);
	heap_free((char *)channel->node.name.ptr);
	heap_free(channel);
}

/* ---- publishing ---- */

void live_channel_publish_encoded(struct live *live, struct live_app *app,
	const struct live_encoded *event)
{
	struct live_channel *channel = live_channel_find(app, event->channel);
	str user_id;

	atomic_fetch_add_explicit(&live->published, 1, memory_order_relaxed);
	if (live_user_of_channel(event->channel, &user_id)) {
		live_user_send(live, app,
			&(struct live_to_user){ user_id, event->frame, event->except });
		return;
	}
	if (live_is_cache(event->channel))
		live_cache_put(app, event->channel, event->frame);
	if (channel)
		live_channel_send(live, channel, event->frame, event->except);
}

void live_channel_publish(struct live *live, struct live_app *app, const struct live_event *event)
{
	struct live_encoded encoded = { event->channel, live_event_frame(event), 0 };

	if (event->except.ptr && !live_socket_id_read(event->except, &encoded.except))
		encoded.except = 0;
	live_channel_publish_encoded(live, app, &encoded);
	ws_frame_drop(encoded.frame);
}

/* ---- how many there are ---- */

static void send_count(struct live *live, struct live_channel *channel)
{
	struct buf data = buf_in(live->scratch, TEXT_MAX), text = buf_in(live->scratch, TEXT_MAX);
	struct ws_frame *frame;

	json_open(&data, '{');
	json_put_int(&data, "subscription_count", (int64_t)live_channel_subs(channel));
	json_close(&data, '}');
	live_write_event(&text, S("pusher_internal:subscription_count"), channel->node.name,
		buf_text(&data));
	frame = ws_frame_create(buf_text(&text));
	live_channel_send(live, channel, frame, 0);
	ws_frame_drop(frame);
	channel->count_told_us = clock_monotonic_us();
	if (!channel->is_count_ours)
		return;
	live_tell(live, channel->app,
		&(struct live_news){ .kind = LIVE_COUNTED,
			.channel = channel->node.name,
			.count = live_channel_subs(channel) });
}

void live_count_forget(struct live_channel *channel)
{
	if (!channel->at_counting)
		return;
	*channel->at_counting = channel->next_counting;
	if (channel->next_counting)
		channel->next_counting->at_counting = channel->at_counting;
	channel->at_counting = NULL;
}

/* Told at once, or by live_tell_counts() when that is due. */
static void count_changed(struct live *live, struct live_channel *channel, bool is_ours)
{
	channel->is_count_ours = is_ours;
	if (!channel->app->limits.subscription_counts || channel->kind == LIVE_PRESENCE ||
		channel->sub_count == 0 || channel->at_counting)
		return;
	if (channel->sub_count <= COUNT_QUICK_MAX) {
		send_count(live, channel);
		return;
	}
	channel->next_counting = live->counting;
	channel->at_counting = &live->counting;
	if (channel->next_counting)
		channel->next_counting->at_counting = &channel->next_counting;
	live->counting = channel;
}

void live_tell_counts(struct live *live, int64_t now_us)
{
	for (struct live_channel *c = live->counting, *next; c; c = next) {
		next = c->next_counting;
		if (now_us - c->count_told_us < COUNT_WAIT_US)
			continue;
		live_count_forget(c);
		send_count(live, c);
	}
}

/* ---- subscribing ---- */

struct live_sub *live_sub_find(const struct live_conn *conn, str channel)
{
	struct live_sub *sub = conn->subs;

	while (sub && !str_is(sub->channel->node.name, channel))
		sub = sub->next_of_conn;
	return sub;
}

struct live_sub *live_sub_add(struct live_conn *conn, struct live_channel *channel)
{
	struct live_sub *sub = HEAP_NEW(struct live_sub);

	*sub = (struct live_sub){ .conn = conn,
		                  .channel = channel,
		                  .next_of_channel = channel->subs,
		                  .next_of_conn = conn->subs };
	if (channel->subs)
		channel->subs->prev_of_channel = sub;
	channel->subs = sub;
	channel->sub_count++;
	conn->subs = sub;
	conn->sub_count++;
	live_fan_join(sub);
	atomic_fetch_add(&conn->live->subscriptions, 1);
	return sub;
}

static void sub_unlink(struct live_sub *sub)
{
	struct live_sub **at = &sub->conn->subs;

	live_fan_leave(sub);
	while (*at != sub)
		at = &(*at)->next_of_conn;
	*at = sub->next_of_conn;
	sub->conn->sub_count--;
	if (sub->prev_of_channel)
		sub->prev_of_channel->next_of_channel = sub->next_of_channel;
	else
		sub->channel->subs = sub->next_of_channel;
	if (sub->next_of_channel)
		sub->next_of_channel->prev_of_channel = sub->prev_of_channel;
	sub->channel->sub_count--;
	atomic_fetch_sub(&sub->conn->live->subscriptions, 1);
}

static void vacate(struct live *live, struct live_channel *channel)
{
	note_occupied(channel, false);
	channel_free(live, channel);
}

/* One of its own subscribers has left. */
static void settle(struct live *live, struct live_channel *channel, bool by_disconnect)
{
	struct live_news news = { LIVE_VACATED, .is_by_disconnect = by_disconnect };

	if (channel->sub_count > 0) {
		count_changed(live, channel, true);
		return;
	}
	if (!live_nodes_left(live, channel, by_disconnect) && channel->elsewhere == 0)
		tell_occupied(live, channel, &news);
	if (channel->elsewhere == 0)
		vacate(live, channel);
}

/* The socket is out of the channel before the others hear that its person left. */
void live_sub_end(struct live_sub *sub)
{
	struct live_channel *channel = sub->channel;
	struct live *live = sub->conn->live;
	bool by_disconnect = !sub->conn->ws;

	sub_unlink(sub);
	if (sub->member)
		live_member_leave(sub->conn, channel, sub->member);
	settle(live, channel, by_disconnect);
	heap_free(sub);
}

void live_channel_elsewhere(struct live *live, struct live_channel *channel, ptrdiff_t nodes,
	ptrdiff_t subs)
{
	channel->elsewhere = (size_t)((ptrdiff_t)channel->elsewhere + nodes);
	channel->subs_elsewhere = (size_t)((ptrdiff_t)channel->subs_elsewhere + subs);
	if (channel->sub_count > 0)
		count_changed(live, channel, false);
	else if (channel->elsewhere == 0)
		vacate(live, channel);
}

void live_channels_end(struct live *live, struct live_app *app)
{
	for (size_t i = 0; i < app->channels.size; i++)
		while (app->channels.buckets[i])
			channel_free(live, (struct live_channel *)app->channels.buckets[i]);
}

void live_refuse(struct live_conn *conn, str channel, const struct live_refusal *refusal)
{
	struct buf text = buf_in(conn->live->scratch, TEXT_MAX);

	live_write_refusal(&text, channel, refusal);
	live_conn_send(conn, &text);
}

/* What its subscriber gets first; then it is one. */
void live_succeed(struct live_conn *conn, str channel, str data)
{
	struct buf text = buf_in(conn->live->scratch, 2 * TEXT_MAX);

	live_write_event(&text, S("pusher_internal:subscription_succeeded"), channel, data);
	live_conn_send(conn, &text);
}

/* Behind the success: what a cache channel remembers, and who else is told. */
void live_joined(struct live_conn *conn, struct live_channel *channel)
{
	if (channel->is_cache)
		live_send_cached(conn, channel->node.name);
	if (channel->sub_count == 1) {
		note_occupied(channel, true);
		if (!live_nodes_came(conn->live, channel))
			tell_occupied(conn->live, channel, &(struct live_news){ LIVE_OCCUPIED });
	}
	if (channel->kind != LIVE_PUBLIC)
		live_conn_authorised(conn);
	count_changed(conn->live, channel, true);
}
