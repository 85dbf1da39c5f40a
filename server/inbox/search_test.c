/* search_test.c: what is found, exactly, on both databases. */
#include "account/scope.h"
#include "inbox/test_inbox.h"

/* The remote ids of what is found, newest first. */
static str found(struct job *job, const char *query, id64 conversation)
{
	struct message_search search = { .query = T(query),
		.conversation = conversation,
		.max = 3 };
	struct buf out = buf_in(job->arena, 4096);

	do {
		struct messages page;

		EXPECT_OK(search_messages(job, &search, &page, &search.before));
		for (size_t i = 0; i < page.count; i++)
			buf_printf(&out, "%s" STR_F, out.len ? " " : "",
				STR_A(page.items[i].remote_id));
	} while (search.before);
	return buf_text(&out);
}

static void say(struct job *job, const struct channel *ch, const char *remote_id, const char *body)
{
	struct provider_event ev = test_says("12025550142", remote_id, body, TEST_NOW_MS);

	test_apply(job, ch, &ev, NULL);
}

STORE_TEST(words_are_found_by_their_beginnings_and_in_any_case)
{
	struct channel *ch = test_channel(job);

	say(job, ch, "1", "Invoice 4711 for the Straßenbahn");
	say(job, ch, "2", "invoices are LATE again");
	say(job, ch, "3", "Where is my order?");
	EXPECT_STR(found(job, "invoice", 0), "2 1");
	EXPECT_STR(found(job, "INV", 0), "2 1");
	EXPECT_STR(found(job, "invoices", 0), "2");
	EXPECT_STR(found(job, "strassen", 0), "1");
	EXPECT_STR(found(job, "inv late", 0), "2");
	EXPECT_STR(found(job, "voice", 0), "");
	EXPECT_STR(found(job, "47", 0), "");
	EXPECT_STR(found(job, "4711", 0), "1");
	EXPECT_STR(found(job, "is", 0), "3");
	EXPECT_STR(found(job, "", 0), "");
	EXPECT_STR(found(job, "?!", 0), "");
}

STORE_TEST(long_words_are_compared_to_their_end)
{
	struct channel *ch = test_channel(job);

	say(job, ch, "1", "internationalisation");
	say(job, ch, "2", "internationally");
	EXPECT_STR(found(job, "internationa", 0), "2 1");
	EXPECT_STR(found(job, "internationalis", 0), "1");
}

STORE_TEST(quoted_words_stand_together)
{
	struct channel *ch = test_channel(job);

	say(job, ch, "1", "the red car");
	say(job, ch, "2", "a car that is red");
	say(job, ch, "3", "the red cars");
	EXPECT_STR(found(job, "red car", 0), "3 2 1");
	EXPECT_STR(found(job, "\"red car\"", 0), "1");
	EXPECT_STR(found(job, "\"red car\" the", 0), "1");
	EXPECT_STR(found(job, "\"car red\"", 0), "");
}

STORE_TEST(pages_of_a_search_follow_each_other)
{
	struct channel *ch = test_channel(job);

	for (int i = 0; i < 10; i++)
		say(job, ch, arena_cstr(job->arena, arena_printf(job->arena, "%d", i)),
			i % 2 ? "apple pie" : "apple");
	EXPECT_STR(found(job, "apple", 0), "9 8 7 6 5 4 3 2 1 0");
	EXPECT_STR(found(job, "pie app", 0), "9 7 5 3 1");
}

STORE_TEST(captions_titles_and_names_are_found)
{
	struct channel *ch = test_channel(job);
	struct provider_event ev = test_says("12025550142", "1", "", TEST_NOW_MS);

	ev.message_kind = KIND_CONTACTS;
	ev.content = S("[{\"name\":{\"formatted_name\":\"Barbara "
		       "Johnson\"},\"phones\":[{\"phone\":\"+1555\"}]}]");
	test_apply(job, ch, &ev, NULL);
	ev.remote_id = S("2");
	ev.message_kind = KIND_INTERACTIVE;
	ev.content = S("{\"type\":\"list_reply\",\"list_reply\":{\"id\":\"x\",\"title\":\"Express "
		       "delivery\"}}");
	test_apply(job, ch, &ev, NULL);
	ev.remote_id = S("3");
	ev.message_kind = KIND_LOCATION;
	ev.content = S("{\"latitude\":1,\"longitude\":2,\"name\":\"Café Aurora\"}");
	test_apply(job, ch, &ev, NULL);
	ev.remote_id = S("4");
	ev.message_kind = KIND_DOCUMENT;
	ev.content = S("{\"id\":\"9\",\"filename\":\"contract.pdf\",\"caption\":\"signed\"}");
	test_apply(job, ch, &ev, NULL);
	EXPECT_STR(found(job, "johnson", 0), "1");
	EXPECT_STR(found(job, "express", 0), "2");
	EXPECT_STR(found(job, "caf\xC3\xA9", 0), "3");
	EXPECT_STR(found(job, "contract signed", 0), "4");
}

