/* crypto_test.c: published vectors, and what must be refused. */
#include "crypto/crypto.h"

#include "base/codec.h"
#include "base/test.h"

#include <pthread.h>

static bytes from_hex(const char *hex)
{
	struct buf out = buf_in(test_arena(), 1024);

	if (!hex_read(str_of(hex), &out))
		test_fail(__FILE__, __LINE__, "not hex: %s", hex);
	return buf_bytes(&out);
}

static bytes repeated(uint8_t octet, size_t n)
{
	uint8_t *p = arena_alloc(test_arena(), n);

	memset(p, octet, n);
	return (bytes){ p, n };
}

TEST(sha256_gives_the_vectors_of_fips_180)
{
	uint8_t out[SHA256_SIZE];

	crypto_init();
	sha256(bytes_of(S("abc")), out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad");
	sha256(BYTES_NONE, out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "e3b0c442 98fc1c14 9afbf4c8 996fb924 27ae41e4 649b934c a495991b 7852b855");
}

TEST(sha256_in_parts_is_the_same)
{
	uint8_t out[SHA256_SIZE];
	struct sha256 *s = sha256_create();

	sha256_add(s, bytes_of(S("abcdbcdecdefdefgefghfghighijhi")));
	sha256_add(s, BYTES_NONE);
	sha256_add(s, bytes_of(S("jkijkljklmklmnlmnomnopnopq")));
	sha256_finish(s, out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "248d6a61 d20638b8 e5c02693 0c3e6039 a33ce459 64ff2167 f6ecedd4 19db06c1");
}

TEST(hmac_gives_the_vectors_of_rfc_4231)
{
	uint8_t out[SHA256_SIZE];

	crypto_init();
	hmac_sha256(repeated(0x0b, 20), bytes_of(S("Hi There")), out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "b0344c61d8db3853 5ca8afceaf0bf12b 881dc200c9833da7 26e9376c2e32cff7");
	hmac_sha256(bytes_of(S("Jefe")), bytes_of(S("what do ya want for nothing?")), out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "5bdcc146bf60754e 6a042426089575c7 5a003f089d273983 9dec58b964ec3843");
	hmac_sha256(repeated(0xaa, 131),
	            bytes_of(S("Test Using Larger Than Block-Size Key - Hash Key First")), out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "60e431591ee0b67f 0d8a26aacbf5b77f 8e0bc6213728c514 0546040f0ee37f54");
	/* An empty key and text are allowed: HMAC pads with zeros. */
	hmac_sha256(BYTES_NONE, BYTES_NONE, out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "b613679a0814d9ec 772f95d778c35fc5 ff1697c493715653 c6c712144292c5ad");
}

TEST(hkdf_gives_the_vectors_of_rfc_5869)
{
	uint8_t out[AES_KEY_SIZE];
	static const char info[] = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9";

	crypto_init();
	/* Test cases 1 and 3; we take the first 32 of their 42 octets. */
	hkdf_sha256(repeated(0x0b, 22), from_hex("000102030405060708090a0b0c"), str_of(info), out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "3cb25f25faacd57a90434f64d0362f2a 2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	hkdf_sha256(repeated(0x0b, 22), BYTES_NONE, STR_NONE, out);
	EXPECT_HEX(((bytes){ out, sizeof out }),
	           "8da4e775a563c18f715f802a063c5a31 b8a11f5c5ee1879ec3454e5f3c738d2d");
}

/* NIST's GCM test case 16 (256-bit key, 96-bit nonce, 20 octets of additional data): nonce ‖
 * ciphertext ‖ tag. */
static const char gcm_key[] = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
static const char gcm_about[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
static const char gcm_plain[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
				"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
static const char gcm_sealed[] = "cafebabefacedbaddecaf888"
				 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
				 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
				 "76fc6ece0f4e1768cddf8853bb2d551b";

TEST(gcm_opens_the_vector_of_nist)
{
	struct buf out = buf_in(test_arena(), 1024);

	crypto_init();
	EXPECT(gcm_open(from_hex(gcm_key).ptr, from_hex(gcm_about), from_hex(gcm_sealed), &out));
	EXPECT_HEX(buf_bytes(&out), gcm_plain);
}

TEST(gcm_refuses_every_changed_octet)
{
	bytes sealed = from_hex(gcm_sealed), about = from_hex(gcm_about), key = from_hex(gcm_key);
	struct buf out = buf_in(test_arena(), 1024);

	buf_str(&out, S("before"));
	for (size_t i = 0; i < sealed.len; i++) {
		uint8_t *changed = arena_alloc(test_arena(), sealed.len);

		memcpy(changed, sealed.ptr, sealed.len);
		changed[i] ^= 1;
		EXPECT(!gcm_open(key.ptr, about, (bytes){ changed, sealed.len }, &out));
	}
	for (size_t n = 0; n < sealed.len; n++)
		EXPECT(!gcm_open(key.ptr, about, (bytes){ sealed.ptr, n }, &out));
	EXPECT(!gcm_open(key.ptr, BYTES_NONE, sealed, &out));
	EXPECT(!gcm_open(repeated(0, AES_KEY_SIZE).ptr, about, sealed, &out));
	EXPECT_STR(buf_text(&out), "before");
}

TEST(gcm_leaves_nothing_of_what_it_refuses)
{
	bytes sealed = from_hex(gcm_sealed), key = from_hex(gcm_key);
	struct buf out = buf_in(test_arena(), 1024);

	buf_byte(&out, '!');
	EXPECT(!gcm_open(key.ptr, BYTES_NONE, sealed, &out));
	for (size_t i = 1; i < 1 + sealed.len - GCM_OVERHEAD; i++)
		EXPECT(out.ptr[i] == 0);
}

TEST(gcm_seals_what_it_opens_each_time_differently)
{
	bytes key = from_hex(gcm_key);
	static const str texts[] = { S(""), S("a"), S("sixteen octets!!"),
		                     S("Halo, apa kabar?\n") };

	crypto_init();
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct buf one = buf_in(test_arena(), 200), two = buf_in(test_arena(), 200),
			   back = buf_in(test_arena(), 200);

		gcm_seal(key.ptr, bytes_of(S("row 7")), bytes_of(texts[i]), &one);
		gcm_seal(key.ptr, bytes_of(S("row 7")), bytes_of(texts[i]), &two);
		EXPECT_INT(one.len, texts[i].len + GCM_OVERHEAD);
		EXPECT(!str_is(buf_text(&one), buf_text(&two)));
		EXPECT(gcm_open(key.ptr, bytes_of(S("row 7")), buf_bytes(&one), &back));
		EXPECT(str_is(buf_text(&back), texts[i]));
		EXPECT(!gcm_open(key.ptr, bytes_of(S("row 8")), buf_bytes(&one), &back));
	}
}

TEST(gcm_fails_the_buf_that_is_too_small)
{
	struct buf small = buf_in(test_arena(), GCM_OVERHEAD), back = buf_in(test_arena(), 4);

	crypto_init();
	gcm_seal(from_hex(gcm_key).ptr, BYTES_NONE, bytes_of(S("x")), &small);
	EXPECT(small.failed);
	EXPECT(!gcm_open(from_hex(gcm_key).ptr, from_hex(gcm_about), from_hex(gcm_sealed), &back));
}

static void *seal_many(void *arg)
{
	struct arena *arena = arena_create(1 << 20);
	uint8_t mac[SHA256_SIZE];
	bool good = true;

	for (int i = 0; i < 200 && good; i++) {
		struct buf sealed = buf_in(arena, 100), back = buf_in(arena, 100);

		gcm_seal(arg, BYTES_NONE, bytes_of(S("text")), &sealed);
		hmac_sha256((bytes){ arg, AES_KEY_SIZE }, buf_bytes(&sealed), mac);
		good = gcm_open(arg, BYTES_NONE, buf_bytes(&sealed), &back) &&
		       str_is(buf_text(&back), S("text"));
		arena_reset(arena);
	}
	arena_destroy(arena);
	return good ? arg : NULL;
}

TEST(threads_seal_beside_each_other)
{
	uint8_t key[AES_KEY_SIZE];
	pthread_t threads[4];
	void *good;

	crypto_init();
	crypto_random(key, sizeof key);
	for (size_t i = 0; i < COUNT_OF(threads); i++)
		EXPECT(pthread_create(&threads[i], NULL, seal_many, key) == 0);
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		pthread_join(threads[i], &good);
		EXPECT(good != NULL);
	}
}

TEST(equality_compares_content_and_length)
{
	EXPECT(crypto_equal(bytes_of(S("abc")), bytes_of(S("abc"))));
	EXPECT(!crypto_equal(bytes_of(S("abc")), bytes_of(S("abd"))));
	EXPECT(!crypto_equal(bytes_of(S("abc")), bytes_of(S("abcd"))));
	EXPECT(crypto_equal(BYTES_NONE, bytes_of(S(""))));
}

TEST(random_texts_are_long_enough_and_differ)
{
	str one, two;

	crypto_init();
	one = crypto_random_text(test_arena(), 32);
	two = crypto_random_text(test_arena(), 32);
	EXPECT_INT(one.len, 43);
	EXPECT(!str_is(one, two));
}

TEST(wiping_leaves_zeros)
{
	uint8_t secret[4] = { 1, 2, 3, 4 };

	crypto_wipe(secret, sizeof secret);
	EXPECT_HEX(((bytes){ secret, sizeof secret }), "00000000");
}

/* RFC 5869, A.1. */
TEST(hkdf_gives_as_much_as_asked)
{
	uint8_t key[22], salt[13], info[10], out[42];

	memset(key, 0x0b, sizeof key);
	for (uint8_t i = 0; i < sizeof salt; i++)
		salt[i] = i;
	for (uint8_t i = 0; i < sizeof info; i++)
		info[i] = (uint8_t)(0xf0 + i);
	hkdf_sha256_to((bytes){ key, sizeof key }, (bytes){ salt, sizeof salt },
		str_from((bytes){ info, sizeof info }), out, sizeof out);
	EXPECT_HEX(((bytes){ out, sizeof out }), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5"
						 "db02d56ecc4c5bf34007208d5b887185865");
}

/* NIST SP 800-38A, F.5.5, the first block. */
TEST(counter_mode_is_its_own_opposite)
{
	static const uint8_t key[32] = "\x60\x3d\xeb\x10\x15\xca\x71\xbe\x2b\x73\xae\xf0\x85\x7d"
		"\x77\x81\x1f\x35\x2c\x07\x3b\x61\x08\xd7\x2d\x98\x10\xa3\x09\x14\xdf\xf4";
	uint8_t iv[16], out[16], back[16];
	struct buf in = buf_in(test_arena(), 16);

	for (uint8_t i = 0; i < sizeof iv; i++)
		iv[i] = (uint8_t)(0xf0 + i);
	EXPECT(hex_read(S("6bc1bee22e409f96e93d7e117393172a"), &in));
	ctr_crypt(key, iv, buf_bytes(&in), out);
	EXPECT_HEX(((bytes){ out, 16 }), "601ec313775789a5b7a7f504bbf3d228");
	ctr_crypt(key, iv, (bytes){ out, 16 }, back);
	EXPECT_HEX(((bytes){ back, 16 }), "6bc1bee22e409f96e93d7e117393172a");
}

TEST(a_changed_nonce_does_not_open)
{
	uint8_t key[32] = { 1 }, nonce[12] = { 2 };
	struct buf sealed = buf_in(test_arena(), 100), open = buf_in(test_arena(), 100);

	aead_seal(key, nonce, bytes_of(S("about")), bytes_of(S("hello")), &sealed);
	EXPECT_INT(sealed.len, 5 + GCM_TAG_SIZE);
	EXPECT(aead_open(key, nonce, bytes_of(S("about")), buf_bytes(&sealed), &open));
	EXPECT_STR(buf_text(&open), "hello");
	nonce[11] = 1;
	EXPECT(!aead_open(key, nonce, bytes_of(S("about")), buf_bytes(&sealed), &open));
	EXPECT_STR(buf_text(&open), "hello");
}
