/* route_choose.c: see route_choose.h. */
#include "account/route_choose.h"

#define SHARE_MODE 40
#define SHARE_HEALTH 30
#define SHARE_PREFERENCE 20
#define SHARE_HISTORY 10

static const char *const state_names[] = {
	[ROUTE_UP] = "up",
	[ROUTE_TRYING] = "trying",
	[ROUTE_DOWN] = "down",
	[ROUTE_OFF] = "off",
};

static const char *const mode_names[ROUTE_MODES] = {
	[ROUTE_BY_ORDER] = "order",
	[ROUTE_BY_WEIGHTS] = "weights",
	[ROUTE_BY_SCORE] = "score",
};

static const char *const reason_names[ROUTE_REASONS] = {
	[ROUTE_ONLY] = "only",
	[ROUTE_FIRST] = "first",
	[ROUTE_WEIGHT] = "weight",
	[ROUTE_BEST] = "score",
	[ROUTE_NAMED] = "named",
	[ROUTE_BOUND] = "bound",
	[ROUTE_FORCED] = "forced",
	[ROUTE_TRIAL] = "trial",
	[ROUTE_FALLBACK] = "fallback",
	[ROUTE_POLICY] = "policy",
	[ROUTE_ALL_DOWN] = "all_down",
};

const char *route_state_name(enum route_state state)
{
	return state_names[state];
}

const char *route_mode_name(enum route_mode mode)
{
	return (unsigned)mode < ROUTE_MODES ? mode_names[mode] : mode_names[ROUTE_BY_ORDER];
}

bool route_mode_parse(str name, enum route_mode *out)
{
	for (size_t i = 0; i < ROUTE_MODES; i++) {
		if (str_is(name, str_of(mode_names[i]))) {
			*out = (enum route_mode)i;
			return true;
		}
	}
	return false;
}

const char *route_reason_name(enum route_reason reason)
{
	return (unsigned)reason < ROUTE_REASONS ? reason_names[reason] : "";
}

/* ---- policy ---- */

enum content { CONTENT_FREE, CONTENT_TEMPLATE, CONTENTS };
enum window { WINDOW_SHUT, WINDOW_OPEN, WINDOWS };
enum network { NETWORK_FREE, NETWORK_WINDOWED, NETWORKS };

/* Outside of the window an official API takes approved templates and nothing else; a network
 * without that rule takes what it can send at all. */
static const enum route_legal policy[CONTENTS][WINDOWS][NETWORKS] = {
	[CONTENT_FREE] = {
		[WINDOW_SHUT] = { [NETWORK_FREE] = ROUTE_LEGAL,
			[NETWORK_WINDOWED] = ROUTE_WINDOW_CLOSED },
		[WINDOW_OPEN] = { [NETWORK_FREE] = ROUTE_LEGAL, [NETWORK_WINDOWED] = ROUTE_LEGAL },
	},
	[CONTENT_TEMPLATE] = {
		[WINDOW_SHUT] = { [NETWORK_FREE] = ROUTE_LEGAL, [NETWORK_WINDOWED] = ROUTE_LEGAL },
		[WINDOW_OPEN] = { [NETWORK_FREE] = ROUTE_LEGAL, [NETWORK_WINDOWED] = ROUTE_LEGAL },
	},
};

enum route_legal route_policy(uint64_t can, enum message_kind kind, bool window_open)
{
	enum content content = kind == KIND_TEMPLATE ? CONTENT_TEMPLATE : CONTENT_FREE;

	if (!(can & CAN_KIND(kind)))
		return ROUTE_NO_KIND;
	return policy[content][window_open ? WINDOW_OPEN : WINDOW_SHUT]
		     [can & CAN_WINDOW ? NETWORK_WINDOWED : NETWORK_FREE];
}

static enum route_legal legal_for(const struct route_ask *ask, const struct route_candidate *c)
{
	return route_policy(c->can, c->can & CAN_TEMPLATES ? ask->kind : ask->plain_kind,
		ask->window_open);
}

/* ---- choosing ---- */

int route_score(const struct route_marks *marks)
{
	return SHARE_MODE * marks->mode + SHARE_HEALTH * marks->health +
	       SHARE_PREFERENCE * marks->preference + SHARE_HISTORY * marks->history;
}

