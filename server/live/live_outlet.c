/* live_outlet.c: queues of events for outside hubs; see live_outlet.h. */
#include "live/live_outlet.h"

#include "base/clock.h"
#include "base/log.h"
#include "live/live_internal.h"

#include <pthread.h>
#include <stdio.h>

enum {
	LANE_MAX = 256,
	LOST_MAX = 64,
	LISTENERS_MAX = 500,
	RETRY_MIN_MS = 250,
	RETRY_MAX_MS = 30000,
};

struct item {
	struct item *next;
	int64_t at_ms;
	size_t size;
	str channel, name, data; /* behind it */
};

/* One workspace's way out. It stays when its workspace comes back to our hub, and is used again. */
struct outlet {
	struct live_node node; /* name: the hub's key */
	struct outlet *next;
	struct live_outlets *outlets;
	struct lane *lane;
	/* under the lock */
	bool is_active, is_running, one_by_one;
	struct arena *settings_arena;
	struct realtime settings;
	struct item *first, *last;
	size_t count, bytes;
	str lost[LOST_MAX]; /* channels that something was dropped on */
	size_t lost_count;
	struct live_outlet_state state;
	/* in the lane */
	str listeners[LISTENERS_MAX];
	size_t listener_count;
	_Atomic bool is_greeted;
};

struct live_outlets {
	struct live_outlets_config config;
	pthread_mutex_t lock;
	struct live_table table;
	struct outlet *all;
	size_t active;
	bool stopping;
};

static str heap_str(str s)
{
	char *copy = heap_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return (str){ copy, s.len };
}

/* ---- the queue, under the lock ---- */

static struct item *item_create(const struct pusher_event *event)
{
	size_t size = sizeof(struct item) + event->channel.len + event->name.len + event->data.len;
	struct item *item = heap_alloc(size);
	char *to = (char *)(item + 1);
	str from[3] = { event->channel, event->name, event->data }, copies[3];

	for (size_t i = 0; i < COUNT_OF(from); i++) {
		if (from[i].len)
			memcpy(to, from[i].ptr, from[i].len);
		copies[i] = (str){ to, from[i].len };
		to += from[i].len;
	}
	*item = (struct item){ .at_ms = clock_now_ms(),
		.size = size,
		.channel = copies[0],
		.name = copies[1],
		.data = copies[2] };
	return item;
}

static void add(struct outlet *outlet, struct item *item)
{
	if (outlet->last)
		outlet->last->next = item;
	else
		outlet->first = item;
	outlet->last = item;
	outlet->count++;
	outlet->bytes += item->size;
}

static void drop_first(struct outlet *outlet)
{
	struct item *item = outlet->first;

	outlet->first = item->next;
	if (!outlet->first)
		outlet->last = NULL;
	outlet->count--;
	outlet->bytes -= item->size;
	heap_free(item);
}

/* Who listens on a channel beyond the last of LOST_MAX finds the gap by the next event there. */
static void note_lost(struct outlet *outlet, str channel)
{
	outlet->state.dropped++;
	for (size_t i = 0; i < outlet->lost_count; i++)
		if (str_is(outlet->lost[i], channel))
			return;
	if (outlet->lost_count < LOST_MAX)
		outlet->lost[outlet->lost_count++] = heap_str(channel);
}

static void tell_lost(struct outlet *outlet)
{
	for (size_t i = 0; i < outlet->lost_count; i++) {
		add(outlet, item_create(&(struct pusher_event){ outlet->lost[i],
				    S(LIVE_MISSED_EVENT), S("{}") }));
		heap_free((char *)outlet->lost[i].ptr);
	}
	outlet->lost_count = 0;
}

static void drop_all(struct outlet *outlet)
{
	while (outlet->first)
		drop_first(outlet);
}

static void drop_old(struct outlet *outlet, int64_t before_ms)
{
	while (outlet->first && outlet->first->at_ms < before_ms) {
		note_lost(outlet, outlet->first->channel);
		drop_first(outlet);
	}
}

static struct outlet *find(struct live_outlets *outlets, str hub_key)
{
	struct outlet *outlet = (struct outlet *)live_table_find(&outlets->table, hub_key);

