/* text_test.c: padding and names of lists, at the edges that the vectors (wa/vectors/) leave out.
 */
#include "wa/signal/signal.h"

#include "base/test.h"

TEST(what_is_padded_comes_back_for_every_random_octet)
{
	for (unsigned random = 0; random < 256; random++) {
		bytes padded = signal_pad(test_arena(), bytes_of(S("hi")), (uint8_t)random), plain;

		EXPECT(padded.len >= 3 && padded.len <= 2 + SIGNAL_PAD_MAX);
		EXPECT(signal_unpad(padded, &plain));
		EXPECT_HEX(plain, "6869");
	}
}

TEST(a_tail_of_unequal_octets_is_no_padding)
{
	bytes plain;

	EXPECT(!signal_unpad(BYTES_NONE, &plain));
	EXPECT(!signal_unpad(bytes_of(S("ab\x02\x03\x03")), &plain));
	EXPECT(!signal_unpad(bytes_of(S("0123456789abcdef0\x11")), &plain));
}

TEST(the_name_of_a_list_does_not_hang_on_its_order_or_alphabet)
{
	const struct jid one = { .user = S("2"), .server = S("lid") },
			 other = { .user = S("10"), .server = S("lid"), .device = 3 };
	const struct jid forth[] = { one, other }, back[] = { other, one };
	str a;

	crypto_init();
	a = signal_phash(test_arena(), forth, 2);

	EXPECT(str_is(a, signal_phash(test_arena(), back, 2)));
	EXPECT(signal_phash_is(S("2:a+/bcdef"), S("2:a-_bcdef")));
	EXPECT(!signal_phash_is(S("2:a+/bcdef"), S("2:a-_bcdeg")));
}
