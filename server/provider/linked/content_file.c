/*
 * content_file.c: a file that went up, as one text: the reference of wa/media, a dot, and in
 * base64url the JSON of what was derived of it, so that a message can be written without the file.
 */
#include "base/codec.h"
#include "provider/linked/content_internal.h"

#define DERIVED_MAX (64u << 10)

enum wa_media_kind linked_media_kind(enum message_kind kind)
{
	switch (kind) {
	case KIND_VIDEO:
		return WA_MEDIA_VIDEO;
	case KIND_AUDIO:
	case KIND_VOICE:
		return WA_MEDIA_AUDIO;
	case KIND_DOCUMENT:
		return WA_MEDIA_DOCUMENT;
	default:
		return WA_MEDIA_IMAGE;
	}
}

static void put_octets(struct arena *arena, struct buf *b, const char *key, bytes octets)
{
	if (octets.len)
		json_put(b, key, base64_text(arena, octets));
}

str linked_file_write(struct arena *arena, const struct wa_media_reference *reference,
	const struct linked_derived *derived)
{
	struct buf b = buf_in(arena, DERIVED_MAX), out = buf_in(arena, 2 * DERIVED_MAX);

	json_open(&b, '{');
	json_put(&b, "type", derived->mime_type);
	json_put(&b, "name", derived->file_name);
	json_put_int(&b, "width", derived->width);
	json_put_int(&b, "height", derived->height);
	json_put_int(&b, "seconds", derived->seconds);
	put_octets(arena, &b, "thumbnail", derived->thumbnail);
	put_octets(arena, &b, "waveform", derived->waveform);
	json_close(&b, '}');
	buf_str(&out, wa_media_pack(arena, reference));
	buf_byte(&out, '.');
	base64url_write(&out, buf_bytes(&b));
	return out.failed || b.failed ? STR_NONE : buf_text(&out);
}

static bytes octets_at(struct arena *arena, json v, const char *key)
{
	str text = json_text_at(v, key);
	struct buf b = buf_in(arena, text.len + 1);

	return base64_read(text, &b) ? buf_bytes(&b) : BYTES_NONE;
}

enum err linked_file_read(struct arena *arena, str text, struct wa_media_reference *reference,
	struct linked_derived *derived)
{
	str rest = text, packed = str_split(&rest, '.');
	struct buf b = buf_in(arena, rest.len + 1);
	json v = NULL;

	*derived = (struct linked_derived){ 0 };
	TRY(wa_media_unpack(arena, packed, reference));
	if (!rest.len)
		return OK;
	if (!base64_read(rest, &b) || json_read(arena, buf_text(&b), &v, NULL) != OK)
		return ERR_CORRUPT;
	derived->mime_type = json_text_at(v, "type");
	derived->file_name = json_text_at(v, "name");
	derived->width = (uint32_t)json_int(json_field(v, "width"), 0);
	derived->height = (uint32_t)json_int(json_field(v, "height"), 0);
	derived->seconds = (uint32_t)json_int(json_field(v, "seconds"), 0);
	derived->thumbnail = octets_at(arena, v, "thumbnail");
	derived->waveform = octets_at(arena, v, "waveform");
	return OK;
}
