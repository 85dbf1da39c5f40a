/* template_render.c: how a template reads with its values; see template.h. */
#include "account/template_internal.h"

#define RENDERED_MAX (64u << 10)

static json sent_part(json sent, const char *type)
{
	return template_part(json_field(sent, "components"), type);
}

static str find_value(json parameters, str name)
{
	int64_t place;

	for (size_t i = 0; i < json_count(parameters); i++)
		if (str_is(json_text_at(json_at(parameters, i), "parameter_name"), name))
			return template_parameter_text(json_at(parameters, i));
	if (str_to_i64(name, &place) && place > 0)
		return template_parameter_text(json_at(parameters, (size_t)place - 1));
	return STR_NONE;
}

/* What has no value stays as it is written. */
static void write_filled(struct buf *out, str text, json parameters)
{
	for (size_t i = 0; i < text.len;) {
		size_t end = i + 2;
		str value;

		if (text.ptr[i] != '{' || i + 1 >= text.len || text.ptr[i + 1] != '{') {
			buf_byte(out, (uint8_t)text.ptr[i++]);
			continue;
		}
		while (end + 1 < text.len && !(text.ptr[end] == '}' && text.ptr[end + 1] == '}'))
			end++;
		value = find_value(parameters, str_trim(str_part(text, i + 2, end - i - 2)));
		buf_str(out, value.len ? value : str_part(text, i, end + 2 - i));
		i = end + 2;
	}
}

static void add_line(struct buf *out, str text, json parameters)
{
	if (!text.len)
		return;
	if (out->len)
		buf_str(out, S("\n"));
	write_filled(out, text, parameters);
}

str template_render(struct job *job, const struct template_item *t, json sent)
{
	struct buf out = buf_in(job->arena, RENDERED_MAX);
	json components = NULL;

	if (json_read(job->arena, t->components, &components, NULL) != OK)
		return S("");
	add_line(&out, json_text_at(template_part(components, "HEADER"), "text"),
		json_field(sent_part(sent, "header"), "parameters"));
	add_line(&out, json_text_at(template_part(components, "BODY"), "text"),
		json_field(sent_part(sent, "body"), "parameters"));
	add_line(&out, json_text_at(template_part(components, "FOOTER"), "text"), NULL);
	return buf_text(&out);
}

/* Where there are no buttons, addresses, numbers and codes are written out. */
static void write_buttons(struct buf *out, json components, json sent)
{
	json buttons = json_field(template_part(components, "BUTTONS"), "buttons"),
	     parts = json_field(sent, "components");

	for (size_t i = 0; i < json_count(buttons); i++) {
		json button = json_at(buttons, i), parameters = NULL;
		str code;

		for (size_t j = 0; j < json_count(parts); j++)
			if (str_is_nocase(json_text_at(json_at(parts, j), "type"), S("button")) &&
				json_int(json_field(json_at(parts, j), "index"), 0) == (int64_t)i)
				parameters = json_field(json_at(parts, j), "parameters");
		code = json_text_at(json_at(parameters, 0), "coupon_code");
		if (str_is_nocase(json_text_at(button, "type"), S("QUICK_REPLY")))
			continue;
		buf_str(out, S("\n"));
		buf_str(out, json_text_at(button, "text"));
		buf_str(out, S(": "));
		buf_str(out, code);
		buf_str(out, json_text_at(button, "phone_number"));
		write_filled(out, json_text_at(button, "url"), parameters);
	}
}

static void write_media(struct buf *out, json media, str caption)
{
	json_open(out, '{');
	for (void *at = json_first(media); at; at = json_next(media, at)) {
		json_key_str(out, json_member_name(at));
		json_put_value(out, NULL, json_member_value(at));
	}
	json_put(out, "caption", caption);
	json_close(out, '}');
}

enum err template_as_message(struct job *job, const struct template_item *t, json sent,
	enum message_kind *kind, json *content)
{
	struct buf text = buf_in(job->arena, RENDERED_MAX),
		   out = buf_in(job->arena, 2 * RENDERED_MAX);
	json header = json_path(sent_part(sent, "header"), "parameters.0"), components = NULL;
	str type = json_text_at(header, "type");

	TRY(json_read(job->arena, t->components, &components, &job->why));
	buf_str(&text, template_render(job, t, sent));
	write_buttons(&text, components, sent);
	*kind = kind_parse(type);
	if (kind_is_media(*kind)) {
		write_media(&out, json_field(header, arena_cstr(job->arena, type)),
			buf_text(&text));
	} else {
		*kind = KIND_TEXT;
		json_open(&out, '{');
		json_put(&out, "body", buf_text(&text));
		json_close(&out, '}');
	}
	return json_read(job->arena, buf_text(&out), content, &job->why);
}
