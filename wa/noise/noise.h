/*
 * noise.h: the Noise protocol as WhatsApp speaks it: X25519, AES-256-GCM, SHA-256.
 *
 * The symmetric state of a handshake, and the two ciphers that come of it. Mixing happens in the
 * order of the pattern; handshake.h holds the patterns. No I/O, no allocation but the caller's.
 * Sources: The Noise Protocol Framework, revision 34, §5;
 * docs/protocol/linked-device-1-transport.md §2.2, §2.6.
 */
#ifndef WA_NOISE_NOISE_H
#define WA_NOISE_NOISE_H

#include "crypto/curve.h"

#define NOISE_KEY_SIZE 32
#define NOISE_COUNT_END (1ull << 32) /* no frame has this number */

struct noise {
	uint8_t hash[SHA256_SIZE], chain[NOISE_KEY_SIZE], key[NOISE_KEY_SIZE];
	uint32_t count;
};

/* One direction after the handshake. */
struct noise_cipher { uint8_t key[NOISE_KEY_SIZE]; uint64_t count; };

void noise_init(struct noise *n, str pattern, bytes prologue);
void noise_mix_hash(struct noise *n, bytes data);
/* The key agreed of ours and theirs goes into the chain. false: theirs is a bad key. */
bool noise_mix_keys(struct noise *n, const uint8_t secret[CURVE_KEY_SIZE],
	const uint8_t other[CURVE_KEY_SIZE]);
/* Encrypts and authenticates in, and mixes the result. Appends in.len + GCM_TAG_SIZE octets. */
void noise_seal(struct noise *n, bytes in, struct buf *out);
/* false: it does not authenticate; the handshake is over. */
bool noise_open(struct noise *n, bytes in, struct buf *out);
/* The ciphers: what the initiator sends by, and what the responder sends by. Wipes n. */
void noise_split(struct noise *n, struct noise_cipher *initiator, struct noise_cipher *responder);

/* Frames in the order of the wire: each call counts. false: the counter is used up. */
bool cipher_seal(struct noise_cipher *c, bytes in, struct buf *out);
/* false: it does not authenticate, and nothing after it will. */
bool cipher_open(struct noise_cipher *c, bytes in, struct buf *out);

#endif
