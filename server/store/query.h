/*
 * query.h: what the generated functions stand on. Nobody else needs it.
 *
 * A query says the kind of each parameter and column by a letter: i integer, t text, b octets, o
 * boolean, r real. Values travel as struct value, so that nothing is allocated on the way to the
 * database, and only the texts of a row on the way back.
 */
#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "store/store.h"

struct value {
	bool null;
	union {
		int64_t i;
		double r;
	};
	str s;
};

struct query {
	const char *name;
	const char *params, *columns;  /* a letter each */
	const char *sqlite, *postgres; /* the statement, with ?1 or $1 */
	int index; /* its place in each connection's prepared statements; -1: not kept */
	bool writes;
};

/* Places below this are the store's own statements. */
enum { QUERIES_INTERNAL = 16 };

/* Made by tools/sqlgen.py; the index of store_queries[i] is QUERIES_INTERNAL + i. */
extern const struct query store_queries[];
extern const size_t store_query_count;

typedef void row_fn(void *arg, struct job *job, const struct value *values);
typedef void row_read_fn(void *row, const struct value *values);

/* Runs it in job->db, or alone; calls row(arg, job, values) for each row (texts live in the arena).
 * *changed: rows written; may be NULL. ERR_CONFLICT for a unique or foreign key violation. */
enum err db_run(struct job *job, const struct query *query, const struct value *params, row_fn *row,
                void *arg, int64_t *changed);
/* The first row; ERR_MISSING without a `why` when there is none. */
enum err query_one(struct job *job, const struct query *query, const struct value *params,
                   row_read_fn *read, void *out);
/* All rows as one array in the arena. */
struct query_rows {
	row_read_fn *read;
	size_t row_size;
	void **items;
	size_t *count;
};
enum err query_many(struct job *job, const struct query *query, const struct value *params,
		    const struct query_rows *rows);

static inline struct value value_int(int64_t i)
{
	return (struct value){ .i = i };
}
static inline struct value value_int_or_null(int64_t i)
{
	return (struct value){ .i = i, .null = i == 0 };
}
static inline struct value value_bool(bool b)
{
	return (struct value){ .i = b };
}
static inline struct value value_bool_or_null(bool b)
{
	return (struct value){ .i = b, .null = !b };
}
static inline struct value value_real(double r)
{
	return (struct value){ .r = r };
}
static inline struct value value_real_or_null(double r)
{
	return (struct value){ .r = r, .null = !(r < 0 || r > 0) };
}
static inline struct value value_text_or_null(str s)
{
	return (struct value){ .s = s, .null = !s.ptr };
}
/* A column that may not be NULL takes "none" as the empty text. */
static inline struct value value_text(str s)
{
	return (struct value){ .s = s.ptr ? s : S("") };
}
static inline struct value value_bytes_or_null(bytes b)
{
	return value_text_or_null(str_from(b));
}
static inline struct value value_bytes(bytes b)
{
	return value_text(str_from(b));
}

#endif
