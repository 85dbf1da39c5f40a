/*
 * limit.h: the limits that the network sets: how many a second, how often to one person, how many
 * people a day, and who got too much marketing.
 *
 * Each has a default with the date on which it was read; settings, the channel or the network's own
 * word take its place. People are counted as they are written to, never out of the messages.
 */
#ifndef ACCOUNT_LIMIT_H
#define ACCOUNT_LIMIT_H

#include "account/channel.h"

#define MARKETING_HOLD_HOURS_DEFAULT 24

enum limit_source { LIMIT_DEFAULT, LIMIT_SETTINGS, LIMIT_CHANNEL, LIMIT_NETWORK };

struct limit {
	const char *name, *unit, *sentence;
	int64_t value, otherwise; /* otherwise: the default; -1: none */
	const char *as_of;        /* "2026-03-31": when the default was read */
	enum limit_source source;
};
#define LIMITS_MAX 16

/* Of a channel, as they hold now. */
size_t limits_of(const struct channel_full *full, struct limit out[LIMITS_MAX]);
/* From settings, once at start. */
void limit_set_hold_hours(int64_t hours);

/* How many people a day the account may write to first, and has written to in the last 24 hours. */
struct tier {
	str name;         /* "TIER_2K"; empty: the network told none */
	int64_t people;   /* -1: no limit; 0: not known */
	int64_t used;
	str next;         /* the one above; empty: none */
};
enum err tier_of(struct job *job, const struct channel_full *full, struct tier *out);
/* account: a channel's account_id. A template left for this person outside of a window. In the open
 * transaction. */
enum err tier_note(struct job *job, str account, id64 contact);
/* The network withheld marketing from this person (131049). In the open transaction; each time
 * again is twice as long, up to a week. */
enum err marketing_hold(struct job *job, str account, id64 contact);
/* ERR_LIMIT with the time to wait while that lasts. */
enum err marketing_hold_check(struct job *job, str account, id64 contact);
/* What is of no use any more; in small transactions of its own. */
enum err limits_prune(struct job *job);

#endif
