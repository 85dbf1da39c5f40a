/* http_server_test.c: the server over real sockets: order, bodies, refusals, late answers,
 * draining. */
#include "net/net_test.h"

#include "base/clock.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
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

static enum err tell_upload(struct job *job, const struct request *req, struct response *res)
{
	int fd = open(req->body_path, O_RDONLY | O_CLOEXEC);
	uint64_t sum = 0;
	uint8_t piece[4096];
	ssize_t n;

	(void)job;
	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		for (ssize_t i = 0; i < n; i++)
			sum += piece[i];
	if (fd >= 0)
		close(fd);
	/* told so that the test sees it go */
	res->type = arena_str(job->arena, str_of(req->body_path));
	buf_printf(&res->body, "%lld %llu", (long long)req->body_size, (unsigned long long)sum);
	return OK;
}

static enum err send_file(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	res->type = S("application/octet-stream");
	res->file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	res->file_from = 1;
	res->file_size = 200000;
	return OK;
}

struct counting {
	int64_t left;
	struct test_flag *done;
};

static ptrdiff_t count_next(void *arg, uint8_t *out, size_t max)
{
	struct counting *c = arg;
	size_t n = (int64_t)max < c->left ? max : (size_t)c->left;

	memset(out, 'x', n);
	c->left -= (int64_t)n;
	return (ptrdiff_t)n;
}

static struct test_flag counted = TEST_FLAG_INIT;

static void count_done(void *arg)
{
	heap_free(arg);
	test_flag_raise(&counted);
}

/* {id} is how many octets come, "u" before it: without saying so. */
static enum err send_counted(struct job *job, const struct request *req, struct response *res)
{
	struct counting *c = HEAP_NEW(struct counting);
	bool is_unknown = str_starts(req->params[0], S("u"));

	(void)job;
	EXPECT(str_to_i64(str_part(req->params[0], is_unknown, 20), &c->left));
	res->next = count_next;
	res->next_done = count_done;
	res->next_arg = c;
	res->next_size = is_unknown ? -1 : c->left;
	return OK;
}

static const struct route routes[] = {
	{ HTTP_GET, "/echo/{id}", .handler = echo },
	{ HTTP_POST, "/echo/{id}", .handler = echo, .body_max = 100000 },
	{ HTTP_DELETE, "/nothing", .handler = nothing },
	{ HTTP_GET, "/now/{id}", .loop_handler = answer_now, .flags = ROUTE_ON_LOOP },
	{ HTTP_GET, "/later", .loop_handler = answer_later, .flags = ROUTE_ON_LOOP },
	{ HTTP_GET, "/gate/{id}", .handler = wait_at_gate },
	{ HTTP_POST, "/upload", .handler = tell_upload, .flags = ROUTE_STREAM_BODY,
	  .body_max = 8u << 20 },
	{ HTTP_GET, "/file", .handler = send_file },
	{ HTTP_GET, "/count/{id}", .handler = send_counted },
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

static struct buf upload_request(size_t size, bool chunked)
{
	struct buf b = buf_in(test_arena(), 16u << 20);

	buf_printf(&b, "POST /upload HTTP/1.1\r\nHost: h\r\n%s",
	           chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "");
	if (!chunked)
		buf_printf(&b, "Content-Length: %zu\r\n\r\n", size);
	for (size_t at = 0; at < size; at += 50000) {
		size_t n = size - at < 50000 ? size - at : 50000;

		if (chunked)
			buf_printf(&b, "%zx\r\n", n);
		memset(buf_space(&b, n), 3, n);
		if (chunked)
			buf_str(&b, S("\r\n"));
	}
	if (chunked)
		buf_str(&b, S("0\r\n\r\n"));
	return b;
}

static str upload_file(str answer)
{
	str rest = answer;

	while (rest.len > 0) {
		str line = str_trim(str_split(&rest, '\n'));

		if (str_starts(line, S("Content-Type: ")))
			return str_part(line, 14, line.len);
	}
	return STR_NONE;
}

TEST(an_upload_goes_to_a_file_that_goes_with_the_request)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	for (int chunked = 0; chunked < 2; chunked++) {
		struct buf request = upload_request(3000000, chunked);
		str answer;

		test_write(fd, buf_text(&request));
		answer = test_read_answer(fd);
		EXPECT_STR(test_body(answer), "3000000 9000000");
		EXPECT(str_starts(upload_file(answer), str_of(test_folder())));
		EXPECT(access(arena_cstr(test_arena(), upload_file(answer)), F_OK) != 0);
	}
	close(fd);
	test_server_stop(server);
}

static size_t count_files(const char *folder)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return count;
}

