/* linked_test.c: moves and score of a number, and what its raw events come to. */
#include "base/codec.h"
#include "base/test.h"
#include "provider/linked/linked_internal.h"

/* ---- states (R018) ---- */

TEST(every_state_and_every_way_between_them_is_named_in_the_table)
{
	/* By row: from; by column: to. d i q a c f b */
	static const char *const table[LINKED_STATES] = {
		[LINKED_DISCONNECTED] = ".i.a.fb",
		[LINKED_INITIALISING] = "d.qa.fb",
		[LINKED_QR] = "di.a.fb",
		[LINKED_AUTHENTICATING] = "d...cfb",
		[LINKED_CONNECTED] = "d..a.fb",
		[LINKED_FAILED] = "di.a..b",
		[LINKED_BANNED] = "di.a.f.",
	};

	for (int from = 0; from < LINKED_STATES; from++)
		for (int to = 0; to < LINKED_STATES; to++)
			if (linked_may_move((enum linked_state)from, (enum linked_state)to) !=
				(table[from][to] != '.'))
				test_fail(__FILE__, __LINE__, "from %s to %s",
					linked_state_name((enum linked_state)from),
					linked_state_name((enum linked_state)to));
}

TEST(no_way_leads_to_a_qr_code_but_by_a_pairing_that_somebody_started)
{
	for (int from = 0; from < LINKED_STATES; from++)
		EXPECT(linked_may_move((enum linked_state)from, LINKED_QR) ==
			(from == LINKED_INITIALISING));
	EXPECT(!linked_may_move(LINKED_CONNECTED, LINKED_INITIALISING));
	EXPECT(!linked_may_move(LINKED_AUTHENTICATING, LINKED_INITIALISING));
}

/* ---- score (R029) ---- */

