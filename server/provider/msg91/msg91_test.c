/* msg91_test.c: requests and webhooks as docs/protocol/msg91.md has them, pace, and sending
 * together. */
#include "provider/msg91/msg91_internal.h"

#include "base/test.h"
#include "crypto/crypto.h"
#include "provider/sandbox/sandbox_fixture.h"

#include <pthread.h>
#include <stdio.h>

static struct job job;

static struct job *fresh(void)
{
	job = (struct job){ .name = "test", .arena = test_arena(), .now_ms = 1700000000000 };
	return &job;
}

static json read_json(const char *text)
{
	json v;

	EXPECT_OK(json_read(test_arena(), str_of(text), &v, NULL));
	return v;
}

/* ---- requests ---- */

static const char *request_of(enum message_kind kind, const char *content, const char *config)
{
	static const struct channel ch = { .phone = S("919000000100") };
	static const str to[] = { S("919000000101"), S("919000000102") };
	const struct msg91_message msg = { .ch = &ch,
		.config = read_json(config),
		.content = read_json(content),
		.kind = kind,
		.to = to,
		.to_count = kind == KIND_TEMPLATE ? 2 : 1,
		.reference = S("77") };
	struct buf b = buf_in(test_arena(), MSG91_BODY_MAX);

	msg91_encode(&b, &msg);
	return arena_cstr(test_arena(), buf_text(&b));
}

#define HEAD "{\"integrated_number\":\"919000000100\","
#define TO "\"recipient_number\":\"919000000101\","

TEST(session_messages_are_written_as_documented)
{
	EXPECT_STR(str_of(request_of(KIND_TEXT, "{\"body\":\"Hello\"}", "{}")),
		HEAD TO "\"content_type\":\"text\",\"text\":\"Hello\",\"CRQID\":\"77\"}");
	EXPECT_STR(str_of(request_of(KIND_INTERACTIVE,
			   "{\"type\":\"button\",\"body\":{\"text\":\"Slot?\"},\"action\":{"
			   "\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"am\",\"title\":"
			   "\"Morning\"}}]}}",
			   "{}")),
		HEAD TO "\"content_type\":\"interactive\",\"interactive\":{\"type\":\"button\","
			"\"body\":{\"text\":\"Slot?\"},"
			"\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"am\","
			"\"title\":\"Morning\"}}]}},\"CRQID\":\"77\"}");
	EXPECT_STR(str_of(request_of(KIND_DOCUMENT,
			   "{\"link\":\"https://example.com/"
			   "a.pdf\",\"caption\":\"See\",\"filename\":\"a.pdf\"}",
			   "{}")),
		HEAD TO "\"content_type\":\"document\",\"attachment_url\":\"https://example.com/"
			"a.pdf\",\"caption\":\"See\","
			"\"filename\":\"a.pdf\",\"CRQID\":\"77\"}");
}

TEST(names_that_are_unsure_are_settings)
{
	EXPECT_STR(str_of(request_of(KIND_IMAGE, "{\"link\":\"https://example.com/a.png\"}",
			   "{\"names\":{\"media_url\":\"media_link\",\"reference\":\"ref\"}}")),
		HEAD TO "\"content_type\":\"image\",\"media_link\":\"https://example.com/"
			"a.png\",\"ref\":\"77\"}");
}

