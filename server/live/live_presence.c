/*
 * live_presence.c: people in presence channels, and joining channels of all kinds.
 *
 * A member is a person, not a connection: the others hear of him when his first connection joins
 * and when his last one leaves.
 */
#include "base/json.h"
#include "live/live_internal.h"

#define TEXT_MAX (32u << 20)
#define MEMBER_ADDED S("pusher_internal:member_added")
#define MEMBER_REMOVED S("pusher_internal:member_removed")

static struct live_member *member_find(struct live_channel *channel, str id)
{
	return (struct live_member *)live_table_find(&channel->members_by_id, id);
}

static struct live_member *member_add(struct live_channel *channel, const struct live_user *user)
{
	struct live_member *member = HEAP_NEW(struct live_member);

	member->user = (struct live_user){ .id = live_heap_str(user->id),
		.id_raw = live_heap_str(user->id_raw),
		.info_raw = live_heap_str(user->info_raw) };
	member->node.name = member->user.id;
	live_table_add(&channel->members_by_id, &member->node);
	member->previous = channel->last_member;
	*(member->previous ? &member->previous->next : &channel->members) = member;
	channel->last_member = member;
	channel->member_count++;
	return member;
}

static void member_remove(struct live_channel *channel, struct live_member *member)
{
	live_table_remove(&channel->members_by_id, &member->node);
	*(member->previous ? &member->previous->next : &channel->members) = member->next;
	*(member->next ? &member->next->previous : &channel->last_member) = member->previous;
	channel->member_count--;
	heap_free((char *)member->user.id.ptr);
	heap_free((char *)member->user.id_raw.ptr);
	heap_free((char *)member->user.info_raw.ptr);
	heap_free(member);
}

/* Tells the others of a channel (but the socket `except`); event is the whole name. */
struct told_member { str event; const struct live_user *user; uint64_t except; };

static void tell_members(struct live *live, struct live_channel *channel,
	const struct told_member *told)
{
	const struct live_user *user = told->user;
	struct arena *arena = live->scratch;
	struct buf data = buf_in(arena, TEXT_MAX), text = buf_in(arena, TEXT_MAX);
	struct ws_frame *frame;

	json_open(&data, '{');
	json_put_raw(&data, "user_id", user->id_raw);
	if (user->info_raw.ptr)
		json_put_raw(&data, "user_info", user->info_raw);
	json_close(&data, '}');
	live_write_event(&text, told->event, channel->node.name, buf_text(&data));
	frame = ws_frame_create(buf_text(&text));
	live_channel_send(live, channel, frame, told->except);
	ws_frame_drop(frame);
}

