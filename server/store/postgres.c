/*
 * postgres.c: running statements on a connection.
 *
 * Everything travels in binary: integers as 8 octets in network order, texts and octets as they
 * are. Parameters have the types that the query declares, so the server never has to guess; columns
 * come in what types the server has.
 */
#include "store/postgres.h"

#include "base/buf.h"

#include <endian.h>
#include <stdio.h>

enum {
	PARAMS_MAX = 64,
	COLUMNS_MAX = 64,
	EXPLAIN_MAX = 64u << 10,
	OUR_PATIENCE_MS = STORE_STATEMENT_MAX_MS +
	                  2000, /* the server's own limit comes first, and says more */
	MIGRATION_MAX_MS = 4 * 3600 * 1000,
};

/* pg_type.dat: these numbers never change. */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_NAME = 19,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_TEXT = 25,
	OID_FLOAT8 = 701,
	OID_VARCHAR = 1043,
};

static enum err begin(struct job *job, struct postgres_conn *conn, enum db_use use)
{
	static const char *const words[] = {
		[USE_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		[USE_WRITE] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	};

	return use == USE_STATEMENT ? OK : postgres_plain(job, conn, words[use], OUR_PATIENCE_MS);
}

/* A pooled connection may have died since its last use (the server was restarted): then a new one,
 * once. */
static enum err begin_on_live(struct job *job, struct postgres_conn *conn, enum db_use use)
{
	if (conn->pg) {
		enum err e = begin(job, conn, use);

		if (e == OK || !conn->db.lost)
			return e;
		postgres_disconnect(conn);
	}
	TRY(postgres_connect(job, conn));
	return begin(job, conn, use);
}

enum err postgres_take(struct job *job, enum db_use use, struct db **out)
{
	struct postgres_store *store = postgres_of(job->store);
	int place = turns_take(store->turns, STORE_WAIT_MAX_MS);
	struct postgres_conn *conn;
	enum err e;

