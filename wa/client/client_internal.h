/*
 * client_internal.h: what the files of a client share, and where the parts of others hook in.
 *
 * What comes is dealt out by two tables in client.c: stanzas by tag, type and the tag inside, and
 * protocol messages of our own account by their type. Every row that fits is called. Whoever adds a
 * part adds its rows, and a member to struct wa_client if it must remember something between calls.
 *
 * The one rule: a record is read, changed and put back within one call, so that each call is one
 * step of the caller's transaction.
 */
#ifndef WA_CLIENT_CLIENT_INTERNAL_H
#define WA_CLIENT_CLIENT_INTERNAL_H

#include "wa/client/client.h"
#include "wa/signal/signal.h"

#define CLIENT_ASKS_MAX 256     /* requests under way */
#define CLIENT_SENDS_MAX 256    /* messages under way */
#define CLIENT_PERSONS_MAX 512  /* people whose devices are in memory */
#define CLIENT_DEVICES_MAX 16   /* of one account */
#define CLIENT_USER_MAX 24      /* characters of a number or hidden id, with a NUL */
#define CLIENT_KEEP_MS (14ll * 24 * 3600 * 1000) /* what is remembered of messages */

/* iq: NULL when no answer came in time, or the connection went. tag: as it was given. */
typedef enum err client_answer(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag);

struct client_ask {
	struct client_ask *next;
	uint32_t number;
	int64_t until_ms;
	client_answer *take;
	uint64_t tag;
};

/* One account, as far as it is known: number and hidden id, and its devices. */
struct client_person {
	char pn[CLIENT_USER_MAX], lid[CLIENT_USER_MAX]; /* users; "" when not known */
	int64_t devices_ms;     /* wall clock of the list; 0: there is none */
	uint32_t raw_id;        /* of the registration that the list is of, or 0 */
	uint8_t device_count;
	bool is_missing;        /* the server knows nobody by that address */
	uint16_t devices[CLIENT_DEVICES_MAX];
	uint64_t used;          /* the larger, the later */
};

struct wa_client {
	struct wa_client_config config;
	bool is_online, is_available;
	uint8_t id_prefix[4];
	uint32_t next_number;
	struct client_ask *asks;
	size_t ask_count;
	/* client_address.c */
	struct client_person *persons;
	size_t person_count, person_room;
	uint64_t person_uses;
	/* client_send.c */
	struct client_out *outs, **last_out;
	size_t out_count;
	uint64_t next_out;
	/* client_retry.c */
	struct client_wait *waits;
	size_t wait_count;
	int64_t prune_ms;
	/* client_receipt.c, client_token.c: read once, then kept */
	bool has_salt, knows_salt;
	uint8_t salt[32];
};

/* ---- client.c ---- */

struct wa_event *client_event(const struct wa_call *call, enum wa_event_kind kind);
/* Sends; that there is no connection is no error here. */
enum err client_put(struct wa_client *c, const struct wa_call *call, struct node *node);
/* Asks, now or never: without a connection `take` is called with NULL within this call. The id is
 * put in. */
enum err client_ask(struct wa_client *c, const struct wa_call *call, struct node *iq,
	client_answer *take, uint64_t tag);
int64_t client_time(const struct wa_client *c, int64_t ms); /* hurried */
str client_next_id(struct wa_client *c, struct arena *arena);
enum err client_get(struct wa_client *c, const struct wa_call *call, enum wa_record kind, str key,
	bytes *out);
enum err client_keep(struct wa_client *c, enum wa_record kind, str key, bytes value);
/* It need not be there. */
enum err client_drop(struct wa_client *c, enum wa_record kind, str key);
enum err client_scan(struct wa_client *c, enum wa_record kind, str prefix,
	enum err (*each)(void *arg, str key, bytes value), void *arg);
struct jid client_bare(const struct jid *jid);
/* Copies; borrows nothing of jid. */
struct jid client_jid_copy(struct arena *arena, const struct jid *jid);
/* Whichever of its two addresses. */
bool client_is_own(const struct wa_client *c, const struct jid *jid);
bool client_is_group(const struct jid *jid);
bool client_is_status(const struct jid *jid);

struct signal client_signal(struct wa_client *c, const struct wa_call *call);
str client_message_id(struct wa_client *c, struct arena *arena); /* a new one */

/* A protocol message of our own account (§5.9). */
struct client_peer {
	const struct node *stanza;
	const struct wa_message *message;
	const Wa__ProtocolMessage *protocol;
};
enum err client_take_peer(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
enum err client_take_answer(struct wa_client *c, const struct wa_call *call, const struct node *iq);

/* ---- client_people.c ---- */

struct wa_member; /* group.h */
enum err client_learn_members(struct wa_client *c, const struct wa_call *call,
	const struct wa_member *members, size_t count);
enum err client_take_group(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);
enum err client_take_contact(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);
enum err client_take_restriction(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);
enum err client_take_call(struct wa_client *c, const struct wa_call *call, const struct node *node);

#endif
