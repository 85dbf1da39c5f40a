/*
 * media.c: fetches attachments from providers, and uploads ours to them.
 *
 * A look takes what is due, leases it (so that nobody else takes it, and a crash gives it back),
 * and gives each to a call worker. The one rule: whatever happens to a fetch, its row says it, so
 * nothing waits for ever and no message is lost.
 */
#include "jobs/media.h"

#include "account/channel.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "inbox/media.h"
#include "store/queries.h"

#include <stdatomic.h>

#define LEASE_MS 300000LL       /* longer than a fetch with its deadlines */
#define LOOK_EVERY_MS 15000
#define SWEEP_EVERY_MS (24 * 3600 * 1000LL)
#define SWEEP_AGE_MS (3600 * 1000LL)     /* younger files may still get their row */
#define SENTENCE_MAX 500
#define LANE_QUEUE 4

/* Held by its owner, its timers and each task under way; the last one frees it and its lane. */
struct media_fetcher {
	struct store *store;
	struct pool *callers;
	struct lane *lane;
	atomic_int holders, in_flight;
	atomic_bool is_posted, is_ending;
};

struct fetch {
	struct media_fetcher *fetcher;
	id64 workspace, media;
};

static void hold(struct media_fetcher *f)
{
	atomic_fetch_add(&f->holders, 1);
}

static void let_go(void *arg)
{
	struct media_fetcher *f = arg;

	if (atomic_fetch_sub(&f->holders, 1) > 1)
		return;
	lane_destroy(f->lane);
	heap_free(f);
}

/* ---- one fetch ---- */

static bool put(void *arg, bytes piece)
{
	return media_write(arg, piece) == OK;
}

/* Providers tell the hash in hex or in base64; what is neither tells nothing. */
static bool is_announced(struct job *job, str announced, const uint8_t hash[SHA256_SIZE])
{
	struct buf raw = buf_in(job->arena, SHA256_SIZE);

	if (announced.len == 2 * SHA256_SIZE ? !hex_read(announced, &raw)
					     : !base64_read(announced, &raw))
		return true;
	return raw.len != SHA256_SIZE || memcmp(raw.ptr, hash, SHA256_SIZE) == 0;
}

static enum err channel_of(struct job *job, const struct media *media, struct channel **out)
{
	enum err e = channel_get(job, media->channel_id, out);

	if (e == ERR_MISSING)
		return fail(job, ERR_UNSUPPORTED, "The channel that it came by was deleted.");
	return e;
}

static enum err fetch(struct job *job, const struct media *media)
{
	struct media_info info = { 0 };
	struct media_sink sink = { .put = put, .size_max = MEDIA_SIZE_MAX };
	struct media_writer *w;
	struct channel *channel;
	enum err e;

	TRY(channel_of(job, media, &channel));
	TRY(media_write_start(job, &w));
	sink.arg = w;
	e = provider_fetch_media(job, channel, media->remote_id, media->url, &sink, &info);
	if (e != OK)
		return media_write_failure(w, e);
	TRY(media_write_finish(w));
	if (!is_announced(job, info.sha256, media_written_hash(w)))
		return fail(job, ERR_UPSTREAM, "What came is not the file that was announced.");
	return media_store(job, media, w,
		media_type_settle(job->arena,
			info.mime_type.len ? info.mime_type : media->mime_type,
			media_written_type(w)));
}

static bool is_final(enum err e, const struct media *media)
{
	return e == ERR_UNSUPPORTED || e == ERR_LIMIT || media->attempts + 1 >= MEDIA_ATTEMPTS_MAX;
}

static int64_t wait_after(const struct job *job, int64_t attempts)
{
	int64_t wait_ms = attempts < 9 ? MEDIA_BACKOFF_MS << attempts : MEDIA_BACKOFF_MAX_MS;

	if (wait_ms > MEDIA_BACKOFF_MAX_MS)
		wait_ms = MEDIA_BACKOFF_MAX_MS;
	return job->retry_after_ms > wait_ms ? job->retry_after_ms : wait_ms;
}

enum err media_fetch_once(struct job *job, id64 id)
{
	struct media media;
	enum err e;
	str why;

