/* pace.c: may it be sent now? see pace.h. */
#include "account/pace.h"

#include "base/buf.h"

#define FIVE_SECONDS 5000
#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define NO_LIMIT INT64_MAX

/* ---- tiers ---- */

const struct pace_tier pace_tiers[PACE_TIERS] = {
	{ "careful", "For new numbers, and for all that must not be lost.", 90000, 120000,
		{ 20, 200, 1000, 20 } },
	{ "calm", "For numbers that are some weeks old and whose people answer.", 60000, 90000,
		{ 20, 300, 1500, 40 } },
	{ "steady", "A raised risk: only to people who expect the messages.", 30000, 60000,
		{ 20, 400, 2000, 80 } },
	{ "quick", "A high risk that WhatsApp restricts the number.", 20000, 30000,
		{ 20, 500, 3500, 150 } },
	{ "fast", "A very high risk: only with a number that you can do without.", 10000, 20000,
		{ 20, 500, 5000, 300 } },
	{ "off", "Nothing protects the number: for the sandbox.", 0, 0,
		{ NO_LIMIT, NO_LIMIT, NO_LIMIT, NO_LIMIT } },
};

static const int64_t ceilings[PACE_MEASURES] = { PACE_CEILING_MINUTE, PACE_CEILING_HOUR,
	PACE_CEILING_DAY, PACE_CEILING_FRESH };

const struct pace_tier *pace_tier_find(str name)
{
	for (size_t i = 0; i < PACE_TIERS; i++)
		if (str_is(name, str_of(pace_tiers[i].name)))
			return &pace_tiers[i];
	return NULL;
}

const char *pace_measure_name(enum pace_measure measure)
{
	static const char *const names[] = { "minute", "hour", "day", "new_contacts" };

	return names[measure];
}

static bool is_off(const struct pace_tier *tier)
{
	return tier->gap_max_ms == 0;
}

static int warm_up(int64_t age_ms)
{
	return age_ms < DAY_MS ? 25 : age_ms < 7 * DAY_MS ? 50 : age_ms < 30 * DAY_MS ? 75 : 100;
}

void pace_rules_of(const struct pace_tier *tier, const int64_t override[PACE_MEASURES],
	int64_t age_ms, struct pace_rules *out)
{
	*out = (struct pace_rules){ .tier = tier, .gap_min_ms = tier->gap_min_ms,
		.gap_max_ms = tier->gap_max_ms, .percent = is_off(tier) ? 100 : warm_up(age_ms) };
	for (int m = 0; m < PACE_MEASURES; m++) {
		int64_t limit = tier->limits[m];

		if (m != PACE_MINUTE && limit != NO_LIMIT)
			limit = limit * out->percent / 100;
		if (override && override[m])
			limit = override[m];
		out->limits[m] = limit > ceilings[m] && limit != NO_LIMIT ? ceilings[m] : limit;
	}
}

void pace_rules_cap(struct pace_rules *rules)
{
	for (int m = 0; m < PACE_MEASURES; m++)
		if (rules->limits[m] > ceilings[m])
			rules->limits[m] = ceilings[m];
}

/* ---- windows ---- */

static int64_t sum(const uint16_t *slots, size_t count, int64_t at, int64_t now)
{
	int64_t total = 0;

	/* A clock that went back finds everything in its window. */
	for (size_t i = 0; i < count; i++)
		if (at >= (int64_t)i && at - (int64_t)i > now - (int64_t)count)
			total += slots[(size_t)((at - (int64_t)i) % (int64_t)count)];
	return total;
}

/* Empties the slots between the newest and now. */
static void move(uint16_t *slots, size_t count, int64_t at, int64_t now)
{
	for (int64_t i = at + 1; i <= now && i <= at + (int64_t)count; i++)
		slots[(size_t)(i % (int64_t)count)] = 0;
}

static void add(uint16_t *slots, size_t count, int64_t now)
{
	uint16_t *slot = &slots[(size_t)(now % (int64_t)count)];

	if (*slot < UINT16_MAX)
		(*slot)++;
}

