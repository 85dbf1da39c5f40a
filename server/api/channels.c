/* channels.c: /channels. */
#include "account/channel.h"
#include "api/handlers.h"

static bool may_manage(const struct job *job)
{
	return job->actor.permissions & PERMIT(CHANNEL_MANAGE);
}

static enum err reply_channel(struct job *job, struct response *res, int status, id64 id)
{
	struct channel_full *full;

	TRY(channel_get_full(job, id, &full));
	channel_write_json(reply_json(res, status), NULL, full, may_manage(job));
	return OK;
}

enum err channels_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct channel_full *channels;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "channels", &page));
	TRY(channel_list(job, page.after.id, page.limit + 1, &channels, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		channel_write_json(out, NULL, &channels[i], may_manage(job));
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = channels[page.limit - 1].channel.id }
				   : NULL));
	json_close(out, '}');
	return OK;
}

enum err channels_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_channel(job, res, 200, id);
}

static const struct field channel_fields[] = {
	FIELD(struct channel_draft, provider, STR, .required = true),
	FIELD(struct channel_draft, name, STR, .required = true),
	NAMED_FIELD(struct channel_draft, "phone_number_id", remote_id, STR),
	NAMED_FIELD(struct channel_draft, "waba_id", account_id, STR),
	NAMED_FIELD(struct channel_draft, "phone_number", phone, STR),
	FIELD(struct channel_draft, access_token, STR, .max = 4096),
	FIELD(struct channel_draft, app_secret, STR, .max = 4096),
	FIELD(struct channel_draft, config, JSON),
	FIELD(struct channel_draft, verify_token, STR),
	FIELD(struct channel_draft, environment, STR),
	{ 0 },
};

enum err api_channel_import(struct job *job, json root, struct channel **out)
{
	struct channel_draft draft = { .disabled = -1 };

	fields_read(job, root, channel_fields, &draft);
	return channel_create(job, &draft, out);
}

enum err channels_post(struct job *job, const struct request *req, struct response *res)
{
	struct channel_draft draft = { .disabled = -1 };
	struct channel *channel;

	TRY(request_fields(job, req, channel_fields, &draft));
	TRY(channel_create(job, &draft, &channel));
	return reply_channel(job, res, 201, channel->id);
}

struct channel_patch {
	struct channel_draft draft;
	str reason;
	bool has_interval, has_overlap;
};

static const struct field channel_patch_fields[] = {
	NAMED_FIELD(struct channel_patch, "name", draft.name, STR),
	NAMED_FIELD(struct channel_patch, "access_token", draft.access_token, STR, .max = 4096),
	NAMED_FIELD(struct channel_patch, "app_secret", draft.app_secret, STR, .max = 4096),
	NAMED_FIELD(struct channel_patch, "verify_token", draft.verify_token, STR),
	NAMED_FIELD(struct channel_patch, "config", draft.config, JSON),
	NAMED_FIELD(struct channel_patch, "disabled", draft.disabled, FLAG),
	NAMED_FIELD(struct channel_patch, "environment", draft.environment, STR),
	NAMED_FIELD(struct channel_patch, "app_secret_overlap_days", draft.secret_overlap_days, INT,
		.min = 0, .max = SECRET_OVERLAP_DAYS_MAX,
		.given_at = offsetof(struct channel_patch, has_overlap)),
	NAMED_FIELD(struct channel_patch, "remove_old_app_secret", draft.forget_old_secret, BOOL),
	NAMED_FIELD(struct channel_patch, "pace_per_second", draft.pace_per_second, INT, .min = 1,
		.max = PACE_PER_SECOND_MAX),
	NAMED_FIELD(struct channel_patch, "pair_interval_ms", draft.pair_interval_ms, INT, .min = 0,
		.max = PAIR_INTERVAL_MS_MAX,
		.given_at = offsetof(struct channel_patch, has_interval)),
	NAMED_FIELD(struct channel_patch, "pair_burst", draft.pair_burst, INT, .min = 1,
		.max = PAIR_BURST_MAX),
	FIELD(struct channel_patch, reason, STR),
	{ 0 },
};

enum err channels_patch(struct job *job, const struct request *req, struct response *res)
{
	struct channel_patch patch = { .draft = { .disabled = -1 } };
	struct channel *channel;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, channel_patch_fields, &patch));
	if (!patch.has_overlap)
		patch.draft.secret_overlap_days = -1;
	if (patch.has_interval && patch.draft.pair_interval_ms == 0)
		patch.draft.pair_interval_ms = -1; /* none, where 0 would keep */
	TRY(channel_change(job, id, &patch.draft, patch.reason, &channel));
	return reply_channel(job, res, 200, id);
}

enum err channels_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_delete(job, id, request_query(job->arena, req, "reason")));
	return reply_nothing(res);
}
