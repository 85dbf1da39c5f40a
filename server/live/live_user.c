/*
 * live_user.c: who is signed in: events to a user, watch lists, sending a user away.
 *
 * A user is online while at least one connection is signed in as it. Its entry lives while it is
 * online or watched. The one rule: what a connection adds to entries hangs on its sign-in, and
 * live_user_leave() takes all of it back.
 */
#include "base/json.h"
#include "live/live_internal.h"

#define USER_CHANNEL S("#server-to-user-")
#define TEXT_MAX (1u << 20)

struct live_person {
	struct live_node node;          /* name: the id */
	struct live_sign_in *sign_ins;
	struct live_watch *watchers;
};

/* One connection looks whether one user is there; in the list of both. */
struct live_watch {
	struct live_conn *conn;
	struct live_person *person;
	struct live_watch *next_of_person, **at_of_person, *next_of_conn;
};

struct live_sign_in {
	struct live_conn *conn;
	struct live_person *person;
	struct live_sign_in *next, **at; /* of the person */
	struct live_watch *watches;
	str info_raw;
};

bool live_user_of_channel(str channel, str *user_id)
{
	if (!str_starts(channel, USER_CHANNEL))
		return false;
	*user_id = str_part(channel, USER_CHANNEL.len, channel.len);
	return true;
}

/* ---- entries ---- */

static struct live_person *person_find(struct live_app *app, str id)
{
	return (struct live_person *)live_table_find(&app->people, id);
}

static struct live_person *person_get(struct live_app *app, str id)
{
	struct live_person *person = person_find(app, id);

	if (person)
		return person;
	person = HEAP_NEW(struct live_person);
	person->node.name = live_heap_str(id);
	live_table_add(&app->people, &person->node);
	return person;
}

static void person_drop(struct live_app *app, struct live_person *person)
{
	if (person->sign_ins || person->watchers)
		return;
	live_table_remove(&app->people, &person->node);
	heap_free((char *)person->node.name.ptr);
	heap_free(person);
}

/* ---- watching ---- */

static void put_ids(struct buf *out, const char *name, const struct live_watch *watches,
	bool online)
{
	json_open(out, '{');
	json_put(out, "name", str_of(name));
	json_open_in(out, "user_ids", '[');
	for (const struct live_watch *w = watches; w; w = w->next_of_conn)
		if (!w->person->sign_ins == !online)
			json_put(out, NULL, w->person->node.name);
	json_close(out, ']');
	json_close(out, '}');
}

static void send_watched(struct live_conn *conn, const struct buf *events)
{
	struct buf text = buf_in(conn->live->scratch, TEXT_MAX);

	live_write_event(&text, S("pusher_internal:watchlist_events"), STR_NONE, buf_text(events));
	live_conn_send(conn, &text);
}

static void tell_states(struct live_conn *conn)
{
	struct buf events = buf_in(conn->live->scratch, TEXT_MAX);

	json_open(&events, '{');
	json_open_in(&events, "events", '[');
	put_ids(&events, "online", conn->sign_in->watches, true);
	put_ids(&events, "offline", conn->sign_in->watches, false);
	json_close(&events, ']');
	json_close(&events, '}');
	send_watched(conn, &events);
}

static void tell_watchers(struct live *live, const struct live_person *person, bool online)
{
	for (const struct live_watch *w = person->watchers; w; w = w->next_of_person) {
		struct live_watch alone = { .person = w->person };
		struct buf events = buf_in(live->scratch, TEXT_MAX);

		json_open(&events, '{');
		json_open_in(&events, "events", '[');
		put_ids(&events, online ? "online" : "offline", &alone, online);
		json_close(&events, ']');
		json_close(&events, '}');
		send_watched(w->conn, &events);
	}
}

static bool is_watched_already(const struct live_sign_in *sign_in, str id)
{
	for (const struct live_watch *w = sign_in->watches; w; w = w->next_of_conn)
		if (str_is(w->person->node.name, id))
			return true;
	return false;
}

static void watch(struct live_sign_in *sign_in, str id)
{
	struct live_watch *w = HEAP_NEW(struct live_watch);

	w->conn = sign_in->conn;
	w->person = person_get(sign_in->conn->app, id);
	w->next_of_person = w->person->watchers;
	w->at_of_person = &w->person->watchers;
	if (w->next_of_person)
		w->next_of_person->at_of_person = &w->next_of_person;
	w->person->watchers = w;
	w->next_of_conn = sign_in->watches;
	sign_in->watches = w;
}

static void unwatch(struct live_app *app, struct live_watch *w)
{
	*w->at_of_person = w->next_of_person;
	if (w->next_of_person)
		w->next_of_person->at_of_person = w->at_of_person;
	person_drop(app, w->person);
	heap_free(w);
}

/* The first ones that fit; true when there were more. */
static bool watch_all(struct live_conn *conn, json list)
{
	size_t max = (size_t)conn->app->limits.watch_list;

	for (size_t i = 0; i < json_count(list) && i < max; i++) {
		str id = json_text_or_int(conn->live->scratch, json_at(list, i));

		if (id.len && id.len <= (size_t)conn->app->limits.user_id_length &&
			!is_watched_already(conn->sign_in, id))
			watch(conn->sign_in, id);
	}
	return json_count(list) > max;
}

/* ---- signing in ---- */

