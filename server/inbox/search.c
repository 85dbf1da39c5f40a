/*
 * search.c: finding messages and contacts by words.
 *
 * The store finds candidates by keyed tokens (search_words.c); each is unsealed and compared with
 * the query here, so an answer is exact, and the same on both databases. A word of the query is the
 * beginning of a word, from three letters on; "quoted words" stand together as they are.
 */
#include "inbox/search.h"
#include "inbox/search_internal.h"

#include <stdlib.h>

#define BATCH 100
/* Candidates looked at for one page: BATCH times the batches, of which there are the fewer the more
 * places are asked for each. */
#define BATCHES_MAX 10
#define BATCHES_MIN 2
#define PLACES_MAX 48         /* conversations, authors and kinds that are asked one by one */
#define CONVERSATIONS_MAX 21  /* a conversation and those merged into it */
#define DIGITS_MIN 3

/* ---- the query ---- */

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

void query_read(struct arena *arena, str query, struct query_terms *q)
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

bool query_fits(const struct words *words, const struct query_terms *q)
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

/* Where hits may be: each asks the index by itself, and the answers are merged. */
struct place { id64 conversation; struct tags tags; };
struct places { struct place items[PLACES_MAX]; size_t count; };

static void add_place(struct places *out, id64 conversation, str tag)
{
	struct place *place;

	if (out->count == PLACES_MAX)
		return;
	place = &out->items[out->count++];
	*place = (struct place){ .conversation = conversation };
	if (tag.len)
		tags_add(&place->tags, tag);
}

/* A message carries the token of the conversation that it came to, which may have been merged
 * since. */
static enum err add_conversation(struct job *job, id64 conversation, str tag, struct places *out)
{
	struct conversation_rows rows;

	add_place(out, conversation, tag);
	TRY(sql_conversation_merged(job, &(struct sql_conversation_merged){
		.into_id = conversation, .workspace = job->workspace }, &rows));
	for (size_t i = 0; i < rows.count && i < CONVERSATIONS_MAX - 1; i++)
		add_place(out, rows.items[i].id, tag);
	return OK;
}

/* from: what these contacts wrote in their conversations, and what these people wrote. */
static enum err add_authors(struct job *job, const struct search_filter *f, struct places *out)
{
	for (size_t i = 0; i < f->contacts.count; i++) {
		struct conversations some;

		TRY(conversation_of_contact(job, f->contacts.items[i], &some));
		for (size_t c = 0; c < some.count; c++)
			TRY(add_conversation(job, some.items[c].id, S("in"), out));
	}
	for (size_t i = 0; i < f->authors.count; i++)
		add_place(out, 0, tag_of_author(job->arena, f->authors.items[i]));
	return OK;
}

/* Each place once for each of the kinds, if they are not too many: then their rows tell. */
static void split_by_kind(struct arena *arena, uint32_t kinds, struct places *out)
{
	struct places whole = *out;

	if (!kinds || out->count * (size_t)__builtin_popcount(kinds) > PLACES_MAX)
		return;
	out->count = 0;
	for (size_t i = 0; i < whole.count; i++)
		for (int kind = 0; kind < KINDS; kind++)
			if (kinds & 1u << kind) {
				out->items[out->count] = whole.items[i];
				tags_add(&out->items[out->count++].tags,
					tag_of_kind(arena, (enum message_kind)kind));
			}
}

static void narrow(struct arena *arena, const struct search_filter *f, struct places *out)
{
	for (size_t i = 0; i < out->count; i++) {
		struct tags *tags = &out->items[i].tags;

		if (f->channels.count == 1)
			tags_add(tags, tag_of_channel(arena, f->channels.items[0]));
		if (f->in && !f->out && !f->notes && !f->has_from)
			tags_add(tags, S("in"));
		if (f->out && !f->in && !f->notes && !f->has_from)
			tags_add(tags, S("out"));
	}
}

static enum err find_places(struct job *job, const struct message_search *search,
	struct places *out)
{
	const struct search_filter *f = search->filter;

	out->count = 0;
	if (search->conversation)
		TRY(add_conversation(job, search->conversation, STR_NONE, out));
	else if (f && f->has_from)
		TRY(add_authors(job, f, out));
	else
		add_place(out, 0, STR_NONE);
	if (f) {
		split_by_kind(job->arena, f->kinds, out);
		narrow(job->arena, f, out);
	}
	for (size_t i = 0; i < out->count; i++)
		if (!out->items[i].tags.count)
			tags_add(&out->items[i].tags, S("all"));
	return OK;
}

