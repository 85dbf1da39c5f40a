/*
 * oracle_test.c: our ratchets against libsignal-protocol-c, both ways.
 *
 * That library is under the GPL: this test alone is linked with it, and is not installed
 * (docs/decisions/0033-signal.md). The oracle is one device; its stores are lists in the test's
 * arena.
 */
#include "wa/signal/peer.h"

#include "base/test.h"

#include <curve.h>
#include <group_cipher.h>
#include <group_session_builder.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <protocol.h>
#include <session_builder.h>
#include <session_cipher.h>
#include <session_pre_key.h>
#include <signal_protocol.h>
#include <stdio.h>

#define SIGNED_ID 7
#define US "1001_1"
#define THEM "1002_1"
#define OUR_ADDRESS S("1001_1.3")
#define THEIR_ADDRESS S("1002_1.0")
#define GROUP "1203@g.us"

/* Records of the oracle, by name; the newest of a name counts. */
struct kept { struct kept *next; char name[128]; bytes value; bool is_gone; };

static struct oracle {
	signal_context *context;
	signal_protocol_store_context *store;
	ratchet_identity_key_pair *identity;
	struct curve_pair pair, signed_pair;
	struct kept *records;
	uint64_t random;
	uint32_t prekeys;
	session_cipher *cipher;
} o;

static const signal_protocol_address our_address = { US, sizeof US - 1, 3 };

/* ---- what it computes with ---- */

static int on_random(uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)peer_number(&o.random);
	return 0;
}

static int on_hmac_init(void **context, const uint8_t *key, size_t len, void *arg)
{
	char name[] = "SHA256";
	const OSSL_PARAM digest[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
					      0),
		OSSL_PARAM_construct_end() };
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	(void)arg;
	*context = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	return EVP_MAC_init(*context, key, len, digest) == 1 ? 0 : -1;
}

static int on_hmac_update(void *context, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	return EVP_MAC_update(context, data, len) == 1 ? 0 : -1;
}

static int on_hmac_final(void *context, signal_buffer **out, void *arg)
{
	uint8_t mac[32];
	size_t len;

	(void)arg;
	EVP_MAC_final(context, mac, &len, sizeof mac);
	*out = signal_buffer_create(mac, len);
	return *out ? 0 : -1;
}

static void on_hmac_done(void *context, void *arg)
{
	(void)arg;
	EVP_MAC_CTX_free(context);
}

static int on_sha_init(void **context, void *arg)
{
	(void)arg;
	*context = EVP_MD_CTX_new();
	return EVP_DigestInit_ex(*context, EVP_sha512(), NULL) == 1 ? 0 : -1;
}

static int on_sha_update(void *context, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	return EVP_DigestUpdate(context, data, len) == 1 ? 0 : -1;
}

static int on_sha_final(void *context, signal_buffer **out, void *arg)
{
	uint8_t hash[64];

	(void)arg;
	EVP_DigestFinal_ex(context, hash, NULL);
	EVP_DigestInit_ex(context, EVP_sha512(), NULL);
	*out = signal_buffer_create(hash, sizeof hash);
	return *out ? 0 : -1;
}

static void on_sha_done(void *context, void *arg)
{
	(void)arg;
	EVP_MD_CTX_free(context);
}

static int on_encrypt(signal_buffer **out, int cipher, const uint8_t *key, size_t key_len,
	const uint8_t *iv, size_t iv_len, const uint8_t *in, size_t len, void *arg)
{
	struct buf text = buf_in(test_arena(), len + CBC_BLOCK_SIZE);

	(void)arg;
	if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_len != AES_KEY_SIZE || iv_len != CBC_IV_SIZE)
		return -1;
	cbc_encrypt(key, iv, (bytes){ in, len }, &text);
	*out = signal_buffer_create(text.ptr, text.len);
	return 0;
}

