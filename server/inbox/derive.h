/*
 * derive.h: what phones show of a file before it is there: a small picture, the shape of a voice,
 * how long it lasts, how large it is.
 *
 * Facts: docs/protocol/linked-device-2-messaging.md §7.5. Any call worker; at most DERIVE_MS.
 */
#ifndef INBOX_DERIVE_H
#define INBOX_DERIVE_H

#include "provider/linked/content.h"

#define DERIVE_MS 10000
#define DERIVE_THUMB_WIDTH 96
#define DERIVE_THUMB_MAX (10u << 10)    /* "keep inline thumbnails under 10 KB" */

/* Fills what can be found out; the rest stays as it is: a file that does not read goes without.
 * For struct linked_host. path: a plain file. */
void derive_media(struct job *job, const struct media_info *info, const char *path,
	struct linked_derived *out);

#endif
