/*
 * webhook.c: what happened, to those outside who want to hear it; and when.
 *
 * account/webhook.c wrote the events and their deliveries in the transactions of the changes. One
 * thread here makes the bodies, sealed beside the event, writes what came of finished calls, and
 * hands out what is due: of each webhook the first that waits in each lane, so one that fails holds
 * back its own conversation's later ones and nobody else's. Nothing is written when a call starts:
 * what was under way at a crash is still waiting, and goes again under the same id.
 */
#include "jobs/webhook_internal.h"

#include "account/seal.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/store.h"

#include <stdlib.h>
#include <time.h>

enum {
	IDLE_WAIT_MS = 500,
	STORE_AWAY_WAIT_MS = 500,
	STOP_TRIES = 10,
	QUEUE_MAX = 2 * WEBHOOK_IN_FLIGHT_MAX,
	COMPOSE_MAX = 64,
	DUE_MAX = 1000,
	LINES_MAX = 1024,
	FAILURES_BEFORE_REST = 5,
	REST_UNITS = 5,
	REST_UNITS_MAX = 300,
	SUCCESS_NOTE_MS = 60000,
	TELL_MS = 1000
};

/* After an attempt, in units of a second: Standard Webhooks' example schedule. */
static const int64_t schedule[WEBHOOK_ATTEMPTS_MAX] = { 0, 5, 300, 1800, 7200, 18000, 36000, 50400,
	72000, 86400 };

/* What is known of one webhook; forgetting it costs nothing but a note too many. */
struct line {
	id64 webhook, workspace;
	size_t in_flight;
	int64_t failures, rest_until_ms; /* in a row */
	int64_t success_ms, told_ms;
	bool is_sound, to_tell;          /* is_sound: the row says so, too */
};

struct webhooks {
	struct webhooks_config config;
	struct pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct webhook_result *results; /* finished, not yet written */
	struct webhooks_figures shown;
	size_t calls;
	bool woken, stopping;

	/* The thread's own: */
	struct line lines[LINES_MAX];
	struct { id64 webhook, event; } in_flight[WEBHOOK_IN_FLIGHT_MAX];
	struct webhooks_figures figures;
	int64_t wait_ms;
	bool reload; /* a webhook was disabled: the table in memory is old */
};

static void wait_at_most(struct webhooks *w, int64_t ms)
{
	if (ms < w->wait_ms)
		w->wait_ms = ms > 0 ? ms : 1;
}

static bool is_stopping(struct webhooks *w)
{
	bool stopping;

	pthread_mutex_lock(&w->lock);
	stopping = w->stopping;
	pthread_mutex_unlock(&w->lock);
	return stopping;
}

/* The line of a webhook; a new one takes the place of one that has nothing to remember. */
static struct line *line_of(struct webhooks *w, id64 webhook)
{
	struct line *free_one = &w->lines[0];

	for (size_t i = 0; i < LINES_MAX; i++) {
		struct line *l = &w->lines[i];

		if (l->webhook == webhook)
			return l;
		if (!l->in_flight &&
			(free_one->in_flight || l->rest_until_ms < free_one->rest_until_ms))
			free_one = l;
	}
	*free_one = (struct line){ .webhook = webhook };
	return free_one;
}

static int64_t jittered(int64_t ms)
{
	return ms - ms / 10 + random() % (ms / 5 + 1);
}

static void note_outcome(struct webhooks *w, struct line *line, bool delivered, int64_t now_ms)
{
	int64_t units = REST_UNITS;

	if (delivered) {
		line->failures = 0;
		line->rest_until_ms = 0;
		return;
	}
	if (++line->failures < FAILURES_BEFORE_REST)
		return;
	for (int64_t i = FAILURES_BEFORE_REST; i < line->failures && units < REST_UNITS_MAX; i++)
		units *= 2;
	if (units > REST_UNITS_MAX)
		units = REST_UNITS_MAX;
	line->rest_until_ms = now_ms + jittered(units * w->config.retry_unit_ms);
}

/* ---- bodies ---- */

static enum err compose_one(struct job *job, struct webhooks *w,
	const struct webhook_event_row *row, bytes *sealed)
{
	str body;

	job->workspace = row->workspace;
	TRY(w->config.compose(job, row, &body));
	return seal(job, SEAL_EVENT, body, sealed);
}

/* *more: there may be more of them. */
static enum err compose_new(struct job *job, struct webhooks *w, bool *more)
{
	struct webhook_event_rows rows;
	bytes sealed[COMPOSE_MAX];

