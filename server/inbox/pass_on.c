/*
 * pass_on.c: what a webhook of Meta's said, to our webhooks in Meta's format, in its own words.
 *
 * One of ours carries one element (a message, a status, …), so that it goes in the order of its own
 * conversation and waits for nobody else's. Names are translated when it is delivered
 * (api/graph_event.c): by then what it names has been stored.
 */
#include "inbox/inbox_internal.h"

#include "account/webhook.h"

enum { SOURCE_MAX = 4 << 20 };

struct part {
	const struct passing_on *what;
	json value, element;
	const char *list;       /* of value, that the element stands in; NULL: the whole value */
	enum webhook_kind kind;
};

/* ---- whose it is ---- */

static str remote_id_of(const struct part *p)
{
	static const char *const names[] = { "reaction.message_id", "edit.original_message_id",
		"revoke.original_message_id", "id" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (json_text_at(p->element, names[i]).len)
			return json_text_at(p->element, names[i]);
	return STR_NONE;
}

static enum err find_conversation(struct job *job, const struct part *p, id64 *out)
{
	struct message_place_row place;
	bool found = false;
	str id = remote_id_of(p);

	*out = 0;
	if (p->element && id.len)
		TRY(found_or_none(job, message_by_remote(job, p->what->channel->id, id, &place),
			&found));
	if (found)
		*out = place.conversation_id;
	return OK;
}

/* ---- the words ---- */

static bool is_text(json v, str text)
{
	return text.len && str_is(json_text(v), text);
}

/* Of several contacts, the one that the element is about. */
static bool is_about(json contact, json element)
{
	static const char *const phones[] = { "from", "recipient_id", "wa_id", "to" };
	static const char *const users[] = { "from_user_id", "recipient_user_id", "user_id" };
	str wa_id = json_text_at(contact, "wa_id"), user_id = json_text_at(contact, "user_id");

	for (size_t i = 0; i < COUNT_OF(phones); i++)
		if (is_text(json_field(element, phones[i]), wa_id))
			return true;
	for (size_t i = 0; i < COUNT_OF(users); i++)
		if (is_text(json_field(element, users[i]), user_id))
			return true;
	return false;
}

static void put_contacts(struct buf *out, const struct part *p, json contacts)
{
	size_t count = json_count(contacts);

	if (count < 2 || json_kind(contacts) != JSON_LIST) {
		json_put_value(out, "contacts", contacts);
		return;
	}
	json_open_in(out, "contacts", '[');
	for (size_t i = 0; i < count; i++)
		if (is_about(json_at(contacts, i), p->element))
			json_put_value(out, NULL, json_at(contacts, i));
	json_close(out, ']');
}

static bool is_list_of_elements(str name)
{
	return str_is(name, S("messages")) || str_is(name, S("statuses")) ||
	       str_is(name, S("message_echoes"));
}

static void put_element(struct buf *out, const struct part *p)
{
	json_open_in(out, p->list, '[');
	json_put_value(out, NULL, p->element);
	json_close(out, ']');
}

/* The value with this one element instead of all. */
static void put_value(struct job *job, struct buf *out, const struct part *p)
{
	json_open_in(out, "value", '{');
	for (void *at = json_first(p->value); at; at = json_next(p->value, at)) {
		str name = json_member_name(at);

		if (p->list && str_is(name, S("contacts")))
			put_contacts(out, p, json_member_value(at));
		else if (p->list && str_is(name, str_of(p->list)))
			put_element(out, p);
		else if (!p->list || !is_list_of_elements(name))
			json_put_value(out, arena_cstr(job->arena, name), json_member_value(at));
	}
	json_close(out, '}');
}

static enum err emit_part(struct job *job, const struct part *p)
{
	const struct passing_on *what = p->what;
	struct buf source = buf_in(job->arena, SOURCE_MAX);
	struct webhook_event event = { .kind = p->kind, .channel = what->channel->id };

	json_open(&source, '{');
	json_put(&source, "id", what->account_id.ptr ? what->account_id : S("0"));
	if (what->time)
		json_put_value(&source, "time", what->time);
	json_put_value(&source, "field", json_field(what->change, "field"));
	if (json_kind(p->value) == JSON_MAP)
		put_value(job, &source, p);
	else
		json_put_value(&source, "value", p->value);
	json_close(&source, '}');
	if (source.failed)
		return fail(job, ERR_BUG, "an event is too large to be passed on");
	event.source = buf_text(&source);
	TRY(find_conversation(job, p, &event.conversation));
	return webhook_emit(job, &event);
}

/* ---- which of our kinds it is ---- */

static enum webhook_kind kind_of_status(json status)
{
	str word = json_text_at(status, "status");

	if (str_is(word, S("delivered")))
		return WEBHOOK_MESSAGE_DELIVERED;
	if (str_is(word, S("read")) || str_is(word, S("played")))
		return WEBHOOK_MESSAGE_READ;
	return str_is(word, S("failed")) ? WEBHOOK_MESSAGE_FAILED : WEBHOOK_MESSAGE_SENT;
}

static enum webhook_kind kind_of_field(str field)
{
	static const struct { const char *field; enum webhook_kind kind; } known[] = {
		{ "messages", WEBHOOK_CHANNEL_STATUS_CHANGED }, /* errors of the account alone */
		{ "message_echoes", WEBHOOK_MESSAGE_SENT },
		{ "smb_message_echoes", WEBHOOK_MESSAGE_SENT },
		{ "history", WEBHOOK_MESSAGE_RECEIVED },
		{ "user_preferences", WEBHOOK_CONTACT_OPTED_OUT },
		{ "message_template_status_update", WEBHOOK_TEMPLATE_STATUS_CHANGED },
		{ "message_template_quality_update", WEBHOOK_TEMPLATE_STATUS_CHANGED },
		{ "message_template_components_update", WEBHOOK_TEMPLATE_STATUS_CHANGED },
		{ "template_category_update", WEBHOOK_TEMPLATE_STATUS_CHANGED },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(field, str_of(known[i].field)))
			return known[i].kind;
	return WEBHOOK_CHANNEL_STATUS_CHANGED;
}

static enum err emit_list(struct job *job, struct part *p, const char *list)
{
	json elements = json_field(p->value, list);

	p->list = list;
	for (size_t i = 0; json_kind(elements) == JSON_LIST && i < json_count(elements); i++) {
		p->element = json_at(elements, i);
		p->kind = str_is(str_of(list), S("statuses"))   ? kind_of_status(p->element)
		          : str_is(str_of(list), S("messages")) ? WEBHOOK_MESSAGE_RECEIVED
		                                                : WEBHOOK_MESSAGE_SENT;
		TRY(emit_part(job, p));
	}
	return OK;
}

enum err inbox_pass_on(struct job *job, const struct passing_on *what)
{
	struct part p = { .what = what, .value = json_field(what->change, "value") };
	bool has_lists = json_count(json_field(p.value, "messages")) ||
	                 json_count(json_field(p.value, "statuses")) ||
	                 json_count(json_field(p.value, "message_echoes"));

	if (!has_lists) {
		p.kind = kind_of_field(json_text_at(what->change, "field"));
		return emit_part(job, &p);
	}
	TRY(emit_list(job, &p, "messages"));
	TRY(emit_list(job, &p, "statuses"));
	return emit_list(job, &p, "message_echoes");
}
