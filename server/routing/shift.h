/*
 * shift.h: when somebody works. Pure: the time is an argument.
 *
 *	{"zone":"Asia/Jakarta","hours":[{"day":1,"start":"09:00","end":"17:00"}, …]}
 *
 * day 1 is Monday. An end that is not after its start is on the next day. Hours are wall-clock time
 * of the zone, so a day with a change of the clock is as long as it is there.
 */
#ifndef ROUTING_SHIFT_H
#define ROUTING_SHIFT_H

#include "base/json.h"
#include "runtime/job.h"

#define SHIFT_HOURS_MAX 28

struct shift_hours { int day, start_min, end_min; };
struct shift {
	str zone;
	struct shift_hours hours[SHIFT_HOURS_MAX];
	size_t count;
};

/* Field errors "shift.…" for what is wrong. */
void shift_read(struct job *job, json v, struct shift *out);
/* Stored JSON; false when there is none. */
bool shift_parse(struct arena *arena, str text, struct shift *out);

/* Whether it is on at a time, and when that next changes (0: never). */
struct shift_state { bool on; int64_t until_ms; };
struct shift_state shift_at(const struct shift *shift, int64_t now_ms);

#endif
