/* proxy.c: see proxy.h. */
#include "net/proxy.h"

#include "base/codec.h"

#define SOCKS_VERSION 5
#define SOCKS_NAME_MAX 255

enum { STEP_BEGIN, STEP_METHOD, STEP_PASSWORD, STEP_CONNECT };

/* ---- the URL ---- */

static bool take_part(struct arena *arena, str encoded, size_t max, str *out)
{
	struct buf plain = buf_in(arena, max + 1);

	if (!percent_read(encoded, false, &plain) || plain.failed || plain.len > max)
		return false;
	*out = arena_str(arena, buf_text(&plain));
	return !memchr(out->ptr, 0, out->len);
}

static bool take_user(struct arena *arena, str user, struct proxy *out)
{
	str name = str_split(&user, ':');

	return name.len && take_part(arena, name, SOCKS_NAME_MAX, &out->user) &&
	       take_part(arena, user, SOCKS_NAME_MAX, &out->password);
}

static bool take_host(struct arena *arena, str at, struct proxy *out)
{
	size_t colon = at.len;
	str host, port;

	if (at.len && at.ptr[0] == '[')
		colon = str_find(at, ']') + 1;
	else
		colon = str_find(at, ':');
	host = str_part(at, 0, colon);
	if (host.len > 1 && host.ptr[0] == '[')
		host = str_part(host, 1, host.len - 2);
	port = str_part(at, colon + 1, at.len);
	for (size_t i = 0; i < host.len; i++)
		if ((uint8_t)host.ptr[i] <= ' ' || (uint8_t)host.ptr[i] >= 0x7f ||
			host.ptr[i] == '/' || host.ptr[i] == '@')
			return false;
	out->host = arena_str(arena, host);
	out->port = arena_str(arena, port);
	return host.len > 0 && host.len <= SOCKS_NAME_MAX && colon < at.len && port.len <= 5 &&
	       str_is_digits(port);
}

bool proxy_read(struct arena *arena, str url, struct proxy *out)
{
	size_t at;

	*out = (struct proxy){ 0 };
	if (url.len > PROXY_URL_MAX)
		return false;
	if (str_starts(url, S("http://")))
		out->kind = PROXY_HTTP;
	else if (str_starts(url, S("socks5://")))
		out->kind = PROXY_SOCKS5;
	else
		return false;
	url = str_part(url, out->kind == PROXY_HTTP ? 7 : 9, url.len);
	if (url.len && url.ptr[url.len - 1] == '/')
		url.len--;
	at = str_find(url, '@');
	if (at < url.len) {
		if (!take_user(arena, str_part(url, 0, at), out))
			return false;
		url = str_part(url, at + 1, url.len);
	}
	return take_host(arena, url, out);
}

/* ---- HTTP ---- */

static void ask_http(struct proxy_talk *t, struct buf *out)
{
	bool is_v6 = str_find(t->host, ':') < t->host.len;
	const char *open = is_v6 ? "[" : "", *close = is_v6 ? "]" : "";

	for (int i = 0; i < 2; i++)
		buf_printf(out, "%s%s" STR_F "%s:" STR_F "%s\r\n", i ? "Host: " : "CONNECT ", open,
			STR_A(t->host), close, STR_A(t->port), i ? "" : " HTTP/1.1");
	if (t->proxy->user.len) {
		struct buf both = buf_in(out->arena, 2 * SOCKS_NAME_MAX + 1);

		buf_printf(&both, STR_F ":" STR_F, STR_A(t->proxy->user),
			STR_A(t->proxy->password));
		buf_str(out, S("Proxy-Authorization: Basic "));
		base64_write(out, buf_bytes(&both));
		buf_str(out, S("\r\n"));
		buf_done(&both);
	}
	buf_str(out, S("\r\n"));
}

/* The end of a head: the blank line. */
static size_t head_len(str in)
{
	for (size_t i = 3; i < in.len; i++)
		if (memcmp(in.ptr + i - 3, "\r\n\r\n", 4) == 0)
			return i + 1;
	return 0;
}

