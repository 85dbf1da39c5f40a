/*
 * conversation_list_test.c: the list answers what a plain look at all rows would, page by page, for
 * any filter, order and scope; and each walk goes along its index.
 */
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#include "account/scope.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 150, CHANNELS = 3, TEAMS = 3, PEOPLE = 3, LABELS = 3, FILTERS = 250 };

static struct conversation all[ROWS];
static bool labelled[ROWS][LABELS];
static id64 channels[CHANNELS], labels[LABELS];
static const id64 teams[TEAMS] = { 0, 901, 902 }, people[PEOPLE] = { 0, 801, 802 };
static uint64_t seed;

static int roll(int sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int)((seed >> 33) % (unsigned)sides);
}

/* ---- filling ---- */

static void make_row(struct job *job, int i)
{
	struct conversation *c = &all[i];
	struct sql_conversation_rewrite rewrite;
	struct conversation_row row;

	c->status = (enum conversation_status)roll(CONVERSATION_STATUSES);
	c->assignee_id = people[roll(PEOPLE)];
	c->team_id = teams[roll(TEAMS)];
	c->priority = roll(2) ? PRIORITY_NONE : (enum conversation_priority)roll(PRIORITIES);
	c->unread_count = roll(3) ? 0 : 1 + roll(5);
	c->waiting_since_ms = roll(2) ? 0 : TEST_NOW_MS - roll(50) * 1000;
	c->last_message_ms = TEST_NOW_MS - roll(40) * 1000; /* so some are the same */
	rewrite = (struct sql_conversation_rewrite){ .id = c->id, .workspace = job->workspace,
		.contact = c->contact_id, .status = c->status, .assignee = c->assignee_id,
		.unread_count = c->unread_count, .last_message_id = c->last_message_id,
		.last_message_ms = c->last_message_ms, .waiting_since_ms = c->waiting_since_ms,
		.now_ms = TEST_NOW_MS };
	EXPECT_OK(sql_conversation_rewrite(job, &rewrite, NULL));
	EXPECT_OK(sql_conversation_set(job, &(struct sql_conversation_set){ .id = c->id,
		.workspace = job->workspace, .status = c->status, .assignee = c->assignee_id,
		.team = c->team_id, .priority = c->priority,
		.waiting_since_ms = c->waiting_since_ms, .now_ms = TEST_NOW_MS }, &row));
	for (int l = 0; l < LABELS; l++) {
		labelled[i][l] = roll(LABELS + l) == 0;
		if (labelled[i][l])
			EXPECT_OK(sql_label_put(job, &(struct sql_label_put){ c->id, labels[l],
				job->workspace }, NULL));
	}
}

static void fill(struct job *job)
{
	struct channel *ch[CHANNELS] = { test_channel(job), test_another_channel(job, 2),
		test_another_channel(job, 3) };
	struct provider_event hi;
	struct label label;

	seed = 11;
	for (int i = 0; i < CHANNELS; i++)
		channels[i] = ch[i]->id;
	for (int i = 0; i < ROWS; i++) {
		const char *id = arena_printf(test_arena(), "wamid.%d", i).ptr;

		hi = test_says(arena_printf(test_arena(), "1202555%04d", i).ptr, id, "hi",
			TEST_NOW_MS);
		test_apply(job, ch[i % CHANNELS], &hi, NULL);
		all[i] = test_conversation(job, ch[i % CHANNELS], id);
	}
	EXPECT_OK(db_begin(job, DB_WRITE));
	for (int l = 0; l < LABELS; l++) {
		EXPECT_OK(label_create(job, arena_printf(job->arena, "label %d", l), S("#112233"),
			&label));
		labels[l] = label.id;
	}
	for (int i = 0; i < ROWS; i++)
		make_row(job, i);
	EXPECT_OK(db_commit(job));
}

/* ---- the plain model ---- */

static bool fits_id(id64 asked, id64 is)
{
	return !asked || (asked == FILTER_NONE ? !is : asked == is);
}

static bool fits(const struct job *job, const struct conversation_filter *f, int i)
{
	const struct conversation *c = &all[i];
	id64 assignee = f->view == VIEW_MINE ? f->mine : f->view == VIEW_UNASSIGNED ? FILTER_NONE
	                                                                     : f->assignee_id;
	bool status = f->status >= 0
			      ? (int)c->status == f->status
			      : f->status == STATUS_EVERY || c->status != CONVERSATION_ARCHIVED;

	for (int l = 0; l < LABELS; l++)
		if (f->label_id == labels[l] && !labelled[i][l])
			return false;
	if (f->sort == SORT_WAITING && !c->waiting_since_ms)
		return false;
	if (f->waiting_ms && !(c->waiting_since_ms &&
		c->waiting_since_ms <= job->now_ms - f->waiting_ms))
		return false;
	return status && fits_id(f->channel_id, c->channel_id) && fits_id(f->team_id, c->team_id) &&
	       fits_id(assignee, c->assignee_id) &&
	       (!f->has_priority || c->priority == f->priority) &&
	       (!f->unread_only || c->unread_count) && c->last_message_ms >= f->from_ms &&
	       (!f->until_ms || c->last_message_ms <= f->until_ms) && conversation_visible(job, c);
}

static enum conversation_sort sort_by;

