/* password.c: Argon2id by libsodium. */
#include "crypto/crypto.h"

#include <sodium.h>
#include <stdlib.h>

/* OWASP's first choice for Argon2id: 19 MiB, two passes. libsodium's own "interactive" takes 64 MiB
 * a sign-in. */
enum { PASSES = 2, MEMORY_BYTES = 19 << 20 };

_Static_assert(PASSWORD_HASH_MAX >= crypto_pwhash_STRBYTES, "a hash text must fit");

void password_hash(str password, char out[PASSWORD_HASH_MAX])
{
	if (crypto_pwhash_str(out, password.ptr ? password.ptr : "", password.len, PASSES,
	                      MEMORY_BYTES) != 0)
		abort();
}

bool password_verify(str password, const char *hash)
{
	return crypto_pwhash_str_verify(hash, password.ptr ? password.ptr : "", password.len) == 0;
}

void password_key(str password, const uint8_t salt[PASSWORD_SALT_SIZE], uint8_t out[AES_KEY_SIZE])
{
	_Static_assert(PASSWORD_SALT_SIZE == crypto_pwhash_SALTBYTES, "a salt must fit");
	if (crypto_pwhash(out, AES_KEY_SIZE, password.ptr ? password.ptr : "", password.len, salt,
		    PASSES, MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
		abort();
}
