/*
 * multipart.c: see multipart.h. Takes what browsers, curl and the SDKs send, and refuses what is
 * merely allowed: text before the first part or behind the last, padding behind a boundary,
 * transfer encodings.
 */
#include "net/multipart.h"

#include "net/http_parse.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BOUNDARY_MAX = 70, NAME_MAX_OCTETS = 256, FILE_NAME_MAX = 255 };

struct mapping {
	void *at;
	size_t size;
};

static void unmap(void *arg)
{
	struct mapping *mapping = arg;

	munmap(mapping->at, mapping->size);
}

static enum err map_body(struct job *job, const struct request *req, bytes *body)
{
	struct mapping *mapping = ARENA_NEW(job->arena, struct mapping);
	int fd;

	*body = req->body;
	if (!req->body_path || req->body_size <= 0)
		return OK;
	fd = open(req->body_path, O_RDONLY | O_CLOEXEC);
	mapping->size = (size_t)req->body_size;
	mapping->at =
		fd < 0 ? MAP_FAILED : mmap(NULL, mapping->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (mapping->at == MAP_FAILED)
		return fail(job, ERR_STORE, "the temporary file of an upload cannot be read");
	job_defer(job, unmap, mapping);
	*body = (bytes){ mapping->at, mapping->size };
	return OK;
}

static enum err malformed(struct job *job, const char *what)
{
	return fail(job, ERR_INPUT, "The multipart body is not well-formed: %s.", what);
}

/* A parameter's value: a token, or a quoted string in which \" and \\ are escapes (others are
 * octets of a path). */
static bool take_value(struct arena *arena, str *rest, str *out)
{
	struct buf value = buf_in(arena, rest->len + 1);
	size_t i = 1;

	if (!rest->len || rest->ptr[0] != '"') {
		*out = str_trim(str_split(rest, ';'));
		return http_is_token(*out);
	}
	for (; i < rest->len && rest->ptr[i] != '"'; i++) {
		bool escapes = rest->ptr[i] == '\\' && i + 1 < rest->len &&
		               strchr("\"\\", rest->ptr[i + 1]);

		i += escapes;
		buf_byte(&value, (uint8_t)rest->ptr[i]);
	}
	if (i >= rest->len)
		return false;
	*rest = str_trim(str_part(*rest, i + 1, rest->len));
	*out = buf_text(&value);
	return rest->len == 0 || str_split(rest, ';').len == 0;
}

/* The next "; name=value" of a header; false at the end or when it is broken (*good). */
static bool take_parameter(struct arena *arena, str *rest, str *name, str *value, bool *good)
{
	size_t equals;

	*rest = str_trim(*rest);
	equals = str_find(*rest, '=');
	if (rest->len == 0 || !*good)
		return false;
	*name = str_part(*rest, 0, equals);
	*rest = str_part(*rest, equals + 1, rest->len);
	*good = http_is_token(*name) && take_value(arena, rest, value);
	return *good;
}

/* RFC 2046 §5.1.1: 1 to 70 characters, none of which could end a line or a header. */
static bool boundary_is_good(str boundary)
{
	for (size_t i = 0; i < boundary.len; i++) {
		char c = boundary.ptr[i];

		if (!http_is_token((str){ &c, 1 }) && (!c || !strchr("()/:=?, ", c)))
			return false;
	}
	return boundary.len > 0 && boundary.len <= BOUNDARY_MAX && !str_ends(boundary, S(" "));
}

static enum err read_boundary(struct job *job, const struct request *req, str *boundary)
{
	str rest = request_header(req, S("Content-Type")), name, value;
	bool good = str_is_nocase(str_trim(str_split(&rest, ';')), S("multipart/form-data"));

