/*
 * control.c: what no real network lets you do: be a customer, break things, look inside
 * (docs/guide/sandbox.md).
 *
 * Nobody is asked for a token here: the sandbox listens on loopback unless told otherwise.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

#include <stdio.h>

#define MESSAGES_SHOWN_MAX 500

/* ---- writing ---- */

void control_write_customer(struct buf *b, const struct customer *c)
{
	size_t unread = 0;
	int64_t inbound_ms = 0;

	for (const struct thread *t = c->threads; t; t = t->next) {
		unread += t->unread;
		if (t->inbound_ms > inbound_ms)
			inbound_ms = t->inbound_ms;
	}
	json_open(b, '{');
	json_put(b, "phone", str_of(c->phone));
	json_put(b, "name", str_of(c->name));
	json_put(b, "username", c->username[0] ? str_of(c->username) : STR_NONE);
	json_put(b, "user_id", str_of(c->user_id));
	json_put_bool(b, "hides_phone", c->hides_phone);
	json_put_bool(b, "offline", c->offline);
	json_put_bool(b, "reads_at_once", c->reads_at_once);
	json_put_bool(b, "blocks", c->blocks);
	json_put_bool(b, "stopped_marketing", c->stopped_marketing);
	json_put_bool(b, "is_group", c->is_group);
	json_put_int(b, "unread", (int64_t)unread);
	json_put_ms(b, "last_inbound_ms", inbound_ms);
	json_close(b, '}');
}

void control_write_chat(struct buf *b, const struct chat *chat)
{
	json_open(b, '{');
	json_put(b, "id", str_of(chat->wamid));
	json_put(b, "from", chat->from_business ? S("business") : S("customer"));
	json_put(b, "customer", str_of(chat->customer->phone));
	json_put(b, "phone_number_id", str_of(chat->thread->number->phone_number_id));
	json_put(b, "type", str_of(kind_name(chat->kind)));
	json_put(b, "status", str_of(status_name(chat->status)));
	json_put(b, "biz", chat->biz[0] ? str_of(chat->biz) : STR_NONE);
	json_put(b, "reaction",
		chat->reaction && chat->reaction[0] ? str_of(chat->reaction) : STR_NONE);
	json_put_ms(b, "at_ms", chat->at_ms);
	if (chat->body)
		json_put_raw(b, "body", str_of(chat->body));
	json_close(b, '}');
}

struct customer *control_customer(const struct request *req, struct exchange *ex)
{
	struct customer *c = customer_find(the_sandbox, req->params[0]);

	if (!c)
		answer_control_error(ex, 404,
			"There is no such customer; POST /control/customers makes one.");
	return c;
}

struct number *control_number(struct exchange *ex, str id)
{
	struct number *number = id.len ? number_find(the_sandbox, id) : &the_sandbox->numbers[0];

	if (!number)
		answer_control_error(ex, 404, "There is no such phone_number_id.");
	return number;
}

/* ---- customers ---- */

void control_customers(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct customer *c = the_sandbox->customers; c; c = c->next)
		control_write_customer(&b, c);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static void change_flag(json v, const char *key, bool *flag)
{
	if (json_field(v, key))
		*flag = json_flag(json_field(v, key), *flag);
}

/* Opens the window of the first number as if the customer had written then; never moves it back. */
static void remember_inbound(struct customer *c, int64_t at_ms)
{
	struct thread *thread = thread_of(c, &the_sandbox->numbers[0]);

	if (at_ms > thread->inbound_ms)
		thread->inbound_ms = at_ms;
}

/* Makes one, or changes the one with this phone. */
void control_customer_create(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	struct customer *c;
	bool was_offline;
	json v;

	if (!read_object(ex, req, &v))
		return;
	c = customer_make(the_sandbox, json_text_at(v, "phone"), json_text_at(v, "name"));
	if (!c) {
		answer_control_error(ex, 400,
			"phone must be 5 to 20 digits, and there must be room for one more "
			"customer.");
		return;
	}
	was_offline = c->offline;
	if (json_text_at(v, "username").ptr)
		set_text(&c->username, json_text_at(v, "username"));
	change_flag(v, "hides_phone", &c->hides_phone);
	change_flag(v, "offline", &c->offline);
	change_flag(v, "reads_at_once", &c->reads_at_once);
	change_flag(v, "blocks", &c->blocks);
	change_flag(v, "stopped_marketing", &c->stopped_marketing);
	if (json_field(v, "last_inbound_ms"))
		remember_inbound(c, json_int(json_field(v, "last_inbound_ms"), 0));
	if (was_offline && !c->offline)
		status_online(c);
	customer_changed(c);
	control_write_customer(&b, c);
	answer_json(ex, 200, &b);
}

/* ---- looking inside ---- */

static bool is_asked(const struct chat *chat, str biz, str to)
{
	return chat->from_business && (!biz.ptr || str_is(biz, str_of(chat->biz))) &&
	       (!to.ptr || str_is(to, str_of(chat->customer->phone)));
}

