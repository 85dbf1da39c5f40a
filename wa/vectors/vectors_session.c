/* vectors_session.c: what a device says of itself, how a phone vouches for it, and codes. */
#include "wa/vectors/vectors.h"

#include "wa/proto/proto.h"
#include "wa/session/adv.h"
#include "wa/session/link_code.h"
#include "wa/session/payload.h"
#include "wa/session/prekey.h"
#include "wa/stanza/stanza.h"
#include "wa_transport.pb-c.h"

#include <stdlib.h>

/* Copies octets of exactly that size. */
static void take(struct vectors *v, const char *path, uint8_t *out, size_t size)
{
	bytes octets = octets_at(v, v->part, path);

	memset(out, 0, size);
	if (check(v, octets.len == size, path))
		memcpy(out, octets.ptr, size);
}

/* ---- keys and payloads ---- */

/* The keys of all payloads stand in signed_prekey. */
static void read_device(struct vectors *v, struct device *d)
{
	json keys = json_field(v->root, "signed_prekey");
	bytes signature = octets_at(v, keys, "signature");

	*d = (struct device){ .signed_prekey_id = (uint32_t)int_at(v, keys, "key_id") };
	pair_at(v, keys, "identity", &d->identity);
	pair_at(v, keys, "signed_prekey", &d->signed_prekey);
	if (check(v, signature.len == sizeof d->signed_prekey_signature, "signature"))
		memcpy(d->signed_prekey_signature, signature.ptr, signature.len);
}

void vectors_signed_prekey(struct vectors *v)
{
	uint8_t noise[CURVE_NOISE_SIZE], signature[CURVE_SIGNATURE_SIZE], typed[33] = { 5 };
	struct device d;

	read_device(v, &d);
	take(v, "z", noise, sizeof noise);
	memcpy(typed + 1, d.signed_prekey.open, CURVE_KEY_SIZE);
	check_octets(v, (bytes){ typed, sizeof typed }, v->part, "signed_bytes");
	curve_sign(d.identity.secret, (bytes){ typed, sizeof typed }, noise, signature);
	check_octets(v, (bytes){ signature, sizeof signature }, v->part, "signature");
	check_octets(v, id_octets(v->arena, d.signed_prekey_id, 3), v->part, "wire.id");
	check_octets(v, (bytes){ d.signed_prekey.open, CURVE_KEY_SIZE }, v->part, "wire.value");
}

static Wa__ClientPayload *unpack(struct vectors *v, bytes octets)
{
	static Wa__UserAgent no_agent;
	Wa__ClientPayload *p =
		PROTO_UNPACK(v->arena, Wa__ClientPayload, wa__client_payload, octets);

	if (!check(v, p && p->user_agent, "it is a payload")) {
		p = ARENA_NEW(v->arena, Wa__ClientPayload);
		wa__client_payload__init(p);
		p->user_agent = &no_agent;
	}
	return p;
}

/* The vectors are of Baileys; where we say what another library says, the two are made equal. */
static void check_payload(struct vectors *v, bytes got, const char *path)
{
	Wa__ClientPayload *ours = unpack(v, got), *want = unpack(v, octets_at(v, v->part, path));

	want->user_agent->manufacturer = ours->user_agent->manufacturer;
	want->has_lc = ours->has_lc;
	want->lc = ours->lc;
	if (ours->has_lid_db_migrated)
		PROTO_SET(want, lid_db_migrated, ours->lid_db_migrated);
	if (ours->device_pairing_data && want->device_pairing_data)
		ours->device_pairing_data->device_props = want->device_pairing_data->device_props;
	check(v, str_is(str_from(proto_bytes(v->arena, ours)),
			 str_from(proto_bytes(v->arena, want))),
		path);
}

