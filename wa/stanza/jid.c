/* jid.c: see jid.h. */
#include "wa/stanza/jid.h"

#include <stdio.h>

const struct jid jid_server = { .user = { "", 0 }, .server = { "s.whatsapp.net", 14 } };

bool jid_is_account(const struct jid *a, const struct jid *b)
{
	return str_is(a->user, b->user) && str_is(a->server, b->server) &&
	       a->integrator == b->integrator;
}

bool jid_is(const struct jid *a, const struct jid *b)
{
	return jid_is_account(a, b) && a->device == b->device && a->agent == b->agent;
}

str jid_text(struct arena *arena, const struct jid *jid)
{
	char agent[8] = "", device[8] = "", integrator[8] = "";

	if (!jid->user.len)
		return arena_str(arena, jid->server);
	if (jid->agent)
		snprintf(agent, sizeof agent, ".%u", jid->agent);
	if (jid->device)
		snprintf(device, sizeof device, ":%u", jid->device);
	if (jid->integrator)
		snprintf(integrator, sizeof integrator, "%u-", jid->integrator);
	return arena_printf(arena, "%s" STR_F "%s%s@" STR_F, integrator, STR_A(jid->user), agent,
		device, STR_A(jid->server));
}

static bool read_number(str text, int64_t max, int64_t *out)
{
	return str_is_digits(text) && str_to_i64(text, out) && *out <= max;
}

static bool read_integrator(struct jid *out)
{
	str number = str_part(out->user, 0, str_find(out->user, '-'));
	int64_t integrator;

	if (number.len == out->user.len)
		return true;
	if (!read_number(number, UINT16_MAX, &integrator))
		return false;
	out->integrator = (uint16_t)integrator;
	out->user = str_part(out->user, number.len + 1, out->user.len);
	return true;
}

bool jid_read(str text, struct jid *out)
{
	size_t at = str_find(text, '@');
	int64_t number;
	str rest;

	*out = (struct jid){ .user = S(""), .server = text };
	if (at == text.len)
		return true;
	out->server = str_part(text, at + 1, text.len);
	rest = str_part(text, 0, at);
	out->user = str_part(rest, 0, str_find(rest, ':'));
	if (out->user.len < rest.len) {
		if (!read_number(str_part(rest, out->user.len + 1, rest.len), UINT16_MAX, &number))
			return false;
		out->device = (uint16_t)number;
	}
	at = str_find(out->user, '.');
	if (at < out->user.len) {
		if (!read_number(str_part(out->user, at + 1, out->user.len), UINT8_MAX, &number))
			return false;
		out->agent = (uint8_t)number;
		out->user = str_part(out->user, 0, at);
	}
	return str_is(out->server, JID_SERVER_INTEROP) ? read_integrator(out) : true;
}