	TRY(media_get(job, id, &media));
	if (media.state != MEDIA_PENDING)
		return OK;
	e = fetch(job, &media);
	if (e == OK || e == ERR_STORE) /* our own trouble is no attempt: the lease ends, and it is
					  due again */
		return e;
	db_rollback(job);
	if (str_is(job->code, S("not_connected")))
		return media_await(job, &media, clock_now_ms() + MEDIA_AWAIT_MS, job->why);
	why = str_part(job->why.len ? job->why : S("The file could not be fetched."), 0,
		SENTENCE_MAX);
	log_warn("media %lld: attempt %lld: " STR_F, (long long)id, (long long)media.attempts + 1,
		STR_A(why));
	return media_put_off(job, &media,
		is_final(e, &media) ? 0 : clock_now_ms() + wait_after(job, media.attempts), why);
}

/* ---- the look for what is due ---- */

static void fetch_ended(struct fetch *fetch)
{
	struct media_fetcher *f = fetch->fetcher;

	atomic_fetch_sub(&f->in_flight, 1);
	media_fetcher_wake(f);
	let_go(f);
	heap_free(fetch);
}

static enum err run_fetch(struct job *job, void *arg)
{
	struct fetch *fetch = arg;
	enum err e = OK;

	job->workspace = fetch->workspace;
	if (!atomic_load(&fetch->fetcher->is_ending))
		e = media_fetch_once(job, fetch->media);
	fetch_ended(fetch);
	return e;
}

static void drop_fetch(void *arg)
{
	fetch_ended(arg);
}

static void start_fetch(struct media_fetcher *f, const struct media_waiting_row *row)
{
	struct fetch *fetch = HEAP_NEW(struct fetch);

	*fetch = (struct fetch){ f, row->workspace, row->id };
	hold(f);
	atomic_fetch_add(&f->in_flight, 1);
	if (!pool_post(f->callers, (struct task){ "media fetch", run_fetch, drop_fetch, fetch }))
		fetch_ended(fetch); /* the lease ends, and it is due again */
}

static enum err lease(struct job *job, const struct media_waiting_row *row, bool *is_ours)
{
	int64_t changed;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_media_lease(job,
		&(struct sql_media_lease){ .workspace = row->workspace,
			.id = row->id,
			.until_ms = job->now_ms + LEASE_MS,
			.now_ms = job->now_ms },
		&changed));
	TRY(db_commit(job));
	*is_ours = changed == 1;
	return OK;
}

static enum err take_due(struct job *job, struct media_fetcher *f)
{
	int free_places = MEDIA_FETCHES_MAX - atomic_load(&f->in_flight);
	struct media_waiting_rows rows;

	if (free_places <= 0)
		return OK;
	TRY(sql_media_due(job, &(struct sql_media_due){ job->now_ms, free_places }, &rows));
	for (size_t i = 0; i < rows.count && !atomic_load(&f->is_ending); i++) {
		bool is_ours;

		TRY(lease(job, &rows.items[i], &is_ours));
		if (is_ours)
			start_fetch(f, &rows.items[i]);
	}
	return OK;
}

static enum err run_look(struct job *job, void *arg)
{
	struct media_fetcher *f = arg;
	enum err e = OK;

	atomic_store(&f->is_posted, false); /* what wakes us from here on is looked for again */
	if (!atomic_load(&f->is_ending))
		e = take_due(job, f);
	let_go(f);
	return e;
}

void media_fetcher_wake(struct media_fetcher *f)
{
	if (atomic_load(&f->is_ending) || atomic_exchange(&f->is_posted, true))
		return;
	hold(f);
	if (!lane_post(f->lane, (struct task){ "media look", run_look, let_go, f })) {
		atomic_store(&f->is_posted, false);
		let_go(f);
	}
}

static enum err on_time(struct job *job, void *arg)
{
	(void)job;
	media_fetcher_wake(arg);
	return OK;
}

static enum err sweep(struct job *job, void *arg)
{
	(void)arg;
	return media_sweep(job, job->now_ms - SWEEP_AGE_MS, NULL);
}

