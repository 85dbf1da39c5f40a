/* handshake.c: the patterns, from both sides; see handshake.h. */
#include "wa/noise/handshake.h"

#include "wa/noise/frame.h"
#include "wa/proto/proto.h"
#include "wa_transport.pb-c.h"

const uint8_t handshake_prologue[HANDSHAKE_PROLOGUE_SIZE] = { 'W', 'A', 6, 3 };

#define PATTERN_XX S("Noise_XX_25519_AESGCM_SHA256")
#define PATTERN_IK S("Noise_IK_25519_AESGCM_SHA256")
#define PATTERN_FALLBACK S("Noise_XXfallback_25519_AESGCM_SHA256")

void handshake_write_first(struct buf *out, bytes routing, bytes hello)
{
	if (routing.len) {
		buf_put(out, "ED\0\1", 4);
		frame_write_header(out, routing.len);
		buf_put(out, routing.ptr, routing.len);
	}
	buf_put(out, handshake_prologue, HANDSHAKE_PROLOGUE_SIZE);
	frame_write_header(out, hello.len);
	buf_put(out, hello.ptr, hello.len);
}

static enum err bad(const char **why, const char *sentence)
{
	*why = sentence;
	return ERR_INPUT;
}

static enum err forged(const char **why)
{
	*why = "a message of the handshake does not authenticate";
	return ERR_AUTH;
}

static bytes key_bytes(const uint8_t key[CURVE_KEY_SIZE])
{
	return (bytes){ key, CURVE_KEY_SIZE };
}

static void begin(struct handshake *h, str pattern)
{
	noise_init(&h->noise, pattern, (bytes){ handshake_prologue, HANDSHAKE_PROLOGUE_SIZE });
}

static bytes sealed(struct handshake *h, struct arena *arena, bytes plain)
{
	struct buf out = buf_in(arena, plain.len + GCM_TAG_SIZE);

	noise_seal(&h->noise, plain, &out);
	return buf_bytes(&out);
}

static bool opened(struct handshake *h, struct arena *arena, bytes cipher, bytes *plain)
{
	struct buf out = buf_in(arena, cipher.len);

	if (!noise_open(&h->noise, cipher, &out))
		return false;
	*plain = buf_bytes(&out);
	return true;
}

static bool opened_key(struct handshake *h, struct arena *arena, bytes cipher,
	uint8_t out[CURVE_KEY_SIZE])
{
	bytes plain;

	if (!opened(h, arena, cipher, &plain) || plain.len != CURVE_KEY_SIZE)
		return false;
	memcpy(out, plain.ptr, CURVE_KEY_SIZE);
	return true;
}

void handshake_done(struct handshake *h)
{
	crypto_wipe(h, sizeof *h);
}

/* ---- the client ---- */

static bool add_ik(struct handshake *h, struct arena *arena, const struct client_start *start,
	Wa__ClientHello *hello)
{
	memcpy(h->server_key, start->known_server, CURVE_KEY_SIZE);
	if (!noise_mix_keys(&h->noise, h->ephemeral.secret, h->server_key))
		return false;
	PROTO_SET_DATA(hello, static_, sealed(h, arena, key_bytes(h->own->open)));
	if (!noise_mix_keys(&h->noise, h->own->secret, h->server_key))
		return false;
	PROTO_SET_DATA(hello, payload, sealed(h, arena, start->payload));
	return true;
}

enum err handshake_client_hello(struct handshake *h, struct arena *arena,
	const struct client_start *start, struct buf *out)
{
	Wa__HandshakeMessage message = WA__HANDSHAKE_MESSAGE__INIT;
	Wa__ClientHello hello = WA__CLIENT_HELLO__INIT;

	*h = (struct handshake){ .own = start->own, .trust = start->trust,
		.is_ik = start->known_server };
	curve_pair_of(start->seed, &h->ephemeral);
	begin(h, h->is_ik ? PATTERN_IK : PATTERN_XX);
	if (h->is_ik)
		noise_mix_hash(&h->noise, key_bytes(start->known_server));
	noise_mix_hash(&h->noise, key_bytes(h->ephemeral.open));
	PROTO_SET_DATA(&hello, ephemeral, key_bytes(h->ephemeral.open));
	if (h->is_ik && !add_ik(h, arena, start, &hello))
		return ERR_INPUT;
	message.client_hello = &hello;
	proto_pack(out, &message);
	return out->failed ? ERR_LIMIT : OK;
}

