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
/* That of the path; answers by itself when there is none. */
struct sim_player *linked_player_of(const struct request *req, struct exchange *ex);
void linked_answer_done(struct exchange *ex);
/* A number, or a jid (of a group, say). */
bool linked_read_to(struct arena *arena, str to, struct jid *out);
/* The number of an account, "" when the network does not know it; of a group, its jid. */
str linked_number_of(struct arena *arena, str jid_text_);
str linked_lid_of(str phone);

/* ---- linked_choice.c ---- */
/* What customers alone say: a tap ("interactive" with a reply, "button"), an "order", and a kind
 * that nobody knows ("unsupported"). NULL: none of these. */
Wa__Message *linked_choice(struct arena *arena, str type, json content);

/* ---- linked_deed.c ---- */
/* What happens on a phone that is played. */
void linked_deed_event(struct sim_player *player, const struct wa_event *event);
void linked_deeds_stop(void);

/* ---- linked_chat.c ---- */
/* What another device of its account did to a chat. */
void linked_note_done(struct sim_player *player, const struct wa_sync *what);

/* ---- linked.c ---- */
struct sim *linked_sim(void);

/* ---- linked_media.c ---- */
#define LINKED_MEDIA_FOLDER "/v/t62.7118-24/"
/* The file that a direct path names; false: none of ours. */
bool linked_media_path(char path[512], str direct_path);
/* The token in a direct path of ours, or none. */
str linked_media_token(str direct_path);

/* For sim_player_config.upload: what one part of the sandbox leaves there for a device. */
str linked_media_leave(void *arg, struct arena *arena, bytes octets);

/* ---- linked_media_fault.c ---- */
enum media_fault_kind {
	MEDIA_FAULT_NONE = 0,
	MEDIA_FAULT_STATUS,     /* value: it is answered instead */
	MEDIA_FAULT_WAIT,       /* so many milliseconds first; then all is well */
	MEDIA_FAULT_CUT,        /* up: after so many octets the connection is gone */
	MEDIA_FAULT_SPOIL,      /* down: that octet is another */
	MEDIA_FAULT_SHORT,      /* down: so many at the end are missing */
	MEDIA_FAULT_LONG,       /* down: so many come after the end */
	MEDIA_FAULT_TRICKLE,    /* down: so many milliseconds before each octet */
	MEDIA_FAULT_ENDLESS,    /* down: zeros, for ever */
};
struct media_fault { enum media_fault_kind kind; int64_t value; };
/* Of this call, which is noted and counted. On workers. */
struct media_fault linked_media_fault(const struct request *req);
/* Its auth is that which media_conn gives now. */
bool linked_media_auth_holds(struct job *job, const struct request *req);
/* For sim_player_config.upload_again. */
str linked_media_again(void *arg, struct arena *arena, str direct_path);

#endif
