/* appstate_store.c: the records of app state: keys, versions, values, and what waits to be sent. */
#include "wa/client/client_sync.h"

#include "base/codec.h"
#include "wa/proto/proto.h"

#define RECORD_SIZE (8 + SYNC_HASH_SIZE + 2)

/* The last octet. */
enum { FLAG_RECOVERED = 1, FLAG_READ = 2 };
#define EPOCH_AT 2

/* ---- collections ---- */

enum err sync_record_get(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, struct sync_record *out)
{
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_SYNC_STATE, sync_collection_name(collection),
		&record);

	*out = (struct sync_record){ 0 };
	if (e == ERR_MISSING)
		return OK;
	TRY(e);
	/* A record that does not read is none: the collection is fetched from its beginning. */
	if (record.len != RECORD_SIZE)
		return OK;
	for (size_t i = 0; i < 8; i++)
		out->state.version = out->state.version << 8 | record.ptr[i];
	memcpy(out->state.hash, record.ptr + 8, SYNC_HASH_SIZE);
	out->failures = record.ptr[RECORD_SIZE - 2];
	out->was_recovered = record.ptr[RECORD_SIZE - 1] & FLAG_RECOVERED;
	out->was_read = record.ptr[RECORD_SIZE - 1] & FLAG_READ;
	return OK;
}

enum err sync_record_put(struct wa_client *c, enum sync_collection collection,
	const struct sync_record *record)
{
	uint8_t octets[RECORD_SIZE];

	for (size_t i = 0; i < 8; i++)
		octets[i] = (uint8_t)(record->state.version >> (56 - 8 * i));
	memcpy(octets + 8, record->state.hash, SYNC_HASH_SIZE);
	octets[RECORD_SIZE - 2] = record->failures;
	octets[RECORD_SIZE - 1] = (record->was_recovered ? FLAG_RECOVERED : 0) |
		(record->was_read ? FLAG_READ : 0);
	return client_keep(c, WA_RECORD_SYNC_STATE, sync_collection_name(collection),
		(bytes){ octets, sizeof octets });
}

/* ---- values ---- */

static str value_key(struct arena *arena, enum sync_collection collection,
	const uint8_t index_mac[SYNC_MAC_SIZE])
{
	str name = sync_collection_name(collection),
	    hex = hex_text(arena, (bytes){ index_mac, SYNC_MAC_SIZE });

	return arena_printf(arena, STR_F " " STR_F, STR_A(name), STR_A(hex));
}

static enum err drop_value(void *arg, str key, bytes value)
{
	(void)value;
	return client_drop(arg, WA_RECORD_SYNC_VALUE, key);
}

static str prefix_of(struct arena *arena, enum sync_collection collection)
{
	str name = sync_collection_name(collection);

	return arena_printf(arena, STR_F " ", STR_A(name));
}

enum err sync_step_keep(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_step *step, bool replaces)
{
	struct arena *arena = call->out->arena;
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	record = (struct sync_record){ .state = step->state, .was_read = record.was_read };
	if (replaces)
		TRY(client_scan(c, WA_RECORD_SYNC_VALUE, prefix_of(arena, collection), drop_value,
			c));
	for (size_t i = 0; i < step->count; i++) {
		const struct sync_item *item = &step->items[i];
		str key = value_key(arena, collection, item->index_mac);

		if (item->is_removal)
			TRY(client_drop(c, WA_RECORD_SYNC_VALUE, key));
		else
			TRY(client_keep(c, WA_RECORD_SYNC_VALUE, key,
				(bytes){ item->value_mac, SYNC_MAC_SIZE }));
	}
	return sync_record_put(c, collection, &record);
}

/* ---- keys ---- */

static str key_name(struct arena *arena, bytes id)
{
	return hex_text(arena, id);
}

enum err sync_key_get(struct wa_client *c, const struct wa_call *call, bytes id,
	Wa__AppStateSyncKey **out)
{
	struct arena *arena = call->out->arena;
	bytes record;

	TRY(client_get(c, call, WA_RECORD_SYNC_KEY, key_name(arena, id), &record));
	*out = PROTO_UNPACK(arena, Wa__AppStateSyncKey, wa__app_state_sync_key, record);
	if (!*out || !(*out)->key_data ||
		PROTO_DATA((*out)->key_data, key_data).len != SYNC_KEY_SIZE)
		return ERR_MISSING;
	return OK;
}

enum err sync_key_keep(struct wa_client *c, const struct wa_call *call,
	const Wa__AppStateSyncKey *key)
{
	struct arena *arena = call->out->arena;
	bytes id = key->key_id ? PROTO_DATA(key->key_id, key_id) : BYTES_NONE;

	if (id.len == 0 || id.len > SYNC_KEY_ID_MAX || !key->key_data ||
		PROTO_DATA(key->key_data, key_data).len != SYNC_KEY_SIZE)
		return OK;
	return client_keep(c, WA_RECORD_SYNC_KEY, key_name(arena, id), proto_bytes(arena, key));
}

