/* json_write.c: JSON straight into a buf; the last octet tells whether a comma is due. */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void comma(struct buf *b)
{
	char last = b->len ? (char)b->ptr[b->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':' && last != ',')
		buf_byte(b, ',');
}

/* Octets of the well-formed sequence at s[at], 0 if it is not one. */
static size_t good_length(str s, size_t at)
{
	size_t n = ((uint8_t)s.ptr[at] & 0xE0) == 0xC0   ? 2
	           : ((uint8_t)s.ptr[at] & 0xF0) == 0xE0 ? 3
	                                                 : 4;
	str part = str_part(s, at, n);

	return part.len == n && str_is_utf8(part) && str_count_points(part) == 1 ? n : 0;
}

static size_t write_wide(struct buf *b, str s, size_t at)
{
	size_t n = good_length(s, at);
	str part = str_part(s, at, n);

	if (n == 0)
		buf_str(b, S("\xEF\xBF\xBD"));
	else if (str_is(part, S("\xE2\x80\xA8")) || str_is(part, S("\xE2\x80\xA9")))
		buf_printf(b, "\\u202%c", (uint8_t)part.ptr[2] == 0xA8 ? '8' : '9');
	else
		buf_str(b, part);
	return n ? n : 1;
}

static void write_escape(struct buf *b, char c)
{
	switch (c) {
	case '"':
		buf_str(b, S("\\\""));
		break;
	case '\\':
		buf_str(b, S("\\\\"));
		break;
	case '\n':
		buf_str(b, S("\\n"));
		break;
	case '\t':
		buf_str(b, S("\\t"));
		break;
	case '\r':
		buf_str(b, S("\\r"));
		break;
	default:
		buf_printf(b, "\\u%04x", (unsigned)(uint8_t)c);
	}
}

static bool is_plain(char c)
{
	return (uint8_t)c >= 0x20 && (uint8_t)c < 0x80 && c != '"' && c != '\\' && c != '<' &&
	       c != '>' && c != '&' && c != 0x7F;
}

static void write_text(struct buf *b, str s)
{
	size_t i = 0;

	buf_byte(b, '"');
	while (i < s.len) {
		size_t from = i;

		while (i < s.len && is_plain(s.ptr[i]))
			i++;
		buf_str(b, str_part(s, from, i - from));
		if (i == s.len)
			break;
		if ((uint8_t)s.ptr[i] >= 0x80)
			i += write_wide(b, s, i);
		else
			write_escape(b, s.ptr[i++]);
	}
	buf_byte(b, '"');
}

void json_key_str(struct buf *b, str key)
{
	comma(b);
	write_text(b, key);
	buf_byte(b, ':');
}

void json_key(struct buf *b, const char *key)
{
	json_key_str(b, str_of(key));
}

static void start(struct buf *b, const char *key)
{
	if (key)
		json_key(b, key);
	else
		comma(b);
}

void json_open(struct buf *b, char bracket)
{
	comma(b);
	buf_byte(b, (uint8_t)bracket);
}

