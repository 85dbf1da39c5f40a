/* ws_test.c: WebSocket over real sockets: octets against the server, and the server against our
 * client. */
#include "net/net_test.h"
#include "net/ws_internal.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the server's side saw; the loop's, read by the test after the flag. */
static struct {
	struct test_flag opened, closed, active;
	int code;
	char reason[128];
	struct ws *ws[300];
	int count;
} seen;

static void on_echo(struct ws *ws, void *owner, bool is_text, bytes message)
{
	(void)owner;
	if (is_text && str_is(str_from(message), S("close")))
		ws_close(ws, 4001, S("as you wish"));
	else if (is_text)
		ws_send_text(ws, str_from(message));
	else
		ws_send_binary(ws, message);
}

static void on_closed(struct ws *ws, void *owner, int code, str reason)
{
	(void)ws;
	(void)owner;
	seen.code = code;
	memcpy(seen.reason, reason.ptr, reason.len);
	seen.reason[reason.len] = 0;
	test_flag_raise(&seen.closed);
}

static void on_active(struct ws *ws, void *owner)
{
	(void)ws;
	(void)owner;
	test_flag_raise(&seen.active);
}

static const struct ws_events echo_events = { on_echo, on_closed, on_active };

static void accept_echo(const struct request *req, struct ws *ws)
{
	if (str_is(req->params[0], S("denied")))
		return;
	ws_accept(ws, &echo_events, NULL);
	if (str_is(req->params[0], S("hello")))
		ws_send_text(ws, S("hello"));
	if (str_is(req->params[0], S("small")))
		ws_set_limits(ws, 100, 100000);
	seen.ws[seen.count++] = ws;
	test_flag_raise(&seen.opened);
}

static const struct route routes[] = {
	{ HTTP_GET, "/ws/{kind}", .ws_handler = accept_echo, .flags = ROUTE_WEBSOCKET },
};

static struct test_server *start(void)
{
	memset(&seen, 0, sizeof seen);
	seen.opened = seen.closed = seen.active = (struct test_flag)TEST_FLAG_INIT;
	return test_server_start(
		(struct http_config){ .routes = routes, .route_count = COUNT_OF(routes) });
}

#define HANDSHAKE(path)                                                                     \
	"GET " path                                                                         \
	" HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static int open_ws(struct test_server *server, str handshake)
{
	int fd = test_connect(server->port);

	test_write(fd, handshake);
	EXPECT_INT(test_status(test_read_answer(fd)), 101);
	return fd;
}

/* Hex digits, spaces allowed. A mask of zeros leaves the payload readable. */
static void send_hex(int fd, const char *hex)
{
	struct buf out = buf_in(test_arena(), 4096);

	for (const char *p = hex; *p; p += *p == ' ' ? 1 : 2)
		if (*p != ' ')
			buf_byte(&out, (uint8_t)strtoul((char[]){ p[0], p[1], 0 }, NULL, 16));
	test_write(fd, buf_text(&out));
}

#define EXPECT_READ(fd, size, hex) EXPECT_HEX(bytes_of(test_read((fd), (size))), hex)

TEST(the_key_of_the_rfc_gets_the_answer_of_the_rfc)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	str answer;

	test_write(fd, S(HANDSHAKE("/ws/a")));
	answer = test_read_answer(fd);
	EXPECT(str_starts(answer, S("HTTP/1.1 101 Switching Protocols\r\n")));
	EXPECT(str_has(answer, S("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")));
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 1006);
	test_server_stop(server);
}

#define ASK(headers)           \
	test_ask(server->port, \
	         S("GET /ws/a HTTP/1.1\r\nHost: h\r\nConnection: close" headers "\r\n\r\n"))

