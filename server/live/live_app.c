/*
 * live_app.c: the apps of the hub, by key and by id.
 *
 * The one rule: an app outlives its connections; one that is removed is out of both tables at once,
 * and freed with the last of them.
 */
#include "live/live_internal.h"

struct live_app *live_app_of_key(struct live *live, str key)
{
	return (struct live_app *)live_table_find(&live->apps, key);
}

struct live_app *live_app_by_id(struct live *live, str id)
{
	struct live_node *node = live_table_find(&live->apps_by_id, id);

	return node ? (struct live_app *)((char *)node - offsetof(struct live_app, by_id)) : NULL;
}

str live_heap_str(str s)
{
	char *copy = heap_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

void live_app_free(struct live_app *app)
{
	live_graces_done(app);
	live_targets_drop(app->targets);
	live_cache_done(app);
	live_table_done(&app->people);
	live_table_done(&app->channels);
	heap_free((char *)app->node.name.ptr);
	heap_free((char *)app->by_id.name.ptr);
	heap_free((char *)app->secret.ptr);
	heap_free(app);
}

void live_app_leave(struct live_app *app)
{
	if (--app->connections == 0 && app->gone)
		live_app_free(app);
}

static struct live_app *app_create(struct live *live, const struct live_app_config *config)
{
	struct live_app *app = HEAP_NEW(struct live_app);

	app->node.name = live_heap_str(config->key);
	app->by_id.name = live_heap_str(config->id);
	live_table_add(&live->apps, &app->node);
	live_table_add(&live->apps_by_id, &app->by_id);
	app->next = live->all_apps;
	app->at = &live->all_apps;
	if (app->next)
		app->next->at = &app->next;
	live->all_apps = app;
	return app;
}

void live_app_take(struct live *live, const struct live_app_config *config)
{
	struct live_app *app = live_app_of_key(live, config->key);

	if (!app)
		app = app_create(live, config);
	heap_free((char *)app->secret.ptr);
	app->secret = live_heap_str(config->secret);
	app->limits = config->limits;
	if (config->is_disabled && !app->is_disabled)
		live_app_close_all(app, LIVE_CLOSE_DISABLED, S("The app is disabled"));
	app->is_disabled = config->is_disabled;
}

void live_app_drop(struct live *live, str key)
{
	struct live_app *app = live_app_of_key(live, key);

	if (!app)
		return;
	live_table_remove(&live->apps, &app->node);
	live_table_remove(&live->apps_by_id, &app->by_id);
	*app->at = app->next;
	if (app->next)
		app->next->at = app->at;
	app->gone = true;
	app->connections++; /* ours, so that it outlives the closing */
	live_app_close_all(app, LIVE_CLOSE_UNKNOWN_APP, S("The app was removed"));
	live_app_leave(app);
}

/* What closes leaves its list at once. */
void live_app_close_all(struct live_app *app, int code, str reason)
{
	while (app->quiet.first)
		live_conn_close(app->quiet.first, code, reason);
	while (app->pinged.first)
		live_conn_close(app->pinged.first, code, reason);
}
