/*
 * merge.c: two contacts turn out to be one person, and the way back.
 *
 * The one that goes keeps its row, marked with where it went; its aliases and conversations move.
 * Where both have a conversation on the same number, the messages move into the kept one, and the
 * emptied conversation keeps its figures for the day the merge is undone. contact_merge.moved says
 * what moved, contact_merge_message which messages.
 */
#include "inbox/inbox_internal.h"

#include "account/audit.h"
#include "inbox/merge_parts.h"

#define MOVED_MAX (8u << 20) /* 100 aliases, 100 conversations, values twice at most */

struct merge {
	id64 id, kept, gone;
	struct buf moved;
	struct inbox_changes *changes;
};

static enum err rewrite(struct job *job, const struct conversation_row *row)
{
	return sql_conversation_rewrite(job,
		&(struct sql_conversation_rewrite){ .id = row->id,
			.workspace = job->workspace,
			.contact = row->contact_id,
			.status = row->status,
			.assignee = row->assignee_id,
			.unread_count = row->unread_count,
			.last_message_id = row->last_message_id,
			.last_message_ms = row->last_message_ms,
			.last_in_ms = row->last_in_ms,
			.window_until_ms = row->window_until_ms,
			.merged_into = row->merged_into,
			.snoozed_until_ms = row->snoozed_until_ms,
			.waiting_since_ms = row->waiting_since_ms,
			.now_ms = job->now_ms },
		NULL);
}

static void note_conversation(struct job *job, const struct conversation_row *row,
	struct inbox_changes *changes)
{
	inbox_note(job, changes, (struct inbox_change){
		.kind = CHANGE_CONVERSATION, .conversation = row->id, .contact = row->contact_id });
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* 0 is never. */
static int64_t earlier(int64_t a, int64_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* ---- doing it ---- */

static enum err move_aliases(struct job *job, struct merge *merge)
{
	struct contact_alias_rows rows;

	TRY(sql_contact_alias_list(job, &(struct sql_contact_alias_list){
		.contact = merge->gone, .workspace = job->workspace }, &rows));
	json_open_in(&merge->moved, "aliases", '[');
	for (size_t i = 0; i < rows.count; i++) {
		TRY(sql_contact_alias_move(job,
			&(struct sql_contact_alias_move){ .id = rows.items[i].id,
				.workspace = job->workspace,
				.contact = merge->kept },
			NULL));
		json_put_id(&merge->moved, NULL, rows.items[i].id);
	}
	json_close(&merge->moved, ']');
	return OK;
}

static enum err move_messages(struct job *job, const struct merge *merge, id64 from, id64 to)
{
	TRY(sql_contact_merge_note_messages(job, &(struct sql_contact_merge_note_messages){
		.merge = merge->id, .conversation = from, .workspace = job->workspace }, NULL));
	TRY(sql_contact_merge_move_messages(job, &(struct sql_contact_merge_move_messages){
		.from_id = from, .to_id = to, .workspace = job->workspace }, NULL));
	return sql_contact_merge_move_outbox(job, &(struct sql_contact_merge_move_outbox){
		.from_id = from, .to_id = to, .workspace = job->workspace }, NULL);
}

/* What the kept conversation was before, for the way back. */
static void write_joined(struct buf *out, const struct conversation_row *gone,
	const struct conversation_row *kept)
{
	json_put_id(out, "into", kept->id);
	json_put_int(out, "unread", gone->unread_count);
	json_put_int(out, "gone_window_ms", gone->window_until_ms);
	json_put_int(out, "window_ms", kept->window_until_ms);
	json_put_int(out, "in_ms", kept->last_in_ms);
}

static enum err join_conversations(struct job *job, struct merge *merge,
	struct conversation_row *gone, struct conversation_row *kept)
{
	write_joined(&merge->moved, gone, kept);
	gone->merged_into = kept->id;
	TRY(rewrite(job, gone));
	TRY(move_messages(job, merge, gone->id, kept->id));
	kept->status = gone->status < kept->status ? gone->status : kept->status;
	kept->waiting_since_ms = earlier(kept->waiting_since_ms, gone->waiting_since_ms);
	kept->assignee_id = kept->assignee_id ? kept->assignee_id : gone->assignee_id;
	kept->unread_count += gone->unread_count;
	kept->last_message_id = later(kept->last_message_id, gone->last_message_id);
	kept->last_message_ms = later(kept->last_message_ms, gone->last_message_ms);
	kept->last_in_ms = later(kept->last_in_ms, gone->last_in_ms);
	kept->window_until_ms = later(kept->window_until_ms, gone->window_until_ms);
	TRY(rewrite(job, kept));
	TRY(conversation_add_meeting(job, kept->id, "merged", gone->id, merge->id));
	note_conversation(job, kept, merge->changes);
	inbox_note(job, merge->changes,
		(struct inbox_change){ .kind = CHANGE_CONVERSATION,
			.conversation = gone->id,
			.contact = merge->kept,
			.into = kept->id,
			.was = { gone->channel_id, gone->team_id, gone->assignee_id } });
	return OK;
}

static enum err move_conversation(struct job *job, struct merge *merge,
	struct conversation_row *row)
{
	struct conversation_row other;
	bool both;

	TRY(found_or_none(job,
		sql_conversation_by_pair(job,
			&(struct sql_conversation_by_pair){ .contact = merge->kept,
				.number = row->number_id,
				.workspace = job->workspace },
			&other),
		&both));
	json_open(&merge->moved, '{');
	json_put_id(&merge->moved, "id", row->id);
	if (both) {
		TRY(join_conversations(job, merge, row, &other));
	} else {
		row->contact_id = merge->kept;
		TRY(rewrite(job, row));
		note_conversation(job, row, merge->changes);
	}
	json_close(&merge->moved, '}');
	return OK;
}

static enum err move_conversations(struct job *job, struct merge *merge)
{
	struct conversation_rows rows;

	TRY(sql_conversation_of_contact(job, &(struct sql_conversation_of_contact){
		.contact = merge->gone, .workspace = job->workspace }, &rows));
	json_open_in(&merge->moved, "conversations", '[');
	for (size_t i = 0; i < rows.count; i++)
		TRY(move_conversation(job, merge, &rows.items[i]));
	json_close(&merge->moved, ']');
	return OK;
}

/* A wish of either is the person's; a profile's name is taken where there is none. */
static enum err take_profile(struct job *job, struct merge *merge)
{
	struct contact_row kept, gone;

	TRY(contact_row(job, merge->kept, &kept));
	TRY(contact_row(job, merge->gone, &gone));
	if (gone.preference_ms)
		TRY(sql_contact_set_preference(job, &(struct sql_contact_set_preference){
			.id = kept.id, .workspace = job->workspace, .opt_out_ms = gone.opt_out_ms,
			.at_ms = gone.preference_ms, .now_ms = job->now_ms }, NULL));
	if (kept.profile_name_sealed.len || !gone.profile_name_sealed.len)
		return OK;
	TRY(sql_contact_set_profile(job,
		&(struct sql_contact_set_profile){ .id = kept.id,
			.workspace = job->workspace,
			.profile_name = gone.profile_name_sealed,
			.now_ms = job->now_ms },
		NULL));
	return contact_reindex(job, &kept);
}

static enum err audit(struct job *job, const char *action, const struct merge *merge, str reason)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "contact",
				      .target_id = merge->kept,
				      .reason = reason,
				      .detail = arena_printf(job->arena,
					      "{\"with\":\"%lld\",\"merge\":\"%lld\"}",
					      (long long)merge->gone, (long long)merge->id) });
}

