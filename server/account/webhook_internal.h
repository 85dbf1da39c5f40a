/* webhook_internal.h: what the webhook files share. */
#ifndef ACCOUNT_WEBHOOK_INTERNAL_H
#define ACCOUNT_WEBHOOK_INTERNAL_H

#include "account/account_internal.h"
#include "account/webhook.h"
#include "base/json.h"
#include "store/queries.h"

/* channels and channel_count of the JSON text, into the job's arena. */
void webhook_read_channels(struct job *job, str text, struct webhook *out);
/* The event and a delivery for each of the webhooks, in the open transaction. */
enum err webhook_write(struct job *job, const struct webhook_event *event, const id64 *webhooks,
	size_t count, id64 *id);

#endif
