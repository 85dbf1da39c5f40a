/* simulator_people.c: accounts, their devices, and who knows of them; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include "base/codec.h"
#include "wa/proto/proto.h"
#include "wa_adv.pb-c.h"

#include <stdio.h>
#include <stdlib.h>

#define FNV_START 2166136261u
#define FNV_PRIME 16777619u

void sim_text_set(char **to, str text)
{
	char *copy = heap_alloc(text.len + 1);

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	heap_free(*to);
	*to = copy;
}

void sim_octets_set(struct sim_octets *to, bytes octets)
{
	heap_free(to->ptr);
	*to = (struct sim_octets){ 0 };
	if (!octets.len)
		return;
	to->ptr = heap_alloc(octets.len);
	to->len = octets.len;
	memcpy(to->ptr, octets.ptr, octets.len);
}

/* ---- finding ---- */

static size_t place_of(str user)
{
	uint32_t hash = FNV_START;

	for (size_t i = 0; i < user.len; i++)
		hash = (hash ^ (uint8_t)user.ptr[i]) * FNV_PRIME;
	return hash % SIM_TABLE;
}

struct sim_phone *sim_phone_find(const struct sim *sim, str number)
{
	for (struct sim_phone *p = sim->by_number[place_of(number)]; p; p = p->next_number)
		if (str_is(str_of(p->number), number))
			return p;
	return NULL;
}

struct sim_phone *sim_phone_of(const struct sim *sim, const struct jid *jid)
{
	if (str_is(jid->server, JID_SERVER_PN) || str_is(jid->server, S("c.us")))
		return sim_phone_find(sim, jid->user);
	if (!str_is(jid->server, JID_SERVER_LID))
		return NULL;
	for (struct sim_phone *p = sim->by_lid[place_of(jid->user)]; p; p = p->next_lid)
		if (str_is(str_of(p->lid), jid->user))
			return p;
	return NULL;
}

struct jid sim_phone_jid(const struct sim_phone *phone, bool is_lid, uint16_t device)
{
	return (struct jid){ .user = str_of(is_lid ? phone->lid : phone->number),
		.server = is_lid ? JID_SERVER_LID : JID_SERVER_PN, .device = device };
}

struct sim_device *sim_device_find(const struct sim_phone *phone, uint16_t number)
{
	if (phone && number == 0)
		return phone->primary;
	for (size_t i = 0; phone && i < SIM_DEVICES_MAX; i++)
		if (phone->devices[i] && phone->devices[i]->number == number)
			return phone->devices[i];
	return NULL;
}

struct sim_device *sim_device_of(const struct sim *sim, const struct jid *jid)
{
	return sim_device_find(sim_phone_of(sim, jid), jid->device);
}

size_t sim_phone_devices(const struct sim_phone *phone, struct sim_device *out[SIM_DEVICES_MAX + 1])
{
	size_t count = 0;

	out[count++] = phone->primary;
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (phone->devices[i])
			out[count++] = phone->devices[i];
	return count;
}

/* ---- making ---- */

void sim_device_free(struct sim_device *d)
{
	if (!d)
		return;
	sim_device_queue_clear(d);
	heap_free(d->prekeys);
	heap_free(d);
}

static void free_collections(struct sim_phone *phone)
{
	for (size_t i = 0; i < SIM_COLLECTIONS; i++) {
		struct sim_collection *c = &phone->collections[i];

		for (size_t j = 0; j < c->count; j++)
			heap_free(c->patches[j].octets);
		heap_free(c->patches);
	}
}

static void free_items(struct sim_item *item)
{
	while (item) {
		struct sim_item *next = item->next;

		heap_free(item);
		item = next;
	}
}

void sim_phone_free(struct sim_phone *phone)
{
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		sim_device_free(phone->devices[i]);
	sim_device_free(phone->primary);
	free_collections(phone);
	free_items(phone->inbox);
	for (size_t i = 0; i < SIM_PRIVACY; i++)
		heap_free(phone->privacy[i]);
	for (size_t i = 0; i < SIM_BUSINESS; i++)
		heap_free(phone->business[i]);
	heap_free(phone->name);
	heap_free(phone->about.text);
	heap_free(phone->picture_id.text);
	heap_free(phone->picture.ptr);
	heap_free(phone->blocked);
	heap_free(phone->watchers);
	device_wipe(&phone->keys);
	heap_free(phone);
}

