/*
 * linked.h: numbers that are paired with a phone as linked devices, and the manager that keeps them
 * connected.
 *
 * Each number is a lane (linked_number.c) and, while it is connected, a WebSocket of the loop
 * (linked_socket.c). What comes is fed to the session of wa/ in one write transaction: keys, raw
 * events and state commit together, and only then frames leave and people are told. The one rule:
 * what could not be committed was never sent; the session is dropped and loaded anew.
 *
 * Calls with a job block at most LINKED_CALL_MS, hold no transaction, and may come from any worker.
 * Those about a channel look for it in job->workspace: ERR_MISSING, or ERR_UNSUPPORTED when it is
 * of another provider. ERR_CONFLICT "other_node": another node of the fleet holds the number.
 */
#ifndef PROVIDER_LINKED_H
#define PROVIDER_LINKED_H

#include "provider/provider.h"
#include "runtime/pool.h"

#define LINKED_URL_DEFAULT "wss://web.whatsapp.com/ws/chat"
#define LINKED_CALL_MS 20000
#define LINKED_SEND_MS 65000           /* WA_ACK_MS, and what the lane takes */
/* QR starts: one per workspace in so long, so many an hour; both outlive a restart. */
#define LINKED_PAIR_EVERY_MS 10000
#define LINKED_PAIR_PER_HOUR 5
/* After so many failed connections in a row people are told that it failed; it goes on trying. */
#define LINKED_ATTEMPTS_MAX 20
#define LINKED_HISTORY_MAX 200         /* changes of state that are kept of a number */
#define LINKED_NAME_MAX 128
#define LINKED_EXPORT_MAX (16u << 20)
#define LINKED_PASSPHRASE_MIN 10       /* code points */
/* Rows that never were paired, or are logged out, and that nobody touched for so long. */
#define LINKED_ORPHAN_MS (24 * 3600 * 1000LL)

/* Stored: never renumber. */
enum linked_state {
	LINKED_DISCONNECTED = 0,   /* also: never paired, or stopped here */
	LINKED_INITIALISING = 1,   /* not paired: connecting, to show a QR code */
	LINKED_QR = 2,             /* waits for the phone: by QR or by code */
	LINKED_AUTHENTICATING = 3, /* the phone has agreed, or the pairing proves itself again */
	LINKED_CONNECTED = 4,
	LINKED_FAILED = 5,         /* a person must do something: next_step says what */
	LINKED_BANNED = 6,
	LINKED_STATES
};
const char *linked_state_name(enum linked_state state); /* "qr" */
/* May a number go from one state to the other? The table of all moves. */
bool linked_may_move(enum linked_state from, enum linked_state to);

/* What the score is made of (R029): linked_score() is pure. */
struct linked_proof {
	enum linked_state state;
	int64_t silence_ms;     /* since a frame was last deciphered; -1: never */
	int64_t drops;          /* connections lost in 24 h that nobody ended on purpose */
	int64_t sent, failed;   /* messages of 24 h */
};
/* 0 to 100: 40 connection, 20 drops (4 each), 20 failures (a point each per cent), 20 proof of life
 * (all within 90 s, half within 5 min). */
int linked_score(const struct linked_proof *proof);

/* One number, as people see it. Texts of the job's arena. */
struct linked_number {
	id64 channel, workspace;
	str name;               /* of the channel */
	enum linked_state state;
	/* "logged_out", …: the code of wa/session/ending.h, or empty; then a sentence, and what to
	 * do */
	str reason, sentence, next_step;
	int64_t since_ms;       /* in this state */
	int64_t retry_ms;       /* when it connects again by itself; 0: it does not */
	int64_t last_seen_ms;   /* last proof of life; 0: never */
	int64_t connected_ms, paired_ms;
	str phone, lid;         /* digits, once paired */
	str push_name, platform;
	bool is_paired;
	bool is_wanted;         /* shall be connected: survives a restart */
	bool is_primary;        /* of the workspace */
	bool is_kept;           /* linked_keep(): no orphan, however long untouched */
	int64_t consent_ms;     /* when somebody agreed to the terms and risks; 0: nobody did */
	str qr;                 /* the text to draw; empty: none is shown now */
	int64_t qr_until_ms;    /* when it is renewed by itself */
	str code;               /* to type on the phone; or empty */
	int64_t code_until_ms;
	struct linked_proof proof;
	int score;
	int64_t waiting;        /* messages still at the server; 0: complete */
	int64_t complete_ms;    /* up to when everything has come; 0: not known */
	int64_t record_bytes;   /* keys and sessions at rest */
	int64_t node;           /* that holds it; -1: none */
};

