/*
 * client_receipt.c: delivered, read, played: what others tell of our messages, and we of theirs;
 * who is there, and who is typing.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §5.7, §9.4.
 */
#include "wa/client/client_internal.h"
#include "wa/client/contact.h"

#define RECEIPT_IDS_MAX 4096

/* ---- what comes ---- */

static const struct {
	const char *type;
	enum wa_receipt_kind kind, own;         /* own: from another device of ours */
} kinds[] = {
	{ "read", WA_READ, WA_READ_SELF },
	{ "read-self", WA_READ_SELF, WA_READ_SELF },
	{ "played", WA_PLAYED, WA_PLAYED_SELF },
	{ "played-self", WA_PLAYED_SELF, WA_PLAYED_SELF },
};

/* false: it says nothing about a message of ours or its reading. */
static bool kind_of(const struct node *receipt, bool is_own, enum wa_receipt_kind *out)
{
	const struct attr *type = node_attr(receipt, "type");

	*out = WA_DELIVERED;
	if (!type)
		return !is_own;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (node_has(receipt, "type", kinds[i].type)) {
			*out = is_own ? kinds[i].own : kinds[i].kind;
			return true;
		}
	return false;
}

static void read_ids(struct arena *arena, const struct node *receipt, struct wa_receipt *out)
{
	const struct node *list = node_child(receipt, "list");
	size_t room = 1;
	str *ids;

	for (const struct node *item = list ? list->first : NULL; item; item = item->next)
		room += room < RECEIPT_IDS_MAX;
	ids = ARENA_ARRAY(arena, str, room);
	ids[out->count++] = node_text(arena, receipt, "id");
	for (const struct node *item = list ? list->first : NULL; item && out->count < room;
		item = item->next)
		if (node_is(item, "item") && node_attr(item, "id"))
			ids[out->count++] = node_text(arena, item, "id");
	out->ids = ids;
}

static void tell(const struct wa_call *call, struct wa_receipt receipt)
{
	struct wa_receipt *told = ARENA_NEW(call->out->arena, struct wa_receipt);

	*told = receipt;
	client_event(call, WA_EVENT_RECEIPT)->receipt = told;
}

/* Of a group, for several people at once. */
static enum err take_aggregate(struct wa_client *c, const struct wa_call *call,
	struct wa_receipt about, const struct node *participants)
{
	struct arena *arena = call->out->arena;
	str *id = ARENA_NEW(arena, str);

	*id = node_text(arena, participants, "key");
	about.ids = id;
	about.count = 1;
	for (const struct node *user = participants->first; user; user = user->next) {
		struct jid jid, none;

		if (!node_is(user, "user") || !node_jid(user, "jid", &jid) || !id->len)
			continue;
		about.who = client_canonical(c, arena, &jid, &none);
		about.t_ms = node_int(user, "t", about.t_ms / 1000) * 1000;
		tell(call, about);
	}
	return OK;
}

enum err client_take_receipt(struct wa_client *c, const struct wa_call *call,
	const struct node *receipt)
{
	struct arena *arena = call->out->arena;
	struct wa_receipt about = { .t_ms = node_int(receipt, "t", 0) * 1000 };
	struct jid from, chat, who, none;
	bool is_group;

	TRY(client_learn_from(c, call, receipt));
	if (!node_jid(receipt, "from", &from))
		return OK;
	is_group = client_is_group(&from) || client_is_status(&from);
	who = chat = from;
	if (is_group)
		(void)node_jid(receipt, "participant", &who);
	/* Whoever says that he has it says that the server had it. */
	read_ids(arena, receipt, &about);
	for (size_t i = 0; i < about.count; i++)
		TRY(client_sent_seen(c, call, about.ids[i]));
	if (!kind_of(receipt, client_is_own(c, &who), &about.kind))
		return OK;
	if (!is_group && client_is_own(c, &from) && node_attr(receipt, "recipient"))
		(void)node_jid(receipt, "recipient", &chat);
	if (!about.t_ms)
		about.t_ms = call->now->wall_ms;
	about.chat = is_group ? from : client_canonical(c, arena, &chat, &none);
	about.who = is_group && !node_attr(receipt, "participant")
			    ? (struct jid){ 0 }
			    : client_canonical(c, arena, &who, &none);
	for (const struct node *p = receipt->first; p; p = p->next)
		if (node_is(p, "participants"))
			TRY(take_aggregate(c, call, about, p));
	if (!about.who.user.len || !node_attr(receipt, "id"))
		return OK;
	tell(call, about);
	return OK;
}

/* ---- what we say ---- */

/* Whether the owner lets people see what was read is a setting of the account (§9.6). */
static enum err take_privacy(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag)
{
	struct wa_privacy *list;
	size_t count = 0;

