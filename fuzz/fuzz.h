/*
 * fuzz.h: what a fuzz target is: one function that takes any octets and must neither crash nor hang
 * nor leak.
 *
 * A target also checks what must hold (a decoded thing encodes to the same, a limit is kept) with
 * MUST.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* An arena for this input, the same block each time. */
static inline struct arena *fuzz_arena(void)
{
	static struct arena *arena;

	if (!arena)
		arena = arena_create(ARENA_LIMIT_DEFAULT);
	arena_reset(arena);
	return arena;
}

#endif