static void sign_in_add(struct live_conn *conn, const struct live_user *user)
{
	struct live_sign_in *s = HEAP_NEW(struct live_sign_in);
	struct live_person *person = person_get(conn->app, user->id);
	bool is_first = !person->sign_ins;

	*s = (struct live_sign_in){ .conn = conn,
		.person = person,
		.next = person->sign_ins,
		.at = &person->sign_ins,
		.info_raw = live_heap_str(user->info_raw) };
	if (s->next)
		s->next->at = &s->next;
	person->sign_ins = s;
	conn->sign_in = s;
	live_conn_authorised(conn);
	if (is_first)
		tell_watchers(conn->live, person, true);
}

static void succeed(struct live_conn *conn, str user_data)
{
	struct arena *arena = conn->live->scratch;
	struct buf data = buf_in(arena, TEXT_MAX), text = buf_in(arena, TEXT_MAX);

	json_open(&data, '{');
	json_put(&data, "user_data", user_data);
	json_close(&data, '}');
	live_write_event(&text, S("pusher:signin_success"), STR_NONE, buf_text(&data));
	live_conn_send(conn, &text);
}

static void refuse(struct live_conn *conn, str why)
{
	live_conn_error(conn, S(""), LIVE_CLOSE_UNAUTHORIZED, why);
	live_conn_close(conn, LIVE_CLOSE_UNAUTHORIZED, S("The sign-in failed"));
}

static bool signature_holds(struct live_conn *conn, const struct live_credential *given)
{
	struct arena *arena = conn->live->scratch;
	str text = live_user_signed_text(arena, conn->by_id.name, given->user_data);

	return live_auth_holds(arena, conn->app->node.name, conn->app->secret, text, given->auth);
}

static void sign_in(struct live_conn *conn, str user_data, const struct live_user *user)
{
	json list = NULL;

	if (user->watch_raw.ptr &&
		json_read(conn->live->scratch, user->watch_raw, &list, NULL) != OK)
		list = NULL;
	sign_in_add(conn, user);
	succeed(conn, user_data);
	if (json_kind(list) != JSON_LIST)
		return;
	if (watch_all(conn, list))
		live_conn_error(conn, S(""), LIVE_ERROR_WATCH_LIST,
			S("The watch list is too long; the first ones of it are watched."));
	if (conn->sign_in->watches)
		tell_states(conn);
}

void live_sign_in(struct live_conn *conn, str data)
{
	struct live_credential given;
	struct live_user user;
	str why = STR_NONE;

	if (!conn->app->limits.sign_in)
		live_conn_error(conn, S(""), LIVE_ERROR_NONE, S("This app has no sign-in."));
	else if (live_credential_read(conn->live->scratch, data, &given, &why) != OK)
		live_conn_error(conn, S(""), LIVE_ERROR_NONE, why);
	else if (!signature_holds(conn, &given))
		refuse(conn, S("The signature is not that of this connection, user and app."));
	else if (live_person_read(conn->live->scratch, given.user_data, &user, &why) != OK)
		refuse(conn, why);
	else if (!user.id.len || user.id.len > (size_t)conn->app->limits.user_id_length ||
		user.info_raw.len > (size_t)conn->app->limits.user_info_bytes)
		refuse(conn, S("The user's id or info is too large, or there is no id."));
	else if (!conn->sign_in)
		sign_in(conn, given.user_data, &user);
	else if (str_is(conn->sign_in->person->node.name, user.id))
		succeed(conn, given.user_data);
	else
		refuse(conn, S("This connection is signed in as somebody else."));
}

bool live_user_of_conn(const struct live_conn *conn, struct live_user *out)
{
	if (!conn->sign_in)
		return false;
	*out = (struct live_user){ .id = conn->sign_in->person->node.name,
		.info_raw = conn->sign_in->info_raw };
	return true;
}

void live_user_leave(struct live_conn *conn)
{
	struct live_sign_in *s = conn->sign_in;
	struct live_person *person = s ? s->person : NULL;

	if (!s)
		return;
	conn->sign_in = NULL;
	for (struct live_watch *w = s->watches, *next; w; w = next) {
		next = w->next_of_conn;
		unwatch(conn->app, w);
	}
	*s->at = s->next;
	if (s->next)
		s->next->at = s->at;
	if (!person->sign_ins)
		tell_watchers(conn->live, person, false);
	person_drop(conn->app, person);
	heap_free((char *)s->info_raw.ptr);
	heap_free(s);
}

/* ---- what the server does with a user ---- */

void live_user_send(struct live *live, struct live_app *app, const struct live_to_user *to)
{
	const struct live_person *person = person_find(app, to->user_id);

	for (struct live_sign_in *s = person ? person->sign_ins : NULL; s; s = s->next)
		if (s->conn->ws && !s->conn->is_closing && s->conn->socket_id != to->except) {
			ws_send_frame(s->conn->ws, to->frame);
			atomic_fetch_add_explicit(&live->delivered, 1, memory_order_relaxed);
		}
}

/* What closes is not freed before live_exit(): the list stays. */
void live_user_terminate(struct live_app *app, str user_id)
{
	const struct live_person *person = person_find(app, user_id);

	for (struct live_sign_in *s = person ? person->sign_ins : NULL; s; s = s->next)
		live_conn_close(s->conn, LIVE_CLOSE_UNAUTHORIZED,
			S("You got disconnected by the app"));
}
