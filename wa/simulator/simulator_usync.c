/* simulator_usync.c: who is there, with which devices, and what they say of themselves. */
#include "wa/simulator/simulator_internal.h"

/* ---- one answer per protocol: what is known of a person ---- */

static void put_devices(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	struct sim *sim = p->sim;
	struct arena *arena = sim->arena;
	struct node *devices = node_add(arena, user, "devices"),
		    *list = node_add(arena, devices, "device-list"), *keys;
	struct sim_device *all[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(p, all);

	sim_phone_watch(p, asking->phone);
	for (size_t i = 0; i < count; i++) {
		struct node *device = node_add(arena, list, "device");

		node_put_int(arena, device, "id", all[i]->number);
		if (all[i]->number)
			node_put_int(arena, device, "key-index", all[i]->key_index);
	}
	if (count == 1)
		return;
	keys = node_add(arena, devices, "key-index-list");
	node_put_int(arena, keys, "ts", sim->now_ms / 1000);
	node_put_data(keys, sim_key_index_list(p));
}

static void put_lid(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	struct jid lid = sim_phone_jid(p, true, 0);

	(void)asking;
	node_put_jid(p->sim->arena, node_add(p->sim->arena, user, "lid"), "val", &lid);
}

static void put_status(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	struct node *status = node_add(p->sim->arena, user, "status");

	(void)asking;
	node_put_int(p->sim->arena, status, "t", p->about.t_s);
	if (p->about.text)
		node_put_data(status, bytes_of(str_of(p->about.text)));
}

static void put_picture(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	(void)asking;
	if (p->picture_id.text)
		node_put(p->sim->arena, node_add(p->sim->arena, user, "picture"), "id",
			str_of(p->picture_id.text));
}

static void put_timer(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	struct node *mode = node_add(p->sim->arena, user, "disappearing_mode");

	(void)asking;
	node_put(p->sim->arena, mode, "duration", S("0"));
	node_put(p->sim->arena, mode, "t", S("0"));
}

static void put_nothing(struct sim_phone *p, struct sim_device *asking, struct node *user)
{
	(void)p, (void)asking, (void)user;
}

static const struct { const char *protocol;
	void (*put)(struct sim_phone *p, struct sim_device *asking, struct node *user);
} protocols[] = {
	{ "devices", put_devices },
	{ "lid", put_lid },
	{ "status", put_status },
	{ "picture", put_picture },
	{ "disappearing_mode", put_timer },
	{ "business", put_nothing },
	{ "username", put_nothing },
	{ "bot", put_nothing },
};

/* ---- the question ---- */

static struct sim_phone *asked_by_number(struct sim *sim, str text)
{
	if (str_starts(text, S("+")))
		text = str_part(text, 1, text.len);
	return sim_phone_find(sim, str_split(&text, '@'));
}

/* Who is meant, and how the answer names him. */
static struct sim_phone *find_user(struct sim *sim, const struct node *query,
	const struct node *asked, struct node *user)
{
	const struct node *contact = node_child(asked, "contact"),
			  *mode = node_child(query, "contact");
	struct sim_phone *p;
	struct jid jid;
	bool is_lid = mode && node_has(mode, "addressing_mode", "lid");
	struct node *answer;

	if (node_jid(asked, "jid", &jid)) {
		node_put_jid(sim->arena, user, "jid", &jid);
		return sim_phone_of(sim, &jid);
	}
	if (!contact)
		return NULL;
	p = asked_by_number(sim, str_from(node_data(contact)));
	if (p) {
		jid = sim_phone_jid(p, is_lid, 0);
		node_put_jid(sim->arena, user, "jid", &jid);
		jid = sim_phone_jid(p, false, 0);
		if (is_lid)
			node_put_jid(sim->arena, user, "pn_jid", &jid);
	}
	answer = node_add(sim->arena, user, "contact");
	node_put(sim->arena, answer, "type", p ? S("in") : S("out"));
	node_put_data(answer, node_data(contact));
	return p;
}

static void put_user(struct sim_device *d, const struct node *query, const struct node *asked,
	struct node *list)
{
	struct sim *sim = d->phone->sim;
	struct node *user = node_add(sim->arena, list, "user");
	struct sim_phone *p = find_user(sim, query, asked, user);

	for (size_t i = 0; p && i < COUNT_OF(protocols); i++)
		if (node_child(query, protocols[i].protocol))
			protocols[i].put(p, d, user);
}

void sim_take_usync(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *answer = sim_result(d, iq), *usync = node_add(arena, answer, "usync"), *list;
	const struct node *asked = node_child(iq, "usync"),
			  *query = asked ? node_child(asked, "query") : NULL,
			  *users = asked ? node_child(asked, "list") : NULL;

	if (asked)
		node_put(arena, usync, "sid", node_text(arena, asked, "sid"));
	node_add(arena, usync, "result");
	list = node_add(arena, usync, "list");
	for (const struct node *n = query && users ? users->first : NULL; n; n = n->next)
		put_user(d, query, n, list);
	sim_device_answer(d, answer);
}