TEST(an_upload_that_breaks_off_leaves_no_file)
{
	struct test_server *server = start();
	struct buf request = upload_request(3000000, false);
	int fd = test_connect(server->port);

	test_write(fd, str_part(buf_text(&request), 0, 1500000));
	close(fd);
	while (http_server_connections(server->http) > 0)
		usleep(1000);
	test_server_stop(server);
	EXPECT_INT(count_files(test_folder()), 0);
}

TEST(a_file_is_sent_from_its_middle)
{
	struct test_server *server = start();
	int fd = test_connect(server->port), exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *want = arena_alloc(test_arena(), 200000);
	str answer;

	EXPECT(pread(exe, want, 200000, 1) == 200000);
	test_write(fd,
	           S("GET /file HTTP/1.1\r\nHost: h\r\n\r\nHEAD /file HTTP/1.1\r\nHost: h\r\n\r\n"
	             "GET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	answer = test_read_answer(fd);
	EXPECT(str_is(test_body(answer), (str){ want, 200000 }));
	EXPECT(str_has(test_read(fd, 1u << 20),
	               S("\r\nContent-Length: 200000\r\n\r\nHTTP/1.1 200 OK\r\n")));
	close(exe);
	close(fd);
	test_server_stop(server);
}

TEST(a_pulled_body_comes_whole_with_or_without_a_known_size)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);
	str answer;

	counted.count = 0;
	test_write(fd, S("GET /count/1000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_body(test_read_answer(fd)).len, 1000000);
	test_write(fd, S("GET /count/0 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 200);
	test_write(fd, S("GET /count/u70000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
	answer = test_body(test_read(fd, 1u << 20));
	EXPECT(str_starts(answer, S("10000\r\nxxx")) && str_ends(answer, S("xxx\r\n0\r\n\r\n")));
	EXPECT_INT(answer.len, 70000 + 7 + 2 + 6 + 2 + 5);
	EXPECT(test_flag_wait(&counted, 3));
	close(fd);
	test_server_stop(server);
}

TEST(a_pulled_body_ends_when_the_client_goes)
{
	struct test_server *server = start();
	int fd = test_connect(server->port);

	counted.count = 0;
	test_write(fd, S("GET /count/900000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_read(fd, 100000).len, 100000);
	close(fd);
	EXPECT(test_flag_wait(&counted, 1));
	test_server_stop(server);
}

TEST(a_server_may_end_after_its_workers_with_everything_under_way)
{
	struct test_server *server = start();
	struct buf request = upload_request(3000000, false);
	int upload = test_connect(server->port), pull = test_connect(server->port);
	int head = test_connect(server->port);

	counted.count = 0;
	test_write(head, S("GET /now"));
	test_write(upload, str_part(buf_text(&request), 0, 1500000));
	test_write(pull, S("GET /count/900000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_read(pull, 100000).len, 100000);
	loop_stop(server->loop);
	pthread_join(server->thread, NULL);
	pool_destroy(server->workers);
	http_server_destroy(server->http);
	loop_destroy(server->loop);
	heap_free(server);
	EXPECT_INT(counted.count, 1);
	EXPECT_INT(count_files(test_folder()), 0);
	close(upload);
	close(pull);
	close(head);
}

static struct test_server *start_hasty(void)
{
	return test_server_start((struct http_config){
		.routes = routes,
		.route_count = COUNT_OF(routes),
		.times = { .head_ms = 150, .body_ms = 150, .idle_ms = 150, .rate_after_ms = 300 },
	});
}

TEST(a_slow_head_is_answered_408)
{
	struct test_server *server = start_hasty();
	int fd = test_connect(server->port);
	int64_t began_us = clock_monotonic_us();

	test_write(fd, S("GET / HTTP/1.1\r\nHost"));
	EXPECT_INT(test_status(test_read_answer(fd)), 408);
	EXPECT(clock_monotonic_us() - began_us < 900000);
	close(fd);
	test_server_stop(server);
}

TEST(a_head_that_drips_is_answered_408_all_the_same)
{
	struct test_server *server = start_hasty();
	int fd = test_connect(server->port);
	str answer = STR_NONE;

	test_write(fd, S("GET / HTTP/1.1\r\nX: "));
	for (int i = 0; i < 100 && test_status(answer) == 0; i++) {
		char octet;

		test_write(fd, S("a"));
		usleep(10000);
		if (recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 1)
			answer = test_read_answer(fd);
	}
	EXPECT_INT(test_status(answer), 408);
	close(fd);
	test_server_stop(server);
}

TEST(a_slow_body_is_answered_408)
{
	struct test_server *server = start_hasty();
	int fd = test_connect(server->port);
	str answer = STR_NONE;

	test_write(fd, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 408);
	close(fd);
	fd = test_connect(server->port);
	test_write(fd, S("POST /echo/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n"));
	for (int i = 0; i < 100 && test_status(answer) == 0; i++) {
		char octet;

		test_write(fd, S("a"));
		usleep(20000);
		if (recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) == 1)
			answer = test_read_answer(fd);
	}
	EXPECT_INT(test_status(answer), 408);
	close(fd);
	test_server_stop(server);
}

TEST(an_idle_connection_is_closed)
{
	struct test_server *server = start_hasty();
	int fd = test_connect(server->port);

	test_write(fd, S("GET /now/1 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT_INT(test_status(test_read_answer(fd)), 200);
	EXPECT_INT(test_read(fd, 1).len, 0);
	while (http_server_connections(server->http) > 0)
		usleep(1000);
	close(fd);
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

/* Notes the order in which it is called. */
struct noting {
	int order[8];
	struct test_flag done;
};

static struct noting notes;
static int note_numbers[] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static void note(void *number)
{
	notes.order[notes.done.count] = *(int *)number;
	test_flag_raise(&notes.done);
}

TEST(posts_run_in_order_on_the_loop)
{
	struct test_server *server = start();

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	EXPECT(!loop_is_here(server->loop));
	for (int i = 0; i < 8; i++)
		loop_post(server->loop, note, &note_numbers[i]);
	EXPECT(test_flag_wait(&notes.done, 8));
	for (int i = 0; i < 8; i++)
		EXPECT_INT(notes.order[i], i);
	test_server_stop(server);
}

static void set_timers(void *arg)
{
	struct loop *loop = arg;
	struct loop_timer *never = loop_after(loop, 1, note, &note_numbers[7]);

	loop_after(loop, 60, note, &note_numbers[2]);
	loop_after(loop, 30, note, &note_numbers[1]);
	loop_cancel(never);
	loop_cancel(NULL);
	EXPECT(loop_is_here(loop));
}

TEST(timers_fire_in_time_unless_cancelled)
{
	struct test_server *server = start();

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	test_on_loop(server->loop, set_timers, server->loop);
	EXPECT(test_flag_wait(&notes.done, 2));
	EXPECT_INT(notes.order[0], 1);
	EXPECT_INT(notes.order[1], 2);
	test_server_stop(server);
}

TEST(a_signal_reaches_the_loop)
{
	struct loop *loop = loop_create();
	struct test_server server = { .loop = loop };

	notes = (struct noting){ .done = TEST_FLAG_INIT };
	loop_on_signal(loop, SIGUSR1, note, &note_numbers[3]);
	pthread_create(&server.thread, NULL, (void *(*)(void *))(void (*)(void))loop_run, loop);
	kill(getpid(), SIGUSR1);
	EXPECT(test_flag_wait(&notes.done, 1));
	EXPECT_INT(notes.order[0], 3);
	loop_stop(loop);
	pthread_join(server.thread, NULL);
	loop_destroy(loop);
}

static enum err tell_request(struct job *job, const struct request *req, struct response *res)
{
	res->type = S("text/plain");
	buf_printf(&res->body, STR_F " %d " STR_F " " STR_F " " STR_F, STR_A(req->remote),
		req->secure, STR_A(request_query(job->arena, req, "q")),
		STR_A(request_cookie(req, S("b"))), STR_A(request_query(job->arena, req, "bad")));
	return OK;
}

static const struct route tell_routes[] = { { HTTP_GET, "/tell", .handler = tell_request } };

#define TELL(headers)                                                           \
	test_body(test_ask(server->port,                                        \
		S("GET /tell?x=1&q=a%20b+c&q=2&bad=%zz HTTP/1.1\r\nHost: h\r\n" \
		  "Connection: close\r\nCookie: a=1; b=two\r\n" headers "\r\n")))

TEST(queries_and_cookies_are_read)
{
	struct test_server *server =
		test_server_start((struct http_config){ .routes = tell_routes, .route_count = 1 });

	EXPECT_STR(TELL(""), "127.0.0.1 0 a b c two ");
	EXPECT_STR(TELL("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"),
		"127.0.0.1 0 a b c two ");
	test_server_stop(server);
}

TEST(only_a_trusted_proxy_tells_who_the_client_is)
{
	struct test_server *server = test_server_start((struct http_config){
		.routes = tell_routes, .route_count = 1, .trusted_proxy = "127.0.0.1" });

	EXPECT_STR(TELL("X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"),
		   "1.2.3.4 1 a b c two ");
	EXPECT_STR(TELL(""), "127.0.0.1 0 a b c two ");
	test_server_stop(server);
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

TEST(a_reader_that_stalls_is_closed)
{
	struct test_server *server = start_hasty();
	int fd = test_connect(server->port);

	counted.count = 0;
	test_write(fd, S("GET /count/900000000 HTTP/1.1\r\nHost: h\r\n\r\n"));
	EXPECT(test_flag_wait(&counted, 1));
	while (http_server_connections(server->http) > 0)
		usleep(1000);
	close(fd);
	test_server_stop(server);
}
