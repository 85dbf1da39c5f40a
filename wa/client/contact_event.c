/* contact_event.c: what the server tells of people and of our own account; see contact.h. */
#include "wa/client/contact.h"
#include "wa/client/group.h"
#include "wa/client/usync.h"

#include "base/json.h"

/* ---- one reader per notification ---- */

struct reading {
	struct arena *arena;
	const struct node *notification;
	struct jid from;        /* bare */
	struct wa_names names;
	int64_t t_ms;
	struct wa_contacts *out;
};

static struct wa_contact *add(const struct reading *r, unsigned told)
{
	struct wa_contact *contact = &r->out->items[r->out->count++];

	*contact = (struct wa_contact){ .jid = r->from, .names = r->names, .told = told,
		.t_ms = r->t_ms };
	return contact;
}

static bool is_group(const struct jid *jid)
{
	return str_is(jid->server, JID_SERVER_GROUP);
}

static struct wa_group_change *picture_of_group(const struct reading *r, const struct node *node,
	str id)
{
	struct wa_group_change *change = ARENA_NEW(r->arena, struct wa_group_change);
	struct jid author;

	change->event = WA_GROUP_PICTURE;
	change->jid = r->from;
	change->t_ms = r->t_ms;
	change->text = id;
	change->is_on = !id.ptr || id.len;
	if (node_jid(node, "author", &author)) {
		change->who = wa_bare(&author);
		wa_names_put(&change->who_names, &author);
	}
	return change;
}

static struct wa_group_change *read_picture(struct reading *r)
{
	const struct node *set = node_child(r->notification, "set"),
			  *deleted = node_child(r->notification, "delete");
	str id = set ? node_text(r->arena, set, "id") : deleted ? S("") : STR_NONE;

	if (is_group(&r->from))
		return picture_of_group(r, set ? set : deleted ? deleted : r->notification, id);
	add(r, WA_CONTACT_PICTURE)->picture_id = id;
	return NULL;
}

static void read_about(struct reading *r)
{
	const struct node *set = node_child(r->notification, "set");

	if (set)
		add(r, WA_CONTACT_ABOUT)->about = node_data(set).len ? wa_node_text(set) : S("");
}

static void read_business(struct reading *r)
{
	const struct node *name = node_child(r->notification, "verified_name");

	if (name)
		add(r, WA_CONTACT_VERIFIED)->verified_name =
			wa_verified_name_read(r->arena, node_data(name));
	else if (node_child(r->notification, "remove"))
		add(r, WA_CONTACT_VERIFIED)->verified_name = S("");
	else
		add(r, WA_CONTACT_BUSINESS);
}

static void read_blocks(struct reading *r, const struct node *list)
{
	if (!list->first)
		add(r, WA_CONTACT_BLOCK_LIST);
	for (const struct node *n = list->first; n; n = n->next) {
		struct wa_contact *contact;
		struct jid jid;

		if (!node_is(n, "item") || !node_jid(n, "jid", &jid))
			continue;
		contact = add(r, WA_CONTACT_BLOCKED);
		contact->jid = wa_bare(&jid);
		contact->names = (struct wa_names){ 0 };
		wa_names_put(&contact->names, &jid);
		if (node_jid(n, "pn_jid", &jid))
			wa_names_put(&contact->names, &jid);
		contact->is_blocked = node_has(n, "action", "block");
	}
}

static void read_account(struct reading *r)
{
	const struct node *blocks = node_child(r->notification, "blocklist");

	if (blocks)
		read_blocks(r, blocks);
	if (node_child(r->notification, "privacy"))
		add(r, WA_CONTACT_PRIVACY);
	if (node_child(r->notification, "status"))
		add(r, WA_CONTACT_ABOUT);
	if (node_child(r->notification, "picture"))
		add(r, WA_CONTACT_PICTURE);
}

/* Room for whatever the notification may tell. */
static size_t parts_of(const struct node *notification)
{
	const struct node *blocks = node_child(notification, "blocklist");
	size_t count = 4;

	for (const struct node *n = blocks ? blocks->first : NULL; n; n = n->next)
		count++;
	return count;
}

void wa_contact_read_notification(struct arena *arena, const struct node *notification,
	struct wa_contacts *out, struct wa_group_change **of_group)
{
	struct reading r = { arena, notification, .out = out,
		.t_ms = node_int(notification, "t", 0) * 1000 };
	struct jid jid;

	*out = (struct wa_contacts){ ARENA_ARRAY(arena, struct wa_contact, parts_of(notification)),
		0 };
	*of_group = NULL;
	if (!node_jid(notification, "from", &jid))
		return;
	r.from = wa_bare(&jid);
	wa_names_put(&r.names, &jid);
	if (node_has(notification, "type", "picture"))
		*of_group = read_picture(&r);
	else if (node_has(notification, "type", "status"))
		read_about(&r);
	else if (node_has(notification, "type", "business"))
		read_business(&r);
	else if (node_has(notification, "type", "account_sync"))
		read_account(&r);
}

/* ---- restrictions ---- */

static void read_timelock(json v, struct wa_restriction *out)
{
	out->kind = S("reachout_timelock");
	out->is_active = json_flag(json_field(v, "is_active"), true);
	out->until_ms = json_int(json_field(v, "time_enforcement_ends"), 0) * 1000;
	out->detail = json_text(json_field(v, "enforcement_type"));
}

static void read_capping(json v, struct wa_restriction *out)
{
	out->kind = S("message_capping");
	out->detail = json_text(json_field(v, "capping_status"));
	out->is_active = out->detail.len && !str_is(out->detail, S("NONE"));
	out->until_ms = json_int(json_field(v, "cycle_end_timestamp"), 0) * 1000;
	out->quota = json_int(json_field(v, "total_quota"), -1);
	out->used = json_int(json_field(v, "used_quota"), -1);
}

/* The value stands under "data", under a name that changes with releases. */
static json value_of(json root)
{
	json data = json_field(root, "data");
	void *first = json_first(data);

	return first ? json_member_value(first) : root;
}

bool wa_restriction_read(struct arena *arena, const struct node *notification,
	struct wa_restriction *out)
{
	const struct node *update = node_child(notification, "update");
	str name = update ? node_text(arena, update, "op_name") : STR_NONE;
	json v;

	*out = (struct wa_restriction){ .quota = -1, .used = -1 };
	if (!str_is(name, S("NotificationUserReachoutTimelockUpdate")) &&
		!str_is(name, S("MessageCappingInfoNotification")))
		return false;
	if (json_read(arena, wa_node_text(update), &v, NULL) != OK)
		return false;
	if (str_is(name, S("MessageCappingInfoNotification")))
		read_capping(value_of(v), out);
	else
		read_timelock(value_of(v), out);
	return true;
}
