/*
 * http_conn.c: one connection: from octets to requests, from answers to octets, and its time
 * limits.
 *
 * A conn reads one request at a time; what comes meanwhile waits in c->input. The one rule: only
 * settle() decides what becomes of octets that were not used, so every path through the states ends
 * there.
 */
#include "net/http_internal.h"
#include "net/ws_internal.h"

#include "base/clock.h"

enum { US_PER_MS = 1000 };

static struct conn *conn_of(struct stream *s)
{
	return (struct conn *)s;
}

void conn_enter(struct conn *c, enum conn_state state)
{
	c->state = state;
	c->since_us = clock_monotonic_us();
}

static void update_reading(struct conn *c)
{
	stream_set_reading(&c->stream,
	                   c->state != CONN_STORING && c->input.len < HTTP_PIPELINE_MAX);
}

/* Answers with a problem and closes behind it: where the request ends is not known any more. */
static void refuse(struct conn *c, int status, const char *detail)
{
	if (!c->exchange)
		c->exchange = exchange_create(c);
	c->exchange->keep_alive = false;
	exchange_refuse(c->exchange, status, detail);
}

static void body_came(struct conn *c)
{
	conn_enter(c, CONN_BUSY);
	exchange_dispatch(c->exchange);
}

static void store_body(struct conn *c)
{
	conn_enter(c, CONN_STORING);
	if (!upload_write(c->exchange))
		refuse(c, 503, "There is too much to do at the moment.");
}

static void take_body(struct conn *c, bytes *in)
{
	int status = 0;
	const char *detail = NULL;
	size_t before = in->len;
	enum body_result result = body_read(c->exchange, in, &status, &detail);

	c->body_octets += (int64_t)(before - in->len);
	if (result == BODY_REFUSED)
		refuse(c, status, detail);
	else if (result == BODY_FULL || (result == BODY_WHOLE && c->exchange->upload))
		store_body(c);
	else if (result == BODY_WHOLE)
		body_came(c);
}

static void free_piece(struct piece *piece)
{
	heap_free(piece);
}

/* Of the stream, not of the exchange: that may end before the stream does. */
static void send_continue(struct conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct piece *piece = HEAP_NEW(struct piece);

	*piece = (struct piece){ .data = (const uint8_t *)text,
		.len = sizeof text - 1,
		.release = free_piece };
	stream_send(&c->stream, piece);
}

static void read_on(struct conn *c)
{
	conn_enter(c, CONN_BODY);
	c->body_octets = 0;
	c->progress_us = c->since_us;
}

/* The head has been taken; `has_more`: octets behind it have come, so the client does not wait to
 * be told. */
static void start_request(struct conn *c, const struct head *head, bool has_more)
{
	struct exchange *ex = c->exchange;
	bool has_body = head->is_chunked || head->content_length > 0;
	const char *detail = NULL;
	int status = request_read(ex, head, &detail);

	if (status) {
		ex->keep_alive = ex->keep_alive && !has_body;
		exchange_refuse(ex, status, detail);
		return;
	}
	if (!has_body) {
		body_came(c);
		return;
	}
	read_on(c);
	if (head->expects_continue && !has_more)
		send_continue(c);
}

static void take_head(struct conn *c, bytes *in)
{
	struct head *head = &c->server->head;
	const char *detail = NULL;
	ptrdiff_t len = http_head_find(*in, &c->scanned, &detail);
	str text;
	int status;

	if (len == 0 && c->state == CONN_IDLE)
		conn_enter(c, CONN_HEAD);
	if (len < 0)
		refuse(c, (int)-len, detail);
	if (len <= 0)
		return;
	c->scanned = 0;
	c->exchange = exchange_create(c);
	text = arena_str(c->exchange->arena, (str){ (const char *)in->ptr, (size_t)len });
	in->ptr += len;
	in->len -= (size_t)len;
	status = http_head_parse(text, head);
	if (status)
		refuse(c, status, head->detail);
	else
		start_request(c, head, in->len > 0);
}

static bool wants_input(const struct conn *c)
{
	return c->state <= CONN_BODY && !c->stream.dead && c->stream.unsent < HTTP_UNSENT_MAX;
}

/* Uses what it can of in; answers how much. */
static size_t feed(struct conn *c, bytes in)
{
	bytes rest = in;
	size_t before = 0;

	c->is_feeding = true;
	while (rest.len != before && rest.len > 0 && wants_input(c)) {
		before = rest.len;
		if (c->state == CONN_BODY)
			take_body(c, &rest);
		else
			take_head(c, &rest);
	}
	c->is_feeding = false;
	return in.len - rest.len;
}

/* A peer that has ended its side gets what it is owed, and no more can come of it. */
static void settle_end(struct conn *c)
{
	if (c->state > CONN_BODY)
		return;
	if (c->stream.unsent > 0)
		conn_enter(c, CONN_CLOSING);
	else
		stream_kill(&c->stream);
}

/* rest: what feed() left, in c->input or fresh. */
static void settle(struct conn *c, bytes rest, bool is_fresh)
{
	if (c->state == CONN_WEBSOCKET && rest.len > 0)
		ws_input(c->ws, rest);
	if (c->state >= CONN_CLOSING)
		buf_done(&c->input);
	else if (is_fresh)
		buf_put(&c->input, rest.ptr, rest.len);
	else
		buf_eat(&c->input, c->input.len - rest.len);
	if (c->input.len == 0)
		buf_done(&c->input);
	if (c->stream.dead)
		return;
	update_reading(c);
	if (c->input_ended && c->stream.unsent < HTTP_UNSENT_MAX)
		settle_end(c);
}

