/*
 * graph_template.c: the approved templates of the sandbox, and whether a send fits one.
 *
 * 132001 no such template, 132000 another number of values, 132012 another format, 131008 a
 * button's value is missing, 132015 paused, 132016 disabled.
 */
#include "provider/sandbox/sandbox_internal.h"

static const char templates_json[] =
	"[{\"id\":\"594425479261596\",\"name\":\"hello_world\",\"language\":\"en_US\",\"category\":"
	"\"UTILITY\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"GREEN\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Hello World\"},"
	"{\"type\":\"BODY\",\"text\":\"Welcome and congratulations! This message shows that "
	"templates can be sent.\"},"
	"{\"type\":\"FOOTER\",\"text\":\"Parley sandbox\"}]},"

	"{\"id\":\"594425479261597\",\"name\":\"order_ready\",\"language\":\"en_US\",\"category\":"
	"\"UTILITY\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"GREEN\"},\"parameter_format\":\"NAMED\",\"components\":["
	"{\"type\":\"HEADER\",\"format\":\"TEXT\",\"text\":\"Order "
	"{{order_no}}\",\"example\":{\"header_text_named_params\":["
	"{\"param_name\":\"order_no\",\"example\":\"A-17\"}]}},"
	"{\"type\":\"BODY\",\"text\":\"Hello {{first_name}}, your order can be collected today "
	"until {{hour}}.\",\"example\":{"
	"\"body_text_named_params\":[{\"param_name\":\"first_name\",\"example\":\"Ana\"},{\"param_"
	"name\":\"hour\",\"example\":\"18:00\"}]}},"
	"{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"URL\",\"text\":\"Track\",\"url\":\"https://"
	"example.com/t/{{1}}\",\"example\":"
	"[\"https://example.com/t/a17\"]},{\"type\":\"QUICK_REPLY\",\"text\":\"I come today\"}]}]},"

	"{\"id\":\"594425479261598\",\"name\":\"appointment_reminder\",\"language\":\"en_US\","
	"\"category\":\"UTILITY\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"UNKNOWN\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"BODY\",\"text\":\"Hi {{1}}, we expect you on {{2}}. Does that suit "
	"you?\",\"example\":{\"body_text\":[[\"Ana\","
	"\"Friday at "
	"10\"]]}},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"QUICK_REPLY\",\"text\":\"Yes\"},{"
	"\"type\":\"QUICK_REPLY\","
	"\"text\":\"Another day\"}]}]},"

	"{\"id\":\"594425479261599\",\"name\":\"appointment_reminder\",\"language\":\"id\","
	"\"category\":\"UTILITY\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"UNKNOWN\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"BODY\",\"text\":\"Halo {{1}}, kami tunggu pada {{2}}. Apakah waktunya "
	"cocok?\",\"example\":{\"body_text\":[[\"Ana\","
	"\"Jumat pukul "
	"10\"]]}},{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"QUICK_REPLY\",\"text\":\"Ya\"},{"
	"\"type\":\"QUICK_REPLY\","
	"\"text\":\"Hari lain\"}]}]},"

	"{\"id\":\"594425479261600\",\"name\":\"summer_sale\",\"language\":\"en_US\",\"category\":"
	"\"MARKETING\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"YELLOW\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"HEADER\",\"format\":\"IMAGE\",\"example\":{\"header_handle\":[\"4::aW\"]}},"
	"{\"type\":\"BODY\",\"text\":\"Dear {{1}}, everything for the garden is cheaper this "
	"week.\",\"example\":{\"body_text\":[[\"Ana\"]]}},"
	"{\"type\":\"FOOTER\",\"text\":\"Tap Stop to hear no more\"},"
	"{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"URL\",\"text\":\"Look\",\"url\":\"https://"
	"example.com/sale\"},"
	"{\"type\":\"QUICK_REPLY\",\"text\":\"Stop\"}]}]},"

	"{\"id\":\"594425479261601\",\"name\":\"invoice\",\"language\":\"en_US\",\"category\":"
	"\"UTILITY\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"GREEN\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"HEADER\",\"format\":\"DOCUMENT\",\"example\":{\"header_handle\":[\"4::aW\"]}},"
	"{\"type\":\"BODY\",\"text\":\"Hello {{1}}, invoice {{2}} is attached. Thank "
	"you!\",\"example\":{\"body_text\":[[\"Ana\",\"R-9\"]]}}]},"

	"{\"id\":\"594425479261602\",\"name\":\"login_code\",\"language\":\"en_US\",\"category\":"
	"\"AUTHENTICATION\",\"status\":\"APPROVED\","
	"\"quality_score\":{\"score\":\"GREEN\"},\"parameter_format\":\"POSITIONAL\","
	"\"components\":["
	"{\"type\":\"BODY\",\"text\":\"*{{1}}* is your verification "
	"code.\",\"example\":{\"body_text\":[[\"123456\"]]}},"
	"{\"type\":\"BUTTONS\",\"buttons\":[{\"type\":\"URL\",\"text\":\"Copy "
	"code\",\"url\":\"https://www.whatsapp.com/otp/code/?code={{1}}\"}]}]},"

	"{\"id\":\"594425479261603\",\"name\":\"spring_sale\",\"language\":\"en_US\",\"category\":"
	"\"MARKETING\",\"status\":\"PAUSED\","
	"\"quality_score\":{\"score\":\"RED\"},\"parameter_format\":\"POSITIONAL\",\"components\":["
	"{\"type\":\"BODY\",\"text\":\"Spring is here, and so are new plants.\"}]}]";

