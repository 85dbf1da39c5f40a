/*
 * media.c: /media: attachments up, and their bytes down.
 *
 * The bytes come from people whom nobody knows. So a browser shows only types that run nothing, and
 * all else is saved; and what it shows is in a sandbox.
 */
#include "inbox/media.h"

#include "api/handlers.h"
#include "api/media_body.h"
#include "base/codec.h"
#include "inbox/voice.h"
#include "net/multipart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PIECE_SIZE MEDIA_CHUNK
#define OCTETS S("application/octet-stream")

void media_write_json(struct buf *out, const char *key, const struct media *media)
{
	static const char *const states[] = {
		[MEDIA_PENDING] = "pending", [MEDIA_STORED] = "stored",
		[MEDIA_FAILED] = "failed",
		[MEDIA_REMOTE] = "remote"
	};
	char url[64];

	snprintf(url, sizeof url, "/api/v1/media/%lld", (long long)media->id);
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", media->id);
	json_put(out, "state", str_of(states[media->state]));
	json_put(out, "mime_type", media->mime_type);
	if (media->size_bytes)
		json_put_int(out, "size_bytes", media->size_bytes);
	else
		json_put_null(out, "size_bytes");
	json_put(out, "file_name", media->file_name);
	json_put(out, "url", str_of(url));
	json_put(out, "error", media->state == MEDIA_FAILED ? media->error : STR_NONE);
	json_close(out, '}');
}

/* ---- up ---- */

/* A file that came: in memory, or still in the body's temporary file. */
struct upload {
	struct media_info claimed;
	bytes data;
	const char *path;
};

static enum err no_file(struct job *job)
{
	field_error(job, S("file"), S("required"), S("Send the file in the field `file`."));
	return job_check_fields(job);
}

static const struct part *part_named(const struct part *parts, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(parts[i].name, name))
			return &parts[i];
	return NULL;
}

static enum err read_form(struct job *job, const struct request *req, struct upload *out)
{
	const struct part *file, *type;
	struct part *parts;
	size_t count;

	TRY(multipart_read(job, req, &parts, &count));
	file = part_named(parts, count, S("file"));
	type = part_named(parts, count, S("type"));
	if (!file)
		return no_file(job);
	out->data = file->data;
	out->claimed = (struct media_info){ .mime_type = file->type,
		.file_name = file->file_name };
	if (type && (!file->type.len || str_is(file->type, OCTETS)))
		out->claimed.mime_type = str_from(type->data);
	return OK;
}

static enum err read_upload(struct job *job, const struct request *req, struct upload *out)
{
	str type = request_header(req, S("content-type"));

	*out = (struct upload){ 0 };
	if (str_is_nocase(str_part(type, 0, 19), S("multipart/form-data")))
		return read_form(job, req, out);
	out->claimed = (struct media_info){ .mime_type = type.len ? type : OCTETS,
		.file_name = request_query(job->arena, req, "file_name") };
	out->data = req->body;
	out->path = req->body_path;
	return OK;
}

static enum err copy_file(struct job *job, const char *path, struct media_writer *w)
{
	uint8_t *piece = arena_alloc(job->arena, PIECE_SIZE);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum err e = OK;
	ssize_t n = 0;

