/*
 * record.c: what is kept of sessions and sender keys.
 *
 * A record is read and written once per message, so it is a flat row of octets, read in place. The
 * present state stands in front; what is archived is carried along unread. Numbers have the highest
 * octet first. The first octet is the version: another one does not read.
 */
#include "wa/signal/signal_internal.h"

#define SESSION_VERSION 2
#define SENDERS_VERSION 2

enum { IS_PENDING = 1, HAS_PREKEY = 2 };

/* ---- reading: empty and failed after the first short read ---- */

struct cut {
	bytes rest;
	bool failed;
};

static bytes take(struct cut *c, size_t size)
{
	bytes part = { c->rest.ptr, size };

	if (size > c->rest.len) {
		c->failed = true;
		return BYTES_NONE;
	}
	c->rest = (bytes){ c->rest.ptr + size, c->rest.len - size };
	return part;
}

static void take_to(struct cut *c, void *out, size_t size)
{
	bytes part = take(c, size);

	if (!c->failed)
		memcpy(out, part.ptr, size);
}

static uint8_t take_octet(struct cut *c)
{
	uint8_t octet = 0;

	take_to(c, &octet, 1);
	return octet;
}

static uint32_t take_u32(struct cut *c)
{
	bytes part = take(c, 4);

	return c->failed ? 0 : signal_u32(part.ptr);
}

static void take_chain(struct cut *c, struct signal_chain *out)
{
	take_to(c, out->key, CHAIN_KEY_SIZE);
	out->index = take_u32(c);
	out->forgotten = take_u32(c);
}

static bytes take_skipped(struct cut *c)
{
	uint32_t count = take_u32(c);

	c->failed |= count > SIGNAL_SKIPPED_MAX;
	return c->failed ? BYTES_NONE : take(c, count * SKIPPED_SIZE);
}

/* ---- writing ---- */

#define STATE_SIZE_MAX 1024 /* of a packed state without skipped keys */

/* Room from the start: growing would leave copies of secrets behind. */
static struct buf room_for(struct arena *arena, size_t size)
{
	return (struct buf){ .ptr = arena_alloc(arena, size),
		.cap = size,
		.max = size,
		.arena = arena };
}

static size_t skipped_size(const struct signal_state *state)
{
	size_t size = 0;

	for (size_t i = 0; i < state->receiver_count; i++)
		size += state->receivers[i].skipped.len;
	return size;
}

static void put_chain(struct buf *out, const struct signal_chain *chain)
{
	buf_put(out, chain->key, CHAIN_KEY_SIZE);
	signal_put_u32(out, chain->index);
	signal_put_u32(out, chain->forgotten);
}

static void put_skipped(struct buf *out, bytes skipped)
{
	signal_put_u32(out, (uint32_t)(skipped.len / SKIPPED_SIZE));
	if (skipped.len)
		buf_put(out, skipped.ptr, skipped.len);
}

/* The newest of the newest chains stay, as far as room goes. */
static void bound(struct signal_state *state, size_t *room)
{
	for (size_t i = 0; i < state->receiver_count; i++) {
		struct signal_receiver *from = &state->receivers[i];
		size_t count = from->skipped.len / SKIPPED_SIZE;

		if (count > *room)
			signal_forget_first(&from->chain, &from->skipped, count - *room);
		*room -= from->skipped.len / SKIPPED_SIZE;
	}
}

/* ---- sessions ---- */

static void put_state(struct buf *out, const struct signal_state *state)
{
	buf_byte(out, (uint8_t)((state->is_pending ? IS_PENDING : 0) |
				(state->has_prekey ? HAS_PREKEY : 0)));
	buf_put(out, state->identity, CURVE_KEY_SIZE);
	buf_put(out, state->base, CURVE_KEY_SIZE);
	buf_put(out, state->root, CHAIN_KEY_SIZE);
	signal_put_u32(out, state->registration_id);
	signal_put_u32(out, state->previous);
	signal_put_u32(out, state->prekey_id);
	signal_put_u32(out, state->signed_prekey_id);
	buf_put(out, state->own.secret, CURVE_KEY_SIZE);
	buf_put(out, state->own.open, CURVE_KEY_SIZE);
	put_chain(out, &state->sending);
	buf_byte(out, (uint8_t)state->receiver_count);
	for (size_t i = 0; i < state->receiver_count; i++) {
		buf_put(out, state->receivers[i].ratchet, CURVE_KEY_SIZE);
		put_chain(out, &state->receivers[i].chain);
		put_skipped(out, state->receivers[i].skipped);
	}
}

