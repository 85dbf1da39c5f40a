/*
 * http_server.c: listening, accepting, the sweep over connections once a second, draining.
 *
 * Everything here is on the loop (or before it runs, or after it ended). The server lives until its
 * owner and the last exchange have let it go: an answer that comes late finds its memory.
 */
#include "net/address.h"
#include "net/http_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

enum {
	BACKLOG = 1024,
	ACCEPTS_A_TURN = 64,
	ACCEPT_PAUSE_MS = 100,
	SWEEP_MS = 1000,
	SWEEP_LEAST_MS = 10,
	RATE_AFTER_MS = 10000,
	SPARE_KEEP = 16,
};

void http_server_hold(struct http_server *server)
{
	server->holders++;
}

void http_server_release(struct http_server *server)
{
	if (--server->holders > 0)
		return;
	while (server->spare) {
		struct exchange *ex = server->spare;

		server->spare = ex->next;
		arena_destroy(ex->arena);
		heap_free(ex);
	}
	SSL_CTX_free(server->tls);
	heap_free(server);
}

bool http_server_post(struct http_server *server, struct task task)
{
	return server->workers && pool_post(server->workers, task);
}

bool http_server_post_slow(struct http_server *server, struct task task)
{
	return server->config.slow_workers ? pool_post(server->config.slow_workers, task)
					   : http_server_post(server, task);
}

static void drain_over(struct http_server *server)
{
	void (*done)(void *arg) = server->drained;

	server->drained = NULL;
	loop_cancel(server->drain_timer);
	server->drain_timer = NULL;
	if (done)
		done(server->drained_arg);
}

void http_server_conn_gone(struct http_server *server)
{
	if (atomic_fetch_sub(&server->conn_count, 1) == 1 && server->drained)
		drain_over(server);
	http_server_release(server);
}

size_t http_server_connections(const struct http_server *server)
{
	return atomic_load(&server->conn_count);
}

int http_server_port(const struct http_server *server)
{
	return server->port;
}

static void start_listening(void *arg)
{
	struct http_server *server = arg;

	server->pause = NULL;
	event_add(&server->listening, NULL);
}

/* Out of descriptors: the queue of the kernel waits for us, and we do not spin. */
static void pause_listening(struct http_server *server)
{
	log_warn("net: cannot accept: %s", strerror(errno));
	event_del(&server->listening);
	server->pause = loop_after(server->loop, ACCEPT_PAUSE_MS, start_listening, server);
}

static void accept_one(struct http_server *server, int fd, const struct sockaddr *peer)
{
	char remote[ADDRESS_TEXT_MAX];
	int on = 1;

	if (atomic_load(&server->conn_count) >= HTTP_CONNECTIONS_MAX) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	address_text(peer, remote);
	atomic_fetch_add(&server->conn_count, 1);
	http_server_hold(server);
	conn_create(server, fd, remote);
}

static void on_accept(evutil_socket_t listen_fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct sockaddr_storage peer;
		socklen_t len = sizeof peer;
		int fd = accept4(listen_fd, (struct sockaddr *)&peer, &len,
		                 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			accept_one(server, fd, (struct sockaddr *)&peer);
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_listening(server);
		if (fd < 0)
			return;
	}
}

/* Exchanges that were spare all the time since the last sweep go, by halves. */
static void trim_spare(struct http_server *server)
{
	size_t drop =
		server->spare_least > SPARE_KEEP ? (server->spare_least - SPARE_KEEP + 1) / 2 : 0;

	for (; drop > 0 && server->spare; drop--) {
		struct exchange *ex = server->spare;

		server->spare = ex->next;
		server->spare_count--;
		arena_destroy(ex->arena);
		heap_free(ex);
	}
	server->spare_least = server->spare_count;
}

static int64_t sweep_period(const struct http_times *times)
{
	int64_t least = times->head_ms < times->body_ms ? times->head_ms : times->body_ms;

	if (times->idle_ms < least)
		least = times->idle_ms;
	if (least / 4 >= SWEEP_MS)
		return SWEEP_MS;
	return least / 4 > SWEEP_LEAST_MS ? least / 4 : SWEEP_LEAST_MS;
}

static void on_sweep(void *arg)
{
	struct http_server *server = arg;
	int64_t now_us = clock_monotonic_us();
	struct conn *next;

	for (struct conn *c = server->conns; c; c = next) {
		next = c->next;
		if (!c->stream.dead)
			conn_check_time(c, now_us);
	}
	trim_spare(server);
	server->sweep = loop_after(server->loop, sweep_period(&server->times), on_sweep, server);
}

