/*
 * config.c: what a transport's configuration must be, beyond its schema, and what it tells of the
 * channel.
 *
 * The rules that no schema can say: placeholders are well-formed, the host of an address is fixed,
 * and no credential stands outside of "secrets", where it is masked.
 */
#include "provider/http/http_internal.h"

bool provider_private_calls;

static str in_config(struct job *job, const char *section, const char *name)
{
	return arena_printf(job->arena, "config.%s%s%s", section, *section ? "." : "", name);
}

/* ---- addresses ---- */

static bool is_absolute(str url)
{
	return str_starts(url, S("https://")) ||
	       (provider_private_calls && str_starts(url, S("http://")));
}

/* Who a secret goes to is for whoever configures, not for whoever writes a message. */
static bool has_fixed_host(str url)
{
	str rest = str_part(url, str_starts(url, S("https://")) ? 8 : 7, url.len);
	str host = str_part(rest, 0, str_find(rest, '/'));

	return host.len && str_find(host, '{') == host.len && str_find(host, '@') == host.len;
}

static void check_url(struct job *job, str field, str url, bool may_be_relative)
{
	template_check_text(job, field, url);
	for (size_t i = 0; i < url.len; i++)
		if ((uint8_t)url.ptr[i] < ' ' || url.ptr[i] == 0x7F) {
			field_error(job, field, S("invalid"),
				S("Has a character that no address has."));
			return;
		}
	if (may_be_relative && str_starts(url, S("/")))
		return;
	if (!is_absolute(url))
		field_error(job, field, S("invalid"),
			may_be_relative ? S("Must begin with https://, or with / where there is a "
					    "base_url.")
					: S("Must begin with https://."));
	else if (!has_fixed_host(url))
		field_error(job, field, S("invalid"),
			S("Needs a host without placeholders, and no name and password before "
			  "it."));
}

/* ---- headers ---- */

static bool is_token(str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7F ||
			strchr("()<>@,;:\\\"/[]?={}", name.ptr[i]))
			return false;
	return name.len > 0;
}

static bool has_nocase(str s, str part)
{
	for (size_t i = 0; i + part.len <= s.len; i++)
		if (str_is_nocase(str_part(s, i, part.len), part))
			return true;
	return false;
}

static bool is_credential(str name)
{
	return has_nocase(name, S("authorization")) || has_nocase(name, S("cookie")) ||
	       has_nocase(name, S("token")) || has_nocase(name, S("secret")) ||
	       has_nocase(name, S("key"));
}

static void check_header(struct job *job, str field, str name, str value)
{
	static const char *const ours[] = { "host", "content-length", "transfer-encoding",
		"connection" };

	if (!is_token(name))
		field_error(job, field, S("invalid"), S("This is no name of a header."));
	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (str_is_nocase(name, str_of(ours[i])))
			field_error(job, field, S("invalid"),
				S("This header is made by Parley itself."));
	if (str_find(value, '\n') < value.len || str_find(value, '\r') < value.len)
		field_error(job, field, S("invalid"), S("Must not have line breaks."));
	if (is_credential(name) && value.len && !str_has(value, S("{%secrets.")) &&
		!str_has(value, S("{%channel.access_token")))
		field_error(job, field, S("secret"),
			S("Put the secret under secrets and write {%secrets.name%} here: so it is "
			  "masked."));
}

static void check_texts(struct job *job, const char *section, const char *what, json texts,
	bool is_headers)
{
	for (void *at = json_kind(texts) == JSON_MAP ? json_first(texts) : NULL; at;
		at = json_next(texts, at)) {
		str name = json_member_name(at), value = json_text(json_member_value(at));
		str field = arena_printf(job->arena, "config.%s.%s." STR_F, section, what,
			STR_A(name));

		template_check_text(job, field, value);
		if (is_headers)
			check_header(job, field, name, value);
	}
}

/* ---- sections ---- */

static void check_body(struct job *job, json request)
{
	str encoding = json_text_at(request, "encoding"), field = S("config.request.body");
	json body = json_field(request, "body");

	if (body && str_is(json_text_at(request, "method"), S("GET")))
		field_error(job, field, S("invalid"), S("A GET has no body."));
	if (body && str_is(encoding, S("text")) && json_kind(body) != JSON_TEXT)
		field_error(job, field, S("wrong_type"), S("With encoding text: must be a text."));
	if (body && str_is(encoding, S("form")) && json_kind(body) != JSON_MAP)
		field_error(job, field, S("wrong_type"),
			S("With encoding form: must be an object of texts."));
	template_check_json(job, field, body);
}

