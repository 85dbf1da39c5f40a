/* scope.c: see scope.h. */
#include "account/scope.h"

static bool is_listed(const id64 *ids, size_t count, id64 id)
{
	if (!count)
		return true;
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

bool scope_has(const struct scope *scope, const struct scoped *what)
{
	if (!scope || (scope->person && what->assignee == scope->person))
		return true;
	if (scope->sees == SEES_OWN || (scope->sees == SEES_UNASSIGNED_AND_OWN && what->assignee))
		return false;
	return is_listed(scope->channels, scope->channel_count, what->channel) &&
	       is_listed(scope->teams, scope->team_count, what->team);
}
