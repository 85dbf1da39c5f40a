/*
 * simulator_group.c: groups: who is in them, who may do what, and telling all of them.
 * Source: docs/protocol/linked-device-2-messaging.md §9.8, §11.7.
 */
#include "wa/simulator/simulator_internal.h"

#include "base/codec.h"

#include <stdio.h>

#define MEMBERS_MAX 1024
#define SUBJECT_MAX 100
#define DESCRIPTION_MAX 2048
#define INVITE_SIZE 12

/* ---- finding, and its members ---- */

struct sim_group *sim_group_find(const struct sim *sim, str id)
{
	for (struct sim_group *g = sim->groups; g; g = g->next)
		if (str_is(str_of(g->id), id))
			return g;
	return NULL;
}

struct sim_member *sim_group_member(const struct sim_group *g, const struct sim_phone *phone)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].phone == phone)
			return &g->members[i];
	return NULL;
}

void sim_group_free(struct sim_group *g)
{
	heap_free(g->subject.text);
	heap_free(g->description.text);
	heap_free(g->members);
	heap_free(g->asking);
	heap_free(g->picture.ptr);
	heap_free(g->picture_id);
	heap_free(g);
}

static struct jid group_jid(const struct sim_group *g)
{
	return (struct jid){ .user = str_of(g->id), .server = JID_SERVER_GROUP };
}

static struct sim_member *add_member(struct sim_group *g, struct sim_phone *phone)
{
	struct sim_member *m = sim_group_member(g, phone);

	if (m || g->count == MEMBERS_MAX)
		return m;
	if (g->count == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 8;
		g->members = heap_grow(g->members, g->cap * sizeof *g->members);
	}
	m = &g->members[g->count++];
	*m = (struct sim_member){ phone, 0 };
	return m;
}

static bool is_asking(const struct sim_group *g, const struct sim_phone *phone)
{
	for (size_t i = 0; i < g->asking_count; i++)
		if (g->asking[i] == phone)
			return true;
	return false;
}

static void stop_asking(struct sim_group *g, const struct sim_phone *phone)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->asking_count; i++)
		if (g->asking[i] != phone)
			g->asking[kept++] = g->asking[i];
	g->asking_count = kept;
}

static void start_asking(struct sim_group *g, struct sim_phone *phone)
{
	if (is_asking(g, phone))
		return;
	g->asking = heap_grow(g->asking, (g->asking_count + 1) * sizeof phone);
	g->asking[g->asking_count++] = phone;
}

static void remove_member(struct sim_group *g, const struct sim_phone *phone)
{
	size_t kept = 0;

	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].phone != phone)
			g->members[kept++] = g->members[i];
	g->count = kept;
}

static void new_invite(struct sim *sim, struct sim_group *g)
{
	uint8_t octets[INVITE_SIZE];
	struct buf text = buf_in(sim->arena, sizeof g->invite);

	sim_random(sim, octets, sizeof octets);
	base64url_write(&text, (bytes){ octets, sizeof octets });
	snprintf(g->invite, sizeof g->invite, STR_F, STR_A(buf_text(&text)));
}

/* ---- how it is told ---- */

static struct node *put_participant(struct sim *sim, struct node *into, const struct sim_group *g,
	const struct sim_phone *phone)
{
	struct node *node = node_add(sim->arena, into, "participant");
	struct jid jid = sim_phone_jid(phone, g->is_lid, 0),
		   other = sim_phone_jid(phone, !g->is_lid, 0);

	node_put_jid(sim->arena, node, "jid", &jid);
	node_put_jid(sim->arena, node, g->is_lid ? "phone_number" : "lid", &other);
	return node;
}

static void put_members(struct sim *sim, const struct sim_group *g, struct node *group)
{
	for (size_t i = 0; i < g->count; i++) {
		struct node *node = put_participant(sim, group, g, g->members[i].phone);

		if (g->members[i].rank)
			node_put(sim->arena, node, "type",
				g->members[i].rank == 's' ? S("superadmin") : S("admin"));
	}
}

static void put_settings(struct sim *sim, const struct sim_group *g, struct node *group)
{
	struct node *node;

	if (g->description.text && *g->description.text) {
		node = node_add(sim->arena, group, "description");
		node_put(sim->arena, node, "id", str_of(g->description_id));
		node_put_int(sim->arena, node, "t", g->description.t_s);
		node_put_data(node_add(sim->arena, node, "body"),
			bytes_of(str_of(g->description.text)));
	}
	if (g->is_announcement)
		node_add(sim->arena, group, "announcement");
	if (g->is_locked)
		node_add(sim->arena, group, "locked");
	if (g->needs_approval)
		node_put(sim->arena,
			node_add(sim->arena,
				node_add(sim->arena, group, "membership_approval_mode"),
				"group_join"),
			"state", S("on"));
	if (g->ephemeral_s)
		node_put_int(sim->arena, node_add(sim->arena, group, "ephemeral"), "expiration",
			g->ephemeral_s);
	node_put_data(node_add(sim->arena, group, "member_add_mode"),
		bytes_of(g->members_add ? S("all_member_add") : S("admin_add")));
}

