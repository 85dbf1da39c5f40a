/*
 * fields.c: a request's JSON into a struct, by a table.
 *
 * All that is wrong is noted before anything is answered; a member that the table does not name is
 * wrong, too, since a misspelt field that is silently ignored looks like success.
 */
#include "api/api.h"

struct reading {
	struct job *job;
	str prefix; /* "password." inside of a map, else empty */
};

static str field_name(const struct reading *r, str name)
{
	return arena_printf(r->job->arena, STR_F STR_F, STR_A(r->prefix), STR_A(name));
}

static void wrong(const struct reading *r, const struct field *field, str code, str message)
{
	field_error(r->job, field_name(r, str_of(field->name)), code, message);
}

static void *member(void *out, size_t at)
{
	return (char *)out + at;
}

static void read_text(const struct reading *r, const struct field *field, json v, str *out)
{
	int64_t max = field->max ? field->max : FIELD_STR_MAX;
	str text = json_text(v);

	if (!text.ptr) {
		wrong(r, field, S("wrong_type"), S("Must be a text."));
		return;
	}
	*out = text;
	if (field->required && str_trim(text).len == 0)
		wrong(r, field, S("required"), S("Must not be empty."));
	else if ((int64_t)str_count_points(text) > max)
		wrong(r, field, S("too_long"),
			arena_printf(r->job->arena, "At most %lld characters.", (long long)max));
}

static void read_number(const struct reading *r, const struct field *field, json v, int64_t *out)
{
	if (json_kind(v) != JSON_INT) {
		wrong(r, field, S("wrong_type"), S("Must be a whole number."));
		return;
	}
	*out = json_int(v, 0);
	if ((field->min || field->max) && (*out < field->min || *out > field->max))
		wrong(r, field, S("out_of_range"),
			arena_printf(r->job->arena, "From %lld to %lld.", (long long)field->min,
				(long long)field->max));
}

static void read_id(const struct reading *r, const struct field *field, json v, id64 *out)
{
	if (!json_id(v, out))
		wrong(r, field, S("invalid"), S("Must be an id: a text of digits."));
}

/* What is wrong with one of them is told at its place. */
static void read_ids(const struct reading *r, const struct field *field, json v,
	struct field_ids *out)
{
	size_t max = field->max ? (size_t)field->max : FIELD_IDS_MAX;

	if (json_kind(v) != JSON_LIST || json_count(v) > max) {
		wrong(r, field, S("invalid"),
			arena_printf(r->job->arena, "Must be a list of at most %zu ids.", max));
		return;
	}
	out->count = json_count(v);
	out->items = ARENA_ARRAY(r->job->arena, id64, out->count + 1);
	for (size_t i = 0; i < out->count; i++)
		if (!json_id(json_at(v, i), &out->items[i]))
			field_error(r->job,
				arena_printf(r->job->arena, STR_F "%s.%zu", STR_A(r->prefix),
					field->name, i),
				S("invalid"), S("Must be an id: a text of digits."));
}

static void read_flag(const struct reading *r, const struct field *field, json v, void *out)
{
	if (json_kind(v) != JSON_BOOL)
		wrong(r, field, S("wrong_type"), S("Must be true or false."));
	else if (field->kind == FIELD_BOOL)
		*(bool *)out = json_flag(v, false);
	else
		*(int *)out = json_flag(v, false);
}

static void read_map(const struct reading *r, json map, const struct field *fields, void *out);

static void read_value(const struct reading *r, const struct field *field, json v, void *out)
{
	switch (field->kind) {
	case FIELD_STR:
		read_text(r, field, v, out);
		break;
	case FIELD_INT:
		read_number(r, field, v, out);
		break;
	case FIELD_BOOL:
	case FIELD_FLAG:
		read_flag(r, field, v, out);
		break;
	case FIELD_ID:
		read_id(r, field, v, out);
		break;
	case FIELD_IDS:
		read_ids(r, field, v, out);
		break;
	case FIELD_JSON:
		*(json *)out = v;
		break;
	case FIELD_MAP:
		read_map(&(struct reading){ r->job, arena_printf(r->job->arena, STR_F "%s.",
							    STR_A(r->prefix), field->name) },
			v, field->fields, out);
		break;
	}
}

