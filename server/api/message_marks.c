/* message_marks.c: pins, mutes and stars: as they are shown, and /messages/{id}/star. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/chat.h"
#include "store/store.h"

#define STARRED_MAX 100

/* ---- as they are shown ---- */

enum err view_load_marks(struct job *job, struct view *view)
{
	size_t conversations = view->conversations.count, messages = view->messages.count;
	id64 *ids = ARENA_ARRAY(job->arena, id64, conversations + messages + 1);

	for (size_t i = 0; i < conversations; i++)
		ids[i] = view->conversations.items[i].contact_id;
	if (conversations)
		TRY(sql_chat_mark_of_contacts(job,
			&(struct sql_chat_mark_of_contacts){
				json_ids(job->arena, ids, conversations), job->workspace },
			&view->marks));
	for (size_t i = 0; i < messages; i++)
		ids[i] = view->messages.items[i].id;
	return messages ? sql_message_star_of(job, &(struct sql_message_star_of){
		json_ids(job->arena, ids, messages), job->workspace }, &view->stars) : OK;
}

static const struct chat_mark_row *find_mark(const struct view *view,
	const struct conversation *conv, enum chat_mark_kind kind)
{
	for (size_t i = 0; i < view->marks.count; i++) {
		const struct chat_mark_row *row = &view->marks.items[i];

		if (row->contact_id == conv->contact_id && row->number_id == conv->number_id &&
			row->what == kind)
			return row;
	}
	return NULL;
}

/* A mute whose time is over is none. */
void view_write_marks(struct job *job, struct buf *out, const struct view *view,
	const struct conversation *conv)
{
	const struct chat_mark_row *mute = find_mark(view, conv, MARK_MUTE);

	json_put_bool(out, "pinned", find_mark(view, conv, MARK_PIN) != NULL);
	if (mute && (mute->until_ms < 0 || mute->until_ms > job->now_ms))
		json_put_int(out, "muted_until_ms", mute->until_ms);
	else
		json_put_null(out, "muted_until_ms");
}

bool view_is_starred(const struct view *view, id64 message)
{
	for (size_t i = 0; i < view->stars.count; i++)
		if (view->stars.items[i].message_id == message)
			return true;
	return false;
}

/* ---- stars ---- */

struct star_body { bool starred; };

static const struct field star_fields[] = {
	FIELD(struct star_body, starred, BOOL),
	{ 0 },
};

enum err messages_star(struct job *job, const struct request *req, struct response *res)
{
	struct star_body body = { .starred = true };
	struct inbox_changes changes = { 0 };
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	if (req->body.len)
		TRY(request_fields(job, req, star_fields, &body));
	TRY(message_get(job, id, &msg));
	TRY(db_begin(job, DB_WRITE));
	TRY(message_set_star(job, msg.id, &(struct message_star){ .is_on = body.starred },
		&changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_message(job, res, 200, &msg);
}

enum err conversations_starred(struct job *job, const struct request *req, struct response *res)
{
	struct view_ask ask = { .hides_contacts = !may_read_contacts(job) };
	struct buf *out = reply_json(res, 200);
	struct conversation conv;
	struct view view;
	id64 id, before = request_query_id(job, req, "before");
	bool more;

	TRY(request_id(job, req, 0, &id));
	TRY(job_check_fields(job));
	TRY(conversation_get(job, id, &conv));
	TRY(message_starred(job, conv.id, before, STARRED_MAX + 1, &ask.messages));
	more = ask.messages.count > STARRED_MAX;
	ask.messages.count = more ? STARRED_MAX : ask.messages.count;
	TRY(view_load(job, &ask, &view));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < ask.messages.count; i++)
		TRY(message_write_json(job, out, NULL, &view, &ask.messages.items[i]));
	json_close(out, ']');
	json_put_bool(out, "has_before", more);
	json_close(out, '}');
	return OK;
}
