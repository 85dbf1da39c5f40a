/* contact_find_test.c: finding, keeping, merging, blocking and erasing contacts, on both stores. */
#include "inbox/contacts.h"
#include "inbox/test_inbox.h"

#include "account/permission.h"
#include "account/scope.h"
#include "store/store.h"

static struct contact make(struct job *job, const char *phone, const char *name)
{
	struct inbox_changes changes = { 0 };
	struct contact_draft draft = { .phone = T(phone), .name = T(name), .source = S("console") };
	struct contact out;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_create(job, &draft, &changes, &out));
	EXPECT_OK(db_commit(job));
	job->now_ms += 1000;
	return out;
}

static id64 make_attribute(struct job *job, const char *key, enum attribute_kind kind)
{
	struct attribute draft = { .key = T(key),
		.title = T(key),
		.kind = kind,
		.options = S("[]") };
	struct attribute made;

	EXPECT_OK(attribute_create(job, &draft, &made));
	return made.id;
}

static void give(struct job *job, id64 contact, const char *values)
{
	struct inbox_changes changes = { 0 };
	struct contact_patch patch = { 0 };
	struct contact out;

	EXPECT_OK(json_read(job->arena, T(values), &patch.attributes, NULL));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_change(job, contact, &patch, &changes, &out));
	EXPECT_OK(db_commit(job));
}

static struct contact_filter any(void)
{
	return (struct contact_filter){ .opted_out = -1, .blocked = -1 };
}

/* The names of a page, joined. */
static str names(struct job *job, const struct contact_filter *filter)
{
	struct contact_page page;
	struct buf out = buf_in(test_arena(), 4096);

	EXPECT_OK(contact_find(job, filter, &(struct contact_place){ 0 }, 50, &page));
	for (size_t i = 0; i < page.contacts.count; i++) {
		buf_str(&out, i ? S(", ") : S(""));
		buf_str(&out, page.contacts.items[i].name);
	}
	return buf_text(&out);
}

static str found(struct job *job, const char *query)
{
	struct contact_filter filter = any();

	filter.query = T(query);
	filter.sort = CONTACT_SORT_NAME;
	return names(job, &filter);
}

STORE_TEST(contacts_are_found_by_words_numbers_and_values)
{
	struct contact ana, bo;

	test_channel(job);
	make_attribute(job, "city", ATTRIBUTE_TEXT);
	ana = make(job, "+12025550142", "Ana Müller");
	bo = make(job, "+4915123456789", "Bo Ekström");
	give(job, bo.id, "{\"city\":\"Gothenburg harbour\"}");
	EXPECT_STR(found(job, "mül"), "Ana Müller");
	EXPECT_STR(found(job, "EKST"), "Bo Ekström");
	EXPECT_STR(found(job, "harb"), "Bo Ekström");
	EXPECT_STR(found(job, "bo gothen"), "Bo Ekström");
	EXPECT_STR(found(job, "202555"), "");
	EXPECT_STR(found(job, "1202555"), "Ana Müller");
	EXPECT_STR(found(job, "6789"), "Bo Ekström");
	EXPECT_STR(found(job, "+49 151 23456789"), "Bo Ekström");
	EXPECT_STR(found(job, "nobody"), "");
	give(job, bo.id, "{\"city\":null}");
	EXPECT_STR(found(job, "harb"), "");
	EXPECT(ana.id);
}

STORE_TEST(filters_combine_and_orders_are_kept)
{
	struct inbox_changes changes = { 0 };
	struct contact_filter filter = any();
	id64 points = (test_channel(job), make_attribute(job, "points", ATTRIBUTE_NUMBER));
	struct contact a = make(job, "+12025550101", "Zoe"), b = make(job, "+12025550102", "Émile"),
		       c = make(job, "+12025550103", "Adam");

	give(job, a.id, "{\"points\":\"007.50\"}");
	give(job, b.id, "{\"points\":7.5}");
	filter.sort = CONTACT_SORT_CREATED;
	EXPECT_STR(names(job, &filter), "Adam, Émile, Zoe");
	filter.sort = CONTACT_SORT_CREATED_UP;
	EXPECT_STR(names(job, &filter), "Zoe, Émile, Adam");
	filter.sort = CONTACT_SORT_NAME;
	EXPECT_STR(names(job, &filter), "Adam, Émile, Zoe");
	filter.attribute = points;
	filter.value = S("7.5");
	EXPECT_STR(names(job, &filter), "Émile, Zoe");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_consent(job, a.id, true, S("phone call"), &changes));
	EXPECT_OK(db_commit(job));
	filter.opted_out = 1;
	EXPECT_STR(names(job, &filter), "Zoe");
	filter = any();
	filter.opted_out = 0;
	filter.sort = CONTACT_SORT_CREATED;
	EXPECT_STR(names(job, &filter), "Adam, Émile");
	filter = any();
	filter.created_from_ms = b.created_ms;
	filter.created_until_ms = c.created_ms;
	EXPECT_STR(names(job, &filter), "Émile");
}