static int on_decrypt(signal_buffer **out, int cipher, const uint8_t *key, size_t key_len,
	const uint8_t *iv, size_t iv_len, const uint8_t *in, size_t len, void *arg)
{
	struct buf text = buf_in(test_arena(), len);

	(void)arg;
	if (cipher != SG_CIPHER_AES_CBC_PKCS5 || key_len != AES_KEY_SIZE || iv_len != CBC_IV_SIZE ||
		!cbc_decrypt(key, iv, (bytes){ in, len }, &text))
		return -1;
	*out = signal_buffer_create(text.ptr, text.len);
	return 0;
}

/* ---- what it keeps ---- */

static struct kept *find(const char *name)
{
	for (struct kept *k = o.records; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return k->is_gone ? NULL : k;
	return NULL;
}

static void keep(const char *name, const uint8_t *value, size_t len)
{
	struct kept *k = ARENA_NEW(test_arena(), struct kept);

	*k = (struct kept){ .next = o.records, .is_gone = !value };
	snprintf(k->name, sizeof k->name, "%s", name);
	if (value)
		k->value = arena_bytes(test_arena(), (bytes){ value, len });
	o.records = k;
}

static int load(const char *name, signal_buffer **out)
{
	const struct kept *k = find(name);

	if (!k)
		return 0;
	*out = signal_buffer_create(k->value.ptr, k->value.len);
	return 1;
}

static const char *session_name(const signal_protocol_address *a)
{
	return arena_printf(test_arena(), "session %.*s.%d", (int)a->name_len, a->name,
		a->device_id)
		.ptr;
}

static const char *sender_name(const signal_protocol_sender_key_name *n)
{
	return arena_printf(test_arena(), "sender %.*s %.*s.%d", (int)n->group_id_len, n->group_id,
		(int)n->sender.name_len, n->sender.name, n->sender.device_id)
		.ptr;
}

static const char *prekey_name(const char *kind, uint32_t id)
{
	return arena_printf(test_arena(), "%s %u", kind, id).ptr;
}

static int load_session(signal_buffer **out, signal_buffer **user,
	const signal_protocol_address *address, void *arg)
{
	(void)user, (void)arg;
	return load(session_name(address), out);
}

static int store_session(const signal_protocol_address *address, uint8_t *record, size_t len,
	uint8_t *user, size_t user_len, void *arg)
{
	(void)user, (void)user_len, (void)arg;
	keep(session_name(address), record, len);
	return 0;
}

static int has_session(const signal_protocol_address *address, void *arg)
{
	(void)arg;
	return find(session_name(address)) != NULL;
}

static int load_prekey(signal_buffer **out, uint32_t id, void *arg)
{
	return load(prekey_name(arg, id), out) == 1 ? SG_SUCCESS : SG_ERR_INVALID_KEY_ID;
}

static int has_prekey(uint32_t id, void *arg)
{
	return find(prekey_name(arg, id)) != NULL;
}

static int remove_prekey(uint32_t id, void *arg)
{
	keep(prekey_name(arg, id), NULL, 0);
	return 0;
}

static int get_identity(signal_buffer **open, signal_buffer **secret, void *arg)
{
	uint8_t typed[33] = { 5 };

	(void)arg;
	memcpy(typed + 1, o.pair.open, 32);
	*open = signal_buffer_create(typed, sizeof typed);
	*secret = signal_buffer_create(o.pair.secret, 32);
	return 0;
}

static int get_registration(void *arg, uint32_t *out)
{
	(void)arg;
	*out = 4242;
	return 0;
}

static int save_identity(const signal_protocol_address *address, uint8_t *key, size_t len,
	void *arg)
{
	(void)address, (void)key, (void)len, (void)arg;
	return 0;
}

static int is_trusted(const signal_protocol_address *address, uint8_t *key, size_t len, void *arg)
{
	(void)address, (void)key, (void)len, (void)arg;
	return 1;
}

static int load_sender(signal_buffer **out, signal_buffer **user,
	const signal_protocol_sender_key_name *name, void *arg)
{
	(void)user, (void)arg;
	return load(sender_name(name), out);
}

static int store_sender(const signal_protocol_sender_key_name *name, uint8_t *record, size_t len,
	uint8_t *user, size_t user_len, void *arg)
{
	(void)user, (void)user_len, (void)arg;
	keep(sender_name(name), record, len);
	return 0;
}

static void make_stores(void)
{
	static char prekey[] = "prekey", signed_prekey[] = "signed";
	signal_protocol_session_store sessions = { .load_session_func = load_session,
		.store_session_func = store_session, .contains_session_func = has_session };
	signal_protocol_pre_key_store prekeys = { .load_pre_key = load_prekey,
		.contains_pre_key = has_prekey, .remove_pre_key = remove_prekey,
		.user_data = prekey };
	signal_protocol_signed_pre_key_store signed_prekeys = { .load_signed_pre_key = load_prekey,
		.contains_signed_pre_key = has_prekey, .user_data = signed_prekey };
	signal_protocol_identity_key_store identities = { .get_identity_key_pair = get_identity,
		.get_local_registration_id = get_registration, .save_identity = save_identity,
		.is_trusted_identity = is_trusted };
	signal_protocol_sender_key_store senders = { .load_sender_key = load_sender,
		.store_sender_key = store_sender };

	EXPECT(signal_protocol_store_context_create(&o.store, o.context) == 0);
	EXPECT(signal_protocol_store_context_set_session_store(o.store, &sessions) == 0);
	EXPECT(signal_protocol_store_context_set_pre_key_store(o.store, &prekeys) == 0);
	EXPECT(signal_protocol_store_context_set_signed_pre_key_store(o.store,
		       &signed_prekeys) == 0);
	EXPECT(signal_protocol_store_context_set_identity_key_store(o.store, &identities) == 0);
	EXPECT(signal_protocol_store_context_set_sender_key_store(o.store, &senders) == 0);
}

/* ---- the oracle as a device ---- */

static struct peer ours;

static void new_pair(struct curve_pair *out)
{
	uint8_t seed[32];

	on_random(seed, sizeof seed, NULL);
	curve_pair_of(seed, out);
}

static void start(uint64_t seed)
{
	static const signal_crypto_provider provider = { on_random, on_hmac_init, on_hmac_update,
		on_hmac_final, on_hmac_done, on_sha_init, on_sha_update, on_sha_final, on_sha_done,
		on_encrypt, on_decrypt, NULL };

	peer_init(&ours, test_arena(), seed);
	o = (struct oracle){ .random = seed * 77 + 1 };
	EXPECT(signal_context_create(&o.context, NULL) == 0);
	EXPECT(signal_context_set_crypto_provider(o.context, &provider) == 0);
	new_pair(&o.pair);
	new_pair(&o.signed_pair);
	make_stores();
	EXPECT(session_cipher_create(&o.cipher, o.store, &our_address, o.context) == 0);
}

static void end(void)
{
	session_cipher_free(o.cipher);
	signal_protocol_store_context_destroy(o.store);
	signal_context_destroy(o.context);
	peer_done(&ours);
}

static ec_public_key *open_key(const uint8_t *open)
{
	uint8_t typed[33] = { 5 };
	ec_public_key *key;

	memcpy(typed + 1, open, 32);
	EXPECT(curve_decode_point(&key, typed, sizeof typed, o.context) == 0);
	return key;
}

static ec_key_pair *key_pair(const struct curve_pair *pair)
{
	ec_public_key *open = open_key(pair->open);
	ec_private_key *secret;
	ec_key_pair *out;

	EXPECT(curve_decode_private_point(&secret, pair->secret, 32, o.context) == 0);
	EXPECT(ec_key_pair_create(&out, open, secret) == 0);
	SIGNAL_UNREF(open);
	SIGNAL_UNREF(secret);
	return out;
}

static void keep_signed(const uint8_t *signature)
{
	ec_key_pair *pair = key_pair(&o.signed_pair);
	session_signed_pre_key *key;
	signal_buffer *record;

	EXPECT(session_signed_pre_key_create(&key, SIGNED_ID, 1, pair, signature, 64) == 0);
	EXPECT(session_signed_pre_key_serialize(&record, key) == 0);
	keep(prekey_name("signed", SIGNED_ID), signal_buffer_data(record),
		signal_buffer_len(record));
	signal_buffer_free(record);
	SIGNAL_UNREF(key);
	SIGNAL_UNREF(pair);
}

static void keep_prekey(uint32_t id, const struct curve_pair *with)
{
	ec_key_pair *pair = key_pair(with);
	session_pre_key *key;
	signal_buffer *record;

	EXPECT(session_pre_key_create(&key, id, pair) == 0);
	EXPECT(session_pre_key_serialize(&record, key) == 0);
	keep(prekey_name("prekey", id), signal_buffer_data(record), signal_buffer_len(record));
	signal_buffer_free(record);
	SIGNAL_UNREF(key);
	SIGNAL_UNREF(pair);
}

/* Signed by the oracle's own code. */
static struct signal_bundle oracle_bundle(bool with_prekey)
{
	struct signal_bundle b = { .registration_id = 4242, .signed_prekey_id = SIGNED_ID };
	ec_key_pair *identity = key_pair(&o.pair);
	uint8_t typed[33] = { 5 };
	signal_buffer *signature;
	struct curve_pair pair;

