/*
 * simulator_internal.h: what the files of the simulator share.
 *
 * Whatever comes from outside runs between sim_begin() and sim_end(), with an arena and a clock of
 * the simulator. What goes to a device passes sim_device_answer() (an answer, at once),
 * sim_device_tell() (what only counts now: typing, presence) or sim_device_post() (what must
 * arrive: it waits in the device's queue until that acknowledges it). A phone that is played here
 * takes its stanzas in sim_end(), so nobody is called from within itself.
 */
#ifndef WA_SIMULATOR_SIMULATOR_INTERNAL_H
#define WA_SIMULATOR_SIMULATOR_INTERNAL_H

#include "wa/noise/frame.h"
#include "wa/noise/handshake.h"
#include "wa/session/adv.h"
#include "wa/session/link_code.h"
#include "wa/simulator/simulator.h"

#define SIM_REF_SIZE 40
#define SIM_PHONE_MAX 20
#define SIM_ID_MAX 80
#define SIM_WATCH_MAX 64        /* people whose presence a connection may ask for */
#define SIM_TABLE 4096
#define SIM_RAW_ID 1

struct sim_prekey { uint32_t id; uint8_t key[CURVE_KEY_SIZE]; };

/* What waits for a device, in the order in which it goes out. */
struct sim_item {
	struct sim_item *next;
	char id[SIM_ID_MAX];
	char tag;               /* of the stanza: its first letter; 0: nobody acknowledges it */
	size_t len;
	uint8_t octets[];
};

struct sim_device {
	struct sim_phone *phone;
	uint16_t number;
	uint8_t noise[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE];
	uint8_t skey[CURVE_KEY_SIZE], skey_signature[CURVE_SIGNATURE_SIZE];
	uint32_t registration_id, skey_id, key_index;
	struct sim_prekey *prekeys;
	size_t prekey_count, prekey_cap;
	bool is_active, is_available;
	unsigned logins;
	struct sim_conn *conn;
	struct sim_item *queue, **queue_end;
	size_t queued;
};

/* A text of a person or a group, on the heap. */
struct sim_text { char *text; int64_t t_s; };
struct sim_octets { uint8_t *ptr; size_t len; };

struct sim_patch { uint8_t *octets; size_t len; };
#define SIM_COLLECTIONS 5
struct sim_collection { struct sim_patch *patches; size_t count, cap; };

#define SIM_PRIVACY 10
#define SIM_BUSINESS 5          /* parts of a business profile */
struct sim_phone {
	struct sim_phone *next, *next_number, *next_lid;
	struct sim *sim;
	char number[SIM_PHONE_MAX], lid[SIM_PHONE_MAX];
	struct device keys;             /* of device 0 */
	struct curve_pair ephemeral;
	uint16_t next_device;
	uint32_t next_key_index;
	struct sim_device *primary;     /* the phone itself */
	struct sim_device *devices[SIM_DEVICES_MAX];
	char *name;
	struct sim_text about, picture_id;
	struct sim_octets picture;
	char *business[SIM_BUSINESS];   /* NULL: none; see simulator_profile.c */
	char *privacy[SIM_PRIVACY];     /* NULL: "all" */
	struct sim_phone **blocked, **watchers; /* whom it blocks; who knows its devices */
	size_t blocked_count, watcher_count;
	struct sim_collection collections[SIM_COLLECTIONS];
	int64_t last_seen_s;
	/* of a phone that is played */
	void *player;
	struct sim_item *inbox, **inbox_end;
	bool is_off;
};

struct sim_member { struct sim_phone *phone; char rank; /* 0, 'a'dmin, 's'uperadmin */ };
struct sim_group {
	struct sim_group *next;
	char id[SIM_PHONE_MAX];
	bool is_lid, is_announcement, is_locked, members_add, needs_approval;
	struct sim_text subject, description;
	char description_id[SIM_ID_MAX], invite[24];
	struct sim_phone *creator, *subject_by;
	int64_t created_s;
	int ephemeral_s;
	struct sim_member *members;
	size_t count, cap;
	struct sim_phone **asking;      /* to be let in */
	size_t asking_count;
	struct sim_octets picture;
	char *picture_id;
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
	struct sim_conn *next, **at;
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
	int64_t refs_ms;                /* when they were told */
	struct sim_pairing pairing;
	struct sim_code code;
	struct sim_phone *phone;        /* logged in */
	struct sim_device *device;
	char media_host[80];
	bool media_is_secure; /* TLS */
	struct sim_phone *watched[SIM_WATCH_MAX];
	size_t watched_count;
	int frames;
	bool is_closed, is_deaf;
};

struct sim {
	struct sim_config config;
	struct sim_faults faults;
	struct curve_pair root, intermediate, server, other_root;
	struct sim_phone *phones, *by_number[SIM_TABLE], *by_lid[SIM_TABLE];
	struct sim_group *groups;
	struct sim_conn *conns;
	struct sim_phone **ready;       /* played phones that have something to take */
	size_t ready_count, ready_cap;
	uint32_t next_id;
	uint64_t changes;               /* of what is kept over a restart */
	/* of the call that runs */
	int depth;
	struct arena *arena;
	int64_t now_ms;
	struct buf plain, cipher;
};