	*boundary = STR_NONE;
	if (!good)
		return fail(job, ERR_INPUT, "The body must be multipart/form-data.");
	while (take_parameter(job->arena, &rest, &name, &value, &good)) {
		if (!str_is_nocase(name, S("boundary")))
			continue;
		good = !boundary->ptr && boundary_is_good(value);
		*boundary = value;
	}
	return good && boundary->ptr ? OK : malformed(job, "its boundary is missing or not valid");
}

/* Browsers send a name, some old clients a whole path. */
static str last_component(str path)
{
	for (size_t i = path.len; i > 0; i--)
		if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
			return str_part(path, i, path.len);
	return path;
}

static bool is_name(str s, size_t max)
{
	return s.len <= max && http_is_field_value(s) && !memchr(s.ptr, '\t', s.len) &&
	       str_is_utf8(s);
}

static bool read_disposition(struct arena *arena, str rest, struct part *part)
{
	bool good =
		!part->name.ptr && str_is_nocase(str_trim(str_split(&rest, ';')), S("form-data"));
	str name, value;

	while (take_parameter(arena, &rest, &name, &value, &good)) {
		if (str_is_nocase(name, S("name"))) {
			good = !part->name.ptr && value.len > 0 && is_name(value, NAME_MAX_OCTETS);
			part->name = value;
		} else if (str_is_nocase(name, S("filename"))) {
			good = !part->file_name.ptr;
			part->file_name = last_component(value);
			good = good && is_name(part->file_name, FILE_NAME_MAX);
		}
	}
	return good && part->name.ptr;
}

static bool read_header(struct arena *arena, str line, struct part *part)
{
	size_t colon = str_find(line, ':');
	str name = str_part(line, 0, colon), value = str_trim(str_part(line, colon + 1, line.len));

	if (colon == line.len || !http_is_token(name) || !http_is_field_value(value))
		return false;
	if (str_is_nocase(name, S("Content-Disposition")))
		return read_disposition(arena, value, part);
	if (str_is_nocase(name, S("Content-Transfer-Encoding")))
		return str_is_nocase(value, S("binary")) || str_is_nocase(value, S("8bit")) ||
		       str_is_nocase(value, S("7bit"));
	if (str_is_nocase(name, S("Content-Type"))) {
		if (part->type.ptr)
			return false;
		part->type = value;
	}
	return true;
}

/* Cuts a line off; false when its CRLF is missing. */
static bool take_line(bytes *rest, str *line)
{
	const uint8_t *end = memmem(rest->ptr, rest->len, "\r\n", 2);

	if (!end)
		return false;
	*line = (str){ (const char *)rest->ptr, (size_t)(end - rest->ptr) };
	rest->len -= line->len + 2;
	rest->ptr = end + 2;
	return true;
}

static enum err read_headers(struct job *job, bytes *rest, struct part *part)
{
	size_t before = rest->len;
	str line;

	for (;;) {
		if (!take_line(rest, &line) || before - rest->len > MULTIPART_HEAD_MAX)
			return malformed(job, "the headers of a part do not end");
		if (line.len == 0)
			break;
		if (!read_header(job->arena, line, part))
			return malformed(job, "a header of a part is not valid");
	}
	return part->name.ptr ? OK : malformed(job, "a part has no name");
}

/* The data up to the next delimiter ("\r\n--boundary"), which is taken, too. */
static enum err take_data(struct job *job, bytes *rest, str delimiter, bytes *data)
{
	const uint8_t *end = memmem(rest->ptr, rest->len, delimiter.ptr, delimiter.len);

	if (!end)
		return malformed(job, "its last boundary is missing");
	*data = (bytes){ rest->ptr, (size_t)(end - rest->ptr) };
	rest->len -= data->len + delimiter.len;
	rest->ptr = end + delimiter.len;
	return OK;
}

static bool take_prefix(bytes *rest, str prefix)
{
	if (!str_starts(str_from(*rest), prefix))
		return false;
	rest->ptr += prefix.len;
	rest->len -= prefix.len;
	return true;
}

static enum err read_parts(struct job *job, bytes rest, str delimiter, struct part *parts,
                           size_t *count)
{
	/* The first delimiter has no line before it. */
	if (!take_prefix(&rest, str_part(delimiter, 2, delimiter.len)))
		return malformed(job, "it does not start with its boundary");
	while (!take_prefix(&rest, S("--"))) {
		struct part *part = &parts[*count];

		if (!take_prefix(&rest, S("\r\n")))
			return malformed(job, "a boundary is followed by something else");
		if (*count == MULTIPART_PARTS_MAX)
			return fail(job, ERR_INPUT, "The body has more than %d parts.",
			            MULTIPART_PARTS_MAX);
		TRY(read_headers(job, &rest, part));
		TRY(take_data(job, &rest, delimiter, &part->data));
		++*count;
	}
	take_prefix(&rest, S("\r\n"));
	return rest.len == 0 ? OK : malformed(job, "something follows its last boundary");
}

enum err multipart_read(struct job *job, const struct request *req, struct part **out,
                        size_t *count)
{
	str boundary;
	bytes body;

	*out = ARENA_ARRAY(job->arena, struct part, MULTIPART_PARTS_MAX);
	*count = 0;
	TRY(read_boundary(job, req, &boundary));
	TRY(map_body(job, req, &body));
	return read_parts(job, body, arena_printf(job->arena, "\r\n--" STR_F, STR_A(boundary)),
	                  * out, count);
}
