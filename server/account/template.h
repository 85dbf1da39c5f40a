/*
 * template.h: message templates as we know them from the provider; they belong to an account
 * (Cloud: WABA).
 */
#ifndef ACCOUNT_TEMPLATE_H
#define ACCOUNT_TEMPLATE_H

#include "provider/provider.h"

struct template_item {
	id64 id;
	/* components: JSON list */
	str account_id, remote_id, name, language, category, status, quality, reason, components;
	int64_t updated_ms;
};

/* Those of one account, or (STR_NONE) of all of the workspace; by id above `after`. */
enum err template_list(struct job *job, str account_id, id64 after, size_t limit,
	struct template_item **out, size_t *count);
/* Asks the provider for all of the channel's account, and makes ours the same: its own transaction,
 * with an audit row. No transaction may be open. */
enum err template_sync(struct job *job, id64 channel, int64_t *synced);
/* What an EVENT_TEMPLATE tells: in the open transaction. One that we do not know is left to the
 * next sync. */
enum err template_apply(struct job *job, const struct channel *ch,
	const struct provider_event *event);

#endif