static void check_call(struct job *job, const char *section, json call, bool has_base)
{
	if (json_kind(call) != JSON_MAP)
		return;
	if (json_text_at(call, "url").len)
		check_url(job, in_config(job, section, "url"), json_text_at(call, "url"), has_base);
	check_texts(job, section, "query", json_field(call, "query"), false);
	check_texts(job, section, "headers", json_field(call, "headers"), true);
	check_body(job, call);
}

static void check_webhook(struct job *job, json webhook)
{
	bool is_cloud = str_is(json_text_at(webhook, "format"), S("cloud_api"));
	str name = json_text_at(webhook, "auth.name");
	json status = json_field(webhook, "status");

	if (!webhook)
		return;
	if (name.len && !is_token(name))
		field_error(job, S("config.webhook.auth.name"), S("invalid"),
			S("This is no name of a header or parameter."));
	if (is_cloud && (status || json_field(webhook, "message")))
		field_error(job, S("config.webhook.format"), S("conflict"),
			S("With cloud_api there is nothing else to map."));
	if (status && !json_field(status, "message_id") && !json_field(status, "reference"))
		field_error(job, S("config.webhook.status.message_id"), S("required"),
			S("Either message_id or reference must be there."));
}

static void check_secrets(struct job *job, json secrets)
{
	for (void *at = json_kind(secrets) == JSON_MAP ? json_first(secrets) : NULL; at;
		at = json_next(secrets, at)) {
		str field = arena_printf(job->arena, "config.secrets." STR_F,
			STR_A(json_member_name(at)));
		str path = arena_printf(job->arena, "{%%secrets." STR_F "%%}",
			STR_A(json_member_name(at)));

		if (str_find(json_member_name(at), '.') < json_member_name(at).len)
			field_error(job, field, S("invalid"), S("A name must not have a dot."));
		else
			template_check_text(job, field, path);
	}
}

void transport_check_config(struct job *job, json config)
{
	const struct field_error *before = job->field_errors;
	bool has_base = json_text_at(config, "base_url").len > 0;
	json schema;

	if (json_read(job->arena, (str){ transport_schema, transport_schema_size }, &schema,
		    NULL) != OK)
		return;
	schema_check(job, schema, config, S("config"));
	if (job->field_errors != before)
		return;
	if (has_base)
		check_url(job, S("config.base_url"), json_text_at(config, "base_url"), false);
	check_call(job, "request", json_field(config, "request"), has_base);
	check_call(job, "test", json_field(config, "test"), has_base);
	check_webhook(job, json_field(config, "webhook"));
	check_secrets(job, json_field(config, "secrets"));
}

/* ---- what it tells ---- */

static uint64_t kinds_of(json config)
{
	static const enum message_kind all[] = { KIND_TEXT, KIND_IMAGE, KIND_VIDEO, KIND_AUDIO,
		KIND_VOICE, KIND_DOCUMENT, KIND_STICKER, KIND_LOCATION, KIND_CONTACTS,
		KIND_INTERACTIVE, KIND_TEMPLATE, KIND_REACTION };
	json kinds = json_field(config, "kinds");
	uint64_t can = 0;

	if (!str_is(json_text_at(config, "content"), S("ANY")))
		return CAN_KIND(KIND_TEXT);
	for (size_t i = 0; !kinds && i < COUNT_OF(all); i++)
		can |= CAN_KIND(all[i]);
	for (size_t i = 0; i < json_count(kinds); i++)
		can |= CAN_KIND(kind_parse(json_text(json_at(kinds, i))));
	return can;
}

uint64_t transport_can(json config)
{
	str address = json_text_at(config, "address");
	json features = json_field(config, "features");
	uint64_t can = kinds_of(config);

	for (size_t i = 0; i < json_count(features); i++)
		can |= str_is(json_text(json_at(features, i)), S("reply")) ? CAN_REPLY : CAN_WINDOW;
	if (str_is(address, S("ANY")))
		can |= CAN_ANY_ADDRESS;
	if (str_is(address, S("EMAIL")))
		can |= CAN_EMAIL_ADDRESS;
	return can;
}

json transport_config(struct job *job, const struct channel *ch)
{
	json config = NULL;

	return json_read(job->arena, ch->config, &config, NULL) == OK ? config : NULL;
}

/* type, name, prefix and encoding, a line each. */
str transport_rule(struct job *job, const struct channel *ch)
{
	json auth = json_path(transport_config(job, ch), "webhook.auth");

	if (!auth)
		return S("");
	return arena_printf(job->arena, STR_F "\n" STR_F "\n" STR_F "\n" STR_F,
		STR_A(json_text_at(auth, "type")), STR_A(json_text_at(auth, "name")),
		STR_A(json_text_at(auth, "prefix")), STR_A(json_text_at(auth, "encoding")));
}