static void copy_keys(struct sim_phone *phone)
{
	struct sim_device *d = phone->primary;
	const struct device *keys = &phone->keys;

	memcpy(d->identity, keys->identity.open, CURVE_KEY_SIZE);
	memcpy(d->skey, keys->signed_prekey.open, CURVE_KEY_SIZE);
	memcpy(d->skey_signature, keys->signed_prekey_signature, CURVE_SIGNATURE_SIZE);
	d->skey_id = keys->signed_prekey_id;
	d->registration_id = keys->registration_id;
}

static void make_keys(struct sim_phone *phone)
{
	uint8_t seed[DEVICE_SEED_SIZE];

	sim_random(phone->sim, seed, sizeof seed);
	device_make(&phone->keys, seed);
	wa_text_set(&phone->keys.pn.user, str_of(phone->number));
	wa_text_set(&phone->keys.lid.user, str_of(phone->lid));
	phone->keys.is_paired = true;
	memcpy(phone->keys.primary_identity, phone->keys.identity.open, CURVE_KEY_SIZE);
}

static void make_primary(struct sim_phone *phone)
{
	phone->primary = HEAP_NEW(struct sim_device);
	phone->primary->phone = phone;
	phone->primary->queue_end = &phone->primary->queue;
	copy_keys(phone);
}

static void put_into_tables(struct sim *sim, struct sim_phone *p)
{
	struct sim_phone **number = &sim->by_number[place_of(str_of(p->number))],
			 **lid = &sim->by_lid[place_of(str_of(p->lid))];

	p->next_number = *number;
	*number = p;
	p->next_lid = *lid;
	*lid = p;
	p->next = sim->phones;
	sim->phones = p;
}

struct sim_phone *sim_phone_get(struct sim *sim, str number)
{
	struct sim_phone *p = sim_phone_find(sim, number);

	if (p)
		return p;
	p = HEAP_NEW(struct sim_phone);
	p->sim = sim;
	snprintf(p->number, sizeof p->number, STR_F, STR_A(number));
	snprintf(p->lid, sizeof p->lid, "1%.13s9", p->number);
	make_keys(p);
	p->next_device = 1;
	p->next_key_index = 1;
	p->inbox_end = &p->inbox;
	make_primary(p);
	put_into_tables(sim, p);
	sim->changes++;
	return p;
}

/* Those who know the account are told that it has new keys. */
static void tell_identity(struct sim_phone *p)
{
	struct jid own = sim_phone_jid(p, false, 0);
	struct node *note = sim_notification(p->sim, &own, "encrypt");

	node_add(p->sim->arena, note, "identity");
	for (size_t i = 0; i < p->watcher_count; i++)
		sim_phone_post(p->watchers[i], NULL, note);
}

enum err sim_reset_identity(struct sim *sim, str phone, int64_t now_ms)
{
	struct sim_phone *p = sim_phone_find(sim, phone);

	if (!p)
		return ERR_MISSING;
	(void)sim_unlink(sim, phone, 0, now_ms); /* it may have no devices */
	sim_begin(sim, now_ms);
	make_keys(p);
	copy_keys(p);
	p->primary->prekey_count = 0;
	sim_device_queue_clear(p->primary);
	tell_identity(p);
	sim->changes++;
	sim_end(sim);
	return OK;
}

/* ---- the list of devices ---- */

bytes sim_key_index_list(struct sim_phone *phone)
{
	struct sim *sim = phone->sim;
	Wa__ADVKeyIndexList list = WA__ADVKEY_INDEX_LIST__INIT;
	Wa__ADVSignedKeyIndexList signed_list = WA__ADVSIGNED_KEY_INDEX_LIST__INIT;
	uint32_t valid[SIM_DEVICES_MAX];
	uint8_t noise[CURVE_NOISE_SIZE], *signature = arena_alloc(sim->arena, CURVE_SIGNATURE_SIZE);
	struct buf what = buf_in(sim->arena, 4096);
	bytes details;

	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (phone->devices[i])
			valid[list.n_valid_indexes++] = phone->devices[i]->key_index;
	list.valid_indexes = valid;
	PROTO_SET(&list, raw_id, SIM_RAW_ID);
	PROTO_SET(&list, timestamp, (uint64_t)(sim->now_ms / 1000));
	PROTO_SET(&list, current_index, phone->next_key_index - 1);
	details = proto_bytes(sim->arena, &list);
	buf_put(&what, "\6\2", 2);
	buf_put(&what, details.ptr, details.len);
	sim_random(sim, noise, sizeof noise);
	curve_sign(phone->keys.identity.secret, buf_bytes(&what), noise, signature);
	PROTO_SET_DATA(&signed_list, details, details);
	PROTO_SET_DATA(&signed_list, account_signature,
		((bytes){ signature, CURVE_SIGNATURE_SIZE }));
	return proto_bytes(sim->arena, &signed_list);
}

