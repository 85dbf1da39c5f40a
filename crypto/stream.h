/*
 * stream.h: AES-256-CBC and HMAC-SHA-256 in parts, for what is too long to be held; and
 * HMAC-SHA-512.
 *
 * As crypto.h: any thread, crypto_init() before, an object belongs to one at a time. CBC hides and
 * does not authenticate: whoever opens checks a MAC, too.
 */
#ifndef CRYPTO_STREAM_H
#define CRYPTO_STREAM_H

#include "crypto/crypto.h"

#define CBC_BLOCK 16
#define SHA512_SIZE 64

/* With PKCS #7 padding. */
struct cbc;
struct cbc *cbc_create(bool seals, const uint8_t key[AES_KEY_SIZE], const uint8_t iv[CBC_BLOCK]);
/* Appends what is ready: whole blocks of what went in so far. */
void cbc_add(struct cbc *c, bytes in, struct buf *out);
/* Appends the rest, and destroys. false: the padding is wrong, or octets are missing. */
bool cbc_finish(struct cbc *c, struct buf *out);
void cbc_destroy(struct cbc *c);

struct hmac;
struct hmac *hmac_create(bytes key);
void hmac_add(struct hmac *h, bytes in);
void hmac_finish(struct hmac *h, uint8_t out[SHA256_SIZE]); /* also destroys */
void hmac_destroy(struct hmac *h);

void hmac_sha512(bytes key, bytes in, uint8_t out[SHA512_SIZE]);

#endif
