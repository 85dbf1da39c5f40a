/* media_test.c: attachments over HTTP: up, down in parts, and never dangerous; and who may listen
 * to what. */
#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"
#include "api/api.h"
#include "crypto/crypto.h"
#include "inbox/media.h"
#include "net/net_test.h"
#include "store/test_store.h"

#include <stdio.h>

#define PNG S("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0\x90wS\xDE")

static struct test_server *server;
static struct pool *workers;
static struct setup_result setup;

static void start(struct job *job)
{
	static int made;
	str why = STR_NONE;

	crypto_init();
	EXPECT_OK(keyring_open(job->arena,
		arena_printf(job->arena, "%s/api-%d.key", test_folder(), made).ptr, &why));
	EXPECT_OK(media_open_folder(job->arena,
		arena_printf(job->arena, "%s/api-%d", test_folder(), made++).ptr, &why));
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("W"),
			.email = S("a@example.com"),
			.name = S("A"),
			.password = S("correct horse") },
		&setup));
	job->workspace = setup.workspace;
	workers = pool_create("request", 2, 64, job->store);
	server = test_server_start((struct http_config){ .routes = api_routes,
		.route_count = api_route_count,
		.workers = workers,
		.serve = api_serve,
		.refuse = api_refuse });
}

static void stop(void)
{
	test_server_stop(server);
	pool_destroy(workers);
}

/* head: more header lines, each with its \r\n. */
static str ask_as(str key, const char *line, const char *head, str body)
{
	return test_ask(server->port, arena_printf(test_arena(),
					      "%s HTTP/1.1\r\nHost: x\r\nConnection: "
					      "close\r\nAuthorization: Bearer %.*s\r\n"
					      "Content-Length: %zu\r\n%s\r\n%.*s",
					      line, STR_A(key), body.len, head, STR_A(body)));
}

static str ask(const char *line, const char *head, str body)
{
	struct buf request = buf_in(test_arena(), body.len + 2000);

	buf_printf(&request,
		"%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer %.*s\r\n"
		"Content-Length: %zu\r\n%s\r\n",
		line, STR_A(setup.api_key), body.len, head);
	buf_str(&request, body);
	return test_ask(server->port, buf_text(&request));
}

/* Text that differs from place to place. */
static str content(size_t size)
{
	struct buf text = buf_in(test_arena(), size + 50);

	while (text.len < size)
		buf_printf(&text, "line at %zu\n", text.len);
	return (str){ (char *)text.ptr, size };
}

/* "/api/v1/media/ID" of the answer. */
static const char *upload(str body, const char *type)
{
	str answer = ask("POST /api/v1/media?file_name=n%C3%B6te.txt",
			 arena_printf(test_arena(), "Content-Type: %s\r\n", type).ptr, body);
	json media;

	EXPECT_INT(test_status(answer), 201);
	EXPECT_OK(json_read(test_arena(), test_body(answer), &media, NULL));
	EXPECT_STR(json_text_at(media, "state"), "stored");
	EXPECT_INT(json_int(json_field(media, "size_bytes"), 0), body.len);
	return arena_cstr(test_arena(), json_text_at(media, "url"));
}

static str get(const char *method, const char *url, const char *head)
{
	return ask(arena_printf(test_arena(), "%s %s", method, url).ptr, head, S(""));
}

STORE_TEST(what_goes_up_comes_down)
{
	str text, answer;
	const char *url;

	start(job);
	text = content(150000);
	url = upload(text, "text/plain");
	answer = get("GET", url, "");
	EXPECT_INT(test_status(answer), 200);
	EXPECT(str_is(test_body(answer), text));
	EXPECT(str_has(answer, S("Content-Type: text/plain; charset=utf-8\r\n")));
	EXPECT(str_has(answer, S("Content-Disposition: inline; filename=\"n__te.txt\"; "
				 "filename*=UTF-8''n%C3%B6te.txt\r\n")));
	EXPECT(str_has(answer, S("Content-Security-Policy: sandbox;")));
	EXPECT(str_has(answer, S("X-Content-Type-Options: nosniff")));
	answer = get("HEAD", url, "");
	EXPECT_INT(test_status(answer), 200);
	EXPECT(str_has(answer, S("Content-Length: 150000\r\n")));
	EXPECT_INT(test_body(answer).len, 0);
	answer = get("GET", arena_printf(test_arena(), "%s?download=1", url).ptr, "");
	EXPECT(str_has(answer, S("Content-Disposition: attachment;")));
	stop();
}

