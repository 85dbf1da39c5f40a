/* contact_test.c: one person is one contact, by whatever names and in whatever order. */
#include "inbox/test_inbox.h"

#include <pthread.h>

static struct contact resolve(struct job *job, struct person_ref who)
{
	struct inbox_changes changes = { 0 };
	struct contact contact;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_resolve(job, &who, S("webhook"), &changes, &contact));
	EXPECT_OK(db_commit(job));
	return contact;
}

static id64 current(struct job *job, id64 id)
{
	struct contact contact;

	EXPECT_OK(contact_get(job, id, &contact));
	return contact.id;
}

static size_t live_contacts(struct job *job)
{
	struct contact_rows rows;

	EXPECT_OK(sql_contact_list(job, &(struct sql_contact_list){
		.workspace = job->workspace, .before = INT64_MAX, .max = 100 }, &rows));
	return rows.count;
}

/* One person for each order, seen by names alone and by pairs that tie them together. */
static struct person_ref sighting(int which, int order)
{
	struct arena *arena = test_arena();
	str phone = arena_printf(arena, "1202555%04d", order),
	    lid = arena_printf(arena, "987654321%05d", order);
	str bsuid = arena_printf(arena, "US.13491208655%d", order);

	switch (which) {
	case 0:
		return (struct person_ref){ .phone = phone };
	case 1:
		return (struct person_ref){ .lid = lid };
	case 2:
		return (struct person_ref){ .bsuid = bsuid };
	case 3:
		return (struct person_ref){ .phone = phone, .lid = lid };
	default:
		return (struct person_ref){ .phone = phone,
			.bsuid = bsuid,
			.parent_bsuid = arena_printf(arena, "US.ENT.118%d", order) };
	}
}

static void see_in_order(struct job *job, int order)
{
	int left[5] = { 0, 1, 2, 3, 4 };
	struct contact_alias_rows aliases;
	id64 ids[5];

	for (int n = 5, k = 0, rest = order; n > 0; n--, k++) {
		int at = rest % n;

		ids[k] = resolve(job, sighting(left[at], order)).id;
		rest /= n;
		left[at] = left[n - 1];
	}
	for (int i = 1; i < 5; i++)
		EXPECT_INT(current(job, ids[i]), current(job, ids[0]));
	EXPECT_OK(sql_contact_alias_list(job, &(struct sql_contact_alias_list){
		.contact = current(job, ids[0]), .workspace = job->workspace }, &aliases));
	EXPECT_INT(aliases.count, 4);
}

STORE_TEST(phone_lid_and_bsuid_are_one_contact_in_every_order)
{
	test_channel(job);
	for (int order = 0; order < 120; order++)
		see_in_order(job, order);
}

STORE_TEST(variants_of_a_brazilian_and_a_mexican_number_are_one_contact)
{
	struct contact a, b;

	test_channel(job);
	a = resolve(job, (struct person_ref){ .phone = S("5511987650000") });
	b = resolve(job, (struct person_ref){ .phone = S("551187650000") });
	EXPECT_INT(a.id, b.id);
	EXPECT_STR(b.phone, "551187650000");
	a = resolve(job, (struct person_ref){ .phone = S("5215512345678") });
	b = resolve(job, (struct person_ref){ .phone = S("525512345678") });
	EXPECT_INT(a.id, b.id);
	EXPECT_INT(live_contacts(job), 2);
}

STORE_TEST(a_typed_number_does_not_replace_what_the_network_told)
{
	struct inbox_changes changes = { 0 };
	struct person_ref typed = { .phone = S("5511987650000") };
	struct contact c;

	test_channel(job);
	resolve(job, (struct person_ref){ .phone = S("551187650000") });
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_resolve(job, &typed, S("send"), &changes, &c));
	EXPECT_OK(db_commit(job));
	EXPECT_STR(c.phone, "551187650000");
}

STORE_TEST(the_name_that_a_person_gave_stays)
{
	struct inbox_changes changes = { 0 };
	struct contact c;

	test_channel(job);
	c = resolve(job, (struct person_ref){ .phone = S("12025550142"), .name = S("~ana~") });
	EXPECT_STR(c.name, "~ana~");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_rename(job, c.id, S("Ana (phone book)"), NAME_ADDRESS_BOOK, &changes));
	EXPECT_OK(contact_rename(job, c.id, S("Ana Silva"), NAME_PERSON, &changes));
	EXPECT_OK(contact_rename(job, c.id, S("Ana (phone book 2)"), NAME_ADDRESS_BOOK, &changes));
	EXPECT_OK(db_commit(job));
	c = resolve(job, (struct person_ref){ .phone = S("12025550142"), .name = S("Ana S.") });
	EXPECT_STR(c.name, "Ana Silva");
	EXPECT_STR(c.profile_name, "Ana S.");
}

