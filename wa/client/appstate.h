/*
 * appstate.h: what is done to chats on one device happens on all: read, archived, muted, named, …
 *
 * What other devices did comes as WA_EVENT_SYNC, once it has been proven. What is done here is kept
 * in the store, and sent when it can be: it survives a restart, and a later word about the same
 * thing takes the place of the earlier one. Files that do not come within a stanza are the
 * caller's: WA_EVENT_FETCH, then wa_client_fetched().
 *
 * Source: docs/protocol/linked-device-2-messaging.md §8.
 */
#ifndef WA_CLIENT_APPSTATE_H
#define WA_CLIENT_APPSTATE_H

#include "wa/appstate/action.h"
#include "wa/client/client.h"
#include "wa/media/media.h"

#define WA_FETCH_MAX (24ll << 20)       /* octets of a snapshot or of a patch's mutations */

/* WA_EVENT_FETCH: get this file, decipher it, and give it back under its number. After a restart
 * it is asked for anew: nothing is to be kept. */
struct wa_fetch { uint64_t number; struct wa_media file; };
/* plain: none when it could not be had. A number that is not waited for any more is passed over. */
enum err wa_client_fetched(struct wa_client *c, const struct wa_call *call, uint64_t number,
	bytes plain);

/* Does on all devices what stands in `what` (WA_EVENT_SYNC has the same struct): t_ms 0 is now.
 * ERR_INPUT: it cannot be said so. */
enum err wa_client_sync(struct wa_client *c, const struct wa_call *call,
	const struct wa_sync *what);
/* Fetches what is new, all collections. fully: from the beginning. */
enum err wa_client_sync_all(struct wa_client *c, const struct wa_call *call, bool fully);
/* The phone's side: makes a key and gives it to the device `to` (its keys are WA_RECORD_SYNC_KEY).
 */
enum err wa_client_share_sync_keys(struct wa_client *c, const struct wa_call *call,
	const struct jid *to);

#endif