enum err linked_get(struct job *job, id64 channel, struct linked_number *out);
/* Of the workspace (0: of all, for super administrators): primary first, then newest. */
#define LINKED_LIST_MAX 1000
enum err linked_list(struct job *job, struct linked_number **out, size_t *count);

/* ---- what people do with a number; each writes an audit row ---- */

/* Shows QR codes, from an event soon after the call on: at most LINKED_PAIR_PER_HOUR an hour and
 * workspace (ERR_LIMIT "qr_limit", retry_after_ms). has_consent: the person was told of the terms
 * and the risk of a ban, and agreed; ERR_INPUT "consent_needed" until somebody has. Paired
 * already: ERR_CONFLICT "paired". */
enum err linked_pair(struct job *job, id64 channel, bool has_consent);
/* As linked_pair(), and asks for a code of eight characters to type on that phone: digits. It is in
 * linked_get() and comes as an event. */
enum err linked_pair_code(struct job *job, id64 channel, bool has_consent, str phone);
/* A new QR code at once; within the limits. */
enum err linked_renew(struct job *job, id64 channel);
/* Stays paired, and is not connected until linked_reconnect(). Also ends a pairing. */
enum err linked_stop(struct job *job, id64 channel);
enum err linked_reconnect(struct job *job, id64 channel);
/* Forgets the keys here (and at the phone, when it is connected), then as linked_pair(): the
 * channel and all that hangs on it stay. */
enum err linked_repair(struct job *job, id64 channel, bool has_consent);
/* Unlinks it at the phone and erases its keys; the channel stays. */
enum err linked_log_out(struct job *job, id64 channel);
enum err linked_set_primary(struct job *job, id64 channel);
/* Not to be cleaned up as an orphan. */
enum err linked_keep(struct job *job, id64 channel, bool keep);

/* One action for many; each has its own answer. */
enum linked_action { LINKED_DO_RECONNECT, LINKED_DO_STOP, LINKED_DO_LOG_OUT, LINKED_DO_REMOVE,
	LINKED_DO_REPAIR, LINKED_DO_PACE, LINKED_ACTIONS };
const char *linked_action_name(enum linked_action action); /* "reconnect" */
#define LINKED_BULK_MAX 500
struct linked_outcome { id64 channel; enum err err; str why, next_step; };
/* out: as many as channels, in their order. LINKED_DO_REMOVE logs out; the caller deletes the
 * channel then. LINKED_DO_REPAIR: the limits of pairings hold. LINKED_DO_PACE looks whether they
 * are there; the caller changes their pace (account/pace_number.h). */
enum err linked_bulk(struct job *job, enum linked_action action, const id64 *channels, size_t count,
	struct linked_outcome *out);

/* All keys of a number, sealed with a passphrase (Argon2id, AES-256-GCM). It is stopped: two
 * holders of one key disturb each other. */
enum err linked_export(struct job *job, id64 channel, str passphrase, bytes *out);
/* Into a number that is not paired. ERR_INPUT "wrong_passphrase": that, or a damaged file. It is
 * not connected by it. */
enum err linked_import(struct job *job, id64 channel, str passphrase, bytes sealed);

/* Changes of state, newest first, ids below `before` (0: the newest). */
struct linked_change {
	id64 id;                /* holds the time: id64_ms() */
	enum linked_state state;
	str reason, sentence;
};
enum err linked_history(struct job *job, id64 channel, id64 before, size_t max,
	struct linked_change **out, size_t *count);

/* What stands in the way of a number, step by step: address, connection, WebSocket, version,
 * pairing, login, proof. Connects on the side; takes up to LINKED_CALL_MS. */
struct linked_finding { str step; bool is_ok; str sentence, next_step; int64_t took_ms; };
#define LINKED_FINDINGS_MAX 12
enum err linked_diagnose(struct job *job, id64 channel, struct linked_finding *out, size_t *count);

