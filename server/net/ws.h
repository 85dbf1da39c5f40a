/*
 * ws.h: WebSocket, both sides (RFC 6455, framing by wslay).
 *
 * Everything here is on the loop, but ws_frame_create and its references. A text frame for many
 * receivers is encoded once (struct ws_frame) and shared. A connection whose unsent output passes
 * its bound is closed with 1013 (or the policy's code), so a slow reader costs bounded memory.
 */
#ifndef NET_WS_H
#define NET_WS_H

#include "net/http.h"

#define WS_MESSAGE_MAX (64u << 10)       /* incoming, after reassembly; 1009 past it */
#define WS_UNSENT_MAX (1u << 20)         /* outgoing backlog of one connection */
#define WS_CLOSE_TIMEOUT_MS 5000
#define WS_PING_INTERVAL_MS \
	30000 /* nothing heard that long: ping frame; nothing 30 s after: closed 1006 */

struct ws;
struct ws_frame; /* one encoded text frame, reference-counted, any thread */

struct ws_events {
	void (*on_message)(struct ws *ws, void *owner, bool is_text, bytes message);
	/* Once, at the end, whatever the reason; ws is gone after. code 1006: no close frame came.
	 */
	void (*on_close)(struct ws *ws, void *owner, int code, str reason);
	/* any frame came, control frames too; may be NULL */
	void (*on_activity)(struct ws *ws, void *owner);
};

/* In a ROUTE_WEBSOCKET's ws_handler: takes the connection over. */
void ws_accept(struct ws *ws, const struct ws_events *events, void *owner);
void ws_set_limits(struct ws *ws, size_t message_max, size_t unsent_max);
void ws_send_text(struct ws *ws, str text);
void ws_send_binary(struct ws *ws, bytes data);
void ws_send_frame(struct ws *ws, struct ws_frame *frame); /* keeps a reference while unsent */
/* Parts of frames, each whole frames again (ws_frame_join): one write for all. At the end of a turn
 * (loop_late), where it leaves at once if nothing waits before. A server's only; at most
 * WS_SPANS_MAX. */
#define WS_SPANS_MAX 32
struct ws_span { struct ws_frame *frame; size_t from, len; };
void ws_send_spans(struct ws *ws, const struct ws_span *spans, size_t count);
void ws_ping(struct ws *ws, bytes payload);
/* Starts the closing handshake; on_close comes later. */
void ws_close(struct ws *ws, int code, str reason);
size_t ws_unsent(const struct ws *ws);
str ws_remote(const struct ws *ws);

struct ws_frame *ws_frame_create(str text); /* one reference */
struct ws_frame *ws_frame_keep(struct ws_frame *frame);
str ws_frame_text(const struct ws_frame *frame); /* what it was made of */
size_t ws_frame_size(const struct ws_frame *frame);
/* An empty one with room for size octets of others; ws_frame_join() puts another behind what is
 * there, which may have been sent; false: no room. Octets once joined never move. */
struct ws_frame *ws_frame_create_room(size_t size);
bool ws_frame_join(struct ws_frame *room, const struct ws_frame *frame);
void ws_frame_drop(struct ws_frame *frame);

/* Client side, for linked devices and tests: on the loop. on_open or on_close follows. */
struct ws_client_config {
	str url;                          /* ws:// or wss:// */
	const struct header *headers;
	size_t header_count;
	const struct ws_events *events;
	void (*on_open)(struct ws *ws, void *owner);
	void *owner;
	int64_t connect_timeout_ms;
	bool allow_private;               /* loopback and private addresses */
	str proxy;                        /* net/proxy.h: its URL; empty: none */
};
enum err ws_connect(struct loop *loop, const struct ws_client_config *config);

#endif
