/* player.c: the client of a played phone, its records, and what is said; see player.h. */
#include "wa/client/appstate.h"
#include "wa/simulator/player_internal.h"

#define CALL_ARENA_MAX (1u << 30)     /* a history of SIM_SAID_MAX messages is made in one call */

/* ---- records, by key in their order ---- */

static size_t place_of(const struct sim_records *r, str key, bool *is_there)
{
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (str_compare(str_of(r->items[middle].key), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*is_there = low < r->count && str_is(str_of(r->items[low].key), key);
	return low;
}

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	const struct sim_records *r = &((struct sim_player *)arg)->records[kind];
	bool is_there;
	size_t at = place_of(r, key, &is_there);

	if (!is_there)
		return ERR_MISSING;
	*out = arena_bytes(arena, (bytes){ r->items[at].value, r->items[at].len });
	return OK;
}

static uint8_t *heap_octets(bytes data)
{
	uint8_t *copy = heap_alloc(data.len + 1);

	if (data.len)
		memcpy(copy, data.ptr, data.len);
	return copy;
}

static char *heap_text(str text)
{
	return (char *)heap_octets(bytes_of(text));
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct sim_records *r = &((struct sim_player *)arg)->records[kind];
	bool is_there;
	size_t at = place_of(r, key, &is_there);

	if (is_there) {
		heap_free(r->items[at].value);
	} else {
		if (r->count == r->cap) {
			r->cap = r->cap ? 2 * r->cap : 16;
			r->items = heap_grow(r->items, r->cap * sizeof *r->items);
		}
		memmove(r->items + at + 1, r->items + at, (r->count++ - at) * sizeof *r->items);
		r->items[at].key = heap_text(key);
	}
	r->items[at].value = heap_octets(value);
	r->items[at].len = value.len;
	return OK;
}

static void free_record(struct sim_record *record)
{
	heap_free(record->key);
	heap_free(record->value);
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	struct sim_records *r = &((struct sim_player *)arg)->records[kind];
	bool is_there;
	size_t at = place_of(r, key, &is_there);

	if (is_there) {
		free_record(&r->items[at]);
		memmove(r->items + at, r->items + at + 1, (--r->count - at) * sizeof *r->items);
	}
	while (!key.len && r->count)
		free_record(&r->items[--r->count]);
	return OK;
}

/* Each is given a copy, and the next is looked for by its key: the other may change the records. */
static enum err scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct sim_records *r = &((struct sim_player *)arg)->records[kind];
	struct arena *arena = arena_create(CALL_ARENA_MAX);
	enum err e = OK;
	bool is_there;
	size_t at = place_of(r, prefix, &is_there);

	while (e == OK && at < r->count && str_starts(str_of(r->items[at].key), prefix)) {
		str key = arena_str(arena, str_of(r->items[at].key));

		e = each(each_arg, key,
			arena_bytes(arena, (bytes){ r->items[at].value, r->items[at].len }));
		at = place_of(r, key, &is_there);
		at += is_there;
	}
	arena_destroy(arena);
	return e;
}

/* ---- what is said ---- */

static void free_said(struct sim_said *said)
{
	heap_free(said->id);
	heap_free(said->chat);
	heap_free(said->sender);
	heap_free(said->name);
	heap_free(said->plain);
}

static struct sim_said *find(struct sim_player *p, str id)
{
	for (size_t i = p->said_count; i-- > 0;)
		if (str_is(str_of(p->said[i].id), id))
			return &p->said[i];
	return NULL;
}

static void set_plain(struct sim_said *said, bytes plain)
{
	heap_free(said->plain);
	said->plain = plain.len ? heap_octets(plain) : NULL;
	said->plain_len = plain.len;
}

static struct sim_said *add_said(struct sim_player *p, str id)
{
	struct sim_said *said;

	if (p->said_count == SIM_SAID_MAX) {
		free_said(&p->said[0]);
		memmove(p->said, p->said + 1, --p->said_count * sizeof *p->said);
	}
	if (p->said_count == p->said_room) {
		p->said_room = p->said_room ? 2 * p->said_room : 64;
		p->said = heap_grow(p->said, p->said_room * sizeof *p->said);
	}
	said = &p->said[p->said_count++];
	*said = (struct sim_said){ .id = heap_text(id), .name = heap_text(S("")) };
	return said;
}

static void name_said(struct sim_said *said, str chat, str sender, str name)
{
	heap_free(said->chat);
	heap_free(said->sender);
	heap_free(said->name);
	said->chat = heap_text(chat);
	said->sender = heap_text(sender);
	said->name = heap_text(name);
}

void sim_player_remember(struct sim_player *p, const struct sim_said *from)
{
	struct sim_said *said = add_said(p, str_of(from->id));

	name_said(said, str_of(from->chat), str_of(from->sender), str_of(from->name));
	set_plain(said, (bytes){ from->plain, from->plain_len });
	said->from_me = from->from_me;
	said->is_group = from->is_group;
	said->is_read = from->is_read;
	said->status = from->status;
	said->t_ms = from->t_ms;
	said->change = ++p->changes;
}

