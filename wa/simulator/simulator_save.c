/*
 * simulator_save.c: what the simulator keeps over a restart, as one stanza; see simulator.h.
 *
 * Accounts come before groups, so those find their members. Who watches whom is kept as numbers;
 * connections, presence and what players do are not kept.
 */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

#define VERSION S("1")

/* ---- writing ---- */

static void put_blob(struct sim *sim, struct node *into, const char *tag, const void *data,
	size_t size)
{
	if (size)
		node_put_data(node_add(sim->arena, into, tag), (bytes){ data, size });
}

static void put_text(struct sim *sim, struct node *into, const char *tag, const char *text)
{
	if (text)
		put_blob(sim, into, tag, text, strlen(text));
}

static void put_device(struct sim *sim, struct node *into, const struct sim_device *d)
{
	struct node *node = node_add(sim->arena, into, "device"), *queue;

	node_put_int(sim->arena, node, "number", d->number);
	node_put_int(sim->arena, node, "registration", d->registration_id);
	node_put_int(sim->arena, node, "skey", d->skey_id);
	node_put_int(sim->arena, node, "index", d->key_index);
	node_put_int(sim->arena, node, "logins", d->logins);
	put_blob(sim, node, "noise", d->noise, sizeof d->noise);
	put_blob(sim, node, "identity", d->identity, sizeof d->identity);
	put_blob(sim, node, "skey", d->skey, sizeof d->skey);
	put_blob(sim, node, "signature", d->skey_signature, sizeof d->skey_signature);
	put_blob(sim, node, "prekeys", d->prekeys, d->prekey_count * sizeof *d->prekeys);
	queue = node_add(sim->arena, node, "queue");
	for (const struct sim_item *item = d->queue; item; item = item->next)
		put_blob(sim, queue, "item", item->octets, item->len);
}

static void put_collections(struct sim *sim, struct node *into, const struct sim_phone *p)
{
	for (size_t i = 0; i < SIM_COLLECTIONS; i++) {
		struct node *node = node_add(sim->arena, into, "collection");

		for (size_t j = 0; j < p->collections[i].count; j++)
			put_blob(sim, node, "patch", p->collections[i].patches[j].octets,
				p->collections[i].patches[j].len);
	}
}

static void put_people(struct sim *sim, struct node *into, const char *tag,
	struct sim_phone *const *people, size_t count)
{
	struct node *list = node_add(sim->arena, into, tag);

	for (size_t i = 0; i < count; i++)
		node_put(sim->arena, node_add(sim->arena, list, "who"), "n",
			str_of(people[i]->number));
}

static void put_phone(struct sim *sim, struct node *into, const struct sim_phone *p)
{
	struct node *node = node_add(sim->arena, into, "phone");
	struct buf keys = buf_in(sim->arena, DEVICE_RECORD_MAX);

	device_pack(&p->keys, &keys);
	node_put(sim->arena, node, "number", str_of(p->number));
	node_put_int(sim->arena, node, "next", p->next_device);
	node_put_int(sim->arena, node, "index", p->next_key_index);
	node_put_int(sim->arena, node, "about", p->about.t_s);
	put_blob(sim, node, "keys", keys.ptr, keys.len);
	put_text(sim, node, "name", p->name);
	put_text(sim, node, "about", p->about.text);
	put_text(sim, node, "picture_id", p->picture_id.text);
	put_blob(sim, node, "picture", p->picture.ptr, p->picture.len);
	for (size_t i = 0; i < SIM_PRIVACY; i++)
		put_text(sim, node_add(sim->arena, node, "privacy"), "value", p->privacy[i]);
	for (size_t i = 0; i < SIM_BUSINESS; i++)
		put_text(sim, node_add(sim->arena, node, "business"), "value", p->business[i]);
	put_people(sim, node, "blocked", p->blocked, p->blocked_count);
	put_people(sim, node, "watchers", p->watchers, p->watcher_count);
	put_collections(sim, node, p);
	put_device(sim, node, p->primary);
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (p->devices[i])
			put_device(sim, node, p->devices[i]);
}

