/* sandbox_test.c: the sandbox refuses, answers, tells and breaks as docs/guide/sandbox.md says. */
#include "provider/sandbox/sandbox_fixture.h"

#include <stdio.h>
#include <unistd.h>

#define ANA "12025550142"
#define NUMBER "/v24.0/106540352242922"
#define ACCOUNT "/v24.0/102290129340398"
#define TOKEN S("sandbox-token")
#define TEXT_TO_ANA                                            \
	S("{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA \
	  "\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"},\"biz_opaque_callback_data\":\"77\"}")

static json answer;

static int post(str body)
{
	return fixture_call_as(TOKEN, HTTP_POST, S(NUMBER "/messages"), body, &answer);
}

static void expect_refusal(str body, int status, int64_t code)
{
	EXPECT_INT(post(body), status);
	EXPECT_INT(json_int(json_path(answer, "error.code"), -1), code);
}

static void add_fault(str fault)
{
	fixture_control(S("/control/faults"), fault);
}

TEST(an_accepted_message_has_a_wamid_and_its_statuses_follow)
{
	fixture();
	fixture_open_window(S(ANA));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT(str_starts(json_text_at(answer, "messages.0.id"), S("wamid.")));
	EXPECT_STR(json_text_at(answer, "messages.0.message_status"), "accepted");
	EXPECT_STR(json_text_at(answer, "contacts.0.wa_id"), ANA);
	EXPECT_INT(fixture_wait(EVENT_STATUS, 0)->status, STATUS_SENT);
	EXPECT_INT(fixture_wait(EVENT_STATUS, 1)->status, STATUS_DELIVERED);
	EXPECT_INT(fixture_wait(EVENT_STATUS, 1)->target_message, 77);
	EXPECT(str_is(fixture_wait(EVENT_STATUS, 1)->target_id,
		json_text_at(answer, "messages.0.id")));
	fixture_control(S("/control/customers/" ANA "/read"), S(""));
	EXPECT_INT(fixture_wait(EVENT_STATUS, 2)->status, STATUS_READ);
}

TEST(tokens_and_ids_are_checked_as_meta_does)
{
	fixture();
	EXPECT_INT(fixture_call_as(S("wrong"), HTTP_POST, S(NUMBER "/messages"), TEXT_TO_ANA,
			   &answer),
		401);
	EXPECT_INT(json_int(json_path(answer, "error.code"), 0), 190);
	EXPECT_INT(fixture_call(HTTP_POST, S(NUMBER "/messages"), TEXT_TO_ANA, &answer), 401);
	EXPECT_INT(json_int(json_path(answer, "error.code"), 0), 104);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_POST, S("/v24.0/999/messages"), TEXT_TO_ANA,
			   &answer),
		400);
	EXPECT_INT(json_int(json_path(answer, "error.error_subcode"), 0), 33);
}

TEST(shapes_and_limits_are_refused_with_metas_codes)
{
	fixture();
	fixture_open_window(S(ANA));
	expect_refusal(S("{\"to\":\"+" ANA "\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}"), 400,
		100);
	expect_refusal(S("not json"), 400, 100);
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"type\":\"text\",\"text\":{\"body\":"
			 "\"Hi\"}}"),
		400, 100);
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA
			 "\",\"type\":\"hologram\"}"),
		400, 100);
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA
			 "\",\"type\":\"text\",\"text\":{}}"),
		400, 131008);
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA
			 "\",\"type\":\"image\",\"image\":{\"id\":\"1\"}}"),
		400, 100);
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"to\":\"" ANA
			 "\",\"type\":\"interactive\",\"interactive\":{\"type\":\"button\","
			 "\"body\":{\"text\":\"a\"},\"action\":{\"buttons\":[{\"type\":\"reply\","
			 "\"reply\":{\"id\":\"1\",\"title\":\"123456789012345678901\"}}]}}}"),
		400, 131009);
	EXPECT_STR(json_text_at(answer, "error.error_data.details"),
		"Button title length invalid. Min length: 1, Max length: 20");
	expect_refusal(S("{\"messaging_product\":\"whatsapp\",\"to\":\"15550783881\",\"type\":"
			 "\"text\",\"text\":{\"body\":\"Hi\"}}"),
		400, 131021);
}

TEST(free_text_needs_an_open_window_and_a_template_does_not)
{
	fixture();
	expect_refusal(TEXT_TO_ANA, 400, 131047);
	EXPECT_INT(post(S("{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA
			  "\",\"type\":\"template\",\"template\":{\"name\":\"hello_world\","
			  "\"language\":{\"code\":\"en_US\"}}}")),
		200);
	fixture_open_window(S(ANA));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
}

