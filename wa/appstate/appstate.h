/*
 * appstate.h: the arithmetic of app state: encrypted maps that all devices of an account share.
 *
 * Each collection is a map of index → value, with a version and a hash of all its values. A patch
 * is a list of changes, proven by four MACs: of each index, of each value, of the map that comes of
 * it, and of the patch. Pure: where old values and keys stand is asked by function pointers, and
 * what comes of a patch is handed out to be stored. Nothing of it counts unless all MACs are right.
 * Source: docs/protocol/linked-device-2-messaging.md §8.1, §8.2, §8.5.
 */
#ifndef WA_APPSTATE_APPSTATE_H
#define WA_APPSTATE_APPSTATE_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/stream.h"
#include "wa_syncd.pb-c.h"

#define SYNC_KEY_SIZE 32
#define SYNC_KEY_ID_MAX 32      /* octets; 6 in use */
#define SYNC_HASH_SIZE 128
#define SYNC_MAC_SIZE 32
#define SYNC_INDEX_MAX 1024     /* octets of JSON */
#define SYNC_ITEMS_MAX 200000   /* of one patch or snapshot */

enum sync_collection {
	SYNC_CRITICAL_BLOCK,
	SYNC_CRITICAL_UNBLOCK_LOW,
	SYNC_REGULAR_HIGH,
	SYNC_REGULAR,
	SYNC_REGULAR_LOW,
	SYNC_COLLECTIONS,
};
str sync_collection_name(enum sync_collection collection);
/* SYNC_COLLECTIONS: none of that name. */
enum sync_collection sync_collection_find(str name);

struct sync_keys {
	uint8_t index[32], value[32], value_mac[32], snapshot_mac[32], patch_mac[32];
};
void sync_expand(const uint8_t key[SYNC_KEY_SIZE], struct sync_keys *out);

/* The hash of a map: 64 numbers, to which each value's MAC is added, or taken away again. */
void sync_hash_add(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac);
void sync_hash_take(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac);

struct sync_state { uint64_t version; uint8_t hash[SYNC_HASH_SIZE]; };

/* A change, as it was read, or is to be written. */
struct sync_item {
	bool is_removal;
	uint8_t index_mac[SYNC_MAC_SIZE], value_mac[SYNC_MAC_SIZE];
	const Wa__SyncActionData *data;
};
/* What comes of a patch or snapshot: the state after it, and its items in their order. The store is
 * to be brought to it whole, in one transaction; a snapshot replaces all that there was. */
struct sync_step { struct sync_state state; struct sync_item *items; size_t count; };

struct sync_book {
	struct arena *arena;
	enum sync_collection collection;
	void *arg;
	/* ERR_MISSING: we do not have it; its id is left in `missing`. */
	enum err (*key)(void *arg, bytes id, uint8_t out[SYNC_KEY_SIZE]);
	/* The MAC of the value at an index; ERR_MISSING: none. */
	enum err (*old)(void *arg, const uint8_t index_mac[SYNC_MAC_SIZE],
		uint8_t out[SYNC_MAC_SIZE]);
	bytes missing;          /* out: set with ERR_MISSING */
};

/* ERR_CORRUPT: a MAC is wrong, or it does not read; ERR_MISSING: a key. mutations: those of the
 * file that the patch names, or NULL. */
enum err sync_patch_read(struct sync_book *book, const struct sync_state *before,
	const Wa__SyncdPatch *patch, const Wa__SyncdMutations *mutations, struct sync_step *out);
enum err sync_snapshot_read(struct sync_book *book, const Wa__SyncdSnapshot *snapshot,
	struct sync_step *out);
/* The plain copy that a phone sends when a collection is beyond repair: nothing proves it but where
 * it came from. Index MACs are made anew. */
enum err sync_recovery_read(struct sync_book *book, const Wa__SyncdSnapshotRecovery *recovery,
	struct sync_step *out);

/* What to change: index in JSON, value, version, as SyncActionData packed. */
struct sync_change { bool is_removal; bytes data; };
struct sync_writer {
	struct sync_book *book;
	bytes key_id;
	void (*random)(void *arg, void *out, size_t size);
	void *random_arg;
};
/* The patch, and what comes of it once the server has taken it. */
enum err sync_patch_write(const struct sync_writer *w, const struct sync_state *before,
	const struct sync_change *changes, size_t count, bytes *patch, struct sync_step *out);
/* A snapshot of items that are all there is: for the simulated phone. */
enum err sync_snapshot_write(const struct sync_writer *w, uint64_t version,
	const struct sync_change *changes, size_t count, bytes *snapshot);

#endif
