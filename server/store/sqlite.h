/*
 * sqlite.h: what the files of the SQLite driver share.
 *
 * One connection writes and several read; each is used by one thread at a time (a place in
 * turns.h), so SQLite's own mutexes are off. Statements are prepared once per connection and found
 * by the query's index.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include "store/store_internal.h"
#include "store/turns.h"

#include <sqlite3.h>

struct sqlite_conn {
	struct db db;
	sqlite3 *handle;
	sqlite3_stmt **statements; /* by query index; NULL: not yet */
	int place;
};

struct sqlite_store {
	struct store store;
	char *path;
	struct turns *writer_turn, *reader_turns;
	struct sqlite_conn writer, checkpoint_conn;
	struct sqlite_checkpointer *checkpointer;
	size_t reader_count;
	struct sqlite_conn readers[];
};

static inline struct sqlite_store *sqlite_of(struct store *store)
{
	return (struct sqlite_store *)store;
}
static inline struct sqlite_conn *sqlite_conn_of(struct db *db)
{
	return (struct sqlite_conn *)db;
}

/* Says what went wrong on this connection, in our words. rc: an extended result code. */
enum err sqlite_failure(struct job *job, sqlite3 *handle, int rc);
extern const struct driver sqlite_driver;

/* sqlite.c: the driver's functions, see store_internal.h. */
enum err sqlite_take(struct job *job, enum db_use use, struct db **out);
void sqlite_give(struct db *db);
enum err sqlite_commit(struct job *job, struct db *db);
enum err sqlite_run(struct job *job, struct db *db, const struct statement *statement);
enum err sqlite_script(struct job *job, struct db *db, const char *sql);
enum err sqlite_lock_migrations(struct job *job, struct db *db);
enum err sqlite_explain(struct job *job, const struct query *query, str *out);

/* sqlite_checkpoint.c: a thread with the connection `own`, woken by the commits of `writer`, whose
 * thread calls nothing of this. Ends before both are closed; NULL is fine. */
struct sqlite_checkpointer *sqlite_checkpointer_create(sqlite3 *writer, sqlite3 *own);
void sqlite_checkpointer_destroy(struct sqlite_checkpointer *checkpointer);

/* Online backup to folder/before-NNNN-TIME.db, complete or not there at all. */
enum err sqlite_backup(struct job *job, const char *folder, int64_t version);

#endif
