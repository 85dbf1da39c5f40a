/*
 * simulator_message.c: messages to devices, receipts back, presence and typing; see simulator.h.
 *
 * The server cannot read what it carries: it looks at who shall have which ciphertext. It answers
 * "devices are missing" by a hash, and leaves out what goes to devices that are gone.
 * Source: docs/protocol/linked-device-2-messaging.md §11.5, §11.6.
 */
#include "wa/simulator/simulator_internal.h"

#include <stdio.h>

#define TARGETS_MAX 8192

/* One message on its way. */
struct carry {
	struct sim *sim;
	struct sim_device *from;
	const struct node *message;
	struct jid to;
	struct sim_group *group;        /* or */
	struct sim_phone *peer;
	bool is_lid;                    /* how its parties are named */
};

/* ---- what a device gets ---- */

static void copy_attr(struct sim *sim, const struct node *from, struct node *to, const char *key)
{
	const struct attr *attr = node_attr(from, key);

	if (attr && attr->is_jid)
		node_put_jid(sim->arena, to, key, &attr->jid);
	else if (attr)
		node_put(sim->arena, to, key, attr->text);
}

static bool is_carried(const struct node *child)
{
	static const char *const tags[] = { "device-identity", "reporting", "meta", "biz", "bot",
		"franking" };

	for (size_t i = 0; i < COUNT_OF(tags); i++)
		if (node_is(child, tags[i]))
			return true;
	return false;
}

void sim_adopt_copy(struct sim *sim, struct node *into, const struct node *child)
{
	struct node *copy = ARENA_NEW(sim->arena, struct node);

	*copy = *child;
	copy->next = NULL;
	node_adopt(into, copy);
}

static void name_parties(const struct carry *c, const struct sim_phone *at, struct node *out)
{
	struct arena *arena = c->sim->arena;
	struct sim_phone *author = c->from->phone;
	struct jid from = sim_phone_jid(author, c->is_lid, c->from->number),
		   other = sim_phone_jid(author, !c->is_lid, 0);

	if (c->group) {
		node_put_jid(arena, out, "from", &c->to);
		node_put_jid(arena, out, "participant", &from);
		node_put_jid(arena, out, c->is_lid ? "participant_pn" : "participant_lid", &other);
		node_put(arena, out, "addressing_mode", c->is_lid ? S("lid") : S("pn"));
		return;
	}
	node_put_jid(arena, out, "from", &from);
	if (at != author) {
		node_put_jid(arena, out, c->is_lid ? "sender_pn" : "sender_lid", &other);
	} else if (!node_has(c->message, "category", "peer")) {
		struct jid chat = sim_phone_jid(c->peer, c->is_lid, 0),
			   alternate = sim_phone_jid(c->peer, !c->is_lid, 0);

		node_put_jid(arena, out, "recipient", &chat);
		node_put_jid(arena, out, c->is_lid ? "peer_recipient_pn" : "peer_recipient_lid",
			&alternate);
	}
}

static struct node *start_copy(const struct carry *c, const struct sim_phone *at)
{
	struct sim *sim = c->sim;
	struct node *out = node_new(sim->arena, "message");

	copy_attr(sim, c->message, out, "id");
	name_parties(c, at, out);
	copy_attr(sim, c->message, out, "type");
	copy_attr(sim, c->message, out, "edit");
	copy_attr(sim, c->message, out, "category");
	node_put_int(sim->arena, out, "t", sim->now_ms / 1000);
	node_put(sim->arena, out, "notify", str_of(c->from->phone->name));
	return out;
}

/* One of the faults of messages; the last of `count` ends them, which counts what people write. */
static bool harms(const struct carry *c, int percent)
{
	struct sim_faults *f = &c->sim->faults;

	if (f->count > 0 && node_has(c->message, "category", "peer"))
		return false;
	if (!sim_happens(c->sim, percent))
		return false;
	if (f->count > 0 && --f->count == 0)
		f->message_error = f->drop_ack_percent = f->duplicate_percent =
			f->corrupt_percent = f->corrupt_group_percent = 0;
	return true;
}

