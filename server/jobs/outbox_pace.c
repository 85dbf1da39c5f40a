/* outbox_pace.c: buckets in two open-addressed tables of fixed size, one of numbers and one of
 * persons. */
#include "jobs/outbox_pace.h"

#include "base/arena.h"

enum { PROBES = 8, NUMBERS_MAX = 4096 };

/* A bucket is the time at which it will be full again (GCRA): one number tells everything. */
struct bucket {
	id64 key;
	int64_t full_at_us;
};

struct table {
	struct bucket *buckets;
	size_t mask;
};

struct pace {
	struct table numbers, pairs;
};

static struct table table_of(size_t max)
{
	size_t size = 64;

	while (size < max)
		size *= 2;
	return (struct table){ heap_alloc(size * sizeof(struct bucket)), size - 1 };
}

struct pace *pace_create(size_t pairs_max)
{
	struct pace *pace = HEAP_NEW(struct pace);

	pace->numbers = table_of(NUMBERS_MAX);
	pace->pairs = table_of(pairs_max);
	return pace;
}

void pace_destroy(struct pace *pace)
{
	if (!pace)
		return;
	heap_free(pace->numbers.buckets);
	heap_free(pace->pairs.buckets);
	heap_free(pace);
}

/* The key's bucket; takes the place of the one that is full the longest when all probed places are
 * used. */
static struct bucket *bucket_of(struct table *table, id64 key)
{
	size_t at = (size_t)((uint64_t)key * 0x9E3779B97F4A7C15u >> 20);
	struct bucket *oldest = &table->buckets[at & table->mask];

	for (size_t i = 0; i < PROBES; i++) {
		struct bucket *b = &table->buckets[(at + i) & table->mask];

		if (b->key == key)
			return b;
		if (b->full_at_us < oldest->full_at_us)
			oldest = b;
	}
	*oldest = (struct bucket){ .key = key };
	return oldest;
}

/* Microseconds until one more fits into a bucket of `burst` that regains one each interval_us. */
static int64_t wait_us(const struct bucket *b, int64_t interval_us, int64_t burst, int64_t now_us)
{
	int64_t from = b->full_at_us > now_us ? b->full_at_us : now_us;
	int64_t over = from + interval_us - (now_us + burst * interval_us);

	return over > 0 ? over : 0;
}

static void take(struct bucket *b, int64_t interval_us, int64_t now_us)
{
	b->full_at_us = (b->full_at_us > now_us ? b->full_at_us : now_us) + interval_us;
}

int64_t pace_take(struct pace *pace, const struct pace_limits *limits, id64 channel,
	id64 conversation, int64_t now_ms, bool *by_pair)
{
	int64_t now_us = now_ms * 1000;
	int64_t second = limits->per_second > 0 ? limits->per_second : 1;
	int64_t number_us = 1000000 / second, pair_us = limits->pair_interval_ms * 1000;
	struct bucket *pair = bucket_of(&pace->pairs, conversation);
	struct bucket *number = bucket_of(&pace->numbers, channel);
	int64_t wait_pair =
		pair_us > 0 ? wait_us(pair, pair_us,
				      limits->pair_burst > 0 ? limits->pair_burst : 1, now_us)
			    : 0;
	int64_t wait_number = wait_us(number, number_us, second, now_us);

	*by_pair = wait_pair > 0;
	if (wait_pair || wait_number)
		return ((wait_pair > wait_number ? wait_pair : wait_number) + 999) / 1000;
	if (pair_us > 0)
		take(pair, pair_us, now_us);
	take(number, number_us, now_us);
	return 0;
}
