/* prekey.c: see prekey.h. */
#include "wa/session/prekey.h"

static str name_of(struct arena *arena, uint32_t id)
{
	return arena_printf(arena, "%06x", id);
}

uint32_t prekey_after(uint32_t id)
{
	return id >= PREKEY_ID_MAX ? 1 : id + 1;
}

enum err prekey_keep(const struct wa_store *store, struct arena *arena, uint32_t id,
	const uint8_t secret[CURVE_KEY_SIZE])
{
	return store->put(store->arg, WA_RECORD_PREKEY, name_of(arena, id),
		(bytes){ secret, CURVE_KEY_SIZE });
}

enum err prekey_find(const struct wa_store *store, struct arena *arena, uint32_t id,
	uint8_t secret[CURVE_KEY_SIZE])
{
	bytes record;

	TRY(store->get(store->arg, WA_RECORD_PREKEY, name_of(arena, id), arena, &record));
	if (record.len != CURVE_KEY_SIZE)
		return ERR_CORRUPT;
	memcpy(secret, record.ptr, CURVE_KEY_SIZE);
	return OK;
}

enum err prekey_erase(const struct wa_store *store, struct arena *arena, uint32_t id)
{
	return store->erase(store->arg, WA_RECORD_PREKEY, name_of(arena, id));
}

void prekey_digest(struct arena *arena, const struct device *d, bytes keys, uint8_t out[SHA1_SIZE])
{
	struct buf all = buf_in(arena, SIZE_MAX / 2);

	buf_put(&all, d->identity.open, CURVE_KEY_SIZE);
	buf_put(&all, d->signed_prekey.open, CURVE_KEY_SIZE);
	buf_put(&all, d->signed_prekey_signature, CURVE_SIGNATURE_SIZE);
	buf_put(&all, keys.ptr, keys.len);
	sha1(buf_bytes(&all), out);
}
