/* client_test.c: outgoing calls to a real server on loopback, and the addresses they may not reach.
 */
#include "net/client.h"
#include "net/net_test.h"

#include "base/clock.h"
#include "net/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static enum err tell(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	res->type = S("text/plain");
	response_header(res, S("X-Type"), request_header(req, S("Content-Type")));
	response_header(res, S("X-Mine"), request_header(req, S("X-Mine")));
	buf_str(&res->body, str_of(http_method_name(req->method)));
	buf_byte(&res->body, ' ');
	buf_put(&res->body, req->body.ptr, req->body.len);
	return OK;
}

static enum err redirect(struct job *job, const struct request *req, struct response *res)
{
	str to = request_query(job->arena, req, "to");

	res->status = 302;
	response_header(res, S("Location"), to.len ? to : req->target);
	return OK;
}

/* Keeps the method and the body. */
static enum err move(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	res->status = 307;
	response_header(res, S("Location"), S("/tell"));
	return OK;
}

static enum err large(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	memset(buf_space(&res->body, 200000), 'x', 200000);
	return OK;
}

static const struct route routes[] = {
	{ HTTP_GET, "/tell", .handler = tell },       { HTTP_POST, "/tell", .handler = tell },
	{ HTTP_PUT, "/tell", .handler = tell },       { HTTP_DELETE, "/tell", .handler = tell },
	{ HTTP_GET, "/redirect", .handler = redirect }, { HTTP_GET, "/large", .handler = large },
	{ HTTP_POST, "/move", .handler = move },
};

static struct test_server *start(void)
{
	return test_server_start(
		(struct http_config){ .routes = routes, .route_count = COUNT_OF(routes) });
}

static struct job job;
static struct http_reply reply;

static str url_of(int port, const char *path)
{
	return arena_printf(test_arena(), "http://127.0.0.1:%d%s", port, path);
}

static enum err call_with(struct http_call call)
{
	enum err e;

	job_init(&job, "test", test_arena(), NULL);
	e = http_call(&job, &call, &reply);
	job_release(&job);
	return e;
}

static str reply_text(void)
{
	return str_from(reply.body);
}

TEST(methods_headers_and_bodies_arrive)
{
	struct test_server *server = start();
	struct header headers[] = { { S("Content-Type"), S("application/json") },
		                    { S("X-Mine"), S("m") } };
	str url = url_of(server->port, "/tell");

	EXPECT_OK(call_with((struct http_call){ HTTP_GET, url, .allow_private = true }));
	EXPECT_INT(reply.status, 200);
	EXPECT_STR(reply_text(), "GET ");
	EXPECT_STR(reply.type, "text/plain");
	EXPECT(reply.was_sent);
	EXPECT_OK(call_with((struct http_call){ HTTP_POST, url, headers, 2, bytes_of(S("{}")),
	                                        .allow_private = true }));
	EXPECT_STR(reply_text(), "POST {}");
	EXPECT_STR(reply_header(&reply, S("x-type")), "application/json");
	EXPECT_STR(reply_header(&reply, S("X-Mine")), "m");
	EXPECT_OK(call_with((struct http_call){ HTTP_PUT, url, .body = bytes_of(S("p")),
	                                        .allow_private = true }));
	EXPECT_STR(reply_text(), "PUT p");
	EXPECT_STR(reply_header(&reply, S("X-Type")), "");
	EXPECT_OK(call_with((struct http_call){ HTTP_DELETE, url, .allow_private = true }));
	EXPECT_STR(reply_text(), "DELETE ");
	EXPECT_OK(call_with((struct http_call){ HTTP_HEAD, url, .allow_private = true }));
	EXPECT_INT(reply.body.len, 0);
	EXPECT_OK(call_with((struct http_call){ HTTP_GET, url_of(server->port, "/no"),
	                                        .allow_private = true }));
	EXPECT_INT(reply.status, 404);
	test_server_stop(server);
}

TEST(connections_are_used_again)
{
	struct test_server *server = start();

	for (int i = 0; i < 20; i++)
		EXPECT_OK(call_with((struct http_call){ HTTP_POST, url_of(server->port, "/tell"),
							.allow_private = true }));
	EXPECT_INT(http_server_connections(server->http), 1);
	test_server_stop(server);
}

