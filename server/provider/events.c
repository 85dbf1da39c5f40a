/* events.c: the list that parsers fill, and the words of it; see provider.h. */
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
		[EVENT_LABEL] = "label",
		[EVENT_QUICK_REPLY] = "quick_reply",
		[EVENT_UNDRAWN] = "undrawn",
	};

	return (unsigned)kind < COUNT_OF(names) ? names[kind] : "unknown";
}

/* ---- what is done to chats ---- */

static const char *const done_names[CHAT_DONE_COUNT] = {
	[CHAT_READ] = "read",
	[CHAT_ARCHIVED] = "archived",
	[CHAT_UNARCHIVED] = "unarchived",
	[CHAT_NAMED] = "named",
	[CHAT_PINNED] = "pinned",
	[CHAT_UNPINNED] = "unpinned",
	[CHAT_MUTED] = "muted",
	[CHAT_UNMUTED] = "unmuted",
	[CHAT_STARRED] = "starred",
	[CHAT_UNSTARRED] = "unstarred",
	[CHAT_LABELLED] = "labelled",
	[CHAT_UNLABELLED] = "unlabelled",
	[CHAT_CLEARED] = "cleared",
	[CHAT_DELETED] = "deleted",
	[CHAT_IDENTITY] = "identity",
	[CHAT_LABEL_NAMED] = "label_named",
	[CHAT_LABEL_DELETED] = "label_deleted",
	[CHAT_BLOCKED] = "blocked",
	[CHAT_UNBLOCKED] = "unblocked",
};

const char *chat_done_name(enum chat_done done)
{
	return (unsigned)done < CHAT_DONE_COUNT ? done_names[done] : "unknown";
}

bool chat_done_parse(str name, enum chat_done *out)
{
	for (size_t i = 0; i < CHAT_DONE_COUNT; i++) {
		if (str_is(name, str_of(done_names[i]))) {
			*out = (enum chat_done)i;
			return true;
		}
	}
	return false;
}

/* As the business app shows them. */
static const char *const colours[CHAT_COLOURS] = { "#ff9485", "#64c4ff", "#ffd429", "#dfaef0",
	"#99b6c1", "#55ccb3", "#ff9dff", "#d3a91d", "#6d7cce", "#d7e752", "#00d0e2", "#ffc5c7",
	"#93ceac", "#f74848", "#00a0f2", "#83e422", "#ffaf04", "#b5ebff", "#9ba6ff", "#9368cf" };

const char *chat_colour(int64_t number)
{
	return colours[number >= 0 && number < CHAT_COLOURS ? number : 0];
}

static int hex_at(str text, size_t i)
{
	int c = i < text.len ? text.ptr[i] : '0';

	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= '0' && c <= '9' ? c - '0' : 0;
}

static int distance(str a, str b)
{
	int sum = 0;

	for (size_t i = 1; i < 7; i += 2) {
		int d = hex_at(a, i) * 16 + hex_at(a, i + 1) - hex_at(b, i) * 16 -
			hex_at(b, i + 1);

		sum += d * d;
	}
	return sum;
}

int chat_colour_near(str colour)
{
	int best = 0;

	for (int i = 1; i < CHAT_COLOURS; i++)
		if (distance(colour, str_of(colours[i])) < distance(colour, str_of(colours[best])))
			best = i;
	return best;
}
