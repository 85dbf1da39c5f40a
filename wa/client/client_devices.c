/*
 * client_devices.c: which devices an account has: asked for, kept, and given up when they changed.
 *
 * A companion counts when the account's key index list names it, or when it is newer than the list
 * (§2.2). Source: docs/protocol/linked-device-2-messaging.md §2.
 */
#include "wa/client/client_internal.h"
#include "wa/client/usync.h"

#include "wa_adv.pb-c.h"

/* ---- asking ---- */

enum err client_ask_devices(struct wa_client *c, const struct wa_call *call,
	const struct client_question *q)
{
	struct arena *arena = call->out->arena;
	size_t count = q->count < WA_USYNC_MAX ? q->count : WA_USYNC_MAX;
	struct wa_usync_user *users = ARENA_ARRAY(arena, struct wa_usync_user, count);
	struct wa_usync usync = { .purpose = WA_USYNC_FOR_SENDING,
		.sid = client_message_id(c, arena), .users = users, .count = count };

	for (size_t i = 0; i < count; i++)
		users[i].jid = q->jids[i];
	return client_ask(c, call, wa_usync_request(arena, &usync), q->take, q->tag);
}

/* ---- the key index list ---- */

struct key_index { bool is_there; const Wa__ADVKeyIndexList *list; };

static struct key_index read_key_index(struct arena *arena, const struct node *devices)
{
	bytes octets = node_child_data(devices, "key-index-list");
	const Wa__ADVSignedKeyIndexList *sealed;
	struct key_index index = { 0 };

	if (!octets.len)
		return index;
	sealed = PROTO_UNPACK(arena, Wa__ADVSignedKeyIndexList, wa__advsigned_key_index_list,
		octets);
	if (sealed && sealed->has_details)
		index.list = PROTO_UNPACK(arena, Wa__ADVKeyIndexList, wa__advkey_index_list,
			PROTO_DATA(sealed, details));
	index.is_there = index.list != NULL;
	return index;
}

static bool is_valid(const struct key_index *index, const struct node *device)
{
	int64_t number = node_int(device, "key-index", -1);

	if (!index->is_there)
		return true;
	if (number > index->list->current_index)
		return true;
	for (size_t i = 0; i < index->list->n_valid_indexes; i++)
		if (index->list->valid_indexes[i] == number)
			return true;
	return false;
}

/* ---- keeping ---- */

static bool has_device(const struct client_person *p, int64_t device)
{
	for (size_t i = 0; i < p->device_count; i++)
		if (p->devices[i] == device)
			return true;
	return false;
}

static void add_device(struct client_person *p, int64_t device)
{
	if (device < 0 || device > UINT8_MAX || has_device(p, device) ||
		p->device_count == CLIENT_DEVICES_MAX)
		return;
	p->devices[p->device_count++] = (uint16_t)device;
}

/* Sessions with a device that is no more, and our sender keys that it has. */
static enum err drop_device(struct wa_client *c, const struct wa_call *call,
	const struct client_person *p, uint16_t device)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct jid jid = client_person_jid(p, device, true);
	str address;

	TRY(client_address(c, arena, &jid, &address));
	TRY(signal_forget(&signal, address));
	return client_known_lost(c, call, address);
}

/* Also of devices that are on no list. */
enum err client_drop_devices(struct wa_client *c, const struct wa_call *call, const struct jid *jid)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct client_names names = { .arena = arena };
	struct client_person p;

	TRY(client_person(c, arena, jid, &p));
	TRY(client_sessions_of(c, &p, &names));
	for (size_t i = 0; i < names.count; i++) {
		TRY(signal_forget(&signal, names.texts[i]));
		TRY(client_known_lost(c, call, names.texts[i]));
	}
	return client_person_drop(c, arena, jid);
}

/* Another raw_id: the account was registered afresh, and nothing of before holds. */
static enum err check_registration(struct wa_client *c, const struct wa_call *call,
	const struct key_index *index, struct client_person *p)
{
	struct jid jid = client_person_jid(p, 0, true);

	if (!index->is_there || !index->list->has_raw_id || index->list->raw_id == p->raw_id)
		return OK;
	if (p->raw_id) {
		TRY(client_drop_devices(c, call, &jid));
		TRY(client_person(c, call->out->arena, &jid, p));
	}
	p->raw_id = index->list->raw_id;
	return OK;
}

/* Devices that were on the list and are no more lose their sessions. */
static enum err take_list(struct wa_client *c, const struct wa_call *call, struct client_person *p,
	const struct node *devices)
{
	const struct node *list = node_child(devices, "device-list");
	struct key_index index = read_key_index(call->out->arena, devices);
	struct client_person old;

	TRY(check_registration(c, call, &index, p));
	old = *p;
	p->device_count = 0;
	p->met = 0;
	for (const struct node *d = list->first; d; d = d->next) {
		int64_t number = node_int(d, "id", -1);

		if (node_is(d, "device") && (!number || is_valid(&index, d)))
			add_device(p, number);
	}
	for (size_t i = 0; i < old.device_count; i++)
		if (!has_device(p, old.devices[i]))
			TRY(drop_device(c, call, &old, old.devices[i]));
	p->devices_ms = call->now->wall_ms;
	return client_person_keep(c, call->out->arena, p);
}

