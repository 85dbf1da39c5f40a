/* route_choose_test.c: every choice that can be tried at a desk. */
#include "account/route_choose.h"
#include "base/test.h"

#define CLOUD_CAN                                                                              \
	(CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_TEMPLATE) | CAN_KIND(KIND_IMAGE) | CAN_TEMPLATES | \
		CAN_WINDOW)
#define LINKED_CAN (CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_POLL))

static const struct route_ask text = { .kind = KIND_TEXT, .plain_kind = KIND_TEXT,
	.window_open = true };

static struct route_choice choose(const struct route_ask *ask, struct route_candidate *items,
	size_t count)
{
	struct route_choice out;

	route_choose(test_arena(), ask, &(struct route_candidates){ items, count }, &out);
	return out;
}

/* ---- R004: the six cells ---- */

struct cell {
	const char *name;
	enum route_state a, b;   /* of channel 1, which was first until now, and of 2 */
	bool swapped;            /* 2 stands first in the route */
	id64 chosen;
	enum route_reason reason;
	const char *severity;    /* of the alert; NULL: none */
	const char *log;         /* how its sentence, which is also logged, begins */
};

static const struct cell cells[] = {
	{ "1 first: both work", ROUTE_UP, ROUTE_UP, false, 1, ROUTE_FIRST, NULL, NULL },
	{ "1 first: 1 is down", ROUTE_DOWN, ROUTE_UP, false, 2, ROUTE_FALLBACK, "warning",
		"Messages go through Two now. One comes first, and does not work: it broke." },
	{ "1 first: both are down", ROUTE_DOWN, ROUTE_DOWN, false, 1, ROUTE_ALL_DOWN, "critical",
		"No channel of the number works. It waits for One: it broke." },
	{ "2 first: both work", ROUTE_UP, ROUTE_UP, true, 2, ROUTE_FIRST, "info",
		"Messages go through Two now. It is the first of the route, and works." },
	{ "2 first: 2 is down", ROUTE_UP, ROUTE_DOWN, true, 1, ROUTE_FALLBACK, NULL, NULL },
	{ "2 first: both are down", ROUTE_DOWN, ROUTE_DOWN, true, 2, ROUTE_ALL_DOWN, "critical",
		"No channel of the number works. It waits for Two: it broke." },
};

TEST(the_six_cells_of_health_give_the_choice_the_log_entry_and_the_alert)
{
	struct route_candidate was = { .channel = 1, .name = S("One") };
	const struct route_choice before = { .candidate = &was, .reason = ROUTE_FIRST };

	for (size_t i = 0; i < COUNT_OF(cells); i++) {
		const struct cell *cell = &cells[i];
		struct route_candidate items[2] = {
			{ .channel = 1, .name = S("One"), .can = CLOUD_CAN, .state = cell->a,
				.why = S("it broke.") },
			{ .channel = 2, .name = S("Two"), .can = CLOUD_CAN, .state = cell->b,
				.why = S("it broke.") },
		};
		struct route_candidate swapped[2] = { items[1], items[0] };
		struct route_choice got = choose(&text, cell->swapped ? swapped : items, 2);
		struct route_alert alert;

		route_alert(test_arena(), &before, &got, &alert);
		EXPECT(got.candidate != NULL);
		EXPECT_INT(got.candidate->channel, cell->chosen);
		EXPECT_STR(str_of(route_reason_name(got.reason)), route_reason_name(cell->reason));
		EXPECT((alert.severity.len > 0) == (cell->severity != NULL));
		if (cell->severity) {
			EXPECT_STR(alert.severity, cell->severity);
			EXPECT_STR(alert.sentence, cell->log);
		}
	}
}

/* ---- R011: no illegal pair ---- */

