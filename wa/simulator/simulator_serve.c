/* simulator_serve.c: what the server answers to a device that is logged in; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

static struct node *result_of(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = node_new(c->arena, "iq");

	node_put_jid(c->arena, answer, "from", &jid_server);
	node_put(c->arena, answer, "id", node_text(c->arena, iq, "id"));
	node_put(c->arena, answer, "type", S("result"));
	return answer;
}

static void send_error(struct sim_conn *c, const struct node *iq, int code, const char *text)
{
	struct node *answer = node_new(c->arena, "iq"), *error;

	node_put_jid(c->arena, answer, "from", &jid_server);
	node_put(c->arena, answer, "id", node_text(c->arena, iq, "id"));
	node_put(c->arena, answer, "type", S("error"));
	error = node_add(c->arena, answer, "error");
	node_put_int(c->arena, error, "code", code);
	node_put(c->arena, error, "text", str_of(text));
	conn_send(c, answer);
}

static void send_stream_error(struct sim_conn *c, int code, const char *tag, const char *type)
{
	struct node *error = node_new(c->arena, "stream:error");

	if (code)
		node_put_int(c->arena, error, "code", code);
	if (tag) {
		struct node *inside = node_add(c->arena, error, tag);

		if (type)
			node_put(c->arena, inside, "type", str_of(type));
	}
	conn_send(c, error);
	conn_close(c);
}

/* ---- login ---- */

static void send_success(struct sim_conn *c)
{
	struct node *success = node_new(c->arena, "success");
	struct jid lid = { .user = str_of(c->phone->lid), .server = JID_SERVER_LID,
		.device = c->device->number };

	node_put_int(c->arena, success, "t", c->now_ms / 1000);
	node_put(c->arena, success, "props", S("27"));
	node_put(c->arena, success, "location", S("sim"));
	node_put_jid(c->arena, success, "lid", &lid);
	conn_send(c, success);
}

void sim_log_in(struct sim_conn *c, uint64_t user, uint16_t device)
{
	char number[SIM_PHONE_MAX];
	struct sim_device *d;

	snprintf(number, sizeof number, "%llu", (unsigned long long)user);
	c->phone = phone_find(c->sim, str_of(number));
	d = device_find(c->phone, device);
	if (!d || memcmp(d->noise, c->noise, CURVE_KEY_SIZE) != 0) {
		conn_refuse(c, 401, 0);
		return;
	}
	if (d->conn) {
		struct sim_conn *old = d->conn;

		conn_begin(old, c->now_ms);
		send_stream_error(old, 0, "conflict", "replaced");
		conn_end(old);
	}
	c->phase = SIM_LOGGED_IN;
	c->device = d;
	d->conn = c;
	d->is_active = false;
	d->logins++;
	send_success(c);
}

/* ---- one-time keys ---- */

static void add_prekey(struct sim_device *d, const struct node *key)
{
	bytes id = node_child_data(key, "id"), value = node_child_data(key, "value");
	struct sim_prekey *to;

	if (id.len != 3 || value.len != CURVE_KEY_SIZE || d->prekey_count == SIM_PREKEYS_MAX)
		return;
	for (size_t i = 0; i < d->prekey_count; i++)
		if (d->prekeys[i].id == id_of(id))
			return;
	if (!d->prekeys)
		d->prekeys = heap_alloc(SIM_PREKEYS_MAX * sizeof *d->prekeys);
	to = &d->prekeys[d->prekey_count++];
	to->id = id_of(id);
	memcpy(to->key, value.ptr, CURVE_KEY_SIZE);
}

static void take_encrypt(struct sim_conn *c, const struct node *iq)
{
	const struct node *list = node_child(iq, "list");
	struct node *answer = result_of(c, iq);

	if (node_child(iq, "count")) {
		node_put_int(c->arena, node_add(c->arena, answer, "count"), "value",
			(int64_t)c->device->prekey_count);
	} else if (node_child(iq, "digest")) {
		node_put_data(node_add(c->arena, node_add(c->arena, answer, "digest"), "hash"),
			bytes_of(S("01234567890123456789")));
	} else if (list) {
		bytes identity = node_child_data(iq, "identity");

		if (identity.len != CURVE_KEY_SIZE ||
			memcmp(identity.ptr, c->device->identity, CURVE_KEY_SIZE) != 0) {
			send_error(c, iq, 406, "not-acceptable");
			return;
		}
		for (const struct node *key = list->first; key; key = key->next)
			add_prekey(c->device, key);
	}
	conn_send(c, answer);
}

/* ---- the rest ---- */

static void send_ib(struct sim_conn *c, const char *tag, const char *key, str value)
{
	struct node *ib = node_new(c->arena, "ib");

	node_put_jid(c->arena, ib, "from", &jid_server);
	node_put(c->arena, node_add(c->arena, ib, tag), key, value);
	conn_send(c, ib);
}

static void take_passive(struct sim_conn *c, const struct node *iq)
{
	struct node *ib = node_new(c->arena, "ib");
	uint8_t routing[] = { 8, 12, 8, 5 };

	conn_send(c, result_of(c, iq));
	if (!node_child(iq, "active"))
		return;
	c->device->is_active = true;
	node_put_jid(c->arena, ib, "from", &jid_server);
	node_put_data(node_add(c->arena, node_add(c->arena, ib, "edge_routing"), "routing_info"),
		(bytes){ routing, sizeof routing });
	conn_send(c, ib);
	send_ib(c, "offline_preview", "count", S("0"));
	send_ib(c, "offline", "count", S("0"));
}