struct choosing {
	struct arena *arena;
	const struct route_ask *ask;
	const struct route_candidates *from;
	struct route_choice *out;
};

static bool may(const struct choosing *c, const struct route_candidate *one)
{
	return one->state != ROUTE_OFF && !one->excluded && legal_for(c->ask, one) == ROUTE_LEGAL;
}

static const struct route_candidate *find(const struct choosing *c, id64 channel)
{
	for (size_t i = 0; channel && i < c->from->count; i++)
		if (c->from->items[i].channel == channel)
			return &c->from->items[i];
	return NULL;
}

static str refusal_of(const struct choosing *c, const struct route_candidate *one)
{
	enum route_legal legal = legal_for(c->ask, one);

	if (one->state == ROUTE_OFF)
		return S("it is switched off");
	if (legal == ROUTE_NO_KIND)
		return arena_printf(c->arena, "it cannot send messages of kind %s",
			kind_name(c->ask->kind));
	if (legal == ROUTE_WINDOW_CLOSED)
		return S("it takes only templates 24 hours after the customer wrote");
	return one->excluded ? S("it does not take this message") : S("");
}

static void take(struct choosing *c, const struct route_candidate *one, enum route_reason reason,
	str sentence)
{
	*c->out = (struct route_choice){ .candidate = one, .reason = reason,
		.sentence = sentence };
}

static void take_none(struct choosing *c, const struct route_candidate *first, str sentence)
{
	*c->out = (struct route_choice){ .sentence = sentence,
		.refusal = first ? legal_for(c->ask, first) : ROUTE_LEGAL };
}

/* One that somebody asked for: it, or none. */
static void take_asked(struct choosing *c, const struct route_candidate *one,
	enum route_reason reason, str sentence)
{
	if (may(c, one))
		take(c, one, reason, sentence);
	else
		take_none(c, one,
			arena_printf(c->arena, STR_F " But " STR_F ".", STR_A(sentence),
				STR_A(refusal_of(c, one))));
}

static bool choose_asked(struct choosing *c)
{
	const struct route_ask *ask = c->ask;
	const struct route_candidate *bound = find(c, ask->bound), *named = find(c, ask->named),
				     *forced = find(c, ask->forced);

	if (named)
		take_asked(c, named, ROUTE_NAMED, S("The sender named this channel."));
	else if (bound)
		take_asked(c, bound, ROUTE_BOUND,
			S("It is about a message that this channel carried."));
	else if (forced)
		take_asked(c, forced, ROUTE_FORCED,
			arena_printf(c->arena, "The number is held to " STR_F ": " STR_F,
				STR_A(forced->name), STR_A(ask->forced_why)));
	return named || bound || forced;
}

static const struct route_candidate *by_weight(const struct choosing *c, int64_t *total)
{
	const struct route_candidate *one = NULL;
	int64_t at;

	*total = 0;
	for (size_t i = 0; i < c->from->count; i++)
		if (c->from->items[i].state == ROUTE_UP && may(c, &c->from->items[i]))
			*total += c->from->items[i].weight;
	if (*total <= 0)
		return NULL;
	at = (int64_t)(c->ask->draw % (uint64_t)*total);
	for (size_t i = 0; i < c->from->count && at >= 0; i++) {
		if (c->from->items[i].state != ROUTE_UP || !may(c, &c->from->items[i]))
			continue;
		one = &c->from->items[i];
		at -= one->weight;
	}
	return one;
}

static const struct route_candidate *by_score(const struct choosing *c)
{
	const struct route_candidate *best = NULL;

	for (size_t i = 0; i < c->from->count; i++) {
		const struct route_candidate *one = &c->from->items[i];

		if (one->state == ROUTE_UP && may(c, one) &&
			(!best || route_score(&one->marks) > route_score(&best->marks)))
			best = one;
	}
	return best;
}

