/*
 * serve.c: wires the modules together, starts them in the order of need, and stops them in the
 * reverse.
 *
 * The one rule of a stop: first no new work comes in, then what was accepted is finished or is
 * safely on disk, then the threads end. A second signal while stopping does not hurry: what must be
 * on disk is there already.
 */
#include "server.h"

#include "account/account.h"
#include "account/channel.h"
#include "account/limit.h"
#include "account/pace_number.h"
#include "account/price.h"
#include "account/route.h"
#include "account/feature.h"
#include "account/seal.h"
#include "account/template.h"
#include "account/webhook.h"
#include "api/api.h"
#include "api/conversation_counts.h"
#include "api/events.h"
#include "api/realtime.h"
#include "api/health.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/chat.h"
#include "inbox/inbox.h"
#include "jobs/jobs.h"
#include "inbox/contacts.h"
#include "jobs/contact_work.h"
#include "jobs/media.h"
#include "jobs/route.h"
#include "jobs/router.h"
#include "live/live.h"
#include "live/live_catalogue.h"
#include "live/live_nodes.h"
#include "net/http.h"
#include "provider/linked/linked.h"
#include "routing/routing.h"
#include "report/report.h"
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

enum {
	LANES_QUEUE = 4096,
	ROUTES_MAX = 512,
	APPS_PER_ROUND = 100,
	APPS_RELOAD_MS = 10000,
	LISTENERS_CHECK_MS = 30000,
	TIMER_WORKERS = 2,
	SPARE_WORKERS = 8,
	TIMER_QUEUE = 64
};

struct server {
	const struct settings *settings;
	struct arena *arena;
	struct store *store;
	struct loop *loop;
	struct pool *requests, *callers, *spare, *background;
	struct timers *timers;
	struct processor *processor;
	struct intake *intake;
	struct outbox *outbox;
	struct webhooks *webhooks;
	struct media_fetcher *fetcher;
	struct pool *contact_pool;
	struct contact_work *contact_work;
	struct router *router;
	struct api_counts *counts;
	struct live *live;
	struct live_outlets *outlets;
	struct live_stream *stream;
	struct live_app_mark apps_known;
	struct http_server *http;
	struct route routes[ROUTES_MAX];
	char url[128];
	int64_t started_ms;
	bool stopping, joined;
};

static struct server *the_server; /* of the hooks, which take no argument of ours */

/* ---- hooks: how a lower module reaches a higher one ---- */

static void wake_outbox(id64 channel)
{
	(void)channel;
	outbox_wake(the_server->outbox);
}

static void wake_contact_work(void)
{
	contact_work_wake(the_server->contact_work);
}

static void tell_contact_work(struct job *job, enum contact_work_kind kind, id64 id)
{
	api_tell_contact_work(job, kind == WORK_IMPORT, id);
}

static void wake_media(void)
{
	media_fetcher_wake(the_server->fetcher);
}

static void wake_router(id64 workspace)
{
	router_wake(the_server->router, workspace);
}

static void note_occupied(str app_key, str channel, bool occupied)
{
	router_occupied(the_server->router, app_key, channel, occupied);
}

/* Nobody listens: nothing is made. */
static void tell(struct job *job, const struct inbox_changes *changes)
{
	if (webhook_take_pending())
		webhooks_wake(the_server->webhooks);
	router_changed(the_server->router, changes);
	if (live_stream_is_heard(the_server->stream)) {
		api_tell(job, changes);
		api_counts_mark(the_server->counts, changes);
	}
	notices_hear(job, changes);
}

static void tell_channel(struct job *job, id64 channel)
{
	route_health_touch();
	api_tell_channel(job, channel);
}

static void publish(str app_key, str channel, str event, str data)
{
	const struct live_entry *entry = live_catalogue_find(event);

	if (!entry)
		log_error("the event " STR_F " is not in the catalogue", STR_A(event));
	live_stream_tell(the_server->stream,
		&(struct live_told){ app_key, channel, event, data, entry ? entry->version : 1 });
}

