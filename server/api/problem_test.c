/* problem_test.c: failures as people and programs read them. */
#include "api/api.h"
#include "base/test.h"

static struct job job;

static struct response answer(enum err e)
{
	struct response res = { .head = buf_in(test_arena(), 4096),
		.body = buf_in(test_arena(), 1u << 16) };

	problem_write(&job, e, &res);
	return res;
}

static json read_answer(const struct response *res)
{
	json root;

	EXPECT_OK(json_read(test_arena(), buf_text(&res->body), &root, NULL));
	return root;
}

static void start(void)
{
	job_init(&job, "test", test_arena(), NULL);
}

TEST(every_error_has_its_status)
{
	static const struct { enum err err; int status;
	} want[] = {
		{ ERR_INPUT, 422 },
		{ ERR_AUTH, 401 },
		{ ERR_DENIED, 403 },
		{ ERR_MISSING, 404 },
		{ ERR_CONFLICT, 409 },
		{ ERR_LIMIT, 429 },
		{ ERR_UNSUPPORTED, 422 },
		{ ERR_TIMEOUT, 504 },
		{ ERR_UPSTREAM, 502 },
		{ ERR_STORE, 503 },
		{ ERR_CORRUPT, 500 },
		{ ERR_BUG, 500 },
	};

	for (size_t i = 0; i < COUNT_OF(want); i++) {
		struct response res;
		json root;

		start();
		res = answer(want[i].err);
		root = read_answer(&res);
		EXPECT_INT(res.status, want[i].status);
		EXPECT_INT(json_int(json_field(root, "status"), 0), want[i].status);
		EXPECT(json_text_at(root, "detail").len > 0 && json_text_at(root, "code").len > 0);
		EXPECT_STR(json_text_at(root, "trace_id"), job.trace);
	}
}

TEST(a_refusal_by_policy_keeps_its_words)
{
	struct response res;
	json root;

	start();
	res = answer(fail_code(&job, ERR_INPUT, S("window_closed"), S("Send an approved template."),
		"The window closed."));
	root = read_answer(&res);
	EXPECT_INT(res.status, 422);
	EXPECT_STR(json_text_at(root, "type"), "/problems/window-closed");
	EXPECT_STR(json_text_at(root, "detail"), "The window closed.");
	EXPECT_STR(json_text_at(root, "next_step"), "Send an approved template.");
}

TEST(fields_come_in_order_and_once_each)
{
	struct response res;
	json root;

	start();
	field_error(&job, S("email"), S("required"), S("Must not be missing."));
	field_error(&job, S("name"), S("too_long"), S("At most 5 characters."));
	field_error(&job, S("email"), S("invalid"), S("Must be an e-mail address."));
	res = answer(job_check_fields(&job));
	root = read_answer(&res);
	EXPECT_INT(json_count(json_field(root, "errors")), 2);
	EXPECT_STR(json_text_at(root, "errors.0.field"), "email");
	EXPECT_STR(json_text_at(root, "errors.0.code"), "required");
	EXPECT_STR(json_text_at(root, "errors.1.field"), "name");
}

TEST(what_fails_inside_is_not_told_outside)
{
	struct response res;

	start();
	res = answer(fail(&job, ERR_STORE, "disk I/O error in /srv/parley.db"));
	EXPECT_INT(res.status, 503);
	EXPECT(!str_has(buf_text(&res.body), S("/srv")));
	EXPECT(str_has(buf_text(&res.head), S("Retry-After: 2\r\n")));
}

TEST(a_limit_tells_when_to_come_back)
{
	struct response res;

	start();
	job.retry_after_ms = 1500;
	res = answer(fail(&job, ERR_LIMIT, "too many"));
	EXPECT(str_has(buf_text(&res.head), S("Retry-After: 2\r\n")));
}

TEST(half_an_answer_does_not_stay_before_a_problem)
{
	struct response res = { .head = buf_in(test_arena(), 4096),
		.body = buf_in(test_arena(), 1u << 16) };

	start();
	buf_str(&reply_json(&res, 200)[0], S("{\"data\":[{\"id\":"));
	problem_write(&job, ERR_MISSING, &res);
	EXPECT(str_starts(buf_text(&res.body), S("{\"type\":\"/problems/not-found\"")));
}

TEST(what_the_net_refuses_is_a_problem_too)
{
	struct response res = { .head = buf_in(test_arena(), 4096),
		.body = buf_in(test_arena(), 1u << 16) };
	json root;

	api_refuse(test_arena(), 413, "The body is larger than 3 MB.", &res);
	root = read_answer(&res);
	EXPECT_INT(res.status, 413);
	EXPECT_STR(json_text_at(root, "code"), "too_large");
	EXPECT_STR(res.type, "application/problem+json");
}
