/*
 * stream.c: reading and writing one socket, plain or TLS; see loop_internal.h.
 *
 * The one rule: output is written only by flush(), at the end of a turn or when the socket takes
 * more again.
 */
#include "net/loop_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	READS_A_TURN = 4, /* so that one busy socket does not starve the others */
	TLS_RECORD_MAX = 16384,
};

static void on_event(evutil_socket_t fd, short what, void *arg);

/* Registers what the stream waits for, if that has changed. */
static void arm(struct stream *s)
{
	short want = (short)((s->reading && !s->ended ? EV_READ : 0) | (s->blocked ? EV_WRITE : 0));

	if (s->dead || want == s->armed)
		return;
	if (s->armed)
		event_del(&s->event);
	s->armed = want;
	if (!want)
		return;
	event_assign(&s->event, loop_base(s->loop), s->fd, (short)(want | EV_PERSIST), on_event, s);
	event_add(&s->event, NULL);
}

static void release_first(struct stream *s)
{
	struct piece *piece = s->first;

	s->first = piece->next;
	if (!s->first)
		s->last = NULL;
	s->unsent -= piece->len;
	s->pieces--;
	if (piece->release)
		piece->release(piece);
}

static void bury(struct stream *s)
{
	while (s->first)
		release_first(s);
	SSL_free(s->ssl);
	close(s->fd);
	s->events->on_gone(s);
}

void stream_kill(struct stream *s)
{
	if (s->dead)
		return;
	if (s->armed)
		event_del(&s->event);
	s->armed = 0;
	s->dead = true;
	loop_late(s->loop, &s->late);
}

