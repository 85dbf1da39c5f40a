/*
 * media_type.c: what a file is, and what it is called.
 *
 * Types that people and providers claim are not believed: a page of HTML named photo.jpg would run
 * in our origin. The content decides (libmagic), and only types that cannot run anything are shown;
 * the rest is saved.
 */
#include "inbox/media.h"

#include <magic.h>
#include <stdio.h>

#define OCTETS S("application/octet-stream")

/* Opened for each file: its tables are mapped, not read, and weigh nothing when we are idle. */
str media_type_of(struct arena *arena, bytes head)
{
	magic_t magic = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS);
	const char *found = NULL;
	str type = OCTETS;

	if (!magic)
		return type;
	if (magic_load(magic, NULL) == 0)
		found = magic_buffer(magic, head.ptr, head.len);
	if (found && strchr(found, '/'))
		type = arena_str(arena, str_of(found));
	magic_close(magic);
	return type;
}

/* "Audio/OGG; codecs=opus" → "audio/ogg"; octets for what is no type. */
static str plain_type(struct arena *arena, str type)
{
	str plain = arena_str(arena, str_trim(str_part(type, 0, str_find(type, ';'))));
	char *p = (char *)plain.ptr;

	if (str_find(plain, '/') == plain.len || plain.len > 100)
		return OCTETS;
	for (size_t i = 0; i < plain.len; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + 'a' - 'A');
		if (p[i] <= ' ' || p[i] > '~' || strchr("\"\\<>(),", p[i]))
			return OCTETS;
	}
	return plain;
}

/* Claims that a content of another name bears out: containers that look alike from the outside. A
 * '*' is any ending. */
static const struct { const char *claimed, *found; } alike[] = {
	{ "audio/ogg", "application/ogg" },
	{ "audio/ogg", "video/ogg" },
	{ "audio/opus", "audio/ogg" },
	{ "audio/mp4", "video/mp4" },
	{ "audio/mp4", "audio/x-m4a" },
	{ "audio/m4a", "audio/x-m4a" },
	{ "audio/x-m4a", "video/mp4" },
	{ "audio/mp4", "video/3gpp" },
	{ "audio/aac", "audio/x-hx-aac-adts" },
	{ "audio/aac", "audio/x-m4a" },
	{ "audio/mp3", "audio/mpeg" },
	{ "audio/mpeg", "audio/mp3" },
	{ "audio/wav", "audio/x-wav" },
	{ "audio/webm", "video/webm" },
	{ "video/3gp", "video/3gpp" },
	{ "video/mp4", "video/quicktime" },
	{ "video/quicktime", "video/mp4" },
	{ "image/jpg", "image/jpeg" },
	{ "application/vnd.*", "application/zip" },
	{ "application/vnd.*", "application/x-ole-storage" },
	{ "application/vnd.*", "application/cdfv2" },
	{ "application/msword", "application/x-ole-storage" },
	{ "application/msword", "application/cdfv2" },
	{ "text/csv", "text/plain" },
	{ "text/csv", "application/csv" },
	{ "text/vcard", "text/plain" },
	{ "text/calendar", "text/plain" },
	{ "application/json", "text/plain" },
};

static bool fits(const char *pattern, str type)
{
	str p = str_of(pattern);

	if (str_ends(p, S("*")))
		return str_starts(type, str_part(p, 0, p.len - 1));
	return str_is(p, type);
}

static bool agree(str claimed, str found)
{
	if (str_is(claimed, found))
		return true;
	for (size_t i = 0; i < COUNT_OF(alike); i++)
		if (fits(alike[i].claimed, claimed) && fits(alike[i].found, found))
			return true;
	return false;
}

bool media_type_agrees(struct arena *arena, str claimed, str found)
{
	str plain = plain_type(arena, claimed);

	return str_is(plain, OCTETS) || agree(plain, plain_type(arena, found));
}

str media_type_settle(struct arena *arena, str claimed, str found)
{
	str plain = plain_type(arena, claimed), content = plain_type(arena, found);

	return !str_is(plain, OCTETS) && agree(plain, content) ? plain : content;
}

