/*
 * client_test.c: two people and their devices write to each other, over a switchboard that drops,
 * doubles and spoils what it is told to.
 */
#include "wa/client/history.h"
#include "wa/client/switchboard.h"

#include "wa_adv.pb-c.h"
#include "wa_web.pb-c.h"

/* Our account: a phone and a linked device; theirs: the same. */
struct cast { struct board *b; struct board_device *phone, *own, *their_phone, *theirs; };

static struct cast cast_make(void)
{
	struct board *b = board_make();

	return (struct cast){ b, board_add(b, "15550001111", "10000000001111", 0),
		board_add(b, "15550001111", "10000000001111", 7),
		board_add(b, "5511999990000", "20000000002222", 0),
		board_add(b, "5511999990000", "20000000002222", 3) };
}

/* Nobody is there to tell that it arrived. */
static void leave_alone(struct cast *a)
{
	board_online(a->phone, false);
	board_online(a->their_phone, false);
	board_online(a->theirs, false);
}

static const struct wa_sent *sent(const struct board_device *d, size_t n)
{
	const struct wa_event *event = board_event(d, WA_EVENT_SENT, n);

	EXPECT(event != NULL);
	return event->sent;
}

static enum err erase_sessions(struct board_device *d)
{
	const struct wa_store *store = &d->client->config.store;

	return store->erase(store->arg, WA_RECORD_SESSION, STR_NONE);
}

TEST(a_message_to_a_number_reaches_all_devices_of_both_sides)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	const struct wa_message *m;

	EXPECT_OK(board_send(a.own, &to, "3EB0AA", "hello"));
	EXPECT_STR(board_text(a.their_phone, 0), "hello");
	EXPECT_STR(board_text(a.theirs, 0), "hello");
	EXPECT_STR(board_text(a.phone, 0), "hello");
	EXPECT_INT(board_count(a.own, WA_EVENT_MESSAGE), 0);
	EXPECT_STR(sent(a.own, 0)->id, "3EB0AA");
	EXPECT_INT(sent(a.own, 0)->code, 0);
	m = board_event(a.theirs, WA_EVENT_MESSAGE, 0)->message;
	EXPECT_STR(jid_text(test_arena(), &m->chat), "10000000001111@lid");
	EXPECT_STR(jid_text(test_arena(), &m->sender), "10000000001111:7@lid");
	EXPECT_STR(jid_text(test_arena(), &m->other), "15550001111@s.whatsapp.net");
	EXPECT(!m->is_from_me && !m->is_waiting);
	m = board_event(a.phone, WA_EVENT_MESSAGE, 0)->message;
	EXPECT(m->is_from_me);
	EXPECT_STR(jid_text(test_arena(), &m->chat), "20000000002222@lid");
	EXPECT_STR(jid_text(test_arena(), &m->other), "5511999990000@s.whatsapp.net");
	/* Receipts: theirs count, those of our own devices do not. */
	EXPECT(board_count(a.own, WA_EVENT_RECEIPT) == 0);
	board_done(a.b);
}

TEST(whom_it_knows_it_does_not_ask_about_again)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, true);
	unsigned gets, puts;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "one"));
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "two"));
	EXPECT_INT(a.own->usyncs, 1);
	EXPECT_INT(a.own->bundles, 1);
	EXPECT_OK(board_send(a.their_phone, &back, "3EB003", "three"));
	gets = a.own->gets;
	puts = a.own->puts;
	EXPECT_OK(board_send(a.own, &to, "3EB004", "four"));
	EXPECT_STR(board_text(a.theirs, 2), "four");
	EXPECT_INT(a.own->usyncs, 1);
	EXPECT_INT(a.own->bundles, 1);
	/* A record for each of the three devices, the message itself, and the tokens. */
	EXPECT(a.own->puts - puts <= 4);
	EXPECT(a.own->gets - gets <= 8);
	board_done(a.b);
}

TEST(conversations_go_on_both_ways_over_a_hundred_messages)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, true);

	for (int i = 0; i < 100; i++) {
		str id = arena_printf(test_arena(), "3EB0%06d", i);
		str text = arena_printf(test_arena(), "message %d", i);
		bool is_ours = i % 3 != 1;
		struct board_device *from = is_ours	? a.own
					    : i % 2 ? a.theirs
						    : a.their_phone;

		EXPECT_OK(board_send(from, is_ours ? &to : &back, id.ptr, text.ptr));
	}
	EXPECT_INT(board_count(a.phone, WA_EVENT_MESSAGE), 100);
	for (size_t i = 0; i < 100; i++)
		EXPECT_STR(board_text(a.phone, i),
			arena_printf(test_arena(), "message %zu", i).ptr);
	board_done(a.b);
}

TEST(what_cannot_be_read_is_told_as_waited_for_and_heals_under_the_same_id)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	a.theirs->corrupt_next = true;
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 3);
	EXPECT_STR(board_text(a.theirs, 1), "(waiting)");
	EXPECT_STR(board_event(a.theirs, WA_EVENT_MESSAGE, 1)->message->id, "3EB002");
	EXPECT_STR(board_text(a.theirs, 2), "second");
	EXPECT_STR(board_event(a.theirs, WA_EVENT_MESSAGE, 2)->message->id, "3EB002");
	EXPECT_OK(board_send(a.own, &to, "3EB003", "third"));
	EXPECT_STR(board_text(a.theirs, 3), "third");
	board_done(a.b);
}

TEST(a_message_spoilt_again_and_again_is_given_up_after_its_count)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	for (int i = 0; i < 12; i++) {
		a.theirs->corrupt_next = true;
		if (!i)
			EXPECT_OK(board_send(a.own, &to, "3EB002", "never"));
		board_run(a.b);
	}
	EXPECT(board_count(a.theirs, WA_EVENT_MESSAGE) >= 2);
	a.theirs->corrupt_next = false;
	EXPECT_OK(board_send(a.own, &to, "3EB003", "third"));
	board_done(a.b);
}

