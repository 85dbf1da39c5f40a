/*
 * canned.c: ready answers: who may use which, who may change them, and what became of them.
 *
 * A shortcut is unique among those of one owner; a person's own comes before the team's, and the
 * team's before the workspace's, which is the console's to sort.
 */
#include "account/audit.h"
#include "account/permission.h"
#include "inbox/composer_internal.h"
#include "store/store.h"

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>

#define FIGURES_MAX 200
#define DAY_MS 86400000

/* ---- owners, which macros have, too ---- */

static const char *const scope_names[OWNER_SCOPES] = {
	[OWNER_WORKSPACE] = "workspace",
	[OWNER_TEAM] = "team",
	[OWNER_PERSON] = "person",
};

const char *owner_scope_name(enum owner_scope scope)
{
	return (unsigned)scope < OWNER_SCOPES ? scope_names[scope] : "workspace";
}

bool owner_scope_parse(str name, enum owner_scope *out)
{
	for (size_t i = 0; i < OWNER_SCOPES; i++) {
		if (str_is(name, str_of(scope_names[i]))) {
			*out = (enum owner_scope)i;
			return true;
		}
	}
	return false;
}

static bool may_manage(const struct job *job)
{
	return job->actor.permissions & PERMIT(CANNED_MANAGE);
}

bool owner_sees_all_teams(const struct job *job)
{
	return may_manage(job) || job->actor.kind != ACTOR_PERSON;
}

enum err owner_check_visible(struct job *job, const struct owner *owner)
{
	struct canned_id_row row;

	if (owner->scope == OWNER_WORKSPACE)
		return OK;
	if (owner->scope == OWNER_PERSON)
		return job->actor.kind == ACTOR_PERSON && owner->owner_id == job->actor.id
			       ? OK
			       : ERR_MISSING;
	if (owner_sees_all_teams(job))
		return OK;
	return sql_owner_is_member(job,
		&(struct sql_owner_is_member){ .team = owner->owner_id,
			.person = job->actor.id,
			.workspace = job->workspace },
		&row);
}

/* One's own is always the asker's: nobody writes into somebody else's. */
enum err owner_settle(struct job *job, struct owner *owner)
{
	struct canned_id_row row;
	bool found = true;

	if (owner->scope == OWNER_PERSON) {
		if (job->actor.kind != ACTOR_PERSON)
			field_error(job, S("scope"), S("invalid"),
				S("An API key has none of its own: team or workspace."));
		owner->owner_id = job->actor.id;
		return OK;
	}
	if (owner->scope == OWNER_WORKSPACE) {
		owner->owner_id = 0;
		return OK;
	}
	TRY(found_or_none(job,
		sql_owner_team(job,
			&(struct sql_owner_team){ .team = owner->owner_id,
				.workspace = job->workspace },
			&row),
		&found));
	if (!found)
		field_error(job, S("owner_id"), S("unknown"), S("There is no team with this id."));
	return OK;
}

enum err owner_check_change(struct job *job, const struct owner *owner)
{
	if (owner->scope == OWNER_PERSON || may_manage(job))
		return OK;
	return fail_code(job, ERR_DENIED, S("not_allowed"),
		S("Make one of your own, or ask a supervisor."),
		"What a team or the workspace shares needs the permission canned.manage.");
}

/* ---- rows ---- */

static str media_text(struct job *job, const struct canned *canned)
{
	struct buf out = buf_in(job->arena, (ID64_TEXT_MAX + 4) * CANNED_MEDIA_MAX + 2);

	json_open(&out, '[');
	for (size_t i = 0; i < canned->media_count; i++)
		json_put_id(&out, NULL, canned->media[i]);
	json_close(&out, ']');
	return buf_text(&out);
}

static void from_row(struct job *job, const struct canned_row *row, struct canned *out)
{
	json media = NULL;

	*out = (struct canned){
		.id = row->id,
		.shortcut = row->shortcut,
		.title = row->title,
		.category = row->category,
		.body = row->body,
		.owner = { (enum owner_scope)row->scope, row->owner_id },
		.channel_id = row->channel_id,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
	};
	if (json_read(job->arena, row->media, &media, NULL) != OK)
		return;
	for (size_t i = 0; i < json_count(media) && i < CANNED_MEDIA_MAX; i++)
		if (json_id(json_at(media, i), &out->media[out->media_count]))
			out->media_count++;
}

enum err canned_get(struct job *job, id64 id, struct canned *out)
{
	struct canned_row row;

	TRY(sql_canned_find(job,
		&(struct sql_canned_find){ .id = id, .workspace = job->workspace }, &row));
	from_row(job, &row, out);
	return owner_check_visible(job, &out->owner);
}

enum err canned_list(struct job *job, id64 after, size_t max, struct canned_list *out)
{
	struct canned_rows rows;