TEST(a_template_goes_to_all_recipients_with_its_values_by_name)
{
	EXPECT_STR(
		str_of(request_of(KIND_TEMPLATE,
			"{\"name\":\"order_ready\",\"language\":{\"code\":\"en\"},\"components\":["
			"{\"type\":\"header\",\"parameters\":[{\"type\":\"document\",\"document\":{"
			"\"link\":\"https://example.com/a.pdf\",\"filename\":\"a.pdf\"}}]},"
			"{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"Ana\"},{"
			"\"type\":\"text\",\"parameter_name\":\"first_name\",\"text\":\"A-17\"}]},"
			"{\"type\":\"button\",\"sub_type\":\"url\",\"index\":\"0\",\"parameters\":["
			"{\"type\":\"text\",\"text\":\"t/a17\"}]}]}",
			"{\"namespace\":\"ns_1\"}")),
		HEAD "\"content_type\":\"template\",\"payload\":{\"messaging_product\":"
		     "\"whatsapp\",\"type\":\"template\",\"template\":{"
		     "\"name\":\"order_ready\",\"language\":{\"code\":\"en\",\"policy\":"
		     "\"deterministic\"},\"namespace\":\"ns_1\","
		     "\"to_and_components\":[{\"to\":[\"919000000101\",\"919000000102\"],"
		     "\"components\":{"
		     "\"header_1\":{\"type\":\"document\",\"value\":\"https://example.com/"
		     "a.pdf\",\"filename\":\"a.pdf\"},"
		     "\"body_1\":{\"type\":\"text\",\"value\":\"Ana\"},"
		     "\"body_first_name\":{\"type\":\"text\",\"value\":\"A-17\",\"parameter_name\":"
		     "\"first_name\"},"
		     "\"button_1\":{\"subtype\":\"url\",\"type\":\"text\",\"value\":\"t/"
		     "a17\"}}}]}},\"CRQID\":\"77\"}");
}

/* ---- webhooks ---- */

static struct provider_events events_of(const char *body)
{
	struct provider_events events;

	EXPECT_OK(msg91_parse_by(fresh(), read_json("{}"), str_of(body), &events));
	return events;
}

TEST(the_documented_inbound_message_is_read)
{
	struct provider_events e = events_of(
		"{\"customerNumber\":\"919000000101\",\"integratedNumber\":\"919000000100\","
		"\"direction\":\"inbound\",\"contentType\":\"text\",\"text\":\"Hi\","
		"\"messages\":\"[{\\\"from\\\":\\\"919000000101\\\",\\\"id\\\":\\\"wamid.AAA\\\","
		"\\\"timestamp\\\":\\\"1760000000\\\",\\\"type\\\":\\\"text\\\",\\\"text\\\":{"
		"\\\"body\\\":\\\"Hi\\\"}}]\","
		"\"uuid\":\"8f0c\",\"requestId\":\"\",\"ts\":\"2026-05-29T10:00:00+05:30\"}");

	EXPECT_INT(e.count, 1);
	EXPECT_INT(e.items[0].kind, EVENT_MESSAGE);
	EXPECT_STR(e.items[0].remote_id, "wamid.AAA");
	EXPECT_STR(e.items[0].channel_remote_id, "919000000100");
	EXPECT_STR(e.items[0].content, "{\"body\":\"Hi\"}");
	EXPECT_INT(e.items[0].at_ms, 1760000000000);
}

TEST(without_messages_the_other_fields_make_one)
{
	struct provider_events e =
		events_of("{\"mobile\":\"919000000101\",\"direction\":\"inbound\",\"contentType\":"
			  "\"image\",\"url\":\"https://f.example/a.jpg\","
			  "\"caption\":\"See\",\"messages\":\"{{messages}}\",\"uuid\":\"u-1\","
			  "\"ts\":\"2026-05-29T10:00:00+05:30\"}");

	EXPECT_INT(e.count, 1);
	EXPECT_INT(e.items[0].message_kind, KIND_IMAGE);
	EXPECT_STR(e.items[0].media_url, "https://f.example/a.jpg");
	EXPECT_STR(e.items[0].remote_id, "u-1");
	EXPECT_INT(e.items[0].at_ms, 1780029000000);
	e = events_of("{\"customerNumber\":\"919000000101\",\"direction\":\"inbound\","
		      "\"contentType\":\"interactive\",\"uuid\":\"u-2\","
		      "\"interactive\":\"{\\\"type\\\":\\\"button_reply\\\",\\\"button_reply\\\":{"
		      "\\\"id\\\":\\\"am\\\",\\\"title\\\":\\\"Morning\\\"}}\"}");
	EXPECT_INT(e.items[0].message_kind, KIND_INTERACTIVE);
	EXPECT(str_has(e.items[0].content, S("Morning")));
}