/* What somebody might have heard before, they may not hear later. */
static void reset_live(str app_key)
{
	live_stream_forget(the_server->stream, app_key);
	live_app_reconnect(the_server->live, app_key);
	(void)live_outlets_tell_all(the_server->outlets, app_key, S(LIVE_RESET_EVENT));
}

static void close_member(str app_key, str channel, str user_id)
{
	live_close_member(the_server->live, app_key, channel, user_id);
}

static void claim_socket(str app_key, str socket_id, id64 owner)
{
	live_claim(the_server->live, app_key, socket_id, owner);
}

/* Owners of live sockets, on their way to the store and back. */
struct listeners { size_t count; id64 owners[]; };

static enum err check_listeners(struct job *job, void *arg)
{
	struct listeners *listeners = arg;
	id64 *there = ARENA_ARRAY(job->arena, id64, listeners->count);
	id64 *gone = ARENA_ARRAY(job->arena, id64, listeners->count);
	size_t gone_count = 0;
	enum err e;

	memcpy(there, listeners->owners, listeners->count * sizeof *there);
	e = session_still_there(job, there, listeners->count);
	for (size_t i = 0; e == OK && i < listeners->count; i++)
		if (!there[i])
			gone[gone_count++] = listeners->owners[i];
	if (gone_count)
		live_close_owners(the_server->live, gone, gone_count);
	heap_free(listeners);
	return e;
}

/* A full queue drops it: the next one comes soon. */
static void on_listeners(struct live *live, const id64 *owners, size_t count)
{
	struct listeners *listeners = heap_alloc(sizeof *listeners + count * sizeof *owners);

	(void)live;
	listeners->count = count;
	memcpy(listeners->owners, owners, count * sizeof *owners);
	if (!pool_post(the_server->background,
		    (struct task){ "listeners", check_listeners, heap_free, listeners }))
		heap_free(listeners);
}

static void listeners_changed(void)
{
	live_check_owners(the_server->live);
}

/* Read marks and typing are shown if they can be; a full queue drops them. */
struct receipt { id64 workspace, channel; bool typing; size_t len; char remote_id[]; };

static enum err run_receipt(struct job *job, void *arg)
{
	const struct receipt *r = arg;
	str remote_id = arena_str(job->arena, (str){ r->remote_id, r->len });
	bool typing = r->typing;
	id64 id = r->channel;
	struct maintenance maintenance;
	struct channel *ch;

	job->workspace = r->workspace;
	heap_free(arg);
	TRY(maintenance_get(job, &maintenance));
	if (maintenance.is_on)
		return OK;
	TRY(channel_get(job, id, &ch));
	return provider_mark_read(job, ch, remote_id, typing);
}

static void show_receipt(const struct api_receipt *receipt)
{
	struct receipt *r = heap_alloc(sizeof *r + receipt->remote_id.len);

	*r = (struct receipt){ receipt->workspace, receipt->channel, receipt->typing,
		receipt->remote_id.len };
	memcpy(r->remote_id, receipt->remote_id.ptr, receipt->remote_id.len);
	if (!pool_post(the_server->callers, (struct task){ "receipt", run_receipt, heap_free, r }))
		heap_free(r);
}

/* The same of what was done to a chat. */
static enum err run_word(struct job *job, void *arg)
{
	const struct chat_word word = *(const struct chat_word *)arg;
	struct maintenance maintenance;

	job->workspace = word.workspace;
	heap_free(arg);
	TRY(maintenance_get(job, &maintenance));
	return maintenance.is_on ? OK : chat_tell(job, &word);
}

static void show_word(const struct chat_word *word)
{
	struct chat_word *copy = HEAP_NEW(struct chat_word);

	*copy = *word;
	if (!pool_post(the_server->callers, (struct task){ "chat", run_word, heap_free, copy }))
		heap_free(copy);
}

static void wake_webhooks(void)
{
	webhooks_wake(the_server->webhooks);
}

