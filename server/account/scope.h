/*
 * scope.h: which conversations somebody sees.
 *
 * A request carries the scope of its asker in job->scope; NULL sees all (jobs of ours, and people
 * and keys without limits). A conversation is in scope when it is assigned to the person, or when
 * its channel and its team are among those listed and `sees` allows it.
 */
#ifndef ACCOUNT_SCOPE_H
#define ACCOUNT_SCOPE_H

#include "runtime/job.h"

enum scope_sees { SEES_ALL, SEES_UNASSIGNED_AND_OWN, SEES_OWN };

struct scope {
	id64 person; /* 0: an API key */
	enum scope_sees sees;
	const id64 *channels, *teams;
	size_t channel_count, team_count; /* 0: any */
};

/* What of a conversation the scope looks at. */
struct scoped {
	id64 channel, team, assignee;
};
bool scope_has(const struct scope *scope, const struct scoped *what);

#endif
