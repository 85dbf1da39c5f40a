/* handshake_test.c: every octet of the handshakes against transcripts, from both sides. */
#include "wa/noise/handshake.h"

#include "base/test.h"
#include "wa/noise/frame.h"

#define NOW_S 1800000000

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static json vectors(const char *part)
{
	return json_field(test_json("linked/transport-vectors.json"), part);
}

static struct buf empty(void)
{
	return buf_in(test_arena(), HANDSHAKE_MESSAGE_MAX);
}

static void read_pair(json v, const char *name, struct curve_pair *out)
{
	json pair = json_field(json_field(v, "keys"), name);

	memcpy(out->secret, test_octets(pair, "priv").ptr, CURVE_KEY_SIZE);
	memcpy(out->open, test_octets(pair, "pub").ptr, CURVE_KEY_SIZE);
}

/* The keys of all transcripts. */
struct cast {
	struct curve_pair client, server, client_ephemeral, server_ephemeral;
	uint8_t root[CURVE_KEY_SIZE];
	bytes chain, payload;
};

static struct cast read_cast(void)
{
	json v = vectors("noise_xx");
	struct cast c;

	read_pair(v, "client_static", &c.client);
	read_pair(v, "server_static", &c.server);
	read_pair(v, "client_ephemeral", &c.client_ephemeral);
	read_pair(v, "server_ephemeral", &c.server_ephemeral);
	memcpy(c.root, test_octets(v, "keys.root.pub").ptr, CURVE_KEY_SIZE);
	c.chain = test_octets(v, "cert.chain");
	c.payload = test_octets(v, "client_payload");
	return c;
}

static struct client_start client_start(const struct cast *c)
{
	return (struct client_start){ .own = &c->client, .seed = c->client_ephemeral.secret,
		.trust = { c->root, NOW_S }, .payload = c->payload };
}

static void expect_keys(const struct handshake *h, bool is_client, json final)
{
	const struct noise_cipher *up = is_client ? &h->send : &h->receive;
	const struct noise_cipher *down = is_client ? &h->receive : &h->send;

	EXPECT(h->has_finished);
	EXPECT_HEX(((bytes){ up->key, 32 }), test_json_text(final, "client_to_server_key"));
	EXPECT_HEX(((bytes){ down->key, 32 }), test_json_text(final, "server_to_client_key"));
}

TEST(a_client_speaks_xx_to_the_octet)
{
	struct cast c = read_cast();
	json v = vectors("noise_xx");
	struct client_start with = client_start(&c);
	struct buf hello = empty(), finish = empty();
	struct handshake h;
	const char *why;

	EXPECT_OK(handshake_client_hello(&h, test_arena(), &with, &hello));
	EXPECT_HEX(buf_bytes(&hello), test_json_text(v, "client_hello_msg"));
	EXPECT_OK(handshake_client_finish(&h, test_arena(), test_octets(v, "server_hello_msg"),
		c.payload, &finish, &why));
	EXPECT_HEX(buf_bytes(&finish), test_json_text(v, "client_finish_msg"));
	EXPECT_HEX(((bytes){ h.server_key, 32 }), test_json_text(v, "keys.server_static.pub"));
	EXPECT_INT(h.server_until_s, 2000000000);
	expect_keys(&h, true, json_field(v, "final"));
}

TEST(a_server_speaks_xx_to_the_octet)
{
	struct cast c = read_cast();
	json v = vectors("noise_xx");
	struct server_start with = { &c.server, c.server_ephemeral.secret, c.chain, false };
	struct client_said client = { 0 };
	struct buf hello = empty();
	struct handshake h;
	const char *why;

	EXPECT_OK(handshake_server_hello(&h, test_arena(), test_octets(v, "client_hello_msg"),
		&with, &client, &hello, &why));
	EXPECT_HEX(buf_bytes(&hello), test_json_text(v, "server_hello_msg"));
	EXPECT(!h.has_finished);
	EXPECT_OK(handshake_server_finish(&h, test_arena(), test_octets(v, "client_finish_msg"),
		&client, &why));
	EXPECT_HEX(client.payload, test_json_text(v, "client_payload"));
	EXPECT_HEX(((bytes){ client.key, 32 }), test_json_text(v, "keys.client_static.pub"));
	expect_keys(&h, false, json_field(v, "final"));
}

