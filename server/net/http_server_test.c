/* http_server_test.c: the server over real sockets: order, bodies, refusals, late answers,
 * draining. */
#include "net/net_test.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static enum err echo(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	res->type = S("text/plain");
	response_header(res, S("X-Path"), req->path);
	response_header(res, S("X-Bad"), S("a\r\nInjected: b"));
	buf_str(&res->body, str_of(http_method_name(req->method)));
	buf_byte(&res->body, ' ');
	buf_str(&res->body, req->params[0]);
	buf_byte(&res->body, ' ');
	buf_put(&res->body, req->body.ptr, req->body.len);
	return OK;
}

static enum err nothing(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	res->status = 204;
	return OK;
}

static void answer_now(const struct request *req, struct exchange *ex)
{
	exchange_answer(ex, 200, S("text/plain"), req->params[0]);
}

/* Exchanges that the tests answer themselves. */
static struct exchange *kept[64];
static atomic_int kept_count;
static struct test_flag kept_flag = TEST_FLAG_INIT;

static void answer_later(const struct request *req, struct exchange *ex)
{
	(void)req;
	kept[atomic_fetch_add(&kept_count, 1)] = ex;
	test_flag_raise(&kept_flag);
}

static void forget_kept(void)
{
	atomic_store(&kept_count, 0);
	kept_flag.count = 0;
}

static struct test_flag gate_entered = TEST_FLAG_INIT, gate_open = TEST_FLAG_INIT;

static enum err wait_at_gate(struct job *job, const struct request *req, struct response *res)
{
	test_flag_raise(&gate_entered);
	EXPECT(test_flag_wait(&gate_open, 1));
	return echo(job, req, res);
}

static const struct route routes[] = {
	{ HTTP_GET, "/echo/{id}", .handler = echo },
	{ HTTP_POST, "/echo/{id}", .handler = echo, .body_max = 100000 },
	{ HTTP_DELETE, "/nothing", .handler = nothing },
	{ HTTP_GET, "/now/{id}", .loop_handler = answer_now, .flags = ROUTE_ON_LOOP },
	{ HTTP_GET, "/later", .loop_handler = answer_later, .flags = ROUTE_ON_LOOP },
	{ HTTP_GET, "/gate/{id}", .handler = wait_at_gate },
};

static struct test_server *start(void)
{
	return test_server_start(
		(struct http_config){ .routes = routes, .route_count = COUNT_OF(routes) });
}

TEST(a_worker_answers_with_body_and_headers)
{
	struct test_server *server = start();
	str answer = test_ask(server->port,
	                      S("POST /echo/a%20b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
	                        "Connection: close\r\n\r\nxyz"));

	EXPECT(str_starts(answer, S("HTTP/1.1 200 OK\r\nDate: ")));
	EXPECT(str_has(
		answer,
		S("\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nConnection: close\r\n")));
	EXPECT(str_has(answer, S("\r\nX-Path: /echo/a b\r\n")));
	EXPECT(!str_has(answer, S("Injected")));
	EXPECT_STR(test_body(answer), "POST a b xyz");
	test_server_stop(server);
}

TEST(pipelined_requests_are_answered_in_order)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	struct buf all = buf_in(test_arena(), 1u << 20);

	for (int i = 0; i < 50; i++)
		buf_printf(&all, "GET /%s/%d HTTP/1.1\r\nHost: h\r\n\r\n", i % 3 ? "echo" : "now",
		           i);
	test_write(fd, buf_text(&all));
	for (int i = 0; i < 50; i++)
		EXPECT(str_is(test_body(test_read_answer(fd)),
			      arena_printf(test_arena(), i % 3 ? "GET %d " : "%d", i)));
	close(fd);
	test_server_stop(server);
}

TEST(a_request_may_come_octet_by_octet)
{
	struct test_server *server = start();
	str request = S("POST /echo/7 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
			"3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\nGET /now/8 HTTP/1.1\r\nHost: h\r\n\r\n");
	int fd = test_connect(server->port);

	for (size_t i = 0; i < request.len; i++)
		test_write(fd, str_part(request, i, 1));
	EXPECT_STR(test_body(test_read_answer(fd)), "POST 7 abcde");
	EXPECT_STR(test_body(test_read_answer(fd)), "8");
	close(fd);
	test_server_stop(server);
}