struct newest { struct arena *arena; str name; uint64_t epoch; };

/* The id ends with the epoch: the larger, the newer. */
static enum err look_at_key(void *arg, str key, bytes value)
{
	struct newest *newest = arg;
	struct buf id = buf_in(newest->arena, SYNC_KEY_ID_MAX);
	uint64_t epoch = 0;

	(void)value;
	if (!hex_read(key, &id))
		return OK;
	for (size_t i = EPOCH_AT; i < id.len && i < EPOCH_AT + 4; i++)
		epoch = epoch << 8 | id.ptr[i];
	if (newest->name.ptr && epoch < newest->epoch)
		return OK;
	newest->epoch = epoch;
	newest->name = arena_str(newest->arena, key);
	return OK;
}

enum err sync_key_newest(struct wa_client *c, const struct wa_call *call, bytes *id)
{
	struct newest newest = { .arena = call->out->arena };
	struct buf octets = buf_in(call->out->arena, SYNC_KEY_ID_MAX);

	TRY(client_scan(c, WA_RECORD_SYNC_KEY, S(""), look_at_key, &newest));
	if (!newest.name.ptr || !hex_read(newest.name, &octets))
		return ERR_MISSING;
	*id = buf_bytes(&octets);
	return OK;
}

/* ---- what patches ask for ---- */

static enum err source_key(void *arg, bytes id, uint8_t out[SYNC_KEY_SIZE])
{
	const struct sync_source *source = arg;
	Wa__AppStateSyncKey *key;

	TRY(sync_key_get(source->c, source->call, id, &key));
	memcpy(out, key->key_data->key_data.data, SYNC_KEY_SIZE);
	return OK;
}

static enum err source_old(void *arg, const uint8_t index_mac[SYNC_MAC_SIZE],
	uint8_t out[SYNC_MAC_SIZE])
{
	const struct sync_source *source = arg;
	bytes value;

	TRY(client_get(source->c, source->call, WA_RECORD_SYNC_VALUE,
		value_key(source->call->out->arena, source->book.collection, index_mac), &value));
	if (value.len != SYNC_MAC_SIZE)
		return ERR_MISSING;
	memcpy(out, value.ptr, SYNC_MAC_SIZE);
	return OK;
}

void sync_source_init(struct sync_source *source, struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection)
{
	*source = (struct sync_source){ c, call,
		{ .arena = call->out->arena,
			.collection = collection,
			.arg = source,
			.key = source_key,
			.old = source_old } };
}

/* ---- what waits to be sent ---- */

/* By its index: a later word about the same takes the place of this one. */
static str out_key(struct arena *arena, enum sync_collection collection, bytes index)
{
	uint8_t hash[SHA256_SIZE];

	sha256(index, hash);
	return value_key(arena, collection, hash);
}

enum err sync_out_put(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, bytes data)
{
	struct arena *arena = call->out->arena;
	const Wa__SyncActionData *action = PROTO_UNPACK(arena, Wa__SyncActionData,
		wa__sync_action_data, data);

	if (!action)
		return ERR_INPUT;
	return client_keep(c, WA_RECORD_SYNC_OUT,
		out_key(arena, collection, PROTO_DATA(action, index)), data);
}

static int64_t said_ms(const Wa__SyncActionData *action)
{
	return action && action->value ? action->value->timestamp : 0;
}

enum err sync_out_settle(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_item *item, bool *stands)
{
	struct arena *arena = call->out->arena;
	str key = out_key(arena, collection, PROTO_DATA(item->data, index));
	bytes data;
	enum err e = client_get(c, call, WA_RECORD_SYNC_OUT, key, &data);

	*stands = true;
	if (e == ERR_MISSING)
		return OK;
	TRY(e);
	*stands = said_ms(item->data) >= said_ms(PROTO_UNPACK(arena, Wa__SyncActionData,
						 wa__sync_action_data, data));
	return *stands ? client_drop(c, WA_RECORD_SYNC_OUT, key) : OK;
}

struct gathering { struct arena *arena; struct sync_waiting *out; };

static enum err gather(void *arg, str key, bytes value)
{
	struct gathering *g = arg;
	struct sync_waiting *out = g->out;

	if (out->count == SYNC_OUT_MAX)
		return ERR_LIMIT;
	out->keys[out->count] = arena_str(g->arena, key);
	out->changes[out->count++].data = arena_bytes(g->arena, value);
	return OK;
}

enum err sync_out_get(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, struct sync_waiting *out)
{
	struct gathering g = { call->out->arena, out };
	enum err e;

	*out = (struct sync_waiting){ 0 };
	e = client_scan(c, WA_RECORD_SYNC_OUT, prefix_of(call->out->arena, collection), gather, &g);
	return e == ERR_LIMIT ? OK : e;
}
