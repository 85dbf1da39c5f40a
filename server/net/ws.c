/*
 * ws.c: the conversation of a WebSocket (RFC 6455): messages from frames, control frames, the
 * closing handshake.
 *
 * Framing is wslay's; its reader (4 kB) is borrowed from the loop and given back at each frame's
 * end, so a quiet connection holds none. The one rule: after a frame that breaks the protocol,
 * input is dropped unread.
 */
#include "net/ws_internal.h"

#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <wslay/wslay.h>

enum { HEARD_MAX_MS = 2 * WS_PING_INTERVAL_MS, US_PER_MS = 1000 };

struct reader {
	wslay_frame_context_ptr frames;
	bytes in;          /* not yet given to wslay */
	/* octets given, and those of the frames it has told of: equal at a frame's end */
	uint64_t fed, taken;
	struct wslay_frame_iocb frame;
	uint64_t left;     /* of the frame's payload */
	bool in_frame;
	uint8_t control[WS_CONTROL_MAX];
	size_t control_len;
};

struct ws {
	struct stream *stream;
	const struct ws_events *events;
	void *owner;
	const char *remote;
	struct reader *reader; /* NULL between frames */
	struct buf message;    /* heap; of the fragments so far */
	int64_t heard_us, closing_us;
	void (*on_closing)(struct stream *stream); /* or NULL */
	size_t message_max, unsent_max;
	struct exchange *handshake; /* of a server, until accepted */
	char *reason;               /* heap; what the peer's close frame said */
	size_t reason_len;
	uint16_t code;
	uint8_t opcode; /* of the message that is under way; 0: none */
	bool is_client, is_accepted, has_pinged, close_sent, close_received, is_broken;
};

struct ws *ws_create(struct stream *stream, bool is_client, const char *remote)
{
	struct ws *ws = HEAP_NEW(struct ws);

	*ws = (struct ws){
		.stream = stream,
		.remote = remote,
		.heard_us = clock_monotonic_us(),
		.message_max = WS_MESSAGE_MAX,
		.unsent_max = WS_UNSENT_MAX,
		.code = WS_ABNORMAL,
		.is_client = is_client,
	};
	return ws;
}

void ws_set_handshake(struct ws *ws, struct exchange *handshake)
{
	ws->handshake = handshake;
}

void ws_accept(struct ws *ws, const struct ws_events *events, void *owner)
{
	ws->events = events;
	ws->owner = owner;
	ws->is_accepted = true;
	if (ws->handshake)
		ws_upgrade_accepted(ws->handshake);
	ws->handshake = NULL;
}

bool ws_is_accepted(const struct ws *ws)
{
	return ws->is_accepted;
}

void ws_set_limits(struct ws *ws, size_t message_max, size_t unsent_max)
{
	ws->message_max = message_max;
	ws->unsent_max = unsent_max;
}

size_t ws_unsent(const struct ws *ws)
{
	return ws->stream->unsent;
}

str ws_remote(const struct ws *ws)
{
	return str_of(ws->remote);
}

/* Sending. */

struct frame_piece {
	struct piece piece; /* first: a piece is cast to it */
	struct ws_frame *frame;
};

static void release_frame(struct piece *piece)
{
	struct frame_piece *queued = (struct frame_piece *)piece;

	ws_frame_drop(queued->frame);
	heap_free(queued);
}

/* Takes the reference over. */
static void queue(struct ws *ws, struct ws_frame *frame)
{
	struct frame_piece *queued = HEAP_NEW(struct frame_piece);

	queued->frame = frame;
	queued->piece =
		(struct piece){ .data = frame->data, .len = frame->len, .release = release_frame };
	stream_send(ws->stream, &queued->piece);
}

static void send_close(struct ws *ws, int code, str reason)
{
	uint8_t payload[WS_CONTROL_MAX] = { (uint8_t)(code >> 8), (uint8_t)code };
	size_t room = sizeof payload - 2, len = reason.len < room ? reason.len : room;

	if (ws->close_sent)
		return;
	if (len)
		memcpy(payload + 2, reason.ptr, len);
	queue(ws, ws_frame_encode(WSLAY_CONNECTION_CLOSE, ws->is_client,
				  (bytes){ payload, code == WS_NO_CODE ? 0 : len + 2 }));
	ws->close_sent = true;
	ws->closing_us = clock_monotonic_us();
	if (ws->on_closing)
		ws->on_closing(ws->stream);
}

