/* simulator.c: connections, handshakes and frames, from the server's side; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include "wa/proto/proto.h"
#include "wa_transport.pb-c.h"

#include <stdio.h>
#include <zlib.h>

#define SIM_ARENA_MAX (512u << 20)
#define INTRO_MAX 4096
#define CERT_DAYS 365

void sim_random(struct sim *sim, void *out, size_t size)
{
	sim->config.random(sim->config.arg, out, size);
}

bool sim_happens(struct sim *sim, int percent)
{
	uint8_t die;

	if (percent <= 0 || percent >= 100)
		return percent > 0;
	sim_random(sim, &die, sizeof die);
	return die < percent * 256 / 100;
}

static void make_pair(struct sim *sim, struct curve_pair *out)
{
	uint8_t seed[CURVE_KEY_SIZE];

	sim_random(sim, seed, sizeof seed);
	curve_pair_of(seed, out);
}

struct sim *sim_create(const struct sim_config *config)
{
	struct sim *sim = HEAP_NEW(struct sim);

	sim->config = *config;
	make_pair(sim, &sim->root);
	make_pair(sim, &sim->intermediate);
	make_pair(sim, &sim->server);
	make_pair(sim, &sim->other_root);
	sim->arena = arena_create(SIM_ARENA_MAX);
	sim->plain = buf_heap(FRAME_MAX);
	sim->cipher = buf_heap(FRAME_MAX + FRAME_HEADER_SIZE);
	return sim;
}

void sim_destroy(struct sim *sim)
{
	if (!sim)
		return;
	while (sim->conns)
		sim_closed(sim->conns);
	while (sim->groups) {
		struct sim_group *group = sim->groups;

		sim->groups = group->next;
		sim_group_free(group);
	}
	while (sim->phones) {
		struct sim_phone *phone = sim->phones;

		sim->phones = phone->next;
		sim_phone_free(phone);
	}
	arena_destroy(sim->arena);
	buf_done(&sim->plain);
	buf_done(&sim->cipher);
	heap_free(sim->ready);
	heap_free(sim);
}

const uint8_t *sim_root(const struct sim *sim)
{
	return sim->root.open;
}

struct sim_faults *sim_faults(struct sim *sim)
{
	return &sim->faults;
}

void sim_begin(struct sim *sim, int64_t now_ms)
{
	sim->depth++;
	sim->now_ms = now_ms;
}

void sim_end(struct sim *sim)
{
	while (sim->depth == 1 && sim_play(sim))
		;
	if (--sim->depth == 0)
		arena_reset(sim->arena);
}

/* ---- frames ---- */

static bytes compressed(struct arena *arena, bytes plain)
{
	struct buf out = buf_in(arena, plain.len + 1024);
	unsigned long size = compressBound(plain.len);
	uint8_t *to;

	buf_byte(&out, 2);
	to = buf_space(&out, size);
	if (compress(to, &size, plain.ptr + 1, plain.len - 1) != Z_OK)
		return plain;
	return (bytes){ out.ptr, size + 1 };
}

/* The frame goes as header and body of one message. */
static void send_body(struct sim_conn *c, bytes body)
{
	struct buf frame = buf_in(c->sim->arena, body.len + FRAME_HEADER_SIZE);

	frame_write_header(&frame, body.len);
	buf_put(&frame, body.ptr, body.len);
	c->sim->config.send(c->conn, buf_bytes(&frame));
}

/* Buffers of the simulator serve all frames: a group's message goes out hundreds of times. */
void sim_conn_send(struct sim_conn *c, const struct node *node)
{
	struct sim *sim = c->sim;
	struct buf *cipher = &sim->cipher;
	bytes octets;

	if (c->is_closed || c->is_deaf || sim->faults.is_mute)
		return;
	if (sim->config.heard)
		sim->config.heard(sim->config.arg, c->conn, true, node);
	buf_clear(&sim->plain);
	buf_clear(cipher);
	stanza_write(&sim->plain, node);
	octets = buf_bytes(&sim->plain);
	if (sim->faults.compress)
		octets = compressed(sim->arena, octets);
	frame_write_header(cipher, octets.len + GCM_TAG_SIZE);
	if (!sim->plain.failed && cipher_seal(&c->send, octets, cipher))
		sim->config.send(c->conn, buf_bytes(cipher));
}

struct node *sim_server_iq(struct sim *sim, const char *type, const char *xmlns)
{
	struct node *iq = node_new(sim->arena, "iq");

	node_put_jid(sim->arena, iq, "from", &jid_server);
	node_put(sim->arena, iq, "type", str_of(type));
	node_put_int(sim->arena, iq, "id", ++sim->next_id);
	node_put(sim->arena, iq, "xmlns", str_of(xmlns));
	return iq;
}