TEST(a_closed_window_may_come_as_a_failed_status)
{
	fixture();
	fixture_control(S("/control/settings"), S("{\"window_in_status\":true}"));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT_INT(fixture_wait(EVENT_STATUS, 0)->status, STATUS_FAILED);
	EXPECT_STR(fixture_wait(EVENT_STATUS, 0)->error_code, "131047");
}

#define TEMPLATE(name, rest)                                        \
	S("{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA      \
	  "\",\"type\":\"template\",\"template\":{\"name\":\"" name \
	  "\",\"language\":{\"code\":\"en_US\"}" rest "}}")

TEST(a_template_send_must_fit_what_was_approved)
{
	fixture();
	expect_refusal(TEMPLATE("no_such", ""), 404, 132001);
	expect_refusal(TEMPLATE("spring_sale", ""), 400, 132015);
	expect_refusal(TEMPLATE("appointment_reminder",
			       ",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":"
			       "\"text\",\"text\":\"Ana\"}]}]"),
		400, 132000);
	EXPECT_STR(json_text_at(answer, "error.error_data.details"),
		"body: number of localizable_params (1) does not match the expected number of "
		"params (2)");
	expect_refusal(TEMPLATE("summer_sale", ",\"components\":[{\"type\":\"body\",\"parameters\":"
					       "[{\"type\":\"text\",\"text\":\"Ana\"}]}]"),
		400, 132012);
	expect_refusal(TEMPLATE("login_code", ",\"components\":[{\"type\":\"body\",\"parameters\":["
					      "{\"type\":\"text\",\"text\":\"123456\"}]}]"),
		400, 131008);
	EXPECT_INT(post(TEMPLATE("appointment_reminder",
			   ",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\","
			   "\"text\":\"Ana\"},{\"type\":\"text\",\"text\":\"Friday\"}]}]")),
		200);
	EXPECT_INT(post(TEMPLATE("order_ready",
			   ",\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
			   "\"text\",\"parameter_name\":\"order_no\",\"text\":\"A-1\"}]},"
			   "{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_"
			   "name\":\"first_name\",\"text\":\"Ana\"},"
			   "{\"type\":\"text\",\"parameter_name\":\"hour\",\"text\":\"18:00\"}]},"
			   "{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\","
			   "\"parameters\":[{\"type\":\"text\",\"text\":\"a17\"}]}]")),
		200);
}

TEST(templates_come_in_pages)
{
	fixture();
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_GET, S(ACCOUNT "/message_templates?limit=5"),
			   STR_NONE, &answer),
		200);
	EXPECT_INT(json_count(json_field(answer, "data")), 5);
	EXPECT(json_text_at(answer, "paging.next").len > 0);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_GET, S(ACCOUNT "/message_templates?limit=5&after=5"),
			   STR_NONE, &answer),
		200);
	EXPECT_INT(json_count(json_field(answer, "data")), 3);
	EXPECT(!json_text_at(answer, "paging.next").ptr);
}

TEST(the_pace_of_a_number_and_of_a_pair_is_limited)
{
	fixture();
	fixture_open_window(S(ANA));
	fixture_control(S("/control/settings"), S("{\"pair_interval_ms\":60000,\"pair_burst\":2}"));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	expect_refusal(TEXT_TO_ANA, 400, 131056);
	fixture_control(S("/control/reset"), S(""));
	fixture_control(S("/control/settings"),
		S("{\"pair_interval_ms\":0,\"pace_per_second\":1}"));
	fixture_open_window(S(ANA));
	post(TEXT_TO_ANA);
	expect_refusal(TEXT_TO_ANA, 400, 130429);
}

TEST(the_pair_limit_tells_the_outbox_how_long_to_wait)
{
	struct fixture *f = fixture();
	struct outgoing msg = { .id = 1, .kind = KIND_TEXT, .content = S("{\"body\":\"Hi\"}"),
		.to_phone = S(ANA), .attempts = 2 };
	struct send_result result;
	struct job *job = fixture_job();

	fixture_open_window(S(ANA));
	add_fault(S("{\"kind\":\"graph_error\",\"code\":131056}"));
	EXPECT_ERR(provider_send(job, &f->channel, &msg, &result), ERR_LIMIT);
	EXPECT_INT(result.advice, RETRY_AFTER);
	EXPECT_INT(job->retry_after_ms, 16000);
	EXPECT_STR(job->code, "131056");
	EXPECT(result.provider_trace.len > 0);
}

