/*
 * flow_endpoint.c: /channels/{id}/flow-endpoint, and /webhooks/flows/{channel}, which WhatsApp asks
 * while somebody fills in a Flow.
 *
 * The latter answers in the vendor's words: 421 when it does not decrypt (the phone fetches the key
 * anew), 432 when the signature is wrong, 427 when the token of the Flow is no longer good.
 */
#include "account/flow_endpoint.h"

#include "api/handlers.h"
#include "crypto/crypto.h"
#include "provider/cloud/flow.h"

#define CANNOT_DECRYPT 421
#define WRONG_SIGNATURE 432

static enum err write_endpoint(struct job *job, struct response *res, const struct flow_endpoint *e)
{
	struct buf *out = reply_json(res, 200);

	json_open(out, '{');
	json_put_id(out, "channel_id", e->channel);
	json_put(out, "url",
		arena_printf(job->arena, STR_F "/webhooks/flows/%lld", STR_A(channel_public_url()),
			(long long)e->channel));
	json_put(out, "answer_url", e->answer_url.len ? e->answer_url : STR_NONE);
	json_put(out, "secret", e->secret);
	if (e->answers)
		json_put_value(out, "answers", e->answers);
	else
		json_put_null(out, "answers");
	json_put(out, "public_key", e->public_key);
	json_put(out, "signature", e->signature.len ? e->signature : STR_NONE);
	json_put_ms(out, "uploaded_ms", e->uploaded_ms);
	json_put_int(out, "created_ms", e->created_ms);
	json_put_int(out, "updated_ms", e->updated_ms);
	json_close(out, '}');
	return OK;
}

enum err flow_endpoint_read(struct job *job, const struct request *req, struct response *res)
{
	struct flow_endpoint e;
	struct channel *ch;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_get(job, id, &ch));
	TRY(flow_endpoint_get(job, id, &e));
	return write_endpoint(job, res, &e);
}

struct endpoint_body { str answer_url; json answers; bool has_answers, new_key; };

static const struct field endpoint_fields[] = {
	FIELD(struct endpoint_body, answer_url, STR, .max = 2000),
	FIELD(struct endpoint_body, answers, JSON,
		.given_at = offsetof(struct endpoint_body, has_answers)),
	FIELD(struct endpoint_body, new_key, BOOL),
	{ 0 },
};

enum err flow_endpoint_write(struct job *job, const struct request *req, struct response *res)
{
	struct endpoint_body body = { 0 };
	struct flow_endpoint e;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, endpoint_fields, &body));
	TRY(flow_endpoint_put(job, id,
		&(struct flow_endpoint_draft){ body.answer_url, body.answers, body.has_answers,
			body.new_key },
		&e));
	return write_endpoint(job, res, &e);
}

enum err flow_endpoint_remove(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(flow_endpoint_delete(job, id));
	res->status = 204;
	return OK;
}

/* ---- what WhatsApp asks ---- */

static enum err answer_plain(struct response *res, int status, str text)
{
	res->status = status;
	res->type = S("text/plain");
	buf_str(&res->body, text);
	return OK;
}

static void wipe_call(void *arg)
{
	struct flow_call *call = arg;

	crypto_wipe(call->key, sizeof call->key);
}

/* A refusal of the one who answers is logged by the job, and the phone shows its own words. */
static enum err answer_call(struct job *job, struct response *res, const struct flow_endpoint *e,
	const struct flow_call *call)
{
	struct channel *ch;
	int status;
	str answer;

	TRY(channel_get(job, e->channel, &ch));
	TRY(flow_endpoint_answer(job, ch, e, call, &status, &answer));
	return answer_plain(res, status, flow_seal(job->arena, call, answer));
}

static enum err take_call(struct job *job, const struct request *req, struct response *res,
	const struct intake_key *key)
{
	struct flow_call *call = ARENA_NEW(job->arena, struct flow_call);
	struct flow_endpoint e;

	if (!key->provider->verify || !key->provider->verify(&key->keys, req))
		return answer_plain(res, WRONG_SIGNATURE, S(""));
	job->workspace = key->workspace;
	TRY(flow_endpoint_get(job, key->channel, &e));
	job_defer(job, wipe_call, call);
	if (!flow_open(job->arena, e.private_key, str_from(req->body), call))
		return answer_plain(res, CANNOT_DECRYPT, S(""));
	return answer_call(job, res, &e, call);
}

enum err flow_endpoint_call(struct job *job, const struct request *req, struct response *res)
{
	const struct intake_key *key;
	enum err e;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	key = intake_key_take(id);
	if (!key)
		return fail(job, ERR_MISSING, "no channel is there");
	e = take_call(job, req, res, key);
	intake_key_drop(key);
	return e;
}