TEST(a_file_and_a_form_are_sent)
{
	struct test_server *server = start();
	str path = arena_printf(test_arena(), "%s/body", test_folder());
	int fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct call_part parts[] = {
		{ S("kind"), S("image"), .type = STR_NONE },
		{ S("file"), .file_name = S("a.png"), .type = S("image/png"),
		  .file_path = path.ptr },
	};

	EXPECT(write(fd, "from file", 9) == 9);
	EXPECT_OK(call_with((struct http_call){ HTTP_POST, url_of(server->port, "/tell"),
	                                        .body_path = path.ptr, .allow_private = true }));
	EXPECT_STR(reply_text(), "POST from file");
	EXPECT_OK(call_with((struct http_call){ HTTP_POST, url_of(server->port, "/tell"),
	                                        .parts = parts, .part_count = 2,
	                                        .allow_private = true }));
	EXPECT(str_starts(reply_header(&reply, S("X-Type")), S("multipart/form-data; boundary=")));
	EXPECT(str_has(reply_text(), S("name=\"kind\"\r\n\r\nimage\r\n")));
	EXPECT(str_has(reply_text(),
	               S("filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\nfrom file\r\n")));
	close(fd);
	test_server_stop(server);
}

static size_t pieces_len;

static bool count_piece(void *arg, bytes piece)
{
	(void)arg;
	pieces_len += piece.len;
	return pieces_len < 150000;
}

TEST(an_answer_has_a_bound_and_may_go_elsewhere)
{
	struct test_server *server = start();
	str url = url_of(server->port, "/large"),
	    path = arena_printf(test_arena(), "%s/reply", test_folder());
	int fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, url, .reply_max = 199999,
	                                         .allow_private = true }),
	           ERR_LIMIT);
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_GET, url, .reply_max = 200000, .allow_private = true }));
	EXPECT_INT(reply.body.len, 200000);
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_GET, url, .reply_file = fd, .allow_private = true }));
	EXPECT_INT(lseek(fd, 0, SEEK_END), 200000);
	EXPECT_INT(reply.size, 200000);
	EXPECT_INT(reply.body.len, 0);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, url, .on_reply = count_piece,
	                                         .allow_private = true }),
	           ERR_UPSTREAM);
	close(fd);
	/* A disk that is full is no fault of the other side. */
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, url, .reply_file = fd,
	                                         .allow_private = true }),
	           ERR_STORE);
	close(fd);
	test_server_stop(server);
}

TEST(private_addresses_are_refused_unless_allowed)
{
	static const char *const hosts[] = { "127.0.0.1", "localhost", "0.0.0.0", "[::1]",
					     "[::ffff:127.0.0.1]", "2130706433", "0x7f.1" };
	struct test_server *server = start();

	/* A connection that was allowed stays open, and is not used by a call that is not. */
	EXPECT_OK(call_with((struct http_call){ HTTP_GET, url_of(server->port, "/tell"),
	                                        .allow_private = true }));
	for (size_t i = 0; i < COUNT_OF(hosts); i++) {
		str url = arena_printf(test_arena(), "http://%s:%d/tell", hosts[i], server->port);

		EXPECT_ERR(call_with((struct http_call){ HTTP_GET, url }), ERR_DENIED);
		EXPECT(!reply.was_sent);
	}
	test_server_stop(server);
}

TEST(redirects_are_followed_when_asked_for_and_three_times_at_most)
{
	struct test_server *server = start();
	str to = url_of(server->port, "/tell");
	str once = arena_printf(test_arena(), "http://127.0.0.1:%d/redirect?to=" STR_F,
	                        server->port, STR_A(to));

	EXPECT_OK(call_with((struct http_call){ HTTP_GET, once, .allow_private = true }));
	EXPECT_INT(reply.status, 302);
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_GET, once, .follow = true, .allow_private = true }));
	EXPECT_INT(reply.status, 200);
	EXPECT_STR(reply_text(), "GET ");
	EXPECT(!reply_header(&reply, S("Location")).ptr);
	once = arena_printf(test_arena(), "http://127.0.0.1:%d/redirect?to=file:///etc/passwd",
	                    server->port);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, once, .follow = true,
	                                         .allow_private = true }),
	           ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, url_of(server->port, "/redirect"),
	                                         .follow = true,
	                                         /* to itself, for ever */
	                                         .allow_private = true }),
	           ERR_UPSTREAM);
	test_server_stop(server);
}

