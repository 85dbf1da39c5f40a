/* flow_test.c: questions of Flows open, and answers are what others make of them
 * (tests/data/flows/vectors.json). */
#include "base/test.h"
#include "crypto/crypto.h"
#include "provider/cloud/flow.h"

#include <stdio.h>

static json vectors(void)
{
	struct buf b = buf_in(test_arena(), 1 << 20);
	FILE *file = fopen(TEST_DATA "/flows/vectors.json", "rb");
	char piece[4096];
	json root;
	size_t n;

	EXPECT(file);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(&b, piece, n);
	fclose(file);
	crypto_init();
	EXPECT_OK(json_read(test_arena(), buf_text(&b), &root, NULL));
	return root;
}

static str request_of(json call)
{
	struct buf b = buf_in(test_arena(), 1 << 16);

	json_put_value(&b, NULL, json_field(call, "request"));
	return buf_text(&b);
}

TEST(the_vectors_of_another_program_open_and_our_answers_are_its)
{
	json root = vectors(), calls = json_field(root, "calls");

	EXPECT_INT(json_count(calls), 2);
	for (size_t i = 0; i < json_count(calls); i++) {
		json call = json_at(calls, i);
		struct flow_call got;

		EXPECT(flow_open(test_arena(), json_text_at(root, "private_key"), request_of(call),
			&got));
		EXPECT(str_is(got.text, json_text_at(call, "question")));
		EXPECT(str_is(flow_seal(test_arena(), &got, json_text_at(call, "answer")),
			json_text_at(call, "response")));
		EXPECT_STR(got.action, i ? "data_exchange" : "ping");
		EXPECT(!got.is_error_notice);
	}
}

TEST(a_question_for_another_key_or_changed_on_the_way_does_not_open)
{
	json root = vectors(), call = json_path(root, "calls.0");
	str request = request_of(call), private, public;
	struct flow_call got;

	rsa_make(test_arena(), &private, &public);
	EXPECT(!flow_open(test_arena(), private, request, &got));
	EXPECT(!flow_open(test_arena(), json_text_at(root, "private_key"), S("{}"), &got));
	EXPECT(!flow_open(test_arena(), json_text_at(root, "private_key"), S("no json"), &got));
	EXPECT(!flow_open(test_arena(), json_text_at(root, "private_key"),
		arena_printf(test_arena(), "%.*s\"}", (int)request.len - 3, request.ptr), &got));
}

TEST(what_a_phone_asks_is_answered_so_that_it_can_read_it)
{
	struct flow_call asked, got;
	str private, public, body, text;

	crypto_init();
	rsa_make(test_arena(), &private, &public);
	EXPECT(flow_ask(test_arena(), public,
		S("{\"action\":\"data_exchange\",\"data\":{\"error\":\"x\"}}"), &asked, &body));
	EXPECT(flow_open(test_arena(), private, body, &got));
	EXPECT(got.is_error_notice);
	EXPECT(flow_read(test_arena(), &asked, flow_seal(test_arena(), &got, S("{\"a\":1}")),
		&text));
	EXPECT_STR(text, "{\"a\":1}");
}
