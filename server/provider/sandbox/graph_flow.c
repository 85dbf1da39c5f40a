/*
 * graph_flow.c: Flows of an account, as far as their life goes: draft, published, deprecated. Their
 * JSON is taken and not looked at.
 */
#include "provider/sandbox/sandbox_internal.h"

#define FLOW_FIRST_ID 700000000000000LL
#define FLOWS_MAX 1000

struct sandbox_flow *flow_find(str id)
{
	struct sandbox_flow *flow = the_sandbox->flows;

	while (flow && !str_is(id, str_of(flow->id)))
		flow = flow->next;
	return flow;
}

static void release(struct sandbox_flow *flow)
{
	char *texts[] = { flow->account_id, flow->id, flow->name, flow->categories, flow->status,
		flow->endpoint_uri };

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		heap_free(texts[i]);
	heap_free(flow);
}

bool flow_remove(str id)
{
	struct sandbox_flow **at = &the_sandbox->flows, *flow;

	while (*at && !str_is(id, str_of((*at)->id)))
		at = &(*at)->next;
	flow = *at;
	if (!flow)
		return false;
	*at = flow->next;
	release(flow);
	return true;
}

void flows_clear(struct sandbox *sb)
{
	while (sb->flows) {
		struct sandbox_flow *flow = sb->flows;

		sb->flows = flow->next;
		release(flow);
	}
}

void flow_write(struct buf *b, const struct sandbox_flow *flow)
{
	json_open(b, '{');
	json_put(b, "id", str_of(flow->id));
	json_put(b, "name", str_of(flow->name));
	json_put(b, "status", str_of(flow->status));
	json_put_raw(b, "categories", str_of(flow->categories));
	json_put_raw(b, "validation_errors", S("[]"));
	json_close(b, '}');
}

void graph_flows(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	if (!graph_account(req, ex, req->params[1]))
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct sandbox_flow *f = the_sandbox->flows; f; f = f->next)
		if (str_is(req->params[1], str_of(f->account_id)))
			flow_write(&b, f);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* The value of a part of a multipart body; enough for what we send. */
static str form_value(const struct request *req, struct arena *arena, const char *name)
{
	str body = str_from(req->body), sign = arena_printf(arena, "name=\"%s\"", name);

	for (size_t i = 0; i + sign.len < body.len; i++) {
		str rest = str_part(body, i, body.len);
		size_t at;

		if (!str_starts(rest, sign))
			continue;
		for (at = 0; at + 4 <= rest.len; at++)
			if (str_starts(str_part(rest, at, rest.len), S("\r\n\r\n")))
				break;
		rest = str_part(rest, at + 4, rest.len);
		for (at = 0; at + 4 <= rest.len; at++)
			if (str_starts(str_part(rest, at, rest.len), S("\r\n--")))
				return str_part(rest, 0, at);
	}
	return STR_NONE;
}

static void take_form(const struct request *req, struct arena *arena, struct sandbox_flow *flow)
{
	str name = form_value(req, arena, "name"), uri = form_value(req, arena, "endpoint_uri");
	str categories = form_value(req, arena, "categories");
	json v;

	if (name.len)
		set_text(&flow->name, name);
	if (uri.len)
		set_text(&flow->endpoint_uri, uri);
	if (json_read(arena, categories, &v, NULL) == OK && json_kind(v) == JSON_LIST)
		set_text(&flow->categories, categories);
}

void graph_flow_create(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, 4096);
	struct sandbox_flow *flow;

	if (!graph_account(req, ex, req->params[1]))
		return;
	if (!form_value(req, arena, "name").len || the_sandbox->flows_made >= FLOWS_MAX) {
		answer_code(ex, 100, S("name is required."));
		return;
	}
	flow = HEAP_NEW(struct sandbox_flow);
	*flow = (struct sandbox_flow){ .next = the_sandbox->flows,
		.account_id = heap_text(req->params[1]),
		.id = heap_text(arena_printf(arena, "%lld",
			(long long)(FLOW_FIRST_ID + ++the_sandbox->flows_made))),
		.categories = heap_text(S("[]")),
		.status = heap_text(S("DRAFT")) };
	take_form(req, arena, flow);
	the_sandbox->flows = flow;
	json_open(&b, '{');
	json_put(&b, "id", str_of(flow->id));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void flow_change(const struct request *req, struct exchange *ex, struct sandbox_flow *flow)
{
	take_form(req, exchange_arena(ex), flow);
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

/* POST /v/{flow}/publish and /deprecate. */
void graph_flow_action(const struct request *req, struct exchange *ex)
{
	struct sandbox_flow *flow = flow_find(req->params[1]);
	bool publishes = str_ends(req->path, S("/publish"));

	if (!graph_token(req, ex))
		return;
	if (!flow || !str_is(str_of(flow->status), publishes ? S("DRAFT") : S("PUBLISHED"))) {
		answer_code(ex, 100, S("There is no such Flow in that state."));
		return;
	}
	set_text(&flow->status, publishes ? S("PUBLISHED") : S("DEPRECATED"));
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

void graph_flow_assets(const struct request *req, struct exchange *ex)
{
	if (!graph_token(req, ex))
		return;
	if (!flow_find(req->params[1]))
		answer_code(ex, 100, S("There is no such Flow."));
	else if (req->method == HTTP_POST)
		exchange_answer(ex, 200, S("application/json"),
			S("{\"success\":true,\"validation_errors\":[]}"));
	else
		exchange_answer(ex, 200, S("application/json"),
			S("{\"data\":[{\"name\":\"flow.json\",\"asset_type\":\"FLOW_JSON\","
			  "\"download_url\":\"https://scontent.example.com/flow.json\"}]}"));
}

/* Every business of the sandbox has all accounts: there is nothing to copy from another. */
void graph_flow_migrate(const struct request *req, struct exchange *ex)
{
	if (graph_account(req, ex, req->params[1]))
		exchange_answer(ex, 200, S("application/json"),
			S("{\"migrated_flows\":[],\"failed_flows\":[]}"));
}
