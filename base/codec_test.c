/* codec_test.c: hex, base64 and percent encoding; vectors of RFC 4648 §10. */
#include "base/codec.h"
#include "base/test.h"

static struct buf out(void)
{
	return buf_in(test_arena(), 1024);
}

TEST(hex_is_written_low_and_read_in_any_case)
{
	struct buf b = out();

	EXPECT_STR(hex_text(test_arena(), bytes_of(S("\x00\xAF\xff"))), "00afff");
	EXPECT(hex_read(S("00aFFf"), &b));
	EXPECT_HEX(buf_bytes(&b), "00 af ff");
}

TEST(hex_refuses_what_is_not_hex)
{
	static const str bad[] = { S("0"), S("0g"), S(" 0"), S("0x"), S("00 "), S("\xC3\xA9") };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf b = out();

		EXPECT(!hex_read(bad[i], &b));
	}
}

TEST(base64_writes_the_vectors_of_its_rfc)
{
	static const struct { str plain; const char *text;
	} vectors[] = {
		{ S(""), "" },
		{ S("f"), "Zg==" },
		{ S("fo"), "Zm8=" },
		{ S("foo"), "Zm9v" },
		{ S("foob"), "Zm9vYg==" },
		{ S("fooba"), "Zm9vYmE=" },
		{ S("foobar"), "Zm9vYmFy" },
	};

	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct buf b = out();

		EXPECT_STR(base64_text(test_arena(), bytes_of(vectors[i].plain)), vectors[i].text);
		EXPECT(base64_read(str_of(vectors[i].text), &b));
		EXPECT(str_is(buf_text(&b), vectors[i].plain));
	}
}

TEST(base64url_has_no_padding_and_its_own_two_digits)
{
	struct buf b = out(), back = out();

	base64url_write(&b, bytes_of(S("\xfb\xff\xfe\x01")));
	EXPECT_STR(buf_text(&b), "-__-AQ");
	EXPECT(base64_read(S("-__-AQ"), &back));
	EXPECT_HEX(buf_bytes(&back), "fb ff fe 01");
}

TEST(base64_refuses_what_is_not_well_formed)
{
	static const str bad[] = {
		S("Z"),     S("Zg="),   S("Zg==="),  S("=Zg="), S("Zm9v="), S("Zm9v=="),
		S("Zm8=="), S("=="),    S("="),      S("===="), S("Zh=="), /* bits behind the last
		                                                              octet */
		S("Zm9!"),  S("Zm 9v"), S("Zm9v\n"),
	};

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf b = out();

		if (base64_read(bad[i], &b))
			test_fail(__FILE__, __LINE__, "was read: %s", bad[i].ptr);
	}
}

TEST(percent_writes_all_but_unreserved)
{
	struct buf b = out();

	percent_write(&b, S("a-b_c.d~e f/\xC3\xA9+%"));
	EXPECT_STR(buf_text(&b), "a-b_c.d~e%20f%2F%C3%A9%2B%25");
}

TEST(percent_reads_plus_as_asked)
{
	struct buf b = out(), c = out();

	EXPECT(percent_read(S("a+b%20%c3%A9"), true, &b));
	EXPECT_STR(buf_text(&b), "a b \xC3\xA9");
	EXPECT(percent_read(S("a+b"), false, &c));
	EXPECT_STR(buf_text(&c), "a+b");
}

TEST(percent_refuses_half_an_escape)
{
	static const str bad[] = { S("%"), S("a%4"), S("%4g"), S("%%41"), S("a%") };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct buf b = out();

		EXPECT(!percent_read(bad[i], false, &b));
	}
}

TEST(decoders_refuse_what_exceeds_the_buf)
{
	struct buf b = buf_in(test_arena(), 2), c = buf_in(test_arena(), 2),
		   d = buf_in(test_arena(), 2);

	EXPECT(!hex_read(S("000000"), &b));
	EXPECT(!base64_read(S("Zm9v"), &c));
	EXPECT(!percent_read(S("abc"), false, &d));
}
