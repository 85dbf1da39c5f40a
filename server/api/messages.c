/* messages.c: what is said: threads, single messages, sending and retrying. Its story is in
 * trace.c. */
#include "account/channel.h"
#include "api/draft.h"
#include "api/handlers.h"
#include "api/message_json.h"
#include "api/route_json.h"
#include "inbox/composer.h"
#include "store/store.h"

enum err reply_message(struct job *job, struct response *res, int status,
	const struct message *msg)
{
	struct view_ask ask = { .messages = { (struct message *)msg, 1 },
		.hides_contacts = !may_read_contacts(job) };
	struct route_decision *decisions;
	struct view view;
	size_t count;

	TRY(view_load(job, &ask, &view));
	if (message_is_ours(msg)) {
		TRY(route_decisions(job, msg->id, msg->channel_id, &decisions, &count));
		view.route = &decisions[count - 1];
	}
	return message_write_json(job, reply_json(res, status), NULL, &view, msg);
}

enum err messages_get(struct job *job, const struct request *req, struct response *res)
{
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	return reply_message(job, res, 200, &msg);
}

enum err messages_retry(struct job *job, const struct request *req, struct response *res)
{
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(inbox_retry(job, id, &msg));
	return reply_message(job, res, 202, &msg);
}

/* ---- the thread ---- */

/* A stretch of a thread, oldest first, and whether there is more at its ends. */
struct stretch { struct messages messages; bool has_before, has_after; };
struct place { id64 before, after, around; };

static void turn(struct messages *m)
{
	for (size_t i = 0, j = m->count; i + 1 < j; i++) {
		struct message kept = m->items[i];

		m->items[i] = m->items[--j];
		m->items[j] = kept;
	}
}

static enum err older(struct job *job, id64 conversation, id64 id, size_t max, struct stretch *out)
{
	TRY(message_before(job, conversation, id, max + 1, &out->messages));
	out->has_before = out->messages.count > max;
	out->messages.count -= out->has_before;
	turn(&out->messages);
	return OK;
}

static enum err newer(struct job *job, id64 conversation, id64 id, size_t max, struct stretch *out)
{
	TRY(message_after(job, conversation, id, max + 1, &out->messages));
	out->has_after = out->messages.count > max;
	out->messages.count -= out->has_after;
	return OK;
}

/* The message itself counts to the older half. */
static enum err around(struct job *job, id64 conversation, id64 id, size_t max, struct stretch *out)
{
	struct stretch rest = { 0 };
	struct message *items = ARENA_ARRAY(job->arena, struct message, max + 1);
	size_t half = max / 2 + 1, count;

	TRY(older(job, conversation, id + 1, half < max ? half : max, out));
	TRY(newer(job, conversation, id, max - out->messages.count, &rest));
	count = out->messages.count;
	memcpy(items, out->messages.items, count * sizeof *items);
	memcpy(items + count, rest.messages.items, rest.messages.count * sizeof *items);
	out->messages = (struct messages){ items, count + rest.messages.count };
	out->has_after = rest.has_after;
	return OK;
}

static enum err find_stretch(struct job *job, id64 conversation, const struct place *place,
	size_t max, struct stretch *out)
{
	*out = (struct stretch){ 0 };
	if (place->around)
		return around(job, conversation, place->around, max, out);
	if (place->after) {
		out->has_before = true;
		return newer(job, conversation, place->after, max, out);
	}
	out->has_after = place->before != 0;
	return older(job, conversation, place->before, max, out);
}

static enum err read_place(struct job *job, const struct request *req, struct place *out)
{
	*out = (struct place){ .before = request_query_id(job, req, "before"),
		.after = request_query_id(job, req, "after"),
		.around = request_query_id(job, req, "around") };
	if (!!out->before + !!out->after + !!out->around > 1)
		field_error(job, S("before"), S("conflict"),
			S("Only one of before, after and around."));
	return job_check_fields(job);
}

enum err conversations_messages(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct conversation conv;
	struct stretch stretch;
	struct place place;
	struct page page;
	struct view view;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(page_read(job, req, "messages", &page));
	TRY(read_place(job, req, &place));
	TRY(conversation_get(job, id, &conv));
	TRY(find_stretch(job, conv.id, &place, page.limit, &stretch));
	TRY(view_load(job, &(struct view_ask){ .messages = stretch.messages,
				   .hides_contacts = !may_read_contacts(job) }, &view));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < stretch.messages.count; i++)
		TRY(message_write_json(job, out, NULL, &view, &stretch.messages.items[i]));
	json_close(out, ']');
	json_put_bool(out, "has_before", stretch.has_before);
	json_put_bool(out, "has_after", stretch.has_after);
	json_close(out, '}');
	return OK;
}

/* ---- sending ---- */

static enum err send(struct job *job, const struct request *req, struct response *res,
	id64 conversation)
{
	struct message_draft out = { .conversation_id = conversation };
	struct draft draft = { 0 };
	struct message msg;
	bool repeated;

	TRY(draft_read(job, req, conversation ? DRAFT_REPLY : DRAFT_ADDRESSED, &draft));
	TRY(draft_idempotency(job, req, &out));
	TRY(draft_take(job, &draft, &out));
	TRY(inbox_send(job, &out, &msg, &repeated));
	return reply_message(job, res, 202, &msg);
}

enum err conversations_send(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return send(job, req, res, id);
}

enum err messages_send(struct job *job, const struct request *req, struct response *res)
{
	return send(job, req, res, 0);
}

/* ---- votes, and passing on ---- */

struct vote_body { json options; };

static const struct field vote_fields[] = {
	FIELD(struct vote_body, options, JSON, .required = true),
	{ 0 },
};

