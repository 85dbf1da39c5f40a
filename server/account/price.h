/*
 * price.h: what a message costs, out of a dated table of markets, rules and prices.
 *
 * The table is a CSV file (server/account/prices.csv, or the setting prices_file): rules of pricing
 * are data, for they change by the quarter. Read once at start, before threads. What it has no
 * price for is "not known" and never zero. The network's own report of a message's category and
 * kind beats any estimate.
 */
#ifndef ACCOUNT_PRICE_H
#define ACCOUNT_PRICE_H

#include "base/buf.h"
#include "base/err.h"

#define PRICE_ROWS_MAX 4000
#define PRICE_FILE_MAX (1u << 20)

enum price_kind { PRICE_MARKET, PRICE_RULE, PRICE_PRICE };
struct price_row {
	enum price_kind kind;
	str from; /* "2026-10-01" */
	str name, category, value, currency;
	int64_t micros; /* of a price */
};
struct price_table {
	struct price_row *rows;
	size_t count;
	str source; /* path, or "built in" */
};

/* Sets the table that all ask; path empty: the one built in. The arena must outlive all. ERR_INPUT
 * with the line in *why. */
enum err price_load(struct arena *arena, const char *path, str *why);
/* The same from text, into out: for tests. */
enum err price_read(struct arena *arena, str text, struct price_table *out, str *why);
const struct price_table *price_table(void);

struct price_question {
	str country;        /* "ID"; empty: not known */
	str category;       /* "marketing", "utility", "authentication", "service" */
	str kind;           /* the network's word, once known: "regular", "free_…"; else none */
	int64_t at_ms;
	bool window_open;
};
struct price {
	bool is_free, is_known; /* known: micros and currency hold (free ones are 0 and known) */
	int64_t micros;         /* millionths of a unit */
	int64_t free_first;     /* that many a month and number cost nothing; 0: none */
	str market, currency, from;
	str sentence;
};
void price_of(struct arena *arena, const struct price_table *table,
	const struct price_question *question, struct price *out);

#endif
