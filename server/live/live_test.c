/* live_test.c: the hub as its clients see it: over real sockets, against the messages of the
 * protocol. */
#include "live/live_client_test.h"

#include <stdio.h>
#include <unistd.h>

LIVE_TEST(an_unknown_key_is_connected_and_closed_with_4001)
{
	struct client *c = client_dial("/app/nobody?protocol=7");

	EXPECT_STR(client_hear(c),
		"{\"event\":\"pusher:error\",\"data\":{\"code\":4001,\"message\":"
		"\"There is no app of this key\"}}");
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	client_leave(c);
}

LIVE_TEST(versions_of_the_protocol_are_told_apart)
{
	static const struct { const char *query; int code; } cases[] = {
		{ "?protocol=x", 4006 }, { "?protocol=8", 4007 }, { "?protocol=3", 4007 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct client *c = client_dial(
			arena_printf(test_arena(), "/app/" KEY "%s", cases[i].query).ptr);

		client_hear(c);
		EXPECT(!client_hear(c).ptr);
		EXPECT_INT(c->close_code, cases[i].code);
		client_leave(c);
	}
	client_leave(client_dial("/app/" KEY));
}

LIVE_TEST(what_is_published_reaches_the_channel_byte_for_byte)
{
	struct client *a = client_join_channel("news"), *b = client_join_channel("other");

	hub_publish("news", "{\"n\":12345678901234567890}", NULL);
	hub_publish("news", "not \"json\" <b>\xC3\xA9", NULL);
	hub_publish("other", "3", NULL);
	EXPECT_STR(client_hear(a), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"{\\\"n\\\":"
	                    "12345678901234567890}\"}");
	EXPECT_STR(client_hear(a),
		"{\"event\":\"e\",\"channel\":\"news\",\"data\":\"not \\\"json\\\" "
		"\\u003cb\\u003e\xC3\xA9\"}");
	EXPECT_STR(client_hear(b), "{\"event\":\"e\",\"channel\":\"other\",\"data\":\"3\"}");
	client_leave(a);
	client_leave(b);
}

LIVE_TEST(the_excepted_socket_gets_nothing)
{
	struct client *a = client_join_channel("news"), *b = client_join_channel("news");

	hub_publish("news", "1", a->socket_id);
	hub_publish("news", "2", NULL);
	EXPECT_STR(client_hear(a), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"2\"}");
	EXPECT_STR(client_hear(b), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"1\"}");
	client_leave(a);
	client_leave(b);
}

LIVE_TEST(after_unsubscribe_nothing_comes)
{
	struct client *c = client_join_channel("news"), *witness = client_join_channel("news");

	client_say(c, "{\"event\":\"pusher:unsubscribe\",\"data\":{\"channel\":\"news\"}}");
	client_settle(c);
	hub_publish("news", "1", NULL);
	EXPECT(client_hear(witness).ptr);
	client_settle(c);
	client_leave(c);
	client_leave(witness);
}

LIVE_TEST(a_wrong_signature_is_refused_and_the_rest_goes_on)
{
	struct client *c = client_join();

	client_say(c, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"private-x\","
		      "\"auth\":\"" KEY ":00\"}}");
	EXPECT_STR(client_hear(c),
		"{\"event\":\"pusher:subscription_error\",\"channel\":\"private-x\","
		"\"data\":{\"type\":\"AuthError\","
		"\"error\":\"The signature is not that of this connection, channel and "
		"app.\",\"status\":401}}");
	client_say(c,
		"{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"presence-x\",\"auth\":"
		"\"" KEY ":00\"}}");
	EXPECT(str_has(client_hear(c), S("\"status\":401")));
	client_say(c, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"bad name\"}}");
	EXPECT(str_has(client_hear(c), S("pusher:subscription_error")));
	client_subscribe(c, "private-x", STR_NONE);
	EXPECT(str_has(client_hear(c), S("subscription_succeeded")));
	client_subscribe(c, "private-x", STR_NONE);
	EXPECT(str_has(client_hear(c),
		S("\"code\":null,\"message\":\"Existing subscription to channel private-x.\"")));
	hub_publish("private-x", "1", NULL);
	EXPECT(str_has(client_hear(c), S("\"data\":\"1\"")));
	client_settle(c);
	client_leave(c);
}

LIVE_TEST(broken_messages_get_an_error_and_the_connection_stays)
{
	static const char *const broken[] = { "{", "[]", "{}", "{\"event\":\"pusher:subscribe\"}",
		"{\"event\":\"what\"}", "{\"event\":\"pusher:subscribe\",\"data\":[1]}",
		"{\"event\":\"pusher_internal:member_added\",\"channel\":\"x\",\"data\":{}}" };
	struct client *c = client_join();

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		client_say(c, broken[i]);
		EXPECT(str_starts(client_hear(c),
			S("{\"event\":\"pusher:error\",\"data\":{\"code\":null,\"message\":\"")));
	}
	client_settle(c);
	client_say_frame(c, 2, S("\x01\x02"));
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 1003);
	client_leave(c);
}