	TRY(sql_webhook_event_unmade(job, &(struct sql_webhook_event_unmade){ COMPOSE_MAX },
		&rows));
	*more = rows.count == COMPOSE_MAX;
	if (!rows.count)
		return OK;
	for (size_t i = 0; i < rows.count; i++)
		TRY(compose_one(job, w, &rows.items[i], &sealed[i]));
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < rows.count; i++)
		TRY(sql_webhook_event_made(job,
			&(struct sql_webhook_event_made){ rows.items[i].id, sealed[i] }, NULL));
	return db_commit(job);
}

/* ---- what came of calls ---- */

static enum err write_attempt(struct job *job, const struct webhook_result *r)
{
	bytes response = BYTES_NONE;

	if (r->response.len)
		TRY(seal(job, SEAL_EVENT, buf_text(&r->response), &response));
	return sql_webhook_attempt_add(job,
		&(struct sql_webhook_attempt_add){ .id = job_id(job),
			.workspace = r->item.workspace,
			.webhook = r->item.webhook,
			.event = r->item.event,
			.number = r->item.attempts + 1,
			.started_ms = r->started_ms,
			.took_ms = r->took_ms,
			.status = r->status,
			.error = r->error[0] ? str_of(r->error) : STR_NONE,
			.response = response },
		NULL);
}

static enum err settle(struct job *job, const struct webhook_result *r, enum webhook_state state,
	int64_t next_ms)
{
	return sql_webhook_delivery_settle(job,
		&(struct sql_webhook_delivery_settle){ .webhook = r->item.webhook,
			.event = r->item.event,
			.state = state,
			.attempts = r->item.attempts + 1,
			.next_ms = next_ms,
			.status = r->status,
			.error = r->error[0] ? str_of(r->error) : STR_NONE,
			.done_ms = state == WEBHOOK_WAITING ? 0 : job->now_ms },
		NULL);
}

static enum err write_success(struct job *job, const struct webhook_result *r, struct line *line)
{
	if (!line->is_sound || job->now_ms - line->success_ms >= SUCCESS_NOTE_MS)
		TRY(sql_webhook_note_success(job,
			&(struct sql_webhook_note_success){ r->item.webhook, job->now_ms }, NULL));
	return settle(job, r, WEBHOOK_DELIVERED, job->now_ms);
}

static int64_t next_attempt(const struct webhooks *w, const struct webhook_result *r,
	int64_t attempts, int64_t now_ms)
{
	int64_t wait_ms = jittered(schedule[attempts] * w->config.retry_unit_ms);

	return now_ms + (wait_ms > r->retry_after_ms ? wait_ms : r->retry_after_ms);
}

/* It said that it is gone, or has failed for days. */
static enum err give_up_if_hopeless(struct job *job, struct webhooks *w,
	const struct webhook_result *r)
{
	struct webhook webhook;

	TRY(webhook_get(job, r->item.webhook, &webhook));
	if (webhook.disabled_ms)
		return OK;
	if (r->status == 410) {
		w->reload = true;
		return webhook_give_up(job, webhook.id, S("it answered 410 Gone."));
	}
	if (!webhook.failing_since_ms ||
		job->now_ms - webhook.failing_since_ms < w->config.patience_ms)
		return OK;
	w->reload = true;
	return webhook_give_up(job, webhook.id,
		S("nothing could be delivered for five days."));
}

static enum err write_failure(struct job *job, struct webhooks *w, const struct webhook_result *r)
{
	int64_t attempts = r->item.attempts + 1;

	TRY(sql_webhook_note_failure(job,
		&(struct sql_webhook_note_failure){ r->item.webhook, job->now_ms }, NULL));
	if (attempts >= WEBHOOK_ATTEMPTS_MAX)
		TRY(settle(job, r, WEBHOOK_DEAD, job->now_ms));
	else
		TRY(settle(job, r, WEBHOOK_WAITING, next_attempt(w, r, attempts, job->now_ms)));
	return give_up_if_hopeless(job, w, r);
}

static enum err write_result(struct job *job, struct webhooks *w, const struct webhook_result *r)
{
	job->workspace = r->item.workspace;
	if (r->is_gone)
		return OK;
	TRY(write_attempt(job, r));
	return r->error[0] ? write_failure(job, w, r)
	                   : write_success(job, r, line_of(w, r->item.webhook));
}

