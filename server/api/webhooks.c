/* webhooks.c: /webhooks: who outside is told, what was delivered, and telling it again. */
#include "account/webhook.h"
#include "api/handlers.h"
#include "base/log.h"

enum { GRACE_SECONDS = 86400, LIVE_JSON_MAX = 256 };

void (*api_webhooks_hook)(void);

static void wake(void)
{
	if (api_webhooks_hook)
		api_webhooks_hook();
}

/* ---- shapes ---- */

static void write_kinds(struct buf *out, int64_t kinds)
{
	json_open_in(out, "events", '[');
	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++)
		if (kinds & WEBHOOK_BIT(i))
			json_put(out, NULL, str_of(webhook_kind_name((enum webhook_kind)i)));
	json_close(out, ']');
}

static void write_channels(struct buf *out, const struct webhook *w)
{
	json_open_in(out, "channel_ids", '[');
	for (size_t i = 0; i < w->channel_count; i++)
		json_put_id(out, NULL, w->channels[i]);
	json_close(out, ']');
}

static const char *const format_names[WEBHOOK_FORMATS] = { "parley", "cloud_api" };

static enum err write_webhook(struct job *job, struct buf *out, const struct webhook *w,
	bool with_secret)
{
	struct webhook_depth depth;

	TRY(webhook_depth(job, w->id, &depth));
	json_open(out, '{');
	json_put_id(out, "id", w->id);
	json_put(out, "format", str_of(format_names[w->format]));
	json_put(out, "url", w->url);
	json_put(out, "description", w->description);
	write_kinds(out, w->kinds);
	write_channels(out, w);
	json_put_bool(out, "disabled", w->disabled_ms != 0);
	json_put(out, "disabled_reason", w->disabled_reason);
	json_put_ms(out, "failing_since_ms", w->failing_since_ms);
	json_put_ms(out, "last_success_ms", w->success_ms);
	json_put_ms(out, "old_secret_until_ms", w->old_secret_until_ms);
	json_put_int(out, "waiting_count", depth.waiting);
	json_put_int(out, "dead_count", depth.dead);
	json_put_int(out, "created_ms", w->created_ms);
	if (with_secret) {
		json_put(out, "secret", w->secret);
		json_put(out, "verify_token", w->verify_token);
	}
	json_close(out, '}');
	return OK;
}

static const char *const state_names[] = {
	[WEBHOOK_WAITING] = "waiting",
	[WEBHOOK_DELIVERED] = "delivered",
	[WEBHOOK_DEAD] = "dead",
	[WEBHOOK_STATES] = "all",
};

static void write_delivery(struct job *job, struct buf *out, const struct webhook_delivery *d)
{
	json_put_id(out, "event_id", d->event);
	json_put(out, "webhook_id",
		arena_printf(job->arena, WEBHOOK_ID_PREFIX "%lld", (long long)d->event));
	json_put(out, "type", str_of(webhook_kind_name(d->kind)));
	json_put_id(out, "conversation_id", d->conversation);
	json_put_int(out, "sequence", d->sequence);
	json_put(out, "state", str_of(state_names[d->state]));
	json_put_int(out, "attempts", d->attempts);
	if (d->status)
		json_put_int(out, "status", d->status);
	else
		json_put_null(out, "status");
	json_put(out, "error", d->error);
	json_put_int(out, "occurred_ms", d->at_ms);
	json_put_ms(out, "next_attempt_ms", d->state == WEBHOOK_WAITING ? d->next_ms : 0);
	json_put_ms(out, "done_ms", d->done_ms);
}

