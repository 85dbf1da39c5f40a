/*
 * store_internal.h: what store.c, the migration runner and the two drivers share.
 *
 * store.c keeps the rules that hold on both databases (one transaction a job, no writing without
 * one, a failure ends it) and counts; a driver knows its database and nothing of these rules.
 */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "store/migrate.h"
#include "store/query.h"

#include <stdatomic.h>

/* How a connection is taken: for one reading statement, or for a transaction. */
enum db_use { USE_STATEMENT, USE_READ, USE_WRITE };

/* The first member of each driver's connection. */
struct db {
	struct store *store;
	enum db_use use;
	bool failed; /* a statement failed: the transaction is dead */
	bool lost;   /* the connection is: a lone statement may be asked again on another */
};

struct search {
	id64 workspace, message; /* add, remove */
	str tokens;
	id64 before; /* find */
	id64 *out;
	size_t max, *count;
};

struct statement {
	const struct query *query;
	const struct value *params;
	row_fn *row;
	void *arg;
	int64_t *changed;
};

struct driver {
	void (*close)(struct store *store);
	/* Waits for a connection; begins a transaction unless use is USE_STATEMENT. */
	enum err (*take)(struct job *job, enum db_use use, struct db **out);
	/* Gives the connection back; rolls back what is open. */
	void (*give)(struct db *db);
	enum err (*commit)(struct job *job, struct db *db);
	enum err (*run)(struct job *job, struct db *db, const struct statement *statement);
	/* Several statements without parameters. */
	enum err (*script)(struct job *job, struct db *db, const char *sql);
	/* Inside a transaction: no other process migrates until it ends. */
	enum err (*lock_migrations)(struct job *job, struct db *db);
	enum err (*backup)(struct job *job, const char *folder, int64_t version);
	int64_t (*bytes)(struct job *job);
	size_t (*readers_in_use)(struct store *store);
	size_t (*waiting)(struct store *store);
	enum err (*explain)(struct job *job, const struct query *query, str *out);
	enum err (*search_add)(struct job *job, const struct search *search);
	enum err (*search_remove)(struct job *job, const struct search *search);
	enum err (*search_find)(struct job *job, const struct search *search);
	bool is_sqlite;
};

/* The first member of each driver's store. */
struct store {
	const struct driver *driver;
	atomic_uint_fast64_t writes, reads, write_wait_us, errors;
};

/* Fixed places of the store's own prepared statements, below QUERIES_INTERNAL. */
enum { OWN_PROBE, OWN_SEARCH };

/* Opens without migrating. path: behind "sqlite:". */
enum err sqlite_store_open(struct job *job, const struct store_config *config, const char *path,
                           struct store **out);
enum err postgres_store_open(struct job *job, const struct store_config *config,
                             struct store **out);
/* store_open with other migrations than the embedded ones: for the tests of the runner. */
enum err store_open_with(struct arena *arena, const struct store_config *config,
                         const struct migration *migrations, size_t count, struct store **out,
                         str *why);

/* Room for every prepared statement of one connection. */
static inline size_t statement_places(void)
{
	return QUERIES_INTERNAL + store_query_count;
}

/* Copies the texts of a row into the arena in one piece; size: their lengths and one more each. */
void keep_texts(struct arena *arena, const char *kinds, struct value *values, size_t size);

/* The next blank-separated word of [a-z0-9], at most SEARCH_TOKEN_MAX long; others are passed over.
 */
bool search_next(str *tokens, str *out);
/* sqlite_search.c, postgres_search.c */
enum err sqlite_search_add(struct job *job, const struct search *search);
enum err sqlite_search_remove(struct job *job, const struct search *search);
enum err sqlite_search_find(struct job *job, const struct search *search);
enum err postgres_search_add(struct job *job, const struct search *search);
enum err postgres_search_remove(struct job *job, const struct search *search);
enum err postgres_search_find(struct job *job, const struct search *search);

#endif
