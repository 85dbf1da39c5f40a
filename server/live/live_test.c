/* live_test.c: the hub as its clients see it: over real sockets, against the messages of the
 * protocol. */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "live/live_internal.h"
#include "net/net_test.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define KEY "app-key"
#define SECRET "app-secret"
#define WAIT_MS 5000

static struct test_server *server;
static struct live *live;

/* ---- a client that speaks WebSocket by hand ---- */

struct client {
	int fd;
	struct buf in;
	char socket_id[LIVE_SOCKET_ID_MAX];
	int close_code;
	bool saw_ping;
};

static bool read_more(struct client *c)
{
	struct pollfd ready = { .fd = c->fd, .events = POLLIN };
	uint8_t piece[4096];
	ssize_t n = poll(&ready, 1, WAIT_MS) == 1 ? recv(c->fd, piece, sizeof piece, 0) : 0;

	if (n > 0)
		buf_put(&c->in, piece, (size_t)n);
	return n > 0;
}

static bool have(struct client *c, size_t len)
{
	while (c->in.len < len)
		if (!read_more(c))
			return false;
	return true;
}

/* The next frame's payload; STR_NONE when the connection ended. */
static str next_frame(struct client *c, int *opcode)
{
	size_t head = 2, len;
	str payload;

	if (!have(c, 2))
		return STR_NONE;
	*opcode = c->in.ptr[0] & 15;
	len = c->in.ptr[1] & 127;
	if (len >= 126) {
		size_t wide = len == 126 ? 2 : 8;

		if (!have(c, 2 + wide))
			return STR_NONE;
		len = 0;
		for (size_t i = 0; i < wide; i++)
			len = len << 8 | c->in.ptr[2 + i];
		head += wide;
	}
	if (!have(c, head + len))
		return STR_NONE;
	payload = arena_str(test_arena(), (str){ (char *)c->in.ptr + head, len });
	buf_eat(&c->in, head + len);
	return payload;
}

/* The next message; STR_NONE when the server closed (close_code says how). */
static str hear(struct client *c)
{
	int opcode = 0;

	for (;;) {
		str payload = next_frame(c, &opcode);

		if (!payload.ptr || opcode == 1)
			return payload;
		if (opcode == 9)
			c->saw_ping = true;
		if (opcode == 8) {
			c->close_code = (uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1];
			return STR_NONE;
		}
	}
}

static void say_frame(struct client *c, int opcode, str text)
{
	struct buf out = buf_in(test_arena(), text.len + 16);

	buf_byte(&out, (uint8_t)(0x80 | opcode));
	if (text.len < 126) {
		buf_byte(&out, (uint8_t)(0x80 | text.len));
	} else {
		buf_byte(&out, 0x80 | 126);
		buf_byte(&out, (uint8_t)(text.len >> 8));
		buf_byte(&out, (uint8_t)text.len);
	}
	buf_put(&out, "\0\0\0\0", 4); /* a mask of zeros masks nothing */
	buf_str(&out, text);
	test_write(c->fd, buf_text(&out));
}

static void say(struct client *c, const char *text)
{
	say_frame(c, 1, str_of(text));
}

static struct client *dial(const char *path)
{
	struct client *c = ARENA_NEW(test_arena(), struct client);
	size_t end;

	c->fd = test_connect(server->port);
	c->in = buf_in(test_arena(), 1u << 20);
	test_write(c->fd, arena_printf(test_arena(),
				  "GET %s HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: "
	                          "Upgrade\r\n"
				  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
	                          "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
				  path));
	while (!str_has(buf_text(&c->in), S("\r\n\r\n")))
		EXPECT(read_more(c));
	EXPECT(str_starts(buf_text(&c->in), S("HTTP/1.1 101")));
	for (end = 0; !str_starts(str_part(buf_text(&c->in), end, 4), S("\r\n\r\n")); end++)
		;
	buf_eat(&c->in, end + 4);
	return c;
}

/* A connection of the app, greeted. */
static struct client *join(void)
{
	static const char before[] =
		"{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"";
	struct client *c = dial("/app/" KEY "?protocol=7&client=js&version=8.4.0&flash=false");
	str hello = hear(c), rest = str_part(hello, sizeof before - 1, hello.len), id;

