/* group_event.c: what happens in groups: the notifications w:gp2; see group.h. */
#include "wa/client/group_internal.h"

/* What a child of the notification says. holds: where its text or value stands. */
enum holds { PLAIN, MEMBERS, GROUP, SUBJECT, BODY, EXPIRES, CODE, MODE, JOIN };
static const struct word {
	const char *tag;
	enum wa_group_event event;
	bool is_on;
	enum holds holds;
} words[] = {
	{ "create", WA_GROUP_CREATED, true, GROUP },
	{ "add", WA_GROUP_ADDED, true, MEMBERS },
	{ "remove", WA_GROUP_REMOVED, false, MEMBERS },
	{ "leave", WA_GROUP_REMOVED, false, MEMBERS },
	{ "promote", WA_GROUP_PROMOTED, true, MEMBERS },
	{ "demote", WA_GROUP_DEMOTED, false, MEMBERS },
	{ "modify", WA_GROUP_MOVED, true, MEMBERS },
	{ "subject", WA_GROUP_SUBJECT, true, SUBJECT },
	{ "description", WA_GROUP_DESCRIPTION, true, BODY },
	{ "announcement", WA_GROUP_ANNOUNCE, true, PLAIN },
	{ "not_announcement", WA_GROUP_ANNOUNCE, false, PLAIN },
	{ "locked", WA_GROUP_LOCKED, true, PLAIN },
	{ "unlocked", WA_GROUP_LOCKED, false, PLAIN },
	{ "ephemeral", WA_GROUP_EPHEMERAL, true, EXPIRES },
	{ "not_ephemeral", WA_GROUP_EPHEMERAL, false, PLAIN },
	{ "invite", WA_GROUP_INVITE, true, CODE },
	{ "member_add_mode", WA_GROUP_OPEN, false, MODE },
	{ "membership_approval_mode", WA_GROUP_APPROVAL, false, JOIN },
	{ "created_membership_requests", WA_GROUP_ASKED, true, MEMBERS },
	{ "revoked_membership_requests", WA_GROUP_UNASKED, false, MEMBERS },
	{ "link", WA_GROUP_LINKED, true, PLAIN },
	{ "unlink", WA_GROUP_LINKED, false, PLAIN },
	{ "suspended", WA_GROUP_SUSPENDED, true, PLAIN },
	{ "unsuspended", WA_GROUP_SUSPENDED, false, PLAIN },
	{ "delete", WA_GROUP_DELETED, true, PLAIN },
};

const char *wa_group_event_name(enum wa_group_event event)
{
	static const char *const names[] = {
		[WA_GROUP_OTHER] = "other",
		[WA_GROUP_CREATED] = "created",
		[WA_GROUP_ADDED] = "added",
		[WA_GROUP_REMOVED] = "removed",
		[WA_GROUP_PROMOTED] = "promoted",
		[WA_GROUP_DEMOTED] = "demoted",
		[WA_GROUP_MOVED] = "moved",
		[WA_GROUP_SUBJECT] = "subject",
		[WA_GROUP_DESCRIPTION] = "description",
		[WA_GROUP_ANNOUNCE] = "announce",
		[WA_GROUP_LOCKED] = "locked",
		[WA_GROUP_EPHEMERAL] = "ephemeral",
		[WA_GROUP_OPEN] = "open",
		[WA_GROUP_APPROVAL] = "approval",
		[WA_GROUP_ASKED] = "asked",
		[WA_GROUP_UNASKED] = "unasked",
		[WA_GROUP_INVITE] = "invite",
		[WA_GROUP_LINKED] = "linked",
		[WA_GROUP_SUSPENDED] = "suspended",
		[WA_GROUP_DELETED] = "deleted",
		[WA_GROUP_PICTURE] = "picture",
	};

	return names[event];
}

static const struct word *word_of(const struct node *node)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (node_is(node, words[i].tag))
			return &words[i];
	return NULL;
}

static void read_group(struct arena *arena, const struct node *node, struct wa_group_change *out)
{
	const struct node *inside = node_child(node, "group");
	struct wa_group *group = ARENA_NEW(arena, struct wa_group);

	out->text = node_text(arena, node, "reason");
	if (!inside)
		return;
	group_node_read(arena, inside, group);
	group->jid = out->jid;
	out->group = group;
}

