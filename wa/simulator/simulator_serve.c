/* simulator_serve.c: what the server answers to a device that is logged in; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

struct node *sim_result(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *answer = node_new(arena, "iq");
	struct jid to;

	node_put_jid(arena, answer, "from", node_jid(iq, "to", &to) ? &to : &jid_server);
	node_put(arena, answer, "id", node_text(arena, iq, "id"));
	node_put(arena, answer, "type", S("result"));
	return answer;
}

static struct node *error_of(struct arena *arena, const struct node *iq, int code, const char *text)
{
	struct node *answer = node_new(arena, "iq"), *error;
	struct jid to;

	node_put_jid(arena, answer, "from", node_jid(iq, "to", &to) ? &to : &jid_server);
	node_put(arena, answer, "id", node_text(arena, iq, "id"));
	node_put(arena, answer, "type", S("error"));
	error = node_add(arena, answer, "error");
	node_put_int(arena, error, "code", code);
	node_put(arena, error, "text", str_of(text));
	return answer;
}

void sim_error(struct sim_device *d, const struct node *iq, int code, const char *text)
{
	sim_device_answer(d, error_of(d->phone->sim->arena, iq, code, text));
}

static void send_stream_error(struct sim_conn *c, int code, const char *tag, const char *type)
{
	struct node *error = node_new(c->sim->arena, "stream:error");

	if (code)
		node_put_int(c->sim->arena, error, "code", code);
	if (tag) {
		struct node *inside = node_add(c->sim->arena, error, tag);

		if (type)
			node_put(c->sim->arena, inside, "type", str_of(type));
	}
	sim_conn_send(c, error);
	sim_conn_close(c);
}

/* ---- login ---- */

static void send_success(struct sim_conn *c)
{
	struct node *success = node_new(c->sim->arena, "success");
	struct jid lid = { .user = str_of(c->phone->lid), .server = JID_SERVER_LID,
		.device = c->device->number };

	node_put_int(c->sim->arena, success, "t", c->sim->now_ms / 1000);
	node_put(c->sim->arena, success, "props", S("27"));
	node_put(c->sim->arena, success, "location", S("sim"));
	node_put_jid(c->sim->arena, success, "lid", &lid);
	sim_conn_send(c, success);
}

void sim_log_in(struct sim_conn *c, uint64_t user, uint16_t device)
{
	char number[SIM_PHONE_MAX];
	struct sim_device *d;

	snprintf(number, sizeof number, "%llu", (unsigned long long)user);
	c->phone = sim_phone_find(c->sim, str_of(number));
	d = sim_device_find(c->phone, device);
	if (!d || memcmp(d->noise, c->noise, CURVE_KEY_SIZE) != 0) {
		sim_conn_refuse(c, 401, 0);
		return;
	}
	if (d->conn) {
		struct sim_conn *old = d->conn;

		send_stream_error(old, 0, "conflict", "replaced");
		old->device = NULL;
	}
	c->phase = SIM_LOGGED_IN;
	c->device = d;
	d->conn = c;
	d->is_active = false;
	d->logins++;
	send_success(c);
}

/* ---- going on ---- */

static void send_ib(struct sim_device *d, const char *tag, const char *key, int64_t value)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *ib = node_new(arena, "ib");

	node_put_jid(arena, ib, "from", &jid_server);
	node_put_int(arena, node_add(arena, ib, tag), key, value);
	sim_device_answer(d, ib);
}

static void send_routing(struct sim_device *d)
{
	struct arena *arena = d->phone->sim->arena;
	struct node *ib = node_new(arena, "ib");
	static const uint8_t routing[] = { 8, 12, 8, 5 };

	node_put_jid(arena, ib, "from", &jid_server);
	node_put_data(node_add(arena, node_add(arena, ib, "edge_routing"), "routing_info"),
		(bytes){ routing, sizeof routing });
	sim_device_answer(d, ib);
}

/* What waited comes first; only then does a device get what is new. */
static void take_passive(struct sim_device *d, const struct node *iq)
{
	sim_device_answer(d, sim_result(d, iq));
	if (!node_child(iq, "active") || !d->conn)
		return;
	send_routing(d);
	send_ib(d, "offline_preview", "count", (int64_t)d->queued);
	send_ib(d, "offline", "count", (int64_t)sim_device_drain(d));
	d->is_active = true;
}

static void unlink_device(struct sim_phone *phone, struct sim_device *d)
{
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (phone->devices[i] == d)
			phone->devices[i] = NULL;
	if (d->conn)
		d->conn->device = NULL;
	sim_phone_devices_changed(phone, d, true);
	sim_device_free(d);
}

