/*
 * conversation_count.c: how many conversations there are of each kind.
 *
 * Triggers of the database count (migration 0006): nobody here adds or takes away, so nobody can
 * forget to. What is read here is one row for each channel, team, assignee and status that occur
 * together, however many conversations there are.
 */
#include "inbox/inbox_internal.h"

#include "account/scope.h"
#include "store/store.h"

#include <stdlib.h>

enum { FOLD_ROWS = 5000, FOLD_ROUNDS = 20 };

static bool is_shown(const struct job *job, const struct conversation_count_row *row)
{
	const struct scoped what = { row->channel_id, row->team_id, row->assignee_id };

	return (row->total || row->unread) && scope_has(job->scope, &what);
}

enum err conversation_counts(struct job *job, struct conversation_cells *out)
{
	struct conversation_count_rows rows;

	TRY(sql_conversation_count_list(job, &(struct sql_conversation_count_list){
		.workspace = job->workspace, .max = COUNT_CELLS_MAX }, &rows));
	out->items = ARENA_ARRAY(job->arena, struct conversation_cell, rows.count);
	out->count = 0;
	for (size_t i = 0; i < rows.count; i++) {
		const struct conversation_count_row *row = &rows.items[i];

		if (is_shown(job, row))
			out->items[out->count++] = (struct conversation_cell){ row->channel_id,
				row->team_id, row->assignee_id,
				(enum conversation_status)row->status, row->total, row->unread };
	}
	return OK;
}

/* ---- folding ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct conversation_count_row *x = a, *y = b;
	const int64_t left[] = { x->channel_id, x->team_id, x->assignee_id, x->status };
	const int64_t right[] = { y->channel_id, y->team_id, y->assignee_id, y->status };

	for (size_t i = 0; i < COUNT_OF(left); i++)
		if (left[i] != right[i])
			return left[i] < right[i] ? -1 : 1;
	return 0;
}

static enum err add(struct job *job, const struct conversation_count_row *row)
{
	if (!row->total && !row->unread)
		return OK;
	return sql_conversation_count_add(job,
		&(struct sql_conversation_count_add){ .workspace = job->workspace,
			.channel = row->channel_id,
			.team = row->team_id,
			.assignee = row->assignee_id,
			.status = row->status,
			.total = row->total,
			.unread = row->unread },
		NULL);
}

/* In the order of their keys, each once: two that fold at the same time never wait for each other
 * in a circle. */
static enum err add_sums(struct job *job, struct conversation_count_rows *rows)
{
	if (rows->count)
		qsort(rows->items, rows->count, sizeof *rows->items, compare_keys);
	for (size_t i = 0; i < rows->count;) {
		struct conversation_count_row sum = rows->items[i];

		while (++i < rows->count && compare_keys(&sum, &rows->items[i]) == 0) {
			sum.total += rows->items[i].total;
			sum.unread += rows->items[i].unread;
		}
		TRY(add(job, &sum));
	}
	return OK;
}

enum err conversation_counts_fold(struct job *job)
{
	struct conversation_count_rows rows = { .count = FOLD_ROWS };

	if (store_is_sqlite(job->store))
		return OK;
	for (int round = 0; round < FOLD_ROUNDS && rows.count == FOLD_ROWS; round++) {
		TRY(db_begin(job, DB_WRITE));
		TRY(sql_conversation_count_taken(job, &(struct sql_conversation_count_taken){
			.workspace = job->workspace, .max = FOLD_ROWS }, &rows));
		TRY(add_sums(job, &rows));
		TRY(db_commit(job));
	}
	return OK;
}

/* ---- the check ---- */

enum err conversation_counts_check(struct job *job, bool mend, size_t *wrong)
{
	struct conversation_count_rows rows;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_conversation_count_wrong(job, &(struct sql_conversation_count_wrong){
		.workspace = job->workspace, .max = COUNT_CELLS_MAX }, &rows));
	*wrong = rows.count;
	for (size_t i = 0; mend && i < rows.count; i++)
		TRY(add(job, &rows.items[i]));
	return db_commit(job);
}
