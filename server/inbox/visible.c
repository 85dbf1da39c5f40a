/*
 * visible.c: what of contacts and files the asker of a job may see.
 *
 * All of it follows from conversations (conversation_visible). Whoever finds something by its id
 * asks here; without a scope nothing is looked up.
 */
#include "inbox/inbox_internal.h"

#include "account/scope.h"

enum { USES_MAX = 200 };

static enum err not_there(struct job *job)
{
	return fail(job, ERR_MISSING, "there is no such thing for you");
}

enum err visible_conversation(struct job *job, id64 id)
{
	struct conversation conv;

	return job->scope ? conversation_get(job, id, &conv) : OK;
}

/* ---- contacts ---- */

/* One whom nobody talks with yet is everybody's; else one conversation that may be seen is enough.
 */
enum err visible_contact(struct job *job, id64 contact)
{
	struct conversations conversations;

	if (!job->scope)
		return OK;
	TRY(conversation_of_contact(job, contact, &conversations));
	for (size_t i = 0; i < conversations.count; i++)
		if (conversation_visible(job, &conversations.items[i]))
			return OK;
	return conversations.count ? not_there(job) : OK;
}

static bool talks_with(const struct job *job, const struct conversation_rows *rows, id64 contact)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct conversation conv;

		conversation_of_row(&rows->items[i], &conv);
		if (conv.contact_id == contact && conversation_visible(job, &conv))
			return true;
	}
	return false;
}

enum err visible_contacts(struct job *job, id64 *ids, size_t *count)
{
	struct conversation_rows rows;
	size_t kept = 0;

	if (!job->scope || !*count)
		return OK;
	TRY(sql_contact_talks(job, &(struct sql_contact_talks){
		id_list(job->arena, ids, *count), job->workspace }, &rows));
	for (size_t i = 0; i < *count; i++)
		if (talks_with(job, &rows, ids[i]))
			ids[kept++] = ids[i];
	*count = kept;
	return OK;
}

/* ---- files ---- */

/* One that no message has yet is on its way into one, or belongs to a canned response. */
enum err visible_media(struct job *job, id64 media)
{
	struct media_use_rows uses;
	bool found;

	if (!job->scope)
		return OK;
	TRY(sql_message_uses_of_media(job,
		&(struct sql_message_uses_of_media){ .workspace = job->workspace,
			.media = media,
			.max = USES_MAX },
		&uses));
	for (size_t i = 0; i < uses.count; i++) {
		TRY(found_or_none(job, visible_conversation(job, uses.items[i].conversation),
			&found));
		if (found)
			return OK;
	}
	return uses.count ? not_there(job) : OK;
}
