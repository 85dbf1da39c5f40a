/*
 * control.c: what no real network lets you do: be a customer, break things, look inside
 * (docs/guide/sandbox.md).
 *
 * Nobody is asked for a token here: the sandbox listens on loopback unless told otherwise.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

#include <stdio.h>

#define THREAD_SHOWN_MAX 200
#define MESSAGES_SHOWN_MAX 500
#define WAIT_MS 25000
#define MESSAGE_OCTETS_MAX (256u << 10)

/* ---- writing ---- */

static void write_customer(struct buf *b, const struct customer *c)
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
	json_put_int(b, "unread", (int64_t)unread);
	json_put_ms(b, "last_inbound_ms", inbound_ms);
	json_close(b, '}');
}

static void write_chat(struct buf *b, const struct chat *chat)
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

static struct customer *named_customer(const struct request *req, struct exchange *ex)
{
	struct customer *c = customer_find(the_sandbox, req->params[0]);

	if (!c)
		answer_control_error(ex, 404,
			"There is no such customer; POST /control/customers makes one.");
	return c;
}

static struct number *wanted_number(struct exchange *ex, str id)
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
		write_customer(&b, c);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static void change_flag(json v, const char *key, bool *flag)
{
	if (json_field(v, key))
		*flag = json_flag(json_field(v, key), *flag);
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
	if (was_offline && !c->offline)
		status_online(c);
	customer_changed(c);
	write_customer(&b, c);
	answer_json(ex, 200, &b);
}

/* ---- a customer writes ---- */

static bool is_bare(str type)
{
	return str_is(type, S("unsupported")) || str_is(type, S("request_welcome"));
}

/* Media get what Meta tells of them: type, hash, a url. */
static void put_media(struct buf *b, str type, json media)
{
	struct media_file file;
	bool found = media_find(the_sandbox, json_text_at(media, "id"), &file);

	json_key_str(b, type);
	json_open(b, '{');
	for (void *at = json_first(media); at; at = json_next(media, at)) {
		json_key_str(b, json_member_name(at));
		json_put_value(b, NULL, json_member_value(at));
	}
	if (found && !json_field(media, "mime_type"))
		json_put(b, "mime_type", str_of(file.type));
	if (found && !json_field(media, "sha256"))
		json_put(b, "sha256", str_of(file.sha256));
	if (found && !json_field(media, "url"))
		json_put(b, "url", media_url(the_sandbox, b->arena, &file));
	json_close(b, '}');
}

static bool is_ours(str key)
{
	return str_is(key, S("phone_number_id")) || str_is(key, S("from")) ||
	       str_is(key, S("id")) || str_is(key, S("timestamp"));
}

static void put_members(struct buf *b, json v)
{
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);

		if (is_ours(name))
			continue;
		if (kind_is_media(kind_parse(name)) &&
			json_kind(json_member_value(at)) == JSON_MAP) {
			put_media(b, name, json_member_value(at));
		} else {
			json_key_str(b, name);
			json_put_value(b, NULL, json_member_value(at));
		}
	}
}

/* "timestamps are strings of seconds" */
static str timestamp_of(struct arena *arena, json v)
{
	str told = json_text_or_int(arena, json_field(v, "timestamp"));

	return told.len ? told : arena_printf(arena, "%lld", (long long)(clock_now_ms() / 1000));
}

static json complete(struct exchange *ex, const struct customer *c, str wamid, json v, str *text)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, MESSAGE_OCTETS_MAX);
	json message = NULL;

	json_open(&b, '{');
	if (!c->hides_phone)
		json_put(&b, "from", str_of(c->phone));
	json_put(&b, "from_user_id", str_of(c->user_id));
	json_put(&b, "id", wamid);
	json_put(&b, "timestamp", timestamp_of(arena, v));
	put_members(&b, v);
	json_close(&b, '}');
	*text = buf_text(&b);
	return b.failed || json_read(arena, *text, &message, NULL) != OK ? NULL : message;
}

