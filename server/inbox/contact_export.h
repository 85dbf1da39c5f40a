/*
 * contact_export.h: lists of contacts as CSV, streamed or made as a file with its progress.
 *
 * What is exported is what the asker's list shows, in its order. A file is sealed like any other
 * and goes after EXPORT_LIFE_MS.
 */
#ifndef INBOX_CONTACT_EXPORT_H
#define INBOX_CONTACT_EXPORT_H

#include "inbox/contacts.h"

#define EXPORT_LIFE_MS (24 * 3600 * 1000LL)
#define EXPORT_BATCH 200

/* The title row, and the next rows behind a place; *more: there are more. In the job's snapshot of
 * the moment. */
enum err export_head(struct job *job, struct buf *out);
enum err export_rows(struct job *job, const struct contact_filter *filter,
	struct contact_place *place, struct buf *out, int64_t *count, bool *more);

/* state: running, done, failed. */
struct contact_export {
	id64 id, blob_id, actor_id;
	str state, error, actor_name;
	enum actor_kind actor_kind;
	int64_t rows_done, size_bytes, created_ms, ended_ms;
	struct contact_filter filter;
};
/* Its own transaction. */
enum err export_create(struct job *job, const struct contact_filter *filter,
	struct contact_export *out);
enum err export_get(struct job *job, id64 id, struct contact_export *out);
enum err export_list(struct job *job, id64 before, size_t max, struct contact_export **out,
	size_t *count);
/* The file's name, media and row for reading: ERR_MISSING when it is not there (any more). */
enum err export_file(struct job *job, id64 id, struct media *out);

/* For jobs/contact_work.c: makes the whole file; told() after each batch. A crash begins it anew.
 */
enum err export_run(struct job *job, id64 id, bool (*goes_on)(void *arg, int64_t rows), void *arg);
enum err export_fail(struct job *job, id64 id, str why);
/* Files that are older than their life go. */
enum err export_clean(struct job *job);

#endif
