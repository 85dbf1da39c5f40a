/* vectors_media.c: files, and asking the phone for them again. */
#include "wa/media/media.h"
#include "wa/vectors/vectors.h"

/* Each word of the vectors, and the kind that we have for it. */
static const struct { const char *word; enum wa_media_kind kind; } words[] = {
	{ "image", WA_MEDIA_IMAGE },
	{ "sticker", WA_MEDIA_IMAGE },
	{ "video", WA_MEDIA_VIDEO },
	{ "video-large", WA_MEDIA_VIDEO },
	{ "audio", WA_MEDIA_AUDIO },
	{ "ptt", WA_MEDIA_AUDIO },
	{ "document", WA_MEDIA_DOCUMENT },
	{ "thumbnail-link", WA_MEDIA_LINK_THUMBNAIL },
	{ "md-msg-hist", WA_MEDIA_HISTORY },
	{ "md-app-state", WA_MEDIA_APP_STATE },
};

static enum wa_media_kind kind_of(struct vectors *v, str word)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_is(word, str_of(words[i].word)))
			return words[i].kind;
	check(v, false, "the kind is known");
	return WA_MEDIA_IMAGE;
}

/* Byte i = SHA-256(label ‖ u32be(i / 32))[i % 32]; the rule names the label in quotes. */
static bytes plain_by_rule(struct vectors *v, json c)
{
	size_t size = (size_t)int_at(v, c, "file_length");
	str rule = text_at(v, c, "plaintext_rule"), label;
	uint8_t *out = arena_alloc(v->arena, size + SHA256_SIZE), seed[64];

	str_split(&rule, '"');
	label = str_split(&rule, '"');
	if (!check(v, label.len > 0 && label.len <= 60 && size < 16u << 20, "the rule is ours"))
		return BYTES_NONE;
	memcpy(seed, label.ptr, label.len);
	for (size_t i = 0; i * SHA256_SIZE < size; i++) {
		for (unsigned k = 0; k < 4; k++)
			seed[label.len + k] = (uint8_t)(i >> (24 - 8 * k));
		sha256((bytes){ seed, label.len + 4 }, out + i * SHA256_SIZE);
	}
	return (bytes){ out, size };
}

static void check_keys(struct vectors *v, json c, enum wa_media_kind kind, const uint8_t *key)
{
	struct wa_media_keys keys;

	wa_media_expand(kind, key, &keys);
	check_octets(v, (bytes){ keys.iv, sizeof keys.iv }, c, "iv");
	check_octets(v, (bytes){ keys.cipher, sizeof keys.cipher }, c, "cipher_key");
	check_octets(v, (bytes){ keys.mac, sizeof keys.mac }, c, "mac_key");
	check_octets(v, (bytes){ keys.ref, sizeof keys.ref }, c, "ref_key");
}

static void check_unseal(struct vectors *v, const struct wa_media *media, bytes enc, bytes plain)
{
	struct buf out = buf_in(v->arena, enc.len + CBC_BLOCK);
	struct wa_unseal *u;
	enum err e = wa_unseal_create(media, (int64_t)enc.len, &u);

	/* in two pieces, as a network would cut it */
	if (e == OK) {
		size_t half = enc.len / 2;

		e = wa_unseal_add(u, (bytes){ enc.ptr, half }, &out);
		if (e == OK)
			e = wa_unseal_add(u, (bytes){ enc.ptr + half, enc.len - half }, &out);
		if (e == OK)
			e = wa_unseal_finish(u, &out);
		else
			wa_unseal_destroy(u);
	}
	check(v, e == OK && str_is(buf_text(&out), str_from(plain)), "it deciphers to the file");
}

static void media_case(struct vectors *v, json c)
{
	enum wa_media_kind kind = kind_of(v, text_at(v, c, "type"));
	bytes key = octets_at(v, c, "media_key");
	bytes plain =
		json_field(c, "plaintext") ? octets_at(v, c, "plaintext") : plain_by_rule(v, c);
	struct buf enc = buf_in(v->arena, (size_t)WA_MEDIA_SEALED_MAX(plain.len));
	struct wa_media media = { .kind = kind, .key = key };
	struct wa_media_sums sums;
	struct wa_seal *seal;

	if (!check(v, key.len == WA_MEDIA_KEY_SIZE, "the key has 32 octets"))
		return;
	check_keys(v, c, kind, key.ptr);
	seal = wa_seal_create(kind, key.ptr);
	wa_seal_add(seal, plain, &enc);
	wa_seal_finish(seal, &enc, &sums);
	check_octets(v, (bytes){ sums.mac, sizeof sums.mac }, c, "mac");
	check_octets(v, (bytes){ sums.sha256, SHA256_SIZE }, c, "file_sha256");
	check_octets(v, (bytes){ sums.enc_sha256, SHA256_SIZE }, c, "file_enc_sha256");
	check_int(v, sums.size, c, "file_length");
	check_text(v, wa_upload_token(v->arena, sums.enc_sha256), c,
		"upload_token_urlsafe_b64_nopad");
	if (json_field(c, "uploaded"))
		check_octets(v, buf_bytes(&enc), c, "uploaded");
	media.sha256 = (bytes){ sums.sha256, SHA256_SIZE };
	media.enc_sha256 = (bytes){ sums.enc_sha256, SHA256_SIZE };
	media.size = sums.size;
	check_unseal(v, &media, buf_bytes(&enc), plain);
}

void vectors_media(struct vectors *v)
{
	each_case(v, v->part, media_case);
}

static void media_retry_case(struct vectors *v, json c)
{
	bytes key = octets_at(v, c, "media_key"), iv = octets_at(v, c, "request.iv");
	str id = text_at(v, c, "message_id");
	struct wa_media_retry answer;
	enum err e;

	if (!check(v, iv.len == GCM_NONCE_SIZE, "the nonce has 12 octets"))
		return;
	check_octets(v, wa_media_retry_ask(v->arena, key, id, iv.ptr), c, "request.enc_p");
	check(v,
		wa_media_retry_asked(v->arena, key, id, iv, octets_at(v, c, "request.enc_p")) == OK,
		"the request opens");
	iv = octets_at(v, c, "notification.iv");
	e = wa_media_retry_read(v->arena, key, id, iv, octets_at(v, c, "notification.enc_p"),
		&answer);
	if (!check(v, e == OK, "the notification opens"))
		return;
	check_text(v, answer.direct_path, c, "notification.direct_path");
	check_int(v, answer.result, c, "notification.result");
	check_octets(v, wa_media_retry_answer(v->arena, key, &answer, iv.ptr), c,
		"notification.enc_p");
}

void vectors_media_retry(struct vectors *v)
{
	each_case(v, v->part, media_retry_case);
}
