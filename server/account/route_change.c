/*
 * route_change.c: what changes of a route: by hand, and by itself when channels start or stop
 * working.
 *
 * The choice itself is made anew for every message. What is written here is what people and
 * programs are told of: the channel that plain messages of the number go by.
 */
#include "account/route.h"

#include "account/account_internal.h"
#include "account/webhook.h"
#include "base/json.h"
#include "base/log.h"
#include "store/queries.h"

#define DETAIL_MAX (16u << 10)

void (*route_changed_hook)(struct job *job, id64 number);

/* ---- by hand ---- */

struct changing {
	id64 number;
	const struct route_draft *draft;
	const struct route_hold *hold;
};

static bool is_listed(const struct route_draft *draft, id64 channel)
{
	for (size_t i = 0; i < draft->count; i++)
		if (draft->channels[i] == channel)
			return true;
	return false;
}

static enum err check_draft(struct job *job, const struct number_route *r,
	const struct route_draft *draft)
{
	bool whole = draft->count == r->count;

	for (size_t i = 0; draft->count && i < r->count; i++)
		whole = whole && is_listed(draft, r->candidates[i].channel);
	if (draft->count && !whole)
		field_error(job, S("channels"), S("invalid"),
			S("Name each channel of the number once, and no other."));
	for (size_t i = 0; i < draft->count; i++)
		if (draft->weights[i] < 0 || draft->weights[i] > ROUTE_WEIGHT_MAX)
			field_error(job, S("channels"), S("out_of_range"),
				S("A weight is from 0 to 1000."));
	if (str_count_points(draft->reason) > ROUTE_REASON_MAX)
		field_error(job, S("reason"), S("too_long"), S("At most 500 characters."));
	return job_check_fields(job);
}