TEST(a_bad_handshake_is_refused)
{
	struct test_server *server = start();

	EXPECT_INT(test_status(ASK("")), 426);
	EXPECT(str_has(ASK(", Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8"),
		       S("\r\nSec-WebSocket-Version: 13\r\n")));
	EXPECT_INT(test_status(ASK(", Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13")),
	           400);
	EXPECT_INT(test_status(
			   ASK(", Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	                       "Sec-WebSocket-Key: short")),
	           400);
	EXPECT_INT(test_status(
			   test_ask(server->port,
	                            S("GET /ws/denied HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
	                              "Connection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
	                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"))),
	           403);
	test_server_stop(server);
}

TEST(messages_whole_and_in_fragments_come_back)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	send_hex(fd, "81 82 00000000 6869");
	EXPECT_READ(fd, 4, "8102 6869");
	send_hex(fd, "81 85 37fa213d 7f9f4d5158"); /* "Hello", masked, of RFC 6455 §5.7 */
	EXPECT_READ(fd, 7, "8105 48656c6c6f");
	send_hex(fd, "82 80 00000000");
	EXPECT_READ(fd, 2, "8200");
	/* Fragments with a ping between them, the text cut inside of a character. */
	send_hex(fd, "01 81 00000000 c3  89 81 00000000 70  00 80 00000000  80 81 00000000 a9");
	EXPECT_READ(fd, 7, "8a0170 8102 c3a9");
	EXPECT(test_flag_wait(&seen.active, 7));
	close(fd);
	test_server_stop(server);
}

TEST(frames_may_come_octet_by_octet_and_with_the_handshake)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	str frame = S("\x81\x83\1\2\3\4\x60\x60\x60");

	test_write(fd, S(HANDSHAKE("/ws/hello") "\x81\x82\0\0\0\0hi"));
	EXPECT_INT(test_status(test_read_answer(fd)), 101);
	EXPECT_READ(fd, 11, "8105 68656c6c6f 8102 6869");
	for (size_t i = 0; i < frame.len; i++) {
		test_write(fd, str_part(frame, i, 1));
		usleep(2000);
	}
	EXPECT_READ(fd, 5, "8103 616263");
	close(fd);
	test_server_stop(server);
}

TEST(lengths_of_all_three_forms_are_read_and_written)
{
	static const size_t sizes[] = { 125, 126, 65535, 65536 };
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		uint8_t *text = arena_alloc(test_arena(), sizes[i]);
		struct ws_frame *out, *want;

		memset(text, 'a', sizes[i]);
		out = ws_frame_encode(1, true, (bytes){ text, sizes[i] });
		want = ws_frame_encode(1, false, (bytes){ text, sizes[i] });
		test_write(fd, (str){ (char *)out->data, out->len });
		EXPECT(str_is(test_read(fd, want->len), (str){ (char *)want->data, want->len }));
		ws_frame_drop(out);
		ws_frame_drop(want);
	}
	close(fd);
	test_server_stop(server);
}

TEST(what_breaks_the_protocol_is_closed_with_its_code)
{
	static const struct {
		const char *name, *frames;
		int code;
	} cases[] = {
		{ "no mask", "81 02 6869", 1002 },
		{ "RSV1", "c1 80 00000000", 1002 },
		{ "opcode 3", "83 80 00000000", 1002 },
		{ "opcode 11", "8b 80 00000000", 1002 },
		{ "ping in fragments", "09 80 00000000", 1002 },
		{ "long ping", "89 fe 007e 00000000", 1002 },
		{ "continuation of nothing", "80 80 00000000", 1002 },
		{ "a message inside another", "01 81 00000000 61 81 81 00000000 62", 1002 },
		{ "length in too many octets", "81 fe 0005 00000000 6161616161", 1002 },
		{ "length in far too many octets", "81 ff 0000000000000005 00000000 6161616161",
		  1002 },
		{ "length past 63 bits", "82 ff ffffffffffffffff 00000000", 1002 },
		{ "too large", "82 fe 0080 00000000 61", 1009 },
		{ "too large in fragments", "02 83 00000000 616161 80 e2 00000000 61", 1009 },
		{ "bad UTF-8", "81 82 00000000 c328", 1007 },
		{ "cut UTF-8", "81 81 00000000 c3", 1007 },
		{ "close with one octet", "88 81 00000000 03", 1002 },
		{ "close 1005", "88 82 00000000 03ed", 1002 },
		{ "close 999", "88 82 00000000 03e7", 1002 },
		{ "close 1016", "88 82 00000000 03f8", 1002 },
		{ "close 5000", "88 82 00000000 1388", 1002 },
		{ "close with bad UTF-8", "88 83 00000000 03e8 ff", 1007 },
	};
	struct test_server *server = start();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int fd = open_ws(server, S(HANDSHAKE("/ws/small")));
		bytes got;

		send_hex(fd, cases[i].frames);
		got = bytes_of(test_read(fd, 4096));
		if (got.len < 4 || got.ptr[0] != 0x88 ||
		    (got.ptr[2] << 8 | got.ptr[3]) != cases[i].code)
			test_fail(__FILE__, __LINE__, "%s: got %zu octets, code %d, want %d",
			          cases[i].name, got.len,
			          got.len < 4 ? 0 : got.ptr[2] << 8 | got.ptr[3], cases[i].code);
		close(fd);
	}
	test_server_stop(server);
}

TEST(a_close_is_answered_with_its_code_and_told_with_its_reason)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	send_hex(fd, "88 85 00000000 0fa0 627965");
	EXPECT_READ(fd, 100, "8802 0fa0");
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 4000);
	EXPECT_STR(str_of(seen.reason), "bye");
	fd = open_ws(server, S(HANDSHAKE("/ws/a")));
	send_hex(fd, "88 80 00000000");
	EXPECT_READ(fd, 100, "8800");
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 2));
	EXPECT_INT(seen.code, 1005);
	test_server_stop(server);
}