TEST(a_redirect_takes_the_body_along)
{
	struct test_server *server = start();
	str url = url_of(server->port, "/move");
	str path = arena_printf(test_arena(), "%s/moved", test_folder());
	int fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	EXPECT(write(fd, "file", 4) == 4);
	EXPECT_OK(call_with((struct http_call){ HTTP_POST, url, .body = bytes_of(S("text")),
		.follow = true, .allow_private = true }));
	EXPECT_STR(reply_text(), "POST text");
	EXPECT_OK(call_with((struct http_call){
		HTTP_POST, url, .body_path = path.ptr, .follow = true, .allow_private = true }));
	EXPECT_STR(reply_text(), "POST file");
	close(fd);
	test_server_stop(server);
}

static enum err call_on_worker(struct job *worker_job, void *url)
{
	struct http_call call = { HTTP_GET, *(str *)url, .allow_private = true };
	struct http_reply got;

	return http_call(worker_job, &call, &got);
}

TEST(a_thread_that_ends_closes_its_connections)
{
	struct test_server *server = start();
	struct pool *callers = pool_create("call", 1, 4, NULL);
	str url = url_of(server->port, "/tell");

	EXPECT(pool_post(callers, (struct task){ "call", call_on_worker, NULL, &url }));
	while (pool_depth(callers) > 0)
		usleep(1000);
	EXPECT_INT(http_server_connections(server->http), 1);
	pool_destroy(callers);
	while (http_server_connections(server->http) > 0)
		usleep(1000);
	test_server_stop(server);
}

TEST(urls_and_headers_that_are_none_are_refused)
{
	struct header bad = { S("X"), S("a\r\nInjected: b") };

	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("ftp://127.0.0.1/") }), ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("file:///etc/passwd") }), ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("") }), ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("http://a\0b/") }), ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("http://a b/") }), ERR_INPUT);
	EXPECT_ERR(call_with((struct http_call){ HTTP_GET, S("http://127.0.0.1/"), &bad, 1 }),
	           ERR_INPUT);
}

/* A server of its own for what an HTTP server would not do: answers each connection with what it is
 * told. */
struct faulty {
	pthread_t thread;
	int fd, port;
	/* answers to the first and the second request of a connection; none: closes at once */
	str first, second;
	atomic_int requests;
	int64_t wait_ms;
};

static bool serve_one(struct faulty *f, int fd, str answer)
{
	char request[4096];

	if (recv(fd, request, sizeof request, 0) <= 0)
		return false;
	atomic_fetch_add(&f->requests, 1);
	if (f->wait_ms)
		usleep((useconds_t)f->wait_ms * 1000);
	if (!answer.ptr)
		return false;
	test_write(fd, answer);
	return true;
}

static void *run_faulty(void *arg)
{
	struct timeval patience = { .tv_usec = 300000 }; /* curl keeps its connection open */
	struct faulty *f = arg;
	int fd;

	while ((fd = accept(f->fd, NULL, NULL)) >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
		if (serve_one(f, fd, f->first))
			(void)!serve_one(f, fd, f->second);
		close(fd);
	}
	return NULL;
}

static void faulty_start(struct faulty *f)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;

	f->fd = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(bind(f->fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	       listen(f->fd, 8) == 0);
	EXPECT(getsockname(f->fd, (struct sockaddr *)&address, &len) == 0);
	f->port = ntohs(address.sin_port);
	pthread_create(&f->thread, NULL, run_faulty, f);
}

static void faulty_stop(struct faulty *f)
{
	shutdown(f->fd, SHUT_RDWR);
	pthread_join(f->thread, NULL);
	close(f->fd);
}

