/* data.c: see data.h. */
#include "bench/data.h"

#include "account/seal.h"
#include "crypto/crypto.h"
#include "store/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const common[] = {
	"order",    "the",   "saya",    "please",   "mau",     "hello",  "thanks",    "price",
	"delivery", "today", "berapa",  "yang",     "size",    "stock",  "kirim",     "can",
	"when",     "you",   "address", "terima",   "kasih",   "refund", "payment",   "invoice",
	"tracking", "color", "blue",    "black",    "medium",  "large",  "available", "tomorrow",
	"morning",  "store", "pickup",  "discount", "voucher", "barang",
};

static const char *const syllables[] = {
	"ka",  "ri",  "to", "men", "sa",  "lu", "per", "di",  "ber", "an",
	"ing", "ter", "ma", "no",  "pa",  "es", "ju",  "la",  "ten", "wi",
	"go",  "ra",  "si", "bu",  "tor", "ne", "ha",  "con", "re",  "mu",
};

str data_word(size_t n)
{
	static char text[VOCABULARY][WORD_MAX + 1];
	char *word = text[n];
	size_t len = 0, rest = n;

	if (n < COUNT_OF(common))
		return str_of(common[n]);
	while (!word[0] || rest > 0) {
		const char *part = syllables[rest % COUNT_OF(syllables)];

		if (len + strlen(part) > WORD_MAX)
			break;
		memcpy(word + len, part, strlen(part));
		len += strlen(part);
		rest /= COUNT_OF(syllables);
	}
	return str_of(word);
}

double data_roll(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (double)(*seed >> 11) / 9007199254740992.0;
}

/* The inverse of the harmonic sum: H(n) is about log(n). */
size_t data_roll_word(uint64_t *seed)
{
	return (size_t)exp(data_roll(seed) * log(VOCABULARY)) - 1;
}

struct store *data_open(struct arena *arena, const char *folder, size_t cache_bytes)
{
	const char *url = getenv("PARLEY_DATABASE_URL");
	const struct store_config config = {
		.url = url ? url : arena_printf(arena, "sqlite:%s/parley.db", folder).ptr,
		.cache_bytes = cache_bytes,
	};
	struct store *store;
	str why = S("");

	crypto_init();
	if (keyring_open(arena, arena_printf(arena, "%s/master.key", folder).ptr, &why) == OK &&
	    store_open(arena, &config, &store, &why) == OK)
		return store;
	fprintf(stderr, STR_F "\n", STR_A(why));
	exit(1);
}

void data_must(struct job *job, enum err e, const char *what)
{
	if (e == OK)
		return;
	fprintf(stderr, "%s: %s: " STR_F "\n", what, err_name(e), STR_A(job->why));
	exit(1);
}
