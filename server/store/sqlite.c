/*
 * sqlite.c: running statements on a connection.
 *
 * Parameters are bound where they lie (SQLITE_STATIC): they outlive the step, and every run binds
 * all of them anew. The texts of a row are copied into the arena in one piece.
 */
#include "store/sqlite.h"

#include "base/buf.h"

enum { EXPLAIN_MAX = 64u << 10, COLUMNS_MAX = 64 };

static enum err give_up(struct job *job, struct sqlite_conn *conn)
{
	return sqlite_failure(job, conn->handle, sqlite3_extended_errcode(conn->handle));
}

static int step_plain(struct sqlite_conn *conn, const char *sql)
{
	return sqlite3_exec(conn->handle, sql, NULL, NULL, NULL);
}

static struct sqlite_conn *take_place(struct sqlite_store *store, enum db_use use)
{
	struct turns *turns = use == USE_WRITE ? store->writer_turn : store->reader_turns;
	int place = turns_take(turns, STORE_WAIT_MAX_MS);
	struct sqlite_conn *conn;

	if (place < 0)
		return NULL;
	conn = use == USE_WRITE ? &store->writer : &store->readers[place];
	conn->place = place;
	conn->db.use = use;
	return conn;
}

enum err sqlite_take(struct job *job, enum db_use use, struct db **out)
{
	static const char *const begin[] = {
		[USE_READ] = "BEGIN", [USE_WRITE] = "BEGIN IMMEDIATE"
	};
	struct sqlite_conn *conn = take_place(sqlite_of(job->store), use);

	if (!conn)
		return fail(job, ERR_STORE, "the database was busy for %d seconds",
		            STORE_WAIT_MAX_MS / 1000);
	if (use != USE_STATEMENT && step_plain(conn, begin[use]) != SQLITE_OK) {
		enum err e = give_up(job, conn);

		sqlite_give(&conn->db);
		return e;
	}
	*out = &conn->db;
	return OK;
}

/* SQLite may have rolled back by itself, as it does when the disk is full. */
void sqlite_give(struct db *db)
{
	struct sqlite_store *store = sqlite_of(db->store);
	struct sqlite_conn *conn = sqlite_conn_of(db);

	if (!sqlite3_get_autocommit(conn->handle))
		step_plain(conn, "ROLLBACK");
	turns_give(db->use == USE_WRITE ? store->writer_turn : store->reader_turns, conn->place);
}

enum err sqlite_commit(struct job *job, struct db *db)
{
	struct sqlite_conn *conn = sqlite_conn_of(db);

	return step_plain(conn, "COMMIT") == SQLITE_OK ? OK : give_up(job, conn);
}

static enum err prepare(struct job *job, struct sqlite_conn *conn, const struct query *query,
                        sqlite3_stmt **out)
{
	sqlite3_stmt **kept = query->index >= 0 ? &conn->statements[query->index] : NULL;

	if (kept && *kept) {
		*out = *kept;
		return OK;
	}
	if (sqlite3_prepare_v3(conn->handle, query->sqlite, -1,
	                       kept ? SQLITE_PREPARE_PERSISTENT : 0, out, NULL) != SQLITE_OK)
		return give_up(job, conn);
	if (sqlite3_column_count(*out) > COLUMNS_MAX) {
		sqlite3_finalize(*out);
		return fail(job, ERR_BUG, "%s has more than %d columns", query->name, COLUMNS_MAX);
	}
	if (kept)
		*kept = *out;
	return OK;
}

static int bind_one(sqlite3_stmt *stmt, int at, char kind, const struct value *v)
{
	if (v->null)
		return sqlite3_bind_null(stmt, at);
	if (kind == 't')
		return sqlite3_bind_text64(stmt, at, v->s.ptr, v->s.len, SQLITE_STATIC,
		                           SQLITE_UTF8);
	if (kind == 'b')
		return sqlite3_bind_blob64(stmt, at, v->s.ptr, v->s.len, SQLITE_STATIC);
	if (kind == 'r')
		return sqlite3_bind_double(stmt, at, v->r);
	return sqlite3_bind_int64(stmt, at, v->i);
}

