/*
 * live_call.c: what the calls of the HTTP API do: publish, look, and send users away.
 *
 * The one rule: an event, and a batch of them, is checked whole before any of it goes out.
 */
#include "live/live_api.h"

/* ---- info: what is asked of a channel beside ---- */

enum { INFO_USERS = 1, INFO_SUBSCRIPTIONS = 2, INFO_CACHE = 4 };

static bool read_info(struct live_call *call, str text, unsigned *out)
{
	*out = 0;
	while (text.len) {
		str word = str_trim(str_split(&text, ','));

		if (str_is(word, S("user_count")))
			*out |= INFO_USERS;
		else if (str_is(word, S("subscription_count")))
			*out |= INFO_SUBSCRIPTIONS;
		else if (str_is(word, S("cache")))
			*out |= INFO_CACHE;
		else if (word.len)
			return live_call_fail(call, 400,
				"info has user_count, subscription_count and cache, and nothing "
				"else.");
	}
	return true;
}

static void put_info(struct live_call *call, str name, unsigned info)
{
	const struct live_channel *channel = live_channel_find(call->app, name);

	if (info & INFO_USERS && live_channel_kind(name) == LIVE_PRESENCE)
		json_put_int(&call->out, "user_count",
			channel ? (int64_t)channel->member_count : 0);
	if (info & INFO_SUBSCRIPTIONS)
		json_put_int(&call->out, "subscription_count",
			(int64_t)live_channel_subs(channel));
	if (info & INFO_CACHE)
		live_cache_write(call->live, call->app, name, &call->out);
}

/* ---- events ---- */

struct event {
	struct live_event event;
	unsigned info;
	bool has_info;
};

static bool read_channel(struct live_call *call, json value, str *out)
{
	str user;

	*out = json_text(value);
	if (out->len > (size_t)call->app->limits.channel_name_length)
		return live_call_fail(call, 400, "The name of a channel is too long.");
	if (live_user_of_channel(*out, &user) && user.len)
		return true;
	if (!out->ptr || !live_channel_name_fits(*out))
		return live_call_fail(call, 400,
			"A channel's name is a text of letters, digits and _ - = @ , . ; only.");
	return true;
}

/* All but its channel. */
static bool read_event(struct live_call *call, json from, struct event *out)
{
	const struct live_limits *limits = &call->app->limits;
	json socket = json_field(from, "socket_id");
	uint64_t id;

	*out = (struct event){ .event = { .name = json_text_at(from, "name"),
		                       .data = json_text_at(from, "data"),
		                       .except = json_text(socket) },
		.has_info = json_field(from, "info") };
	if (!out->event.name.len)
		return live_call_fail(call, 400, "An event needs a name.");
	if (out->event.name.len > (size_t)limits->event_name_length)
		return live_call_fail(call, 400, "The name of the event is too long.");
	if (!out->event.data.ptr)
		return live_call_fail(call, 400, "data must be a string; encode an object first.");
	if (out->event.data.len > (size_t)limits->event_bytes)
		return live_call_fail(call, 413, "The data of the event is too large.");
	if (json_kind(socket) != JSON_NONE && json_kind(socket) != JSON_NIL &&
		!live_socket_id_read(out->event.except, &id))
		return live_call_fail(call, 400, "socket_id is not that of a connection.");
	return read_info(call, json_text_at(from, "info"), &out->info);
}

static bool read_body(struct live_call *call, json *out)
{
	str why;

	if (json_read(call->arena, str_from(call->req->body), out, &why) != OK ||
		json_kind(*out) != JSON_MAP)
		return live_call_fail(call, 400, "The body must be a JSON object.");
	return true;
}

/* "channels", or one "channel". */
static bool read_channels(struct live_call *call, json body, str **out, size_t *count)
{
	json list = json_field(body, "channels");

	*count = list ? json_count(list) : 1;
	if (list && (json_kind(list) != JSON_LIST || *count == 0))
		return live_call_fail(call, 400, "channels must be a list of names.");
	if (*count > (size_t)call->app->limits.event_channels)
		return live_call_fail(call, 400, "Too many channels for one event.");
	*out = ARENA_ARRAY(call->arena, str, *count);
	for (size_t i = 0; i < *count; i++)
		if (!read_channel(call, list ? json_at(list, i) : json_field(body, "channel"),
			    &(*out)[i]))
			return false;
	return true;
}

static void put_channels_info(struct live_call *call, const str *channels, size_t count,
	unsigned info)
{
	json_open_in(&call->out, "channels", '{');
	for (size_t i = 0; i < count; i++) {
		json_key_str(&call->out, channels[i]);
		json_open(&call->out, '{');
		put_info(call, channels[i], info);
		json_close(&call->out, '}');
	}
	json_close(&call->out, '}');
}