TEST(the_server_closes_with_a_code_and_a_reason)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	send_hex(fd, "81 85 00000000 636c6f7365");
	EXPECT_READ(fd, 15, "880d 0fa1 617320796f752077697368");
	send_hex(fd, "88 82 00000000 0fa1");
	EXPECT_INT(test_read(fd, 1).len, 0);
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 4001);
	test_server_stop(server);
}

static void flood(void *arg)
{
	static char text[10000];
	struct ws *ws = arg;

	memset(text, 'x', sizeof text);
	for (int i = 0; i < 2000; i++) {
		ws_send_text(ws, (str){ text, sizeof text });
		EXPECT(ws_unsent(ws) <= 100000 + 200);
	}
}

TEST(who_does_not_read_is_closed_with_1013)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/small")));
	str got;

	EXPECT(test_flag_wait(&seen.opened, 1));
	test_on_loop(server->loop, flood, seen.ws[0]);
	got = test_read(fd, 64u << 20);
	EXPECT(got.len > 4 && got.len < 1000000);
	EXPECT(str_has(str_part(got, got.len - 60, 60), S("\x03\xf5This connection")));
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 1013);
	test_server_stop(server);
}

static void send_to_all(void *arg)
{
	struct ws_frame *frame = ws_frame_create(S("to all of you"));

	(void)arg;
	for (int i = 0; i < seen.count; i++)
		ws_send_frame(seen.ws[i], frame);
	ws_frame_drop(frame);
}

TEST(one_frame_reaches_all)
{
	struct test_server *server = start();
	int fds[200];

	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = open_ws(server, S(HANDSHAKE("/ws/a")));
	EXPECT(test_flag_wait(&seen.opened, COUNT_OF(fds)));
	test_on_loop(server->loop, send_to_all, NULL);
	test_on_loop(server->loop, send_to_all, NULL);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		EXPECT_STR(test_read(fds[i], 30), "\x81\x0dto all of you\x81\x0dto all of you");
		close(fds[i]);
	}
	EXPECT(test_flag_wait(&seen.closed, COUNT_OF(fds)));
	test_server_stop(server);
}

static int64_t ahead_ms;

static void check_time(void *arg)
{
	ws_check_time(arg, clock_monotonic_us() + ahead_ms * 1000);
}

