/*
 * history.c: see history.h. Octets are inflated into a window; step() takes one field off its
 * front. A chat is a field that is walked into instead of being held: its messages are told one by
 * one, its other fields are gathered, and it is told when it ends.
 */
#include "wa/history/history.h"

#include "wa/proto/proto.h"

#include <zlib.h>

#define INFLATE_STEP (64u << 10)
#define WINDOW_MAX (WA_HISTORY_ITEM_MAX + 2 * INFLATE_STEP)
#define TAG_CHAT 2
#define TAG_STATUS 3
#define TAG_PUSH_NAME 7
#define TAG_MAPPING 15
#define TAG_CONTACT 20
#define TAG_CHAT_ID 1
#define TAG_MESSAGE 2
#define ID_MAX 256

struct wa_history_reader {
	struct wa_history_handler handler;
	z_stream zip;
	bool is_zip_open, is_done;
	enum err failed;
	struct buf window;              /* inflated octets; heap */
	size_t at;                      /* so many of them are taken */
	struct buf head, rest;          /* fields gathered of the chat, of the file; heap */
	struct arena *arena;            /* of one item */
	bool in_chat;
	uint64_t chat_left, skip_left;  /* octets of the chat that are to come; to pass over */
	char id[ID_MAX];
	size_t id_len, chat_messages, held;
	struct wa_history_totals totals;
};

struct wa_history_reader *wa_history_create(const struct wa_history_handler *handler)
{
	struct wa_history_reader *r = HEAP_NEW(struct wa_history_reader);

	r->handler = *handler;
	r->window = buf_heap(WINDOW_MAX);
	r->head = buf_heap(WA_HISTORY_HEAD_MAX);
	r->rest = buf_heap(WA_HISTORY_HEAD_MAX);
	r->arena = arena_create(2 * (size_t)PROTO_MEMORY_MAX);
	/* 32: zlib or gzip, whichever it is */
	r->is_zip_open = inflateInit2(&r->zip, MAX_WBITS + 32) == Z_OK;
	r->failed = r->is_zip_open ? OK : ERR_BUG;
	return r;
}

void wa_history_destroy(struct wa_history_reader *r)
{
	if (!r)
		return;
	if (r->is_zip_open)
		inflateEnd(&r->zip);
	buf_done(&r->window);
	buf_done(&r->head);
	buf_done(&r->rest);
	arena_destroy(r->arena);
	heap_free(r);
}

size_t wa_history_held(const struct wa_history_reader *r)
{
	return r->held;
}

/* Inflated and not yet taken. */
static bytes front(const struct wa_history_reader *r)
{
	return (bytes){ r->window.ptr + r->at, r->window.len - r->at };
}

/* ---- fields ---- */

/* The head of a field: number, how it is written, octets of the head, and of what follows. */
struct field { uint64_t number; unsigned type; size_t head; uint64_t size; };

/* Octets of a varint at the front of in, or 0: it does not end there. */
static size_t varint(bytes in, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < in.len && i < 10; i++) {
		*out |= i < 9 || in.ptr[i] < 2 ? (uint64_t)(in.ptr[i] & 0x7f) << (7 * i) : 0;
		if (in.ptr[i] < 0x80)
			return i + 1;
	}
	return 0;
}

enum found { FOUND, CUT, BROKEN };

static enum found field_find(bytes in, struct field *out)
{
	uint64_t tag, value;
	size_t n = varint(in, &tag), m = 0;

	if (n == 0)
		return in.len >= 10 ? BROKEN : CUT;
	out->number = tag >> 3;
	out->type = tag & 7;
	if (out->number == 0 || out->type == 3 || out->type == 4 || out->type > 5)
		return BROKEN;
	if (out->type == 0 || out->type == 2) {
		bytes rest = { in.ptr + n, in.len - n };

		m = varint(rest, &value);
		if (m == 0)
			return rest.len >= 10 ? BROKEN : CUT;
	}
	out->head = out->type == 2 ? n + m : n;
	out->size = out->type == 2 ? value : out->type == 1 ? 8 : out->type == 5 ? 4 : m;
	return FOUND;
}

static bytes field_body(const struct wa_history_reader *r, const struct field *f)
{
	return (bytes){ front(r).ptr + f->head, (size_t)f->size };
}

static void gather(struct wa_history_reader *r, struct buf *to, const struct field *f)
{
	size_t all = f->head + (size_t)f->size;

	if (to->max - to->len < all)
		r->totals.passed_over++;
	else
		buf_put(to, front(r).ptr, all);
}

/* ---- what is told ---- */

