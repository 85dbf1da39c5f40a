/*
 * client_sync.h: what media, history and app state share with client.c: the takers of its tables,
 * and what is remembered between calls.
 */
#ifndef WA_CLIENT_CLIENT_SYNC_H
#define WA_CLIENT_CLIENT_SYNC_H

#include "wa/client/appstate.h"
#include "wa/client/client_internal.h"
#include "wa/client/history.h"
#include "wa/client/media_host.h"

/* ---- media_host.c ---- */

/* <encrypt> of a question to our phone about a file. */
struct node *client_encrypt_node(struct wa_client *c, struct arena *arena, str id, bytes key);
enum err client_take_media_retry(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);

/* ---- history.c ---- */

enum err client_take_history(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
/* The longest names of the protocol, cut to what they say. */
#define OPERATION(name)                                                                            \
	WA__PEER_DATA_OPERATION_REQUEST_TYPE__PEER_DATA_OPERATION_REQUEST_TYPE_##name
/* Asks our phone for something; *id (may be NULL) gets the id of the question. */
enum err client_ask_operation(struct wa_client *c, const struct wa_call *call,
	Wa__PeerDataOperationRequestMessage *question, str *id);

/* ---- appstate.c ---- */

enum err client_take_sync_share(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
enum err client_take_sync_request(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
enum err client_take_sync_recovery(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
enum err client_take_server_sync(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);
/* What is new of all collections is fetched. */
enum err client_sync_new(struct wa_client *c, const struct wa_call *call);
/* <ib><dirty>: a set of data changed while we were away. */
enum err client_take_dirty(struct wa_client *c, const struct wa_call *call, const struct node *ib);
/* Logged in again: what was missed is fetched, what waits is sent. */
enum err client_sync_online(struct wa_client *c, const struct wa_call *call);
void client_sync_offline(struct wa_client *c);
enum err client_sync_tick(struct wa_client *c, const struct wa_call *call);
int64_t client_sync_deadline(const struct wa_client *c);
void client_sync_done(struct wa_client *c);

/* ---- appstate_store.c: records ---- */

/* A collection as it is kept. */
struct sync_record {
	struct sync_state state;
	uint8_t failures;       /* MACs that were wrong, in a row */
	bool was_recovered;     /* the phone was asked for a plain copy */
	bool was_read;          /* all that there was: what comes now is news */
};
enum err sync_record_get(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, struct sync_record *out);
enum err sync_record_put(struct wa_client *c, enum sync_collection collection,
	const struct sync_record *record);
/* The collection is brought to what a step made of it. replaces: all that was there goes. */
enum err sync_step_keep(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_step *step, bool replaces);
/* Keys and old values, of the store. arg: this. */
struct sync_source { struct wa_client *c; const struct wa_call *call; struct sync_book book; };
void sync_source_init(struct sync_source *source, struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection);
enum err sync_key_get(struct wa_client *c, const struct wa_call *call, bytes id,
	Wa__AppStateSyncKey **out);
enum err sync_key_keep(struct wa_client *c, const struct wa_call *call,
	const Wa__AppStateSyncKey *key);
/* The id of the newest; ERR_MISSING: there is none. */
enum err sync_key_newest(struct wa_client *c, const struct wa_call *call, bytes *id);

/* Changes that wait to be sent, of one collection. */
#define SYNC_OUT_MAX 50
struct sync_waiting {
	str keys[SYNC_OUT_MAX];
	struct sync_change changes[SYNC_OUT_MAX];
	size_t count;
};
enum err sync_out_put(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, bytes data);
/* Another device said something of the same thing. *stands: its word is the later one, and what
 * waits here of it, if anything does, goes; else ours takes its place when it is sent. */
enum err sync_out_settle(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_item *item, bool *stands);
enum err sync_out_get(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, struct sync_waiting *out);

#endif
