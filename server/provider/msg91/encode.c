/*
 * encode.c: messages as MSG91 takes them.
 *
 * Session messages are one flat object; interactive objects are the Cloud API's own. A template's
 * components become "header_1", "body_1" or "body_<name>", "button_1".
 */
#include "provider/msg91/msg91_internal.h"

static void put_named(struct buf *b, json config, enum msg91_name which, str value)
{
	if (value.len)
		json_put(b, arena_cstr(b->arena, msg91_name(config, which)), value);
}

/* ---- templates ---- */

/* A media value's link, or the text of any other. */
static str value_of(json parameter, str type)
{
	static const char *const paths[] = { "text", "payload", "coupon_code", "image.link",
		"video.link", "document.link", "currency.fallback_value",
		"date_time.fallback_value" };

	(void)type;
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (json_text_at(parameter, paths[i]).ptr)
			return json_text_at(parameter, paths[i]);
	return S("");
}

static void put_parameter(struct buf *b, str key, json p)
{
	str type = json_text_at(p, "type");
	bool is_media = kind_is_media(kind_parse(type));

	json_key_str(b, key);
	json_open(b, '{');
	json_put(b, "type", is_media ? type : S("text"));
	json_put(b, "value", value_of(p, type));
	if (json_text_at(p, "document.filename").len)
		json_put(b, "filename", json_text_at(p, "document.filename"));
	if (json_text_at(p, "parameter_name").len)
		json_put(b, "parameter_name", json_text_at(p, "parameter_name"));
	json_close(b, '}');
}

static void put_numbered(struct buf *b, json component, const char *prefix)
{
	json list = json_field(component, "parameters");

	for (size_t i = 0; i < json_count(list); i++) {
		json p = json_at(list, i);
		str name = json_text_at(p, "parameter_name");

		put_parameter(b,
			name.len ? arena_printf(b->arena, "%s_" STR_F, prefix, STR_A(name))
			         : arena_printf(b->arena, "%s_%zu", prefix, i + 1),
			p);
	}
}

/* "index": "0" is "button_1". */
static void put_button(struct buf *b, json component)
{
	int64_t index = json_int(json_field(component, "index"), 0);

	json_key_str(b, arena_printf(b->arena, "button_%lld", (long long)index + 1));
	json_open(b, '{');
	json_put(b, "subtype", json_text_at(component, "sub_type"));
	json_put(b, "type", S("text"));
	json_put(b, "value", value_of(json_path(component, "parameters.0"), STR_NONE));
	json_close(b, '}');
}

static void put_components(struct buf *b, json components)
{
	json_open_in(b, "components", '{');
	for (size_t i = 0; i < json_count(components); i++) {
		json component = json_at(components, i);
		str type = json_text_at(component, "type");

		if (str_is_nocase(type, S("header")))
			put_numbered(b, component, "header");
		else if (str_is_nocase(type, S("body")))
			put_numbered(b, component, "body");
		else if (str_is_nocase(type, S("button")))
			put_button(b, component);
	}
	json_close(b, '}');
}

static void put_template(struct buf *b, const struct msg91_message *msg)
{
	str namespace = json_text_at(msg->config, "namespace");

	json_open_in(b, "payload", '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_put(b, "type", S("template"));
	json_open_in(b, "template", '{');
	json_put(b, "name", json_text_at(msg->content, "name"));
	json_open_in(b, "language", '{');
	json_put(b, "code", json_text_at(msg->content, "language.code"));
	json_put(b, "policy", S("deterministic"));
	json_close(b, '}');
	json_put(b, "namespace", namespace.len ? namespace : STR_NONE);
	json_open_in(b, "to_and_components", '[');
	json_open(b, '{');
	json_open_in(b, "to", '[');
	for (size_t i = 0; i < msg->to_count; i++)
		json_put(b, NULL, msg->to[i]);
	json_close(b, ']');
	put_components(b, json_field(msg->content, "components"));
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, '}');
}

/* ---- session messages ---- */

static void put_session(struct buf *b, const struct msg91_message *msg)
{
	const char *type = kind_cloud_type(msg->kind);

	json_put(b, "recipient_number", msg->to[0]);
	json_put(b, "content_type", str_of(type));
	if (msg->kind == KIND_TEXT) {
		json_put(b, "text", json_text_at(msg->content, "body"));
	} else if (kind_is_media(msg->kind)) {
		put_named(b, msg->config, NAME_MEDIA_URL, json_text_at(msg->content, "link"));
		put_named(b, msg->config, NAME_MEDIA_CAPTION,
			json_text_at(msg->content, "caption"));
		put_named(b, msg->config, NAME_MEDIA_FILE_NAME,
			json_text_at(msg->content, "filename"));
	} else {
		json_put_value(b, type, msg->content);
	}
}

void msg91_encode(struct buf *b, const struct msg91_message *msg)
{
	json_open(b, '{');
	json_put(b, "integrated_number", msg->ch->phone);
	if (msg->kind == KIND_TEMPLATE) {
		json_put(b, "content_type", S("template"));
		put_template(b, msg);
	} else {
		put_session(b, msg);
	}
	put_named(b, msg->config, NAME_REFERENCE, msg->reference);
	json_close(b, '}');
}