void control_messages(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, ANSWER_MAX);
	str biz = request_query(arena, req, "biz"), to = request_query(arena, req, "to");
	size_t total = 0, i = 0;

	for (const struct chat *c = the_sandbox->oldest; c; c = c->newer)
		total += is_asked(c, biz, to);
	json_open(&b, '{');
	json_put_int(&b, "count",
		biz.ptr && !to.ptr ? journal_count(the_sandbox->journal, biz) : (int64_t)total);
	journal_write(the_sandbox->journal, &b);
	json_open_in(&b, "data", '[');
	for (const struct chat *c = the_sandbox->oldest; c; c = c->newer)
		if (is_asked(c, biz, to) && ++i + MESSAGES_SHOWN_MAX > total)
			control_write_chat(&b, c);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, b.failed ? 500 : 200, &b);
}

void control_webhooks(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX * 4);

	(void)req;
	json_open(&b, '{');
	webhooks_write(the_sandbox, &b);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* Sends a body of the caller's making, signed: any kind that Meta knows. {"phone_number_id"?,
 * "body": {…}} */
void control_webhook_raw(const struct request *req, struct exchange *ex)
{
	struct number *number;
	struct buf body;
	json v;

	if (!read_object(ex, req, &v))
		return;
	number = control_number(ex, json_text_at(v, "phone_number_id"));
	if (!number)
		return;
	if (json_kind(json_field(v, "body")) != JSON_MAP) {
		answer_control_error(ex, 400, "body must be an object: the webhook to send.");
		return;
	}
	body = buf_in(exchange_arena(ex), ANSWER_MAX);
	json_put_value(&body, NULL, json_field(v, "body"));
	webhook_post(the_sandbox, number, NULL, "raw", &body);
	exchange_answer(ex, 202, S("application/json"), S("{\"success\":true}"));
}

/* ---- faults and settings ---- */

