/* flow.c: see flow.h. */
#include "provider/cloud/flow.h"

#include "base/codec.h"
#include "crypto/crypto.h"

static bool octets_of(struct arena *arena, json v, size_t max, bytes *out)
{
	struct buf b = buf_in(arena, max);

	if (json_kind(v) != JSON_TEXT || !base64_read(json_text(v), &b) || b.failed)
		return false;
	*out = buf_bytes(&b);
	return true;
}

static bool open_data(struct arena *arena, json root, struct flow_call *out)
{
	struct buf plain = buf_in(arena, FLOW_BODY_MAX);
	bytes data, nonce;

	if (!octets_of(arena, json_field(root, "initial_vector"), ENVELOPE_NONCE_SIZE, &nonce) ||
		nonce.len != ENVELOPE_NONCE_SIZE ||
		!octets_of(arena, json_field(root, "encrypted_flow_data"), FLOW_BODY_MAX, &data))
		return false;
	memcpy(out->nonce, nonce.ptr, nonce.len);
	if (!envelope_open(out->key, out->nonce, data, &plain) || plain.failed)
		return false;
	out->text = buf_text(&plain);
	return json_read(arena, out->text, &out->body, NULL) == OK &&
	       json_kind(out->body) == JSON_MAP;
}

bool flow_open(struct arena *arena, str private_pem, str body, struct flow_call *out)
{
	json root;
	bytes key;

	*out = (struct flow_call){ 0 };
	if (json_read(arena, body, &root, NULL) != OK ||
		!octets_of(arena, json_field(root, "encrypted_aes_key"), RSA_SIZE, &key) ||
		!rsa_open(private_pem, key, out->key, sizeof out->key) ||
		!open_data(arena, root, out)) {
		crypto_wipe(out->key, sizeof out->key);
		return false;
	}
	out->action = json_text_at(out->body, "action");
	out->screen = json_text_at(out->body, "screen");
	out->is_error_notice = json_path(out->body, "data.error") ||
			       json_path(out->body, "data.error_key");
	return true;
}

static void invert(const uint8_t nonce[ENVELOPE_NONCE_SIZE], uint8_t out[ENVELOPE_NONCE_SIZE])
{
	for (size_t i = 0; i < ENVELOPE_NONCE_SIZE; i++)
		out[i] = (uint8_t)~nonce[i];
}

str flow_seal(struct arena *arena, const struct flow_call *call, str answer)
{
	struct buf b = buf_in(arena, FLOW_BODY_MAX + ENVELOPE_TAG_SIZE);
	uint8_t nonce[ENVELOPE_NONCE_SIZE];

	invert(call->nonce, nonce);
	envelope_seal(call->key, nonce, bytes_of(answer), &b);
	return b.failed ? STR_NONE : base64_text(arena, buf_bytes(&b));
}

bool flow_ask(struct arena *arena, str public_pem, str question, struct flow_call *out, str *body)
{
	struct buf key = buf_in(arena, RSA_SIZE),
		   data = buf_in(arena, FLOW_BODY_MAX + ENVELOPE_TAG_SIZE),
		   text = buf_in(arena, 2 * FLOW_BODY_MAX);

	*out = (struct flow_call){ .text = question };
	crypto_random(out->key, sizeof out->key);
	crypto_random(out->nonce, sizeof out->nonce);
	if (!rsa_seal(public_pem, (bytes){ out->key, sizeof out->key }, &key))
		return false;
	envelope_seal(out->key, out->nonce, bytes_of(question), &data);
	json_open(&text, '{');
	json_put(&text, "encrypted_flow_data", base64_text(arena, buf_bytes(&data)));
	json_put(&text, "encrypted_aes_key", base64_text(arena, buf_bytes(&key)));
	json_put(&text, "initial_vector",
		base64_text(arena, (bytes){ out->nonce, sizeof out->nonce }));
	json_close(&text, '}');
	*body = buf_text(&text);
	return !data.failed && !text.failed;
}

bool flow_read(struct arena *arena, const struct flow_call *call, str answer, str *text)
{
	struct buf sealed = buf_in(arena, FLOW_BODY_MAX), plain = buf_in(arena, FLOW_BODY_MAX);
	uint8_t nonce[ENVELOPE_NONCE_SIZE];

	invert(call->nonce, nonce);
	if (!base64_read(answer, &sealed) || sealed.failed ||
		!envelope_open(call->key, nonce, buf_bytes(&sealed), &plain))
		return false;
	*text = buf_text(&plain);
	return true;
}