static int compare(const void *a, const void *b)
{
	const struct conversation *x = &all[*(const int *)a], *y = &all[*(const int *)b];
	int64_t left = x->last_message_ms, right = y->last_message_ms;

	if (sort_by == SORT_PRIORITY && x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (sort_by == SORT_WAITING)
		left = x->waiting_since_ms, right = y->waiting_since_ms;
	if (left == right)
		left = x->id, right = y->id;
	return (left > right) == (sort_by == SORT_NEWEST || sort_by == SORT_PRIORITY) ? -1 : 1;
}

static void expect_same(struct job *job, struct conversation_filter f)
{
	int want[ROWS], count = 0, at = 0;
	struct conversations page;

	for (int i = 0; i < ROWS; i++)
		if (fits(job, &f, i))
			want[count++] = i;
	sort_by = f.sort;
	qsort(want, (size_t)count, sizeof *want, compare);
	do {
		EXPECT_OK(conversation_list(job, &f, &page));
		for (size_t i = 0; i < page.count; i++, at++) {
			EXPECT(at < count);
			EXPECT_INT(page.items[i].id, all[want[at]].id);
		}
		if (page.count) {
			f.place_ms = conversation_place(&f, &page.items[page.count - 1]);
			f.place_id = page.items[page.count - 1].id;
		}
	} while (page.count == f.max);
	EXPECT_INT(at, count);
}

static struct conversation_filter some_filter(void)
{
	return (struct conversation_filter){ .sort = (enum conversation_sort)roll(SORTS),
		.view = roll(3) ? VIEW_ALL : (enum conversation_view)roll(3),
		.status = roll(CONVERSATION_STATUSES + 2) - 2,
		.mine = people[1],
		.channel_id = roll(3) ? 0 : channels[roll(CHANNELS)],
		.assignee_id = roll(3) ? 0 : roll(2) ? FILTER_NONE : people[1 + roll(2)],
		.team_id = roll(3) ? 0 : roll(2) ? FILTER_NONE : teams[1 + roll(2)],
		.label_id = roll(3) ? 0 : labels[roll(LABELS)],
		.has_priority = roll(4) == 0,
		.priority = (enum conversation_priority)roll(PRIORITIES),
		.unread_only = roll(4) == 0,
		.from_ms = roll(4) ? 0 : TEST_NOW_MS - 30000,
		.until_ms = roll(4) ? 0 : TEST_NOW_MS - 10000,
		.waiting_ms = roll(5) ? 0 : 20000,
		.max = (size_t)(1 + roll(40)) };
}

STORE_TEST(any_filter_and_order_lists_what_a_look_at_all_rows_would)
{
	fill(job);
	for (int i = 0; i < FILTERS; i++)
		expect_same(job, some_filter());
}

STORE_TEST(a_scope_is_part_of_every_list)
{
	fill(job);
	for (int i = 0; i < FILTERS; i++) {
		const id64 some_channels[] = { channels[roll(CHANNELS)], channels[0] };
		const id64 some_teams[] = { teams[1 + roll(2)] };
		const struct scope scope = { .person = roll(4) ? people[1] : 0,
			.sees = (enum scope_sees)roll(3),
			.channels = some_channels,
			.channel_count = (size_t)roll(3),
			.teams = some_teams,
			.team_count = (size_t)roll(2) };

		job->scope = &scope;
		expect_same(job, some_filter());
		job->scope = NULL;
	}
}

STORE_TEST(people_are_found_among_the_archived_too)
{
	struct conversation_filter f = { .query = S("12025550007"),
		.status = STATUS_EVERY,
		.max = 5 };
	struct conversations page;

	fill(job);
	for (int i = 0; i < SORTS; i++) {
		f.sort = (enum conversation_sort)i;
		EXPECT_OK(conversation_list(job, &f, &page));
		EXPECT_INT(page.count, f.sort != SORT_WAITING || all[7].waiting_since_ms > 0);
		if (page.count)
			EXPECT_INT(page.items[0].id, all[7].id);
	}
}

/* ---- the plans ---- */

STORE_TEST(each_walk_goes_along_its_index_and_sorts_nothing)
{
	static const struct { const char *query, *index; bool sorts; } plans[] = {
		{ "status", "conversation_status", false },
		{ "assignee", "conversation_assignee", false },
		{ "unassigned", "conversation_unassigned", false },
		{ "channel", "conversation_channel", false },
		{ "channel_assignee", "conversation_channel_assignee", false },
		{ "channel_unassigned", "conversation_channel_unassigned", false },
		{ "team", "conversation_team", false },
		{ "unread", "conversation_unread", false },
		{ "priority", "conversation_priority", false },
		{ "contacts", "conversation_contact", true },
		{ "ids", "PRIMARY KEY", true },
		{ "waiting", "conversation_waiting", true },
	};

	for (size_t i = 0; i < 2 * COUNT_OF(plans); i++) {
		const char *name = arena_printf(job->arena, "conversation_%s_%s",
			i % 2 ? "up" : "down", plans[i / 2].query).ptr;
		bool right, sqlite = store_is_sqlite(job->store);
		str plan;

		EXPECT_OK(store_explain(job, name, &plan));
		right = !str_has(plan, S("Seq Scan on conversation ")) &&
			!str_has(plan, S("SCAN conversation ")) &&
			(!sqlite || str_has(plan, str_of(plans[i / 2].index))) &&
			(plans[i / 2].sorts || !sqlite || !str_has(plan, S("TEMP B-TREE")));
		if (!right)
			fprintf(stderr, "%s: " STR_F "\n", name, STR_A(plan));
		EXPECT(right);
	}
}