static void expect_frames(json frames, const uint8_t *key)
{
	struct noise_cipher seal = { 0 }, open = { 0 };

	memcpy(seal.key, key, 32);
	memcpy(open.key, key, 32);
	for (size_t i = 0; i < json_count(frames); i++) {
		json v = json_at(frames, i);
		struct buf cipher = empty(), frame = empty(), plain = empty();

		EXPECT(cipher_seal(&seal, test_octets(v, "plaintext"), &cipher));
		EXPECT(frame_write_header(&frame, cipher.len));
		buf_put(&frame, cipher.ptr, cipher.len);
		EXPECT_HEX(buf_bytes(&frame), test_json_text(v, "frame"));
		EXPECT(cipher_open(&open, buf_bytes(&cipher), &plain));
		EXPECT_HEX(buf_bytes(&plain), test_json_text(v, "plaintext"));
		EXPECT(!cipher_open(&open, (bytes){ cipher.ptr, cipher.len - 1 }, &plain));
		open.count--;
	}
	EXPECT(json_count(frames) > 1);
}

TEST(frames_after_the_handshake_are_those_of_the_vectors)
{
	json v = vectors("noise_xx");

	expect_frames(json_field(v, "client_to_server"),
		test_octets(v, "final.client_to_server_key").ptr);
	expect_frames(json_field(v, "server_to_client"),
		test_octets(v, "final.server_to_client_key").ptr);
}

TEST(far_counters_make_the_right_nonce)
{
	json v = vectors("noise_xx"), far = json_field(v, "far_counters");

	for (size_t i = 0; i < json_count(far); i++) {
		json one = json_at(far, i);
		struct noise_cipher c = { .count = (uint64_t)json_int(json_field(one, "counter"),
						  0) };
		struct buf cipher = empty(), plain = empty();
		bytes want = test_octets(one, "ciphertext_of_empty_ping");

		memcpy(c.key, test_octets(v, "final.client_to_server_key").ptr, 32);
		EXPECT(cipher_open(&c, want, &plain));
		c.count--;
		EXPECT(cipher_seal(&c, buf_bytes(&plain), &cipher));
		EXPECT(str_is(buf_text(&cipher), str_from(want)));
	}
	EXPECT(json_count(far) > 2);
}

TEST(a_used_up_counter_ends_the_stream)
{
	struct noise_cipher c = { .count = NOISE_COUNT_END };
	struct buf out = empty();

	EXPECT(!cipher_seal(&c, bytes_of(S("x")), &out));
	EXPECT(!cipher_open(&c, bytes_of(S("xxxxxxxxxxxxxxxxxxxxx")), &out));
	EXPECT_INT(out.len, 0);
}

TEST(certificates_that_prove_nothing_are_refused)
{
	struct cast c = read_cast();
	json cases = json_field(vectors("cert_reject"), "cases");

	for (size_t i = 0; i < json_count(cases); i++) {
		struct client_start with = client_start(&c);
		struct buf hello = empty(), finish = empty();
		struct handshake h;
		const char *why = "";

		EXPECT_OK(handshake_client_hello(&h, test_arena(), &with, &hello));
		EXPECT_ERR(handshake_client_finish(&h, test_arena(),
				   test_octets(json_at(cases, i), "server_hello_msg"), c.payload,
				   &finish, &why),
			ERR_AUTH);
		EXPECT(why[0] && finish.len == 0 && !h.has_finished);
	}
	EXPECT_INT(json_count(cases), 8);
}

TEST(another_root_proves_nothing)
{
	struct cast c = read_cast();
	struct client_start with = client_start(&c);
	struct buf hello = empty(), finish = empty();
	struct handshake h;
	const char *why;

	with.trust.root = cert_root_whatsapp;
	EXPECT_OK(handshake_client_hello(&h, test_arena(), &with, &hello));
	EXPECT_ERR(handshake_client_finish(&h, test_arena(),
			   test_octets(vectors("noise_xx"), "server_hello_msg"), c.payload, &finish,
			   &why),
		ERR_AUTH);
	EXPECT_STR(str_of(why), "the root did not sign the intermediate certificate");
}

