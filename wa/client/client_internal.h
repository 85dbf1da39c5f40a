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
#include "wa/client/request.h"
#include "wa/message/message.h"
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
	/* a bit for each device that we have a session with, as far as seen */
	uint32_t met;
	uint16_t devices[CLIENT_DEVICES_MAX];
	uint64_t used;          /* the larger, the later */
};

struct wa_client {
	struct wa_client_config config;
	bool is_online, is_available, is_advancing;
	bool hides_reading;     /* our account tells nobody what it has read */
	uint8_t id_prefix[4];
	uint32_t next_number;
	struct client_ask *asks;
	size_t ask_count;
	/* client_address.c */
	struct client_person *persons;
	size_t person_count, person_room;
	uint64_t person_uses;
	/* client_out.c */
	struct client_out *outs;
	size_t out_count;
	uint64_t next_out;
	/* client_retry.c */
	struct client_wait *waits;
	size_t wait_count;
	int64_t prune_ms;
	/* client_receipt.c, client_token.c: read once, then kept */
	bool knows_salt;
	uint8_t salt_len, salt[64];
	struct client_sync *sync; /* appstate.c; NULL until something is to be synced */
};

/* ---- client.c ---- */

struct wa_event *client_event(const struct wa_call *call, enum wa_event_kind kind);
/* Sends; that there is no connection is no error here. */
enum err client_put(struct wa_client *c, const struct wa_call *call, struct node *node);
/* A taker of answers: whatever the answer is. */
enum err client_no_matter(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag);
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

/* ---- client_address.c ---- */

void client_address_done(struct wa_client *c);
bool client_is_person(const struct jid *jid);
/* Our own device. */
struct jid client_own(const struct wa_client *c, bool by_lid);
/* What is known of an account, be it nothing. ERR_INPUT: the jid is no account. */
enum err client_person(struct wa_client *c, struct arena *arena, const struct jid *jid,
	struct client_person *out);
/* Puts it back: into memory alone, or with its devices into the store. */
void client_person_note(struct wa_client *c, const struct client_person *p);
enum err client_person_keep(struct wa_client *c, struct arena *arena,
	const struct client_person *p);
/* Its devices are not known any more. */
enum err client_person_drop(struct wa_client *c, struct arena *arena, const struct jid *jid);
bool client_person_is_stale(const struct wa_client *c, const struct wa_call *call,
	const struct client_person *p);
/* by_lid: when there is one. Borrows from p. */
struct jid client_person_jid(const struct client_person *p, uint16_t device, bool by_lid);
/* How wa/signal names a device: by the hidden id, when it is known. */
enum err client_address(struct wa_client *c, struct arena *arena, const struct jid *jid, str *out);
/* The same as wa_client_learn(), of bare jids, without an event. *is_new: it was not known. */
struct wa_known;
enum err client_learn_quietly(struct wa_client *c, const struct wa_call *call,
	const struct wa_known *pair, bool *is_new);
enum err client_learn_both(struct wa_client *c, const struct wa_call *call, const struct jid *a,
	const struct jid *b);
