/* http_request.c: a head that is taken is framed in one way only, wherever it was cut. */
#include "fuzz/fuzz.h"
#include "net/http_parse.h"

static struct head head;

/* Finds the end of the head when the octets come one by one. */
static ptrdiff_t find_slowly(bytes in)
{
	size_t scanned = 0;
	const char *detail = NULL;

	for (size_t n = 1; n <= in.len; n++) {
		ptrdiff_t found = http_head_find((bytes){ in.ptr, n }, &scanned, &detail);

		if (found)
			return found;
	}
	return 0;
}

static size_t count_named(str name)
{
	size_t count = 0;

	for (size_t i = 0; i < head.header_count; i++)
		count += str_is_nocase(head.headers[i].name, name);
	return count;
}

static void check_head(str text)
{
	MUST(!memchr(text.ptr, 0, text.len));
	MUST(!(head.is_chunked && head.content_length >= 0));
	MUST(count_named(S("Content-Length")) == (head.content_length >= 0));
	MUST(count_named(S("Transfer-Encoding")) == head.is_chunked);
	MUST(count_named(S("Host")) == 1 || head.is_http10);
	MUST(head.path.len > 0 && (head.path.ptr[0] == '/' || head.method == HTTP_OPTIONS));
	for (size_t i = 0; i < head.header_count; i++) {
		MUST(http_is_token(head.headers[i].name));
		MUST(http_is_field_value(head.headers[i].value));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	size_t scanned = 0;
	const char *detail = NULL;
	ptrdiff_t len = http_head_find((bytes){ data, size }, &scanned, &detail);
	ptrdiff_t slowly = size < 2000 ? find_slowly((bytes){ data, size }) : len;
	str text, path;

	MUST(len == slowly || (len < 0 && slowly < 0));
	MUST(len >= 0 || detail);
	if (len <= 0)
		return 0;
	text = arena_str(arena, (str){ (const char *)data, (size_t)len });
	int status = http_head_parse(text, &head);

	MUST(status == 0 || (status >= 400 && status <= 505 && head.detail));
	if (status)
		return 0;
	check_head(text);
	if (path_decode(arena, head.path, true, &path))
		MUST(path.len <= head.path.len && str_is_utf8(path));
	return 0;
}
