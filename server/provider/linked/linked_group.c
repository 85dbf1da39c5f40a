/* linked_group.c: management calls of groups; see linked_people.h. */
#include "base/codec.h"
#include "provider/linked/linked_people.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"

#include "crypto/crypto.h"

/* ---- reading and writing ---- */

static enum err read_group(struct linked_asked *a, struct jid *out)
{
	(void)linked_read_group(a->job, json_field(a->parameters, "group"), "group", out);
	return job_check_fields(a->job);
}

static enum err ask(struct linked_asked *a, struct node *iq, const struct node **answer)
{
	return linked_ask(a->job, a->ch->id, iq, answer);
}

/* Of an answer that must be read: what went wrong, for people. */
#define READ(call, answer)                                              \
	do {                                                            \
		enum err read_ = (call);                                \
		if (read_ != OK)                                        \
			return linked_refused(a->job, read_, answer); \
	} while (0)

static str unique_id(struct job *job)
{
	uint8_t random[16];

	crypto_random(random, sizeof random);
	return wa_message_id(job->arena, (bytes){ random, sizeof random });
}

static void put_member(struct linked_asked *a, const struct wa_member *m)
{
	json_open(a->out, '{');
	linked_put_names(a->job, a->out, &m->names);
	json_put(a->out, "name", m->name.len ? m->name : STR_NONE);
	json_put_bool(a->out, "is_admin", m->is_admin);
	json_put_bool(a->out, "is_owner", m->is_owner);
	json_close(a->out, '}');
}

/* The inside of the object. */
static void put_group(struct linked_asked *a, const struct wa_group *g, bool with_members)
{
	struct buf *out = a->out;

	json_put(out, "id", jid_text(a->job->arena, &g->jid));
	json_put(out, "subject", g->subject);
	json_put(out, "description", g->description.len ? g->description : STR_NONE);
	json_put_ms(out, "created_ms", g->created_ms);
	json_put(out, "addressing", g->is_lid ? S("lid") : S("phone"));
	json_put_bool(out, "announce", g->is_announce);
	json_put_bool(out, "locked", g->is_locked);
	json_put_bool(out, "approval", g->is_approval);
	json_put_bool(out, "open", g->is_open);
	json_put_bool(out, "is_community", g->is_community);
	json_put_int(out, "ephemeral_seconds", g->ephemeral_s);
	json_put_int(out, "size", (int64_t)g->size);
	if (with_members) {
		json_open_in(out, "members", '[');
		for (size_t i = 0; i < g->member_count; i++)
			put_member(a, &g->members[i]);
		json_close(out, ']');
	}
}

static void put_group_in(struct linked_asked *a, const char *key, const struct wa_group *g,
	bool with_members)
{
	json_open_in(a->out, key, '{');
	put_group(a, g, with_members);
	json_close(a->out, '}');
}

static str member_error(int error)
{
	switch (error) {
	case 0:
		return STR_NONE;
	case 403:
		return S("wants_invitation");
	case 404:
		return S("no_account");
	case 408:
		return S("left_recently");
	case 409:
		return S("is_member");
	default:
		return S("refused");
	}
}

/* What became of each member of a change. */
static enum err put_outcomes(struct linked_asked *a, const struct node *answer)
{
	struct wa_member *members;
	size_t count;

	READ(wa_group_members_read(a->job->arena, answer, &members, &count), answer);
	json_open_in(a->out, "members", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(a->out, '{');
		linked_put_names(a->job, a->out, &members[i].names);
		json_put(a->out, "error", member_error(members[i].error));
		json_put(a->out, "invite_code",
			members[i].invite_code.len ? members[i].invite_code : STR_NONE);
		json_close(a->out, '}');
	}
	json_close(a->out, ']');
	return OK;
}

/* ---- looking ---- */

enum err linked_group_list(struct linked_asked *a)
{
	const struct node *answer;
	struct wa_group *groups;
	size_t count;

	TRY(ask(a, wa_group_list_request(a->job->arena), &answer));
	READ(wa_group_list_read(a->job->arena, answer, &groups, &count), answer);
	json_open_in(a->out, "groups", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(a->out, '{');
		put_group(a, &groups[i], false);
		json_close(a->out, '}');
	}
	json_close(a->out, ']');
	return OK;
}

static enum err fetch_group(struct linked_asked *a, const struct jid *jid, struct wa_group *out)
{
	const struct node *answer;

