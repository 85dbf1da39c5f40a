/* chat_test.c: what owners do on their phones is done here, and what people do here becomes a word
 * for the phone: never both. */
#include "inbox/chat.h"
#include "inbox/composer.h"
#include "inbox/test_inbox.h"

#define ANA "12025550142"

static struct provider_event done_to(const char *phone, enum chat_done done, int64_t at_ms)
{
	return (struct provider_event){ .kind = EVENT_CHAT, .field = S("chat"),
		.who = { .phone = str_of(phone) }, .done = done, .at_ms = at_ms };
}

static struct provider_event label_of_phone(const char *id, const char *name)
{
	return (struct provider_event){ .kind = EVENT_LABEL, .field = S("label"),
		.item_id = str_of(id), .item_name = str_of(name), .item_colour = 1,
		.at_ms = TEST_NOW_MS };
}

static id64 says(struct job *job, struct channel *ch, const char *remote_id)
{
	struct provider_event in = test_says(ANA, remote_id, "hello", TEST_NOW_MS);

	test_apply(job, ch, &in, NULL);
	return test_message(job, ch, remote_id).conversation_id;
}

/* "pinned muted" of what stands. */
static const char *marks_of(struct job *job, id64 conversation)
{
	struct chat_mark_rows rows;
	struct conversation conv;
	bool pinned = false, muted = false;

	EXPECT_OK(conversation_get(job, conversation, &conv));
	EXPECT_OK(sql_chat_mark_of_contacts(job,
		&(struct sql_chat_mark_of_contacts){ id_list(job->arena, &conv.contact_id, 1),
			job->workspace },
		&rows));
	for (size_t i = 0; i < rows.count; i++) {
		pinned |= rows.items[i].what == MARK_PIN;
		muted |= rows.items[i].what == MARK_MUTE;
	}
	return pinned ? muted ? "pinned muted" : "pinned" : muted ? "muted" : "";
}

static size_t labels_on(struct job *job, id64 conversation, str *name)
{
	struct conversation_label_rows rows;

	EXPECT_OK(sql_label_of_conversations(job,
		&(struct sql_label_of_conversations){ id_list(job->arena, &conversation, 1),
			job->workspace },
		&rows));
	*name = rows.count ? rows.items[0].name : S("");
	return rows.count;
}

/* ---- from the phone ---- */

STORE_TEST(what_the_owner_does_to_a_chat_on_the_phone_is_done_here)
{
	struct channel *ch = test_channel(job);
	struct provider_event done = done_to(ANA, CHAT_READ, TEST_NOW_MS - 60000);
	struct conversation conv;
	id64 id = says(job, ch, "wamid.A");

	/* read before that message came */
	test_apply(job, ch, &done, NULL);
	EXPECT_OK(conversation_get(job, id, &conv));
	EXPECT_INT(conv.unread_count, 1);
	done.at_ms = TEST_NOW_MS;
	test_apply(job, ch, &done, NULL);
	EXPECT_OK(conversation_get(job, id, &conv));
	EXPECT_INT(conv.unread_count, 0);
	done.done = CHAT_ARCHIVED;
	test_apply(job, ch, &done, NULL);
	EXPECT_OK(conversation_get(job, id, &conv));
	EXPECT_INT(conv.status, CONVERSATION_ARCHIVED);
	done.done = CHAT_UNARCHIVED;
	test_apply(job, ch, &done, NULL);
	EXPECT_OK(conversation_get(job, id, &conv));
	EXPECT_INT(conv.status, CONVERSATION_OPEN);
}

STORE_TEST(of_two_words_about_a_pin_the_later_stands)
{
	struct channel *ch = test_channel(job);
	struct provider_event pin = done_to(ANA, CHAT_PINNED, TEST_NOW_MS + 5000),
			      unpin = done_to(ANA, CHAT_UNPINNED, TEST_NOW_MS + 3000);
	id64 id = says(job, ch, "wamid.A");

	test_apply(job, ch, &pin, NULL);
	EXPECT_STR(T(marks_of(job, id)), "pinned");
	test_apply(job, ch, &unpin, NULL);
	EXPECT_STR(T(marks_of(job, id)), "pinned");
	unpin.at_ms = TEST_NOW_MS + 9000;
	test_apply(job, ch, &unpin, NULL);
	EXPECT_STR(T(marks_of(job, id)), "");
}

