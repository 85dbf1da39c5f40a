/* numbers.c: /numbers and /messages/{id}/route: which channel carries what, and why. */
#include "account/route.h"
#include "api/audience.h"
#include "api/handlers.h"
#include "api/route_json.h"
#include "base/log.h"
#include "inbox/inbox.h"

#define ROUTE_JSON_MAX (256u << 10)

/* ---- reading ---- */

enum err numbers_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct number_route *routes;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "numbers", &page));
	TRY(number_route_list(job, page.after.id, page.limit + 1, &routes, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		number_route_write_json(job, out, NULL, &routes[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = routes[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

static enum err reply_route(struct job *job, struct response *res, id64 number)
{
	struct number_route route;

	TRY(number_route_get(job, number, &route));
	number_route_write_json(job, reply_json(res, 200), NULL, &route);
	return OK;
}

enum err numbers_route_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_route(job, res, id);
}

enum err numbers_history(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct route_change *changes;
	struct page page;
	size_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(page_read(job, req, "route", &page));
	TRY(number_route_history(job, id, page.after.id, page.limit + 1, &changes, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++) {
		json_open(out, '{');
		json_put_id(out, "id", changes[i].id);
		json_put_int(out, "at_ms", id64_ms(changes[i].id));
		json_put_id(out, "channel_id", changes[i].channel);
		json_put_id(out, "from_channel_id", changes[i].from);
		json_put(out, "reason", changes[i].reason);
		json_put(out, "severity", changes[i].severity);
		json_put(out, "sentence", changes[i].sentence);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = changes[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- changing ---- */

struct route_body { str mode, reason; json channels; };

static const struct field route_fields[] = {
	FIELD(struct route_body, mode, STR),
	FIELD(struct route_body, channels, JSON),
	FIELD(struct route_body, reason, STR, .max = ROUTE_REASON_MAX),
	{ 0 },
};

static void read_channels(struct job *job, json list, struct route_draft *out)
{
	id64 *ids = ARENA_ARRAY(job->arena, id64, ROUTE_CHANNELS_MAX);
	int64_t *weights = ARENA_ARRAY(job->arena, int64_t, ROUTE_CHANNELS_MAX);

	if (!list)
		return;
	if (json_kind(list) != JSON_LIST || !json_count(list) ||
		json_count(list) > ROUTE_CHANNELS_MAX) {
		field_error(job, S("channels"), S("wrong_type"),
			S("A list of at most 50 entries with channel_id and weight."));
		return;
	}
	for (size_t i = 0; i < json_count(list); i++) {
		json entry = json_at(list, i);

		if (!json_id(json_field(entry, "channel_id"), &ids[i]))
			field_error(job, S("channels"), S("invalid"),
				S("Each entry has channel_id, and may have weight."));
		weights[i] = json_int(json_field(entry, "weight"), 0);
	}
	out->channels = ids;
	out->weights = weights;
	out->count = json_count(list);
}

enum err numbers_route_put(struct job *job, const struct request *req, struct response *res)
{
	struct route_body body = { 0 };
	struct route_draft draft = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, route_fields, &body));
	read_channels(job, body.channels, &draft);
	draft.has_mode = body.mode.ptr != NULL;
	draft.reason = body.reason;
	if (draft.has_mode && !route_mode_parse(body.mode, &draft.mode))
		field_error(job, S("mode"), S("invalid"), S("One of order, weights, score."));
	TRY(job_check_fields(job));
	TRY(number_route_change(job, id, &draft));
	return reply_route(job, res, id);
}

struct hold_body { id64 channel_id; str reason; int64_t until_ms; };

static const struct field hold_fields[] = {
	FIELD(struct hold_body, channel_id, ID, .required = true),
	FIELD(struct hold_body, reason, STR, .max = ROUTE_REASON_MAX),
	FIELD(struct hold_body, until_ms, INT, .nullable = true),
	{ 0 },
};

enum err numbers_override_put(struct job *job, const struct request *req, struct response *res)
{
	struct hold_body body = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, hold_fields, &body));
	TRY(number_route_hold(job, id,
		&(struct route_hold){ .channel = body.channel_id, .reason = body.reason,
			.until_ms = body.until_ms }));
	return reply_route(job, res, id);
}

enum err numbers_override_delete(struct job *job, const struct request *req, struct response *res)
{
	str reason = request_query(job->arena, req, "reason");
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(number_route_hold(job, id,
		&(struct route_hold){ .reason = reason.len ? reason : S("lifted by hand") }));
	return reply_route(job, res, id);
}

/* ---- of a message ---- */

void route_decision_write_json(struct job *job, struct buf *out, const char *key,
	const struct route_decision *d)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_int(out, "at_ms", id64_ms(d->id));
	json_put_id(out, "channel_id", d->channel);
	json_put_id(out, "from_channel_id", d->from);
	json_put(out, "channel_name", d->name);
	json_put(out, "provider", d->provider);
	json_put(out, "phone_number",
		str_is_digits(d->phone) ? arena_printf(job->arena, "+" STR_F, STR_A(d->phone))
					: STR_NONE);
	json_put(out, "reason", d->reason);
	json_put(out, "sentence", d->sentence);
	json_close(out, '}');
}

enum err messages_route(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct route_decision *decisions = NULL;
	struct message msg;
	size_t count = 0;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	if (message_is_ours(&msg))
		TRY(route_decisions(job, msg.id, msg.channel_id, &decisions, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		route_decision_write_json(job, out, NULL, &decisions[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* ---- live ---- */

static enum err tell_route(struct job *job, id64 number)
{
	struct buf data = buf_in(job->arena, ROUTE_JSON_MAX);
	struct number_route route;

	TRY(number_route_get(job, number, &route));
	json_open(&data, '{');
	number_route_write_json(job, &data, "number", &route);
	json_close(&data, '}');
	api_tell_event(job, S("number.route"), &data);
	return OK;
}

void api_tell_route(struct job *job, id64 number)
{
	enum err e = api_publish ? tell_route(job, number) : OK;

	if (api_webhooks_hook)
		api_webhooks_hook();
	if (e == OK)
		return;
	log_warn("a change of a route was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	job_forgive(job);
}
