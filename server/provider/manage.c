/* manage.c: finding a call of a provider's table, and holding its parameters to it. */
#include "provider/manage.h"

#define TEXT_MAX 4096

const struct manage_call *manage_find(const struct provider *provider, str name)
{
	for (size_t i = 0; i < provider->manage_count; i++)
		if (str_is(name, str_of(provider->manage_calls[i].name)))
			return &provider->manage_calls[i];
	return NULL;
}

static bool is_kind(const struct manage_parameter *p, json v)
{
	switch (p->kind) {
	case MANAGE_TEXT:
		return json_kind(v) == JSON_TEXT;
	case MANAGE_DIGITS:
		return str_is_digits(json_text(v));
	case MANAGE_FLAG:
		return json_kind(v) == JSON_BOOL;
	case MANAGE_NUMBER:
		return json_kind(v) == JSON_INT;
	case MANAGE_LIST:
		return json_kind(v) == JSON_LIST;
	case MANAGE_MAP:
		return json_kind(v) == JSON_MAP;
	}
	return false;
}

static const char *wanted(enum manage_kind kind)
{
	static const char *const words[] = {
		[MANAGE_TEXT] = "Must be a text.",
		[MANAGE_DIGITS] = "Must be digits.",
		[MANAGE_FLAG] = "Must be true or false.",
		[MANAGE_NUMBER] = "Must be a whole number.",
		[MANAGE_LIST] = "Must be a list.",
		[MANAGE_MAP] = "Must be an object.",
	};

	return words[kind];
}

static void check_one(struct job *job, const struct manage_parameter *p, json v)
{
	bool is_text = p->kind == MANAGE_TEXT || p->kind == MANAGE_DIGITS;
	size_t max = p->max ? p->max : TEXT_MAX, size;

	if (!v || json_kind(v) == JSON_NIL) {
		if (p->required)
			field_error(job, str_of(p->name), S("required"), S("Must not be empty."));
		return;
	}
	if (!is_kind(p, v)) {
		field_error(job, str_of(p->name), S("invalid"), str_of(wanted(p->kind)));
		return;
	}
	size = is_text ? str_count_points(json_text(v)) : json_count(v);
	if (size > max)
		field_error(job, str_of(p->name), S("too_long"),
			arena_printf(job->arena, "At most %zu.", max));
	else if ((is_text || p->kind == MANAGE_LIST) && size < p->min)
		field_error(job, str_of(p->name), S("too_short"),
			arena_printf(job->arena, "At least %zu.", p->min));
}

static bool is_known(const struct manage_call *call, str name)
{
	for (size_t i = 0; i < MANAGE_PARAMETERS_MAX && call->parameters[i].name; i++)
		if (str_is(name, str_of(call->parameters[i].name)))
			return true;
	return false;
}

void manage_check(struct job *job, const struct manage_call *call, json parameters)
{
	for (size_t i = 0; i < MANAGE_PARAMETERS_MAX && call->parameters[i].name; i++)
		check_one(job, &call->parameters[i],
			json_field(parameters, call->parameters[i].name));
	for (void *at = json_first(parameters); at; at = json_next(parameters, at))
		if (!is_known(call, json_member_name(at)))
			field_error(job, json_member_name(at), S("unknown"),
				S("The call has no such parameter."));
}

enum err provider_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer)
{
	manage_check(job, call, parameters);
	TRY(job_check_fields(job));
	return ch->provider->manage(job, ch, call, parameters, answer);
}
