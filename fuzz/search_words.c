/* search_words.c: any octets give words that are UTF-8, and folding them again changes nothing. */
#include "fuzz/fuzz.h"
#include "inbox/search_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct words words = { 0 };
	struct message msg = { .content = { (const char *)data, size } };

	words_add(arena, &words, msg.content);
	MUST(words.count <= SEARCH_TEXT_WORDS_MAX);
	for (size_t i = 0; i < words.count; i++)
		MUST(words.items[i].len && str_is_utf8(words.items[i]));
	words = (struct words){ 0 };
	words_of_message(arena, &msg, &words);
	return 0;
}
