/*
 * ws_internal.h: a WebSocket on top of a stream, whoever owns that: a server's conn or a client.
 *
 * The owner hands in what comes and says when the stream has gone. The one rule: an idle WebSocket
 * holds no buffer; the frame reader is borrowed from the thread while a frame is incomplete.
 */
#ifndef NET_WS_INTERNAL_H
#define NET_WS_INTERNAL_H

#include "net/loop_internal.h"
#include "net/ws.h"

#include <stdatomic.h>

#define WS_ACCEPT_SIZE 28 /* base64 of a SHA-1 */
#define WS_CONTROL_MAX 125
#define WS_NO_CODE 1005
#define WS_ABNORMAL 1006

struct ws_frame {
	atomic_uint references;
	size_t len, cap;
	uint8_t data[];
};
/* One reference. opcode: WSLAY_TEXT_FRAME and the like; masked as a client must. */
struct ws_frame *ws_frame_encode(uint8_t opcode, bool is_masked, bytes payload);

struct exchange;

/* remote: of the peer; lives as long as the stream. */
struct ws *ws_create(struct stream *stream, bool is_client, const char *remote);
/* A server's: to be answered when accepted. */
void ws_set_handshake(struct ws *ws, struct exchange *handshake);
/* Answers 101, before anything else that is sent. */
void ws_upgrade_accepted(struct exchange *handshake);
void ws_input(struct ws *ws, bytes in);
void ws_ended(struct ws *ws); /* the peer sends no more */
void ws_sent(struct ws *ws);  /* all output has left */
void ws_gone(struct ws *ws);  /* tells the owner, and frees */
/* What on_close will tell, unless the peer says more. */
void ws_set_reason(struct ws *ws, str reason);
void ws_check_time(struct ws *ws, int64_t now_us);
/* When that will have something to do. It moves away as frames come; it comes nearer by a close
 * alone, of which fn is told. */
int64_t ws_due_us(const struct ws *ws);
void ws_set_closing(struct ws *ws, void (*fn)(struct stream *stream));
bool ws_is_accepted(const struct ws *ws);
/* RFC 6455 §4.2.2: the answer to a handshake's key. */
void ws_accept_key(str key, char out[WS_ACCEPT_SIZE]);
bool ws_key_is_valid(str key);

#endif
