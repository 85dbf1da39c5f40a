/* simulator_internal.h: what the files of the simulator share. */
#ifndef WA_SIMULATOR_SIMULATOR_INTERNAL_H
#define WA_SIMULATOR_SIMULATOR_INTERNAL_H

#include "wa/noise/frame.h"
#include "wa/noise/handshake.h"
#include "wa/session/adv.h"
#include "wa/session/link_code.h"
#include "wa/simulator/simulator.h"

#define SIM_REF_SIZE 40
#define SIM_PHONE_MAX 20

struct sim_prekey { uint32_t id; uint8_t key[CURVE_KEY_SIZE]; };

struct sim_device {
	uint16_t number;
	uint8_t noise[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE];
	uint8_t skey[CURVE_KEY_SIZE], skey_signature[CURVE_SIGNATURE_SIZE];
	uint32_t registration_id, skey_id;
	struct sim_prekey *prekeys;
	size_t prekey_count;
	bool is_active;
	unsigned logins;
	struct sim_conn *conn;
};

struct sim_phone {
	struct sim_phone *next;
	char number[SIM_PHONE_MAX], lid[SIM_PHONE_MAX];
	struct curve_pair identity, ephemeral;
	uint16_t next_device;
	uint32_t next_key_index;
	struct sim_device *devices[SIM_DEVICES_MAX];
};

/* A pairing that waits for the client's signature. */
struct sim_pairing {
	struct sim_phone *phone;
	struct sim_device *device;
	uint8_t adv_secret[ADV_SECRET_SIZE];
	uint8_t identity[CURVE_KEY_SIZE];
};

/* A code that the client asked for. */
struct sim_code {
	char phone[SIM_PHONE_MAX];
	uint8_t wrapped[LINK_WRAPPED_SIZE];
	uint8_t ref[SIM_REF_SIZE];
	struct curve_pair ephemeral;    /* the phone's */
	uint8_t device_ephemeral[CURVE_KEY_SIZE];
	bool is_asked, is_typed;
};

enum sim_phase { SIM_INTRO, SIM_HELLO, SIM_FINISH, SIM_UNPAIRED, SIM_LOGGED_IN, SIM_OVER };

struct sim_conn {
	struct sim_conn *next;
	struct sim *sim;
	void *conn;
	enum sim_phase phase;
	struct buf intro;
	struct frame_reader reader;
	struct handshake handshake;
	struct noise_cipher send, receive;
	uint8_t noise[CURVE_KEY_SIZE];
	struct sim_device registration; /* what it said of itself */
	char refs[SIM_REFS][SIM_REF_SIZE + 1];
	size_t ref_count;
	struct sim_pairing pairing;
	struct sim_code code;
	struct sim_phone *phone;        /* logged in */
	struct sim_device *device;
	int frames;
	bool is_closed;
	/* of the call that runs */
	struct arena *arena;
	int64_t now_ms;
};

struct sim {
	struct sim_config config;
	struct sim_faults faults;
	struct curve_pair root, intermediate, server, other_root;
	struct sim_phone *phones;
	struct sim_conn *conns;
	uint32_t next_id;
};

/* simulator.c */
void sim_random(struct sim *sim, void *out, size_t size);
void conn_send(struct sim_conn *c, const struct node *node);
void conn_close(struct sim_conn *c);
/* <failure>, and the end; expire_s: of a ban, or 0. */
void conn_refuse(struct sim_conn *c, int reason, int expire_s);
/* Around what happens from outside of the connection. */
void conn_begin(struct sim_conn *c, int64_t now_ms);
void conn_end(struct sim_conn *c);
struct node *server_iq(struct sim_conn *c, const char *type, const char *xmlns);
struct sim_phone *phone_find(const struct sim *sim, str number);
struct sim_phone *phone_get(struct sim *sim, str number);
struct sim_device *device_find(const struct sim_phone *phone, uint16_t number);
void device_free(struct sim_device *d);

/* simulator_pair.c */
void sim_send_refs(struct sim_conn *c);
void sim_take_sign(struct sim_conn *c, const struct node *iq);
bool sim_take_link_code(struct sim_conn *c, const struct node *iq);

/* simulator_serve.c */
void sim_log_in(struct sim_conn *c, uint64_t user, uint16_t device);
void sim_take_stanza(struct sim_conn *c, const struct node *node);

#endif