enum err client_take_mapping(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
/* Keys of records, collected before they are changed. */
struct client_names { struct arena *arena; str *texts; size_t count, room; };
enum err client_names_of(struct wa_client *c, enum wa_record kind, str prefix,
	struct client_names *out);
/* All addresses of an account with which there is a session. */
enum err client_sessions_of(struct wa_client *c, const struct client_person *p,
	struct client_names *out);

/* ---- client_devices.c ---- */

/* Which devices they have: of the first WA_USYNC_MAX. take must call client_take_devices with the
 * answer. */
struct client_question {
	const struct jid *jids;
	size_t count;
	client_answer *take;
	uint64_t tag;
};
enum err client_ask_devices(struct wa_client *c, const struct wa_call *call,
	const struct client_question *q);
enum err client_take_devices(struct wa_client *c, const struct wa_call *call,
	const struct node *iq);
/* All sessions with an account, and the list of its devices. */
enum err client_drop_devices(struct wa_client *c, const struct wa_call *call,
	const struct jid *jid);
enum err client_take_devices_notice(struct wa_client *c, const struct wa_call *call,
	const struct node *notice);
enum err client_take_own_devices(struct wa_client *c, const struct wa_call *call,
	const struct node *notice);
enum err client_take_identity(struct wa_client *c, const struct wa_call *call,
	const struct node *notice);
enum err client_tell_identity(struct wa_client *c, const struct wa_call *call,
	const struct jid *jid);

/* ---- client_known.c: who has our sender key of a group ---- */

struct client_known { uint32_t key_id; struct buf hashes; bool has_changed; };
enum err client_known_get(struct wa_client *c, const struct wa_call *call, str group,
	uint32_t key_id, struct client_known *out);
bool client_known_has(const struct client_known *known, str address);
void client_known_add(struct client_known *known, str address);
enum err client_known_keep(struct wa_client *c, const struct wa_call *call, str group,
	const struct client_known *known);
/* A device is gone: groups whose key it had get another. */
enum err client_known_lost(struct wa_client *c, const struct wa_call *call, str address);
/* The key of a group is made anew before the next message. */
enum err client_group_rotate(struct wa_client *c, const struct wa_call *call, str group);

/* ---- client_token.c ---- */

/* Puts in what proves that we may write to them, if there is such; and gives ours, when that is
 * due. */
enum err client_token_attach(struct wa_client *c, const struct wa_call *call,
	const struct jid *to, struct node *message);
enum err client_token_give(struct wa_client *c, const struct wa_call *call, const struct jid *to);
/* They have new keys: ours is given again, with its old time. */
enum err client_token_again(struct wa_client *c, const struct wa_call *call, const struct jid *to);
enum err client_take_token(struct wa_client *c, const struct wa_call *call,
	const struct node *notice);
/* Of the history or the app state; none: it is taken back. */
enum err client_salt_set(struct wa_client *c, bytes salt);
/* Only if there is none. */
enum err client_salt_add(struct wa_client *c, const struct wa_call *call, bytes salt);

/* ---- client_fanout.c: one message for many devices ---- */

struct client_target { struct jid jid; str address; bool is_own; };
struct client_targets { struct client_target *list; size_t count, room; };
/* All devices of these accounts, but not this one. */
enum err client_targets_add(struct wa_client *c, const struct wa_call *call,
	const struct jid *account, bool by_lid, struct client_targets *targets);
/* Those that we have no session with: out has room for all. */
enum err client_targets_unmet(struct wa_client *c, const struct wa_call *call,
	const struct client_targets *targets, struct client_targets *out);
/* Asks for what is needed to write to them; take must call client_take_bundles. */
enum err client_ask_bundles(struct wa_client *c, const struct wa_call *call,
	const struct client_targets *targets, client_answer *take, uint64_t tag);
enum err client_take_bundles(struct wa_client *c, const struct wa_call *call,
	const struct node *iq);
/* Reads <registration>, <identity>, <skey>, <key>, as in an answer or in <keys> of a retry. */
bool client_read_bundle(const struct node *from, const struct node *registration,
	struct signal_bundle *out);
enum err client_meet(struct wa_client *c, const struct wa_call *call, const struct jid *device,
	const struct signal_bundle *bundle);
/* The session with it is gone. */
enum err client_unmeet(struct wa_client *c, const struct wa_call *call, const struct jid *device);
/* <enc> of a message for one device; *out NULL: there is no session with it. */
struct client_cipher {
	bytes plain;
	const char *mediatype;  /* or NULL */
	bool is_hidden;
	int count;              /* of a retry; 0: none */
	bool has_pkmsg;         /* set, and never cleared, when one was made */
};
enum err client_encipher(struct wa_client *c, const struct wa_call *call, str address,
	struct client_cipher *cipher, struct node **out);
/* For our own other devices. */
bytes client_pad(struct wa_client *c, struct arena *arena, bytes plain);
bytes client_device_sent(struct arena *arena, const Wa__Message *message, const struct jid *chat);
void client_add_identity(struct wa_client *c, struct arena *arena, struct node *message);
void client_enc_attrs(struct arena *arena, struct node *enc, const struct client_cipher *cipher);

/* ---- client_send.c and its parts ---- */

enum client_out_kind {
	OUT_MESSAGE,
	OUT_PEER,               /* to one device of our own account; nobody is told of the ack */
	OUT_AGAIN,              /* a message of before, to one device that could not read it */
};

/* A message under way, from the wish to the server's ack. */
struct client_out {
	struct client_out *next;
	enum client_out_kind kind;
	uint64_t tag;           /* of its requests */
	bool is_sent;           /* waits for the ack */
	bool was_sent;          /* at some time */
	bool is_asking;         /* waits for an answer */
	bool asked_group, asked_bundles, was_refused;
	unsigned asked_devices; /* times */
	int failure;            /* of the last answer: 0, WA_SENT_NO_ANSWER, or the server's code */
	int64_t until_ms;       /* then it is given up */
	int64_t again_ms;       /* 0, or when it is tried again after an error of the server */
	char edit;
	char phash[12];
	const char *priority;   /* of OUT_PEER */
	int count;              /* OUT_AGAIN */
	int64_t t_s;
	struct jid to;          /* chat; OUT_PEER, OUT_AGAIN: the device */
	struct jid chat;        /* OUT_AGAIN */
	str id;
	bytes packed;           /* Message */
	size_t room;
	char memory[];          /* of its texts and octets */
};

void client_send_done(struct wa_client *c);
/* One more for the list; copies. ERR_LIMIT: too many. */
enum err client_out_add(struct wa_client *c, const struct wa_call *call,
	const struct client_out *like);
/* Goes on with what can go on. */
enum err client_outs_advance(struct wa_client *c, const struct wa_call *call);
enum err client_take_ack(struct wa_client *c, const struct wa_call *call, const struct node *ack);
enum err client_send_tick(struct wa_client *c, const struct wa_call *call);
int64_t client_send_deadline(const struct wa_client *c);
/* Somebody has it: then the server has it, too. */
enum err client_sent_seen(struct wa_client *c, const struct wa_call *call, str id);
/* Sends what is prepared, and waits for the ack. */
enum err client_hand_over(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct node *stanza);
enum err client_out_give_up(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, int code);
enum err client_send_online(struct wa_client *c, const struct wa_call *call);
/* To our own phone (or, as the phone, to that device): §4.4. priority: "high", "high_force" or
 * NULL. id: of the message; none: a new one. */
struct client_to_peer { uint16_t device; const char *priority; str id; };
enum err client_send_peer(struct wa_client *c, const struct wa_call *call, Wa__Message *message,
	const struct client_to_peer *to);

/* What was sent, for who asks again; and the secret of a message that others refer to. */
struct client_kept { int64_t t_ms; char edit; bytes packed; };
enum err client_sent_keep(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out);
enum err client_sent_get(struct wa_client *c, const struct wa_call *call, const struct jid *chat,
	str id, struct client_kept *out);

/* ---- client_receive.c ---- */

/* A message that comes. */
struct client_incoming {
	const struct node *stanza;
	str id;
	struct jid from;        /* as it stands in the stanza */
	struct jid sender;      /* the device, likewise */
	struct jid chat, author, other; /* bare, by hidden id when it is known; other: the number */
	int64_t t_s, count;     /* count: which attempt the sender says it is */
	bool is_own, is_group, is_peer, is_hidden;
	bool has_content;       /* more than a key was deciphered */
	bool is_told;           /* now, or before */
	bool is_keyless;        /* there is no sender key to read it with */
	int encs, doubled, failed, nack;
	enum signal_outcome failure;
};
enum err client_take_message(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza);
/* Numbers and hidden ids that stand in the attributes. */
enum err client_learn_from(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza);
/* The account of a jid by hidden id, when that is known; other: its number, if both are. */
struct jid client_canonical(struct wa_client *c, struct arena *arena, const struct jid *jid,
	struct jid *other);
/* unavailable: why it never comes; none: it is waited for. */
enum err client_tell_waiting(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, str unavailable);
enum err client_send_ack(struct wa_client *c, const struct wa_call *call,
	const struct node *stanza, int error);
enum err client_saw_device(struct wa_client *c, const struct wa_call *call,
	const struct jid *device);
enum err client_take_resent(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer);
/* ---- client_secret.c ---- */

/* Of the message that an add-on in m is about, into m; nothing when it is not known. */
enum err client_secret_find(struct wa_client *c, const struct wa_call *call,
	struct wa_message *m);
/* The secret of a poll or event, for those that refer to it. */
struct client_about { struct jid chat, author; str id; };
enum err client_secret_keep(struct wa_client *c, const struct wa_call *call,
	const struct client_about *about, const Wa__Message *message);
/* Milliseconds, the highest octet first: how records begin that are pruned. */
bytes client_time_octets(struct arena *arena, int64_t ms);

/* ---- client_retry.c ---- */

/* A message that could not be read: asked for again, and told as waited for. */
enum err client_retry_ask(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in);
/* It came after all. */
enum err client_retry_healed(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in);
/* Our phone has it, and is asked for it in a while. */
enum err client_ask_phone(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in);
enum err client_take_retry(struct wa_client *c, const struct wa_call *call,
	const struct node *receipt);
/* The step of OUT_AGAIN, once there is a session. */
enum err client_send_again(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	str address);
/* The server has it, or will never have it: it is owed no more. Of others: nothing. */
enum err client_owed_done(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out);
/* What is owed from before is put into the list again. */
enum err client_retry_online(struct wa_client *c, const struct wa_call *call);
void client_retry_done(struct wa_client *c);
enum err client_retry_tick(struct wa_client *c, const struct wa_call *call);
int64_t client_retry_deadline(const struct wa_client *c);

/* ---- client_receipt.c ---- */

enum err client_ask_privacy(struct wa_client *c, const struct wa_call *call);
enum err client_take_privacy(struct wa_client *c, const struct wa_call *call,
	const struct node *notification);
enum err client_take_receipt(struct wa_client *c, const struct wa_call *call,
	const struct node *receipt);
enum err client_take_chatstate(struct wa_client *c, const struct wa_call *call,
	const struct node *chatstate);
enum err client_take_presence(struct wa_client *c, const struct wa_call *call,
	const struct node *presence);

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
