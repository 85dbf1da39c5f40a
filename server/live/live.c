/* live.c: the hub: its routes, liveness of its connections, and its end. */
#include "live/live.h"

#include "base/clock.h"
#include "base/log.h"
#include "live/live_internal.h"

#define SECOND_US 1000000
#define SWEEP_MS 1000
#define DRAIN_STEP_MS 20
#define DRAIN_STEPS 50 /* about a second for all */

static struct live *routes_hub;

/* ---- entering and leaving ---- */

void live_enter(struct live *live)
{
	live->depth++;
}

static void when_drained(struct live *live)
{
	void (*drained)(void *arg) = live->drained;

	if (!live->draining || !drained || atomic_load(&live->connections) > 0)
		return;
	live->drained = NULL;
	drained(live->drained_arg);
}

void live_exit(struct live *live)
{
	struct live_conn *conn;

	if (live->depth > 1) {
		live->depth--;
		return;
	}
	/* Taking one apart tells its channels, which may make others go. */
	while ((conn = live->gone)) {
		live->gone = conn->next_gone;
		live_conn_free(conn);
	}
	arena_reset(live->scratch);
	live->depth--;
	when_drained(live);
}

/* ---- liveness ---- */

void live_list_add(struct live_list *list, struct live_conn *conn)
{
	conn->prev = list->last;
	conn->next = NULL;
	if (list->last)
		list->last->next = conn;
	else
		list->first = conn;
	list->last = conn;
}

void live_list_remove(struct live_list *list, struct live_conn *conn)
{
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		list->first = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	else
		list->last = conn->prev;
}

/* Both lists are by age: only those who are due are looked at. net's own ping frame goes out at 30
 * s, so only the deaf are asked twice; and they are closed before net gives up on them at 60 s, so
 * that they hear 4201. */
static void sweep_app(const struct live *live, struct live_app *app, int64_t now_us)
{
	const struct live_timing *t = &live->timing;
	int64_t ping_us = t->ping_after_us ? t->ping_after_us
	                                   : app->limits.ping_after_seconds * SECOND_US;
	int64_t close_us = t->close_after_us ? t->close_after_us
	                                     : app->limits.pong_wait_seconds * SECOND_US;
	struct live_conn *conn;

	while ((conn = app->pinged.first) && now_us - conn->since_us >= close_us)
		live_conn_close(conn, LIVE_CLOSE_NO_PONG, S("Pong reply not received"));
	while ((conn = app->quiet.first) && now_us - conn->since_us >= ping_us)
		live_conn_ping(conn);
}

static void sweep(void *arg)
{
	struct live *live = arg;
	int64_t now_us = clock_monotonic_us();

	live->sweep = loop_after(live->loop, live->timing.sweep_ms, sweep, live);
	live_enter(live);
	for (struct live_app *app = live->all_apps; app; app = app->next)
		sweep_app(live, app, now_us);
	live_tell_counts(live, now_us);
	live_exit(live);
}

static struct ws_frame *ping_frame(void)
{
	struct buf text = buf_heap(256);
	struct ws_frame *frame;

	live_write_event(&text, S("pusher:ping"), STR_NONE, S("{}"));
	frame = ws_frame_create(buf_text(&text));
	buf_done(&text);
	return frame;
}

/* ---- the hub ---- */

