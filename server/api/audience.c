/* audience.c: see audience.h. */
#include "api/audience.h"

#include "api/api.h"
#include "base/log.h"

/* What messages carry: whoever may not read both is told nothing of conversations. */
#define HEARS (PERMIT(MESSAGE_READ) | PERMIT(CONTACT_READ))

static void add(struct audience *audience, id64 id, str channel, const struct scope *scope)
{
	audience->items[audience->count++] = (struct listener){ id, channel, scope };
}

enum err audience_load(struct job *job, struct audience *out)
{
	struct live_app app;
	struct person *people;
	struct api_key *keys;
	size_t person_count, key_count;

	TRY(live_app_get(job, &app));
	TRY(person_scoped(job, &people, &person_count));
	TRY(api_key_scoped(job, &keys, &key_count));
	*out = (struct audience){ .app_key = app.key,
		.workspace = arena_printf(job->arena, "private-workspace-%lld",
			(long long)job->workspace),
		.items = ARENA_ARRAY(job->arena, struct listener, person_count + key_count + 1) };
	for (size_t i = 0; i < person_count; i++)
		if ((people[i].access.permissions & HEARS) == HEARS)
			add(out, people[i].id,
				arena_printf(job->arena, "private-person-%lld",
					 (long long)people[i].id),
				scope_of(job, people[i].id, &people[i].access));
	for (size_t i = 0; i < key_count; i++)
		if ((keys[i].scopes & HEARS) == HEARS)
			add(out, keys[i].id,
				arena_printf(job->arena, "private-key-%lld", (long long)keys[i].id),
				scope_of(job, 0,
					&(struct access){ .channels = keys[i].channels,
						.teams = keys[i].teams }));
	return OK;
}

void audience_tell_one(const struct audience *audience, str channel, str event,
	const struct buf *data)
{
	if (data->failed)
		log_warn("a live event is larger than its buffer and is not told");
	else
		api_publish(audience->app_key, channel, event, buf_text(data));
}

void audience_tell(const struct audience *audience, str event, const struct buf *data)
{
	audience_tell_one(audience, audience->workspace, event, data);
	for (size_t i = 0; i < audience->count; i++)
		audience_tell_one(audience, audience->items[i].channel, event, data);
}

static bool sees_one(const struct listener *one, const struct scoped *whats, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (scope_has(one->scope, &whats[i]))
			return true;
	return false;
}

void audience_tell_any(const struct audience *audience, const struct scoped *whats, size_t count,
	str event, const struct buf *data)
{
	audience_tell_one(audience, audience->workspace, event, data);
	for (size_t i = 0; i < audience->count; i++)
		if (sees_one(&audience->items[i], whats, count))
			audience_tell_one(audience, audience->items[i].channel, event, data);
}

void audience_tell_about(const struct audience *audience, const struct scoped *what, str event,
	const struct buf *data)
{
	audience_tell_any(audience, what, 1, event, data);
}

bool audience_lost(const struct listener *one, const struct scoped *was, const struct scoped *is)
{
	return scope_has(one->scope, was) && !scope_has(one->scope, is);
}

void audience_tell_lost(const struct audience *audience, const struct scoped *was,
	const struct scoped *is, str event, const struct buf *data)
{
	for (size_t i = 0; i < audience->count; i++)
		if (audience_lost(&audience->items[i], was, is))
			audience_tell_one(audience, audience->items[i].channel, event, data);
}