/* ids and hash are keyed by the id's text, also where the app made it a number. */
static str presence_text(struct arena *arena, const struct live_channel *channel)
{
	struct buf out = buf_in(arena, TEXT_MAX);

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

static void member_end(struct live *live, struct live_channel *channel, struct live_member *member,
	uint64_t except)
{
	const struct live_user gone = { .id = member->user.id, .id_raw = member->user.id_raw };

	tell_members(live, channel, &(struct told_member){ MEMBER_REMOVED, &gone, except });
	member_remove(channel, member);
}

void live_member_leave(struct live_conn *conn, struct live_channel *channel,
	struct live_member *member)
{
	if (--member->connections > 0)
		return;
	if (!live_nodes_member_left(conn->live, channel, &member->user, !conn->ws) &&
		member->elsewhere == 0)
		live_tell(conn->live, channel->app,
			&(struct live_news){ .kind = LIVE_MEMBER_REMOVED,
				.channel = channel->node.name,
				.user_id = member->user.id,
				.is_by_disconnect = !conn->ws });
	if (member->elsewhere == 0)
		member_end(conn->live, channel, member, conn->socket_id);
}

void live_member_elsewhere(struct live *live, struct live_channel *channel,
	const struct live_user *user)
{
	struct live_member *member = member_find(channel, user->id);

	if (!member) {
		member = member_add(channel, user);
		tell_members(live, channel,
			&(struct told_member){ MEMBER_ADDED, &member->user, 0 });
	}
	member->elsewhere++;
}

void live_member_gone_elsewhere(struct live *live, struct live_channel *channel, str user_id)
{
	struct live_member *member = member_find(channel, user_id);

	if (!member || member->elsewhere == 0)
		return;
	if (--member->elsewhere == 0 && member->connections == 0)
		member_end(live, channel, member, 0);
}

/* ---- whether one may join ---- */

/* NULL when the signature is right, or none is needed. A private channel is signed without
 * channel_data, whatever came; so is a presence channel when who joins is known by the sign-in. */
static const struct live_refusal *check_signature(struct live_conn *conn,
                                                  const struct live_subscribe *wanted)
{
	static const struct live_refusal
		wrong = { "AuthError", 401,
		          S("The signature is not that of this connection, channel and app.") },
		no_data = { "AuthError", 401,
			S("A presence channel needs channel_data, or a signed-in user.") };
	enum live_kind kind = live_channel_kind(wanted->channel);
	struct arena *arena = conn->live->scratch;
	str text;

	if (kind == LIVE_PUBLIC)
		return NULL;
	if (kind == LIVE_PRESENCE && !wanted->has_channel_data && !conn->sign_in)
		return &no_data;
	text = live_signed_text(arena, conn->by_id.name, wanted->channel,
		kind == LIVE_PRESENCE && wanted->has_channel_data ? wanted->channel_data
	                                                          : STR_NONE);
	return live_auth_holds(arena, conn->app->node.name, conn->app->secret, text, wanted->auth)
	               ? NULL
	               : &wrong;
}

static const struct live_refusal *limit(struct live_conn *conn, int status, str why)
{
	struct live_refusal *refusal = ARENA_NEW(conn->live->scratch, struct live_refusal);

	*refusal = (struct live_refusal){ "LimitReached", status, why };
	return refusal;
}

static const struct live_refusal *check_name(struct live_conn *conn, str channel)
{
	static const struct live_refusal not_a_name = { "AuthError", 4009,
		S("A channel name has letters, digits and _ - = @ , . ; only.") };
	const struct live_limits *limits = &conn->app->limits;
	struct arena *arena = conn->live->scratch;

	if (channel.len > (size_t)limits->channel_name_length)
		return limit(conn, 4009,
			arena_printf(arena,
				"The channel name is too long: at most %lld characters.",
				(long long)limits->channel_name_length));
	if (!live_channel_name_fits(channel))
		return &not_a_name;
	if (conn->sub_count >= (size_t)limits->subscriptions)
		return limit(conn, 4100,
			arena_printf(arena,
				"This connection has too many subscriptions: at most %lld.",
				(long long)limits->subscriptions));
	return NULL;
}

/* At the limit, another connection of somebody who is there is still welcome. */
static const struct live_refusal *check_user(struct live_conn *conn, str channel,
                                             const struct live_user *user)
{
	static const struct live_refusal no_id = { "AuthError", 4301,
		S("The member has no id.") };
	const struct live_limits *limits = &conn->app->limits;
	struct arena *arena = conn->live->scratch;
	struct live_channel *there = live_channel_find(conn->app, channel);

	if (user->id.len == 0)
		return &no_id;
	if (user->id.len > (size_t)limits->user_id_length)
		return limit(conn, 4301,
			arena_printf(arena, "The member's id is too long: at most %lld octets.",
				(long long)limits->user_id_length));
	if (user->info_raw.len > (size_t)limits->user_info_bytes)
		return limit(conn, 4301,
			arena_printf(arena, "The member's info is too large: at most %lld octets.",
				(long long)limits->user_info_bytes));
	if (there && there->member_count >= (size_t)limits->presence_members &&
	    !member_find(there, user->id))
		return limit(conn, 4100,
			arena_printf(arena, "The channel has too many members: at most %lld.",
				(long long)limits->presence_members));
	return NULL;
}

/* ---- joining ---- */

static void join(struct live_conn *conn, str channel_name)
{
	struct live_channel *channel = live_channel_get(conn->live, conn->app, channel_name);

	live_succeed(conn, channel_name, S("{}"));
	live_sub_add(conn, channel);
	live_joined(conn, channel);
}

/* A person's info is that of his first connection, until all of them have gone. */
static void join_presence(struct live_conn *conn, str channel_name, const struct live_user *user)
{
	struct live_channel *channel = live_channel_get(conn->live, conn->app, channel_name);
	struct live_member *member = member_find(channel, user->id);
	bool is_new = !member, is_first;

	if (is_new)
		member = member_add(channel, user);
	is_first = member->connections++ == 0;
	live_succeed(conn, channel_name, presence_text(conn->live->scratch, channel));
	if (is_new)
		tell_members(conn->live, channel,
			&(struct told_member){ MEMBER_ADDED, &member->user, conn->socket_id });
	live_sub_add(conn, channel)->member = member;
	live_joined(conn, channel);
	if (is_first && !live_nodes_member_came(conn->live, channel, &member->user) && is_new)
		live_tell(conn->live, channel->app,
			&(struct live_news){ .kind = LIVE_MEMBER_ADDED,
				.channel = channel_name,
				.user_id = member->user.id });
}

/* channel_data, when given, wins over the sign-in. */
static enum err read_user(struct live_conn *conn, const struct live_subscribe *wanted,
	struct live_user *out, str *why)
{
	struct buf id;

	if (wanted->has_channel_data)
		return live_user_read(conn->live->scratch, wanted->channel_data, out, why);
	if (!live_user_of_conn(conn, out))
		return ERR_BUG;
	id = buf_in(conn->live->scratch, TEXT_MAX);
	json_put(&id, NULL, out->id);
	out->id_raw = buf_text(&id);
	return OK;
}

static void subscribe_presence(struct live_conn *conn, const struct live_subscribe *wanted)
{
	const struct live_refusal *no;
	struct live_refusal unreadable = { "AuthError", 401, STR_NONE };
	struct live_user user;

	if (read_user(conn, wanted, &user, &unreadable.message) != OK)
		live_refuse(conn, wanted->channel, &unreadable);
	else if ((no = check_user(conn, wanted->channel, &user)))
		live_refuse(conn, wanted->channel, no);
	else
		join_presence(conn, wanted->channel, &user);
}

/* A signed-in client asks for its own; it hears its events anyway. */
static void subscribe_user(struct live_conn *conn, str channel, str user_id)
{
	static const struct live_refusal not_yours = { "AuthError", 401,
		S("This is the channel of another user.") };
	struct live_user own;

	if (live_user_of_conn(conn, &own) && str_is(own.id, user_id))
		live_succeed(conn, channel, S("{}"));
	else
		live_refuse(conn, channel, &not_yours);
}

static void refuse_again(struct live_conn *conn, str channel)
{
	live_conn_error(conn, channel, LIVE_ERROR_NONE,
		arena_printf(conn->live->scratch, "Existing subscription to channel " STR_F ".",
			STR_A(channel)));
}

void live_subscribe(struct live_conn *conn, const struct live_subscribe *wanted)
{
	const struct live_refusal *no;
	str user_id;

	if (live_user_of_channel(wanted->channel, &user_id)) {
		subscribe_user(conn, wanted->channel, user_id);
		return;
	}
	if (live_sub_find(conn, wanted->channel)) {
		refuse_again(conn, wanted->channel);
		return;
	}
	no = check_name(conn, wanted->channel);
	if (!no)
		no = check_signature(conn, wanted);
	if (no)
		live_refuse(conn, wanted->channel, no);
	else if (live_channel_kind(wanted->channel) == LIVE_PRESENCE)
		subscribe_presence(conn, wanted);
	else
		join(conn, wanted->channel);
}