	EXPECT(str_starts(hello, str_of(before)));
	id = str_part(rest, 0, str_find(rest, '\\'));
	EXPECT_STR(str_part(rest, id.len, rest.len), "\\\",\\\"activity_timeout\\\":30}\"}");
	snprintf(c->socket_id, sizeof c->socket_id, STR_F, STR_A(id));
	return c;
}

static void subscribe(struct client *c, const char *channel, str channel_data)
{
	struct arena *arena = test_arena();
	struct job job;
	str auth = S("");
	struct buf text = buf_in(arena, 8192);

	job_init(&job, "test", arena, NULL);
	if (live_channel_kind(str_of(channel)) != LIVE_PUBLIC)
		EXPECT_OK(live_authorise(&job, &(struct live_credentials){ S(KEY), S(SECRET) },
			&(struct live_claim){ str_of(c->socket_id), str_of(channel), channel_data },
			&auth));
	job_release(&job);
	buf_printf(&text,
		"{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"%s\",\"auth\":\"%.*s\"",
		channel, STR_A(auth));
	if (channel_data.ptr) {
		buf_str(&text, S(",\"channel_data\":\""));
		for (size_t i = 0; i < channel_data.len; i++) {
			if (channel_data.ptr[i] == '"' || channel_data.ptr[i] == '\\')
				buf_byte(&text, '\\');
			buf_byte(&text, (uint8_t)channel_data.ptr[i]);
		}
		buf_byte(&text, '"');
	}
	buf_str(&text, S("}}"));
	say_frame(c, 1, buf_text(&text));
}

static struct client *join_channel(const char *channel)
{
	struct client *c = join();

	subscribe(c, channel, STR_NONE);
	EXPECT_STR(hear(c), arena_printf(test_arena(),
				    "{\"event\":\"pusher_internal:subscription_succeeded\","
	                            "\"channel\":\"%s\",\"data\":\"{}\"}",
				    channel)
				    .ptr);
	return c;
}

static void leave(struct client *c)
{
	close(c->fd);
}

/* Everything said before is dealt with when the answer comes. */
static void settle(struct client *c)
{
	say(c, "{\"event\":\"pusher:ping\"}");
	EXPECT_STR(hear(c), "{\"event\":\"pusher:pong\",\"data\":\"{}\"}");
}

/* ---- the hub of a test ---- */

static void raise(void *arg)
{
	test_flag_raise(arg);
}

struct drain { struct test_flag done; };

static void drain(void *arg)
{
	live_drain(live, raise, arg);
}

static void destroy(void *arg)
{
	(void)arg;
	live_destroy(live);
}

static void stop(void)
{
	struct drain d = { TEST_FLAG_INIT };

	test_on_loop(server->loop, drain, &d.done);
	EXPECT(test_flag_wait(&d.done, 1));
	test_on_loop(server->loop, destroy, NULL);
	test_server_stop(server);
}

static void start(void)
{
	static const struct route routes[] = {
		{ .method = HTTP_GET,
			.pattern = "/app/{key}",
			.flags = ROUTE_WEBSOCKET,
			.ws_handler = live_on_socket },
	};

	crypto_init();
	server = test_server_start(
		(struct http_config){ .routes = routes, .route_count = COUNT_OF(routes) });
	live = live_create(server->loop);
	live_set_routes_hub(live);
	live_app_set(live, S("1"), S(KEY), S(SECRET));
}

static void publish(const char *channel, const char *data, const char *except)
{
	live_publish(live, S(KEY),
		&(struct live_event){ .channel = str_of(channel),
			.name = S("e"),
			.data = str_of(data),
			.except = str_of(except) });
}

#define LIVE_TEST(name_)                                                                           \
	static void body_##name_(void);                                                            \
	TEST(name_)                                                                                \
	{                                                                                          \
		start();                                                                           \
		body_##name_();                                                                    \
		stop();                                                                            \
	}                                                                                          \
	static void body_##name_(void)

/* ---- the tests ---- */

