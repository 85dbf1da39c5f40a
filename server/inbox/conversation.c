/*
 * conversation.c: one contact on one number of the business.
 *
 * The row holds what the list shows, kept by the writers of messages, so that the list reads
 * nothing else. last_message_ms is the time in the id of its last message: when it came, or, for
 * history, when it was written.
 */
#include "inbox/inbox_internal.h"

#include "account/scope.h"

#define CONTACTS_FOUND_MAX 200

static const char *const status_names[CONVERSATION_STATUSES] = {
	[CONVERSATION_OPEN] = "open",
	[CONVERSATION_WAITING] = "waiting",
	[CONVERSATION_RESOLVED] = "resolved",
	[CONVERSATION_SNOOZED] = "snoozed",
	[CONVERSATION_ARCHIVED] = "archived",
};

const char *conversation_status_name(enum conversation_status status)
{
	return (unsigned)status < CONVERSATION_STATUSES ? status_names[status] : "open";
}

bool conversation_status_parse(str name, enum conversation_status *out)
{
	for (size_t i = 0; i < CONVERSATION_STATUSES; i++) {
		if (str_is(name, str_of(status_names[i]))) {
			*out = (enum conversation_status)i;
			return true;
		}
	}
	return false;
}

void conversation_of_row(const struct conversation_row *row, struct conversation *out)
{
	*out = (struct conversation){
		.id = row->id,
		.contact_id = row->contact_id,
		.number_id = row->number_id,
		.channel_id = row->channel_id,
		.assignee_id = row->assignee_id,
		.last_message_id = row->last_message_id,
		.status = (enum conversation_status)row->status,
		.unread_count = row->unread_count,
		.last_message_ms = row->last_message_ms,
		.last_in_ms = row->last_in_ms,
		.window_until_ms = row->window_until_ms,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
		.team_id = row->team_id,
		.priority = (enum conversation_priority)row->priority,
		.snoozed_until_ms = row->snoozed_until_ms,
		.waiting_since_ms = row->waiting_since_ms,
		.queued_ms = row->queued_ms,
		.opened_ms = row->opened_ms,
		.first_answer_id = row->first_answer_id,
		.answered_since_ms = row->answered_since_ms,
	};
}

bool conversation_visible(const struct job *job, const struct conversation *conv)
{
	return scope_has(job->scope,
		&(struct scoped){ conv->channel_id, conv->team_id, conv->assignee_id });
}

enum err conversation_note(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes)
{
	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_CONVERSATION,
			.conversation = conv->id,
			.contact = conv->contact_id });
	return OK;
}

/* Follows merges, so that an old link still opens. */
enum err conversation_get(struct job *job, id64 id, struct conversation *out)
{
	struct conversation_row row;

	for (int i = 0; i < MERGES_FOLLOWED_MAX; i++) {
		TRY(sql_conversation_find(job,
			&(struct sql_conversation_find){ .id = id, .workspace = job->workspace },
			&row));
		if (!row.merged_into) {
			conversation_of_row(&row, out);
			return conversation_visible(job, out)
				       ? OK
				       : fail(job, ERR_MISSING,
						 "there is no conversation with this id");
		}
		id = row.merged_into;
	}
	return fail(job, ERR_CORRUPT, "a conversation is merged in a circle");
}

static enum err find_pair(struct job *job, id64 contact, id64 number, struct conversation *out,
	bool *found)
{
	struct conversation_row row;

	TRY(found_or_none(job, sql_conversation_by_pair(job, &(struct sql_conversation_by_pair){
		.contact = contact, .number = number, .workspace = job->workspace }, &row), found));
	if (*found)
		conversation_of_row(&row, out);
	return OK;
}

enum err conversation_of(struct job *job, id64 contact, const struct channel *ch,
	struct inbox_changes *changes, struct conversation *out)
{
	int64_t added = 0;
	bool found;

	TRY(find_pair(job, contact, ch->number_id, out, &found));
	if (found)
		return OK;
	TRY(sql_conversation_add(job,
		&(struct sql_conversation_add){ .id = job_id(job),
			.workspace = job->workspace,
			.contact = contact,
			.number = ch->number_id,
			.channel = ch->id,
			.now_ms = job->now_ms },
		&added));
	TRY(find_pair(job, contact, ch->number_id, out, &found));
	if (!found)
		return fail(job, ERR_CONFLICT,
			"the conversation was made by another request at this moment");
	if (!added)
		return OK;
	TRY(webhook_emit(job,
		&(struct webhook_event){ .kind = WEBHOOK_CONVERSATION_CREATED,
			.conversation = out->id,
			.channel = out->channel_id }));
	return conversation_note(job, out, changes);
}