static void write_attempts(struct buf *out, const struct webhook_attempt *attempts, size_t count)
{
	json_open_in(out, "attempt_list", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put_int(out, "number", attempts[i].number);
		json_put_int(out, "started_ms", attempts[i].started_ms);
		json_put_int(out, "took_ms", attempts[i].took_ms);
		if (attempts[i].status)
			json_put_int(out, "status", attempts[i].status);
		else
			json_put_null(out, "status");
		json_put(out, "error", attempts[i].error);
		/* An excerpt may end in the middle of a character, or be no text at all. */
		json_put(out, "response",
			str_is_utf8(attempts[i].response) ? attempts[i].response : STR_NONE);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static enum err write_whole_delivery(struct job *job, struct response *res, int status,
	id64 webhook, id64 event)
{
	struct buf *out = reply_json(res, status);
	struct webhook_delivery delivery;
	struct webhook_attempt *attempts;
	size_t count;
	json payload;

	TRY(webhook_delivery_get(job, webhook, event, &delivery, &attempts, &count));
	json_open(out, '{');
	write_delivery(job, out, &delivery);
	if (delivery.payload.len && json_read(job->arena, delivery.payload, &payload, NULL) == OK)
		json_put_value(out, "payload", payload);
	else
		json_put_null(out, "payload");
	write_attempts(out, attempts, count);
	json_close(out, '}');
	return OK;
}

/* ---- what is asked ---- */

struct asked {
	json events, channel_ids;
	str format;
	struct webhook_draft draft;
};

static const struct field webhook_fields[] = {
	NAMED_FIELD(struct asked, "url", draft.url, STR, .max = WEBHOOK_URL_MAX,
		.given_at = offsetof(struct asked, draft.has_url)),
	NAMED_FIELD(struct asked, "description", draft.description, STR,
		.max = WEBHOOK_DESCRIPTION_MAX,
		.given_at = offsetof(struct asked, draft.has_description)),
	NAMED_FIELD(struct asked, "disabled", draft.disabled, BOOL,
		.given_at = offsetof(struct asked, draft.has_disabled)),
	NAMED_FIELD(struct asked, "format", format, STR, .max = 20,
		.given_at = offsetof(struct asked, draft.has_format)),
	NAMED_FIELD(struct asked, "verify_token", draft.verify_token, STR,
		.max = WEBHOOK_TOKEN_MAX,
		.given_at = offsetof(struct asked, draft.has_verify_token)),
	NAMED_FIELD(struct asked, "secret", draft.secret, STR, .max = WEBHOOK_TOKEN_MAX,
		.given_at = offsetof(struct asked, draft.has_secret)),
	FIELD(struct asked, events, JSON,
		.given_at = offsetof(struct asked, draft.has_kinds)),
	FIELD(struct asked, channel_ids, JSON,
		.given_at = offsetof(struct asked, draft.has_channels)),
	{ 0 },
};

static int64_t read_kinds(struct job *job, json list)
{
	int64_t kinds = 0;

	if (json_kind(list) != JSON_LIST)
		field_error(job, S("events"), S("wrong_type"), S("Must be a list of events."));
	for (size_t i = 0; json_kind(list) == JSON_LIST && i < json_count(list); i++) {
		enum webhook_kind kind = WEBHOOK_WEBHOOK_TEST;

		if (webhook_kind_parse(json_text(json_at(list, i)), &kind) &&
			kind != WEBHOOK_WEBHOOK_TEST)
			kinds |= WEBHOOK_BIT(kind);
		else
			field_error(job, arena_printf(job->arena, "events.%zu", i), S("invalid"),
				S("Not an event that can be told."));
	}
	return kinds;
}

static void read_channels(struct job *job, json list, struct webhook_draft *out)
{
	size_t count = json_kind(list) == JSON_LIST ? json_count(list) : 0;
	id64 *ids = ARENA_ARRAY(job->arena, id64, count);

	if (json_kind(list) != JSON_LIST)
		field_error(job, S("channel_ids"), S("wrong_type"), S("Must be a list of ids."));
	for (size_t i = 0; i < count; i++)
		if (!json_id(json_at(list, i), &ids[i]))
			field_error(job, arena_printf(job->arena, "channel_ids.%zu", i),
				S("wrong_type"), S("Must be an id."));
	out->channels = ids;
	out->channel_count = count;
}

static enum webhook_format read_format(struct job *job, str name)
{
	for (int i = 0; i < WEBHOOK_FORMATS; i++)
		if (str_is(name, str_of(format_names[i])))
			return (enum webhook_format)i;
	field_error(job, S("format"), S("invalid"), S("One of parley, cloud_api."));
	return WEBHOOK_PARLEY;
}

static enum err read_draft(struct job *job, const struct request *req, struct webhook_draft *out)
{
	struct asked asked = { 0 };

	TRY(request_fields(job, req, webhook_fields, &asked));
	if (asked.draft.has_format)
		asked.draft.format = read_format(job, asked.format);
	if (asked.draft.has_kinds)
		asked.draft.kinds = read_kinds(job, asked.events);
	if (asked.draft.has_channels)
		read_channels(job, asked.channel_ids, &asked.draft);
	TRY(job_check_fields(job));
	*out = asked.draft;
	return OK;
}

/* ---- handlers ---- */

enum err webhooks_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct webhook *items;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "webhooks", &page));
	TRY(webhook_list(job, page.after.id, page.limit + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		TRY(write_webhook(job, out, &items[i], false));
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err webhooks_post(struct job *job, const struct request *req, struct response *res)
{
	struct webhook_draft draft;
	struct webhook made;

	TRY(read_draft(job, req, &draft));
	draft.has_url = true; /* so that one that is missing is told as wrong */
	TRY(webhook_create(job, &draft, &made));
	return write_webhook(job, reply_json(res, 201), &made, true);
}

enum err webhooks_get(struct job *job, const struct request *req, struct response *res)
{
	struct webhook webhook;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(webhook_get(job, id, &webhook));
	return write_webhook(job, reply_json(res, 200), &webhook, true);
}

enum err webhooks_patch(struct job *job, const struct request *req, struct response *res)
{
	struct webhook_draft draft;
	struct webhook webhook;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_draft(job, req, &draft));
	if (draft.has_format || draft.has_secret)
		return fail_code(job, ERR_INPUT, S("format_is_final"),
			S("Make another webhook, and delete this one."),
			"Format and secret belong to a webhook from its beginning.");
	TRY(webhook_change(job, id, &draft, &webhook));
	wake();
	return write_webhook(job, reply_json(res, 200), &webhook, true);
}

enum err webhooks_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(webhook_delete(job, id));
	return reply_nothing(res);
}

