/*
 * send.c: calls to MSG91, and what their answers mean.
 *
 * "HTTP 2xx and hasError not true and status≠fail and type≠error = accepted. The answer means
 * queued." Failures are words, sometimes with a code of the Cloud API inside, and sometimes with
 * status 200.
 */
#include "provider/msg91/msg91_internal.h"

#include "base/clock.h"

#define CALL_HEADERS 4
#define TEMPLATES_MAX 1000

static str path_of(struct job *job, const struct channel *ch, const char *path)
{
	str base = ch->base_url;

	while (str_ends(base, S("/")))
		base.len--;
	return arena_printf(job->arena, STR_F "/%s", STR_A(base), path);
}

static enum err call(struct job *job, const struct channel *ch, struct http_call *http,
	struct http_reply *reply, struct send_result *out)
{
	const struct header headers[CALL_HEADERS] = {
		{ S("authkey"), ch->access_token },
		{ S("Accept"), S("application/json") },
		{ S("User-Agent"), S("Parley/" PARLEY_VERSION) },
		{ S("Content-Type"), S("application/json") },
	};

	http->headers = headers;
	http->header_count = http->body.len ? CALL_HEADERS : CALL_HEADERS - 1;
	http->allow_private = ch->allow_private;
	return provider_call(job, http, reply, out);
}

/* ---- answers ---- */

static bool is_accepted(int status, json root)
{
	return status >= 200 && status < 300 && root &&
	       !json_flag(json_field(root, "hasError"), false) &&
	       !str_is_nocase(json_text_at(root, "status"), S("fail")) &&
	       !str_is_nocase(json_text_at(root, "type"), S("error"));
}

static str told_by(struct job *job, json root)
{
	static const char *const where[] = { "errors", "message", "error", "data" };

	for (size_t i = 0; i < COUNT_OF(where); i++) {
		json v = json_field(root, where[i]);
		struct buf text = buf_in(job->arena, 4096);

		if (json_text(v).len)
			return json_text(v);
		if (json_kind(v) != JSON_MAP && json_kind(v) != JSON_LIST)
			continue;
		json_put_value(&text, NULL, v);
		return buf_text(&text);
	}
	return S("");
}

static bool has_word(str text, const char *word)
{
	str w = str_of(word);

	for (size_t i = 0; i + w.len <= text.len; i++)
		if (str_is_nocase(str_part(text, i, w.len), w))
			return true;
	return false;
}

/* "Cloud API code may be inside the text": 131047, 132001, …; 0: none. */
static int64_t code_within(str text)
{
	for (size_t i = 0; i + 6 <= text.len; i++) {
		str six = str_part(text, i, 6);
		bool begins = i == 0 || text.ptr[i - 1] < '0' || text.ptr[i - 1] > '9',
		     ends = i + 6 == text.len || text.ptr[i + 6] < '0' || text.ptr[i + 6] > '9';
		int64_t code;

		if (begins && ends && str_is_digits(six) && str_to_i64(six, &code) &&
			code >= 130000 && code < 140000)
			return code;
	}
	return 0;
}

static enum err refused_by_cloud(struct job *job, int64_t code, str told, struct send_result *out)
{
	struct cloud_fault fault = { .code = code, .is_graph = true, .details = told };

	cloud_explain(job->arena, &fault);
	if (out)
		out->advice = fault.advice;
	return fail_code(job, fault.err, arena_printf(job->arena, "%lld", (long long)code),
		fault.next_step, STR_F, STR_A(fault.sentence));
}

static enum err refused(struct job *job, const struct http_reply *reply, json root,
	struct send_result *out)
{
	str told = told_by(job, root);
	struct refusal refusal = { .status = reply->status, .sentence = told,
		.is_answer = root != NULL };
	int64_t code = code_within(told);

	if (code)
		return refused_by_cloud(job, code, told, out);
	if (reply->status == 401 || has_word(told, "unauthorized") || has_word(told, "authkey"))
		refusal.word = S("stop");
	else if (has_word(told, "balance"))
		refusal.word = S("later");
	else if (reply->status >= 200 && reply->status < 300 && root)
		refusal.word = S("never");
	return provider_refused(job, reply, &refusal, out);
}

static str id_of(struct job *job, json root)
{
	static const char *const paths[] = { "request_id", "data.request_id", "data.0.message_id",
		"data.message_uuid", "msgid" };

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		str id = json_text_or_int(job->arena, json_path(root, paths[i]));

		if (id.len)
			return id;
	}
	return STR_NONE;
}

/* ---- sending ---- */

static enum err take_turn(struct job *job, const struct msg91_message *msg, struct send_result *out)
{
	int64_t per_minute = json_int(json_field(msg->config, "requests_per_minute"),
		MSG91_REQUESTS_PER_MINUTE);

	if (msg91_take_turn(msg->ch->access_token, per_minute, clock_now_ms(),
		    &job->retry_after_ms))
		return OK;
	out->advice = RETRY_AFTER;
	return fail_code(job, ERR_LIMIT, S("requests_per_minute"),
		S("Nothing to do: it is sent as soon as MSG91 takes it."),
		"MSG91 takes %lld requests a minute, and those are used.", (long long)per_minute);
}

enum err msg91_call(struct job *job, const struct msg91_message *msg, struct send_result *out)
{
	struct buf body = buf_in(job->arena, MSG91_BODY_MAX);
	struct http_call http = { .method = HTTP_POST,
		.url = path_of(job, msg->ch,
			msg->kind == KIND_TEMPLATE ? "whatsapp-outbound-message/bulk/"
						   : "whatsapp-outbound-message/") };
	struct http_reply reply = { 0 };
	json root = NULL;

