/* channel_pace.c: /channels/{id}/pace: how fast a linked number may send, and what stands in its
 * way. */
#include "account/pace_number.h"
#include "api/handlers.h"

#define PACE_JSON_MAX (64u << 10)

static void write_tiers(struct buf *out)
{
	json_open_in(out, "tiers", '[');
	for (size_t i = 0; i < PACE_TIERS; i++) {
		json_open(out, '{');
		json_put(out, "name", str_of(pace_tiers[i].name));
		json_put(out, "risk", str_of(pace_tiers[i].risk));
		json_put_int(out, "gap_min_ms", pace_tiers[i].gap_min_ms);
		json_put_int(out, "gap_max_ms", pace_tiers[i].gap_max_ms);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void put_limit(struct buf *out, const char *key, int64_t value)
{
	if (value == 0 || value == INT64_MAX)
		json_put_null(out, key);
	else
		json_put_int(out, key, value);
}

static void write_limits(struct job *job, struct buf *out, const struct pace_number *n)
{
	json_open_in(out, "limits", '[');
	for (int i = 0; i < PACE_MEASURES; i++) {
		enum pace_measure m = (enum pace_measure)i;
		int64_t limit = n->rules.limits[m], used = pace_used(&n->state, m, job->now_ms);
		bool has = limit > 0 && limit != INT64_MAX;

		json_open(out, '{');
		json_put(out, "name", str_of(pace_measure_name(m)));
		put_limit(out, "limit", limit);
		put_limit(out, "override", n->override[m]);
		json_put_int(out, "used", used);
		json_put(out, "level",
			has && used * 100 >= limit * PACE_ALARM_PERCENT  ? S("alarm") :
			has && used * 100 >= limit * PACE_WARN_PERCENT ? S("warning") : S("ok"));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_risk(struct buf *out, const struct pace_risk *risk)
{
	json_open_in(out, "risk", '{');
	json_put_int(out, "score", risk->score);
	json_put(out, "level", str_of(risk->level));
	json_open_in(out, "reasons", '[');
	for (size_t i = 0; i < risk->count; i++) {
		json_open(out, '{');
		json_put(out, "code", str_of(risk->reasons[i].code));
		json_put_int(out, "points", risk->reasons[i].points);
		json_put(out, "sentence", risk->reasons[i].sentence);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

static str pause_sentence(const struct pace_number *n, bool by_risk)
{
	static const struct { const char *code; const char *sentence; } rows[] = {
		{ "person", "Somebody paused it." },
		{ "refused", "WhatsApp refused a first message of this number." },
		{ "busy", "WhatsApp found that this number asks too much." },
		{ "restricted", "WhatsApp lets this number start no new conversations." },
		{ "banned", "WhatsApp banned this number." },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (str_is(n->pause_code, str_of(rows[i].code)))
			return str_of(rows[i].sentence);
	return by_risk ? S("The risk is above 80 of 100.") : STR_NONE;
}

/* Null when nothing pauses it. What people answer to somebody who wrote goes out all the same. */
static void write_pause(struct buf *out, const struct pace_number *n)
{
	bool by_risk = !n->pause_code.len && n->risk.score > PACE_RISK_PAUSE;
	int64_t until = n->signs.pause_until_ms;

	if (!n->pause_code.len && !by_risk) {
		json_put_null(out, "pause");
		return;
	}
	json_open_in(out, "pause", '{');
	json_put(out, "code", by_risk ? S("risk") : n->pause_code);
	json_put(out, "sentence", pause_sentence(n, by_risk));
	json_put_ms(out, "since_ms", n->pause_since_ms);
	json_put_ms(out, "until_ms", until == INT64_MAX ? 0 : until);
	json_close(out, '}');
}

static enum err write_pace(struct job *job, struct buf *out, const char *key, id64 id)
{
	struct pace_number n;

	TRY(pace_number_get(job, id, &n));
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "channel_id", id);
	json_put(out, "tier", str_of(n.tier->name));
	json_put_bool(out, "is_default", n.is_default);
	json_put_int(out, "gap_min_ms", n.rules.gap_min_ms);
	json_put_int(out, "gap_max_ms", n.rules.gap_max_ms);
	json_put_int(out, "warm_up_percent", n.rules.percent);
	write_limits(job, out, &n);
	write_risk(out, &n.risk);
	write_pause(out, &n);
	json_put_ms(out, "owner_quiet_until_ms",
		n.signs.quiet_until_ms > job->now_ms ? n.signs.quiet_until_ms : 0);
	json_put(out, "restriction", n.signs.restriction.len ? n.signs.restriction : STR_NONE);
	json_put_ms(out, "restricted_until_ms", n.restricted_until_ms);
	json_put_ms(out, "next_ms", n.state.next_bulk_ms > job->now_ms ? n.state.next_bulk_ms : 0);
	json_put_bool(out, "typing", n.has_typing);
	json_put_bool(out, "reject_calls", n.rejects_calls);
	json_put(out, "call_answer", n.call_answer);
	write_tiers(out);
	json_close(out, '}');
	return OK;
}

static enum err reply_pace(struct job *job, id64 id, struct response *res)
{
	return write_pace(job, reply_json(res, 200), NULL, id);
}

void api_tell_pace(struct job *job, id64 channel)
{
	struct buf data = buf_in(job->arena, PACE_JSON_MAX);
	enum err e;

	json_open(&data, '{');
	e = write_pace(job, &data, "pace", channel);
	json_close(&data, '}');
	if (e == OK)
		api_tell_event(job, S("pace.updated"), &data);
	else
		job_forgive(job);
}

enum err channels_pace(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_pace(job, id, res);
}

static const struct field limit_fields[] = {
	NAMED_FIELD(struct pace_patch, "minute", override[PACE_MINUTE], INT, .nullable = true),
	NAMED_FIELD(struct pace_patch, "hour", override[PACE_HOUR], INT, .nullable = true),
	NAMED_FIELD(struct pace_patch, "day", override[PACE_DAY], INT, .nullable = true),
	NAMED_FIELD(struct pace_patch, "new_contacts", override[PACE_FRESH], INT,
		.nullable = true),
	{ 0 },
};

/* The limits are read by themselves: those that are not named have none of their own any more. */
struct asked { struct pace_patch patch; json limits; };
static const struct field pace_fields[] = {
	NAMED_FIELD(struct asked, "tier", patch.tier, STR, .max = 20),
	FIELD(struct asked, limits, JSON, .given_at = offsetof(struct asked, patch.has_limits)),
	NAMED_FIELD(struct asked, "typing", patch.typing, BOOL,
		.given_at = offsetof(struct asked, patch.has_typing)),
	NAMED_FIELD(struct asked, "reject_calls", patch.reject_calls, BOOL,
		.given_at = offsetof(struct asked, patch.has_calls)),
	NAMED_FIELD(struct asked, "call_answer", patch.call_answer, STR, .max = CALL_ANSWER_MAX),
	NAMED_FIELD(struct asked, "reason", patch.reason, STR),
	{ 0 },
};

void pace_limits_read(struct job *job, json limits, struct pace_patch *out)
{
	if (json_kind(limits) != JSON_MAP)
		field_error(job, S("limits"), S("invalid"), S("Must be an object."));
	else
		fields_read(job, limits, limit_fields, out);
}

enum err channels_pace_patch(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, pace_fields, &asked));
	if (asked.patch.has_limits)
		pace_limits_read(job, asked.limits, &asked.patch);
	TRY(job_check_fields(job));
	TRY(pace_number_change(job, id, &asked.patch));
	api_tell_pace(job, id);
	return reply_pace(job, id, res);
}

static enum err set_pause(struct job *job, const struct request *req, struct response *res,
	bool pause)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(pace_number_pause(job, id, pause));
	api_tell_pace(job, id);
	return reply_pace(job, id, res);
}

enum err channels_pace_pause(struct job *job, const struct request *req, struct response *res)
{
	return set_pause(job, req, res, true);
}

enum err channels_pace_resume(struct job *job, const struct request *req, struct response *res)
{
	return set_pause(job, req, res, false);
}
