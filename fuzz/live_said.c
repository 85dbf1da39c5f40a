/* live_said.c: what a node hears is refused, or said again the same. */
#include "live/live_said.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct buf out = buf_in(arena, size * 2 + 1000);
	struct live_said said, again, rest;

	if (!live_said_read(str_from((bytes){ data, size }), &said))
		return 0;
	MUST(said.count > 0 && said.count <= LIVE_SAID_FIELDS_MAX);
	rest = (struct live_said){ .word = said.word, .count = said.count - 1 };
	for (size_t i = 0; i < rest.count; i++)
		rest.fields[i] = said.fields[i + 1];
	live_said_write(&out, said.fields[0], &rest);
	MUST(!out.failed && live_said_read(buf_text(&out), &again));
	MUST(again.word == said.word && again.count == said.count);
	for (size_t i = 0; i < said.count; i++)
		MUST(str_is(again.fields[i], said.fields[i]));
	return 0;
}
