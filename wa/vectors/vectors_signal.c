/*
 * vectors_signal.c: sessions, sender keys, and the texts around them.
 *
 * A conversation is played by two devices of ours whose random octets are the listed private keys:
 * so each ciphertext must be that of the vector, and each must be read where the other side reads
 * it; read again it must be a duplicate, and changed it must be refused.
 */
#include "wa/vectors/vectors.h"

#include "base/codec.h"
#include "wa/client/client.h"
#include "wa/session/memory.h"
#include "wa/session/prekey.h"
#include "wa/signal/signal_internal.h"

#include <stdlib.h>

/* ---- texts ---- */

static void padding_case(struct vectors *v, json c)
{
	bytes plain = octets_at(v, c, "plaintext"), padded = octets_at(v, c, "padded"),
	      back = { 0 };
	int64_t pad = int_at(v, c, "pad");

	check_octets(v, signal_pad(v->arena, plain, (uint8_t)(pad - 1)), c, "padded");
	check(v, signal_unpad(padded, &back), "it is padded");
	check_octets(v, back, c, "plaintext");
}

static void padding_reject(struct vectors *v, json c)
{
	bytes plain;

	check(v, !signal_unpad(octets_at(v, c, "padded"), &plain), "it is refused");
}

void vectors_padding(struct vectors *v)
{
	each_case(v, json_field(v->part, "cases"), padding_case);
	each_case(v, json_field(v->part, "reject"), padding_reject);
}

static void message_id_case(struct vectors *v, json c)
{
	struct buf seed = buf_in(v->arena, 1024);
	uint64_t seconds = (uint64_t)int_at(v, c, "unix_seconds");
	bytes random = octets_at(v, c, "random");

	signal_put_u32(&seed, (uint32_t)(seconds >> 32));
	signal_put_u32(&seed, (uint32_t)seconds);
	buf_str(&seed, text_at(v, c, "user"));
	buf_str(&seed, S("@c.us"));
	buf_put(&seed, random.ptr, random.len);
	check_text(v, wa_message_id(v->arena, buf_bytes(&seed)), c, "id");
}

void vectors_message_id(struct vectors *v)
{
	each_case(v, v->part, message_id_case);
}

static void phash_case(struct vectors *v, json c)
{
	json devices = json_field(c, "devices");
	size_t count = json_count(devices);
	struct jid *jids = ARENA_ARRAY(v->arena, struct jid, count + 1);

	for (size_t i = 0; i < count; i++)
		check(v, jid_read(json_text(json_at(devices, i)), &jids[i]), "a device is a jid");
	check_text(v, signal_phash(v->arena, jids, count), c, "phash");
	for (size_t i = 0; i < count / 2; i++) {
		struct jid other = jids[i];

		jids[i] = jids[count - 1 - i];
		jids[count - 1 - i] = other;
	}
	check_text(v, signal_phash(v->arena, jids, count), c, "phash");
}

void vectors_phash(struct vectors *v)
{
	each_case(v, v->part, phash_case);
}

static void address_case(struct vectors *v, json c)
{
	struct jid jid = { 0 };

	check(v, jid_read(text_at(v, c, "jid"), &jid), "jid is a jid");
	check_text(v, signal_address(v->arena, &jid), c, "address");
}

void vectors_signal_address(struct vectors *v)
{
	each_case(v, v->part, address_case);
}

/* ---- a device whose random octets are known ---- */

struct actor {
	struct device device;
	struct wa_memory *memory;
	struct wa_store store;
	struct signal signal;
	struct buf random;
	size_t drawn;
	bool has_run_dry;
};

static void draw(void *arg, void *out, size_t size)
{
	struct actor *a = arg;

	a->has_run_dry |= a->random.len - a->drawn < size;
	memset(out, 0x5A, size);
	if (a->has_run_dry)
		return;
	memcpy(out, a->random.ptr + a->drawn, size);
	a->drawn += size;
}

static void actor_init(struct vectors *v, struct actor *a)
{
	*a = (struct actor){ .memory = wa_memory_create(), .random = buf_in(v->arena, 1u << 20) };
	a->store = wa_memory_store(a->memory);
	a->signal = (struct signal){ &a->device, &a->store, draw, a, v->arena };
}

/* ---- conversations ---- */

struct talk {
	json c, steps;
	struct actor alice, bob;
	bool *is_read;
};

