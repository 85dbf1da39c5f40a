/*
 * player_device.c: what a played phone gives to the devices linked to it; see player.h.
 * Source: docs/protocol/linked-device-2-messaging.md §5.8, §5.11, §7.6, §8.6.
 */
#include "wa/client/appstate.h"
#include "wa/message/message.h"
#include "wa/simulator/player_internal.h"

#include "wa_history.pb-c.h"
#include "wa_misc.pb-c.h"

#include <stdio.h>
#include <zlib.h>

#define CHATS_MAX 1000
#define HISTORY_MAX (16u << 20)

/* ---- a history ---- */

static char *own_text(struct sim_player *p, str text)
{
	return (char *)arena_cstr(p->arena, text);
}

static Wa__WebMessageInfo *info_of(struct sim_player *p, const struct sim_said *said)
{
	Wa__WebMessageInfo *info = ARENA_NEW(p->arena, Wa__WebMessageInfo);
	Wa__MessageKey *key = ARENA_NEW(p->arena, Wa__MessageKey);
	Wa__Message *message = PROTO_UNPACK(p->arena, Wa__Message, wa__message,
		((bytes){ said->plain, said->plain_len }));
	struct wa_inside inside;

	wa__web_message_info__init(info);
	wa__message_key__init(key);
	key->remote_jid = own_text(p, str_of(said->chat));
	key->id = own_text(p, str_of(said->id));
	PROTO_SET(key, from_me, said->from_me);
	info->key = key;
	if (said->is_group && !said->from_me)
		info->participant = key->participant = own_text(p, str_of(said->sender));
	PROTO_SET(info, message_timestamp, (uint64_t)(said->t_ms / 1000));
	if (*said->name)
		info->push_name = own_text(p, str_of(said->name));
	if (said->from_me)
		PROTO_SET(info, status,
			said->status >= SIM_READ && said->status != SIM_FAILED
				? WA__WEB_MESSAGE_INFO__STATUS__READ
				: WA__WEB_MESSAGE_INFO__STATUS__SERVER_ACK);
	if (message && message->device_sent_message) {
		wa_message_unwrap(message, &inside);
		message = (Wa__Message *)inside.content;
	}
	info->message = message;
	return info;
}

static Wa__Conversation *chat_of(struct sim_player *p, Wa__HistorySync *history, str chat)
{
	Wa__Conversation *c;
	struct sim_phone *peer;
	struct jid jid;

	for (size_t i = 0; i < history->n_conversations; i++)
		if (str_is(str_of(history->conversations[i]->id), chat))
			return history->conversations[i];
	if (history->n_conversations == CHATS_MAX)
		return NULL;
	c = ARENA_NEW(p->arena, Wa__Conversation);
	wa__conversation__init(c);
	c->id = own_text(p, chat);
	PROTO_SET(c, unread_count, 0);
	peer = jid_read(chat, &jid) ? sim_phone_of(p->phone->sim, &jid) : NULL;
	if (peer) {
		struct jid pn = sim_phone_jid(peer, false, 0);

		c->pn_jid = own_text(p, jid_text(p->arena, &pn));
		if (peer->name)
			c->name = own_text(p, str_of(peer->name));
	}
	history->conversations[history->n_conversations++] = c;
	return c;
}

static void add_message(struct sim_player *p, Wa__Conversation *c, Wa__HistorySyncMsg *msg)
{
	size_t count = c->n_messages;

	/* Room is doubled whenever a power of two is full. */
	if (!(count & (count - 1))) {
		Wa__HistorySyncMsg **more =
			ARENA_ARRAY(p->arena, Wa__HistorySyncMsg *, count ? 2 * count : 1);

		if (count)
			memcpy(more, c->messages, count * sizeof *more);
		c->messages = more;
	}
	c->messages[c->n_messages++] = msg;
}

