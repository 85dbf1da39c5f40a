/* webhook_watch_test.c: counts by the minute. */
#include "account/webhook_watch.h"

#include "base/test.h"

#define MINUTE 60000
#define NOON (1800000000000 / MINUTE * MINUTE)

TEST(what_comes_is_counted_in_its_minute)
{
	struct webhook_watch w;

	webhook_watch_note(7, WATCH_TAKEN, NOON);
	webhook_watch_note(7, WATCH_TAKEN, NOON + MINUTE - 1);
	webhook_watch_note(7, WATCH_TAKEN, NOON + MINUTE);
	webhook_watch_read(7, NOON + MINUTE, &w);
	EXPECT_INT(w.minutes[WATCH_MINUTES - 1], 1);
	EXPECT_INT(w.minutes[WATCH_MINUTES - 2], 2);
	EXPECT_INT(w.taken, 3);
	webhook_watch_read(7, NOON + 30 * MINUTE, &w);
	EXPECT_INT(w.minutes[WATCH_MINUTES - 31], 2);
}

TEST(an_hour_later_a_minute_is_forgotten_and_the_sum_is_not)
{
	struct webhook_watch w;

	webhook_watch_note(8, WATCH_TAKEN, NOON);
	webhook_watch_read(8, NOON + 60 * MINUTE, &w);
	for (int i = 0; i < WATCH_MINUTES; i++)
		EXPECT_INT(w.minutes[i], 0);
	EXPECT_INT(w.taken, 1);
	webhook_watch_note(8, WATCH_TAKEN, NOON + 60 * MINUTE);
	webhook_watch_read(8, NOON + 60 * MINUTE, &w);
	EXPECT_INT(w.minutes[WATCH_MINUTES - 1], 1);
}

TEST(what_was_refused_is_known_with_its_time)
{
	struct webhook_watch w;

	webhook_watch_note(9, WATCH_REFUSED, NOON + 5);
	webhook_watch_note(9, WATCH_TURNED_AWAY, NOON + 6);
	webhook_watch_read(9, NOON + 7, &w);
	EXPECT(w.refused == 1 && w.turned_away == 1 && w.taken == 0);
	EXPECT_INT(w.refused_ms, NOON + 5);
	webhook_watch_read(10, NOON, &w);
	EXPECT_INT(w.refused, 0);
}

TEST(more_channels_than_there_are_places_do_no_harm)
{
	for (id64 id = 1; id < 5000; id++)
		webhook_watch_note(id << 21, WATCH_TAKEN, NOON);
}
