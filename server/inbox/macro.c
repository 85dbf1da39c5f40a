/*
 * macro.c: several steps on a conversation as one.
 *
 * A macro runs in one transaction: what it changes and what it sends is written together or not at
 * all. What it sends is checked like any other message, and its texts are filled in at the moment
 * of running.
 */
#include "account/audit.h"
#include "account/permission.h"
#include "inbox/composer_internal.h"
#include "store/store.h"

#define MACRO_JSON_MAX (64u << 10)
#define SNOOZE_MINUTES_MAX (366 * 24 * 60)

/* One run under way. */
struct run {
	id64 conversation;
	struct inbox_changes changes;
	struct variables variables;
	struct macro_step *step;
};

typedef enum err action_fn(struct job *job, struct run *run, json action);

static str path_of(struct job *job, size_t i, const char *member)
{
	return arena_printf(job->arena, "actions.%zu.%s", i, member);
}

/* ---- what an action may hold ---- */

enum member {
	MEMBER_NONE,
	MEMBER_TEXT,
	MEMBER_ID,
	MEMBER_PERSON,
	MEMBER_STATUS,
	MEMBER_PRIORITY,
	MEMBER_MINUTES
};

static void check_text(struct job *job, str field, json v)
{
	if (!str_trim(json_text(v)).len)
		field_error(job, field, S("required"), S("Write a text."));
	else if (str_count_points(json_text(v)) > VARIABLES_TEXT_MAX)
		field_error(job, field, S("too_long"), S("At most 4096 characters."));
	else
		variables_check(job, field, json_text(v));
}

static void check_status(struct job *job, str field, json v)
{
	enum conversation_status status;

	if (!conversation_status_parse(json_text(v), &status) || status == CONVERSATION_SNOOZED)
		field_error(job, field, S("unknown"),
			S("One of open, waiting, resolved, archived."));
}

static void check_member(struct job *job, enum member kind, str field, json v)
{
	enum conversation_priority priority;
	int64_t minutes = json_int(v, 0);
	id64 id;

	switch (kind) {
	case MEMBER_TEXT:
		check_text(job, field, v);
		break;
	case MEMBER_STATUS:
		check_status(job, field, v);
		break;
	case MEMBER_ID:
		if (!json_id(v, &id))
			field_error(job, field, S("required"), S("Choose one."));
		break;
	case MEMBER_PERSON:
		if (json_kind(v) != JSON_NIL && !str_is(json_text(v), S("me")) && !json_id(v, &id))
			field_error(job, field, S("invalid"), S("A person, \"me\" or null."));
		break;
	case MEMBER_PRIORITY:
		if (!conversation_priority_parse(json_text(v), &priority))
			field_error(job, field, S("unknown"),
				S("One of none, low, medium, high, urgent."));
		break;
	case MEMBER_MINUTES:
		if (json_kind(v) != JSON_INT || minutes < 1 || minutes > SNOOZE_MINUTES_MAX)
			field_error(job, field, S("out_of_range"), S("1 minute to a year."));
		break;
	case MEMBER_NONE:
		break;
	}
}

/* ---- doing ---- */

static enum err send_within(struct job *job, struct run *run, const struct message_draft *draft)
{
	struct message_draft out = *draft;
	struct message msg;

	if (!(job->actor.permissions & PERMIT(MESSAGE_SEND)))
		return fail_code(job, ERR_DENIED, S("not_allowed"), S("Ask an admin."),
			"To send needs the permission message.send.");
	out.conversation_id = run->conversation;
	out.priority = PRIORITY_LIVE;
	TRY(inbox_send_within(job, &out, &run->changes, &msg));
	run->step->message = msg.id;
	return OK;
}

static enum err send_text(struct job *job, struct run *run, str text, id64 canned)
{
	struct buf content = buf_in(job->arena, MACRO_JSON_MAX);
	str filled = variables_fill(job, S("body"), text, &run->variables);
	json read;

	TRY(job_check_fields(job));
	json_open(&content, '{');
	json_put(&content, "body", filled);
	json_close(&content, '}');
	TRY(json_read(job->arena, buf_text(&content), &read, &job->why));
	return send_within(job, run,
		&(struct message_draft){ .kind = KIND_TEXT, .content = read, .canned_id = canned });
}

static enum message_kind kind_of_type(str mime)
{
	if (str_is(mime, S("image/jpeg")) || str_is(mime, S("image/png")))
		return KIND_IMAGE;
	if (str_starts(mime, S("video/")))
		return KIND_VIDEO;
	return str_starts(mime, S("audio/")) ? KIND_AUDIO : KIND_DOCUMENT;
}

