/*
 * client_receive.c: messages that come: deciphered, told, and answered.
 *
 * A message that cannot be deciphered is told as one that is waited for, and asked for again
 * (client_retry.c); it comes under the same id. What was told once is not told again: the record
 * SEEN is written in the step that told it. What is sent back goes out after the caller's commit.
 * Source: docs/protocol/linked-device-2-messaging.md §5.1 to §5.4, §5.8, §5.9.
 */
#include "wa/client/client_internal.h"

#include "base/codec.h"
#include "wa_web.pb-c.h"

#define NACK_PARSING 487
#define NACK_STANZA 488
#define NACK_PROTOBUF 491
#define STATUS_LIVES_MS (24ll * 3600 * 1000)

/* ---- where it comes from ---- */

static enum err learn(struct wa_client *c, const struct wa_call *call, const struct node *stanza,
	const char *key, const char *const others[4])
{
	struct jid jid, other;

	if (!node_jid(stanza, key, &jid) || !client_is_person(&jid))
		return OK;
	for (size_t i = 0; i < 4 && others[i]; i++)
		if (node_jid(stanza, others[i], &other))
			TRY(client_learn_both(c, call, &jid, &other));
	return OK;
}

enum err client_learn_from(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza)
{
	static const char *const of_sender[4] = { "sender_lid", "sender_pn" },
				 *const of_participant[4] = { "participant_lid",
					 "participant_pn" },
				 *const of_recipient[4] = { "recipient_lid", "recipient_pn",
					 "peer_recipient_lid", "peer_recipient_pn" };

	TRY(learn(c, call, stanza, "from", of_sender));
	TRY(learn(c, call, stanza, "participant", of_participant));
	return learn(c, call, stanza, "recipient", of_recipient);
}

struct jid client_canonical(struct wa_client *c, struct arena *arena, const struct jid *jid,
	struct jid *other)
{
	struct client_person p;
	struct jid bare = wa_bare(jid), to;

	*other = (struct jid){ 0 };
	if (!client_is_person(jid) || client_person(c, arena, jid, &p) != OK)
		return bare;
	to = client_person_jid(&p, 0, true);
	if (p.lid[0] && p.pn[0]) {
		*other = client_person_jid(&p, 0, false);
		*other = client_jid_copy(arena, other);
	}
	return client_jid_copy(arena, &to);
}

/* false: it names nobody. */
static bool read_source(struct wa_client *c, const struct wa_call *call, const struct node *stanza,
	struct client_incoming *in)
{
	struct arena *arena = call->out->arena;
	struct jid recipient, chat, none;

	*in = (struct client_incoming){ .stanza = stanza, .id = node_text(arena, stanza, "id"),
		.t_s = node_int(stanza, "t", 0), .is_peer = node_has(stanza, "category", "peer") };
	if (!node_jid(stanza, "from", &in->from) || !in->id.len || in->id.len > WA_MESSAGE_ID_MAX)
		return false;
	in->is_group = client_is_group(&in->from) || client_is_status(&in->from);
	in->sender = chat = in->from;
	if (in->is_group && !node_jid(stanza, "participant", &in->sender))
		return false;
	if (!client_is_person(&in->sender))
		return false;
	in->is_own = client_is_own(c, &in->sender);
	if (!in->is_group && in->is_own && node_jid(stanza, "recipient", &recipient))
		chat = recipient;
	in->chat = in->is_group ? in->from : client_canonical(c, arena, &chat, &in->other);
	none = client_canonical(c, arena, &in->sender, &none);
	in->author = none;
	if (in->is_group || !in->is_own)
		client_canonical(c, arena, &in->sender, &in->other);
	return true;
}

/* ---- what was told before ---- */

static str seen_key(struct arena *arena, const struct client_incoming *in)
{
	uint8_t hash[SHA256_SIZE];
	str text = arena_printf(arena, STR_F "\n" STR_F "\n" STR_F,
		STR_A(jid_text(arena, &in->chat)), STR_A(jid_text(arena, &in->author)),
		STR_A(in->id));

	sha256(bytes_of(text), hash);
	return hex_text(arena, (bytes){ hash, 16 });
}

