/* control_test.c: what no real network lets you do, and the calls of the Graph API around messages.
 */
#include "provider/sandbox/sandbox_fixture.h"

#include "base/clock.h"

#include <stdio.h>

#define ANA "12025550142"
#define NUMBER "/v24.0/106540352242922"
#define ACCOUNT "/v24.0/102290129340398"
#define TOKEN S("sandbox-token")

static json answer;

static int get(str path)
{
	return fixture_call_as(TOKEN, HTTP_GET, path, STR_NONE, &answer);
}

static int post_text(const char *id)
{
	str body = arena_printf(test_arena(),
		"{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA
		"\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"},\"biz_opaque_callback_data\":\"%"
		"s\"}",
		id);

	return fixture_call_as(TOKEN, HTTP_POST, S(NUMBER "/messages"), body, &answer);
}

static void customer(const char *change)
{
	fixture_control(S("/control/customers"),
		arena_printf(test_arena(), "{\"phone\":\"" ANA "\",%s}", change));
}

static enum message_status status_number(size_t index)
{
	return fixture_wait(EVENT_STATUS, index)->status;
}

/* ---- customers ---- */

TEST(a_phone_that_is_off_gets_its_messages_when_it_is_on_again)
{
	fixture();
	fixture_open_window(S(ANA));
	customer("\"offline\":true");
	post_text("1");
	EXPECT_INT(status_number(0), STATUS_SENT);
	get(S("/control/customers/" ANA "/thread"));
	EXPECT_STR(json_text_at(answer, "messages.1.status"), "sent");
	customer("\"offline\":false");
	EXPECT_INT(status_number(1), STATUS_DELIVERED);
}

TEST(a_customer_who_looks_at_once_reads_at_once)
{
	fixture();
	fixture_open_window(S(ANA));
	customer("\"reads_at_once\":true");
	post_text("1");
	EXPECT_INT(status_number(2), STATUS_READ);
}

TEST(playing_a_message_reads_it_first)
{
	str id;

	fixture();
	fixture_open_window(S(ANA));
	post_text("1");
	id = json_text_at(answer, "messages.0.id");
	EXPECT_INT(status_number(1), STATUS_DELIVERED);
	fixture_control(S("/control/customers/" ANA "/read"),
		arena_printf(test_arena(), "{\"message_id\":\"" STR_F "\",\"played\":true}",
			STR_A(id)));
	EXPECT_INT(status_number(2), STATUS_READ);
	EXPECT_INT(status_number(3), STATUS_PLAYED);
}

TEST(who_stopped_marketing_gets_none)
{
	fixture();
	customer("\"stopped_marketing\":true");
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_POST, S(NUMBER "/messages"),
			   S("{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA
			     "\",\"type\":\"template\","
			     "\"template\":{\"name\":\"summer_sale\",\"language\":{\"code\":\"en_"
			     "US\"},"
			     "\"components\":[{\"type\":\"header\",\"parameters\":[{\"type\":"
			     "\"image\",\"image\":"
			     "{\"link\":\"https://example.com/"
			     "a.png\"}}]},{\"type\":\"body\",\"parameters\":"
			     "[{\"type\":\"text\",\"text\":\"Ana\"}]}]}}"),
			   &answer),
		200);
	EXPECT_STR(fixture_wait(EVENT_STATUS, 0)->error_code, "131050");
}

TEST(a_window_that_was_open_before_a_restart_can_be_told)
{
	fixture();
	customer("\"name\":\"Ana\"");
	EXPECT_INT(post_text("1"), 400);
	customer(arena_printf(test_arena(), "\"last_inbound_ms\":%lld",
		(long long)clock_now_ms() - 3600000).ptr);
	EXPECT_INT(post_text("2"), 200);
	customer("\"last_inbound_ms\":1");
	EXPECT_INT(post_text("3"), 200);
}

TEST(customers_are_listed_and_bad_ones_refused)
{
	fixture();
	customer("\"name\":\"Ana\"");
	EXPECT_INT(get(S("/control/customers")), 200);
	EXPECT_STR(json_text_at(answer, "data.0.name"), "Ana");
	EXPECT(str_starts(json_text_at(answer, "data.0.user_id"), S("US.")));
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/customers"), S("{\"phone\":\"x\"}"),
			   &answer),
		400);
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/customers"), S("[]"), &answer), 400);
	EXPECT_INT(get(S("/control/customers/49/thread")), 404);
}

