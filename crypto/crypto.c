/* crypto.c: OpenSSL 3 behind crypto.h. Each thread keeps one cipher context, so sealing allocates
 * nothing. */
#include "crypto/crypto.h"

#include "base/codec.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/core_names.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

static EVP_CIPHER *aes_gcm, *aes_ctr, *aes_cbc;
static EVP_MAC *hmac_mac;
static EVP_MD *sha256_md;
static pthread_key_t contexts_key;

struct contexts {
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *hmac;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void contexts_free(void *data)
{
	struct contexts *c = data;

	EVP_CIPHER_CTX_free(c->cipher);
	EVP_MAC_CTX_free(c->hmac);
	heap_free(c);
}

void crypto_init(void)
{
	if (aes_gcm)
		return;
	must(sodium_init() >= 0);
	aes_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	aes_ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	aes_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	hmac_mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(aes_gcm && aes_ctr && aes_cbc && hmac_mac && sha256_md &&
		pthread_key_create(&contexts_key, contexts_free) == 0);
}

static struct contexts *contexts(void)
{
	/* Named once: looking an algorithm up by name takes longer than hashing a short text. */
	char name[] = "SHA256";
	const OSSL_PARAM digest[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
					      0),
		OSSL_PARAM_construct_end() };
	struct contexts *c = pthread_getspecific(contexts_key);

	if (!c) {
		c = HEAP_NEW(struct contexts);
		c->cipher = EVP_CIPHER_CTX_new();
		c->hmac = EVP_MAC_CTX_new(hmac_mac);
		must(c->cipher && c->hmac && pthread_setspecific(contexts_key, c) == 0);
		must(EVP_MAC_CTX_set_params(c->hmac, digest) == 1);
	}
	return c;
}

void crypto_random(void *out, size_t size)
{
	randombytes_buf(out, size);
}

str crypto_random_text(struct arena *arena, size_t size)
{
	struct buf text = buf_in(arena, size * 2 + 8);
	uint8_t *raw = arena_alloc(arena, size);

	crypto_random(raw, size);
	base64url_write(&text, (bytes){ raw, size });
	crypto_wipe(raw, size);
	return buf_text(&text);
}

void crypto_wipe(void *data, size_t size)
{
	sodium_memzero(data, size);
}

bool crypto_equal(bytes a, bytes b)
{
	return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void sha256(bytes in, uint8_t out[SHA256_SIZE])
{
	must(EVP_Digest(in.ptr, in.len, out, NULL, sha256_md, NULL) == 1);
}

void hmac_sha256(bytes key, bytes in, uint8_t out[SHA256_SIZE])
{
	static const uint8_t none[1];
	EVP_MAC_CTX *ctx = contexts()->hmac;
	size_t n;

	must(EVP_MAC_init(ctx, key.len ? key.ptr : none, key.len, NULL) == 1);
	must(EVP_MAC_update(ctx, in.ptr, in.len) == 1);
	must(EVP_MAC_final(ctx, out, &n, SHA256_SIZE) == 1);
}

void sha1(bytes in, uint8_t out[SHA1_SIZE])
{
	must(EVP_Digest(in.ptr, in.len, out, NULL, EVP_sha1(), NULL) == 1);
}

void hmac_sha1(bytes key, bytes in, uint8_t out[SHA1_SIZE])
{
	unsigned n = SHA1_SIZE;

	must(HMAC(EVP_sha1(), key.ptr, (int)key.len, in.ptr, in.len, out, &n) != NULL);
}

void hkdf_sha256_to(bytes key, bytes salt, str info, uint8_t *out, size_t size)
{
	uint8_t prk[SHA256_SIZE], block[SHA256_SIZE], input[SHA256_SIZE + 256];
	size_t before = 0;

	/* RFC 5869: T(n) = HMAC(PRK, T(n - 1) ‖ info ‖ n). */
	must(info.len < 256 && size <= HKDF_MAX);
	hmac_sha256(salt, key, prk);
	for (uint8_t n = 1; size > 0; n++) {
		size_t part = size < SHA256_SIZE ? size : SHA256_SIZE;

		if (info.len)
			memcpy(input + before, info.ptr, info.len);
		input[before + info.len] = n;
		hmac_sha256((bytes){ prk, sizeof prk }, (bytes){ input, before + info.len + 1 },
			block);
		memcpy(out, block, part);
		memcpy(input, block, SHA256_SIZE);
		before = SHA256_SIZE;
		out += part;
		size -= part;
	}
	crypto_wipe(prk, sizeof prk);
	crypto_wipe(block, sizeof block);
	crypto_wipe(input, sizeof input);
}

void hkdf_sha256(bytes key, bytes salt, str info, uint8_t out[AES_KEY_SIZE])
{
	hkdf_sha256_to(key, salt, info, out, AES_KEY_SIZE);
}

void md5(bytes in, uint8_t out[MD5_SIZE])
{
	must(EVP_Digest(in.ptr, in.len, out, NULL, EVP_md5(), NULL) == 1);
}

void pbkdf2_sha256(str password, bytes salt, unsigned rounds, uint8_t out[AES_KEY_SIZE])
{
	must(password.len <= INT_MAX && salt.len <= INT_MAX && rounds <= INT_MAX);
	must(PKCS5_PBKDF2_HMAC(password.ptr, (int)password.len, salt.ptr, (int)salt.len,
		     (int)rounds, EVP_sha256(), AES_KEY_SIZE, out) == 1);
}

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct sha256 *sha256_create(void)
{
	struct sha256 *s = HEAP_NEW(struct sha256);

	s->ctx = EVP_MD_CTX_new();
	must(s->ctx && EVP_DigestInit_ex(s->ctx, sha256_md, NULL) == 1);
	return s;
}

void sha256_add(struct sha256 *s, bytes in)
{
	must(EVP_DigestUpdate(s->ctx, in.ptr, in.len) == 1);
}

void sha256_finish(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
	must(EVP_DigestFinal_ex(s->ctx, out, NULL) == 1);
	EVP_MD_CTX_free(s->ctx);
	heap_free(s);
}

void aead_seal(const uint8_t key[AES_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes about,
	bytes in, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = contexts()->cipher;
	uint8_t *to = buf_space(out, in.len + GCM_TAG_SIZE);
	int n;

	if (!to)
		return;
	must(in.len <= INT_MAX && about.len <= INT_MAX);
	must(EVP_EncryptInit_ex2(ctx, aes_gcm, key, nonce, NULL) == 1);
	must(EVP_EncryptUpdate(ctx, NULL, &n, about.ptr, (int)about.len) == 1);
	must(EVP_EncryptUpdate(ctx, to, &n, in.ptr, (int)in.len) == 1);
	must(EVP_EncryptFinal_ex(ctx, to + in.len, &n) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_SIZE, to + in.len) == 1);
}

bool aead_open(const uint8_t key[AES_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes about,
	bytes in, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = contexts()->cipher;
	size_t size = in.len - GCM_TAG_SIZE, before = out->len;
	uint8_t *to, tag[GCM_TAG_SIZE];
	int n;

	if (in.len < GCM_TAG_SIZE)
		return false;
	to = buf_space(out, size);
	if (out->failed)
		return false;
	must(in.len <= INT_MAX && about.len <= INT_MAX);
	memcpy(tag, in.ptr + size, GCM_TAG_SIZE);
	must(EVP_DecryptInit_ex2(ctx, aes_gcm, key, nonce, NULL) == 1);
	must(EVP_DecryptUpdate(ctx, NULL, &n, about.ptr, (int)about.len) == 1);
	must(EVP_DecryptUpdate(ctx, to, &n, in.ptr, (int)size) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_SIZE, tag) == 1);
	if (EVP_DecryptFinal_ex(ctx, tag, &n) == 1)
		return true;
	/* What did not authenticate is not left lying about. */
	if (size)
		crypto_wipe(to, size);
	out->len = before;
	return false;
}

void ctr_crypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CTR_IV_SIZE], bytes in,
	uint8_t *out)
{
	EVP_CIPHER_CTX *ctx = contexts()->cipher;
	int n;

	must(in.len <= INT_MAX);
	must(EVP_EncryptInit_ex2(ctx, aes_ctr, key, iv, NULL) == 1);
	must(EVP_EncryptUpdate(ctx, out, &n, in.ptr, (int)in.len) == 1);
}

