/*
 * preview_page.c: see preview_page.h.
 *
 * Pages are written by strangers and half of them are no good HTML: this reads tags and their
 * attributes, and nothing else. OpenGraph's words go before the plain ones. It ends with the head.
 */
#include "provider/linked/preview_page.h"

#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>

#define CHARSET_MAX 40
#define CHARSET_LOOK 1024       /* octets in which a page must say its charset */
#define ATTRIBUTES_MAX 16
#define TEXT_MAX 8192           /* octets of one value that are looked at */

/* ---- texts ---- */

/* What does not convert is left out. */
static str convert(struct arena *arena, str in, str charset)
{
	iconv_t cd = iconv_open("UTF-8", arena_cstr(arena, charset));
	char *from = (char *)(uintptr_t)in.ptr, *to, *start;
	size_t left = in.len, room = in.len * 4 + 16;

	if (cd == (iconv_t)-1)
		return STR_NONE;
	start = to = arena_alloc(arena, room);
	while (left && iconv(cd, &from, &left, &to, &room) == (size_t)-1 && left && room > 4) {
		from++;
		left--;
	}
	iconv_close(cd);
	return (str){ start, (size_t)(to - start) };
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void put_point(struct buf *b, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(b, (uint8_t)c);
	} else if (c < 0x800) {
		buf_byte(b, (uint8_t)(0xC0 | c >> 6));
		buf_byte(b, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_byte(b, (uint8_t)(0xE0 | c >> 12));
		buf_byte(b, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_byte(b, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_byte(b, (uint8_t)(0xF0 | c >> 18));
		buf_byte(b, (uint8_t)(0x80 | (c >> 12 & 63)));
		buf_byte(b, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_byte(b, (uint8_t)(0x80 | (c & 63)));
	}
}

static const struct { const char *name; uint32_t point; } entities[] = {
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' },
	{ "nbsp", ' ' }, { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "hellip", 0x2026 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201C }, { "rdquo", 0x201D },
	{ "laquo", 0xAB }, { "raquo", 0xBB }, { "middot", 0xB7 }, { "bull", 0x2022 },
	{ "copy", 0xA9 }, { "reg", 0xAE }, { "trade", 0x2122 }, { "euro", 0x20AC },
	{ "auml", 0xE4 }, { "ouml", 0xF6 }, { "uuml", 0xFC }, { "szlig", 0xDF },
	{ "eacute", 0xE9 }, { "egrave", 0xE8 }, { "agrave", 0xE0 }, { "ccedil", 0xE7 },
};

/* Between & and ;. 0: not known. */
static uint32_t entity_of(str name)
{
	uint64_t point = 0;
	bool is_hex = name.len > 2 && (name.ptr[1] == 'x' || name.ptr[1] == 'X');
	size_t at = is_hex ? 2 : 1;

	for (size_t i = 0; i < COUNT_OF(entities); i++)
		if (str_is(name, str_of(entities[i].name)))
			return entities[i].point;
	if (name.len < 2 || name.ptr[0] != '#' || name.len > 9)
		return 0;
	for (; at < name.len; at++) {
		char c = name.ptr[at];
		int digit = c >= '0' && c <= '9'             ? c - '0'
			    : is_hex && c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : is_hex && c >= 'A' && c <= 'F' ? c - 'A' + 10
							     : -1;

		if (digit < 0)
			return 0;
		point = point * (is_hex ? 16 : 10) + (uint64_t)digit;
	}
	return point < 0x20 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)
		       ? 0
		       : (uint32_t)point;
}

/* One that says UTF-8, or nothing, and is something else: what old pages are. A sign may be cut at
 * the end. */
static str mended(struct arena *arena, str s)
{
	for (size_t cut = 0; cut < 4 && cut <= s.len; cut++)
		if (str_is_utf8(str_part(s, 0, s.len - cut)))
			return str_part(s, 0, s.len - cut);
	s = convert(arena, s, S("WINDOWS-1252"));
	return s.ptr && str_is_utf8(s) ? s : S("");
}

/* Entities read, white space made one space, cut to so many code points. */
static str text_of(struct arena *arena, str raw, size_t points)
{
	str s = str_part(raw, 0, TEXT_MAX);
	struct buf b = buf_in(arena, TEXT_MAX + 8);

	for (size_t i = 0; i < s.len; i++) {
		str rest = str_part(s, i + 1, 12), name = str_part(rest, 0, str_find(rest, ';'));
		uint32_t point = s.ptr[i] == '&' && name.len < rest.len ? entity_of(name) : 0;
		bool is_gap = is_space(s.ptr[i]) || point == ' ';

		if (point)
			i += name.len + 1;
		if (is_gap && b.len && buf_text(&b).ptr[b.len - 1] != ' ')
			buf_byte(&b, ' ');
		if (!is_gap && point)
			put_point(&b, point);
		else if (!is_gap)
			buf_byte(&b, (uint8_t)s.ptr[i]);
	}
	return str_first_points(mended(arena, str_trim(b.len ? buf_text(&b) : S(""))), points);
}

/* ---- charset ---- */

static size_t find_nocase(str s, str what)
{
	for (size_t i = 0; i + what.len <= s.len; i++)
		if (str_is_nocase(str_part(s, i, what.len), what))
			return i;
	return s.len;
}

/* What stands behind "charset=". */
static str charset_in(str s)
{
	size_t at = find_nocase(s, S("charset="));
	str name;
	size_t n = 0;

	if (at == s.len)
		return STR_NONE;
	name = str_part(s, at + 8, CHARSET_MAX);
	while (name.len && (name.ptr[0] == '"' || name.ptr[0] == '\'' || name.ptr[0] == ' '))
		name = str_part(name, 1, name.len);
	while (n < name.len && (isalnum((unsigned char)name.ptr[n]) || strchr("-_:.", name.ptr[n])))
		n++;
	return str_part(name, 0, n);
}

static str as_utf8(struct arena *arena, bytes html, str type)
{
	str s = str_from(html), charset = charset_in(type);

	if (str_starts(s, S("\xEF\xBB\xBF")))
		return str_part(s, 3, s.len);
	if (!charset.len)
		charset = charset_in(str_part(s, 0, CHARSET_LOOK));
	if (!charset.len || str_is_nocase(charset, S("utf-8")) || str_is_nocase(charset, S("utf8")))
		return s;
	charset = convert(arena, s, charset);
	return charset.ptr ? charset : s;
}

/* ---- tags ---- */

struct attribute { str name, value; };
struct tag {
	str name;
	struct attribute attributes[ATTRIBUTES_MAX];
	size_t count;
};

static void skip_space(str *s)
{
	while (s->len && (is_space(s->ptr[0]) || s->ptr[0] == '/'))
		*s = str_part(*s, 1, s->len);
}

static str take_word(str *s, const char *ends)
{
	size_t n = 0;
	str word;

	while (n < s->len && !is_space(s->ptr[n]) && !(s->ptr[n] && strchr(ends, s->ptr[n])))
		n++;
	word = str_part(*s, 0, n);
	*s = str_part(*s, n, s->len);
	return word;
}

static str take_value(str *s)
{
	char quote = s->len ? s->ptr[0] : 0;
	str rest, value;

	if (quote != '"' && quote != '\'')
		return take_word(s, ">");
	rest = str_part(*s, 1, s->len);
	value = str_part(rest, 0, str_find(rest, quote));
	*s = str_part(rest, value.len + 1, rest.len);
	return value;
}

/* Behind the <: its name and attributes; *s stands behind the >. */
static void read_tag(str *s, struct tag *out)
{
	out->count = 0;
	out->name = take_word(s, ">/=");
	for (;;) {
		struct attribute one;

		skip_space(s);
		if (!s->len || s->ptr[0] == '>')
			break;
		one = (struct attribute){ .name = take_word(s, "=>/") };
		skip_space(s);
		if (s->len && s->ptr[0] == '=') {
			*s = str_part(*s, 1, s->len);
			while (s->len && is_space(s->ptr[0]))
				*s = str_part(*s, 1, s->len);
			one.value = take_value(s);
		}
		if (!one.name.len && !one.value.len && s->len && s->ptr[0] != '>')
			*s = str_part(*s, 1, s->len);
		if (out->count < ATTRIBUTES_MAX)
			out->attributes[out->count++] = one;
	}
	*s = str_part(*s, 1, s->len);
}

static str attribute_of(const struct tag *tag, const char *name)
{
	for (size_t i = 0; i < tag->count; i++)
		if (str_is_nocase(tag->attributes[i].name, str_of(name)))
			return tag->attributes[i].value;
	return STR_NONE;
}

/* ---- the head ---- */

/* The better words stand first. */
enum { TITLE, DESCRIPTION, IMAGE, MEANINGS };
static const struct { int meaning; const char *name; } words[] = {
	{ TITLE, "og:title" },
	{ TITLE, "twitter:title" },
	{ TITLE, "title" },
	{ DESCRIPTION, "og:description" },
	{ DESCRIPTION, "twitter:description" },
	{ DESCRIPTION, "description" },
	{ IMAGE, "og:image" },
	{ IMAGE, "og:image:url" },
	{ IMAGE, "og:image:secure_url" },
	{ IMAGE, "twitter:image" },
};

struct head { str best[MEANINGS]; size_t rank[MEANINGS]; };

static void note(struct head *head, str name, str value)
{
	for (size_t i = 0; i < COUNT_OF(words); i++) {
		int at = words[i].meaning;

		if (!str_is_nocase(name, str_of(words[i].name)) || !str_trim(value).len)
			continue;
		if (!head->best[at].len || i < head->rank[at]) {
			head->best[at] = value;
			head->rank[at] = i;
		}
	}
}

/* Up to the closing tag of that name; *s stands at it. */
static str take_until(str *s, str close)
{
	size_t n = find_nocase(*s, close);
	str inside = str_part(*s, 0, n);

	*s = str_part(*s, n, s->len);
	return inside;
}

/* false: the head is over. */
static bool take_tag(str *s, struct head *head)
{
	struct tag tag;
	str name;

	if (str_starts(*s, S("!--"))) {
		(void)take_until(s, S("-->"));
		return true;
	}
	if (str_is_nocase(str_part(*s, 0, 5), S("/head")))
		return false;
	read_tag(s, &tag);
	if (str_is_nocase(tag.name, S("body")))
		return false;
	if (str_is_nocase(tag.name, S("script")))
		(void)take_until(s, S("</script"));
	else if (str_is_nocase(tag.name, S("style")))
		(void)take_until(s, S("</style"));
	else if (str_is_nocase(tag.name, S("title")))
		note(head, S("title"), take_until(s, S("</title")));
	else if (str_is_nocase(tag.name, S("meta"))) {
		name = attribute_of(&tag, "property");
		note(head, name.len ? name : attribute_of(&tag, "name"),
			attribute_of(&tag, "content"));
	}
	return true;
}

bool preview_page_read(struct arena *arena, bytes html, str type, struct preview_page *out)
{
	str s = as_utf8(arena, html, type);
	struct head head = { 0 };

	*out = (struct preview_page){ 0 };
	for (;;) {
		size_t at = str_find(s, '<');

		s = str_part(s, at + 1, s.len);
		if (!s.len || !take_tag(&s, &head))
			break;
	}
	out->title = text_of(arena, head.best[TITLE], PREVIEW_TITLE_MAX);
	out->description = text_of(arena, head.best[DESCRIPTION], PREVIEW_DESCRIPTION_MAX);
	out->image = text_of(arena, head.best[IMAGE], PREVIEW_ADDRESS_MAX);
	return out->title.len > 0;
}

/* ---- addresses ---- */

static bool is_web(str s)
{
	return str_starts(s, S("https://")) || str_starts(s, S("http://"));
}

str preview_address(struct arena *arena, str page, str text)
{
	size_t scheme = str_starts(page, S("https://")) ? 8 : 7, end;
	str rest = str_part(page, scheme, page.len), path;

	if (!text.len || text.len > PREVIEW_ADDRESS_MAX || !is_web(page))
		return STR_NONE;
	if (is_web(text))
		return text;
	if (str_starts(text, S("//")))
		return arena_printf(arena, STR_F STR_F, (int)(scheme - 2), page.ptr, STR_A(text));
	if (str_find(text, ':') < str_find(text, '/')) /* data:, javascript: */
		return STR_NONE;
	for (end = 0; end < rest.len && !strchr("/?#", rest.ptr[end]); end++)
		;
	path = str_part(rest, end, rest.len);
	path = str_part(path, 0, str_find(path, '?'));
	path = str_part(path, 0, str_find(path, '#'));
	while (path.len && path.ptr[path.len - 1] != '/')
		path.len--;
	return arena_printf(arena, STR_F STR_F STR_F, (int)(scheme + end), page.ptr,
		STR_A(text.ptr[0] == '/' ? S("") : path.len ? path : S("/")), STR_A(text));
}
