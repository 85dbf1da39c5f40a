/*
 * conversation_counts.c: how many conversations are where: asked, and told live.
 *
 * A change of the inbox marks its workspace; a moment later all that changed meanwhile is told
 * together, as the new values of the cells that differ from what was told before. All of this state
 * belongs to one lane.
 */
#include "api/conversation_counts.h"

#include "account/role.h"
#include "account/scope.h"
#include "api/handlers.h"
#include "base/arena.h"
#include "inbox/inbox.h"

enum { TELL_AFTER_MS = 250, WORKSPACES_MAX = 4096, LANE_QUEUE = 8192, EVENT_MAX = 2 << 20 };

static void write_cell(struct buf *out, const struct conversation_cell *cell)
{
	json_open(out, '{');
	json_put_id(out, "channel_id", cell->channel);
	if (cell->team)
		json_put_id(out, "team_id", cell->team);
	else
		json_put_null(out, "team_id");
	if (cell->assignee)
		json_put_id(out, "assignee_id", cell->assignee);
	else
		json_put_null(out, "assignee_id");
	json_put(out, "status", str_of(conversation_status_name(cell->status)));
	json_put_int(out, "total", cell->total);
	json_put_int(out, "unread", cell->unread);
	json_close(out, '}');
}

/* ---- asked ---- */

struct sum { int64_t total, unread; };

static void add_to(struct sum *sum, const struct conversation_cell *cell, bool counts)
{
	sum->total += counts ? cell->total : 0;
	sum->unread += counts ? cell->unread : 0;
}

static void write_sum(struct buf *out, const char *key, const struct sum *sum)
{
	json_open_in(out, key, '{');
	json_put_int(out, "total", sum->total);
	json_put_int(out, "unread", sum->unread);
	json_close(out, '}');
}

/* The views of the list, over the open conversations. */
static void write_views(const struct job *job, struct buf *out,
	const struct conversation_cells *cells)
{
	struct sum all = { 0 }, mine = { 0 }, unassigned = { 0 };

	for (size_t i = 0; i < cells->count; i++) {
		const struct conversation_cell *cell = &cells->items[i];

		if (cell->status != CONVERSATION_OPEN)
			continue;
		add_to(&all, cell, true);
		add_to(&mine, cell, cell->assignee == job->actor.id);
		add_to(&unassigned, cell, !cell->assignee);
	}
	write_sum(out, "all", &all);
	write_sum(out, "mine", &mine);
	write_sum(out, "unassigned", &unassigned);
}

