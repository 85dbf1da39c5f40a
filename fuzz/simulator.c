/*
 * simulator.c: whatever stanzas a phone sends, the simulated server takes them, and what it then
 * keeps over a restart reads again; a record that is none is refused. An input is a mode octet, and
 * either a record, or frames, each after its length (two octets, the higher first).
 */
#include "crypto/crypto.h"
#include "fuzz/fuzz.h"
#include "wa/simulator/player.h"

#define ANA "15550001111"
#define BOB "15550002222"
#define NOW_MS 1790000000000

static uint64_t drawn;

static void same_octets(void *arg, void *out, size_t size)
{
	uint8_t *to = out;

	(void)arg;
	for (size_t i = 0; i < size; i++)
		to[i] = (uint8_t)(drawn = drawn * 6364136223846793005u + 1442695040888963407u,
			drawn >> 56);
}

static void read_clock(void *arg, struct wa_clock *out)
{
	(void)arg;
	*out = (struct wa_clock){ 1000, NOW_MS };
}

static void no_send(void *conn, bytes octets)
{
	(void)conn, (void)octets;
}

static void no_close(void *conn)
{
	(void)conn;
}

static void play(void *arg, void *player, const struct node *node)
{
	(void)arg;
	sim_player_take(player, node);
}

static struct sim *make(void)
{
	const struct sim_config config = { .send = no_send, .close = no_close,
		.random = same_octets, .play = play };

	return sim_create(&config);
}

static void feed(struct sim *sim, struct arena *arena, bytes in)
{
	while (in.len > 2) {
		size_t len = (size_t)in.ptr[0] << 8 | in.ptr[1];
		struct node *node = ARENA_NEW(arena, struct node);
		const char *why;

		in = (bytes){ in.ptr + 2, in.len - 2 };
		len = len < in.len ? len : in.len;
		if (stanza_read(arena, (bytes){ in.ptr, len }, node, &why) == OK)
			sim_take(sim, S(ANA), 0, node, NOW_MS);
		in = (bytes){ in.ptr + len, in.len - len };
	}
}

static void keeps(struct sim *sim)
{
	struct buf saved = buf_heap(64u << 20), again = buf_heap(64u << 20);
	struct sim *other = make();

	sim_save(sim, &saved);
	MUST(!saved.failed);
	MUST(sim_load(other, buf_bytes(&saved)) == OK);
	sim_save(other, &again);
	MUST(!again.failed && again.len > 0);
	sim_destroy(other);
	buf_done(&saved);
	buf_done(&again);
}

static void talk(struct sim *sim, bytes in)
{
	const struct sim_player_config config = { .sim = sim, .clock = read_clock,
		.random = same_octets };
	struct sim_player *ana = sim_player_create(&config, S(ANA)),
			  *bob = sim_player_create(&config, S(BOB));

	feed(sim, fuzz_arena(), in);
	keeps(sim);
	sim_player_destroy(ana);
	sim_player_destroy(bob);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sim *sim;

	if (!size)
		return 0;
	crypto_init();
	drawn = 4711;
	sim = make();
	if (data[0] & 1)
		(void)sim_load(sim, (bytes){ data + 1, size - 1 }); /* any answer, no crash */
	else
		talk(sim, (bytes){ data + 1, size - 1 });
	sim_destroy(sim);
	return 0;
}
