/*
 * conversation_change.c: the one way to change what a team decides about a conversation.
 *
 * The row is locked, what differs is written with an event for each difference and one audit row,
 * all in the caller's transaction; nothing that differs writes nothing.
 */
#include "inbox/inbox_internal.h"

#include "account/audit.h"
#include "inbox/composer.h"

enum { DETAIL_MAX = 1024 };

static const char *const priority_names[PRIORITIES] = {
	[PRIORITY_NONE] = "none",
	[PRIORITY_LOW] = "low",
	[PRIORITY_MEDIUM] = "medium",
	[PRIORITY_HIGH] = "high",
	[PRIORITY_URGENT] = "urgent",
};

const char *conversation_priority_name(enum conversation_priority priority)
{
	return (unsigned)priority < PRIORITIES ? priority_names[priority] : "none";
}

bool conversation_priority_parse(str name, enum conversation_priority *out)
{
	for (size_t i = 0; i < PRIORITIES; i++) {
		if (str_is(name, str_of(priority_names[i]))) {
			*out = (enum conversation_priority)i;
			return true;
		}
	}
	return false;
}

/* Webhooks hear of everything but notes, which are the team's own, and "created", which is told
 * where it is made. */
static enum webhook_kind webhook_of(str kind, str detail)
{
	if (str_is(kind, S("note")) || str_is(kind, S("created")))
		return WEBHOOK_KIND_COUNT;
	if (str_is(kind, S("assigned")) || str_is(kind, S("team")))
		return WEBHOOK_CONVERSATION_ASSIGNED;
	if (str_is(kind, S("status")) && str_has(detail, S("\"after\":\"resolved\"")))
		return WEBHOOK_CONVERSATION_CLOSED;
	return WEBHOOK_CONVERSATION_UPDATED;
}

static enum err emit_event(struct job *job, id64 conversation, str kind, str detail)
{
	enum webhook_kind webhook = webhook_of(kind, detail);
	struct conversation_row row;

	if (webhook == WEBHOOK_KIND_COUNT || !webhook_is_wanted(job->workspace, webhook))
		return OK;
	TRY(sql_conversation_find(job,
		&(struct sql_conversation_find){ .id = conversation, .workspace = job->workspace },
		&row));
	return webhook_emit(job,
		&(struct webhook_event){ .kind = webhook,
			.conversation = conversation,
			.channel = row.channel_id,
			.detail = arena_printf(job->arena,
				"{\"kind\":\"" STR_F "\",\"detail\":" STR_F "}", STR_A(kind),
				STR_A(detail)) });
}

enum err conversation_add_event(struct job *job, id64 conversation, str kind, str detail)
{
	TRY(emit_event(job, conversation, kind, detail.len ? detail : S("{}")));
	return sql_conversation_event_add(job,
		&(struct sql_conversation_event_add){ .id = job_id(job),
			.workspace = job->workspace,
			.conversation = conversation,
			.actor_kind = job->actor.kind,
			.actor = job->actor.id,
			.kind = kind,
			.detail = detail.len ? detail : S("{}") },
		NULL);
}

static enum err check_assignee(struct job *job, id64 person)
{
	struct person_name_row row;
	bool found;

	TRY(found_or_none(job, sql_conversation_member(job, &(struct sql_conversation_member){
		.id = person, .workspace = job->workspace }, &row), &found));
	if (!found)
		field_error(job, S("assignee_id"), S("unknown"),
			S("Nobody of this workspace has this id."));
	return OK;
}

static enum err check_team(struct job *job, id64 team)
{
	struct team_name_row row;
	bool found;

	TRY(found_or_none(job, sql_conversation_team(job, &(struct sql_conversation_team){
		.id = team, .workspace = job->workspace }, &row), &found));
	if (!found)
		field_error(job, S("team_id"), S("unknown"), S("There is no team with this id."));
	return OK;
}

static enum err check(struct job *job, const struct conversation_patch *patch)
{
	if (patch->has_assignee && patch->assignee_id)
		TRY(check_assignee(job, patch->assignee_id));
	if (patch->has_team && patch->team_id)
		TRY(check_team(job, patch->team_id));
	if (patch->has_status && patch->status == CONVERSATION_SNOOZED &&
		patch->snoozed_until_ms <= job->now_ms)
		field_error(job, S("snoozed_until_ms"), S("in_the_past"),
			S("Choose a time that is still to come."));
	return job_check_fields(job);
}

