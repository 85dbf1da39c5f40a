/*
 * session.h: one linked device: connecting, pairing, logging in, and staying.
 *
 * A session does no I/O. Octets of the socket, readings of the clock and random octets go in;
 * frames to send and events come out, so a whole session replays from a recording. It belongs to
 * one lane: no two calls at a time.
 *
 *	begin a transaction ─► wa_session_feed() ─► commit ─► send out.frames, tell events
 *
 * What must outlive a restart is put into the store within the call. Whoever cannot commit it must
 * not send the frames: drop the session, and load it again. The states and their moves stand in one
 * table (session.c); a lost connection is made again by itself, a new pairing never is.
 *
 * Source: docs/protocol/linked-device-1-transport.md §5, §6.
 */
#ifndef WA_SESSION_SESSION_H
#define WA_SESSION_SESSION_H

#include "wa/session/ending.h"
#include "wa/session/payload.h"

/* Times of the protocol, in milliseconds. */
#define WA_CONNECT_MS 20000
#define WA_HANDSHAKE_MS 20000
#define WA_REQUEST_MS 75000
#define WA_QR_FIRST_MS 60000
#define WA_QR_NEXT_MS 20000
#define WA_CODE_MS 180000
#define WA_CODE_FINISH_MS 60000
#define WA_PING_MIN_MS 15000
#define WA_PING_MAX_MS 30000
#define WA_PONG_MS 20000
#define WA_OFFLINE_MS 60000
#define WA_STABLE_MS 30000
#define WA_BACKOFF_MAX_MS 900000
#define WA_QR_REFS_MAX 16
/* What one call of wa_session_feed() may take of its arena: frames that inflate to much end the
 * connection there. */
#define WA_FEED_MEMORY (96u << 20)
/* A QR asked for sooner than this after the last, or oftener in an hour, is refused. */
#define WA_PAIR_EVERY_MS 10000
#define WA_PAIR_PER_HOUR 5

/* Keys of one use for those who write to us first: so many are made, when so few are left. */
#define WA_PREKEYS_FIRST 200
#define WA_PREKEYS_MORE 50
#define WA_PREKEYS_FEW 5
/* What was confirmed less than this ago is counted before it goes up again. */
#define WA_UPLOAD_FRESH_MS 600000
/* Keys go up because the server has others than we think at most so often. */
#define WA_MEND_EVERY_MS 86400000

enum wa_state {
	WA_CLOSED,      /* wants no connection */
	WA_CONNECTING,
	WA_HANDSHAKE,
	WA_PAIRING,     /* shows a code, waits for the phone */
	WA_LOGIN,
	WA_SYNCING,     /* logged in; what waited at the server comes */
	WA_OPEN,
	WA_BACKOFF,     /* will connect again by itself */
};
const char *wa_state_name(enum wa_state state);

struct wa_clock { int64_t mono_ms, wall_ms; };

/* Kinds of records: numbers are kept in databases, so they are never used again. */
enum wa_record {
	WA_RECORD_DEVICE = 0,
	WA_RECORD_PREKEY = 1,
	WA_RECORD_SESSION = 2,          /* "name.device": wa/signal/ */
	WA_RECORD_IDENTITY = 3,         /* "name.device" */
	WA_RECORD_SENDER_KEY = 4,       /* "group name.device" */
	WA_RECORD_SENDER_KEY_KNOWN = 5, /* group: id of our key, and which devices have it */
	WA_RECORD_LID = 6,              /* user of a number: user of the hidden id */
	WA_RECORD_PN = 7,               /* the other way */
	WA_RECORD_DEVICES = 8,          /* bare jid, by hidden id if known: its devices */
	WA_RECORD_SENT = 9,             /* "chat id": a message of ours, for those who ask again */
	WA_RECORD_RETRY = 10,           /* "in chat id author", "out id name.device": how often it
					 * was asked for again; "owed device id": what is */
	WA_RECORD_SEEN = 11,            /* hash of chat, author and id of a message: when */
	WA_RECORD_SECRET = 12,          /* "chat sender id": message secret */
	WA_RECORD_TOKEN = 13,           /* bare jid: privacy tokens, both ways */
	WA_RECORD_GROUP = 14,           /* jid: who is in it, and how it is addressed */
	WA_RECORD_SYNC_KEY = 15,        /* hex of a key id: wa/appstate/ */
	WA_RECORD_SYNC_STATE = 16,      /* collection: version, hash */
	WA_RECORD_SYNC_VALUE = 17,      /* "collection hex of the index MAC": value MAC */
	WA_RECORD_ACCOUNT = 18,         /* what is known of our own account, by name */
	WA_RECORD_CONTACT = 19,
	WA_RECORD_SYNC_OUT = 20,        /* "collection hash": a change that waits to be sent */
	WA_RECORD_KINDS = 21,
};
/* The caller's store, in the transaction that is open. Keys are short texts. get: ERR_MISSING. */
struct wa_store {
	enum err (*get)(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out);
	enum err (*put)(void *arg, enum wa_record kind, str key, bytes value);
	/* All of the kind when there is no key. */
	enum err (*erase)(void *arg, enum wa_record kind, str key);
	/* Each one whose key begins with prefix (empty: all), in the order of keys; `each` may stop
	 * it with an error, which comes back. It may put and erase. May be NULL for a session
	 * alone.
	 */
	enum err (*scan)(void *arg, enum wa_record kind, str prefix,
		enum err (*each)(void *each_arg, str key, bytes value), void *each_arg);
	void *arg;
};