static enum err was_seen(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, bool *out)
{
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_SEEN, seen_key(call->out->arena, in), &record);

	*out = e == OK;
	return e == ERR_MISSING ? OK : e;
}

bytes client_time_octets(struct arena *arena, int64_t ms)
{
	uint8_t *octets = arena_alloc(arena, 8);

	for (size_t i = 0; i < 8; i++)
		octets[i] = (uint8_t)((uint64_t)ms >> (56 - 8 * i));
	return (bytes){ octets, 8 };
}

static enum err note_seen(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct arena *arena = call->out->arena;

	return client_keep(c, WA_RECORD_SEEN, seen_key(arena, in),
		client_time_octets(arena, call->now->wall_ms));
}

/* ---- what is sent back ---- */

static void copy_attr(struct arena *arena, struct node *to, const struct node *from,
	const char *key)
{
	struct jid jid;

	if (node_jid(from, key, &jid))
		node_put_jid(arena, to, key, &jid);
}

enum err client_send_ack(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza, int error)
{
	struct arena *arena = call->out->arena;
	struct node *ack = node_new(arena, "ack");
	struct jid from, own = client_own(c, false);

	if (!node_jid(stanza, "from", &from) || !node_attr(stanza, "id"))
		return OK;
	node_put(arena, ack, "class", stanza->tag);
	node_put(arena, ack, "id", node_text(arena, stanza, "id"));
	node_put_jid(arena, ack, "to", &from);
	copy_attr(arena, ack, stanza, "participant");
	copy_attr(arena, ack, stanza, "recipient");
	node_put_jid(arena, ack, "from", &own);
	if (error)
		node_put_int(arena, ack, "error", error);
	return client_put(c, call, ack);
}

static struct node *receipt_of(const struct wa_call *call, const struct client_incoming *in,
	const char *type)
{
	struct node *receipt = node_new(call->out->arena, "receipt");

	node_put(call->out->arena, receipt, "id", in->id);
	node_put(call->out->arena, receipt, "type", str_of(type));
	return receipt;
}

static enum err send_peer_receipt(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct node *receipt = receipt_of(call, in, "peer_msg");
	struct jid own = client_own(c, str_is(in->from.server, JID_SERVER_LID));

	own.device = 0;
	node_put_jid(call->out->arena, receipt, "to", &own);
	return client_put(c, call, receipt);
}

/* That it arrived, and that the server may forget it. */
static enum err acknowledge(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct arena *arena = call->out->arena;
	const char *type = in->is_own ? "sender" : c->is_available ? NULL : "inactive";
	struct node *receipt = receipt_of(call, in, type);

	if (in->is_peer)
		TRY(send_peer_receipt(c, call, in));
	node_put_jid(arena, receipt, "to", &in->from);
	copy_attr(arena, receipt, in->stanza, "participant");
	if (in->is_own)
		copy_attr(arena, receipt, in->stanza, "recipient");
	TRY(client_put(c, call, receipt));
	return client_send_ack(c, call, in->stanza, 0);
}

/* ---- telling ---- */

static struct wa_message *new_message(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct arena *arena = call->out->arena;
	struct wa_message *m = ARENA_NEW(arena, struct wa_message);
	str name = node_text(arena, in->stanza, "notify");

	m->id = in->id;
	m->chat = in->chat;
	m->sender = in->author;
	m->sender.device = in->sender.device;
	m->other = in->other;
	m->is_from_me = in->is_own;
	m->is_group = client_is_group(&in->chat); /* stories are none */
	m->is_offline = node_attr(in->stanza, "offline") != NULL;
	m->t_ms = in->t_s ? in->t_s * 1000 : call->now->wall_ms;
	m->push_name = str_is(name, S("-")) ? STR_NONE : name;
	(void)c;
	return m;
}

static void tell(const struct wa_call *call, const struct wa_message *m)
{
	client_event(call, WA_EVENT_MESSAGE)->message = m;
}