TEST(who_lost_all_sessions_gets_what_was_sent_meanwhile)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, true);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "answer"));
	EXPECT_OK(erase_sessions(a.theirs));
	EXPECT_OK(board_send(a.own, &to, "3EB003", "second"));
	EXPECT_STR(board_text(a.theirs, 1), "(waiting)");
	EXPECT_STR(board_text(a.theirs, 2), "second");
	EXPECT_OK(board_send(a.theirs, &back, "3EB004", "thanks"));
	EXPECT_STR(board_text(a.own, 1), "thanks");
	board_done(a.b);
}

TEST(a_message_that_comes_twice_is_told_once)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	a.theirs->double_next = true;
	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 1);
	a.theirs->double_next = true;
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 2);
	board_done(a.b);
}

/* Some clients load a session, encipher, and store it over what came meanwhile: two messages then
 * have one key, of which the second is not a double. */
TEST(a_message_under_a_key_that_was_used_is_asked_for_again)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, false),
		   device = board_jid(a.theirs, true);
	const struct wa_store *store = &a.own->client->config.store;
	str address;
	bytes session;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "hello"));
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "hello"));
	device.device = 3;
	address = signal_address(test_arena(), &device);
	EXPECT_OK(store->get(store->arg, WA_RECORD_SESSION, address, test_arena(), &session));
	session = arena_bytes(test_arena(), session);
	EXPECT_OK(board_send(a.own, &to, "3EB003", "first"));
	EXPECT_OK(store->put(store->arg, WA_RECORD_SESSION, address, session));
	EXPECT_OK(board_send(a.own, &to, "3EB004", "second"));
	EXPECT_STR(board_text(a.theirs, 1), "first");
	EXPECT_STR(board_text(a.theirs, 2), "(waiting)");
	EXPECT_STR(board_text(a.theirs, 3), "second");
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 4);
	board_done(a.b);
}

TEST(what_was_not_acknowledged_goes_again_after_the_connection_came_back)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	a.b->drop_ack = true;
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 2); /* a receipt tells it, too */
	leave_alone(&a);
	a.b->drop_ack = true;
	EXPECT_OK(board_send(a.own, &to, "3EB003", "third"));
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 2);
	board_online(a.own, false);
	board_online(a.own, true);
	board_run(a.b);
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 3);
	board_online(a.their_phone, true);
	board_online(a.theirs, true);
	board_run(a.b);
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 3);
	EXPECT_STR(board_text(a.theirs, 2), "third");
	board_done(a.b);
}

TEST(no_ack_in_time_is_told_as_unsure)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	leave_alone(&a);
	a.b->drop_ack = true;
	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	board_wait(a.b, WA_ACK_MS - 1);
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 0);
	board_wait(a.b, 2);
	EXPECT_INT(sent(a.own, 0)->code, WA_SENT_NO_ANSWER);
	EXPECT(sent(a.own, 0)->is_unsure);
	board_done(a.b);
}

TEST(a_number_that_nobody_has_is_told)
{
	struct cast a = cast_make();
	struct jid to = { .user = S("4915112345678"), .server = JID_SERVER_PN };

	EXPECT_OK(board_send(a.own, &to, "3EB001", "hello?"));
	EXPECT_INT(sent(a.own, 0)->code, WA_SENT_NO_ACCOUNT);
	EXPECT(!sent(a.own, 0)->is_unsure);
	board_done(a.b);
}

TEST(a_refusal_is_told_with_its_code_and_a_restriction_apart)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	a.b->refuse = 463;
	EXPECT_OK(board_send(a.own, &to, "3EB001", "offer"));
	EXPECT_INT(sent(a.own, 0)->code, 463);
	EXPECT_STR(board_event(a.own, WA_EVENT_RESTRICTED, 0)->text, "reachout_timelock");
	a.b->refuse = 503;
	EXPECT_OK(board_send(a.own, &to, "3EB002", "again"));
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 1);
	board_wait(a.b, 6000);
	EXPECT_INT(sent(a.own, 1)->code, 0);
	EXPECT_STR(board_text(a.theirs, 0), "again");
	board_done(a.b);
}

TEST(after_a_crash_the_conversation_goes_on)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, true);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "second"));
	board_restart(a.own);
	EXPECT_OK(board_send(a.own, &to, "3EB003", "third"));
	EXPECT_STR(board_text(a.theirs, 1), "third");
	EXPECT_INT(a.own->usyncs, 1);
	EXPECT_INT(a.own->bundles, 1);
	board_done(a.b);
}

TEST(a_new_device_of_theirs_is_written_to_once_it_is_known)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), from = board_jid(a.theirs, false);
	struct board_device *tablet;
	struct node *notice = node_new(test_arena(), "notification");

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	tablet = board_add(a.b, "5511999990000", "20000000002222", 5);
	node_put(test_arena(), notice, "type", S("devices"));
	node_put_jid(test_arena(), notice, "from", &from);
	node_put(test_arena(), node_add(test_arena(), notice, "update"), "hash", S("abcd"));
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_STR(board_text(tablet, 0), "second");
	board_done(a.b);
}

TEST(a_phone_set_up_anew_is_told_and_written_to)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), from = board_jid(a.theirs, true);
	struct node *notice = node_new(test_arena(), "notification");
	uint8_t seed[DEVICE_SEED_SIZE];
	struct device fresh;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	memset(seed, 7, sizeof seed);
	device_make(&fresh, seed);
	a.their_phone->device.identity = fresh.identity;
	a.their_phone->device.signed_prekey = fresh.signed_prekey;
	a.their_phone->device.registration_id = fresh.registration_id;
	memcpy(a.their_phone->device.signed_prekey_signature, fresh.signed_prekey_signature,
		sizeof fresh.signed_prekey_signature);
	board_forget(a.their_phone);
	board_restart(a.their_phone);
	node_put(test_arena(), notice, "type", S("encrypt"));
	node_put_jid(test_arena(), notice, "from", &from);
	node_add(test_arena(), notice, "identity");
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT(board_count(a.own, WA_EVENT_IDENTITY) >= 1);
	EXPECT_STR(board_text(a.their_phone, 1), "second");
	board_done(a.b);
}