/* What a status brings with it: only the snoozed have a time, and what is done waits for nobody. */
static void take_status(struct conversation *conv, const struct conversation_patch *patch)
{
	conv->status = patch->status;
	conv->snoozed_until_ms =
		patch->status == CONVERSATION_SNOOZED ? patch->snoozed_until_ms : 0;
	if (patch->status == CONVERSATION_RESOLVED || patch->status == CONVERSATION_ARCHIVED)
		conv->waiting_since_ms = conv->queued_ms = 0;
}

static void take_patch(struct conversation *conv, const struct conversation_patch *patch)
{
	if (patch->has_status)
		take_status(conv, patch);
	if (patch->has_team)
		conv->team_id = patch->team_id;
	if (patch->has_priority)
		conv->priority = patch->priority;
	if (patch->has_queued)
		conv->queued_ms = patch->queued_ms;
	if (patch->has_assignee) {
		conv->assignee_id = patch->assignee_id;
		if (patch->assignee_id)
			conv->queued_ms = 0;
	}
}

/* ---- its events and its audit row ---- */

struct record {
	struct job *job;
	id64 conversation;
	struct buf audit;
	bool changed;
	enum err e;
};

static void record_texts(struct record *r, const char *kind, str before, str after)
{
	struct buf detail = buf_in(r->job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put(&detail, "before", before);
	json_put(&detail, "after", after);
	json_close(&detail, '}');
	json_put_raw(&r->audit, kind, buf_text(&detail));
	r->changed = true;
	if (r->e == OK)
		r->e = conversation_add_event(r->job, r->conversation, str_of(kind),
			buf_text(&detail));
}

static str id_text(struct job *job, int64_t id)
{
	return id ? arena_printf(job->arena, "%lld", (long long)id) : STR_NONE;
}

static void record_ids(struct record *r, const char *kind, int64_t before, int64_t after)
{
	if (before != after)
		record_texts(r, kind, id_text(r->job, before), id_text(r->job, after));
}

static enum err write_record(struct job *job, const struct conversation *was,
	const struct conversation *is, str reason, bool *changed)
{
	struct record r = { .job = job,
		.conversation = is->id,
		.audit = buf_in(job->arena, 4 * DETAIL_MAX) };

	json_open(&r.audit, '{');
	if (was->status != is->status)
		record_texts(&r, "status", str_of(conversation_status_name(was->status)),
			str_of(conversation_status_name(is->status)));
	record_ids(&r, "assigned", was->assignee_id, is->assignee_id);
	record_ids(&r, "team", was->team_id, is->team_id);
	if (was->priority != is->priority)
		record_texts(&r, "priority", str_of(conversation_priority_name(was->priority)),
			str_of(conversation_priority_name(is->priority)));
	record_ids(&r, "snoozed", was->snoozed_until_ms, is->snoozed_until_ms);
	record_ids(&r, "queued", was->queued_ms, is->queued_ms);
	json_close(&r.audit, '}');
	*changed = r.changed;
	TRY(r.e);
	return r.changed ? audit_add(job, &(struct audit_entry){ .action = "conversation.update",
						  .target_kind = "conversation",
						  .target_id = is->id,
						  .reason = reason,
						  .detail = buf_text(&r.audit) })
			 : OK;
}

enum err conversation_record(struct job *job, const struct conversation *was,
	const struct conversation *is, const struct actor *by, str reason)
{
	const struct actor actor = job->actor;
	bool changed;
	enum err e;

	job->actor = *by;
	e = write_record(job, was, is, reason, &changed);
	job->actor = actor;
	return e;
}

static enum err write_row(struct job *job, const struct conversation *is)
{
	struct conversation_row row;

	return sql_conversation_set(job,
		&(struct sql_conversation_set){ .id = is->id,
			.workspace = job->workspace,
			.status = is->status,
			.assignee = is->assignee_id,
			.team = is->team_id,
			.priority = is->priority,
			.snoozed_until_ms = is->snoozed_until_ms,
			.queued_ms = is->queued_ms,
			.waiting_since_ms = is->waiting_since_ms,
			.now_ms = job->now_ms },
		&row);
}

enum err conversation_lock(struct job *job, id64 id, struct conversation *out)
{
	struct conversation_row row;

	TRY(conversation_get(job, id, out));
	TRY(sql_conversation_lock(job,
		&(struct sql_conversation_lock){ .id = out->id, .workspace = job->workspace },
		&row));
	conversation_of_row(&row, out);
	return OK;
}

static enum err tell_assignee(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes)
{
	return notification_add_within(job,
		&(struct notification){ .kind = NOTIFICATION_ASSIGNED,
			.person_id = conv->assignee_id,
			.conversation_id = conv->id,
			.actor_id = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0 },
		changes);
}

static enum err note_update(struct job *job, const struct conversation *was,
	const struct conversation *is, struct inbox_changes *changes)
{
	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_CONVERSATION,
			.conversation = is->id,
			.contact = is->contact_id,
			.moved = was->assignee_id != is->assignee_id || was->team_id != is->team_id,
			.was = { was->channel_id, was->team_id, was->assignee_id } });
	return OK;
}

