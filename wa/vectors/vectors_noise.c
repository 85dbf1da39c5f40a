/* vectors_noise.c: handshakes octet by octet from both sides, certificates, frames. */
#include "wa/vectors/vectors.h"

#include "base/codec.h"
#include "wa/noise/frame.h"
#include "wa/noise/handshake.h"
#include "wa/proto/proto.h"
#include "wa_transport.pb-c.h"

/* The keys of all transcripts stand in noise_xx. */
struct cast {
	struct curve_pair client, server, client_ephemeral, server_ephemeral;
	uint8_t root[CURVE_KEY_SIZE];
	bytes chain, payload;
	int64_t now_s;
};

static void read_cast(struct vectors *v, struct cast *c)
{
	json xx = json_field(v->root, "noise_xx");

	pair_at(v, xx, "keys.client_static", &c->client);
	pair_at(v, xx, "keys.server_static", &c->server);
	pair_at(v, xx, "keys.client_ephemeral", &c->client_ephemeral);
	pair_at(v, xx, "keys.server_ephemeral", &c->server_ephemeral);
	key_at(v, xx, "keys.root.pub", c->root);
	c->chain = octets_at(v, xx, "cert.chain");
	c->payload = octets_at(v, xx, "client_payload");
	c->now_s = int_at(v, xx, "cert.not_before") / 2 + int_at(v, xx, "cert.not_after") / 2;
}

static struct client_start client_start(const struct cast *c)
{
	return (struct client_start){ .own = &c->client, .seed = c->client_ephemeral.secret,
		.trust = { c->root, c->now_s }, .payload = c->payload };
}

static struct buf empty(struct vectors *v)
{
	return buf_in(v->arena, HANDSHAKE_MESSAGE_MAX);
}

static void check_keys(struct vectors *v, const struct handshake *h, bool is_client)
{
	json final = json_field(v->part, "final");
	const struct noise_cipher *up = is_client ? &h->send : &h->receive,
				  * down = is_client ? &h->receive : &h->send;

	check(v, h->has_finished, "it has finished");
	check_octets(v, (bytes){ up->key, 32 }, final, "client_to_server_key");
	check_octets(v, (bytes){ down->key, 32 }, final, "server_to_client_key");
}

/* ---- one handshake, both sides: each message is that of the transcript ---- */

struct play {
	struct client_start client;
	struct server_start server;
	const char *hello;
	json from;
};

static void play(struct vectors *v, const struct play *p, json part)
{
	struct buf hello = empty(v), answer = empty(v), finish = empty(v);
	struct client_said said = { 0 };
	struct handshake client, server;
	const char *why = "";

	check(v, handshake_client_hello(&client, v->arena, &p->client, &hello) == OK, "hello");
	check_octets(v, buf_bytes(&hello), p->from, "client_hello_msg");
	check(v, handshake_server_hello(&server, v->arena, buf_bytes(&hello), &p->server, &said,
			 &answer, &why) == OK,
		"the server answers");
	check_octets(v, buf_bytes(&answer), part, "server_hello_msg");
	check(v, handshake_client_finish(&client, v->arena, octets_at(v, part, "server_hello_msg"),
			 p->client.payload, &finish, &why) == OK,
		"the client finishes");
	if (json_field(part, "client_finish_msg")) {
		check_octets(v, buf_bytes(&finish), part, "client_finish_msg");
		check(v, handshake_server_finish(&server, v->arena, buf_bytes(&finish), &said,
				 &why) == OK,
			"the server finishes");
	} else {
		check(v, finish.len == 0, "nothing more is said");
	}
	check_int(v, client.server_until_s, json_field(v->root, "noise_xx"), "cert.not_after");
	check_octets(v, said.payload, json_field(v->root, "noise_xx"), "client_payload");
	check_keys(v, &client, true);
	check_keys(v, &server, false);
}

/* ---- each step of a transcript ---- */

struct steps {
	struct noise noise;
	struct cast *cast;
	const struct curve_pair *client_ephemeral, *server_ephemeral;
	bytes client_static, client_payload, server_static, chain; /* as they stand in messages */
	str pattern;
};