	TRY(ask(a, wa_group_get_request(a->job->arena, jid), &answer));
	READ(wa_group_read(a->job->arena, answer, out), answer);
	return OK;
}

enum err linked_group_get(struct linked_asked *a)
{
	struct wa_group group;
	struct jid jid;
	str picture;

	TRY(read_group(a, &jid));
	TRY(fetch_group(a, &jid, &group));
	TRY(linked_picture_find(a->job, a->ch->id, &jid, &picture));
	json_open_in(a->out, "group", '{');
	put_group(a, &group, true);
	json_put(a->out, "picture_url", picture.len ? picture : STR_NONE);
	json_close(a->out, '}');
	return OK;
}

enum err linked_group_asking(struct linked_asked *a)
{
	const struct node *answer;
	struct wa_member *members;
	struct jid jid;
	size_t count;

	TRY(read_group(a, &jid));
	TRY(ask(a, wa_group_asking_request(a->job->arena, &jid), &answer));
	READ(wa_group_asking_read(a->job->arena, answer, &members, &count), answer);
	json_open_in(a->out, "requests", '[');
	for (size_t i = 0; i < count; i++)
		put_member(a, &members[i]);
	json_close(a->out, ']');
	return OK;
}

/* ---- making and changing ---- */

static struct wa_invited *invited(struct job *job, const struct linked_persons *persons)
{
	struct wa_invited *list = ARENA_ARRAY(job->arena, struct wa_invited, persons->count);

	for (size_t i = 0; i < persons->count; i++)
		list[i].names = persons->items[i];
	return list;
}

enum err linked_group_create(struct linked_asked *a)
{
	json p = a->parameters;
	struct wa_group_draft draft = { .subject = json_text_at(p, "subject"),
		.key = unique_id(a->job),
		.ephemeral_s = json_int(json_field(p, "ephemeral_seconds"), 0),
		.is_announce = json_flag(json_field(p, "announce"), false),
		.is_locked = json_flag(json_field(p, "locked"), false),
		.is_approval = json_flag(json_field(p, "approval"), false),
		.is_open = json_flag(json_field(p, "open"), false) };
	struct linked_persons members;
	const struct node *answer;
	struct wa_group group;

	(void)linked_read_persons(a->job, json_field(p, "members"), "members", &members);
	TRY(job_check_fields(a->job));
	draft.members = invited(a->job, &members);
	draft.member_count = members.count;
	TRY(ask(a, wa_group_create_request(a->job->arena, &draft), &answer));
	READ(wa_group_read(a->job->arena, answer, &group), answer);
	put_group_in(a, "group", &group, true);
	return OK;
}

enum err linked_group_subject(struct linked_asked *a)
{
	const struct node *answer;
	struct jid jid;

	TRY(read_group(a, &jid));
	return ask(a,
		wa_group_subject_request(a->job->arena, &jid,
			json_text_at(a->parameters, "subject")),
		&answer);
}

/* The network wants to be told which description is replaced. */
enum err linked_group_description(struct linked_asked *a)
{
	struct wa_group_text text = { .text = json_text_at(a->parameters, "description"),
		.id = unique_id(a->job) };
	const struct node *answer;
	struct wa_group group;
	struct jid jid;

	TRY(read_group(a, &jid));
	TRY(fetch_group(a, &jid, &group));
	text.prev = group.description_id;
	return ask(a, wa_group_description_request(a->job->arena, &jid, &text), &answer);
}

static enum err change_members(struct linked_asked *a, const char *change)
{
	struct linked_persons members;
	const struct node *answer;
	struct jid jid;

	(void)linked_read_persons(a->job, json_field(a->parameters, "members"), "members",
		&members);
	TRY(read_group(a, &jid));
	TRY(ask(a,
		wa_group_members_request(a->job->arena, &jid, change, invited(a->job, &members),
			members.count),
		&answer));
	return put_outcomes(a, answer);
}

enum err linked_group_add(struct linked_asked *a)
{
	return change_members(a, "add");
}

enum err linked_group_remove(struct linked_asked *a)
{
	return change_members(a, "remove");
}

enum err linked_group_promote(struct linked_asked *a)
{
	return change_members(a, "promote");
}

enum err linked_group_demote(struct linked_asked *a)
{
	return change_members(a, "demote");
}

