/* search_test.c: both databases find the same, compared with a plain search through everything. */
#include "store/test_store.h"

#include <stdlib.h>

enum { MESSAGES = 600, WORDS = 12, FOUND_MAX = 100, WORKSPACES = 2 };

/* What is in the index by the plain model: bit w of words[workspace][id]. */
static unsigned words[WORKSPACES + 1][MESSAGES + 1];
static uint64_t seed;

static unsigned roll(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

static str text_of(struct job *job, unsigned set)
{
	str text = S("");

	for (int w = 0; w < WORDS; w++)
		if (set & 1u << w)
			text = arena_printf(job->arena, STR_F "%sw%dx", STR_A(text),
			                    text.len ? " " : "", w);
	return text;
}

static void add(struct job *job, id64 workspace, id64 message, unsigned set)
{
	words[workspace][message] = set;
	EXPECT_OK(search_add(job, workspace, message, text_of(job, set)));
}

static void expect_same(struct job *job, id64 workspace, unsigned set, id64 before, size_t max)
{
	id64 got[FOUND_MAX];
	size_t count, at = 0;

	EXPECT_OK(search_find(job, workspace, text_of(job, set), before, got, max, &count));
	for (id64 id = before ? before - 1 : MESSAGES; id > 0 && at < max; id--)
		if (words[workspace][id] && (words[workspace][id] & set) == set) {
			EXPECT(at < count);
			EXPECT_INT(got[at], id);
			at++;
		}
	EXPECT_INT(count, at);
}

static void expect_same_everywhere(struct job *job)
{
	for (int i = 0; i < 60; i++) {
		unsigned set = 1u << roll(WORDS) | (roll(2) ? 1u << roll(WORDS) : 0);

		expect_same(job, 1 + roll(WORKSPACES), set, roll(3) ? 1 + roll(MESSAGES) : 0,
		            1 + roll(FOUND_MAX));
	}
}

static unsigned some_words(void)
{
	return 1u << roll(WORDS) | 1u << roll(WORDS) | 1u << roll(3);
}

STORE_TEST(any_order_of_adding_and_removing_finds_the_same)
{
	seed = 7;
	memset(words, 0, sizeof words);
	for (int round = 0; round < 6; round++) {
		EXPECT_OK(db_begin(job, DB_WRITE));
		for (int i = 0; i < 100; i++) {
			/* Mostly the next one; every fifth anywhere below, so that numbers between
			 * run out. */
			id64 id = roll(5) ? round * 100 + i + 1
			                  : 1 + (id64)roll((unsigned)(round * 100 + i + 1));
			id64 workspace = 1 + (id & 1);

			if (!words[workspace][id]) {
				add(job, workspace, id, some_words());
			} else if (roll(2)) {
				EXPECT_OK(search_remove(job, workspace, id,
				                        text_of(job, words[workspace][id])));
				words[workspace][id] = 0;
			}
		}
		EXPECT_OK(db_commit(job));
		expect_same_everywhere(job);
	}
}

STORE_TEST(older_messages_may_all_come_last)
{
	seed = 8;
	memset(words, 0, sizeof words);
	EXPECT_OK(db_begin(job, DB_WRITE));
	for (id64 id = MESSAGES; id > 0; id--)
		add(job, 1, id, some_words());
	EXPECT_OK(db_commit(job));
	expect_same_everywhere(job);
}

STORE_TEST(a_message_is_added_once)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(search_add(job, 1, 10, S("a1 b2")));
	EXPECT_OK(search_add(job, 1, 20, S("a1")));
	EXPECT_ERR(search_add(job, 1, 10, S("c3")), ERR_CONFLICT);
	db_rollback(job);
}

STORE_TEST(an_edited_message_is_found_by_its_new_words)
{
	id64 got[4];
	size_t count;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(search_add(job, 1, 10, S("old same")));
	EXPECT_OK(search_add(job, 1, 20, S("other")));
	EXPECT_OK(search_remove(job, 1, 10, S("old same")));
	EXPECT_OK(search_remove(job, 1, 15, S("old same")));
	EXPECT_OK(search_add(job, 1, 10, S("new same")));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(search_find(job, 1, S("old"), 0, got, 4, &count));
	EXPECT_INT(count, 0);
	EXPECT_OK(search_find(job, 1, S("same new"), 0, got, 4, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(got[0], 10);
}

STORE_TEST(a_search_never_leaves_its_workspace)
{
	id64 got[4];
	size_t count;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(search_add(job, 1, 10, S("word")));
	EXPECT_OK(search_add(job, 2, 20, S("word")));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(search_find(job, 2, S("word"), 0, got, 4, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(got[0], 20);
}

STORE_TEST(what_is_no_token_is_passed_over)
{
	id64 got[4];
	size_t count;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(search_add(job, 1, 10, S("  good 7up Bad \"quo'te) a&b  ")));
	EXPECT_OK(search_add(job, 1, 11, S("")));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(search_find(job, 1, S("good 7up ' OR 1=1 *"), 0, got, 4, &count));
	EXPECT_INT(count, 1);
	EXPECT_OK(search_find(job, 1, S(" & "), 0, got, 4, &count));
	EXPECT_INT(count, 0);
}