static str chat_of(const struct wa_history_reader *r, const Wa__WebMessageInfo *message)
{
	return r->id_len ? (str){ r->id, r->id_len }
		: message->key   ? str_of(message->key->remote_jid)
				 : STR_NONE;
}

static enum err tell_message(struct wa_history_reader *r, bytes body)
{
	const Wa__HistorySyncMsg *one = PROTO_UNPACK(r->arena, Wa__HistorySyncMsg,
		wa__history_sync_msg, body);

	r->chat_messages++;
	if (!one || !one->message) {
		r->totals.passed_over++;
		return OK;
	}
	r->totals.messages++;
	return r->handler.message
		? r->handler.message(r->handler.arg, chat_of(r, one->message), one->message)
		: OK;
}

static enum err tell_push_name(struct wa_history_reader *r, bytes body)
{
	const Wa__Pushname *name = PROTO_UNPACK(r->arena, Wa__Pushname, wa__pushname, body);

	/* "-" is how the phone writes that it knows none. */
	if (!name || !name->id || !name->pushname || str_is(str_of(name->pushname), S("-")))
		return OK;
	r->totals.names++;
	return r->handler.push_name
		? r->handler.push_name(r->handler.arg, str_of(name->id), str_of(name->pushname))
		: OK;
}

static enum err tell_mapping(struct wa_history_reader *r, bytes body)
{
	const Wa__PhoneNumberToLIDMapping *pair = PROTO_UNPACK(r->arena,
		Wa__PhoneNumberToLIDMapping, wa__phone_number_to_lidmapping, body);

	if (!pair || !pair->pn_jid || !pair->lid_jid)
		return OK;
	r->totals.mappings++;
	return r->handler.mapping
		? r->handler.mapping(r->handler.arg, str_of(pair->pn_jid), str_of(pair->lid_jid))
		: OK;
}

static enum err tell_contact(struct wa_history_reader *r, bytes body)
{
	const Wa__InlineContact *contact = PROTO_UNPACK(r->arena, Wa__InlineContact,
		wa__inline_contact, body);

	return contact && r->handler.contact ? r->handler.contact(r->handler.arg, contact) : OK;
}

static enum err tell_chat(struct wa_history_reader *r)
{
	const Wa__Conversation *chat = PROTO_UNPACK(r->arena, Wa__Conversation, wa__conversation,
		buf_bytes(&r->head));
	enum err e = OK;

	r->in_chat = false;
	if (!chat || !chat->id) {
		r->totals.passed_over++;
	} else {
		r->totals.chats++;
		if (r->handler.chat)
			e = r->handler.chat(r->handler.arg, chat, r->chat_messages);
	}
	arena_reset(r->arena);
	return e;
}

/* ---- the walk ---- */

static void chat_enter(struct wa_history_reader *r, const struct field *f)
{
	r->in_chat = true;
	r->chat_left = f->size;
	r->chat_messages = r->id_len = 0;
	buf_clear(&r->head);
	r->at += f->head;
}

static enum err chat_field(struct wa_history_reader *r, const struct field *f)
{
	if (f->number == TAG_MESSAGE && f->type == 2)
		return tell_message(r, field_body(r, f));
	if (f->number == TAG_CHAT_ID && f->type == 2 && f->size <= ID_MAX) {
		memcpy(r->id, front(r).ptr + f->head, (size_t)f->size);
		r->id_len = (size_t)f->size;
	}
	gather(r, &r->head, f);
	return OK;
}

static enum err file_field(struct wa_history_reader *r, const struct field *f)
{
	if (f->type == 2 && f->number == TAG_PUSH_NAME)
		return tell_push_name(r, field_body(r, f));
	if (f->type == 2 && f->number == TAG_MAPPING)
		return tell_mapping(r, field_body(r, f));
	if (f->type == 2 && f->number == TAG_CONTACT)
		return tell_contact(r, field_body(r, f));
	/* Status posts of others are nothing that an inbox shows. */
	if (f->number != TAG_STATUS)
		gather(r, &r->rest, f);
	return OK;
}

/* Takes one field that is whole. */
static enum err field_take(struct wa_history_reader *r, const struct field *f)
{
	size_t all = f->head + (size_t)f->size;
	enum err e = r->in_chat ? chat_field(r, f) : file_field(r, f);

	arena_reset(r->arena);
	r->at += all;
	if (r->in_chat)
		r->chat_left -= all;
	return e;
}

static void pass_over(struct wa_history_reader *r, const struct field *f)
{
	r->at += f->head;
	r->skip_left = f->size;
	if (r->in_chat)
		r->chat_left -= f->head + f->size;
	r->totals.passed_over++;
}

