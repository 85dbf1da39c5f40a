/* request.c: see request.h. */
#include "wa/client/request.h"

struct node *wa_iq(struct arena *arena, const char *type, const char *xmlns, const struct jid *to)
{
	struct node *iq = node_new(arena, "iq");

	node_put(arena, iq, "xmlns", str_of(xmlns));
	node_put(arena, iq, "type", str_of(type));
	node_put_jid(arena, iq, "to", to ? to : &jid_server);
	return iq;
}

int wa_iq_code(const struct node *iq)
{
	const struct node *error = iq ? node_child(iq, "error") : NULL;

	if (!iq)
		return -1;
	if (!node_has(iq, "type", "error"))
		return 0;
	return error ? (int)node_int(error, "code", 1) : 1;
}

enum err wa_iq_check(const struct node *iq)
{
	switch (wa_iq_code(iq)) {
	case 0:
		return OK;
	case -1:
		return ERR_TIMEOUT;
	case 401:
	case 403:
	case 405:
		return ERR_DENIED;
	case 404:
	case 410:
		return ERR_MISSING;
	case 409:
	case 423:
		return ERR_CONFLICT;
	case 419:
	case 429:
		return ERR_LIMIT;
	case 400:
	case 406:
		return ERR_INPUT;
	default:
		return ERR_UPSTREAM;
	}
}

struct node *wa_put_text(struct arena *arena, struct node *node, const char *tag, str text)
{
	struct node *child = node_add(arena, node, tag);

	node_put_data(child, bytes_of(text));
	return child;
}

str wa_node_text(const struct node *node)
{
	bytes data = node ? node_data(node) : BYTES_NONE;

	return data.ptr ? str_from(data) : STR_NONE;
}

struct jid wa_bare(const struct jid *jid)
{
	struct jid bare = { .user = jid->user, .server = jid->server };

	if (str_is(jid->server, S("c.us")))
		bare.server = JID_SERVER_PN;
	else if (str_is(jid->server, JID_SERVER_HOSTED))
		bare.server = JID_SERVER_PN;
	else if (str_is(jid->server, JID_SERVER_HOSTED_LID))
		bare.server = JID_SERVER_LID;
	return bare;
}

void wa_names_put(struct wa_names *names, const struct jid *jid)
{
	struct jid bare = wa_bare(jid);

	if (!bare.user.len)
		return;
	if (str_is(bare.server, JID_SERVER_LID))
		names->lid = bare;
	else if (str_is(bare.server, JID_SERVER_PN))
		names->pn = bare;
}
