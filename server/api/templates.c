/* templates.c: /templates: what may be sent when the window is closed, from draft to figures. */
#include "account/channel.h"
#include "account/template.h"
#include "api/handlers.h"

#include <time.h>

#define CHANNELS_MAX 1000
#define USAGE_DAYS_DEFAULT 30
#define USAGE_DAYS_MAX 366
#define WORD_MAX 200

/* Templates belong to an account; the API names a channel of it. */
static id64 channel_of(const struct channel_full *channels, size_t count, str account_id)
{
	for (size_t i = 0; i < count && account_id.len; i++)
		if (str_is(channels[i].channel.account_id, account_id))
			return channels[i].channel.id;
	return 0;
}

static enum err reply_template(struct job *job, struct response *res, int status, id64 id)
{
	struct template_item t;
	id64 channel;

	TRY(template_get(job, id, &t));
	TRY(template_channel(job, &t, &channel));
	template_write_json(reply_json(res, status), NULL, &t, channel);
	return OK;
}

/* ---- lists ---- */

static enum err write_list(struct job *job, struct buf *out, const struct template_item *items,
	size_t count)
{
	struct channel_full *channels;
	size_t channel_count;

	TRY(channel_list(job, 0, CHANNELS_MAX, &channels, &channel_count));
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		template_write_json(out, NULL, &items[i],
			channel_of(channels, channel_count, items[i].account_id));
	json_close(out, ']');
	return OK;
}

static str query_word(struct job *job, const struct request *req, const char *name)
{
	str text = request_query(job->arena, req, name);

	if (text.len > WORD_MAX)
		field_error(job, str_of(name), S("too_long"), S("At most 200 characters."));
	return text;
}

/* usable=true: what the selector of that channel offers, and nothing that cannot be sent there. */
static enum err read_filter(struct job *job, const struct request *req,
	struct template_filter *out)
{
	id64 asked = request_query_id(job, req, "channel_id");
	bool usable = request_query_flag(job, req, "usable");
	struct channel *ch;

	*out = (struct template_filter){ .status = query_word(job, req, "status"),
		.category = query_word(job, req, "category"),
		.language = query_word(job, req, "language"),
		.word = query_word(job, req, "query") };
	if (usable && !asked)
		field_error(job, S("channel_id"), S("required"),
			S("Say for which channel they must be usable."));
	TRY(job_check_fields(job));
	if (!asked)
		return OK;
	TRY(channel_get(job, asked, &ch));
	out->account_id = template_account_of(ch);
	if (usable)
		out->status = S("APPROVED");
	return OK;
}

enum err templates_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct template_filter filter;
	struct template_item *items;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "templates", &page));
	TRY(read_filter(job, req, &filter));
	filter.after = page.after.id;
	filter.limit = page.limit + 1;
	TRY(template_list(job, &filter, &items, &count));
	json_open(out, '{');
	TRY(write_list(job, out, items, count < page.limit ? count : page.limit));
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err templates_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_template(job, res, 200, id);
}

enum err templates_versions(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct template_item t, *items;
	size_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(template_get(job, id, &t));
	TRY(template_versions(job, &t, &items, &count));
	json_open(out, '{');
	TRY(write_list(job, out, items, count));
	json_close(out, '}');
	return OK;
}

/* ---- making and changing ---- */

static const struct field draft_fields[] = {
	FIELD(struct template_draft, channel_id, ID, .required = true),
	FIELD(struct template_draft, name, STR, .max = 512, .required = true),
	FIELD(struct template_draft, language, STR, .max = 16, .required = true),
	FIELD(struct template_draft, category, STR, .max = 32),
	FIELD(struct template_draft, parameter_format, STR, .max = 16),
	FIELD(struct template_draft, components, JSON, .required = true),
	FIELD(struct template_draft, submit, BOOL),
	{ 0 },
};

enum err templates_post(struct job *job, const struct request *req, struct response *res)
{
	struct template_draft draft = { 0 };
	id64 id;

	TRY(request_fields(job, req, draft_fields, &draft));
	TRY(template_create(job, &draft, &id));
	return reply_template(job, res, 201, id);
}

static const struct field patch_fields[] = {
	FIELD(struct template_draft, category, STR, .max = 32),
	FIELD(struct template_draft, components, JSON),
	{ 0 },
};

enum err templates_patch(struct job *job, const struct request *req, struct response *res)
{
	struct template_draft draft = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, patch_fields, &draft));
	TRY(template_edit(job, id, &draft));
	return reply_template(job, res, 200, id);
}

enum err templates_submit(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(template_submit(job, id));
	return reply_template(job, res, 200, id);
}

enum err templates_add_version(struct job *job, const struct request *req, struct response *res)
{
	id64 id, made;

	TRY(request_id(job, req, 0, &id));
	TRY(template_new_version(job, id, &made));
	return reply_template(job, res, 201, made);
}

enum err templates_delete(struct job *job, const struct request *req, struct response *res)
{
	bool all = request_query_flag(job, req, "all_languages");
	id64 id;

