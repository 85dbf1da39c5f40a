/* pace_test.c: each limit, gap, pause and sign of risk of a linked number, over simulated time. */
#include "account/pace.h"
#include "base/test.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define OLD (90 * DAY)
#define START (20000 * DAY + 7 * HOUR)

static const struct pace_message answer = { .by_person = true, .is_reply = true };
static const struct pace_message bot = { .is_reply = true };
static const struct pace_message campaign = { .is_first = false, .text_hash = 7 };
static const struct pace_message first = { .by_person = true, .is_first = true, .text_hash = 9 };

static struct pace_rules rules_of(const char *tier, int64_t age_ms)
{
	struct pace_rules rules;

	pace_rules_of(pace_tier_find(str_of(tier)), NULL, age_ms, &rules);
	return rules;
}

static struct pace_verdict ask(const struct pace_state *s, const struct pace_rules *rules,
	const struct pace_message *message, int64_t now_ms)
{
	const struct pace_signs signs = { .age_ms = OLD, .restriction = S("") };
	struct pace_verdict v;

	pace_ask(s, rules, &signs, message, 0, now_ms, &v);
	return v;
}

/* Sends as fast as it is let until the clock is there; how many went. */
static int64_t send_until(struct pace_state *s, const struct pace_rules *rules,
	const struct pace_message *message, int64_t *now_ms, int64_t until_ms)
{
	uint32_t random = 12345;
	int64_t sent = 0;

	while (*now_ms < until_ms) {
		struct pace_verdict v = ask(s, rules, message, *now_ms);

		if (v.answer == PACE_GO) {
			random = random * 1664525u + 1013904223u;
			pace_note_sent(s, rules, message, random, *now_ms);
			sent++;
		} else {
			EXPECT(v.wait_ms > 0);
			*now_ms += v.wait_ms;
		}
	}
	return sent;
}

TEST(a_minute_an_hour_and_a_day_take_no_more_than_the_tier_says)
{
	for (size_t t = 0; t + 1 < PACE_TIERS; t++) {
		struct pace_rules rules = rules_of(pace_tiers[t].name, OLD);
		struct pace_state s = { 0 };
		int64_t now = START, in_minute, in_hour, in_day;

		in_minute = send_until(&s, &rules, &answer, &now, START + MINUTE);
		EXPECT(in_minute <= pace_tiers[t].limits[PACE_MINUTE] && in_minute >= 15);
		in_hour = in_minute + send_until(&s, &rules, &answer, &now, START + HOUR);
		EXPECT_INT(in_hour, pace_tiers[t].limits[PACE_HOUR]);
		in_day = in_hour + send_until(&s, &rules, &answer, &now, START + DAY);
		EXPECT_INT(in_day, pace_tiers[t].limits[PACE_DAY]);
	}
}

/* R189, R193: no window of any place is over its limit, whenever one looks. */
TEST(no_hour_at_any_place_of_a_day_is_over_its_limit)
{
	struct pace_rules rules = rules_of("quick", OLD);
	struct pace_state s = { 0 };
	static int64_t at[4000];
	size_t count = 0;
	int64_t now = START;

	while (now < START + DAY && count < COUNT_OF(at)) {
		struct pace_verdict v = ask(&s, &rules, &answer, now);

		if (v.answer == PACE_GO) {
			pace_note_sent(&s, &rules, &answer, (uint32_t)now * 2654435761u, now);
			at[count++] = now;
		} else {
			now += v.wait_ms;
		}
	}
	for (size_t i = 500; i < count; i++)
		EXPECT(at[i] - at[i - 500] >= HOUR);
	for (size_t i = 20; i < count; i++)
		EXPECT(at[i] - at[i - 20] >= MINUTE);
}

/* R193. */
TEST(a_thousand_answers_leave_in_an_hour_by_three_numbers_within_their_limits)
{
	struct pace_rules rules = rules_of("quick", OLD);
	int64_t sent = 0;

	for (int n = 0; n < 3; n++) {
		struct pace_state s = { 0 };
		int64_t now = START;

		sent += send_until(&s, &rules, &answer, &now, START + HOUR);
		EXPECT(pace_used(&s, PACE_HOUR, START + HOUR - 1) <= 500);
	}
	EXPECT(sent >= 1000);
}

