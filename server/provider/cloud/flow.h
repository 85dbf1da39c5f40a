/*
 * flow.h: what WhatsApp Flows ask of a data endpoint, encrypted both ways
 * (docs/protocol/cloud-api.md §12). Pure: no I/O, no clock.
 */
#ifndef PROVIDER_CLOUD_FLOW_H
#define PROVIDER_CLOUD_FLOW_H

#include "base/json.h"
#include "crypto/envelope.h"

#define FLOW_BODY_MAX (1u << 20)

/* One question, opened. key and nonce are for its answer: wipe them. */
struct flow_call {
	uint8_t key[ENVELOPE_KEY_SIZE], nonce[ENVELOPE_NONCE_SIZE];
	str text;    /* the question as JSON text */
	json body;
	str action;  /* ping, INIT, BACK, data_exchange, … */
	str screen;
	bool is_error_notice; /* it tells of an error that the phone saw; wants no screen */
};

/* false: it is not for this key, or was changed on the way (answer 421). */
bool flow_open(struct arena *arena, str private_pem, str body, struct flow_call *out);
/* "JSON encrypted with the same key and the bit-inverted IV, base64 as text/plain". */
str flow_seal(struct arena *arena, const struct flow_call *call, str answer);

/* The phone's side, for the sandbox and for tests: random key and nonce go to *out. false: no key.
 */
bool flow_ask(struct arena *arena, str public_pem, str question, struct flow_call *out, str *body);
bool flow_read(struct arena *arena, const struct flow_call *call, str answer, str *text);

#endif