/* Spoils the last octet of a ciphertext, where its signature or MAC stands. */
static void adopt_enc(const struct carry *c, struct node *into, const struct node *enc)
{
	struct sim *sim = c->sim;
	bool is_group_key = node_has(enc, "type", "skmsg");
	bytes data = node_data(enc);

	sim_adopt_copy(sim, into, enc);
	if (!data.len || !harms(c, is_group_key ? sim->faults.corrupt_group_percent
							: sim->faults.corrupt_percent))
		return;
	data = arena_bytes(sim->arena, data);
	/* pkmsg: the tail is not covered */
	((uint8_t *)data.ptr)[data.len > 16 ? data.len - 16 : 0] ^= 0x55;
	node_put_data(into->last, data);
}

static void deliver(const struct carry *c, struct sim_device *to, const struct node *own_enc,
	const struct node *common)
{
	struct sim *sim = c->sim;
	struct node *out = start_copy(c, to->phone);

	if (own_enc)
		adopt_enc(c, out, own_enc);
	if (common)
		adopt_enc(c, out, common);
	for (const struct node *n = c->message->first; n; n = n->next)
		if (is_carried(n))
			sim_adopt_copy(sim, out, n);
	sim_device_post(to, out);
	if (harms(c, sim->faults.duplicate_percent))
		sim_device_post(to, out);
}

/* ---- to whom ---- */

static bool has_blocked(const struct sim_phone *phone, const struct sim_phone *who)
{
	for (size_t i = 0; i < phone->blocked_count; i++)
		if (phone->blocked[i] == who)
			return true;
	return false;
}

static size_t add_devices(struct sim_phone *phone, struct sim_device **out, size_t count)
{
	if (count + SIM_DEVICES_MAX + 1 > TARGETS_MAX)
		return count;
	return count + sim_phone_devices(phone, out + count);
}

/* All devices that a message should reach, the sender's own with them. */
static size_t expected(const struct carry *c, struct sim_device **out)
{
	size_t count = 0;

	for (size_t i = 0; c->group && i < c->group->count; i++)
		count = add_devices(c->group->members[i].phone, out, count);
	if (c->group)
		return count;
	count = add_devices(c->peer, out, count);
	return c->peer == c->from->phone ? count : add_devices(c->from->phone, out, count);
}

static str expected_phash(const struct carry *c, struct sim_device *const *devices, size_t count)
{
	struct jid *jids = ARENA_ARRAY(c->sim->arena, struct jid, count);

	for (size_t i = 0; i < count; i++)
		jids[i] = sim_phone_jid(devices[i]->phone, c->is_lid, devices[i]->number);
	return sim_phash(c->sim, jids, count);
}

static const struct node *enc_for(const struct carry *c, const struct sim_device *d)
{
	const struct node *list = node_child(c->message, "participants");

	for (const struct node *to = list ? list->first : NULL; to; to = to->next) {
		struct jid jid;

		if (node_is(to, "to") && node_jid(to, "jid", &jid) && jid.device == d->number &&
			sim_phone_of(c->sim, &jid) == d->phone)
			return node_child(to, "enc");
	}
	return NULL;
}

/* true: each device that there is got its own. */
static bool fan_out(const struct carry *c, struct sim_device *const *devices, size_t count)
{
	const struct node *common = node_child(c->message, "enc");
	bool is_whole = true;

	for (size_t n = 0; n < count; n++) {
		size_t i = c->sim->faults.reorder ? count - 1 - n : n;
		const struct node *own = enc_for(c, devices[i]);

		if (devices[i] == c->from)
			continue;
		is_whole = is_whole && (own || common);
		if ((own || common) && !has_blocked(devices[i]->phone, c->from->phone))
			deliver(c, devices[i], own, common);
	}
	return is_whole;
}

/* ---- the answer ---- */

static void ack(const struct carry *c, int error, str phash)
{
	struct sim *sim = c->sim;
	struct node *out = node_new(sim->arena, "ack");

	if (!error && harms(c, sim->faults.drop_ack_percent))
		return;
	node_put(sim->arena, out, "class", S("message"));
	copy_attr(sim, c->message, out, "id");
	node_put_jid(sim->arena, out, "from", &c->to);
	node_put_int(sim->arena, out, "t", sim->now_ms / 1000);
	node_put(sim->arena, out, "phash", phash);
	if (error)
		node_put_int(sim->arena, out, "error", error);
	sim_device_answer(c->from, out);
}

