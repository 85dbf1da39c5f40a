/* usync.c: see usync.h. */
#include "wa/client/usync.h"

#include "wa/proto/proto.h"
#include "wa_misc.pb-c.h"

static const struct { const char *mode, *context; unsigned parts; } purposes[] = {
	[WA_USYNC_FOR_SENDING] = { "query", "message", WA_USYNC_DEVICES | WA_USYNC_LID },
	[WA_USYNC_FOR_EXISTENCE] = { "query", "interactive",
		WA_USYNC_CONTACT | WA_USYNC_LID | WA_USYNC_BUSINESS },
	[WA_USYNC_FOR_INFO] = { "full", "background",
		WA_USYNC_BUSINESS | WA_USYNC_ABOUT | WA_USYNC_PICTURE | WA_USYNC_LID },
};

/* ---- asking ---- */

static void put_query(struct arena *arena, struct node *query, unsigned parts)
{
	if (parts & WA_USYNC_CONTACT)
		node_add(arena, query, "contact");
	if (parts & WA_USYNC_BUSINESS)
		node_add(arena, node_add(arena, query, "business"), "verified_name");
	if (parts & WA_USYNC_ABOUT)
		node_add(arena, query, "status");
	if (parts & WA_USYNC_PICTURE)
		node_add(arena, query, "picture");
	if (parts & WA_USYNC_DEVICES)
		node_put(arena, node_add(arena, query, "devices"), "version", S("2"));
	if (parts & WA_USYNC_LID)
		node_add(arena, query, "lid");
	if (parts & WA_USYNC_EPHEMERAL)
		node_add(arena, query, "disappearing_mode");
	if (parts & WA_USYNC_USERNAME)
		node_add(arena, query, "username");
}

static void put_user(struct arena *arena, struct node *list, const struct wa_usync_user *from)
{
	struct node *user = node_add(arena, list, "user");

	if (from->jid.user.len)
		node_put_jid(arena, user, "jid", &from->jid);
	if (from->phone.len)
		wa_put_text(arena, user, "contact",
			arena_printf(arena, "+" STR_F, STR_A(from->phone)));
	if (from->token.len)
		node_put_data(node_add(arena, user, "tctoken"), from->token);
}

struct node *wa_usync_request(struct arena *arena, const struct wa_usync *usync)
{
	struct node *iq = wa_iq(arena, "get", "usync", NULL);
	struct node *node = node_add(arena, iq, "usync"), *list;
	unsigned parts = usync->parts ? usync->parts : purposes[usync->purpose].parts;

	node_put(arena, node, "sid", usync->sid);
	node_put(arena, node, "mode", str_of(purposes[usync->purpose].mode));
	node_put(arena, node, "last", S("true"));
	node_put(arena, node, "index", S("0"));
	node_put(arena, node, "context", str_of(purposes[usync->purpose].context));
	put_query(arena, node_add(arena, node, "query"), parts);
	list = node_add(arena, node, "list");
	for (size_t i = 0; i < usync->count; i++)
		put_user(arena, list, &usync->users[i]);
	return iq;
}

/* ---- reading ---- */

str wa_verified_name_read(struct arena *arena, bytes certificate)
{
	const Wa__VerifiedNameCertificate *outer = PROTO_UNPACK(arena, Wa__VerifiedNameCertificate,
		wa__verified_name_certificate, certificate);
	const Wa__VerifiedNameDetails *details =
		outer && outer->has_details
			? PROTO_UNPACK(arena, Wa__VerifiedNameDetails, wa__verified_name_details,
				  PROTO_DATA(outer, details))
			: NULL;

	return details ? str_of(details->verified_name) : STR_NONE;
}

static void read_contact(const struct node *node, struct wa_usync_result *out)
{
	str asked = wa_node_text(node);
	str phone = str_split(&asked, '@');

	out->is_here = node_has(node, "type", "in");
	out->phone = str_starts(phone, S("+")) ? str_part(phone, 1, phone.len) : phone;
}

static void read_about(const struct node *node, struct wa_usync_result *out)
{
	out->about = wa_node_text(node);
	out->about_ms = node_int(node, "t", 0) * 1000;
	out->is_about_hidden = node_has(node, "code", "401");
}

static unsigned read_part(struct arena *arena, const struct node *node, struct wa_usync_result *out)
{
	const struct node *name;
	struct jid jid;

	if (node_child(node, "error"))
		return 0;
	if (node_is(node, "contact"))
		return read_contact(node, out), WA_USYNC_CONTACT;
	if (node_is(node, "lid") && node_jid(node, "val", &jid))
		return wa_names_put(&out->names, &jid), WA_USYNC_LID;
	if (node_is(node, "status"))
		return read_about(node, out), WA_USYNC_ABOUT;
	if (node_is(node, "picture"))
		return out->picture_id = node_text(arena, node, "id"), WA_USYNC_PICTURE;
	if (node_is(node, "devices"))
		return out->devices = node, WA_USYNC_DEVICES;
	if (node_is(node, "disappearing_mode"))
		return out->ephemeral_s = node_int(node, "duration", 0), WA_USYNC_EPHEMERAL;
	if (node_is(node, "username"))
		return out->username = wa_node_text(node), WA_USYNC_USERNAME;
	name = node_is(node, "business") ? node_child(node, "verified_name") : NULL;
	if (!name)
		return 0;
	out->verified_name = wa_verified_name_read(arena, node_data(name));
	return WA_USYNC_BUSINESS;
}

static void read_user(struct arena *arena, const struct node *user, struct wa_usync_result *out)
{
	struct jid jid;

	*out = (struct wa_usync_result){ 0 };
	if (node_jid(user, "jid", &jid)) {
		out->jid = wa_bare(&jid);
		wa_names_put(&out->names, &jid);
	}
	if (node_jid(user, "pn_jid", &jid))
		wa_names_put(&out->names, &jid);
	for (const struct node *n = user->first; n; n = n->next)
		out->told |= read_part(arena, n, out);
}

enum err wa_usync_read(struct arena *arena, const struct node *iq, struct wa_usync_result **out,
	size_t *count)
{
	const struct node *usync, *list;
	size_t max = 0;

	*count = 0;
	TRY(wa_iq_check(iq));
	usync = node_child(iq, "usync");
	list = usync ? node_child(usync, "list") : NULL;
	if (!list)
		return ERR_CORRUPT;
	for (const struct node *n = list->first; n; n = n->next)
		max++;
	*out = ARENA_ARRAY(arena, struct wa_usync_result, max);
	for (const struct node *n = list->first; n; n = n->next)
		if (node_is(n, "user"))
			read_user(arena, n, &(*out)[(*count)++]);
	return OK;
}
