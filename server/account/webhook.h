/*
 * webhook.h: who outside is told of what happens, by Standard Webhooks or in Meta's format.
 *
 * Whoever changes something calls webhook_emit() in the same transaction: the event and a delivery
 * for each webhook that wants it are on disk with the change, or not at all. jobs/webhook.c makes
 * the bodies and delivers them. Where no webhook wants an event, webhook_emit() looks into a table
 * in memory and does nothing.
 */
#ifndef ACCOUNT_WEBHOOK_H
#define ACCOUNT_WEBHOOK_H

#include "base/buf.h"
#include "runtime/job.h"

#define WEBHOOK_KINDS(X)                                      \
	X(MESSAGE_RECEIVED, "message.received")               \
	X(MESSAGE_SENT, "message.sent")                       \
	X(MESSAGE_DELIVERED, "message.delivered")             \
	X(MESSAGE_READ, "message.read")                       \
	X(MESSAGE_FAILED, "message.failed")                   \
	X(MESSAGE_EDITED, "message.edited")                   \
	X(MESSAGE_DELETED, "message.deleted")                 \
	X(CONVERSATION_CREATED, "conversation.created")       \
	X(CONVERSATION_UPDATED, "conversation.updated")       \
	X(CONVERSATION_ASSIGNED, "conversation.assigned")     \
	X(CONVERSATION_CLOSED, "conversation.closed")         \
	X(CONTACT_CREATED, "contact.created")                 \
	X(CONTACT_UPDATED, "contact.updated")                 \
	X(CONTACT_OPTED_OUT, "contact.opted_out")             \
	X(TEMPLATE_STATUS_CHANGED, "template.status_changed") \
	X(CHANNEL_STATUS_CHANGED, "channel.status_changed")   \
	X(WEBHOOK_TEST, "webhook.test")                       \
	X(NUMBER_ROUTE_CHANGED, "number.route_changed")       \
	X(CONTACT_ERASED, "contact.erased")                   \
	X(MESSAGE_REACTED, "message.reacted")

enum webhook_kind {
#define X(name, text) WEBHOOK_##name,
	WEBHOOK_KINDS(X)
#undef X
	WEBHOOK_KIND_COUNT
};
/* The bit of one, as rows keep it. */
#define WEBHOOK_BIT(kind) (1ll << (kind))
/* What a webhook may ask for: all but the test, which everybody gets who asks for it. */
#define WEBHOOK_ALL_KINDS \
	((WEBHOOK_BIT(WEBHOOK_KIND_COUNT) - 1) & ~WEBHOOK_BIT(WEBHOOK_WEBHOOK_TEST))
const char *webhook_kind_name(enum webhook_kind kind);
bool webhook_kind_parse(str name, enum webhook_kind *out);
/* Of one bit; the count when it is none. */
enum webhook_kind webhook_kind_of(int64_t bit);

/* ---- something happened ---- */

struct webhook_event {
	enum webhook_kind kind;
	/* What it is about; 0: nothing of that sort. The first of conversation, contact, channel
	 * names the lane whose order it keeps. */
	id64 conversation, contact, channel, message;
	int64_t at_ms; /* when it happened; 0: now */
	str detail;    /* JSON object, without bodies; none: {} */
	/* The network's own words of it (JSON), for webhooks in Meta's format alone; none: for all.
	 */
	str source;
	/* Webhooks in Meta's format are told by the network's own words instead. */
	bool passed_on;
};

/* Does any webhook of the workspace want these? For who would have to ask the store to tell more.
 */
bool webhook_is_wanted(id64 workspace, enum webhook_kind kind);
/* Is there any in Meta's format? workspace 0: of all. */
bool webhook_wants_source(id64 workspace);
/* In the open write transaction. */
enum err webhook_emit(struct job *job, const struct webhook_event *event);
/* Has anything been emitted since the last call? For who wakes the deliverer after a commit. Any
 * thread. */
bool webhook_take_pending(void);
/* Reads all webhooks into memory: at start, and after each change (webhook_create … call it). */
enum err webhooks_load(struct job *job);
void webhooks_close(void);

/* ---- the webhooks of a workspace ---- */

#define WEBHOOKS_MAX 50            /* of a workspace */
#define WEBHOOK_URL_MAX 2000       /* octets */
#define WEBHOOK_DESCRIPTION_MAX 200
#define WEBHOOK_CHANNELS_MAX 100
#define WEBHOOK_SECRET_SIZE 32     /* random octets; "whsec_" and base64 */
#define WEBHOOK_GRACE_MAX_SECONDS (30 * 86400)
#define WEBHOOK_DEPTH_MAX 10000    /* so far is counted what waits and what is dead */