enum err client_tell_waiting(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, str unavailable)
{
	struct wa_message *m = new_message(c, call, in);

	m->is_waiting = !unavailable.len;
	m->unavailable = unavailable;
	tell(call, m);
	return OK;
}

/* ---- what is inside ---- */

static bool is_for_us_alone(Wa__ProtocolMessage__Type type)
{
	switch ((int)type) {
	case WA__PROTOCOL_MESSAGE__TYPE__HISTORY_SYNC_NOTIFICATION:
	case WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_SHARE:
	case WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_REQUEST:
	case WA__PROTOCOL_MESSAGE__TYPE__MSG_FANOUT_BACKFILL_REQUEST:
	case WA__PROTOCOL_MESSAGE__TYPE__INITIAL_SECURITY_NOTIFICATION_SETTING_SYNC:
	case WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_FATAL_EXCEPTION_NOTIFICATION:
	case WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_MESSAGE:
	case WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE:
	case WA__PROTOCOL_MESSAGE__TYPE__LID_MIGRATION_MAPPING_SYNC:
	case WA__PROTOCOL_MESSAGE__TYPE__COEX_STATE_SYNC:
		return true;
	default:
		return false;
	}
}

static enum err take_key(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, const Wa__Message *message)
{
	const Wa__SenderKeyDistributionMessage *key = message->sender_key_distribution_message;
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	enum signal_outcome outcome;
	str group = jid_text(arena, &in->from), address;

	if (!key || !in->is_group || !key->has_axolotl_sender_key_distribution_message ||
		!str_is(str_of(key->group_id), group))
		return OK;
	TRY(client_address(c, arena, &in->sender, &address));
	return signal_group_take(&signal, group, address,
		PROTO_DATA(key, axolotl_sender_key_distribution_message), &outcome);
}

/* Nothing but a key, or a context of nothing. */
static bool is_empty(const Wa__Message *content)
{
	return !wa_message_field(content) && !wa_message_is_unknown(content);
}

static enum err tell_content(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in, struct wa_message *m)
{
	struct client_about about = { in->chat, in->author, in->id };
	bool seen;

	TRY(was_seen(c, call, in, &seen));
	in->is_told = true;
	if (seen)
		return OK;
	TRY(note_seen(c, call, in));
	TRY(client_retry_healed(c, call, in));
	TRY(client_secret_keep(c, call, &about, m->message));
	TRY(client_secret_find(c, call, m));
	tell(call, m);
	return OK;
}

/* The owner wrote it on another device: the chat is that of the wrapper. */
static void take_destination(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in, str destination)
{
	struct jid chat;

	if (in->is_group || !jid_read(destination, &chat) || !chat.user.len)
		return;
	in->chat = client_is_person(&chat)
			   ? client_canonical(c, call->out->arena, &chat, &in->other)
			   : chat;
}

static enum err take_content(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in, bytes plain)
{
	const Wa__Message *message =
		PROTO_UNPACK(call->out->arena, Wa__Message, wa__message, plain);
	const Wa__ProtocolMessage *protocol;
	struct wa_inside inside;
	struct wa_message *m;

	if (!message) {
		in->nack = NACK_PROTOBUF;
		return OK;
	}
	TRY(take_key(c, call, in, message));
	wa_message_unwrap(message, &inside);
	/* Others cannot speak for us. */
	if (inside.is_device_sent && !in->is_own)
		return OK;
	if (inside.is_device_sent)
		take_destination(c, call, in, inside.destination);
	if (is_empty(inside.content))
		return OK;
	in->has_content = true;
	m = new_message(c, call, in);
	m->message = inside.content;
	m->plain = plain;
	m->is_view_once = inside.is_view_once;
	m->is_ephemeral = inside.is_ephemeral;
	protocol = inside.content->protocol_message;
	if (protocol && is_for_us_alone(protocol->type)) {
		struct client_peer peer = { in->stanza, m, protocol };

		return in->is_own ? client_take_peer(c, call, &peer) : OK;
	}
	return tell_content(c, call, in, m);
}

/* ---- deciphering ---- */