enum err conversations_counts(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct conversation_cells cells;

	(void)req;
	TRY(conversation_counts(job, &cells));
	json_open(out, '{');
	write_views(job, out, &cells);
	json_open_in(out, "cells", '[');
	for (size_t i = 0; i < cells.count; i++)
		write_cell(out, &cells.items[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* ---- told ---- */

struct told {
	id64 workspace;
	bool waits;                      /* will be told soon */
	struct conversation_cell *cells; /* on the heap, in the order of their keys */
	size_t count;
};

struct api_counts {
	struct lane *lane;
	struct timers *timers;
	struct told *told;
	size_t count;
};

static int compare_cells(const struct conversation_cell *a, const struct conversation_cell *b)
{
	const int64_t x[] = { a->channel, a->team, a->assignee, a->status };
	const int64_t y[] = { b->channel, b->team, b->assignee, b->status };

	for (size_t i = 0; i < COUNT_OF(x); i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* What differs; a cell that is gone is zero. */
static void find_changes(struct job *job, const struct told *old,
	const struct conversation_cells *now, struct conversation_cells *out)
{
	size_t i = 0, k = 0;

	out->items = ARENA_ARRAY(job->arena, struct conversation_cell, old->count + now->count + 1);
	out->count = 0;
	while (i < old->count || k < now->count) {
		int order = i == old->count   ? 1
			    : k == now->count ? -1
					      : compare_cells(&old->cells[i], &now->items[k]);
		struct conversation_cell cell = order < 0 ? old->cells[i] : now->items[k];

		if (order < 0)
			cell.total = cell.unread = 0;
		if (order || old->cells[i].total != cell.total ||
			old->cells[i].unread != cell.unread)
			out->items[out->count++] = cell;
		i += order <= 0;
		k += order >= 0;
	}
}

static void keep(struct told *told, const struct conversation_cells *now)
{
	heap_free(told->cells);
	told->count = now->count;
	told->cells = heap_alloc((now->count + 1) * sizeof *told->cells);
	if (now->count)
		memcpy(told->cells, now->items, now->count * sizeof *told->cells);
}

static struct told *find_told(struct api_counts *counts, id64 workspace)
{
	for (size_t i = 0; i < counts->count; i++)
		if (counts->told[i].workspace == workspace)
			return &counts->told[i];
	if (counts->count == WORKSPACES_MAX)
		return NULL;
	counts->told[counts->count] = (struct told){ .workspace = workspace };
	return &counts->told[counts->count++];
}

struct mark { struct api_counts *counts; id64 workspace; };

struct listener { str app_key, channel; const struct scope *scope; };

static void publish(struct job *job, const struct listener *to,
	const struct conversation_cells *cells)
{
	struct buf data = buf_in(job->arena, EVENT_MAX);
	size_t count = 0;

	json_open(&data, '{');
	json_open_in(&data, "cells", '[');
	for (size_t i = 0; i < cells->count; i++) {
		const struct conversation_cell *cell = &cells->items[i];

		if (!scope_has(to->scope,
			    &(struct scoped){ cell->channel, cell->team, cell->assignee }))
			continue;
		write_cell(&data, cell);
		count++;
	}
	json_close(&data, ']');
	json_close(&data, '}');
	if (count && !data.failed)
		api_publish(to->app_key, to->channel, S("counts.updated"), buf_text(&data));
}

/* To each of those with a scope what is in it. */
static enum err publish_to_all(struct job *job, const struct conversation_cells *cells)
{
	struct listener to = { 0 };
	struct person *people;
	struct live_app app;
	size_t count;

	if (!cells->count || !api_publish)
		return OK;
	TRY(live_app_get(job, &app));
	to.app_key = app.key;
	to.channel = arena_printf(job->arena, "private-workspace-%lld", (long long)job->workspace);
	publish(job, &to, cells);
	TRY(person_scoped(job, &people, &count));
	for (size_t i = 0; i < count; i++) {
		to.channel = arena_printf(job->arena, "private-person-%lld",
			(long long)people[i].id);
		to.scope = scope_of(job, people[i].id, &people[i].access);
		publish(job, &to, cells);
	}
	return OK;
}

static enum err tell(struct job *job, void *arg)
{
	struct mark mark = *(struct mark *)arg;
	struct told *told = find_told(mark.counts, mark.workspace);
	struct conversation_cells now, changes;

	heap_free(arg);
	told->waits = false;
	job->workspace = mark.workspace;
	TRY(conversation_counts_fold(job));
	TRY(conversation_counts(job, &now));
	find_changes(job, told, &now, &changes);
	keep(told, &now);
	return publish_to_all(job, &changes);
}

static void *copy(const struct mark *mark)
{
	struct mark *out = heap_alloc(sizeof *out);

	*out = *mark;
	return out;
}

/* The timer's time has come: on with it, on the lane. */
static enum err due(struct job *job, void *arg)
{
	struct mark *mark = arg;

	(void)job;
	if (!lane_post(mark->counts->lane, (struct task){ "counts", tell, heap_free, mark }))
		heap_free(mark);
	return OK;
}

static enum err take_mark(struct job *job, void *arg)
{
	struct mark *mark = arg;
	struct told *told = find_told(mark->counts, mark->workspace);

	if (told && !told->waits) {
		told->waits = true;
		timer_at(mark->counts->timers, job->now_ms + TELL_AFTER_MS,
			(struct task){ "counts", due, heap_free, copy(mark) });
	}
	heap_free(arg);
	return OK;
}

void api_counts_mark(struct api_counts *counts, const struct inbox_changes *changes)
{
	id64 last = 0;

	for (size_t i = 0; counts && i < changes->count; i++) {
		struct mark mark = { counts, changes->items[i].workspace };
		void *arg;

		if (mark.workspace == last)
			continue;
		last = mark.workspace;
		arg = copy(&mark);
		if (!lane_post(counts->lane, (struct task){ "counts", take_mark, heap_free, arg }))
			heap_free(arg);
	}
}

struct api_counts *api_counts_create(struct pool *pool, struct timers *timers)
{
	struct api_counts *counts = HEAP_NEW(struct api_counts);

	counts->timers = timers;
	counts->lane = lane_create(pool, LANE_QUEUE);
	counts->told = heap_alloc(WORKSPACES_MAX * sizeof *counts->told);
	return counts;
}

void api_counts_stop(struct api_counts *counts)
{
	if (counts)
		lane_destroy(counts->lane);
}

void api_counts_destroy(struct api_counts *counts)
{
	if (!counts)
		return;
	for (size_t i = 0; i < counts->count; i++)
		heap_free(counts->told[i].cells);
	heap_free(counts->told);
	heap_free(counts);
}
