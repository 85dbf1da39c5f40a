/* sandbox.c: start and stop, the routes, and what all handlers use; see sandbox_internal.h. */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#include <assert.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOAD_BODY_MAX (MEDIA_SIZE_MAX + (1u << 20))

struct sandbox *the_sandbox;

struct delay {
	struct delay *next, **at;
	struct loop_timer *timer;
	void (*fn)(void *arg);
	void (*drop)(void *arg);
	void *arg;
};

char *heap_text(str s)
{
	char *copy = heap_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

void set_text(char **at, str s)
{
	char *old = *at;

	*at = heap_text(s);
	heap_free(old);
}

/* ---- time ---- */

static void unlink_delay(struct delay *delay)
{
	*delay->at = delay->next;
	if (delay->next)
		delay->next->at = delay->at;
}

static void fire(void *arg)
{
	struct delay *delay = arg;
	void (*fn)(void *) = delay->fn;
	void *what = delay->arg;

	unlink_delay(delay);
	heap_free(delay);
	fn(what);
}

struct delay *sandbox_after(struct sandbox *sb, int64_t delay_ms, void (*fn)(void *arg),
	void (*drop)(void *arg), void *arg)
{
	struct delay *delay = HEAP_NEW(struct delay);

	*delay = (struct delay){ .next = sb->delays,
		.at = &sb->delays,
		.fn = fn,
		.drop = drop,
		.arg = arg };
	if (delay->next)
		delay->next->at = &delay->next;
	sb->delays = delay;
	delay->timer = loop_after(sb->loop, delay_ms > 0 ? delay_ms : 0, fire, delay);
	return delay;
}

void sandbox_cancel(struct delay *delay)
{
	if (!delay)
		return;
	loop_cancel(delay->timer);
	unlink_delay(delay);
	heap_free(delay);
}

void sandbox_cancel_all(struct sandbox *sb)
{
	while (sb->delays) {
		void (*drop)(void *) = sb->delays->drop;
		void *arg = sb->delays->arg;

		sandbox_cancel(sb->delays);
		if (drop)
			drop(arg);
	}
}

/* ---- answers ---- */

void answer_json(struct exchange *ex, int status, const struct buf *b)
{
	exchange_answer(ex, status, S("application/json"), buf_text(b));
}

static int status_of(int64_t code)
{
	static const struct { int64_t code; int status;
	} known[] = {
		{ 2, 503 },
		{ 3, 500 },
		{ 4, 429 },
		{ 10, 403 },
		{ 104, 401 },
		{ 190, 401 },
		{ 200, 403 },
		{ 368, 403 },
		{ 80007, 429 },
		{ 131000, 500 },
		{ 131005, 403 },
		{ 131016, 500 },
		{ 131031, 403 },
		{ 131045, 500 },
		{ 131057, 500 },
		{ 132001, 404 },
		{ 133004, 503 },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].code == code)
			return known[i].status;
	return 400;
}

