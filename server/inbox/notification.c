/* notification.c: what a person is told of, by row; who delivers it hears of it by
 * CHANGE_NOTIFICATION. See composer.h. */
#include "inbox/composer.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

static struct notification from_row(const struct notification_row *row)
{
	return (struct notification){
		.id = row->id,
		.person_id = row->person_id,
		.conversation_id = row->conversation_id,
		.message_id = row->message_id,
		.actor_id = row->actor_id,
		.kind = row->kind,
		.detail = row->detail,
		.read_ms = row->read_ms,
	};
}

enum err notification_add_within(struct job *job, const struct notification *draft,
	struct inbox_changes *changes)
{
	id64 id = job_id(job);

	if (job->actor.kind == ACTOR_PERSON && job->actor.id == draft->person_id)
		return OK;
	TRY(sql_notification_add(job,
		&(struct sql_notification_add){ .id = id,
			.workspace = job->workspace,
			.person = draft->person_id,
			.kind = draft->kind,
			.conversation = draft->conversation_id,
			.message = draft->message_id,
			.actor = draft->actor_id,
			.detail = draft->detail.len ? draft->detail : S("{}") },
		NULL));
	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_NOTIFICATION,
			.conversation = draft->conversation_id,
			.notification = id });
	return OK;
}

enum err notification_list(struct job *job, bool unread_only, id64 before, size_t max,
	struct notifications *out)
{
	struct notification_rows rows;

	TRY(sql_notification_list(job,
		&(struct sql_notification_list){ .person = job->actor.id,
			.workspace = job->workspace,
			.unread_only = unread_only,
			.before = before ? before : INT64_MAX,
			.max = (int64_t)max },
		&rows));
	*out = (struct notifications){ ARENA_ARRAY(job->arena, struct notification, rows.count),
		rows.count };
	for (size_t i = 0; i < rows.count; i++)
		out->items[i] = from_row(&rows.items[i]);
	return OK;
}

enum err notification_get(struct job *job, id64 id, struct notification *out)
{
	struct notification_row row;

	TRY(sql_notification_find(job,
		&(struct sql_notification_find){ .id = id, .workspace = job->workspace }, &row));
	*out = from_row(&row);
	return OK;
}

enum err notification_unread(struct job *job, id64 person, int64_t *out)
{
	struct notification_total_row row;

	TRY(sql_notification_unread(job,
		&(struct sql_notification_unread){ .person = person, .workspace = job->workspace },
		&row));
	*out = row.total;
	return OK;
}

enum err notification_mark_read(struct job *job, id64 id)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notification_read(job,
		&(struct sql_notification_read){ .person = job->actor.id,
			.workspace = job->workspace,
			.id = id,
			.now_ms = job->now_ms },
		NULL));
	return db_commit(job);
}

enum err notification_mark_read_about(struct job *job, id64 conversation)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notification_read_about(job,
		&(struct sql_notification_read_about){ .person = job->actor.id,
			.workspace = job->workspace,
			.conversation = conversation,
			.now_ms = job->now_ms },
		NULL));
	return db_commit(job);
}
