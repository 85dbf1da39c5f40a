/*
 * schema.c: a JSON value held to a JSON Schema, with one field error for each thing that is wrong.
 *
 * It knows the words that docs/api/transport.schema.json uses, and no others: type, enum, required,
 * properties, additionalProperties, items, $ref, and the bounds. So what the API refuses and what
 * the published schema refuses is the same text.
 */
#include "provider/http/http_internal.h"

struct checking {
	struct job *job;
	json root; /* of the schema, for $ref */
};

static void wrong(const struct checking *c, str field, str code, str message)
{
	field_error(c->job, field, code, message);
}

static str below(const struct checking *c, str field, str name)
{
	return arena_printf(c->job->arena, STR_F "." STR_F, STR_A(field), STR_A(name));
}

/* "#/$defs/path" */
static json follow(const struct checking *c, json schema)
{
	str ref = json_text(json_field(schema, "$ref"));

	return ref.ptr ? json_field(json_field(c->root, "$defs"),
				 arena_cstr(c->job->arena, str_part(ref, 8, ref.len)))
	               : schema;
}

static bool has_type(json v, str type)
{
	static const struct { const char *name; enum json_kind kind;
	} types[] = {
		{ "string", JSON_TEXT }, { "object", JSON_MAP }, { "array", JSON_LIST },
		{ "integer", JSON_INT }, { "boolean", JSON_BOOL },
	};

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (str_is(type, str_of(types[i].name)))
			return json_kind(v) == types[i].kind;
	return false;
}

static bool is_in_bounds(const struct checking *c, json schema, json v, str field)
{
	static const struct { const char *min, *max, *what; enum json_kind kind;
	} bounds[] = {
		{ "minLength", "maxLength", "characters", JSON_TEXT },
		{ "minItems", "maxItems", "elements", JSON_LIST },
		{ "minProperties", "maxProperties", "members", JSON_MAP },
		{ "minimum", "maximum", "", JSON_INT },
	};

	for (size_t i = 0; i < COUNT_OF(bounds); i++) {
		int64_t min = json_int(json_field(schema, bounds[i].min), 0),
			max = json_int(json_field(schema, bounds[i].max), INT64_MAX),
			size = json_kind(v) == JSON_INT    ? json_int(v, 0)
			       : json_kind(v) == JSON_TEXT ? (int64_t)str_count_points(json_text(v))
			                                   : (int64_t)json_count(v);

		if (json_kind(v) != bounds[i].kind || (size >= min && size <= max))
			continue;
		wrong(c, field, size < min ? S("too_short") : S("too_long"),
			size < min ? arena_printf(c->job->arena, "At least %lld %s.",
					     (long long)min, bounds[i].what)
				   : arena_printf(c->job->arena, "At most %lld %s.",
					     (long long)max, bounds[i].what));
		return false;
	}
	return true;
}

static bool is_one_of(const struct checking *c, json words, json v, str field)
{
	struct buf all = buf_in(c->job->arena, 1000);

	for (size_t i = 0; i < json_count(words); i++) {
		if (json_text(v).ptr && str_is(json_text(v), json_text(json_at(words, i))))
			return true;
		buf_printf(&all, "%s" STR_F, i ? ", " : "One of ",
			STR_A(json_text(json_at(words, i))));
	}
	buf_byte(&all, '.');
	wrong(c, field, S("invalid"), buf_text(&all));
	return false;
}

static void check(const struct checking *c, json schema, json v, str field);

static void check_members(const struct checking *c, json schema, json v, str field)
{
	json required = json_field(schema, "required"), known = json_field(schema, "properties"),
	     others = json_field(schema, "additionalProperties");

	for (size_t i = 0; i < json_count(required); i++) {
		str name = json_text(json_at(required, i));

		if (!json_field(v, arena_cstr(c->job->arena, name)))
			wrong(c, below(c, field, name), S("required"), S("Must not be missing."));
	}
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);
		json member = json_field(known, arena_cstr(c->job->arena, name));

		if (!member)
			member = others;
		if (json_kind(member) == JSON_BOOL)
			wrong(c, below(c, field, name), S("unknown_field"),
				S("This field is not known here."));
		else if (member)
			check(c, member, json_member_value(at), below(c, field, name));
	}
}

static void check(const struct checking *c, json schema, json v, str field)
{
	str type;

	schema = follow(c, schema);
	type = json_text(json_field(schema, "type"));
	if (type.ptr && !has_type(v, type)) {
		wrong(c, field, S("wrong_type"),
			arena_printf(c->job->arena, "Must be of type " STR_F ".", STR_A(type)));
		return;
	}
	if (json_field(schema, "enum") && !is_one_of(c, json_field(schema, "enum"), v, field))
		return;
	if (!is_in_bounds(c, schema, v, field))
		return;
	if (json_kind(v) == JSON_MAP && type.ptr)
		check_members(c, schema, v, field);
	for (size_t i = 0; json_kind(v) == JSON_LIST && json_field(schema, "items") &&
		i < json_count(v); i++)
		check(c, json_field(schema, "items"), json_at(v, i),
			arena_printf(c->job->arena, STR_F "[%zu]", STR_A(field), i));
}

void schema_check(struct job *job, json schema, json v, str field)
{
	check(&(struct checking){ job, schema }, schema, v, field);
}
