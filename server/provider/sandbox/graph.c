/* graph.c: numbers, media and subscriptions as objects of the Graph API. */
#include "provider/sandbox/sandbox_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"

#define HANDSHAKE_DEADLINE_MS 10000
#define APP_ID "670843887433847"

bool token_is_good(const struct request *req, const struct number *number)
{
	str header = request_header(req, S("Authorization"));
	str token = str_starts(header, S("Bearer ")) ? str_part(header, 7, header.len)
	            : str_starts(header, S("OAuth ")) ? str_part(header, 6, header.len)
						      : STR_NONE;
	bool is_old = number->old_token &&
	              crypto_equal(bytes_of(token), bytes_of(str_of(number->old_token)));

	return token.len &&
	       (is_old || crypto_equal(bytes_of(token), bytes_of(str_of(number->token))));
}

static void refuse_token(const struct request *req, struct exchange *ex)
{
	answer_code(ex, request_header(req, S("Authorization")).len ? 190 : 104, STR_NONE);
}

static void refuse_id(struct exchange *ex, str id)
{
	answer_graph_error(ex, 100, 33,
		arena_printf(exchange_arena(ex),
			"Unsupported request. Object with ID '" STR_F
			"' does not exist, cannot be loaded due to missing "
			"permissions, or does not support this operation. Please read the Graph "
			"API documentation at "
			"https://developers.facebook.com/docs/graph-api",
			STR_A(str_first_points(id, 64))),
		STR_NONE);
}

static bool is_any_token(const struct request *req)
{
	for (size_t i = 0; i < the_sandbox->number_count; i++)
		if (token_is_good(req, &the_sandbox->numbers[i]))
			return true;
	return false;
}

bool graph_token(const struct request *req, struct exchange *ex)
{
	if (is_any_token(req))
		return true;
	refuse_token(req, ex);
	return false;
}

struct number *graph_number(const struct request *req, struct exchange *ex, str id)
{
	struct number *number = number_find(the_sandbox, id);

	if (!is_any_token(req))
		refuse_token(req, ex);
	else if (!number || !token_is_good(req, number))
		refuse_id(ex, id);
	else
		return number;
	return NULL;
}

struct number *graph_account(const struct request *req, struct exchange *ex, str id)
{
	if (!is_any_token(req)) {
		refuse_token(req, ex);
		return NULL;
	}
	for (size_t i = 0; i < the_sandbox->number_count; i++) {
		struct number *number = &the_sandbox->numbers[i];

		if (str_is(id, str_of(number->account_id)) && token_is_good(req, number))
			return number;
	}
	refuse_id(ex, id);
	return NULL;
}

/* ---- numbers ---- */

static bool is_wanted(str fields, const char *name)
{
	while (fields.len)
		if (str_is(str_trim(str_split(&fields, ',')), str_of(name)))
			return true;
	return false;
}

static const char *status_of(const struct number *n)
{
	return n->unverified               ? "\"UNVERIFIED\""
	       : n->broken || n->unregistered ? "\"DISCONNECTED\""
					      : "\"CONNECTED\"";
}

static str health_of(struct arena *arena, const struct number *n)
{
	return arena_printf(arena,
		"{\"can_send_message\":\"AVAILABLE\",\"entities\":["
		"{\"entity_type\":\"PHONE_NUMBER\",\"id\":\"%s\",\"can_send_message\":"
		"\"AVAILABLE\"},"
		"{\"entity_type\":\"WABA\",\"id\":\"%s\",\"can_send_message\":\"AVAILABLE\"},"
		"{\"entity_type\":\"APP\",\"id\":\"" APP_ID
		"\",\"can_send_message\":\"AVAILABLE\"}]}",
		n->phone_number_id, n->account_id);
}

static str webhooks_of(struct arena *arena, const struct number *n)
{
	struct buf b = buf_in(arena, 4096);

	json_open(&b, '{');
	if (n->webhook_url[0])
		json_put(&b, "whatsapp_business_account", str_of(n->webhook_url));
	json_close(&b, '}');
	return buf_text(&b);
}

