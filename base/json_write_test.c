/* json_write_test.c: JSON written into a buf. */
#include "base/json.h"
#include "base/test.h"

#include <math.h>

static struct buf out(void)
{
	return buf_in(test_arena(), 4096);
}

static str escaped(str text)
{
	struct buf b = out();

	json_put(&b, NULL, text);
	return buf_text(&b);
}

static str rewritten(str text)
{
	struct buf b = out();
	json v;

	EXPECT_OK(json_read(test_arena(), text, &v, NULL));
	json_put_value(&b, NULL, v);
	return buf_text(&b);
}

TEST(json_commas_come_by_themselves)
{
	struct buf b = out();

	json_open(&b, '{');
	json_put(&b, "name", S("Ana"));
	json_put_id(&b, "id", 7);
	json_open_in(&b, "list", '[');
	json_put_int(&b, NULL, 1);
	json_open(&b, '{');
	json_close(&b, '}');
	json_open(&b, '[');
	json_close(&b, ']');
	json_put_bool(&b, NULL, true);
	json_close(&b, ']');
	json_put_null(&b, "none");
	json_put_ms(&b, "at_ms", 12);
	json_put_ms(&b, "never_ms", 0);
	json_put_id(&b, "parent", 0);
	json_put_raw(&b, "raw", S("[1]"));
	json_put_raw(&b, "no_raw", STR_NONE);
	json_close(&b, '}');
	EXPECT_STR(
		buf_text(&b),
		"{\"name\":\"Ana\",\"id\":\"7\",\"list\":[1,{},[],true],\"none\":null,\"at_ms\":12,"
		"\"never_ms\":null,\"parent\":null,\"raw\":[1],\"no_raw\":null}");
}

TEST(json_text_is_escaped_for_scripts_too)
{
	EXPECT_STR(escaped(S("a\"b\\c\n\t\r\x01\x7F")), "\"a\\\"b\\\\c\\n\\t\\r\\u0001\\u007f\"");
	EXPECT_STR(escaped(S("</script><!-- & -->")),
	           "\"\\u003c/script\\u003e\\u003c!-- \\u0026 --\\u003e\"");
	EXPECT_STR(escaped(S("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA")),
	           "\"\\u2028\\u2029\xE2\x80\xAA\"");
	EXPECT_STR(escaped(S("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80")),
	           "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
	EXPECT_STR(escaped(S("a\0b")), "\"a\\u0000b\"");
	EXPECT_STR(escaped(S("")), "\"\"");
	EXPECT_STR(escaped(STR_NONE), "null");
}

TEST(json_bad_utf8_becomes_a_replacement_character)
{
	EXPECT_STR(escaped(S("a\xFFz")), "\"a\xEF\xBF\xBDz\"");
	EXPECT_STR(escaped(S("\xE2\x82")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
	EXPECT_STR(escaped(S("\xED\xA0\x80")), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
	EXPECT_STR(escaped(S("\xC3")), "\"\xEF\xBF\xBD\"");
	EXPECT_STR(escaped(S("\x80\xC3\xA9")), "\"\xEF\xBF\xBD\xC3\xA9\"");
}

static str number(double value)
{
	struct buf b = out();

	json_put_number(&b, NULL, value);
	return buf_text(&b);
}

TEST(json_numbers_are_short_and_exact)
{
	EXPECT_STR(number(0.1), "0.1");
	EXPECT_STR(number(1.0 / 3), "0.3333333333333333");
	EXPECT_STR(number(-2.5), "-2.5");
	EXPECT_STR(number(3), "3.0");
	EXPECT_STR(number(NAN), "null");
	EXPECT_STR(number(INFINITY), "null");
}

TEST(json_reals_stay_reals_when_written_again)
{
	/* Written as digits alone these were refused as integers past 64 bits, or lost their sign.
	 */
	EXPECT_STR(rewritten(S("[1e19,-0.0,1e300,0.5]")), "[1e+19,-0.0,1e+300,0.5]");
	EXPECT_STR(rewritten(rewritten(S("[12345678901234567890.0]"))), "[1.2345678901234567e+19]");
}

TEST(json_values_are_written_as_they_were_read)
{
	static const char text[] =
		"{\"z\":[1,-9223372036854775808,\"x\\ny\",{}],\"a\":{\"b\":null,\"c\":false}}";

	EXPECT_STR(rewritten(str_of(text)), text);
	EXPECT_STR(rewritten(S(" [ ] ")), "[]");
}

TEST(json_past_the_maximum_fails_the_buf)
{
	struct buf b = buf_in(test_arena(), 10);

	json_open(&b, '[');
	json_put(&b, NULL, S("much too long"));
	json_close(&b, ']');
	EXPECT(b.failed);
}

TEST(json_keys_are_escaped)
{
	struct buf b = out();

	json_open(&b, '{');
	json_key_str(&b, S("a\"<"));
	json_put_int(&b, NULL, 1);
	json_put_value(&b, "none", NULL);
	json_close(&b, '}');
	EXPECT_STR(buf_text(&b), "{\"a\\\"\\u003c\":1,\"none\":null}");
}

static str in_ascii(str json_text_)
{
	struct buf b = buf_in(test_arena(), 1000);

	json_write_ascii(&b, json_text_);
	return buf_text(&b);
}

TEST(json_in_ascii_says_the_same)
{
	json v;
	str wide = S("{\"a\":\"x \xC3\xA9 \xE2\x9D\xA4 \xF0\x9F\x98\x80!\"}");

	EXPECT_STR(in_ascii(wide), "{\"a\":\"x \\u00e9 \\u2764 \\ud83d\\ude00!\"}");
	EXPECT_OK(json_read(test_arena(), in_ascii(wide), &v, NULL));
	EXPECT_STR(json_text_at(v, "a"), "x \xC3\xA9 \xE2\x9D\xA4 \xF0\x9F\x98\x80!");
	EXPECT_STR(in_ascii(S("{\"a\":\"\xFF\"}")), "{\"a\":\"\\ufffd\"}");
	EXPECT_STR(in_ascii(S("[]")), "[]");
}

TEST(json_ids_are_a_list_of_numbers)
{
	const id64 ids[] = { 1, 0, 9007199254740993 };

	EXPECT_STR(json_ids(test_arena(), ids, 3), "[1,9007199254740993]");
	EXPECT_STR(json_ids(test_arena(), NULL, 0), "[]");
}
