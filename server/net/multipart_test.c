/* multipart_test.c: forms, as they are sent and as they should not be. */
#include "base/test.h"
#include "net/multipart.h"

#include <fcntl.h>
#include <unistd.h>

static struct job job;
static struct part *parts;
static size_t count;

static enum err read_form(const char *type, str body)
{
	struct header header = { S("Content-Type"), str_of(type) };
	struct request req = { .headers = &header,
		               .header_count = 1,
		               .body = bytes_of(body),
		               .body_size = (int64_t)body.len };
	enum err e;

	job_init(&job, "test", test_arena(), NULL);
	e = multipart_read(&job, &req, &parts, &count);
	job_release(&job);
	return e;
}
#define READ(body) read_form("multipart/form-data; boundary=b", S(body))
#define PART(headers, data) "--b\r\nContent-Disposition: form-data; " headers "\r\n\r\n" data "\r\n"

TEST(parts_are_told_with_name_file_and_type)
{
	EXPECT_OK(READ(PART("name=\"a\"", "1")
	                       PART("name=f; filename=\"x.png\"\r\nContent-Type: image/png",
	                            "\r\n\0--b") "--b--\r\n"));
	EXPECT_INT(count, 2);
	EXPECT_STR(parts[0].name, "a");
	EXPECT(!parts[0].file_name.ptr && !parts[0].type.ptr);
	EXPECT_STR(str_from(parts[0].data), "1");
	EXPECT_STR(parts[1].file_name, "x.png");
	EXPECT_STR(parts[1].type, "image/png");
	EXPECT_INT(parts[1].data.len, 6);
}

TEST(file_names_lose_their_folders_and_keep_their_letters)
{
	EXPECT_OK(READ(PART("name=\"f\"; filename=\"../../etc/passwd\"", "")
	                       PART("name=\"f\"; filename=\"C:\\dir\\a.txt\"", "")
	                               PART("name=\"f\"; filename=\"\xC3\xA9;\\\"q\\\".png\"", "")
	                                       PART("name=\"f\"; filename=\"\"", "") "--b--"));
	EXPECT_STR(parts[0].file_name, "passwd");
	EXPECT_STR(parts[1].file_name, "a.txt");
	EXPECT_STR(parts[2].file_name, "\xC3\xA9;\"q\".png");
	EXPECT_STR(parts[3].file_name, "");
}

TEST(boundaries_are_tokens_or_quoted)
{
	str body = S("--a b'\r\nContent-Disposition: form-data; name=x\r\n\r\nv\r\n--a b'--\r\n");

	EXPECT_OK(read_form("Multipart/Form-Data; charset=utf-8; boundary=\"a b'\"", body));
	EXPECT_STR(str_from(parts[0].data), "v");
	EXPECT_ERR(read_form("multipart/form-data", body), ERR_INPUT);
	EXPECT_ERR(read_form("multipart/form-data; boundary=", body), ERR_INPUT);
	EXPECT_ERR(read_form("multipart/form-data; boundary=\"", body), ERR_INPUT);
	EXPECT_ERR(read_form("multipart/form-data; boundary=\"a b'\"; boundary=c", body),
	           ERR_INPUT);
	EXPECT_ERR(read_form("multipart/mixed; boundary=\"a b'\"", body), ERR_INPUT);
	EXPECT_ERR(read_form("application/json", body), ERR_INPUT);
	EXPECT_ERR(
		read_form("multipart/form-data; boundary="
	                  "00000000000000000000000000000000000000000000000000000000000000000000000",
	                  body),
		ERR_INPUT);
}

