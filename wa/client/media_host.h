/*
 * media_host.h: which hosts hold files, and asking our phone for a file that they hold no more.
 *
 *	wa_media_hosts_request() ─► WA_EVENT_ANSWER ─► wa_media_hosts_read() ─► HTTP (wa/media/)
 *	410 of all hosts ─► wa_client_media_again() ─► WA_EVENT_MEDIA ─► wa_media_retry_read()
 *
 * Source: docs/protocol/linked-device-2-messaging.md §7.2, §7.6.
 */
#ifndef WA_CLIENT_MEDIA_HOST_H
#define WA_CLIENT_MEDIA_HOST_H

#include "wa/client/client.h"

#define WA_MEDIA_HOSTS_MAX 16
#define WA_MEDIA_TTL_MAX_MS (24 * 3600 * 1000LL)

struct wa_media_host {
	str name;
	bool is_primary, takes_uploads;
	int64_t size_max; /* 0: not told */
};
struct wa_media_hosts {
	struct wa_media_host hosts[WA_MEDIA_HOSTS_MAX]; /* primary ones first */
	size_t count;
	str auth;
	int64_t ttl_ms;
};

struct node *wa_media_hosts_request(struct arena *arena);
/* Texts borrow of the answer. ERR_UPSTREAM: it is none; ERR_TIMEOUT: none came (iq NULL). */
enum err wa_media_hosts_read(struct arena *arena, const struct node *iq,
	struct wa_media_hosts *out);

/* Asks our phone to upload the file of a message again; it must be online. WA_EVENT_MEDIA follows,
 * or nothing at all: wait WA_MEDIA_RETRY_MS. key: of the file. sender: of a group, else none. */
struct wa_media_again { str id; struct jid chat, sender; bool is_from_me; bytes key; };
enum err wa_client_media_again(struct wa_client *c, const struct wa_call *call,
	const struct wa_media_again *again);

/* WA_EVENT_MEDIA. is_gone: the phone has it no more. Else nonce and sealed are for
 * wa_media_retry_read, with the key that the asker knows. */
struct wa_media_told { str id; bool is_gone; bytes nonce, sealed; };

#endif
