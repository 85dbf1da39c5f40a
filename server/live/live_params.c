/*
 * live_params.c: the query of a call of the HTTP API, and the text that its signature is over.
 *
 * METHOD, PATH and all parameters but auth_signature: names in lower case, by name, values as they
 * are meant, not escaped.
 */
#include "live/live_api.h"

#include <stdlib.h>

#define SIGNED_MAX (2 * HTTP_TARGET_MAX) /* no parameter gets longer */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A plus stays a plus: some SDKs send their query as it is, without any escaping. */
static str decoded(struct arena *arena, str raw)
{
	struct buf out = buf_in(arena, raw.len + 1);

	for (size_t i = 0; i < raw.len; i++) {
		int high = raw.ptr[i] == '%' && i + 2 < raw.len ? hex_value(raw.ptr[i + 1]) : -1;
		int low = high >= 0 ? hex_value(raw.ptr[i + 2]) : -1;

		buf_byte(&out, (uint8_t)(low >= 0 ? high * 16 + low : raw.ptr[i]));
		i += low >= 0 ? 2 : 0;
	}
	return buf_text(&out);
}

static str lower(struct arena *arena, str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	for (size_t i = 0; i < s.len; i++)
		copy[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] + 32) : s.ptr[i];
	return (str){ copy, s.len };
}

bool live_params_read(struct arena *arena, str query, struct live_params *out)
{
	out->count = 0;
	while (query.len) {
		str value = str_split(&query, '&'), name = str_split(&value, '=');

		if (out->count == LIVE_PARAMS_MAX)
			return false;
		out->items[out->count].name = lower(arena, decoded(arena, name));
		out->items[out->count++].value = decoded(arena, value);
	}
	return true;
}

str live_param(const struct live_params *params, str name)
{
	for (size_t i = 0; i < params->count; i++)
		if (str_is(params->items[i].name, name))
			return params->items[i].value;
	return STR_NONE;
}

static int by_name(const void *a, const void *b)
{
	const str *x = a, *y = b; /* the name stands first */

	return str_compare(*x, *y);
}

str live_params_signed(struct arena *arena, const char *method, str path,
	struct live_params *params)
{
	struct buf out = buf_in(arena, SIGNED_MAX);
	bool is_first = true;

	qsort(params->items, params->count, sizeof params->items[0], by_name);
	buf_printf(&out, "%s\n", method);
	buf_str(&out, path);
	buf_byte(&out, '\n');
	for (size_t i = 0; i < params->count; i++) {
		if (str_is(params->items[i].name, S("auth_signature")))
			continue;
		if (!is_first)
			buf_byte(&out, '&');
		is_first = false;
		buf_str(&out, params->items[i].name);
		buf_byte(&out, '=');
		buf_str(&out, params->items[i].value);
	}
	return buf_text(&out);
}
