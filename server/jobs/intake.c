/*
 * intake.c: webhooks, from the loop to the disk.
 *
 * The loop checks the signature and puts the request in a queue; one writer thread takes all that
 * wait, inserts them in one transaction, commits once, and then answers all of them (group commit).
 * So 200 means durable, and the speed of intake is not bound by one fsync an event. Nothing is
 * parsed here: the processor does that.
 */
#include "account/channel.h"
#include "account/seal.h"
#include "account/webhook_watch.h"
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs.h"
#include "store/queries.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LOG_EVERY_MS = 1000 };

struct item {
	struct exchange *ex;
	const struct intake_key *key;
	bytes body; /* the request's, which lives until it is answered */
};

struct intake {
	struct store *store;
	struct processor *processor;
	pthread_mutex_t lock;
	pthread_cond_t has_items;
	pthread_t thread;
	struct item *waiting, *taken;
	size_t count, octets; /* waiting, and their bodies */
	bool stopping;
	_Atomic uint64_t accepted, repeated, refused, failed;
	_Atomic int64_t failed_ms; /* when a batch failed last; 0: the last one was stored */
	int64_t logged_ms;
};

static struct intake *the_intake; /* of the routes' handlers; set while one runs */
static _Atomic size_t under_way;   /* taken in, and not answered yet */

size_t intake_pressure(void)
{
	return atomic_load_explicit(&under_way, memory_order_relaxed);
}

static void answer_problem(struct exchange *ex, int status, str code, str title, str next_step)
{
	struct buf body = buf_in(exchange_arena(ex), 2048);

	json_open(&body, '{');
	json_put(&body, "type", arena_printf(exchange_arena(ex), "/problems/" STR_F, STR_A(code)));
	json_put(&body, "title", title);
	json_put_int(&body, "status", status);
	json_put(&body, "code", code);
	json_put(&body, "next_step", next_step);
	json_close(&body, '}');
	exchange_answer(ex, status, S("application/problem+json"), buf_text(&body));
}

static const struct intake_key *key_of(const struct request *req, struct exchange *ex)
{
	const struct intake_key *key = NULL;
	id64 channel;

	if (id64_parse(req->params[0], &channel))
		key = intake_key_take(channel);
	/* "/webhooks/http/…" is no address of a Cloud channel. */
	if (key && !str_starts(str_part(req->path, 10, req->path.len),
			   str_of(key->provider->name))) {
		intake_key_drop(key);
		key = NULL;
	}
	if (!key)
		answer_problem(ex, 404, S("missing"),
			S("There is no channel at this webhook address"),
			S("Copy the webhook URL of the channel from the console into the Meta "
		          "app."));
	return key;
}

void intake_handshake(const struct request *req, struct exchange *ex)
{
	const struct intake_key *key = key_of(req, ex);
	str answer;

	if (!key)
		return;
	if (key->provider->handshake &&
		key->provider->handshake(key->keys.verify_token, exchange_arena(ex), req,
			&answer))
		exchange_answer(ex, 200, S("text/plain"), answer);
	else
		answer_problem(ex, 403, S("denied"), S("The verify token is not this channel's"),
			       S("Copy the verify token from the console into the Meta app."));
	intake_key_drop(key);
}

static bool enqueue(struct intake *intake, struct item item)
{
	bool taken;

	pthread_mutex_lock(&intake->lock);
	taken = !intake->stopping && intake->count < INTAKE_QUEUE_MAX &&
		intake->octets + item.body.len <= INTAKE_OCTETS_MAX;
	if (taken) {
		intake->octets += item.body.len;
		atomic_fetch_add_explicit(&under_way, 1, memory_order_relaxed);
		intake->waiting[intake->count++] = item;
		if (intake->count == 1)
			pthread_cond_signal(&intake->has_items);
	}
	pthread_mutex_unlock(&intake->lock);
	return taken;
}

