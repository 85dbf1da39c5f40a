/*
 * route_choose.h: which channel of a number carries a message, and why. No SQL, no clock, no state:
 * candidates in, a choice out; so every case can be tried at a desk.
 *
 * Policy comes first and is never weighed against health: a channel that may not carry a message is
 * not chosen, whatever else is down.
 */
#ifndef ACCOUNT_ROUTE_CHOOSE_H
#define ACCOUNT_ROUTE_CHOOSE_H

#include "base/arena.h"
#include "base/id64.h"
#include "provider/provider.h"

#define ROUTE_CHANNELS_MAX 50 /* of one number */
#define ROUTE_WEIGHT_MAX 1000

enum route_state {
	ROUTE_UP,     /* works, or nothing is known against it */
	ROUTE_TRYING, /* did not, and its provider says that it does again: one message tries */
	ROUTE_DOWN,
	ROUTE_OFF     /* switched off by hand */
};
const char *route_state_name(enum route_state state);

enum route_mode { ROUTE_BY_ORDER, ROUTE_BY_WEIGHTS, ROUTE_BY_SCORE, ROUTE_MODES };
const char *route_mode_name(enum route_mode mode);
bool route_mode_parse(str name, enum route_mode *out);

enum route_reason {
	ROUTE_ONLY,          /* the number has no other */
	ROUTE_FIRST,         /* first in the order that may and works */
	ROUTE_WEIGHT,        /* its turn by the weights */
	ROUTE_BEST,          /* the best score */
	ROUTE_NAMED,         /* the sender named it */
	ROUTE_BOUND,         /* the message is about one that this channel carried */
	ROUTE_FORCED,        /* the number is held to it */
	ROUTE_TRIAL,         /* tries whether it is well again */
	ROUTE_FALLBACK,      /* one before it does not work */
	ROUTE_POLICY,        /* one before it may not, or cannot, carry this */
	ROUTE_ALL_DOWN,      /* none works: it waits here */
	ROUTE_REASONS
};
/* "only", "first", …; as rows and the API have it. */
const char *route_reason_name(enum route_reason reason);

/* ---- policy ---- */

enum route_legal { ROUTE_LEGAL, ROUTE_NO_KIND, ROUTE_WINDOW_CLOSED };
/* May a provider that can do `can` carry this kind, the 24-hour window being open or not? The one
 * table of that rule: sending, fail-over and the tests ask it. */
enum route_legal route_policy(uint64_t can, enum message_kind kind, bool window_open);

/* ---- choosing ---- */

/* Each from 0 to 100. mode: fits what is asked; health: of the number, as the network rates it, and
 * of what was sent; preference: its place in the order; history: what was delivered of what was
 * sent. */
struct route_marks { int mode, health, preference, history; };
/* 40 % mode, 30 % health, 20 % preference, 10 % history; in hundredths of a mark: 0 to 10000. */
int route_score(const struct route_marks *marks);

/* In the order of the route. */
struct route_candidate {
	id64 channel;
	str name;
	uint64_t can;        /* of its provider */
	int64_t weight;      /* of ROUTE_BY_WEIGHTS */
	struct route_marks marks; /* of ROUTE_BY_SCORE */
	enum route_state state;
	str why;             /* a sentence, when it is not up */
	bool excluded;       /* it refused this message, or cannot carry this content */
};
struct route_candidates { struct route_candidate *items; size_t count; };

struct route_ask {
	enum message_kind kind;
	/* what it becomes where there are no templates: a local one leaves as text */
	enum message_kind plain_kind;
	bool window_open;
	bool may_try;        /* no other message tries the channel that may be well again */
	id64 named, bound, forced; /* channels; 0: none */
	str forced_why;      /* the reason that was given */
	enum route_mode mode;
	uint32_t draw;       /* of ROUTE_BY_WEIGHTS: the same for one conversation */
};

/* candidate NULL: none may; sentence says why. In the arena. */
struct route_choice {
	const struct route_candidate *candidate;
	enum route_reason reason;
	enum route_legal refusal; /* of the first in the order, when none may */
	str sentence;
};
void route_choose(struct arena *arena, const struct route_ask *ask,
	const struct route_candidates *from, struct route_choice *out);

/* ---- telling ---- */

/* What is told when the choice for plain messages of a number changed; severity as notices have it:
 * "info" when the first is back, "warning" for another, "critical" when none works; none when
 * nothing needs to be told. */
struct route_alert { str severity, sentence; };
void route_alert(struct arena *arena, const struct route_choice *before,
	const struct route_choice *after, struct route_alert *out);

#endif