	TRY(job_check_fields(job));
	TRY(request_id(job, req, 0, &id));
	TRY(template_delete(job, id, all));
	return reply_nothing(res);
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

/* ---- would a send fit? ---- */

struct check_ask { json components; };

static const struct field check_fields[] = {
	FIELD(struct check_ask, components, JSON),
	{ 0 },
};

/* As the send itself would be checked; nothing is kept. */
enum err templates_check(struct job *job, const struct request *req, struct response *res)
{
	struct buf content = buf_in(job->arena, TEMPLATE_COMPONENTS_MAX);
	struct check_ask ask = { 0 };
	struct template_item t;
	json sent = NULL;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, check_fields, &ask));
	TRY(template_get(job, id, &t));
	json_open(&content, '{');
	if (ask.components)
		json_put_value(&content, "components", ask.components);
	json_close(&content, '}');
	TRY(json_read(job->arena, buf_text(&content), &sent, &job->why));
	template_check_send(job, &t, sent);
	TRY(job_check_fields(job));
	return reply_nothing(res);
}

/* ---- history ---- */

static void write_value(struct buf *out, const char *key, const struct template_change *c,
	str value)
{
	if (str_is(c->kind, S("content")) && value.len)
		json_put_raw(out, key, value);
	else
		json_put(out, key, value.len ? value : STR_NONE);
}

static void write_change(struct buf *out, const struct template_change *c)
{
	json_open(out, '{');
	json_put_id(out, "id", c->id);
	json_put_int(out, "at_ms", id64_ms(c->id));
	json_put(out, "kind", c->kind);
	json_put(out, "source", c->source);
	json_put(out, "actor_name", c->actor_name);
	write_value(out, "old", c, c->old_value);
	write_value(out, "new", c, c->new_value);
	json_put(out, "reason", c->reason);
	json_close(out, '}');
}

enum err templates_history(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct template_change *items;
	struct template_item t;
	struct page page;
	size_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(page_read(job, req, "template_history", &page));
	TRY(template_find(job, id, &t));
	TRY(template_history(job, id, page.after.id, page.limit + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_change(out, &items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = items[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- usage ---- */

static void write_figures(struct buf *out, const struct template_day *d)
{
	json_put_int(out, "sent", d->sent);
	json_put_int(out, "delivered", d->delivered);
	json_put_int(out, "read", d->read);
	json_put_int(out, "failed", d->failed);
	json_put_int(out, "replied", d->replied);
	json_put_int(out, "replied_week", d->replied_week);
	json_put_int(out, "clicked", d->clicked);
}

static void add_figures(struct template_day *sum, const struct template_day *d)
{
	sum->sent += d->sent;
	sum->delivered += d->delivered;
	sum->read += d->read;
	sum->failed += d->failed;
	sum->replied += d->replied;
	sum->replied_week += d->replied_week;
	sum->clicked += d->clicked;
}

static str day_text(struct arena *arena, int64_t day)
{
	time_t t = (time_t)(day * 86400);
	struct tm tm;
	char text[16];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%d", &tm);
	return arena_str(arena, str_of(text));
}

static int64_t days_asked(struct job *job, const struct request *req)
{
	str text = request_query(job->arena, req, "days");
	int64_t days = USAGE_DAYS_DEFAULT;

	if (text.len && (!str_to_i64(text, &days) || days < 1 || days > USAGE_DAYS_MAX))
		field_error(job, S("days"), S("out_of_range"), S("From 1 to 366."));
	return days;
}

enum err templates_usage(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct template_day *items, sum = { 0 };
	int64_t days = days_asked(job, req), today;
	struct template_item t;
	size_t count;
	id64 id;

	TRY(job_check_fields(job));
	TRY(request_id(job, req, 0, &id));
	TRY(template_find(job, id, &t));
	TRY(workspace_day(job, job->now_ms, &today));
	TRY(template_days(job, id, today - days + 1, &items, &count));
	json_open(out, '{');
	json_open_in(out, "days", '[');
	for (size_t i = 0; i < count; i++) {
		add_figures(&sum, &items[i]);
		json_open(out, '{');
		json_put(out, "day", day_text(job->arena, items[i].day));
		write_figures(out, &items[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open_in(out, "totals", '{');
	write_figures(out, &sum);
	json_close(out, '}');
	json_close(out, '}');
	return OK;
}

/* ---- the naming convention ---- */

static enum err reply_settings(struct job *job, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	str prefix;

	TRY(template_name_prefix(job, &prefix));
	json_open(out, '{');
	json_put(out, "name_prefix", prefix);
	json_close(out, '}');
	return OK;
}

enum err template_settings_get(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return reply_settings(job, res);
}

struct settings_patch { str name_prefix; };

static const struct field settings_fields[] = {
	FIELD(struct settings_patch, name_prefix, STR, .max = 60),
	{ 0 },
};

enum err template_settings_patch(struct job *job, const struct request *req, struct response *res)
{
	struct settings_patch patch = { 0 };

	TRY(request_json(job, req, settings_fields, &patch));
	if (patch.name_prefix.ptr)
		TRY(template_set_name_prefix(job, patch.name_prefix));
	return reply_settings(job, res);
}