	memcpy(typed + 1, o.signed_pair.open, 32);
	EXPECT(curve_calculate_signature(o.context, &signature, ec_key_pair_get_private(identity),
		       typed, sizeof typed) == 0);
	memcpy(b.identity, o.pair.open, 32);
	memcpy(b.signed_prekey, o.signed_pair.open, 32);
	memcpy(b.signature, signal_buffer_data(signature), 64);
	keep_signed(b.signature);
	signal_buffer_free(signature);
	SIGNAL_UNREF(identity);
	if (!with_prekey)
		return b;
	new_pair(&pair);
	b.has_prekey = true;
	b.prekey_id = ++o.prekeys;
	memcpy(b.prekey, pair.open, 32);
	keep_prekey(b.prekey_id, &pair);
	return b;
}

static void oracle_meets(const struct signal_bundle *b)
{
	ec_public_key *prekey = b->has_prekey ? open_key(b->prekey) : NULL,
		      * signed_prekey = open_key(b->signed_prekey),
		      * identity = open_key(b->identity);
	session_pre_key_bundle *bundle;
	session_builder *builder;

	EXPECT(session_pre_key_bundle_create(&bundle, b->registration_id, 3, b->prekey_id, prekey,
		       b->signed_prekey_id, signed_prekey, b->signature, 64, identity) == 0);
	EXPECT(session_builder_create(&builder, o.store, &our_address, o.context) == 0);
	EXPECT(session_builder_process_pre_key_bundle(builder, bundle) == 0);
	session_builder_free(builder);
	SIGNAL_UNREF(bundle);
	SIGNAL_UNREF(identity);
	SIGNAL_UNREF(signed_prekey);
	if (prekey)
		SIGNAL_UNREF(prekey);
}

struct letter { enum signal_kind kind; bytes octets; };

static struct letter taken(ciphertext_message *message)
{
	signal_buffer *wire = ciphertext_message_get_serialized(message);
	struct letter letter = { ciphertext_message_get_type(message) == CIPHERTEXT_PREKEY_TYPE ?
					SIGNAL_PKMSG :
					SIGNAL_MSG,
		arena_bytes(test_arena(),
			(bytes){ signal_buffer_data(wire), signal_buffer_len(wire) }) };

