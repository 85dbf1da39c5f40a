/*
 * client.h: what a linked device does after its login: whom it knows, and what is said.
 *
 *	WA_EVENT_STANZA of a session ─► wa_client_take() ─► records, stanzas to send, events
 *
 * It stands on a port, which sends stanzas: that of a session (wa/wa.h joins the two), or of a
 * phone of the simulator, which is a client, too, with device 0. It does no I/O, like the session:
 * records are put into the store within the call, in the caller's transaction; stanzas and events
 * come out in `out`, and count only once that is committed. So the state of a ratchet and the
 * message that it deciphered are one transaction of the caller, who stores the message of the event
 * before it commits. One lane; no two calls at a time.
 *
 * Large files (media, history, snapshots) do not pass through here: the caller fetches and sends
 * them over HTTP (wa/media/), and says what came of it.
 *
 *	client.c            calls, requests and their answers, timers
 *	client_address.c    numbers and hidden ids of one person
 *	client_devices.c    devices of an account: asked for, kept, given up
 *	client_send.c       messages under way, from the wish to the server's ack; its parts:
 *	client_out.c        the list of them: acks, refusals, time
 *	client_reach.c      whom it is for: group, devices, sessions
 *	client_stanza.c     enciphered for all of them
 *	client_fanout.c     one message for many devices: bundles, sessions, ciphertexts
 *	client_known.c      who has our key of a group
 *	client_token.c      privacy tokens
 *	client_receive.c    deciphering, order, doubles, placeholders
 *	client_retry.c      asking again, and being asked again
 *	client_receipt.c    delivered, read, played: both ways
 *
 * Source: docs/protocol/linked-device-2-messaging.md.
 */
#ifndef WA_CLIENT_CLIENT_H
#define WA_CLIENT_CLIENT_H

#include "wa/session/session.h"
#include "wa_e2e.pb-c.h"

struct wa_client;

/* Of one call: the clock, and where what comes of it goes. */
struct wa_call { const struct wa_clock *now; struct wa_output *out; };

struct wa_client_config {
	/* Who it is; borrowed, and read at each call: a session changes it. */
	const struct device *device;
	struct wa_store store;
	/* Hands a stanza to the network, within the call that asked for it. ERR_CONFLICT: there is
	 * no connection; the stanza is lost, and that is no error of the call. */
	enum err (*send)(void *arg, const struct wa_call *call, struct node *node);
	void *send_arg;
	void (*random)(void *arg, void *out, size_t size);
	void *random_arg;
	unsigned hurry;         /* times are divided by it, for tests; 0 is 1 */
	bool is_phone;          /* device 0: shares keys with new devices, answers peers */
};

enum err wa_client_create(const struct wa_client_config *config, struct wa_client **out);
void wa_client_destroy(struct wa_client *c);
/* The connection is open (what was under way is sent again), or gone. */
enum err wa_client_online(struct wa_client *c, const struct wa_call *call);
enum err wa_client_offline(struct wa_client *c, const struct wa_call *call);
/* All records are gone: nothing of them is known any more. */
enum err wa_client_forget(struct wa_client *c);
/* A stanza that came; answers of requests, too. Unknown ones are passed over. An error is the
 * store's. */
enum err wa_client_take(struct wa_client *c, const struct wa_call *call, const struct node *stanza);
enum err wa_client_tick(struct wa_client *c, const struct wa_call *call);
int64_t wa_client_deadline(const struct wa_client *c); /* monotonic ms; INT64_MAX: never */

/* ---- sending ---- */

#define WA_ACK_MS 60000
#define WA_MESSAGE_MAX (1u << 20)       /* octets of a packed Message */
#define WA_MESSAGE_ID_MAX 64

struct wa_send {
	/* Of the stanza: unique for ever; the same when one message is sent again. */
	str id;
	struct jid to;          /* an account by number or hidden id, or a group */
	const Wa__Message *message;
	/* 0, or how it changes another one: '1' edit, '2' pin, '7' revoke, '8' revoke as admin */
	char edit;
};
/* WA_EVENT_SENT follows, in any case. ERR_INPUT: the message is too large or the jid is nobody's;
 * ERR_CONFLICT: not connected; ERR_LIMIT: too many are under way. */
enum err wa_client_send(struct wa_client *c, const struct wa_call *call,
	const struct wa_send *send);
/* "3EB0" and 18 hex digits, of the caller's octets: the same octets give the same id, so a message
 * whose answer was lost in a crash goes out again under the id it had. */
str wa_message_id(struct arena *arena, bytes seed);

/* What our own vote or answer is enciphered with: the secret of a poll or event that came or went
 * since the number is linked, and both people as the chat addresses them. author empty: it is ours.
 * ERR_MISSING: its secret is not known. */
