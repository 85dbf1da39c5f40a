/*
 * buf.h: output that grows up to a maximum.
 *
 * Writers never fail: a buf past its maximum remembers it in `failed`, drops what does not fit, and
 * the caller asks once at the end. Memory comes from an arena (buf_in) or from the heap (buf_heap,
 * then buf_done).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"

struct buf {
	uint8_t *ptr;
	size_t len, cap, max;
	bool failed;
	struct arena *arena; /* NULL: heap */
};

static inline struct buf buf_in(struct arena *arena, size_t max)
{
	return (struct buf){ .max = max, .arena = arena };
}
static inline struct buf buf_heap(size_t max)
{
	return (struct buf){ .max = max };
}
void buf_done(struct buf *b); /* heap only; the buf may be used again */
void buf_clear(struct buf *b); /* length 0, memory kept, failed forgotten */

void buf_put(struct buf *b, const void *data, size_t len);
void buf_byte(struct buf *b, uint8_t byte);
void buf_str(struct buf *b, str s);
void buf_i64(struct buf *b, int64_t value); /* decimal */
[[gnu::format(printf, 2, 3)]] void buf_printf(struct buf *b, const char *format, ...);
/* Room for len octets at the end, already counted in; NULL only (and failed) past the maximum. */
uint8_t *buf_space(struct buf *b, size_t len);
/* Drops the first n octets. */
void buf_eat(struct buf *b, size_t n);

static inline str buf_text(const struct buf *b)
{
	return (str){ b->ptr ? (const char *)b->ptr : "", b->len };
}
static inline bytes buf_bytes(const struct buf *b)
{
	return (bytes){ b->ptr, b->len };
}

#endif
