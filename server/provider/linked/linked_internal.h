/*
 * linked_internal.h: what the files of the manager share.
 *
 *	linked.c          the manager: its table of numbers, its start and end, its housekeeping
 *	linked_number.c   a number's lane: what came goes to wa/, in one transaction a turn
 *	linked_socket.c   a number's connection and timer, on the loop
 *	linked_record.c   the store of wa/ over linked_record
 *	linked_state.c    states, their moves, and the score
 *	linked_event.c    what wa/ tells: rows, raw events, those who wait
 *	linked_call.c     what people ask for
 *	linked_keys.c     keys out and in, sealed with a passphrase
 *
 * A struct linked is shared by three: the lane's part is touched by its tasks alone, the loop's
 * part on the loop alone, the rest under linked_lock().
 */
#ifndef PROVIDER_LINKED_INTERNAL_H
#define PROVIDER_LINKED_INTERNAL_H

#include "net/loop.h"
#include "net/ws.h"
#include "provider/linked/linked.h"
#include "provider/linked/recent.h"
#include "store/queries.h"
#include "store/store.h"
#include "wa/wa.h"

#include <pthread.h>
#include <stdatomic.h>

struct linked_reason {
	const char *code, *sentence, *next_step;
	int64_t until_ms;       /* of a ban that ends by itself; else 0 */
};

#define LINKED_FRAME_MAX (17u << 20)
#define LINKED_INPUT_MAX \
	(32u << 20)	    /* octets that wait for the lane; past it: cut, they come again */
#define LINKED_BATCH_MAX 64 /* inputs of one transaction */
#define LINKED_BATCH_OCTETS (1u << 20)
#define LINKED_BATCH_MEMORY (32u << 20) /* of a task's arena; past it the rest is another's */
#define LINKED_LEASE_MS 90000
#define LINKED_HOUSE_MS 15000
#define LINKED_RELOAD_MS 1000
#define LINKED_SPREAD_MS 10000 /* over which all numbers connect at start, at most */
#define LINKED_HOURS 24

struct linked;
struct turn;

/* Work for the lane of a number, in a transaction of its own. ERR_INPUT, ERR_LIMIT, ERR_CONFLICT,
 * ERR_MISSING, ERR_AUTH and ERR_UNSUPPORTED refuse a wish and harm nothing. */
struct linked_call {
	enum err (*run)(struct turn *turn, void *arg);
	void *arg;
	pthread_cond_t done;
	bool is_done;
	enum err err;
	char why[256], next_step[192], code[32];
	int64_t retry_after_ms;
};

enum linked_input_kind {
	INPUT_OPENED,
	INPUT_OCTETS,
	INPUT_CLOSED,
	INPUT_TICK,
	INPUT_START,
	INPUT_CALL
};
struct linked_input {
	struct linked_input *next;
	enum linked_input_kind kind;
	uint32_t connection; /* of OPENED, OCTETS, CLOSED: of one that is over it is passed over */
	struct linked_call *call;
	size_t len;
	uint8_t octets[];
};

/* Somebody waits for what the network says: of a message by its id, of a request by its tag. */
struct linked_waiter {
	struct linked_waiter *next;
	const char *id; /* or NULL */
	uint64_t tag;
	pthread_cond_t done;
	bool is_done;
	struct wa_sent sent; /* its texts are gone */
	/* Of the phone's answer about the file of message id, instead of what came of sending it.
	 */
	bool wants_media, is_gone;
	uint8_t nonce[12];
	struct buf answer;   /* heap: a node as stanza_write() has it; empty: none came */
};

/* What people see of a number beside its row. */
struct linked_view {
	enum linked_state state;
	const char *reason, *sentence, *next_step; /* literals */
	int64_t since_ms, retry_ms, last_seen_ms, qr_until_ms, code_until_ms, waiting, complete_ms;
	char *qr; /* heap */
	char code[16];
	/* by hour of the epoch, modulo LINKED_HOURS; hour: of the newest */
	int64_t hour;
	uint32_t sent[LINKED_HOURS], failed[LINKED_HOURS], drops[LINKED_HOURS];
};

/* Where its files are, as the network said. */
#define LINKED_HOSTS_MAX 8
struct linked_hosts {
	int64_t until_ms;
	size_t count;
	char names[LINKED_HOSTS_MAX][128];
	char auth[1024];
};