	TRY(sql_canned_list(job,
		&(struct sql_canned_list){ .workspace = job->workspace,
			.person = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
			.all_teams = owner_sees_all_teams(job),
			.after = after,
			.max = (int64_t)max },
		&rows));
	*out = (struct canned_list){ ARENA_ARRAY(job->arena, struct canned, rows.count),
		rows.count };
	for (size_t i = 0; i < rows.count; i++)
		from_row(job, &rows.items[i], &out->items[i]);
	return OK;
}

/* ---- checking ---- */

/* Letters of any script with their marks, digits, - and _. */
static bool is_word(str s)
{
	UChar text[2 * CANNED_SHORTCUT_MAX + 2];
	UErrorCode e = U_ZERO_ERROR;
	int32_t len = 0;
	UChar32 c;

	u_strFromUTF8(text, COUNT_OF(text), &len, s.ptr, (int32_t)s.len, &e);
	if (U_FAILURE(e))
		return false;
	for (int32_t at = 0; at < len;) {
		U16_NEXT(text, at, len, c);
		if (!u_isalnum(c) && c != '-' && c != '_' && !(U_GET_GC_MASK(c) & U_GC_M_MASK))
			return false;
	}
	return len > 0;
}

static str lower(struct job *job, str s)
{
	UErrorCode e = U_ZERO_ERROR;
	UCaseMap *map = ucasemap_open("", 0, &e);
	size_t room = 3 * s.len + 8;
	char *out = arena_alloc(job->arena, room);
	int32_t len = ucasemap_utf8ToLower(map, out, (int32_t)room, s.ptr, (int32_t)s.len, &e);

	ucasemap_close(map);
	return U_FAILURE(e) || (size_t)len > room ? s : (str){ out, (size_t)len };
}

static void check_length(struct job *job, const char *field, str text, size_t max)
{
	if (str_count_points(text) > max)
		field_error(job, str_of(field), S("too_long"),
			arena_printf(job->arena, "At most %zu characters.", max));
}

static enum err check_media(struct job *job, const struct canned *draft)
{
	struct media media;
	bool found;

	for (size_t i = 0; i < draft->media_count; i++) {
		TRY(found_or_none(job, media_get(job, draft->media[i], &media), &found));
		if (!found || media.state != MEDIA_STORED)
			field_error(job, arena_printf(job->arena, "media.%zu", i), S("unknown"),
				S("There is no stored media of that id."));
	}
	return OK;
}

static enum err check(struct job *job, struct canned *draft)
{
	draft->shortcut = lower(job, str_trim(draft->shortcut));
	if (str_starts(draft->shortcut, S("/")))
		draft->shortcut = str_part(draft->shortcut, 1, draft->shortcut.len);
	draft->title = str_trim(draft->title);
	draft->category = draft->category.ptr ? str_trim(draft->category) : S("");
	check_length(job, "shortcut", draft->shortcut, CANNED_SHORTCUT_MAX);
	check_length(job, "title", draft->title, CANNED_TITLE_MAX);
	check_length(job, "category", draft->category, CANNED_CATEGORY_MAX);
	check_length(job, "body", draft->body, VARIABLES_TEXT_MAX);
	if (!is_word(draft->shortcut))
		field_error(job, S("shortcut"), S("invalid"),
			S("Letters, digits, - and _ only, at least one."));
	if (!draft->title.len)
		field_error(job, S("title"), S("required"), S("Give it a title."));
	if (!str_trim(draft->body).len && !draft->media_count)
		field_error(job, S("body"), S("required"), S("Write a text, or attach a file."));
	variables_check(job, S("body"), draft->body);
	TRY(check_media(job, draft));
	return owner_settle(job, &draft->owner);
}

static enum err check_taken(struct job *job, const struct canned *draft)
{
	struct canned_id_row row;
	bool taken;

	TRY(found_or_none(job,
		sql_canned_taken(job,
			&(struct sql_canned_taken){ .workspace = job->workspace,
				.scope = draft->owner.scope,
				.owner = draft->owner.owner_id,
				.shortcut = draft->shortcut,
				.except_id = draft->id },
			&row),
		&taken));
	return taken ? fail_code(job, ERR_CONFLICT, S("shortcut_taken"),
			       S("Choose another shortcut, or change the one that is there."),
			       "There is a ready answer /" STR_F " already.",
			       STR_A(draft->shortcut))
		     : OK;
}

/* ---- changing ---- */

static enum err audit_change(struct job *job, const char *action, id64 id)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "canned",
				      .target_id = id });
}

static enum err check_room(struct job *job)
{
	struct canned_total_row row;

	TRY(sql_canned_count(job, &(struct sql_canned_count){ job->workspace }, &row));
	return row.total < CANNED_MAX
		       ? OK
		       : fail_code(job, ERR_LIMIT, S("too_many"), S("Delete some first."),
				 "A workspace has at most %d ready answers.", CANNED_MAX);
}

