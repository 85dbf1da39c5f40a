/*
 * graph_template.c: the templates of the sandbox's accounts: list, create, edit, delete, and the
 * review that somebody at Meta would do.
 *
 * A new or edited template is PENDING; after template_review_ms it is approved by itself (never,
 * when that is -1), or a test decides by the control API. Each change of its state goes out as a
 * webhook.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#define PAGE_DEFAULT 25
#define PAGE_MAX 100
#define TEMPLATES_MAX 6000
#define FIRST_ID 594425479270000LL
#define NAME_MAX_POINTS 512
#define BODY_MAX_POINTS 1024

/* ---- the list ---- */

static struct sandbox_template *add(struct sandbox *sb, str account, json v)
{
	struct sandbox_template *t = HEAP_NEW(struct sandbox_template);
	struct buf components = buf_heap(ANSWER_MAX);
	str format = json_text_at(v, "parameter_format");

	json_put_value(&components, NULL, json_field(v, "components"));
	*t = (struct sandbox_template){
		.account_id = heap_text(account),
		.id = heap_text(json_text_at(v, "id")),
		.name = heap_text(json_text_at(v, "name")),
		.language = heap_text(json_text_at(v, "language")),
		.category = heap_text(json_text_at(v, "category")),
		.status = heap_text(json_text_at(v, "status")),
		.quality = heap_text(json_text_at(v, "quality_score.score")),
		.reason = heap_text(S("NONE")),
		.parameter_format = heap_text(format.len ? format : S("POSITIONAL")),
		.components = heap_text(buf_text(&components)),
	};
	buf_done(&components);
	*sb->templates_end = t;
	sb->templates_end = &t->next;
	sb->template_count++;
	return t;
}

void templates_seed(struct sandbox *sb)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	json all = NULL;

	sb->templates_end = &sb->templates;
	if (json_read(arena, str_of(template_seeds), &all, NULL) == OK)
		for (size_t i = 0; i < json_count(all); i++)
			add(sb, str_of(sb->numbers[0].account_id), json_at(all, i));
	arena_destroy(arena);
}

static void release(struct sandbox_template *t)
{
	char *texts[] = { t->account_id, t->id, t->name, t->language, t->category, t->status,
		t->quality, t->reason, t->parameter_format, t->components };

	sandbox_cancel(t->review);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		heap_free(texts[i]);
	heap_free(t);
}

void templates_clear(struct sandbox *sb)
{
	while (sb->templates) {
		struct sandbox_template *t = sb->templates;

		sb->templates = t->next;
		release(t);
	}
	sb->templates_end = &sb->templates;
	sb->template_count = 0;
}

static struct sandbox_template *by_id(str id)
{
	struct sandbox_template *t = the_sandbox->templates;

	while (t && !str_is(id, str_of(t->id)))
		t = t->next;
	return t;
}

struct sandbox_template *sandbox_template_find(str account, str name, str language)
{
	struct sandbox_template *t = the_sandbox->templates;

	while (t && !(str_is(account, str_of(t->account_id)) && str_is(name, str_of(t->name)) &&
			    str_is(language, str_of(t->language))))
		t = t->next;
	return t;
}

static void write_template(struct buf *b, const struct sandbox_template *t)
{
	json_open(b, '{');
	json_put(b, "id", str_of(t->id));
	json_put(b, "name", str_of(t->name));
	json_put(b, "language", str_of(t->language));
	json_put(b, "status", str_of(t->status));
	json_put(b, "category", str_of(t->category));
	json_put(b, "parameter_format", str_of(t->parameter_format));
	json_put(b, "rejected_reason", str_of(t->reason));
	json_open_in(b, "quality_score", '{');
	json_put(b, "score", str_of(t->quality));
	json_close(b, '}');
	json_put_raw(b, "components", str_of(t->components));
	json_close(b, '}');
}

static bool is_listed(const struct sandbox_template *t, str account, str name)
{
	return str_is(account, str_of(t->account_id)) &&
	       (!name.len || str_is(name, str_of(t->name)));
}

