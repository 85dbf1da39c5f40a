/* http_transfer_test.c: bodies too large for memory: uploads to files, answers from files and
 * sources. */
#include "net/net_test.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

static void answer_now(const struct request *req, struct exchange *ex)
{
	exchange_answer(ex, 200, S("text/plain"), req->params[0]);
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
	{ HTTP_GET, "/now/{id}", .loop_handler = answer_now, .flags = ROUTE_ON_LOOP },
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
		.routes = routes, .route_count = COUNT_OF(routes), .times = { .body_ms = 150 } });
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