static void move_hours(struct pace_state *s, int64_t now)
{
	if (now <= s->day_at)
		return;
	move(s->day, PACE_DAY_SLOTS, s->day_at, now);
	move(s->fresh, PACE_DAY_SLOTS, s->day_at, now);
	move(s->failed, PACE_DAY_SLOTS, s->day_at, now);
	move(s->refused, PACE_DAY_SLOTS, s->day_at, now);
	s->day_at = now;
}

static void move_all(struct pace_state *s, int64_t now_ms)
{
	int64_t five = now_ms / FIVE_SECONDS, minute = now_ms / MINUTE_MS;

	if (five > s->minute_at) {
		move(s->minute, PACE_MINUTE_SLOTS, s->minute_at, five);
		s->minute_at = five;
	}
	if (minute > s->hour_at) {
		move(s->hour, PACE_HOUR_SLOTS, s->hour_at, minute);
		s->hour_at = minute;
	}
	move_hours(s, now_ms / HOUR_MS);
}

int64_t pace_used(const struct pace_state *s, enum pace_measure measure, int64_t now_ms)
{
	switch (measure) {
	case PACE_MINUTE:
		return sum(s->minute, PACE_MINUTE_SLOTS, s->minute_at, now_ms / FIVE_SECONDS);
	case PACE_HOUR:
		return sum(s->hour, PACE_HOUR_SLOTS, s->hour_at, now_ms / MINUTE_MS);
	case PACE_DAY:
		return sum(s->day, PACE_DAY_SLOTS, s->day_at, now_ms / HOUR_MS);
	default:
		return sum(s->fresh, PACE_DAY_SLOTS, s->day_at, now_ms / HOUR_MS);
	}
}

int64_t pace_failed(const struct pace_state *s, int64_t now_ms)
{
	return sum(s->failed, PACE_DAY_SLOTS, s->day_at, now_ms / HOUR_MS);
}

int64_t pace_refused(const struct pace_state *s, int64_t now_ms)
{
	return sum(s->refused, PACE_DAY_SLOTS, s->day_at, now_ms / HOUR_MS);
}

/* Until the oldest slot that counts falls out of the window. */
static int64_t until_room(const struct pace_state *s, enum pace_measure measure, int64_t now_ms)
{
	static const struct { int64_t slot_ms, count; } shape[] = {
		{ FIVE_SECONDS, PACE_MINUTE_SLOTS }, { MINUTE_MS, PACE_HOUR_SLOTS },
		{ HOUR_MS, PACE_DAY_SLOTS }, { HOUR_MS, PACE_DAY_SLOTS },
	};
	const uint16_t *slots = measure == PACE_MINUTE ? s->minute :
				measure == PACE_HOUR   ? s->hour :
				measure == PACE_DAY    ? s->day : s->fresh;
	int64_t length = shape[measure].slot_ms, count = shape[measure].count;
	int64_t now = now_ms / length;
	int64_t at = measure == PACE_MINUTE ? s->minute_at :
		     measure == PACE_HOUR   ? s->hour_at : s->day_at;

	for (int64_t i = now - count + 1; i <= now && i <= at; i++)
		if (i >= 0 && slots[(size_t)(i % count)])
			return (i + count) * length - now_ms;
	return length;
}

/* ---- may it? ---- */

int64_t pace_between(int64_t min_ms, int64_t max_ms, uint32_t random)
{
	return max_ms > min_ms ? min_ms + (int64_t)(random % (uint32_t)(max_ms - min_ms + 1))
			       : min_ms;
}

static bool wait(struct pace_verdict *out, const char *code, int64_t wait_ms, bool is_for_all)
{
	if (wait_ms <= 0)
		return false;
	*out = (struct pace_verdict){ PACE_WAIT, wait_ms, is_for_all, code };
	return true;
}

static bool is_over(const struct pace_state *state, const struct pace_rules *rules,
	enum pace_measure measure, int64_t now_ms, struct pace_verdict *out)
{
	static const char *const codes[] = { "minute", "hour", "day", "new_contacts" };

	if (pace_used(state, measure, now_ms) < rules->limits[measure])
		return false;
	return wait(out, codes[measure], until_room(state, measure, now_ms),
		measure != PACE_FRESH);
}

