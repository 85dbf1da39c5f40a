/*
 * ratchet.c: one state of a session (signal_internal.h).
 *
 * Two devices agree on a root (X3DH); each new key of the other side turns the root once for what
 * it sends, and once for what we will (double ratchet). Of a chain, each message takes one seed.
 * Operations on the curve cost far more than all the rest: a message of a known chain needs none, a
 * step two agreements and one new pair, and a message whose MAC is wrong one agreement at most.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §3.3, §3.4.
 */
#include "wa/signal/signal_internal.h"

#include "wa/proto/proto.h"
#include "wa_signal.pb-c.h"

#define AGREEMENTS_MAX 4

/* ---- chains ---- */

void signal_chain_step(struct signal_chain *chain, uint8_t seed[CHAIN_KEY_SIZE])
{
	static const uint8_t for_message[] = { 1 }, for_chain[] = { 2 };
	uint8_t next[CHAIN_KEY_SIZE];
	bytes key = { chain->key, CHAIN_KEY_SIZE };

	hmac_sha256(key, (bytes){ for_message, 1 }, seed);
	hmac_sha256(key, (bytes){ for_chain, 1 }, next);
	memcpy(chain->key, next, sizeof next);
	chain->index++;
	crypto_wipe(next, sizeof next);
}

/* Takes one out. */
static enum signal_outcome late_seed(struct arena *arena, struct signal_place from, uint32_t index,
	uint8_t seed[CHAIN_KEY_SIZE])
{
	bytes *skipped = from.skipped;

	for (size_t at = 0; at < skipped->len; at += SKIPPED_SIZE) {
		uint8_t *rest;

		if (signal_u32(skipped->ptr + at) != index)
			continue;
		memcpy(seed, skipped->ptr + at + 4, CHAIN_KEY_SIZE);
		rest = arena_alloc(arena, skipped->len);
		memcpy(rest, skipped->ptr, at);
		memcpy(rest + at, skipped->ptr + at + SKIPPED_SIZE,
			skipped->len - at - SKIPPED_SIZE);
		*skipped = (bytes){ rest, skipped->len - SKIPPED_SIZE };
		return SIGNAL_DONE;
	}
	return index < from.chain->forgotten ? SIGNAL_FORGOTTEN : SIGNAL_DUPLICATE;
}

void signal_forget_first(struct signal_chain *chain, bytes *skipped, size_t count)
{
	const uint8_t *last;

	if (!count)
		return;
	last = skipped->ptr + (count - 1) * SKIPPED_SIZE;
	if (signal_u32(last) >= chain->forgotten)
		chain->forgotten = signal_u32(last) + 1;
	*skipped = (bytes){ last + SKIPPED_SIZE, skipped->len - count * SKIPPED_SIZE };
}

/* Those of a chain alone are bounded here; those of a whole state when it is packed. */
static bytes with_room(struct arena *arena, struct signal_place at, size_t more, uint8_t **end)
{
	bytes skipped = *at.skipped;
	size_t have = skipped.len / SKIPPED_SIZE,
	       gone = have + more > SIGNAL_SKIPPED_MAX ? have + more - SIGNAL_SKIPPED_MAX : 0,
	       kept = (have - gone) * SKIPPED_SIZE;
	uint8_t *out = arena_alloc(arena, kept + more * SKIPPED_SIZE);

	signal_forget_first(at.chain, &skipped, gone);
	if (kept)
		memcpy(out, skipped.ptr, kept);
	*end = out + kept;
	return (bytes){ out, kept + more * SKIPPED_SIZE };
}

enum signal_outcome signal_seed_at(struct arena *arena, struct signal_place at, uint32_t index,
	uint8_t seed[CHAIN_KEY_SIZE])
{
	struct signal_chain *chain = at.chain;
	uint8_t *to;

	if (index < chain->index)
		return late_seed(arena, at, index, seed);
	if (index - chain->index > SIGNAL_AHEAD_MAX)
		return SIGNAL_FUTURE;
	if (index > chain->index)
		*at.skipped = with_room(arena, at, index - chain->index, &to);
	while (chain->index < index) {
		for (size_t i = 0; i < 4; i++)
			to[i] = (uint8_t)(chain->index >> (24 - 8 * i));
		signal_chain_step(chain, to + 4);
		to += SKIPPED_SIZE;
	}
	signal_chain_step(chain, seed);
	return SIGNAL_DONE;
}