/* ---- groups ---- */

static void found_group(struct cast *a)
{
	a->b->members[0] = board_jid(a->own, true);
	a->b->members[1] = board_jid(a->theirs, true);
	a->b->member_count = 2;
}

TEST(a_group_gets_the_key_once_and_then_only_the_message)
{
	struct cast a = cast_make();
	const struct wa_message *m;

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "to all"));
	EXPECT_STR(board_text(a.phone, 0), "to all");
	EXPECT_STR(board_text(a.their_phone, 0), "to all");
	EXPECT_STR(board_text(a.theirs, 0), "to all");
	m = board_event(a.theirs, WA_EVENT_MESSAGE, 0)->message;
	EXPECT(m->is_group);
	EXPECT_STR(jid_text(test_arena(), &m->chat), "120363000000000001@g.us");
	EXPECT_STR(jid_text(test_arena(), &m->sender), "10000000001111:7@lid");
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "once more"));
	EXPECT_STR(board_text(a.theirs, 1), "once more");
	EXPECT_INT(a.own->group_asks, 1);
	EXPECT_INT(a.own->bundles, 1);
	EXPECT_OK(board_send(a.theirs, &a.b->group, "3EB003", "and back"));
	EXPECT_STR(board_text(a.own, 0), "and back");
	EXPECT_STR(board_text(a.their_phone, 2), "and back");
	board_done(a.b);
}

TEST(a_group_message_that_is_spoilt_heals)
{
	struct cast a = cast_make();

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "one"));
	a.theirs->corrupt_next = true;
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "two"));
	EXPECT_STR(board_text(a.theirs, 1), "(waiting)");
	EXPECT_STR(board_text(a.theirs, 2), "two");
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB003", "three"));
	EXPECT_STR(board_text(a.theirs, 3), "three");
	board_done(a.b);
}

TEST(who_joins_with_our_key_unknown_asks_and_gets_it)
{
	struct cast a = cast_make();
	struct board_device *tablet;

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "one"));
	tablet = board_add(a.b, "5511999990000", "20000000002222", 5);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "two"));
	EXPECT_STR(board_text(tablet, 0), "(waiting)");
	EXPECT_STR(board_text(tablet, 1), "two");
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB003", "three"));
	EXPECT_STR(board_text(tablet, 2), "three");
	board_done(a.b);
}

/* ---- our phone ---- */

TEST(others_cannot_speak_for_us)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.own, true), chat = board_jid(a.phone, false);
	struct wa_call call = board_call(a.theirs);
	Wa__DeviceSentMessage forged = WA__DEVICE_SENT_MESSAGE__INIT;
	Wa__Message *message = wa_message_new(test_arena());
	struct wa_send send = { .id = S("3EB001"), .to = to, .message = message };

	forged.destination_jid = wa_cstr(test_arena(), jid_text(test_arena(), &chat));
	forged.message = wa_message_text(test_arena(), S("we never said that"));
	message->device_sent_message = &forged;
	EXPECT_OK(wa_client_send(a.theirs->client, &call, &send));
	board_run(a.b);
	EXPECT_INT(board_count(a.own, WA_EVENT_MESSAGE), 0);
	board_done(a.b);
}

TEST(a_mapping_that_comes_later_moves_the_sessions)
{
	struct cast a = cast_make();
	struct jid pn = board_jid(a.theirs, false), lid = board_jid(a.theirs, true), found;
	struct wa_call call;

	EXPECT(!wa_client_lid_of(a.own->client, &pn, test_arena(), &found));
	EXPECT_OK(board_send(a.own, &pn, "3EB001", "first"));
	EXPECT(wa_client_lid_of(a.own->client, &pn, test_arena(), &found));
	EXPECT_STR(jid_text(test_arena(), &found), "20000000002222@lid");
	EXPECT_INT(board_count(a.own, WA_EVENT_KNOWN), 1);
	EXPECT(wa_client_pn_of(a.own->client, &lid, test_arena(), &found));
	EXPECT_STR(jid_text(test_arena(), &found), "5511999990000@s.whatsapp.net");
	call = board_call(a.own);
	EXPECT_OK(wa_client_learn(a.own->client, &call, &lid, &pn));
	EXPECT(!call.out->events);
	board_done(a.b);
}

TEST(what_was_sent_is_forgotten_after_a_fortnight)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_INT(board_records(a.own, WA_RECORD_SENT), 1);
	board_wait(a.b, 1);
	board_wait(a.b, 3600ll * 1000);
	EXPECT_INT(board_records(a.own, WA_RECORD_SENT), 1);
	EXPECT_INT(board_records(a.theirs, WA_RECORD_SEEN), 1);
	board_wait(a.b, 15ll * 24 * 3600 * 1000);
	EXPECT_INT(board_records(a.own, WA_RECORD_SENT), 0);
	EXPECT_INT(board_records(a.theirs, WA_RECORD_SEEN), 0);
	board_done(a.b);
}

/* ---- receipts ---- */

TEST(delivered_counts_when_a_device_is_in_the_foreground_and_read_is_told)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), chat = board_jid(a.own, true);
	struct wa_call call = board_call(a.theirs);
	const str ids[] = { S("3EB001"), S("3EB002") };
	const struct wa_receipt *receipt;

	EXPECT_OK(wa_client_presence(a.theirs->client, &call, true));
	EXPECT_OK(board_send(a.own, &to, "3EB001", "one"));
	EXPECT_OK(board_send(a.own, &to, "3EB002", "two"));
	EXPECT_INT(board_count(a.own, WA_EVENT_RECEIPT), 2);
	receipt = board_event(a.own, WA_EVENT_RECEIPT, 0)->receipt;
	EXPECT_INT(receipt->kind, WA_DELIVERED);
	EXPECT_STR(jid_text(test_arena(), &receipt->chat), "20000000002222@lid");
	EXPECT_STR(receipt->ids[0], "3EB001");
	call = board_call(a.theirs);
	EXPECT_OK(wa_client_read(a.theirs->client, &call,
		&(struct wa_read){ .chat = chat, .ids = ids, .count = 2 }));
	board_run(a.b);
	receipt = board_event(a.own, WA_EVENT_RECEIPT, 2)->receipt;
	EXPECT_INT(receipt->kind, WA_READ);
	EXPECT_INT(receipt->count, 2);
	EXPECT_STR(receipt->ids[1], "3EB002");
	board_done(a.b);
}