static str presence(const char *channel, const char *data)
{
	return arena_printf(test_arena(),
		"{\"event\":\"pusher_internal:subscription_succeeded\",\"channel\":\"%s\",\"data\":"
	        "\"%s\"}",
		channel, data);
}

LIVE_TEST(a_person_joins_once_and_leaves_once_whatever_the_connections)
{
	struct client *a = client_join(), *b = client_join(), *b2 = client_join();

	client_subscribe(a, "presence-x", S("{\"user_id\":\"1\",\"user_info\":{\"name\":\"A\"}}"));
	EXPECT_STR(client_hear(a),
		presence("presence-x", "{\\\"presence\\\":{\\\"ids\\\":[\\\"1\\\"],"
				       "\\\"hash\\\":{\\\"1\\\":{\\\"name\\\":"
				       "\\\"A\\\"}},\\\"count\\\":1}}")
			.ptr);
	client_subscribe(b, "presence-x", S("{\"user_id\":11}"));
	EXPECT_STR(client_hear(b),
		presence("presence-x", "{\\\"presence\\\":{\\\"ids\\\":[\\\"1\\\",\\\"11\\\"],"
	                               "\\\"hash\\\":{\\\"1\\\":"
				       "{\\\"name\\\":\\\"A\\\"},\\\"11\\\":{}},\\\"count\\\":2}}")
			.ptr);
	EXPECT_STR(client_hear(a),
		"{\"event\":\"pusher_internal:member_added\",\"channel\":\"presence-x\","
		"\"data\":\"{\\\"user_id\\\":11,\\\"user_info\\\":{}}\"}");
	client_subscribe(b2, "presence-x",
		S("{\"user_id\":\"11\",\"user_info\":{\"name\":\"other\"}}"));
	EXPECT(str_has(client_hear(b2), S("\\\"11\\\":{}},\\\"count\\\":2")));
	client_leave(b);
	client_say(b2, "{\"event\":\"pusher:unsubscribe\",\"data\":{\"channel\":\"presence-x\"}}");
	client_settle(b2);
	EXPECT_STR(client_hear(a),
		"{\"event\":\"pusher_internal:member_removed\",\"channel\":\"presence-x\","
		"\"data\":\"{\\\"user_id\\\":11}\"}");
	client_settle(a);
	client_leave(a);
	client_leave(b2);
}

LIVE_TEST(a_presence_channel_has_limits)
{
	struct client *c = client_join(), *twin = client_join(), *others[100];
	char data[64];

	for (int i = 0; i < 100; i++) {
		others[i] = client_join();
		snprintf(data, sizeof data, "{\"user_id\":\"user-%d\"}", i);
		client_subscribe(others[i], "presence-x", str_of(data));
		EXPECT(str_has(client_hear(others[i]), S("subscription_succeeded")));
	}
	client_subscribe(c, "presence-x", S("{\"user_id\":\"one more\"}"));
	EXPECT(str_has(client_hear(c),
		S("\"type\":\"LimitReached\",\"error\":\"The channel has too many "
		  "members: at most 100.\"")));
	client_subscribe(twin, "presence-x", S("{\"user_id\":\"user-7\"}"));
	EXPECT(str_has(client_hear(twin), S("\\\"count\\\":100")));
	client_subscribe(c, "presence-y", S("{\"user_id\":\"\"}"));
	EXPECT(str_has(client_hear(c), S("\"status\":4301")));
	client_subscribe(c, "presence-y", S("{\"user_id\":\"1\",\"user_info\":[]}"));
	EXPECT(str_has(client_hear(c), S("user_info, if supplied, must be an object.")));
	client_subscribe(c, "presence-y", S("{\"user_id\":\"__proto__\"}"));
	EXPECT(str_has(client_hear(c), S("{\\\"__proto__\\\":{}}")));
	for (int i = 0; i < 100; i++)
		client_leave(others[i]);
	client_leave(c);
	client_leave(twin);
}

