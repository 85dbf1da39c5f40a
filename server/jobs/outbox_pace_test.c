/* outbox_pace_test.c: how fast a channel may send, on a clock of our own. */
#include "base/test.h"
#include "jobs/outbox_pace.h"

enum { NOW_MS = 1000000 };

static const struct pace_limits limits = { .per_second = 80,
	.pair_interval_ms = 6000,
	.pair_burst = 3 };

/* How many of n messages, each to a person of its own, may go at once. */
static int64_t go_at(struct pace *pace, int64_t now_ms, int64_t n, id64 first_pair)
{
	int64_t gone = 0;
	bool by_pair;

	for (int64_t i = 0; i < n; i++)
		gone += pace_take(pace, &limits, 1, first_pair + i, now_ms, &by_pair) == 0;
	return gone;
}

TEST(a_number_sends_no_more_than_its_rate)
{
	struct pace *pace = pace_create(1000);
	int64_t gone = go_at(pace, NOW_MS, 200, 100);

	EXPECT_INT(gone, 80);
	for (int64_t ms = 1; ms <= 10000; ms++)
		gone += go_at(pace, NOW_MS + ms, 2, 1000 + ms * 2);
	EXPECT(gone >= 80 + 799 && gone <= 80 + 801);
	pace_destroy(pace);
}

TEST(one_person_gets_a_burst_and_then_one_each_interval)
{
	struct pace *pace = pace_create(1000);
	bool by_pair;

	for (int i = 0; i < 3; i++)
		EXPECT_INT(pace_take(pace, &limits, 1, 7, NOW_MS, &by_pair), 0);
	EXPECT_INT(pace_take(pace, &limits, 1, 7, NOW_MS, &by_pair), 6000);
	EXPECT(by_pair);
	EXPECT_INT(pace_take(pace, &limits, 1, 7, NOW_MS + 5999, &by_pair), 1);
	EXPECT_INT(pace_take(pace, &limits, 1, 7, NOW_MS + 6000, &by_pair), 0);
	EXPECT_INT(pace_take(pace, &limits, 1, 7, NOW_MS + 6000, &by_pair), 6000);
	EXPECT_INT(pace_take(pace, &limits, 1, 8, NOW_MS + 6000, &by_pair), 0);
	pace_destroy(pace);
}

TEST(an_interval_of_zero_is_no_limit)
{
	const struct pace_limits free_pair = { .per_second = 1000,
		.pair_interval_ms = 0,
		.pair_burst = 1 };
	struct pace *pace = pace_create(1000);
	bool by_pair;

	for (int i = 0; i < 500; i++)
		EXPECT_INT(pace_take(pace, &free_pair, 1, 7, NOW_MS, &by_pair), 0);
	pace_destroy(pace);
}

TEST(many_persons_do_not_grow_the_table)
{
	struct pace *pace = pace_create(64);
	bool by_pair;

	for (int64_t i = 1; i < 100000; i++)
		(void)pace_take(pace, &limits, 1, i, NOW_MS + i * 20, &by_pair);
	EXPECT_INT(pace_take(pace, &limits, 1, 99999, NOW_MS + 100000 * 20, &by_pair), 0);
	pace_destroy(pace);
}
