/*
 * request.c: the call of a message: the values that placeholders can name, and the configuration's
 * texts filled with them.
 */
#include "base/codec.h"
#include "provider/http/http_internal.h"

#define VALUES_MAX (1u << 20)
#define URL_MAX 8000
#define HEADER_MAX 8000
#define BODY_MAX (1u << 20)

/* ---- values ---- */

static void write_channel(struct buf *b, const struct channel *ch, json config)
{
	json_open_in(b, "channel", '{');
	json_put_id(b, "id", ch->id);
	json_put(b, "name", ch->name);
	json_put(b, "phone_number", ch->phone.len ? ch->phone : STR_NONE);
	json_put(b, "phone_number_id", ch->remote_id);
	json_put(b, "access_token", ch->access_token.len ? ch->access_token : STR_NONE);
	json_close(b, '}');
	json_put_value(b, "secrets", json_field(config, "secrets"));
}

/* As the Cloud API has it: what a body that is {%message%} sends. */
static void write_message(struct buf *b, const struct outgoing *msg, json content)
{
	const char *type = kind_cloud_type(msg->kind);

	json_open_in(b, "message", '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_put(b, "recipient_type", S("individual"));
	json_put(b, "to", msg->to_phone.len ? msg->to_phone : msg->to_bsuid);
	json_put(b, "type", str_of(type));
	json_put_value(b, type, content);
	if (msg->reply_remote_id.len) {
		json_open_in(b, "context", '{');
		json_put(b, "message_id", msg->reply_remote_id);
		json_close(b, '}');
	}
	if (msg->id)
		json_put_id(b, "biz_opaque_callback_data", msg->id);
	json_close(b, '}');
}

static void write_parts(struct buf *b, const struct outgoing *msg, json content)
{
	const char *type = kind_cloud_type(msg->kind);
	str text = provider_plain_text(msg->kind, content);

	json_put_id(b, "id", msg->id);
	json_put(b, "to", msg->to_phone.len ? msg->to_phone : msg->to_bsuid);
	json_put(b, "type", str_of(type));
	json_put(b, "content", text.len ? text : STR_NONE);
	json_put(b, "reply_to", msg->reply_remote_id.len ? msg->reply_remote_id : STR_NONE);
	if (msg->reply_remote_id.len) {
		json_open_in(b, "context", '{');
		json_put(b, "message_id", msg->reply_remote_id);
		json_close(b, '}');
	}
	json_put_value(b, "object", content);
	json_put_value(b, type, content);
	write_message(b, msg, content);
}

enum err transport_values(struct job *job, const struct channel *ch, const struct outgoing *msg,
	json *out)
{
	json content = NULL, config = transport_config(job, ch);
	struct buf b = buf_in(job->arena, VALUES_MAX);

	if (msg)
		TRY(provider_linked_content(job, msg, &content));
	json_open(&b, '{');
	write_channel(&b, ch, config);
	if (msg)
		write_parts(&b, msg, content);
	json_close(&b, '}');
	if (b.failed || json_read(job->arena, buf_text(&b), out, NULL) != OK)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the message."),
			"The message is larger than a transport takes.");
	return OK;
}

/* ---- filling ---- */

static str place(const struct transport_call *call, struct arena *arena, const char *what, str name)
{
	return arena_printf(arena, STR_F ".%s%s" STR_F, STR_A(call->name), what,
		name.len ? "." : "", STR_A(name));
}

static enum err fill_query(struct job *job, const struct transport_call *call, struct buf *url)
{
	json query = json_field(call->template, "query");
	bool has_query = str_find(buf_text(url), '?') < url->len;

	for (void *at = json_first(query); at; at = json_next(query, at)) {
		struct template t = { .job = job,
			.values = call->values,
			.where = place(call, job->arena, "query", json_member_name(at)) };
		struct buf value = buf_in(job->arena, URL_MAX);

		TRY(template_text(&t, json_text(json_member_value(at)), ESCAPE_NONE, &value));
		if (t.is_omitted)
			continue;
		buf_byte(url, has_query ? '&' : '?');
		percent_write(url, json_member_name(at));
		buf_byte(url, '=');
		percent_write(url, buf_text(&value));
		has_query = true;
	}
	return OK;
}

static enum err fill_url(struct job *job, const struct transport_call *call, str *out)
{
	struct template t = { .job = job,
		.values = call->values,
		.where = place(call, job->arena, "url", S("")) };
	struct buf url = buf_in(job->arena, URL_MAX);
	str template = json_text_at(call->template, "url"), base = call->base_url;

	while (str_ends(base, S("/")))
		base.len--;
	if (str_starts(template, S("/")))
		buf_str(&url, base);
	TRY(template_text(&t, template, ESCAPE_URL, &url));
	TRY(fill_query(job, call, &url));
	*out = buf_text(&url);
	return url.failed ? fail_code(job, ERR_LIMIT, S("too_large"),
				    S("Put long values into the body."),
				    "The address of the call is too long.")
	                  : OK;
}

static enum err fill_headers(struct job *job, const struct transport_call *call,
	struct http_call *out, const char *body_type)
{
	struct header *headers = ARENA_ARRAY(job->arena, struct header, TRANSPORT_HEADERS_MAX);
	json map = json_field(call->template, "headers");
	bool has_type = !body_type, has_agent = false;
	size_t count = 0;