/* A device takes itself away; the phone, any. */
static void take_md(struct sim_device *d, const struct node *iq)
{
	const struct node *removed = node_child(iq, "remove-companion-device");
	struct sim_device *which = d;
	struct sim_conn *conn;
	struct jid jid;

	sim_device_answer(d, sim_result(d, iq));
	if (removed && d->number == 0 && node_jid(removed, "jid", &jid))
		which = sim_device_find(d->phone, jid.device);
	if (!removed || !which || which->number == 0)
		return;
	conn = which->conn;
	unlink_device(d->phone, which);
	if (conn)
		send_stream_error(conn, 401, "conflict", "device_removed");
}

static void take_newsletter(struct sim_device *d, const struct node *iq)
{
	sim_error(d, iq, 404, "item-not-found");
}

/* Nothing to answer but that it was heard. */
static void take_quietly(struct sim_device *d, const struct node *iq)
{
	sim_device_answer(d, sim_result(d, iq));
}

static const struct { const char *xmlns;
	void (*take)(struct sim_device *d, const struct node *iq);
} requests[] = {
	{ "encrypt", sim_take_encrypt },
	{ "usync", sim_take_usync },
	{ "w:p", take_quietly },
	{ "w:g2", sim_take_group },
	{ "w:sync:app:state", sim_take_sync },
	{ "w:m", sim_take_media_conn },
	{ "w:profile:picture", sim_take_picture },
	{ "status", sim_take_about },
	{ "privacy", sim_take_privacy },
	{ "blocklist", sim_take_blocklist },
	{ "w:biz", sim_take_business },
	{ "abt", sim_take_props },
	{ "passive", take_passive },
	{ "md", take_md },
	{ "w:mex", take_newsletter },
	{ "newsletter", take_newsletter },
};

static void take_request(struct sim_device *d, const struct node *iq)
{
	struct sim_faults *faults = &d->phone->sim->faults;

	if (faults->request_error &&
		(!faults->request_xmlns[0] || node_has(iq, "xmlns", faults->request_xmlns))) {
		sim_error(d, iq, faults->request_error, "a fault that was asked for");
		return;
	}
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		if (node_has(iq, "xmlns", requests[i].xmlns)) {
			requests[i].take(d, iq);
			return;
		}
	take_quietly(d, iq);
}

static void take_ack(struct sim_device *d, const struct node *ack)
{
	struct arena *arena = d->phone->sim->arena;
	str class = node_text(arena, ack, "class");

	if (class.len)
		sim_device_has(d, class.ptr[0], node_text(arena, ack, "id"));
}

void sim_take_of(struct sim_device *d, const struct node *node)
{
	static const struct { const char *tag;
		void (*take)(struct sim_device *d, const struct node *node);
	} kinds[] = {
		{ "message", sim_take_message },
		{ "receipt", sim_take_receipt },
		{ "ack", take_ack },
		{ "chatstate", sim_take_chatstate },
		{ "presence", sim_take_presence },
		{ "call", sim_take_call },
	};

	if (node_is(node, "iq") && (node_has(node, "type", "get") || node_has(node, "type", "set")))
		take_request(d, node);
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (node_is(node, kinds[i].tag))
			kinds[i].take(d, node);
}

static void take_unpaired(struct sim_conn *c, const struct node *node)
{
	struct arena *arena = c->sim->arena;
	struct node *answer = node_new(arena, "iq");

	if (!node_is(node, "iq") || node_has(node, "type", "result")) {
		sim_take_sign(c, node);
	} else if (node_has(node, "xmlns", "w:p")) {
		node_put_jid(arena, answer, "from", &jid_server);
		node_put(arena, answer, "id", node_text(arena, node, "id"));
		node_put(arena, answer, "type", S("result"));
		sim_conn_send(c, answer);
	} else if (!sim_take_link_code(c, node)) {
		sim_conn_send(c, error_of(arena, node, 400, "bad-request"));
	}
}

void sim_take_stanza(struct sim_conn *c, const struct node *node)
{
	if (c->phase == SIM_UNPAIRED)
		take_unpaired(c, node);
	else if (c->device)
		sim_take_of(c->device, node);
}

/* ---- from outside ---- */

static struct sim_conn *conn_of(const struct sim *sim, str phone, uint16_t device)
{
	struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);

	return d ? d->conn : NULL;
}

