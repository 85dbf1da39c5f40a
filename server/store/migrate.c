/*
 * migrate.c: see migrate.h.
 *
 * Each step takes the migration lock, looks again at what has been applied, does the next one and
 * records it, all in one transaction. So two processes that start together do each step once,
 * whoever comes first.
 */
#include "base/clock.h"
#include "base/log.h"
#include "store/store_internal.h"

#include <stdlib.h>

static const char create_table[] = "CREATE TABLE IF NOT EXISTS schema_migration ("
				   "version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_ms "
                                   "BIGINT NOT NULL, checksum TEXT NOT NULL)";

#define APPLIED_SQL "SELECT version, checksum FROM schema_migration ORDER BY version"
static const struct query applied_query = {
	.name = "schema_migration_list", .index = -1, .params = "", .columns = "it",
	.sqlite = APPLIED_SQL, .postgres = APPLIED_SQL,
};

#define RECORD_SQL(one, two, three, four)                                     \
	"INSERT INTO schema_migration (version, name, applied_ms, checksum) " \
	"VALUES (" one ", " two ", " three ", " four ")"
static const struct query record_query = {
	.name = "schema_migration_add",
	.index = -1,
	.writes = true,
	.params = "itit",
	.columns = "",
	.sqlite = RECORD_SQL("?1", "?2", "?3", "?4"),
	.postgres = RECORD_SQL("$1", "$2", "$3", "$4"),
};

#define VERSION_SQL "SELECT coalesce(max(version), 0) AS version FROM schema_migration"
static const struct query version_query = {
	.name = "schema_version", .index = -1, .params = "", .columns = "i",
	.sqlite = VERSION_SQL, .postgres = VERSION_SQL,
};

/* Walks the applied migrations beside ours. */
struct walk {
	const struct migrations *ours;
	size_t applied;
	int64_t unknown, changed; /* the first version that is not ours, or reads differently */
};

static void walk_row(void *arg, struct job *job, const struct value *values)
{
	struct walk *walk = arg;
	const struct migration *m = walk->ours->items + walk->applied;

	(void)job;
	if (walk->unknown || walk->changed)
		return;
	if (walk->applied >= walk->ours->count || m->version != values[0].i)
		walk->unknown = values[0].i;
	else if (!str_is(values[1].s, str_of(m->checksum)))
		walk->changed = m->version;
	else
		walk->applied++;
}

static enum err count_applied(struct job *job, const struct migrations *ours, size_t *applied)
{
	struct walk walk = { .ours = ours };

	TRY(db_run(job, &applied_query, NULL, walk_row, &walk, NULL));
	if (walk.unknown)
		return fail(job, ERR_STORE,
			"the database has migration %lld, which this version of Parley does not "
		        "know: "
			"start the newer version",
			(long long)walk.unknown);
	if (walk.changed)
		return fail(job, ERR_STORE,
		            "migration %lld was changed after it had been applied to this database",
		            (long long)walk.changed);
	*applied = walk.applied;
	return OK;
}

static enum err record(struct job *job, const struct migration *m)
{
	const struct value params[] = {
		value_int(m->version), value_text(str_of(m->name)), value_int(clock_now_ms()),
		value_text(str_of(m->checksum)),
	};

	return db_run(job, &record_query, params, NULL, NULL, NULL);
}

static enum err lock_and_count(struct job *job, const struct migrations *ours, size_t *applied)
{
	const struct driver *driver = job->store->driver;

	TRY(db_begin(job, DB_WRITE));
	TRY(driver->lock_migrations(job, job->db));
	TRY(driver->script(job, job->db, create_table));
	return count_applied(job, ours, applied);
}

/* One transaction: the next migration, if one is due. */
static enum err step(struct job *job, const struct migrations *ours, bool *more)
{
	const struct driver *driver = job->store->driver;
	size_t applied;

	TRY(lock_and_count(job, ours, &applied));
	*more = applied < ours->count;
	if (*more) {
		const struct migration *m = ours->items + applied;

		TRY(driver->script(job, job->db, driver->is_sqlite ? m->sqlite : m->postgres));
		TRY(record(job, m));
	}
	return db_commit(job);
}

static enum err backup_if_due(struct job *job, const struct migrations *ours)
{
	size_t applied;

	TRY(lock_and_count(job, ours, &applied));
	TRY(db_commit(job));
	if (!applied || applied == ours->count || !ours->backup_folder)
		return OK;
	return job->store->driver->backup(job, ours->backup_folder, ours->items[applied].version);
}

static enum err migrate(struct job *job, const struct migrations *ours)
{
	bool more = true;
	size_t steps = 0;

	TRY(backup_if_due(job, ours));
	while (more) {
		TRY(step(job, ours, &more));
		steps += more;
	}
	if (steps)
		log_info("store: %zu migrations applied", steps);
	return OK;
}

enum err store_migrate(struct job *job, const struct migrations *migrations)
{
	enum err e = migrate(job, migrations);

	db_rollback(job);
	return e;
}

static void take_version(void *arg, struct job *job, const struct value *values)
{
	(void)job;
	*(int64_t *)arg = values[0].i;
}

int64_t store_version(struct job *job)
{
	int64_t version = 0;

	if (db_run(job, &version_query, NULL, take_version, &version, NULL) != OK)
		job_forgive(job);
	return version;
}
