/*
 * check.c: what the Cloud API would refuse, told before it is queued.
 *
 * All wrong fields at once, each by its JSON path from the kind:
 * "interactive.action.buttons[1].reply.title". Lengths are Unicode code points. Limits:
 * docs/protocol/cloud-api.md §2.
 */
#include "provider/cloud/cloud_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPTION_MAX 1024
#define FILE_NAME_MAX 240
#define URL_MAX 2000
#define CONTACTS_MAX 257
#define PATH_MAX_OCTETS 256
#define PLACE_MAX 1000
#define EMOJI_OCTETS_MAX 64
#define PIN_DAYS_MAX 30

void cloud_wrong(struct job *job, const char *code, const char *message, const char *path, ...)
{
	char text[PATH_MAX_OCTETS];
	va_list args;
	int n;

	va_start(args, path);
	n = vsnprintf(text, sizeof text, path, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof text)
		n = sizeof text - 1;
	field_error(job, (str){ text, (size_t)n }, str_of(code), str_of(message));
}

const char *cloud_path(struct job *job, const char *base, const char *name)
{
	return arena_cstr(job->arena, arena_printf(job->arena, "%s.%s", base, name));
}

const char *cloud_path_at(struct job *job, const char *base, const char *name, size_t index)
{
	return arena_cstr(job->arena, arena_printf(job->arena, "%s.%s[%zu]", base, name, index));
}

void cloud_check_text(struct job *job, json v, size_t min, size_t max, const char *path)
{
	str text = json_text(v);
	size_t points = str_count_points(text);

	if (json_kind(v) == JSON_NONE || json_kind(v) == JSON_NIL) {
		if (min > 0)
			cloud_wrong(job, "required", "This is required.", "%s", path);
	} else if (!text.ptr) {
		cloud_wrong(job, "type", "This must be text.", "%s", path);
	} else if (points < min || (min > 0 && str_trim(text).len == 0)) {
		cloud_wrong(job, "too_short", "This must not be empty.", "%s", path);
	} else if (points > max) {
		cloud_wrong(job, "too_long",
			arena_cstr(job->arena,
				arena_printf(job->arena, "At most %zu characters.", max)),
			"%s", path);
	}
}

static void check_text_message(struct job *job, json text)
{
	json preview = json_field(text, "preview_url");

	cloud_check_text(job, json_field(text, "body"), 1, CLOUD_TEXT_MAX, "text.body");
	if (preview && json_kind(preview) != JSON_BOOL)
		cloud_wrong(job, "type", "This must be true or false.", "text.preview_url");
}

static bool is_web_link(str link)
{
	return (str_starts(link, S("https://")) || str_starts(link, S("http://"))) && link.len > 10;
}

void cloud_check_media_object(struct job *job, const char *path, json media)
{
	json id = json_field(media, "id"), link = json_field(media, "link");

	if (json_kind(media) != JSON_MAP)
		cloud_wrong(job, "required", "This must be an object with id or link.", "%s", path);
	else if (!id && !link)
		cloud_wrong(job, "required", "Either id or link is required.", "%s", path);
	else if (id && link)
		cloud_wrong(job, "conflict", "Give either id or link, not both.", "%s", path);
	else if (id && !json_text_or_int(job->arena, id).len)
		cloud_wrong(job, "invalid", "This is no id of a file.", "%s.id", path);
	else if (link && (!is_web_link(json_text(link)) || json_text(link).len > URL_MAX))
		cloud_wrong(job, "invalid", "This must be a link that starts with https://.",
			"%s.link", path);
}

static void check_media(struct job *job, enum message_kind kind, json media)
{
	const char *path = kind_cloud_type(kind);
	bool has_caption = kind == KIND_IMAGE || kind == KIND_VIDEO || kind == KIND_DOCUMENT;
	json caption = json_field(media, "caption");

	cloud_check_media_object(job, path, media);
	if (has_caption)
		cloud_check_text(job, caption, 0, CAPTION_MAX, cloud_path(job, path, "caption"));
	else if (json_text(caption).len)
		cloud_wrong(job, "not_allowed", "WhatsApp shows no caption here.", "%s.caption",
			path);
	if (kind == KIND_DOCUMENT)
		cloud_check_text(job, json_field(media, "filename"), 0, FILE_NAME_MAX,
			"document.filename");
}