static str account_text(struct sim_player *p, struct jid jid)
{
	jid.device = 0;
	jid.agent = 0;
	return jid_text(p->arena, &jid);
}

static void take_message(struct sim_player *p, const struct wa_call *call,
	const struct wa_message *m)
{
	struct sim_said *said = find(p, m->id);

	if (m->message && m->message->protocol_message &&
		m->message->protocol_message->type ==
			WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_MESSAGE) {
		player_answer(p, call, m);
		return;
	}
	if (said && !said->is_waiting)
		return;
	if (!said)
		said = add_said(p, m->id);
	name_said(said, account_text(p, m->chat), account_text(p, m->sender), m->push_name);
	set_plain(said, m->plain);
	said->from_me = m->is_from_me;
	said->is_group = m->is_group;
	said->is_waiting = m->is_waiting;
	said->status = m->is_from_me ? SIM_SENT : SIM_DELIVERED;
	said->t_ms = m->t_ms;
	said->change = ++p->changes;
}

static enum sim_said_status status_of(enum wa_receipt_kind kind)
{
	return kind == WA_DELIVERED ? SIM_DELIVERED
	       : kind == WA_READ    ? SIM_READ
	       : kind == WA_PLAYED  ? SIM_PLAYED
				    : SIM_PENDING;
}

static void take_receipt(struct sim_player *p, const struct wa_receipt *receipt)
{
	for (size_t i = 0; i < receipt->count; i++) {
		struct sim_said *said = find(p, receipt->ids[i]);
		enum sim_said_status status = status_of(receipt->kind);

		if (!said)
			continue;
		if (!said->from_me)
			said->is_read = true;   /* another device of ours read it */
		else if (status > said->status || said->status == SIM_FAILED)
			said->status = status;
		said->change = ++p->changes;
	}
}

static void take_sent(struct sim_player *p, const struct wa_sent *sent)
{
	struct sim_said *said = find(p, sent->id);

	if (!said || said->status > SIM_SENT)
		return;
	said->status = sent->code ? SIM_FAILED : SIM_SENT;
	said->code = sent->code;
	said->change = ++p->changes;
}

static void take_event(struct sim_player *p, const struct wa_call *call,
	const struct wa_event *event)
{
	if (event->kind == WA_EVENT_MESSAGE)
		take_message(p, call, event->message);
	else if (event->kind == WA_EVENT_RECEIPT)
		take_receipt(p, event->receipt);
	else if (event->kind == WA_EVENT_SENT)
		take_sent(p, event->sent);
	if (p->config.event)
		p->config.event(p->config.arg, p, event);
}

/* ---- calls ---- */

struct wa_call player_begin(struct sim_player *p)
{
	p->config.clock(p->config.arg, &p->now);
	sim_begin(p->phone->sim, p->now.wall_ms);
	wa_output_init(&p->out, p->arena);
	return (struct wa_call){ &p->now, &p->out };
}

/* Events may bring new ones: they stand behind. */
void player_end(struct sim_player *p)
{
	struct wa_call call = { &p->now, &p->out };

	for (const struct wa_event *event = p->out.events; event; event = event->next)
		take_event(p, &call, event);
	arena_reset(p->arena);
	sim_end(p->phone->sim);
}

static enum err to_network(void *arg, const struct wa_call *call, struct node *node)
{
	struct sim_player *p = arg;

	(void)call;
	sim_take_of(p->phone->primary, node);
	return OK;
}

static void make_random(void *arg, void *out, size_t size)
{
	struct sim_player *p = arg;

	p->config.random(p->config.arg, out, size);
}

/* What a session would acknowledge, before a client takes it. */
static void acknowledge(struct sim_player *p, const struct node *node)
{
	char tag = node->tag.len ? node->tag.ptr[0] : 0;

	if (tag == 'r' || tag == 'n' || tag == 'c')
		sim_device_has(p->phone->primary, tag, node_text(p->arena, node, "id"));
}

void sim_player_take(struct sim_player *p, const struct node *node)
{
	struct wa_call call = player_begin(p);

	if (node_is(node, "receipt") && node_has(node, "type", "server-error"))
		player_find_file(p, &call, node);
	else
		(void)wa_client_take(p->client, &call, node); /* the store is memory */
	acknowledge(p, node);
	player_welcome(p, &call);
	player_end(p);
}

void sim_player_tick(struct sim_player *p)
{
	struct wa_call call = player_begin(p);

	if (wa_client_deadline(p->client) <= p->now.mono_ms)
		(void)wa_client_tick(p->client, &call);
	player_end(p);
}

/* ---- life ---- */

struct sim_player *sim_player_create(const struct sim_player_config *config, str phone)
{
	struct sim_player *p = HEAP_NEW(struct sim_player);
	struct wa_call call;

