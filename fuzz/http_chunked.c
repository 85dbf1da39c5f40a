/* http_chunked.c: a chunked body is the same however it is cut. The first octet says where. */
#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "net/http_parse.h"

enum { NEEDS_MORE, DONE, BROKEN };

static int unchunk(bytes in, size_t step, struct buf *out, size_t *used)
{
	struct chunked c = { 0 };
	bytes all = in;

	while (all.len > 0 && c.state != CHUNK_DONE) {
		bytes part = { all.ptr, all.len < step ? all.len : step }, data;

		all.ptr += part.len;
		all.len -= part.len;
		while (part.len > 0 && c.state != CHUNK_DONE) {
			if (!chunked_read(&c, &part, &data))
				return BROKEN;
			buf_put(out, data.ptr, data.len);
		}
		all.ptr -= part.len;
		all.len += part.len;
	}
	*used = in.len - all.len;
	return c.state == CHUNK_DONE ? DONE : NEEDS_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct buf whole = buf_in(arena, size + 1), cut = buf_in(arena, size + 1);
	size_t used_whole = 0, used_cut = 0;

	if (size < 1)
		return 0;
	bytes in = { data + 1, size - 1 };
	int first = unchunk(in, SIZE_MAX, &whole, &used_whole);
	int second = unchunk(in, (size_t)data[0] % 16 + 1, &cut, &used_cut);

	MUST(first == second && used_whole == used_cut);
	MUST(!whole.failed && whole.len < size);
	MUST(str_is(buf_text(&whole), buf_text(&cut)));
	return 0;
}
