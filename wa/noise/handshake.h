/*
 * handshake.h: how client and server become sure of each other: Noise XX, IK and XXfallback.
 *
 *	client_hello() ──► server_hello() ──► client_finish() ──► server_finish()
 *
 * XX shows the server's key on the way. Who has seen it before may begin with IK, which saves a
 * turn; a server that does not know that key answers as for XX, and both go on with XXfallback.
 * Both sides are here: the server's is the sandbox's. Bodies of frames go in and come out; random
 * octets are the caller's. A struct belongs to one handshake; wipe it with handshake_done().
 *
 * Source: docs/protocol/linked-device-1-transport.md §2.
 */
#ifndef WA_NOISE_HANDSHAKE_H
#define WA_NOISE_HANDSHAKE_H

#include "wa/noise/cert.h"
#include "wa/noise/noise.h"

/* "WA", protocol 6, dictionary 3: before the first frame, and the prologue of the handshake. */
#define HANDSHAKE_PROLOGUE_SIZE 4
extern const uint8_t handshake_prologue[HANDSHAKE_PROLOGUE_SIZE];
#define HANDSHAKE_MESSAGE_MAX 65536

struct handshake {
	struct noise noise;
	struct curve_pair ephemeral;
	/* noise key of the client; key of the server. Kept by the caller */
	const struct curve_pair *own;
	struct cert_trust trust;
	uint8_t server_key[CURVE_KEY_SIZE];
	int64_t server_until_s;
	bool is_ik, has_finished;
	struct noise_cipher send, receive;
};

void handshake_done(struct handshake *h);

/* ---- the client ---- */

/* What the connection begins with: where to, if the server told us once (else empty); the prologue;
 * and the first message as a frame. */
void handshake_write_first(struct buf *out, bytes routing, bytes hello);

/* seed: 32 random octets. known_server: its key from before, for IK, or NULL; payload is sent at
 * once then. */
struct client_start {
	const struct curve_pair *own;
	const uint8_t *seed, *known_server;
	struct cert_trust trust;
	bytes payload;
};
enum err handshake_client_hello(struct handshake *h, struct arena *arena,
	const struct client_start *start, struct buf *out);
/* Reads the answer, checks the certificates, and writes the last message; nothing is written when
 * IK held. Then send and receive are ready, and server_key is proven until server_until_s. ERR_AUTH
 * or ERR_INPUT with a sentence. */
enum err handshake_client_finish(struct handshake *h, struct arena *arena, bytes message,
	bytes payload, struct buf *out, const char **why);

/* ---- the server ---- */

struct server_start {
	const struct curve_pair *own;
	const uint8_t *seed;
	bytes chain;    /* certificates */
	bool refuse_ik; /* as if it did not know the key */
};
struct client_said { uint8_t key[CURVE_KEY_SIZE]; bytes payload; };
/* *out gets the answer. After an IK hello that held, client is filled and send and receive are
 * ready (has_finished). */
enum err handshake_server_hello(struct handshake *h, struct arena *arena, bytes message,
	const struct server_start *start, struct client_said *client, struct buf *out,
	const char **why);
enum err handshake_server_finish(struct handshake *h, struct arena *arena, bytes message,
	struct client_said *client, const char **why);

#endif
