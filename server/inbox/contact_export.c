/* contact_export.c: see contact_export.h. */
#include "inbox/contact_export.h"

#include "account/audit.h"
#include "account/seal.h"
#include "base/csv.h"
#include "inbox/inbox_internal.h"
#include "inbox/media.h"
#include "store/store.h"

#include <time.h>

#define FILTER_MAX (16u << 10)
#define CLEANED_MAX 50
#define CELL_LABELS_MAX (16u << 10)

/* ---- rows ---- */

static const char *const titles[] = { "Id", "Name", "Phone", "Other numbers", "Profile name",
	"Source", "Labels", "Opted out", "Blocked", "Created", "Last message" };

enum err export_head(struct job *job, struct buf *out)
{
	struct attributes all;

	TRY(attribute_list(job, &all));
	for (size_t i = 0; i < COUNT_OF(titles); i++)
		csv_put(out, str_of(titles[i]));
	for (size_t i = 0; i < all.count; i++)
		csv_put(out, all.items[i].title);
	csv_put_end(out);
	return OK;
}

/* 2026-11-21T18:00:00Z, or nothing. */
static str time_text(struct arena *arena, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm at;

	if (!ms || !gmtime_r(&seconds, &at))
		return S("");
	return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ", at.tm_year + 1900,
		at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min, at.tm_sec);
}

static str phone_text(struct arena *arena, str digits)
{
	return digits.len ? arena_printf(arena, "+" STR_F, STR_A(digits)) : S("");
}

static str other_phones(struct arena *arena, const struct contact *c)
{
	struct buf out = buf_in(arena, CELL_LABELS_MAX);

	for (size_t i = 0; i < c->alias_count; i++) {
		if (!str_is(c->aliases[i].kind, S("phone")) ||
			str_is(c->aliases[i].value, c->phone))
			continue;
		buf_str(&out, out.len ? S(", ") : S(""));
		buf_str(&out, phone_text(arena, c->aliases[i].value));
	}
	return buf_text(&out);
}

static str label_text(struct arena *arena, const struct contact_label_rows *labels, id64 contact)
{
	struct buf out = buf_in(arena, CELL_LABELS_MAX);

	for (size_t i = 0; i < labels->count; i++) {
		if (labels->items[i].contact_id != contact)
			continue;
		buf_str(&out, out.len ? S(", ") : S(""));
		buf_str(&out, labels->items[i].name);
	}
	return buf_text(&out);
}

static void put_contact(struct arena *arena, const struct contact *c,
	const struct contact_label_rows *labels, const struct attributes *all, struct buf *out)
{
	csv_put(out, arena_printf(arena, "%lld", (long long)c->id));
	csv_put(out, c->given_name.len ? c->given_name : c->profile_name);
	csv_put(out, phone_text(arena, c->phone));
	csv_put(out, other_phones(arena, c));
	csv_put(out, c->profile_name);
	csv_put(out, c->source);
	csv_put(out, label_text(arena, labels, c->id));
	csv_put(out, c->opt_out_ms ? S("yes") : S("no"));
	csv_put(out, c->blocked_ms ? S("yes") : S("no"));
	csv_put(out, time_text(arena, c->created_ms));
	csv_put(out, time_text(arena, c->seen_ms));
	for (size_t i = 0; i < all->count; i++)
		csv_put(out, contact_value(arena, c, all->items[i].id));
	csv_put_end(out);
}

enum err export_rows(struct job *job, const struct contact_filter *filter,
	struct contact_place *place, struct buf *out, int64_t *count, bool *more)
{
	struct contact_label_rows labels = { 0 };
	struct contact_page page;
	struct attributes all;
	id64 ids[EXPORT_BATCH];

	TRY(contact_find(job, filter, place, EXPORT_BATCH, &page));
	TRY(attribute_list(job, &all));
	for (size_t i = 0; i < page.contacts.count; i++)
		ids[i] = page.contacts.items[i].id;
	if (page.contacts.count)
		TRY(sql_contact_labels(job,
			&(struct sql_contact_labels){
				id_list(job->arena, ids, page.contacts.count), job->workspace },
			&labels));
	for (size_t i = 0; i < page.contacts.count; i++)
		put_contact(job->arena, &page.contacts.items[i], &labels, &all, out);
	*count += (int64_t)page.contacts.count;
	*place = page.next;
	*more = page.has_more;
	return OK;
}

/* ---- the filter, kept ---- */

