/* draft.c: see draft.h. */
#include "api/draft.h"

#include "crypto/crypto.h"

#define IDEMPOTENCY_KEY_MAX 255

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
	"poll",
	"pin",
};

static const struct field context_fields[] = {
	NAMED_FIELD(struct draft, "message_id", context.message_id, ID, .required = true),
	{ 0 },
};

static const struct field common_fields[] = {
	FIELD(struct draft, type, STR),
	FIELD(struct draft, canned_id, ID),
	{ .name = "context", .kind = FIELD_MAP, .at = 0, .fields = context_fields },
	{ 0 },
};

/* What a message asks for beside its content, in the Cloud API's own words. */
static const char *const options[] = { "biz_opaque_callback_data", "category", "direct_send_config",
	"message_activity_sharing", "product_policy", "recipient_identity_key_hash",
	"ttl_seconds" };

static const struct field address_fields[] = {
	FIELD(struct draft, to, STR, .max = 200),
	FIELD(struct draft, recipient, STR, .max = 200),
	FIELD(struct draft, recipient_type, STR, .max = 20),
	FIELD(struct draft, from, STR, .max = 60),
	FIELD(struct draft, channel_id, ID),
	{ 0 },
};

static const struct field later_fields[] = {
	FIELD(struct draft, conversation_id, ID),
	FIELD(struct draft, send_at_ms, INT, .required = true),
	FIELD(struct draft, time_zone, STR, .max = 64, .required = true),
	FIELD(struct draft, repeat, STR, .max = 20),
	FIELD(struct draft, repeat_until_ms, INT, .nullable = true),
	FIELD(struct draft, only_if_no_reply, BOOL),
	{ 0 },
};

static const struct field *const more_fields[] = {
	[DRAFT_REPLY] = NULL,
	[DRAFT_ADDRESSED] = address_fields,
	[DRAFT_LATER] = later_fields,
};

static size_t add(struct field *out, const struct field *fields)
{
	size_t n = 0;

	for (; fields && fields[n].name; n++)
		out[n] = fields[n];
	return n;
}

/* The table for a route: a member for each kind, those of all, and its own. */
static const struct field *fields_for(struct job *job, enum draft_use use)
{
	struct field *out = ARENA_ARRAY(job->arena, struct field,
		COUNT_OF(sendable) + COUNT_OF(options) + COUNT_OF(common_fields) +
			COUNT_OF(later_fields));
	size_t n = 0;

	for (; n < COUNT_OF(sendable); n++)
		out[n] = (struct field){ .name = sendable[n], .kind = FIELD_JSON,
			.at = offsetof(struct draft, contents) + n * sizeof(json) };
	for (size_t i = 0; use != DRAFT_LATER && i < COUNT_OF(options); i++)
		out[n++] = (struct field){ .name = options[i], .kind = FIELD_JSON,
			.at = offsetof(struct draft, options) + i * sizeof(json) };
	n += add(out + n, common_fields);
	n += add(out + n, more_fields[use]);
	out[n] = (struct field){ 0 };
	return out;
}

enum err draft_read(struct job *job, const struct request *req, enum draft_use use,
	struct draft *out)
{
	out->use = use;
	return request_fields(job, req, fields_for(job, use), out);
}

/* Audio that says it is a voice message is one. */
static enum message_kind kind_of(str type, json content)
{
	enum message_kind kind = kind_parse(type);

	return kind == KIND_AUDIO && json_flag(json_field(content, "voice"), false) ? KIND_VOICE
										    : kind;
}

/* Those that were given, as one object. */
static enum err take_options(struct job *job, const struct draft *draft, json *out)
{
	struct buf b = buf_in(job->arena, JSON_SIZE_MAX);

	json_open(&b, '{');
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (draft->options[i])
			json_put_value(&b, options[i], draft->options[i]);
	json_close(&b, '}');
	return json_read(job->arena, buf_text(&b), out, &job->why);
}

enum err draft_options(struct job *job, json root, json *out)
{
	struct draft draft = { 0 };

	for (size_t i = 0; i < COUNT_OF(options); i++)
		draft.options[i] = json_field(root, options[i]);
	return take_options(job, &draft, out);
}

/* "If both are there `to` wins". */
static void take_address(struct job *job, const struct draft *draft, struct message_draft *out)
{
	str type = draft->recipient_type;

	out->to = draft->to.len ? draft->to : draft->recipient;
	out->to_group = str_is(type, S("group"));
	if (type.len && !out->to_group && !str_is(type, S("individual")))
		field_error(job, S("recipient_type"), S("unknown"),
			S("One of individual, group."));
	if (draft->use == DRAFT_ADDRESSED && !out->to.len)
		field_error(job, S("to"), S("required"),
			S("Say who gets it: to, or recipient for a business-scoped id."));
}

/* Clients of the Cloud API leave the type out where one content says it all. */
static str type_by_content(const struct draft *draft)
{
	str type = STR_NONE;
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(sendable); i++)
		if (draft->contents[i]) {
			type = str_of(sendable[i]);
			count++;
		}
	return count == 1 ? type : STR_NONE;
}

str draft_type(json root)
{
	struct draft draft = { 0 };
	str type = json_text_at(root, "type");

	for (size_t i = 0; i < COUNT_OF(sendable); i++)
		draft.contents[i] = json_field(root, sendable[i]);
	return type.len ? type : type_by_content(&draft);
}

enum err draft_take(struct job *job, const struct draft *draft, struct message_draft *out)
{
	str type = draft->type.len ? draft->type : type_by_content(draft);
	bool known = false;

	for (size_t i = 0; i < COUNT_OF(sendable); i++) {
		str name = str_of(sendable[i]);

		if (str_is(type, name)) {
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
	if (!type.len)
		field_error(job, S("type"), S("required"), S("Say what kind of message it is."));
	else if (!known)
		field_error(job, S("type"), S("unknown"),
			S("This kind of message cannot be sent."));
	take_address(job, draft, out);
	TRY(job_check_fields(job));
	TRY(take_options(job, draft, &out->options));
	out->kind = kind_of(type, out->content);
	out->from = draft->from;
	out->channel_id = draft->channel_id;
	out->canned_id = draft->canned_id;
	out->reply_to_id = draft->context.message_id;
	out->priority = job->actor.kind == ACTOR_PERSON ? PRIORITY_LIVE : PRIORITY_NORMAL;
	return OK;
}

enum err draft_idempotency(struct job *job, const struct request *req, struct message_draft *out)
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