static _Atomic int members_told = -1;

static void take_members(void *arg, const str *ids, size_t count)
{
	if (count == 1)
		EXPECT_STR(ids[0], arg);
	members_told = (int)count;
}

static int count_members(const char *channel)
{
	members_told = -1;
	live_present(live, S(KEY), str_of(channel), take_members, "7");
	while (members_told < 0)
		usleep(1000);
	return members_told;
}

LIVE_TEST(who_is_in_a_presence_channel_can_be_asked)
{
	struct client *c = client_join();

	EXPECT_INT(count_members("presence-room"), 0);
	client_subscribe(c, "presence-room", S("{\"user_id\":\"7\"}"));
	EXPECT(client_hear(c).ptr);
	EXPECT_INT(count_members("presence-room"), 1);
	EXPECT_INT(count_members("presence-other"), 0);
	client_leave(c);
}

LIVE_TEST(client_events_reach_the_others_as_they_came)
{
	struct client *a = client_join_channel("private-x"), *b = client_join_channel("private-x");

	client_say(a, "{\"event\":\"client-typing\",\"channel\":\"private-x\",\"data\":{\"n\": "
	       "12345678901234567890},\"user_id\":\"forged\"}");
	EXPECT_STR(client_hear(b),
		"{\"event\":\"client-typing\",\"channel\":\"private-x\",\"data\":{"
		"\"n\": 12345678901234567890}}");
	client_say(b, "{\"event\":\"client-text\",\"channel\":\"private-x\",\"data\":\"{\\\"of\\\":"
	       "\\\"java\\\"}\"}");
	EXPECT_STR(client_hear(a),
		"{\"event\":\"client-text\",\"channel\":\"private-x\",\"data\":\"{"
		"\\\"of\\\":\\\"java\\\"}\"}");
	client_leave(a);
	client_leave(b);
}

LIVE_TEST(a_client_event_on_a_presence_channel_names_its_sender)
{
	struct client *a = client_join(), *b = client_join();

	client_subscribe(a, "presence-x", S("{\"user_id\":7}"));
	EXPECT(client_hear(a).ptr);
	client_subscribe(b, "presence-x", S("{\"user_id\":\"8\"}"));
	EXPECT(client_hear(b).ptr);
	EXPECT(str_has(client_hear(a), S("member_added")));
	client_say(a,
		"{\"event\":\"client-typing\",\"channel\":\"presence-x\",\"data\":{},\"user_id\":"
		"\"8\"}");
	EXPECT_STR(client_hear(b),
		"{\"event\":\"client-typing\",\"channel\":\"presence-x\",\"data\":{},"
		"\"user_id\":\"7\"}");
	client_leave(a);
	client_leave(b);
}

static void expect_client_error(struct client *c, const char *message, const char *why)
{
	str heard;

	client_say(c, message);
	heard = client_hear(c);
	EXPECT(str_starts(heard, S("{\"event\":\"pusher:error\"")) &&
		str_has(heard, S("\"code\":4301")));
	EXPECT(str_has(heard, str_of(why)));
}

LIVE_TEST(client_events_have_rules)
{
	struct client *a = client_join_channel("private-x"), *b = client_join_channel("private-x");
	struct buf large = buf_in(test_arena(), 20000);

	client_subscribe(a, "news", STR_NONE);
	EXPECT(client_hear(a).ptr);
	expect_client_error(a, "{\"event\":\"client-e\",\"channel\":\"news\",\"data\":1}",
		"private and presence channels only");
	expect_client_error(a, "{\"event\":\"client-e\",\"channel\":\"private-y\",\"data\":1}",
		"subscribed to");
	expect_client_error(a, "{\"event\":\"client-e\",\"data\":1}", "subscribed to");
	buf_str(&large, S("{\"event\":\"client-e\",\"channel\":\"private-x\",\"data\":\""));
	for (size_t i = 0; i <= 10240; i++)
		buf_byte(&large, 'x');
	buf_put(&large, "\"}", 3);
	expect_client_error(a, (const char *)large.ptr, "too large");
	client_say(a, "{\"event\":\"client-last\",\"channel\":\"private-x\",\"data\":null}");
	EXPECT_STR(client_hear(b),
		"{\"event\":\"client-last\",\"channel\":\"private-x\",\"data\":null}");
	client_leave(a);
	client_leave(b);
}

