/* envelope.c: OpenSSL 3 behind envelope.h. */
#include "crypto/envelope.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

static void must(bool good)
{
	if (!good)
		abort();
}

static str text_of(struct arena *arena, BIO *bio)
{
	char *data = NULL;
	long len = BIO_get_mem_data(bio, &data);
	str text = arena_str(arena, (str){ data, (size_t)len });

	BIO_free(bio);
	return text;
}

void rsa_make(struct arena *arena, str *private_pem, str *public_pem)
{
	EVP_PKEY *key = EVP_RSA_gen(RSA_BITS);
	BIO *private = BIO_new(BIO_s_secmem()), *public = BIO_new(BIO_s_mem());

	must(key && private && public);
	must(PEM_write_bio_PKCS8PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) == 1);
	must(PEM_write_bio_PUBKEY(public, key) == 1);
	*private_pem = text_of(arena, private);
	*public_pem = text_of(arena, public);
	EVP_PKEY_free(key);
}

static EVP_PKEY *read_key(str pem, bool is_private)
{
	BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
	EVP_PKEY *key;

	must(bio != NULL);
	key = is_private ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL)
			 : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	BIO_free(bio);
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* "RSA-OAEP (SHA-256, MGF1-SHA-256)". */
static bool set_padding(EVP_PKEY_CTX *ctx)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) > 0;
}

bool rsa_open(str private_pem, bytes in, uint8_t *out, size_t size)
{
	EVP_PKEY *key = read_key(private_pem, true);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t plain[RSA_SIZE];
	size_t len = sizeof plain;
	bool good = ctx && in.len == RSA_SIZE && EVP_PKEY_get_size(key) == RSA_SIZE &&
		    EVP_PKEY_decrypt_init(ctx) > 0 && set_padding(ctx) &&
		    EVP_PKEY_decrypt(ctx, plain, &len, in.ptr, in.len) > 0 && len == size;

	if (good)
		memcpy(out, plain, size);
	OPENSSL_cleanse(plain, sizeof plain);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

bool rsa_seal(str public_pem, bytes in, struct buf *out)
{
	EVP_PKEY *key = read_key(public_pem, false);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	uint8_t sealed[RSA_SIZE];
	size_t len = sizeof sealed;
	bool good = ctx && EVP_PKEY_get_size(key) == RSA_SIZE && EVP_PKEY_encrypt_init(ctx) > 0 &&
		    set_padding(ctx) &&
		    EVP_PKEY_encrypt(ctx, sealed, &len, in.ptr, in.len) > 0;

	if (good)
		buf_put(out, sealed, len);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

void envelope_seal(const uint8_t key[ENVELOPE_KEY_SIZE], const uint8_t nonce[ENVELOPE_NONCE_SIZE],
	bytes in, struct buf *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t tag[ENVELOPE_TAG_SIZE], *at;
	int len = 0, rest = 0;

	must(ctx && in.len < INT32_MAX);
	must(EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, NULL, NULL) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IVLEN, ENVELOPE_NONCE_SIZE, NULL) == 1);
	must(EVP_EncryptInit_ex(ctx, NULL, NULL, key, nonce) == 1);
	at = buf_space(out, in.len + ENVELOPE_TAG_SIZE);
	if (at) {
		must(EVP_EncryptUpdate(ctx, at, &len, in.ptr, (int)in.len) == 1);
		must(EVP_EncryptFinal_ex(ctx, at + len, &rest) == 1);
		must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, sizeof tag, tag) == 1);
		memcpy(at + in.len, tag, sizeof tag);
	}
	EVP_CIPHER_CTX_free(ctx);
}

bool envelope_open(const uint8_t key[ENVELOPE_KEY_SIZE], const uint8_t nonce[ENVELOPE_NONCE_SIZE],
	bytes in, struct buf *out)
{
	size_t size = in.len < ENVELOPE_TAG_SIZE ? 0 : in.len - ENVELOPE_TAG_SIZE;
	uint8_t tag[ENVELOPE_TAG_SIZE], *at = in.len < INT32_MAX ? buf_space(out, size) : NULL;
	EVP_CIPHER_CTX *ctx;
	int len = 0, rest = 0;
	bool good;

	if (in.len < ENVELOPE_TAG_SIZE || out->failed || (!at && size))
		return false;
	ctx = EVP_CIPHER_CTX_new();
	memcpy(tag, in.ptr + size, sizeof tag);
	must(ctx && EVP_DecryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, NULL, NULL) == 1);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_IVLEN, ENVELOPE_NONCE_SIZE, NULL) == 1);
	must(EVP_DecryptInit_ex(ctx, NULL, NULL, key, nonce) == 1);
	good = EVP_DecryptUpdate(ctx, at, &len, in.ptr, (int)size) == 1 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof tag, tag) == 1 &&
	       EVP_DecryptFinal_ex(ctx, at + len, &rest) == 1;
	if (!good)
		out->len -= size;
	EVP_CIPHER_CTX_free(ctx);
	return good;
}
