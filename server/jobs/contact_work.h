/*
 * contact_work.h: imports, exports and erasures of contacts, one after another.
 *
 * One worker at a time, in batches with a transaction each, so the inbox writes between them. What
 * was under way when the last process ended goes on at start.
 */
#ifndef JOBS_CONTACT_WORK_H
#define JOBS_CONTACT_WORK_H

#include "runtime/pool.h"

struct contact_work;
/* pool: of workers that may block for long. */
struct contact_work *contact_work_create(struct store *store, struct pool *pool,
	struct timers *timers);
void contact_work_wake(struct contact_work *work); /* any thread */
/* Ends after the batch under way; before its pool is destroyed. */
void contact_work_destroy(struct contact_work *work);

/* Set once at start: an import or export of the job's workspace went on. On the worker. */
enum contact_work_kind { WORK_IMPORT, WORK_EXPORT };
extern void (*contact_work_told)(struct job *job, enum contact_work_kind kind, id64 id);

#endif
