/*
 * contact_files.c: /contact-imports and /contact-exports: files of contacts in and out.
 *
 * What takes long is done by jobs/contact_work.c and told live; a list may also be streamed by one
 * request, which reads it in batches as the asker takes them.
 */
#include "account/account.h"
#include "api/contact_json.h"
#include "api/handlers.h"
#include "api/message_json.h"
#include "base/csv.h"
#include "base/log.h"
#include "inbox/contact_export.h"
#include "inbox/contact_import.h"
#include "inbox/media.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define EVENT_MAX (64u << 10)
#define PROBLEMS_MAX 200000
#define STREAM_PIECE_MAX (4u << 20)

/* ---- shapes ---- */

static void write_actor(struct buf *out, id64 id, str name)
{
	json_open_in(out, "by", '{');
	json_put_id(out, "id", id);
	json_put(out, "name", name);
	json_close(out, '}');
}

static void write_import(struct buf *out, const struct contact_import *import, bool whole)
{
	json_open(out, '{');
	json_put_id(out, "id", import->id);
	json_put(out, "state", import->state);
	json_put(out, "file_name", import->file_name);
	json_put_int(out, "size_bytes", import->size_bytes);
	json_put_int(out, "rows_total", import->rows_total);
	json_put_int(out, "rows_done", import->rows_done);
	json_put_int(out, "made", import->made);
	json_put_int(out, "changed", import->changed);
	json_put_int(out, "skipped", import->skipped);
	json_put_int(out, "wrong", import->wrong);
	json_put_int(out, "undone", import->undone);
	json_put_int(out, "kept", import->kept);
	json_put(out, "error", import->error.len ? import->error : STR_NONE);
	write_actor(out, import->actor_id, import->actor_name);
	json_put_int(out, "created_ms", import->created_ms);
	json_put_ms(out, "ended_ms", import->ended_ms);
	if (whole) {
		json_put_raw(out, "shape", import->shape);
		json_put_raw(out, "plan", import->plan);
	}
	json_close(out, '}');
}

static void write_export(struct job *job, struct buf *out, const struct contact_export *export)
{
	json_open(out, '{');
	json_put_id(out, "id", export->id);
	json_put(out, "state", export->state);
	json_put_int(out, "rows_done", export->rows_done);
	json_put_int(out, "size_bytes", export->size_bytes);
	json_put(out, "url",
		export->blob_id ? arena_printf(job->arena, "/api/v1/contact-exports/%lld/file",
					  (long long)export->id)
				: STR_NONE);
	json_put(out, "error", export->error.len ? export->error : STR_NONE);
	write_actor(out, export->actor_id, export->actor_name);
	json_put_int(out, "created_ms", export->created_ms);
	json_put_ms(out, "ended_ms", export->ended_ms);
	json_close(out, '}');
}

static enum err reply_import(struct job *job, struct response *res, int status, id64 id)
{
	struct contact_import import;

	TRY(import_get(job, id, &import));
	write_import(reply_json(res, status), &import, true);
	return OK;
}

/* A file has all contacts in it, or may change any: its work is not for who sees a part of them. */
static enum err check_sees_all(struct job *job)
{
	return needs_whole_inbox(job, S("Ask an admin for the list."),
		"Only somebody who sees all conversations may bring contacts in or take them out.");
}

/* ---- imports ---- */

static enum err read_file(struct job *job, const struct request *req, bytes *out)
{
	int64_t size = req->body_path ? req->body_size : (int64_t)req->body.len;
	uint8_t *data;
	int fd;
	ssize_t n = 0;
	size_t at = 0;

	*out = req->body;
	if (!req->body_path)
		return OK;
	fd = open(req->body_path, O_RDONLY | O_CLOEXEC);
	data = arena_alloc(job->arena, (size_t)size + 1);
	while (fd >= 0 && at < (size_t)size && ((n = read(fd, data + at, (size_t)size - at)) > 0 ||
						       (n < 0 && errno == EINTR)))
		at += n > 0 ? (size_t)n : 0;
	if (fd >= 0)
		close(fd);
	*out = (bytes){ data, at };
	return at == (size_t)size ? OK : fail(job, ERR_STORE, "the upload cannot be read");
}

enum err contact_imports_post(struct job *job, const struct request *req, struct response *res)
{
	struct contact_import import;
	bytes file;

	TRY(check_sees_all(job));
	TRY(read_file(job, req, &file));
	TRY(import_create(job, file, request_query(job->arena, req, "file_name"), &import));
	write_import(reply_json(res, 201), &import, true);
	return OK;
}

