/*
 * flow_request.c: what comes to the data endpoint of a Flow opens whole or not at all.
 *
 * The first octet chooses: the input is the body as it came, or the question inside of a good
 * envelope; then it must open exactly when it is a JSON object.
 */
#include "crypto/crypto.h"
#include "fuzz/fuzz.h"
#include "provider/cloud/flow.h"

static struct arena *keys;
static str private_pem, public_pem;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct flow_call asked, got;
	str body, answer, input = str_from((bytes){ data + (size > 0), size - (size > 0) });
	json v = NULL;
	bool is_map;

	if (!keys) {
		crypto_init();
		keys = arena_create(ARENA_LIMIT_DEFAULT);
		rsa_make(keys, &private_pem, &public_pem);
	}
	if (size == 0 || data[0] % 2 == 0) {
		(void)flow_open(arena, private_pem, input, &got);
		return 0;
	}
	if (!flow_ask(arena, public_pem, input, &asked, &body))
		return 0;
	is_map = json_read(arena, input, &v, NULL) == OK && json_kind(v) == JSON_MAP;
	MUST(flow_open(arena, private_pem, body, &got) == is_map);
	if (is_map)
		MUST(flow_read(arena, &asked, flow_seal(arena, &got, input), &answer) &&
		     str_is(answer, input));
	return 0;
}
