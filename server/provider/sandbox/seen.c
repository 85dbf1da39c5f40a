/* seen.c: the last calls of the Graph API as they came: GET /control/requests. */
#include "provider/sandbox/sandbox_internal.h"

enum { SEEN_MAX = 500, BODY_KEPT_MAX = 64 << 10, TOKEN_END = 6 };

static void release(struct seen_call *call)
{
	char *texts[] = { call->target, call->type, call->body, call->token_end };

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		heap_free(texts[i]);
	heap_free(call);
}

static void drop_first(struct sandbox *sb)
{
	struct seen_call *first = sb->seen;

	sb->seen = first->next;
	if (!sb->seen)
		sb->seen_end = &sb->seen;
	sb->seen_count--;
	release(first);
}

void seen_clear(struct sandbox *sb)
{
	while (sb->seen)
		drop_first(sb);
}

static const char *word_of(enum http_method method)
{
	return method == HTTP_POST     ? "POST"
	       : method == HTTP_DELETE ? "DELETE"
				       : "GET";
}

void seen_note(const struct request *req)
{
	struct sandbox *sb = the_sandbox;
	struct seen_call *call = HEAP_NEW(struct seen_call);
	str token = request_header(req, S("Authorization"));

	if (!sb->seen_end)
		sb->seen_end = &sb->seen;
	if (sb->seen_count == SEEN_MAX)
		drop_first(sb);
	*call = (struct seen_call){ .id = ++sb->seen_made,
		.method = word_of(req->method),
		.target = heap_text(req->target),
		.type = heap_text(request_header(req, S("Content-Type"))),
		.body = heap_text(str_part(str_from(req->body), 0, BODY_KEPT_MAX)),
		.token_end = heap_text(str_part(token,
			token.len > TOKEN_END ? token.len - TOKEN_END : 0, token.len)) };
	*sb->seen_end = call;
	sb->seen_end = &call->next;
	sb->seen_count++;
}

/* ?after=id: those behind it. */
void control_seen(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), (size_t)SEEN_MAX * BODY_KEPT_MAX);
	int64_t after = 0;

	(void)!str_to_i64(request_query(exchange_arena(ex), req, "after"), &after);
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct seen_call *c = the_sandbox->seen; c; c = c->next) {
		if (c->id <= after)
			continue;
		json_open(&b, '{');
		json_put_int(&b, "id", c->id);
		json_put(&b, "method", str_of(c->method));
		json_put(&b, "target", str_of(c->target));
		json_put(&b, "type", str_of(c->type));
		json_put(&b, "body", str_of(c->body));
		json_put(&b, "token_end", str_of(c->token_end));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, b.failed ? 500 : 200, &b);
}
