/*
 * http_pull.c: an answer whose body is fetched piece by piece: a file, or a handler's next().
 *
 * A worker fetches a piece, the loop sends it, and only when it has left is the next one fetched: a
 * slow reader costs one piece of memory. The one rule: between pull_fetch's post and pull_deliver
 * the worker owns the pull.
 */
#include "net/http_internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { FETCH_AGAIN_MS = 20, CHUNK_HEAD_MAX = 16 };

struct pull {
	ptrdiff_t (*next)(void *arg, uint8_t *out, size_t max);
	void (*next_done)(void *arg);
	void *arg;
	int64_t left; /* octets still owed; below 0: not known */
	bool is_chunked, is_out, has_failed; /* is_out: a worker has it */
	bool has_begun, is_last;
	size_t from, len;                    /* of data: what was fetched, framed */
	struct loop_timer *retry;            /* while no worker takes it */
	struct piece piece;
	uint8_t data[CHUNK_HEAD_MAX + HTTP_PULL_PIECE + 8];
};

struct file_source {
	int fd;
	int64_t at;
};

static ptrdiff_t file_next(void *arg, uint8_t *out, size_t max)
{
	struct file_source *source = arg;
	ssize_t n;

	do
		n = pread(source->fd, out, max, source->at);
	while (n < 0 && errno == EINTR);
	source->at += n > 0 ? n : 0;
	return n;
}

static void file_done(void *arg)
{
	struct file_source *source = arg;

	close(source->fd);
	heap_free(source);
}

bool response_is_pulled(const struct response *res)
{
	return res->file >= 0 || res->next;
}

int64_t response_pulled_size(const struct response *res)
{
	return res->file >= 0 ? res->file_size : res->next_size;
}

static struct pull *pull_create(const struct response *res)
{
	struct pull *pull = HEAP_NEW(struct pull);

	pull->left = response_pulled_size(res);
	if (res->file >= 0) {
		struct file_source *source = HEAP_NEW(struct file_source);

		*source = (struct file_source){ res->file, res->file_from };
		pull->next = file_next;
		pull->next_done = file_done;
		pull->arg = source;
	} else {
		pull->next = res->next;
		pull->next_done = res->next_done;
		pull->arg = res->next_arg;
	}
	return pull;
}

/* "SIZE\r\n" before what was fetched and "\r\n" behind it; a size of 0 ends the body. */
static void frame_chunk(struct pull *pull, size_t n)
{
	char head[CHUNK_HEAD_MAX];
	size_t len = (size_t)snprintf(head, sizeof head, "%zx\r\n", n);

	pull->from = CHUNK_HEAD_MAX - len;
	memcpy(pull->data + pull->from, head, len);
	memcpy(pull->data + CHUNK_HEAD_MAX + n, "\r\n", 2);
	pull->len = len + n + 2;
}

static void fetch(struct pull *pull)
{
	size_t max = pull->left >= 0 && pull->left < HTTP_PULL_PIECE ? (size_t)pull->left
	                                                             : HTTP_PULL_PIECE;
	ptrdiff_t n = max ? pull->next(pull->arg, pull->data + CHUNK_HEAD_MAX, max) : 0;

	pull->has_failed = n < 0 || (n == 0 && pull->left > 0);
	if (pull->has_failed)
		return;
	pull->from = CHUNK_HEAD_MAX;
	pull->len = (size_t)n;
	if (pull->is_chunked)
		frame_chunk(pull, (size_t)n);
	if (pull->left > 0)
		pull->left -= n;
	pull->is_last = pull->left == 0 || n == 0;
}

void pull_start(struct exchange *ex, struct response *res)
{
	ex->pull = pull_create(res);
	ex->pull->is_chunked = ex->pull->left < 0 && !ex->is_http10;
	fetch(ex->pull);
}

static void pull_free(struct pull *pull)
{
	if (pull->next_done)
		pull->next_done(pull->arg);
	heap_free(pull);
}

static enum err run_free(struct job *job, void *arg)
{
	(void)job;
	pull_free(arg);
	return OK;
}

static void drop_free(void *arg)
{
	pull_free(arg);
}

/* The source may close files and such: on a worker if there is one. */
static void end(struct exchange *ex)
{
	struct pull *pull = ex->pull;

	ex->pull = NULL;
	if (!http_server_post(ex->server, (struct task){ "pull end", run_free, drop_free, pull }))
		pull_free(pull);
	exchange_free(ex);
}

static void delivered(void *arg)
{
	pull_deliver(arg);
}

static enum err run_fetch(struct job *job, void *arg)
{
	struct exchange *ex = arg;

	(void)job;
	fetch(ex->pull);
	loop_post(ex->server->loop, delivered, ex);
	return OK;
}

static void drop_fetch(void *arg)
{
	struct exchange *ex = arg;

	ex->pull->has_failed = true;
	loop_post(ex->server->loop, delivered, ex);
}

static void send_piece(struct exchange *ex)
{
	struct pull *pull = ex->pull;
	struct stream *s = &ex->conn->stream;

	if (!pull->has_begun)
		stream_send(s, &ex->head);
	pull->has_begun = true;
	pull->piece = (struct piece){ .data = pull->data + pull->from, .len = pull->len };
	stream_send(s, &pull->piece);
}

void pull_deliver(struct exchange *ex)
{
	struct conn *c = ex->conn;

	ex->pull->is_out = false;
	if (c && ex->pull->has_failed)
		stream_kill(&c->stream);
	if (!c || c->stream.dead) {
		if (c)
			c->exchange = NULL;
		end(ex);
		return;
	}
	if (c->state != CONN_SENDING)
		conn_enter(c, CONN_SENDING);
	send_piece(ex);
}

static void fetch_next(void *arg)
{
	struct exchange *ex = arg;
	struct task task = { "pull", run_fetch, drop_fetch, ex };

	ex->pull->retry = NULL;
	if (!http_server_post(ex->server, task))
		ex->pull->retry = loop_after(ex->server->loop, FETCH_AGAIN_MS, fetch_next, ex);
}

void pull_sent(struct exchange *ex)
{
	struct conn *c = ex->conn;
	bool keep_alive = ex->keep_alive;

	if (ex->pull->is_out)
		return;
	if (ex->pull->is_last) {
		end(ex);
		conn_answered(c, keep_alive);
	} else {
		ex->pull->is_out = true;
		fetch_next(ex);
	}
}

void pull_orphan(struct exchange *ex)
{
	bool is_waiting = ex->pull->retry;

	loop_cancel(ex->pull->retry);
	if (is_waiting || !ex->pull->is_out)
		end(ex);
}
