/*
 * templates.c: the lists of templates that providers have, fetched every hour, and soon when a
 * webhook tells of one that we do not know.
 *
 * One task of a call worker for each account: a provider that does not answer holds up nobody else.
 */
#include "account/channel.h"
#include "account/template.h"
#include "jobs/jobs.h"
#include "jobs/media.h"
#include "store/queries.h"

#define CHANNELS_PER_ROUND 200

static struct pool *callers;

struct asked { id64 workspace, channel; };

static enum err sync_one(struct job *job, void *arg)
{
	const struct asked asked = *(struct asked *)arg;
	int64_t synced;

	heap_free(arg);
	job->workspace = asked.workspace;
	return template_sync(job, asked.channel, &synced);
}

/* A full queue drops it: the next hour asks again. */
void templates_sync_soon(id64 workspace, id64 channel)
{
	struct asked *asked = HEAP_NEW(struct asked);

	*asked = (struct asked){ workspace, channel };
	if (!pool_post(callers, (struct task){ "template sync", sync_one, heap_free, asked }))
		heap_free(asked);
}

static bool is_first_of_account(const struct channel_rows *rows, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (rows->items[i].workspace == rows->items[at].workspace &&
			str_is(rows->items[i].account_id, rows->items[at].account_id))
			return false;
	return true;
}

static bool has_templates(const struct channel_row *row)
{
	const struct provider *provider = provider_find(row->provider);

	return provider && (provider->can & CAN_TEMPLATES) && !row->disabled_ms;
}

static enum err sync_all(struct job *job, void *arg)
{
	struct channel_rows rows = { .count = CHANNELS_PER_ROUND };

	(void)arg;
	for (id64 after = 0; rows.count == CHANNELS_PER_ROUND;) {
		TRY(sql_channel_all(job,
			&(struct sql_channel_all){ .after = after, .count = CHANNELS_PER_ROUND },
			&rows));
		for (size_t i = 0; i < rows.count; i++) {
			after = rows.items[i].id;
			if (has_templates(&rows.items[i]) && is_first_of_account(&rows, i))
				templates_sync_soon(rows.items[i].workspace, rows.items[i].id);
		}
	}
	return OK;
}

void templates_start(struct timers *timers, struct pool *call_workers, int64_t every_ms)
{
	callers = call_workers;
	template_sync_hook = templates_sync_soon;
	template_sample_hook = media_template_sample;
	timer_every(timers, every_ms, (struct task){ "template syncs", sync_all, NULL, NULL });
}
