/*
 * processor.c: applies stored events, in order, in batches.
 *
 * One thread, so that events of a contact keep their order. A batch is read and decoded without a
 * transaction, then applied in one; each event's effects and its own state commit together, so it
 * is applied exactly once. When one event of a batch fails, the batch is rolled back and run again
 * one by one: the bad one is kept with its error, and tried again PROCESSOR_ATTEMPTS_MAX times with
 * back-off, then waits for a person.
 */
#include "account/channel.h"
#include "account/route_health.h"
#include "account/seal.h"
#include "account/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/inbox.h"
#include "jobs/jobs.h"
#include "store/queries.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

void (*processor_failed_hook)(struct job *job, id64 event);

enum { IDLE_WAIT_MS = 500, STORE_AWAY_WAIT_MS = 500, CHANNEL_CACHE_MAX = 64,
       STORE_FAILURES_MAX = 60000 / STORE_AWAY_WAIT_MS };

enum event_state { EVENT_PENDING, EVENT_APPLIED, EVENT_FAILED, EVENT_KEPT };

static const int64_t backoff_ms[PROCESSOR_ATTEMPTS_MAX] = { 1000, 5000, 30000, 120000, 600000 };

struct processor {
	struct store *store;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	bool woken, stopping;
	int store_failures; /* in a row */
	size_t applied_now; /* what a round has applied: messages, receipts, … */
	_Atomic uint64_t applied, failed, kept;
	_Atomic int64_t lag_ms;
};

/* A channel looked up during one batch. */
struct known_channel {
	id64 posted_to;
	str remote_id;
	struct channel *channel;
	bool proven; /* something came through it */
};

struct batch {
	struct processor *processor;
	struct known_channel channels[CHANNEL_CACHE_MAX];
	size_t channel_count;
	struct inbox_changes changes;
};

static enum err look_up_channel(struct job *job, struct channel *posted_to, str remote_id,
	struct channel **out)
{
	enum err e;

	if (!remote_id.len || str_is(remote_id, posted_to->remote_id)) {
		*out = posted_to;
		return OK;
	}
	e = channel_of_event(job, posted_to, remote_id, out);
	if (e == ERR_MISSING)
		return fail(job, ERR_MISSING,
			"The event names a number that no channel of this app has.");
	return e;
}

static enum err channel_for(struct job *job, struct batch *batch, id64 posted_to, str remote_id,
	struct channel **out)
{
	struct channel *base;

	for (size_t i = 0; i < batch->channel_count; i++) {
		if (batch->channels[i].posted_to == posted_to &&
			str_is(batch->channels[i].remote_id, remote_id)) {
			*out = batch->channels[i].channel;
			return OK;
		}
	}
	TRY(channel_get(job, posted_to, &base));
	TRY(look_up_channel(job, base, remote_id, out));
	if (batch->channel_count < CHANNEL_CACHE_MAX)
		batch->channels[batch->channel_count++] =
			(struct known_channel){ posted_to, remote_id, *out };
	return OK;
}

static void note_use(struct batch *batch, const struct channel *ch)
{
	for (size_t i = 0; i < batch->channel_count; i++)
		if (batch->channels[i].channel == ch)
			batch->channels[i].proven = true;
}

static enum err apply_events(struct job *job, struct batch *batch,
	const struct intake_event_row *row, const struct provider_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		struct channel *ch;

		TRY(channel_for(job, batch, row->channel, events->items[i].channel_remote_id, &ch));
		job->workspace = ch->workspace;
		route_health_decoded(ch->id, job->now_ms);
		TRY(inbox_apply(job, ch, &events->items[i], &batch->changes));
		note_use(batch, ch);
	}
	batch->processor->applied_now += events->count;
	return OK;
}

/* One raw event may hold a hundred messages of the past: a round ends before its memory does, and
 * before others have waited long for the writer. The rest is there in the next one. */
static bool is_enough(const struct processor *processor)
{
	return processor->applied_now >= PROCESSOR_APPLIED_MAX;
}

static enum err pass_change(struct job *job, struct batch *batch,
	const struct intake_event_row *row, struct passing_on *what)
{
	struct channel *ch;

	TRY(channel_for(job, batch, row->channel,
		json_text_or_int(job->arena,
			json_path(what->change, "value.metadata.phone_number_id")),
		&ch));
	job->workspace = ch->workspace;
	what->channel = ch;
	return webhook_wants_source(ch->workspace) ? inbox_pass_on(job, what) : OK;
}

/* To webhooks in Meta's format, as it came. */
static enum err pass_on(struct job *job, struct batch *batch, const struct intake_event_row *row,
	str body)
{
	json root = NULL, entries;

	if (json_read(job->arena, body, &root, NULL) != OK)
		return OK;
	entries = json_field(root, "entry");
	for (size_t i = 0; i < json_count(entries); i++) {
		json entry = json_at(entries, i), changes = json_field(entry, "changes");
		struct passing_on what = { .time = json_field(entry, "time"),
			.account_id = json_text_or_int(job->arena, json_field(entry, "id")) };

		for (size_t k = 0; k < json_count(changes); k++) {
			what.change = json_at(changes, k);
			TRY(pass_change(job, batch, row, &what));
		}
	}
	return OK;
}