static void wake_processor(void)
{
	processor_wake(the_server->processor);
}

static void collect_figures(struct api_figures *out)
{
	struct server *s = the_server;
	struct intake_figures intake;
	struct processor_figures processor;
	struct outbox_figures outbox;
	struct webhooks_figures webhooks;
	struct live_figures live;

	webhooks_figures(s->webhooks, &webhooks);
	intake_figures(s->intake, &intake);
	processor_figures(s->processor, &processor);
	outbox_figures(s->outbox, &outbox);
	live_figures(s->live, &live);
	*out = (struct api_figures){
		.started_ms = s->started_ms,
		.stopping = s->stopping,
		.intake_accepted = intake.accepted,
		.intake_repeated = intake.repeated,
		.intake_refused = intake.refused,
		.intake_failed = intake.failed,
		.intake_waiting = intake.waiting,
		.intake_failed_ms = intake.failed_ms,
		.events_applied = processor.applied,
		.events_failed = processor.failed,
		.events_kept = processor.kept,
		.processor_lag_ms = processor.lag_ms,
		.sent = outbox.sent,
		.send_failed = outbox.failed,
		.send_retried = outbox.retried,
		.send_unconfirmed = outbox.unconfirmed,
		.send_moved = outbox.moved,
		.send_moved_sent = outbox.moved_sent,
		.send_moved_failed = outbox.moved_failed,
		.sends_in_flight = outbox.in_flight,
		.live_connections = live.connections,
		.live_channels = live.channels,
		.live_published = live.published,
		.live_delivered = live.delivered,
		.live_dropped = live.dropped,
		.webhooks_delivered = webhooks.delivered,
		.webhooks_failed = webhooks.failed,
		.webhooks_dead = webhooks.dead,
		.http_connections = http_server_connections(s->http),
		.request_queue = pool_depth(s->requests),
		.call_queue = pool_depth(s->callers),
	};
}

/* ---- opening ---- */

enum err server_make_folder(const char *path, str *why)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return OK;
	*why = S("the data folder cannot be made; check PARLEY_DATA and its permissions");
	return ERR_STORE;
}

enum err server_open_store(struct arena *arena, const struct settings *settings, struct store **out,
	str *why)
{
	const struct store_config config = {
		.url = settings->database_url,
		.backup_folder = arena_printf(arena, "%s/backups", settings->data).ptr,
		.connections = (size_t)settings->store_connections,
		.cache_bytes = (size_t)settings->store_cache_kib << 10,
	};

	TRY(server_make_folder(settings->data, why));
	TRY(server_make_folder(config.backup_folder, why));
	TRY(keyring_open(arena, settings->master_key_file, why));
	api_set_server_admins(settings->server_admins);
	channel_set_defaults(settings->pace_per_second, settings->pair_interval_ms,
		settings->pair_burst);
	limit_set_hold_hours(settings->marketing_hold_hours);
	TRY(pace_choose_default(str_of(settings->linked_pace), !settings->linked_url[0], why));
	pace_choose_quiet(settings->linked_quiet_min_s * 1000, settings->linked_quiet_max_s * 1000);
	TRY(price_load(arena, settings->prices_file, why));
	channel_set_base_url("cloud", settings->graph_url, settings->allow_private_calls);
	channel_set_base_url("msg91", settings->msg91_url, settings->allow_private_calls);
	if (settings->linked_url[0])
		channel_set_base_url("linked", settings->linked_url, settings->allow_private_calls);
	channel_set_allow_private(settings->allow_private_calls);
	live_app_set_defaults(&settings->live);
	webhook_set_addresses(settings->allow_private_calls, settings->webhook_ports);
	return store_open(arena, &config, out, why);
}

static void read_hooks(const struct live_app *app, struct live_hook_config *out)
{
	for (size_t i = 0; i < app->hook_count && i < LIVE_APP_HOOKS_MAX; i++) {
		const struct live_app_hook *hook = &app->hooks[i];

		out[i] = (struct live_hook_config){ hook->url, hook->prefix, hook->suffix, 0 };
		for (size_t e = 0; e < hook->event_count; e++)
			out[i].kinds |= live_news_bit(hook->events[e]);
	}
}

