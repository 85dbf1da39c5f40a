/* appstate_internal.h: what reading and writing of app state share: MACs, and the hash of a step.
 */
#ifndef WA_APPSTATE_APPSTATE_INTERNAL_H
#define WA_APPSTATE_APPSTATE_INTERNAL_H

#include "wa/appstate/appstate.h"

/* A reading or writing under way, with the keys of the id that it met last. */
struct sync_reader { struct sync_book *book; struct sync_keys keys; bytes key_id; bool has_keys; };
/* ERR_MISSING leaves the id in book->missing. */
enum err sync_keys_get(struct sync_reader *r, bytes id, const struct sync_keys **out);

/* enc: IV ‖ ciphertext. */
struct sync_sealed { struct arena *arena; bool is_removal; bytes key_id, enc; };
void sync_value_mac(const struct sync_keys *keys, const struct sync_sealed *sealed,
	uint8_t out[SYNC_MAC_SIZE]);
void sync_snapshot_mac(const struct sync_keys *keys, const struct sync_state *state,
	enum sync_collection collection, uint8_t out[SYNC_MAC_SIZE]);
/* snapshot_mac is read only when it was found right. */
struct sync_proof {
	enum sync_collection collection;
	const struct sync_step *step;
	const uint8_t *snapshot_mac;
};
void sync_patch_mac(const struct sync_keys *keys, const struct sync_proof *proof,
	uint8_t out[SYNC_MAC_SIZE]);
/* Changes the hash of step->state by its items: what they replace is looked for first among those
 * before them, then in the book. */
enum err sync_hash_step(const struct sync_book *book, struct sync_step *step);

#endif