STORE_TEST(a_contact_without_a_name_is_shown_by_its_number)
{
	test_channel(job);
	EXPECT_STR(resolve(job, (struct person_ref){ .phone = S("12025550142") }).name,
		"+12025550142");
	EXPECT_STR(resolve(job, (struct person_ref){ .bsuid = S("US.1234") }).name, "US.1234");
}

STORE_TEST(a_changed_number_keeps_the_contact_and_is_used_from_then_on)
{
	struct channel *ch = test_channel(job);
	struct provider_event change = { .kind = EVENT_IDENTITY,
		.who = { .phone = S("12025550143") },
		.previous = { .phone = S("12025550142") },
		.at_ms = TEST_NOW_MS + 60000 };
	struct contact before = resolve(job,
			       (struct person_ref){ .phone = S("12025550142"), .name = S("Ana") }),
		       after;

	test_apply(job, ch, &change, NULL);
	test_apply(job, ch, &change, NULL);
	after = resolve(job, (struct person_ref){ .phone = S("12025550143") });
	EXPECT_INT(after.id, before.id);
	EXPECT_STR(after.phone, "12025550143");
	EXPECT_INT(live_contacts(job), 1);
}

/* ---- merges ---- */

static id64 last_merge(struct job *job, id64 kept)
{
	struct contact_merge_rows rows;

	EXPECT_OK(sql_contact_merge_list(job, &(struct sql_contact_merge_list){
		.kept = kept, .workspace = job->workspace }, &rows));
	EXPECT(rows.count > 0);
	return rows.items[0].id;
}

static size_t thread_length(struct job *job, id64 conversation)
{
	struct messages messages;

	EXPECT_OK(message_before(job, conversation, 0, 100, &messages));
	return messages.count;
}

STORE_TEST(merged_conversations_become_one_thread_and_part_again)
{
	struct inbox_changes changes = { 0 };
	struct channel *ch = test_channel(job);
	struct provider_event by_phone =
		test_says("12025550142", "wamid.A", "by phone", TEST_NOW_MS - 5000);
	struct provider_event by_bsuid = test_says("", "wamid.B", "by id", TEST_NOW_MS - 1000);
	struct conversation a, b, joined;

	by_bsuid.who = (struct person_ref){ .bsuid = S("US.1234") };
	test_apply(job, ch, &by_phone, NULL);
	test_apply(job, ch, &by_bsuid, NULL);
	a = test_conversation(job, ch, "wamid.A");
	b = test_conversation(job, ch, "wamid.B");
	EXPECT(a.id != b.id);

	resolve(job, (struct person_ref){ .phone = S("12025550142"), .bsuid = S("US.1234") });
	joined = test_conversation(job, ch, "wamid.B");
	EXPECT_INT(joined.id, a.id);
	EXPECT_INT(joined.unread_count, 2);
	EXPECT_INT(joined.window_until_ms, b.window_until_ms);
	EXPECT_INT(joined.last_message_id, b.last_message_id);
	EXPECT_INT(thread_length(job, a.id), 2);
	EXPECT_OK(conversation_get(job, b.id, &joined));
	EXPECT_INT(joined.id, a.id);

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_unmerge(job, last_merge(job, a.contact_id), &changes));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(test_conversation(job, ch, "wamid.A").id, a.id);
	joined = test_conversation(job, ch, "wamid.A");
	EXPECT_INT(joined.unread_count, 1);
	EXPECT_INT(joined.window_until_ms, a.window_until_ms);
	EXPECT_INT(joined.last_message_id, a.last_message_id);
	EXPECT_INT(test_conversation(job, ch, "wamid.B").id, b.id);
	EXPECT_INT(test_conversation(job, ch, "wamid.B").contact_id, b.contact_id);
	EXPECT_INT(resolve(job, (struct person_ref){ .bsuid = S("US.1234") }).id, b.contact_id);
	EXPECT_INT(live_contacts(job), 2);
}

