/*
 * pace_number.h: the pace of one linked number as it is stored: what its owner chose, what it sent,
 * what pauses it.
 *
 * Reading makes all of it: rules, signs and the score of risk. The state is written by the outbox
 * alone, in the transaction that claims a message; pauses and settings by those that they are told
 * by. Channels whose provider is not paced (struct provider.is_paced) have none of this:
 * ERR_UNSUPPORTED.
 */
#ifndef ACCOUNT_PACE_NUMBER_H
#define ACCOUNT_PACE_NUMBER_H

#include "account/channel.h"
#include "account/pace.h"

#define CALL_ANSWER_MAX 1024    /* code points */

struct pace_number {
	id64 channel, workspace;
	const struct pace_tier *tier;
	bool is_default;                /* nobody chose the tier */
	int64_t override[PACE_MEASURES];
	bool has_typing;                /* shows that somebody types, before a message */
	bool rejects_calls;
	str call_answer;                /* what callers are told then; empty: nothing */
	struct pace_state state;
	struct pace_rules rules;
	struct pace_signs signs;
	struct pace_risk risk;
	/* "person", "refused", "busy", "restricted", "banned"; empty: it is not paused */
	str pause_code;
	int64_t pause_since_ms, restricted_until_ms;
};

/* The tier of numbers that nobody chose one for, by its name; once at start. Empty: "careful", or
 * "off" when the network is not WhatsApp's own. ERR_INPUT with a sentence: there is no such tier.
 */
enum err pace_choose_default(str name, bool is_own_network, str *why);

/* How long automation is quiet after the owner wrote; once at start. max below min: min. */
void pace_choose_quiet(int64_t min_ms, int64_t max_ms);

enum err pace_number_get(struct job *job, id64 channel, struct pace_number *out);

/* has_…: that is given. Field errors; an audit row, with the reason that a change beyond the tier
 * must have ("reason" is required for an override or a faster tier). Its own transaction. */
struct pace_patch {
	str tier;                       /* none: as it is; empty: the default */
	bool has_limits;
	int64_t override[PACE_MEASURES];
	bool has_typing, typing, has_calls, reject_calls;
	str call_answer;                /* none: as it is */
	str reason;
};
enum err pace_number_change(struct job *job, id64 channel, const struct pace_patch *patch);
/* A person pauses it, or says "go on" whatever paused it; an audit row. Its own transaction. */
enum err pace_number_pause(struct job *job, id64 channel, bool pause);

/* ---- in the open transaction ---- */

/* It goes out now. */
enum err pace_number_sent(struct job *job, struct pace_number *number,
	const struct pace_message *message, id64 conversation);
/* A call that failed; code: "restricted" (463), "rate_limited" (429) or another. *sentence: what
 * people must be told of it, or none. */
enum err pace_number_failed(struct job *job, id64 channel, str code, str *sentence);
/* The owner wrote on the phone. Told late (after a disconnection, of history) it pauses nothing. */
enum err pace_owner_wrote(struct job *job, const struct channel *ch, int64_t at_ms);
/* The network restricts the number, or does no more: the JSON that provider/linked tells of it. */
enum err pace_restricted(struct job *job, const struct channel *ch, str detail);

/* What is of no use any more; in small transactions of its own. */
enum err pace_prune(struct job *job);

#endif
