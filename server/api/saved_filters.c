/*
 * saved_filters.c: /saved-filters: views of the list that somebody keeps, for themselves, for a
 * team or for all.
 *
 * One's own may be changed by its owner; one that is shared, by whoever may share. The filter is an
 * object with the parameters of GET /conversations, checked as they are.
 */
#include "account/audit.h"
#include "api/conversation_filter.h"
#include "api/handlers.h"
#include "store/queries.h"
#include "store/store.h"

enum { FILTERS_MAX = 200, OWN_MAX = 50, NAME_MAX = 60, FILTER_TEXT_MAX = 2000 };
enum shared { SHARED_NOBODY, SHARED_TEAM, SHARED_ALL };

static const char *const shares[] = { "nobody", "team", "workspace" };

static bool may_share(const struct job *job)
{
	return job->actor.permissions & PERMIT(FILTER_SHARE);
}

static void write_filter(struct job *job, struct buf *out, const struct saved_filter_row *row)
{
	bool own = row->owner_id == job->actor.id && job->actor.kind == ACTOR_PERSON;

	json_open(out, '{');
	json_put_id(out, "id", row->id);
	json_put(out, "name", row->name);
	json_put(out, "shared", str_of(shares[row->shared]));
	if (row->team_id)
		json_put_id(out, "team_id", row->team_id);
	else
		json_put_null(out, "team_id");
	json_put_bool(out, "own", own);
	json_put_bool(out, "may_change", own || (row->shared && may_share(job)));
	json_put_raw(out, "filter", row->filter);
	json_put_int(out, "created_ms", row->created_ms);
	json_close(out, '}');
}

enum err saved_filters_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct saved_filter_rows rows;

	(void)req;
	TRY(sql_saved_filter_list(job,
		&(struct sql_saved_filter_list){ .workspace = job->workspace,
			.person = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
			.max = FILTERS_MAX },
		&rows));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count; i++)
		write_filter(job, out, &rows.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

/* ---- changing ---- */

struct filter_draft { str name, shared; id64 team_id; bool has_team; json filter; };

static const struct field draft_fields[] = {
	FIELD(struct filter_draft, name, STR),
	FIELD(struct filter_draft, shared, STR),
	FIELD(struct filter_draft, team_id, ID, .nullable = true,
		.given_at = offsetof(struct filter_draft, has_team)),
	FIELD(struct filter_draft, filter, JSON),
	{ 0 },
};

static enum err read_filter(struct job *job, json filter, str *out)
{
	struct conversation_filter ignored;
	struct buf text = buf_in(job->arena, FILTER_TEXT_MAX);

	if (json_kind(filter) != JSON_MAP) {
		field_error(job, S("filter"), S("wrong_type"), S("Must be an object."));
		return job_check_fields(job);
	}
	filter_check_names(job, filter);
	TRY(filter_read(job, &(struct filter_source){ .map = filter }, &ignored));
	json_open(&text, '{');
	for (void *at = json_first(filter); at; at = json_next(filter, at))
		json_put(&text, arena_cstr(job->arena, json_member_name(at)),
			json_text(json_member_value(at)));
	json_close(&text, '}');
	if (text.failed)
		field_error(job, S("filter"), S("too_long"), S("The filter is too long."));
	*out = buf_text(&text);
	return job_check_fields(job);
}

static void read_shared(struct job *job, str text, int64_t *out)
{
	for (int64_t i = 0; i < (int64_t)COUNT_OF(shares); i++) {
		if (str_is(text, str_of(shares[i]))) {
			*out = i;
			return;
		}
	}
	field_error(job, S("shared"), S("invalid"), S("One of nobody, team, workspace."));
}

static enum err check_team(struct job *job, id64 team)
{
	struct team_name_row row;
	enum err e = team ? sql_conversation_team(job, &(struct sql_conversation_team){
		team, job->workspace }, &row) : ERR_MISSING;

	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	field_error(job, S("team_id"), S("unknown"), S("There is no team with this id."));
	return OK;
}

/* What the draft says over what there was. */
static enum err take_draft(struct job *job, const struct filter_draft *draft,
	struct saved_filter_row *row)
{
	if (draft->name.ptr)
		row->name = str_trim(draft->name);
	if (draft->shared.ptr)
		read_shared(job, draft->shared, &row->shared);
	if (draft->has_team)
		row->team_id = draft->team_id;
	if (!row->name.len || str_count_points(row->name) > NAME_MAX)
		field_error(job, S("name"), S("invalid"), S("From 1 to 60 characters."));
	if (row->shared == SHARED_TEAM)
		TRY(check_team(job, row->team_id));
	else
		row->team_id = 0;
	if (draft->filter)
		TRY(read_filter(job, draft->filter, &row->filter));
	TRY(job_check_fields(job));
	return row->shared && !may_share(job)
		       ? fail_code(job, ERR_DENIED, S("not_allowed"),
				 S("Keep it for yourself, or ask a supervisor to share it."),
				 "To share a filter needs the permission filter.share.")
		       : OK;
}

static enum err must_be_person(struct job *job)
{
	return job->actor.kind == ACTOR_PERSON
		       ? OK
		       : fail_code(job, ERR_DENIED, S("people_only"),
				 S("Sign in with e-mail and password."),
				 "Filters are kept by people, not by API keys.");
}

static enum err record(struct job *job, const char *action, const struct saved_filter_row *row)
{
	if (!row->shared)
		return OK;
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "saved_filter",
				      .target_id = row->id,
				      .detail = row->filter });
}

