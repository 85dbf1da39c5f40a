/*
 * model_test.c: days at a desk, event by event, against a model that remembers everything.
 *
 * Each run is a seeded random day: customers arrive, agents come, go, take on and hand over, teams
 * and modes change. After each event the desk hands out, and must do what the model does. The model
 * is written for being right, not fast: it has no counters, only the list of all conversations and
 * of all gifts, and asks them anew each time.
 */
#include "base/test.h"
#include "routing/desk.h"

#include <stdio.h>

enum {
#ifdef __SANITIZE_ADDRESS__ /* twenty times slower, and it looks for something else */
	RUNS = 100,
#else
	RUNS = 2000,
#endif
	STEPS = 250,
	AGENTS_MAX = 8,
	TEAMS_MAX = 3,
	CHANNELS = 3,
	CONVERSATIONS_MAX = STEPS
};

enum state { WAITING, HELD, GONE };

struct talk {
	struct desk_waiting w;
	enum state state;
	id64 agent;
};

struct gift { id64 team, agent; };

/* The world, as the model sees it; desk is what is tested. */
struct day {
	uint64_t random;
	int64_t now;
	struct desk desk;
	struct desk_agent agents[AGENTS_MAX];
	struct desk_seat seats[AGENTS_MAX][TEAMS_MAX + 1];
	struct desk_bound bounds[AGENTS_MAX][CHANNELS];
	struct desk_scope scopes[TEAMS_MAX + 1];
	struct talk talks[CONVERSATIONS_MAX];
	size_t talk_count;
	struct gift gifts[CONVERSATIONS_MAX * 8];
	size_t gift_count;
};

static unsigned pick(struct day *d, unsigned below)
{
	d->random ^= d->random << 13;
	d->random ^= d->random >> 7;
	d->random ^= d->random << 17;
	return (unsigned)(d->random >> 33) % below;
}

static bool chance(struct day *d, unsigned percent)
{
	return pick(d, 100) < percent;
}

/* ---- the model ---- */

static int64_t held(const struct day *d, id64 agent, id64 channel)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->talk_count; i++)
		n += d->talks[i].state == HELD && d->talks[i].agent == agent &&
		     (!channel || d->talks[i].w.channel == channel);
	return n;
}

/* The number, among the gifts of a scope, of the agent's last one. */
static int64_t last_gift(const struct day *d, id64 team, id64 agent)
{
	int64_t number = 0, last = 0;

	for (size_t i = 0; i < d->gift_count; i++) {
		if (d->gifts[i].team != team)
			continue;
		number++;
		if (d->gifts[i].agent == agent)
			last = number;
	}
	return last;
}

static bool is_seated(const struct desk_agent *a, id64 team)
{
	for (size_t i = 0; i < a->seat_count; i++)
		if (a->seats[i].team == team)
			return true;
	return false;
}

static bool may_take(const struct day *d, const struct desk_agent *a, const struct talk *t)
{
	if (!a->takes || held(d, a->id, 0) >= a->capacity)
		return false;
	for (size_t i = 0; i < a->bound_count; i++)
		if (a->bounds[i].channel == t->w.channel &&
			held(d, a->id, t->w.channel) >= a->bounds[i].capacity)
			return false;
	return true;
}

static enum routing_mode mode_of(const struct day *d, id64 team)
{
	const struct desk_scope *scope = desk_scope_find(&d->desk, team);

	return scope ? scope->mode : ROUTING_MANUAL;
}

static id64 model_pick(const struct day *d, const struct talk *t)
{
	enum routing_mode mode = mode_of(d, t->w.team);
	int64_t best_load = 0, best_last = 0;
	id64 best = 0;

	for (size_t i = 0; i < d->desk.agent_count; i++)
		if (d->agents[i].id == t->w.wanted && may_take(d, &d->agents[i], t))
			return t->w.wanted;
	for (size_t i = 0; mode != ROUTING_MANUAL && i < d->desk.agent_count; i++) {
		const struct desk_agent *a = &d->agents[i];
		int64_t load = mode == ROUTING_LEAST_BUSY ? held(d, a->id, 0) : 0;
		int64_t last = last_gift(d, t->w.team, a->id);

		if (!is_seated(a, t->w.team) || !may_take(d, a, t))
			continue;
		if (!best || load < best_load || (load == best_load && last < best_last)) {
			best = a->id;
			best_load = load;
			best_last = last;
		}
	}
	return best;
}

