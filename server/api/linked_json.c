/* linked_json.c: the LinkedNumber object, its live event, and actions for many of them. */
#include "api/linked_json.h"

#include "account/channel.h"
#include "account/linked_notice.h"
#include "api/handlers.h"
#include "base/log.h"

#define LINKED_JSON_MAX (64u << 10)

static void put_time(struct buf *out, const char *key, int64_t ms)
{
	if (ms > 0)
		json_put_int(out, key, ms);
	else
		json_put_null(out, key);
}

static void write_proof(struct buf *out, const struct linked_proof *proof)
{
	json_open_in(out, "proof", '{');
	if (proof->silence_ms >= 0)
		json_put_int(out, "silence_ms", proof->silence_ms);
	else
		json_put_null(out, "silence_ms");
	json_put_int(out, "drops", proof->drops);
	json_put_int(out, "sent", proof->sent);
	json_put_int(out, "failed", proof->failed);
	json_close(out, '}');
}

static enum err write_consent(struct job *job, struct buf *out, id64 channel)
{
	struct linked_consent consent;

	TRY(linked_consent_get(job, channel, &consent));
	if (consent.version.len == 0) {
		json_put_null(out, "consent");
		return OK;
	}
	json_open_in(out, "consent", '{');
	json_put(out, "version", consent.version);
	json_put_bool(out, "is_current", str_is(consent.version, LINKED_NOTICE_VERSION));
	json_put_int(out, "at_ms", consent.at_ms);
	json_close(out, '}');
	return OK;
}

static void write_times(struct buf *out, const struct linked_number *n)
{
	json_put_int(out, "since_ms", n->since_ms);
	put_time(out, "retry_ms", n->retry_ms);
	put_time(out, "last_seen_ms", n->last_seen_ms);
	put_time(out, "connected_ms", n->connected_ms);
	put_time(out, "paired_ms", n->paired_ms);
	put_time(out, "qr_until_ms", n->qr.len ? n->qr_until_ms : 0);
	put_time(out, "code_until_ms", n->code.len ? n->code_until_ms : 0);
	put_time(out, "complete_ms", n->complete_ms);
}

enum err linked_number_write_json(struct job *job, struct buf *out, const char *key,
	const struct linked_number *n)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", n->channel);
	json_put(out, "name", n->name);
	json_put(out, "state", str_of(linked_state_name(n->state)));
	json_put(out, "reason", n->reason);
	json_put(out, "sentence", n->sentence);
	json_put(out, "next_step", n->next_step);
	json_put(out, "phone_number",
		n->phone.len ? arena_printf(job->arena, "+" STR_F, STR_A(n->phone)) : STR_NONE);
	json_put(out, "push_name", n->push_name.len ? n->push_name : STR_NONE);
	json_put(out, "platform", n->platform.len ? n->platform : STR_NONE);
	json_put_bool(out, "paired", n->is_paired);
	json_put_bool(out, "wanted", n->is_wanted);
	json_put_bool(out, "primary", n->is_primary);
	json_put_bool(out, "kept", n->is_kept);
	write_times(out, n);
	json_put_int(out, "score", n->score);
	write_proof(out, &n->proof);
	json_put_int(out, "waiting", n->waiting);
	json_put_int(out, "record_bytes", n->record_bytes);
	TRY(write_consent(job, out, n->channel));
	json_close(out, '}');
	return OK;
}

/* ---- many ---- */

/* Where nobody said why, there is none of that id. */
static str why_of(const struct linked_outcome *one)
{
	return one->err == OK ? STR_NONE : one->why.len ? one->why : S("There is no such number.");
}

