/* vectors_crypto.c: key derivation, keys and signatures. */
#include "wa/vectors/vectors.h"

/* ---- hkdf ---- */

/* "empty (= 32 zero bytes)", or the salt as hex. */
static bytes salt_at(struct vectors *v, json c)
{
	str salt = json_text_at(c, "salt");

	if (!salt.len || str_starts(salt, S("empty")) || str_is(salt, S("-")))
		return BYTES_NONE;
	return octets_at(v, c, "salt");
}

static void hkdf_case(struct vectors *v, json c)
{
	uint8_t okm[HKDF_MAX];
	size_t size = (size_t)int_at(v, c, "length");

	if (!check(v, size <= sizeof okm, "the result is no longer than we give"))
		return;
	hkdf_sha256_to(octets_at(v, c, "ikm"), salt_at(v, c), text_at(v, c, "info"), okm, size);
	check_octets(v, (bytes){ okm, size }, c, "okm");
}

void vectors_hkdf(struct vectors *v)
{
	each_case(v, v->part, hkdf_case);
}

/* ---- curve ---- */

static void check_pair(struct vectors *v, json c)
{
	uint8_t secret[CURVE_KEY_SIZE], open[CURVE_KEY_SIZE];
	struct curve_pair pair;

	key_at(v, c, "private", secret);
	key_at(v, c, "public", open);
	curve_pair_of(secret, &pair);
	check(v, memcmp(pair.open, open, sizeof open) == 0, "public is that of private");
}

/* One without a private key is only to be verified. A public key of a whole signature must hold for
 * one of our own, too. */
static void signature_case(struct vectors *v, json c)
{
	bytes message = octets_at(v, c, "message"), signature = octets_at(v, c, "signature");
	uint8_t open[CURVE_KEY_SIZE], secret[CURVE_KEY_SIZE], own[CURVE_SIGNATURE_SIZE];
	uint8_t noise[CURVE_NOISE_SIZE];
	bool valid = json_flag(json_field(c, "valid"), true);

	key_at(v, c, "public", open);
	check(v,
		(signature.len == CURVE_SIGNATURE_SIZE &&
			curve_verify(open, message, signature.ptr)) == valid,
		valid ? "signature holds" : "signature does not hold");
	if (!json_field(c, "private"))
		return;
	check_pair(v, c);
	key_at(v, c, "private", secret);
	crypto_random(noise, sizeof noise);
	curve_sign(secret, message, noise, own);
	check(v, curve_verify(open, message, own), "our signature holds");
	own[v->at % sizeof own] ^= 1;
	check(v, !curve_verify(open, message, own), "our signature, changed, does not hold");
}

static void agreement_case(struct vectors *v, json c)
{
	uint8_t secret[CURVE_KEY_SIZE], open[CURVE_KEY_SIZE], shared[CURVE_KEY_SIZE];

	key_at(v, c, "private", secret);
	key_at(v, c, "public", open);
	check(v, curve_agree(secret, open, shared), "they agree");
	check_octets(v, (bytes){ shared, sizeof shared }, c, "shared");
}

void vectors_curve(struct vectors *v)
{
	each_case(v, json_field(v->part, "signatures"), signature_case);
	each_case(v, json_field(v->part, "agreement"), agreement_case);
}

/* ---- x25519, xeddsa ---- */

static void x25519_case(struct vectors *v, json c)
{
	uint8_t one[CURVE_KEY_SIZE], other[CURVE_KEY_SIZE], shared[CURVE_KEY_SIZE];
	struct curve_pair pair;

	if (json_field(c, "seed_unclamped")) {
		key_at(v, c, "seed_unclamped", one);
		curve_pair_of(one, &pair);
		check_octets(v, (bytes){ pair.secret, sizeof pair.secret }, c, "clamped");
		check_octets(v, (bytes){ pair.open, sizeof pair.open }, c, "pub");
		return;
	}
	key_at(v, c, "a_priv", one);
	key_at(v, c, "b_pub", other);
	check(v, curve_agree(one, other, shared), "they agree");
	check_octets(v, (bytes){ shared, sizeof shared }, c, "shared");
}

void vectors_x25519(struct vectors *v)
{
	each_case(v, v->part, x25519_case);
}

static bool holds(struct vectors *v, json c, const char *path)
{
	bytes signature = octets_at(v, c, path);
	uint8_t open[CURVE_KEY_SIZE];

	key_at(v, c, "pub", open);
	return signature.len == CURVE_SIGNATURE_SIZE &&
	       curve_verify(open, octets_at(v, c, "message"), signature.ptr);
}

static void xeddsa_case(struct vectors *v, json c)
{
	uint8_t secret[CURVE_KEY_SIZE], own[CURVE_SIGNATURE_SIZE];
	bytes noise = octets_at(v, c, "z");

	key_at(v, c, "priv", secret);
	if (!check(v, noise.len == CURVE_NOISE_SIZE, "z has its size"))
		return;
	curve_sign(secret, octets_at(v, c, "message"), noise.ptr, own);
	check_octets(v, (bytes){ own, sizeof own }, c, "signature");
	check(v, holds(v, c, "signature"), "signature holds");
	if (json_field(c, "signature_deterministic"))
		check(v, holds(v, c, "signature_deterministic"), "signature_deterministic holds");
}

static void xeddsa_false(struct vectors *v, json c)
{
	check(v, !holds(v, c, "signature"), "signature does not hold");
}

void vectors_xeddsa(struct vectors *v)
{
	each_case(v, json_field(v->part, "cases"), xeddsa_case);
	each_case(v, json_field(v->part, "verify_false"), xeddsa_false);
}
