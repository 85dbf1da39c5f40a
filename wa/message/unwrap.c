/*
 * unwrap.c: the content inside its wrappers, and what belongs to a content of any kind.
 *
 * The wrappers and the places of context_info are many and grow each year, so both are found by
 * protobuf-c's descriptors: a new kind of our .proto needs no line here.
 */
#include "wa/message/message_internal.h"

static bool is_wrapper(const ProtobufCFieldDescriptor *f)
{
	return wa_is_single(f) && f->descriptor == &wa__future_proof_message__descriptor;
}

/* What the wrapper says by its mere presence. */
static void note_wrapper(unsigned field, struct wa_inside *out)
{
	if (field == WA_FIELD_VIEW_ONCE || field == WA_FIELD_VIEW_ONCE_V2 ||
		field == WA_FIELD_VIEW_ONCE_V2_EXTENSION)
		out->is_view_once = true;
	if (field == WA_FIELD_EPHEMERAL)
		out->is_ephemeral = true;
	if (field == WA_FIELD_EDITED)
		out->is_edit = true;
}

static const Wa__Message *unwrap_once(const Wa__Message *m, struct wa_inside *out)
{
	const ProtobufCMessageDescriptor *d = &wa__message__descriptor;

	if (m->device_sent_message && m->device_sent_message->message) {
		out->is_device_sent = true;
		out->destination = str_of(m->device_sent_message->destination_jid);
		return m->device_sent_message->message;
	}
	for (unsigned i = 0; i < d->n_fields; i++) {
		const Wa__FutureProofMessage *wrapper;

		if (!is_wrapper(&d->fields[i]))
			continue;
		wrapper = (const Wa__FutureProofMessage *)wa_member(m, &d->fields[i]);
		if (!wrapper || !wrapper->message)
			continue;
		note_wrapper(d->fields[i].id, out);
		return wrapper->message;
	}
	return NULL;
}

static bool has_once_flag(const Wa__Message *m)
{
	return (m->image_message && m->image_message->view_once) ||
	       (m->video_message && m->video_message->view_once) ||
	       (m->audio_message && m->audio_message->view_once) ||
	       (m->extended_text_message && m->extended_text_message->view_once);
}

void wa_message_unwrap(const Wa__Message *message, struct wa_inside *out)
{
	const Wa__Message *next;

	*out = (struct wa_inside){ .content = message };
	for (int depth = 0; depth <= WA_WRAPPERS_MAX; depth++) {
		if (!out->info)
			out->info = out->content->message_context_info;
		next = depth < WA_WRAPPERS_MAX ? unwrap_once(out->content, out) : NULL;
		if (!next)
			break;
		out->content = next;
	}
	out->is_view_once |= has_once_flag(out->content);
	if (out->content->protocol_message)
		out->is_edit |= out->content->protocol_message->type ==
				WA__PROTOCOL_MESSAGE__TYPE__MESSAGE_EDIT;
}

static bool is_content(unsigned field)
{
	return field != WA_FIELD_SENDER_KEY && field != WA_FIELD_FAST_SENDER_KEY &&
	       field != WA_FIELD_INFO;
}

/* A text or a message that is there. */
static const ProtobufCFieldDescriptor *content_field(const Wa__Message *m)
{
	const ProtobufCMessageDescriptor *d = &wa__message__descriptor;

	for (unsigned i = 0; i < d->n_fields; i++)
		if (is_content(d->fields[i].id) && wa_member(m, &d->fields[i]))
			return &d->fields[i];
	return NULL;
}

unsigned wa_message_field(const Wa__Message *content)
{
	const ProtobufCFieldDescriptor *f = content_field(content);

	return f ? f->id : 0;
}

bool wa_message_is_unknown(const Wa__Message *content)
{
	return content->base.n_unknown_fields > 0 && !content_field(content);
}

const Wa__ContextInfo *wa_message_context(const Wa__Message *content)
{
	const ProtobufCFieldDescriptor *f = content_field(content), *inner;
	const ProtobufCMessage *m;

	if (!f || !wa_is_single(f))
		return NULL;
	m = wa_member(content, f);
	inner = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, "context_info");
	return inner && wa_is_single(inner) ? (const Wa__ContextInfo *)wa_member(m, inner) : NULL;
}

const Wa__PollCreationMessage *wa_message_poll_of(const Wa__Message *content)
{
	const Wa__PollCreationMessage *polls[] = { content->poll_creation_message,
		content->poll_creation_message_v2, content->poll_creation_message_v3,
		content->poll_creation_message_v5, content->poll_creation_message_v6 };

	for (size_t i = 0; i < COUNT_OF(polls); i++)
		if (polls[i])
			return polls[i];
	return NULL;
}

static str interactive_body(const Wa__Message *m)
{
	if (m->interactive_message && m->interactive_message->body)
		return str_of(m->interactive_message->body->text);
	if (m->buttons_message)
		return str_of(m->buttons_message->content_text);
	if (m->list_message)
		return str_of(m->list_message->description);
	if (m->buttons_response_message)
		return str_of(m->buttons_response_message->selected_display_text);
	if (m->list_response_message)
		return str_of(m->list_response_message->title);
	if (m->template_button_reply_message)
		return str_of(m->template_button_reply_message->selected_display_text);
	return STR_NONE;
}

str wa_message_body(const Wa__Message *m)
{
	if (m->conversation)
		return str_of(m->conversation);
	if (m->extended_text_message)
		return str_of(m->extended_text_message->text);
	if (m->image_message)
		return str_of(m->image_message->caption);
	if (m->video_message)
		return str_of(m->video_message->caption);
	if (m->document_message)
		return str_of(m->document_message->caption);
	if (wa_message_poll_of(m))
		return str_of(wa_message_poll_of(m)->name);
	return interactive_body(m);
}

bytes wa_message_secret_of(const Wa__Message *message)
{
	struct wa_inside inside;

	wa_message_unwrap(message, &inside);
	return inside.info ? PROTO_DATA(inside.info, message_secret) : BYTES_NONE;
}
