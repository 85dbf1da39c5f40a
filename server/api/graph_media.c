/*
 * graph_media.c: files: up, what is known of them, down, deleted; and resumable uploads, which make
 * the samples of template headers and profile pictures.
 *
 * An upload session is its own description: its id says type, size and name, and nothing is kept
 * until its octets come, which they do at once. A picture that was cut off begins again at 0.
 */
#include "api/graph.h"
#include "api/handlers.h"
#include "api/media_body.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "inbox/media.h"
#include "store/queries.h"
#include "store/store.h"

#include <time.h>

#define UPLOAD S("upload:")
#define HANDLE S("4::")

enum { FETCH_WAIT_MS = 20000, FETCH_LOOK_MS = 100, UPLOAD_TEXT_MAX = 2048, NAME_MAX_POINTS = 200 };

/* ---- finding ---- */

enum err graph_media_find(struct job *job, str id, struct media *out)
{
	struct graph_media_row row;
	id64 media;

	if (!id64_parse(id, &media))
		return ERR_MISSING;
	TRY(sql_graph_media(job, &(struct sql_graph_media){ job->workspace, media }, &row));
	return row.withdrawn_ms ? ERR_MISSING : media_get(job, media, out);
}

/* A customer's file is fetched a moment after its message came; who is told of the message asks for
 * the file at once. */
static enum err wait_until_stored(struct job *job, struct media *media)
{
	const struct timespec pause = { .tv_nsec = FETCH_LOOK_MS * 1000000L };

	if (media->state == MEDIA_REMOTE)
		TRY(media_retry(job, media->id, media));
	for (int ms = 0; media->state == MEDIA_PENDING && ms < FETCH_WAIT_MS; ms += FETCH_LOOK_MS) {
		nanosleep(&pause, NULL);
		TRY(media_get(job, media->id, media));
	}
	if (media->state == MEDIA_STORED)
		return OK;
	return graph_fail(job, "131052", "%s",
		media->state == MEDIA_FAILED ? "The file could not be fetched from the network."
		                             : "The file is not here yet: try again later.");
}

/* ---- up ---- */

enum err graph_media_post(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct channel_full *channel;
	struct media media;

	TRY(graph_channel(job, req, &channel));
	if (!str_is_nocase(str_part(request_header(req, S("content-type")), 0, 19),
		    S("multipart/form-data")))
		return graph_fail(job, "100",
			"Send the file as multipart/form-data, in the field file.");
	TRY(media_take(job, req, &media));
	json_open(out, '{');
	json_put_id(out, "id", media.id);
	json_close(out, '}');
	return OK;
}

/* ---- what is known ---- */

static enum err hash_of(struct job *job, const struct media *media, str *out)
{
	uint8_t *piece = arena_alloc(job->arena, MEDIA_CHUNK), sum[SHA256_SIZE];
	struct sha256 *hash;
	struct media_reader *reader;
	ptrdiff_t n;

	TRY(media_read_start(job, media, 0, media->size_bytes, &reader));
	hash = sha256_create();
	while ((n = media_read(reader, piece, MEDIA_CHUNK)) > 0)
		sha256_add(hash, (bytes){ piece, (size_t)n });
	media_read_end(reader);
	sha256_finish(hash, sum);
	*out = hex_text(job->arena, (bytes){ sum, sizeof sum });
	return n == 0 ? OK : fail(job, ERR_CORRUPT, "a file does not open");
}

enum err graph_media_describe(struct job *job, const struct request *req, struct response *res,
	const struct media *found)
{
	struct buf *out = reply_json(res, 200);
	struct media media = *found;
	str hash;

	TRY(wait_until_stored(job, &media));
	TRY(hash_of(job, &media, &hash));
	json_open(out, '{');
	json_put(out, "messaging_product", S("whatsapp"));
	json_put(out, "url",
		arena_printf(job->arena, STR_F "/graph/" STR_F "/%lld/content",
			STR_A(channel_public_url()), STR_A(graph_version(job, req)),
			(long long)media.id));
	json_put(out, "mime_type", media.mime_type);
	json_put(out, "sha256", hash);
	json_put_int(out, "file_size", media.size_bytes);
	json_put_id(out, "id", media.id);
	json_close(out, '}');
	return OK;
}

/* ---- down, and away ---- */