static struct node *notice_of(const char *tag, const char *type, const struct jid *from)
{
	struct node *node = node_new(test_arena(), tag);

	if (type)
		node_put(test_arena(), node, "type", str_of(type));
	node_put(test_arena(), node, "id", S("abc"));
	node_put_jid(test_arena(), node, "from", from);
	return node;
}

TEST(who_hides_what_he_reads_tells_his_own_devices_alone)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), chat = board_jid(a.own, true);
	struct jid own = board_jid(a.theirs, false);
	const str ids[] = { S("3EB001") };
	struct node *notice = notice_of("notification", "account_sync", &own);
	struct wa_call call;
	size_t before;

	a.theirs->hides_reading = true;
	node_add(test_arena(), notice, "privacy");
	board_push(a.theirs, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB001", "one"));
	before = board_count(a.own, WA_EVENT_RECEIPT);
	call = board_call(a.theirs);
	EXPECT_OK(wa_client_read(a.theirs->client, &call,
		&(struct wa_read){ .chat = chat, .ids = ids, .count = 1 }));
	board_run(a.b);
	EXPECT_INT(board_count(a.own, WA_EVENT_RECEIPT), before);
	EXPECT_INT(board_event(a.their_phone, WA_EVENT_RECEIPT, 0)->receipt->kind, WA_READ_SELF);
	board_done(a.b);
}

TEST(what_is_read_on_our_phone_is_told_as_read_by_us)
{
	struct cast a = cast_make();
	struct jid own = device_lid(&a.phone->device), chat = board_jid(a.theirs, true);
	struct node *receipt = notice_of("receipt", "read", &own);

	node_put_jid(test_arena(), receipt, "recipient", &chat);
	board_push(a.own, receipt);
	board_run(a.b);
	EXPECT_INT(board_event(a.own, WA_EVENT_RECEIPT, 0)->receipt->kind, WA_READ_SELF);
	EXPECT_STR(jid_text(test_arena(), &board_event(a.own, WA_EVENT_RECEIPT, 0)->receipt->chat),
		"20000000002222@lid");
	board_done(a.b);
}

TEST(receipts_of_a_whole_group_are_told_one_by_one)
{
	struct cast a = cast_make();
	struct node *receipt = notice_of("receipt", "read", &a.b->group), *list, *user;
	struct jid who[] = { board_jid(a.theirs, true), board_jid(a.phone, true) };

	list = node_add(test_arena(), receipt, "participants");
	node_put(test_arena(), list, "key", S("3EB009"));
	for (size_t i = 0; i < 2; i++) {
		user = node_add(test_arena(), list, "user");
		node_put_jid(test_arena(), user, "jid", &who[i]);
		node_put(test_arena(), user, "t", S("1790000005"));
	}
	board_push(a.own, receipt);
	board_run(a.b);
	EXPECT_INT(board_count(a.own, WA_EVENT_RECEIPT), 2);
	EXPECT_INT(board_event(a.own, WA_EVENT_RECEIPT, 1)->receipt->t_ms, 1790000005000ll);
	board_done(a.b);
}

TEST(typing_is_told_and_said)
{
	struct cast a = cast_make();
	struct jid from = device_lid(&a.theirs->device);
	struct node *state = notice_of("chatstate", NULL, &from);
	const struct wa_typing_in *typing;

	node_put(test_arena(), node_add(test_arena(), state, "composing"), "media", S("audio"));
	board_push(a.own, state);
	board_run(a.b);
	typing = board_event(a.own, WA_EVENT_TYPING, 0)->typing;
	EXPECT_INT(typing->typing, WA_RECORDING);
	EXPECT_STR(jid_text(test_arena(), &typing->chat), "20000000002222@lid");
	EXPECT_STR(jid_text(test_arena(), &typing->who), "20000000002222@lid");
	board_done(a.b);
}

/* ---- what never comes, or late ---- */

TEST(view_once_kept_from_us_is_told_and_not_asked_for)
{
	struct cast a = cast_make();
	struct jid from = device_lid(&a.their_phone->device);
	struct node *m = notice_of("message", "media", &from);
	const struct wa_message *told;

	node_put(test_arena(), node_add(test_arena(), m, "unavailable"), "type", S("view_once"));
	board_push(a.own, m);
	board_run(a.b);
	told = board_event(a.own, WA_EVENT_MESSAGE, 0)->message;
	EXPECT_STR(told->unavailable, "view_once");
	EXPECT(!told->is_waiting && !told->message);
	board_wait(a.b, 10000);
	EXPECT_INT(board_count(a.own, WA_EVENT_MESSAGE), 1);
	board_done(a.b);
}

static void answer_as_phone(struct cast *a, struct board_device *asker, const char *text)
{
	struct jid chat = board_jid(a->theirs, true);
	struct wa_target target = { .chat = jid_text(test_arena(), &chat), .id = S("3EB002") };
	Wa__WebMessageInfo info = WA__WEB_MESSAGE_INFO__INIT;
	Wa__PeerPlaceholderMessageResendResponse one =
		WA__PEER_PLACEHOLDER_MESSAGE_RESEND_RESPONSE__INIT;
	Wa__PeerDataOperationResult result = WA__PEER_DATA_OPERATION_RESULT__INIT,
				    * results[1] = { &result };
	Wa__PeerDataOperationRequestResponseMessage answer =
		WA__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	Wa__Message *message = wa_message_new(test_arena());
	struct wa_call call = board_call(a->phone);

	info.key = wa_message_key(test_arena(), &target);
	info.message = wa_message_text(test_arena(), str_of(text));
	PROTO_SET_DATA(&one, web_message_info_bytes, proto_bytes(test_arena(), &info));
	result.placeholder_message_resend_response = &one;
	answer.n_peer_data_operation_result = 1;
	answer.peer_data_operation_result = results;
	protocol.peer_data_operation_request_response_message = &answer;
	PROTO_SET(&protocol, type,
		WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE);
	message->protocol_message = &protocol;
	EXPECT_OK(client_send_peer(a->phone->client, &call, message,
		&(struct client_to_peer){ .device = asker->device.pn.device }));
	board_after(a->phone, &call);
	board_run(a->b);
}

