/* tls_test.c: HTTP over TLS: handshakes, large bodies, reloading a certificate, versions refused.
 */
#include "net/client.h"
#include "net/net_test.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static enum err echo(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	res->type = S("text/plain");
	buf_put(&res->body, req->body.ptr, req->body.len);
	if (req->secure)
		buf_str(&res->body, S(" secure"));
	return OK;
}

static const struct route routes[] = {
	{ HTTP_POST, "/echo", .handler = echo },
	{ HTTP_POST, "/upload", .handler = echo, .flags = ROUTE_STREAM_BODY },
};

static struct test_server *start(struct test_certificate made)
{
	return test_server_start((struct http_config){
		.routes = routes,
		.route_count = COUNT_OF(routes),
		.tls_certificate = made.certificate,
		.tls_key = made.key,
		.times = { .head_ms = 300 },
	});
}

struct tls {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static bool tls_open(struct tls *t, int port, int max_version)
{
	t->context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(t->context, 0);
	SSL_CTX_set_max_proto_version(t->context, max_version);
	t->ssl = SSL_new(t->context);
	t->fd = test_connect(port);
	SSL_set_fd(t->ssl, t->fd);
	return SSL_connect(t->ssl) == 1;
}

static void tls_close(struct tls *t)
{
	SSL_free(t->ssl);
	SSL_CTX_free(t->context);
	close(t->fd);
}

/* Sends a request and reads until the answer ends in what echo() says, or the server closes. */
static str tls_ask(struct tls *t, str request)
{
	struct buf out = buf_in(test_arena(), 16u << 20);
	uint8_t piece[20000];

	EXPECT_INT(SSL_write(t->ssl, request.ptr, (int)request.len), (int)request.len);
	while (!str_ends(buf_text(&out), S(" secure"))) {
		int n = SSL_read(t->ssl, piece, sizeof piece);

		if (n <= 0)
			break;
		buf_put(&out, piece, (size_t)n);
	}
	return buf_text(&out);
}

TEST(requests_and_large_bodies_pass_through_tls)
{
	struct test_server *server = start(test_make_certificate("one"));
	struct buf request = buf_in(test_arena(), 4u << 20);
	struct tls t;
	str answer;

	EXPECT(tls_open(&t, server->port, 0));
	EXPECT_INT(SSL_version(t.ssl), TLS1_3_VERSION);
	answer =
		tls_ask(&t, S("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"));
	EXPECT_STR(test_body(answer), "ok secure");
	buf_str(&request, S("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: "
	                    "close\r\nContent-Length: 2000000\r\n\r\n"));
	memset(buf_space(&request, 2000000), 'x', 2000000);
	answer = tls_ask(&t, buf_text(&request));
	EXPECT_INT(test_body(answer).len, 2000007);
	tls_close(&t);
	test_server_stop(server);
}

TEST(an_upload_that_is_paused_goes_on_under_tls)
{
	struct test_server *server = start(test_make_certificate("one"));
	struct buf request = buf_in(test_arena(), 4u << 20);
	struct tls t;

	EXPECT(tls_open(&t, server->port, 0));
	buf_str(&request, S("POST /upload HTTP/1.1\r\nHost: h\r\nConnection: "
	                    "close\r\nContent-Length: 2000000\r\n\r\n"));
	memset(buf_space(&request, 2000000), 'x', 2000000);
	EXPECT_STR(test_body(tls_ask(&t, buf_text(&request))), " secure");
	tls_close(&t);
	test_server_stop(server);
}

TEST(old_versions_are_refused)
{
	struct test_server *server = start(test_make_certificate("one"));
	struct tls t;

	EXPECT(!tls_open(&t, server->port, TLS1_1_VERSION));
	tls_close(&t);
	EXPECT(tls_open(&t, server->port, TLS1_2_VERSION));
	tls_close(&t);
	test_server_stop(server);
}

TEST(who_does_not_speak_tls_is_closed)
{
	struct test_server *server = start(test_make_certificate("one"));
	int silent = test_connect(server->port);

	EXPECT(!str_starts(test_ask(server->port, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n")),
	                   S("HTTP")));
	/* and who says nothing at all, after the time for a head */
	EXPECT_INT(test_read(silent, 1).len, 0);
	while (http_server_connections(server->http) > 0)
		usleep(1000);
	close(silent);
	test_server_stop(server);
}

static str name_of_peer(struct tls *t)
{
	char *name = arena_alloc(test_arena(), 64);
	X509 *x = SSL_get1_peer_certificate(t->ssl);

	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, name, 64);
	X509_free(x);
	return str_of(name);
}

struct reloading {
	struct http_server *server;
	enum err e;
};

static void reload(void *arg)
{
	struct reloading *r = arg;

	r->e = http_server_reload_tls(r->server);
}

TEST(a_certificate_is_reloaded_and_a_bad_one_is_not)
{
	struct test_certificate one = test_make_certificate("one"),
				two = test_make_certificate("two");
	struct test_server *server = start(one);
	struct reloading r = { .server = server->http };
	struct tls before, after;

	EXPECT(tls_open(&before, server->port, 0));
	EXPECT_STR(name_of_peer(&before), "one");
	EXPECT(rename(two.certificate, one.certificate) == 0);
	test_on_loop(server->loop, reload, &r);
	EXPECT_ERR(r.e, ERR_INPUT); /* the certificate of two with the key of one */
	EXPECT(rename(two.key, one.key) == 0);
	test_on_loop(server->loop, reload, &r);
	EXPECT_OK(r.e);
	EXPECT(tls_open(&after, server->port, 0));
	EXPECT_STR(name_of_peer(&after), "two");
	EXPECT_STR(test_body(tls_ask(
			   &before,
			   S("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok"))),
	           "ok secure");
	tls_close(&before);
	tls_close(&after);
	test_server_stop(server);
}

TEST(our_calls_verify_certificates)
{
	struct test_certificate made = test_make_certificate("call");
	struct test_server *server = start(made);
	str url = arena_printf(test_arena(), "https://localhost:%d/echo", server->port);
	struct http_call call = { HTTP_POST, url, .body = bytes_of(S("hi")),
		                  .allow_private = true };
	struct http_reply reply;
	struct job job;

	job_init(&job, "test", test_arena(), NULL);
	EXPECT_ERR(http_call(&job, &call, &reply), ERR_UPSTREAM);
	EXPECT(!reply.was_sent);
	setenv("SSL_CERT_FILE", made.certificate, 1);
	EXPECT_OK(http_call(&job, &call, &reply));
	EXPECT_STR(str_from(reply.body), "hi secure");
	unsetenv("SSL_CERT_FILE");
	job_release(&job);
	test_server_stop(server);
}
