/*
 * switchboard.h: clients joined without a network, for tests: as much of a server as they need.
 *
 * What a client sends is put into a queue; board_run() carries it over until all is quiet. Faults
 * are switched on for one device or message. Memory is the test's arena's, but for what a
 * client keeps: board_done() frees that. (The simulator is
 * the strict judge over real connections; this is small, and knows what each client keeps.)
 */
#ifndef WA_CLIENT_SWITCHBOARD_H
#define WA_CLIENT_SWITCHBOARD_H

#include "base/test.h"
#include "wa/client/client_internal.h"
#include "wa/session/memory.h"

#define BOARD_DEVICES_MAX 32
#define BOARD_T0_MS 1790000000000ll

struct board_device {
	struct board *board;
	struct wa_client *client;
	struct device device;
	struct wa_memory *memory;
	struct wa_store store;          /* of that memory */
	struct wa_event *events, **last_event;
	struct node *backlog[256];      /* while it is offline */
	size_t backlog_count;
	bool is_online, is_gone;
	/* faults */
	bool corrupt_next;      /* the next ciphertext for it */
	bool double_next;       /* the next message for it comes twice */
	bool is_mute;           /* the server hears nothing of it */
	bool is_deaf;           /* nobody's retry reaches it */
	bool hides_reading;     /* setting of its account */
	/* what it asked of the server, and of its store */
	unsigned usyncs, bundles, group_asks, gets, puts, tokens_given;
	unsigned peers;         /* peer messages for it */
	int64_t last_nack;
	bytes last_token, last_proof; /* of its last message */
	const struct node *clean; /* what it said to be clean, last */
};

struct board {
	struct board_device devices[BOARD_DEVICES_MAX];
	size_t count;
	struct { struct board_device *to; struct node *node; } queue[4096];
	size_t head, tail;
	struct wa_clock now;
	uint64_t seed;
	bool drop_ack;          /* the next one of a message is not sent */
	int refuse;             /* the next message, with this error */
	str phash;              /* of the next ack */
	struct jid group;
	struct jid members[16]; /* bare lids */
	size_t member_count;
	unsigned next_prekey;
	struct node *key_list;  /* <key-index-list> of the account of that device */
	const struct board_device *key_list_of;
};

struct board *board_make(void);
/* A phone (device 0), or a linked device, of the account of these two users. */
struct board_device *board_add(struct board *b, const char *pn, const char *lid, uint16_t device);
/* Loads the client anew of what its store holds, as after a crash. */
void board_restart(struct board_device *d);
void board_online(struct board_device *d, bool online);
void board_run(struct board *b);
void board_wait(struct board *b, int64_t ms); /* the clock, ticks, and what comes of them */
void board_done(struct board *b);
/* A stanza of the server's own. */
void board_push(struct board_device *to, struct node *node);
struct wa_call board_call(struct board_device *d);
void board_after(struct board_device *d, const struct wa_call *call);

struct jid board_jid(const struct board_device *d, bool by_lid); /* bare */
enum err board_send(struct board_device *from, const struct jid *to, const char *id,
	const char *text);
/* The n-th event of that kind, or NULL. */
const struct wa_event *board_event(const struct board_device *d, enum wa_event_kind kind, size_t n);
size_t board_count(const struct board_device *d, enum wa_event_kind kind);
/* The text of the n-th message told; "(waiting)", "(none)", or "" when there is no such. */
str board_text(const struct board_device *d, size_t n);
/* Loses all that it kept; it is to be restarted then. */
void board_forget(struct board_device *d);
size_t board_records(const struct board_device *d, enum wa_record kind);

#endif
