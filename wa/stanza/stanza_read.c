/*
 * stanza_read.c: octets to nodes; see stanza.h.
 *
 * Every length is compared with what is left before anything is made of it, and every promised node
 * or attribute counts against STANZA_PARTS_MAX when it is promised, so a small frame cannot ask for
 * much memory.
 */
#include "wa/stanza/stanza_internal.h"

#include <zlib.h>

struct reader {
	struct arena *arena;
	bytes data;
	size_t at, parts;
	unsigned depth;
	const char *why;
};

static enum err bad(struct reader *r, const char *why)
{
	r->why = why;
	return ERR_INPUT;
}

static size_t left(const struct reader *r)
{
	return r->data.len - r->at;
}

/* A number of `size` octets, the highest first. */
static enum err take_number(struct reader *r, size_t size, size_t *out)
{
	if (left(r) < size)
		return bad(r, "it ends within a number");
	*out = 0;
	for (size_t i = 0; i < size; i++)
		*out = *out << 8 | r->data.ptr[r->at++];
	return OK;
}

static enum err take_octets(struct reader *r, size_t size, bytes *out)
{
	if (left(r) < size)
		return bad(r, "a length runs past the end");
	*out = (bytes){ r->data.ptr + r->at, size };
	r->at += size;
	return OK;
}

static enum err take_list_size(struct reader *r, size_t tag, size_t *out)
{
	if (tag == TAG_LIST_EMPTY) {
		*out = 0;
		return OK;
	}
	if (tag != TAG_LIST_8 && tag != TAG_LIST_16)
		return bad(r, "a list was to begin here");
	return take_number(r, tag == TAG_LIST_8 ? 1 : 2, out);
}

/* Counts what a list promises, before memory is made for it. */
static enum err promise(struct reader *r, size_t count, size_t size_min)
{
	r->parts += count;
	if (count > left(r) / size_min)
		return bad(r, "a list is longer than the frame");
	return r->parts <= STANZA_PARTS_MAX ? OK : bad(r, "it has too many parts");
}

/* ---- texts ---- */

static enum err take_raw(struct reader *r, size_t tag, bytes *out)
{
	size_t size;

	if (tag == TAG_BINARY_8) {
		TRY(take_number(r, 1, &size));
	} else if (tag == TAG_BINARY_20) {
		TRY(take_number(r, 3, &size));
		size &= 0xFFFFF;
	} else {
		TRY(take_number(r, 4, &size));
	}
	return take_octets(r, size, out);
}

static enum err take_packed(struct reader *r, size_t tag, str *out)
{
	const char *digits = tag == TAG_NIBBLE_8 ? "0123456789-." : "0123456789ABCDEF";
	size_t head, kinds = tag == TAG_NIBBLE_8 ? 12 : 16, count;
	bytes packed;
	char *text;

	TRY(take_number(r, 1, &head));
	TRY(take_octets(r, head & 0x7F, &packed));
	if (head == 0x80)
		return bad(r, "a packed text has half a character too few");
	count = 2 * packed.len - (head >> 7);
	text = arena_alloc(r->arena, count + 1);
	for (size_t i = 0; i < count; i++) {
		unsigned half = packed.ptr[i / 2] >> (i % 2 ? 0 : 4) & 0xF;

		if (half >= kinds)
			return bad(r, "a packed text has an unknown character");
		text[i] = digits[half];
	}
	*out = (str){ text, count };
	return OK;
}

static enum err take_word(struct reader *r, size_t tag, str *out)
{
	size_t number = tag, index;

	if (tag >= TAG_DICTIONARY_0) {
		TRY(take_number(r, 1, &index));
		number = 256 * (tag - TAG_DICTIONARY_0 + 1) + index;
	}
	*out = stanza_words[number];
	return out->ptr ? OK : bad(r, "a word is not in the dictionary");
}

static bool is_raw(size_t tag)
{
	return tag >= TAG_BINARY_8 && tag <= TAG_BINARY_32;
}

/* LIST_EMPTY is an empty text. */
static enum err take_text(struct reader *r, size_t tag, str *out)
{
	bytes raw;

	if (tag == TAG_LIST_EMPTY) {
		*out = S("");
		return OK;
	}
	if (is_raw(tag)) {
		TRY(take_raw(r, tag, &raw));
		*out = str_from(raw);
		return str_is_utf8(*out) ? OK : bad(r, "a text is not UTF-8");
	}
	if (tag == TAG_HEX_8 || tag == TAG_NIBBLE_8)
		return take_packed(r, tag, out);
	if (tag <= TAG_DICTIONARY_3)
		return take_word(r, tag, out);
	return bad(r, "a text was to begin here");
}

static enum err next_text(struct reader *r, str *out)
{
	size_t tag;

	TRY(take_number(r, 1, &tag));
	return take_text(r, tag, out);
}

/* ---- jids ---- */

static enum err take_pair(struct reader *r, struct jid *out)
{
	TRY(next_text(r, &out->user));
	TRY(next_text(r, &out->server));
	return out->server.len ? OK : bad(r, "a jid has no server");
}

static enum err take_ad(struct reader *r, struct jid *out)
{
	size_t domain, device;

	TRY(take_number(r, 1, &domain));
	TRY(take_number(r, 1, &device));
	TRY(next_text(r, &out->user));
	out->device = (uint16_t)device;
	switch (domain) {
	case DOMAIN_PN:
		out->server = JID_SERVER_PN;
		break;
	case DOMAIN_LID:
		out->server = JID_SERVER_LID;
		break;
	case DOMAIN_HOSTED:
		out->server = JID_SERVER_HOSTED;
		break;
	case DOMAIN_HOSTED_LID:
		out->server = JID_SERVER_HOSTED_LID;
		break;
	default:
		out->server = JID_SERVER_PN;
		out->agent = (uint8_t)domain;
	}
	return OK;
}