static void take_receivers(struct cut *c, struct signal_state *out)
{
	out->receiver_count = take_octet(c);
	c->failed |= out->receiver_count > SIGNAL_CHAINS_MAX;
	for (size_t i = 0; !c->failed && i < out->receiver_count; i++) {
		take_to(c, out->receivers[i].ratchet, CURVE_KEY_SIZE);
		take_chain(c, &out->receivers[i].chain);
		out->receivers[i].skipped = take_skipped(c);
	}
}

static bool take_state(struct cut *c, struct signal_state *out)
{
	uint8_t flags = take_octet(c);

	*out = (struct signal_state){ .is_pending = flags & IS_PENDING,
		.has_prekey = flags & HAS_PREKEY };
	take_to(c, out->identity, CURVE_KEY_SIZE);
	take_to(c, out->base, CURVE_KEY_SIZE);
	take_to(c, out->root, CHAIN_KEY_SIZE);
	out->registration_id = take_u32(c);
	out->previous = take_u32(c);
	out->prekey_id = take_u32(c);
	out->signed_prekey_id = take_u32(c);
	take_to(c, out->own.secret, CURVE_KEY_SIZE);
	take_to(c, out->own.open, CURVE_KEY_SIZE);
	take_chain(c, &out->sending);
	take_receivers(c, out);
	return !c->failed;
}

bool signal_record_unpack(bytes record, struct signal_record *out)
{
	struct cut c = { .rest = record };

	if (take_octet(&c) != SESSION_VERSION || !take_state(&c, &out->now))
		return false;
	out->archived_count = take_octet(&c);
	out->archived = c.rest;
	return !c.failed && out->archived_count <= SIGNAL_ARCHIVED_MAX;
}

bytes signal_record_pack(struct arena *arena, struct signal_record *record)
{
	size_t room = SIGNAL_SKIPPED_MAX;
	struct buf out = room_for(arena,
		2 + STATE_SIZE_MAX + skipped_size(&record->now) + record->archived.len);

	bound(&record->now, &room);
	buf_byte(&out, SESSION_VERSION);
	put_state(&out, &record->now);
	buf_byte(&out, (uint8_t)record->archived_count);
	if (record->archived.len)
		buf_put(&out, record->archived.ptr, record->archived.len);
	return buf_bytes(&out);
}

/* ---- the archive ---- */

bool signal_archive_get(const struct signal_record *record, size_t at, struct signal_state *out)
{
	struct cut c = { .rest = record->archived }, state = { 0 };

	for (size_t i = 0; i <= at; i++)
		state.rest = take(&c, take_u32(&c));
	return !c.failed && take_state(&state, out);
}

static void archive_put(struct buf *out, const struct signal_state *state)
{
	size_t start = out->len;
	uint32_t size;

	signal_put_u32(out, 0);
	put_state(out, state);
	size = (uint32_t)(out->len - start - 4);
	for (size_t i = 0; i < 4; i++)
		out->ptr[start + i] = (uint8_t)(size >> (24 - 8 * i));
}

/* Skipped keys are bounded over the whole archive, too: the oldest states lose theirs. */
static void archive_keep(struct buf *out, struct signal_state *state, size_t *room)
{
	bound(state, room);
	archive_put(out, state);
}

