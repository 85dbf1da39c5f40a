/*
 * search_filter.c: which of the candidates a filter takes, by their rows alone.
 *
 * The index gives candidates by what never changes about a message; status, assignee, labels and
 * the asker's scope are looked at here, before anything is unsealed.
 */
#include "inbox/search.h"
#include "inbox/search_internal.h"

#include "account/scope.h"

#include <stdlib.h>

static bool is_among(const struct search_ids *ids, id64 id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->items[i] == id)
			return true;
	return false;
}

static bool direction_fits(const struct search_filter *f, const struct search_row_row *row)
{
	if (!f->in && !f->out && !f->notes)
		return true;
	if (row->kind == KIND_NOTE)
		return f->notes;
	return row->author_kind == ACTOR_CONTACT ? f->in : f->out;
}

static bool author_fits(const struct search_filter *f, const struct search_row_row *row)
{
	if (!f->has_from)
		return true;
	if (row->author_kind == ACTOR_CONTACT)
		return is_among(&f->contacts, row->contact_id);
	return row->author_kind == ACTOR_PERSON && is_among(&f->authors, row->author_id);
}

/* What a conversation is. */
static bool conversation_fits(const struct search_filter *f, const struct search_row_row *row)
{
	if (f->statuses && !(f->statuses & 1u << row->status))
		return false;
	if (f->unread && !row->unread_count)
		return false;
	if (f->has_assignee || f->unassigned)
		return row->assignee_id ? is_among(&f->assignees, row->assignee_id) : f->unassigned;
	return true;
}

static bool message_fits(const struct search_filter *f, const struct search_row_row *row)
{
	if (f->kinds && !(f->kinds & 1u << row->kind))
		return false;
	if (f->has_channel && !is_among(&f->channels, row->message_channel_id))
		return false;
	if ((f->from_ms && id64_ms(row->id) < f->from_ms) ||
		(f->until_ms && id64_ms(row->id) >= f->until_ms))
		return false;
	return direction_fits(f, row) && author_fits(f, row);
}

static bool is_in_sight(const struct job *job, const struct search_row_row *row)
{
	return scope_has(job->scope,
		&(struct scoped){ row->channel_id, row->team_id, row->assignee_id });
}

static bool row_fits(const struct job *job, const struct message_search *search,
	const struct search_row_row *row)
{
	const struct search_filter *f = search->filter;

	if (row->deleted_ms ||
		(search->conversation && row->conversation_id != search->conversation))
		return false;
	if (f && (!conversation_fits(f, row) || !message_fits(f, row)))
		return false;
	return is_in_sight(job, row);
}

static const struct search_row_row *row_of(const struct search_row_rows *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return &rows->items[i];
	return NULL;
}

/* ---- labels ---- */

static bool has_id(const struct search_id_rows *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return true;
	return false;
}

static enum err find_labelled(struct job *job, const struct search_filter *f,
	const id64 *conversations, size_t count, struct search_id_rows *out)
{
	return sql_search_labelled(job,
		&(struct sql_search_labelled){
			.conversations = id_list(job->arena, conversations, count),
			.labels = id_list(job->arena, f->labels.items, f->labels.count),
			.workspace = job->workspace },
		out);
}

static enum err keep_labelled(struct job *job, const struct search_filter *f,
	const struct search_row_rows *rows, id64 *ids, size_t *count)
{
	id64 *conversations = ARENA_ARRAY(job->arena, id64, *count + 1);
	struct search_id_rows labelled;
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		conversations[i] = row_of(rows, ids[i])->conversation_id;
	TRY(find_labelled(job, f, conversations, *count, &labelled));
	for (size_t i = 0; i < *count; i++)
		if (has_id(&labelled, conversations[i]))
			ids[kept++] = ids[i];
	*count = kept;
	return OK;
}

enum err search_keep(struct job *job, const struct message_search *search, id64 *ids, size_t *count)
{
	struct search_row_rows rows;
	size_t kept = 0;

	if (!*count)
		return OK;
	TRY(sql_search_rows(job, &(struct sql_search_rows){ .ids = id_list(job->arena, ids, *count),
		.workspace = job->workspace }, &rows));
	for (size_t i = 0; i < *count; i++) {
		const struct search_row_row *row = row_of(&rows, ids[i]);

		if (row && row_fits(job, search, row))
			ids[kept++] = ids[i];
	}
	*count = kept;
	return search->filter && search->filter->has_label
	               ? keep_labelled(job, search->filter, &rows, ids, count)
	               : OK;
}

/* ---- conversations ---- */

#define CANDIDATES_MAX 200

static int newest_activity_first(const void *a, const void *b)
{
	const struct conversation *x = a, *y = b;

	return x->last_message_ms < y->last_message_ms   ? 1
	       : x->last_message_ms > y->last_message_ms ? -1
	                                                 : 0;
}

static enum err conversations_of_contacts(struct job *job, str text, struct conversations *out)
{
	id64 contacts[SEARCH_IDS_MAX];
	size_t count;

	TRY(search_contacts(job, text, COUNT_OF(contacts), contacts, &count));
	out->items = ARENA_ARRAY(job->arena, struct conversation, CANDIDATES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct conversations some;

		TRY(conversation_of_contact(job, contacts[i], &some));
		for (size_t c = 0; c < some.count && out->count < CANDIDATES_MAX; c++)
			out->items[out->count++] = some.items[c];
	}
	return OK;
}

static enum err conversations_of_labels(struct job *job, const struct search_filter *f,
	struct conversations *out)
{
	struct search_id_rows rows;
	id64 ids[CANDIDATES_MAX];

	TRY(sql_search_with_label(job,
		&(struct sql_search_with_label){
			.labels = id_list(job->arena, f->labels.items, f->labels.count),
			.workspace = job->workspace,
			.max = CANDIDATES_MAX },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		ids[i] = rows.items[i].id;
	return conversation_by_ids(job, ids, rows.count, out);
}

static bool wanted(const struct job *job, const struct search_filter *f,
	const struct conversation *conv)
{
	const struct search_row_row row = { .channel_id = conv->channel_id,
		.team_id = conv->team_id, .assignee_id = conv->assignee_id,
		.status = conv->status, .unread_count = conv->unread_count };

	if (f->has_channel && !is_among(&f->channels, conv->channel_id))
		return false;
	return conversation_fits(f, &row) && is_in_sight(job, &row);
}

static enum err keep_conversations(struct job *job, const struct search_filter *f,
	struct conversations *all)
{
	id64 ids[CANDIDATES_MAX];
	struct search_id_rows labelled = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		ids[i] = all->items[i].id;
	if (f->has_label)
		TRY(find_labelled(job, f, ids, all->count, &labelled));
	for (size_t i = 0; i < all->count; i++)
		if (wanted(job, f, &all->items[i]) &&
			(!f->has_label || has_id(&labelled, all->items[i].id)))
			all->items[kept++] = all->items[i];
	all->count = kept;
	return OK;
}

enum err search_conversations(struct job *job, const struct search_filter *filter, size_t max,
	struct conversations *out)
{
	*out = (struct conversations){ 0 };
	if (filter->is_empty_set || search_is_of_messages(filter))
		return OK;
	if (filter->text.len)
		TRY(conversations_of_contacts(job, filter->text, out));
	else if (filter->has_label)
		TRY(conversations_of_labels(job, filter, out));
	TRY(keep_conversations(job, filter, out));
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, newest_activity_first);
	out->count = out->count < max ? out->count : max;
	return OK;
}
