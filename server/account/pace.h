/*
 * pace.h: how fast a number that belongs to a person's phone may send, so that the network does not
 * take it for a machine.
 *
 * The core is pure: what was sent, a clock and a random number go in; go, wait so long, or no (with
 * a reason) comes out. Numbers that other providers lend us are not paced by this: the network
 * tells their limits (limit.h). What WhatsApp counts for linked devices is not published: all
 * figures here are conservative guesses (docs/decisions/0037-pace-of-linked-numbers.md).
 *
 * The one rule: what a person answers to somebody who wrote first is held up by the limits alone;
 * what nobody asked for is held up by everything.
 */
#ifndef ACCOUNT_PACE_H
#define ACCOUNT_PACE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id64.h"

#define PACE_MINUTE_SLOTS 13    /* of 5 s: more than a minute */
#define PACE_HOUR_SLOTS 61      /* of a minute */
#define PACE_DAY_SLOTS 25       /* of an hour */
#define PACE_TEXTS 20           /* the last texts nobody asked for */
#define PACE_STATE_MAX 4096     /* octets of a packed state */

/* No owner, tier or override goes past these; an override is audited. */
#define PACE_CEILING_MINUTE 30
#define PACE_CEILING_HOUR 1000
#define PACE_CEILING_DAY 10000
#define PACE_CEILING_FRESH 1000

#define PACE_WARN_PERCENT 70
#define PACE_ALARM_PERCENT 90
#define PACE_RISK_PAUSE 80      /* above: what nobody asked for pauses */
/* Between two messages, whatever they are. */
#define PACE_GAP_MIN_MS 1000
#define PACE_GAP_MAX_MS 3000
/* The owner wrote on the phone: automation is quiet for so long, a random time between. */
#define PACE_QUIET_MIN_MS 20000
#define PACE_QUIET_MAX_MS 60000
/* After the network refused a first message (463): an hour, then twice as long each time. */
#define PACE_REFUSED_MS (3600 * 1000LL)
#define PACE_REFUSED_MAX_MS (24 * 3600 * 1000LL)
#define PACE_BUSY_MS (15 * 60 * 1000LL) /* after 429 */

/* ---- what may be chosen ---- */

enum pace_measure { PACE_MINUTE, PACE_HOUR, PACE_DAY, PACE_FRESH, PACE_MEASURES };
/* "minute", "hour", "day", "new_contacts". */
const char *pace_measure_name(enum pace_measure measure);

/* How long it waits between messages that nobody asked for, and how many in all. */
struct pace_tier {
	const char *name;       /* "careful" */
	const char *risk;       /* a sentence for people */
	int64_t gap_min_ms, gap_max_ms;
	int64_t limits[PACE_MEASURES];
};
#define PACE_TIERS 6
/* The most careful first; it is the default. The last, "off", holds nothing up: for the sandbox. */
extern const struct pace_tier pace_tiers[PACE_TIERS];
const struct pace_tier *pace_tier_find(str name); /* NULL: none of that name */

/* ---- what was ---- */

/* Counts of the latest slots; at: the number of the newest (time / length of a slot). */
struct pace_state {
	uint16_t minute[PACE_MINUTE_SLOTS], hour[PACE_HOUR_SLOTS], day[PACE_DAY_SLOTS];
	/* by hours: people written to first, calls that failed, refusals of the network */
	uint16_t fresh[PACE_DAY_SLOTS], failed[PACE_DAY_SLOTS], refused[PACE_DAY_SLOTS];
	int64_t minute_at, hour_at, day_at;
	int64_t next_ms;        /* no message before */
	int64_t next_bulk_ms;   /* none that nobody asked for before */
	uint32_t texts[PACE_TEXTS];
	size_t text_at;
	uint8_t warned[PACE_MEASURES]; /* per cent that people were told of */
};
/* Texts of our own; an empty one is a fresh state. ERR_CORRUPT. */
str pace_state_pack(struct arena *arena, const struct pace_state *state);
enum err pace_state_unpack(str packed, struct pace_state *out);

