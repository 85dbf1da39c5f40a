/*
 * client_address.c: whom an address means: number and hidden id of one person, and its devices.
 *
 * What is known stands in records: LID and PN hold the pairs, DEVICES the list of an account (under
 * its hidden id, when it has one). The last CLIENT_PERSONS_MAX people are in memory as well, so
 * that a message to one of them asks neither the store nor the server. The Signal state of a person
 * belongs to the hidden id as soon as that is known: client_address() is the one way to name a
 * device to wa/signal.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §1.2, §2.
 */
#include "wa/client/client_internal.h"

#include "wa_adv.pb-c.h"
#include "wa_history.pb-c.h"

/* A list that nobody contradicted is asked for again after this. */
#define LIST_STALE_MS (7ll * 24 * 3600 * 1000)
#define LIST_RECORD_MAX 256
#define HOSTED_DEVICE 99

/* ---- jids ---- */

struct jid client_jid_copy(struct arena *arena, const struct jid *jid)
{
	struct jid copy = *jid;

	copy.user = arena_str(arena, jid->user);
	copy.server = arena_str(arena, jid->server);
	return copy;
}

bool client_is_group(const struct jid *jid)
{
	return str_is(jid->server, JID_SERVER_GROUP);
}

bool client_is_status(const struct jid *jid)
{
	return str_is(jid->server, JID_SERVER_BROADCAST);
}

static bool is_lid(const struct jid *jid)
{
	return str_is(jid->server, JID_SERVER_LID) || str_is(jid->server, JID_SERVER_HOSTED_LID);
}

bool client_is_person(const struct jid *jid)
{
	return jid->user.len > 0 && jid->user.len < CLIENT_USER_MAX &&
	       (is_lid(jid) || str_is(jid->server, JID_SERVER_PN) ||
		       str_is(jid->server, JID_SERVER_HOSTED) || str_is(jid->server, S("c.us")));
}

bool client_is_own(const struct wa_client *c, const struct jid *jid)
{
	const struct wa_jid *own = is_lid(jid) ? &c->config.device->lid : &c->config.device->pn;

	return client_is_person(jid) && str_is(jid->user, wa_text_of(&own->user));
}

struct jid client_own(const struct wa_client *c, bool by_lid)
{
	return by_lid && c->config.device->lid.user.len ? device_lid(c->config.device)
							: device_pn(c->config.device);
}

/* ---- people in memory ---- */

static bool user_is(const char *user, str s)
{
	return s.len && strlen(user) == s.len && memcmp(user, s.ptr, s.len) == 0;
}

static void user_set(char user[CLIENT_USER_MAX], str s)
{
	size_t n = s.len < CLIENT_USER_MAX ? s.len : 0;

	if (n)
		memcpy(user, s.ptr, n);
	user[n] = 0;
}

static struct client_person *find(struct wa_client *c, const struct jid *jid)
{
	bool by_lid = is_lid(jid);

	for (size_t i = 0; i < c->person_count; i++) {
		struct client_person *p = &c->persons[i];

		if (!user_is(by_lid ? p->lid : p->pn, jid->user))
			continue;
		p->used = ++c->person_uses;
		return p;
	}
	return NULL;
}

/* A free place, or that of whom nobody wrote to for longest. */
static struct client_person *room(struct wa_client *c)
{
	struct client_person *oldest;

	if (c->person_count < CLIENT_PERSONS_MAX) {
		if (c->person_count == c->person_room) {
			c->person_room = c->person_room ? 2 * c->person_room : 8;
			c->persons = heap_grow(c->persons, c->person_room * sizeof *c->persons);
		}
		return &c->persons[c->person_count++];
	}
	oldest = &c->persons[0];
	for (size_t i = 1; i < c->person_count; i++)
		if (c->persons[i].used < oldest->used)
			oldest = &c->persons[i];
	return oldest;
}

static void forget(struct wa_client *c, const struct jid *jid)
{
	struct client_person *p = find(c, jid);

	if (p)
		*p = c->persons[--c->person_count];
}