/* A file that went up because a message named it by its link: media_link.c. */

struct linked_socket;
struct linked {
	struct linked *next; /* in its bucket */
	id64 channel, workspace;
	struct lane *lane;
	/* under the lock */
	unsigned references;
	struct linked_input *first, **last;
	size_t waiting_octets;
	bool is_posted;
	struct linked_waiter *waiters;
	struct linked_hosts *hosts; /* heap, or NULL */
	struct linked_recent links, previews;
	struct linked_view view;
	bool is_proof_due; /* last_seen_ms is newer than its row */
	/* the lane's */
	struct wa_link *link; /* NULL: not loaded */
	struct turn *turn;    /* that runs */
	uint32_t connection;  /* the newest that was asked for */
	bool is_connected;    /* that one has not ended */
	_Atomic bool is_paired; /* as the row says; who waits for a log-out reads it */
	bool was_alerted;
	unsigned attempts; /* in a row that failed */
	/* canary: since it was looked at last; and when it spoke */
	unsigned received, undeciphered;
	int64_t canary_ms;
	/* live events of this second */
	int64_t live_second;
	unsigned live_count;
	unsigned hold; /* which of linked_manager.holds it was loaded under */
	unsigned version; /* of linked_manager.version_number that it was loaded with */
	int64_t armed_ms; /* when the timer will tick; INT64_MAX: never */
	/* the loop's */
	struct linked_socket *socket;
	struct loop_timer *timer;
};

/* One transaction of a number: what goes in, and what comes of it. */
struct turn {
	struct job *job;
	struct linked *n;
	struct wa_clock clock;
	struct wa_output out;
	struct wa_call call;
	struct channel *ch; /* once asked for: linked_turn_channel() */
	bool put_events, changed;
	bool wakes_history;     /* a part of the past waits: linked_history_wake() */
};
enum err linked_turn_channel(struct turn *turn, struct channel **out);

#define LINKED_BUCKETS 1024
struct linked_manager {
	struct linked_host host;
	const uint8_t *root;
	struct pool *pool;
	pthread_mutex_t lock;
	struct linked *numbers[LINKED_BUCKETS];
	bool is_stopping;
	_Atomic int64_t lease_until_ms;
	/* Counts up when leases were renewed too late: others may have taken what we hold. */
	atomic_uint holds;
	_Atomic uint64_t next_tag;
	/* the client's version, under the lock */
	struct wa_version version;
	unsigned version_number;
	struct linked_figures figures; /* under the lock */
};
extern struct linked_manager linked_manager;
void linked_lock(void);
void linked_unlock(void);

/* ---- linked.c ---- */

/* A time of ours, divided by host.hurry. */
int64_t linked_time(int64_t ms);

/* The number of the channel, with a reference: of job->workspace (0: any). See linked.h. */
enum err linked_take(struct job *job, id64 channel, struct linked **out);
/* The same of a row that was read. */
struct linked *linked_take_row(id64 channel, id64 workspace);
struct linked *linked_keep_reference(struct linked *n);
void linked_drop(struct linked *n);
/* Each number of the table, with a reference: heap, count; free the list. */
struct linked **linked_all(size_t *count);
/* Those that nobody paired, wants or keeps, and nobody touched for LINKED_ORPHAN_MS before
 * job->now_ms. */
enum err linked_clean_orphans(struct job *job);
/* Out of the table; who still holds it uses it to its end. */
void linked_forget(struct linked *n);

/* ---- linked_number.c ---- */

/* To the lane; takes input over. Any thread. */
void linked_put(struct linked *n, struct linked_input *input);
void linked_put_kind(struct linked *n, enum linked_input_kind kind, uint32_t connection);
/* Runs it on the lane, and waits until it is done: the error, why and so on become the job's. No
 * transaction may be open. */
enum err linked_run(struct job *job, struct linked *n,
	enum err (*run)(struct turn *turn, void *arg), void *arg);
