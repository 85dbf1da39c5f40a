/*
 * transports.c: which providers there are and what they need, and what an HTTP transport would
 * call.
 */
#include "provider/http/http.h"

#include "account/channel.h"
#include "api/handlers.h"

static void write_needs(struct buf *out, unsigned needs)
{
	static const struct { unsigned bit; const char *name;
	} all[] = {
		{ NEEDS_PHONE_NUMBER_ID, "phone_number_id" }, { NEEDS_WABA, "waba_id" },
		{ NEEDS_TOKEN, "access_token" }, { NEEDS_APP_SECRET, "app_secret" },
		{ NEEDS_PHONE, "phone_number" }, { NEEDS_CONFIG, "config" },
	};

	json_open_in(out, "needs", '[');
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (needs & all[i].bit)
			json_put(out, NULL, str_of(all[i].name));
	json_close(out, ']');
}

enum err providers_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	size_t count;
	const struct provider *const *all = provider_all(&count);

	(void)job;
	(void)req;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put(out, "name", str_of(all[i]->name));
		json_put(out, "title", str_of(all[i]->title));
		write_needs(out, all[i]->needs);
		channel_write_capabilities(out, all[i]->can);
		json_put_bool(out, "is_development", all[i]->is_development);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err transport_schema_get(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	res->type = S("application/schema+json");
	res->static_body = transport_schema;
	res->static_size = transport_schema_size;
	return OK;
}

/* ---- what would be called ---- */

struct asked {
	json config, message;
	str to, access_token, phone_number;
};

static const struct field preview_fields[] = {
	FIELD(struct asked, config, JSON, .required = true),
	FIELD(struct asked, message, JSON),
	FIELD(struct asked, to, STR),
	FIELD(struct asked, access_token, STR, .max = 4096),
	FIELD(struct asked, phone_number, STR),
	{ 0 },
};

static str json_of(struct job *job, json v)
{
	struct buf out = buf_in(job->arena, JSON_SIZE_MAX);

	json_put_value(&out, NULL, v);
	return buf_text(&out);
}

/* A message in the Cloud API's shape; a greeting when there is none. */
static void read_message(struct job *job, const struct asked *asked, struct outgoing *out)
{
	str type = json_text(json_field(asked->message, "type"));
	json content = json_field(asked->message, arena_cstr(job->arena, type));

	*out = (struct outgoing){ .id = 1,
		.kind = KIND_TEXT,
		.content = S("{\"body\":\"Hello\"}"),
		.to_phone = asked->to.len ? asked->to : S("12025550142") };
	if (!asked->message)
		return;
	out->kind = kind_parse(type);
	if (out->kind == KIND_UNKNOWN || !content) {
		field_error(job, S("message.type"), S("invalid"),
			S("Must be a kind of message, with an object of that name beside it."));
		return;
	}
	out->content = json_of(job, content);
}

static void write_call(struct buf *out, const struct transport_preview *call)
{
	json_open(out, '{');
	json_put(out, "method", str_of(http_method_name(call->method)));
	json_put(out, "url", call->url);
	json_open_in(out, "headers", '[');
	for (size_t i = 0; i < call->header_count; i++) {
		json_open(out, '{');
		json_put(out, "name", call->headers[i].name);
		json_put(out, "value", call->headers[i].value);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put(out, "body", call->body.ptr ? call->body : S(""));
	json_close(out, '}');
}

enum err channels_preview(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { 0 };
	struct channel ch = { .id = 1, .provider = &http_provider,
		.name = S("Preview"), .remote_id = S("1") };
	struct transport_preview call;
	struct outgoing message;

	TRY(request_fields(job, req, preview_fields, &asked));
	if (asked.config)
		http_provider.config_check(job, asked.config);
	read_message(job, &asked, &message);
	TRY(job_check_fields(job));
	ch.config = json_of(job, asked.config);
	ch.base_url = json_text(json_field(asked.config, "base_url"));
	ch.access_token = asked.access_token.len ? asked.access_token : PROVIDER_SECRET_MASK;
	ch.phone = asked.phone_number;
	TRY(transport_render(job, &ch, &message, &call));
	write_call(reply_json(res, 200), &call);
	return OK;
}