/* What the server's hello must hold. */
static enum err read_server_hello(struct arena *arena, bytes message, Wa__ServerHello **out,
	const char **why)
{
	Wa__HandshakeMessage *m =
		PROTO_UNPACK(arena, Wa__HandshakeMessage, wa__handshake_message, message);

	if (!m || !m->server_hello)
		return bad(why, "the server's answer is no hello");
	*out = m->server_hello;
	if ((*out)->ephemeral.len != CURVE_KEY_SIZE || !(*out)->has_payload)
		return bad(why, "the server's hello is not complete");
	return OK;
}

static enum err check_chain(struct handshake *h, struct arena *arena, bytes cipher,
	const char **why)
{
	bytes chain;

	if (!opened(h, arena, cipher, &chain))
		return forged(why);
	return cert_check(arena, chain, &h->trust, h->server_key, &h->server_until_s, why);
}

static void client_ready(struct handshake *h)
{
	noise_split(&h->noise, &h->send, &h->receive);
	h->has_finished = true;
}

static enum err finish_ik(struct handshake *h, struct arena *arena, const Wa__ServerHello *hello,
	const char **why)
{
	noise_mix_hash(&h->noise, key_bytes(hello->ephemeral.data));
	if (!noise_mix_keys(&h->noise, h->ephemeral.secret, hello->ephemeral.data) ||
		!noise_mix_keys(&h->noise, h->own->secret, hello->ephemeral.data))
		return forged(why);
	TRY(check_chain(h, arena, PROTO_DATA(hello, payload), why));
	client_ready(h);
	return OK;
}

static enum err write_finish(struct handshake *h, struct arena *arena, const uint8_t *server,
	bytes payload, struct buf *out)
{
	Wa__HandshakeMessage message = WA__HANDSHAKE_MESSAGE__INIT;
	Wa__ClientFinish finish = WA__CLIENT_FINISH__INIT;

	PROTO_SET_DATA(&finish, static_, sealed(h, arena, key_bytes(h->own->open)));
	if (!noise_mix_keys(&h->noise, h->own->secret, server))
		return ERR_AUTH;
	PROTO_SET_DATA(&finish, payload, sealed(h, arena, payload));
	message.client_finish = &finish;
	proto_pack(out, &message);
	return out->failed ? ERR_LIMIT : OK;
}

enum err handshake_client_finish(struct handshake *h, struct arena *arena, bytes message,
	bytes payload, struct buf *out, const char **why)
{
	Wa__ServerHello *hello;

	TRY(read_server_hello(arena, message, &hello, why));
	if (h->is_ik && !hello->has_static_)
		return finish_ik(h, arena, hello, why);
	if (!hello->has_static_)
		return bad(why, "the server's hello has no key");
	if (h->is_ik) {
		begin(h, PATTERN_FALLBACK);
		noise_mix_hash(&h->noise, key_bytes(h->ephemeral.open));
	}
	noise_mix_hash(&h->noise, key_bytes(hello->ephemeral.data));
	if (!noise_mix_keys(&h->noise, h->ephemeral.secret, hello->ephemeral.data) ||
		!opened_key(h, arena, PROTO_DATA(hello, static_), h->server_key) ||
		!noise_mix_keys(&h->noise, h->ephemeral.secret, h->server_key))
		return forged(why);
	TRY(check_chain(h, arena, PROTO_DATA(hello, payload), why));
	if (write_finish(h, arena, hello->ephemeral.data, payload, out) != OK)
		return forged(why);
	client_ready(h);
	return OK;
}

/* ---- the server ---- */

static void server_ready(struct handshake *h)
{
	noise_split(&h->noise, &h->receive, &h->send);
	h->has_finished = true;
}

static void write_server_hello(const Wa__ServerHello *hello, struct buf *out)
{
	Wa__HandshakeMessage message = WA__HANDSHAKE_MESSAGE__INIT;

	message.server_hello = (Wa__ServerHello *)hello;
	proto_pack(out, &message);
}

