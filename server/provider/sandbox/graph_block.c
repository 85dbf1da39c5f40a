/*
 * graph_block.c: block_users: as Meta, only people who wrote in the last 24 hours; each refusal
 * stands in the answer. Messages of the blocked still come, so that what a server does with them
 * can be tried.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"

#define WINDOW_MS (24 * 3600 * 1000LL)

static struct thread *thread_of_user(json user, struct number *number)
{
	str name = json_text(json_field(user, "user"));
	struct customer *c;

	if (!name.len)
		name = json_text(json_field(user, "user_id"));
	c = customer_find(the_sandbox,
		str_starts(name, S("+")) ? str_part(name, 1, name.len) : name);
	return c ? thread_of(c, number) : NULL;
}

static str input_of(json user)
{
	str name = json_text(json_field(user, "user"));

	return name.len ? name : json_text(json_field(user, "user_id"));
}

static void write_failed(struct buf *b, json user)
{
	json_open(b, '{');
	json_put(b, "input", input_of(user));
	json_open_in(b, "errors", '[');
	json_open(b, '{');
	json_put(b, "message", S("(#131047) Re-engagement required"));
	json_put_int(b, "code", 131047);
	json_open_in(b, "error_data", '{');
	json_put(b, "details", S("The user has not messaged the business in the last 24 hours."));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

static bool takes(const struct thread *thread, bool blocked)
{
	return thread && (!blocked || clock_now_ms() - thread->inbound_ms < WINDOW_MS);
}

static void write_users(struct buf *b, json users, struct number *number, bool blocked)
{
	json_open_in(b, blocked ? "added_users" : "removed_users", '[');
	for (size_t i = 0; i < json_count(users); i++) {
		struct thread *thread = thread_of_user(json_at(users, i), number);

		if (!takes(thread, blocked))
			continue;
		thread->is_blocked = blocked;
		json_open(b, '{');
		json_put(b, "input", input_of(json_at(users, i)));
		json_close(b, '}');
	}
	json_close(b, ']');
	json_open_in(b, "failed_users", '[');
	for (size_t i = 0; i < json_count(users); i++)
		if (!takes(thread_of_user(json_at(users, i), number), blocked))
			write_failed(b, json_at(users, i));
	json_close(b, ']');
}

static void change(const struct request *req, struct exchange *ex, bool blocked)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	json root;

	if (!number)
		return;
	if (json_read(exchange_arena(ex), str_from(req->body), &root, NULL) != OK ||
		json_kind(json_field(root, "block_users")) != JSON_LIST) {
		answer_code(ex, 100, S("block_users must be a list."));
		return;
	}
	json_open(&b, '{');
	json_put(&b, "messaging_product", S("whatsapp"));
	json_open_in(&b, "block_users", '{');
	write_users(&b, json_field(root, "block_users"), number, blocked);
	json_close(&b, '}');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

void graph_block(const struct request *req, struct exchange *ex)
{
	change(req, ex, true);
}

void graph_unblock(const struct request *req, struct exchange *ex)
{
	change(req, ex, false);
}

static bool is_blocked(const struct customer *c, const struct number *number)
{
	for (const struct thread *t = c->threads; t; t = t->next)
		if (t->number == number && t->is_blocked)
			return true;
	return false;
}

void graph_blocked(const struct request *req, struct exchange *ex)
{
	struct number *number = graph_number(req, ex, req->params[1]);
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	if (!number)
		return;
	json_open(&b, '{');
	json_open_in(&b, "data", '[');
	for (const struct customer *c = the_sandbox->customers; c; c = c->next) {
		if (!is_blocked(c, number))
			continue;
		json_open(&b, '{');
		json_put(&b, "messaging_product", S("whatsapp"));
		json_put(&b, "wa_id", str_of(c->phone));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}