STORE_TEST(a_merge_is_undone_once)
{
	struct inbox_changes changes = { 0 };
	id64 merge;

	test_channel(job);
	resolve(job, (struct person_ref){ .phone = S("12025550142") });
	resolve(job, (struct person_ref){ .lid = S("1234567") });
	merge = last_merge(job,
		resolve(job, (struct person_ref){ .phone = S("12025550142"), .lid = S("1234567") })
			.id);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_unmerge(job, merge, &changes));
	EXPECT_ERR(contact_unmerge(job, merge, &changes), ERR_CONFLICT);
	EXPECT_OK(db_commit(job));
}

STORE_TEST(what_was_written_after_a_merge_stays_with_the_kept_contact)
{
	struct inbox_changes changes = { 0 };
	struct channel *ch = test_channel(job);
	struct provider_event a = test_says("12025550142", "wamid.A", "a", TEST_NOW_MS);
	struct provider_event b = test_says("", "wamid.B", "b", TEST_NOW_MS),
			      c = test_says("12025550142", "wamid.C", "c", TEST_NOW_MS);
	id64 kept;

	b.who = (struct person_ref){ .bsuid = S("US.1234") };
	test_apply(job, ch, &a, NULL);
	test_apply(job, ch, &b, NULL);
	c.who.bsuid = S("US.1234");
	test_apply(job, ch, &c, NULL);
	kept = test_conversation(job, ch, "wamid.A").id;
	EXPECT_INT(thread_length(job, kept), 3);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_unmerge(job,
		last_merge(job, test_conversation(job, ch, "wamid.A").contact_id),
		&changes));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(thread_length(job, kept), 2);
	EXPECT_INT(test_conversation(job, ch, "wamid.B").unread_count, 1);
}

/* ---- many at a time ---- */

#define WRITERS 16
#define MESSAGES 100

struct crowd {
	struct store *store;
	const struct channel *ch;
	id64 workspace;
	int first;
	enum err e;
};

static enum err write_one(struct crowd *crowd, struct arena *arena, int n)
{
	struct provider_event ev = { .kind = EVENT_MESSAGE,
		.message_kind = KIND_TEXT,
		.content = S("{\"body\":\"hi\"}"),
		.at_ms = TEST_NOW_MS,
		.who = { .phone = S("12025550142"), .bsuid = S("US.1234") } };
	struct inbox_changes changes = { 0 };
	struct job job;
	enum err e;

	job_init(&job, "crowd", arena, crowd->store);
	job.workspace = crowd->workspace;
	job.now_ms = TEST_NOW_MS;
	ev.remote_id = arena_printf(arena, "wamid.%d", n);
	e = db_begin(&job, DB_WRITE);
	if (e == OK)
		e = inbox_apply(&job, crowd->ch, &ev, &changes);
	if (e == OK)
		e = db_commit(&job);
	job_finish(&job, e);
	return e;
}

/* As a caller does: a conflict is tried again. */
static void *write_some(void *arg)
{
	struct crowd *crowd = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);

	for (int n = crowd->first; n < MESSAGES && crowd->e == OK; n += WRITERS) {
		enum err e = ERR_CONFLICT;

		for (int tries = 0; tries < 20 && (e == ERR_CONFLICT || e == ERR_STORE); tries++)
			e = write_one(crowd, arena, n);
		crowd->e = e;
	}
	arena_destroy(arena);
	return NULL;
}

STORE_TEST(a_hundred_first_messages_at_once_make_one_contact_and_one_conversation)
{
	struct channel *ch = test_channel(job);
	struct crowd crowds[WRITERS];
	pthread_t threads[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		crowds[i] = (struct crowd){ job->store, ch, job->workspace, i, OK };
		EXPECT(pthread_create(&threads[i], NULL, write_some, &crowds[i]) == 0);
	}
	for (int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_ERR(crowds[i].e, OK);
	}
	EXPECT_INT(live_contacts(job), 1);
	EXPECT_INT(thread_length(job, test_conversation(job, ch, "wamid.0").id), MESSAGES);
	EXPECT_INT(test_conversation(job, ch, "wamid.0").unread_count, MESSAGES);
}

STORE_TEST(a_contact_of_another_workspace_is_not_there)
{
	struct contact c, other;
	id64 first;

	test_channel(job);
	c = resolve(job, (struct person_ref){ .phone = S("12025550142") });
	first = job->workspace;
	job->workspace = first + 1;
	EXPECT_ERR(contact_get(job, c.id, &other), ERR_MISSING);
	job->workspace = first;
}