static void step_hash(struct vectors *v, struct steps *s, str what)
{
	const struct { const char *name; bytes data; } hashed[] = {
		{ "pre-message server static", { s->cast->server.open, CURVE_KEY_SIZE } },
		{ "client ephemeral", { s->client_ephemeral->open, CURVE_KEY_SIZE } },
		{ "server ephemeral", { s->server_ephemeral->open, CURVE_KEY_SIZE } },
		{ "encrypted server static", s->server_static },
		{ "encrypted cert chain", s->chain },
		{ "encrypted client static", s->client_static },
		{ "encrypted client payload", s->client_payload },
	};

	if (str_is(what, S("prologue"))) {
		noise_init(&s->noise, s->pattern,
			(bytes){ handshake_prologue, HANDSHAKE_PROLOGUE_SIZE });
		return;
	}
	for (size_t i = 0; i < COUNT_OF(hashed); i++)
		if (str_is(what, str_of(hashed[i].name))) {
			noise_mix_hash(&s->noise, hashed[i].data);
			return;
		}
	check(v, false, "such a step is known");
}

/* "es": the first letter is the client's key, the second the server's; e: ephemeral, s: static. */
static void step_keys(struct vectors *v, struct steps *s, str what, json c)
{
	const struct curve_pair *client, *server;
	uint8_t shared[CURVE_KEY_SIZE];

	if (!check(v, what.len == 2, "such a step is known"))
		return;
	client = what.ptr[0] == 'e' ? s->client_ephemeral : &s->cast->client;
	server = what.ptr[1] == 'e' ? s->server_ephemeral : &s->cast->server;
	check(v, curve_agree(client->secret, server->open, shared) &&
			 noise_mix_keys(&s->noise, client->secret, server->open),
		"the keys agree");
	check_octets(v, (bytes){ shared, sizeof shared }, c, "ikm");
	check_octets(v, (bytes){ s->noise.chain, NOISE_KEY_SIZE }, c, "ck");
	check_octets(v, (bytes){ s->noise.key, NOISE_KEY_SIZE }, c, "k");
}

static void check_steps(struct vectors *v, struct steps *s)
{
	json list = json_field(v->part, "steps");

	for (v->at = 0; v->at < json_count(list); v->at++) {
		json c = json_at(list, v->at);
		str name = text_at(v, c, "step"), verb = str_split(&name, ' ');

		if (str_is(verb, S("mixKey")))
			step_keys(v, s, name, c);
		else
			step_hash(v, s, name);
		if (json_field(c, "h"))
			check_octets(v, (bytes){ s->noise.hash, SHA256_SIZE }, c, "h");
	}
	v->at = 0;
	check_octets(v, (bytes){ s->noise.hash, SHA256_SIZE }, v->part, "final.h");
	if (json_path(v->part, "final.ck"))
		check_octets(v, (bytes){ s->noise.chain, NOISE_KEY_SIZE }, v->part, "final.ck");
}

static const Wa__HandshakeMessage *message(struct vectors *v, json from, const char *path)
{
	const Wa__HandshakeMessage *m = PROTO_UNPACK(v->arena, Wa__HandshakeMessage,
		wa__handshake_message, octets_at(v, from, path));

	return check(v, m != NULL, path) ? m : NULL;
}

static void steps_of_server(struct vectors *v, struct steps *s)
{
	const Wa__HandshakeMessage *m = message(v, v->part, "server_hello_msg");

	if (!check(v, m && m->server_hello, "server_hello_msg"))
		return;
	s->server_static = PROTO_DATA(m->server_hello, static_);
	s->chain = PROTO_DATA(m->server_hello, payload);
}

/* ---- frames after it ---- */

static void frame_case(struct vectors *v, json c, const char *key)
{
	struct noise_cipher seal = { .count = (uint64_t)int_at(v, c, "counter") }, open;
	struct buf cipher = empty(v), frame = empty(v), plain = empty(v);

	key_at(v, v->part, key, seal.key);
	open = seal;
	check(v, cipher_seal(&seal, octets_at(v, c, "plaintext"), &cipher) &&
			frame_write_header(&frame, cipher.len),
		"it is sealed");
	buf_put(&frame, cipher.ptr, cipher.len);
	check_octets(v, buf_bytes(&frame), c, "frame");
	check(v, cipher_open(&open, buf_bytes(&cipher), &plain), "it is opened");
	check_octets(v, buf_bytes(&plain), c, "plaintext");
}

