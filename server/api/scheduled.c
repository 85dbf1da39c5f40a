/* scheduled.c: /scheduled-messages: messages for later. */
#include "inbox/scheduled.h"

#include "account/channel.h"
#include "api/draft.h"
#include "api/handlers.h"
#include "api/message_json.h"

#define WINDOW_STEP S("Write it as a template, or choose a time before the window closes.")

/* A page of them, with the conversations they name. */
struct shown { struct scheduled_list list; struct view view; struct person_name_rows people; };

static enum err load(struct job *job, const struct scheduled_list *list, struct shown *out)
{
	struct view_ask ask = { .hides_contacts = !may_read_contacts(job) };
	id64 *ids = ARENA_ARRAY(job->arena, id64, list->count + 1);
	struct buf people = buf_in(job->arena, (list->count + 1) * (ID64_TEXT_MAX + 1) + 2);

	*out = (struct shown){ .list = *list };
	json_open(&people, '[');
	for (size_t i = 0; i < list->count; i++) {
		ids[i] = list->items[i].conversation_id;
		json_put_int(&people, NULL, list->items[i].author_id);
	}
	json_close(&people, ']');
	TRY(conversation_by_ids(job, ids, list->count, &ask.conversations));
	if (list->count)
		TRY(sql_conversation_people(job,
			&(struct sql_conversation_people){ .ids = buf_text(&people),
				.workspace = job->workspace },
			&out->people));
	return view_load(job, &ask, &out->view);
}

static void write_author(struct buf *out, const struct shown *shown, const struct scheduled *s)
{
	str name = STR_NONE;

	for (size_t i = 0; i < shown->people.count; i++)
		if (shown->people.items[i].id == s->author_id)
			name = shown->people.items[i].name;
	json_open_in(out, "author", '{');
	json_put(out, "kind", s->author_kind == ACTOR_PERSON ? S("person") : S("api_key"));
	json_put_id(out, "id", s->author_id);
	json_put(out, "name", name);
	json_close(out, '}');
}

static void write_reason(struct buf *out, const struct scheduled *s)
{
	if (!s->code.len) {
		json_put_null(out, "reason");
		return;
	}
	json_open_in(out, "reason", '{');
	json_put(out, "code", s->code);
	json_put(out, "message", s->reason);
	json_close(out, '}');
}

/* What may come in its way, as things stand now. */
static enum err write_warning(struct job *job, struct buf *out, const struct conversation *conv,
	const struct scheduled *s)
{
	struct channel *channel;

	TRY(channel_get(job, conv->channel_id, &channel));
	if (!scheduled_misses(s, conv, provider_can(channel) & CAN_WINDOW)) {
		json_put_null(out, "warning");
		return OK;
	}
	json_open_in(out, "warning", '{');
	json_put(out, "code", S("window_closed"));
	json_put(out, "message",
		S("The 24-hour window will be closed then, unless the customer writes before: it "
		  "would not be sent."));
	json_put(out, "next_step", WINDOW_STEP);
	json_close(out, '}');
	return OK;
}

static void write_times(struct buf *out, const struct scheduled *s)
{
	json_put_int(out, "send_at_ms", s->due_ms);
	json_put(out, "time_zone", s->time_zone);
	json_put(out, "repeat", str_of(repeat_name(s->repeat)));
	json_put_ms(out, "repeat_until_ms", s->repeat_until_ms);
	json_put_bool(out, "only_if_no_reply", s->if_no_reply_ms != 0);
}

static enum err write_scheduled(struct job *job, struct buf *out, const struct shown *shown,
	const struct scheduled *s)
{
	const struct conversation *conv = view_conversation(&shown->view, s->conversation_id);

	json_open(out, '{');
	json_put_id(out, "id", s->id);
	json_put_id(out, "conversation_id", s->conversation_id);
	json_put(out, "type", str_of(kind_name(s->kind)));
	json_put_raw(out, kind_name(s->kind), s->content);
	json_put_id(out, "reply_to_id", s->reply_to_id);
	write_author(out, shown, s);
	write_times(out, s);
	json_put(out, "state", str_of(scheduled_state_name(s->state)));
	write_reason(out, s);
	json_put_int(out, "sent_count", s->sent_count);
	json_put_id(out, "last_message_id", s->last_message_id);
	json_put_int(out, "created_ms", id64_ms(s->id));
	if (conv) {
		TRY(write_warning(job, out, conv, s));
		TRY(conversation_write_json(job, out, "conversation", &shown->view, conv));
	}
	json_close(out, '}');
	return OK;
}

static enum err reply(struct job *job, struct response *res, int status, struct scheduled *s)
{
	struct scheduled_list list = { s, 1 };
	struct shown shown;