	SIGNAL_UNREF(message);
	return letter;
}

static struct letter oracle_says(str text)
{
	ciphertext_message *message;

	EXPECT(session_cipher_encrypt(o.cipher, (const uint8_t *)text.ptr, text.len, &message) ==
		0);
	return taken(message);
}

static int oracle_decrypt(struct letter letter, signal_buffer **out)
{
	pre_key_signal_message *first;
	signal_message *message;
	int result;

	if (letter.kind == SIGNAL_PKMSG) {
		EXPECT(pre_key_signal_message_deserialize(&first, letter.octets.ptr,
			       letter.octets.len, o.context) == 0);
		result = session_cipher_decrypt_pre_key_signal_message(o.cipher, first, NULL, out);
		SIGNAL_UNREF(first);
		return result;
	}
	EXPECT(signal_message_deserialize(&message, letter.octets.ptr, letter.octets.len,
		       o.context) == 0);
	result = session_cipher_decrypt_signal_message(o.cipher, message, NULL, out);
	SIGNAL_UNREF(message);
	return result;
}

static void expect_oracle_reads(struct letter letter, str text)
{
	signal_buffer *out;

	EXPECT_INT(oracle_decrypt(letter, &out), 0);
	EXPECT(str_is((str){ (char *)signal_buffer_data(out), signal_buffer_len(out) }, text));
	signal_buffer_free(out);
	EXPECT_INT(oracle_decrypt(letter, &out), SG_ERR_DUPLICATE_MESSAGE);
}

static struct letter we_say(str text)
{
	struct signal_sealed sealed;

