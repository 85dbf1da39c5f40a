/* history.c: what the phone sends of the past waits in rows, and workers take it in; see history.h.
 */
#include "provider/linked/history.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/media.h"
#include "wa/client/appstate.h"
#include "wa/history/history.h"

#include <stdatomic.h>

#define WORKERS 2
#define QUEUE 4096
#define LOOK_EVERY_MS 15000
#define DUE_MAX 64
#define AGAIN_MS 30000                  /* doubled with each attempt */
#define AGAIN_MAX_MS 3600000
#define DAY_MS (24 * 3600 * 1000LL)
#define BODY_MAX (2u << 20)

/* One part of a number at a time. What is under way is not written down: whoever is killed finds
 * it due. */
static struct {
	struct pool *_Atomic pool; /* NULL: before the start, and after the end */
	atomic_bool is_posted;
	id64 under_way[WORKERS]; /* channels, or 0; under the lock */
} files;

const char *linked_sync_state_name(enum linked_sync_state state)
{
	static const char *const names[] = {
		[LINKED_SYNC_PENDING] = "pending",
		[LINKED_SYNC_SYNCING] = "syncing",
		[LINKED_SYNC_COMPLETED] = "completed",
		[LINKED_SYNC_FAILED] = "failed",
		[LINKED_SYNC_SKIPPED] = "skipped",
	};

	return names[state];
}

/* ---- settings ---- */

static int64_t setting(json config, const char *name, int64_t otherwise)
{
	return json_int(json_field(config, name), otherwise);
}

static bool is_in(json value, int64_t low, int64_t high)
{
	int64_t n = json_int(value, -1);

	return json_kind(value) == JSON_INT && (n == 0 || (n >= low && n <= high));
}

void linked_history_config_check(struct job *job, str name, json value)
{
	if (str_is(name, S("history_days")) &&
		!is_in(value, LINKED_HISTORY_DAYS_MIN, LINKED_HISTORY_DAYS_MAX))
		field_error(job, S("config.history_days"), S("invalid"),
			S("7 to 180 days; 0 for all there is."));
	if (str_is(name, S("history_chats")) && !is_in(value, 1, LINKED_HISTORY_CHATS_MAX))
		field_error(job, S("config.history_chats"), S("invalid"),
			S("1 to 100000 chats; 0 for all."));
}

static void window_of(struct job *job, const struct channel *ch, id64 part,
	struct linked_window *out)
{
	json config = NULL;
	int64_t days, chats;

	if (json_read(job->arena, ch->config, &config, NULL) != OK)
		config = NULL;
	days = setting(config, "history_days", LINKED_HISTORY_DAYS);
	chats = setting(config, "history_chats", LINKED_HISTORY_CHATS);
	/* As of when it came, so that a second reading sees the same. */
	out->since_ms = days ? id64_ms(part) - days * DAY_MS : 0;
	out->chats_max = chats ? (size_t)chats : SIZE_MAX / 2;
}

/* ---- what comes ---- */

static enum err seal_part(struct job *job, const struct wa_history *h, bytes *out)
{
	const struct wa_media_reference reference = { .media = h->file, .id = h->id };
	struct buf b = buf_in(job->arena, BODY_MAX);

	json_open(&b, '{');
	json_put(&b, "id", h->id);
	json_put_int(&b, "kind", h->kind);
	if (h->inside.len)
		json_put(&b, "inside", base64_text(job->arena, h->inside));
	else
		json_put(&b, "file", wa_media_pack(job->arena, &reference));
	json_close(&b, '}');
	if (b.failed)
		return fail(job, ERR_LIMIT, "a part of a history is too large");
	return linked_manager.host.seal(job, buf_text(&b), out);
}

enum err linked_history_take(struct turn *turn, const struct wa_history *history)
{
	struct job *job = turn->job;
	struct linked_sync_row row = { .state = LINKED_SYNC_PENDING };
	bytes body;

