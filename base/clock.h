/*
 * clock.h: what time it is, and a clock that tests drive.
 *
 * Code under a job reads job->now_ms; only loops, pools and timers ask a clock. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Wall clock, Unix milliseconds. Follows the fake clock when one is set. */
int64_t clock_now_ms(void);
/* Never goes back; for durations. Microseconds. Not faked. */
int64_t clock_monotonic_us(void);
/* The moment `ms` from now on CLOCK_REALTIME or CLOCK_MONOTONIC, for timed waits. Not faked. */
struct timespec clock_deadline(clockid_t which, int64_t ms);
/* From now on clock_now_ms() answers now_ms until set again; 0 returns to the real clock. For
 * tests. */
void clock_fake(int64_t now_ms);

#endif
