/*
 * webhook_watch.h: what came to the webhook address of a channel, minute by minute, since the
 * start.
 *
 * In memory alone: what was refused is stored nowhere, and yet it is what tells an administrator
 * that the app secret is wrong. The loop writes (one thread), any thread reads.
 */
#ifndef ACCOUNT_WEBHOOK_WATCH_H
#define ACCOUNT_WEBHOOK_WATCH_H

#include "base/id64.h"
#include "base/str.h"

#define WATCH_MINUTES 60
#define WATCH_CHANNELS_MAX 1024 /* past them nothing is counted */

struct webhook_watch {
	uint32_t minutes[WATCH_MINUTES];   /* taken; the oldest first, the last one is now */
	uint64_t taken, refused, turned_away; /* turned away: too many waited to be stored */
	int64_t refused_ms;                /* the last one, or 0 */
};

enum watch_outcome { WATCH_TAKEN, WATCH_REFUSED, WATCH_TURNED_AWAY };

/* On the loop. */
void webhook_watch_note(id64 channel, enum watch_outcome outcome, int64_t now_ms);
/* Any thread; zeros for a channel that nothing came to. */
void webhook_watch_read(id64 channel, int64_t now_ms, struct webhook_watch *out);

#endif
