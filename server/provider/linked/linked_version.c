/*
 * linked_version.c: the client's version and the limit of numbers: data of the store, not of the
 * build.
 */
#include "provider/linked/linked_internal.h"

#define VERSION S("linked_version")
#define VERSION_BEFORE S("linked_version_before")
#define LIMIT S("linked_limit")
#define LIMIT_MAX 100000

static enum err get(struct job *job, id64 workspace, str name, struct setting_row *row)
{
	enum err e = sql_setting_get(job, &(struct sql_setting_get){ workspace, name }, row);

	if (e != ERR_MISSING)
		return e;
	*row = (struct setting_row){ 0 };
	job_forgive(job);
	return OK;
}

static str default_version(struct arena *arena)
{
	struct wa_version v = WA_VERSION_DEFAULT;

	return arena_printf(arena, "%u.%u.%u", v.primary, v.secondary, v.tertiary);
}

enum err linked_version(struct job *job, struct linked_version *out)
{
	struct setting_row now, before;

	TRY(get(job, 0, VERSION, &now));
	TRY(get(job, 0, VERSION_BEFORE, &before));
	*out = (struct linked_version){ .current = now.value,
		.before = before.value,
		.since_ms = now.updated_ms,
		.is_default = !now.value.len };
	if (out->is_default)
		out->current = default_version(job->arena);
	return OK;
}

enum err linked_load_version(struct job *job)
{
	struct linked_version stored;
	struct wa_version version = WA_VERSION_DEFAULT;

	TRY(linked_version(job, &stored));
	if (!wa_version_read(stored.current, &version))
		version = WA_VERSION_DEFAULT;
	linked_lock();
	linked_manager.version = version;
	linked_manager.version_number++;
	linked_unlock();
	return OK;
}

static enum err put(struct job *job, id64 workspace, str name, str value)
{
	return sql_setting_put(job,
		&(struct sql_setting_put){ workspace, name, value, job->now_ms }, NULL);
}

static enum err change(struct job *job, str version, str before)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(put(job, 0, VERSION, version));
	TRY(put(job, 0, VERSION_BEFORE, before));
	if (job->workspace)
		TRY(linked_manager.host.audit(job, "linked.version", 0,
			arena_printf(job->arena, "{\"version\":\"" STR_F "\"}", STR_A(version))));
	TRY(db_commit(job));
	return linked_load_version(job);
}

enum err linked_set_version(struct job *job, str version)
{
	struct linked_version now;
	struct wa_version read;

	if (version.len && !wa_version_read(version, &read))
		field_error(job, S("version"), S("invalid"),
			S("Three numbers with points between, like 2.3000.1045649367."));
	TRY(job_check_fields(job));
	TRY(linked_version(job, &now));
	return change(job, version, now.is_default ? S("") : now.current);
}

enum err linked_roll_back_version(struct job *job)
{
	struct linked_version now;

	TRY(linked_version(job, &now));
	return change(job, now.before, now.is_default ? S("") : now.current);
}

/* ---- the limit ---- */

enum err linked_room(struct job *job, struct linked_room *out)
{
	struct linked_total_row total;
	struct setting_row row;

	TRY(get(job, job->workspace, LIMIT, &row));
	TRY(sql_linked_number_count(job, &(struct sql_linked_number_count){ job->workspace },
		&total));
	out->used = total.total;
	if (!str_to_i64(row.value, &out->limit))
		out->limit = linked_manager.host.numbers_max;
	return OK;
}

enum err linked_set_limit(struct job *job, int64_t limit)
{
	struct linked_room room;

	if (limit < 0 || limit > LIMIT_MAX)
		field_error(job, S("limit"), S("out_of_range"), S("From 0 to 100000."));
	TRY(job_check_fields(job));
	TRY(linked_room(job, &room));
	if (room.used > limit)
		return fail_code(job, ERR_CONFLICT, S("in_use"), S("Remove numbers first."),
			"The workspace has %lld linked numbers, more than %lld.",
			(long long)room.used, (long long)limit);
	TRY(db_begin(job, DB_WRITE));
	TRY(put(job, job->workspace, LIMIT, arena_printf(job->arena, "%lld", (long long)limit)));
	TRY(linked_manager.host.audit(job, "linked.limit", 0,
		arena_printf(job->arena, "{\"limit\":%lld}", (long long)limit)));
	return db_commit(job);
}