TEST(a_customer_sends_only_what_has_a_type_and_its_object)
{
	const str path = S("/control/customers/" ANA "/messages");

	fixture();
	customer("\"name\":\"Ana\"");
	EXPECT_INT(fixture_call(HTTP_POST, path, S("{\"type\":\"text\"}"), &answer), 400);
	EXPECT_INT(fixture_call(HTTP_POST, path, S("{\"text\":{\"body\":\"a\"}}"), &answer), 400);
	EXPECT_INT(fixture_call(HTTP_POST, path,
			   S("{\"type\":\"text\",\"text\":{},\"phone_number_id\":\"1\"}"), &answer),
		404);
	EXPECT_INT(fixture_call(HTTP_POST, path, S("{\"type\":\"request_welcome\"}"), &answer),
		200);
	EXPECT_INT(fixture_wait(EVENT_MESSAGE, 0)->message_kind, KIND_REQUEST_WELCOME);
}

TEST(a_reaction_stands_on_the_message_of_the_other_side)
{
	str id;

	fixture();
	fixture_open_window(S(ANA));
	post_text("1");
	id = json_text_at(answer, "messages.0.id");
	fixture_control(S("/control/customers/" ANA "/messages"),
		arena_printf(test_arena(),
			"{\"type\":\"reaction\",\"reaction\":{\"message_id\":\"" STR_F
			"\",\"emoji\":\"👍\"}}",
			STR_A(id)));
	get(S("/control/customers/" ANA "/thread"));
	EXPECT_STR(json_text_at(answer, "messages.1.reaction"), "👍");
	EXPECT_STR(fixture_wait(EVENT_REACTION, 0)->emoji, "👍");
}

/* ---- webhooks ---- */

TEST(webhooks_come_late_or_behind_the_next_one)
{
	fixture();
	fixture_control(S("/control/faults"),
		S("{\"kind\":\"webhook_reorder\",\"type\":\"messages\"}"));
	customer("\"name\":\"Ana\"");
	fixture_control(S("/control/customers"), S("{\"phone\":\"12025550199\",\"name\":\"Bo\"}"));
	fixture_control(S("/control/customers/" ANA "/messages"),
		S("{\"type\":\"text\",\"text\":{\"body\":\"1\"}}"));
	fixture_control(S("/control/customers/12025550199/messages"),
		S("{\"type\":\"text\",\"text\":{\"body\":\"2\"}}"));
	fixture_wait(EVENT_MESSAGE, 1);
	get(S("/control/webhooks"));
	EXPECT_INT(json_int(json_path(answer, "data.0.id"), 0) >
			   json_int(json_path(answer, "data.1.id"), 0),
		1);
	fixture_control(S("/control/faults"), S("{\"kind\":\"webhook_delay\",\"ms\":40}"));
	fixture_open_window(S(ANA));
	fixture_wait(EVENT_MESSAGE, 2);
}

static bool is_refused_twice(void *arg)
{
	(void)arg;
	get(S("/control/webhooks"));
	return json_int(json_path(answer, "data.0.attempts"), 0) >= 2;
}

TEST(deliveries_can_be_looked_at_and_dropped_ones_never_come)
{
	fixture();
	fixture_answer_with(500);
	fixture_open_window(S(ANA));
	EXPECT(fixture_until(is_refused_twice, NULL));
	EXPECT_INT(json_int(json_path(answer, "data.0.last_status"), 0), 500);
	EXPECT_STR(json_text_at(answer, "data.0.what"), "messages");
	EXPECT_STR(json_text_at(answer, "data.0.body.object"), "whatsapp_business_account");
	fixture_answer_with(200);
	fixture_wait(EVENT_MESSAGE, 0);
	fixture_control(S("/control/faults"), S("{\"kind\":\"webhook_drop\"}"));
	fixture_open_window(S(ANA));
	fixture_open_window(S(ANA));
	fixture_wait(EVENT_MESSAGE, 1);
	get(S("/control/faults"));
	EXPECT_INT(json_int(json_path(answer, "data.0.hits"), 0), 1);
	EXPECT_INT(fixture_call(HTTP_DELETE, S("/control/faults"), STR_NONE, &answer), 200);
	get(S("/control/faults"));
	EXPECT_INT(json_count(json_field(answer, "data")), 0);
}

