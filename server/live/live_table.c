/*
 * live_table.c: things found by their name: apps and channels.
 *
 * A chained table that doubles. Names are chosen by clients, so each table has a seed of its own:
 * nobody outside knows which names share a bucket.
 */
#include "live/live_internal.h"

#include "crypto/crypto.h"

#define BUCKETS_MIN 16

static uint64_t hash_of(const struct live_table *table, str name)
{
	uint64_t hash = table->seed;

	for (size_t i = 0; i < name.len; i++) {
		hash = (hash ^ (uint8_t)name.ptr[i]) * 0x9E3779B97F4A7C15u;
		hash ^= hash >> 29;
	}
	return hash;
}

static struct live_node **bucket(const struct live_table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->size - 1)];
}

struct live_node *live_table_find(const struct live_table *table, str name)
{
	uint64_t hash = hash_of(table, name);

	if (table->size == 0)
		return NULL;
	for (struct live_node *node = *bucket(table, hash); node; node = node->next)
		if (node->hash == hash && str_is(node->name, name))
			return node;
	return NULL;
}

static void grow(struct live_table *table)
{
	struct live_table larger = { .size = table->size ? table->size * 2 : BUCKETS_MIN,
		                     .count = table->count,
		                     .seed = table->seed };

	if (table->size == 0)
		crypto_random(&larger.seed, sizeof larger.seed);
	larger.buckets = heap_alloc(larger.size * sizeof *larger.buckets);
	for (size_t i = 0; i < table->size; i++) {
		for (struct live_node *node = table->buckets[i], *next; node; node = next) {
			struct live_node **to = bucket(&larger, node->hash);

			next = node->next;
			node->next = *to;
			*to = node;
		}
	}
	heap_free(table->buckets);
	*table = larger;
}

void live_table_add(struct live_table *table, struct live_node *node)
{
	struct live_node **to;

	if (table->count >= table->size)
		grow(table);
	node->hash = hash_of(table, node->name);
	to = bucket(table, node->hash);
	node->next = *to;
	*to = node;
	table->count++;
}

void live_table_remove(struct live_table *table, struct live_node *node)
{
	struct live_node **at = bucket(table, node->hash);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	table->count--;
}

void live_table_done(struct live_table *table)
{
	heap_free(table->buckets);
	*table = (struct live_table){ 0 };
}
