/* route_health_test.c: the circuit breaker, minute by minute. */
#include "account/route_health.h"
#include "base/test.h"

#define CHANNEL 7
#define START 1000000000LL

static struct route_sight sight(int64_t now_ms)
{
	struct route_sight out;

	route_health_get(CHANNEL, now_ms, &out);
	return out;
}

static void break_it(int64_t now_ms)
{
	for (int i = 0; i < BREAKER_FAILURES; i++)
		route_health_sent(CHANNEL, ROUTE_BROKE, 10, S("It answers 503."), now_ms);
}

static size_t gate(int64_t now_ms)
{
	int64_t wait_ms;

	return route_health_gate(CHANNEL, now_ms, &wait_ms);
}

TEST(a_channel_works_until_something_speaks_against_it)
{
	route_health_forget();
	EXPECT_INT(sight(START).state, ROUTE_UP);
	EXPECT(gate(START) == SIZE_MAX);
	route_health_sent(CHANNEL, ROUTE_BROKE, 10, S("x"), START);
	route_health_sent(CHANNEL, ROUTE_BROKE, 10, S("x"), START);
	route_health_sent(CHANNEL, ROUTE_TOOK, 10, STR_NONE, START);
	route_health_sent(CHANNEL, ROUTE_BROKE, 10, S("x"), START);
	EXPECT_INT(sight(START).state, ROUTE_UP);
}

TEST(three_failures_in_a_row_open_it_and_one_message_tries_after_a_rest)
{
	route_health_forget();
	break_it(START);
	EXPECT_INT(sight(START).state, ROUTE_DOWN);
	EXPECT_STR(str_of(sight(START).why), "It answers 503.");
	EXPECT_INT(gate(START + BREAKER_REST_MS - 1), 0);
	EXPECT_INT(gate(START + BREAKER_REST_MS), 1);
	EXPECT_INT(gate(START + BREAKER_REST_MS), 0);
	route_health_sent(CHANNEL, ROUTE_TOOK, 10, STR_NONE, START + BREAKER_REST_MS);
	EXPECT(gate(START + BREAKER_REST_MS) == SIZE_MAX);
}

TEST(it_rests_longer_each_time_that_the_trial_fails)
{
	int64_t at = START;

	route_health_forget();
	break_it(at);
	at += BREAKER_REST_MS;
	EXPECT_INT(gate(at), 1);
	route_health_sent(CHANNEL, ROUTE_BROKE, 10, S("x"), at);
	EXPECT_INT(gate(at + 2 * BREAKER_REST_MS - 1), 0);
	EXPECT_INT(gate(at + 2 * BREAKER_REST_MS), 1);
}

TEST(half_of_many_that_fail_open_it_also_between_successes)
{
	route_health_forget();
	for (int i = 0; i < BREAKER_RATE_SENDS; i++)
		route_health_sent(CHANNEL, i % 2 ? ROUTE_BROKE : ROUTE_TOOK, 10, S("x"), START);
	EXPECT_INT(sight(START).state, ROUTE_DOWN);
	EXPECT_INT(sight(START).failures, BREAKER_RATE_SENDS / 2);
}

TEST(a_provider_that_answers_again_lets_one_message_try)
{
	route_health_forget();
	break_it(START);
	EXPECT(!route_health_may_try(CHANNEL, START + 1));
	route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, START + 100);
	EXPECT_INT(sight(START + 100).state, ROUTE_TRYING);
	EXPECT(route_health_may_try(CHANNEL, START + 100));
	EXPECT(!route_health_may_try(CHANNEL, START + 101));
	EXPECT_INT(gate(START + 200), 1);
	route_health_sent(CHANNEL, ROUTE_TOOK, 10, STR_NONE, START + 300);
	EXPECT_INT(sight(START + 300).state, ROUTE_UP);
}

TEST(good_answers_for_a_while_are_enough_when_nothing_is_to_be_sent)
{
	route_health_forget();
	break_it(START);
	route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, START + 100);
	route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, START + 5000);
	EXPECT_INT(sight(START + 5000).state, ROUTE_TRYING);
	route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, START + 100 + BREAKER_QUIET_MS);
	EXPECT_INT(sight(START + 100 + BREAKER_QUIET_MS).state, ROUTE_UP);
}

TEST(one_that_goes_up_and_down_rests_longer_but_never_as_long_as_a_minute)
{
	int64_t at = START;

	route_health_forget();
	for (int i = 0; i < 20; i++) {
		break_it(at);
		route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, at + FLAP_REST_MAX_MS);
		EXPECT_INT(sight(at + FLAP_REST_MAX_MS).state, ROUTE_TRYING);
		route_health_sent(CHANNEL, ROUTE_TOOK, 1, STR_NONE, at + FLAP_REST_MAX_MS);
		at += FLAP_REST_MAX_MS + 1000;
	}
	break_it(at);
	route_health_probed(CHANNEL, PROBE_GOOD, STR_NONE, at + 1000);
	EXPECT_INT(sight(at + 1000).state, ROUTE_DOWN);
}

TEST(there_are_questions_at_least_as_often_as_asked_and_sooner_while_there_is_doubt)
{
	route_health_forget();
	EXPECT(route_health_probe_due(CHANNEL, 45000, START));
	EXPECT(!route_health_probe_due(CHANNEL, 45000, START + 44000));
	EXPECT(route_health_probe_due(CHANNEL, 45000, START + 45000));
	route_health_sent(CHANNEL, ROUTE_BROKE, 1, S("x"), START + 46000);
	EXPECT(route_health_probe_due(CHANNEL, 45000, START + 49000));
}

TEST(a_refusal_of_the_provider_opens_it_at_once_and_hanging_calls_do)
{
	route_health_forget();
	route_health_probed(CHANNEL, PROBE_REFUSED, S("The token has expired."), START);
	EXPECT_STR(str_of(sight(START).why), "The token has expired.");
	EXPECT(sight(START).refused && gate(START) == SIZE_MAX);
	route_health_forget();
	route_health_stalled(CHANNEL, START);
	EXPECT_INT(sight(START).state, ROUTE_DOWN);
	route_health_sent(CHANNEL, ROUTE_TOOK, 4000, STR_NONE, START + 1000);
	EXPECT_INT(sight(START + 1000).state, ROUTE_UP);
	EXPECT_INT(sight(START + 1000).latency_max_ms, 4000);
}