void linked_outcomes_write_json(struct buf *out, const struct linked_outcome *outcomes,
	size_t count)
{
	json_open_in(out, "results", '[');
	for (size_t i = 0; i < count; i++) {
		const struct linked_outcome *one = &outcomes[i];

		json_open(out, '{');
		json_put_id(out, "id", one->channel);
		json_put_bool(out, "ok", one->err == OK);
		json_put(out, "code", one->err == OK ? STR_NONE : str_of(err_name(one->err)));
		json_put(out, "detail", why_of(one));
		json_put(out, "next_step", one->err == OK ? STR_NONE : one->next_step);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static const struct field bulk_fields[] = {
	NAMED_FIELD(struct linked_bulk_body, "action", action_name, STR, .required = true),
	FIELD(struct linked_bulk_body, ids, IDS, .max = LINKED_BULK_MAX, .required = true),
	FIELD(struct linked_bulk_body, reason, STR, .max = 500),
	NAMED_FIELD(struct linked_bulk_body, "tier", pace.tier, STR, .max = 20),
	FIELD(struct linked_bulk_body, limits, JSON,
		.given_at = offsetof(struct linked_bulk_body, pace.has_limits)),
	{ 0 },
};

enum err linked_bulk_read(struct job *job, const struct request *req,
	struct linked_bulk_body *out)
{
	*out = (struct linked_bulk_body){ .action = LINKED_ACTIONS };
	TRY(request_fields(job, req, bulk_fields, out));
	for (enum linked_action i = 0; i < LINKED_ACTIONS; i++)
		if (str_is(out->action_name, str_of(linked_action_name(i))))
			out->action = i;
	if (out->action == LINKED_ACTIONS)
		field_error(job, S("action"), S("invalid"),
			S("One of reconnect, stop, log_out, remove, repair, pace."));
	if (out->ids.items && out->ids.count == 0)
		field_error(job, S("ids"), S("required"), S("Must not be empty."));
	if (out->pace.has_limits)
		pace_limits_read(job, out->limits, &out->pace);
	if (out->action == LINKED_DO_PACE && !out->pace.tier.ptr && !out->pace.has_limits)
		field_error(job, S("tier"), S("required"), S("A tier, or limits."));
	out->pace.reason = out->reason;
	return job_check_fields(job);
}

/* A number that cannot be changed does not end the others. */
static void change_pace(struct job *job, const struct pace_patch *patch, struct linked_outcome *one)
{
	if (one->err != OK)
		return;
	one->err = pace_number_change(job, one->channel, patch);
	if (one->err == OK) {
		api_tell_pace(job, one->channel);
		return;
	}
	one->why = job->field_errors ? job->field_errors->message : job->why;
	one->next_step = job->next_step;
	job_forgive(job);
}

/* What is logged out loses its channel; that failing does not end the others. */
static void remove_channel(struct job *job, str reason, struct linked_outcome *one)
{
	if (one->err == OK)
		one->err = channel_delete(job, one->channel, reason);
	if (one->err == OK || one->why.len)
		return;
	one->why = job->why;
	one->next_step = job->next_step;
	job_forgive(job);
}

enum err linked_bulk_do(struct job *job, const struct linked_bulk_body *body, const id64 *channels,
	size_t count, struct linked_outcome *out)
{
	TRY(linked_bulk(job, body->action, channels, count, out));
	for (size_t i = 0; body->action == LINKED_DO_REMOVE && i < count; i++)
		remove_channel(job, body->reason, &out[i]);
	for (size_t i = 0; body->action == LINKED_DO_PACE && i < count; i++)
		change_pace(job, &body->pace, &out[i]);
	return OK;
}

/* ---- live ---- */

/* A state that is older than this was told when it came. */
#define STATE_NEW_MS 5000

static enum err tell_number(struct job *job, const struct linked_number *number)
{
	struct buf data = buf_in(job->arena, LINKED_JSON_MAX);

	json_open(&data, '{');
	TRY(linked_number_write_json(job, &data, "number", number));
	json_close(&data, '}');
	api_tell_event(job, S("linked.updated"), &data);
	return OK;
}

static void tell_state(struct job *job, const struct linked_number *n)
{
	struct buf data = buf_in(job->arena, LINKED_JSON_MAX);

	json_open(&data, '{');
	json_put_id(&data, "channel_id", n->channel);
	json_put(&data, "state", str_of(linked_state_name(n->state)));
	json_put(&data, "reason", n->reason.len ? n->reason : STR_NONE);
	json_put_int(&data, "since_ms", n->since_ms);
	json_close(&data, '}');
	api_tell_event(job, S("session.updated"), &data);
}

/* That there is a code, and not the code: whoever reads it can pair. */
static void tell_code(struct job *job, const struct linked_number *n)
{
	struct buf data = buf_in(job->arena, LINKED_JSON_MAX);

	json_open(&data, '{');
	json_put_id(&data, "channel_id", n->channel);
	json_put_null(&data, "qr");
	json_put_null(&data, "attempt");
	json_put_int(&data, "expires_ms", n->qr_until_ms);
	json_close(&data, '}');
	api_tell_event(job, S("qr.generated"), &data);
}

void api_tell_linked(struct job *job, const struct linked_number *number)
{
	enum err e = api_publish ? tell_number(job, number) : OK;

	if (api_publish && job->now_ms - number->since_ms < STATE_NEW_MS)
		tell_state(job, number);
	if (api_publish && number->state == LINKED_QR && number->qr.len)
		tell_code(job, number);
	if (e == OK)
		return;
	log_warn("a change of a linked number was not told: %s: " STR_F, err_name(e),
		STR_A(job->why));
	job_forgive(job);
}