/* Decodes and applies one stored event, and marks it; in the open transaction. */
static enum err apply_row(struct job *job, struct batch *batch, const struct intake_event_row *row)
{
	struct provider_events events = { 0 };
	struct channel *posted_to;
	str body, kind;

	job->workspace = row->workspace;
	TRY(unseal(job, SEAL_EVENT, row->payload, &body));
	TRY(channel_for(job, batch, row->channel, STR_NONE, &posted_to));
	TRY(posted_to->provider->parse(job, posted_to, body, &events));
	kind = events.count ? events.items[0].field : S("empty");
	batch->changes.kept = false;
	batch->changes.event = row->id;
	batch->changes.passed_on = posted_to->provider->can & CAN_PASS_ON;
	TRY(apply_events(job, batch, row, &events));
	if (batch->changes.passed_on && webhook_wants_source(0))
		TRY(pass_on(job, batch, row, body));
	job->workspace = row->workspace;
	atomic_fetch_add(batch->changes.kept ? &batch->processor->kept : &batch->processor->applied,
		1);
	return sql_intake_event_done(job,
		&(struct sql_intake_event_done){
			.id = row->id,
			.state = batch->changes.kept ? EVENT_KEPT : EVENT_APPLIED,
			.kind = kind,
			.now_ms = job->now_ms,
		},
		NULL);
}

/* What came through a channel is the proof that it works; written now and then (account/channel.h).
 * An empty event proves nothing: the channel test makes one of its own. */
static enum err note_proof(struct job *job, const struct batch *batch)
{
	for (size_t i = 0; i < batch->channel_count; i++) {
		const struct channel *ch = batch->channels[i].channel;

		if (!batch->channels[i].proven)
			continue;
		job->workspace = ch->workspace;
		TRY(channel_note_traffic(job, ch->id, true));
		TRY(channel_note_health(job, ch->id, S("received"), STR_NONE, STR_NONE));
	}
	return OK;
}

static enum err apply_rows(struct job *job, struct batch *batch,
	const struct intake_event_row *rows, size_t count)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < count && (i == 0 || !is_enough(batch->processor)); i++)
		TRY(apply_row(job, batch, &rows[i]));
	TRY(note_proof(job, batch));
	TRY(db_commit(job));
	for (size_t i = 0; i < batch->channel_count; i++)
		if (batch->channels[i].proven)
			route_health_stored(batch->channels[i].channel->id, job->now_ms);
	return OK;
}

/* Its own transaction: the event's failure, and when it is tried again. */
static enum err note_failure(struct job *job, const struct intake_event_row *row)
{
	int64_t attempts = row->attempts + 1;
	str why = job->why.len ? job->why : S("The event could not be applied.");

	db_rollback(job);
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_intake_event_failed(job,
		&(struct sql_intake_event_failed){
			.id = row->id,
			.attempts = attempts,
			.error = why,
			.kind = row->kind,
			.next_ms = attempts < PROCESSOR_ATTEMPTS_MAX
					   ? job->now_ms + backoff_ms[attempts - 1]
					   : 0,
		},
		NULL));
	TRY(db_commit(job));
	job->workspace = row->workspace;
	if (processor_failed_hook)
		processor_failed_hook(job, row->id);
	return OK;
}

/* A store that is away or full is waited for: that is not the event's fault. Only when it goes on
 * taking other writes for a minute and not this one's is it the event that cannot be stored. */
static bool is_store_away(struct job *job, struct processor *processor, enum err e)
{
	if (e != ERR_STORE)
		return false;
	db_rollback(job);
	return ++processor->store_failures < STORE_FAILURES_MAX || store_probe(job) != OK;
}

static enum err apply_alone(struct job *job, struct processor *processor,
	const struct intake_event_row *row)
{
	struct batch batch = { .processor = processor };
	enum err e = apply_rows(job, &batch, row, 1);

	if (e == OK) {
		processor->store_failures = 0;
		inbox_tell(job, &batch.changes);
		return OK;
	}
	if (is_store_away(job, processor, e))
		return e;
	atomic_fetch_add(&processor->failed, 1);
	log_warn("event %lld: attempt %lld: %s: " STR_F, (long long)row->id,
		(long long)row->attempts + 1, err_name(e), STR_A(job->why));
	return note_failure(job, row);
}

static enum err apply_batch(struct job *job, struct processor *processor,
	const struct intake_event_rows *rows)
{
	struct batch batch = { .processor = processor };
	enum err e = rows->count ? apply_rows(job, &batch, rows->items, rows->count) : OK;

	if (e == OK) {
		processor->store_failures = 0;
		inbox_tell(job, &batch.changes);
		return OK;
	}
	if (is_store_away(job, processor, e))
		return e;
	processor->applied_now = 0;
	for (size_t i = 0; i < rows->count && !is_enough(processor); i++) {
		db_rollback(job);
		job_forgive(job);
		TRY(apply_alone(job, processor, &rows->items[i]));
	}
	return OK;
}