void json_open_in(struct buf *b, const char *key, char bracket)
{
	json_key(b, key);
	buf_byte(b, (uint8_t)bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_byte(b, (uint8_t)bracket);
}

void json_put(struct buf *b, const char *key, str value)
{
	start(b, key);
	if (value.ptr)
		write_text(b, value);
	else
		buf_str(b, S("null"));
}

void json_put_int(struct buf *b, const char *key, int64_t value)
{
	start(b, key);
	buf_i64(b, value);
}

/* The shortest text that reads back as the same number, and reads as a real: digits alone would be
 * an integer. */
static void write_real(struct buf *b, double value)
{
	char text[40];
	int digits = 15;

	do
		snprintf(text, sizeof text, "%.*g", digits, value);
	while (digits++ < 17 && strtod(text, NULL) != value);
	buf_str(b, str_of(text));
	if (!strpbrk(text, ".e"))
		buf_str(b, S(".0"));
}

void json_put_number(struct buf *b, const char *key, double value)
{
	start(b, key);
	if (isfinite(value))
		write_real(b, value);
	else
		buf_str(b, S("null"));
}

void json_put_bool(struct buf *b, const char *key, bool value)
{
	start(b, key);
	buf_str(b, value ? S("true") : S("false"));
}

void json_put_null(struct buf *b, const char *key)
{
	start(b, key);
	buf_str(b, S("null"));
}

void json_put_id(struct buf *b, const char *key, id64 id)
{
	if (id == 0) {
		json_put_null(b, key);
		return;
	}
	start(b, key);
	buf_byte(b, '"');
	buf_i64(b, id);
	buf_byte(b, '"');
}

void json_put_ms(struct buf *b, const char *key, int64_t ms)
{
	if (ms == 0)
		json_put_null(b, key);
	else
		json_put_int(b, key, ms);
}

void json_put_raw(struct buf *b, const char *key, str already_json)
{
	start(b, key);
	buf_str(b, already_json.len ? already_json : S("null"));
}

static void write_map(struct buf *b, json map)
{
	buf_byte(b, '{');
	for (void *at = json_first(map); at; at = json_next(map, at)) {
		json_key_str(b, json_member_name(at));
		json_put_value(b, NULL, json_member_value(at));
	}
	buf_byte(b, '}');
}

static void write_list(struct buf *b, json list)
{
	buf_byte(b, '[');
	for (size_t i = 0; i < json_count(list); i++)
		json_put_value(b, NULL, json_at(list, i));
	buf_byte(b, ']');
}

void json_put_value(struct buf *b, const char *key, json v)
{
	start(b, key);
	switch (json_kind(v)) {
	case JSON_NONE:
	case JSON_NIL:
		buf_str(b, S("null"));
		break;
	case JSON_BOOL:
		buf_str(b, json_flag(v, false) ? S("true") : S("false"));
		break;
	case JSON_INT:
		buf_i64(b, json_int(v, 0));
		break;
	case JSON_REAL_NUMBER:
		write_real(b, json_number(v, 0));
		break;
	case JSON_TEXT:
		write_text(b, json_text(v));
		break;
	case JSON_LIST:
		write_list(b, v);
		break;
	case JSON_MAP:
		write_map(b, v);
		break;
	}
}

/* ---- in ASCII ---- */

static uint32_t point_of(str part)
{
	uint32_t point = (uint8_t)part.ptr[0] & (0x7Fu >> part.len);

	for (size_t i = 1; i < part.len; i++)
		point = point << 6 | ((uint8_t)part.ptr[i] & 0x3F);
	return point;
}

static size_t write_utf16(struct buf *b, str s, size_t at)
{
	size_t n = good_length(s, at);
	uint32_t point = n ? point_of(str_part(s, at, n)) : 0xFFFD;

	if (point >= 0x10000)
		buf_printf(b, "\\u%04x\\u%04x", (unsigned)(0xD800 + ((point - 0x10000) >> 10)),
			(unsigned)(0xDC00 + (point & 0x3FF)));
	else
		buf_printf(b, "\\u%04x", (unsigned)point);
	return n ? n : 1;
}

void json_write_ascii(struct buf *b, str already_json)
{
	size_t done = 0, at = 0;

	while (at < already_json.len) {
		if ((uint8_t)already_json.ptr[at] < 0x80) {
			at++;
			continue;
		}
		buf_str(b, str_part(already_json, done, at - done));
		at += write_utf16(b, already_json, at);
		done = at;
	}
	buf_str(b, str_part(already_json, done, at - done));
}

str json_ids(struct arena *arena, const id64 *ids, size_t count)
{
	struct buf out = buf_in(arena, count * (ID64_TEXT_MAX + 1) + 2);

	json_open(&out, '[');
	for (size_t i = 0; i < count; i++)
		if (ids[i])
			json_put_int(&out, NULL, ids[i]);
	json_close(&out, ']');
	return buf_text(&out);
}
