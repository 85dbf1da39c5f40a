/* group_record.c: what is kept of a group; see group.h. */
#include "wa/client/group_internal.h"

#include "wa/proto/proto.h"
#include "wa_group.pb-c.h"

#define RECORD_VERSION 1
#define RECORD_MAX (4u << 20)

struct jid group_address(const struct wa_names *names, bool is_lid)
{
	const struct jid *first = is_lid ? &names->lid : &names->pn;

	return first->user.len ? *first : is_lid ? names->pn : names->lid;
}

static char *text_of(struct arena *arena, str s)
{
	return s.len ? (char *)arena_cstr(arena, s) : NULL;
}

static Wa__GroupMemberRecord **pack_members(struct arena *arena, const struct wa_group *group)
{
	size_t count = group->member_count;
	Wa__GroupMemberRecord **list = ARENA_ARRAY(arena, Wa__GroupMemberRecord *, count);

	for (size_t i = 0; i < count; i++) {
		const struct wa_member *m = &group->members[i];

		list[i] = ARENA_NEW(arena, Wa__GroupMemberRecord);
		wa__group_member_record__init(list[i]);
		list[i]->lid = text_of(arena, m->names.lid.user);
		list[i]->pn = text_of(arena, m->names.pn.user);
		PROTO_SET(list[i], is_admin, m->is_admin);
		PROTO_SET(list[i], is_owner, m->is_owner);
	}
	return list;
}

static void pack_settings(const struct wa_group *group, Wa__GroupRecord *r)
{
	PROTO_SET(r, is_lid, group->is_lid);
	PROTO_SET(r, is_announce, group->is_announce);
	PROTO_SET(r, is_locked, group->is_locked);
	PROTO_SET(r, is_approval, group->is_approval);
	PROTO_SET(r, is_open, group->is_open);
	PROTO_SET(r, is_community, group->is_community);
	PROTO_SET(r, is_suspended, group->is_suspended);
	PROTO_SET(r, ephemeral_s, group->ephemeral_s);
	PROTO_SET(r, created_ms, group->created_ms);
	PROTO_SET(r, version, RECORD_VERSION);
}

static bytes pack(struct arena *arena, const struct wa_group *group)
{
	Wa__GroupRecord r = WA__GROUP_RECORD__INIT;
	str owner = jid_text(arena, &group->owner), parent = jid_text(arena, &group->parent);

	r.subject = text_of(arena, group->subject);
	r.description = text_of(arena, group->description);
	r.description_id = text_of(arena, group->description_id);
	r.owner = group->owner.user.len ? text_of(arena, owner) : NULL;
	r.parent = group->parent.user.len ? text_of(arena, parent) : NULL;
	r.members = pack_members(arena, group);
	r.n_members = group->member_count;
	pack_settings(group, &r);
	return proto_bytes(arena, &r);
}

static void unpack_settings(const Wa__GroupRecord *r, struct wa_group *out)
{
	out->is_lid = r->is_lid;
	out->is_announce = r->is_announce;
	out->is_locked = r->is_locked;
	out->is_approval = r->is_approval;
	out->is_open = r->is_open;
	out->is_community = r->is_community;
	out->is_suspended = r->is_suspended;
	out->ephemeral_s = r->ephemeral_s;
	out->created_ms = r->created_ms;
}

static const struct wa_member *unpack_members(struct arena *arena, const Wa__GroupRecord *r)
{
	struct wa_member *members = ARENA_ARRAY(arena, struct wa_member, r->n_members);

	for (size_t i = 0; i < r->n_members; i++) {
		const Wa__GroupMemberRecord *from = r->members[i];
		struct wa_member *m = &members[i];

		if (from->lid)
			m->names.lid =
				(struct jid){ str_of(from->lid), JID_SERVER_LID, .device = 0 };
		if (from->pn)
			m->names.pn = (struct jid){ str_of(from->pn), JID_SERVER_PN, .device = 0 };
		m->jid = group_address(&m->names, r->is_lid);
		m->is_admin = from->is_admin;
		m->is_owner = from->is_owner;
	}
	return members;
}

static enum err unpack(struct arena *arena, bytes record, struct wa_group *out)
{
	const Wa__GroupRecord *r = PROTO_UNPACK(arena, Wa__GroupRecord, wa__group_record, record);

	if (!r || r->version != RECORD_VERSION)
		return ERR_CORRUPT;
	out->subject = str_of(r->subject);
	out->description = str_of(r->description);
	out->description_id = str_of(r->description_id);
	if (r->owner && !jid_read(str_of(r->owner), &out->owner))
		return ERR_CORRUPT;
	if (r->parent && !jid_read(str_of(r->parent), &out->parent))
		return ERR_CORRUPT;
	unpack_settings(r, out);
	out->members = unpack_members(arena, r);
	out->member_count = out->size = r->n_members;
	return OK;
}

static str key_of(struct arena *arena, const struct jid *jid)
{
	struct jid bare = wa_bare(jid);

	return jid_text(arena, &bare);
}

enum err wa_group_load(const struct wa_store *store, struct arena *arena, const struct jid *jid,
	struct wa_group *out)
{
	bytes record;

	*out = (struct wa_group){ .jid = wa_bare(jid) };
	TRY(store->get(store->arg, WA_RECORD_GROUP, key_of(arena, jid), arena, &record));
	return unpack(arena, record, out);
}

enum err wa_group_save(const struct wa_store *store, struct arena *arena,
	const struct wa_group *group)
{
	bytes record = pack(arena, group);

	if (record.len > RECORD_MAX)
		return ERR_LIMIT;
	return store->put(store->arg, WA_RECORD_GROUP, key_of(arena, &group->jid), record);
}

enum err wa_group_forget(const struct wa_store *store, struct arena *arena, const struct jid *jid)
{
	return store->erase(store->arg, WA_RECORD_GROUP, key_of(arena, jid));
}

static bool is_same(const struct jid *known, const struct jid *who)
{
	return known->user.len && str_is(known->user, who->user) &&
	       str_is(known->server, who->server);
}

const struct wa_member *wa_group_member(const struct wa_group *group, const struct jid *who)
{
	struct jid bare = wa_bare(who);

	for (size_t i = 0; i < group->member_count; i++)
		if (is_same(&group->members[i].names.lid, &bare) ||
			is_same(&group->members[i].names.pn, &bare))
			return &group->members[i];
	return NULL;
}