const struct route live_routes[] = {
	{ HTTP_GET, "/app/{key}", .flags = ROUTE_WEBSOCKET, .ws_handler = live_on_socket },
	{ HTTP_POST, "/apps/{app}/events", .flags = ROUTE_ON_LOOP, .loop_handler = live_on_api },
	{ HTTP_POST, "/apps/{app}/batch_events", .flags = ROUTE_ON_LOOP,
		.loop_handler = live_on_api },
	{ HTTP_GET, "/apps/{app}/channels", .flags = ROUTE_ON_LOOP, .loop_handler = live_on_api },
	{ HTTP_GET, "/apps/{app}/channels/{channel}", .flags = ROUTE_ON_LOOP,
		.loop_handler = live_on_api },
	{ HTTP_GET, "/apps/{app}/channels/{channel}/users", .flags = ROUTE_ON_LOOP,
		.loop_handler = live_on_api },
	{ HTTP_POST, "/apps/{app}/users/{user}/terminate_connections", .flags = ROUTE_ON_LOOP,
		.loop_handler = live_on_api },
	{ HTTP_GET, "/apps/{app}/connections", .flags = ROUTE_ON_LOOP,
		.loop_handler = live_on_api },
	{ HTTP_GET, "/apps/{app}/{*}", .flags = ROUTE_ON_LOOP, .loop_handler = live_on_api },
	{ HTTP_POST, "/apps/{app}/{*}", .flags = ROUTE_ON_LOOP, .loop_handler = live_on_api },
};
const size_t live_route_count = COUNT_OF(live_routes);

struct live *live_create(struct loop *loop)
{
	struct live *live = HEAP_NEW(struct live);

	live->loop = loop;
	live->scratch = arena_create(ARENA_LIMIT_DEFAULT);
	live->timing = (struct live_timing){ .sweep_ms = SWEEP_MS };
	live->ping = ping_frame();
	live->sweeper = live_sweeper_create(live);
	return live;
}

void live_set_callers(struct live *live, struct pool *callers, bool allow_private)
{
	live->callers = callers;
	live->allow_private = allow_private;
}

void live_set_routes_hub(struct live *live)
{
	routes_hub = live;
}

struct live *live_of_routes(void)
{
	return routes_hub;
}

void live_on_socket(const struct request *req, struct ws *ws)
{
	struct live *live = routes_hub;

	if (!live->sweep)
		live->sweep = loop_after(live->loop, live->timing.sweep_ms, sweep, live);
	live_enter(live);
	live_conn_open(live, req, ws);
	live_exit(live);
}

static void close_some(struct live_list *list, size_t count)
{
	while (list->first && count-- > 0)
		live_conn_close(list->first, LIVE_CLOSE_RECONNECT,
		                S("The server restarts; connect again"));
}

/* They come back at once, so they are not all sent away in the same moment. */
static void drain_step(void *arg)
{
	struct live *live = arg;
	size_t share = atomic_load(&live->connections) / DRAIN_STEPS + 100;
	bool more = false;

	live->draining_timer = NULL;
	live_enter(live);
	for (struct live_app *app = live->all_apps; app; app = app->next) {
		close_some(&app->quiet, share);
		close_some(&app->pinged, share);
		more |= app->quiet.first || app->pinged.first;
	}
	if (more)
		live->draining_timer = loop_after(live->loop, DRAIN_STEP_MS, drain_step, live);
	live_exit(live);
}

void live_drain(struct live *live, void (*done)(void *arg), void *arg)
{
	live->draining = true;
	live->drained = done;
	live->drained_arg = arg;
	drain_step(live);
}

static void apps_free(struct live *live)
{
	for (struct live_app *app = live->all_apps, *next; app; app = next) {
		next = app->next;
		live_channels_end(live, app);
		live_app_free(app);
	}
	live_table_done(&live->apps);
	live_table_done(&live->apps_by_id);
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	live_nodes_end(live);
	live_orders_done(live);
	live_sweeper_destroy(live->sweeper);
	loop_cancel(live->sweep);
	loop_cancel(live->draining_timer);
	loop_cancel(live->checking);
	apps_free(live);
	live_table_done(&live->conns);
	ws_frame_drop(live->ping);
	arena_destroy(live->scratch);
	if (routes_hub == live)
		routes_hub = NULL;
	heap_free(live);
}

void live_figures(struct live *live, struct live_figures *out)
{
	*out = (struct live_figures){
		.connections = atomic_load(&live->connections),
		.channels = atomic_load(&live->channels),
		.subscriptions = atomic_load(&live->subscriptions),
		.published = atomic_load(&live->published),
		.delivered = atomic_load(&live->delivered),
		.dropped = atomic_load(&live->dropped),
	};
}