/* simulator.c */
void sim_random(struct sim *sim, void *out, size_t size);
/* One in a hundred is 1, always is 100. */
bool sim_happens(struct sim *sim, int percent);
void sim_begin(struct sim *sim, int64_t now_ms);
void sim_end(struct sim *sim);
void sim_conn_send(struct sim_conn *c, const struct node *node);
void sim_conn_close(struct sim_conn *c);
/* <failure>, and the end; expire_s: of a ban, or 0. */
void sim_conn_refuse(struct sim_conn *c, int reason, int expire_s);
struct node *sim_server_iq(struct sim *sim, const char *type, const char *xmlns);

/* simulator_people.c */
struct sim_phone *sim_phone_find(const struct sim *sim, str number);
struct sim_phone *sim_phone_get(struct sim *sim, str number);
/* By number or hidden id, of any of its devices. */
struct sim_phone *sim_phone_of(const struct sim *sim, const struct jid *jid);
struct jid sim_phone_jid(const struct sim_phone *phone, bool is_lid, uint16_t device);
struct sim_device *sim_device_find(const struct sim_phone *phone, uint16_t number);
struct sim_device *sim_device_of(const struct sim *sim, const struct jid *jid);
void sim_device_free(struct sim_device *d);
void sim_phone_free(struct sim_phone *phone);
/* All devices, the phone first. */
size_t sim_phone_devices(const struct sim_phone *phone,
	struct sim_device *out[SIM_DEVICES_MAX + 1]);
void sim_text_set(char **to, str text);
void sim_octets_set(struct sim_octets *to, bytes octets);
/* Tells those who know the phone that its devices changed, and its own; removed: or added. */
void sim_phone_devices_changed(struct sim_phone *phone, const struct sim_device *changed,
	bool is_removed);
void sim_phone_watch(struct sim_phone *phone, struct sim_phone *watcher);
/* "2:" and eight characters, of these devices. */
str sim_phash(struct sim *sim, const struct jid *jids, size_t count);
bytes sim_key_index_list(struct sim_phone *phone);

/* simulator_queue.c */
void sim_device_answer(struct sim_device *d, const struct node *node);
void sim_device_tell(struct sim_device *d, const struct node *node);
void sim_device_post(struct sim_device *d, const struct node *node);
/* To all devices of the phone but one (or NULL). */
void sim_phone_post(struct sim_phone *phone, const struct sim_device *except,
	const struct node *node);
void sim_phone_tell(struct sim_phone *phone, const struct sim_device *except,
	const struct node *node);
/* It has the oldest stanza of that tag and id. */
void sim_device_has(struct sim_device *d, char tag, str id);
/* All that waits, marked with offline; how many. */
size_t sim_device_drain(struct sim_device *d);
void sim_device_queue_clear(struct sim_device *d);
/* Its player takes what came; false: nothing did. */
bool sim_play(struct sim *sim);
struct node *sim_notification(struct sim *sim, const struct jid *from, const char *type);

/* simulator_pair.c */
void sim_send_refs(struct sim_conn *c);
void sim_take_sign(struct sim_conn *c, const struct node *iq);
bool sim_take_link_code(struct sim_conn *c, const struct node *iq);

/* simulator_serve.c */
void sim_log_in(struct sim_conn *c, uint64_t user, uint16_t device);
void sim_take_stanza(struct sim_conn *c, const struct node *node);
void sim_take_of(struct sim_device *d, const struct node *node);
struct node *sim_result(struct sim_device *d, const struct node *iq);
void sim_error(struct sim_device *d, const struct node *iq, int code, const char *text);

/* One per file; each takes the requests of some xmlns, and answers every one. */
void sim_take_encrypt(struct sim_device *d, const struct node *iq);
void sim_take_usync(struct sim_device *d, const struct node *iq);
void sim_take_group(struct sim_device *d, const struct node *iq);
void sim_take_sync(struct sim_device *d, const struct node *iq);
void sim_take_picture(struct sim_device *d, const struct node *iq);
void sim_take_about(struct sim_device *d, const struct node *iq);
void sim_take_privacy(struct sim_device *d, const struct node *iq);
void sim_take_blocklist(struct sim_device *d, const struct node *iq);
void sim_take_business(struct sim_device *d, const struct node *iq);
void sim_take_props(struct sim_device *d, const struct node *iq);
void sim_take_media_conn(struct sim_device *d, const struct node *iq);

/* simulator_message.c */
/* A copy that can stand in another list. */
void sim_adopt_copy(struct sim *sim, struct node *into, const struct node *child);
void sim_take_message(struct sim_device *d, const struct node *message);
void sim_take_receipt(struct sim_device *d, const struct node *receipt);
void sim_take_chatstate(struct sim_device *d, const struct node *state);
void sim_take_presence(struct sim_device *d, const struct node *presence);
void sim_take_call(struct sim_device *d, const struct node *call);
void sim_presence_changed(struct sim_phone *phone);

/* simulator_group.c */
struct sim_group *sim_group_find(const struct sim *sim, str id);
struct sim_member *sim_group_member(const struct sim_group *g, const struct sim_phone *phone);
void sim_group_free(struct sim_group *g);

#endif
