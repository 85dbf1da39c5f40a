/*
 * build.c: making messages, and adding to them (§4.6).
 *
 * A maker takes borrowed texts and copies them, since protobuf-c wants them terminated; octets and
 * messages inside are not copied.
 */
#include "wa/message/message_internal.h"

#define NEW(arena, name, Type, init)         \
	Type *name = ARENA_NEW(arena, Type); \
	init(name)

char *wa_cstr(struct arena *arena, str text)
{
	return text.ptr ? (char *)(uintptr_t)arena_cstr(arena, text) : NULL;
}

Wa__Message *wa_message_new(struct arena *arena)
{
	NEW(arena, m, Wa__Message, wa__message__init);
	return m;
}

Wa__MessageKey *wa_message_key(struct arena *arena, const struct wa_target *target)
{
	NEW(arena, key, Wa__MessageKey, wa__message_key__init);
	key->remote_jid = wa_cstr(arena, target->chat);
	PROTO_SET(key, from_me, target->from_me);
	key->id = wa_cstr(arena, target->id);
	/* "participant only when the author is not us and the chat is group/broadcast" */
	if (!target->from_me && target->author.len)
		key->participant = wa_cstr(arena, target->author);
	return key;
}

/* ---- kinds ---- */

Wa__Message *wa_message_text(struct arena *arena, str body)
{
	Wa__Message *m = wa_message_new(arena);

	m->conversation = wa_cstr(arena, body.ptr ? body : S(""));
	return m;
}

Wa__Message *wa_message_react(struct arena *arena, const struct wa_target *target, str emoji,
	int64_t t_ms)
{
	Wa__Message *m = wa_message_new(arena);
	NEW(arena, reaction, Wa__ReactionMessage, wa__reaction_message__init);

	reaction->key = wa_message_key(arena, target);
	reaction->text = wa_cstr(arena, emoji.ptr ? emoji : S(""));
	PROTO_SET(reaction, sender_timestamp_ms, t_ms);
	m->reaction_message = reaction;
	return m;
}

static Wa__ProtocolMessage *protocol(struct arena *arena, Wa__ProtocolMessage__Type type)
{
	NEW(arena, p, Wa__ProtocolMessage, wa__protocol_message__init);
	PROTO_SET(p, type, type);
	return p;
}

static Wa__FutureProofMessage *wrap(struct arena *arena, Wa__Message *inner)
{
	NEW(arena, w, Wa__FutureProofMessage, wa__future_proof_message__init);
	w->message = inner;
	return w;
}

Wa__Message *wa_message_edit(struct arena *arena, const struct wa_target *target, Wa__Message *now,
	int64_t t_ms)
{
	Wa__Message *m = wa_message_new(arena), *inner = wa_message_new(arena);
	Wa__ProtocolMessage *p = protocol(arena, WA__PROTOCOL_MESSAGE__TYPE__MESSAGE_EDIT);

	p->key = wa_message_key(arena, target);
	p->edited_message = now;
	PROTO_SET(p, timestamp_ms, t_ms);
	inner->protocol_message = p;
	m->edited_message = wrap(arena, inner);
	return m;
}

Wa__Message *wa_message_revoke(struct arena *arena, const struct wa_target *target)
{
	Wa__Message *m = wa_message_new(arena);

	m->protocol_message = protocol(arena, WA__PROTOCOL_MESSAGE__TYPE__REVOKE);
	m->protocol_message->key = wa_message_key(arena, target);
	return m;
}

Wa__Message *wa_message_pin(struct arena *arena, const struct wa_target *target, uint32_t seconds,
	int64_t t_ms)
{
	Wa__Message *m = wa_message_new(arena);
	NEW(arena, pin, Wa__PinInChatMessage, wa__pin_in_chat_message__init);

	pin->key = wa_message_key(arena, target);
	PROTO_SET(pin, type,
		seconds ? WA__PIN_IN_CHAT_MESSAGE__TYPE__PIN_FOR_ALL
			: WA__PIN_IN_CHAT_MESSAGE__TYPE__UNPIN_FOR_ALL);
	PROTO_SET(pin, sender_timestamp_ms, t_ms);
	m->pin_in_chat_message = pin;
	if (seconds)
		PROTO_SET(wa_message_info_make(arena, m), message_add_on_duration_in_secs, seconds);
	return m;
}

Wa__Message *wa_message_timer(struct arena *arena, uint32_t seconds, int64_t t_s)
{
	Wa__Message *m = wa_message_new(arena);

	m->protocol_message = protocol(arena, WA__PROTOCOL_MESSAGE__TYPE__EPHEMERAL_SETTING);
	PROTO_SET(m->protocol_message, ephemeral_expiration, seconds);
	PROTO_SET(m->protocol_message, ephemeral_setting_timestamp, t_s);
	return m;
}

