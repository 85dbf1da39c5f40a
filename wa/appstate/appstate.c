/* appstate.c: keys, MACs and the hash of a map; reading patches and snapshots. See appstate.h. */
#include "wa/appstate/appstate_internal.h"

#include "wa/proto/proto.h"

static const str names[SYNC_COLLECTIONS] = {
	[SYNC_CRITICAL_BLOCK] = S("critical_block"),
	[SYNC_CRITICAL_UNBLOCK_LOW] = S("critical_unblock_low"),
	[SYNC_REGULAR_HIGH] = S("regular_high"),
	[SYNC_REGULAR] = S("regular"),
	[SYNC_REGULAR_LOW] = S("regular_low"),
};

str sync_collection_name(enum sync_collection collection)
{
	return names[collection];
}

enum sync_collection sync_collection_find(str name)
{
	enum sync_collection c = 0;

	while (c < SYNC_COLLECTIONS && !str_is(names[c], name))
		c++;
	return c;
}

static const uint8_t no_salt[SHA256_SIZE];

void sync_expand(const uint8_t key[SYNC_KEY_SIZE], struct sync_keys *out)
{
	_Static_assert(sizeof *out == 160, "the keys lie one behind the other");
	hkdf_sha256_to((bytes){ key, SYNC_KEY_SIZE }, (bytes){ no_salt, sizeof no_salt },
		S("WhatsApp Mutation Keys"), (uint8_t *)out, sizeof *out);
}

/* ---- the hash: lanes of 16 bits, little-endian, that wrap by themselves ---- */

static void hash_change(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac, int sign)
{
	uint8_t lanes[SYNC_HASH_SIZE];

	hkdf_sha256_to(value_mac, (bytes){ no_salt, sizeof no_salt },
		S("WhatsApp Patch Integrity"), lanes, sizeof lanes);
	for (size_t i = 0; i < SYNC_HASH_SIZE; i += 2) {
		unsigned have = hash[i] | (unsigned)hash[i + 1] << 8;
		unsigned change = lanes[i] | (unsigned)lanes[i + 1] << 8;

		have += sign > 0 ? change : 0x10000u - change;
		hash[i] = (uint8_t)have;
		hash[i + 1] = (uint8_t)(have >> 8);
	}
}

void sync_hash_add(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac)
{
	hash_change(hash, value_mac, 1);
}

void sync_hash_take(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac)
{
	hash_change(hash, value_mac, -1);
}

/* ---- MACs ---- */

static void put_number(struct buf *out, uint64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		buf_byte(out, (uint8_t)(number >> shift));
}

void sync_value_mac(const struct sync_keys *keys, const struct sync_sealed *sealed,
	uint8_t out[SYNC_MAC_SIZE])
{
	/* op ‖ key_id ‖ IV‖ct ‖ u64be(len(key_id)+1) */
	struct buf in = buf_in(sealed->arena, sealed->enc.len + SYNC_KEY_ID_MAX + 16);
	uint8_t mac[SHA512_SIZE];

	buf_byte(&in, sealed->is_removal ? 2 : 1);
	buf_put(&in, sealed->key_id.ptr, sealed->key_id.len);
	buf_put(&in, sealed->enc.ptr, sealed->enc.len);
	put_number(&in, sealed->key_id.len + 1);
	hmac_sha512((bytes){ keys->value_mac, sizeof keys->value_mac }, buf_bytes(&in), mac);
	memcpy(out, mac, SYNC_MAC_SIZE);
}

void sync_snapshot_mac(const struct sync_keys *keys, const struct sync_state *state,
	enum sync_collection collection, uint8_t out[SYNC_MAC_SIZE])
{
	uint8_t room[SYNC_HASH_SIZE + 8 + 32];
	size_t n = SYNC_HASH_SIZE;

	memcpy(room, state->hash, SYNC_HASH_SIZE);
	for (int shift = 56; shift >= 0; shift -= 8)
		room[n++] = (uint8_t)(state->version >> shift);
	memcpy(room + n, names[collection].ptr, names[collection].len);
	n += names[collection].len;
	hmac_sha256((bytes){ keys->snapshot_mac, sizeof keys->snapshot_mac }, (bytes){ room, n },
		out);
}

