/* team.c: teams, who is in them, and how their conversations are given out. */
#include "routing/routing_internal.h"

enum { OPEN_PER_ROUND = 200 };

str shift_text(struct job *job, json shift)
{
	struct buf out = buf_in(job->arena, 8192);

	if (!shift || json_kind(shift) == JSON_NIL)
		return STR_NONE;
	json_put_value(&out, NULL, shift);
	return buf_text(&out);
}

/* ---- reading ---- */

static void take_members(struct job *job, const struct team_member_rows *rows, struct team *out)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++)
		count += rows->items[i].team_id == out->id;
	out->members = ARENA_ARRAY(job->arena, id64, count + 1);
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].team_id == out->id)
			out->members[out->member_count++] = rows->items[i].person_id;
}

static struct team team_of_row(struct job *job, const struct team_row *row,
	const struct team_member_rows *people)
{
	struct team out = { .id = row->id,
		.name = row->name,
		.mode = (enum routing_mode)row->mode,
		.shift = row->shift,
		.created_ms = row->created_ms };

	take_members(job, people, &out);
	return out;
}

enum err team_list(struct job *job, struct teams *out)
{
	struct team_member_rows people;
	struct team_rows rows;

	TRY(sql_team_list(job, &(struct sql_team_list){ job->workspace }, &rows));
	TRY(sql_team_people(job, &(struct sql_team_people){ job->workspace }, &people));
	*out = (struct teams){ ARENA_ARRAY(job->arena, struct team, rows.count + 1), rows.count };
	for (size_t i = 0; i < rows.count; i++)
		out->items[i] = team_of_row(job, &rows.items[i], &people);
	return OK;
}

enum err team_get(struct job *job, id64 id, struct team *out)
{
	struct team_member_rows people;
	struct team_row row;

	TRY(sql_team_get(job, &(struct sql_team_get){ job->workspace, id }, &row));
	TRY(sql_team_people(job, &(struct sql_team_people){ job->workspace }, &people));
	*out = team_of_row(job, &row, &people);
	return OK;
}

/* ---- changing ---- */

static enum err name_taken(struct job *job)
{
	return fail_code(job, ERR_CONFLICT, S("name_taken"), S("Choose another name."),
		"There is a team with this name already.");
}

static enum err add_team(struct job *job, str name, id64 *id)
{
	struct teams teams;
	int64_t added;

	TRY(team_list(job, &teams));
	if (teams.count >= TEAMS_MAX)
		return fail(job, ERR_LIMIT, "a workspace has at most %d teams", TEAMS_MAX);
	*id = job_id(job);
	TRY(sql_team_add(job, &(struct sql_team_add){ *id, job->workspace, name, job->now_ms },
		&added));
	return added ? OK : name_taken(job);
}

static enum err rename_team(struct job *job, id64 id, str name)
{
	struct routing_id_row other;
	bool found;

	TRY(found_row(job,
		sql_team_by_name(job, &(struct sql_team_by_name){ job->workspace, name }, &other),
		&found));
	if (found && other.id != id)
		return name_taken(job);
	return sql_team_rename(job, &(struct sql_team_rename){ job->workspace, id, name }, NULL);
}

static enum err set_members(struct job *job, id64 id, const struct team_draft *draft)
{
	TRY(sql_team_clear(job, &(struct sql_team_clear){ id }, NULL));
	for (size_t i = 0; i < draft->member_count; i++) {
		int64_t added;

		TRY(sql_team_join(job,
			&(struct sql_team_join){ job->workspace, id, draft->members[i] }, &added));
		if (!added)
			field_error(job, S("members"), S("unknown"),
				S("Nobody of this workspace has this id."));
	}
	return job_check_fields(job);
}

