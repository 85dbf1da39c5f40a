/*
 * conversation_life.c: what happens to a conversation by itself, and when persons were mixed up.
 *
 * One contact on one number is one conversation. So two conversations become one by their contacts
 * becoming one (merge.c, which can be undone); and a conversation that two persons wrote in is
 * split by moving the messages from some point on to the other person's own. The one rule: a
 * message keeps its id, so its place in time, wherever it moves.
 */
#include "inbox/inbox_internal.h"

#include "account/audit.h"
#include "account/channel.h"
#include "base/log.h"
#include "store/store.h"

#define DETAIL_MAX 512

/* ---- waking ---- */

static enum err wake(struct job *job, id64 id, struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_status = true,
		.status = CONVERSATION_OPEN,
		.reason = S("the snooze is over") };
	struct conversation conv;

	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_lock(job, id, &conv));
	/* Somebody was quicker: it is open, or sleeps on. */
	if (conv.status == CONVERSATION_SNOOZED && conv.snoozed_until_ms <= job->now_ms)
		TRY(conversation_update(job, id, &patch, changes, &conv));
	return db_commit(job);
}

enum err conversation_wake_due(struct job *job, size_t max, size_t *count)
{
	struct conversation_due_rows rows;

	*count = 0;
	TRY(sql_conversation_due(job, &(struct sql_conversation_due){
		.now_ms = job->now_ms, .max = (int64_t)max }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		struct inbox_changes changes = { 0 };

		job->workspace = rows.items[i].workspace_id;
		TRY(wake(job, rows.items[i].id, &changes));
		inbox_tell(job, &changes);
		*count += changes.count > 0;
	}
	return OK;
}

/* ---- splitting ---- */

struct moving {
	struct job *job;
	struct conversation from, to;
	id64 first;
	size_t incoming; /* of the customer, among those that move */
};

static enum err move_words(struct moving *m, const struct message_row *row)
{
	struct message msg;
	str gone, come;

	if (kind_is_change((enum message_kind)row->kind) || row->deleted_ms)
		return OK;
	TRY(message_of_row(m->job, row, &msg));
	TRY(search_tokens_of(m->job, &msg, &gone));
	msg.conversation_id = m->to.id;
	TRY(search_tokens_of(m->job, &msg, &come));
	if (gone.len)
		TRY(search_remove(m->job, m->job->workspace, row->id, gone));
	return come.len ? search_add(m->job, m->job->workspace, row->id, come) : OK;
}

static enum err move_search(struct moving *m)
{
	struct message_rows rows;

	TRY(sql_conversation_split_rows(m->job,
		&(struct sql_conversation_split_rows){ .conversation = m->from.id,
			.workspace = m->job->workspace,
			.first = m->first,
			.max = SPLIT_MESSAGES_MAX + 1 },
		&rows));
	if (!rows.count)
		return fail(m->job, ERR_MISSING, "There is no message to split off from there on.");
	if (rows.count > SPLIT_MESSAGES_MAX)
		return fail(m->job, ERR_LIMIT, "At most %d messages can be split off at once.",
			SPLIT_MESSAGES_MAX);
	for (size_t i = 0; i < rows.count; i++) {
		m->incoming += rows.items[i].author_kind == ACTOR_CONTACT;
		TRY(move_words(m, &rows.items[i]));
	}
	return OK;
}

static enum err move_rows(const struct moving *m)
{
	struct job *job = m->job;

	TRY(sql_conversation_split_messages(job, &(struct sql_conversation_split_messages){
		m->from.id, job->workspace, m->first, m->to.id }, NULL));
	return sql_conversation_split_outbox(job, &(struct sql_conversation_split_outbox){
		m->from.id, job->workspace, m->first, m->to.id }, NULL);
}

/* What the list shows of a conversation, by the messages that it has now. */
static enum err refresh(struct job *job, struct conversation *conv, int64_t unread,
	int64_t waiting_since_ms)
{
	struct message_row in;
	struct messages last;
	bool found;

	TRY(message_before(job, conv->id, 0, 1, &last));
	TRY(found_or_none(job, sql_message_last_in(job, &(struct sql_message_last_in){
		.conversation = conv->id, .workspace = job->workspace }, &in), &found));
	conv->last_message_id = last.count ? last.items[0].id : 0;
	conv->last_message_ms = last.count ? id64_ms(last.items[0].id) : conv->created_ms;
	conv->last_in_ms = found ? (in.provider_ms ? in.provider_ms : id64_ms(in.id)) : 0;
	conv->window_until_ms = found ? conv->last_in_ms + WINDOW_MS : 0;
	conv->unread_count = unread;
	conv->waiting_since_ms = waiting_since_ms;
	return sql_conversation_rewrite(job,
		&(struct sql_conversation_rewrite){ .id = conv->id,
			.workspace = job->workspace,
			.contact = conv->contact_id,
			.status = conv->status,
			.assignee = conv->assignee_id,
			.unread_count = conv->unread_count,
			.last_message_id = conv->last_message_id,
			.last_message_ms = conv->last_message_ms,
			.last_in_ms = conv->last_in_ms,
			.window_until_ms = conv->window_until_ms,
			.snoozed_until_ms = conv->snoozed_until_ms,
			.waiting_since_ms = conv->waiting_since_ms,
			.now_ms = job->now_ms },
		NULL);
}

/* The unread are the customer's last messages, so those that moved first. */
static enum err refresh_both(struct moving *m)
{
	int64_t moved = m->from.unread_count < (int64_t)m->incoming ? m->from.unread_count
	                                                           : (int64_t)m->incoming;
	int64_t waiting_ms = m->incoming ? m->from.waiting_since_ms : 0;