TEST(a_report_names_its_message_wherever_the_state_stands)
{
	static const struct { const char *fields; enum message_status status;
	} cases[] = {
		{ "\"eventName\":\"delivered\"", STATUS_DELIVERED },
		{ "\"eventName\":\"{{eventName}}\",\"status\":\"Read\"", STATUS_READ },
		{ "\"status\":\"\",\"statusCode\":\"sent\"", STATUS_SENT },
		{ "\"delivery_status\":\"UNDELIVERED\"", STATUS_FAILED },
		{ "\"reason\":\"rejected\"", STATUS_FAILED },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct provider_events e = events_of(arena_printf(test_arena(),
			"{\"direction\":\"outbound\",%s,\"requestId\":\"0a1b\",\"uuid\":\"8f0c\","
			"\"crqid\":\"77\",\"customerNumber\":\"919000000101\","
			"\"statusUpdatedAt\":\"2026-05-29T10:01:12+05:30\"}",
			cases[i].fields)
							     .ptr);

		EXPECT_INT(e.count, 1);
		EXPECT_INT(e.items[0].status, cases[i].status);
		EXPECT_STR(e.items[0].target_id, "0a1b:919000000101");
		EXPECT_INT(e.items[0].target_message, 77);
		EXPECT_INT(e.items[0].at_ms, 1780029072000);
	}
}

TEST(a_failure_is_explained_by_the_code_in_its_reason)
{
	struct provider_events e =
		events_of("{\"direction\":\"outbound\",\"eventName\":\"failed\",\"requestId\":"
			  "\"r\",\"mobile\":\"919000000101\",\"failureReason\":\"131047 - "
			  "Re-engagement message\"}");

	EXPECT_STR(e.items[0].error_code, "131047");
	EXPECT(str_has(e.items[0].error_sentence, S("24 hours")) && e.items[0].error_next_step.len);
	e = events_of("{\"direction\":\"outbound\",\"eventName\":\"failed\",\"requestId\":\"r\","
		      "\"mobile\":\"919000000101\",\"reason\":\"DND number\"}");
	EXPECT_STR(e.items[0].error_code, "failed");
	EXPECT(str_has(e.items[0].error_sentence, S("DND number")));
}

TEST(a_report_of_a_group_is_of_its_recipients_message)
{
	struct provider_events e =
		events_of("{\"direction\":\"outbound\",\"eventName\":\"read\",\"requestId\":\"r\","
			  "\"customerNumber\":\"919000000102\",\"crqid\":\"919000000101:77,"
			  "919000000102:78\"}");

	EXPECT_INT(e.items[0].target_message, 78);
}

TEST(a_body_that_a_quote_broke_is_kept)
{
	struct provider_events e = events_of("{\"customerNumber\":\"919000000101\",\"direction\":"
					     "\"inbound\",\"text\":\"He said \"hi\"\"}");

	EXPECT_INT(e.count, 1);
	EXPECT_INT(e.items[0].kind, EVENT_UNDRAWN);
	EXPECT(str_has(e.items[0].detail, S("He said")));
}

static bool verified(str secret, const char *rule, struct header header)
{
	const struct webhook_keys keys = { .app_secret = S("s3cret"), .rule = str_of(rule) };
	const struct request req = { .headers = &header,
		.header_count = 1,
		.params = { S("5"), secret },
		.body = bytes_of(S("{}")) };

	return msg91_verify(&keys, &req);
}

TEST(a_webhook_proves_itself_by_its_address_and_what_else_is_set)
{
	const struct header none = { S("X"), S("y") };
	str signature;

	crypto_init();
	signature = provider_signature(test_arena(), S("s3cret"), S("{}"));
	EXPECT(verified(S("s3cret"), "\n", none));
	EXPECT(!verified(S("s3crex"), "\n", none) && !verified(STR_NONE, "\n", none));
	EXPECT(verified(S("s3cret"), "X-Webhook-Secret\n",
		(struct header){ S("x-webhook-secret"), S("s3cret") }));
	EXPECT(!verified(S("s3cret"), "X-Webhook-Secret\n", none));
	EXPECT(verified(S("s3cret"), "\nX-Signature",
		(struct header){ S("X-Signature"), signature }));
	EXPECT(!verified(S("s3cret"), "\nX-Signature", none));
	EXPECT(!verified(S("s3cret"), "\nX-Signature",
		(struct header){ S("X-Signature"), str_part(signature, 1, 63) }));
}