static void write_filter(const struct contact_filter *f, struct buf *out)
{
	json_open(out, '{');
	json_put(out, "query", f->query.len ? f->query : STR_NONE);
	json_put_int(out, "opted_out", f->opted_out);
	json_put_int(out, "blocked", f->blocked);
	json_put(out, "source", f->source.len ? f->source : STR_NONE);
	json_put_id(out, "label", f->label);
	json_put_id(out, "number", f->number);
	json_put_id(out, "attribute", f->attribute);
	json_put(out, "value", f->value.len ? f->value : STR_NONE);
	json_put_int(out, "created_from_ms", f->created_from_ms);
	json_put_int(out, "created_until_ms", f->created_until_ms);
	json_put_int(out, "seen_from_ms", f->seen_from_ms);
	json_put_int(out, "seen_until_ms", f->seen_until_ms);
	json_put_int(out, "sort", f->sort);
	json_close(out, '}');
}

static id64 id_of(json map, const char *key)
{
	id64 id = 0;

	return json_id(json_field(map, key), &id) ? id : 0;
}

static enum err read_filter(struct job *job, str text, struct contact_filter *out)
{
	json map;

	TRY(json_read(job->arena, text, &map, &job->why));
	*out = (struct contact_filter){
		.query = json_text_at(map, "query"),
		.opted_out = (int)json_int(json_field(map, "opted_out"), -1),
		.blocked = (int)json_int(json_field(map, "blocked"), -1),
		.source = json_text_at(map, "source"),
		.label = id_of(map, "label"),
		.number = id_of(map, "number"),
		.attribute = id_of(map, "attribute"),
		.value = json_text_at(map, "value"),
		.created_from_ms = json_int(json_field(map, "created_from_ms"), 0),
		.created_until_ms = json_int(json_field(map, "created_until_ms"), 0),
		.seen_from_ms = json_int(json_field(map, "seen_from_ms"), 0),
		.seen_until_ms = json_int(json_field(map, "seen_until_ms"), 0),
		.sort = (enum contact_sort)json_int(json_field(map, "sort"), 0),
	};
	return OK;
}

/* ---- exports as rows ---- */

static enum err export_of_row(struct job *job, const struct contact_export_row *row,
	struct contact_export *out)
{
	str filter;

	*out = (struct contact_export){ .id = row->id,
		.blob_id = row->blob_id,
		.actor_id = row->actor_id,
		.state = row->state,
		.error = row->error,
		.actor_name = row->actor_name,
		.actor_kind = (enum actor_kind)row->actor_kind,
		.rows_done = row->rows_done,
		.size_bytes = row->size_bytes,
		.created_ms = row->created_ms,
		.ended_ms = row->ended_ms };
	TRY(unseal(job, SEAL_EXPORT, row->filter_sealed, &filter));
	return read_filter(job, filter, &out->filter);
}

enum err export_get(struct job *job, id64 id, struct contact_export *out)
{
	struct contact_export_row row;

	TRY(sql_contact_export_find(job, &(struct sql_contact_export_find){ id, job->workspace },
		&row));
	return export_of_row(job, &row, out);
}

enum err export_list(struct job *job, id64 before, size_t max, struct contact_export **out,
	size_t *count)
{
	struct contact_export_rows rows;

	TRY(sql_contact_export_list(job,
		&(struct sql_contact_export_list){ job->workspace, before ? before : INT64_MAX,
			(int64_t)max },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct contact_export, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(export_of_row(job, &rows.items[i], &(*out)[i]));
	return OK;
}

enum err export_create(struct job *job, const struct contact_filter *filter,
	struct contact_export *out)
{
	struct buf text = buf_in(job->arena, FILTER_MAX);
	id64 id = job_id(job);
	bytes sealed;

	write_filter(filter, &text);
	TRY(seal(job, SEAL_EXPORT, buf_text(&text), &sealed));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_export_add(job,
		&(struct sql_contact_export_add){ .id = id,
			.workspace = job->workspace,
			.filter = sealed,
			.actor_kind = job->actor.kind,
			.actor = job->actor.id,
			.actor_name = job->actor.name.ptr ? job->actor.name : S(""),
			.now_ms = job->now_ms },
		NULL));
	TRY(audit_add(job, &(struct audit_entry){ .action = "contact_export.create",
				   .target_kind = "contact_export",
				   .target_id = id }));
	TRY(db_commit(job));
	if (contact_work_hook)
		contact_work_hook();
	return export_get(job, id, out);
}

enum err export_file(struct job *job, id64 id, struct media *out)
{
	struct contact_export export;

	TRY(export_get(job, id, &export));
	if (!export.blob_id)
		return fail_code(job, ERR_MISSING, S("no_file"), S("Export the list again."),
			"The file is not there: it is being made, or its 24 hours are over.");
	*out = (struct media){ .id = id,
		.blob_id = export.blob_id,
		.state = MEDIA_STORED,
		.mime_type = S("text/csv"),
		.file_name = S("contacts.csv"),
		.size_bytes = export.size_bytes };
	return OK;
}

/* ---- making the file ---- */

static enum err end(struct job *job, id64 id, const struct sql_contact_export_end *how)
{
	struct sql_contact_export_end row = *how;

	row.id = id;
	row.workspace = job->workspace;
	row.now_ms = job->now_ms;
	return sql_contact_export_end(job, &row, NULL);
}

static enum err save_progress(struct job *job, id64 id, int64_t rows)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_export_step(job,
		&(struct sql_contact_export_step){ id, job->workspace, rows }, NULL));
	return db_commit(job);
}

