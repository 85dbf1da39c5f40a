/* media.c: files enciphered and deciphered by pieces. See media.h. */
#include "wa/media/media.h"

static const struct { str word, info; } kinds[WA_MEDIA_KINDS] = {
	[WA_MEDIA_IMAGE] = { S("image"), S("WhatsApp Image Keys") },
	[WA_MEDIA_VIDEO] = { S("video"), S("WhatsApp Video Keys") },
	[WA_MEDIA_AUDIO] = { S("audio"), S("WhatsApp Audio Keys") },
	[WA_MEDIA_DOCUMENT] = { S("document"), S("WhatsApp Document Keys") },
	[WA_MEDIA_HISTORY] = { S("md-msg-hist"), S("WhatsApp History Keys") },
	[WA_MEDIA_APP_STATE] = { S("md-app-state"), S("WhatsApp App State Keys") },
	[WA_MEDIA_LINK_THUMBNAIL] = { S("thumbnail-link"), S("WhatsApp Link Thumbnail Keys") },
	[WA_MEDIA_IMAGE_THUMBNAIL] = { S("thumbnail-image"), S("WhatsApp Image Thumbnail Keys") },
	[WA_MEDIA_VIDEO_THUMBNAIL] = { S("thumbnail-video"), S("WhatsApp Video Thumbnail Keys") },
	[WA_MEDIA_DOCUMENT_THUMBNAIL] = { S("thumbnail-document"),
		S("WhatsApp Document Thumbnail Keys") },
	[WA_MEDIA_STICKER_PACK] = { S("sticker-pack"), S("WhatsApp Sticker Pack Keys") },
};

str wa_media_word(enum wa_media_kind kind)
{
	return kinds[kind].word;
}

void wa_media_expand(enum wa_media_kind kind, const uint8_t key[WA_MEDIA_KEY_SIZE],
	struct wa_media_keys *out)
{
	static const uint8_t salt[SHA256_SIZE];

	_Static_assert(sizeof *out == 112, "the keys lie one behind the other");
	hkdf_sha256_to((bytes){ key, WA_MEDIA_KEY_SIZE }, (bytes){ salt, sizeof salt },
		kinds[kind].info, (uint8_t *)out, sizeof *out);
}

/* ---- enciphering ---- */

struct wa_seal {
	struct cbc *cbc;
	struct hmac *hmac;
	struct sha256 *plain, *enc;
	int64_t size, enc_size;
};

struct wa_seal *wa_seal_create(enum wa_media_kind kind, const uint8_t key[WA_MEDIA_KEY_SIZE])
{
	struct wa_seal *s = HEAP_NEW(struct wa_seal);
	struct wa_media_keys keys;

	wa_media_expand(kind, key, &keys);
	s->cbc = cbc_create(true, keys.cipher, keys.iv);
	s->hmac = hmac_create((bytes){ keys.mac, sizeof keys.mac });
	hmac_add(s->hmac, (bytes){ keys.iv, sizeof keys.iv });
	s->plain = sha256_create();
	s->enc = sha256_create();
	crypto_wipe(&keys, sizeof keys);
	return s;
}

/* What was appended behind `before` is ciphertext. */
static void seal_count(struct wa_seal *s, const struct buf *out, size_t before)
{
	bytes made = { out->ptr ? out->ptr + before : NULL, out->len - before };

	if (made.len == 0)
		return;
	hmac_add(s->hmac, made);
	sha256_add(s->enc, made);
	s->enc_size += (int64_t)made.len;
}

void wa_seal_add(struct wa_seal *s, bytes plain, struct buf *out)
{
	size_t before = out->len;

	if (plain.len == 0)
		return;
	sha256_add(s->plain, plain);
	s->size += (int64_t)plain.len;
	cbc_add(s->cbc, plain, out);
	seal_count(s, out, before);
}