static void give_app(const struct live_app *app)
{
	struct live_hook_config hooks[LIVE_APP_HOOKS_MAX];
	char id[24];

	read_hooks(app, hooks);
	snprintf(id, sizeof id, "%lld", (long long)app->id);
	if (app->is_gone)
		live_app_forget(the_server->live, app->key);
	else
		live_app_set(the_server->live,
			&(struct live_app_config){ .id = str_of(id),
				.key = app->key,
				.secret = app->secret,
				.limits = app->limits,
				.is_disabled = app->is_disabled,
				.hooks = hooks,
				.hook_count = app->hook_count });
}

/* All that changed since the last time. */
enum err server_load_apps(struct job *job, struct server *s)
{
	struct live_app *apps = ARENA_ARRAY(job->arena, struct live_app, APPS_PER_ROUND);
	size_t count = APPS_PER_ROUND;

	while (count == APPS_PER_ROUND) {
		TRY(live_app_changed(job, &s->apps_known, apps, APPS_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++)
			give_app(&apps[i]);
		if (count)
			s->apps_known = (struct live_app_mark){ apps[count - 1].updated_ms,
				apps[count - 1].id };
	}
	return OK;
}

/* The workspaces whose events go by an outside server. */
static enum err load_outlets(struct job *job, struct server *s)
{
	struct realtime *outside = ARENA_ARRAY(job->arena, struct realtime, APPS_PER_ROUND);
	size_t count = APPS_PER_ROUND;
	struct live_app app;

	for (id64 after = 0; count == APPS_PER_ROUND;
		after = outside[APPS_PER_ROUND - 1].workspace) {
		TRY(realtime_list(job, after, outside, APPS_PER_ROUND, &count));
		for (size_t i = 0; i < count; i++) {
			job->workspace = outside[i].workspace;
			TRY(live_app_get(job, &app));
			live_outlets_set(s->outlets, app.key, &outside[i]);
		}
	}
	job->workspace = 0;
	return OK;
}

static enum err load_all(struct job *job, struct server *s)
{
	TRY(keyring_load(job));
	TRY(server_load_apps(job, s));
	TRY(intake_keys_load(job));
	return webhooks_load(job);
}

static enum err load(struct server *s, enum err (*what)(struct job *job, struct server *s),
	str *why)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct job job;
	enum err e;

	job_init(&job, "start", arena, s->store);
	e = what(&job, s);
	*why = arena_str(s->arena, job.why);
	job_finish(&job, e);
	arena_destroy(arena);
	return e;
}

/* ---- starting ---- */

static void make_workers(struct server *s)
{
	const struct settings *set = s->settings;

	s->requests = pool_create("request", (size_t)set->request_workers,
		(size_t)set->request_queue, s->store);
	s->callers = pool_create("call", (size_t)set->call_workers, LANES_QUEUE, s->store);
	s->spare = pool_create("spare call", SPARE_WORKERS, LANES_QUEUE, s->store);
	live_set_callers(s->live, s->callers, set->allow_private_calls);
	s->background = pool_create("timer", TIMER_WORKERS, TIMER_QUEUE, s->store);
	s->timers = timers_create(s->background);
	s->counts = api_counts_create(s->background, s->timers);
}

/* Another node has changed the driver of a workspace. */
static enum err take_driver(struct job *job, void *arg)
{
	struct realtime r;
	struct live_app app;

	job->workspace = *(id64 *)arg;
	heap_free(arg);
	TRY(live_app_get(job, &app));
	TRY(realtime_get(job, &r));
	live_outlets_set(the_server->outlets, app.key, &r);
	return OK;
}

