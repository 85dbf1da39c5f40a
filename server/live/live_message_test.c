/* live_message_test.c: reading what clients send, byte for byte, and writing what they expect. */
#include "base/test.h"
#include "live/live_internal.h"

static enum err read(const char *text, struct live_message *msg)
{
	str why = STR_NONE;
	enum err e = live_message_read(test_arena(), str_of(text), msg, &why);

	EXPECT((e == OK) == !why.ptr);
	return e;
}

TEST(data_is_kept_as_it_came)
{
	struct live_message msg;

	EXPECT_OK(read(" {\"event\" : \"client-x\", \"data\": {\"n\":12345678901234567890, "
	               "\"n\":1e2,\"\\u0061\":\"\\/\"} ,"
		       "\"channel\":\"private-a\"} ",
		&msg));
	EXPECT_STR(msg.event, "client-x");
	EXPECT_STR(msg.channel, "private-a");
	EXPECT_STR(msg.data, "{\"n\":12345678901234567890, \"n\":1e2,\"\\u0061\":\"\\/\"}");
}

TEST(data_may_be_any_value_or_absent)
{
	static const char *const values[] = { "null", "true", "0",          "-1.5e-7", "\"text\"",
		                              "\"\"", "[]",   "[1,[2,{}]]", "{}" };
	struct live_message msg;

	for (size_t i = 0; i < COUNT_OF(values); i++) {
		str text = arena_printf(test_arena(), "{\"data\":%s,\"event\":\"e\"}", values[i]);

		EXPECT_OK(read(text.ptr, &msg));
		EXPECT_STR(msg.data, values[i]);
	}
	EXPECT_OK(read("{\"event\":\"e\"}", &msg));
	EXPECT(!msg.data.ptr);
	EXPECT_STR(msg.channel, "");
}

TEST(escaped_names_and_texts_mean_the_same)
{
	struct live_message msg;

	EXPECT_OK(
		read("{\"\\u0065vent\":\"caf\\u00e9 \\ud83d\\ude00\\n\",\"channel\":null}", &msg));
	EXPECT_STR(msg.event, "caf\xC3\xA9 \xF0\x9F\x98\x80\n");
}

TEST(what_is_not_one_object_with_an_event_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"}",
		"[]",
		"null",
		"\"e\"",
		"{}",
		"{\"event\":\"\"}",
		"{\"event\":1}",
		"{\"event\":\"e\"",
		"{\"event\":\"e\"}x",
		"{\"event\":\"e\",}",
		"{\"event\":\"e\" \"data\":1}",
		"{\"event\" \"e\"}",
		"{\"event\":\"e\",\"event\":\"f\"}",
		"{\"event\":\"e\",\"channel\":1}",
		"{\"event\":\"e\",\"data\":}",
		"{\"event\":\"e\",\"data\":01}",
		"{\"event\":\"e\",\"data\":1.}",
		"{\"event\":\"e\",\"data\":.5}",
		"{\"event\":\"e\",\"data\":+1}",
		"{\"event\":\"e\",\"data\":1e}",
		"{\"event\":\"e\",\"data\":NaN}",
		"{\"event\":\"e\",\"data\":tru}",
		"{\"event\":\"e\",\"data\":[1,]}",
		"{\"event\":\"e\",\"data\":[1}",
		"{\"event\":\"e\",\"data\":{\"a\"}}",
		"{\"event\":\"e\",\"data\":{1:2}}",
		"{\"event\":\"e\",\"data\":'x'}",
		"{\"event\":\"e\",\"data\":\"\\x\"}",
		"{\"event\":\"e\",\"data\":\"\\u12g4\"}",
		"{\"event\":\"\\ud800\"}",
		"{\"event\":\"\\udc00\\ud800\"}",
		"{\"event\":\"\\ud800\\u0041\"}",
		"{\"event\":\"e\",\"data\":\"a\nb\"}",
		"{\"event\":\"\xFF\"}",
		"{\"event\":\"e\\",
	};
	struct live_message msg;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT_ERR(read(bad[i], &msg), ERR_INPUT);
}

TEST(depth_is_bounded)
{
	struct buf text = buf_in(test_arena(), 1u << 20);
	struct live_message msg;

	buf_str(&text, S("{\"event\":\"e\",\"data\":"));
	for (int i = 0; i < 100000; i++)
		buf_byte(&text, '[');
	buf_byte(&text, '\0');
	EXPECT_ERR(read((const char *)text.ptr, &msg), ERR_INPUT);
}