LIVE_TEST(an_unknown_key_is_connected_and_closed_with_4001)
{
	struct client *c = dial("/app/nobody?protocol=7");

	EXPECT_STR(hear(c), "{\"event\":\"pusher:error\",\"data\":{\"code\":4001,\"message\":"
	                    "\"There is no app of this key\"}}");
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	leave(c);
}

LIVE_TEST(versions_of_the_protocol_are_told_apart)
{
	static const struct { const char *query; int code; } cases[] = {
		{ "?protocol=x", 4006 }, { "?protocol=8", 4007 }, { "?protocol=3", 4007 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct client *c =
			dial(arena_printf(test_arena(), "/app/" KEY "%s", cases[i].query).ptr);

		hear(c);
		EXPECT(!hear(c).ptr);
		EXPECT_INT(c->close_code, cases[i].code);
		leave(c);
	}
	leave(dial("/app/" KEY));
}

LIVE_TEST(what_is_published_reaches_the_channel_byte_for_byte)
{
	struct client *a = join_channel("news"), *b = join_channel("other");

	publish("news", "{\"n\":12345678901234567890}", NULL);
	publish("news", "not \"json\" <b>\xC3\xA9", NULL);
	publish("other", "3", NULL);
	EXPECT_STR(hear(a), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"{\\\"n\\\":"
	                    "12345678901234567890}\"}");
	EXPECT_STR(hear(a), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"not \\\"json\\\" "
	                    "\\u003cb\\u003e\xC3\xA9\"}");
	EXPECT_STR(hear(b), "{\"event\":\"e\",\"channel\":\"other\",\"data\":\"3\"}");
	leave(a);
	leave(b);
}

LIVE_TEST(the_excepted_socket_gets_nothing)
{
	struct client *a = join_channel("news"), *b = join_channel("news");

	publish("news", "1", a->socket_id);
	publish("news", "2", NULL);
	EXPECT_STR(hear(a), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"2\"}");
	EXPECT_STR(hear(b), "{\"event\":\"e\",\"channel\":\"news\",\"data\":\"1\"}");
	leave(a);
	leave(b);
}

LIVE_TEST(after_unsubscribe_nothing_comes)
{
	struct client *c = join_channel("news"), *witness = join_channel("news");

	say(c, "{\"event\":\"pusher:unsubscribe\",\"data\":{\"channel\":\"news\"}}");
	settle(c);
	publish("news", "1", NULL);
	EXPECT(hear(witness).ptr);
	settle(c);
	leave(c);
	leave(witness);
}

LIVE_TEST(a_wrong_signature_is_refused_and_the_rest_goes_on)
{
	struct client *c = join();

	say(c, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"private-x\",\"auth\":\"" KEY
	       ":00\"}}");
	EXPECT_STR(hear(c), "{\"event\":\"pusher:subscription_error\",\"channel\":\"private-x\","
	                    "\"data\":{\"type\":\"AuthError\","
			    "\"error\":\"The signature is not that of this connection, channel and "
	                    "app.\",\"status\":401}}");
	say(c, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"presence-x\",\"auth\":"
	       "\"" KEY ":00\"}}");
	EXPECT(str_has(hear(c), S("\"status\":401")));
	say(c, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"bad name\"}}");
	EXPECT(str_has(hear(c), S("pusher:subscription_error")));
	subscribe(c, "private-x", STR_NONE);
	EXPECT(str_has(hear(c), S("subscription_succeeded")));
	subscribe(c, "private-x", STR_NONE);
	EXPECT(str_has(hear(c),
		S("\"code\":null,\"message\":\"Existing subscription to channel private-x.\"")));
	publish("private-x", "1", NULL);
	EXPECT(str_has(hear(c), S("\"data\":\"1\"")));
	settle(c);
	leave(c);
}

LIVE_TEST(broken_messages_get_an_error_and_the_connection_stays)
{
	static const char *const broken[] = { "{", "[]", "{}", "{\"event\":\"pusher:subscribe\"}",
		"{\"event\":\"what\"}", "{\"event\":\"pusher:subscribe\",\"data\":[1]}",
		"{\"event\":\"pusher_internal:member_added\",\"channel\":\"x\",\"data\":{}}",
		"{\"event\":\"pusher:signin\",\"data\":{}}" };
	struct client *c = join();

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		say(c, broken[i]);
		EXPECT(str_starts(hear(c),
			S("{\"event\":\"pusher:error\",\"data\":{\"code\":null,\"message\":\"")));
	}
	settle(c);
	say_frame(c, 2, S("\x01\x02"));
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 1003);
	leave(c);
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
	struct client *a = join(), *b = join(), *b2 = join();

	subscribe(a, "presence-x", S("{\"user_id\":\"1\",\"user_info\":{\"name\":\"A\"}}"));
	EXPECT_STR(hear(a), presence("presence-x", "{\\\"presence\\\":{\\\"ids\\\":[\\\"1\\\"],"
	                                           "\\\"hash\\\":{\\\"1\\\":{\\\"name\\\":"
						   "\\\"A\\\"}},\\\"count\\\":1}}")
				    .ptr);
	subscribe(b, "presence-x", S("{\"user_id\":11}"));
	EXPECT_STR(hear(b),
		presence("presence-x", "{\\\"presence\\\":{\\\"ids\\\":[\\\"1\\\",\\\"11\\\"],"
	                               "\\\"hash\\\":{\\\"1\\\":"
				       "{\\\"name\\\":\\\"A\\\"},\\\"11\\\":{}},\\\"count\\\":2}}")
			.ptr);
	EXPECT_STR(hear(a),
		"{\"event\":\"pusher_internal:member_added\",\"channel\":\"presence-x\","
		"\"data\":\"{\\\"user_id\\\":11,\\\"user_info\\\":{}}\"}");
	subscribe(b2, "presence-x", S("{\"user_id\":\"11\",\"user_info\":{\"name\":\"other\"}}"));
	EXPECT(str_has(hear(b2), S("\\\"11\\\":{}},\\\"count\\\":2")));
	leave(b);
	say(b2, "{\"event\":\"pusher:unsubscribe\",\"data\":{\"channel\":\"presence-x\"}}");
	settle(b2);
	EXPECT_STR(hear(a),
		"{\"event\":\"pusher_internal:member_removed\",\"channel\":\"presence-x\","
		"\"data\":\"{\\\"user_id\\\":11}\"}");
	settle(a);
	leave(a);
	leave(b2);
}

