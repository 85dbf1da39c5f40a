/* live_client_test.c: see live_client_test.h. */
#include "live/live_client_test.h"

#include "base/codec.h"
#include "crypto/crypto.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 5000

struct test_server *server;
struct live *live;
struct live_app_config hub_limits;

/* ---- a client that speaks WebSocket by hand ---- */

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
str client_hear(struct client *c)
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

void client_say_frame(struct client *c, int opcode, str text)
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

void client_say(struct client *c, const char *text)
{
	client_say_frame(c, 1, str_of(text));
}

struct client *client_dial(const char *path)
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
struct client *client_join(void)
{
	static const char before[] =
		"{\"event\":\"pusher:connection_established\",\"data\":\"{\\\"socket_id\\\":\\\"";
	struct client *c =
		client_dial("/app/" KEY "?protocol=7&client=js&version=8.4.0&flash=false");
	str hello = client_hear(c), rest = str_part(hello, sizeof before - 1, hello.len), id;

	EXPECT(str_starts(hello, str_of(before)));
	id = str_part(rest, 0, str_find(rest, '\\'));
	EXPECT_STR(str_part(rest, id.len, rest.len), "\\\",\\\"activity_timeout\\\":30}\"}");
	snprintf(c->socket_id, sizeof c->socket_id, STR_F, STR_A(id));
	return c;
}

void client_subscribe(struct client *c, const char *channel, str channel_data)
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
	client_say_frame(c, 1, buf_text(&text));
}

struct client *client_join_channel(const char *channel)
{
	struct client *c = client_join();

	client_subscribe(c, channel, STR_NONE);
	EXPECT_STR(client_hear(c), arena_printf(test_arena(),
				    "{\"event\":\"pusher_internal:subscription_succeeded\","
	                            "\"channel\":\"%s\",\"data\":\"{}\"}",
				    channel)
				    .ptr);
	return c;
}

void client_leave(struct client *c)
{
	close(c->fd);
}

/* Everything said before is dealt with when the answer comes. */
void client_settle(struct client *c)
{
	client_say(c, "{\"event\":\"pusher:ping\"}");
	EXPECT_STR(client_hear(c), "{\"event\":\"pusher:pong\",\"data\":\"{}\"}");
}

/* ---- the hub of a test ---- */

static void raise(void *arg)
{
	test_flag_raise(arg);
}

void hub_drain(void *arg)
{
	live_drain(live, raise, arg);
}

static void destroy(void *arg)
{
	(void)arg;
	live_destroy(live);
}

void hub_stop(void)
{
	struct test_flag done = TEST_FLAG_INIT;

	test_on_loop(server->loop, hub_drain, &done);
	EXPECT(test_flag_wait(&done, 1));
	test_on_loop(server->loop, destroy, NULL);
	test_server_stop(server);
}

void hub_start(void)
{
	crypto_init();
	server = test_server_start(
		(struct http_config){ .routes = live_routes, .route_count = live_route_count });
	live = live_create(server->loop);
	live_set_routes_hub(live);
	hub_limits = (struct live_app_config){ S("1"), S(KEY), S(SECRET), LIVE_LIMITS_DEFAULT,
		false, NULL, 0 };
	live_app_set(live, &hub_limits);
}

void hub_publish(const char *channel, const char *data, const char *except)
{
	live_publish(live, S(KEY),
		&(struct live_event){ .channel = str_of(channel),
			.name = S("e"),
			.data = str_of(data),
			.except = str_of(except) });
}
