/*
 * contact_import.h: files of contacts: taken in, looked at, tried without writing, brought in, and
 * undone.
 *
 * A file is kept sealed from its upload until its import ends, then it goes. What runs, runs in
 * batches of rows, each a transaction with its place in the file, so a crash goes on where it was
 * and makes nothing twice. Each row says what it did, and undoing goes from the last to the first:
 * what somebody changed since is kept.
 */
#ifndef INBOX_CONTACT_IMPORT_H
#define INBOX_CONTACT_IMPORT_H

#include "base/csv.h"
#include "inbox/contacts.h"

#define IMPORT_SIZE_MAX (20u << 20)
#define IMPORT_ROWS_MAX 200000
#define IMPORT_COLUMNS_MAX 100
#define IMPORT_BATCH 200 /* rows of one transaction */

/* state: uploaded, checking, checked, running, done, undoing, undone, failed, cancelled. */
struct contact_import {
	id64 id, blob_id;
	str state, file_name;
	str shape; /* JSON: encoding, delimiter, columns [{title, guess}], sample [[…]] */
	str plan;  /* JSON: columns [target], existing, labels */
	str error;
	int64_t size_bytes, rows_total, rows_done, made, changed, skipped, wrong, undone, kept;
	enum actor_kind actor_kind;
	id64 actor_id;
	str actor_name;
	int64_t created_ms, ended_ms;
};

/* Its own transaction. ERR_INPUT for what is no table: empty, too many columns or rows. */
enum err import_create(struct job *job, bytes file, str file_name, struct contact_import *out);
enum err import_get(struct job *job, id64 id, struct contact_import *out);
enum err import_list(struct job *job, id64 before, size_t max, struct contact_import **out,
	size_t *count);
/* Checks the plan ("columns": a target for each column: "", name, phone, labels, opted_out, note,
 * attribute:KEY; "existing": update or skip; "label_ids") and sets it going: tried only, or in
 * earnest. Its own transaction. ERR_CONFLICT when it is under way or over. */
enum err import_start(struct job *job, id64 id, json plan, bool in_earnest);
enum err import_undo(struct job *job, id64 id);
enum err import_cancel(struct job *job, id64 id);

/* ---- for jobs/contact_work.c ---- */

struct import_run;
/* Loads file and plan; on the heap. */
enum err import_run_open(struct job *job, id64 id, struct import_run **out);
/* One batch in a transaction of its own; *done: it ended, one way or another. After an error the
 * same batch is due again. */
enum err import_run_batch(struct job *job, struct import_run *run, bool *done);
void import_run_close(struct import_run *run);
/* It cannot go on: the reason is shown. Its own transaction. */
enum err import_fail(struct job *job, id64 id, str why);

#endif
