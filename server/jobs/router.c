/* router.c: see router.h. */
#include "jobs/router.h"

#include "base/clock.h"
#include "base/log.h"
#include "routing/routing.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdatomic.h>

#define PERSON_PREFIX S("private-person-")

enum { WOKEN_MAX = 256, WOKEN_PROBES = 8, WORKSPACES_PER_ROUND = 100 };
#define STOP_WAIT_MS (2 * STORE_WAIT_MAX_MS) /* longer than any task waits for the store */

struct router {
	struct pool *pool;
	atomic_bool started; /* before, nothing runs: the start looks at every workspace */
	/* workspaces with a run queued, by hash; one that finds no place is queued all the same */
	_Atomic id64 woken[WOKEN_MAX];
};

/* ---- running ---- */

static size_t place_of(id64 workspace, size_t probe)
{
	return ((size_t)((uint64_t)workspace * 0x9E3779B97F4A7C15u >> 40) + probe) % WOKEN_MAX;
}

/* false: a run is queued already. */
static bool mark(struct router *router, id64 workspace)
{
	for (size_t i = 0; i < WOKEN_PROBES; i++) {
		id64 there = 0;

		if (atomic_compare_exchange_strong(&router->woken[place_of(workspace, i)], &there,
			    workspace))
			return true;
		if (there == workspace)
			return false;
	}
	return true;
}

static void unmark(struct router *router, id64 workspace)
{
	for (size_t i = 0; i < WOKEN_PROBES; i++) {
		id64 there = workspace;

		atomic_compare_exchange_strong(&router->woken[place_of(workspace, i)], &there, 0);
	}
}

struct errand {
	struct router *router;
	id64 workspace;
};

/* Whatever changes from now on wakes it anew. */
static enum err run(struct job *job, void *arg)
{
	struct errand errand = *(struct errand *)arg;

	heap_free(arg);
	unmark(errand.router, errand.workspace);
	job->workspace = errand.workspace;
	return routing_run(job);
}

void router_wake(struct router *router, id64 workspace)
{
	struct errand *errand;

	if (!atomic_load(&router->started) || !mark(router, workspace))
		return;
	errand = HEAP_NEW(struct errand);
	*errand = (struct errand){ router, workspace };
	if (pool_post(router->pool, (struct task){ "routing", run, heap_free, errand }))
		return;
	heap_free(errand);
	unmark(router, workspace);
}

void router_changed(struct router *router, const struct inbox_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].kind == CHANGE_MESSAGE_CREATED ||
			changes->items[i].kind == CHANGE_CONVERSATION)
			router_wake(router, changes->items[i].workspace);
}

/* ---- sockets ---- */

struct presence_note { bool occupied; id64 person; size_t len; char app_key[]; };

static enum err note_presence(struct job *job, void *arg)
{
	struct presence_note *note = arg;
	str key = arena_str(job->arena, (str){ note->app_key, note->len });
	bool occupied = note->occupied;
	id64 person = note->person;
	struct routing_workspace_row row;

	heap_free(arg);
	TRY(sql_live_app_by_key(job, &(struct sql_live_app_by_key){ key }, &row));
	job->workspace = row.workspace_id;
	return agent_connected(job, person, occupied);
}

void router_occupied(struct router *router, str app_key, str channel, bool occupied)
{
	struct presence_note *note;
	id64 person;

	if (!str_starts(channel, PERSON_PREFIX) ||
		!id64_parse(str_part(channel, PERSON_PREFIX.len, channel.len), &person))
		return;
	note = heap_alloc(sizeof *note + app_key.len);
	*note = (struct presence_note){ occupied, person, app_key.len };
	memcpy(note->app_key, app_key.ptr, app_key.len);
	if (pool_post(router->pool, (struct task){ "presence", note_presence, heap_free, note }))
		return;
	log_warn("routing: too much is queued; a socket that came or went is not noted");
	heap_free(note);
}

/* ---- time ---- */

static enum err check_due(struct job *job, void *arg)
{
	bool more = true;

	(void)arg;
	while (more)
		TRY(agent_check_due(job, &more));
	return OK;
}

static enum err look_at_all(struct job *job, void *arg)
{
	struct routing_workspace_rows rows;
	id64 after = 0;

	do {
		TRY(sql_routing_active(job,
			&(struct sql_routing_active){ after, WORKSPACES_PER_ROUND }, &rows));
		for (size_t i = 0; i < rows.count; i++)
			router_wake(arg, after = rows.items[i].workspace_id);
	} while (rows.count == WORKSPACES_PER_ROUND);
	return OK;
}

/* What waited when the server stopped is given out; who had a socket has to come back. */
static enum err begin(struct job *job, void *arg)
{
	TRY(agent_start(job));
	return look_at_all(job, arg);
}

struct router *router_create(struct store *store)
{
	struct router *router = HEAP_NEW(struct router);

	router->pool = pool_create("routing", 1, ROUTER_QUEUE_MAX, store);
	return router;
}

void router_start(struct router *router, struct timers *timers)
{
	atomic_store(&router->started, true);
	if (!pool_post(router->pool, (struct task){ "routing start", begin, NULL, router }))
		log_error("routing does not start");
	timer_every(timers, ROUTER_DUE_MS, (struct task){ "agents", check_due, NULL, NULL });
	timer_every(timers, ROUTER_LOOK_MS,
		(struct task){ "routing look", look_at_all, NULL, router });
}

void router_stop(struct router *router)
{
	if (router)
		(void)pool_drain(router->pool, clock_now_ms() + STOP_WAIT_MS);
}

void router_destroy(struct router *router)
{
	if (!router)
		return;
	pool_destroy(router->pool);
	heap_free(router);
}
