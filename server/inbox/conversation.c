/*
 * conversation.c: one contact on one number of the business.
 *
 * The row holds what the list shows, kept by the writers of messages, so that the list reads
 * nothing else. last_message_ms is the time in the id of its last message: when it came, or, for
 * history, when it was written.
 */
#include "inbox/inbox_internal.h"

#include "account/scope.h"
#include "inbox/chat.h"

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
		.timer_s = row->timer_s,
		.timer_set_ms = row->timer_set_ms,
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
	TRY(chat_arrive(job, out, changes));
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
	if (receipt->remote_id.len)
		inbox_word(job, changes,
			&(struct chat_word){ .done = CHAT_READ, .conversation = out->id });
	return conversation_note(job, out, changes);
}

/* ---- some of them ---- */

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
