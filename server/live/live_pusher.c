/* live_pusher.c: signed calls of an outside hub; see live_pusher.h. */
#include "live/live_pusher.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"

enum { BODY_MAX = 4 << 20, QUERY_MAX = 2048, STATUS_OK = 200 };

struct pusher_server pusher_server_of(struct job *job, const struct realtime *r, bool allow_private)
{
	return (struct pusher_server){ realtime_api_url(job, r), r->app_id, r->key, r->secret,
		allow_private };
}

str pusher_signature(struct arena *arena, str secret, str signed_text)
{
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(secret), bytes_of(signed_text), mac);
	return hex_text(arena, (bytes){ mac, sizeof mac });
}

struct asked { enum http_method method; const char *what; str filter, body; };

/* Parameters sorted by name, as they are signed; none of them needs escaping. */
static str query_of(struct job *job, const struct pusher_server *server, const struct asked *asked)
{
	struct buf out = buf_in(job->arena, QUERY_MAX);
	uint8_t digest[MD5_SIZE];

	buf_printf(&out, "auth_key=" STR_F "&auth_timestamp=%lld&auth_version=1.0",
		STR_A(server->key), (long long)(job->now_ms / 1000));
	if (asked->body.len) {
		md5(bytes_of(asked->body), digest);
		buf_printf(&out, "&body_md5=" STR_F,
			STR_A(hex_text(job->arena, (bytes){ digest, sizeof digest })));
	}
	if (asked->filter.len)
		buf_printf(&out, "&filter_by_prefix=" STR_F, STR_A(asked->filter));
	return buf_text(&out);
}

/* The path is signed without the prefix that a proxy puts before it. */
static str signed_url(struct job *job, const struct pusher_server *server,
	const struct asked *asked)
{
	str path = arena_printf(job->arena, "/apps/" STR_F "/%s", STR_A(server->app_id),
		asked->what);
	str query = query_of(job, server, asked);
	str text = arena_printf(job->arena, "%s\n" STR_F "\n" STR_F,
		http_method_name(asked->method), STR_A(path), STR_A(query));

	return arena_printf(job->arena, STR_F STR_F "?" STR_F "&auth_signature=" STR_F,
		STR_A(server->url), STR_A(path), STR_A(query),
		STR_A(pusher_signature(job->arena, server->secret, text)));
}

static enum err refused(struct job *job, int status)
{
	if (status == 401 || status == 403)
		return fail(job, ERR_AUTH,
			"The server answered %d: app id, key and secret do not fit together.",
			status);
	if (status == 404)
		return fail(job, ERR_AUTH, "The server answered 404: it has no app of this id.");
	if (status == 429)
		return fail(job, ERR_LIMIT, "The server answered 429: too many calls.");
	if (status >= 400 && status < 500)
		return fail(job, ERR_INPUT, "The server answered %d and does not take this.",
			status);
	return fail(job, ERR_UPSTREAM, "The server answered %d.", status);
}

static enum err call(struct job *job, const struct pusher_server *server, const struct asked *asked,
	json *answer)
{
	static const struct header headers[] = { { S("Content-Type"), S("application/json") } };
	struct http_reply reply;

	/* A signature is good for ten minutes, and a retry may be hours old. */
	job->now_ms = clock_now_ms();
	TRY(http_call(job,
		&(struct http_call){ .method = asked->method,
			.url = signed_url(job, server, asked),
			.headers = headers,
			.header_count = COUNT_OF(headers),
			.body = bytes_of(asked->body),
			.deadline_ms = PUSHER_DEADLINE_MS,
			.allow_private = server->allow_private },
		&reply));
	if (reply.status != STATUS_OK)
		return refused(job, reply.status);
	*answer = NULL;
	if (json_read(job->arena, str_from(reply.body), answer, NULL) != OK ||
		json_kind(*answer) != JSON_MAP)
		return fail(job, ERR_INPUT,
			"The server answered 200, but not as the Pusher protocol has it.");
	return OK;
}

enum err pusher_publish(struct job *job, const struct pusher_server *server,
	const struct pusher_event *events, size_t count)
{
	struct buf body = buf_in(job->arena, BODY_MAX);
	json answer;

	json_open(&body, '{');
	json_open_in(&body, "batch", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(&body, '{');
		json_put(&body, "name", events[i].name);
		json_put(&body, "channel", events[i].channel);
		json_put(&body, "data", events[i].data);
		json_close(&body, '}');
	}
	json_close(&body, ']');
	json_close(&body, '}');
	return call(job, server, &(struct asked){ HTTP_POST, "batch_events", STR_NONE,
					 buf_text(&body) },
		&answer);
}

enum err pusher_channels(struct job *job, const struct pusher_server *server, str prefix,
	str *names, size_t max, size_t *count)
{
	json answer, channels;

	*count = 0;
	TRY(call(job, server, &(struct asked){ HTTP_GET, "channels", prefix, STR_NONE }, &answer));
	channels = json_field(answer, "channels");
	for (void *at = json_first(channels); at && *count < max; at = json_next(channels, at))
		if (str_starts(json_member_name(at), prefix))
			names[(*count)++] = json_member_name(at);
	return OK;
}

enum err pusher_users(struct job *job, const struct pusher_server *server, str channel, str *ids,
	size_t max, size_t *count)
{
	const char *what =
		arena_printf(job->arena, "channels/" STR_F "/users", STR_A(channel)).ptr;
	json answer, users;

	*count = 0;
	TRY(call(job, server, &(struct asked){ HTTP_GET, what, STR_NONE, STR_NONE }, &answer));
	users = json_field(answer, "users");
	for (size_t i = 0; i < json_count(users) && *count < max; i++)
		ids[(*count)++] = json_text_or_int(job->arena, json_path(json_at(users, i), "id"));
	return OK;
}

enum err pusher_test(struct job *job, const struct pusher_server *server)
{
	json answer;

	TRY(call(job, server,
		&(struct asked){ HTTP_GET, "channels", S("private-person-"), STR_NONE }, &answer));
	if (json_kind(json_field(answer, "channels")) != JSON_NONE)
		return OK;
	return fail(job, ERR_INPUT,
		"The server answered 200, but not as the Pusher protocol has it.");
}
