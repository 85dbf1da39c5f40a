/*
 * clock.h: what time it is, and a clock that tests drive.
 *
 * Code under a job reads job->now_ms; only loops, pools and timers ask a clock. Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* Wall clock, Unix milliseconds. Follows the fake clock when one is set. */
int64_t clock_now_ms(void);
/* Never goes back; for durations. Microseconds. Not faked. */
int64_t clock_monotonic_us(void);
/*
 * Timed waits: a condition made by clock_cond_init() waits until clock_deadline(), `ms` from now by
 * the clock that never goes back, so a wall clock that is set while we wait prolongs nothing. Not
 * faked.
 */
void clock_cond_init(pthread_cond_t *cond);
struct timespec clock_deadline(int64_t ms);
/* From now on clock_now_ms() answers now_ms until set again; 0 returns to the real clock. For
 * tests. */
void clock_fake(int64_t now_ms);

#endif