STORE_TEST(pages_go_on_where_the_one_before_ended)
{
	struct contact_filter filter = any();
	struct contact_place place = { 0 };
	struct contact_page page;
	size_t seen = 0;

	test_channel(job);
	for (int i = 0; i < 7; i++)
		make(job, arena_printf(test_arena(), "+1202555010%d", i).ptr,
			arena_printf(test_arena(), "Person %d", i).ptr);
	for (int sort = 0; sort < CONTACT_SORTS; sort++) {
		filter.sort = (enum contact_sort)sort;
		place = (struct contact_place){ 0 };
		seen = 0;
		do {
			EXPECT_OK(contact_find(job, &filter, &place, 3, &page));
			seen += page.contacts.count;
			place = page.next;
		} while (page.has_more && seen < 20);
		EXPECT_INT(seen, 7);
	}
}

STORE_TEST(the_last_to_write_comes_first)
{
	struct channel *ch = test_channel(job);
	struct contact_filter filter = any();
	struct provider_event text = test_says("12025550101", "wamid.1", "hi", TEST_NOW_MS);

	make(job, "+12025550101", "Writes");
	make(job, "+12025550102", "Silent");
	EXPECT_STR(names(job, &filter), "Silent, Writes");
	job->now_ms += 120000;
	test_apply(job, ch, &text, NULL);
	EXPECT_STR(names(job, &filter), "Writes, Silent");
	filter.number = ch->number_id;
	EXPECT_STR(names(job, &filter), "Writes");
	filter = any();
	filter.seen_from_ms = job->now_ms - 1000;
	EXPECT_STR(names(job, &filter), "Writes");
}

STORE_TEST(a_scope_sees_those_who_speak_where_it_may_look)
{
	struct channel *ch = test_channel(job), *other = test_another_channel(job, 2);
	struct provider_event a = test_says("12025550101", "wamid.1", "hi", TEST_NOW_MS),
			      b = test_says("12025550102", "wamid.2", "hi", TEST_NOW_MS);
	const struct scope scope = { .channels = &ch->id, .channel_count = 1 };
	struct contact_filter filter = any();

	test_apply(job, ch, &a, NULL);
	test_apply(job, other, &b, NULL);
	make(job, "+12025550103", "Never spoke");
	job->scope = &scope;
	EXPECT_STR(names(job, &filter), "+12025550101");
	filter.query = S("2025550102");
	EXPECT_STR(names(job, &filter), "");
	EXPECT_ERR(contact_check(job, test_conversation(job, ch, "wamid.1").contact_id), OK);
	job->scope = NULL;
}

STORE_TEST(what_a_blocked_contact_writes_makes_no_notice)
{
	struct channel *ch = test_channel(job);
	struct provider_event a = test_says("12025550101", "wamid.1", "hi", TEST_NOW_MS),
			      b = test_says("12025550101", "wamid.2", "again", TEST_NOW_MS + 1000);
	struct inbox_changes changes = { 0 };
	struct conversation conv;
	struct contact contact;

	test_apply(job, ch, &a, NULL);
	conv = test_conversation(job, ch, "wamid.1");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_block(job, conv.contact_id, true, S("spam"), &changes, &contact));
	EXPECT_OK(db_commit(job));
	EXPECT(contact.blocked_ms);
	test_apply(job, ch, &b, NULL);
	conv = test_conversation(job, ch, "wamid.2");
	EXPECT_INT(conv.status, CONVERSATION_ARCHIVED);
	EXPECT_INT(conv.unread_count, 1);
	EXPECT(test_message(job, ch, "wamid.2").flags & FLAG_BLOCKED);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_block(job, conv.contact_id, false, STR_NONE, &changes, &contact));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(test_conversation(job, ch, "wamid.2").status, CONVERSATION_RESOLVED);
}

STORE_TEST(a_merge_by_hand_takes_what_was_chosen_and_can_be_undone)
{
	struct inbox_changes changes = { 0 };
	struct contact kept, gone, now;
	struct contact_note note;
	struct contact_notes notes;
	id64 city = (test_channel(job), make_attribute(job, "city", ATTRIBUTE_TEXT)), merge,
	     vip = make_attribute(job, "vip", ATTRIBUTE_BOOLEAN);
	const struct merge_choice choice = { .name = true, .attributes = &city,
		.attribute_count = 1 };

	kept = make(job, "+12025550101", "Kim");
	gone = make(job, "+12025550102", "Kim Larsen");
	give(job, kept.id, "{\"city\":\"Oslo\"}");
	give(job, gone.id, "{\"city\":\"Bergen\",\"vip\":\"yes\"}");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_note_add(job, gone.id, S("likes tea"), &note));
	EXPECT_OK(contact_merge_chosen(job, kept.id, gone.id, &choice, &changes, &merge));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(contact_get(job, kept.id, &now));
	EXPECT_STR(now.name, "Kim Larsen");
	EXPECT_STR(contact_value(test_arena(), &now, city), "Bergen");
	EXPECT_STR(contact_value(test_arena(), &now, vip), "true");
	EXPECT_INT(now.alias_count, 2);
	EXPECT_OK(contact_note_list(job, kept.id, 0, 10, &notes));
	EXPECT_INT(notes.count, 1);
	EXPECT_STR(found(job, "larsen"), "Kim Larsen");

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_unmerge(job, merge, &changes));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(contact_get(job, kept.id, &now));
	EXPECT_STR(now.name, "Kim");
	EXPECT_STR(contact_value(test_arena(), &now, city), "Oslo");
	EXPECT(!contact_value(test_arena(), &now, vip).len);
	EXPECT_STR(found(job, "kim"), "Kim, Kim Larsen");
	EXPECT_OK(contact_note_list(job, gone.id, 0, 10, &notes));
	EXPECT_INT(notes.count, 1);
}