STORE_TEST(what_the_phone_says_of_a_chat_before_it_is_a_conversation_is_true_of_it)
{
	struct channel *ch = test_channel(job);
	struct provider_event pin = done_to(ANA, CHAT_PINNED, TEST_NOW_MS),
			      mute = done_to(ANA, CHAT_MUTED, TEST_NOW_MS),
			      labelled = done_to(ANA, CHAT_LABELLED, TEST_NOW_MS),
			      label = label_of_phone("7", "VIP");
	struct inbox_changes changes = { 0 };
	str name;
	id64 id;

	mute.until_ms = -1;
	labelled.item_id = S("7");
	test_apply(job, ch, &label, NULL);
	test_apply(job, ch, &pin, &changes);
	test_apply(job, ch, &mute, &changes);
	test_apply(job, ch, &labelled, &changes);
	id = says(job, ch, "wamid.A");
	EXPECT_STR(T(marks_of(job, id)), "pinned muted");
	EXPECT_INT(labels_on(job, id, &name), 1);
	EXPECT_STR(name, "VIP");
	EXPECT_INT(changes.word_count, 0);
}

STORE_TEST(a_label_renamed_on_the_phone_is_renamed_and_one_deleted_there_stays)
{
	struct channel *ch = test_channel(job), *other = test_another_channel(job, 2);
	struct provider_event label = label_of_phone("7", "New order"),
			      labelled = done_to(ANA, CHAT_LABELLED, TEST_NOW_MS);
	struct labels all;
	str name;
	id64 id = says(job, ch, "wamid.A");

	labelled.item_id = S("7");
	test_apply(job, ch, &label, NULL);
	test_apply(job, ch, &labelled, NULL);
	label.item_name = S("Paid");
	test_apply(job, ch, &label, NULL);
	EXPECT_INT(labels_on(job, id, &name), 1);
	EXPECT_STR(name, "Paid");
	/* another phone's of the same name is the same */
	label.item_id = S("2");
	test_apply(job, other, &label, NULL);
	EXPECT_OK(label_list(job, &all));
	EXPECT_INT(all.count, 1);
	EXPECT_STR(all.items[0].colour, "#64c4ff");
	label.item_id = S("7");
	label.is_gone = true;
	test_apply(job, ch, &label, NULL);
	EXPECT_INT(labels_on(job, id, &name), 1);
	labelled.done = CHAT_UNLABELLED;
	test_apply(job, ch, &labelled, NULL);
	/* nobody knows any more which label that was */
	EXPECT_INT(labels_on(job, id, &name), 1);
}

STORE_TEST(a_quick_reply_of_the_phone_is_a_ready_answer_until_it_is_deleted_there)
{
	struct channel *ch = test_channel(job);
	struct provider_event reply = { .kind = EVENT_QUICK_REPLY,
		.field = S("quick_reply"),
		.item_id = S("k1"),
		.item_name = S("Thank you!"),
		.item_text = S("You are welcome."),
		.at_ms = TEST_NOW_MS };
	struct canned_list all;

	test_apply(job, ch, &reply, NULL);
	test_apply(job, ch, &reply, NULL);
	EXPECT_OK(canned_list(job, 0, 10, &all));
	EXPECT_INT(all.count, 1);
	EXPECT_STR(all.items[0].shortcut, "thank-you-");
	EXPECT_STR(all.items[0].body, "You are welcome.");
	EXPECT(all.items[0].channel_id == ch->id);
	reply.item_text = S("With pleasure.");
	reply.at_ms += 5000;
	test_apply(job, ch, &reply, NULL);
	/* another one with the same words */
	reply.item_id = S("k2");
	test_apply(job, ch, &reply, NULL);
	EXPECT_OK(canned_list(job, 0, 10, &all));
	EXPECT_INT(all.count, 2);
	EXPECT_STR(all.items[0].body, "With pleasure.");
	EXPECT_STR(all.items[1].shortcut, "thank-you--2");
	reply.is_gone = true;
	test_apply(job, ch, &reply, NULL);
	EXPECT_OK(canned_list(job, 0, 10, &all));
	EXPECT_INT(all.count, 1);
}

STORE_TEST(a_star_waits_for_its_message)
{
	struct channel *ch = test_channel(job);
	struct provider_event star = done_to(ANA, CHAT_STARRED, TEST_NOW_MS);
	struct messages starred;
	struct inbox_changes changes = { 0 };
	id64 id;

	star.target_id = S("wamid.B");
	test_apply(job, ch, &star, &changes);
	id = says(job, ch, "wamid.A");
	EXPECT_OK(message_starred(job, id, 0, 10, &starred));
	EXPECT_INT(starred.count, 0);
	says(job, ch, "wamid.B");
	EXPECT_OK(message_starred(job, id, 0, 10, &starred));
	EXPECT_INT(starred.count, 1);
	EXPECT_STR(starred.items[0].remote_id, "wamid.B");
	star.done = CHAT_UNSTARRED;
	star.at_ms += 1000;
	test_apply(job, ch, &star, &changes);
	EXPECT_OK(message_starred(job, id, 0, 10, &starred));
	EXPECT_INT(starred.count, 0);
	EXPECT_INT(changes.word_count, 0);
}