static struct live_subscribe subscribe(const char *data, enum err want)
{
	struct live_subscribe out;
	str why;

	EXPECT_ERR(live_subscribe_read(test_arena(), str_of(data), &out, &why), want);
	return out;
}

TEST(a_subscribe_may_be_an_object_or_a_string_of_one)
{
	struct live_subscribe s = subscribe(
		"{\"channel\":\"x\",\"auth\":\"k:1\",\"channel_data\":\"{\\\"user_id\\\":1}\"}",
		OK);

	EXPECT_STR(s.channel, "x");
	EXPECT_STR(s.auth, "k:1");
	EXPECT(s.has_channel_data);
	EXPECT_STR(s.channel_data, "{\"user_id\":1}");
	s = subscribe("\"{\\\"channel\\\":\\\"y\\\"}\"", OK);
	EXPECT_STR(s.channel, "y");
	EXPECT(!s.has_channel_data);
}

TEST(a_subscribe_of_wrong_shape_is_no_crash)
{
	subscribe("[]", ERR_INPUT);
	subscribe("1", ERR_INPUT);
	subscribe("\"\"", ERR_INPUT);
	subscribe("null", ERR_INPUT);
	subscribe("{\"channel\":{}}", ERR_INPUT);
	subscribe(NULL, ERR_INPUT);
	EXPECT_STR(subscribe("{}", OK).channel, "");
	EXPECT_STR(subscribe("{\"auth\":[1]}", OK).auth, "");
	EXPECT_STR(subscribe("{\"auth\":null}", OK).auth, "");
	EXPECT_STR(subscribe("{\"auth\":7}", OK).auth, "");
}

static enum err user(const char *text, struct live_user *out)
{
	str why;

	return live_user_read(test_arena(), str_of(text), out, &why);
}

TEST(a_user_id_is_a_string_or_a_whole_number)
{
	struct live_user who;

	EXPECT_OK(user("{\"user_id\":11,\"user_info\":{\"name\" : \"A\"}}", &who));
	EXPECT_STR(who.id, "11");
	EXPECT_STR(who.id_raw, "11");
	EXPECT_STR(who.info_raw, "{\"name\" : \"A\"}");
	EXPECT_OK(user("{\"user_id\":\"1\\u0031\"}", &who));
	EXPECT_STR(who.id, "11");
	EXPECT_STR(who.id_raw, "\"1\\u0031\"");
	EXPECT_STR(who.info_raw, "{}");
	EXPECT_OK(user("{\"user_id\":-0,\"user_info\":null}", &who));
	EXPECT_STR(who.info_raw, "{}");
	EXPECT_ERR(user("{\"user_id\":1.5}", &who), ERR_INPUT);
	EXPECT_ERR(user("{\"user_id\":null}", &who), ERR_INPUT);
	EXPECT_ERR(user("{}", &who), ERR_INPUT);
	EXPECT_ERR(user("{\"user_id\":1,\"user_info\":true}", &who), ERR_INPUT);
	EXPECT_ERR(user("1", &who), ERR_INPUT);
}

TEST(data_goes_out_as_a_string)
{
	struct buf out = buf_in(test_arena(), 1000);

	live_write_event(&out, S("a"), S("x"), S("{\"n\":1}"));
	EXPECT_STR(buf_text(&out),
	           "{\"event\":\"a\",\"channel\":\"x\",\"data\":\"{\\\"n\\\":1}\"}");
}

TEST(errors_have_the_documented_form)
{
	struct buf out = buf_in(test_arena(), 1000);
	const struct live_refusal refusal = { "AuthError", 401, S("no") };

	live_write_error(&out, S(""), LIVE_ERROR_NONE, S("m"));
	EXPECT_STR(buf_text(&out),
	           "{\"event\":\"pusher:error\",\"data\":{\"code\":null,\"message\":\"m\"}}");
	buf_clear(&out);
	live_write_error(&out, S("x"), 4301, S("m"));
	EXPECT_STR(buf_text(&out), "{\"event\":\"pusher:error\",\"channel\":\"x\",\"data\":{"
	                           "\"code\":4301,\"message\":\"m\"}}");
	buf_clear(&out);
	live_write_refusal(&out, S("private-x"), &refusal);
	EXPECT_STR(buf_text(&out),
	           "{\"event\":\"pusher:subscription_error\",\"channel\":\"private-x\","
	           "\"data\":{\"type\":\"AuthError\",\"error\":\"no\",\"status\":401}}");
}
