/* http_parse_test.c: the grammar, on octets alone. */
#include "base/test.h"
#include "net/http_parse.h"

#include <stdio.h>

static struct head head;

static int parse(str text)
{
	size_t scanned = 0;
	const char *detail = NULL;
	ptrdiff_t len = http_head_find(bytes_of(text), &scanned, &detail);

	if (len <= 0)
		return (int)-len;
	return http_head_parse(str_part(text, 0, (size_t)len), &head);
}

#define PARSE(text) parse(S(text))

TEST(a_plain_request_is_taken_apart)
{
	EXPECT_INT(PARSE("POST /a/b?x=1&y HTTP/1.1\r\nHost: h:80\r\nContent-Length: 12\r\nX-A: \t "
	                 "v w \r\n\r\n"),
		0);
	EXPECT_INT(head.method, HTTP_POST);
	EXPECT_STR(head.path, "/a/b");
	EXPECT_STR(head.query, "x=1&y");
	EXPECT_STR(head.host, "h:80");
	EXPECT_INT(head.content_length, 12);
	EXPECT(head.keep_alive && !head.is_chunked && !head.is_http10);
	EXPECT_INT(head.header_count, 3);
	EXPECT_STR(head.headers[2].value, "v w");
}

TEST(an_absolute_target_must_name_the_same_host)
{
	EXPECT_INT(PARSE("GET http://h/a?b HTTP/1.1\r\nHost: H\r\n\r\n"), 0);
	EXPECT_STR(head.path, "/a");
	EXPECT_STR(head.query, "b");
	EXPECT_INT(PARSE("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
	EXPECT_STR(head.path, "/");
	EXPECT_INT(PARSE("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
	EXPECT_STR(head.query, "q");
	EXPECT_INT(PARSE("GET http://evil/a HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
	EXPECT_INT(PARSE("GET http://user@h/a HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(what_two_servers_could_read_differently_is_refused)
{
	static const struct {
		const char *name;
		str text;
		int status;
	} cases[] = {
		{ "length and chunked",
			S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: "
		          "chunked\r\n\r\n"),
			400 },
		{ "chunked and length",
			S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		          "chunked\r\nContent-Length: 3\r\n\r\n"),
			400 },
		{ "two lengths",
			S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: "
		          "4\r\n\r\n"),
			400 },
		{ "one length twice",
			S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: "
		          "3\r\n\r\n"),
			400 },
		{ "length list", S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n"),
			400 },
		{ "signed length", S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n"),
			400 },
		{ "negative length", S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n"),
			400 },
		{ "hex length", S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n"),
			400 },
		{ "empty length", S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n"), 400 },
		{ "length overflow",
			S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
		          "18446744073709551619\r\n\r\n"),
			400 },
		{ "gzip, chunked",
			S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
			501 },
		{ "xchunked",
			S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n"),
			501 },
		{ "chunked twice",
			S("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
		          "chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
			400 },
		{ "chunked in 1.0",
			S("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"),
			400 },
		{ "folded", S("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"), 400 },
		{ "space before colon",
			S("POST / HTTP/1.1\r\nHost: h\r\nContent-Length : 3\r\n\r\n"), 400 },
		{ "no colon", S("GET / HTTP/1.1\r\nHost: h\r\nNonsense\r\n\r\n"), 400 },
		{ "no name", S("GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n"), 400 },
		{ "bare LF", S("GET / HTTP/1.1\nHost: h\n\n"), 400 },
		{ "bare LF in headers",
			S("GET / HTTP/1.1\r\nHost: h\r\nX: a\nContent-Length: 3\r\n\r\n"), 400 },
		{ "bare CR", S("GET / HTTP/1.1\r\nHost: h\r\nX: a\rContent-Length: 3\r\n\r\n"),
			400 },
		{ "NUL in value", S("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"), 400 },
		{ "NUL in target", S("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "no host", S("GET / HTTP/1.1\r\n\r\n"), 400 },
		{ "two hosts", S("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), 400 },
		{ "empty host", S("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400 },
		{ "host list", S("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400 },
		{ "host with path", S("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400 },
		{ "two spaces", S("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "tab", S("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "space at the end", S("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), 400 },
		{ "no version", S("GET /\r\nHost: h\r\n\r\n"), 400 },
		{ "lower case", S("GET / http/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "1.11", S("GET / HTTP/1.11\r\nHost: h\r\n\r\n"), 400 },
		{ "2.0", S("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505 },
		{ "HTTP/2 preface", S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505 },
		{ "CONNECT", S("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), 501 },
		{ "TRACE", S("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n"), 501 },
		{ "lower-case method", S("get / HTTP/1.1\r\nHost: h\r\n\r\n"), 501 },
		{ "method of no token", S("G(T / HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "fragment", S("GET /#a HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "backslash", S("GET /a\\b HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "raw UTF-8 target", S("GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "no slash", S("GET a HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "asterisk for GET", S("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "two empty lines first", S("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400 },
		{ "expectation", S("POST / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n"), 417 },
		{ "TLS", S("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int status = parse(cases[i].text);

		if (status != cases[i].status)
			test_fail(__FILE__, __LINE__, "%s: got %d, want %d", cases[i].name, status,
			          cases[i].status);
	}
}

TEST(one_empty_line_before_a_request_is_let_pass)
{
	EXPECT_INT(PARSE("\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n"), 0);
	EXPECT_STR(head.path, "/x");
}

TEST(a_head_is_found_however_it_is_cut)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\nnext";
	size_t scanned = 0;
	const char *detail;

	for (size_t n = 0; n < sizeof text - 5; n++)
		EXPECT_INT(http_head_find((bytes){ (const uint8_t *)text, n }, &scanned, &detail),
		           0);
	EXPECT_INT(http_head_find((bytes){ (const uint8_t *)text, sizeof text - 1 }, &scanned,
	                          &detail),
	           sizeof text - 5);
}

TEST(a_head_has_bounds)
{
	static char text[HTTP_HEAD_MAX + 100];
	size_t scanned = 0, len;
	const char *detail;

	memset(text, 'a', sizeof text);
	memcpy(text, "GET /", 5);
	EXPECT_INT(http_head_find((bytes){ (const uint8_t *)text, HTTP_TARGET_MAX + 20 }, &scanned,
	                          &detail),
	           -414);
	len = strlen("GET / HTTP/1.1\r\n");
	memcpy(text, "GET / HTTP/1.1\r\n", len);
	scanned = 0;
	EXPECT_INT(http_head_find((bytes){ (const uint8_t *)text, HTTP_HEAD_MAX }, &scanned,
	                          &detail),
	           0);
	EXPECT_INT(http_head_find((bytes){ (const uint8_t *)text, HTTP_HEAD_MAX + 1 }, &scanned,
	                          &detail),
	           -431);
	for (size_t i = 0; i <= HTTP_HEADERS_MAX; i++)
		len += (size_t)snprintf(text + len, 10, "A: b\r\n");
	memcpy(text + len, "\r\n", 3);
	EXPECT_INT(parse((str){ text, len + 2 }), 431);
}

/* Reads a whole chunked body, a piece of `step` octets at a time; false when it is refused. */
static bool unchunk(str text, size_t step, struct buf *out, bool *done)
{
	struct chunked c = { 0 };

	for (size_t at = 0; at < text.len; at += step) {
		bytes in = bytes_of(str_part(text, at, step)), data;

		while (in.len > 0 && c.state != CHUNK_DONE) {
			if (!chunked_read(&c, &in, &data))
				return false;
			buf_put(out, data.ptr, data.len);
		}
	}
	*done = c.state == CHUNK_DONE;
	return true;
}

TEST(chunks_are_joined_however_they_are_cut)
{
	str text = S("5\r\nhello\r\n0000006;name=\"v\"\r\n world\r\n0\r\nTrailer: x\r\n\r\n");

	for (size_t step = 1; step < text.len; step++) {
		struct buf out = buf_in(test_arena(), 100);
		bool done = false;

		EXPECT(unchunk(text, step, &out, &done) && done);
		EXPECT_STR(buf_text(&out), "hello world");
	}
}

TEST(broken_chunks_are_refused)
{
	static const str cases[] = {
		S("5\nhello\r\n0\r\n\r\n"),
		S("5\r\nhello!0\r\n\r\n"),
		S("5 \r\nhello\r\n0\r\n\r\n"),
		S(" 5\r\nhello\r\n0\r\n\r\n"),
		S("-5\r\nhello\r\n0\r\n\r\n"),
		S("0x5\r\nhello\r\n0\r\n\r\n"),
		S("\r\nhello\r\n0\r\n\r\n"),
		S(";a\r\nhello\r\n0\r\n\r\n"),
		S("100000005\r\nhello\r\n0\r\n\r\n"),
		S("5\r\nhello\n0\r\n\r\n"),
		S("5\r\nhello\r\n0\r\nbad\r\n\r\n"),
		S("5\rhello\r\n0\r\n\r\n"),
		S("5;a\0b\r\nhello\r\n0\r\n\r\n"),
		S("g\r\nhello\r\n0\r\n\r\n"),
		S("5\r\nhello\r\n0\r\n a: b\r\n\r\n"),
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf out = buf_in(test_arena(), 100);
		bool done = false;

		if (unchunk(cases[i], 100, &out, &done))
			test_fail(__FILE__, __LINE__, "case %zu was taken", i);
	}
}

TEST(chunk_lines_and_trailers_have_bounds)
{
	struct buf text = buf_in(test_arena(), 1u << 20), out = buf_in(test_arena(), 100);
	bool done;

	buf_str(&text, S("1;"));
	memset(buf_space(&text, CHUNK_LINE_MAX), 'a', CHUNK_LINE_MAX);
	EXPECT(!unchunk(buf_text(&text), text.len, &out, &done));
	buf_clear(&text);
	buf_str(&text, S("0\r\n"));
	for (int i = 0; i < 100; i++)
		buf_str(&text, S("Name: 0123456789012345678901234567890123456789\r\n"));
	EXPECT(!unchunk(buf_text(&text), text.len, &out, &done));
}

static const struct route routes[] = {
	{ HTTP_GET, "/" },
	{ HTTP_GET, "/api/things" },
	{ HTTP_POST, "/api/things" },
	{ HTTP_GET, "/api/things/{id}" },
	{ HTTP_DELETE, "/api/things/{id}" },
	{ HTTP_GET, "/api/things/new" },
	{ HTTP_GET, "/api/{kind}/{id}/parts" },
	{ HTTP_GET, "/files/{*}" },
	{ HTTP_GET, "/{kind}/deep" },
	{ HTTP_GET, "/pages" },
	{ HTTP_GET, "/graph/v{version}/{id}" },
	{ HTTP_GET, "/graph/{id}/messages" },
	{ HTTP_GET, "/v{version}/{id}" },
};
static str params[HTTP_PARAMS_MAX];
static unsigned allowed;

static const char *found(enum http_method method, str path)
{
	const struct route *route =
		route_find(routes, COUNT_OF(routes), method, path, params, &allowed);

	return route ? route->pattern : "none";
}
#define FOUND(method, path) str_of(found(method, S(path)))

TEST(a_route_without_parameters_gets_none_of_one_that_failed_half_way)
{
	EXPECT_STR(FOUND(HTTP_GET, "/pages"), "/pages");
	EXPECT(!params[0].ptr);
}

TEST(routes_are_found_by_path_and_method)
{
	EXPECT_STR(FOUND(HTTP_GET, "/"), "/");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things"), "/api/things");
	EXPECT_STR(FOUND(HTTP_HEAD, "/api/things"), "/api/things");
	EXPECT_STR(FOUND(HTTP_GET, "/api/th%69ngs"), "/api/things");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/api//things"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/api/thing"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/api/thingss"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/7"), "/api/things/{id}");
	EXPECT_STR(params[0], "7");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/new"), "/api/things/new");
	EXPECT_STR(FOUND(HTTP_DELETE, "/api/things/new"), "/api/things/{id}");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/7/parts"), "/api/{kind}/{id}/parts");
	EXPECT_STR(params[1], "7");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/a%2Fb"), "/api/things/{id}");
	EXPECT_STR(params[0], "a%2Fb");
	EXPECT_STR(FOUND(HTTP_GET, "/files/a/b.css"), "/files/{*}");
	EXPECT_STR(params[0], "a/b.css");
	EXPECT_STR(FOUND(HTTP_GET, "/files"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/api/things/new"), "/api/things/new");
	EXPECT(!params[0].ptr); /* of the patterns that fitted less */
}

TEST(a_version_is_a_v_and_a_number)
{
	EXPECT_STR(FOUND(HTTP_GET, "/graph/v24.0/messages"), "/graph/v{version}/{id}");
	EXPECT_STR(params[0], "24.0");
	EXPECT_STR(params[1], "messages");
	EXPECT_STR(FOUND(HTTP_GET, "/graph/vault/messages"), "/graph/{id}/messages");
	EXPECT_STR(params[0], "vault");
	EXPECT_STR(FOUND(HTTP_GET, "/graph/v/7"), "none");
	EXPECT_STR(FOUND(HTTP_GET, "/v24.0/7"), "/v{version}/{id}");
	EXPECT_STR(FOUND(HTTP_GET, "/visitors/7"), "none");
}

TEST(the_methods_of_a_path_are_told)
{
	EXPECT_STR(FOUND(HTTP_PUT, "/api/things"), "none");
	EXPECT_INT(allowed, 1u << HTTP_GET | 1u << HTTP_POST);
	EXPECT_STR(FOUND(HTTP_PUT, "/nowhere"), "none");
	EXPECT_INT(allowed, 0);
}

TEST(paths_are_decoded_once_and_never_climb)
{
	str out;

	EXPECT(path_decode(test_arena(), S("/a%20b/%C3%A9"), true, &out));
	EXPECT_STR(out, "/a b/\xC3\xA9");
	EXPECT(path_decode(test_arena(), S("/a%2fb"), true, &out));
	EXPECT_STR(out, "/a%2Fb");
	EXPECT(path_decode(test_arena(), S("a%2Fb"), false, &out));
	EXPECT_STR(out, "a/b");
	EXPECT(path_decode(test_arena(), S("a%252Fb"), false, &out));
	EXPECT_STR(out, "a%2Fb");
	EXPECT(path_decode(test_arena(), S("/..a/b.."), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a/../b"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a/%2e%2E/b"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a/."), true, &out));
	EXPECT(!path_decode(test_arena(), S("%2e%2e%2fetc"), false, &out));
	EXPECT(!path_decode(test_arena(), S("/a%00"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a%0a"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a%"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a%2"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/a%zz"), true, &out));
	EXPECT(!path_decode(test_arena(), S("/%c0%af"), true, &out));
}