/* Archived, or not any more: the owner's phone shows it, too. */
static void word_status(struct job *job, const struct conversation *was,
	const struct conversation *is, struct inbox_changes *changes)
{
	bool before = was->status == CONVERSATION_ARCHIVED,
	     after = is->status == CONVERSATION_ARCHIVED;

	if (before != after)
		inbox_word(job, changes,
			&(struct chat_word){ .done = after ? CHAT_ARCHIVED : CHAT_UNARCHIVED,
				.conversation = is->id });
}

/* was: as it is, locked. */
static enum err update_locked(struct job *job, const struct conversation *was,
	const struct conversation_patch *patch, struct inbox_changes *changes,
	struct conversation *out, bool *changed)
{
	*out = *was;
	take_patch(out, patch);
	TRY(write_record(job, was, out, patch->reason, changed));
	if (!*changed)
		return OK;
	out->updated_ms = job->now_ms;
	TRY(write_row(job, out));
	if (out->status == CONVERSATION_RESOLVED && was->status != CONVERSATION_RESOLVED)
		TRY(resolution_note(job, out));
	if (out->assignee_id && out->assignee_id != was->assignee_id)
		TRY(tell_assignee(job, out, changes));
	word_status(job, was, out, changes);
	return note_update(job, was, out, changes);
}

enum err conversation_update(struct job *job, id64 id, const struct conversation_patch *patch,
	struct inbox_changes *changes, struct conversation *out)
{
	struct conversation was;
	bool changed;

	TRY(check(job, patch));
	TRY(conversation_lock(job, id, &was));
	return update_locked(job, &was, patch, changes, out, &changed);
}

static const struct conversation *find_row(const struct conversations *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return &rows->items[i];
	return NULL;
}

/* An id that was merged into another conversation stands for that one. */
static enum err find_locked(struct job *job, const struct conversations *rows, id64 id,
	struct conversation *out, bool *found)
{
	const struct conversation *row = find_row(rows, id);

	if (!row)
		return found_or_none(job, conversation_lock(job, id, out), found);
	*out = *row;
	*found = conversation_visible(job, out);
	return OK;
}

enum err conversation_update_many(struct job *job, const id64 *ids, size_t count,
	const struct conversation_patch *patch, struct inbox_changes *changes,
	struct conversation_bulk *out, size_t *found)
{
	struct conversation_rows locked;
	struct conversations rows;

	*found = 0;
	TRY(check(job, patch));
	TRY(sql_conversation_lock_many(job, &(struct sql_conversation_lock_many){
		.ids = id_list(job->arena, ids, count), .workspace = job->workspace }, &locked));
	conversations_of_rows(job, &locked, &rows);
	for (size_t i = 0; i < count; i++) {
		struct conversation_bulk *one = &out[*found];
		bool is_there;

		TRY(find_locked(job, &rows, ids[i], &one->before, &is_there));
		if (!is_there)
			continue;
		one->asked = ids[i];
		TRY(update_locked(job, &one->before, patch, changes, &one->after, &one->changed));
		++*found;
	}
	return OK;
}