void client_person_note(struct wa_client *c, const struct client_person *p)
{
	struct jid jid = client_person_jid(p, 0, p->lid[0]);
	struct client_person *to = find(c, &jid);

	if (!to)
		to = room(c);
	*to = *p;
	to->used = ++c->person_uses;
}

void client_address_done(struct wa_client *c)
{
	heap_free(c->persons);
	c->persons = NULL;
	c->person_count = c->person_room = 0;
}

/* ---- people in records ---- */

struct jid client_person_jid(const struct client_person *p, uint16_t device, bool by_lid)
{
	bool is_hosted = device == HOSTED_DEVICE;

	if (by_lid && p->lid[0])
		return (struct jid){ .user = str_of(p->lid), .device = device,
			.server = is_hosted ? JID_SERVER_HOSTED_LID : JID_SERVER_LID };
	return (struct jid){ .user = str_of(p->pn), .device = device,
		.server = is_hosted ? JID_SERVER_HOSTED : JID_SERVER_PN };
}

static str list_key(struct arena *arena, const struct client_person *p)
{
	struct jid jid = client_person_jid(p, 0, p->lid[0]);

	return jid_text(arena, &jid);
}

static int64_t next_number(str *text)
{
	int64_t n;

	return str_to_i64(str_split(text, ' '), &n) ? n : 0;
}

static void read_list(bytes record, struct client_person *p)
{
	str text = str_from(record);

	p->devices_ms = next_number(&text);
	p->raw_id = (uint32_t)next_number(&text);
	while (text.len && p->device_count < CLIENT_DEVICES_MAX)
		p->devices[p->device_count++] = (uint16_t)next_number(&text);
}

static enum err get(struct wa_client *c, struct arena *arena, enum wa_record kind, str key,
	bytes *out)
{
	enum err e = c->config.store.get(c->config.store.arg, kind, key, arena, out);

	if (e == ERR_MISSING)
		*out = BYTES_NONE;
	return e == ERR_MISSING ? OK : e;
}

static enum err load(struct wa_client *c, struct arena *arena, const struct jid *jid,
	struct client_person *p)
{
	bytes other, list;

	user_set(is_lid(jid) ? p->lid : p->pn, jid->user);
	if (client_is_own(c, jid)) {
		user_set(p->pn, wa_text_of(&c->config.device->pn.user));
		user_set(p->lid, wa_text_of(&c->config.device->lid.user));
	} else if (is_lid(jid)) {
		TRY(get(c, arena, WA_RECORD_PN, jid->user, &other));
		user_set(p->pn, str_from(other));
	} else {
		TRY(get(c, arena, WA_RECORD_LID, jid->user, &other));
		user_set(p->lid, str_from(other));
	}
	TRY(get(c, arena, WA_RECORD_DEVICES, list_key(arena, p), &list));
	if (list.len)
		read_list(list, p);
	return OK;
}

enum err client_person(struct wa_client *c, struct arena *arena, const struct jid *jid,
	struct client_person *out)
{
	const struct client_person *known = find(c, jid);

	*out = (struct client_person){ 0 };
	if (known) {
		*out = *known;
		return OK;
	}
	if (!client_is_person(jid))
		return ERR_INPUT;
	TRY(load(c, arena, jid, out));
	client_person_note(c, out);
	return OK;
}

enum err client_person_keep(struct wa_client *c, struct arena *arena, const struct client_person *p)
{
	struct buf record = buf_in(arena, LIST_RECORD_MAX);

	buf_printf(&record, "%lld %u", (long long)p->devices_ms, p->raw_id);
	for (size_t i = 0; i < p->device_count; i++)
		buf_printf(&record, " %u", p->devices[i]);
	client_person_note(c, p);
	return client_keep(c, WA_RECORD_DEVICES, list_key(arena, p), buf_bytes(&record));
}

enum err client_person_drop(struct wa_client *c, struct arena *arena, const struct jid *jid)
{
	struct client_person p;

	TRY(client_person(c, arena, jid, &p));
	p.devices_ms = 0;
	p.device_count = 0;
	p.met = 0;
	client_person_note(c, &p);
	return client_drop(c, WA_RECORD_DEVICES, list_key(arena, &p));
}

