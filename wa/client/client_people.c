/*
 * client_people.c: what the server tells of groups, people and calls becomes events; see group.h,
 * contact.h and call.h, who read it.
 */
#include "wa/client/call.h"
#include "wa/client/client_internal.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"

static enum err learn(struct wa_client *c, const struct wa_call *call, const struct wa_names *names)
{
	if (!names->lid.user.len || !names->pn.user.len)
		return OK;
	return wa_client_learn(c, call, &names->lid, &names->pn);
}

/* ---- groups ---- */

static void tell_group(const struct wa_call *call, const struct wa_group_change *change)
{
	client_event(call, WA_EVENT_GROUP)->group = change;
}

enum err client_learn_members(struct wa_client *c, const struct wa_call *call,
	const struct wa_member *members, size_t count)
{
	for (size_t i = 0; i < count; i++)
		TRY(learn(c, call, &members[i].names));
	return OK;
}

enum err client_take_group(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	struct wa_group_changes changes;

	TRY(wa_group_take(&c->config.store, call->out->arena, notification, &changes));
	for (size_t i = 0; i < changes.count; i++) {
		const struct wa_group_change *change = &changes.items[i];

		TRY(learn(c, call, &change->who_names));
		TRY(client_learn_members(c, call, change->members, change->member_count));
		if (change->group)
			TRY(client_learn_members(c, call, change->group->members,
				change->group->member_count));
		tell_group(call, change);
	}
	/* Whoever left has our key. */
	return changes.someone_left
		       ? client_group_rotate(c, call,
				 jid_text(call->out->arena, &changes.items[0].jid))
		       : OK;
}

/* ---- people ---- */

enum err client_take_contact(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	struct wa_contacts contacts;
	struct wa_group_change *of_group;

	wa_contact_read_notification(call->out->arena, notification, &contacts, &of_group);
	for (size_t i = 0; i < contacts.count; i++) {
		TRY(learn(c, call, &contacts.items[i].names));
		client_event(call, WA_EVENT_CONTACT)->contact = &contacts.items[i];
	}
	if (of_group)
		tell_group(call, of_group);
	return OK;
}

enum err client_take_restriction(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	struct wa_restriction *restriction = ARENA_NEW(call->out->arena, struct wa_restriction);
	struct wa_event *event;

	(void)c;
	if (!wa_restriction_read(call->out->arena, notification, restriction))
		return OK;
	event = client_event(call, WA_EVENT_RESTRICTED);
	event->text = restriction->kind;
	event->restriction = restriction;
	return OK;
}

/* ---- calls ---- */

/* Official clients answer an offer with a receipt that names it. */
static enum err answer_offer(struct wa_client *c, const struct wa_call *call,
	const struct node *node, const struct wa_phone_call *phone_call)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt"), *offer;

	node_put_jid(arena, receipt, "to", &phone_call->from);
	node_put(arena, receipt, "id", node_text(arena, node, "id"));
	offer = node_add(arena, receipt, "offer");
	node_put(arena, offer, "call-id", phone_call->id);
	node_put_jid(arena, offer, "call-creator", &phone_call->creator);
	return client_put(c, call, receipt);
}

enum err client_take_call(struct wa_client *c, const struct wa_call *call, const struct node *node)
{
	struct wa_phone_call *phone_call = ARENA_NEW(call->out->arena, struct wa_phone_call);

	if (!wa_call_read(call->out->arena, node, phone_call))
		return OK;
	TRY(learn(c, call, &phone_call->names));
	if (phone_call->event == WA_CALL_OFFERED)
		TRY(answer_offer(c, call, node, phone_call));
	client_event(call, WA_EVENT_CALL)->phone_call = phone_call;
	return OK;
}

enum err wa_client_reject_call(struct wa_client *c, const struct wa_call *call,
	const struct wa_phone_call *phone_call)
{
	struct jid own = str_is(phone_call->creator.server, JID_SERVER_LID)
	                         ? device_lid(c->config.device)
	                         : device_pn(c->config.device);
	struct node *node;

	own.device = 0;
	node = wa_call_reject_node(call->out->arena, &own, phone_call);
	node_put(call->out->arena, node, "id", client_next_id(c, call->out->arena));
	return client_put(c, call, node);
}