static str draft_detail(struct job *job, const struct route_draft *draft)
{
	struct buf out = buf_in(job->arena, DETAIL_MAX);

	json_open(&out, '{');
	if (draft->has_mode)
		json_put(&out, "mode", str_of(route_mode_name(draft->mode)));
	if (draft->count)
		json_open_in(&out, "channels", '[');
	for (size_t i = 0; i < draft->count; i++) {
		json_open(&out, '{');
		json_put_id(&out, "channel_id", draft->channels[i]);
		json_put_int(&out, "weight", draft->weights[i]);
		json_close(&out, '}');
	}
	if (draft->count)
		json_close(&out, ']');
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err change_route(struct job *job, void *arg)
{
	const struct changing *c = arg;
	const struct route_draft *draft = c->draft;
	struct number_route r;

	TRY(number_route_get(job, c->number, &r));
	TRY(check_draft(job, &r, draft));
	if (draft->has_mode)
		TRY(sql_route_set_mode(job,
			&(struct sql_route_set_mode){ job->workspace, c->number, draft->mode },
			NULL));
	for (size_t i = 0; i < draft->count; i++)
		TRY(sql_route_set_place(job,
			&(struct sql_route_set_place){ job->workspace, c->number,
				draft->channels[i], (int64_t)i + 1, draft->weights[i] },
			NULL));
	return audit_add(job, &(struct audit_entry){ .action = "number.route",
				      .target_kind = "number",
				      .target_id = c->number,
				      .reason = draft->reason,
				      .detail = draft_detail(job, draft) });
}

static enum err after_hand(struct job *job, id64 number)
{
	bool changed;

	TRY(number_route_settle(job, number, &changed));
	if (!changed && route_changed_hook)
		route_changed_hook(job, number);
	return OK;
}

enum err number_route_change(struct job *job, id64 number, const struct route_draft *draft)
{
	TRY(in_transaction(job, change_route, &(struct changing){ number, draft, NULL }));
	return after_hand(job, number);
}

static enum err check_hold(struct job *job, const struct number_route *r,
	const struct route_hold *hold)
{
	bool known = false;

	for (size_t i = 0; i < r->count; i++)
		known = known || r->candidates[i].channel == hold->channel;
	if (hold->channel && !known)
		field_error(job, S("channel_id"), S("unknown"),
			S("It is none of the channels of this number."));
	if (!str_trim(hold->reason).len)
		field_error(job, S("reason"), S("required"),
			S("Say why: whoever looks at it later wants to know."));
	if (str_count_points(hold->reason) > ROUTE_REASON_MAX)
		field_error(job, S("reason"), S("too_long"), S("At most 500 characters."));
	if (hold->until_ms && hold->until_ms <= job->now_ms)
		field_error(job, S("until_ms"), S("in_past"), S("Must be a time to come."));
	return job_check_fields(job);
}

static enum err write_hold(struct job *job, id64 number, const struct route_hold *hold)
{
	str detail = hold->channel ? arena_printf(job->arena,
					     "{\"channel_id\":\"%lld\",\"until_ms\":%lld}",
					     (long long)hold->channel, (long long)hold->until_ms)
	                           : STR_NONE;

	TRY(sql_route_hold(job,
		&(struct sql_route_hold){ .workspace = job->workspace,
			.id = number,
			.channel = hold->channel,
			.now_ms = hold->channel ? job->now_ms : 0,
			.until_ms = hold->until_ms,
			.reason = hold->channel ? hold->reason : STR_NONE,
			.by = hold->channel && job->actor.name.len ? job->actor.name : STR_NONE },
		NULL));
	return audit_add(job,
		&(struct audit_entry){ .action = hold->channel ? "number.hold" : "number.release",
			.target_kind = "number",
			.target_id = number,
			.reason = hold->reason,
			.detail = detail });
}

static enum err hold_number(struct job *job, void *arg)
{
	const struct changing *c = arg;
	struct number_route r;

	TRY(number_route_get(job, c->number, &r));
	TRY(check_hold(job, &r, c->hold));
	return write_hold(job, c->number, c->hold);
}

enum err number_route_hold(struct job *job, id64 number, const struct route_hold *hold)
{
	TRY(in_transaction(job, hold_number, &(struct changing){ number, NULL, hold }));
	return after_hand(job, number);
}

/* ---- by itself ---- */

struct settling {
	const struct number_route *route;
	const struct route_choice *now;
	const struct route_alert *alert;
	bool written;
};

static enum err add_notice(struct job *job, const struct settling *s)
{
	uint8_t hash[SHA256_SIZE];
	bytes detail;

	TRY(keyed_hash(job, S("route notice"),
		arena_printf(job->arena, "%lld|%lld", (long long)s->route->id,
			(long long)job->now_ms),
		hash));
	TRY(seal(job, SEAL_NOTICE, S("{}"), &detail));
	return sql_notice_add(job,
		&(struct sql_notice_add){ .id = job_id(job),
			.workspace = job->workspace,
			.channel = s->now->candidate ? s->now->candidate->channel
	                                             : s->route->active,
			.kind = S("number_route"),
			.severity = s->alert->severity,
			.sentence = s->alert->sentence,
			.detail = detail,
			.dedup = { hash, sizeof hash },
			.at_ms = job->now_ms },
		NULL);
}

static enum err tell_others(struct job *job, const struct settling *s)
{
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put_id(&detail, "number_id", s->route->id);
	json_put_id(&detail, "from_channel_id", s->route->active);
	json_put_id(&detail, "channel_id", s->now->candidate ? s->now->candidate->channel : 0);
	json_put(&detail, "reason", str_of(route_reason_name(s->now->reason)));
	json_put(&detail, "severity", s->alert->severity);
	json_put(&detail, "sentence", s->alert->sentence);
	json_close(&detail, '}');
	return webhook_emit(job,
		&(struct webhook_event){ .kind = WEBHOOK_NUMBER_ROUTE_CHANGED,
			.channel = s->now->candidate ? s->now->candidate->channel
						     : s->route->active,
			.detail = buf_text(&detail) });
}

static enum err add_change(struct job *job, const struct settling *s)
{
	return sql_route_change_add(job,
		&(struct sql_route_change_add){ .id = job_id(job),
			.workspace = job->workspace,
			.number = s->route->id,
			.channel = s->now->candidate ? s->now->candidate->channel : 0,
			.from_channel = s->route->active,
			.reason = str_of(route_reason_name(s->now->reason)),
			.severity = s->alert->severity,
			.sentence = s->alert->sentence },
		NULL);
}

static enum err write_settled(struct job *job, void *arg)
{
	struct settling *s = arg;
	int64_t changed;

	TRY(sql_route_set_active(job,
		&(struct sql_route_set_active){ .workspace = job->workspace,
			.id = s->route->id,
			.channel = s->now->candidate ? s->now->candidate->channel : 0,
			.reason = s->now->candidate
	                                  ? str_of(route_reason_name(s->now->reason))
	                                  : S("none"),
			.sentence = s->now->sentence,
			.now_ms = job->now_ms,
			.was_channel = s->route->active,
			.was_reason = s->route->active_reason.ptr ? s->route->active_reason
	                                                          : S("") },
		&changed));
	s->written = changed > 0;
	if (!changed || !s->alert->severity.len)
		return OK;
	TRY(add_change(job, s));
	TRY(add_notice(job, s));
	return tell_others(job, s);
}

static struct route_choice was_of(const struct number_route *r, struct route_candidate *was)
{
	bool down = str_is(r->active_reason, str_of(route_reason_name(ROUTE_ALL_DOWN)));

	*was = (struct route_candidate){ .channel = r->active };
	return (struct route_choice){ .candidate = r->active ? was : NULL,
		.reason = down ? ROUTE_ALL_DOWN : ROUTE_FIRST };
}

static void log_change(const struct number_route *r, const struct route_alert *alert)
{
	if (str_is(alert->severity, S("info")))
		log_info("route of number %lld: " STR_F, (long long)r->id, STR_A(alert->sentence));
	else
		log_warn("route of number %lld: " STR_F, (long long)r->id, STR_A(alert->sentence));
}

/* A hold whose time is over is lifted with its row in the audit trail. */
static enum err end_hold(struct job *job, void *arg)
{
	const struct route_hold none = { .reason = S("its time was over") };
	const id64 *number = arg;

	return write_hold(job, *number, &none);
}

static enum err end_hold_if_over(struct job *job, id64 number)
{
	struct route_number_row row;

	TRY(sql_route_number(job, &(struct sql_route_number){ job->workspace, number }, &row));
	if (!row.held_channel || !row.held_until_ms || row.held_until_ms > job->now_ms)
		return OK;
	return in_transaction(job, end_hold, &number);
}

enum err number_route_settle(struct job *job, id64 number, bool *changed)
{
	struct route_candidate was_candidate;
	struct route_choice now, was;
	struct route_alert alert;
	struct number_route r;
	struct settling s = { &r, &now, &alert, false };

	*changed = false;
	TRY(end_hold_if_over(job, number));
	TRY(number_route_get(job, number, &r));
	number_route_now(job, &r, &now);
	if (r.active == (now.candidate ? now.candidate->channel : 0) &&
		str_is(r.active_reason,
			now.candidate ? str_of(route_reason_name(now.reason)) : S("none")))
		return OK;
	was = was_of(&r, &was_candidate);
	route_alert(job->arena, &was, &now, &alert);
	TRY(in_transaction(job, write_settled, &s));
	*changed = s.written;
	if (!s.written)
		return OK;
	if (alert.severity.len)
		log_change(&r, &alert);
	if (route_changed_hook)
		route_changed_hook(job, number);
	return OK;
}

enum err number_route_history(struct job *job, id64 number, id64 before, size_t max,
	struct route_change **out, size_t *count)
{
	struct route_change_rows rows;

	TRY(sql_route_change_page(job,
		&(struct sql_route_change_page){ job->workspace, number,
			before ? before : INT64_MAX, (int64_t)max },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct route_change, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct route_change){ rows.items[i].id, rows.items[i].channel,
			rows.items[i].from_channel, rows.items[i].reason, rows.items[i].severity,
			rows.items[i].sentence };
	return OK;
}
