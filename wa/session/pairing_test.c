/* pairing_test.c: keys, payloads, the phone's signature and the pairing code against vectors. */
#include "base/test.h"
#include "wa/proto/proto.h"
#include "wa/session/adv.h"
#include "wa/session/link_code.h"
#include "wa/session/payload.h"
#include "wa_transport.pb-c.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static json vectors(const char *part)
{
	return json_field(test_json("linked/transport-vectors.json"), part);
}

static struct curve_pair pair_at(json v, const char *path)
{
	struct curve_pair pair;

	curve_pair_of(test_octets(json_field(v, path), "priv").ptr, &pair);
	EXPECT_HEX(((bytes){ pair.open, 32 }), test_json_text(json_field(v, path), "pub"));
	return pair;
}

/* ---- the device ---- */

TEST(a_device_is_made_of_its_seed_and_packs_whole)
{
	uint8_t seed[DEVICE_SEED_SIZE], typed[33] = { 5 };
	struct device d, back;
	struct buf record = buf_in(test_arena(), DEVICE_RECORD_MAX);

	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)(i * 7);
	device_make(&d, seed);
	memcpy(typed + 1, d.signed_prekey.open, 32);
	EXPECT(curve_verify(d.identity.open, (bytes){ typed, 33 }, d.signed_prekey_signature));
	EXPECT(d.registration_id >= 1 && d.registration_id <= 16380);
	d.is_paired = true;
	EXPECT(wa_text_set(&d.pn.user, S("15550001111")));
	d.pn.device = 5;
	d.account_len = 300;
	memset(d.account, 9, d.account_len);
	device_pack(&d, &record);
	EXPECT_OK(device_unpack(buf_bytes(&record), &back));
	EXPECT(memcmp(&d, &back, sizeof d) == 0);
	for (size_t n = 0; n < record.len; n++)
		EXPECT_ERR(device_unpack((bytes){ record.ptr, n }, &back), ERR_CORRUPT);
}

TEST(a_signed_prekey_is_signed_as_in_the_vector)
{
	json v = vectors("signed_prekey");
	struct curve_pair identity = pair_at(v, "identity");
	uint8_t signature[CURVE_SIGNATURE_SIZE];

	curve_sign(identity.secret, test_octets(v, "signed_bytes"), test_octets(v, "z").ptr,
		signature);
	EXPECT_HEX(((bytes){ signature, 64 }), test_json_text(v, "signature"));
}

/* ---- payloads ---- */

static struct device payload_device(json v)
{
	json keys = vectors("signed_prekey");
	struct device d = { .registration_id = 0x1a2b, .signed_prekey_id = 1 };

	(void)v;
	d.identity = pair_at(keys, "identity");
	d.signed_prekey = pair_at(keys, "signed_prekey");
	memcpy(d.signed_prekey_signature, test_octets(keys, "signature").ptr, 64);
	EXPECT(wa_text_set(&d.pn.user, S("15550001111")));
	d.pn.device = 5;
	return d;
}

/* The vectors are of Baileys, which says less of itself: what both say must be equal. */
TEST(a_registration_says_what_the_vector_says)
{
	json v = vectors("client_payload");
	struct device d = payload_device(v);
	struct wa_app client = { WA_VERSION_DEFAULT, S("Linux"), false };
	Wa__ClientPayload *got = PROTO_UNPACK(test_arena(), Wa__ClientPayload, wa__client_payload,
		payload_register(test_arena(), &d, &client));
	Wa__ClientPayload *want = PROTO_UNPACK(test_arena(), Wa__ClientPayload, wa__client_payload,
		test_octets(v, "registration_hex"));
	Wa__DevicePairingRegistrationData *a = got->device_pairing_data,
					  *b = want->device_pairing_data;

	want->user_agent->manufacturer = "";
	a->device_props = b->device_props;
	EXPECT(str_is(str_from(proto_bytes(test_arena(), got)),
		str_from(proto_bytes(test_arena(), want))));
	EXPECT_HEX(PROTO_DATA(a, build_hash), test_json_text(v, "build_hash_md5"));
	EXPECT_HEX(PROTO_DATA(a, e_regid), test_json_text(v, "e_regid"));
}

