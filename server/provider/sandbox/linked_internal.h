/* linked_internal.h: what the files of the linked network share; see linked.c. */
#ifndef PROVIDER_SANDBOX_LINKED_INTERNAL_H
#define PROVIDER_SANDBOX_LINKED_INTERNAL_H

#include "provider/sandbox/sandbox_internal.h"
#include "wa/simulator/player.h"

/* ---- linked_phone.c ---- */
void linked_phones_start(struct sim *sim);
void linked_phones_stop(void);  /* before the simulator goes */
/* For sim_config.play. */
void linked_play(void *arg, void *player, const struct node *node);
/* The phone is played from now on, and made when it is not there. NULL: too many, or no number. */
struct sim_player *linked_player(str phone);

/* ---- linked_media.c ---- */
/* The file that a direct path names; false: none of ours. */
bool linked_media_path(char path[512], str direct_path);

#endif
