/* p256_test.c: published vectors, and what must be refused. */
#include "crypto/p256.h"

#include "base/codec.h"
#include "base/test.h"

static void read_hex(const char *hex, uint8_t *out, size_t size)
{
	struct buf octets = buf_in(test_arena(), 256);

	EXPECT(hex_read(str_of(hex), &octets));
	EXPECT_INT(octets.len, size);
	memcpy(out, octets.ptr, size);
}

/* RFC 5903 §8.1. */
TEST(key_agreement_gives_the_secret_of_rfc_5903)
{
	struct p256_pair own;
	uint8_t other[P256_PUBLIC_SIZE], secret[P256_SECRET_SIZE];

	crypto_init();
	read_hex("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433", own.private,
		sizeof own.private);
	read_hex("04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
		 "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
		own.public, sizeof own.public);
	read_hex("04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
		 "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
		other, sizeof other);
	EXPECT(p256_agree(&own, other, secret));
	EXPECT_HEX(((bytes){ secret, sizeof secret }),
		"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
}

TEST(two_fresh_pairs_agree)
{
	struct p256_pair a, b;
	uint8_t one[P256_SECRET_SIZE], two[P256_SECRET_SIZE];

	crypto_init();
	p256_generate(&a);
	p256_generate(&b);
	EXPECT(p256_agree(&a, b.public, one) && p256_agree(&b, a.public, two));
	EXPECT(crypto_equal((bytes){ one, sizeof one }, (bytes){ two, sizeof two }));
}

TEST(what_is_no_point_is_refused)
{
	struct p256_pair own;
	uint8_t other[P256_PUBLIC_SIZE], secret[P256_SECRET_SIZE];

	crypto_init();
	p256_generate(&own);
	EXPECT(p256_is_point(own.public));
	memcpy(other, own.public, sizeof other);
	other[40] ^= 1;
	EXPECT(!p256_is_point(other));
	EXPECT(!p256_agree(&own, other, secret));
	memset(other, 0, sizeof other);
	EXPECT(!p256_is_point(other));
}

TEST(a_signature_holds_for_its_text_and_key_alone)
{
	struct p256_pair own, other;
	uint8_t sign[ES256_SIZE];

	crypto_init();
	p256_generate(&own);
	p256_generate(&other);
	es256_sign(&own, bytes_of(S("a text")), sign);
	EXPECT(es256_verify(own.public, bytes_of(S("a text")), sign));
	EXPECT(!es256_verify(own.public, bytes_of(S("another text")), sign));
	EXPECT(!es256_verify(other.public, bytes_of(S("a text")), sign));
	sign[5] ^= 1;
	EXPECT(!es256_verify(own.public, bytes_of(S("a text")), sign));
}

/* McGrew and Viega's test case 3. */
TEST(gcm_with_128_bits_gives_the_published_vector)
{
	uint8_t key[AES128_KEY_SIZE], nonce[GCM_NONCE_SIZE], plain[64];
	struct buf out = buf_in(test_arena(), 128);

	read_hex("feffe9928665731c6d6a8f9467308308", key, sizeof key);
	read_hex("cafebabefacedbaddecaf888", nonce, sizeof nonce);
	read_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		 "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
		plain, sizeof plain);
	gcm128_seal(key, nonce, (bytes){ plain, sizeof plain }, &out);
	EXPECT_HEX(buf_bytes(&out),
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
		"4d5c2af327cd64a62cf35abd2ba6fab4");
}
