/*
 * live_hook.c: who outside is told of an app's channels and members, and when.
 *
 * Events are gathered on the loop and leave in batches, one call of a target at a time, so their
 * order stays; the calls run on workers and delay nobody (live_hook_call.c). A call that failed
 * goes again, with the same body, after 1, 2, 4 … seconds, for webhook_retry_seconds of the app;
 * then it is dropped and counted.
 *
 * When a connection breaks, channel_vacated and member_removed wait for GRACE_MS, and nothing is
 * told when the channel or user is back by then. An unsubscribe is told at once.
 */
#include "live/live_hook.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#define GRACE_MS 3000
#define GATHER_MS 50
#define BACKOFF_MS 1000
#define BACKOFF_MAX_MS 60000
#define EVENT_MAX (1u << 20)
#define WAITING_MAX (4u << 20)          /* octets of events that wait for one target */

static const char *const names[LIVE_NEWS_KINDS] = {
	[LIVE_OCCUPIED] = "channel_occupied",
	[LIVE_VACATED] = "channel_vacated",
	[LIVE_MEMBER_ADDED] = "member_added",
	[LIVE_MEMBER_REMOVED] = "member_removed",
	[LIVE_CLIENT_EVENT] = "client_event",
	[LIVE_CACHE_MISS] = "cache_miss",
	[LIVE_COUNTED] = "subscription_count",
};

unsigned live_news_bit(str name)
{
	for (unsigned i = 0; i < LIVE_NEWS_KINDS; i++)
		if (str_is(name, str_of(names[i])))
			return 1u << i;
	return 0;
}

/* ---- targets ---- */

static struct live_target *target_create(const struct live_hook_config *config)
{
	struct live_target *t = HEAP_NEW(struct live_target);

	t->url = live_heap_str(config->url);
	t->prefix = live_heap_str(config->prefix);
	t->suffix = live_heap_str(config->suffix);
	t->kinds = config->kinds ? config->kinds : (1u << LIVE_NEWS_KINDS) - 1;
	return t;
}

struct live_target *live_targets_create(const struct live_hook_config *hooks, size_t count)
{
	struct live_target *first = NULL;

	while (count-- > 0) {
		struct live_target *t = target_create(&hooks[count]);

		t->next = first;
		first = t;
	}
	return first;
}

static void drop_waiting(struct live_target *t)
{
	for (struct live_waiting *w = t->first, *next; w; w = next) {
		next = w->next;
		heap_free(w);
	}
	t->first = t->last = NULL;
	t->waiting_octets = 0;
}

/* One that is being called is freed when the call is done. */
static void target_drop(struct live_target *t)
{
	t->app = NULL;
	loop_cancel(t->timer);
	t->timer = NULL;
	drop_waiting(t);
	if (t->in_flight)
		return;
	buf_done(&t->body);
	heap_free((char *)t->url.ptr);
	heap_free((char *)t->prefix.ptr);
	heap_free((char *)t->suffix.ptr);
	heap_free(t);
}

void live_targets_drop(struct live_target *first)
{
	for (struct live_target *t = first, *next; t; t = next) {
		next = t->next;
		target_drop(t);
	}
}

static struct live_target *take_out(struct live_target **list, str url)
{
	for (struct live_target **at = list; *at; at = &(*at)->next) {
		struct live_target *t = *at;

		if (!str_is(t->url, url))
			continue;
		*at = t->next;
		return t;
	}
	return NULL;
}

static void swap(str *a, str *b)
{
	str kept = *a;

	*a = *b;
	*b = kept;
}

/* An address that was there goes on with what waits for it, by the new rules. */
static struct live_target *renew(struct live_target **before, struct live_target *t)
{
	struct live_target *old = take_out(before, t->url);

	if (!old)
		return t;
	swap(&old->prefix, &t->prefix);
	swap(&old->suffix, &t->suffix);
	old->kinds = t->kinds;
	target_drop(t);
	return old;
}

