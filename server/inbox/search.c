/*
 * search.c: finding messages and contacts by words.
 *
 * The store finds candidates by keyed tokens (search_words.c); each is unsealed and compared with
 * the query here, so an answer is exact, and the same on both databases. A word of the query is the
 * beginning of a word, from three letters on; "quoted words" stand together as they are.
 */
#include "inbox/search_internal.h"

#include <stdlib.h>

#define BATCH 100
#define BATCHES_MAX 20        /* candidates looked at for one page: BATCH times this */
#define CONVERSATIONS_MAX 21  /* a conversation and those merged into it */
#define DIGITS_MIN 3
#define PHONE_DIGITS_MAX 15

/* ---- the query ---- */

struct term { size_t from, count; bool phrase; };
struct query_terms { struct words words; struct term *items; size_t count; };

static void add_terms(struct arena *arena, struct query_terms *q, str text, bool phrase)
{
	size_t from = q->words.count, added;

	words_add(arena, &q->words, text);
	added = q->words.count - from;
	if (phrase && added)
		q->items[q->count++] = (struct term){ from, added, true };
	for (size_t i = 0; !phrase && i < added; i++)
		q->items[q->count++] = (struct term){ from + i, 1, false };
}

static void read_query(struct arena *arena, str query, struct query_terms *q)
{
	str rest = str_first_points(query, SEARCH_QUERY_MAX);
	bool phrase = false;

	*q = (struct query_terms){ .items = ARENA_ARRAY(arena, struct term, rest.len + 1) };
	while (rest.len) {
		add_terms(arena, q, str_split(&rest, '"'), phrase);
		phrase = !phrase;
	}
}

static bool word_fits(str word, str wanted, bool whole)
{
	if (whole || str_count_points(wanted) < SEARCH_PREFIX_MIN)
		return str_is(word, wanted);
	return str_starts(word, wanted);
}

static bool term_at(const struct words *words, size_t at, const struct query_terms *q,
	const struct term *term)
{
	for (size_t i = 0; i < term->count; i++)
		if (at + i >= words->count ||
		    !word_fits(words->items[at + i], q->words.items[term->from + i], term->phrase))
			return false;
	return true;
}

static bool all_terms_in(const struct words *words, const struct query_terms *q)
{
	for (size_t t = 0; t < q->count; t++) {
		size_t at = 0;

		while (at < words->count && !term_at(words, at, q, &q->items[t]))
			at++;
		if (at == words->count)
			return false;
	}
	return q->count > 0;
}

/* ---- candidates ---- */