enum err conversation_widen(struct job *job, id64 id, int64_t at_ms, struct inbox_changes *changes)
{
	int64_t changed, in_ms = not_after(at_ms, job->now_ms);

	TRY(sql_conversation_widen(job,
		&(struct sql_conversation_widen){ .id = id,
			.workspace = job->workspace,
			.in_ms = in_ms,
			.window_until_ms = in_ms + WINDOW_MS,
			.now_ms = job->now_ms },
		&changed));
	if (changed)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_CONVERSATION, .conversation = id });
	return OK;
}

enum err conversation_last_in(struct job *job, id64 id, struct read_receipt *receipt)
{
	struct message_row last;
	bool found;

	*receipt = (struct read_receipt){ 0 };
	TRY(found_or_none(job, sql_message_last_in(job, &(struct sql_message_last_in){
		.conversation = id, .workspace = job->workspace }, &last), &found));
	if (found)
		*receipt = (struct read_receipt){ last.channel_id, last.remote_id };
	return OK;
}

enum err conversation_mark_read(struct job *job, id64 id, struct inbox_changes *changes,
	struct conversation *out, struct read_receipt *receipt)
{
	struct conversation_row row;

	*receipt = (struct read_receipt){ 0 };
	TRY(conversation_get(job, id, out));
	if (!out->unread_count)
		return OK;
	TRY(sql_conversation_mark_read(job, &(struct sql_conversation_mark_read){
		.id = out->id, .workspace = job->workspace, .now_ms = job->now_ms }, &row));
	conversation_of_row(&row, out);
	TRY(conversation_last_in(job, out->id, receipt));
	return conversation_note(job, out, changes);
}

/* ---- the list ---- */

static enum err walk_channel(struct job *job, const struct conversation_filter *f, int status,
			     struct conversation_rows *out)
{
	switch (f->view) {
	case VIEW_MINE:
		return sql_conversation_walk_channel_assignee(job,
			&(struct sql_conversation_walk_channel_assignee){ .workspace =
										  job->workspace,
				.status = status,
				.channel = f->channel_id,
				.assignee = f->mine,
				.before_ms = f->before_ms,
				.before_id = f->before_id,
				.max = (int64_t)f->max },
			out);
	case VIEW_UNASSIGNED:
		return sql_conversation_walk_channel_unassigned(job,
			&(struct sql_conversation_walk_channel_unassigned){ .workspace =
										    job->workspace,
				.status = status,
				.channel = f->channel_id,
				.before_ms = f->before_ms,
				.before_id = f->before_id,
				.max = (int64_t)f->max },
			out);
	case VIEW_ALL:
		break;
	}
	return sql_conversation_walk_channel(job,
		&(struct sql_conversation_walk_channel){ .workspace = job->workspace,
			.status = status,
			.channel = f->channel_id,
			.before_ms = f->before_ms,
			.before_id = f->before_id,
			.max = (int64_t)f->max },
		out);
}

static enum err walk_status(struct job *job, const struct conversation_filter *f, int status,
			    struct conversation_rows *out)
{
	if (f->channel_id)
		return walk_channel(job, f, status, out);
	switch (f->view) {
	case VIEW_MINE:
		return sql_conversation_walk_assignee(job,
			&(struct sql_conversation_walk_assignee){ .workspace = job->workspace,
				.status = status,
				.assignee = f->mine,
				.before_ms = f->before_ms,
				.before_id = f->before_id,
				.max = (int64_t)f->max },
			out);
	case VIEW_UNASSIGNED:
		return sql_conversation_walk_unassigned(job,
			&(struct sql_conversation_walk_unassigned){ .workspace = job->workspace,
				.status = status,
				.before_ms = f->before_ms,
				.before_id = f->before_id,
				.max = (int64_t)f->max },
			out);
	case VIEW_ALL:
		break;
	}
	return sql_conversation_walk(job,
		&(struct sql_conversation_walk){ .workspace = job->workspace,
			.status = status,
			.before_ms = f->before_ms,
			.before_id = f->before_id,
			.max = (int64_t)f->max },
		out);
}

