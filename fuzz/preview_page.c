/* preview_page.c: the head of a page, as a stranger's server sends it: what comes out is UTF-8. */
#include "provider/linked/preview_page.h"

#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct preview_page page;
	size_t type = size ? data[0] % 40 : 0;
	str address;

	if (size <= type)
		return 0;
	(void)!preview_page_read(arena, (bytes){ data + 1 + type, size - 1 - type },
		(str){ (const char *)data + 1, type }, &page);
	MUST(str_is_utf8(page.title) && str_is_utf8(page.description));
	MUST(str_count_points(page.title) <= PREVIEW_TITLE_MAX);
	address = preview_address(arena, S("https://a.example/b/c"), page.image);
	MUST(!address.ptr || str_starts(address, S("http")));
	return 0;
}
