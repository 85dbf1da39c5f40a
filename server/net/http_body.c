/*
 * http_body.c: a request's body as it comes: counted, unchunked, and kept in memory or given to its
 * upload.
 *
 * Memory grows with what has come, never with what was announced, and is counted over all
 * connections.
 */
#include "net/http_internal.h"

static bool charge(struct exchange *ex, size_t size)
{
	if (size > HTTP_BODIES_MEMORY_MAX - ex->server->body_memory)
		return false;
	ex->server->body_memory += size;
	ex->charged += size;
	return true;
}

void body_release(struct exchange *ex)
{
	ex->server->body_memory -= ex->charged;
	ex->charged = 0;
	buf_done(&ex->body);
}

bool body_is_whole(const struct exchange *ex)
{
	return ex->is_chunked ? ex->chunked.state == CHUNK_DONE : ex->body_left == 0;
}

/* 0, or the status to refuse with. full: an upload wants to write. */
static int keep(struct exchange *ex, bytes data, bool *full)
{
	bool is_all = !ex->is_chunked && ex->body_left == 0 && ex->req.body_size == 0;

	if ((int64_t)data.len > ex->body_max - ex->req.body_size)
		return 413;
	ex->req.body_size += (int64_t)data.len;
	if (ex->upload) {
		*full = upload_add(ex->upload, data);
		return 0;
	}
	if (!charge(ex, data.len))
		return 503;
	if (is_all) /* the usual: it came in one piece */
		ex->req.body = arena_bytes(ex->arena, data);
	else
		buf_put(&ex->body, data.ptr, data.len);
	return 0;
}

static bool next_piece(struct exchange *ex, bytes *in, bytes *data)
{
	if (ex->is_chunked)
		return chunked_read(&ex->chunked, in, data);
	*data = (bytes){ in->ptr,
		         (int64_t)in->len < ex->body_left ? in->len : (size_t)ex->body_left };
	in->ptr += data->len;
	in->len -= data->len;
	ex->body_left -= (int64_t)data->len;
	return true;
}

enum body_result body_read(struct exchange *ex, bytes *in, int *status, const char **detail)
{
	bool full = false;
	bytes data;

	while (in->len > 0 && !full && !body_is_whole(ex)) {
		if (!next_piece(ex, in, &data)) {
			*status = 400;
			*detail = "The body is not framed in chunks.";
			return BODY_REFUSED;
		}
		*status = keep(ex, data, &full);
		if (*status) {
			*detail = *status == 413 ? "The body is too large."
			                         : "There is too much to do at the moment.";
			return BODY_REFUSED;
		}
	}
	if (!body_is_whole(ex))
		return full ? BODY_FULL : BODY_MORE;
	if (!ex->upload && ex->body.len > 0)
		ex->req.body = buf_bytes(&ex->body);
	return BODY_WHOLE;
}