/* Intake answers a sender who waits, applying does not: under pressure it takes smaller bites. It
 * never stops wholly. */
static int64_t batch_size(void)
{
	struct timespec pause = { .tv_nsec = PROCESSOR_GIVE_WAY_MS * 1000000L };

	if (intake_pressure() < INTAKE_PRESSURE)
		return PROCESSOR_BATCH_MAX;
	nanosleep(&pause, NULL);
	return PROCESSOR_BATCH_SMALL;
}

/* As many of the next events as fit into memory at once: one at least. */
static enum err fitting(struct job *job, int64_t *max)
{
	struct intake_size_rows sizes;
	int64_t octets = 0, count = 0;

	TRY(sql_intake_event_sizes(job, &(struct sql_intake_event_sizes){ 0, *max }, &sizes));
	while ((size_t)count < sizes.count &&
		(octets += sizes.items[count].octets) <= PROCESSOR_OCTETS_MAX)
		count++;
	if ((size_t)count < sizes.count)
		*max = count > 0 ? count : 1;
	return OK;
}

/* One that is due for a retry: it may be large, so it is no more than one a round. */
static enum err retry_one(struct job *job, struct processor *processor, bool *found)
{
	struct intake_event_rows rows;

	TRY(sql_intake_event_retryable(job, &(struct sql_intake_event_retryable){ job->now_ms, 1 },
		&rows));
	*found = rows.count > 0;
	if (!*found)
		return OK;
	TRY(apply_alone(job, processor, &rows.items[0]));
	job_forgive(job);
	return OK;
}

/* One round: what is due for a retry, then what is new. *more: there may be more waiting now. */
static enum err round_of(struct job *job, struct processor *processor, bool *more)
{
	struct intake_event_rows rows;
	int64_t max = batch_size();
	bool retried;
	enum err e;

	processor->applied_now = 0;
	TRY(retry_one(job, processor, &retried));
	TRY(fitting(job, &max));
	TRY(sql_intake_event_pending(job, &(struct sql_intake_event_pending){ 0, max }, &rows));
	atomic_store(&processor->lag_ms, rows.count ? job->now_ms - id64_ms(rows.items[0].id) : 0);
	e = apply_batch(job, processor, &rows);
	*more = retried || rows.count == (size_t)max || is_enough(processor);
	return e;
}

/* Waits until woken (unless the store is away: then a wake changes nothing) or ms have passed;
 * false when it is time to end. */
static bool wait_for(struct processor *processor, int64_t ms, bool store_is_away)
{
	struct timespec until = clock_deadline(ms);
	bool go_on;

	pthread_mutex_lock(&processor->lock);
	while ((!processor->woken || store_is_away) && !processor->stopping)
		if (pthread_cond_timedwait(&processor->wake, &processor->lock, &until) != 0)
			break;
	processor->woken = false;
	go_on = !processor->stopping;
	pthread_mutex_unlock(&processor->lock);
	return go_on;
}

static void *run(void *arg)
{
	struct processor *processor = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	int64_t wait_ms = 0;
	bool away = false;

	while (wait_for(processor, wait_ms, away)) {
		struct job job;
		bool more = false;
		enum err e;

		job_init(&job, "processor", arena, processor->store);
		e = round_of(&job, processor, &more);
		job_finish(&job, e);
		away = e != OK;
		wait_ms = away ? STORE_AWAY_WAIT_MS : more ? 0 : IDLE_WAIT_MS;
	}
	arena_destroy(arena);
	return NULL;
}

struct processor *processor_create(struct store *store)
{
	struct processor *processor = HEAP_NEW(struct processor);

	processor->store = store;
	pthread_mutex_init(&processor->lock, NULL);
	clock_cond_init(&processor->wake);
	pthread_create(&processor->thread, NULL, run, processor);
	pthread_setname_np(processor->thread, "processor");
	return processor;
}

void processor_wake(struct processor *processor)
{
	pthread_mutex_lock(&processor->lock);
	processor->woken = true;
	pthread_cond_signal(&processor->wake);
	pthread_mutex_unlock(&processor->lock);
}

void processor_destroy(struct processor *processor)
{
	if (!processor)
		return;
	pthread_mutex_lock(&processor->lock);
	processor->stopping = true;
	pthread_cond_signal(&processor->wake);
	pthread_mutex_unlock(&processor->lock);
	pthread_join(processor->thread, NULL);
	pthread_mutex_destroy(&processor->lock);
	pthread_cond_destroy(&processor->wake);
	heap_free(processor);
}

void processor_figures(struct processor *processor, struct processor_figures *out)
{
	out->applied = atomic_load(&processor->applied);
	out->failed = atomic_load(&processor->failed);
	out->kept = atomic_load(&processor->kept);
	out->lag_ms = atomic_load(&processor->lag_ms);
}