	for (void *at = json_first(map); at; at = json_next(map, at)) {
		struct template t = { .job = job,
			.values = call->values,
			.where = place(call, job->arena, "headers", json_member_name(at)) };
		struct buf value = buf_in(job->arena, HEADER_MAX);

		TRY(template_text(&t, json_text(json_member_value(at)), ESCAPE_HEADER, &value));
		if (t.is_omitted || count == TRANSPORT_HEADERS_MAX - 2)
			continue;
		has_type |= str_is_nocase(json_member_name(at), S("content-type"));
		has_agent |= str_is_nocase(json_member_name(at), S("user-agent"));
		headers[count++] = (struct header){ json_member_name(at), buf_text(&value) };
	}
	if (!has_agent)
		headers[count++] = (struct header){ S("User-Agent"), S("Parley/" PARLEY_VERSION) };
	if (!has_type)
		headers[count++] = (struct header){ S("Content-Type"), str_of(body_type) };
	out->headers = headers;
	out->header_count = count;
	return OK;
}

static enum err fill_form(struct template *t, json body, struct buf *out)
{
	str where = t->where;

	for (void *at = json_first(body); at; at = json_next(body, at)) {
		struct buf value = buf_in(t->job->arena, BODY_MAX);

		t->where = arena_printf(t->job->arena, STR_F "." STR_F, STR_A(where),
			STR_A(json_member_name(at)));
		TRY(template_text(t, json_text(json_member_value(at)), ESCAPE_NONE, &value));
		if (t->is_omitted)
			continue;
		if (out->len)
			buf_byte(out, '&');
		percent_write(out, json_member_name(at));
		buf_byte(out, '=');
		percent_write(out, buf_text(&value));
	}
	return OK;
}

static enum err fill_body(struct job *job, const struct transport_call *call, bytes *out,
	const char **type)
{
	struct template t = { .job = job,
		.values = call->values,
		.where = place(call, job->arena, "body", S("")) };
	str encoding = json_text_at(call->template, "encoding");
	json body = json_field(call->template, "body");
	struct buf b = buf_in(job->arena, BODY_MAX);

	*type = NULL;
	if (!body)
		return OK;
	*type = str_is(encoding, S("form"))   ? "application/x-www-form-urlencoded"
	        : str_is(encoding, S("text")) ? "text/plain; charset=utf-8"
	                                      : "application/json";
	if (str_is(encoding, S("form")))
		TRY(fill_form(&t, body, &b));
	else if (str_is(encoding, S("text")))
		TRY(template_text(&t, json_text(body), ESCAPE_NONE, &b));
	else
		TRY(template_json(&t, body, &b));
	*out = buf_bytes(&b);
	return b.failed ? fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the message."),
				  "The body of the call is too large.")
	                : OK;
}

static enum http_method method_of(str name)
{
	for (int m = 0; m < HTTP_METHODS; m++)
		if (str_is(name, str_of(http_method_name((enum http_method)m))))
			return (enum http_method)m;
	return HTTP_POST;
}

enum err transport_fill(struct job *job, const struct transport_call *call, struct http_call *out)
{
	const char *type;

	*out = (struct http_call){ .method = method_of(json_text_at(call->template, "method")),
		.deadline_ms = json_int(json_field(call->template, "timeout_ms"), 0) };
	TRY(fill_url(job, call, &out->url));
	TRY(fill_body(job, call, &out->body, &type));
	return fill_headers(job, call, out, type);
}

/* ---- for whoever wants to see it ---- */

/* The same channel with its secrets as they are read back. */
static struct channel masked(struct job *job, const struct channel *ch)
{
	json config = transport_config(job, ch), secrets = json_field(config, "secrets");
	struct buf b = buf_in(job->arena, 2 * PROVIDER_CONFIG_MAX);
	struct channel copy = *ch;

	json_open(&b, '{');
	for (void *at = json_first(config); at; at = json_next(config, at))
		if (!str_is(json_member_name(at), S("secrets"))) {
			json_key_str(&b, json_member_name(at));
			json_put_value(&b, NULL, json_member_value(at));
		}
	json_open_in(&b, "secrets", '{');
	for (void *at = json_first(secrets); at; at = json_next(secrets, at)) {
		json_key_str(&b, json_member_name(at));
		json_put(&b, NULL, PROVIDER_SECRET_MASK);
	}
	json_close(&b, '}');
	json_close(&b, '}');
	copy.config = buf_text(&b);
	if (copy.access_token.len)
		copy.access_token = PROVIDER_SECRET_MASK;
	return copy;
}

enum err transport_render(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct transport_preview *out)
{
	const struct channel shown = masked(job, ch);
	struct transport_call call = { .name = S("request"),
		.template = json_field(transport_config(job, &shown), "request"),
		.base_url = ch->base_url };
	struct http_call http;

	TRY(transport_values(job, &shown, msg, &call.values));
	TRY(transport_fill(job, &call, &http));
	*out = (struct transport_preview){ .method = http.method,
		.url = http.url,
		.body = str_from(http.body),
		.headers = http.headers,
		.header_count = http.header_count };
	return OK;
}