static const char *message_of(int64_t code)
{
	static const struct { int64_t code; const char *message;
	} known[] = {
		{ 1, "An unknown error occurred" },
		{ 2, "An unexpected error has occurred. Please retry your request later." },
		{ 4, "Application request limit reached" },
		{ 10, "(#10) Application does not have permission for this action" },
		{ 100, "(#100) Invalid parameter" },
		{ 104, "An access token is required to request this resource" },
		{ 190, "Invalid OAuth access token - Cannot parse access token" },
		{ 368, "(#368) Temporarily blocked for policies violations" },
		{ 80007, "Business request limit reached for WhatsApp Business Account" },
		{ 130429, "(#130429) Rate limit hit" },
		{ 130472, "(#130472) User's number is part of an experiment" },
		{ 131000, "(#131000) Something went wrong" },
		{ 131005, "(#131005) Access denied" },
		{ 131008, "(#131008) Required parameter is missing" },
		{ 131009, "(#131009) Parameter value is not valid" },
		{ 131016, "(#131016) Service unavailable" },
		{ 131021, "(#131021) Recipient cannot be sender" },
		{ 131026, "(#131026) Message undeliverable" },
		{ 131031, "(#131031) Business Account locked" },
		{ 131042, "(#131042) Business eligibility payment issue" },
		{ 131047, "(#131047) Re-engagement message" },
		{ 131048, "(#131048) Spam rate limit hit" },
		{ 131049, "(#131049) This message was not delivered to maintain healthy ecosystem "
			  "engagement." },
		{ 131050, "(#131050) Unable to deliver the message. This recipient has chosen to "
			  "stop receiving marketing messages" },
		{ 131051, "(#131051) Unsupported message type" },
		{ 131053, "(#131053) Media upload error" },
		{ 131056, "(#131056) (Business Account, Consumer Account) pair rate limit hit" },
		{ 131057, "(#131057) Account in maintenance mode" },
		{ 132000, "(#132000) Number of parameters does not match the expected number of "
			  "params" },
		{ 132001, "(#132001) Template name does not exist in the translation" },
		{ 132012, "(#132012) Parameter format does not match format in the created "
			  "template" },
		{ 132015, "(#132015) Template is Paused" },
		{ 132016, "(#132016) Template is Disabled" },
		{ 133005, "(#133005) Two-step verification PIN Mismatch" },
		{ 133006, "(#133006) Phone number re-verification needed" },
		{ 133016, "(#133016) Account register deregister rate limit exceeded" },
		{ 133010, "(#133010) The account is not registered" },
	};

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (known[i].code == code)
			return known[i].message;
	return "(#131000) Something went wrong";
}

struct quiet_send *quiet;

void answer_graph_error(struct exchange *ex, int64_t code, int64_t subcode, str message,
	str details)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	if (quiet) {
		quiet->code = code;
		quiet->why = details.len ? details : message;
		return;
	}

	json_open(&b, '{');
	json_open_in(&b, "error", '{');
	json_put(&b, "message", message);
	json_put(&b, "type", subcode == 33 ? S("GraphMethodException") : S("OAuthException"));
	json_put_int(&b, "code", code);
	if (details.len) {
		json_open_in(&b, "error_data", '{');
		json_put(&b, "messaging_product", S("whatsapp"));
		json_put(&b, "details", details);
		json_close(&b, '}');
	}
	if (subcode)
		json_put_int(&b, "error_subcode", subcode);
	json_put(&b, "fbtrace_id", crypto_random_text(exchange_arena(ex), 12));
	json_close(&b, '}');
	json_close(&b, '}');
	answer_json(ex, status_of(code), &b);
}

void answer_code(struct exchange *ex, int64_t code, str details)
{
	answer_graph_error(ex, code, 0, str_of(message_of(code)), details);
}

void answer_control_error(struct exchange *ex, int status, const char *sentence)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);

	json_open(&b, '{');
	json_put(&b, "error", str_of(sentence));
	json_close(&b, '}');
	answer_json(ex, status, &b);
}

struct job loop_job(struct exchange *ex)
{
	return (struct job){ .name = "sandbox",
		.arena = exchange_arena(ex),
		.now_ms = clock_now_ms() };
}

bool read_object(struct exchange *ex, const struct request *req, json *out)
{
	str why = STR_NONE;

	if (json_read(exchange_arena(ex), str_from(req->body), out, &why) == OK &&
		json_kind(*out) == JSON_MAP)
		return true;
	answer_control_error(ex, 400, "The body must be a JSON object.");
	return false;
}

/* ---- routes ---- */

#define ON_LOOP(method_, pattern_, handler_)                                      \
	{                                                                         \
		.method = method_, .pattern = pattern_, .loop_handler = handler_, \
		.flags = ROUTE_ON_LOOP                                            \
	}

/* Every call of the Graph API is noted as it came; all but messages may be made to fail. */
static bool may_enter(const struct request *req, struct exchange *ex)
{
	const struct fault *fault;
	str rest = req->path, last = STR_NONE;

	seen_note(req);
	while (rest.len)
		last = str_split(&rest, '/');
	fault = str_ends(last, S("messages"))
	                ? NULL
	                : fault_take(the_sandbox, FAULT_MANAGE, FAULT_MANAGE, S(""), last);
	if (fault)
		answer_code(ex, fault->code, S("A fault that was asked for."));
	return !fault;
}

