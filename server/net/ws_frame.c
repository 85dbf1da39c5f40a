/* ws_frame.c: encoding frames, and sharing them; any thread. */
#include "net/ws_internal.h"

#include <stdlib.h>
#include <sys/random.h>
#include <wslay/wslay.h>

enum { FRAME_HEAD_MAX = 14 };

static ssize_t append(const uint8_t *data, size_t len, int flags, void *arg)
{
	struct ws_frame *frame = arg;

	(void)flags;
	memcpy(frame->data + frame->len, data, len);
	frame->len += len;
	return (ssize_t)len;
}

static int make_mask(uint8_t *mask, size_t len, void *arg)
{
	(void)arg;
	return getrandom(mask, len, 0) == (ssize_t)len ? 0 : -1;
}

struct ws_frame *ws_frame_encode(uint8_t opcode, bool is_masked, bytes payload)
{
	static const struct wslay_frame_callbacks callbacks = { append, NULL, make_mask };
	struct ws_frame *frame = heap_alloc(sizeof *frame + FRAME_HEAD_MAX + payload.len);
	struct wslay_frame_iocb out = {
		.fin = 1,
		.opcode = opcode,
		.payload_length = payload.len,
		.mask = is_masked,
		.data = payload.ptr,
		.data_length = payload.len,
	};
	wslay_frame_context_ptr context;

	atomic_init(&frame->references, 1);
	frame->cap = 0;
	if (wslay_frame_context_init(&context, &callbacks, frame) != 0)
		abort();
	if (wslay_frame_send(context, &out) != (ssize_t)payload.len)
		abort();
	wslay_frame_context_free(context);
	return frame;
}

struct ws_frame *ws_frame_create(str text)
{
	return ws_frame_encode(WSLAY_TEXT_FRAME, false, bytes_of(text));
}

struct ws_frame *ws_frame_create_room(size_t size)
{
	struct ws_frame *frame = heap_alloc(sizeof *frame + size);

	atomic_init(&frame->references, 1);
	frame->len = 0;
	frame->cap = size;
	return frame;
}

bool ws_frame_join(struct ws_frame *room, const struct ws_frame *frame)
{
	if (frame->len > room->cap || room->len > room->cap - frame->len)
		return false;
	memcpy(room->data + room->len, frame->data, frame->len);
	room->len += frame->len;
	return true;
}

size_t ws_frame_size(const struct ws_frame *frame)
{
	return frame->len;
}

str ws_frame_text(const struct ws_frame *frame)
{
	uint8_t len = frame->data[1] & 127;
	size_t head = len == 127 ? 10 : len == 126 ? 4 : 2;

	return (str){ (const char *)frame->data + head, frame->len - head };
}

struct ws_frame *ws_frame_keep(struct ws_frame *frame)
{
	atomic_fetch_add_explicit(&frame->references, 1, memory_order_relaxed);
	return frame;
}

void ws_frame_drop(struct ws_frame *frame)
{
	if (frame && atomic_fetch_sub_explicit(&frame->references, 1, memory_order_acq_rel) == 1)
		heap_free(frame);
}