/* Newest first, as phones write them. wanted: one chat, or none for all. */
static void put_chats(struct sim_player *p, Wa__HistorySync *history, str wanted, str before,
	size_t max)
{
	bool is_before = !before.len;
	size_t count = 0;

	history->conversations = ARENA_ARRAY(p->arena, Wa__Conversation *, CHATS_MAX);
	for (size_t i = p->said_count; i-- > 0 && count < max;) {
		const struct sim_said *said = &p->said[i];
		Wa__Conversation *c;
		Wa__HistorySyncMsg *msg;

		if (!is_before || !said->plain ||
			(wanted.len && !str_is(wanted, str_of(said->chat)))) {
			is_before = is_before || str_is(before, str_of(said->id));
			continue;
		}
		c = chat_of(p, history, str_of(said->chat));
		if (!c)
			continue;
		msg = ARENA_NEW(p->arena, Wa__HistorySyncMsg);
		wa__history_sync_msg__init(msg);
		msg->message = info_of(p, said);
		if (!c->n_messages)
			PROTO_SET(c, conversation_timestamp, (uint64_t)(said->t_ms / 1000));
		add_message(p, c, msg);
		c->unread_count += !said->from_me && !said->is_read;
		count++;
	}
}

static void put_names(struct sim_player *p, Wa__HistorySync *history)
{
	struct sim *sim = p->phone->sim;
	size_t count = 0;

	for (const struct sim_phone *one = sim->phones; one; one = one->next)
		count++;
	history->pushnames = ARENA_ARRAY(p->arena, Wa__Pushname *, count);
	for (const struct sim_phone *one = sim->phones; one; one = one->next) {
		struct jid lid = sim_phone_jid(one, true, 0);
		Wa__Pushname *name;

		if (!one->name || one == p->phone)
			continue;
		name = ARENA_NEW(p->arena, Wa__Pushname);
		wa__pushname__init(name);
		name->id = own_text(p, jid_text(p->arena, &lid));
		name->pushname = own_text(p, str_of(one->name));
		history->pushnames[history->n_pushnames++] = name;
	}
}

static bytes deflated(struct arena *arena, bytes plain)
{
	unsigned long size = compressBound(plain.len);
	uint8_t *out = arena_alloc(arena, size);

	return compress(out, &size, plain.ptr, plain.len) == Z_OK ? (bytes){ out, size }
								  : BYTES_NONE;
}

/* As a file on a media host; false: there is none, or it took it not. */
static bool leave(struct sim_player *p, bytes packed, Wa__HistorySyncNotification *note,
	struct sim_left *left)
{
	struct buf enc = buf_in(p->arena, (size_t)WA_MEDIA_SEALED_MAX(packed.len));
	struct wa_media_sums *sums = ARENA_NEW(p->arena, struct wa_media_sums);
	struct wa_seal *seal;
	str path;

	if (!p->config.upload || packed.len <= SIM_HISTORY_INSIDE)
		return false;
	p->config.random(p->config.arg, left->key, sizeof left->key);
	seal = wa_seal_create(WA_MEDIA_HISTORY, left->key);
	wa_seal_add(seal, packed, &enc);
	wa_seal_finish(seal, &enc, sums);
	path = p->config.upload(p->config.arg, p->arena, buf_bytes(&enc));
	if (enc.failed || !path.len)
		return false;
	snprintf(left->path, sizeof left->path, STR_F, STR_A(path));
	note->direct_path = own_text(p, path);
	PROTO_SET_DATA(note, media_key, ((bytes){ left->key, sizeof left->key }));
	PROTO_SET_DATA(note, file_sha256, ((bytes){ sums->sha256, SHA256_SIZE }));
	PROTO_SET_DATA(note, file_enc_sha256, ((bytes){ sums->enc_sha256, SHA256_SIZE }));
	PROTO_SET(note, file_length, (uint64_t)sums->size);
	return true;
}

/* One part, of how many; asked_id: of the question that it answers, or none. */
struct told { Wa__HistorySync *history; size_t which, of; str asked_id; };

