/*
 * merge_parts.h: names, values, labels, notes and wishes of two contacts that become one, for
 * merge.c.
 */
#ifndef INBOX_MERGE_PARTS_H
#define INBOX_MERGE_PARTS_H

#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"

/* choice NULL: nobody chose, each keeps its own. Writes "parts" into the open object. */
enum err merge_take_parts(struct job *job, id64 kept, id64 gone, const struct merge_choice *choice,
	struct buf *moved);
enum err merge_return_parts(struct job *job, id64 kept, id64 gone, json parts);

#endif
