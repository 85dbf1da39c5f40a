/*
 * content_check.c: what a linked device cannot send, told before it is queued.
 *
 * What both networks take has the limits of the Cloud API's check (provider/cloud/check.c), so a
 * route may move a message from one channel of a number to another.
 */
#include "provider/cloud/cloud_internal.h"
#include "provider/linked/content_internal.h"

#define TEXT_MAX 65536          /* "text 65 536 characters" */
#define POLL_NAME_MAX 255
#define POLL_OPTION_MAX 100
#define KIB 1024LL
#define MIB (1024 * KIB)

static void check_text(struct job *job, json text)
{
	cloud_check_text(job, json_field(text, "body"), 1, TEXT_MAX, "text.body");
}

static void check_file(struct job *job, enum message_kind kind, json content)
{
	const char *path = kind_cloud_type(kind);
	bool is_once = json_flag(json_field(content, "view_once"), false);

	if (is_once && kind != KIND_IMAGE && kind != KIND_VIDEO && kind != KIND_VOICE)
		cloud_wrong(job, "not_allowed",
			"Only pictures, videos and voice messages can be viewed once.",
			"%s.view_once", path);
}

static void check_interactive(struct job *job, json content)
{
	str type = json_text_at(content, "type");

	if (!str_is_nocase(type, S("button")) && !str_is_nocase(type, S("list")) &&
		!str_is_nocase(type, S("cta_url")))
		cloud_wrong(job, "unsupported",
			"A linked device sends buttons, lists and links only.", "interactive.type");
}

static void check_options_of_poll(struct job *job, json options)
{
	size_t count = json_kind(options) == JSON_LIST ? json_count(options) : 0;

	if (count < 2 || count > WA_POLL_OPTIONS_MAX)
		cloud_wrong(job, count < 2 ? "too_few" : "too_many", "2 to 12 options.",
			"poll.options");
	for (size_t i = 0; i < count && i < WA_POLL_OPTIONS_MAX; i++) {
		cloud_check_text(job, json_at(options, i), 1, POLL_OPTION_MAX,
			cloud_path_at(job, "poll", "options", i));
		for (size_t j = 0; j < i; j++)
			if (str_is(json_text(json_at(options, i)), json_text(json_at(options, j))))
				cloud_wrong(job, "duplicate", "Each option must be another one.",
					"poll.options[%zu]", i);
	}
}

static void check_poll(struct job *job, json poll)
{
	int64_t selectable = json_int(json_field(poll, "selectable_count"), 1);

	cloud_check_text(job, json_field(poll, "name"), 1, POLL_NAME_MAX, "poll.name");
	check_options_of_poll(job, json_field(poll, "options"));
	if (selectable < 0 || selectable > WA_POLL_OPTIONS_MAX)
		cloud_wrong(job, "out_of_range", "0 (any number) to 12.", "poll.selectable_count");
}

static void check_change(struct job *job, enum message_kind kind, json content)
{
	cloud_check_text(job, json_field(content, "message_id"), 1, 100,
		cloud_path(job, kind_name(kind), "message_id"));
	if (kind == KIND_EDIT)
		cloud_check_text(job, json_field(content, "body"), 1, TEXT_MAX, "edit.body");
}

enum err linked_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content)
{
	switch (kind) {
	case KIND_TEXT:
		check_text(job, content);
		return job_check_fields(job);
	case KIND_POLL:
		check_poll(job, content);
		return job_check_fields(job);
	case KIND_POLL_VOTE:
	case KIND_EDIT:
	case KIND_REVOKE:
		check_change(job, kind, content);
		return job_check_fields(job);
	case KIND_INTERACTIVE:
		check_interactive(job, content);
		break;
	default:
		if (kind_is_media(kind))
			check_file(job, kind, content);
	}
	TRY(job_check_fields(job));
	return cloud_check(job, ch, kind, content);
}

enum err linked_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json options)
{
	(void)ch, (void)kind;
	for (void *at = json_first(options); at; at = json_next(options, at))
		if (!str_is(json_member_name(at), S("biz_opaque_callback_data")))
			field_error(job, json_member_name(at), S("unsupported"),
				S("A linked device has no such option."));
	return job_check_fields(job);
}

/* What phones take (§7): larger than over the Cloud API, and more types. */
static const struct cloud_media_rule files[] = {
	{ KIND_IMAGE, 16 * MIB, "At most 16 MB.", { "image/" } },
	{ KIND_VIDEO, 64 * MIB, "At most 64 MB: send it as a document.", { "video/" } },
	{ KIND_AUDIO, 16 * MIB, "At most 16 MB.", { "audio/" } },
	{ KIND_VOICE, 16 * MIB, "At most 16 MB.", { "audio/ogg" } },
	{ KIND_STICKER, 1 * MIB, "At most 1 MB.", { "image/webp" } },
	{ KIND_DOCUMENT, 100 * MIB, "At most 100 MB.", { NULL } },
};

int64_t linked_media_max(enum message_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(files); i++)
		if (files[i].kind == kind)
			return files[i].size_max;
	return 0;
}

enum err linked_check_media(struct job *job, enum message_kind kind, str mime_type, int64_t size)
{
	return cloud_media_check(job, files, COUNT_OF(files),
		&(struct media_info){ .kind = kind, .mime_type = mime_type, .size = size });
}