static str new_id(struct sim_player *p)
{
	uint8_t seed[32];

	p->config.random(p->config.arg, seed, sizeof seed);
	return wa_message_id(p->arena, (bytes){ seed, sizeof seed });
}

static void send_history(struct sim_player *p, const struct wa_call *call, uint16_t device,
	const struct told *told)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	Wa__HistorySyncNotification note = WA__HISTORY_SYNC_NOTIFICATION__INIT;
	const struct client_to_peer to = { .device = device, .id = new_id(p) };
	bytes packed = deflated(p->arena, proto_bytes(p->arena, told->history));
	struct sim_left *left = &p->left[p->left_count % SIM_LEFT_MAX];

	PROTO_SET(&note, sync_type, (Wa__HistorySyncType)told->history->sync_type);
	PROTO_SET(&note, chunk_order, (uint32_t)told->which);
	PROTO_SET(&note, progress, (uint32_t)(100 * told->which / told->of));
	if (told->asked_id.len)
		note.peer_data_request_session_id = own_text(p, told->asked_id);
	if (leave(p, packed, &note, left)) {
		snprintf(left->id, sizeof left->id, STR_F, STR_A(to.id));
		p->left_count++;
	} else {
		PROTO_SET_DATA(&note, initial_hist_bootstrap_inline_payload, packed);
	}
	PROTO_SET(&protocol, type, WA__PROTOCOL_MESSAGE__TYPE__HISTORY_SYNC_NOTIFICATION);
	protocol.history_sync_notification = &note;
	message.protocol_message = &protocol;
	if (packed.len && packed.len <= HISTORY_MAX)
		(void)client_send_peer(p->client, call, &message, &to);
}

/* Many chats go in many parts: the first are those of the first screen. */
static void send_chats(struct sim_player *p, const struct wa_call *call, uint16_t device)
{
	Wa__HistorySync all = WA__HISTORY_SYNC__INIT;
	size_t parts;

	put_chats(p, &all, STR_NONE, STR_NONE, SIM_SAID_MAX);
	parts = all.n_conversations ? (all.n_conversations + SIM_HISTORY_CHATS - 1) /
					      SIM_HISTORY_CHATS
				    : 1;
	for (size_t i = 0; i < parts; i++) {
		Wa__HistorySync part = WA__HISTORY_SYNC__INIT;
		size_t from = i * SIM_HISTORY_CHATS, left = all.n_conversations - from;

		PROTO_SET(&part, sync_type,
			i ? WA__HISTORY_SYNC__HISTORY_SYNC_TYPE__RECENT
			  : WA__HISTORY_SYNC__HISTORY_SYNC_TYPE__INITIAL_BOOTSTRAP);
		PROTO_SET(&part, progress, (uint32_t)(100 * (i + 1) / parts));
		part.conversations = all.conversations + from;
		part.n_conversations = left < SIM_HISTORY_CHATS ? left : SIM_HISTORY_CHATS;
		send_history(p, call, device, &(struct told){ &part, i + 1, parts, STR_NONE });
	}
}

/* ---- a new device ---- */

static void welcome(struct sim_player *p, const struct wa_call *call, uint16_t device)
{
	struct jid to = sim_phone_jid(p->phone, true, device);
	Wa__HistorySync names = WA__HISTORY_SYNC__INIT;

	(void)wa_client_share_sync_keys(p->client, call, &to);
	PROTO_SET(&names, sync_type, WA__HISTORY_SYNC__HISTORY_SYNC_TYPE__PUSH_NAME);
	put_names(p, &names);
	send_history(p, call, device, &(struct told){ &names, 1, 1, STR_NONE });
	send_chats(p, call, device);
}

static bool is_shared(const struct sim_player *p, uint16_t device)
{
	for (size_t i = 0; i < p->shared_count; i++)
		if (p->shared[i] == device)
			return true;
	return false;
}

