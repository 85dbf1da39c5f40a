/* http_test.c: configurations that are refused, the calls that one makes, and what comes back. */
#include "provider/http/http_internal.h"

#include "base/test.h"
#include "base/codec.h"
#include "crypto/crypto.h"

static struct job job;

static struct job *fresh(void)
{
	job = (struct job){ .name = "test",
		.arena = test_arena(),
		.now_ms = 1700000000000,
		.workspace = 1 };
	return &job;
}

static json read_json(str text)
{
	json v;
	str why = S("");

	if (json_read(test_arena(), text, &v, &why) != OK)
		test_fail(__FILE__, __LINE__, "no JSON: " STR_F, STR_A(why));
	return v;
}

/* The only field error of a configuration; none: STR_NONE. */
static str fault(const char *config)
{
	transport_check_config(fresh(), read_json(str_of(config)));
	if (job.field_errors && job.field_errors->next)
		test_fail(__FILE__, __LINE__, "more than one error: " STR_F " and " STR_F,
			STR_A(job.field_errors->field), STR_A(job.field_errors->next->field));
	return job.field_errors ? job.field_errors->field : STR_NONE;
}

#define MINIMAL                                                                                \
	"\"address\":\"PHONE\",\"content\":\"TEXT\",\"request\":{\"method\":\"POST\",\"url\":" \
	"\"https://gw.example/send\"}"
#define REQUEST(members)                                                                        \
	"{\"address\":\"PHONE\",\"content\":\"TEXT\",\"request\":{\"method\":\"POST\",\"url\":" \
	"\"https://gw.example/send\"," members "}}"

TEST(the_least_configuration_is_taken)
{
	EXPECT(!fault("{" MINIMAL "}").ptr);
}