	/* An answer is more of what is there, not a sync. */
	if (history->kind != WA_HISTORY_ASKED)
		TRY(sql_linked_sync_begin(job,
			&(struct sql_linked_sync_begin){ turn->n->channel, turn->n->workspace,
				history->progress > 0 ? history->progress : 0, job->now_ms },
			NULL));
	TRY(sql_linked_sync_get(job, &(struct sql_linked_sync_get){ turn->n->channel }, &row));
	if (row.state == LINKED_SYNC_SKIPPED || history->kind == WA_HISTORY_STATUS)
		return OK;
	TRY(seal_part(job, history, &body));
	TRY(sql_linked_part_add(job,
		&(struct sql_linked_part_add){ job_id(job), turn->n->workspace, turn->n->channel,
			body, job->now_ms },
		NULL));
	turn->changed = turn->wakes_history = true;
	return OK;
}

enum err linked_history_online(struct turn *turn)
{
	turn->wakes_history = true;
	return sql_linked_part_online(turn->job,
		&(struct sql_linked_part_online){ turn->n->channel, turn->job->now_ms }, NULL);
}

enum err linked_history_forget(struct job *job, id64 channel)
{
	TRY(sql_linked_part_drop(job, &(struct sql_linked_part_drop){ channel }, NULL));
	TRY(sql_linked_past_chat_drop(job, &(struct sql_linked_past_chat_drop){ channel }, NULL));
	return sql_linked_sync_drop(job, &(struct sql_linked_sync_drop){ channel }, NULL);
}

enum err linked_history_paired(struct turn *turn)
{
	struct job *job = turn->job;
	id64 channel = turn->n->channel;

	TRY(linked_history_forget(job, channel));
	return sql_linked_sync_wait(job,
		&(struct sql_linked_sync_wait){ channel, turn->n->workspace, job->now_ms }, NULL);
}

/* ---- one part ---- */

static enum err ask_anew(struct turn *turn, void *arg)
{
	const struct wa_media_reference *lost = arg;

	return wa_client_history_lost(wa_link_client(turn->n->link), &turn->call, lost->id,
		lost->media.key);
}

static enum err read_file_part(struct job *job, struct linked_part *part, json body)
{
	struct wa_media_reference reference;
	struct linked_file file = { &reference.media, NULL, NULL, WA_HISTORY_FILE_MAX };
	enum err e;

	TRY(wa_media_unpack(job->arena, json_text_at(body, "file"), &reference));
	part->file = &file;
	e = linked_fetch_sealed(job, part->ch, &file, &part->fd);
	/* The phone leaves it under another path; or sends it again, as a part of its own. */
	if (e == ERR_MISSING) {
		TRY(linked_file_again(job, part->ch, &reference, ask_anew));
		job_forgive(job);
		e = linked_fetch_sealed(job, part->ch, &file, &part->fd);
	}
	return e == OK ? linked_part_read(part) : e;
}

/* ---- what a part says beside messages, to the number's client ---- */

#define LEARN_SLICE 250 /* pairs of one turn: others wait for the lane, too */

static enum err learn_slice(struct turn *turn, void *arg)
{
	if (!turn->n->is_paired)
		return OK;
	TRY(linked_load(turn));
	return wa_client_past(wa_link_client(turn->n->link), &turn->call, arg);
}

/* That it cannot be learnt now loses nothing: it is asked for when it is needed. */
static enum err learn(const struct linked_part *part, const struct wa_past *past)
{
	struct wa_past slice = *past;
	struct job *job = part->job;
	size_t left = past->count;
	struct linked *n;
	enum err e = linked_take(job, part->channel, &n);

	if (e != OK)
		return e;
	do {
		slice.count = left < LEARN_SLICE ? left : LEARN_SLICE;
		e = linked_run(job, n, learn_slice, &slice);
		slice.salt = BYTES_NONE;
		slice.pairs += slice.count;
		left -= slice.count;
	} while (e == OK && left);
	linked_drop(n);
	if (e == ERR_STORE)
		return e;
	if (e != OK)
		job_forgive(job);
	return OK;
}

