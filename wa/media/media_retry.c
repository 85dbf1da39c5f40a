/* media_retry.c: asking the phone to upload a file again, and its answer: sealed under a key that
 * is made of the file's own. See media.h. */
#include "wa/media/media.h"
#include "wa/proto/proto.h"
#include "wa_misc.pb-c.h"

static void retry_key(bytes key, uint8_t out[AES_KEY_SIZE])
{
	static const uint8_t salt[SHA256_SIZE];

	hkdf_sha256(key, (bytes){ salt, sizeof salt }, S("WhatsApp Media Retry Notification"), out);
}

static bytes retry_seal(struct arena *arena, bytes key, str id, const uint8_t *nonce, bytes plain)
{
	struct buf sealed = buf_in(arena, plain.len + GCM_TAG_SIZE);
	uint8_t retry[AES_KEY_SIZE];

	retry_key(key, retry);
	aead_seal(retry, nonce, bytes_of(id), plain, &sealed);
	crypto_wipe(retry, sizeof retry);
	return buf_bytes(&sealed);
}

struct parcel { bytes key, nonce, sealed; str id; };

static enum err retry_open(struct arena *arena, const struct parcel *p, bytes *plain)
{
	struct buf out = buf_in(arena, p->sealed.len + 1);
	uint8_t retry[AES_KEY_SIZE];
	bool good;

	if (p->nonce.len != GCM_NONCE_SIZE || p->sealed.len > WA_MEDIA_REFERENCE_MAX ||
		p->sealed.len < GCM_TAG_SIZE)
		return ERR_CORRUPT;
	retry_key(p->key, retry);
	good = aead_open(retry, p->nonce.ptr, bytes_of(p->id), p->sealed, &out);
	crypto_wipe(retry, sizeof retry);
	*plain = buf_bytes(&out);
	return good ? OK : ERR_CORRUPT;
}

bytes wa_media_retry_ask(struct arena *arena, bytes key, str id, const uint8_t *nonce)
{
	Wa__ServerErrorReceipt receipt = WA__SERVER_ERROR_RECEIPT__INIT;

	receipt.stanza_id = (char *)arena_cstr(arena, id);
	return retry_seal(arena, key, id, nonce, proto_bytes(arena, &receipt));
}

enum err wa_media_retry_read(struct arena *arena, bytes key, str id, bytes nonce, bytes sealed,
	struct wa_media_retry *out)
{
	const struct parcel parcel = { key, nonce, sealed, id };
	const Wa__MediaRetryNotification *answer;
	bytes plain;

	TRY(retry_open(arena, &parcel, &plain));
	answer = PROTO_UNPACK(arena, Wa__MediaRetryNotification,
		wa__media_retry_notification, plain);
	if (!answer)
		return ERR_CORRUPT;
	*out = (struct wa_media_retry){ .id = str_of(answer->stanza_id),
		.direct_path = str_of(answer->direct_path) };
	out->result = answer->has_result ? (enum wa_media_retry_result)answer->result : 0;
	if (out->id.ptr && !str_is(out->id, id))
		return ERR_CORRUPT;
	if (out->result == WA_RETRY_GOOD && !wa_media_path_is_good(out->direct_path))
		return ERR_CORRUPT;
	return OK;
}

bytes wa_media_retry_answer(struct arena *arena, bytes key, const struct wa_media_retry *answer,
	const uint8_t *nonce)
{
	Wa__MediaRetryNotification told = WA__MEDIA_RETRY_NOTIFICATION__INIT;

	told.stanza_id = (char *)arena_cstr(arena, answer->id);
	if (answer->direct_path.len)
		told.direct_path = (char *)arena_cstr(arena, answer->direct_path);
	PROTO_SET(&told, result, (Wa__MediaRetryNotification__ResultType)answer->result);
	return retry_seal(arena, key, answer->id, nonce, proto_bytes(arena, &told));
}

enum err wa_media_retry_asked(struct arena *arena, bytes key, str id, bytes nonce, bytes sealed)
{
	const struct parcel parcel = { key, nonce, sealed, id };
	const Wa__ServerErrorReceipt *receipt;
	bytes plain;

	TRY(retry_open(arena, &parcel, &plain));
	receipt = PROTO_UNPACK(arena, Wa__ServerErrorReceipt, wa__server_error_receipt, plain);
	return receipt && str_is(str_of(receipt->stanza_id), id) ? OK : ERR_CORRUPT;
}
