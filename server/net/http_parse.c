/* http_parse.c: request line and header fields; see http_parse.h. */
#include "net/http_parse.h"

static const struct {
	str name;
} methods[HTTP_METHODS] = {
	[HTTP_GET] = { S("GET") },         [HTTP_HEAD] = { S("HEAD") },
	[HTTP_POST] = { S("POST") },       [HTTP_PUT] = { S("PUT") },
	[HTTP_PATCH] = { S("PATCH") },     [HTTP_DELETE] = { S("DELETE") },
	[HTTP_OPTIONS] = { S("OPTIONS") },
};

const char *http_method_name(enum http_method method)
{
	return (unsigned)method < HTTP_METHODS ? methods[method].name.ptr : "?";
}

/* RFC 9110 §5.6.2: token = 1*tchar */
static bool is_tchar(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_tchar((uint8_t)s.ptr[i]))
			return false;
	return s.len > 0;
}

bool http_is_field_value(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

bool http_list_has(str list, str token)
{
	while (list.len > 0)
		if (str_is_nocase(str_trim(str_split(&list, ',')), token))
			return true;
	return false;
}

static ptrdiff_t too_long(bytes in, const char **detail)
{
	bool in_first_line =
		!memchr(in.ptr, '\n', in.len < HTTP_TARGET_MAX ? in.len : HTTP_TARGET_MAX);

	if (in_first_line && in.len > HTTP_TARGET_MAX) {
		*detail = "The request line is too long.";
		return -414;
	}
	*detail = "The header section is too large.";
	return in.len > HTTP_HEAD_MAX ? -431 : 0;
}

ptrdiff_t http_head_find(bytes in, size_t *scanned, const char **detail)
{
	size_t at = *scanned, end;
	const uint8_t *nl;

	while (at < in.len && (nl = memchr(in.ptr + at, '\n', in.len - at))) {
		end = (size_t)(nl - in.ptr);
		if (end == 0 || in.ptr[end - 1] != '\r') {
			*detail = "A line ends without carriage return.";
			return -400;
		}
		at = end + 1;
		/* Two line ends in a row; the one at the very start is the empty line that RFC 9112
		 * §2.2 lets pass. */
		if (end >= 3 && in.ptr[end - 2] == '\n')
			return at <= HTTP_HEAD_MAX ? (ptrdiff_t)at : too_long(in, detail);
	}
	*scanned = at;
	return too_long(in, detail);
}

static int refuse(struct head *h, int status, const char *detail)
{
	h->detail = detail;
	return status;
}

/* Visible ASCII without what never stands in a URI and has fooled parsers. */
static bool is_target(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = (uint8_t)s.ptr[i];

		if (c <= 0x20 || c >= 0x7f || c == '#' || c == '\\' || c == '<' || c == '>' ||
		    c == '"')
			return false;
	}
	return s.len > 0;
}

static int read_method(str name, struct head *h)
{
	for (size_t i = 0; i < HTTP_METHODS; i++) {
		if (str_is(name, methods[i].name)) {
			h->method = (enum http_method)i;
			return 0;
		}
	}
	return http_is_token(name) ? refuse(h, 501, "This method is not implemented.")
				   : refuse(h, 400, "The method is not a token.");
}

static int read_version(str version, struct head *h)
{
	if (version.len != 8 || !str_starts(version, S("HTTP/")) || version.ptr[6] != '.' ||
	    !str_is_digits(str_part(version, 5, 1)) || !str_is_digits(str_part(version, 7, 1)))
		return refuse(h, 400, "The request line is not one of HTTP.");
	if (version.ptr[5] != '1')
		return refuse(h, 505, "Only HTTP/1.1 is spoken here.");
	h->is_http10 = version.ptr[7] == '0';
	h->keep_alive = !h->is_http10;
	return 0;
}

/* "http://host/path": the host is kept in h->host, to be held against the header. */
static str absolute_host(str *target)
{
	size_t skip = str_starts(*target, S("http://"))    ? 7
	              : str_starts(*target, S("https://")) ? 8
	                                                   : 0;
	size_t end = skip;

	if (!skip)
		return STR_NONE;
	while (end < target->len && target->ptr[end] != '/' && target->ptr[end] != '?')
		end++;
	str host = str_part(*target, skip, end - skip);
	*target = str_part(*target, end, target->len);
	return host;
}

static int read_target(str target, struct head *h)
{
	if (target.len > HTTP_TARGET_MAX)
		return refuse(h, 414, "The request line is too long.");
	if (!is_target(target))
		return refuse(h, 400, "The target has octets that a URI cannot have.");
	h->target = target;
	h->host = absolute_host(&target);
	if (h->host.ptr && (target.len == 0 || target.ptr[0] == '?'))
		h->path = S("/");
	else
		h->path = str_split(&target, '?');
	if (target.len > 0 && target.ptr[0] == '?')
		target = str_part(target, 1, target.len);
	h->query = target;
	if (h->path.len && h->path.ptr[0] == '/')
		return 0;
	return str_is(h->target, S("*")) && h->method == HTTP_OPTIONS
	               ? 0
	               : refuse(h, 400, "The target is not a path.");
}

