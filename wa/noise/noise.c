/* noise.c: see noise.h. */
#include "wa/noise/noise.h"

static void nonce_of(uint64_t count, uint8_t out[GCM_NONCE_SIZE])
{
	memset(out, 0, GCM_NONCE_SIZE);
	for (int i = 0; i < 4; i++)
		out[8 + i] = (uint8_t)(count >> (24 - 8 * i));
}

/* A name of at most 32 octets is padded, a longer one is hashed. */
void noise_init(struct noise *n, str pattern, bytes prologue)
{
	uint8_t name[SHA256_SIZE] = { 0 };

	if (pattern.len <= sizeof name)
		memcpy(name, pattern.ptr, pattern.len);
	else
		sha256(bytes_of(pattern), name);
	memcpy(n->hash, name, sizeof name);
	memcpy(n->chain, name, sizeof name);
	memcpy(n->key, name, sizeof name);
	n->count = 0;
	noise_mix_hash(n, prologue);
}

void noise_mix_hash(struct noise *n, bytes data)
{
	struct sha256 *hash = sha256_create();

	sha256_add(hash, (bytes){ n->hash, sizeof n->hash });
	sha256_add(hash, data);
	sha256_finish(hash, n->hash);
}

/* The next chain, and the next key. */
static void mix(struct noise *n, bytes secret, uint8_t chain[NOISE_KEY_SIZE],
	uint8_t key[NOISE_KEY_SIZE])
{
	uint8_t both[2 * NOISE_KEY_SIZE];

	hkdf_sha256_to(secret, (bytes){ n->chain, sizeof n->chain }, S(""), both, sizeof both);
	memcpy(chain, both, NOISE_KEY_SIZE);
	memcpy(key, both + NOISE_KEY_SIZE, NOISE_KEY_SIZE);
	crypto_wipe(both, sizeof both);
}

bool noise_mix_keys(struct noise *n, const uint8_t secret[CURVE_KEY_SIZE],
	const uint8_t other[CURVE_KEY_SIZE])
{
	uint8_t shared[CURVE_KEY_SIZE];

	if (!curve_agree(secret, other, shared))
		return false;
	mix(n, (bytes){ shared, sizeof shared }, n->chain, n->key);
	n->count = 0;
	crypto_wipe(shared, sizeof shared);
	return true;
}

void noise_seal(struct noise *n, bytes in, struct buf *out)
{
	uint8_t nonce[GCM_NONCE_SIZE];
	size_t before = out->len;

	nonce_of(n->count++, nonce);
	aead_seal(n->key, nonce, (bytes){ n->hash, sizeof n->hash }, in, out);
	if (!out->failed)
		noise_mix_hash(n, (bytes){ out->ptr + before, out->len - before });
}

bool noise_open(struct noise *n, bytes in, struct buf *out)
{
	uint8_t nonce[GCM_NONCE_SIZE];

	nonce_of(n->count++, nonce);
	if (!aead_open(n->key, nonce, (bytes){ n->hash, sizeof n->hash }, in, out))
		return false;
	noise_mix_hash(n, in);
	return true;
}

void noise_split(struct noise *n, struct noise_cipher *initiator, struct noise_cipher *responder)
{
	mix(n, BYTES_NONE, initiator->key, responder->key);
	initiator->count = responder->count = 0;
	crypto_wipe(n, sizeof *n);
}

bool cipher_seal(struct noise_cipher *c, bytes in, struct buf *out)
{
	uint8_t nonce[GCM_NONCE_SIZE];

	if (c->count == NOISE_COUNT_END)
		return false;
	nonce_of(c->count++, nonce);
	aead_seal(c->key, nonce, BYTES_NONE, in, out);
	return !out->failed;
}

bool cipher_open(struct noise_cipher *c, bytes in, struct buf *out)
{
	uint8_t nonce[GCM_NONCE_SIZE];

	if (c->count == NOISE_COUNT_END)
		return false;
	nonce_of(c->count++, nonce);
	return aead_open(c->key, nonce, BYTES_NONE, in, out);
}
