/* password_test.c: passwords are hashed by Argon2id and verified. */
#include "base/test.h"
#include "crypto/crypto.h"

TEST(a_password_verifies_against_its_own_hash_only)
{
	char hash[PASSWORD_HASH_MAX], again[PASSWORD_HASH_MAX];

	crypto_init();
	password_hash(S("correct horse"), hash);
	password_hash(S("correct horse"), again);
	EXPECT(password_verify(S("correct horse"), hash));
	EXPECT(!password_verify(S("correct horse "), hash));
	EXPECT(!password_verify(S(""), hash));
	EXPECT(!password_verify(STR_NONE, hash));
	EXPECT(strcmp(hash, again) != 0);
}

TEST(a_hash_names_its_algorithm_and_parameters)
{
	char hash[PASSWORD_HASH_MAX];

	crypto_init();
	password_hash(S("x"), hash);
	EXPECT(str_starts(str_of(hash), S("$argon2id$v=19$m=19456,t=2,p=1$")));
}

TEST(what_is_no_hash_never_verifies)
{
	static const char *const bad[] = { "", "x", "$argon2id$",
		                           "$argon2id$v=19$m=19456,t=2,p=1$AAAA$AAAA", "plain" };

	crypto_init();
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		EXPECT(!password_verify(S("plain"), bad[i]));
}

TEST(hashes_of_the_reference_implementation_verify)
{
	/* echo -n "password" | argon2 somesalt -id -t 2 -k 65536 -p 1 (from the reference's test.c)
	 */
	crypto_init();
	EXPECT(password_verify(S("password"), "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
					      "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"));
}
