/* str.c: see str.h. Nothing here allocates. */
#include "base/str.h"

int str_compare(str a, str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;

	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_is_nocase(str a, str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.ptr[i]) != lower(b.ptr[i]))
			return false;
	return true;
}

bool str_starts(str s, str prefix)
{
	return s.len >= prefix.len && str_is((str){ s.ptr, prefix.len }, prefix);
}

bool str_ends(str s, str suffix)
{
	return s.len >= suffix.len && str_is(str_part(s, s.len - suffix.len, suffix.len), suffix);
}

bool str_has(str s, str needle)
{
	return needle.len == 0 || (s.len && memmem(s.ptr, s.len, needle.ptr, needle.len));
}

size_t str_find(str s, char c)
{
	const char *at = s.len ? memchr(s.ptr, c, s.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

str str_part(str s, size_t from, size_t len)
{
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	return (str){ s.ptr ? s.ptr + from : NULL, len };
}

str str_split(str *s, char c)
{
	size_t at = str_find(*s, c);
	str before = str_part(*s, 0, at);

	*s = str_part(*s, at + (at < s->len), s->len);
	return before;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
	while (s.len && is_space(s.ptr[0]))
		s = str_part(s, 1, s.len);
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

bool str_is_digits(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
	return s.len > 0;
}

bool str_to_i64(str s, int64_t *out)
{
	bool negative = s.len && s.ptr[0] == '-';
	str digits = negative ? str_part(s, 1, s.len) : s;
	int64_t value = 0;

	if (!str_is_digits(digits))
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		int digit = digits.ptr[i] - '0';

		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, digit, &value))
			return false;
	}
	if (!negative && value == INT64_MIN)
		return false;
	*out = negative ? value : -value;
	return true;
}

/* Length of the well-formed sequence at p, or 0 (Unicode 15, table 3-7). */
static size_t sequence_length(const uint8_t *p, size_t left)
{
	uint8_t low = 0x80, high = 0xBF;
	size_t n = p[0] < 0x80   ? 1
	           : p[0] < 0xC2 ? 0
	           : p[0] < 0xE0 ? 2
	           : p[0] < 0xF0 ? 3
	           : p[0] < 0xF5 ? 4
	                         : 0;

	if (n < 2)
		return n;
	if (p[0] == 0xE0)
		low = 0xA0;
	if (p[0] == 0xED)
		high = 0x9F;
	if (p[0] == 0xF0)
		low = 0x90;
	if (p[0] == 0xF4)
		high = 0x8F;
	if (n > left || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

bool str_is_utf8(str s)
{
	bytes b = bytes_of(s);

	for (size_t i = 0, n; i < b.len; i += n) {
		n = sequence_length(b.ptr + i, b.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

static bool starts_point(char c)
{
	return ((uint8_t)c & 0xC0) != 0x80;
}

size_t str_count_points(str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += starts_point(s.ptr[i]);
	return n;
}

str str_first_points(str s, size_t n)
{
	for (size_t i = 0; i < s.len; i++)
		if (starts_point(s.ptr[i]) && n-- == 0)
			return str_part(s, 0, i);
	return s;
}
