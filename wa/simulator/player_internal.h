/* player_internal.h: what the files of a played phone share. */
#ifndef WA_SIMULATOR_PLAYER_INTERNAL_H
#define WA_SIMULATOR_PLAYER_INTERNAL_H

#include "wa/client/client_internal.h"
#include "wa/simulator/player.h"
#include "wa/simulator/simulator_internal.h"

struct sim_record { char *key; uint8_t *value; size_t len; };
struct sim_records { struct sim_record *items; size_t count, cap; };

/* A part of a history that went as a file; of the newest ones. */
#define SIM_LEFT_MAX 64
struct sim_left { char id[64], path[256]; uint8_t key[WA_MEDIA_KEY_SIZE]; };

struct sim_player {
	struct sim_player_config config;
	struct sim_phone *phone;
	struct wa_client *client;
	struct sim_records records[WA_RECORD_KINDS];
	struct sim_said *said;
	size_t said_count, said_room;
	uint64_t changes;
	uint16_t shared[SIM_DEVICES_MAX];       /* devices that have their keys */
	size_t shared_count;
	struct sim_left left[SIM_LEFT_MAX];
	size_t left_count;                      /* ever */
	struct arena *arena;                    /* of the call that runs */
	struct wa_clock now;
	struct wa_output out;
};

/* Around each call of the client: its clock and output; then what came of it is dealt with. */
struct wa_call player_begin(struct sim_player *p);
void player_end(struct sim_player *p);

/* player_device.c */
/* A device that was not there before gets its keys and the history. */
void player_welcome(struct sim_player *p, const struct wa_call *call);
/* What one asks of its phone: the message is a protocol message of type 16. */
void player_answer(struct sim_player *p, const struct wa_call *call, const struct wa_message *m);
/* A receipt of type server-error: a file is gone. */
void player_find_file(struct sim_player *p, const struct wa_call *call,
	const struct node *receipt);

#endif