	return outlet && outlet->is_active ? outlet : NULL;
}

/* A stop ends the lanes. */
static bool post(struct outlet *outlet, const char *name,
	enum err (*run)(struct job *job, void *arg), void *arg)
{
	return !outlet->outlets->stopping &&
	       lane_post(outlet->lane, (struct task){ name, run, NULL, arg });
}

/* ---- sending, in the lane ---- */

static enum err drain(struct job *job, void *arg);

/* What is not begun now, the next event begins. */
static enum err drain_again(struct job *job, void *arg)
{
	struct outlet *outlet = arg;

	(void)job;
	pthread_mutex_lock(&outlet->outlets->lock);
	outlet->is_running = post(outlet, "live events", drain, outlet);
	pthread_mutex_unlock(&outlet->outlets->lock);
	return OK;
}

static int64_t retry_after_ms(unsigned failures)
{
	int64_t ms = RETRY_MIN_MS;

	while (failures-- > 1 && ms < RETRY_MAX_MS)
		ms *= 2;
	return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

/* Copies of the settings and of what goes first, so that the lock is not held while sending. */
static size_t take(struct job *job, struct outlet *outlet, struct realtime *settings,
	struct pusher_event events[PUSHER_BATCH_MAX])
{
	struct item *item = outlet->first;
	size_t max = outlet->one_by_one ? 1 : PUSHER_BATCH_MAX, count = 0;

	for (; item && count < max; item = item->next)
		events[count++] = (struct pusher_event){ arena_str(job->arena, item->channel),
			arena_str(job->arena, item->name), arena_str(job->arena, item->data) };
	*settings = outlet->settings;
	settings->app_id = arena_str(job->arena, outlet->settings.app_id);
	settings->key = arena_str(job->arena, outlet->settings.key);
	settings->secret = arena_str(job->arena, outlet->settings.secret);
	settings->cluster = arena_str(job->arena, outlet->settings.cluster);
	settings->host = arena_str(job->arena, outlet->settings.host);
	settings->scheme = arena_str(job->arena, outlet->settings.scheme);
	settings->path = arena_str(job->arena, outlet->settings.path);
	return count;
}

static void sent(struct outlet *outlet, size_t count)
{
	if (outlet->state.failures)
		log_info("live: the outside server takes events again");
	while (count-- > 0 && outlet->first)
		drop_first(outlet);
	outlet->one_by_one = false;
	outlet->state.failures = 0;
	outlet->state.sent_ms = clock_now_ms();
	tell_lost(outlet);
}

/* One of them is not taken: which one is seen when they go one by one. */
static void not_taken(struct outlet *outlet, size_t count)
{
	if (count > 1) {
		outlet->one_by_one = true;
		return;
	}
	note_lost(outlet, outlet->first->channel);
	drop_first(outlet);
}

static void failed(struct job *job, struct outlet *outlet)
{
	if (outlet->state.failures++ == 0)
		log_warn("live: the outside server does not take events: " STR_F, STR_A(job->why));
	snprintf(outlet->state.why, sizeof outlet->state.why, STR_F, STR_A(job->why));
	drop_old(outlet, clock_now_ms() - OUTLET_KEEP_MS);
	if (outlet->outlets->stopping || !outlet->is_active)
		drop_all(outlet);
}

/* Under the lock: what came of a try, and when to go on; below 0: there is nothing left. */
static int64_t settle(struct job *job, struct outlet *outlet, enum err e, size_t count)
{
	if (e == OK) {
		outlet->state.sent += count;
		sent(outlet, count);
	} else if (e == ERR_INPUT && outlet->first) {
		not_taken(outlet, count);
	} else {
		failed(job, outlet);
	}
	outlet->is_running = outlet->first != NULL;
	if (!outlet->is_running)
		return -1;
	return e == OK || e == ERR_INPUT ? 0 : retry_after_ms(outlet->state.failures);
}

static enum err drain(struct job *job, void *arg)
{
	struct outlet *outlet = arg;
	struct live_outlets *outlets = outlet->outlets;
	struct pusher_event events[PUSHER_BATCH_MAX];
	struct pusher_server server;
	struct realtime settings;
	int64_t wait_ms;
	size_t count;
	enum err e;

	pthread_mutex_lock(&outlets->lock);
	if (!outlet->is_active)
		drop_all(outlet);
	count = take(job, outlet, &settings, events);
	pthread_mutex_unlock(&outlets->lock);
	server = pusher_server_of(job, &settings, outlets->config.allow_private);
	e = count ? pusher_publish(job, &server, events, count) : OK;
	pthread_mutex_lock(&outlets->lock);
	wait_ms = settle(job, outlet, e, count);
	if (wait_ms > 0 && !outlets->stopping)
		timer_at(outlets->config.timers, clock_now_ms() + wait_ms,
			(struct task){ "live events", drain_again, NULL, outlet });
	pthread_mutex_unlock(&outlets->lock);
	job_forgive(job);
	return wait_ms == 0 ? drain_again(job, outlet) : OK;
}

static void start(struct outlet *outlet)
{
	if (outlet->is_running || !outlet->first)
		return;
	outlet->is_running = post(outlet, "live events", drain, outlet);
}

static void enqueue(struct outlet *outlet, const struct pusher_event *event)
{
	struct item *item = item_create(event);

	if (outlet->count < OUTLET_EVENTS_MAX &&
		outlet->bytes + item->size <= OUTLET_BYTES_MAX) {
		add(outlet, item);
		start(outlet);
		return;
	}
	note_lost(outlet, event->channel);
	heap_free(item);
}

bool live_outlets_send(struct live_outlets *outlets, str hub_key, const struct pusher_event *event)
{
	const struct pusher_event instead = { event->channel, S(LIVE_MISSED_EVENT), S("{}") };
	struct outlet *outlet;

	pthread_mutex_lock(&outlets->lock);
	outlet = find(outlets, hub_key);
	if (outlet)
		enqueue(outlet, event->data.len > PUSHER_DATA_MAX ? &instead : event);
	pthread_mutex_unlock(&outlets->lock);
	return outlet != NULL;
}

/* ---- who listens over there ---- */

static bool is_among(str name, const str *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(names[i], name))
			return true;
	return false;
}

