/* adv.c: see adv.h. */
#include "wa/session/adv.h"

#include "wa/proto/proto.h"
#include "wa_adv.pb-c.h"

#define HOSTED WA__ADVENCRYPTION_TYPE__ADV_ENCRYPTION_TYPE_HOSTED

#define PREFIX_ACCOUNT S("\x06\x00")
#define PREFIX_HOSTED S("\x06\x05")
#define PREFIX_DEVICE S("\x06\x01")

static enum err refuse(struct adv_refusal *refusal, int code, const char *text)
{
	*refusal = (struct adv_refusal){ code, text };
	return code == 500 ? ERR_INPUT : ERR_AUTH;
}

/* prefix ‖ details ‖ key ‖ account key (or none): what is signed. */
static bytes signed_bytes(struct arena *arena, str prefix, bytes details, const uint8_t *key,
	const uint8_t *account_key)
{
	struct buf out = buf_in(arena, details.len + 2 * CURVE_KEY_SIZE + prefix.len);

	buf_str(&out, prefix);
	buf_put(&out, details.ptr, details.len);
	buf_put(&out, key, CURVE_KEY_SIZE);
	if (account_key)
		buf_put(&out, account_key, CURVE_KEY_SIZE);
	return buf_bytes(&out);
}

static void mac_of(struct arena *arena, const uint8_t *secret, bool is_hosted, bytes details,
	uint8_t out[SHA256_SIZE])
{
	struct buf text = buf_in(arena, details.len + 2);

	if (is_hosted)
		buf_str(&text, PREFIX_HOSTED);
	buf_put(&text, details.ptr, details.len);
	hmac_sha256((bytes){ secret, ADV_SECRET_SIZE }, buf_bytes(&text), out);
}

static bool has_mac(struct arena *arena, const Wa__ADVSignedDeviceIdentityHMAC *outer,
	const uint8_t *secret)
{
	uint8_t mac[SHA256_SIZE];

	mac_of(arena, secret, outer->has_account_type && outer->account_type == HOSTED,
		PROTO_DATA(outer, details), mac);
	return crypto_equal(PROTO_DATA(outer, hmac), (bytes){ mac, sizeof mac });
}

/* Details and both signatures' keys are there, and of their size. */
static bool is_whole(const Wa__ADVSignedDeviceIdentity *s)
{
	return s && s->has_details && s->account_signature_key.len == CURVE_KEY_SIZE &&
	       s->account_signature.len == CURVE_SIGNATURE_SIZE;
}

enum err adv_accept(struct arena *arena, const struct device *d, bytes content,
	const uint8_t noise[CURVE_NOISE_SIZE], struct adv_pairing *out,
	struct adv_refusal *refusal)
{
	Wa__ADVSignedDeviceIdentityHMAC *outer = PROTO_UNPACK(arena,
		Wa__ADVSignedDeviceIdentityHMAC, wa__advsigned_device_identity_hmac, content);
	uint8_t *signature = arena_alloc(arena, CURVE_SIGNATURE_SIZE);
	Wa__ADVSignedDeviceIdentity *s;
	Wa__ADVDeviceIdentity *identity;
	bytes details;
	bool is_hosted;

	if (!outer || !outer->has_details)
		return refuse(refusal, 500, "internal-error");
	if (!has_mac(arena, outer, d->adv_secret))
		return refuse(refusal, 401, "hmac-mismatch");
	s = PROTO_UNPACK(arena, Wa__ADVSignedDeviceIdentity, wa__advsigned_device_identity,
		PROTO_DATA(outer, details));
	if (!is_whole(s))
		return refuse(refusal, 500, "internal-error");
	details = PROTO_DATA(s, details);
	identity = PROTO_UNPACK(arena, Wa__ADVDeviceIdentity, wa__advdevice_identity, details);
	if (!identity)
		return refuse(refusal, 500, "internal-error");
	is_hosted = identity->has_device_type && identity->device_type == HOSTED;
	if (!curve_verify(s->account_signature_key.data,
		    signed_bytes(arena, is_hosted ? PREFIX_HOSTED : PREFIX_ACCOUNT, details,
			    d->identity.open, NULL),
		    s->account_signature.data))
		return refuse(refusal, 401, "signature-mismatch");
	curve_sign(d->identity.secret,
		signed_bytes(arena, PREFIX_DEVICE, details, d->identity.open,
			s->account_signature_key.data),
		noise, signature);
	PROTO_SET_DATA(s, device_signature, ((bytes){ signature, CURVE_SIGNATURE_SIZE }));
	memcpy(out->primary_identity, s->account_signature_key.data, CURVE_KEY_SIZE);
	out->key_index = identity->key_index;
	out->account = proto_bytes(arena, s);
	s->has_account_signature_key = false;
	out->reply = proto_bytes(arena, s);
	return OK;
}

/* ---- the phone's side ---- */

static bytes voucher_details(struct arena *arena, const struct adv_voucher *by)
{
	Wa__ADVDeviceIdentity identity = WA__ADVDEVICE_IDENTITY__INIT;

	PROTO_SET(&identity, raw_id, by->raw_id);
	PROTO_SET(&identity, timestamp, (uint64_t)by->at_s);
	PROTO_SET(&identity, key_index, by->key_index);
	PROTO_SET(&identity, account_type, 0);
	PROTO_SET(&identity, device_type, 0);
	return proto_bytes(arena, &identity);
}

bytes adv_vouch(struct arena *arena, const struct adv_voucher *by)
{
	Wa__ADVSignedDeviceIdentity s = WA__ADVSIGNED_DEVICE_IDENTITY__INIT;
	Wa__ADVSignedDeviceIdentityHMAC outer = WA__ADVSIGNED_DEVICE_IDENTITY_HMAC__INIT;
	uint8_t signature[CURVE_SIGNATURE_SIZE], mac[SHA256_SIZE];
	bytes details = voucher_details(arena, by), inner;

	curve_sign(by->phone->secret,
		signed_bytes(arena, PREFIX_ACCOUNT, details, by->device_identity, NULL), by->noise,
		signature);
	PROTO_SET_DATA(&s, details, details);
	PROTO_SET_DATA(&s, account_signature_key, ((bytes){ by->phone->open, CURVE_KEY_SIZE }));
	PROTO_SET_DATA(&s, account_signature, ((bytes){ signature, sizeof signature }));
	inner = proto_bytes(arena, &s);
	mac_of(arena, by->adv_secret, false, inner, mac);
	PROTO_SET_DATA(&outer, details, inner);
	PROTO_SET_DATA(&outer, hmac, ((bytes){ mac, sizeof mac }));
	return proto_bytes(arena, &outer);
}

bool adv_reply_holds(struct arena *arena, const struct adv_voucher *by, bytes reply)
{
	Wa__ADVSignedDeviceIdentity *s = PROTO_UNPACK(arena, Wa__ADVSignedDeviceIdentity,
		wa__advsigned_device_identity, reply);

	return s && s->has_details && s->device_signature.len == CURVE_SIGNATURE_SIZE &&
	       curve_verify(by->device_identity,
		       signed_bytes(arena, PREFIX_DEVICE, PROTO_DATA(s, details),
			       by->device_identity, by->phone->open),
		       s->device_signature.data);
}
