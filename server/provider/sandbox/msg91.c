/*
 * msg91.c: MSG91's WhatsApp API over the same customers: /msg91/….
 *
 * A send is translated into the Cloud API's shape and goes the way of graph_send.c, so that window,
 * templates and limits are the same; answers, reports and messages are MSG91's. Its webhooks carry
 * the fields that docs/protocol/msg91.md recommends to configure, all of them texts.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"

#include <time.h>

#define RECIPIENTS_MAX 1000
#define BODY_MAX (1u << 20)
#define IST_OFFSET_S 19800 /* "ts seen as ISO 8601 with +05:30" */

/* ---- answers ---- */

static void answer_failure(struct exchange *ex, int status, str why)
{
	struct buf b = buf_in(exchange_arena(ex), 8192);

	json_open(&b, '{');
	json_put(&b, "status", S("fail"));
	json_put_bool(&b, "hasError", true);
	json_put_null(&b, "data");
	json_put(&b, "errors", why);
	json_close(&b, '}');
	answer_json(ex, status, &b);
}

/* The integrated number by its digits, of this key. */
static struct number *number_of(const struct request *req, struct exchange *ex, str digits)
{
	for (size_t i = 0; i < the_sandbox->number_count; i++) {
		struct number *n = &the_sandbox->numbers[i];

		if (!str_is(request_header(req, S("authkey")), str_of(n->token)))
			continue;
		if (str_is(digits, str_of(n->phone)))
			return n;
	}
	answer_failure(ex, 401,
		S("Unauthorized: authkey invalid, or the number is not integrated"));
	return NULL;
}

/* ---- a send, translated ---- */

struct sending91 {
	struct exchange *ex;
	struct arena *arena;
	struct number *number;
	json root;
	str request_id, reference;
	size_t accepted;
	str why; /* of the last refusal */
	int64_t code;
};

static void put_parameter(struct buf *b, json v, const char *type, str value)
{
	json_open(b, '{');
	json_put(b, "type", str_of(type));
	if (json_field(v, "parameter_name"))
		json_put(b, "parameter_name", json_text_at(v, "parameter_name"));
	if (strcmp(type, "text") == 0 || strcmp(type, "payload") == 0 ||
		strcmp(type, "coupon_code") == 0) {
		json_put(b, type, value);
	} else {
		json_open_in(b, type, '{');
		json_put(b, "link", value);
		if (json_field(v, "filename"))
			json_put(b, "filename", json_text_at(v, "filename"));
		json_close(b, '}');
	}
	json_close(b, '}');
}

/* All of one prefix as a component: "body_1", "body_2", … in the order they stand in. */
static void put_component(struct buf *b, json components, const char *prefix)
{
	bool is_open = false;

	for (void *at = json_first(components); at; at = json_next(components, at)) {
		json v = json_member_value(at);
		str name = json_member_name(at);

		if (!str_starts(name, str_of(prefix)) || name.ptr[strlen(prefix)] != '_')
			continue;
		if (!is_open) {
			json_open(b, '{');
			json_put(b, "type", str_of(prefix));
			json_open_in(b, "parameters", '[');
		}
		is_open = true;
		put_parameter(b, v, arena_cstr(b->arena, json_text_at(v, "type")),
			json_text_at(v, "value"));
	}
	if (is_open) {
		json_close(b, ']');
		json_close(b, '}');
	}
}

static void put_buttons(struct buf *b, json components)
{
	for (void *at = json_first(components); at; at = json_next(components, at)) {
		json v = json_member_value(at);
		str name = json_member_name(at), subtype = json_text_at(v, "subtype");
		int64_t index;

		if (!str_starts(name, S("button_")) ||
			!str_to_i64(str_part(name, 7, name.len), &index))
			continue;
		json_open(b, '{');
		json_put(b, "type", S("button"));
		json_put(b, "sub_type", subtype);
		json_put(b, "index", arena_printf(b->arena, "%lld", (long long)index - 1));
		json_open_in(b, "parameters", '[');
		put_parameter(b, v,
			str_is(subtype, S("quick_reply")) ? "payload"
			: str_is(subtype, S("copy_code")) ? "coupon_code"
			                                  : "text",
			json_text_at(v, "value"));
		json_close(b, ']');
		json_close(b, '}');
	}
}

static void put_template(struct buf *b, json template, json components)
{
	json_open_in(b, "template", '{');
	json_put(b, "name", json_text_at(template, "name"));
	json_open_in(b, "language", '{');
	json_put(b, "code", json_text_at(template, "language.code"));
	json_close(b, '}');
	json_open_in(b, "components", '[');
	put_component(b, components, "header");
	put_component(b, components, "body");
	put_buttons(b, components);
	json_close(b, ']');
	json_close(b, '}');
}

