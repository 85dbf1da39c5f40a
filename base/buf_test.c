/* buf_test.c: bounded output. */
#include "base/buf.h"
#include "base/test.h"

TEST(buf_takes_exactly_its_maximum)
{
	struct buf b = buf_in(test_arena(), 5);

	buf_str(&b, S("abc"));
	buf_byte(&b, 'd');
	buf_byte(&b, 'e');
	EXPECT(!b.failed);
	EXPECT_STR(buf_text(&b), "abcde");
}

TEST(buf_past_its_maximum_remembers_it_and_drops_the_rest)
{
	struct buf b = buf_in(test_arena(), 5);

	buf_str(&b, S("abcd"));
	buf_str(&b, S("ef"));
	EXPECT(b.failed);
	buf_byte(&b, 'g');
	EXPECT_STR(buf_text(&b), "abcd");
	buf_clear(&b);
	EXPECT(!b.failed && b.len == 0);
	buf_str(&b, S("xyz"));
	EXPECT_STR(buf_text(&b), "xyz");
}

TEST(buf_printf_can_fill_it_to_the_last_octet)
{
	struct buf b = buf_in(test_arena(), 6);
	struct buf h = buf_heap(3);

	buf_printf(&b, "%d", 123);
	buf_printf(&b, "%s", "abc");
	EXPECT(!b.failed);
	EXPECT_STR(buf_text(&b), "123abc");
	buf_printf(&b, "%s", "d");
	EXPECT(b.failed);
	EXPECT_STR(buf_text(&b), "123abc");
	buf_printf(&h, "%03d", 7);
	EXPECT(!h.failed);
	EXPECT_STR(buf_text(&h), "007");
	buf_done(&h);
}

TEST(buf_printf_writes_long_texts)
{
	struct buf b = buf_in(test_arena(), 5000);

	buf_printf(&b, "%04999d", 0);
	EXPECT(!b.failed);
	EXPECT_INT(b.len, 4999);
}

TEST(buf_writes_numbers_in_decimal)
{
	struct buf b = buf_in(test_arena(), 100);

	buf_i64(&b, 0);
	buf_byte(&b, ' ');
	buf_i64(&b, INT64_MIN);
	buf_byte(&b, ' ');
	buf_i64(&b, INT64_MAX);
	EXPECT_STR(buf_text(&b), "0 -9223372036854775808 9223372036854775807");
}

TEST(buf_space_is_counted_in)
{
	struct buf b = buf_in(test_arena(), 8);
	uint8_t *p = buf_space(&b, 8);

	EXPECT(p != NULL);
	memcpy(p, "12345678", 8);
	EXPECT_STR(buf_text(&b), "12345678");
	EXPECT(buf_space(&b, 1) == NULL && b.failed);
}

TEST(buf_of_no_octets_is_the_empty_text)
{
	struct buf b = buf_in(test_arena(), 8);

	buf_str(&b, S(""));
	buf_str(&b, STR_NONE);
	(void)buf_space(&b, 0);
	EXPECT(!b.failed);
	EXPECT_STR(buf_text(&b), "");
}

TEST(buf_eats_from_the_front)
{
	struct buf b = buf_heap(8);

	buf_str(&b, S("abcdef"));
	buf_eat(&b, 2);
	EXPECT_STR(buf_text(&b), "cdef");
	buf_eat(&b, 100);
	EXPECT_INT(b.len, 0);
	buf_done(&b);
	EXPECT(b.ptr == NULL && b.max == 8);
	buf_str(&b, S("again"));
	EXPECT_STR(buf_text(&b), "again");
	buf_done(&b);
}