TEST(our_phone_sends_what_the_author_cannot)
{
	struct cast a = cast_make();
	struct jid back = board_jid(a.own, true);

	EXPECT_OK(board_send(a.theirs, &back, "3EB001", "first"));
	a.own->corrupt_next = true;
	a.theirs->is_deaf = true;
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "second"));
	EXPECT_STR(board_text(a.own, 1), "(waiting)");
	answer_as_phone(&a, a.own, "second, by the phone");
	EXPECT_STR(board_text(a.own, 2), "second, by the phone");
	EXPECT_STR(board_event(a.own, WA_EVENT_MESSAGE, 2)->message->id, "3EB002");
	/* Late comes the author, too: it is told once. */
	answer_as_phone(&a, a.own, "second, by the phone");
	EXPECT_INT(board_count(a.own, WA_EVENT_MESSAGE), 3);
	board_done(a.b);
}

TEST(what_waits_is_asked_for_at_our_phone_a_little_later)
{
	struct cast a = cast_make();
	struct jid back = board_jid(a.own, true);
	unsigned before;

	EXPECT_OK(board_send(a.theirs, &back, "3EB001", "first"));
	a.own->corrupt_next = true;
	a.theirs->is_deaf = true;
	EXPECT_OK(board_send(a.theirs, &back, "3EB002", "second"));
	before = a.phone->peers;
	board_wait(a.b, 4000);
	EXPECT_INT(a.phone->peers, before);
	board_wait(a.b, 2000);
	EXPECT_INT(a.phone->peers, before + 1);
	board_done(a.b);
}

TEST(what_is_no_message_is_refused_and_told)
{
	struct cast a = cast_make();
	struct jid from = device_lid(&a.theirs->device);
	struct jid back = board_jid(a.own, true);
	struct node *m = notice_of("message", "text", &from), *enc;

	EXPECT_OK(board_send(a.theirs, &back, "3EB001", "first"));
	enc = node_add(test_arena(), m, "enc");
	node_put(test_arena(), enc, "v", S("2"));
	node_put(test_arena(), enc, "type", S("msg"));
	node_put_data(enc, bytes_of(S("nonsense")));
	board_push(a.own, m);
	board_run(a.b);
	EXPECT_STR(board_event(a.own, WA_EVENT_MESSAGE, 1)->message->unavailable, "unreadable");
	EXPECT_INT(a.own->last_nack, 487);
	board_done(a.b);
}

/* ---- who leaves, who may write ---- */

static uint32_t group_key_of(struct board_device *d)
{
	struct wa_call call = board_call(d);
	struct signal signal = client_signal(d->client, &call);
	struct jid own = client_own(d->client, true);
	struct signal_group key;

	EXPECT_OK(signal_group_own(&signal, S("120363000000000001@g.us"),
		signal_address(test_arena(), &own), &key));
	return key.key_id;
}

TEST(who_is_removed_from_a_group_cannot_read_on)
{
	struct cast a = cast_make();
	struct node *notice, *remove;
	struct jid gone = board_jid(a.theirs, true);
	uint32_t before;

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "one"));
	before = group_key_of(a.own);
	notice = notice_of("notification", "w:gp2", &a.b->group);
	remove = node_add(test_arena(), notice, "remove");
	node_put_jid(test_arena(), node_add(test_arena(), remove, "participant"), "jid", &gone);
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT(group_key_of(a.own) != before);
	EXPECT_INT(board_records(a.own, WA_RECORD_SENDER_KEY_KNOWN), 0);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "two"));
	EXPECT_STR(board_text(a.phone, 1), "two");
	EXPECT_STR(board_text(a.theirs, 1), "(waiting)");
	board_done(a.b);
}

TEST(a_token_of_theirs_goes_along_and_ours_is_given_once_a_week)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, true);
	struct node *notice = notice_of("notification", "privacy_token", &to), *token;

	token = node_add(test_arena(), node_add(test_arena(), notice, "tokens"), "token");
	node_put(test_arena(), token, "type", S("trusted_contact"));
	node_put(test_arena(), token, "t", S("1790000000"));
	node_put_data(token, bytes_of(S("trust me")));
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB001", "one"));
	EXPECT_STR(str_from(a.own->last_token), "trust me");
	EXPECT_INT(a.own->tokens_given, 1);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "two"));
	EXPECT_INT(a.own->tokens_given, 1);
	board_wait(a.b, 8ll * 24 * 3600 * 1000);
	EXPECT_OK(board_send(a.own, &to, "3EB003", "three"));
	EXPECT_INT(a.own->tokens_given, 2);
	board_wait(a.b, 40ll * 24 * 3600 * 1000);
	EXPECT_OK(board_send(a.own, &to, "3EB004", "four"));
	EXPECT(!a.own->last_token.len);
	board_done(a.b);
}

