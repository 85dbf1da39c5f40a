/*
 * send.c: a transport's calls, and what their answers mean by the configuration's "response".
 */
#include "provider/http/http_internal.h"

static bool matches(struct arena *arena, json root, json match)
{
	json v = placeholder_value(arena, root, json_text_at(match, "path"));
	json values = json_field(match, "values");
	struct buf text = buf_in(arena, TRANSPORT_TEXT_MAX);

	if (!json_text(v).ptr)
		json_put_value(&text, NULL, v);
	for (size_t i = 0; i < json_count(values); i++)
		if (str_is(json_text(v).ptr ? json_text(v) : buf_text(&text),
			    json_text(json_at(values, i))))
			return true;
	return false;
}

static str text_at(struct job *job, json root, json path)
{
	json v = placeholder_value(job->arena, root, json_text(path));
	str text = json_text_or_int(job->arena, v);

	return text.ptr ? text : S("");
}

static enum err refused(struct job *job, json response, const struct http_reply *reply,
	struct send_result *out)
{
	struct refusal refusal = { .status = reply->status };
	json advice = json_field(response, "advice"), root = NULL;
	const char *status = arena_printf(job->arena, "%d", reply->status).ptr;

	(void)!json_read(job->arena, str_from(reply->body), &root, NULL);
	refusal.code = text_at(job, root, json_path(response, "error.code"));
	refusal.sentence = text_at(job, root, json_path(response, "error.message"));
	refusal.is_answer = refusal.code.len > 0;
	refusal.word = refusal.code.len ? json_text(json_field(advice,
						  arena_cstr(job->arena, refusal.code)))
	                                : STR_NONE;
	if (!refusal.word.len)
		refusal.word = json_text(json_field(advice, status));
	return provider_refused(job, reply, &refusal, out);
}

static bool is_success(struct job *job, json response, const struct http_reply *reply, json root)
{
	json success = json_field(response, "success");

	return reply->status >= 200 && reply->status < 300 &&
	       (!success || matches(job->arena, root, success));
}

static enum err read_answer(struct job *job, json response, const struct outgoing *msg,
	const struct http_reply *reply, struct send_result *out)
{
	json path = json_field(response, "id"), root = NULL;

	(void)!json_read(job->arena, str_from(reply->body), &root, NULL);
	if (!is_success(job, response, reply, root))
		return refused(job, response, reply, out);
	out->remote_id = path ? text_at(job, root, path)
	                      : arena_printf(job->arena, "http.%lld", (long long)msg->id);
	out->recipient_id = text_at(job, root, json_field(response, "recipient_id"));
	if (out->remote_id.len)
		return OK;
	out->may_have_happened = true;
	out->advice = RETRY_BACKOFF;
	return fail_code(job, ERR_UPSTREAM, S("no_message_id"),
		S("Check response.id of the channel's configuration."),
		"The service accepted the message, and its answer has no id where the "
		"configuration says.");
}

enum err transport_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	json config = transport_config(job, ch);
	struct transport_call call = { .name = S("request"),
		.template = json_field(config, "request"),
		.base_url = ch->base_url };
	struct http_reply reply = { 0 };
	struct http_call http;

	TRY(transport_values(job, ch, msg, &call.values));
	TRY(transport_fill(job, &call, &http));
	http.allow_private = ch->allow_private;
	TRY(provider_call(job, &http, &reply, out));
	return read_answer(job, json_field(config, "response"), msg, &reply, out);
}

/* ---- health ---- */

static void tell_health(struct job *job, json test, const struct http_reply *reply,
	struct provider_health *out)
{
	json root = NULL;

	out->ok = reply->status >= 200 && reply->status < 300;
	if (!out->ok) {
		out->sentence = arena_printf(job->arena,
			"The service answered the test call with status %d.", reply->status);
		out->next_step = S("Check the channel's secrets and the address of the test call.");
		return;
	}
	(void)!json_read(job->arena, str_from(reply->body), &root, NULL);
	out->sentence = S("The service answers the test call.");
	if (json_field(test, "phone"))
		out->phone = provider_phone(job->arena, text_at(job, root,
								json_field(test, "phone")));
	out->verified_name = text_at(job, root, json_field(test, "name"));
}

enum err transport_health(struct job *job, const struct channel *ch, struct provider_health *out)
{
	struct transport_call call = { .name = S("test"),
		.template = json_field(transport_config(job, ch), "test"),
		.base_url = ch->base_url };
	struct http_reply reply = { 0 };
	struct http_call http;

	if (!call.template) {
		*out = (struct provider_health){ .ok = true,
			.phone = ch->phone,
			.sentence = S("The configuration is complete; it has no test call, so "
				      "nothing was asked.") };
		return OK;
	}
	TRY(transport_values(job, ch, NULL, &call.values));
	TRY(transport_fill(job, &call, &http));
	http.allow_private = ch->allow_private;
	TRY(provider_call(job, &http, &reply, NULL));
	tell_health(job, call.template, &reply, out);
	if (!out->phone.len && out->ok)
		out->phone = ch->phone;
	return OK;
}