static enum err note_merge(struct job *job, struct merge *merge, str reason)
{
	TRY(audit(job, "contact.merge", merge, reason));
	json_close(&merge->moved, '}');
	if (merge->moved.failed)
		return fail(job, ERR_LIMIT, "the contact has too many conversations to be merged");
	TRY(contact_note(job, merge->kept, WEBHOOK_CONTACT_UPDATED, merge->changes));
	inbox_note(job, merge->changes,
		(struct inbox_change){ .kind = CHANGE_CONTACT, .contact = merge->gone });
	return sql_contact_merge_set_moved(job,
		&(struct sql_contact_merge_set_moved){ .id = merge->id,
			.workspace = job->workspace,
			.moved = buf_text(&merge->moved) },
		NULL);
}

static enum err merge_contacts(struct job *job, id64 kept, id64 gone,
	const struct merge_choice *choice, struct inbox_changes *changes, id64 *out)
{
	struct merge merge = { .id = job_id(job), .kept = kept, .gone = gone, .changes = changes };
	str reason = choice ? S("by hand") : S("one person by several names");

	merge.moved = buf_in(job->arena, MOVED_MAX);
	if (kept == gone)
		return fail(job, ERR_INPUT, "a contact cannot be merged with itself");
	TRY(sql_contact_merge_add(job,
		&(struct sql_contact_merge_add){ .id = merge.id,
			.workspace = job->workspace,
			.kept = kept,
			.gone = gone,
			.reason = reason,
			.at_ms = job->now_ms },
		NULL));
	json_open(&merge.moved, '{');
	TRY(move_aliases(job, &merge));
	TRY(move_conversations(job, &merge));
	TRY(take_profile(job, &merge));
	TRY(sql_chat_mark_join(job, &(struct sql_chat_mark_join){ kept, gone, job->workspace },
		NULL));
	TRY(merge_take_parts(job, kept, gone, choice, &merge.moved));
	TRY(sql_contact_set_merged(job,
		&(struct sql_contact_set_merged){ .id = gone,
			.workspace = job->workspace,
			.into_id = kept,
			.now_ms = job->now_ms },
		NULL));
	*out = merge.id;
	return note_merge(job, &merge, reason);
}

enum err contact_merge(struct job *job, id64 kept, id64 gone, struct inbox_changes *changes,
	id64 *out)
{
	return merge_contacts(job, kept, gone, NULL, changes, out);
}