Wa__Message *wa_message_poll(struct arena *arena, const struct wa_poll *poll)
{
	Wa__Message *m = wa_message_new(arena);
	NEW(arena, made, Wa__PollCreationMessage, wa__poll_creation_message__init);

	made->name = wa_cstr(arena, poll->name);
	made->n_options = poll->count;
	made->options = ARENA_ARRAY(arena, Wa__PollOption *, poll->count);
	for (size_t i = 0; i < poll->count; i++) {
		NEW(arena, option, Wa__PollOption, wa__poll_option__init);
		option->option_name = wa_cstr(arena, poll->options[i]);
		made->options[i] = option;
	}
	PROTO_SET(made, selectable_options_count, poll->selectable);
	if (poll->selectable == 1)
		m->poll_creation_message_v3 = made;
	else
		m->poll_creation_message = made;
	return m;
}

Wa__Message *wa_message_buttons(struct arena *arena, str body, str footer,
	const struct wa_button *buttons, size_t count)
{
	Wa__Message *m = wa_message_new(arena);
	NEW(arena, made, Wa__ButtonsMessage, wa__buttons_message__init);

	made->content_text = wa_cstr(arena, body);
	made->footer_text = wa_cstr(arena, footer);
	PROTO_SET(made, header_type, WA__BUTTONS_MESSAGE__HEADER_TYPE__EMPTY);
	made->n_buttons = count;
	made->buttons = ARENA_ARRAY(arena, Wa__Button *, count);
	for (size_t i = 0; i < count; i++) {
		NEW(arena, button, Wa__Button, wa__button__init);
		NEW(arena, text, Wa__ButtonText, wa__button_text__init);
		button->button_id = wa_cstr(arena, buttons[i].id);
		text->display_text = wa_cstr(arena, buttons[i].title);
		button->button_text = text;
		PROTO_SET(button, type, WA__BUTTON__TYPE__RESPONSE);
		made->buttons[i] = button;
	}
	m->buttons_message = made;
	return m;
}

static Wa__ListRow *list_row(struct arena *arena, const struct wa_row *row)
{
	NEW(arena, made, Wa__ListRow, wa__list_row__init);
	made->title = wa_cstr(arena, row->title);
	made->description = wa_cstr(arena, row->description);
	made->row_id = wa_cstr(arena, row->id);
	return made;
}

/* The rows from `from` on that are of one section; *next: the first of the next one. */
static Wa__ListSection *list_section(struct arena *arena, const struct wa_list *list, size_t from,
	size_t *next)
{
	NEW(arena, made, Wa__ListSection, wa__list_section__init);
	made->title = wa_cstr(arena, list->rows[from].section);
	made->rows = ARENA_ARRAY(arena, Wa__ListRow *, list->count - from);
	while (from < list->count && str_is(list->rows[from].section, str_of(made->title)))
		made->rows[made->n_rows++] = list_row(arena, &list->rows[from++]);
	*next = from;
	return made;
}

Wa__Message *wa_message_list(struct arena *arena, const struct wa_list *list)
{
	Wa__Message *m = wa_message_new(arena);
	NEW(arena, made, Wa__ListMessage, wa__list_message__init);

	made->title = wa_cstr(arena, list->title);
	made->description = wa_cstr(arena, list->body);
	made->footer_text = wa_cstr(arena, list->footer);
	made->button_text = wa_cstr(arena, list->button);
	PROTO_SET(made, list_type, WA__LIST_MESSAGE__LIST_TYPE__SINGLE_SELECT);
	made->sections = ARENA_ARRAY(arena, Wa__ListSection *, list->count);
	for (size_t at = 0; at < list->count;) {
		Wa__ListSection *section = list_section(arena, list, at, &at);

		made->sections[made->n_sections++] = section;
	}
	m->list_message = made;
	return m;
}

/* ---- wrappers ---- */

Wa__Message *wa_message_view_once(struct arena *arena, Wa__Message *media)
{
	Wa__Message *m = wa_message_new(arena);

	if (media->image_message)
		PROTO_SET(media->image_message, view_once, true);
	if (media->video_message)
		PROTO_SET(media->video_message, view_once, true);
	if (media->audio_message)
		PROTO_SET(media->audio_message, view_once, true);
	m->view_once_message_v2 = wrap(arena, media);
	return m;
}