STORE_TEST(doubles_are_told_with_their_reason)
{
	struct contact_double doubles[10];
	struct contact_group groups[10];
	struct contact a, b, c;
	size_t count;
	int64_t next;

	test_channel(job);
	make_attribute(job, "mail", ATTRIBUTE_EMAIL);
	a = make(job, "+12025550101", "Kim Larsen");
	b = make(job, "+4512345678", "kim larsen");
	c = make(job, "+4512345679", "Someone");
	give(job, a.id, "{\"mail\":\"kim@example.com\"}");
	give(job, c.id, "{\"mail\":\"Kim@Example.com\"}");
	EXPECT_OK(contact_doubles(job, a.id, doubles, 10, &count));
	EXPECT_INT(count, 2);
	EXPECT_INT(doubles[0].contact, c.id);
	EXPECT_STR(T(doubles[0].reason), "email");
	EXPECT_INT(doubles[1].contact, b.id);
	EXPECT_STR(T(doubles[1].reason), "name");
	EXPECT_OK(contact_groups(job, 1, 0, groups, 10, &count, &next));
	EXPECT_INT(count, 1);
	EXPECT_INT(groups[0].contacts.count, 2);
	EXPECT_INT(next, 0);
}

STORE_TEST(an_erased_person_is_nowhere)
{
	struct channel *ch = test_channel(job);
	struct provider_event a =
		test_says("12025550101", "wamid.1", "my secret wish", TEST_NOW_MS);
	struct message_search search = { .query = S("secret"), .max = 10 };
	struct inbox_changes changes = { 0 };
	struct messages hits;
	bool done;
	id64 id, next;

	a.who.name = S("Ana Secret");
	test_apply(job, ch, &a, NULL);
	id = test_conversation(job, ch, "wamid.1").contact_id;
	EXPECT_STR(found(job, "secret"), "Ana Secret");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_erase(job, id, S("asked by mail"), &changes));
	EXPECT_OK(db_commit(job));
	EXPECT_STR(found(job, "secret"), "");
	EXPECT_ERR(contact_check(job, id), ERR_MISSING);
	EXPECT_OK(contact_wipe(job, id, &done));
	EXPECT_OK(search_messages(job, &search, &hits, &next));
	EXPECT_INT(hits.count, 0);
	EXPECT_STR(test_message(job, ch, "wamid.1").content, "{}");
	/* the same number is a new person */
	a.remote_id = S("wamid.2");
	test_apply(job, ch, &a, NULL);
	EXPECT(test_conversation(job, ch, "wamid.2").contact_id != id);
}

TEST(values_are_read_as_people_write_them)
{
	struct attribute a = { .options = S("[\"Gold\",\"Silver\"]") };
	const char *why;
	str out;

	a.kind = ATTRIBUTE_NUMBER;
	EXPECT(attribute_read(test_arena(), &a, S(" 007,50 "), &out, &why));
	EXPECT_STR(out, "7.5");
	EXPECT(attribute_read(test_arena(), &a, S("-0.0"), &out, &why));
	EXPECT_STR(out, "0");
	EXPECT(!attribute_read(test_arena(), &a, S("1.2.3"), &out, &why));
	a.kind = ATTRIBUTE_DATE;
	EXPECT(attribute_read(test_arena(), &a, S("29.02.2024"), &out, &why));
	EXPECT_STR(out, "2024-02-29");
	EXPECT(!attribute_read(test_arena(), &a, S("29.02.2025"), &out, &why));
	EXPECT(!attribute_read(test_arena(), &a, S("2025-13-01"), &out, &why));
	a.kind = ATTRIBUTE_LIST;
	EXPECT(attribute_read(test_arena(), &a, S("gold"), &out, &why));
	EXPECT_STR(out, "Gold");
	EXPECT(!attribute_read(test_arena(), &a, S("Bronze"), &out, &why));
	a.kind = ATTRIBUTE_EMAIL;
	EXPECT(attribute_read(test_arena(), &a, S("a@b.co"), &out, &why));
	EXPECT(!attribute_read(test_arena(), &a, S("a@b"), &out, &why));
	a.kind = ATTRIBUTE_URL;
	EXPECT(!attribute_read(test_arena(), &a, S("javascript:alert(1)"), &out, &why));
}