TEST(nothing_is_deduplicated_and_everything_is_counted)
{
	fixture();
	fixture_open_window(S(ANA));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT_INT(fixture_call(HTTP_GET, S("/control/messages?biz=77"), STR_NONE, &answer), 200);
	EXPECT_INT(json_int(json_field(answer, "count"), 0), 2);
	EXPECT_INT(json_int(json_field(answer, "distinct"), 0), 1);
	EXPECT_INT(json_int(json_field(answer, "repeated"), 0), 1);
	EXPECT_INT(json_count(json_field(answer, "data")), 2);
}

TEST(a_lost_answer_was_accepted_all_the_same)
{
	struct fixture *f = fixture();
	struct send_result result;
	struct job *job = fixture_job();
	struct outgoing msg = { .id = 5001,
		.kind = KIND_TEXT,
		.content = S("{\"body\":\"Hi\"}"),
		.to_phone = S(ANA) };

	fixture_open_window(S(ANA));
	add_fault(S("{\"kind\":\"lost_answer\"}"));
	EXPECT(provider_send(job, &f->channel, &msg, &result) != OK);
	EXPECT(result.may_have_happened);
	fixture_call(HTTP_GET, S("/control/messages?biz=5001"), STR_NONE, &answer);
	EXPECT_INT(json_int(json_field(answer, "count"), 0), 1);
	EXPECT_INT(fixture_wait(EVENT_STATUS, 0)->target_message, 5001);
	EXPECT_OK(provider_send(fixture_job(), &f->channel, &msg, &result));
}

TEST(faults_break_what_they_are_asked_to_and_then_end)
{
	fixture();
	fixture_open_window(S(ANA));
	add_fault(S("{\"kind\":\"graph_error\",\"code\":131056,\"count\":1}"));
	expect_refusal(TEXT_TO_ANA, 400, 131056);
	add_fault(S("{\"kind\":\"http_error\",\"status\":502,\"type\":\"image\"}"));
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	add_fault(S("{\"kind\":\"http_error\",\"status\":502,\"to\":\"" ANA "\"}"));
	EXPECT_INT(post(TEXT_TO_ANA), 502);
	EXPECT(!answer);
	EXPECT_INT(post(TEXT_TO_ANA), 200);
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/faults"), S("{\"kind\":\"earthquake\"}"),
			   &answer),
		400);
}

static bool has_two(void *arg)
{
	(void)arg;
	return fixture_received() >= 2;
}

TEST(webhooks_are_doubled_forged_and_retried_on_demand)
{
	fixture();
	add_fault(S("{\"kind\":\"webhook_duplicate\",\"type\":\"messages\"}"));
	fixture_open_window(S(ANA));
	EXPECT(fixture_until(has_two, NULL));
	EXPECT(str_is(fixture_wait(EVENT_MESSAGE, 0)->remote_id,
		fixture_wait(EVENT_MESSAGE, 1)->remote_id));
	add_fault(S("{\"kind\":\"webhook_bad_signature\"}"));
	fixture_open_window(S(ANA));
	fixture_wait(EVENT_MESSAGE, 2);
	EXPECT_INT(fixture_refused(), 1);
}

TEST(a_webhook_that_is_not_taken_comes_again_until_it_is)
{
	fixture();
	fixture_answer_with(503);
	fixture_open_window(S(ANA));
	fixture_control(S("/control/settings"), S("{\"webhooks_paused\":true}"));
	fixture_answer_with(200);
	EXPECT_INT(fixture_received(), 0);
	fixture_control(S("/control/settings"), S("{\"webhooks_paused\":false}"));
	EXPECT_STR(fixture_wait(EVENT_MESSAGE, 0)->who.phone, ANA);
}

TEST(a_customer_without_phone_number_is_told_by_the_business_scoped_id)
{
	str user_id;

	fixture();
	user_id = json_text_at(fixture_control(S("/control/customers"),
				       S("{\"phone\":\"" ANA "\",\"name\":\"Ana\",\"username\":\"@"
							     "ana\",\"hides_phone\":true}")),
		"user_id");
	fixture_control(S("/control/customers/" ANA "/messages"),
		S("{\"type\":\"text\",\"text\":{\"body\":\"Grüße 😀 a/b\"}}"));
	EXPECT(!fixture_wait(EVENT_MESSAGE, 0)->who.phone.ptr);
	EXPECT(str_is(fixture_wait(EVENT_MESSAGE, 0)->who.bsuid, user_id));
	EXPECT(str_has(fixture_wait(EVENT_MESSAGE, 0)->content, S("Grüße 😀 a/b")));
	EXPECT_INT(post(arena_printf(test_arena(),
			   "{\"messaging_product\":\"whatsapp\",\"recipient\":\"" STR_F
			   "\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}",
			   STR_A(user_id))),
		200);
	EXPECT(str_is(json_text_at(answer, "contacts.0.user_id"), user_id));
}