void vectors_client_payload(struct vectors *v)
{
	struct wa_app client = { WA_VERSION_DEFAULT, S("Linux"), false };
	const Wa__DevicePairingRegistrationData *said;
	bytes registration;
	struct device d;
	struct jid jid = { 0 };

	read_device(v, &d);
	d.registration_id = (uint32_t)int_at(v, v->part, "registration_id");
	check(v, wa_version_read(text_at(v, v->part, "version"), &client.version), "version");
	check(v, jid_read(text_at(v, v->part, "login_jid"), &jid) &&
			 wa_text_set(&d.pn.user, jid.user),
		"login_jid");
	d.pn.device = jid.device;
	registration = payload_register(v->arena, &d, &client);
	check_payload(v, registration, "registration_hex");
	check_payload(v, payload_login(v->arena, &d, &client), "login_hex");
	said = unpack(v, registration)->device_pairing_data;
	if (!check(v, said != NULL, "registration_hex"))
		return;
	check_octets(v, PROTO_DATA(said, build_hash), v->part, "build_hash_md5");
	check_octets(v, PROTO_DATA(said, e_regid), v->part, "e_regid");
	check_octets(v, PROTO_DATA(said, e_skey_id), v->part, "e_skey_id");
	check_octets(v, PROTO_DATA(said, e_keytype), v->part, "e_keytype");
}

static void version_case(struct vectors *v, json c)
{
	struct device d = { 0 };
	struct wa_app client = { WA_VERSION_DEFAULT, S("Linux"), false };
	const Wa__DevicePairingRegistrationData *said;

	if (!check(v, wa_version_read(text_at(v, c, "version"), &client.version), "version"))
		return;
	said = unpack(v, payload_register(v->arena, &d, &client))->device_pairing_data;
	check_octets(v, said ? PROTO_DATA(said, build_hash) : BYTES_NONE, c, "md5");
}

void vectors_version_hash(struct vectors *v)
{
	each_case(v, v->part, version_case);
}

void vectors_qr(struct vectors *v)
{
	struct device d = { 0 };

	key_at(v, v->part, "noise_pub", d.noise.open);
	key_at(v, v->part, "identity_pub", d.identity.open);
	take(v, "adv_secret", d.adv_secret, sizeof d.adv_secret);
	check_text(v, payload_qr(v->arena, &d, text_at(v, v->part, "ref")), v->part, "content");
}

void vectors_key_bundle_digest(struct vectors *v)
{
	json list = json_field(v->part, "one_time_prekey_pubs");
	struct buf keys = buf_in(v->arena, 1u << 20);
	uint8_t digest[SHA1_SIZE], key[CURVE_KEY_SIZE];
	struct device d = { 0 };

	key_at(v, v->part, "identity_pub", d.identity.open);
	key_at(v, v->part, "signed_prekey_pub", d.signed_prekey.open);
	take(v, "signed_prekey_signature", d.signed_prekey_signature,
		sizeof d.signed_prekey_signature);
	for (size_t i = 0; i < json_count(list); i++) {
		key_at(v, json_at(list, i), "", key);
		buf_put(&keys, key, sizeof key);
	}
	prekey_digest(v->arena, &d, buf_bytes(&keys), digest);
	check_octets(v, (bytes){ digest, sizeof digest }, v->part, "sha1");
}

/* ---- the phone's signature ---- */

static void adv_device(struct vectors *v, json c, struct device *d)
{
	bytes secret = octets_at(v, c, "adv_secret");

	*d = (struct device){ 0 };
	pair_at(v, c, "companion_identity", &d->identity);
	if (check(v, secret.len == ADV_SECRET_SIZE, "adv_secret"))
		memcpy(d->adv_secret, secret.ptr, ADV_SECRET_SIZE);
}

/* The reply as it is with our noise; without its signature it is that of the vector. */
static void check_reply(struct vectors *v, json c, const struct adv_pairing *pairing)
{
	bytes signature = octets_at(v, c, "device_signature_with_z"), reply = pairing->reply,
	      want = octets_at(v, c, "reply_device_identity_content_deterministic");
	size_t body = reply.len - CURVE_SIGNATURE_SIZE;

	if (!check(v, reply.len > CURVE_SIGNATURE_SIZE && reply.len == want.len &&
			    signature.len == CURVE_SIGNATURE_SIZE,
		    "the reply has its size"))
		return;
	check(v, memcmp(reply.ptr, want.ptr, body) == 0, "the reply is that of the vector");
	check(v, memcmp(reply.ptr + body, signature.ptr, signature.len) == 0,
		"device_signature_with_z");
}

/* A node of that tag somewhere below. */
static const struct node *find(const struct node *node, const char *tag)
{
	const struct node *found = node_is(node, tag) ? node : NULL;

	for (const struct node *child = node->first; child && !found; child = child->next)
		found = find(child, tag);
	return found;
}