static void read_member(const struct reading *r, const struct field *field, json v, void *out)
{
	if (!v || (json_kind(v) == JSON_NIL && !field->nullable && field->kind != FIELD_JSON)) {
		if (field->required || v)
			wrong(r, field, S("required"), S("Must not be missing."));
		return;
	}
	if (field->given_at)
		*(bool *)member(out, field->given_at) = true;
	if (json_kind(v) != JSON_NIL || field->kind == FIELD_JSON)
		read_value(r, field, v, member(out, field->at));
}

static const struct field *find(const struct field *fields, str name)
{
	for (; fields->name; fields++)
		if (str_is(name, str_of(fields->name)))
			return fields;
	return NULL;
}

static void read_map(const struct reading *r, json map, const struct field *fields, void *out)
{
	if (json_kind(map) != JSON_MAP) {
		field_error(r->job, str_part(r->prefix, 0, r->prefix.len ? r->prefix.len - 1 : 0),
			S("wrong_type"), S("Must be an object."));
		return;
	}
	for (const struct field *field = fields; field->name; field++)
		read_member(r, field, json_field(map, field->name), out);
	for (void *at = json_first(map); at; at = json_next(map, at))
		if (!find(fields, json_member_name(at)))
			field_error(r->job, field_name(r, json_member_name(at)), S("unknown_field"),
				    S("This field is not known here."));
}

void fields_read(struct job *job, json map, const struct field *fields, void *out)
{
	read_map(&(struct reading){ job, S("") }, map, fields, out);
}

static enum err malformed(struct job *job, str why)
{
	return fail_code(job, ERR_INPUT, S("malformed"), S("Send one JSON object."),
		"The body is no JSON object: " STR_F, STR_A(why));
}

enum err request_body(struct job *job, const struct request *req, json *out)
{
	str type = request_header(req, S("content-type")), why = S("it is another kind of value");

	if (!str_is_nocase(str_trim(str_part(type, 0, str_find(type, ';'))), S("application/json")))
		return fail_code(job, ERR_INPUT, S("unsupported_media_type"),
			S("Send Content-Type: application/json."), "The body must be JSON.");
	if (req->body.len == 0)
		return malformed(job, S("it is empty"));
	if (json_read(job->arena, str_from(req->body), out, &why) != OK ||
		json_kind(*out) != JSON_MAP)
		return malformed(job, why);
	return OK;
}

enum err request_fields(struct job *job, const struct request *req, const struct field *fields,
	void *out)
{
	json root;

	TRY(request_body(job, req, &root));
	fields_read(job, root, fields, out);
	return OK;
}

enum err request_json(struct job *job, const struct request *req, const struct field *fields,
	void *out)
{
	TRY(request_fields(job, req, fields, out));
	return job_check_fields(job);
}

/* ---- path and query ---- */

enum err request_id(struct job *job, const struct request *req, size_t place, id64 *out)
{
	(void)job;
	return id64_parse(req->params[place], out) ? OK : ERR_MISSING;
}

id64 request_query_id(struct job *job, const struct request *req, const char *name)
{
	str text = request_query(job->arena, req, name);
	id64 id = 0;

	if (text.len && !id64_parse(text, &id))
		field_error(job, str_of(name), S("invalid"), S("Must be an id: digits."));
	return id;
}

int request_query_word(struct job *job, const struct request *req, const char *name,
	const char *const *words, size_t count, int otherwise)
{
	str text = request_query(job->arena, req, name);
	struct buf all = buf_in(job->arena, 1000);

	if (text.len == 0)
		return otherwise;
	for (size_t i = 0; i < count; i++) {
		if (str_is(text, str_of(words[i])))
			return (int)i;
		buf_printf(&all, "%s%s", i ? ", " : "One of ", words[i]);
	}
	buf_byte(&all, '.');
	field_error(job, str_of(name), S("invalid"), buf_text(&all));
	return otherwise;
}

bool request_query_flag(struct job *job, const struct request *req, const char *name)
{
	static const char *const words[] = { "false", "true", "0", "1" };

	return request_query_word(job, req, name, words, COUNT_OF(words), 0) & 1;
}