static int bind_all(sqlite3_stmt *stmt, const struct statement *statement)
{
	int rc = SQLITE_OK;

	for (int i = 0; rc == SQLITE_OK && statement->query->params[i]; i++)
		rc = bind_one(stmt, i + 1, statement->query->params[i], &statement->params[i]);
	return rc;
}

/* Texts still point into SQLite; their lengths are summed up. An empty one is not none, so its ptr
 * is never NULL. */
static size_t look_at_row(sqlite3_stmt *stmt, const char *kinds, struct value *v)
{
	size_t texts = 0;

	for (int i = 0; kinds[i]; i++, v++) {
		*v = (struct value){ .null = sqlite3_column_type(stmt, i) == SQLITE_NULL };
		if (v->null)
			continue;
		if (kinds[i] == 't' || kinds[i] == 'b') {
			v->s.ptr = kinds[i] == 't' ? (const char *)sqlite3_column_text(stmt, i)
						   : sqlite3_column_blob(stmt, i);
			v->s.len = (size_t)sqlite3_column_bytes(stmt, i);
			if (!v->s.ptr)
				v->s = S("");
			texts += v->s.len + 1;
		} else if (kinds[i] == 'r') {
			v->r = sqlite3_column_double(stmt, i);
		} else {
			v->i = sqlite3_column_int64(stmt, i);
		}
	}
	return texts;
}

static void give_row(struct job *job, sqlite3_stmt *stmt, const struct statement *statement)
{
	struct value values[COLUMNS_MAX];
	size_t texts = look_at_row(stmt, statement->query->columns, values);

	if (texts)
		keep_texts(job->arena, statement->query->columns, values, texts);
	if (statement->row)
		statement->row(statement->arg, job, values);
}

static enum err step_all(struct job *job, struct sqlite_conn *conn, sqlite3_stmt *stmt,
			 const struct statement *statement)
{
	int rc = bind_all(stmt, statement);

	if (rc != SQLITE_OK)
		return give_up(job, conn);
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		give_row(job, stmt, statement);
	if (rc != SQLITE_DONE)
		return give_up(job, conn);
	if (statement->changed)
		*statement->changed =
			statement->query->writes ? sqlite3_changes64(conn->handle) : 0;
	return OK;
}

enum err sqlite_run(struct job *job, struct db *db, const struct statement *statement)
{
	struct sqlite_conn *conn = sqlite_conn_of(db);
	sqlite3_stmt *stmt = NULL;
	enum err e;

	TRY(prepare(job, conn, statement->query, &stmt));
	e = step_all(job, conn, stmt, statement);
	if (statement->query->index < 0)
		sqlite3_finalize(stmt);
	else
		sqlite3_reset(stmt);
	return e;
}

enum err sqlite_script(struct job *job, struct db *db, const char *sql)
{
	struct sqlite_conn *conn = sqlite_conn_of(db);

	return step_plain(conn, sql) == SQLITE_OK ? OK : give_up(job, conn);
}

/* BEGIN IMMEDIATE holds every other process off already. */
enum err sqlite_lock_migrations(struct job *job, struct db *db)
{
	(void)job;
	(void)db;
	return OK;
}

static void add_plan_line(void *arg, struct job *job, const struct value *values)
{
	(void)job;
	buf_str(arg, values[3].s);
	buf_byte(arg, '\n');
}

enum err sqlite_explain(struct job *job, const struct query *query, str *out)
{
	struct buf text = buf_in(job->arena, EXPLAIN_MAX);
	const struct query plan = {
		.name = "explain", .index = -1, .params = "", .columns = "iiit",
		.sqlite = arena_printf(job->arena, "EXPLAIN QUERY PLAN %s", query->sqlite).ptr,
	};

	TRY(db_run(job, &plan, NULL, add_plan_line, &text, NULL));
	*out = buf_text(&text);
	return OK;
}
