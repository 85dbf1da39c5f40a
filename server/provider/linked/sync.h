/* sync.h: what the owner does to chats on the phone, in the inbox; see sync.c. */
#ifndef PROVIDER_LINKED_SYNC_H
#define PROVIDER_LINKED_SYNC_H

#include "provider/provider.h"

struct turn;
struct wa_sync;

/* WA_EVENT_SYNC, as a raw event when it means something here. */
enum err linked_sync_take(struct turn *turn, const struct wa_sync *what);
/* That raw event, as EVENT_CHAT. */
void linked_sync_parse(struct job *job, json v, struct provider_events *out);

#endif