static void model_give(struct day *d, struct talk *t, id64 agent)
{
	const struct desk_agent *a = &d->agents[agent - 1];

	t->state = HELD;
	t->agent = agent;
	/* A turn is of a seat: whom a rule names from elsewhere has none. */
	if (is_seated(a, t->w.team) && desk_scope_find(&d->desk, t->w.team))
		d->gifts[d->gift_count++] = (struct gift){ t->w.team, agent };
}

/* ---- handing out, and comparing ---- */

static size_t sorted_queue(const struct day *d, struct desk_waiting *queue)
{
	size_t count = 0;

	for (size_t i = 0; i < d->talk_count; i++) {
		size_t at = count;

		if (d->talks[i].state != WAITING)
			continue;
		for (; at > 0 && desk_before(&d->talks[i].w, &queue[at - 1]); at--)
			queue[at] = queue[at - 1];
		queue[at] = d->talks[i].w;
		count++;
	}
	return count;
}

/* The desk's counters are the shell's to set: here from the model's lists, as there from rows. */
static void load_counters(struct day *d)
{
	for (size_t i = 0; i < d->desk.agent_count; i++) {
		struct desk_agent *a = &d->agents[i];

		a->load = held(d, a->id, 0);
		for (size_t k = 0; k < a->bound_count; k++)
			a->bounds[k].load = held(d, a->id, a->bounds[k].channel);
	}
}

static void expect_nobody_over(const struct day *d, id64 agent)
{
	const struct desk_agent *a = &d->agents[agent - 1];

	EXPECT(a->takes);
	EXPECT_INT(a->load, held(d, agent, 0));
	EXPECT(a->load <= a->capacity);
	for (size_t k = 0; k < a->bound_count; k++) {
		EXPECT_INT(a->bounds[k].load, held(d, agent, a->bounds[k].channel));
	}
}

static void hand_out(struct day *d)
{
	static struct desk_waiting queue[CONVERSATIONS_MAX];
	static struct desk_gift gifts[CONVERSATIONS_MAX];
	size_t count = sorted_queue(d, queue), given, at = 0;

	load_counters(d);
	given = desk_run(&d->desk, queue, count, gifts);
	for (size_t i = 0; i < count; i++) {
		struct talk *t = &d->talks[queue[i].id - 1];
		id64 want = model_pick(d, t);
		bool is_given = at < given && gifts[at].conversation == queue[i].id;

		EXPECT_INT(is_given ? gifts[at].agent : 0, want);
		if (is_given)
			model_give(d, t, gifts[at++].agent);
	}
	EXPECT_INT(at, given);
	for (size_t i = 0; i < given; i++)
		expect_nobody_over(d, gifts[i].agent);
	for (size_t i = 0; i < d->talk_count; i++)
		EXPECT(d->talks[i].state != WAITING || model_pick(d, &d->talks[i]) == 0);
}

/* ---- what happens in a day ---- */

static void seat(struct day *d, struct desk_agent *a)
{
	struct desk_seat *seats = d->seats[a->id - 1];
	size_t count = 0;

	for (size_t i = 0; i < d->desk.scope_count; i++)
		if (i == 0 || chance(d, 50))
			seats[count++] = (struct desk_seat){ d->scopes[i].team,
				last_gift(d, d->scopes[i].team, a->id) };
	a->seats = seats;
	a->seat_count = count;
}

static void bind(struct day *d, struct desk_agent *a)
{
	a->bounds = d->bounds[a->id - 1];
	a->bound_count = 0;
	for (id64 channel = 1; channel <= CHANNELS; channel++)
		if (chance(d, 20))
			a->bounds[a->bound_count++] = (struct desk_bound){ .channel = channel,
				.capacity = pick(d, 4) };
}

