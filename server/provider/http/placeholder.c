/* placeholder.c: see placeholder.h. */
#include "provider/http/placeholder.h"

#include "base/codec.h"

#define OPEN S("{%")
#define CLOSE S("%}")

enum presence { REQUIRED, WITH_DEFAULT, OPTIONAL };

struct placeholder {
	str whole, path, otherwise;
	enum presence presence;
	bool is_literal; /* {%%} */
};

/* ---- reading ---- */

static size_t find(str s, str needle)
{
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (memcmp(s.ptr + i, needle.ptr, needle.len) == 0)
			return i;
	return s.len;
}

static bool is_key(str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '_' || c == '-'))
			return false;
	}
	return key.len > 0;
}

/* The next key or index of a path: "items[0].name" is items, 0, name. */
static str next_key(str *path)
{
	size_t end = 0;
	str key;

	while (end < path->len && path->ptr[end] != '.' && path->ptr[end] != '[')
		end++;
	key = str_part(*path, 0, end);
	*path = str_part(*path, end < path->len ? end + 1 : end, path->len);
	return str_ends(key, S("]")) ? str_part(key, 0, key.len - 1) : key;
}

static const char *path_fault(str path)
{
	size_t depth = 0;

	if (str_ends(path, S(".")) || str_ends(path, S("[")))
		return "A path must not end there.";
	while (path.len) {
		str key = next_key(&path);

		if (!is_key(key))
			return "A path is keys and indexes joined by dots, of letters, digits, _ "
			       "and -.";
		if (++depth > PLACEHOLDER_DEPTH_MAX)
			return "A path has at most 16 keys and indexes.";
	}
	return depth ? NULL : "A placeholder needs a path.";
}

static void read_inside(str inside, struct placeholder *out)
{
	size_t bar = str_find(inside, '|');
	str path = str_trim(str_part(inside, 0, bar));

	out->is_literal = inside.len == 0;
	out->presence = REQUIRED;
	if (bar < inside.len) {
		out->presence = WITH_DEFAULT;
		out->otherwise = str_part(inside, bar + 1, inside.len);
	} else if (str_ends(path, S("?"))) {
		out->presence = OPTIONAL;
		path = str_trim(str_part(path, 0, path.len - 1));
	}
	out->path = path;
}

/* What stands before the next placeholder goes to *before; false when there is none, or (with
 * *fault) a broken one. */
static bool next_placeholder(str *text, str *before, struct placeholder *out, const char **fault)
{
	size_t open = find(*text, OPEN), close;
	str rest;

	*fault = NULL;
	*before = str_part(*text, 0, open);
	if (open == text->len)
		return false;
	rest = str_part(*text, open + OPEN.len, text->len);
	close = find(rest, CLOSE);
	*out = (struct placeholder){ .whole = str_part(*text, open, close + 4) };
	if (close == rest.len) {
		*fault = "A {% needs its %}.";
		return false;
	}
	if (close > PLACEHOLDER_MAX) {
		*fault = "A placeholder has at most 256 characters.";
		return false;
	}
	read_inside(str_part(rest, 0, close), out);
	if (!out->is_literal)
		*fault = path_fault(out->path);
	*text = str_part(rest, close + CLOSE.len, rest.len);
	return !*fault;
}

json placeholder_value(struct arena *arena, json values, str path)
{
	while (path.len && values) {
		str key = next_key(&path);
		int64_t index;

		if (json_kind(values) == JSON_LIST)
			values = str_is_digits(key) && str_to_i64(key, &index)
			                 ? json_at(values, (size_t)index)
			                 : NULL;
		else
			values = json_field(values, arena_cstr(arena, key));
	}
	return json_kind(values) == JSON_NIL ? NULL : values;
}

/* ---- checking ---- */

void template_check_text(struct job *job, str field, str text)
{
	struct placeholder p;
	const char *fault;
	str before;

	while (next_placeholder(&text, &before, &p, &fault))
		;
	if (fault)
		field_error(job, field, S("placeholder"),
			arena_printf(job->arena, "%s See " STR_F, fault,
				STR_A(str_first_points(p.whole, 40))));
}

static void check_json(struct job *job, str field, json v, int depth)
{
	if (json_kind(v) == JSON_TEXT) {
		template_check_text(job, field, json_text(v));
		return;
	}
	if (depth == TEMPLATE_DEPTH_MAX && json_count(v)) {
		field_error(job, field, S("too_deep"), S("Nested more than 32 deep."));
		return;
	}
	for (size_t i = 0; json_kind(v) == JSON_LIST && i < json_count(v); i++)
		check_json(job, arena_printf(job->arena, STR_F "[%zu]", STR_A(field), i),
			json_at(v, i), depth + 1);
	for (void *at = json_kind(v) == JSON_MAP ? json_first(v) : NULL; at;
		at = json_next(v, at)) {
		str below = arena_printf(job->arena, STR_F "." STR_F, STR_A(field),
			STR_A(json_member_name(at)));

		template_check_text(job, below, json_member_name(at));
		check_json(job, below, json_member_value(at), depth + 1);
	}
}

void template_check_json(struct job *job, str field, json v)
{
	check_json(job, field, v, 0);
}

/* ---- filling ---- */

static enum err malformed(struct template *t, const char *fault)
{
	return fail_code(t->job, ERR_INPUT, S("placeholder"),
		S("Correct the channel's configuration."), "%s (in " STR_F ")", fault,
		STR_A(t->where));
}

