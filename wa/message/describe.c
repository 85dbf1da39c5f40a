/*
 * describe.c: what the stanza around a message says of it (§4.2).
 *
 * The server and the receivers' phones act on these words without being able to read the message:
 * a vote that is not hidden would leave "waiting for this message" on a phone that cannot decipher
 * it.
 */
#include "wa/message/message_internal.h"

/* How a content of a field is described; fields that are not here are plain text. */
static const struct rule {
	unsigned field;
	const char *type, *mediatype;
	bool is_hidden, is_unreported;
} rules[] = {
	{ WA_FIELD_IMAGE, "media", "image", false, false },
	{ WA_FIELD_CONTACT, "media", "vcard", false, false },
	{ WA_FIELD_LOCATION, "media", "location", false, false },
	{ WA_FIELD_DOCUMENT, "media", "document", false, false },
	{ WA_FIELD_AUDIO, "media", "audio", false, false },
	{ WA_FIELD_VIDEO, "media", "video", false, false },
	{ WA_FIELD_CONTACTS_ARRAY, "media", "contact_array", false, false },
	{ WA_FIELD_LIVE_LOCATION, "media", "livelocation", false, false },
	{ WA_FIELD_STICKER, "media", "sticker", false, false },
	{ WA_FIELD_GROUP_INVITE, "media", "url", false, false },
	{ WA_FIELD_PRODUCT, "media", "product", false, false },
	{ WA_FIELD_LIST, "media", "list", false, false },
	{ WA_FIELD_ORDER, "media", "order", false, false },
	{ WA_FIELD_LIST_RESPONSE, "media", "list_response", false, false },
	{ WA_FIELD_BUTTONS_RESPONSE, "media", "buttons_response", false, false },
	{ WA_FIELD_REACTION, "reaction", NULL, true, true },
	{ WA_FIELD_INTERACTIVE_RESPONSE, "media", "native_flow_response", false, false },
	{ WA_FIELD_POLL, "poll", NULL, false, false },
	{ WA_FIELD_POLL_UPDATE, "poll", NULL, true, true },
	{ WA_FIELD_KEEP, "text", NULL, true, false },
	{ WA_FIELD_ENC_REACTION, "reaction", NULL, true, true },
	{ WA_FIELD_POLL_V2, "poll", NULL, false, false },
	{ WA_FIELD_PIN, "text", NULL, true, false },
	{ WA_FIELD_POLL_V3, "poll", NULL, false, false },
	{ WA_FIELD_PTV, "media", "ptv", false, false },
	{ WA_FIELD_EVENT, "event", NULL, false, false },
	{ WA_FIELD_ENC_EVENT_RESPONSE, "event", NULL, true, true },
	{ WA_FIELD_SECRET_ENCRYPTED, "text", NULL, true, false },
	{ WA_FIELD_STICKER_PACK, "media", "sticker_pack", false, false },
	{ WA_FIELD_POLL_V5, "poll", NULL, false, false },
	{ WA_FIELD_POLL_V6, "poll", NULL, false, false },
	{ WA_FIELD_POLL_ADD_OPTION, "poll", NULL, true, false },
};

static const struct rule *rule_of(unsigned field)
{
	static const struct rule text = { 0, "text", NULL, false, false };

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (rules[i].field == field)
			return &rules[i];
	return &text;
}

/* Kinds whose word hangs on more than the field. */
static const char *mediatype_of(const Wa__Message *m, const char *usual)
{
	if (m->audio_message && m->audio_message->ptt)
		return "ptt";
	if (m->video_message && m->video_message->gif_playback)
		return "gif";
	/* "url for a text with link preview (whatsmeow: title set)" */
	if (m->extended_text_message && m->extended_text_message->title &&
		*m->extended_text_message->title)
		return "url";
	return usual;
}

static char edit_of_protocol(const Wa__ProtocolMessage *p)
{
	if (p->type == WA__PROTOCOL_MESSAGE__TYPE__MESSAGE_EDIT)
		return '1';
	/* "7 sender revoke, 8 admin revoke" */
	if (p->has_type && p->type == WA__PROTOCOL_MESSAGE__TYPE__REVOKE && p->key)
		return p->key->from_me ? '7' : '8';
	return 0;
}

static char edit_of(const Wa__Message *m)
{
	if (m->protocol_message)
		return edit_of_protocol(m->protocol_message);
	if (m->pin_in_chat_message)
		return '2';
	if (m->reaction_message && (!m->reaction_message->text || !*m->reaction_message->text))
		return '7';
	if (m->keep_in_chat_message &&
		m->keep_in_chat_message->keep_type == WA__KEEP_TYPE__KEEP_TYPE_UNDO_KEEP_FOR_ALL)
		return '7';
	return 0;
}

static const char *event_type_of(const Wa__Message *m)
{
	if (m->event_message)
		return "creation";
	if (m->enc_event_response_message)
		return "response";
	if (m->secret_encrypted_message &&
		m->secret_encrypted_message->secret_enc_type ==
			WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__EVENT_EDIT)
		return "edit";
	return NULL;
}

void wa_message_describe(const Wa__Message *message, struct wa_outline *out)
{
	struct wa_inside inside;
	const Wa__Message *m;
	const struct rule *rule;

	wa_message_unwrap(message, &inside);
	m = inside.content;
	rule = rule_of(wa_message_field(m));
	*out = (struct wa_outline){ .type = rule->type,
		.is_protocol = m->protocol_message != NULL,
		.has_report = !rule->is_unreported,
		.event_type = event_type_of(m),
		.edit = edit_of(m),
		.mediatype = mediatype_of(m, rule->mediatype) };
	if (out->mediatype)
		out->type = "media";
	if (wa_message_poll_of(m))
		out->polltype = "creation";
	if (m->poll_update_message)
		out->polltype = "vote";
	out->is_hidden = rule->is_hidden || out->edit != 0;
}
