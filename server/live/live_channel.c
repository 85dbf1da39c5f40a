/*
 * live_channel.c: who is in which channel, and what all of them get.
 *
 * A channel exists while it has subscribers. In a presence channel a member is a person, not a
 * connection: the others hear of him when his first connection joins and when his last one leaves.
 * Nothing is sent to a subscriber before its subscription_succeeded.
 */
#include "base/json.h"
#include "live/live_internal.h"

#define PRESENCE_TEXT_MAX ((LIVE_USER_INFO_MAX + 8 * LIVE_USER_ID_MAX) * LIVE_PRESENCE_MEMBERS_MAX)

void (*live_occupied_hook)(str app_key, str channel, bool occupied);

static void tell_occupied(const struct live_channel *channel, bool occupied)
{
	if (live_occupied_hook && channel->kind == LIVE_PRIVATE)
		live_occupied_hook(channel->app->node.name, channel->node.name, occupied);
}

static struct live_channel *channel_find(struct live_app *app, str name)
{
	return (struct live_channel *)live_table_find(&app->channels, name);
}

static str heap_str(str s)
{
	char *copy = heap_alloc(s.len + 1);

	memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

static struct live_channel *channel_get(struct live_conn *conn, str name)
{
	struct live_channel *channel = channel_find(conn->app, name);

	if (channel)
		return channel;
	channel = HEAP_NEW(struct live_channel);
	channel->node.name = heap_str(name);
	channel->app = conn->app;
	channel->kind = live_channel_kind(name);
	live_table_add(&conn->app->channels, &channel->node);
	atomic_fetch_add(&conn->live->channels, 1);
	return channel;
}

static void channel_free(struct live *live, struct live_channel *channel)
{
	live_table_remove(&channel->app->channels, &channel->node);
	atomic_fetch_sub(&live->channels, 1);
	heap_free((char *)channel->node.name.ptr);
	heap_free(channel);
}

void live_channel_send(struct live *live, struct live_channel *channel, struct ws_frame *frame,
                       uint64_t except)
{
	for (struct live_sub *sub = channel->subs; sub; sub = sub->next_of_channel) {
		struct live_conn *conn = sub->conn;

		if (!conn->ws || conn->is_closing || conn->socket_id == except)
			continue;
		ws_send_frame(conn->ws, frame);
		atomic_fetch_add_explicit(&live->delivered, 1, memory_order_relaxed);
	}
}

/* ---- members of presence channels ---- */

static struct live_member *member_find(struct live_channel *channel, str id)
{
	struct live_member *member = channel->members;

	while (member && !str_is(member->user.id, id))
		member = member->next;
	return member;
}

static struct live_member *member_add(struct live_channel *channel, const struct live_user *user)
{
	struct live_member *member = HEAP_NEW(struct live_member), **end = &channel->members;

	member->user = (struct live_user){ heap_str(user->id), heap_str(user->id_raw),
		                           heap_str(user->info_raw) };
	while (*end)
		end = &(*end)->next;
	*end = member;
	channel->member_count++;
	return member;
}

static void member_remove(struct live_channel *channel, struct live_member *member)
{
	struct live_member **at = &channel->members;

	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
	channel->member_count--;
	heap_free((char *)member->user.id.ptr);
	heap_free((char *)member->user.id_raw.ptr);
	heap_free((char *)member->user.info_raw.ptr);
	heap_free(member);
}

/* Tells the others of a channel; event is the whole name. */
static void tell_members(struct live_conn *conn, struct live_channel *channel, str event,
                         const struct live_user *user)
{
	struct arena *arena = conn->live->scratch;
	struct buf data = buf_in(arena, LIVE_DATA_MAX), text = buf_in(arena, LIVE_DATA_MAX);
	struct ws_frame *frame;

	json_open(&data, '{');
	json_put_raw(&data, "user_id", user->id_raw);
	if (user->info_raw.ptr)
		json_put_raw(&data, "user_info", user->info_raw);
	json_close(&data, '}');
	live_write_event(&text, event, channel->node.name, buf_text(&data));
	frame = ws_frame_create(buf_text(&text));
	live_channel_send(conn->live, channel, frame, conn->socket_id);
	ws_frame_drop(frame);
}

/* ids and hash are keyed by the id's text, also where the app made it a number. */
static str presence_text(struct arena *arena, const struct live_channel *channel)
{
	struct buf out = buf_in(arena, PRESENCE_TEXT_MAX);

	json_open(&out, '{');
	json_open_in(&out, "presence", '{');
	json_open_in(&out, "ids", '[');
	for (const struct live_member *m = channel->members; m; m = m->next)
		json_put(&out, NULL, m->user.id);
	json_close(&out, ']');
	json_open_in(&out, "hash", '{');
	for (const struct live_member *m = channel->members; m; m = m->next) {
		json_key_str(&out, m->user.id);
		json_put_raw(&out, NULL, m->user.info_raw);
	}
	json_close(&out, '}');
	json_put_int(&out, "count", (int64_t)channel->member_count);
	json_close(&out, '}');
	json_close(&out, '}');
	return buf_text(&out);
}

/* ---- subscribing ---- */

struct live_sub *live_sub_find(const struct live_conn *conn, str channel)
{
	struct live_sub *sub = conn->subs;

	while (sub && !str_is(sub->channel->node.name, channel))
		sub = sub->next_of_conn;
	return sub;
}

static struct live_sub *sub_add(struct live_conn *conn, struct live_channel *channel)
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
	atomic_fetch_add(&conn->live->subscriptions, 1);
	return sub;
}

