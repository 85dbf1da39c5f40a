/*
 * content_kind_choice.c: what businesses ask with buttons, lists, products and orders, what people
 * choose of it, as over the Cloud API; one function a kind, called by content_kind.c's table.
 */
#include "provider/linked/content_internal.h"

/* {"kind":"text","text":"…"} as Meta has headers; nothing without text. */
static void put_text_object(struct reading *r, const char *key, const char *text, bool is_header)
{
	if (!text || !*text)
		return;
	json_open_in(&r->b, key, '{');
	if (is_header)
		json_put(&r->b, "type", S("text"));
	linked_say(r, "text", text);
	json_close(&r->b, '}');
}

/* ---- commerce ---- */

enum message_kind linked_read_order(struct reading *r)
{
	const Wa__OrderMessage *p = r->m->order_message;
	double total = (double)p->total_amount1000 / 1000;

	linked_say(r, "order_id", p->order_id);
	linked_say(r, "token", p->token);
	linked_say(r, "text", p->message);
	json_open_in(&r->b, "product_items", '[');
	if (p->item_count > 0) {
		json_open(&r->b, '{');
		linked_say(r, "name", p->order_title);
		json_put_int(&r->b, "quantity", p->item_count);
		json_put_number(&r->b, "item_price", total / p->item_count);
		linked_say(r, "currency", p->total_currency_code);
		json_close(&r->b, '}');
	}
	json_close(&r->b, ']');
	return KIND_ORDER;
}

enum message_kind linked_read_product(struct reading *r)
{
	const Wa__ProductMessage *p = r->m->product_message;
	const Wa__ProductSnapshot *product = p->product;

	linked_say(r, "text", p->body);
	if (!product)
		return KIND_PRODUCT;
	linked_say(r, "product_retailer_id",
		product->retailer_id ? product->retailer_id : product->product_id);
	linked_say(r, "title", product->title);
	linked_say(r, "description", product->description);
	linked_say(r, "currency", product->currency_code);
	if (product->has_price_amount1000)
		json_put_number(&r->b, "price", (double)product->price_amount1000 / 1000);
	linked_say(r, "url", product->url);
	return KIND_PRODUCT;
}

/* ---- what others ask with buttons and lists ---- */

static void put_reply(struct reading *r, const char *id, const char *title, const char *url)
{
	json_open(&r->b, '{');
	json_put(&r->b, "type", url ? S("url") : S("reply"));
	json_open_in(&r->b, "reply", '{');
	linked_say(r, "id", id);
	json_put(&r->b, "title", title ? str_of(title) : S(""));
	linked_say(r, "url", url);
	json_close(&r->b, '}');
	json_close(&r->b, '}');
}

/* Opens what all have, up to the buttons; buttons_end() closes it. */
struct asked { const char *header, *body, *footer; };
static void buttons_begin(struct reading *r, const struct asked *asked)
{
	json_put(&r->b, "type", S("button"));
	put_text_object(r, "header", asked->header, true);
	put_text_object(r, "body", asked->body, false);
	put_text_object(r, "footer", asked->footer, false);
	json_open_in(&r->b, "action", '{');
	json_open_in(&r->b, "buttons", '[');
}

static enum message_kind buttons_end(struct reading *r)
{
	json_close(&r->b, ']');
	json_close(&r->b, '}');
	return KIND_INTERACTIVE;
}

enum message_kind linked_read_buttons(struct reading *r)
{
	const Wa__ButtonsMessage *p = r->m->buttons_message;

	buttons_begin(r, &(struct asked){ p->text, p->content_text, p->footer_text });
	for (size_t i = 0; i < p->n_buttons; i++) {
		const Wa__ButtonText *text = p->buttons[i]->button_text;

		put_reply(r, p->buttons[i]->button_id, text ? text->display_text : NULL, NULL);
	}
	return buttons_end(r);
}

enum message_kind linked_read_list(struct reading *r)
{
	const Wa__ListMessage *p = r->m->list_message;

	json_put(&r->b, "type", S("list"));
	put_text_object(r, "header", p->title, true);
	put_text_object(r, "body", p->description, false);
	put_text_object(r, "footer", p->footer_text, false);
	json_open_in(&r->b, "action", '{');
	linked_say(r, "button", p->button_text);
	json_open_in(&r->b, "sections", '[');
	for (size_t i = 0; i < p->n_sections; i++) {
		json_open(&r->b, '{');
		linked_say(r, "title", p->sections[i]->title);
		json_open_in(&r->b, "rows", '[');
		for (size_t j = 0; j < p->sections[i]->n_rows; j++) {
			const Wa__ListRow *row = p->sections[i]->rows[j];

			json_open(&r->b, '{');
			linked_say(r, "id", row->row_id);
			linked_say(r, "title", row->title);
			linked_say(r, "description", row->description);
			json_close(&r->b, '}');
		}
		json_close(&r->b, ']');
		json_close(&r->b, '}');
	}
	json_close(&r->b, ']');
	json_close(&r->b, '}');
	return KIND_INTERACTIVE;
}