/* RFC 6455 §7.1.7: "Fail the WebSocket Connection". */
static void give_up(struct ws *ws, int code, str reason)
{
	if (ws->is_broken)
		return;
	ws->is_broken = true;
	if (!ws->close_received)
		ws->code = (uint16_t)code;
	send_close(ws, code, reason);
}

/* Octets of memory that wait with it: small frames cost more than what they say. */
static size_t backlog(const struct ws *ws)
{
	return ws->stream->unsent + ws->stream->pieces * sizeof(struct frame_piece);
}

static bool may_send(struct ws *ws, size_t len)
{
	if (ws->close_sent || ws->is_broken || ws->stream->dead)
		return false;
	if (len <= ws->unsent_max && backlog(ws) <= ws->unsent_max - len)
		return true;
	give_up(ws, 1013, S("This connection is read too slowly."));
	return false;
}

static void send_message(struct ws *ws, uint8_t opcode, bytes payload)
{
	if (may_send(ws, payload.len))
		queue(ws, ws_frame_encode(opcode, ws->is_client, payload));
}

void ws_send_text(struct ws *ws, str text)
{
	send_message(ws, WSLAY_TEXT_FRAME, bytes_of(text));
}

void ws_send_binary(struct ws *ws, bytes data)
{
	send_message(ws, WSLAY_BINARY_FRAME, data);
}

void ws_ping(struct ws *ws, bytes payload)
{
	if (payload.len > WS_CONTROL_MAX)
		payload.len = WS_CONTROL_MAX;
	send_message(ws, WSLAY_PING, payload);
}

void ws_send_frame(struct ws *ws, struct ws_frame *frame)
{
	assert(!ws->is_client); /* a shared frame carries no mask */
	if (may_send(ws, frame->len))
		queue(ws, ws_frame_keep(frame));
}

static void queue_rest(struct ws *ws, const struct ws_span *span, size_t skip)
{
	struct frame_piece *queued = HEAP_NEW(struct frame_piece);

	queued->frame = ws_frame_keep(span->frame);
	queued->piece = (struct piece){ .data = span->frame->data + span->from + skip,
		.len = span->len - skip,
		.release = release_frame };
	stream_send(ws->stream, &queued->piece);
}

void ws_send_spans(struct ws *ws, const struct ws_span *spans, size_t count)
{
	struct iovec parts[WS_SPANS_MAX];
	size_t left;

	assert(!ws->is_client && count <= WS_SPANS_MAX);
	for (size_t i = 0; i < count; i++)
		parts[i] = (struct iovec){ spans[i].frame->data + spans[i].from, spans[i].len };
	/* What waits already counts, not these: they may leave at once, and are cut nowhere. */
	if (!may_send(ws, 0))
		return;
	left = stream_write(ws->stream, parts, count);
	for (size_t i = 0; i < count && !ws->stream->dead; i++) {
		if (left < spans[i].len)
			queue_rest(ws, &spans[i], left);
		left -= left < spans[i].len ? left : spans[i].len;
	}
}

void ws_close(struct ws *ws, int code, str reason)
{
	send_close(ws, code, reason);
}

/* Receiving. */

static ssize_t feed_wslay(uint8_t *out, size_t len, int flags, void *arg)
{
	struct reader *r = arg;
	size_t n = r->in.len < len ? r->in.len : len;

	(void)flags;
	if (n == 0)
		return -1; /* wslay then answers WANT_READ */
	memcpy(out, r->in.ptr, n);
	r->in.ptr += n;
	r->in.len -= n;
	r->fed += n;
	return (ssize_t)n;
}

static void reader_destroy(void *arg)
{
	struct reader *r = arg;

	wslay_frame_context_free(r->frames);
	heap_free(r);
}

static struct reader *reader_borrow(struct loop *loop)
{
	static const struct wslay_frame_callbacks callbacks = { NULL, feed_wslay, NULL };
	struct loop_slot *slot = loop_reader_slot(loop);
	struct reader *r = slot->what;

