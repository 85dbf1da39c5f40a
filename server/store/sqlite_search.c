/*
 * sqlite_search.c: full-text search on FTS5.
 *
 * The index holds row numbers only, as differences, so a small dense number costs an octet or two
 * per word where a message id would cost six. Hence doc: numbers in the order of message ids,
 * NUMBER_STEP apart. A message that is older than the newest one known takes a free number between
 * its neighbours. Where none is free it is `late` and counts down from -1; late ones are looked up
 * by message id instead. They come from transcripts and repairs, so they are few; the answer is
 * right for any number.
 *
 * Each token carries its workspace in front, so that tenants cannot meet. FTS5 stores the common
 * front once a page.
 */
#include "store/sqlite.h"

#include "base/buf.h"

#include <assert.h>

enum {
	NUMBER_STEP = 16,
	WORKSPACE_DIGITS = 13, /* of 36: 63 bits */
	TEXT_MAX = SEARCH_TOKENS_MAX * (WORKSPACE_DIGITS + SEARCH_TOKEN_MAX + 1),
};

#define OWN(place, name_, params_, columns_, writes_, sql_)                                      \
	{                                                                                        \
		.name = "message_search_" name_, .index = OWN_SEARCH + place, .params = params_, \
		.columns = columns_, .writes = writes_, .sqlite = sql_                           \
	}

static const struct query find_newest = OWN(0, "newest", "", "ii", false,
	"SELECT doc, message_id FROM message_search WHERE doc > 0 ORDER BY doc DESC LIMIT 1");
static const struct query find_at_or_after = OWN(1, "at_or_after", "i", "ii", false,
	"SELECT doc, message_id FROM message_search WHERE doc >= ?1 ORDER BY doc LIMIT 1");
static const struct query find_before = OWN(2, "before", "i", "ii", false,
	"SELECT doc, message_id FROM message_search WHERE doc < ?1 AND doc > 0 ORDER BY doc DESC "
        "LIMIT 1");
static const struct query find_late = OWN(3, "late", "i", "ii", false,
	"SELECT doc, message_id FROM message_search WHERE message_id = ?1 AND doc < 0");
static const struct query find_first = OWN(4, "first", "", "ii", false,
	"SELECT doc, message_id FROM message_search ORDER BY doc LIMIT 1");
static const struct query add_doc = OWN(5, "add", "ii", "", true,
	"INSERT INTO message_search (doc, message_id) VALUES (?1, ?2)");
static const struct query remove_doc = OWN(6, "remove", "i", "", true,
	"DELETE FROM message_search WHERE doc = ?1");
static const struct query add_tokens = OWN(7, "add_tokens", "it", "", true,
	"INSERT INTO message_token (rowid, tokens) VALUES (?1, ?2)");
static const struct query remove_tokens = OWN(8, "remove_tokens", "it", "", true,
	"INSERT INTO message_token (message_token, rowid, tokens) VALUES ('delete', ?1, ?2)");
/* CROSS JOIN keeps the order: FTS5 walks its lists downwards, and stops after ?3. */
static const struct query match = OWN(9, "match", "tii", "i", false,
	"SELECT s.message_id FROM message_token t CROSS JOIN message_search s ON s.doc = t.rowid "
	"WHERE t.message_token MATCH ?1 AND t.rowid > 0 AND t.rowid < ?2 ORDER BY t.rowid DESC "
        "LIMIT ?3");
static const struct query match_late = OWN(10, "match_late", "tii", "i", false,
	"SELECT s.message_id FROM message_token t CROSS JOIN message_search s ON s.doc = t.rowid "
	"WHERE t.message_token MATCH ?1 AND t.rowid < 0 AND s.message_id < ?2 ORDER BY "
        "s.message_id DESC LIMIT ?3");
static_assert(OWN_SEARCH + 10 < QUERIES_INTERNAL);

struct place {
	int64_t doc;
	id64 message;
};

static void read_place(void *row, const struct value *values)
{
	*(struct place *)row = (struct place){ values[0].i, values[1].i };
}

/* {0, 0} when there is none. */
static enum err look(struct job *job, const struct query *query, int64_t argument,
                     struct place *out)
{
	const struct value param = value_int(argument);
	enum err e = query_one(job, query, &param, read_place, out);

	if (e == ERR_MISSING)
		*out = (struct place){ 0 };
	return e == ERR_MISSING ? OK : e;
}

/* The first numbered message with at least this id, halving the numbers: some 25 steps among 10
 * million. */
static enum err find_from(struct job *job, id64 message, struct place *out)
{
	struct place newest, middle;
	int64_t low = 1, high;

	TRY(look(job, &find_newest, 0, &newest));
	*out = (struct place){ 0 };
	if (newest.message < message)
		return OK;
	high = newest.doc;
	*out = newest;
	while (low < high) {
		TRY(look(job, &find_at_or_after, low + (high - low) / 2, &middle));
		if (middle.message >= message) {
			*out = middle;
			high = low + (high - low) / 2;
		} else {
			low = middle.doc + 1;
		}
	}
	return out->doc >= low ? OK : look(job, &find_at_or_after, low, out);
}

/* The number of a message that is there; 0 when it is not. */
static enum err find_doc(struct job *job, id64 message, int64_t *doc)
{
	struct place place;

