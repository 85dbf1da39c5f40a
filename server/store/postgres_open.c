/*
 * postgres_open.c: connections, their answers in time, and what their errors mean.
 *
 * Every wait is bounded: for a connection by connect_timeout, for an answer by the server's
 * statement_timeout and, should the server or the network be silent, by our own poll. A message of
 * the server is told without its detail line, which would quote the row.
 */
#include "store/postgres.h"

#include "base/clock.h"

#include <poll.h>

enum {
	CONNECTIONS_DEFAULT = 4,
	BACK_OFF_FIRST_US = 50 * 1000,
	BACK_OFF_MAX_US = 2 * 1000 * 1000,
};

#define CONNECT_SECONDS "5"
#define SILENCE_MS "15000" /* unacknowledged octets on TCP, then the connection counts as broken */

static bool starts(const char *state, const char *class)
{
	return strncmp(state, class, strlen(class)) == 0;
}

/* SQLSTATE classes: postgresql.org/docs/15/errcodes-appendix.html */
static enum err failed_result(struct job *job, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	state = state ? state : "";
	text = text ? text : "no reason given";
	if (!strcmp(state, "23505"))
		return fail(job, ERR_CONFLICT, "it exists already (%s)",
			    PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME));
	if (!strcmp(state, "23503"))
		return fail(job, ERR_CONFLICT,
		            "it refers to something that is not there, or is still referred to");
	if (!strcmp(state, "40001") || !strcmp(state, "40P01")) {
		job->again = true;
		return fail(job, ERR_CONFLICT, "someone else changed it at the same time");
	}
	if (!strcmp(state, "53100"))
		return fail(job, ERR_STORE, "the disk is full (PostgreSQL)");
	if (!strcmp(state, "57014"))
		return fail(job, ERR_STORE, "the database took longer than %d seconds",
		            STORE_STATEMENT_MAX_MS / 1000);
	if (!strcmp(state, "22021") || !strcmp(state, "22P05"))
		return fail(job, ERR_INPUT, "a text has characters that cannot be stored");
	if (starts(state, "08") || starts(state, "53") || starts(state, "57") ||
	    starts(state, "58") || starts(state, "XX") || starts(state, "25006") || !*state)
		return fail(job, ERR_STORE, "the database failed: %s (PostgreSQL %s)", text, state);
	return fail(job, ERR_BUG, "%s (PostgreSQL %s)", text, state);
}

static enum err failed_connection(struct job *job, struct postgres_conn *conn)
{
	str text = str_of(PQerrorMessage(conn->pg));

	conn->db.lost = true;
	return fail(job, ERR_STORE, "the database is away: " STR_F,
	            STR_A(str_trim(str_part(text, 0, str_find(text, '\n')))));
}

/* Until a result can be taken without waiting; false when the connection broke or the time is over.
 */
static bool wait_for_answer(struct postgres_conn *conn, int64_t until_us)
{
	while (PQisBusy(conn->pg)) {
		struct pollfd fd = { .fd = PQsocket(conn->pg), .events = POLLIN };
		int64_t left_ms = (until_us - clock_monotonic_us() + 999) / 1000;

		if (left_ms <= 0)
			return false;
		if (poll(&fd, 1, (int)left_ms) > 0 && !PQconsumeInput(conn->pg))
			return false;
	}
	return true;
}

static bool is_good(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
	       status == PGRES_EMPTY_QUERY;
}

/* All results of what was sent: keeps the first bad one, or else the last. */
static bool collect(struct postgres_conn *conn, int64_t until_us, PGresult **out)
{
	PGresult *kept = NULL;

	for (;;) {
		PGresult *result;

		if (!wait_for_answer(conn, until_us)) {
			PQclear(kept);
			return false;
		}
		result = PQgetResult(conn->pg);
		if (!result)
			break;
		if (kept && !is_good(kept)) {
			PQclear(result);
		} else {
			PQclear(kept);
			kept = result;
		}
	}
	*out = kept;
	return kept;
}

enum err postgres_finish(struct job *job, struct postgres_conn *conn, int sent, int64_t wait_ms,
                         PGresult **out)
{
	PGresult *result = NULL;
	enum err e;

	if (!sent)
		return failed_connection(job, conn);
	if (!collect(conn, clock_monotonic_us() + wait_ms * 1000, &result)) {
		conn->db.lost = true;
		if (PQstatus(conn->pg) == CONNECTION_BAD)
			return failed_connection(job, conn);
		return fail(job, ERR_STORE, "the database did not answer in %lld seconds",
		            (long long)wait_ms / 1000);
	}
	if (is_good(result)) {
		*out = result;
		return OK;
	}
	e = PQstatus(conn->pg) == CONNECTION_BAD ? failed_connection(job, conn)
	                                         : failed_result(job, result);
	PQclear(result);
	return e;
}

enum err postgres_plain(struct job *job, struct postgres_conn *conn, const char *sql,
                        int64_t wait_ms)
{
	PGresult *result = NULL;

	TRY(postgres_finish(job, conn, PQsendQuery(conn->pg, sql), wait_ms, &result));
	PQclear(result);
	return OK;
}