void cbc_encrypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_IV_SIZE], bytes in,
	struct buf *out)
{
	static const uint8_t none[1];
	EVP_CIPHER_CTX *ctx = contexts()->cipher;
	size_t size = in.len + CBC_BLOCK_SIZE - in.len % CBC_BLOCK_SIZE;
	uint8_t *to = buf_space(out, size);
	int n, last;

	if (!to)
		return;
	must(size <= INT_MAX && EVP_EncryptInit_ex2(ctx, aes_cbc, key, iv, NULL) == 1);
	must(EVP_EncryptUpdate(ctx, to, &n, in.len ? in.ptr : none, (int)in.len) == 1);
	must(EVP_EncryptFinal_ex(ctx, to + n, &last) == 1);
}

bool cbc_decrypt(const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_IV_SIZE], bytes in,
	struct buf *out)
{
	EVP_CIPHER_CTX *ctx = contexts()->cipher;
	size_t before = out->len;
	uint8_t *to = in.len && in.len % CBC_BLOCK_SIZE == 0 ? buf_space(out, in.len) : NULL;
	int n = 0, last = 0;

	if (!to)
		return false;
	must(in.len <= INT_MAX && EVP_DecryptInit_ex2(ctx, aes_cbc, key, iv, NULL) == 1);
	must(EVP_DecryptUpdate(ctx, to, &n, in.ptr, (int)in.len) == 1);
	out->len = before;
	if (EVP_DecryptFinal_ex(ctx, to + n, &last) != 1)
		return false;
	out->len = before + (size_t)n + (size_t)last;
	return true;
}

void gcm_seal(const uint8_t key[AES_KEY_SIZE], bytes about, bytes in, struct buf *out)
{
	uint8_t nonce[GCM_NONCE_SIZE];

	if (out->max - out->len < in.len + GCM_OVERHEAD) {
		out->failed = true;
		return;
	}
	crypto_random(nonce, sizeof nonce);
	buf_put(out, nonce, sizeof nonce);
	aead_seal(key, nonce, about, in, out);
}

bool gcm_open(const uint8_t key[AES_KEY_SIZE], bytes about, bytes in, struct buf *out)
{
	if (in.len < GCM_OVERHEAD)
		return false;
	return aead_open(key, in.ptr, about,
		(bytes){ in.ptr + GCM_NONCE_SIZE, in.len - GCM_NONCE_SIZE }, out);
}
