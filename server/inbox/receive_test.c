/* receive_test.c: every kind of event becomes the rows it should, once. */
#include "inbox/test_inbox.h"

#include <dirent.h>
#include <stdio.h>

/* ---- the window ---- */

STORE_TEST(the_window_is_open_for_24_hours_after_the_customers_own_time)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS - 3600000);
	struct conversation conv;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.A");
	EXPECT_INT(conv.window_until_ms, TEST_NOW_MS - 3600000 + WINDOW_MS);
	EXPECT(conversation_window_open(&conv, conv.window_until_ms - 1));
	EXPECT(!conversation_window_open(&conv, conv.window_until_ms));
}

STORE_TEST(a_time_in_the_future_opens_the_window_from_now_on_only)
{
	const int64_t year_ms = 365LL * 24 * 3600 * 1000;
	struct channel *ch = test_channel(job);
	struct provider_event in =
		test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS + year_ms);
	struct provider_event heart = { .kind = EVENT_REACTION,
		.who = { .phone = S("12025550142") },
		.at_ms = TEST_NOW_MS + 2 * year_ms,
		.target_id = S("wamid.A"),
		.emoji = S("\xE2\x9D\xA4") };
	struct conversation conv;

	test_apply(job, ch, &in, NULL);
	test_apply(job, ch, &heart, NULL);
	conv = test_conversation(job, ch, "wamid.A");
	EXPECT_INT(conv.window_until_ms, TEST_NOW_MS + WINDOW_MS);
	EXPECT_INT(conv.last_in_ms, TEST_NOW_MS);
}

STORE_TEST(an_older_message_that_comes_late_does_not_shorten_the_window)
{
	struct channel *ch = test_channel(job);
	struct provider_event late =
		test_says("12025550142", "wamid.A", "1", TEST_NOW_MS - 7200000);
	struct provider_event newer = test_says("12025550142", "wamid.B", "2", TEST_NOW_MS);

	test_apply(job, ch, &newer, NULL);
	test_apply(job, ch, &late, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").window_until_ms, TEST_NOW_MS + WINDOW_MS);
}

STORE_TEST(echoes_history_and_statuses_open_no_window)
{
	struct channel *ch = test_channel(job);
	struct provider_event echo =
		test_says("12025550142", "wamid.E", "from the phone", TEST_NOW_MS);
	struct provider_event old =
		test_says("12025550142", "wamid.H", "long ago", TEST_NOW_MS - 86400000);
	struct provider_event read = test_tick("wamid.E", STATUS_READ, TEST_NOW_MS);
	struct conversation conv;

	echo.is_echo = true;
	old.is_history = true;
	test_apply(job, ch, &echo, NULL);
	test_apply(job, ch, &old, NULL);
	test_apply(job, ch, &read, NULL);
	conv = test_conversation(job, ch, "wamid.E");
	EXPECT_INT(conv.window_until_ms, 0);
	EXPECT_INT(conv.unread_count, 0);
	EXPECT_INT(conv.last_message_id, test_message(job, ch, "wamid.E").id);
	EXPECT(test_message(job, ch, "wamid.H").id < test_message(job, ch, "wamid.E").id);
}

STORE_TEST(a_reaction_opens_the_window_and_nothing_else)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct provider_event heart = { .kind = EVENT_REACTION,
		.who = { .phone = S("12025550142") },
		.at_ms = TEST_NOW_MS + 60000,
		.target_id = S("wamid.A"),
		.emoji = S("\xE2\x9D\xA4") };
	struct provider_event unknown = heart;
	struct conversation conv;

	test_apply(job, ch, &in, NULL);
	job->now_ms += 120000;
	test_apply(job, ch, &heart, NULL);
	conv = test_conversation(job, ch, "wamid.A");
	EXPECT_INT(conv.window_until_ms, TEST_NOW_MS + 60000 + WINDOW_MS);
	EXPECT_INT(conv.unread_count, 1);
	unknown.target_id = S("wamid.UNKNOWN");
	unknown.at_ms = TEST_NOW_MS + 90000;
	test_apply(job, ch, &unknown, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").window_until_ms,
		TEST_NOW_MS + 90000 + WINDOW_MS);
}

