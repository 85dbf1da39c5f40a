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
};

static const struct field context_fields[] = {
	NAMED_FIELD(struct draft, "message_id", context.message_id, ID, .required = true),
	{ 0 },
};

static const struct field common_fields[] = {
	FIELD(struct draft, type, STR, .required = true),
	FIELD(struct draft, canned_id, ID),
	{ .name = "context", .kind = FIELD_MAP, .at = 0, .fields = context_fields },
	{ 0 },
};

static const struct field address_fields[] = {
	FIELD(struct draft, to, STR, .max = 200, .required = true),
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
		COUNT_OF(sendable) + COUNT_OF(common_fields) + COUNT_OF(later_fields));
	size_t n = 0;

	for (; n < COUNT_OF(sendable); n++)
		out[n] = (struct field){ .name = sendable[n], .kind = FIELD_JSON,
			.at = offsetof(struct draft, contents) + n * sizeof(json) };
	n += add(out + n, common_fields);
	n += add(out + n, more_fields[use]);
	out[n] = (struct field){ 0 };
	return out;
}

enum err draft_read(struct job *job, const struct request *req, enum draft_use use,
	struct draft *out)
{
	return request_fields(job, req, fields_for(job, use), out);
}

/* Audio that says it is a voice message is one. */
static enum message_kind kind_of(const struct draft *draft, json content)
{
	enum message_kind kind = kind_parse(draft->type);

	return kind == KIND_AUDIO && json_flag(json_field(content, "voice"), false) ? KIND_VOICE
										    : kind;
}

enum err draft_take(struct job *job, const struct draft *draft, struct message_draft *out)
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
	out->to = draft->to;
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
