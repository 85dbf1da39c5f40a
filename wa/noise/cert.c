/* cert.c: see cert.h. */
#include "wa/noise/cert.h"

#include "wa/proto/proto.h"
#include "wa_transport.pb-c.h"

#define INTERMEDIATE_SERIAL 1
#define LEAF_SERIAL 2

const uint8_t cert_root_whatsapp[CURVE_KEY_SIZE] = { 0x14, 0x23, 0x75, 0x57, 0x4d, 0x0a, 0x58, 0x71,
	0x66, 0xaa, 0xe7, 0x1e, 0xbe, 0x51, 0x64, 0x37, 0xc4, 0xa2, 0x8b, 0x73, 0xe3, 0x69, 0x5c,
	0x6c, 0xe1, 0xf7, 0xf9, 0x54, 0x5d, 0xa8, 0xee, 0x6b };

struct opened { bytes details, signature; Wa__CertDetails *of; };

static enum err bad(const char **why, const char *sentence)
{
	*why = sentence;
	return ERR_AUTH;
}

static bool open_one(struct arena *arena, const Wa__NoiseCertificate *cert, struct opened *out)
{
	if (!cert)
		return false;
	out->details = PROTO_DATA(cert, details);
	out->signature = PROTO_DATA(cert, signature);
	if (!out->details.ptr || out->signature.len != CURVE_SIGNATURE_SIZE)
		return false;
	out->of = PROTO_UNPACK(arena, Wa__CertDetails, wa__cert_details, out->details);
	return out->of && out->of->has_key && out->of->key.len == CURVE_KEY_SIZE;
}

static bool is_valid_at(const Wa__CertDetails *of, int64_t now_s)
{
	return now_s >= 0 && (uint64_t)now_s >= of->not_before && (uint64_t)now_s <= of->not_after;
}

static int64_t until(const Wa__CertDetails *a, const Wa__CertDetails *b)
{
	uint64_t first = a->not_after < b->not_after ? a->not_after : b->not_after;

	return first > INT64_MAX ? INT64_MAX : (int64_t)first;
}

enum err cert_check(struct arena *arena, bytes chain, const struct cert_trust *trust,
	const uint8_t server_key[CURVE_KEY_SIZE], int64_t *until_s, const char **why)
{
	Wa__CertChain *both = PROTO_UNPACK(arena, Wa__CertChain, wa__cert_chain, chain);
	struct opened leaf, middle;

	if (!both || !open_one(arena, both->leaf, &leaf) ||
		!open_one(arena, both->intermediate, &middle))
		return bad(why, "the server's certificates are not complete");
	if (!curve_verify(trust->root, middle.details, middle.signature.ptr))
		return bad(why, "the root did not sign the intermediate certificate");
	if (middle.of->issuer_serial != 0)
		return bad(why, "the intermediate certificate names another root");
	if (!curve_verify(middle.of->key.data, leaf.details, leaf.signature.ptr))
		return bad(why, "the intermediate certificate did not sign the server's");
	if (!is_valid_at(middle.of, trust->now_s))
		return bad(why, "the intermediate certificate is not valid at this time");
	if (leaf.of->issuer_serial != middle.of->serial)
		return bad(why, "the server's certificate names another intermediate");
	if (!crypto_equal((bytes){ leaf.of->key.data, CURVE_KEY_SIZE },
		    (bytes){ server_key, CURVE_KEY_SIZE }))
		return bad(why, "the server's certificate is for another key");
	if (!is_valid_at(leaf.of, trust->now_s))
		return bad(why, "the server's certificate is not valid at this time");
	*until_s = until(leaf.of, middle.of);
	return OK;
}

/* ---- making one ---- */

static Wa__NoiseCertificate *sign(struct arena *arena, const struct curve_pair *by,
	const Wa__CertDetails *of, const uint8_t *noise)
{
	Wa__NoiseCertificate *cert = ARENA_NEW(arena, Wa__NoiseCertificate);
	uint8_t *signature = arena_alloc(arena, CURVE_SIGNATURE_SIZE);
	bytes details = proto_bytes(arena, of);

	wa__noise_certificate__init(cert);
	curve_sign(by->secret, details, noise, signature);
	PROTO_SET_DATA(cert, details, details);
	PROTO_SET_DATA(cert, signature, ((bytes){ signature, CURVE_SIGNATURE_SIZE }));
	return cert;
}

static void describe(Wa__CertDetails *of, const struct cert_issue *issue, uint32_t serial,
	const uint8_t *key)
{
	wa__cert_details__init(of);
	PROTO_SET(of, serial, serial);
	PROTO_SET(of, issuer_serial, serial - INTERMEDIATE_SERIAL);
	PROTO_SET_DATA(of, key, ((bytes){ key, CURVE_KEY_SIZE }));
	PROTO_SET(of, not_before, (uint64_t)issue->from_s);
	PROTO_SET(of, not_after, (uint64_t)issue->until_s);
}

bytes cert_issue(struct arena *arena, const struct cert_issue *issue)
{
	Wa__CertChain chain = WA__CERT_CHAIN__INIT;
	Wa__CertDetails leaf, middle;

	describe(&middle, issue, INTERMEDIATE_SERIAL, issue->intermediate->open);
	describe(&leaf, issue, LEAF_SERIAL, issue->server_key);
	chain.intermediate = sign(arena, issue->root, &middle, issue->noise);
	chain.leaf = sign(arena, issue->intermediate, &leaf, issue->noise + CURVE_NOISE_SIZE);
	return proto_bytes(arena, &chain);
}