	TRY(find_from(job, message, &place));
	if (place.message != message)
		TRY(look(job, &find_late, message, &place));
	*doc = place.message == message ? place.doc : 0;
	return OK;
}

/* A number for a message that is older than the newest: between its neighbours, or a late one. */
static enum err number_between(struct job *job, id64 message, int64_t *doc)
{
	struct place after, before, late;

	TRY(find_from(job, message, &after));
	TRY(look(job, &find_late, message, &late));
	if (after.message == message || late.doc)
		return fail(job, ERR_CONFLICT, "the message is in the search already");
	TRY(look(job, &find_before, after.doc, &before));
	*doc = before.doc + (after.doc - before.doc) / 2;
	if (*doc > before.doc)
		return OK;
	TRY(look(job, &find_first, 0, &late));
	*doc = late.doc < 0 ? late.doc - 1 : -1;
	return OK;
}

static enum err number_for(struct job *job, id64 message, int64_t *doc)
{
	struct place newest;

	TRY(look(job, &find_newest, 0, &newest));
	if (message <= newest.message)
		return number_between(job, message, doc);
	*doc = newest.doc + NUMBER_STEP;
	return OK;
}

static void write_workspace(struct buf *out, id64 workspace)
{
	char digits[WORKSPACE_DIGITS];

	for (int i = WORKSPACE_DIGITS - 1; i >= 0; i--, workspace /= 36)
		digits[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[workspace % 36];
	buf_put(out, digits, sizeof digits);
}

static str with_workspace(struct job *job, id64 workspace, str tokens, size_t max)
{
	struct buf out = buf_in(job->arena, TEXT_MAX);
	str token;

	while (max && search_next(&tokens, &token)) {
		write_workspace(&out, workspace);
		buf_str(&out, token);
		buf_byte(&out, ' ');
		max--;
	}
	return buf_text(&out);
}

static enum err write_tokens(struct job *job, const struct query *query, int64_t doc,
                             const struct search *search)
{
	const struct value params[] = {
		value_int(doc),
		value_text(
			with_workspace(job, search->workspace, search->tokens, SEARCH_TOKENS_MAX)),
	};

	return db_run(job, query, params, NULL, NULL, NULL);
}

enum err sqlite_search_add(struct job *job, const struct search *search)
{
	int64_t doc = 0;

	TRY(number_for(job, search->message, &doc));
	TRY(db_run(job, &add_doc, (struct value[]){ value_int(doc), value_int(search->message) },
	           NULL, NULL, NULL));
	return write_tokens(job, &add_tokens, doc, search);
}

enum err sqlite_search_remove(struct job *job, const struct search *search)
{
	const struct value *param;
	int64_t doc = 0;

	TRY(find_doc(job, search->message, &doc));
	if (!doc)
		return OK;
	param = &(struct value){ .i = doc };
	TRY(write_tokens(job, &remove_tokens, doc, search));
	return db_run(job, &remove_doc, param, NULL, NULL, NULL);
}

struct found {
	id64 *ids;
	size_t count;
};

static void take_id(void *arg, struct job *job, const struct value *values)
{
	struct found *found = arg;

	(void)job;
	found->ids[found->count++] = values[0].i;
}

static enum err run_match(struct job *job, const struct query *query, const struct value *params,
			  struct found *found)
{
	found->ids = ARENA_ARRAY(job->arena, id64, (size_t)params[2].i);
	return db_run(job, query, params, take_id, found, NULL);
}

/* Both lists are newest first. */
static void merge(const struct found *a, const struct found *b, const struct search *search)
{
	size_t i = 0, j = 0, n = 0;

	while (n < search->max && (i < a->count || j < b->count))
		search->out[n++] = j == b->count || (i < a->count && a->ids[i] > b->ids[j])
		                           ? a->ids[i++]
		                           : b->ids[j++];
	*search->count = n;
}

static enum err find_in_snapshot(struct job *job, const struct search *search, str words)
{
	struct place limit = { .doc = INT64_MAX }, first;
	struct found numbered = { 0 }, late = { 0 };

	if (search->before)
		TRY(find_from(job, search->before, &limit));
	if (!limit.doc)
		limit.doc = INT64_MAX;
	TRY(run_match(job, &match,
	              (struct value[]){ value_text(words), value_int(limit.doc),
	                                value_int((int64_t)search->max) },
	              &numbered));
	TRY(look(job, &find_first, 0, &first));
	if (first.doc < 0)
		TRY(run_match(job, &match_late,
		              (struct value[]){
				      value_text(words),
				      value_int(search->before ? search->before : INT64_MAX),
				      value_int((int64_t)search->max) },
		              &late));
	merge(&numbered, &late, search);
	return OK;
}

enum err sqlite_search_find(struct job *job, const struct search *search)
{
	str words = with_workspace(job, search->workspace, search->tokens, SEARCH_WORDS_MAX);
	bool own_snapshot = !job->db;
	enum err e;

	if (!words.len)
		return OK;
	if (own_snapshot)
		TRY(db_begin(job, DB_READ));
	e = find_in_snapshot(job, search, words);
	if (own_snapshot)
		db_rollback(job);
	return e;
}