LIVE_TEST(a_presence_channel_has_limits)
{
	struct client *c = join(), *twin = join(), *others[LIVE_PRESENCE_MEMBERS_MAX];
	char data[64];

	for (int i = 0; i < LIVE_PRESENCE_MEMBERS_MAX; i++) {
		others[i] = join();
		snprintf(data, sizeof data, "{\"user_id\":\"user-%d\"}", i);
		subscribe(others[i], "presence-x", str_of(data));
		EXPECT(str_has(hear(others[i]), S("subscription_succeeded")));
	}
	subscribe(c, "presence-x", S("{\"user_id\":\"one more\"}"));
	EXPECT(str_has(hear(c), S("\"type\":\"LimitReached\",\"error\":\"The channel has too many "
	                          "members: at most 100.\"")));
	subscribe(twin, "presence-x", S("{\"user_id\":\"user-7\"}"));
	EXPECT(str_has(hear(twin), S("\\\"count\\\":100")));
	subscribe(c, "presence-y", S("{\"user_id\":\"\"}"));
	EXPECT(str_has(hear(c), S("\"status\":4301")));
	subscribe(c, "presence-y", S("{\"user_id\":\"1\",\"user_info\":[]}"));
	EXPECT(str_has(hear(c), S("user_info, if supplied, must be an object.")));
	subscribe(c, "presence-y", S("{\"user_id\":\"__proto__\"}"));
	EXPECT(str_has(hear(c), S("{\\\"__proto__\\\":{}}")));
	for (int i = 0; i < LIVE_PRESENCE_MEMBERS_MAX; i++)
		leave(others[i]);
	leave(c);
	leave(twin);
}