static void refuse_forged(const struct provider *provider, struct exchange *ex)
{
	int status = provider->forged_status ? provider->forged_status : 401;

	answer_problem(ex, status, S("bad_signature"),
		S("The request does not prove that it comes from the provider"),
		S("Check that the channel's app secret is the one that the sender signs with, and "
	          "that the address is the one that the console shows."));
}

void intake_receive(const struct request *req, struct exchange *ex)
{
	struct intake *intake = the_intake;
	const struct intake_key *key = key_of(req, ex);
	id64 channel;

	if (!key)
		return;
	channel = key->channel;
	if (!key->provider->verify || !key->provider->verify(&key->keys, req)) {
		atomic_fetch_add(&intake->refused, 1);
		webhook_watch_note(channel, WATCH_REFUSED, clock_now_ms());
		refuse_forged(key->provider, ex);
		intake_key_drop(key);
		return;
	}
	if (enqueue(intake, (struct item){ ex, key, req->body })) {
		webhook_watch_note(channel, WATCH_TAKEN, clock_now_ms());
	} else {
		webhook_watch_note(channel, WATCH_TURNED_AWAY, clock_now_ms());
		answer_problem(ex, 503, S("busy"), S("Too many webhooks wait to be stored"),
			S("Send it again shortly."));
		intake_key_drop(key);
	}
}

/* The same body for the same workspace is the same event, whichever of its channels it was posted
 * to. */
static void dedup_of(id64 workspace, bytes body, uint8_t out[SHA256_SIZE])
{
	struct sha256 *hash = sha256_create();

	sha256_add(hash, (bytes){ (const uint8_t *)&workspace, sizeof workspace });
	sha256_add(hash, body);
	sha256_finish(hash, out);
}

static enum err insert_body(struct job *job, struct intake *intake, id64 channel, bytes body)
{
	uint8_t dedup[SHA256_SIZE];
	int64_t changed;
	bytes payload;

	dedup_of(job->workspace, body, dedup);
	TRY(seal(job, SEAL_EVENT, str_from(body), &payload));
	TRY(sql_intake_event_add(job, &(struct sql_intake_event_add){
		.id = job_id(job), .workspace = job->workspace, .channel = channel,
		.dedup = { dedup, sizeof dedup }, .payload = payload,
	}, &changed));
	atomic_fetch_add(changed ? &intake->accepted : &intake->repeated, 1);
	return OK;
}

static enum err insert_one(struct job *job, struct intake *intake, const struct item *item)
{
	job->workspace = item->key->workspace;
	return insert_body(job, intake, item->key->channel, item->body);
}

enum err intake_put(struct job *job, id64 channel, str body)
{
	struct intake *intake = the_intake;

	if (!intake)
		return fail(job, ERR_UPSTREAM, "the server is stopping");
	return insert_body(job, intake, channel, bytes_of(body));
}

void intake_told(void)
{
	if (the_intake)
		processor_wake(the_intake->processor);
}

enum err intake_loopback(struct job *job, const struct channel *ch, str body)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(intake_put(job, ch->id, body));
	TRY(db_commit(job));
	intake_told();
	return OK;
}

static enum err insert_batch(struct job *job, struct intake *intake, const struct item *items,
	size_t count)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < count; i++)
		TRY(insert_one(job, intake, &items[i]));
	return db_commit(job);
}

static void answer_batch(struct arena *arena, const struct item *items, size_t count, enum err e)
{
	struct exchange **all = ARENA_ARRAY(arena, struct exchange *, count);

	atomic_fetch_sub_explicit(&under_way, count, memory_order_relaxed);
	for (size_t i = 0; i < count; i++) {
		all[i] = items[i].ex;
		intake_key_drop(items[i].key);
	}
	if (e == OK)
		exchange_answer_all(all, count, 200, S("application/json"),
			S("{\"received\":true}"));
	else
		exchange_answer_all(all, count, 503, S("application/problem+json"),
			S("{\"type\":\"/problems/store\",\"title\":\"The event could not be "
		          "stored\",\"status\":503,"
			  "\"code\":\"store\",\"next_step\":\"Send it again; the operator sees why "
		          "on the health page.\"}"));
}

