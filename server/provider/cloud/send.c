/*
 * send.c: the calls that carry messages and read marks.
 *
 * The rule: an error tells whether the message may have been accepted. Only then does the outbox
 * wait for its status report instead of sending again.
 */
#include "provider/cloud/cloud_internal.h"

#define USER_AGENT "Parley/" PARLEY_VERSION
#define CLOUD_HEADERS 3
#define UPLOAD_HEADERS 4

struct header cloud_bearer(struct job *job, const struct channel *ch)
{
	return (struct header){ S("Authorization"),
		arena_printf(job->arena, "Bearer " STR_F, STR_A(ch->access_token)) };
}

static str url_of(struct job *job, const struct channel *ch, str path)
{
	str base = ch->base_url;

	if (str_starts(path, S("https://")) || str_starts(path, S("http://")))
		return path;
	while (str_ends(base, S("/")))
		base.len--;
	return arena_printf(job->arena, STR_F "/" STR_F, STR_A(base), STR_A(path));
}

/* Meta's "Retry-After" is longer than any guess of ours. */
static void heed_retry_after(struct job *job, const struct http_reply *reply,
	struct send_result *out)
{
	int64_t seconds;

	if (!str_to_i64(reply_header(reply, S("Retry-After")), &seconds) || seconds <= 0 ||
		seconds > 86400)
		return;
	job->retry_after_ms = seconds * 1000;
	if (out && out->advice == RETRY_BACKOFF)
		out->advice = RETRY_AFTER;
}

static enum err unanswered(struct job *job, enum err e, const struct http_reply *reply,
	struct send_result *out)
{
	if (out) {
		out->advice = e == ERR_DENIED || e == ERR_INPUT ? RETRY_STOP : RETRY_BACKOFF;
		out->may_have_happened = reply->was_sent;
	}
	if (!job->next_step.len)
		job->next_step = e == ERR_DENIED || e == ERR_INPUT
					 ? S("Check the address of the Graph API in the settings.")
					 : S("Nothing to do: it is tried again by itself.");
	return e;
}

/* "POST /{upload-id} with headers Authorization: OAuth <token> and file_offset, raw body". */
static struct header authorization(struct job *job, const struct channel *ch, bool is_upload)
{
	str oauth;

	if (!is_upload)
		return cloud_bearer(job, ch);
	oauth = arena_printf(job->arena, "OAuth " STR_F, STR_A(ch->access_token));
	return (struct header){ S("Authorization"), oauth };
}

enum err cloud_call(struct job *job, const struct channel *ch, const struct cloud_call *call,
	struct send_result *out, json *root)
{
	const struct header headers[UPLOAD_HEADERS] = {
		authorization(job, ch, call->body_path || call->is_upload),
		{ S("User-Agent"), S(USER_AGENT) },
		{ S("Content-Type"),
			call->body_path ? S("application/octet-stream") : S("application/json") },
		{ S("file_offset"), arena_printf(job->arena, "%lld", (long long)call->body_from) },
	};
	struct http_call http = {
		.method = call->method,
		.url = url_of(job, ch, call->path),
		.headers = headers,
		.header_count = call->body_path  ? UPLOAD_HEADERS
		                : call->body.len ? CLOUD_HEADERS
		                                 : CLOUD_HEADERS - 1,
		.body = call->body,
		.body_path = call->body_path,
		.body_from = call->body_from,
		.parts = call->parts,
		.part_count = call->part_count,
		.deadline_ms = call->deadline_ms,
		.allow_private = ch->allow_private,
	};
	struct http_reply reply = { 0 };
	enum err e = http_call(job, &http, &reply);
	json answer = NULL;

	if (e != OK)
		return unanswered(job, e, &reply, out);
	if (reply.status >= 200 && reply.status < 300 &&
		json_read(job->arena, str_from(reply.body), &answer, NULL) == OK &&
		!json_field(answer, "error")) {
		if (root)
			*root = answer;
		return OK;
	}
	e = cloud_refused(job, reply.status, str_from(reply.body), out);
	heed_retry_after(job, &reply, out);
	return e;
}

/* "HTTP 200 = accepted": what counts is the id. */
static enum err read_answer(struct job *job, json root, struct send_result *out)
{
	out->remote_id = json_text_or_int(job->arena, json_path(root, "messages.0.id"));
	out->recipient_id = json_text_or_int(job->arena, json_path(root, "contacts.0.wa_id"));
	if (out->remote_id.len)
		return OK;
	out->may_have_happened = true;
	out->advice = RETRY_BACKOFF;
	return fail_code(job, ERR_UPSTREAM, S("no_message_id"),
		S("Nothing to do: its status report settles it."),
		"Meta accepted the message and told no id.");
}

enum err cloud_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);
	json content, root, options = NULL;
	str why;
	enum err e;

	if (json_read(job->arena, msg->content, &content, &why) != OK ||
		(msg->options.len && json_read(job->arena, msg->options, &options, &why) != OK))
		return fail(job, ERR_BUG, "content of message is no JSON: " STR_F, STR_A(why));
	cloud_encode(&body, msg, content, options);
	if (body.failed)
		return fail_code(job, ERR_LIMIT, S("too_large"), S("Shorten the message."),
				 "The message is larger than WhatsApp takes.");
	e = cloud_call(job, ch,
		&(struct cloud_call){
			.method = HTTP_POST,
			.path = arena_printf(job->arena, STR_F "/%s", STR_A(ch->remote_id),
				cloud_is_marketing(options) ? "marketing_messages" : "messages"),
			.body = buf_bytes(&body),
		},
		out, &root);
	if (e != OK && out->advice == RETRY_AFTER && job->retry_after_ms == 0)
		job->retry_after_ms = cloud_pair_wait_ms(msg->attempts);
	return e == OK ? read_answer(job, root, out) : e;
}

enum err cloud_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);

	cloud_encode_read(&body, remote_id, typing);
	return cloud_call(job, ch,
		&(struct cloud_call){
			.method = HTTP_POST,
			.path = arena_printf(job->arena, STR_F "/messages", STR_A(ch->remote_id)),
			.body = buf_bytes(&body),
		},
		NULL, NULL);
}
