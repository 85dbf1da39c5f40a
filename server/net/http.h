/*
 * http.h: the HTTP/1.1 server (RFC 9112), strict.
 *
 * The loop reads and frames requests; a route table (given by api/) says who handles each: on a
 * request worker as a job (the usual), or on the loop itself for the few that are quick and
 * asynchronous (intake, WebSocket upgrades). Refused with a problem answer and a close: conflicting
 * or repeated Content-Length, Content-Length with Transfer-Encoding, folded headers, missing or
 * repeated Host, bad chunk framing, control octets, oversize. Pipelined requests are answered in
 * order; a connection has one request under way at a time.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/buf.h"
#include "net/loop.h"
#include "runtime/pool.h"

#define HTTP_TARGET_MAX 8192
#define HTTP_HEAD_MAX 32768
#define HTTP_HEADERS_MAX 100
#define HTTP_BODY_MEMORY_MAX (3u << 20)   /* larger bodies only where a route streams to a file */
#define HTTP_HEAD_TIMEOUT_MS 10000        /* first octet to end of head: slow-loris */
#define HTTP_BODY_TIMEOUT_MS 30000        /* without progress */
#define HTTP_BODY_RATE_MIN 1024           /* octets a second, averaged, after the first 10 s */
#define HTTP_IDLE_TIMEOUT_MS 75000
#define HTTP_CONNECTIONS_MAX 20000
#define HTTP_PARAMS_MAX 8

/* The time limits of one server; 0 in a field: the default above. Tests set short ones. */
struct http_times {
	int64_t head_ms, body_ms, idle_ms;
	int64_t rate_after_ms; /* when HTTP_BODY_RATE_MIN begins to count: 10 s */
};

struct header { str name, value; };

enum http_method {
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHODS
};

struct conn; /* a connection; on the loop only */

/* A request; lives as long as its job (worker routes) or call (loop routes). */
struct request {
	enum http_method method;
	str target, path, query;      /* path percent-decoded but for %2F; query raw, without '?' */
	const struct header *headers;
	size_t header_count;
	bytes body;                   /* in memory … */
	/* … or, if ROUTE_STREAM_BODY and not empty, in a file that goes with the request */
	const char *body_path;
	int64_t body_size;
	/* address of the peer; of the client when it comes by a trusted proxy */
	str remote;
	bool secure;
	str params[HTTP_PARAMS_MAX];  /* values of {…} in the route's pattern, decoded */
	const struct route *route;
};

/* The answer, filled by the handler. */
struct response {
	int status;                   /* 200 if not set */
	/* extra header lines, each "Name: value\r\n", by response_header() */
	struct buf head;
	struct buf body;              /* in the job's arena */
	str type;                     /* "application/json" if none */
	const void *static_body;      /* instead of body: memory that outlives the connection */
	size_t static_size;
	/* instead of body: an open descriptor, closed by net; -1: none */
	int file;
	int64_t file_from, file_size;
	bool close;                   /* close the connection behind it */
	/* Pull instead of body: net calls next on a request worker until it answers 0; for sealed
	 * media. Below 0: the body cannot be completed, the connection is cut. next_arg outlives
	 * the job; next_done is called once. */
	ptrdiff_t (*next)(void *arg, uint8_t *out, size_t max);
	/* may be NULL; on a worker, or on the loop when none is to be had */
	void (*next_done)(void *arg);
	void *next_arg;
	int64_t next_size;            /* octets in all; below 0: not known, sent chunked */
};

enum route_flags {
	ROUTE_ON_LOOP = 1,       /* loop_handler instead of handler */
	ROUTE_STREAM_BODY = 2,   /* bodies go to a temporary file; up to body_max */
	ROUTE_WEBSOCKET = 4,     /* an upgrade: ws_handler */
	ROUTE_SLOW = 8,          /* seconds of work: its handler runs on slow_workers */
};

struct exchange; /* an answer owed by a loop route */
struct ws;

