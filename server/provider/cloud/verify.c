/*
 * verify.c: is this webhook Meta's, and the handshake by which Meta asks whether the URL is ours.
 *
 * On the loop, before anything is parsed: "Compute over the bytes as received … compare in constant
 * time."
 */
#include "crypto/crypto.h"
#include "provider/cloud/cloud_internal.h"

#define SIGNATURE_HEX (2 * SHA256_SIZE)

static bool nibble(char c, uint8_t *out)
{
	if (c >= '0' && c <= '9')
		*out = (uint8_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*out = (uint8_t)(c - 'a' + 10);
	else if (c >= 'A' && c <= 'F')
		*out = (uint8_t)(c - 'A' + 10);
	else
		return false;
	return true;
}

/* "sha256=<64 hex>" without allocating. */
static bool signature_read(str header, uint8_t out[SHA256_SIZE])
{
	str hex = str_part(header, 7, header.len);

	if (!str_starts(header, S("sha256=")) || hex.len != SIGNATURE_HEX)
		return false;
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		uint8_t high, low;

		if (!nibble(hex.ptr[2 * i], &high) || !nibble(hex.ptr[2 * i + 1], &low))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

bool cloud_verify(str app_secret, const struct request *req)
{
	uint8_t told[SHA256_SIZE], right[SHA256_SIZE];

	if (app_secret.len == 0 ||
		!signature_read(request_header(req, S("X-Hub-Signature-256")), told))
		return false;
	hmac_sha256(bytes_of(app_secret), req->body, right);
	return crypto_equal((bytes){ told, sizeof told }, (bytes){ right, sizeof right });
}

bool cloud_handshake(str verify_token, struct arena *arena, const struct request *req, str *answer)
{
	str mode = request_query(arena, req, "hub.mode"),
	    token = request_query(arena, req, "hub.verify_token");
	str challenge = request_query(arena, req, "hub.challenge");

	if (verify_token.len == 0 || challenge.len == 0 || !str_is(mode, S("subscribe")) ||
	    !crypto_equal(bytes_of(token), bytes_of(verify_token)))
		return false;
	*answer = challenge;
	return true;
}