LIVE_TEST(client_events_reach_the_others_as_they_came)
{
	struct client *a = join_channel("private-x"), *b = join_channel("private-x");

	say(a, "{\"event\":\"client-typing\",\"channel\":\"private-x\",\"data\":{\"n\": "
	       "12345678901234567890},\"user_id\":\"forged\"}");
	EXPECT_STR(hear(b), "{\"event\":\"client-typing\",\"channel\":\"private-x\",\"data\":{"
	                    "\"n\": 12345678901234567890}}");
	say(b, "{\"event\":\"client-text\",\"channel\":\"private-x\",\"data\":\"{\\\"of\\\":"
	       "\\\"java\\\"}\"}");
	EXPECT_STR(hear(a), "{\"event\":\"client-text\",\"channel\":\"private-x\",\"data\":\"{"
	                    "\\\"of\\\":\\\"java\\\"}\"}");
	leave(a);
	leave(b);
}

LIVE_TEST(a_client_event_on_a_presence_channel_names_its_sender)
{
	struct client *a = join(), *b = join();

	subscribe(a, "presence-x", S("{\"user_id\":7}"));
	EXPECT(hear(a).ptr);
	subscribe(b, "presence-x", S("{\"user_id\":\"8\"}"));
	EXPECT(hear(b).ptr);
	EXPECT(str_has(hear(a), S("member_added")));
	say(a, "{\"event\":\"client-typing\",\"channel\":\"presence-x\",\"data\":{},\"user_id\":"
	       "\"8\"}");
	EXPECT_STR(hear(b), "{\"event\":\"client-typing\",\"channel\":\"presence-x\",\"data\":{},"
	                    "\"user_id\":\"7\"}");
	leave(a);
	leave(b);
}

static void expect_client_error(struct client *c, const char *message, const char *why)
{
	str heard;

	say(c, message);
	heard = hear(c);
	EXPECT(str_starts(heard, S("{\"event\":\"pusher:error\"")) &&
		str_has(heard, S("\"code\":4301")));
	EXPECT(str_has(heard, str_of(why)));
}

LIVE_TEST(client_events_have_rules)
{
	struct client *a = join_channel("private-x"), *b = join_channel("private-x");
	struct buf large = buf_in(test_arena(), 20000);

	subscribe(a, "news", STR_NONE);
	EXPECT(hear(a).ptr);
	expect_client_error(a, "{\"event\":\"client-e\",\"channel\":\"news\",\"data\":1}",
		"private and presence channels only");
	expect_client_error(a, "{\"event\":\"client-e\",\"channel\":\"private-y\",\"data\":1}",
		"subscribed to");
	expect_client_error(a, "{\"event\":\"client-e\",\"data\":1}", "subscribed to");
	buf_str(&large, S("{\"event\":\"client-e\",\"channel\":\"private-x\",\"data\":\""));
	for (size_t i = 0; i <= LIVE_CLIENT_DATA_MAX; i++)
		buf_byte(&large, 'x');
	buf_put(&large, "\"}", 3);
	expect_client_error(a, (const char *)large.ptr, "too large");
	say(a, "{\"event\":\"client-last\",\"channel\":\"private-x\",\"data\":null}");
	EXPECT_STR(hear(b), "{\"event\":\"client-last\",\"channel\":\"private-x\",\"data\":null}");
	leave(a);
	leave(b);
}

/* Thirty at once: ten pass in each second that they touch, so at least five are dropped and at
 * least ten come. */
LIVE_TEST(too_many_client_events_are_dropped_and_told)
{
	struct client *a = join_channel("private-x"), *b = join_channel("private-x");
	int refused = 0, heard = 0;
	str text;

	for (int i = 0; i < 30; i++)
		say(a, "{\"event\":\"client-e\",\"channel\":\"private-x\",\"data\":1}");
	say(a, "{\"event\":\"pusher:ping\"}");
	while (!str_has(text = hear(a), S("pusher:pong"))) {
		EXPECT(str_has(text, S("4301")));
		refused++;
	}
	publish("private-x", "end", NULL);
	while (!str_has(hear(b), S("end")))
		heard++;
	EXPECT_INT(refused + heard, 30);
	EXPECT(refused >= 5 && heard >= 10);
	leave(a);
	leave(b);
}

LIVE_TEST(a_connection_has_so_many_subscriptions)
{
	struct client *c = join();
	char name[32];

	for (int i = 0; i < LIVE_SUBSCRIPTIONS_MAX; i++) {
		snprintf(name, sizeof name, "c%d", i);
		subscribe(c, name, STR_NONE);
		EXPECT(str_has(hear(c), S("succeeded")));
	}
	subscribe(c, "one-more", STR_NONE);
	EXPECT(str_has(hear(c), S("LimitReached")));
	leave(c);
}

