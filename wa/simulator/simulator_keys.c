/* simulator_keys.c: the keys of devices, kept and handed out by the server; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#define FEW_PREKEYS 5

static bool has_prekey(const struct sim_device *d, uint32_t id)
{
	for (size_t i = 0; i < d->prekey_count; i++)
		if (d->prekeys[i].id == id)
			return true;
	return false;
}

static void keep_prekey(struct sim_device *d, uint32_t id, const uint8_t key[CURVE_KEY_SIZE])
{
	struct sim_prekey *to;

	if (d->prekey_count == SIM_PREKEYS_MAX)
		return;
	if (d->prekey_count == d->prekey_cap) {
		d->prekey_cap = d->prekey_cap ? 2 * d->prekey_cap : 64;
		d->prekeys = heap_grow(d->prekeys, d->prekey_cap * sizeof *d->prekeys);
	}
	to = &d->prekeys[d->prekey_count++];
	to->id = id;
	memcpy(to->key, key, CURVE_KEY_SIZE);
}

static void add_prekey(struct sim_device *d, const struct node *key)
{
	bytes id = node_child_data(key, "id"), value = node_child_data(key, "value");

	if (id.len == 3 && value.len == CURVE_KEY_SIZE && !has_prekey(d, id_of(id)))
		keep_prekey(d, id_of(id), value.ptr);
}

/* The signed key, of an upload or alone; false: it is not whole. */
static bool take_signed(struct sim_device *d, const struct node *skey)
{
	bytes id = skey ? node_child_data(skey, "id") : BYTES_NONE,
	      value = skey ? node_child_data(skey, "value") : BYTES_NONE,
	      signature = skey ? node_child_data(skey, "signature") : BYTES_NONE;

	if (id.len != 3 || value.len != CURVE_KEY_SIZE || signature.len != CURVE_SIGNATURE_SIZE)
		return false;
	d->skey_id = id_of(id);
	memcpy(d->skey, value.ptr, CURVE_KEY_SIZE);
	memcpy(d->skey_signature, signature.ptr, CURVE_SIGNATURE_SIZE);
	return true;
}

static void take_upload(struct sim_device *d, const struct node *iq, const struct node *list)
{
	bytes identity = node_child_data(iq, "identity");

	if (identity.len != CURVE_KEY_SIZE ||
		memcmp(identity.ptr, d->identity, CURVE_KEY_SIZE) != 0 ||
		!take_signed(d, node_child(iq, "skey"))) {
		sim_error(d, iq, 406, "not-acceptable");
		return;
	}
	for (const struct node *key = list->first; key; key = key->next)
		add_prekey(d, key);
	d->phone->sim->changes++;
	sim_device_answer(d, sim_result(d, iq));
}

static void put_key(struct arena *arena, struct node *into, uint32_t id, const uint8_t *key)
{
	node_put_data(node_add(arena, into, "id"), id_octets(arena, id, 3));
	node_put_data(node_add(arena, into, "value"), (bytes){ key, CURVE_KEY_SIZE });
}

/* Registration, type, identity and the signed key. */
static void put_lasting(struct arena *arena, struct node *into, const struct sim_device *d)
{
	static const uint8_t curve_type[] = { 5 };
	struct node *skey;

	node_put_data(node_add(arena, into, "registration"),
		id_octets(arena, d->registration_id, 4));
	node_put_data(node_add(arena, into, "type"), (bytes){ curve_type, 1 });
	node_put_data(node_add(arena, into, "identity"), (bytes){ d->identity, CURVE_KEY_SIZE });
	skey = node_add(arena, into, "skey");
	put_key(arena, skey, d->skey_id, d->skey);
	node_put_data(node_add(arena, skey, "signature"),
		(bytes){ d->skey_signature, CURVE_SIGNATURE_SIZE });
}

/* ---- the digest by which a device sees that the server has its keys ---- */

static void put_digest_hash(struct sim_device *d, struct node *digest)
{
	struct arena *arena = d->phone->sim->arena;
	struct buf all = buf_in(arena, (size_t)1 << 20);
	uint8_t *hash = arena_alloc(arena, SHA1_SIZE);

	buf_put(&all, d->identity, CURVE_KEY_SIZE);
	buf_put(&all, d->skey, CURVE_KEY_SIZE);
	buf_put(&all, d->skey_signature, CURVE_SIGNATURE_SIZE);
	for (size_t i = 0; i < d->prekey_count; i++)
		buf_put(&all, d->prekeys[i].key, CURVE_KEY_SIZE);
	sha1(buf_bytes(&all), hash);
	node_put_data(node_add(arena, digest, "hash"), (bytes){ hash, SHA1_SIZE });
}

