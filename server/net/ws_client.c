/*
 * ws_client.c: opening a WebSocket to another server: name, address, TCP, TLS, handshake, in that
 * order.
 *
 * Names are resolved by a small pool of the loop, all else is on the loop. The one rule: from
 * ws_connect's OK on, exactly one on_close follows, whatever happens.
 */
#include "net/address.h"
#include "net/http_parse.h"
#include "net/proxy.h"
#include "net/ws_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "runtime/pool.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum {
	TARGETS_MAX = 8,
	CONNECT_TIMEOUT_MS = 15000,
	REPLY_HEAD_MAX = 16u << 10,
	CHECK_STEP_MS = 1000,
	KEY_SIZE = 16,
	URL_MAX = 2048,
};

struct client {
	struct stream stream; /* first: a stream is cast to its client */
	struct loop *loop;
	struct ws *ws;
	struct loop_ending ending;
	void (*on_open)(struct ws *ws, void *owner);
	void *owner;
	/* Until it is open: */
	struct arena *arena;
	char *host, *port;      /* of whom we connect to: the server, or the proxy */
	char *server, *server_port;
	struct proxy proxy;
	struct proxy_talk talk;
	struct buf proxy_says;  /* in the arena */
	bool is_secure, allow_private, is_open, has_stream, is_resolving, is_over;
	str request, key;
	struct piece piece;
	struct buf reply;
	size_t scanned;
	struct target {
		struct sockaddr_storage address;
		socklen_t len;
	} *targets;
	size_t target_count, target_next;
	int connecting_fd;
	struct event connecting;
	struct loop_timer *timer; /* of the whole opening; then of silence and of closing */
	char remote[ADDRESS_TEXT_MAX];
};

static void stop_connecting(struct client *c)
{
	if (c->connecting_fd < 0)
		return;
	event_del(&c->connecting);
	close(c->connecting_fd);
	c->connecting_fd = -1;
}

static void client_free(struct client *c)
{
	loop_cancel(c->timer);
	loop_remove_ending(&c->ending);
	stop_connecting(c);
	buf_done(&c->reply);
	ws_gone(c->ws);
	arena_destroy(c->arena);
	heap_free(c);
}

/* Ends it from any state; a name that is being resolved ends it when it comes back. */
static void end(struct client *c, const char *why)
{
	if (!c->is_over && why)
		ws_set_reason(c->ws, str_of(why));
	c->is_over = true;
	if (c->has_stream)
		stream_kill(&c->stream);
	else if (!c->is_resolving)
		client_free(c);
}

static void on_timeout(void *arg)
{
	struct client *c = arg;

	c->timer = NULL;
	end(c, "It took too long to connect.");
}

static void on_loop_end(struct loop_ending *ending)
{
	end((struct client *)((char *)ending - offsetof(struct client, ending)),
	    "The program ends.");
}

static void on_check(void *arg);

/* When there will be something to do, and not before: hundreds of connections are idle. At the same
 * moment of a second for all of them, so that the loop wakes once. */
static void plan_check(struct client *c)
{
	int64_t now_ms = clock_monotonic_us() / 1000, due_ms = ws_due_us(c->ws) / 1000 + 1;

	due_ms += CHECK_STEP_MS - due_ms % CHECK_STEP_MS;
	loop_cancel(c->timer);
	c->timer = loop_after(c->loop, due_ms > now_ms ? due_ms - now_ms : 0, on_check, c);
}

static void on_check(void *arg)
{
	struct client *c = arg;

	c->timer = NULL;
	ws_check_time(c->ws, clock_monotonic_us());
	if (!c->stream.dead)
		plan_check(c);
}

static void on_closing(struct stream *s)
{
	plan_check((struct client *)s);
}

/* The handshake. */

static str header_of(str head, str name)
{
	while (head.len > 0) {
		str line = str_trim(str_split(&head, '\n'));
		str key = str_split(&line, ':');

		if (str_is_nocase(key, name))
			return str_trim(line);
	}
	return STR_NONE;
}

