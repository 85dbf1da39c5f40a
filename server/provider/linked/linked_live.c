/*
 * linked_live.c: that somebody types, or is there: told at once, and kept nowhere.
 *
 * After the commit of the turn that it came in, on the lane of the number. A number tells so many a
 * second and no more: what is lost comes again with the next stroke of a key.
 */
#include "provider/linked/linked_internal.h"

#define LIVE_PER_SECOND 10

/* Touched on the number's lane alone. */
static bool may_tell(struct linked *n, int64_t now_ms)
{
	if (n->live_second != now_ms / 1000) {
		n->live_second = now_ms / 1000;
		n->live_count = 0;
	}
	return n->live_count++ < LIVE_PER_SECOND;
}

static void take_typing(struct arena *arena, const struct wa_typing_in *in, struct linked_live *out)
{
	static const char *const names[] = { [WA_PAUSED] = "paused",
		[WA_COMPOSING] = "composing",
		[WA_RECORDING] = "recording" };

	out->typing = names[in->typing];
	linked_add_chat(&out->chat, jid_text(arena, &in->chat));
	linked_add_name(&out->who, jid_text(arena, &in->who));
}

static void take_presence(struct arena *arena, const struct wa_presence_in *in,
	struct linked_live *out)
{
	out->is_available = in->is_available;
	out->last_seen_ms = in->last_ms;
	linked_add_name(&out->chat, jid_text(arena, &in->who));
	out->who = out->chat;
}

void linked_tell_live(struct turn *turn)
{
	struct arena *arena = turn->job->arena;

	for (const struct wa_event *event = turn->out.events; event; event = event->next) {
		struct linked_live live = { .channel = turn->n->channel,
			.workspace = turn->n->workspace };

		if (event->kind == WA_EVENT_TYPING)
			take_typing(arena, event->typing, &live);
		else if (event->kind == WA_EVENT_PRESENCE)
			take_presence(arena, event->presence, &live);
		else
			continue;
		if (linked_manager.host.live && may_tell(turn->n, turn->clock.wall_ms))
			linked_manager.host.live(turn->job, &live);
	}
}