static void put_group(struct sim *sim, const struct sim_group *g, struct node *into)
{
	struct node *group = node_add(sim->arena, into, "group");
	struct jid creator = sim_phone_jid(g->creator, g->is_lid, 0),
		   pn = sim_phone_jid(g->creator, false, 0),
		   subject_by = sim_phone_jid(g->subject_by, g->is_lid, 0);

	node_put(sim->arena, group, "id", str_of(g->id));
	node_put(sim->arena, group, "subject", str_of(g->subject.text));
	node_put_int(sim->arena, group, "s_t", g->subject.t_s);
	node_put_jid(sim->arena, group, "s_o", &subject_by);
	node_put_int(sim->arena, group, "creation", g->created_s);
	node_put_jid(sim->arena, group, "creator", &creator);
	node_put_jid(sim->arena, group, "creator_pn", &pn);
	node_put_int(sim->arena, group, "size", (int64_t)g->count);
	node_put(sim->arena, group, "addressing_mode", g->is_lid ? S("lid") : S("pn"));
	put_settings(sim, g, group);
	put_members(sim, g, group);
}

/* A notification of what `actor` did; the change is put in by the caller. */
static struct node *note_of(struct sim *sim, const struct sim_group *g,
	const struct sim_phone *actor)
{
	struct jid from = group_jid(g), who = sim_phone_jid(actor, g->is_lid, 0),
		   pn = sim_phone_jid(actor, false, 0);
	struct node *note = sim_notification(sim, &from, "w:gp2");

	node_put_jid(sim->arena, note, "participant", &who);
	node_put_jid(sim->arena, note, "participant_pn", &pn);
	node_put(sim->arena, note, "addressing_mode", g->is_lid ? S("lid") : S("pn"));
	node_put(sim->arena, note, "notify", str_of(actor->name));
	return note;
}

static void tell_all(const struct sim_group *g, const struct node *note)
{
	for (size_t i = 0; i < g->count; i++)
		sim_phone_post(g->members[i].phone, NULL, note);
}

/* ---- one request ---- */

struct ask {
	struct sim *sim;
	struct sim_device *device;
	struct sim_phone *who;
	const struct node *iq, *what;   /* what: its first child */
	struct sim_group *group;
	struct sim_member *member;      /* who, in the group */
	struct node *answer;
};

static void done(const struct ask *a)
{
	sim_device_answer(a->device, a->answer);
}

static void refuse(const struct ask *a, int code, const char *text)
{
	sim_error(a->device, a->iq, code, text);
}

static bool is_admin(const struct ask *a)
{
	if (a->member && a->member->rank)
		return true;
	refuse(a, 403, "forbidden");
	return false;
}

/* ---- making, asking, leaving ---- */

static struct sim_group *make_group(const struct ask *a, str subject)
{
	struct sim_group *g = HEAP_NEW(struct sim_group);
	uint64_t number;

	sim_random(a->sim, &number, sizeof number);
	snprintf(g->id, sizeof g->id, "120363%012llu",
		(unsigned long long)(number % 1000000000000ull));
	g->is_lid = !a->sim->faults.pn_groups;
	g->creator = g->subject_by = a->who;
	g->created_s = g->subject.t_s = a->sim->now_ms / 1000;
	sim_text_set(&g->subject.text, subject);
	new_invite(a->sim, g);
	add_member(g, a->who)->rank = 's';
	g->next = a->sim->groups;
	a->sim->groups = g;
	return g;
}

static struct sim_phone *participant_of(const struct ask *a, const struct node *n)
{
	struct jid jid;

	return node_is(n, "participant") && node_jid(n, "jid", &jid) ? sim_phone_of(a->sim, &jid)
								     : NULL;
}

static void take_options(struct sim_group *g, const struct node *create)
{
	const struct node *ephemeral = node_child(create, "ephemeral"),
			  * approval = node_child(create, "membership_approval_mode");

	g->is_announcement = node_child(create, "announcement");
	g->is_locked = node_child(create, "locked");
	g->members_add = str_is(str_from(node_child_data(create, "member_add_mode")),
		S("all_member_add"));
	g->ephemeral_s = ephemeral ? (int)node_int(ephemeral, "expiration", 0) : 0;
	g->needs_approval = approval && node_child(approval, "group_join") &&
			    node_has(node_child(approval, "group_join"), "state", "on");
}