/* No SVG, no HTML, no XML, no PDF: these can run, or hold what runs. */
bool media_type_is_safe(str mime_type)
{
	static const char *const safe[] = {
		"image/jpeg",
		"image/jpg",
		"image/png",
		"image/gif",
		"image/webp",
		"image/bmp",
		"image/avif",
		"audio/aac",
		"audio/amr",
		"audio/mpeg",
		"audio/mp3",
		"audio/mp4",
		"audio/m4a",
		"audio/x-m4a",
		"audio/ogg",
		"audio/opus",
		"audio/wav",
		"audio/x-wav",
		"audio/webm",
		"audio/x-hx-aac-adts",
		"video/mp4",
		"video/3gpp",
		"video/ogg",
		"video/webm",
		"video/quicktime",
		"application/ogg",
		"text/plain",
	};

	for (size_t i = 0; i < COUNT_OF(safe); i++)
		if (str_is(str_of(safe[i]), mime_type))
			return true;
	return false;
}

/* ---- names ---- */

/* Characters that turn the direction of what follows: "photo\u202Egpj.exe" reads as a picture. */
static bool turns(str s, size_t at)
{
	static const char *const marks[] = { "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",
		"\xE2\x80\xAD", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8",
		"\xE2\x81\xA9", "\xE2\x80\x8E", "\xE2\x80\x8F" };

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (str_is(str_part(s, at, 3), str_of(marks[i])))
			return true;
	return false;
}

static str last_component(str path)
{
	size_t from = 0;

	for (size_t i = 0; i < path.len; i++)
		if (path.ptr[i] == '/' || path.ptr[i] == '\\')
			from = i + 1;
	return str_part(path, from, path.len);
}

/* At most max octets, on a character's border, with its ending kept. */
static str shorten(struct arena *arena, str name, size_t max)
{
	size_t dot = name.len;
	str stem, ending;

	if (name.len <= max)
		return name;
	while (dot > 0 && name.len - dot < 12 && name.ptr[dot - 1] != '.')
		dot--;
	ending = dot > 0 && name.ptr[dot - 1] == '.' ? str_part(name, dot - 1, name.len) : S("");
	stem = str_part(name, 0, max - ending.len);
	while (stem.len > 0 && !str_is_utf8(stem))
		stem.len--;
	return arena_printf(arena, STR_F STR_F, STR_A(stem), STR_A(ending));
}

str media_name_clean(struct arena *arena, str name)
{
	str last = last_component(name);
	struct buf out = buf_in(arena, last.len + 1);

	if (!str_is_utf8(last))
		return STR_NONE;
	for (size_t i = 0; i < last.len; i++) {
		uint8_t c = (uint8_t)last.ptr[i];

		if (turns(last, i))
			i += 2;
		else if (c >= 0x20 && c != 0x7F)
			buf_byte(&out, c);
	}
	last = str_trim(buf_text(&out));
	while (last.len > 0 && last.ptr[0] == '.')
		last = str_part(last, 1, last.len);
	return last.len > 0 ? shorten(arena, last, MEDIA_NAME_MAX) : STR_NONE;
}

static const char *ending_of(str mime_type)
{
	static const struct { const char *type, *ending;
	} endings[] = {
		{ "image/jpeg", ".jpg" },
		{ "image/png", ".png" },
		{ "image/gif", ".gif" },
		{ "image/webp", ".webp" },
		{ "video/mp4", ".mp4" },
		{ "video/3gpp", ".3gp" },
		{ "audio/ogg", ".ogg" },
		{ "audio/mpeg", ".mp3" },
		{ "audio/aac", ".aac" },
		{ "audio/amr", ".amr" },
		{ "audio/mp4", ".m4a" },
		{ "application/pdf", ".pdf" },
		{ "text/plain", ".txt" },
		{ "application/zip", ".zip" },
	};

	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (str_is(str_of(endings[i].type), mime_type))
			return endings[i].ending;
	return "";
}

str media_name_for(struct arena *arena, const struct media *media)
{
	if (media->file_name.len)
		return media->file_name;
	return arena_printf(arena, "media-%lld%s", (long long)media->id,
		ending_of(media->mime_type));
}