void signal_archive_now(struct arena *arena, struct signal_record *record, size_t gone)
{
	struct buf out = room_for(arena,
		record->archived.len + 4 + STATE_SIZE_MAX + skipped_size(&record->now));
	size_t kept = 1, room = SIGNAL_SKIPPED_MAX;
	struct signal_state state = record->now;

	archive_keep(&out, &state, &room);
	for (size_t i = 0; i < record->archived_count && kept < SIGNAL_ARCHIVED_MAX; i++) {
		if (i == gone || !signal_archive_get(record, i, &state))
			continue;
		archive_keep(&out, &state, &room);
		kept++;
	}
	crypto_wipe(&state, sizeof state);
	record->archived_count = kept;
	record->archived = buf_bytes(&out);
}

/* ---- sender keys ---- */

static bool is_single(bytes skipped, size_t at)
{
	uint32_t index = signal_u32(skipped.ptr + at);

	return (at == 0 || signal_u32(skipped.ptr + at - SKIPPED_SIZE) + 1 != index) &&
	       (at + SKIPPED_SIZE == skipped.len ||
		       signal_u32(skipped.ptr + at + SKIPPED_SIZE) != index + 1);
}

/* Senders that use every other number would fill a record with keys that nobody asks for: those
 * that were passed over one by one go when they are old. */
static void forget_singles(struct arena *arena, struct signal_sender *sender)
{
	bytes all = sender->skipped;
	struct buf kept = room_for(arena, all.len + 1);

	for (size_t at = 0; at < all.len; at += SKIPPED_SIZE) {
		uint32_t index = signal_u32(all.ptr + at);

		if (is_single(all, at) && sender->chain.index - index > SIGNAL_GROUP_SINGLE_MAX)
			sender->chain.forgotten = index + 1 > sender->chain.forgotten
							  ? index + 1
							  : sender->chain.forgotten;
		else
			buf_put(&kept, all.ptr + at, SKIPPED_SIZE);
	}
	sender->skipped = buf_bytes(&kept);
}

static void put_sender(struct buf *out, const struct signal_sender *sender)
{
	buf_byte(out, sender->is_own);
	signal_put_u32(out, sender->id);
	put_chain(out, &sender->chain);
	buf_put(out, sender->signing.open, CURVE_KEY_SIZE);
	if (sender->is_own)
		buf_put(out, sender->signing.secret, CURVE_KEY_SIZE);
	put_skipped(out, sender->skipped);
}

/* Clamped, as curve_pair_of() left it: with another one there is no signing. */
static bool is_secret(const uint8_t key[CURVE_KEY_SIZE])
{
	return (key[0] & 7) == 0 && (key[31] & 0xC0) == 0x40;
}

static void take_sender(struct cut *c, struct signal_sender *out)
{
	*out = (struct signal_sender){ .is_own = take_octet(c) != 0 };
	out->id = take_u32(c);
	take_chain(c, &out->chain);
	take_to(c, out->signing.open, CURVE_KEY_SIZE);
	if (out->is_own)
		take_to(c, out->signing.secret, CURVE_KEY_SIZE);
	c->failed |= out->is_own && !is_secret(out->signing.secret);
	out->skipped = take_skipped(c);
}

bool signal_senders_unpack(bytes record, struct signal_senders *out)
{
	struct cut c = { .rest = record };

	if (take_octet(&c) != SENDERS_VERSION)
		return false;
	out->count = take_octet(&c);
	if (out->count > SIGNAL_GROUP_STATES_MAX)
		return false;
	for (size_t i = 0; i < out->count; i++)
		take_sender(&c, &out->list[i]);
	return !c.failed && c.rest.len == 0;
}

bytes signal_senders_pack(struct arena *arena, struct signal_senders *senders)
{
	size_t size = 2;
	struct buf out;

	for (size_t i = 0; i < senders->count; i++) {
		if (senders->list[i].skipped.len > SIGNAL_GROUP_SINGLE_MAX * SKIPPED_SIZE)
			forget_singles(arena, &senders->list[i]);
		size += STATE_SIZE_MAX + senders->list[i].skipped.len;
	}
	out = room_for(arena, size);
	buf_byte(&out, SENDERS_VERSION);
	buf_byte(&out, (uint8_t)senders->count);
	for (size_t i = 0; i < senders->count; i++)
		put_sender(&out, &senders->list[i]);
	return buf_bytes(&out);
}
