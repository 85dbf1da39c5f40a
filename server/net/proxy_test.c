/* proxy_test.c: what a proxy is told, and what it may answer. */
#include "net/proxy.h"

#include "base/test.h"

static struct proxy proxy_of(const char *url)
{
	struct proxy proxy;

	EXPECT(proxy_read(test_arena(), str_of(url), &proxy));
	return proxy;
}

TEST(the_url_of_a_proxy_has_a_kind_a_host_a_port_and_perhaps_a_name)
{
	struct proxy plain = proxy_of("http://proxy.example:3128"),
		     named = proxy_of("socks5://me:p%40ss@[2001:db8::1]:1080/");

	EXPECT(plain.kind == PROXY_HTTP && str_is(plain.host, S("proxy.example")) &&
		str_is(plain.port, S("3128")) && plain.user.len == 0);
	EXPECT(named.kind == PROXY_SOCKS5 && str_is(named.host, S("2001:db8::1")) &&
		str_is(named.user, S("me")) && str_is(named.password, S("p@ss")));
}

TEST(what_is_no_url_of_a_proxy_is_refused)
{
	static const char *const wrong[] = { "", "proxy.example:3128", "https://proxy.example:3128",
		"http://proxy.example", "http://:3128", "http://a:b@", "socks5://host:port",
		"socks5://@host:1", "http://ho st:1", "http://u:%00@host:1", "http://h/x:1",
		"socks4://host:1" };
	struct proxy proxy;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		EXPECT(!proxy_read(test_arena(), str_of(wrong[i]), &proxy));
}

TEST(http_is_asked_by_connect_and_answers_with_a_head)
{
	struct proxy proxy = proxy_of("http://me:secret@proxy.example:3128");
	struct proxy_talk talk = { .proxy = &proxy, .host = S("web.example"), .port = S("443") };
	struct buf out = buf_in(test_arena(), 1024);
	const char *why = NULL;
	str answer = S("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");

	proxy_begin(&talk, &out);
	EXPECT_STR(buf_text(&out), "CONNECT web.example:443 HTTP/1.1\r\nHost: web.example:443\r\n"
				   "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n");
	EXPECT(proxy_take(&talk, bytes_of(str_part(answer, 0, 30)), &out, &why) == 0);
	EXPECT(proxy_take(&talk, bytes_of(answer), &out, &why) == (ptrdiff_t)answer.len);
	EXPECT(talk.is_done);
}

TEST(a_proxy_that_refuses_says_why)
{
	struct proxy proxy = proxy_of("http://proxy.example:3128");
	struct proxy_talk talk = { .proxy = &proxy, .host = S("web.example"), .port = S("443") };
	const char *why = NULL;

	EXPECT(proxy_take(&talk, bytes_of(S("HTTP/1.1 407 No\r\n\r\n")), NULL, &why) < 0);
	EXPECT(strstr(why, "password"));
	EXPECT(proxy_take(&talk, bytes_of(S("HTTP/1.1 502 No\r\n\r\n")), NULL, &why) < 0);
	EXPECT(strstr(why, "refused"));
	EXPECT(proxy_take(&talk, bytes_of(S("SSH-2.0")), NULL, &why) < 0);
	EXPECT(!talk.is_done);
}

TEST(socks5_is_asked_in_three_steps)
{
	struct proxy proxy = proxy_of("socks5://me:secret@proxy.example:1080");
	struct proxy_talk talk = { .proxy = &proxy, .host = S("web.example"), .port = S("443") };
	struct buf out = buf_in(test_arena(), 1024);
	const char *why = NULL;
	static const uint8_t bound[] = { 5, 0, 0, 1, 10, 0, 0, 1, 4, 56, 99 };

	proxy_begin(&talk, &out);
	EXPECT_HEX(buf_bytes(&out), "05 02 00 02");
	buf_clear(&out);
	EXPECT(proxy_take(&talk, (bytes){ (const uint8_t *)"\5\2", 2 }, &out, &why) == 2);
	EXPECT_HEX(buf_bytes(&out), "01 02 6d 65 06 73 65 63 72 65 74");
	buf_clear(&out);
	EXPECT(proxy_take(&talk, (bytes){ (const uint8_t *)"\1\0", 2 }, &out, &why) == 2);
	EXPECT_HEX(buf_bytes(&out), "05 01 00 03 0b 77 65 62 2e 65 78 61 6d 70 6c 65 01 bb");
	EXPECT(proxy_take(&talk, (bytes){ bound, 9 }, &out, &why) == 0);
	EXPECT(proxy_take(&talk, (bytes){ bound, sizeof bound }, &out, &why) == 10);
	EXPECT(talk.is_done);
}

TEST(socks5_may_do_without_a_name_or_refuse)
{
	struct proxy proxy = proxy_of("socks5://proxy.example:1080");
	struct proxy_talk talk = { .proxy = &proxy, .host = S("h"), .port = S("80") };
	struct buf out = buf_in(test_arena(), 1024);
	const char *why = NULL;

	proxy_begin(&talk, &out);
	EXPECT_HEX(buf_bytes(&out), "05 01 00");
	EXPECT(proxy_take(&talk, (bytes){ (const uint8_t *)"\5\2", 2 }, &out, &why) < 0);
	EXPECT(proxy_take(&talk, (bytes){ (const uint8_t *)"\5\0", 2 }, &out, &why) == 2);
	EXPECT(proxy_take(&talk, (bytes){ (const uint8_t *)"\5\5\0\1\0", 5 }, &out, &why) < 0);
	EXPECT(strstr(why, "could not connect"));
}