static void take_create(struct ask *a)
{
	str subject = node_text(a->sim->arena, a->what, "subject");
	struct node *note, *create;
	struct sim_group *g;

	if (!subject.len || str_count_points(subject) > SUBJECT_MAX) {
		refuse(a, 406, "not-acceptable");
		return;
	}
	g = make_group(a, subject);
	take_options(g, a->what);
	for (const struct node *n = a->what->first; n; n = n->next) {
		struct sim_phone *phone = participant_of(a, n);

		if (phone)
			add_member(g, phone);
	}
	put_group(a->sim, g, a->answer);
	done(a);
	note = note_of(a->sim, g, a->who);
	create = node_add(a->sim->arena, note, "create");
	node_put(a->sim->arena, create, "type", S("new"));
	node_put(a->sim->arena, create, "key", node_text(a->sim->arena, a->what, "key"));
	put_group(a->sim, g, create);
	tell_all(g, note);
}

static void take_participating(struct ask *a)
{
	struct node *groups = node_add(a->sim->arena, a->answer, "groups");

	for (struct sim_group *g = a->sim->groups; g; g = g->next)
		if (sim_group_member(g, a->who))
			put_group(a->sim, g, groups);
	done(a);
}

static void take_query(struct ask *a)
{
	if (!a->member) {
		refuse(a, 403, "forbidden");
		return;
	}
	put_group(a->sim, a->group, a->answer);
	done(a);
}

static void go(const struct ask *a, struct sim_group *g)
{
	struct node *note = note_of(a->sim, g, a->who), *remove;

	remove = node_add(a->sim->arena, note, "remove");
	put_participant(a->sim, remove, g, a->who);
	tell_all(g, note);
	remove_member(g, a->who);
}

static void take_leave(struct ask *a)
{
	for (const struct node *n = a->what->first; n; n = n->next) {
		struct jid id;
		struct sim_group *g =
			node_jid(n, "id", &id) ? sim_group_find(a->sim, id.user) : NULL;

		if (g && sim_group_member(g, a->who))
			go(a, g);
	}
	done(a);
}

/* ---- members ---- */

static bool may_add(const struct ask *a)
{
	if (a->member && (a->member->rank || a->group->members_add))
		return true;
	refuse(a, 403, "forbidden");
	return false;
}

/* What became of one: 0, or a code. */
static int change_member(const struct ask *a, struct sim_phone *phone)
{
	struct sim_member *m = sim_group_member(a->group, phone);

	if (node_is(a->what, "add")) {
		if (m)
			return 409;
		return add_member(a->group, phone) ? 0 : 419;
	}
	if (!m)
		return 404;
	if (m->rank == 's' && phone != a->who)
		return 403;
	if (node_is(a->what, "promote"))
		m->rank = m->rank ? m->rank : 'a';
	else if (node_is(a->what, "demote"))
		m->rank = 0;
	return 0;
}

static void take_change(struct ask *a)
{
	struct node *said = node_add(a->sim->arena, a->answer, node_is(a->what, "add")
			? "add" : node_is(a->what, "remove") ? "remove"
			: node_is(a->what, "promote") ? "promote" : "demote");
	struct node *note = note_of(a->sim, a->group, a->who),
		    * change = node_add(a->sim->arena, note, arena_cstr(a->sim->arena, said->tag));
	bool is_removal = node_is(a->what, "remove");

	if (node_is(a->what, "add") ? !may_add(a) : !is_admin(a))
		return;
	for (const struct node *n = a->what->first; n; n = n->next) {
		struct sim_phone *phone = participant_of(a, n);
		int code = phone ? change_member(a, phone) : 404;
		struct node *one;

		if (phone) {
			one = put_participant(a->sim, said, a->group, phone);
		} else {
			one = node_add(a->sim->arena, said, "participant");
			node_put(a->sim->arena, one, "jid", node_text(a->sim->arena, n, "jid"));
		}
		if (code)
			node_put_int(a->sim->arena, one, "error", code);
		else
			put_participant(a->sim, change, a->group, phone);
	}
	done(a);
	if (!change->first)
		return;
	tell_all(a->group, note);
	for (const struct node *n = change->first; is_removal && n; n = n->next)
		remove_member(a->group, participant_of(a, n));
}

/* ---- what it is called, and what is allowed ---- */

