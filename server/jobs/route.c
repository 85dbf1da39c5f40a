/*
 * route.c: see route.h.
 *
 * A look around each second reads the list of channels, to ask those whose time has come. Only when
 * one started or stopped working, and now and then all the same (somebody may have switched one
 * off, a hold may be over), the numbers are gone through.
 */
#include "jobs/route.h"

#include "account/route.h"
#include "base/log.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdatomic.h>

enum { TICK_MS = 1000, LOOK_ANYWAY_MS = 10000, CHANNELS_PER_PAGE = 200, ASKED_MAX = 64 };

static struct pool *callers;
static int64_t ask_every_ms;
static _Atomic size_t asked; /* under way */

/* ---- asking ---- */

struct asking { id64 workspace, channel; };

static void note_answer(struct job *job, id64 channel, enum err e,
	const struct provider_health *health)
{
	if (e == OK && health->ok)
		route_health_probed(channel, PROBE_GOOD, STR_NONE, job->now_ms);
	else if (e == OK)
		route_health_probed(channel, PROBE_REFUSED, health->sentence, job->now_ms);
	else if (e == ERR_UPSTREAM || e == ERR_TIMEOUT)
		route_health_probed(channel, PROBE_UNREACHED,
			job->why.len ? job->why : S("Its provider does not answer."), job->now_ms);
	/* Another failure is our own, or the provider cannot be asked: that says nothing of it. */
}

static enum err ask_one(struct job *job, void *arg)
{
	const struct asking ask = *(struct asking *)arg;
	struct provider_health health = { 0 };
	enum err e;

	heap_free(arg);
	job->workspace = ask.workspace;
	e = channel_check(job, ask.channel, &health);
	atomic_fetch_sub(&asked, 1);
	note_answer(job, ask.channel, e, &health);
	if (e != OK)
		log_debug("channel %lld: its provider was asked: %s", (long long)ask.channel,
			err_name(e));
	return OK;
}

static void ask_soon(const struct route_channel_row *row)
{
	struct asking *ask;

	if (atomic_load(&asked) >= ASKED_MAX)
		return;
	ask = HEAP_NEW(struct asking);
	*ask = (struct asking){ row->workspace, row->id };
	atomic_fetch_add(&asked, 1);
	if (pool_post(callers, (struct task){ "channel health", ask_one, NULL, ask }))
		return;
	atomic_fetch_sub(&asked, 1);
	heap_free(ask);
}

/* ---- settling ---- */

struct numbers {
	struct one { id64 workspace, number; size_t channels; } *items;
	size_t count, cap;
};

static void count_number(struct job *job, struct numbers *numbers,
	const struct route_channel_row *row)
{
	for (size_t i = numbers->count; i-- > 0;)
		if (numbers->items[i].number == row->number) {
			numbers->items[i].channels++;
			return;
		}
	if (numbers->count == numbers->cap) {
		size_t cap = numbers->cap ? 2 * numbers->cap : 64;

		numbers->items = arena_grow(job->arena, numbers->items,
			numbers->cap * sizeof *numbers->items, cap * sizeof *numbers->items);
		numbers->cap = cap;
	}
	numbers->items[numbers->count++] = (struct one){ row->workspace, row->number, 1 };
}

/* numbers: NULL when nobody wants to know. */
static enum err look_at_channels(struct job *job, struct numbers *numbers)
{
	struct route_channel_rows rows = { .count = CHANNELS_PER_PAGE };

	for (id64 after = 0; rows.count == CHANNELS_PER_PAGE;) {
		TRY(sql_route_channel_page(job,
			&(struct sql_route_channel_page){ after, CHANNELS_PER_PAGE }, &rows));
		for (size_t i = 0; i < rows.count; i++) {
			if (numbers)
				count_number(job, numbers, &rows.items[i]);
			if (!rows.items[i].disabled_ms &&
				route_health_probe_due(rows.items[i].id, ask_every_ms,
					job->now_ms))
				ask_soon(&rows.items[i]);
			after = rows.items[i].id;
		}
	}
	return OK;
}

/* One that cannot be settled does not hold up the others. */
static void settle(struct job *job, const struct numbers *numbers)
{
	for (size_t i = 0; i < numbers->count; i++) {
		bool changed;
		enum err e;

		if (numbers->items[i].channels < 2)
			continue;
		job->workspace = numbers->items[i].workspace;
		e = number_route_settle(job, numbers->items[i].number, &changed);
		if (e == OK)
			continue;
		log_warn("the route of number %lld was not settled: %s: " STR_F,
			(long long)numbers->items[i].number, err_name(e), STR_A(job->why));
		db_rollback(job);
		job_forgive(job);
	}
}

static enum err look(struct job *job, void *arg)
{
	static uint64_t seen = UINT64_MAX;
	static int64_t looked_ms;
	uint64_t version = route_health_version();
	struct numbers numbers = { 0 };
	bool news = version != seen || job->now_ms - looked_ms >= LOOK_ANYWAY_MS;

	(void)arg;
	TRY(look_at_channels(job, news ? &numbers : NULL));
	if (!news)
		return OK;
	settle(job, &numbers);
	seen = version;
	looked_ms = job->now_ms;
	return OK;
}

void route_watch_start(struct timers *timers, struct pool *call_workers, int64_t every_ms)
{
	callers = call_workers;
	ask_every_ms = every_ms;
	timer_every(timers, TICK_MS, (struct task){ "routes", look, NULL, NULL });
}
