/* missing.c: what the API does not have, and its own description. */
#include "api/handlers.h"
#include "api/openapi.h"

enum err openapi_get(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	response_header(res, S("Cache-Control"), S("no-cache"));
	res->static_body = openapi_json;
	res->static_size = openapi_json_size;
	return OK;
}

static str allow_text(struct job *job, unsigned allowed)
{
	struct buf out = buf_in(job->arena, 128);

	for (unsigned i = 0; i < HTTP_METHODS; i++)
		if (allowed >> i & 1)
			buf_printf(&out, "%s%s", out.len ? ", " : "",
				http_method_name((enum http_method)i));
	return buf_text(&out);
}

/*
 * Under /api/v1 and fitting no other route of that method: 405 when another method would do, else
 * 404. (The console's catch-all for GET would answer a page otherwise.)
 */
enum err api_missing(struct job *job, const struct request *req, struct response *res)
{
	str path = str_part(req->target, 0, str_find(req->target, '?')), params[HTTP_PARAMS_MAX];
	unsigned allowed = 0, one;

	for (unsigned i = 0; i < HTTP_METHODS; i++) {
		const struct route *route = route_find(api_routes, api_route_count,
			(enum http_method)i, path, params, &one);

		if (route && route->handler != api_missing && route->method == (enum http_method)i)
			allowed |= 1u << i;
	}
	if (!allowed)
		return fail(job, ERR_MISSING, "There is nothing at this address.");
	response_header(res, S("Allow"), allow_text(job, allowed));
	return fail_code(job, ERR_INPUT, S("wrong_method"), S("Use one of the methods in Allow."),
			 "This address does not take %s.", http_method_name(req->method));
}
