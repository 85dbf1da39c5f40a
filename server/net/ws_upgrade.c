/* ws_upgrade.c: the opening handshake (RFC 6455 §4.2) on the server's side. */
#include "net/http_internal.h"
#include "net/ws_internal.h"

#include "base/codec.h"

#include <openssl/sha.h>

enum { KEY_SIZE = 16 };

void ws_accept_key(str key, char out[WS_ACCEPT_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t text[64 + sizeof guid], hash[SHA_DIGEST_LENGTH];
	size_t len = key.len < 64 ? key.len : 64;
	struct buf encoded = buf_heap(64);

	memcpy(text, key.ptr, len);
	memcpy(text + len, guid, sizeof guid - 1);
	SHA1(text, len + sizeof guid - 1, hash);
	base64_write(&encoded, (bytes){ hash, sizeof hash });
	memcpy(out, encoded.ptr, WS_ACCEPT_SIZE);
	buf_done(&encoded);
}

/* "a nonce consisting of a randomly selected 16-byte value that has been base64-encoded" */
bool ws_key_is_valid(str key)
{
	struct buf raw = buf_heap(KEY_SIZE);
	bool good = key.len == 24 && base64_read(key, &raw) && raw.len == KEY_SIZE;

	buf_done(&raw);
	return good;
}

static const char *wrong_in_handshake(const struct request *req)
{
	if (!http_list_has(request_header(req, S("Upgrade")), S("websocket")) ||
	    !http_list_has(request_header(req, S("Connection")), S("upgrade")))
		return "This path is for WebSocket connections.";
	if (!str_is(request_header(req, S("Sec-WebSocket-Version")), S("13")))
		return "The WebSocket version spoken here is 13.";
	return NULL;
}

void ws_upgrade_accepted(struct exchange *ex)
{
	char accept[WS_ACCEPT_SIZE];
	str head;

	ws_accept_key(request_header(&ex->req, S("Sec-WebSocket-Key")), accept);
	head = arena_printf(
		ex->arena,
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Accept: %.*s\r\n\r\n",
		WS_ACCEPT_SIZE, accept);
	exchange_send(ex, bytes_of(head));
}

static void ask_handler(struct exchange *ex)
{
	struct conn *c = ex->conn;

	c->ws = ws_create(&c->stream, false, c->remote);
	ws_set_handshake(c->ws, ex);
	ex->req.route->ws_handler(&ex->req, c->ws);
	if (ws_is_accepted(c->ws)) {
		c->exchange = NULL;
		conn_enter(c, CONN_WEBSOCKET);
	} else {
		ws_gone(c->ws);
		c->ws = NULL;
		exchange_refuse(ex, 403, "This WebSocket is not accepted.");
	}
}

void ws_upgrade(struct exchange *ex)
{
	const struct request *req = &ex->req;
	str key = request_header(req, S("Sec-WebSocket-Key"));
	const char *wrong = wrong_in_handshake(req);

	if (wrong)
		exchange_refuse(ex, 426, wrong);
	else if (ex->is_http10 || req->body_size > 0 || !key.ptr || !ws_key_is_valid(key))
		exchange_refuse(ex, 400, "The WebSocket handshake is not valid.");
	else
		ask_handler(ex);
}
