/* call.c: see call.h. */
#include "wa/client/call.h"

static const struct { const char *tag; enum wa_call_event event; } events[] = {
	{ "offer", WA_CALL_OFFERED },
	{ "offer_notice", WA_CALL_OFFERED },
	{ "accept", WA_CALL_ACCEPTED },
	{ "reject", WA_CALL_REJECTED },
	{ "terminate", WA_CALL_ENDED },
};

static bool event_of(const struct node *node, enum wa_call_event *out)
{
	for (size_t i = 0; i < COUNT_OF(events); i++)
		if (node_is(node, events[i].tag)) {
			*out = events[i].event;
			return true;
		}
	return false;
}

static void read_inside(struct arena *arena, const struct node *inside, struct wa_phone_call *out)
{
	struct jid jid;

	out->id = node_text(arena, inside, "call-id");
	if (node_jid(inside, "call-creator", &jid)) {
		out->creator = jid;
		wa_names_put(&out->names, &jid);
	}
	if (node_jid(inside, "caller_pn", &jid))
		wa_names_put(&out->names, &jid);
	if (node_jid(inside, "group-jid", &jid))
		out->group = jid;
	out->is_video = node_child(inside, "video") || node_has(inside, "media", "video");
	out->text = node_text(arena, inside, "reason");
}

bool wa_call_read(struct arena *arena, const struct node *node, struct wa_phone_call *out)
{
	struct jid from;

	*out = (struct wa_phone_call){ 0 };
	if (!node->first || !node_jid(node, "from", &from) || !event_of(node->first, &out->event))
		return false;
	out->from = wa_bare(&from);
	out->creator = from;
	wa_names_put(&out->names, &from);
	read_inside(arena, node->first, out);
	out->name = node_text(arena, node, "notify");
	out->is_offline = node_attr(node, "offline");
	out->t_ms = node_int(node, "t", 0) * 1000;
	return out->id.len > 0;
}

struct node *wa_call_reject_node(struct arena *arena, const struct jid *own,
	const struct wa_phone_call *call)
{
	struct node *node = node_new(arena, "call");
	struct node *reject;

	node_put_jid(arena, node, "from", own);
	node_put_jid(arena, node, "to", &call->creator);
	reject = node_add(arena, node, "reject");
	node_put(arena, reject, "call-id", call->id);
	node_put_jid(arena, reject, "call-creator", &call->creator);
	node_put(arena, reject, "count", S("0"));
	return node;
}
