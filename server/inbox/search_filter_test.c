/* search_filter_test.c: what filters take, each alone and together, on both databases. */
#include "inbox/search.h"
#include "inbox/test_inbox.h"

#include "account/scope.h"

/* The remote ids of what a line finds, newest first; pages of two. */
static str found(struct job *job, const char *line)
{
	struct search_filter filter;
	struct message_search search = { .max = 2, .filter = &filter };
	struct buf out = buf_in(job->arena, 4096);

	EXPECT_OK(search_read(job, T(line), STR_NONE, &filter));
	do {
		struct messages page;

		EXPECT_OK(search_messages(job, &search, &page, &search.before));
		for (size_t i = 0; i < page.count; i++)
			buf_printf(&out, "%s" STR_F, out.len ? " " : "",
				STR_A(page.items[i].remote_id));
	} while (search.before);
	return buf_text(&out);
}

static void says(struct job *job, const struct channel *ch, const char *phone,
	const char *remote_id, const char *body)
{
	struct provider_event ev = test_says(phone, remote_id, body, TEST_NOW_MS);

	test_apply(job, ch, &ev, NULL);
}

static void shows(struct job *job, const struct channel *ch, const char *remote_id,
	enum message_kind kind, const char *content)
{
	struct provider_event ev = test_says("12025550142", remote_id, "", TEST_NOW_MS);

	ev.message_kind = kind;
	ev.content = T(content);
	test_apply(job, ch, &ev, NULL);
}

STORE_TEST(kinds_are_found_also_without_words)
{
	struct channel *ch = test_channel(job);

	job->actor.permissions = ~0ull;
	says(job, ch, "12025550142", "1", "a red car");
	shows(job, ch, "2", KIND_IMAGE, "{\"id\":\"9\"}");
	shows(job, ch, "3", KIND_IMAGE, "{\"id\":\"9\",\"caption\":\"a red car\"}");
	shows(job, ch, "4", KIND_VOICE, "{\"id\":\"9\"}");
	says(job, ch, "12025550142", "5", "look at https://example.com/cars");
	EXPECT_STR(found(job, "has:image"), "3 2");
	EXPECT_STR(found(job, "red has:image"), "3");
	EXPECT_STR(found(job, "has:voice"), "4");
	EXPECT_STR(found(job, "has:audio"), "4");
	EXPECT_STR(found(job, "has:media"), "4 3 2");
	EXPECT_STR(found(job, "has:image has:voice"), "4 3 2");
	EXPECT_STR(found(job, "has:link"), "5");
	EXPECT_STR(found(job, "has:video"), "");
	EXPECT_STR(found(job, "\"red car\" is:in"), "3 1");
	EXPECT_STR(found(job, "is:in"), "5 4 3 2 1");
	EXPECT_STR(found(job, "is:out"), "");
}

STORE_TEST(from_finds_what_a_contact_wrote)
{
	struct channel *ch = test_channel(job);

	job->actor.permissions = ~0ull;
	says(job, ch, "12025550142", "1", "apple pie");
	says(job, ch, "12025550177", "2", "apple tart");
	EXPECT_STR(found(job, "from:12025550142"), "1");
	EXPECT_STR(found(job, "apple from:+12025550177"), "2");
	EXPECT_STR(found(job, "pie from:+12025550177"), "");
	EXPECT_STR(found(job, "from:12025550142 from:12025550177"), "2 1");
	EXPECT_STR(found(job, "apple from:nobodyatall"), "");
}

STORE_TEST(who_may_not_read_contacts_finds_nobody_by_name)
{
	struct channel *ch = test_channel(job);

	says(job, ch, "12025550142", "1", "apple pie");
	job->actor.permissions = 0;
	EXPECT_STR(found(job, "from:12025550142"), "");
}

