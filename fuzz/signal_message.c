/* signal_message.c: any octets as msg, pkmsg, skmsg or a told key: read once or refused, and what
 * is refused leaves no trace. The first octet says as what. */
#include "fuzz/fuzz.h"
#include "wa/signal/peer.h"

#define ALICE S("1001.1")
#define BOB S("1002_1.0")
#define GROUP S("1203@g.us")

static struct peer alice, bob;

/* Bob knows Alice, by a session and by a sender key; it is made once, and rolled back to. */
static void make(void)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct signal_opened opened;
	struct signal_sealed sealed;
	struct signal_bundle bundle;
	struct signal_group group;
	struct signal_met met;
	enum signal_outcome outcome;

	peer_init(&alice, arena, 1);
	peer_init(&bob, arena, 2);
	bundle = peer_bundle(&bob, true);
	MUST(signal_meet(&alice.signal, BOB, &bundle, &met) == OK);
	MUST(signal_encrypt(&alice.signal, BOB, bytes_of(S("hi")), &sealed) == OK);
	MUST(signal_decrypt(&bob.signal, ALICE, sealed.kind, sealed.octets, &opened) == OK);
	MUST(signal_group_own(&alice.signal, GROUP, ALICE, &group) == OK);
	MUST(signal_group_take(&bob.signal, GROUP, ALICE, group.distribution, &outcome) == OK);
	MUST(opened.outcome == SIGNAL_DONE && outcome == SIGNAL_DONE);
	wa_memory_commit(bob.memory);
	arena_destroy(arena);
}

static struct signal_opened read_octets(uint8_t as, bytes octets)
{
	struct signal_opened opened = { 0 };

	if (as == 2)
		MUST(signal_group_decrypt(&bob.signal, GROUP, ALICE, octets, &opened) == OK);
	else if (as == 3)
		MUST(signal_group_take(&bob.signal, GROUP, S("9.9"), octets, &opened.outcome) ==
			OK);
	else
		MUST(signal_decrypt(&bob.signal, ALICE, as ? SIGNAL_PKMSG : SIGNAL_MSG, octets,
			     &opened) == OK);
	return opened;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	size_t before;
	bytes octets = { data + 1, size - 1 };

	if (!bob.memory)
		make();
	if (!size)
		return 0;
	bob.signal.arena = arena;
	before = wa_memory_size(bob.memory);
	if (read_octets(data[0] & 3, octets).outcome != SIGNAL_DONE)
		MUST(wa_memory_size(bob.memory) == before);
	else if ((data[0] & 3) != 3)
		MUST(read_octets(data[0] & 3, octets).outcome == SIGNAL_DUPLICATE);
	wa_memory_rollback(bob.memory);
	return 0;
}