void live_targets_take(struct live *live, struct live_app *app, struct live_target *targets)
{
	struct live_target *before = app->targets, **end = &app->targets;

	app->told_kinds = 0;
	for (struct live_target *t = targets, *next; t; t = next) {
		next = t->next;
		*end = renew(&before, t);
		(*end)->live = live;
		(*end)->app = app;
		app->told_kinds |= (*end)->kinds;
		end = &(*end)->next;
	}
	*end = NULL;
	live_targets_drop(before);
}

/* ---- sending ---- */

static void body_make(struct live_target *t)
{
	size_t count = 0;

	t->body = buf_heap(WAITING_MAX + EVENT_MAX);
	json_open(&t->body, '{');
	json_put_int(&t->body, "time_ms", clock_now_ms());
	json_open_in(&t->body, "events", '[');
	while (t->first && count++ < (size_t)t->app->limits.webhook_batch) {
		struct live_waiting *w = t->first;

		json_put_raw(&t->body, NULL, (str){ w->text, w->len });
		t->first = w->next;
		t->waiting_octets -= w->len;
		heap_free(w);
	}
	if (!t->first)
		t->last = NULL;
	json_close(&t->body, ']');
	json_close(&t->body, '}');
}

static void target_gather(struct live_target *t, int64_t wait_ms);

static void send_now(void *arg)
{
	struct live_target *t = arg;

	t->timer = NULL;
	if (t->in_flight)
		return;
	if (!t->body.ptr && !t->first)
		return;
	if (!t->body.ptr) {
		body_make(t);
		t->began_us = clock_monotonic_us();
		t->attempts = 0;
	}
	t->in_flight = live_hook_call(t);
	if (!t->in_flight) /* no worker is free */
		target_gather(t, BACKOFF_MS);
}

static void target_gather(struct live_target *t, int64_t wait_ms)
{
	if (!t->timer && !t->in_flight)
		t->timer = loop_after(t->live->loop, wait_ms, send_now, t);
}