struct rotation { int64_t grace_seconds; };

static const struct field rotation_fields[] = {
	FIELD(struct rotation, grace_seconds, INT, .min = 0, .max = WEBHOOK_GRACE_MAX_SECONDS),
	{ 0 },
};

enum err webhooks_rotate(struct job *job, const struct request *req, struct response *res)
{
	struct rotation rotation = { GRACE_SECONDS };
	struct webhook webhook;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, rotation_fields, &rotation));
	TRY(webhook_rotate(job, id, rotation.grace_seconds, &webhook));
	return write_webhook(job, reply_json(res, 200), &webhook, true);
}

enum err webhooks_test(struct job *job, const struct request *req, struct response *res)
{
	id64 id, event;

	TRY(request_id(job, req, 0, &id));
	TRY(webhook_test(job, id, &event));
	wake();
	return write_whole_delivery(job, res, 202, id, event);
}

/* Of one kind, or all. */
static int64_t asked_kinds(struct job *job, const struct request *req)
{
	enum webhook_kind kind;
	str name = request_query(job->arena, req, "type");

	if (!name.len)
		return WEBHOOK_ALL_KINDS | WEBHOOK_BIT(WEBHOOK_WEBHOOK_TEST);
	if (webhook_kind_parse(name, &kind))
		return WEBHOOK_BIT(kind);
	field_error(job, S("type"), S("invalid"), S("Not an event."));
	return 0;
}

enum err webhooks_deliveries(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct webhook_filter filter = { 0 };
	struct webhook_delivery *items;
	struct webhook webhook;
	struct page page;
	size_t count;

	TRY(request_id(job, req, 0, &filter.webhook));
	TRY(page_read(job, req, "webhook-deliveries", &page));
	filter.state = request_query_word(job, req, "state", state_names, COUNT_OF(state_names),
		WEBHOOK_STATES);
	filter.state = filter.state == WEBHOOK_STATES ? -1 : filter.state;
	filter.kinds = asked_kinds(job, req);
	filter.before = page.after.id;
	filter.max = page.limit + 1;
	TRY(job_check_fields(job));
	TRY(webhook_get(job, filter.webhook, &webhook));
	TRY(webhook_delivery_list(job, &filter, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++) {
		json_open(out, '{');
		write_delivery(job, out, &items[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].event } : NULL));
	json_close(out, '}');
	return OK;
}

enum err webhooks_delivery(struct job *job, const struct request *req, struct response *res)
{
	id64 id, event;

	TRY(request_id(job, req, 0, &id));
	TRY(request_id(job, req, 1, &event));
	return write_whole_delivery(job, res, 200, id, event);
}

enum err webhooks_resend(struct job *job, const struct request *req, struct response *res)
{
	id64 id, event;
	int64_t count;

	TRY(request_id(job, req, 0, &id));
	TRY(request_id(job, req, 1, &event));
	TRY(webhook_resend(job, id, event, &count));
	wake();
	return write_whole_delivery(job, res, 202, id, event);
}

static enum err reply_count(struct response *res, int64_t count)
{
	struct buf *out = reply_json(res, 202);

	wake();
	json_open(out, '{');
	json_put_int(out, "queued", count);
	json_close(out, '}');
	return OK;
}

enum err webhooks_resend_dead(struct job *job, const struct request *req, struct response *res)
{
	int64_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(webhook_resend(job, id, 0, &count));
	return reply_count(res, count);
}

struct replay { int64_t since_ms, until_ms; };

static const struct field replay_fields[] = {
	FIELD(struct replay, since_ms, INT, .min = ID64_EPOCH_MS, .max = INT64_MAX / 2,
		.required = true),
	FIELD(struct replay, until_ms, INT, .min = ID64_EPOCH_MS, .max = INT64_MAX / 2),
	{ 0 },
};

enum err webhooks_replay(struct job *job, const struct request *req, struct response *res)
{
	struct replay replay = { .until_ms = job->now_ms + 1 };
	int64_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, replay_fields, &replay));
	if (replay.until_ms > job->now_ms + 1)
		replay.until_ms = job->now_ms + 1;
	TRY(webhook_replay(job, id, replay.since_ms, replay.until_ms, &count));
	return reply_count(res, count);
}

/* ---- live ---- */

static enum err tell(struct job *job, id64 webhook)
{
	struct buf data = buf_in(job->arena, LIVE_JSON_MAX);
	struct live_app app;

	TRY(live_app_get(job, &app));
	json_open(&data, '{');
	json_put_id(&data, "id", webhook);
	json_close(&data, '}');
	api_publish(app.key,
		arena_printf(job->arena, "private-workspace-%lld", (long long)job->workspace),
		S("webhook.updated"), buf_text(&data));
	return OK;
}

void api_tell_webhook(struct job *job, id64 webhook)
{
	enum err e = api_publish ? tell(job, webhook) : OK;

	if (e == OK)
		return;
	log_warn("a webhook's change was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}