static void put_flag(struct sim *sim, struct node *node, const char *key, bool is)
{
	node_put_int(sim->arena, node, key, is);
}

static void put_group(struct sim *sim, struct node *into, const struct sim_group *g)
{
	struct node *node = node_add(sim->arena, into, "group");

	node_put(sim->arena, node, "id", str_of(g->id));
	node_put(sim->arena, node, "creator", str_of(g->creator->number));
	node_put(sim->arena, node, "subject_by", str_of(g->subject_by->number));
	node_put_int(sim->arena, node, "created", g->created_s);
	node_put_int(sim->arena, node, "subject_t", g->subject.t_s);
	node_put_int(sim->arena, node, "description_t", g->description.t_s);
	node_put_int(sim->arena, node, "ephemeral", g->ephemeral_s);
	node_put(sim->arena, node, "description_id", str_of(g->description_id));
	node_put(sim->arena, node, "invite", str_of(g->invite));
	put_flag(sim, node, "lid", g->is_lid);
	put_flag(sim, node, "announcement", g->is_announcement);
	put_flag(sim, node, "locked", g->is_locked);
	put_flag(sim, node, "members_add", g->members_add);
	put_flag(sim, node, "approval", g->needs_approval);
	put_text(sim, node, "subject", g->subject.text);
	put_text(sim, node, "description", g->description.text);
	put_text(sim, node, "picture_id", g->picture_id);
	put_blob(sim, node, "picture", g->picture.ptr, g->picture.len);
	put_people(sim, node, "asking", g->asking, g->asking_count);
	for (size_t i = 0; i < g->count; i++) {
		struct node *member = node_add(sim->arena, node, "member");

		node_put(sim->arena, member, "n", str_of(g->members[i].phone->number));
		node_put_int(sim->arena, member, "rank", g->members[i].rank);
	}
}

void sim_save(struct sim *sim, struct buf *out)
{
	struct node *all;

	sim_begin(sim, sim->now_ms);
	all = node_new(sim->arena, "sim");
	node_put(sim->arena, all, "version", VERSION);
	node_put_int(sim->arena, all, "next", sim->next_id);
	put_blob(sim, all, "root", sim->root.secret, CURVE_KEY_SIZE);
	put_blob(sim, all, "intermediate", sim->intermediate.secret, CURVE_KEY_SIZE);
	put_blob(sim, all, "server", sim->server.secret, CURVE_KEY_SIZE);
	for (const struct sim_phone *p = sim->phones; p; p = p->next)
		put_phone(sim, all, p);
	for (const struct sim_group *g = sim->groups; g; g = g->next)
		put_group(sim, all, g);
	stanza_write(out, all);
	sim_end(sim);
}

/* ---- reading ---- */

static bool take_octets(const struct node *node, const char *tag, uint8_t *to, size_t size)
{
	bytes data = node_child_data(node, tag);

	if (data.len != size)
		return false;
	memcpy(to, data.ptr, size);
	return true;
}

static void take_text(const struct node *node, const char *tag, char **to)
{
	if (node_child(node, tag))
		sim_text_set(to, str_from(node_child_data(node, tag)));
}

static void take_queue(struct sim *sim, const struct node *queue, struct sim_device *d)
{
	for (const struct node *n = queue ? queue->first : NULL; n; n = n->next) {
		struct node item;
		const char *why;

		if (stanza_read(sim->arena, node_data(n), &item, &why) == OK)
			sim_device_post(d, &item);
	}
}

