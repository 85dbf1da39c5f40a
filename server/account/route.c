/*
 * route.c: see route.h. Reading routes, and what is decided by them for one message.
 */
#include "account/route.h"

#include "account/channel_internal.h"
#include "base/json.h"
#include "store/queries.h"

enum { MARK_FULL = 100, MARK_UNKNOWN = 80, MARK_YELLOW = 60, MARK_RED = 20, MARK_OTHER_MODE = 50 };

/* ---- reading ---- */

static struct route_hold hold_of(const struct job *job, const struct route_number_row *row)
{
	if (!row->held_channel || (row->held_until_ms && row->held_until_ms <= job->now_ms))
		return (struct route_hold){ 0 };
	return (struct route_hold){ row->held_channel, row->held_reason, row->held_by,
		row->held_since_ms, row->held_until_ms };
}

static void number_of_row(const struct job *job, const struct route_number_row *row,
	struct number_route *out)
{
	*out = (struct number_route){
		.id = row->id,
		.phone = str_is_digits(row->phone) ? row->phone : S(""),
		.mode = (enum route_mode)row->route_mode,
		.hold = hold_of(job, row),
		.active = row->active_channel,
		.active_reason = row->active_reason,
		.active_sentence = row->active_sentence,
		.active_since_ms = row->active_since_ms,
	};
}

static int quality_mark(str quality)
{
	if (str_is(quality, S("GREEN")))
		return MARK_FULL;
	if (str_is(quality, S("YELLOW")))
		return MARK_YELLOW;
	return str_is(quality, S("RED")) ? MARK_RED : MARK_UNKNOWN;
}

/* mode: an official API fits whatever is asked, another way only half. */
static struct route_marks marks_of(const struct channel_full *full, const struct route_sight *sight,
	size_t place, size_t count)
{
	int64_t good = sight->sends
	                       ? MARK_FULL * (sight->sends - sight->failures) / sight->sends
	                       : MARK_FULL;

	return (struct route_marks){
		.mode = provider_can(&full->channel) & CAN_WINDOW ? MARK_FULL : MARK_OTHER_MODE,
		.health = (int)(quality_mark(full->quality) * good / MARK_FULL),
		.preference = (int)((int64_t)MARK_FULL * (int64_t)(count - place) / (int64_t)count),
		.history = (int)good,
	};
}

/* What is stored counts beside what is seen: a refused token stays refused over a restart. */
static void judge(const struct channel_full *full, const struct route_sight *sight,
	struct route_candidate *out)
{
	out->state = sight->state;
	out->why = sight->state == ROUTE_TRYING
	                   ? S("Its provider answers again; nothing has gone through yet.")
	                   : str_of(sight->why);
	if (full->channel.disabled) {
		out->state = ROUTE_OFF;
		out->why = S("It is switched off.");
	} else if (str_is(full->health, S("failing"))) {
		out->state = ROUTE_DOWN;
		out->why = full->health_reason;
	}
}

static void fill_candidate(struct job *job, struct number_route *r, size_t i, int64_t weight)
{
	const struct channel_full *full = &r->channels[i];

	route_health_get(full->channel.id, job->now_ms, &r->sights[i]);
	r->candidates[i] = (struct route_candidate){
		.channel = full->channel.id,
		.name = full->channel.name,
		.can = provider_can(&full->channel),
		.weight = weight,
		.marks = marks_of(full, &r->sights[i], i, r->count),
	};
	judge(full, &r->sights[i], &r->candidates[i]);
}

static enum err load_channels(struct job *job, struct number_route *r)
{
	struct route_weight_rows weights;
	struct channel_rows rows;

	TRY(sql_channel_of_number(job, &(struct sql_channel_of_number){ job->workspace, r->id,
		ROUTE_CHANNELS_MAX }, &rows));
	TRY(sql_route_weights(job, &(struct sql_route_weights){ job->workspace, r->id,
		ROUTE_CHANNELS_MAX }, &weights));
	r->count = rows.count;
	r->channels = ARENA_ARRAY(job->arena, struct channel_full, rows.count);
	r->candidates = ARENA_ARRAY(job->arena, struct route_candidate, rows.count);
	r->sights = ARENA_ARRAY(job->arena, struct route_sight, rows.count);
	for (size_t i = 0; i < rows.count; i++) {
		int64_t weight = 0;

		TRY(channel_from_row(job, &rows.items[i], &r->channels[i]));
		for (size_t k = 0; k < weights.count; k++)
			if (weights.items[k].channel == rows.items[i].id)
				weight = weights.items[k].weight;
		fill_candidate(job, r, i, weight);
	}
	return OK;
}