TEST(a_login_says_what_the_vector_says)
{
	json v = vectors("client_payload");
	struct device d = payload_device(v);
	struct wa_app client = { WA_VERSION_DEFAULT, S("Linux"), false };
	Wa__ClientPayload *got = PROTO_UNPACK(test_arena(), Wa__ClientPayload, wa__client_payload,
		payload_login(test_arena(), &d, &client));
	Wa__ClientPayload *want = PROTO_UNPACK(test_arena(), Wa__ClientPayload, wa__client_payload,
		test_octets(v, "login_hex"));

	want->user_agent->manufacturer = "";
	PROTO_SET(want, lc, 1);
	PROTO_SET(want, lid_db_migrated, true);
	EXPECT(str_is(str_from(proto_bytes(test_arena(), got)),
		str_from(proto_bytes(test_arena(), want))));
}

TEST(versions_are_read_and_nothing_else)
{
	struct wa_version v;

	EXPECT(wa_version_read(S("2.3000.1045649367"), &v));
	EXPECT(v.primary == 2 && v.secondary == 3000 && v.tertiary == 1045649367);
	EXPECT(!wa_version_read(S("2.3000"), &v));
	EXPECT(!wa_version_read(S("2.3000.1.1"), &v));
	EXPECT(!wa_version_read(S("2.3000.x"), &v));
	EXPECT(!wa_version_read(S("2.3000.99999999999"), &v));
}

/* ---- the phone's signature ---- */

static struct device adv_device(json v)
{
	struct device d = { 0 };

	d.identity = pair_at(v, "companion_identity");
	memcpy(d.adv_secret, test_octets(v, "adv_secret").ptr, ADV_SECRET_SIZE);
	return d;
}

TEST(a_phone_that_vouches_is_answered_as_the_vectors_say)
{
	json all = vectors("adv_pairing");

	for (size_t i = 0; i < json_count(all); i++) {
		json v = json_at(all, i);
		struct device d = adv_device(v);
		struct adv_pairing pairing;
		struct adv_refusal refusal;
		struct buf reply = buf_in(test_arena(), 4096);
		bytes signature = test_octets(v, "device_signature_with_z");

		EXPECT_OK(adv_accept(test_arena(), &d, test_octets(v, "device_identity_content"),
			test_octets(v, "device_z").ptr, &pairing, &refusal));
		EXPECT_INT(pairing.key_index, 3);
		EXPECT_HEX(((bytes){ pairing.primary_identity, 32 }),
			test_json_text(v, "phone_identity.pub"));
		buf_put(&reply, pairing.reply.ptr, pairing.reply.len - 64);
		EXPECT(memcmp(pairing.reply.ptr + reply.len, signature.ptr, 64) == 0);
		bytes want = test_octets(v, "reply_device_identity_content_deterministic");
		EXPECT(want.len == pairing.reply.len &&
			memcmp(want.ptr, reply.ptr, reply.len) == 0);
	}
	EXPECT_INT(json_count(all), 3);
}

TEST(a_forged_voucher_is_refused_with_its_code)
{
	json all = vectors("adv_pairing_reject"), good = json_at(vectors("adv_pairing"), 0);

	for (size_t i = 0; i < json_count(all); i++) {
		json v = json_at(all, i);
		struct device d = adv_device(good);
		struct adv_pairing pairing;
		struct adv_refusal refusal = { 0 };

		EXPECT(adv_accept(test_arena(), &d, test_octets(v, "device_identity_content"),
			       test_octets(good, "device_z").ptr, &pairing, &refusal) != OK);
		EXPECT_INT(refusal.code, json_int(json_path(v, "expect_error.code"), 0));
		EXPECT_STR(str_of(refusal.text), test_json_text(v, "expect_error.text"));
	}
	EXPECT_INT(json_count(all), 3);
}

