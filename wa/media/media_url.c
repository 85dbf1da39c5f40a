/* media_url.c: addresses of media hosts, and references. A path comes from strangers: what could
 * lead to another host, or to another file than it says, is refused. See media.h. */
#include "base/codec.h"
#include "base/json.h"
#include "wa/media/media.h"

#define OFFICIAL S(".whatsapp.net")
#define HOST_MAX 253

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

bool wa_media_host_is_official(str host)
{
	for (size_t i = 0; i < host.len; i++)
		if (!is_host_char(host.ptr[i]))
			return false;
	return host.len > OFFICIAL.len && host.len <= HOST_MAX && host.ptr[0] != '.' &&
		str_ends(host, OFFICIAL);
}

static bool is_path_char(char c)
{
	return c > ' ' && c < 0x7f && c != '#' && c != '\\' && c != '"' && c != '<' && c != '>' &&
		c != '@';
}

bool wa_media_path_is_good(str path)
{
	str before = path;

	if (path.len < 2 || path.len > WA_MEDIA_PATH_MAX || path.ptr[0] != '/' ||
		path.ptr[1] == '/')
		return false;
	for (size_t i = 0; i < path.len; i++)
		if (!is_path_char(path.ptr[i]))
			return false;
	return !str_has(str_split(&before, '?'), S(".."));
}

/* https://HOST/PATH of an official host: the path. */
static str path_of_url(str url)
{
	str rest = url, host;

	if (!str_starts(url, S("https://")))
		return STR_NONE;
	rest = str_part(url, 8, url.len);
	host = str_part(rest, 0, str_find(rest, '/'));
	return wa_media_host_is_official(host) ? str_part(rest, host.len, rest.len) : STR_NONE;
}

str wa_media_path_of(const struct wa_media *media)
{
	str path = media->direct_path.len ? media->direct_path : path_of_url(media->url);

	return wa_media_path_is_good(path) ? path : STR_NONE;
}

enum err wa_download_url(struct arena *arena, const struct wa_media_place *place,
	const struct wa_media *media, str *out)
{
	str path = wa_media_path_of(media), word = wa_media_word(media->kind), token = STR_NONE;
	struct buf url = buf_in(arena, 2 * WA_MEDIA_PATH_MAX);

	if (!path.ptr)
		return ERR_INPUT;
	buf_printf(&url, "%s://" STR_F STR_F, place->scheme, STR_A(place->host), STR_A(path));
	if (media->enc_sha256.len == SHA256_SIZE)
		token = wa_upload_token(arena, media->enc_sha256.ptr);
	if (token.len)
		buf_printf(&url, "%chash=" STR_F, str_has(path, S("?")) ? '&' : '?', STR_A(token));
	else
		buf_byte(&url, str_has(path, S("?")) ? '&' : '?');
	buf_printf(&url, "%smms-type=" STR_F "&__wa-mms=", token.len ? "&" : "", STR_A(word));
	*out = buf_text(&url);
	return url.failed ? ERR_INPUT : OK;
}

str wa_upload_token(struct arena *arena, const uint8_t enc_sha256[SHA256_SIZE])
{
	struct buf token = buf_in(arena, 64);

	base64url_write(&token, (bytes){ enc_sha256, SHA256_SIZE });
	return buf_text(&token);
}

str wa_upload_url(struct arena *arena, const struct wa_media_place *place,
	const struct wa_upload *upload)
{
	str token = wa_upload_token(arena, upload->enc_sha256), word = wa_media_word(upload->kind);
	struct buf url = buf_in(arena, 8192);

	buf_printf(&url, "%s://" STR_F "/mms/" STR_F "/" STR_F "?auth=", place->scheme,
		STR_A(place->host), STR_A(word), STR_A(token));
	percent_write(&url, upload->auth);
	buf_printf(&url, "&token=" STR_F, STR_A(token));
	if (upload->step == WA_UPLOAD_ASK)
		buf_str(&url, S("&resume=1"));
	if (upload->step == WA_UPLOAD_REST)
		buf_printf(&url, "&file_offset=%lld", (long long)upload->offset);
	return buf_text(&url);
}

enum err wa_upload_read(struct arena *arena, str answer, struct wa_uploaded *out)
{
	str resume;
	json v;