static void take_digest(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *answer = sim_result(d, iq), *digest = node_add(arena, answer, "digest"),
		    *list;
	int error = d->phone->sim->faults.digest_error;

	if (error > 0)
		sim_error(d, iq, error, "a fault that was asked for");
	if (error)
		return;
	put_lasting(arena, digest, d);
	list = node_add(arena, digest, "list");
	for (size_t i = 0; i < d->prekey_count; i++)
		node_put_data(node_add(arena, list, "id"), id_octets(arena, d->prekeys[i].id, 3));
	put_digest_hash(d, digest);
	sim_device_answer(d, answer);
}

/* ---- for those who write to a device first ---- */

static void warn_of_few(struct sim_device *d)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *note = sim_notification(d->phone->sim, &jid_server, "encrypt");

	node_put_int(arena, node_add(arena, note, "count"), "value", (int64_t)d->prekey_count);
	sim_device_post(d, note);
}

static void put_one_time(struct sim_device *d, struct node *into)
{
	struct arena *arena = d->phone->sim->arena;
	struct sim_prekey *key = ARENA_NEW(arena, struct sim_prekey);

	if (!d->prekey_count || d->phone->sim->faults.no_prekeys)
		return;
	*key = d->prekeys[0];
	memmove(d->prekeys, d->prekeys + 1, --d->prekey_count * sizeof *d->prekeys);
	put_key(arena, node_add(arena, into, "key"), key->id, key->key);
	d->phone->sim->changes++;
	if (d->prekey_count == FEW_PREKEYS - 1)
		warn_of_few(d);
}

static void take_fetch(struct sim_device *d, const struct node *iq, const struct node *wanted)
{
	struct sim *sim = d->phone->sim;
	struct node *answer = sim_result(d, iq), *list = node_add(sim->arena, answer, "list");

	for (const struct node *n = wanted->first; n; n = n->next) {
		struct node *user = node_add(sim->arena, list, "user"), *error;
		struct sim_device *of;
		struct jid jid;

		if (!node_jid(n, "jid", &jid))
			continue;
		node_put_jid(sim->arena, user, "jid", &jid);
		of = sim_device_of(sim, &jid);
		if (of) {
			put_lasting(sim->arena, user, of);
			put_one_time(of, user);
			continue;
		}
		error = node_add(sim->arena, user, "error");
		node_put(sim->arena, error, "code", S("406"));
		node_put(sim->arena, error, "text", S("not-acceptable"));
	}
	sim_device_answer(d, answer);
}

static void take_rotation(struct sim_device *d, const struct node *iq, const struct node *rotate)
{
	if (!take_signed(d, node_child(rotate, "skey"))) {
		sim_error(d, iq, 406, "not-acceptable");
		return;
	}
	d->phone->sim->changes++;
	sim_device_answer(d, sim_result(d, iq));
}

void sim_take_encrypt(struct sim_device *d, const struct node *iq)
{
	const struct node *list = node_child(iq, "list"), *key = node_child(iq, "key"),
			  *rotate = node_child(iq, "rotate");
	struct node *answer;

	if (list) {
		take_upload(d, iq, list);
	} else if (key) {
		take_fetch(d, iq, key);
	} else if (rotate) {
		take_rotation(d, iq, rotate);
	} else if (node_child(iq, "digest")) {
		take_digest(d, iq);
	} else {
		answer = sim_result(d, iq);
		node_put_int(d->phone->sim->arena, node_add(d->phone->sim->arena, answer, "count"),
			"value", (int64_t)d->prekey_count);
		sim_device_answer(d, answer);
	}
}

void sim_use_prekeys(struct sim *sim, str phone, uint16_t device, size_t left, int64_t now_ms)
{
	struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);

	if (!d || d->prekey_count <= left)
		return;
	sim_begin(sim, now_ms);
	d->prekey_count = left;
	warn_of_few(d);
	sim_end(sim);
}

void sim_harm_keys(struct sim *sim, str phone, uint16_t device, enum sim_harm harm)
{
	struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);
	uint8_t strange[CURVE_KEY_SIZE] = { 9 };

	if (!d || !d->prekey_count)
		return;
	if (harm == SIM_HARM_SIGNED)
		d->skey[0] ^= 1;
	else if (harm == SIM_HARM_ONE_TIME)
		d->prekeys[d->prekey_count - 1].key[0] ^= 1;
	else
		keep_prekey(d, PREKEY_ID_MAX, strange);
	sim->changes++;
}
