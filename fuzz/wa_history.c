/* wa_history.c: a history is read or refused, whatever is in the zip, and the same by any pieces.
 */
#include "wa/history/history.h"
#include "fuzz/fuzz.h"

#include <zlib.h>

static enum err on_message(void *arg, str chat, const Wa__WebMessageInfo *message)
{
	(void)message;
	*(size_t *)arg += chat.len;
	return OK;
}

static enum err read_by(bytes file, size_t pieces, struct wa_history_totals *totals)
{
	size_t seen = 0;
	const struct wa_history_handler handler = { .arg = &seen, .message = on_message };
	struct wa_history_reader *r = wa_history_create(&handler);

	for (size_t at = 0; at < file.len; at += pieces)
		if (wa_history_feed(r,
			    (bytes){ file.ptr + at,
				    file.len - at < pieces ? file.len - at : pieces }) != OK)
			break;
	MUST(wa_history_held(r) <= WA_HISTORY_ITEM_MAX + (128u << 10));
	return wa_history_finish(r, totals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	uLongf zipped = compressBound(size);
	uint8_t *zip = arena_alloc(arena, zipped);
	struct wa_history_totals one, two;
	enum err e;

	(void)!read_by((bytes){ data, size }, 7, &one);
	MUST(compress2(zip, &zipped, data, size, 1) == Z_OK);
	e = read_by((bytes){ zip, zipped }, 5, &one);
	MUST(read_by((bytes){ zip, zipped }, 1u << 20, &two) == e);
	MUST(e != OK || (one.messages == two.messages && one.chats == two.chats));
	return 0;
}