	(void)tag;
	if (!iq || wa_privacy_read(call->out->arena, iq, &list, &count) != OK)
		return OK;
	for (size_t i = 0; i < count; i++)
		if (str_is(list[i].name, S("readreceipts")))
			c->hides_reading = !str_is(list[i].value, S("all"));
	return OK;
}

enum err client_ask_privacy(struct wa_client *c, const struct wa_call *call)
{
	if (c->config.is_phone)
		return OK;
	return client_ask(c, call, wa_privacy_request(call->out->arena), take_privacy, 0);
}

enum err client_take_privacy(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	(void)notification;
	return client_ask_privacy(c, call);
}

static const char *read_word(const struct wa_client *c, bool is_played)
{
	if (is_played)
		return c->hides_reading ? "played-self" : "played";
	return c->hides_reading ? "read-self" : "read";
}

enum err wa_client_read(struct wa_client *c, const struct wa_call *call,
	const struct wa_read *read)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt"), *list;

	if (!read->count || read->count > RECEIPT_IDS_MAX || !read->chat.user.len)
		return ERR_INPUT;
	node_put(arena, receipt, "id", read->ids[0]);
	node_put_jid(arena, receipt, "to", &read->chat);
	if (read->sender.user.len && client_is_group(&read->chat)) {
		struct jid bare = wa_bare(&read->sender);

		node_put_jid(arena, receipt, "participant", &bare);
	}
	node_put(arena, receipt, "type", str_of(read_word(c, read->is_played)));
	node_put_int(arena, receipt, "t", call->now->wall_ms / 1000);
	if (read->count > 1) {
		list = node_add(arena, receipt, "list");
		for (size_t i = 1; i < read->count; i++)
			node_put(arena, node_add(arena, list, "item"), "id", read->ids[i]);
	}
	return c->config.send(c->config.send_arg, call, receipt);
}

enum err wa_client_typing(struct wa_client *c, const struct wa_call *call, const struct jid *chat,
	enum wa_typing typing)
{
	struct arena *arena = call->out->arena;
	struct node *state = node_new(arena, "chatstate"), *what;
	struct jid to = wa_bare(chat), own = client_own(c, false);

	node_put_jid(arena, state, "from", &own);
	node_put_jid(arena, state, "to", &to);
	what = node_add(arena, state, typing == WA_PAUSED ? "paused" : "composing");
	if (typing == WA_RECORDING)
		node_put(arena, what, "media", S("audio"));
	return c->config.send(c->config.send_arg, call, state);
}

/* While we are available, our receipts count as "delivered" and the phone is told nothing. */
enum err wa_client_presence(struct wa_client *c, const struct wa_call *call, bool available)
{
	struct arena *arena = call->out->arena;
	struct node *presence = node_new(arena, "presence");

	node_put(arena, presence, "type", available ? S("available") : S("unavailable"));
	node_put(arena, presence, "name", wa_text_of(&c->config.device->push_name));
	TRY(c->config.send(c->config.send_arg, call, presence));
	c->is_available = available;
	return OK;
}

/* ---- who is there ---- */

enum err client_take_chatstate(struct wa_client *c, const struct wa_call *call,
	const struct node *chatstate)
{
	struct arena *arena = call->out->arena;
	struct wa_typing_in *typing = ARENA_NEW(arena, struct wa_typing_in);
	const struct node *composing = node_child(chatstate, "composing");
	struct jid from, who, none;

	TRY(client_learn_from(c, call, chatstate));
	if (!node_jid(chatstate, "from", &from))
		return OK;
	who = from;
	if (node_attr(chatstate, "participant"))
		(void)node_jid(chatstate, "participant", &who);
	typing->chat = client_canonical(c, arena, &from, &none);
	typing->who = client_canonical(c, arena, &who, &none);
	typing->typing = !composing				 ? WA_PAUSED
			 : node_has(composing, "media", "audio") ? WA_RECORDING
								 : WA_COMPOSING;
	client_event(call, WA_EVENT_TYPING)->typing = typing;
	return OK;
}

enum err client_take_presence(struct wa_client *c, const struct wa_call *call,
	const struct node *presence)
{
	struct arena *arena = call->out->arena;
	struct wa_presence_in *in = ARENA_NEW(arena, struct wa_presence_in);
	struct jid from, none;

	if (!node_jid(presence, "from", &from) || !client_is_person(&from))
		return OK;
	in->who = client_canonical(c, arena, &from, &none);
	in->is_available = !node_has(presence, "type", "unavailable");
	in->last_ms = node_int(presence, "last", 0) * 1000;
	client_event(call, WA_EVENT_PRESENCE)->presence = in;
	return OK;
}