static enum err add_row(struct job *job, const struct canned *out)
{
	return sql_canned_add(job,
		&(struct sql_canned_add){ .id = out->id,
			.workspace = job->workspace,
			.shortcut = out->shortcut,
			.title = out->title,
			.category = out->category,
			.body = out->body,
			.media = media_text(job, out),
			.scope = out->owner.scope,
			.owner = out->owner.owner_id,
			.created_by = job->actor.id,
			.now_ms = job->now_ms },
		NULL);
}

static enum err change_row(struct job *job, const struct canned *out)
{
	return sql_canned_change(job,
		&(struct sql_canned_change){ .id = out->id,
			.workspace = job->workspace,
			.shortcut = out->shortcut,
			.title = out->title,
			.category = out->category,
			.body = out->body,
			.media = media_text(job, out),
			.scope = out->owner.scope,
			.owner = out->owner.owner_id,
			.now_ms = job->now_ms },
		NULL);
}

enum err canned_create(struct job *job, const struct canned *draft, struct canned *out)
{
	*out = *draft;
	out->id = job_id(job);
	out->created_ms = out->updated_ms = job->now_ms;
	TRY(check(job, out));
	TRY(job_check_fields(job));
	TRY(owner_check_change(job, &out->owner));
	TRY(db_begin(job, DB_WRITE));
	TRY(check_room(job));
	TRY(check_taken(job, out));
	TRY(add_row(job, out));
	TRY(audit_change(job, "canned.create", out->id));
	return db_commit(job);
}

enum err canned_change(struct job *job, const struct canned *draft, struct canned *out)
{
	struct canned was;

	*out = *draft;
	TRY(check(job, out));
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(canned_get(job, draft->id, &was));
	TRY(owner_check_change(job, &was.owner));
	TRY(owner_check_change(job, &out->owner));
	TRY(check_taken(job, out));
	out->created_ms = was.created_ms;
	out->updated_ms = job->now_ms;
	TRY(change_row(job, out));
	TRY(audit_change(job, "canned.update", out->id));
	return db_commit(job);
}

enum err canned_remove(struct job *job, id64 id)
{
	struct canned was;

	TRY(db_begin(job, DB_WRITE));
	TRY(canned_get(job, id, &was));
	TRY(owner_check_change(job, &was.owner));
	TRY(sql_canned_remove(job,
		&(struct sql_canned_remove){ .id = id, .workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	TRY(audit_change(job, "canned.delete", id));
	return db_commit(job);
}

/* ---- of phones ---- */

/* What only we know of it stays. */
static enum err keep_ours(struct job *job, struct canned *draft)
{
	struct canned was;

	TRY(canned_get(job, draft->id, &was));
	memcpy(draft->media, was.media, sizeof was.media);
	draft->media_count = was.media_count;
	draft->category = was.category;
	draft->owner = was.owner;
	return OK;
}

enum err canned_take(struct job *job, struct canned *draft, id64 channel, str remote_id)
{
	bool is_new = !draft->id;

	if (!is_new)
		TRY(keep_ours(job, draft));
	TRY(check(job, draft));
	TRY(job_check_fields(job));
	TRY(check_taken(job, draft));
	if (is_new) {
		TRY(check_room(job));
		draft->id = job_id(job);
		TRY(add_row(job, draft));
		TRY(sql_canned_set_phone(job,
			&(struct sql_canned_set_phone){ draft->id, job->workspace, channel,
				remote_id },
			NULL));
	} else {
		TRY(change_row(job, draft));
	}
	return audit_change(job, is_new ? "canned.create" : "canned.update", draft->id);
}

enum err canned_drop(struct job *job, id64 id)
{
	TRY(sql_canned_remove(job,
		&(struct sql_canned_remove){ .id = id, .workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	return audit_change(job, "canned.delete", id);
}

/* ---- what became of them ---- */

static void take_figure(const struct canned_list *list, const struct canned_figure_row *row,
	struct canned_figures *figures)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].id == row->canned_id)
			figures[i] = (struct canned_figures){ .used = row->used,
				.delivered = row->delivered,
				.read = row->seen,
				.replied = row->replied,
				.last_used_ms = row->last_id ? id64_ms(row->last_id) : 0 };
}

enum err canned_figures(struct job *job, const struct canned_list *list,
	struct canned_figures *figures)
{
	size_t count = list->count < FIGURES_MAX ? list->count : FIGURES_MAX;
	id64 *ids = ARENA_ARRAY(job->arena, id64, count);
	struct canned_figure_rows rows;

	memset(figures, 0, list->count * sizeof *figures);
	for (size_t i = 0; i < count; i++)
		ids[i] = list->items[i].id;
	TRY(sql_canned_figures(job,
		&(struct sql_canned_figures){ .ids = id_list(job->arena, ids, count),
			.workspace = job->workspace,
			.day_ids = id64_floor(job->now_ms) - id64_floor(job->now_ms - DAY_MS) },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		take_figure(list, &rows.items[i], figures);
	return OK;
}