void wa_seal_finish(struct wa_seal *s, struct buf *out, struct wa_media_sums *sums)
{
	size_t before = out->len;
	uint8_t mac[SHA256_SIZE];

	/* Sealing does not fail; a full buf remembers it. */
	(void)cbc_finish(s->cbc, out);
	seal_count(s, out, before);
	hmac_finish(s->hmac, mac);
	memcpy(sums->mac, mac, WA_MEDIA_MAC_SIZE);
	buf_put(out, sums->mac, WA_MEDIA_MAC_SIZE);
	sha256_add(s->enc, (bytes){ sums->mac, WA_MEDIA_MAC_SIZE });
	sums->size = s->size;
	sums->enc_size = s->enc_size + WA_MEDIA_MAC_SIZE;
	sha256_finish(s->plain, sums->sha256);
	sha256_finish(s->enc, sums->enc_sha256);
	heap_free(s);
}

void wa_seal_destroy(struct wa_seal *s)
{
	struct buf nowhere = buf_heap(0);
	struct wa_media_sums sums;

	if (s)
		wa_seal_finish(s, &nowhere, &sums);
	buf_done(&nowhere);
}

/* ---- deciphering ---- */

struct wa_unseal {
	struct cbc *cbc;        /* NULL: the file is not enciphered */
	struct hmac *hmac;
	struct sha256 *plain, *enc;
	bool wants_plain, wants_enc;
	uint8_t sha256[SHA256_SIZE], enc_sha256[SHA256_SIZE];
	/* the last octets that came: they may be the MAC */
	uint8_t held[WA_MEDIA_MAC_SIZE];
	size_t held_count;
	int64_t size, size_max, told_size;
};

static bool take_sum(bytes sum, uint8_t *to, bool *wants)
{
	*wants = sum.len > 0;
	if (*wants && sum.len == SHA256_SIZE)
		memcpy(to, sum.ptr, SHA256_SIZE);
	return sum.len == 0 || sum.len == SHA256_SIZE;
}

static void unseal_keys(struct wa_unseal *u, const struct wa_media *media)
{
	struct wa_media_keys keys;

	wa_media_expand(media->kind, media->key.ptr, &keys);
	u->cbc = cbc_create(false, keys.cipher, keys.iv);
	u->hmac = hmac_create((bytes){ keys.mac, sizeof keys.mac });
	hmac_add(u->hmac, (bytes){ keys.iv, sizeof keys.iv });
	crypto_wipe(&keys, sizeof keys);
}

enum err wa_unseal_create(const struct wa_media *media, int64_t size_max, struct wa_unseal **out)
{
	struct wa_unseal *u;

	if ((unsigned)media->kind >= WA_MEDIA_KINDS ||
		(media->key.len != 0 && media->key.len != WA_MEDIA_KEY_SIZE))
		return ERR_INPUT;
	if (media->size > size_max)
		return ERR_LIMIT;
	u = HEAP_NEW(struct wa_unseal);
	*out = u;
	u->plain = sha256_create();
	u->enc = sha256_create();
	u->size_max = size_max;
	u->told_size = media->size;
	if (media->key.len)
		unseal_keys(u, media);
	if (take_sum(media->sha256, u->sha256, &u->wants_plain) &&
		take_sum(media->enc_sha256, u->enc_sha256, &u->wants_enc))
		return OK;
	wa_unseal_destroy(u);
	*out = NULL;
	return ERR_INPUT;
}

/* Ciphertext that is not the MAC. */
static enum err unseal_part(struct wa_unseal *u, bytes in, struct buf *out)
{
	size_t before = out->len;

	if (in.len == 0)
		return OK;
	if (u->hmac)
		hmac_add(u->hmac, in);
	if (u->cbc)
		cbc_add(u->cbc, in, out);
	else
		buf_put(out, in.ptr, in.len);
	if (out->len > before) {
		sha256_add(u->plain, (bytes){ out->ptr + before, out->len - before });
		u->size += (int64_t)(out->len - before);
	}
	return out->failed || u->size > u->size_max ? ERR_LIMIT : OK;
}

/* The last WA_MEDIA_MAC_SIZE octets are held back: nobody knows yet that more follow. */
static enum err unseal_held(struct wa_unseal *u, bytes in, struct buf *out)
{
	uint8_t both[2 * WA_MEDIA_MAC_SIZE];
	size_t all = u->held_count + in.len, ready;

