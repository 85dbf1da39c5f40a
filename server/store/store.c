/*
 * store.c: the rules that hold on both databases; see store.h. What differs is in the drivers.
 */
#include "store/store_internal.h"

#include "base/clock.h"

#include <assert.h>

enum { MANY_FIRST = 16 };

/* Before main, so before any thread. */
[[gnu::constructor]] static void set_rollback_hook(void)
{
	job_rollback_hook = db_rollback;
}

static enum err open_driver(struct job *job, const struct store_config *config, struct store **out)
{
	str url = str_of(config->url);

	if (config->connections > STORE_CONNECTIONS_MAX)
		return fail(job, ERR_INPUT, "at most %d connections", STORE_CONNECTIONS_MAX);
	if (str_starts(url, S("sqlite:")))
		return sqlite_store_open(job, config, config->url + strlen("sqlite:"), out);
	if (str_starts(url, S("postgresql://")) || str_starts(url, S("postgres://")))
		return postgres_store_open(job, config, out);
	return fail(job, ERR_INPUT, "the database address begins with sqlite: or postgresql://");
}

static enum err open_and_migrate(struct job *job, const struct store_config *config,
				 const struct migrations *migrations)
{
	TRY(open_driver(job, config, &job->store));
	return store_migrate(job, migrations);
}

enum err store_open_with(struct arena *arena, const struct store_config *config,
                         const struct migration *migrations, size_t count, struct store **out,
                         str *why)
{
	struct job job;
	enum err e;

	job_init(&job, "store_open", arena, NULL);
	e = open_and_migrate(&job, config,
	                     &(struct migrations){ migrations, count, config->backup_folder });
	job_release(&job);
	*why = job.why;
	*out = job.store;
	if (e != OK) {
		store_close(job.store);
		*out = NULL;
	}
	return e;
}

void keep_texts(struct arena *arena, const char *kinds, struct value *v, size_t size)
{
	char *p = arena_alloc(arena, size);

	for (int i = 0; kinds[i]; i++, v++)
		if (v->s.ptr) {
			memcpy(p, v->s.ptr, v->s.len);
			v->s.ptr = p;
			p += v->s.len + 1;
		}
}

enum err store_open(struct arena *arena, const struct store_config *config, struct store **out,
                    str *why)
{
	return store_open_with(arena, config, store_migrations, store_migration_count, out, why);
}

void store_close(struct store *store)
{
	if (store)
		store->driver->close(store);
}

bool store_is_sqlite(const struct store *store)
{
	return store->driver->is_sqlite;
}

/* Everything that leaves the store passes here, so that a database in trouble shows in the figures.
 */
static enum err counted(struct job *job, enum err e)
{
	if (e == ERR_STORE)
		atomic_fetch_add_explicit(&job->store->errors, 1, memory_order_relaxed);
	return e;
}

enum err db_begin(struct job *job, enum db_mode mode)
{
	int64_t start_us = clock_monotonic_us();
	struct store *store = job->store;

	assert(!job->db);
	TRY(counted(job,
	            store->driver->take(job, mode == DB_WRITE ? USE_WRITE : USE_READ, &job->db)));
	job->db->failed = false;
	if (mode == DB_WRITE)
		atomic_fetch_add_explicit(&store->write_wait_us, clock_monotonic_us() - start_us,
		                          memory_order_relaxed);
	else
		atomic_fetch_add_explicit(&store->reads, 1, memory_order_relaxed);
	return OK;
}

void db_rollback(struct job *job)
{
	struct db *db = job->db;

	if (!db)
		return;
	job->db = NULL;
	job->audit = NULL;
	db->store->driver->give(db);
}

static enum err transaction_dead(struct job *job)
{
	return fail(job, ERR_BUG, "the transaction goes on after a statement of it failed");
}

enum err db_commit(struct job *job)
{
	struct db *db = job->db;
	enum err e;

	assert(db);
	e = db->failed ? transaction_dead(job) : counted(job, db->store->driver->commit(job, db));
	if (e == OK && db->use == USE_WRITE)
		atomic_fetch_add_explicit(&db->store->writes, 1, memory_order_relaxed);
	db_rollback(job);
	return e;
}

static enum err run_in(struct job *job, struct db *db, const struct statement *statement)
{
	enum err e;

	if (db->failed)
		return transaction_dead(job);
	assert(!statement->query->writes || db->use == USE_WRITE);
	e = counted(job, db->store->driver->run(job, db, statement));
	db->failed = e != OK;
	return e;
}

static enum err run_once(struct job *job, const struct statement *statement, bool *lost)
{
	struct store *store = job->store;
	struct db *db;
	enum err e;

	TRY(store->driver->take(job, USE_STATEMENT, &db));
	db->failed = db->lost = false;
	e = store->driver->run(job, db, statement);
	*lost = db->lost;
	store->driver->give(db);
	return e;
}

