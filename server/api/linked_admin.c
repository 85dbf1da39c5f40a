/*
 * linked_admin.c: /admin/linked-numbers: the linked numbers of all workspaces, for the people who
 * run the server.
 *
 * They are named in the settings, by e-mail address (PERMIT_SERVER_ADMIN): no workspace can make
 * one. The job leaves its own workspace for that of the number it acts on, whose audit trail tells
 * of it.
 */
#include "account/account.h"
#include "api/handlers.h"
#include "api/linked_json.h"
#include "base/csv.h"

#define CSV_MAX (4u << 20)
#define FILTER_MAX 100

static str server_admins;

void api_set_server_admins(const char *addresses)
{
	server_admins = str_of(addresses);
}

bool api_is_server_admin(str email)
{
	str rest = server_admins;

	while (rest.len)
		if (str_is_nocase(str_trim(str_split(&rest, ',')), email))
			return email.len > 0;
	return false;
}

/* ---- all of them ---- */

struct admin_filter { int state; id64 workspace; str words; };

struct admin_row { struct linked_number number; str workspace; };

static enum err read_filter(struct job *job, const struct request *req, struct admin_filter *out)
{
	const char *names[LINKED_STATES];

	for (size_t i = 0; i < LINKED_STATES; i++)
		names[i] = linked_state_name((enum linked_state)i);
	out->state = request_query_word(job, req, "state", names, LINKED_STATES, -1);
	out->workspace = request_query_id(job, req, "workspace_id");
	out->words = request_query(job->arena, req, "query");
	if (str_count_points(out->words) > FILTER_MAX)
		field_error(job, S("query"), S("too_long"), S("At most 100 characters."));
	return job_check_fields(job);
}

static bool has_nocase(str text, str word)
{
	for (size_t i = 0; i + word.len <= text.len; i++)
		if (str_is_nocase(str_part(text, i, word.len), word))
			return true;
	return false;
}

static bool fits(const struct admin_filter *f, const struct admin_row *row)
{
	const struct linked_number *n = &row->number;
	str digits = str_starts(f->words, S("+")) ? str_part(f->words, 1, SIZE_MAX) : f->words;

	if ((f->state >= 0 && n->state != (enum linked_state)f->state) ||
		(f->workspace && n->workspace != f->workspace))
		return false;
	return f->words.len == 0 || has_nocase(n->name, f->words) ||
		has_nocase(row->workspace, f->words) || has_nocase(n->phone, digits);
}

/* Whatever workspace the asker is of. */
static enum err in_workspace(struct job *job, id64 workspace,
	enum err (*work)(struct job *, void *), void *arg)
{
	id64 own = job->workspace;
	enum err e;

	job->workspace = workspace;
	e = work(job, arg);
	job->workspace = own;
	return e;
}

static enum err list_all(struct job *job, void *arg)
{
	struct { struct linked_number *items; size_t count; } *out = arg;

	return linked_list(job, &out->items, &out->count);
}

static enum err read_name(struct job *job, void *arg)
{
	struct workspace workspace;

	TRY(workspace_get(job, &workspace));
	*(str *)arg = workspace.name;
	return OK;
}

/* Those that fit; the names of workspaces are asked for once in a row. */
static enum err find_rows(struct job *job, const struct admin_filter *filter,
	struct admin_row **out, size_t *count)
{
	struct { struct linked_number *items; size_t count; } all;
	struct admin_row row = { .workspace = S("") };
	id64 named = 0;

	TRY(in_workspace(job, 0, list_all, &all));
	*out = ARENA_ARRAY(job->arena, struct admin_row, all.count + 1);
	*count = 0;
	for (size_t i = 0; i < all.count; i++) {
		row.number = all.items[i];
		if (row.number.workspace != named)
			TRY(in_workspace(job, row.number.workspace, read_name, &row.workspace));
		named = row.number.workspace;
		if (fits(filter, &row))
			(*out)[(*count)++] = row;
	}
	return OK;
}

struct writing { struct buf *out; const struct linked_number *number; };

static enum err write_number(struct job *job, void *arg)
{
	const struct writing *w = arg;

	return linked_number_write_json(job, w->out, "number", w->number);
}

static enum err write_row(struct job *job, struct buf *out, const struct admin_row *row)
{
	struct writing w = { out, &row->number };

	json_open(out, '{');
	json_open_in(out, "workspace", '{');
	json_put_id(out, "id", row->number.workspace);
	json_put(out, "name", row->workspace);
	json_close(out, '}');
	TRY(in_workspace(job, row->number.workspace, write_number, &w));
	json_close(out, '}');
	return OK;
}

