/*
 * envelope.h: a message under a key of its own, and that key under somebody's RSA key: how WhatsApp
 * Flows ask for data (RSA-OAEP with SHA-256, AES-128-GCM with a nonce of 16 octets).
 *
 * Any thread. Bad input is false, failure of the library itself an abort.
 */
#ifndef CRYPTO_ENVELOPE_H
#define CRYPTO_ENVELOPE_H

#include "base/buf.h"

#define ENVELOPE_KEY_SIZE 16
#define ENVELOPE_NONCE_SIZE 16
#define ENVELOPE_TAG_SIZE 16
#define RSA_BITS 2048
#define RSA_SIZE (RSA_BITS / 8)

/* A new pair as PEM texts (PKCS #8, and SubjectPublicKeyInfo), in the arena. Takes some 100 ms. */
void rsa_make(struct arena *arena, str *private_pem, str *public_pem);
/* out has exactly size octets; false when it is not for this key, or holds another size. */
bool rsa_open(str private_pem, bytes in, uint8_t *out, size_t size);
/* out gets RSA_SIZE octets. */
bool rsa_seal(str public_pem, bytes in, struct buf *out);

/* out gets ciphertext ‖ tag. */
void envelope_seal(const uint8_t key[ENVELOPE_KEY_SIZE], const uint8_t nonce[ENVELOPE_NONCE_SIZE],
	bytes in, struct buf *out);
bool envelope_open(const uint8_t key[ENVELOPE_KEY_SIZE], const uint8_t nonce[ENVELOPE_NONCE_SIZE],
	bytes in, struct buf *out);

#endif
