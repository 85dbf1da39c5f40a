/*
 * linked.c: the manager of linked numbers: who there is, their start and end, and what is looked at
 * now and then.
 */
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/media.h"
#include "provider/linked/preview.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"

#include <stdlib.h>

#define LANE_QUEUE 4
#define POOL_QUEUE 65536
#define WANTED_PAGE 100
#define ORPHANS_PAGE 50
#define ORPHANS_EVERY (3600000 / LINKED_HOUSE_MS)
struct linked_manager linked_manager = { .lock = PTHREAD_MUTEX_INITIALIZER };

void linked_lock(void)
{
	pthread_mutex_lock(&linked_manager.lock);
}

void linked_unlock(void)
{
	pthread_mutex_unlock(&linked_manager.lock);
}

int64_t linked_time(int64_t ms)
{
	return linked_manager.host.hurry > 1 ? ms / linked_manager.host.hurry + 1 : ms;
}

/* ---- the table ---- */

static struct linked **bucket_of(id64 channel)
{
	return &linked_manager.numbers[((uint64_t)channel * 0x9E3779B97F4A7C15ull >> 32) %
				       LINKED_BUCKETS];
}

static struct linked *find(id64 channel)
{
	struct linked *n = *bucket_of(channel);

	while (n && n->channel != channel)
		n = n->next;
	return n;
}

static struct linked *make(id64 channel, id64 workspace)
{
	struct linked *n = HEAP_NEW(struct linked);

	*n = (struct linked){ .channel = channel,
		.workspace = workspace,
		.references = 1,
		.links.max = LINKED_LINKS_MAX,
		.previews.max = LINKED_PREVIEWS_MAX,
		.armed_ms = INT64_MAX };
	n->view.reason = n->view.sentence = n->view.next_step = "";
	n->last = &n->first;
	n->lane = lane_create(linked_manager.pool, LANE_QUEUE);
	n->next = *bucket_of(channel);
	*bucket_of(channel) = n;
	linked_manager.figures.numbers++;
	return n;
}

struct linked *linked_take_row(id64 channel, id64 workspace)
{
	struct linked *n;

	linked_lock();
	n = find(channel);
	if (!n)
		n = make(channel, workspace);
	n->references++;
	linked_unlock();
	return n;
}

struct linked *linked_keep_reference(struct linked *n)
{
	linked_lock();
	n->references++;
	linked_unlock();
	return n;
}

static void destroy(struct linked *n)
{
	linked_unload(n);
	for (struct linked_input *next, *in = n->first; in; in = next) {
		next = in->next;
		heap_free(in);
	}
	lane_destroy(n->lane);
	heap_free(n->view.qr);
	heap_free(n->hosts);
	linked_recent_free(&n->links);
	linked_recent_free(&n->previews);
	heap_free(n);
}

void linked_drop(struct linked *n)
{
	bool is_last;

	linked_lock();
	is_last = --n->references == 0;
	linked_unlock();
	if (is_last)
		destroy(n);
}

/* Out of the table: who still holds it, uses it to its end. */
static void forget(struct linked *n)
{
	bool was_there = false;

	linked_lock();
	for (struct linked **at = bucket_of(n->channel); *at; at = &(*at)->next) {
		if (*at != n)
			continue;
		*at = n->next;
		linked_manager.figures.numbers--;
		was_there = true;
		break;
	}
	linked_unlock();
	if (was_there)
		linked_drop(n);
}

struct linked **linked_all(size_t *count)
{
	struct linked **all;

	*count = 0;
	linked_lock();
	all = heap_alloc((linked_manager.figures.numbers + 1) * sizeof(struct linked *));
	for (size_t i = 0; i < LINKED_BUCKETS; i++)
		for (struct linked *n = linked_manager.numbers[i]; n; n = n->next) {
			n->references++;
			all[(*count)++] = n;
		}
	linked_unlock();
	return all;
}

enum err linked_take(struct job *job, id64 channel, struct linked **out)
{
	struct channel *ch;

