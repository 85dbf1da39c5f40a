/*
 * route.h: watches the channels of all numbers: asks their providers how they are, and settles
 * which channel a number goes by when that changes.
 */
#ifndef JOBS_ROUTE_H
#define JOBS_ROUTE_H

#include "runtime/pool.h"

/* Each provider of each channel is asked every `every_ms` (at most a minute), and sooner while
 * there is doubt. callers: call workers, which are asked one task a channel. */
void route_watch_start(struct timers *timers, struct pool *callers, int64_t every_ms);

#endif
