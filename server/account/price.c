/* price.c: reading the table of prices, and asking it; price.h and prices.csv have its words. */
#include "account/price.h"

#include <stdio.h>
#include <time.h>

#define COLUMNS 6
#define MICROS_DIGITS 6

extern const char prices_csv[];
extern const unsigned prices_csv_size;

static struct price_table the_table;

const struct price_table *price_table(void)
{
	return &the_table;
}

/* ---- reading ---- */

/* "0.0125" in millionths; false for anything else. */
static bool read_micros(str text, int64_t *out)
{
	str whole = str_split(&text, '.');
	int64_t units, part = 0, scale = 1000000;

	if (!str_is_digits(whole) || !str_to_i64(whole, &units) || units > 1000000 ||
		text.len > MICROS_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return false;
		scale /= 10;
		part += (text.ptr[i] - '0') * scale;
	}
	*out = units * 1000000 + part;
	return true;
}

static bool read_kind(str word, enum price_kind *out)
{
	static const char *const words[] = { "market", "rule", "price" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_is(word, str_of(words[i]))) {
			*out = (enum price_kind)i;
			return true;
		}
	return false;
}

static bool is_date(str text)
{
	if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-')
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (i != 4 && i != 7 && (text.ptr[i] < '0' || text.ptr[i] > '9'))
			return false;
	return true;
}

static const char *read_row(str line, struct price_row *out)
{
	str cells[COLUMNS];

	for (size_t i = 0; i < COLUMNS; i++)
		cells[i] = str_trim(str_split(&line, ','));
	*out = (struct price_row){ .from = cells[1], .name = cells[2], .category = cells[3],
		.value = cells[4], .currency = cells[5] };
	if (!read_kind(cells[0], &out->kind))
		return "begins with neither market, rule nor price";
	if (!is_date(out->from))
		return "has no date like 2026-10-01 in its second column";
	if (!out->name.len || !out->value.len)
		return "lacks a name or a value";
	if (out->kind == PRICE_PRICE &&
		(!read_micros(out->value, &out->micros) || out->currency.len != 3))
		return "wants a price like 0.0125 and a currency like USD";
	return NULL;
}

enum err price_read(struct arena *arena, str text, struct price_table *out, str *why)
{
	size_t number = 0;

	out->rows = ARENA_ARRAY(arena, struct price_row, PRICE_ROWS_MAX);
	out->count = 0;
	while (text.len) {
		str line = str_trim(str_split(&text, '\n'));
		const char *wrong;

		number++;
		if (!line.len || line.ptr[0] == '#')
			continue;
		wrong = out->count == PRICE_ROWS_MAX ? "is one too many"
						     : read_row(line, &out->rows[out->count]);
		if (wrong) {
			*why = arena_printf(arena, "line %zu of the prices %s", number, wrong);
			return ERR_INPUT;
		}
		out->count++;
	}
	return OK;
}

static enum err read_file(struct arena *arena, const char *path, str *out, str *why)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t size;

	if (!file) {
		*why = arena_printf(arena, "prices_file %s cannot be read", path);
		return ERR_INPUT;
	}
	text = arena_alloc(arena, PRICE_FILE_MAX);
	size = fread(text, 1, PRICE_FILE_MAX, file);
	fclose(file);
	*out = (str){ text, size };
	if (size < PRICE_FILE_MAX)
		return OK;
	*why = arena_printf(arena, "prices_file %s is larger than a megabyte", path);
	return ERR_INPUT;
}

enum err price_load(struct arena *arena, const char *path, str *why)
{
	bool is_own = path && path[0];
	str text = { prices_csv, prices_csv_size };

	if (is_own)
		TRY(read_file(arena, path, &text, why));
	the_table.source = is_own ? arena_str(arena, str_of(path)) : S("built in");
	return price_read(arena, text, &the_table, why);
}

/* ---- asking ---- */

static str day_text(struct arena *arena, int64_t at_ms)
{
	time_t seconds = (time_t)(at_ms / 1000);
	struct tm day;

	gmtime_r(&seconds, &day);
	return arena_printf(arena, "%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1,
		day.tm_mday);
}

/* Dates as text compare as they are. */
static bool is_later(str a, str b)
{
	return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) > 0;
}