static void take_reaction(json message)
{
	struct chat *target = chat_find(the_sandbox, json_text_at(message, "reaction.message_id"));
	str emoji = json_text_at(message, "reaction.emoji");

	if (!target || !target->from_business)
		return;
	set_text(&target->reaction, emoji.ptr ? emoji : S(""));
	chat_changed(target);
}

static enum message_kind kind_of(json message)
{
	enum message_kind kind = kind_parse(json_text_at(message, "type"));

	return kind == KIND_AUDIO && json_flag(json_path(message, "audio.voice"), false)
		       ? KIND_VOICE
		       : kind;
}

/* The webhook goes out whether or not the id was there before: "expect duplicates" is tested so. */
static struct chat *take_message(struct customer *c, struct number *number, str wamid, json message,
	str text)
{
	struct chat *chat = chat_find(the_sandbox, wamid);

	if (!chat)
		chat = chat_add(the_sandbox, c, number, wamid);
	if (!chat)
		return NULL;
	chat->kind = kind_of(message);
	chat->status = STATUS_RECEIVED;
	set_text(&chat->body, text);
	chat->thread->inbound_ms = json_int(json_field(message, "timestamp"), 0) * 1000;
	if (chat->kind == KIND_REACTION)
		take_reaction(message);
	inbound_send(the_sandbox, chat, message);
	return chat;
}

void control_customer_message(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, 4096);
	struct customer *c = named_customer(req, ex);
	struct number *number;
	json v, message;
	str type, wamid, text;

	if (!c || !read_object(ex, req, &v))
		return;
	number = wanted_number(ex, json_text_at(v, "phone_number_id"));
	if (!number)
		return;
	type = json_text_at(v, "type");
	if (!type.len || (!is_bare(type) && !json_field(v, arena_cstr(arena, type)))) {
		answer_control_error(ex, 400,
			"The body must have type, and an object of that name, as in a webhook's "
			"messages[].");
		return;
	}
	wamid = json_text_at(v, "id");
	if (!wamid.len)
		wamid = make_wamid(arena, str_of(c->phone));
	message = wamid.len <= WAMID_MAX ? complete(ex, c, wamid, v, &text) : NULL;
	if (!message || !take_message(c, number, wamid, message, text)) {
		answer_control_error(ex, 400, "The message is too large, or the sandbox is full.");
		return;
	}
	json_open(&b, '{');
	json_put(&b, "id", wamid);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* {"message_id"?, "played"?}: without an id, all that came. */