TEST(a_campaign_to_ten_thousand_who_are_known_leaves_in_a_day_by_ten_numbers)
{
	struct pace_rules rules = rules_of("fast", OLD);
	int64_t sent = 0;

	for (int n = 0; n < 10; n++) {
		struct pace_state s = { 0 };
		int64_t now = START;

		sent += send_until(&s, &rules, &campaign, &now, START + DAY);
		EXPECT(pace_used(&s, PACE_DAY, START + DAY - 1) <= 5000);
	}
	EXPECT(sent >= 10000);
}

/* R188: "Observed gaps lie in the tier's range". */
TEST(what_nobody_asked_for_goes_in_the_gaps_of_its_tier)
{
	for (size_t t = 0; t + 1 < PACE_TIERS; t++) {
		struct pace_rules rules = rules_of(pace_tiers[t].name, OLD);
		struct pace_state s = { 0 };
		int64_t now = START, last = 0, least = INT64_MAX, most = 0;
		uint32_t random = 99;

		for (int n = 0; n < 60;) {
			struct pace_verdict v = ask(&s, &rules, &campaign, now);

			if (v.answer != PACE_GO) {
				EXPECT_STR(str_of(v.code), "gap");
				now += v.wait_ms;
				continue;
			}
			random = random * 1664525u + 1013904223u;
			pace_note_sent(&s, &rules, &campaign, random, now);
			least = last && now - last < least ? now - last : least;
			most = last && now - last > most ? now - last : most;
			last = now;
			n++;
		}
		EXPECT(least >= pace_tiers[t].gap_min_ms && most <= pace_tiers[t].gap_max_ms);
		EXPECT(most > least);
	}
}

TEST(an_answer_does_not_wait_for_the_gaps_of_a_campaign)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_state s = { 0 };

	pace_note_sent(&s, &rules, &campaign, 1, START);
	EXPECT_INT(ask(&s, &rules, &campaign, START + 5000).answer, PACE_WAIT);
	EXPECT_INT(ask(&s, &rules, &answer, START + 5000).answer, PACE_GO);
	EXPECT_INT(ask(&s, &rules, &answer, START + 500).answer, PACE_WAIT);
	EXPECT(ask(&s, &rules, &answer, START + 500).is_for_all);
}

TEST(people_who_are_written_to_first_are_counted_by_themselves)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_state s = { 0 };
	int64_t now = START;

	EXPECT_INT(send_until(&s, &rules, &first, &now, START + DAY), 20);
	EXPECT_STR(str_of(ask(&s, &rules, &first, START + DAY - 1).code), "new_contacts");
	EXPECT_INT(ask(&s, &rules, &answer, START + DAY - 1).answer, PACE_GO);
	EXPECT_INT(ask(&s, &rules, &first, START + DAY + HOUR).answer, PACE_GO);
}

TEST(a_young_number_may_do_less)
{
	static const struct { int64_t age_ms, day; } ages[] = {
		{ 0, 250 }, { DAY - 1, 250 }, { DAY, 500 }, { 7 * DAY, 750 }, { 30 * DAY, 1000 },
	};

	for (size_t i = 0; i < COUNT_OF(ages); i++) {
		struct pace_rules rules = rules_of("careful", ages[i].age_ms);

		EXPECT_INT(rules.limits[PACE_DAY], ages[i].day);
		EXPECT_INT(rules.limits[PACE_MINUTE], 20);
	}
}

TEST(an_override_counts_up_to_the_ceiling)
{
	const int64_t override[PACE_MEASURES] = { 25, 5000, 0, 5 };
	struct pace_rules rules;

	pace_rules_of(pace_tier_find(S("careful")), override, 0, &rules);
	EXPECT_INT(rules.limits[PACE_MINUTE], 25);
	EXPECT_INT(rules.limits[PACE_HOUR], PACE_CEILING_HOUR);
	EXPECT_INT(rules.limits[PACE_DAY], 250);
	EXPECT_INT(rules.limits[PACE_FRESH], 5);
}