static enum err send_media(struct job *job, struct run *run, id64 id)
{
	struct buf content = buf_in(job->arena, MACRO_JSON_MAX);
	enum message_kind kind;
	struct media media;
	json read;

	TRY(media_get(job, id, &media));
	kind = kind_of_type(media.mime_type);
	json_open(&content, '{');
	json_put_id(&content, "id", id);
	if (kind == KIND_DOCUMENT && media.file_name.len)
		json_put(&content, "filename", media.file_name);
	json_close(&content, '}');
	TRY(json_read(job->arena, buf_text(&content), &read, &job->why));
	return send_within(job, run, &(struct message_draft){ .kind = kind, .content = read });
}

static enum err do_text(struct job *job, struct run *run, json action)
{
	return send_text(job, run, json_text(json_field(action, "body")), 0);
}

static enum err do_canned(struct job *job, struct run *run, json action)
{
	struct canned canned;
	id64 id = 0;
	bool found;

	json_id(json_field(action, "canned_id"), &id);
	TRY(found_or_none(job, canned_get(job, id, &canned), &found));
	if (!found)
		return fail(job, ERR_INPUT, "The ready answer is not there any more.");
	for (size_t i = 0; i < canned.media_count; i++)
		TRY(send_media(job, run, canned.media[i]));
	return canned.body.len ? send_text(job, run, canned.body, canned.id) : OK;
}

static enum err do_note(struct job *job, struct run *run, json action)
{
	str text = json_text(json_field(action, "body"));
	struct note_draft draft = { .conversation_id = run->conversation };
	struct message msg;

	draft.body = variables_fill(job, S("body"), text, &run->variables);
	TRY(job_check_fields(job));
	TRY(note_add_within(job, &draft, &run->changes, &msg));
	run->step->message = msg.id;
	return OK;
}

static enum err update(struct job *job, struct run *run, const struct conversation_patch *patch)
{
	struct conversation conv;

	return conversation_update(job, run->conversation, patch, &run->changes, &conv);
}

static enum err do_assign(struct job *job, struct run *run, json action)
{
	struct conversation_patch patch = { .has_assignee = true };
	json v = json_field(action, "assignee_id");

	if (str_is(json_text(v), S("me")))
		patch.assignee_id = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0;
	else
		json_id(v, &patch.assignee_id);
	return update(job, run, &patch);
}

static enum err do_team(struct job *job, struct run *run, json action)
{
	struct conversation_patch patch = { .has_team = true };

	json_id(json_field(action, "team_id"), &patch.team_id);
	return update(job, run, &patch);
}

static enum err do_status(struct job *job, struct run *run, json action)
{
	struct conversation_patch patch = { .has_status = true };

	conversation_status_parse(json_text(json_field(action, "status")), &patch.status);
	return update(job, run, &patch);
}

static enum err do_priority(struct job *job, struct run *run, json action)
{
	struct conversation_patch patch = { .has_priority = true };

	conversation_priority_parse(json_text(json_field(action, "priority")), &patch.priority);
	return update(job, run, &patch);
}

static enum err do_snooze(struct job *job, struct run *run, json action)
{
	return update(job, run,
		&(struct conversation_patch){ .has_status = true,
			.status = CONVERSATION_SNOOZED,
			.snoozed_until_ms =
				job->now_ms + json_int(json_field(action, "minutes"), 1) * 60000 });
}

static enum err label(struct job *job, struct run *run, json action, bool add)
{
	struct label_change change = { 0 };
	struct conversation conv;
	id64 id = 0;

	json_id(json_field(action, "label_id"), &id);
	if (add)
		change.add = &id;
	else
		change.remove = &id;
	change.add_count = add;
	change.remove_count = !add;
	return conversation_label(job, run->conversation, &change, &run->changes, &conv);
}

static enum err do_label(struct job *job, struct run *run, json action)
{
	return label(job, run, action, true);
}

static enum err do_unlabel(struct job *job, struct run *run, json action)
{
	return label(job, run, action, false);
}

static const struct action {
	const char *type, *member;
	enum member kind;
	action_fn *run;
} known_actions[] = {
	{ "send_text", "body", MEMBER_TEXT, do_text },
	{ "send_canned", "canned_id", MEMBER_ID, do_canned },
	{ "note", "body", MEMBER_TEXT, do_note },
	{ "add_label", "label_id", MEMBER_ID, do_label },
	{ "remove_label", "label_id", MEMBER_ID, do_unlabel },
	{ "assign", "assignee_id", MEMBER_PERSON, do_assign },
	{ "assign_team", "team_id", MEMBER_ID, do_team },
	{ "set_status", "status", MEMBER_STATUS, do_status },
	{ "set_priority", "priority", MEMBER_PRIORITY, do_priority },
	{ "snooze", "minutes", MEMBER_MINUTES, do_snooze },
};

