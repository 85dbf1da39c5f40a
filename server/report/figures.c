/* figures.c: how fast people answered and resolved, worked out of the facts each time. */
#include "report/report.h"

#include "store/queries.h"

#include <stdlib.h>

enum { PAGE = 5000, FIRST_ROOM = 64, STATUS_ONLINE = 2 };
#define DAY_MS (24 * 3600 * 1000LL)

struct series { int64_t *items; size_t count, room; };

/* What is gathered of one person. */
struct gathered {
	struct series first, response, resolution, conversations;
	int64_t breaches;
};

struct gathering {
	struct job *job;
	const struct figures_ask *ask;
	struct hours *hours;
	const struct report_member_rows *members;
	struct gathered *people; /* one for each member, then nobody's, then the total */
	size_t rows;
};

static void add(struct job *job, struct series *s, int64_t value)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : FIRST_ROOM;

		s->items = arena_grow(job->arena, s->items, s->room * sizeof value,
			room * sizeof value);
		s->room = room;
	}
	s->items[s->count++] = value;
}

static size_t place_of(const struct gathering *g, id64 person)
{
	size_t low = 0, high = g->members->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (g->members->items[middle].id < person)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->members->count && g->members->items[low].id == person ? low
	                                                                      : g->members->count;
}

static bool is_asked(const struct gathering *g, id64 team, id64 channel)
{
	return (!g->ask->team_id || g->ask->team_id == team) &&
	       (!g->ask->channel_id || g->ask->channel_id == channel);
}

static int64_t took(const struct gathering *g, int64_t from_ms, int64_t until_ms)
{
	return g->ask->in_hours ? hours_between(g->hours, from_ms, until_ms) : until_ms - from_ms;
}

static void take_answer(struct gathering *g, const struct answer_row *row, struct gathered *to)
{
	int64_t ms = took(g, row->since_ms, row->at_ms);

	add(g->job, &to->response, ms);
	if (row->is_first)
		add(g->job, &to->first, ms);
	add(g->job, &to->conversations, row->conversation_id);
}

static void take_resolution(struct gathering *g, const struct resolution_row *row,
	struct gathered *to)
{
	add(g->job, &to->resolution, took(g, row->opened_ms, row->at_ms));
	add(g->job, &to->conversations, row->conversation_id);
}

static enum err is_too_much(struct gathering *g, size_t rows)
{
	g->rows += rows;
	return g->rows <= FIGURES_ROWS_MAX
		       ? OK
		       : fail_code(g->job, ERR_INPUT, S("too_much"),
				 S("Ask for a shorter time, or for one team or channel."),
				 "There is more in this time than one report can hold.");
}

static enum err gather_answers(struct gathering *g)
{
	struct sql_answer_page ask = { g->job->workspace, g->ask->from_ms, 0, g->ask->until_ms,
		PAGE };
	struct gathered *total = &g->people[g->members->count + 1];
	struct answer_rows rows = { .count = PAGE };

	while (rows.count == PAGE) {
		TRY(sql_answer_page(g->job, &ask, &rows));
		TRY(is_too_much(g, rows.count));
		for (size_t i = 0; i < rows.count; i++) {
			const struct answer_row *row = &rows.items[i];

			ask.from_ms = row->at_ms;
			ask.after = row->id;
			if (!is_asked(g, row->team_id, row->channel_id))
				continue;
			take_answer(g, row, &g->people[place_of(g, row->person_id)]);
			take_answer(g, row, total);
		}
	}
	return OK;
}

static enum err gather_resolutions(struct gathering *g)
{
	struct sql_resolution_page ask = { g->job->workspace, g->ask->from_ms, 0,
		g->ask->until_ms, PAGE };
	struct gathered *total = &g->people[g->members->count + 1];
	struct resolution_rows rows = { .count = PAGE };

	while (rows.count == PAGE) {
		TRY(sql_resolution_page(g->job, &ask, &rows));
		TRY(is_too_much(g, rows.count));
		for (size_t i = 0; i < rows.count; i++) {
			const struct resolution_row *row = &rows.items[i];

			ask.from_ms = row->at_ms;
			ask.after = row->id;
			if (!is_asked(g, row->team_id, row->channel_id))
				continue;
			take_resolution(g, row, &g->people[place_of(g, row->person_id)]);
			take_resolution(g, row, total);
		}
	}
	return OK;
}

static enum err gather_breaches(struct gathering *g)
{
	struct sql_sla_breach_page ask = { g->job->workspace, g->ask->from_ms, 0,
		g->ask->until_ms, PAGE };
	struct sla_breach_rows rows = { .count = PAGE };

