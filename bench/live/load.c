/*
 * load.c: subscribers and a publisher for the live bench, on one thread and epoll.
 *
 *	live_load KIND PORT SUBSCRIBERS MODE SECONDS RATE SERVER_PID [APP_ID KEY SECRET]
 *
 * KIND: pusher (subscribe, publish by the HTTP API), ws (a server that sends to all what comes in
 * on /pub), socketio (the same by its protocol). MODE: full keeps RATE messages under way for
 * SECONDS, paced sends RATE a second. Says "ready" when all are subscribed, waits for a line, then
 * prints one line of JSON. A delivery is a whole message that has arrived at a subscriber.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SUBSCRIBERS_MAX = 60000,
	EVENTS = 512,
	READ_SIZE = 1 << 18,
	LATENCIES_MAX = 4000000,
	SHORTEST = 60, /* a message of ours is longer, pings and the like are not */
	PAYLOAD = 120,
	WARM_UP_US = 1000000,
	PATIENCE_US = 20000000
};

enum kind { PUSHER, WS, SOCKETIO };

struct peer { int fd; size_t left; uint8_t head[10]; size_t head_len; bool counts; };

static struct {
	enum kind kind;
	int port, publisher;
	size_t subscribers;
	bool is_full;
	double seconds, rate;
	long pid;
	const char *app_id, *key, *secret;
	int ep;
	uint64_t deliveries, sent;
	uint32_t *latencies;
	size_t latency_count;
	bool is_measuring;
} the;

static struct peer peers[SUBSCRIBERS_MAX];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- connecting ---- */

static int dial(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)the.port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address))
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void put(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			die("write");
		at += n;
		len -= (size_t)n;
	}
}

/* A frame with a mask of zeros, which masks nothing. */
static size_t frame_write(char *out, const char *text)
{
	size_t len = strlen(text), at = 0;

	out[at++] = (char)0x81;
	if (len < 126) {
		out[at++] = (char)(0x80 | len);
	} else {
		out[at++] = (char)(0x80 | 126);
		out[at++] = (char)(len >> 8);
		out[at++] = (char)len;
	}
	memset(out + at, 0, 4);
	memcpy(out + at + 4, text, len);
	return at + 4 + len;
}

static void say(int fd, const char *text)
{
	char out[2048];

	put(fd, out, frame_write(out, text));
}

static void await(int fd, const char *what)
{
	char text[8192];
	size_t len = 0;

	while (len < sizeof text - 1) {
		ssize_t n = read(fd, text + len, sizeof text - 1 - len);

		if (n <= 0)
			die(what);
		for (ssize_t i = 0; i < n; i++)
			if (!text[len + (size_t)i])
				text[len + (size_t)i] = ' ';
		len += (size_t)n;
		text[len] = 0;
		if (strstr(text, what))
			return;
	}
	die(what);
}