TEST(any_webhook_can_be_sent_signed)
{
	fixture();
	fixture_control(S("/control/webhooks"),
		S("{\"body\":{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"1\","
		  "\"changes\":[{\"field\":"
		  "\"account_review_update\",\"value\":{\"decision\":\"APPROVED\"}}]}]}}"));
	EXPECT_STR(fixture_wait(EVENT_NOTICE, 0)->field, "account_review_update");
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/webhooks"), S("{}"), &answer), 400);
}

/* ---- faults of answers ---- */

TEST(latency_is_late_and_a_reset_takes_nothing)
{
	struct fixture *f = fixture();
	struct outgoing msg = { .id = 9,
		.kind = KIND_TEXT,
		.content = S("{\"body\":\"Hi\"}"),
		.to_phone = S(ANA) };
	struct send_result result;

	fixture_open_window(S(ANA));
	fixture_control(S("/control/faults"), S("{\"kind\":\"latency\",\"ms\":50}"));
	EXPECT_INT(post_text("1"), 200);
	fixture_control(S("/control/faults"), S("{\"kind\":\"reset\"}"));
	EXPECT(provider_send(fixture_job(), &f->channel, &msg, &result) != OK);
	get(S("/control/messages?biz=9"));
	EXPECT_INT(json_int(json_field(answer, "count"), -1), 0);
	get(S("/control/messages?to=" ANA));
	EXPECT_INT(json_int(json_field(answer, "count"), -1), 1);
}

TEST(a_fault_that_makes_no_sense_is_refused)
{
	fixture();
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/faults"),
			   S("{\"kind\":\"latency\",\"ms\":-1}"), &answer),
		400);
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/faults"),
			   S("{\"kind\":\"reset\",\"probability\":2}"), &answer),
		400);
	for (int i = 0; i < 64; i++)
		fixture_control(S("/control/faults"),
			S("{\"kind\":\"reset\",\"to\":\"1\",\"probability\":0.5}"));
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/faults"), S("{\"kind\":\"reset\"}"),
			   &answer),
		400);
}

TEST(settings_are_told_and_wrong_names_refused)
{
	fixture();
	get(S("/control/settings"));
	EXPECT_INT(json_int(json_field(answer, "retry_first_ms"), 0), 20);
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/settings"), S("{\"pace\":1}"), &answer),
		400);
}

/* ---- Graph ---- */

TEST(a_number_tells_the_fields_that_are_asked_for)
{
	fixture();
	EXPECT_INT(get(S(NUMBER "?fields=verified_name,status,throughput")), 200);
	EXPECT_STR(json_text_at(answer, "status"), "CONNECTED");
	EXPECT_STR(json_text_at(answer, "throughput.level"), "STANDARD");
	EXPECT(!json_field(answer, "quality_rating"));
	EXPECT_INT(get(S(ACCOUNT "/phone_numbers")), 200);
	EXPECT_STR(json_text_at(answer, "data.0.display_phone_number"), "15550783881");
	EXPECT_INT(get(S(ACCOUNT)), 200);
	EXPECT_STR(json_text_at(answer, "name"), "Parley Sandbox");
	EXPECT_INT(get(S("/v24.0/999")), 400);
	EXPECT_INT(get(S(ACCOUNT "/subscribed_apps")), 200);
	EXPECT(json_text_at(answer, "data.0.override_callback_uri").len > 0);
	EXPECT_INT(get(S(ACCOUNT "/message_templates?after=x")), 400);
	EXPECT_INT(json_int(json_path(answer, "error.code"), 0), 131059);
	EXPECT_INT(fixture_call(HTTP_GET, S(NUMBER), STR_NONE, &answer), 401);
	EXPECT_INT(fixture_call(HTTP_GET, S(ACCOUNT "/phone_numbers"), STR_NONE, &answer), 401);
}

