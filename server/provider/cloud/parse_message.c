/*
 * parse_message.c: one element of messages[], message_echoes[] or a history thread.
 *
 * A message whose type nobody knows is still a message of a person: it becomes KIND_UNKNOWN with
 * its raw JSON, stands in the thread and opens the window. Only what has neither id nor person is
 * kept as EVENT_UNDRAWN.
 */
#include "provider/cloud/cloud_internal.h"

/* Types whose object of the same name is the content. The order serves messages that tell no type.
 */
static const char *const drawn[] = { "text", "image", "video", "audio", "voice", "document",
	"sticker", "location", "contacts", "interactive", "button", "order", "template", "reaction",
	"system", "edit", "revoke" };

static str type_of(json msg)
{
	str type = json_text_at(msg, "type");

	if (type.len)
		return type;
	for (size_t i = 0; i < COUNT_OF(drawn); i++)
		if (json_field(msg, drawn[i]))
			return str_of(drawn[i]);
	return S("unknown");
}

static bool is_drawn(str type)
{
	for (size_t i = 0; i < COUNT_OF(drawn); i++)
		if (str_is(type, str_of(drawn[i])))
			return true;
	return false;
}

static json object_of(json msg, str type)
{
	for (size_t i = 0; i < COUNT_OF(drawn); i++)
		if (str_is(type, str_of(drawn[i])))
			return json_field(msg, drawn[i]);
	return NULL;
}

/* ---- who ---- */

static struct person_ref sender(const struct parsing *p, json msg)
{
	return (struct person_ref){ .phone = cloud_phone(p, json_field(msg, "from")),
				    .bsuid = cloud_id(p, msg, "from_user_id"),
				    .parent_bsuid = cloud_id(p, msg, "from_parent_user_id") };
}

static struct person_ref receiver(const struct parsing *p, json msg)
{
	return (struct person_ref){ .phone = cloud_phone(p, json_field(msg, "to")),
				    .bsuid = cloud_id(p, msg, "to_user_id"),
				    .parent_bsuid = cloud_id(p, msg, "to_parent_user_id") };
}

/* In a history, `from` is the business or the customer; the thread (or the number) tells which. */
static bool is_of_owner(const struct parsing *p, json msg, enum cloud_origin origin,
	const struct person_ref *thread)
{
	str from = cloud_phone(p, json_field(msg, "from"));

	if (origin != FROM_HISTORY)
		return origin == FROM_OWNER;
	if (from.len && str_is(from, p->business_phone))
		return true;
	return thread && from.len && thread->phone.len && !str_is(from, thread->phone);
}

static struct person_ref person_of(const struct parsing *p, json msg, bool is_echo,
	const struct person_ref *thread)
{
	struct person_ref who = thread ? *thread : is_echo ? receiver(p, msg) : sender(p, msg);

	cloud_know(p, &who);
	return who;
}

/* ---- content ---- */

/* The object as it came; what stands beside it and would be lost (errors, the product asked about)
 * goes in. */
static str content_of(const struct parsing *p, json msg, json object)
{
	struct buf b = buf_heap((size_t)JSON_SIZE_MAX * 6);
	json errors = json_field(msg, "errors"),
	     product = json_path(msg, "context.referred_product");
	str text;

	json_open(&b, '{');
	for (void *at = json_first(object); at; at = json_next(object, at)) {
		json_key_str(&b, json_member_name(at));
		json_put_value(&b, NULL, json_member_value(at));
	}
	if (errors && !json_field(object, "errors"))
		json_put_value(&b, "errors", errors);
	if (product && !json_field(object, "referred_product"))
		json_put_value(&b, "referred_product", product);
	json_close(&b, '}');
	text = arena_str(p->job->arena, buf_text(&b));
	buf_done(&b);
	return text;
}

static void fill_media(const struct parsing *p, struct provider_event *event, json media)
{
	event->media = (struct media_info){ .mime_type = json_text_at(media, "mime_type"),
					    .file_name = json_text_at(media, "filename"),
					    .sha256 = json_text_at(media, "sha256"),
					    .size = json_int(json_field(media, "file_size"), 0) };
	event->media_remote_id = cloud_id(p, media, "id");
	event->media_url = json_text_at(media, "url");
}

