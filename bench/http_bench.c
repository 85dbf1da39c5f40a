/*
 * http_bench.c: what net/ costs: POST of 1 KB, its HMAC checked, its JSON read, a short answer; no
 * store.
 *
 *	http_bench [ROUNDS] [SECONDS] [CONNECTIONS]
 *
 * Three servers in turn, each in a process of its own on the first core: a bare epoll program (the
 * reference), net/ with the handler on the loop, net/ with the handler on a worker. The load comes
 * from this process on the second core. Prints medians as one line of JSON; *_us is processor time
 * for a request, which a busy machine changes least.
 */
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "net/http.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CONNECTIONS_MAX = 1024,
	ROUNDS_MAX = 25,
	BUFFER = 8192,
	BODY = 1024,
	QUEUE = 4096,
	EVENTS = 256
};

static const str secret = { "bench-secret", 12 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static struct sockaddr_in loopback(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* The work that all three do. */
static bool is_signed(bytes body, str signature)
{
	char want[64], *digit = want;
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(secret), body, mac);
	for (size_t i = 0; i < sizeof mac; i++) {
		*digit++ = "0123456789abcdef"[mac[i] >> 4];
		*digit++ = "0123456789abcdef"[mac[i] & 15];
	}
	return crypto_equal(bytes_of((str){ want, sizeof want }), bytes_of(signature));
}

static bool work(struct arena *arena, bytes body, str signature)
{
	json v;

	return is_signed(body, signature) && json_read(arena, str_from(body), &v, NULL) == OK &&
	       json_text_at(v, "object").len > 0;
}

static const str answer_text = { "{\"ok\":true}", 11 };

/* The reference: reads, finds the end of the head and the length, works, writes. Checks nothing
 * else. */
struct bare {
	int fd;
	size_t len;
	char text[BUFFER];
};

static struct arena *bare_arena;

static size_t bare_request(struct bare *b, char *from, size_t len)
{
	char *end = memmem(from, len, "\r\n\r\n", 4), *field;
	str signature;
	size_t body;

	if (!end)
		return 0;
	field = memmem(from, len, "Content-Length: ", 16);
	body = field ? strtoul(field + 16, NULL, 10) : 0;
	end += 4;
	if (len < (size_t)(end - from) + body)
		return 0;
	field = memmem(from, len, "sha256=", 7);
	signature = (str){ field + 7, 64 };
	if (!work(bare_arena, (bytes){ (uint8_t *)end, body }, signature))
		die("bare: bad request");
	arena_reset(bare_arena);
	char out[256];
	int n = snprintf(out, sizeof out,
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
		"%zu\r\n\r\n" STR_F,
		answer_text.len, STR_A(answer_text));

	if (write(b->fd, out, (size_t)n) != n)
		die("bare: write");
	return (size_t)(end - from) + body;
}

static void bare_read(struct bare *b)
{
	ssize_t n = read(b->fd, b->text + b->len, sizeof b->text - b->len);
	size_t used, at = 0;

	if (n <= 0) {
		close(b->fd);
		heap_free(b);
		return;
	}
	b->len += (size_t)n;
	while ((used = bare_request(b, b->text + at, b->len - at)))
		at += used;
	b->len -= at;
	memmove(b->text, b->text + at, b->len);
}

static void bare_accept(int listener, int ep)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
	struct bare *b = HEAP_NEW(struct bare);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = b };

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	b->fd = fd;
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
}

static void serve_bare(int tell)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), ep = epoll_create1(0);
	struct epoll_event ev = { .events = EPOLLIN }, events[EVENTS];

	if (bind(listener, (struct sockaddr *)&address, len) || listen(listener, 1024))
		die("bare: listen");
	getsockname(listener, (struct sockaddr *)&address, &len);
	bare_arena = arena_create(ARENA_LIMIT_DEFAULT);
	epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
	int port = ntohs(address.sin_port);

	if (write(tell, &port, sizeof port) != sizeof port)
		die("bare: pipe");
	for (;;) {
		int n = epoll_wait(ep, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr)
				bare_read(events[i].data.ptr);
			else
				bare_accept(listener, ep);
		}
	}
}

/* net/ */
static str signature_of(const struct request *req)
{
	str value = request_header(req, S("X-Hub-Signature-256"));

	return str_part(value, 7, value.len);
}

static void on_loop(const struct request *req, struct exchange *ex)
{
	bool good = work(exchange_arena(ex), req->body, signature_of(req));

	exchange_answer(ex, good ? 200 : 401, S("application/json"), answer_text);
}

static enum err on_worker(struct job *job, const struct request *req, struct response *res)
{
	res->status = work(job->arena, req->body, signature_of(req)) ? 200 : 401;
	buf_str(&res->body, answer_text);
	return OK;
}

static void serve(struct job *job, const struct request *req, struct response *res)
{
	if (req->route->handler(job, req, res) != OK)
		res->status = 500;
}

static void refuse(struct arena *arena, int status, const char *detail, struct response *res)
{
	(void)arena;
	(void)status;
	buf_str(&res->body, str_of(detail));
}

