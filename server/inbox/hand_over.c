/* hand_over.c: what somebody who leaves had open goes to others. */
#include "inbox/inbox_internal.h"

#include "store/store.h"

static enum err hand_over(struct job *job, const struct conversation_of_assignee_rows *rows,
	const struct conversation_patch *patch, struct inbox_changes *changes)
{
	const struct scope *scope = job->scope;
	struct conversation conv;
	enum err e = OK;

	job->scope = NULL; /* whoever may disable somebody need not see what they had */
	for (size_t i = 0; i < rows->count && e == OK; i++)
		e = conversation_update(job, rows->items[i].id, patch, changes, &conv);
	job->scope = scope;
	return e;
}

enum err conversation_hand_over(struct job *job, id64 from, const struct conversation_patch *patch,
	size_t max, size_t *moved)
{
	struct conversation_of_assignee_rows rows;
	struct inbox_changes changes = { 0 };

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_conversation_of_assignee(job,
		&(struct sql_conversation_of_assignee){ .workspace = job->workspace,
			.assignee = from,
			.max = (int64_t)max },
		&rows));
	TRY(hand_over(job, &rows, patch, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	*moved = rows.count;
	return OK;
}