static size_t write_page(struct buf *b, const struct request *req, size_t from, size_t limit)
{
	str name = request_query(b->arena, req, "name");
	size_t fitting = 0;

	for (const struct sandbox_template *t = the_sandbox->templates; t; t = t->next) {
		if (!is_listed(t, req->params[1], name))
			continue;
		if (fitting >= from && fitting < from + limit)
			write_template(b, t);
		fitting++;
	}
	return fitting;
}

static void write_paging(struct buf *b, const struct request *req, int64_t from, int64_t limit,
	bool more)
{
	str host = request_header(req, S("Host"));

	json_open_in(b, "paging", '{');
	json_open_in(b, "cursors", '{');
	json_put(b, "before", arena_printf(b->arena, "%lld", (long long)from));
	json_put(b, "after", arena_printf(b->arena, "%lld", (long long)(from + limit)));
	json_close(b, '}');
	if (more)
		json_put(b, "next",
			arena_printf(b->arena, "http://" STR_F STR_F "?limit=%lld&after=%lld",
				STR_A(host), STR_A(req->path), (long long)limit,
				(long long)(from + limit)));
	json_close(b, '}');
}

void graph_templates(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, ANSWER_MAX);
	int64_t limit = PAGE_DEFAULT, from = 0;
	size_t count;

	if (!graph_account(req, ex, req->params[1]))
		return;
	str_to_i64(request_query(arena, req, "limit"), &limit);
	if (limit < 1 || limit > PAGE_MAX)
		limit = PAGE_DEFAULT;
	if (request_query(arena, req, "after").len &&
		!str_to_i64(request_query(arena, req, "after"), &from)) {
		answer_graph_error(ex, 131059, 0, S("(#131059) Invalid cursor"), STR_NONE);
		return;
	}
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	count = write_page(&b, req, (size_t)from, (size_t)limit);
	json_close(&b, ']');
	write_paging(&b, req, from, limit, count > (size_t)(from + limit));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- webhooks ---- */

static struct number *number_of(const struct sandbox_template *t)
{
	for (size_t i = 0; i < the_sandbox->number_count; i++)
		if (strcmp(the_sandbox->numbers[i].account_id, t->account_id) == 0)
			return &the_sandbox->numbers[i];
	return &the_sandbox->numbers[0];
}

/* {"object", "entry":[{"id", "time", "changes":[{"value":{… */
static struct buf open_webhook(struct arena *arena, const struct sandbox_template *t)
{
	struct buf b = buf_in(arena, ANSWER_MAX);

	json_open(&b, '{');
	json_put(&b, "object", S("whatsapp_business_account"));
	json_open_in(&b, "entry", '[');
	json_open(&b, '{');
	json_put(&b, "id", str_of(t->account_id));
	json_put_int(&b, "time", clock_now_ms() / 1000);
	json_open_in(&b, "changes", '[');
	json_open(&b, '{');
	json_open_in(&b, "value", '{');
	json_put_raw(&b, "message_template_id", str_of(t->id));
	json_put(&b, "message_template_name", str_of(t->name));
	json_put(&b, "message_template_language", str_of(t->language));
	return b;
}

static void post_webhook(const struct sandbox_template *t, struct buf *b, const char *field)
{
	json_close(b, '}');
	json_put(b, "field", str_of(field));
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	webhook_post(the_sandbox, number_of(t), NULL, field, b);
}

/* reason: Meta's word; sentence: what it explains, or none. */
static void tell_status(struct arena *arena, const struct sandbox_template *t, str event,
	str sentence)
{
	struct buf b = open_webhook(arena, t);

	json_put(&b, "event", event);
	json_put(&b, "message_template_category", str_of(t->category));
	json_put(&b, "reason", str_of(t->reason));
	if (sentence.len) {
		json_open_in(&b, "rejection_info", '{');
		json_put(&b, "reason", sentence);
		json_close(&b, '}');
	}
	post_webhook(t, &b, "message_template_status_update");
}