Wa__Message *wa_message_wrap_document(struct arena *arena, Wa__Message *message)
{
	Wa__Message *m;

	if (!message->document_message || !message->document_message->caption)
		return message;
	m = wa_message_new(arena);
	m->document_with_caption_message = wrap(arena, message);
	return m;
}

/* ---- what is added ---- */

/* "plain text must use extended_text" */
static void extend_text(struct arena *arena, Wa__Message *m)
{
	NEW(arena, text, Wa__ExtendedTextMessage, wa__extended_text_message__init);
	text->text = m->conversation;
	m->conversation = NULL;
	m->extended_text_message = text;
}

static Wa__ContextInfo *context_of(struct arena *arena, ProtobufCMessage *inner)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field_by_name(inner->descriptor, "context_info");
	void **at;

	if (!f || !wa_is_single(f))
		return NULL;
	at = (void **)((char *)inner + f->offset);
	if (!*at) {
		NEW(arena, made, Wa__ContextInfo, wa__context_info__init);
		*at = made;
	}
	return *at;
}

Wa__ContextInfo *wa_message_context_make(struct arena *arena, Wa__Message *message)
{
	const ProtobufCMessageDescriptor *d = &wa__message__descriptor;
	struct wa_inside inside;
	const ProtobufCFieldDescriptor *f;

	wa_message_unwrap(message, &inside);
	/* What is inside belongs to the message, which the caller gave us to change. */
	message = (Wa__Message *)(uintptr_t)inside.content;
	if (message->conversation)
		extend_text(arena, message);
	f = protobuf_c_message_descriptor_get_field(d, wa_message_field(message));
	return f && wa_is_single(f) ? context_of(arena, wa_member(message, f)) : NULL;
}

/* A copy of what is quoted, its own quote left out. */
static Wa__Message *quoted(struct arena *arena, const Wa__Message *message)
{
	struct wa_inside inside;
	const Wa__ContextInfo *context;
	Wa__Message *copy;

	wa_message_unwrap(message, &inside);
	copy = PROTO_UNPACK(arena, Wa__Message, wa__message, proto_bytes(arena, inside.content));
	if (!copy)
		return NULL;
	copy->message_context_info = NULL;
	context = wa_message_context(copy);
	if (context)
		((Wa__ContextInfo *)(uintptr_t)context)->quoted_message = NULL;
	return copy;
}

void wa_message_quote(struct arena *arena, Wa__Message *message, const struct wa_quote *quote)
{
	Wa__ContextInfo *context = wa_message_context_make(arena, message);

	if (!context)
		return;
	context->stanza_id = wa_cstr(arena, quote->id);
	context->participant = wa_cstr(arena, quote->author);
	context->remote_jid = wa_cstr(arena, quote->chat);
	context->quoted_message = quote->message ? quoted(arena, quote->message) : NULL;
}

void wa_message_mention(struct arena *arena, Wa__Message *message, const str *jids, size_t count)
{
	Wa__ContextInfo *context = count ? wa_message_context_make(arena, message) : NULL;

	if (!context)
		return;
	context->n_mentioned_jid = count;
	context->mentioned_jid = ARENA_ARRAY(arena, char *, count);
	for (size_t i = 0; i < count; i++)
		context->mentioned_jid[i] = wa_cstr(arena, jids[i]);
}

void wa_message_forward(struct arena *arena, Wa__Message *message)
{
	Wa__ContextInfo *context = wa_message_context_make(arena, message);

	if (!context)
		return;
	context->stanza_id = context->participant = context->remote_jid = NULL;
	context->quoted_message = NULL;
	PROTO_SET(context, forwarding_score, context->forwarding_score + 1);
	PROTO_SET(context, is_forwarded, true);
}

void wa_message_expire(struct arena *arena, Wa__Message *message, uint32_t seconds, int64_t set_s)
{
	Wa__ContextInfo *context = wa_message_context_make(arena, message);

	if (!context)
		return;
	PROTO_SET(context, expiration, seconds);
	if (set_s)
		PROTO_SET(context, ephemeral_setting_timestamp, set_s);
}

Wa__MessageContextInfo *wa_message_info_make(struct arena *arena, Wa__Message *message)
{
	if (!message->message_context_info) {
		NEW(arena, info, Wa__MessageContextInfo, wa__message_context_info__init);
		message->message_context_info = info;
	}
	return message->message_context_info;
}

void wa_message_put_secret(struct arena *arena, Wa__Message *message,
	const uint8_t secret[WA_SECRET_SIZE])
{
	Wa__MessageContextInfo *info = wa_message_info_make(arena, message);

	if (!info->has_message_secret)
		PROTO_SET_DATA(info, message_secret,
			arena_bytes(arena, (bytes){ secret, WA_SECRET_SIZE }));
}
