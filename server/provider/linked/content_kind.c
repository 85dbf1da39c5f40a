/*
 * content_kind.c: each kind of content that comes, as the JSON of our kind for it.
 *
 * One function a kind, in one table. A function writes members of an object (of contacts: elements
 * of a list) that its caller opened, and answers the kind; what comes of strangers and is not there
 * is left out.
 */
#include "base/codec.h"
#include "provider/linked/content_internal.h"

/* ---- small parts ---- */

void linked_say(struct reading *r, const char *key, const char *text)
{
	if (text && *text)
		json_put(&r->b, key, str_of(text));
}

static void put_number(struct reading *r, const char *key, bool has, int64_t n)
{
	if (has)
		json_put_int(&r->b, key, n);
}

static void put_octets(struct reading *r, const char *key, bool has, ProtobufCBinaryData data)
{
	bytes octets = proto_octets(has, data);

	if (octets.len)
		json_put(&r->b, key, hex_text(r->arena, octets));
}

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

str linked_jid_user(const char *jid)
{
	struct jid read;

	return jid_read(str_of(jid), &read) ? read.user : STR_NONE;
}

/* ---- text and media ---- */

static enum message_kind read_conversation(struct reading *r)
{
	json_put(&r->b, "body", str_of(r->m->conversation));
	return KIND_TEXT;
}

static enum message_kind read_text(struct reading *r)
{
	const Wa__ExtendedTextMessage *t = r->m->extended_text_message;

	json_put(&r->b, "body", t->text ? str_of(t->text) : S(""));
	if (t->title && *t->title) {
		json_open_in(&r->b, "preview", '{');
		linked_say(r, "url", t->matched_text);
		linked_say(r, "title", t->title);
		linked_say(r, "description", t->description);
		json_close(&r->b, '}');
	}
	return KIND_TEXT;
}

/* The members that all media messages of the protocol have, by the names that they have there. */
#define TAKE_MEDIA(r, p, media_kind)                                                         \
	do {                                                                                 \
		(r)->media = (struct wa_media){ .kind = (media_kind),                        \
			.direct_path = str_of((p)->direct_path),                             \
			.url = str_of((p)->url),                                             \
			.key = PROTO_DATA(p, media_key),                                     \
			.sha256 = PROTO_DATA(p, file_sha256),                                \
			.enc_sha256 = PROTO_DATA(p, file_enc_sha256),                        \
			.size = (p)->has_file_length ? (int64_t)(p)->file_length : 0 };      \
		(r)->has_media = true;                                                       \
		(r)->mime_type = str_of((p)->mimetype);                                      \
		linked_say(r, "mime_type", (p)->mimetype);                                   \
		put_octets(r, "sha256", (p)->has_file_sha256, (p)->file_sha256);             \
		put_number(r, "file_size", (p)->has_file_length, (int64_t)(p)->file_length); \
	} while (0)

static enum message_kind read_image(struct reading *r)
{
	const Wa__ImageMessage *p = r->m->image_message;

	TAKE_MEDIA(r, p, WA_MEDIA_IMAGE);
	linked_say(r, "caption", p->caption);
	put_number(r, "width", p->has_width, p->width);
	put_number(r, "height", p->has_height, p->height);
	return KIND_IMAGE;
}

static enum message_kind read_video_message(struct reading *r, const Wa__VideoMessage *p)
{
	TAKE_MEDIA(r, p, WA_MEDIA_VIDEO);
	linked_say(r, "caption", p->caption);
	put_number(r, "width", p->has_width, p->width);
	put_number(r, "height", p->has_height, p->height);
	put_number(r, "seconds", p->has_seconds, p->seconds);
	if (p->gif_playback)
		json_put_bool(&r->b, "gif", true);
	return KIND_VIDEO;
}

static enum message_kind read_video(struct reading *r)
{
	return read_video_message(r, r->m->video_message);
}

static enum message_kind read_round_video(struct reading *r)
{
	json_put_bool(&r->b, "round", true);
	return read_video_message(r, r->m->ptv_message);
}

static enum message_kind read_audio(struct reading *r)
{
	const Wa__AudioMessage *p = r->m->audio_message;
	bytes waveform = PROTO_DATA(p, waveform);