	TRY(refresh(m->job, &m->to, m->to.unread_count + moved,
		m->to.waiting_since_ms ? m->to.waiting_since_ms : waiting_ms));
	return refresh(m->job, &m->from, m->from.unread_count - moved,
		m->from.unread_count > moved || !m->incoming ? m->from.waiting_since_ms : 0);
}

enum err conversation_add_meeting(struct job *job, id64 conversation, const char *kind, id64 other,
	id64 merge)
{
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	if (other)
		json_put_id(&detail, "conversation_id", other);
	if (merge)
		json_put_id(&detail, "merge_id", merge);
	json_close(&detail, '}');
	return conversation_add_event(job, conversation, str_of(kind), buf_text(&detail));
}

static enum err record(struct job *job, const char *action, id64 conversation, str reason)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "conversation",
				      .target_id = conversation,
				      .reason = reason });
}

static enum err find_other(struct moving *m, id64 contact_id, struct inbox_changes *changes)
{
	struct contact contact;
	struct channel *ch;

	TRY(contact_get(m->job, contact_id, &contact));
	if (contact.id == m->from.contact_id) {
		field_error(m->job, S("contact_id"), S("same"),
			S("It is this conversation's contact already."));
		return job_check_fields(m->job);
	}
	TRY(channel_get(m->job, m->from.channel_id, &ch));
	TRY(conversation_of(m->job, contact.id, ch, changes, &m->to));
	return conversation_lock(m->job, m->to.id, &m->to);
}

enum err conversation_split(struct job *job, id64 id, const struct split *split,
	struct inbox_changes *changes, struct conversation *out)
{
	struct moving m = { .job = job, .first = split->first };

	TRY(conversation_lock(job, id, &m.from));
	TRY(find_other(&m, split->contact, changes));
	TRY(move_search(&m));
	TRY(move_rows(&m));
	TRY(refresh_both(&m));
	TRY(conversation_add_meeting(job, m.from.id, "split", m.to.id, 0));
	TRY(conversation_add_meeting(job, m.to.id, "split_from", m.from.id, 0));
	TRY(record(job, "conversation.split", m.from.id, split->reason));
	TRY(conversation_note(job, &m.from, changes));
	TRY(conversation_note(job, &m.to, changes));
	return conversation_get(job, m.to.id, out);
}

/* ---- merging ---- */

enum err conversation_merge(struct job *job, id64 id, id64 other, str reason,
	struct inbox_changes *changes, id64 *merge, struct conversation *out)
{
	struct conversation gone;

	TRY(conversation_lock(job, id, out));
	TRY(conversation_lock(job, other, &gone));
	if (gone.contact_id == out->contact_id) {
		field_error(job, S("conversation_id"), S("same"),
			S("Both are one contact's already."));
		return job_check_fields(job);
	}
	TRY(contact_merge(job, out->contact_id, gone.contact_id, changes, merge));
	if (gone.number_id != out->number_id)
		TRY(conversation_add_meeting(job, out->id, "merged", gone.id, *merge));
	TRY(record(job, "conversation.merge", out->id, reason));
	TRY(conversation_note(job, out, changes));
	return conversation_get(job, out->id, out);
}

enum err conversation_unmerge(struct job *job, id64 id, id64 merge, str reason,
	struct inbox_changes *changes, struct conversation *out)
{
	struct contact_merge_row row;

	TRY(conversation_lock(job, id, out));
	TRY(sql_contact_merge_find(job,
		&(struct sql_contact_merge_find){ .id = merge, .workspace = job->workspace },
		&row));
	if (row.kept_id != out->contact_id)
		return fail(job, ERR_MISSING, "this conversation has no such merge");
	TRY(contact_unmerge(job, merge, changes));
	TRY(record(job, "conversation.unmerge", out->id, reason));
	return conversation_get(job, out->id, out);
}
