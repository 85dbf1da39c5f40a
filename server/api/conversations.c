/* conversations.c: /conversations, without what is said in them (messages.c). */
#include "api/conversation_filter.h"
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/chat.h"
#include "store/store.h"

#define REASON_MAX 500

void (*api_receipt_hook)(const struct api_receipt *receipt);

enum err reply_conversation(struct job *job, struct response *res,
	const struct conversation *conv)
{
	struct view_ask ask = { .conversations = { (struct conversation *)conv, 1 },
		.last_messages = may_read_messages(job),
		.hides_contacts = !may_read_contacts(job) };
	struct view view;

	TRY(view_load(job, &ask, &view));
	return conversation_write_json(job, reply_json(res, 200), NULL, &view, conv);
}

/* ---- the list ---- */

static enum err write_conversations(struct job *job, struct buf *out,
	const struct conversations *list)
{
	struct view_ask ask = { .conversations = *list, .last_messages = may_read_messages(job),
		.hides_contacts = !may_read_contacts(job) };
	struct view view;

	TRY(view_load(job, &ask, &view));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < list->count; i++)
		TRY(conversation_write_json(job, out, NULL, &view, &list->items[i]));
	json_close(out, ']');
	return OK;
}

/* A cursor is of one order. */
static const char *const list_names[SORTS] = { "conversations", "conversations up",
	"conversations waiting", "conversations priority" };

enum err conversations_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct conversation_filter filter;
	struct conversations list;
	struct cursor next;
	struct page page;
	bool more;

	TRY(filter_read(job, &(struct filter_source){ .req = req }, &filter));
	TRY(page_read(job, req, list_names[filter.sort], &page));
	filter.max = page.limit + 1;
	filter.place_ms = page.after.ms;
	filter.place_id = page.after.id;
	TRY(conversation_list(job, &filter, &list));
	more = list.count > page.limit;
	list.count = more ? page.limit : list.count;
	if (more)
		next = (struct cursor){ conversation_place(&filter, &list.items[list.count - 1]),
			list.items[list.count - 1].id };
	json_open(out, '{');
	TRY(write_conversations(job, out, &list));
	TRY(page_write_next(job, out, &page, more ? &next : NULL));
	json_close(out, '}');
	return OK;
}

enum err conversations_get(struct job *job, const struct request *req, struct response *res)
{
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(conversation_get(job, id, &conv));
	return reply_conversation(job, res, &conv);
}

/* ---- changing one ---- */

struct change {
	str status, priority, reason;
	id64 assignee_id, team_id;
	int64_t snoozed_until_ms, muted_until_ms;
	bool has_assignee, has_team, has_muted;
	int pinned;
};

static const struct field change_fields[] = {
	FIELD(struct change, status, STR),
	FIELD(struct change, assignee_id, ID, .nullable = true,
	      .given_at = offsetof(struct change, has_assignee)),
	FIELD(struct change, team_id, ID, .nullable = true,
	      .given_at = offsetof(struct change, has_team)),
	FIELD(struct change, priority, STR),
	FIELD(struct change, snoozed_until_ms, INT, .min = 0, .max = INT64_MAX),
	FIELD(struct change, pinned, FLAG),
	FIELD(struct change, muted_until_ms, INT, .min = -1, .max = INT64_MAX, .nullable = true,
	      .given_at = offsetof(struct change, has_muted)),
	FIELD(struct change, reason, STR, .max = REASON_MAX),
	{ 0 },
};

/* The number's: pin -1 and has_mute false leave them as they are. until_ms 0: not muted. */
struct marks { int pin; bool has_mute; int64_t until_ms; };

static enum err read_change(struct job *job, const struct request *req,
	struct conversation_patch *out, struct marks *marks)
{
	struct change change = { .pinned = -1 };

	TRY(request_fields(job, req, change_fields, &change));
	*marks = (struct marks){ .pin = change.pinned, .has_mute = change.has_muted,
		.until_ms = change.muted_until_ms };
	if (marks->until_ms > 0 && marks->until_ms <= job->now_ms)
		field_error(job, S("muted_until_ms"), S("in_the_past"),
			S("Choose a time that is still to come, -1 for ever, or null."));
	*out = (struct conversation_patch){ .has_status = change.status.ptr,
		.has_priority = change.priority.ptr,
		.has_assignee = change.has_assignee,
		.assignee_id = change.assignee_id,
		.has_team = change.has_team,
		.team_id = change.team_id,
		.snoozed_until_ms = change.snoozed_until_ms,
		.reason = change.reason };
	if (out->has_status && !conversation_status_parse(change.status, &out->status))
		field_error(job, S("status"), S("unknown"),
			S("One of open, waiting, resolved, snoozed, archived."));
	if (out->has_priority && !conversation_priority_parse(change.priority, &out->priority))
		field_error(job, S("priority"), S("unknown"),
			S("One of none, low, medium, high, urgent."));
	return job_check_fields(job);
}

static enum err put_marks(struct job *job, const struct marks *marks,
	struct inbox_changes *changes, struct conversation *conv)
{
	const struct chat_mark pin = { .kind = MARK_PIN, .is_on = marks->pin > 0 },
			       mute = { .kind = MARK_MUTE, .is_on = marks->until_ms != 0,
				       .until_ms = marks->until_ms };

	if (marks->pin >= 0)
		TRY(conversation_mark(job, conv->id, &pin, changes, conv));
	return marks->has_mute ? conversation_mark(job, conv->id, &mute, changes, conv) : OK;
}

enum err conversations_patch(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct conversation_patch patch;
	struct conversation conv;
	struct marks marks;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_change(job, req, &patch, &marks));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_update(job, id, &patch, &changes, &conv));
	TRY(put_marks(job, &marks, &changes, &conv));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_conversation(job, res, &conv);
}

/* ---- what the customer sees ---- */

static void send_receipt(struct job *job, const struct read_receipt *receipt, bool typing)
{
	const struct api_receipt out = { job->workspace, receipt->channel, receipt->remote_id,
		typing };

	if (api_receipt_hook && receipt->remote_id.len)
		api_receipt_hook(&out);
}

enum err conversations_read(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct read_receipt receipt;
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_mark_read(job, id, &changes, &conv, &receipt));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	send_receipt(job, &receipt, false);
	return reply_conversation(job, res, &conv);
}

struct timer_body { int64_t seconds; };

static const struct field timer_fields[] = {
	FIELD(struct timer_body, seconds, INT, .min = 0, .max = INT64_MAX, .required = true),
	{ 0 },
};

/* Waits for the network: nothing is said that has not happened. */
enum err conversations_timer(struct job *job, const struct request *req, struct response *res)
{
	struct timer_body body = { 0 };
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, timer_fields, &body));
	TRY(inbox_set_timer(job, id, body.seconds, &conv));
	return reply_conversation(job, res, &conv);
}

enum err conversations_typing(struct job *job, const struct request *req, struct response *res)
{
	struct read_receipt receipt;
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(conversation_get(job, id, &conv));
	TRY(conversation_last_in(job, conv.id, &receipt));
	send_receipt(job, &receipt, true);
	return reply_nothing(res);
}
