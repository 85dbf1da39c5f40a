/* arena_test.c: memory that is given back at once. */
#include "base/arena.h"
#include "base/test.h"

TEST(arena_memory_is_zeroed_and_aligned)
{
	for (size_t size = 0; size < 100; size++) {
		uint8_t *p = arena_alloc(test_arena(), size);

		EXPECT(p && (uintptr_t)p % 16 == 0);
		for (size_t i = 0; i < size; i++) {
			EXPECT(p[i] == 0);
			p[i] = 0xFF;
		}
	}
}

TEST(arena_memory_is_zeroed_again_after_a_reset)
{
	struct arena *arena = arena_create(1 << 20);
	uint8_t *p = arena_alloc(arena, 1000);

	memset(p, 0xFF, 1000);
	arena_reset(arena);
	EXPECT_INT(arena_used(arena), 0);
	p = arena_alloc(arena, 1000);
	for (size_t i = 0; i < 1000; i++)
		EXPECT(p[i] == 0);
	EXPECT_INT(arena_used(arena), 1000);
	arena_destroy(arena);
}

TEST(arena_gives_one_thing_larger_than_its_blocks)
{
	uint8_t *small = arena_alloc(test_arena(), 8);
	uint8_t *large = arena_alloc(test_arena(), 5 << 20);

	large[(5 << 20) - 1] = 1;
	small[7] = 1;
	EXPECT(arena_alloc(test_arena(), 8) != NULL);
}

TEST(arena_can_be_used_up_to_its_limit)
{
	struct arena *arena = arena_create(100 << 10);

	/* Blocks double; the last one takes what is left. Under AddressSanitizer each piece takes
	 * 16 more. */
	for (int i = 0; i < 95; i++)
		EXPECT(arena_alloc(arena, 1024 - 16) != NULL);
	arena_destroy(arena);
	arena = arena_create(256);
	EXPECT(arena_alloc(arena, 100) != NULL);
	arena_destroy(arena);
}

TEST(arena_growth_copies_what_was_there)
{
	char *p = arena_alloc(test_arena(), 3);

	memcpy(p, "abc", 3);
	p = arena_grow(test_arena(), p, 3, 6);
	EXPECT(memcmp(p, "abc\0\0\0", 6) == 0);
	p = arena_grow(test_arena(), p, 6, 2);
	EXPECT(memcmp(p, "ab", 2) == 0);
	EXPECT(arena_grow(test_arena(), NULL, 0, 4) != NULL);
}

TEST(arena_text_is_a_terminated_copy)
{
	char original[] = "Ana";
	str copy = arena_str(test_arena(), str_of(original));

	original[0] = 'B';
	EXPECT_STR(copy, "Ana");
	EXPECT(copy.ptr[3] == 0);
	EXPECT(arena_str(test_arena(), STR_NONE).ptr == NULL);
	EXPECT_STR(arena_str(test_arena(), S("")), "");
	EXPECT(strcmp(arena_cstr(test_arena(), STR_NONE), "") == 0);
	EXPECT(strcmp(arena_cstr(test_arena(), str_part(S("abcdef"), 1, 2)), "bc") == 0);
	EXPECT_STR(arena_printf(test_arena(), "%d-%s", 7, "x"), "7-x");
	EXPECT_HEX(arena_bytes(test_arena(), bytes_of(S("\x01\x02"))), "01 02");
}

TEST(arena_arrays_are_counted_in_elements)
{
	int64_t *numbers = ARENA_ARRAY(test_arena(), int64_t, 5);

	numbers[4] = 1;
	EXPECT_INT(arena_used(test_arena()), 40);
}

TEST(heap_memory_is_zeroed_and_can_be_empty)
{
	char *p = heap_alloc(0), *q = heap_alloc(4);

	EXPECT(p && q && memcmp(q, "\0\0\0\0", 4) == 0);
	p = heap_grow(p, 100);
	p[99] = 1;
	heap_free(p);
	heap_free(q);
	heap_free(NULL);
}

TEST(arena_destroy_accepts_nothing)
{
	arena_destroy(NULL);
}