static enum err decipher(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, const struct node *enc, struct signal_opened *out)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	str address;
	enum err e;

	TRY(client_address(c, arena, &in->sender, &address));
	if (node_has(enc, "type", "skmsg"))
		return signal_group_decrypt(&signal, jid_text(arena, &in->from), address,
			node_data(enc), out);
	e = signal_decrypt(&signal, address,
		node_has(enc, "type", "pkmsg") ? SIGNAL_PKMSG : SIGNAL_MSG, node_data(enc), out);
	if (e != ERR_CORRUPT)
		return e;
	/* A session that does not read any more is none: it is made anew by asking again. */
	out->outcome = SIGNAL_NO_SESSION;
	TRY(signal_forget(&signal, address));
	return client_unmeet(c, call, &in->sender);
}

/* A device that is not on the list: the list is old. */
enum err client_saw_device(struct wa_client *c, const struct wa_call *call,
	const struct jid *device)
{
	struct client_person p;

	TRY(client_person(c, call->out->arena, device, &p));
	for (size_t i = 0; i < p.device_count; i++)
		if (p.devices[i] == device->device)
			return OK;
	return p.devices_ms ? client_person_drop(c, call->out->arena, device) : OK;
}

static enum err take_opened(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in, const struct signal_opened *opened)
{
	bytes plain;

	if (opened->identity_changed && !in->is_own)
		TRY(client_tell_identity(c, call, &in->sender));
	if (opened->is_new)
		TRY(client_saw_device(c, call, &in->sender));
	if (signal_unpad(opened->padded, &plain))
		return take_content(c, call, in, plain);
	in->nack = NACK_PARSING;
	return OK;
}

static enum err take_enc(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in, const struct node *enc)
{
	struct signal_opened opened = { .outcome = SIGNAL_GARBAGE };

	in->encs++;
	in->is_hidden |= node_has(enc, "decrypt-fail", "hide");
	in->count = node_int(enc, "count", 0) > in->count ? node_int(enc, "count", 0) : in->count;
	if (!node_has(enc, "v", "2")) {
		in->nack = NACK_PROTOBUF;
		return OK;
	}
	TRY(decipher(c, call, in, enc, &opened));
	switch (opened.outcome) {
	case SIGNAL_DONE:
		return take_opened(c, call, in, &opened);
	case SIGNAL_DUPLICATE:
		in->doubled++;
		return OK;
	case SIGNAL_GARBAGE:
		in->nack = NACK_PARSING;
		return OK;
	default:
		in->failure = opened.outcome;
		in->failed++;
		in->is_keyless |= node_has(enc, "type", "skmsg") &&
				  opened.outcome == SIGNAL_NO_SESSION;
		return OK;
	}
}

/* The keys of a group come in what is for us alone, so that goes first. */
static enum err take_encs(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in)
{
	static const char *const order[] = { "pkmsg", "msg", "skmsg" };

	for (size_t i = 0; i < COUNT_OF(order); i++)
		for (const struct node *enc = in->stanza->first; enc; enc = enc->next)
			if (node_is(enc, "enc") && node_has(enc, "type", order[i]))
				TRY(take_enc(c, call, in, enc));
	return OK;
}

/* ---- a whole message ---- */

static bool is_kept_from_us(str type)
{
	return str_starts(type, S("view_once")) || str_is(type, S("hosted_unavailable_fanout")) ||
	       str_is(type, S("bot_unavailable_fanout"));
}

static enum err take_unavailable(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, const struct node *unavailable)
{
	str type = node_text(call->out->arena, unavailable, "type");
	bool seen;

	TRY(was_seen(c, call, in, &seen));
	if (!seen)
		TRY(client_tell_waiting(c, call, in, is_kept_from_us(type) ? type : STR_NONE));
	if (!seen && !is_kept_from_us(type))
		TRY(client_ask_phone(c, call, in));
	return client_send_ack(c, call, in->stanza, 0);
}

/* Its key was used before: by itself, or by another message, for some clients lose count. Of those
 * that bring nothing to tell, it is noted that they came. */
