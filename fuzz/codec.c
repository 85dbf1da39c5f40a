/* codec.c: what decodes encodes to the same; what was encoded decodes to the same. */
#include "base/codec.h"
#include "fuzz/fuzz.h"

enum { OUT_MAX = 1 << 20 };

static void check_hex(struct arena *arena, str in)
{
	struct buf raw = buf_in(arena, OUT_MAX);

	if (hex_read(in, &raw))
		MUST(str_is_nocase(hex_text(arena, buf_bytes(&raw)), in));
}

static void check_base64(struct arena *arena, str in)
{
	struct buf raw = buf_in(arena, OUT_MAX), text = buf_in(arena, OUT_MAX),
		   back = buf_in(arena, OUT_MAX);

	if (base64_read(in, &raw)) {
		base64url_write(&text, buf_bytes(&raw));
		MUST(text.len <= in.len && in.len - text.len <= 2);
	}
	buf_clear(&text);
	base64_write(&text, bytes_of(in));
	MUST(base64_read(buf_text(&text), &back) && str_is(buf_text(&back), in));
}

static void check_percent(struct arena *arena, str in)
{
	struct buf plain = buf_in(arena, OUT_MAX), text = buf_in(arena, OUT_MAX),
		   back = buf_in(arena, OUT_MAX);

	if (percent_read(in, false, &plain))
		MUST(plain.len <= in.len);
	percent_write(&text, in);
	MUST(percent_read(buf_text(&text), false, &back) && str_is(buf_text(&back), in));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	str in = str_from((bytes){ data, size });

	if (size > OUT_MAX / 4)
		return 0;
	check_hex(arena, in);
	check_base64(arena, in);
	check_percent(arena, in);
	return 0;
}
