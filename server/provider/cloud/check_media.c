/*
 * check_media.c: what files the Cloud API takes, as a dated table (docs/protocol/cloud-api.md §3).
 *
 * Asked before a file goes up, so that a wrong one is told at its field and not by 131053 an hour
 * later. When Meta changes a limit, this table and its date change, and nothing else.
 */
#include "provider/cloud/cloud_internal.h"

#define KIB 1024LL
#define MIB (1024 * KIB)

/* As Meta's page had it in March 2026. A sticker that stands still may have 100 KB only: which it
 * is shows inside the file alone, so that one is Meta's word (131053). */
static const struct cloud_media_rule media_rules[] = {
	{ KIND_IMAGE, 5 * MIB, "At most 5 MB.", { "image/jpeg", "image/png" } },
	{ KIND_VIDEO, 16 * MIB, "At most 16 MB.", { "video/mp4", "video/3gpp" } },
	{ KIND_AUDIO, 16 * MIB, "At most 16 MB.",
		{ "audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg" } },
	{ KIND_VOICE, 16 * MIB, "At most 16 MB.", { "audio/ogg" } },
	{ KIND_STICKER, 500 * KIB, "At most 500 KB.", { "image/webp" } },
	/* "The service has long accepted other types": any type, so nothing stands here. */
	{ KIND_DOCUMENT, 100 * MIB, "At most 100 MB.", { NULL } },
};

/* A type that ends in a slash is all of its kind; without types any will do. */
static bool has_type(const struct cloud_media_rule *rule, str mime_type)
{
	str rest = mime_type, plain = str_trim(str_split(&rest, ';'));

	if (!rule->types[0])
		return str_find(plain, '/') < plain.len;
	for (size_t i = 0; i < COUNT_OF(rule->types) && rule->types[i]; i++) {
		str type = str_of(rule->types[i]);

		if (str_ends(type, S("/")) ? str_is_nocase(str_part(plain, 0, type.len), type)
					   : str_is_nocase(plain, type))
			return true;
	}
	return false;
}

static const char *types_text(struct job *job, const struct cloud_media_rule *rule)
{
	struct buf b = buf_in(job->arena, 512);

	buf_str(&b, S("WhatsApp takes here: "));
	for (size_t i = 0; i < COUNT_OF(rule->types) && rule->types[i]; i++) {
		str type = str_of(rule->types[i]);

		buf_printf(&b, "%s" STR_F "%s", i ? ", " : "", STR_A(type),
			str_ends(type, S("/")) ? "*" : "");
	}
	buf_byte(&b, '.');
	return arena_cstr(job->arena, buf_text(&b));
}

enum err cloud_media_check(struct job *job, const struct cloud_media_rule *rules, size_t count,
	const struct media_info *file)
{
	const char *field = kind_cloud_type(file->kind);

	for (size_t i = 0; i < count; i++) {
		if (rules[i].kind != file->kind)
			continue;
		if (!has_type(&rules[i], file->mime_type))
			cloud_wrong(job, "media_type", types_text(job, &rules[i]), "%s", field);
		if (file->size > rules[i].size_max)
			cloud_wrong(job, "too_large", rules[i].limit, "%s", field);
		if (file->size <= 0)
			cloud_wrong(job, "too_small", "The file is empty.", "%s", field);
		return job_check_fields(job);
	}
	cloud_wrong(job, "unsupported", "Messages of this type hold no file.", "type");
	return job_check_fields(job);
}

enum err cloud_check_media(struct job *job, enum message_kind kind, str mime_type, int64_t size)
{
	return cloud_media_check(job, media_rules, COUNT_OF(media_rules),
		&(struct media_info){ .kind = kind, .mime_type = mime_type, .size = size });
}