enum err linked_group_settings(struct linked_asked *a)
{
	static const struct { const char *name; enum wa_group_event setting; } flags[] = {
		{ "announce", WA_GROUP_ANNOUNCE },
		{ "locked", WA_GROUP_LOCKED },
		{ "approval", WA_GROUP_APPROVAL },
		{ "open", WA_GROUP_OPEN },
	};
	json seconds = json_field(a->parameters, "ephemeral_seconds");
	const struct node *answer;
	struct jid jid;

	TRY(read_group(a, &jid));
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		json flag = json_field(a->parameters, flags[i].name);

		if (json_kind(flag) == JSON_BOOL)
			TRY(ask(a,
				wa_group_setting_request(a->job->arena, &jid, flags[i].setting,
					json_flag(flag, false)),
				&answer));
	}
	if (seconds)
		TRY(ask(a,
			wa_group_ephemeral_request(a->job->arena, &jid, json_int(seconds, 0)),
			&answer));
	return OK;
}

enum err linked_group_leave(struct linked_asked *a)
{
	const struct node *answer;
	struct jid jid;

	TRY(read_group(a, &jid));
	return ask(a, wa_group_leave_request(a->job->arena, &jid), &answer);
}

/* ---- links and who asks to join ---- */

static enum err link_of(struct linked_asked *a, bool renew)
{
	const struct node *answer;
	struct jid jid;
	str link;

	TRY(read_group(a, &jid));
	TRY(ask(a, wa_group_link_request(a->job->arena, &jid, renew), &answer));
	READ(wa_group_link_read(a->job->arena, answer, &link), answer);
	json_put(a->out, "link", link);
	return OK;
}

enum err linked_group_link(struct linked_asked *a)
{
	return link_of(a, false);
}

enum err linked_group_renew_link(struct linked_asked *a)
{
	return link_of(a, true);
}

enum err linked_group_linked(struct linked_asked *a)
{
	str link = json_text_at(a->parameters, "link");
	const struct node *answer;
	struct wa_group group;

	TRY(ask(a, wa_group_linked_request(a->job->arena, link), &answer));
	READ(wa_group_read(a->job->arena, answer, &group), answer);
	put_group_in(a, "group", &group, true);
	return OK;
}

enum err linked_group_join(struct linked_asked *a)
{
	str link = json_text_at(a->parameters, "link");
	const struct node *answer;
	struct jid jid;
	bool is_waiting;

	TRY(ask(a, wa_group_join_request(a->job->arena, link), &answer));
	READ(wa_group_join_read(answer, &jid, &is_waiting), answer);
	json_put(a->out, "group_id", jid_text(a->job->arena, &jid));
	json_put_bool(a->out, "is_waiting", is_waiting);
	return OK;
}

static enum err answer_requests(struct linked_asked *a, bool approve)
{
	struct linked_persons members;
	const struct node *answer;
	struct jid jid;

	(void)linked_read_persons(a->job, json_field(a->parameters, "members"), "members",
		&members);
	TRY(read_group(a, &jid));
	TRY(ask(a,
		wa_group_answer_request(a->job->arena, &jid, approve, members.items,
			members.count),
		&answer));
	return put_outcomes(a, answer);
}

enum err linked_group_approve(struct linked_asked *a)
{
	return answer_requests(a, true);
}

enum err linked_group_reject(struct linked_asked *a)
{
	return answer_requests(a, false);
}

/* ---- pictures ---- */

static enum err read_picture(struct linked_asked *a, bytes *out)
{
	str text = json_text_at(a->parameters, "jpeg_base64");
	struct buf picture = buf_in(a->job->arena, WA_PICTURE_MAX);

	*out = BYTES_NONE;
	if (!text.len)
		return OK;
	if (!base64_read(text, &picture) || picture.failed || picture.len < 3 ||
		memcmp(picture.ptr, "\xff\xd8\xff", 3) != 0)
		field_error(a->job, S("jpeg_base64"), S("invalid"),
			S("A JPEG picture in base64, at most 1 MiB."));
	*out = buf_bytes(&picture);
	return job_check_fields(a->job);
}

static enum err set_picture(struct linked_asked *a, const struct jid *of)
{
	const struct node *answer;
	bytes picture;

	TRY(read_picture(a, &picture));
	return ask(a, wa_picture_set_request(a->job->arena, of, picture), &answer);
}

enum err linked_group_picture(struct linked_asked *a)
{
	struct jid jid;

	TRY(read_group(a, &jid));
	return set_picture(a, &jid);
}

enum err linked_picture_set(struct linked_asked *a)
{
	return set_picture(a, NULL);
}