static int compare(const void *a, const void *b)
{
	return str_compare(*(const str *)a, *(const str *)b);
}

str sim_phash(struct sim *sim, const struct jid *jids, size_t count)
{
	str *names = ARENA_ARRAY(sim->arena, str, count);
	struct buf all = buf_in(sim->arena, count * 64 + 1), out = buf_in(sim->arena, 16);
	uint8_t hash[SHA256_SIZE];

	for (size_t i = 0; i < count; i++)
		names[i] = arena_printf(sim->arena, STR_F ".0:%u@" STR_F, STR_A(jids[i].user),
			jids[i].device, STR_A(jids[i].server));
	qsort(names, count, sizeof *names, compare);
	for (size_t i = 0; i < count; i++)
		buf_str(&all, names[i]);
	sha256(buf_bytes(&all), hash);
	buf_str(&out, S("2:"));
	base64_write(&out, (bytes){ hash, 6 });
	return buf_text(&out);
}

static str hash_of_devices(struct sim_phone *phone, bool is_lid)
{
	struct sim_device *devices[SIM_DEVICES_MAX + 1];
	struct jid jids[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(phone, devices);

	for (size_t i = 0; i < count; i++)
		jids[i] = sim_phone_jid(phone, is_lid, devices[i]->number);
	return sim_phash(phone->sim, jids, count);
}

void sim_phone_watch(struct sim_phone *phone, struct sim_phone *watcher)
{
	if (phone == watcher)
		return;
	for (size_t i = 0; i < phone->watcher_count; i++)
		if (phone->watchers[i] == watcher)
			return;
	phone->watchers = heap_grow(phone->watchers,
		(phone->watcher_count + 1) * sizeof(struct sim_phone *));
	phone->watchers[phone->watcher_count++] = watcher;
}

static void put_device(struct sim_phone *phone, struct node *into, const struct sim_device *d)
{
	struct arena *arena = phone->sim->arena;
	struct node *node = node_add(arena, into, "device");
	struct jid pn = sim_phone_jid(phone, false, d->number),
		   lid = sim_phone_jid(phone, true, d->number);

	node_put_jid(arena, node, "jid", &pn);
	node_put_jid(arena, node, "lid", &lid);
	if (d->number)
		node_put_int(arena, node, "key-index", d->key_index);
}

/* The complete new list, to the account's own. */
static void tell_own(struct sim_phone *phone)
{
	struct arena *arena = phone->sim->arena;
	struct jid own = sim_phone_jid(phone, false, 0);
	struct node *note = sim_notification(phone->sim, &own, "account_sync"),
		    * list = node_add(arena, note, "devices");
	struct sim_device *devices[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(phone, devices);

	node_put(arena, list, "dhash", hash_of_devices(phone, false));
	for (size_t i = 0; i < count; i++)
		put_device(phone, list, devices[i]);
	sim_phone_post(phone, NULL, note);
}

static void tell_watchers(struct sim_phone *phone, const struct sim_device *changed,
	bool is_removed)
{
	struct arena *arena = phone->sim->arena;
	struct jid pn = sim_phone_jid(phone, false, 0), lid = sim_phone_jid(phone, true, 0);
	struct node *note = sim_notification(phone->sim, &pn, "devices"), *change, *list;

	node_put_jid(arena, note, "lid", &lid);
	change = node_add(arena, note, is_removed ? "remove" : "add");
	node_put(arena, change, "device_hash", hash_of_devices(phone, false));
	node_put(arena, change, "device_lid_hash", hash_of_devices(phone, true));
	put_device(phone, change, changed);
	list = node_add(arena, change, "key-index-list");
	node_put_int(arena, list, "ts", phone->sim->now_ms / 1000);
	if (!is_removed)
		node_put_data(list, sim_key_index_list(phone));
	for (size_t i = 0; i < phone->watcher_count; i++)
		sim_phone_post(phone->watchers[i], NULL, note);
}

void sim_phone_devices_changed(struct sim_phone *phone, const struct sim_device *changed,
	bool is_removed)
{
	phone->sim->changes++;
	tell_own(phone);
	tell_watchers(phone, changed, is_removed);
}