/* Thirty at once: ten pass in each second that they touch, so at least five are dropped and at
 * least ten come. */
LIVE_TEST(too_many_client_events_are_dropped_and_told)
{
	struct client *a = client_join_channel("private-x"), *b = client_join_channel("private-x");
	int refused = 0, heard = 0;
	str text;

	for (int i = 0; i < 30; i++)
		client_say(a, "{\"event\":\"client-e\",\"channel\":\"private-x\",\"data\":1}");
	client_say(a, "{\"event\":\"pusher:ping\"}");
	while (!str_has(text = client_hear(a), S("pusher:pong"))) {
		EXPECT(str_has(text, S("4301")));
		refused++;
	}
	hub_publish("private-x", "end", NULL);
	while (!str_has(client_hear(b), S("end")))
		heard++;
	EXPECT_INT(refused + heard, 30);
	EXPECT(refused >= 5 && heard >= 10);
	client_leave(a);
	client_leave(b);
}

LIVE_TEST(a_connection_has_so_many_subscriptions)
{
	struct client *c = client_join();
	char name[32];

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "c%d", i);
		client_subscribe(c, name, STR_NONE);
		EXPECT(str_has(client_hear(c), S("succeeded")));
	}
	client_subscribe(c, "one-more", STR_NONE);
	EXPECT(str_has(client_hear(c), S("LimitReached")));
	client_leave(c);
}

static void hurry(void *arg)
{
	(void)arg;
	live->timing = (struct live_timing){ .ping_after_us = 50000,
		.close_after_us = 100000,
		.sweep_ms = 10 };
}

LIVE_TEST(a_silent_client_is_asked_and_then_closed_with_4201)
{
	struct client *c;

	test_on_loop(server->loop, hurry, NULL);
	c = client_join();
	EXPECT_STR(client_hear(c), "{\"event\":\"pusher:ping\",\"data\":\"{}\"}");
	EXPECT(c->saw_ping);
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 4201);
	client_leave(c);
}

LIVE_TEST(any_frame_keeps_a_client_alive)
{
	struct client *c;

	test_on_loop(server->loop, hurry, NULL);
	c = client_join();
	for (int i = 0; i < 4; i++) {
		EXPECT_STR(client_hear(c), "{\"event\":\"pusher:ping\",\"data\":\"{}\"}");
		client_say_frame(c, 10, S("")); /* a bare pong frame, as native clients send */
	}
	client_say(c, "{\"event\":\"pusher:pong\",\"data\":{}}");
	client_leave(c);
}

LIVE_TEST(when_the_server_stops_all_are_sent_to_come_back)
{
	struct client *a = client_join_channel("news"), *b = client_join();
	struct test_flag done = TEST_FLAG_INIT;

	test_on_loop(server->loop, hub_drain, &done);
	EXPECT(!client_hear(a).ptr && !client_hear(b).ptr);
	EXPECT_INT(a->close_code, 4200);
	EXPECT_INT(b->close_code, 4200);
	client_leave(a);
	client_leave(b);
	EXPECT(test_flag_wait(&done, 1));
}

LIVE_TEST(the_connections_of_a_removed_app_are_closed)
{
	struct client *c = client_join_channel("news");

	live_app_forget(live, S(KEY));
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	client_leave(c);
	c = client_dial("/app/" KEY);
	client_hear(c);
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	client_leave(c);
}

LIVE_TEST(who_may_hear_less_than_before_is_sent_to_ask_again)
{
	struct client *c = client_join_channel("news");

	live_app_reconnect(live, S("another app"));
	live_app_reconnect(live, S(KEY));
	EXPECT(!client_hear(c).ptr);
	EXPECT_INT(c->close_code, 4200);
	client_leave(c);
	client_leave(client_join_channel("news"));
}