	if (place < 0)
		return fail(job, ERR_STORE, "the database was busy for %d seconds",
		            STORE_WAIT_MAX_MS / 1000);
	conn = &store->conns[place];
	conn->place = place;
	conn->db.use = use;
	conn->db.lost = false;
	e = begin_on_live(job, conn, use);
	if (e != OK) {
		postgres_give(&conn->db);
		return e;
	}
	*out = &conn->db;
	return OK;
}

static void roll_back(struct postgres_conn *conn)
{
	PGTransactionStatusType status = PQtransactionStatus(conn->pg);

	if (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)
		PQclear(PQexec(conn->pg, "ROLLBACK"));
}

void postgres_give(struct db *db)
{
	struct postgres_conn *conn = postgres_conn_of(db);

	if (conn->pg && !db->lost)
		roll_back(conn);
	if (conn->pg && (db->lost || PQtransactionStatus(conn->pg) != PQTRANS_IDLE))
		postgres_disconnect(conn);
	turns_give(postgres_of(db->store)->turns, conn->place);
}

enum err postgres_commit(struct job *job, struct db *db)
{
	return postgres_plain(job, postgres_conn_of(db), "COMMIT", OUR_PATIENCE_MS);
}

static Oid param_type(char kind)
{
	switch (kind) {
	case 't': return OID_TEXT;
	case 'b': return OID_BYTEA;
	case 'o': return OID_BOOL;
	case 'r': return OID_FLOAT8;
	default: return OID_INT8;
	}
}

struct packed {
	int count;
	Oid types[PARAMS_MAX];
	const char *values[PARAMS_MAX];
	int lengths[PARAMS_MAX], formats[PARAMS_MAX];
	uint64_t numbers[PARAMS_MAX]; /* in network order */
	uint8_t flags[PARAMS_MAX];
};

static void pack_types(struct packed *p, const char *kinds)
{
	for (p->count = 0; kinds[p->count] && p->count < PARAMS_MAX; p->count++)
		p->types[p->count] = param_type(kinds[p->count]);
}

static void pack(struct packed *p, int i, char kind, const struct value *v)
{
	p->formats[i] = 1;
	if (v->null) {
		p->values[i] = NULL;
		p->lengths[i] = 0;
	} else if (kind == 't' || kind == 'b') {
		p->values[i] = v->s.ptr;
		p->lengths[i] = (int)v->s.len;
	} else if (kind == 'o') {
		p->flags[i] = v->i != 0;
		p->values[i] = (const char *)&p->flags[i];
		p->lengths[i] = 1;
	} else {
		p->numbers[i] = htobe64((uint64_t)v->i); /* a real lies in the same place */
		p->values[i] = (const char *)&p->numbers[i];
		p->lengths[i] = 8;
	}
}

static enum err prepare(struct job *job, struct postgres_conn *conn, const struct query *query,
			const struct packed *p)
{
	PGresult *result = NULL;

	if (conn->prepared[query->index])
		return OK;
	TRY(postgres_finish(job, conn,
	                    PQsendPrepare(conn->pg, query->name, query->postgres, p->count,
	                                  p->types),
	                    OUR_PATIENCE_MS, &result));
	PQclear(result);
	conn->prepared[query->index] = true;
	return OK;
}

static enum err send_and_finish(struct job *job, struct postgres_conn *conn,
                                const struct statement *statement, PGresult **out)
{
	const struct query *query = statement->query;
	struct packed p;
	int sent;

	pack_types(&p, query->params);
	for (int i = 0; i < p.count; i++)
		pack(&p, i, query->params[i], &statement->params[i]);
	if (query->index < 0) {
		sent = PQsendQueryParams(conn->pg, query->postgres, p.count, p.types, p.values,
		                         p.lengths, p.formats, 1);
	} else {
		TRY(prepare(job, conn, query, &p));
		sent = PQsendQueryPrepared(conn->pg, query->name, p.count, p.values, p.lengths,
		                           p.formats, 1);
	}
	return postgres_finish(job, conn, sent, OUR_PATIENCE_MS, out);
}

/* How a column of this type is read as this kind: width of an integer, 0 text or octets, -1 not at
 * all. */
static int column_width(char kind, Oid type)
{
	switch (type) {
	case OID_BOOL: return kind == 'o' || kind == 'i' ? 1 : -1;
	case OID_INT2: return kind == 'o' || kind == 'i' ? 2 : -1;
	case OID_INT4: return kind == 'o' || kind == 'i' ? 4 : -1;
	case OID_INT8: return kind == 'o' || kind == 'i' ? 8 : -1;
	case OID_FLOAT8: return kind == 'r' ? 8 : -1;
	case OID_BYTEA: return kind == 'b' ? 0 : -1;
	case OID_TEXT:
	case OID_VARCHAR:
	case OID_NAME: return kind == 't' ? 0 : -1;
	default: return -1;
	}
}

static enum err check_columns(struct job *job, const PGresult *result, const struct query *query,
                              int *widths)
{
	size_t want = strlen(query->columns);

	if (want > COLUMNS_MAX || (query->columns[0] && (size_t)PQnfields(result) != want))
		return fail(job, ERR_BUG, "%s answers %d columns", query->name, PQnfields(result));
	for (int i = 0; query->columns[i]; i++) {
		widths[i] = column_width(query->columns[i], PQftype(result, i));
		if (widths[i] < 0)
			return fail(job, ERR_BUG,
			            "%s: column %s has a type (%u) that does not fit: CAST it",
			            query->name, PQfname(result, i), PQftype(result, i));
	}
	return OK;
}

static int64_t read_integer(const char *p, int width)
{
	uint64_t n = *p & 0x80 && width > 1 ? UINT64_MAX : 0;

	for (int i = 0; i < width; i++)
		n = n << 8 | (uint8_t)p[i];
	return (int64_t)n;
}

static size_t look_at_row(const PGresult *result, int row, const int *widths, const char *kinds,
                          struct value *v)
{
	size_t texts = 0;

