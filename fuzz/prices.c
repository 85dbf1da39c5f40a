/* prices.c: a table of prices of any octets is read or refused with a sentence; what is read
 * answers without a negative price, and a free message costs nothing. */
#include "account/price.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const categories[] = { "marketing", "utility", "service" };
	struct arena *arena = fuzz_arena();
	struct price_table table;
	str why = STR_NONE;

	if (size > PRICE_FILE_MAX)
		return 0;
	if (price_read(arena, str_from((bytes){ data, size }), &table, &why) != OK) {
		MUST(why.len > 0);
		return 0;
	}
	MUST(table.count <= PRICE_ROWS_MAX);
	for (size_t i = 0; i < COUNT_OF(categories); i++) {
		struct price price;

		price_of(arena, &table,
			&(struct price_question){ .country = S("ID"),
				.category = str_of(categories[i]),
				.at_ms = 1790812800000LL,
				.window_open = i == 1 },
			&price);
		MUST(price.micros >= 0);
		MUST(!price.is_free || (price.is_known && price.micros == 0));
	}
	return 0;
}
