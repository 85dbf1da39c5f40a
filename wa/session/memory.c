/* memory.c: see memory.h. A hash of chains; what a transaction changes is noted for the way back.
 */
#include "wa/session/memory.h"

#include <malloc.h>
#include <stdlib.h>

#define BUCKETS_FIRST 64

struct entry {
	struct entry *next;
	enum wa_record kind;
	str key;
	bytes value; /* ptr NULL, in a note: there was none */
};

struct wa_memory {
	struct entry **buckets;
	size_t bucket_count, count;
	struct entry *notes; /* newest first: what was there before */
	size_t calls_left;   /* before all fail; 0: never */
	bool fails;
};

/* ---- entries ---- */

static struct entry *entry_make(enum wa_record kind, str key, bytes value)
{
	struct entry *e = HEAP_NEW(struct entry);
	char *text = heap_alloc(key.len + 1);
	uint8_t *octets = value.ptr ? heap_alloc(value.len + 1) : NULL;

	if (key.len)
		memcpy(text, key.ptr, key.len);
	if (value.len)
		memcpy(octets, value.ptr, value.len);
	*e = (struct entry){ .kind = kind,
		.key = { text, key.len },
		.value = { octets, value.len } };
	return e;
}

static void entry_destroy(struct entry *e)
{
	if (e->value.ptr)
		crypto_wipe((void *)e->value.ptr, e->value.len);
	heap_free((void *)e->value.ptr);
	heap_free((void *)e->key.ptr);
	heap_free(e);
}

static void list_destroy(struct entry *list)
{
	while (list) {
		struct entry *next = list->next;

		entry_destroy(list);
		list = next;
	}
}

static size_t hash(enum wa_record kind, str key)
{
	size_t h = 14695981039346656037u ^ kind;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (uint8_t)key.ptr[i]) * 1099511628211u;
	return h ^ h >> 32;
}

/* Where the entry hangs, or would. */
static struct entry **place(const struct wa_memory *m, enum wa_record kind, str key)
{
	struct entry **at = &m->buckets[hash(kind, key) % m->bucket_count];