/* The stanza of a frame holds the content of <device-identity>. */
static void check_frame(struct vectors *v, json c, const char *frame, const char *content)
{
	const struct node *identity;
	const char *why = "";
	struct node node;

	if (!json_field(c, frame))
		return;
	if (!check(v, stanza_read(v->arena, octets_at(v, c, frame), &node, &why) == OK, frame))
		return;
	identity = find(&node, "device-identity");
	check_octets(v, identity ? node_data(identity) : BYTES_NONE, c, content);
	if (identity && node_text(v->arena, identity, "key-index").len)
		check_text(v, node_text(v->arena, identity, "key-index"), c, "reply_key_index");
}

/* What the phone signs, by its key and noise. */
static void check_voucher(struct vectors *v, json c)
{
	uint8_t signature[CURVE_SIGNATURE_SIZE];
	bytes noise = octets_at(v, c, "account_z");
	struct curve_pair phone;

	pair_at(v, c, "phone_identity", &phone);
	if (!check(v, noise.len == CURVE_NOISE_SIZE, "account_z"))
		return;
	curve_sign(phone.secret, octets_at(v, c, "account_signed_message"), noise.ptr, signature);
	check_octets(v, (bytes){ signature, sizeof signature }, c, "account_signature");
}

static void adv_case(struct vectors *v, json c)
{
	struct adv_pairing pairing = { 0 };
	struct adv_refusal refusal;
	struct device d;
	bytes noise = octets_at(v, c, "device_z");

	adv_device(v, c, &d);
	if (!check(v, noise.len == CURVE_NOISE_SIZE &&
			    adv_accept(v->arena, &d, octets_at(v, c, "device_identity_content"),
				    noise.ptr, &pairing, &refusal) == OK,
		    "it is accepted"))
		return;
	check_int(v, pairing.key_index, c, "reply_key_index");
	check_octets(v, (bytes){ pairing.primary_identity, CURVE_KEY_SIZE }, c,
		"phone_identity.pub");
	check_reply(v, c, &pairing);
	check_voucher(v, c);
	check_frame(v, c, "pair_success_frame_plaintext", "device_identity_content");
	check_frame(v, c, "reply_frame_plaintext_deterministic",
		"reply_device_identity_content_deterministic");
}

void vectors_adv_pairing(struct vectors *v)
{
	each_case(v, v->part, adv_case);
}

static void adv_refused(struct vectors *v, json c)
{
	json good = json_at(json_field(v->root, "adv_pairing"), 0);
	bytes noise = octets_at(v, good, "device_z");
	struct adv_refusal refusal = { 0, "" };
	struct adv_pairing pairing;
	struct device d;

	adv_device(v, good, &d);
	check(v, noise.len == CURVE_NOISE_SIZE &&
			 adv_accept(v->arena, &d, octets_at(v, c, "device_identity_content"),
				 noise.ptr, &pairing, &refusal) != OK,
		"it is refused");
	check_int(v, refusal.code, c, "expect_error.code");
	check_text(v, str_of(refusal.text), c, "expect_error.text");
}

void vectors_adv_pairing_reject(struct vectors *v)
{
	each_case(v, v->part, adv_refused);
}

/* ---- codes ---- */

static void check_code(struct vectors *v, bytes octets, json c, const char *path)
{
	char code[LINK_CODE_LEN + 1] = "";

	if (check(v, octets.len == LINK_CODE_OCTETS, "a code has its size"))
		link_code_of(octets.ptr, code);
	check_text(v, str_of(code), c, path);
}

static void crockford_case(struct vectors *v, json c)
{
	check_code(v, octets_at(v, c, "bytes"), c, "code");
}

void vectors_crockford(struct vectors *v)
{
	each_case(v, v->part, crockford_case);
}