/* Sets message_kind, content and media by type and object. */
static void fill_content(const struct parsing *p, struct provider_event *event, json msg)
{
	str type = type_of(msg);
	json object = object_of(msg, type);

	event->message_kind = kind_parse(type);
	if (is_drawn(type) && !object)
		event->message_kind = KIND_UNKNOWN;
	if (str_is(type, S("audio")) && json_flag(json_field(object, "voice"), false))
		event->message_kind = KIND_VOICE;
	switch (event->message_kind) {
	case KIND_UNKNOWN:
		/* Older API versions say "unknown" where newer ones say "unsupported". */
		if (cloud_list(json_field(msg, "errors")))
			event->message_kind = KIND_UNSUPPORTED;
		event->content = cloud_json_text(p->job->arena, msg);
		break;
	case KIND_UNSUPPORTED:
	case KIND_REQUEST_WELCOME:
	case KIND_MEDIA_PLACEHOLDER:
		event->content = content_of(p, msg, json_field(msg, "unsupported"));
		break;
	case KIND_CONTACTS:
		event->content = cloud_json_text(p->job->arena, object);
		break;
	default:
		event->content = is_drawn(type) ? content_of(p, msg, object)
		                                : cloud_json_text(p->job->arena, msg);
		event->message_kind = is_drawn(type) ? event->message_kind : KIND_UNKNOWN;
	}
	if (kind_is_media(event->message_kind))
		fill_media(p, event, object);
}

static unsigned flags_of(json msg, bool is_echo, enum cloud_origin origin)
{
	unsigned flags = 0;

	if (json_flag(json_path(msg, "context.forwarded"), false))
		flags |= FLAG_FORWARDED;
	if (json_flag(json_path(msg, "context.frequently_forwarded"), false))
		flags |= FLAG_FREQUENTLY_FORWARDED;
	if (origin == FROM_HISTORY)
		flags |= FLAG_HISTORY;
	if (is_echo)
		flags |= FLAG_ECHO;
	return flags;
}

static enum message_status history_status(json msg, bool is_echo)
{
	static const struct { const char *word; enum message_status status;
	} words[] = {
		{ "PENDING", STATUS_ACCEPTED },
		{ "SENT", STATUS_SENT },
		{ "DELIVERED", STATUS_DELIVERED },
		{ "READ", STATUS_READ },
		{ "PLAYED", STATUS_PLAYED },
		{ "ERROR", STATUS_FAILED },
	};
	str word = json_text_at(msg, "history_context.status");

	for (size_t i = 0; i < COUNT_OF(words) && is_echo; i++)
		if (str_is_nocase(word, str_of(words[i].word)))
			return words[i].status;
	return is_echo ? STATUS_SENT : STATUS_RECEIVED;
}

/* ---- the shapes ---- */

struct message {
	json msg;
	str id;
	struct person_ref who;
	bool is_echo;
	enum cloud_origin origin;
};

/* What every event of a message has. */
static struct provider_event *start(const struct parsing *p, const struct message *m,
	enum event_kind kind)
{
	struct provider_event *event = cloud_event(p, kind);
	json referral = json_field(m->msg, "referral");

	event->who = m->who;
	event->remote_id = m->id;
	event->at_ms = cloud_time_ms(json_field(m->msg, "timestamp"), p->entry_ms);
	event->is_echo = m->is_echo;
	event->is_history = m->origin == FROM_HISTORY;
	event->flags = flags_of(m->msg, m->is_echo, m->origin);
	event->group_id = cloud_id(p, m->msg, "group_id");
	event->reply_to = cloud_id(p, json_field(m->msg, "context"), "id");
	if (json_kind(referral) == JSON_MAP)
		event->referral = cloud_json_text(p->job->arena, referral);
	return event;
}

