/* totp_test.c: the vectors of RFC 6238, and what a code is accepted for. */
#include "account/totp.h"

#include "base/test.h"
#include "crypto/crypto.h"

static const bytes rfc_secret = { (const uint8_t *)"12345678901234567890", 20 };

static str six_digits(uint32_t code)
{
	return arena_printf(test_arena(), "%06u", code);
}

TEST(codes_are_those_of_rfc_6238)
{
	/* Appendix B, SHA-1, the last six of its eight digits */
	static const struct { int64_t seconds; uint32_t code;
	} vectors[] = { { 59, 287082 }, { 1111111109, 81804 }, { 1111111111, 50471 },
		{ 1234567890, 5924 }, { 2000000000, 279037 }, { 20000000000, 353130 } };

	crypto_init();
	for (size_t i = 0; i < COUNT_OF(vectors); i++)
		EXPECT_INT(totp_code(rfc_secret, vectors[i].seconds / 30), vectors[i].code);
}

TEST(a_code_is_good_one_step_early_and_late_and_no_more)
{
	int64_t now_ms = 1234567890000, step = now_ms / TOTP_STEP_MS;

	crypto_init();
	for (int64_t drift = -2; drift <= 2; drift++) {
		int64_t found = totp_check(rfc_secret,
			six_digits(totp_code(rfc_secret, step + drift)), now_ms, 0);

		EXPECT_INT(found, drift < -1 || drift > 1 ? 0 : step + drift);
	}
}

TEST(a_step_is_used_once_and_none_before_it)
{
	int64_t now_ms = 1234567890000, step = now_ms / TOTP_STEP_MS;

	crypto_init();
	EXPECT_INT(totp_check(rfc_secret, S("005 924"), now_ms, step - 1), step);
	EXPECT_INT(totp_check(rfc_secret, S("005924"), now_ms, step), 0);
	EXPECT_INT(totp_check(rfc_secret, six_digits(totp_code(rfc_secret, step - 1)), now_ms,
			   step),
		0);
}

TEST(what_is_no_code_is_refused)
{
	static const char *const texts[] = { "", "5924", "0059241", "00592a", "-05924", "٠٠٥٩٢٤" };

	crypto_init();
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		EXPECT_INT(totp_check(rfc_secret, str_of(texts[i]), 1234567890000, 0), 0);
}

TEST(base32_is_that_of_rfc_4648)
{
	EXPECT_STR(base32_text(test_arena(), bytes_of(S(""))), "");
	EXPECT_STR(base32_text(test_arena(), bytes_of(S("f"))), "MY");
	EXPECT_STR(base32_text(test_arena(), bytes_of(S("foo"))), "MZXW6");
	EXPECT_STR(base32_text(test_arena(), bytes_of(S("foobar"))), "MZXW6YTBOI");
}

TEST(the_uri_has_what_apps_read)
{
	str uri = totp_uri(test_arena(), S("MZXW6"), S("Parley"), S("a b@x.example"));

	EXPECT_STR(uri, "otpauth://totp/Parley:a%20b%40x.example?secret=MZXW6&issuer=Parley&"
			"algorithm=SHA1&digits=6&period=30");
}