static void take_fan_out(const struct carry *c)
{
	struct sim *sim = c->sim;
	struct sim_device **devices = ARENA_ARRAY(sim->arena, struct sim_device *, TARGETS_MAX);
	size_t count = expected(c, devices);
	bool is_whole = fan_out(c, devices, count);

	ack(c, 0,
		sim->faults.bad_phash ? S("2:AAAAAAAA")
		: is_whole            ? STR_NONE
				      : expected_phash(c, devices, count));
}

/* Straight to one device: a peer message, or one that a device asked for again. */
static void take_direct(struct carry *c)
{
	const struct node *enc = node_child(c->message, "enc");
	struct jid jid = c->to;
	struct sim_device *to;

	if (c->group && !node_jid(c->message, "participant", &jid)) {
		ack(c, 479, STR_NONE);
		return;
	}
	to = sim_device_of(c->sim, &jid);
	if (to && to->phone == c->from->phone && !c->group) {
		struct jid chat;
		struct sim_phone *peer = node_jid(c->message, "recipient", &chat)
						 ? sim_phone_of(c->sim, &chat) : NULL;

		c->peer = peer ? peer : to->phone;
	}
	ack(c, 0, STR_NONE);
	if (to)
		deliver(c, to, enc, NULL);
}

static bool may_write(const struct carry *c)
{
	const struct sim_member *member =
		c->group ? sim_group_member(c->group, c->from->phone) : NULL;

	return !c->group || (member && (!c->group->is_announcement || member->rank));
}

static int refusal_of(const struct carry *c)
{
	int error = c->sim->faults.message_error;

	if (harms(c, error ? c->sim->faults.message_error_percent : 0))
		return error;
	if (!c->group && !c->peer)
		return 404;
	if (!may_write(c))
		return 403;
	return 0;
}

void sim_take_message(struct sim_device *d, const struct node *message)
{
	struct sim *sim = d->phone->sim;
	struct carry c = { .sim = sim, .from = d, .message = message };
	int refusal;

	if (!node_jid(message, "to", &c.to) || !node_text(sim->arena, message, "id").len)
		return;
	if (str_is(c.to.server, JID_SERVER_GROUP))
		c.group = sim_group_find(sim, c.to.user);
	else
		c.peer = sim_phone_of(sim, &c.to);
	c.is_lid = c.group ? c.group->is_lid : str_is(c.to.server, JID_SERVER_LID);
	if (str_is(c.to.server, JID_SERVER_BROADCAST)) {
		ack(&c, 0, STR_NONE);   /* status posts reach nobody here */
		return;
	}
	refusal = refusal_of(&c);
	if (refusal)
		ack(&c, refusal, STR_NONE);
	else if (node_child(message, "enc") && !node_child(message, "participants") &&
		 (!c.group || node_attr(message, "participant")))
		take_direct(&c);
	else
		take_fan_out(&c);
}

/* ---- receipts ---- */

static struct node *copy_receipt(struct sim_device *d, const struct node *receipt)
{
	struct sim *sim = d->phone->sim;
	struct node *out = node_new(sim->arena, "receipt");

	copy_attr(sim, receipt, out, "id");
	copy_attr(sim, receipt, out, "type");
	copy_attr(sim, receipt, out, "category");
	node_put_int(sim->arena, out, "t", sim->now_ms / 1000);
	for (const struct node *n = receipt->first; n; n = n->next)
		sim_adopt_copy(sim, out, n);
	return out;
}

static bool is_of(const struct node *receipt, const char *const *types)
{
	for (; *types; types++)
		if (node_has(receipt, "type", *types))
			return true;
	return false;
}

/* Who says it, in the words of the chat. */
static void sign_receipt(struct sim_device *d, const struct node *receipt, struct node *out,
	const struct jid *to)
{
	static const char *const of_people[] = { "read", "played", NULL };
	struct sim *sim = d->phone->sim;
	bool is_group = str_is(to->server, JID_SERVER_GROUP);
	struct sim_group *group = is_group ? sim_group_find(sim, to->user) : NULL;
	struct jid who = sim_phone_jid(d->phone,
		is_group ? group && group->is_lid : str_is(to->server, JID_SERVER_LID),
		is_of(receipt, of_people) ? 0 : d->number);

	node_put_jid(sim->arena, out, "from", is_group ? to : &who);
	if (is_group)
		node_put_jid(sim->arena, out, "participant", &who);
}