static int open_socket(const char *path)
{
	char head[512];
	int fd = dial();

	snprintf(head, sizeof head,
		"GET %s HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		path);
	put(fd, head, strlen(head));
	return fd;
}

static int subscribe(void)
{
	char path[256] = "/";
	int fd;

	if (the.kind == PUSHER)
		snprintf(path, sizeof path, "/app/%s?protocol=7&client=bench", the.key);
	if (the.kind == SOCKETIO)
		snprintf(path, sizeof path, "/socket.io/?EIO=4&transport=websocket");
	fd = open_socket(path);
	if (the.kind == PUSHER) {
		say(fd, "{\"event\":\"pusher:subscribe\",\"data\":{\"channel\":\"bench\"}}");
		await(fd, "subscription_succeeded");
	} else if (the.kind == SOCKETIO) {
		await(fd, "pingInterval");
		say(fd, "40");
		await(fd, "40{");
	} else {
		await(fd, "\r\n\r\n");
	}
	return fd;
}

static void watch(int fd, uint64_t id)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = id };

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (epoll_ctl(the.ep, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void open_all(void)
{
	for (size_t i = 0; i < the.subscribers; i++) {
		peers[i].fd = subscribe();
		watch(peers[i].fd, i);
	}
	if (the.kind == PUSHER)
		the.publisher = dial();
	else if (the.kind == WS) {
		the.publisher = open_socket("/pub");
		await(the.publisher, "\r\n\r\n");
	} else {
		the.publisher = open_socket("/socket.io/?EIO=4&transport=websocket");
		await(the.publisher, "pingInterval");
		say(the.publisher, "40");
		await(the.publisher, "40{");
	}
	watch(the.publisher, UINT64_MAX);
	fcntl(the.publisher, F_SETFL, fcntl(the.publisher, F_GETFL) & ~O_NONBLOCK);
}

/* ---- publishing ---- */

static void payload_write(char out[PAYLOAD + 1])
{
	memset(out, 'x', PAYLOAD);
	snprintf(out, PAYLOAD, "t=%016lld;", (long long)clock_monotonic_us());
	out[strlen(out)] = 'x';
	out[PAYLOAD] = 0;
}

static void hex(const uint8_t *in, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", in[i]);
}

static size_t post_write(char *out, size_t max, const char *payload)
{
	char body[512], text[1024], md5_hex[33], mac_hex[65];
	uint8_t hash[MD5_SIZE], mac[SHA256_SIZE];
	int n = snprintf(body, sizeof body,
		    "{\"name\":\"e\",\"channel\":\"bench\",\"data\":\"%s\"}", payload),
	    query;

	md5((bytes){ (uint8_t *)body, (size_t)n }, hash);
	hex(hash, sizeof hash, md5_hex);
	query = snprintf(text, sizeof text,
		"POST\n/apps/%s/"
		"events\nauth_key=%s&auth_timestamp=%lld&auth_version=1.0&body_md5=%s",
		the.app_id, the.key, (long long)(clock_now_ms() / 1000), md5_hex);
	hmac_sha256(bytes_of(str_of(the.secret)), (bytes){ (uint8_t *)text, (size_t)query }, mac);
	hex(mac, sizeof mac, mac_hex);
	return (size_t)snprintf(out, max,
		"POST /apps/%s/events?%s&auth_signature=%s HTTP/1.1\r\nHost: h\r\n"
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		the.app_id, strstr(text, "auth_key"), mac_hex, n, body);
}

static void publish(void)
{
	char payload[PAYLOAD + 1], text[256], out[2048];
	size_t len;

	payload_write(payload);
	if (the.kind == PUSHER) {
		len = post_write(out, sizeof out, payload);
	} else {
		snprintf(text, sizeof text, the.kind == WS ? "%s" : "42[\"pub\",\"%s\"]", payload);
		len = frame_write(out, text);
	}
	put(the.publisher, out, len);
	the.sent++;
}

/* ---- receiving ---- */

static void note_latency(const uint8_t *data, size_t len)
{
	const uint8_t *at = memmem(data, len < 100 ? len : 100, "t=", 2);
	int64_t late;

	if (!at || !the.latencies || the.latency_count >= LATENCIES_MAX)
		return;
	late = clock_monotonic_us() - strtoll((const char *)at + 2, NULL, 10);
	the.latencies[the.latency_count++] = (uint32_t)(late < 0 ? 0 : late);
}

/* The payload's length once the head is whole; false: not yet. */
static bool head_done(const struct peer *p, size_t *len)
{
	size_t short_len;

	if (p->head_len < 2)
		return false;
	short_len = p->head[1] & 127;
	if (short_len < 126) {
		*len = short_len;
		return true;
	}
	if (p->head_len < (short_len == 126 ? 4u : 10u))
		return false;
	*len = 0;
	for (size_t i = 2; i < (short_len == 126 ? 4u : 10u); i++)
		*len = *len << 8 | p->head[i];
	return true;
}

static void take(struct peer *p, const uint8_t *data, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t size, part;

		if (!p->left) {
			p->head[p->head_len++] = data[at++];
			if (!head_done(p, &size))
				continue;
			p->counts = (p->head[0] & 15) == 1 && size >= SHORTEST;
			p->left = size;
			p->head_len = 0;
			if (p->counts && the.is_measuring && size <= len - at)
				note_latency(data + at, size);
			if (size)
				continue;
		}
		part = p->left < len - at ? p->left : len - at;
		p->left -= part;
		at += part;
		if (!p->left && p->counts)
			the.deliveries++;
	}
}

static void read_publisher(uint8_t *buffer)
{
	ssize_t n = recv(the.publisher, buffer, READ_SIZE, MSG_DONTWAIT);

	if (n == 0)
		die("the server closed the publisher");
	if (n > 12 && the.kind == PUSHER && memcmp(buffer, "HTTP/1.1 ", 9) == 0 &&
		memcmp(buffer + 9, "200", 3) != 0) {
		fprintf(stderr, "publishing: %.*s\n", (int)n, buffer);
		exit(1);
	}
}

static void read_ready(int wait_ms)
{
	static uint8_t buffer[READ_SIZE];
	struct epoll_event ready[EVENTS];
	int count = epoll_wait(the.ep, ready, EVENTS, wait_ms);

	for (int i = 0; i < count; i++) {
		struct peer *p;
		ssize_t n;

		if (ready[i].data.u64 == UINT64_MAX) {
			read_publisher(buffer);
			continue;
		}
		p = &peers[ready[i].data.u64];
		n = recv(p->fd, buffer, sizeof buffer, 0);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			die("the server closed a subscriber");
		if (n > 0)
			take(p, buffer, (size_t)n);
	}
}

/* ---- running ---- */

static double cpu_of(long pid)
{
	char path[64], text[1024] = "", *at;
	long ticks;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%ld/stat", pid);
	f = fopen(path, "r");
	if (!f || !fgets(text, sizeof text, f))
		die(path);
	fclose(f);
	at = strrchr(text, ')') + 2;
	for (int i = 0; i < 11; i++)
		at = strchr(at, ' ') + 1;
	ticks = strtol(at, &at, 10);
	ticks += strtol(at, NULL, 10);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double percentile(double part)
{
	size_t at = (size_t)((double)the.latency_count * part);

	if (!the.latency_count)
		return 0;
	return the.latencies[at < the.latency_count ? at : the.latency_count - 1] / 1000.0;
}

static void keep_busy(void)
{
	while ((double)(the.sent - the.deliveries / the.subscribers) < the.rate)
		publish();
	read_ready(100);
}

static void keep_pace(int64_t began_us)
{
	int64_t next = began_us + (int64_t)((double)the.sent * 1e6 / the.rate);
	int64_t wait = next - clock_monotonic_us();

	if (wait <= 0)
		publish();
	read_ready(wait <= 0 ? 0 : (int)(wait / 1000));
}

static void run_for(int64_t us)
{
	int64_t began = clock_monotonic_us();

	the.sent -= the.deliveries / the.subscribers;
	the.deliveries %= the.subscribers;
	if (!the.is_full)
		the.sent = 0;
	while (clock_monotonic_us() - began < us) {
		if (the.is_full)
			keep_busy();
		else
			keep_pace(began);
	}
}

static void run(void)
{
	double cpu, took;
	int64_t began;
	uint64_t before;

	run_for(WARM_UP_US);
	the.is_measuring = !the.is_full;
	cpu = cpu_of(the.pid);
	began = clock_monotonic_us();
	before = the.deliveries % the.subscribers;
	run_for((int64_t)(the.seconds * 1e6));
	took = (double)(clock_monotonic_us() - began) / 1e6;
	cpu = cpu_of(the.pid) - cpu;
	if (the.latency_count)
		qsort(the.latencies, the.latency_count, sizeof *the.latencies, by_size);
	printf("{\"deliveries_per_second\":%.0f,\"cpu_per_million\":%.3f,\"cpu\":%.2f,"
	       "\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
		(double)(the.deliveries - before) / took,
		cpu * 1e6 / ((double)(the.deliveries - before) + 1), cpu / took, percentile(0.5),
		percentile(0.99));
}

static int64_t number(const char *text)
{
	int64_t value;

	if (!str_to_i64(str_of(text), &value)) {
		fprintf(stderr, "%s is not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	struct rlimit files;
	char line[16];

	if (argc < 8) {
		fprintf(stderr, "usage: live_load KIND PORT SUBSCRIBERS MODE SECONDS RATE "
				"SERVER_PID [APP_ID KEY SECRET]\n");
		return 2;
	}
	crypto_init();
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	the.kind = !strcmp(argv[1], "pusher") ? PUSHER : !strcmp(argv[1], "ws") ? WS : SOCKETIO;
	the.port = (int)number(argv[2]);
	the.subscribers = (size_t)number(argv[3]);
	the.is_full = !strcmp(argv[4], "full");
	the.seconds = (double)number(argv[5]);
	the.rate = strtod(argv[6], NULL);
	the.pid = (long)number(argv[7]);
	if (argc > 10) {
		the.app_id = argv[8];
		the.key = argv[9];
		the.secret = argv[10];
	}
	if (the.subscribers < 1 || the.subscribers > SUBSCRIBERS_MAX ||
		(the.kind == PUSHER && !the.secret))
		return 2;
	the.latencies = heap_alloc(LATENCIES_MAX * sizeof *the.latencies);
	the.ep = epoll_create1(EPOLL_CLOEXEC);
	open_all();
	printf("ready\n");
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		return 1;
	run();
	return 0;
}