enum err contact_merge_chosen(struct job *job, id64 kept, id64 gone,
	const struct merge_choice *choice, struct inbox_changes *changes, id64 *out)
{
	struct contact_row a, b;

	TRY(contact_row(job, kept, &a));
	TRY(contact_row(job, gone, &b));
	if (a.erased_ms || b.erased_ms)
		return fail(job, ERR_MISSING, "the contact was erased");
	if (a.id == b.id)
		return fail_code(job, ERR_CONFLICT, S("same_contact"), S("Choose another contact."),
			"Both are one contact already.");
	return merge_contacts(job, a.id, b.id, choice, changes, out);
}

/* ---- undoing it ---- */

static enum err return_aliases(struct job *job, json list, id64 gone)
{
	id64 id;

	for (size_t i = 0; i < json_count(list); i++)
		if (json_id(json_at(list, i), &id))
			TRY(sql_contact_alias_move(job, &(struct sql_contact_alias_move){
				.id = id, .workspace = job->workspace, .contact = gone }, NULL));
	return OK;
}

/* The kept conversation is what it was, and what came to it since. */
static enum err shrink(struct job *job, id64 id, json was)
{
	struct conversation_row row;
	struct messages last;

	TRY(sql_conversation_find(job,
		&(struct sql_conversation_find){ .id = id, .workspace = job->workspace }, &row));
	TRY(message_before(job, id, 0, 1, &last));
	row.last_message_id = last.count ? last.items[0].id : 0;
	row.last_message_ms = last.count ? id64_ms(last.items[0].id) : row.created_ms;
	row.unread_count = later(0, row.unread_count - json_int(json_field(was, "unread"), 0));
	if (row.window_until_ms &&
		row.window_until_ms == json_int(json_field(was, "gone_window_ms"), 0)) {
		row.window_until_ms = json_int(json_field(was, "window_ms"), 0);
		row.last_in_ms = json_int(json_field(was, "in_ms"), 0);
	}
	return rewrite(job, &row);
}

static enum err part_conversations(struct job *job, struct conversation_row *row, id64 merge,
	json was)
{
	id64 into = row->merged_into;

	row->merged_into = 0;
	TRY(rewrite(job, row));
	TRY(sql_contact_merge_return_messages(job, &(struct sql_contact_merge_return_messages){
		.merge = merge, .conversation = row->id, .workspace = job->workspace }, NULL));
	TRY(sql_contact_merge_return_outbox(job, &(struct sql_contact_merge_return_outbox){
		.merge = merge, .conversation = row->id, .workspace = job->workspace }, NULL));
	TRY(conversation_add_meeting(job, into, "unmerged", row->id, merge));
	return shrink(job, into, was);
}

static enum err return_conversations(struct job *job, json list,
	const struct contact_merge_row *merge)
{
	struct conversation_row row;
	id64 id;

	for (size_t i = 0; i < json_count(list); i++) {
		if (!json_id(json_path(json_at(list, i), "id"), &id))
			return fail(job, ERR_CORRUPT, "the record of the merge cannot be read");
		TRY(sql_conversation_find(job, &(struct sql_conversation_find){
			.id = id, .workspace = job->workspace }, &row));
		row.contact_id = merge->gone_id;
		if (row.merged_into)
			TRY(part_conversations(job, &row, merge->id, json_at(list, i)));
		else
			TRY(rewrite(job, &row));
	}
	return OK;
}

enum err contact_unmerge(struct job *job, id64 id, struct inbox_changes *changes)
{
	struct contact_merge_row merge;
	int64_t undone;
	json moved;

	TRY(sql_contact_merge_find(job,
		&(struct sql_contact_merge_find){ .id = id, .workspace = job->workspace }, &merge));
	TRY(json_read(job->arena, merge.moved, &moved, &job->why));
	TRY(sql_contact_merge_undo(job, &(struct sql_contact_merge_undo){
		.id = id, .workspace = job->workspace, .now_ms = job->now_ms }, &undone));
	if (!undone)
		return fail(job, ERR_CONFLICT, "This merge was undone before.");
	TRY(sql_contact_set_merged(job, &(struct sql_contact_set_merged){
		.id = merge.gone_id, .workspace = job->workspace, .now_ms = job->now_ms }, NULL));
	TRY(return_aliases(job, json_field(moved, "aliases"), merge.gone_id));
	TRY(return_conversations(job, json_field(moved, "conversations"), &merge));
	if (json_field(moved, "parts"))
		TRY(merge_return_parts(job, merge.kept_id, merge.gone_id,
			json_field(moved, "parts")));
	else if (json_flag(json_field(moved, "name"), false))
		TRY(contact_rename(job, merge.kept_id, S(""), NAME_PERSON, changes));
	TRY(contact_note(job, merge.kept_id, WEBHOOK_CONTACT_UPDATED, changes));
	TRY(contact_note(job, merge.gone_id, WEBHOOK_CONTACT_UPDATED, changes));
	return audit(job, "contact.unmerge",
		&(struct merge){ .id = id, .kept = merge.kept_id, .gone = merge.gone_id },
		STR_NONE);
}
