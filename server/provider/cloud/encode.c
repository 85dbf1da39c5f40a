/*
 * encode.c: the body of POST /{phone_number_id}/messages.
 *
 * "Always send + and full E.164": without it Meta may put the sender's own country before the
 * number. A message's id goes along as biz_opaque_callback_data and comes back with every status,
 * so a send whose answer was lost is settled by it.
 */
#include "provider/cloud/cloud_internal.h"

/* Members that Meta takes of each media kind. */
static const struct {
	enum message_kind kind;
	const char *keys[4];
} media_keys[] = {
	{ KIND_IMAGE, { "caption" } },
	{ KIND_VIDEO, { "caption" } },
	{ KIND_DOCUMENT, { "caption", "filename" } },
	{ KIND_AUDIO, { "voice" } },
	{ KIND_VOICE, { NULL } },
	{ KIND_STICKER, { NULL } },
};

static void write_media(struct buf *b, const struct outgoing *msg, json content)
{
	str id = msg->media_remote_id.len ? msg->media_remote_id : json_text_at(content, "id");

	json_open_in(b, kind_cloud_type(msg->kind), '{');
	if (id.len)
		json_put(b, "id", id);
	else
		json_put_value(b, "link", json_field(content, "link"));
	for (size_t i = 0; i < COUNT_OF(media_keys); i++)
		for (size_t j = 0;
			media_keys[i].kind == msg->kind && j < 4 && media_keys[i].keys[j]; j++)
			if (json_field(content, media_keys[i].keys[j]))
				json_put_value(b, media_keys[i].keys[j],
					json_field(content, media_keys[i].keys[j]));
	if (msg->kind == KIND_VOICE)
		json_put_bool(b, "voice", true);
	json_close(b, '}');
}

static bool is_media_key(str key)
{
	return str_is(key, S("image")) || str_is(key, S("video")) || str_is(key, S("document")) ||
	       str_is(key, S("audio"));
}

static str swapped(const struct outgoing *msg, str id)
{
	for (size_t i = 0; i < msg->swap_count; i++)
		if (str_is(msg->swaps[i].ours, id))
			return msg->swaps[i].remote_id;
	return msg->media_remote_id.len ? msg->media_remote_id : id;
}

/* Writes v; the "id" of media objects within becomes the network's. Bounded by the reader's depth.
 */
static void write_swapped(struct buf *b, json v, const struct outgoing *msg, bool in_media)
{
	if (json_kind(v) == JSON_LIST) {
		json_open(b, '[');
		for (size_t i = 0; i < json_count(v); i++)
			write_swapped(b, json_at(v, i), msg, false);
		json_close(b, ']');
	} else if (json_kind(v) == JSON_MAP) {
		json_open(b, '{');
		for (void *at = json_first(v); at; at = json_next(v, at)) {
			str name = json_member_name(at);

			json_key_str(b, name);
			if (in_media && str_is(name, S("id")))
				json_put(b, NULL, swapped(msg, json_text(json_member_value(at))));
			else
				write_swapped(b, json_member_value(at), msg, is_media_key(name));
		}
		json_close(b, '}');
	} else {
		json_put_value(b, NULL, v);
	}
}

/* Reactions and pins name their message by our id; on the wire it has the network's. */
static bool names_message(enum message_kind kind)
{
	return kind == KIND_REACTION || kind == KIND_PIN;
}

static void write_naming(struct buf *b, const struct outgoing *msg, json content)
{
	json_open_in(b, kind_cloud_type(msg->kind), '{');
	for (void *at = json_first(content); at; at = json_next(content, at)) {
		str name = json_member_name(at);

		json_key_str(b, name);
		if (str_is(name, S("message_id")) && msg->reply_remote_id.len)
			json_put(b, NULL, msg->reply_remote_id);
		else
			json_put_value(b, NULL, json_member_value(at));
	}
	json_close(b, '}');
}

static void write_content(struct buf *b, const struct outgoing *msg, json content)
{
	if (kind_is_media(msg->kind)) {
		write_media(b, msg, content);
		return;
	}
	if (names_message(msg->kind)) {
		write_naming(b, msg, content);
		return;
	}
	json_key(b, kind_cloud_type(msg->kind));
	if (msg->media_remote_id.len || msg->swap_count)
		write_swapped(b, content, msg, false);
	else
		json_put_value(b, NULL, content);
}

/* "If both are there `to` wins": the phone number, when we know it. */
static void write_recipient(struct buf *b, const struct outgoing *msg)
{
	json_put(b, "recipient_type", msg->to_group.len ? S("group") : S("individual"));
	if (msg->to_group.len) {
		json_put(b, "to", msg->to_group);
	} else if (msg->to_phone.len) {
		json_key(b, "to");
		buf_str(b, S("\"+"));
		buf_str(b, msg->to_phone);
		buf_byte(b, '"');
	} else {
		json_put(b, "recipient", msg->to_bsuid);
	}
}

/* The sender's own biz_opaque_callback_data stays here: ours is what settles a lost answer. */
static void write_options(struct buf *b, json options)
{
	for (void *at = json_first(options); at; at = json_next(options, at)) {
		if (str_is(json_member_name(at), S("biz_opaque_callback_data")))
			continue;
		json_key_str(b, json_member_name(at));
		json_put_value(b, NULL, json_member_value(at));
	}
}

void cloud_encode(struct buf *b, const struct outgoing *msg, json content, json options)
{
	json_open(b, '{');
	json_put(b, "messaging_product", S("whatsapp"));
	write_recipient(b, msg);
	json_put(b, "type", str_of(kind_cloud_type(msg->kind)));
	write_content(b, msg, content);
	write_options(b, options);
	if (msg->reply_remote_id.len && !names_message(msg->kind)) {
		json_open_in(b, "context", '{');
		json_put(b, "message_id", msg->reply_remote_id);
		json_close(b, '}');
	}
	if (msg->id)
		json_put_id(b, "biz_opaque_callback_data", msg->id);
	json_close(b, '}');
}

void cloud_encode_read(struct buf *b, str remote_id, bool typing)
{
	json_open(b, '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_put(b, "status", S("read"));
	json_put(b, "message_id", remote_id);
	if (typing) {
		json_open_in(b, "typing_indicator", '{');
		json_put(b, "type", S("text"));
		json_close(b, '}');
	}
	json_close(b, '}');
}