/* RFC 6455 §4.1: what the client checks of the answer. */
static const char *wrong_in_reply(const struct client *c, str head)
{
	char accept[WS_ACCEPT_SIZE];

	ws_accept_key(c->key, accept);
	if (!str_starts(head, S("HTTP/1.1 101")))
		return "The server did not switch to WebSocket.";
	if (!str_is_nocase(header_of(head, S("Upgrade")), S("websocket")) ||
	    !http_list_has(header_of(head, S("Connection")), S("upgrade")))
		return "The server's handshake is not one of WebSocket.";
	if (!str_is(header_of(head, S("Sec-WebSocket-Accept")), (str){ accept, WS_ACCEPT_SIZE }))
		return "The server's handshake does not prove that it understood.";
	if (header_of(head, S("Sec-WebSocket-Extensions")).len > 0)
		return "The server wants an extension that was not offered.";
	return NULL;
}

static void opened(struct client *c)
{
	c->is_open = true;
	plan_check(c);
	ws_set_closing(c->ws, on_closing);
	if (c->stream.unsent ==
	    0) { /* a server that answers before it was asked is no reason to crash */
		arena_destroy(c->arena);
		c->arena = NULL;
	}
	c->on_open(c->ws, c->owner);
}

static void read_reply(struct client *c, bytes in)
{
	const char *detail, *wrong;
	ptrdiff_t len;

	buf_put(&c->reply, in.ptr, in.len);
	len = http_head_find(buf_bytes(&c->reply), &c->scanned, &detail);
	if (len < 0 || (len == 0 && c->reply.len > REPLY_HEAD_MAX))
		end(c, "The server's answer is not one of HTTP.");
	if (len <= 0)
		return;
	wrong = wrong_in_reply(c, str_part(buf_text(&c->reply), 0, (size_t)len));
	if (wrong) {
		end(c, wrong);
		return;
	}
	opened(c);
	buf_eat(&c->reply, (size_t)len);
	if (c->reply.len > 0)
		ws_input(c->ws, buf_bytes(&c->reply));
	buf_done(&c->reply);
}

static void on_input(struct stream *s, bytes in)
{
	struct client *c = (struct client *)s;

	if (c->is_open)
		ws_input(c->ws, in);
	else
		read_reply(c, in);
}

static void on_end(struct stream *s)
{
	end((struct client *)s, NULL);
}

static void on_sent(struct stream *s)
{
	struct client *c = (struct client *)s;

	if (c->is_open)
		ws_sent(c->ws);
}

static void on_gone(struct stream *s)
{
	client_free((struct client *)s);
}

static const struct stream_events client_events = { on_input, on_end, on_sent, on_gone };

/* Connecting. */

static void start_stream(struct client *c, int fd)
{
	SSL *ssl = c->is_secure ? tls_client_connection(loop_client_tls(c->loop), c->server) : NULL;
	int on = 1;

	if (c->is_secure && !ssl) {
		close(fd);
		end(c, "TLS cannot be started.");
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->has_stream = true;
	c->stream.events = &client_events;
	stream_init(&c->stream, c->loop, fd, ssl);
	c->piece = (struct piece){ .data = (const uint8_t *)c->request.ptr, .len = c->request.len };
	stream_send(&c->stream, &c->piece);
}

static void try_next_address(struct client *c);

/* The proxy, on the bare socket: nobody speaks to us behind it before we do. */

static bool tell_proxy(struct client *c, const struct buf *out)
{
	return !out->failed && send(c->connecting_fd, out->ptr, out->len, MSG_NOSIGNAL) ==
				       (ssize_t)out->len;
}

static void proxy_failed(struct client *c, const char *why)
{
	stop_connecting(c);
	end(c, why);
}

/* False when it is over. */
static bool take_proxy_answers(struct client *c)
{
	const char *why = "The proxy's answer cannot be read.";
	struct buf out = buf_in(c->arena, PROXY_ANSWER_MAX);
	ptrdiff_t taken;

	do {
		buf_clear(&out);
		taken = proxy_take(&c->talk, buf_bytes(&c->proxy_says), &out, &why);
		if (taken < 0 || (out.len && !tell_proxy(c, &out))) {
			proxy_failed(c, why);
			return false;
		}
		buf_eat(&c->proxy_says, (size_t)taken);
	} while (taken > 0 && !c->talk.is_done);
	return true;
}

static void on_proxy(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	uint8_t in[1024];
	ssize_t n = recv(fd, in, sizeof in, 0);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	buf_put(&c->proxy_says, in, n > 0 ? (size_t)n : 0);
	if (n <= 0 || c->proxy_says.failed) {
		proxy_failed(c, "The proxy closed the connection.");
		return;
	}
	if (!take_proxy_answers(c) || !c->talk.is_done)
		return;
	event_del(&c->connecting);
	c->connecting_fd = -1;
	start_stream(c, fd);
}

static void start_proxy(struct client *c, int fd)
{
	struct buf out = buf_in(c->arena, PROXY_ANSWER_MAX);

	c->talk = (struct proxy_talk){ .proxy = &c->proxy, .host = str_of(c->server),
		.port = str_of(c->server_port) };
	c->proxy_says = buf_in(c->arena, 2 * PROXY_ANSWER_MAX);
	event_assign(&c->connecting, loop_base(c->loop), fd, EV_READ | EV_PERSIST, on_proxy, c);
	event_add(&c->connecting, NULL);
	proxy_begin(&c->talk, &out);
	if (!tell_proxy(c, &out))
		proxy_failed(c, "The proxy closed the connection.");
}

static void on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	int error = 0;
	socklen_t len = sizeof error;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error) {
		stop_connecting(c);
		try_next_address(c);
	} else if (c->proxy.kind != PROXY_NONE) {
		event_del(&c->connecting);
		start_proxy(c, fd);
	} else {
		event_del(&c->connecting);
		c->connecting_fd = -1;
		start_stream(c, fd);
	}
}

