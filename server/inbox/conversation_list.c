/*
 * conversation_list.c: the list, with its filters, in the asker's scope.
 *
 * A list is one or more walks along indexes, merged: one for each status, and for a person with a
 * scope one for each channel and team of it and one for what is their own. What an index does not
 * decide is looked at row by row, so each walk takes the index that leaves least to look at. The
 * one rule: no walk sorts or reads more than the few rows that are kept apart for it (the unread,
 * those that wait, a label that few have, the contacts found).
 */
#include "inbox/inbox_internal.h"

#include "account/scope.h"

enum {
	CONTACTS_FOUND_MAX = 200,
	LABELLED_FEW = 1000, /* so many of a label are listed; of more, one in a walk is met soon */
	PLACE_PRIORITY = 48, /* above the milliseconds in a place of SORT_PRIORITY */
};
#define PLACE_MS ((1LL << PLACE_PRIORITY) - 1)

/* A part of the list with one set of these; as in the queries: 0 any, -1 none. */
struct branch { id64 channel, team, assignee; };

struct walking {
	struct job *job;
	const struct conversation_filter *f;
	struct branch *branches;
	size_t branch_count;
	id64 label;                     /* 0 when few have it: then these are the ids */
	bool by_contacts, by_ids;
	str ids;
	int priority;                   /* -1: any */
	int64_t place_ms;
	id64 place_id;
};

/* ---- which parts ---- */

/* Both at once: what the filter asks and what the scope allows; false when nothing has both. */
static bool meet(id64 asked, id64 allowed, id64 *out)
{
	*out = asked ? asked : allowed;
	return !asked || !allowed || asked == allowed;
}

static void add_branch(struct walking *w, const struct branch *asked, struct branch allowed)
{
	struct branch *b = &w->branches[w->branch_count];

	w->branch_count += meet(asked->channel, allowed.channel, &b->channel) &&
			   meet(asked->team, allowed.team, &b->team) &&
			   meet(asked->assignee, allowed.assignee, &b->assignee);
}

static id64 assignee_asked(const struct conversation_filter *f)
{
	if (f->view == VIEW_MINE)
		return f->mine;
	return f->view == VIEW_UNASSIGNED ? FILTER_NONE : f->assignee_id;
}

static void add_shared_branches(struct walking *w, const struct branch *asked)
{
	const struct scope *scope = w->job->scope;
	id64 assignee = scope->sees == SEES_UNASSIGNED_AND_OWN ? FILTER_NONE : 0;

	for (size_t c = 0; c < scope->channel_count || c == 0; c++)
		for (size_t t = 0; t < scope->team_count || t == 0; t++)
			add_branch(w, asked,
				(struct branch){ scope->channel_count ? scope->channels[c] : 0,
					scope->team_count ? scope->teams[t] : 0, assignee });
}

static void make_branches(struct walking *w)
{
	const struct scope *scope = w->job->scope;
	struct branch asked = { w->f->channel_id, w->f->team_id, assignee_asked(w->f) };
	size_t max = scope ? 1 + (scope->channel_count + 1) * (scope->team_count + 1) : 1;

	w->branches = ARENA_ARRAY(w->job->arena, struct branch, max);
	if (!scope) {
		add_branch(w, &asked, (struct branch){ 0 });
		return;
	}
	if (scope->person)
		add_branch(w, &asked, (struct branch){ .assignee = scope->person });
	if (scope->sees != SEES_OWN)
		add_shared_branches(w, &asked);
}

/* ---- one walk ---- */

struct along { const struct branch *branch; int status; };

#define WALK_PARAMS                                                                            \
	.workspace = job->workspace, .status = a->status, .channel = a->branch->channel,       \
	.assignee = a->branch->assignee, .team = a->branch->team, .label = w->label,           \
	.priority = w->priority, .unread_more_than = w->f->unread_only ? 0 : -1,               \
	.from_ms = w->f->from_ms, .until_ms = w->f->until_ms ? w->f->until_ms : INT64_MAX,     \
	.waiting_until_ms = w->f->waiting_ms ? job->now_ms - w->f->waiting_ms : 0,             \
	.at_ms = w->place_ms, .at_id = w->place_id, .max = (int64_t)w->f->max