STORE_TEST(a_customer_who_writes_opens_a_resolved_conversation)
{
	struct channel *ch = test_channel(job);
	struct provider_event first = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct provider_event second =
		test_says("12025550142", "wamid.B", "again", TEST_NOW_MS + 1000);
	struct inbox_changes changes = { 0 };
	struct conversation conv;

	test_apply(job, ch, &first, NULL);
	conv = test_conversation(job, ch, "wamid.A");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, conv.id,
		&(struct conversation_patch){ .has_status = true,
			.status = CONVERSATION_RESOLVED,
			.has_assignee = true,
			.assignee_id = job->actor.id },
		&changes, &conv));
	EXPECT_OK(db_commit(job));
	test_apply(job, ch, &first, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").status, CONVERSATION_RESOLVED);
	test_apply(job, ch, &second, NULL);
	conv = test_conversation(job, ch, "wamid.A");
	EXPECT_INT(conv.status, CONVERSATION_OPEN);
	EXPECT_INT(conv.assignee_id, job->actor.id);
	EXPECT_INT(conv.unread_count, 2);
}

STORE_TEST(an_answer_or_an_echo_reads_what_came_before)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct provider_event echo =
		test_says("12025550142", "wamid.E", "hello", TEST_NOW_MS + 1000);

	echo.is_echo = true;
	test_apply(job, ch, &in, NULL);
	test_apply(job, ch, &echo, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").unread_count, 0);
	EXPECT_INT(test_message(job, ch, "wamid.E").author_kind, ACTOR_PHONE);
	EXPECT_INT(test_message(job, ch, "wamid.E").status, STATUS_SENT);
}

/* ---- once ---- */

STORE_TEST(a_message_that_comes_twice_is_there_once_and_tells_nothing_new)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct inbox_changes first = { 0 }, second = { 0 };
	struct conversation before, after;

	test_apply(job, ch, &in, &first);
	before = test_conversation(job, ch, "wamid.A");
	test_apply(job, ch, &in, &second);
	after = test_conversation(job, ch, "wamid.A");
	EXPECT(first.count > 0);
	EXPECT_INT(second.count, 0);
	EXPECT(memcmp(&before, &after, sizeof before) == 0);
}

STORE_TEST(the_same_remote_id_on_two_channels_is_two_messages)
{
	struct channel *ch = test_channel(job), *second = test_another_channel(job, 2);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct message a, b;

	test_apply(job, ch, &in, NULL);
	test_apply(job, second, &in, NULL);
	a = test_message(job, ch, "wamid.A");
	b = test_message(job, second, "wamid.A");
	EXPECT(a.id != b.id);
	EXPECT(a.conversation_id != b.conversation_id);
}

STORE_TEST(what_nothing_draws_yet_is_kept)
{
	struct channel *ch = test_channel(job);
	struct provider_event undrawn = { .kind = EVENT_UNDRAWN, .field = S("messages") };
	struct inbox_changes changes = { 0 };

	test_apply(job, ch, &undrawn, &changes);
	EXPECT(changes.kept);
}

