/*
 * store.h: one store, on SQLite or PostgreSQL.
 *
 * SQL lives in queries/ *.sql; tools/sqlgen.py makes a typed function of each (store/queries.h). A
 * generated function runs in job->db when a transaction is open; a reading one without it borrows a
 * reader for that statement alone; a writing one without it is a bug (assert). SQLite has one
 * writer, taken first come first served, and readers on snapshots; PostgreSQL has a pool. A job
 * that calls out holds no transaction.
 *
 * The one rule: a statement that fails ends its transaction, on both databases. What follows in it
 * answers ERR_BUG, and so does db_commit; only db_rollback and a fresh db_begin help. To insert
 * what may be there already, say ON CONFLICT DO NOTHING. ERR_MISSING (no row) is an answer, not a
 * failure.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "runtime/job.h"

struct store;
struct db; /* an open transaction on one connection */

#define STORE_CONNECTIONS_MAX 64
#define STORE_WAIT_MAX_MS 30000 /* for a turn as the writer or a free connection; then ERR_STORE \
	                         */
#define STORE_STATEMENT_MAX_MS \
	30000 /* PostgreSQL: for the answer to one statement; then ERR_STORE */

struct store_config {
	const char *url;           /* "sqlite:PATH" or "postgresql://…" */
	const char *backup_folder; /* SQLite: copied there before a migration; NULL: none */
	size_t connections;        /* readers (SQLite) or pool size (PostgreSQL); 0: 4 */
	size_t cache_bytes;        /* SQLite page cache per connection; 0: 2 MiB */
};

enum db_mode { DB_READ, DB_WRITE };

/* Opens, backs up if migrations are due, migrates. ERR_STORE with a sentence in *why (in the
 * arena). */
enum err store_open(struct arena *arena, const struct store_config *config, struct store **out,
                    str *why);
/* No job may use the store any more. NULL is fine. */
void store_close(struct store *store);
bool store_is_sqlite(const struct store *store);
/* A write that commits: proves the path to disk. ERR_STORE when away or full. */
enum err store_probe(struct job *job);
int64_t store_bytes(struct job *job);   /* size on disk; 0 when unknown */
int64_t store_version(struct job *job); /* last migration; 0 when unknown */

/* Since the start, for metrics. Any thread. */
struct store_figures {
	uint64_t writes;        /* transactions committed */
	uint64_t reads;         /* read transactions, and statements outside of one */
	uint64_t write_wait_us; /* spent waiting for a turn to write, all together */
	uint64_t busy_readers;  /* connections for reading in use right now */
	uint64_t waiting;       /* jobs in the queue for a turn right now */
	uint64_t errors;        /* ERR_STORE answers */
};
void store_figures(struct store *store, struct store_figures *out);

/* One transaction at a time in a job. DB_WRITE waits its turn. DB_READ sees one snapshot, from its
 * first statement on. */
enum err db_begin(struct job *job, enum db_mode mode);
/* Durable when it answers OK (fsync). A failed commit has rolled back. */
enum err db_commit(struct job *job);
void db_rollback(struct job *job);

/* Full-text search by keyed tokens; each driver its own way, the same answers. tokens:
 * blank-separated words of [a-z0-9], made by account/search_key.h. search_add and search_remove run
 * inside the writer's transaction. */
#define SEARCH_TOKEN_MAX 32
#define SEARCH_TOKENS_MAX 4096 /* of one message; the rest is not found */
#define SEARCH_WORDS_MAX 16    /* of one search; the rest is ignored */
/* Once per message: ERR_CONFLICT when it is there already. After an edit, remove the old tokens
 * first. */
enum err search_add(struct job *job, id64 workspace, id64 message, str tokens);
/* With the very tokens that were added. Nothing happens when the message is not there. */
enum err search_remove(struct job *job, id64 workspace, id64 message, str tokens);
/* Ids of messages that carry all tokens, newest (highest id) first, below `before` (0: newest), at
 * most max. */
enum err search_find(struct job *job, id64 workspace, str tokens, id64 before, id64 *out,
                     size_t max, size_t *count);

/* EXPLAIN of a named query, for the plan test: text in the arena. */
enum err store_explain(struct job *job, const char *query_name, str *out);

#endif
