/*
 * json.c: reading, on jansson.
 *
 * jansson allocates through one global pair of functions. Ours hand out memory of the arena of the
 * json_read() that runs on this thread, and free nothing, so a tree needs no clean-up. Nothing
 * outside json_read() may make jansson values.
 */
#include "base/json.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static _Thread_local struct arena *reading_into;

static void *arena_malloc(size_t size)
{
	if (!reading_into)
		abort();
	return arena_alloc(reading_into, size);
}

static void arena_free(void *ptr)
{
	(void)ptr;
}

static void hook_jansson(void)
{
	json_set_alloc_funcs(arena_malloc, arena_free);
}

/*
 * Counts brackets and commas outside strings: bounds jansson's recursion and the memory of the tree
 * before it starts. NULL when both hold.
 */
static const char *over_bounds(str text)
{
	size_t depth = 0, values = 1;
	bool in_string = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[' || c == ',') {
			depth += c != ',';
			if (depth > JSON_DEPTH_MAX)
				return "the JSON text is nested too deeply";
			if (++values > JSON_VALUES_MAX)
				return "the JSON text has too many values";
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return NULL;
}

static enum err refuse(str *why, str reason)
{
	if (why)
		*why = reason;
	return ERR_INPUT;
}

enum err json_read(struct arena *arena, str text, json *out, str *why)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const char *over;
	json_error_t error;
	json_t *tree;

	*out = NULL;
	if (text.len > JSON_SIZE_MAX)
		return refuse(why, S("the JSON text is too large"));
	over = over_bounds(text);
	if (over)
		return refuse(why, str_of(over));
	pthread_once(&once, hook_jansson);
	reading_into = arena;
	tree = json_loadb(text.ptr ? text.ptr : "", text.len,
	                  JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	reading_into = NULL;
	if (!tree)
		return refuse(why, arena_printf(arena, "not valid JSON at line %d, column %d: %s",
		                                error.line, error.column,
		                                json_error_code(&error) == json_error_duplicate_key
		                                        ? "a key stands twice"
		                                        : "syntax, encoding or number"));
	*out = tree;
	return OK;
}

enum json_kind json_kind(json v)
{
	static const enum json_kind kinds[] = {
		[JSON_OBJECT] = JSON_MAP,       [JSON_ARRAY] = JSON_LIST,
		[JSON_STRING] = JSON_TEXT,      [JSON_INTEGER] = JSON_INT,
		[JSON_REAL] = JSON_REAL_NUMBER, [JSON_TRUE] = JSON_BOOL,
		[JSON_FALSE] = JSON_BOOL,       [JSON_NULL] = JSON_NIL,
	};

	return v ? kinds[json_typeof(v)] : JSON_NONE;
}

json json_field(json map, const char *key)
{
	return json_object_get(map, key);
}

json json_at(json list, size_t index)
{
	return json_array_get(list, index);
}

size_t json_count(json v)
{
	return json_is_array(v) ? json_array_size(v) : json_object_size(v);
}

static json step(json v, str name)
{
	int64_t index;
	char key[64];

	if (json_is_array(v))
		return str_to_i64(name, &index) && index >= 0 ? json_at(v, (size_t)index) : NULL;
	if (name.len >= sizeof key)
		return NULL;
	memcpy(key, name.ptr, name.len);
	key[name.len] = 0;
	return json_field(v, key);
}

json json_path(json root, const char *path)
{
	str rest = str_of(path);

	while (root && rest.len)
		root = step(root, str_split(&rest, '.'));
	return root;
}

str json_text(json v)
{
	return json_is_string(v) ? (str){ json_string_value(v), json_string_length(v) } : STR_NONE;
}

int64_t json_int(json v, int64_t otherwise)
{
	int64_t value;
	double real;

	if (json_is_integer(v))
		return json_integer_value(v);
	if (json_is_string(v))
		return str_to_i64(json_text(v), &value) ? value : otherwise;
	real = json_is_real(v) ? json_real_value(v) : NAN;
	return real == floor(real) && fabs(real) < 9e15 ? (int64_t)real : otherwise;
}

double json_number(json v, double otherwise)
{
	return json_is_number(v) ? json_number_value(v) : otherwise;
}

bool json_flag(json v, bool otherwise)
{
	return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

str json_text_or_int(struct arena *arena, json v)
{
	if (json_is_integer(v))
		return arena_printf(arena, "%lld", (long long)json_integer_value(v));
	return json_text(v);
}

bool json_id(json v, id64 *out)
{
	return id64_parse(json_text(v), out);
}

/* jansson's iterators want a pointer to non-const, and change nothing. */
static json_t *unconst(json v)
{
	return (json_t *)(uintptr_t)v;
}

void *json_first(json map)
{
	return json_object_iter(unconst(map));
}

void *json_next(json map, void *at)
{
	return json_object_iter_next(unconst(map), at);
}

str json_member_name(void *at)
{
	return (str){ json_object_iter_key(at), json_object_iter_key_len(at) };
}

json json_member_value(void *at)
{
	return json_object_iter_value(at);
}
