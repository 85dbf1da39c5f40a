/* id64_test.c: ids that sort by time. */
#include "base/id64.h"
#include "base/test.h"

#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 4, IDS = 5000 };

/* First in the file: the clock before the epoch must not make an id that is not positive. */
TEST(ids_are_positive_even_before_the_epoch)
{
	EXPECT(id64_new(0) > 0);
	EXPECT(id64_new(ID64_EPOCH_MS - 1) > 0);
}

TEST(ids_carry_their_time_and_node)
{
	int64_t now = ID64_EPOCH_MS + 1000;
	id64 id;

	id64_set_node(5);
	id = id64_new(now);
	EXPECT_INT(id64_ms(id), now);
	EXPECT_INT(id >> 11 & 1023, 5);
	EXPECT(id >= id64_floor(now) && id < id64_floor(now + 1));
	EXPECT_INT(id64_floor(ID64_EPOCH_MS - 5), 0);
	id64_set_node(0);
}

TEST(ids_rise_when_the_clock_stands_or_goes_back)
{
	int64_t now = ID64_EPOCH_MS + 5000;
	id64 last = id64_new(now);

	for (int i = 0; i < 5000; i++) {
		id64 id = id64_new(i % 2 ? now : now - 1000);

		EXPECT(id > last);
		last = id;
	}
}

static void *make_ids(void *to)
{
	id64 *ids = to;

	for (size_t i = 0; i < IDS; i++)
		ids[i] = id64_new(ID64_EPOCH_MS + 100000);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	id64 x = *(const id64 *)a, y = *(const id64 *)b;

	return (x > y) - (x < y);
}

TEST(ids_are_unique_over_threads)
{
	id64 *ids = ARENA_ARRAY(test_arena(), id64, THREADS * IDS);
	pthread_t threads[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&threads[i], NULL, make_ids, ids + i * IDS) == 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 1; i < THREADS * IDS; i++)
		EXPECT(i % IDS == 0 || ids[i] > ids[i - 1]);
	qsort(ids, THREADS * IDS, sizeof *ids, compare);
	for (size_t i = 1; i < THREADS * IDS; i++)
		EXPECT(ids[i] != ids[i - 1]);
}

TEST(ids_are_read_from_plain_decimal_only)
{
	static const str bad[] = { S(""),
		                   S("0"),
		                   S("-5"),
		                   S("+5"),
		                   S(" 5"),
		                   S("5 "),
		                   S("007"),
		                   S("1.0"),
		                   S("0x10"),
		                   S("9223372036854775808"),
		                   S("99999999999999999999999") };
	id64 id = 0;

	EXPECT(id64_parse(S("9223372036854775807"), &id) && id == INT64_MAX);
	EXPECT(id64_parse(S("1"), &id) && id == 1);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT(!id64_parse(bad[i], &id));
}
