/*
 * http_response.c: an answer as octets: status line, headers, body.
 *
 * Runs on the thread that owns the exchange, so that the loop only writes. Head and body are two
 * pieces of one write.
 */
#include "net/http_internal.h"

#include "base/clock.h"

#include <time.h>
#include <unistd.h>

enum {
	HEAD_FIXED_MAX = 512,
	RESPONSE_HEAD_MAX = 32u << 10,
	RESPONSE_BODY_MAX = 32u << 20,
	RETRY_AFTER_SECONDS = 1
};

static const struct {
	int status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 101, "Switching Protocols" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 206, "Partial Content" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 412, "Precondition Failed" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" },
	{ 417, "Expectation Failed" },
	{ 422, "Unprocessable Content" },
	{ 426, "Upgrade Required" },
	{ 428, "Precondition Required" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
	{ 507, "Insufficient Storage" },
};

const char *http_status_text(int status)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Status";
}

void response_init(struct response *res, struct arena *arena)
{
	*res = (struct response){
		.status = 200,
		.head = buf_in(arena, RESPONSE_HEAD_MAX),
		.body = buf_in(arena, RESPONSE_BODY_MAX),
		.file = -1,
	};
}

void response_header(struct response *res, str name, str value)
{
	if (!http_is_token(name) || !http_is_field_value(value))
		return;
	buf_str(&res->head, name);
	buf_str(&res->head, S(": "));
	buf_str(&res->head, value);
	buf_str(&res->head, S("\r\n"));
}

/* The Date line changes once a second; each thread keeps its own. */
static str date_text(void)
{
	static _Thread_local char text[32];
	static _Thread_local time_t when = -1;
	time_t now = (time_t)(clock_now_ms() / 1000);
	struct tm t;

	if (now != when) {
		gmtime_r(&now, &t);
		strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &t);
		when = now;
	}
	return str_of(text);
}

static bool has_no_body(int status)
{
	return status < 200 || status == 204 || status == 304;
}

static void put_header(struct buf *out, str name, str value)
{
	buf_str(out, name);
	buf_str(out, value);
	buf_str(out, S("\r\n"));
}

static void put_length(struct exchange *ex, struct buf *out, int64_t size)
{
	if (size >= 0) {
		buf_str(out, S("Content-Length: "));
		buf_i64(out, size);
		buf_str(out, S("\r\n"));
	} else if (ex->is_http10) {
		ex->keep_alive = false;
	} else {
		put_header(out, S("Transfer-Encoding: "), S("chunked"));
	}
}

static void put_allow(struct buf *out, unsigned allowed)
{
	const char *comma = "";

	if (allowed & 1u << HTTP_GET)
		allowed |= 1u << HTTP_HEAD;
	allowed |= 1u << HTTP_OPTIONS;
	buf_str(out, S("Allow: "));
	for (unsigned i = 0; i < HTTP_METHODS; i++) {
		if (!(allowed & 1u << i))
			continue;
		buf_str(out, str_of(comma));
		buf_str(out, str_of(http_method_name((enum http_method)i)));
		comma = ", ";
	}
	buf_str(out, S("\r\n"));
}

static void put_status(struct buf *out, int status)
{
	buf_str(out, S("HTTP/1.1 "));
	buf_i64(out, status);
	buf_byte(out, ' ');
	buf_str(out, str_of(http_status_text(status)));
	buf_str(out, S("\r\n"));
}

static int64_t body_size(const struct response *res)
{
	if (response_is_pulled(res))
		return response_pulled_size(res);
	return (int64_t)(res->static_body ? res->static_size : res->body.len);
}

static void write_head(struct exchange *ex, const struct response *res)
{
	struct buf out = buf_in(ex->arena, HEAD_FIXED_MAX + res->head.len + res->type.len);
	int64_t size = body_size(res);

	buf_space(&out, HEAD_FIXED_MAX + res->head.len + res->type.len); /* one piece of memory */
	buf_clear(&out);
	put_status(&out, res->status);
	put_header(&out, S("Date: "), date_text());
	if (!has_no_body(res->status)) {
		if (size != 0)
			put_header(&out, S("Content-Type: "),
			           res->type.len ? res->type : S("application/json"));
		put_length(ex, &out, size);
	}
	/* A handler that answers 405 says itself what is allowed. */
	if (!ex->req.route && (res->status == 405 || res->status == 204))
		put_allow(&out, ex->allowed);
	if (!ex->keep_alive)
		put_header(&out, S("Connection: "), S("close"));
	buf_put(&out, res->head.ptr, res->head.len);
	buf_str(&out, S("\r\n"));
	ex->head = (struct piece){ .data = out.ptr, .len = out.len };
}

static void give_up_source(struct response *res)
{
	if (res->file >= 0)
		close(res->file);
	if (res->next && res->next_done)
		res->next_done(res->next_arg);
}

static void write_body(struct exchange *ex, struct response *res)
{
	bool is_silent = ex->req.method == HTTP_HEAD || has_no_body(res->status);

	ex->tail = (struct piece){ 0 };
	if (response_is_pulled(res) && !is_silent)
		pull_start(ex, res);
	else if (response_is_pulled(res))
		give_up_source(res);
	else if (!is_silent && res->static_body)
		ex->tail = (struct piece){ .data = res->static_body, .len = res->static_size };
	else if (!is_silent && res->body.arena == ex->arena)
		ex->tail = (struct piece){ .data = res->body.ptr, .len = res->body.len };
	else if (!is_silent)
		ex->tail =
			(struct piece){ .data = arena_bytes(ex->arena, buf_bytes(&res->body)).ptr,
			                .len = res->body.len };
}

void response_write(struct exchange *ex, struct response *res)
{
	if (res->body.failed || res->head.failed) {
		response_refuse(ex, 500, "The answer is too large.");
		return;
	}
	if (res->status == 0)
		res->status = 200;
	if (res->close || atomic_load_explicit(&ex->server->is_draining, memory_order_relaxed))
		ex->keep_alive = false;
	write_head(ex, res);
	write_body(ex, res);
}

void response_refuse(struct exchange *ex, int status, const char *detail)
{
	struct response res;

	response_init(&res, ex->arena);
	ex->server->config.refuse(ex->arena, status, detail, &res);
	res.status = status;
	if (status == 503)
		response_header(&res, S("Retry-After"), S("1"));
	if (status == 426)
		response_header(&res, S("Sec-WebSocket-Version"), S("13"));
	response_write(ex, &res);
}
