/* messages.c: what is said: threads, single messages, sending and retrying. Its story is in
 * trace.c. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "crypto/crypto.h"
#include "store/store.h"

#define IDEMPOTENCY_KEY_MAX 255

static enum err write_message(struct job *job, struct response *res, int status,
	const struct message *msg)
{
	struct view_ask ask = { .messages = { (struct message *)msg, 1 },
		.hides_contacts = !may_read_contacts(job) };
	struct view view;

	TRY(view_load(job, &ask, &view));
	return message_write_json(job, reply_json(res, status), NULL, &view, msg);
}

enum err messages_get(struct job *job, const struct request *req, struct response *res)
{
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	return write_message(job, res, 200, &msg);
}

enum err messages_retry(struct job *job, const struct request *req, struct response *res)
{
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(inbox_retry(job, id, &msg));
	return write_message(job, res, 202, &msg);
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

static const char *const sendable[] = {
	"text",
	"image",
	"video",
	"audio",
	"document",
	"sticker",
	"location",
	"contacts",
	"reaction",
	"interactive",
	"template",
};

/* A draft as it comes: one object per kind, of which exactly that of `type` may be there. */
struct draft {
	str type, to, from;
	id64 channel_id;
	struct { id64 message_id; } context;
	json contents[COUNT_OF(sendable)];
};

static const struct field context_fields[] = {
	NAMED_FIELD(struct draft, "message_id", context.message_id, ID, .required = true),
	{ 0 },
};

#define CONTENT(n)                                                          \
	{                                                                   \
		.name = NULL, .kind = FIELD_JSON,                           \
		.at = offsetof(struct draft, contents) + (n) * sizeof(json) \
	}

/* The table for a route: the members that both take, and the address where it is asked for. */
static const struct field *draft_fields(struct job *job, bool addressed)
{
	const struct field common[] = {
		FIELD(struct draft, type, STR, .required = true),
		{ .name = "context", .kind = FIELD_MAP, .at = 0, .fields = context_fields },
	};
	const struct field address[] = {
		FIELD(struct draft, to, STR, .max = 200, .required = true),
		FIELD(struct draft, from, STR, .max = 60),
		FIELD(struct draft, channel_id, ID),
	};
	struct field *out = ARENA_ARRAY(job->arena, struct field,
		COUNT_OF(sendable) + COUNT_OF(common) + COUNT_OF(address) + 1);
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(sendable); i++, n++) {
		out[n] = (struct field)CONTENT(i);
		out[n].name = sendable[i];
	}
	for (size_t i = 0; i < COUNT_OF(common); i++)
		out[n++] = common[i];
	for (size_t i = 0; addressed && i < COUNT_OF(address); i++)
		out[n++] = address[i];
	return out;
}

/* Audio that says it is a voice message is one. */
static enum message_kind kind_of(const struct draft *draft, json content)
{
	enum message_kind kind = kind_parse(draft->type);

	return kind == KIND_AUDIO && json_flag(json_field(content, "voice"), false) ? KIND_VOICE
										    : kind;
}

static enum err pick_content(struct job *job, const struct draft *draft, struct message_draft *out)
{
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(sendable); i++) {
		str name = str_of(sendable[i]);

		if (str_is(draft->type, name)) {
			known = true;
			out->content = draft->contents[i];
			if (json_kind(out->content) != JSON_MAP &&
				json_kind(out->content) != JSON_LIST)
				field_error(job, name, S("required"),
					S("Give the content in the member named by type."));
		} else if (draft->contents[i]) {
			field_error(job, name, S("unexpected"),
				S("Only the member that type names may be there."));
		}
	}
	if (draft->type.ptr && !known)
		field_error(job, S("type"), S("unknown"),
			S("This kind of message cannot be sent."));
	TRY(job_check_fields(job));
	out->kind = kind_of(draft, out->content);
	return OK;
}

/* The key is the caller's; what it stands for is the route and the body. */
static enum err read_idempotency(struct job *job, const struct request *req,
	struct message_draft *out)
{
	struct buf text = buf_in(job->arena, req->path.len + req->body.len + 1);
	uint8_t *hash = arena_alloc(job->arena, SHA256_SIZE);

	out->idempotency_key = request_header(req, S("idempotency-key"));
	if (out->idempotency_key.len > IDEMPOTENCY_KEY_MAX)
		field_error(job, S("Idempotency-Key"), S("too_long"), S("At most 255 characters."));
	buf_str(&text, req->path);
	buf_byte(&text, '\n');
	buf_put(&text, req->body.ptr, req->body.len);
	sha256(buf_bytes(&text), hash);
	out->request_hash = (str){ (const char *)hash, SHA256_SIZE };
	return OK;
}

static enum err send(struct job *job, const struct request *req, struct response *res,
	id64 conversation)
{
	struct message_draft out = { .conversation_id = conversation };
	struct draft draft = { 0 };
	struct message msg;
	bool repeated;

	TRY(request_fields(job, req, draft_fields(job, !conversation), &draft));
	TRY(read_idempotency(job, req, &out));
	TRY(pick_content(job, &draft, &out));
	out.to = draft.to;
	out.from = draft.from;
	out.channel_id = draft.channel_id;
	out.reply_to_id = draft.context.message_id;
	out.priority = job->actor.kind == ACTOR_PERSON ? PRIORITY_LIVE : PRIORITY_NORMAL;
	TRY(inbox_send(job, &out, &msg, &repeated));
	return write_message(job, res, 202, &msg);
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