static void read_description(struct arena *arena, const struct node *node,
	struct wa_group_change *out)
{
	const struct node *body = node_child(node, "body");

	out->id = node_text(arena, node, "id");
	out->text = body ? wa_node_text(body) : S("");
}

static void read_inside(struct arena *arena, const struct node *node, enum holds holds,
	struct wa_group_change *out)
{
	const struct node *join = node_child(node, "group_join");

	switch (holds) {
	case PLAIN:
		out->text = node_text(arena, node, "reason");
		break;
	case MEMBERS:
		out->text = node_text(arena, node, "reason");
		group_members_read(arena, node, "participant", out);
		if (!out->member_count)
			group_members_read(arena, node, "requested_user", out);
		break;
	case GROUP:
		read_group(arena, node, out);
		break;
	case SUBJECT:
		out->text = node_text(arena, node, "subject");
		break;
	case BODY:
		read_description(arena, node, out);
		break;
	case EXPIRES:
		out->value = node_int(node, "expiration", 0);
		break;
	case CODE:
		out->text = node_text(arena, node, "code");
		break;
	case MODE:
		out->is_on = str_is(wa_node_text(node), S("all_member_add"));
		break;
	case JOIN:
		out->is_on = join && node_has(join, "state", "on");
		break;
	}
}

static void read_actor(struct arena *arena, const struct node *notification,
	struct wa_group_change *out)
{
	struct jid from, other;

	if (node_jid(notification, "from", &from))
		out->jid = wa_bare(&from);
	if (node_jid(notification, "participant", &from)) {
		out->who = wa_bare(&from);
		wa_names_put(&out->who_names, &from);
	}
	if (node_jid(notification, "participant_pn", &other) ||
		node_jid(notification, "participant_lid", &other))
		wa_names_put(&out->who_names, &other);
	out->who_name = node_text(arena, notification, "notify");
	out->t_ms = node_int(notification, "t", 0) * 1000;
}

/* Who asks to join by himself stands as the actor alone. */
static void name_asker(struct arena *arena, struct wa_group_change *change)
{
	struct wa_member *member;

	if (change->member_count || !change->who.user.len ||
		(change->event != WA_GROUP_ASKED && change->event != WA_GROUP_UNASKED))
		return;
	member = ARENA_NEW(arena, struct wa_member);
	member->jid = change->who;
	member->names = change->who_names;
	change->members = member;
	change->member_count = 1;
}

void wa_group_read_changes(struct arena *arena, const struct node *notification,
	struct wa_group_changes *out)
{
	struct wa_group_change actor = { 0 };
	size_t count = 0;

	*out = (struct wa_group_changes){ 0 };
	read_actor(arena, notification, &actor);
	if (!str_is(actor.jid.server, JID_SERVER_GROUP))
		return;
	for (const struct node *n = notification->first; n; n = n->next)
		count++;
	out->items = ARENA_ARRAY(arena, struct wa_group_change, count);
	for (const struct node *n = notification->first; n; n = n->next) {
		const struct word *word = word_of(n);
		struct wa_group_change *change = &out->items[out->count++];

		*change = actor;
		change->event = word ? word->event : WA_GROUP_OTHER;
		change->is_on = word && word->is_on;
		change->text = n->tag;
		if (word)
			read_inside(arena, n, word->holds, change);
		name_asker(arena, change);
		out->someone_left |= change->event == WA_GROUP_REMOVED ||
		                     change->event == WA_GROUP_MOVED;
	}
}

/* ---- the record follows ---- */

static bool is_among(const struct wa_group_change *change, const struct wa_member *member)
{
	const struct wa_group some = { .members = change->members,
		.member_count = change->member_count };

	return (member->names.lid.user.len && wa_group_member(&some, &member->names.lid)) ||
	       (member->names.pn.user.len && wa_group_member(&some, &member->names.pn));
}

static void drop_members(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change)
{
	struct wa_member *left = ARENA_ARRAY(arena, struct wa_member, group->member_count);
	size_t count = 0;

	for (size_t i = 0; i < group->member_count; i++)
		if (!is_among(change, &group->members[i]))
			left[count++] = group->members[i];
	group->members = left;
	group->member_count = group->size = count;
}

