/* signal_record.c: any octets as a record of a session or of sender keys: taken as none, or used.
 */
#include "fuzz/fuzz.h"
#include "wa/signal/peer.h"
#include "wa/signal/signal_internal.h"

#define ALICE S("1001.1")
#define GROUP S("1203@g.us")

/* What reads is written as it was read. */
static void both_ways(struct arena *arena, bytes record)
{
	struct signal_senders senders;
	struct signal_record session;
	struct signal_state state;

	if (signal_senders_unpack(record, &senders)) {
		bytes again = signal_senders_pack(arena, &senders);

		MUST(signal_senders_unpack(again, &senders) && again.len <= record.len);
	}
	if (!signal_record_unpack(record, &session))
		return;
	for (size_t i = 0; i < session.archived_count; i++)
		(void)signal_archive_get(&session, i, &state);
	signal_archive_now(arena, &session, SIZE_MAX);
	MUST(signal_record_unpack(signal_record_pack(arena, &session), &session));
}

static void use(struct peer *p, bytes record)
{
	struct signal_sealed sealed;
	struct signal_opened opened;
	struct signal_session session;
	static const uint8_t letter[] = "\x33\x0a\x21\x05" "12345678901234567890123456789012"
		"\x10\x09\x18\x00\x22\x10" "1234567890123456" "12345678";

	MUST(p->store.put(p->store.arg, WA_RECORD_SESSION, ALICE, record) == OK);
	MUST(p->store.put(p->store.arg, WA_RECORD_SENDER_KEY, S("1203@g.us 1001.1"), record) == OK);
	MUST(signal_session_find(&p->signal, ALICE, &session) == OK);
	MUST(signal_decrypt(&p->signal, ALICE, SIGNAL_MSG, (bytes){ letter, sizeof letter - 1 },
		     &opened) == OK);
	MUST(signal_encrypt(&p->signal, ALICE, bytes_of(S("x")), &sealed) == OK);
	MUST(signal_group_encrypt(&p->signal, GROUP, ALICE, bytes_of(S("x")), &sealed) == OK);
	wa_memory_rollback(p->memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer peer;
	struct arena *arena = fuzz_arena();

	if (!peer.memory)
		peer_init(&peer, arena, 1);
	peer.signal.arena = arena;
	both_ways(arena, (bytes){ data, size });
	use(&peer, (bytes){ data, size });
	return 0;
}
