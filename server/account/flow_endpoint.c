/* flow_endpoint.c: see flow_endpoint.h. */
#include "account/flow_endpoint.h"

#include "account/account_internal.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"
#include "provider/cloud/flow.h"
#include "store/queries.h"

#define CONFIG_MAX (FLOW_ANSWERS_MAX * 2)
#define URL_MAX 2000
#define SECRET_SIZE 24
#define ASK_DEADLINE_MS 8000 /* "10 s hard limit" of the phone, less the way */
#define KEY_MAX 4096
#define TOKEN_GONE 427

/* ---- the row ---- */

static enum err read_config(struct job *job, bytes sealed, struct flow_endpoint *out)
{
	json config;
	str text;

	TRY(unseal(job, SEAL_FLOW, sealed, &text));
	if (json_read(job->arena, text, &config, NULL) != OK)
		return fail(job, ERR_CORRUPT, "the settings of a Flow endpoint cannot be read");
	out->answer_url = json_text_at(config, "url");
	out->secret = json_text_at(config, "secret");
	out->answers = json_field(config, "answers");
	if (json_kind(out->answers) != JSON_MAP)
		out->answers = NULL;
	return OK;
}

enum err flow_endpoint_get(struct job *job, id64 channel, struct flow_endpoint *out)
{
	struct flow_endpoint_row row;

	TRY(sql_flow_endpoint_find(job,
		&(struct sql_flow_endpoint_find){ channel, job->workspace }, &row));
	*out = (struct flow_endpoint){ .channel = channel,
		.public_key = row.public_key,
		.signature = row.signature,
		.uploaded_ms = row.uploaded_ms,
		.created_ms = row.created_ms,
		.updated_ms = row.updated_ms };
	TRY(unseal(job, SEAL_FLOW, row.private_sealed, &out->private_key));
	return read_config(job, row.config_sealed, out);
}

static enum err save(struct job *job, void *arg)
{
	struct flow_endpoint *e = arg;
	struct buf config = buf_in(job->arena, CONFIG_MAX);
	bytes private, sealed;

	json_open(&config, '{');
	json_put(&config, "url", e->answer_url);
	json_put(&config, "secret", e->secret);
	if (e->answers)
		json_put_value(&config, "answers", e->answers);
	json_close(&config, '}');
	TRY(seal(job, SEAL_FLOW, e->private_key, &private));
	TRY(seal(job, SEAL_FLOW, buf_text(&config), &sealed));
	TRY(sql_flow_endpoint_put(job,
		&(struct sql_flow_endpoint_put){ .channel = e->channel,
			.workspace = job->workspace,
			.private = private,
			.public = e->public_key,
			.config = sealed,
			.signature = e->signature.ptr ? e->signature : S(""),
			.uploaded_ms = e->uploaded_ms,
			.now_ms = job->now_ms },
		NULL));
	return audit_add(job, &(struct audit_entry){ .action = "channel.flow_endpoint",
				      .target_kind = "channel",
				      .target_id = e->channel });
}

/* ---- the key at the network ---- */

static enum err upload(struct job *job, struct flow_endpoint *e)
{
	struct buf b = buf_in(job->arena, KEY_MAX);
	json parameters, told = NULL;
	str answer;

	json_open(&b, '{');
	json_put(&b, "business_public_key", e->public_key);
	json_close(&b, '}');
	TRY(json_read(job->arena, buf_text(&b), &parameters, &job->why));
	TRY(channel_manage(job, e->channel, S("encryption.set"), parameters, &answer));
	e->uploaded_ms = job->now_ms;
	TRY(channel_manage(job, e->channel, S("encryption.get"), NULL, &answer));
	if (json_read(job->arena, answer, &told, NULL) == OK)
		e->signature = json_text_at(told, "business_public_key_signature_status");
	if (!e->signature.len)
		e->signature = json_text_at(told, "data.0.business_public_key_signature_status");
	return OK;
}

/* ---- changing ---- */

static void check_draft(struct job *job, const struct flow_endpoint_draft *draft)
{
	struct buf b = buf_in(job->arena, FLOW_ANSWERS_MAX);

	if (draft->answer_url.len &&
		(draft->answer_url.len > URL_MAX ||
			(!str_starts(draft->answer_url, S("https://")) &&
				!str_starts(draft->answer_url, S("http://")))))
		field_error(job, S("answer_url"), S("invalid"),
			S("An address that starts with https://."));
	if (!draft->has_answers || !draft->answers || json_kind(draft->answers) == JSON_NIL)
		return;
	json_put_value(&b, NULL, draft->answers);
	if (json_kind(draft->answers) != JSON_MAP)
		field_error(job, S("answers"), S("type"),
			S("An object: \"ACTION:SCREEN\", \"ACTION\" or \"*\", and what to "
			  "answer."));
	else if (b.failed)
		field_error(job, S("answers"), S("too_long"), S("At most 64 KiB of answers."));
}

static void change(struct job *job, const struct flow_endpoint_draft *draft,
	struct flow_endpoint *e)
{
	if (!e->private_key.len || draft->new_key) {
		rsa_make(job->arena, &e->private_key, &e->public_key);
		e->uploaded_ms = 0;
		e->signature = S("");
	}
	if (!e->secret.len)
		e->secret = crypto_random_text(job->arena, SECRET_SIZE);
	if (draft->answer_url.ptr)
		e->answer_url = draft->answer_url;
	if (draft->has_answers)
		e->answers = json_kind(draft->answers) == JSON_MAP ? draft->answers : NULL;
}

