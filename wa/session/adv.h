/*
 * adv.h: how a phone vouches for a linked device, and the device for itself.
 *
 * The phone signs the device's identity key; a secret that only the QR code (or the pairing code)
 * carried authenticates that; the device signs back. Hosted accounts use other prefixes, told by
 * two different fields. Source: docs/protocol/linked-device-1-transport.md §5.5.
 */
#ifndef WA_SESSION_ADV_H
#define WA_SESSION_ADV_H

#include "wa/session/device.h"

struct adv_refusal { int code; const char *text; }; /* as the iq error says it */

/* What pair-success brought, checked. */
struct adv_pairing {
	bytes account;          /* ADVSignedDeviceIdentity, all fields: to be kept */
	bytes reply;            /* the same without the account's key: to be sent */
	uint32_t key_index;
	uint8_t primary_identity[CURVE_KEY_SIZE];
};
/* content: of <device-identity>. noise: random octets for our signature. ERR_AUTH or ERR_INPUT, and
 * *refusal says what to answer. */
enum err adv_accept(struct arena *arena, const struct device *d, bytes content,
	const uint8_t noise[CURVE_NOISE_SIZE], struct adv_pairing *out,
	struct adv_refusal *refusal);

/* ---- the phone's side: for the sandbox ---- */

struct adv_voucher {
	const struct curve_pair *phone;
	const uint8_t *device_identity, *adv_secret, *noise;
	uint32_t raw_id, key_index;
	int64_t at_s;
};
/* The content of <device-identity>. */
bytes adv_vouch(struct arena *arena, const struct adv_voucher *by);
/* Did the device sign back? reply: what it sent; its signature is checked with the keys of `by`. */
bool adv_reply_holds(struct arena *arena, const struct adv_voucher *by, bytes reply);

#endif