bool client_person_is_stale(const struct wa_client *c, const struct wa_call *call,
	const struct client_person *p)
{
	(void)c;
	return !p->devices_ms || call->now->wall_ms - p->devices_ms > LIST_STALE_MS;
}

enum err client_address(struct wa_client *c, struct arena *arena, const struct jid *jid, str *out)
{
	struct client_person p;
	struct jid own = *jid;

	TRY(client_person(c, arena, jid, &p));
	if (!is_lid(jid) && p.lid[0])
		own = client_person_jid(&p, jid->device, true);
	else if (str_is(own.server, S("c.us")))
		own.server = JID_SERVER_PN;
	*out = signal_address(arena, &own);
	return OK;
}

/* ---- pairs ---- */

static enum err collect(void *arg, str key, bytes value)
{
	struct client_names *n = arg;

	(void)value;
	if (n->count == n->room) {
		n->texts = arena_grow(n->arena, n->texts, n->room * sizeof *n->texts,
			(n->room + 8) * sizeof *n->texts);
		n->room += 8;
	}
	n->texts[n->count++] = arena_str(n->arena, key);
	return OK;
}

enum err client_names_of(struct wa_client *c, enum wa_record kind, str prefix,
	struct client_names *out)
{
	return client_scan(c, kind, prefix, collect, out);
}

enum err client_sessions_of(struct wa_client *c, const struct client_person *p,
	struct client_names *out)
{
	if (p->pn[0])
		TRY(client_names_of(c, WA_RECORD_SESSION, arena_printf(out->arena, "%s.", p->pn),
			out));
	if (p->lid[0])
		TRY(client_names_of(c, WA_RECORD_SESSION, arena_printf(out->arena, "%s_1.", p->lid),
			out));
	return OK;
}

/* Each session with a device of the number becomes one with the same device of the hidden id. */
static enum err move_sessions(struct wa_client *c, const struct wa_call *call, str pn, str lid)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct client_names m = { .arena = arena };

	TRY(client_names_of(c, WA_RECORD_SESSION, arena_printf(arena, STR_F ".", STR_A(pn)), &m));
	for (size_t i = 0; i < m.count; i++) {
		int64_t device;
		struct jid to = { .user = lid, .server = JID_SERVER_LID };

		if (!str_to_i64(str_part(m.texts[i], pn.len + 1, m.texts[i].len), &device) ||
			device < 0 || device > UINT16_MAX)
			continue;
		to.device = (uint16_t)device;
		TRY(signal_move(&signal, m.texts[i], signal_address(arena, &to)));
	}
	return OK;
}

/* A new pair replaces what either half was paired with before. */
static enum err keep_pair(struct wa_client *c, const struct wa_call *call, str pn, str lid)
{
	struct arena *arena = call->out->arena;
	bytes old_lid, old_pn;

	TRY(get(c, arena, WA_RECORD_LID, pn, &old_lid));
	TRY(get(c, arena, WA_RECORD_PN, lid, &old_pn));
	if (old_lid.len)
		TRY(client_drop(c, WA_RECORD_PN, str_from(old_lid)));
	if (old_pn.len)
		TRY(client_drop(c, WA_RECORD_LID, str_from(old_pn)));
	TRY(client_keep(c, WA_RECORD_LID, pn, bytes_of(lid)));
	return client_keep(c, WA_RECORD_PN, lid, bytes_of(pn));
}

static enum err move_list(struct wa_client *c, struct arena *arena,
	const struct client_person *by_pn, const struct jid *lid)
{
	struct client_person both;

	TRY(client_person(c, arena, lid, &both));
	TRY(client_drop(c, WA_RECORD_DEVICES, list_key(arena, by_pn)));
	if (both.devices_ms || !by_pn->devices_ms)
		return OK;
	both.devices_ms = by_pn->devices_ms;
	both.raw_id = by_pn->raw_id;
	both.device_count = by_pn->device_count;
	memcpy(both.devices, by_pn->devices, sizeof both.devices);
	return client_person_keep(c, arena, &both);
}