struct asking {
	const struct price_table *table;
	str day;
	const struct price_row *best;
};

/* The newest row that holds on the day; the later line wins among equals. */
static void consider(struct asking *a, const struct price_row *row)
{
	if (is_later(row->from, a->day))
		return;
	if (!a->best || !is_later(a->best->from, row->from))
		a->best = row;
}

static bool has_country(str list, str country)
{
	while (list.len)
		if (str_is(str_split(&list, ' '), country))
			return true;
	return false;
}

static str market_of(const struct asking *asking, str country)
{
	struct asking named = *asking, rest = *asking;

	for (size_t i = 0; i < asking->table->count; i++) {
		const struct price_row *row = &asking->table->rows[i];

		if (row->kind != PRICE_MARKET)
			continue;
		if (has_country(row->value, country))
			consider(&named, row);
		else if (str_is(row->value, S("*")))
			consider(&rest, row);
	}
	if (named.best)
		return named.best->name;
	return rest.best ? rest.best->name : S("");
}

static const struct price_row *price_row_of(const struct asking *asking, str name, str category)
{
	struct asking a = *asking;

	for (size_t i = 0; i < asking->table->count; i++) {
		const struct price_row *row = &asking->table->rows[i];

		if (row->kind == PRICE_PRICE && str_is(row->name, name) &&
			str_is(row->category, category))
			consider(&a, row);
	}
	return a.best;
}

/* What rules say of a category: the newest "how", and beside it "free_first:N". */
static str rule_of(const struct asking *asking, str category, int64_t *free_first)
{
	struct asking how = *asking, first = *asking;

	for (size_t i = 0; i < asking->table->count; i++) {
		const struct price_row *row = &asking->table->rows[i];

		if (row->kind != PRICE_RULE || !str_is(row->category, category))
			continue;
		consider(str_starts(row->value, S("free_first:")) ? &first : &how, row);
	}
	*free_first = 0;
	if (first.best)
		(void)!str_to_i64(str_part(first.best->value, 11, first.best->value.len),
			free_first);
	return how.best ? how.best->value : S("charged");
}

static bool is_free_by_rule(const struct price_question *q, str rule)
{
	if (q->kind.len)
		return str_starts(q->kind, S("free"));
	return str_is(rule, S("free")) || (str_is(rule, S("free_in_window")) && q->window_open);
}

static void set_free(struct price *out, const char *why)
{
	out->is_free = out->is_known = true;
	out->sentence = str_of(why);
}

static void set_price(const struct asking *asking, const struct price_question *q, str category,
	struct price *out)
{
	const struct price_row *row = price_row_of(asking, q->country, category);

	if (!row)
		row = price_row_of(asking, out->market, category);
	if (!row) {
		out->sentence = S("The table of prices has none for this market.");
		return;
	}
	out->is_known = true;
	out->micros = row->micros;
	out->currency = row->currency;
	out->from = row->from;
	out->sentence = S("Charged when it is delivered.");
}

/* The network writes variants: "marketing_lite", "authentication-international". */
static str plain_category(str category)
{
	static const char *const plain[] = { "marketing", "utility", "authentication", "service" };

	for (size_t i = 0; i < COUNT_OF(plain); i++)
		if (str_starts(category, str_of(plain[i])))
			return str_of(plain[i]);
	return category;
}

void price_of(struct arena *arena, const struct price_table *table,
	const struct price_question *q, struct price *out)
{
	struct asking asking = { .table = table, .day = day_text(arena, q->at_ms) };
	str category = plain_category(q->category), rule;

	*out = (struct price){ .currency = S(""), .from = S("") };
	out->market = q->country.len ? market_of(&asking, q->country) : S("");
	rule = rule_of(&asking, category, &out->free_first);
	if (is_free_by_rule(q, rule)) {
		set_free(out, q->kind.len ? "WhatsApp says that it was free."
		              : str_is(rule, S("free"))
			              ? "Messages of this kind are free."
			              : "Free, because the customer wrote in the last 24 hours.");
		return;
	}
	if (str_is(rule, S("as_utility")))
		category = S("utility");
	set_price(&asking, q, category, out);
}
