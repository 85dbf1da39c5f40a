/* routing_internal.h: what the files of routing/ share. */
#ifndef ROUTING_INTERNAL_H
#define ROUTING_INTERNAL_H

#include "account/audit.h"
#include "inbox/inbox.h"
#include "routing/routing.h"
#include "routing/shift.h"
#include "store/queries.h"
#include "store/store.h"

/* ERR_MISSING as an answer: OK and *found. */
static inline enum err found_row(struct job *job, enum err e, bool *found)
{
	*found = e == OK;
	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return OK;
}

/* settings.c: the row, made if need be; in the open write transaction also its lock. */
enum err routing_lock(struct job *job, struct routing_setting_row *out);
/* After a change of modes or rules, in the same transaction: whether there is anything to do. */
enum err routing_note_active(struct job *job);
void routing_wake(struct job *job);
/* An audit row for what a person did. */
enum err routing_audit(struct job *job, const char *action, const char *kind, id64 id, str detail);

/* agent.c */
enum err may_answer(struct job *job, const struct agent_person_row *row, bool *out);
enum err routing_desk_load(struct job *job, struct desk *out);

/* rules.c */
bool label_is_there(const struct labels *labels, id64 id);

/* A stored shift, or the reason why there is none. */
str shift_text(struct job *job, json shift);

/* place.c: tells those who wait their place, as the settings say. */
enum err routing_tell_places(struct job *job, const struct routing_setting_row *setting);

/* route.c: one row of the queue, as far as it waits at all. */
bool is_waiting(const struct desk *desk, const struct routing_queued_row *row);

#endif