STORE_TEST(a_search_in_one_conversation_stays_there_also_after_a_merge)
{
	struct channel *ch = test_channel(job);
	struct provider_event other = test_says("", "2", "apple", TEST_NOW_MS),
			      both = test_says("12025550142", "3", "x", TEST_NOW_MS);
	id64 first, second;

	say(job, ch, "1", "apple");
	other.who = (struct person_ref){ .bsuid = S("US.1234") };
	test_apply(job, ch, &other, NULL);
	first = test_conversation(job, ch, "1").id;
	second = test_conversation(job, ch, "2").id;
	EXPECT_STR(found(job, "apple", first), "1");
	EXPECT_STR(found(job, "apple", second), "2");
	both.who.bsuid = S("US.1234");
	test_apply(job, ch, &both, NULL);
	EXPECT_STR(found(job, "apple", first), "2 1");
}

STORE_TEST(an_edit_after_a_merge_leaves_no_old_words_behind)
{
	struct channel *ch = test_channel(job);
	struct provider_event other = test_says("", "2", "apple", TEST_NOW_MS), both, edit;
	id64 first;

	say(job, ch, "1", "pear");
	other.who = (struct person_ref){ .bsuid = S("US.1234") };
	test_apply(job, ch, &other, NULL);
	first = test_conversation(job, ch, "1").id;
	both = test_says("12025550142", "3", "x", TEST_NOW_MS);
	both.who.bsuid = S("US.1234");
	test_apply(job, ch, &both, NULL);
	edit = test_says("", "", "banana", TEST_NOW_MS + 1000);
	edit.kind = EVENT_EDIT;
	edit.target_id = S("2");
	test_apply(job, ch, &edit, NULL);
	EXPECT_STR(found(job, "apple", 0), "");
	EXPECT_STR(found(job, "banana", first), "2");
	EXPECT_STR(found(job, "pear", first), "1");
}

STORE_TEST(an_edited_message_is_found_by_its_new_words_only)
{
	struct channel *ch = test_channel(job);
	struct provider_event edit = test_says("12025550142", "", "banana", TEST_NOW_MS + 1000);

	say(job, ch, "1", "apple");
	edit.kind = EVENT_EDIT;
	edit.target_id = S("1");
	test_apply(job, ch, &edit, NULL);
	EXPECT_STR(found(job, "apple", 0), "");
	EXPECT_STR(found(job, "banana", 0), "1");
}

STORE_TEST(another_workspace_finds_nothing)
{
	struct channel *ch = test_channel(job);
	id64 first = job->workspace;

	say(job, ch, "1", "apple");
	test_another_workspace(job);
	EXPECT(job->workspace != first);
	EXPECT_STR(found(job, "apple", 0), "");
	job->workspace = first;
	EXPECT_STR(found(job, "apple", 0), "1");
}

static size_t contacts_found(struct job *job, const char *query, id64 *first)
{
	id64 ids[10];
	size_t count;

	EXPECT_OK(search_contacts(job, T(query), 10, ids, &count));
	if (count && first)
		*first = ids[0];
	return count;
}

STORE_TEST(a_scope_finds_its_contacts_behind_those_that_it_does_not_see)
{
	struct channel *ch = test_channel(job), *other = test_another_channel(job, 2);
	struct provider_event hidden = test_says("12025550101", "1", "hi", TEST_NOW_MS),
			      seen = test_says("12025550102", "2", "hi", TEST_NOW_MS);
	const struct scope scope = { .channels = &ch->id, .channel_count = 1 };
	id64 got = 0;
	size_t count;

	hidden.who.name = seen.who.name = S("Ana");
	test_apply(job, ch, &seen, NULL);
	test_apply(job, other, &hidden, NULL);
	job->scope = &scope;
	EXPECT_OK(search_contacts(job, S("12025"), 1, &got, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(got, test_conversation(job, ch, "2").contact_id);
	EXPECT_OK(search_contacts(job, S("ana"), 1, &got, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(got, test_conversation(job, ch, "2").contact_id);
	EXPECT_INT(contacts_found(job, "12025550101", NULL), 0);
	job->scope = NULL;
	EXPECT_INT(contacts_found(job, "12025", NULL), 2);
}

STORE_TEST(contacts_are_found_by_name_and_number)
{
	struct channel *ch = test_channel(job);
	struct inbox_changes changes = { 0 };
	struct provider_event ev = test_says("12025550142", "1", "hi", TEST_NOW_MS);
	id64 id, got = 0;

	ev.who.name = S("Ana Mar\xC3\xADn");
	test_apply(job, ch, &ev, NULL);
	id = test_conversation(job, ch, "1").contact_id;
	EXPECT_INT(contacts_found(job, "ana", &got), 1);
	EXPECT_INT(got, id);
	EXPECT_INT(contacts_found(job, "mar\xC3\xAD ana", NULL), 1);
	EXPECT_INT(contacts_found(job, "+1 (202) 555", NULL), 1);
	EXPECT_INT(contacts_found(job, "202555", NULL), 0);
	EXPECT_INT(contacts_found(job, "bob", NULL), 0);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_rename(job, id, S("Bob"), NAME_PERSON, &changes));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(contacts_found(job, "bob", NULL), 1);
	EXPECT_STR(found(job, "ana", 0), "");
}