/* "host:port" or "[host]:port" into its halves. */
static bool split_listen(const char *listen, char host[256], char port[8])
{
	str s = str_of(listen);
	size_t colon = s.len;

	while (colon > 0 && s.ptr[colon - 1] != ':')
		colon--;
	str name = colon ? str_part(s, 0, colon - 1) : STR_NONE;
	str number = str_part(s, colon, s.len);

	if (name.len > 1 && name.ptr[0] == '[' && str_ends(name, S("]")))
		name = str_part(name, 1, name.len - 2);
	if (name.len == 0 || name.len > 255 || !str_is_digits(number) || number.len > 5)
		return false;
	snprintf(host, 256, STR_F, STR_A(name));
	snprintf(port, 8, STR_F, STR_A(number));
	return true;
}

static int open_listener(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int port_of(int fd)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
		return 0;
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

static enum err listen_on(struct http_server *server, const char *where, str *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE },
			*found = NULL;
	char host[256], port[8];

	*why = S("the address to listen on is not HOST:PORT");
	if (!split_listen(where, host, port))
		return ERR_INPUT;
	*why = S("the host to listen on is not known here");
	if (getaddrinfo(str_is(str_of(host), S("*")) ? NULL : host, port, &hints, &found) != 0)
		return ERR_INPUT;
	server->listen_fd = open_listener(found);
	freeaddrinfo(found);
	*why = S("the port cannot be listened on: it may be taken, or the address is not ours");
	if (server->listen_fd < 0)
		return ERR_INPUT;
	server->port = port_of(server->listen_fd);
	return OK;
}

static enum err load_tls(struct http_server *server, str *why)
{
	const struct http_config *config = &server->config;
	SSL_CTX *context;

	if (!config->tls_certificate && !config->tls_key)
		return OK;
	*why = S("the TLS certificate and key cannot be read, or do not belong together");
	if (!config->tls_certificate || !config->tls_key)
		return ERR_INPUT;
	context = tls_server_context(config->tls_certificate, config->tls_key);
	if (!context)
		return ERR_INPUT;
	SSL_CTX_free(server->tls);
	server->tls = context;
	return OK;
}

enum err http_server_reload_tls(struct http_server *server)
{
	str why;

	return load_tls(server, &why);
}

static int64_t time_or(int64_t given, int64_t otherwise)
{
	return given > 0 ? given : otherwise;
}

static enum err start(struct http_server *server, const char *listen, str *why)
{
	TRY(load_tls(server, why));
	TRY(listen_on(server, listen, why));
	event_assign(&server->listening, loop_base(server->loop), server->listen_fd,
	             EV_READ | EV_PERSIST, on_accept, server);
	event_add(&server->listening, NULL);
	server->sweep = loop_after(server->loop, sweep_period(&server->times), on_sweep, server);
	*why = STR_NONE;
	return OK;
}

enum err http_server_create(struct loop *loop, const char *listen, const struct http_config *config,
			    struct http_server **out, str *why)
{
	struct http_server *server = HEAP_NEW(struct http_server);
	enum err e;

	server->loop = loop;
	server->config = *config;
	server->workers = config->workers;
	server->listen_fd = -1;
	server->holders = 1;
	server->times = (struct http_times){
		.head_ms = time_or(config->times.head_ms, HTTP_HEAD_TIMEOUT_MS),
		.body_ms = time_or(config->times.body_ms, HTTP_BODY_TIMEOUT_MS),
		.idle_ms = time_or(config->times.idle_ms, HTTP_IDLE_TIMEOUT_MS),
		.rate_after_ms = time_or(config->times.rate_after_ms, RATE_AFTER_MS),
	};
	e = start(server, listen, why);
	if (e != OK)
		http_server_release(server);
	*out = e == OK ? server : NULL;
	return e;
}

static void stop_listening(struct http_server *server)
{
	if (server->listen_fd < 0)
		return;
	loop_cancel(server->pause);
	server->pause = NULL;
	event_del(&server->listening);
	close(server->listen_fd);
	server->listen_fd = -1;
}

static void on_drain_deadline(void *arg)
{
	struct http_server *server = arg;

	server->drain_timer = NULL;
	drain_over(server);
}

void http_server_drain(struct http_server *server, int64_t deadline_ms, void (*done)(void *arg),
                       void *arg)
{
	int64_t left_ms = deadline_ms - clock_now_ms();

	stop_listening(server);
	atomic_store(&server->is_draining, true);
	server->drained = done;
	server->drained_arg = arg;
	for (struct conn *c = server->conns; c; c = c->next)
		conn_drain(c);
	server->drain_timer = loop_after(server->loop, server->conns && left_ms > 0 ? left_ms : 0,
	                                 on_drain_deadline, server);
}

void http_server_destroy(struct http_server *server)
{
	if (!server)
		return;
	stop_listening(server);
	loop_cancel(server->sweep);
	loop_cancel(server->drain_timer);
	server->drained = NULL;
	server->workers = NULL;
	for (struct conn *c = server->conns; c; c = c->next)
		stream_kill(&c->stream);
	if (!loop_is_here(server->loop))
		/* the owners of WebSockets hear of it while they are there */
		loop_settle(server->loop);
	http_server_release(server);
}