static void up_case(struct vectors *v, json c)
{
	frame_case(v, c, "final.client_to_server_key");
}

static void down_case(struct vectors *v, json c)
{
	frame_case(v, c, "final.server_to_client_key");
}

static void far_case(struct vectors *v, json c)
{
	struct noise_cipher open = { .count = (uint64_t)int_at(v, c, "counter") }, seal;
	struct buf cipher = empty(v), plain = empty(v);

	key_at(v, v->part, "final.client_to_server_key", open.key);
	seal = open;
	check(v, cipher_open(&open, octets_at(v, c, "ciphertext_of_empty_ping"), &plain),
		"it is opened");
	check(v, cipher_seal(&seal, buf_bytes(&plain), &cipher), "it is sealed");
	check_octets(v, buf_bytes(&cipher), c, "ciphertext_of_empty_ping");
}

static void check_first_frames(struct vectors *v)
{
	struct buf first = empty(v), finish = empty(v);
	bytes hello = octets_at(v, v->part, "client_hello_msg"),
	      last = octets_at(v, v->part, "client_finish_msg");

	handshake_write_first(&first, BYTES_NONE, hello);
	check_octets(v, buf_bytes(&first), v->part, "client_hello_frame_with_header");
	frame_write_header(&finish, last.len);
	buf_put(&finish, last.ptr, last.len);
	check_octets(v, buf_bytes(&finish), v->part, "client_finish_frame");
	check_octets(v, (bytes){ handshake_prologue, HANDSHAKE_PROLOGUE_SIZE }, v->part,
		"prologue");
}

static void check_xx_steps(struct vectors *v, struct cast *c)
{
	struct steps s = { .cast = c, .client_ephemeral = &c->client_ephemeral,
		.server_ephemeral = &c->server_ephemeral,
		.pattern = S("Noise_XX_25519_AESGCM_SHA256") };
	const Wa__HandshakeMessage *m = message(v, v->part, "client_finish_msg");

	if (!check(v, m && m->client_finish, "client_finish_msg"))
		return;
	s.client_static = PROTO_DATA(m->client_finish, static_);
	s.client_payload = PROTO_DATA(m->client_finish, payload);
	steps_of_server(v, &s);
	check_steps(v, &s);
}

void vectors_noise_xx(struct vectors *v)
{
	struct cast c;

	read_cast(v, &c);
	play(v, &(struct play){ .client = client_start(&c), .from = v->part,
			.server = { &c.server, c.server_ephemeral.secret, c.chain, false } },
		v->part);
	check_first_frames(v);
	check_xx_steps(v, &c);
	each_case(v, json_field(v->part, "client_to_server"), up_case);
	each_case(v, json_field(v->part, "server_to_client"), down_case);
	each_case(v, json_field(v->part, "far_counters"), far_case);
}

/* The client knows the server's key from before. */
static void play_known(struct vectors *v, bool refuse)
{
	json ik = json_field(v->root, "noise_ik");
	struct curve_pair client, server;
	struct play p = { .from = ik };
	struct cast c;

	read_cast(v, &c);
	pair_at(v, ik, "client_ephemeral", &client);
	pair_at(v, v->part, "server_ephemeral", &server);
	p.client = client_start(&c);
	p.client.seed = client.secret;
	p.client.known_server = c.server.open;
	p.server = (struct server_start){ &c.server, server.secret, c.chain, refuse };
	play(v, &p, v->part);
}

void vectors_noise_ik(struct vectors *v)
{
	struct curve_pair client, server;
	struct cast c;
	struct steps s = { .cast = &c, .client_ephemeral = &client, .server_ephemeral = &server,
		.pattern = S("Noise_IK_25519_AESGCM_SHA256") };
	const Wa__HandshakeMessage *m = message(v, v->part, "client_hello_msg");

	play_known(v, false);
	if (!check(v, m && m->client_hello, "client_hello_msg"))
		return;
	read_cast(v, &c);
	pair_at(v, v->part, "client_ephemeral", &client);
	pair_at(v, v->part, "server_ephemeral", &server);
	s.client_static = PROTO_DATA(m->client_hello, static_);
	s.client_payload = PROTO_DATA(m->client_hello, payload);
	steps_of_server(v, &s);
	check_steps(v, &s);
}