	*out = (struct wa_uploaded){ 0 };
	if (json_read(arena, answer, &v, NULL) != OK || json_kind(v) != JSON_MAP)
		return ERR_UPSTREAM;
	out->url = json_text_at(v, "url");
	out->direct_path = json_text_at(v, "direct_path");
	out->handle = json_text_at(v, "handle");
	resume = json_text_or_int(arena, json_field(v, "resume"));
	if (resume.len && !str_is(resume, S("complete")) &&
		(!str_to_i64(resume, &out->offset) || out->offset < 0))
		return ERR_UPSTREAM;
	out->is_complete = !resume.len || str_is(resume, S("complete"));
	if (out->is_complete && !wa_media_path_is_good(out->direct_path))
		return ERR_UPSTREAM;
	return OK;
}

/* ---- references: a version, the kind, flags, the size, and texts with their lengths ---- */

#define REFERENCE_VERSION 1
#define REFERENCE_HEAD 11
#define REFERENCE_TEXTS 8

static void reference_texts(struct wa_media_reference *r, bytes *texts[REFERENCE_TEXTS])
{
	/* A str and bytes are the same two members: texts are kept as octets. */
	texts[0] = (bytes *)(void *)&r->media.direct_path;
	texts[1] = (bytes *)(void *)&r->media.url;
	texts[2] = &r->media.key;
	texts[3] = &r->media.sha256;
	texts[4] = &r->media.enc_sha256;
	texts[5] = (bytes *)(void *)&r->id;
	texts[6] = (bytes *)(void *)&r->chat;
	texts[7] = (bytes *)(void *)&r->sender;
}

str wa_media_pack(struct arena *arena, const struct wa_media_reference *reference)
{
	struct wa_media_reference r = *reference;
	struct buf raw = buf_in(arena, WA_MEDIA_REFERENCE_MAX),
		   text = buf_in(arena, 2 * WA_MEDIA_REFERENCE_MAX);
	bytes *texts[REFERENCE_TEXTS];

	buf_byte(&raw, REFERENCE_VERSION);
	buf_byte(&raw, (uint8_t)r.media.kind);
	buf_byte(&raw, r.is_from_me);
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_byte(&raw, (uint8_t)((uint64_t)r.media.size >> shift));
	reference_texts(&r, texts);
	for (size_t i = 0; i < REFERENCE_TEXTS; i++) {
		buf_byte(&raw, (uint8_t)(texts[i]->len >> 8));
		buf_byte(&raw, (uint8_t)texts[i]->len);
		if (texts[i]->len)
			buf_put(&raw, texts[i]->ptr, texts[i]->len);
	}
	base64url_write(&text, buf_bytes(&raw));
	return raw.failed ? STR_NONE : buf_text(&text);
}

static bool take_text(bytes *raw, bytes *out)
{
	size_t n;

	if (raw->len < 2)
		return false;
	n = (size_t)raw->ptr[0] << 8 | raw->ptr[1];
	if (raw->len - 2 < n)
		return false;
	*out = n ? (bytes){ raw->ptr + 2, n } : BYTES_NONE;
	*raw = (bytes){ raw->ptr + 2 + n, raw->len - 2 - n };
	return true;
}

enum err wa_media_unpack(struct arena *arena, str text, struct wa_media_reference *out)
{
	struct buf raw = buf_in(arena, WA_MEDIA_REFERENCE_MAX);
	bytes *texts[REFERENCE_TEXTS], left;
	uint64_t size = 0;

	*out = (struct wa_media_reference){ 0 };
	if (!base64_read(text, &raw) || raw.len < REFERENCE_HEAD ||
		raw.ptr[0] != REFERENCE_VERSION || raw.ptr[1] >= WA_MEDIA_KINDS)
		return ERR_CORRUPT;
	out->media.kind = raw.ptr[1];
	out->is_from_me = raw.ptr[2] != 0;
	for (size_t i = 3; i < REFERENCE_HEAD; i++)
		size = size << 8 | raw.ptr[i];
	out->media.size = (int64_t)size;
	left = (bytes){ raw.ptr + REFERENCE_HEAD, raw.len - REFERENCE_HEAD };
	reference_texts(out, texts);
	for (size_t i = 0; i < REFERENCE_TEXTS; i++)
		if (!take_text(&left, texts[i]))
			return ERR_CORRUPT;
	return left.len == 0 && out->media.size >= 0 ? OK : ERR_CORRUPT;
}