#define WALK(name, ...)                                                                      \
	sql_conversation_##name(job,                                                         \
		&(struct sql_conversation_##name){ WALK_PARAMS __VA_OPT__(, ) __VA_ARGS__ }, \
		out)
#define WALK_BOTH(name, ...)                                           \
	(w->f->sort == SORT_OLDEST ? WALK(up_##name, __VA_ARGS__)      \
				   : WALK(down_##name, __VA_ARGS__))

/* Those kept apart because they are few: any status at once. */
static bool is_few(const struct walking *w)
{
	return w->by_contacts || w->by_ids || w->f->sort == SORT_WAITING || w->f->waiting_ms ||
	       w->priority > 0 || w->f->unread_only;
}

static enum err walk_few(const struct walking *w, const struct along *a,
	struct conversation_rows *out)
{
	struct job *job = w->job;

	if (w->f->sort == SORT_WAITING)
		return w->by_contacts ? WALK(longest_contacts, .ids = w->ids) : WALK(longest);
	if (w->by_contacts)
		return WALK_BOTH(contacts, .ids = w->ids);
	if (w->by_ids)
		return WALK_BOTH(ids, .ids = w->ids);
	if (w->f->waiting_ms)
		return WALK_BOTH(waiting);
	return w->priority > 0 ? WALK_BOTH(priority) : WALK_BOTH(unread);
}

static enum err walk_status(const struct walking *w, const struct along *a,
	struct conversation_rows *out)
{
	const struct branch *b = a->branch;
	struct job *job = w->job;

	if (b->assignee > 0)
		return b->channel ? WALK_BOTH(channel_assignee) : WALK_BOTH(assignee);
	if (b->team > 0)
		return WALK_BOTH(team);
	if (b->channel)
		return b->assignee ? WALK_BOTH(channel_unassigned) : WALK_BOTH(channel);
	return b->assignee ? WALK_BOTH(unassigned) : WALK_BOTH(status);
}

/* ---- all of them ---- */

/* Whether a stands above b. */
static bool is_before(enum conversation_sort sort, const struct conversation_row *a,
	const struct conversation_row *b)
{
	int64_t x = sort == SORT_WAITING ? a->waiting_since_ms : a->last_message_ms;
	int64_t y = sort == SORT_WAITING ? b->waiting_since_ms : b->last_message_ms;

	if (x == y)
		x = a->id, y = b->id;
	return sort == SORT_NEWEST || sort == SORT_PRIORITY ? x > y : x < y;
}

static size_t best_walk(const struct walking *w, const struct conversation_rows *walks,
	const size_t *at, size_t count)
{
	size_t best = count;

	for (size_t i = 0; i < count; i++)
		if (at[i] < walks[i].count &&
			(best == count || is_before(w->f->sort, &walks[i].items[at[i]],
						  &walks[best].items[at[best]])))
			best = i;
	return best;
}

/* In the order of the list; what two walks have met once. */
static void join(const struct walking *w, const struct conversation_rows *walks, size_t count,
	struct conversation_rows *out)
{
	size_t *at = ARENA_ARRAY(w->job->arena, size_t, count);
	size_t best;

	memset(at, 0, count * sizeof *at);
	out->items = ARENA_ARRAY(w->job->arena, struct conversation_row, w->f->max);
	out->count = 0;
	while (out->count < w->f->max && (best = best_walk(w, walks, at, count)) < count) {
		const struct conversation_row *row = &walks[best].items[at[best]++];

		if (!out->count || out->items[out->count - 1].id != row->id)
			out->items[out->count++] = *row;
	}
}

static enum err walk_all(struct walking *w, struct conversation_rows *out)
{
	bool few = is_few(w), each = !few && w->f->status < 0;
	int first = each ? 0 : w->f->status,
	    last = each && w->f->status == STATUS_ALL ? CONVERSATION_ARCHIVED - 1
		   : each ? CONVERSATION_STATUSES - 1 : w->f->status;
	size_t max = w->branch_count * CONVERSATION_STATUSES, count = 0;
	struct conversation_rows *walks =
		ARENA_ARRAY(w->job->arena, struct conversation_rows, max + 1);

	for (size_t i = 0; i < w->branch_count; i++)
		for (int status = first; status <= last; status++) {
			struct along along = { &w->branches[i], status };

			TRY(few ? walk_few(w, &along, &walks[count])
				: walk_status(w, &along, &walks[count]));
			count++;
		}
	join(w, walks, count, out);
	return OK;
}

/* The urgent first, and so on down: as many as are wanted. */
static enum err walk_priorities(struct walking *w, struct conversation_rows *out)
{
	int first = w->place_ms ? (int)(w->place_ms >> PLACE_PRIORITY) : PRIORITY_URGENT;
	int64_t place_ms = w->place_ms & PLACE_MS;
	struct conversation_rows rows;

	*out = (struct conversation_rows){
		.items = ARENA_ARRAY(w->job->arena, struct conversation_row, w->f->max)
	};
	for (int p = first; p >= PRIORITY_NONE && out->count < w->f->max; p--) {
		bool goes_on = w->f->place_ms && p == first;

		if (w->f->has_priority && (int)w->f->priority != p)
			continue;
		w->priority = p;
		w->place_ms = goes_on ? place_ms : INT64_MAX;
		w->place_id = goes_on ? w->f->place_id : INT64_MAX;
		TRY(walk_all(w, &rows));
		for (size_t i = 0; i < rows.count && out->count < w->f->max; i++)
			out->items[out->count++] = rows.items[i];
	}
	return OK;
}

/* ---- asking ---- */

static enum err find_contacts(struct walking *w)
{
	id64 contacts[CONTACTS_FOUND_MAX];
	size_t count;

	if (!w->f->query.len)
		return OK;
	TRY(search_contacts(w->job, w->f->query, COUNT_OF(contacts), contacts, &count));
	w->by_contacts = true;
	w->ids = id_list(w->job->arena, contacts, count);
	return OK;
}

static enum err find_label(struct walking *w)
{
	struct conversation_id_rows rows;
	id64 *ids;

	w->label = w->f->label_id;
	if (!w->label || w->by_contacts || w->f->sort == SORT_WAITING)
		return OK;
	TRY(sql_conversation_labelled(w->job,
		&(struct sql_conversation_labelled){ .label = w->label,
			.workspace = w->job->workspace,
			.max = LABELLED_FEW + 1 },
		&rows));
	if (rows.count > LABELLED_FEW)
		return OK;
	ids = ARENA_ARRAY(w->job->arena, id64, rows.count + 1);
	for (size_t i = 0; i < rows.count; i++)
		ids[i] = rows.items[i].id;
	w->by_ids = true;
	w->label = 0;
	w->ids = id_list(w->job->arena, ids, rows.count);
	return OK;
}

static void start_at(struct walking *w)
{
	bool up = w->f->sort == SORT_OLDEST || w->f->sort == SORT_WAITING;
	bool starts = !w->f->place_ms && !w->f->place_id;

	w->place_ms =
		starts && w->f->sort != SORT_PRIORITY ? (up ? -1 : INT64_MAX) : w->f->place_ms;
	w->place_id = starts ? (up ? -1 : INT64_MAX) : w->f->place_id;
}

int64_t conversation_place(const struct conversation_filter *filter,
	const struct conversation *last)
{
	if (filter->sort == SORT_WAITING)
		return last->waiting_since_ms;
	if (filter->sort == SORT_PRIORITY)
		return (int64_t)last->priority << PLACE_PRIORITY | last->last_message_ms;
	return last->last_message_ms;
}

enum err conversation_list(struct job *job, const struct conversation_filter *filter,
	struct conversations *out)
{
	struct walking w = { .job = job,
		.f = filter,
		.priority = filter->has_priority ? (int)filter->priority : -1 };
	struct conversation_rows rows;

	start_at(&w);
	make_branches(&w);
	TRY(find_contacts(&w));
	TRY(find_label(&w));
	TRY(filter->sort == SORT_PRIORITY ? walk_priorities(&w, &rows) : walk_all(&w, &rows));
	conversations_of_rows(job, &rows, out);
	return OK;
}
