/*
 * ws_bench.c: what a WebSocket of net/ costs: memory while it is quiet, processor time for a frame
 * that goes to all.
 *
 *	ws_bench [CONNECTIONS] [FRAMES]
 *
 * The server runs in a process of its own; this one opens the connections, says nothing for the
 * first figure, then reads what comes. Prints one line of JSON; deliveries are frames times
 * connections.
 */
#include "base/clock.h"
#include "net/ws.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 60000, EVENTS = 1024, FRAME_TEXT = 200, FRAMES_A_TURN = 4 };

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The server. */
static struct ws *all[CONNECTIONS_MAX];
static size_t count;
static struct loop *loop;
static int tell_fd;

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	(void)ws;
	(void)owner;
	(void)is_text;
	(void)message;
}

static void on_close(struct ws *ws, void *owner, int code, str reason)
{
	(void)ws;
	(void)owner;
	(void)code;
	(void)reason;
}

static const struct ws_events events = { on_message, on_close, NULL };

static void on_ws(const struct request *req, struct ws *ws)
{
	(void)req;
	ws_accept(ws, &events, NULL);
	all[count++] = ws;
}

static void refuse(struct arena *arena, int status, const char *detail, struct response *res)
{
	(void)arena;
	(void)status;
	(void)detail;
	(void)res;
}

static long rss_bytes(void)
{
	char text[128] = "";
	FILE *f = fopen("/proc/self/statm", "r");
	char *at = text;

	if (!f || !fgets(text, sizeof text, f))
		die("statm");
	fclose(f);
	strtol(at, &at, 10);
	return strtol(at, NULL, 10) * sysconf(_SC_PAGESIZE);
}

static void tell_rss(void *arg)
{
	long rss = rss_bytes();

	(void)arg;
	if (write(tell_fd, &rss, sizeof rss) != sizeof rss)
		die("pipe");
}

static size_t frames_left;

static void fan_out(void *arg)
{
	char text[FRAME_TEXT];

	memset(text, 'x', sizeof text);
	for (int n = 0; n < FRAMES_A_TURN && frames_left > 0; n++, frames_left--) {
		struct ws_frame *frame = ws_frame_create((str){ text, sizeof text });

		for (size_t i = 0; i < count; i++)
			ws_send_frame(all[i], frame);
		ws_frame_drop(frame);
	}
	if (frames_left > 0)
		loop_after(loop, 1, fan_out, arg);
}

static void on_user1(void *arg)
{
	tell_rss(arg);
}

static void serve(int tell)
{
	static const struct route routes[] = { { HTTP_GET, "/", .ws_handler = on_ws,
		                                 .flags = ROUTE_WEBSOCKET } };
	struct http_config config = { .routes = routes, .route_count = 1, .refuse = refuse };
	struct http_server *server;
	str why;

	loop = loop_create();
	tell_fd = tell;
	if (http_server_create(loop, "127.0.0.1:0", &config, &server, &why) != OK)
		die("listen");
	int port = http_server_port(server);

	if (write(tell, &port, sizeof port) != sizeof port)
		die("pipe");
	loop_on_signal(loop, SIGUSR1, on_user1, NULL);
	loop_on_signal(loop, SIGUSR2, fan_out, NULL);
	loop_run(loop);
}

/* The clients. */
static int open_one(int port)
{
	static const char handshake[] =
		"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[512];

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		die("connect");
	if (write(fd, handshake, sizeof handshake - 1) != sizeof handshake - 1)
		die("handshake");
	if (read(fd, answer, sizeof answer) < 100 || memcmp(answer, "HTTP/1.1 101", 12) != 0)
		die("answer");
	return fd;
}

static long ask_rss(pid_t child, int fd)
{
	long rss;

	kill(child, SIGUSR1);
	if (read(fd, &rss, sizeof rss) != sizeof rss)
		die("rss");
	return rss;
}

static double cpu_of(pid_t child)
{
	char path[64], text[1024] = "";
	long ticks = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof text, f))
		die(path);
	fclose(f);
	char *at = strrchr(text, ')') + 2;

	for (int i = 0; i < 11; i++)
		at = strchr(at, ' ') + 1;
	ticks = strtol(at, &at, 10);
	ticks += strtol(at, NULL, 10);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static void read_all(int ep, size_t want)
{
	static char sink[1u << 18];
	struct epoll_event ready[EVENTS];
	size_t got = 0;

	while (got < want) {
		int n = epoll_wait(ep, ready, EVENTS, 20000);

		if (n <= 0)
			die("nothing comes");
		for (int i = 0; i < n; i++) {
			ssize_t len = read(ready[i].data.fd, sink, sizeof sink);

			if (len <= 0)
				die("closed");
			got += (size_t)len;
		}
	}
}

int main(int argc, char **argv)
{
	size_t connections = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
	size_t frames = argc > 2 ? strtoul(argv[2], NULL, 10) : 100;
	int pipe_fds[2], port, ep = epoll_create1(0);
	pid_t child;

	frames_left = frames;
	if (connections > CONNECTIONS_MAX || pipe(pipe_fds) || (child = fork()) < 0)
		die("fork");
	if (child == 0) {
		serve(pipe_fds[1]);
		_exit(0);
	}
	if (read(pipe_fds[0], &port, sizeof port) != sizeof port)
		die("port");
	open_one(port);
	long before = ask_rss(child, pipe_fds[0]);

	for (size_t i = 1; i < connections; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = open_one(port) };

		epoll_ctl(ep, EPOLL_CTL_ADD, ev.data.fd, &ev);
	}
	long after = ask_rss(child, pipe_fds[0]);
	double cpu = cpu_of(child);
	int64_t began_us = clock_monotonic_us();

	kill(child, SIGUSR2);
	read_all(ep, (connections - 1) * frames * (FRAME_TEXT + 4));
	double took = (double)(clock_monotonic_us() - began_us) / 1e6,
	       deliveries = (double)(connections * frames);

	cpu = cpu_of(child) - cpu;
	printf("{\"connections\":%zu,\"idle_bytes\":%ld,\"deliveries_per_second\":%.0f,"
	       "\"deliveries_per_cpu_second\":%.0f}\n",
		connections, (after - before) / (long)(connections - 1), deliveries / took,
		deliveries / cpu);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}