TEST(head_and_options_and_204_have_no_body)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	str answer;

	test_write(fd, S("HEAD /echo/7 HTTP/1.1\r\nHost: h\r\n\r\n"));
	answer = test_read(fd, 1u << 20);
	EXPECT(str_has(answer, S("\r\nContent-Length: 7\r\n")) && str_ends(answer, S("\r\n\r\n")));
	test_write(fd, S("OPTIONS /echo/7 HTTP/1.1\r\nHost: h\r\n\r\n"));
	answer = test_read_answer(fd);
	EXPECT_INT(test_status(answer), 204);
	EXPECT(str_has(answer, S("\r\nAllow: GET, HEAD, POST, OPTIONS\r\n")));
	test_write(fd, S("DELETE /nothing HTTP/1.1\r\nHost: h\r\n\r\n"));
	answer = test_read_answer(fd);
	EXPECT_INT(test_status(answer), 204);
	EXPECT(!str_has(answer, S("Content-Length")));
	test_write(fd, S("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 204);
	close(fd);
	test_server_stop(server);
}

TEST(unknown_paths_and_methods_keep_the_connection)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	str answer;

	test_write(fd, S("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 404);
	test_write(fd, S("PUT /nothing HTTP/1.1\r\nHost: h\r\n\r\n"));
	answer = test_read_answer(fd);
	EXPECT_INT(test_status(answer), 405);
	EXPECT(str_has(answer, S("\r\nAllow: DELETE, OPTIONS\r\n")));
	test_write(fd, S("GET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_STR(test_body(test_read_answer(fd)), "1");
	close(fd);
	test_server_stop(server);
}

TEST(a_broken_request_is_refused_and_nothing_behind_it_is_served)
{
	struct test_server *server = start();
	str answer =
		test_ask(server->port, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
	                                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	                                 "GET /now/smuggled HTTP/1.1\r\nHost: h\r\n\r\n"));

	EXPECT_INT(test_status(answer), 400);
	EXPECT(str_has(answer, S("\r\nConnection: close\r\n")) && !str_has(answer, S("smuggled")));
	answer = test_ask(
		server->port,
		S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
	EXPECT_INT(test_status(answer), 400);
	test_server_stop(server);
}

TEST(a_body_past_its_bound_is_refused)
{
	struct test_server *server = start();
	struct buf request = buf_in(test_arena(), 1u << 20);

	EXPECT_INT(test_status(test_ask(server->port, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\n"
							"Content-Length: 100001\r\n\r\n"))), 413);
	buf_str(&request, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	                    "chunked\r\n\r\n186a1\r\n"));
	memset(buf_space(&request, 100001), 'x', 100001);
	EXPECT_INT(test_status(test_ask(server->port, buf_text(&request))), 413);
	test_server_stop(server);
}

TEST(a_client_that_waits_to_be_told_is_told_to_go_on)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	test_write(fd, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: "
	                 "100-continue\r\n\r\n"));
	EXPECT_STR(test_read(fd, 25), "HTTP/1.1 100 Continue\r\n\r\n");
	test_write(fd, S("ok"));
	EXPECT_STR(test_body(test_read_answer(fd)), "POST 1 ok");
	test_write(fd, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 999999\r\nExpect: "
	                 "100-continue\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 413);
	close(fd);
	test_server_stop(server);
}

TEST(http_1_0_is_answered_and_closed)
{
	struct test_server *server = start();
	str answer =
		test_ask(server->port, S("GET /now/7 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));

	EXPECT_STR(test_body(answer), "7");
	EXPECT(str_has(answer, S("\r\nConnection: close\r\n")));
	test_server_stop(server);
}

TEST(a_client_that_ends_its_side_still_gets_its_answer)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	test_write(
		fd,
		S("GET /echo/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /now/2 HTTP/1.1\r\nHost: h\r\n\r\n"));
	shutdown(fd, SHUT_WR);
	EXPECT_STR(test_body(test_read_answer(fd)), "GET 1 ");
	EXPECT_STR(test_body(test_read_answer(fd)), "2");
	EXPECT_INT(test_read(fd, 1).len, 0);
	close(fd);
	test_server_stop(server);
}

TEST(a_loop_route_may_answer_later_from_another_thread)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	forget_kept();
	test_write(
		fd,
		S("GET /later HTTP/1.1\r\nHost: h\r\n\r\nGET /now/2 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT(test_flag_wait(&kept_flag, 1));
	exchange_answer(kept[0], 202, S("text/plain"), S("late"));
	EXPECT_STR(test_body(test_read_answer(fd)), "late");
	EXPECT_STR(test_body(test_read_answer(fd)), "2");
	close(fd);
	test_server_stop(server);
}

/* A plain close could also be a client that has only ended its side. */
static void reset_on_close(int fd)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

TEST(many_are_answered_at_once_and_the_gone_do_not_matter)
{
	struct test_server *server = start();
	int fds[40];

	forget_kept();
	for (int i = 0; i < 40; i++) {
		fds[i] = test_connect(server->port);
		test_write(fds[i], S("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"));
	}
	EXPECT(test_flag_wait(&kept_flag, 40));
	for (int i = 0; i < 40; i += 2) {
		if (i % 4 == 0)
			reset_on_close(fds[i]);
		close(fds[i]);
	}
	while (http_server_connections(server->http) > 30)
		usleep(1000);
	exchange_answer_all(kept, 40, 200, S("text/plain"), S("all"));
	for (int i = 1; i < 40; i += 2) {
		EXPECT_STR(test_body(test_read_answer(fds[i])), "all");
		close(fds[i]);
	}
	test_server_stop(server);
}

TEST(an_exchange_may_outlive_its_server)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	forget_kept();
	test_write(fd, S("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT(test_flag_wait(&kept_flag, 1));
	loop_post(server->loop, (void (*)(void *))http_server_destroy, server->http);
	EXPECT_INT(test_read(fd, 1).len, 0);
	exchange_answer(kept[0], 200, S("text/plain"), S("too late"));
	loop_stop(server->loop);
	pthread_join(server->thread, NULL);
	pool_destroy(server->workers);
	loop_destroy(server->loop);
	heap_free(server);
	close(fd);
}

TEST(a_full_queue_answers_503)
{
	struct pool *small = pool_create("small", 1, 1, NULL);
	struct test_server *server = test_server_start((struct http_config){
		.routes = routes, .route_count = COUNT_OF(routes), .workers = small });
	int fds[3];
	str answer;

	gate_entered.count = gate_open.count = 0;
	for (int i = 0; i < 3; i++) {
		fds[i] = test_connect(server->port);
		test_write(fds[i], S("GET /gate/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
		if (i == 0)
			EXPECT(test_flag_wait(&gate_entered, 1));
		if (i == 1)
			while (pool_depth(small) < 2)
				usleep(1000);
	}
	answer = test_read_answer(fds[2]);
	EXPECT_INT(test_status(answer), 503);
	EXPECT(str_has(answer, S("\r\nRetry-After: 1\r\n")));
	test_flag_raise(&gate_open);
	EXPECT_STR(test_body(test_read_answer(fds[0])), "GET 1 ");
	EXPECT_STR(test_body(test_read_answer(fds[1])), "GET 1 ");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	pool_destroy(small);
	test_server_stop(server);
}

static struct test_flag drained = TEST_FLAG_INIT;

static void on_drained(void *arg)
{
	(void)arg;
	test_flag_raise(&drained);
}

static void drain(void *arg)
{
	http_server_drain(arg, clock_now_ms() + 4000, on_drained, NULL);
}

TEST(draining_finishes_what_is_under_way)
{
	struct test_server *server = start();
	int idle = test_connect(server->port), busy = test_connect(server->port);
	str answer;

	drained.count = gate_entered.count = gate_open.count = 0;
	test_write(idle, S("GET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(idle)), 200);
	test_write(busy, S("GET /gate/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT(test_flag_wait(&gate_entered, 1));
	test_on_loop(server->loop, drain, server->http);
	EXPECT_INT(test_read(idle, 1).len, 0);
	EXPECT_INT(drained.count, 0);
	test_flag_raise(&gate_open);
	answer = test_read_answer(busy);
	EXPECT_STR(test_body(answer), "GET 1 ");
	EXPECT(str_has(answer, S("\r\nConnection: close\r\n")));
	close(busy);
	EXPECT(test_flag_wait(&drained, 1));
	close(idle);
	test_server_stop(server);
}

static void drain_soon(void *arg)
{
	http_server_drain(arg, clock_now_ms() + 50, on_drained, NULL);
}

TEST(draining_waits_no_longer_than_it_may)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	forget_kept();
	drained.count = 0;
	test_write(fd, S("GET /later HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT(test_flag_wait(&kept_flag, 1));
	test_on_loop(server->loop, drain_soon, server->http);
	EXPECT(test_flag_wait(&drained, 1));
	EXPECT_INT(http_server_connections(server->http), 1);
	exchange_answer(kept[0], 200, S("text/plain"), S("late"));
	EXPECT_STR(test_body(test_read_answer(fd)), "late");
	close(fd);
	test_server_stop(server);
}

TEST(without_descriptors_accepting_waits_and_goes_on)
{
	struct test_server *server = start();
	int fd = test_connect(server->port), late;
	struct rlimit before, few;

	test_write(fd, S("GET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_STR(test_body(test_read_answer(fd)), "1");
	late = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT(getrlimit(RLIMIT_NOFILE, &before) == 0);
	few = before;
	few.rlim_cur = (rlim_t)late + 1;
	EXPECT(setrlimit(RLIMIT_NOFILE, &few) == 0);
	test_connect_socket(late, server->port);
	test_write(late, S("GET /now/2 HTTP/1.1\r\nHost: h\r\n\r\n"));
	test_write(fd, S("GET /now/3 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_STR(test_body(test_read_answer(fd)), "3"); /* who is in is served meanwhile */
	EXPECT(setrlimit(RLIMIT_NOFILE, &before) == 0);
	EXPECT_STR(test_body(test_read_answer(late)), "2");
	close(late);
	close(fd);
	test_server_stop(server);
}

TEST(an_address_that_cannot_be_listened_on_is_told)
{
	struct loop *loop = loop_create();
	struct http_config config = { 0 };
	struct http_server *server;
	str why = STR_NONE;

	EXPECT_ERR(http_server_create(loop, "127.0.0.1", &config, &server, &why), ERR_INPUT);
	EXPECT(why.len > 0);
	EXPECT_ERR(http_server_create(loop, "192.0.2.1:80", &config, &server, &why), ERR_INPUT);
	EXPECT_OK(http_server_create(loop, "[::1]:0", &config, &server, &why));
	EXPECT(http_server_port(server) > 0);
	http_server_destroy(server);
	loop_destroy(loop);
}

static void drop_it(const struct request *req, struct exchange *ex)
{
	(void)req;
	exchange_drop(ex);
}

TEST(a_dropped_exchange_closes_without_an_answer)
{
	static const struct route drops[] = { { HTTP_GET, "/", .loop_handler = drop_it,
		.flags = ROUTE_ON_LOOP } };
	struct test_server *server =
		test_server_start((struct http_config){ .routes = drops, .route_count = 1 });

	EXPECT_INT(test_ask(server->port, S("GET / HTTP/1.1\r\nHost: h\r\n\r\n")).len, 0);
	test_server_stop(server);
}

static enum err too_much(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	buf_space(&res->body, 64u << 20);
	return OK;
}

TEST(an_answer_past_its_bound_is_a_500)
{
	static const struct route large[] = { { HTTP_GET, "/", .handler = too_much } };
	struct test_server *server =
		test_server_start((struct http_config){ .routes = large, .route_count = 1 });
	str answer =
		test_ask(server->port, S("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));

	EXPECT_INT(test_status(answer), 500);
	test_server_stop(server);
}
