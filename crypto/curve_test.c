/* curve_test.c: keys and signatures against vectors of the libraries in use. */
#include "crypto/curve.h"

#include "base/test.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static json vectors(const char *part)
{
	return json_field(test_json("linked/transport-vectors.json"), part);
}

TEST(a_secret_is_clamped_and_has_its_open_key)
{
	json v = json_at(vectors("x25519"), 0);
	struct curve_pair pair;

	curve_pair_of(test_octets(v, "seed_unclamped").ptr, &pair);
	EXPECT_HEX(((bytes){ pair.secret, 32 }), test_json_text(v, "clamped"));
	EXPECT_HEX(((bytes){ pair.open, 32 }), test_json_text(v, "pub"));
}

TEST(both_sides_agree)
{
	json all = vectors("x25519");

	for (size_t i = 1; i < json_count(all); i++) {
		json v = json_at(all, i);
		uint8_t shared[32];

		EXPECT(curve_agree(test_octets(v, "a_priv").ptr, test_octets(v, "b_pub").ptr,
			shared));
		EXPECT_HEX(((bytes){ shared, 32 }), test_json_text(v, "shared"));
	}
}

TEST(a_key_that_gives_the_secret_away_is_refused)
{
	uint8_t zero[32] = { 0 }, out[32];

	EXPECT(!curve_agree(test_octets(json_at(vectors("x25519"), 1), "a_priv").ptr, zero, out));
}

TEST(signatures_are_those_of_the_vectors)
{
	json cases = json_field(vectors("xeddsa"), "cases");

	for (size_t i = 0; i < json_count(cases); i++) {
		json v = json_at(cases, i);
		uint8_t signature[CURVE_SIGNATURE_SIZE];

		curve_sign(test_octets(v, "priv").ptr, test_octets(v, "message"),
			test_octets(v, "z").ptr, signature);
		EXPECT_HEX(((bytes){ signature, sizeof signature }),
			test_json_text(v, "signature"));
		EXPECT(curve_verify(test_octets(v, "pub").ptr, test_octets(v, "message"),
			signature));
		if (json_field(v, "signature_deterministic"))
			EXPECT(curve_verify(test_octets(v, "pub").ptr, test_octets(v, "message"),
				test_octets(v, "signature_deterministic").ptr));
	}
	EXPECT_INT(json_count(cases), 3);
}

TEST(wrong_signatures_do_not_verify)
{
	json all = json_field(vectors("xeddsa"), "verify_false");

	for (size_t i = 0; i < json_count(all); i++) {
		json v = json_at(all, i);

		EXPECT(!curve_verify(test_octets(v, "pub").ptr, test_octets(v, "message"),
			test_octets(v, "signature").ptr));
	}
	EXPECT_INT(json_count(all), 4);
}

TEST(keys_of_any_octets_sign_and_verify)
{
	for (int i = 0; i < 200; i++) {
		uint8_t seed[32], noise[CURVE_NOISE_SIZE], signature[CURVE_SIGNATURE_SIZE];
		bytes message = { noise, (size_t)i % sizeof noise };
		struct curve_pair pair;

		crypto_random(seed, sizeof seed);
		crypto_random(noise, sizeof noise);
		curve_pair_of(seed, &pair);
		curve_sign(pair.secret, message, noise, signature);
		EXPECT(curve_verify(pair.open, message, signature));
		signature[i % 64] ^= (uint8_t)(1u << i % 8);
		EXPECT(!curve_verify(pair.open, message, signature));
	}
}

/* u = -1 has no Edwards form; u above the prime is taken modulo it. */
TEST(a_key_without_an_edwards_form_verifies_nothing)
{
	uint8_t minus_one[32], signature[CURVE_SIGNATURE_SIZE] = { 0 };

	memset(minus_one, 0xFF, sizeof minus_one);
	minus_one[0] = 0xEC;
	minus_one[31] = 0x7F;
	EXPECT(!curve_verify(minus_one, BYTES_NONE, signature));
}