static void add_members(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change)
{
	struct wa_member *all;
	size_t count;

	drop_members(arena, group, change);
	count = group->member_count;
	all = ARENA_ARRAY(arena, struct wa_member, count + change->member_count);
	if (count)
		memcpy(all, group->members, count * sizeof *all);
	for (size_t i = 0; i < change->member_count; i++) {
		all[count + i] = change->members[i];
		all[count + i].jid =
			group_address(&change->members[i].names, group->is_lid);
	}
	group->members = all;
	group->member_count = group->size = count + change->member_count;
}

static void set_admins(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change)
{
	struct wa_member *all = ARENA_ARRAY(arena, struct wa_member, group->member_count);

	for (size_t i = 0; i < group->member_count; i++) {
		all[i] = group->members[i];
		if (is_among(change, &all[i]))
			all[i].is_admin = change->is_on;
	}
	group->members = all;
}

/* The number of one changed: the old names go, those of the notification come. */
static void move_member(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change)
{
	struct wa_member old = { .names = change->who_names };
	const struct wa_group_change gone = { .members = &old, .member_count = 1 };

	drop_members(arena, group, &gone);
	add_members(arena, group, change);
}

void wa_group_apply(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change)
{
	switch (change->event) {
	case WA_GROUP_CREATED:
		if (change->group)
			*group = *change->group;
		break;
	case WA_GROUP_ADDED:
		add_members(arena, group, change);
		break;
	case WA_GROUP_REMOVED:
		drop_members(arena, group, change);
		break;
	case WA_GROUP_PROMOTED:
	case WA_GROUP_DEMOTED:
		set_admins(arena, group, change);
		break;
	case WA_GROUP_MOVED:
		move_member(arena, group, change);
		break;
	case WA_GROUP_SUBJECT:
		group->subject = change->text;
		break;
	case WA_GROUP_DESCRIPTION:
		group->description = change->text;
		group->description_id = change->id;
		break;
	case WA_GROUP_ANNOUNCE:
		group->is_announce = change->is_on;
		break;
	case WA_GROUP_LOCKED:
		group->is_locked = change->is_on;
		break;
	case WA_GROUP_EPHEMERAL:
		group->ephemeral_s = change->value;
		break;
	case WA_GROUP_OPEN:
		group->is_open = change->is_on;
		break;
	case WA_GROUP_APPROVAL:
		group->is_approval = change->is_on;
		break;
	case WA_GROUP_SUSPENDED:
		group->is_suspended = change->is_on;
		break;
	case WA_GROUP_OTHER:
	case WA_GROUP_ASKED:
	case WA_GROUP_UNASKED:
	case WA_GROUP_INVITE:
	case WA_GROUP_LINKED:
	case WA_GROUP_DELETED:
	case WA_GROUP_PICTURE:
		break;
	}
}

static bool has(const struct wa_group_changes *changes, enum wa_group_event event)
{
	for (size_t i = 0; i < changes->count; i++)
		if (changes->items[i].event == event)
			return event != WA_GROUP_CREATED || changes->items[i].group;
	return false;
}

enum err wa_group_take(const struct wa_store *store, struct arena *arena,
	const struct node *notification, struct wa_group_changes *out)
{
	struct wa_group group;
	enum err e;

	wa_group_read_changes(arena, notification, out);
	if (!out->count)
		return OK;
	if (has(out, WA_GROUP_DELETED))
		return wa_group_forget(store, arena, &out->items[0].jid);
	e = wa_group_load(store, arena, &out->items[0].jid, &group);
	/* A damaged record is one that we do not have: it is asked for when it is needed. */
	if (e == ERR_CORRUPT)
		return wa_group_forget(store, arena, &out->items[0].jid);
	if (e == ERR_MISSING && !has(out, WA_GROUP_CREATED))
		return OK;
	if (e != OK && e != ERR_MISSING)
		return e;
	for (size_t i = 0; i < out->count; i++)
		wa_group_apply(arena, &group, &out->items[i]);
	return wa_group_save(store, arena, &group);
}