TEST(a_file_of_the_past_teaches_whose_number_is_whose_and_how_to_prove_oneself)
{
	static const struct wa_past_pair pairs[] = {
		{ S("5511999990000@s.whatsapp.net"), S("20000000002222@lid") },
		{ S("no jid"), S("20000000003333@lid") } };
	struct cast a = cast_make();
	struct jid pn = board_jid(a.theirs, false), lid;
	struct wa_past past = { .salt = bytes_of(S("thirty-two octets of a salt, say")),
		.pairs = pairs, .count = 2 };
	struct wa_call call = board_call(a.own);
	bytes first;

	EXPECT_OK(wa_client_past(a.own->client, &call, &past));
	/* whoever read the file knows it */
	EXPECT(!call.out->events);
	EXPECT(wa_client_lid_of(a.own->client, &pn, test_arena(), &lid));
	EXPECT_STR(jid_text(test_arena(), &lid), "20000000002222@lid");
	EXPECT_OK(board_send(a.own, &pn, "3EB001", "one"));
	first = a.own->last_proof;
	EXPECT_INT(first.len, 32);
	/* an older part that comes later changes nothing */
	past.salt = bytes_of(S("another salt of thirty-two octet"));
	call = board_call(a.own);
	EXPECT_OK(wa_client_past(a.own->client, &call, &past));
	EXPECT_OK(board_send(a.own, &pn, "3EB002", "two"));
	EXPECT(a.own->last_proof.len == 32 && memcmp(a.own->last_proof.ptr, first.ptr, 32) == 0);
	board_done(a.b);
}

static struct node *dirty_of(const char *type, const char *when)
{
	struct jid server = { .user = S(""), .server = JID_SERVER_PN };
	struct node *ib = notice_of("ib", NULL, &server), *dirty;

	dirty = node_add(test_arena(), ib, "dirty");
	node_put(test_arena(), dirty, "type", str_of(type));
	node_put(test_arena(), dirty, "timestamp", str_of(when));
	return ib;
}

TEST(what_the_server_calls_dirty_is_asked_for_anew_and_called_clean)
{
	struct cast a = cast_make();

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "to all"));
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "once more"));
	EXPECT_INT(a.own->group_asks, 1);
	board_push(a.own, dirty_of("groups", "1790000001"));
	board_run(a.b);
	EXPECT(a.own->clean);
	EXPECT_STR(node_text(test_arena(), a.own->clean, "type"), "groups");
	EXPECT_STR(node_text(test_arena(), a.own->clean, "timestamp"), "1790000001");
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB003", "and who is in it now?"));
	EXPECT_INT(a.own->group_asks, 2);
	board_push(a.own, dirty_of("account_sync", "1790000002"));
	board_run(a.b);
	EXPECT_STR(node_text(test_arena(), a.own->clean, "type"), "account_sync");
	/* of what we have nothing, nothing is asked */
	board_push(a.own, dirty_of("newsletter_metadata", "1790000003"));
	board_run(a.b);
	EXPECT_STR(node_text(test_arena(), a.own->clean, "timestamp"), "1790000003");
	board_done(a.b);
}

TEST(a_list_that_the_server_knows_better_is_asked_for_again)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, true);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "one"));
	a.b->phash = S("2:AAAAAAAA");
	EXPECT_OK(board_send(a.own, &to, "3EB002", "two"));
	EXPECT_INT(a.own->usyncs, 1);
	EXPECT_OK(board_send(a.own, &to, "3EB003", "three"));
	EXPECT_INT(a.own->usyncs, 2);
	EXPECT_INT(a.own->bundles, 1);
	board_done(a.b);
}

TEST(the_owner_s_own_words_come_with_their_chat)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	const struct wa_message *m;

	EXPECT_OK(board_send(a.phone, &to, "3EB001", "by the phone"));
	m = board_event(a.own, WA_EVENT_MESSAGE, 0)->message;
	EXPECT(m->is_from_me);
	EXPECT_STR(jid_text(test_arena(), &m->chat), "20000000002222@lid");
	EXPECT_STR(wa_message_body(m->message), "by the phone");
	board_done(a.b);
}

TEST(two_messages_to_a_stranger_keep_their_order)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	struct wa_call call = board_call(a.own);
	struct wa_send one = { .id = S("3EB001"), .to = to,
		.message = wa_message_text(test_arena(), S("one")) };
	struct wa_send two = { .id = S("3EB002"), .to = to,
		.message = wa_message_text(test_arena(), S("two")) };

	EXPECT_OK(wa_client_send(a.own->client, &call, &one));
	EXPECT_OK(wa_client_send(a.own->client, &call, &two));
	board_after(a.own, &call);
	board_run(a.b);
	EXPECT_STR(board_text(a.theirs, 0), "one");
	EXPECT_STR(board_text(a.theirs, 1), "two");
	EXPECT_INT(a.own->bundles, 1);
	board_done(a.b);
}

TEST(votes_come_with_the_secret_of_their_poll)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), back = board_jid(a.own, true);
	const str options[] = { S("tea"), S("coffee") };
	struct wa_poll poll = { .name = S("What?"), .options = options, .count = 2,
		.selectable = 1 };
	struct wa_send ask = { .id = S("3EB001"), .to = to };
	struct wa_call call = board_call(a.own);
	const struct wa_message *m;
	uint64_t chosen;

	ask.message = wa_message_poll(test_arena(), &poll);
	EXPECT_OK(wa_client_send(a.own->client, &call, &ask));
	board_after(a.own, &call);
	board_run(a.b);
	m = board_event(a.theirs, WA_EVENT_MESSAGE, 0)->message;
	{
		struct wa_target target = { .chat = jid_text(test_arena(), &back),
			.id = S("3EB001") };
		struct wa_addon addon = { .use = WA_USE_POLL_VOTE,
			.secret = wa_message_secret_of(m->message), .target_id = S("3EB001"),
			.target_author = { S("10000000001111@lid") },
			.author = { S("20000000002222@lid") } };
		struct wa_ballot ballot = { &target, &options[1], 1, 1790000000000 };
		struct wa_send vote = { .id = S("3EB002"), .to = back };
		uint8_t iv[WA_ADDON_IV_SIZE] = { 1 };

		vote.message = wa_message_vote(test_arena(), &addon, iv, &ballot);
		call = board_call(a.theirs);
		EXPECT_OK(wa_client_send(a.theirs->client, &call, &vote));
		board_after(a.theirs, &call);
		board_run(a.b);
	}
	m = board_event(a.own, WA_EVENT_MESSAGE, 0)->message;
	EXPECT_INT(m->target_secret.len, WA_SECRET_SIZE);
	EXPECT_STR(jid_text(test_arena(), &m->target_author[0]), "10000000001111@lid");
	EXPECT(str_is(m->target_author[1].server, JID_SERVER_PN));
	EXPECT(str_is(m->author[1].server, JID_SERVER_PN));
	{
		struct wa_addon addon = { .use = WA_USE_POLL_VOTE, .secret = m->target_secret,
			.target_id = S("3EB001"), .target_author = { S("10000000001111@lid") },
			.author = { jid_text(test_arena(), &m->author[0]) } };

		EXPECT(wa_vote_read(test_arena(), &addon, m->message->poll_update_message,
			wa_message_poll_of(ask.message), &chosen));
	}
	EXPECT_INT(chosen, 2);
	board_done(a.b);
}