void conn_resume(struct conn *c)
{
	size_t used;

	if (c->is_feeding || c->stream.dead)
		return;
	used = feed(c, buf_bytes(&c->input));
	settle(c, bytes_of(str_part(buf_text(&c->input), used, c->input.len)), false);
}

static void on_input(struct stream *s, bytes in)
{
	struct conn *c = conn_of(s);

	c->progress_us = clock_monotonic_us();
	if (c->state == CONN_WEBSOCKET) {
		ws_input(c->ws, in);
	} else if (c->input.len > 0) {
		buf_put(&c->input, in.ptr, in.len);
		conn_resume(c);
	} else {
		size_t used = feed(c, in);

		settle(c, (bytes){ in.ptr + used, in.len - used }, true);
	}
}

static void on_end(struct stream *s)
{
	struct conn *c = conn_of(s);

	c->input_ended = true;
	if (c->state == CONN_WEBSOCKET)
		ws_ended(c->ws);
	else if (c->state == CONN_LINGER)
		stream_kill(s);
	else if (c->stream.unsent < HTTP_UNSENT_MAX)
		settle_end(c);
}

static void on_sent(struct stream *s)
{
	struct conn *c = conn_of(s);

	if (c->state == CONN_SENDING) {
		pull_sent(c->exchange);
	} else if (c->state == CONN_CLOSING && c->input_ended) {
		stream_kill(s);
	} else if (c->state == CONN_CLOSING) {
		/* Closing at once would reset the connection if more input comes, and the answer
		 * would be lost with it. */
		stream_end_output(s);
		conn_enter(c, CONN_LINGER);
	} else if (c->state == CONN_WEBSOCKET) {
		ws_sent(c->ws);
	} else if (c->input.len > 0 || c->input_ended) {
		conn_resume(c);
	}
}

static void drop_exchange(struct conn *c)
{
	struct exchange *ex = c->exchange;

	if (!ex)
		return;
	ex->conn = NULL;
	if (c->state == CONN_BODY)
		exchange_free(ex);
	else if (c->state == CONN_SENDING)
		pull_orphan(ex);
	/* Otherwise a worker or a handler has it, and it ends there. */
}

static void on_gone(struct stream *s)
{
	struct conn *c = conn_of(s);
	struct http_server *server = c->server;

	drop_exchange(c);
	if (c->ws)
		ws_gone(c->ws);
	buf_done(&c->input);
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	heap_free(c);
	http_server_conn_gone(server);
}

static const struct stream_events conn_events = { on_input, on_end, on_sent, on_gone };

void conn_create(struct http_server *server, int fd, const char *remote)
{
	struct conn *c = HEAP_NEW(struct conn);
	SSL *ssl = server->tls ? SSL_new(server->tls) : NULL;

	c->server = server;
	c->next = server->conns;
	c->at = &server->conns;
	if (c->next)
		c->next->at = &c->next;
	server->conns = c;
	c->input = buf_heap(HTTP_PIPELINE_MAX + STREAM_READ_SIZE);
	memcpy(c->remote, remote, strlen(remote) + 1);
	conn_enter(c, CONN_IDLE);
	if (ssl)
		SSL_set_accept_state(ssl);
	c->stream.events = &conn_events;
	stream_init(&c->stream, server->loop, fd, ssl);
}

void conn_answered(struct conn *c, bool keep_alive)
{
	c->exchange = NULL;
	conn_enter(c, keep_alive ? CONN_IDLE : CONN_CLOSING);
	conn_resume(c);
}

void conn_stored(struct conn *c, bool failed)
{
	if (failed) {
		refuse(c, 503, "The body could not be stored.");
	} else if (body_is_whole(c->exchange)) {
		body_came(c);
	} else {
		read_on(c);
		conn_resume(c);
	}
}

static bool is_slow_body(const struct conn *c, int64_t now_us)
{
	const struct http_times *times = &c->server->times;
	int64_t took_ms = (now_us - c->since_us) / US_PER_MS;

	if (now_us - c->progress_us > times->body_ms * US_PER_MS)
		return true;
	return took_ms > times->rate_after_ms &&
	       c->body_octets * 1000 / took_ms < HTTP_BODY_RATE_MIN;
}

static bool is_handshaking(const struct conn *c)
{
	return c->stream.ssl && !SSL_is_init_finished(c->stream.ssl);
}

static bool has_expired(const struct conn *c, int64_t now_us)
{
	const struct http_times *times = &c->server->times;
	int64_t idle_ms = is_handshaking(c) ? times->head_ms : times->idle_ms;

	if (c->stream.unsent > 0 && now_us - c->stream.progress_us > times->body_ms * US_PER_MS)
		return true;
	if (c->state == CONN_IDLE)
		return now_us - c->since_us > idle_ms * US_PER_MS;
	return c->state == CONN_LINGER &&
	       now_us - c->since_us > (int64_t)HTTP_LINGER_MS * US_PER_MS;
}

void conn_check_time(struct conn *c, int64_t now_us)
{
	if (c->state == CONN_WEBSOCKET)
		ws_check_time(c->ws, now_us);
	else if (has_expired(c, now_us))
		stream_kill(&c->stream);
	else if (c->state == CONN_HEAD &&
	         now_us - c->since_us > c->server->times.head_ms * US_PER_MS)
		refuse(c, 408, "The header section took too long.");
	else if (c->state == CONN_BODY && is_slow_body(c, now_us))
		refuse(c, 408, "The body took too long.");
}

void conn_drain(struct conn *c)
{
	if (c->state == CONN_WEBSOCKET)
		ws_close(c->ws, 1001, S("The server restarts."));
	else if (c->state == CONN_IDLE && c->stream.unsent == 0)
		stream_kill(&c->stream);
	else if (c->state == CONN_IDLE)
		conn_enter(c, CONN_CLOSING);
}