/* ---- keys of one message ---- */

struct message_keys {
	uint8_t cipher[AES_KEY_SIZE], mac[SHA256_SIZE], iv[CBC_IV_SIZE];
};

static void message_keys(const uint8_t seed[CHAIN_KEY_SIZE], struct message_keys *out)
{
	static_assert(sizeof *out == 80, "the keys are one row of octets");
	hkdf_sha256_to((bytes){ seed, CHAIN_KEY_SIZE }, BYTES_NONE, S("WhisperMessageKeys"),
		(uint8_t *)out, sizeof *out);
}

struct ends {
	const uint8_t *sender, *receiver;
};

/* HMAC(sender identity ‖ receiver identity ‖ 0x33 ‖ proto), cut. */
static void message_mac(struct arena *arena, const uint8_t *key, struct ends ends, bytes covered,
	uint8_t out[SHA256_SIZE])
{
	struct buf in = buf_in(arena, 2 * TYPED_SIZE + covered.len);

	buf_space(&in, 2 * TYPED_SIZE + covered.len);
	buf_clear(&in);
	buf_byte(&in, KEY_TYPE);
	buf_put(&in, ends.sender, CURVE_KEY_SIZE);
	buf_byte(&in, KEY_TYPE);
	buf_put(&in, ends.receiver, CURVE_KEY_SIZE);
	buf_put(&in, covered.ptr, covered.len);
	hmac_sha256((bytes){ key, SHA256_SIZE }, buf_bytes(&in), out);
}

/* ---- roots ---- */

static void derive(bytes secret, bytes salt, str info, uint8_t root[CHAIN_KEY_SIZE],
	struct signal_chain *chain)
{
	uint8_t both[2 * CHAIN_KEY_SIZE];

	hkdf_sha256_to(secret, salt, info, both, sizeof both);
	memcpy(root, both, CHAIN_KEY_SIZE);
	memcpy(chain->key, both + CHAIN_KEY_SIZE, CHAIN_KEY_SIZE);
	chain->index = 0;
	chain->forgotten = 0;
	crypto_wipe(both, sizeof both);
}

/* Turns the root by what the pair and the other key have in common. */
static bool turn(uint8_t root[CHAIN_KEY_SIZE], const uint8_t *secret, const uint8_t *other,
	struct signal_chain *chain)
{
	uint8_t common[CURVE_KEY_SIZE], salt[CHAIN_KEY_SIZE];
	bool good = curve_agree(secret, other, common);

	memcpy(salt, root, sizeof salt);
	if (good)
		derive((bytes){ common, sizeof common }, (bytes){ salt, sizeof salt },
			S("WhisperRatchet"), root, chain);
	crypto_wipe(common, sizeof common);
	crypto_wipe(salt, sizeof salt);
	return good;
}

static void new_pair(const struct signal *s, struct curve_pair *out)
{
	uint8_t seed[CURVE_KEY_SIZE];

	s->random(s->random_arg, seed, sizeof seed);
	curve_pair_of(seed, out);
	crypto_wipe(seed, sizeof seed);
}

struct agreement {
	const uint8_t *secret, *other;
};

/* X3DH: a constant, then each agreement; a last one without a key is left out. */
static bool agree(const struct agreement *list, uint8_t root[CHAIN_KEY_SIZE],
	struct signal_chain *chain)
{
	uint8_t master[CURVE_KEY_SIZE * (1 + AGREEMENTS_MAX)];
	size_t n = CURVE_KEY_SIZE;
	bool good = true;

	memset(master, 0xFF, CURVE_KEY_SIZE);
	for (size_t i = 0; i < AGREEMENTS_MAX && list[i].other; i++, n += CURVE_KEY_SIZE)
		good = good && curve_agree(list[i].secret, list[i].other, master + n);
	if (good)
		derive((bytes){ master, n }, BYTES_NONE, S("WhisperText"), root, chain);
	crypto_wipe(master, sizeof master);
	return good;
}

static void add_receiver(struct signal_state *state, const uint8_t *ratchet,
	const struct signal_chain *chain)
{
	if (state->receiver_count == SIGNAL_CHAINS_MAX)
		state->receiver_count--;
	memmove(state->receivers + 1, state->receivers,
		state->receiver_count * sizeof *state->receivers);
	state->receivers[0] = (struct signal_receiver){ .chain = *chain };
	memcpy(state->receivers[0].ratchet, ratchet, CURVE_KEY_SIZE);
	state->receiver_count++;
}

