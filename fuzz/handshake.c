/* handshake.c: any octets as either side's message are refused or taken, and frames are cut to
 * their end. */
#include "fuzz/fuzz.h"
#include "wa/noise/frame.h"
#include "wa/noise/handshake.h"

static const uint8_t seed[CURVE_KEY_SIZE] = { 42 };

static void as_client(struct arena *arena, const struct curve_pair *own, bytes message)
{
	struct client_start start = { .own = own, .seed = seed,
		.trust = { own->open, 1800000000 } };
	struct buf out = buf_in(arena, HANDSHAKE_MESSAGE_MAX);
	struct handshake h;
	const char *why = "";

	MUST(handshake_client_hello(&h, arena, &start, &out) == OK);
	MUST(handshake_client_finish(&h, arena, message, BYTES_NONE, &out, &why) != OK && why[0]);
	handshake_done(&h);
}

static void as_server(struct arena *arena, const struct curve_pair *own, bytes message)
{
	struct server_start start = { .own = own, .seed = seed };
	struct client_said said = { 0 };
	struct buf out = buf_in(arena, HANDSHAKE_MESSAGE_MAX);
	struct handshake h;
	const char *why = "";

	if (handshake_server_hello(&h, arena, message, &start, &said, &out, &why) == OK &&
		!h.has_finished)
		MUST(handshake_server_finish(&h, arena, message, &said, &why) != OK && why[0]);
	handshake_done(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct frame_reader reader;
	struct curve_pair own;
	int64_t until;
	const char *why;
	bytes body;

	crypto_init();
	curve_pair_of(seed, &own);
	frame_init(&reader);
	frame_feed(&reader, (bytes){ data, size });
	while (frame_next(&reader, &body)) {
		as_client(arena, &own, body);
		as_server(arena, &own, body);
		(void)!cert_check(arena, body, &(struct cert_trust){ own.open, 1800000000 },
			own.open, &until, &why);
	}
	frame_done(&reader);
	return 0;
}