	TAKE_MEDIA(r, p, WA_MEDIA_AUDIO);
	put_number(r, "seconds", p->has_seconds, p->seconds);
	if (p->ptt)
		json_put_bool(&r->b, "voice", true);
	if (waveform.len && waveform.len <= WA_WAVEFORM_SIZE) {
		json_open_in(&r->b, "waveform", '[');
		for (size_t i = 0; i < waveform.len; i++)
			json_put_int(&r->b, NULL, waveform.ptr[i]);
		json_close(&r->b, ']');
	}
	return p->ptt ? KIND_VOICE : KIND_AUDIO;
}

static enum message_kind read_document(struct reading *r)
{
	const Wa__DocumentMessage *p = r->m->document_message;

	TAKE_MEDIA(r, p, WA_MEDIA_DOCUMENT);
	r->file_name = str_of(p->file_name ? p->file_name : p->title);
	if (r->file_name.len)
		json_put(&r->b, "filename", r->file_name);
	linked_say(r, "caption", p->caption);
	put_number(r, "pages", p->has_page_count, p->page_count);
	return KIND_DOCUMENT;
}

static enum message_kind read_sticker(struct reading *r)
{
	const Wa__StickerMessage *p = r->m->sticker_message;

	TAKE_MEDIA(r, p, WA_MEDIA_IMAGE);
	json_put_bool(&r->b, "animated", p->is_animated);
	return KIND_STICKER;
}

/* ---- places and people ---- */

static enum message_kind read_location(struct reading *r)
{
	const Wa__LocationMessage *p = r->m->location_message;

	json_put_number(&r->b, "latitude", p->degrees_latitude);
	json_put_number(&r->b, "longitude", p->degrees_longitude);
	linked_say(r, "name", p->name);
	linked_say(r, "address", p->address);
	linked_say(r, "url", p->url);
	return p->is_live ? KIND_LIVE_LOCATION : KIND_LOCATION;
}

static enum message_kind read_live_location(struct reading *r)
{
	const Wa__LiveLocationMessage *p = r->m->live_location_message;

	json_put_number(&r->b, "latitude", p->degrees_latitude);
	json_put_number(&r->b, "longitude", p->degrees_longitude);
	linked_say(r, "caption", p->caption);
	put_number(r, "accuracy", p->has_accuracy_in_meters, p->accuracy_in_meters);
	put_number(r, "sequence", p->has_sequence_number, p->sequence_number);
	return KIND_LIVE_LOCATION;
}

static enum message_kind read_contact(struct reading *r)
{
	const Wa__ContactMessage *p = r->m->contact_message;

	linked_card_read(r->arena, &r->b, str_of(p->vcard), str_of(p->display_name));
	return KIND_CONTACTS;
}

static enum message_kind read_contacts(struct reading *r)
{
	const Wa__ContactsArrayMessage *p = r->m->contacts_array_message;

	for (size_t i = 0; i < p->n_contacts; i++)
		linked_card_read(r->arena, &r->b, str_of(p->contacts[i]->vcard),
			str_of(p->contacts[i]->display_name));
	return KIND_CONTACTS;
}

/* An invitation is a link to people; the parts stand beside it. */
static enum message_kind read_invite(struct reading *r)
{
	const Wa__GroupInviteMessage *p = r->m->group_invite_message;
	const char *caption = p->caption ? p->caption : "",
		   * name = p->group_name ? p->group_name : "";

	json_put(&r->b, "body",
		arena_printf(r->arena, "%s%s%s\nhttps://chat.whatsapp.com/%s", caption,
			*caption && *name ? "\n" : "", name, p->invite_code ? p->invite_code : ""));
	json_open_in(&r->b, "group_invite", '{');
	json_put(&r->b, "group_id", linked_jid_user(p->group_jid));
	linked_say(r, "name", p->group_name);
	linked_say(r, "code", p->invite_code);
	put_number(r, "expires_s", p->has_invite_expiration, p->invite_expiration);
	json_close(&r->b, '}');
	return KIND_TEXT;
}

static enum message_kind read_event(struct reading *r)
{
	const Wa__EventMessage *p = r->m->event_message;
	const char *text = p->description ? p->description : "";

	json_put(&r->b, "body", arena_printf(r->arena, "%s%s%s%s%s", p->name ? p->name : "",
					*text ? "\n" : "", text, p->join_link ? "\n" : "",
					p->join_link ? p->join_link : ""));
	json_open_in(&r->b, "event", '{');
	linked_say(r, "name", p->name);
	linked_say(r, "description", p->description);
	linked_say(r, "link", p->join_link);
	put_number(r, "start_s", p->has_start_time, p->start_time);
	put_number(r, "end_s", p->has_end_time, p->end_time);
	json_put_bool(&r->b, "cancelled", p->is_canceled);
	json_close(&r->b, '}');
	return KIND_TEXT;
}