	p->config = *config;
	p->arena = arena_create(CALL_ARENA_MAX);
	p->phone = sim_phone_get(config->sim, phone);
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (p->phone->devices[i])
			p->shared[p->shared_count++] = p->phone->devices[i]->number;
	if (wa_client_create(&(struct wa_client_config){ .device = &p->phone->keys,
				     .store = { get, put, erase, scan, p }, .send = to_network,
				     .send_arg = p, .random = make_random, .random_arg = p,
				     .is_phone = true },
		    &p->client) != OK) {
		sim_player_destroy(p);
		return NULL;
	}
	call = player_begin(p);
	(void)wa_client_online(p->client, &call);
	(void)wa_client_presence(p->client, &call, true);
	player_end(p);
	sim_play_phone(config->sim, phone, p, p->now.wall_ms);
	return p;
}

void sim_player_destroy(struct sim_player *p)
{
	if (!p)
		return;
	p->phone->player = NULL;
	wa_client_destroy(p->client);
	for (size_t i = 0; i < WA_RECORD_KINDS; i++) {
		(void)erase(p, (enum wa_record)i, S(""));
		heap_free(p->records[i].items);
	}
	while (p->said_count)
		free_said(&p->said[--p->said_count]);
	heap_free(p->said);
	arena_destroy(p->arena);
	heap_free(p);
}

str sim_player_phone(const struct sim_player *p)
{
	return str_of(p->phone->number);
}

uint64_t sim_player_changes(const struct sim_player *p)
{
	return p->changes;
}

size_t sim_player_said(const struct sim_player *p, const struct sim_said **out)
{
	*out = p->said;
	return p->said_count;
}

const struct sim_said *sim_player_find(const struct sim_player *p, str id)
{
	for (size_t i = p->said_count; i-- > 0;)
		if (str_is(str_of(p->said[i].id), id))
			return &p->said[i];
	return NULL;
}

/* ---- what the owner does ---- */

static void note_own(struct sim_player *p, const struct wa_send *send)
{
	struct jid own = sim_phone_jid(p->phone, true, 0);
	struct sim_said *said = add_said(p, send->id);
	struct sim_phone *peer = sim_phone_of(p->phone->sim, &send->to);
	struct jid chat = peer ? sim_phone_jid(peer, true, 0) : send->to;

	name_said(said, account_text(p, chat), account_text(p, own), S(""));
	set_plain(said, proto_bytes(p->arena, send->message));
	said->from_me = said->is_read = true;
	said->is_group = str_is(send->to.server, JID_SERVER_GROUP);
	said->t_ms = p->now.wall_ms;
	said->change = ++p->changes;
}

enum err sim_player_send(struct sim_player *p, struct arena *arena, const struct wa_send *send,
	str *id)
{
	struct wa_call call = player_begin(p);
	struct wa_send out = *send;
	uint8_t seed[32];
	enum err e;

	if (!out.id.len) {
		make_random(p, seed, sizeof seed);
		out.id = wa_message_id(p->arena, (bytes){ seed, sizeof seed });
	}
	note_own(p, &out);
	*id = arena_str(arena, out.id);
	e = wa_client_send(p->client, &call, &out);
	player_end(p);
	return e;
}

/* One receipt per author. */
static enum err read_one(struct sim_player *p, const struct wa_call *call, struct sim_said *said)
{
	struct wa_read read = { .count = 1 };
	str id = str_of(said->id);

	read.ids = &id;
	if (!jid_read(str_of(said->chat), &read.chat))
		return ERR_INPUT;
	if (said->is_group && !jid_read(str_of(said->sender), &read.sender))
		return ERR_INPUT;
	said->is_read = true;
	said->change = ++p->changes;
	return wa_client_read(p->client, call, &read);
}

enum err sim_player_read(struct sim_player *p, str chat)
{
	struct wa_call call = player_begin(p);
	enum err e = OK;

	for (size_t i = 0; e == OK && i < p->said_count; i++)
		if (!p->said[i].from_me && !p->said[i].is_read &&
			str_is(str_of(p->said[i].chat), chat))
			e = read_one(p, &call, &p->said[i]);
	player_end(p);
	return e;
}

enum err sim_player_sync(struct sim_player *p, const struct wa_sync *what)
{
	struct wa_call call = player_begin(p);
	enum err e = wa_client_sync(p->client, &call, what);

	player_end(p);
	return e;
}

enum err sim_player_typing(struct sim_player *p, str chat, enum wa_typing typing)
{
	struct wa_call call = player_begin(p);
	struct jid jid;
	enum err e = jid_read(chat, &jid) ? wa_client_typing(p->client, &call, &jid, typing)
					  : ERR_INPUT;

	player_end(p);
	return e;
}

enum err sim_player_request(struct sim_player *p, struct node *iq, uint64_t tag)
{
	struct wa_call call = player_begin(p);
	enum err e = wa_client_request(p->client, &call, iq, tag);

	player_end(p);
	return e;
}

void sim_player_put(struct sim_player *p, const struct node *node)
{
	(void)player_begin(p);
	sim_take_of(p->phone->primary, node);
	player_end(p);
}
