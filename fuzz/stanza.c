/* stanza.c: any frame is read or refused; what is read, written again, reads the same. */
#include "wa/stanza/stanza.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct buf first = buf_in(arena, 64u << 20), second = buf_in(arena, 64u << 20);
	struct node node, again;
	const char *why;

	if (stanza_read(arena, (bytes){ data, size }, &node, &why) != OK) {
		MUST(why[0]);
		return 0;
	}
	node_print(arena, &node);
	stanza_write(&first, &node);
	MUST(!first.failed);
	MUST(stanza_read(arena, buf_bytes(&first), &again, &why) == OK);
	stanza_write(&second, &again);
	MUST(str_is(buf_text(&first), buf_text(&second)));
	return 0;
}
