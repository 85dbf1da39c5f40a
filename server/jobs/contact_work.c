/* contact_work.c: see contact_work.h. */
#include "jobs/contact_work.h"

#include "base/log.h"
#include "inbox/contact_export.h"
#include "inbox/contact_import.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdatomic.h>

#define LOOK_EVERY_MS 60000
#define AT_A_TIME 10
#define TRIES_MAX 5
#define LANE_QUEUE 4
#define TOLD_EVERY 5 /* batches of an export */

void (*contact_work_told)(struct job *job, enum contact_work_kind kind, id64 id);

/* Held by its owner, its timer and each task under way; the last one frees it. */
struct contact_work {
	struct store *store;
	struct lane *lane;
	struct arena *arena; /* of the lane's tasks */
	atomic_int holders;
	atomic_bool is_posted, is_ending;
};

static void let_go(void *arg)
{
	struct contact_work *w = arg;

	if (atomic_fetch_sub(&w->holders, 1) > 1)
		return;
	lane_destroy(w->lane);
	arena_destroy(w->arena);
	heap_free(w);
}

static void start_job(struct contact_work *w, struct job *job, const char *name, id64 workspace)
{
	job_init(job, name, w->arena, w->store);
	job->workspace = workspace;
}

/* Those who asked for it wrote what it writes. */
static void act_for(struct job *job, enum actor_kind kind, id64 id, str name)
{
	job->actor = (struct actor){ .kind = kind, .id = id, .name = name };
}

static void tell(struct job *job, enum contact_work_kind kind, id64 id)
{
	if (contact_work_told)
		contact_work_told(job, kind, id);
}

/* ---- imports ---- */

static enum err open_import(struct contact_work *w, id64 workspace, id64 id,
	struct import_run **out)
{
	struct job job;
	enum err e;

	start_job(w, &job, "contact import", workspace);
	e = import_run_open(&job, id, out);
	job_finish(&job, e);
	return e;
}

static enum err import_batch(struct contact_work *w, id64 workspace, id64 id,
	struct import_run *run, bool *done)
{
	struct contact_import import;
	struct job job;
	enum err e;

	start_job(w, &job, "contact import", workspace);
	e = import_get(&job, id, &import);
	if (e == OK) {
		act_for(&job, import.actor_kind, import.actor_id, import.actor_name);
		e = import_run_batch(&job, run, done);
	}
	if (e == OK)
		tell(&job, WORK_IMPORT, id);
	job_finish(&job, e);
	return e;
}

static void give_up_import(struct contact_work *w, id64 workspace, id64 id)
{
	struct job job;
	enum err e;

	start_job(w, &job, "contact import", workspace);
	e = import_fail(&job, id, S("The import could not go on; what it brought in stays."));
	if (e == OK)
		tell(&job, WORK_IMPORT, id);
	job_finish(&job, e);
}

/* A batch that fails is tried again: another writer may have been quicker (PostgreSQL). */
static void run_import(struct contact_work *w, id64 workspace, id64 id)
{
	struct import_run *run = NULL;
	int failures = 0;
	bool done = false;
	enum err e = open_import(w, workspace, id, &run);

	while (e == OK && !done && failures < TRIES_MAX && !atomic_load(&w->is_ending)) {
		if (import_batch(w, workspace, id, run, &done) == OK)
			failures = 0;
		else
			failures++;
	}
	import_run_close(run);
	if (e != OK || failures == TRIES_MAX)
		give_up_import(w, workspace, id);
}

/* A handful of what is under way, of all workspaces: looked up in a job that ends before they run.
 */
static enum err run_busy(struct contact_work *w,
	enum err (*look)(struct job *job, struct contact_import_busy_rows *rows),
	void (*run)(struct contact_work *w, id64 workspace, id64 id), bool *any)
{
	struct contact_import_busy_rows rows;
	struct { id64 id, workspace; } todo[AT_A_TIME];
	struct job job;
	size_t count;
	enum err e;

	start_job(w, &job, "contact work", 0);
	e = look(&job, &rows);
	count = e == OK ? rows.count : 0;
	for (size_t i = 0; i < count; i++) {
		todo[i].id = rows.items[i].id;
		todo[i].workspace = rows.items[i].workspace;
	}
	job_finish(&job, e);
	for (size_t i = 0; i < count && !atomic_load(&w->is_ending); i++)
		run(w, todo[i].workspace, todo[i].id);
	*any |= count > 0;
	return e;
}

static enum err busy_imports(struct job *job, struct contact_import_busy_rows *rows)
{
	return sql_contact_import_busy(job, &(struct sql_contact_import_busy){ AT_A_TIME }, rows);
}