static str team_detail(struct job *job, const struct team *team)
{
	struct buf out = buf_in(job->arena, 32768);

	json_open(&out, '{');
	json_put(&out, "name", team->name);
	json_put(&out, "mode", str_of(routing_mode_name(team->mode)));
	json_open_in(&out, "members", '[');
	for (size_t i = 0; i < team->member_count; i++)
		json_put_id(&out, NULL, team->members[i]);
	json_close(&out, ']');
	json_put_raw(&out, "shift", team->shift);
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err write_team(struct job *job, id64 id, const struct team_draft *draft,
	struct team *out)
{
	struct routing_setting_row setting;
	bool is_new = !id;

	TRY(routing_lock(job, &setting));
	if (is_new)
		TRY(add_team(job, draft->name, &id));
	TRY(team_get(job, id, out));
	if (!is_new && draft->name.ptr)
		TRY(rename_team(job, id, draft->name));
	if (draft->has_members)
		TRY(set_members(job, id, draft));
	TRY(sql_routing_scope_set(job,
		&(struct sql_routing_scope_set){ job->workspace, id,
			draft->has_mode ? draft->mode : out->mode,
			draft->has_shift ? shift_text(job, draft->shift) : out->shift },
		NULL));
	TRY(routing_note_active(job));
	/* Their shifts may be others now. */
	TRY(sql_agent_due_all(job, &(struct sql_agent_due_all){ job->workspace, job->now_ms },
		NULL));
	TRY(team_get(job, id, out));
	return routing_audit(job, is_new ? "team.create" : "team.change", "team", id,
		team_detail(job, out));
}

enum err team_save(struct job *job, id64 id, const struct team_draft *draft, struct team *out)
{
	struct shift shift;

	if (draft->has_shift && draft->shift)
		shift_read(job, draft->shift, &shift);
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(write_team(job, id, draft, out));
	TRY(db_commit(job));
	if (routing_team_hook)
		routing_team_hook(job, out->id);
	routing_wake(job);
	return OK;
}

/* ---- deleting ---- */

static enum err let_go(struct job *job, const struct routing_id_rows *rows,
	struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_team = true, .reason = S("team deleted") };
	struct conversation after;

	for (size_t i = 0; i < rows->count; i++)
		TRY(conversation_lock(job, rows->items[i].id, &after));
	for (size_t i = 0; i < rows->count; i++)
		TRY(conversation_update(job, rows->items[i].id, &patch, changes, &after));
	return OK;
}

/* In rounds, so that nobody waits long; a round that fails leaves a team that can be deleted again.
 */
static enum err empty_team(struct job *job, id64 id)
{
	struct routing_id_rows rows;
	id64 after = 0;

	do {
		struct inbox_changes changes = { 0 };

		TRY(db_begin(job, DB_WRITE));
		TRY(sql_team_open(job,
			&(struct sql_team_open){ job->workspace, id, after, OPEN_PER_ROUND },
			&rows));
		TRY(let_go(job, &rows, &changes));
		TRY(db_commit(job));
		inbox_tell(job, &changes);
		after = rows.count ? rows.items[rows.count - 1].id : 0;
	} while (rows.count == OPEN_PER_ROUND);
	return OK;
}

static enum err drop_team(struct job *job, id64 id)
{
	struct routing_setting_row setting;

	TRY(routing_lock(job, &setting));
	TRY(sql_team_clear(job, &(struct sql_team_clear){ id }, NULL));
	TRY(sql_team_drop(job, &(struct sql_team_drop){ job->workspace, id, job->now_ms }, NULL));
	TRY(sql_routing_scope_drop(job, &(struct sql_routing_scope_drop){ job->workspace, id },
		NULL));
	TRY(routing_note_active(job));
	TRY(sql_agent_due_all(job, &(struct sql_agent_due_all){ job->workspace, job->now_ms },
		NULL));
	return routing_audit(job, "team.delete", "team", id, STR_NONE);
}

enum err team_delete(struct job *job, id64 id)
{
	struct team team;

	TRY(team_get(job, id, &team));
	TRY(empty_team(job, id));
	TRY(db_begin(job, DB_WRITE));
	TRY(drop_team(job, id));
	TRY(db_commit(job));
	if (routing_team_hook)
		routing_team_hook(job, id);
	routing_wake(job);
	return OK;
}