static void sub_unlink(struct live_sub *sub)
{
	struct live_sub **at = &sub->conn->subs;

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

/* The socket is out of the channel before the others hear that its person left. */
void live_sub_end(struct live_sub *sub)
{
	struct live_channel *channel = sub->channel;
	struct live_member *member = sub->member;

	sub_unlink(sub);
	if (member && --member->connections == 0) {
		const struct live_user gone = { .id = member->user.id,
			                        .id_raw = member->user.id_raw };

		tell_members(sub->conn, channel, S("pusher_internal:member_removed"), &gone);
		member_remove(channel, member);
	}
	if (channel->sub_count == 0) {
		tell_occupied(channel, false);
		channel_free(sub->conn->live, channel);
	}
	heap_free(sub);
}

static void refuse(struct live_conn *conn, str channel, const struct live_refusal *refusal)
{
	struct buf text = buf_in(conn->live->scratch, LIVE_DATA_MAX);

	live_write_refusal(&text, channel, refusal);
	live_conn_send(conn, &text);
}

/* NULL when the signature is right, or none is needed. A private channel is signed without
 * channel_data, whatever came. */
static const struct live_refusal *check_signature(struct live_conn *conn,
                                                  const struct live_subscribe *wanted)
{
	static const struct live_refusal
		wrong = { "AuthError", 401,
		          S("The signature is not that of this connection, channel and app.") },
		no_data = { "AuthError", 401, S("A presence channel needs channel_data.") };
	enum live_kind kind = live_channel_kind(wanted->channel);
	struct arena *arena = conn->live->scratch;
	char socket_id[LIVE_SOCKET_ID_MAX];
	str text;

	if (kind == LIVE_PUBLIC)
		return NULL;
	if (kind == LIVE_PRESENCE && !wanted->has_channel_data)
		return &no_data;
	live_socket_id_write(conn->socket_id, socket_id);
	text = live_signed_text(arena, str_of(socket_id), wanted->channel,
	                        kind == LIVE_PRESENCE ? wanted->channel_data : STR_NONE);
	return live_auth_holds(arena, conn->app->node.name, conn->app->secret, text, wanted->auth)
	               ? NULL
	               : &wrong;
}

static const struct live_refusal *check_name(const struct live_conn *conn, str channel)
{
	static const struct live_refusal
		too_long = { "LimitReached", 4009,
		             S("The channel name is too long: at most 200 characters.") },
		not_a_name = { "AuthError", 4009,
		               S("A channel name has letters, digits and _ - = @ , . ; only.") },
		too_many = { "LimitReached", 4100,
		             S("This connection has too many subscriptions: at most 200.") };

	if (channel.len > LIVE_CHANNEL_NAME_MAX)
		return &too_long;
	if (!live_channel_name_fits(channel))
		return &not_a_name;
	return conn->sub_count >= LIVE_SUBSCRIPTIONS_MAX ? &too_many : NULL;
}

/* At the limit, another connection of somebody who is there is still welcome. */
static const struct live_refusal *check_user(struct live_conn *conn, str channel,
                                             const struct live_user *user)
{
	static const struct live_refusal
		too_large = { "LimitReached", 4301,
			S("The member is too large: an id of 1 to 128 octets, an info of 1 KB.") },
		full = { "LimitReached", 4100,
			S("The channel has too many members: at most 100.") };
	struct live_channel *there = channel_find(conn->app, channel);

	if (user->id.len == 0 || user->id.len > LIVE_USER_ID_MAX ||
	    user->info_raw.len > LIVE_USER_INFO_MAX)
		return &too_large;
	if (there && there->member_count >= LIVE_PRESENCE_MEMBERS_MAX &&
	    !member_find(there, user->id))
		return &full;
	return NULL;
}

static void succeed(struct live_conn *conn, str channel, str data)
{
	struct buf text = buf_in(conn->live->scratch, 2 * PRESENCE_TEXT_MAX);

	live_write_event(&text, S("pusher_internal:subscription_succeeded"), channel, data);
	live_conn_send(conn, &text);
}

static void join(struct live_conn *conn, str channel_name)
{
	struct live_channel *channel = channel_get(conn, channel_name);

	sub_add(conn, channel);
	succeed(conn, channel_name, S("{}"));
	if (channel->sub_count == 1)
		tell_occupied(channel, true);
}

/* A person's info is that of his first connection, until all of them have gone. */
static void join_presence(struct live_conn *conn, str channel_name, const struct live_user *user)
{
	struct live_channel *channel = channel_get(conn, channel_name);
	struct live_member *member = member_find(channel, user->id);
	bool is_new = !member;

	if (is_new)
		member = member_add(channel, user);
	member->connections++;
	sub_add(conn, channel)->member = member;
	succeed(conn, channel_name, presence_text(conn->live->scratch, channel));
	if (is_new)
		tell_members(conn, channel, S("pusher_internal:member_added"), &member->user);
}

static void subscribe_presence(struct live_conn *conn, const struct live_subscribe *wanted)
{
	const struct live_refusal *no;
	struct live_refusal unreadable = { "AuthError", 401, STR_NONE };
	struct live_user user;

	if (live_user_read(conn->live->scratch, wanted->channel_data, &user, &unreadable.message) !=
	    OK)
		refuse(conn, wanted->channel, &unreadable);
	else if ((no = check_user(conn, wanted->channel, &user)))
		refuse(conn, wanted->channel, no);
	else
		join_presence(conn, wanted->channel, &user);
}

void live_subscribe(struct live_conn *conn, const struct live_subscribe *wanted)
{
	const struct live_refusal *no = check_name(conn, wanted->channel);

	if (live_sub_find(conn, wanted->channel)) {
		live_conn_error(conn, wanted->channel, LIVE_ERROR_NONE,
		                arena_printf(conn->live->scratch,
		                             "Existing subscription to channel " STR_F ".",
		                             STR_A(wanted->channel)));
		return;
	}
	if (!no)
		no = check_signature(conn, wanted);
	if (no)
		refuse(conn, wanted->channel, no);
	else if (live_channel_kind(wanted->channel) == LIVE_PRESENCE)
		subscribe_presence(conn, wanted);
	else
		join(conn, wanted->channel);
}
