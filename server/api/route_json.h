/* route_json.h: decisions on routes as the API shows them. */
#ifndef API_ROUTE_JSON_H
#define API_ROUTE_JSON_H

#include "account/route.h"
#include "inbox/inbox.h"

/* Did we send it, by a channel? Only of those there are decisions. */
static inline bool message_is_ours(const struct message *msg)
{
	return msg->status != STATUS_RECEIVED && msg->kind != KIND_NOTE &&
	       msg->author_kind != ACTOR_PHONE && msg->author_kind != ACTOR_CONTACT;
}

/* key NULL: an element. */
void route_decision_write_json(struct job *job, struct buf *out, const char *key,
	const struct route_decision *d);

#endif