static const struct action *find_action(json action)
{
	str type = json_text(json_field(action, "type"));

	for (size_t i = 0; i < COUNT_OF(known_actions); i++)
		if (str_is(type, str_of(known_actions[i].type)))
			return &known_actions[i];
	return NULL;
}

/* ---- running ---- */

static enum err run_steps(struct job *job, struct run *run, json actions, struct macro_run *out)
{
	out->count = json_count(actions) < MACRO_ACTIONS_MAX ? json_count(actions)
							     : MACRO_ACTIONS_MAX;
	for (size_t i = 0; i < out->count; i++)
		out->steps[i].type = json_text(json_field(json_at(actions, i), "type"));
	for (size_t i = 0; i < out->count; i++) {
		const struct action *action = find_action(json_at(actions, i));

		run->step = &out->steps[i];
		run->step->outcome = MACRO_FAILED;
		TRY(action ? action->run(job, run, json_at(actions, i))
			   : fail(job, ERR_INPUT, "There is no such action any more."));
		run->step->outcome = MACRO_DONE;
	}
	return OK;
}

/* What was wrong, in one sentence: a field's, where a field was. */
static str sentence_of(const struct job *job)
{
	return job->field_errors ? job->field_errors->message : job->why;
}

static bool is_refusal(enum err e)
{
	return e == ERR_INPUT || e == ERR_DENIED || e == ERR_MISSING || e == ERR_UNSUPPORTED ||
	       e == ERR_CONFLICT || e == ERR_LIMIT;
}

static enum err undo(struct job *job, struct macro_run *out)
{
	db_rollback(job);
	for (size_t i = 0; i < out->count; i++) {
		struct macro_step *step = &out->steps[i];

		if (step->outcome == MACRO_FAILED)
			step->why = sentence_of(job);
		if (step->outcome == MACRO_DONE)
			step->outcome = MACRO_UNDONE;
		step->message = 0;
	}
	job_forgive(job);
	return OK;
}

enum err macro_run(struct job *job, id64 id, id64 conversation, struct macro_run *out)
{
	struct run run = { .conversation = conversation };
	struct conversation conv;
	struct macro macro;
	enum err e;

