/* live_said_test.c: what one node says, another one hears. */
#include "live/live_said.h"

#include "base/test.h"

TEST(what_is_said_is_read_with_its_speaker)
{
	const struct live_said said = { LIVE_SAID_PUBLISH,
		{ S("app"), S("private-x"), S("name:1"), S("{\"a\":\"3:b\"}"), S("") }, 5 };
	struct buf out = buf_in(test_arena(), 1000);
	struct live_said got;

	live_said_write(&out, S("0a1b"), &said);
	EXPECT(live_said_read(buf_text(&out), &got));
	EXPECT(got.word == LIVE_SAID_PUBLISH && got.count == 6);
	EXPECT_STR(got.fields[0], "0a1b");
	EXPECT_STR(got.fields[3], "name:1");
	EXPECT_STR(got.fields[4], "{\"a\":\"3:b\"}");
	EXPECT(got.fields[5].len == 0);
}

TEST(what_is_cut_or_has_too_few_fields_is_not_read)
{
	static const char *const wrong[] = { "", "P", "H", "H5:abc", "H-1:", "H1", "H+1:a",
		"P1:a1:b", "H99999999999999999999:a", "H1:a1:b1:c1:d1:e1:f1:g1:h1:i" };
	struct live_said got;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		EXPECT(!live_said_read(str_of(wrong[i]), &got));
	EXPECT(live_said_read(S("H1:a"), &got) && got.count == 1);
	EXPECT(live_said_read(S("H1:a3:new"), &got) && got.count == 2);
}
