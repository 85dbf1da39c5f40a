/*
 * web_push.h: messages for browsers, by the push services of their makers (RFC 8030).
 *
 * The service sees neither text nor who it is for: the body is sealed for the browser (RFC 8291,
 * aes128gcm), and the sender shows a token signed with its own key (VAPID, RFC 8292). Workers only;
 * no transaction is open.
 */
#ifndef NET_WEB_PUSH_H
#define NET_WEB_PUSH_H

#include "crypto/p256.h"
#include "runtime/job.h"

#define PUSH_TEXT_MAX 3000 /* octets: what every service takes, after sealing */
#define PUSH_AUTH_SIZE 16
#define PUSH_TTL_S (12 * 3600) /* how long a service keeps it for a browser that is away */
#define PUSH_TOKEN_MS (12 * 3600 * 1000LL)

/* Where a browser hears us, and the keys it gave. */
struct push_target {
	str endpoint;
	uint8_t key[P256_PUBLIC_SIZE], auth[PUSH_AUTH_SIZE];
};

/* What is random in one message; given, so that a test replays one. */
struct push_salt {
	struct p256_pair pair;
	uint8_t salt[16];
};

/* RFC 8291 §3.4 and RFC 8188 in one record. false: the target's key is no point. */
bool push_seal(const struct push_target *to, const struct push_salt *salt, str text,
	struct buf *out);
/* "vapid t=…, k=…" for the origin of the endpoint; contact: mailto: or https:. ERR_INPUT when the
 * endpoint is no URL. */
enum err push_authorization(struct job *job, const struct p256_pair *own, str endpoint, str contact,
	str *out);

struct push_message {
	const struct p256_pair *own; /* the workspace's VAPID pair */
	str contact;
	str text;
	str topic;                   /* a later message of the same topic replaces it; or none */
	bool urgent, allow_private;
};
enum push_result { PUSH_SENT, PUSH_GONE, PUSH_LATER, PUSH_REFUSED };
/* PUSH_GONE: the browser has let go of it, for good. PUSH_LATER: try again; job->retry_after_ms
 * says when, if the service did. PUSH_REFUSED: it will not take it, ever. */
enum err push_send(struct job *job, const struct push_target *to,
	const struct push_message *message, enum push_result *out);

#endif
