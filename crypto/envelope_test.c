/* envelope_test.c: what is sealed opens again with the same key, and with nothing else. */
#include "base/test.h"
#include "crypto/crypto.h"
#include "crypto/envelope.h"

TEST(a_key_that_is_sealed_for_a_pair_opens_with_it_alone)
{
	const uint8_t key[ENVELOPE_KEY_SIZE] = { 1, 2, 3 };
	uint8_t got[ENVELOPE_KEY_SIZE];
	struct buf sealed = buf_in(test_arena(), RSA_SIZE);
	str private, public, other, other_public;

	crypto_init();
	rsa_make(test_arena(), &private, &public);
	rsa_make(test_arena(), &other, &other_public);
	EXPECT(str_starts(public, S("-----BEGIN PUBLIC KEY-----")));
	EXPECT(str_starts(private, S("-----BEGIN PRIVATE KEY-----")));
	EXPECT(rsa_seal(public, (bytes){ key, sizeof key }, &sealed));
	EXPECT(rsa_open(private, buf_bytes(&sealed), got, sizeof got));
	EXPECT(memcmp(got, key, sizeof key) == 0);
	EXPECT(!rsa_open(other, buf_bytes(&sealed), got, sizeof got));
	EXPECT(!rsa_open(private, buf_bytes(&sealed), got, sizeof got - 1));
	EXPECT(!rsa_open(S("no key"), buf_bytes(&sealed), got, sizeof got));
	EXPECT(!rsa_seal(S("no key"), (bytes){ key, sizeof key }, &sealed));
}

TEST(a_changed_envelope_does_not_open)
{
	const uint8_t key[ENVELOPE_KEY_SIZE] = { 9 }, nonce[ENVELOPE_NONCE_SIZE] = { 7 };
	struct buf sealed = buf_in(test_arena(), 256), plain = buf_in(test_arena(), 256);

	envelope_seal(key, nonce, bytes_of(S("hello")), &sealed);
	EXPECT_INT(sealed.len, 5 + ENVELOPE_TAG_SIZE);
	EXPECT(envelope_open(key, nonce, buf_bytes(&sealed), &plain));
	EXPECT_STR(buf_text(&plain), "hello");
	for (size_t i = 0; i < sealed.len; i++) {
		((uint8_t *)(uintptr_t)sealed.ptr)[i] ^= 1;
		EXPECT(!envelope_open(key, nonce, buf_bytes(&sealed), &plain));
		((uint8_t *)(uintptr_t)sealed.ptr)[i] ^= 1;
	}
	EXPECT_STR(buf_text(&plain), "hello");
	EXPECT(!envelope_open(key, nonce, (bytes){ sealed.ptr, 15 }, &plain));
}