static void tell_occupied(struct outlet *outlet, str channel, bool occupied)
{
	if (outlet->outlets->config.occupied)
		outlet->outlets->config.occupied(outlet->node.name, channel, occupied);
}

/* In the lane: now holds the channels of people who listen now. */
static void compare(struct outlet *outlet, const str *now, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < outlet->listener_count; i++) {
		if (is_among(outlet->listeners[i], now, count)) {
			outlet->listeners[kept++] = outlet->listeners[i];
			continue;
		}
		tell_occupied(outlet, outlet->listeners[i], false);
		heap_free((char *)outlet->listeners[i].ptr);
	}
	outlet->listener_count = kept;
	for (size_t i = 0; i < count && outlet->listener_count < LISTENERS_MAX; i++) {
		if (is_among(now[i], outlet->listeners, kept))
			continue;
		outlet->listeners[outlet->listener_count++] = heap_str(now[i]);
		tell_occupied(outlet, now[i], true);
	}
}

static bool copy_server(struct job *job, struct outlet *outlet, struct pusher_server *out)
{
	struct pusher_event events[PUSHER_BATCH_MAX];
	struct realtime settings;
	bool is_active;

	pthread_mutex_lock(&outlet->outlets->lock);
	is_active = outlet->is_active && !outlet->outlets->stopping;
	(void)take(job, outlet, &settings, events);
	pthread_mutex_unlock(&outlet->outlets->lock);
	*out = pusher_server_of(job, &settings, outlet->outlets->config.allow_private);
	return is_active;
}

/* In the lane: those who see all share a channel, the others have their own. */
static void tell_all(struct job *job, struct outlet *outlet, str event)
{
	pthread_mutex_lock(&outlet->outlets->lock);
	enqueue(outlet, &(struct pusher_event){ arena_printf(job->arena, "private-workspace-%lld",
						(long long)outlet->settings.workspace),
				event, S("{}") });
	for (size_t i = 0; i < outlet->listener_count; i++)
		enqueue(outlet, &(struct pusher_event){ outlet->listeners[i], event, S("{}") });
	pthread_mutex_unlock(&outlet->outlets->lock);
}