static bool take_device(struct sim *sim, struct sim_phone *p, const struct node *node)
{
	int64_t number = node_int(node, "number", -1);
	struct sim_device *d = number == 0 ? p->primary : HEAP_NEW(struct sim_device);
	bytes prekeys = node_child_data(node, "prekeys");
	size_t place = 0;

	while (number && place < SIM_DEVICES_MAX && p->devices[place])
		place++;
	if (number < 0 || place == SIM_DEVICES_MAX) {
		heap_free(d);
		return false;
	}
	if (number)
		p->devices[place] = d;
	d->phone = p;
	d->queue_end = &d->queue;
	d->number = (uint16_t)number;
	d->registration_id = (uint32_t)node_int(node, "registration", 0);
	d->skey_id = (uint32_t)node_int(node, "skey", 0);
	d->key_index = (uint32_t)node_int(node, "index", 0);
	d->logins = (unsigned)node_int(node, "logins", 0);
	d->prekey_count = d->prekey_cap = prekeys.len / sizeof *d->prekeys;
	if (d->prekey_count) {
		d->prekeys = heap_alloc(d->prekey_count * sizeof *d->prekeys);
		memcpy(d->prekeys, prekeys.ptr, d->prekey_count * sizeof *d->prekeys);
	}
	take_queue(sim, node_child(node, "queue"), d);
	return take_octets(node, "noise", d->noise, sizeof d->noise) &&
	       take_octets(node, "identity", d->identity, sizeof d->identity) &&
	       take_octets(node, "skey", d->skey, sizeof d->skey) &&
	       take_octets(node, "signature", d->skey_signature, sizeof d->skey_signature);
}

static void take_collection(struct sim_collection *c, const struct node *node)
{
	for (const struct node *n = node->first; n; n = n->next) {
		bytes data = node_data(n);

		c->patches = heap_grow(c->patches, (c->count + 1) * sizeof *c->patches);
		c->patches[c->count].octets = heap_alloc(data.len + 1);
		memcpy(c->patches[c->count].octets, data.ptr, data.len);
		c->patches[c->count++].len = data.len;
		c->cap = c->count;
	}
}

/* The parts that come several times, in the order in which they were written. */
static bool take_parts(struct sim *sim, struct sim_phone *p, const struct node *node)
{
	size_t privacy = 0, business = 0, collection = 0;

	for (const struct node *n = node->first; n; n = n->next) {
		if (node_is(n, "privacy") && privacy < SIM_PRIVACY)
			take_text(n, "value", &p->privacy[privacy++]);
		if (node_is(n, "business") && business < SIM_BUSINESS)
			take_text(n, "value", &p->business[business++]);
		if (node_is(n, "collection") && collection < SIM_COLLECTIONS)
			take_collection(&p->collections[collection++], n);
		if (node_is(n, "device") && !take_device(sim, p, n))
			return false;
	}
	return true;
}

static bool take_phone(struct sim *sim, const struct node *node)
{
	str number = node_text(sim->arena, node, "number");
	struct sim_phone *p;

	if (!str_is_digits(number) || number.len >= SIM_PHONE_MAX || sim_phone_find(sim, number))
		return false;
	p = sim_phone_get(sim, number);
	if (device_unpack(node_child_data(node, "keys"), &p->keys) != OK)
		return false;
	p->next_device = (uint16_t)node_int(node, "next", 1);
	p->next_key_index = (uint32_t)node_int(node, "index", 1);
	p->about.t_s = node_int(node, "about", 0);
	take_text(node, "name", &p->name);
	take_text(node, "about", &p->about.text);
	take_text(node, "picture_id", &p->picture_id.text);
	sim_octets_set(&p->picture, node_child_data(node, "picture"));
	return take_parts(sim, p, node);
}

static struct sim_phone *who_of(struct sim *sim, const struct node *node, const char *key)
{
	return sim_phone_find(sim, node_text(sim->arena, node, key));
}

static size_t take_people(struct sim *sim, const struct node *list, struct sim_phone ***out)
{
	size_t count = 0;

	for (const struct node *n = list ? list->first : NULL; n; n = n->next)
		if (who_of(sim, n, "n")) {
			*out = heap_grow(*out, (count + 1) * sizeof **out);
			(*out)[count++] = who_of(sim, n, "n");
		}
	return count;
}

