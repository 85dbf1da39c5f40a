/*
 * conversation_counts.h: tells the consoles how many conversations are where, soon after it
 * changed.
 */
#ifndef API_CONVERSATION_COUNTS_H
#define API_CONVERSATION_COUNTS_H

#include "runtime/pool.h"

struct api_counts;
struct inbox_changes;

/* Works on a lane of the pool. */
struct api_counts *api_counts_create(struct pool *pool, struct timers *timers);
/* These may have changed counts: after the commit, any thread. NULL is fine. */
void api_counts_mark(struct api_counts *counts, const struct inbox_changes *changes);
/* After the timers and before the pool are destroyed; then api_counts_destroy after the pool. */
void api_counts_stop(struct api_counts *counts);
void api_counts_destroy(struct api_counts *counts);

#endif
