/*
 * curve.h: X25519 keys, and signatures made with them (XEdDSA), as Signal and WhatsApp use them.
 *
 * Keys are 32 octets, little-endian; secret ones are stored clamped. Whatever touches a secret runs
 * in constant time (libsodium). Any thread; crypto_init() before. The caller wipes secrets.
 * Sources: RFC 7748; Signal's XEdDSA with the sign bit in the signature
 * (docs/protocol/linked-device-1-transport.md §7.2, §7.3).
 */
#ifndef CRYPTO_CURVE_H
#define CRYPTO_CURVE_H

#include "crypto/crypto.h"

#define CURVE_KEY_SIZE 32
#define CURVE_SIGNATURE_SIZE 64
#define CURVE_NOISE_SIZE 64 /* random octets that a signature wants */

struct curve_pair { uint8_t secret[CURVE_KEY_SIZE], open[CURVE_KEY_SIZE]; };

/* Of 32 random octets, which are clamped. */
void curve_pair_of(const uint8_t seed[CURVE_KEY_SIZE], struct curve_pair *out);
/* The secret that both sides have; false when the other key is one that gives it away (all zero).
 */
bool curve_agree(const uint8_t secret[CURVE_KEY_SIZE], const uint8_t other[CURVE_KEY_SIZE],
	uint8_t out[CURVE_KEY_SIZE]);
void curve_sign(const uint8_t secret[CURVE_KEY_SIZE], bytes message,
	const uint8_t noise[CURVE_NOISE_SIZE], uint8_t out[CURVE_SIGNATURE_SIZE]);
bool curve_verify(const uint8_t open[CURVE_KEY_SIZE], bytes message,
	const uint8_t signature[CURVE_SIGNATURE_SIZE]);

#endif
