/*
 * link_code.h: pairing by a code of eight characters that the person types on the phone.
 *
 * Code and PBKDF2 hide an ephemeral key of each side; both agree on a key for the bundle that holds
 * the device's identity, and on a new ADV secret. The slow part is code_key(): a tenth of a second,
 * for a worker. The phone's side is the sandbox's.
 * Source: docs/protocol/linked-device-1-transport.md §5.7.
 */
#ifndef WA_SESSION_LINK_CODE_H
#define WA_SESSION_LINK_CODE_H

#include "wa/session/device.h"

#define LINK_CODE_LEN 8
#define LINK_CODE_OCTETS 5
#define LINK_SALT_SIZE 32
#define LINK_WRAPPED_SIZE (LINK_SALT_SIZE + CTR_IV_SIZE + CURVE_KEY_SIZE)
#define LINK_BUNDLE_SIZE (LINK_SALT_SIZE + GCM_NONCE_SIZE + 3 * CURVE_KEY_SIZE + GCM_TAG_SIZE)
#define LINK_FINISH_SEED (CURVE_KEY_SIZE + LINK_SALT_SIZE + GCM_NONCE_SIZE)

/* Five octets as eight characters, none of them easily mistaken. */
void link_code_of(const uint8_t octets[LINK_CODE_OCTETS], char out[LINK_CODE_LEN + 1]);
/* Letters of either case and a dash are taken; false: not such a code. */
bool link_code_read(str text, char out[LINK_CODE_LEN + 1]);

/* salt ‖ iv ‖ the ephemeral key, hidden by the code; seed: salt and iv. */
void link_code_wrap(const char *code, const uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE],
	const uint8_t key[CURVE_KEY_SIZE], uint8_t out[LINK_WRAPPED_SIZE]);
/* A wrong code gives another key, not an error. */
void link_code_unwrap(const char *code, const uint8_t wrapped[LINK_WRAPPED_SIZE],
	uint8_t key[CURVE_KEY_SIZE]);

/* The last message of the device, and the ADV secret that holds from now on. seed: random octets.
 * false: one of the phone's keys is bad. */
struct link_finish {
	const struct curve_pair *ephemeral, *identity;
	const uint8_t *phone_ephemeral, *phone_identity;
};
bool link_code_finish(const struct link_finish *with, const uint8_t seed[LINK_FINISH_SEED],
	uint8_t bundle[LINK_BUNDLE_SIZE], uint8_t adv_secret[ADV_SECRET_SIZE]);
/* The phone opens it: the device's identity and the same ADV secret. with: the phone's own pairs,
 * and the device's open keys. */
bool link_code_open(const struct link_finish *with, const uint8_t bundle[LINK_BUNDLE_SIZE],
	uint8_t adv_secret[ADV_SECRET_SIZE]);

#endif