TEST(each_required_field_that_is_missing_has_its_own_error)
{
	static const struct { const char *config, *field;
	} cases[] = {
		{ "{\"content\":\"TEXT\",\"request\":{\"method\":\"GET\",\"url\":\"https://"
		  "a.example/\"}}",
			"config.address" },
		{ "{\"address\":\"ANY\",\"request\":{\"method\":\"GET\",\"url\":\"https://"
		  "a.example/\"}}",
			"config.content" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\"}", "config.request" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"url\":\"https://"
		  "a.example/\"}}",
			"config.request.method" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\"}}",
			"config.request.url" },
		{ "{" MINIMAL ",\"response\":{\"success\":{\"values\":[\"1\"]}}}",
			"config.response.success.path" },
		{ "{" MINIMAL ",\"response\":{\"success\":{\"path\":\"a\"}}}",
			"config.response.success.values" },
		{ "{" MINIMAL ",\"test\":{\"url\":\"https://a.example/\"}}", "config.test.method" },
		{ "{" MINIMAL ",\"test\":{\"method\":\"GET\"}}", "config.test.url" },
		{ "{" MINIMAL ",\"webhook\":{}}", "config.webhook.auth" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"name\":\"X\"}}}",
			"config.webhook.auth.type" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"type\":\"header\"}}}",
			"config.webhook.auth.name" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
			      "\"status\":{\"message_id\":\"a\"}}}",
			"config.webhook.status.state" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
			      "\"status\":{\"state\":\"a\"}}}",
			"config.webhook.status.message_id" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
			      "\"message\":{\"from\":\"a\"}}}",
			"config.webhook.message.id" },
		{ "{" MINIMAL ",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
			      "\"message\":{\"id\":\"a\"}}}",
			"config.webhook.message.from" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		EXPECT_STR(fault(cases[i].config), cases[i].field);
		EXPECT_STR(job.field_errors->code, "required");
	}
}

TEST(what_is_wrong_is_told_at_its_field)
{
	static const struct { const char *config, *field;
	} cases[] = {
		{ "{" MINIMAL ",\"colour\":1}", "config.colour" },
		{ "{" MINIMAL ",\"base_url\":\"ftp://a.example\"}", "config.base_url" },
		{ "{" MINIMAL ",\"secrets\":{\"a.b\":\"x\"}}", "config.secrets.a.b" },
		{ "{" MINIMAL ",\"secrets\":{\"a\":1}}", "config.secrets.a" },
		{ "{" MINIMAL ",\"response\":{\"advice\":{\"5\":\"panic\"}}}",
			"config.response.advice.5" },
		{ "{\"address\":\"FAX\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\","
		  "\"url\":\"https://a.example/\"}}",
			"config.address" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\","
		  "\"url\":\"/send\"}}",
			"config.request.url" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\","
		  "\"url\":\"https://{%to%}/\"}}",
			"config.request.url" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\","
		  "\"url\":\"https://me:pw@a.example/\"}}",
			"config.request.url" },
		{ "{\"address\":\"ANY\",\"content\":\"TEXT\",\"request\":{\"method\":\"GET\","
		  "\"url\":\"http://a.example/\"}}",
			"config.request.url" },
		{ REQUEST("\"headers\":{\"Authorization\":\"Bearer abc\"}"),
			"config.request.headers.Authorization" },
		{ REQUEST("\"headers\":{\"X-Api-Key\":\"abc\"}"),
			"config.request.headers.X-Api-Key" },
		{ REQUEST("\"headers\":{\"Host\":\"b.example\"}"), "config.request.headers.Host" },
		{ REQUEST("\"headers\":{\"a b\":\"c\"}"), "config.request.headers.a b" },
		{ REQUEST("\"headers\":{\"A\":\"b\\r\\nC: d\"}"), "config.request.headers.A" },
		{ REQUEST("\"query\":{\"a\":\"{%to\"}"), "config.request.query.a" },
		{ REQUEST("\"body\":{\"a\":[{\"b\":\"{%.%}\"}]}"), "config.request.body.a[0].b" },
		{ REQUEST("\"encoding\":\"form\",\"body\":[]"), "config.request.body" },
		{ REQUEST("\"encoding\":\"text\",\"body\":{}"), "config.request.body" },
		{ REQUEST("\"timeout_ms\":10"), "config.request.timeout_ms" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		EXPECT_STR(fault(cases[i].config), cases[i].field);
	EXPECT(!fault(REQUEST("\"headers\":{\"Authorization\":\"Bearer {%secrets.token%}\"}")).ptr);
}

TEST(a_call_has_at_most_forty_headers)
{
	for (int count = 40; count <= 41; count++) {
		struct buf b = buf_in(test_arena(), 4000);

		for (int i = 0; i < count; i++)
			buf_printf(&b, "%s\"X-%d\":\"a\"", i ? "," : "", i);
		EXPECT_INT(fault(arena_cstr(test_arena(),
				   arena_printf(test_arena(), REQUEST("\"headers\":{" STR_F "}"),
					   STR_A(buf_text(&b)))))
					   .ptr != NULL,
			count == 41);
	}
}

/* ---- calls ---- */

static struct channel channel_of(const char *config)
{
	return (struct channel){ .id = 5,
		.provider = &http_provider,
		.name = S("Gateway"),
		.phone = S("12025550100"),
		.remote_id = S("5"),
		.access_token = S("token-1"),
		.config = str_of(config),
		.base_url = S("https://gw.example/v1/") };
}

static const struct outgoing hello = { .id = 77,
	.kind = KIND_TEXT,
	.content = S("{\"body\":\"Hi & \\\"you\\\"\"}"),
	.to_phone = S("12025550142") };

static struct http_call call_of(const char *config, const struct outgoing *msg)
{
	struct channel ch = channel_of(config);
	struct transport_call call = { .name = S("request"),
		.template = json_field(read_json(ch.config), "request"),
		.base_url = ch.base_url };
	struct http_call http;

	EXPECT_OK(transport_values(fresh(), &ch, msg, &call.values));
	EXPECT_OK(transport_fill(&job, &call, &http));
	return http;
}

static str header_of(const struct http_call *call, const char *name)
{
	for (size_t i = 0; i < call->header_count; i++)
		if (str_is_nocase(call->headers[i].name, str_of(name)))
			return call->headers[i].value;
	return STR_NONE;
}

TEST(a_json_call_has_its_parts_from_the_message)
{
	struct http_call call =
		call_of("{\"secrets\":{\"key\":\"s3\"},\"request\":{\"method\":\"PUT\",\"url\":\"/"
			"to/{%to%}\",\"query\":{\"ref\":\"{%id%}\","
			"\"re\":\"{%reply_to?%}\"},\"headers\":{\"X-Key\":\"{%secrets.key%}\",\"X-"
			"Token\":\"{%channel.access_token%}\"},"
			"\"body\":{\"msg\":\"{%content%}\",\"whole\":\"{%text%}\",\"quote\":\"{%"
			"context?%}\"}}}",
			&hello);

	EXPECT_INT(call.method, HTTP_PUT);
	EXPECT_STR(call.url, "https://gw.example/v1/to/12025550142?ref=77");
	EXPECT_STR(header_of(&call, "X-Key"), "s3");
	EXPECT_STR(header_of(&call, "X-Token"), "token-1");
	EXPECT_STR(header_of(&call, "Content-Type"), "application/json");
	EXPECT_STR(json_text_at(read_json(str_from(call.body)), "msg"), "Hi & \"you\"");
	EXPECT_STR(json_text_at(read_json(str_from(call.body)), "whole.body"), "Hi & \"you\"");
	EXPECT(!json_field(read_json(str_from(call.body)), "quote"));
}

TEST(a_form_and_a_text_are_escaped_as_such)
{
	struct http_call call =
		call_of("{\"request\":{\"method\":\"POST\",\"url\":\"https://a.example/"
			"\",\"encoding\":\"form\","
			"\"body\":{\"a\":\"{%content%}\",\"b\":\"{%reply_to?%}\",\"c d\":\"1\"}}}",
			&hello);

	EXPECT_STR(str_from(call.body), "a=Hi%20%26%20%22you%22&c%20d=1");
	EXPECT_STR(header_of(&call, "Content-Type"), "application/x-www-form-urlencoded");
	call = call_of("{\"request\":{\"method\":\"POST\",\"url\":\"https://a.example/"
		       "\",\"encoding\":\"text\","
		       "\"body\":\"<{%content%}>\"}}",
		&hello);
	EXPECT_STR(str_from(call.body), "<Hi & \"you\">");
}

TEST(our_files_go_as_links)
{
	const struct outgoing picture = { .id = 78,
		.kind = KIND_IMAGE,
		.content = S("{\"id\":\"9\",\"caption\":\"See\"}"),
		.to_phone = S("1"),
		.media_remote_id = S("https://chat.example/files/x") };
	struct http_call call = call_of("{\"request\":{\"method\":\"POST\",\"url\":\"/"
					"\",\"body\":\"{%message%}\"}}",
		&picture);
	json body = read_json(str_from(call.body));

	EXPECT_STR(json_text_at(body, "image.link"), "https://chat.example/files/x");
	EXPECT(!json_path(body, "image.id"));
	EXPECT_STR(json_text_at(body, "image.caption"), "See");
}

TEST(who_looks_at_a_call_sees_no_secret)
{
	struct channel ch = channel_of("{\"secrets\":{\"key\":\"s3cret\"},\"request\":{\"method\":"
				       "\"POST\",\"url\":\"/{%secrets.key%}\","
				       "\"headers\":{\"X-Key\":\"{%secrets.key%} "
				       "{%channel.access_token%}\"},\"body\":\"{%secrets%}\"}}");
	struct transport_preview seen;

	EXPECT_OK(transport_render(fresh(), &ch, &hello, &seen));
	EXPECT(!str_has(seen.url, S("s3cret")) && !str_has(seen.body, S("s3cret")));
	EXPECT_STR(seen.headers[0].value, "******** ********");
}

TEST(a_value_that_is_missing_is_named_before_anything_is_called)
{
	struct channel ch = channel_of("{\"request\":{\"method\":\"POST\",\"url\":\"https://"
				       "a.example/\",\"body\":{\"t\":\"{%text.title%}\"}}}");
	struct send_result out = { 0 };

	EXPECT_ERR(transport_send(fresh(), &ch, &hello, &out), ERR_INPUT);
	EXPECT(str_has(job.why, S("{%text.title%}")) && str_has(job.why, S("request.body.t")));
	EXPECT(out.advice == RETRY_NEVER && !out.may_have_happened);
}

TEST(a_private_address_is_refused_unless_the_operator_allows_it)
{
	struct channel ch =
		channel_of("{\"request\":{\"method\":\"POST\",\"url\":\"https://127.0.0.1:1/\"}}");
	struct send_result out = { 0 };

	EXPECT_ERR(transport_send(fresh(), &ch, &hello, &out), ERR_DENIED);
	EXPECT(out.advice == RETRY_STOP && !out.may_have_happened);
	job_release(&job);
	ch.allow_private = true;
	EXPECT_ERR(transport_send(fresh(), &ch, &hello, &out), ERR_UPSTREAM);
	job_release(&job);
}

/* ---- what may be sent ---- */

static str content_fault(const char *content_rule, const char *body)
{
	struct channel ch = channel_of(arena_printf(test_arena(),
		"{\"address\":\"PHONE\",\"content\":\"%s\"}", content_rule).ptr);

	fresh();
	if (http_provider.check(&job, &ch, KIND_TEXT,
		    read_json(arena_printf(test_arena(), "{\"body\":\"%s\"}", body))) == OK)
		return STR_NONE;
	return job.field_errors->field;
}

TEST(a_url_transport_takes_one_web_address_and_nothing_else)
{
	EXPECT(!content_fault("URL", "https://shop.example/a?b=c").ptr);
	EXPECT_STR(content_fault("URL", "see https://shop.example/"), "text.body");
	EXPECT_STR(content_fault("URL", "https://shop.example/ now"), "text.body");
	EXPECT_STR(content_fault("URL", "javascript:alert(1)"), "text.body");
	EXPECT(!content_fault("TEXT", "see https://shop.example/").ptr);
	EXPECT_STR(content_fault("TEXT", " "), "text.body");
}

TEST(a_text_transport_sends_texts_alone)
{
	EXPECT_INT(transport_can(read_json(S("{\"address\":\"PHONE\",\"content\":\"TEXT\"}"))),
		CAN_KIND(KIND_TEXT));
	EXPECT_INT(transport_can(read_json(S("{\"address\":\"EMAIL\",\"content\":\"ANY\",\"kinds\":"
					     "[\"text\",\"image\"],\"features\":[\"reply\"]}"))),
		CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_REPLY | CAN_EMAIL_ADDRESS);
}

/* ---- what comes in ---- */

static const char mapped[] =
	"{\"address\":\"PHONE\",\"webhook\":{\"auth\":{\"type\":\"header\",\"name\":\"X\"},"
	"\"status\":{\"list\":\"reports\",\"when\":{\"path\":\"kind\",\"values\":[\"dlr\"]},"
	"\"message_id\":\"id\",\"reference\":\"ref\","
	"\"state\":\"st\",\"states\":{\"DELIVRD\":\"delivered\",\"BUFFERED\":\"ignore\"},\"time\":"
	"\"at\",\"error_code\":\"err.code\",\"error_message\":\"err.text\"},"
	"\"message\":{\"list\":\"inbox\",\"id\":\"id\",\"from\":\"sender.number\",\"name\":"
	"\"sender.name\",\"text\":\"body\",\"type\":\"t\","
	"\"types\":{\"photo\":\"image\"},\"media_url\":\"file\",\"mime_type\":\"mime\",\"time\":"
	"\"at\",\"reply_to\":\"re\"}}}";

static struct provider_events events_of(const char *body)
{
	struct provider_events events;

	EXPECT_OK(transport_parse_by(fresh(), read_json(str_of(mapped)), str_of(body), &events));
	return events;
}

TEST(reports_become_statuses_by_their_mapping)
{
	struct provider_events e =
		events_of("{\"reports\":[{\"kind\":\"dlr\",\"id\":\"g1\",\"ref\":\"77\",\"st\":"
			  "\"DELIVRD\",\"at\":\"2026-05-29T10:00:00+05:30\"},"
			  "{\"kind\":\"dlr\",\"id\":12,\"st\":\"Rejected\",\"at\":1700000001,"
			  "\"err\":{\"code\":9,\"text\":\"Barred\"}},"
			  "{\"kind\":\"dlr\",\"id\":\"g3\",\"st\":\"BUFFERED\"},{\"kind\":"
			  "\"other\",\"id\":\"g4\",\"st\":\"DELIVRD\"}]}");

	EXPECT_INT(e.count, 2);
	EXPECT_INT(e.items[0].status, STATUS_DELIVERED);
	EXPECT_INT(e.items[0].target_message, 77);
	EXPECT_INT(e.items[0].at_ms, 1780029000000);
	EXPECT_STR(e.items[1].target_id, "12");
	EXPECT_INT(e.items[1].status, STATUS_FAILED);
	EXPECT_STR(e.items[1].error_code, "9");
	EXPECT(str_has(e.items[1].error_sentence, S("Barred")) && e.items[1].error_next_step.len);
	EXPECT_INT(e.items[1].at_ms, 1700000001000);
}

TEST(messages_come_in_by_their_mapping)
{
	struct provider_events e = events_of(
		"{\"inbox\":[{\"id\":\"m1\",\"sender\":{\"number\":\"+1 "
		"202-555-0142\",\"name\":\"Ana\"},\"body\":\"Hello\",\"re\":\"g1\"},"
		"{\"id\":\"m2\",\"sender\":{\"number\":\"12025550142\"},\"t\":\"photo\",\"file\":"
		"\"https://gw.example/a.jpg\",\"mime\":\"image/jpeg\",\"body\":\"See\"},"
		"{\"id\":\"m3\",\"sender\":{\"number\":\"12025550142\"},\"t\":\"hologram\"}]}");

	EXPECT_INT(e.count, 3);
	EXPECT_STR(e.items[0].who.phone, "12025550142");
	EXPECT_STR(e.items[0].who.name, "Ana");
	EXPECT_STR(e.items[0].content, "{\"body\":\"Hello\"}");
	EXPECT_STR(e.items[0].reply_to, "g1");
	EXPECT_INT(e.items[1].message_kind, KIND_IMAGE);
	EXPECT_STR(e.items[1].media_url, "https://gw.example/a.jpg");
	EXPECT_STR(e.items[1].content, "{\"caption\":\"See\"}");
	EXPECT_INT(e.items[2].message_kind, KIND_UNKNOWN);
	EXPECT(str_has(e.items[2].content, S("hologram")));
}

TEST(what_no_mapping_knows_is_kept_and_our_own_proof_is_nothing)
{
	struct provider_events e = events_of("{\"weather\":\"fine\"}");

	EXPECT_INT(e.count, 1);
	EXPECT_INT(e.items[0].kind, EVENT_UNDRAWN);
	EXPECT(str_has(e.items[0].detail, S("weather")));
	EXPECT_INT(events_of("{\"parley_test\":true}").count, 0);
}

static bool verified(const char *rule, const char *header, const char *value, const char *query)
{
	const struct webhook_keys keys = { .app_secret = S("s3 cret"), .rule = str_of(rule) };
	const struct header headers[] = { { str_of(header), str_of(value) } };
	const struct request req = { .headers = headers,
		.header_count = 1,
		.query = str_of(query),
		.body = bytes_of(S("{\"a\":1}")) };

	return transport_verify(&keys, &req);
}

TEST(a_webhook_proves_itself_by_header_query_or_signature)
{
	uint8_t mac[SHA256_SIZE];
	const char *hex, *base64;

	crypto_init();
	hmac_sha256(bytes_of(S("s3 cret")), bytes_of(S("{\"a\":1}")), mac);
	hex = arena_printf(test_arena(), "sha256=" STR_F,
		STR_A(hex_text(test_arena(), (bytes){ mac, sizeof mac }))).ptr;
	base64 = arena_cstr(test_arena(), base64_text(test_arena(), (bytes){ mac, sizeof mac }));
	EXPECT(verified("header\nX-Secret\n\n", "x-secret", "s3 cret", ""));
	EXPECT(!verified("header\nX-Secret\n\n", "x-secret", "s3 creT", ""));
	EXPECT(!verified("header\nX-Secret\n\n", "x-other", "s3 cret", ""));
	EXPECT(verified("query\ntoken\n\n", "a", "b", "x=1&token=s3%20cret"));
	EXPECT(!verified("query\ntoken\n\n", "a", "b", "x=1&token=s3"));
	EXPECT(!verified("query\ntoken\n\n", "a", "b", ""));
	EXPECT(verified("hmac_sha256\nX-Sig\nsha256=\nhex", "X-Sig", hex, ""));
	EXPECT(verified("hmac_sha256\nX-Sig\n\nbase64", "X-Sig", base64, ""));
	EXPECT(!verified("hmac_sha256\nX-Sig\nsha256=\nhex", "X-Sig", hex + 7, ""));
	EXPECT(!verified("hmac_sha256\nX-Sig\n\nhex", "X-Sig", "00", ""));
	EXPECT(!verified("", "X-Sig", hex, ""));
}
