/*
 * router.h: gives out conversations whenever something changed, and keeps the status of agents.
 *
 * One thread of its own does all of it, one after the other, for all workspaces. A workspace that
 * is woken often runs once for all of it. What a full queue drops, the next look of the timer
 * finds.
 */
#ifndef JOBS_ROUTER_H
#define JOBS_ROUTER_H

#include "inbox/inbox.h"
#include "runtime/pool.h"

#define ROUTER_QUEUE_MAX 4096
#define ROUTER_DUE_MS 1000      /* how often it looks who is due: idle, gone, end of a shift */
#define ROUTER_LOOK_MS 30000    /* how often it looks at every workspace, in case a wake was lost */

struct router;

struct router *router_create(struct store *store);
/* From now on it runs, for every workspace first. */
void router_start(struct router *router, struct timers *timers);
/* Runs what is queued and takes no more; may still be woken, in vain. Timers are destroyed before.
 */
void router_stop(struct router *router);
/* When nobody can wake it any more. */
void router_destroy(struct router *router);
void router_wake(struct router *router, id64 workspace); /* any thread */
/* Wakes the workspaces in which something changed. Any thread. */
void router_changed(struct router *router, const struct inbox_changes *changes);
/* A live channel of an app has somebody, or nobody any more; those of persons are looked at. Any
 * thread. */
void router_occupied(struct router *router, str app_key, str channel, bool occupied);

#endif