/* ---- which devices count ---- */

static void add_device(struct node *list, const struct board_device *of, uint16_t device)
{
	struct jid jid = board_jid(of, false);

	jid.device = device;
	node_put_jid(test_arena(), node_add(test_arena(), list, "device"), "jid", &jid);
}

static str hash_of(const struct board_device *of, const uint16_t *devices, size_t count)
{
	struct jid jids[4];

	for (size_t i = 0; i < count; i++) {
		jids[i] = board_jid(of, true);
		jids[i].device = devices[i];
	}
	return signal_phash(test_arena(), jids, count);
}

TEST(a_device_that_is_told_with_the_right_hash_is_written_to_without_asking)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), from = board_jid(a.theirs, false);
	const uint16_t devices[] = { 0, 3, 5 };
	struct node *notice, *change;
	struct board_device *tablet;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	tablet = board_add(a.b, "5511999990000", "20000000002222", 5);
	notice = notice_of("notification", "devices", &from);
	change = node_add(test_arena(), notice, "add");
	node_put(test_arena(), change, "device_lid_hash", hash_of(a.theirs, devices, 3));
	add_device(change, a.theirs, 5);
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_STR(board_text(tablet, 0), "second");
	EXPECT_INT(a.own->usyncs, 1);
	board_done(a.b);
}

TEST(a_device_that_is_removed_loses_its_session_and_our_group_keys)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), from = board_jid(a.theirs, false);
	struct jid lid = board_jid(a.theirs, true);
	const uint16_t devices[] = { 0 };
	struct node *notice, *change;
	size_t sessions;
	uint32_t key;

	found_group(&a);
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB001", "to all"));
	key = group_key_of(a.own);
	sessions = board_records(a.own, WA_RECORD_SESSION);
	a.theirs->is_gone = true;
	notice = notice_of("notification", "devices", &from);
	node_put_jid(test_arena(), notice, "lid", &lid);
	change = node_add(test_arena(), notice, "remove");
	node_put(test_arena(), change, "device_lid_hash", hash_of(a.their_phone, devices, 1));
	add_device(change, a.theirs, 3);
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_INT(board_records(a.own, WA_RECORD_SESSION), sessions - 1);
	EXPECT(group_key_of(a.own) != key);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_STR(board_text(a.their_phone, 1), "second");
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 1);
	board_done(a.b);
}

static struct node *key_list(uint32_t raw_id, uint32_t current, uint32_t valid)
{
	Wa__ADVKeyIndexList list = WA__ADVKEY_INDEX_LIST__INIT;
	Wa__ADVSignedKeyIndexList sealed = WA__ADVSIGNED_KEY_INDEX_LIST__INIT;
	struct node *node = node_new(test_arena(), "key-index-list");
	uint32_t *valids = ARENA_NEW(test_arena(), uint32_t);

	*valids = valid;
	PROTO_SET(&list, raw_id, raw_id);
	PROTO_SET(&list, current_index, current);
	list.n_valid_indexes = 1;
	list.valid_indexes = valids;
	PROTO_SET_DATA(&sealed, details, proto_bytes(test_arena(), &list));
	node_put_data(node, proto_bytes(test_arena(), &sealed));
	return node;
}

TEST(a_device_that_the_account_s_key_list_does_not_know_is_not_written_to)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	/* 3 is valid; 5 was revoked; 9 is newer than the list. */
	(void)board_add(a.b, "5511999990000", "20000000002222", 5);
	(void)board_add(a.b, "5511999990000", "20000000002222", 9);
	a.b->key_list = key_list(77, 8, 3);
	a.b->key_list_of = a.theirs;
	EXPECT_OK(board_send(a.own, &to, "3EB001", "only to those who belong"));
	EXPECT_INT(board_count(&a.b->devices[4], WA_EVENT_MESSAGE), 0);
	EXPECT_INT(board_count(&a.b->devices[5], WA_EVENT_MESSAGE), 1);
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 1);
	board_done(a.b);
}

TEST(an_account_that_was_registered_afresh_is_met_afresh)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false), from = board_jid(a.theirs, false);
	struct node *notice;

	a.b->key_list = key_list(77, 9, 3);
	a.b->key_list_of = a.theirs;
	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_INT(a.own->bundles, 1);
	notice = notice_of("notification", "devices", &from);
	node_adopt(node_add(test_arena(), notice, "update"), key_list(78, 9, 3));
	board_push(a.own, notice);
	board_run(a.b);
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_INT(a.own->bundles, 2);
	EXPECT_STR(board_text(a.theirs, 1), "second");
	board_done(a.b);
}

TEST(a_note_to_ourselves_reaches_our_other_devices)
{
	struct cast a = cast_make();
	struct jid self = board_jid(a.own, false);
	const struct wa_message *m;

	EXPECT_OK(board_send(a.own, &self, "3EB001", "buy milk"));
	m = board_event(a.phone, WA_EVENT_MESSAGE, 0)->message;
	EXPECT_STR(wa_message_body(m->message), "buy milk");
	EXPECT(m->is_from_me);
	EXPECT_STR(jid_text(test_arena(), &m->chat), "10000000001111@lid");
	EXPECT_INT(sent(a.own, 0)->code, 0);
	board_done(a.b);
}