static enum err take_doubled(struct wa_client *c, const struct wa_call *call,
	struct client_incoming *in)
{
	bool seen;

	TRY(was_seen(c, call, in, &seen));
	if (seen || in->is_peer || client_is_status(&in->from))
		return acknowledge(c, call, in);
	in->failure = SIGNAL_DUPLICATE;
	return client_retry_ask(c, call, in);
}

static enum err take_failed(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	bool seen;

	TRY(was_seen(c, call, in, &seen));
	if (seen)
		return acknowledge(c, call, in);
	if (client_is_status(&in->from) && call->now->wall_ms - in->t_s * 1000 > STATUS_LIVES_MS)
		return client_send_ack(c, call, in->stanza, 0);
	return client_retry_ask(c, call, in);
}

enum err client_take_message(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza)
{
	const struct node *unavailable = node_child(stanza, "unavailable");
	struct client_incoming in;

	TRY(client_learn_from(c, call, stanza));
	if (!read_source(c, call, stanza, &in))
		return client_send_ack(c, call, stanza, 0);
	TRY(take_encs(c, call, &in));
	if (!in.encs && unavailable)
		return take_unavailable(c, call, &in, unavailable);
	if (!in.encs)
		return client_send_ack(c, call, stanza, NACK_STANZA);
	/* Of several ciphertexts of one thing, one is enough. */
	if (in.failed && !in.has_content)
		return take_failed(c, call, &in);
	if (in.doubled && !in.has_content && !in.nack)
		return take_doubled(c, call, &in);
	if (!in.nack && !in.is_peer && !in.is_told)
		TRY(note_seen(c, call, &in));
	if (!in.nack)
		return acknowledge(c, call, &in);
	/* Nobody can read it, also not when it is sent again: that is told, too. */
	TRY(client_tell_waiting(c, call, &in, S("unreadable")));
	return client_send_ack(c, call, stanza, in.nack);
}

/* ---- what our phone sends again (§5.8) ---- */

static enum err take_resent(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer, bytes octets)
{
	struct arena *arena = call->out->arena;
	const Wa__WebMessageInfo *info =
		PROTO_UNPACK(arena, Wa__WebMessageInfo, wa__web_message_info, octets);
	struct client_incoming in = { .stanza = peer->stanza };
	struct jid chat, author, none;
	struct wa_message *m;
	struct wa_inside inside;

	if (!info || !info->key || !info->message || !info->key->id ||
		!jid_read(str_of(info->key->remote_jid), &chat) || !chat.user.len)
		return OK;
	in.id = str_of(info->key->id);
	in.is_group = client_is_group(&chat) || client_is_status(&chat);
	in.is_own = info->key->from_me;
	in.chat = in.is_group ? chat : client_canonical(c, arena, &chat, &in.other);
	author = in.is_own ? client_own(c, true) : chat;
	if (!in.is_own && (info->key->participant || info->participant))
		(void)jid_read(str_of(info->key->participant ? info->key->participant
							     : info->participant),
			&author);
	in.author = in.sender = client_canonical(c, arena, &author,
		in.is_group ? &in.other : &none);
	in.t_s = (int64_t)info->message_timestamp;
	m = new_message(c, call, &in);
	wa_message_unwrap(info->message, &inside);
	m->message = inside.content;
	m->plain = proto_bytes(arena, info->message);
	m->is_view_once = inside.is_view_once;
	m->is_ephemeral = inside.is_ephemeral;
	m->push_name = str_of(info->push_name);
	return tell_content(c, call, &in, m);
}

enum err client_take_resent(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__PeerDataOperationRequestResponseMessage *answer =
		peer->protocol->peer_data_operation_request_response_message;

	for (size_t i = 0; answer && i < answer->n_peer_data_operation_result; i++) {
		const Wa__PeerPlaceholderMessageResendResponse *one =
			answer->peer_data_operation_result[i]->placeholder_message_resend_response;

		if (one && one->has_web_message_info_bytes)
			TRY(take_resent(c, call, peer,
				PROTO_DATA(one, web_message_info_bytes)));
	}
	return OK;
}