static void tell_change(struct ask *a)
{
	struct node *note = note_of(a->sim, a->group, a->who);

	sim_adopt_copy(a->sim, note, a->what);
	done(a);
	tell_all(a->group, note);
}

static bool may_edit(const struct ask *a)
{
	if (a->member && (a->member->rank || !a->group->is_locked))
		return true;
	refuse(a, 403, "forbidden");
	return false;
}

static void take_subject(struct ask *a)
{
	str subject = str_from(node_data(a->what));
	struct node *note, *change;
	struct jid who = sim_phone_jid(a->who, a->group->is_lid, 0);

	if (!may_edit(a))
		return;
	if (!subject.len || str_count_points(subject) > SUBJECT_MAX) {
		refuse(a, 406, "not-acceptable");
		return;
	}
	sim_text_set(&a->group->subject.text, subject);
	a->group->subject.t_s = a->sim->now_ms / 1000;
	a->group->subject_by = a->who;
	done(a);
	note = note_of(a->sim, a->group, a->who);
	change = node_add(a->sim->arena, note, "subject");
	node_put(a->sim->arena, change, "subject", subject);
	node_put_int(a->sim->arena, change, "s_t", a->group->subject.t_s);
	node_put_jid(a->sim->arena, change, "s_o", &who);
	tell_all(a->group, note);
}

static void take_description(struct ask *a)
{
	str body = str_from(node_child_data(a->what, "body")),
	    previous = node_text(a->sim->arena, a->what, "prev");
	bool is_gone = node_has(a->what, "delete", "true");
	struct sim_group *g = a->group;

	if (!may_edit(a))
		return;
	if (!str_is(previous, str_of(g->description_id))) {
		refuse(a, 409, "conflict");
		return;
	}
	if (str_count_points(body) > DESCRIPTION_MAX) {
		refuse(a, 406, "not-acceptable");
		return;
	}
	sim_text_set(&g->description.text, is_gone ? S("") : body);
	g->description.t_s = a->sim->now_ms / 1000;
	snprintf(g->description_id, sizeof g->description_id, STR_F,
		STR_A(is_gone ? S("") : node_text(a->sim->arena, a->what, "id")));
	tell_change(a);
}

static void take_setting(struct ask *a)
{
	struct sim_group *g = a->group;
	const struct node *join = node_child(a->what, "group_join");

	if (!is_admin(a))
		return;
	if (node_is(a->what, "announcement") || node_is(a->what, "not_announcement"))
		g->is_announcement = node_is(a->what, "announcement");
	else if (node_is(a->what, "locked") || node_is(a->what, "unlocked"))
		g->is_locked = node_is(a->what, "locked");
	else if (node_is(a->what, "member_add_mode"))
		g->members_add = str_is(str_from(node_data(a->what)), S("all_member_add"));
	else if (node_is(a->what, "membership_approval_mode"))
		g->needs_approval = join && node_has(join, "state", "on");
	else
		g->ephemeral_s = (int)node_int(a->what, "expiration", 0);
	tell_change(a);
}

/* ---- invitations ---- */

static void let_in(const struct ask *a, struct sim_group *g, struct sim_phone *phone,
	const char *reason)
{
	struct node *note = note_of(a->sim, g, phone), *add;

	stop_asking(g, phone);
	if (!add_member(g, phone))
		return;
	add = node_add(a->sim->arena, note, "add");
	node_put(a->sim->arena, add, "reason", str_of(reason));
	put_participant(a->sim, add, g, phone);
	tell_all(g, note);
}

static struct sim_group *by_invite(struct sim *sim, str code)
{
	for (struct sim_group *g = sim->groups; g; g = g->next)
		if (code.len && str_is(code, str_of(g->invite)))
			return g;
	return NULL;
}

static void ask_to_join(const struct ask *a, struct sim_group *g)
{
	struct node *note = note_of(a->sim, g, a->who),
		    * created = node_add(a->sim->arena, note, "created_membership_requests"),
		    * request = node_add(a->sim->arena, created, "requested_user");
	struct jid who = sim_phone_jid(a->who, g->is_lid, 0), id = group_jid(g);

	node_put(a->sim->arena, created, "request_method", S("invite_link"));
	node_put_jid(a->sim->arena, request, "jid", &who);
	start_asking(g, a->who);
	node_put_jid(a->sim->arena,
		node_add(a->sim->arena, a->answer, "membership_approval_request"), "jid", &id);
	done(a);
	for (size_t i = 0; i < g->count; i++)
		if (g->members[i].rank)
			sim_phone_post(g->members[i].phone, NULL, note);
}

