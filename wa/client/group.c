/* group.c: reading groups and members, and asking about them; see group.h. */
#include "wa/client/group_internal.h"

#define XMLNS "w:g2"

static const struct jid all_groups = { .server = { "g.us", 4 } };

/* ---- reading ---- */

static void read_member(struct arena *arena, const struct node *node, struct wa_member *out)
{
	const struct node *request = node_child(node, "add_request");
	struct jid jid;
	str type = node_text(arena, node, "type");

	if (node_jid(node, "jid", &jid)) {
		out->jid = wa_bare(&jid);
		wa_names_put(&out->names, &jid);
	}
	if (node_jid(node, "phone_number", &jid))
		wa_names_put(&out->names, &jid);
	if (node_jid(node, "lid", &jid))
		wa_names_put(&out->names, &jid);
	out->is_owner = str_is(type, S("superadmin"));
	out->is_admin = out->is_owner || str_is(type, S("admin"));
	out->name = node_text(arena, node, "username");
	if (!out->name.len)
		out->name = node_text(arena, node, "display_name");
	out->error = (int)node_int(node, "error", 0);
	if (request) {
		out->invite_code = node_text(arena, request, "code");
		out->invite_until_ms = node_int(request, "expiration", 0) * 1000;
	}
}

static struct wa_member *read_members(struct arena *arena, const struct node *node, const char *tag,
	size_t *count)
{
	struct wa_member *list;

	*count = 0;
	for (const struct node *n = node->first; n; n = n->next)
		*count += node_is(n, tag);
	list = ARENA_ARRAY(arena, struct wa_member, *count);
	*count = 0;
	for (const struct node *n = node->first; n; n = n->next)
		if (node_is(n, tag))
			read_member(arena, n, &list[(*count)++]);
	return list;
}

void group_members_read(struct arena *arena, const struct node *node, const char *tag,
	struct wa_group_change *out)
{
	out->members = read_members(arena, node, tag, &out->member_count);
}

/* The id may come without its server. */
static struct jid group_jid(struct arena *arena, const struct node *node, const char *key)
{
	str text = node_text(arena, node, key);
	struct jid jid = { 0 };

	if (str_find(text, '@') == text.len)
		return (struct jid){ .user = text, .server = JID_SERVER_GROUP };
	if (!jid_read(text, &jid))
		return (struct jid){ 0 };
	return jid;
}

static void read_settings(const struct node *node, struct wa_group *out)
{
	const struct node *ephemeral = node_child(node, "ephemeral"),
			  *approval = node_child(node, "membership_approval_mode");
	const struct node *join = approval ? node_child(approval, "group_join") : NULL;

	out->is_announce = node_child(node, "announcement");
	out->is_locked = node_child(node, "locked");
	out->is_community = node_child(node, "parent");
	out->is_suspended = node_child(node, "suspended");
	out->is_approval = join && node_has(join, "state", "on");
	out->is_open =
		str_is(wa_node_text(node_child(node, "member_add_mode")), S("all_member_add"));
	out->ephemeral_s = ephemeral ? node_int(ephemeral, "expiration", 0) : 0;
}

void group_node_read(struct arena *arena, const struct node *node, struct wa_group *out)
{
	const struct node *description = node_child(node, "description"),
			  *parent = node_child(node, "linked_parent");
	struct jid jid;

	*out = (struct wa_group){ .jid = group_jid(arena, node, "id") };
	out->is_lid = node_has(node, "addressing_mode", "lid");
	out->subject = node_text(arena, node, "subject");
	out->created_ms = node_int(node, "creation", 0) * 1000;
	if (node_jid(node, "creator", &jid))
		out->owner = wa_bare(&jid);
	if (description) {
		out->description_id = node_text(arena, description, "id");
		out->description = wa_node_text(node_child(description, "body"));
	}
	if (parent)
		out->parent = group_jid(arena, parent, "jid");
	read_settings(node, out);
	out->members = read_members(arena, node, "participant", &out->member_count);
	out->size = (size_t)node_int(node, "size", (int64_t)out->member_count);
}

enum err wa_group_read(struct arena *arena, const struct node *iq, struct wa_group *out)
{
	const struct node *node;

	*out = (struct wa_group){ 0 };
	TRY(wa_iq_check(iq));
	node = node_child(iq, "group");
	if (!node)
		return ERR_CORRUPT;
	group_node_read(arena, node, out);
	return out->jid.user.len ? OK : ERR_CORRUPT;
}