	if (fd < 0)
		return fail(job, ERR_STORE, "the temporary file of an upload cannot be read");
	while (e == OK && ((n = read(fd, piece, PIECE_SIZE)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0)
			e = media_write(w, (bytes){ piece, (size_t)n });
	close(fd);
	return e == OK && n < 0
		       ? fail(job, ERR_STORE, "the temporary file of an upload cannot be read")
		       : e;
}

static enum err write_upload(struct job *job, const struct upload *up, struct media_writer **out)
{
	TRY(media_write_start(job, out));
	TRY(up->path ? copy_file(job, up->path, *out) : media_write(*out, up->data));
	return media_write_finish(*out);
}

static bool is_shown(str type)
{
	return str_starts(type, S("image/")) || str_starts(type, S("audio/")) ||
	       str_starts(type, S("video/"));
}

/* A page named photo.jpg is a mistake or worse; the sender learns it here, not from the customer.
 */
static enum err check_type(struct job *job, str claimed, str found)
{
	if (!is_shown(claimed) || is_shown(found) || str_is(found, OCTETS) ||
		media_type_agrees(job->arena, claimed, found))
		return OK;
	return fail_code(job, ERR_INPUT, S("type_mismatch"),
		S("Choose the right file, or send it as a document."),
		"This file says that it is " STR_F ", and its content is " STR_F ".",
		STR_A(claimed), STR_A(found));
}

enum err media_take(struct job *job, const struct request *req, struct media *out)
{
	struct media_writer *w;
	struct upload up;

	TRY(read_upload(job, req, &up));
	TRY(write_upload(job, &up, &w));
	TRY(check_type(job, up.claimed.mime_type, media_written_type(w)));
	return media_create(job, w, &up.claimed, out);
}

enum err media_post(struct job *job, const struct request *req, struct response *res)
{
	struct media media;

	TRY(media_take(job, req, &media));
	media_write_json(reply_json(res, 201), NULL, &media);
	return OK;
}

/* ---- a recording ---- */

static enum err read_all(struct job *job, const struct request *req, bytes *out)
{
	uint8_t *all;
	size_t len = 0;
	ssize_t n;
	int fd;

	*out = req->body;
	if (!req->body_path)
		return OK;
	if (req->body_size > VOICE_SOURCE_MAX)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Record a shorter one."),
			"A recording has at most 16 MB.");
	all = arena_alloc(job->arena, (size_t)req->body_size);
	fd = open(req->body_path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && len < (size_t)req->body_size &&
		((n = read(fd, all + len, (size_t)req->body_size - len)) > 0 ||
			(n < 0 && errno == EINTR)))
		len += n > 0 ? (size_t)n : 0;
	if (fd >= 0)
		close(fd);
	*out = (bytes){ all, len };
	return fd >= 0 && len == (size_t)req->body_size
		       ? OK
		       : fail(job, ERR_STORE, "the temporary file of an upload cannot be read");
}

enum err media_voice_post(struct job *job, const struct request *req, struct response *res)
{
	const struct media_info info = { .mime_type = S("audio/ogg"), .file_name = S("voice.ogg") };
	struct media_writer *w;
	struct media media;
	int64_t duration_ms;
	struct buf voice;
	bytes source;

	TRY(read_all(job, req, &source));
	TRY(voice_convert(job, source, &voice, &duration_ms));
	TRY(media_write_start(job, &w));
	TRY(media_write(w, buf_bytes(&voice)));
	TRY(media_write_finish(w));
	TRY(media_create(job, w, &info, &media));
	media_write_json(reply_json(res, 201), NULL, &media);
	return OK;
}

enum err media_retry_post(struct job *job, const struct request *req, struct response *res)
{
	struct media media;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(media_retry(job, id, &media));
	media_write_json(reply_json(res, 202), NULL, &media);
	return OK;
}

/* ---- down ---- */

struct range { int64_t from, size; bool is_part; };

/* "bytes=5-9", "bytes=5-", "bytes=-5". False: not satisfiable. What we do not understand, or
 * several parts, is no range: RFC 9110 lets us send all of it. */
static bool range_read(str header, int64_t size, struct range *out)
{
	str last = header, first = str_split(&last, '-');
	int64_t from, to;

	*out = (struct range){ 0, size, false };
	if (!str_starts(first, S("bytes=")))
		return true;
	first = str_part(first, 6, first.len);
	if (first.len == 0 && str_to_i64(last, &to) && str_is_digits(last)) {
		*out = (struct range){ to < size ? size - to : 0, to < size ? to : size, true };
		return to > 0;
	}
	if (!str_is_digits(first) || !str_to_i64(first, &from))
		return true;
	to = size - 1;
	if (last.len > 0 && (!str_is_digits(last) || !str_to_i64(last, &to) || to < from))
		return true;
	to = to < size ? to : size - 1;
	*out = (struct range){ from, to - from + 1, true };
	return from < size;
}

static str etag_of(struct job *job, const struct media *media)
{
	return arena_printf(job->arena, "\"%lld\"", (long long)media->blob_id);
}

static bool list_has(str list, str etag)
{
	while (list.len > 0) {
		str one = str_trim(str_split(&list, ','));

		if (str_starts(one, S("W/")))
			one = str_part(one, 2, one.len);
		if (str_is(one, etag) || str_is(one, S("*")))
			return true;
	}
	return false;
}

/* RFC 6266: the plain name for old programs, the exact one for the rest. */
static str disposition(struct job *job, const struct media *media, bool is_inline)
{
	str name = media_name_for(job->arena, media);
	struct buf out = buf_in(job->arena, 5 * name.len + 100);

	buf_str(&out, is_inline ? S("inline") : S("attachment"));
	buf_str(&out, S("; filename=\""));
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = (uint8_t)name.ptr[i];

		buf_byte(&out, c < 0x20 || c > 0x7E || c == '"' || c == '\\' || c == '%' ? '_' : c);
	}
	buf_str(&out, S("\"; filename*=UTF-8''"));
	percent_write(&out, name);
	return buf_text(&out);
}