/* The two that are followed by their server, which must be the one they stand for. */
static enum err take_foreign(struct reader *r, bool is_interop, struct jid *out)
{
	size_t device, integrator = 0;

	TRY(next_text(r, &out->user));
	TRY(take_number(r, 2, &device));
	if (is_interop)
		TRY(take_number(r, 2, &integrator));
	TRY(next_text(r, &out->server));
	out->device = (uint16_t)device;
	out->integrator = (uint16_t)integrator;
	return str_is(out->server, is_interop ? JID_SERVER_INTEROP : JID_SERVER_MSGR)
		       ? OK
		       : bad(r, "a jid is of another server than its form says");
}

static bool is_jid(size_t tag)
{
	return tag == TAG_JID_PAIR || (tag >= TAG_INTEROP_JID && tag <= TAG_AD_JID);
}

static enum err take_jid(struct reader *r, size_t tag, struct jid *out)
{
	*out = (struct jid){ .user = S("") };
	if (tag == TAG_JID_PAIR)
		return take_pair(r, out);
	if (tag == TAG_AD_JID)
		return take_ad(r, out);
	return take_foreign(r, tag == TAG_INTEROP_JID, out);
}

/* ---- nodes ---- */

static enum err take_node(struct reader *r, struct node *out);

static enum err take_attr(struct reader *r, struct attr *out)
{
	size_t tag;

	TRY(next_text(r, &out->key));
	if (!out->key.len)
		return bad(r, "an attribute has no name");
	TRY(take_number(r, 1, &tag));
	out->is_jid = is_jid(tag);
	return out->is_jid ? take_jid(r, tag, &out->jid) : take_text(r, tag, &out->text);
}

static enum err take_nodes(struct reader *r, size_t tag, struct node *out)
{
	struct node *nodes;
	size_t count;

	TRY(take_list_size(r, tag, &count));
	TRY(promise(r, count, 3));
	out->holds = count ? HOLDS_NODES : HOLDS_NOTHING;
	nodes = ARENA_ARRAY(r->arena, struct node, count);
	for (size_t i = 0; i < count; i++) {
		TRY(take_node(r, &nodes[i]));
		node_adopt(out, &nodes[i]);
	}
	return OK;
}

static enum err take_inside(struct reader *r, struct node *out)
{
	size_t tag;

	TRY(take_number(r, 1, &tag));
	if (tag == TAG_LIST_EMPTY || tag == TAG_LIST_8 || tag == TAG_LIST_16)
		return take_nodes(r, tag, out);
	if (is_raw(tag)) {
		out->holds = HOLDS_BYTES;
		return take_raw(r, tag, &out->data);
	}
	if (is_jid(tag)) {
		out->holds = HOLDS_JID;
		return take_jid(r, tag, &out->jid);
	}
	out->holds = HOLDS_TEXT;
	{
		str text;

		TRY(take_text(r, tag, &text));
		out->data = bytes_of(text);
	}
	return OK;
}

static enum err take_node(struct reader *r, struct node *out)
{
	size_t tag, size;

	*out = (struct node){ 0 };
	if (++r->depth > STANZA_DEPTH_MAX)
		return bad(r, "it is nested too deep");
	TRY(take_number(r, 1, &tag));
	TRY(take_list_size(r, tag, &size));
	if (size == 0)
		return bad(r, "a node is empty");
	TRY(next_text(r, &out->tag));
	if (!out->tag.len)
		return bad(r, "a node has no tag");
	out->attr_count = (size - 1) / 2;
	TRY(promise(r, out->attr_count, 2));
	out->attrs = ARENA_ARRAY(r->arena, struct attr, out->attr_count);
	for (size_t i = 0; i < out->attr_count; i++)
		TRY(take_attr(r, &out->attrs[i]));
	if (size % 2 == 0)
		TRY(take_inside(r, out));
	r->depth--;
	return OK;
}

/* ---- the frame ---- */

static enum err inflate_all(struct reader *r, bytes packed)
{
	struct buf out = buf_in(r->arena, STANZA_INFLATED_MAX);
	z_stream z = { .next_in = (uint8_t *)packed.ptr, .avail_in = (unsigned)packed.len };
	uint8_t piece[16384];
	int result;

	if (inflateInit(&z) != Z_OK)
		return bad(r, "there is no memory to inflate it");
	do {
		z.next_out = piece;
		z.avail_out = sizeof piece;
		result = inflate(&z, Z_NO_FLUSH);
		buf_put(&out, piece, sizeof piece - z.avail_out);
	} while (result == Z_OK && !out.failed);
	inflateEnd(&z);
	if (out.failed)
		return bad(r, "it inflates to too much");
	if (result != Z_STREAM_END || z.avail_in)
		return bad(r, "it is not a whole zlib stream");
	r->data = buf_bytes(&out);
	return OK;
}

static enum err read_frame(struct reader *r, bytes frame, struct node *out)
{
	if (!frame.len)
		return bad(r, "it is empty");
	r->data = (bytes){ frame.ptr + 1, frame.len - 1 };
	if (frame.ptr[0] & FLAG_COMPRESSED)
		TRY(inflate_all(r, r->data));
	TRY(take_node(r, out));
	return left(r) ? bad(r, "octets are left behind the node") : OK;
}

enum err stanza_read(struct arena *arena, bytes frame, struct node *out, const char **why)
{
	struct reader r = { .arena = arena, .why = "" };
	enum err e = read_frame(&r, frame, out);

	*why = r.why;
	return e;
}