enum err number_route_get(struct job *job, id64 number, struct number_route *out)
{
	struct route_number_row row;

	TRY(sql_route_number(job, &(struct sql_route_number){ job->workspace, number }, &row));
	number_of_row(job, &row, out);
	return load_channels(job, out);
}

enum err number_route_list(struct job *job, id64 after, size_t limit, struct number_route **out,
	size_t *count)
{
	struct route_number_rows rows;

	TRY(sql_route_number_page(job,
		&(struct sql_route_number_page){ job->workspace, after, (int64_t)limit }, &rows));
	*out = ARENA_ARRAY(job->arena, struct number_route, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		number_of_row(job, &rows.items[i], &(*out)[i]);
		TRY(load_channels(job, &(*out)[i]));
	}
	return OK;
}

enum err number_of_channel(struct job *job, id64 channel, id64 *out)
{
	struct route_number_of_row row;

	TRY(sql_route_number_of(job, &(struct sql_route_number_of){ job->workspace, channel },
		&row));
	*out = row.number;
	return OK;
}

/* ---- choosing ---- */

void number_route_choose(struct job *job, const struct number_route *route, struct route_ask *ask,
	struct route_choice *out)
{
	const struct route_candidates from = { route->candidates, route->count };

	ask->mode = route->mode;
	ask->forced = route->hold.channel;
	ask->forced_why = route->hold.reason;
	route_choose(job->arena, ask, &from, out);
}

void number_route_now(struct job *job, const struct number_route *route, struct route_choice *out)
{
	struct route_ask ask = { .kind = KIND_TEXT, .plain_kind = KIND_TEXT, .window_open = true };

	number_route_choose(job, route, &ask, out);
}

struct channel *number_route_channel(const struct number_route *route,
	const struct route_choice *choice)
{
	for (size_t i = 0; choice->candidate && i < route->count; i++)
		if (route->channels[i].channel.id == choice->candidate->channel)
			return &route->channels[i].channel;
	return NULL;
}

/* ---- decisions ---- */

enum err route_decide(struct job *job, id64 message, id64 from, const struct route_choice *choice)
{
	return sql_route_decision_add(job,
		&(struct sql_route_decision_add){ .id = job_id(job),
			.workspace = job->workspace,
			.message = message,
			.channel = choice->candidate->channel,
			.from_channel = from,
			.reason = str_of(route_reason_name(choice->reason)),
			.sentence = choice->sentence },
		NULL);
}

static enum err only_one(struct job *job, id64 message, id64 channel, struct route_decision *out)
{
	struct route_channel_brief_row row;

	TRY(sql_route_channel_brief(job,
		&(struct sql_route_channel_brief){ job->workspace, channel }, &row));
	*out = (struct route_decision){ .id = message,
		.channel = channel,
		.reason = str_of(route_reason_name(ROUTE_ONLY)),
		.sentence = S("It is the only channel of the number."),
		.name = row.name,
		.provider = row.provider,
		.phone = row.phone };
	return OK;
}

enum err route_decisions(struct job *job, id64 message, id64 channel,
	struct route_decision **out, size_t *count)
{
	struct route_decision_rows rows;

	TRY(sql_route_decision_list(job,
		&(struct sql_route_decision_list){ job->workspace, message }, &rows));
	*out = ARENA_ARRAY(job->arena, struct route_decision, rows.count + 1);
	*count = rows.count ? rows.count : 1;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct route_decision){ .id = rows.items[i].id,
			.channel = rows.items[i].channel,
			.from = rows.items[i].from_channel,
			.reason = rows.items[i].reason,
			.sentence = rows.items[i].sentence,
			.name = rows.items[i].name,
			.provider = rows.items[i].provider,
			.phone = rows.items[i].phone };
	return rows.count ? OK : only_one(job, message, channel, *out);
}