static void reload_driver(id64 workspace)
{
	id64 *arg = HEAP_NEW(id64);

	*arg = workspace;
	if (!pool_post(the_server->background,
		    (struct task){ "driver", take_driver, heap_free, arg }))
		heap_free(arg);
}

static void driver_changed(id64 workspace)
{
	live_nodes_reload(the_server->live, workspace);
}

/* Behind the workers, whom outside servers are called by. */
static void make_stream(struct server *s)
{
	s->outlets = live_outlets_create(&(struct live_outlets_config){ .callers = s->callers,
		.timers = s->timers,
		.allow_private = s->settings->allow_private_calls,
		.occupied = note_occupied });
	s->stream = live_stream_create(s->live, s->outlets);
	api_live = (struct api_live){ s->stream, s->outlets, driver_changed,
		s->settings->allow_private_calls };
}

/* Behind the stream. */
static enum err join_nodes(struct server *s, str *why)
{
	return s->settings->redis_url[0]
		       ? live_nodes_start(s->live,
				 &(struct live_nodes_config){ s->stream, s->settings->redis_url,
					 reload_driver },
				 why)
		       : OK;
}

/* What another process changed. */
static enum err reload_apps(struct job *job, void *arg)
{
	return server_load_apps(job, arg);
}

static void make_jobs(struct server *s)
{
	timer_every(s->timers, APPS_RELOAD_MS, (struct task){ "live apps", reload_apps, NULL, s });
	/* Before the processor, whose first events may bring files. */
	s->fetcher = media_fetcher_create(s->store, s->callers, s->timers);
	s->contact_pool = pool_create("contact", 1, LANES_QUEUE, s->store);
	s->contact_work = contact_work_create(s->store, s->contact_pool, s->timers);
	contact_work_hook = wake_contact_work;
	contact_work_told = tell_contact_work;
	s->webhooks = webhooks_create(&(struct webhooks_config){ .store = s->store,
		.workers = (size_t)s->settings->webhook_workers,
		.retry_unit_ms = s->settings->webhook_retry_unit_ms,
		.patience_ms = WEBHOOK_PATIENCE_UNITS * s->settings->webhook_retry_unit_ms,
		.compose = api_webhook_body,
		.compose_cloud = api_webhook_cloud_body,
		.changed = api_tell_webhook });
	notices_start(&(struct notices_parts){ s->settings, s->store, s->callers, s->timers,
		s->live, s->outlets, s->url });
	s->router = router_create(s->store);
	routing_wake_hook = wake_router;
	live_occupied_hook = note_occupied;
	s->processor = processor_create(s->store);
	s->intake = intake_create(s->store, s->processor);
	s->outbox = outbox_create(&(struct outbox_config){
		.store = s->store, .callers = s->callers, .spare = s->spare,
		.unconfirmed_wait_ms = s->settings->unconfirmed_wait_seconds * 1000 });
	/* It sends, so the outbox is there first. */
	router_start(s->router, s->timers);
	sla_start(s->timers);
	schedule_start(s->timers);
	snooze_start(s->timers);
	templates_start(s->timers, s->callers, TEMPLATES_EVERY_MS);
	numbers_start(s->timers, s->callers);
	route_watch_start(s->timers, s->callers, s->settings->health_check_seconds * 1000);
	retention_start(s->timers,
		&(struct retention_config){
			.raw_event_ms = s->settings->event_retention_days * 86400000LL,
			.webhook_event_ms = s->settings->webhook_retention_days * 86400000LL });
}

static void set_hooks(struct server *s)
{
	the_server = s;
	inbox_changed_hook = tell;
	channel_changed_hook = tell_channel;
	route_changed_hook = api_tell_route;
	template_changed_hook = api_tell_template;
	routing_agent_hook = api_tell_agent;
	routing_team_hook = api_tell_team;
	processor_failed_hook = api_tell_failed_event;
	inbox_outbox_hook = wake_outbox;
	provider_loopback = intake_loopback;
	api_publish = publish;
	live_app_hook = give_app;
	api_live_reset = reset_live;
	api_live_claim = claim_socket;
	api_live_close_member = close_member;
	api_listeners_hook = listeners_changed;
	api_receipt_hook = show_receipt;
	inbox_word_hook = show_word;
	inbox_media_hook = wake_media;
	api_events_hook = wake_processor;
	api_webhooks_hook = wake_webhooks;
	api_figures_hook = collect_figures;
	api_data_folder = s->settings->data;
}