/* Whoever listened over there before we began may have missed something. */
static void greet(struct job *job, struct outlet *outlet)
{
	if (!outlet->is_greeted)
		tell_all(job, outlet, S(LIVE_MISSED_EVENT));
	outlet->is_greeted = true;
}

static enum err look(struct job *job, void *arg)
{
	struct outlet *outlet = arg;
	str *names = ARENA_ARRAY(job->arena, str, LISTENERS_MAX);
	struct pusher_server server;
	bool is_active = copy_server(job, outlet, &server);
	size_t count = 0;
	enum err e = OK;

	if (is_active)
		e = pusher_channels(job, &server, S("private-person-"), names, LISTENERS_MAX,
			&count);
	if (e == OK)
		compare(outlet, names, count);
	if (e == OK && is_active)
		greet(job, outlet);
	if (e != OK)
		log_debug("live: the outside server does not tell who listens: " STR_F,
			STR_A(job->why));
	job_forgive(job);
	return OK;
}

static void ask(struct outlet *outlet)
{
	if (!post(outlet, "live listeners", look, outlet))
		log_debug("live: an outside server is so slow that its listeners are not asked");
}

static enum err look_at_all(struct job *job, void *arg)
{
	struct live_outlets *outlets = arg;

	(void)job;
	pthread_mutex_lock(&outlets->lock);
	for (struct outlet *o = outlets->all; o; o = o->next)
		if (o->is_active)
			ask(o);
	pthread_mutex_unlock(&outlets->lock);
	return OK;
}

struct told { struct outlet *outlet; size_t len; char event[]; };

static enum err tell_listeners(struct job *job, void *arg)
{
	struct told *told = arg;

	tell_all(job, told->outlet, (str){ told->event, told->len });
	heap_free(told);
	return OK;
}

bool live_outlets_tell_all(struct live_outlets *outlets, str hub_key, str event)
{
	struct outlet *outlet;
	struct told *told;

	pthread_mutex_lock(&outlets->lock);
	outlet = find(outlets, hub_key);
	if (outlet) {
		told = heap_alloc(sizeof *told + event.len);
		*told = (struct told){ outlet, event.len };
		memcpy(told->event, event.ptr, event.len);
		if (!post(outlet, "live listeners", tell_listeners, told))
			heap_free(told);
	}
	pthread_mutex_unlock(&outlets->lock);
	return outlet != NULL;
}

struct question {
	struct outlet *outlet;
	live_present_fn *done;
	void *arg;
	size_t len;
	char name[];
};

static enum err ask_present(struct job *job, void *arg)
{
	struct question *q = arg;
	str *ids = ARENA_ARRAY(job->arena, str, PUSHER_USERS_MAX);
	struct pusher_server server;
	size_t count = 0;

	if (!copy_server(job, q->outlet, &server) ||
		pusher_users(job, &server, (str){ q->name, q->len }, ids, PUSHER_USERS_MAX,
			&count) != OK)
		count = 0;
	job_forgive(job);
	q->done(q->arg, ids, count);
	heap_free(q);
	return OK;
}

bool live_outlets_present(struct live_outlets *outlets, str hub_key, str channel,
	live_present_fn *done, void *arg)
{
	struct outlet *outlet;
	struct question *q;
	bool posted;

	q = heap_alloc(sizeof *q + channel.len);
	memcpy(q->name, channel.ptr, channel.len);
	pthread_mutex_lock(&outlets->lock);
	outlet = find(outlets, hub_key);
	q->outlet = outlet;
	q->done = done;
	q->arg = arg;
	q->len = channel.len;
	posted = outlet && post(outlet, "who looks", ask_present, q);
	pthread_mutex_unlock(&outlets->lock);
	if (!posted)
		heap_free(q);
	if (outlet && !posted)
		done(arg, NULL, 0);
	return outlet != NULL;
}

/* ---- the life ---- */

static struct outlet *outlet_create(struct live_outlets *outlets, str hub_key)
{
	struct outlet *outlet = HEAP_NEW(struct outlet);

