/* shift_test.c: hours of work through nights, weekends and changes of the clock. */
#include "base/test.h"
#include "routing/shift.h"

#define HOUR 3600000LL
#define MONDAY_MS 1763337600000LL /* 2025-11-17 00:00 UTC */

static struct shift shift_of(const char *text)
{
	struct shift shift = { 0 };

	EXPECT(shift_parse(test_arena(), str_of(text), &shift));
	return shift;
}

TEST(a_day_has_a_start_and_an_end_in_its_zone)
{
	struct shift s = shift_of("{\"zone\":\"Asia/Jakarta\",\"hours\":[{\"day\":1,\"start\":"
				  "\"09:00\",\"end\":\"17:00\"}]}");
	struct shift_state at;

	at = shift_at(&s, MONDAY_MS + 1 * HOUR); /* 08:00 there */
	EXPECT(!at.on);
	EXPECT_INT(at.until_ms, MONDAY_MS + 2 * HOUR);
	at = shift_at(&s, MONDAY_MS + 2 * HOUR);
	EXPECT(at.on);
	EXPECT_INT(at.until_ms, MONDAY_MS + 10 * HOUR);
	at = shift_at(&s, MONDAY_MS + 10 * HOUR);
	EXPECT(!at.on);
	EXPECT_INT(at.until_ms, MONDAY_MS + 2 * HOUR + 7 * 24 * HOUR);
}

TEST(a_night_goes_on_into_the_next_day)
{
	struct shift s =
		shift_of("{\"zone\":\"UTC\",\"hours\":[{\"day\":7,\"start\":\"22:00\",\"end\":"
			 "\"06:00\"}]}");
	struct shift_state at = shift_at(&s, MONDAY_MS + 5 * HOUR);

	EXPECT(at.on);
	EXPECT_INT(at.until_ms, MONDAY_MS + 6 * HOUR);
}

TEST(hours_without_a_gap_are_one)
{
	struct shift s = shift_of("{\"zone\":\"UTC\",\"hours\":["
				  "{\"day\":1,\"start\":\"08:00\",\"end\":\"24:00\"},"
				  "{\"day\":2,\"start\":\"00:00\",\"end\":\"02:00\"}]}");
	struct shift_state at = shift_at(&s, MONDAY_MS + 9 * HOUR);

	EXPECT(at.on);
	EXPECT_INT(at.until_ms, MONDAY_MS + 26 * HOUR);
}

TEST(a_change_of_the_clock_is_the_zones_own)
{
	/* 2026-03-29 in Berlin: 02:00 becomes 03:00; it is a Sunday. */
	struct shift s = shift_of("{\"zone\":\"Europe/Berlin\",\"hours\":[{\"day\":7,\"start\":"
				  "\"01:00\",\"end\":\"09:00\"}]}");
	struct shift_state at = shift_at(&s, 1774746000000LL); /* 01:00 UTC = 03:00 there */

	EXPECT(at.on);
	EXPECT_INT(at.until_ms, 1774746000000LL + 6 * HOUR);
}

TEST(what_makes_no_sense_is_refused)
{
	static const char *const bad[] = {
		"{}", "{\"zone\":\"Mars/Base\",\"hours\":[]}",
		"{\"zone\":\"UTC\",\"hours\":[{\"day\":8,\"start\":\"09:00\",\"end\":\"10:00\"}]}",
		"{\"zone\":\"UTC\",\"hours\":[{\"day\":1,\"start\":\"9:00\",\"end\":\"10:00\"}]}",
		"{\"zone\":\"UTC\",\"hours\":[{\"day\":1,\"start\":\"09:00\",\"end\":\"09:00\"}]}",
		"{\"zone\":\"UTC\",\"hours\":[{\"day\":1,\"start\":\"09:60\",\"end\":\"24:01\"}]}"
	};
	struct shift shift;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (shift_parse(test_arena(), str_of(bad[i]), &shift))
			test_fail(__FILE__, __LINE__, "%s", bad[i]);
	shift = shift_of("{\"zone\":\"UTC\",\"hours\":[]}");
	EXPECT(!shift_at(&shift, MONDAY_MS).on);
	EXPECT_INT(shift_at(&shift, MONDAY_MS).until_ms, 0);
}