/* false: it was made for another key of ours. */
static bool take_ik(struct handshake *h, struct arena *arena, const Wa__ClientHello *hello,
	struct client_said *client)
{
	begin(h, PATTERN_IK);
	noise_mix_hash(&h->noise, key_bytes(h->own->open));
	noise_mix_hash(&h->noise, key_bytes(hello->ephemeral.data));
	return noise_mix_keys(&h->noise, h->own->secret, hello->ephemeral.data) &&
	       opened_key(h, arena, PROTO_DATA(hello, static_), client->key) &&
	       noise_mix_keys(&h->noise, h->own->secret, client->key) &&
	       opened(h, arena, PROTO_DATA(hello, payload), &client->payload);
}

static enum err answer_ik(struct handshake *h, struct arena *arena, const Wa__ClientHello *hello,
	const struct client_said *client, bytes chain, struct buf *out, const char **why)
{
	Wa__ServerHello answer = WA__SERVER_HELLO__INIT;

	noise_mix_hash(&h->noise, key_bytes(h->ephemeral.open));
	if (!noise_mix_keys(&h->noise, h->ephemeral.secret, hello->ephemeral.data) ||
		!noise_mix_keys(&h->noise, h->ephemeral.secret, client->key))
		return forged(why);
	PROTO_SET_DATA(&answer, ephemeral, key_bytes(h->ephemeral.open));
	PROTO_SET_DATA(&answer, payload, sealed(h, arena, chain));
	write_server_hello(&answer, out);
	server_ready(h);
	return OK;
}

static enum err answer_xx(struct handshake *h, struct arena *arena, const uint8_t *client,
	bytes chain, struct buf *out, const char **why)
{
	Wa__ServerHello answer = WA__SERVER_HELLO__INIT;

	begin(h, h->is_ik ? PATTERN_FALLBACK : PATTERN_XX);
	noise_mix_hash(&h->noise, key_bytes(client));
	noise_mix_hash(&h->noise, key_bytes(h->ephemeral.open));
	if (!noise_mix_keys(&h->noise, h->ephemeral.secret, client))
		return forged(why);
	PROTO_SET_DATA(&answer, ephemeral, key_bytes(h->ephemeral.open));
	PROTO_SET_DATA(&answer, static_, sealed(h, arena, key_bytes(h->own->open)));
	if (!noise_mix_keys(&h->noise, h->own->secret, client))
		return forged(why);
	PROTO_SET_DATA(&answer, payload, sealed(h, arena, chain));
	write_server_hello(&answer, out);
	return OK;
}

enum err handshake_server_hello(struct handshake *h, struct arena *arena, bytes message,
	const struct server_start *start, struct client_said *client, struct buf *out,
	const char **why)
{
	Wa__HandshakeMessage *m =
		PROTO_UNPACK(arena, Wa__HandshakeMessage, wa__handshake_message, message);
	const Wa__ClientHello *hello = m ? m->client_hello : NULL;

	*h = (struct handshake){ .own = start->own };
	curve_pair_of(start->seed, &h->ephemeral);
	if (!hello || hello->ephemeral.len != CURVE_KEY_SIZE)
		return bad(why, "the client's first message is no hello");
	h->is_ik = hello->has_static_ && hello->has_payload;
	if (h->is_ik && !start->refuse_ik && take_ik(h, arena, hello, client))
		return answer_ik(h, arena, hello, client, start->chain, out, why);
	return answer_xx(h, arena, hello->ephemeral.data, start->chain, out, why);
}

enum err handshake_server_finish(struct handshake *h, struct arena *arena, bytes message,
	struct client_said *client, const char **why)
{
	Wa__HandshakeMessage *m =
		PROTO_UNPACK(arena, Wa__HandshakeMessage, wa__handshake_message, message);
	const Wa__ClientFinish *finish = m ? m->client_finish : NULL;

	if (!finish)
		return bad(why, "the client's second message is no finish");
	if (!opened_key(h, arena, PROTO_DATA(finish, static_), client->key) ||
		!noise_mix_keys(&h->noise, h->ephemeral.secret, client->key) ||
		!opened(h, arena, PROTO_DATA(finish, payload), &client->payload))
		return forged(why);
	server_ready(h);
	return OK;
}
