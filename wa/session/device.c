/* device.c: see device.h. */
#include "wa/session/device.h"

#include "wa/proto/proto.h"
#include "wa_device.pb-c.h"

#define RECORD_VERSION 1
#define REGISTRATION_ID_MAX 16380 /* what Signal itself allows */

bytes id_octets(struct arena *arena, uint32_t id, size_t size)
{
	uint8_t *out = arena_alloc(arena, size);

	for (size_t i = 0; i < size; i++)
		out[i] = (uint8_t)(id >> 8 * (size - 1 - i));
	return (bytes){ out, size };
}

uint32_t id_of(bytes octets)
{
	uint32_t value = 0;

	for (size_t i = 0; i < octets.len && i < 4; i++)
		value = value << 8 | octets.ptr[i];
	return value;
}

bool wa_text_set(struct wa_text *to, str from)
{
	if (from.len > sizeof to->text - 1)
		return false;
	memset(to->text, 0, sizeof to->text);
	if (from.len)
		memcpy(to->text, from.ptr, from.len);
	to->len = (uint8_t)from.len;
	return true;
}

struct jid device_pn(const struct device *d)
{
	return (struct jid){ .user = wa_text_of(&d->pn.user), .server = JID_SERVER_PN,
		.device = d->pn.device };
}

struct jid device_lid(const struct device *d)
{
	return (struct jid){ .user = wa_text_of(&d->lid.user), .server = JID_SERVER_LID,
		.device = d->lid.device };
}

static void sign_prekey(struct device *d, const uint8_t *noise)
{
	uint8_t typed[1 + CURVE_KEY_SIZE] = { 5 };

	memcpy(typed + 1, d->signed_prekey.open, CURVE_KEY_SIZE);
	curve_sign(d->identity.secret, (bytes){ typed, sizeof typed }, noise,
		d->signed_prekey_signature);
}

void device_make(struct device *out, const uint8_t *seed)
{
	const uint8_t *number = seed + 4 * CURVE_KEY_SIZE + CURVE_NOISE_SIZE;

	*out = (struct device){ .signed_prekey_id = 1, .next_prekey_id = 1,
		.first_unconfirmed_id = 1 };
	curve_pair_of(seed, &out->noise);
	curve_pair_of(seed + CURVE_KEY_SIZE, &out->identity);
	curve_pair_of(seed + 2 * CURVE_KEY_SIZE, &out->signed_prekey);
	memcpy(out->adv_secret, seed + 3 * CURVE_KEY_SIZE, ADV_SECRET_SIZE);
	sign_prekey(out, seed + 4 * CURVE_KEY_SIZE);
	out->registration_id = 1 + ((uint32_t)number[0] << 8 | number[1]) % REGISTRATION_ID_MAX;
}

void device_wipe(struct device *d)
{
	crypto_wipe(d, sizeof *d);
}

/* ---- the record ---- */

static ProtobufCBinaryData data(const uint8_t *octets, size_t size)
{
	return proto_data((bytes){ octets, size });
}

static void fill_keys(const struct device *d, Wa__DeviceRecord *r)
{
	PROTO_SET(r, noise, data(d->noise.secret, CURVE_KEY_SIZE));
	PROTO_SET(r, identity, data(d->identity.secret, CURVE_KEY_SIZE));
	PROTO_SET(r, signed_prekey, data(d->signed_prekey.secret, CURVE_KEY_SIZE));
	PROTO_SET(r, signed_prekey_id, d->signed_prekey_id);
	PROTO_SET(r, signed_prekey_signature,
		data(d->signed_prekey_signature, CURVE_SIGNATURE_SIZE));
	PROTO_SET(r, registration_id, d->registration_id);
	PROTO_SET(r, adv_secret, data(d->adv_secret, ADV_SECRET_SIZE));
	PROTO_SET(r, primary_identity, data(d->primary_identity, CURVE_KEY_SIZE));
	PROTO_SET(r, server_key, data(d->server_key, CURVE_KEY_SIZE));
	PROTO_SET(r, server_until_s, d->server_until_s);
}