static void tell_author(struct sim_device *d, const struct node *receipt, const struct jid *to,
	struct sim_device *author_device, struct sim_phone *author)
{
	struct node *out = copy_receipt(d, receipt);

	sign_receipt(d, receipt, out, to);
	if (!node_has(receipt, "type", "retry")) {
		if (!sim_happens(d->phone->sim, d->phone->sim->faults.drop_receipt_percent))
			sim_phone_post(author, NULL, out);
		return;
	}
	copy_attr(d->phone->sim, receipt, out, "recipient");
	if (author_device)
		sim_device_post(author_device, out);
}

/* What one device of a person saw, the others need not show as new. */
static void tell_own(struct sim_device *d, const struct node *receipt, const struct jid *to)
{
	struct sim *sim = d->phone->sim;
	struct node *out = copy_receipt(d, receipt);
	struct jid own = sim_phone_jid(d->phone, str_is(to->server, JID_SERVER_LID), 0);

	node_put_jid(sim->arena, out, "from", &own);
	node_put_jid(sim->arena, out, "recipient", to);
	copy_attr(sim, receipt, out, "participant");
	sim_phone_post(d->phone, d, out);
}

/* A file is gone, and the phone may have it. */
static void tell_phone(struct sim_device *d, const struct node *receipt)
{
	struct node *out = copy_receipt(d, receipt);
	struct jid from = sim_phone_jid(d->phone, false, d->number);

	node_put_jid(d->phone->sim->arena, out, "from", &from);
	sim_device_post(d->phone->primary, out);
}

static void route_receipt(struct sim_device *d, const struct node *receipt, const struct jid *to)
{
	static const char *const silent[] = { "read-self", "played-self", NULL },
				 * const seen[] = { "read", "played", NULL },
				 * const housekeeping[] = { "peer_msg", "hist_sync", NULL };
	struct jid jid = *to;
	struct sim_phone *author;

	if (is_of(receipt, housekeeping))
		return;
	if (is_of(receipt, silent)) {
		tell_own(d, receipt, to);
		return;
	}
	if (str_is(to->server, JID_SERVER_GROUP) && !node_jid(receipt, "participant", &jid))
		return;
	author = sim_phone_of(d->phone->sim, &jid);
	if (!author || (author == d->phone && is_of(receipt, seen)))
		return;
	if (node_has(receipt, "type", "server-error")) {
		tell_phone(d, receipt);
		return;
	}
	tell_author(d, receipt, to, sim_device_find(author, jid.device), author);
	if (is_of(receipt, seen))
		tell_own(d, receipt, to);
}

void sim_take_receipt(struct sim_device *d, const struct node *receipt)
{
	struct sim *sim = d->phone->sim;
	struct node *out = node_new(sim->arena, "ack");
	const struct node *list = node_child(receipt, "list");
	struct jid to;

	if (!node_jid(receipt, "to", &to))
		return;
	node_put(sim->arena, out, "class", S("receipt"));
	copy_attr(sim, receipt, out, "id");
	node_put_jid(sim->arena, out, "from", &to);
	copy_attr(sim, receipt, out, "participant");
	copy_attr(sim, receipt, out, "type");
	sim_device_answer(d, out);
	if (!node_has(receipt, "type", "retry"))
		sim_device_has(d, 'm', node_text(sim->arena, receipt, "id"));
	for (const struct node *item = list ? list->first : NULL; item; item = item->next)
		sim_device_has(d, 'm', node_text(sim->arena, item, "id"));
	route_receipt(d, receipt, &to);
}

/* ---- what only counts now ---- */