static void tell_quality(struct arena *arena, const struct sandbox_template *t, str before)
{
	struct buf b = open_webhook(arena, t);

	json_put(&b, "previous_quality_score", before);
	json_put(&b, "new_quality_score", str_of(t->quality));
	post_webhook(t, &b, "message_template_quality_update");
}

static void tell_category(struct arena *arena, const struct sandbox_template *t, str before)
{
	struct buf b = open_webhook(arena, t);

	json_put(&b, "previous_category", before);
	json_put(&b, "new_category", str_of(t->category));
	post_webhook(t, &b, "template_category_update");
}

/* ---- review ---- */

static void approve(void *arg)
{
	struct sandbox_template *t = arg;
	struct arena *arena = arena_create(1u << 20);

	t->review = NULL;
	set_text(&t->status, S("APPROVED"));
	set_text(&t->reason, S("NONE"));
	tell_status(arena, t, S("APPROVED"), STR_NONE);
	arena_destroy(arena);
}

static void forget_review(void *arg)
{
	struct sandbox_template *t = arg;

	t->review = NULL;
}

static void start_review(struct sandbox_template *t)
{
	int64_t wait_ms = the_sandbox->settings.template_review_ms;

	sandbox_cancel(t->review);
	t->review = NULL;
	set_text(&t->status, S("PENDING"));
	set_text(&t->reason, S("NONE"));
	if (wait_ms >= 0)
		t->review = sandbox_after(the_sandbox, wait_ms, approve, forget_review, t);
}

/* ---- create, edit, delete ---- */

static void refuse(struct exchange *ex, int64_t subcode, const char *title, const char *why)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	json_open(&b, '{');
	json_open_in(&b, "error", '{');
	json_put(&b, "message", S("Invalid parameter"));
	json_put(&b, "type", S("OAuthException"));
	json_put_int(&b, "code", 100);
	json_put_int(&b, "error_subcode", subcode);
	json_put_bool(&b, "is_transient", false);
	json_put(&b, "error_user_title", str_of(title));
	json_put(&b, "error_user_msg", str_of(why));
	json_put(&b, "fbtrace_id", crypto_random_text(exchange_arena(ex), 12));
	json_close(&b, '}');
	json_close(&b, '}');
	answer_json(ex, 400, &b);
}

static bool is_name(str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return name.len > 0 && name.len <= NAME_MAX_POINTS;
}

static json part_of(json components, const char *type)
{
	for (size_t i = 0; i < json_count(components); i++)
		if (str_is_nocase(json_text_at(json_at(components, i), "type"), str_of(type)))
			return json_at(components, i);
	return NULL;
}

/* What Meta looks at first; answers by itself when false. */
static bool has_good_parts(struct exchange *ex, json components)
{
	json body = part_of(components, "BODY"), header = part_of(components, "HEADER");
	str text = json_text_at(body, "text"), format = json_text_at(header, "format");

	if (json_kind(components) != JSON_LIST || !body) {
		refuse(ex, 2388047, "The body is missing", "A template needs a body.");
		return false;
	}
	if (str_count_points(text) > BODY_MAX_POINTS) {
		refuse(ex, 2388040, "The body is too long", "At most 1024 characters.");
		return false;
	}
	if (str_starts(text, S("{{")) || str_ends(text, S("}}"))) {
		refuse(ex, 2388299, "Variables can't be at the start or end of the template",
			"This template has a variable at its start or end. Add text around it.");
		return false;
	}
	if (str_has(text, S("{{")) && !json_field(body, "example")) {
		refuse(ex, 2388043, "Samples are missing", "Add an example of each variable.");
		return false;
	}
	if (format.len && !str_is(format, S("TEXT")) && !str_is(format, S("LOCATION")) &&
		!json_text_at(header, "example.header_handle.0").len) {
		refuse(ex, 2388273, "The sample of the header is missing",
			"Upload a sample of the header's media.");
		return false;
	}
	return true;
}

