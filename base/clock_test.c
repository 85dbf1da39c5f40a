/* clock_test.c: the real clock and the one that tests drive. */
#include "base/clock.h"
#include "base/test.h"

TEST(clock_follows_the_fake_until_it_is_taken_away)
{
	clock_fake(1700000000000);
	EXPECT_INT(clock_now_ms(), 1700000000000);
	clock_fake(1700000000001);
	EXPECT_INT(clock_now_ms(), 1700000000001);
	clock_fake(0);
	EXPECT(clock_now_ms() > 1750000000000);
}

TEST(monotonic_time_never_goes_back_and_is_not_faked)
{
	int64_t before = clock_monotonic_us();

	clock_fake(5);
	for (int i = 0; i < 1000; i++) {
		int64_t now = clock_monotonic_us();

		EXPECT(now >= before && now - before < 60000000);
		before = now;
	}
	clock_fake(0);
}

TEST(a_deadline_carries_into_the_next_second)
{
	struct timespec now, then;
	int64_t apart_ms;

	for (int64_t ms = 0; ms < 2500; ms += 499) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		then = clock_deadline(ms);
		apart_ms =
			(then.tv_sec - now.tv_sec) * 1000 + (then.tv_nsec - now.tv_nsec) / 1000000;
		EXPECT(then.tv_nsec >= 0 && then.tv_nsec < 1000000000);
		EXPECT(apart_ms >= ms && apart_ms < ms + 1000);
	}
}
