/*
 * client_dirty.c: sets of data that changed while we were away, as the server says after the login.
 *
 * What a set is made of is forgotten or asked for anew, and then the server is told that it is
 * clean: in that order, in one transaction, so that a crash between leaves it dirty or done. The
 * bit comes again until it is told. Source: docs/protocol/linked-device-1-transport.md §6.5.
 */
#include "wa/client/client_sync.h"
#include "wa/client/request.h"

/* Members and settings of groups: asked for again when they are needed next. */
static enum err forget_groups(struct wa_client *c, const struct wa_call *call)
{
	(void)call;
	return client_drop(c, WA_RECORD_GROUP, STR_NONE);
}

/* Our own devices, what they did to chats, and whom we have blocked, which is asked for whenever
 * somebody looks. */
static enum err renew_account(struct wa_client *c, const struct wa_call *call)
{
	struct jid own = client_own(c, false);

	TRY(client_person_drop(c, call->out->arena, &own));
	return client_sync_new(c, call);
}

static const struct {
	const char *type;
	enum err (*renew)(struct wa_client *c, const struct wa_call *call);
} sets[] = {
	{ "account_sync", renew_account },
	{ "syncd_app_state", client_sync_new },
	{ "groups", forget_groups },
};

static enum err say_clean(struct wa_client *c, const struct wa_call *call,
	const struct node *dirty)
{
	struct arena *arena = call->out->arena;
	struct node *iq = wa_iq(arena, "set", "urn:xmpp:whatsapp:dirty", NULL),
		    * clean = node_add(arena, iq, "clean");
	str when = node_text(arena, dirty, "timestamp");

	node_put(arena, clean, "type", node_text(arena, dirty, "type"));
	if (when.len)
		node_put(arena, clean, "timestamp", when);
	return client_ask(c, call, iq, client_no_matter, 0);
}

/* Sets that we have nothing of (newsletters) are clean as they are. */
enum err client_take_dirty(struct wa_client *c, const struct wa_call *call, const struct node *ib)
{
	for (const struct node *n = ib->first; n; n = n->next) {
		if (!node_is(n, "dirty") || !node_attr(n, "type"))
			continue;
		for (size_t i = 0; i < COUNT_OF(sets); i++)
			if (node_has(n, "type", sets[i].type))
				TRY(sets[i].renew(c, call));
		TRY(say_clean(c, call, n));
	}
	return OK;
}