#define GATE(handler_)                                                                \
	static void gate_##handler_(const struct request *req, struct exchange *ex) \
	{                                                                             \
		if (may_enter(req, ex))                                               \
			handler_(req, ex);                                            \
	}
GATE(graph_send)
GATE(graph_send_marketing)
GATE(graph_object)
GATE(graph_delete)
GATE(graph_phone_numbers)
GATE(graph_number_add)
GATE(graph_object_post)
GATE(graph_upload_start)
GATE(graph_templates)
GATE(graph_template_create)
GATE(graph_template_delete)
GATE(graph_profile)
GATE(graph_profile_set)
GATE(graph_block)
GATE(graph_unblock)
GATE(graph_blocked)
GATE(graph_subscribe)
GATE(graph_subscriptions)
GATE(graph_unsubscribe)
GATE(graph_debug_token)
GATE(graph_number_action)
GATE(graph_number_part)
GATE(graph_number_part_set)
GATE(graph_number_part_delete)
GATE(graph_accounts)
GATE(graph_qr_list)
GATE(graph_qr_set)
GATE(graph_qr_delete)
GATE(graph_flows)
GATE(graph_flow_create)
GATE(graph_flow_action)
GATE(graph_flow_migrate)
GATE(graph_flow_assets)

static const struct route routes[] = {
	ON_LOOP(HTTP_GET, "/{version}/debug_token", gate_graph_debug_token),
	ON_LOOP(HTTP_POST, "/{version}/{id}/messages", gate_graph_send),
	ON_LOOP(HTTP_POST, "/{version}/{id}/marketing_messages", gate_graph_send_marketing),
	ON_LOOP(HTTP_GET, "/{version}/{id}", gate_graph_object),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}", gate_graph_delete),
	ON_LOOP(HTTP_GET, "/{version}/{id}/", gate_graph_object),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/", gate_graph_delete),
	ON_LOOP(HTTP_GET, "/{version}/{id}/phone_numbers", gate_graph_phone_numbers),
	ON_LOOP(HTTP_POST, "/{version}/{id}/phone_numbers", gate_graph_number_add),
	ON_LOOP(HTTP_POST, "/{version}/{id}", gate_graph_object_post),
	ON_LOOP(HTTP_POST, "/{version}/{id}/uploads", gate_graph_upload_start),
	ON_LOOP(HTTP_GET, "/{version}/{id}/message_templates", gate_graph_templates),
	ON_LOOP(HTTP_POST, "/{version}/{id}/message_templates", gate_graph_template_create),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/message_templates", gate_graph_template_delete),
	ON_LOOP(HTTP_GET, "/{version}/{id}/whatsapp_business_profile", gate_graph_profile),
	ON_LOOP(HTTP_POST, "/{version}/{id}/whatsapp_business_profile", gate_graph_profile_set),
	ON_LOOP(HTTP_POST, "/{version}/{id}/block_users", gate_graph_block),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/block_users", gate_graph_unblock),
	ON_LOOP(HTTP_GET, "/{version}/{id}/block_users", gate_graph_blocked),
	ON_LOOP(HTTP_POST, "/{version}/{id}/subscribed_apps", gate_graph_subscribe),
	ON_LOOP(HTTP_GET, "/{version}/{id}/subscribed_apps", gate_graph_subscriptions),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/subscribed_apps", gate_graph_unsubscribe),
	ON_LOOP(HTTP_POST, "/{version}/{id}/request_code", gate_graph_number_action),
	ON_LOOP(HTTP_POST, "/{version}/{id}/verify_code", gate_graph_number_action),
	ON_LOOP(HTTP_POST, "/{version}/{id}/register", gate_graph_number_action),
	ON_LOOP(HTTP_POST, "/{version}/{id}/deregister", gate_graph_number_action),
	ON_LOOP(HTTP_GET, "/{version}/{id}/settings", gate_graph_number_part),
	ON_LOOP(HTTP_POST, "/{version}/{id}/settings", gate_graph_number_part_set),
	ON_LOOP(HTTP_GET, "/{version}/{id}/whatsapp_commerce_settings", gate_graph_number_part),
	ON_LOOP(HTTP_POST, "/{version}/{id}/whatsapp_commerce_settings",
		gate_graph_number_part_set),
	ON_LOOP(HTTP_GET, "/{version}/{id}/conversational_automation", gate_graph_number_part),
	ON_LOOP(HTTP_POST, "/{version}/{id}/conversational_automation", gate_graph_number_part_set),
	ON_LOOP(HTTP_GET, "/{version}/{id}/whatsapp_business_encryption", gate_graph_number_part),
	ON_LOOP(HTTP_POST, "/{version}/{id}/whatsapp_business_encryption",
		gate_graph_number_part_set),
	ON_LOOP(HTTP_GET, "/{version}/{id}/username", gate_graph_number_part),
	ON_LOOP(HTTP_POST, "/{version}/{id}/username", gate_graph_number_part_set),
	ON_LOOP(HTTP_GET, "/{version}/{id}/username_suggestions", gate_graph_number_part),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/username", gate_graph_number_part_delete),
	ON_LOOP(HTTP_GET, "/{version}/{id}/message_qrdls", gate_graph_qr_list),
	ON_LOOP(HTTP_GET, "/{version}/{id}/message_qrdls/{code}", gate_graph_qr_list),
	ON_LOOP(HTTP_POST, "/{version}/{id}/message_qrdls", gate_graph_qr_set),
	ON_LOOP(HTTP_DELETE, "/{version}/{id}/message_qrdls/{code}", gate_graph_qr_delete),
	ON_LOOP(HTTP_GET, "/{version}/{id}/owned_whatsapp_business_accounts", gate_graph_accounts),
	ON_LOOP(HTTP_GET, "/{version}/{id}/client_whatsapp_business_accounts", gate_graph_accounts),
	ON_LOOP(HTTP_GET, "/{version}/{id}/extendedcredits", gate_graph_accounts),
	ON_LOOP(HTTP_GET, "/{version}/{id}/flows", gate_graph_flows),
	ON_LOOP(HTTP_POST, "/{version}/{id}/flows", gate_graph_flow_create),
	ON_LOOP(HTTP_POST, "/{version}/{id}/migrate_flows", gate_graph_flow_migrate),
	ON_LOOP(HTTP_POST, "/{version}/{id}/publish", gate_graph_flow_action),
	ON_LOOP(HTTP_POST, "/{version}/{id}/deprecate", gate_graph_flow_action),
	ON_LOOP(HTTP_GET, "/{version}/{id}/assets", gate_graph_flow_assets),
	ON_LOOP(HTTP_POST, "/{version}/{id}/assets", gate_graph_flow_assets),
	{ .method = HTTP_POST,
		.pattern = "/{version}/{id}/media",
		.handler = media_upload,
		.flags = ROUTE_STREAM_BODY,
		.body_max = UPLOAD_BODY_MAX },
	{ .method = HTTP_GET, .pattern = "/media/{id}", .handler = media_download },
	ON_LOOP(HTTP_GET, "/control/customers", control_customers),
	ON_LOOP(HTTP_POST, "/control/customers", control_customer_create),
	ON_LOOP(HTTP_POST, "/control/customers/{phone}/messages", control_customer_message),
	ON_LOOP(HTTP_POST, "/control/customers/{phone}/read", control_customer_read),
	ON_LOOP(HTTP_GET, "/control/customers/{phone}/thread", control_customer_thread),
	ON_LOOP(HTTP_GET, "/control/messages", control_messages),
	ON_LOOP(HTTP_POST, "/control/groups", control_group_create),
	ON_LOOP(HTTP_GET, "/control/webhooks", control_webhooks),
	ON_LOOP(HTTP_POST, "/control/webhooks", control_webhook_raw),
	ON_LOOP(HTTP_GET, "/control/faults", control_faults),
	ON_LOOP(HTTP_POST, "/control/faults", control_fault_add),
	ON_LOOP(HTTP_DELETE, "/control/faults", control_fault_clear),
	ON_LOOP(HTTP_GET, "/control/settings", control_settings),
	ON_LOOP(HTTP_POST, "/control/settings", control_settings_change),
	ON_LOOP(HTTP_GET, "/control/numbers", control_numbers),
	ON_LOOP(HTTP_POST, "/control/numbers", control_number_create),
	ON_LOOP(HTTP_GET, "/control/requests", control_seen),
	ON_LOOP(HTTP_GET, "/control/templates", control_templates),
	ON_LOOP(HTTP_POST, "/control/templates", control_template_add),
	ON_LOOP(HTTP_POST, "/control/templates/{id}", control_template_decide),
	ON_LOOP(HTTP_POST, "/control/reset", control_reset),
	{ HTTP_GET, "/ws/chat", .flags = ROUTE_WEBSOCKET, .ws_handler = linked_socket },
	{ .method = HTTP_POST,
		.pattern = "/mms/{kind}/{token}",
		.handler = linked_media_upload,
		.flags = ROUTE_STREAM_BODY,
		.body_max = UPLOAD_BODY_MAX },
	{ .method = HTTP_DELETE, .pattern = "/mms/{kind}/{token}", .handler = linked_media_delete },
	ON_LOOP(HTTP_GET, "/v/picture/{file}", linked_picture),
	{ .method = HTTP_GET, .pattern = "/v/{folder}/{file}", .handler = linked_media_download },
	ON_LOOP(HTTP_GET, "/control/linked", control_linked),
	ON_LOOP(HTTP_POST, "/control/linked/phones", control_linked_phone),
	ON_LOOP(HTTP_GET, "/control/linked/phones/{phone}/messages", control_phone_messages),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/messages", control_phone_say),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/read", control_phone_read),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/typing", control_phone_typing),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/groups", control_phone_group),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/do", control_phone_do),
	ON_LOOP(HTTP_GET, "/control/linked/phones/{phone}/seen", control_phone_seen),
	ON_LOOP(HTTP_GET, "/control/linked/phones/{phone}/chats", control_phone_chats),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/chats", control_phone_chat),
	ON_LOOP(HTTP_POST, "/control/linked/phones/{phone}/past", control_phone_past),
	{ .method = HTTP_GET,
		.pattern = "/control/linked/files/{file}",
		.handler = control_phone_file },
	ON_LOOP(HTTP_GET, "/control/linked/media", control_linked_media_calls),
	ON_LOOP(HTTP_POST, "/control/linked/media", control_linked_media),
	ON_LOOP(HTTP_POST, "/control/linked/media/expire", control_linked_media_expire),
	ON_LOOP(HTTP_POST, "/control/linked/scan", control_linked_scan),
	ON_LOOP(HTTP_POST, "/control/linked/code", control_linked_code),
	ON_LOOP(HTTP_POST, "/control/linked/faults", control_linked_faults),
	ON_LOOP(HTTP_GET, "/control/linked/stanzas", control_linked_stanzas),
	ON_LOOP(HTTP_POST, "/control/linked/devices/{phone}/{device}", control_linked_device),
	{ .method = HTTP_POST,
		.pattern = "/control/media",
		.handler = media_control_upload,
		.flags = ROUTE_STREAM_BODY,
		.body_max = UPLOAD_BODY_MAX },
	{ .method = HTTP_GET, .pattern = "/control/media/{id}", .handler = media_control_download },
	ON_LOOP(HTTP_POST, "/msg91/whatsapp-outbound-message/", play91_send),
	ON_LOOP(HTTP_POST, "/msg91/whatsapp-outbound-message", play91_send),
	ON_LOOP(HTTP_POST, "/msg91/whatsapp-outbound-message/bulk/", play91_send_bulk),
	ON_LOOP(HTTP_POST, "/msg91/whatsapp-outbound-message/bulk", play91_send_bulk),
	ON_LOOP(HTTP_GET, "/msg91/get-template-client/{number}", play91_templates),
	{ .method = HTTP_GET, .pattern = "/", .handler = phone_page },
	{ .method = HTTP_GET, .pattern = "/phone", .handler = phone_page },
	{ .method = HTTP_GET, .pattern = "/phone/{file}", .handler = phone_page },
};