void sim_take_chatstate(struct sim_device *d, const struct node *state)
{
	struct sim *sim = d->phone->sim;
	struct node *out = node_new(sim->arena, "chatstate");
	struct sim_group *group;
	struct sim_phone *peer;
	struct jid to, who;

	if (!node_jid(state, "to", &to))
		return;
	group = str_is(to.server, JID_SERVER_GROUP) ? sim_group_find(sim, to.user) : NULL;
	peer = group ? NULL : sim_phone_of(sim, &to);
	who = sim_phone_jid(d->phone, group ? group->is_lid : str_is(to.server, JID_SERVER_LID), 0);
	node_put_jid(sim->arena, out, "from", group ? &to : &who);
	if (group)
		node_put_jid(sim->arena, out, "participant", &who);
	for (const struct node *n = state->first; n; n = n->next)
		sim_adopt_copy(sim, out, n);
	for (size_t i = 0; group && i < group->count; i++)
		if (group->members[i].phone != d->phone)
			sim_phone_tell(group->members[i].phone, NULL, out);
	if (peer && !has_blocked(peer, d->phone))
		sim_phone_tell(peer, NULL, out);
}

static bool is_online(const struct sim_phone *phone)
{
	struct sim_device *devices[SIM_DEVICES_MAX + 1];
	size_t count = sim_phone_devices(phone, devices);

	for (size_t i = 0; i < count; i++)
		if (devices[i]->is_available)
			return true;
	return false;
}

static void tell_presence(struct sim_conn *c, const struct sim_phone *phone)
{
	struct sim *sim = c->sim;
	struct node *out = node_new(sim->arena, "presence");
	struct jid who = sim_phone_jid(phone, true, 0);

	node_put_jid(sim->arena, out, "from", &who);
	if (!is_online(phone)) {
		node_put(sim->arena, out, "type", S("unavailable"));
		if (phone->last_seen_s)
			node_put_int(sim->arena, out, "last", phone->last_seen_s);
	}
	sim_conn_send(c, out);
}

void sim_presence_changed(struct sim_phone *phone)
{
	for (struct sim_conn *c = phone->sim->conns; c; c = c->next)
		for (size_t i = 0; i < c->watched_count; i++)
			if (c->watched[i] == phone)
				tell_presence(c, phone);
}

static void subscribe(struct sim_device *d, const struct node *presence)
{
	struct sim_conn *c = d->conn;
	struct sim_phone *phone;
	struct jid to;

	if (!c || !node_jid(presence, "to", &to))
		return;
	phone = sim_phone_of(d->phone->sim, &to);
	for (size_t i = 0; i < c->watched_count; i++)
		if (c->watched[i] == phone)
			return;
	if (!phone || c->watched_count == SIM_WATCH_MAX)
		return;
	c->watched[c->watched_count++] = phone;
	tell_presence(c, phone);
}

void sim_take_presence(struct sim_device *d, const struct node *presence)
{
	struct sim *sim = d->phone->sim;
	str name = node_text(sim->arena, presence, "name");

	if (node_has(presence, "type", "subscribe")) {
		subscribe(d, presence);
		return;
	}
	if (name.len && !str_is(name, str_of(d->phone->name)))
		sim_text_set(&d->phone->name, name);
	d->is_available = !node_has(presence, "type", "unavailable");
	d->phone->last_seen_s = sim->now_ms / 1000;
	sim_presence_changed(d->phone);
}

/* Calls ring at all devices of the other; what happens to them, too. */
void sim_take_call(struct sim_device *d, const struct node *call)
{
	struct sim *sim = d->phone->sim;
	struct node *out = node_new(sim->arena, "call"), *done = node_new(sim->arena, "ack");
	struct sim_phone *peer;
	struct jid to, who;

	if (!node_jid(call, "to", &to))
		return;
	node_put(sim->arena, done, "class", S("call"));
	copy_attr(sim, call, done, "id");
	node_put_jid(sim->arena, done, "from", &to);
	sim_device_answer(d, done);
	peer = sim_phone_of(sim, &to);
	who = sim_phone_jid(d->phone, str_is(to.server, JID_SERVER_LID), d->number);
	copy_attr(sim, call, out, "id");
	node_put_jid(sim->arena, out, "from", &who);
	node_put_int(sim->arena, out, "t", sim->now_ms / 1000);
	node_put(sim->arena, out, "notify", str_of(d->phone->name));
	for (const struct node *n = call->first; n; n = n->next)
		sim_adopt_copy(sim, out, n);
	if (peer && !has_blocked(peer, d->phone))
		sim_phone_post(peer, d, out);
}