TEST(the_silent_are_pinged_and_then_closed)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	EXPECT(test_flag_wait(&seen.opened, 1));
	ahead_ms = WS_PING_INTERVAL_MS + 1000;
	test_on_loop(server->loop, check_time, seen.ws[0]);
	test_on_loop(server->loop, check_time, seen.ws[0]);
	EXPECT_READ(fd, 2, "8900");
	send_hex(fd, "8a 80 00000000");
	EXPECT(test_flag_wait(&seen.active, 1));
	ahead_ms = 2 * WS_PING_INTERVAL_MS - 1000;
	test_on_loop(server->loop, check_time, seen.ws[0]);
	EXPECT_READ(fd, 2, "8900"); /* once: it was heard of in between */
	ahead_ms = 2 * WS_PING_INTERVAL_MS + 1000;
	test_on_loop(server->loop, check_time, seen.ws[0]);
	EXPECT_INT(test_read(fd, 1).len, 0);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 1006);
	close(fd);
	test_server_stop(server);
}

TEST(who_does_not_answer_a_close_is_cut_off)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	send_hex(fd, "81 85 00000000 636c6f7365");
	EXPECT_INT(test_read(fd, 15).len, 15);
	ahead_ms = WS_CLOSE_TIMEOUT_MS + 1000;
	test_on_loop(server->loop, check_time, seen.ws[0]);
	EXPECT_INT(test_read(fd, 1).len, 0);
	EXPECT(test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 1006);
	close(fd);
	test_server_stop(server);
}

static void drain(void *arg)
{
	http_server_drain(arg, clock_now_ms() + 4000, NULL, NULL);
}

TEST(draining_closes_with_1001)
{
	struct test_server *server = start();
	int fd = open_ws(server, S(HANDSHAKE("/ws/a")));

	test_on_loop(server->loop, drain, server->http);
	EXPECT(str_starts(test_read(fd, 4096), S("\x88\x16\x03\xe9The server restarts.")));
	close(fd);
	EXPECT(test_flag_wait(&seen.closed, 1));
	test_server_stop(server);
}

/* The client's side. */

static struct {
	struct test_flag opened, closed, messages;
	struct ws *ws;
	int code;
	char text[128];
} mine;

static void keep_text(str text)
{
	size_t len = text.len < sizeof mine.text - 1 ? text.len : sizeof mine.text - 1;

	memcpy(mine.text, text.ptr, len);
	mine.text[len] = 0;
}

static void mine_opened(struct ws *ws, void *owner)
{
	(void)owner;
	mine.ws = ws;
	ws_send_text(ws, S("from the client"));
	test_flag_raise(&mine.opened);
}

static void mine_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	(void)ws;
	(void)owner;
	(void)is_text;
	keep_text(str_from(message));
	test_flag_raise(&mine.messages);
}

static void mine_closed(struct ws *ws, void *owner, int code, str reason)
{
	(void)ws;
	(void)owner;
	mine.code = code;
	keep_text(reason);
	test_flag_raise(&mine.closed);
}

static const struct ws_events mine_events = { mine_message, mine_closed, NULL };

struct connecting {
	struct loop *loop;
	str url;
	bool allow_private;
	enum err e;
};

static void connect_now(void *arg)
{
	struct connecting *c = arg;

	c->e = ws_connect(c->loop, &(struct ws_client_config){
					   .url = c->url,
					   .events = &mine_events,
					   .on_open = mine_opened,
					   .allow_private = c->allow_private,
					   .connect_timeout_ms = 1000,
				   });
}

static enum err connect_to(struct test_server *server, str url, bool allow_private)
{
	struct connecting c = { server->loop, url, allow_private, OK };

	memset(&mine, 0, sizeof mine);
	mine.opened = mine.closed = mine.messages = (struct test_flag)TEST_FLAG_INIT;
	test_on_loop(server->loop, connect_now, &c);
	return c.e;
}

static str url_of(const char *scheme, const struct test_server *server, const char *path)
{
	return arena_printf(test_arena(), "%s://localhost:%d%s", scheme, server->port, path);
}

static void close_mine(void *arg)
{
	(void)arg;
	ws_close(mine.ws, 4002, S("done"));
}

