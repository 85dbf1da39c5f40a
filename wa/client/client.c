/* client.c: what comes is dealt out here; requests and their answers, timers; see client.h. */
#include "wa/client/client_internal.h"

#include "crypto/crypto.h"
#include "wa/client/client_sync.h"

/* ---- whom a stanza goes to ---- */

/* Each row that fits is called, in this order. NULL: whatever it is. */
static const struct {
	const char *tag, *type, *inside;
	enum err (*take)(struct wa_client *c, const struct wa_call *call, const struct node *);
} rows[] = {
	{ "message", NULL, NULL, client_take_message },
	{ "receipt", "retry", NULL, client_take_retry },
	{ "receipt", NULL, NULL, client_take_receipt },
	{ "ack", NULL, NULL, client_take_ack },
	{ "iq", "result", NULL, client_take_answer },
	{ "iq", "error", NULL, client_take_answer },
	{ "presence", NULL, NULL, client_take_presence },
	{ "chatstate", NULL, NULL, client_take_chatstate },
	{ "notification", "devices", NULL, client_take_devices_notice },
	{ "notification", "account_sync", "devices", client_take_own_devices },
	{ "notification", "encrypt", "identity", client_take_identity },
	{ "notification", "privacy_token", NULL, client_take_token },
	{ "notification", "w:gp2", NULL, client_take_group },
	{ "notification", "picture", NULL, client_take_contact },
	{ "notification", "status", NULL, client_take_contact },
	{ "notification", "business", NULL, client_take_contact },
	{ "notification", "account_sync", NULL, client_take_contact },
	{ "notification", "account_sync", "privacy", client_take_privacy },
	{ "notification", "mex", NULL, client_take_restriction },
	{ "notification", "server_sync", NULL, client_take_server_sync },
	{ "notification", "mediaretry", NULL, client_take_media_retry },
	{ "call", NULL, NULL, client_take_call },
	{ "ib", NULL, "dirty", client_take_dirty },
};

enum err wa_client_take(struct wa_client *c, const struct wa_call *call, const struct node *stanza)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!node_is(stanza, rows[i].tag) ||
			(rows[i].type && !node_has(stanza, "type", rows[i].type)) ||
			(rows[i].inside && !node_child(stanza, rows[i].inside)))
			continue;
		TRY(rows[i].take(c, call, stanza));
	}
	return OK;
}

/* Protocol messages (§5.9) that count only when they come from our own account; and those that only
 * its phone may send. */
static const struct {
	Wa__ProtocolMessage__Type type;
	bool from_phone;
	enum err (*take)(struct wa_client *c, const struct wa_call *call,
		const struct client_peer *peer);
} peer_rows[] = {
	{ WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE, true,
		client_take_resent },
	{ WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE, true,
		client_take_sync_recovery },
	{ WA__PROTOCOL_MESSAGE__TYPE__LID_MIGRATION_MAPPING_SYNC, true, client_take_mapping },
	{ WA__PROTOCOL_MESSAGE__TYPE__HISTORY_SYNC_NOTIFICATION, true, client_take_history },
	{ WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_SHARE, true, client_take_sync_share },
	{ WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_REQUEST, false,
		client_take_sync_request },
};

enum err client_take_peer(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	for (size_t i = 0; i < COUNT_OF(peer_rows); i++)
		if (peer_rows[i].type == peer->protocol->type &&
			(!peer_rows[i].from_phone || !peer->message->sender.device))
			TRY(peer_rows[i].take(c, call, peer));
	/* What a device asks of its phone, who plays that answers. */
	if (c->config.is_phone && peer->protocol->type ==
			WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_MESSAGE)
		client_event(call, WA_EVENT_MESSAGE)->message = peer->message;
	return OK;
}

/* ---- small parts ---- */

struct wa_event *client_event(const struct wa_call *call, enum wa_event_kind kind)
{
	struct wa_event *event = ARENA_NEW(call->out->arena, struct wa_event);

	event->kind = kind;
	*call->out->last_event = event;
	call->out->last_event = &event->next;
	return event;
}

int64_t client_time(const struct wa_client *c, int64_t ms)
{
	return c->config.hurry ? ms / c->config.hurry + 1 : ms;
}

enum err client_put(struct wa_client *c, const struct wa_call *call, struct node *node)
{
	enum err e = c->config.send(c->config.send_arg, call, node);

	return e == ERR_CONFLICT ? OK : e;
}

enum err client_get(struct wa_client *c, const struct wa_call *call, enum wa_record kind, str key,
	bytes *out)
{
	return c->config.store.get(c->config.store.arg, kind, key, call->out->arena, out);
}

enum err client_keep(struct wa_client *c, enum wa_record kind, str key, bytes value)
{
	return c->config.store.put(c->config.store.arg, kind, key, value);
}

enum err client_drop(struct wa_client *c, enum wa_record kind, str key)
{
	enum err e = c->config.store.erase(c->config.store.arg, kind, key);

	return e == ERR_MISSING ? OK : e;
}

enum err client_scan(struct wa_client *c, enum wa_record kind, str prefix,
	enum err (*each)(void *arg, str key, bytes value), void *arg)
{
	return c->config.store.scan(c->config.store.arg, kind, prefix, each, arg);
}

struct signal client_signal(struct wa_client *c, const struct wa_call *call)
{
	return (struct signal){ c->config.device, &c->config.store, c->config.random,
		c->config.random_arg, call->out->arena };
}

