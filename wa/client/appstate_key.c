/*
 * appstate_key.c: keys of app state: asked of the phone when one is missing, given to our others.
 *
 * A key is asked for once a day: the phone may not have it either. See appstate_internal.h.
 */
#include "wa/client/appstate_internal.h"
#include "wa/proto/proto.h"

#define KEY_ASK_MS (24 * 3600 * 1000LL) /* a missing key is asked for so often */

enum err sync_has_key(struct wa_client *c, const struct wa_call *call, bool *has)
{
	bytes id;
	enum err e = sync_key_newest(c, call, &id);

	*has = e == OK;
	return e == ERR_MISSING ? OK : e;
}

static enum err ask_key(struct wa_client *c, const struct wa_call *call, bytes id)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	Wa__AppStateSyncKeyRequest request = WA__APP_STATE_SYNC_KEY_REQUEST__INIT;
	Wa__AppStateSyncKeyId key = WA__APP_STATE_SYNC_KEY_ID__INIT, *keys[] = { &key };
	const struct client_to_peer to = { .priority = "high" };

	PROTO_SET_DATA(&key, key_id, id);
	request.key_ids = keys;
	request.n_key_ids = 1;
	PROTO_SET(&protocol, type, WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_REQUEST);
	protocol.app_state_sync_key_request = &request;
	message.protocol_message = &protocol;
	return client_send_peer(c, call, &message, &to);
}

enum err sync_miss_key(struct wa_client *c, const struct wa_call *call, bytes id)
{
	struct arena *arena = call->out->arena;
	uint8_t hash[SHA256_SIZE];
	int64_t now = call->now->wall_ms, before = 0;
	str key;
	bytes record;
	enum err e;

	sha256(id, hash);
	key = arena_printf(arena, "asked %02x%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2],
		hash[3], hash[4], hash[5]);
	e = client_get(c, call, WA_RECORD_SYNC_STATE, key, &record);
	if (e == OK && record.len == sizeof before)
		memcpy(&before, record.ptr, sizeof before);
	else if (e != OK && e != ERR_MISSING)
		return e;
	if (before && now - before < client_time(c, KEY_ASK_MS) && now >= before)
		return OK;
	TRY(client_keep(c, WA_RECORD_SYNC_STATE, key,
		(bytes){ (const uint8_t *)&now, sizeof now }));
	return ask_key(c, call, id);
}

/* ---- keys that are shared ---- */

enum err client_take_sync_share(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__AppStateSyncKeyShare *share = peer->protocol->app_state_sync_key_share;

	for (size_t i = 0; share && i < share->n_keys; i++)
		TRY(sync_key_keep(c, call, share->keys[i]));
	return share ? sync_want(c, call, SYNC_ALL) : OK;
}

static enum err share(struct wa_client *c, const struct wa_call *call,
	Wa__AppStateSyncKeyShare *keys, uint16_t device)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	const struct client_to_peer to = { .device = device, .priority = "high" };

	PROTO_SET(&protocol, type, WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_SHARE);
	protocol.app_state_sync_key_share = keys;
	message.protocol_message = &protocol;
	return client_send_peer(c, call, &message, &to);
}

enum err client_take_sync_request(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__AppStateSyncKeyRequest *request = peer->protocol->app_state_sync_key_request;
	Wa__AppStateSyncKeyShare answer = WA__APP_STATE_SYNC_KEY_SHARE__INIT;

	if (!request)
		return OK;
	answer.keys = ARENA_ARRAY(call->out->arena, Wa__AppStateSyncKey *, request->n_key_ids + 1);
	for (size_t i = 0; i < request->n_key_ids; i++) {
		bytes id = PROTO_DATA(request->key_ids[i], key_id);
		enum err e = id.len && id.len <= SYNC_KEY_ID_MAX
			? sync_key_get(c, call, id, &answer.keys[answer.n_keys])
			: ERR_MISSING;

		if (e != OK && e != ERR_MISSING)
			return e;
		answer.n_keys += e == OK;
	}
	return answer.n_keys ? share(c, call, &answer, peer->message->sender.device) : OK;
}

static enum err make_key(struct wa_client *c, const struct wa_call *call)
{
	struct arena *arena = call->out->arena;
	Wa__AppStateSyncKey key = WA__APP_STATE_SYNC_KEY__INIT;
	Wa__AppStateSyncKeyId id = WA__APP_STATE_SYNC_KEY_ID__INIT;
	Wa__AppStateSyncKeyData data = WA__APP_STATE_SYNC_KEY_DATA__INIT;
	Wa__AppStateSyncKeyFingerprint fingerprint = WA__APP_STATE_SYNC_KEY_FINGERPRINT__INIT;
	uint8_t *octets = arena_alloc(arena, SYNC_KEY_SIZE), *name = arena_alloc(arena, 6);

	c->config.random(c->config.random_arg, octets, SYNC_KEY_SIZE);
	/* device 0, epoch 1 */
	name[5] = 1;
	PROTO_SET_DATA(&id, key_id, ((bytes){ name, 6 }));
	PROTO_SET_DATA(&data, key_data, ((bytes){ octets, SYNC_KEY_SIZE }));
	PROTO_SET(&data, timestamp, call->now->wall_ms);
	PROTO_SET(&fingerprint, raw_id, 1);
	PROTO_SET(&fingerprint, current_index, 0);
	data.fingerprint = &fingerprint;
	key.key_id = &id;
	key.key_data = &data;
	return sync_key_keep(c, call, &key);
}

struct keys { struct arena *arena; Wa__AppStateSyncKeyShare share; };
#define SHARED_KEYS_MAX 16

static enum err add_key(void *arg, str name, bytes value)
{
	struct keys *keys = arg;
	Wa__AppStateSyncKey *key = PROTO_UNPACK(keys->arena, Wa__AppStateSyncKey,
		wa__app_state_sync_key, arena_bytes(keys->arena, value));

	(void)name;
	if (key && keys->share.n_keys < SHARED_KEYS_MAX)
		keys->share.keys[keys->share.n_keys++] = key;
	return OK;
}

enum err wa_client_share_sync_keys(struct wa_client *c, const struct wa_call *call,
	const struct jid *to)
{
	struct keys keys = { call->out->arena, WA__APP_STATE_SYNC_KEY_SHARE__INIT };
	bool has;

	TRY(sync_has_key(c, call, &has));
	if (!has)
		TRY(make_key(c, call));
	keys.share.keys = ARENA_ARRAY(keys.arena, Wa__AppStateSyncKey *, SHARED_KEYS_MAX);
	TRY(client_scan(c, WA_RECORD_SYNC_KEY, S(""), add_key, &keys));
	TRY(share(c, call, &keys.share, to->device));
	/* What was done before there was a key can be said now. */
	return sync_want(c, call, SYNC_ALL);
}
