/* http_request_test.c: what handlers ask of a request. */
#include "net/net_test.h"

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