STORE_TEST(a_group_has_a_thread_and_a_name_of_its_own_and_who_spoke_is_told)
{
	const str id = S("120363000000000001@g.us");
	struct channel *ch = test_channel(job);
	struct provider_event alone = test_says("12025550142", "wamid.P", "to you", TEST_NOW_MS);
	struct provider_event group = test_says("12025550142", "wamid.G", "to all", TEST_NOW_MS);
	struct provider_event named = { .kind = EVENT_CONTACT,
		.field = S("group_lifecycle_update"),
		.who = { .group = id, .name = S("Choir") } };
	struct conversation conv;
	struct contact contact;
	struct message a, b;

	group.group_id = id;
	test_apply(job, ch, &alone, NULL);
	test_apply(job, ch, &group, NULL);
	test_apply(job, ch, &named, NULL);
	a = test_message(job, ch, "wamid.P");
	b = test_message(job, ch, "wamid.G");
	EXPECT(a.conversation_id != b.conversation_id);
	EXPECT_INT(b.author_id, a.author_id);
	EXPECT_OK(conversation_get(job, b.conversation_id, &conv));
	EXPECT_OK(contact_get(job, conv.contact_id, &contact));
	EXPECT_STR(contact.group, "120363000000000001@g.us");
	EXPECT_STR(contact.name, "Choir");
}

STORE_TEST(what_the_owner_writes_in_a_group_stands_in_its_thread)
{
	const str id = S("120363000000000001@g.us");
	struct channel *ch = test_channel(job);
	struct provider_event theirs = test_says("12025550142", "wamid.G", "to all", TEST_NOW_MS);
	struct provider_event ours = test_says("12025550142", "wamid.O", "me, too", TEST_NOW_MS);
	struct message a, b;

	theirs.group_id = ours.group_id = id;
	ours.is_echo = true;
	ours.who = (struct person_ref){ 0 };
	test_apply(job, ch, &theirs, NULL);
	test_apply(job, ch, &ours, NULL);
	a = test_message(job, ch, "wamid.G");
	b = test_message(job, ch, "wamid.O");
	EXPECT(b.conversation_id == a.conversation_id);
	EXPECT_INT(b.author_kind, ACTOR_PHONE);
}

STORE_TEST(a_call_opens_the_window_and_wants_no_answer)
{
	struct channel *ch = test_channel(job);
	struct provider_event call = test_says("12025550142", "wacid.A#connect", "", TEST_NOW_MS);
	struct conversation conv;

	call.message_kind = KIND_SYSTEM;
	call.content = S("{\"type\":\"call\",\"body\":\"The customer calls.\"}");
	call.opens_window = true;
	test_apply(job, ch, &call, NULL);
	EXPECT_OK(conversation_get(job, test_message(job, ch, "wacid.A#connect").conversation_id,
		&conv));
	EXPECT(conv.window_until_ms > TEST_NOW_MS);
	EXPECT_INT(conv.unread_count, 0);
}

STORE_TEST(a_notice_is_told_once)
{
	struct channel *ch = test_channel(job);
	struct provider_event notice = { .kind = EVENT_NOTICE,
		.field = S("account_update"),
		.severity = S("critical"),
		.sentence = S("The account is restricted."),
		.detail = S("{\"a\":1}"),
		.at_ms = TEST_NOW_MS };
	struct notice_rows rows;

	test_apply(job, ch, &notice, NULL);
	test_apply(job, ch, &notice, NULL);
	EXPECT_OK(sql_notice_list(job, &(struct sql_notice_list){ job->workspace, INT64_MAX, 10 },
		&rows));
	EXPECT_INT(rows.count, 1);
	EXPECT_STR(rows.items[0].sentence, "The account is restricted.");
}

STORE_TEST(the_last_wish_about_marketing_counts)
{
	struct channel *ch = test_channel(job);
	struct provider_event stop = { .kind = EVENT_PREFERENCE,
		.who = { .phone = S("12025550142") },
		.preference = S("stop"),
		.at_ms = TEST_NOW_MS + 2000 };
	struct provider_event resume = stop;
	struct inbox_changes changes = { 0 };
	struct contact c;

	resume.preference = S("resume");
	resume.at_ms = TEST_NOW_MS + 1000;
	test_apply(job, ch, &stop, NULL);
	test_apply(job, ch, &resume, NULL);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_resolve(job, &stop.who, S("webhook"), &changes, &c));
	EXPECT_INT(c.opt_out_ms, TEST_NOW_MS + 2000);
	db_rollback(job);
}