void sim_conn_close(struct sim_conn *c)
{
	if (c->is_closed)
		return;
	c->is_closed = true;
	c->phase = SIM_OVER;
	c->sim->config.close(c->conn);
}

/* ---- connections ---- */

struct sim_conn *sim_open(struct sim *sim, void *conn, int64_t now_ms)
{
	struct sim_conn *c = HEAP_NEW(struct sim_conn);

	c->sim = sim;
	c->conn = conn;
	c->sim->now_ms = now_ms;
	c->intro = buf_heap(INTRO_MAX);
	frame_init(&c->reader);
	c->next = sim->conns;
	c->at = &sim->conns;
	if (c->next)
		c->next->at = &c->next;
	sim->conns = c;
	return c;
}

static void leave(struct sim_conn *c)
{
	struct sim_device *d = c->device;

	d->conn = NULL;
	d->is_active = d->is_available = false;
	d->phone->last_seen_s = c->sim->now_ms / 1000;
	sim_begin(c->sim, c->sim->now_ms);
	sim_presence_changed(d->phone);
	sim_end(c->sim);
}

void sim_closed(struct sim_conn *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	if (c->device && c->device->conn == c)
		leave(c);
	handshake_done(&c->handshake);
	sim_device_free(c->pairing.device);
	buf_done(&c->intro);
	frame_done(&c->reader);
	heap_free(c);
}

void sim_media_host(struct sim_conn *c, str host, bool is_secure)
{
	c->media_is_secure = is_secure;
	snprintf(c->media_host, sizeof c->media_host, STR_F, STR_A(host));
}

/* ---- the handshake ---- */

/* "ED" 0 1, a length and where to, if it is there; then the prologue. false: not yet, or never. */
static bool take_intro(struct sim_conn *c)
{
	const uint8_t *p = c->intro.ptr;
	size_t at = 0, left = c->intro.len;

	if (left >= 7 && memcmp(p, "ED\0\1", 4) == 0) {
		at = 7 + ((size_t)p[4] << 16 | (size_t)p[5] << 8 | p[6]);
		if (at > INTRO_MAX / 2)
			sim_conn_close(c);
	} else if (left >= 4 && p[0] != 'W' && p[0] != 'E') {
		sim_conn_close(c);
	}
	if (c->is_closed || left < at + HANDSHAKE_PROLOGUE_SIZE)
		return false;
	if (memcmp(p + at, handshake_prologue, HANDSHAKE_PROLOGUE_SIZE) != 0) {
		sim_conn_close(c);
		return false;
	}
	frame_feed(&c->reader, (bytes){ p + at + HANDSHAKE_PROLOGUE_SIZE,
				       left - at - HANDSHAKE_PROLOGUE_SIZE });
	buf_done(&c->intro);
	c->phase = SIM_HELLO;
	return true;
}

static bytes chain_of(struct sim_conn *c)
{
	struct sim *sim = c->sim;
	struct cert_issue issue = {
		.root = sim->faults.bad_certificate ? &sim->other_root : &sim->root,
		.intermediate = &sim->intermediate,
		.server_key = sim->server.open,
		.from_s = c->sim->now_ms / 1000 - 86400,
		.until_s = c->sim->now_ms / 1000 + CERT_DAYS * 86400,
	};

	sim_random(sim, issue.noise, sizeof issue.noise);
	return cert_issue(c->sim->arena, &issue);
}

void sim_conn_refuse(struct sim_conn *c, int reason, int expire_s)
{
	struct node *failure = node_new(c->sim->arena, "failure");

	node_put_int(c->sim->arena, failure, "reason", reason);
	node_put(c->sim->arena, failure, "location", S("sim"));
	if (expire_s) {
		node_put(c->sim->arena, failure, "code", S("101"));
		node_put_int(c->sim->arena, failure, "expire", expire_s);
	}
	sim_conn_send(c, failure);
	sim_conn_close(c);
}