static struct sim_device_state state_of(const struct sim_device *d)
{
	return (struct sim_device_state){ .device = d->number,
		.is_connected = d->conn,
		.is_active = d->conn && d->is_active,
		.prekeys = d->prekey_count,
		.queued = d->queued,
		.logins = d->logins };
}

bool sim_device(const struct sim *sim, str phone, uint16_t device, struct sim_device_state *out)
{
	const struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);

	if (d)
		*out = state_of(d);
	return d;
}

void sim_each_device(const struct sim *sim,
	void (*each)(void *arg, str phone, const struct sim_device_state *state), void *arg)
{
	for (const struct sim_phone *p = sim->phones; p; p = p->next)
		for (size_t i = 0; i < SIM_DEVICES_MAX; i++) {
			struct sim_device_state state;

			if (!p->devices[i])
				continue;
			state = state_of(p->devices[i]);
			each(arg, str_of(p->number), &state);
		}
}

uint16_t sim_first_device(const struct sim *sim, str phone)
{
	const struct sim_phone *p = sim_phone_find(sim, phone);

	for (size_t i = 0; p && i < SIM_DEVICES_MAX; i++)
		if (p->devices[i])
			return p->devices[i]->number;
	return 0;
}

void sim_add_phone(struct sim *sim, str phone, str name)
{
	struct sim_phone *p = sim_phone_get(sim, phone);

	if (name.len)
		sim_text_set(&p->name, name);
}

bool sim_has_phone(const struct sim *sim, str phone)
{
	return sim_phone_find(sim, phone);
}

str sim_lid(const struct sim *sim, str phone)
{
	const struct sim_phone *p = sim_phone_find(sim, phone);

	return p ? str_of(p->lid) : STR_NONE;
}

str sim_number(const struct sim *sim, const struct jid *jid)
{
	const struct sim_phone *p = sim_phone_of(sim, jid);

	return p ? str_of(p->number) : STR_NONE;
}

void sim_each_phone(const struct sim *sim, void (*each)(void *arg, str phone, str name), void *arg)
{
	for (const struct sim_phone *p = sim->phones; p; p = p->next)
		each(arg, str_of(p->number), p->name ? str_of(p->name) : S(""));
}

const struct device *sim_phone_device(const struct sim *sim, str phone)
{
	const struct sim_phone *p = sim_phone_find(sim, phone);

	return p ? &p->keys : NULL;
}

void sim_take(struct sim *sim, str phone, uint16_t device, const struct node *node, int64_t now_ms)
{
	struct sim_device *d = sim_device_find(sim_phone_find(sim, phone), device);

	sim_begin(sim, now_ms);
	if (d)
		sim_take_of(d, node);
	sim_end(sim);
}

void sim_play_phone(struct sim *sim, str phone, void *player, int64_t now_ms)
{
	struct sim_phone *p = sim_phone_get(sim, phone);

	sim_begin(sim, now_ms);
	p->player = player;
	if (player)
		sim_device_drain(p->primary);
	sim_end(sim);
}

uint64_t sim_changes(const struct sim *sim)
{
	return sim->changes;
}

enum err sim_send(struct sim *sim, str phone, uint16_t device, const struct node *node)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	sim_begin(sim, sim->now_ms);
	sim_conn_send(c, node);
	sim_end(sim);
	return OK;
}

enum err sim_stream_error(struct sim *sim, str phone, uint16_t device, int code, const char *tag,
	const char *type)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	sim_begin(sim, sim->now_ms);
	send_stream_error(c, code, tag, type);
	sim_end(sim);
	return OK;
}

enum err sim_deafen(struct sim *sim, str phone, uint16_t device)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	c->is_deaf = true;
	return OK;
}

enum err sim_cut(struct sim *sim, str phone, uint16_t device)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	sim_conn_close(c);
	return OK;
}

static void unlink_one(struct sim_phone *phone, struct sim_device *d)
{
	struct sim_conn *c = d->conn;

	unlink_device(phone, d);
	if (c)
		send_stream_error(c, 401, "conflict", "device_removed");
}

enum err sim_unlink(struct sim *sim, str phone, uint16_t device, int64_t now_ms)
{
	struct sim_phone *p = sim_phone_find(sim, phone);
	bool is_found = false;

	sim_begin(sim, now_ms);
	for (size_t i = 0; p && i < SIM_DEVICES_MAX; i++) {
		struct sim_device *d = p->devices[i];

		if (!d || (device && d->number != device))
			continue;
		unlink_one(p, d);
		is_found = true;
	}
	sim_end(sim);
	return is_found ? OK : ERR_MISSING;
}
