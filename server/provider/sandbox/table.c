/* table.c: text → pointer, by open addressing. Nothing is ever taken out but all at once. */
#include "provider/sandbox/sandbox_internal.h"

#define TABLE_FIRST 256

struct slot {
	str key;
	void *value;
};

struct table {
	struct slot *slots;
	size_t count, cap; /* a power of two */
};

static uint64_t hash(str key)
{
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (uint8_t)key.ptr[i]) * 1099511628211ull;
	return h ^ h >> 29;
}

static struct slot *place(const struct table *t, str key)
{
	size_t i = hash(key) & (t->cap - 1);

	while (t->slots[i].value && !str_is(t->slots[i].key, key))
		i = (i + 1) & (t->cap - 1);
	return &t->slots[i];
}

struct table *table_create(void)
{
	struct table *t = HEAP_NEW(struct table);

	t->cap = TABLE_FIRST;
	t->slots = heap_alloc(t->cap * sizeof *t->slots);
	return t;
}

void table_destroy(struct table *t)
{
	if (!t)
		return;
	heap_free(t->slots);
	heap_free(t);
}

void *table_find(const struct table *t, str key)
{
	return place(t, key)->value;
}

static void grow(struct table *t)
{
	struct table larger = { .count = t->count, .cap = 2 * t->cap };

	larger.slots = heap_alloc(larger.cap * sizeof *larger.slots);
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i].value)
			*place(&larger, t->slots[i].key) = t->slots[i];
	heap_free(t->slots);
	*t = larger;
}

void table_put(struct table *t, str key, void *value)
{
	struct slot *slot;

	if (2 * (t->count + 1) > t->cap)
		grow(t);
	slot = place(t, key);
	t->count += !slot->value;
	*slot = (struct slot){ key, value };
}

void table_clear(struct table *t)
{
	memset(t->slots, 0, t->cap * sizeof *t->slots);
	t->count = 0;
}