TEST(our_client_talks_to_our_server)
{
	struct test_server *server = start();

	EXPECT_OK(connect_to(server, url_of("ws", server, "/ws/hello?x=1"), true));
	EXPECT(test_flag_wait(&mine.messages, 2));
	EXPECT_STR(str_of(mine.text), "from the client");
	test_on_loop(server->loop, close_mine, NULL);
	EXPECT(test_flag_wait(&mine.closed, 1) && test_flag_wait(&seen.closed, 1));
	EXPECT_INT(seen.code, 4002);
	EXPECT_STR(str_of(seen.reason), "done");
	EXPECT_INT(mine.code, 4002);
	test_server_stop(server);
}

TEST(our_client_refuses_private_addresses_and_bad_urls)
{
	struct test_server *server = start();

	EXPECT_OK(connect_to(server, url_of("ws", server, "/ws/a"), false));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_STR(str_of(mine.text), "The address is not a public one.");
	EXPECT_ERR(connect_to(server, S("http://localhost/"), true), ERR_INPUT);
	EXPECT_ERR(connect_to(server, S("ws://"), true), ERR_INPUT);
	EXPECT_ERR(connect_to(server, S("ws://h:99999999/"), true), ERR_INPUT);
	EXPECT_ERR(connect_to(server, S("ws://u@h/"), true), ERR_INPUT);
	EXPECT_ERR(connect_to(server, S("ws://h/a b"), true), ERR_INPUT);
	EXPECT_ERR(connect_to(server, S("ws://h/\r\nX: y"), true), ERR_INPUT);
	test_server_stop(server);
}

TEST(our_client_tells_what_went_wrong)
{
	struct test_server *server = start();

	EXPECT_OK(connect_to(server, url_of("ws", server, "/nowhere"), true));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_INT(mine.code, 1006);
	EXPECT_STR(str_of(mine.text), "The server did not switch to WebSocket.");
	EXPECT_OK(connect_to(server, S("ws://127.0.0.1:1/"), true));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_STR(str_of(mine.text), "The server cannot be reached.");
	EXPECT_OK(connect_to(server, S("ws://no-such-host.invalid/"), true));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_STR(str_of(mine.text), "The server cannot be reached.");
	test_server_stop(server);
}

TEST(our_client_gives_up_on_a_silent_server)
{
	struct test_server *server = start();
	struct test_server *silent =
		test_server_start((struct http_config){ .routes = routes, .route_count = 1 });

	/* TLS to a server that speaks none, and waits for a head that never comes. */
	EXPECT_OK(connect_to(server, url_of("wss", silent, "/ws/a"), true));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_INT(mine.code, 1006);
	test_server_stop(silent);
	test_server_stop(server);
}

/* A server that answers each handshake with the same octets; none: it does not even accept. */
struct liar {
	pthread_t thread;
	int fd, port;
	str answer;
};

static void *run_liar(void *arg)
{
	struct liar *liar = arg;
	char request[4096];
	int fd = accept(liar->fd, NULL, NULL);

	if (fd >= 0 && recv(fd, request, sizeof request, 0) > 0)
		test_write(fd, liar->answer);
	while (fd >= 0 && recv(fd, request, sizeof request, 0) > 0)
		;
	close(fd);
	return NULL;
}

static void liar_start(struct liar *liar, str answer)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t len = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	liar->answer = answer;
	liar->fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(bind(liar->fd, (struct sockaddr *)&address, len) == 0 && listen(liar->fd, 4) == 0);
	EXPECT(getsockname(liar->fd, (struct sockaddr *)&address, &len) == 0);
	liar->port = ntohs(address.sin_port);
	if (answer.ptr)
		pthread_create(&liar->thread, NULL, run_liar, liar);
}

#define SWITCHING "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADING "Upgrade: websocket\r\nConnection: Upgrade\r\n"

