/* events.c: the list that parsers fill; see provider.h. */
#include "provider/provider.h"

#define EVENTS_FIRST 16

struct provider_event *provider_events_add(struct job *job, struct provider_events *events,
	enum event_kind kind)
{
	struct provider_event *event;

	if (events->count == PROVIDER_EVENTS_MAX)
		return ARENA_NEW(job->arena, struct provider_event);
	if (events->count == events->cap) {
		size_t cap = events->cap ? 2 * events->cap : EVENTS_FIRST;

		events->items = arena_grow(job->arena, events->items,
			events->cap * sizeof *events->items, cap * sizeof *events->items);
		events->cap = cap;
	}
	event = &events->items[events->count++];
	*event = (struct provider_event){ .kind = kind };
	return event;
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = {
		[EVENT_MESSAGE] = "message",
		[EVENT_STATUS] = "status",
		[EVENT_REACTION] = "reaction",
		[EVENT_EDIT] = "edit",
		[EVENT_REVOKE] = "revoke",
		[EVENT_IDENTITY] = "identity",
		[EVENT_TEMPLATE] = "template",
		[EVENT_PREFERENCE] = "preference",
		[EVENT_CONTACT] = "contact",
		[EVENT_NOTICE] = "notice",
		[EVENT_VOTE] = "vote",
		[EVENT_CHAT] = "chat",
		[EVENT_UNDRAWN] = "undrawn",
	};

	return (unsigned)kind < COUNT_OF(names) ? names[kind] : "unknown";
}
