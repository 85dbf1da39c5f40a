/* live_apps.c: /live-apps: who else may use the live hub, by key and secret, with which limits. */
#include "api/handlers.h"

static void write_app(struct job *job, struct buf *out, const struct live_app *app, str secret)
{
	json_open(out, '{');
	json_put_id(out, "id", app->id);
	json_put(out, "app_id", arena_printf(job->arena, "%lld", (long long)app->id));
	json_put(out, "name", app->name);
	json_put(out, "key", app->key);
	json_put_bool(out, "built_in", app->is_built_in);
	json_put_bool(out, "disabled", app->is_disabled);
	json_put_raw(out, "own_limits", app->own_limits);
	live_limits_write_json(out, "limits", &app->limits);
	json_open_in(out, "webhooks", '[');
	for (size_t i = 0; i < app->hook_count; i++)
		live_app_write_hook(out, &app->hooks[i]);
	json_close(out, ']');
	json_put_ms(out, "created_ms", app->created_ms);
	json_put_ms(out, "updated_ms", app->updated_ms);
	if (secret.ptr)
		json_put(out, "secret", secret);
	json_close(out, '}');
}

enum err live_apps_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct live_app *apps;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "live-apps", &page));
	TRY(live_app_page(job, page.after.id, page.limit + 1, &apps, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_app(job, out, &apps[i], STR_NONE);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = apps[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

struct asked { str name; json limits, webhooks; int disabled; };

static const struct field new_fields[] = {
	FIELD(struct asked, name, STR, .max = NAME_TEXT_MAX, .required = true),
	FIELD(struct asked, limits, JSON),
	FIELD(struct asked, webhooks, JSON),
	{ 0 },
};

static const struct field change_fields[] = {
	FIELD(struct asked, name, STR, .max = NAME_TEXT_MAX),
	FIELD(struct asked, limits, JSON),
	FIELD(struct asked, webhooks, JSON),
	FIELD(struct asked, disabled, FLAG),
	{ 0 },
};

static enum err read_draft(struct job *job, const struct request *req, const struct field *fields,
	struct live_app_draft *out)
{
	struct asked asked = { .disabled = -1 };

	TRY(request_fields(job, req, fields, &asked));
	*out = (struct live_app_draft){ .name = asked.name,
		.limits = asked.limits,
		.hooks = asked.webhooks,
		.is_disabled = asked.disabled };
	return OK;
}

enum err live_apps_post(struct job *job, const struct request *req, struct response *res)
{
	struct live_app_draft draft;
	struct live_app app;

	TRY(read_draft(job, req, new_fields, &draft));
	TRY(live_app_create(job, &draft, &app));
	write_app(job, reply_json(res, 201), &app, app.secret);
	return OK;
}

enum err live_apps_get(struct job *job, const struct request *req, struct response *res)
{
	struct live_app app;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(live_app_find(job, id, &app));
	write_app(job, reply_json(res, 200), &app, STR_NONE);
	return OK;
}

enum err live_apps_patch(struct job *job, const struct request *req, struct response *res)
{
	struct live_app_draft draft;
	struct live_app app;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_draft(job, req, change_fields, &draft));
	TRY(live_app_change(job, id, &draft, &app));
	write_app(job, reply_json(res, 200), &app, STR_NONE);
	return OK;
}

enum err live_apps_rotate(struct job *job, const struct request *req, struct response *res)
{
	struct live_app app;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(live_app_rotate(job, id, &app));
	write_app(job, reply_json(res, 200), &app, app.secret);
	return OK;
}

enum err live_apps_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(live_app_remove(job, id));
	return reply_nothing(res);
}
