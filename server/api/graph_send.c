/*
 * graph_send.c: POST /{phone_number_id}/messages: sending, read marks, the typing mark.
 *
 * The content is Meta's own object and goes to inbox_send() as it is; only names are translated:
 * messages that are quoted or reacted to, and ids of files that came as numbers.
 */
#include "api/draft.h"
#include "api/graph.h"
#include "api/handlers.h"
#include "store/queries.h"
#include "store/store.h"

#define TYPES                                                                                    \
	"audio, contacts, document, image, interactive, location, pin, reaction, sticker, " \
	"template, text, video"

enum { CONTENT_MAX = 1 << 20, CALLBACK_DATA_MAX = 512 };

struct asked {
	const struct request *req;
	struct channel_full *to;
	json root;
	str type, input; /* input: whom, as it was written */
};

/* ---- reading ---- */

static bool is_type(str type)
{
	str rest = S(TYPES);

	while (rest.len)
		if (str_is(str_trim(str_split(&rest, ',')), type))
			return true;
	return false;
}

static enum err read_type(struct job *job, struct asked *a)
{
	a->type = draft_type(a->root);
	if (!a->type.len)
		return graph_fail(job, "100", "(#100) The parameter type is required.");
	if (!is_type(a->type))
		return graph_fail(job, "100",
			"(#100) Param type must be one of {" TYPES "} - got \"" STR_F "\".",
			STR_A(str_first_points(a->type, 60)));
	if (!json_field(a->root, arena_cstr(job->arena, a->type)))
		return graph_fail(job, "100", "(#100) The parameter " STR_F " is required.",
			STR_A(a->type));
	return OK;
}

static enum err read_recipient(struct job *job, struct asked *a)
{
	str to = json_text_or_int(job->arena, json_field(a->root, "to"));

	a->input = to.len ? to : json_text_at(a->root, "recipient");
	if (!a->input.len)
		return graph_fail(job, "100", "(#100) The parameter to is required.");
	return a->input.len <= 200 ? OK : graph_fail(job, "100", "Invalid recipient");
}

/* ---- names in the content ---- */

struct rewriting {
	struct job *job;
	struct buf *out;
};

static void rewrite(const struct rewriting *w, const char *key, json v);

/* An id (of a file, a button, a row) or a template's value that came as a number is a text. */
static void put_member(const struct rewriting *w, str name, json v)
{
	bool is_text = str_is(name, S("id")) || str_is(name, S("text"));
	str text = is_text ? json_text_or_int(w->job->arena, v) : STR_NONE;

	if (text.len)
		json_put(w->out, arena_cstr(w->job->arena, name), text);
	else
		rewrite(w, arena_cstr(w->job->arena, name), v);
}

static void rewrite_map(const struct rewriting *w, const char *key, json v)
{
	if (key)
		json_open_in(w->out, key, '{');
	else
		json_open(w->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at))
		put_member(w, json_member_name(at), json_member_value(at));
	json_close(w->out, '}');
}

static void rewrite(const struct rewriting *w, const char *key, json v)
{
	if (json_kind(v) == JSON_MAP) {
		rewrite_map(w, key, v);
		return;
	}
	if (json_kind(v) != JSON_LIST) {
		json_put_value(w->out, key, v);
		return;
	}
	if (key)
		json_open_in(w->out, key, '[');
	else
		json_open(w->out, '[');
	for (size_t i = 0; i < json_count(v); i++)
		rewrite(w, NULL, json_at(v, i));
	json_close(w->out, ']');
}

static enum err find_message(struct job *job, const struct asked *a, str wamid, const char *where,
	id64 *out)
{
	enum err e = graph_message_id(job, a->to->channel.id, wamid, out);

	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return graph_fail(job, "131009", "%s is no message of this number.", where);
}

/* A reaction or a pin: what it is of goes by our id. */
static enum err marking_content(struct job *job, const struct asked *a, json v, struct buf *out)
{
	id64 target;

	TRY(find_message(job, a, json_text_at(v, "message_id"), "message_id", &target));
	json_open(out, '{');
	json_put_id(out, "message_id", target);
	for (void *at = json_first(v); at; at = json_next(v, at))
		if (!str_is(json_member_name(at), S("message_id")))
			json_put_value(out, arena_cstr(job->arena, json_member_name(at)),
				json_member_value(at));
	if (str_is(a->type, S("reaction")) && !json_field(v, "emoji"))
		json_put(out, "emoji", S(""));
	json_close(out, '}');
	return OK;
}

/* The object of the type; Graph takes it as a text of JSON, too, and some programs send it so. */
static json content_of(struct job *job, const struct asked *a)
{
	json v = json_field(a->root, arena_cstr(job->arena, a->type)), inner;

	if (json_kind(v) == JSON_TEXT && json_read(job->arena, json_text(v), &inner, NULL) == OK)
		return inner;
	return v;
}

static enum err read_content(struct job *job, const struct asked *a, json *out)
{
	struct buf text = buf_in(job->arena, CONTENT_MAX);
	json v = content_of(job, a);
	struct buf members = buf_in(job->arena, CONTENT_MAX);

	if (str_is(a->type, S("reaction")) || str_is(a->type, S("pin"))) {
		TRY(marking_content(job, a, v, &text));
		return json_read(job->arena, buf_text(&text), out, NULL);
	}
	json_open(&members, '{');
	rewrite(&(struct rewriting){ job, &members }, arena_cstr(job->arena, a->type), v);
	json_close(&members, '}');
	if (members.failed || json_read(job->arena, buf_text(&members), out, NULL) != OK)
		return graph_fail(job, "100", "The message is too large.");
	*out = json_field(*out, arena_cstr(job->arena, a->type));
	if (json_kind(*out) == JSON_MAP || json_kind(*out) == JSON_LIST)
		return OK;
	return graph_fail(job, "100", "Param " STR_F " must be an object.", STR_A(a->type));
}

