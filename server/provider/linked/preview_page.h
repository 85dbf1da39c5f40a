/*
 * preview_page.h: what a page says of itself in its head: title, description, picture. Pure.
 */
#ifndef PROVIDER_LINKED_PREVIEW_PAGE_H
#define PROVIDER_LINKED_PREVIEW_PAGE_H

#include "base/buf.h"

#define PREVIEW_TITLE_MAX 200           /* code points */
#define PREVIEW_DESCRIPTION_MAX 400
#define PREVIEW_ADDRESS_MAX 2048        /* octets */

/* Texts are UTF-8, in the arena, one line, cut to the above; empty: it has none. image: as it is
 * written, preview_address() makes an address of it. */
struct preview_page { str title, description, image; };
/* html: the page, or its beginning; type: its Content-Type, or none. false: it has no title. */
bool preview_page_read(struct arena *arena, bytes html, str type, struct preview_page *out);
/* The address that a page at `page` means by `text`, http or https; STR_NONE: none that we follow.
 */
str preview_address(struct arena *arena, str page, str text);

#endif