/* The rule in other words than the table's. */
static bool is_illegal(const struct route_candidate *c, const struct route_ask *ask)
{
	enum message_kind kind = c->can & CAN_TEMPLATES ? ask->kind : ask->plain_kind;
	bool cannot = !(c->can >> kind & 1);
	bool breaks_window = (c->can & CAN_WINDOW) && !ask->window_open && kind != KIND_TEMPLATE;

	return cannot || breaks_window || c->state == ROUTE_OFF || c->excluded;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void draw_case(uint32_t *seed, struct route_ask *ask, struct route_candidate *items,
	size_t *count)
{
	static const enum message_kind kinds[] = { KIND_TEXT, KIND_IMAGE, KIND_TEMPLATE, KIND_POLL,
		KIND_REACTION };

	*ask = (struct route_ask){ .kind = kinds[next(seed) % COUNT_OF(kinds)],
		.window_open = next(seed) % 2, .may_try = next(seed) % 2,
		.mode = (enum route_mode)(next(seed) % ROUTE_MODES), .draw = next(seed) };
	ask->plain_kind = ask->kind == KIND_TEMPLATE && next(seed) % 2 ? KIND_TEXT : ask->kind;
	*count = 1 + next(seed) % 5;
	for (size_t i = 0; i < *count; i++)
		items[i] = (struct route_candidate){ .channel = (id64)i + 1, .name = S("x"),
			.can = next(seed) % 2 ? CLOUD_CAN : LINKED_CAN,
			.weight = next(seed) % 3,
			.marks = { (int)(next(seed) % 101), (int)(next(seed) % 101), 0, 0 },
			.state = (enum route_state)(next(seed) % 4),
			.excluded = next(seed) % 5 == 0 };
	if (next(seed) % 4 == 0)
		ask->forced = 1 + next(seed) % *count;
	if (next(seed) % 6 == 0)
		ask->named = 1 + next(seed) % *count;
}

/* As the outbox does it: what was chosen fails, and is left out, until none is left. */
TEST(no_illegal_pair_is_ever_chosen_also_by_fail_over)
{
	uint32_t seed = 7;
	size_t chosen = 0, refused = 0;

	for (int round = 0; round < 200000; round++) {
		struct route_candidate items[5];
		struct route_ask ask;
		struct route_choice got;
		size_t count;

		draw_case(&seed, &ask, items, &count);
		for (got = choose(&ask, items, count); got.candidate;
			got = choose(&ask, items, count)) {
			EXPECT(!is_illegal(got.candidate, &ask));
			items[got.candidate - items].excluded = true;
			chosen++;
		}
		EXPECT(got.sentence.len > 0);
		refused++;
		arena_reset(test_arena());
	}
	EXPECT(chosen > 100000 && refused == 200000);
}

TEST(whatever_is_legal_and_works_is_found)
{
	uint32_t seed = 11;

	for (int round = 0; round < 50000; round++) {
		struct route_candidate items[5];
		struct route_ask ask;
		struct route_choice got;
		bool any = false;
		size_t count;

		draw_case(&seed, &ask, items, &count);
		ask.forced = ask.named = 0;
		for (size_t i = 0; i < count; i++)
			any = any || !is_illegal(&items[i], &ask);
		got = choose(&ask, items, count);
		EXPECT((got.candidate != NULL) == any);
		arena_reset(test_arena());
	}
}

TEST(free_text_outside_the_window_goes_by_the_network_that_has_no_window)
{
	struct route_candidate items[2] = {
		{ .channel = 1, .name = S("Cloud"), .can = CLOUD_CAN },
		{ .channel = 2, .name = S("Phone"), .can = LINKED_CAN },
	};
	struct route_ask shut = text;

	shut.window_open = false;
	EXPECT_INT(choose(&shut, items, 2).candidate->channel, 2);
	EXPECT_INT(choose(&shut, items, 2).reason, ROUTE_POLICY);
	EXPECT_STR(choose(&shut, items, 2).sentence,
		"Cloud comes first, but it takes only templates 24 hours after the customer "
		"wrote.");
	EXPECT(choose(&shut, items, 1).candidate == NULL);
	EXPECT_INT(choose(&shut, items, 1).refusal, ROUTE_WINDOW_CLOSED);
}

/* ---- by hand ---- */

TEST(a_number_that_is_held_to_a_channel_stays_there_also_when_that_is_down)
{
	struct route_candidate items[2] = {
		{ .channel = 1, .name = S("One"), .can = CLOUD_CAN },
		{ .channel = 2, .name = S("Two"), .can = CLOUD_CAN, .state = ROUTE_DOWN },
	};
	struct route_ask ask = text;

	ask.forced = 2;
	ask.forced_why = S("a test of the new contract");
	EXPECT_INT(choose(&ask, items, 2).candidate->channel, 2);
	EXPECT_STR(choose(&ask, items, 2).sentence,
		"The number is held to Two: a test of the new contract");
	items[1].state = ROUTE_OFF;
	EXPECT(choose(&ask, items, 2).candidate == NULL);
}

TEST(one_message_tries_a_channel_that_may_be_well_again)
{
	struct route_candidate items[2] = {
		{ .channel = 1, .name = S("One"), .can = CLOUD_CAN, .state = ROUTE_TRYING,
			.why = S("Its provider answers again.") },
		{ .channel = 2, .name = S("Two"), .can = CLOUD_CAN },
	};
	struct route_ask ask = text;

	EXPECT_INT(choose(&ask, items, 2).candidate->channel, 2);
	EXPECT_INT(choose(&ask, items, 2).reason, ROUTE_FALLBACK);
	ask.may_try = true;
	EXPECT_INT(choose(&ask, items, 2).candidate->channel, 1);
	EXPECT_INT(choose(&ask, items, 2).reason, ROUTE_TRIAL);
}

TEST(weights_share_out_what_works)
{
	struct route_candidate items[3] = {
		{ .channel = 1, .name = S("One"), .can = CLOUD_CAN, .weight = 70 },
		{ .channel = 2, .name = S("Two"), .can = CLOUD_CAN, .weight = 30 },
		{ .channel = 3, .name = S("Three"), .can = CLOUD_CAN, .weight = 0 },
	};
	struct route_ask ask = text;
	size_t taken[4] = { 0 };

	ask.mode = ROUTE_BY_WEIGHTS;
	for (ask.draw = 0; ask.draw < 1000; ask.draw++)
		taken[choose(&ask, items, 3).candidate->channel]++;
	EXPECT_INT(taken[1], 700);
	EXPECT_INT(taken[2], 300);
	items[0].state = items[1].state = ROUTE_DOWN;
	EXPECT_INT(choose(&ask, items, 3).candidate->channel, 3);
}

/* Worked out by hand: 40 % mode, 30 % health, 20 % preference, 10 % history. */
TEST(the_score_is_worked_out_as_by_hand)
{
	struct route_candidate items[4] = {
		/* 40*100 + 30*60 + 20*100 + 10*90 = 4000 + 1800 + 2000 + 900 = 8700 */
		{ .channel = 1, .can = CLOUD_CAN, .marks = { 100, 60, 100, 90 } },
		/* 40*100 + 30*100 + 20*75 + 10*98 = 4000 + 3000 + 1500 + 980 = 9480 */
		{ .channel = 2, .can = CLOUD_CAN, .marks = { 100, 100, 75, 98 } },
		/* 40*50 + 30*100 + 20*50 + 10*100 = 2000 + 3000 + 1000 + 1000 = 7000 */
		{ .channel = 3, .can = CLOUD_CAN, .marks = { 50, 100, 50, 100 } },
		/* 40*0 + 30*20 + 20*25 + 10*10 = 0 + 600 + 500 + 100 = 1200 */
		{ .channel = 4, .can = CLOUD_CAN, .marks = { 0, 20, 25, 10 } },
	};
	static const int by_hand[] = { 8700, 9480, 7000, 1200 };
	struct route_ask ask = text;

	for (size_t i = 0; i < 4; i++)
		EXPECT_INT(route_score(&items[i].marks), by_hand[i]);
	ask.mode = ROUTE_BY_SCORE;
	EXPECT_INT(choose(&ask, items, 4).candidate->channel, 2);
	EXPECT_STR(choose(&ask, items, 4).sentence, "The best score of the route: 94 of 100.");
	items[1].state = ROUTE_DOWN;
	EXPECT_INT(choose(&ask, items, 4).candidate->channel, 1);
}
