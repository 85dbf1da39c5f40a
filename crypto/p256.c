/* p256.c: OpenSSL 3 behind p256.h. */
#include "crypto/p256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

#define DER_MAX 80 /* of a signature: two integers of 33 octets and their heads */

static void must(bool good)
{
	if (!good)
		abort();
}

void p256_generate(struct p256_pair *out)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIGNUM *private = NULL;
	size_t len = 0;

	must(key && EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &private) == 1);
	must(BN_bn2binpad(private, out->private, sizeof out->private) == sizeof out->private);
	must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out->public,
		     sizeof out->public, &len) == 1);
	must(len == P256_PUBLIC_SIZE);
	BN_clear_free(private);
	EVP_PKEY_free(key);
}

/* NULL: the point is none. private may be NULL. */
static EVP_PKEY *key_of(const uint8_t *public, const uint8_t *private)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *number = private ? BN_bin2bn(private, P256_PRIVATE_SIZE, NULL) : NULL;
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	must(ctx && build && (number || !private));
	must(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1);
	must(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, public,
		     P256_PUBLIC_SIZE) == 1);
	must(!number || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1);
	params = OSSL_PARAM_BLD_to_param(build);
	must(params && EVP_PKEY_fromdata_init(ctx) == 1);
	if (EVP_PKEY_fromdata(ctx, &key, private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
		    params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_clear_free(number);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

bool p256_is_point(const uint8_t public[P256_PUBLIC_SIZE])
{
	EVP_PKEY *key = key_of(public, NULL);
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	bool good = public[0] == 4 && ctx && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

bool p256_agree(const struct p256_pair *own, const uint8_t other[P256_PUBLIC_SIZE],
	uint8_t out[P256_SECRET_SIZE])
{
	EVP_PKEY *mine = key_of(own->public, own->private), *theirs = key_of(other, NULL);
	EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL) : NULL;
	size_t len = P256_SECRET_SIZE;
	bool good = ctx && theirs && EVP_PKEY_derive_init(ctx) == 1 &&
	            EVP_PKEY_derive_set_peer_ex(ctx, theirs, 1) == 1 &&
	            EVP_PKEY_derive(ctx, out, &len) == 1 && len == P256_SECRET_SIZE;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return good;
}

/* OpenSSL signs in DER, a JWT wants the two numbers side by side. */
static void raw_of_der(const uint8_t *der, size_t len, uint8_t out[ES256_SIZE])
{
	ECDSA_SIG *sign = d2i_ECDSA_SIG(NULL, &der, (long)len);

	must(sign != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(sign), out, ES256_SIZE / 2) == ES256_SIZE / 2);
	must(BN_bn2binpad(ECDSA_SIG_get0_s(sign), out + ES256_SIZE / 2, ES256_SIZE / 2) ==
		ES256_SIZE / 2);
	ECDSA_SIG_free(sign);
}

void es256_sign(const struct p256_pair *own, bytes in, uint8_t out[ES256_SIZE])
{
	EVP_PKEY *key = key_of(own->public, own->private);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[DER_MAX];
	size_t len = sizeof der;

	must(key && ctx && EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1);
	must(EVP_DigestSign(ctx, der, &len, in.ptr, in.len) == 1);
	raw_of_der(der, len, out);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

bool es256_verify(const uint8_t public[P256_PUBLIC_SIZE], bytes in, const uint8_t sign[ES256_SIZE])
{
	EVP_PKEY *key = key_of(public, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *pair = ECDSA_SIG_new();
	unsigned char *der = NULL;
	int len;
	bool good;

	must(ctx && pair);
	must(ECDSA_SIG_set0(pair, BN_bin2bn(sign, ES256_SIZE / 2, NULL),
		     BN_bin2bn(sign + ES256_SIZE / 2, ES256_SIZE / 2, NULL)) == 1);
	len = i2d_ECDSA_SIG(pair, &der);
	good = key && len > 0 &&
	       EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
	       EVP_DigestVerify(ctx, der, (size_t)len, in.ptr, in.len) == 1;
	OPENSSL_free(der);
	ECDSA_SIG_free(pair);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

void gcm128_seal(const uint8_t key[AES128_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes in,
	struct buf *out)
{
	uint8_t *to = buf_space(out, in.len + GCM_TAG_SIZE);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len = 0;

	must(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, nonce) == 1);
	if (to) {
		must(EVP_EncryptUpdate(ctx, to, &len, in.ptr, (int)in.len) == 1);
		must(EVP_EncryptFinal_ex(ctx, to + in.len, &len) == 1);
		must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, GCM_TAG_SIZE, to + in.len) ==
			1);
	}
	EVP_CIPHER_CTX_free(ctx);
}