static bool is_over_any(const struct pace_state *state, const struct pace_rules *rules,
	bool is_first, int64_t now_ms, struct pace_verdict *out)
{
	/* The longest wait first: a day that is full says more than a minute that is. */
	return is_over(state, rules, PACE_DAY, now_ms, out) ||
	       is_over(state, rules, PACE_HOUR, now_ms, out) ||
	       (is_first && is_over(state, rules, PACE_FRESH, now_ms, out)) ||
	       is_over(state, rules, PACE_MINUTE, now_ms, out);
}

static int64_t until(int64_t at_ms, int64_t now_ms)
{
	return at_ms == INT64_MAX ? DAY_MS : at_ms - now_ms;
}

/* What holds up only what nobody asked for, and (owner) what no person sends. */
static bool is_held(const struct pace_state *state, const struct pace_signs *signs,
	const struct pace_message *message, int64_t now_ms, struct pace_verdict *out)
{
	bool is_answer = message->by_person && message->is_reply;

	if (!is_answer && wait(out, "paused", until(signs->pause_until_ms, now_ms), false))
		return true;
	if (!message->by_person && wait(out, "owner", signs->quiet_until_ms - now_ms, false))
		return true;
	return !message->is_reply && wait(out, "gap", state->next_bulk_ms - now_ms, false);
}

void pace_ask(const struct pace_state *state, const struct pace_rules *rules,
	const struct pace_signs *signs, const struct pace_message *message, int score,
	int64_t now_ms, struct pace_verdict *out)
{
	*out = (struct pace_verdict){ .answer = PACE_GO };
	if (wait(out, "banned", signs->ban_until_ms - now_ms, true))
		return;
	if (signs->is_banned) {
		*out = (struct pace_verdict){ PACE_REFUSE, .code = "banned" };
		return;
	}
	if (is_off(rules->tier)) {
		(void)is_over_any(state, rules, message->is_first, now_ms, out);
		return;
	}
	if (is_held(state, signs, message, now_ms, out) ||
		is_over_any(state, rules, message->is_first, now_ms, out))
		return;
	if (score > PACE_RISK_PAUSE && !(message->by_person && message->is_reply) &&
		wait(out, "risk", PACE_BUSY_MS, false))
		return;
	(void)wait(out, "gap", state->next_ms - now_ms, true);
}

/* The nearer the hour is to its limit, the longer it takes. */
static int64_t slowed(const struct pace_state *state, const struct pace_rules *rules,
	int64_t gap_ms, int64_t now_ms)
{
	int64_t percent = pace_used(state, PACE_HOUR, now_ms) * 100 /
			  (rules->limits[PACE_HOUR] > 0 ? rules->limits[PACE_HOUR] : 1);

	return percent >= PACE_ALARM_PERCENT  ? gap_ms * 2 :
	       percent >= PACE_WARN_PERCENT ? gap_ms * 3 / 2 : gap_ms;
}

void pace_note_sent(struct pace_state *state, const struct pace_rules *rules,
	const struct pace_message *message, uint32_t random, int64_t now_ms)
{
	int64_t gap = pace_between(rules->gap_min_ms, rules->gap_max_ms, random);

	move_all(state, now_ms);
	add(state->minute, PACE_MINUTE_SLOTS, now_ms / FIVE_SECONDS);
	add(state->hour, PACE_HOUR_SLOTS, now_ms / MINUTE_MS);
	add(state->day, PACE_DAY_SLOTS, now_ms / HOUR_MS);
	if (message->is_first)
		add(state->fresh, PACE_DAY_SLOTS, now_ms / HOUR_MS);
	state->next_ms = now_ms + pace_between(PACE_GAP_MIN_MS, PACE_GAP_MAX_MS, random >> 3);
	if (message->is_reply)
		return;
	state->next_bulk_ms = now_ms + slowed(state, rules, gap, now_ms);
	state->texts[state->text_at % PACE_TEXTS] = message->text_hash;
	state->text_at = (state->text_at + 1) % PACE_TEXTS;
}

void pace_note_failed(struct pace_state *state, bool is_refused, int64_t now_ms)
{
	move_all(state, now_ms);
	add(state->failed, PACE_DAY_SLOTS, now_ms / HOUR_MS);
	if (is_refused)
		add(state->refused, PACE_DAY_SLOTS, now_ms / HOUR_MS);
}