	while (rows.count == PAGE) {
		TRY(sql_sla_breach_page(g->job, &ask, &rows));
		TRY(is_too_much(g, rows.count));
		for (size_t i = 0; i < rows.count; i++) {
			ask.from_ms = rows.items[i].at_ms;
			ask.after = rows.items[i].id;
			if (!is_asked(g, rows.items[i].team_id, rows.items[i].channel_id))
				continue;
			g->people[place_of(g, rows.items[i].person_id)].breaches++;
			g->people[g->members->count + 1].breaches++;
		}
	}
	return OK;
}

/* ---- to figures ---- */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct series *s)
{
	if (s->count)
		qsort(s->items, s->count, sizeof *s->items, by_size);
}

static struct durations durations_of(struct series *s)
{
	int64_t sum = 0;

	if (!s->count)
		return (struct durations){ 0 };
	sort(s);
	for (size_t i = 0; i < s->count; i++)
		sum += s->items[i];
	return (struct durations){ .count = (int64_t)s->count,
		.mean_ms = sum / (int64_t)s->count,
		.median_ms = s->items[(s->count - 1) / 2],
		.p90_ms = s->items[(s->count - 1) * 9 / 10] };
}

static int64_t count_different(struct series *s)
{
	int64_t count = 0;

	sort(s);
	for (size_t i = 0; i < s->count; i++)
		count += i == 0 || s->items[i] != s->items[i - 1];
	return count;
}

static struct figures figures_of(id64 person, str name, struct gathered *from)
{
	return (struct figures){ .person_id = person,
		.name = name,
		.conversations = count_different(&from->conversations),
		.breaches = from->breaches,
		.first = durations_of(&from->first),
		.response = durations_of(&from->response),
		.resolution = durations_of(&from->resolution) };
}

/* Until now: nobody has been online in the time to come. */
static enum err online_time(struct gathering *g, id64 person, int64_t *out)
{
	int64_t until = g->ask->until_ms < g->job->now_ms ? g->ask->until_ms : g->job->now_ms;
	int64_t since = g->ask->from_ms;
	struct report_status_row was;
	struct report_status_rows rows;
	bool online;
	enum err e = sql_report_status_before(g->job,
		&(struct sql_report_status_before){ g->job->workspace, person, since }, &was);

	*out = 0;
	if (e == ERR_MISSING)
		job_forgive(g->job);
	else
		TRY(e);
	online = e == OK && was.status == STATUS_ONLINE;
	TRY(sql_report_status_page(g->job,
		&(struct sql_report_status_page){ g->job->workspace, person, since, until },
		&rows));
	for (size_t i = 0; i < rows.count; i++) {
		*out += online ? rows.items[i].at_ms - since : 0;
		since = rows.items[i].at_ms;
		online = rows.items[i].status == STATUS_ONLINE;
	}
	*out += online && until > since ? until - since : 0;
	return OK;
}

static enum err write_figures(struct gathering *g, struct figures_list *out)
{
	size_t members = g->members->count;
	struct figures nobody = figures_of(0, STR_NONE, &g->people[members]);

	out->items = ARENA_ARRAY(g->job->arena, struct figures, members + 1);
	for (size_t i = 0; i < members; i++) {
		struct figures f = figures_of(g->members->items[i].id, g->members->items[i].name,
			&g->people[i]);

		TRY(online_time(g, f.person_id, &f.online_ms));
		out->total.online_ms += f.online_ms;
		if (f.conversations || f.breaches || !g->members->items[i].disabled)
			out->items[out->count++] = f;
	}
	if (nobody.conversations || nobody.breaches)
		out->items[out->count++] = nobody;
	nobody = figures_of(0, STR_NONE, &g->people[members + 1]);
	nobody.online_ms = out->total.online_ms;
	out->total = nobody;
	return OK;
}

static enum err check_times(struct job *job, const struct figures_ask *ask)
{
	if (ask->until_ms <= ask->from_ms)
		field_error(job, S("until_ms"), S("invalid"), S("Must be after from_ms."));
	else if (ask->until_ms - ask->from_ms > FIGURES_DAYS_MAX * DAY_MS)
		field_error(job, S("from_ms"), S("too_long"), S("At most 100 days at once."));
	return job_check_fields(job);
}

enum err figures_load(struct job *job, const struct figures_ask *ask, struct figures_list *out)
{
	struct report_member_rows members;
	struct gathering g = { .job = job, .ask = ask, .members = &members };

	*out = (struct figures_list){ 0 };
	TRY(check_times(job, ask));
	TRY(hours_load(job, &g.hours));
	TRY(sql_report_member_list(job, &(struct sql_report_member_list){ job->workspace },
		&members));
	g.people = ARENA_ARRAY(job->arena, struct gathered, members.count + 2);
	for (size_t i = 0; i < members.count + 2; i++)
		g.people[i] = (struct gathered){ 0 };
	TRY(gather_answers(&g));
	TRY(gather_resolutions(&g));
	TRY(gather_breaches(&g));
	return write_figures(&g, out);
}
