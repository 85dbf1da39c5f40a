/* graph_qr.c: message_qrdls: QR codes and short links of a number. */
#include "provider/sandbox/sandbox_internal.h"

#include "crypto/crypto.h"

enum { CODES_MAX = 2000, TEXT_MAX = 140, CODE_SIZE = 14 };

static struct qr_code **find(struct number *number, str code)
{
	struct qr_code **at = &number->qr_codes;

	while (*at && !str_is(code, str_of((*at)->code)))
		at = &(*at)->next;
	return at;
}

static void release(struct qr_code *qr)
{
	heap_free(qr->code);
	heap_free(qr->text);
	heap_free(qr);
}

void qr_codes_clear(struct number *number)
{
	while (number->qr_codes) {
		struct qr_code *qr = number->qr_codes;

		number->qr_codes = qr->next;
		release(qr);
	}
}

/* with_image: the fields asked for name qr_image_url. */
static void write_code(struct buf *b, const struct qr_code *qr, bool with_image)
{
	json_open(b, '{');
	json_put(b, "code", str_of(qr->code));
	json_put(b, "prefilled_message", str_of(qr->text));
	json_put(b, "deep_link_url",
		arena_printf(b->arena, "https://wa.me/message/%s", qr->code));
	if (with_image)
		json_put(b, "qr_image_url",
			arena_printf(b->arena, "https://lookaside.example.com/qr/%s", qr->code));
	json_close(b, '}');
}

static bool wants_image(struct arena *arena, const struct request *req)
{
	str fields = request_query(arena, req, "fields");

	for (size_t i = 0; i < fields.len; i++)
		if (str_starts(str_part(fields, i, fields.len), S("qr_image_url")))
			return true;
	return false;
}

void graph_qr_list(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	str only = req->params[2].len ? req->params[2] : request_query(b.arena, req, "code");

	if (!number)
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct qr_code *qr = number->qr_codes; qr; qr = qr->next)
		if (!only.len || str_is(only, str_of(qr->code)))
			write_code(&b, qr, wants_image(b.arena, req));
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static struct qr_code *add(struct number *number, struct arena *arena)
{
	struct qr_code *qr = HEAP_NEW(struct qr_code);
	str code = str_part(crypto_random_text(arena, CODE_SIZE), 0, CODE_SIZE);

	*qr = (struct qr_code){ .next = number->qr_codes, .code = heap_text(code) };
	for (char *c = qr->code; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c == '-' || *c == '_' ? 'X' : *c;
	number->qr_codes = qr;
	return qr;
}

static size_t count_of(const struct number *number)
{
	size_t count = 0;

	for (const struct qr_code *qr = number->qr_codes; qr; qr = qr->next)
		count++;
	return count;
}

void graph_qr_set(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), 8192);
	struct qr_code *qr;
	json v = NULL;
	str text, code;

	if (!number)
		return;
	if (json_read(b.arena, str_from(req->body), &v, NULL) != OK)
		v = NULL;
	text = json_text_at(v, "prefilled_message");
	code = json_text_at(v, "code");
	qr = code.len ? *find(number, code) : NULL;
	if (!text.len || str_count_points(text) > TEXT_MAX || (code.len && !qr) ||
		count_of(number) >= CODES_MAX) {
		answer_code(ex, 100, S("prefilled_message has 1 to 140 characters, and code is "
				       "one of the number's."));
		return;
	}
	if (!qr)
		qr = add(number, b.arena);
	set_text(&qr->text, text);
	write_code(&b, qr, json_text_at(v, "generate_qr_image").len > 0);
	answer_json(ex, 200, &b);
}

void graph_qr_delete(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct qr_code **at, *qr;

	if (!number)
		return;
	at = find(number, req->params[2]);
	qr = *at;
	if (!qr) {
		answer_code(ex, 100, S("There is no such QR code."));
		return;
	}
	*at = qr->next;
	release(qr);
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}
