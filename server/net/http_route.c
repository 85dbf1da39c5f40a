/*
 * http_route.c: paths: decoding them, and finding their route.
 *
 * A path is matched segment by segment as it came on the wire, so an encoded slash never makes a
 * segment. Where several patterns fit, the most literal wins, whatever the order of the table.
 */
#include "net/http_parse.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet at raw[*at], decoded; moves *at behind it. -1: a bad escape. */
static int next_octet(str raw, size_t *at)
{
	int high, low;

	if (raw.ptr[*at] != '%')
		return (uint8_t)raw.ptr[(*at)++];
	if (raw.len - *at < 3)
		return -1;
	high = hex_value(raw.ptr[*at + 1]);
	low = hex_value(raw.ptr[*at + 2]);
	*at += 3;
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool is_dots(str segment)
{
	return str_is(segment, S(".")) || str_is(segment, S(".."));
}

static bool has_dot_segment(str path)
{
	while (path.len > 0)
		if (is_dots(str_split(&path, '/')))
			return true;
	return false;
}

bool path_decode(struct arena *arena, str raw, bool keep_slash, str *out)
{
	struct buf b = buf_in(arena, raw.len + 1);

	buf_space(&b, raw.len + 1); /* decoding never lengthens */
	buf_clear(&b);
	for (size_t at = 0; at < raw.len;) {
		size_t from = at;
		int octet = next_octet(raw, &at);

		if (octet < 0x20 || octet == 0x7f)
			return false;
		if (keep_slash && octet == '/' && at - from == 3)
			buf_str(&b, S("%2F"));
		else
			buf_byte(&b, (uint8_t)octet);
	}
	*out = buf_text(&b);
	return str_is_utf8(*out) && !has_dot_segment(*out);
}

/* Whether a raw segment says the literal, in whatever encoding. */
static bool segment_is(str raw, str literal)
{
	size_t at = 0, i = 0;

	if (raw.len == literal.len && memcmp(raw.ptr, literal.ptr, raw.len) == 0)
		return true;
	if (!memchr(raw.ptr, '%', raw.len))
		return false;
	while (at < raw.len && i < literal.len)
		if (next_octet(raw, &at) != (uint8_t)literal.ptr[i++])
			return false;
	return at == raw.len && i == literal.len;
}

/* Cuts the next segment off; *rest is none behind the last, so "/a" and "/a/" differ. */
static bool take_segment(str *rest, str *segment)
{
	size_t end = str_find(*rest, '/');

	if (!rest->ptr)
		return false;
	*segment = str_part(*rest, 0, end);
	*rest = end < rest->len ? str_part(*rest, end + 1, rest->len) : STR_NONE;
	return true;
}

/* What "v{…}" takes: a v and a number. */
static bool is_version(str segment)
{
	return segment.len > 1 && segment.ptr[0] == 'v' && segment.ptr[1] >= '0' &&
	       segment.ptr[1] <= '9';
}

/* Fills params with raw text. */
static bool pattern_fits(str pattern, str path, str params[HTTP_PARAMS_MAX])
{
	size_t count = 0;
	str want, got;

	/* What a pattern that failed half-way left must not show up as a parameter. */
	memset(params, 0, HTTP_PARAMS_MAX * sizeof *params);
	while (take_segment(&pattern, &want)) {
		if (str_is(want, S("{*}")) && path.ptr && count < HTTP_PARAMS_MAX) {
			params[count] = path;
			return true;
		}
		if (!take_segment(&path, &got))
			return false;
		if (str_starts(want, S("v{"))) {
			if (!is_version(got) || count == HTTP_PARAMS_MAX)
				return false;
			params[count++] = str_part(got, 1, got.len);
		} else if (want.len > 0 && want.ptr[0] == '{') {
			if (got.len == 0 || count == HTTP_PARAMS_MAX)
				return false;
			params[count++] = got;
		} else if (!segment_is(got, want)) {
			return false;
		}
	}
	return !path.ptr;
}

/* A quick no for most of the table: literal text differs where neither a parameter nor an escape
 * explains it. */
static bool may_fit(const char *pattern, str path)
{
	size_t i = 0;

	while (i < path.len && pattern[i] && pattern[i] != '{' && pattern[i] == path.ptr[i])
		i++;
	return pattern[i] == '{' || (i < path.len ? path.ptr[i] == '%' : !pattern[i]);
}

/* Patterns that fit one path differ first where one has a literal and the other a parameter. */
static bool is_more_literal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == '{' || *b == '{')
		return *b == '{';
	return *b == '*';
}

const struct route *route_find(const struct route *routes, size_t count, enum http_method method,
                               str path, str params[HTTP_PARAMS_MAX], unsigned *allowed)
{
	const struct route *best = NULL;
	str found[HTTP_PARAMS_MAX];

	*allowed = 0;
	for (size_t i = 0; i < count; i++) {
		const struct route *route = &routes[i];
		bool head_by_get = method == HTTP_HEAD && route->method == HTTP_GET;

		if (!may_fit(route->pattern, path) ||
		    !pattern_fits(str_of(route->pattern), path, found))
			continue;
		*allowed |= 1u << route->method;
		if ((route->method != method && !head_by_get) ||
		    (best && !is_more_literal(route->pattern, best->pattern)))
			continue;
		best = route;
		memcpy(params, found, sizeof found);
	}
	return best;
}