	for (int i = 0; kinds[i]; i++, v++) {
		*v = (struct value){ .null = PQgetisnull(result, row, i) };
		if (v->null)
			continue;
		if (widths[i]) {
			v->i = read_integer(PQgetvalue(result, row, i), widths[i]);
			continue;
		}
		v->s = (str){ PQgetvalue(result, row, i), (size_t)PQgetlength(result, row, i) };
		texts += v->s.len + 1;
	}
	return texts;
}

static enum err give_rows(struct job *job, const PGresult *result,
                          const struct statement *statement)
{
	const char *kinds = statement->query->columns;
	struct value values[COLUMNS_MAX];
	int widths[COLUMNS_MAX];

	TRY(check_columns(job, result, statement->query, widths));
	for (int row = 0; statement->row && row < PQntuples(result); row++) {
		size_t texts = look_at_row(result, row, widths, kinds, values);

		if (texts)
			keep_texts(job->arena, kinds, values, texts);
		statement->row(statement->arg, job, values);
	}
	return OK;
}

enum err postgres_run(struct job *job, struct db *db, const struct statement *statement)
{
	struct postgres_conn *conn = postgres_conn_of(db);
	PGresult *result = NULL;
	int64_t changed = 0;
	enum err e;

	if (!conn->pg)
		TRY(postgres_connect(job, conn));
	TRY(send_and_finish(job, conn, statement, &result));
	e = give_rows(job, result, statement);
	str_to_i64(str_of(PQcmdTuples((PGresult *)result)), &changed);
	if (statement->changed)
		*statement->changed = statement->query->writes ? changed : 0;
	PQclear(result);
	return e;
}

enum err postgres_script(struct job *job, struct db *db, const char *sql)
{
	return postgres_plain(job, postgres_conn_of(db), sql, MIGRATION_MAX_MS);
}

/* The number is any: it names this lock among the advisory locks of the database. */
enum err postgres_lock_migrations(struct job *job, struct db *db)
{
	return postgres_script(
		job, db,
		"SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(7236267321155)");
}

static void add_plan_line(void *arg, struct job *job, const struct value *values)
{
	(void)job;
	buf_str(arg, values[0].s);
	buf_byte(arg, '\n');
}

static str list_of(struct job *job, const char *kinds, bool types)
{
	struct buf out = buf_in(job->arena, EXPLAIN_MAX);

	for (int i = 0; kinds[i]; i++) {
		const char *type = kinds[i] == 't'   ? "text"
		                   : kinds[i] == 'b' ? "bytea"
		                   : kinds[i] == 'o' ? "boolean"
		                   : kinds[i] == 'r' ? "double precision"
		                                     : "bigint";

		buf_printf(&out, "%s%s", i ? ", " : "(", types ? type : "NULL");
	}
	if (kinds[0])
		buf_byte(&out, ')');
	return buf_text(&out);
}

/* Whether its columns will be of types that we can read, before a row has come. */
static enum err describe(struct job *job, const struct query *query)
{
	struct postgres_conn *conn = postgres_conn_of(job->db);
	int widths[COLUMNS_MAX];
	PGresult *result = NULL;
	enum err e;

	TRY(postgres_finish(job, conn, PQsendDescribePrepared(conn->pg, "explained"),
		OUR_PATIENCE_MS, &result));
	e = check_columns(job, result, query, widths);
	PQclear(result);
	return e;
}

static enum err explain_in(struct job *job, const struct query *query, str *out)
{
	struct buf text = buf_in(job->arena, EXPLAIN_MAX);
	str types = list_of(job, query->params, true), nulls = list_of(job, query->params, false);
	const struct query plan = {
		.name = "explain",
		.index = -1,
		.params = "",
		.columns = "t",
		.postgres =
			arena_printf(job->arena, "EXPLAIN EXECUTE explained" STR_F, STR_A(nulls))
				.ptr,
	};
	str prepare = arena_printf(job->arena,
				   "SET LOCAL plan_cache_mode = force_generic_plan; "
				   "PREPARE explained" STR_F " AS %s",
				   STR_A(types), query->postgres);

	TRY(postgres_script(job, job->db, prepare.ptr));
	TRY(describe(job, query));
	TRY(db_run(job, &plan, NULL, add_plan_line, &text, NULL));
	*out = buf_text(&text);
	return OK;
}

/* A statement that could not be explained stays behind, prepared: then the connection goes, too. */
enum err postgres_explain(struct job *job, const struct query *query, str *out)
{
	enum err e;

	TRY(db_begin(job, DB_READ));
	e = explain_in(job, query, out);
	job->db->lost = e != OK || postgres_script(job, job->db, "DEALLOCATE explained") != OK;
	db_rollback(job);
	return e;
}