static bool is_newer(const struct conversation_row *a, const struct conversation_row *b)
{
	return a->last_message_ms != b->last_message_ms ? a->last_message_ms > b->last_message_ms
	                                                : a->id > b->id;
}

/* All statuses: the newest of the walks, as many as are wanted. */
static enum err walk_all(struct job *job, const struct conversation_filter *f,
	struct conversation_rows *out)
{
	struct conversation_rows walks[CONVERSATION_STATUSES];
	size_t at[CONVERSATION_STATUSES] = { 0 }, best;

	for (int i = 0; i < CONVERSATION_STATUSES; i++)
		TRY(walk_status(job, f, i, &walks[i]));
	out->items = ARENA_ARRAY(job->arena, struct conversation_row, f->max);
	for (out->count = 0; out->count < f->max; out->count++) {
		best = CONVERSATION_STATUSES;
		for (size_t i = 0; i < CONVERSATION_STATUSES; i++)
			if (at[i] < walks[i].count &&
				(best == CONVERSATION_STATUSES ||
					is_newer(&walks[i].items[at[i]],
						&walks[best].items[at[best]])))
				best = i;
		if (best == CONVERSATION_STATUSES)
			break;
		out->items[out->count] = walks[best].items[at[best]++];
	}
	return OK;
}

static id64 assignee_filter(const struct conversation_filter *f)
{
	return f->view == VIEW_MINE ? f->mine : f->view == VIEW_UNASSIGNED ? -1 : 0;
}

static enum err walk_unread(struct job *job, const struct conversation_filter *f,
	struct conversation_rows *out)
{
	return sql_conversation_walk_unread(job,
		&(struct sql_conversation_walk_unread){ .workspace = job->workspace,
			.status = f->status,
			.channel = f->channel_id,
			.assignee = assignee_filter(f),
			.before_ms = f->before_ms,
			.before_id = f->before_id,
			.max = (int64_t)f->max },
		out);
}

static enum err walk_contacts(struct job *job, const struct conversation_filter *f,
	struct conversation_rows *out)
{
	id64 contacts[CONTACTS_FOUND_MAX];
	size_t count;

	TRY(search_contacts(job, f->query, COUNT_OF(contacts), contacts, &count));
	return sql_conversation_walk_contacts(job,
		&(struct sql_conversation_walk_contacts){ .workspace = job->workspace,
			.unread_more_than = f->unread_only ? 0 : -1,
			.status = f->status,
			.channel = f->channel_id,
			.assignee = assignee_filter(f),
			.before_ms = f->before_ms,
			.before_id = f->before_id,
			.max = (int64_t)f->max,
			.contacts = id_list(job->arena, contacts, count) },
		out);
}

void conversations_of_rows(struct job *job, const struct conversation_rows *rows,
	struct conversations *out)
{
	out->items = ARENA_ARRAY(job->arena, struct conversation, rows->count);
	out->count = rows->count;
	for (size_t i = 0; i < rows->count; i++)
		conversation_of_row(&rows->items[i], &out->items[i]);
}

enum err conversation_by_ids(struct job *job, const id64 *ids, size_t count,
	struct conversations *out)
{
	struct conversation_rows rows;

	TRY(sql_conversation_by_ids(job, &(struct sql_conversation_by_ids){
		.ids = id_list(job->arena, ids, count), .workspace = job->workspace }, &rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}

enum err conversation_of_contact(struct job *job, id64 contact, struct conversations *out)
{
	struct conversation_rows rows;

	TRY(sql_conversation_of_contact(job, &(struct sql_conversation_of_contact){
		.contact = contact, .workspace = job->workspace }, &rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}

enum err conversation_list(struct job *job, const struct conversation_filter *filter,
	struct conversations *out)
{
	struct conversation_filter f = *filter;
	struct conversation_rows rows;

	if (!f.before_ms && !f.before_id)
		f.before_ms = f.before_id = INT64_MAX;
	if (f.query.len)
		TRY(walk_contacts(job, &f, &rows));
	else if (f.unread_only)
		TRY(walk_unread(job, &f, &rows));
	else if (f.status < 0)
		TRY(walk_all(job, &f, &rows));
	else
		TRY(walk_status(job, &f, f.status, &rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}