/* A store that is away fails many batches: one line a second says so. */
static void note_outcome(struct intake *intake, const struct job *job, size_t count, enum err e)
{
	atomic_store(&intake->failed_ms, e == OK ? 0 : job->now_ms);
	if (e == OK)
		return;
	atomic_fetch_add(&intake->failed, count);
	if (job->now_ms - intake->logged_ms < LOG_EVERY_MS)
		return;
	intake->logged_ms = job->now_ms;
	log_error("intake: webhooks are answered 503: " STR_F, STR_A(job->why));
}

static enum err write_items(struct intake *intake, struct arena *arena, const struct item *items,
	size_t count)
{
	struct job job;
	enum err e;

	job_init(&job, "intake", arena, intake->store);
	e = insert_batch(&job, intake, items, count);
	/* Not the store but one of them: the others are not to suffer for it. */
	if (e == OK || e == ERR_STORE || count == 1) {
		note_outcome(intake, &job, count, e);
		answer_batch(arena, items, count, e);
	}
	job_finish(&job, OK);
	return e;
}

static void write_batch(struct intake *intake, struct arena *arena, const struct item *items,
	size_t count)
{
	enum err e = write_items(intake, arena, items, count);

	for (size_t i = 0; e != OK && e != ERR_STORE && count > 1 && i < count; i++)
		(void)!write_items(intake, arena, &items[i], 1);
	processor_wake(intake->processor);
}

/* All that wait; empty when stopping and nothing is left. */
static size_t take_all(struct intake *intake)
{
	struct item *empty;
	size_t count;

	pthread_mutex_lock(&intake->lock);
	while (intake->count == 0 && !intake->stopping)
		pthread_cond_wait(&intake->has_items, &intake->lock);
	count = intake->count;
	empty = intake->taken;
	intake->taken = intake->waiting;
	intake->waiting = empty;
	intake->count = intake->octets = 0;
	pthread_mutex_unlock(&intake->lock);
	return count;
}

static void *writer(void *arg)
{
	struct intake *intake = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);

	for (size_t count; (count = take_all(intake)) > 0;)
		for (size_t at = 0; at < count; at += INTAKE_BATCH_MAX)
			write_batch(intake, arena, intake->taken + at,
				    count - at < INTAKE_BATCH_MAX ? count - at : INTAKE_BATCH_MAX);
	arena_destroy(arena);
	return NULL;
}

struct intake *intake_create(struct store *store, struct processor *processor)
{
	struct intake *intake = HEAP_NEW(struct intake);

	intake->store = store;
	intake->processor = processor;
	intake->waiting = heap_alloc(INTAKE_QUEUE_MAX * sizeof *intake->waiting);
	intake->taken = heap_alloc(INTAKE_QUEUE_MAX * sizeof *intake->taken);
	pthread_mutex_init(&intake->lock, NULL);
	pthread_cond_init(&intake->has_items, NULL);
	the_intake = intake;
	pthread_create(&intake->thread, NULL, writer, intake);
	pthread_setname_np(intake->thread, "intake");
	return intake;
}

void intake_destroy(struct intake *intake)
{
	if (!intake)
		return;
	pthread_mutex_lock(&intake->lock);
	intake->stopping = true;
	pthread_cond_signal(&intake->has_items);
	pthread_mutex_unlock(&intake->lock);
	pthread_join(intake->thread, NULL);
	the_intake = NULL;
	pthread_mutex_destroy(&intake->lock);
	pthread_cond_destroy(&intake->has_items);
	heap_free(intake->waiting);
	heap_free(intake->taken);
	heap_free(intake);
}

void intake_figures(struct intake *intake, struct intake_figures *out)
{
	pthread_mutex_lock(&intake->lock);
	out->waiting = intake->count;
	pthread_mutex_unlock(&intake->lock);
	out->accepted = atomic_load(&intake->accepted);
	out->repeated = atomic_load(&intake->repeated);
	out->refused = atomic_load(&intake->refused);
	out->failed = atomic_load(&intake->failed);
	out->failed_ms = atomic_load(&intake->failed_ms);
}