/* ---- exports ---- */

struct exporting { struct contact_work *work; struct job *job; id64 id; int batches; };

static bool goes_on(void *arg, int64_t rows)
{
	struct exporting *x = arg;

	(void)rows;
	if (x->batches++ % TOLD_EVERY == 0)
		tell(x->job, WORK_EXPORT, x->id);
	return !atomic_load(&x->work->is_ending);
}

static void run_export(struct contact_work *w, id64 workspace, id64 id)
{
	struct exporting x = { .work = w, .id = id };
	struct contact_export export;
	struct job job;
	enum err e;

	start_job(w, &job, "contact export", workspace);
	x.job = &job;
	e = export_get(&job, id, &export);
	if (e == OK) {
		act_for(&job, export.actor_kind, export.actor_id, export.actor_name);
		e = export_run(&job, id, goes_on, &x);
	}
	if (e != OK) {
		str why = job.why;

		log_warn("export %lld: %s", (long long)id, err_name(e));
		db_rollback(&job);
		e = export_fail(&job, id, why);
	}
	if (e == OK)
		tell(&job, WORK_EXPORT, id);
	job_finish(&job, e);
}

static enum err busy_exports(struct job *job, struct contact_import_busy_rows *rows)
{
	return sql_contact_export_busy(job, &(struct sql_contact_export_busy){ AT_A_TIME }, rows);
}

/* ---- erasures ---- */

static enum err run_erasures(struct contact_work *w, bool *any)
{
	struct contact_erasing_rows rows;
	struct { id64 id, workspace; } todo[AT_A_TIME];
	struct job job;
	size_t count;
	enum err e;
	bool done;

	start_job(w, &job, "contact work", 0);
	e = sql_contact_erasing(&job, &(struct sql_contact_erasing){ AT_A_TIME }, &rows);
	count = e == OK ? rows.count : 0;
	for (size_t i = 0; i < count; i++) {
		todo[i].id = rows.items[i].id;
		todo[i].workspace = rows.items[i].workspace;
	}
	job_finish(&job, e);
	for (size_t i = 0; i < count && e == OK && !atomic_load(&w->is_ending); i++) {
		start_job(w, &job, "contact erasure", todo[i].workspace);
		e = contact_wipe(&job, todo[i].id, &done);
		job_finish(&job, e);
	}
	*any |= count > 0;
	return e;
}

static enum err clean(struct contact_work *w)
{
	struct job job;
	enum err e;

	start_job(w, &job, "contact export", 0);
	e = export_clean(&job);
	job_finish(&job, e);
	return e;
}

/* ---- its life ---- */

/* Until nothing is left; a failure ends the round, and the timer begins the next. */
static void work(struct contact_work *w)
{
	enum err e = clean(w);
	bool any = true;

	while (any && e == OK && !atomic_load(&w->is_ending)) {
		any = false;
		e = run_busy(w, busy_imports, run_import, &any);
		if (e == OK)
			e = run_busy(w, busy_exports, run_export, &any);
		if (e == OK)
			e = run_erasures(w, &any);
	}
}

static enum err run(struct job *job, void *arg)
{
	struct contact_work *w = arg;

	(void)job;
	atomic_store(&w->is_posted, false); /* what wakes us from here on is looked for again */
	work(w);
	let_go(w);
	return OK;
}

void contact_work_wake(struct contact_work *w)
{
	if (atomic_load(&w->is_ending) || atomic_exchange(&w->is_posted, true))
		return;
	atomic_fetch_add(&w->holders, 1);
	if (!lane_post(w->lane, (struct task){ "contact work", run, let_go, w })) {
		atomic_store(&w->is_posted, false);
		let_go(w);
	}
}

static enum err on_time(struct job *job, void *arg)
{
	(void)job;
	contact_work_wake(arg);
	return OK;
}

struct contact_work *contact_work_create(struct store *store, struct pool *pool,
	struct timers *timers)
{
	struct contact_work *w = HEAP_NEW(struct contact_work);

	w->store = store;
	w->lane = lane_create(pool, LANE_QUEUE);
	w->arena = arena_create(ARENA_LIMIT_DEFAULT);
	atomic_store(&w->holders, 2); /* the owner and the timer */
	timer_every(timers, LOOK_EVERY_MS, (struct task){ "contact work", on_time, let_go, w });
	contact_work_wake(w);
	return w;
}

void contact_work_destroy(struct contact_work *w)
{
	if (!w)
		return;
	atomic_store(&w->is_ending, true);
	let_go(w);
}