/* R190. */
TEST(automation_is_quiet_while_the_owner_writes_and_a_person_is_not)
{
	struct pace_rules rules = rules_of("fast", OLD);
	const struct pace_signs signs = { .age_ms = OLD, .quiet_until_ms = START + 30000 };
	struct pace_state s = { 0 };
	struct pace_verdict v;

	pace_ask(&s, &rules, &signs, &bot, 0, START, &v);
	EXPECT_STR(str_of(v.code), "owner");
	EXPECT_INT(v.wait_ms, 30000);
	pace_ask(&s, &rules, &signs, &campaign, 0, START, &v);
	EXPECT_INT(v.answer, PACE_WAIT);
	pace_ask(&s, &rules, &signs, &first, 0, START, &v);
	EXPECT_INT(v.answer, PACE_GO);
	pace_ask(&s, &rules, &signs, &campaign, 0, START + 30000, &v);
	EXPECT_INT(v.answer, PACE_GO);
	for (uint32_t r = 0; r < 1000; r++) {
		int64_t quiet =
			pace_between(PACE_QUIET_MIN_MS, PACE_QUIET_MAX_MS, r * 2654435761u);

		EXPECT(quiet >= 20000 && quiet <= 60000);
	}
}

TEST(a_pause_lets_only_the_answers_of_people_through)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_signs signs = { .age_ms = OLD, .pause_until_ms = INT64_MAX };
	struct pace_state s = { 0 };
	struct pace_verdict v;

	pace_ask(&s, &rules, &signs, &answer, 0, START, &v);
	EXPECT_INT(v.answer, PACE_GO);
	pace_ask(&s, &rules, &signs, &bot, 0, START, &v);
	EXPECT_STR(str_of(v.code), "paused");
	pace_ask(&s, &rules, &signs, &first, 0, START, &v);
	EXPECT_STR(str_of(v.code), "paused");
	signs.pause_until_ms = 0;
	pace_ask(&s, &rules, &signs, &first, PACE_RISK_PAUSE, START, &v);
	EXPECT_INT(v.answer, PACE_GO);
	pace_ask(&s, &rules, &signs, &first, PACE_RISK_PAUSE + 1, START, &v);
	EXPECT_STR(str_of(v.code), "risk");
	pace_ask(&s, &rules, &signs, &answer, 100, START, &v);
	EXPECT_INT(v.answer, PACE_GO);
	signs.is_banned = true;
	pace_ask(&s, &rules, &signs, &answer, 0, START, &v);
	EXPECT_INT(v.answer, PACE_REFUSE);
}

TEST(a_tier_that_is_off_holds_nothing_up)
{
	struct pace_rules rules = rules_of("off", 0);
	struct pace_state s = { 0 };
	int64_t now = START;

	for (int i = 0; i < 5000; i++) {
		EXPECT_INT(ask(&s, &rules, &first, now).answer, PACE_GO);
		pace_note_sent(&s, &rules, &first, 1, now);
	}
}

TEST(people_are_warned_once_at_seventy_and_at_ninety_per_cent)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_state s = { 0 };
	enum pace_measure measure;
	int warnings = 0, last = 0;
	int64_t now = START;

	for (int i = 0; i < 200; i++, now += 15000) {
		int percent;

		pace_note_sent(&s, &rules, &answer, 1, now);
		percent = pace_warning(&s, &rules, now, &measure);
		if (!percent)
			continue;
		EXPECT_INT(measure, PACE_HOUR);
		EXPECT_INT(i + 1, percent == 70 ? 140 : 180);
		EXPECT(percent > last);
		last = percent;
		warnings++;
	}
	EXPECT_INT(warnings, 2);
	EXPECT_INT(pace_warning(&s, &rules, now + 2 * HOUR, &measure), 0);
	EXPECT_INT(s.warned[PACE_HOUR], 0);
}

