/* wa_appstate.c: patches and snapshots of strangers do not count; what a key-holder says is read or
 * refused, and what is read can be written. */
#include "wa/appstate/action.h"
#include "wa/proto/proto.h"
#include "fuzz/fuzz.h"

static const uint8_t id[6] = { 0, 1, 0, 0, 0, 9 };

static enum err on_key(void *arg, bytes name, uint8_t out[SYNC_KEY_SIZE])
{
	(void)arg;
	memset(out, 7, SYNC_KEY_SIZE);
	return name.len == sizeof id ? OK : ERR_MISSING;
}

static void on_random(void *arg, void *out, size_t size)
{
	(void)arg;
	memset(out, 3, size);
}

static void act(struct arena *arena, struct sync_book *book, bytes data)
{
	const struct sync_writer w = { book, { id, sizeof id }, on_random, NULL };
	const struct sync_change change = { false, data };
	const struct sync_state before = { 0 };
	enum sync_collection collection;
	struct sync_step step, again;
	struct wa_sync what;
	bytes patch, packed;

	if (sync_patch_write(&w, &before, &change, 1, &patch, &step) != OK)
		return;
	if (sync_patch_read(book, &before,
		    PROTO_UNPACK(arena, Wa__SyncdPatch, wa__syncd_patch, patch), NULL,
		    &again) != OK)
		return;
	MUST(memcmp(&step.state, &again.state, sizeof step.state) == 0);
	if (wa_sync_read(arena, &again.items[0], &what) == OK)
		(void)!wa_sync_write(arena, &what, &collection, &packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	const bytes in = { data, size };
	struct sync_book book = { arena, SYNC_REGULAR, NULL, on_key, NULL, BYTES_NONE };
	const Wa__SyncdPatch *patch = PROTO_UNPACK(arena, Wa__SyncdPatch, wa__syncd_patch, in);
	const Wa__SyncdSnapshot *snapshot = PROTO_UNPACK(arena, Wa__SyncdSnapshot,
		wa__syncd_snapshot, in);
	const Wa__SyncdSnapshotRecovery *copy = PROTO_UNPACK(arena, Wa__SyncdSnapshotRecovery,
		wa__syncd_snapshot_recovery, in);
	struct sync_state before = { 0 };
	struct sync_step step;

	crypto_init();
	if (patch)
		MUST(sync_patch_read(&book, &before, patch, NULL, &step) != OK);
	if (snapshot)
		MUST(sync_snapshot_read(&book, snapshot, &step) != OK);
	if (copy)
		(void)!sync_recovery_read(&book, copy, &step);
	act(arena, &book, in);
	return 0;
}