/* To g.us: what a code opens, or going in by it. */
static void take_invite_code(struct ask *a)
{
	struct sim_group *g = by_invite(a->sim, node_text(a->sim->arena, a->what, "code"));
	struct jid id;

	if (!g) {
		refuse(a, 406, "not-acceptable");
		return;
	}
	id = group_jid(g);
	if (node_has(a->iq, "type", "get")) {
		put_group(a->sim, g, a->answer);
		done(a);
	} else if (g->needs_approval && !sim_group_member(g, a->who)) {
		ask_to_join(a, g);
	} else {
		node_put_jid(a->sim->arena, node_add(a->sim->arena, a->answer, "group"), "jid",
			&id);
		done(a);
		let_in(a, g, a->who, "invite");
	}
}

/* To the group: its code; set: a new one. */
static void take_invite(struct ask *a)
{
	if (!is_admin(a))
		return;
	if (node_has(a->iq, "type", "set"))
		new_invite(a->sim, a->group);
	node_put(a->sim->arena, node_add(a->sim->arena, a->answer, "invite"), "code",
		str_of(a->group->invite));
	done(a);
}

static void take_accept(struct ask *a)
{
	let_in(a, a->group, a->who, "invite");
	put_group(a->sim, a->group, a->answer);
	done(a);
}

static void take_requests(struct ask *a)
{
	struct node *list;

	if (!is_admin(a))
		return;
	list = node_add(a->sim->arena, a->answer, "membership_approval_requests");
	for (size_t i = 0; i < a->group->asking_count; i++) {
		struct node *one = node_add(a->sim->arena, list, "membership_approval_request");
		struct jid jid = sim_phone_jid(a->group->asking[i], a->group->is_lid, 0);

		node_put_jid(a->sim->arena, one, "jid", &jid);
		node_put_int(a->sim->arena, one, "request_time", a->sim->now_ms / 1000);
	}
	done(a);
}

static void take_decision(struct ask *a)
{
	const struct node *what = a->what->first;
	struct node *said;

	if (!what || !is_admin(a))
		return;
	said = node_add(a->sim->arena,
		node_add(a->sim->arena, a->answer, "membership_requests_action"),
		node_is(what, "approve") ? "approve" : "reject");
	for (const struct node *n = what->first; n; n = n->next) {
		struct sim_phone *phone = participant_of(a, n);
		struct node *one;

		if (!phone)
			continue;
		one = put_participant(a->sim, said, a->group, phone);
		if (!is_asking(a->group, phone))
			node_put(a->sim->arena, one, "error", S("404"));
		else if (node_is(what, "approve"))
			let_in(a, a->group, phone, "invite");
		stop_asking(a->group, phone);
	}
	done(a);
}

/* ---- which is which ---- */

static const struct { const char *tag; bool of_group; void (*take)(struct ask *a); } asks[] = {
	{ "create", false, take_create },
	{ "participating", false, take_participating },
	{ "leave", false, take_leave },
	{ "invite", false, take_invite_code },
	{ "query", true, take_query },
	{ "add", true, take_change },
	{ "remove", true, take_change },
	{ "promote", true, take_change },
	{ "demote", true, take_change },
	{ "subject", true, take_subject },
	{ "description", true, take_description },
	{ "announcement", true, take_setting },
	{ "not_announcement", true, take_setting },
	{ "locked", true, take_setting },
	{ "unlocked", true, take_setting },
	{ "member_add_mode", true, take_setting },
	{ "membership_approval_mode", true, take_setting },
	{ "ephemeral", true, take_setting },
	{ "not_ephemeral", true, take_setting },
	{ "invite", true, take_invite },
	{ "accept", true, take_accept },
	{ "membership_approval_requests", true, take_requests },
	{ "membership_requests_action", true, take_decision },
};

void sim_take_group(struct sim_device *d, const struct node *iq)
{
	struct ask a = { .sim = d->phone->sim, .device = d, .who = d->phone, .iq = iq,
		.what = iq->first, .answer = sim_result(d, iq) };
	struct jid to;
	bool of_group = node_jid(iq, "to", &to) && to.user.len;

	if (of_group) {
		a.group = sim_group_find(a.sim, to.user);
		if (!a.group) {
			refuse(&a, 404, "item-not-found");
			return;
		}
		a.member = sim_group_member(a.group, a.who);
	}
	a.sim->changes++;
	for (size_t i = 0; a.what && i < COUNT_OF(asks); i++)
		if (asks[i].of_group == of_group && node_is(a.what, asks[i].tag)) {
			asks[i].take(&a);
			return;
		}
	refuse(&a, 400, "bad-request");
}