static enum err write_results(struct job *job, struct webhooks *w,
	const struct webhook_result *results)
{
	w->reload = false;
	if (!results)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	for (const struct webhook_result *r = results; r; r = r->next)
		TRY(write_result(job, w, r));
	return db_commit(job);
}

static void forget_in_flight(struct webhooks *w, const struct webhook_result *r)
{
	for (size_t i = 0; i < WEBHOOK_IN_FLIGHT_MAX; i++)
		if (w->in_flight[i].webhook == r->item.webhook &&
			w->in_flight[i].event == r->item.event)
			w->in_flight[i].webhook = w->in_flight[i].event = 0;
	w->figures.in_flight--;
}

/* Behind the commit: nothing of it may fail. */
static void after_commit(struct job *job, struct webhooks *w, const struct webhook_result *results)
{
	for (const struct webhook_result *r = results; r; r = r->next) {
		struct line *line = line_of(w, r->item.webhook);
		bool delivered = !r->error[0];

		forget_in_flight(w, r);
		line->workspace = r->item.workspace;
		line->in_flight -= line->in_flight > 0;
		line->to_tell = true;
		if (delivered &&
			(!line->is_sound || job->now_ms - line->success_ms >= SUCCESS_NOTE_MS))
			line->success_ms = job->now_ms;
		line->is_sound = delivered;
		note_outcome(w, line, delivered, job->now_ms);
		w->figures.delivered += delivered;
		w->figures.failed += !delivered;
		w->figures.dead += !delivered && r->item.attempts + 1 >= WEBHOOK_ATTEMPTS_MAX;
	}
	if (w->reload && webhooks_load(job) != OK) {
		log_warn("webhooks: the table was not read again: " STR_F, STR_A(job->why));
		job_forgive(job);
	}
}

static void tell_changes(struct job *job, struct webhooks *w)
{
	for (size_t i = 0; i < LINES_MAX; i++) {
		struct line *line = &w->lines[i];

		if (!line->to_tell)
			continue;
		if (job->now_ms - line->told_ms < TELL_MS) {
			wait_at_most(w, TELL_MS);
			continue;
		}
		line->to_tell = false;
		line->told_ms = job->now_ms;
		job->workspace = line->workspace;
		if (w->config.changed)
			w->config.changed(job, line->webhook);
	}
}

/* ---- handing out ---- */

struct call { struct webhooks *webhooks; struct webhook_result *result; };

