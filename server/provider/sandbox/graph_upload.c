/*
 * graph_upload.c: the resumable upload: a session, its octets from an offset on, and how far it is.
 *
 * The octets themselves are forgotten: only their number counts.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "crypto/crypto.h"

#define UPLOADS_MAX 200

static struct upload *find(str id)
{
	struct upload *u = the_sandbox->uploads;

	while (u && !str_is(id, str_of(u->id)))
		u = u->next;
	return u;
}

static void release(struct upload *u)
{
	heap_free(u->id);
	heap_free(u);
}

void uploads_clear(struct sandbox *sb)
{
	while (sb->uploads) {
		struct upload *u = sb->uploads;

		sb->uploads = u->next;
		release(u);
	}
}

static void forget_oldest(struct sandbox *sb)
{
	struct upload **at = &sb->uploads;
	size_t count = 0;

	for (; *at; count++) {
		if (count < UPLOADS_MAX - 1) {
			at = &(*at)->next;
			continue;
		}
		release(*at);
		*at = NULL;
	}
}

static void answer_id(struct exchange *ex, const struct upload *u, bool with_offset)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);

	json_open(&b, '{');
	json_put(&b, "id", str_of(u->id));
	if (with_offset)
		json_put_int(&b, "file_offset", u->got);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void graph_upload_start(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct upload *u;
	int64_t length;

	if (!graph_token(req, ex))
		return;
	if (!str_to_i64(request_query(arena, req, "file_length"), &length) ||
		!request_query(arena, req, "file_type").len) {
		answer_code(ex, 100, S("file_length and file_type are required."));
		return;
	}
	forget_oldest(the_sandbox);
	u = HEAP_NEW(struct upload);
	*u = (struct upload){ .next = the_sandbox->uploads,
		.length = length,
		.id = heap_text(arena_printf(arena, "upload:" STR_F,
			STR_A(crypto_random_text(arena, 24)))) };
	the_sandbox->uploads = u;
	answer_id(ex, u, false);
}

void graph_upload_get(const struct request *req, struct exchange *ex)
{
	const struct upload *u = find(req->params[1]);

	if (u)
		answer_id(ex, u, true);
	else
		answer_code(ex, 100, S("There is no such upload."));
}

static void answer_handle(struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);

	json_open(&b, '{');
	json_put(&b, "h",
		arena_printf(b.arena, "4::" STR_F, STR_A(crypto_random_text(b.arena, 24))));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void graph_upload_part(const struct request *req, struct exchange *ex)
{
	struct upload *u = find(req->params[1]);
	const struct fault *cut;
	int64_t from = -1;

	if (!u || !str_starts(request_header(req, S("Authorization")), S("OAuth "))) {
		answer_code(ex, u ? 190 : 100, S("An upload wants its id and an OAuth header."));
		return;
	}
	if (!str_to_i64(request_header(req, S("file_offset")), &from) || from != u->got) {
		answer_code(ex, 100, S("file_offset is not where the upload stands."));
		return;
	}
	cut = fault_take(the_sandbox, FAULT_UPLOAD_CUT, FAULT_UPLOAD_CUT, S(""), S(""));
	if (cut) {
		u->got += cut->code < (int64_t)req->body.len ? cut->code : (int64_t)req->body.len;
		exchange_drop(ex);
		return;
	}
	u->got += (int64_t)req->body.len;
	if (u->got == u->length && u->length > 0)
		answer_handle(ex);
	else
		answer_code(ex, 100, S("The file is not as long as file_length."));
}
