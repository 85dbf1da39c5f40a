/*
 * preview.h: the title and picture of the page behind a link in a text.
 */
#ifndef PROVIDER_LINKED_PREVIEW_H
#define PROVIDER_LINKED_PREVIEW_H

#include "provider/linked/content.h"

#define PREVIEW_MS 4000         /* for page and picture together; then it goes without */
#define LINKED_PREVIEWS_MAX 16  /* that are remembered of a number: recent.h */

struct linked;
/* Of the first link of a text that asks for it ("preview_url": true), unless the channel's
 * link_previews is false. NULL: there is none. Blocks up to PREVIEW_MS, and what derive() takes for
 * the picture; call workers. */
const struct linked_preview *linked_preview_find(struct job *job, struct linked *n,
	const struct channel *ch, const struct outgoing *msg);

#endif