bool signal_state_start(const struct signal *s, const struct signal_bundle *bundle,
	struct signal_state *out)
{
	struct signal_chain first;
	struct curve_pair base;
	bool good;

	*out = (struct signal_state){ .is_pending = true,
		.has_prekey = bundle->has_prekey,
		.prekey_id = bundle->prekey_id,
		.signed_prekey_id = bundle->signed_prekey_id,
		.registration_id = bundle->registration_id };
	new_pair(s, &base);
	new_pair(s, &out->own);
	good = agree((const struct agreement[]){ { s->device->identity.secret,
							 bundle->signed_prekey },
			     { base.secret, bundle->identity },
			     { base.secret, bundle->signed_prekey },
			     { base.secret, bundle->has_prekey ? bundle->prekey : NULL } },
		out->root, &first);
	memcpy(out->identity, bundle->identity, CURVE_KEY_SIZE);
	memcpy(out->base, base.open, CURVE_KEY_SIZE);
	add_receiver(out, bundle->signed_prekey, &first);
	good = good && turn(out->root, out->own.secret, bundle->signed_prekey, &out->sending);
	crypto_wipe(&base, sizeof base);
	crypto_wipe(&first, sizeof first);
	return good;
}

bool signal_state_answer(const struct signal *s, const struct signal_pkmsg *m,
	const uint8_t *prekey, struct signal_state *out)
{
	const struct device *d = s->device;

	*out = (struct signal_state){ .registration_id = m->registration_id,
		.own = d->signed_prekey };
	memcpy(out->identity, m->identity, CURVE_KEY_SIZE);
	memcpy(out->base, m->base, CURVE_KEY_SIZE);
	return agree((const struct agreement[]){ { d->signed_prekey.secret, m->identity },
			     { d->identity.secret, m->base }, { d->signed_prekey.secret, m->base },
			     { prekey, prekey ? m->base : NULL } },
		out->root, &out->sending);
}

/* ---- enciphering ---- */

static bytes msg_octets(const struct signal *s, const struct signal_state *state, bytes ciphertext,
	const uint8_t *mac_key)
{
	Wa__SignalMessage m = WA__SIGNAL_MESSAGE__INIT;
	struct buf out = buf_in(s->arena, SIZE_MAX / 2);
	uint8_t typed[TYPED_SIZE] = { KEY_TYPE }, mac[SHA256_SIZE];
	struct ends ends = { s->device->identity.open, state->identity };

	memcpy(typed + 1, state->own.open, CURVE_KEY_SIZE);
	PROTO_SET_DATA(&m, ratchet_key, ((bytes){ typed, sizeof typed }));
	PROTO_SET(&m, counter, state->sending.index - 1);
	PROTO_SET(&m, previous_counter, state->previous);
	PROTO_SET_DATA(&m, ciphertext, ciphertext);
	buf_byte(&out, VERSION_OCTET);
	proto_pack(&out, &m);
	message_mac(s->arena, mac_key, ends, buf_bytes(&out), mac);
	buf_put(&out, mac, MAC_SIZE);
	return buf_bytes(&out);
}

static bytes pkmsg_octets(const struct signal *s, const struct signal_state *state, bytes message)
{
	Wa__PreKeySignalMessage m = WA__PRE_KEY_SIGNAL_MESSAGE__INIT;
	struct buf out = buf_in(s->arena, SIZE_MAX / 2);
	uint8_t base[TYPED_SIZE] = { KEY_TYPE }, identity[TYPED_SIZE] = { KEY_TYPE };

	memcpy(base + 1, state->base, CURVE_KEY_SIZE);
	memcpy(identity + 1, s->device->identity.open, CURVE_KEY_SIZE);
	if (state->has_prekey)
		PROTO_SET(&m, pre_key_id, state->prekey_id);
	PROTO_SET_DATA(&m, base_key, ((bytes){ base, sizeof base }));
	PROTO_SET_DATA(&m, identity_key, ((bytes){ identity, sizeof identity }));
	PROTO_SET_DATA(&m, message, message);
	PROTO_SET(&m, registration_id, s->device->registration_id);
	PROTO_SET(&m, signed_pre_key_id, state->signed_prekey_id);
	buf_byte(&out, VERSION_OCTET);
	proto_pack(&out, &m);
	return buf_bytes(&out);
}