/* Octets written, 0 when the socket is full, -1 when it is broken. */
static ssize_t write_parts(const struct stream *s, struct iovec *parts, size_t count)
{
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
	ssize_t n;

	do
		n = sendmsg(s->fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n >= 0 ? n : errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
}

static ssize_t write_plain(const struct stream *s)
{
	struct iovec parts[STREAM_WRITE_PIECES];
	size_t count = 0;

	for (struct piece *p = s->first; p && count < STREAM_WRITE_PIECES; p = p->next)
		parts[count++] = (struct iovec){ (void *)(uintptr_t)p->data, p->len };
	return write_parts(s, parts, count);
}

size_t stream_write(struct stream *s, struct iovec *parts, size_t count)
{
	ssize_t n;

	if (s->first || s->blocked || s->ssl || s->dead)
		return 0;
	n = write_parts(s, parts, count);
	if (n < 0)
		stream_kill(s);
	else if (n == 0)
		s->blocked = true;
	if (s->blocked)
		arm(s);
	return n > 0 ? (size_t)n : 0;
}

/* Small pieces share a record. A write that is tried again finds the same octets first, as OpenSSL
 * wants it. */
static bytes gather(struct stream *s)
{
	/* free: output is never written while input is handled */
	uint8_t *record = loop_input(s->loop);
	size_t len = 0;

	if (!s->first->next || s->first->len >= TLS_RECORD_MAX)
		return (bytes){ s->first->data, s->first->len };
	for (struct piece *p = s->first; p && p->len <= TLS_RECORD_MAX - len; p = p->next) {
		if (p->len)
			memcpy(record + len, p->data, p->len);
		len += p->len;
	}
	return (bytes){ record, len };
}

static ssize_t write_tls(struct stream *s)
{
	bytes record = gather(s);
	size_t n = 0;
	int why;

	ERR_clear_error();
	if (SSL_write_ex(s->ssl, record.ptr, record.len, &n))
		return (ssize_t)n;
	why = SSL_get_error(s->ssl, 0);
	/* a handshake: being writable would not help */
	s->waits_for_input = why == SSL_ERROR_WANT_READ;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void wrote(struct stream *s, size_t n)
{
	s->progress_us = clock_monotonic_us();
	while (s->first && n >= s->first->len) {
		n -= s->first->len;
		release_first(s);
	}
	if (s->first) {
		s->first->data += n;
		s->first->len -= n;
		s->unsent -= n;
	}
}

static void flush(struct stream *s)
{
	bool had_output = s->first;

	s->waits_for_input = false;
	while (s->first && !s->blocked && !s->waits_for_input && !s->dead) {
		ssize_t n = s->first->len == 0 ? 0 : s->ssl ? write_tls(s) : write_plain(s);

		if (n < 0)
			stream_kill(s);
		else if (n == 0 && s->first->len > 0)
			s->blocked = !s->waits_for_input;
		else
			wrote(s, (size_t)n);
	}
	arm(s);
	if (had_output && !s->first && !s->dead)
		s->events->on_sent(s);
}

static void on_late(struct late *late)
{
	struct stream *s = (struct stream *)((char *)late - offsetof(struct stream, late));

	if (s->dead)
		bury(s);
	else
		flush(s);
}

void stream_send(struct stream *s, struct piece *piece)
{
	piece->next = NULL;
	if (s->last)
		s->last->next = piece;
	else
		s->first = piece;
	if (s->unsent == 0)
		s->progress_us = clock_monotonic_us();
	s->last = piece;
	s->unsent += piece->len;
	s->pieces++;
	if (!s->blocked)
		loop_late(s->loop, &s->late);
}

static void end_input(struct stream *s)
{
	s->ended = true;
	arm(s);
	s->events->on_end(s);
}

/* Octets read, 0 when there are none now, -1 when no more will come (the stream has been told). */
static ssize_t read_plain(struct stream *s, uint8_t *into)
{
	ssize_t n = recv(s->fd, into, STREAM_READ_SIZE, 0);

	if (n > 0)
		return n;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n == 0)
		end_input(s);
	else
		stream_kill(s);
	return -1;
}

static ssize_t read_tls(struct stream *s, uint8_t *into)
{
	size_t n = 0;

	ERR_clear_error();
	if (SSL_read_ex(s->ssl, into, STREAM_READ_SIZE, &n))
		return (ssize_t)n;
	switch (SSL_get_error(s->ssl, 0)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		s->blocked = true;
		arm(s);
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		end_input(s);
		return -1;
	default:
		stream_kill(s);
		return -1;
	}
}

/* More may lie in the socket, or already decrypted in the TLS layer, which no event would tell of.
 */
static bool may_have_more(const struct stream *s, ssize_t n)
{
	return s->ssl || n == STREAM_READ_SIZE;
}

static void read_some(struct stream *s)
{
	uint8_t *into = loop_input(s->loop);

	for (int i = 0; i < READS_A_TURN && s->reading && !s->ended && !s->dead; i++) {
		ssize_t n = s->ssl ? read_tls(s, into) : read_plain(s, into);

		if (n <= 0)
			return;
		s->events->on_input(s, (bytes){ into, (size_t)n });
		if (!may_have_more(s, n))
			return;
	}
	if (s->ssl && s->armed & EV_READ && !s->dead)
		event_active(&s->event, EV_READ, 0);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	if (what & EV_WRITE) {
		s->blocked = false;
		flush(s);
	}
	/* A TLS handshake that waited to write goes on by reading. */
	if ((what & EV_READ || s->ssl) && !s->dead)
		read_some(s);
	if (s->waits_for_input && !s->dead)
		loop_late(s->loop, &s->late);
}

void stream_init(struct stream *s, struct loop *loop, int fd, SSL *ssl)
{
	s->loop = loop;
	s->fd = fd;
	s->ssl = ssl;
	s->late.fn = on_late;
	s->reading = true;
	s->progress_us = clock_monotonic_us();
	if (ssl)
		SSL_set_fd(ssl, fd);
	arm(s);
}

void stream_set_reading(struct stream *s, bool reading)
{
	bool resumed = reading && !s->reading;

	s->reading = reading;
	arm(s);
	if (resumed && s->ssl && s->armed & EV_READ)
		event_active(&s->event, EV_READ, 0);
}

void stream_end_output(struct stream *s)
{
	if (s->dead)
		return;
	if (s->ssl)
		SSL_shutdown(s->ssl);
	shutdown(s->fd, SHUT_WR);
}
