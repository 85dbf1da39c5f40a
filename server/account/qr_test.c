/* qr_test.c: pictures of codes. That they read is shown by tests/e2e/linked.test.mjs. */
#include "account/qr.h"
#include "base/test.h"

TEST(the_picture_has_its_finders_in_a_quiet_zone)
{
	str svg = qr_svg(test_arena(), S("2@abc,def,ghi"));

	EXPECT(str_starts(svg, S("<svg ")) && str_has(svg, S("M4 4h7v1h-7z")));
	EXPECT(str_ends(svg, S("</svg>")));
}

TEST(a_terminal_gets_two_rows_of_modules_a_line)
{
	str lines = qr_lines(test_arena(), S("2@abc,def,ghi"));
	str first = str_split(&lines, '\n'), second = str_split(&lines, '\n');

	/* 21 modules and the zone; the first line is the zone alone. */
	EXPECT_INT(str_count_points(first), 25);
	EXPECT_STR(first, "█████████████████████████");
	EXPECT(str_starts(second, S("██ ▄▄▄▄▄ ")));
}

TEST(what_does_not_fit_into_a_code_is_no_picture)
{
	char *text = arena_alloc(test_arena(), 4000);

	memset(text, 'x', 4000);
	EXPECT_STR(qr_svg(test_arena(), (str){ text, 4000 }), "");
	EXPECT_STR(qr_lines(test_arena(), (str){ text, 4000 }), "");
}
