/* net_test.h: what the tests of net/ share: a server on a free port of loopback, and a plain socket
 * to it. */
#ifndef NET_NET_TEST_H
#define NET_NET_TEST_H

#include "base/test.h"
#include "net/http.h"

#include <pthread.h>

struct test_server {
	struct loop *loop;
	struct pool *workers;
	struct http_server *http;
	pthread_t thread;
	int port;
};

/* workers, serve and refuse are filled in when not given. Runs until test_server_stop. */
struct test_server *test_server_start(struct http_config config);
void test_server_stop(struct test_server *server);
/* Runs fn(arg) on the loop and waits for its end. */
void test_on_loop(struct loop *loop, void (*fn)(void *arg), void *arg);

int test_connect(int port);
void test_connect_socket(int fd, int port);
void test_write(int fd, str text);
/* All until the other side closes, or want octets, or a second of silence. In the test's arena. */
str test_read(int fd, size_t want);
/* One answer with Content-Length (or none), by its own length. STR_NONE if the other side closed
 * first. */
str test_read_answer(int fd);
/* Sends a request on a connection of its own and reads until the server closes it. */
str test_ask(int port, str request);
int test_status(str answer); /* 0 when it is none */
str test_body(str answer);

/* A self-signed certificate and its key for localhost and 127.0.0.1, in PEM files of the test's
 * folder. */
struct test_certificate {
	const char *certificate, *key;
};
struct test_certificate test_make_certificate(const char *common_name);

/* A flag that another thread raises, waited for at most five seconds. */
struct test_flag {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int count;
};
#define TEST_FLAG_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 }
void test_flag_raise(struct test_flag *flag);
bool test_flag_wait(struct test_flag *flag, int count);

#endif
