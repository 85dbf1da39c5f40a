/*
 * realtime.c: /realtime: by which server live events go, what they are, one fired by hand, and
 * those that a client missed.
 */
#include "api/realtime.h"

#include "account/audit.h"
#include "account/channel.h"
#include "api/handlers.h"
#include "base/log.h"
#include "live/live_catalogue.h"
#include "store/store.h"

enum { LISTENERS_MAX = 500, MISSED_MAX = 500, PORT_HTTP = 80, PORT_TLS = 443 };

struct api_live api_live;

/* ---- where clients connect ---- */

/* "https://host:port" of ourselves, taken apart. */
struct address { str scheme, host; int64_t port; };

static struct address own_address(void)
{
	str url = channel_public_url(), host;
	struct address a = { .scheme = str_starts(url, S("https:")) ? S("https") : S("http") };
	size_t at = a.scheme.len + 3, colon;

	host = str_part(url, at, url.len);
	host = str_part(host, 0, str_find(host, '/'));
	colon = host.len;
	while (colon > 0 && host.ptr[colon - 1] != ':' && host.ptr[colon - 1] != ']')
		colon--;
	a.port = str_is(a.scheme, S("https")) ? PORT_TLS : PORT_HTTP;
	if (colon > 0 && host.ptr[colon - 1] == ':' &&
		str_to_i64(str_part(host, colon, host.len), &a.port))
		host.len = colon - 1;
	a.host = host;
	return a;
}

static void write_builtin(struct buf *out, const struct live_app *app)
{
	struct address own = own_address();

	json_put(out, "key", app->key);
	json_put(out, "host", own.host);
	json_put_int(out, "port", own.port);
	json_put(out, "scheme", own.scheme);
	json_put(out, "path", S("/app"));
	json_put(out, "cluster", STR_NONE);
}

static void write_outside(struct job *job, struct buf *out, const struct realtime *r)
{
	json_put(out, "key", r->key);
	json_put(out, "host", realtime_client_host(job, r));
	json_put_int(out, "port", realtime_client_port(r));
	json_put(out, "scheme", realtime_client_scheme(r));
	json_put(out, "path", arena_printf(job->arena, STR_F "/app", STR_A(r->path)));
	json_put(out, "cluster", r->cluster.len ? r->cluster : STR_NONE);
}

enum err live_write_json(struct job *job, struct buf *out, const char *key, str channel)
{
	struct live_app app;
	struct realtime r;

	TRY(live_app_get(job, &app));
	TRY(realtime_get(job, &r));
	json_open_in(out, key, '{');
	json_put(out, "driver", str_of(realtime_kind(r.driver)->name));
	if (r.driver == REALTIME_BUILTIN)
		write_builtin(out, &app);
	else
		write_outside(job, out, &r);
	json_put(out, "auth", S("/broadcasting/auth"));
	json_put(out, "channel", channel);
	json_put(out, "last_event_id",
		arena_printf(job->arena, "%lld",
			(long long)(api_live.stream ? live_stream_newest(api_live.stream) : 0)));
	json_close(out, '}');
	return OK;
}

/* ---- settings ---- */

