/* stream.c: see stream.h. */
#include "crypto/stream.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define STEP_MAX (1u << 20) /* OpenSSL counts in int */

static void must(bool good)
{
	if (!good)
		abort();
}

struct cbc {
	EVP_CIPHER_CTX *ctx;
	size_t held; /* octets that went in and have not come out */
};

struct cbc *cbc_create(bool seals, const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_BLOCK])
{
	struct cbc *c = HEAP_NEW(struct cbc);

	c->ctx = EVP_CIPHER_CTX_new();
	must(c->ctx && EVP_CipherInit_ex(c->ctx, EVP_aes_256_cbc(), NULL, key, iv, seals) == 1);
	return c;
}

static void add_step(struct cbc *c, bytes in, struct buf *out)
{
	size_t most = (c->held + in.len) / CBC_BLOCK * CBC_BLOCK;
	uint8_t none[1], *to = most ? buf_space(out, most) : none;
	int n = 0;

	if (!to)
		return;
	must(EVP_CipherUpdate(c->ctx, to, &n, in.ptr, (int)in.len) == 1);
	c->held += in.len - (size_t)n;
	out->len -= most - (size_t)n;
}

void cbc_add(struct cbc *c, bytes in, struct buf *out)
{
	while (in.len > 0) {
		size_t n = in.len < STEP_MAX ? in.len : STEP_MAX;

		add_step(c, (bytes){ in.ptr, n }, out);
		in = (bytes){ in.ptr + n, in.len - n };
	}
}

bool cbc_finish(struct cbc *c, struct buf *out)
{
	uint8_t last[CBC_BLOCK];
	int n = 0;
	bool good = EVP_CipherFinal_ex(c->ctx, last, &n) == 1;

	if (good && n > 0)
		buf_put(out, last, (size_t)n);
	crypto_wipe(last, sizeof last);
	cbc_destroy(c);
	return good && !out->failed;
}

void cbc_destroy(struct cbc *c)
{
	if (!c)
		return;
	EVP_CIPHER_CTX_free(c->ctx);
	heap_free(c);
}

struct hmac {
	EVP_MAC_CTX *ctx;
};

struct hmac *hmac_create(bytes key)
{
	char name[] = "SHA256";
	const OSSL_PARAM digest[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
					      0),
		OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	struct hmac *h = HEAP_NEW(struct hmac);

	must(mac != NULL);
	h->ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	must(h->ctx && EVP_MAC_init(h->ctx, key.ptr, key.len, digest) == 1);
	return h;
}

void hmac_add(struct hmac *h, bytes in)
{
	must(EVP_MAC_update(h->ctx, in.ptr, in.len) == 1);
}

void hmac_finish(struct hmac *h, uint8_t out[SHA256_SIZE])
{
	size_t n;

	must(EVP_MAC_final(h->ctx, out, &n, SHA256_SIZE) == 1);
	hmac_destroy(h);
}

void hmac_destroy(struct hmac *h)
{
	if (!h)
		return;
	EVP_MAC_CTX_free(h->ctx);
	heap_free(h);
}

void hmac_sha512(bytes key, bytes in, uint8_t out[SHA512_SIZE])
{
	unsigned n = SHA512_SIZE;

	must(key.len <= INT_MAX &&
		HMAC(EVP_sha512(), key.ptr, (int)key.len, in.ptr, in.len, out, &n) != NULL);
}