	outlet->node.name = heap_str(hub_key);
	outlet->outlets = outlets;
	outlet->lane = lane_create(outlets->config.callers, LANE_MAX);
	outlet->settings_arena = arena_create(ARENA_LIMIT_DEFAULT);
	live_table_add(&outlets->table, &outlet->node);
	outlet->next = outlets->all;
	outlets->all = outlet;
	return outlet;
}

static void keep_settings(struct outlet *outlet, const struct realtime *r)
{
	struct arena *arena = outlet->settings_arena;

	arena_reset(arena);
	outlet->settings = *r;
	outlet->settings.app_id = arena_str(arena, r->app_id);
	outlet->settings.key = arena_str(arena, r->key);
	outlet->settings.secret = arena_str(arena, r->secret);
	outlet->settings.cluster = arena_str(arena, r->cluster);
	outlet->settings.host = arena_str(arena, r->host);
	outlet->settings.scheme = arena_str(arena, r->scheme);
	outlet->settings.path = arena_str(arena, r->path);
}

void live_outlets_set(struct live_outlets *outlets, str hub_key, const struct realtime *r)
{
	bool is_outside = r->driver != REALTIME_BUILTIN;
	struct outlet *outlet;

	pthread_mutex_lock(&outlets->lock);
	outlet = (struct outlet *)live_table_find(&outlets->table, hub_key);
	if (!outlet && is_outside)
		outlet = outlet_create(outlets, hub_key);
	if (outlet) {
		outlets->active = outlets->active - outlet->is_active + is_outside;
		outlet->is_active = is_outside;
		outlet->state = (struct live_outlet_state){ 0 };
		outlet->is_greeted = false;
		keep_settings(outlet, r);
		ask(outlet); /* who is over there now, or that nobody is */
	}
	pthread_mutex_unlock(&outlets->lock);
}

size_t live_outlets_active(struct live_outlets *outlets)
{
	size_t active;

	pthread_mutex_lock(&outlets->lock);
	active = outlets->active;
	pthread_mutex_unlock(&outlets->lock);
	return active;
}

void live_outlets_state(struct live_outlets *outlets, str hub_key, struct live_outlet_state *out)
{
	struct outlet *outlet;

	*out = (struct live_outlet_state){ 0 };
	pthread_mutex_lock(&outlets->lock);
	outlet = find(outlets, hub_key);
	if (outlet) {
		*out = outlet->state;
		out->is_active = true;
		out->waiting = outlet->count;
	}
	pthread_mutex_unlock(&outlets->lock);
}

struct live_outlets *live_outlets_create(const struct live_outlets_config *config)
{
	struct live_outlets *outlets = HEAP_NEW(struct live_outlets);

	outlets->config = *config;
	pthread_mutex_init(&outlets->lock, NULL);
	timer_every(config->timers, OUTLET_LOOK_MS,
		(struct task){ "live listeners", look_at_all, NULL, outlets });
	return outlets;
}

void live_outlets_stop(struct live_outlets *outlets)
{
	if (!outlets)
		return;
	pthread_mutex_lock(&outlets->lock);
	outlets->stopping = true;
	for (struct outlet *o = outlets->all; o; o = o->next)
		lane_destroy(o->lane);
	pthread_mutex_unlock(&outlets->lock);
}

static void outlet_free(struct outlet *outlet)
{
	drop_all(outlet);
	for (size_t i = 0; i < outlet->lost_count; i++)
		heap_free((char *)outlet->lost[i].ptr);
	for (size_t i = 0; i < outlet->listener_count; i++)
		heap_free((char *)outlet->listeners[i].ptr);
	arena_destroy(outlet->settings_arena);
	heap_free((char *)outlet->node.name.ptr);
	heap_free(outlet);
}

void live_outlets_destroy(struct live_outlets *outlets)
{
	if (!outlets)
		return;
	for (struct outlet *o = outlets->all, *next; o; o = next) {
		next = o->next;
		outlet_free(o);
	}
	live_table_done(&outlets->table);
	pthread_mutex_destroy(&outlets->lock);
	heap_free(outlets);
}
