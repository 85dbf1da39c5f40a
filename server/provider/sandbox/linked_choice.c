/*
 * linked_choice.c: what a customer's phone alone can say: a tap on a button or a row, an order from
 * the catalogue, and a kind of message that nobody here knows yet.
 *
 * A linked device never writes these (provider/linked reads them), so they are made here, as phones
 * make them: docs/protocol/linked-device-2-messaging.md §6. Contents are those of the Cloud API.
 */
#include "provider/sandbox/linked_internal.h"

#include "wa/message/message.h"

/* A field of Message that is given to nothing, with an octet in it. */
static const uint8_t future[] = { 0xfa, 0xf0, 0x04, 1, 'x' };

static char *text_at(struct arena *arena, json content, const char *path)
{
	return wa_cstr(arena, json_text_at(content, path));
}

static Wa__Message *tapped_button(struct arena *arena, json content)
{
	Wa__Message *m = wa_message_new(arena);
	Wa__ButtonsResponseMessage *p = ARENA_NEW(arena, Wa__ButtonsResponseMessage);

	wa__buttons_response_message__init(p);
	p->selected_button_id = text_at(arena, content, "button_reply.id");
	p->selected_display_text = text_at(arena, content, "button_reply.title");
	PROTO_SET(p, type, WA__BUTTONS_RESPONSE_MESSAGE__TYPE__DISPLAY_TEXT);
	m->buttons_response_message = p;
	return m;
}

static Wa__Message *tapped_row(struct arena *arena, json content)
{
	Wa__Message *m = wa_message_new(arena);
	Wa__ListResponseMessage *p = ARENA_NEW(arena, Wa__ListResponseMessage);
	Wa__ListSingleSelectReply *reply = ARENA_NEW(arena, Wa__ListSingleSelectReply);

	wa__list_single_select_reply__init(reply);
	reply->selected_row_id = text_at(arena, content, "list_reply.id");
	wa__list_response_message__init(p);
	p->title = text_at(arena, content, "list_reply.title");
	p->description = text_at(arena, content, "list_reply.description");
	p->single_select_reply = reply;
	PROTO_SET(p, list_type, WA__LIST_RESPONSE_MESSAGE__LIST_TYPE__SINGLE_SELECT);
	m->list_response_message = p;
	return m;
}

/* Of a template. */
static Wa__Message *tapped_quick_reply(struct arena *arena, json content)
{
	Wa__Message *m = wa_message_new(arena);
	Wa__TemplateButtonReplyMessage *p = ARENA_NEW(arena, Wa__TemplateButtonReplyMessage);

	wa__template_button_reply_message__init(p);
	p->selected_id = text_at(arena, content, "payload");
	p->selected_display_text = text_at(arena, content, "text");
	m->template_button_reply_message = p;
	return m;
}

/* The network carries how many and how much, not which: those are asked of the catalogue. */
static Wa__Message *ordered(struct arena *arena, json content)
{
	Wa__Message *m = wa_message_new(arena);
	Wa__OrderMessage *p = ARENA_NEW(arena, Wa__OrderMessage);
	json items = json_field(content, "product_items");
	int64_t count = 0;
	double total = 0;

	for (size_t i = 0; i < json_count(items); i++) {
		json item = json_at(items, i);
		int64_t quantity = json_int(json_field(item, "quantity"), 1);

		count += quantity;
		total += (double)quantity * json_number(json_field(item, "item_price"), 0);
	}
	wa__order_message__init(p);
	p->order_id = text_at(arena, content, "order_id");
	p->token = text_at(arena, content, "token");
	p->message = text_at(arena, content, "text");
	p->order_title = text_at(arena, json_at(items, 0), "name");
	p->total_currency_code = text_at(arena, json_at(items, 0), "currency");
	PROTO_SET(p, item_count, (int32_t)count);
	PROTO_SET(p, total_amount1000, (int64_t)(total * 1000));
	m->order_message = p;
	return m;
}

Wa__Message *linked_choice(struct arena *arena, str type, json content)
{
	if (str_is(type, S("interactive")) && json_field(content, "button_reply"))
		return tapped_button(arena, content);
	if (str_is(type, S("interactive")) && json_field(content, "list_reply"))
		return tapped_row(arena, content);
	if (str_is(type, S("button")))
		return tapped_quick_reply(arena, content);
	if (str_is(type, S("order")))
		return ordered(arena, content);
	if (str_is(type, S("unsupported")))
		return PROTO_UNPACK(arena, Wa__Message, wa__message,
			((bytes){ future, sizeof future }));
	return NULL;
}
