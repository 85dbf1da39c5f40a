/*
 * check_template.c: the shape of a template send, before the template itself is known
 * (docs/protocol/cloud-api.md §2.4).
 *
 * Whether the values fit the approved template is Meta's word: 132000, 132012.
 */
#include "provider/cloud/cloud_internal.h"

#define NAME_MAX_POINTS 512
#define LANGUAGE_MAX 16
#define PARAMETER_TEXT_MAX 1024
#define HEADER_TEXT_MAX 60
#define PAYLOAD_MAX 256
#define COUPON_MAX 20
#define SPACES_MAX 4
#define COMPONENTS_MAX 32
#define PARAMETERS_MAX 64
#define CARDS_MAX 10

static bool is_template_name(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return name.len > 0;
}

/* "Must not contain newlines, tabs or more than four consecutive spaces". */
static bool is_one_line(str text)
{
	size_t spaces = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\n' || text.ptr[i] == '\t' || text.ptr[i] == '\r')
			return false;
		spaces = text.ptr[i] == ' ' ? spaces + 1 : 0;
		if (spaces > SPACES_MAX)
			return false;
	}
	return true;
}

static void check_value(struct job *job, json v, size_t max, const char *path)
{
	cloud_check_text(job, v, 1, max, path);
	if (!is_one_line(json_text(v)))
		cloud_wrong(job, "invalid",
			"No line breaks, tabs or more than four spaces in a row.", "%s", path);
}

static void check_parameter(struct job *job, json parameter, const char *path, size_t text_max)
{
	str type = json_text_at(parameter, "type");

	if (str_is_nocase(type, S("text")))
		check_value(job, json_field(parameter, "text"), text_max,
			cloud_path(job, path, "text"));
	else if (str_is(type, S("image")) || str_is(type, S("video")) ||
		 str_is(type, S("document")))
		cloud_check_media_object(job, cloud_path(job, path, arena_cstr(job->arena, type)),
					 json_field(parameter, arena_cstr(job->arena, type)));
	else if (str_is(type, S("payload")))
		cloud_check_text(job, json_field(parameter, "payload"), 1, PAYLOAD_MAX,
			cloud_path(job, path, "payload"));
	else if (str_is(type, S("coupon_code")))
		check_value(job, json_field(parameter, "coupon_code"), COUPON_MAX,
			cloud_path(job, path, "coupon_code"));
	else if (str_is(type, S("currency")))
		check_value(job, json_path(parameter, "currency.fallback_value"), text_max,
			    cloud_path(job, path, "currency.fallback_value"));
	else if (str_is(type, S("date_time")))
		check_value(job, json_path(parameter, "date_time.fallback_value"), text_max,
			    cloud_path(job, path, "date_time.fallback_value"));
	else if (!type.len)
		cloud_wrong(job, "required", "This is required.", "%s.type", path);
}

static void check_button_place(struct job *job, json component, const char *path)
{
	str index = json_text_or_int(job->arena, json_field(component, "index"));

	if (!json_text_at(component, "sub_type").len)
		cloud_wrong(job, "required", "This is required.", "%s.sub_type", path);
	if (index.ptr && !str_is_digits(index))
		cloud_wrong(job, "invalid", "This must be the position of the button, from 0.",
			"%s.index", path);
}

static void check_components(struct job *job, json components, const char *base, bool may_nest);

static void check_cards(struct job *job, json component, const char *path)
{
	json cards = json_field(component, "cards");

	if (cloud_list(cards) == 0 || cloud_list(cards) > CARDS_MAX)
		cloud_wrong(job, "invalid", "As many cards as the template has, at most 10.",
			"%s.cards", path);
	for (size_t i = 0; i < cloud_list(cards) && i < CARDS_MAX; i++)
		check_components(job, json_field(json_at(cards, i), "components"),
			cloud_path_at(job, path, "cards", i), false);
}

static void check_component(struct job *job, json component, const char *path, bool may_nest)
{
	str type = json_text_at(component, "type");
	json parameters = json_field(component, "parameters");
	size_t max = str_is_nocase(type, S("header")) ? HEADER_TEXT_MAX : PARAMETER_TEXT_MAX;

	if (!type.len)
		cloud_wrong(job, "required", "This is required.", "%s.type", path);
	if (str_is_nocase(type, S("button")))
		check_button_place(job, component, path);
	if (str_is_nocase(type, S("carousel")) && may_nest)
		check_cards(job, component, path);
	if (parameters && json_kind(parameters) != JSON_LIST)
		cloud_wrong(job, "type", "This must be a list.", "%s.parameters", path);
	if (cloud_list(parameters) > PARAMETERS_MAX)
		cloud_wrong(job, "too_many", "These are more values than a template can have.",
			"%s.parameters", path);
	for (size_t i = 0; i < cloud_list(parameters) && i < PARAMETERS_MAX; i++)
		check_parameter(job, json_at(parameters, i),
			cloud_path_at(job, path, "parameters", i), max);
}

static void check_components(struct job *job, json components, const char *base, bool may_nest)
{
	if (components && json_kind(components) != JSON_LIST)
		cloud_wrong(job, "type", "This must be a list.", "%s.components", base);
	if (cloud_list(components) > COMPONENTS_MAX)
		cloud_wrong(job, "too_many", "These are more parts than a template can have.",
			"%s.components", base);
	for (size_t i = 0; i < cloud_list(components) && i < COMPONENTS_MAX; i++)
		check_component(job, json_at(components, i),
			cloud_path_at(job, base, "components", i), may_nest);
}

void cloud_check_template(struct job *job, json template)
{
	str name = json_text_at(template, "name");

	cloud_check_text(job, json_field(template, "name"), 1, NAME_MAX_POINTS, "template.name");
	if (name.len && !is_template_name(name))
		cloud_wrong(job, "invalid",
			"A name has only small letters, digits and underscores.", "template.name");
	cloud_check_text(job, json_path(template, "language.code"), 1, LANGUAGE_MAX,
		"template.language.code");
	check_components(job, json_field(template, "components"), "template", true);
}