struct wa_about { struct jid chat, author; str id; };
struct wa_secret { bytes secret; struct jid author, own; };
enum err wa_client_secret(struct wa_client *c, const struct wa_call *call,
	const struct wa_about *about, struct wa_secret *out);

/* Tells the author that his messages were read (or, voice: played). sender: of a group, else none.
 */
struct wa_read { struct jid chat, sender; const str *ids; size_t count; bool is_played; };
enum err wa_client_read(struct wa_client *c, const struct wa_call *call,
	const struct wa_read *read);
enum wa_typing { WA_PAUSED, WA_COMPOSING, WA_RECORDING };
enum err wa_client_typing(struct wa_client *c, const struct wa_call *call, const struct jid *chat,
	enum wa_typing typing);
/* While available, our receipts count as delivered and the phone rings for nothing. It ends with
 * the connection. */
enum err wa_client_presence(struct wa_client *c, const struct wa_call *call, bool available);

/* Asks our phone for a message that could not be deciphered, or that only it has (§5.8). By itself
 * this is done once, some seconds after the first failure. */
struct wa_resend { struct jid chat, sender; str id; bool is_from_me; };
enum err wa_client_ask_resend(struct wa_client *c, const struct wa_call *call,
	const struct wa_resend *resend);

/* ---- asking ---- */

/* Any request; the id is put in. WA_EVENT_ANSWER with tag follows, in any case. What to ask, and
 * how to read the answer, stands in wa/client/group.h, contact.h, media_host.h, … */
enum err wa_client_request(struct wa_client *c, const struct wa_call *call, struct node *iq,
	uint64_t tag);

/* ---- whom it knows ---- */

/* The hidden id of a number, and back: false when that is not known (yet). Texts in arena. */
bool wa_client_lid_of(struct wa_client *c, const struct jid *pn, struct arena *arena,
	struct jid *lid);
bool wa_client_pn_of(struct wa_client *c, const struct jid *lid, struct arena *arena,
	struct jid *pn);
/* Learns that both are one person; bare jids. */
enum err wa_client_learn(struct wa_client *c, const struct wa_call *call, const struct jid *lid,
	const struct jid *pn);

/* ---- what the events say; all of it lives in the call's arena ---- */

/* WA_EVENT_MESSAGE, also of the owner's own other devices. Protocol messages of our own account
 * (keys, history) are not told: they are dealt with. */
struct wa_message {
	str id;
	struct jid chat;        /* bare; by hidden id when the account has one */
	struct jid sender;      /* the device */
	/* the sender's (or, from us: the chat's) other address, bare; or none */
	struct jid other;
	bool is_from_me, is_offline, is_group, is_view_once, is_ephemeral;
	/* It could not be deciphered and is asked for again; it will come under the same id. */
	bool is_waiting;
	/* The network keeps it from devices like us ("view_once", …); "unreadable": it came, and
	 * nobody can read it; or empty. */
	str unavailable;
	int64_t t_ms;
	str push_name;
	const Wa__Message *message;     /* unwrapped; NULL when there is none */
	bytes plain;                    /* what it was unpacked of, wrappers included */
	/* Of a vote, or another add-on: the secret of the message that it is about (wa_addon_open,
	 * wa_vote_read), and by both addresses its author and whoever sent this: nobody says by
	 * which of them it was sealed. None when that is not known. */
	bytes target_secret;
	struct jid target_author[2], author[2];
};

enum wa_receipt_kind { WA_DELIVERED, WA_READ, WA_PLAYED, WA_READ_SELF, WA_PLAYED_SELF };
struct wa_receipt {
	enum wa_receipt_kind kind;
	struct jid chat, who;   /* who: the account that has it */
	const str *ids;
	size_t count;
	int64_t t_ms;
};

/* What the server said to a message of ours. code 0: it has it. */
struct wa_sent {
	str id;
	int code;               /* 463, 479, …; or one of the following */
	int64_t t_ms;           /* the server's time of it */
	bool is_unsure;         /* it may have it: no answer came */
};
#define WA_SENT_NO_ACCOUNT -1   /* nobody uses WhatsApp by that number */
#define WA_SENT_NO_DEVICE -2    /* nobody could be enciphered for */
#define WA_SENT_NO_ANSWER -3

struct wa_answer { uint64_t tag; const struct node *iq; }; /* iq NULL: no answer came */
struct wa_known { struct jid lid, pn; };
struct wa_typing_in { struct jid chat, who; enum wa_typing typing; };
struct wa_presence_in { struct jid who; bool is_available; int64_t last_ms; };

#endif