enum err admin_linked_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct admin_filter filter;
	struct admin_row *rows;
	size_t count;

	TRY(read_filter(job, req, &filter));
	TRY(find_rows(job, &filter, &rows, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		TRY(write_row(job, out, &rows[i]));
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* ---- as a table ---- */

static void put_number(struct job *job, struct buf *out, int64_t number)
{
	csv_put(out, arena_printf(job->arena, "%lld", (long long)number));
}

static void put_csv_row(struct job *job, struct buf *out, const struct admin_row *row)
{
	const struct linked_number *n = &row->number;

	put_number(job, out, n->workspace);
	csv_put(out, row->workspace);
	put_number(job, out, n->channel);
	csv_put(out, n->name);
	csv_put(out, n->phone);
	csv_put(out, str_of(linked_state_name(n->state)));
	csv_put(out, n->reason);
	csv_put(out, n->is_primary ? S("yes") : S("no"));
	put_number(job, out, n->score);
	put_number(job, out, n->since_ms);
	put_number(job, out, n->last_seen_ms);
	put_number(job, out, n->paired_ms);
	put_number(job, out, n->proof.drops);
	put_number(job, out, n->proof.sent);
	put_number(job, out, n->proof.failed);
	put_number(job, out, n->record_bytes);
	csv_put_end(out);
}

enum err admin_linked_csv(struct job *job, const struct request *req, struct response *res)
{
	static const char *const columns[] = { "workspace_id", "workspace", "id", "name",
		"phone_number", "state", "reason", "primary", "score", "since_ms", "last_seen_ms",
		"paired_ms", "drops_24h", "sent_24h", "failed_24h", "record_bytes" };
	struct buf out = buf_in(job->arena, CSV_MAX);
	struct admin_filter filter;
	struct admin_row *rows;
	size_t count;

	TRY(read_filter(job, req, &filter));
	TRY(find_rows(job, &filter, &rows, &count));
	for (size_t i = 0; i < COUNT_OF(columns); i++)
		csv_put(&out, str_of(columns[i]));
	csv_put_end(&out);
	for (size_t i = 0; i < count; i++)
		put_csv_row(job, &out, &rows[i]);
	res->type = S("text/csv; charset=utf-8");
	response_header(res, S("Content-Disposition"),
		S("attachment; filename=\"linked-numbers.csv\""));
	res->body = out;
	return OK;
}

/* ---- many at once, and limits ---- */

struct bulk_one { const struct linked_bulk_body *body; struct linked_outcome *outcome; };

static enum err do_one(struct job *job, void *arg)
{
	const struct bulk_one *one = arg;
	id64 channel = one->outcome->channel;

	return linked_bulk_do(job, one->body, &channel, 1, one->outcome);
}

static id64 workspace_of(const struct admin_row *rows, size_t count, id64 channel)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].number.channel == channel)
			return rows[i].number.workspace;
	return 0;
}

static enum err act_on(struct job *job, const struct linked_bulk_body *body, id64 workspace,
	struct linked_outcome *outcome)
{
	struct bulk_one one = { body, outcome };

	if (workspace)
		return in_workspace(job, workspace, do_one, &one);
	outcome->err = ERR_MISSING;
	outcome->why = S("There is no such number.");
	outcome->next_step = S("Load the list again.");
	return OK;
}

enum err admin_linked_bulk(struct job *job, const struct request *req, struct response *res)
{
	const struct admin_filter any = { .state = -1, .words = S("") };
	struct linked_outcome *outcomes;
	struct linked_bulk_body body;
	struct admin_row *rows;
	struct buf *out;
	size_t count;

	TRY(linked_bulk_read(job, req, &body));
	TRY(find_rows(job, &any, &rows, &count));
	outcomes = ARENA_ARRAY(job->arena, struct linked_outcome, body.ids.count);
	for (size_t i = 0; i < body.ids.count; i++) {
		outcomes[i].channel = body.ids.items[i];
		TRY(act_on(job, &body, workspace_of(rows, count, body.ids.items[i]), &outcomes[i]));
	}
	out = reply_json(res, 200);
	json_open(out, '{');
	linked_outcomes_write_json(out, outcomes, body.ids.count);
	json_close(out, '}');
	return OK;
}

struct limit_body { int64_t limit; };

static const struct field limit_fields[] = {
	FIELD(struct limit_body, limit, INT, .min = 0, .max = LINKED_LIST_MAX, .required = true),
	{ 0 },
};

struct limiting { int64_t limit; struct linked_room room; };

static enum err set_limit(struct job *job, void *arg)
{
	struct limiting *l = arg;
	struct workspace workspace;

	TRY(workspace_get(job, &workspace));
	TRY(linked_set_limit(job, l->limit));
	return linked_room(job, &l->room);
}

enum err admin_linked_limit(struct job *job, const struct request *req, struct response *res)
{
	struct limit_body body = { 0 };
	struct limiting limiting;
	struct buf *out;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, limit_fields, &body));
	limiting.limit = body.limit;
	TRY(in_workspace(job, id, set_limit, &limiting));
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put_int(out, "limit", limiting.room.limit);
	json_put_int(out, "used", limiting.room.used);
	json_close(out, '}');
	return OK;
}

/* ---- the client's version ---- */

static enum err reply_version(struct job *job, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct linked_version version;

	TRY(linked_version(job, &version));
	json_open(out, '{');
	json_put(out, "current", version.current);
	json_put(out, "before", version.before.len ? version.before : STR_NONE);
	json_put_bool(out, "is_default", version.is_default);
	if (version.since_ms)
		json_put_int(out, "since_ms", version.since_ms);
	else
		json_put_null(out, "since_ms");
	json_close(out, '}');
	return OK;
}

enum err admin_linked_version(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return reply_version(job, res);
}

struct version_body { str version; };

static const struct field version_fields[] = {
	FIELD(struct version_body, version, STR, .max = 32),
	{ 0 },
};

enum err admin_linked_version_put(struct job *job, const struct request *req,
	struct response *res)
{
	struct version_body body = { 0 };

	TRY(request_json(job, req, version_fields, &body));
	TRY(linked_set_version(job, body.version.ptr ? body.version : S("")));
	return reply_version(job, res);
}

enum err admin_linked_version_back(struct job *job, const struct request *req,
	struct response *res)
{
	(void)req;
	TRY(linked_roll_back_version(job));
	return reply_version(job, res);
}