static int read_request_line(str line, struct head *h)
{
	str method = str_split(&line, ' ');
	str target = str_split(&line, ' ');
	int status;

	if ((status = read_version(line, h)) || (status = read_method(method, h)))
		return status;
	return read_target(target, h);
}

/* RFC 3986 host and port; enough to refuse lists, user names and paths. */
static bool is_host(str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (!is_tchar((uint8_t)c) && !strchr("[]:()=;,", c))
			return false;
		if (c == ',' || c == '#' || c == '`' || c == '^' || c == '|')
			return false;
	}
	return s.len > 0;
}

static int field_host(struct head *h, str value)
{
	if (!is_host(value))
		return refuse(h, 400, "The Host header is not a host.");
	if (h->host.ptr && !str_is_nocase(h->host, value))
		return refuse(h, 400, "The target names another host than the Host header.");
	h->host = value;
	return 0;
}

/* RFC 9112 §6.3: "If a message is received without Transfer-Encoding and with an invalid
 * Content-Length header field, then the message framing is invalid and the recipient MUST treat it
 * as an unrecoverable error". */
static int field_content_length(struct head *h, str value)
{
	if (value.len > 15 || !str_is_digits(value) || !str_to_i64(value, &h->content_length))
		return refuse(h, 400, "Content-Length is not one number.");
	return 0;
}

static int field_transfer_encoding(struct head *h, str value)
{
	if (h->is_http10)
		return refuse(h, 400, "HTTP/1.0 has no Transfer-Encoding.");
	if (!str_is_nocase(value, S("chunked")))
		return refuse(h, 501, "The only transfer coding taken is chunked.");
	h->is_chunked = true;
	return 0;
}

static int field_connection(struct head *h, str value)
{
	if (http_list_has(value, S("close")))
		h->keep_alive = false;
	if (http_list_has(value, S("upgrade")))
		h->has_upgrade = true;
	return 0;
}

static int field_expect(struct head *h, str value)
{
	if (!str_is_nocase(value, S("100-continue")))
		return refuse(h, 417, "The only expectation met is 100-continue.");
	h->expects_continue = !h->is_http10;
	return 0;
}

/* The fields that frame a message; `once`: a second one is refused, whatever it says. */
static const struct framing {
	str name;
	bool once;
	int (*read)(struct head *h, str value);
} framing[] = {
	{ S("Host"), true, field_host },
	{ S("Content-Length"), true, field_content_length },
	{ S("Transfer-Encoding"), true, field_transfer_encoding },
	{ S("Connection"), false, field_connection },
	{ S("Expect"), true, field_expect },
};

static int read_framing(struct head *h, const struct header *field, unsigned *seen)
{
	for (size_t i = 0; i < COUNT_OF(framing); i++) {
		if (field->name.len != framing[i].name.len ||
		    !str_is_nocase(field->name, framing[i].name))
			continue;
		if (framing[i].once && *seen & (1u << i))
			return refuse(h, 400, "A header that frames the message came twice.");
		*seen |= 1u << i;
		return framing[i].read(h, field->value);
	}
	return 0;
}

static int read_field(str line, struct head *h, unsigned *seen)
{
	struct header *field = &h->headers[h->header_count];
	size_t colon = str_find(line, ':');

	if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
		return refuse(h, 400, "A header is folded over two lines.");
	if (h->header_count == HTTP_HEADERS_MAX)
		return refuse(h, 431, "There are too many headers.");
	if (colon == line.len)
		return refuse(h, 400, "A header line has no colon.");
	field->name = str_part(line, 0, colon);
	field->value = str_trim(str_part(line, colon + 1, line.len));
	if (!http_is_token(field->name))
		return refuse(h, 400, "A header's name is not a token.");
	if (!http_is_field_value(str_part(line, colon + 1, line.len)))
		return refuse(h, 400, "A header's value has control octets.");
	h->header_count++;
	return read_framing(h, field, seen);
}

static int check_framing(struct head *h, unsigned seen)
{
	bool has_host = seen & 1u;

	if (h->is_chunked && h->content_length >= 0)
		return refuse(h, 400, "Both Content-Length and Transfer-Encoding are given.");
	if (!has_host && !h->is_http10)
		return refuse(h, 400, "The Host header is missing.");
	return 0;
}

/* Cuts the line up to "\r\n"; a bare carriage return in it is a control octet to the checks of its
 * parts. */
static str take_line(str *rest)
{
	size_t end = str_find(*rest, '\n');
	str line = str_part(*rest, 0, end ? end - 1 : 0);

	*rest = str_part(*rest, end + 1, rest->len);
	return line;
}

int http_head_parse(str head, struct head *out)
{
	unsigned seen = 0;
	str line;
	int status;

	out->header_count = 0;
	out->content_length = -1;
	out->is_chunked = out->expects_continue = out->has_upgrade = false;
	out->host = STR_NONE;
	if (str_starts(head, S("\r\n")))
		head = str_part(head, 2, head.len);
	line = take_line(&head);
	if ((status = read_request_line(line, out)))
		return status;
	while ((line = take_line(&head)).len > 0)
		if ((status = read_field(line, out, &seen)))
			return status;
	return check_framing(out, seen);
}