/* Its halves, to ask many at once: call->run and arg are set; each that began must be ended. */
void linked_call_begin(struct linked *n, struct linked_call *call);
enum err linked_call_end(struct job *job, struct linked_call *call);
/* In a turn: the client of wa/ is there; loads it if it is not. */
enum err linked_load(struct turn *turn);
void linked_unload(struct linked *n);
void linked_wait_init(struct linked_waiter *waiter, const char *id);
/* Registers it: before what it waits for is asked. */
void linked_wait_add(struct linked *n, struct linked_waiter *waiter);
/* false: it did not come in time. The waiter is forgotten in any case. */
bool linked_wait(struct linked *n, struct linked_waiter *waiter, int64_t ms);

/* ---- linked_socket.c ---- */

/* After a commit: what the loop has to do. Takes the frames' octets as copies. */
struct linked_order {
	struct linked *n; /* with a reference of its own */
	bool connect, disconnect;
	uint32_t frames_for, connection; /* which connection; connection: that is opened */
	int64_t tick_ms;		 /* monotonic; INT64_MAX: never; -1: as it is */
	char *url, *proxy;		 /* of connect; heap */
	bool allow_private;
	struct linked_piece {
		struct linked_piece *next;
		size_t len;
		uint8_t octets[];
	} * pieces, **last_piece;
};
void linked_order_send(struct linked_order *order); /* takes it over */
/* On the loop: its socket and timer are no more. */
void linked_leave(struct linked *n);
/* Starts it after its share of LINKED_SPREAD_MS; which: the how-manieth. */
void linked_start_row(const struct linked_number_row *row, size_t which);

/* ---- linked_record.c ---- */

extern const struct wa_store linked_store; /* its arg is to be set: the struct linked */
#define LINKED_KEY_MAX 256

/* ---- linked_state.c ---- */

/* Moves it, with row, history, health and alert. Nothing happens when it is there already for that
 * reason, or may not go there. */
enum err linked_move(struct turn *turn, enum linked_state to, const struct linked_reason *why);
enum err linked_take_state(struct turn *turn, const struct wa_event *event);
void linked_count(struct linked *n, uint32_t *counts, int64_t now_ms); /* under the lock */
int64_t linked_sum(const struct linked *n, const uint32_t *counts, int64_t now_ms);
void linked_proof_of(const struct linked *n, int64_t now_ms, struct linked_proof *out);

/* ---- linked_event.c ---- */

/* All events of the turn, in their order, in the open transaction. */
enum err linked_take_events(struct turn *turn);
/* The paired device of n->link, into the row. */
enum err linked_note_device(struct turn *turn);
/* A raw event that is being written, of at most size_max octets; and into the open transaction with
 * it. */
struct buf linked_raw_begin(struct turn *turn, const char *kind, size_t size_max);
enum err linked_raw_put(struct turn *turn, struct buf *b);
/* Something people must know, as a raw event: severity "info", "warning" or "critical". */
enum err linked_notice(struct turn *turn, const char *severity, const struct linked_reason *why);
/* After the commit: those who wait for them. */
void linked_tell_waiters(struct turn *turn);

/* ---- linked_live.c ---- */

/* After the commit: who types, who is there. */
void linked_tell_live(struct turn *turn);

/* ---- linked_send.c, linked_parse.c ---- */

/* Puts a person's jid under the name that its server has; devices are left out: one account is one
 * person. Others are passed over. */
void linked_add_name(struct person_ref *who, str jid);
/* The same, of a chat: which may be a group. */
void linked_add_chat(struct person_ref *who, str jid);

/* What a refusal of the server means; 0 and what is not known: the last of them. */
struct linked_refusal {
	int code;
	const char *word, *sentence, *next_step;
	enum retry_advice advice;
};
const struct linked_refusal *linked_refusal_of(int code);
/* It did not leave us: the advice for e, and what to fail with. */
enum err linked_not_sent(struct job *job, struct linked *n, enum err e, struct send_result *out);
enum err linked_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out);
enum err linked_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing);
enum err linked_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out);

/* ---- linked_call.c ---- */

enum err linked_fill(struct job *job, const struct linked_number_row *row,
	struct linked_number *out);
/* An orphan: its records and row go. */
enum err linked_clean(struct job *job, id64 channel, id64 workspace);
/* ---- linked_version.c ---- */
enum err linked_load_version(struct job *job);
/* Tells people after a change. */
void linked_tell(struct job *job, struct linked *n);

#endif
