/* template.c: see template.h. */
#include "account/template.h"

#include "account/channel_internal.h"
#include "base/json.h"

static struct template_item from_row(const struct template_row *row)
{
	return (struct template_item){
		.id = row->id,
		.account_id = row->account_id,
		.remote_id = row->remote_id,
		.name = row->name,
		.language = row->language,
		.category = row->category,
		.status = row->status,
		.quality = row->quality,
		.reason = row->reason,
		.components = row->components,
		.updated_ms = row->updated_ms,
	};
}

enum err template_list(struct job *job, str account_id, id64 after, size_t limit,
	struct template_item **out, size_t *count)
{
	struct template_rows rows;

	if (account_id.ptr)
		TRY(sql_template_list_account(job,
			&(struct sql_template_list_account){ .workspace = job->workspace,
				.account_id = account_id,
				.after = after,
				.count = (int64_t)limit },
			&rows));
	else
		TRY(sql_template_list(job,
			&(struct sql_template_list){ .workspace = job->workspace,
				.after = after,
				.count = (int64_t)limit },
			&rows));
	*out = ARENA_ARRAY(job->arena, struct template_item, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = from_row(&rows.items[i]);
	return OK;
}

struct sync {
	const struct channel *channel;
	const struct template_info *items;
	size_t count;
};

static enum err upsert(struct job *job, const struct channel *ch, const struct template_info *t)
{
	return sql_template_upsert(job,
		&(struct sql_template_upsert){ .id = job_id(job),
			.workspace = ch->workspace,
			.account_id = ch->account_id,
			.remote_id = t->remote_id,
			.name = t->name,
			.language = t->language,
			.category = t->category,
			.status = t->status,
			.quality = t->quality,
			.components = t->components.ptr ? t->components : S("[]"),
			.now_ms = job->now_ms },
		NULL);
}

static enum err store_sync(struct job *job, void *arg)
{
	const struct sync *sync = arg;
	const struct channel *ch = sync->channel;
	struct buf detail = buf_in(job->arena, 256);

	for (size_t i = 0; i < sync->count; i++)
		TRY(upsert(job, ch, &sync->items[i]));
	TRY(sql_template_delete_older(job,
		&(struct sql_template_delete_older){ .workspace = ch->workspace,
			.account_id = ch->account_id,
			.before_ms = job->now_ms },
		NULL));
	buf_printf(&detail, "{\"synced\":%zu}", sync->count);
	return audit_add(job, &(struct audit_entry){ .action = "template.sync",
				      .target_kind = "channel",
				      .target_id = ch->id,
				      .detail = buf_text(&detail) });
}

enum err template_sync(struct job *job, id64 channel, int64_t *synced)
{
	struct template_info *items = NULL;
	struct channel *ch;
	struct sync sync = { 0 };

	TRY(channel_get(job, channel, &ch));
	TRY(provider_templates(job, ch, &items, &sync.count));
	sync.channel = ch;
	sync.items = items;
	TRY(in_transaction(job, store_sync, &sync));
	*synced = (int64_t)sync.count;
	return OK;
}

enum err template_apply(struct job *job, const struct channel *ch,
	const struct provider_event *event)
{
	return sql_template_set(job,
		&(struct sql_template_set){ .workspace = ch->workspace,
			.account_id = ch->account_id,
			.name = event->template_name,
			.language = event->template_language,
			.status = event->template_status,
			.category = event->template_category,
			.quality = event->template_quality,
			.reason = event->reason,
			.now_ms = job->now_ms },
		NULL);
}
