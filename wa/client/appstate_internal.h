/*
 * appstate_internal.h: what the files of app state share: what is under way, of each collection.
 *
 *	appstate.c       when a collection is fetched and sent; what callers ask for
 *	appstate_take.c  what a fetch brought is proven, kept and told; what to do when it is wrong
 *	appstate_send.c  what was done here becomes a patch, and what the server says of it
 *	appstate_key.c   keys: asked of the phone, given to other devices
 *	appstate_store.c all of it as records
 *
 * A collection has one request under way at a time: is_asking says so, and who asks sets it.
 */
#ifndef WA_CLIENT_APPSTATE_INTERNAL_H
#define WA_CLIENT_APPSTATE_INTERNAL_H

#include "wa/client/client_sync.h"
#include "wa/client/request.h"

#define SYNC_ALL ((1u << SYNC_COLLECTIONS) - 1)

struct sync_blob;
struct sync_sent;

struct client_sync {
	struct sync_of {
		bool wants, is_asking;
		bool is_current;        /* fetched since the login */
		uint8_t resets, conflicts;
		struct sync_sent *sent;
	} of[SYNC_COLLECTIONS];
	struct sync_blob *blobs;
	uint64_t next_number;
	int64_t again_ms;
};

/* ---- appstate.c ---- */

/* Made with the first call. */
struct client_sync *sync_of(struct wa_client *c);
/* Looks again in a while: a request had no answer. */
void sync_later(struct wa_client *c, const struct wa_call *call);
/* The collections that are wanted are asked for, if a key is there and they are not asked for. */
enum err sync_fetch(struct wa_client *c, const struct wa_call *call);
/* collections: bits by number. */
enum err sync_want(struct wa_client *c, const struct wa_call *call, unsigned collections);
/* The question to the server; *sync gets the node its collections go into. */
struct node *sync_iq(struct arena *arena, struct node **sync);
/* The answer of a collection, NULL: there is none. */
const struct node *sync_collection_in(const struct node *iq, enum sync_collection collection);

/* ---- appstate_take.c ---- */

/* Takes in what the server says of a collection; what is not whole is asked for. */
enum err sync_take_collection(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node);
/* All that is kept of it goes, and it is wanted from its beginning. */
enum err sync_start_anew(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_record *record);
/* What the server gave is wrong, or it refuses. */
enum err sync_broken(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection);
void sync_blob_remove(struct client_sync *sync, struct sync_blob *blob);

/* ---- appstate_send.c ---- */

/* What waits is sent, of collections that are current. */
enum err sync_flush(struct wa_client *c, const struct wa_call *call);

/* ---- appstate_key.c ---- */

/* Nothing can be read before a key is there: the phone shares them after the pairing. */
enum err sync_has_key(struct wa_client *c, const struct wa_call *call, bool *has);
/* Asks our phone for a key, once a day and key: it may not have it either. */
enum err sync_miss_key(struct wa_client *c, const struct wa_call *call, bytes id);

#endif