static enum err find_in_place(struct job *job, const struct query_terms *q,
	const struct place *place, id64 before, id64 *out, size_t *found)
{
	/* Words narrow enough by themselves: "all" would only be walked along. */
	bool plain = q->words.count && place->tags.count == 1 &&
	             str_is(place->tags.items[0], S("all"));
	struct query_tokens query = { .space = SPACE_MESSAGE, .words = &q->words,
		.conversation = place->conversation };
	str tokens;

	if (!plain)
		query.tags = place->tags;
	TRY(search_tokens_of_query(job, &query, &tokens));
	*found = 0;
	return search_find(job, job->workspace, tokens, before, out, BATCH, found);
}

struct batch { id64 ids[BATCH]; size_t count; bool is_last; };

/* The newest BATCH candidates below `before`, over all places. */
static enum err find_batch(struct job *job, const struct query_terms *q,
	const struct places *places, id64 before, struct batch *out)
{
	id64 *all = ARENA_ARRAY(job->arena, id64, places->count * BATCH + 1);
	size_t found, total = 0, at = 0;

	out->count = 0;
	out->is_last = true;
	for (size_t i = 0; i < places->count; i++) {
		TRY(find_in_place(job, q, &places->items[i], before, all + total, &found));
		total += found;
		out->is_last &= found < BATCH;
	}
	qsort(all, total, sizeof *all, compare_newest_first);
	for (; at < total && out->count < BATCH; at++)
		if (!out->count || out->ids[out->count - 1] != all[at])
			out->ids[out->count++] = all[at];
	out->is_last &= at == total;
	return OK;
}

static const struct message *with_id(const struct messages *messages, id64 id)
{
	for (size_t i = 0; i < messages->count; i++)
		if (messages->items[i].id == id)
			return &messages->items[i];
	return NULL;
}

static bool is_hit(struct arena *arena, const struct message *msg, const struct query_terms *q)
{
	struct words words = { 0 };

	if (!msg)
		return false;
	if (!q->count)
		return true;
	words_of_message(arena, msg, &words);
	return query_fits(&words, q);
}

/* What is looked at for one page. */
struct page {
	struct messages *out;
	size_t max;
	id64 last;       /* the newest that was not looked at is older */
	bool is_at_end;
};

/* Dates end the walk: ids fall with time. */
static size_t within_time(const struct message_search *search, const id64 *ids, size_t count)
{
	int64_t from_ms = search->filter ? search->filter->from_ms : 0;
	size_t n = 0;

	while (n < count && id64_ms(ids[n]) >= from_ms)
		n++;
	return n;
}

static enum err take_hits(struct job *job, const struct message_search *search,
	const struct query_terms *q, const id64 *ids, size_t count, struct page *page)
{
	id64 kept[BATCH];
	size_t kept_count = count;
	struct messages messages;

	memcpy(kept, ids, count * sizeof *ids);
	TRY(search_keep(job, search, kept, &kept_count));
	TRY(message_by_ids(job, kept, kept_count, &messages));
	for (size_t i = 0; i < kept_count; i++) {
		const struct message *msg = with_id(&messages, kept[i]);

		if (!is_hit(job->arena, msg, q))
			continue;
		page->out->items[page->out->count++] = *msg;
		page->last = kept[i];
		if (page->out->count == page->max)
			return OK;
	}
	if (count)
		page->last = ids[count - 1];
	return OK;
}

static int batches_for(size_t places)
{
	int batches = places ? (int)(PLACES_MAX / places) : 0;

	return batches < BATCHES_MIN ? BATCHES_MIN : batches > BATCHES_MAX ? BATCHES_MAX : batches;
}

static enum err fill_page(struct job *job, const struct message_search *search,
	const struct query_terms *q, struct page *page)
{
	struct places *places = ARENA_NEW(job->arena, struct places);
	struct batch batch;

	TRY(find_places(job, search, places));
	page->is_at_end = places->count == 0;
	for (int i = batches_for(places->count); i > 0 && !page->is_at_end; i--) {
		size_t wanted;

		TRY(find_batch(job, q, places, page->last, &batch));
		wanted = within_time(search, batch.ids, batch.count);
		TRY(take_hits(job, search, q, batch.ids, wanted, page));
		page->is_at_end = batch.is_last || wanted < batch.count;
		if (page->out->count == page->max) {
			page->is_at_end &= wanted && page->last == batch.ids[wanted - 1];
			return OK;
		}
	}
	return OK;
}

