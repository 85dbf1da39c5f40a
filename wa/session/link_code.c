/* link_code.c: see link_code.h. */
#include "wa/session/link_code.h"

#define ROUNDS 131072

static const char alphabet[] = "123456789ABCDEFGHJKLMNPQRSTVWXYZ";

void link_code_of(const uint8_t octets[LINK_CODE_OCTETS], char out[LINK_CODE_LEN + 1])
{
	uint64_t bits = 0;

	for (int i = 0; i < LINK_CODE_OCTETS; i++)
		bits = bits << 8 | octets[i];
	for (int i = LINK_CODE_LEN - 1; i >= 0; i--, bits >>= 5)
		out[i] = alphabet[bits & 31];
	out[LINK_CODE_LEN] = '\0';
}

bool link_code_read(str text, char out[LINK_CODE_LEN + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '-')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (n == LINK_CODE_LEN || !c || !strchr(alphabet, c))
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == LINK_CODE_LEN;
}

static void crypt_key(const char *code, const uint8_t *salt_and_iv, const uint8_t *in, uint8_t *out)
{
	uint8_t key[AES_KEY_SIZE];

	pbkdf2_sha256(str_of(code), (bytes){ salt_and_iv, LINK_SALT_SIZE }, ROUNDS, key);
	ctr_crypt(key, salt_and_iv + LINK_SALT_SIZE, (bytes){ in, CURVE_KEY_SIZE }, out);
	crypto_wipe(key, sizeof key);
}

void link_code_wrap(const char *code, const uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE],
	const uint8_t key[CURVE_KEY_SIZE], uint8_t out[LINK_WRAPPED_SIZE])
{
	memcpy(out, seed, LINK_SALT_SIZE + CTR_IV_SIZE);
	crypt_key(code, seed, key, out + LINK_SALT_SIZE + CTR_IV_SIZE);
}

void link_code_unwrap(const char *code, const uint8_t wrapped[LINK_WRAPPED_SIZE],
	uint8_t key[CURVE_KEY_SIZE])
{
	crypt_key(code, wrapped, wrapped + LINK_SALT_SIZE + CTR_IV_SIZE, key);
}

/* ---- the bundle ---- */

static void bundle_key(const uint8_t *shared, const uint8_t *salt, uint8_t out[AES_KEY_SIZE])
{
	hkdf_sha256((bytes){ shared, CURVE_KEY_SIZE }, (bytes){ salt, LINK_SALT_SIZE },
		S("link_code_pairing_key_bundle_encryption_key"), out);
}

/* Of both shared secrets and the device's random part. */
static void secret_of(const uint8_t *ephemeral, const uint8_t *identity, const uint8_t *random,
	uint8_t out[ADV_SECRET_SIZE])
{
	uint8_t all[3 * CURVE_KEY_SIZE], none[SHA256_SIZE] = { 0 };

	memcpy(all, ephemeral, CURVE_KEY_SIZE);
	memcpy(all + CURVE_KEY_SIZE, identity, CURVE_KEY_SIZE);
	memcpy(all + 2 * CURVE_KEY_SIZE, random, CURVE_KEY_SIZE);
	hkdf_sha256((bytes){ all, sizeof all }, (bytes){ none, sizeof none }, S("adv_secret"), out);
	crypto_wipe(all, sizeof all);
}

bool link_code_finish(const struct link_finish *with, const uint8_t seed[LINK_FINISH_SEED],
	uint8_t bundle[LINK_BUNDLE_SIZE], uint8_t adv_secret[ADV_SECRET_SIZE])
{
	const uint8_t *random = seed, *salt = seed + CURVE_KEY_SIZE, *nonce = salt + LINK_SALT_SIZE;
	uint8_t ephemeral[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE], key[AES_KEY_SIZE];
	uint8_t plain[3 * CURVE_KEY_SIZE];
	struct buf out = { .ptr = bundle, .cap = LINK_BUNDLE_SIZE, .max = LINK_BUNDLE_SIZE };

	if (!curve_agree(with->ephemeral->secret, with->phone_ephemeral, ephemeral) ||
		!curve_agree(with->identity->secret, with->phone_identity, identity))
		return false;
	memcpy(plain, with->identity->open, CURVE_KEY_SIZE);
	memcpy(plain + CURVE_KEY_SIZE, with->phone_identity, CURVE_KEY_SIZE);
	memcpy(plain + 2 * CURVE_KEY_SIZE, random, CURVE_KEY_SIZE);
	bundle_key(ephemeral, salt, key);
	buf_put(&out, salt, LINK_SALT_SIZE + GCM_NONCE_SIZE);
	aead_seal(key, nonce, BYTES_NONE, (bytes){ plain, sizeof plain }, &out);
	secret_of(ephemeral, identity, random, adv_secret);
	crypto_wipe(key, sizeof key);
	crypto_wipe(ephemeral, sizeof ephemeral);
	crypto_wipe(identity, sizeof identity);
	return true;
}

bool link_code_open(const struct link_finish *with, const uint8_t bundle[LINK_BUNDLE_SIZE],
	uint8_t adv_secret[ADV_SECRET_SIZE])
{
	const size_t head = LINK_SALT_SIZE + GCM_NONCE_SIZE;
	uint8_t ephemeral[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE], key[AES_KEY_SIZE];
	uint8_t plain[3 * CURVE_KEY_SIZE];
	struct buf out = { .ptr = plain, .cap = sizeof plain, .max = sizeof plain };

	if (!curve_agree(with->ephemeral->secret, with->phone_ephemeral, ephemeral) ||
		!curve_agree(with->identity->secret, with->phone_identity, identity))
		return false;
	bundle_key(ephemeral, bundle, key);
	if (!aead_open(key, bundle + LINK_SALT_SIZE, BYTES_NONE,
		    (bytes){ bundle + head, LINK_BUNDLE_SIZE - head }, &out) ||
		memcmp(plain, with->phone_identity, CURVE_KEY_SIZE) != 0 ||
		memcmp(plain + CURVE_KEY_SIZE, with->identity->open, CURVE_KEY_SIZE) != 0)
		return false;
	secret_of(ephemeral, identity, plain + 2 * CURVE_KEY_SIZE, adv_secret);
	return true;
}
