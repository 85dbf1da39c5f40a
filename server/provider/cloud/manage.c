/*
 * manage.c: carries a row of manage_table.c: the path with its ids, the query, and the body as JSON
 * or as a form; and the subscription of webhooks.
 */
#include "base/codec.h"
#include "provider/cloud/cloud_internal.h"

#include <stdio.h>

/* ---- the path ---- */

static str place_value(struct job *job, const struct channel *ch, str name, json parameters)
{
	char key[64];

	if (str_is(name, S("number")))
		return ch->remote_id;
	if (str_is(name, S("account")))
		return ch->account_id;
	snprintf(key, sizeof key, STR_F, STR_A(name));
	return json_text_or_int(job->arena, json_field(parameters, key));
}

/* "{number}/message_qrdls/{code}": what stands in braces is an id, escaped as one segment. */
static void write_path(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, struct buf *out)
{
	str rest = str_of(call->path);

	while (rest.len) {
		str name;

		buf_str(out, str_split(&rest, '{'));
		name = str_split(&rest, '}');
		if (name.len)
			percent_write(out, place_value(job, ch, name, parameters));
	}
}

/* Commas, dots and brackets of a list of fields stay as they are, which is how Meta writes them. */
static void write_query_value(struct buf *out, str value)
{
	for (size_t i = 0; i < value.len; i++)
		if (strchr(",.():", value.ptr[i]) && value.ptr[i])
			buf_byte(out, (uint8_t)value.ptr[i]);
		else
			percent_write(out, str_part(value, i, 1));
}

static str value_text(struct job *job, json v)
{
	switch (json_kind(v)) {
	case JSON_TEXT:
		return json_text(v);
	case JSON_BOOL:
		return json_flag(v, false) ? S("true") : S("false");
	case JSON_NONE:
	case JSON_NIL:
		return STR_NONE;
	default:
		return cloud_json_text(job->arena, v);
	}
}

static void write_query(struct job *job, const struct manage_call *call, json parameters,
	struct buf *out)
{
	char sign = strchr(call->path, '?') ? '&' : '?';

	for (const struct manage_parameter *p = call->parameters;
		p < call->parameters + MANAGE_PARAMETERS_MAX && p->name; p++) {
		str value = value_text(job, json_field(parameters, p->name));

		if (p->place != IN_QUERY || !value.ptr)
			continue;
		buf_printf(out, "%c%s=", sign, p->name);
		write_query_value(out, value);
		sign = '&';
	}
}

/* ---- the body ---- */

static void write_body(const struct manage_call *call, json parameters, struct buf *out)
{
	bool any = call->flags & MANAGE_PRODUCT;

	json_open(out, '{');
	if (any)
		json_put(out, "messaging_product", S("whatsapp"));
	for (const struct manage_parameter *p = call->parameters;
		p < call->parameters + MANAGE_PARAMETERS_MAX && p->name; p++) {
		json v = json_field(parameters, p->name);

		if (p->place != IN_BODY || !v || json_kind(v) == JSON_NIL)
			continue;
		json_put_value(out, p->name, v);
		any = true;
	}
	json_close(out, '}');
	if (!any)
		buf_clear(out);
}

/* flow.json goes as a file, whatever it is called. */
static size_t make_parts(struct job *job, const struct manage_call *call, json parameters,
	struct call_part *parts)
{
	size_t count = 0;

	for (const struct manage_parameter *p = call->parameters;
		p < call->parameters + MANAGE_PARAMETERS_MAX && p->name; p++) {
		str value = value_text(job, json_field(parameters, p->name));

		if (p->place != IN_BODY || !value.ptr)
			continue;
		parts[count] = (struct call_part){ .name = str_of(p->name), .value = value };
		if (strcmp(p->name, "file") == 0) {
			parts[count].file_name = S("flow.json");
			parts[count].type = S("application/json");
		}
		count++;
	}
	return count;
}

enum err cloud_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX),
		   body = buf_in(job->arena, JSON_SIZE_MAX);
	struct call_part parts[MANAGE_PARAMETERS_MAX];
	struct cloud_call graph = { .method = call->method };
	json root;

	write_path(job, ch, call, parameters, &path);
	write_query(job, call, parameters, &path);
	graph.path = buf_text(&path);
	if (call->method == HTTP_POST && (call->flags & MANAGE_FORM)) {
		graph.part_count = make_parts(job, call, parameters, parts);
		graph.parts = parts;
	} else if (call->method == HTTP_POST) {
		write_body(call, parameters, &body);
		graph.body = buf_bytes(&body);
	}
	if (path.failed || body.failed)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the values."),
			"The call is larger than Meta takes.");
	TRY(cloud_call(job, ch, &graph, NULL, &root));
	*answer = cloud_json_text(job->arena, root);
	return OK;
}

bool cloud_is_done(json answer)
{
	json success = json_field(answer, "success");

	return json_flag(success, false) || str_is(json_text(success), S("true"));
}

/* ---- webhooks ---- */

/* "body {override_callback_uri, verify_token} = override": Meta calls url with the handshake before
 * it answers. */
enum err cloud_subscribe(struct job *job, const struct channel *ch, str url)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);
	json root;

	json_open(&body, '{');
	if (url.len) {
		json_put(&body, "override_callback_uri", url);
		json_put(&body, "verify_token", ch->verify_token);
	}
	json_close(&body, '}');
	TRY(cloud_call(job, ch,
		&(struct cloud_call){
			.method = HTTP_POST,
			.path = arena_printf(job->arena, STR_F "/subscribed_apps",
				STR_A(ch->account_id)),
			.body = buf_bytes(&body),
		},
		NULL, &root));
	if (cloud_is_done(root) || cloud_list(json_field(root, "data")))
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("not_subscribed"),
		S("Try again, or subscribe the app in Meta's developer tools."),
		"Meta did not confirm the subscription.");
}

/* "Order of resolution: number → WABA → app." */
static str resolved(json number)
{
	static const char *const levels[] = { "webhook_configuration.phone_number",
		"webhook_configuration.whatsapp_business_account",
		"webhook_configuration.application" };

	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (json_text_at(number, levels[i]).len)
			return json_text_at(number, levels[i]);
	return STR_NONE;
}

enum err cloud_subscription(struct job *job, const struct channel *ch,
	struct provider_subscription *out)
{
	json apps, number, data;

	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .path = arena_printf(job->arena, STR_F "/subscribed_apps",
					      STR_A(ch->account_id)) },
		NULL, &apps));
	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .path = arena_printf(job->arena,
					      STR_F "?fields=webhook_configuration",
					      STR_A(ch->remote_id)) },
		NULL, &number));
	data = json_field(apps, "data");
	out->subscribed = cloud_list(data) > 0;
	out->url = resolved(number);
	for (size_t i = 0; i < cloud_list(data) && !out->url.len; i++)
		out->url = json_text_at(json_at(data, i), "override_callback_uri");
	return OK;
}