	EXPECT_OK(signal_encrypt(&ours.signal, THEIR_ADDRESS, bytes_of(text), &sealed));
	EXPECT_INT(sealed.outcome, SIGNAL_DONE);
	return (struct letter){ sealed.kind, sealed.octets };
}

static void expect_we_read(struct letter letter, str text)
{
	struct signal_opened opened;

	EXPECT_OK(signal_decrypt(&ours.signal, THEIR_ADDRESS, letter.kind, letter.octets, &opened));
	EXPECT_STR(str_of(signal_outcome_name(opened.outcome)), "done");
	EXPECT(str_is(str_from(opened.padded), text));
	EXPECT_OK(signal_decrypt(&ours.signal, THEIR_ADDRESS, letter.kind, letter.octets, &opened));
	EXPECT_STR(str_of(signal_outcome_name(opened.outcome)), "duplicate");
}

/* Turns of several messages, read from the last to the first. */
static void converse(void)
{
	for (size_t turn = 0; turn < 12; turn++) {
		struct letter letters[5];
		str texts[5];

		for (size_t i = 0; i < COUNT_OF(letters); i++) {
			texts[i] = arena_printf(test_arena(), "turn %zu, message %zu", turn, i);
			letters[i] = turn % 2 ? we_say(texts[i]) : oracle_says(texts[i]);
		}
		for (size_t i = COUNT_OF(letters); i-- > 0;) {
			if (turn % 2)
				expect_oracle_reads(letters[i], texts[i]);
			else
				expect_we_read(letters[i], texts[i]);
		}
	}
}

TEST(who_writes_first_is_understood_by_the_other_library)
{
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct signal_bundle bundle;
		struct signal_met met;

		start(seed);
		bundle = oracle_bundle(seed % 2);
		EXPECT_OK(signal_meet(&ours.signal, THEIR_ADDRESS, &bundle, &met));
		EXPECT_INT(met.outcome, SIGNAL_DONE);
		expect_oracle_reads(we_say(S("first")), S("first"));
		converse();
		end();

		start(seed + 10);
		bundle = peer_bundle(&ours, seed % 2);
		oracle_meets(&bundle);
		expect_we_read(oracle_says(S("first")), S("first"));
		expect_oracle_reads(we_say(S("back")), S("back"));
		converse();
		end();
	}
}

TEST(signatures_hold_in_both_libraries)
{
	start(1);
	for (int i = 0; i < 20; i++) {
		struct signal_bundle theirs = oracle_bundle(false), own = peer_bundle(&ours, false);
		struct signal_met met;

		EXPECT_OK(signal_meet(&ours.signal, THEIR_ADDRESS, &theirs, &met));
		EXPECT_INT(met.outcome, SIGNAL_DONE);
		oracle_meets(&own);
		theirs.signature[i] ^= 4;
		EXPECT_OK(signal_meet(&ours.signal, THEIR_ADDRESS, &theirs, &met));
		EXPECT_INT(met.outcome, SIGNAL_BAD_SIGNATURE);
		new_pair(&o.signed_pair);
	}
	end();
}