static enum err missing(struct template *t, const struct placeholder *p)
{
	return fail_code(t->job, ERR_INPUT, S("placeholder_missing"),
		arena_printf(t->job->arena,
			"Send a message that has it, or give it a default: {%%" STR_F "|…%%}.",
			STR_A(p->path)),
		"The message has no value for " STR_F " in " STR_F " of the channel.",
		STR_A(p->whole), STR_A(t->where));
}

static str text_of(struct template *t, json v)
{
	struct buf out = buf_in(t->job->arena, JSON_SIZE_MAX);
	str text = json_text(v);

	if (text.ptr)
		return text;
	json_put_value(&out, NULL, v);
	return buf_text(&out);
}

static enum err put_escaped(struct template *t, const struct placeholder *p, str value,
	enum placeholder_escape escape, struct buf *out)
{
	if (escape == ESCAPE_URL) {
		percent_write(out, value);
		return OK;
	}
	for (size_t i = 0; escape == ESCAPE_HEADER && i < value.len; i++)
		if ((uint8_t)value.ptr[i] < 0x20 || value.ptr[i] == 0x7F)
			return fail_code(t->job, ERR_INPUT, S("placeholder_control"),
				S("Put it into the body instead."),
				"The value of " STR_F " in " STR_F
				" has a line break or control character, which no header can "
				"have.",
				STR_A(p->whole), STR_A(t->where));
	buf_str(out, value);
	return OK;
}

static enum err put_placeholder(struct template *t, const struct placeholder *p,
	enum placeholder_escape escape, struct buf *out)
{
	json v;

	if (p->is_literal) {
		buf_str(out, OPEN);
		return OK;
	}
	v = placeholder_value(t->job->arena, t->values, p->path);
	if (!v && p->presence == REQUIRED)
		return missing(t, p);
	if (!v && p->presence == OPTIONAL)
		return OK;
	return put_escaped(t, p, v ? text_of(t, v) : p->otherwise, escape, out);
}

/* Is the text one placeholder and nothing else? */
static bool is_whole(str text, struct placeholder *p)
{
	const char *fault;
	str before;

	return next_placeholder(&text, &before, p, &fault) && !before.len && !text.len &&
	       !p->is_literal;
}

enum err template_text(struct template *t, str text, enum placeholder_escape escape,
	struct buf *out)
{
	struct placeholder p;
	const char *fault;
	str before;

	t->is_omitted = is_whole(text, &p) && p.presence == OPTIONAL &&
	                !placeholder_value(t->job->arena, t->values, p.path);
	while (next_placeholder(&text, &before, &p, &fault)) {
		buf_str(out, before);
		TRY(put_placeholder(t, &p, escape, out));
	}
	if (fault)
		return malformed(t, fault);
	buf_str(out, before);
	return OK;
}

/* A string of a JSON template: the value itself where it is one placeholder. *v stays NULL for a
 * text to be put, and for what is omitted. */
static enum err whole_value(struct template *t, const struct placeholder *p, json *v)
{
	*v = placeholder_value(t->job->arena, t->values, p->path);
	if (*v || p->presence == OPTIONAL)
		return OK;
	if (p->presence == REQUIRED)
		return missing(t, p);
	if (json_read(t->job->arena, p->otherwise, v, NULL) != OK)
		*v = NULL;
	return OK;
}

/* One value of a template, as a member `key` (or, where that has no ptr, an element). */
static enum err put_value(struct template *t, json v, str key, struct buf *out);

static void put_key(struct buf *out, str key)
{
	if (key.ptr)
		json_key_str(out, key);
}

static enum err put_text(struct template *t, str text, str key, struct buf *out)
{
	struct buf filled = buf_in(t->job->arena, JSON_SIZE_MAX);
	struct placeholder p;
	json v = NULL;

	if (is_whole(text, &p)) {
		TRY(whole_value(t, &p, &v));
		t->is_omitted = !v && p.presence == OPTIONAL;
		if (t->is_omitted)
			return OK;
		put_key(out, key);
		if (v)
			json_put_value(out, NULL, v);
		else
			json_put(out, NULL, p.otherwise);
		return OK;
	}
	TRY(template_text(t, text, ESCAPE_NONE, &filled));
	put_key(out, key);
	json_put(out, NULL, buf_text(&filled));
	return OK;
}

static enum err put_members(struct template *t, json map, struct buf *out)
{
	str where = t->where;

	for (void *at = json_first(map); at; at = json_next(map, at)) {
		struct buf key = buf_in(t->job->arena, JSON_SIZE_MAX);

		t->where = arena_printf(t->job->arena, STR_F "." STR_F, STR_A(where),
			STR_A(json_member_name(at)));
		TRY(template_text(t, json_member_name(at), ESCAPE_NONE, &key));
		TRY(put_value(t, json_member_value(at), buf_text(&key), out));
	}
	t->where = where;
	return OK;
}

static enum err put_value(struct template *t, json v, str key, struct buf *out)
{
	switch (json_kind(v)) {
	case JSON_TEXT:
		return put_text(t, json_text(v), key, out);
	case JSON_MAP:
		put_key(out, key);
		json_open(out, '{');
		TRY(put_members(t, v, out));
		json_close(out, '}');
		return OK;
	case JSON_LIST:
		put_key(out, key);
		json_open(out, '[');
		for (size_t i = 0; i < json_count(v); i++)
			TRY(put_value(t, json_at(v, i), STR_NONE, out));
		json_close(out, ']');
		return OK;
	default:
		put_key(out, key);
		json_put_value(out, NULL, v);
		return OK;
	}
}

enum err template_json(struct template *t, json v, struct buf *out)
{
	TRY(put_value(t, v, STR_NONE, out));
	t->is_omitted = false;
	return OK;
}