/* The key is stored before it goes out: what the network has must be here, whatever happens
 * between. */
enum err flow_endpoint_put(struct job *job, id64 channel, const struct flow_endpoint_draft *draft,
	struct flow_endpoint *out)
{
	struct channel *ch;
	enum err e;

	TRY(channel_get(job, channel, &ch));
	check_draft(job, draft);
	TRY(job_check_fields(job));
	e = flow_endpoint_get(job, channel, out);
	if (e == ERR_MISSING) {
		job_forgive(job);
		*out = (struct flow_endpoint){ .channel = channel };
	} else {
		TRY(e);
	}
	change(job, draft, out);
	TRY(in_transaction(job, save, out));
	if (!out->uploaded_ms) {
		TRY(upload(job, out));
		TRY(in_transaction(job, save, out));
	}
	return flow_endpoint_get(job, channel, out);
}

static enum err drop(struct job *job, void *arg)
{
	id64 channel = *(id64 *)arg;
	int64_t gone;

	TRY(sql_flow_endpoint_drop(job,
		&(struct sql_flow_endpoint_drop){ channel, job->workspace }, &gone));
	if (!gone)
		return fail(job, ERR_MISSING, "the channel has no endpoint for Flows");
	return audit_add(job, &(struct audit_entry){ .action = "channel.flow_endpoint_delete",
				      .target_kind = "channel",
				      .target_id = channel });
}

enum err flow_endpoint_delete(struct job *job, id64 channel)
{
	struct channel *ch;

	TRY(channel_get(job, channel, &ch));
	return in_transaction(job, drop, &channel);
}

/* ---- answering ---- */

/* "ACTION:SCREEN" before "ACTION" before "*". */
static json fixed_answer(struct job *job, const struct flow_endpoint *e,
	const struct flow_call *call)
{
	str keys[] = { arena_printf(job->arena, STR_F ":" STR_F, STR_A(call->action),
			       STR_A(call->screen)),
		call->action, S("*") };

	for (size_t i = 0; e->answers && i < COUNT_OF(keys); i++) {
		json answer = json_field(e->answers, arena_cstr(job->arena, keys[i]));

		if (json_kind(answer) == JSON_MAP)
			return answer;
	}
	return NULL;
}

static enum err ask(struct job *job, const struct channel *ch, const struct flow_endpoint *e,
	const struct flow_call *call, struct http_reply *reply)
{
	uint8_t digest[SHA256_SIZE];
	struct header headers[3] = { { S("Content-Type"), S("application/json") },
		{ S("X-Parley-Channel"),
			arena_printf(job->arena, "%lld", (long long)e->channel) } };

	hmac_sha256(bytes_of(e->secret), bytes_of(call->text), digest);
	headers[2] = (struct header){ S("X-Parley-Signature"),
		arena_printf(job->arena, "sha256=" STR_F,
			STR_A(hex_text(job->arena, (bytes){ digest, sizeof digest }))) };
	return http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = e->answer_url,
			.headers = headers,
			.header_count = COUNT_OF(headers),
			.body = bytes_of(call->text),
			.deadline_ms = ASK_DEADLINE_MS,
			.reply_max = FLOW_BODY_MAX,
			.allow_private = ch->allow_private },
		reply);
}

static enum err asked_answer(struct job *job, const struct channel *ch,
	const struct flow_endpoint *e, const struct flow_call *call, int *status, str *answer)
{
	struct http_reply reply = { 0 };
	json v = NULL;

	TRY(ask(job, ch, e, call, &reply));
	*status = reply.status;
	*answer = str_from(reply.body);
	if (reply.status != 200 && reply.status != TOKEN_GONE)
		return fail_code(job, ERR_UPSTREAM, S("flow_answer"),
			S("Look at the program that answers the Flow."),
			"The address that answers the Flow answered with status %d.", reply.status);
	if (json_read(job->arena, *answer, &v, NULL) == OK && json_kind(v) == JSON_MAP)
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("flow_answer"),
		S("Look at the program that answers the Flow."),
		"The address that answers the Flow did not answer with a JSON object.");
}

enum err flow_endpoint_answer(struct job *job, const struct channel *ch,
	const struct flow_endpoint *e, const struct flow_call *call, int *status, str *answer)
{
	struct buf b = buf_in(job->arena, FLOW_BODY_MAX);
	json fixed;

	*status = 200;
	*answer = S("{\"data\":{\"status\":\"active\"}}");
	if (str_is(call->action, S("ping")))
		return OK;
	*answer = S("{\"data\":{\"acknowledged\":true}}");
	if (call->is_error_notice)
		return OK;
	if (e->answer_url.len)
		return asked_answer(job, ch, e, call, status, answer);
	fixed = fixed_answer(job, e, call);
	if (!fixed)
		return fail_code(job, ERR_UPSTREAM, S("flow_answer"),
			S("Set an address that answers, or an answer for this action and screen."),
			"Nothing answers the Flow's " STR_F " of screen " STR_F ".",
			STR_A(call->action), STR_A(call->screen.len ? call->screen : S("none")));
	json_put_value(&b, NULL, fixed);
	*answer = buf_text(&b);
	return OK;
}
