/*
 * postgres_search.c: full-text search on tsvector and GIN.
 *
 * Tokens are lexemes as they are: no dictionary has seen them. For common words the planner walks
 * the primary key downwards and stops after max rows; for rare ones it asks the GIN index. It can
 * only choose well when it sees the words, hence the statement is not a prepared one.
 */
#include "store/store_internal.h"

#include "base/buf.h"

enum { TEXT_MAX = SEARCH_TOKENS_MAX * (SEARCH_TOKEN_MAX + 4) };

static const struct query add = {
	.name = "message_search_add",
	.index = OWN_SEARCH,
	.params = "iit",
	.columns = "",
	.writes = true,
	.postgres = "INSERT INTO message_search (workspace_id, message_id, tokens) "
		    "VALUES ($1, $2, array_to_tsvector(string_to_array($3, ' ')))",
};
static const struct query remove_one = {
	.name = "message_search_remove",
	.index = OWN_SEARCH + 1,
	.params = "ii",
	.columns = "",
	.writes = true,
	.postgres = "DELETE FROM message_search WHERE workspace_id = $1 AND message_id = $2",
};
static const struct query find = {
	.name = "message_search_find",
	.index = -1,
	.params = "itii",
	.columns = "i",
	.postgres = "SELECT message_id FROM message_search WHERE workspace_id = $1 AND tokens @@ "
	            "$2::tsquery "
		    "AND message_id < $3 ORDER BY message_id DESC LIMIT $4",
};

static str join(struct job *job, str tokens, const char *between, size_t max)
{
	struct buf out = buf_in(job->arena, TEXT_MAX);
	str token;

	for (size_t n = 0; n < max && search_next(&tokens, &token); n++) {
		if (n)
			buf_str(&out, str_of(between));
		buf_str(&out, token);
	}
	return buf_text(&out);
}

enum err postgres_search_add(struct job *job, const struct search *search)
{
	const struct value params[] = {
		value_int(search->workspace), value_int(search->message),
		value_text(join(job, search->tokens, " ", SEARCH_TOKENS_MAX)),
	};

	return db_run(job, &add, params, NULL, NULL, NULL);
}

enum err postgres_search_remove(struct job *job, const struct search *search)
{
	const struct value params[] = { value_int(search->workspace), value_int(search->message) };

	return db_run(job, &remove_one, params, NULL, NULL, NULL);
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

enum err postgres_search_find(struct job *job, const struct search *search)
{
	str words = join(job, search->tokens, " & ", SEARCH_WORDS_MAX);
	const struct value params[] = {
		value_int(search->workspace),
		value_text(words),
		value_int(search->before ? search->before : INT64_MAX),
		value_int((int64_t)search->max),
	};
	struct found found = { .ids = search->out };

	if (!words.len)
		return OK;
	TRY(db_run(job, &find, params, take_id, &found, NULL));
	*search->count = found.count;
	return OK;
}