void sync_patch_mac(const struct sync_keys *keys, const struct sync_proof *proof,
	uint8_t out[SYNC_MAC_SIZE])
{
	struct hmac *h = hmac_create((bytes){ keys->patch_mac, sizeof keys->patch_mac });
	uint8_t version[8];

	hmac_add(h, (bytes){ proof->snapshot_mac, SYNC_MAC_SIZE });
	for (size_t i = 0; i < proof->step->count; i++)
		hmac_add(h, (bytes){ proof->step->items[i].value_mac, SYNC_MAC_SIZE });
	for (int i = 0; i < 8; i++)
		version[i] = (uint8_t)(proof->step->state.version >> (56 - 8 * i));
	hmac_add(h, (bytes){ version, sizeof version });
	hmac_add(h, bytes_of(names[proof->collection]));
	hmac_finish(h, out);
}

/* ---- what was said earlier in the same patch ---- */

enum said { SAID_NOTHING, SAID_VALUE, SAID_REMOVAL };

/* Slots of an open table, by the index MAC: it is as good as random. */
struct sync_said { uint32_t *slots; size_t mask; };

static struct sync_said said_of(struct arena *arena, size_t count)
{
	size_t size = 16;

	while (size < 2 * count)
		size *= 2;
	return (struct sync_said){ ARENA_ARRAY(arena, uint32_t, size), size - 1 };
}

/* The slot of an index: holds the number + 1 of the item that spoke of it last, or 0. */
static uint32_t *said_slot(const struct sync_said *said, const struct sync_item *items,
	const uint8_t index_mac[SYNC_MAC_SIZE])
{
	size_t at;

	memcpy(&at, index_mac, sizeof at);
	for (at &= said->mask; said->slots[at]; at = (at + 1) & said->mask)
		if (memcmp(items[said->slots[at] - 1].index_mac, index_mac, SYNC_MAC_SIZE) == 0)
			break;
	return &said->slots[at];
}

/* The value that item `at` takes the place of. */
static enum err old_value(const struct sync_book *book, const struct sync_step *step, uint32_t said,
	size_t at, uint8_t out[SYNC_MAC_SIZE], bool *found)
{
	enum err e;

	*found = false;
	if (said) {
		const struct sync_item *before = &step->items[said - 1];

		*found = !before->is_removal;
		memcpy(out, before->value_mac, SYNC_MAC_SIZE);
		return OK;
	}
	if (!book->old)
		return OK;
	e = book->old(book->arg, step->items[at].index_mac, out);
	*found = e == OK;
	return e == ERR_MISSING ? OK : e;
}

enum err sync_hash_step(const struct sync_book *book, struct sync_step *step)
{
	struct sync_said said = said_of(book->arena, step->count);
	uint8_t old[SYNC_MAC_SIZE];
	bool found;

	for (size_t i = 0; i < step->count; i++) {
		struct sync_item *item = &step->items[i];
		uint32_t *slot = said_slot(&said, step->items, item->index_mac);

		TRY(old_value(book, step, *slot, i, old, &found));
		*slot = (uint32_t)i + 1;
		if (found)
			sync_hash_take(step->state.hash, (bytes){ old, SYNC_MAC_SIZE });
		if (!item->is_removal)
			sync_hash_add(step->state.hash, (bytes){ item->value_mac, SYNC_MAC_SIZE });
	}
	return OK;
}

/* ---- keys: most items of a patch have the same one ---- */

static bool is_key_id(bytes id)
{
	return id.len > 0 && id.len <= SYNC_KEY_ID_MAX;
}

enum err sync_keys_get(struct sync_reader *r, bytes id, const struct sync_keys **out)
{
	uint8_t key[SYNC_KEY_SIZE];
	enum err e;

	*out = &r->keys;
	if (!is_key_id(id))
		return ERR_CORRUPT;
	if (r->has_keys && str_is(str_from(id), str_from(r->key_id)))
		return OK;
	e = r->book->key(r->book->arg, id, key);
	if (e == ERR_MISSING)
		r->book->missing = id;
	if (e != OK)
		return e;
	sync_expand(key, &r->keys);
	crypto_wipe(key, sizeof key);
	r->key_id = id;
	r->has_keys = true;
	return OK;
}

/* ---- reading ---- */