static enum err check_room(struct job *job)
{
	struct saved_filter_count_row row;

	TRY(sql_saved_filter_count(job,
		&(struct sql_saved_filter_count){ job->actor.id, job->workspace }, &row));
	return row.count < OWN_MAX ? OK
				   : fail(job, ERR_LIMIT, "You keep %d filters already.", OWN_MAX);
}

enum err saved_filters_post(struct job *job, const struct request *req, struct response *res)
{
	struct filter_draft draft = { 0 };
	struct saved_filter_row row = { .id = job_id(job),
		.owner_id = job->actor.id,
		.filter = S("{}"),
		.created_ms = job->now_ms };

	TRY(must_be_person(job));
	TRY(request_json(job, req, draft_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(take_draft(job, &draft, &row));
	TRY(check_room(job));
	TRY(sql_saved_filter_add(job,
		&(struct sql_saved_filter_add){ .id = row.id,
			.workspace = job->workspace,
			.owner = row.owner_id,
			.team = row.team_id,
			.shared = row.shared,
			.name = row.name,
			.filter = row.filter,
			.now_ms = job->now_ms },
		NULL));
	TRY(record(job, "saved_filter.create", &row));
	TRY(db_commit(job));
	write_filter(job, reply_json(res, 201), &row);
	return OK;
}

/* One that the asker may change; others' own are not there for them. */
static enum err find(struct job *job, id64 id, struct saved_filter_row *out)
{
	TRY(sql_saved_filter_find(job, &(struct sql_saved_filter_find){ id, job->workspace }, out));
	if (out->owner_id == job->actor.id)
		return OK;
	if (!out->shared)
		return fail(job, ERR_MISSING, "there is no filter with this id");
	return may_share(job) ? OK
			      : fail_code(job, ERR_DENIED, S("not_allowed"),
					S("Ask whoever shared it."),
					"Only its owner changes this filter.");
}

enum err saved_filters_patch(struct job *job, const struct request *req, struct response *res)
{
	struct filter_draft draft = { 0 };
	struct saved_filter_row row;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(must_be_person(job));
	TRY(request_json(job, req, draft_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(find(job, id, &row));
	TRY(take_draft(job, &draft, &row));
	TRY(sql_saved_filter_set(job,
		&(struct sql_saved_filter_set){ .id = id,
			.workspace = job->workspace,
			.team = row.team_id,
			.shared = row.shared,
			.name = row.name,
			.filter = row.filter },
		NULL));
	TRY(record(job, "saved_filter.update", &row));
	TRY(db_commit(job));
	write_filter(job, reply_json(res, 200), &row);
	return OK;
}

enum err saved_filters_delete(struct job *job, const struct request *req, struct response *res)
{
	struct saved_filter_row row;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(must_be_person(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(find(job, id, &row));
	TRY(sql_saved_filter_delete(job, &(struct sql_saved_filter_delete){ id, job->workspace },
		NULL));
	TRY(record(job, "saved_filter.delete", &row));
	TRY(db_commit(job));
	return reply_nothing(res);
}