TEST(malformed_forms_are_refused)
{
	static const str cases[] = {
		S(""),
		S("--b"),
		S("--b\r\n"),
		S("--b\r\n\r\n"),
		S("--c\r\n"),
		S("preamble\r\n" PART("name=a", "1") "--b--"),
		S(PART("name=a", "1") "--b-- epilogue"),
		S(PART("name=a", "1")),
		S(PART("name=a", "1") "--b"),
		S(PART("name=a", "1") "--b-"),
		S(PART("name=a", "1") "--bc\r\n" PART("name=a", "1") "--b--"),
		S("--b \r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b--"),
		S("--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--"),
		S("--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--"),
		S("--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--"),
		S("--b\r\n\r\n1\r\n--b--"),
		S("--b\r\nContent-Disposition: form-data; name=\r\n\r\n1\r\n--b--"),
		S(PART("name=\"\"", "1") "--b--"),
		S(PART("name=\"a", "1") "--b--"),
		S(PART("name=\"a\" filename=\"b\"", "1") "--b--"),
		S(PART("name=a; name=b", "1") "--b--"),
		S(PART("name=a; filename=b; filename=c", "1") "--b--"),
		S(PART("name=a\r\nContent-Disposition: form-data; name=b", "1") "--b--"),
		S(PART("name=a\r\nContent-Type: a/b\r\nContent-Type: c/d", "1") "--b--"),
		S(PART("name=a\r\nContent-Transfer-Encoding: base64", "MQ==") "--b--"),
		S(PART("name=\"a\nb\"", "1") "--b--"),
		S(PART("name=\"a\0b\"", "1") "--b--"),
		S(PART("name=a; filename=\"a\0.png\"", "1") "--b--"),
		S(PART("name=a; filename=\"\xff\"", "1") "--b--"),
		S(PART("name=a\r\n folded", "1") "--b--"),
		S(PART("name=a\r\nNo colon", "1") "--b--"),
		S("--b\nContent-Disposition: form-data; name=a\n\n1\n--b--"),
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (read_form("multipart/form-data; boundary=b", cases[i]) != ERR_INPUT)
			test_fail(__FILE__, __LINE__, "case %zu was taken", i);
}

TEST(parts_and_headers_have_bounds)
{
	struct buf body = buf_in(test_arena(), 1u << 20);

	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		buf_str(&body, S(PART("name=a", "1")));
	buf_str(&body, S("--b--"));
	EXPECT_OK(read_form("multipart/form-data; boundary=b", buf_text(&body)));
	EXPECT_INT(count, MULTIPART_PARTS_MAX);
	body.len -= 5;
	buf_str(&body, S(PART("name=a", "1") "--b--"));
	EXPECT_ERR(read_form("multipart/form-data; boundary=b", buf_text(&body)), ERR_INPUT);
	buf_clear(&body);
	buf_str(&body, S("--b\r\nContent-Disposition: form-data; name=a\r\nX: "));
	memset(buf_space(&body, MULTIPART_HEAD_MAX), 'x', MULTIPART_HEAD_MAX);
	buf_str(&body, S("\r\n\r\n1\r\n--b--"));
	EXPECT_ERR(read_form("multipart/form-data; boundary=b", buf_text(&body)), ERR_INPUT);
}

TEST(a_body_in_a_file_is_read_from_there)
{
	str body = S(PART("name=a", "from a file") "--b--\r\n");
	struct header header = { S("content-type"), S("multipart/form-data; boundary=b") };
	str path = arena_printf(test_arena(), "%s/form", test_folder());
	struct request req = { .headers = &header,
		               .header_count = 1,
		               .body_path = path.ptr,
		               .body_size = (int64_t)body.len };
	int fd = open(path.ptr, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	EXPECT(write(fd, body.ptr, body.len) == (ssize_t)body.len);
	close(fd);
	job_init(&job, "test", test_arena(), NULL);
	EXPECT_OK(multipart_read(&job, &req, &parts, &count));
	EXPECT_STR(str_from(parts[0].data), "from a file");
	job_release(&job);
	req.body_path = "/nowhere";
	job_init(&job, "test", test_arena(), NULL);
	EXPECT_ERR(multipart_read(&job, &req, &parts, &count), ERR_STORE);
	job_release(&job);
}
