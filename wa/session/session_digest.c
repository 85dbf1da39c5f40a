/*
 * session_digest.c: does the server have our one-time and lasting keys as we have them?
 *
 * Asked after each login, and when the server wishes it. It is a check on the side: no answer, or
 * one that says "not now", changes nothing. Another opinion than ours is mended by an upload, which
 * is rare: a server that never comes to agree would make us keep new keys for ever.
 * Source: docs/protocol/linked-device-1-transport.md §6.4, linked-device-2-messaging.md §3.2.
 */
#include "wa/session/session_internal.h"

#include "wa/session/prekey.h"

/* An answer that names more is not looked through: nobody has so many. */
#define DIGEST_KEYS_MAX 2048
#define KEY_ID_SIZE 3
#define REGISTRATION_SIZE 4
#define CODE_NO_KEYS 404

enum err digest_ask(struct wa_session *s)
{
	struct node *iq;

	if (session_waits_for(s, REQUEST_DIGEST))
		return OK;
	iq = session_request(s, "get", "encrypt");
	node_add(s->out->arena, iq, "digest");
	return session_ask(s, REQUEST_DIGEST, iq);
}

/* ---- what the server has, and what we have ---- */

static bool is_same(bytes theirs, const uint8_t *ours, size_t size)
{
	return theirs.len == size && memcmp(theirs.ptr, ours, size) == 0;
}

static bool is_number(bytes theirs, size_t size, uint32_t ours)
{
	return theirs.len == size && id_of(theirs) == ours;
}

static bool are_lasting_same(const struct device *d, const struct node *digest)
{
	const struct node *skey = node_child(digest, "skey");

	return skey &&
	       is_number(node_child_data(digest, "registration"), REGISTRATION_SIZE,
		       d->registration_id) &&
	       is_same(node_child_data(digest, "identity"), d->identity.open, CURVE_KEY_SIZE) &&
	       is_number(node_child_data(skey, "id"), KEY_ID_SIZE, d->signed_prekey_id) &&
	       is_same(node_child_data(skey, "value"), d->signed_prekey.open, CURVE_KEY_SIZE) &&
	       is_same(node_child_data(skey, "signature"), d->signed_prekey_signature,
		       CURVE_SIGNATURE_SIZE);
}

/* ERR_MISSING, ERR_CORRUPT: we have no such key. */
static enum err put_open(struct wa_session *s, bytes id, struct buf *keys)
{
	uint8_t secret[CURVE_KEY_SIZE];
	struct curve_pair pair;

	if (id.len != KEY_ID_SIZE)
		return ERR_CORRUPT;
	TRY(prekey_find(&s->config.store, s->out->arena, id_of(id), secret));
	curve_pair_of(secret, &pair);
	buf_put(keys, pair.open, CURVE_KEY_SIZE);
	crypto_wipe(secret, sizeof secret);
	crypto_wipe(&pair, sizeof pair);
	return OK;
}

/* Our open halves of the keys that it names, in its order. */
static enum err put_named(struct wa_session *s, const struct node *list, struct buf *keys)
{
	size_t count = 0;

	for (const struct node *id = list ? list->first : NULL; id; id = id->next)
		if (++count > DIGEST_KEYS_MAX)
			return ERR_CORRUPT;
	for (const struct node *id = list ? list->first : NULL; id; id = id->next)
		TRY(put_open(s, node_data(id), keys));
	return OK;
}

/* OK: it agrees with us; ERR_CORRUPT or ERR_MISSING: it does not. */
static enum err compare(struct wa_session *s, const struct node *digest)
{
	struct buf keys = buf_in(s->out->arena, (size_t)DIGEST_KEYS_MAX * CURVE_KEY_SIZE);
	uint8_t hash[SHA1_SIZE];

	if (!digest || !are_lasting_same(&s->device, digest))
		return ERR_CORRUPT;
	TRY(put_named(s, node_child(digest, "list"), &keys));
	prekey_digest(s->out->arena, &s->device, buf_bytes(&keys), hash);
	return is_same(node_child_data(digest, "hash"), hash, sizeof hash) ? OK : ERR_CORRUPT;
}

/* ---- mending ---- */

static bool was_lately(int64_t at_ms, int64_t now_ms, int64_t span_ms)
{
	return at_ms && now_ms >= at_ms && now_ms - at_ms < span_ms;
}

/* Once in a connection, and once a day; keys that went up just now go again only if it is few that
 * the server has of them. */
static enum err mend(struct wa_session *s)
{
	int64_t now_ms = s->now->wall_ms;

	if (s->is_mended || s->is_uploading ||
		was_lately(s->device.mended_ms, now_ms, session_time(s, WA_MEND_EVERY_MS)))
		return OK;
	s->is_mended = true;
	if (was_lately(s->uploaded_ms, s->now->mono_ms, session_time(s, WA_UPLOAD_FRESH_MS)))
		return login_ask_count(s, REQUEST_RECOUNT);
	s->device.mended_ms = now_ms;
	return login_upload(s);
}

enum err digest_take_answer(struct wa_session *s, const struct node *iq)
{
	const struct node *error = node_child(iq, "error");
	enum err e;

	if (node_has(iq, "type", "error"))
		return error && node_int(error, "code", 0) == CODE_NO_KEYS ? mend(s) : OK;
	e = compare(s, node_child(iq, "digest"));
	return e == ERR_CORRUPT || e == ERR_MISSING ? mend(s) : e;
}