static enum err release_all(struct job *job)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_media_release_all(job, &(struct sql_media_release_all){ job->now_ms }, NULL));
	return db_commit(job);
}

/* At start: what was under way when the last process ended is due at once. */
static enum err begin(struct job *job, void *arg)
{
	struct media_fetcher *f = arg;
	enum err e = release_all(job);

	media_fetcher_wake(f);
	let_go(f);
	return e == OK ? sweep(job, NULL) : e;
}

struct media_fetcher *media_fetcher_create(struct store *store, struct pool *callers,
	struct timers *timers)
{
	struct media_fetcher *f = HEAP_NEW(struct media_fetcher);

	f->store = store;
	f->callers = callers;
	f->lane = lane_create(callers, LANE_QUEUE);
	atomic_store(&f->holders, 3); /* the owner, the look in time, the beginning */
	timer_every(timers, LOOK_EVERY_MS, (struct task){ "media look", on_time, let_go, f });
	timer_every(timers, SWEEP_EVERY_MS, (struct task){ "media sweep", sweep, NULL, NULL });
	if (!lane_post(f->lane, (struct task){ "media begin", begin, let_go, f }))
		let_go(f);
	return f;
}

void media_fetcher_destroy(struct media_fetcher *f)
{
	if (!f)
		return;
	/* the lane goes last: a fetch that ends may still wake us */
	atomic_store(&f->is_ending, true);
	let_go(f);
}

/* ---- the way out ---- */

static bool is_uploaded(const struct media *media, id64 channel, int64_t now_ms)
{
	return media->channel_id == channel && media->remote_id.len && media->remote_uploaded_ms &&
	       now_ms - media->remote_uploaded_ms < MEDIA_REMOTE_LIFE_MS;
}

static enum err upload(struct job *job, const struct channel *ch, const struct media *media,
	enum message_kind kind, str *remote_id)
{
	struct media_info info = { .mime_type = media->mime_type,
		.file_name = media_name_for(job->arena, media),
		.size = media->size_bytes,
		.kind = kind };
	const char *path;

	TRY(media_plain_file(job, media, &path));
	TRY(provider_upload_media(job, ch, &info, path, remote_id));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_media_uploaded(job,
		&(struct sql_media_uploaded){ .workspace = job->workspace,
			.id = media->id,
			.channel = ch->id,
			.remote_id = *remote_id,
			.now_ms = clock_now_ms() },
		NULL));
	return db_commit(job);
}

enum err media_template_sample(struct job *job, const struct channel *ch, id64 id, str *handle)
{
	struct media media;
	struct media_info info;
	const char *path;

	TRY(media_get(job, id, &media));
	if (media.state != MEDIA_STORED)
		return fail_code(job, ERR_INPUT, S("media_failed"), S("Upload the file again."),
			"The sample of the header is not there.");
	info = (struct media_info){ .mime_type = media.mime_type,
		.file_name = media_name_for(job->arena, &media),
		.size = media.size_bytes };
	TRY(media_plain_file(job, &media, &path));
	return provider_template_sample(job, ch, &info, path, handle);
}

enum err media_ensure_uploaded(struct job *job, const struct channel *ch,
	const struct media_wanted *wanted, str *remote_id)
{
	struct media media;

	TRY(media_get(job, wanted->id, &media));
	if (media.state == MEDIA_PENDING || media.state == MEDIA_REMOTE)
		return fail_code(job, ERR_CONFLICT, S("media_pending"),
			S("Wait until the file is there, then try again."),
			"The file is still being fetched.");
	if (media.state == MEDIA_FAILED)
		return fail_code(job, ERR_INPUT, S("media_failed"), S("Upload the file again."),
			"The file could not be fetched.");
	if (ch->provider->media_by_link)
		return media_link(job, &media, remote_id);
	*remote_id = media.remote_id;
	if (is_uploaded(&media, ch->id, job->now_ms) &&
		(!ch->provider->media_fits ||
			ch->provider->media_fits(job, ch, media.remote_id, wanted->kind)))
		return OK;
	return upload(job, ch, &media, wanted->kind, remote_id);
}