void vectors_noise_xxfallback(struct vectors *v)
{
	play_known(v, true);
}

void vectors_edge_routing(struct vectors *v)
{
	bytes routing = octets_at(v, v->part, "routing_info");
	struct buf first = empty(v), query = empty(v);

	handshake_write_first(&first, routing,
		octets_at(v, json_field(v->root, "noise_xx"), "client_hello_msg"));
	check_octets(v, buf_bytes(&first), v->part, "first_frame");
	base64url_write(&query, routing);
	check_text(v, buf_text(&query), v->part, "ed_query_param_base64url");
}

/* ---- certificates ---- */

static enum err check_chain(struct vectors *v, json c)
{
	uint8_t root[CURVE_KEY_SIZE], server[CURVE_KEY_SIZE];
	struct cert_trust trust = { root, int_at(v, v->part, "check_time") };
	const char *why = "";
	int64_t until;

	key_at(v, v->part, "root_pub", root);
	key_at(v, v->part, "server_static", server);
	return cert_check(v->arena, octets_at(v, c, "chain"), &trust, server, &until, &why);
}

static void cert_accept(struct vectors *v, json c)
{
	check(v, check_chain(v, c) == OK, "the chain holds");
}

static void cert_refuse(struct vectors *v, json c)
{
	struct buf hello = empty(v), finish = empty(v);
	struct client_start with;
	struct handshake h;
	const char *why = "";
	struct cast keys;

	check(v, check_chain(v, c) != OK, "the chain is refused");
	if (!json_field(c, "server_hello_msg"))
		return;
	read_cast(v, &keys);
	with = client_start(&keys);
	with.trust.now_s = int_at(v, v->part, "check_time");
	check(v, handshake_client_hello(&h, v->arena, &with, &hello) == OK, "hello");
	check(v, handshake_client_finish(&h, v->arena, octets_at(v, c, "server_hello_msg"),
			 keys.payload, &finish, &why) == ERR_AUTH &&
			finish.len == 0 && !h.has_finished,
		"the handshake ends there");
}

void vectors_cert_reject(struct vectors *v)
{
	each_case(v, json_field(v->part, "cases"), cert_refuse);
	each_case(v, json_field(v->part, "accept"), cert_accept);
}

/* ---- frames ---- */

static void check_stream(struct vectors *v, const bytes *parts, size_t count, json payloads)
{
	struct frame_reader r;
	size_t read = 0;
	bytes body;

	frame_init(&r);
	for (size_t i = 0; i < count; i++) {
		frame_feed(&r, parts[i]);
		while (frame_next(&r, &body))
			check_octets(v, body, json_at(payloads, read++), "");
	}
	check(v, read == json_count(payloads), "as many frames as payloads");
	frame_done(&r);
}

static void check_frame(struct vectors *v, const char *name)
{
	json c = json_field(v->part, name);
	struct buf frame = empty(v);
	bytes payload = octets_at(v, c, "payload");

	frame_write_header(&frame, payload.len);
	buf_put(&frame, payload.ptr, payload.len);
	check_octets(v, buf_bytes(&frame), c, "frame");
}

static void check_header(struct vectors *v)
{
	struct buf header = empty(v);

	check(v, frame_write_header(&header,
			 (size_t)int_at(v, v->part, "len_70000.payload_len")),
		"such a frame may be");
	check_octets(v, buf_bytes(&header), v->part, "len_70000.header");
	check(v, frame_write_header(&header, (size_t)int_at(v, v->part, "max_len")),
		"the longest may be");
	check(v, !frame_write_header(&header, (size_t)int_at(v, v->part, "too_long")),
		"a longer one may not");
}

void vectors_framing(struct vectors *v)
{
	json split = json_field(v->part, "split"), messages = json_field(split, "messages");
	bytes whole = octets_at(v, v->part, "two_in_one_message.bytes");
	bytes *parts = ARENA_ARRAY(v->arena, bytes, json_count(messages) + 1);

	check_frame(v, "one");
	check_frame(v, "empty");
	check_stream(v, &whole, 1, json_path(v->part, "two_in_one_message.payloads"));
	for (size_t i = 0; i < json_count(messages); i++)
		parts[i] = octets_at(v, json_at(messages, i), "");
	check_stream(v, parts, json_count(messages), json_field(split, "payloads"));
	check_header(v);
}
