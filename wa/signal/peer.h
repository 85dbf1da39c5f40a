/*
 * peer.h: a device with a store in memory, for tests, oracles and benches alone.
 *
 * Random octets come of a seed, so each run is the same.
 */
#ifndef WA_SIGNAL_PEER_H
#define WA_SIGNAL_PEER_H

#include "wa/session/memory.h"
#include "wa/session/prekey.h"
#include "wa/signal/signal.h"

struct peer {
	struct device device;
	struct wa_memory *memory;
	struct wa_store store;
	struct signal signal;
	uint64_t random;
	uint32_t prekeys;       /* made so far: their ids */
};

static inline uint32_t peer_number(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33);
}

static inline void peer_random(void *arg, void *out, size_t size)
{
	struct peer *p = arg;

	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)peer_number(&p->random);
}

static inline void peer_init(struct peer *p, struct arena *arena, uint64_t seed)
{
	uint8_t octets[DEVICE_SEED_SIZE];

	crypto_init();
	*p = (struct peer){ .memory = wa_memory_create(),
		.random = seed * 0x9E3779B97F4A7C15u + 1 };
	p->store = wa_memory_store(p->memory);
	p->signal = (struct signal){ &p->device, &p->store, peer_random, p, arena };
	peer_random(p, octets, sizeof octets);
	device_make(&p->device, octets);
}

static inline void peer_done(struct peer *p)
{
	wa_memory_destroy(p->memory);
}

/* What the server would hand out: with a new one-time key, or without. */
static inline struct signal_bundle peer_bundle(struct peer *p, bool with_prekey)
{
	const struct device *d = &p->device;
	struct signal_bundle b = { .registration_id = d->registration_id,
		.signed_prekey_id = d->signed_prekey_id, .has_prekey = with_prekey };
	uint8_t seed[CURVE_KEY_SIZE];
	struct curve_pair pair;

	memcpy(b.identity, d->identity.open, CURVE_KEY_SIZE);
	memcpy(b.signed_prekey, d->signed_prekey.open, CURVE_KEY_SIZE);
	memcpy(b.signature, d->signed_prekey_signature, CURVE_SIGNATURE_SIZE);
	if (!with_prekey)
		return b;
	peer_random(p, seed, sizeof seed);
	curve_pair_of(seed, &pair);
	b.prekey_id = ++p->prekeys;
	memcpy(b.prekey, pair.open, CURVE_KEY_SIZE);
	if (prekey_keep(&p->store, p->signal.arena, b.prekey_id, pair.secret) != OK)
		b.has_prekey = false;
	return b;
}

#endif