static ptrdiff_t take_http(struct proxy_talk *t, bytes in, const char **why)
{
	str text = str_from(in), status = str_part(text, 9, 3);
	size_t len = head_len(text);

	if (in.len >= 5 && !str_starts(text, S("HTTP/"))) {
		*why = "The proxy does not speak HTTP.";
		return -1;
	}
	if (!len && in.len > PROXY_ANSWER_MAX) {
		*why = "The proxy's answer is too long.";
		return -1;
	}
	if (!len)
		return 0;
	if (!str_starts(text, S("HTTP/1.")) || !str_is_digits(status) || status.ptr[0] != '2') {
		*why = str_is(status, S("407")) ? "The proxy wants another name or password."
						: "The proxy refused the connection.";
		return -1;
	}
	t->is_done = true;
	return (ptrdiff_t)len;
}

/* ---- SOCKS5 ---- */

/* RFC 1929: version 1, then name and password with their lengths. */
static ptrdiff_t say_password(struct proxy_talk *t, struct buf *out)
{
	buf_byte(out, 1);
	buf_byte(out, (uint8_t)t->proxy->user.len);
	buf_str(out, t->proxy->user);
	buf_byte(out, (uint8_t)t->proxy->password.len);
	buf_str(out, t->proxy->password);
	t->step = STEP_PASSWORD;
	return 2;
}

/* CONNECT to a name, which the proxy resolves. */
static ptrdiff_t say_connect(struct proxy_talk *t, struct buf *out)
{
	int64_t port = 0;

	(void)str_to_i64(t->port, &port);
	buf_put(out, "\5\1\0\3", 4);
	buf_byte(out, (uint8_t)t->host.len);
	buf_str(out, t->host);
	buf_byte(out, (uint8_t)(port >> 8));
	buf_byte(out, (uint8_t)port);
	t->step = STEP_CONNECT;
	return 2;
}

static ptrdiff_t refuse(const char **why, const char *sentence)
{
	*why = sentence;
	return -1;
}

static ptrdiff_t take_method(struct proxy_talk *t, bytes in, struct buf *out, const char **why)
{
	if (in.len < 2)
		return 0;
	if (in.ptr[0] != SOCKS_VERSION)
		return refuse(why, "The proxy does not speak SOCKS5.");
	if (in.ptr[1] == 0)
		return say_connect(t, out);
	if (in.ptr[1] == 2 && t->proxy->user.len)
		return say_password(t, out);
	return refuse(why, "The proxy wants a name and a password.");
}

static ptrdiff_t take_password(struct proxy_talk *t, bytes in, struct buf *out, const char **why)
{
	if (in.len < 2)
		return 0;
	if (in.ptr[1] != 0)
		return refuse(why, "The proxy wants another name or password.");
	return say_connect(t, out);
}

/* Version, reply, reserved, type of the bound address, that address, its port. */
static ptrdiff_t take_connect(struct proxy_talk *t, bytes in, const char **why)
{
	size_t len;

	if (in.len < 5)
		return 0;
	if (in.ptr[0] != SOCKS_VERSION)
		return refuse(why, "The proxy does not speak SOCKS5.");
	if (in.ptr[1] != 0)
		return refuse(why, "The proxy could not connect.");
	switch (in.ptr[3]) {
	case 1:
		len = 4 + 4 + 2;
		break;
	case 3:
		len = 4 + 1 + (size_t)in.ptr[4] + 2;
		break;
	case 4:
		len = 4 + 16 + 2;
		break;
	default:
		return refuse(why, "The proxy's answer cannot be read.");
	}
	if (in.len < len)
		return 0;
	t->is_done = true;
	return (ptrdiff_t)len;
}

/* ---- both ---- */

void proxy_begin(struct proxy_talk *t, struct buf *out)
{
	t->step = STEP_METHOD;
	if (t->proxy->kind == PROXY_HTTP)
		ask_http(t, out);
	else if (t->proxy->user.len)
		buf_put(out, "\5\2\0\2", 4);
	else
		buf_put(out, "\5\1\0", 3);
}

ptrdiff_t proxy_take(struct proxy_talk *t, bytes in, struct buf *out, const char **why)
{
	if (t->proxy->kind == PROXY_HTTP)
		return take_http(t, in, why);
	switch (t->step) {
	case STEP_METHOD:
		return take_method(t, in, out, why);
	case STEP_PASSWORD:
		return take_password(t, in, out, why);
	default:
		return take_connect(t, in, why);
	}
}