enum err messages_vote(struct job *job, const struct request *req, struct response *res)
{
	struct vote_body body = { 0 };
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, vote_fields, &body));
	TRY(inbox_vote(job, id, body.options, &msg));
	return reply_message(job, res, 200, &msg);
}

struct forward_body { id64 conversation_id, channel_id; str to, from; };

static const struct field forward_fields[] = {
	FIELD(struct forward_body, conversation_id, ID),
	FIELD(struct forward_body, channel_id, ID),
	FIELD(struct forward_body, to, STR, .max = 200),
	FIELD(struct forward_body, from, STR, .max = 60),
	{ 0 },
};

enum err messages_forward(struct job *job, const struct request *req, struct response *res)
{
	struct forward_body body = { 0 };
	struct message_draft draft;
	struct message msg;
	bool repeated;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, forward_fields, &body));
	if (!body.conversation_id == !body.to.len)
		field_error(job, S("conversation_id"), S("required"),
			S("Say to which conversation, or to whom: one of them."));
	TRY(job_check_fields(job));
	draft = (struct message_draft){ .conversation_id = body.conversation_id,
		.channel_id = body.channel_id,
		.to = body.to,
		.from = body.from,
		.priority = job->actor.kind == ACTOR_PERSON ? PRIORITY_LIVE : PRIORITY_NORMAL };
	TRY(draft_idempotency(job, req, &draft));
	TRY(job_check_fields(job));
	TRY(inbox_forward(job, id, &draft, &msg, &repeated));
	return reply_message(job, res, 202, &msg);
}

/* ---- notes, and changing what was said ---- */

struct note_body { str body; json mentions; };

static const struct field note_fields[] = {
	FIELD(struct note_body, body, STR, .max = NOTE_TEXT_MAX, .required = true),
	FIELD(struct note_body, mentions, JSON),
	{ 0 },
};

static void read_mentions(struct job *job, json list, struct note_draft *out)
{
	size_t count = json_count(list) <= NOTE_MENTIONS_MAX ? json_count(list) : NOTE_MENTIONS_MAX;
	struct mention *items = ARENA_ARRAY(job->arena, struct mention, count + 1);

	if (list && json_kind(list) != JSON_LIST)
		field_error(job, S("mentions"), S("wrong_type"), S("Must be a list."));
	if (json_count(list) > NOTE_MENTIONS_MAX)
		field_error(job, S("mentions"), S("too_many"), S("At most 50 mentions."));
	for (size_t i = 0; i < count && json_kind(list) == JSON_LIST; i++) {
		str kind = json_text(json_field(json_at(list, i), "kind"));

		items[i].is_team = str_is(kind, S("team"));
		if (!items[i].is_team && !str_is(kind, S("person")))
			field_error(job, arena_printf(job->arena, "mentions.%zu.kind", i),
				S("unknown"), S("One of person, team."));
		if (!json_id(json_field(json_at(list, i), "id"), &items[i].id))
			field_error(job, arena_printf(job->arena, "mentions.%zu.id", i),
				S("required"), S("Say who."));
	}
	out->mentions = items;
	out->mention_count = count;
}

enum err notes_post(struct job *job, const struct request *req, struct response *res)
{
	struct note_body body = { 0 };
	struct note_draft draft = { 0 };
	struct message msg;

	TRY(request_id(job, req, 0, &draft.conversation_id));
	TRY(request_fields(job, req, note_fields, &body));
	read_mentions(job, body.mentions, &draft);
	TRY(job_check_fields(job));
	draft.body = body.body;
	TRY(note_add(job, &draft, &msg));
	return reply_message(job, res, 201, &msg);
}

/* What went out is the network's: it changes only where the network lets us, and by those who may
 * send. */
static enum err check_sent(struct job *job, const struct message *msg, enum message_kind change)
{
	struct channel *channel;

	TRY(channel_get(job, msg->channel_id, &channel));
	if (!(provider_can(channel) & CAN_KIND(change)))
		return fail_code(job, ERR_UNSUPPORTED, S("unsupported"),
			S("Send another message that puts it right."),
			"%s cannot %s a message that was sent.", channel->provider->title,
			change == KIND_EDIT ? "change" : "take back");
	return job->actor.permissions & PERMIT(MESSAGE_SEND)
	               ? OK
	               : fail(job, ERR_DENIED, "this changes what customers see: it needs %s",
				 "message.send");
}

static const struct field edit_fields[] = {
	FIELD(struct note_body, body, STR, .max = NOTE_TEXT_MAX, .required = true),
	{ 0 },
};

enum err messages_patch(struct job *job, const struct request *req, struct response *res)
{
	struct note_body body = { 0 };
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, edit_fields, &body));
	TRY(message_get(job, id, &msg));
	if (msg.kind == KIND_NOTE) {
		TRY(note_change(job, id, body.body, &msg));
	} else {
		TRY(check_sent(job, &msg, KIND_EDIT));
		TRY(inbox_change_sent(job, id, KIND_EDIT, body.body, &msg));
	}
	return reply_message(job, res, 200, &msg);
}

enum err messages_delete(struct job *job, const struct request *req, struct response *res)
{
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	if (msg.kind == KIND_NOTE) {
		TRY(note_remove(job, id, &msg));
	} else {
		TRY(check_sent(job, &msg, KIND_REVOKE));
		TRY(inbox_change_sent(job, id, KIND_REVOKE, STR_NONE, &msg));
	}
	return reply_message(job, res, 200, &msg);
}

enum err messages_versions(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct message_versions versions;
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	TRY(message_versions(job, msg.id, &versions));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < versions.count && !msg.deleted_ms; i++) {
		json_open(out, '{');
		json_put_int(out, "until_ms", versions.items[i].until_ms);
		json_put_raw(out, "content", versions.items[i].content);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