static void hurry(void *arg)
{
	(void)arg;
	live->timing = (struct live_timing){ .ping_after_us = 50000,
		.close_after_us = 100000,
		.sweep_ms = 10,
		.activity_timeout_s = 30 };
}

LIVE_TEST(a_silent_client_is_asked_and_then_closed_with_4201)
{
	struct client *c;

	test_on_loop(server->loop, hurry, NULL);
	c = join();
	EXPECT_STR(hear(c), "{\"event\":\"pusher:ping\",\"data\":\"{}\"}");
	EXPECT(c->saw_ping);
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 4201);
	leave(c);
}

LIVE_TEST(any_frame_keeps_a_client_alive)
{
	struct client *c;

	test_on_loop(server->loop, hurry, NULL);
	c = join();
	for (int i = 0; i < 4; i++) {
		EXPECT_STR(hear(c), "{\"event\":\"pusher:ping\",\"data\":\"{}\"}");
		say_frame(c, 10, S("")); /* a bare pong frame, as native clients send */
	}
	say(c, "{\"event\":\"pusher:pong\",\"data\":{}}");
	leave(c);
}

LIVE_TEST(when_the_server_stops_all_are_sent_to_come_back)
{
	struct client *a = join_channel("news"), *b = join();
	struct drain d = { TEST_FLAG_INIT };

	test_on_loop(server->loop, drain, &d.done);
	EXPECT(!hear(a).ptr && !hear(b).ptr);
	EXPECT_INT(a->close_code, 4200);
	EXPECT_INT(b->close_code, 4200);
	leave(a);
	leave(b);
	EXPECT(test_flag_wait(&d.done, 1));
}

LIVE_TEST(the_connections_of_a_removed_app_are_closed)
{
	struct client *c = join_channel("news");

	live_app_remove(live, S(KEY));
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	leave(c);
	c = dial("/app/" KEY);
	hear(c);
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 4001);
	leave(c);
}

LIVE_TEST(who_may_hear_less_than_before_is_sent_to_ask_again)
{
	struct client *c = join_channel("news");

	live_app_reconnect(live, S("another app"));
	live_app_reconnect(live, S(KEY));
	EXPECT(!hear(c).ptr);
	EXPECT_INT(c->close_code, 4200);
	leave(c);
	leave(join_channel("news"));
}

LIVE_TEST(figures_count_what_is_there)
{
	struct client *a = join_channel("news"), *b = join_channel("news");
	struct live_figures figures;

	publish("news", "1", NULL);
	publish("nobody-there", "1", NULL);
	EXPECT(hear(a).ptr && hear(b).ptr);
	settle(a);
	live_figures(live, &figures);
	EXPECT_INT(figures.connections, 2);
	EXPECT_INT(figures.channels, 1);
	EXPECT_INT(figures.subscriptions, 2);
	EXPECT_INT(figures.published, 2);
	EXPECT_INT(figures.delivered, 2);
	leave(a);
	leave(b);
}

static void *publisher(void *arg)
{
	char data[32];

	for (int i = 0; i < 500; i++) {
		snprintf(data, sizeof data, "%s %d", (const char *)arg, i);
		publish("news", data, NULL);
	}
	return NULL;
}

LIVE_TEST(events_of_one_publisher_keep_their_order)
{
	struct client *c = join_channel("news");
	int next[2] = { 0, 0 };
	pthread_t threads[2];
	char want[32];

	pthread_create(&threads[0], NULL, publisher, (char[]){ "a" });
	pthread_create(&threads[1], NULL, publisher, (char[]){ "b" });
	for (int i = 0; i < 1000; i++) {
		str heard = hear(c);
		int who = str_has(heard, S("\"data\":\"b")) ? 1 : 0;

		snprintf(want, sizeof want, "\"data\":\"%c %d\"", who ? 'b' : 'a', next[who]++);
		EXPECT(str_has(heard, str_of(want)));
	}
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	leave(c);
}