/* ---- pace ---- */

TEST(no_minute_has_more_requests_than_allowed)
{
	int64_t wait, now = 1000000;

	crypto_init();
	for (int i = 0; i < 100; i++)
		EXPECT(msg91_take_turn(S("key A"), 100, now + i, &wait));
	EXPECT(!msg91_take_turn(S("key A"), 100, now + 5000, &wait));
	EXPECT_INT(wait, 55000);
	EXPECT(msg91_take_turn(S("key B"), 100, now + 5000, &wait));
	EXPECT(!msg91_take_turn(S("key A"), 100, now + 59999, &wait));
	EXPECT(msg91_take_turn(S("key A"), 100, now + 60000, &wait));
	EXPECT(!msg91_take_turn(S("key A"), 100, now + 60000, &wait));
}

/* ---- together ---- */

#define SENDERS 8

struct sender {
	pthread_t thread;
	struct channel ch;
	struct job job;
	char to[16];
	struct send_result result;
	enum err err;
};

static void *send_one(void *arg)
{
	struct sender *s = arg;
	const struct outgoing msg = { .id = 100 + (s->to[10] - '0'),
		.kind = KIND_TEMPLATE,
		.content = S("{\"name\":\"appointment_reminder\",\"language\":{\"code\":\"en_US\"},"
			     "\"components\":[{\"type\":\"body\","
			     "\"parameters\":[{\"type\":\"text\",\"text\":\"you\"},{\"type\":"
			     "\"text\",\"text\":\"Friday\"}]}]}"),
		.to_phone = str_of(s->to) };

	s->err = msg91_send(&s->job, &s->ch, &msg, &s->result);
	return NULL;
}

static size_t count_requests(const struct sender *senders)
{
	size_t count = 0;

	for (size_t i = 0; i < SENDERS; i++) {
		str own = senders[i].result.remote_id;
		bool is_new = true;

		own.len = str_find(own, ':');
		for (size_t j = 0; j < i; j++)
			is_new &= !str_starts(senders[j].result.remote_id, own);
		count += is_new;
	}
	return count;
}

TEST(templates_that_are_alike_go_in_few_requests_and_each_is_reported)
{
	static struct sender senders[SENDERS];
	struct fixture *f = fixture();
	struct channel ch = f->channel;
	uint64_t reported = 0;

	ch.provider = &msg91_provider;
	ch.app_secret = S("s");
	ch.config = S("{}");
	ch.base_url = arena_printf(test_arena(), STR_F "/msg91", STR_A(fixture_url()));
	fixture_as(&ch);
	fixture_control(S("/control/settings"),
		arena_printf(test_arena(),
			"{\"webhook_url\":\"\",\"msg91_webhook_url\":\"" STR_F "/1/s\"}",
			STR_A(fixture_webhook())));
	for (size_t i = 0; i < SENDERS; i++) {
		senders[i].ch = ch;
		snprintf(senders[i].to, sizeof senders[i].to, "1202555014%zu", i);
		job_init(&senders[i].job, "sender", arena_create(ARENA_LIMIT_DEFAULT), NULL);
		pthread_create(&senders[i].thread, NULL, send_one, &senders[i]);
	}
	for (size_t i = 0; i < SENDERS; i++)
		pthread_join(senders[i].thread, NULL);
	for (size_t i = 0; i < SENDERS; i++) {
		EXPECT_OK(senders[i].err);
		EXPECT(str_ends(senders[i].result.remote_id, str_of(senders[i].to)));
	}
	EXPECT(count_requests(senders) < SENDERS);
	for (size_t i = 0; i < SENDERS; i++)
		reported |= 1ull << (fixture_wait(EVENT_STATUS, i)->target_message - 100);
	for (size_t i = 0; i < 3 * SENDERS && reported != (1u << SENDERS) - 1; i++)
		reported |= 1ull << (fixture_wait(EVENT_STATUS, i)->target_message - 100);
	EXPECT_INT(reported, (1u << SENDERS) - 1);
	for (size_t i = 0; i < SENDERS; i++) {
		struct arena *arena = senders[i].job.arena;

		job_release(&senders[i].job);
		arena_destroy(arena);
	}
	fixture_stop();
}
