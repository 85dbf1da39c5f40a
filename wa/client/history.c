/* history.c: see history.h. */
#include "wa/client/history.h"

#include "wa/client/client_sync.h"
#include "wa/client/request.h"
#include "wa/proto/proto.h"

static struct jid own_account(const struct wa_client *c)
{
	struct jid own = device_pn(c->config.device);

	own.device = 0;
	return own;
}

/* ---- what comes ---- */

static enum err send_hist_sync(struct wa_client *c, const struct wa_call *call, str id)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt");
	struct jid own = own_account(c);

	node_put(arena, receipt, "id", id);
	node_put_jid(arena, receipt, "to", &own);
	node_put(arena, receipt, "type", S("hist_sync"));
	return client_put(c, call, receipt);
}

static void file_read(const Wa__HistorySyncNotification *n, struct wa_media *out)
{
	out->kind = WA_MEDIA_HISTORY;
	out->direct_path = str_of(n->direct_path);
	out->key = PROTO_DATA(n, media_key);
	out->sha256 = PROTO_DATA(n, file_sha256);
	out->enc_sha256 = PROTO_DATA(n, file_enc_sha256);
	out->size = (int64_t)n->file_length;
	if (!out->key.len)
		out->key = BYTES_NONE;
}

enum err client_take_history(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__HistorySyncNotification *n = peer->protocol->history_sync_notification;
	struct wa_history *told;

	if (!n || c->config.is_phone)
		return OK;
	told = ARENA_NEW(call->out->arena, struct wa_history);
	told->id = peer->message->id;
	told->kind = n->has_sync_type ? (enum wa_history_kind)n->sync_type : WA_HISTORY_FIRST;
	told->order = n->chunk_order;
	told->progress = n->has_progress ? (int64_t)n->progress : -1;
	told->oldest_ms = n->oldest_msg_in_chunk_timestamp_sec * 1000;
	told->inside = PROTO_DATA(n, initial_hist_bootstrap_inline_payload);
	told->handle = str_of(n->enc_handle);
	told->asked_id = str_of(n->peer_data_request_session_id);
	if (told->inside.len == 0)
		file_read(n, &told->file);
	client_event(call, WA_EVENT_HISTORY)->history = told;
	return send_hist_sync(c, call, told->id);
}

enum err wa_client_history_lost(struct wa_client *c, const struct wa_call *call, str id, bytes key)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt");
	struct jid own = own_account(c);

	if (key.len != WA_MEDIA_KEY_SIZE || !id.len)
		return ERR_INPUT;
	node_put(arena, receipt, "id", id);
	node_put_jid(arena, receipt, "to", &own);
	node_put(arena, receipt, "type", S("server-error"));
	node_put(arena, receipt, "category", S("peer"));
	node_adopt(receipt, client_encrypt_node(c, arena, id, key));
	return client_put(c, call, receipt);
}

enum err wa_client_past(struct wa_client *c, const struct wa_call *call,
	const struct wa_past *past)
{
	/* An older file may come after app state has told a newer one. */
	if (past->salt.len)
		TRY(client_salt_add(c, call, past->salt));
	for (size_t i = 0; i < past->count; i++) {
		struct jid lid, pn;
		bool is_new;

		if (jid_read(past->pairs[i].lid, &lid) && jid_read(past->pairs[i].pn, &pn))
			TRY(client_learn_quietly(c, call,
				&(struct wa_known){ wa_bare(&lid), wa_bare(&pn) }, &is_new));
	}
	return OK;
}

/* ---- what is asked ---- */

enum err client_ask_operation(struct wa_client *c, const struct wa_call *call,
	Wa__PeerDataOperationRequestMessage *question, str *id)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	struct client_to_peer to = { .priority = "high",
		.id = client_message_id(c, call->out->arena) };

	PROTO_SET(&protocol, type,
		WA__PROTOCOL_MESSAGE__TYPE__PEER_DATA_OPERATION_REQUEST_MESSAGE);
	protocol.peer_data_operation_request_message = question;
	message.protocol_message = &protocol;
	if (id)
		*id = to.id;
	return client_send_peer(c, call, &message, &to);
}

enum err wa_client_history_more(struct wa_client *c, const struct wa_call *call,
	const struct wa_history_more *more, str *id)
{
	struct arena *arena = call->out->arena;
	Wa__PeerDataOperationRequestMessage question =
		WA__PEER_DATA_OPERATION_REQUEST_MESSAGE__INIT;
	Wa__PeerHistorySyncOnDemandRequest asked = WA__PEER_HISTORY_SYNC_ON_DEMAND_REQUEST__INIT;

	if (!c->is_online)
		return ERR_CONFLICT;
	if (!more->chat.user.len || !more->oldest_id.len)
		return ERR_INPUT;
	asked.chat_jid = (char *)arena_cstr(arena, jid_text(arena, &more->chat));
	asked.oldest_msg_id = (char *)arena_cstr(arena, more->oldest_id);
	PROTO_SET(&asked, oldest_msg_from_me, more->is_from_me);
	PROTO_SET(&asked, on_demand_msg_count,
		more->count > 0 && more->count < WA_HISTORY_MORE_MAX ? more->count
								     : WA_HISTORY_MORE_MAX);
	/* seconds, whatever its name says */
	PROTO_SET(&asked, oldest_msg_timestamp_ms, more->oldest_ms / 1000);
	PROTO_SET(&question, peer_data_operation_request_type,
		OPERATION(HISTORY_SYNC_ON_DEMAND));
	question.history_sync_on_demand_request = &asked;
	return client_ask_operation(c, call, &question, id);
}