STORE_TEST(what_a_conversation_is_counts_as_it_is_now)
{
	struct channel *ch = test_channel(job);
	struct inbox_changes changes = { 0 };
	struct conversation conv;

	says(job, ch, "12025550142", "1", "apple pie");
	says(job, ch, "12025550177", "2", "apple tart");
	EXPECT_STR(found(job, "apple is:open"), "2 1");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, test_conversation(job, ch, "1").id,
		&(struct conversation_patch){ .has_status = true, .status = CONVERSATION_RESOLVED },
		&changes, &conv));
	EXPECT_OK(db_commit(job));
	EXPECT_STR(found(job, "apple is:open"), "2");
	EXPECT_STR(found(job, "apple status:resolved"), "1");
	EXPECT_STR(found(job, "is:resolved is:open"), "2 1");
	EXPECT_STR(found(job, "is:unread apple"), "2 1");
	EXPECT_STR(found(job, "is:unassigned apple"), "2 1");
	EXPECT_STR(found(job, "agent:none apple"), "2 1");
	EXPECT_STR(found(job, "agent:nobodyatall apple"), "");
}

STORE_TEST(dates_bound_a_search)
{
	struct channel *ch = test_channel(job);

	says(job, ch, "12025550142", "1", "apple pie");
	EXPECT_STR(found(job, "apple after:today"), "1");
	EXPECT_STR(found(job, "apple before:today"), "");
	EXPECT_STR(found(job, "apple on:today"), "1");
	EXPECT_STR(found(job, "apple on:yesterday"), "");
	EXPECT_STR(found(job, "apple after:7d"), "1");
	EXPECT_STR(found(job, "apple after:2001-01-01 before:2150-01-01"), "1");
	EXPECT_STR(found(job, "apple before:2001-01-01"), "");
	EXPECT_STR(found(job, "apple after:2026-02-31"), "");
	EXPECT_STR(found(job, "apple after:soon"), "");
}

STORE_TEST(a_channel_is_found_by_name_and_number)
{
	struct channel *ch = test_channel(job);
	str line;

	says(job, ch, "12025550142", "1", "apple pie");
	line = arena_printf(job->arena, "channel:\"" STR_F "\"", STR_A(ch->name));
	EXPECT_STR(found(job, arena_cstr(job->arena, line)), "1");
	EXPECT_STR(found(job, "channel:nosuchchannel"), "");
}

STORE_TEST(what_is_out_of_sight_is_not_found)
{
	struct channel *ch = test_channel(job);
	const struct scope own = { .person = 77, .sees = SEES_OWN };

	says(job, ch, "12025550142", "1", "apple pie");
	job->scope = &own;
	EXPECT_STR(found(job, "apple"), "");
	EXPECT_STR(found(job, "is:in"), "");
	job->scope = NULL;
	EXPECT_STR(found(job, "apple"), "1");
}

static struct search_filter read(struct job *job, const char *line)
{
	struct search_filter filter;

	EXPECT_OK(search_read(job, T(line), STR_NONE, &filter));
	return filter;
}

STORE_TEST(a_line_is_words_and_filters)
{
	struct search_filter f;

	test_channel(job);
	f = read(job,
		"  invoice has:image \"red  car\" http://x:80 from: label:\"very important\" ");
	EXPECT_STR(f.text, "invoice \"red  car\" http://x:80 from:");
	EXPECT_INT(f.term_count, 2);
	EXPECT_STR(f.terms[1].key, "label");
	EXPECT_STR(f.terms[1].value, "very important");
	EXPECT(!f.terms[1].known && f.terms[0].known && f.is_empty_set);
	EXPECT_STR(read(job, "HAS:Image").text, "");
	EXPECT_INT(read(job, "\"has:image\"").term_count, 0);
	EXPECT_INT(read(job, "").term_count, 0);
}

STORE_TEST(more_filters_than_there_may_be_are_words)
{
	struct search_filter f;

	test_channel(job);
	f = read(job,
		"is:in is:in is:in is:in is:in is:in is:in is:in is:in is:in is:in is:in is:out");
	EXPECT_INT(f.term_count, SEARCH_FILTERS_MAX);
	EXPECT_STR(f.text, "is:out");
}

STORE_TEST(suggestions_begin_as_typed)
{
	struct search_suggestions all;

	test_channel(job);
	EXPECT_OK(search_suggest(job, S("has"), S("im"), &all));
	EXPECT_INT(all.count, 1);
	EXPECT_STR(all.items[0].value, "image");
	EXPECT_OK(search_suggest(job, S("is"), S(""), &all));
	EXPECT_INT(all.count, 10);
	EXPECT_ERR(search_suggest(job, S("colour"), S(""), &all), ERR_INPUT);
}