enum err contact_imports_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_import *items;
	struct page page;
	size_t count;

	TRY(check_sees_all(job));
	TRY(page_read(job, req, "contact-imports", &page));
	TRY(import_list(job, page.after.id, page.limit + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_import(out, &items[i], false);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err contact_imports_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	return reply_import(job, res, 200, id);
}

struct plan_body { json columns, label_ids; str existing; };

static const struct field plan_fields[] = {
	FIELD(struct plan_body, columns, JSON, .required = true),
	FIELD(struct plan_body, label_ids, JSON),
	FIELD(struct plan_body, existing, STR, .max = 10),
	{ 0 },
};

static enum err start(struct job *job, const struct request *req, struct response *res,
	bool in_earnest)
{
	struct plan_body body = { 0 };
	json plan;
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, plan_fields, &body));
	TRY(request_body(job, req, &plan));
	TRY(import_start(job, id, plan, in_earnest));
	return reply_import(job, res, 202, id);
}

enum err contact_imports_check(struct job *job, const struct request *req, struct response *res)
{
	return start(job, req, res, false);
}

enum err contact_imports_run(struct job *job, const struct request *req, struct response *res)
{
	return start(job, req, res, true);
}

enum err contact_imports_undo(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(import_undo(job, id));
	return reply_import(job, res, 202, id);
}

enum err contact_imports_cancel(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(import_cancel(job, id));
	return reply_import(job, res, 200, id);
}

static void as_file(struct response *res, str name, str type)
{
	response_header(res, S("Content-Disposition"), name);
	response_header(res, S("Cache-Control"), S("private, no-store"));
	res->type = type;
}

enum err contact_imports_sample(struct job *job, const struct request *req, struct response *res)
{
	struct attributes all;

	(void)req;
	TRY(attribute_list(job, &all));
	res->status = 200;
	csv_put(&res->body, S("Phone"));
	csv_put(&res->body, S("Name"));
	csv_put(&res->body, S("Labels"));
	csv_put(&res->body, S("Opted out"));
	csv_put(&res->body, S("Note"));
	for (size_t i = 0; i < all.count; i++)
		csv_put(&res->body, all.items[i].title);
	csv_put_end(&res->body);
	csv_put(&res->body, S("+12025550142"));
	csv_put(&res->body, S("Ana Example"));
	csv_put(&res->body, S("vip, newsletter"));
	csv_put(&res->body, S("no"));
	csv_put(&res->body, S("Met at the fair"));
	for (size_t i = 0; i < all.count; i++)
		csv_put(&res->body, S(""));
	csv_put_end(&res->body);
	as_file(res, S("attachment; filename=\"contacts-sample.csv\""),
		S("text/csv; charset=utf-8"));
	return OK;
}

static str column_title(json shape, int64_t index)
{
	return index < 0 ? S("")
			 : json_text_at(json_at(json_field(shape, "columns"), (size_t)index),
				   "title");
}

enum err contact_imports_problems(struct job *job, const struct request *req, struct response *res)
{
	struct contact_import_problem_rows rows;
	struct contact_import import;
	bool as_csv = request_query_flag(job, req, "csv");
	struct buf *out = as_csv ? &res->body : reply_json(res, 200);
	struct page page;
	json shape;
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(import_get(job, id, &import));
	TRY(json_read(job->arena, import.shape, &shape, &job->why));
	TRY(page_read(job, req, "contact-import-problems", &page));
	TRY(sql_contact_import_problem_list(job,
		&(struct sql_contact_import_problem_list){ .import = id,
			.workspace = job->workspace,
			.after_row = page.after.ms,
			.after_column = page.after.ms ? page.after.id - 2 : -2,
			.max = as_csv ? PROBLEMS_MAX : (int64_t)page.limit + 1 },
		&rows));
	if (as_csv) {
		res->status = 200;
		csv_put(out, S("Row"));
		csv_put(out, S("Column"));
		csv_put(out, S("What is wrong"));
		csv_put_end(out);
		for (size_t i = 0; i < rows.count; i++) {
			csv_put(out, arena_printf(job->arena, "%lld",
					     (long long)rows.items[i].row_number));
			csv_put(out, column_title(shape, rows.items[i].column_index));
			csv_put(out, rows.items[i].sentence);
			csv_put_end(out);
		}
		as_file(res, S("attachment; filename=\"import-problems.csv\""),
			S("text/csv; charset=utf-8"));
		return OK;
	}
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count && i < page.limit; i++) {
		json_open(out, '{');
		json_put_int(out, "row", rows.items[i].row_number);
		json_put(out, "column", column_title(shape, rows.items[i].column_index));
		json_put(out, "code", rows.items[i].code);
		json_put(out, "message", rows.items[i].sentence);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		rows.count > page.limit
			? &(struct cursor){ rows.items[page.limit - 1].row_number,
				  rows.items[page.limit - 1].column_index + 2 }
			: NULL));
	json_close(out, '}');
	return OK;
}

/* ---- exports ---- */

enum err contact_exports_post(struct job *job, const struct request *req, struct response *res)
{
	struct contact_export export;
	struct contact_filter filter;

	TRY(check_sees_all(job));
	TRY(contact_filter_read(job, req, &filter));
	TRY(export_create(job, &filter, &export));
	write_export(job, reply_json(res, 202), &export);
	return OK;
}