struct route {
	enum http_method method;
	/* "/api/v1/messages/{id}"; "{*}" at the end takes the rest, "v{n}" what is like v24.0 */
	const char *pattern;
	enum err (*handler)(struct job *job, const struct request *req, struct response *res);
	uint64_t permission;     /* for api/; 0: public */
	unsigned flags;
	size_t body_max;         /* 0: HTTP_BODY_MEMORY_MAX */
	/* ROUTE_ON_LOOP: must not block; answers now or later by exchange_answer(), from any
	 * thread, exactly once. The request lives until then. */
	void (*loop_handler)(const struct request *req, struct exchange *ex);
	/* ROUTE_WEBSOCKET: on the loop after the handshake was checked; see ws.h. */
	void (*ws_handler)(const struct request *req, struct ws *ws);
};

struct http_config {
	const struct route *routes;
	size_t route_count;
	struct pool *workers;
	struct pool *slow_workers; /* of ROUTE_SLOW; NULL: the workers above */
	/* Runs a worker route: permission checks, problem answers. Called on the worker with the
	 * job made. */
	void (*serve)(struct job *job, const struct request *req, struct response *res);
	/* Answers what net itself refuses (400, 403, 404, 405, 408, 413, 414, 417, 426, 431, 501,
	 * 503, 505): fills res.body with a problem. On the loop or a worker. */
	void (*refuse)(struct arena *arena, int status, const char *detail, struct response *res);
	const char *temporary_folder;
	/* address whose X-Forwarded-For and -Proto count; NULL: none */
	const char *trusted_proxy;
	const char *tls_certificate, *tls_key; /* PEM files; both NULL: plain */
	struct http_times times;
};

struct http_server;

/* listen: "127.0.0.1:8080", "[::1]:0". ERR_INPUT with *why in a static text when it cannot. */
enum err http_server_create(struct loop *loop, const char *listen, const struct http_config *config,
			    struct http_server **out, str *why);
int http_server_port(const struct http_server *server);
/* Reads certificate and key again (SIGHUP); the old ones stay when that fails. On the loop. */
enum err http_server_reload_tls(struct http_server *server);
/* Stops accepting, lets what is under way finish, closes idle ones; done(arg) on the loop when none
 * is left or deadline_ms passed. */
void http_server_drain(struct http_server *server, int64_t deadline_ms, void (*done)(void *arg),
                       void *arg);
/* On the loop, or when it does not run any more; then config->workers may have gone before. What is
 * open is cut off: on_close of WebSockets comes before this returns (on the loop: at the end of the
 * turn). */
void http_server_destroy(struct http_server *server);
size_t http_server_connections(const struct http_server *server);

/* Any thread. The first header of that name (case-insensitive), or STR_NONE. */
str request_header(const struct request *req, str name);
/* A query parameter, percent-decoded into the arena; STR_NONE when absent. */
str request_query(struct arena *arena, const struct request *req, const char *name);
str request_cookie(const struct request *req, str name);
/* refuses control octets in value */
void response_header(struct response *res, str name, str value);

/* Answers a loop route; any thread. body is copied. The exchange is gone after. */
void exchange_answer(struct exchange *ex, int status, str type, str body);
/* Many at once with one wake of the loop, all with the same answer. */
void exchange_answer_all(struct exchange **ex, size_t count, int status, str type, str body);
/* Closes the connection without an answer, for those who play a broken network. On the loop; the
 * exchange is gone after. */
void exchange_drop(struct exchange *ex);
/* Memory of the exchange, lives until it is answered. On the loop. */
struct arena *exchange_arena(struct exchange *ex);

/* Route table test hook: finds the route for a path as it stands in a request line, still encoded,
 * and fills params with raw text; NULL when none (*allowed gets the method bits of routes whose
 * pattern fits). The most literal pattern wins; HEAD is served by GET. */
const struct route *route_find(const struct route *routes, size_t count, enum http_method method,
                               str path, str params[HTTP_PARAMS_MAX], unsigned *allowed);
const char *http_method_name(enum http_method method);
const char *http_status_text(int status);

#endif