static void write_refusal(struct response *res, int status, const char *detail)
{
	res->status = status;
	buf_clear(&res->body);
	json_open(&res->body, '{');
	json_open_in(&res->body, "error", '{');
	json_put(&res->body, "message", str_of(detail));
	json_put(&res->body, "type", S("GraphMethodException"));
	json_put_int(&res->body, "code", status == 404 ? 2500 : 1);
	json_close(&res->body, '}');
	json_close(&res->body, '}');
}

static void serve(struct job *job, const struct request *req, struct response *res)
{
	if (req->route->handler(job, req, res) == OK)
		return;
	write_refusal(res, 500, arena_cstr(job->arena, job->why));
	job_forgive(job);
}

static void refuse(struct arena *arena, int status, const char *detail, struct response *res)
{
	(void)arena;
	write_refusal(res, status, detail);
}

/* ---- start ---- */

struct sandbox_config sandbox_defaults(void)
{
	return (struct sandbox_config){
		.listen = "127.0.0.1:0",
		.phone_number_id = S("106540352242922"),
		.account_id = S("102290129340398"),
		.phone = S("15550783881"),
		.verified_name = S("Parley Sandbox"),
		.token = S("sandbox-token"),
		.app_secret = S("sandbox-app-secret"),
		.verify_token = S("sandbox-verify-token"),
	};
}