STORE_TEST(parts_are_answered_as_asked)
{
	static const struct { const char *range; size_t from, size;
	} parts[] = {
		{ "bytes=0-0", 0, 1 },
		{ "bytes=65530-65545", 65530, 16 },
		{ "bytes=65536-131071", 65536, 65536 },
		{ "bytes=149990-", 149990, 10 },
		{ "bytes=-10", 149990, 10 },
		{ "bytes=149990-999999", 149990, 10 },
		{ "bytes=-999999", 0, 150000 },
	};
	const char *url;
	str text;

	start(job);
	text = content(150000);
	url = upload(text, "text/plain");
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		str answer = get("GET", url,
			arena_printf(test_arena(), "Range: %s\r\n", parts[i].range).ptr);

		EXPECT_INT(test_status(answer), 206);
		EXPECT(str_is(test_body(answer), str_part(text, parts[i].from, parts[i].size)));
		EXPECT(str_has(answer,
			arena_printf(test_arena(), "Content-Range: bytes %zu-%zu/150000\r\n",
				parts[i].from, parts[i].from + parts[i].size - 1)));
	}
	stop();
}

STORE_TEST(impossible_parts_are_416_and_odd_ones_the_whole)
{
	static const char *const impossible[] = { "bytes=150000-", "bytes=-0",
		"bytes=999999-1000000" };
	static const char *const odd[] = { "bytes=5-2", "lines=1-2", "bytes=0-1,5-6", "bytes=x-",
		"bytes", "bytes=-" };
	const char *url;

	start(job);
	url = upload(content(150000), "text/plain");
	for (size_t i = 0; i < COUNT_OF(impossible); i++) {
		str answer = get("GET", url,
			arena_printf(test_arena(), "Range: %s\r\n", impossible[i]).ptr);

		EXPECT_INT(test_status(answer), 416);
		EXPECT(str_has(answer, S("Content-Range: bytes */150000\r\n")));
	}
	for (size_t i = 0; i < COUNT_OF(odd); i++)
		EXPECT_INT(test_status(get("GET", url,
				   arena_printf(test_arena(), "Range: %s\r\n", odd[i]).ptr)),
			200);
	stop();
}

STORE_TEST(what_the_browser_has_is_not_sent_again)
{
	str answer, etag;
	const char *url;

	start(job);
	url = upload(content(1000), "text/plain");
	answer = get("GET", url, "");
	for (etag = answer; !str_starts(etag, S("ETag: ")); etag = str_part(etag, 1, etag.len))
		EXPECT(etag.len > 0);
	etag = str_part(etag, 6, str_find(etag, '\r') - 6);
	answer = get("GET", url,
		arena_printf(test_arena(), "If-None-Match: \"x\", W/" STR_F "\r\n", STR_A(etag))
			.ptr);
	EXPECT_INT(test_status(answer), 304);
	EXPECT_INT(test_body(answer).len, 0);
	answer = get("GET", url,
		arena_printf(test_arena(), "Range: bytes=0-1\r\nIf-Range: " STR_F "\r\n",
			STR_A(etag))
			.ptr);
	EXPECT_INT(test_status(answer), 206);
	EXPECT_INT(test_status(get("GET", url, "Range: bytes=0-1\r\nIf-Range: \"other\"\r\n")),
		200);
	stop();
}

STORE_TEST(what_could_run_is_saved_and_not_shown)
{
	str answer;
	const char *url;

	start(job);
	url = upload(S("<!DOCTYPE html><html><script>alert(1)</script></html>"), "text/html");
	answer = get("GET", url, "");
	EXPECT(str_has(answer, S("Content-Disposition: attachment;")));
	EXPECT(str_has(answer, S("Content-Type: application/octet-stream\r\n")));
	stop();
}

STORE_TEST(a_page_is_no_picture)
{
	str answer;

	start(job);
	answer = ask("POST /api/v1/media", "Content-Type: image/jpeg\r\n",
		S("<!DOCTYPE html><html><body>hi</body></html>"));
	EXPECT_INT(test_status(answer), 422);
	EXPECT(str_has(answer,
		S("This file says that it is image/jpeg, and its content is text/html.")));
	answer = ask("POST /api/v1/media", "Content-Type: image/jpeg\r\n", S(""));
	EXPECT_INT(test_status(answer), 422);
	EXPECT(str_has(answer, S("\"empty_file\"")));
	stop();
}

STORE_TEST(a_form_brings_its_file_with_name_and_type)
{
	struct buf body = buf_in(test_arena(), 2000);
	str answer;

	start(job);
	buf_str(&body, S("--x\r\nContent-Disposition: form-data; "
			 "name=\"other\"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; "
			 "name=\"file\"; filename=\"dot.png\"\r\nContent-Type: image/png\r\n\r\n"));
	buf_str(&body, PNG);
	buf_str(&body, S("\r\n--x--\r\n"));
	answer = ask("POST /api/v1/media", "Content-Type: multipart/form-data; boundary=x\r\n",
		buf_text(&body));
	EXPECT_INT(test_status(answer), 201);
	EXPECT(str_has(answer,
		S("\"mime_type\":\"image/png\",\"size_bytes\":33,\"file_name\":\"dot.png\"")));
	answer = ask("POST /api/v1/media", "Content-Type: multipart/form-data; boundary=x\r\n",
		S("--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n"));
	EXPECT_INT(test_status(answer), 422);
	EXPECT(str_has(answer, S("Send the file in the field `file`.")));
	stop();
}

