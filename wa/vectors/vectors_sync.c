/* vectors_sync.c: app state and histories. */
#include "base/codec.h"
#include "wa/appstate/appstate.h"
#include "wa/history/history.h"
#include "wa/proto/proto.h"
#include "wa/vectors/vectors.h"

/* ---- lthash ---- */

static void change_hash(struct vectors *v, json list, uint8_t hash[SYNC_HASH_SIZE],
	void (*change)(uint8_t hash[SYNC_HASH_SIZE], bytes value_mac))
{
	for (size_t i = 0; i < json_count(list); i++) {
		struct buf mac = buf_in(v->arena, SYNC_MAC_SIZE);

		check(v, hex_read(json_text(json_at(list, i)), &mac) && mac.len == SYNC_MAC_SIZE,
			"a value MAC has 32 octets");
		change(hash, buf_bytes(&mac));
	}
}

static void lthash_case(struct vectors *v, json c)
{
	bytes base = octets_at(v, c, "base");
	uint8_t hash[SYNC_HASH_SIZE];

	if (!check(v, base.len == sizeof hash, "the base has 128 octets"))
		return;
	memcpy(hash, base.ptr, sizeof hash);
	change_hash(v, json_field(c, "subtract"), hash, sync_hash_take);
	change_hash(v, json_field(c, "add"), hash, sync_hash_add);
	check_octets(v, (bytes){ hash, sizeof hash }, c, "result");
}

void vectors_lthash(struct vectors *v)
{
	each_case(v, v->part, lthash_case);
}

/* ---- app_state: patch after patch, written and read, and a snapshot ---- */

#define ROWS_MAX 64

struct map {
	struct vectors *v;
	json part;
	struct sync_state state;
	struct { uint8_t index[SYNC_MAC_SIZE], value[SYNC_MAC_SIZE]; } rows[ROWS_MAX];
	size_t count;
	bytes iv;
};

static enum err map_key(void *arg, bytes id, uint8_t out[SYNC_KEY_SIZE])
{
	struct map *map = arg;
	bytes key = octets_at(map->v, map->part, "key_data");

	check_octets(map->v, id, map->part, "key_id");
	if (key.len != SYNC_KEY_SIZE)
		return ERR_MISSING;
	memcpy(out, key.ptr, SYNC_KEY_SIZE);
	return OK;
}

static size_t map_row(const struct map *map, const uint8_t index_mac[SYNC_MAC_SIZE])
{
	size_t i = 0;

	while (i < map->count && memcmp(map->rows[i].index, index_mac, SYNC_MAC_SIZE) != 0)
		i++;
	return i;
}

static enum err map_old(void *arg, const uint8_t index_mac[SYNC_MAC_SIZE],
	uint8_t out[SYNC_MAC_SIZE])
{
	const struct map *map = arg;
	size_t i = map_row(map, index_mac);

	if (i == map->count)
		return ERR_MISSING;
	memcpy(out, map->rows[i].value, SYNC_MAC_SIZE);
	return OK;
}

static void map_random(void *arg, void *out, size_t size)
{
	const struct map *map = arg;

	check(map->v, map->iv.len == size, "only an IV is drawn");
	memcpy(out, map->iv.ptr, size < map->iv.len ? size : map->iv.len);
}

static void map_keep(struct map *map, const struct sync_step *step)
{
	const struct sync_item *item = &step->items[0];
	size_t i = map_row(map, item->index_mac);

	map->state = step->state;
	if (item->is_removal && i < map->count)
		map->rows[i] = map->rows[--map->count];
	if (item->is_removal || i == ROWS_MAX)
		return;
	map->count += i == map->count;
	memcpy(map->rows[i].index, item->index_mac, SYNC_MAC_SIZE);
	memcpy(map->rows[i].value, item->value_mac, SYNC_MAC_SIZE);
}

static void check_expanded(struct vectors *v, json part)
{
	struct sync_keys keys;
	bytes key = octets_at(v, part, "key_data");

	if (!check(v, key.len == SYNC_KEY_SIZE, "the key has 32 octets"))
		return;
	sync_expand(key.ptr, &keys);
	check_octets(v, (bytes){ keys.index, 32 }, part, "expanded.index");
	check_octets(v, (bytes){ keys.value, 32 }, part, "expanded.value_encryption");
	check_octets(v, (bytes){ keys.value_mac, 32 }, part, "expanded.value_mac");
	check_octets(v, (bytes){ keys.snapshot_mac, 32 }, part, "expanded.snapshot_mac");
	check_octets(v, (bytes){ keys.patch_mac, 32 }, part, "expanded.patch_mac");
}

static void check_step(struct vectors *v, const struct sync_step *step, json c)
{
	check_octets(v, (bytes){ step->items[0].index_mac, SYNC_MAC_SIZE }, c, "index_mac");
	check_octets(v, (bytes){ step->items[0].value_mac, SYNC_MAC_SIZE }, c, "value_mac");
	check_octets(v, (bytes){ step->state.hash, SYNC_HASH_SIZE }, c, "lthash_after");
	check_int(v, (int64_t)step->state.version, c, "version_after");
}

static void check_read_patch(struct vectors *v, struct sync_book *book, const struct map *map,
	json c)
{
	const Wa__SyncdPatch *patch = PROTO_UNPACK(v->arena, Wa__SyncdPatch, wa__syncd_patch,
		octets_at(v, c, "patch"));
	struct sync_step step;

	if (!check(v, patch != NULL, "the patch unpacks"))
		return;
	check_octets(v, PROTO_DATA(patch, snapshot_mac), c, "snapshot_mac");
	check_octets(v, PROTO_DATA(patch, patch_mac), c, "patch_mac");
	if (!check(v, sync_patch_read(book, &map->state, patch, NULL, &step) == OK,
		    "the patch is proven"))
		return;
	check_step(v, &step, c);
	check_text(v, str_from(PROTO_DATA(step.items[0].data, index)), c, "index_json");
	check_int(v, step.items[0].data->version, c, "action_version");
}

