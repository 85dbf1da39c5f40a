/* inbox.c: the list of what changed, and telling of it; see inbox.h. */
#include "inbox/inbox_internal.h"

void (*inbox_changed_hook)(struct job *job, const struct inbox_changes *changes);
void (*inbox_word_hook)(const struct chat_word *word);

static bool is_same(const struct inbox_change *a, const struct inbox_change *b)
{
	bool same_kind = a->kind == b->kind ||
	                 (a->kind == CHANGE_MESSAGE_CREATED && b->kind == CHANGE_MESSAGE);

	return same_kind && a->message == b->message && a->notice == b->notice &&
	       a->notification == b->notification && a->scheduled == b->scheduled &&
	       a->template == b->template && a->item == b->item &&
	       (a->message || a->conversation == b->conversation) &&
	       (a->kind != CHANGE_CONTACT || a->contact == b->contact);
}

/* Of several moves the first one knows how it was. */
static void note_move(struct inbox_change *noted, const struct inbox_change *change)
{
	if (change->into) {
		noted->into = change->into;
		noted->was = change->was;
	}
	if (noted->moved || !change->moved)
		return;
	noted->moved = true;
	noted->was = change->was;
}

void inbox_note(struct job *job, struct inbox_changes *changes, struct inbox_change change)
{
	change.workspace = job->workspace;
	for (size_t i = 0; i < changes->count; i++) {
		if (is_same(&changes->items[i], &change)) {
			note_move(&changes->items[i], &change);
			return;
		}
	}
	if (changes->count == changes->cap) {
		size_t cap = changes->cap ? 2 * changes->cap : 8;

		changes->items = arena_grow(job->arena, changes->items,
			changes->cap * sizeof change, cap * sizeof change);
		changes->cap = cap;
	}
	changes->items[changes->count++] = change;
}

void inbox_word(struct job *job, struct inbox_changes *changes, const struct chat_word *word)
{
	if (changes->from_outside)
		return;
	if (changes->word_count == changes->word_cap) {
		size_t cap = changes->word_cap ? 2 * changes->word_cap : 8;

		changes->words = arena_grow(job->arena, changes->words,
			changes->word_cap * sizeof *word, cap * sizeof *word);
		changes->word_cap = cap;
	}
	changes->words[changes->word_count] = *word;
	changes->words[changes->word_count++].workspace = job->workspace;
}

enum err contact_note(struct job *job, id64 contact, enum webhook_kind kind,
	struct inbox_changes *changes)
{
	size_t known = changes->count;

	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_CONTACT, .contact = contact });
	if (changes->count == known && kind == WEBHOOK_CONTACT_UPDATED)
		return OK;
	return webhook_emit(job, &(struct webhook_event){ .kind = kind, .contact = contact });
}

void inbox_tell(struct job *job, const struct inbox_changes *changes)
{
	const struct scope *scope = job->scope;

	job->scope = NULL; /* others hear of it, too, who see more */
	if (changes->media && inbox_media_hook)
		inbox_media_hook();
	if (changes->outbox && inbox_outbox_hook)
		inbox_outbox_hook(changes->outbox);
	if (changes->count && inbox_changed_hook)
		inbox_changed_hook(job, changes);
	for (size_t i = 0; inbox_word_hook && i < changes->word_count; i++)
		inbox_word_hook(&changes->words[i]);
	job->scope = scope;
}

str id_list(struct arena *arena, const id64 *ids, size_t count)
{
	str list = json_ids(arena, ids, count);

	return str_is(list, S("[]")) ? S("") : list;
}
