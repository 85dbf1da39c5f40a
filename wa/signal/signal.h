/*
 * signal.h: end-to-end encryption between devices: who is met, what is enciphered, what is read.
 *
 * Written from the specification (X3DH, double ratchet, sender keys; message version 3). It is
 * pure: records in the caller's store, octets in, octets out. Each call reads the records it needs
 * and writes back what changed, within the caller's open transaction; so the state of a ratchet and
 * the message that it gave are kept, or lost, together. What fails changes nothing.
 *
 * The error of a call is the store's. What the other side did stands in the `outcome` of the
 * result. A record that does not read counts as none: then the other side is asked again.
 *
 * Devices are named by addresses, "name.device" (signal_address). Public keys are 32 octets, as in
 * stanzas. One lane; no two calls at a time on one store. All results live in the arena.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §3.
 */
#ifndef WA_SIGNAL_SIGNAL_H
#define WA_SIGNAL_SIGNAL_H

#include "wa/session/session.h"
#include "wa/session/device.h"

/* Bounds of what a record holds; what is older goes. */
#define SIGNAL_ARCHIVED_MAX 40          /* former states of a session */
#define SIGNAL_CHAINS_MAX 5             /* of one state: keys that the other side sent under */
#define SIGNAL_SKIPPED_MAX 2000         /* keys of messages that have not come, of one state */
#define SIGNAL_AHEAD_MAX 2000           /* messages of one chain that may be missing at once */
#define SIGNAL_GROUP_STATES_MAX 5       /* sender keys of one device in one group */
/* A single number that a sender passed over is kept for so many messages: some skip every other. */
#define SIGNAL_GROUP_SINGLE_MAX 512
#define SIGNAL_KEY_ID_MAX 0x7FFFFFFFu

enum signal_outcome {
	SIGNAL_DONE,
	SIGNAL_NO_SESSION, /* or no sender key (of this id) */
	SIGNAL_DUPLICATE,  /* was read before: nothing is wrong */
	SIGNAL_NO_KEY,	   /* made with a one-time or signed prekey that we do not have */
	SIGNAL_BAD_KEY,	   /* no public key, or one that gives secrets away */
	SIGNAL_BAD_MAC,
	SIGNAL_BAD_SIGNATURE,
	SIGNAL_BAD_MESSAGE, /* authentic, but does not decipher */
	SIGNAL_FUTURE,	    /* more than SIGNAL_AHEAD_MAX ahead */
	/* so late that its key was dropped, or a duplicate of long ago: which of both is not known
	 */
	SIGNAL_FORGOTTEN,
	SIGNAL_GARBAGE, /* no such message, or of another version: nack 487, no retry */
};
const char *signal_outcome_name(enum signal_outcome outcome);
/* The `error` of a retry receipt (§5.5). */
int signal_retry_reason(enum signal_outcome outcome);

/* What all calls need. Borrowed, all of it. */
struct signal {
	const struct device *device;    /* our own keys */
	const struct wa_store *store;
	void (*random)(void *arg, void *out, size_t size);
	void *random_arg;
	struct arena *arena;
};

/* ---- sessions of two devices ---- */

/* What a device publishes for those who write to it first. */
struct signal_bundle {
	uint32_t registration_id, signed_prekey_id, prekey_id;
	uint8_t identity[CURVE_KEY_SIZE], signed_prekey[CURVE_KEY_SIZE];
	uint8_t signature[CURVE_SIGNATURE_SIZE];
	uint8_t prekey[CURVE_KEY_SIZE];
	bool has_prekey;
};

/* A new session with that device; a former one is kept for what is still under way. */
struct signal_met {
	enum signal_outcome outcome;    /* DONE, BAD_SIGNATURE, BAD_KEY */
	/* it was known by another identity: "security code changed" */
	bool identity_changed;
};
enum err signal_meet(const struct signal *s, str address, const struct signal_bundle *bundle,
	struct signal_met *out);

struct signal_session {
	bool is_there;                  /* there is one to encipher with */
	bool is_unanswered;             /* the other side has not yet proven that it has it */
	uint32_t registration_id;       /* theirs */
	/* Public key of which it was made: another one, and it is another session. */
	uint8_t base[CURVE_KEY_SIZE];
	uint8_t identity[CURVE_KEY_SIZE]; /* theirs */
};
enum err signal_session_find(const struct signal *s, str address, struct signal_session *out);

enum signal_kind { SIGNAL_MSG, SIGNAL_PKMSG };
const char *signal_kind_name(enum signal_kind kind); /* "msg", "pkmsg", as <enc type> has it */

struct signal_sealed {
	enum signal_outcome outcome;    /* DONE, NO_SESSION */
	enum signal_kind kind;
	bytes octets;                   /* content of <enc> */
};
/* padded: signal_pad(). */
enum err signal_encrypt(const struct signal *s, str address, bytes padded,
	struct signal_sealed *out);

struct signal_opened {
	enum signal_outcome outcome;
	bytes padded;                   /* signal_unpad() it */
	bool identity_changed;
	bool is_new;                    /* this message made a session */
};
/* A one-time prekey that a pkmsg used is erased when it was deciphered. */
enum err signal_decrypt(const struct signal *s, str address, enum signal_kind kind, bytes octets,
	struct signal_opened *out);

/* Erases the session; the identity stays known, so that a change of it is seen. */
enum err signal_forget(const struct signal *s, str address);
/* The session, the identity and sender keys of one address become those of another, unless that has
 * its own; then those of the first go. (A phone number's, once its hidden id is known.) Sender keys
 * are moved when the store can scan. */
enum err signal_move(const struct signal *s, str from, str to);

/* ---- sender keys of groups ---- */

/* Our own key of a group: made when there is none. sender: our own address. */
struct signal_group {
	uint32_t key_id;
	bytes distribution;             /* axolotl_sender_key_distribution_message */
};
enum err signal_group_own(const struct signal *s, str group, str sender, struct signal_group *out);
/* The next own message will be made with a new key. */
enum err signal_group_forget(const struct signal *s, str group, str sender);
/* kind of the result is not set: <enc type="skmsg">. NO_SESSION: signal_group_own() first. */
enum err signal_group_encrypt(const struct signal *s, str group, str sender, bytes padded,
	struct signal_sealed *out);

/* A device told us its key. A key that is known stays as far as it has come. */
enum err signal_group_take(const struct signal *s, str group, str sender, bytes distribution,
	enum signal_outcome *out);
enum err signal_group_decrypt(const struct signal *s, str group, str sender, bytes octets,
	struct signal_opened *out);

/* ---- texts and padding (pure) ---- */

#define SIGNAL_PAD_MAX 16

/* "name.device"; the name tells servers apart: "1234", "1234_1" (lid), … */
str signal_address(struct arena *arena, const struct jid *jid);
/* plain and 1 to 16 octets more; the random octet says how many. */
bytes signal_pad(struct arena *arena, bytes plain, uint8_t random);
/* false: not padded like this. Borrows from padded. */
bool signal_unpad(bytes padded, bytes *out);
/* What names a list of devices, in any order: "2:" and 8 characters. */
str signal_phash(struct arena *arena, const struct jid *devices, size_t count);
/* The same, though one side writes '-' and '_' for '+' and '/'. */
bool signal_phash_is(str a, str b);

#endif
