/*
 * contact_import_internal.h: the plan of an import, shared by contact_import.c and
 * contact_import_run.c.
 */
#ifndef INBOX_CONTACT_IMPORT_INTERNAL_H
#define INBOX_CONTACT_IMPORT_INTERNAL_H

#include "inbox/contact_import.h"

#define IMPORT_LABELS_MAX 20

enum import_kind {
	IMPORT_IGNORE,
	IMPORT_NAME, /* several columns: joined by blanks */
	IMPORT_PHONE,
	IMPORT_LABELS, /* names, with commas or bars between */
	IMPORT_OPTED_OUT,
	IMPORT_NOTE,
	IMPORT_ATTRIBUTE
};
struct import_target { enum import_kind kind; const struct attribute *attribute; };
struct import_plan {
	struct import_target targets[IMPORT_COLUMNS_MAX];
	size_t count;
	id64 labels[IMPORT_LABELS_MAX];
	size_t label_count;
	bool updates;
	struct attributes attributes;
};
/* Field errors for what is wrong. In the job's arena. */
enum err import_plan_read(struct job *job, json plan, struct import_plan *out);
/* In the caller's transaction: the file goes with the next sweep, if nobody else names it. */
enum err import_drop_file(struct job *job, const struct contact_import *import);

#endif
