/*
 * pace_risk.c: how likely the network is to act against a number: points for each sign, 0 to 100.
 *
 * The weights are judgement, not measurement: docs/decisions/0037-pace-of-linked-numbers.md says
 * where each comes from.
 */
#include "account/pace.h"

#define DAY_MS (24 * 3600 * 1000LL)

struct weighing {
	struct arena *arena;
	const struct pace_state *state;
	const struct pace_rules *rules;
	const struct pace_signs *signs;
	int64_t now_ms;
	struct pace_risk *out;
};

static void add(struct weighing *w, const char *code, int points, str sentence)
{
	if (points && w->out->count < PACE_REASONS_MAX)
		w->out->reasons[w->out->count++] = (struct pace_reason){ code, points, sentence };
}

static void weigh_age(struct weighing *w)
{
	int64_t age = w->signs->age_ms;

	add(w, "young", age < DAY_MS ? 15 : age < 7 * DAY_MS ? 10 : age < 30 * DAY_MS ? 5 : 0,
		arena_printf(w->arena, "The number was paired %lld days ago.",
			(long long)(age / DAY_MS)));
}

static int of_share(int64_t percent)
{
	return percent >= PACE_ALARM_PERCENT ? 10 : percent >= PACE_WARN_PERCENT ? 5 : 0;
}

static void weigh_use(struct weighing *w)
{
	static const struct { enum pace_measure measure; const char *code, *words; } rows[] = {
		{ PACE_HOUR, "hour", "messages that it may send in an hour" },
		{ PACE_DAY, "day", "messages that it may send in a day" },
		{ PACE_FRESH, "new_contacts", "people whom it may write to first in a day" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t limit = w->rules->limits[rows[i].measure];
		int64_t used = pace_used(w->state, rows[i].measure, w->now_ms);
		int64_t percent = limit > 0 && limit < INT64_MAX / 100 ? used * 100 / limit : 0;

		add(w, rows[i].code, of_share(percent),
			arena_printf(w->arena, "%lld of the %lld %s are used.", (long long)used,
				(long long)limit, rows[i].words));
	}
}

static void weigh_answers(struct weighing *w)
{
	int64_t count = w->signs->first_count, answered = w->signs->first_answered;
	int64_t percent = count ? answered * 100 / count : 100;

	if (count >= 10)
		add(w, "unanswered", percent < 10 ? 25 : percent < 30 ? 15 : percent < 50 ? 5 : 0,
			arena_printf(w->arena,
				"Of %lld people written to first in a week, %lld answered.",
				(long long)count, (long long)answered));
}

/* How many of the last texts that nobody asked for are the same one. */
static size_t same_texts(const struct pace_state *s)
{
	size_t most = 0;

	for (size_t i = 0; i < PACE_TEXTS; i++) {
		size_t same = 0;

		for (size_t j = 0; j < PACE_TEXTS; j++)
			same += s->texts[i] && s->texts[j] == s->texts[i];
		most = same > most ? same : most;
	}
	return most;
}

static void weigh_texts(struct weighing *w)
{
	size_t same = same_texts(w->state);

	add(w, "same_text", same >= 15 ? 20 : same >= 8 ? 10 : 0,
		arena_printf(w->arena,
			"%zu of the last %d messages that nobody asked for say the same.", same,
			PACE_TEXTS));
}

static void weigh_failures(struct weighing *w)
{
	int64_t failed = pace_failed(w->state, w->now_ms),
		sent = pace_used(w->state, PACE_DAY, w->now_ms);
	int64_t percent = sent ? failed * 100 / sent : 0;

	if (failed >= 5)
		add(w, "failures", percent >= 30 ? 20 : percent >= 10 ? 10 : 0,
			arena_printf(w->arena, "%lld of %lld messages of a day failed.",
				(long long)failed, (long long)sent));
}

static void weigh_network(struct weighing *w)
{
	static const struct { const char *word; int points; const char *sentence; } words[] = {
		{ "temporary_ban", 100, "WhatsApp banned the number for a while." },
		{ "primary_locked", 100, "WhatsApp on the phone is logged out or locked." },
		{ "reachout_timelock", 70, "WhatsApp lets the number start no new conversations." },
		{ "CAPPED", 70, "WhatsApp lets the number start no more conversations for now." },
		{ "SECOND_WARNING", 50, "WhatsApp warned the number for the second time." },
		{ "FIRST_WARNING", 30, "WhatsApp warned the number." },
	};
	int64_t refused = pace_refused(w->state, w->now_ms);

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_is(w->signs->restriction, str_of(words[i].word)))
			add(w, "restricted", words[i].points, str_of(words[i].sentence));
	add(w, "refused", refused > 2 ? 85 : refused == 2 ? 60 : refused ? 40 : 0,
		arena_printf(w->arena, "WhatsApp refused %lld first messages in a day.",
			(long long)refused));
	if (w->signs->is_banned)
		add(w, "banned", 100, S("WhatsApp has banned the number."));
}

static const char *level_of(int score)
{
	return score > PACE_RISK_PAUSE ? "pause"
	       : score >= 60	       ? "high"
	       : score >= 30	       ? "raised"
				       : "low";
}

void pace_risk_of(struct arena *arena, const struct pace_state *state,
	const struct pace_rules *rules, const struct pace_signs *signs, int64_t now_ms,
	struct pace_risk *out)
{
	struct weighing w = { arena, state, rules, signs, now_ms, out };
	int score = 0;

	*out = (struct pace_risk){ 0 };
	weigh_network(&w);
	weigh_answers(&w);
	weigh_texts(&w);
	weigh_failures(&w);
	weigh_use(&w);
	weigh_age(&w);
	for (size_t i = 0; i < out->count; i++)
		score += out->reasons[i].points;
	out->score = score > 100 ? 100 : score;
	out->level = level_of(out->score);
}