	slot->what = NULL;
	if (r)
		return r;
	r = HEAP_NEW(struct reader);
	if (wslay_frame_context_init(&r->frames, &callbacks, r) != 0)
		abort();
	return r;
}

/* Only at a frame's end: its wslay context is then like new. */
static void reader_return(struct loop *loop, struct reader *r)
{
	struct loop_slot *slot = loop_reader_slot(loop);

	if (slot->what) {
		reader_destroy(r);
		return;
	}
	slot->what = r;
	slot->destroy = reader_destroy;
}

static bool is_control(uint8_t opcode)
{
	return opcode & 8;
}

/* 0, or the close code for what is wrong with a frame's head. */
static int check_frame(const struct ws *ws, const struct wslay_frame_iocb *f)
{
	bool is_known = f->opcode <= WSLAY_BINARY_FRAME ||
			(f->opcode >= WSLAY_CONNECTION_CLOSE && f->opcode <= WSLAY_PONG);

	if (!is_known || f->rsv || !f->mask != ws->is_client)
		return 1002;
	if (is_control(f->opcode))
		return f->fin && f->payload_length <= WS_CONTROL_MAX ? 0 : 1002;
	if ((f->opcode == WSLAY_CONTINUATION_FRAME) != (ws->opcode != 0))
		return 1002;
	return f->payload_length <= ws->message_max - ws->message.len ? 0 : 1009;
}

static void start_frame(struct ws *ws, struct reader *r)
{
	const struct wslay_frame_iocb *f = &r->frame;
	int wrong = check_frame(ws, f);

	r->in_frame = true;
	r->left = f->payload_length;
	r->control_len = 0;
	r->taken += 2u +
	            (f->payload_length > 65535 ? 8u
	             : f->payload_length > 125 ? 2u
	                                       : 0u) +
	            (f->mask ? 4u : 0u);
	if (wrong)
		give_up(ws, wrong,
		        wrong == 1009 ? S("The message is too large.")
		                      : S("The frame is not valid."));
	else if (!is_control(f->opcode) && f->opcode)
		ws->opcode = f->opcode;
}

static void tell_message(struct ws *ws, bytes message)
{
	bool is_text = ws->opcode == WSLAY_TEXT_FRAME;

	ws->opcode = 0;
	if (is_text && !str_is_utf8(str_from(message)))
		give_up(ws, 1007, S("The text is not UTF-8."));
	else if (!ws->close_sent)
		ws->events->on_message(ws, ws->owner, is_text, message);
}

static bool is_close_code(int code)
{
	return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
	       (code >= 3000 && code <= 4999);
}

void ws_set_reason(struct ws *ws, str reason)
{
	if (reason.len == 0)
		return;
	heap_free(ws->reason);
	ws->reason = heap_alloc(reason.len);
	ws->reason_len = reason.len;
	memcpy(ws->reason, reason.ptr, reason.len);
}

static void close_came(struct ws *ws, bytes payload)
{
	int code = payload.len >= 2 ? payload.ptr[0] << 8 | payload.ptr[1] : WS_NO_CODE;
	bytes reason = { payload.ptr + 2, payload.len >= 2 ? payload.len - 2 : 0 };

	if (payload.len == 1 || (payload.len >= 2 && !is_close_code(code))) {
		give_up(ws, 1002, S("The close code is not valid."));
	} else if (reason.len > 0 && !str_is_utf8(str_from(reason))) {
		give_up(ws, 1007, S("The close reason is not UTF-8."));
	} else {
		ws->close_received = true;
		ws->code = (uint16_t)code;
		ws_set_reason(ws, str_from(reason));
		send_close(ws, code, STR_NONE);
	}
}

static void control_came(struct ws *ws, const struct reader *r)
{
	bytes payload = { r->control, r->control_len };

	if (r->frame.opcode == WSLAY_PING)
		send_message(ws, WSLAY_PONG, payload);
	else if (r->frame.opcode == WSLAY_CONNECTION_CLOSE)
		close_came(ws, payload);
}

