/*
 * cert.h: the two certificates by which a server shows that its key is WhatsApp's.
 *
 * root signs intermediate, intermediate signs leaf, leaf names the key of the handshake. All checks
 * of whatsmeow, in its order. Source: docs/protocol/linked-device-1-transport.md §2.4.
 */
#ifndef WA_NOISE_CERT_H
#define WA_NOISE_CERT_H

#include "base/err.h"
#include "crypto/curve.h"

/* WhatsApp's own ("WhatsAppLongTerm1"). The sandbox has another. */
extern const uint8_t cert_root_whatsapp[CURVE_KEY_SIZE];

struct cert_trust { const uint8_t *root; int64_t now_s; };

/* When the chain holds, until when it does: the earlier of both ends, in seconds. */
enum err cert_check(struct arena *arena, bytes chain, const struct cert_trust *trust,
	const uint8_t server_key[CURVE_KEY_SIZE], int64_t *until_s, const char **why);

/* A chain for a server of our own: the sandbox. noise: random octets. */
struct cert_issue {
	const struct curve_pair *root, *intermediate;
	const uint8_t *server_key;
	int64_t from_s, until_s;
	uint8_t noise[2 * CURVE_NOISE_SIZE];
};
bytes cert_issue(struct arena *arena, const struct cert_issue *issue);

#endif
