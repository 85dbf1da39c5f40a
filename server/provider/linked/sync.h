/* sync.h: what the owner does to chats on the phone, in the inbox; see sync.c. */
#ifndef PROVIDER_LINKED_SYNC_H
#define PROVIDER_LINKED_SYNC_H

#include "provider/provider.h"

struct turn;
struct wa_sync;

/* WA_EVENT_SYNC, as a raw event when it means something here. */
enum err linked_sync_take(struct turn *turn, const struct wa_sync *what);
/* The other way: what people did in the inbox, to the owner's devices. ERR_CONFLICT: not paired. */
enum err linked_tell_chat(struct job *job, const struct channel *ch, const struct chat_told *told);
/* That raw event, as EVENT_CHAT. */
void linked_sync_parse(struct job *job, json v, struct provider_events *out);
/* A label or a quick reply of the phone, as EVENT_LABEL, EVENT_QUICK_REPLY. */
void linked_item_parse(struct job *job, json v, struct provider_events *out);

#endif