static enum err take_part(struct job *job, const struct linked_part_row *row,
	const struct linked_part_now_row *now, bool *is_asked)
{
	struct linked_part part = { .job = job, .id = row->id, .channel = row->channel,
		.done = now->done, .fd = -1, .learn = learn };
	struct buf inside = buf_in(job->arena, BODY_MAX);
	json body;
	str text;

	TRY(linked_manager.host.channel(job, row->channel, &part.ch));
	TRY(linked_manager.host.unseal(job, now->body_sealed, &text));
	TRY(json_read(job->arena, text, &body, NULL));
	part.is_asked = *is_asked = json_int(json_field(body, "kind"), 0) == WA_HISTORY_ASKED;
	window_of(job, part.ch, row->id, &part.window);
	if (!json_field(body, "inside"))
		return read_file_part(job, &part, body);
	if (!base64_read(json_text_at(body, "inside"), &inside))
		return fail(job, ERR_CORRUPT, "a part of a history cannot be read");
	part.inside = buf_bytes(&inside);
	return linked_part_read(&part);
}

static bool is_final(enum err e, int64_t attempts)
{
	return e == ERR_MISSING || e == ERR_UNSUPPORTED || attempts + 1 >= LINKED_PART_ATTEMPTS;
}

static int64_t wait_ms(int64_t attempts)
{
	int64_t ms = attempts < 7 ? (int64_t)AGAIN_MS << attempts : AGAIN_MAX_MS;

	return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

/* An answer that is in, or was none, is not kept: the next round asks again. */
static enum err drop_part(struct job *job, const struct linked_part_row *row)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_part_delete(job, &(struct sql_linked_part_delete){ row->id }, NULL));
	return db_commit(job);
}

/* Its row and the number's, by what came of it. */
struct outcome { enum err e; int64_t attempts; str why; };

static enum err settle_part(struct job *job, const struct linked_part_row *row,
	const struct outcome *came)
{
	struct linked_part_done_row now;
	enum err e = came->e;
	/* A number that is not connected is no failure: it is due again when it is. */
	bool ends = e == OK || (e != ERR_CONFLICT && is_final(e, came->attempts));
	int64_t attempts = came->attempts + (e != OK && e != ERR_CONFLICT);

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_linked_part_done(job, &(struct sql_linked_part_done){ row->id }, &now));
	TRY(sql_linked_part_set(job,
		&(struct sql_linked_part_set){ row->id, now.done, attempts,
			ends ? 0 : clock_now_ms() + wait_ms(came->attempts) },
		NULL));
	if (e == OK)
		TRY(sql_linked_sync_complete(job,
			&(struct sql_linked_sync_complete){ row->channel, clock_now_ms() }, NULL));
	else if (ends)
		TRY(sql_linked_sync_set_state(job,
			&(struct sql_linked_sync_set_state){ row->channel, LINKED_SYNC_FAILED,
				came->why, clock_now_ms() },
			NULL));
	return db_commit(job);
}

static void tell_people(struct job *job, const struct linked_part_row *row)
{
	struct linked *n = linked_take_row(row->channel, row->workspace);

	linked_tell(job, n);
	linked_drop(n);
}

/* Its place is ours now; another worker may have been done with it just before. */
static enum err still_due(struct job *job, id64 part, struct linked_part_now_row *now, bool *is_due)
{
	enum err e = sql_linked_part_get(job,
		&(struct sql_linked_part_get){ part, clock_now_ms() }, now);

	*is_due = e == OK;
	if (e == ERR_MISSING)
		job_forgive(job);
	return e == ERR_MISSING ? OK : e;
}

static enum err do_part(struct job *job, const struct linked_part_row *row)
{
	struct linked_part_now_row now;
	bool is_asked = false, is_due;
	struct outcome came;