static bool read_template(const struct request *req, struct exchange *ex, json *out)
{
	if (json_read(exchange_arena(ex), str_from(req->body), out, NULL) == OK &&
		json_kind(*out) == JSON_MAP)
		return true;
	answer_code(ex, 100, S("The body is no JSON."));
	return false;
}

static bool may_create(struct exchange *ex, str account, json v)
{
	if (the_sandbox->template_count >= TEMPLATES_MAX) {
		refuse(ex, 2388019, "Template limit reached", "Delete templates first.");
		return false;
	}
	if (!is_name(json_text_at(v, "name"))) {
		refuse(ex, 2388072, "The name is not valid",
			"Small letters, digits and underscores only.");
		return false;
	}
	if (sandbox_template_find(account, json_text_at(v, "name"), json_text_at(v, "language"))) {
		refuse(ex, 2388024, "Content in This Language Already Exists",
			"There is already content for this template in this language.");
		return false;
	}
	return has_good_parts(ex, json_field(v, "components"));
}

void graph_template_create(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);
	struct number *number = graph_account(req, ex, req->params[1]);
	struct sandbox_template *t;
	json v;

	if (!number || !read_template(req, ex, &v) || !may_create(ex, req->params[1], v))
		return;
	t = add(the_sandbox, req->params[1], v);
	set_text(&t->id,
		arena_printf(b.arena, "%lld",
			(long long)(FIRST_ID + (int64_t)++the_sandbox->templates_made)));
	set_text(&t->quality, S("UNKNOWN"));
	start_review(t);
	json_open(&b, '{');
	json_put(&b, "id", str_of(t->id));
	json_put(&b, "status", str_of(t->status));
	json_put(&b, "category", str_of(t->category));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static bool may_edit(struct exchange *ex, const struct sandbox_template *t)
{
	static const char *const editable[] = { "APPROVED", "REJECTED", "PAUSED" };

	for (size_t i = 0; i < COUNT_OF(editable); i++)
		if (strcmp(t->status, editable[i]) == 0)
			return true;
	refuse(ex, 2388025, "Template can't be edited",
		"Only approved, rejected and paused templates can be edited.");
	return false;
}

