/*
 * service.c: the facts that figures of service are made of (report/): which answer ended which
 * wait, and which case was resolved.
 *
 * Each is a row written in the transaction of what it tells of, so that the figures can always be
 * worked out again.
 */
#include "inbox/inbox_internal.h"

enum err answer_note(struct job *job, const struct message *m, const struct conversation *conv)
{
	if (!conv->answered_since_ms)
		return OK;
	return sql_answer_add(job,
		&(struct sql_answer_add){ .id = m->id,
			.workspace = job->workspace,
			.conversation = conv->id,
			.channel = m->channel_id,
			.team = conv->team_id,
			.person = m->author_kind == ACTOR_PERSON ? m->author_id : 0,
			.since_ms = conv->answered_since_ms,
			.at_ms = job->now_ms,
			.is_first = conv->first_answer_id == m->id },
		NULL);
}

enum err resolution_note(struct job *job, const struct conversation *conv)
{
	return sql_resolution_add(job,
		&(struct sql_resolution_add){ .id = job_id(job),
			.workspace = job->workspace,
			.conversation = conv->id,
			.channel = conv->channel_id,
			.team = conv->team_id,
			.person = job->actor.kind == ACTOR_PERSON ? job->actor.id
		                                                  : conv->assignee_id,
			.opened_ms = conv->opened_ms,
			.at_ms = job->now_ms },
		NULL);
}

enum err conversation_waiting_longest(struct job *job, size_t max, struct conversations *out)
{
	struct conversation_rows rows;

	TRY(sql_conversation_waiting_page(job,
		&(struct sql_conversation_waiting_page){ .workspace = job->workspace,
			.max = (int64_t)max },
		&rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}

enum err conversation_unfinished(struct job *job, const struct conversation *after, size_t max,
	struct conversations *out)
{
	struct conversation_rows rows;

	TRY(sql_conversation_unfinished_page(job,
		&(struct sql_conversation_unfinished_page){ .workspace = job->workspace,
			.opened_ms = after ? after->opened_ms : 0,
			.after = after ? after->id : 0,
			.max = (int64_t)max },
		&rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}