static void put_session(struct buf *b, json root, str type)
{
	const char *key = arena_cstr(b->arena, type);

	if (str_is(type, S("text"))) {
		json_open_in(b, "text", '{');
		json_put(b, "body", json_text_at(root, "text"));
		json_close(b, '}');
	} else if (kind_is_media(kind_parse(type))) {
		json_open_in(b, key, '{');
		json_put(b, "link", json_text_at(root, "attachment_url"));
		if (json_field(root, "caption"))
			json_put(b, "caption", json_text_at(root, "caption"));
		if (json_field(root, "filename"))
			json_put(b, "filename", json_text_at(root, "filename"));
		json_close(b, '}');
	} else if (json_field(root, key)) {
		json_put_value(b, key, json_field(root, key));
	}
}

static str translate(const struct sending91 *s, str to, json components)
{
	struct buf b = buf_in(s->arena, BODY_MAX);
	str type = json_text_at(s->root, "content_type");

	json_open(&b, '{');
	json_put(&b, "messaging_product", S("whatsapp"));
	json_put(&b, "to", to);
	json_put(&b, "type", type);
	if (s->reference.len)
		json_put(&b, "biz_opaque_callback_data", s->reference);
	if (str_is(type, S("template")))
		put_template(&b, json_path(s->root, "payload.template"), components);
	else
		put_session(&b, s->root, type);
	json_close(&b, '}');
	return buf_text(&b);
}

/* false: the answer is given, or the connection is gone. */
static bool passes_faults(const struct sending91 *s, str to)
{
	str type = json_text_at(s->root, "content_type");
	const struct fault *fault =
		fault_take(the_sandbox, FAULT_HTTP, FAULT_GRAPH, to, type);

	if (fault && fault->kind == FAULT_HTTP)
		fault_page(s->ex, fault->code);
	else if (fault && fault->code == 130429)
		answer_failure(s->ex, 429, S("Too many requests"));
	else if (fault && fault->code == 190)
		answer_failure(s->ex, 401, S("Unauthorized"));
	else if (fault)
		answer_failure(s->ex, 200,
			arena_printf(s->arena, "(#%lld) A fault that was asked for.",
				(long long)fault->code));
	else if (fault_take(the_sandbox, FAULT_RESET, FAULT_RESET, to, type))
		exchange_drop(s->ex);
	else
		return true;
	return false;
}

static void accept_one(struct sending91 *s, str to, json components)
{
	struct quiet_send send = { .number = s->number,
		.body = translate(s, to, components),
		.request_id = s->request_id,
		.reference = s->reference };

	if (graph_send_quietly(s->ex, &send)) {
		s->accepted++;
		return;
	}
	s->code = send.code;
	s->why = arena_printf(s->arena, "(#%lld) " STR_F, (long long)send.code,
		STR_A(send.why.len ? send.why : S("refused")));
}

struct late91 { struct exchange *ex; str body; };

static void answer_late(void *arg)
{
	struct late91 *late = arg;

	exchange_answer(late->ex, 200, S("application/json"), late->body);
}

static void answer_accepted(struct sending91 *s, str to)
{
	str type = json_text_at(s->root, "content_type");
	const struct fault *late =
		fault_take(the_sandbox, FAULT_LATENCY, FAULT_LATENCY, to, type);
	struct buf b = buf_in(s->arena, 4096);

	json_open(&b, '{');
	json_put(&b, "status", S("success"));
	json_put_bool(&b, "hasError", false);
	json_put(&b, "data", S("Message submitted successfully"));
	json_put_null(&b, "errors");
	json_put(&b, "request_id", s->request_id);
	json_close(&b, '}');
	if (fault_take(the_sandbox, FAULT_LOST_ANSWER, FAULT_LOST_ANSWER, to, type)) {
		exchange_drop(s->ex);
	} else if (late) {
		struct late91 *arg = ARENA_NEW(s->arena, struct late91);

		*arg = (struct late91){ s->ex, buf_text(&b) };
		sandbox_after(the_sandbox, late->ms, answer_late, answer_late, arg);
	} else {
		answer_json(s->ex, 200, &b);
	}
}

static bool begin(struct sending91 *s, const struct request *req, struct exchange *ex)
{
	uint8_t id[16];

	*s = (struct sending91){ .ex = ex, .arena = exchange_arena(ex) };
	if (json_read(s->arena, str_from(req->body), &s->root, NULL) != OK ||
		json_kind(s->root) != JSON_MAP) {
		answer_failure(ex, 400, S("The body is no JSON object"));
		return false;
	}
	s->number = number_of(req, ex,
		json_text_or_int(s->arena, json_field(s->root, "integrated_number")));
	crypto_random(id, sizeof id);
	s->request_id = hex_text(s->arena, (bytes){ id, sizeof id });
	s->reference = json_text_or_int(s->arena, json_field(s->root, "CRQID"));
	return s->number != NULL;
}

static void finish(struct sending91 *s, str first)
{
	if (s->accepted)
		answer_accepted(s, first);
	else
		answer_failure(s->ex, s->code == 130429 ? 429 : 400,
			s->why.len ? s->why : S("no recipient"));
}