static void write_kinds(struct buf *out)
{
	json_open_in(out, "drivers", '[');
	for (int i = 0; i < REALTIME_DRIVERS; i++) {
		const struct realtime_kind *kind = realtime_kind((enum realtime_driver)i);

		json_open(out, '{');
		json_put(out, "name", str_of(kind->name));
		json_put(out, "title", str_of(kind->title));
		json_open_in(out, "fields", '[');
		for (const struct realtime_field *f = kind->fields; f->name; f++) {
			json_open(out, '{');
			json_put(out, "name", str_of(f->name));
			json_put_bool(out, "secret", f->is_secret);
			json_put_bool(out, "required", !f->is_optional);
			json_close(out, '}');
		}
		json_close(out, ']');
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_state(struct buf *out, str hub_key)
{
	struct live_outlet_state state = { 0 };

	if (api_live.outlets)
		live_outlets_state(api_live.outlets, hub_key, &state);
	json_open_in(out, "state", '{');
	json_put_int(out, "waiting", (int64_t)state.waiting);
	json_put_int(out, "sent", (int64_t)state.sent);
	json_put_int(out, "dropped", (int64_t)state.dropped);
	json_put_int(out, "failures", state.failures);
	json_put_ms(out, "sent_ms", state.sent_ms);
	json_put(out, "error", state.failures ? str_of(state.why) : STR_NONE);
	json_close(out, '}');
}

static enum err write_settings(struct job *job, struct response *res, const struct realtime *r)
{
	struct buf *out = reply_json(res, 200);
	struct live_app app;

	TRY(live_app_get(job, &app));
	json_open(out, '{');
	realtime_write_json(job, out, r);
	json_put_ms(out, "changed_ms", r->changed_ms);
	TRY(live_write_json(job, out, "client", STR_NONE));
	write_state(out, app.key);
	write_kinds(out);
	json_close(out, '}');
	return OK;
}

enum err realtime_read(struct job *job, const struct request *req, struct response *res)
{
	struct realtime r;

	(void)req;
	TRY(realtime_get(job, &r));
	return write_settings(job, res, &r);
}

struct draft { str driver; struct realtime r; bool force; };

#define DRAFT(name, KIND, ...) \
	NAMED_FIELD(struct draft, #name, r.name, KIND __VA_OPT__(, ) __VA_ARGS__)
static const struct field draft_fields[] = {
	FIELD(struct draft, driver, STR, .required = true),
	FIELD(struct draft, force, BOOL),
	DRAFT(app_id, STR, .max = REALTIME_TEXT_MAX),
	DRAFT(key, STR, .max = REALTIME_TEXT_MAX),
	DRAFT(secret, STR, .max = REALTIME_TEXT_MAX),
	DRAFT(cluster, STR, .max = REALTIME_TEXT_MAX),
	DRAFT(host, STR, .max = REALTIME_TEXT_MAX),
	DRAFT(port, INT, .min = 1, .max = 65535),
	DRAFT(scheme, STR, .max = 5),
	DRAFT(path, STR, .max = REALTIME_TEXT_MAX),
	{ 0 },
};

static enum err read_draft(struct job *job, const struct request *req, struct draft *out)
{
	TRY(request_json(job, req, draft_fields, out));
	if (!realtime_parse(out->driver, &out->r.driver))
		field_error(job, S("driver"), S("unknown"),
			S("One of builtin, pusher and reverb."));
	TRY(job_check_fields(job));
	return realtime_complete(job, &out->r);
}

/* Our own hub is there as long as we are. */
static enum err try_it(struct job *job, const struct realtime *r)
{
	struct pusher_server server = pusher_server_of(job, r, api_live.allow_private);

	return r->driver == REALTIME_BUILTIN ? OK : pusher_test(job, &server);
}

enum err realtime_try(struct job *job, const struct request *req, struct response *res)
{
	struct draft draft = { 0 };
	struct buf *out;
	enum err e;

	TRY(read_draft(job, req, &draft));
	e = try_it(job, &draft.r);
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put_bool(out, "ok", e == OK);
	json_put(out, "detail", e == OK ? STR_NONE : job->why);
	json_close(out, '}');
	job_forgive(job);
	return OK;
}

/* Those who listen over there ask us where to go now. Best effort: who does not hear it asks when
 * the connection is lost. */
static void send_away(struct job *job, const struct realtime *before)
{
	struct pusher_server old = pusher_server_of(job, before, api_live.allow_private);
	struct pusher_event events[PUSHER_BATCH_MAX];
	str *names = ARENA_ARRAY(job->arena, str, LISTENERS_MAX);
	size_t count = 0, n = 0;
	enum err e;

	if (before->driver == REALTIME_BUILTIN)
		return;
	e = pusher_channels(job, &old, S("private-"), names, LISTENERS_MAX, &count);
	for (size_t i = 0; e == OK && i < count; i++) {
		events[n++] = (struct pusher_event){ names[i], S(LIVE_RESET_EVENT), S("{}") };
		if (n < PUSHER_BATCH_MAX && i + 1 < count)
			continue;
		e = pusher_publish(job, &old, events, n);
		n = 0;
	}
	if (e != OK)
		log_info("live: listeners of the old server were not told of the new one");
	job_forgive(job);
}

static enum err put_in_use(struct job *job, const struct realtime *before, const struct realtime *r)
{
	struct live_app app;

	TRY(live_app_get(job, &app));
	if (api_live.outlets)
		live_outlets_set(api_live.outlets, app.key, r);
	if (api_live.changed)
		api_live.changed(job->workspace);
	if (api_live_reset)
		api_live_reset(app.key);
	send_away(job, before);
	return OK;
}

enum err realtime_put(struct job *job, const struct request *req, struct response *res)
{
	struct draft draft = { 0 };
	struct realtime before;
	enum err e;

	TRY(read_draft(job, req, &draft));
	TRY(realtime_get(job, &before));
	e = try_it(job, &draft.r);
	if (e != OK && !draft.force)
		return fail_code(job, ERR_INPUT, S("driver_unreachable"),
			S("Check the fields, or save with force if the server comes later."),
			"The server could not be reached with these settings: " STR_F,
			STR_A(arena_str(job->arena, job->why)));
	job_forgive(job);
	TRY(realtime_set(job, &draft.r, e != OK));
	TRY(put_in_use(job, &before, &draft.r));
	TRY(realtime_get(job, &draft.r));
	return write_settings(job, res, &draft.r);
}

/* ---- events ---- */

static void write_entry(struct buf *out, const struct live_entry *entry)
{
	static const char *const audiences[] = { "scope", "all", "whole", "one" };

	json_open(out, '{');
	json_put(out, "name", entry->name);
	json_put_int(out, "version", entry->version);
	json_put(out, "audience", str_of(audiences[entry->audience]));
	json_put(out, "description", entry->title);
	json_open_in(out, "members", '[');
	for (str rest = entry->members; rest.len;)
		json_put(out, NULL, str_split(&rest, ' '));
	json_close(out, ']');
	json_put_raw(out, "example", entry->example);
	json_close(out, '}');
}

enum err realtime_events(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);

	(void)job;
	(void)req;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < live_catalogue_count; i++)
		write_entry(out, &live_catalogue[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

struct emitted { str event, channel; json data; };

static const struct field emitted_fields[] = {
	FIELD(struct emitted, event, STR, .max = LIVE_EVENT_NAME_MAX, .required = true),
	FIELD(struct emitted, channel, STR, .max = LIVE_CHANNEL_NAME_MAX),
	FIELD(struct emitted, data, JSON),
	{ 0 },
};

static bool is_private(str channel)
{
	return str_starts(channel, S("private-workspace-")) ||
	       str_starts(channel, S("private-person-")) || str_starts(channel, S("private-key-"));
}

static void check_members(struct job *job, const struct live_entry *entry, json data)
{
	size_t count = 0;

	for (str rest = entry->members; rest.len; count++) {
		str member = str_split(&rest, ' '), name = str_split(&member, ':');

		if (!str_ends(member, S("?")) &&
			json_kind(json_field(data, arena_str(job->arena, name).ptr)) == JSON_NONE)
			field_error(job, arena_printf(job->arena, "data." STR_F, STR_A(name)),
				S("required"), S("Every event of this name has it."));
	}
	if (json_count(data) > count)
		field_error(job, S("data"), S("unknown"),
			S("It has members that this event does not have."));
}

static enum err check_emitted(struct job *job, struct emitted *in, str *data)
{
	const struct live_entry *entry = live_catalogue_find(in->event);

	if (!entry)
		field_error(job, S("event"), S("unknown"), S("No event of the catalogue."));
	if (!in->channel.len)
		in->channel = arena_printf(job->arena, "private-workspace-%lld",
			(long long)job->workspace);
	if (!is_private(in->channel))
		field_error(job, S("channel"), S("invalid"),
			S("private-workspace-, private-person- or private-key- and an id."));
	if (in->data && json_kind(in->data) != JSON_MAP)
		field_error(job, S("data"), S("invalid"), S("An object."));
	if (entry && json_kind(in->data) == JSON_MAP)
		check_members(job, entry, in->data);
	TRY(job_check_fields(job));
	*data = entry->example;
	if (in->data) {
		struct buf text = buf_in(job->arena, LIVE_DATA_MAX);

		json_put_value(&text, NULL, in->data);
		*data = buf_text(&text);
	}
	return OK;
}

enum err realtime_emit(struct job *job, const struct request *req, struct response *res)
{
	struct emitted in = { 0 };
	struct live_app app;
	struct buf *out;
	str data;

	TRY(request_fields(job, req, emitted_fields, &in));
	TRY(check_emitted(job, &in, &data));
	TRY(live_app_get(job, &app));
	TRY(db_begin(job, DB_WRITE));
	TRY(audit_add(job, &(struct audit_entry){ .action = "realtime.emit",
				   .target_kind = "workspace",
				   .target_id = job->workspace,
				   .detail = arena_printf(job->arena, "{\"event\":\"" STR_F "\"}",
					   STR_A(in.event)) }));
	TRY(db_commit(job));
	if (api_publish)
		api_publish(app.key, in.channel, in.event, data);
	out = reply_json(res, 202);
	json_open(out, '{');
	json_put(out, "event", in.event);
	json_put(out, "channel", in.channel);
	json_put_raw(out, "data", data);
	json_close(out, '}');
	return OK;
}

/* ---- who was away ---- */

static void write_missed(struct arena *arena, struct buf *out, const struct live_missed *missed)
{
	json_open(out, '{');
	json_put_bool(out, "complete", missed->is_whole);
	json_put(out, "last_event_id", arena_printf(arena, "%lld", (long long)missed->newest));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < missed->count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", missed->events[i].id);
		json_put(out, "event", missed->events[i].name);
		json_put_raw(out, "data", missed->events[i].data);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

/* What one may hear now is asked as for a subscription: the right to it may have gone meanwhile. */
enum err realtime_missed(struct job *job, const struct request *req, struct response *res)
{
	struct live_missed_ask ask = { .max = MISSED_MAX };
	struct live_missed missed = { 0 };
	struct live_app app;
	str channel_data, after = request_query(job->arena, req, "after");

	ask.channel = request_query(job->arena, req, "channel");
	if (!ask.channel.len || ask.channel.len > LIVE_CHANNEL_NAME_MAX)
		field_error(job, S("channel"), S("required"),
			S("The channel that was listened to."));
	if (!after.len || !str_to_i64(after, &ask.after))
		field_error(job, S("after"), S("required"), S("The id of the last event heard."));
	TRY(job_check_fields(job));
	TRY(live_allow_channel(job, ask.channel, &channel_data));
	TRY(live_app_get(job, &app));
	ask.app_key = app.key;
	if (api_live.stream)
		live_stream_missed(api_live.stream, job->arena, &ask, &missed);
	write_missed(job->arena, reply_json(res, 200), &missed);
	return OK;
}