static void parse_plain(const struct parsing *p, const struct message *m)
{
	struct provider_event *event = start(p, m, EVENT_MESSAGE);

	event->status = history_status(m->msg, m->is_echo);
	fill_content(p, event, m->msg);
}

static void parse_reaction(const struct parsing *p, const struct message *m)
{
	json reaction = json_field(m->msg, "reaction");
	struct provider_event *event = start(p, m, EVENT_REACTION);
	str emoji = json_text_at(reaction, "emoji");

	event->target_id = cloud_id(p, reaction, "message_id");
	event->emoji = emoji.ptr ? emoji : S("");
}

static void parse_edit(const struct parsing *p, const struct message *m)
{
	json edit = json_field(m->msg, "edit");
	struct provider_event *event = start(p, m, EVENT_EDIT);

	event->target_id = cloud_id(p, edit, "original_message_id");
	fill_content(p, event, json_field(edit, "message"));
}

static void parse_revoke(const struct parsing *p, const struct message *m)
{
	start(p, m, EVENT_REVOKE)->target_id =
		cloud_id(p, json_field(m->msg, "revoke"), "original_message_id");
}

/*
 * The customer's new names come first, so that the message below finds the person under them.
 * "Old number in `from` (or `customer`), new one in `wa_id` (or `new_wa_id`)".
 */
static void parse_system(const struct parsing *p, struct message *m)
{
	json system = json_field(m->msg, "system");
	str type = json_text_at(system, "type"),
	    phone = cloud_phone(p, json_field(system, "wa_id"));
	struct person_ref now = {
		.phone = phone.len ? phone : cloud_phone(p, json_field(system, "new_wa_id")),
		.bsuid = cloud_id(p, system, "user_id"),
		.parent_bsuid = cloud_id(p, system, "parent_user_id")
	};
	bool is_new = str_is(type, S("user_changed_number")) ||
	              str_is(type, S("customer_changed_number")) ||
	              str_is(type, S("user_changed_user_id"));
	struct provider_event *event;

	if (is_new && cloud_has_name(&now)) {
		event = start(p, m, EVENT_IDENTITY);
		if (!now.phone.len && str_is(type, S("user_changed_user_id")))
			now.phone = m->who.phone;
		now.name = m->who.name;
		now.username = m->who.username;
		event->previous = m->who;
		event->who = m->who = now;
		event->reason = type;
	}
	event = start(p, m, EVENT_MESSAGE);
	event->message_kind = KIND_SYSTEM;
	event->content = content_of(p, m->msg, system);
}

/* An edit, revoke or reaction that names no message is about nothing: kept as it came. */
static bool has_target(const struct parsing *p, json msg, const char *type, const char *key)
{
	return cloud_id(p, json_field(msg, type), key).len > 0;
}

void cloud_parse_message(const struct parsing *p, json msg, enum cloud_origin origin,
	const struct person_ref *thread)
{
	struct message m = { .msg = msg, .id = cloud_id(p, msg, "id"), .origin = origin,
			     .is_echo = is_of_owner(p, msg, origin, thread) };
	str type = type_of(msg);

	m.who = person_of(p, msg, m.is_echo, thread);
	if (str_is(type, S("system")) && !m.who.phone.len)
		m.who.phone = cloud_phone(p, json_path(msg, "system.customer"));
	if (!m.id.len || !cloud_has_name(&m.who))
		cloud_undrawn(p, msg);
	else if (str_is(type, S("reaction")) && has_target(p, msg, "reaction", "message_id"))
		parse_reaction(p, &m);
	else if (str_is(type, S("edit")) && has_target(p, msg, "edit", "original_message_id"))
		parse_edit(p, &m);
	else if (str_is(type, S("revoke")) && has_target(p, msg, "revoke", "original_message_id"))
		parse_revoke(p, &m);
	else if (str_is(type, S("reaction")) || str_is(type, S("edit")) ||
		 str_is(type, S("revoke")))
		cloud_undrawn(p, msg);
	else if (str_is(type, S("system")) && json_field(msg, "system"))
		parse_system(p, &m);
	else
		parse_plain(p, &m);
}