	TRY(take_turn(job, msg, out));
	msg91_encode(&body, msg);
	if (body.failed)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the message."),
			"The message is larger than WhatsApp takes.");
	http.body = buf_bytes(&body);
	TRY(call(job, msg->ch, &http, &reply, out));
	(void)!json_read(job->arena, str_from(reply.body), &root, NULL);
	if (!is_accepted(reply.status, root))
		return refused(job, &reply, root, out);
	out->remote_id = id_of(job, root);
	if (out->remote_id.len)
		return OK;
	out->may_have_happened = true;
	out->advice = RETRY_BACKOFF;
	return fail_code(job, ERR_UPSTREAM, S("no_message_id"),
		S("Nothing to do: its report settles it."),
		"MSG91 accepted the message and told no id.");
}

enum err msg91_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	struct msg91_message plain = { .ch = ch,
		.config = msg91_config(job, ch),
		.kind = msg->kind,
		.to = &msg->to_phone,
		.to_count = 1,
		.reference = arena_printf(job->arena, "%lld", (long long)msg->id) };

	if (!msg->to_phone.len)
		return fail_code(job, ERR_INPUT, S("no_phone"),
			S("Ask the customer for their number, or use another channel."),
			"MSG91 writes to phone numbers only, and the contact's is not known.");
	TRY(provider_linked_content(job, msg, &plain.content));
	if (msg->kind == KIND_TEMPLATE)
		TRY(msg91_send_together(job, &plain, out));
	else
		TRY(msg91_call(job, &plain, out));
	out->remote_id = arena_printf(job->arena, STR_F ":" STR_F, STR_A(out->remote_id),
		STR_A(msg->to_phone));
	out->recipient_id = msg->to_phone;
	return OK;
}

/* ---- looking ---- */

static enum err ask_templates(struct job *job, const struct channel *ch, struct http_reply *reply,
	json *root)
{
	struct http_call http = { .url = path_of(job, ch,
		arena_printf(job->arena, "get-template-client/" STR_F, STR_A(ch->phone)).ptr) };

	*root = NULL;
	TRY(call(job, ch, &http, reply, NULL));
	(void)!json_read(job->arena, str_from(reply->body), root, NULL);
	return OK;
}

/* What the account has left, where the channel says who tells it. */
static str balance_of(struct job *job, const struct channel *ch)
{
	struct http_call http = { .url = json_text_at(msg91_config(job, ch), "balance_url") };
	struct http_reply reply = { 0 };

	if (!http.url.len)
		return S("");
	if (call(job, ch, &http, &reply, NULL) != OK || reply.status != 200) {
		job_forgive(job);
		return S(" Its balance could not be asked.");
	}
	return arena_printf(job->arena, " Balance: " STR_F ".",
		STR_A(str_first_points(str_trim(str_from(reply.body)), 60)));
}

enum err msg91_health(struct job *job, const struct channel *ch, struct provider_health *out)
{
	struct http_reply reply = { 0 };
	json root;

	TRY(ask_templates(job, ch, &reply, &root));
	if (!is_accepted(reply.status, root)) {
		if (reply.status >= 500)
			return refused(job, &reply, root, NULL);
		(void)!refused(job, &reply, root, NULL);
		out->sentence = job->why;
		out->next_step = job->next_step;
		job_forgive(job);
		return OK;
	}
	out->ok = true;
	out->phone = ch->phone;
	out->sentence = arena_printf(job->arena,
		"MSG91 accepts the key for this number, which has %zu templates." STR_F,
		json_count(json_field(root, "data")), STR_A(balance_of(job, ch)));
	return OK;
}

static str upper(struct arena *arena, str text)
{
	char *copy = arena_alloc(arena, text.len + 1);

	for (size_t i = 0; i < text.len; i++)
		copy[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? (char)(text.ptr[i] - 32)
		                                                  : text.ptr[i];
	return (str){ copy, text.len };
}

static struct template_info template_of(struct job *job, json t, json language)
{
	struct buf components = buf_in(job->arena, JSON_SIZE_MAX);
	json code = json_field(language, "code");

	if (json_kind(code) == JSON_LIST)
		json_put_value(&components, NULL, code);
	return (struct template_info){
		.remote_id = json_text_or_int(job->arena, json_field(language, "id")),
		.name = json_text_at(t, "name"),
		.language = json_text_at(language, "language"),
		.category = upper(job->arena, json_text_at(t, "category")),
		.status = upper(job->arena, json_text_at(language, "status")),
		.quality = S(""),
		.reason = json_text_at(language, "rejection_reason"),
		.parameter_format = str_is_nocase(json_text_at(language, "variable_type"),
					    S("named"))
		                            ? S("NAMED")
		                            : S("POSITIONAL"),
		.components = components.len ? buf_text(&components) : S("[]"),
	};
}

enum err msg91_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count)
{
	struct http_reply reply = { 0 };
	json root, data;

	TRY(ask_templates(job, ch, &reply, &root));
	if (!is_accepted(reply.status, root))
		return refused(job, &reply, root, NULL);
	data = json_field(root, "data");
	*out = ARENA_ARRAY(job->arena, struct template_info, TEMPLATES_MAX);
	for (size_t i = 0; i < json_count(data); i++) {
		json languages = json_field(json_at(data, i), "languages");

		for (size_t j = 0; j < json_count(languages) && *count < TEMPLATES_MAX; j++)
			(*out)[(*count)++] = template_of(job, json_at(data, i),
				json_at(languages, j));
	}
	return OK;
}