/* The API's routes, and those whose handlers api/ may not know. */
static size_t make_routes(struct server *s)
{
	static const struct route ours[] = {
		{ .method = HTTP_GET,
			.pattern = "/webhooks/cloud/{channel}",
			.flags = ROUTE_ON_LOOP,
			.loop_handler = intake_handshake },
		{ .method = HTTP_POST,
			.pattern = "/webhooks/cloud/{channel}",
			.flags = ROUTE_ON_LOOP,
			.loop_handler = intake_receive },
		{ .method = HTTP_POST,
			.pattern = "/webhooks/http/{channel}",
			.flags = ROUTE_ON_LOOP,
			.loop_handler = intake_receive },
		{ .method = HTTP_POST,
			.pattern = "/webhooks/msg91/{channel}",
			.flags = ROUTE_ON_LOOP,
			.loop_handler = intake_receive },
		{ .method = HTTP_POST,
			.pattern = "/webhooks/msg91/{channel}/{secret}",
			.flags = ROUTE_ON_LOOP,
			.loop_handler = intake_receive },
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		s->routes[count++] = ours[i];
	for (size_t i = 0; i < live_route_count; i++)
		s->routes[count++] = live_routes[i];
	for (size_t i = 0; i < api_route_count && count < ROUTES_MAX; i++)
		s->routes[count++] = api_routes[i];
	return count;
}

static const char *none_if_empty(const char *text)
{
	return text && text[0] ? text : NULL;
}

static void make_url(struct server *s)
{
	const char *scheme = none_if_empty(s->settings->tls_certificate) ? "https" : "http";
	const char *colon = strrchr(s->settings->listen, ':');
	int host = colon ? (int)(colon - s->settings->listen) : 9;

	if (none_if_empty(s->settings->public_url))
		snprintf(s->url, sizeof s->url, "%s", s->settings->public_url);
	else
		snprintf(s->url, sizeof s->url, "%s://%.*s:%d", scheme, host,
			colon ? s->settings->listen : "127.0.0.1", http_server_port(s->http));
	channel_set_public_url(s->url);
}

static enum err make_http(struct server *s, str *why)
{
	const struct http_config config = {
		.routes = s->routes, .route_count = make_routes(s), .workers = s->requests,
		.slow_workers = s->callers,
		.serve = api_serve, .refuse = api_refuse,
		.temporary_folder = arena_printf(s->arena, "%s/tmp", s->settings->data).ptr,
		.trusted_proxy = none_if_empty(s->settings->trusted_proxy),
		.tls_certificate = none_if_empty(s->settings->tls_certificate),
		.tls_key = none_if_empty(s->settings->tls_key),
	};

	TRY(server_make_folder(config.temporary_folder, why));
	TRY(http_server_create(s->loop, s->settings->listen, &config, &s->http, why));
	make_url(s);
	return OK;
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* ---- stopping ---- */

static void live_is_empty(void *arg)
{
	struct server *s = arg;

	loop_stop(s->loop);
}

static void http_is_empty(void *arg)
{
	struct server *s = arg;

	live_drain(s->live, live_is_empty, s);
}

static void on_stop_signal(void *arg)
{
	struct server *s = arg;

	if (s->stopping)
		return;
	s->stopping = true;
	sd_notify(0, "STOPPING=1");
	log_info("stopping: finishing what is under way");
	http_server_drain(s->http, clock_now_ms() + s->settings->stop_wait_seconds * 1000,
		http_is_empty, s);
}

static void on_reload_signal(void *arg)
{
	struct server *s = arg;

	if (http_server_reload_tls(s->http) == OK)
		log_info("certificate and key were read again");
	else
		log_error("certificate and key could not be read again: the old ones stay");
}

/* ---- the life ---- */

static enum err start_parts(struct server *s, str *why)
{
	const char *media = arena_printf(s->arena, "%s/media", s->settings->data).ptr;

	if (!phone_set_home(str_of(s->settings->home_region))) {
		*why = S("home_region is not a country; give its two letters, e.g. ID");
		return ERR_INPUT;
	}

	TRY(server_open_store(s->arena, s->settings, &s->store, why));
	TRY(media_open_folder(s->arena, media, why));
	s->loop = loop_create();
	s->live = live_create(s->loop);
	live_set_routes_hub(s->live);
	live_watch_owners(s->live, LISTENERS_CHECK_MS, on_listeners);
	set_hooks(s);
	TRY(load(s, load_all, why));
	make_workers(s);
	make_stream(s);
	TRY(join_nodes(s, why));
	/* Before the jobs: a file or a message that waits may be of a linked number. */
	TRY(linked_numbers_create(&(struct linked_numbers_parts){ s->settings, s->store, s->loop,
					  s->timers },
		why));
	make_jobs(s);
	TRY(make_http(s, why));
	TRY(load(s, load_outlets, why));
	loop_on_signal(s->loop, SIGTERM, on_stop_signal, s);
	loop_on_signal(s->loop, SIGINT, on_stop_signal, s);
	loop_on_signal(s->loop, SIGHUP, on_reload_signal, s);
	return OK;
}

enum err server_start(struct arena *arena, const struct settings *settings, struct server **out,
	str *why)
{
	struct server *s = HEAP_NEW(struct server);

	*out = s;
	s->arena = arena;
	s->settings = settings;
	s->started_ms = clock_now_ms();
	raise_descriptor_limit();
	TRY(start_parts(s, why));
	log_info("ready at %s after %lld ms", s->url, (long long)(clock_now_ms() - s->started_ms));
	sd_notify(0, "READY=1");
	return OK;
}

void server_run(struct server *s)
{
	if (!pool_post(s->background,
		    (struct task){ "linked start", linked_numbers_start, NULL, NULL }))
		log_error("linked numbers could not be started");
	loop_run(s->loop);
}

void server_join(struct server *s)
{
	if (!s || s->joined)
		return;
	s->joined = true;
	notices_stop();
	live_occupied_hook = NULL;
	live_outlets_stop(s->outlets);
	timers_stop(s->timers);
	/* A request that outlived the stop's patience still wakes and asks all that follow. */
	pool_destroy(s->requests);
	router_stop(s->router);
	linked_stop_all();
	intake_destroy(s->intake);
	processor_destroy(s->processor);
	outbox_destroy(s->outbox);
	webhooks_destroy(s->webhooks);
	media_fetcher_destroy(s->fetcher);
	contact_work_destroy(s->contact_work);
	pool_destroy(s->contact_pool);
	pool_destroy(s->callers);
	pool_destroy(s->spare);
	api_counts_stop(s->counts);
	live_nodes_stop(s->live);
	pool_destroy(s->background);
	timers_destroy(s->timers); /* lanes of the pools set timers to the last */
	router_destroy(s->router);
	api_counts_destroy(s->counts);
}

void server_end(struct server *s)
{
	if (!s)
		return;
	server_join(s);
	http_server_destroy(s->http);
	loop_finish(s->loop);
	notices_end();
	live_stream_destroy(s->stream);
	live_outlets_destroy(s->outlets);
	live_destroy(s->live);
	loop_destroy(s->loop);
	linked_destroy();
	store_close(s->store);
	intake_keys_close();
	webhooks_close();
	keyring_close();
	heap_free(s);
}

struct loop *server_loop(struct server *s)
{
	return s->loop;
}

struct pool *server_callers(struct server *s)
{
	return s->callers;
}

const char *server_url(const struct server *s)
{
	return s->url;
}
