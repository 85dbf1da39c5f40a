/* client.c: calls, requests and their answers, timers. */
#include "wa/client/client.h"

#include "crypto/crypto.h"

str wa_message_id(struct arena *arena, bytes seed)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t hash[SHA256_SIZE];
	char *text = arena_alloc(arena, 22);

	sha256(seed, hash);
	memcpy(text, "3EB0", 4);
	for (size_t i = 0; i < 18; i++)
		text[4 + i] = hex[hash[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return (str){ text, 22 };
}
