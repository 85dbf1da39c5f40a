/*
 * simulator.h: the other side: WhatsApp's server and people's phones, as far as a linked device
 * sees them.
 *
 * For tests and the sandbox: no I/O, like the session it plays with. Octets of a connection go in;
 * what goes out is handed to `send` and `close` of the simulator, perhaps of other connections: a
 * phone scans, a device is unlinked. It checks what it is told as strictly as it can, so it is also
 * a judge of clients. One thread; clock and random octets are the caller's.
 * Source: docs/protocol/linked-device-1-transport.md §8.
 */
#ifndef WA_SIMULATOR_SIMULATOR_H
#define WA_SIMULATOR_SIMULATOR_H

#include "base/err.h"
#include "crypto/curve.h"
#include "wa/stanza/stanza.h"

#define SIM_REFS 6
#define SIM_DEVICES_MAX 64      /* of a phone; WhatsApp itself allows fewer */
#define SIM_PREKEYS_MAX 1024    /* of a device */

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
};

struct sim_config {
	void (*send)(void *conn, bytes octets); /* one WebSocket message */
	void (*close)(void *conn);
	/* Every stanza, for a log: is_ours: the server's. May be NULL. */
	void (*heard)(void *arg, void *conn, bool is_ours, const struct node *node);
	void (*random)(void *arg, void *out, size_t size);
	void *arg;              /* of heard and random */
};

struct sim *sim_create(const struct sim_config *config);
void sim_destroy(struct sim *sim);
/* The root of its certificates: what a client must trust. */
const uint8_t *sim_root(const struct sim *sim);
struct sim_faults *sim_faults(struct sim *sim);

/* conn: the caller's, given back to send and close. */
struct sim_conn *sim_open(struct sim *sim, void *conn, int64_t now_ms);
void sim_feed(struct sim_conn *c, bytes octets, int64_t now_ms);
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

/* ---- what a judge wants to know ---- */

struct sim_device_state {
	uint16_t device;
	bool is_connected, is_active;
	size_t prekeys;         /* at the server */
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

/* ---- what happens to a connected device ---- */

/* A stanza as it is; ERR_MISSING: it is not connected. */
enum err sim_send(struct sim *sim, str phone, uint16_t device, const struct node *node);
/* <stream:error>: code (0: none) and the tag inside with its type (or NULL); then closes. */
enum err sim_stream_error(struct sim *sim, str phone, uint16_t device, int code, const char *tag,
	const char *type);
/* Cuts the connection without a word. */
enum err sim_cut(struct sim *sim, str phone, uint16_t device);

#endif