enum err wa_group_list_read(struct arena *arena, const struct node *iq, struct wa_group **out,
	size_t *count)
{
	const struct node *groups;
	size_t max = 0;

	*count = 0;
	TRY(wa_iq_check(iq));
	groups = node_child(iq, "groups");
	if (!groups)
		return ERR_CORRUPT;
	for (const struct node *n = groups->first; n; n = n->next)
		max++;
	*out = ARENA_ARRAY(arena, struct wa_group, max);
	for (const struct node *n = groups->first; n; n = n->next) {
		if (!node_is(n, "group"))
			continue;
		group_node_read(arena, n, &(*out)[*count]);
		*count += (*out)[*count].jid.user.len > 0;
	}
	return OK;
}

/* Of a change of members the answer stands under the change's own tag; of requests to join, one
 * deeper. */
enum err wa_group_members_read(struct arena *arena, const struct node *iq, struct wa_member **out,
	size_t *count)
{
	const struct node *node;

	*count = 0;
	*out = NULL;
	TRY(wa_iq_check(iq));
	node = iq->first;
	if (node && node_is(node, "membership_requests_action"))
		node = node->first;
	if (node)
		*out = read_members(arena, node, "participant", count);
	return OK;
}

enum err wa_group_asking_read(struct arena *arena, const struct node *iq, struct wa_member **out,
	size_t *count)
{
	const struct node *node;

	*count = 0;
	*out = NULL;
	TRY(wa_iq_check(iq));
	node = node_child(iq, "membership_approval_requests");
	if (!node)
		return ERR_CORRUPT;
	*out = read_members(arena, node, "membership_approval_request", count);
	return OK;
}

/* ---- asking ---- */

struct node *wa_group_list_request(struct arena *arena)
{
	struct node *iq = wa_iq(arena, "get", XMLNS, &all_groups);
	struct node *all = node_add(arena, iq, "participating");

	node_add(arena, all, "participants");
	node_add(arena, all, "description");
	return iq;
}

struct node *wa_group_get_request(struct arena *arena, const struct jid *group)
{
	struct node *iq = wa_iq(arena, "get", XMLNS, group);

	node_put(arena, node_add(arena, iq, "query"), "request", S("interactive"));
	return iq;
}

/* A person by the hidden id when it is known, with the number beside it. */
static struct node *put_participant(struct arena *arena, struct node *in,
	const struct wa_names *names)
{
	struct node *node = node_add(arena, in, "participant");
	bool both = names->lid.user.len && names->pn.user.len;

	node_put_jid(arena, node, "jid", names->lid.user.len ? &names->lid : &names->pn);
	if (both)
		node_put_jid(arena, node, "phone_number", &names->pn);
	return node;
}

static void put_invited(struct arena *arena, struct node *in, const struct wa_invited *who,
	size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct node *node = put_participant(arena, in, &who[i].names);

		if (who[i].token.len)
			node_put_data(node_add(arena, node, "privacy"), who[i].token);
	}
}

static void put_approval(struct arena *arena, struct node *in, bool is_on)
{
	struct node *mode = node_add(arena, in, "membership_approval_mode");

	node_put(arena, node_add(arena, mode, "group_join"), "state", is_on ? S("on") : S("off"));
}

static void put_open(struct arena *arena, struct node *in, bool is_open)
{
	wa_put_text(arena, in, "member_add_mode", is_open ? S("all_member_add") : S("admin_add"));
}

static void put_expiration(struct arena *arena, struct node *in, int64_t seconds)
{
	node_put_int(arena, node_add(arena, in, "ephemeral"), "expiration", seconds);
}

struct node *wa_group_create_request(struct arena *arena, const struct wa_group_draft *draft)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, &all_groups);
	struct node *create = node_add(arena, iq, "create");

	node_put(arena, create, "subject", draft->subject);
	node_put(arena, create, "key", draft->key);
	put_invited(arena, create, draft->members, draft->member_count);
	if (draft->is_open)
		put_open(arena, create, true);
	if (draft->ephemeral_s)
		put_expiration(arena, create, draft->ephemeral_s);
	if (draft->is_approval)
		put_approval(arena, create, true);
	if (draft->is_announce)
		node_add(arena, create, "announcement");
	if (draft->is_locked)
		node_add(arena, create, "locked");
	if (draft->parent.user.len)
		node_put_jid(arena, node_add(arena, create, "linked_parent"), "jid",
			&draft->parent);
	return iq;
}

struct node *wa_group_leave_request(struct arena *arena, const struct jid *group)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, &all_groups);
	struct node *leave = node_add(arena, iq, "leave");

	node_put_jid(arena, node_add(arena, leave, "group"), "id", group);
	return iq;
}

struct node *wa_group_members_request(struct arena *arena, const struct jid *group,
	const char *change, const struct wa_invited *who, size_t count)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);

	put_invited(arena, node_add(arena, iq, change), who, count);
	return iq;
}