STORE_TEST(files_of_another_workspace_are_not_there)
{
	struct setup_result other;
	const char *url;

	start(job);
	url = upload(content(1000), "text/plain");
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("X"),
			.email = S("x@example.com"),
			.name = S("X"),
			.password = S("correct horse") },
		&other));
	EXPECT_INT(test_status(ask_as(other.api_key, arena_printf(test_arena(), "GET %s", url).ptr,
			   "", S(""))),
		404);
	EXPECT_INT(test_status(ask_as(S("pk_wrong"), arena_printf(test_arena(), "GET %s", url).ptr,
			   "", S(""))),
		401);
	EXPECT_INT(test_status(get("GET", "/api/v1/media/12345", "")), 404);
	stop();
}

STORE_TEST(what_is_waiting_or_failed_is_told_and_can_be_tried_again)
{
	struct media media;
	const char *url;
	str answer;
	id64 id;

	start(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(media_expect(job, 7, S("555"), STR_NONE,
		&(struct media_info){ .mime_type = S("image/jpeg") }, &id));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(media_get(job, id, &media));
	url = arena_printf(test_arena(), "/api/v1/media/%lld", (long long)id).ptr;
	EXPECT_INT(test_status(get("GET", url, "")), 409);
	EXPECT_OK(media_put_off(job, &media, 0, S("WhatsApp no longer has the file.")));
	answer = ask(arena_printf(test_arena(), "POST %s/retry", url).ptr, "", S(""));
	EXPECT_INT(test_status(answer), 202);
	EXPECT(str_has(answer, S("\"state\":\"pending\"")));
	url = upload(content(1000), "text/plain");
	EXPECT_INT(test_status(
			   ask(arena_printf(test_arena(), "POST %s/retry", url).ptr, "", S(""))),
		409);
	stop();
}

/* ---- /broadcasting/auth ---- */

static str authorise(str key, const char *channel)
{
	return ask_as(key, "POST /broadcasting/auth",
		"Content-Type: application/x-www-form-urlencoded\r\n",
		arena_printf(test_arena(), "socket_id=123.456&channel_name=%s", channel));
}

static str own_channel(id64 workspace)
{
	return arena_printf(test_arena(), "private-workspace-%lld", (long long)workspace);
}

STORE_TEST(one_may_listen_to_ones_own_workspace_only)
{
	struct setup_result other;
	str answer;

	start(job);
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("X"),
			.email = S("x@example.com"),
			.name = S("X"),
			.password = S("correct horse") },
		&other));
	answer = authorise(setup.api_key, own_channel(setup.workspace).ptr);
	EXPECT_INT(test_status(answer), 200);
	EXPECT(str_has(answer,
		arena_printf(test_arena(), "{\"auth\":\"" STR_F ":", STR_A(setup.app.key))));
	EXPECT_INT(test_status(authorise(other.api_key, own_channel(setup.workspace).ptr)), 403);
	EXPECT_INT(test_status(authorise(S("pk_no"), own_channel(setup.workspace).ptr)), 401);
	EXPECT_INT(test_status(authorise(setup.api_key, "private-other")), 403);
	EXPECT_INT(test_status(authorise(setup.api_key, "presence-conversation-1")), 403);
	EXPECT_INT(test_status(authorise(setup.api_key, "news")), 403);
	EXPECT_INT(test_status(ask("POST /broadcasting/auth",
			   "Content-Type: application/x-www-form-urlencoded\r\n",
			   S("channel_name=x"))),
		422);
	answer = ask("POST /broadcasting/auth", "Content-Type: application/json\r\n",
		arena_printf(test_arena(), "{\"socket_id\":\"1.2\",\"channel_name\":\"" STR_F "\"}",
			STR_A(own_channel(setup.workspace))));
	EXPECT_INT(test_status(answer), 200);
	stop();
}

STORE_TEST(on_a_conversation_one_is_seen_by_name)
{
	struct inbox_changes changes = { 0 };
	struct conversation conversation;
	struct channel *channel;
	struct contact contact;
	str answer;

	start(job);
	EXPECT_OK(channel_create(job,
		&(struct channel_draft){ .provider = S("cloud"),
			.name = S("C"),
			.remote_id = S("100"),
			.account_id = S("200"),
			.access_token = S("token"),
			.app_secret = S("secret"),
			.disabled = -1 },
		&channel));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_resolve(job,
		&(struct person_ref){ .phone = S("12025550142"), .name = S("Ana") }, S("test"),
		&changes, &contact));
	EXPECT_OK(conversation_of(job, contact.id, channel, &changes, &conversation));
	EXPECT_OK(db_commit(job));
	answer = authorise(setup.api_key,
		arena_printf(test_arena(), "presence-conversation-%lld", (long long)conversation.id)
			.ptr);
	EXPECT_INT(test_status(answer), 200);
	EXPECT(str_has(answer, S("\"channel_data\":\"{\\\"user_id\\\":\\\"")));
	EXPECT(str_has(answer, S("\\\"user_info\\\":{\\\"name\\\":\\\"")));
	stop();
}
