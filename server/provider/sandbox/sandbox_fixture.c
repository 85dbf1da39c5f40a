/* sandbox_fixture.c: see sandbox_fixture.h. */
#include "provider/sandbox/sandbox_fixture.h"

#include "base/clock.h"
#include "crypto/crypto.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#define WAIT_US 5000000
#define KEPT_MAX 4096

static struct fixture *the_fixture;
static struct loop *loop;
static struct pool *workers;
static struct http_server *receiver;
static pthread_t thread;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *bodies[KEPT_MAX];      /* of verified webhooks */
static size_t body_count;
static struct channel receiver_channel; /* whose webhooks it takes; under the lock */
static char rule[256];
static _Atomic size_t refused, received;
static _Atomic int answer_status = 200;

/* ---- jobs ---- */

struct held_job {
	struct held_job *next;
	struct job job;
};

/* with arenas of their own: a test's arena goes before they are released */
static struct held_job *jobs;

static void release_jobs(void)
{
	while (jobs) {
		struct held_job *held = jobs;
		struct arena *arena = held->job.arena;

		jobs = held->next;
		job_release(&held->job);
		arena_destroy(arena);
		heap_free(held);
	}
}

struct job *fixture_job(void)
{
	struct held_job *held = HEAP_NEW(struct held_job);

	job_init(&held->job, "test", arena_create(ARENA_LIMIT_DEFAULT), NULL);
	held->next = jobs;
	jobs = held;
	return &held->job;
}

/* ---- the receiver, on the loop ---- */

static bool is_genuine(const struct request *req)
{
	struct webhook_keys keys;
	bool good;

	pthread_mutex_lock(&lock);
	keys = (struct webhook_keys){ .app_secret = receiver_channel.app_secret,
		.rule = str_of(rule) };
	good = receiver_channel.provider->verify(&keys, req);
	pthread_mutex_unlock(&lock);
	return good;
}

static void on_webhook(const struct request *req, struct exchange *ex)
{
	int status = atomic_load(&answer_status);

	if (!is_genuine(req)) {
		atomic_fetch_add(&refused, 1);
		exchange_answer(ex, 401, S("text/plain"), S("bad signature"));
		return;
	}
	if (status == 200) {
		pthread_mutex_lock(&lock);
		if (body_count < KEPT_MAX) {
			bodies[body_count] = heap_alloc(req->body.len + 1);
			memcpy(bodies[body_count++], req->body.ptr, req->body.len);
		}
		pthread_mutex_unlock(&lock);
		atomic_fetch_add(&received, 1);
	}
	exchange_answer(ex, status, S("text/plain"), S("ok"));
}

static void on_handshake(const struct request *req, struct exchange *ex)
{
	str answer;

	if (cloud_provider.handshake(the_fixture->channel.verify_token, exchange_arena(ex), req,
		    &answer))
		exchange_answer(ex, 200, S("text/plain"), answer);
	else
		exchange_answer(ex, 403, S("text/plain"), S("no"));
}

static const struct route receiver_routes[] = {
	{ .method = HTTP_POST,
		.pattern = "/webhook",
		.loop_handler = on_webhook,
		.flags = ROUTE_ON_LOOP },
	{ .method = HTTP_POST,
		.pattern = "/webhook/{channel}/{secret}",
		.loop_handler = on_webhook,
		.flags = ROUTE_ON_LOOP },
	{ .method = HTTP_GET,
		.pattern = "/webhook",
		.loop_handler = on_handshake,
		.flags = ROUTE_ON_LOOP },
};

static void serve(struct job *job, const struct request *req, struct response *res)
{
	(void)job;
	(void)req;
	(void)res;
}

static void refuse(struct arena *arena, int status, const char *detail, struct response *res)
{
	(void)arena;
	(void)status;
	buf_str(&res->body, str_of(detail));
}

/* ---- start and stop ---- */

static void *run_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static char webhook_url[64], base_url[64], graph_url[64];

static void start(void)
{
	struct sandbox_config config = sandbox_defaults();
	struct fixture *f = HEAP_NEW(struct fixture);
	str why = S("");

	crypto_init();
	http_client_init();
	loop = loop_create();
	workers = pool_create("fixture", 8, 1024, NULL);
	EXPECT_OK(http_server_create(loop, "127.0.0.1:0",
		&(struct http_config){ .routes = receiver_routes,
			.route_count = COUNT_OF(receiver_routes),
			.workers = workers,
			.serve = serve,
			.refuse = refuse,
			.temporary_folder = "/tmp" },
		&receiver, &why));
	snprintf(webhook_url, sizeof webhook_url, "http://127.0.0.1:%d/webhook",
		http_server_port(receiver));
	config.webhook_url = str_of(webhook_url);
	EXPECT_OK(sandbox_start(loop, workers, &config, &f->sandbox, &why));
	f->port = sandbox_port(f->sandbox);
	snprintf(base_url, sizeof base_url, "http://127.0.0.1:%d", f->port);
	snprintf(graph_url, sizeof graph_url, "http://127.0.0.1:%d/v24.0", f->port);
	f->url = str_of(base_url);
	f->channel = (struct channel){
		.id = 1,
		.provider = &cloud_provider,
		.phone = config.phone,
		.remote_id = config.phone_number_id,
		.account_id = config.account_id,
		.access_token = config.token,
		.app_secret = config.app_secret,
		.verify_token = config.verify_token,
		.base_url = str_of(graph_url),
		.allow_private = true,
	};
	the_fixture = f;
	pthread_create(&thread, NULL, run_loop, loop);
}