/* A pooled connection may have died since its last use: a reading statement is asked once more, on
 * another one. */
static enum err run_alone(struct job *job, const struct statement *statement)
{
	bool lost = false;
	enum err e;

	assert(!statement->query->writes);
	e = run_once(job, statement, &lost);
	if (e == ERR_STORE && lost)
		e = run_once(job, statement, &lost);
	atomic_fetch_add_explicit(&job->store->reads, 1, memory_order_relaxed);
	return counted(job, e);
}

enum err db_run(struct job *job, const struct query *query, const struct value *params, row_fn *row,
                void *arg, int64_t *changed)
{
	const struct statement statement = { query, params, row, arg, changed };

	return job->db ? run_in(job, job->db, &statement) : run_alone(job, &statement);
}

struct one {
	row_read_fn *read;
	void *out;
	bool found;
};

static void take_one(void *arg, struct job *job, const struct value *values)
{
	struct one *one = arg;

	(void)job;
	if (!one->found)
		one->read(one->out, values);
	one->found = true;
}

enum err query_one(struct job *job, const struct query *query, const struct value *params,
                   row_read_fn *read, void *out)
{
	struct one one = { .read = read, .out = out };

	TRY(db_run(job, query, params, take_one, &one, NULL));
	return one.found ? OK : ERR_MISSING;
}

struct many {
	const struct query_rows *rows;
	char *items;
	size_t count, room;
};

static void take_many(void *arg, struct job *job, const struct value *values)
{
	struct many *many = arg;
	size_t size = many->rows->row_size;

	if (many->count == many->room) {
		many->room = many->room ? many->room * 2 : MANY_FIRST;
		many->items =
			arena_grow(job->arena, many->items, many->count * size, many->room * size);
	}
	many->rows->read(many->items + many->count++ * size, values);
}

enum err query_many(struct job *job, const struct query *query, const struct value *params,
		    const struct query_rows *rows)
{
	struct many many = { .rows = rows };

	TRY(db_run(job, query, params, take_many, &many, NULL));
	*rows->items = many.items;
	*rows->count = many.count;
	return OK;
}

/* Writes a row over itself: enough to send a page to disk and to wait for it. */
enum err store_probe(struct job *job)
{
	static const struct query probe = {
		.name = "store_probe",
		.index = OWN_PROBE,
		.writes = true,
		.params = "",
		.columns = "",
		.sqlite = "UPDATE schema_migration SET applied_ms = applied_ms WHERE version = 1",
		.postgres = "UPDATE schema_migration SET applied_ms = applied_ms WHERE version = 1",
	};
	enum err e;

	TRY(db_begin(job, DB_WRITE));
	e = db_run(job, &probe, NULL, NULL, NULL, NULL);
	if (e != OK) {
		db_rollback(job);
		return e;
	}
	return db_commit(job);
}

int64_t store_bytes(struct job *job)
{
	return job->store->driver->bytes(job);
}

void store_figures(struct store *store, struct store_figures *out)
{
	*out = (struct store_figures){
		.writes = store->writes,
		.reads = store->reads,
		.write_wait_us = store->write_wait_us,
		.busy_readers = store->driver->readers_in_use(store),
		.waiting = store->driver->waiting(store),
		.errors = store->errors,
	};
}

enum err store_explain(struct job *job, const char *query_name, str *out)
{
	for (size_t i = 0; i < store_query_count; i++)
		if (strcmp(store_queries[i].name, query_name) == 0)
			return job->store->driver->explain(job, &store_queries[i], out);
	return fail(job, ERR_MISSING, "there is no query %s", query_name);
}

static bool is_token(str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!(word.ptr[i] >= 'a' && word.ptr[i] <= 'z') &&
		    !(word.ptr[i] >= '0' && word.ptr[i] <= '9'))
			return false;
	return word.len > 0 && word.len <= SEARCH_TOKEN_MAX;
}

bool search_next(str *tokens, str *out)
{
	while (tokens->len) {
		*out = str_split(tokens, ' ');
		if (is_token(*out))
			return true;
	}
	return false;
}

enum err search_add(struct job *job, id64 workspace, id64 message, str tokens)
{
	assert(job->db && job->db->use == USE_WRITE);
	return job->store->driver->search_add(job, &(struct search){ workspace, message, tokens });
}

enum err search_remove(struct job *job, id64 workspace, id64 message, str tokens)
{
	assert(job->db && job->db->use == USE_WRITE);
	return job->store->driver->search_remove(job,
	                                         &(struct search){ workspace, message, tokens });
}

enum err search_find(struct job *job, id64 workspace, str tokens, id64 before, id64 *out,
                     size_t max, size_t *count)
{
	*count = 0;
	return job->store->driver->search_find(job, &(struct search){ .workspace = workspace,
	                                                              .tokens = tokens,
	                                                              .before = before,
	                                                              .out = out,
	                                                              .max = max,
	                                                              .count = count });
}
