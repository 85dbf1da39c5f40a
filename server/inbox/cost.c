/*
 * cost.c: prices of messages, kept with the message as one small number and summed by day.
 *
 * The first report of a price counts; it is summed when the message is delivered, once: Meta
 * charges by delivery. The amount is by our table on that day, and stays as it is when the table
 * changes.
 */
#include "inbox/cost.h"

#include "account/limit.h"
#include "account/template.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"
#include "store/queries.h"

#define DAY_MS (24 * 3600 * 1000LL)
#define HELD_CODE S("131049")

/* Stored by their place: never reorder, only add. The first stands for what is not among them. */
static const char *const categories[] = { "other", "marketing", "utility", "authentication",
	"service", "authentication_international", "marketing_lite", "referral_conversion",
	"group_marketing", "group_utility", "group_service", "general_purpose_ai" };
static const char *const kinds[] = { "other", "regular", "free_customer_service",
	"free_entry_point" };

static int64_t place_of(const char *const *words, size_t count, str word)
{
	for (size_t i = 0; i < count; i++)
		if (str_is_nocase(word, str_of(words[i])))
			return (int64_t)i;
	return 0;
}

/* ---- the small number: country, category, kind ---- */

static int64_t letter_of(str country, size_t i)
{
	return country.len == 2 && country.ptr[i] >= 'A' && country.ptr[i] <= 'Z'
	               ? country.ptr[i] - 'A' + 1
	               : 0;
}

static int64_t pack(str country, int64_t category, int64_t kind)
{
	return 1 | kind << 1 | category << 8 | letter_of(country, 0) << 16 |
	       letter_of(country, 1) << 24;
}

static void unpack(struct arena *arena, int64_t code, struct message_cost *out)
{
	int64_t kind = code >> 1 & 0x7F, category = code >> 8 & 0xFF;
	char a = (char)(code >> 16 & 0xFF), b = (char)(code >> 24 & 0xFF);

	out->kind = str_of(kinds[(size_t)kind < COUNT_OF(kinds) ? kind : 0]);
	out->category =
		str_of(categories[(size_t)category < COUNT_OF(categories) ? category : 0]);
	out->country = a && b ? arena_printf(arena, "%c%c", a + 'A' - 1, b + 'A' - 1) : S("");
}

/* ---- where somebody is ---- */

/* "two-letter country, dot, …" of a business-scoped id; else by the calling code. */
static str country_of(str phone, str bsuid)
{
	str region = phone.len ? phone_region(phone) : STR_NONE;

	if (region.len == 2)
		return region;
	return bsuid.len > 3 && bsuid.ptr[2] == '.' ? str_part(bsuid, 0, 2) : S("");
}

/* ---- reports ---- */

static enum err keep_price(struct job *job, id64 message, const struct provider_event *ev,
	json pricing)
{
	int64_t category = place_of(categories, COUNT_OF(categories),
		json_text_at(pricing, "category")),
		kind = place_of(kinds, COUNT_OF(kinds), json_text_at(pricing, "type"));
	str country = country_of(ev->who.phone, ev->who.bsuid);
	bool old_free = !json_flag(json_field(pricing, "billable"), true);
	struct price price;

	if (!kind && !json_field(pricing, "type"))
		kind = old_free ? 2 : 1;
	price_of(job->arena, price_table(),
		&(struct price_question){ .country = country,
			.category = str_of(categories[category]),
			.kind = str_of(kinds[kind]),
			.at_ms = ev->at_ms ? ev->at_ms : job->now_ms },
		&price);
	return sql_message_price_set(job,
		&(struct sql_message_price_set){ .id = message,
			.workspace = job->workspace,
			.code = pack(country, category, kind),
			.micros = price.micros,
			.is_known = price.is_known },
		NULL);
}

/* The currency of a price is the table's, looked up again: a price is of one day. */
static void find_currency(struct job *job, int64_t at_ms, struct message_cost *out)
{
	struct price price;

	price_of(job->arena, price_table(),
		&(struct price_question){ .country = out->country,
			.category = out->category,
			.kind = S("regular"),
			.at_ms = at_ms },
		&price);
	out->currency = out->is_known && out->micros ? price.currency : S("");
}

static enum err add_to_day(struct job *job, id64 message)
{
	struct message_price_row row;
	struct message_cost cost;