/* False when this address cannot even be tried. */
static bool connect_to(struct client *c, const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (connect(fd, address, len) != 0 && errno != EINPROGRESS) {
		close(fd);
		return false;
	}
	address_text(address, c->remote);
	c->connecting_fd = fd;
	event_assign(&c->connecting, loop_base(c->loop), fd, EV_WRITE, on_connected, c);
	event_add(&c->connecting, NULL);
	return true;
}

static void try_next_address(struct client *c)
{
	bool was_denied = false;

	while (c->target_next < c->target_count) {
		const struct target *target = &c->targets[c->target_next++];
		const struct sockaddr *address = (const struct sockaddr *)&target->address;

		if (!c->allow_private && !address_is_public(address))
			was_denied = true;
		else if (connect_to(c, address, target->len))
			return;
	}
	end(c, was_denied ? "The address is not a public one." : "The server cannot be reached.");
}

/* On the loop. */
static void resolved(void *arg)
{
	struct client *c = arg;

	c->is_resolving = false;
	if (c->is_over)
		client_free(c);
	else
		try_next_address(c);
}

/* On the resolver's thread: only the targets are touched. */
static enum err resolve(struct job *job, void *arg)
{
	struct client *c = arg;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV },
			*found = NULL;

	(void)job;
	if (getaddrinfo(c->host, c->port, &hints, &found) == 0) {
		for (struct addrinfo *a = found; a && c->target_count < TARGETS_MAX;
		     a = a->ai_next) {
			struct target *target = &c->targets[c->target_count++];

			memcpy(&target->address, a->ai_addr, a->ai_addrlen);
			target->len = a->ai_addrlen;
		}
		freeaddrinfo(found);
	}
	loop_post(c->loop, resolved, c);
	return OK;
}

static void resolve_dropped(void *arg)
{
	struct client *c = arg;

	loop_post(c->loop, resolved, c);
}

/* The URL. */

static bool is_plain(str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((uint8_t)s.ptr[i] <= ' ' || (uint8_t)s.ptr[i] >= 0x7f)
			return false;
	return true;
}

/* "host", "host:port", "[address]:port" */
static bool split_authority(struct client *c, str authority)
{
	size_t colon = authority.len;
	str host, port;

	if (authority.len && authority.ptr[0] == '[')
		colon = str_find(authority, ']') + 1;
	else
		colon = str_find(authority, ':');
	host = str_part(authority, 0, colon);
	port = str_part(authority, colon + 1, authority.len);
	if (host.len > 1 && host.ptr[0] == '[')
		host = str_part(host, 1, host.len - 2);
	if (colon >= authority.len)
		port = c->is_secure ? S("443") : S("80");
	c->host = (char *)(uintptr_t)arena_cstr(c->arena, host);
	c->port = (char *)(uintptr_t)arena_cstr(c->arena, port);
	return host.len > 0 && host.len < 256 && port.len <= 5 && str_is_digits(port) &&
	       str_find(host, '@') == host.len;
}

