/*
 * prekey.h: keys of one use, for those who write to us first.
 *
 * A record holds the secret half alone; its name is the id in six hex digits. It is kept before the
 * open half goes out, and erased in the transaction that keeps what it opened.
 * Source: docs/protocol/linked-device-2-messaging.md §3.1, §3.2.
 */
#ifndef WA_SESSION_PREKEY_H
#define WA_SESSION_PREKEY_H

#include "wa/session/device.h"
#include "wa/session/session.h"

uint32_t prekey_after(uint32_t id); /* ids go round */
enum err prekey_keep(const struct wa_store *store, struct arena *arena, uint32_t id,
	const uint8_t secret[CURVE_KEY_SIZE]);
/* ERR_MISSING: used, or never made; ERR_CORRUPT: no key. */
enum err prekey_find(const struct wa_store *store, struct arena *arena, uint32_t id,
	uint8_t secret[CURVE_KEY_SIZE]);
enum err prekey_erase(const struct wa_store *store, struct arena *arena, uint32_t id);

/* By what the server names our keys as it has them: identity, signed prekey and its signature, then
 * the one-time keys in its order: their open halves in one row. */
void prekey_digest(struct arena *arena, const struct device *d, bytes keys, uint8_t out[SHA1_SIZE]);

#endif
