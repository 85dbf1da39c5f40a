/*
 * content_kind.c: each kind of content that comes, as the JSON of our kind for it.
 *
 * One function a kind, in one table. A function writes members of an object (of contacts: elements
 * of a list) that its caller opened, and answers the kind; what comes of strangers and is not there
 * is left out.
 */
#include "base/codec.h"
#include "provider/linked/content_internal.h"

#define CLOUD_UNSUPPORTED 131051 /* as over the Cloud API: "Message type is not supported" */
#define PREVIEW_THUMBNAIL_MAX (16u << 10)

/* ---- small parts ---- */

void linked_say(struct reading *r, const char *key, const char *text)
{
	if (text && *text)
		json_put(&r->b, key, str_of(text));
}

void linked_say_number(struct reading *r, const char *key, bool has, int64_t n)
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

/* Small ones alone: they stand in each answer that shows the message. */
static void put_thumbnail(struct reading *r, bytes jpeg)
{
	if (jpeg.len && jpeg.len <= PREVIEW_THUMBNAIL_MAX)
		json_put(&r->b, "thumbnail", base64_text(r->arena, jpeg));
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
		put_thumbnail(r, PROTO_DATA(t, jpeg_thumbnail));
		json_close(&r->b, '}');
	}
	return KIND_TEXT;
}

/* The members that all media messages of the protocol have, by the names that they have there. */
#define TAKE_MEDIA(r, p, media_kind)                                                    \
	do {                                                                            \
		(r)->media = (struct wa_media){ .kind = (media_kind),                   \
			.direct_path = str_of((p)->direct_path),                        \
			.url = str_of((p)->url),                                        \
			.key = PROTO_DATA(p, media_key),                                \
			.sha256 = PROTO_DATA(p, file_sha256),                           \
			.enc_sha256 = PROTO_DATA(p, file_enc_sha256),                   \
			.size = (p)->has_file_length ? (int64_t)(p)->file_length : 0 }; \
		(r)->has_media = true;                                                  \
		(r)->mime_type = str_of((p)->mimetype);                                 \
		linked_say(r, "mime_type", (p)->mimetype);                              \
		put_octets(r, "sha256", (p)->has_file_sha256, (p)->file_sha256);        \
		linked_say_number(r, "file_size", (p)->has_file_length,                 \
			(int64_t)(p)->file_length);                                     \
	} while (0)

static enum message_kind read_image(struct reading *r)
{
	const Wa__ImageMessage *p = r->m->image_message;

	TAKE_MEDIA(r, p, WA_MEDIA_IMAGE);
	linked_say(r, "caption", p->caption);
	linked_say_number(r, "width", p->has_width, p->width);
	linked_say_number(r, "height", p->has_height, p->height);
	return KIND_IMAGE;
}

static enum message_kind read_video_message(struct reading *r, const Wa__VideoMessage *p)
{
	TAKE_MEDIA(r, p, WA_MEDIA_VIDEO);
	linked_say(r, "caption", p->caption);
	linked_say_number(r, "width", p->has_width, p->width);
	linked_say_number(r, "height", p->has_height, p->height);
	linked_say_number(r, "seconds", p->has_seconds, p->seconds);
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
	linked_say_number(r, "seconds", p->has_seconds, p->seconds);
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
	linked_say_number(r, "pages", p->has_page_count, p->page_count);
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
	linked_say_number(r, "accuracy", p->has_accuracy_in_meters, p->accuracy_in_meters);
	linked_say_number(r, "sequence", p->has_sequence_number, p->sequence_number);
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
	linked_say_number(r, "expires_s", p->has_invite_expiration, p->invite_expiration);
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
	linked_say_number(r, "start_s", p->has_start_time, p->start_time);
	linked_say_number(r, "end_s", p->has_end_time, p->end_time);
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
	json_put_int(&r->b, "code", CLOUD_UNSUPPORTED);
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
	linked_say_number(r, "duration", p->has_duration_secs, p->duration_secs);
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
	{ WA_FIELD_TEMPLATE, linked_read_template },
	{ WA_FIELD_STICKER, read_sticker },
	{ WA_FIELD_GROUP_INVITE, read_invite },
	{ WA_FIELD_TEMPLATE_REPLY, linked_read_template_reply },
	{ WA_FIELD_PRODUCT, linked_read_product },
	{ WA_FIELD_LIST, linked_read_list },
	{ WA_FIELD_ORDER, linked_read_order },
	{ WA_FIELD_LIST_RESPONSE, linked_read_list_response },
	{ WA_FIELD_BUTTONS, linked_read_buttons },
	{ WA_FIELD_BUTTONS_RESPONSE, linked_read_buttons_response },
	{ WA_FIELD_INTERACTIVE, linked_read_interactive },
	{ WA_FIELD_INTERACTIVE_RESPONSE, linked_read_flow_response },
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
