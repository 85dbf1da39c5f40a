/*
 * http_request.c: from a head to a request: its path, its route, its limits; and what handlers ask
 * of it.
 */
#include "net/http_internal.h"

#include "base/codec.h"

str request_header(const struct request *req, str name)
{
	for (size_t i = 0; i < req->header_count; i++)
		if (str_is_nocase(req->headers[i].name, name))
			return req->headers[i].value;
	return STR_NONE;
}

str request_query(struct arena *arena, const struct request *req, const char *name)
{
	str rest = req->query, want = str_of(name);

	while (rest.len > 0) {
		str pair = str_split(&rest, '&');
		struct buf key = buf_in(arena, pair.len + 1), value = key;

		if (!percent_read(str_split(&pair, '='), true, &key) ||
		    !str_is(buf_text(&key), want))
			continue;
		return percent_read(pair, true, &value) && str_is_utf8(buf_text(&value))
		               ? buf_text(&value)
		               : STR_NONE;
	}
	return STR_NONE;
}

static str cookie_in(str line, str name)
{
	while (line.len > 0) {
		str pair = str_trim(str_split(&line, ';'));
		str key = str_split(&pair, '=');

		if (str_is(key, name))
			return pair;
	}
	return STR_NONE;
}

str request_cookie(const struct request *req, str name)
{
	for (size_t i = 0; i < req->header_count; i++) {
		str found = str_is_nocase(req->headers[i].name, S("Cookie"))
		                    ? cookie_in(req->headers[i].value, name)
		                    : STR_NONE;
		if (found.ptr)
			return found;
	}
	return STR_NONE;
}

/* The last address of X-Forwarded-For is the one our proxy saw; those before it are the client's
 * word. */
static void trust_proxy(struct exchange *ex)
{
	str list = request_header(&ex->req, S("X-Forwarded-For"));
	str last = STR_NONE;

	while (list.len > 0)
		last = str_trim(str_split(&list, ','));
	if (last.len > 0 && last.len < HTTP_REMOTE_MAX)
		ex->req.remote = last;
	if (str_is_nocase(request_header(&ex->req, S("X-Forwarded-Proto")), S("https")))
		ex->req.secure = true;
}

static bool decode_params(struct exchange *ex)
{
	struct request *req = &ex->req;

	for (size_t i = 0; i < HTTP_PARAMS_MAX && req->params[i].ptr; i++) {
		bool is_rest = str_ends(str_of(req->route->pattern), S("{*}")) &&
			       (i + 1 == HTTP_PARAMS_MAX || !req->params[i + 1].ptr);

		if (!path_decode(ex->arena, req->params[i], is_rest, &req->params[i]))
			return false;
	}
	return true;
}

static int find_route(struct exchange *ex, str raw_path, const char **detail)
{
	const struct http_config *config = &ex->server->config;
	struct request *req = &ex->req;

	if (!path_decode(ex->arena, raw_path, true, &req->path)) {
		*detail = "The path is not one.";
		return 400;
	}
	if (str_is(raw_path, S("*"))) {
		ex->allowed = (1u << HTTP_METHODS) - 1;
		return 0;
	}
	req->route = route_find(config->routes, config->route_count, req->method, raw_path,
	                        req->params, &ex->allowed);
	if (req->route && !decode_params(ex)) {
		*detail = "The path is not one.";
		return 400;
	}
	if (req->route || (ex->allowed && req->method == HTTP_OPTIONS))
		return 0;
	*detail = ex->allowed ? "This method is not for this path."
	                      : "There is nothing at this path.";
	return ex->allowed ? 405 : 404;
}

static int read_limits(struct exchange *ex, const struct head *head, const char **detail)
{
	const struct route *route = ex->req.route;
	bool has_body = head->is_chunked || head->content_length > 0;

	ex->is_chunked = head->is_chunked;
	ex->body_left = head->content_length > 0 ? head->content_length : 0;
	ex->body_max = route && route->body_max ? (int64_t)route->body_max : HTTP_BODY_MEMORY_MAX;
	if (ex->body_left > ex->body_max) {
		*detail = "The body is too large.";
		return 413;
	}
	ex->body = buf_heap((size_t)ex->body_max);
	if (route && route->flags & ROUTE_STREAM_BODY && has_body)
		upload_start(ex);
	return 0;
}

int request_read(struct exchange *ex, const struct head *head, const char **detail)
{
	const struct http_config *config = &ex->server->config;
	struct request *req = &ex->req;
	struct header *headers = ARENA_ARRAY(ex->arena, struct header, head->header_count);
	int status;

	if (head->header_count)
		memcpy(headers, head->headers, head->header_count * sizeof *headers);
	req->method = head->method;
	req->target = head->target;
	req->query = head->query;
	req->headers = headers;
	req->header_count = head->header_count;
	req->remote = arena_str(ex->arena, str_of(ex->conn->remote));
	req->secure = ex->conn->stream.ssl;
	ex->keep_alive = head->keep_alive;
	ex->is_http10 = head->is_http10;
	if (config->trusted_proxy && str_is(req->remote, str_of(config->trusted_proxy)))
		trust_proxy(ex);
	status = find_route(ex, head->path, detail);
	return status ? status : read_limits(ex, head, detail);
}