static void cast(struct vectors *v, struct talk *t, const char *name, struct actor *a)
{
	json who = json_field(t->c, name);
	json drawn = json_field(t->c, arena_printf(v->arena, "%s_generated", name).ptr);

	actor_init(v, a);
	pair_at(v, who, "identity", &a->device.identity);
	a->device.registration_id = (uint32_t)int_at(v, who, "registration_id");
	for (size_t i = 0; i < json_count(drawn); i++)
		check(v, hex_read(json_text(json_at(drawn, i)), &a->random), "a key is hex");
}

/* Bob's keys, in his store and as what Alice is given. */
static void publish(struct vectors *v, struct talk *t, struct signal_bundle *out)
{
	json bob = json_field(t->c, "bob"), signature = json_path(bob, "signed_prekey.signature");
	struct device *d = &t->bob.device;
	bytes octets = octets_at(v, bob, "signed_prekey.signature");
	struct curve_pair prekey;

	pair_at(v, bob, "signed_prekey", &d->signed_prekey);
	d->signed_prekey_id = (uint32_t)int_at(v, bob, "signed_prekey.id");
	*out = (struct signal_bundle){ .registration_id = d->registration_id,
		.signed_prekey_id = d->signed_prekey_id };
	memcpy(out->identity, d->identity.open, CURVE_KEY_SIZE);
	memcpy(out->signed_prekey, d->signed_prekey.open, CURVE_KEY_SIZE);
	if (check(v, signature && octets.len == sizeof out->signature, "a signature has its size"))
		memcpy(out->signature, octets.ptr, sizeof out->signature);
	out->has_prekey = json_kind(json_field(bob, "prekey")) == JSON_MAP;
	check(v, out->has_prekey == json_flag(json_field(t->c, "one_time_prekey"), false),
		"one_time_prekey is as said");
	if (!out->has_prekey)
		return;
	pair_at(v, bob, "prekey", &prekey);
	out->prekey_id = (uint32_t)int_at(v, bob, "prekey.id");
	memcpy(out->prekey, prekey.open, CURVE_KEY_SIZE);
	check(v, prekey_keep(&t->bob.store, v->arena, out->prekey_id, prekey.secret) == OK,
		"the prekey is kept");
}

static bool is_alice(str name)
{
	return str_is(name, S("alice"));
}

static enum signal_outcome read_step(struct vectors *v, struct talk *t, size_t index, bytes octets,
	bytes *padded)
{
	json step = json_at(t->steps, index);
	bool from_alice = is_alice(json_text_at(step, "from"));
	struct actor *reader = from_alice ? &t->bob : &t->alice;
	str sender = text_at(v, t->c, from_alice ? "alice.address" : "bob.address");
	enum signal_kind kind =
		str_is(json_text_at(step, "type"), S("pkmsg")) ? SIGNAL_PKMSG : SIGNAL_MSG;
	struct signal_opened opened = { 0 };

	check(v, signal_decrypt(&reader->signal, sender, kind, octets, &opened) == OK,
		"the store answers");
	*padded = opened.padded;
	return opened.outcome;
}

/* Changed in its last octets (MAC, or a number of a pkmsg's end): refused. Then as it is; then
 * again. */
static void deliver(struct vectors *v, struct talk *t, size_t index)
{
	json step = json_at(t->steps, index);
	bytes octets = octets_at(v, step, "ciphertext"), padded = { 0 };
	struct buf bent = buf_in(v->arena, octets.len + 1);

	v->at = index;
	if (!check(v, octets.len > 20 && !t->is_read[index], "a message is delivered once"))
		return;
	buf_put(&bent, octets.ptr, octets.len);
	bent.ptr[octets.len - 12] ^= 1;
	check(v, read_step(v, t, index, buf_bytes(&bent), &padded) != SIGNAL_DONE,
		"what was changed is refused");
	check(v, read_step(v, t, index, octets, &padded) == SIGNAL_DONE, "it is deciphered");
	check_octets(v, padded, step, "padded_plaintext");
	check(v, read_step(v, t, index, octets, &padded) == SIGNAL_DUPLICATE,
		"the second time it is a duplicate");
	t->is_read[index] = true;
}