static int compare_newest_first(const void *a, const void *b)
{
	id64 x = *(const id64 *)a, y = *(const id64 *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

struct places { id64 items[CONVERSATIONS_MAX]; size_t count; };

/* A message carries the token of the conversation that it came to, which may have been merged
 * since. */
static enum err find_places(struct job *job, id64 conversation, struct places *out)
{
	struct conversation_rows rows;

	out->items[0] = conversation;
	out->count = 1;
	if (!conversation)
		return OK;
	TRY(sql_conversation_merged(job, &(struct sql_conversation_merged){
		.into_id = conversation, .workspace = job->workspace }, &rows));
	for (size_t i = 0; i < rows.count && out->count < CONVERSATIONS_MAX; i++)
		out->items[out->count++] = rows.items[i].id;
	return OK;
}

/* The newest BATCH candidates below `before`, over all places. *count < BATCH: there are no more.
 */
static enum err find_batch(struct job *job, const struct query_terms *q,
	const struct places *places, id64 before, struct messages *out, id64 ids[BATCH],
	size_t *count)
{
	id64 *all = ARENA_ARRAY(job->arena, id64, places->count * BATCH);
	size_t found, total = 0;
	str tokens;

	for (size_t i = 0; i < places->count; i++) {
		TRY(search_tokens_of_query(job, SPACE_MESSAGE, &q->words, places->items[i],
			&tokens));
		found = 0;
		TRY(search_find(job, job->workspace, tokens, before, all + total, BATCH, &found));
		total += found;
	}
	qsort(all, total, sizeof *all, compare_newest_first);
	*count = total < BATCH ? total : BATCH;
	memcpy(ids, all, *count * sizeof *ids);
	return message_by_ids(job, ids, *count, out);
}

static const struct message *with_id(const struct messages *messages, id64 id)
{
	for (size_t i = 0; i < messages->count; i++)
		if (messages->items[i].id == id)
			return &messages->items[i];
	return NULL;
}

static bool is_hit(struct arena *arena, const struct message *msg, const struct query_terms *q,
	id64 conversation)
{
	struct words words = { 0 };

	if (!msg || msg->deleted_ms || (conversation && msg->conversation_id != conversation))
		return false;
	words_of_message(arena, msg, &words);
	return all_terms_in(&words, q);
}

struct page { struct messages *out; size_t max; id64 last; };

static void take_hits(struct job *job, const struct message_search *search,
	const struct query_terms *q, const struct messages *batch, const id64 *ids, size_t count,
	struct page *page)
{
	for (size_t i = 0; i < count && page->out->count < page->max; i++) {
		const struct message *msg = with_id(batch, ids[i]);

		page->last = ids[i];
		if (is_hit(job->arena, msg, q, search->conversation))
			page->out->items[page->out->count++] = *msg;
	}
}

enum err search_messages(struct job *job, const struct message_search *search, struct messages *out,
	id64 *next)
{
	struct page page = { .out = out, .max = search->max, .last = search->before };
	struct query_terms q;
	struct places places;
	struct messages batch;
	id64 ids[BATCH];
	size_t count = BATCH;

	*next = 0;
	*out = (struct messages){ .items = ARENA_ARRAY(job->arena, struct message, search->max) };
	read_query(job->arena, search->query, &q);
	if (!q.words.count)
		return OK;
	TRY(find_places(job, search->conversation, &places));
	for (int i = 0; i < BATCHES_MAX && out->count < search->max && count == BATCH; i++) {
		TRY(find_batch(job, &q, &places, page.last, &batch, ids, &count));
		take_hits(job, search, &q, &batch, ids, count, &page);
	}
	if (count == BATCH || (count && page.last != ids[count - 1]))
		*next = page.last;
	return OK;
}

/* ---- contacts ---- */

struct contact_hits { id64 *ids; size_t count, max; };

static void add_hit(struct contact_hits *hits, id64 id)
{
	for (size_t i = 0; i < hits->count; i++)
		if (hits->ids[i] == id)
			return;
	if (hits->count < hits->max)
		hits->ids[hits->count++] = id;
}

/* "+49 (30) 12": digits and what people put between them. */
static str digits_of(struct arena *arena, str query)
{
	struct buf digits = buf_in(arena, query.len);

	for (size_t i = 0; i < query.len; i++) {
		if (query.ptr[i] >= '0' && query.ptr[i] <= '9')
			buf_byte(&digits, (uint8_t)query.ptr[i]);
		else if (!strchr("+ -()./", query.ptr[i]))
			return S("");
	}
	return digits.len >= DIGITS_MIN && digits.len <= PHONE_DIGITS_MAX ? buf_text(&digits)
	                                                                  : S("");
}

/* Both forms of a number that has two: the typed beginning may be that of either. */
static enum err find_phones(struct job *job, str digits, struct contact_hits *hits)
{
	struct contact_alias_rows rows;

	if (!digits.len)
		return OK;
	digits = phone_match_key(job->arena, digits);
	TRY(sql_contact_alias_phones(job,
		&(struct sql_contact_alias_phones){ .workspace = job->workspace,
			.from_key = digits,
			.to_key = arena_printf(job->arena, STR_F "9999999999999999", STR_A(digits)),
			.max = (int64_t)hits->max },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		add_hit(hits, rows.items[i].contact_id);
	return OK;
}

static enum err check_names(struct job *job, const struct query_terms *q, id64 id,
	struct contact_hits *hits)
{
	struct words words = { 0 };
	struct contact contact;
	bool found;

	TRY(found_or_none(job, contact_get(job, id, &contact), &found));
	if (!found)
		return OK;
	words_add(job->arena, &words, contact.name);
	words_add(job->arena, &words, contact.profile_name);
	if (all_terms_in(&words, q))
		add_hit(hits, contact.id);
	return OK;
}

static enum err find_names(struct job *job, str query, struct contact_hits *hits)
{
	struct query_terms q;
	id64 *ids = ARENA_ARRAY(job->arena, id64, hits->max);
	size_t found = 0;
	str tokens;

	read_query(job->arena, query, &q);
	if (!q.words.count)
		return OK;
	TRY(search_tokens_of_query(job, SPACE_NAME, &q.words, 0, &tokens));
	TRY(search_find(job, job->workspace, tokens, 0, ids, hits->max, &found));
	for (size_t i = 0; i < found; i++)
		TRY(check_names(job, &q, ids[i], hits));
	return OK;
}

enum err search_contacts(struct job *job, str query, size_t max, id64 *out, size_t *count)
{
	struct contact_hits hits = { .ids = out, .max = max };

	TRY(find_phones(job, digits_of(job->arena, query), &hits));
	TRY(find_names(job, query, &hits));
	*count = hits.count;
	return OK;
}
