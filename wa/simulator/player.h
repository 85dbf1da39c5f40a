/*
 * player.h: a phone that takes part: device 0 of an account, with all that a phone knows and does.
 *
 *	sim_play_phone ─► sim_config.play ─► sim_player_take() ─► wa/client/ with device 0
 *
 * It deciphers what comes, keeps what was said, tells that it has it, and does what its owner wants
 * by wa_client's own calls. A device that is linked to it gets the keys of the app state and the
 * history; it answers what devices ask of their phone: messages that they could not read, older
 * ones, files that are gone. Its records are in memory: after a restart others ask for its messages
 * again, as they do when a phone was restored. One thread, like the simulator.
 *
 *	player.c           its client, its records, what is said
 *	player_device.c    what it gives to the devices linked to it
 */
#ifndef WA_SIMULATOR_PLAYER_H
#define WA_SIMULATOR_PLAYER_H

#include "wa/client/client.h"
#include "wa/simulator/simulator.h"

#define SIM_SAID_MAX 50000      /* messages that a phone keeps; then the oldest goes */
#define SIM_HISTORY_CHATS 100   /* in one part of a history */
#define SIM_HISTORY_INSIDE (64 << 10) /* octets; a larger part goes as a file */

struct sim_player;
struct wa_sync;

struct sim_player_config {
	struct sim *sim;
	void (*clock)(void *arg, struct wa_clock *out);
	void (*random)(void *arg, void *out, size_t size);
	/* All that happens, while it does; its parts live as long as the call. May be NULL. */
	void (*event)(void *arg, struct sim_player *player, const struct wa_event *event);
	/* Leaves octets on a media host: their direct path, or none. NULL: parts of histories go
	 * inside of their messages whatever their size. */
	str (*upload)(void *arg, struct arena *arena, bytes octets);
	/* The same of a file that the hosts have forgotten: its new path; none: the phone does not
	 * have it any more. NULL: the old one is good again. */
	str (*upload_again)(void *arg, struct arena *arena, str direct_path);
	void *arg;
};

enum sim_said_status { SIM_PENDING, SIM_SENT, SIM_DELIVERED, SIM_READ, SIM_PLAYED, SIM_FAILED };

/* One message, either way. Jids are texts without device; chats by hidden id when there is one. */
struct sim_said {
	char *id, *chat, *sender, *name; /* name: push name of who wrote it, or "" */
	bool from_me, is_group, is_waiting, is_read;
	int64_t t_ms;
	enum sim_said_status status;
	int code;                       /* of SIM_FAILED: wa_sent.code */
	uint8_t *plain;                 /* a packed Message, wrappers included; NULL: none */
	size_t plain_len;
	uint64_t change;                /* counts up over all of the phone */
};

/* The phone is made when it is not there, and played from now on. */
struct sim_player *sim_player_create(const struct sim_player_config *config, str phone);
void sim_player_destroy(struct sim_player *player);
/* For sim_config.play. */
void sim_player_take(struct sim_player *player, const struct node *node);
void sim_player_tick(struct sim_player *player);

str sim_player_phone(const struct sim_player *player);
uint64_t sim_player_changes(const struct sim_player *player);
/* Oldest first; they hold until the next call. */
size_t sim_player_said(const struct sim_player *player, const struct sim_said **out);
const struct sim_said *sim_player_find(const struct sim_player *player, str id);

/* What its owner does. As wa_client_send; id: none makes one. *id: in arena. */
enum err sim_player_send(struct sim_player *player, struct arena *arena,
	const struct wa_send *send, str *id);
/* Reads all of a chat that was not read. */
enum err sim_player_read(struct sim_player *player, str chat);
/* What its owner does to chats; what the others did comes as WA_EVENT_SYNC. */
enum err sim_player_sync(struct sim_player *player, const struct wa_sync *what);
enum err sim_player_typing(struct sim_player *player, str chat, enum wa_typing typing);
/* Any request or stanza of its own: groups, profile, … WA_EVENT_ANSWER comes to config.event. */
enum err sim_player_request(struct sim_player *player, struct node *iq, uint64_t tag);
void sim_player_put(struct sim_player *player, const struct node *node);
/* Something that was said before: devices linked later get it as history. All but change is
 * copied. */
void sim_player_remember(struct sim_player *player, const struct sim_said *said);

#endif
