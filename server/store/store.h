/*
 * store.h: one store, on SQLite or PostgreSQL.
 *
 * SQL lives in queries/ *.sql; tools/sqlgen.py makes a typed function of each (store/queries.h). A generated function
 * runs in job->db when a transaction is open; a reading one without it borrows a reader for that statement alone; a
 * writing one without it is a bug (assert). SQLite has one writer, taken first come first served, and readers on
 * snapshots; PostgreSQL has a pool. A job that calls out holds no transaction.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "runtime/job.h"

struct store;
struct db; /* an open transaction on one connection */

struct store_config {
	const char *url;          /* "sqlite:PATH" or "postgresql://…" */
	const char *backup_folder; /* SQLite: copied there before a migration; NULL: none */
	size_t connections;       /* readers (SQLite) or pool size (PostgreSQL); 0: 4 */
	size_t cache_bytes;       /* SQLite page cache per connection; 0: 2 MiB */
};

enum db_mode { DB_READ, DB_WRITE };

/* Opens, backs up if migrations are due, migrates. ERR_STORE with a sentence in *why (static or in arena). */
enum err store_open(struct arena *arena, const struct store_config *config, struct store **out, str *why);
void store_close(struct store *store);
bool store_is_sqlite(const struct store *store);
/* A write that commits: proves the path to disk. ERR_STORE when away or full. */
enum err store_probe(struct job *job);
int64_t store_bytes(struct job *job);    /* size on disk */
int64_t store_version(struct job *job);  /* last migration */
/* Names and lock waits for metrics. */
struct store_figures { uint64_t writes, reads, write_wait_us, busy_readers, errors; };
void store_figures(struct store *store, struct store_figures *out);

/* One transaction at a time in a job. DB_WRITE waits its turn. */
enum err db_begin(struct job *job, enum db_mode mode);
/* Durable when it answers OK (fsync). A failed commit has rolled back. */
enum err db_commit(struct job *job);
void db_rollback(struct job *job);

/* Full-text search by keyed tokens; each driver its own way, the same answers. tokens: blank-separated words of
 * [a-z0-9], made by account/search_key.h; all must match. docs are message ids; inside the writer's transaction. */
enum err search_add(struct job *job, id64 workspace, id64 message, str tokens);
enum err search_remove(struct job *job, id64 workspace, id64 message, str tokens);
/* Ids of messages that carry all tokens, newest first, below `before` (0: newest), at most max. */
enum err search_find(struct job *job, id64 workspace, str tokens, id64 before, id64 *out, size_t max, size_t *count);

/* EXPLAIN of a named query, for the plan test: text in the arena. */
enum err store_explain(struct job *job, const char *query_name, str *out);

/* ---- for generated code (store/queries.c) ---- */
enum value_kind { VALUE_NULL, VALUE_INT, VALUE_TEXT, VALUE_BYTES, VALUE_REAL };
struct value { enum value_kind kind; int64_t i; double r; str s; };
struct query { const char *name, *sql; bool writes; unsigned params, columns; int index; };
/* Runs it; calls row(arg, values) for each row (texts live in the arena). *changed: rows written, may be NULL.
 * ERR_CONFLICT for a unique or foreign key violation. */
enum err db_run(struct job *job, const struct query *query, const struct value *params,
		void (*row)(void *arg, struct job *job, const struct value *values), void *arg, int64_t *changed);

#endif