/* How many numbers the workspace may have and has. */
struct linked_room { int64_t limit, used; };
enum err linked_room(struct job *job, struct linked_room *out);
/* Of the job's workspace; by super administrators. ERR_CONFLICT "in_use": it has more. */
enum err linked_set_limit(struct job *job, int64_t limit);

/* ---- the client's version, as data ---- */

struct linked_version { str current, before; int64_t since_ms; bool is_default; };
enum err linked_version(struct job *job, struct linked_version *out);
/* "2.3000.1045649367"; empty: the built-in one. Numbers take it at their next connection. */
enum err linked_set_version(struct job *job, str version);
enum err linked_roll_back_version(struct job *job);

/* ---- the manager ---- */

struct loop;
struct store;
struct linked_derived; /* content.h */

/* Told at once and kept nowhere. typing: "composing", "recording", "paused"; NULL: it is of who is
 * there. who: in a group, the one who types. last_seen_ms 0: not told. */
struct linked_live {
	id64 channel, workspace;
	struct person_ref chat, who;
	const char *typing;
	bool is_available;
	int64_t last_seen_ms;
};

/* What lies above provider/, given at start. */
struct linked_host {
	struct store *store;
	struct loop *loop;
	struct timers *timers;
	size_t workers;         /* threads of the lanes */
	int64_t node;
	int64_t numbers_max;    /* of a workspace that has no limit of its own */
	/* an hour and workspace; 0: LINKED_PAIR_PER_HOUR. Many: the gap between two shrinks, too */
	int64_t pairings_max;
	unsigned hurry;         /* times of the protocol are divided by it: tests; 0 is 1 */
	int64_t catch_up_ms;    /* how often the phone is asked for what was missed; 0: never */
	/* account/: with job->workspace's key; the channel with its config; proof and failure of a
	 * channel; the number's digits; an audit row. The last three in the open transaction. */
	enum err (*seal)(struct job *job, str in, bytes *out);
	enum err (*unseal)(struct job *job, bytes in, str *out);
	enum err (*channel)(struct job *job, id64 id, struct channel **out);
	enum err (*note_health)(struct job *job, id64 channel, str state, str reason,
		str next_step);
	enum err (*set_phone)(struct job *job, const struct channel *ch, str phone);
	enum err (*audit)(struct job *job, const char *action, id64 channel, str detail);
	/* jobs/: a raw event of the channel, in the open transaction of its workspace; then, after
	 * the commit: some were put. */
	enum err (*put_event)(struct job *job, id64 channel, str body);
	void (*events_put)(void);
	/* Size, length, thumbnail of a file that goes up; may be NULL. Call workers. */
	void (*derive)(struct job *job, const struct media_info *info, const char *path,
		struct linked_derived *out);
	/* inbox/: whose conversation a message is in. ERR_MISSING: nobody knows it. */
	enum err (*person)(struct job *job, id64 channel, str remote_id, struct person_ref *out);
	/* Somebody types, or is there. After the commit; may be NULL. */
	void (*live)(struct job *job, const struct linked_live *live);
	/* A number changed as people see it: state, QR, score. After the commit; may be NULL. */
	void (*changed)(struct job *job, const struct linked_number *number);
};

/* Starts the lanes; linked_start() then connects all numbers that are wanted, spread over seconds.
 */
void linked_create(const struct linked_host *host);
/* Before linked_start(): the root of the network's certificates, 32 octets that stay the caller's;
 * NULL: WhatsApp's own. */
void linked_set_root(const uint8_t *root);
/* The same of a text: hex or base64; false: it is neither. Empty: WhatsApp's own. */
bool linked_read_root(str text, uint8_t root[32]);
enum err linked_start(struct job *job);
/* No number is touched any more: what came is committed. The pairing of each stays. Before the loop
 * ends; then linked_destroy() behind it. */
void linked_stop_all(void);
void linked_destroy(void);

struct linked_figures {
	size_t numbers, connected, waiting;     /* waiting: for their next attempt */
	uint64_t connects, drops, frames_in, frames_out, sent, send_failed, received,
		undeciphered, transactions, rolled_back, deaf;
};
void linked_figures(struct linked_figures *out); /* any thread */

extern const struct provider linked_provider;

#endif
