/* buf.c: doubling growth, bounded. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

enum { FIRST_SIZE = 64 };

/* Room for more octets within the maximum, and `spare` behind them, which may lie past it. */
static bool make_room(struct buf *b, size_t more, size_t spare)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;

	if (b->failed || more > b->max - b->len) {
		b->failed = true;
		return false;
	}
	if (b->ptr && b->len + more + spare <= b->cap)
		return true;
	while (cap < b->len + more + spare)
		cap *= 2;
	if (cap - spare > b->max)
		cap = b->max + spare;
	b->ptr = b->arena ? arena_grow(b->arena, b->ptr, b->len, cap) : heap_grow(b->ptr, cap);
	b->cap = cap;
	return true;
}

void buf_done(struct buf *b)
{
	if (!b->arena)
		heap_free(b->ptr);
	*b = (struct buf){ .max = b->max, .arena = b->arena };
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

uint8_t *buf_space(struct buf *b, size_t len)
{
	uint8_t *p;

	if (!make_room(b, len, 0))
		return NULL;
	p = b->ptr + b->len;
	b->len += len;
	return p;
}

void buf_put(struct buf *b, const void *data, size_t len)
{
	if (len && make_room(b, len, 0)) {
		memcpy(b->ptr + b->len, data, len);
		b->len += len;
	}
}

void buf_byte(struct buf *b, uint8_t byte)
{
	buf_put(b, &byte, 1);
}

void buf_str(struct buf *b, str s)
{
	buf_put(b, s.ptr, s.len);
}

void buf_i64(struct buf *b, int64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		digits[--at] = '-';
	buf_put(b, digits + at, sizeof digits - at);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	/* vsnprintf() wants a place for its NUL, which is not ours. */
	if (n < 0 || !make_room(b, (size_t)n, 1)) {
		b->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, format, args);
	va_end(args);
	b->len += (size_t)n;
}

void buf_eat(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	b->len -= n;
	if (b->len)
		memmove(b->ptr, b->ptr + n, b->len);
}
