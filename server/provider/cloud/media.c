/*
 * media.c: files up and down.
 *
 * "GET id → url (valid 5 minutes) → GET url with the same bearer; 404 → ask for a new url". The
 * bearer goes only to hosts of Meta, or to the configured Graph host: a url in a webhook is
 * another's word.
 */
#include "provider/cloud/cloud_internal.h"

#include "base/codec.h"

#define FETCH_DEADLINE_MS 120000
#define UPLOAD_DEADLINE_MS 120000

/* "audio/ogg (OPUS codecs only; base audio/ogg is not supported)" */
static str type_told(str plain)
{
	return str_is(plain, S("audio/ogg")) ? S("audio/ogg; codecs=opus") : plain;
}

enum err cloud_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id)
{
	str rest = info->mime_type, plain = type_told(str_trim(str_split(&rest, ';')));
	const struct call_part parts[] = {
		{ .name = S("messaging_product"), .value = S("whatsapp") },
		{ .name = S("type"), .value = plain },
		{ .name = S("file"),
			.file_name = info->file_name.len ? info->file_name : S("file"),
			.type = plain,
			.file_path = path },
	};
	json root;

	TRY(cloud_call(job, ch,
		&(struct cloud_call){
			.method = HTTP_POST,
			.path = arena_printf(job->arena, STR_F "/media", STR_A(ch->remote_id)),
			.parts = parts,
			.part_count = COUNT_OF(parts),
			.deadline_ms = UPLOAD_DEADLINE_MS,
		},
		NULL, &root));
	*remote_id = json_text_or_int(job->arena, json_field(root, "id"));
	if (!remote_id->len)
		return fail_code(job, ERR_UPSTREAM, S("no_media_id"),
			S("Nothing to do: it is tried again by itself."),
			"Meta took the file and told no id.");
	return OK;
}

/* The authority of a URL: what stands before its path, query or fragment. */
static str host_of(str url)
{
	str rest = str_part(url, str_starts(url, S("https://")) ? 8 : 7, url.len);
	size_t end = 0;

	while (end < rest.len && rest.ptr[end] && !strchr("/?#\\", rest.ptr[end]))
		end++;
	return str_part(rest, 0, end);
}

static bool may_have_token(const struct channel *ch, str url)
{
	static const char *const meta[] = { ".fbsbx.com", ".facebook.com", ".whatsapp.net",
		".fbcdn.net", ".whatsapp.com" };
	str host = host_of(url);

	if (str_is(host, host_of(ch->base_url)))
		return true;
	if (!str_starts(url, S("https://")) || str_find(host, '@') < host.len)
		return false;
	for (size_t i = 0; i < COUNT_OF(meta); i++)
		if (str_ends(host, str_of(meta[i])))
			return true;
	return false;
}

static enum err media_gone(struct job *job)
{
	return fail_code(job, ERR_MISSING, S("media_gone"),
		S("Ask the sender to send the file again."), "WhatsApp no longer has the file.");
}

static enum err ask_url(struct job *job, const struct channel *ch, str id, str *url,
	struct media_info *out)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX);
	json root;
	enum err e;

	if (!id.len)
		return media_gone(job);
	percent_write(&path, id);
	buf_str(&path, S("?phone_number_id="));
	percent_write(&path, ch->remote_id);
	e = cloud_call(job, ch, &(struct cloud_call){ .path = buf_text(&path) }, NULL, &root);
	/* "Object with ID does not exist": after seven days, or thirty for what we uploaded. */
	if (e != OK && str_is(job->code, S("100")))
		return media_gone(job);
	if (e != OK)
		return e;
	*url = json_text_at(root, "url");
	out->mime_type = json_text_at(root, "mime_type");
	out->sha256 = json_text_at(root, "sha256");
	out->size = json_int(json_field(root, "file_size"), 0);
	if (!url->len)
		return fail_code(job, ERR_UPSTREAM, S("no_media_url"),
			S("Nothing to do: it is tried again by itself."),
			"Meta told no address for the file.");
	return OK;
}

/* Counts what went into the sink. */
struct counting {
	const struct media_sink *sink;
	int64_t size;
};

static bool put(void *arg, bytes piece)
{
	struct counting *c = arg;

	c->size += (int64_t)piece.len;
	if (c->sink->size_max > 0 && c->size > c->sink->size_max)
		return false;
	return c->sink->put(c->sink->arg, piece);
}

static enum err refused_fetch(struct job *job, int status)
{
	if (status == 404 || status == 410)
		return media_gone(job);
	return cloud_refused(job, status, STR_NONE, NULL);
}

/* ERR_MISSING: the url is stale. */
static enum err get(struct job *job, const struct channel *ch, str url,
	const struct media_sink *sink, struct media_info *out)
{
	struct counting counting = { .sink = sink };
	struct header headers[] = { { S("User-Agent"), S("Parley/" PARLEY_VERSION) },
		cloud_bearer(job, ch) };
	struct http_call call = {
		.url = url,
		.headers = headers,
		.header_count = may_have_token(ch, url) ? 2 : 1,
		.deadline_ms = FETCH_DEADLINE_MS,
		.reply_max = sink->size_max > 0 ? (size_t)sink->size_max : 0,
		.on_reply = put,
		.on_reply_arg = &counting,
		.follow = true,
		.allow_private = ch->allow_private,
	};
	struct http_reply reply = { 0 };
	enum err e = http_call(job, &call, &reply);

	if (sink->size_max > 0 && (counting.size > sink->size_max || e == ERR_LIMIT))
		return fail_code(job, ERR_LIMIT, S("too_large"),
			S("Ask the sender for a smaller file."),
			"The file is larger than the limit of %lld octets.",
			(long long)sink->size_max);
	if (e != OK)
		return e;
	if (reply.status != 200)
		return refused_fetch(job, reply.status);
	out->size = counting.size;
	if (!out->mime_type.len)
		out->mime_type = reply.type;
	return OK;
}

enum err cloud_fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
			   const struct media_sink *sink, struct media_info *out)
{
	if (url.len) {
		enum err e = get(job, ch, url, sink, out);

		/* A url of a webhook lives five minutes; the id, seven days. */
		if (e == OK || (e != ERR_MISSING && e != ERR_DENIED) || !media_remote_id.len)
			return e;
		job_forgive(job);
	}
	TRY(ask_url(job, ch, media_remote_id, &url, out));
	return get(job, ch, url, sink, out);
}