	*out = (struct macro_run){ 0 };
	TRY(macro_get(job, id, &macro));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_lock(job, conversation, &conv));
	TRY(variables_of(job, &conv, job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
		&run.variables));
	run.conversation = conv.id;
	e = run_steps(job, &run, macro.actions, out);
	if (e != OK)
		return is_refusal(e) ? undo(job, out) : e;
	TRY(sql_macro_ran(job,
		&(struct sql_macro_ran){ .id = id, .workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	TRY(db_commit(job));
	inbox_tell(job, &run.changes);
	out->ok = true;
	return OK;
}

/* ---- rows ---- */

static enum err from_row(struct job *job, const struct macro_row *row, struct macro *out)
{
	*out = (struct macro){
		.id = row->id,
		.name = row->name,
		.owner = { (enum owner_scope)row->scope, row->owner_id },
		.run_count = row->run_count,
		.last_run_ms = row->last_run_ms,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
	};
	return json_read(job->arena, row->actions, &out->actions, NULL) == OK
		       ? OK
		       : fail(job, ERR_CORRUPT, "the actions of a macro cannot be read");
}

enum err macro_get(struct job *job, id64 id, struct macro *out)
{
	struct macro_row row;

	TRY(sql_macro_find(job,
		&(struct sql_macro_find){ .id = id, .workspace = job->workspace }, &row));
	TRY(from_row(job, &row, out));
	return owner_check_visible(job, &out->owner);
}

enum err macro_list(struct job *job, id64 after, size_t max, struct macros *out)
{
	struct macro_rows rows;

	TRY(sql_macro_list(job,
		&(struct sql_macro_list){ .workspace = job->workspace,
			.person = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
			.all_teams = owner_sees_all_teams(job),
			.after = after,
			.max = (int64_t)max },
		&rows));
	*out = (struct macros){ ARENA_ARRAY(job->arena, struct macro, rows.count), rows.count };
	for (size_t i = 0; i < rows.count; i++)
		TRY(from_row(job, &rows.items[i], &out->items[i]));
	return OK;
}

/* ---- changing ---- */

static void check_action(struct job *job, size_t i, json v)
{
	const struct action *action = find_action(v);

	if (!action) {
		field_error(job, path_of(job, i, "type"), S("unknown"),
			S("There is no such action."));
		return;
	}
	check_member(job, action->kind, path_of(job, i, action->member),
		json_field(v, action->member));
	for (void *at = json_kind(v) == JSON_MAP ? json_first(v) : NULL; at; at = json_next(v, at))
		if (!str_is(json_member_name(at), S("type")) &&
			!str_is(json_member_name(at), str_of(action->member)))
			field_error(job, arena_printf(job->arena, "actions.%zu", i),
				S("unexpected"), S("This action has no such member."));
}

static enum err check(struct job *job, struct macro *draft)
{
	size_t count = json_count(draft->actions);

	draft->name = str_trim(draft->name);
	if (!draft->name.len || str_count_points(draft->name) > MACRO_NAME_MAX)
		field_error(job, S("name"), S("invalid"), S("1 to 120 characters."));
	if (json_kind(draft->actions) != JSON_LIST || count < 1 || count > MACRO_ACTIONS_MAX)
		field_error(job, S("actions"), S("invalid"), S("A list of 1 to 20 actions."));
	for (size_t i = 0; json_kind(draft->actions) == JSON_LIST && i < count &&
			   i < MACRO_ACTIONS_MAX; i++)
		check_action(job, i, json_at(draft->actions, i));
	TRY(owner_settle(job, &draft->owner));
	TRY(job_check_fields(job));
	return owner_check_change(job, &draft->owner);
}

static enum err check_taken(struct job *job, const struct macro *draft)
{
	struct canned_total_row total;
	struct canned_id_row row;
	bool taken;

	TRY(sql_macro_count(job, &(struct sql_macro_count){ job->workspace }, &total));
	if (total.total >= MACROS_MAX)
		return fail_code(job, ERR_LIMIT, S("too_many"), S("Delete some first."),
			"A workspace has at most %d macros.", MACROS_MAX);
	TRY(found_or_none(job,
		sql_macro_taken(job,
			&(struct sql_macro_taken){ .workspace = job->workspace,
				.scope = draft->owner.scope,
				.owner = draft->owner.owner_id,
				.name = draft->name,
				.except_id = draft->id },
			&row),
		&taken));
	return taken ? fail_code(job, ERR_CONFLICT, S("name_taken"), S("Choose another name."),
			       "There is a macro of this name already.")
		     : OK;
}

static str actions_text(struct job *job, json actions)
{
	struct buf out = buf_in(job->arena, JSON_SIZE_MAX);

	json_put_value(&out, NULL, actions);
	return buf_text(&out);
}

static enum err audit_change(struct job *job, const char *action, id64 id)
{
	return audit_add(job,
		&(struct audit_entry){ .action = action, .target_kind = "macro", .target_id = id });
}

enum err macro_create(struct job *job, const struct macro *draft, struct macro *out)
{
	*out = *draft;
	out->id = job_id(job);
	out->created_ms = out->updated_ms = job->now_ms;
	TRY(check(job, out));
	TRY(db_begin(job, DB_WRITE));
	TRY(check_taken(job, out));
	TRY(sql_macro_add(job,
		&(struct sql_macro_add){ .id = out->id,
			.workspace = job->workspace,
			.name = out->name,
			.actions = actions_text(job, out->actions),
			.scope = out->owner.scope,
			.owner = out->owner.owner_id,
			.created_by = job->actor.id,
			.now_ms = job->now_ms },
		NULL));
	TRY(audit_change(job, "macro.create", out->id));
	return db_commit(job);
}

enum err macro_change(struct job *job, const struct macro *draft, struct macro *out)
{
	struct macro was;

	*out = *draft;
	TRY(check(job, out));
	TRY(db_begin(job, DB_WRITE));
	TRY(macro_get(job, draft->id, &was));
	TRY(owner_check_change(job, &was.owner));
	TRY(check_taken(job, out));
	TRY(sql_macro_change(job,
		&(struct sql_macro_change){ .id = out->id,
			.workspace = job->workspace,
			.name = out->name,
			.actions = actions_text(job, out->actions),
			.scope = out->owner.scope,
			.owner = out->owner.owner_id,
			.now_ms = job->now_ms },
		NULL));
	out->run_count = was.run_count;
	out->last_run_ms = was.last_run_ms;
	out->created_ms = was.created_ms;
	out->updated_ms = job->now_ms;
	TRY(audit_change(job, "macro.update", out->id));
	return db_commit(job);
}

enum err macro_remove(struct job *job, id64 id)
{
	struct macro was;

	TRY(db_begin(job, DB_WRITE));
	TRY(macro_get(job, id, &was));
	TRY(owner_check_change(job, &was.owner));
	TRY(sql_macro_remove(job,
		&(struct sql_macro_remove){ .id = id, .workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	TRY(audit_change(job, "macro.delete", id));
	return db_commit(job);
}
