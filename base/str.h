/*
 * str.h: borrowed text and octets.
 *
 * A str is a pointer and a length, not terminated, UTF-8 unless said otherwise; bytes are octets.
 * Both borrow: an argument lives as long as the call, a result as long as the arena it came from. A
 * NULL ptr means "none", which differs from the empty text S("").
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	const char *ptr;
	size_t len;
} str;

typedef struct {
	const uint8_t *ptr;
	size_t len;
} bytes;

#define S(literal) ((str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE ((str){ NULL, 0 })
#define BYTES_NONE ((bytes){ NULL, 0 })
#define STR_F "%.*s"
#define STR_A(s) (int)(s).len, (s).ptr ? (s).ptr : ""
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static inline str str_of(const char *terminated)
{
	return terminated ? (str){ terminated, strlen(terminated) } : STR_NONE;
}
static inline bytes bytes_of(str s)
{
	return (bytes){ (const uint8_t *)s.ptr, s.len };
}
static inline str str_from(bytes b)
{
	return (str){ (const char *)b.ptr, b.len };
}
static inline bool str_is(str a, str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int str_compare(str a, str b);
bool str_is_nocase(str a, str b); /* ASCII letters only */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
bool str_has(str s, str needle);
/* Index of the first c, or s.len. */
size_t str_find(str s, char c);
/* The part [from, from+len), clipped to s. */
str str_part(str s, size_t from, size_t len);
/* Cuts s at the first c: returns what stands before it, and moves *s behind it (or to the empty
 * end). */
str str_split(str *s, char c);
/* Without leading and trailing ASCII white space. */
str str_trim(str s);
/* Decimal digits with an optional '-', the whole text, in range; false otherwise. */
bool str_to_i64(str s, int64_t *out);
bool str_is_digits(str s); /* one or more, and nothing else */
/* Well-formed UTF-8 (no surrogates, no overlong forms, ≤ U+10FFFF). */
bool str_is_utf8(str s);
/* Code points of a well-formed UTF-8 text. */
size_t str_count_points(str s);
/* The longest prefix of at most n code points. */
str str_first_points(str s, size_t n);

#endif
