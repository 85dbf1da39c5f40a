/*
 * token.c: what goes along with a message to prove something: the reporting token (§3.12) and the
 * privacy tokens (§3.11).
 *
 * The reporting token covers a message reduced to the fields below, as octets, so that a server can
 * check a report without the rest. Wrapped messages contribute nothing, as whatsmeow has it.
 */
#include "crypto/crypto.h"
#include "wa/message/message_internal.h"

/* ---- raw fields ---- */

struct raw {
	uint64_t number;
	bytes whole, inside;
	bool is_message;
};

static bool take_value(bytes *in, unsigned wire, struct raw *out)
{
	uint64_t n;

	out->is_message = wire == 2;
	switch (wire) {
	case 0:
		return proto_take_varint(in, &n);
	case 1:
		return proto_take_octets(in, 8, &out->inside);
	case 2:
		return proto_take_varint(in, &n) && proto_take_octets(in, n, &out->inside);
	case 5:
		return proto_take_octets(in, 4, &out->inside);
	default:
		return false;
	}
}

static bool take_field(bytes *in, struct raw *out)
{
	bytes start = *in;
	uint64_t tag;

	if (!in->len || !proto_take_varint(in, &tag) || !take_value(in, tag & 7, out))
		return false;
	out->number = tag >> 3;
	out->whole = (bytes){ start.ptr, start.len - in->len };
	return true;
}

static void put_varint(struct buf *out, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_byte(out, (uint8_t)(n | 0x80));
	buf_byte(out, (uint8_t)n);
}

/* ---- what is kept: lists end with field 0 ---- */

struct keep {
	unsigned field;
	const struct keep *inside;
};

#define LIST(name, ...) static const struct keep name[] = { __VA_ARGS__, { 0, NULL } }
LIST(forwarded, { 21, NULL }, { 22, NULL });
#define CONTEXT               \
	{                     \
		17, forwarded \
	}
LIST(image, { 2, NULL }, { 3, NULL }, { 8, NULL }, { 11, NULL }, CONTEXT, { 25, NULL });
LIST(contact, { 1, NULL }, { 16, NULL }, CONTEXT);
LIST(location, { 3, NULL }, { 4, NULL }, { 5, NULL }, { 16, NULL }, CONTEXT);
LIST(extended_text, { 1, NULL }, CONTEXT, { 30, NULL });
LIST(document, { 2, NULL }, { 7, NULL }, { 10, NULL }, CONTEXT, { 20, NULL });
LIST(audio, { 2, NULL }, { 7, NULL }, { 9, NULL }, CONTEXT, { 21, NULL });
LIST(video, { 2, NULL }, { 6, NULL }, { 7, NULL }, { 13, NULL }, CONTEXT, { 20, NULL });
LIST(protocol, { 1, NULL }, { 2, NULL }, { 15, NULL });
LIST(live_location, { 6, NULL }, { 16, NULL }, CONTEXT);
LIST(sticker, { 4, NULL }, { 5, NULL }, { 8, NULL }, { 13, NULL }, CONTEXT);
LIST(group_invite, { 1, NULL }, { 2, NULL }, { 4, NULL }, { 5, NULL }, { 6, NULL },
	{ 7, forwarded });
LIST(poll_option, { 1, NULL }, { 2, NULL });
LIST(poll, { 2, NULL }, { 3, poll_option }, { 5, forwarded }, { 8, poll_option });
LIST(result_vote, { 1, NULL });
LIST(poll_result, { 1, NULL }, { 2, result_vote }, { 3, forwarded });
LIST(message, { 1, NULL }, { 3, image }, { 4, contact }, { 5, location }, { 6, extended_text },
	{ 7, document }, { 8, audio }, { 9, video }, { 12, protocol }, { 18, live_location },
	{ 26, sticker }, { 28, group_invite }, { 49, poll }, { 60, poll }, { 64, poll },
	{ 66, video }, { 88, poll_result });

/* "a sub-message is re-emitted with its tag and new length, dropped when empty" */
static void filter(struct arena *arena, bytes in, const struct keep *kept, struct buf *out)
{
	for (; kept->field; kept++) {
		bytes rest = in;
		struct raw raw;

		while (take_field(&rest, &raw)) {
			struct buf inside = buf_in(arena, in.len + 1);

			if (raw.number != kept->field)
				continue;
			if (!kept->inside || !raw.is_message) {
				buf_put(out, raw.whole.ptr, raw.whole.len);
				continue;
			}
			filter(arena, raw.inside, kept->inside, &inside);
			if (!inside.len)
				continue;
			put_varint(out, raw.number << 3 | 2);
			put_varint(out, inside.len);
			buf_put(out, inside.ptr, inside.len);
		}
	}
}

bytes wa_reporting_content(struct arena *arena, bytes packed)
{
	struct buf out = buf_in(arena, packed.len + 1);

	filter(arena, packed, message, &out);
	return out.len ? buf_bytes(&out) : bytes_of(S(""));
}

/* What a key may be derived of: more is left out. */
#define INFO_MAX 255

void wa_reporting_token(struct arena *arena, bytes packed, bytes secret, str id, str sender,
	str remote, uint8_t out[WA_REPORT_SIZE])
{
	struct buf info = buf_in(arena, INFO_MAX);
	uint8_t key[32], mac[SHA256_SIZE];

	buf_str(&info, id);
	buf_str(&info, sender);
	buf_str(&info, remote);
	buf_str(&info, S("Report Token"));
	hkdf_sha256(secret, BYTES_NONE, buf_text(&info), key);
	hmac_sha256((bytes){ key, sizeof key }, wa_reporting_content(arena, packed), mac);
	memcpy(out, mac, WA_REPORT_SIZE);
	crypto_wipe(key, sizeof key);
}

/* ---- privacy tokens ---- */

#define BUCKET_S 604800
#define BUCKETS 4

void wa_cstoken(bytes nct_salt, str lid, uint8_t out[32])
{
	hmac_sha256(nct_salt, bytes_of(lid), out);
}

bool wa_token_is_expired(int64_t now_s, int64_t then_s)
{
	return then_s < (now_s / BUCKET_S - (BUCKETS - 1)) * BUCKET_S;
}

bool wa_token_is_due(int64_t now_s, int64_t then_s)
{
	return now_s / BUCKET_S > then_s / BUCKET_S;
}