/* Numbers of devices are never used again, so those that went only take a place. */
void player_welcome(struct sim_player *p, const struct wa_call *call)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->shared_count; i++)
		if (sim_device_find(p->phone, p->shared[i]))
			p->shared[kept++] = p->shared[i];
	p->shared_count = kept;
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++) {
		const struct sim_device *d = p->phone->devices[i];

		if (!d || is_shared(p, d->number))
			continue;
		p->shared[p->shared_count++] = d->number;
		welcome(p, call, d->number);
	}
}

/* ---- what devices ask ---- */

static void send_result(struct sim_player *p, const struct wa_call *call,
	const struct wa_message *m, Wa__PeerDataOperationRequestResponseMessage *answer)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	const struct client_to_peer to = { .device = m->sender.device };

	answer->stanza_id = own_text(p, m->id);
	PROTO_SET(&protocol, type,
		WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE);
	protocol.peer_data_operation_request_response_message = answer;
	message.protocol_message = &protocol;
	(void)client_send_peer(p->client, call, &message, &to);
}

/* Messages that a device could not read. */
static void resend(struct sim_player *p, const struct wa_call *call, const struct wa_message *m,
	const Wa__PeerDataOperationRequestMessage *asked)
{
	Wa__PeerDataOperationRequestResponseMessage answer =
		WA__PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE__INIT;

	answer.peer_data_operation_result = ARENA_ARRAY(p->arena, Wa__PeerDataOperationResult *,
		asked->n_placeholder_message_resend_request + 1);
	PROTO_SET(&answer, peer_data_operation_request_type,
		asked->peer_data_operation_request_type);
	for (size_t i = 0; i < asked->n_placeholder_message_resend_request; i++) {
		const Wa__MessageKey *key =
			asked->placeholder_message_resend_request[i]->message_key;
		const struct sim_said *said = key ? sim_player_find(p, str_of(key->id)) : NULL;
		Wa__PeerDataOperationResult *result =
			ARENA_NEW(p->arena, Wa__PeerDataOperationResult);
		Wa__PeerPlaceholderMessageResendResponse *found =
			ARENA_NEW(p->arena, Wa__PeerPlaceholderMessageResendResponse);

		wa__peer_data_operation_result__init(result);
		wa__peer_placeholder_message_resend_response__init(found);
		if (said && said->plain) {
			PROTO_SET_DATA(found, web_message_info_bytes,
				proto_bytes(p->arena, info_of(p, said)));
			result->placeholder_message_resend_response = found;
		}
		answer.peer_data_operation_result[answer.n_peer_data_operation_result++] = result;
	}
	send_result(p, call, m, &answer);
}

/* What was said before a message, in one chat. */
static void send_older(struct sim_player *p, const struct wa_call *call,
	const struct wa_message *m, const Wa__PeerHistorySyncOnDemandRequest *asked)
{
	Wa__HistorySync history = WA__HISTORY_SYNC__INIT;
	struct sim_phone *peer;
	struct jid chat;
	size_t max = asked->on_demand_msg_count > 0 ? (size_t)asked->on_demand_msg_count : 50;

	if (!jid_read(str_of(asked->chat_jid), &chat))
		return;
	peer = sim_phone_of(p->phone->sim, &chat);
	if (peer)
		chat = sim_phone_jid(peer, true, 0);
	PROTO_SET(&history, sync_type, WA__HISTORY_SYNC__HISTORY_SYNC_TYPE__ON_DEMAND);
	put_chats(p, &history, jid_text(p->arena, &chat), str_of(asked->oldest_msg_id), max);
	send_history(p, call, m->sender.device, &(struct told){ &history, 1, 1, m->id });
}

void player_answer(struct sim_player *p, const struct wa_call *call, const struct wa_message *m)
{
	const Wa__PeerDataOperationRequestMessage *asked =
		m->message->protocol_message->peer_data_operation_request_message;

	if (!asked)
		return;
	if (asked->n_placeholder_message_resend_request)
		resend(p, call, m, asked);
	if (asked->history_sync_on_demand_request)
		send_older(p, call, m, asked->history_sync_on_demand_request);
}

