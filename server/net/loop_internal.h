/*
 * loop_internal.h: what the files of net/ use of the loop, and the stream: one socket, plain or
 * TLS.
 *
 * A stream queues output by reference and writes all of it at the end of the loop's turn, so ten
 * answers or frames made in one turn leave in one system call. The one rule: nothing frees a stream
 * within a turn; stream_kill() marks it, and on_gone comes at the end of the turn. So a handler may
 * kill the very stream it was called for.
 *
 * Plain libevent events drive both kinds: a bufferevent would cost an evbuffer pair (about 1 kB) on
 * each idle socket.
 */
#ifndef NET_LOOP_INTERNAL_H
#define NET_LOOP_INTERNAL_H

#include "base/buf.h"
#include "net/loop.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>

#define STREAM_READ_SIZE (64u << 10) /* octets taken from a socket at once */
#define STREAM_WRITE_PIECES 64       /* pieces given to one write */

/* Does now what the end of a turn does: for a loop that does not run any more. */
void loop_settle(struct loop *loop);
/* What must end before the loop does: fn is called by loop_destroy, unless it was taken off the
 * list. */
struct loop_ending {
	struct loop_ending *next, **at;
	void (*fn)(struct loop_ending *ending);
};
void loop_add_ending(struct loop *loop, struct loop_ending *ending);
void loop_remove_ending(struct loop_ending *ending);

/* The loop's one input buffer, STREAM_READ_SIZE octets; valid until the handler returns. */
uint8_t *loop_input(struct loop *loop);
/* A place for something that the loop's users share, and how it is given back at the end; on the
 * loop. */
struct loop_slot {
	void *what;
	void (*destroy)(void *what);
};
struct loop_slot *loop_reader_slot(struct loop *loop);
/* Resolves names for ws_connect, off the loop. */
struct pool;
struct pool *loop_resolver(struct loop *loop);
/* TLS context of outgoing connections: system roots (or SSL_CERT_FILE), TLS 1.2 up. */
SSL_CTX *loop_client_tls(struct loop *loop);

/* Output that waits; release is called when it has left or the stream has died. */
struct piece {
	struct piece *next;
	const uint8_t *data;
	size_t len;
	void (*release)(struct piece *piece); /* may be NULL */
};

struct stream;
struct stream_events {
	/* in lives until the handler returns; what is not used must be copied. */
	void (*on_input)(struct stream *s, bytes in);
	void (*on_end)(struct stream *s);  /* the other side sends no more */
	void (*on_sent)(struct stream *s); /* all that was queued has left */
	/* the last word: socket closed, pieces released; free it */
	void (*on_gone)(struct stream *s);
};

struct stream {
	const struct stream_events *events;
	struct loop *loop;
	SSL *ssl; /* NULL: plain */
	struct event event;
	struct late late;
	struct piece *first, *last;
	size_t unsent;       /* octets queued … */
	size_t pieces;       /* … in so many pieces */
	int64_t progress_us; /* when output last moved, or was first queued */
	int fd;
	short armed;         /* EV_READ, EV_WRITE as registered */
	bool reading, blocked, waits_for_input, ended, dead;
};

/* Takes fd (non-blocking) and ssl over; starts reading. */
void stream_init(struct stream *s, struct loop *loop, int fd, SSL *ssl);
void stream_send(struct stream *s, struct piece *piece); /* leaves at the end of the turn */
/* At the end of a turn: writes at once where nothing waits before, and answers how many octets have
 * left; the rest is for stream_send(). */
struct iovec;
size_t stream_write(struct stream *s, struct iovec *parts, size_t count);
void stream_set_reading(struct stream *s, bool reading);
/* Sends FIN behind what has left already. */
void stream_end_output(struct stream *s);
void stream_kill(struct stream *s);

/* tls.c. Contexts are shared by their connections; NULL when the files do not make one. */
SSL_CTX *tls_server_context(const char *certificate, const char *key);
SSL_CTX *tls_client_context(void);
/* A client's connection to host: SNI, and the name is verified. */
SSL *tls_client_connection(SSL_CTX *context, const char *host);

#endif