	if (in.len >= WA_MEDIA_MAC_SIZE) {
		TRY(unseal_part(u, (bytes){ u->held, u->held_count }, out));
		TRY(unseal_part(u, (bytes){ in.ptr, in.len - WA_MEDIA_MAC_SIZE }, out));
		memcpy(u->held, in.ptr + in.len - WA_MEDIA_MAC_SIZE, WA_MEDIA_MAC_SIZE);
		u->held_count = WA_MEDIA_MAC_SIZE;
		return OK;
	}
	ready = all > WA_MEDIA_MAC_SIZE ? all - WA_MEDIA_MAC_SIZE : 0;
	memcpy(both, u->held, u->held_count);
	memcpy(both + u->held_count, in.ptr, in.len);
	memcpy(u->held, both + ready, all - ready);
	u->held_count = all - ready;
	return unseal_part(u, (bytes){ both, ready }, out);
}

enum err wa_unseal_add(struct wa_unseal *u, bytes enc, struct buf *out)
{
	if (enc.len == 0)
		return OK;
	sha256_add(u->enc, enc);
	return u->cbc ? unseal_held(u, enc, out) : unseal_part(u, enc, out);
}

/* The padding is looked at only when the MAC has been found right. */
static bool unseal_end(struct wa_unseal *u, struct buf *out)
{
	uint8_t mac[SHA256_SIZE];
	size_t before = out->len;
	bool good;

	if (!u->cbc)
		return true;
	hmac_finish(u->hmac, mac);
	u->hmac = NULL;
	if (u->held_count != WA_MEDIA_MAC_SIZE ||
		!crypto_equal((bytes){ mac, WA_MEDIA_MAC_SIZE },
			(bytes){ u->held, WA_MEDIA_MAC_SIZE }))
		return false;
	good = cbc_finish(u->cbc, out);
	u->cbc = NULL;
	if (good && out->len > before)
		sha256_add(u->plain, (bytes){ out->ptr + before, out->len - before });
	u->size += (int64_t)(out->len - before);
	return good;
}

static bool sum_is(struct sha256 *sum, bool wants, const uint8_t *want)
{
	uint8_t got[SHA256_SIZE];

	sha256_finish(sum, got);
	return !wants || crypto_equal((bytes){ got, sizeof got }, (bytes){ want, sizeof got });
}

enum err wa_unseal_finish(struct wa_unseal *u, struct buf *out)
{
	bool good = unseal_end(u, out);
	struct sha256 *plain = u->plain, *enc = u->enc;

	u->plain = u->enc = NULL;
	good &= sum_is(plain, u->wants_plain, u->sha256);
	good &= sum_is(enc, u->wants_enc, u->enc_sha256);
	/* Without any sum of its own there is nothing that proves a file in plain. */
	good &= u->told_size == 0 || u->told_size == u->size;
	wa_unseal_destroy(u);
	return good && !out->failed ? OK : ERR_CORRUPT;
}

static void sum_drop(struct sha256 *sum)
{
	uint8_t nobody[SHA256_SIZE];

	if (sum)
		sha256_finish(sum, nobody);
}

void wa_unseal_destroy(struct wa_unseal *u)
{
	if (!u)
		return;
	cbc_destroy(u->cbc);
	hmac_destroy(u->hmac);
	sum_drop(u->plain);
	sum_drop(u->enc);
	heap_free(u);
}

/* ---- parts ---- */

void wa_media_range(int64_t from, int64_t *enc_from)
{
	*enc_from = from >= CBC_BLOCK ? from - CBC_BLOCK : 0;
}

struct cbc *wa_media_range_open(const struct wa_media *media, int64_t from,
	const uint8_t before[CBC_BLOCK])
{
	struct wa_media_keys keys;
	struct cbc *cbc;

	/* The ciphertext of the block before is the IV of the next. */
	wa_media_expand(media->kind, media->key.ptr, &keys);
	cbc = cbc_create(false, keys.cipher, from >= CBC_BLOCK ? before : keys.iv);
	crypto_wipe(&keys, sizeof keys);
	return cbc;
}