enum webhook_format {
	WEBHOOK_PARLEY,
	/* Meta's own payloads, X-Hub-Signature-256 with the secret; of all kinds only
	 * WEBHOOK_META_KINDS
	 */
	WEBHOOK_CLOUD_API,
	WEBHOOK_FORMATS
};
#define WEBHOOK_META_KINDS                                                                \
	(WEBHOOK_BIT(WEBHOOK_MESSAGE_RECEIVED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_SENT) |       \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_DELIVERED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_READ) | \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_FAILED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_EDITED) |  \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_DELETED) |                                       \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_REACTED) |                                       \
		WEBHOOK_BIT(WEBHOOK_CONTACT_OPTED_OUT) |                                     \
		WEBHOOK_BIT(WEBHOOK_TEMPLATE_STATUS_CHANGED) |                               \
		WEBHOOK_BIT(WEBHOOK_CHANNEL_STATUS_CHANGED))
#define WEBHOOK_TOKEN_MAX 200  /* code points of a verify token, and of a secret that is given */
#define WEBHOOK_TOKEN_MIN 8    /* of a secret */

struct webhook {
	id64 id;
	enum webhook_format format;
	str url, description, secret;
	str verify_token;          /* Meta's format: the address was asked with it */
	str old_secret;            /* signs too until old_secret_until_ms; or none */
	int64_t kinds;             /* bits */
	id64 *channels;            /* none: all */
	size_t channel_count;
	str disabled_reason;       /* none while it is enabled */
	int64_t old_secret_until_ms, disabled_ms, failing_since_ms, success_ms, created_ms;
};

/* What is_… is false for stays as it is. */
struct webhook_draft {
	bool has_url, has_description, has_kinds, has_channels, has_disabled, has_format,
		has_verify_token, has_secret;
	str url, description, verify_token;
	str secret; /* of a new one in Meta's format; otherwise it is made */
	enum webhook_format format; /* of a new one */
	int64_t kinds;
	const id64 *channels;
	size_t channel_count;
	bool disabled;
};

/* Which addresses may be told: `private` (tests) lets http, any port and private hosts through;
 * otherwise https and one of the ports, "443,8443". Once at start. */
void webhook_set_addresses(bool allow_private, const char *ports);
/* Notes what is wrong with an address that we are to call. */
void webhook_check_url(struct job *job, str field, str url);
bool webhook_may_be_private(void);

enum err webhook_get(struct job *job, id64 id, struct webhook *out);
/* By id, above `after`. */
enum err webhook_list(struct job *job, id64 after, size_t max, struct webhook **out, size_t *count);
/* Each in its own transaction, with an audit row. One in Meta's format is asked for the challenge
 * first when its address or token is new: ERR_INPUT "not_confirmed". No transaction may be open. */
enum err webhook_create(struct job *job, const struct webhook_draft *draft, struct webhook *out);
enum err webhook_change(struct job *job, id64 id, const struct webhook_draft *draft,
	struct webhook *out);
enum err webhook_delete(struct job *job, id64 id);
/* A new secret; the old one signs too for so long. */
enum err webhook_rotate(struct job *job, id64 id, int64_t grace_seconds, struct webhook *out);
/* A webhook.test event for this one alone. *event: its id. */
enum err webhook_test(struct job *job, id64 id, id64 *event);
struct webhook_depth { int64_t waiting, dead; };
enum err webhook_depth(struct job *job, id64 id, struct webhook_depth *out);
/* By itself, for a reason: in the open transaction, with an audit row and a notice. The caller
 * loads the table after the commit. */
enum err webhook_give_up(struct job *job, id64 id, str reason);

/* ---- deliveries ---- */

enum webhook_state { WEBHOOK_WAITING, WEBHOOK_DELIVERED, WEBHOOK_DEAD, WEBHOOK_STATES };

struct webhook_delivery {
	id64 event, conversation;
	enum webhook_kind kind;
	enum webhook_state state;
	int64_t sequence, attempts, status, next_ms, done_ms, at_ms;
	str error;
	str payload; /* of webhook_delivery_get() alone */
};
struct webhook_attempt {
	int64_t number, started_ms, took_ms, status;
	str error, response; /* response: the beginning of the body */
};

/* Newest first, below the event `before`. state -1: any. */
struct webhook_filter { id64 webhook, before; int state; int64_t kinds; size_t max; };
enum err webhook_delivery_list(struct job *job, const struct webhook_filter *filter,
	struct webhook_delivery **out, size_t *count);
enum err webhook_delivery_get(struct job *job, id64 webhook, id64 event,
	struct webhook_delivery *out, struct webhook_attempt **attempts, size_t *count);
/* Once more from the first attempt, each in its own transaction. event 0: all that are dead. */
enum err webhook_resend(struct job *job, id64 webhook, id64 event, int64_t *count);
/* All that happened in [from_ms, until_ms) and fits, delivered before or not. */
enum err webhook_replay(struct job *job, id64 webhook, int64_t from_ms, int64_t until_ms,
	int64_t *count);

/* ---- Standard Webhooks ---- */

#define WEBHOOK_ID_PREFIX "evt_"
/* "sha256=…": Meta's, under the secret as it is shown. In the arena. */
str webhook_sign_cloud(struct arena *arena, str secret, str body);
/* "v1,…" of a secret as it is shown; several are joined by blanks. In the arena; none when the
 * secret is not one. */
str webhook_sign(struct arena *arena, str secret, str id, int64_t at_seconds, str body);

#endif
