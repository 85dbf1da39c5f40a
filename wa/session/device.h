/*
 * device.h: who a linked device is: its keys, and what it knows of its account.
 *
 * Made of random octets before the first connection; paired once the account's phone has vouched
 * for it (adv.h). Packed, it is the one record without which the number must be paired anew:
 * whoever keeps it seals it. Public keys are computed of the secret ones. Source:
 * docs/protocol/linked-device-1-transport.md §5.2, §7.1.
 */
#ifndef WA_SESSION_DEVICE_H
#define WA_SESSION_DEVICE_H

#include "base/err.h"
#include "crypto/curve.h"
#include "wa/stanza/jid.h"

#define ADV_SECRET_SIZE 32
#define DEVICE_TEXT_MAX 128
#define DEVICE_ACCOUNT_MAX 512
#define DEVICE_ROUTING_MAX 1024
#define DEVICE_SEED_SIZE (4 * CURVE_KEY_SIZE + CURVE_NOISE_SIZE + 4)
#define DEVICE_RECORD_MAX 8192
#define PREKEY_ID_MAX 0xFFFFFFu

struct wa_text { char text[DEVICE_TEXT_MAX]; uint8_t len; };

struct wa_jid { struct wa_text user; uint16_t device; };

struct device {
	struct curve_pair noise, identity, signed_prekey;
	uint32_t registration_id, signed_prekey_id;
	uint8_t signed_prekey_signature[CURVE_SIGNATURE_SIZE];
	uint8_t adv_secret[ADV_SECRET_SIZE];
	bool is_paired;
	/* Paired: by phone number and by hidden id; the primary has device 0. */
	struct wa_jid pn, lid;
	/* ADVSignedDeviceIdentity with all its fields */
	uint8_t account[DEVICE_ACCOUNT_MAX];
	uint16_t account_len;
	uint8_t primary_identity[CURVE_KEY_SIZE];
	struct wa_text platform, business_name, push_name;
	/* Of the next one-time prekey; and those below it that the server has not confirmed. */
	uint32_t next_prekey_id, first_unconfirmed_id;
	/* What the server wants back at the next connection. */
	uint8_t routing[DEVICE_ROUTING_MAX];
	uint16_t routing_len;
	/* The server's key as last proven, for a quick handshake; until: 0 when there is none. */
	uint8_t server_key[CURVE_KEY_SIZE];
	int64_t server_until_s;
	int64_t paired_ms;
	int64_t mended_ms; /* keys went up again, for the server had others; 0: never */
};

/* Not paired; of DEVICE_SEED_SIZE random octets. */
void device_make(struct device *out, const uint8_t *seed);
void device_wipe(struct device *d);
/* One record, versioned. Secrets are plain in it. */
void device_pack(const struct device *d, struct buf *out);
/* ERR_CORRUPT: not such a record. */
enum err device_unpack(bytes record, struct device *out);

/* Ids of keys as the wire has them, the highest octet first; back, of at most four. */
bytes id_octets(struct arena *arena, uint32_t id, size_t size);
uint32_t id_of(bytes octets);

bool wa_text_set(struct wa_text *to, str from); /* false: too long, and unchanged */
static inline str wa_text_of(const struct wa_text *t)
{
	return (str){ t->text, t->len };
}
/* Borrow from d. */
struct jid device_pn(const struct device *d);
struct jid device_lid(const struct device *d);

#endif