/* ---- a file that is gone ---- */

struct file { bytes key; str path; };

static struct file file_of(const Wa__Message *content)
{
#define FILE_OF(member)                                                                            \
	if (content->member)                                                                       \
	return (struct file){ PROTO_DATA(content->member, media_key),                              \
		str_of(content->member->direct_path) }
	FILE_OF(image_message);
	FILE_OF(video_message);
	FILE_OF(audio_message);
	FILE_OF(document_message);
	FILE_OF(sticker_message);
#undef FILE_OF
	return (struct file){ 0 };
}

static void copy_child(struct sim_player *p, struct node *to, const struct node *from,
	const char *tag)
{
	const struct node *child = node_child(from, tag);
	struct node *copy;

	if (!child)
		return;
	copy = ARENA_NEW(p->arena, struct node);
	*copy = *child;
	copy->next = NULL;
	node_adopt(to, copy);
}

/* That of a message, or of a part of a history; without a key: the phone knows of neither. */
static struct file file_named(struct sim_player *p, str id)
{
	const struct sim_said *said = sim_player_find(p, id);
	Wa__Message *message = said && said->plain
				       ? PROTO_UNPACK(p->arena, Wa__Message, wa__message,
						 ((bytes){ said->plain, said->plain_len }))
				       : NULL;
	struct wa_inside inside = { 0 };

	if (message) {
		wa_message_unwrap(message, &inside);
		return file_of(inside.content);
	}
	for (size_t i = 0; i < p->left_count && i < SIM_LEFT_MAX; i++)
		if (str_is(str_of(p->left[i].id), id))
			return (struct file){ { p->left[i].key, WA_MEDIA_KEY_SIZE },
				str_of(p->left[i].path) };
	return (struct file){ 0 };
}

/* Says where the file is now, or that there is none. */
static void put_answer(struct sim_player *p, struct node *note, str id, const struct file *file)
{
	struct wa_media_retry answer = { id, file->path, WA_RETRY_GOOD };
	uint8_t *nonce = arena_alloc(p->arena, GCM_NONCE_SIZE);
	struct node *encrypt;

	if (p->config.upload_again)
		answer.direct_path = p->config.upload_again(p->config.arg, p->arena, file->path);
	if (!answer.direct_path.len)
		answer.result = WA_RETRY_GONE;
	p->config.random(p->config.arg, nonce, GCM_NONCE_SIZE);
	encrypt = node_add(p->arena, note, "encrypt");
	node_put_data(node_add(p->arena, encrypt, "enc_p"),
		wa_media_retry_answer(p->arena, file->key, &answer, nonce));
	node_put_data(node_add(p->arena, encrypt, "enc_iv"), (bytes){ nonce, GCM_NONCE_SIZE });
}

void player_find_file(struct sim_player *p, const struct wa_call *call, const struct node *receipt)
{
	str id = node_text(p->arena, receipt, "id");
	const struct node *asked = node_child(receipt, "encrypt");
	struct jid own = sim_phone_jid(p->phone, false, 0), from;
	struct node *note = node_new(p->arena, "notification");
	struct file file = file_named(p, id);
	struct sim_device *to;

	node_put_jid(p->arena, note, "from", &own);
	node_put(p->arena, note, "type", S("mediaretry"));
	node_put(p->arena, note, "id", id);
	node_put_int(p->arena, note, "t", call->now->wall_ms / 1000);
	/* Whoever asks must hold the key of the file. */
	if (file.key.len && asked &&
		wa_media_retry_asked(p->arena, file.key, id, node_child_data(asked, "enc_iv"),
			node_child_data(asked, "enc_p")) == OK)
		put_answer(p, note, id, &file);
	else
		node_put(p->arena, node_add(p->arena, note, "error"), "code", S("2"));
	copy_child(p, note, receipt, "rmr");
	to = node_jid(receipt, "from", &from) ? sim_device_find(p->phone, from.device) : NULL;
	if (to)
		sim_device_post(to, note);
}