TEST(the_score_equals_what_is_worked_out_by_hand)
{
	static const struct { struct linked_proof proof; int score; } fixtures[] = {
		{ { LINKED_CONNECTED, 0, 0, 0, 0 }, 100 },
		{ { LINKED_CONNECTED, 90000, 0, 100, 0 }, 100 },
		{ { LINKED_CONNECTED, 90001, 0, 100, 0 }, 90 },
		{ { LINKED_CONNECTED, 300001, 0, 100, 0 }, 80 },
		{ { LINKED_CONNECTED, 1000, 1, 100, 0 }, 96 },
		{ { LINKED_CONNECTED, 1000, 5, 100, 0 }, 80 },
		{ { LINKED_CONNECTED, 1000, 50, 100, 0 }, 80 },
		{ { LINKED_CONNECTED, 1000, 0, 100, 7 }, 93 },
		{ { LINKED_CONNECTED, 1000, 0, 10, 5 }, 80 },
		{ { LINKED_AUTHENTICATING, 1000, 1, 0, 0 }, 76 },
		{ { LINKED_DISCONNECTED, -1, 0, 0, 0 }, 40 },
		{ { LINKED_FAILED, 400000, 9, 10, 10 }, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(fixtures); i++)
		if (linked_score(&fixtures[i].proof) != fixtures[i].score)
			test_fail(__FILE__, __LINE__, "fixture %zu: %d, not %d", i,
				linked_score(&fixtures[i].proof), fixtures[i].score);
}

TEST(what_is_counted_is_forgotten_a_day_later_hour_by_hour)
{
	static struct linked n;
	int64_t hour = 3600000, now = 500000 * hour;

	n = (struct linked){ 0 };
	linked_count(&n, n.view.drops, now);
	linked_count(&n, n.view.drops, now + hour);
	linked_count(&n, n.view.drops, now + hour);
	EXPECT_INT(linked_sum(&n, n.view.drops, now + hour), 3);
	EXPECT_INT(linked_sum(&n, n.view.drops, now + 23 * hour), 3);
	EXPECT_INT(linked_sum(&n, n.view.drops, now + 24 * hour), 2);
	EXPECT_INT(linked_sum(&n, n.view.drops, now + 25 * hour), 0);
	linked_count(&n, n.view.drops, now + 100 * hour);
	EXPECT_INT(linked_sum(&n, n.view.drops, now + 100 * hour), 1);
}

/* ---- raw events ---- */

static struct provider_events parsed(const char *body)
{
	struct job *job = ARENA_NEW(test_arena(), struct job);
	struct provider_events events = { 0 };

	job_init(job, "test", test_arena(), NULL);
	EXPECT_OK(linked_parse(job, NULL, str_of(body), &events));
	return events;
}

TEST(what_the_owner_read_elsewhere_is_a_chat_that_was_read)
{
	struct provider_events events = parsed(
		"{\"kind\":\"receipt\",\"receipt\":\"read_self\",\"chat\":\"120363@g.us\","
		"\"who\":\"5@lid\",\"t_ms\":1000,\"ids\":[\"A\",\"B\"]}");

	EXPECT_INT(events.count, 1);
	EXPECT(events.items[0].kind == EVENT_CHAT);
	EXPECT_INT(events.items[0].done, CHAT_READ);
	EXPECT_INT(events.items[0].at_ms, 1000);
	EXPECT_STR(events.items[0].who.group, "120363@g.us");
}

TEST(another_key_of_somebody_is_told_of_their_chat)
{
	struct provider_events events =
		parsed("{\"kind\":\"identity\",\"who\":\"5@lid\",\"t_ms\":1000}");

	EXPECT_INT(events.count, 1);
	EXPECT_INT(events.items[0].done, CHAT_IDENTITY);
	EXPECT_STR(events.items[0].who.lid, "5");
}

/* R081: each receipt that WhatsApp knows, and the status it becomes. */
TEST(receipts_become_the_statuses_that_they_prove)
{
	static const struct {
		const char *receipt;
		enum message_status status;
		bool tells;
	} table[] = {
		{ "delivered", STATUS_DELIVERED, true },
		{ "read", STATUS_READ, true },
		{ "played", STATUS_PLAYED, true },
		{ "played_self", STATUS_PLAYED, false },
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct provider_events events = parsed(arena_printf(test_arena(),
			"{\"kind\":\"receipt\",\"receipt\":\"%s\",\"chat\":\"5@lid\",\"who\":\"5@"
			"lid\","
			"\"t_ms\":1000,\"ids\":[\"A\",\"B\"]}",
			table[i].receipt)
							       .ptr);

		EXPECT_INT(events.count, table[i].tells ? 2 : 0);
		for (size_t k = 0; k < events.count; k++) {
			EXPECT(events.items[k].kind == EVENT_STATUS);
			EXPECT_INT(events.items[k].status, table[i].status);
			EXPECT_STR(events.items[k].target_id, k ? "B" : "A");
			EXPECT_STR(events.items[k].who.lid, "5");
			EXPECT_INT(events.items[k].at_ms, 1000);
		}
	}
}

TEST(an_answer_that_comes_late_settles_the_message)
{
	struct provider_events sent = parsed(
				       "{\"kind\":\"sent\",\"id\":\"A\",\"code\":0,\"t_ms\":5}"),
			       refused = parsed(
				       "{\"kind\":\"sent\",\"id\":\"A\",\"code\":463,\"t_ms\":5}"),
			       nobody = parsed(
				       "{\"kind\":\"sent\",\"id\":\"A\",\"code\":-1,\"t_ms\":5}");

	EXPECT_INT(sent.items[0].status, STATUS_SENT);
	EXPECT_INT(refused.items[0].status, STATUS_FAILED);
	EXPECT_STR(refused.items[0].error_code, "restricted");
	EXPECT_STR(nobody.items[0].error_code, "not_on_whatsapp");
	EXPECT(nobody.items[0].error_next_step.len > 0);
}

/* "hi": field 1 of a Message. */
#define SAYS_HI "CgJoaQ=="

TEST(a_message_tells_both_names_of_its_author)
{
	struct provider_events events =
		parsed("{\"kind\":\"message\",\"id\":\"M1\",\"chat\":\"55@lid\","
		       "\"sender\":\"55:3@lid\",\"other\":\"628123@s.whatsapp.net\","
		       "\"t_ms\":7000,\"push_name\":\"Ana\",\"message\":\"" SAYS_HI "\"}");
	const struct provider_event *ev = &events.items[0];

	EXPECT_INT(events.count, 1);
	EXPECT(ev->kind == EVENT_MESSAGE && ev->message_kind == KIND_TEXT && !ev->is_echo);
	EXPECT_STR(ev->remote_id, "M1");
	EXPECT_STR(ev->who.lid, "55");
	EXPECT_STR(ev->who.phone, "628123");
	EXPECT_STR(ev->who.name, "Ana");
	EXPECT(str_has(ev->content, S("\"hi\"")));
}

TEST(what_the_owner_writes_on_the_phone_is_an_echo_to_whom_it_went)
{
	struct provider_events events =
		parsed("{\"kind\":\"message\",\"id\":\"M2\",\"chat\":\"55@lid\","
		       "\"sender\":\"99@lid\",\"other\":\"628123@s.whatsapp.net\","
		       "\"t_ms\":7000,\"from_me\":true,\"message\":\"" SAYS_HI "\"}");

	EXPECT(events.count == 1 && events.items[0].is_echo);
	EXPECT_STR(events.items[0].who.lid, "55");
	EXPECT_STR(events.items[0].who.phone, "628123");
	EXPECT(!events.items[0].who.name.len);
}

TEST(what_does_not_decipher_stands_there_waiting)
{
	struct provider_events events =
		parsed("{\"kind\":\"message\",\"id\":\"M3\",\"chat\":\"55@lid\","
		       "\"sender\":\"55@lid\",\"t_ms\":7000,\"waiting\":true}");

	EXPECT_INT(events.count, 1);
	EXPECT(events.items[0].message_kind == KIND_WAITING);
}

TEST(in_a_group_the_thread_is_the_group_s_and_the_author_a_person)
{
	struct provider_events events =
		parsed("{\"kind\":\"message\",\"id\":\"M4\",\"chat\":\"1203@g.us\","
		       "\"sender\":\"55:3@lid\",\"t_ms\":7000,\"message\":\"" SAYS_HI "\"}");

	EXPECT_STR(events.items[0].group_id, "1203@g.us");
	EXPECT_STR(events.items[0].who.lid, "55");
}

TEST(stories_and_channels_are_no_conversations)
{
	EXPECT_INT(parsed("{\"kind\":\"message\",\"id\":\"M5\",\"chat\":\"status@broadcast\","
			  "\"sender\":"
			  "\"55@lid\",\"t_ms\":7000,\"message\":\"" SAYS_HI "\"}")
			   .count,
		0);
	EXPECT_INT(parsed("{\"kind\":\"message\",\"id\":\"M6\",\"chat\":\"12@newsletter\","
			  "\"sender\":"
			  "\"12@newsletter\",\"t_ms\":7000,\"message\":\"" SAYS_HI "\"}")
			   .count,
		0);
}

TEST(a_number_and_a_hidden_id_are_learnt_as_one_person)
{
	struct provider_events events =
		parsed("{\"kind\":\"known\",\"lid\":\"55@lid\",\"pn\":\"628123@s.whatsapp.net\"}");

	EXPECT(events.items[0].kind == EVENT_IDENTITY);
	EXPECT_STR(events.items[0].who.lid, "55");
	EXPECT_STR(events.items[0].who.phone, "628123");
}

TEST(what_is_broken_is_refused_and_what_is_unknown_passed_over)
{
	struct job *job = ARENA_NEW(test_arena(), struct job);
	struct provider_events events = { 0 };

	job_init(job, "test", test_arena(), NULL);
	EXPECT_ERR(linked_parse(job, NULL, S("{"), &events), ERR_INPUT);
	EXPECT_ERR(linked_parse(job, NULL,
			   S("{\"kind\":\"message\",\"id\":\"M\",\"chat\":\"5@lid\",\"message\":\"/"
			     "////w==\"}"),
			   &events),
		ERR_INPUT);
	EXPECT_INT(parsed("{\"kind\":\"of another day\"}").count, 0);
	EXPECT_INT(parsed("{}").count, 0);
}

TEST(the_root_of_a_network_is_hex_or_base64)
{
	uint8_t root[32];

	EXPECT(linked_read_root(
		S("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), root));
	EXPECT_INT(root[31], 31);
	EXPECT(linked_read_root(S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), root));
	EXPECT_INT(root[30], 30);
	EXPECT(!linked_read_root(S("AAECAwQ="), root));
	EXPECT(!linked_read_root(
		S("not a key at all, and quite a lot longer than one would ever be!"), root));
}
