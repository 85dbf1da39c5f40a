/*
 * outbox_pace.h: how fast a channel may send: so many a second by number, and so often to one
 * person.
 *
 * Token buckets in memory, on the outbox thread alone. After a restart they start full; the
 * provider's own refusal (130429, 131056) then slows us down.
 */
#ifndef JOBS_OUTBOX_PACE_H
#define JOBS_OUTBOX_PACE_H

#include "base/id64.h"

struct pace;

/* pairs_max: persons remembered at once; the longest unused is forgotten first. */
struct pace *pace_create(size_t pairs_max);
void pace_destroy(struct pace *pace);

struct pace_limits { int64_t per_second, pair_interval_ms, pair_burst; };

/* Takes one token of the channel and one of the conversation's pair. 0: go; else milliseconds to
 * wait, and nothing taken; *by_pair tells which of the two is empty. */
int64_t pace_take(struct pace *pace, const struct pace_limits *limits, id64 channel,
	id64 conversation, int64_t now_ms, bool *by_pair);

#endif