static json all_templates(struct arena *arena)
{
	json root;

	return json_read(arena, str_of(templates_json), &root, NULL) == OK ? root : NULL;
}

void templates_write(struct buf *b, str name, size_t from, size_t limit, size_t *count)
{
	json all = all_templates(b->arena);
	size_t fitting = 0;

	for (size_t i = 0; i < json_count(all); i++) {
		json template = json_at(all, i);

		if (name.len && !str_is(name, json_text_at(template, "name")))
			continue;
		if (fitting >= from && fitting < from + limit)
			json_put_value(b, NULL, template);
		fitting++;
	}
	*count = fitting;
}

/* ---- does a send fit? ---- */

struct fitting {
	struct arena *arena;
	json template, sent; /* as approved; as sent */
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
	json parts = json_field(f->template, "components");

	for (size_t i = 0; i < json_count(parts); i++)
		if (str_is_nocase(json_text_at(json_at(parts, i), "type"), str_of(type)))
			return json_at(parts, i);
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
		size_t wanted = count_variables(json_text_at(json_at(buttons, i), "url"));
		json sent = sent_button(f, i);

		if (wanted && json_count(json_field(sent, "parameters")) == 0) {
			f->details = arena_printf(f->arena,
				"buttons: Button at index %zu of type Url requires a parameter", i);
			return 131008;
		}
		if (sent && str_is_nocase(json_text_at(sent, "sub_type"), S("url")) !=
				    str_is(json_text_at(json_at(buttons, i), "type"), S("URL"))) {
			f->details = arena_printf(f->arena,
				"buttons: Button at index %zu has another type", i);
			return 132012;
		}
	}
	return 0;
}

static json find_template(struct arena *arena, json sent)
{
	json all = all_templates(arena);

	for (size_t i = 0; i < json_count(all); i++)
		if (str_is(json_text_at(json_at(all, i), "name"), json_text_at(sent, "name")) &&
			str_is(json_text_at(json_at(all, i), "language"),
				json_text_at(sent, "language.code")))
			return json_at(all, i);
	return NULL;
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

int64_t template_refusal(struct arena *arena, json template, str *details, const char **category)
{
	struct fitting f = { .arena = arena,
		.sent = template,
		.template = find_template(arena, template) };
	str status = json_text_at(f.template, "status"),
	    kind = json_text_at(f.template, "category");
	int64_t code;

	if (!f.template) {
		*details = arena_printf(arena, "template name (" STR_F ") does not exist in " STR_F,
			STR_A(json_text_at(template, "name")),
			STR_A(json_text_at(template, "language.code")));
		return 132001;
	}
	if (!str_is(status, S("APPROVED"))) {
		*details = S("The template is paused due to low quality.");
		return 132015;
	}
	f.is_named = str_is(json_text_at(f.template, "parameter_format"), S("NAMED"));
	code = fit(&f);
	*details = f.details;
	*category = str_is(kind, S("MARKETING")) ? "marketing"
		    : str_is(kind, S("UTILITY")) ? "utility"
						 : "authentication";
	return code;
}