static void skip(struct wa_history_reader *r)
{
	bytes in = front(r);
	size_t n = in.len < r->skip_left ? in.len : (size_t)r->skip_left;

	r->at += n;
	r->skip_left -= n;
}

/* false in *went: more octets are needed. */
static enum err step(struct wa_history_reader *r, bool *went)
{
	bytes in = front(r);
	struct field f;

	*went = true;
	if (r->skip_left) {
		*went = in.len > 0;
		skip(r);
		return OK;
	}
	if (r->in_chat && r->chat_left == 0)
		return tell_chat(r);
	if (r->in_chat && in.len > r->chat_left)
		in.len = (size_t)r->chat_left;
	*went = in.len > 0;
	if (in.len == 0)
		return OK;
	switch (field_find(in, &f)) {
	case BROKEN:
		return ERR_CORRUPT;
	case CUT:
		*went = false;
		return r->in_chat && in.len == r->chat_left ? ERR_CORRUPT : OK;
	case FOUND:
		break;
	}
	if (r->in_chat && (f.size > r->chat_left || f.head + f.size > r->chat_left))
		return ERR_CORRUPT;
	if (!r->in_chat && f.number == TAG_CHAT && f.type == 2) {
		chat_enter(r, &f);
		return OK;
	}
	if (f.size > WA_HISTORY_ITEM_MAX) {
		pass_over(r, &f);
		return OK;
	}
	*went = in.len >= f.head + f.size;
	return *went ? field_take(r, &f) : OK;
}

static enum err walk(struct wa_history_reader *r)
{
	bool went = true;

	if (r->window.len > r->held)
		r->held = r->window.len;
	while (went)
		TRY(step(r, &went));
	return OK;
}

/* ---- inflating ---- */

static enum err inflate_some(struct wa_history_reader *r)
{
	uint8_t *to;
	int result;

	buf_eat(&r->window, r->at);
	r->at = 0;
	to = buf_space(&r->window, INFLATE_STEP);
	if (!to)
		return ERR_BUG;
	r->zip.next_out = to;
	r->zip.avail_out = INFLATE_STEP;
	result = inflate(&r->zip, Z_NO_FLUSH);
	r->window.len -= r->zip.avail_out;
	r->totals.inflated += INFLATE_STEP - r->zip.avail_out;
	r->is_done = result == Z_STREAM_END;
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return ERR_CORRUPT;
	return r->totals.inflated > WA_HISTORY_INFLATED_MAX ? ERR_LIMIT : walk(r);
}

static enum err feed(struct wa_history_reader *r, bytes piece)
{
	r->zip.next_in = (uint8_t *)piece.ptr;
	r->zip.avail_in = (unsigned)piece.len;
	do {
		TRY(inflate_some(r));
	} while (!r->is_done && (r->zip.avail_in > 0 || r->zip.avail_out == 0));
	/* Octets behind the end are no part of it. */
	return OK;
}

enum err wa_history_feed(struct wa_history_reader *r, bytes piece)
{
	while (r->failed == OK && !r->is_done && piece.len > 0) {
		size_t n = piece.len < INFLATE_STEP ? piece.len : INFLATE_STEP;

		r->failed = feed(r, (bytes){ piece.ptr, n });
		piece = (bytes){ piece.ptr + n, piece.len - n };
	}
	return r->failed;
}

static enum err finish(struct wa_history_reader *r)
{
	const Wa__HistorySync *rest;

	TRY(r->failed);
	if (!r->is_done || r->in_chat || r->skip_left || front(r).len)
		return ERR_CORRUPT;
	rest = PROTO_UNPACK(r->arena, Wa__HistorySync, wa__history_sync, buf_bytes(&r->rest));
	if (!rest)
		return ERR_CORRUPT;
	return r->handler.rest ? r->handler.rest(r->handler.arg, rest) : OK;
}

enum err wa_history_finish(struct wa_history_reader *r, struct wa_history_totals *totals)
{
	enum err e = finish(r);

	if (totals)
		*totals = r->totals;
	wa_history_destroy(r);
	return e;
}

bytes wa_history_write(struct arena *arena, const Wa__HistorySync *history)
{
	bytes plain = proto_bytes(arena, history);
	uLongf size = compressBound(plain.len);
	uint8_t *out = arena_alloc(arena, size);

	return compress(out, &size, plain.ptr, plain.len) == Z_OK ? (bytes){ out, size }
								 : BYTES_NONE;
}