STORE_TEST(a_chat_deleted_on_the_phone_stays_here_and_a_line_says_so)
{
	struct channel *ch = test_channel(job);
	struct provider_event gone = done_to(ANA, CHAT_DELETED, TEST_NOW_MS);
	struct conversation_event_rows rows;
	id64 id = says(job, ch, "wamid.A");

	test_apply(job, ch, &gone, NULL);
	EXPECT(!test_message(job, ch, "wamid.A").deleted_ms);
	EXPECT_OK(sql_conversation_event_list(job,
		&(struct sql_conversation_event_list){ id, job->workspace, INT64_MAX, 10 }, &rows));
	EXPECT_INT(rows.count, 1);
	EXPECT_STR(rows.items[0].kind, "deleted_on_phone");
	EXPECT_INT(rows.items[0].actor_kind, ACTOR_PHONE);
}

STORE_TEST(that_somebody_has_another_key_stands_in_the_conversation)
{
	struct channel *ch = test_channel(job);
	struct provider_event other = done_to(ANA, CHAT_IDENTITY, TEST_NOW_MS);
	struct conversation_event_rows rows;
	id64 id = says(job, ch, "wamid.A");

	test_apply(job, ch, &other, NULL);
	EXPECT_OK(sql_conversation_event_list(job,
		&(struct sql_conversation_event_list){ id, job->workspace, INT64_MAX, 10 }, &rows));
	EXPECT_INT(rows.count, 1);
	EXPECT_STR(rows.items[0].kind, "identity");
	EXPECT_INT(rows.items[0].actor_kind, ACTOR_CONTACT);
}

/* ---- to the phone ---- */

STORE_TEST(what_people_do_is_a_word_for_the_phone_and_what_the_phone_does_is_none)
{
	static const enum chat_done want[] = { CHAT_PINNED, CHAT_MUTED, CHAT_LABELLED,
		CHAT_ARCHIVED, CHAT_STARRED, CHAT_READ };
	struct channel *ch = test_channel(job);
	struct conversation_patch archive = { .has_status = true,
		.status = CONVERSATION_ARCHIVED };
	struct chat_mark pin = { .kind = MARK_PIN, .is_on = true },
			 mute = { .kind = MARK_MUTE, .is_on = true, .until_ms = -1 };
	struct inbox_changes changes = { 0 };
	struct read_receipt receipt;
	struct conversation conv;
	struct label label;
	id64 id = says(job, ch, "wamid.A");
	struct label_change labels = { .add = &label.id, .add_count = 1 };

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_create(job, S("VIP"), S("#64c4ff"), &label));
	EXPECT_OK(conversation_mark(job, id, &pin, &changes, &conv));
	/* once: it is so already */
	EXPECT_OK(conversation_mark(job, id, &pin, &changes, &conv));
	EXPECT_OK(conversation_mark(job, id, &mute, &changes, &conv));
	EXPECT_OK(conversation_label(job, id, &labels, &changes, &conv));
	EXPECT_OK(conversation_update(job, id, &archive, &changes, &conv));
	EXPECT_OK(message_set_star(job, test_message(job, ch, "wamid.A").id,
		&(struct message_star){ .is_on = true }, &changes));
	EXPECT_OK(conversation_mark_read(job, id, &changes, &conv, &receipt));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(changes.word_count, COUNT_OF(want));
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		EXPECT_INT(changes.words[i].done, want[i]);
		EXPECT(changes.words[i].conversation == id);
		EXPECT(changes.words[i].workspace == job->workspace);
	}
	EXPECT(changes.words[2].item == label.id);
}

STORE_TEST(contacts_that_become_one_keep_the_later_word_of_either)
{
	struct channel *ch = test_channel(job);
	struct provider_event pin = done_to("12025550143", CHAT_PINNED, TEST_NOW_MS);
	struct inbox_changes changes = { 0 };
	struct conversation conv;
	struct contact other;
	id64 id = says(job, ch, "wamid.A"), merge;

	test_apply(job, ch, &pin, NULL);
	EXPECT_OK(conversation_get(job, id, &conv));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_resolve(job, &(struct person_ref){ .phone = S("12025550143") },
		S("webhook"), &changes, &other));
	EXPECT_OK(contact_merge(job, conv.contact_id, other.id, &changes, &merge));
	EXPECT_OK(db_commit(job));
	EXPECT_STR(T(marks_of(job, id)), "pinned");
}