int pace_warning(struct pace_state *state, const struct pace_rules *rules, int64_t now_ms,
	enum pace_measure *measure)
{
	for (int m = 0; m < PACE_MEASURES; m++) {
		int64_t used = pace_used(state, (enum pace_measure)m, now_ms);
		int64_t limit = rules->limits[m];
		int now = limit == NO_LIMIT                             ? 0 :
			  used * 100 >= limit * PACE_ALARM_PERCENT ? PACE_ALARM_PERCENT :
			  used * 100 >= limit * PACE_WARN_PERCENT  ? PACE_WARN_PERCENT : 0;
		int told = state->warned[m];

		/* Far below again: the next time is news. */
		if (!now && used * 100 < limit / 2 * 100)
			state->warned[m] = 0;
		if (now <= told)
			continue;
		state->warned[m] = (uint8_t)now;
		/* A minute fills up and empties all the time: nobody wants to hear of it. */
		if (m == PACE_MINUTE)
			continue;
		*measure = (enum pace_measure)m;
		return now;
	}
	return 0;
}

/* ---- packed: decimal numbers with a space between, of 16 bits and of 64 ---- */

static const struct { size_t at, count; } parts[] = {
	{ offsetof(struct pace_state, minute), PACE_MINUTE_SLOTS },
	{ offsetof(struct pace_state, hour), PACE_HOUR_SLOTS },
	{ offsetof(struct pace_state, day), PACE_DAY_SLOTS },
	{ offsetof(struct pace_state, fresh), PACE_DAY_SLOTS },
	{ offsetof(struct pace_state, failed), PACE_DAY_SLOTS },
	{ offsetof(struct pace_state, refused), PACE_DAY_SLOTS },
};

static void put(struct buf *out, int64_t value)
{
	buf_i64(out, value);
	buf_byte(out, ' ');
}

str pace_state_pack(struct arena *arena, const struct pace_state *state)
{
	struct buf out = buf_in(arena, PACE_STATE_MAX);

	put(&out, 1); /* version */
	for (size_t p = 0; p < COUNT_OF(parts); p++) {
		const uint16_t *slots =
			(const uint16_t *)(const void *)((const char *)state + parts[p].at);

		for (size_t i = 0; i < parts[p].count; i++)
			put(&out, slots[i]);
	}
	put(&out, state->minute_at);
	put(&out, state->hour_at);
	put(&out, state->day_at);
	put(&out, state->next_ms);
	put(&out, state->next_bulk_ms);
	for (size_t i = 0; i < PACE_TEXTS; i++)
		put(&out, state->texts[i]);
	put(&out, (int64_t)state->text_at);
	for (size_t i = 0; i < PACE_MEASURES; i++)
		put(&out, state->warned[i]);
	return buf_text(&out);
}

struct unpacking { str rest; bool failed; };

static int64_t get(struct unpacking *u, int64_t max)
{
	str word = str_split(&u->rest, ' ');
	int64_t value = 0;

	if (!str_to_i64(word, &value) || value < 0 || value > max)
		u->failed = true;
	return u->failed ? 0 : value;
}

enum err pace_state_unpack(str packed, struct pace_state *out)
{
	struct unpacking u = { .rest = packed };

	*out = (struct pace_state){ 0 };
	if (!packed.len)
		return OK;
	if (get(&u, 1) != 1)
		return ERR_CORRUPT;
	for (size_t p = 0; p < COUNT_OF(parts); p++) {
		uint16_t *slots = (uint16_t *)(void *)((char *)out + parts[p].at);

		for (size_t i = 0; i < parts[p].count; i++)
			slots[i] = (uint16_t)get(&u, UINT16_MAX);
	}
	out->minute_at = get(&u, INT64_MAX);
	out->hour_at = get(&u, INT64_MAX);
	out->day_at = get(&u, INT64_MAX);
	out->next_ms = get(&u, INT64_MAX);
	out->next_bulk_ms = get(&u, INT64_MAX);
	for (size_t i = 0; i < PACE_TEXTS; i++)
		out->texts[i] = (uint32_t)get(&u, UINT32_MAX);
	out->text_at = (size_t)get(&u, PACE_TEXTS);
	for (size_t i = 0; i < PACE_MEASURES; i++)
		out->warned[i] = (uint8_t)get(&u, 100);
	return u.failed ? ERR_CORRUPT : OK;
}