LIVE_TEST(who_may_not_be_in_a_presence_channel_any_more_is_sent_to_ask_again)
{
	struct client *a = client_join(), *b = client_join(), *elsewhere = client_join();

	client_subscribe(a, "presence-x", S("{\"user_id\":\"7\"}"));
	EXPECT(client_hear(a).ptr);
	client_subscribe(b, "presence-x", S("{\"user_id\":\"8\"}"));
	EXPECT(client_hear(b).ptr);
	client_subscribe(elsewhere, "presence-y", S("{\"user_id\":\"7\"}"));
	EXPECT(client_hear(elsewhere).ptr);
	live_close_member(live, S("another app"), S("presence-x"), S("8"));
	live_close_member(live, S(KEY), S("presence-x"), S("7"));
	live_close_member(live, S(KEY), S("presence-z"), S("7"));
	EXPECT(str_has(client_hear(a), S("member_added")));
	EXPECT(!client_hear(a).ptr);
	EXPECT_INT(a->close_code, 4200);
	client_leave(a);
	EXPECT(str_has(client_hear(b), S("member_removed")));
	client_settle(b);
	client_settle(elsewhere);
	client_leave(b);
	client_leave(elsewhere);
}

static _Atomic id64 checked[4];

static void note_owners(struct live *hub, const id64 *owners, size_t count)
{
	(void)hub;
	for (size_t i = 0; i < count && i < COUNT_OF(checked); i++)
		checked[i] = owners[i];
}

LIVE_TEST(a_connection_ends_with_its_owner_and_the_others_stay)
{
	struct client *a = client_join_channel("news"), *b = client_join_channel("news");
	const id64 gone[] = { 70, 71 };

	live_claim(live, S(KEY), str_of(a->socket_id), 71);
	live_claim(live, S(KEY), str_of(b->socket_id), 72);
	live_claim(live, S("another app"), str_of(b->socket_id), 70); /* no right to this one */
	live_claim(live, S(KEY), S("1.2"), 70);                         /* nobody's */
	live_close_owners(live, gone, COUNT_OF(gone));
	EXPECT(!client_hear(a).ptr);
	EXPECT_INT(a->close_code, 4200);
	hub_publish("news", "1", NULL);
	EXPECT(client_hear(b).ptr);
	live->check = note_owners;
	live_check_owners(live);
	client_settle(b);
	EXPECT_INT(checked[0], 72);
	client_leave(a);
	client_leave(b);
}

LIVE_TEST(figures_count_what_is_there)
{
	struct client *a = client_join_channel("news"), *b = client_join_channel("news");
	struct live_figures figures;

	hub_publish("news", "1", NULL);
	hub_publish("nobody-there", "1", NULL);
	EXPECT(client_hear(a).ptr && client_hear(b).ptr);
	client_settle(a);
	live_figures(live, &figures);
	EXPECT_INT(figures.connections, 2);
	EXPECT_INT(figures.channels, 1);
	EXPECT_INT(figures.subscriptions, 2);
	EXPECT_INT(figures.published, 2);
	EXPECT_INT(figures.delivered, 2);
	client_leave(a);
	client_leave(b);
}

static void *publisher(void *arg)
{
	char data[32];

	for (int i = 0; i < 500; i++) {
		snprintf(data, sizeof data, "%s %d", (const char *)arg, i);
		hub_publish("news", data, NULL);
	}
	return NULL;
}

LIVE_TEST(events_of_one_publisher_keep_their_order)
{
	struct client *c = client_join_channel("news");
	int next[2] = { 0, 0 };
	pthread_t threads[2];
	char want[32];

	pthread_create(&threads[0], NULL, publisher, (char[]){ "a" });
	pthread_create(&threads[1], NULL, publisher, (char[]){ "b" });
	for (int i = 0; i < 1000; i++) {
		str heard = client_hear(c);
		int who = str_has(heard, S("\"data\":\"b")) ? 1 : 0;

		snprintf(want, sizeof want, "\"data\":\"%c %d\"", who ? 'b' : 'a', next[who]++);
		EXPECT(str_has(heard, str_of(want)));
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	client_leave(c);
}