TEST(a_known_server_is_greeted_in_one_turn)
{
	struct cast c = read_cast();
	json v = vectors("noise_ik");
	struct client_start with = client_start(&c);
	struct server_start serve = { &c.server, test_octets(v, "server_ephemeral.priv").ptr,
		c.chain, false };
	struct client_said said = { 0 };
	struct buf hello = empty(), answer = empty(), finish = empty();
	struct handshake client, server;
	const char *why;

	with.seed = test_octets(v, "client_ephemeral.priv").ptr;
	with.known_server = c.server.open;
	EXPECT_OK(handshake_client_hello(&client, test_arena(), &with, &hello));
	EXPECT_HEX(buf_bytes(&hello), test_json_text(v, "client_hello_msg"));
	EXPECT_OK(handshake_server_hello(&server, test_arena(), buf_bytes(&hello), &serve, &said,
		&answer, &why));
	EXPECT_HEX(buf_bytes(&answer), test_json_text(v, "server_hello_msg"));
	EXPECT_HEX(said.payload, test_json_text(vectors("noise_xx"), "client_payload"));
	EXPECT_OK(handshake_client_finish(&client, test_arena(), buf_bytes(&answer), c.payload,
		&finish, &why));
	EXPECT_INT(finish.len, 0);
	expect_keys(&client, true, json_field(v, "final"));
	expect_keys(&server, false, json_field(v, "final"));
}

TEST(a_server_that_does_not_know_the_key_falls_back)
{
	struct cast c = read_cast();
	json ik = vectors("noise_ik"), v = vectors("noise_xxfallback");
	struct client_start with = client_start(&c);
	struct server_start serve = { &c.server, test_octets(v, "server_ephemeral.priv").ptr,
		c.chain, true };
	struct client_said said = { 0 };
	struct buf hello = empty(), answer = empty(), finish = empty();
	struct handshake client, server;
	const char *why;

	with.seed = test_octets(ik, "client_ephemeral.priv").ptr;
	with.known_server = c.server.open;
	EXPECT_OK(handshake_client_hello(&client, test_arena(), &with, &hello));
	EXPECT_OK(handshake_server_hello(&server, test_arena(), buf_bytes(&hello), &serve, &said,
		&answer, &why));
	EXPECT_HEX(buf_bytes(&answer), test_json_text(v, "server_hello_msg"));
	EXPECT_OK(handshake_client_finish(&client, test_arena(), buf_bytes(&answer), c.payload,
		&finish, &why));
	EXPECT_HEX(buf_bytes(&finish), test_json_text(v, "client_finish_msg"));
	EXPECT_OK(handshake_server_finish(&server, test_arena(), buf_bytes(&finish), &said, &why));
	expect_keys(&client, true, json_field(v, "final"));
	expect_keys(&server, false, json_field(v, "final"));
}

TEST(a_server_of_our_own_is_trusted_by_its_root)
{
	struct curve_pair root, middle, server;
	struct cert_issue issue = { &root, &middle, server.open, NOW_S - 10, NOW_S + 10, { 1 } };
	uint8_t seed[32] = { 7 };
	struct cert_trust trust = { root.open, NOW_S };
	const char *why = "";
	int64_t until;
	bytes chain;

	curve_pair_of(seed, &root);
	seed[0] = 15;
	curve_pair_of(seed, &middle);
	seed[0] = 23;
	curve_pair_of(seed, &server);
	chain = cert_issue(test_arena(), &issue);
	EXPECT_OK(cert_check(test_arena(), chain, &trust, server.open, &until, &why));
	EXPECT_INT(until, NOW_S + 10);
	trust.now_s = NOW_S + 11;
	EXPECT_ERR(cert_check(test_arena(), chain, &trust, server.open, &until, &why), ERR_AUTH);
}

/* Any octet changed, or the end cut off: refused, and no key comes of it. */
TEST(a_changed_answer_is_refused)
{
	struct cast c = read_cast();
	bytes answer = test_octets(vectors("noise_xx"), "server_hello_msg");

	for (size_t i = 0; i < answer.len; i += 3) {
		struct client_start with = client_start(&c);
		struct buf hello = empty(), finish = empty();
		uint8_t *bent = arena_alloc(test_arena(), answer.len);
		struct handshake h;
		const char *why = "";

		memcpy(bent, answer.ptr, answer.len);
		bent[i] ^= 0x40;
		EXPECT_OK(handshake_client_hello(&h, test_arena(), &with, &hello));
		EXPECT(handshake_client_finish(&h, test_arena(), (bytes){ bent, answer.len },
			       c.payload, &finish, &why) != OK);
		EXPECT(why[0] && !h.has_finished);
		EXPECT(handshake_client_finish(&h, test_arena(), (bytes){ answer.ptr, i },
			       c.payload, &finish, &why) != OK);
		arena_reset(test_arena());
		c = read_cast();
		answer = test_octets(vectors("noise_xx"), "server_hello_msg");
	}
}