static void put_hydrated_button(struct reading *r, const Wa__HydratedTemplateButton *b)
{
	if (b->quick_reply_button)
		put_reply(r, b->quick_reply_button->id, b->quick_reply_button->display_text, NULL);
	else if (b->url_button)
		put_reply(r, NULL, b->url_button->display_text, b->url_button->url);
	else if (b->call_button)
		put_reply(r, NULL, b->call_button->display_text,
			arena_cstr(r->arena, arena_printf(r->arena, "tel:%s",
				b->call_button->phone_number ? b->call_button->phone_number : "")));
}

static enum message_kind read_native(struct reading *r, const Wa__InteractiveMessage *p)
{
	const Wa__InteractiveNativeFlowMessage *flow = p->native_flow_message;

	buttons_begin(r, &(struct asked){ p->header ? p->header->title : NULL,
			p->body ? p->body->text : NULL, p->footer ? p->footer->text : NULL });
	for (size_t i = 0; flow && i < flow->n_buttons; i++) {
		json params = NULL;
		str text = str_of(flow->buttons[i]->button_params_json);

		if (!text.len || json_read(r->arena, text, &params, NULL) != OK)
			params = NULL;
		put_reply(r, wa_cstr(r->arena, json_text_at(params, "id")),
			wa_cstr(r->arena, json_text_at(params, "display_text")),
			wa_cstr(r->arena, json_text_at(params, "url")));
	}
	return buttons_end(r);
}

enum message_kind linked_read_interactive(struct reading *r)
{
	return read_native(r, r->m->interactive_message);
}

enum message_kind linked_read_template(struct reading *r)
{
	const Wa__TemplateMessage *t = r->m->template_message;
	const Wa__HydratedFourRowTemplate *p =
		t->hydrated_template ? t->hydrated_template : t->hydrated_four_row_template;

	if (!p && t->interactive_message_template)
		return read_native(r, t->interactive_message_template);
	if (!p)
		return linked_unsupported(r, "template", "A template without its text.");
	buttons_begin(r, &(struct asked){ p->hydrated_title_text, p->hydrated_content_text,
			p->hydrated_footer_text });
	for (size_t i = 0; i < p->n_hydrated_buttons; i++)
		put_hydrated_button(r, p->hydrated_buttons[i]);
	return buttons_end(r);
}

/* ---- what they chose: the same as over the Cloud API ---- */

static enum message_kind chosen(struct reading *r, const char *type, const char *id,
	const char *title)
{
	json_put(&r->b, "type", str_of(type));
	json_open_in(&r->b, type, '{');
	json_put(&r->b, "id", id ? str_of(id) : S(""));
	json_put(&r->b, "title", title ? str_of(title) : S(""));
	return KIND_INTERACTIVE; /* and the caller closes it */
}

enum message_kind linked_read_buttons_response(struct reading *r)
{
	const Wa__ButtonsResponseMessage *p = r->m->buttons_response_message;
	enum message_kind kind = chosen(r, "button_reply", p->selected_button_id,
		p->selected_display_text);

	json_close(&r->b, '}');
	return kind;
}

enum message_kind linked_read_list_response(struct reading *r)
{
	const Wa__ListResponseMessage *p = r->m->list_response_message;
	const Wa__ListSingleSelectReply *reply = p->single_select_reply;
	enum message_kind kind =
		chosen(r, "list_reply", reply ? reply->selected_row_id : NULL, p->title);

	linked_say(r, "description", p->description);
	json_close(&r->b, '}');
	return kind;
}

enum message_kind linked_read_template_reply(struct reading *r)
{
	const Wa__TemplateButtonReplyMessage *p = r->m->template_button_reply_message;

	json_put(&r->b, "text",
		p->selected_display_text ? str_of(p->selected_display_text) : S(""));
	json_put(&r->b, "payload", p->selected_id ? str_of(p->selected_id) : S(""));
	return KIND_BUTTON;
}

/* A quick reply and a choice of a list are what they are elsewhere; the rest are forms. */
enum message_kind linked_read_flow_response(struct reading *r)
{
	const Wa__InteractiveResponseMessage *p = r->m->interactive_response_message;
	const Wa__NativeFlowResponseMessage *flow = p->native_flow_response_message;
	str name = flow ? str_of(flow->name) : STR_NONE;
	str answers = flow ? str_of(flow->params_json) : STR_NONE;
	const char *title = p->body ? p->body->text : NULL;
	json params = NULL;

	if (!answers.len || json_read(r->arena, answers, &params, NULL) != OK)
		params = NULL;
	if (json_text_at(params, "id").len && (str_is(name, S("quick_reply")) ||
		    str_is(name, S("menu_options")) || str_is(name, S("single_select")))) {
		chosen(r, str_is(name, S("quick_reply")) ? "button_reply" : "list_reply",
			wa_cstr(r->arena, json_text_at(params, "id")), title);
	} else {
		json_put(&r->b, "type", S("nfm_reply"));
		json_open_in(&r->b, "nfm_reply", '{');
		json_put(&r->b, "name", name.len ? name : S("flow"));
		json_put(&r->b, "body", title ? str_of(title) : S(""));
		json_put(&r->b, "response_json", answers.len ? answers : S("{}"));
	}
	json_close(&r->b, '}');
	return KIND_INTERACTIVE;
}
