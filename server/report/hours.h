/*
 * hours.h: when somebody is there, and how much of a time that is.
 *
 * Spans of local time by weekday in a time zone, without the holidays; a day on which the clocks
 * change has the hours that the wall clock shows. Whoever has set none is always there.
 */
#ifndef REPORT_HOURS_H
#define REPORT_HOURS_H

#include "base/json.h"
#include "runtime/job.h"

#define HOURS_SPANS_MAX 4    /* a day */
#define HOURS_HOLIDAYS_MAX 100
#define HOURS_DAYS_MAX 400   /* hours_after() looks no further */

struct hours;

/* As it is stored and told: week: seven lists (Monday first) of [from, to] in minutes of the day,
 * in order; holidays: a list of "2026-12-25". */
struct hours_draft { str time_zone; json week, holidays; };

/* The workspace's, for this job; without any: always there. */
enum err hours_load(struct job *job, struct hours **out);
/* Notes what is wrong as field errors; for this job. */
enum err hours_read(struct job *job, const struct hours_draft *draft, struct hours **out);
/* With a transaction and an audit row of its own. */
enum err hours_store(struct job *job, const struct hours_draft *draft);
/* The stored row for showing; ERR_MISSING when none is set. */
enum err hours_get(struct job *job, struct hours_draft *out);

/* Milliseconds of it in [from, until). */
int64_t hours_between(const struct hours *hours, int64_t from_ms, int64_t until_ms);
/* The moment when `ms` of it have passed since from; INT64_MAX when that is too far away. */
int64_t hours_after(const struct hours *hours, int64_t from_ms, int64_t ms);

#endif