/* ---- what holds ---- */

struct pace_rules {
	const struct pace_tier *tier;
	int64_t limits[PACE_MEASURES];  /* after override, warm-up and ceiling */
	int64_t gap_min_ms, gap_max_ms;
	int percent;                    /* warm-up: of the tier's limits */
};
/* override: 0 is none. age_ms: since the number was paired. A young number may do less: a quarter
 * on its first day, half in its first week, three quarters in its first month; a limit of a minute
 * is not lessened, nor is an override. */
void pace_rules_of(const struct pace_tier *tier, const int64_t override[PACE_MEASURES],
	int64_t age_ms, struct pace_rules *out);
/* No measure past its ceiling, also of the tier "off": on WhatsApp's own network. */
void pace_rules_cap(struct pace_rules *rules);

/* What else is known when a message is due. */
struct pace_signs {
	int64_t age_ms;         /* since it was paired */
	int64_t quiet_until_ms; /* the owner wrote on the phone */
	int64_t pause_until_ms; /* somebody or something paused it; INT64_MAX: until resumed */
	int64_t ban_until_ms;   /* a ban that ends by itself; nothing goes before */
	int64_t first_count, first_answered; /* people written to first in 7 days */
	/* what the network says: "reachout_timelock", "FIRST_WARNING", "CAPPED", … or empty */
	str restriction;
	bool is_banned;
};

struct pace_reason { const char *code; int points; str sentence; };
#define PACE_REASONS_MAX 12
struct pace_risk {
	int score;              /* 0 to 100 */
	const char *level;      /* "low", "raised", "high", "pause" */
	struct pace_reason reasons[PACE_REASONS_MAX];
	size_t count;
};
/* Texts in arena. */
void pace_risk_of(struct arena *arena, const struct pace_state *state,
	const struct pace_rules *rules, const struct pace_signs *signs, int64_t now_ms,
	struct pace_risk *out);

/* How many of a measure are in its window now. */
int64_t pace_used(const struct pace_state *state, enum pace_measure measure, int64_t now_ms);
int64_t pace_failed(const struct pace_state *state, int64_t now_ms);
int64_t pace_refused(const struct pace_state *state, int64_t now_ms);

/* ---- may it? ---- */

struct pace_message {
	bool by_person;         /* a person pressed "send" for it */
	bool is_reply;          /* they wrote in the last 24 hours */
	bool is_first;          /* nothing was said between the two before */
	uint32_t text_hash;     /* of the content; 0: none */
};
enum pace_answer { PACE_GO, PACE_WAIT, PACE_REFUSE };
struct pace_verdict {
	enum pace_answer answer;
	int64_t wait_ms;        /* of PACE_WAIT: at least so long */
	/* PACE_WAIT for others of the number as well: no need to ask for each */
	bool is_for_all;
	const char *code;       /* "minute", "gap", "owner", "paused", "risk", … */
};
void pace_ask(const struct pace_state *state, const struct pace_rules *rules,
	const struct pace_signs *signs, const struct pace_message *message, int score,
	int64_t now_ms, struct pace_verdict *out);
/* It goes out now. random: any 32 bits, for the gap to the next. */
void pace_note_sent(struct pace_state *state, const struct pace_rules *rules,
	const struct pace_message *message, uint32_t random, int64_t now_ms);
void pace_note_failed(struct pace_state *state, bool is_refused, int64_t now_ms);
/* A measure that came past 70 or 90 % of its limit and was not told of yet: its name in *measure,
 * the per cent as the result; else 0. It counts as told then. */
int pace_warning(struct pace_state *state, const struct pace_rules *rules, int64_t now_ms,
	enum pace_measure *measure);
/* A random time between; random: any 32 bits. */
int64_t pace_between(int64_t min_ms, int64_t max_ms, uint32_t random);

#endif