STORE_TEST(history_brings_its_picture_later)
{
	struct channel *ch = test_channel(job);
	struct provider_event place = test_says("12025550142", "wamid.P", "", TEST_NOW_MS - 1000);
	struct provider_event picture = place;

	place.is_history = picture.is_history = true;
	place.message_kind = KIND_MEDIA_PLACEHOLDER;
	place.content = S("{}");
	picture.message_kind = KIND_IMAGE;
	picture.content = S("{\"id\":\"123\",\"caption\":\"sunset\"}");
	picture.media_remote_id = S("123");
	picture.media.mime_type = S("image/jpeg");
	test_apply(job, ch, &place, NULL);
	test_apply(job, ch, &picture, NULL);
	test_apply(job, ch, &picture, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.P").kind, KIND_IMAGE);
	EXPECT(test_message(job, ch, "wamid.P").media_id != 0);
}

STORE_TEST(what_a_customer_clicked_to_come_here_stands_in_the_content)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS),
			      empty = in;

	in.referral = S("{\"source_id\":\"1\"}");
	empty.remote_id = S("wamid.B");
	empty.content = S("{ }");
	empty.referral = in.referral;
	test_apply(job, ch, &in, NULL);
	test_apply(job, ch, &empty, NULL);
	EXPECT_STR(test_message(job, ch, "wamid.A").content,
		"{\"body\":\"hi\",\"referral\":{\"source_id\":\"1\"}}");
	EXPECT_STR(test_message(job, ch, "wamid.B").content,
		"{ \"referral\":{\"source_id\":\"1\"}}");
}

STORE_TEST(every_kind_keeps_its_name_and_content)
{
	struct channel *ch = test_channel(job);

	for (int kind = KIND_UNKNOWN; kind < KINDS; kind++) {
		struct provider_event ev = test_says("12025550142", "", "", TEST_NOW_MS);
		struct message m;

		if (kind == KIND_REACTION || kind == KIND_NOTE)
			continue; /* never a row, never from outside */
		ev.remote_id = arena_printf(job->arena, "wamid.%d", kind);
		ev.message_kind = (enum message_kind)kind;
		ev.content = arena_printf(job->arena, "{\"kind\":%d}", kind);
		ev.media_remote_id = S("4711");
		ev.media.mime_type = S("image/jpeg");
		ev.flags = FLAG_FORWARDED;
		test_apply(job, ch, &ev, NULL);
		m = test_message(job, ch, ev.remote_id.ptr);
		EXPECT_INT(m.kind, kind);
		EXPECT_STR(m.content, ev.content.ptr);
		EXPECT_INT(m.flags, FLAG_FORWARDED);
		EXPECT_INT(m.provider_ms, TEST_NOW_MS);
		EXPECT_INT(m.trace.len, TRACE_SIZE);
		EXPECT((m.media_id != 0) == kind_is_media(m.kind));
		EXPECT_INT(m.author_kind, kind == KIND_SYSTEM ? ACTOR_SYSTEM : ACTOR_CONTACT);
	}
}

/* ---- what reports teach ---- */

static struct contact contact_of(struct job *job, const struct channel *ch, const char *remote_id)
{
	struct contact out;

	EXPECT_OK(contact_get(job, test_conversation(job, ch, remote_id).contact_id, &out));
	return out;
}

STORE_TEST(a_report_teaches_the_other_names_of_its_recipient)
{
	struct channel *ch = test_channel(job);
	struct provider_event echo = test_says("5511987650000", "wamid.E", "oi", TEST_NOW_MS);
	struct provider_event sent = test_tick("wamid.E", STATUS_DELIVERED, TEST_NOW_MS);
	struct provider_event later = test_says("", "wamid.L", "sim", TEST_NOW_MS);

	echo.is_echo = true;
	sent.who = (struct person_ref){ .phone = S("551187650000"), .bsuid = S("BR.1234") };
	later.who = (struct person_ref){ .bsuid = S("BR.1234") };
	test_apply(job, ch, &echo, NULL);
	test_apply(job, ch, &sent, NULL);
	test_apply(job, ch, &later, NULL);
	EXPECT_STR(contact_of(job, ch, "wamid.E").phone, "551187650000");
	EXPECT_INT(contact_of(job, ch, "wamid.E").id, contact_of(job, ch, "wamid.L").id);
}

