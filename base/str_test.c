/* str_test.c: borrowed text. */
#include "base/str.h"
#include "base/test.h"

TEST(numbers_are_read_whole_or_not_at_all)
{
	int64_t n = 7;

	EXPECT(str_to_i64(S("-9223372036854775808"), &n) && n == INT64_MIN);
	EXPECT(str_to_i64(S("9223372036854775807"), &n) && n == INT64_MAX);
	EXPECT(!str_to_i64(S("9223372036854775808"), &n));
	EXPECT(!str_to_i64(S("12 "), &n) && !str_to_i64(S(""), &n) && !str_to_i64(S("-"), &n));
	EXPECT_INT(n, INT64_MAX);
}

TEST(utf8_refuses_overlong_forms_and_surrogates)
{
	EXPECT(str_is_utf8(S("Jos\xC3\xA9 \xF0\x9F\x98\x80")));
	EXPECT(!str_is_utf8(S("\xC0\xAF")));
	EXPECT(!str_is_utf8(S("\xED\xA0\x80")));
	EXPECT(!str_is_utf8(S("\xF4\x90\x80\x80")));
	EXPECT(!str_is_utf8(S("abc\xE2\x82")));
}

TEST(text_is_cut_at_code_points)
{
	EXPECT_STR(str_first_points(S("\xC3\xA9t\xC3\xA9"), 2), "\xC3\xA9t");
	EXPECT_INT(str_count_points(S("\xF0\x9F\x98\x80!")), 2);
}

TEST(split_walks_a_path)
{
	str rest = S("a.b..c");

	EXPECT_STR(str_split(&rest, '.'), "a");
	EXPECT_STR(str_split(&rest, '.'), "b");
	EXPECT_STR(str_split(&rest, '.'), "");
	EXPECT_STR(str_split(&rest, '.'), "c");
	EXPECT_INT(rest.len, 0);
}