/* By the other nodes, too, where there are some. */
static void publish(struct live_call *call, const struct live_event *event)
{
	if (!live_nodes_publish(call->live, call->app->node.name, event))
		live_channel_publish(call->live, call->app, event);
}

void live_call_events(struct live_call *call)
{
	struct event event;
	str *channels;
	size_t count;
	json body;

	if (!read_body(call, &body) || !read_event(call, body, &event) ||
		!read_channels(call, body, &channels, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		event.event.channel = channels[i];
		publish(call, &event.event);
	}
	json_open(&call->out, '{');
	if (event.has_info)
		put_channels_info(call, channels, count, event.info);
	json_close(&call->out, '}');
}

static bool read_batch(struct live_call *call, struct event **out, size_t *count)
{
	json body, list;

	if (!read_body(call, &body))
		return false;
	list = json_field(body, "batch");
	*count = json_count(list);
	if (json_kind(list) != JSON_LIST)
		return live_call_fail(call, 400, "batch must be a list of events.");
	if (*count > (size_t)call->app->limits.batch_events)
		return live_call_fail(call, 400, "Too many events in one batch.");
	*out = ARENA_ARRAY(call->arena, struct event, *count);
	for (size_t i = 0; i < *count; i++)
		if (!read_event(call, json_at(list, i), &(*out)[i]) ||
			!read_channel(call, json_field(json_at(list, i), "channel"),
				&(*out)[i].event.channel))
			return false;
	return true;
}

void live_call_batch(struct live_call *call)
{
	struct event *events;
	size_t count;
	bool has_info = false;

	if (!read_batch(call, &events, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		publish(call, &events[i].event);
		has_info |= events[i].has_info;
	}
	json_open(&call->out, '{');
	if (has_info) {
		json_open_in(&call->out, "batch", '[');
		for (size_t i = 0; i < count; i++) {
			json_open(&call->out, '{');
			put_info(call, events[i].event.channel, events[i].info);
			json_close(&call->out, '}');
		}
		json_close(&call->out, ']');
	}
	json_close(&call->out, '}');
}

/* ---- looking ---- */

/* Occupied ones, always as an object: a list would break the PHP SDK. */
void live_call_channels(struct live_call *call)
{
	unsigned info;

	if (!read_info(call, call->info, &info))
		return;
	if (info & INFO_USERS && !str_starts(call->prefix, S("presence-"))) {
		live_call_fail(call, 400,
			"user_count is known of presence channels only: set filter_by_prefix to "
			"presence-.");
		return;
	}
	json_open(&call->out, '{');
	json_open_in(&call->out, "channels", '{');
	for (size_t i = 0; i < call->app->channels.size; i++) {
		for (struct live_node *n = call->app->channels.buckets[i]; n; n = n->next) {
			if (!live_channel_subs((struct live_channel *)n) ||
				!str_starts(n->name, call->prefix))
				continue;
			json_key_str(&call->out, n->name);
			json_open(&call->out, '{');
			put_info(call, n->name, info);
			json_close(&call->out, '}');
		}
	}
	json_close(&call->out, '}');
	json_close(&call->out, '}');
}

void live_call_channel(struct live_call *call)
{
	str name = call->req->params[1];
	const struct live_channel *channel = live_channel_find(call->app, name);
	unsigned info;

	if (!read_info(call, call->info, &info))
		return;
	if (info & INFO_USERS && live_channel_kind(name) != LIVE_PRESENCE) {
		live_call_fail(call, 400, "user_count is known of presence channels only.");
		return;
	}
	json_open(&call->out, '{');
	json_put_bool(&call->out, "occupied", live_channel_subs(channel) > 0);
	put_info(call, name, info);
	json_close(&call->out, '}');
}

void live_call_users(struct live_call *call)
{
	str name = call->req->params[1];
	const struct live_channel *channel = live_channel_find(call->app, name);

	if (live_channel_kind(name) != LIVE_PRESENCE) {
		live_call_fail(call, 400, "Users are known of presence channels only.");
		return;
	}
	json_open(&call->out, '{');
	json_open_in(&call->out, "users", '[');
	for (const struct live_member *m = channel ? channel->members : NULL; m; m = m->next) {
		json_open(&call->out, '{');
		json_put(&call->out, "id", m->user.id);
		json_close(&call->out, '}');
	}
	json_close(&call->out, ']');
	json_close(&call->out, '}');
}

/* ---- the rest ---- */

void live_call_terminate(struct live_call *call)
{
	live_user_terminate(call->app, call->req->params[1]);
	live_nodes_terminate(call->live, call->app, call->req->params[1]);
	json_open(&call->out, '{');
	json_close(&call->out, '}');
}

/* Not Pusher's: Reverb has it, and its dashboards ask. */
void live_call_connections(struct live_call *call)
{
	json_open(&call->out, '{');
	json_put_int(&call->out, "connections", (int64_t)call->app->connections);
	json_close(&call->out, '}');
}