static void data_came(struct ws *ws, const struct reader *r, bytes data)
{
	bool is_whole = r->left == 0 && r->frame.fin;

	if (is_whole && ws->message.len == 0) {
		tell_message(ws, data);
		return;
	}
	if (ws->message.len == 0)
		ws->message = buf_heap(ws->message_max);
	buf_put(&ws->message, data.ptr, data.len);
	if (is_whole) {
		struct buf message = ws->message;

		ws->message = buf_heap(0);
		tell_message(ws, buf_bytes(&message));
		buf_done(&message);
	}
}

static void take_payload(struct ws *ws, struct reader *r)
{
	bytes data = { r->frame.data, r->frame.data_length };

	r->taken += data.len;
	r->left -= data.len;
	if (is_control(r->frame.opcode)) {
		if (data.len)
			memcpy(r->control + r->control_len, data.ptr, data.len);
		r->control_len += data.len;
	}
	r->in_frame = r->left > 0;
	if (!is_control(r->frame.opcode))
		data_came(ws, r, data);
	else if (!r->in_frame)
		control_came(ws, r);
	if (!r->in_frame && ws->events->on_activity && !ws->is_broken)
		ws->events->on_activity(ws, ws->owner);
}

static bool takes_input(const struct ws *ws)
{
	return !ws->is_broken && !ws->close_received && !ws->stream->dead;
}

/* Takes the next part of a frame; false when more input is needed. */
static bool read_part(struct ws *ws, struct reader *r)
{
	ssize_t n = wslay_frame_recv(r->frames, &r->frame);

	if (n == WSLAY_ERR_WANT_READ)
		return false;
	if (n < 0) {
		give_up(ws, 1002, S("The frame is not valid."));
		return true;
	}
	if (!r->in_frame)
		start_frame(ws, r);
	if (takes_input(ws))
		take_payload(ws, r);
	return true;
}

void ws_input(struct ws *ws, bytes in)
{
	struct reader *r = ws->reader ? ws->reader : reader_borrow(ws->stream->loop);

	ws->heard_us = clock_monotonic_us();
	ws->has_pinged = false;
	ws->reader = r;
	r->in = in;
	while (takes_input(ws) && read_part(ws, r))
		;
	r->in = BYTES_NONE;
	if (r->fed == r->taken && !r->in_frame && !ws->is_broken) {
		ws->reader = NULL;
		reader_return(ws->stream->loop, r);
	}
}

/* The end. */

void ws_ended(struct ws *ws)
{
	stream_kill(ws->stream);
}

void ws_sent(struct ws *ws)
{
	if (ws->close_sent && (ws->close_received || ws->is_broken))
		stream_end_output(ws->stream);
}

void ws_gone(struct ws *ws)
{
	str reason = { ws->reason ? ws->reason : "", ws->reason_len };

	if (ws->is_accepted)
		ws->events->on_close(ws, ws->owner, ws->code, reason);
	if (ws->reader)
		reader_destroy(ws->reader);
	heap_free(ws->reason);
	buf_done(&ws->message);
	heap_free(ws);
}

void ws_set_closing(struct ws *ws, void (*fn)(struct stream *stream))
{
	ws->on_closing = fn;
}

int64_t ws_due_us(const struct ws *ws)
{
	int64_t silence_ms = ws->has_pinged ? HEARD_MAX_MS : WS_PING_INTERVAL_MS,
		due = ws->heard_us + silence_ms * US_PER_MS,
		closed = ws->closing_us + (int64_t)WS_CLOSE_TIMEOUT_MS * US_PER_MS;

	return ws->close_sent && closed < due ? closed : due;
}

void ws_check_time(struct ws *ws, int64_t now_us)
{
	int64_t silent_ms = (now_us - ws->heard_us) / US_PER_MS;

	if (ws->close_sent && now_us - ws->closing_us > (int64_t)WS_CLOSE_TIMEOUT_MS * US_PER_MS) {
		stream_kill(ws->stream);
	} else if (silent_ms > HEARD_MAX_MS) {
		stream_kill(ws->stream);
	} else if (silent_ms > WS_PING_INTERVAL_MS && !ws->has_pinged) {
		ws->has_pinged = true;
		ws_ping(ws, BYTES_NONE);
	}
}