/* "latitude/longitude as number or string". */
static bool read_degrees(json v, double *out)
{
	str text = json_text(v);
	char copy[32], *end;

	if (json_kind(v) == JSON_INT || json_kind(v) == JSON_REAL_NUMBER) {
		*out = json_number(v, 0);
		return true;
	}
	if (text.len == 0 || text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = 0;
	*out = strtod(copy, &end);
	return *end == 0;
}

static void check_degrees(struct job *job, json v, double limit, const char *path)
{
	double degrees;

	if (!v)
		cloud_wrong(job, "required", "This is required.", "%s", path);
	else if (!read_degrees(v, &degrees))
		cloud_wrong(job, "type", "This must be a number.", "%s", path);
	else if (!(degrees >= -limit && degrees <= limit))
		cloud_wrong(job, "out_of_range", "This is outside the globe.", "%s", path);
}

static void check_location(struct job *job, const char *path, json location)
{
	check_degrees(job, json_field(location, "latitude"), 90, cloud_path(job, path, "latitude"));
	check_degrees(job, json_field(location, "longitude"), 180,
		cloud_path(job, path, "longitude"));
	cloud_check_text(job, json_field(location, "name"), 0, PLACE_MAX,
		cloud_path(job, path, "name"));
	cloud_check_text(job, json_field(location, "address"), 0, PLACE_MAX,
		cloud_path(job, path, "address"));
}

/* "name.formatted_name required plus at least one other name part". */
static void check_contact(struct job *job, json contact, const char *path)
{
	static const char *const parts[] = { "first_name", "last_name", "middle_name", "suffix",
		"prefix" };
	json name = json_field(contact, "name");
	bool has_part = false;
	str birthday = json_text_at(contact, "birthday");

	cloud_check_text(job, json_field(name, "formatted_name"), 1, PLACE_MAX,
		cloud_path(job, path, "name.formatted_name"));
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		has_part |= json_text(json_field(name, parts[i])).len > 0;
	if (json_text_at(name, "formatted_name").len && !has_part)
		cloud_wrong(job, "required",
			"One more part of the name is required, for example first_name.", "%s.name",
			path);
	if (birthday.len &&
		(birthday.len != 10 || birthday.ptr[4] != '-' || birthday.ptr[7] != '-'))
		cloud_wrong(job, "invalid", "A birthday is written YYYY-MM-DD.", "%s.birthday",
			path);
}

static void check_contacts(struct job *job, json contacts)
{
	size_t count = cloud_list(contacts);

	if (count == 0)
		cloud_wrong(job, "required", "At least one contact is required.", "contacts");
	if (count > CONTACTS_MAX)
		cloud_wrong(job, "too_many", "At most 257 contacts.", "contacts");
	for (size_t i = 0; i < count && i < CONTACTS_MAX; i++)
		check_contact(job, json_at(contacts, i),
			      arena_cstr(job->arena, arena_printf(job->arena, "contacts[%zu]", i)));
}

/* "Empty string removes". */
static void check_reaction(struct job *job, json reaction)
{
	json emoji = json_field(reaction, "emoji");

	cloud_check_text(job, json_field(reaction, "message_id"), 1, PLACE_MAX,
		"reaction.message_id");
	if (json_kind(emoji) != JSON_TEXT)
		cloud_wrong(job, "required", "This is required; empty text removes the reaction.",
			"reaction.emoji");
	else if (json_text(emoji).len > EMOJI_OCTETS_MAX)
		cloud_wrong(job, "invalid", "This must be one emoji.", "reaction.emoji");
}

/* "group messages only": that it goes to one is for who knows the recipient. */
static void check_pin(struct job *job, json pin)
{
	str type = json_text_at(pin, "type");
	int64_t days = json_int(json_field(pin, "expiration_days"), 0);

	cloud_check_text(job, json_field(pin, "message_id"), 1, PLACE_MAX, "pin.message_id");
	if (!str_is(type, S("pin")) && !str_is(type, S("unpin")))
		cloud_wrong(job, "invalid", "This must be pin or unpin.", "pin.type");
	if (json_field(pin, "expiration_days") && (days < 1 || days > PIN_DAYS_MAX))
		cloud_wrong(job, "out_of_range", "A pin lasts 1 to 30 days.",
			"pin.expiration_days");
}

enum err cloud_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content)
{
	(void)ch;
	if (kind_is_media(kind))
		check_media(job, kind, content);
	else if (kind == KIND_TEXT)
		check_text_message(job, content);
	else if (kind == KIND_LOCATION)
		check_location(job, "location", content);
	else if (kind == KIND_CONTACTS)
		check_contacts(job, content);
	else if (kind == KIND_REACTION)
		check_reaction(job, content);
	else if (kind == KIND_PIN)
		check_pin(job, content);
	else if (kind == KIND_INTERACTIVE)
		cloud_check_interactive(job, content);
	else if (kind == KIND_TEMPLATE)
		cloud_check_template(job, content);
	else
		cloud_wrong(job, "unsupported", "WhatsApp cannot send messages of this type.",
			"type");
	return job_check_fields(job);
}
