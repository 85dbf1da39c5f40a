/*
 * live_cache.c: cache channels: the last event published to them, for who comes later.
 *
 * It outlives the subscribers, for cache_seconds of the app. The oldest goes when there are more
 * than cached_channels, so an app costs bounded memory.
 */
#include "base/clock.h"
#include "base/json.h"
#include "live/live_internal.h"

#define MS_PER_S 1000

struct live_cached {
	struct live_node node; /* name: the channel's */
	struct live_cached *older, *newer;
	struct ws_frame *frame;
	int64_t until_ms;
};

bool live_is_cache(str channel)
{
	static const str prefixes[] = { S("cache-"), S("private-cache-"),
		S("private-encrypted-cache-"), S("presence-cache-") };

	for (size_t i = 0; i < COUNT_OF(prefixes); i++)
		if (str_starts(channel, prefixes[i]))
			return true;
	return false;
}

static void unlink_entry(struct live_app *app, struct live_cached *c)
{
	*(c->older ? &c->older->newer : &app->oldest_cached) = c->newer;
	*(c->newer ? &c->newer->older : &app->newest_cached) = c->older;
}

static void link_newest(struct live_app *app, struct live_cached *c)
{
	c->newer = NULL;
	c->older = app->newest_cached;
	*(c->older ? &c->older->newer : &app->oldest_cached) = c;
	app->newest_cached = c;
}

static void forget(struct live_app *app, struct live_cached *c)
{
	unlink_entry(app, c);
	live_table_remove(&app->cache, &c->node);
	ws_frame_drop(c->frame);
	heap_free((char *)c->node.name.ptr);
	heap_free(c);
}

void live_cache_done(struct live_app *app)
{
	while (app->oldest_cached)
		forget(app, app->oldest_cached);
	live_table_done(&app->cache);
}

static struct live_cached *find(struct live_app *app, str channel)
{
	return (struct live_cached *)live_table_find(&app->cache, channel);
}

void live_cache_put(struct live_app *app, str channel, struct ws_frame *frame)
{
	struct live_cached *c = find(app, channel);

	if (app->limits.cached_channels == 0)
		return;
	if (c) {
		unlink_entry(app, c);
		ws_frame_drop(c->frame);
	} else {
		c = HEAP_NEW(struct live_cached);
		c->node.name = live_heap_str(channel);
		live_table_add(&app->cache, &c->node);
	}
	c->frame = ws_frame_keep(frame);
	c->until_ms = clock_now_ms() + app->limits.cache_seconds * MS_PER_S;
	link_newest(app, c);
	while (app->cache.count > (size_t)app->limits.cached_channels)
		forget(app, app->oldest_cached);
}

static struct live_cached *find_fresh(struct live_app *app, str channel, int64_t now_ms)
{
	struct live_cached *c = find(app, channel);

	if (c && c->until_ms <= now_ms) {
		forget(app, c);
		return NULL;
	}
	return c;
}

struct ws_frame *live_cache_get(struct live_app *app, str channel)
{
	struct live_cached *c = find_fresh(app, channel, clock_now_ms());

	return c ? c->frame : NULL;
}

void live_send_cached(struct live_conn *conn, str channel)
{
	struct ws_frame *frame = live_cache_get(conn->app, channel);
	struct buf text = buf_in(conn->live->scratch, 4096);

	if (frame) {
		ws_send_frame(conn->ws, frame);
		return;
	}
	live_write_event(&text, S("pusher:cache_miss"), channel, STR_NONE);
	live_conn_send(conn, &text);
	live_tell(conn->live, conn->app,
		&(struct live_news){ .kind = LIVE_CACHE_MISS, .channel = channel });
}

/* What was published is in the frame as it went out. */
void live_cache_write(struct live *live, struct live_app *app, str channel, struct buf *out)
{
	int64_t now_ms = clock_now_ms();
	struct live_cached *c = find_fresh(app, channel, now_ms);
	struct live_field data = { .name = "data" };
	str why;

	if (!c || live_members(live->scratch, ws_frame_text(c->frame), &data, 1, &why) != OK) {
		json_put_null(out, "cache");
		return;
	}
	json_open_in(out, "cache", '{');
	json_put_raw(out, "data", data.raw);
	json_put_int(out, "ttl", (c->until_ms - now_ms + MS_PER_S - 1) / MS_PER_S);
	json_close(out, '}');
}
