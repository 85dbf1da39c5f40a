/* audit.c: /audit: newest first, the check of its chain, and as a table for other programs. */
#include "account/audit.h"
#include "api/handlers.h"

enum { EXPORT_ROWS_MAX = 10000, EXPORT_PAGE = 500, EXPORT_OCTETS_MAX = 32 << 20 };

static void write_who(struct buf *out, const struct audit_item *row)
{
	json_open_in(out, "actor", '{');
	json_put(out, "kind", row->actor_kind);
	json_put_id(out, "id", row->actor_id);
	json_put(out, "name", row->actor_name);
	json_close(out, '}');
	json_put(out, "action", row->action);
	json_open_in(out, "target", '{');
	json_put(out, "kind", row->target_kind);
	json_put_id(out, "id", row->target_id);
	json_close(out, '}');
}

static void read_time(struct job *job, const struct request *req, const char *name, int64_t *out)
{
	str text = request_query(job->arena, req, name);

	if (text.len && (!str_to_i64(text, out) || *out < 0))
		field_error(job, str_of(name), S("wrong_type"), S("Must be milliseconds."));
}

static void write_row(struct buf *out, const struct audit_item *row)
{
	json_open(out, '{');
	json_put_id(out, "id", row->id);
	json_put_int(out, "at_ms", row->at_ms);
	write_who(out, row);
	json_put(out, "reason", row->reason);
	json_put(out, "address", row->address);
	json_put_raw(out, "detail", row->detail);
	json_put(out, "hash", row->hash);
	json_close(out, '}');
}

static enum err read_filter(struct job *job, const struct request *req, struct audit_filter *out)
{
	*out = (struct audit_filter){ .actor = request_query_id(job, req, "actor_id"),
		.target = request_query_id(job, req, "target_id"),
		.action = request_query(job->arena, req, "action"),
		.target_kind = request_query(job->arena, req, "target_kind") };
	read_time(job, req, "from_ms", &out->from_ms);
	read_time(job, req, "until_ms", &out->until_ms);
	return job_check_fields(job);
}

enum err audit_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct audit_filter filter;
	struct audit_item *rows;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "audit", &page));
	TRY(read_filter(job, req, &filter));
	TRY(audit_read(job, &filter, page.after.ms, page.limit + 1, &rows, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_row(out, &rows[i]);
	json_close(out, ']');
	/* The order is the chain's own: its number goes where other lists have a time. */
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .ms = rows[page.limit - 1].seq } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- the chain ---- */

enum err audit_check(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	int64_t rows, broken_at;

	(void)req;
	TRY(audit_verify(job, job->workspace, &rows, &broken_at));
	json_open(out, '{');
	json_put_bool(out, "ok", broken_at == 0);
	json_put_int(out, "rows_checked", rows);
	if (broken_at)
		json_put_int(out, "first_broken", broken_at);
	else
		json_put_null(out, "first_broken");
	json_close(out, '}');
	return OK;
}

/* ---- as CSV (RFC 4180) ---- */

/* A sheet takes what begins like this for a formula: an apostrophe makes text of it. */
static bool looks_like_formula(str text)
{
	return text.len && memchr("=+-@\t\r", text.ptr[0], 6);
}

static void put_cell(struct buf *out, str text, char behind)
{
	buf_byte(out, '"');
	if (looks_like_formula(text))
		buf_byte(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, (uint8_t)text.ptr[i]);
	}
	buf_byte(out, '"');
	buf_byte(out, (uint8_t)behind);
}

static void put_number(struct buf *out, int64_t number)
{
	buf_i64(out, number);
	buf_byte(out, ',');
}

static void put_row(struct buf *out, const struct audit_item *row)
{
	put_number(out, row->seq);
	put_number(out, row->at_ms);
	put_cell(out, row->actor_kind, ',');
	put_number(out, row->actor_id);
	put_cell(out, row->actor_name, ',');
	put_cell(out, row->action, ',');
	put_cell(out, row->target_kind, ',');
	put_number(out, row->target_id);
	put_cell(out, row->reason, ',');
	put_cell(out, row->address, ',');
	put_cell(out, row->detail, ',');
	put_cell(out, row->hash, '\r');
	buf_byte(out, '\n');
}

/* The newest EXPORT_ROWS_MAX that fit; the times of the filter go further back. */
enum err audit_export(struct job *job, const struct request *req, struct response *res)
{
	struct buf out = buf_in(job->arena, EXPORT_OCTETS_MAX);
	struct audit_filter filter;
	struct audit_item *rows;
	size_t count = EXPORT_PAGE, all = 0;

	TRY(read_filter(job, req, &filter));
	buf_str(&out, S("seq,at_ms,actor_kind,actor_id,actor_name,action,target_kind,target_id,"
			"reason,address,detail,hash\r\n"));
	for (int64_t before = 0; count == EXPORT_PAGE && all < EXPORT_ROWS_MAX; all += count) {
		TRY(audit_read(job, &filter, before, EXPORT_PAGE, &rows, &count));
		for (size_t i = 0; i < count; i++)
			put_row(&out, &rows[i]);
		before = count ? rows[count - 1].seq : 0;
	}
	if (out.failed)
		return fail_code(job, ERR_LIMIT, S("export_too_large"),
			S("Ask for a shorter time."), "The rows are too many for one table.");
	res->type = S("text/csv; charset=utf-8");
	response_header(res, S("Content-Disposition"), S("attachment; filename=\"audit.csv\""));
	res->body = out;
	return OK;
}