/* "bob reads 5, then the late 2": who, and which; false when some of them were not yet sent. */
static bool deliver_line(struct vectors *v, struct talk *t, str line, size_t sent)
{
	str rest = line;
	size_t done = 0;

	for (int dry = 1; dry >= 0; dry--)
		for (rest = line; rest.len; rest = str_part(rest, 1, rest.len)) {
			size_t digits = 0;
			int64_t index;

			while (digits < rest.len && rest.ptr[digits] >= '0' &&
				rest.ptr[digits] <= '9')
				digits++;
			if (!digits || !str_to_i64(str_part(rest, 0, digits), &index))
				continue;
			if ((size_t)index >= sent)
				return false;
			if (!dry) {
				deliver(v, t, (size_t)index);
				done++;
			}
			rest = str_part(rest, digits - 1, rest.len);
		}
	check(v, done > 0, "a delivery names messages");
	return true;
}

static void send_step(struct vectors *v, struct talk *t, size_t index)
{
	json step = json_at(t->steps, index);
	bool from_alice = is_alice(text_at(v, step, "from"));
	struct actor *sender = from_alice ? &t->alice : &t->bob;
	str to = text_at(v, t->c, from_alice ? "bob.address" : "alice.address");
	struct signal_sealed sealed = { 0 };

	v->at = index;
	check_int(v, (int64_t)index, step, "index");
	check(v,
		signal_encrypt(&sender->signal, to, octets_at(v, step, "padded_plaintext"),
			&sealed) == OK &&
			sealed.outcome == SIGNAL_DONE,
		"it is enciphered");
	check_text(v, str_of(signal_kind_name(sealed.kind)), step, "type");
	check_octets(v, sealed.octets, step, "ciphertext");
}

/* Who sends has read before what is said to have come by then. */
static void converse(struct vectors *v, struct talk *t)
{
	json lines = json_field(t->c, "delivery");
	size_t line = 0, count = json_count(t->steps);

	for (size_t i = 0; i <= count; i++) {
		bool turns = i == count ||
			     (i > 0 && !str_is(json_text_at(json_at(t->steps, i), "from"),
					       json_text_at(json_at(t->steps, i - 1), "from")));

		while (turns && line < json_count(lines) &&
			deliver_line(v, t, json_text(json_at(lines, line)), i))
			line++;
		if (i < count)
			send_step(v, t, i);
	}
	for (size_t i = 0; i < count; i++)
		if (!t->is_read[i])
			deliver(v, t, i);
}

static void session_case(struct vectors *v, json c)
{
	struct talk t = { .c = c, .steps = json_field(c, "steps") };
	struct signal_bundle bundle;
	struct signal_met met = { 0 };
	size_t at = v->at;

	t.is_read = ARENA_ARRAY(v->arena, bool, json_count(t.steps) + 1);
	cast(v, &t, "alice", &t.alice);
	cast(v, &t, "bob", &t.bob);
	publish(v, &t, &bundle);
	check(v,
		signal_meet(&t.alice.signal, text_at(v, c, "bob.address"), &bundle, &met) == OK &&
			met.outcome == SIGNAL_DONE,
		"alice meets bob");
	converse(v, &t);
	v->at = at;
	check(v, !t.alice.has_run_dry && t.alice.drawn == t.alice.random.len,
		"alice drew all her keys");
	check(v, !t.bob.has_run_dry && t.bob.drawn == t.bob.random.len, "bob drew all his keys");
	check(v, wa_memory_count(t.bob.memory, WA_RECORD_PREKEY) == 0, "the prekey is used up");
	wa_memory_destroy(t.alice.memory);
	wa_memory_destroy(t.bob.memory);
}

void vectors_signal_sessions(struct vectors *v)
{
	each_case(v, v->part, session_case);
}

/* ---- sender keys ---- */

struct crowd {
	struct actor sender, reader;
	str group, address;
	json messages;
};

/* The sender's key as it would draw it: id, chain, signing pair, then noise of signatures. */
static void seed_sender(struct vectors *v, struct crowd *c)
{
	bytes chain = octets_at(v, v->part, "chain_key"),
	      secret = octets_at(v, v->part, "signing_key.private");
	struct curve_pair signing;

	pair_at(v, v->part, "signing_key", &signing);
	signal_put_u32(&c->sender.random, (uint32_t)int_at(v, v->part, "key_id"));
	buf_put(&c->sender.random, chain.ptr, chain.len);
	buf_put(&c->sender.random, secret.ptr, secret.len);
	memset(buf_space(&c->sender.random, 1u << 19), 7, 1u << 19);
}

/* We use each number once; the vector's sender may pass some over. All but the signature, which is
 * made with noise, is the same. */
