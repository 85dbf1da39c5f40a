/*
 * content_write_file.c: images, videos, sounds, documents and stickers as what is said end to end:
 * the reference of a file that is on the media hosts already, and what was derived of it.
 */
#include "provider/linked/content_write_internal.h"

#define GIVE_MEDIA(p, ref, derived)                                                                \
	do {                                                                                       \
		(p)->url = (ref)->media.url.len ? wa_cstr(w->arena, (ref)->media.url) : NULL;      \
		(p)->direct_path = wa_cstr(w->arena, (ref)->media.direct_path);                    \
		(p)->mimetype = wa_cstr(w->arena, (derived)->mime_type);                           \
		PROTO_SET_DATA(p, media_key, (ref)->media.key);                                    \
		PROTO_SET_DATA(p, file_sha256, (ref)->media.sha256);                               \
		PROTO_SET_DATA(p, file_enc_sha256, (ref)->media.enc_sha256);                       \
		PROTO_SET(p, file_length, (uint64_t)(ref)->media.size);                            \
		PROTO_SET(p, media_key_timestamp, w->d->now_ms / 1000);                            \
	} while (0)

/* What is seen of a picture or a video before it is loaded. */
#define GIVE_SIGHT(p, derived)                                                    \
	do {                                                                      \
		if ((derived)->width) {                                           \
			PROTO_SET(p, width, (derived)->width);                    \
			PROTO_SET(p, height, (derived)->height);                  \
		}                                                                 \
		if ((derived)->thumbnail.len)                                     \
			PROTO_SET_DATA(p, jpeg_thumbnail, (derived)->thumbnail);  \
	} while (0)

static Wa__Message *write_image(const struct writing *w, const struct content_file *f,
	char *caption)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__ImageMessage *p = ARENA_NEW(w->arena, Wa__ImageMessage);

	wa__image_message__init(p);
	GIVE_MEDIA(p, &f->ref, &f->derived);
	p->caption = caption;
	GIVE_SIGHT(p, &f->derived);
	m->image_message = p;
	return m;
}

static Wa__Message *write_video(const struct writing *w, const struct content_file *f,
	char *caption)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__VideoMessage *p = ARENA_NEW(w->arena, Wa__VideoMessage);

	wa__video_message__init(p);
	GIVE_MEDIA(p, &f->ref, &f->derived);
	p->caption = caption;
	PROTO_SET(p, seconds, f->derived.seconds);
	GIVE_SIGHT(p, &f->derived);
	m->video_message = p;
	return m;
}

static Wa__Message *write_audio(const struct writing *w, const struct content_file *f)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__AudioMessage *p = ARENA_NEW(w->arena, Wa__AudioMessage);
	bool is_voice = w->out->kind == KIND_VOICE;

	wa__audio_message__init(p);
	GIVE_MEDIA(p, &f->ref, &f->derived);
	/* "audio/ogg; codecs=opus": phones play a voice note of no other type. */
	if (is_voice)
		p->mimetype = wa_cstr(w->arena, S("audio/ogg; codecs=opus"));
	PROTO_SET(p, seconds, f->derived.seconds);
	PROTO_SET(p, ptt, is_voice);
	if (is_voice && f->derived.waveform.len)
		PROTO_SET_DATA(p, waveform, f->derived.waveform);
	m->audio_message = p;
	return m;
}

static Wa__Message *write_document(const struct writing *w, const struct content_file *f,
	char *caption)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__DocumentMessage *p = ARENA_NEW(w->arena, Wa__DocumentMessage);
	str name = json_text_at(w->content, "filename");

	wa__document_message__init(p);
	GIVE_MEDIA(p, &f->ref, &f->derived);
	name = name.len ? name : f->derived.file_name.len ? f->derived.file_name : S("document");
	p->file_name = p->title = wa_cstr(w->arena, name);
	p->caption = caption;
	if (f->derived.thumbnail.len)
		PROTO_SET_DATA(p, jpeg_thumbnail, f->derived.thumbnail);
	m->document_message = p;
	return wa_message_wrap_document(w->arena, m);
}

static Wa__Message *write_sticker(const struct writing *w, const struct content_file *f)
{
	Wa__Message *m = wa_message_new(w->arena);
	Wa__StickerMessage *p = ARENA_NEW(w->arena, Wa__StickerMessage);

	wa__sticker_message__init(p);
	GIVE_MEDIA(p, &f->ref, &f->derived);
	PROTO_SET(p, width, f->derived.width ? f->derived.width : 512);
	PROTO_SET(p, height, f->derived.height ? f->derived.height : 512);
	m->sticker_message = p;
	return m;
}

Wa__Message *linked_write_file(const struct writing *w, enum message_kind kind,
	const struct content_file *f, char *caption)
{
	switch (kind) {
	case KIND_IMAGE:
		return write_image(w, f, caption);
	case KIND_VIDEO:
		return write_video(w, f, caption);
	case KIND_DOCUMENT:
		return write_document(w, f, caption);
	case KIND_STICKER:
		return write_sticker(w, f);
	default:
		return write_audio(w, f);
	}
}

enum err linked_file_take(const struct writing *w, str text, struct content_file *out)
{
	if (!text.len || linked_file_read(w->arena, text, &out->ref, &out->derived) != OK)
		return fail_code(w->job, ERR_INPUT, S("no_file"),
			S("Upload the file, and send its id."),
			"The message has no file that a linked device could send.");
	return OK;
}

enum err linked_write_media(const struct writing *w, Wa__Message **out)
{
	struct content_file file = { 0 };

	TRY(linked_file_take(w, w->out->media_remote_id, &file));
	*out = linked_write_file(w, w->out->kind, &file, linked_text_at(w, "caption"));
	if (json_flag(json_field(w->content, "view_once"), false))
		*out = wa_message_view_once(w->arena, *out);
	return OK;
}