struct node *wa_group_subject_request(struct arena *arena, const struct jid *group, str subject)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);

	wa_put_text(arena, iq, "subject", subject);
	return iq;
}

struct node *wa_group_description_request(struct arena *arena, const struct jid *group,
	const struct wa_group_text *text)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);
	struct node *description = node_add(arena, iq, "description");

	node_put(arena, description, "id", text->id);
	if (text->prev.len)
		node_put(arena, description, "prev", text->prev);
	if (text->text.len)
		wa_put_text(arena, description, "body", text->text);
	else
		node_put(arena, description, "delete", S("true"));
	return iq;
}

struct node *wa_group_setting_request(struct arena *arena, const struct jid *group,
	enum wa_group_event setting, bool is_on)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);

	switch (setting) {
	case WA_GROUP_ANNOUNCE:
		node_add(arena, iq, is_on ? "announcement" : "not_announcement");
		return iq;
	case WA_GROUP_LOCKED:
		node_add(arena, iq, is_on ? "locked" : "unlocked");
		return iq;
	case WA_GROUP_OPEN:
		put_open(arena, iq, is_on);
		return iq;
	case WA_GROUP_APPROVAL:
		put_approval(arena, iq, is_on);
		return iq;
	default:
		return NULL;
	}
}

struct node *wa_group_ephemeral_request(struct arena *arena, const struct jid *group,
	int64_t seconds)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);

	if (seconds)
		put_expiration(arena, iq, seconds);
	else
		node_add(arena, iq, "not_ephemeral");
	return iq;
}

/* ---- links, and who asks to join ---- */

struct node *wa_group_link_request(struct arena *arena, const struct jid *group, bool renew)
{
	struct node *iq = wa_iq(arena, renew ? "set" : "get", XMLNS, group);

	node_add(arena, iq, "invite");
	return iq;
}

enum err wa_group_link_read(struct arena *arena, const struct node *iq, str *link)
{
	const struct node *invite;
	str code;

	TRY(wa_iq_check(iq));
	invite = node_child(iq, "invite");
	code = invite ? node_text(arena, invite, "code") : STR_NONE;
	if (!code.len)
		return ERR_CORRUPT;
	*link = arena_printf(arena, STR_F STR_F, STR_A(WA_GROUP_LINK), STR_A(code));
	return OK;
}

/* Behind the last slash, before a question mark. */
static str code_of(str link)
{
	str rest = str_trim(link), code = rest;

	while (rest.len) {
		code = str_split(&rest, '/');
		if (!rest.len)
			break;
	}
	return str_split(&code, '?');
}

static struct node *by_link(struct arena *arena, const char *type, str link)
{
	struct node *iq = wa_iq(arena, type, XMLNS, &all_groups);

	node_put(arena, node_add(arena, iq, "invite"), "code", code_of(link));
	return iq;
}

struct node *wa_group_linked_request(struct arena *arena, str link)
{
	return by_link(arena, "get", link);
}

struct node *wa_group_join_request(struct arena *arena, str link)
{
	return by_link(arena, "set", link);
}

enum err wa_group_join_read(const struct node *iq, struct jid *group, bool *is_waiting)
{
	const struct node *joined, *waits;

	*group = (struct jid){ 0 };
	TRY(wa_iq_check(iq));
	joined = node_child(iq, "group");
	waits = node_child(iq, "membership_approval_request");
	*is_waiting = waits && !joined;
	if (!joined && !waits)
		return ERR_CORRUPT;
	return node_jid(joined ? joined : waits, "jid", group) ||
			       (joined && node_jid(joined, "id", group))
		       ? OK
		       : ERR_CORRUPT;
}

struct node *wa_group_accept_request(struct arena *arena, const struct wa_group_invite *invite)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, &invite->group);
	struct node *accept = node_add(arena, iq, "accept");

	node_put(arena, accept, "code", invite->code);
	node_put_int(arena, accept, "expiration", invite->until_ms / 1000);
	node_put_jid(arena, accept, "admin", &invite->admin);
	return iq;
}

struct node *wa_group_asking_request(struct arena *arena, const struct jid *group)
{
	struct node *iq = wa_iq(arena, "get", XMLNS, group);

	node_add(arena, iq, "membership_approval_requests");
	return iq;
}

struct node *wa_group_answer_request(struct arena *arena, const struct jid *group, bool approve,
	const struct wa_names *who, size_t count)
{
	struct node *iq = wa_iq(arena, "set", XMLNS, group);
	struct node *action = node_add(arena, iq, "membership_requests_action");
	struct node *answer = node_add(arena, action, approve ? "approve" : "reject");

	for (size_t i = 0; i < count; i++)
		put_participant(arena, answer, &who[i]);
	return iq;
}
