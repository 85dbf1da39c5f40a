/* ws_frames.c: the same octets make the same messages and the same answers, however they are cut.
 */
#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "net/ws_internal.h"

enum { MESSAGE_MAX = 3000 };

static struct buf *told;

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	(void)ws;
	(void)owner;
	MUST(message.len <= MESSAGE_MAX);
	MUST(!is_text || str_is_utf8(str_from(message)));
	buf_printf(told, "%c%zu:", is_text ? 't' : 'b', message.len);
	buf_put(told, message.ptr, message.len);
}

static void on_close(struct ws *ws, void *owner, int code, str reason)
{
	(void)ws;
	(void)owner;
	buf_printf(told, "close %d:", code);
	buf_put(told, reason.ptr, reason.len);
}

static const struct ws_events events = { on_message, on_close, NULL };

static void on_late(struct late *late)
{
	(void)late;
}

/* What the stream would have sent. */
static void drain(struct stream *s)
{
	while (s->first) {
		struct piece *piece = s->first;

		s->first = piece->next;
		buf_put(told, piece->data, piece->len);
		piece->release(piece);
	}
	s->last = NULL;
	s->unsent = 0;
}

static struct buf converse(struct loop *loop, bytes in, size_t step)
{
	/* No socket: blocked, so that nothing tries to write. */
	struct stream s = {
		.loop = loop, .fd = -1, .blocked = true, .late.fn = on_late, .late.queued = true
	};
	struct buf out = buf_heap(64u << 20);
	struct ws *ws = ws_create(&s, false, "");

	told = &out;
	ws_accept(ws, &events, NULL);
	ws_set_limits(ws, MESSAGE_MAX, 1u << 20);
	for (size_t at = 0; at < in.len; at += step) {
		ws_input(ws, (bytes){ in.ptr + at, in.len - at < step ? in.len - at : step });
		s.unsent = 0; /* all was read by the other side */
	}
	drain(&s);
	ws_gone(ws);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct loop *loop;
	struct buf whole, cut;

	if (!loop)
		loop = loop_create();
	if (size < 1)
		return 0;
	bytes in = { data + 1, size - 1 };

	whole = converse(loop, in, SIZE_MAX);
	cut = converse(loop, in, (size_t)data[0] % 8 + 1);
	MUST(!whole.failed && str_is(buf_text(&whole), buf_text(&cut)));
	buf_done(&whole);
	buf_done(&cut);
	return 0;
}