TEST(the_nearer_the_limit_the_longer_the_gaps)
{
	struct pace_rules rules = rules_of("fast", OLD);
	struct pace_state s = { 0 };

	pace_note_sent(&s, &rules, &campaign, 0, START);
	EXPECT_INT(s.next_bulk_ms - START, 10000);
	for (int i = 0; i < 460; i++)
		pace_note_sent(&s, &rules, &answer, 0, START);
	pace_note_sent(&s, &rules, &campaign, 0, START);
	EXPECT_INT(s.next_bulk_ms - START, 20000);
}

/* R189: each measure, at each of the two. The minute fills up and empties: nobody hears of it. */
TEST(each_limit_has_its_two_warnings)
{
	static const struct {
		int64_t limits[PACE_MEASURES];
		enum pace_measure measure;
		bool tells;
	} rows[] = {
		{ { 10, 900, 9000, 900 }, PACE_MINUTE, false },
		{ { 30, 10, 9000, 900 }, PACE_HOUR, true },
		{ { 30, 900, 10, 900 }, PACE_DAY, true },
		{ { 30, 900, 9000, 10 }, PACE_FRESH, true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct pace_rules rules;
		struct pace_state s = { 0 };
		enum pace_measure measure = PACE_MEASURES;

		pace_rules_of(pace_tier_find(S("careful")), rows[i].limits, OLD, &rules);
		for (int n = 1; n <= 10; n++) {
			int want = !rows[i].tells ? 0 : n == 7 ? 70 : n == 9 ? 90 : 0;

			pace_note_sent(&s, &rules, &first, 1, START + n);
			EXPECT_INT(pace_warning(&s, &rules, START + n, &measure), want);
			EXPECT(!want || measure == rows[i].measure);
		}
	}
}

/* R273. */
TEST(no_number_sends_more_than_thirty_in_a_minute)
{
	const int64_t most[PACE_MEASURES] = { 500, 100000, 100000, 100000 };
	struct pace_rules rules;
	struct pace_state s = { 0 };
	int64_t now = START;

	pace_rules_of(pace_tier_find(S("fast")), most, OLD, &rules);
	EXPECT_INT(rules.limits[PACE_MINUTE], 30);
	for (int minute = 1; minute < 30; minute++)
		EXPECT(send_until(&s, &rules, &answer, &now, START + minute * MINUTE) <= 30);
	/* "off" holds nothing up on the sandbox alone. */
	rules = rules_of("off", OLD);
	pace_rules_cap(&rules);
	s = (struct pace_state){ 0 };
	now = START;
	EXPECT_INT(send_until(&s, &rules, &first, &now, START + 50000), 30);
	EXPECT_STR(str_of(ask(&s, &rules, &first, START + 50000).code), "minute");
}

TEST(nothing_goes_while_a_ban_lasts_whatever_the_tier)
{
	struct pace_signs signs = { .age_ms = OLD,
		.ban_until_ms = START + 9000,
		.is_banned = true };
	struct pace_state s = { 0 };

	for (size_t t = 0; t < PACE_TIERS; t++) {
		struct pace_rules rules = rules_of(pace_tiers[t].name, OLD);
		struct pace_verdict v;

		pace_ask(&s, &rules, &signs, &answer, 0, START, &v);
		EXPECT_STR(str_of(v.code), "banned");
		EXPECT(v.answer == PACE_WAIT && v.is_for_all && v.wait_ms == 9000);
		pace_ask(&s, &rules, &signs, &answer, 0, START + 9000, &v);
		EXPECT_INT(v.answer, PACE_REFUSE);
	}
}

/* ---- risk ---- */

struct sight { const char *code; int points; };

static void expect_risk(const struct pace_state *s, const struct pace_signs *signs,
	const struct sight *want, size_t count)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_risk risk;
	int sum = 0;

	pace_risk_of(test_arena(), s, &rules, signs, START, &risk);
	EXPECT_INT(risk.count, count);
	for (size_t i = 0; i < count; i++) {
		EXPECT_STR(str_of(risk.reasons[i].code), want[i].code);
		EXPECT_INT(risk.reasons[i].points, want[i].points);
		EXPECT(risk.reasons[i].sentence.len > 10);
		sum += want[i].points;
	}
	EXPECT_INT(risk.score, sum > 100 ? 100 : sum);
}