static void describe(struct job *job, const struct request *req, const struct media *media,
	struct response *res)
{
	bool is_safe = media_type_is_safe(media->mime_type),
	     wants_file = request_query_flag(job, req, "download");

	response_header(res, S("ETag"), etag_of(job, media));
	response_header(res, S("Accept-Ranges"), S("bytes"));
	response_header(res, S("Cache-Control"), S("private, max-age=86400, immutable"));
	response_header(res, S("Content-Security-Policy"),
		S("sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src "
		  "'unsafe-inline'"));
	response_header(res, S("Content-Disposition"),
		disposition(job, media, is_safe && !wants_file));
	res->type = is_safe ? media->mime_type : OCTETS;
	if (str_is(res->type, S("text/plain")))
		res->type = S("text/plain; charset=utf-8");
}

static enum err send_range(struct job *job, const struct media *media, const struct range *range,
	struct response *res)
{
	struct media_reader *reader;

	TRY(media_read_start(job, media, range->from, range->size, &reader));
	res->next = media_read;
	res->next_done = media_read_end;
	res->next_arg = reader;
	res->next_size = range->size;
	return OK;
}

static void say_range(struct job *job, const struct media *media, const struct range *range,
	struct response *res)
{
	res->status = 206;
	response_header(res, S("Content-Range"),
		arena_printf(job->arena, "bytes %lld-%lld/%lld", (long long)range->from,
			(long long)(range->from + range->size - 1), (long long)media->size_bytes));
}

/* A part is sent only of the content that the client has the other parts of. */
static str range_header(struct job *job, const struct request *req, const struct media *media)
{
	str only_if = request_header(req, S("if-range"));

	return only_if.len && !str_is(only_if, etag_of(job, media))
		       ? S("")
		       : request_header(req, S("range"));
}

enum err media_give(struct job *job, const struct request *req, const struct media *media,
	struct response *res)
{
	struct range range;

	if (media->state != MEDIA_STORED)
		return fail_code(job, ERR_CONFLICT, S("not_stored"),
			S("Wait until it has been fetched, or press Retry."),
			"The file is not stored yet.");
	if (!range_read(range_header(job, req, media), media->size_bytes, &range)) {
		response_header(res, S("Content-Range"),
			arena_printf(job->arena, "bytes */%lld", (long long)media->size_bytes));
		return fail_code(job, ERR_INPUT, S("range_not_satisfiable"),
			S("Ask for octets that the file has."), "The file has %lld octets.",
			(long long)media->size_bytes);
	}
	if (list_has(request_header(req, S("if-none-match")), etag_of(job, media))) {
		describe(job, req, media, res);
		res->status = 304;
		return OK;
	}
	TRY(send_range(job, media, &range, res));
	describe(job, req, media, res);
	if (range.is_part)
		say_range(job, media, &range, res);
	return OK;
}

/* Who has the address may have the file: it is a provider that was given it. */
enum err media_link_get(struct job *job, const struct request *req, struct response *res)
{
	struct media media;

	TRY(media_of_link(job, req->params[0], &media));
	return media_give(job, req, &media, res);
}

enum err media_bytes_get(struct job *job, const struct request *req, struct response *res)
{
	struct media media;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(media_get(job, id, &media));
	return media_give(job, req, &media, res);
}
