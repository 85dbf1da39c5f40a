/*
 * intake_load.c: a load generator for durable intake, beside the bare store.
 *
 *	intake_load PORT PATH SECRET SECONDS CONNECTIONS    signed webhooks of 1 KB, keep-alive, one
 * under way a connection intake_load store FOLDER SECONDS BATCH              the same rows in
 * SQLite, group commit of BATCH, no HTTP
 *
 * Prints one line of JSON. Bodies and signatures are made before the clock starts, so that the
 * generator takes as little of the machine as it can. One thread, epoll.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_SIZE = 1024, BODIES_MAX = 400000, LATENCIES_MAX = 4000000, REPLY_MAX = 1024 };

struct request { uint32_t at, size; };

struct connection {
	int fd;
	size_t sent, received;
	const struct request *request;
	int64_t started_us;
	char reply[REPLY_MAX];
};

static struct buf requests_text;
static struct request *requests;
static size_t request_count, next_request;
static uint32_t *latencies;
static size_t latency_count, failures;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* A webhook as Meta sends it when a customer writes after a click on an ad: a dozen words, and 1 KB
 * in all. */
static void make_body(struct buf *out, size_t number, const char *run)
{
	static const char *const words[] = { "order", "hello", "delivery", "thanks", "please",
		"tomorrow", "invoice", "blue", "size", "shop", "address", "price", "Monday",
		"refund", "ready", "colour" };
	size_t from = out->len;

	buf_printf(out,
		"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"102290129340398\","
		"\"changes\":[{\"field\":"
		"\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\"metadata\":{"
		"\"display_phone_number\":"
		"\"15550783881\",\"phone_number_id\":\"%s\"},\"contacts\":[{\"profile\":{\"name\":"
		"\"Load %zu\"},\"wa_id\":"
		"\"1202555%04zu\"}],\"messages\":[{\"from\":\"1202555%04zu\",\"id\":\"wamid.%s%"
		"zu\",\"timestamp\":\"%lld\","
		"\"type\":\"text\",\"text\":{\"body\":\"",
		getenv("PHONE_NUMBER_ID") ? getenv("PHONE_NUMBER_ID") : "106540352242922",
		number % 5000, number % 5000, number % 5000, run, number,
		(long long)(clock_now_ms() / 1000));
	for (size_t i = 0; i < 12; i++)
		buf_printf(out, "%s%zu ", words[(number + i * 7) % COUNT_OF(words)],
			number / (i + 1) % 300);
	buf_str(out, S("\"},\"referral\":{\"source_type\":\"ad\",\"source_id\":"
		       "\"120210000000000001\",\"source_url\":\"https://fb.me/"));
	while (out->len - from < BODY_SIZE - 11)
		buf_byte(out, 'a');
	buf_str(out, S("\"}}]}}]}]}"));
}

static void make_request(size_t number, const char *path, str secret, const char *run)
{
	struct buf body = buf_heap(4096), hex = buf_heap(128);
	uint8_t mac[SHA256_SIZE];
	size_t from = requests_text.len;

	make_body(&body, number, run);
	hmac_sha256(bytes_of(secret), buf_bytes(&body), mac);
	hex_write(&hex, (bytes){ mac, sizeof mac });
	buf_printf(&requests_text,
		"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
		"application/json\r\nX-Hub-Signature-256: sha256=%.*s\r\n"
		"Content-Length: %zu\r\n\r\n%.*s",
		path, (int)hex.len, (char *)hex.ptr, body.len, (int)body.len, (char *)body.ptr);
	requests[number] = (struct request){ (uint32_t)from, (uint32_t)(requests_text.len - from) };
	buf_done(&body);
	buf_done(&hex);
}

static int connect_to(int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static bool start(struct connection *c)
{
	if (next_request == request_count)
		return false;
	c->request = &requests[next_request++];
	c->sent = c->received = 0;
	c->started_us = clock_monotonic_us();
	c->sent = (size_t)send(c->fd, requests_text.ptr + c->request->at, c->request->size,
		MSG_NOSIGNAL);
	return c->sent == c->request->size;
}

/* True when a whole answer is there; notes it. */
static bool finish(struct connection *c)
{
	ssize_t n = recv(c->fd, c->reply + c->received, REPLY_MAX - 1 - c->received, 0);
	const char *length, *end;

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			failures++;
		return n == 0;
	}
	c->received += (size_t)n;
	c->reply[c->received] = 0;
	end = strstr(c->reply, "\r\n\r\n");
	length = strcasestr(c->reply, "content-length:");
	if (!end || !length ||
		c->received < (size_t)(end - c->reply) + 4 + strtoul(length + 15, NULL, 10))
		return false;
	if (strncmp(c->reply, "HTTP/1.1 200", 12) != 0)
		failures++;
	else if (latency_count < LATENCIES_MAX)
		latencies[latency_count++] = (uint32_t)(clock_monotonic_us() - c->started_us);
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void report(double seconds)
{
	qsort(latencies, latency_count, sizeof *latencies, by_value);
	printf("{\"events\":%zu,\"failures\":%zu,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%."
	       "2f,\"max_ms\":%.2f}\n",
		latency_count, failures, (double)latency_count / seconds,
		latency_count ? latencies[latency_count / 2] / 1000.0 : 0.0,
		latency_count ? latencies[latency_count * 99 / 100] / 1000.0 : 0.0,
		latency_count ? latencies[latency_count - 1] / 1000.0 : 0.0);
}

static void run_load(int port, int64_t seconds, size_t connections)
{
	struct connection *all = heap_alloc(connections * sizeof *all);
	int64_t begin, until;
	int poll = epoll_create1(0);
	bool more = true;

	for (size_t i = 0; i < connections; i++) {
		struct epoll_event event = { EPOLLIN, { .ptr = &all[i] } };

		all[i].fd = connect_to(port);
		epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event);
	}
	begin = clock_monotonic_us();
	until = begin + seconds * 1000000;
	for (size_t i = 0; i < connections; i++)
		start(&all[i]);
	while (more && clock_monotonic_us() < until) {
		struct epoll_event events[256];
		int n = epoll_wait(poll, events, 256, 100);

		for (int i = 0; i < n; i++)
			if (finish(events[i].data.ptr))
				more = start(events[i].data.ptr) && more;
	}
	report((double)(clock_monotonic_us() - begin) / 1e6);
}