static void serve_net(int tell)
{
	static const struct route routes[] = {
		{ HTTP_POST, "/loop", .loop_handler = on_loop, .flags = ROUTE_ON_LOOP },
		{ HTTP_POST, "/worker", .handler = on_worker },
	};
	struct loop *loop = loop_create();
	struct http_config config = {
		.routes = routes, .route_count = COUNT_OF(routes), .serve = serve, .refuse = refuse
	};
	struct http_server *server;
	str why;

	config.workers = pool_create("worker", 1, QUEUE, NULL);
	if (http_server_create(loop, "127.0.0.1:0", &config, &server, &why) != OK)
		die("net: listen");
	int port = http_server_port(server);

	if (write(tell, &port, sizeof port) != sizeof port)
		die("net: pipe");
	loop_run(loop);
}

/* The load: one request under way on each connection. */
struct client {
	int fd;
	size_t len;
	char text[BUFFER];
};

static struct client clients[CONNECTIONS_MAX];
static size_t client_count = 256;

static str make_request(struct arena *arena, const char *path)
{
	struct buf body = buf_in(arena, 2 * BODY), out = buf_in(arena, BUFFER);
	uint8_t mac[SHA256_SIZE];

	buf_str(&body, S("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\","
			 "\"text\":\""));
	memset(buf_space(&body, BODY - body.len - 5), 'x', BODY - body.len - 5);
	buf_str(&body, S("\"}]}\n"));
	hmac_sha256(bytes_of(secret), buf_bytes(&body), mac);
	buf_printf(&out,
		"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nContent-Type: "
		"application/json\r\n",
		path);
	buf_printf(&out, "X-Hub-Signature-256: sha256=" STR_F "\r\n",
	           STR_A(hex_text(arena, (bytes){ mac, sizeof mac })));
	buf_printf(&out, "Content-Length: %zu\r\n\r\n", body.len);
	buf_put(&out, body.ptr, body.len);
	return buf_text(&out);
}

static void send_request(struct client *c, str request)
{
	if (write(c->fd, request.ptr, request.len) != (ssize_t)request.len)
		die("load: write");
	c->len = 0;
}

/* True when the answer is whole: its body is known. */
static bool read_answer(struct client *c)
{
	ssize_t n = read(c->fd, c->text + c->len, sizeof c->text - c->len);

	if (n <= 0)
		die("load: the server closed");
	c->len += (size_t)n;
	if (c->len < answer_text.len ||
	    memcmp(c->text + c->len - answer_text.len, answer_text.ptr, answer_text.len) != 0)
		return false;
	if (memcmp(c->text, "HTTP/1.1 200", 12) != 0)
		die("load: not 200");
	return true;
}

static size_t load(int port, str request, int64_t until_us)
{
	struct sockaddr_in address = loopback(port);
	struct epoll_event events[EVENTS];
	int ep = epoll_create1(0), on = 1;
	size_t done = 0;

	for (size_t i = 0; i < client_count; i++) {
		struct client *c = &clients[i];
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

		c->fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c->fd, (struct sockaddr *)&address, sizeof address))
			die("load: connect");
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
		send_request(c, request);
	}
	while (clock_monotonic_us() < until_us) {
		int n = epoll_wait(ep, events, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			if (!read_answer(events[i].data.ptr))
				continue;
			done++;
			send_request(events[i].data.ptr, request);
		}
	}
	for (size_t i = 0; i < client_count; i++)
		close(clients[i].fd);
	close(ep);
	return done;
}

struct figure {
	double per_second, cpu_us;
};

static struct figure run(void (*server)(int tell), str request, double seconds)
{
	int pipe_fds[2], port, status;
	struct rusage used;
	pid_t child;

	if (pipe(pipe_fds) || (child = fork()) < 0)
		die("fork");
	if (child == 0) {
		pin(0);
		server(pipe_fds[1]);
		_exit(0);
	}
	pin(1);
	if (read(pipe_fds[0], &port, sizeof port) != sizeof port)
		die("no port");
	size_t done = load(port, request, clock_monotonic_us() + (int64_t)(seconds * 1e6));

	kill(child, SIGKILL);
	wait4(child, &status, 0, &used);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
		     (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);

	return (struct figure){ (double)done / seconds, cpu / (double)done };
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name, *path;
		void (*server)(int tell);
	} kinds[] = { { "bare", "/loop", serve_bare },
		      { "loop", "/loop", serve_net },
		      { "worker", "/worker", serve_net } };
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
	double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
	double rates[3][ROUNDS_MAX], costs[3][ROUNDS_MAX];
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);

	if (argc > 3)
		client_count = strtoul(argv[3], NULL, 10);
	if (rounds < 1 || rounds > ROUNDS_MAX || client_count < 1 || client_count > CONNECTIONS_MAX)
		die("usage: http_bench [ROUNDS] [SECONDS] [CONNECTIONS]");
	crypto_init();
	for (size_t i = 0; i < rounds; i++) {
		for (size_t k = 0; k < COUNT_OF(kinds); k++) {
			struct figure f =
				run(kinds[k].server, make_request(arena, kinds[k].path), seconds);

			rates[k][i] = f.per_second;
			costs[k][i] = f.cpu_us;
		}
	}
	printf("{");
	for (size_t k = 0; k < COUNT_OF(kinds); k++)
		printf("%s\"%s_per_second\":%.0f,\"%s_us\":%.2f", k ? "," : "", kinds[k].name,
		       median(rates[k], rounds), kinds[k].name, median(costs[k], rounds));
	printf(",\"loop_of_bare\":%.2f,\"worker_of_bare\":%.2f}\n",
	       median(rates[1], rounds) / median(rates[0], rounds),
	       median(rates[2], rounds) / median(rates[0], rounds));
	return 0;
}