void control_customer_read(const struct request *req, struct exchange *ex)
{
	struct customer *c = named_customer(req, ex);
	struct number *number;
	struct chat *chat;
	json v = NULL;
	str id;

	if (!c || (req->body.len && !read_object(ex, req, &v)))
		return;
	number = wanted_number(ex, json_text_at(v, "phone_number_id"));
	if (!number)
		return;
	id = json_text_at(v, "message_id");
	chat = id.len ? chat_find(the_sandbox, id) : thread_of(c, number)->last;
	if (chat && chat->customer == c) {
		if (json_flag(json_field(v, "played"), false))
			status_played(chat);
		else
			status_read(chat);
	}
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

/* ---- the thread, with waiting ---- */

static size_t skip_count(const struct thread *thread)
{
	size_t count = 0;

	for (const struct chat *c = thread->first; c; c = c->next)
		count++;
	return count > THREAD_SHOWN_MAX ? count - THREAD_SHOWN_MAX : 0;
}

static void answer_thread(struct exchange *ex, struct customer *c, struct number *number,
	int64_t after)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	struct thread *thread = thread_of(c, number);
	size_t skip = skip_count(thread), i = 0;

	json_open(&b, '{');
	json_put_int(&b, "change", the_sandbox->change);
	json_key(&b, "customer");
	write_customer(&b, c);
	json_open_in(&b, "business", '{');
	json_put(&b, "name", str_of(number->verified_name));
	json_put(&b, "phone", str_of(number->phone));
	json_put(&b, "phone_number_id", str_of(number->phone_number_id));
	json_close(&b, '}');
	json_put_bool(&b, "typing", thread->typing_until_ms > clock_now_ms());
	json_put_bool(&b, "window_open", thread->inbound_ms + WINDOW_MS > clock_now_ms());
	json_open_in(&b, "messages", '[');
	for (const struct chat *chat = thread->first; chat; chat = chat->next)
		if (i++ >= skip && chat->change > after)
			write_chat(&b, chat);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

static void answer_waiter(struct waiter *w)
{
	struct sandbox *sb = the_sandbox;
	struct waiter **at = &sb->waiters;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	sb->waiter_count--;
	answer_thread(w->ex, w->customer, w->number, w->after);
	heap_free(w);
}

static void waited_long_enough(void *arg)
{
	answer_waiter(arg);
}

void waiters_wake(struct sandbox *sb, struct customer *customer)
{
	struct waiter *next;

	for (struct waiter *w = sb->waiters; w; w = next) {
		next = w->next;
		if (w->customer == customer) {
			sandbox_cancel(w->delay);
			answer_waiter(w);
		}
	}
}

void control_customer_thread(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct customer *c = named_customer(req, ex);
	struct number *number =
		c ? wanted_number(ex, request_query(arena, req, "phone_number_id")) : NULL;
	struct waiter *w;
	int64_t after = 0;

	if (!number)
		return;
	str_to_i64(request_query(arena, req, "after"), &after);
	if (!request_query(arena, req, "wait").len || c->change > after ||
		the_sandbox->waiter_count == WAITERS_MAX) {
		answer_thread(ex, c, number, after);
		return;
	}
	w = HEAP_NEW(struct waiter);
	*w = (struct waiter){ .next = the_sandbox->waiters,
		.ex = ex,
		.customer = c,
		.number = number,
		.after = after };
	the_sandbox->waiters = w;
	the_sandbox->waiter_count++;
	w->delay = sandbox_after(the_sandbox, WAIT_MS, waited_long_enough, waited_long_enough, w);
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
			write_chat(&b, c);
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
	number = wanted_number(ex, json_text_at(v, "phone_number_id"));
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

static const struct { const char *name; size_t at; bool is_flag; } setting_rows[] = {
#define ROW(name_, is_flag_) { #name_, offsetof(struct settings_now, name_), is_flag_ }
	ROW(enforce_window, true),   ROW(window_in_status, true), ROW(webhooks_paused, true),
	ROW(pace_per_second, false), ROW(pair_interval_ms, false), ROW(pair_burst, false),
	ROW(sent_ms, false),	     ROW(delivered_ms, false),	   ROW(read_ms, false),
	ROW(retry_first_ms, false),  ROW(retry_max_ms, false),	   ROW(retry_give_up_ms, false),
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
	return str_is(name, S("webhook_url"));
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

void control_number_create(const struct request *req, struct exchange *ex)
{
	struct number *number;
	json v;

	if (!read_object(ex, req, &v))
		return;
	number = number_find(the_sandbox, json_text_at(v, "phone_number_id"));
	if (number) {
		change_flag(v, "broken", &number->broken);
		if (json_text_at(v, "webhook_url").ptr)
			set_text(&number->webhook_url, json_text_at(v, "webhook_url"));
	} else if (!add_number(v, json_text_at(v, "phone_number_id"))) {
		answer_control_error(ex, 400,
			"phone_number_id must be digits, and there are at most 64 numbers.");
		return;
	}
	control_numbers(req, ex);
}

void control_templates(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	size_t count;

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	templates_write(&b, STR_NONE, 0, SIZE_MAX, &count);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* Customers, messages, webhooks, faults and journal go; numbers and settings stay. */
void control_reset(const struct request *req, struct exchange *ex)
{
	(void)req;
	webhooks_clear(the_sandbox);
	sandbox_cancel_all(the_sandbox);
	people_clear(the_sandbox);
	journal_clear(the_sandbox->journal);
	the_sandbox->fault_count = 0;
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}