static void open_day(struct day *d, uint64_t seed)
{
	*d = (struct day){ .random = seed * 0x9E3779B97F4A7C15u + 1 };
	d->desk = (struct desk){ d->agents, 1 + pick(d, AGENTS_MAX), d->scopes,
		1 + pick(d, TEAMS_MAX + 1) };
	for (size_t i = 0; i < d->desk.scope_count; i++)
		d->scopes[i] = (struct desk_scope){ .team = i ? 70 + (id64)i : 0,
			.mode = (enum routing_mode)pick(d, ROUTING_MODES) };
	for (size_t i = 0; i < d->desk.agent_count; i++) {
		d->agents[i] = (struct desk_agent){ .id = (id64)i + 1,
			.takes = chance(d, 70),
			.capacity = pick(d, 7) };
		seat(d, &d->agents[i]);
		bind(d, &d->agents[i]);
	}
}

static struct desk_agent *any_agent(struct day *d)
{
	return &d->agents[pick(d, (unsigned)d->desk.agent_count)];
}

static struct talk *any_talk(struct day *d, enum state state)
{
	size_t from = d->talk_count ? pick(d, (unsigned)d->talk_count) : 0;

	for (size_t i = 0; i < d->talk_count; i++) {
		struct talk *t = &d->talks[(from + i) % d->talk_count];

		if (t->state == state)
			return t;
	}
	return NULL;
}

static void arrive(struct day *d)
{
	id64 team = d->scopes[pick(d, (unsigned)d->desk.scope_count)].team;
	struct talk *t = &d->talks[d->talk_count++];

	*t = (struct talk){ .w = { .id = (id64)d->talk_count,
				.team = chance(d, 3) ? 99 : team,
				.channel = 1 + pick(d, CHANNELS),
				.wanted = chance(d, 10) ? any_agent(d)->id : 0,
				.priority = chance(d, 20) ? pick(d, 5) : 0,
				.queued_ms = d->now } };
}

static void change_agent(struct day *d)
{
	struct desk_agent *a = any_agent(d);

	switch (pick(d, 6)) {
	case 0:
		a->capacity = pick(d, 7);
		break;
	case 1:
		bind(d, a);
		break;
	case 2:
		seat(d, a);
		break;
	default:
		a->takes = !a->takes;
	}
}

/* By hand: over to anybody, capacity or not; or back to the queue, or done. */
static void change_talk(struct day *d)
{
	struct talk *t = any_talk(d, HELD);

	if (!t)
		return;
	if (chance(d, 15))
		t->agent = any_agent(d)->id;
	else if (chance(d, 15))
		t->state = WAITING;
	else
		t->state = GONE;
}

static void step(struct day *d)
{
	unsigned what = pick(d, 100);

	d->now += pick(d, 2);
	if (what < 50)
		arrive(d);
	else if (what < 78)
		change_talk(d);
	else if (what < 97)
		change_agent(d);
	else
		d->scopes[pick(d, (unsigned)d->desk.scope_count)].mode =
			(enum routing_mode)pick(d, ROUTING_MODES);
}

/* In the end everybody is there with room for all: nobody that an agent could help is left. */
static void expect_nobody_forgotten(struct day *d)
{
	for (size_t i = 0; i < d->desk.agent_count; i++) {
		d->agents[i].takes = true;
		d->agents[i].capacity = CONVERSATIONS_MAX;
		d->agents[i].bound_count = 0;
		seat(d, &d->agents[i]);
	}
	d->scopes[0].mode = ROUTING_LEAST_BUSY;
	for (size_t i = 0; i < d->talk_count; i++)
		if (d->talks[i].state == WAITING)
			d->talks[i].w.team = 0;
	hand_out(d);
	EXPECT(any_talk(d, WAITING) == NULL);
}

TEST(two_thousand_random_days_go_as_the_model_says)
{
	static struct day d;
	size_t given = 0, arrived = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		open_day(&d, seed);
		for (int i = 0; i < STEPS; i++) {
			step(&d);
			hand_out(&d);
		}
		expect_nobody_forgotten(&d);
		given += d.gift_count;
		arrived += d.talk_count;
	}
	/* The days were not idle. */
	EXPECT(arrived > (size_t)RUNS * STEPS / 3);
	EXPECT(given > arrived / 2);
	printf("%d days, %d events, %zu conversations, %zu given by turn\n", RUNS, RUNS * STEPS,
		arrived, given);
}