static enum err take_user(struct wa_client *c, const struct wa_call *call,
	const struct wa_usync_result *user)
{
	struct client_person p;

	if (!client_is_person(&user->jid))
		return OK;
	if (user->names.lid.user.len && user->names.pn.user.len)
		TRY(wa_client_learn(c, call, &user->names.lid, &user->names.pn));
	if (!user->devices || !node_child(user->devices, "device-list"))
		return OK;
	TRY(client_person(c, call->out->arena, &user->jid, &p));
	return take_list(c, call, &p, user->devices);
}

enum err client_take_devices(struct wa_client *c, const struct wa_call *call, const struct node *iq)
{
	struct wa_usync_result *users;
	size_t count;

	if (!iq || wa_usync_read(call->out->arena, iq, &users, &count) != OK)
		return OK;
	for (size_t i = 0; i < count; i++)
		TRY(take_user(c, call, &users[i]));
	return OK;
}

/* ---- what changes by itself ---- */

static str hash_of(struct arena *arena, const struct client_person *p, bool by_lid)
{
	struct jid jids[CLIENT_DEVICES_MAX];

	for (size_t i = 0; i < p->device_count; i++)
		jids[i] = client_person_jid(p, p->devices[i], by_lid);
	return signal_phash(arena, jids, p->device_count);
}

/* Whether our list is the one that the server speaks of. */
static bool is_same(struct arena *arena, const struct client_person *p, const struct node *change)
{
	str by_pn = node_text(arena, change, "device_hash"),
	    by_lid = node_text(arena, change, "device_lid_hash"),
	    own = node_text(arena, change, "dhash");

	if (by_lid.len && p->lid[0])
		return signal_phash_is(hash_of(arena, p, true), by_lid);
	if (by_pn.len && p->pn[0])
		return signal_phash_is(hash_of(arena, p, false), by_pn);
	return !own.len || signal_phash_is(hash_of(arena, p, false), own) ||
	       signal_phash_is(hash_of(arena, p, true), own);
}

static void remove_device(struct client_person *p, int64_t device)
{
	for (size_t i = 0; i < p->device_count; i++)
		if (p->devices[i] == device) {
			p->devices[i] = p->devices[--p->device_count];
			p->met = 0;
			return;
		}
}

static enum err change_list(struct wa_client *c, const struct wa_call *call,
	const struct node *change, struct client_person *p)
{
	for (const struct node *d = change->first; d; d = d->next) {
		struct jid jid;

		if (!node_is(d, "device") || !node_jid(d, "jid", &jid))
			continue;
		if (node_is(change, "remove")) {
			TRY(drop_device(c, call, p, jid.device));
			remove_device(p, jid.device);
		} else {
			add_device(p, jid.device);
		}
	}
	return OK;
}

enum err client_take_devices_notice(struct wa_client *c, const struct wa_call *call,
	const struct node *notice)
{
	struct arena *arena = call->out->arena;
	struct client_person p;
	struct jid from, lid;

	if (!node_jid(notice, "from", &from) || !client_is_person(&from))
		return OK;
	if (node_jid(notice, "lid", &lid))
		TRY(client_learn_both(c, call, &lid, &from));
	for (const struct node *change = notice->first; change; change = change->next) {
		struct key_index index = read_key_index(arena, change);

		TRY(client_person(c, arena, &from, &p));
		TRY(check_registration(c, call, &index, &p));
		if (!p.devices_ms)
			return OK;
		TRY(change_list(c, call, change, &p));
		if (node_is(change, "update") || !is_same(arena, &p, change))
			TRY(client_person_drop(c, arena, &from));
		else
			TRY(client_person_keep(c, arena, &p));
	}
	return OK;
}

/* The whole list of our own devices, every time (§2.3). */
enum err client_take_own_devices(struct wa_client *c, const struct wa_call *call,
	const struct node *notice)
{
	const struct node *list = node_child(notice, "devices");
	struct arena *arena = call->out->arena;
	struct jid own = client_own(c, false);
	struct client_person p, old;

	TRY(client_person(c, arena, &own, &p));
	old = p;
	p.device_count = 0;
	p.met = 0;
	for (const struct node *d = list->first; d; d = d->next) {
		struct jid jid;

		if (node_is(d, "device") && node_jid(d, "jid", &jid))
			add_device(&p, jid.device);
	}
	for (size_t i = 0; i < old.device_count; i++)
		if (!has_device(&p, old.devices[i]))
			TRY(drop_device(c, call, &old, old.devices[i]));
	p.devices_ms = call->now->wall_ms;
	if (!is_same(arena, &p, list))
		return client_person_drop(c, arena, &own);
	return client_person_keep(c, arena, &p);
}

/* ---- new keys ---- */

enum err client_tell_identity(struct wa_client *c, const struct wa_call *call,
	const struct jid *jid)
{
	struct jid bare = wa_bare(jid), *who = ARENA_NEW(call->out->arena, struct jid);

	(void)c;
	*who = client_jid_copy(call->out->arena, &bare);
	client_event(call, WA_EVENT_IDENTITY)->who = who;
	return OK;
}

/* Somebody's phone was set up anew. What was replayed to us may be long past: then the next message
 * tells. */
enum err client_take_identity(struct wa_client *c, const struct wa_call *call,
	const struct node *notice)
{
	struct jid from;

	if (!node_jid(notice, "from", &from) || !client_is_person(&from) || from.device ||
		client_is_own(c, &from) || node_attr(notice, "offline"))
		return OK;
	TRY(client_drop_devices(c, call, &from));
	TRY(client_token_again(c, call, &from));
	return client_tell_identity(c, call, &from);
}
