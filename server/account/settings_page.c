/* settings_page.c: prints docs/guide/settings.md; `ninja -C build settings-page` writes it. */
#include "account/settings.h"

#include <stdio.h>

int main(void)
{
	struct buf page = buf_heap(1u << 20);

	settings_reference(&page);
	fwrite(page.ptr, 1, page.len, stdout);
	buf_done(&page);
	return 0;
}