enum wa_event_kind {
	WA_EVENT_STATE,         /* state; ending: why, when it fell */
	WA_EVENT_QR,            /* text to show as a QR code, for valid_ms */
	WA_EVENT_CODE,          /* text: eight characters to type on the phone */
	WA_EVENT_PAIRED,        /* the device is this phone's now */
	WA_EVENT_LOGGED_OUT,    /* all keys are erased */
	WA_EVENT_OFFLINE,       /* count stanzas wait at the server; then with count -1: all came */
	/* for those above: message, receipt, notification, call, presence */
	WA_EVENT_STANZA,
	WA_EVENT_PROOF,         /* a frame was deciphered: at most one in 10 s */
	/* of wa/client/; in each the member of the same name is set */
	WA_EVENT_MESSAGE,
	WA_EVENT_RECEIPT,
	WA_EVENT_SENT,
	WA_EVENT_ANSWER,
	WA_EVENT_KNOWN,         /* a number and a hidden id are one person */
	WA_EVENT_TYPING,
	WA_EVENT_PRESENCE,
	WA_EVENT_IDENTITY,      /* `who` has new keys: the security code changed */
	WA_EVENT_GROUP,         /* a group changed: wa/client/group.h */
	WA_EVENT_CONTACT,       /* name, picture, about, … of a person: wa/client/contact.h */
	WA_EVENT_CALL,          /* somebody rings: wa/client/call.h */
	/* the network limits this account: text says how, restriction (wa/client/contact.h) more */
	WA_EVENT_RESTRICTED,
	WA_EVENT_HISTORY,       /* a part of the history waits to be fetched: wa/client/history.h */
	WA_EVENT_FETCH,         /* an outside file is wanted: wa/client/appstate.h */
	WA_EVENT_SYNC,          /* something was done on another device: wa/client/appstate.h */
	WA_EVENT_MEDIA,         /* the phone's answer about a file: wa/client/media_host.h */
};

struct wa_event {
	struct wa_event *next;
	enum wa_event_kind kind;
	enum wa_state state;
	struct wa_ending ending;
	str text;
	int64_t valid_ms, count;
	const struct node *node;
	union {
		const struct wa_message *message;
		const struct wa_receipt *receipt;
		const struct wa_sent *sent;
		const struct wa_answer *answer;
		const struct wa_known *known;
		const struct wa_typing_in *typing;
		const struct wa_presence_in *presence;
		const struct jid *who;
		const struct wa_group_change *group;
		const struct wa_contact *contact;
		const struct wa_phone_call *phone_call;
		const struct wa_restriction *restriction;
		const struct wa_history *history;
		const struct wa_fetch *fetch;
		const struct wa_sync *sync;
		const struct wa_media_told *media;
	};
};

/* What comes of a call; lives in its arena. */
struct wa_output {
	struct arena *arena;
	/* a WebSocket message each */
	struct wa_frame { struct wa_frame *next; bytes octets; } *frames;
	struct wa_event *events;
	bool connect;           /* open a connection now */
	bool disconnect;        /* close it, after the frames */
	struct wa_frame **last_frame;
	struct wa_event **last_event;
};
void wa_output_init(struct wa_output *out, struct arena *arena);

struct wa_config {
	struct wa_app client;
	const uint8_t *root;    /* of the server's certificates; NULL: WhatsApp's own */
	struct wa_store store;
	void (*random)(void *arg, void *out, size_t size);
	void *random_arg;
	unsigned hurry;         /* times are divided by it, for tests; 0 is 1 */
};

struct wa_session;
/* Loads the device of the store, if it has one. config is copied; what it points to stays the
 * caller's. ERR_CORRUPT: the record does not read. */
enum err wa_session_create(const struct wa_config *config, struct wa_session **out);
void wa_session_destroy(struct wa_session *s);

enum wa_state wa_session_state(const struct wa_session *s);
bool wa_session_is_paired(const struct wa_session *s);
const struct device *wa_session_device(const struct wa_session *s);
/* When wa_session_tick wants to be called: by the monotonic clock; INT64_MAX: never. */
int64_t wa_session_deadline(const struct wa_session *s);

/* Each of these takes what came, and fills out. An error is the store's, or ERR_INPUT/ERR_LIMIT of
 * a wish that cannot be met now; what the network does is told by events. */
/* Connects: logs in, or shows QR codes when it is not paired (at most WA_PAIR_PER_HOUR an hour). */
enum err wa_session_start(struct wa_session *s, const struct wa_clock *now, struct wa_output *out);
/* While it shows QR codes: asks for a code to type. phone: digits; the code comes as an event. */
enum err wa_session_link_code(struct wa_session *s, const struct wa_clock *now, str phone,
	struct wa_output *out);
enum err wa_session_stop(struct wa_session *s, const struct wa_clock *now, struct wa_output *out);
/* Unlinks the device at the server, then erases everything. */
enum err wa_session_log_out(struct wa_session *s, const struct wa_clock *now,
	struct wa_output *out);
enum err wa_session_opened(struct wa_session *s, const struct wa_clock *now,
	struct wa_output *out);
enum err wa_session_feed(struct wa_session *s, const struct wa_clock *now, bytes octets,
	struct wa_output *out);
enum err wa_session_closed(struct wa_session *s, const struct wa_clock *now,
	struct wa_output *out);
enum err wa_session_tick(struct wa_session *s, const struct wa_clock *now, struct wa_output *out);

/* A stanza of those above, when it is open (or syncing). ERR_CONFLICT otherwise. */
enum err wa_session_send(struct wa_session *s, const struct wa_clock *now, struct node *node,
	struct wa_output *out);
/* The names of the next id, unique to this session. */
str wa_session_next_id(struct wa_session *s, struct arena *arena);

#endif
