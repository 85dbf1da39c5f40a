/* graph_test.c: names and refusals of the Graph-shaped API. */
#include "api/graph.h"
#include "base/test.h"

static struct job fresh(void)
{
	struct job job;

	job_init(&job, "test", test_arena(), NULL);
	return job;
}

static json refusal(struct job *job, enum err e, const struct request *req, int *status)
{
	struct response res = { .head = buf_in(test_arena(), 4096),
		.body = buf_in(test_arena(), 8192) };
	json root;

	graph_error_write(job, e, req, &res);
	*status = res.status;
	EXPECT_OK(json_read(test_arena(), buf_text(&res.body), &root, NULL));
	return json_field(root, "error");
}

static const struct request *with_key(void)
{
	static struct header header;
	static struct request req = { .headers = &header, .header_count = 1 };

	header = (struct header){ S("authorization"), S("Bearer pk_x") };
	return &req;
}

TEST(a_message_is_named_by_its_id_and_found_by_its_name)
{
	const id64 ids[] = { 1, 255, 191318985895623169, INT64_MAX };
	struct job job = fresh();

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		str name = graph_wamid(test_arena(), ids[i]);
		id64 found;

		EXPECT(str_starts(name, S("wamid.")));
		EXPECT_INT(name.len, 26);
		EXPECT_OK(graph_message_id(&job, 1, name, &found));
		EXPECT(found == ids[i]);
	}
}

TEST(fields_are_those_that_are_asked_for)
{
	EXPECT(graph_wants(S(""), "id", true));
	EXPECT(!graph_wants(S(""), "status", false));
	EXPECT(graph_wants(S("id, status"), "status", false));
	EXPECT(graph_wants(S("throughput{level},id"), "throughput", false));
	EXPECT(!graph_wants(S("statuses"), "status", true));
}

TEST(our_words_become_the_codes_that_programs_know)
{
	static const struct { const char *word; enum err e; int64_t code; int status; } cases[] = {
		{ "window_closed", ERR_INPUT, 131047, 400 },
		{ "unsupported_kind", ERR_INPUT, 131051, 400 },
		{ "opted_out", ERR_INPUT, 131050, 400 },
		{ "channel_disabled", ERR_INPUT, 133010, 400 },
		{ "not_allowed", ERR_DENIED, 10, 403 },
		{ "out_of_scope", ERR_DENIED, 200, 403 },
		{ "template_not_approved", ERR_INPUT, 132001, 404 },
		{ "131026", ERR_INPUT, 131026, 400 },
		{ "131016", ERR_UPSTREAM, 131016, 500 },
		{ "", ERR_LIMIT, 130429, 400 },
		{ "", ERR_UNSUPPORTED, 3, 400 },
		{ "", ERR_STORE, 2, 503 },
		{ "", ERR_BUG, 131000, 500 },
		{ "", ERR_AUTH, 190, 401 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct job job = fresh();
		enum err e = fail_code(&job, cases[i].e, str_of(cases[i].word), STR_NONE, "Why.");
		int status;
		json error = refusal(&job, e, with_key(), &status);

		EXPECT_INT(json_int(json_field(error, "code"), 0), cases[i].code);
		EXPECT_INT(status, cases[i].status);
		EXPECT(json_text_at(error, "message").len > 0);
		EXPECT_INT(json_text_at(error, "fbtrace_id").len, TRACE_SIZE);
	}
}

TEST(who_brings_no_token_is_told_so_and_an_unknown_object_is_named)
{
	struct job job = fresh();
	struct request nobody = { .method = HTTP_POST };
	int status;
	json error = refusal(&job, ERR_AUTH, &nobody, &status);

	EXPECT_INT(json_int(json_field(error, "code"), 0), 104);
	EXPECT_INT(status, 401);
	job = fresh();
	error = refusal(&job, graph_unknown(&job, &nobody, S("123")), with_key(), &status);
	EXPECT_INT(json_int(json_field(error, "code"), 0), 100);
	EXPECT_INT(json_int(json_field(error, "error_subcode"), 0), 33);
	EXPECT(str_has(json_text_at(error, "message"),
		S("Unsupported post request. Object with ID '123'")));
	EXPECT_STR(json_text_at(error, "type"), "GraphMethodException");
}

TEST(wrong_fields_are_told_by_the_code_of_the_first)
{
	static const struct { const char *field, *code; int64_t want; } cases[] = {
		{ "text.body", "too_long", 131009 },
		{ "text.body", "required", 131008 },
		{ "to", "invalid", 100 },
		{ "image.id", "unknown", 100 },
		{ "image.id", "media_type", 131053 },
		{ "template.name", "unknown", 132001 },
		{ "template.components[1].parameters[0]", "required", 132000 },
		{ "template.components[1].parameters[0]", "invalid", 132012 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct job job = fresh();
		int status;
		json error;

		field_error(&job, str_of(cases[i].field), str_of(cases[i].code), S("Why."));
		field_error(&job, S("later"), S("required"), S("Not told first."));
		error = refusal(&job, job_check_fields(&job), with_key(), &status);
		EXPECT_INT(json_int(json_field(error, "code"), 0), cases[i].want);
		EXPECT(str_has(json_text_at(error, "error_data.details"), str_of(cases[i].field)));
	}
}

TEST(what_failed_inside_is_not_told)
{
	struct job job = fresh();
	enum err e = fail(&job, ERR_STORE, "no such table: message");
	int status;
	json error = refusal(&job, e, with_key(), &status);

	EXPECT(!str_has(json_text_at(error, "error_data.details"), S("table")));
	EXPECT(json_flag(json_field(error, "is_transient"), false));
}