static void take_members(struct sim *sim, struct sim_group *g, const struct node *node)
{
	for (const struct node *n = node->first; n; n = n->next)
		if (node_is(n, "member") && who_of(sim, n, "n")) {
			g->members = heap_grow(g->members, (g->count + 1) * sizeof *g->members);
			g->members[g->count++] = (struct sim_member){ who_of(sim, n, "n"),
				(char)node_int(n, "rank", 0) };
			g->cap = g->count;
		}
}

static bool take_group(struct sim *sim, const struct node *node)
{
	struct sim_group *g = HEAP_NEW(struct sim_group);

	g->next = sim->groups;
	sim->groups = g;
	snprintf(g->id, sizeof g->id, STR_F, STR_A(node_text(sim->arena, node, "id")));
	snprintf(g->description_id, sizeof g->description_id, STR_F,
		STR_A(node_text(sim->arena, node, "description_id")));
	snprintf(g->invite, sizeof g->invite, STR_F,
		STR_A(node_text(sim->arena, node, "invite")));
	g->creator = who_of(sim, node, "creator");
	g->subject_by = who_of(sim, node, "subject_by");
	g->created_s = node_int(node, "created", 0);
	g->subject.t_s = node_int(node, "subject_t", 0);
	g->description.t_s = node_int(node, "description_t", 0);
	g->ephemeral_s = (int)node_int(node, "ephemeral", 0);
	g->is_lid = node_int(node, "lid", 0);
	g->is_announcement = node_int(node, "announcement", 0);
	g->is_locked = node_int(node, "locked", 0);
	g->members_add = node_int(node, "members_add", 0);
	g->needs_approval = node_int(node, "approval", 0);
	take_text(node, "subject", &g->subject.text);
	take_text(node, "description", &g->description.text);
	take_text(node, "picture_id", &g->picture_id);
	sim_octets_set(&g->picture, node_child_data(node, "picture"));
	g->asking_count = take_people(sim, node_child(node, "asking"), &g->asking);
	take_members(sim, g, node);
	return g->creator && g->subject_by && g->subject.text;
}

static bool take_pair(const struct node *all, const char *tag, struct curve_pair *to)
{
	uint8_t secret[CURVE_KEY_SIZE];

	if (!take_octets(all, tag, secret, sizeof secret))
		return false;
	curve_pair_of(secret, to);
	return true;
}

static bool take_all(struct sim *sim, const struct node *all)
{
	bool good = node_is(all, "sim") &&
		    str_is(node_text(sim->arena, all, "version"), VERSION) &&
		    take_pair(all, "root", &sim->root) &&
		    take_pair(all, "intermediate", &sim->intermediate) &&
		    take_pair(all, "server", &sim->server);

	for (const struct node *n = all->first; good && n; n = n->next)
		if (node_is(n, "phone"))
			good = take_phone(sim, n);
	for (const struct node *n = all->first; good && n; n = n->next) {
		struct sim_phone *p = node_is(n, "phone") ? who_of(sim, n, "number") : NULL;

		if (p) {
			p->blocked_count = take_people(sim, node_child(n, "blocked"), &p->blocked);
			p->watcher_count =
				take_people(sim, node_child(n, "watchers"), &p->watchers);
		}
		if (node_is(n, "group"))
			good = take_group(sim, n);
	}
	return good;
}

enum err sim_load(struct sim *sim, bytes saved)
{
	struct node *all;
	const char *why;
	bool good;

	sim_begin(sim, 0);
	all = ARENA_NEW(sim->arena, struct node);
	good = stanza_read(sim->arena, saved, all, &why) == OK && take_all(sim, all);
	if (good)
		sim->next_id = (uint32_t)node_int(all, "next", 1);
	sim_end(sim);
	return good ? OK : ERR_CORRUPT;
}
