/* curve.c: libsodium's group operations behind curve.h. */
#include "crypto/curve.h"

#include <openssl/bn.h>
#include <sodium.h>
#include <stdlib.h>

static void must(bool good)
{
	if (!good)
		abort();
}

void curve_pair_of(const uint8_t seed[CURVE_KEY_SIZE], struct curve_pair *out)
{
	memcpy(out->secret, seed, CURVE_KEY_SIZE);
	out->secret[0] &= 248;
	out->secret[31] = (uint8_t)((out->secret[31] & 127) | 64);
	must(crypto_scalarmult_base(out->open, out->secret) == 0);
}

bool curve_agree(const uint8_t secret[CURVE_KEY_SIZE], const uint8_t other[CURVE_KEY_SIZE],
	uint8_t out[CURVE_KEY_SIZE])
{
	return crypto_scalarmult(out, secret, other) == 0;
}

/* SHA-512 over the parts, modulo the order of the base point. */
static void hash_scalar(const bytes *parts, size_t count, uint8_t out[32])
{
	uint8_t hash[crypto_hash_sha512_BYTES];
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	for (size_t i = 0; i < count; i++)
		crypto_hash_sha512_update(&state, parts[i].ptr, parts[i].len);
	crypto_hash_sha512_final(&state, hash);
	crypto_core_ed25519_scalar_reduce(out, hash);
	crypto_wipe(hash, sizeof hash);
	crypto_wipe(&state, sizeof state);
}

void curve_sign(const uint8_t secret[CURVE_KEY_SIZE], bytes message,
	const uint8_t noise[CURVE_NOISE_SIZE], uint8_t out[CURVE_SIGNATURE_SIZE])
{
	uint8_t prefix[32], open[32], r[32], h[32], s[32];
	const bytes nonce[] = { { prefix, 32 }, { secret, 32 }, message,
		{ noise, CURVE_NOISE_SIZE } };
	const bytes challenge[] = { { out, 32 }, { open, 32 }, message };

	memset(prefix, 0xFF, sizeof prefix);
	prefix[0] = 0xFE;
	must(crypto_scalarmult_ed25519_base_noclamp(open, secret) == 0);
	hash_scalar(nonce, COUNT_OF(nonce), r);
	must(crypto_scalarmult_ed25519_base_noclamp(out, r) == 0);
	hash_scalar(challenge, COUNT_OF(challenge), h);
	crypto_core_ed25519_scalar_mul(s, h, secret);
	crypto_core_ed25519_scalar_add(out + 32, r, s);
	out[63] = (uint8_t)((out[63] & 0x7F) | (open[31] & 0x80));
	crypto_wipe(r, sizeof r);
	crypto_wipe(s, sizeof s);
}

/* The Edwards form of a public key without its sign: y = (u - 1) / (u + 1) modulo 2^255 - 19.
 * Nothing here is secret. */
static bool edwards_of(const uint8_t open[CURVE_KEY_SIZE], uint8_t out[32])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p = BN_new(), *u = BN_lebin2bn(open, 32, NULL), *y = BN_new();
	bool good;

	must(ctx && p && u && y && BN_set_bit(p, 255) && BN_sub_word(p, 19));
	BN_clear_bit(u, 255);
	good = BN_nnmod(u, u, p, ctx) && BN_add_word(u, 1) && BN_mod_inverse(y, u, p, ctx) &&
	       BN_sub_word(u, 2) && BN_mod_mul(y, y, u, p, ctx) && BN_nnmod(y, y, p, ctx) &&
	       BN_bn2lebinpad(y, out, 32) == 32;
	BN_free(p);
	BN_free(u);
	BN_free(y);
	BN_CTX_free(ctx);
	return good;
}

bool curve_verify(const uint8_t open[CURVE_KEY_SIZE], bytes message,
	const uint8_t signature[CURVE_SIGNATURE_SIZE])
{
	uint8_t edwards[32], plain[CURVE_SIGNATURE_SIZE];

	if (!edwards_of(open, edwards))
		return false;
	memcpy(plain, signature, sizeof plain);
	edwards[31] |= plain[63] & 0x80;
	plain[63] &= 0x7F;
	return crypto_sign_verify_detached(plain, message.ptr, message.len, edwards) == 0;
}