	while (*at && ((*at)->kind != kind || !str_is((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static void grow(struct wa_memory *m)
{
	struct wa_memory next = { .bucket_count = m->bucket_count * 4 };

	next.buckets = heap_alloc(next.bucket_count * sizeof *next.buckets);
	for (size_t i = 0; i < m->bucket_count; i++)
		for (struct entry *e = m->buckets[i], *after; e; e = after) {
			struct entry **to =
				&next.buckets[hash(e->kind, e->key) % next.bucket_count];

			after = e->next;
			e->next = *to;
			*to = e;
		}
	heap_free(m->buckets);
	m->buckets = next.buckets;
	m->bucket_count = next.bucket_count;
}

static void set(struct wa_memory *m, struct entry *e)
{
	struct entry **at = place(m, e->kind, e->key), *old = *at;

	e->next = old ? old->next : NULL;
	*at = e;
	if (old)
		entry_destroy(old);
	else if (++m->count > 2 * m->bucket_count)
		grow(m);
}

static void unset(struct wa_memory *m, enum wa_record kind, str key)
{
	struct entry **at = place(m, kind, key), *old = *at;

	if (!old)
		return;
	*at = old->next;
	entry_destroy(old);
	m->count--;
}

static void note(struct wa_memory *m, enum wa_record kind, str key)
{
	const struct entry *old = *place(m, kind, key);
	struct entry *n = entry_make(kind, key, old ? old->value : BYTES_NONE);

	n->next = m->notes;
	m->notes = n;
}

/* ---- the store ---- */

static bool is_broken(struct wa_memory *m)
{
	if (m->calls_left && --m->calls_left == 0)
		m->fails = true;
	return m->fails;
}

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	struct wa_memory *m = arg;
	const struct entry *e = *place(m, kind, key);

	if (is_broken(m))
		return ERR_STORE;
	if (!e)
		return ERR_MISSING;
	*out = arena_bytes(arena, e->value);
	return OK;
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	static const uint8_t empty[1];
	struct wa_memory *m = arg;

	if (is_broken(m))
		return ERR_STORE;
	note(m, kind, key);
	set(m, entry_make(kind, key, value.ptr ? value : (bytes){ empty, 0 }));
	return OK;
}

/* Copies of the entries of a kind, in the order of their keys: who is told of them may change the
 * store meanwhile. */
static int compare(const void *a, const void *b)
{
	return str_compare((*(struct entry *const *)a)->key, (*(struct entry *const *)b)->key);
}

static struct entry **copies(const struct wa_memory *m, enum wa_record kind, str prefix,
	size_t *count)
{
	struct entry **list = heap_alloc((m->count + 1) * sizeof *list);

	*count = 0;
	for (size_t i = 0; i < m->bucket_count; i++)
		for (const struct entry *e = m->buckets[i]; e; e = e->next)
			if (e->kind == kind && str_starts(e->key, prefix))
				list[(*count)++] = entry_make(kind, e->key, e->value);
	qsort(list, *count, sizeof *list, compare);
	return list;
}

static enum err scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct entry **list;
	size_t count;
	enum err e = OK;

	if (is_broken(arg))
		return ERR_STORE;
	list = copies(arg, kind, prefix.ptr ? prefix : S(""), &count);
	for (size_t i = 0; i < count; i++) {
		if (e == OK)
			e = each(each_arg, list[i]->key, list[i]->value);
		entry_destroy(list[i]);
	}
	heap_free(list);
	return e;
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	struct wa_memory *m = arg;
	struct entry **list;
	size_t count;

	if (is_broken(m))
		return ERR_STORE;
	if (key.ptr) {
		note(m, kind, key);
		unset(m, kind, key);
		return OK;
	}
	list = copies(m, kind, S(""), &count);
	for (size_t i = 0; i < count; i++) {
		note(m, kind, list[i]->key);
		unset(m, kind, list[i]->key);
		entry_destroy(list[i]);
	}
	heap_free(list);
	return OK;
}

/* ---- outside ---- */

struct wa_memory *wa_memory_create(void)
{
	struct wa_memory *m = HEAP_NEW(struct wa_memory);

	m->bucket_count = BUCKETS_FIRST;
	m->buckets = heap_alloc(m->bucket_count * sizeof *m->buckets);
	return m;
}

void wa_memory_destroy(struct wa_memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->bucket_count; i++)
		list_destroy(m->buckets[i]);
	list_destroy(m->notes);
	heap_free(m->buckets);
	heap_free(m);
}

struct wa_store wa_memory_store(struct wa_memory *m)
{
	return (struct wa_store){ get, put, erase, scan, m };
}

void wa_memory_commit(struct wa_memory *m)
{
	list_destroy(m->notes);
	m->notes = NULL;
}

void wa_memory_rollback(struct wa_memory *m)
{
	struct entry *n = m->notes;

	while (n) {
		struct entry *next = n->next;

		n->next = NULL;
		if (n->value.ptr) {
			set(m, n);
		} else {
			unset(m, n->kind, n->key);
			entry_destroy(n);
		}
		n = next;
	}
	m->notes = NULL;
}

size_t wa_memory_count(const struct wa_memory *m, enum wa_record kind)
{
	size_t count = 0;

	for (size_t i = 0; i < m->bucket_count; i++)
		for (const struct entry *e = m->buckets[i]; e; e = e->next)
			count += e->kind == kind;
	return count;
}

size_t wa_memory_total(const struct wa_memory *m)
{
	return m->count;
}

size_t wa_memory_size(const struct wa_memory *m)
{
	size_t size = 0;

	for (size_t i = 0; i < m->bucket_count; i++)
		for (const struct entry *e = m->buckets[i]; e; e = e->next)
			size += e->key.len + e->value.len;
	return size;
}

static size_t heap_of(const struct entry *list)
{
	size_t size = 0;

	for (const struct entry *e = list; e; e = e->next)
		size += malloc_usable_size((void *)e) + malloc_usable_size((void *)e->key.ptr) +
			malloc_usable_size((void *)e->value.ptr);
	return size;
}

size_t wa_memory_heap(const struct wa_memory *m)
{
	size_t size = malloc_usable_size(m->buckets) + heap_of(m->notes);

	for (size_t i = 0; i < m->bucket_count; i++)
		size += heap_of(m->buckets[i]);
	return size;
}

void wa_memory_fail_at(struct wa_memory *m, size_t n)
{
	m->calls_left = n;
	m->fails = false;
}
