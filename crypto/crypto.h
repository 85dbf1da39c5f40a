/*
 * crypto.h: the few primitives we use, over OpenSSL (hashes, AES) and libsodium (Argon2id, wiping).
 *
 * Any thread. Keys are fixed arrays; the caller wipes them. Failure of the library itself is an
 * abort, bad input is false.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/buf.h"

#define SHA256_SIZE 32
#define AES_KEY_SIZE 32
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE 16
#define GCM_OVERHEAD (GCM_NONCE_SIZE + GCM_TAG_SIZE)
#define PASSWORD_HASH_MAX 128

/* Once, before any other call and before threads. */
void crypto_init(void);

void crypto_random(void *out, size_t size);
/* size random octets as base64url text. */
str crypto_random_text(struct arena *arena, size_t size);
void crypto_wipe(void *data, size_t size);
/* Constant time for equal lengths; different lengths differ at once. */
bool crypto_equal(bytes a, bytes b);

void sha256(bytes in, uint8_t out[SHA256_SIZE]);
void hmac_sha256(bytes key, bytes in, uint8_t out[SHA256_SIZE]);
/* For RFC 6238, whose authenticator apps know nothing newer; and for the protocol of linked
 * devices, which names a bundle of keys by it. */
#define SHA1_SIZE 20
void sha1(bytes in, uint8_t out[SHA1_SIZE]);
void hmac_sha1(bytes key, bytes in, uint8_t out[SHA1_SIZE]);
void hkdf_sha256(bytes key, bytes salt, str info, uint8_t out[AES_KEY_SIZE]);
/* RFC 5869 with a result of up to HKDF_MAX octets. */
#define HKDF_MAX (8 * SHA256_SIZE)
void hkdf_sha256_to(bytes key, bytes salt, str info, uint8_t *out, size_t size);
/* For the protocol of linked devices, which names a build by it, and for the body_md5 of Pusher's
 * HTTP API, which a signature covers. */
#define MD5_SIZE 16
void md5(bytes in, uint8_t out[MD5_SIZE]);
/* Takes a tenth of a second at 131,072 rounds. */
void pbkdf2_sha256(str password, bytes salt, unsigned rounds, uint8_t out[AES_KEY_SIZE]);

/* SHA-256 in parts, for streams. */
struct sha256;
struct sha256 *sha256_create(void);
void sha256_add(struct sha256 *s, bytes in);
void sha256_finish(struct sha256 *s, uint8_t out[SHA256_SIZE]); /* also destroys */

/*
 * AES-256-GCM with a nonce of the caller, never twice with one key. out gets ciphertext ‖ tag.
 */
void aead_seal(const uint8_t key[AES_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes about,
	bytes in, struct buf *out);
/* false, and out as before: too short, changed, or another key, nonce or `about`. */
bool aead_open(const uint8_t key[AES_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes about,
	bytes in, struct buf *out);

/* AES-256-CTR, which is its own opposite: as many octets as in. The counter block is iv,
 * big-endian. It hides and does not authenticate. */
#define CTR_IV_SIZE 16
void ctr_crypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CTR_IV_SIZE], bytes in,
	uint8_t *out);

/* AES-256-CBC with padding (PKCS #7), in one piece: it hides and does not authenticate, so who
 * opens has checked a MAC. false, and out as before: no whole blocks, or not padded. */
#define CBC_IV_SIZE 16
#define CBC_BLOCK_SIZE 16
void cbc_encrypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_IV_SIZE], bytes in,
	struct buf *out);
bool cbc_decrypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_IV_SIZE], bytes in,
	struct buf *out);

/*
 * AES-256-GCM with a random nonce: out gets nonce ‖ ciphertext ‖ tag, in.len + GCM_OVERHEAD octets.
 * `about` is authenticated and not stored: the same must be given to open.
 */
void gcm_seal(const uint8_t key[AES_KEY_SIZE], bytes about, bytes in, struct buf *out);
/* false: too short, changed, or another key or `about`. out gets in.len - GCM_OVERHEAD octets. */
bool gcm_open(const uint8_t key[AES_KEY_SIZE], bytes about, bytes in, struct buf *out);

/* Argon2id; a text that holds its parameters. Takes some 30 ms and 19 MiB: on a worker. */
void password_hash(str password, char out[PASSWORD_HASH_MAX]);
bool password_verify(str password, const char *hash);
/* A key of a passphrase, for what is sealed with it; of the same cost. */
#define PASSWORD_SALT_SIZE 16
void password_key(str password, const uint8_t salt[PASSWORD_SALT_SIZE], uint8_t out[AES_KEY_SIZE]);

#endif