void play91_send(const struct request *req, struct exchange *ex)
{
	struct sending91 s;
	str to;

	if (!begin(&s, req, ex))
		return;
	to = json_text_or_int(s.arena, json_field(s.root, "recipient_number"));
	if (!passes_faults(&s, to))
		return;
	accept_one(&s, to, NULL);
	finish(&s, to);
}

void play91_send_bulk(const struct request *req, struct exchange *ex)
{
	struct sending91 s;
	json groups;
	size_t sent = 0;
	str first;

	if (!begin(&s, req, ex))
		return;
	groups = json_path(s.root, "payload.template.to_and_components");
	first = json_text_or_int(s.arena, json_path(groups, "0.to.0"));
	if (!passes_faults(&s, first))
		return;
	for (size_t i = 0; i < json_count(groups); i++) {
		json group = json_at(groups, i), to = json_field(group, "to");

		for (size_t j = 0; j < json_count(to) && sent++ < RECIPIENTS_MAX; j++)
			accept_one(&s, json_text_or_int(s.arena, json_at(to, j)),
				json_field(group, "components"));
	}
	finish(&s, first);
}

/* ---- templates ---- */

void play91_templates(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	struct number *number = number_of(req, ex, req->params[0]);

	if (!number)
		return;
	json_open(&b, '{');
	json_put(&b, "status", S("success"));
	json_put_bool(&b, "hasError", false);
	json_open_in(&b, "data", '[');
	for (struct sandbox_template *t = the_sandbox->templates; t; t = t->next) {
		if (strcmp(t->account_id, number->account_id) != 0)
			continue;
		json_open(&b, '{');
		json_put(&b, "name", str_of(t->name));
		json_put(&b, "category", str_of(t->category));
		json_put(&b, "namespace", S("00000000_0000_0000_0000_000000000000"));
		json_open_in(&b, "languages", '[');
		json_open(&b, '{');
		json_put(&b, "id", str_of(t->id));
		json_put(&b, "language", str_of(t->language));
		json_put(&b, "status", str_of(t->status));
		json_put(&b, "rejection_reason", str_of(t->reason));
		json_put_raw(&b, "code", str_of(t->components));
		json_close(&b, '}');
		json_close(&b, ']');
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- webhooks ---- */

static void put_time(struct buf *b, const char *key, int64_t ms)
{
	time_t at = (time_t)(ms / 1000 + IST_OFFSET_S);
	struct tm when;
	char text[40];

	gmtime_r(&at, &when);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+05:30", &when);
	json_put(b, key, str_of(text));
}

static void put_people(struct buf *b, const struct chat *chat, const char *direction)
{
	json_put(b, "direction", str_of(direction));
	json_put(b, "customerNumber", str_of(chat->customer->phone));
	json_put(b, "customerName", str_of(chat->customer->name));
	json_put(b, "integratedNumber", str_of(chat->thread->number->phone));
}

void play91_tell(struct chat *chat, str reason)
{
	struct buf b = buf_heap(BODY_MAX);
	struct number *number = chat->thread->number;

	json_open(&b, '{');
	json_put(&b, "v", S("1"));
	json_put(&b, "eventName", str_of(status_name(chat->status)));
	put_people(&b, chat, "outbound");
	json_put(&b, "requestId", str_of(chat->request_id));
	json_put(&b, "uuid", str_of(chat->wamid));
	json_put(&b, "crqid", str_of(chat->biz));
	json_put(&b, "status", str_of(status_name(chat->status)));
	json_put(&b, "reason", reason);
	put_time(&b, "statusUpdatedAt", clock_now_ms());
	put_time(&b, "ts", clock_now_ms());
	json_close(&b, '}');
	webhook_post(chat->sandbox, number, chat->customer, MSG91_STATUSES, &b);
	buf_done(&b);
}

void play91_inbound(struct sandbox *sb, struct chat *chat, json message)
{
	struct buf b = buf_heap(BODY_MAX), list = buf_heap(BODY_MAX);
	str type = json_text_at(message, "type");
	json media = NULL;

	if (kind_is_media(kind_parse(type)))
		media = json_field(message, kind_cloud_type(kind_parse(type)));
	json_open(&list, '[');
	json_put_value(&list, NULL, message);
	json_close(&list, ']');
	json_open(&b, '{');
	json_put(&b, "v", S("1"));
	json_put(&b, "event", S(""));
	put_people(&b, chat, "inbound");
	json_put(&b, "uuid", str_of(chat->wamid));
	json_put(&b, "requestId", S(""));
	json_put(&b, "contentType", type);
	json_put(&b, "text", json_text_at(message, "text.body").ptr
	                             ? json_text_at(message, "text.body")
	                             : S(""));
	json_put(&b, "messages", buf_text(&list));
	json_put(&b, "url", json_text_at(media, "url").ptr ? json_text_at(media, "url") : S(""));
	json_put(&b, "templateName", S("{{templateName}}"));
	put_time(&b, "ts", clock_now_ms());
	json_close(&b, '}');
	webhook_post(sb, chat->thread->number, chat->customer, MSG91_MESSAGES, &b);
	buf_done(&b);
	buf_done(&list);
}