static str either(str given, str otherwise)
{
	return given.len ? given : otherwise;
}

static void add_first_number(struct sandbox *sb, const struct sandbox_config *config)
{
	const struct sandbox_config defaults = sandbox_defaults();
	struct number *number = &sb->numbers[sb->number_count++];

	*number = (struct number){
		.phone_number_id =
			heap_text(either(config->phone_number_id, defaults.phone_number_id)),
		.account_id = heap_text(either(config->account_id, defaults.account_id)),
		.phone = heap_text(either(config->phone, defaults.phone)),
		.verified_name = heap_text(either(config->verified_name, defaults.verified_name)),
		.token = heap_text(either(config->token, defaults.token)),
		.app_secret = heap_text(either(config->app_secret, defaults.app_secret)),
		.verify_token = heap_text(either(config->verify_token, defaults.verify_token)),
		.webhook_url = heap_text(config->webhook_url),
		.msg91_webhook_url = heap_text(config->msg91_webhook_url),
	};
}

static const struct settings_now default_settings = {
	.enforce_window = true,
	.pace_per_second = 80,
	.pair_interval_ms = 6000,
	.pair_burst = 45,
	.sent_ms = 80,
	.delivered_ms = 250,
	.read_ms = -1,
	.template_review_ms = 3000,
	.retry_first_ms = 500,
	.retry_max_ms = 10000,
	.retry_give_up_ms = 7 * 24 * 3600 * 1000LL,
};