static enum err open_value(struct sync_reader *r, const struct sync_keys *keys, bytes enc,
	bytes *plain)
{
	struct buf out = buf_in(r->book->arena, enc.len + CBC_BLOCK);
	struct cbc *cbc = cbc_create(false, keys->value, enc.ptr);

	cbc_add(cbc, (bytes){ enc.ptr + CBC_BLOCK, enc.len - CBC_BLOCK }, &out);
	if (!cbc_finish(cbc, &out))
		return ERR_CORRUPT;
	*plain = buf_bytes(&out);
	return OK;
}

/* The value is of the index that it lies at: else another device's word about one chat could be
 * put in the place of another chat's. */
static enum err check_index(const struct sync_keys *keys, struct sync_item *item)
{
	bytes index = PROTO_DATA(item->data, index);
	uint8_t mac[SYNC_MAC_SIZE];

	if (!item->data->has_index || index.len > SYNC_INDEX_MAX)
		return ERR_CORRUPT;
	hmac_sha256((bytes){ keys->index, sizeof keys->index }, index, mac);
	return crypto_equal((bytes){ mac, sizeof mac }, (bytes){ item->index_mac, SYNC_MAC_SIZE })
		? OK
		: ERR_CORRUPT;
}

static enum err item_read(struct sync_reader *r, const Wa__SyncdRecord *record,
	struct sync_item *item)
{
	const struct sync_keys *keys;
	struct sync_sealed sealed = { r->book->arena, item->is_removal, BYTES_NONE, BYTES_NONE };
	uint8_t mac[SYNC_MAC_SIZE];
	bytes index, blob, plain;

	if (!record || !record->index || !record->value || !record->key_id)
		return ERR_CORRUPT;
	index = PROTO_DATA(record->index, blob);
	blob = PROTO_DATA(record->value, blob);
	sealed.key_id = PROTO_DATA(record->key_id, id);
	if (index.len != SYNC_MAC_SIZE || blob.len < 2 * CBC_BLOCK + SYNC_MAC_SIZE)
		return ERR_CORRUPT;
	TRY(sync_keys_get(r, sealed.key_id, &keys));
	memcpy(item->index_mac, index.ptr, SYNC_MAC_SIZE);
	memcpy(item->value_mac, blob.ptr + blob.len - SYNC_MAC_SIZE, SYNC_MAC_SIZE);
	sealed.enc = (bytes){ blob.ptr, blob.len - SYNC_MAC_SIZE };
	sync_value_mac(keys, &sealed, mac);
	if (!crypto_equal((bytes){ mac, sizeof mac }, (bytes){ item->value_mac, SYNC_MAC_SIZE }))
		return ERR_CORRUPT;
	TRY(open_value(r, keys, sealed.enc, &plain));
	item->data = PROTO_UNPACK(r->book->arena, Wa__SyncActionData, wa__sync_action_data, plain);
	return item->data ? check_index(keys, item) : ERR_CORRUPT;
}

static enum err items_read(struct sync_reader *r, Wa__SyncdMutation *const *mutations, size_t count,
	struct sync_step *out)
{
	if (count > SYNC_ITEMS_MAX)
		return ERR_CORRUPT;
	out->items = ARENA_ARRAY(r->book->arena, struct sync_item, count + 1);
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		out->items[i].is_removal = mutations[i]->has_operation &&
			mutations[i]->operation == WA__SYNCD_MUTATION__SYNCD_OPERATION__REMOVE;
		TRY(item_read(r, mutations[i]->record, &out->items[i]));
	}
	return OK;
}

static bool mac_is(bytes told, const uint8_t mac[SYNC_MAC_SIZE])
{
	return crypto_equal(told, (bytes){ mac, SYNC_MAC_SIZE });
}

static enum err patch_check(struct sync_reader *r, const Wa__SyncdPatch *patch,
	const struct sync_step *step)
{
	struct sync_proof proof = { r->book->collection, step,
		PROTO_DATA(patch, snapshot_mac).ptr };
	const struct sync_keys *keys;
	uint8_t mac[SYNC_MAC_SIZE];

	TRY(sync_keys_get(r, patch->key_id ? PROTO_DATA(patch->key_id, id) : BYTES_NONE, &keys));
	sync_snapshot_mac(keys, &step->state, r->book->collection, mac);
	if (!mac_is(PROTO_DATA(patch, snapshot_mac), mac))
		return ERR_CORRUPT;
	sync_patch_mac(keys, &proof, mac);
	return mac_is(PROTO_DATA(patch, patch_mac), mac) ? OK : ERR_CORRUPT;
}