enum err client_learn_quietly(struct wa_client *c, const struct wa_call *call,
	const struct wa_known *pair, bool *is_new)
{
	const struct jid *lid = &pair->lid, *pn = &pair->pn;
	struct client_person before;

	*is_new = false;
	if (!is_lid(lid) || !str_is(pn->server, JID_SERVER_PN) || !client_is_person(lid) ||
		!client_is_person(pn) || client_is_own(c, lid) || client_is_own(c, pn))
		return OK;
	TRY(client_person(c, call->out->arena, pn, &before));
	*is_new = !user_is(before.lid, lid->user);
	if (!*is_new)
		return OK;
	TRY(keep_pair(c, call, pn->user, lid->user));
	forget(c, pn);
	forget(c, lid);
	TRY(move_list(c, call->out->arena, &before, lid));
	return move_sessions(c, call, pn->user, lid->user);
}

enum err wa_client_learn(struct wa_client *c, const struct wa_call *call, const struct jid *lid,
	const struct jid *pn)
{
	struct arena *arena = call->out->arena;
	const struct wa_known pair = { wa_bare(lid), wa_bare(pn) };
	struct wa_known *known;
	bool is_new;

	TRY(client_learn_quietly(c, call, &pair, &is_new));
	if (!is_new)
		return OK;
	known = ARENA_NEW(arena, struct wa_known);
	*known = (struct wa_known){ client_jid_copy(arena, &pair.lid),
		client_jid_copy(arena, &pair.pn) };
	client_event(call, WA_EVENT_KNOWN)->known = known;
	return OK;
}

enum err client_learn_both(struct wa_client *c, const struct wa_call *call, const struct jid *a,
	const struct jid *b)
{
	return is_lid(a) ? wa_client_learn(c, call, a, b) : wa_client_learn(c, call, b, a);
}

static bool other_of(struct wa_client *c, const struct jid *jid, struct arena *arena,
	struct jid *out)
{
	struct client_person p;
	bool to_lid = !is_lid(jid);

	if (client_person(c, arena, jid, &p) != OK || !(to_lid ? p.lid : p.pn)[0])
		return false;
	*out = client_person_jid(&p, 0, to_lid);
	*out = client_jid_copy(arena, out);
	return true;
}

bool wa_client_lid_of(struct wa_client *c, const struct jid *pn, struct arena *arena,
	struct jid *lid)
{
	return !is_lid(pn) && other_of(c, pn, arena, lid);
}

bool wa_client_pn_of(struct wa_client *c, const struct jid *lid, struct arena *arena,
	struct jid *pn)
{
	return is_lid(lid) && other_of(c, lid, arena, pn);
}

/* "123@lid" or "123@s.whatsapp.net" of a protobuf's plain number. */
static struct jid jid_of_number(struct arena *arena, uint64_t number, str server)
{
	return (struct jid){ .user = arena_printf(arena, "%llu", (unsigned long long)number),
		.server = server };
}

enum err client_take_mapping(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__LIDMigrationMappingSyncMessage *sync =
		peer->protocol->lid_migration_mapping_sync_message;
	struct arena *arena = call->out->arena;
	const Wa__LIDMigrationMappingSyncPayload *payload;

	if (!sync || !sync->has_encoded_mapping_payload)
		return OK;
	payload = PROTO_UNPACK(arena, Wa__LIDMigrationMappingSyncPayload,
		wa__lidmigration_mapping_sync_payload, PROTO_DATA(sync, encoded_mapping_payload));
	for (size_t i = 0; payload && i < payload->n_pn_to_lid_mappings; i++) {
		const Wa__LIDMigrationMapping *m = payload->pn_to_lid_mappings[i];
		uint64_t lid_number = m->has_latest_lid ? m->latest_lid : m->assigned_lid;
		struct jid pn = jid_of_number(arena, m->pn, JID_SERVER_PN),
			   lid = jid_of_number(arena, lid_number, JID_SERVER_LID);

		if (m->pn && lid_number)
			TRY(wa_client_learn(c, call, &lid, &pn));
	}
	return OK;
}