/* ---- polls ---- */

static enum message_kind read_poll(struct reading *r)
{
	const Wa__PollCreationMessage *p = wa_message_poll_of(r->m);

	linked_say(r, "name", p->name);
	json_open_in(&r->b, "options", '[');
	for (size_t i = 0; i < p->n_options && i < WA_VOTES_MAX; i++) {
		json_open(&r->b, '{');
		json_put(&r->b, "name",
			p->options[i]->option_name ? str_of(p->options[i]->option_name) : S(""));
		json_put_int(&r->b, "votes", 0);
		json_close(&r->b, '}');
	}
	json_close(&r->b, ']');
	json_put_int(&r->b, "selectable_count", p->selectable_options_count);
	return KIND_POLL;
}

static enum message_kind read_poll_result(struct reading *r)
{
	const Wa__PollResultSnapshotMessage *p = r->m->poll_result_snapshot_message;

	linked_say(r, "name", p->name);
	json_open_in(&r->b, "options", '[');
	for (size_t i = 0; i < p->n_poll_votes && i < WA_VOTES_MAX; i++) {
		json_open(&r->b, '{');
		linked_say(r, "name", p->poll_votes[i]->option_name);
		json_put_int(&r->b, "votes", p->poll_votes[i]->option_vote_count);
		json_close(&r->b, '}');
	}
	json_close(&r->b, ']');
	return KIND_POLL;
}

/* ---- calls, payments and what cannot be shown ---- */

enum message_kind linked_unsupported(struct reading *r, const char *type, const char *why)
{
	json_put(&r->b, "type", str_of(type));
	json_open_in(&r->b, "errors", '[');
	json_open(&r->b, '{');
	json_put(&r->b, "title", str_of(why));
	json_close(&r->b, '}');
	json_close(&r->b, ']');
	return KIND_UNSUPPORTED;
}

static const char *outcome_of(const Wa__CallLogMessage *p)
{
	static const char *const words[] = { "The call ended.", "A call was missed.",
		"The call did not come about.", "The call was rejected.",
		"The call was taken on another device.", "A call is going on.",
		"A call was missed: the phone was not to be disturbed.",
		"A call of somebody unknown was silenced." };
	unsigned outcome = (unsigned)p->call_outcome;

	return words[p->has_call_outcome && outcome < COUNT_OF(words) ? outcome : 0];
}

static enum message_kind read_call_log(struct reading *r)
{
	const Wa__CallLogMessage *p = r->m->call_log_message;

	json_put(&r->b, "type", S("call"));
	json_put(&r->b, "body", str_of(outcome_of(p)));
	json_open_in(&r->b, "call", '{');
	json_put_bool(&r->b, "video", p->is_video);
	put_number(r, "duration", p->has_duration_secs, p->duration_secs);
	json_close(&r->b, '}');
	return KIND_SYSTEM;
}

static enum message_kind read_call(struct reading *r)
{
	json_put(&r->b, "type", S("call"));
	json_put(&r->b, "body", S("A call was offered."));
	return KIND_SYSTEM;
}

static enum message_kind read_payment(struct reading *r)
{
	return linked_unsupported(r, "payment", "Payments are shown on the phone only.");
}

static enum message_kind read_sticker_pack(struct reading *r)
{
	linked_say(r, "body", r->m->sticker_pack_message->name);
	return linked_unsupported(r, "sticker_pack",
		"A collection of stickers: the phone shows it.");
}

static enum message_kind read_placeholder(struct reading *r)
{
	return linked_unsupported(r, "placeholder",
		"WhatsApp shows this message on the phone only.");
}

static enum message_kind read_request_phone(struct reading *r)
{
	json_put(&r->b, "type", S("request_phone_number"));
	json_put(&r->b, "body", S("They ask for our phone number."));
	return KIND_SYSTEM;
}

/* ---- commerce ---- */

static enum message_kind read_order(struct reading *r)
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

static enum message_kind read_product(struct reading *r)
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

static enum message_kind read_buttons(struct reading *r)
{
	const Wa__ButtonsMessage *p = r->m->buttons_message;

	buttons_begin(r, &(struct asked){ p->text, p->content_text, p->footer_text });
	for (size_t i = 0; i < p->n_buttons; i++) {
		const Wa__ButtonText *text = p->buttons[i]->button_text;

		put_reply(r, p->buttons[i]->button_id, text ? text->display_text : NULL, NULL);
	}
	return buttons_end(r);
}

