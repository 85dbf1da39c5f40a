/* net_test.c: see net_test.h. */
#include "net/net_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SILENCE_MS = 1000, READ_MAX = 64u << 20, WAIT_SECONDS = 5 };

static void serve_by_route(struct job *job, const struct request *req, struct response *res)
{
	enum err e = req->route->handler(job, req, res);

	if (e != OK)
		res->status = 500;
}

static void refuse_plainly(struct arena *arena, int status, const char *detail,
                           struct response *res)
{
	(void)arena;
	(void)status;
	res->type = S("text/plain");
	buf_str(&res->body, str_of(detail));
}

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

struct test_server *test_server_start(struct http_config config)
{
	struct test_server *server = HEAP_NEW(struct test_server);
	str why;

	server->loop = loop_create();
	server->workers = pool_create("test", 2, 64, NULL);
	if (!config.workers)
		config.workers = server->workers;
	if (!config.serve)
		config.serve = serve_by_route;
	if (!config.refuse)
		config.refuse = refuse_plainly;
	if (!config.temporary_folder)
		config.temporary_folder = test_folder();
	EXPECT_OK(http_server_create(server->loop, "127.0.0.1:0", &config, &server->http, &why));
	server->port = http_server_port(server->http);
	pthread_create(&server->thread, NULL, run_loop, server->loop);
	return server;
}

static void destroy_http(void *arg)
{
	http_server_destroy(arg);
}

void test_server_stop(struct test_server *server)
{
	loop_post(server->loop, destroy_http, server->http);
	loop_stop(server->loop);
	pthread_join(server->thread, NULL);
	pool_destroy(server->workers);
	loop_destroy(server->loop);
	heap_free(server);
}

struct on_loop {
	void (*fn)(void *arg);
	void *arg;
	struct test_flag done;
};

static void run_on_loop(void *arg)
{
	struct on_loop *call = arg;

	call->fn(call->arg);
	test_flag_raise(&call->done);
}

void test_on_loop(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	struct on_loop call = { fn, arg, TEST_FLAG_INIT };

	loop_post(loop, run_on_loop, &call);
	EXPECT(test_flag_wait(&call.done, 1));
}

void test_connect_socket(int fd, int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	EXPECT(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
}

int test_connect(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	test_connect_socket(fd, port);
	return fd;
}

void test_write(int fd, str text)
{
	while (text.len > 0) {
		ssize_t n = send(fd, text.ptr, text.len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the other side has closed: the test sees it in what it reads */
		text = str_part(text, (size_t)n, text.len);
	}
}

/* Reads once into b; false at the end or after a second of silence. */
static bool read_once(int fd, struct buf *b, size_t max)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	uint8_t piece[16384];
	ssize_t n;

	if (poll(&ready, 1, SILENCE_MS) != 1)
		return false;
	n = recv(fd, piece, max < sizeof piece ? max : sizeof piece, 0);
	if (n > 0)
		buf_put(b, piece, (size_t)n);
	return n > 0;
}

str test_read(int fd, size_t want)
{
	struct buf b = buf_in(test_arena(), READ_MAX);

	while (b.len < want && read_once(fd, &b, want - b.len))
		;
	return buf_text(&b);
}

static int64_t content_length(str head)
{
	int64_t value = 0;

	while (head.len > 0) {
		str line = str_trim(str_split(&head, '\n'));
		str name = str_split(&line, ':');

		if (str_is_nocase(name, S("Content-Length")))
			EXPECT(str_to_i64(str_trim(line), &value));
	}
	return value;
}

str test_read_answer(int fd)
{
	struct buf b = buf_in(test_arena(), READ_MAX);

	while (!str_ends(buf_text(&b), S("\r\n\r\n")))
		if (!read_once(fd, &b, 1))
			return STR_NONE;
	size_t want = b.len + (size_t)content_length(buf_text(&b));

	while (b.len < want)
		if (!read_once(fd, &b, want - b.len))
			return STR_NONE;
	return buf_text(&b);
}

str test_ask(int port, str request)
{
	int fd = test_connect(port);
	str answer;

	test_write(fd, request);
	answer = test_read(fd, READ_MAX);
	close(fd);
	return answer;
}

int test_status(str answer)
{
	int64_t status = 0;

	if (str_starts(answer, S("HTTP/1.1 ")))
		(void)!str_to_i64(str_part(answer, 9, 3), &status);
	return (int)status;
}

str test_body(str answer)
{
	for (size_t i = 0; i + 4 <= answer.len; i++)
		if (memcmp(answer.ptr + i, "\r\n\r\n", 4) == 0)
			return str_part(answer, i + 4, answer.len);
	return STR_NONE;
}

static void add_names(X509 *x)
{
	X509_EXTENSION *names =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");

	EXPECT(names && X509_add_ext(x, names, -1) == 1);
	X509_EXTENSION_free(names);
}

static X509 *sign_certificate(EVP_PKEY *key, const char *common_name)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
	                           -1, 0);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	add_names(x);
	EXPECT(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

struct test_certificate test_make_certificate(const char *common_name)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = sign_certificate(key, common_name);
	struct test_certificate made = {
		arena_printf(test_arena(), "%s/%s.pem", test_folder(), common_name).ptr,
		arena_printf(test_arena(), "%s/%s.key", test_folder(), common_name).ptr,
	};
	FILE *out = fopen(made.certificate, "w");

	EXPECT(out && PEM_write_X509(out, x) == 1);
	fclose(out);
	out = fopen(made.key, "w");
	EXPECT(out && PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
	fclose(out);
	X509_free(x);
	EVP_PKEY_free(key);
	return made;
}

void test_flag_raise(struct test_flag *flag)
{
	pthread_mutex_lock(&flag->lock);
	flag->count++;
	pthread_cond_broadcast(&flag->changed);
	pthread_mutex_unlock(&flag->lock);
}

bool test_flag_wait(struct test_flag *flag, int count)
{
	struct timespec until;
	bool there;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_SECONDS;
	pthread_mutex_lock(&flag->lock);
	while (flag->count < count &&
	       pthread_cond_timedwait(&flag->changed, &flag->lock, &until) == 0)
		;
	there = flag->count >= count;
	pthread_mutex_unlock(&flag->lock);
	return there;
}