static bool choose_shared(struct choosing *c)
{
	const struct route_candidate *one = NULL;
	int64_t total = 0;

	if (c->ask->mode == ROUTE_BY_WEIGHTS)
		one = by_weight(c, &total);
	if (one)
		take(c, one, ROUTE_WEIGHT,
			arena_printf(c->arena, "Its turn by the weights: %lld of %lld.",
				(long long)one->weight, (long long)total));
	if (!one && c->ask->mode == ROUTE_BY_SCORE) {
		one = by_score(c);
		if (one)
			take(c, one, ROUTE_BEST,
				arena_printf(c->arena, "The best score of the route: %d of 100.",
					route_score(&one->marks) / 100));
	}
	return one != NULL;
}

/* Why the first of the order that stands before `one` was not taken. */
static void take_behind(struct choosing *c, const struct route_candidate *one)
{
	const struct route_candidate *first = &c->from->items[0];
	bool is_refused = !may(c, first);
	str why = first->why.len ? first->why : S("it is down.");

	if (one == first)
		take(c, one, c->from->count == 1 ? ROUTE_ONLY : ROUTE_FIRST,
			c->from->count == 1 ? S("It is the only channel of the number.")
					    : S("It is the first of the route, and works."));
	else if (is_refused)
		take(c, one, ROUTE_POLICY,
			arena_printf(c->arena, STR_F " comes first, but " STR_F ".",
				STR_A(first->name), STR_A(refusal_of(c, first))));
	else
		take(c, one, ROUTE_FALLBACK,
			arena_printf(c->arena, STR_F " comes first, and does not work: " STR_F,
				STR_A(first->name), STR_A(why)));
}

static const struct route_candidate *first_in(const struct choosing *c, enum route_state state)
{
	for (size_t i = 0; i < c->from->count; i++)
		if (c->from->items[i].state == state && may(c, &c->from->items[i]))
			return &c->from->items[i];
	return NULL;
}

static void choose_in_order(struct choosing *c)
{
	const struct route_candidate *up = first_in(c, ROUTE_UP), *down = first_in(c, ROUTE_DOWN),
				     *trying = first_in(c, ROUTE_TRYING);

	if (c->from->count == 1 && (up || trying || down))
		take_behind(c, &c->from->items[0]);
	else if (trying && (!up || (c->ask->may_try && trying < up)))
		take(c, trying, ROUTE_TRIAL,
			arena_printf(c->arena,
				STR_F " may be well again: this message tries it.",
				STR_A(trying->name)));
	else if (up)
		take_behind(c, up);
	else if (down)
		take(c, down, ROUTE_ALL_DOWN,
			arena_printf(c->arena,
				"No channel of the number works. It waits for " STR_F ": " STR_F,
				STR_A(down->name), STR_A(down->why)));
	else
		take_none(c, c->from->count ? &c->from->items[0] : NULL,
			c->from->count ? arena_printf(c->arena,
						 "No channel of the number can carry it: " STR_F
						 " comes first, but " STR_F ".",
						 STR_A(c->from->items[0].name),
						 STR_A(refusal_of(c, &c->from->items[0])))
				       : S("The number has no channel."));
}

void route_choose(struct arena *arena, const struct route_ask *ask,
	const struct route_candidates *from, struct route_choice *out)
{
	struct choosing c = { arena, ask, from, out };

	*out = (struct route_choice){ 0 };
	if (choose_asked(&c))
		return;
	if (from->count < 2 || ask->mode == ROUTE_BY_ORDER || !choose_shared(&c))
		choose_in_order(&c);
}

/* ---- telling ---- */

void route_alert(struct arena *arena, const struct route_choice *before,
	const struct route_choice *after, struct route_alert *out)
{
	bool works = after->candidate && after->reason != ROUTE_ALL_DOWN;
	bool same = before->candidate && after->candidate &&
	            before->candidate->channel == after->candidate->channel;
	bool worked = before->candidate && before->reason != ROUTE_ALL_DOWN;

	*out = (struct route_alert){ 0 };
	if (!before->candidate || (same && works == worked))
		return;
	if (!works)
		*out = (struct route_alert){ S("critical"),
			after->sentence.len ? after->sentence
					    : S("No channel of the number works.") };
	else
		*out = (struct route_alert){ after->reason == ROUTE_FALLBACK ||
				                     after->reason == ROUTE_POLICY
			                             ? S("warning")
			                             : S("info"),
			arena_printf(arena, "Messages go through " STR_F " now. " STR_F,
				STR_A(after->candidate->name), STR_A(after->sentence)) };
}