enum err graph_content_get(struct job *job, const struct request *req, struct response *res)
{
	str id = graph_part(req, 0);
	struct media media;
	enum err e = graph_media_find(job, id, &media);

	if (e == ERR_MISSING)
		return graph_unknown(job, req, id);
	TRY(e);
	TRY(wait_until_stored(job, &media));
	return media_give(job, req, &media, res);
}

enum err graph_media_delete(struct job *job, struct response *res, const struct media *media)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_graph_media_withdraw(job,
		&(struct sql_graph_media_withdraw){ job->workspace, media->id, job->now_ms },
		NULL));
	TRY(db_commit(job));
	return graph_success(res);
}

/* ---- resumable uploads ---- */

id64 graph_handle_media(str handle)
{
	id64 id;

	return str_starts(handle, HANDLE) &&
	                       id64_parse(str_part(handle, HANDLE.len, handle.len), &id)
	               ? id
	               : 0;
}

bool graph_is_upload(str id)
{
	return str_starts(id, UPLOAD);
}

enum err graph_uploads_post(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200), text = buf_in(job->arena, UPLOAD_TEXT_MAX),
		   id = buf_in(job->arena, 2 * UPLOAD_TEXT_MAX);
	str type, length, name;
	int64_t size;
	json body;

	TRY(graph_body(job, req, &body));
	type = graph_text(job, req, body, "file_type");
	length = graph_text(job, req, body, "file_length");
	name = str_first_points(graph_text(job, req, body, "file_name"), NAME_MAX_POINTS);
	if (!type.len || type.len > 100 || !str_to_i64(length, &size) || size <= 0 ||
		size > MEDIA_SIZE_MAX)
		return graph_fail(job, "100",
			"(#100) file_length and file_type are required; at most 100 MB.");
	json_open(&text, '{');
	json_put(&text, "type", type);
	json_put(&text, "name", name.ptr ? name : S(""));
	json_put_int(&text, "size", size);
	json_close(&text, '}');
	buf_str(&id, UPLOAD);
	base64url_write(&id, buf_bytes(&text));
	json_open(out, '{');
	json_put(out, "id", buf_text(&id));
	json_close(out, '}');
	return OK;
}

struct upload { str type, name; int64_t size; };

static enum err read_session(struct job *job, const struct request *req, struct upload *out)
{
	str id = graph_part(req, 0);
	struct buf text = buf_in(job->arena, UPLOAD_TEXT_MAX);
	json v = NULL;

	if (!base64_read(str_part(id, UPLOAD.len, id.len), &text) ||
		json_read(job->arena, buf_text(&text), &v, NULL) != OK ||
		!json_text_at(v, "type").len)
		return graph_unknown(job, req, id);
	*out = (struct upload){ json_text_at(v, "type"), json_text_at(v, "name"),
		json_int(json_field(v, "size"), 0) };
	return OK;
}

static void set_header(struct job *job, struct request *copy, str name, str value)
{
	struct header *headers =
		ARENA_ARRAY(job->arena, struct header, copy->header_count + 1);
	size_t n = 0;

	for (size_t i = 0; i < copy->header_count; i++)
		if (!str_is_nocase(copy->headers[i].name, name))
			headers[n++] = copy->headers[i];
	headers[n++] = (struct header){ name, value };
	copy->headers = headers;
	copy->header_count = n;
}

/* The whole body is the file, of the type that the session says. */
enum err graph_upload_take(struct job *job, const struct request *req, struct response *res)
{
	str offset = request_header(req, S("file_offset"));
	struct request copy = *req;
	struct upload session;
	struct media media;
	struct buf *out;

	TRY(read_session(job, req, &session));
	if (offset.len && !str_is(offset, S("0")))
		return graph_fail(job, "100", "Nothing is kept of this upload: begin at 0.");
	if ((req->body_path ? req->body_size : (int64_t)req->body.len) != session.size)
		return graph_fail(job, "100", "The upload has another size than was announced.");
	set_header(job, &copy, S("content-type"), session.type);
	TRY(media_take(job, &copy, &media));
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put(out, "h", arena_printf(job->arena, "4::%lld", (long long)media.id));
	json_close(out, '}');
	return OK;
}

enum err graph_upload_state(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct upload session;

	TRY(read_session(job, req, &session));
	json_open(out, '{');
	json_put(out, "id", graph_part(req, 0));
	json_put_int(out, "file_offset", 0);
	json_close(out, '}');
	return OK;
}