	job->workspace = row->workspace;
	TRY(still_due(job, row->id, &now, &is_due));
	if (!is_due)
		return OK;
	came.e = take_part(job, row, &now, &is_asked);
	came.attempts = now.attempts;
	db_rollback(job);
	came.why = job->why.len ? job->why : S("The history cannot be read.");
	if (came.e != OK)
		log_warn("linked: channel %lld: history: %s: " STR_F, (long long)row->channel,
			err_name(came.e), STR_A(came.why));
	if (came.e == ERR_STORE)
		return came.e;
	job_forgive(job);
	if (is_asked && (came.e == OK || is_final(came.e, came.attempts)))
		TRY(drop_part(job, row));
	else
		TRY(settle_part(job, row, &came));
	tell_people(job, row);
	return OK;
}

/* ---- the workers ---- */

static enum err look(struct job *job, void *arg);

bool linked_history_post(struct task task)
{
	return files.pool && pool_post(files.pool, task);
}

void linked_history_wake(void)
{
	if (!files.pool || atomic_exchange(&files.is_posted, true))
		return;
	if (!pool_post(files.pool, (struct task){ "linked history", look, NULL, NULL }))
		atomic_store(&files.is_posted, false);
}

/* A place among those under way, or -1: there is none, or another worker has that number. */
static int take_place(id64 channel)
{
	int place = -1;

	linked_lock();
	for (int i = WORKERS; i-- > 0;) {
		if (files.under_way[i] == channel) {
			place = -1;
			break;
		}
		if (!files.under_way[i])
			place = i;
	}
	if (place >= 0)
		files.under_way[place] = channel;
	linked_unlock();
	return place;
}

static void leave_place(int place)
{
	linked_lock();
	files.under_way[place] = 0;
	linked_unlock();
}

static enum err look(struct job *job, void *arg)
{
	struct linked_part_rows rows;
	int place = -1;
	size_t i = 0;
	enum err e;

	(void)arg;
	atomic_store(&files.is_posted, false);
	TRY(sql_linked_part_due(job,
		&(struct sql_linked_part_due){ clock_now_ms(), linked_manager.host.node, DUE_MAX },
		&rows));
	if (linked_manager.is_stopping)
		return OK;
	while (i < rows.count && (place = take_place(rows.items[i].channel)) < 0)
		i++;
	if (place < 0)
		return OK;
	/* The other worker looks for more. */
	linked_history_wake();
	e = do_part(job, &rows.items[i]);
	leave_place(place);
	/* What our own store refused is tried again in time. */
	if (e == OK)
		linked_history_wake();
	return e;
}

static enum err look_again(struct job *job, void *arg)
{
	(void)job, (void)arg;
	linked_history_wake();
	return OK;
}

void linked_history_create(void)
{
	memset(files.under_way, 0, sizeof files.under_way);
	files.pool = pool_create("linked files", WORKERS, QUEUE, linked_manager.host.store);
	atomic_store(&files.is_posted, false);
	timer_every(linked_manager.host.timers, LOOK_EVERY_MS,
		(struct task){ "linked history", look_again, NULL, NULL });
	linked_catch_up_create();
}

void linked_history_stop(void)
{
	if (files.pool)
		pool_drain(files.pool, clock_now_ms() + LINKED_CALL_MS);
}

void linked_history_destroy(void)
{
	if (files.pool)
		pool_destroy(files.pool);
	files.pool = NULL;
}

/* ---- files of app state ---- */

struct wanted { struct linked *n; uint64_t number; char reference[]; };

static void drop_wanted(void *arg)
{
	struct wanted *wanted = arg;

	linked_drop(wanted->n);
	heap_free(wanted);
}

struct given { uint64_t number; bytes plain; };

static enum err give(struct turn *turn, void *arg)
{
	const struct given *given = arg;

	TRY(linked_load(turn));
	return wa_client_fetched(wa_link_client(turn->n->link), &turn->call, given->number,
		given->plain);
}

