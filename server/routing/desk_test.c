/* desk_test.c: what is fair, said by small examples; model_test.c has the long runs. */
#include "base/test.h"
#include "routing/desk.h"

#define AGENTS 10
#define MANY 1000

static struct desk_seat seats[AGENTS];
static struct desk_agent agents[AGENTS];
static struct desk_scope scope;
static struct desk desk;

/* Ten agents, all there, in one scope. */
static void open_desk(enum routing_mode mode, int64_t capacity)
{
	scope = (struct desk_scope){ .mode = mode };
	for (int i = 0; i < AGENTS; i++) {
		seats[i] = (struct desk_seat){ 0 };
		agents[i] = (struct desk_agent){ .id = i + 1,
			.takes = true,
			.capacity = capacity,
			.seats = &seats[i],
			.seat_count = 1 };
	}
	desk = (struct desk){ agents, AGENTS, &scope, 1 };
}

static size_t run(const struct desk_waiting *queue, size_t count, struct desk_gift *gifts)
{
	return desk_run(&desk, queue, count, gifts);
}

static int64_t spread(void)
{
	int64_t low = agents[0].load, high = agents[0].load;

	for (int i = 1; i < AGENTS; i++) {
		low = agents[i].load < low ? agents[i].load : low;
		high = agents[i].load > high ? agents[i].load : high;
	}
	return high - low;
}

TEST(round_robin_gives_ten_agents_a_thousand_conversations_with_a_spread_of_at_most_one)
{
	open_desk(ROUTING_ROUND_ROBIN, MANY);
	for (id64 id = 1; id <= MANY; id++) {
		struct desk_gift gift;

		EXPECT_INT(run(&(struct desk_waiting){ .id = id }, 1, &gift), 1);
		EXPECT_INT(gift.agent, (id - 1) % AGENTS + 1);
		EXPECT(spread() <= 1);
	}
}

TEST(least_busy_gives_to_whom_has_the_fewest)
{
	struct desk_gift gift;

	open_desk(ROUTING_LEAST_BUSY, 5);
	for (int i = 0; i < AGENTS; i++)
		agents[i].load = 3;
	agents[7].load = 1;
	agents[4].load = 2;
	for (id64 id = 1; id <= 3; id++) {
		static const id64 want[] = { 8, 5, 8 };

		EXPECT_INT(run(&(struct desk_waiting){ .id = id }, 1, &gift), 1);
		EXPECT_INT(gift.agent, want[id - 1]);
	}
}

TEST(nobody_is_given_more_than_capacity_and_the_rest_waits)
{
	struct desk_waiting queue[60];
	struct desk_gift gifts[60];

	open_desk(ROUTING_LEAST_BUSY, 5);
	for (int i = 0; i < 60; i++)
		queue[i] = (struct desk_waiting){ .id = i + 1 };
	EXPECT_INT(run(queue, 60, gifts), 50);
	for (int i = 0; i < AGENTS; i++)
		EXPECT_INT(agents[i].load, 5);
	EXPECT_INT(gifts[49].conversation, 50);
}

TEST(a_bound_for_a_channel_holds_beside_that_of_the_agent)
{
	struct desk_bound bound = { .channel = 7, .capacity = 1 };
	struct desk_waiting queue[] = { { .id = 1, .channel = 7 }, { .id = 2, .channel = 7 },
		{ .id = 3, .channel = 8 } };
	struct desk_gift gifts[3];

	open_desk(ROUTING_ROUND_ROBIN, 5);
	desk.agent_count = 1;
	agents[0].bounds = &bound;
	agents[0].bound_count = 1;
	EXPECT_INT(run(queue, 3, gifts), 2);
	EXPECT_INT(gifts[0].conversation, 1);
	EXPECT_INT(gifts[1].conversation, 3);
}

TEST(who_answers_some_channels_gets_nothing_of_the_others)
{
	static const id64 channels[] = { 7 };
	struct desk_waiting queue[] = { { .id = 1, .channel = 8 }, { .id = 2, .channel = 7 },
		{ .id = 3, .channel = 8, .wanted = 1 } };
	struct desk_gift gifts[3];

	open_desk(ROUTING_ROUND_ROBIN, 5);
	desk.agent_count = 1;
	agents[0].channels = channels;
	agents[0].channel_count = 1;
	EXPECT_INT(run(queue, 3, gifts), 1);
	EXPECT_INT(gifts[0].conversation, 2);
}

TEST(a_team_gets_its_own_and_a_manual_one_nothing)
{
	struct desk_scope scopes[] = { { .team = 0, .mode = ROUTING_ROUND_ROBIN },
		{ .team = 70, .mode = ROUTING_ROUND_ROBIN }, { .team = 71 } };
	struct desk_seat two[] = { { .team = 0 }, { .team = 70 } };
	struct desk_waiting queue[] = { { .id = 1, .team = 70 }, { .id = 2, .team = 70 },
		{ .id = 3, .team = 71 }, { .id = 4, .team = 72 } };
	struct desk_gift gifts[4];

	open_desk(ROUTING_ROUND_ROBIN, 5);
	desk.scopes = scopes;
	desk.scope_count = 3;
	agents[3].seats = two;
	agents[3].seat_count = 2;
	EXPECT_INT(run(queue, 4, gifts), 2);
	EXPECT_INT(gifts[0].agent, 4);
	EXPECT_INT(gifts[1].agent, 4);
}

TEST(whom_a_rule_names_gets_it_unless_there_is_no_room)
{
	struct desk_waiting queue[] = { { .id = 1, .wanted = 9 }, { .id = 2, .wanted = 9 } };
	struct desk_gift gifts[2];

	open_desk(ROUTING_ROUND_ROBIN, 1);
	EXPECT_INT(run(queue, 2, gifts), 2);
	EXPECT_INT(gifts[0].agent, 9);
	EXPECT_INT(gifts[1].agent, 1);
	open_desk(ROUTING_MANUAL, 1);
	EXPECT_INT(run(queue, 2, gifts), 1);
	EXPECT_INT(gifts[0].agent, 9);
}

TEST(priority_goes_first_then_age)
{
	struct desk_waiting old = { .id = 1, .queued_ms = 10 },
			    young = { .id = 2, .queued_ms = 20 },
			    urgent = { .id = 3, .priority = 4, .queued_ms = 30 };

	EXPECT(desk_before(&old, &young));
	EXPECT(desk_before(&urgent, &old));
	EXPECT(!desk_before(&young, &old));
	EXPECT(!desk_before(&old, &old));
}

TEST(after_all_were_offline_they_are_given_out_in_the_order_of_arrival)
{
	struct desk_waiting queue[30];
	struct desk_gift gifts[30];

	open_desk(ROUTING_ROUND_ROBIN, 3);
	for (int i = 0; i < AGENTS; i++)
		agents[i].takes = false;
	for (int i = 0; i < 30; i++)
		queue[i] = (struct desk_waiting){ .id = 100 - i, .queued_ms = i };
	EXPECT_INT(run(queue, 30, gifts), 0);
	for (int i = 0; i < AGENTS; i++)
		agents[i].takes = true;
	EXPECT_INT(run(queue, 30, gifts), 30);
	for (int i = 0; i < 30; i++)
		EXPECT_INT(gifts[i].conversation, 100 - i);
}