static bool make_folder(struct sandbox *sb, const char *data_folder, str *why)
{
	char path[512];

	if (data_folder) {
		snprintf(path, sizeof path, "%s/sandbox-media", data_folder);
		if (mkdir(path, 0700) == 0 || access(path, W_OK) == 0) {
			sb->folder = heap_text(str_of(path));
			return true;
		}
	} else {
		snprintf(path, sizeof path, "/tmp/parley-sandbox-XXXXXX");
		if (mkdtemp(path)) {
			sb->folder = heap_text(str_of(path));
			sb->is_temporary = true;
			return true;
		}
	}
	*why = S("The sandbox cannot make a folder for its media.");
	return false;
}

static struct sandbox *create(struct loop *loop, struct pool *pool,
	const struct sandbox_config *config)
{
	struct sandbox *sb = HEAP_NEW(struct sandbox);

	sb->loop = loop;
	sb->pool = pool;
	sb->settings = default_settings;
	sb->customers_end = &sb->customers;
	sb->queue_end = &sb->queue;
	sb->log_end = &sb->log;
	sb->by_phone = table_create();
	sb->by_user_id = table_create();
	sb->by_wamid = table_create();
	sb->change = 1;
	crypto_random(sb->media_key, sizeof sb->media_key);
	add_first_number(sb, config);
	templates_seed(sb);
	sandbox_linked_start(config->linked_folder ? config->linked_folder : config->data_folder);
	return sb;
}

