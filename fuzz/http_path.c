/* http_path.c: a decoded path never climbs, and a route's parameters lie in the path. */
#include "fuzz/fuzz.h"
#include "net/http_parse.h"

static const struct route routes[] = {
	{ HTTP_GET, "/" },    { HTTP_GET, "/a/{id}" },    { HTTP_POST, "/a/{id}/b" },
	{ HTTP_GET, "/a/b" }, { HTTP_GET, "/{x}/{y}/z" }, { HTTP_GET, "/files/{*}" },
	{ HTTP_GET, "/{*}" },
};

static bool climbs(str path)
{
	while (path.len > 0) {
		str segment = str_split(&path, '/');

		if (str_is(segment, S("..")) || str_is(segment, S(".")))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	str raw = { (const char *)data, size }, decoded, params[HTTP_PARAMS_MAX] = { 0 };
	unsigned allowed;

	if (path_decode(arena, raw, true, &decoded))
		MUST(!climbs(decoded) && !memchr(decoded.ptr, 0, decoded.len) &&
		     str_is_utf8(decoded));
	if (path_decode(arena, raw, false, &decoded))
		MUST(!climbs(decoded));
	const struct route *route =
		route_find(routes, COUNT_OF(routes), HTTP_GET, raw, params, &allowed);

	MUST(!route || allowed & 1u << route->method);
	for (size_t i = 0; route && i < HTTP_PARAMS_MAX && params[i].ptr; i++)
		MUST(params[i].ptr >= raw.ptr &&
		     params[i].ptr + params[i].len <= raw.ptr + raw.len);
	return 0;
}