void control_faults(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	faults_write(the_sandbox, &b);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void control_fault_add(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);
	const char *why;
	int64_t id;
	json v;

	if (!read_object(ex, req, &v))
		return;
	if (!fault_add(the_sandbox, v, &why, &id)) {
		answer_control_error(ex, 400, why);
		return;
	}
	json_open(&b, '{');
	json_put_int(&b, "id", id);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void control_fault_clear(const struct request *req, struct exchange *ex)
{
	(void)req;
	the_sandbox->fault_count = 0;
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

static const struct { const char *name; size_t at; bool is_flag;
} setting_rows[] = {
#define ROW(name_, is_flag_) { #name_, offsetof(struct settings_now, name_), is_flag_ }
	ROW(enforce_window, true),
	ROW(window_in_status, true),
	ROW(webhooks_paused, true),
	ROW(pace_per_second, false),
	ROW(pair_interval_ms, false),
	ROW(pair_burst, false),
	ROW(sent_ms, false),
	ROW(delivered_ms, false),
	ROW(read_ms, false),
	ROW(marketing_cap, false),
	ROW(people_cap, false),
	ROW(template_review_ms, false),
	ROW(retry_first_ms, false),
	ROW(retry_max_ms, false),
	ROW(retry_give_up_ms, false),
#undef ROW
};

void control_settings(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), 4096);
	const char *base = (const char *)&the_sandbox->settings;

	(void)req;
	json_open(&b, '{');
	for (size_t i = 0; i < COUNT_OF(setting_rows); i++) {
		const void *at = base + setting_rows[i].at;

		if (setting_rows[i].is_flag)
			json_put_bool(&b, setting_rows[i].name, *(const bool *)at);
		else
			json_put_int(&b, setting_rows[i].name, *(const int64_t *)at);
	}
	json_put(&b, "webhook_url", str_of(the_sandbox->numbers[0].webhook_url));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static bool is_setting(str name)
{
	for (size_t i = 0; i < COUNT_OF(setting_rows); i++)
		if (str_is(name, str_of(setting_rows[i].name)))
			return true;
	return str_is(name, S("webhook_url")) || str_is(name, S("msg91_webhook_url"));
}

void control_settings_change(const struct request *req, struct exchange *ex)
{
	char *base = (char *)&the_sandbox->settings;
	json v;

	if (!read_object(ex, req, &v))
		return;
	for (void *at = json_first(v); at; at = json_next(v, at))
		if (!is_setting(json_member_name(at))) {
			answer_control_error(ex, 400,
				"There is no setting of one of these names; GET /control/settings "
				"tells them.");
			return;
		}
	for (size_t i = 0; i < COUNT_OF(setting_rows); i++) {
		void *at = base + setting_rows[i].at;
		json value = json_field(v, setting_rows[i].name);

		if (value && setting_rows[i].is_flag)
			*(bool *)at = json_flag(value, *(bool *)at);
		else if (value)
			*(int64_t *)at = json_int(value, *(int64_t *)at);
	}
	if (json_text_at(v, "webhook_url").ptr)
		set_text(&the_sandbox->numbers[0].webhook_url, json_text_at(v, "webhook_url"));
	if (json_text_at(v, "msg91_webhook_url").ptr)
		set_text(&the_sandbox->numbers[0].msg91_webhook_url,
			json_text_at(v, "msg91_webhook_url"));
	webhooks_pump(the_sandbox);
	control_settings(req, ex);
}

/* ---- numbers ---- */

void control_numbers(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (size_t i = 0; i < the_sandbox->number_count; i++) {
		const struct number *n = &the_sandbox->numbers[i];

		json_open(&b, '{');
		json_put(&b, "phone_number_id", str_of(n->phone_number_id));
		json_put(&b, "account_id", str_of(n->account_id));
		json_put(&b, "phone", str_of(n->phone));
		json_put(&b, "verified_name", str_of(n->verified_name));
		json_put(&b, "webhook_url", str_of(n->webhook_url));
		json_put_bool(&b, "broken", n->broken);
		json_put_bool(&b, "unverified", n->unverified);
		json_put_bool(&b, "unregistered", n->unregistered);
		json_put(&b, "sms_code", str_of(n->sms_code));
		json_put(&b, "pin", str_of(n->pin));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static char *text_or(json v, const char *key, const char *otherwise)
{
	str text = json_text_at(v, key);

	return heap_text(text.len ? text : str_of(otherwise));
}

/* What is not told is as the first number's. */
static bool add_number(json v, str id)
{
	struct sandbox *sb = the_sandbox;
	const struct number *first = &sb->numbers[0];

	if (sb->number_count == NUMBERS_MAX || !str_is_digits(id) || id.len > 20)
		return false;
	sb->numbers[sb->number_count] = (struct number){
		.phone_number_id = heap_text(id),
		.account_id = text_or(v, "account_id", first->account_id),
		.phone = text_or(v, "phone", first->phone),
		.verified_name = text_or(v, "verified_name", first->verified_name),
		.token = text_or(v, "token", first->token),
		.app_secret = text_or(v, "app_secret", first->app_secret),
		.verify_token = text_or(v, "verify_token", first->verify_token),
		.webhook_url = text_or(v, "webhook_url", first->webhook_url),
	};
	sb->number_count++;
	return true;
}

/* The old token is taken until "old_token" says otherwise; an app secret signs from now on. */
static void change_credentials(json v, struct number *number)
{
	if (json_field(v, "old_token"))
		set_text(&number->old_token, json_text_at(v, "old_token"));
	if (json_text_at(v, "token").len)
		set_text(&number->token, json_text_at(v, "token"));
	if (json_text_at(v, "app_secret").len)
		set_text(&number->app_secret, json_text_at(v, "app_secret"));
	if (json_text_at(v, "verified_name").len)
		set_text(&number->verified_name, json_text_at(v, "verified_name"));
}

void control_number_create(const struct request *req, struct exchange *ex)
{
	struct number *number;
	json v;

	if (!read_object(ex, req, &v))
		return;
	number = number_find(the_sandbox, json_text_at(v, "phone_number_id"));
	if (number) {
		change_flag(v, "broken", &number->broken);
		change_flag(v, "unverified", &number->unverified);
		change_flag(v, "unregistered", &number->unregistered);
		change_credentials(v, number);
		if (json_kind(json_field(v, "told")) == JSON_MAP)
			merge_json(&number->told, exchange_arena(ex), json_field(v, "told"));
		if (json_kind(json_field(v, "told_account")) == JSON_MAP)
			merge_json(&number->told_account, exchange_arena(ex),
				json_field(v, "told_account"));
		if (json_text_at(v, "webhook_url").ptr)
			set_text(&number->webhook_url, json_text_at(v, "webhook_url"));
		if (json_text_at(v, "msg91_webhook_url").ptr)
			set_text(&number->msg91_webhook_url,
				json_text_at(v, "msg91_webhook_url"));
	} else if (!add_number(v, json_text_at(v, "phone_number_id"))) {
		answer_control_error(ex, 400,
			"phone_number_id must be digits, and there are at most 64 numbers.");
		return;
	}
	control_numbers(req, ex);
}

/* Customers, messages, webhooks, faults and journal go, templates are as at the start; numbers and
 * settings stay. */
void control_reset(const struct request *req, struct exchange *ex)
{
	(void)req;
	webhooks_clear(the_sandbox);
	sandbox_cancel_all(the_sandbox);
	people_clear(the_sandbox);
	templates_clear(the_sandbox);
	templates_seed(the_sandbox);
	journal_clear(the_sandbox->journal);
	flows_clear(the_sandbox);
	uploads_clear(the_sandbox);
	seen_clear(the_sandbox);
	the_sandbox->fault_count = 0;
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}