TEST(a_session_that_does_not_read_is_made_anew)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	const struct wa_store *store = &a.theirs->client->config.store;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_OK(store->put(store->arg, WA_RECORD_SESSION, S("10000000001111_1.7"),
		bytes_of(S("rotten"))));
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_STR(board_text(a.theirs, 2), "second");
	board_done(a.b);
}

TEST(a_session_that_is_gone_from_the_store_is_made_anew_before_the_message_goes)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	const struct wa_store *store = &a.own->client->config.store;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_OK(store->erase(store->arg, WA_RECORD_SESSION, S("20000000002222_1.3")));
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	EXPECT_STR(board_text(a.theirs, 1), "second");
	EXPECT_STR(board_text(a.their_phone, 1), "second");
	EXPECT_INT(sent(a.own, 1)->code, 0);
	EXPECT_INT(board_count(a.own, WA_EVENT_SENT), 2);
	board_done(a.b);
}

TEST(a_group_s_key_reaches_a_device_whose_session_is_gone)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	const struct wa_store *store = &a.own->client->config.store;

	found_group(&a);
	EXPECT_OK(board_send(a.own, &to, "3EB001", "hello"));
	EXPECT_OK(store->erase(store->arg, WA_RECORD_SESSION, S("20000000002222_1.3")));
	a.theirs->is_deaf = true;
	EXPECT_OK(board_send(a.own, &a.b->group, "3EB002", "to all"));
	EXPECT_STR(board_text(a.theirs, 1), "to all");
	board_done(a.b);
}

TEST(what_is_owed_to_a_device_outlives_a_restart)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	struct jid from = device_lid(&a.theirs->device);
	struct node *receipt;

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	receipt = notice_of("receipt", "retry", &from);
	receipt->attrs[1].text = S("3EB001");
	node_put(test_arena(), node_add(test_arena(), receipt, "retry"), "count", S("2"));
	a.own->is_mute = true;
	board_push(a.own, receipt);
	board_run(a.b);
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 1);
	EXPECT_OK(a.theirs->client->config.store.erase(a.theirs, WA_RECORD_SEEN, STR_NONE));
	a.own->is_mute = false;
	board_restart(a.own);
	board_run(a.b);
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 2);
	EXPECT_STR(board_text(a.theirs, 1), "first");
	board_restart(a.own);
	board_run(a.b);
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 2);
	board_done(a.b);
}

/* The public key of which our session with the other device was made. */
static void base_of(struct cast *a, uint8_t out[CURVE_KEY_SIZE])
{
	struct signal signal = { .store = &a->own->client->config.store, .arena = test_arena() };
	struct signal_session session;

	EXPECT_OK(signal_session_find(&signal, S("20000000002222_1.3"), &session));
	EXPECT(session.is_there);
	memcpy(out, session.base, CURVE_KEY_SIZE);
}

static void ask_again(struct cast *a, const char *id, const char *count)
{
	struct jid from = device_lid(&a->theirs->device);
	struct node *receipt = notice_of("receipt", "retry", &from);

	receipt->attrs[1].text = str_of(id);
	node_put(test_arena(), node_add(test_arena(), receipt, "retry"), "count", str_of(count));
	EXPECT_OK(a->theirs->client->config.store.erase(a->theirs, WA_RECORD_SEEN, STR_NONE));
	board_push(a->own, receipt);
	board_run(a->b);
}

TEST(a_session_that_heals_nothing_is_made_anew_and_one_that_is_new_is_kept)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);
	uint8_t was[CURVE_KEY_SIZE], is[CURVE_KEY_SIZE];

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	EXPECT_OK(board_send(a.own, &to, "3EB002", "second"));
	base_of(&a, was);
	ask_again(&a, "3EB001", "1");
	base_of(&a, is);
	EXPECT(memcmp(was, is, sizeof is) == 0);
	ask_again(&a, "3EB001", "2");
	base_of(&a, is);
	EXPECT(memcmp(was, is, sizeof is) != 0);
	/* Made anew since it was asked for the second time: that one is tried. */
	memcpy(was, is, sizeof was);
	ask_again(&a, "3EB001", "3");
	base_of(&a, is);
	EXPECT(memcmp(was, is, sizeof is) == 0);
	/* Of another message, a moment later: one new session is enough; but if it does not help …
	 */
	ask_again(&a, "3EB002", "2");
	base_of(&a, is);
	EXPECT(memcmp(was, is, sizeof is) == 0);
	ask_again(&a, "3EB002", "3");
	base_of(&a, is);
	EXPECT(memcmp(was, is, sizeof is) != 0);
	board_done(a.b);
}

TEST(a_device_is_answered_so_often_for_one_message_and_no_more)
{
	struct cast a = cast_make();
	struct jid to = board_jid(a.theirs, false);

	EXPECT_OK(board_send(a.own, &to, "3EB001", "first"));
	for (int i = 0; i < 9; i++)
		ask_again(&a, "3EB001", "1");
	EXPECT_INT(board_count(a.theirs, WA_EVENT_MESSAGE), 1 + 5);
	board_done(a.b);
}

TEST(a_story_is_told_as_no_group)
{
	struct cast a = cast_make();
	struct jid chat = { .user = S("status"), .server = JID_SERVER_BROADCAST };
	struct jid from = device_lid(&a.theirs->device);
	struct node *m = notice_of("message", "text", &chat), *enc;
	const struct wa_message *told;

	node_put_jid(test_arena(), m, "participant", &from);
	node_put_int(test_arena(), m, "t", BOARD_T0_MS / 1000);
	enc = node_add(test_arena(), m, "enc");
	node_put(test_arena(), enc, "v", S("2"));
	node_put(test_arena(), enc, "type", S("skmsg"));
	node_put_data(enc, bytes_of(S("nobody reads this, for want of a key")));
	board_push(a.own, m);
	board_run(a.b);
	told = board_event(a.own, WA_EVENT_MESSAGE, 0)->message;
	EXPECT(!told->is_group);
	EXPECT_STR(jid_text(test_arena(), &told->chat), "status@broadcast");
	board_done(a.b);
}
