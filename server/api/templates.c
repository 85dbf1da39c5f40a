/* templates.c: /templates and its sync. */
#include "account/channel.h"
#include "account/template.h"
#include "api/handlers.h"

#define CHANNELS_MAX 1000

/* Templates belong to an account; the API names a channel of it. */
static id64 channel_of(const struct channel_full *channels, size_t count, str account_id)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(channels[i].channel.account_id, account_id))
			return channels[i].channel.id;
	return 0;
}

static void write_template(struct buf *out, const struct template_item *t, id64 channel)
{
	json_open(out, '{');
	json_put_id(out, "id", t->id);
	json_put_id(out, "channel_id", channel);
	json_put(out, "remote_id", t->remote_id);
	json_put(out, "name", t->name);
	json_put(out, "language", t->language);
	json_put(out, "category", t->category);
	json_put(out, "status", t->status);
	json_put(out, "quality", t->quality);
	json_put(out, "reason", t->reason);
	json_put_raw(out, "components", t->components);
	json_put_int(out, "updated_ms", t->updated_ms);
	json_close(out, '}');
}

/* The channels whose accounts are meant: the one asked for, or all. */
static enum err find_channels(struct job *job, id64 asked, struct channel_full **out, size_t *count)
{
	if (asked == 0)
		return channel_list(job, 0, CHANNELS_MAX, out, count);
	*count = 1;
	return channel_get_full(job, asked, out);
}

enum err templates_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	id64 asked = request_query_id(job, req, "channel_id");
	struct template_item *items;
	struct channel_full *channels;
	size_t channel_count, count;
	struct page page;

	TRY(page_read(job, req, "templates", &page));
	TRY(find_channels(job, asked, &channels, &channel_count));
	TRY(template_list(job, asked ? channels->channel.account_id : STR_NONE, page.after.id,
		page.limit + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_template(out, &items[i],
			channel_of(channels, channel_count, items[i].account_id));
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err channels_sync_templates(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	int64_t synced;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(template_sync(job, id, &synced));
	json_open(out, '{');
	json_put_int(out, "synced", synced);
	json_close(out, '}');
	return OK;
}