/* The same once more over TLS, with a certificate of its own: some clients of linked devices insist
 * on it. */
static enum err start_tls(struct sandbox *sb, struct http_config http, str *why)
{
	char key[512];

	snprintf(sb->certificate, sizeof sb->certificate, "%s/certificate.pem", sb->folder);
	snprintf(key, sizeof key, "%s/certificate.key", sb->folder);
	if (!linked_certificate(sb->certificate, key)) {
		*why = S("The sandbox cannot make a certificate.");
		return ERR_INPUT;
	}
	http.tls_certificate = sb->certificate;
	http.tls_key = key;
	return http_server_create(sb->loop, "127.0.0.1:0", &http, &sb->https, why);
}

enum err sandbox_start(struct loop *loop, struct pool *pool, const struct sandbox_config *config,
	struct sandbox **out, str *why)
{
	struct sandbox *sb = create(loop, pool, config);
	struct http_config http = { .routes = routes,
		.route_count = COUNT_OF(routes),
		.workers = pool,
		.serve = serve,
		.refuse = refuse };

	assert(!the_sandbox);
	the_sandbox = sb;
	sb->journal = journal_open(config->data_folder, why);
	if (!sb->journal || !make_folder(sb, config->data_folder, why)) {
		sandbox_stop(sb);
		return ERR_INPUT;
	}
	http.temporary_folder = sb->folder;
	if (http_server_create(loop, config->listen, &http, &sb->http, why) != OK ||
		start_tls(sb, http, why) != OK) {
		sandbox_stop(sb);
		return ERR_INPUT;
	}
	linked_started();
	*out = sb;
	return OK;
}

int sandbox_port(const struct sandbox *sandbox)
{
	return http_server_port(sandbox->http);
}

int sandbox_tls_port(const struct sandbox *sandbox)
{
	return http_server_port(sandbox->https);
}

const char *sandbox_certificate(const struct sandbox *sandbox)
{
	return sandbox->certificate;
}

void sandbox_set_webhook(struct sandbox *sandbox, str url)
{
	set_text(&sandbox->numbers[0].webhook_url, url);
	webhooks_pump(sandbox);
}

/* ---- stop ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void number_done(struct number *number)
{
	char *texts[] = { number->phone_number_id, number->account_id, number->phone,
		number->verified_name, number->token, number->app_secret, number->verify_token,
		number->webhook_url, number->msg91_webhook_url, number->profile, number->old_token,
		number->told, number->told_account, number->settings, number->commerce,
		number->automation, number->username, number->public_key };

	qr_codes_clear(number);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		heap_free(texts[i]);
}

void sandbox_end(struct sandbox *sb)
{
	if (sb->in_flight > 0)
		return;
	for (size_t i = 0; i < sb->number_count; i++)
		number_done(&sb->numbers[i]);
	heap_free(sb);
}

void sandbox_stop(struct sandbox *sb)
{
	if (!sb)
		return;
	sb->stopping = true;
	webhooks_clear(sb);
	sandbox_cancel_all(sb); /* answers those that wait */
	the_sandbox = NULL;
	http_server_destroy(sb->http);
	http_server_destroy(sb->https);
	sandbox_linked_stop();
	people_clear(sb);
	templates_clear(sb);
	flows_clear(sb);
	uploads_clear(sb);
	seen_clear(sb);
	table_destroy(sb->by_phone);
	table_destroy(sb->by_user_id);
	table_destroy(sb->by_wamid);
	journal_close(sb->journal);
	if (sb->is_temporary)
		nftw(sb->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	heap_free(sb->folder);
	sandbox_end(sb);
}