void postgres_disconnect(struct postgres_conn *conn)
{
	PQfinish(conn->pg);
	conn->pg = NULL;
	memset(conn->prepared, 0, statement_places() * sizeof *conn->prepared);
}

static void ignore_notice(void *arg, const PGresult *result)
{
	(void)arg;
	(void)result;
}

/* What stands before dbname yields to the address, what stands behind it does not. */
static PGconn *dial(const char *url)
{
	static const char *const names[] = { "connect_timeout",
		                             "tcp_user_timeout",
		                             "keepalives_idle",
		                             "application_name",
		                             "dbname",
		                             "client_encoding",
		                             NULL };
	const char *const values[] = { CONNECT_SECONDS, SILENCE_MS, "30", "parley", url,
		                       "UTF8",          NULL };
	PGconn *pg = PQconnectdbParams(names, values, 1);

	if (pg)
		PQsetNoticeReceiver(pg, ignore_notice, NULL);
	return pg;
}

static void note_refused(struct postgres_store *store)
{
	int64_t back_off = store->back_off_us ? store->back_off_us * 2 : BACK_OFF_FIRST_US;

	store->back_off_us = back_off < BACK_OFF_MAX_US ? back_off : BACK_OFF_MAX_US;
	store->retry_at_us = clock_monotonic_us() + store->back_off_us;
}

/* A commit is a promise to our users, whatever the server's default is. */
static enum err configure(struct job *job, struct postgres_conn *conn)
{
	str sql = arena_printf(job->arena,
		"SET synchronous_commit = on; SET statement_timeout = %d; SET timezone = 'UTC'; "
		"SET idle_in_transaction_session_timeout = %d; SET jit = off",
		STORE_STATEMENT_MAX_MS, STORE_STATEMENT_MAX_MS * 4);

	return postgres_plain(job, conn, sql.ptr, STORE_STATEMENT_MAX_MS);
}

enum err postgres_connect(struct job *job, struct postgres_conn *conn)
{
	struct postgres_store *store = postgres_of(conn->db.store);
	enum err e;

	if (clock_monotonic_us() < store->retry_at_us)
		return fail(job, ERR_STORE, "the database is away");
	conn->pg = dial(store->url);
	conn->db.lost = false;
	e = PQstatus(conn->pg) == CONNECTION_OK ? configure(job, conn)
	                                        : failed_connection(job, conn);
	if (e != OK) {
		postgres_disconnect(conn);
		note_refused(store);
		return e;
	}
	store->back_off_us = store->retry_at_us = 0;
	return OK;
}

static void postgres_store_close(struct store *base)
{
	struct postgres_store *store = postgres_of(base);

	for (size_t i = 0; i < store->count; i++) {
		postgres_disconnect(&store->conns[i]);
		heap_free(store->conns[i].prepared);
	}
	turns_destroy(store->turns);
	heap_free(store->url);
	heap_free(store);
}

enum err postgres_store_open(struct job *job, const struct store_config *config, struct store **out)
{
	size_t count = config->connections ? config->connections : CONNECTIONS_DEFAULT;
	struct postgres_store *store = heap_alloc(sizeof *store + count * sizeof *store->conns);
	struct db *db;

	store->store.driver = &postgres_driver;
	store->count = count;
	store->turns = turns_create(count);
	store->url = heap_alloc(strlen(config->url) + 1);
	memcpy(store->url, config->url, strlen(config->url));
	for (size_t i = 0; i < count; i++) {
		store->conns[i].db.store = &store->store;
		store->conns[i].prepared =
			heap_alloc(statement_places() * sizeof *store->conns[i].prepared);
	}
	*out = job->store = &store->store;
	TRY(postgres_take(job, USE_STATEMENT, &db));
	postgres_give(db);
	return OK;
}

static size_t readers_in_use(struct store *store)
{
	return turns_in_use(postgres_of(store)->turns);
}

static size_t waiting(struct store *store)
{
	return turns_waiting(postgres_of(store)->turns);
}

/* A server has its own backups (pg_dump, base backup and WAL); Parley does not know its disks. */
static enum err postgres_backup(struct job *job, const char *folder, int64_t version)
{
	(void)job;
	(void)folder;
	(void)version;
	return OK;
}

static void take_size(void *arg, struct job *job, const struct value *values)
{
	(void)job;
	*(int64_t *)arg = values[0].i;
}

static int64_t postgres_bytes(struct job *job)
{
	static const struct query size = {
		.name = "database_size", .index = -1, .params = "", .columns = "i",
		.postgres = "SELECT pg_database_size(current_database())",
	};
	int64_t size_bytes = 0;

	if (db_run(job, &size, NULL, take_size, &size_bytes, NULL) != OK)
		job_forgive(job);
	return size_bytes;
}

const struct driver postgres_driver = {
	.close = postgres_store_close,
	.take = postgres_take,
	.give = postgres_give,
	.commit = postgres_commit,
	.run = postgres_run,
	.script = postgres_script,
	.lock_migrations = postgres_lock_migrations,
	.backup = postgres_backup,
	.bytes = postgres_bytes,
	.readers_in_use = readers_in_use,
	.waiting = waiting,
	.explain = postgres_explain,
	.search_add = postgres_search_add,
	.search_remove = postgres_search_remove,
	.search_find = postgres_search_find,
};