/* What a new device says of itself must be whole, and its prekey signed. */
static bool take_registration(struct sim_conn *c, const Wa__DevicePairingRegistrationData *data)
{
	struct sim_device *d = &c->registration;
	uint8_t typed[1 + CURVE_KEY_SIZE] = { 5 };

	if (data->e_ident.len != CURVE_KEY_SIZE || data->e_skey_val.len != CURVE_KEY_SIZE ||
		data->e_skey_sig.len != CURVE_SIGNATURE_SIZE || data->e_regid.len != 4 ||
		data->e_skey_id.len != 3 || data->build_hash.len != MD5_SIZE)
		return false;
	memcpy(d->noise, c->noise, CURVE_KEY_SIZE);
	memcpy(d->identity, data->e_ident.data, CURVE_KEY_SIZE);
	memcpy(d->skey, data->e_skey_val.data, CURVE_KEY_SIZE);
	memcpy(d->skey_signature, data->e_skey_sig.data, CURVE_SIGNATURE_SIZE);
	d->registration_id = id_of(PROTO_DATA(data, e_regid));
	d->skey_id = id_of(PROTO_DATA(data, e_skey_id));
	memcpy(typed + 1, d->skey, CURVE_KEY_SIZE);
	return curve_verify(d->identity, (bytes){ typed, sizeof typed }, d->skey_signature);
}

static void take_payload(struct sim_conn *c, const struct client_said *said)
{
	Wa__ClientPayload *payload =
		PROTO_UNPACK(c->sim->arena, Wa__ClientPayload, wa__client_payload, said->payload);

	memcpy(c->noise, said->key, CURVE_KEY_SIZE);
	c->send = c->handshake.send;
	c->receive = c->handshake.receive;
	handshake_done(&c->handshake);
	if (!payload) {
		sim_conn_refuse(c, 400, 0);
	} else if (payload->device_pairing_data) {
		c->phase = SIM_UNPAIRED;
		if (c->sim->faults.refuse_registration)
			sim_conn_refuse(c, c->sim->faults.refuse_registration, 0);
		else if (!take_registration(c, payload->device_pairing_data))
			sim_conn_refuse(c, 400, 0);
		else
			sim_send_refs(c);
	} else if (c->sim->faults.failure_reason) {
		sim_conn_refuse(c, c->sim->faults.failure_reason, c->sim->faults.failure_expire_s);
	} else {
		sim_log_in(c, payload->username, (uint16_t)payload->device);
	}
}

static void take_hello(struct sim_conn *c, bytes body)
{
	struct buf answer = buf_in(c->sim->arena, HANDSHAKE_MESSAGE_MAX);
	uint8_t seed[CURVE_KEY_SIZE];
	struct server_start start = { .own = &c->sim->server, .seed = seed,
		.chain = chain_of(c), .refuse_ik = c->sim->faults.refuse_ik };
	struct client_said said = { 0 };
	const char *why;

	if (c->sim->faults.is_mute)
		return;
	sim_random(c->sim, seed, sizeof seed);
	if (handshake_server_hello(&c->handshake, c->sim->arena, body, &start, &said, &answer,
		    &why) != OK) {
		sim_conn_close(c);
		return;
	}
	send_body(c, buf_bytes(&answer));
	c->phase = SIM_FINISH;
	if (c->handshake.has_finished)
		take_payload(c, &said);
}

static void take_finish(struct sim_conn *c, bytes body)
{
	struct client_said said = { 0 };
	const char *why;

	if (handshake_server_finish(&c->handshake, c->sim->arena, body, &said, &why) != OK)
		sim_conn_close(c);
	else
		take_payload(c, &said);
}

static void take_frame(struct sim_conn *c, bytes body)
{
	struct buf plain = buf_in(c->sim->arena, body.len);
	struct node node;
	const char *why;

	if (!cipher_open(&c->receive, body, &plain) ||
		stanza_read(c->sim->arena, buf_bytes(&plain), &node, &why) != OK) {
		sim_conn_close(c);
		return;
	}
	if (c->sim->config.heard)
		c->sim->config.heard(c->sim->config.arg, c->conn, false, &node);
	c->frames += c->phase == SIM_LOGGED_IN;
	if (c->sim->faults.close_after_frames && c->frames >= c->sim->faults.close_after_frames)
		sim_conn_close(c);
	else if (!c->sim->faults.is_mute && !c->is_deaf)
		sim_take_stanza(c, &node);
}

static void take_all(struct sim_conn *c)
{
	bytes body;

	while (!c->is_closed && frame_next(&c->reader, &body)) {
		if (c->phase == SIM_HELLO)
			take_hello(c, body);
		else if (c->phase == SIM_FINISH)
			take_finish(c, body);
		else
			take_frame(c, body);
	}
}

void sim_feed(struct sim_conn *c, bytes octets, int64_t now_ms)
{
	bool is_ready = c->phase != SIM_INTRO;

	if (c->is_closed)
		return;
	sim_begin(c->sim, now_ms);
	if (is_ready) {
		frame_feed(&c->reader, octets);
	} else {
		buf_put(&c->intro, octets.ptr, octets.len);
		is_ready = take_intro(c);
	}
	if (is_ready)
		take_all(c);
	sim_end(c->sim);
}
