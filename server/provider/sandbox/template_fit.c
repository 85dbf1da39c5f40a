/*
 * template_fit.c: whether a send fits an approved template.
 *
 * 132001 no such template, 132000 another number of values, 132012 another format, 131008 a
 * button's value is missing, 132015 paused, 132016 disabled.
 */
#include "provider/sandbox/sandbox_internal.h"

struct fitting {
	struct arena *arena;
	json parts, sent; /* as approved; as sent */
	bool is_named;
	str details;
};

static size_t count_variables(str text)
{
	size_t count = 0;

	for (size_t i = 0; i + 1 < text.len; i++)
		count += text.ptr[i] == '{' && text.ptr[i + 1] == '{';
	return count;
}

static json approved_part(const struct fitting *f, const char *type)
{
	for (size_t i = 0; i < json_count(f->parts); i++)
		if (str_is_nocase(json_text_at(json_at(f->parts, i), "type"), str_of(type)))
			return json_at(f->parts, i);
	return NULL;
}

static json sent_part(const struct fitting *f, const char *type)
{
	json parts = json_field(f->sent, "components");

	for (size_t i = 0; i < json_count(parts); i++)
		if (str_is_nocase(json_text_at(json_at(parts, i), "type"), str_of(type)))
			return json_at(parts, i);
	return NULL;
}

static bool has_variable(str text, str name)
{
	str rest = text;

	while (rest.len) {
		str inside;

		str_split(&rest, '{');
		if (!str_starts(rest, S("{")))
			continue;
		str_split(&rest, '{');
		inside = rest;
		if (str_is(str_split(&inside, '}'), name))
			return true;
	}
	return false;
}

static int64_t fit_texts(struct fitting *f, const char *where, str text, json parameters)
{
	size_t wanted = count_variables(text), given = json_count(parameters);

	if (wanted != given) {
		f->details = arena_printf(f->arena,
			"%s: number of localizable_params (%zu) does not match the expected number "
			"of params (%zu)",
			where, given, wanted);
		return 132000;
	}
	for (size_t i = 0; i < given && f->is_named; i++)
		if (!has_variable(text, json_text_at(json_at(parameters, i), "parameter_name"))) {
			f->details = arena_printf(f->arena,
				"%s: Parameter name is missing or not in the template", where);
			return 132012;
		}
	return 0;
}

static int64_t fit_header(struct fitting *f)
{
	json approved = approved_part(f, "HEADER"), sent = sent_part(f, "header");
	json parameter = json_at(json_field(sent, "parameters"), 0);
	str format = json_text_at(approved, "format"), type = json_text_at(parameter, "type");

	if (!approved || str_is(format, S("TEXT")))
		return fit_texts(f, "header", json_text_at(approved, "text"),
			json_field(sent, "parameters"));
	if (str_is_nocase(format, type))
		return 0;
	f->details = arena_printf(f->arena,
		"header: Format mismatch, expected " STR_F ", received " STR_F, STR_A(format),
		STR_A(type.len ? type : S("UNKNOWN")));
	return 132012;
}

static json sent_button(const struct fitting *f, size_t index)
{
	json parts = json_field(f->sent, "components");

	for (size_t i = 0; i < json_count(parts); i++) {
		json part = json_at(parts, i);

		if (str_is_nocase(json_text_at(part, "type"), S("button")) &&
		    json_int(json_field(part, "index"), 0) == (int64_t)index)
			return part;
	}
	return NULL;
}

static int64_t fit_buttons(struct fitting *f)
{
	json buttons = json_field(approved_part(f, "BUTTONS"), "buttons");

	for (size_t i = 0; i < json_count(buttons); i++) {
		str type = json_text_at(json_at(buttons, i), "type");
		bool wanted = count_variables(json_text_at(json_at(buttons, i), "url")) > 0 ||
		              str_is(type, S("COPY_CODE"));
		json sent = sent_button(f, i);

		if (wanted && json_count(json_field(sent, "parameters")) == 0) {
			f->details = arena_printf(f->arena,
				"buttons: Button at index %zu of type " STR_F
				" requires a parameter",
				i, STR_A(type));
			return 131008;
		}
		if (sent && str_is_nocase(json_text_at(sent, "sub_type"), S("url")) !=
				    str_is(type, S("URL"))) {
			f->details = arena_printf(f->arena,
				"buttons: Button at index %zu has another type", i);
			return 132012;
		}
	}
	return 0;
}

static int64_t fit(struct fitting *f)
{
	json body = sent_part(f, "body");
	int64_t code = fit_header(f);

	if (!code)
		code = fit_texts(f, "body", json_text_at(approved_part(f, "BODY"), "text"),
			json_field(body, "parameters"));
	return code ? code : fit_buttons(f);
}

static const char *price_of(const char *category)
{
	return strcmp(category, "MARKETING") == 0 ? "marketing"
	       : strcmp(category, "UTILITY") == 0 ? "utility"
	                                          : "authentication";
}

int64_t template_refusal(struct arena *arena, const struct template_send *send, str *details,
	const char **category)
{
	struct fitting f = { .arena = arena, .sent = send->template };
	str name = json_text_at(send->template, "name"),
	    language = json_text_at(send->template, "language.code");
	const struct sandbox_template *t = sandbox_template_find(send->account, name, language);
	int64_t code;

	if (!t || (strcmp(t->status, "APPROVED") != 0 && strcmp(t->status, "PAUSED") != 0 &&
			  strcmp(t->status, "DISABLED") != 0)) {
		*details = arena_printf(arena, "template name (" STR_F ") does not exist in " STR_F,
			STR_A(name), STR_A(language));
		return 132001;
	}
	if (strcmp(t->status, "APPROVED") != 0) {
		*details = S("The template is paused due to low quality.");
		return strcmp(t->status, "PAUSED") == 0 ? 132015 : 132016;
	}
	if (json_read(arena, str_of(t->components), &f.parts, NULL) != OK)
		return 131000;
	f.is_named = strcmp(t->parameter_format, "NAMED") == 0;
	code = fit(&f);
	*details = f.details;
	*category = price_of(t->category);
	return code;
}