	*out = NULL;
	TRY(linked_manager.host.channel(job, channel, &ch));
	if (ch->provider != &linked_provider)
		return fail_code(job, ERR_UNSUPPORTED, S("unsupported"),
			S("Choose a number that is paired as a linked device."),
			"The channel is not a linked number.");
	if (!linked_manager.pool)
		return fail(job, ERR_UPSTREAM, "linked numbers are not served here");
	*out = linked_take_row(ch->id, ch->workspace);
	return OK;
}

/* ---- housekeeping ---- */

/* Where it comes too late (a machine that slept), another node may have what we held: what is
 * loaded is void, and loaded anew if we still may. */
static enum err renew_leases(struct job *job)
{
	int64_t until = job->now_ms + linked_time(LINKED_LEASE_MS);

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_lease_renew(job,
		&(struct sql_linked_lease_renew){ linked_manager.host.node, until }, NULL));
	TRY(db_commit(job));
	if (atomic_load(&linked_manager.lease_until_ms) < job->now_ms)
		atomic_fetch_add(&linked_manager.holds, 1);
	atomic_store(&linked_manager.lease_until_ms, until);
	return OK;
}

static bool take_proof_due(struct linked *n, int64_t *at_ms)
{
	bool due;

	linked_lock();
	due = n->is_proof_due;
	n->is_proof_due = false;
	*at_ms = n->view.last_seen_ms;
	linked_unlock();
	return due;
}

/* Proof of life of all, in one transaction: it comes every ten seconds of each. */
static enum err write_proofs(struct job *job, struct linked **all, size_t count)
{
	int64_t at_ms;

	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < count; i++)
		if (take_proof_due(all[i], &at_ms))
			TRY(sql_linked_number_set_proof(job,
				&(struct sql_linked_number_set_proof){ all[i]->channel, at_ms },
				NULL));
	return db_commit(job);
}

/* At the start: all that shall be connected, but those of another node that lives. */
static enum err start_wanted(struct job *job, size_t *started)
{
	struct linked_number_rows rows;
	id64 after = 0;

	do {
		TRY(sql_linked_number_wanted(job,
			&(struct sql_linked_number_wanted){ after, WANTED_PAGE }, &rows));
		for (size_t i = 0; i < rows.count; i++) {
			struct linked_number_row *row = &rows.items[i];

			after = row->channel;
			if (row->lease_node >= 0 && row->lease_node != linked_manager.host.node &&
				row->lease_until_ms > job->now_ms)
				continue;
			linked_start_row(row, *started);
			(*started)++;
		}
	} while (rows.count == WANTED_PAGE);
	return OK;
}

/* Later: those of a node that died or ended. One that is ours goes on by itself, or waits for a
 * person. */
static enum err take_over(struct job *job)
{
	struct linked_number_rows rows;

