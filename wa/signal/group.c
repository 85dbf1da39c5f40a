/*
 * group.c: sender keys: what a device says to a group it enciphers once, under a chain of its own
 * that it has told every device of the members (signal.h).
 *
 * Source: docs/protocol/linked-device-2-messaging.md §3.8.
 */
#include "wa/signal/signal_internal.h"

#include "wa/proto/proto.h"
#include "wa_signal.pb-c.h"

static str record_name(const struct signal *s, str group, str sender)
{
	return arena_printf(s->arena, STR_F " " STR_F, STR_A(group), STR_A(sender));
}

static enum err load(const struct signal *s, str name, struct signal_senders *out)
{
	bytes record;
	enum err e = signal_get(s, WA_RECORD_SENDER_KEY, name, &record);

	if (e != OK || !signal_senders_unpack(record, out))
		*out = (struct signal_senders){ 0 };
	return e == ERR_MISSING ? OK : e;
}

static enum err save(const struct signal *s, str name, struct signal_senders *senders)
{
	enum err e =
		signal_put(s, WA_RECORD_SENDER_KEY, name, signal_senders_pack(s->arena, senders));

	crypto_wipe(senders, sizeof *senders);
	return e;
}

static bytes typed_key(struct arena *arena, const uint8_t *open)
{
	uint8_t *out = arena_alloc(arena, TYPED_SIZE);

	out[0] = KEY_TYPE;
	memcpy(out + 1, open, CURVE_KEY_SIZE);
	return (bytes){ out, TYPED_SIZE };
}

/* ---- our own ---- */

static void make_sender(const struct signal *s, struct signal_sender *out)
{
	uint8_t id[4], seed[CURVE_KEY_SIZE];

	*out = (struct signal_sender){ .is_own = true };
	s->random(s->random_arg, id, sizeof id);
	s->random(s->random_arg, out->chain.key, CHAIN_KEY_SIZE);
	s->random(s->random_arg, seed, sizeof seed);
	out->id = signal_u32(id) & SIGNAL_KEY_ID_MAX;
	curve_pair_of(seed, &out->signing);
	crypto_wipe(seed, sizeof seed);
}

static bytes distribution(struct arena *arena, const struct signal_sender *sender)
{
	Wa__SenderKeyDistributionWire m = WA__SENDER_KEY_DISTRIBUTION_WIRE__INIT;
	struct buf out = buf_in(arena, SIZE_MAX / 2);

	PROTO_SET(&m, id, sender->id);
	PROTO_SET(&m, iteration, sender->chain.index);
	PROTO_SET_DATA(&m, chain_key, ((bytes){ sender->chain.key, CHAIN_KEY_SIZE }));
	PROTO_SET_DATA(&m, signing_key, typed_key(arena, sender->signing.open));
	buf_byte(&out, VERSION_OCTET);
	proto_pack(&out, &m);
	return buf_bytes(&out);
}

static bool has_own(const struct signal_senders *senders)
{
	return senders->count && senders->list[0].is_own;
}

enum err signal_group_own(const struct signal *s, str group, str sender, struct signal_group *out)
{
	str name = record_name(s, group, sender);
	struct signal_senders senders;
	bool is_new;

	TRY(load(s, name, &senders));
	is_new = !has_own(&senders);
	if (is_new) {
		senders.count = 1;
		make_sender(s, &senders.list[0]);
	}
	out->key_id = senders.list[0].id;
	out->distribution = distribution(s->arena, &senders.list[0]);
	if (is_new)
		return save(s, name, &senders);
	crypto_wipe(&senders, sizeof senders);
	return OK;
}

enum err signal_group_forget(const struct signal *s, str group, str sender)
{
	return signal_erase(s, WA_RECORD_SENDER_KEY, record_name(s, group, sender));
}

/* ---- messages ---- */

struct sender_keys {
	uint8_t iv[CBC_IV_SIZE], cipher[AES_KEY_SIZE];
};

static void sender_keys(const uint8_t seed[CHAIN_KEY_SIZE], struct sender_keys *out)
{
	static_assert(sizeof *out == 48, "the keys are one row of octets");
	hkdf_sha256_to((bytes){ seed, CHAIN_KEY_SIZE }, BYTES_NONE, S("WhisperGroup"),
		(uint8_t *)out, sizeof *out);
}

static void sign(const struct signal *s, const struct signal_sender *sender, struct buf *out)
{
	uint8_t noise[CURVE_NOISE_SIZE], signature[CURVE_SIGNATURE_SIZE];

	s->random(s->random_arg, noise, sizeof noise);
	curve_sign(sender->signing.secret, buf_bytes(out), noise, signature);
	buf_put(out, signature, sizeof signature);
	crypto_wipe(noise, sizeof noise);
}