static enum err finish(struct job *job, id64 id, struct media_writer *w, int64_t rows)
{
	id64 blob;

	TRY(media_write_finish(w));
	TRY(db_begin(job, DB_WRITE));
	TRY(media_keep(w, &blob));
	TRY(end(job, id, &(struct sql_contact_export_end){ .state = S("done"),
				 .rows_done = rows,
				 .blob = blob,
				 .size_bytes = media_written(w),
				 .error = S("") }));
	return db_commit(job);
}

/* Each batch in an arena of its own, so that a list of millions needs no more memory than one. */
struct making {
	struct job *job;
	struct job batch;
	struct arena *arena;
	struct media_writer *w;
	struct contact_export export;
	struct contact_place place;
	int64_t rows;
	bool more;
};

static enum err write_batch(struct making *m, bool first)
{
	struct buf out = buf_in(m->arena, MEDIA_SIZE_MAX);

	if (first)
		TRY(export_head(&m->batch, &out));
	TRY(export_rows(&m->batch, &m->export.filter, &m->place, &out, &m->rows, &m->more));
	TRY(media_write(m->w, buf_bytes(&out)));
	return save_progress(&m->batch, m->export.id, m->rows);
}

static enum err make_batch(struct making *m, bool first)
{
	enum err e;

	job_init(&m->batch, "contact export", m->arena, m->job->store);
	m->batch.workspace = m->job->workspace;
	m->batch.actor = m->job->actor;
	e = write_batch(m, first);
	if (e != OK)
		m->job->why = arena_str(m->job->arena, m->batch.why);
	job_finish(&m->batch, e);
	return e;
}

enum err export_run(struct job *job, id64 id, bool (*goes_on)(void *arg, int64_t rows), void *arg)
{
	struct making m = { .job = job, .more = true };
	enum err e;

	TRY(export_get(job, id, &m.export));
	TRY(media_write_start(job, &m.w));
	m.arena = arena_create(ARENA_LIMIT_DEFAULT);
	e = make_batch(&m, true);
	while (e == OK && m.more && goes_on(arg, m.rows))
		e = make_batch(&m, false);
	arena_destroy(m.arena);
	TRY(e);
	return m.more ? OK : finish(job, id, m.w, m.rows);
}

enum err export_fail(struct job *job, id64 id, str why)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(end(job, id, &(struct sql_contact_export_end){ .state = S("failed"),
				 .error = why.len ? why : S("The export could not go on.") }));
	return db_commit(job);
}

static enum err forget_file(struct job *job, id64 id)
{
	struct contact_export export;
	struct blob_id_rows unused;

	TRY(export_get(job, id, &export));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_export_forget_file(job,
		&(struct sql_contact_export_forget_file){ id, job->workspace }, NULL));
	TRY(sql_contact_unused_blob(job,
		&(struct sql_contact_unused_blob){ export.blob_id, job->workspace }, &unused));
	if (unused.count)
		TRY(sql_contact_drop_blob(job,
			&(struct sql_contact_drop_blob){ export.blob_id, job->workspace }, NULL));
	return db_commit(job);
}

enum err export_clean(struct job *job)
{
	struct contact_import_busy_rows old;

	TRY(sql_contact_export_old(job,
		&(struct sql_contact_export_old){ job->now_ms - EXPORT_LIFE_MS, CLEANED_MAX },
		&old));
	for (size_t i = 0; i < old.count; i++) {
		job->workspace = old.items[i].workspace;
		TRY(forget_file(job, old.items[i].id));
	}
	job->workspace = 0;
	return OK;
}