TEST(our_own_phone_vouches_and_knows_the_device_by_its_answer)
{
	json v = json_at(vectors("adv_pairing"), 0);
	struct device d = adv_device(v);
	struct curve_pair phone = pair_at(v, "phone_identity");
	uint8_t noise[CURVE_NOISE_SIZE] = { 3 };
	struct adv_voucher by = { &phone, d.identity.open, d.adv_secret, noise, 77, 3, 1800000000 };
	struct adv_pairing pairing;
	struct adv_refusal refusal;

	EXPECT_OK(adv_accept(test_arena(), &d, adv_vouch(test_arena(), &by), noise, &pairing,
		&refusal));
	EXPECT(adv_reply_holds(test_arena(), &by, pairing.reply));
	by.phone = &d.identity;
	EXPECT(!adv_reply_holds(test_arena(), &by, pairing.reply));
	d.adv_secret[0] ^= 1;
	by.phone = &phone;
	by.adv_secret = noise;
	EXPECT_ERR(adv_accept(test_arena(), &d, adv_vouch(test_arena(), &by), noise, &pairing,
			   &refusal),
		ERR_AUTH);
}

/* ---- the code ---- */

TEST(codes_are_made_and_read)
{
	json all = vectors("crockford"), v = vectors("pairing_code");
	char code[LINK_CODE_LEN + 1];

	for (size_t i = 0; i < json_count(all); i++) {
		link_code_of(test_octets(json_at(all, i), "bytes").ptr, code);
		EXPECT_STR(str_of(code), test_json_text(json_at(all, i), "code"));
	}
	EXPECT(link_code_read(json_text_at(v, "display"), code));
	EXPECT_STR(str_of(code), test_json_text(v, "code"));
	EXPECT(link_code_read(S("47p8nwh3"), code));
	EXPECT(!link_code_read(S("47P8NWH"), code));
	EXPECT(!link_code_read(S("47P8NWH33"), code));
	EXPECT(!link_code_read(S("47P8NWHO"), code));
}

TEST(the_code_hides_and_shows_the_ephemeral_keys)
{
	json v = vectors("pairing_code");
	struct curve_pair device = pair_at(v, "companion_ephemeral");
	uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE], wrapped[LINK_WRAPPED_SIZE], key[32];

	memcpy(seed, test_octets(v, "companion_salt").ptr, LINK_SALT_SIZE);
	memcpy(seed + LINK_SALT_SIZE, test_octets(v, "companion_iv").ptr, CTR_IV_SIZE);
	link_code_wrap("47P8NWH3", seed, device.open, wrapped);
	EXPECT_HEX(((bytes){ wrapped, sizeof wrapped }),
		test_json_text(v, "wrapped_companion_ephemeral_pub"));
	link_code_unwrap("47P8NWH3", test_octets(v, "wrapped_primary_ephemeral_pub").ptr, key);
	EXPECT_HEX(((bytes){ key, 32 }), test_json_text(v, "primary_ephemeral.pub"));
}

TEST(both_sides_of_the_code_get_the_same_secret)
{
	json v = vectors("pairing_code");
	struct curve_pair device = pair_at(v, "companion_ephemeral"),
			  identity = pair_at(v, "companion_identity"),
			  phone = pair_at(v, "primary_ephemeral"),
			  phone_identity = pair_at(v, "primary_identity");
	uint8_t seed[LINK_FINISH_SEED], bundle[LINK_BUNDLE_SIZE], ours[32], theirs[32];
	struct link_finish as_device = { &device, &identity, phone.open, phone_identity.open };
	struct link_finish as_phone = { &phone, &phone_identity, device.open, identity.open };

	memcpy(seed, test_octets(v, "adv_random").ptr, 32);
	memcpy(seed + 32, test_octets(v, "key_bundle_salt").ptr, 32);
	memcpy(seed + 64, test_octets(v, "key_bundle_nonce").ptr, 12);
	EXPECT(link_code_finish(&as_device, seed, bundle, ours));
	EXPECT_HEX(((bytes){ bundle, sizeof bundle }), test_json_text(v, "wrapped_key_bundle"));
	EXPECT_HEX(((bytes){ ours, 32 }), test_json_text(v, "adv_secret"));
	EXPECT(link_code_open(&as_phone, bundle, theirs));
	EXPECT(memcmp(ours, theirs, 32) == 0);
	bundle[60] ^= 1;
	EXPECT(!link_code_open(&as_phone, bundle, theirs));
}
