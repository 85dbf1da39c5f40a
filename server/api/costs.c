/* costs.c: /channels/{id}/limits, /price-estimate, /prices and /reports/costs: what the network
 * allows, and what messages cost. */
#include "account/limit.h"
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/cost.h"
#include "store/queries.h"

#include <stdio.h>
#include <time.h>

enum { DAYS_DEFAULT = 30, DAYS_MAX = 400, COST_ROWS_MAX = 5000 };
#define DAY_MS (24 * 3600 * 1000LL)

/* ---- limits ---- */

static void write_limits(struct buf *out, const struct channel_full *full)
{
	static const char *const sources[] = { "default", "settings", "channel", "network" };
	struct limit limits[LIMITS_MAX];
	size_t count = limits_of(full, limits);

	json_open_in(out, "limits", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put(out, "name", str_of(limits[i].name));
		json_put_int(out, "value", limits[i].value);
		json_put_int(out, "default", limits[i].otherwise);
		json_put(out, "unit", str_of(limits[i].unit));
		json_put(out, "sentence", str_of(limits[i].sentence));
		json_put(out, "as_of", str_of(limits[i].as_of));
		json_put(out, "set_by", str_of(sources[limits[i].source]));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_tier(struct buf *out, const struct tier *tier)
{
	json_open_in(out, "tier", '{');
	json_put(out, "name", tier->name.len ? tier->name : STR_NONE);
	if (tier->people)
		json_put_int(out, "people", tier->people);
	else
		json_put_null(out, "people");
	json_put_int(out, "used", tier->used);
	json_put(out, "next", tier->next.len ? tier->next : STR_NONE);
	json_close(out, '}');
}

enum err channels_limits(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct channel_full *full;
	struct tier tier;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_get_full(job, id, &full));
	TRY(tier_of(job, full, &tier));
	json_open(out, '{');
	write_tier(out, &tier);
	write_limits(out, full);
	json_close(out, '}');
	return OK;
}

/* ---- money ---- */

/* Millionths as a decimal text: no float ever holds money. */
static str money_text(struct arena *arena, int64_t micros)
{
	char text[32];
	size_t len = (size_t)snprintf(text, sizeof text, "%lld.%06lld",
		(long long)(micros / 1000000), (long long)(micros % 1000000));

	while (len > 3 && text[len - 1] == '0' && text[len - 2] != '.' && text[len - 3] != '.')
		len--;
	return arena_str(arena, (str){ text, len });
}

static void write_money(struct arena *arena, struct buf *out, const char *key, int64_t micros,
	str currency)
{
	json_open_in(out, key, '{');
	json_put(out, "amount", money_text(arena, micros));
	json_put(out, "currency", currency);
	json_close(out, '}');
}

void cost_write_json(struct job *job, struct buf *out, const char *key,
	const struct message_cost *cost)
{
	json_open_in(out, key, '{');
	json_put(out, "country", cost->country);
	json_put(out, "category", cost->category);
	json_put(out, "kind", cost->kind);
	json_put_bool(out, "charged", cost->is_charged);
	if (cost->is_known)
		write_money(job->arena, out, "price", cost->micros, cost->currency);
	else
		json_put_null(out, "price");
	json_close(out, '}');
}

/* ---- the estimate ---- */

static void write_estimate(struct job *job, struct buf *out, const struct cost_estimate *e)
{
	json_open(out, '{');
	json_put(out, "category", e->category);
	json_put(out, "country", e->country.len ? e->country : STR_NONE);
	json_put(out, "market", e->price.market.len ? e->price.market : STR_NONE);
	json_put_bool(out, "window_open", e->window_open);
	json_put_bool(out, "free", e->price.is_free);
	if (e->price.is_known && !e->price.is_free)
		write_money(job->arena, out, "price", e->price.micros, e->price.currency);
	else
		json_put_null(out, "price");
	json_put_int(out, "free_first", e->price.free_first);
	json_put(out, "since", e->price.from.len ? e->price.from : STR_NONE);
	json_put(out, "sentence", e->price.sentence);
	json_close(out, '}');
}

enum err price_estimate_get(struct job *job, const struct request *req, struct response *res)
{
	struct cost_question question = {
		.conversation_id = request_query_id(job, req, "conversation_id"),
		.template_id = request_query_id(job, req, "template_id"),
		.to = request_query(job->arena, req, "to"),
		.category = request_query(job->arena, req, "category"),
	};
	struct cost_estimate estimate;

	TRY(job_check_fields(job));
	TRY(cost_estimate(job, &question, &estimate));
	write_estimate(job, reply_json(res, 200), &estimate);
	return OK;
}

enum err prices_get(struct job *job, const struct request *req, struct response *res)
{
	static const char *const kinds[] = { "market", "rule", "price" };
	const struct price_table *table = price_table();
	struct buf *out = reply_json(res, 200);
	size_t prices = 0;

	(void)job;
	(void)req;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < table->count; i++) {
		const struct price_row *row = &table->rows[i];

		prices += row->kind == PRICE_PRICE;
		json_open(out, '{');
		json_put(out, "kind", str_of(kinds[row->kind]));
		json_put(out, "from", row->from);
		json_put(out, "name", row->name);
		json_put(out, "category", row->category);
		json_put(out, "value", row->value);
		json_put(out, "currency", row->currency);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_bool(out, "built_in", str_is(table->source, S("built in")));
	json_put_int(out, "prices", (int64_t)prices);
	json_close(out, '}');
	return OK;
}

/* ---- the report ---- */

static str day_text(struct arena *arena, int64_t day)
{
	time_t seconds = (time_t)(day * 86400);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return arena_printf(arena, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

static void write_cost_day(struct job *job, struct buf *out, const struct cost_day_row *row)
{
	json_open(out, '{');
	json_put(out, "day", day_text(job->arena, row->day));
	json_put_id(out, "channel_id", row->channel);
	json_put(out, "country", row->country);
	json_put(out, "category", row->category);
	json_put(out, "kind", row->kind);
	json_put_int(out, "messages", row->messages);
	json_put_int(out, "unpriced", row->unpriced);
	write_money(job->arena, out, "cost", row->micros, row->currency);
	json_close(out, '}');
}

enum err reports_costs(struct job *job, const struct request *req, struct response *res)
{
	int64_t today = job->now_ms / DAY_MS, days = DAYS_DEFAULT;
	str asked = request_query(job->arena, req, "days");
	id64 channel = request_query_id(job, req, "channel_id");
	struct buf *out = reply_json(res, 200);
	struct cost_day_rows rows;

	if (asked.len && (!str_to_i64(asked, &days) || days < 1 || days > DAYS_MAX))
		field_error(job, S("days"), S("out_of_range"), S("From 1 to 400."));
	TRY(job_check_fields(job));
	TRY(sql_cost_days(job,
		&(struct sql_cost_days){ .workspace = job->workspace,
			.from_day = today - days + 1,
			.until_day = today + 1,
			.channel = channel,
			.max = COST_ROWS_MAX },
		&rows));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count; i++)
		write_cost_day(job, out, &rows.items[i]);
	json_close(out, ']');
	json_put_bool(out, "complete", rows.count < COST_ROWS_MAX);
	json_close(out, '}');
	return OK;
}