/* A file that a program deleted is gone for it. */
static enum err check_file(struct job *job, const struct asked *a, json content)
{
	str id = json_text_at(content, "id");
	struct media media;
	enum err e;

	if (!kind_is_media(kind_parse(a->type)) || !id.len)
		return OK;
	e = graph_media_find(job, id, &media);
	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return graph_fail(job, "100",
		"(#100) Param " STR_F "['id'] is not a valid whatsapp business account media "
		"attachment ID",
		STR_A(a->type));
}

static enum err make_draft(struct job *job, struct asked *a, struct message_draft *out)
{
	str quoted = json_text_at(a->root, "context.message_id"),
	    data = json_text_at(a->root, "biz_opaque_callback_data");

	out->to_group = str_is(json_text_at(a->root, "recipient_type"), S("group"));
	TRY(read_recipient(job, a));
	TRY(read_type(job, a));
	TRY(read_content(job, a, &out->content));
	TRY(check_file(job, a, out->content));
	TRY(draft_options(job, a->root, &out->options));
	if (str_count_points(data) > CALLBACK_DATA_MAX)
		return graph_fail(job, "131009",
			"biz_opaque_callback_data must be at most 512 characters long.");
	if (quoted.len)
		TRY(find_message(job, a, quoted, "context.message_id", &out->reply_to_id));
	out->kind = kind_parse(a->type);
	if (out->kind == KIND_AUDIO && json_flag(json_field(out->content, "voice"), false))
		out->kind = KIND_VOICE;
	out->to = a->input;
	out->channel_id = a->to->channel.id;
	out->priority = PRIORITY_NORMAL;
	return draft_idempotency(job, a->req, out);
}

/* ---- answering ---- */

static enum err write_sent(struct job *job, const struct asked *a, const struct message *msg,
	struct buf *out)
{
	struct conversation conv;
	struct contact contact;

	TRY(conversation_get(job, msg->conversation_id, &conv));
	TRY(contact_get(job, conv.contact_id, &contact));
	json_open(out, '{');
	json_put(out, "messaging_product", S("whatsapp"));
	json_open_in(out, "contacts", '[');
	json_open(out, '{');
	json_put(out, "input", a->input);
	if (contact.phone.len)
		json_put(out, "wa_id", contact.phone);
	if (!contact.phone.len || json_text_at(a->root, "recipient").len)
		json_put(out, "user_id", contact.bsuid);
	json_close(out, '}');
	json_close(out, ']');
	json_open_in(out, "messages", '[');
	json_open(out, '{');
	json_put(out, "id", graph_wamid(job->arena, msg->id));
	if (str_is(a->type, S("template")))
		json_put(out, "message_status", S("accepted"));
	json_close(out, '}');
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

static enum err send(struct job *job, struct asked *a, struct response *res)
{
	struct message_draft draft = { 0 };
	struct message msg;
	bool repeated;

	TRY(make_draft(job, a, &draft));
	TRY(inbox_send(job, &draft, &msg, &repeated));
	return write_sent(job, a, &msg, reply_json(res, 200));
}

/* ---- read marks ---- */

static enum err check_mark(struct job *job, const struct asked *a, bool typing)
{
	uint64_t can = provider_can(&a->to->channel);

	if (!(can & CAN_MARK_READ) || (typing && !(can & CAN_TYPING)))
		return graph_fail(job, "131051", "%s cannot show a customer %s.",
			a->to->channel.provider->title,
			typing ? "that somebody types" : "that a message was read");
	return OK;
}

/* Who reads the newest message of a conversation has read it all. */
static enum err read_conversation(struct job *job, const struct message *msg)
{
	struct inbox_changes changes = { 0 };
	struct read_receipt receipt;
	struct conversation conv;

	TRY(conversation_last_in(job, msg->conversation_id, &receipt));
	if (!str_is(receipt.remote_id, msg->remote_id))
		return OK;
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_mark_read(job, msg->conversation_id, &changes, &conv, &receipt));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

static enum err mark_read(struct job *job, const struct asked *a, struct response *res)
{
	bool typing = json_field(a->root, "typing_indicator") != NULL;
	struct message msg;
	id64 id;

	TRY(check_mark(job, a, typing));
	TRY(find_message(job, a, json_text_at(a->root, "message_id"), "message_id", &id));
	if (message_get(job, id, &msg) != OK || msg.author_kind != ACTOR_CONTACT ||
		msg.channel_id != a->to->channel.id)
		return graph_fail(job, "131009", "message_id is no message of a customer.");
	TRY(read_conversation(job, &msg));
	if (api_receipt_hook && msg.remote_id.len)
		api_receipt_hook(&(struct api_receipt){ job->workspace, msg.channel_id,
			msg.remote_id, typing });
	return graph_success(res);
}

enum err graph_messages_post(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { .req = req };

	TRY(graph_channel(job, req, &asked.to));
	TRY(graph_body(job, req, &asked.root));
	if (!str_is(json_text_at(asked.root, "messaging_product"), S("whatsapp")))
		return graph_fail(job, "100",
			"(#100) The parameter messaging_product is required.");
	if (str_is(json_text_at(asked.root, "status"), S("read")))
		return mark_read(job, &asked, res);
	return send(job, &asked, res);
}