static void write_request(struct client *c, str authority, str path,
                          const struct ws_client_config *config)
{
	struct buf out = buf_in(c->arena, 64u << 10), key = buf_in(c->arena, 64);
	uint8_t raw[KEY_SIZE];

	if (getrandom(raw, sizeof raw, 0) != sizeof raw)
		abort();
	base64_write(&key, (bytes){ raw, sizeof raw });
	c->key = buf_text(&key);
	buf_printf(&out, "GET %s" STR_F " HTTP/1.1\r\nHost: " STR_F "\r\n",
	           path.len && path.ptr[0] == '/' ? "" : "/", STR_A(path), STR_A(authority));
	buf_printf(&out,
	           "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
	buf_printf(&out, "Sec-WebSocket-Key: " STR_F "\r\n", STR_A(c->key));
	for (size_t i = 0; i < config->header_count; i++)
		buf_printf(&out, STR_F ": " STR_F "\r\n", STR_A(config->headers[i].name),
			   STR_A(config->headers[i].value));
	buf_str(&out, S("\r\n"));
	c->request = buf_text(&out);
}

static bool headers_are_good(const struct ws_client_config *config)
{
	for (size_t i = 0; i < config->header_count; i++)
		if (!http_is_token(config->headers[i].name) ||
		    !http_is_field_value(config->headers[i].value))
			return false;
	return true;
}

/* Whom we connect to: the proxy, if there is one. */
static bool choose_peer(struct client *c, str proxy)
{
	c->server = c->host;
	c->server_port = c->port;
	if (!proxy.len)
		return true;
	if (!proxy_read(c->arena, proxy, &c->proxy))
		return false;
	c->host = (char *)(uintptr_t)c->proxy.host.ptr;
	c->port = (char *)(uintptr_t)c->proxy.port.ptr;
	return true;
}

static bool read_config(struct client *c, const struct ws_client_config *config)
{
	str url = config->url, authority;
	size_t end_of_host = 0;

	c->is_secure = str_starts(url, S("wss://"));
	if (url.len > URL_MAX || !is_plain(url) || !(c->is_secure || str_starts(url, S("ws://"))))
		return false;
	url = str_part(url, c->is_secure ? 6 : 5, url.len);
	while (end_of_host < url.len && url.ptr[end_of_host] != '/' && url.ptr[end_of_host] != '?')
		end_of_host++;
	authority = str_part(url, 0, end_of_host);
	if (!split_authority(c, authority) || !choose_peer(c, config->proxy) ||
	    !headers_are_good(config))
		return false;
	url = str_part(url, end_of_host, url.len);
	write_request(c, authority, str_part(url, 0, str_find(url, '#')), config);
	return true;
}

enum err ws_connect(struct loop *loop, const struct ws_client_config *config)
{
	struct client *c = HEAP_NEW(struct client);
	int64_t timeout_ms =
		config->connect_timeout_ms > 0 ? config->connect_timeout_ms : CONNECT_TIMEOUT_MS;

	c->arena = arena_create(1u << 20);
	if (!read_config(c, config)) {
		arena_destroy(c->arena);
		heap_free(c);
		return ERR_INPUT;
	}
	c->targets = ARENA_ARRAY(c->arena, struct target, TARGETS_MAX);
	c->loop = loop;
	c->on_open = config->on_open;
	c->owner = config->owner;
	c->allow_private = config->allow_private;
	c->connecting_fd = -1;
	c->reply = buf_heap(REPLY_HEAD_MAX + STREAM_READ_SIZE);
	c->ws = ws_create(&c->stream, true, c->remote);
	c->stream.loop = loop;
	ws_accept(c->ws, config->events, config->owner);
	loop_add_ending(loop, &c->ending);
	c->ending.fn = on_loop_end;
	c->timer = loop_after(loop, timeout_ms, on_timeout, c);
	c->is_resolving = true;
	if (!pool_post(loop_resolver(loop),
	               (struct task){ "resolve", resolve, resolve_dropped, c }))
		loop_post(loop, resolved, c);
	return OK;
}