enum err route_had(struct job *job, id64 message, id64 channel, bool *out)
{
	struct route_decision_of_row row;
	enum err e = sql_route_decision_of(job,
		&(struct sql_route_decision_of){ job->workspace, message, channel }, &row);

	*out = e == OK;
	if (e == ERR_MISSING)
		job_forgive(job);
	return e == ERR_MISSING ? OK : e;
}

/* ---- the API's words ---- */

static void write_sight(struct buf *out, const struct channel_full *full,
	const struct route_sight *sight)
{
	json_open_in(out, "window", '{');
	json_put_int(out, "minutes", 5);
	json_put_int(out, "sends", sight->sends);
	json_put_int(out, "failures", sight->failures);
	json_put_int(out, "latency_ms", sight->latency_ms);
	json_put_int(out, "latency_max_ms", sight->latency_max_ms);
	json_close(out, '}');
	json_open_in(out, "proof", '{');
	json_put_ms(out, "decoded_ms", sight->decoded_ms ? sight->decoded_ms : full->last_event_ms);
	json_put_ms(out, "stored_ms", sight->stored_ms ? sight->stored_ms : full->last_event_ms);
	json_put_ms(out, "acknowledged_ms",
		sight->acknowledged_ms ? sight->acknowledged_ms : full->last_send_ms);
	json_put_ms(out, "asked_ms", sight->probed_ms);
	json_close(out, '}');
}

static void write_entry(struct buf *out, const struct number_route *r, size_t i)
{
	const struct route_candidate *c = &r->candidates[i];
	const struct channel_full *full = &r->channels[i];

	json_open(out, '{');
	json_put_id(out, "channel_id", c->channel);
	json_put(out, "name", c->name);
	json_put(out, "provider", str_of(full->channel.provider->name));
	json_put(out, "provider_title", str_of(full->channel.provider->title));
	json_put_int(out, "weight", c->weight);
	json_put(out, "state", str_of(route_state_name(c->state)));
	json_put(out, "why", c->why);
	json_put_ms(out, "since_ms", r->sights[i].since_ms ? r->sights[i].since_ms
							   : full->health_since_ms);
	json_put_number(out, "score", route_score(&c->marks) / 100.0);
	write_sight(out, full, &r->sights[i]);
	json_close(out, '}');
}

static void write_active(struct job *job, struct buf *out, const struct number_route *r)
{
	struct route_choice now;

	number_route_now(job, r, &now);
	json_open_in(out, "active", '{');
	json_put_id(out, "channel_id", now.candidate ? now.candidate->channel : 0);
	json_put(out, "reason", now.candidate ? str_of(route_reason_name(now.reason)) : S("none"));
	json_put(out, "sentence", now.sentence);
	json_put_ms(out, "since_ms",
		now.candidate && now.candidate->channel == r->active ? r->active_since_ms : 0);
	json_close(out, '}');
}

static void write_hold(struct buf *out, const struct route_hold *hold)
{
	if (!hold->channel)
		return json_put_null(out, "override");
	json_open_in(out, "override", '{');
	json_put_id(out, "channel_id", hold->channel);
	json_put(out, "reason", hold->reason);
	json_put(out, "by", hold->by);
	json_put_ms(out, "since_ms", hold->since_ms);
	json_put_ms(out, "until_ms", hold->until_ms);
	json_close(out, '}');
}

void number_route_write_json(struct job *job, struct buf *out, const char *key,
	const struct number_route *route)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", route->id);
	json_put(out, "phone_number",
		route->phone.len ? arena_printf(job->arena, "+" STR_F, STR_A(route->phone))
				 : STR_NONE);
	json_put(out, "mode", str_of(route_mode_name(route->mode)));
	write_active(job, out, route);
	write_hold(out, &route->hold);
	json_open_in(out, "channels", '[');
	for (size_t i = 0; i < route->count; i++)
		write_entry(out, route, i);
	json_close(out, ']');
	json_close(out, '}');
}