	TRY(load(job, &list, &shown));
	return write_scheduled(job, reply_json(res, status), &shown, s);
}

/* ---- the list ---- */

static enum err read_ask(struct job *job, const struct request *req, const struct page *page,
	struct scheduled_ask *out)
{
	static const char *const states[] = { "pending", "sent", "cancelled", "not_sent" };
	struct conversation conv;

	*out = (struct scheduled_ask){
		.conversation = request_query_id(job, req, "conversation_id"),
		.state = (enum scheduled_state)request_query_word(job, req, "state", states,
			COUNT_OF(states), SCHEDULED_PENDING),
		.after_ms = page->after.ms,
		.after = page->after.id,
		.max = page->limit + 1,
	};
	TRY(job_check_fields(job));
	if (!out->conversation)
		return OK;
	TRY(conversation_get(job, out->conversation, &conv));
	out->conversation = conv.id;
	return OK;
}

/* Those of conversations that the asker may see. */
static bool is_visible(const struct job *job, const struct shown *shown, const struct scheduled *s)
{
	const struct conversation *conv = view_conversation(&shown->view, s->conversation_id);

	return conv && conversation_visible(job, conv);
}

enum err scheduled_messages_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct scheduled_list list;
	struct scheduled_ask ask;
	struct cursor next = { 0 };
	struct shown shown;
	struct page page;
	bool more;

	TRY(page_read(job, req, "scheduled-messages", &page));
	TRY(read_ask(job, req, &page, &ask));
	TRY(scheduled_list(job, &ask, &list));
	more = list.count > page.limit;
	list.count = more ? page.limit : list.count;
	TRY(load(job, &list, &shown));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < list.count; i++) {
		next = (struct cursor){ list.items[i].due_ms, list.items[i].id };
		if (is_visible(job, &shown, &list.items[i]))
			TRY(write_scheduled(job, out, &shown, &list.items[i]));
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page, more ? &next : NULL));
	json_close(out, '}');
	return OK;
}

enum err scheduled_messages_get(struct job *job, const struct request *req, struct response *res)
{
	struct scheduled s;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(scheduled_get(job, id, &s));
	return reply(job, res, 200, &s);
}

/* ---- making and changing ---- */

static enum err read_draft(struct job *job, const struct request *req,
	struct message_draft *message, struct scheduled_draft *out)
{
	struct draft draft = { 0 };

	TRY(draft_read(job, req, DRAFT_LATER, &draft));
	*out = (struct scheduled_draft){ .message = message,
		.due_ms = draft.send_at_ms,
		.repeat_until_ms = draft.repeat_until_ms,
		.time_zone = draft.time_zone,
		.only_if_no_reply = draft.only_if_no_reply };
	if (draft.repeat.ptr && !repeat_parse(draft.repeat, &out->repeat))
		field_error(job, S("repeat"), S("unknown"),
			S("One of none, daily, weekly, monthly."));
	if (!message->conversation_id && !draft.conversation_id)
		field_error(job, S("conversation_id"), S("required"), S("Say to whom."));
	if (!message->conversation_id)
		message->conversation_id = draft.conversation_id;
	return draft_take(job, &draft, message);
}

enum err scheduled_messages_post(struct job *job, const struct request *req, struct response *res)
{
	struct message_draft message = { 0 };
	struct scheduled_draft draft;
	struct scheduled s;

	TRY(read_draft(job, req, &message, &draft));
	TRY(scheduled_create(job, &draft, &s));
	return reply(job, res, 201, &s);
}

/* The conversation stays; all else is what the request says. */
enum err scheduled_messages_put(struct job *job, const struct request *req, struct response *res)
{
	struct message_draft message = { 0 };
	struct scheduled_draft draft;
	struct scheduled s;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(scheduled_get(job, id, &s));
	message.conversation_id = s.conversation_id;
	TRY(read_draft(job, req, &message, &draft));
	TRY(scheduled_change(job, id, &draft, &s));
	return reply(job, res, 200, &s);
}

enum err scheduled_messages_delete(struct job *job, const struct request *req,
	struct response *res)
{
	struct scheduled s;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(scheduled_cancel(job, id, &s));
	return reply(job, res, 200, &s);
}

enum err scheduled_write_event(struct job *job, struct buf *out, id64 id)
{
	struct scheduled_list list = { ARENA_NEW(job->arena, struct scheduled), 1 };
	struct shown shown;

	TRY(scheduled_get(job, id, list.items));
	TRY(load(job, &list, &shown));
	json_open(out, '{');
	json_key(out, "scheduled");
	TRY(write_scheduled(job, out, &shown, list.items));
	json_close(out, '}');
	return OK;
}