TEST(the_phone_page_waits_for_changes)
{
	int64_t change;

	fixture();
	fixture_open_window(S(ANA));
	EXPECT_INT(fixture_call(HTTP_GET, S("/control/customers/" ANA "/thread"), STR_NONE,
			   &answer),
		200);
	EXPECT_INT(json_count(json_field(answer, "messages")), 1);
	EXPECT_STR(json_text_at(answer, "messages.0.from"), "customer");
	change = json_int(json_field(answer, "change"), 0);
	fixture_control(S("/control/settings"), S("{\"sent_ms\":50}"));
	post(TEXT_TO_ANA);
	EXPECT_INT(fixture_call(HTTP_GET,
			   arena_printf(test_arena(),
				   "/control/customers/" ANA "/thread?wait=1&after=%lld",
				   (long long)change),
			   STR_NONE, &answer),
		200);
	EXPECT_STR(json_text_at(answer, "messages.0.body.text.body"), "Hi");
	EXPECT_INT(fixture_call(HTTP_GET, S("/phone"), STR_NONE, &answer), 200);
}

TEST(marking_read_shows_typing_to_the_customer)
{
	str id;

	fixture();
	EXPECT_INT(post(S("{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":"
			  "\"wamid.none\"}")),
		400);
	id = fixture_open_window(S(ANA));
	EXPECT_INT(post(arena_printf(test_arena(),
			   "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":"
			   "\"" STR_F "\",\"typing_indicator\":{\"type\":\"text\"}}",
			   STR_A(id))),
		200);
	fixture_call(HTTP_GET, S("/control/customers/" ANA "/thread"), STR_NONE, &answer);
	EXPECT(json_flag(json_field(answer, "typing"), false));
	EXPECT_STR(json_text_at(answer, "messages.0.status"), "read");
}

TEST(a_subscription_is_confirmed_by_the_handshake)
{
	struct fixture *f = fixture();
	json settings;

	fixture_call(HTTP_GET, S("/control/settings"), STR_NONE, &settings);
	EXPECT_OK(provider_subscribe(fixture_job(), &f->channel,
		json_text_at(settings, "webhook_url")));
	f->channel.verify_token = S("another");
	EXPECT(provider_subscribe(fixture_job(), &f->channel,
		       arena_printf(test_arena(), STR_F "/nothing", STR_A(f->url))) != OK);
	f->channel.verify_token = sandbox_defaults().verify_token;
}

/* A file of so many octets. */
static const char *file_of(size_t size)
{
	static char path[64];
	FILE *file;

	snprintf(path, sizeof path, "/tmp/parley-upload-%d", (int)getpid());
	file = fopen(path, "we");
	for (size_t i = 0; file && i < size; i++)
		fputc((int)('a' + i % 26), file);
	if (file)
		fclose(file);
	return path;
}

TEST(an_upload_that_is_cut_goes_on_where_it_stands)
{
	struct fixture *f = fixture();
	const struct media_info info = { .mime_type = S("image/png"), .size = 5000 };
	const char *path = file_of(5000);
	str handle = S("");

	fixture_control(S("/control/faults"),
		S("{\"kind\":\"upload_cut\",\"code\":1200,\"count\":2}"));
	EXPECT_OK(provider_template_sample(fixture_job(), &f->channel, &info, path, &handle));
	EXPECT(str_starts(handle, S("4::")));
	fixture_call(HTTP_GET, S("/control/requests"), STR_NONE, &answer);
	/* app, session, and three parts with a question between each two. */
	EXPECT_INT(json_count(json_field(answer, "data")), 7);
	EXPECT_INT(json_text_at(answer, "data.6.body").len, 5000 - 2400);
	unlink(path);
}

TEST(an_upload_that_gets_no_further_is_given_up)
{
	struct fixture *f = fixture();
	const struct media_info info = { .mime_type = S("image/png"), .size = 5000 };
	const char *path = file_of(5000);
	str handle;

	fixture_control(S("/control/faults"),
		S("{\"kind\":\"upload_cut\",\"code\":1,\"count\":-1}"));
	EXPECT(provider_template_sample(fixture_job(), &f->channel, &info, path, &handle) ==
		ERR_UPSTREAM);
	unlink(path);
}

TEST(zz_the_sandbox_stops_with_webhooks_under_way)
{
	fixture();
	fixture_answer_with(503);
	fixture_open_window(S(ANA));
	post(TEXT_TO_ANA);
	fixture_stop();
}
