/*
 * control_chat.c: a customer writes, reads, and follows the chat.
 *
 * What a customer sends becomes a webhook at once; who follows a thread with `wait` is answered
 * when it changes.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

#define THREAD_SHOWN_MAX 200
#define WAIT_MS 25000
#define MESSAGE_OCTETS_MAX (256u << 10)

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

/* A message's time as Meta tells it, in seconds; none for what no clock can mean. */
static int64_t inbound_ms(json message)
{
	int64_t seconds = json_int(json_field(message, "timestamp"), 0);

	return seconds > 0 && seconds <= INT64_MAX / 1000 ? seconds * 1000 : 0;
}

/* The webhook goes out whether or not the id was there before: "expect duplicates" is tested so. */
static struct chat *take_message(struct customer *c, struct number *number, str wamid, json message,
	str text)
{
	struct customer *group = group_find(the_sandbox, json_text_at(message, "group_id"));
	struct chat *chat = chat_find(the_sandbox, wamid);

	if (!chat)
		chat = chat_add(the_sandbox, group ? group : c, number, wamid);
	if (!chat)
		return NULL;
	chat->kind = kind_of(message);
	chat->status = STATUS_RECEIVED;
	set_text(&chat->body, text);
	chat->thread->inbound_ms = inbound_ms(message);
	if (chat->kind == KIND_REACTION)
		take_reaction(message);
	inbound_send(the_sandbox, chat, c, message);
	return chat;
}

void control_customer_message(const struct request *req, struct exchange *ex)
{
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, 4096);
	struct customer *c = control_customer(req, ex);
	struct number *number;
	json v, message;
	str type, wamid, text;

	if (!c || !read_object(ex, req, &v))
		return;
	number = control_number(ex, json_text_at(v, "phone_number_id"));
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
	struct customer *c = control_customer(req, ex);
	struct number *number;
	struct chat *chat;
	json v = NULL;
	str id;

	if (!c || (req->body.len && !read_object(ex, req, &v)))
		return;
	number = control_number(ex, json_text_at(v, "phone_number_id"));
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
	control_write_customer(&b, c);
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
			control_write_chat(&b, chat);
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
	struct customer *c = control_customer(req, ex);
	struct number *number =
		c ? control_number(ex, request_query(arena, req, "phone_number_id")) : NULL;
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