TEST(our_client_believes_no_liar)
{
	static const struct {
		str answer;
		const char *why;
	} cases[] = {
		{ S("HTTP/1.1 200 OK\r\n\r\n"), "The server did not switch to WebSocket." },
		{ S("SSH-2.0-x\n\n"), "The server's answer is not one of HTTP." },
		{ S(SWITCHING "Connection: Upgrade\r\n\r\n"),
			"The server's handshake is not one of WebSocket." },
		{ S(SWITCHING UPGRADING
			  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
			"The server's handshake does not prove that it understood." },
		{ { NULL, 0 }, "It took too long to connect." },
	};
	struct test_server *server = start();

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct liar liar;
		str url;

		liar_start(&liar, cases[i].answer);
		url = arena_printf(test_arena(), "ws://127.0.0.1:%d", liar.port);
		EXPECT_OK(connect_to(server, url, true));
		EXPECT(test_flag_wait(&mine.closed, 1));
		EXPECT_STR(str_of(mine.text), cases[i].why);
		EXPECT_INT(mine.code, 1006);
		EXPECT_INT(mine.opened.count, 0);
		if (cases[i].answer.ptr)
			pthread_join(liar.thread, NULL);
		close(liar.fd);
	}
	test_server_stop(server);
}

/* Shakes hands, and says nothing any more. */
static void *run_mute(void *arg)
{
	struct liar *liar = arg;
	char request[4096], accept_key[WS_ACCEPT_SIZE], *key;
	int fd = accept(liar->fd, NULL, NULL);
	ssize_t n = recv(fd, request, sizeof request - 1, 0);

	request[n > 0 ? n : 0] = 0;
	key = strstr(request, "Sec-WebSocket-Key: ");
	if (key) {
		ws_accept_key((str){ key + strlen("Sec-WebSocket-Key: "), 24 }, accept_key);
		dprintf(fd, SWITCHING UPGRADING "Sec-WebSocket-Accept: %.*s\r\n\r\n",
			WS_ACCEPT_SIZE, accept_key);
	}
	while (recv(fd, request, sizeof request, 0) > 0)
		;
	close(fd);
	return NULL;
}

TEST(our_client_cuts_off_who_does_not_answer_its_close)
{
	struct test_server *server = start();
	struct liar mute;
	int64_t began_us;

	liar_start(&mute, STR_NONE);
	pthread_create(&mute.thread, NULL, run_mute, &mute);
	EXPECT_OK(connect_to(server,
		arena_printf(test_arena(), "ws://127.0.0.1:%d", mute.port), true));
	EXPECT(test_flag_wait(&mine.opened, 1));
	began_us = clock_monotonic_us();
	test_on_loop(server->loop, close_mine, NULL);
	(void)test_flag_wait(&mine.closed, 1); /* WS_CLOSE_TIMEOUT_MS is longer than its wait */
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT(clock_monotonic_us() - began_us < 15000000); /* not after the silence of a ping */
	pthread_join(mute.thread, NULL);
	close(mute.fd);
	test_server_stop(server);
}

TEST(what_is_open_when_the_loop_ends_is_closed)
{
	struct test_server *server = start();

	EXPECT_OK(connect_to(server, url_of("ws", server, "/ws/a"), true));
	EXPECT(test_flag_wait(&mine.opened, 1));
	test_server_stop(server);
	EXPECT_INT(mine.closed.count, 1);
}

TEST(our_client_verifies_certificates)
{
	struct test_certificate made = test_make_certificate("ws");
	struct test_server *server = test_server_start((struct http_config){
		.routes = routes,
		.route_count = COUNT_OF(routes),
		.tls_certificate = made.certificate,
		.tls_key = made.key,
	});

	EXPECT_OK(connect_to(server, url_of("wss", server, "/ws/a"), true));
	EXPECT(test_flag_wait(&mine.closed, 1));
	EXPECT_INT(mine.opened.count, 0);
	test_server_stop(server);
	setenv("SSL_CERT_FILE", made.certificate, 1);
	server = test_server_start((struct http_config){
		.routes = routes,
		.route_count = COUNT_OF(routes),
		.tls_certificate = made.certificate,
		.tls_key = made.key,
	});
	EXPECT_OK(connect_to(server, url_of("wss", server, "/ws/a"), true));
	EXPECT(test_flag_wait(&mine.messages, 1));
	EXPECT_STR(str_of(mine.text), "from the client");
	unsetenv("SSL_CERT_FILE");
	test_server_stop(server);
}