STORE_TEST(a_report_that_names_somebody_else_merges_nobody)
{
	struct channel *ch = test_channel(job);
	struct provider_event echo = test_says("12025550142", "wamid.E", "hi", TEST_NOW_MS);
	struct provider_event other = test_says("12025550143", "wamid.O", "hi", TEST_NOW_MS);
	struct provider_event sent = test_tick("wamid.E", STATUS_DELIVERED, TEST_NOW_MS);

	echo.is_echo = true;
	sent.who = (struct person_ref){ .phone = S("12025550143") };
	test_apply(job, ch, &echo, NULL);
	test_apply(job, ch, &other, NULL);
	test_apply(job, ch, &sent, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.E").status, STATUS_DELIVERED);
	EXPECT(contact_of(job, ch, "wamid.E").id != contact_of(job, ch, "wamid.O").id);
}

/* ---- every webhook we have ---- */

static str read_file(const char *folder, const char *name)
{
	struct buf text = buf_in(test_arena(), 1u << 20);
	char path[512];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	EXPECT(file);
	do {
		uint8_t *space = buf_space(&text, 4096);

		n = fread(space, 1, 4096, file);
		text.len -= 4096 - n;
	} while (n == 4096);
	fclose(file);
	return buf_text(&text);
}

/* Applied twice: the second time nothing changes. Answers whether it made anything, or was kept. */
static bool apply_webhook(struct job *job, const struct channel *ch, str body)
{
	struct provider_events events = { 0 };
	struct inbox_changes first = { 0 }, second = { 0 };

	EXPECT_OK(cloud_provider.parse(job, ch, body, &events));
	for (size_t i = 0; i < events.count; i++)
		test_apply(job, ch, &events.items[i], &first);
	for (size_t i = 0; i < events.count; i++) {
		if (events.items[i].kind != EVENT_IDENTITY)
			test_apply(job, ch, &events.items[i], &second);
	}
	EXPECT_INT(second.count, 0);
	return events.count > 0;
}

STORE_TEST(every_webhook_on_record_is_applied_and_once)
{
	const char *folder = TEST_DATA "/cloud-webhooks";
	struct channel *ch = test_channel(job);
	DIR *dir = opendir(folder);
	int files = 0;

	EXPECT(dir);
	for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		str name = str_of(entry->d_name);

		if (!str_ends(name, S(".json")) || str_is(name, S("index.json")))
			continue;
		files++;
		job->now_ms += 1000;
		if (!apply_webhook(job, ch, read_file(folder, entry->d_name)))
			fprintf(stderr, "nothing in %s\n", entry->d_name);
	}
	closedir(dir);
	EXPECT(files > 150);
}

STORE_TEST(messages_of_a_chat_disappear_as_was_said_last)
{
	struct channel *ch = test_channel(job);
	struct provider_event first = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS - 1000);
	struct provider_event off = test_says("12025550142", "wamid.B", "", TEST_NOW_MS - 500);
	struct provider_event late = test_says("12025550142", "wamid.C", "old", TEST_NOW_MS - 900);

	first.tells_timer = off.tells_timer = late.tells_timer = true;
	first.timer_s = late.timer_s = 86400;
	first.timer_set_ms = late.timer_set_ms = TEST_NOW_MS - 5000;
	off.message_kind = KIND_SYSTEM;
	test_apply(job, ch, &first, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").timer_s, 86400);
	test_apply(job, ch, &off, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").timer_s, 0);
	test_apply(job, ch, &late, NULL);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").timer_s, 0);
	EXPECT_INT(test_conversation(job, ch, "wamid.A").timer_set_ms, TEST_NOW_MS - 1000);
}