TEST(a_call_tells_whether_it_was_sent)
{
	struct faulty f = { .wait_ms = 1 };
	struct faulty slow = { .wait_ms = 400,
		               .first = S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") };

	EXPECT_ERR(call_with((struct http_call){ HTTP_POST, S("http://127.0.0.1:1/"),
	                                         .allow_private = true }),
	           ERR_UPSTREAM);
	EXPECT(!reply.was_sent);
	faulty_start(&f);
	EXPECT_ERR(call_with((struct http_call){ HTTP_POST, url_of(f.port, "/"),
	                                         .allow_private = true }),
	           ERR_UPSTREAM);
	EXPECT(reply.was_sent);
	EXPECT_ERR(call_with((struct http_call){
			   HTTP_POST, arena_printf(test_arena(), "https://127.0.0.1:%d/", f.port),
			   .allow_private = true }),
	           ERR_UPSTREAM);
	EXPECT(!reply.was_sent);
	faulty_stop(&f);
	faulty_start(&slow);
	EXPECT_ERR(call_with((struct http_call){ HTTP_POST, url_of(slow.port, "/"),
	                                         .allow_private = true, .deadline_ms = 100 }),
	           ERR_TIMEOUT);
	EXPECT(reply.was_sent);
	faulty_stop(&slow);
}

TEST(a_post_is_never_sent_twice)
{
	struct faulty f = { .first = S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") };

	/* The second request takes the open connection, arrives, and the connection breaks: curl
	 * would send it again. */
	faulty_start(&f);
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_POST, url_of(f.port, "/"), .allow_private = true }));
	EXPECT_ERR(call_with((struct http_call){ HTTP_POST, url_of(f.port, "/"),
	                                         .allow_private = true }),
	           ERR_UPSTREAM);
	EXPECT(reply.was_sent);
	EXPECT_INT(atomic_load(&f.requests), 2);
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_GET, url_of(f.port, "/"), .allow_private = true }));
	EXPECT_OK(call_with(
		(struct http_call){ HTTP_GET, url_of(f.port, "/"), .allow_private = true }));
	EXPECT_INT(atomic_load(&f.requests), 5);
	faulty_stop(&f);
}

TEST(the_environment_names_no_proxy)
{
	struct test_server *server = start();

	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	EXPECT_OK(call_with((struct http_call){ HTTP_GET, url_of(server->port, "/tell"),
	                                        .allow_private = true }));
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
	test_server_stop(server);
}

static bool is_public(const char *text)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return address_is_public((struct sockaddr *)&four);
	EXPECT(inet_pton(AF_INET6, text, &six.sin6_addr) == 1);
	return address_is_public((struct sockaddr *)&six);
}

TEST(public_addresses_are_told_from_others)
{
	static const char *const closed[] = {
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.168.1.1",
		"192.0.0.1",
		"192.0.2.1",
		"198.18.0.1",
		"198.19.255.1",
		"198.51.100.1",
		"203.0.113.9",
		"224.0.0.1",
		"239.1.1.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:10.0.0.1",
		"64:ff9b::10.0.0.1",
		"64:ff9b:1::1",
		"2002:7f00:1::",
		"2002:a00:1::1",
		"2001::1",
		"2001:db8::1",
		"fc00::1",
		"fdff::1",
		"fe80::1",
		"fec0::1",
		"ff02::1",
		"100::1",
	};
	static const char *const open[] = {
		"1.1.1.1",          "8.8.8.8",         "100.63.255.255", "100.128.0.1",
		"172.15.0.1",       "172.32.0.1",      "169.253.0.1",    "192.169.0.1",
		"223.255.255.255",  "2606:4700::1111", "2a00:1450::1",   "::ffff:8.8.8.8",
		"64:ff9b::8.8.8.8", "2002:808:808::1",
	};
	struct sockaddr local = { .sa_family = AF_UNIX };

	for (size_t i = 0; i < COUNT_OF(closed); i++)
		if (is_public(closed[i]))
			test_fail(__FILE__, __LINE__, "%s is taken as public", closed[i]);
	for (size_t i = 0; i < COUNT_OF(open); i++)
		if (!is_public(open[i]))
			test_fail(__FILE__, __LINE__, "%s is not taken as public", open[i]);
	EXPECT(!address_is_public(&local));
}