bytes signal_state_encrypt(const struct signal *s, struct signal_state *state, bytes padded)
{
	struct buf ciphertext = buf_in(s->arena, SIZE_MAX / 2);
	uint8_t seed[CHAIN_KEY_SIZE];
	struct message_keys keys;
	bytes message;

	signal_chain_step(&state->sending, seed);
	message_keys(seed, &keys);
	cbc_encrypt(keys.cipher, keys.iv, padded, &ciphertext);
	message = msg_octets(s, state, buf_bytes(&ciphertext), keys.mac);
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(&keys, sizeof keys);
	return state->is_pending ? pkmsg_octets(s, state, message) : message;
}

/* ---- reading ---- */

static struct signal_receiver *receiver_of(const struct signal_state *state, const uint8_t *ratchet)
{
	for (size_t i = 0; i < state->receiver_count; i++)
		if (memcmp(state->receivers[i].ratchet, ratchet, CURVE_KEY_SIZE) == 0)
			return (struct signal_receiver *)&state->receivers[i];
	return NULL;
}

bool signal_state_knows(const struct signal_state *state, const uint8_t *ratchet)
{
	return receiver_of(state, ratchet);
}

static enum signal_outcome open_message(const struct signal *s, const struct signal_state *state,
	const struct signal_msg *message, const uint8_t *seed, bytes *padded)
{
	struct buf out = buf_in(s->arena, SIZE_MAX / 2);
	struct ends ends = { state->identity, s->device->identity.open };
	struct message_keys keys;
	uint8_t mac[SHA256_SIZE];
	enum signal_outcome outcome = SIGNAL_DONE;

	message_keys(seed, &keys);
	message_mac(s->arena, keys.mac, ends, message->covered, mac);
	if (!crypto_equal((bytes){ mac, MAC_SIZE }, message->mac))
		outcome = SIGNAL_BAD_MAC;
	else if (!cbc_decrypt(keys.cipher, keys.iv, message->ciphertext, &out))
		outcome = SIGNAL_BAD_MESSAGE;
	crypto_wipe(&keys, sizeof keys);
	*padded = buf_bytes(&out);
	return outcome;
}

/* The seed, then the message; the receiver moves on only when both are good. */
static enum signal_outcome receive(const struct signal *s, const struct signal_state *state,
	struct signal_receiver *from, const struct signal_msg *message, bytes *padded)
{
	struct signal_receiver moved = *from;
	uint8_t seed[CHAIN_KEY_SIZE];
	enum signal_outcome outcome = signal_seed_at(s->arena,
		(struct signal_place){ &moved.chain, &moved.skipped }, message->counter, seed);

	if (outcome == SIGNAL_DONE)
		outcome = open_message(s, state, message, seed, padded);
	if (outcome == SIGNAL_DONE)
		*from = moved;
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(&moved, sizeof moved);
	return outcome;
}

/* A key of theirs that is new: both chains begin anew, and the answer will go under a new key of
 * ours. */
static enum signal_outcome receive_step(const struct signal *s, struct signal_state *state,
	const struct signal_msg *message, bytes *padded)
{
	struct signal_state next = *state;
	struct signal_chain chain;
	enum signal_outcome outcome = SIGNAL_BAD_KEY;

	if (turn(next.root, next.own.secret, message->ratchet, &chain)) {
		add_receiver(&next, message->ratchet, &chain);
		outcome = receive(s, &next, &next.receivers[0], message, padded);
	}
	if (outcome == SIGNAL_DONE) {
		next.previous = next.sending.index ? next.sending.index - 1 : 0;
		new_pair(s, &next.own);
		if (turn(next.root, next.own.secret, message->ratchet, &next.sending))
			*state = next;
		else
			outcome = SIGNAL_BAD_KEY;
	}
	crypto_wipe(&next, sizeof next);
	crypto_wipe(&chain, sizeof chain);
	return outcome;
}

enum signal_outcome signal_state_decrypt(const struct signal *s, struct signal_state *state,
	const struct signal_msg *message, bytes *padded)
{
	struct signal_receiver *known = receiver_of(state, message->ratchet);
	enum signal_outcome outcome = known ? receive(s, state, known, message, padded)
					    : receive_step(s, state, message, padded);

	if (outcome == SIGNAL_DONE)
		state->is_pending = false;
	return outcome;
}
