/*
 * arena.c: blocks in a chain, newest first.
 *
 * The one rule: memory above `used` of a block is poisoned under AddressSanitizer, and zero or
 * unknown otherwise, so arena_alloc clears what it hands out.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
size_t __sanitizer_get_current_allocated_bytes(void); /* GCC has no header of it */
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
enum { GAP = 16 }; /* so that an overrun of one thing does not land in the next */
#else
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { GAP = 0 };
#endif

enum { HEAP_ARENAS_MAX = 16 };
enum { ALIGN = 16, BLOCK_MIN = 16u << 10, BLOCK_KEEP = 64u << 10, BLOCK_MAX = 1u << 20 };

struct block {
	struct block *older;
	size_t size, used;
	_Alignas(ALIGN) uint8_t data[];
};

struct arena {
	struct block *newest;
	size_t limit, total, handed;
};

void *heap_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *heap_grow(void *ptr, size_t new_size)
{
	void *p = realloc(ptr, new_size ? new_size : 1);

	if (!p)
		abort();
	return p;
}

void heap_free(void *ptr)
{
	free(ptr);
}

/* glibc gives each thread an arena of its own, up to eight a core, and each keeps the most that its
 * thread ever had at once: with seventy threads memory crept up for days. No more threads than
 * cores allocate at a time, so that many arenas are enough. */
void heap_start(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	mallopt(M_ARENA_MAX, cores < 2		       ? 2
			     : cores > HEAP_ARENAS_MAX ? HEAP_ARENAS_MAX
						       : (int)cores);
}

size_t heap_in_use(void)
{
#ifdef WITH_ASAN
	return __sanitizer_get_current_allocated_bytes();
#else
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
#endif
}

struct arena *arena_create(size_t limit_bytes)
{
	struct arena *arena = HEAP_NEW(struct arena);

	arena->limit = limit_bytes;
	return arena;
}

static void block_free(struct arena *arena, struct block *block)
{
	arena->total -= block->size;
	UNPOISON(block->data, block->size);
	free(block);
}

void arena_reset(struct arena *arena)
{
	struct block *keep = NULL;

	while (arena->newest) {
		struct block *block = arena->newest;

		arena->newest = block->older;
		if (!keep && block->size <= BLOCK_KEEP)
			keep = block;
		else
			block_free(arena, block);
	}
	if (keep) {
		keep->older = NULL;
		keep->used = 0;
		POISON(keep->data, keep->size);
	}
	arena->newest = keep;
	arena->handed = 0;
}

void arena_destroy(struct arena *arena)
{
	if (!arena)
		return;
	while (arena->newest) {
		struct block *block = arena->newest;

		arena->newest = block->older;
		block_free(arena, block);
	}
	free(arena);
}

size_t arena_used(const struct arena *arena)
{
	return arena->handed;
}

/* Twice the last one, up to BLOCK_MAX and what the limit leaves; but at least what is needed. */
static size_t block_size(const struct arena *arena, size_t need)
{
	size_t size = arena->newest ? arena->newest->size * 2 : BLOCK_MIN;
	size_t left = arena->limit - arena->total;

	if (need > left) {
		fprintf(stderr, "arena: over its limit of %zu bytes\n", arena->limit);
		abort();
	}
	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size > left)
		size = left;
	return size < need ? need : size;
}

static struct block *block_add(struct arena *arena, size_t need)
{
	size_t size = block_size(arena, need);
	struct block *block;

	block = malloc(sizeof *block + size);
	if (!block)
		abort();
	*block = (struct block){ .older = arena->newest, .size = size };
	POISON(block->data, size);
	arena->total += size;
	arena->newest = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t need = (size + GAP + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct block *block = arena->newest;
	void *p;

	if (need < size)
		abort();
	if (!block || need > block->size - block->used)
		block = block_add(arena, need);
	p = block->data + block->used;
	block->used += need;
	arena->handed += size;
	UNPOISON(p, size);
	return memset(p, 0, size);
}

void *arena_array_bytes(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		abort();
	return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, void *ptr, size_t old_size, size_t new_size)
{
	void *p = arena_alloc(arena, new_size);

	if (old_size)
		memcpy(p, ptr, old_size < new_size ? old_size : new_size);
	return p;
}

str arena_str(struct arena *arena, str s)
{
	char *p;

	if (!s.ptr)
		return s;
	p = arena_alloc(arena, s.len + 1);
	memcpy(p, s.ptr, s.len);
	return (str){ p, s.len };
}

bytes arena_bytes(struct arena *arena, bytes b)
{
	return bytes_of(arena_str(arena, str_from(b)));
}

const char *arena_cstr(struct arena *arena, str s)
{
	return s.ptr ? arena_str(arena, s).ptr : "";
}

str arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	int n;
	char *p;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort();
	p = arena_alloc(arena, (size_t)n + 1);
	va_start(args, format);
	vsnprintf(p, (size_t)n + 1, format, args);
	va_end(args);
	return (str){ p, (size_t)n };
}
