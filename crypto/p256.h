/*
 * p256.h: the curve P-256, as web push wants it: key agreement, ES256 signatures, and AES-128-GCM.
 *
 * Points are uncompressed (0x04 ‖ x ‖ y), private keys big-endian. Any thread; crypto_init()
 * before. Failure of the library itself is an abort, bad input is false. The caller wipes private
 * keys.
 */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include "crypto/crypto.h"

#define P256_PRIVATE_SIZE 32
#define P256_PUBLIC_SIZE 65
#define P256_SECRET_SIZE 32
#define ES256_SIZE 64
#define AES128_KEY_SIZE 16

struct p256_pair { uint8_t private[P256_PRIVATE_SIZE], public[P256_PUBLIC_SIZE]; };

void p256_generate(struct p256_pair *out);
/* false: the octets are no point of the curve. */
bool p256_agree(const struct p256_pair *own, const uint8_t other[P256_PUBLIC_SIZE],
	uint8_t out[P256_SECRET_SIZE]);
bool p256_is_point(const uint8_t public[P256_PUBLIC_SIZE]);
/* RFC 7518 §3.4: r ‖ s over the SHA-256 of in. */
void es256_sign(const struct p256_pair *own, bytes in, uint8_t out[ES256_SIZE]);
bool es256_verify(const uint8_t public[P256_PUBLIC_SIZE], bytes in, const uint8_t sign[ES256_SIZE]);
/* Appends ciphertext ‖ tag. The nonce is used once: key and nonce are made for this message. */
void gcm128_seal(const uint8_t key[AES128_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], bytes in,
	struct buf *out);

#endif
