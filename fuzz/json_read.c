/* json_read.c: whatever is read as JSON is written, read again, and written the same. */
#include "base/json.h"
#include "fuzz/fuzz.h"

static struct buf written(struct arena *arena, json v)
{
	struct buf out = buf_in(arena, JSON_SIZE_MAX * 7);

	json_put_value(&out, NULL, v);
	MUST(!out.failed);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct buf once, twice;
	json first, second;
	str why = STR_NONE;

	if (json_read(arena, str_from((bytes){ data, size }), &first, &why) != OK) {
		MUST(why.len > 0);
		return 0;
	}
	once = written(arena, first);
	if (once.len > JSON_SIZE_MAX) /* escapes made it longer than we read */
		return 0;
	MUST(json_read(arena, buf_text(&once), &second, NULL) == OK);
	twice = written(arena, second);
	MUST(str_is(buf_text(&once), buf_text(&twice)));
	return 0;
}