	TRY(sql_message_price(job,
		&(struct sql_message_price){ .id = message, .workspace = job->workspace }, &row));
	unpack(job->arena, row.code, &cost);
	cost.is_known = row.is_known;
	cost.micros = row.micros;
	find_currency(job, job->now_ms, &cost);
	return sql_cost_day_add(job,
		&(struct sql_cost_day_add){ .id = job_id(job),
			.workspace = job->workspace,
			.channel = row.channel,
			.day = job->now_ms / DAY_MS,
			.country = cost.country,
			.category = cost.category,
			.kind = cost.kind,
			.currency = cost.currency,
			.unpriced = !row.is_known,
			.micros = row.micros },
		NULL);
}

static enum err hold_back(struct job *job, id64 message)
{
	struct message_opening_row row;

	TRY(sql_message_opening(job,
		&(struct sql_message_opening){ .id = message, .workspace = job->workspace }, &row));
	return marketing_hold(job, row.account_id, row.contact);
}

enum err cost_apply(struct job *job, id64 message, const struct provider_event *ev)
{
	bool arrived = ev->status == STATUS_DELIVERED || ev->status == STATUS_READ ||
	               ev->status == STATUS_PLAYED;
	int64_t changed = 0;
	json pricing;

	if (ev->pricing.len && json_read(job->arena, ev->pricing, &pricing, NULL) == OK)
		TRY(keep_price(job, message, ev, pricing));
	if (arrived)
		TRY(sql_message_costed(job,
			&(struct sql_message_costed){ .id = message,
				.workspace = job->workspace,
				.now_ms = job->now_ms },
			&changed));
	if (changed)
		TRY(add_to_day(job, message));
	return ev->status == STATUS_FAILED && str_is(ev->error_code, HELD_CODE)
	               ? hold_back(job, message)
	               : OK;
}

enum err cost_refused(struct job *job, id64 message, str code)
{
	return str_is(code, HELD_CODE) ? hold_back(job, message) : OK;
}

enum err cost_sent(struct job *job, id64 message)
{
	struct message_opening_row row;

	TRY(sql_message_opening(job,
		&(struct sql_message_opening){ .id = message, .workspace = job->workspace }, &row));
	if (row.window_until_ms > job->now_ms || row.kind != KIND_TEMPLATE)
		return OK;
	return tier_note(job, row.account_id, row.contact);
}

enum err message_cost(struct job *job, id64 message, struct message_cost *out)
{
	struct message_price_row row;

	TRY(sql_message_price(job,
		&(struct sql_message_price){ .id = message, .workspace = job->workspace }, &row));
	if (!row.code)
		return fail(job, ERR_MISSING, "the network has told no price of the message yet");
	*out = (struct message_cost){ .is_known = row.is_known, .micros = row.micros };
	unpack(job->arena, row.code, out);
	out->is_charged = row.costed_ms && !str_starts(out->kind, S("free"));
	find_currency(job, row.costed_ms ? row.costed_ms : job->now_ms, out);
	return OK;
}

/* ---- before it leaves ---- */

static str lower(struct arena *arena, str text)
{
	struct buf b = buf_in(arena, text.len + 1);

	for (size_t i = 0; i < text.len; i++)
		buf_byte(&b, (uint8_t)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + 32
		                                                            : text.ptr[i]));
	return buf_text(&b);
}

static enum err find_person(struct job *job, const struct cost_question *q,
	struct cost_estimate *out)
{
	struct conversation conv;
	struct contact contact;
	str phone;

	if (q->conversation_id) {
		TRY(conversation_get(job, q->conversation_id, &conv));
		TRY(contact_get(job, conv.contact_id, &contact));
		out->window_open = conv.window_until_ms > job->now_ms;
		out->country = country_of(contact.phone, contact.bsuid);
	} else if (q->to.len > 3 && q->to.ptr[2] == '.') {
		out->country = country_of(S(""), q->to);
	} else if (q->to.len) {
		TRY(phone_normalise(job, q->to, &phone));
		out->country = country_of(phone, S(""));
	}
	return OK;
}

enum err cost_estimate(struct job *job, const struct cost_question *q, struct cost_estimate *out)
{
	struct template_item t;

	*out = (struct cost_estimate){ .country = S("") };
	TRY(find_person(job, q, out));
	out->category = q->category.len ? lower(job->arena, q->category) : S("service");
	if (q->template_id) {
		TRY(template_get(job, q->template_id, &t));
		out->category = lower(job->arena, t.category);
	}
	price_of(job->arena, price_table(),
		&(struct price_question){ .country = out->country,
			.category = out->category,
			.at_ms = job->now_ms,
			.window_open = out->window_open },
		&out->price);
	return OK;
}
