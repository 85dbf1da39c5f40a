/*
 * arena.h: memory that lives and dies with a job.
 *
 * An arena hands out zeroed memory from a chain of blocks and takes all of it back at once. Not
 * thread-safe: one arena belongs to one job. Out of memory, or past the limit given at creation, is
 * an abort: a job that needs more than its limit has a missing bound elsewhere. AddressSanitizer
 * sees what has been taken back.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena;

#define ARENA_LIMIT_DEFAULT (256u << 20)

/* Grows in blocks up to limit_bytes in all. */
struct arena *arena_create(size_t limit_bytes);
void arena_destroy(struct arena *arena);
/* Takes everything back; keeps one block of at most 64 KiB for the next job. */
void arena_reset(struct arena *arena);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);

/* Zeroed, aligned for any type, never NULL. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array_bytes(struct arena *arena, size_t count, size_t size);
/* A larger (or smaller) copy; the old memory stays until the reset. */
void *arena_grow(struct arena *arena, void *ptr, size_t old_size, size_t new_size);
str arena_str(struct arena *arena, str s);      /* a copy, with a NUL behind it */
bytes arena_bytes(struct arena *arena, bytes b);
const char *arena_cstr(struct arena *arena, str s);
[[gnu::format(printf, 2, 3)]] str arena_printf(struct arena *arena, const char *format, ...);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, n) ((type *)arena_array_bytes((arena), (n), sizeof(type)))

/* For the few things that outlive a job: zeroed, aborts when memory is out. Pair with heap_free. */
void *heap_alloc(size_t size);
void *heap_grow(void *ptr, size_t new_size);
void heap_free(void *ptr);
/* Once, before the first thread: see arena.c. */
void heap_start(void);
/* Octets of the heap that are in use: what a leak makes grow, and nothing else. Looks through all
 * of it: for a scrape, not for a message. */
size_t heap_in_use(void);
#define HEAP_NEW(type) ((type *)heap_alloc(sizeof(type)))

#endif