/* ---- the reference: the same rows, no HTTP ---- */

static void sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", text, sqlite3_errmsg(db));
		exit(1);
	}
}

static void insert(sqlite3_stmt *stmt, int64_t id, const uint8_t *noise)
{
	uint8_t dedup[SHA256_SIZE];

	sha256((bytes){ (uint8_t *)&id, sizeof id }, dedup);
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_blob(stmt, 2, dedup, sizeof dedup, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 3, noise + id % 1000, BODY_SIZE + 37, SQLITE_STATIC);
	if (sqlite3_step(stmt) != SQLITE_DONE)
		die("insert");
	sqlite3_reset(stmt);
}

static void run_reference(const char *folder, int64_t seconds, int64_t batch)
{
	uint8_t noise[BODY_SIZE + 37 + 1000];
	char path[512];
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int64_t begin, until, rows = 0;

	crypto_random(noise, sizeof noise);
	snprintf(path, sizeof path, "%s/reference.db", folder);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		die(path);
	sql(db, "PRAGMA journal_mode=WAL");
	sql(db, "PRAGMA synchronous=FULL");
	sql(db, "CREATE TABLE intake_event (id INTEGER PRIMARY KEY, workspace_id BIGINT, "
		"channel_id BIGINT, dedup BLOB UNIQUE, "
		"state BIGINT, kind TEXT, attempts BIGINT, next_ms BIGINT, error TEXT, applied_ms "
		"BIGINT, payload_sealed BLOB)");
	sql(db, "CREATE INDEX due ON intake_event (state, next_ms, id) WHERE state = 0 OR state = "
		"2");
	sql(db, "CREATE INDEX ws ON intake_event (workspace_id, state, id)");
	sqlite3_prepare_v2(db,
		"INSERT INTO intake_event (id, workspace_id, channel_id, dedup, state, attempts, "
		"payload_sealed) "
		"VALUES (?1, 1, 1, ?2, 0, 0, ?3) ON CONFLICT (dedup) DO NOTHING",
		-1, &stmt, NULL);
	begin = clock_monotonic_us();
	until = begin + seconds * 1000000;
	while (clock_monotonic_us() < until) {
		sql(db, "BEGIN IMMEDIATE");
		for (int64_t i = 0; i < batch; i++)
			insert(stmt, (rows + i + 1) << 21, noise);
		sql(db, "COMMIT");
		rows += batch;
	}
	printf("{\"rows\":%lld,\"per_second\":%.0f}\n", (long long)rows,
		(double)rows / ((double)(clock_monotonic_us() - begin) / 1e6));
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

int main(int argc, char **argv)
{
	char run[32];
	size_t connections;

	crypto_init();
	signal(SIGPIPE, SIG_IGN);
	if (argc == 5 && strcmp(argv[1], "store") == 0) {
		run_reference(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
		return 0;
	}
	if (argc != 6) {
		fprintf(stderr, "usage: intake_load PORT PATH SECRET SECONDS CONNECTIONS | store "
				"FOLDER SECONDS BATCH\n");
		return 2;
	}
	connections = strtoul(argv[5], NULL, 10);
	request_count = (size_t)strtol(argv[4], NULL, 10) * 40000;
	if (request_count > BODIES_MAX)
		request_count = BODIES_MAX;
	requests = heap_alloc(request_count * sizeof *requests);
	latencies = heap_alloc(LATENCIES_MAX * sizeof *latencies);
	requests_text = buf_heap((size_t)2 << 30);
	snprintf(run, sizeof run, "%llx", (unsigned long long)clock_monotonic_us());
	for (size_t i = 0; i < request_count; i++)
		make_request(i, argv[2], str_of(argv[3]), run);
	run_load((int)strtol(argv[1], NULL, 10), strtol(argv[4], NULL, 10), connections);
	return 0;
}
