/* frame.c: see frame.h. */
#include "wa/noise/frame.h"

#define WAITING_MAX (2u * (FRAME_MAX + FRAME_HEADER_SIZE))

void frame_init(struct frame_reader *r)
{
	*r = (struct frame_reader){ .waiting = buf_heap(WAITING_MAX) };
}

void frame_done(struct frame_reader *r)
{
	buf_done(&r->waiting);
	r->at = 0;
}

void frame_feed(struct frame_reader *r, bytes octets)
{
	if (r->at == r->waiting.len)
		frame_done(r);
	else if (r->at)
		buf_eat(&r->waiting, r->at);
	r->at = 0;
	buf_put(&r->waiting, octets.ptr, octets.len);
}

bool frame_next(struct frame_reader *r, bytes *body)
{
	size_t left = r->waiting.len - r->at, size;
	const uint8_t *p;

	if (left < FRAME_HEADER_SIZE)
		return false;
	p = r->waiting.ptr + r->at;
	size = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
	if (left - FRAME_HEADER_SIZE < size)
		return false;
	*body = (bytes){ p + FRAME_HEADER_SIZE, size };
	r->at += FRAME_HEADER_SIZE + size;
	return true;
}

bool frame_write_header(struct buf *out, size_t size)
{
	if (size > FRAME_MAX)
		return false;
	buf_byte(out, (uint8_t)(size >> 16));
	buf_byte(out, (uint8_t)(size >> 8));
	buf_byte(out, (uint8_t)size);
	return true;
}
