/* graph.c: from an address of the Graph-shaped API to its parts: version, token, parameters. */
#include "api/graph.h"

#include "base/codec.h"
#include "inbox/media.h"

#include <fcntl.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20, PARAMETERS_MAX = 200 };

static bool has_version(const struct route *route)
{
	return strstr(route->pattern, "/v{version}") != NULL;
}

bool graph_is(const struct route *route)
{
	return strncmp(route->pattern, "/graph", 6) == 0 || has_version(route);
}

str graph_part(const struct request *req, size_t n)
{
	return req->params[n + has_version(req->route)];
}

str graph_bearer(const struct request *req, struct arena *arena)
{
	str value = request_header(req, S("authorization"));

	if (str_is_nocase(str_part(value, 0, 7), S("Bearer ")))
		return str_trim(str_part(value, 7, value.len));
	if (str_is_nocase(str_part(value, 0, 6), S("OAuth ")))
		return str_trim(str_part(value, 6, value.len));
	return request_query(arena, req, "access_token");
}

/* "20.0", "20": what stands behind the v. */
enum err graph_check_version(struct job *job, const struct request *req)
{
	str rest = req->params[0], major = str_split(&rest, '.');
	int64_t n = 0;

	if (!has_version(req->route))
		return OK;
	if (str_is_digits(major) && str_to_i64(major, &n) && n >= GRAPH_VERSION_MIN &&
		n <= GRAPH_VERSION_MAX && (!rest.len || str_is(rest, S("0"))))
		return OK;
	return graph_fail(job, "2635",
		"Unknown version: use one from v%d.0 to v%d.0, " GRAPH_VERSION_OURS " is current.",
		GRAPH_VERSION_MIN, GRAPH_VERSION_MAX);
}

str graph_version(struct job *job, const struct request *req)
{
	return has_version(req->route)
	               ? arena_printf(job->arena, "v" STR_F, STR_A(req->params[0]))
	               : S(GRAPH_VERSION_OURS);
}

/* ---- parameters ---- */

/* A value of a form that looks like JSON is JSON, as Graph reads it. */
static void put_parameter(struct job *job, struct buf *out, str name, str value)
{
	json v;

	json_key_str(out, name);
	if ((str_starts(value, S("{")) || str_starts(value, S("["))) &&
		json_read(job->arena, value, &v, NULL) == OK)
		json_put_value(out, NULL, v);
	else
		json_put(out, NULL, value.ptr ? value : S(""));
}

static bool decode(struct job *job, str raw, str *out)
{
	struct buf text = buf_in(job->arena, raw.len + 1);

	if (!percent_read(raw, true, &text))
		return false;
	*out = buf_text(&text);
	return str_is_utf8(*out);
}

static enum err form_body(struct job *job, str form, json *out)
{
	struct buf text = buf_in(job->arena, BODY_MAX);
	size_t count = 0;

	json_open(&text, '{');
	while (form.len) {
		str value = str_split(&form, '&'), name = str_split(&value, '=');

		if (!name.len)
			continue;
		if (++count > PARAMETERS_MAX || !decode(job, name, &name) ||
			!decode(job, value, &value))
			return graph_fail(job, "100", "The form of the body is not well-formed.");
		put_parameter(job, &text, name, value);
	}
	json_close(&text, '}');
	if (text.failed || json_read(job->arena, buf_text(&text), out, NULL) != OK)
		return graph_fail(job, "100", "The form of the body is not well-formed.");
	return OK;
}

/* Routes that take files have every body in one. */
static enum err read_body(struct job *job, const struct request *req, str *out)
{
	uint8_t *all;
	ssize_t n = 0;
	size_t len = 0;
	int fd;

	*out = str_from(req->body);
	if (!req->body_path)
		return OK;
	if (req->body_size > BODY_MAX)
		return graph_fail(job, "100", "The body is too large.");
	all = arena_alloc(job->arena, (size_t)req->body_size + 1);
	fd = open(req->body_path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && len < (size_t)req->body_size &&
		(n = read(fd, all + len, (size_t)req->body_size - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	*out = (str){ (const char *)all, len };
	return len == (size_t)req->body_size
	               ? OK
	               : fail(job, ERR_STORE, "the temporary file of a body cannot be read");
}

enum err graph_body(struct job *job, const struct request *req, json *out)
{
	str type = request_header(req, S("content-type")), why = S("it is no object"), text;

	TRY(read_body(job, req, &text));
	if (str_is_nocase(str_trim(str_part(type, 0, str_find(type, ';'))),
		    S("application/x-www-form-urlencoded")))
		return form_body(job, text, out);
	if (!str_trim(text).len)
		text = S("{}");
	if (json_read(job->arena, text, out, &why) == OK && json_kind(*out) == JSON_MAP)
		return OK;
	return graph_fail(job, "100", "The body is no JSON object: " STR_F ".", STR_A(why));
}

str graph_text(struct job *job, const struct request *req, json body, const char *name)
{
	str text = json_text_or_int(job->arena, json_field(body, name));

	return text.ptr ? text : request_query(job->arena, req, name);
}

/* "id,throughput{level}" too: what stands in braces is not looked at. */
bool graph_wants(str fields, const char *name, bool otherwise)
{
	if (!str_trim(fields).len)
		return otherwise;
	while (fields.len) {
		str field = str_trim(str_split(&fields, ','));

		if (str_is(str_part(field, 0, str_find(field, '{')), str_of(name)))
			return true;
	}
	return false;
}

enum err graph_success(struct response *res)
{
	struct buf *out = reply_json(res, 200);

	json_open(out, '{');
	json_put_bool(out, "success", true);
	json_close(out, '}');
	return OK;
}