TEST(two_numbers_have_windows_of_their_own)
{
	fixture();
	fixture_open_window(S(ANA));
	fixture_control(S("/control/numbers"),
		S("{\"phone_number_id\":\"200\",\"phone\":\"15550000002\",\"token\":\"two\"}"));
	EXPECT_INT(post_text("1"), 200);
	EXPECT_INT(fixture_call_as(S("two"), HTTP_POST, S("/v24.0/200/messages"),
			   S("{\"messaging_product\":\"whatsapp\",\"to\":\"+" ANA
			     "\",\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}"),
			   &answer),
		400);
	EXPECT_INT(json_int(json_path(answer, "error.code"), 0), 131047);
	EXPECT_INT(fixture_call_as(S("two"), HTTP_GET, S(NUMBER), STR_NONE, &answer), 400);
	fixture_control(S("/control/numbers"), S("{\"phone_number_id\":\"200\",\"broken\":true}"));
	EXPECT_INT(fixture_call_as(S("two"), HTTP_GET, S("/v24.0/200?fields=status"), STR_NONE,
			   &answer),
		200);
	EXPECT_STR(json_text_at(answer, "status"), "DISCONNECTED");
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/numbers"), S("{\"phone_number_id\":\"x\"}"),
			   &answer),
		400);
}

TEST(a_broken_number_is_told_by_its_health)
{
	struct fixture *f = fixture();
	struct provider_health health;

	fixture_control(S("/control/numbers"),
		S("{\"phone_number_id\":\"106540352242922\",\"broken\":true}"));
	EXPECT_OK(provider_health_of(fixture_job(), &f->channel, &health));
	EXPECT(!health.ok && health.next_step.len > 0);
	fixture_control(S("/control/numbers"),
		S("{\"phone_number_id\":\"106540352242922\",\"broken\":false}"));
}

static str upload(void)
{
	struct fixture *f = fixture();
	struct job *job = fixture_job();
	const struct media_info info = { .mime_type = S("text/plain"),
		.file_name = S("a.txt"),
		.size = 5 };
	str path = arena_printf(test_arena(), "%s/a.txt", test_folder()), id;
	FILE *file = fopen(arena_cstr(test_arena(), path), "w");

	EXPECT(file && fputs("hello", file) >= 0);
	fclose(file);
	EXPECT_OK(provider_upload_media(job, &f->channel, &info, arena_cstr(test_arena(), path),
		&id));
	return id;
}

TEST(files_are_told_deleted_and_then_gone)
{
	str path = arena_printf(test_arena(), "/v24.0/" STR_F, STR_A(upload()));

	EXPECT_INT(get(path), 200);
	EXPECT_STR(json_text_at(answer, "mime_type"), "text/plain");
	EXPECT_INT(json_int(json_field(answer, "file_size"), 0), 5);
	EXPECT_INT(fixture_call(HTTP_DELETE, path, STR_NONE, &answer), 401);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_DELETE, path, STR_NONE, &answer), 200);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_DELETE, path, STR_NONE, &answer), 400);
	EXPECT_INT(get(path), 400);
}

TEST(a_file_is_given_only_to_who_has_token_and_signature)
{
	str id = upload(), url;
	size_t host;

	get(arena_printf(test_arena(), "/v24.0/" STR_F, STR_A(id)));
	url = json_text_at(answer, "url");
	host = str_find(str_part(url, 7, url.len), '/') + 7;
	url = str_part(url, host, url.len);
	EXPECT_INT(get(url), 200);
	EXPECT_INT(fixture_call(HTTP_GET, url, STR_NONE, NULL), 401);
	EXPECT_INT(get(str_part(url, 0, url.len - 2)), 404);
	EXPECT_INT(get(arena_printf(test_arena(), "/control/media/" STR_F, STR_A(id))), 200);
	EXPECT_INT(get(S("/control/media/1")), 404);
	EXPECT_INT(fixture_call(HTTP_POST, S("/control/media"), S("{}"), &answer), 400);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_POST, S(NUMBER "/media"), S("{}"), &answer), 400);
	EXPECT_INT(fixture_call_as(S("x"), HTTP_POST, S(NUMBER "/media"), S("{}"), &answer), 401);
	EXPECT_INT(fixture_call_as(TOKEN, HTTP_POST, S("/v24.0/1/media"), S("{}"), &answer), 400);
}

TEST(pages_are_there_and_other_paths_are_not)
{
	fixture();
	EXPECT_INT(get(S("/")), 200);
	EXPECT_INT(get(S("/phone/phone.js")), 200);
	EXPECT_INT(get(S("/phone/none.js")), 404);
	EXPECT_INT(get(S("/a/b/c/d")), 404);
	EXPECT_INT(get(S("/control/templates")), 200);
	EXPECT_INT(json_count(json_field(answer, "data")), 8);
}

TEST(zz_stops)
{
	fixture();
	fixture_stop();
}