/* The first page begins at the newest that the dates allow. */
static id64 start_of(const struct message_search *search)
{
	int64_t until_ms = search->filter ? search->filter->until_ms : 0;
	id64 until = until_ms > ID64_EPOCH_MS ? id64_floor(until_ms) : until_ms != 0;

	if (!search->before || !until)
		return search->before ? search->before : until;
	return search->before < until ? search->before : until;
}

/* A link is a word of its message that begins so. */
static str words_of_filter(struct arena *arena, const struct search_filter *f)
{
	return f->links ? arena_printf(arena, STR_F " http", STR_A(f->text)) : f->text;
}

enum err search_messages(struct job *job, const struct message_search *search, struct messages *out,
	id64 *next)
{
	const struct search_filter *f = search->filter;
	struct page page = { .out = out, .max = search->max, .last = start_of(search) };
	struct query_terms q;

	*next = 0;
	*out = (struct messages){ .items = ARENA_ARRAY(job->arena, struct message, search->max) };
	query_read(job->arena, f ? words_of_filter(job->arena, f) : search->query, &q);
	if (f ? f->is_empty_set || (!q.words.count && !f->term_count) : !q.words.count)
		return OK;
	TRY(fill_page(job, search, &q, &page));
	if (!page.is_at_end)
		*next = page.last;
	return OK;
}

bool name_fits(struct arena *arena, str name, str typed)
{
	struct words words = { 0 };
	struct query_terms q;

	query_read(arena, typed, &q);
	if (!q.words.count)
		return true;
	words_add(arena, &words, name);
	/* Of a name any beginning will do, however short. */
	for (size_t i = 0; i < q.words.count; i++) {
		size_t at = 0;

		while (at < words.count && !str_starts(words.items[at], q.words.items[i]))
			at++;
		if (at == words.count)
			return false;
	}
	return true;
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

/* A scope leaves few of many: more are looked at, so that those are found. */
static size_t candidates_for(const struct job *job, size_t max)
{
	return job->scope && max < VISIBLE_CONTACTS_MAX ? VISIBLE_CONTACTS_MAX : max;
}

str search_digits_of(struct arena *arena, str query)
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
	size_t count;
	id64 *ids;

	if (!digits.len)
		return OK;
	digits = phone_match_key(job->arena, digits);
	TRY(sql_contact_alias_phones(job,
		&(struct sql_contact_alias_phones){ .workspace = job->workspace,
			.from_key = digits,
			.to_key = arena_printf(job->arena, STR_F "9999999999999999", STR_A(digits)),
			.max = (int64_t)candidates_for(job, hits->max) },
		&rows));
	ids = ARENA_ARRAY(job->arena, id64, rows.count + 1);
	for (count = 0; count < rows.count; count++)
		ids[count] = rows.items[count].contact_id;
	TRY(visible_contacts(job, ids, &count));
	for (size_t i = 0; i < count; i++)
		add_hit(hits, ids[i]);
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
	if (query_fits(&words, q))
		add_hit(hits, contact.id);
	return OK;
}

static enum err find_names(struct job *job, str query, struct contact_hits *hits)
{
	struct query_terms q;
	size_t candidates = candidates_for(job, hits->max), found = 0;
	id64 *ids = ARENA_ARRAY(job->arena, id64, candidates);
	str tokens;

	query_read(job->arena, query, &q);
	if (!q.words.count)
		return OK;
	TRY(search_tokens_of_query(job,
		&(struct query_tokens){ .space = SPACE_NAME, .words = &q.words }, &tokens));
	TRY(search_find(job, job->workspace, tokens, 0, ids, candidates, &found));
	TRY(visible_contacts(job, ids, &found));
	for (size_t i = 0; i < found && hits->count < hits->max; i++)
		TRY(check_names(job, &q, ids[i], hits));
	return OK;
}

enum err search_contacts(struct job *job, str query, size_t max, id64 *out, size_t *count)
{
	struct contact_hits hits = { .ids = out, .max = max };

	TRY(find_phones(job, search_digits_of(job->arena, query), &hits));
	TRY(find_names(job, query, &hits));
	*count = hits.count;
	return OK;
}