static void patch_case(struct vectors *v, struct map *map, json c)
{
	struct sync_book book = { v->arena,
		sync_collection_find(text_at(v, map->part, "collection")), map, map_key, map_old,
		BYTES_NONE };
	const struct sync_writer w = { &book, octets_at(v, map->part, "key_id"), map_random, map };
	struct sync_change change = { str_is(text_at(v, c, "operation"), S("REMOVE")),
		octets_at(v, c, "sync_action_data") };
	struct sync_step step;
	bytes patch;

	if (!check(v, book.collection < SYNC_COLLECTIONS, "the collection is known"))
		return;
	map->iv = octets_at(v, c, "value_iv");
	check_read_patch(v, &book, map, c);
	if (!check(v, sync_patch_write(&w, &map->state, &change, 1, &patch, &step) == OK,
		    "the patch is written"))
		return;
	check_octets(v, patch, c, "patch");
	check_step(v, &step, c);
	map_keep(map, &step);
}

static void check_snapshot(struct vectors *v, struct map *map)
{
	json c = json_field(map->part, "snapshot"), indexes = json_field(c, "indexes");
	struct sync_book book = { v->arena,
		sync_collection_find(text_at(v, map->part, "collection")), map, map_key, map_old,
		BYTES_NONE };
	const Wa__SyncdSnapshot *snapshot = PROTO_UNPACK(v->arena, Wa__SyncdSnapshot,
		wa__syncd_snapshot, octets_at(v, c, "bytes"));
	struct sync_step step;

	if (!check(v, snapshot && sync_snapshot_read(&book, snapshot, &step) == OK,
		    "the snapshot is proven"))
		return;
	check_octets(v, PROTO_DATA(snapshot, mac), c, "mac");
	check_octets(v, (bytes){ step.state.hash, SYNC_HASH_SIZE }, c, "lthash");
	check_int(v, (int64_t)step.state.version, c, "version");
	check(v, json_count(indexes) == step.count, "it has so many entries");
	for (size_t i = 0; i < step.count; i++)
		check(v, str_is(str_from(PROTO_DATA(step.items[i].data, index)),
				 json_text(json_at(indexes, i))),
			"an entry has its index");
}

void vectors_app_state(struct vectors *v)
{
	struct map map = { .v = v, .part = v->part };
	json patches = json_field(v->part, "patches");

	check_expanded(v, v->part);
	check(v, json_count(patches) > 0, "there are patches");
	for (v->at = 0; v->at < json_count(patches); v->at++)
		patch_case(v, &map, json_at(patches, v->at));
	check_snapshot(v, &map);
}

/* ---- histories ---- */

struct told {
	struct vectors *v;
	json first;
	size_t messages, chats, names;
	struct buf names_text;
};

static enum err told_message(void *arg, str chat, const Wa__WebMessageInfo *message)
{
	struct told *t = arg;
	const Wa__Message *m = message->message;

	if (t->messages++ > 0)
		return OK;
	check_text(t->v, chat, t->first, "id");
	check_text(t->v,
		str_of(!m                             ? NULL
			: m->conversation             ? m->conversation
			: m->extended_text_message    ? m->extended_text_message->text
						      : NULL),
		t->first, "text");
	return OK;
}

static enum err told_chat(void *arg, const Wa__Conversation *chat, size_t count)
{
	struct told *t = arg;

	(void)count;
	if (t->chats++ > 0)
		return OK;
	check_text(t->v, str_of(chat->id), t->first, "id");
	check_text(t->v, str_of(chat->name), t->first, "name");
	check_text(t->v, str_of(chat->pn_jid), t->first, "pn");
	return OK;
}

static enum err told_name(void *arg, str jid, str name)
{
	struct told *t = arg;

	t->names++;
	buf_printf(&t->names_text, STR_F "=" STR_F ";", STR_A(jid), STR_A(name));
	return OK;
}

static enum err read_history(struct told *t, bytes file)
{
	const struct wa_history_handler handler = { .arg = t, .message = told_message,
		.chat = told_chat, .push_name = told_name };
	struct wa_history_reader *r = wa_history_create(&handler);

	for (size_t i = 0; i < file.len; i++)
		if (wa_history_feed(r, (bytes){ file.ptr + i, 1 }) != OK)
			break;
	return wa_history_finish(r, NULL);
}

static void history_case(struct vectors *v, json c)
{
	struct told t = { .v = v, .first = json_field(c, "first"),
		.names_text = buf_in(v->arena, 1u << 20) };
	const Wa__HistorySync *whole = PROTO_UNPACK(v->arena, Wa__HistorySync, wa__history_sync,
		octets_at(v, c, "protobuf"));

	check(v, read_history(&t, octets_at(v, c, "zlib")) == OK, "the history is read");
	check_int(v, (int64_t)t.chats, c, "conversations");
	if (check(v, whole != NULL, "the protobuf unpacks"))
		check_octets(v, proto_bytes(v->arena, whole), c, "protobuf");
}

void vectors_history_sync(struct vectors *v)
{
	each_case(v, v->part, history_case);
}

static void push_names_case(struct vectors *v, json c)
{
	struct told t = { .v = v, .names_text = buf_in(v->arena, 1u << 20) };

	check(v, read_history(&t, octets_at(v, c, "zlib")) == OK, "the names are read");
	check(v, t.names > 0 && t.messages == 0, "names, and nothing else");
}

void vectors_history_push_names(struct vectors *v)
{
	each_case(v, v->part, push_names_case);
}
