/*
 * http_exchange.c: a request on its way to its handler, and the answer on its way back.
 *
 * Exchanges and their arenas are used again, so a busy server allocates nothing for a request. The
 * one rule: whoever has the exchange (loop, worker, loop handler) hands it on exactly once.
 */
#include "net/http_internal.h"

enum { EXCHANGE_MEMORY_MAX = 64u << 20 };

struct exchange *exchange_create(struct conn *c)
{
	struct http_server *server = c->server;
	struct exchange *ex = server->spare;
	struct arena *arena;

	if (ex) {
		server->spare = ex->next;
		server->spare_count--;
		if (server->spare_count < server->spare_least)
			server->spare_least = server->spare_count;
		arena = ex->arena;
	} else {
		ex = HEAP_NEW(struct exchange);
		arena = arena_create(EXCHANGE_MEMORY_MAX);
	}
	*ex = (struct exchange){ .server = server, .conn = c, .arena = arena };
	http_server_hold(server);
	return ex;
}

void exchange_free(struct exchange *ex)
{
	struct http_server *server = ex->server;

	body_release(ex);
	upload_discard(server, ex->upload);
	if (server->spare_count < HTTP_SPARE_MAX) {
		arena_reset(ex->arena);
		ex->next = server->spare;
		server->spare = ex;
		server->spare_count++;
	} else {
		arena_destroy(ex->arena);
		heap_free(ex);
	}
	http_server_release(server);
}

static void free_with_piece(struct piece *piece)
{
	exchange_free((struct exchange *)((char *)piece - offsetof(struct exchange, tail)));
}

/* The exchange goes when its octets have left. */
static void send_answer(struct exchange *ex)
{
	ex->tail.release = free_with_piece;
	stream_send(&ex->conn->stream, &ex->head);
	stream_send(&ex->conn->stream, &ex->tail);
}

void exchange_send(struct exchange *ex, bytes head)
{
	ex->head = (struct piece){ .data = head.ptr, .len = head.len };
	ex->tail = (struct piece){ 0 };
	send_answer(ex);
}

void exchange_finish(struct exchange *ex)
{
	struct conn *c = ex->conn;

	if (ex->pull) {
		pull_deliver(ex);
		return;
	}
	if (!c || c->stream.dead) {
		if (c)
			c->exchange = NULL;
		exchange_free(ex);
		return;
	}
	bool keep_alive = ex->keep_alive;

	send_answer(ex);
	conn_answered(c, keep_alive);
}

void exchange_refuse(struct exchange *ex, int status, const char *detail)
{
	response_refuse(ex, status, detail);
	exchange_finish(ex);
}

static void finish_posted(void *arg)
{
	exchange_finish(arg);
}

/* On a worker. */
static enum err run_handler(struct job *job, void *arg)
{
	struct exchange *ex = arg;
	struct response res;

	response_init(&res, job->arena);
	ex->server->config.serve(job, &ex->req, &res);
	response_write(ex, &res);
	upload_destroy(ex->upload);
	ex->upload = NULL;
	loop_post(ex->server->loop, finish_posted, ex);
	return OK;
}

static void drop_handler(void *arg)
{
	struct exchange *ex = arg;

	response_refuse(ex, 503, "The server is stopping.");
	loop_post(ex->server->loop, finish_posted, ex);
}

static void answer_options(struct exchange *ex)
{
	struct response res;

	response_init(&res, ex->arena);
	res.status = 204;
	response_write(ex, &res);
	exchange_finish(ex);
}

static bool post_handler(struct exchange *ex)
{
	const struct task task = { "request", run_handler, drop_handler, ex };

	return ex->req.route->flags & ROUTE_SLOW ? http_server_post_slow(ex->server, task)
						 : http_server_post(ex->server, task);
}

void exchange_dispatch(struct exchange *ex)
{
	const struct route *route = ex->req.route;

	if (ex->upload)
		ex->req.body_path = upload_path(ex->upload);
	if (!route)
		answer_options(ex);
	else if (route->flags & ROUTE_WEBSOCKET)
		ws_upgrade(ex);
	else if (route->flags & ROUTE_ON_LOOP)
		route->loop_handler(&ex->req, ex);
	else if (!post_handler(ex))
		exchange_refuse(ex, 503, "There is too much to do at the moment.");
}

/* body: in the exchange's arena. */
static void write_answer(struct exchange *ex, int status, str type, str body)
{
	struct response res;

	response_init(&res, ex->arena);
	res.status = status;
	res.type = type;
	res.static_body = body.ptr;
	res.static_size = body.len;
	response_write(ex, &res);
}

void exchange_answer(struct exchange *ex, int status, str type, str body)
{
	write_answer(ex, status, type, arena_str(ex->arena, body));
	if (loop_is_here(ex->server->loop))
		exchange_finish(ex);
	else
		loop_post(ex->server->loop, finish_posted, ex);
}

static void finish_all(void *arg)
{
	struct exchange *ex = arg;

	while (ex) {
		struct exchange *next = ex->next;

		exchange_finish(ex);
		ex = next;
	}
}

void exchange_answer_all(struct exchange **ex, size_t count, int status, str type, str body)
{
	for (size_t i = 0; i < count; i++) {
		write_answer(ex[i], status, type, arena_str(ex[i]->arena, body));
		ex[i]->next = i + 1 < count ? ex[i + 1] : NULL;
	}
	if (count > 0)
		loop_post(ex[0]->server->loop, finish_all, ex[0]);
}

void exchange_drop(struct exchange *ex)
{
	if (ex->conn) {
		ex->conn->exchange = NULL;
		stream_kill(&ex->conn->stream);
	}
	exchange_free(ex);
}

struct arena *exchange_arena(struct exchange *ex)
{
	return ex->arena;
}
