/* stream_test.c: what goes in by parts comes out as at once. */
#include "base/test.h"
#include "crypto/stream.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static const uint8_t key[32] = { 1, 2, 3 }, iv[16] = { 9 };

static struct buf sealed_in(size_t size, size_t step)
{
	struct buf out = buf_in(test_arena(), 1u << 20);
	struct cbc *c = cbc_create(true, key, iv);
	uint8_t *plain = arena_alloc(test_arena(), size + 1);

	for (size_t i = 0; i < size; i++)
		plain[i] = (uint8_t)i;
	for (size_t at = 0; at < size; at += step)
		cbc_add(c, (bytes){ plain + at, size - at < step ? size - at : step }, &out);
	EXPECT(cbc_finish(c, &out));
	return out;
}

TEST(cbc_by_parts_is_cbc_at_once)
{
	for (size_t size = 0; size < 70; size++) {
		struct buf whole = sealed_in(size, 1000), parts = sealed_in(size, 7);

		EXPECT_INT(whole.len, size / 16 * 16 + 16);
		EXPECT(str_is(buf_text(&whole), buf_text(&parts)));
	}
}

TEST(cbc_opens_by_single_octets_and_refuses_bad_padding)
{
	struct buf sealed = sealed_in(50, 50), out = buf_in(test_arena(), 1000);
	struct cbc *c = cbc_create(false, key, iv);

	for (size_t i = 0; i < sealed.len; i++)
		cbc_add(c, (bytes){ sealed.ptr + i, 1 }, &out);
	EXPECT(cbc_finish(c, &out));
	EXPECT_INT(out.len, 50);
	EXPECT_INT(out.ptr[49], 49);
	c = cbc_create(false, key, iv);
	cbc_add(c, (bytes){ sealed.ptr, sealed.len - 1 }, &out);
	EXPECT(!cbc_finish(c, &out));
}

TEST(hmac_by_parts_is_hmac_at_once)
{
	uint8_t parts[32], whole[32];
	struct hmac *h = hmac_create((bytes){ key, 32 });

	hmac_add(h, bytes_of(S("ab")));
	hmac_add(h, bytes_of(S("c")));
	hmac_finish(h, parts);
	hmac_sha256((bytes){ key, 32 }, bytes_of(S("abc")), whole);
	EXPECT(memcmp(parts, whole, 32) == 0);
}

TEST(hmac_sha512_is_that_of_rfc_4231)
{
	uint8_t out[64];

	hmac_sha512(bytes_of(S("Jefe")), bytes_of(S("what do ya want for nothing?")), out);
	EXPECT_HEX(((bytes){ out, 64 }),
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}