static void fill_rest(const struct device *d, Wa__DeviceRecord *r)
{
	PROTO_SET(r, is_paired, d->is_paired);
	r->pn_user = (char *)d->pn.user.text;
	PROTO_SET(r, pn_device, d->pn.device);
	r->lid_user = (char *)d->lid.user.text;
	PROTO_SET(r, lid_device, d->lid.device);
	PROTO_SET(r, account, data(d->account, d->account_len));
	r->platform = (char *)d->platform.text;
	r->business_name = (char *)d->business_name.text;
	r->push_name = (char *)d->push_name.text;
	PROTO_SET(r, next_prekey_id, d->next_prekey_id);
	PROTO_SET(r, first_unconfirmed_id, d->first_unconfirmed_id);
	PROTO_SET(r, routing, data(d->routing, d->routing_len));
	PROTO_SET(r, paired_ms, d->paired_ms);
	PROTO_SET(r, mended_ms, d->mended_ms);
	PROTO_SET(r, version, RECORD_VERSION);
}

void device_pack(const struct device *d, struct buf *out)
{
	Wa__DeviceRecord record = WA__DEVICE_RECORD__INIT;

	fill_keys(d, &record);
	fill_rest(d, &record);
	proto_pack(out, &record);
}

static bool take(ProtobufCBinaryData from, uint8_t *to, size_t size)
{
	if (from.len != size)
		return false;
	memcpy(to, from.data, size);
	return true;
}

static bool take_pair(ProtobufCBinaryData from, struct curve_pair *to)
{
	if (from.len != CURVE_KEY_SIZE)
		return false;
	curve_pair_of(from.data, to);
	return true;
}

static bool take_part(ProtobufCBinaryData from, uint8_t *to, size_t max, uint16_t *len)
{
	if (from.len > max)
		return false;
	if (from.len)
		memcpy(to, from.data, from.len);
	*len = (uint16_t)from.len;
	return true;
}

static bool read_texts(const Wa__DeviceRecord *r, struct device *out)
{
	return wa_text_set(&out->pn.user, str_of(r->pn_user)) &&
	       wa_text_set(&out->lid.user, str_of(r->lid_user)) &&
	       wa_text_set(&out->platform, str_of(r->platform)) &&
	       wa_text_set(&out->business_name, str_of(r->business_name)) &&
	       wa_text_set(&out->push_name, str_of(r->push_name));
}

static bool read_record(const Wa__DeviceRecord *r, struct device *out)
{
	out->signed_prekey_id = r->signed_prekey_id;
	out->registration_id = r->registration_id;
	out->is_paired = r->is_paired;
	out->pn.device = (uint16_t)r->pn_device;
	out->lid.device = (uint16_t)r->lid_device;
	out->next_prekey_id = r->next_prekey_id;
	out->first_unconfirmed_id = r->first_unconfirmed_id;
	out->server_until_s = r->server_until_s;
	out->paired_ms = r->paired_ms;
	out->mended_ms = r->mended_ms;
	return take_pair(r->noise, &out->noise) && take_pair(r->identity, &out->identity) &&
	       take_pair(r->signed_prekey, &out->signed_prekey) &&
	       take(r->signed_prekey_signature, out->signed_prekey_signature,
		       CURVE_SIGNATURE_SIZE) &&
	       take(r->adv_secret, out->adv_secret, ADV_SECRET_SIZE) &&
	       take(r->primary_identity, out->primary_identity, CURVE_KEY_SIZE) &&
	       take(r->server_key, out->server_key, CURVE_KEY_SIZE) &&
	       take_part(r->account, out->account, sizeof out->account, &out->account_len) &&
	       take_part(r->routing, out->routing, sizeof out->routing, &out->routing_len) &&
	       read_texts(r, out);
}

enum err device_unpack(bytes record, struct device *out)
{
	struct arena *arena = arena_create(16 * DEVICE_RECORD_MAX);
	bool good = record.len <= DEVICE_RECORD_MAX;
	Wa__DeviceRecord *r =
		good ? PROTO_UNPACK(arena, Wa__DeviceRecord, wa__device_record, record) : NULL;

	*out = (struct device){ 0 };
	good = r && r->version == RECORD_VERSION && read_record(r, out);
	arena_destroy(arena);
	if (!good)
		device_wipe(out);
	return good ? OK : ERR_CORRUPT;
}