	TRY(sql_linked_number_left(job,
		&(struct sql_linked_number_left){ linked_manager.host.node, job->now_ms,
			LINKED_FAILED, WANTED_PAGE },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		linked_start_row(&rows.items[i], i);
	if (rows.count)
		log_info("linked: %zu numbers are taken over", rows.count);
	return OK;
}

enum err linked_clean_orphans(struct job *job)
{
	struct linked_orphan_rows rows;

	TRY(sql_linked_number_orphans(job,
		&(struct sql_linked_number_orphans){ job->now_ms - LINKED_ORPHAN_MS, ORPHANS_PAGE },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(linked_clean(job, rows.items[i].channel, rows.items[i].workspace));
	return OK;
}

static enum err keep_house(struct job *job, void *arg)
{
	static unsigned round;
	size_t count;
	struct linked **all;
	enum err e;

	(void)arg;
	job->now_ms = clock_now_ms();
	TRY(renew_leases(job));
	all = linked_all(&count);
	e = write_proofs(job, all, count);
	for (size_t i = 0; i < count; i++)
		linked_drop(all[i]);
	heap_free(all);
	TRY(e);
	TRY(take_over(job));
	return round++ % ORPHANS_EVERY == 0 ? linked_clean_orphans(job) : OK;
}

/* ---- the life ---- */

void linked_set_root(const uint8_t *root)
{
	linked_manager.root = root;
}

bool linked_read_root(str text, uint8_t root[32])
{
	uint8_t room[64];
	struct buf out = { .ptr = room, .cap = sizeof room, .max = 32 };

	if (text.len == 64 ? !hex_read(text, &out) : !base64_read(text, &out))
		return false;
	if (out.len != 32)
		return false;
	memcpy(root, out.ptr, 32);
	return true;
}

void linked_create(const struct linked_host *host)
{
	struct linked_manager *m = &linked_manager;

	m->host = *host;
	m->is_stopping = false;
	m->version = WA_VERSION_DEFAULT;
	m->version_number = 1;
	m->figures = (struct linked_figures){ 0 };
	m->pool = pool_create("linked", host->workers ? host->workers : 2, POOL_QUEUE, host->store);
}

enum err linked_start(struct job *job)
{
	size_t started = 0;

	TRY(linked_load_version(job));
	atomic_store(&linked_manager.lease_until_ms, INT64_MAX);
	TRY(renew_leases(job));
	TRY(start_wanted(job, &started));
	if (started)
		log_info("linked: %zu numbers connect", started);
	timer_every(linked_manager.host.timers, linked_time(LINKED_HOUSE_MS),
		(struct task){ "linked house", keep_house, NULL, NULL });
	linked_history_create();
	return OK;
}

/* Those who wait for the network go on without it. */
static void wake_waiters(void)
{
	linked_lock();
	linked_manager.is_stopping = true;
	for (size_t i = 0; i < LINKED_BUCKETS; i++)
		for (struct linked *n = linked_manager.numbers[i]; n; n = n->next)
			for (struct linked_waiter *w = n->waiters; w; w = w->next)
				pthread_cond_signal(&w->done);
	linked_unlock();
}

static void leave_loop(void *arg)
{
	size_t count;
	struct linked **all = linked_all(&count);

	(void)arg;
	for (size_t i = 0; i < count; i++) {
		linked_leave(all[i]);
		linked_drop(all[i]);
	}
	heap_free(all);
}

static enum err drop_leases(struct job *job)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_lease_drop_all(job,
		&(struct sql_linked_lease_drop_all){ linked_manager.host.node }, NULL));
	return db_commit(job);
}

void linked_stop_all(void)
{
	struct linked_manager *m = &linked_manager;
	struct arena *arena;
	struct job job;

	if (!m->pool)
		return;
	wake_waiters();
	linked_history_stop();
	pool_drain(m->pool, clock_now_ms() + STORE_WAIT_MAX_MS);
	loop_post(m->host.loop, leave_loop, NULL);
	arena = arena_create(1u << 20);
	job_init(&job, "linked leases", arena, m->host.store);
	job_finish(&job, drop_leases(&job));
	arena_destroy(arena);
}

void linked_destroy(void)
{
	struct linked_manager *m = &linked_manager;
	size_t count;
	struct linked **all;

	if (!m->pool)
		return;
	linked_history_destroy();
	all = linked_all(&count);
	for (size_t i = 0; i < count; i++) {
		forget(all[i]);
		linked_drop(all[i]);
	}
	heap_free(all);
	pool_destroy(m->pool);
	m->pool = NULL;
}

void linked_forget(struct linked *n)
{
	forget(n);
}

void linked_figures(struct linked_figures *out)
{
	linked_lock();
	*out = linked_manager.figures;
	out->connected = out->waiting = 0;
	for (size_t i = 0; i < LINKED_BUCKETS; i++)
		for (const struct linked *n = linked_manager.numbers[i]; n; n = n->next) {
			out->connected += n->view.state == LINKED_CONNECTED;
			out->waiting += n->view.retry_ms > 0;
		}
	linked_unlock();
}
