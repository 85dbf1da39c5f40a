/* notifications.c: /notifications: what the signed-in person is told of. An API key is nobody to
 * tell. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/composer.h"

/* One with all it names looked up; what is gone or out of reach is null. */
struct told {
	const struct notification *row;
	struct conversation conversation;
	struct message message;
	struct person_name_rows people;
	struct view view;
	bool has_conversation, has_message;
};

static enum err look(struct job *job, enum err e, bool *found)
{
	*found = e == OK;
	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return OK;
}

static enum err load(struct job *job, const struct notification *row, struct told *out)
{
	struct view_ask ask = { .hides_contacts = !may_read_contacts(job) };

	*out = (struct told){ .row = row };
	if (row->conversation_id)
		TRY(look(job, conversation_get(job, row->conversation_id, &out->conversation),
			&out->has_conversation));
	if (row->message_id && out->has_conversation)
		TRY(look(job, message_get(job, row->message_id, &out->message),
			&out->has_message));
	if (row->actor_id)
		TRY(sql_conversation_people(job,
			&(struct sql_conversation_people){
				.ids = arena_printf(job->arena, "[%lld]", (long long)row->actor_id),
				.workspace = job->workspace },
			&out->people));
	ask.conversations = (struct conversations){ &out->conversation, out->has_conversation };
	ask.messages = (struct messages){ &out->message, out->has_message };
	return view_load(job, &ask, &out->view);
}

static void write_actor(struct buf *out, const struct told *told)
{
	if (!told->people.count) {
		json_put_null(out, "actor");
		return;
	}
	json_open_in(out, "actor", '{');
	json_put_id(out, "id", told->people.items[0].id);
	json_put(out, "name", told->people.items[0].name);
	json_close(out, '}');
}

static enum err write_told(struct job *job, struct buf *out, const char *key,
	const struct told *told)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", told->row->id);
	json_put(out, "kind", told->row->kind);
	json_put_int(out, "at_ms", id64_ms(told->row->id));
	json_put_ms(out, "read_ms", told->row->read_ms);
	write_actor(out, told);
	json_put_raw(out, "detail", told->row->detail);
	if (told->has_conversation)
		TRY(conversation_write_json(job, out, "conversation", &told->view,
			&told->conversation));
	else
		json_put_null(out, "conversation");
	if (told->has_message)
		TRY(message_write_json(job, out, "message", &told->view, &told->message));
	else
		json_put_null(out, "message");
	json_close(out, '}');
	return OK;
}

static enum err check_person(struct job *job)
{
	return job->actor.kind == ACTOR_PERSON
		       ? OK
		       : fail_code(job, ERR_DENIED, S("people_only"), S("Sign in as a person."),
				 "Notifications are a person's, not an API key's.");
}

enum err notifications_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct notifications list;
	struct told told;
	struct page page;
	int64_t unread;
	bool more;

	TRY(check_person(job));
	TRY(page_read(job, req, "notifications", &page));
	TRY(notification_list(job, request_query_flag(job, req, "unread"), page.after.id,
		page.limit + 1, &list));
	TRY(job_check_fields(job));
	TRY(notification_unread(job, job->actor.id, &unread));
	more = list.count > page.limit;
	list.count = more ? page.limit : list.count;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < list.count; i++) {
		TRY(load(job, &list.items[i], &told));
		TRY(write_told(job, out, NULL, &told));
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		more ? &(struct cursor){ .id = list.items[list.count - 1].id } : NULL));
	json_put_int(out, "unread_count", unread);
	json_close(out, '}');
	return OK;
}

enum err notifications_read(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(check_person(job));
	TRY(request_id(job, req, 0, &id));
	TRY(notification_mark_read(job, id));
	return reply_nothing(res);
}

enum err notifications_read_all(struct job *job, const struct request *req, struct response *res)
{
	id64 conversation = request_query_id(job, req, "conversation_id");

	TRY(job_check_fields(job));
	TRY(check_person(job));
	if (conversation)
		TRY(notification_mark_read_about(job, conversation));
	else
		TRY(notification_mark_read(job, 0));
	return reply_nothing(res);
}

/* What the live channel of its person carries. */
enum err notification_write_event(struct job *job, struct buf *out, id64 id, id64 *person)
{
	struct notification row;
	struct told told;

	TRY(notification_get(job, id, &row));
	*person = row.person_id;
	TRY(load(job, &row, &told));
	json_open(out, '{');
	TRY(write_told(job, out, "notification", &told));
	json_close(out, '}');
	return OK;
}
