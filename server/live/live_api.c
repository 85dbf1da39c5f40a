/*
 * live_api.c: the hub's HTTP API, as the Pusher server SDKs call it: who may call, and errors.
 *
 * A call is handled on the loop: it reads what belongs to the loop, and is small. The one rule:
 * nothing of a call counts before its signature does, and the body is part of what is signed
 * (body_md5 is compared with the body that came). docs/protocol/pusher.md has the words.
 */
#include "live/live_api.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"

#define STAMP_TOLERANCE_S 600
#define ANSWER_MAX (4u << 20)

/* ---- who calls ---- */

static bool signature_holds(struct live_call *call, struct live_params *params)
{
	const struct request *req = call->req;
	str path = str_part(req->target, 0, str_find(req->target, '?'));
	str text = live_params_signed(call->arena, http_method_name(req->method), path, params);
	str given = live_param(params, S("auth_signature"));
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(call->app->secret), bytes_of(text), mac);
	return crypto_equal(bytes_of(hex_text(call->arena, (bytes){ mac, sizeof mac })),
		bytes_of(given));
}

static bool body_holds(const struct live_call *call, const struct live_params *params)
{
	str given = live_param(params, S("body_md5"));
	uint8_t hash[MD5_SIZE];

	if (call->req->body.len == 0 && !given.ptr)
		return true;
	md5(call->req->body, hash);
	return str_is(hex_text(call->arena, (bytes){ hash, sizeof hash }), given);
}

static bool stamp_holds(const struct live_params *params)
{
	int64_t stamp, now = clock_now_ms() / 1000;

	return str_to_i64(live_param(params, S("auth_timestamp")), &stamp) &&
	       stamp >= now - STAMP_TOLERANCE_S && stamp <= now + STAMP_TOLERANCE_S;
}

static bool is_over_rate(struct live_app *app)
{
	int64_t second = clock_monotonic_us() / 1000000;

	if (app->limits.api_calls_per_second == 0)
		return false;
	if (app->api_second != second) {
		app->api_second = second;
		app->api_calls = 0;
	}
	return ++app->api_calls > app->limits.api_calls_per_second;
}

static bool admit(struct live_call *call, struct live_params *params)
{
	if (!live_params_read(call->arena, call->req->query, params))
		return live_call_fail(call, 400, "There are too many parameters.");
	if (!call->app)
		return live_call_fail(call, 404, "There is no app of this id.");
	if (!str_is(live_param(params, S("auth_version")), S("1.0")))
		return live_call_fail(call, 401, "auth_version must be 1.0.");
	if (!str_is(live_param(params, S("auth_key")), call->app->node.name))
		return live_call_fail(call, 401, "auth_key is not the key of this app.");
	if (!stamp_holds(params))
		return live_call_fail(call, 401,
			"Timestamp expired: auth_timestamp is not within 600 s of the server's "
			"clock.");
	if (!body_holds(call, params))
		return live_call_fail(call, 401, "body_md5 is not that of the body.");
	if (!signature_holds(call, params))
		return live_call_fail(call, 401,
			"Invalid signature: it is not the HMAC SHA256 of method, path and "
			"parameters with this app's secret.");
	if (call->app->is_disabled)
		return live_call_fail(call, 403, "The app is disabled.");
	if (is_over_rate(call->app))
		return live_call_fail(call, 429, "Too many calls in this second.");
	return true;
}

/* ---- answering ---- */

bool live_call_fail(struct live_call *call, int status, const char *why)
{
	call->status = status;
	call->why = why;
	return false;
}

static void answer(struct live_call *call, struct exchange *ex)
{
	if (call->status != 200) {
		call->out = buf_in(call->arena, ANSWER_MAX);
		json_open(&call->out, '{');
		json_put(&call->out, "error", str_of(call->why));
		json_close(&call->out, '}');
	}
	exchange_answer(ex, call->status, S("application/json"), buf_text(&call->out));
}

static const struct {
	const char *ending; /* of the route's pattern */
	void (*run)(struct live_call *call);
} calls[] = {
	{ "/batch_events", live_call_batch },
	{ "/events", live_call_events },
	{ "/channels", live_call_channels },
	{ "/channels/{channel}", live_call_channel },
	{ "/users", live_call_users },
	{ "/terminate_connections", live_call_terminate },
	{ "/connections", live_call_connections },
};

/* No call of this method. */
static void refuse_path(struct live_call *call)
{
	str path = call->req->params[1], first = str_split(&path, '/');
	static const char *const known[] = { "events", "batch_events", "channels", "users",
		"connections" };

	live_call_fail(call, 404, "There is no such call.");
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_is(first, str_of(known[i])))
			live_call_fail(call, 405, "This call has another method.");
}

static void run(struct live_call *call)
{
	str pattern = str_of(call->req->route->pattern);

	for (size_t i = 0; i < COUNT_OF(calls); i++) {
		if (str_ends(pattern, str_of(calls[i].ending))) {
			calls[i].run(call);
			return;
		}
	}
	refuse_path(call);
}

void live_on_api(const struct request *req, struct exchange *ex)
{
	struct live *live = live_of_routes();
	struct live_params params;
	struct live_call call = { .live = live,
		.app = live_app_by_id(live, req->params[0]),
		.req = req,
		.arena = exchange_arena(ex),
		.out = buf_in(exchange_arena(ex), ANSWER_MAX),
		.status = 200 };

	live_enter(live);
	if (admit(&call, &params)) {
		call.info = live_param(&params, S("info"));
		call.prefix = live_param(&params, S("filter_by_prefix"));
		run(&call);
	}
	if (call.out.failed)
		live_call_fail(&call, 413, "The answer is too large.");
	answer(&call, ex);
	live_exit(live);
}