static void unlink_device(struct sim_phone *phone, struct sim_device *d)
{
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (phone->devices[i] == d)
			phone->devices[i] = NULL;
	if (d->conn)
		d->conn->device = NULL;
	device_free(d);
}

static void take_md(struct sim_conn *c, const struct node *iq)
{
	struct sim_device *d = c->device;

	conn_send(c, result_of(c, iq));
	if (!node_child(iq, "remove-companion-device") || !d)
		return;
	unlink_device(c->phone, d);
	send_stream_error(c, 401, "conflict", "device_removed");
}

static void take_usync(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = result_of(c, iq), *usync = node_add(c->arena, answer, "usync");

	node_add(c->arena, usync, "result");
	node_add(c->arena, usync, "list");
	conn_send(c, answer);
}

static void take_privacy(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = result_of(c, iq);

	node_add(c->arena, answer, "privacy");
	conn_send(c, answer);
}

static void take_props(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = result_of(c, iq), *props = node_add(c->arena, answer, "props");

	node_put(c->arena, props, "protocol", S("1"));
	node_put(c->arena, props, "hash", S("sim"));
	conn_send(c, answer);
}

static void take_blocklist(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = result_of(c, iq);

	node_add(c->arena, answer, "list");
	conn_send(c, answer);
}

static const struct { const char *xmlns; void (*take)(struct sim_conn *c, const struct node *iq); }
	requests[] = {
		{ "encrypt", take_encrypt },
		{ "passive", take_passive },
		{ "md", take_md },
		{ "usync", take_usync },
		{ "privacy", take_privacy },
		{ "abt", take_props },
		{ "blocklist", take_blocklist },
	};

static void take_request(struct sim_conn *c, const struct node *iq)
{
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		if (node_has(iq, "xmlns", requests[i].xmlns)) {
			requests[i].take(c, iq);
			return;
		}
	conn_send(c, result_of(c, iq));
}

void sim_take_stanza(struct sim_conn *c, const struct node *node)
{
	bool is_request = node_is(node, "iq") &&
			  (node_has(node, "type", "get") || node_has(node, "type", "set"));

	if (c->phase == SIM_UNPAIRED) {
		if (!is_request)
			sim_take_sign(c, node);
		else if (node_has(node, "xmlns", "w:p"))
			conn_send(c, result_of(c, node));
		else if (!sim_take_link_code(c, node))
			send_error(c, node, 400, "bad-request");
		return;
	}
	if (is_request)
		take_request(c, node);
}

/* ---- from outside ---- */

static struct sim_conn *conn_of(const struct sim *sim, str phone, uint16_t device)
{
	struct sim_device *d = device_find(phone_find(sim, phone), device);

	return d ? d->conn : NULL;
}

static struct sim_device_state state_of(const struct sim_device *d)
{
	return (struct sim_device_state){ .device = d->number, .is_connected = d->conn,
		.is_active = d->conn && d->is_active, .prekeys = d->prekey_count,
		.logins = d->logins };
}

bool sim_device(const struct sim *sim, str phone, uint16_t device, struct sim_device_state *out)
{
	const struct sim_device *d = device_find(phone_find(sim, phone), device);

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
	const struct sim_phone *p = phone_find(sim, phone);

	for (size_t i = 0; p && i < SIM_DEVICES_MAX; i++)
		if (p->devices[i])
			return p->devices[i]->number;
	return 0;
}

enum err sim_send(struct sim *sim, str phone, uint16_t device, const struct node *node)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	conn_begin(c, c->now_ms);
	conn_send(c, node);
	conn_end(c);
	return OK;
}

enum err sim_stream_error(struct sim *sim, str phone, uint16_t device, int code, const char *tag,
	const char *type)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	conn_begin(c, c->now_ms);
	send_stream_error(c, code, tag, type);
	conn_end(c);
	return OK;
}

enum err sim_cut(struct sim *sim, str phone, uint16_t device)
{
	struct sim_conn *c = conn_of(sim, phone, device);

	if (!c)
		return ERR_MISSING;
	conn_close(c);
	return OK;
}

void sim_use_prekeys(struct sim *sim, str phone, uint16_t device, size_t left, int64_t now_ms)
{
	struct sim_device *d = device_find(phone_find(sim, phone), device);
	struct node *notification;
	struct sim_conn *c;

	if (!d || d->prekey_count <= left)
		return;
	d->prekey_count = left;
	c = d->conn;
	if (!c)
		return;
	conn_begin(c, now_ms);
	notification = node_new(c->arena, "notification");
	node_put_jid(c->arena, notification, "from", &jid_server);
	node_put(c->arena, notification, "type", S("encrypt"));
	node_put_int(c->arena, notification, "id", ++sim->next_id);
	node_put_int(c->arena, node_add(c->arena, notification, "count"), "value", (int64_t)left);
	conn_send(c, notification);
	conn_end(c);
}

static void unlink_one(struct sim_phone *phone, struct sim_device *d, int64_t now_ms)
{
	struct sim_conn *c = d->conn;

	unlink_device(phone, d);
	if (!c)
		return;
	conn_begin(c, now_ms);
	send_stream_error(c, 401, "conflict", "device_removed");
	conn_end(c);
}

enum err sim_unlink(struct sim *sim, str phone, uint16_t device, int64_t now_ms)
{
	struct sim_phone *p = phone_find(sim, phone);
	bool is_found = false;

	for (size_t i = 0; p && i < SIM_DEVICES_MAX; i++) {
		struct sim_device *d = p->devices[i];

		if (!d || (device && d->number != device))
			continue;
		unlink_one(p, d, now_ms);
		is_found = true;
	}
	return is_found ? OK : ERR_MISSING;
}