void fixture_stop(void)
{
	if (!the_fixture)
		return;
	release_jobs();
	loop_stop(loop);
	pthread_join(thread, NULL);
	pool_destroy(workers);
	sandbox_stop(the_fixture->sandbox);
	http_server_destroy(receiver);
	loop_destroy(loop);
	heap_free(the_fixture);
	the_fixture = NULL;
}

static void forget_webhooks(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < body_count; i++)
		heap_free(bodies[i]);
	body_count = 0;
	pthread_mutex_unlock(&lock);
	atomic_store(&refused, 0);
	atomic_store(&received, 0);
	atomic_store(&answer_status, 200);
}

struct fixture *fixture(void)
{
	if (!the_fixture)
		start();
	release_jobs();
	fixture_control(S("/control/reset"), S(""));
	fixture_control(S("/control/settings"),
		S("{\"enforce_window\":true,\"window_in_status\":false,\"webhooks_paused\":false,"
		  "\"pace_per_second\":0,"
		  "\"pair_interval_ms\":0,\"sent_ms\":5,\"delivered_ms\":5,\"read_ms\":-1,\"retry_"
		  "first_ms\":20,\"retry_max_ms\":100}"));
	fixture_control(S("/control/settings"),
		arena_printf(test_arena(), "{\"webhook_url\":\"%s\",\"msg91_webhook_url\":\"\"}",
			webhook_url));
	forget_webhooks();
	fixture_as(&the_fixture->channel);
	return the_fixture;
}

str fixture_url(void)
{
	return str_of(base_url);
}

str fixture_webhook(void)
{
	return str_of(webhook_url);
}

void fixture_as(const struct channel *ch)
{
	str made = ch->provider->webhook_rule ? ch->provider->webhook_rule(fixture_job(), ch)
	                                      : S("");

	pthread_mutex_lock(&lock);
	receiver_channel = *ch;
	/* the job's arena ends before the loop does */
	snprintf(rule, sizeof rule, STR_F, STR_A(made));
	pthread_mutex_unlock(&lock);
}

/* ---- calls ---- */

int fixture_call_as(str token, enum http_method method, str path, str body, json *answer)
{
	struct job *job = fixture_job();
	struct header headers[2] = { { S("Content-Type"), S("application/json") },
		{ S("Authorization"), arena_printf(test_arena(), "Bearer " STR_F, STR_A(token)) } };
	struct http_reply reply = { 0 };
	json ignored;

	EXPECT_OK(http_call(job,
		&(struct http_call){ .method = method,
			.url = arena_printf(test_arena(), "%s" STR_F, base_url, STR_A(path)),
			.headers = headers,
			.header_count = token.ptr ? 2 : 1,
			.body = bytes_of(body),
			.allow_private = true },
		&reply));
	if (!answer)
		answer = &ignored;
	if (json_read(test_arena(), str_from(reply.body), answer, NULL) != OK)
		*answer = NULL;
	return reply.status;
}

int fixture_call(enum http_method method, str path, str body, json *answer)
{
	return fixture_call_as(STR_NONE, method, path, body, answer);
}

json fixture_control(str path, str body)
{
	json answer;
	int status = fixture_call(HTTP_POST, path, body, &answer);

	if (status >= 300)
		test_fail(__FILE__, __LINE__, "control " STR_F " answers %d", STR_A(path), status);
	return answer;
}

str fixture_open_window(str phone)
{
	str path =
		arena_printf(test_arena(), "/control/customers/" STR_F "/messages", STR_A(phone));

	fixture_control(S("/control/customers"),
		arena_printf(test_arena(), "{\"phone\":\"" STR_F "\",\"name\":\"Ana\"}",
			STR_A(phone)));
	return json_text_at(fixture_control(path,
				    S("{\"type\":\"text\",\"text\":{\"body\":\"hello\"}}")),
		"id");
}

/* ---- waiting ---- */

bool fixture_until(bool (*condition)(void *arg), void *arg)
{
	int64_t end = clock_monotonic_us() + WAIT_US;

	while (clock_monotonic_us() < end) {
		if (condition(arg))
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return condition(arg);
}

struct wanted {
	enum event_kind kind;
	size_t index;
	const struct provider_event *found;
};

/* Reads all that came anew each time: few bodies, and no state to get wrong. */
static bool look(void *arg)
{
	struct wanted *wanted = arg;
	size_t seen = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < body_count && !wanted->found; i++) {
		struct provider_events events;

		if (receiver_channel.provider->parse(fixture_job(), &receiver_channel,
			    arena_str(test_arena(), str_of(bodies[i])), &events) != OK)
			continue;
		for (size_t j = 0; j < events.count; j++)
			if (events.items[j].kind == wanted->kind && seen++ == wanted->index)
				wanted->found = &events.items[j];
	}
	pthread_mutex_unlock(&lock);
	return wanted->found != NULL;
}

const struct provider_event *fixture_wait(enum event_kind kind, size_t index)
{
	struct wanted wanted = { .kind = kind, .index = index };

	if (!fixture_until(look, &wanted))
		test_fail(__FILE__, __LINE__, "no event %s number %zu came", event_kind_name(kind),
			index);
	return wanted.found;
}

size_t fixture_refused(void)
{
	return atomic_load(&refused);
}

size_t fixture_received(void)
{
	return atomic_load(&received);
}

void fixture_answer_with(int status)
{
	atomic_store(&answer_status, status);
}
