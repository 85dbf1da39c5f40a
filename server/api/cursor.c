/*
 * cursor.c: where a list goes on, as a text that only we can make.
 *
 * A cursor is base64url of: time, id, and the first octets of a keyed hash over them and the list's
 * name. The key is the workspace's, so a cursor is worth nothing in another list or another
 * workspace.
 */
#include "account/seal.h"
#include "api/api.h"
#include "base/codec.h"

enum {
	NUMBERS_SIZE = 16,
	TAG_SIZE = 12,
	CURSOR_SIZE = NUMBERS_SIZE + TAG_SIZE,
	CURSOR_TEXT_MAX = 64
};

static void put_number(uint8_t *out, int64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
}

static int64_t get_number(const uint8_t *in)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | in[i];
	return (int64_t)value;
}

static enum err make_tag(struct job *job, const char *list, const uint8_t *numbers,
	uint8_t tag[SHA256_SIZE])
{
	return keyed_hash(job, arena_printf(job->arena, "cursor:%s", list),
		(str){ (const char *)numbers, NUMBERS_SIZE }, tag);
}

static enum err not_ours(struct job *job)
{
	return fail_code(job, ERR_INPUT, S("invalid_cursor"), S("Start again without a cursor."),
			 "The cursor is not one that this list gave.");
}

static enum err read_cursor(struct job *job, const char *list, str text, struct cursor *out)
{
	struct buf raw = buf_in(job->arena, CURSOR_SIZE);
	uint8_t tag[SHA256_SIZE];

	if (text.len > CURSOR_TEXT_MAX || !base64_read(text, &raw) || raw.len != CURSOR_SIZE)
		return not_ours(job);
	TRY(make_tag(job, list, raw.ptr, tag));
	if (!crypto_equal((bytes){ tag, TAG_SIZE }, (bytes){ raw.ptr + NUMBERS_SIZE, TAG_SIZE }))
		return not_ours(job);
	*out = (struct cursor){ .ms = get_number(raw.ptr), .id = get_number(raw.ptr + 8) };
	return OK;
}

enum err page_read(struct job *job, const struct request *req, const char *list, struct page *out)
{
	str limit = request_query(job->arena, req, "limit"),
	    cursor = request_query(job->arena, req, "cursor");
	int64_t count = PAGE_LIMIT_DEFAULT;

	if (limit.ptr && (!str_to_i64(limit, &count) || count < 1 || count > PAGE_LIMIT_MAX))
		field_error(job, S("limit"), S("out_of_range"), S("From 1 to 100."));
	TRY(job_check_fields(job));
	*out = (struct page){ .list = list, .limit = (size_t)count };
	return cursor.len ? read_cursor(job, list, cursor, &out->after) : OK;
}

enum err page_write_next(struct job *job, struct buf *out, const struct page *page,
	const struct cursor *next)
{
	struct buf text = buf_in(job->arena, CURSOR_TEXT_MAX);
	uint8_t raw[NUMBERS_SIZE + SHA256_SIZE];

	if (!next) {
		json_put_null(out, "next_cursor");
		return OK;
	}
	put_number(raw, next->ms);
	put_number(raw + 8, next->id);
	TRY(make_tag(job, page->list, raw, raw + NUMBERS_SIZE));
	base64url_write(&text, (bytes){ raw, CURSOR_SIZE });
	json_put(out, "next_cursor", buf_text(&text));
	return OK;
}