static void check_wrapping(struct vectors *v, const char *code)
{
	uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE], wrapped[LINK_WRAPPED_SIZE], key[CURVE_KEY_SIZE];
	struct curve_pair device;

	pair_at(v, v->part, "companion_ephemeral", &device);
	take(v, "companion_salt", seed, LINK_SALT_SIZE);
	take(v, "companion_iv", seed + LINK_SALT_SIZE, CTR_IV_SIZE);
	link_code_wrap(code, seed, device.open, wrapped);
	check_octets(v, (bytes){ wrapped, sizeof wrapped }, v->part,
		"wrapped_companion_ephemeral_pub");
	take(v, "wrapped_primary_ephemeral_pub", wrapped, sizeof wrapped);
	link_code_unwrap(code, wrapped, key);
	check_octets(v, (bytes){ key, sizeof key }, v->part, "primary_ephemeral.pub");
}

static void check_finish(struct vectors *v)
{
	struct curve_pair device, identity, phone, phone_identity;
	struct link_finish as_device = { &device, &identity, phone.open, phone_identity.open },
			   as_phone = { &phone, &phone_identity, device.open, identity.open };
	uint8_t seed[LINK_FINISH_SEED], bundle[LINK_BUNDLE_SIZE], secret[ADV_SECRET_SIZE];

	pair_at(v, v->part, "companion_ephemeral", &device);
	pair_at(v, v->part, "companion_identity", &identity);
	pair_at(v, v->part, "primary_ephemeral", &phone);
	pair_at(v, v->part, "primary_identity", &phone_identity);
	take(v, "adv_random", seed, CURVE_KEY_SIZE);
	take(v, "key_bundle_salt", seed + CURVE_KEY_SIZE, LINK_SALT_SIZE);
	take(v, "key_bundle_nonce", seed + CURVE_KEY_SIZE + LINK_SALT_SIZE, GCM_NONCE_SIZE);
	check(v, link_code_finish(&as_device, seed, bundle, secret), "the device finishes");
	check_octets(v, (bytes){ bundle, sizeof bundle }, v->part, "wrapped_key_bundle");
	check_octets(v, (bytes){ secret, sizeof secret }, v->part, "adv_secret");
	memset(secret, 0, sizeof secret);
	check(v, link_code_open(&as_phone, bundle, secret), "the phone opens it");
	check_octets(v, (bytes){ secret, sizeof secret }, v->part, "adv_secret");
}

void vectors_pairing_code(struct vectors *v)
{
	char code[LINK_CODE_LEN + 1] = "";

	check_code(v, octets_at(v, v->part, "code_bytes"), v->part, "code");
	check(v, link_code_read(text_at(v, v->part, "display"), code), "display");
	check_text(v, str_of(code), v->part, "code");
	check_wrapping(v, code);
	check_finish(v);
}

/* We tell that a passkey is wanted, and go no further; but what it would be made of holds. */
void vectors_passkey(struct vectors *v)
{
	uint8_t primary[CURVE_KEY_SIZE], shared[CURVE_KEY_SIZE], key[AES_KEY_SIZE],
		hash[SHA256_SIZE];
	bytes nonce = octets_at(v, v->part, "companion_nonce"),
	      phone = octets_at(v, v->part, "primary_nonce");
	struct buf both = buf_in(v->arena, 1024), code = buf_in(v->arena, LINK_CODE_OCTETS);
	struct curve_pair pair;

	hkdf_sha256(octets_at(v, v->part, "adv_secret"), BYTES_NONE,
		S("shortcake-passkey-handoff-v1"), key);
	check_octets(v, (bytes){ key, sizeof key }, v->part, "handoff_key");
	pair_at(v, v->part, "companion_ephemeral", &pair);
	key_at(v, v->part, "primary_pub", primary);
	check(v, curve_agree(pair.secret, primary, shared), "they agree");
	hkdf_sha256((bytes){ shared, sizeof shared },
		bytes_of(arena_printf(v->arena, "Companion Pairing %d with ref " STR_F,
			(int)int_at(v, v->part, "device_type"),
			STR_A(text_at(v, v->part, "ref")))),
		S("Pairing Information Encryption Key"), key);
	check_octets(v, (bytes){ key, sizeof key }, v->part, "encryption_key");
	buf_put(&both, nonce.ptr, nonce.len);
	buf_put(&both, primary, sizeof primary);
	sha256(buf_bytes(&both), hash);
	for (size_t i = 0; i < LINK_CODE_OCTETS && i < phone.len; i++)
		buf_byte(&code, hash[i] ^ phone.ptr[i]);
	check_code(v, buf_bytes(&code), v->part, "code");
}