static void finish(struct webhooks *w, struct webhook_result *result)
{
	pthread_mutex_lock(&w->lock);
	w->calls--;
	result->next = w->results;
	w->results = result;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

static enum err run_call(struct job *job, void *arg)
{
	struct call *call = arg;

	webhook_call(job, &call->webhooks->config, call->result);
	finish(call->webhooks, call->result);
	heap_free(call);
	return OK;
}

static bool is_in_flight(const struct webhooks *w, const struct webhook_item_row *item)
{
	for (size_t i = 0; i < WEBHOOK_IN_FLIGHT_MAX; i++)
		if (w->in_flight[i].event == item->event &&
			w->in_flight[i].webhook == item->webhook)
			return true;
	return false;
}

static void note_in_flight(struct webhooks *w, const struct webhook_item_row *item)
{
	for (size_t i = 0; i < WEBHOOK_IN_FLIGHT_MAX; i++) {
		if (w->in_flight[i].event)
			continue;
		w->in_flight[i].webhook = item->webhook;
		w->in_flight[i].event = item->event;
		w->figures.in_flight++;
		return;
	}
}

static bool hand_out(struct webhooks *w, const struct webhook_item_row *item)
{
	struct webhook_result *result = HEAP_NEW(struct webhook_result);
	struct call *call = HEAP_NEW(struct call);

	result->item = *item;
	result->started_ms = clock_now_ms();
	*call = (struct call){ w, result };
	pthread_mutex_lock(&w->lock);
	w->calls++;
	pthread_mutex_unlock(&w->lock);
	if (pool_post(w->pool, (struct task){ "webhook", run_call, NULL, call }))
		return true;
	pthread_mutex_lock(&w->lock);
	w->calls--;
	pthread_mutex_unlock(&w->lock);
	heap_free(call);
	heap_free(result);
	return false;
}

static enum err claim_of(struct job *job, struct webhooks *w, id64 webhook)
{
	struct line *line = line_of(w, webhook);
	size_t most = line->failures >= FAILURES_BEFORE_REST ? 1 : WEBHOOK_PER_ADDRESS_MAX;
	struct webhook_item_rows rows;

	if (line->rest_until_ms > job->now_ms) {
		wait_at_most(w, line->rest_until_ms - job->now_ms);
		return OK;
	}
	if (line->in_flight >= most)
		return OK;
	/* Those under way are among the first that are found. */
	TRY(sql_webhook_delivery_due(job,
		&(struct sql_webhook_delivery_due){ webhook, job->now_ms,
			(int64_t)(most + line->in_flight) },
		&rows));
	for (size_t i = 0; i < rows.count && line->in_flight < most; i++) {
		if (is_in_flight(w, &rows.items[i]))
			continue;
		if (w->figures.in_flight >= WEBHOOK_IN_FLIGHT_MAX || !hand_out(w, &rows.items[i]))
			return OK;
		note_in_flight(w, &rows.items[i]);
		line->in_flight++;
	}
	return OK;
}

static enum err claim_due(struct job *job, struct webhooks *w)
{
	struct webhook_id_rows rows;
	struct webhook_next_row next;

	job->workspace = 0;
	TRY(sql_webhook_due(job, &(struct sql_webhook_due){ job->now_ms, DUE_MAX }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(claim_of(job, w, rows.items[i].id));
	TRY(sql_webhook_next_due(job, &(struct sql_webhook_next_due){ job->now_ms }, &next));
	if (next.next_ms)
		wait_at_most(w, next.next_ms - job->now_ms);
	return OK;
}

/* ---- the thread ---- */

/* *written: the results need not be written again. */
static enum err run_round(struct job *job, struct webhooks *w, const struct webhook_result *results,
	bool *written)
{
	bool more = false;

	TRY(write_results(job, w, results));
	*written = true;
	after_commit(job, w, results);
	TRY(compose_new(job, w, &more));
	if (more)
		wait_at_most(w, 1);
	tell_changes(job, w);
	return is_stopping(w) ? OK : claim_due(job, w);
}

static bool take_results(struct webhooks *w, struct webhook_result **results)
{
	struct timespec until = clock_deadline(w->wait_ms);
	struct webhook_result **end = results;
	bool go_on;

	while (*end)
		end = &(*end)->next;
	pthread_mutex_lock(&w->lock);
	w->shown = w->figures;
	while (!w->woken && !w->results && !(w->stopping && w->calls == 0))
		if (pthread_cond_timedwait(&w->wake, &w->lock, &until) != 0)
			break;
	w->woken = false;
	*end = w->results;
	w->results = NULL;
	go_on = !w->stopping || w->calls > 0 || *results;
	pthread_mutex_unlock(&w->lock);
	return go_on;
}

static void results_free(struct webhook_result *results)
{
	while (results) {
		struct webhook_result *next = results->next;

		buf_done(&results->response);
		heap_free(results);
		results = next;
	}
}

static void *run(void *arg)
{
	struct webhooks *w = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct webhook_result *results = NULL;
	int tries = 0;

	while (take_results(w, &results) && tries < STOP_TRIES) {
		struct job job;
		bool written = false;
		enum err e;

		w->wait_ms = IDLE_WAIT_MS;
		job_init(&job, "webhooks", arena, w->config.store);
		e = run_round(&job, w, results, &written);
		job_finish(&job, e);
		if (written) {
			results_free(results);
			results = NULL;
		}
		if (e != OK && is_stopping(w))
			tries++;
		if (e != OK)
			nanosleep(&(struct timespec){ .tv_nsec = STORE_AWAY_WAIT_MS * 1000000L },
				NULL);
	}
	results_free(results);
	arena_destroy(arena);
	return NULL;
}

struct webhooks *webhooks_create(const struct webhooks_config *config)
{
	struct webhooks *w = HEAP_NEW(struct webhooks);

	w->config = *config;
	w->pool = pool_create("webhook", config->workers, QUEUE_MAX, config->store);
	pthread_mutex_init(&w->lock, NULL);
	clock_cond_init(&w->wake);
	pthread_create(&w->thread, NULL, run, w);
	pthread_setname_np(w->thread, "webhooks");
	return w;
}

void webhooks_wake(struct webhooks *w)
{
	pthread_mutex_lock(&w->lock);
	w->woken = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void webhooks_destroy(struct webhooks *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pool_destroy(w->pool);
	results_free(w->results);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	heap_free(w);
}

void webhooks_figures(struct webhooks *w, struct webhooks_figures *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->shown;
	pthread_mutex_unlock(&w->lock);
}
