/*
 * simulator.h: the other side: WhatsApp's server and people's phones, as far as a linked device
 * sees them.
 *
 * For tests and the sandbox: no I/O, like the session it plays with. Octets of a connection go in;
 * what goes out is handed to `send` and `close` of the simulator, perhaps of other connections: a
 * phone scans, a device is unlinked. It checks what it is told as strictly as it can, so it is also
 * a judge of clients. One thread; clock and random octets are the caller's.
 *
 *	simulator.c           connections, handshakes, frames
 *	simulator_pair.c      QR references, scans, codes, the phone's voucher
 *	simulator_serve.c     login, requests, unlinking; what is done from outside
 *	simulator_people.c    accounts, devices, who knows of them
 *	simulator_queue.c     what goes to a device, and waits until that has it
 *	simulator_message.c   messages to devices, receipts, presence, typing, calls
 *	simulator_keys.c      the prekey store            simulator_usync.c   who is there
 *	simulator_group.c     groups                      simulator_sync.c    app state
 *	simulator_profile.c   pictures, about, privacy, block list, media hosts
 *	simulator_save.c      over a restart         simulator_attack.c    what would harm a client
 *
 * Sources: docs/protocol/linked-device-1-transport.md §8, linked-device-2-messaging.md §11.
 */
#ifndef WA_SIMULATOR_SIMULATOR_H
#define WA_SIMULATOR_SIMULATOR_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/curve.h"
#include "wa/session/device.h"
#include "wa/stanza/stanza.h"

#define SIM_REFS 6
#define SIM_DEVICES_MAX 64      /* of a phone; WhatsApp itself allows fewer */
#define SIM_PREKEYS_MAX 1024    /* of a device */
#define SIM_MEDIA_TTL_S 3600
#define SIM_MEDIA_AUTH "sandbox-auth-"

struct sim;
struct sim_conn;

/* What goes wrong, of the next connections and until it is set again. All zero: nothing. */
struct sim_faults {
	int failure_reason;     /* instead of success */
	int failure_expire_s;
	int refuse_registration;/* failure of that reason instead of pair-device */
	bool refuse_ik;
	bool bad_certificate;   /* signed by another root */
	bool bad_hmac;          /* of pair-success */
	bool is_mute;           /* hears and answers nothing */
	bool compress;          /* every frame is compressed */
	int close_after_frames; /* cuts the connection at this frame after the login */
	int refs;               /* how many QR references; 0: SIM_REFS, -1: none */
	/* Of messages; percents: 100 is each, 0 none. count: so many more are harmed, each in one
	 * way, then none; 0: it does not end. */
	int count;
	int message_error, message_error_percent; /* refused with this code: 463, 479, 429 … */
	int drop_ack_percent;   /* taken and delivered, but never acknowledged */
	int drop_receipt_percent; /* receipts never reach who wrote the message */
	int duplicate_percent;  /* delivered twice */
	int corrupt_percent;    /* a ciphertext of a pair of devices does not authenticate */
	int corrupt_group_percent; /* the same of a sender key */
	bool reorder;           /* devices get theirs the other way round; each in its order */
	bool bad_phash;         /* "others are missing" */
	bool no_prekeys;        /* one-time keys are never handed out */
	bool pn_groups;         /* new groups are addressed by phone numbers */
	int digest_error;       /* to a question for the digest of keys; -1: no answer */
	int request_error;      /* to each request, or those of request_xmlns */
	char request_xmlns[32];
	/* Of media_conn. Not of the hosts themselves: those are the caller's. */
	struct sim_media_faults {
		int hosts_down;         /* so many come first where nobody listens */
		int ttl_s;              /* 0: SIM_MEDIA_TTL_S */
		int auth;               /* auth is SIM_MEDIA_AUTH and this */
	} media;
};

struct sim_config {
	void (*send)(void *conn, bytes octets); /* one WebSocket message */
	void (*close)(void *conn);
	/* Every stanza, for a log: is_ours: the server's. May be NULL. */
	void (*heard)(void *arg, void *conn, bool is_ours, const struct node *node);
	void (*random)(void *arg, void *out, size_t size);
	/* A stanza for a phone that is played (sim_play_phone). Never from within sim_take(). */
	void (*play)(void *arg, void *player, const struct node *node);
	void *arg;              /* of heard, random and play */
};

struct sim *sim_create(const struct sim_config *config);
void sim_destroy(struct sim *sim);
/* The root of its certificates: what a client must trust. */
const uint8_t *sim_root(const struct sim *sim);
struct sim_faults *sim_faults(struct sim *sim);

/* conn: the caller's, given back to send and close. */
struct sim_conn *sim_open(struct sim *sim, void *conn, int64_t now_ms);
void sim_feed(struct sim_conn *c, bytes octets, int64_t now_ms);
/* "host:port" where this client shall send and fetch its files. */
void sim_media_host(struct sim_conn *c, str host, bool is_secure);
/* After the socket is gone, also when close was called. */
void sim_closed(struct sim_conn *c);

/* ---- the phones ---- */

/* A phone scans a QR text. It is made when it is not there yet; phone: digits. ERR_INPUT: no such
 * text; ERR_MISSING: its reference is over; ERR_CONFLICT: it is shown by another client than it
 * says; ERR_LIMIT: too many devices. *why: a sentence. */