/* Fields as asked; control may tell any of them otherwise. */
static void write_number(struct buf *b, const struct number *number, str fields)
{
	const struct { const char *name; str value; } all[] = {
		{ "quality_rating", S("\"GREEN\"") },
		{ "status", str_of(status_of(number)) },
		{ "code_verification_status",
			number->unverified ? S("\"NOT_VERIFIED\"") : S("\"VERIFIED\"") },
		{ "name_status", S("\"APPROVED\"") },
		{ "new_name_status", S("\"NONE\"") },
		{ "platform_type", S("\"CLOUD_API\"") },
		{ "account_mode", S("\"LIVE\"") },
		{ "throughput", S("{\"level\":\"STANDARD\"}") },
		{ "whatsapp_business_manager_messaging_limit", S("\"TIER_2K\"") },
		{ "is_on_biz_app", S("false") },
		{ "is_official_business_account", S("false") },
		{ "is_pin_enabled", number->pin[0] ? S("true") : S("false") },
		{ "health_status", health_of(b->arena, number) },
		{ "webhook_configuration", webhooks_of(b->arena, number) },
	};

	if (!fields.len)
		fields = S("verified_name,display_phone_number,quality_rating,code_verification_"
			   "status,platform_type");
	json_open(b, '{');
	if (is_wanted(fields, "verified_name"))
		json_put(b, "verified_name", str_of(number->verified_name));
	if (is_wanted(fields, "display_phone_number"))
		json_put(b, "display_phone_number", str_of(number->phone));
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (is_wanted(fields, all[i].name))
			write_told(b, number->told, all[i].name, all[i].value);
	json_put(b, "id", str_of(number->phone_number_id));
	json_close(b, '}');
}

static void write_account(struct buf *b, const struct number *number, str fields)
{
	static const struct { const char *name, *value; } all[] = {
		{ "name", NULL },
		{ "timezone_id", "\"1\"" },
		{ "currency", "\"USD\"" },
		{ "account_review_status", "\"APPROVED\"" },
		{ "business_verification_status", "\"verified\"" },
		{ "marketing_messages_onboarding_status", "\"ELIGIBLE\"" },
		{ "message_template_namespace", "\"58e6d318_b627_4112_b9c7_2961197553ea\"" },
	};

	if (!fields.len)
		fields = S("name,timezone_id,message_template_namespace");
	json_open(b, '{');
	json_put(b, "id", str_of(number->account_id));
	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (!is_wanted(fields, all[i].name))
			continue;
		else if (all[i].value)
			write_told(b, number->told_account, all[i].name, str_of(all[i].value));
		else
			json_put(b, all[i].name, str_of(number->verified_name));
	json_close(b, '}');
}

