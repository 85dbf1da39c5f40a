/* media_host.c: see media_host.h. */
#include "wa/client/media_host.h"

#include "wa/client/client_sync.h"
#include "wa/client/request.h"
#include "wa/media/media.h"

struct node *wa_media_hosts_request(struct arena *arena)
{
	struct node *iq = wa_iq(arena, "set", "w:m", NULL);

	node_add(arena, iq, "media_conn");
	return iq;
}

static void host_read(struct arena *arena, const struct node *node, struct wa_media_host *out)
{
	out->name = node_text(arena, node, "hostname");
	out->is_primary = !node_has(node, "type", "fallback");
	/* A host that says what it takes takes nothing else. */
	out->takes_uploads = node_child(node, "upload") ||
		(!node_child(node, "download") && !node_child(node, "download_buckets"));
	out->size_max = node_int(node, "maxContentLengthBytes", 0);
}

enum err wa_media_hosts_read(struct arena *arena, const struct node *iq,
	struct wa_media_hosts *out)
{
	const struct node *conn;

	*out = (struct wa_media_hosts){ 0 };
	TRY(wa_iq_check(iq));
	conn = node_child(iq, "media_conn");
	if (!conn)
		return ERR_UPSTREAM;
	out->auth = node_text(arena, conn, "auth");
	out->ttl_ms = node_int(conn, "ttl", 0) * 1000;
	if (out->ttl_ms < 0 || out->ttl_ms > WA_MEDIA_TTL_MAX_MS)
		out->ttl_ms = WA_MEDIA_TTL_MAX_MS;
	for (int primary = 1; primary >= 0; primary--)
		for (const struct node *n = conn->first; n; n = n->next) {
			struct wa_media_host host;

			if (!node_is(n, "host") || out->count == WA_MEDIA_HOSTS_MAX)
				continue;
			host_read(arena, n, &host);
			if (host.name.len && host.is_primary == primary)
				out->hosts[out->count++] = host;
		}
	return out->count && out->auth.len ? OK : ERR_UPSTREAM;
}

/* ---- the phone ---- */

struct node *client_encrypt_node(struct wa_client *c, struct arena *arena, str id, bytes key)
{
	struct node *encrypt = node_new(arena, "encrypt");
	uint8_t *nonce = arena_alloc(arena, GCM_NONCE_SIZE);

	c->config.random(c->config.random_arg, nonce, GCM_NONCE_SIZE);
	node_put_data(node_add(arena, encrypt, "enc_p"), wa_media_retry_ask(arena, key, id, nonce));
	node_put_data(node_add(arena, encrypt, "enc_iv"), (bytes){ nonce, GCM_NONCE_SIZE });
	return encrypt;
}

enum err wa_client_media_again(struct wa_client *c, const struct wa_call *call,
	const struct wa_media_again *again)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt"), *rmr;
	struct jid own = device_pn(c->config.device);

	if (again->key.len != WA_MEDIA_KEY_SIZE || !again->id.len || !again->chat.user.len)
		return ERR_INPUT;
	own.device = 0;
	node_put(arena, receipt, "id", again->id);
	node_put_jid(arena, receipt, "to", &own);
	node_put(arena, receipt, "type", S("server-error"));
	node_adopt(receipt, client_encrypt_node(c, arena, again->id, again->key));
	rmr = node_add(arena, receipt, "rmr");
	node_put_jid(arena, rmr, "jid", &again->chat);
	node_put(arena, rmr, "from_me", again->is_from_me ? S("true") : S("false"));
	if (again->sender.user.len)
		node_put_jid(arena, rmr, "participant", &again->sender);
	return client_put(c, call, receipt);
}

enum err client_take_media_retry(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	struct arena *arena = call->out->arena;
	const struct node *encrypt = node_child(notification, "encrypt");
	struct wa_media_told *told = ARENA_NEW(arena, struct wa_media_told);

	(void)c;
	told->id = node_text(arena, notification, "id");
	told->is_gone = !encrypt;
	if (encrypt) {
		told->nonce = node_child_data(encrypt, "enc_iv");
		told->sealed = node_child_data(encrypt, "enc_p");
	}
	if (told->id.len)
		client_event(call, WA_EVENT_MEDIA)->media = told;
	return OK;
}