static bytes seal(const struct signal *s, struct signal_sender *sender, bytes padded)
{
	Wa__SenderKeyMessage m = WA__SENDER_KEY_MESSAGE__INIT;
	struct buf ciphertext = buf_in(s->arena, SIZE_MAX / 2),
		   out = buf_in(s->arena, SIZE_MAX / 2);
	uint8_t seed[CHAIN_KEY_SIZE];
	struct sender_keys keys;

	PROTO_SET(&m, id, sender->id);
	PROTO_SET(&m, iteration, sender->chain.index);
	signal_chain_step(&sender->chain, seed);
	sender_keys(seed, &keys);
	cbc_encrypt(keys.cipher, keys.iv, padded, &ciphertext);
	PROTO_SET_DATA(&m, ciphertext, buf_bytes(&ciphertext));
	buf_byte(&out, VERSION_OCTET);
	proto_pack(&out, &m);
	sign(s, sender, &out);
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(&keys, sizeof keys);
	return buf_bytes(&out);
}

enum err signal_group_encrypt(const struct signal *s, str group, str sender, bytes padded,
	struct signal_sealed *out)
{
	str name = record_name(s, group, sender);
	struct signal_senders senders;

	*out = (struct signal_sealed){ .outcome = SIGNAL_NO_SESSION };
	TRY(load(s, name, &senders));
	if (!has_own(&senders))
		return OK;
	out->outcome = SIGNAL_DONE;
	out->octets = seal(s, &senders.list[0], padded);
	return save(s, name, &senders);
}

/* ---- of others ---- */

static struct signal_sender *sender_of(struct signal_senders *senders, uint32_t id)
{
	for (size_t i = 0; i < senders->count; i++)
		if (senders->list[i].id == id)
			return &senders->list[i];
	return NULL;
}

static void add_sender(struct signal_senders *senders, const struct signal_skdm *skdm)
{
	struct signal_sender *to = sender_of(senders, skdm->id);

	if (!to) {
		if (senders->count == SIGNAL_GROUP_STATES_MAX)
			senders->count--;
		to = &senders->list[senders->count++];
	}
	memmove(senders->list + 1, senders->list,
		(size_t)(to - senders->list) * sizeof *senders->list);
	senders->list[0] = (struct signal_sender){ .id = skdm->id, .chain.index = skdm->iteration };
	memcpy(senders->list[0].chain.key, skdm->key, CHAIN_KEY_SIZE);
	memcpy(senders->list[0].signing.open, skdm->open, CURVE_KEY_SIZE);
}

/* Telling a key again must not turn it back: what was read would be read twice. It moves on only
 * where the chain we have could not follow. */
static bool is_known(struct signal_senders *senders, const struct signal_skdm *skdm)
{
	const struct signal_sender *sender = sender_of(senders, skdm->id);

	if (has_own(senders))
		return true;
	return sender && memcmp(sender->signing.open, skdm->open, CURVE_KEY_SIZE) == 0 &&
	       (skdm->iteration <= sender->chain.index ||
		       skdm->iteration - sender->chain.index <= SIGNAL_AHEAD_MAX);
}

enum err signal_group_take(const struct signal *s, str group, str sender, bytes octets,
	enum signal_outcome *out)
{
	str name = record_name(s, group, sender);
	struct signal_senders senders;
	struct signal_skdm skdm;

	*out = signal_skdm_read(s->arena, octets, &skdm);
	if (*out != SIGNAL_DONE)
		return OK;
	TRY(load(s, name, &senders));
	if (is_known(&senders, &skdm))
		return OK;
	add_sender(&senders, &skdm);
	crypto_wipe(&skdm, sizeof skdm);
	return save(s, name, &senders);
}

static enum signal_outcome open_message(const struct signal *s, struct signal_sender *sender,
	const struct signal_skmsg *message, bytes *padded)
{
	struct signal_sender moved = *sender;
	struct buf out = buf_in(s->arena, SIZE_MAX / 2);
	uint8_t seed[CHAIN_KEY_SIZE];
	struct sender_keys keys;
	enum signal_outcome outcome = signal_seed_at(s->arena,
		(struct signal_place){ &moved.chain, &moved.skipped }, message->iteration, seed);

	if (outcome != SIGNAL_DONE)
		return outcome;
	if (!curve_verify(sender->signing.open, message->covered, message->signature))
		return SIGNAL_BAD_SIGNATURE;
	sender_keys(seed, &keys);
	if (!cbc_decrypt(keys.cipher, keys.iv, message->ciphertext, &out))
		outcome = SIGNAL_BAD_MESSAGE;
	else
		*sender = moved;
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(&keys, sizeof keys);
	crypto_wipe(&moved, sizeof moved);
	*padded = buf_bytes(&out);
	return outcome;
}

enum err signal_group_decrypt(const struct signal *s, str group, str sender, bytes octets,
	struct signal_opened *out)
{
	str name = record_name(s, group, sender);
	struct signal_senders senders;
	struct signal_skmsg message;
	struct signal_sender *from;

	*out = (struct signal_opened){ .outcome = signal_skmsg_read(s->arena, octets, &message) };
	if (out->outcome != SIGNAL_DONE)
		return OK;
	TRY(load(s, name, &senders));
	from = sender_of(&senders, message.id);
	out->outcome = from ? open_message(s, from, &message, &out->padded) : SIGNAL_NO_SESSION;
	return out->outcome == SIGNAL_DONE ? save(s, name, &senders) : OK;
}
