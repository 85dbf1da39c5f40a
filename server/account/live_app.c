/*
 * live_app.c: the apps of the live hub: key, secret, limits, and who is told outside.
 *
 * Each workspace has a built-in one, by which its console connects; people make others for
 * programs of their own. Secrets and addresses are sealed.
 */
#include "account/account_internal.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define APP_KEY_SIZE 15
#define APP_SECRET_SIZE 24

static struct live_limits defaults = { LIVE_LIMITS(LIVE_LIMIT_DEFAULT) };

void live_app_set_defaults(const struct live_limits *limits)
{
	defaults = *limits;
}

str live_app_make_secret(struct job *job)
{
	return crypto_random_text(job->arena, APP_SECRET_SIZE);
}

enum err live_app_write(struct job *job, const struct live_app *app, str hooks)
{
	bytes sealed, hooks_sealed;

	TRY(seal(job, SEAL_SECRET, app->secret, &sealed));
	TRY(seal(job, SEAL_SECRET, hooks, &hooks_sealed));
	return sql_live_app_insert(job,
		&(struct sql_live_app_insert){ .id = app->id,
			.workspace = job->workspace,
			.name = app->name,
			.app_key = app->key,
			.secret_sealed = sealed,
			.is_built_in = app->is_built_in,
			.limits = app->own_limits,
			.webhooks_sealed = hooks_sealed,
			.now_ms = job->now_ms },
		NULL);
}

void live_app_begin(struct job *job, str name, struct live_app *out)
{
	*out = (struct live_app){ .id = job_id(job),
		.workspace = job->workspace,
		.name = name,
		.key = crypto_random_text(job->arena, APP_KEY_SIZE),
		.secret = live_app_make_secret(job),
		.own_limits = S("{}"),
		.created_ms = job->now_ms };
}

enum err live_app_insert(struct job *job, struct live_app *out)
{
	live_app_begin(job, S(LIVE_APP_NAME_BUILT_IN), out);
	out->is_built_in = true;
	return live_app_write(job, out, STR_NONE);
}

/* ---- reading ---- */

static void read_hook(struct job *job, json from, struct live_app_hook *out)
{
	json events = json_field(from, "events");

	*out = (struct live_app_hook){ .url = json_text_at(from, "url"),
		.prefix = json_text_at(from, "prefix"),
		.suffix = json_text_at(from, "suffix"),
		.events = ARENA_ARRAY(job->arena, str, json_count(events)),
		.event_count = json_count(events) };
	for (size_t i = 0; i < out->event_count; i++)
		out->events[i] = json_text(json_at(events, i));
}

static void read_hooks(struct job *job, json list, struct live_app *out)
{
	out->hook_count = json_count(list);
	out->hooks = ARENA_ARRAY(job->arena, struct live_app_hook, out->hook_count);
	for (size_t i = 0; i < out->hook_count; i++)
		read_hook(job, json_at(list, i), &out->hooks[i]);
}

static enum err read_sealed(struct job *job, const struct live_app_row *row, struct live_app *out)
{
	str hooks;
	json list;

	TRY(unseal(job, SEAL_SECRET, row->secret_sealed, &out->secret));
	TRY(unseal(job, SEAL_SECRET, row->webhooks_sealed, &hooks));
	if (hooks.len && json_read(job->arena, hooks, &list, NULL) == OK)
		read_hooks(job, list, out);
	return OK;
}

/* Under the workspace of the row, which is the job's own for all but the lists of all. */
static enum err app_from_row(struct job *job, const struct live_app_row *row, struct live_app *out)
{
	id64 own = job->workspace;
	json limits;
	enum err e;

	*out = (struct live_app){ .id = row->id,
		.workspace = row->workspace,
		.name = row->name,
		.key = row->app_key,
		.is_built_in = row->is_built_in != 0,
		.is_disabled = row->disabled_ms != 0,
		.is_gone = row->deleted_ms != 0,
		.own_limits = row->limits,
		.limits = defaults,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms };
	if (json_read(job->arena, row->limits, &limits, NULL) == OK)
		live_limits_apply(&out->limits, limits);
	job->workspace = row->workspace;
	e = read_sealed(job, row, out);
	job->workspace = own;
	return e;
}

static enum err from_rows(struct job *job, const struct live_app_rows *rows, struct live_app *out,
	size_t *count)
{
	for (size_t i = 0; i < rows->count; i++)
		TRY(app_from_row(job, &rows->items[i], &out[i]));
	*count = rows->count;
	return OK;
}

enum err live_app_get(struct job *job, struct live_app *out)
{
	struct live_app_row row;

	TRY(sql_live_app_built_in(job,
		&(struct sql_live_app_built_in){ .workspace = job->workspace }, &row));
	return app_from_row(job, &row, out);
}

enum err live_app_find(struct job *job, id64 id, struct live_app *out)
{
	struct live_app_row row;

	TRY(sql_live_app_find(job,
		&(struct sql_live_app_find){ .id = id, .workspace = job->workspace }, &row));
	return app_from_row(job, &row, out);
}

enum err live_app_list(struct job *job, id64 after, struct live_app *out, size_t max, size_t *count)
{
	struct live_app_rows rows;

	TRY(sql_live_app_built_ins(job,
		&(struct sql_live_app_built_ins){ .after = after, .count = (int64_t)max }, &rows));
	return from_rows(job, &rows, out, count);
}

enum err live_app_changed(struct job *job, const struct live_app_mark *after, struct live_app *out,
	size_t max, size_t *count)
{
	struct live_app_rows rows;

	TRY(sql_live_app_changed(job,
		&(struct sql_live_app_changed){ .since_ms = after->updated_ms,
			.after = after->id,
			.count = (int64_t)max },
		&rows));
	return from_rows(job, &rows, out, count);
}

enum err live_app_page(struct job *job, id64 after, size_t limit, struct live_app **out,
	size_t *count)
{
	struct live_app_rows rows;

	TRY(sql_live_app_of_workspace(job,
		&(struct sql_live_app_of_workspace){ .workspace = job->workspace,
			.after = after,
			.count = (int64_t)limit },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct live_app, rows.count);
	return from_rows(job, &rows, *out, count);
}