static enum message_kind read_list(struct reading *r)
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

static enum message_kind read_interactive(struct reading *r)
{
	return read_native(r, r->m->interactive_message);
}

static enum message_kind read_template(struct reading *r)
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

static enum message_kind read_buttons_response(struct reading *r)
{
	const Wa__ButtonsResponseMessage *p = r->m->buttons_response_message;
	enum message_kind kind = chosen(r, "button_reply", p->selected_button_id,
		p->selected_display_text);

	json_close(&r->b, '}');
	return kind;
}

static enum message_kind read_list_response(struct reading *r)
{
	const Wa__ListResponseMessage *p = r->m->list_response_message;
	const Wa__ListSingleSelectReply *reply = p->single_select_reply;
	enum message_kind kind =
		chosen(r, "list_reply", reply ? reply->selected_row_id : NULL, p->title);

	linked_say(r, "description", p->description);
	json_close(&r->b, '}');
	return kind;
}

static enum message_kind read_template_reply(struct reading *r)
{
	const Wa__TemplateButtonReplyMessage *p = r->m->template_button_reply_message;

	json_put(&r->b, "text",
		p->selected_display_text ? str_of(p->selected_display_text) : S(""));
	json_put(&r->b, "payload", p->selected_id ? str_of(p->selected_id) : S(""));
	return KIND_BUTTON;
}

/* A quick reply and a choice of a list are what they are elsewhere; the rest are forms. */
static enum message_kind read_flow_response(struct reading *r)
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

/* ---- the table ---- */

static const struct {
	unsigned field;
	enum message_kind (*read)(struct reading *r);
} kinds[] = {
	{ WA_FIELD_CONVERSATION, read_conversation },
	{ WA_FIELD_IMAGE, read_image },
	{ WA_FIELD_CONTACT, read_contact },
	{ WA_FIELD_LOCATION, read_location },
	{ WA_FIELD_EXTENDED_TEXT, read_text },
	{ WA_FIELD_DOCUMENT, read_document },
	{ WA_FIELD_AUDIO, read_audio },
	{ WA_FIELD_VIDEO, read_video },
	{ WA_FIELD_CALL, read_call },
	{ WA_FIELD_CONTACTS_ARRAY, read_contacts },
	{ WA_FIELD_SEND_PAYMENT, read_payment },
	{ WA_FIELD_LIVE_LOCATION, read_live_location },
	{ WA_FIELD_REQUEST_PAYMENT, read_payment },
	{ WA_FIELD_DECLINE_PAYMENT, read_payment },
	{ WA_FIELD_CANCEL_PAYMENT, read_payment },
	{ WA_FIELD_TEMPLATE, read_template },
	{ WA_FIELD_STICKER, read_sticker },
	{ WA_FIELD_GROUP_INVITE, read_invite },
	{ WA_FIELD_TEMPLATE_REPLY, read_template_reply },
	{ WA_FIELD_PRODUCT, read_product },
	{ WA_FIELD_LIST, read_list },
	{ WA_FIELD_ORDER, read_order },
	{ WA_FIELD_LIST_RESPONSE, read_list_response },
	{ WA_FIELD_BUTTONS, read_buttons },
	{ WA_FIELD_BUTTONS_RESPONSE, read_buttons_response },
	{ WA_FIELD_INTERACTIVE, read_interactive },
	{ WA_FIELD_INTERACTIVE_RESPONSE, read_flow_response },
	{ WA_FIELD_POLL, read_poll },
	{ WA_FIELD_REQUEST_PHONE, read_request_phone },
	{ WA_FIELD_POLL_V2, read_poll },
	{ WA_FIELD_POLL_V3, read_poll },
	{ WA_FIELD_PTV, read_round_video },
	{ WA_FIELD_CALL_LOG, read_call_log },
	{ WA_FIELD_EVENT, read_event },
	{ WA_FIELD_PLACEHOLDER, read_placeholder },
	{ WA_FIELD_STICKER_PACK, read_sticker_pack },
	{ WA_FIELD_POLL_RESULT, read_poll_result },
	{ WA_FIELD_POLL_V5, read_poll },
	{ WA_FIELD_POLL_V6, read_poll },
};

enum message_kind linked_read_kind(struct reading *r)
{
	unsigned field = wa_message_field(r->m);

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (kinds[i].field == field)
			return kinds[i].read(r);
	return linked_unsupported(r,
		arena_cstr(r->arena, arena_printf(r->arena, "field %u", field)),
		"This version cannot show it: look at the phone.");
}