static void edit(const struct request *req, struct exchange *ex, struct sandbox_template *t)
{
	struct buf components = buf_in(exchange_arena(ex), ANSWER_MAX);
	json v;

	if (!read_template(req, ex, &v) || !may_edit(ex, t))
		return;
	if (json_text_at(v, "category").len && strcmp(t->status, "APPROVED") == 0 &&
		!str_is(json_text_at(v, "category"), str_of(t->category))) {
		refuse(ex, 2388026, "The category can't be edited",
			"The category of an approved template can't be edited.");
		return;
	}
	if (json_field(v, "components")) {
		if (!has_good_parts(ex, json_field(v, "components")))
			return;
		json_put_value(&components, NULL, json_field(v, "components"));
		set_text(&t->components, buf_text(&components));
	}
	if (json_text_at(v, "category").len)
		set_text(&t->category, json_text_at(v, "category"));
	start_review(t);
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

static bool is_of_token(const struct request *req, const struct sandbox_template *t)
{
	for (size_t i = 0; i < the_sandbox->number_count; i++)
		if (strcmp(the_sandbox->numbers[i].account_id, t->account_id) == 0 &&
			token_is_good(req, &the_sandbox->numbers[i]))
			return true;
	return false;
}

/* "POST /{template-id}"; a POST to an upload, a number or a Flow comes to the same address. */
void graph_object_post(const struct request *req, struct exchange *ex)
{
	struct sandbox_template *t = by_id(req->params[1]);
	struct sandbox_flow *flow = flow_find(req->params[1]);
	struct number *number = number_find(the_sandbox, req->params[1]);

	if (str_starts(req->params[1], S("upload:")))
		graph_upload_part(req, ex);
	else if (t && is_of_token(req, t))
		edit(req, ex, t);
	else if (number && token_is_good(req, number))
		graph_number_post(req, ex, number);
	else if (flow && graph_token(req, ex))
		flow_change(req, ex, flow);
	else if (!flow)
		(void)graph_number(req, ex, S("-")); /* refuses as for any unknown object */
}

bool graph_template_write(struct buf *b, str id)
{
	const struct sandbox_template *t = by_id(id);

	if (t)
		write_template(b, t);
	return t != NULL;
}

void graph_template_delete(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	str name = request_query(arena, req, "name"), id = request_query(arena, req, "hsm_id");
	struct sandbox_template **at = &the_sandbox->templates;
	size_t removed = 0;

	if (!graph_account(req, ex, req->params[1]))
		return;
	while (*at) {
		struct sandbox_template *t = *at;

		if (!name.len || !is_listed(t, req->params[1], name) ||
			(id.len && !str_is(id, str_of(t->id)))) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		release(t);
		removed++;
	}
	the_sandbox->templates_end = at;
	the_sandbox->template_count -= removed;
	if (removed)
		exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
	else
		answer_code(ex, 100, S("There is no such template."));
}

/* ---- control ---- */

void control_templates(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct sandbox_template *t = the_sandbox->templates; t; t = t->next)
		write_template(&b, t);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* A template as Meta lists it, put among those of the first number's account: it was there before
 * anybody looked, so nothing tells of it. */
void control_template_add(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, ANSWER_MAX);
	struct sandbox_template *t;
	json v;

	if (!read_object(ex, req, &v))
		return;
	if (!json_text_at(v, "name").len || !json_text_at(v, "language").len ||
		json_kind(json_field(v, "components")) != JSON_LIST ||
		the_sandbox->template_count >= TEMPLATES_MAX) {
		answer_control_error(ex, 400,
			"A template has name, language and components; at most 6000 in all.");
		return;
	}
	t = add(the_sandbox, str_of(the_sandbox->numbers[0].account_id), v);
	set_text(&t->id, arena_printf(arena, "%lld",
		FIRST_ID + (long long)++the_sandbox->templates_made));
	if (!t->status[0])
		set_text(&t->status, S("APPROVED"));
	if (!t->category[0])
		set_text(&t->category, S("MARKETING"));
	write_template(&b, t);
	answer_json(ex, 200, &b);
}

static void decide_status(struct arena *arena, struct sandbox_template *t, json v)
{
	str event = json_text_at(v, "event"), reason = json_text_at(v, "reason");

	sandbox_cancel(t->review);
	t->review = NULL;
	set_text(&t->status, event);
	set_text(&t->reason, reason.len ? reason : S("NONE"));
	tell_status(arena, t, event, json_text_at(v, "sentence"));
}

/* {"event":"APPROVED|REJECTED|PAUSED|…","reason"?,"sentence"?,"quality"?,"category"?,
 * "silent"?}: what Meta decides. silent: without a webhook, so that only polling finds it. */
void control_template_decide(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct sandbox_template *t = by_id(req->params[0]);
	struct buf b = buf_in(arena, ANSWER_MAX);
	str quality, category;
	json v;

	if (!read_object(ex, req, &v))
		return;
	if (!t) {
		answer_control_error(ex, 404, "There is no template of that id.");
		return;
	}
	if (json_flag(json_field(v, "silent"), false)) {
		set_text(&t->status, json_text_at(v, "event"));
		write_template(&b, t);
		answer_json(ex, 200, &b);
		return;
	}
	if (json_text_at(v, "event").len)
		decide_status(arena, t, v);
	quality = arena_str(arena, str_of(t->quality));
	category = arena_str(arena, str_of(t->category));
	if (json_text_at(v, "quality").len) {
		set_text(&t->quality, json_text_at(v, "quality"));
		tell_quality(arena, t, quality);
	}
	if (json_text_at(v, "category").len) {
		set_text(&t->category, json_text_at(v, "category"));
		tell_category(arena, t, category);
	}
	write_template(&b, t);
	answer_json(ex, 200, &b);
}