static void send_to_group(struct vectors *v, struct crowd *c)
{
	uint32_t next = 0;

	for (size_t i = 0; i < json_count(c->messages); i++) {
		json m = json_at(c->messages, i);
		bytes want = octets_at(v, m, "skmsg");
		struct signal_sealed sealed = { 0 };

		v->at = i;
		do
			check(v,
				signal_group_encrypt(&c->sender.signal, c->group, c->address,
					octets_at(v, m, "padded_plaintext"), &sealed) == OK,
				"it is enciphered");
		while (next++ < (uint32_t)int_at(v, m, "iteration"));
		check(v,
			sealed.octets.len == want.len && want.len > CURVE_SIGNATURE_SIZE &&
				memcmp(sealed.octets.ptr, want.ptr,
					want.len - CURVE_SIGNATURE_SIZE) == 0,
			"skmsg, but for the signature");
	}
}

static enum signal_outcome read_group(struct vectors *v, struct crowd *c, bytes octets,
	bytes *padded)
{
	struct signal_opened opened = { 0 };

	check(v,
		signal_group_decrypt(&c->reader.signal, c->group, c->address, octets, &opened) ==
			OK,
		"the store answers");
	*padded = opened.padded;
	return opened.outcome;
}

static void read_in_group(struct vectors *v, struct crowd *c, size_t index)
{
	json m = json_at(c->messages, index);
	bytes octets = octets_at(v, m, "skmsg"), padded = { 0 };
	struct buf bent = buf_in(v->arena, octets.len + 1);

	v->at = index;
	if (!check(v, octets.len > 0, "there is such a message"))
		return;
	buf_put(&bent, octets.ptr, octets.len);
	bent.ptr[octets.len - 9] ^= 1;
	check(v, read_group(v, c, buf_bytes(&bent), &padded) == SIGNAL_BAD_SIGNATURE,
		"what was changed is refused");
	check(v, read_group(v, c, octets, &padded) == SIGNAL_DONE, "it is deciphered");
	check_octets(v, padded, m, "padded_plaintext");
	check(v, read_group(v, c, octets, &padded) == SIGNAL_DUPLICATE,
		"the second time it is a duplicate");
}

static void check_derived(struct vectors *v, json derived)
{
	struct signal_chain chain = { 0 };
	uint8_t seed[CHAIN_KEY_SIZE], keys[48];

	key_at(v, v->part, "chain_key", chain.key);
	for (size_t i = 0; i < json_count(derived); i++) {
		json d = json_at(derived, i);

		v->at = i;
		while (chain.index < (uint32_t)int_at(v, d, "iteration"))
			signal_chain_step(&chain, seed);
		check_octets(v, (bytes){ chain.key, sizeof chain.key }, d, "chain_key");
		signal_chain_step(&chain, seed);
		check_octets(v, (bytes){ seed, sizeof seed }, d, "message_seed");
		hkdf_sha256_to((bytes){ seed, sizeof seed }, BYTES_NONE, S("WhisperGroup"), keys,
			sizeof keys);
		check_octets(v, (bytes){ keys, 16 }, d, "iv");
		check_octets(v, (bytes){ keys + 16, 32 }, d, "cipher_key");
	}
}

void vectors_sender_key(struct vectors *v)
{
	struct crowd c = { .group = text_at(v, v->part, "group"),
		.address = text_at(v, v->part, "sender_address"),
		.messages = json_field(v->part, "messages") };
	json order = json_field(v->part, "decrypt_order");
	enum signal_outcome outcome = SIGNAL_GARBAGE;
	struct signal_group own = { 0 };

	actor_init(v, &c.sender);
	actor_init(v, &c.reader);
	seed_sender(v, &c);
	check(v, signal_group_own(&c.sender.signal, c.group, c.address, &own) == OK,
		"a key is made");
	check_int(v, own.key_id, v->part, "key_id");
	check_octets(v, own.distribution, v->part, "skdm");
	check(v,
		signal_group_take(&c.reader.signal, c.group, c.address,
			octets_at(v, v->part, "skdm"), &outcome) == OK &&
			outcome == SIGNAL_DONE,
		"the key is taken");
	send_to_group(v, &c);
	check(v, json_count(order) > 0, "there is an order");
	for (size_t i = 0; i < json_count(order); i++)
		read_in_group(v, &c, (size_t)json_int(json_at(order, i), 0));
	check_derived(v, json_field(v->part, "derived"));
	wa_memory_destroy(c.sender.memory);
	wa_memory_destroy(c.reader.memory);
}