str wa_message_id(struct arena *arena, bytes seed)
{
	static const char hex[] = "0123456789ABCDEF";
	uint8_t hash[SHA256_SIZE];
	char *text = arena_alloc(arena, 22);

	sha256(seed, hash);
	memcpy(text, "3EB0", 4);
	for (size_t i = 0; i < 18; i++)
		text[4 + i] = hex[hash[i / 2] >> (i % 2 ? 0 : 4) & 15];
	return (str){ text, 22 };
}

str client_message_id(struct wa_client *c, struct arena *arena)
{
	uint8_t seed[16];

	c->config.random(c->config.random_arg, seed, sizeof seed);
	return wa_message_id(arena, (bytes){ seed, sizeof seed });
}

/* ---- requests ---- */

static str id_text(const struct wa_client *c, struct arena *arena, uint32_t number)
{
	const uint8_t *p = c->id_prefix;

	return arena_printf(arena, "%02x%02x%02x%02x-%u", p[0], p[1], p[2], p[3], number);
}

str client_next_id(struct wa_client *c, struct arena *arena)
{
	return id_text(c, arena, ++c->next_number);
}

static void ask_remove(struct wa_client *c, struct client_ask **at)
{
	struct client_ask *ask = *at;

	*at = ask->next;
	heap_free(ask);
	c->ask_count--;
}

enum err client_ask(struct wa_client *c, const struct wa_call *call, struct node *iq,
	client_answer *take, uint64_t tag)
{
	enum err e = c->ask_count < CLIENT_ASKS_MAX ? OK : ERR_LIMIT;
	struct client_ask *ask;

	if (!node_attr(iq, "id"))
		node_put(call->out->arena, iq, "id", client_next_id(c, call->out->arena));
	if (e == OK)
		e = c->config.send(c->config.send_arg, call, iq);
	if (e == ERR_CONFLICT || e == ERR_LIMIT)
		return take(c, call, NULL, tag);
	TRY(e);
	ask = HEAP_NEW(struct client_ask);
	*ask = (struct client_ask){ c->asks, c->next_number,
		call->now->mono_ms + client_time(c, WA_REQUEST_MS), take, tag };
	c->asks = ask;
	c->ask_count++;
	return OK;
}

static enum err tell_answer(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag)
{
	struct wa_answer *answer = ARENA_NEW(call->out->arena, struct wa_answer);

	(void)c;
	*answer = (struct wa_answer){ tag, iq };
	client_event(call, WA_EVENT_ANSWER)->answer = answer;
	return OK;
}

enum err wa_client_request(struct wa_client *c, const struct wa_call *call, struct node *iq,
	uint64_t tag)
{
	if (c->ask_count >= CLIENT_ASKS_MAX)
		return ERR_LIMIT;
	return client_ask(c, call, iq, tell_answer, tag);
}

enum err client_take_answer(struct wa_client *c, const struct wa_call *call, const struct node *iq)
{
	str id = node_text(call->out->arena, iq, "id");

	for (struct client_ask **at = &c->asks; *at; at = &(*at)->next) {
		struct client_ask ask = **at;

		if (!str_is(id, id_text(c, call->out->arena, ask.number)))
			continue;
		ask_remove(c, at);
		return ask.take(c, call, iq, ask.tag);
	}
	return OK;
}

/* Those that waited until then have no answer. */
static enum err give_up_asks(struct wa_client *c, const struct wa_call *call, int64_t until_ms)
{
	struct client_ask **at = &c->asks;

	while (*at) {
		struct client_ask ask = **at;

		if (ask.until_ms > until_ms && until_ms != INT64_MAX) {
			at = &(*at)->next;
			continue;
		}
		ask_remove(c, at);
		TRY(ask.take(c, call, NULL, ask.tag));
		at = &c->asks;  /* `take` may have asked */
	}
	return OK;
}

/* ---- life ---- */

enum err wa_client_create(const struct wa_client_config *config, struct wa_client **out)
{
	struct wa_client *c = HEAP_NEW(struct wa_client);

	c->config = *config;
	c->config.random(c->config.random_arg, c->id_prefix, sizeof c->id_prefix);
	*out = c;
	return OK;
}

/* What is known without its records. */
static void let_go(struct wa_client *c)
{
	while (c->asks)
		ask_remove(c, &c->asks);
	client_address_done(c);
	client_send_done(c);
	client_retry_done(c);
	client_sync_done(c);
}

void wa_client_destroy(struct wa_client *c)
{
	if (!c)
		return;
	let_go(c);
	heap_free(c);
}

enum err wa_client_forget(struct wa_client *c)
{
	let_go(c);
	return OK;
}

enum err wa_client_online(struct wa_client *c, const struct wa_call *call)
{
	c->is_online = true;
	TRY(client_ask_privacy(c, call));
	TRY(client_send_online(c, call));
	return client_sync_online(c, call);
}

enum err wa_client_offline(struct wa_client *c, const struct wa_call *call)
{
	c->is_online = c->is_available = false;
	client_sync_offline(c);
	return give_up_asks(c, call, INT64_MAX);
}

/* ---- time ---- */

static void sooner(int64_t *at, int64_t then)
{
	if (then < *at)
		*at = then;
}

int64_t wa_client_deadline(const struct wa_client *c)
{
	int64_t at = INT64_MAX;

	for (const struct client_ask *ask = c->asks; ask; ask = ask->next)
		sooner(&at, ask->until_ms);
	sooner(&at, client_send_deadline(c));
	sooner(&at, client_retry_deadline(c));
	sooner(&at, client_sync_deadline(c));
	return at;
}

enum err wa_client_tick(struct wa_client *c, const struct wa_call *call)
{
	TRY(give_up_asks(c, call, call->now->mono_ms));
	TRY(client_send_tick(c, call));
	TRY(client_retry_tick(c, call));
	return client_sync_tick(c, call);
}
