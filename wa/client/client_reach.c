/*
 * client_reach.c: whom a message is for: the chat by its best address, the members of a group, the
 * devices of each, and sessions with them.
 *
 * What is not known is asked for, and the message goes on when the answer is there: each question
 * is asked a bounded number of times for each message. Source: docs/protocol/
 * linked-device-2-messaging.md §1.2, §2.
 */
#include "wa/client/client_send_internal.h"
#include "wa/client/group.h"
#include "wa/client/usync.h"

/* ---- who is meant ---- */

static enum err answered(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag)
{
	struct client_out *out;

	TRY(client_take_devices(c, call, iq));
	TRY(client_take_bundles(c, call, iq));
	out = client_out_find(c, tag);
	if (!out)
		return OK;
	out->is_asking = false;
	out->failure = iq ? wa_iq_code(iq) : WA_SENT_NO_ANSWER;
	return client_outs_advance(c, call);
}

static enum err answered_group(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	struct wa_group group;

	if (wa_group_read(call->out->arena, iq, &group) == OK) {
		TRY(client_learn_members(c, call, group.members, group.member_count));
		TRY(wa_group_save(&c->config.store, call->out->arena, &group));
	}
	return answered(c, call, iq, tag);
}

/* The accounts whose devices must have it. */
static enum err list_accounts(struct wa_client *c, const struct wa_call *call,
	const struct client_prepared *p, struct jid **out, size_t *count)
{
	struct arena *arena = call->out->arena;
	struct jid *list = ARENA_ARRAY(arena, struct jid, p->group.member_count + 2);

	*out = list;
	*count = 0;
	if (!p->is_group && !client_is_own(c, &p->to))
		list[(*count)++] = p->to;
	list[(*count)++] = client_own(c, true);
	list[*count - 1].device = 0;
	for (size_t i = 0; i < p->group.member_count; i++) {
		const struct wa_names *m = &p->group.members[i].names;
		const struct jid *jid = m->lid.user.len ? &m->lid : &m->pn;

		if (jid->user.len && !client_is_own(c, &m->lid) && !client_is_own(c, &m->pn))
			list[(*count)++] = *jid;
	}
	return OK;
}

static enum err ask_devices(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	const struct client_question *q)
{
	(void)c;
	out->asked_devices++;
	out->is_asking = true;
	return client_ask_devices(c, call, q);
}

/* Asks for the devices of those that are not known; *go: there is nothing to wait for. */
enum err client_find_devices(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p, bool *go)
{
	struct jid *accounts;
	size_t count, stale = 0;
	unsigned most;

	TRY(list_accounts(c, call, p, &accounts, &count));
	most = (unsigned)(count / WA_USYNC_MAX) + 1;    /* questions, of so many people each */
	for (size_t i = 0; i < count; i++) {
		bool by_lid = p->is_group ? p->group.is_lid
					  : str_is(p->to.server, JID_SERVER_LID);
		struct client_person person;

		TRY(client_person(c, call->out->arena, &accounts[i], &person));
		if (out->asked_devices < most && client_person_is_stale(c, call, &person))
			accounts[stale++] = accounts[i];
		else
			TRY(client_targets_add(c, call, &accounts[i], by_lid, &p->targets));
	}
	*go = !stale;
	return stale ? ask_devices(c, call, out,
			       &(struct client_question){ accounts, stale, answered, out->tag })
		     : OK;
}

/* The hidden id is the address, as soon as it is known (§1.2). */
enum err client_find_chat(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_prepared *p)
{
	p->is_group = client_is_group(&out->to);
	p->to = client_jid_copy(call->out->arena, &out->to);
	if (!p->is_group && wa_client_lid_of(c, &out->to, call->out->arena, &p->to))
		p->to.device = 0;
	return OK;
}

enum err client_find_group(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct client_prepared *p, bool *go)
{
	enum err e = p->is_group ? wa_group_load(&c->config.store, call->out->arena, &out->to,
						&p->group)
				: OK;

	*go = e == OK;
	if (e != ERR_MISSING)
		return e;
	if (out->asked_group)
		return OK;
	out->asked_group = out->is_asking = true;
	return client_ask(c, call, wa_group_get_request(call->out->arena, &out->to), answered_group,
		out->tag);
}

/* ---- with whom there is a session ---- */

enum err client_find_sessions(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, const struct client_targets *targets, bool *go)
{
	struct client_targets unmet = { 0 };

	*go = true;
	if (out->asked_bundles)
		return OK;
	TRY(client_targets_unmet(c, call, targets, &unmet));
	if (!unmet.count)
		return OK;
	*go = false;
	out->asked_bundles = out->is_asking = true;
	return client_ask_bundles(c, call, &unmet, answered, out->tag);
}