enum err contact_exports_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_export *items;
	struct page page;
	size_t count;

	TRY(check_sees_all(job));
	TRY(page_read(job, req, "contact-exports", &page));
	TRY(export_list(job, page.after.id, page.limit + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_export(job, out, &items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err contact_exports_get(struct job *job, const struct request *req, struct response *res)
{
	struct contact_export export;
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(export_get(job, id, &export));
	write_export(job, reply_json(res, 200), &export);
	return OK;
}

enum err contact_exports_file(struct job *job, const struct request *req, struct response *res)
{
	struct media_reader *reader;
	struct media media;
	id64 id;

	TRY(check_sees_all(job));
	TRY(request_id(job, req, 0, &id));
	TRY(export_file(job, id, &media));
	TRY(media_read_start(job, &media, 0, media.size_bytes, &reader));
	res->status = 200;
	res->next = media_read;
	res->next_done = media_read_end;
	res->next_arg = reader;
	res->next_size = media.size_bytes;
	as_file(res, S("attachment; filename=\"contacts.csv\""), S("text/csv; charset=utf-8"));
	return OK;
}

/* A list on its way: each pull reads on when what was read is sent. */
struct stream {
	struct store *store;
	struct arena *arena, *kept; /* of a batch; of the filter, and who asked */
	struct actor actor;
	id64 workspace;
	struct contact_filter filter;
	struct contact_place place;
	struct buf piece;
	size_t sent;
	bool more;
};

static enum err read_on(struct stream *s)
{
	struct job job;
	int64_t count = 0;
	enum err e;

	job_init(&job, "contact stream", s->arena, s->store);
	job.workspace = s->workspace;
	job.actor = s->actor;
	buf_clear(&s->piece);
	s->sent = 0;
	e = export_rows(&job, &s->filter, &s->place, &s->piece, &count, &s->more);
	job_finish(&job, e);
	return s->piece.failed ? ERR_LIMIT : e;
}

static ptrdiff_t stream_next(void *arg, uint8_t *out, size_t max)
{
	struct stream *s = arg;
	size_t n;

	while (s->sent == s->piece.len && s->more)
		if (read_on(s) != OK)
			return -1;
	n = s->piece.len - s->sent < max ? s->piece.len - s->sent : max;
	if (n)
		memcpy(out, s->piece.ptr + s->sent, n);
	s->sent += n;
	return (ptrdiff_t)n;
}

static void stream_done(void *arg)
{
	struct stream *s = arg;

	buf_done(&s->piece);
	arena_destroy(s->arena);
	arena_destroy(s->kept);
	heap_free(s);
}

static struct stream *open_stream(struct job *job, const struct contact_filter *filter)
{
	struct stream *s = HEAP_NEW(struct stream);

	s->store = job->store;
	s->arena = arena_create(ARENA_LIMIT_DEFAULT);
	s->kept = arena_create(ARENA_LIMIT_DEFAULT);
	s->workspace = job->workspace;
	s->actor = job->actor;
	s->actor.name = arena_str(s->kept, job->actor.name);
	s->actor.address = arena_str(s->kept, job->actor.address);
	s->filter = *filter;
	s->filter.query = arena_str(s->kept, filter->query);
	s->filter.source = arena_str(s->kept, filter->source);
	s->filter.value = arena_str(s->kept, filter->value);
	s->piece = buf_heap(STREAM_PIECE_MAX);
	s->more = true;
	return s;
}

enum err contacts_csv(struct job *job, const struct request *req, struct response *res)
{
	struct contact_filter filter;
	struct stream *s;
	enum err e;

	TRY(check_sees_all(job));
	TRY(contact_filter_read(job, req, &filter));
	s = open_stream(job, &filter);
	e = export_head(job, &s->piece);
	if (e != OK) {
		stream_done(s);
		return e;
	}
	res->status = 200;
	res->next = stream_next;
	res->next_done = stream_done;
	res->next_arg = s;
	res->next_size = -1;
	as_file(res, S("attachment; filename=\"contacts.csv\""), S("text/csv; charset=utf-8"));
	return OK;
}

/* ---- told live ---- */

static enum err tell(struct job *job, bool is_import, id64 id)
{
	struct buf data = buf_in(job->arena, EVENT_MAX);
	struct contact_import import;
	struct contact_export export;
	struct live_app app;

	TRY(live_app_get(job, &app));
	json_open(&data, '{');
	json_key(&data, is_import ? "import" : "export");
	if (is_import) {
		TRY(import_get(job, id, &import));
		write_import(&data, &import, false);
	} else {
		TRY(export_get(job, id, &export));
		write_export(job, &data, &export);
	}
	json_close(&data, '}');
	api_publish(app.key,
		arena_printf(job->arena, "private-workspace-%lld", (long long)job->workspace),
		is_import ? S("contact_import.updated") : S("contact_export.updated"),
		buf_text(&data));
	return OK;
}

void api_tell_contact_work(struct job *job, bool is_import, id64 id)
{
	enum err e = api_publish ? tell(job, is_import, id) : OK;

	if (e != OK)
		log_warn("progress was not told: %s", err_name(e));
	if (e != OK)
		job_forgive(job);
}