/* ---- groups ---- */

static const signal_protocol_sender_key_name our_sender = { GROUP, sizeof GROUP - 1,
	{ US, sizeof US - 1, 3 } };
static const signal_protocol_sender_key_name their_sender = { GROUP, sizeof GROUP - 1,
	{ THEM, sizeof THEM - 1, 0 } };

static void oracle_takes(bytes distribution)
{
	sender_key_distribution_message *message;
	group_session_builder *builder;

	EXPECT(group_session_builder_create(&builder, o.store, o.context) == 0);
	EXPECT(sender_key_distribution_message_deserialize(&message, distribution.ptr,
		       distribution.len, o.context) == 0);
	EXPECT(group_session_builder_process_session(builder, &our_sender, message) == 0);
	SIGNAL_UNREF(message);
	group_session_builder_free(builder);
}

static bytes oracle_tells(void)
{
	sender_key_distribution_message *message;
	group_session_builder *builder;
	bytes octets;

	EXPECT(group_session_builder_create(&builder, o.store, o.context) == 0);
	EXPECT(group_session_builder_create_session(builder, &message, &their_sender) == 0);
	octets = taken((ciphertext_message *)message).octets;
	group_session_builder_free(builder);
	return octets;
}

static bytes oracle_says_to_all(str text)
{
	ciphertext_message *message;
	group_cipher *cipher;
	bytes octets;

	EXPECT(group_cipher_create(&cipher, o.store, &their_sender, o.context) == 0);
	EXPECT(group_cipher_encrypt(cipher, (const uint8_t *)text.ptr, text.len, &message) == 0);
	octets = taken(message).octets;
	group_cipher_free(cipher);
	return octets;
}

static void expect_oracle_reads_group(bytes octets, str text)
{
	sender_key_message *message;
	signal_buffer *out;
	group_cipher *cipher;

	EXPECT(group_cipher_create(&cipher, o.store, &our_sender, o.context) == 0);
	EXPECT(sender_key_message_deserialize(&message, octets.ptr, octets.len, o.context) == 0);
	EXPECT_INT(group_cipher_decrypt(cipher, message, NULL, &out), 0);
	EXPECT(str_is((str){ (char *)signal_buffer_data(out), signal_buffer_len(out) }, text));
	signal_buffer_free(out);
	SIGNAL_UNREF(message);
	group_cipher_free(cipher);
}

TEST(sender_keys_are_understood_both_ways_and_in_any_order)
{
	struct signal_group group;
	enum signal_outcome outcome;
	bytes to_them[40], to_us[40];

	start(9);
	EXPECT_OK(signal_group_own(&ours.signal, S(GROUP), OUR_ADDRESS, &group));
	oracle_takes(group.distribution);
	EXPECT_OK(signal_group_take(&ours.signal, S(GROUP), THEIR_ADDRESS, oracle_tells(),
		&outcome));
	EXPECT_INT(outcome, SIGNAL_DONE);
	for (size_t i = 0; i < COUNT_OF(to_us); i++) {
		struct signal_sealed sealed;

		EXPECT_OK(signal_group_encrypt(&ours.signal, S(GROUP), OUR_ADDRESS,
			bytes_of(S("to them")), &sealed));
		to_them[i] = sealed.octets;
		to_us[i] = oracle_says_to_all(S("to us"));
	}
	for (size_t n = 0; n < COUNT_OF(to_us); n++) {
		size_t i = n * 17 % COUNT_OF(to_us);
		struct signal_opened opened;

		if (i % 5 == 3)
			continue;
		expect_oracle_reads_group(to_them[i], S("to them"));
		EXPECT_OK(signal_group_decrypt(&ours.signal, S(GROUP), THEIR_ADDRESS, to_us[i],
			&opened));
		EXPECT_STR(str_of(signal_outcome_name(opened.outcome)), "done");
		EXPECT(str_is(str_from(opened.padded), S("to us")));
	}
	end();
}