void graph_phone_numbers(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	str fields = request_query(exchange_arena(ex), req, "fields");

	if (!graph_account(req, ex, req->params[1]))
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (size_t i = 0; i < the_sandbox->number_count; i++)
		if (str_is(req->params[1], str_of(the_sandbox->numbers[i].account_id)))
			write_number(&b, &the_sandbox->numbers[i], fields);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* The app of the token, a number, a file, a template, a Flow or an account, whatever the id names.
 */
void graph_object(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	struct number *number = number_find(the_sandbox, req->params[1]);
	const struct sandbox_flow *flow = flow_find(req->params[1]);
	str fields = request_query(exchange_arena(ex), req, "fields");
	struct media_file file;

	if (!is_any_token(req)) {
		refuse_token(req, ex);
		return;
	}
	if (str_starts(req->params[1], S("upload:"))) {
		graph_upload_get(req, ex);
		return;
	}
	if (str_is(req->params[1], S("app"))) {
		json_open(&b, '{');
		json_put(&b, "id", S(APP_ID));
		json_close(&b, '}');
	} else if (number && token_is_good(req, number)) {
		write_number(&b, number, fields);
	} else if (flow) {
		flow_write(&b, flow);
	} else if (graph_template_write(&b, req->params[1])) {
		;
	} else if (media_find(the_sandbox, req->params[1], &file)) {
		media_write_info(the_sandbox, &b, &file);
	} else {
		number = graph_account(req, ex, req->params[1]);
		if (!number)
			return;
		write_account(&b, number, fields);
	}
	answer_json(ex, 200, &b);
}

void graph_delete(const struct request *req, struct exchange *ex)
{
	struct media_file file;

	if (!is_any_token(req))
		refuse_token(req, ex);
	else if (flow_remove(req->params[1]))
		exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
	else if (!media_find(the_sandbox, req->params[1], &file))
		refuse_id(ex, req->params[1]);
	else if (media_remove(the_sandbox, &file))
		exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
	else
		answer_code(ex, 131000, STR_NONE);
}

/* ---- subscriptions ---- */

struct subscription {
	struct exchange *ex;
	struct loop *loop;
	struct number *number;
	str url, token, challenge; /* in the exchange's arena */
	bool confirmed;
};

static void on_confirmed(void *arg)
{
	struct subscription *sub = arg;

	if (sub->confirmed && the_sandbox) {
		set_text(&sub->number->webhook_url, sub->url);
		exchange_answer(sub->ex, 200, S("application/json"), S("{\"success\":true}"));
	} else {
		answer_graph_error(sub->ex, 2200, 0,
			S("(#2200) Callback verification failed: the callback URL did not answer "
			  "with the challenge."),
			STR_NONE);
	}
}

/* On a worker: "Also triggered when an override is set". */
static enum err confirm(struct job *job, void *arg)
{
	struct subscription *sub = arg;
	struct buf url = buf_in(job->arena, HTTP_TARGET_MAX);
	struct http_reply reply = { 0 };

	buf_str(&url, sub->url);
	buf_str(&url, str_find(sub->url, '?') < sub->url.len ? S("&") : S("?"));
	buf_str(&url, S("hub.mode=subscribe&hub.challenge="));
	buf_str(&url, sub->challenge);
	buf_str(&url, S("&hub.verify_token="));
	percent_write(&url, sub->token);
	sub->confirmed = http_call(job,
				 &(struct http_call){ .url = buf_text(&url),
					 .deadline_ms = HANDSHAKE_DEADLINE_MS,
					 .allow_private = true },
				 &reply) == OK &&
			 reply.status == 200 && str_is(str_from(reply.body), sub->challenge);
	job_forgive(job);
	loop_post(sub->loop, on_confirmed, sub);
	return OK;
}

static void unconfirmed(void *arg)
{
	struct subscription *sub = arg;

	loop_post(sub->loop, on_confirmed, sub);
}

void graph_subscribe(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct number *number = graph_account(req, ex, req->params[1]);
	struct subscription *sub;
	uint32_t challenge;
	json root = NULL;
	str url;

	if (!number)
		return;
	if (req->body.len && json_read(arena, str_from(req->body), &root, NULL) != OK) {
		answer_code(ex, 100, S("The body is no JSON."));
		return;
	}
	url = json_text_at(root, "override_callback_uri");
	if (!url.len) {
		exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
		return;
	}
	crypto_random(&challenge, sizeof challenge);
	sub = ARENA_NEW(arena, struct subscription);
	*sub = (struct subscription){ .ex = ex,
		.loop = the_sandbox->loop,
		.number = number,
		.url = url,
		.token = json_text_at(root, "verify_token"),
		.challenge = arena_printf(arena, "%u", challenge) };
	if (!pool_post(the_sandbox->pool,
		    (struct task){ "sandbox handshake", confirm, unconfirmed, sub }))
		on_confirmed(sub);
}

void graph_subscriptions(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_account(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	if (!number)
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	json_open(&b, '{');
	if (number->webhook_url[0])
		json_put(&b, "override_callback_uri", str_of(number->webhook_url));
	json_open_in(&b, "whatsapp_business_api_data", '{');
	json_put(&b, "id", S(APP_ID));
	json_put(&b, "name", S("Parley Sandbox"));
	json_close(&b, '}');
	json_close(&b, '}');
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}