enum err sim_scan(struct sim *sim, str qr, str phone, int64_t now_ms, const char **why);
/* A person types a pairing code on the phone of that number. ERR_MISSING: nobody asked for one. A
 * wrong code is found out later by the phone: nothing comes of it. */
enum err sim_type_code(struct sim *sim, str phone, str code, int64_t now_ms, const char **why);
/* The phone unlinks a device (0: all of them). */
enum err sim_unlink(struct sim *sim, str phone, uint16_t device, int64_t now_ms);

/* An account by that number, made when it is not there; name: what others see, or none. */
void sim_add_phone(struct sim *sim, str phone, str name);
bool sim_has_phone(const struct sim *sim, str phone);
/* Its hidden id, or STR_NONE; and the number behind a jid of an account. Borrowed. */
str sim_lid(const struct sim *sim, str phone);
str sim_number(const struct sim *sim, const struct jid *jid);
/* Each account; name: "" when it has told none. */
void sim_each_phone(const struct sim *sim, void (*each)(void *arg, str phone, str name), void *arg);
/* The phone is registered anew: another identity, and no devices. */
enum err sim_reset_identity(struct sim *sim, str phone, int64_t now_ms);

/* ---- a phone that is played by a program of its own: device 0 ---- */

/* From now on its stanzas are handed to config.play with player; NULL: no more. Without a player,
 * what is sent to a phone is taken and forgotten. */
void sim_play_phone(struct sim *sim, str phone, void *player, int64_t now_ms);
/* Its keys: those of the device 0 that all others see. */
const struct device *sim_phone_device(const struct sim *sim, str phone);
/* A stanza of a device, as if it had come by its connection. For the players, and for fuzzing. */
void sim_take(struct sim *sim, str phone, uint16_t device, const struct node *node,
	int64_t now_ms);

/* ---- files ---- */

/* The picture of that id (the path is /v/picture/ID.jpg), or none. */
bytes sim_picture(const struct sim *sim, str id);

/* ---- over a restart ---- */

/* Counts up with each change of what sim_save() keeps. */
uint64_t sim_changes(const struct sim *sim);
/* Certificates, accounts, devices and their keys, groups, app state, and what waits. */
void sim_save(struct sim *sim, struct buf *out);
/* Into a new simulator. ERR_CORRUPT: it was not made by sim_save(). */
enum err sim_load(struct sim *sim, bytes saved);

/* ---- what a judge wants to know ---- */

struct sim_device_state {
	uint16_t device;
	bool is_connected, is_active;
	size_t prekeys;         /* at the server */
	size_t queued;          /* stanzas that it has not acknowledged */
	unsigned logins;
};
/* false: no such phone, or device. */
bool sim_device(const struct sim *sim, str phone, uint16_t device, struct sim_device_state *out);
/* Each device of each phone. */
void sim_each_device(const struct sim *sim,
	void (*each)(void *arg, str phone, const struct sim_device_state *state), void *arg);
/* The number of the first device of a phone, or 0. */
uint16_t sim_first_device(const struct sim *sim, str phone);
/* Takes keys away, as those do who write to the device; then the server tells it. */
void sim_use_prekeys(struct sim *sim, str phone, uint16_t device, size_t left, int64_t now_ms);

/* What the server keeps of the device's keys is no longer what that sent: its signed key, the last
 * of its one-time keys, or one more that the device never made. */
enum sim_harm { SIM_HARM_SIGNED, SIM_HARM_ONE_TIME, SIM_HARM_STRANGE };
void sim_harm_keys(struct sim *sim, str phone, uint16_t device, enum sim_harm harm);

/* ---- what happens to a connected device ---- */

/* A stanza as it is; ERR_MISSING: it is not connected. */
enum err sim_send(struct sim *sim, str phone, uint16_t device, const struct node *node);
/* <stream:error>: code (0: none) and the tag inside with its type (or NULL); then closes. */
enum err sim_stream_error(struct sim *sim, str phone, uint16_t device, int code, const char *tag,
	const char *type);
/* What no server of good will sends. The first three are frames of its cipher: a client passes over
 * them, or ends the connection; the others break the connection. */
enum sim_attack {
	SIM_ATTACK_GARBAGE,     /* octets that are no stanza */
	SIM_ATTACK_NESTED,      /* lists in lists, thousands deep */
	SIM_ATTACK_BOMBS,       /* little that inflates to gigabytes */
	SIM_ATTACK_BAD_MAC,
	SIM_ATTACK_GIANT,       /* the largest frame there is, of noise */
	SIM_ATTACK_ENDLESS,     /* begins the largest frame, and never ends it */
	SIM_ATTACKS
};
const char *sim_attack_name(enum sim_attack how); /* "garbage" */
enum err sim_attack(struct sim *sim, str phone, uint16_t device, enum sim_attack how);
/* Its connection stays open, and hears and says nothing any more; what is sent to it waits. */
enum err sim_deafen(struct sim *sim, str phone, uint16_t device);
/* Cuts the connection without a word. */
enum err sim_cut(struct sim *sim, str phone, uint16_t device);

#endif