#define RISK(state, signs, ...)                                              \
	do {                                                                 \
		static const struct sight want_[] = { __VA_ARGS__ };         \
		expect_risk(state, signs, want_, COUNT_OF(want_));           \
	} while (0)

TEST(each_sign_of_risk_has_its_points)
{
	struct pace_state s = { 0 };
	struct pace_signs signs = { .age_ms = OLD, .restriction = S("") };
	struct pace_rules rules = rules_of("careful", OLD);

	expect_risk(&s, &signs, NULL, 0);
	signs.age_ms = 8 * DAY;
	RISK(&s, &signs, { "young", 5 });
	signs.age_ms = DAY;
	RISK(&s, &signs, { "young", 10 });
	signs.age_ms = 0;
	RISK(&s, &signs, { "young", 15 });
	signs.age_ms = OLD;
	signs.first_count = 20;
	signs.first_answered = 1;
	RISK(&s, &signs, { "unanswered", 25 });
	signs.first_answered = 5;
	RISK(&s, &signs, { "unanswered", 15 });
	signs.first_answered = 9;
	RISK(&s, &signs, { "unanswered", 5 });
	signs.first_count = 0;
	signs.restriction = S("FIRST_WARNING");
	RISK(&s, &signs, { "restricted", 30 });
	signs.restriction = S("reachout_timelock");
	RISK(&s, &signs, { "restricted", 70 });
	signs.restriction = S("temporary_ban");
	RISK(&s, &signs, { "restricted", 100 });
	signs.restriction = S("");
	signs.is_banned = true;
	RISK(&s, &signs, { "banned", 100 });
	signs.is_banned = false;
	pace_note_failed(&s, true, START);
	RISK(&s, &signs, { "refused", 40 });
	pace_note_failed(&s, true, START);
	pace_note_failed(&s, true, START);
	RISK(&s, &signs, { "refused", 85 });
	s = (struct pace_state){ 0 };
	for (int i = 0; i < 14; i++)
		pace_note_sent(&s, &rules, &first, 1, START);
	RISK(&s, &signs, { "same_text", 10 }, { "new_contacts", 5 });
	for (int i = 0; i < 8; i++)
		pace_note_failed(&s, false, START);
	RISK(&s, &signs, { "same_text", 10 }, { "failures", 20 }, { "new_contacts", 5 });
}

TEST(the_score_has_words_and_an_end)
{
	struct pace_rules rules = rules_of("careful", OLD);
	struct pace_state s = { 0 };
	struct pace_signs signs = { .restriction = S("CAPPED") };
	struct pace_risk risk;

	pace_risk_of(test_arena(), &s, &rules, &signs, START, &risk);
	EXPECT_INT(risk.score, 85);
	EXPECT_STR(str_of(risk.level), "pause");
	signs = (struct pace_signs){ .age_ms = OLD, .restriction = S("") };
	pace_risk_of(test_arena(), &s, &rules, &signs, START, &risk);
	EXPECT_INT(risk.score, 0);
	EXPECT_STR(str_of(risk.level), "low");
}

TEST(a_packed_state_comes_back_and_a_damaged_one_does_not)
{
	struct pace_rules rules = rules_of("fast", OLD);
	struct pace_state s = { 0 }, back;
	str packed;

	for (int i = 0; i < 300; i++)
		pace_note_sent(&s, &rules, &first, (uint32_t)i * 77777u, START + i * 4000LL);
	pace_note_failed(&s, true, START + HOUR);
	packed = pace_state_pack(test_arena(), &s);
	EXPECT_OK(pace_state_unpack(packed, &back));
	EXPECT(memcmp(&s, &back, sizeof s) == 0);
	EXPECT_OK(pace_state_unpack(S(""), &back));
	EXPECT_INT(pace_used(&back, PACE_DAY, START), 0);
	EXPECT_ERR(pace_state_unpack(S("2 0 0"), &back), ERR_CORRUPT);
	EXPECT_ERR(pace_state_unpack(str_part(packed, 0, packed.len / 2), &back), ERR_CORRUPT);
}
