/* http_times_test.c: who is slow, in each way there is, is closed in time. */
#include "net/net_test.h"

#include "base/clock.h"

#include <sys/socket.h>
#include <unistd.h>

static void answer_now(const struct request *req, struct exchange *ex)
{
	exchange_answer(ex, 200, S("text/plain"), req->params[0]);
}

static enum err accept_body(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	res->status = 204;
	return OK;
}

static const struct route routes[] = {
	{ HTTP_GET, "/now/{id}", .loop_handler = answer_now, .flags = ROUTE_ON_LOOP },
	{ HTTP_POST, "/echo/{id}", .handler = accept_body },
};

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
