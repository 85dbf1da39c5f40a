/*
 * http_internal.h: what the files of the HTTP server share.
 *
 * A conn is a socket; an exchange is one request with its answer, in an arena of its own. The one
 * rule of threads: a conn is the loop's. An exchange is the loop's until it is handed to a worker
 * or a loop handler; from then until it is answered, its request and arena are that one's, and the
 * loop touches only ex->conn.
 */
#ifndef NET_HTTP_INTERNAL_H
#define NET_HTTP_INTERNAL_H

#include "net/http_parse.h"
#include "net/loop_internal.h"

#include <stdatomic.h>

#define HTTP_REMOTE_MAX 46                   /* INET6_ADDRSTRLEN */
#define HTTP_PIPELINE_MAX (64u << 10)        /* octets kept of requests that wait their turn */
#define HTTP_UNSENT_MAX \
	(256u << 10) /* answers waiting for a slow reader, before it is read no further */
#define HTTP_BODIES_MEMORY_MAX \
	(256u << 20) /* request bodies in memory, of all connections; 503 past it */
#define HTTP_LINGER_MS \
	2000 /* how long what still comes is dropped before a refused peer is closed */
#define HTTP_SPARE_MAX 512                   /* exchanges kept for the next requests */
#define HTTP_UPLOAD_PIECE (256u << 10)       /* octets gathered for one write to a temporary file */
#define HTTP_PULL_PIECE (64u << 10)          /* octets asked for at once from a response's next() */

struct ws;
struct upload;
struct pull;

struct exchange {
	struct exchange *next; /* in the list of the spare, or of those answered together */
	struct http_server *server;
	struct conn *conn; /* the loop's; NULL when the client has gone */
	struct arena *arena;
	struct request req;
	/* The body as it comes. */
	struct chunked chunked;
	struct buf body; /* heap */
	int64_t body_left, body_max;
	size_t charged; /* octets counted against HTTP_BODIES_MEMORY_MAX */
	bool is_chunked;
	struct upload *upload;
	/* The answer. */
	bool keep_alive, is_http10;
	unsigned allowed; /* bits of methods, for Allow */
	struct piece head, tail;
	struct pull *pull;
};

enum conn_state {
	CONN_IDLE,    /* between requests, nothing of the next has come */
	CONN_HEAD,    /* some of a head has come */
	CONN_BODY,
	CONN_STORING, /* a worker writes a part of the body to its file */
	CONN_BUSY,    /* a handler has the exchange */
	CONN_SENDING, /* a pulled body is on its way */
	CONN_CLOSING, /* the last answer is on its way */
	CONN_LINGER,  /* all is sent; what still comes is dropped */
	CONN_WEBSOCKET,
};

struct conn {
	struct stream stream; /* first: a stream is cast to its conn */
	struct http_server *server;
	struct conn *next, **at;
	struct exchange *exchange; /* from a whole head to its answer */
	struct ws *ws;
	struct buf input; /* heap; what has come and waits */
	size_t scanned;   /* of the head in input */
	int64_t since_us; /* when the state began */
	int64_t progress_us; /* when input last came */
	int64_t body_octets; /* of this body, for its rate */
	enum conn_state state;
	bool input_ended, is_feeding;
	char remote[HTTP_REMOTE_MAX];
};

struct http_server {
	struct loop *loop;
	struct http_config config;
	/* the loop's; NULL when the server ends, as they may have gone before */
	struct pool *workers;
	struct http_times times;
	const char *why; /* of a failed start */
	int listen_fd, port;
	struct event listening;
	struct loop_timer *pause; /* of accepting, while descriptors are out */
	SSL_CTX *tls;
	struct conn *conns;
	atomic_size_t conn_count;
	struct loop_timer *sweep;
	struct exchange *spare;
	size_t spare_count, spare_least; /* least since the last sweep: those are too many */
	size_t body_memory;
	size_t holders; /* exchanges under way, and the owner: the last one frees */
	atomic_bool is_draining;
	void (*drained)(void *arg);
	void *drained_arg;
	struct loop_timer *drain_timer;
	struct head head; /* of the request being read: too large for a stack frame or each conn */
};

/* http_conn.c */
void conn_create(struct http_server *server, int fd, const char *remote);
void conn_enter(struct conn *c, enum conn_state state);
/* Its exchange's answer has been queued whole; goes on to the next request, or to the end. */
void conn_answered(struct conn *c, bool keep_alive);
/* Goes on with what has come meanwhile. */
void conn_resume(struct conn *c);
/* A part of the body is in its file; failed: it is not. */
void conn_stored(struct conn *c, bool failed);
/* Closes what is late. */
void conn_check_time(struct conn *c, int64_t now_us);
void conn_drain(struct conn *c);

/* http_body.c: reads ex's body from in (moving it on). status: of a refusal. */
enum body_result { BODY_MORE, BODY_FULL, BODY_WHOLE, BODY_REFUSED };
enum body_result body_read(struct exchange *ex, bytes *in, int *status, const char **detail);
bool body_is_whole(const struct exchange *ex);
/* Gives its memory back. */
void body_release(struct exchange *ex);

/* http_upload.c: a body on its way to a temporary file. */
void upload_start(struct exchange *ex);
/* True when enough is gathered for a write. */
bool upload_add(struct upload *up, bytes data);
const char *upload_path(const struct upload *up);
/* Writes what was gathered, on a worker, then conn_stored(). False when no worker takes it. */
bool upload_write(struct exchange *ex);
/* Closes and removes the file; may block. NULL allowed. */
void upload_destroy(struct upload *up);
/* The same for the loop: on a worker if it can be. */
void upload_discard(struct http_server *server, struct upload *up);

/* http_exchange.c */
struct exchange *exchange_create(struct conn *c);
void exchange_free(struct exchange *ex);
/* Hands the whole request over, or refuses. */
void exchange_dispatch(struct exchange *ex);
/* Answers with a problem. */
void exchange_refuse(struct exchange *ex, int status, const char *detail);
/* Sends a head alone; the conn goes on as something else. */
void exchange_send(struct exchange *ex, bytes head);
/* On the loop: ex has been answered, by whatever thread. */
void exchange_finish(struct exchange *ex);

/* http_request.c: fills ex of a head that lies in its arena; 0 or a status. */
int request_read(struct exchange *ex, const struct head *head, const char **detail);

/* http_response.c: on the thread that owns ex. */
void response_init(struct response *res, struct arena *arena);
void response_write(struct exchange *ex, struct response *res);
void response_refuse(struct exchange *ex, int status, const char *detail);

/* http_pull.c: a body that is fetched piece by piece. */
bool response_is_pulled(const struct response *res);
int64_t response_pulled_size(const struct response *res);
/* On the worker: fetches the first piece. */
void pull_start(struct exchange *ex, struct response *res);
/* On the loop: what was fetched is queued; a conn that is gone drops it. */
void pull_deliver(struct exchange *ex);
/* On the loop: all that was queued has left. */
void pull_sent(struct exchange *ex);
void pull_orphan(struct exchange *ex);

/* http_server.c */
void http_server_hold(struct http_server *server);
/* Gives a worker something to do; false when none takes it. On the loop. */
bool http_server_post(struct http_server *server, struct task task);
/* To those whose work takes seconds. */
bool http_server_post_slow(struct http_server *server, struct task task);
void http_server_release(struct http_server *server);
void http_server_conn_gone(struct http_server *server);

/* ws_upgrade.c */
void ws_upgrade(struct exchange *ex);

#endif
