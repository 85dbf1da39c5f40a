/*
 * contact_erase.c: a person's data goes, because they asked.
 *
 * What says who they are goes in the transaction of the request: names, numbers, values, notes,
 * labels, wishes. Messages and files go in pieces right after (jobs/contact_work.c), and a crash
 * goes on with it. The rows of contact, conversations and messages stay, empty: figures and the
 * audit trail count on them. Raw events of the provider end with their own time (retention).
 */
#include "inbox/contacts.h"

#include "account/audit.h"
#include "account/seal.h"
#include "inbox/chat.h"
#include "inbox/inbox_internal.h"
#include "inbox/scheduled.h"
#include "store/store.h"

#define PIECE 100

static enum err drop_words(struct job *job, const struct contact_row *row)
{
	struct contact_texts texts = { .count = 2 };
	str attributes, tokens;

	TRY(unseal(job, SEAL_NAME, row->name_sealed, &texts.items[0]));
	TRY(unseal(job, SEAL_NAME, row->profile_name_sealed, &texts.items[1]));
	TRY(unseal(job, SEAL_ATTRIBUTES, row->attributes_sealed, &attributes));
	contact_texts_add(job->arena, &texts, attributes);
	TRY(search_tokens_of_names(job, texts.items, texts.count, &tokens));
	if (tokens.len)
		TRY(search_remove(job, job->workspace, row->id, tokens));
	return sql_contact_facet_clear(job, &(struct sql_contact_facet_clear){ row->id }, NULL);
}

static enum err drop_parts(struct job *job, id64 id)
{
	const id64 ws = job->workspace;

	TRY(sql_contact_alias_clear(job, &(struct sql_contact_alias_clear){ id, ws }, NULL));
	TRY(sql_contact_label_clear(job, &(struct sql_contact_label_clear){ id, ws }, NULL));
	TRY(sql_contact_note_clear(job, &(struct sql_contact_note_clear){ id, ws }, NULL));
	TRY(sql_chat_mark_clear(job, &(struct sql_chat_mark_clear){ id, ws }, NULL));
	TRY(sql_contact_consent_clear(job, &(struct sql_contact_consent_clear){ id, ws }, NULL));
	return sql_contact_import_row_wipe(job, &(struct sql_contact_import_row_wipe){ id, ws },
		NULL);
}

static enum err put_away(struct job *job, id64 id, struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_status = true,
		.status = CONVERSATION_ARCHIVED };
	struct conversations all;
	struct conversation now;

	TRY(conversation_of_contact(job, id, &all));
	for (size_t i = 0; i < all.count; i++) {
		TRY(chat_word_deleted(job, &all.items[i], changes));
		TRY(conversation_update(job, all.items[i].id, &patch, changes, &now));
		TRY(scheduled_forget(job, all.items[i].id));
	}
	return OK;
}

/* One row: the contact itself, or one that was merged into it. */
static enum err erase_row(struct job *job, const struct contact_row *row)
{
	TRY(drop_words(job, row));
	TRY(drop_parts(job, row->id));
	TRY(sql_contact_merge_forget(job,
		&(struct sql_contact_merge_forget){ row->id, job->workspace }, NULL));
	return sql_contact_erase(job,
		&(struct sql_contact_erase){ row->id, job->workspace, job->now_ms }, NULL);
}

static enum err erase_merged(struct job *job, id64 kept)
{
	struct contact_merge_rows merges;
	struct contact_row row;

	TRY(sql_contact_merge_list(job,
		&(struct sql_contact_merge_list){ .kept = kept, .workspace = job->workspace },
		&merges));
	for (size_t i = 0; i < merges.count; i++) {
		if (merges.items[i].undone_ms)
			continue;
		TRY(sql_contact_find(job,
			&(struct sql_contact_find){ .id = merges.items[i].gone_id,
				.workspace = job->workspace },
			&row));
		if (row.merged_into == kept && !row.erased_ms)
			TRY(erase_row(job, &row));
	}
	return OK;
}

enum err contact_erase(struct job *job, id64 id, str reason, struct inbox_changes *changes)
{
	struct contact_row row;

	TRY(contact_row(job, id, &row));
	if (row.erased_ms)
		return fail(job, ERR_MISSING, "the contact was erased");
	TRY(put_away(job, row.id, changes));
	TRY(erase_merged(job, row.id));
	TRY(erase_row(job, &row));
	TRY(contact_note(job, row.id, WEBHOOK_CONTACT_ERASED, changes));
	return audit_add(job, &(struct audit_entry){ .action = "contact.erase",
				      .target_kind = "contact",
				      .target_id = row.id,
				      .reason = reason });
}

/* ---- messages and files ---- */

static enum err drop_file(struct job *job, id64 media)
{
	struct media row;
	struct blob_id_rows unused;
	bool found;

	TRY(found_or_none(job, media_get(job, media, &row), &found));
	if (!found)
		return OK;
	TRY(sql_contact_wipe_media(job, &(struct sql_contact_wipe_media){ media, job->workspace },
		NULL));
	if (!row.blob_id)
		return OK;
	TRY(sql_contact_unused_blob(job,
		&(struct sql_contact_unused_blob){ row.blob_id, job->workspace }, &unused));
	return unused.count ? sql_contact_drop_blob(job,
				      &(struct sql_contact_drop_blob){ row.blob_id,
					      job->workspace },
				      NULL)
			    : OK;
}

static enum err wipe_message(struct job *job, id64 id)
{
	struct message_row row;
	bytes nothing;

	TRY(sql_message_lock(job,
		&(struct sql_message_lock){ .id = id, .workspace = job->workspace }, &row));
	TRY(message_search_replace(job, &row, (enum message_kind)row.kind, S("")));
	TRY(seal(job, SEAL_MESSAGE, S("{}"), &nothing));
	TRY(sql_contact_wipe_message(job,
		&(struct sql_contact_wipe_message){ id, job->workspace, nothing, job->now_ms },
		NULL));
	TRY(sql_contact_wipe_versions(job,
		&(struct sql_contact_wipe_versions){ id, job->workspace }, NULL));
	TRY(sql_message_option_drop(job,
		&(struct sql_message_option_drop){ id, job->workspace }, NULL));
	return row.media_id ? drop_file(job, row.media_id) : OK;
}

/* Each message by itself is small, so a piece is a transaction; done ones are passed over. */
static enum err wipe_piece(struct job *job, id64 conversation, id64 *after, size_t *count)
{
	struct contact_id_rows ids;

	TRY(sql_contact_messages_after(job,
		&(struct sql_contact_messages_after){ conversation, job->workspace, *after, PIECE },
		&ids));
	*count = ids.count;
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < ids.count; i++)
		TRY(wipe_message(job, ids.items[i].id));
	TRY(db_commit(job));
	if (ids.count)
		*after = ids.items[ids.count - 1].id;
	return OK;
}

static enum err wipe_conversation(struct job *job, id64 conversation)
{
	size_t count = PIECE;

	for (id64 after = 0; count == PIECE;)
		TRY(wipe_piece(job, conversation, &after, &count));
	return OK;
}

enum err contact_wipe(struct job *job, id64 id, bool *done)
{
	struct contact_id_rows places;

	TRY(sql_contact_places(job, &(struct sql_contact_places){ id, job->workspace }, &places));
	for (size_t i = 0; i < places.count; i++)
		TRY(wipe_conversation(job, places.items[i].id));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_erased(job, &(struct sql_contact_erased){ id, job->workspace }, NULL));
	TRY(db_commit(job));
	*done = true;
	return OK;
}
