/*
 * postgres.h: what the files of the PostgreSQL driver share.
 *
 * A pool of libpq connections, each used by one thread at a time (a place in turns.h). A connection
 * that broke is dropped when it is given back, and made anew when its place is taken again.
 */
#ifndef STORE_POSTGRES_H
#define STORE_POSTGRES_H

#include "store/store_internal.h"
#include "store/turns.h"

#include <libpq-fe.h>

struct postgres_conn {
	struct db db;
	PGconn *pg;     /* NULL: not connected */
	bool *prepared; /* by query index */
	int place;
};

struct postgres_store {
	struct store store;
	char *url;
	struct turns *turns;
	atomic_int_fast64_t retry_at_us, back_off_us; /* after a connection was refused */
	size_t count;
	struct postgres_conn conns[];
};

static inline struct postgres_store *postgres_of(struct store *store)
{
	return (struct postgres_store *)store;
}
static inline struct postgres_conn *postgres_conn_of(struct db *db)
{
	return (struct postgres_conn *)db;
}

/* ERR_STORE at once while the back-off lasts. */
enum err postgres_connect(struct job *job, struct postgres_conn *conn);
void postgres_disconnect(struct postgres_conn *conn);
/* The result of what was just sent (sent: what PQsend… answered), read within wait_ms; cleared by
 * the caller when OK. */
enum err postgres_finish(struct job *job, struct postgres_conn *conn, int sent, int64_t wait_ms,
                         PGresult **out);
/* A statement without parameters or rows. */
enum err postgres_plain(struct job *job, struct postgres_conn *conn, const char *sql,
                        int64_t wait_ms);

extern const struct driver postgres_driver;

/* postgres.c: the driver's functions, see store_internal.h. */
enum err postgres_take(struct job *job, enum db_use use, struct db **out);
void postgres_give(struct db *db);
enum err postgres_commit(struct job *job, struct db *db);
enum err postgres_run(struct job *job, struct db *db, const struct statement *statement);
enum err postgres_script(struct job *job, struct db *db, const char *sql);
enum err postgres_lock_migrations(struct job *job, struct db *db);
enum err postgres_explain(struct job *job, const struct query *query, str *out);

#endif