static enum err patch_read(struct sync_reader *r, const Wa__SyncdPatch *patch,
	const Wa__SyncdMutations *mutations, struct sync_step *out)
{
	TRY(items_read(r, mutations ? mutations->mutations : patch->mutations,
		mutations ? mutations->n_mutations : patch->n_mutations, out));
	TRY(sync_hash_step(r->book, out));
	return patch_check(r, patch, out);
}

enum err sync_patch_read(struct sync_book *book, const struct sync_state *before,
	const Wa__SyncdPatch *patch, const Wa__SyncdMutations *mutations, struct sync_step *out)
{
	struct sync_reader r = { .book = book };
	enum err e;

	*out = (struct sync_step){ .state = *before };
	out->state.version = patch->version && patch->version->has_version
		? patch->version->version
		: before->version + 1;
	e = patch_read(&r, patch, mutations, out);
	crypto_wipe(&r.keys, sizeof r.keys);
	return e;
}

static enum err snapshot_read(struct sync_reader *r, const Wa__SyncdSnapshot *snapshot,
	struct sync_step *out)
{
	const struct sync_keys *keys;
	uint8_t mac[SYNC_MAC_SIZE];

	if (snapshot->n_records > SYNC_ITEMS_MAX)
		return ERR_CORRUPT;
	out->items = ARENA_ARRAY(r->book->arena, struct sync_item, snapshot->n_records + 1);
	out->count = snapshot->n_records;
	for (size_t i = 0; i < out->count; i++) {
		TRY(item_read(r, snapshot->records[i], &out->items[i]));
		sync_hash_add(out->state.hash, (bytes){ out->items[i].value_mac, SYNC_MAC_SIZE });
	}
	TRY(sync_keys_get(r, snapshot->key_id ? PROTO_DATA(snapshot->key_id, id) : BYTES_NONE,
		&keys));
	sync_snapshot_mac(keys, &out->state, r->book->collection, mac);
	return mac_is(PROTO_DATA(snapshot, mac), mac) ? OK : ERR_CORRUPT;
}

enum err sync_snapshot_read(struct sync_book *book, const Wa__SyncdSnapshot *snapshot,
	struct sync_step *out)
{
	struct sync_reader r = { .book = book };
	enum err e;

	*out = (struct sync_step){ 0 };
	if (!snapshot->version || !snapshot->version->has_version)
		return ERR_CORRUPT;
	out->state.version = snapshot->version->version;
	e = snapshot_read(&r, snapshot, out);
	crypto_wipe(&r.keys, sizeof r.keys);
	return e;
}

static enum err recovered_item(struct sync_reader *r, const Wa__SyncdPlainTextRecord *record,
	struct sync_item *item)
{
	const struct sync_keys *keys;
	bytes mac = PROTO_DATA(record, mac);

	if (!record->value || !record->value->has_index || mac.len != SYNC_MAC_SIZE)
		return ERR_CORRUPT;
	TRY(sync_keys_get(r, PROTO_DATA(record, key_id), &keys));
	item->data = record->value;
	memcpy(item->value_mac, mac.ptr, SYNC_MAC_SIZE);
	hmac_sha256((bytes){ keys->index, sizeof keys->index }, PROTO_DATA(record->value, index),
		item->index_mac);
	return OK;
}

enum err sync_recovery_read(struct sync_book *book, const Wa__SyncdSnapshotRecovery *recovery,
	struct sync_step *out)
{
	struct sync_reader r = { .book = book };
	bytes hash = PROTO_DATA(recovery, collection_lthash);
	enum err e = OK;

	*out = (struct sync_step){ 0 };
	if (!recovery->version || !recovery->version->has_version || hash.len != SYNC_HASH_SIZE ||
		recovery->n_mutation_records > SYNC_ITEMS_MAX)
		return ERR_CORRUPT;
	out->state.version = recovery->version->version;
	memcpy(out->state.hash, hash.ptr, SYNC_HASH_SIZE);
	out->items = ARENA_ARRAY(book->arena, struct sync_item, recovery->n_mutation_records + 1);
	for (; e == OK && out->count < recovery->n_mutation_records; out->count++)
		e = recovered_item(&r, recovery->mutation_records[out->count],
			&out->items[out->count]);
	crypto_wipe(&r.keys, sizeof r.keys);
	return e;
}