static int64_t backoff_ms(const struct live_target *t)
{
	int64_t ms = BACKOFF_MS;

	for (unsigned i = 1; i < t->attempts && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

void live_hook_called(struct live_target *t, bool taken)
{
	int64_t tried_us = clock_monotonic_us() - t->began_us;

	t->in_flight = false;
	if (!t->app) {
		target_drop(t);
		return;
	}
	t->attempts++;
	if (!taken && tried_us + backoff_ms(t) * 1000 <
			      t->app->limits.webhook_retry_seconds * 1000000) {
		target_gather(t, backoff_ms(t));
		return;
	}
	if (!taken) {
		atomic_fetch_add(&t->live->dropped, 1);
		log_warn("live: a webhook of app " STR_F " was given up after %u attempts",
			STR_A(t->app->by_id.name), t->attempts);
	}
	buf_done(&t->body);
	t->body = (struct buf){ 0 };
	if (t->first)
		target_gather(t, 0);
}

/* ---- what happened ---- */

/* The text of a string, other values as they stand: a receiver gets a string either way. */
static str data_text(struct arena *arena, str raw)
{
	str text;

	return live_text(arena, raw, &text) ? text : raw;
}

static void put_client_event(struct arena *arena, struct buf *out, const struct live_news *news)
{
	json_put(out, "event", news->event);
	if (news->data.ptr)
		json_put(out, "data", data_text(arena, news->data));
	json_put(out, "socket_id", news->socket_id);
}

static str event_text(struct arena *arena, const struct live_news *news)
{
	struct buf out = buf_in(arena, EVENT_MAX);

	json_open(&out, '{');
	json_put(&out, "name", str_of(names[news->kind]));
	json_put(&out, "channel", news->channel);
	if (news->kind == LIVE_CLIENT_EVENT)
		put_client_event(arena, &out, news);
	if (news->user_id.ptr)
		json_put(&out, "user_id", news->user_id);
	if (news->kind == LIVE_COUNTED)
		json_put_int(&out, "subscription_count", (int64_t)news->count);
	json_close(&out, '}');
	return out.failed ? STR_NONE : buf_text(&out);
}

static void target_add(struct live_target *t, str text)
{
	struct live_waiting *w;

	if (t->waiting_octets + text.len > WAITING_MAX) {
		atomic_fetch_add(&t->live->dropped, 1);
		return;
	}
	w = heap_alloc(sizeof *w + text.len);
	w->len = text.len;
	memcpy(w->text, text.ptr, text.len);
	*(t->last ? &t->last->next : &t->first) = w;
	t->last = w;
	t->waiting_octets += text.len;
	target_gather(t, GATHER_MS);
}

static void tell_now(struct live *live, struct live_app *app, const struct live_news *news)
{
	str text = STR_NONE;

	for (struct live_target *t = app->targets; t; t = t->next) {
		if (!(t->kinds >> news->kind & 1) || !str_starts(news->channel, t->prefix) ||
			!str_ends(news->channel, t->suffix))
			continue;
		if (!text.ptr)
			text = event_text(live->scratch, news);
		if (text.ptr)
			target_add(t, text);
	}
}

/* ---- who may come back ---- */

struct live_grace {
	struct live_node node;          /* name: channel, and user behind a blank */
	struct live *live;
	struct live_app *app;
	struct loop_timer *timer;
	enum live_news_kind kind;
	str channel, user_id;           /* parts of the name */
};

static void grace_drop(struct live_grace *g)
{
	live_table_remove(&g->app->graces, &g->node);
	loop_cancel(g->timer);
	heap_free((char *)g->node.name.ptr);
	heap_free(g);
}

static void grace_over(void *arg)
{
	struct live_grace *g = arg;
	struct live *live = g->live;

	g->timer = NULL;
	live_enter(live);
	tell_now(live, g->app,
		&(struct live_news){ .kind = g->kind,
			.channel = g->channel,
			.user_id = g->user_id.len ? g->user_id : STR_NONE });
	grace_drop(g);
	live_exit(live);
}

static str grace_name(struct live *live, const struct live_news *news)
{
	return arena_printf(live->scratch, STR_F " " STR_F, STR_A(news->channel),
		STR_A(news->user_id));
}

static void grace_add(struct live *live, struct live_app *app, const struct live_news *news)
{
	str name = grace_name(live, news);
	struct live_grace *g = (struct live_grace *)live_table_find(&app->graces, name);

	if (g)
		return;
	g = HEAP_NEW(struct live_grace);
	g->node.name = live_heap_str(name);
	g->channel = str_part(g->node.name, 0, news->channel.len);
	g->user_id = str_part(g->node.name, news->channel.len + 1, name.len);
	g->live = live;
	g->app = app;
	g->kind = news->kind;
	g->timer = loop_after(live->loop, GRACE_MS, grace_over, g);
	live_table_add(&app->graces, &g->node);
}

/* Back in time: neither the going nor the coming is told. */
static bool grace_take_back(struct live *live, struct live_app *app, const struct live_news *news)
{
	struct live_node *node =
		app->graces.count ? live_table_find(&app->graces, grace_name(live, news)) : NULL;

	if (node)
		grace_drop((struct live_grace *)node);
	return node;
}

void live_untell(struct live *live, struct live_app *app, const struct live_news *news)
{
	(void)grace_take_back(live, app, news);
}

void live_graces_done(struct live_app *app)
{
	for (size_t i = 0; i < app->graces.size; i++)
		while (app->graces.buckets[i])
			grace_drop((struct live_grace *)app->graces.buckets[i]);
	live_table_done(&app->graces);
}

void live_tell(struct live *live, struct live_app *app, const struct live_news *news)
{
	bool is_coming = news->kind == LIVE_OCCUPIED || news->kind == LIVE_MEMBER_ADDED;

	if (!(app->told_kinds >> news->kind & 1) && !(is_coming && app->graces.count))
		return;
	if (app->gone || live->draining)
		return;
	if (news->is_by_disconnect)
		grace_add(live, app, news);
	else if (!is_coming || !grace_take_back(live, app, news))
		tell_now(live, app, news);
}