static bool gather(void *arg, bytes piece)
{
	struct buf *out = arg;

	buf_put(out, piece.ptr, piece.len);
	return !out->failed;
}

static enum err fetch_wanted(struct job *job, void *arg)
{
	struct wanted *wanted = arg;
	struct wa_media_reference reference;
	struct channel *ch;
	struct buf plain = buf_in(job->arena, WA_FETCH_MAX);
	struct linked_file file = { &reference.media, gather, &plain, WA_FETCH_MAX };
	struct given given = { wanted->number, BYTES_NONE };
	enum err e;

	job_defer(job, drop_wanted, wanted);
	job->workspace = wanted->n->workspace;
	TRY(linked_manager.host.channel(job, wanted->n->channel, &ch));
	e = wa_media_unpack(job->arena, str_of(wanted->reference), &reference);
	if (e == OK)
		e = linked_fetch_file(job, ch, &file);
	if (e == OK)
		given.plain = buf_bytes(&plain);
	job_forgive(job);
	return linked_run(job, wanted->n, give, &given);
}

void linked_history_fetch(struct linked *n, const struct wa_media *file, uint64_t number)
{
	struct arena *arena = arena_create(1u << 20);
	const struct wa_media_reference reference = { .media = *file };
	str text = wa_media_pack(arena, &reference);
	struct wanted *wanted = heap_alloc(sizeof *wanted + text.len + 1);

	wanted->n = linked_keep_reference(n);
	wanted->number = number;
	if (text.len)
		memcpy(wanted->reference, text.ptr, text.len);
	arena_destroy(arena);
	if (!files.pool || !pool_post(files.pool, (struct task){ "linked file", fetch_wanted,
						  drop_wanted, wanted }))
		drop_wanted(wanted);
}

/* ---- people ---- */

static int64_t percent(const struct linked_sync_row *row)
{
	if (row->state == LINKED_SYNC_COMPLETED)
		return 100;
	if (row->chats_total > 0 && row->chats_done < row->chats_total)
		return row->chats_done * 100 / row->chats_total;
	return row->progress < 100 ? row->progress : 99;
}

enum err linked_sync_get(struct job *job, id64 channel, struct linked_sync *out)
{
	struct linked_sync_row row;

	TRY(sql_linked_sync_get(job, &(struct sql_linked_sync_get){ channel }, &row));
	*out = (struct linked_sync){ .state = (enum linked_sync_state)row.state,
		.progress = percent(&row), .chats_done = row.chats_done,
		.chats_total = row.chats_total, .messages = row.messages, .why = row.why,
		.started_ms = row.started_ms, .changed_ms = row.changed_ms };
	return OK;
}

static enum err change(struct job *job, id64 channel, bool skips)
{
	struct linked_number number;
	int64_t now = clock_now_ms();

	TRY(linked_get(job, channel, &number));
	TRY(db_begin(job, DB_WRITE));
	if (skips) {
		TRY(sql_linked_part_end_all(job, &(struct sql_linked_part_end_all){ channel },
			NULL));
		TRY(sql_linked_sync_set_state(job,
			&(struct sql_linked_sync_set_state){ channel, LINKED_SYNC_SKIPPED, S(""),
				now },
			NULL));
	} else {
		TRY(sql_linked_past_chat_drop(job, &(struct sql_linked_past_chat_drop){ channel },
			NULL));
		TRY(sql_linked_sync_wait(job,
			&(struct sql_linked_sync_wait){ channel, job->workspace, now }, NULL));
		TRY(sql_linked_part_again(job, &(struct sql_linked_part_again){ channel, now },
			NULL));
	}
	TRY(linked_manager.host.audit(job, skips ? "linked.history_skip" : "linked.history_again",
		channel, STR_NONE));
	TRY(db_commit(job));
	linked_history_wake();
	return OK;
}

enum err linked_sync_again(struct job *job, id64 channel)
{
	return change(job, channel, false);
}

enum err linked_sync_skip(struct job *job, id64 channel)
{
	return change(job, channel, true);
}
