/* appstate_write.c: patches and snapshots of our own. See appstate.h. */
#include "wa/appstate/appstate_internal.h"

#include "wa/proto/proto.h"

/* IV ‖ ciphertext ‖ MAC of one change, and its item. */
static enum err value_write(const struct sync_writer *w, const struct sync_keys *keys,
	const struct sync_change *change, struct sync_item *item, bytes *blob)
{
	struct arena *arena = w->book->arena;
	struct buf out = buf_in(arena, change->data.len + 2 * CBC_BLOCK + SYNC_MAC_SIZE);
	struct sync_sealed sealed = { arena, change->is_removal, w->key_id, BYTES_NONE };
	uint8_t iv[CBC_BLOCK];
	struct cbc *cbc;

	item->is_removal = change->is_removal;
	item->data = PROTO_UNPACK(arena, Wa__SyncActionData, wa__sync_action_data, change->data);
	if (!item->data || !item->data->has_index)
		return ERR_INPUT;
	hmac_sha256((bytes){ keys->index, sizeof keys->index }, PROTO_DATA(item->data, index),
		item->index_mac);
	w->random(w->random_arg, iv, sizeof iv);
	buf_put(&out, iv, sizeof iv);
	cbc = cbc_create(true, keys->value, iv);
	cbc_add(cbc, change->data, &out);
	if (!cbc_finish(cbc, &out))
		return ERR_BUG;
	sealed.enc = buf_bytes(&out);
	sync_value_mac(keys, &sealed, item->value_mac);
	buf_put(&out, item->value_mac, SYNC_MAC_SIZE);
	*blob = buf_bytes(&out);
	return OK;
}

static enum err record_write(const struct sync_writer *w, const struct sync_keys *keys,
	const struct sync_change *change, struct sync_item *item, Wa__SyncdRecord *record)
{
	struct arena *arena = w->book->arena;
	bytes blob;

	TRY(value_write(w, keys, change, item, &blob));
	wa__syncd_record__init(record);
	record->index = ARENA_NEW(arena, Wa__SyncdIndex);
	wa__syncd_index__init(record->index);
	PROTO_SET_DATA(record->index, blob,
		((bytes){ arena_bytes(arena, (bytes){ item->index_mac, SYNC_MAC_SIZE }).ptr,
			SYNC_MAC_SIZE }));
	record->value = ARENA_NEW(arena, Wa__SyncdValue);
	wa__syncd_value__init(record->value);
	PROTO_SET_DATA(record->value, blob, blob);
	record->key_id = ARENA_NEW(arena, Wa__KeyId);
	wa__key_id__init(record->key_id);
	PROTO_SET_DATA(record->key_id, id, w->key_id);
	return OK;
}

static enum err mutations_write(const struct sync_writer *w, const struct sync_keys *keys,
	const struct sync_change *changes, struct sync_step *step, Wa__SyncdPatch *patch)
{
	struct arena *arena = w->book->arena;

	patch->mutations = ARENA_ARRAY(arena, Wa__SyncdMutation *, step->count + 1);
	patch->n_mutations = step->count;
	for (size_t i = 0; i < step->count; i++) {
		Wa__SyncdMutation *m = ARENA_NEW(arena, Wa__SyncdMutation);

		wa__syncd_mutation__init(m);
		PROTO_SET(m, operation,
			changes[i].is_removal ? WA__SYNCD_MUTATION__SYNCD_OPERATION__REMOVE
					      : WA__SYNCD_MUTATION__SYNCD_OPERATION__SET);
		m->record = ARENA_NEW(arena, Wa__SyncdRecord);
		TRY(record_write(w, keys, &changes[i], &step->items[i], m->record));
		patch->mutations[i] = m;
	}
	return OK;
}

static enum err patch_write(struct sync_reader *r, const struct sync_writer *w,
	const struct sync_change *changes, struct sync_step *step, bytes *out)
{
	Wa__SyncdPatch patch = WA__SYNCD_PATCH__INIT;
	Wa__KeyId id = WA__KEY_ID__INIT;
	const struct sync_keys *keys;
	uint8_t snapshot_mac[SYNC_MAC_SIZE], patch_mac[SYNC_MAC_SIZE];
	struct sync_proof proof = { w->book->collection, step, snapshot_mac };

	TRY(sync_keys_get(r, w->key_id, &keys));
	TRY(mutations_write(w, keys, changes, step, &patch));
	TRY(sync_hash_step(w->book, step));
	sync_snapshot_mac(keys, &step->state, w->book->collection, snapshot_mac);
	sync_patch_mac(keys, &proof, patch_mac);
	PROTO_SET_DATA(&patch, snapshot_mac, ((bytes){ snapshot_mac, sizeof snapshot_mac }));
	PROTO_SET_DATA(&patch, patch_mac, ((bytes){ patch_mac, sizeof patch_mac }));
	PROTO_SET_DATA(&id, id, w->key_id);
	patch.key_id = &id;
	*out = proto_bytes(w->book->arena, &patch);
	return OK;
}

enum err sync_patch_write(const struct sync_writer *w, const struct sync_state *before,
	const struct sync_change *changes, size_t count, bytes *patch, struct sync_step *out)
{
	struct sync_reader r = { .book = w->book };
	enum err e;

	*out = (struct sync_step){ .state = *before, .count = count };
	out->state.version++;
	out->items = ARENA_ARRAY(w->book->arena, struct sync_item, count + 1);
	e = patch_write(&r, w, changes, out, patch);
	crypto_wipe(&r.keys, sizeof r.keys);
	return e;
}

static enum err records_write(struct sync_reader *r, const struct sync_writer *w,
	const struct sync_change *changes, Wa__SyncdSnapshot *snapshot)
{
	struct sync_state state = { .version = snapshot->version->version };
	const struct sync_keys *keys;
	uint8_t *mac = arena_alloc(w->book->arena, SYNC_MAC_SIZE);

	TRY(sync_keys_get(r, w->key_id, &keys));
	for (size_t i = 0; i < snapshot->n_records; i++) {
		struct sync_item item = { 0 };

		snapshot->records[i] = ARENA_NEW(w->book->arena, Wa__SyncdRecord);
		TRY(record_write(w, keys, &changes[i], &item, snapshot->records[i]));
		sync_hash_add(state.hash, (bytes){ item.value_mac, SYNC_MAC_SIZE });
	}
	sync_snapshot_mac(keys, &state, w->book->collection, mac);
	PROTO_SET_DATA(snapshot, mac, ((bytes){ mac, SYNC_MAC_SIZE }));
	return OK;
}

enum err sync_snapshot_write(const struct sync_writer *w, uint64_t version,
	const struct sync_change *changes, size_t count, bytes *out)
{
	Wa__SyncdSnapshot snapshot = WA__SYNCD_SNAPSHOT__INIT;
	Wa__SyncdVersion number = WA__SYNCD_VERSION__INIT;
	Wa__KeyId id = WA__KEY_ID__INIT;
	struct sync_reader r = { .book = w->book };
	enum err e;

	PROTO_SET(&number, version, version);
	PROTO_SET_DATA(&id, id, w->key_id);
	snapshot.version = &number;
	snapshot.key_id = &id;
	snapshot.n_records = count;
	snapshot.records = ARENA_ARRAY(w->book->arena, Wa__SyncdRecord *, count + 1);
	e = records_write(&r, w, changes, &snapshot);
	crypto_wipe(&r.keys, sizeof r.keys);
	if (e == OK)
		*out = proto_bytes(w->book->arena, &snapshot);
	return e;
}
