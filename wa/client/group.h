/*
 * group.h: groups: who is in one, how it is addressed, and how it is managed.
 *
 *	notification w:gp2 ─► wa_group_take() ─► record, changes to tell
 *	X_request() ─► wa_client_request() ─► WA_EVENT_ANSWER ─► X_read()
 *
 * What is kept of a group (WA_RECORD_GROUP, key: text of its jid) is what each message to it needs:
 * asking the server again for every message is the main cause of its 429. It is made of an answer
 * (wa_group_save), follows the notifications, and is dropped (wa_group_forget) when the server's
 * phash differs from ours. When wa_group_changes.someone_left is set, our sender key for the group
 * must be made anew before the next message: who left still has the old one.
 *
 * Pure but for the store that is given. Source: docs/protocol/linked-device-2-messaging.md §9.8.
 */
#ifndef WA_CLIENT_GROUP_H
#define WA_CLIENT_GROUP_H

#include "wa/client/client.h"
#include "wa/client/request.h"

#define WA_GROUP_SUBJECT_MAX 100
#define WA_GROUP_DESCRIPTION_MAX 2048
#define WA_GROUP_LINK S("https://chat.whatsapp.com/")

struct wa_member {
	struct jid jid;         /* as the group addresses it, bare: to write to */
	struct wa_names names;  /* what is known of both; user empty: not known */
	bool is_admin, is_owner;
	str name;               /* a masked number or a username, or none; not kept */
	/* Of an answer to a change of members: 0, or 403 wants an invitation (then code and until),
	 * 408 left a moment ago, 409 is in already, 404 no account, … */
	int error;
	str invite_code;
	int64_t invite_until_ms;
};

struct wa_group {
	struct jid jid;
	bool is_lid;            /* members are addressed by hidden id: our own sender jid, too */
	str subject, description, description_id;
	struct jid owner, parent;
	int64_t created_ms, ephemeral_s;
	bool is_announce;       /* only admins write */
	bool is_locked;         /* only admins change subject, picture, … */
	bool is_approval;       /* who joins by link waits for an admin */
	bool is_open;           /* every member may add others */
	bool is_community, is_suspended;
	const struct wa_member *members;
	size_t member_count, size; /* size: as the server counts */
};

/* ---- what is kept ---- */

/* ERR_MISSING: not known; ask with wa_group_get_request. ERR_CORRUPT. */
enum err wa_group_load(const struct wa_store *store, struct arena *arena, const struct jid *jid,
	struct wa_group *out);
enum err wa_group_save(const struct wa_store *store, struct arena *arena,
	const struct wa_group *group);
enum err wa_group_forget(const struct wa_store *store, struct arena *arena, const struct jid *jid);
/* NULL: not a member. Either name of the person will do; device and all are passed over. */
const struct wa_member *wa_group_member(const struct wa_group *group, const struct jid *who);

/* ---- what happens ---- */

enum wa_group_event {
	WA_GROUP_OTHER,         /* something that we have no word for: text is its tag */
	WA_GROUP_CREATED,       /* group is set; text: why we learn of it, or none */
	WA_GROUP_ADDED,         /* members; text: "invite" by link, … or none */
	WA_GROUP_REMOVED,       /* members; one who is `who` left by himself */
	WA_GROUP_PROMOTED,      /* members */
	WA_GROUP_DEMOTED,       /* members */
	WA_GROUP_MOVED,         /* `who` has the number or hidden id of members[0] now */
	WA_GROUP_SUBJECT,       /* text */
	WA_GROUP_DESCRIPTION,   /* text; empty: removed. id */
	WA_GROUP_ANNOUNCE,      /* is_on */
	WA_GROUP_LOCKED,        /* is_on */
	WA_GROUP_EPHEMERAL,     /* value: seconds, 0 off */
	WA_GROUP_OPEN,          /* is_on: all members may add */
	WA_GROUP_APPROVAL,      /* is_on */
	WA_GROUP_ASKED,         /* members ask to join */
	WA_GROUP_UNASKED,       /* members took that back, or were refused */
	WA_GROUP_INVITE,        /* text: the new link's code */
	WA_GROUP_LINKED,        /* is_on: with a community */
	WA_GROUP_SUSPENDED,     /* is_on */
	WA_GROUP_DELETED,
	WA_GROUP_PICTURE,       /* text: its id; empty: removed */
};

/* WA_EVENT_GROUP. */
struct wa_group_change {
	enum wa_group_event event;
	struct jid jid;                 /* the group */
	struct jid who;                 /* the actor, bare; user empty: not told */
	struct wa_names who_names;
	str who_name;                   /* push name, or none */
	int64_t t_ms;
	const struct wa_member *members;
	size_t member_count;
	str text, id;
	int64_t value;
	bool is_on;
	const struct wa_group *group;
};

struct wa_group_changes {
	struct wa_group_change *items;
	size_t count;
	bool someone_left;
};
/* Reads the notification, changes the record if there is one. An error is the store's; what cannot
 * be read is passed over. */
enum err wa_group_take(const struct wa_store *store, struct arena *arena,
	const struct node *notification, struct wa_group_changes *out);
/* The two halves of that. */
void wa_group_read_changes(struct arena *arena, const struct node *notification,
	struct wa_group_changes *out);
void wa_group_apply(struct arena *arena, struct wa_group *group,
	const struct wa_group_change *change);
/* "added", "subject", …: for our own JSON. */
const char *wa_group_event_name(enum wa_group_event event);

/* ---- asking ---- */

/* Answered by a list; each may be saved. */
struct node *wa_group_list_request(struct arena *arena);
enum err wa_group_list_read(struct arena *arena, const struct node *iq, struct wa_group **out,
	size_t *count);
/* ERR_MISSING, or ERR_DENIED: we are not in it. */
struct node *wa_group_get_request(struct arena *arena, const struct jid *group);
/* Of that, of create, and of a link. */
enum err wa_group_read(struct arena *arena, const struct node *iq, struct wa_group *out);

/* token: the privacy token that we have of this person, or none. */
struct wa_invited { struct wa_names names; bytes token; };
struct wa_group_draft {
	str subject;
	str key;                /* unique: a message id */
	const struct wa_invited *members;
	size_t member_count;
	int64_t ephemeral_s;
	bool is_announce, is_locked, is_approval, is_open;
	struct jid parent;      /* of a community, or none */
};
struct node *wa_group_create_request(struct arena *arena, const struct wa_group_draft *draft);
struct node *wa_group_leave_request(struct arena *arena, const struct jid *group);

/* "add", "remove", "promote" or "demote"; one answer per member (struct wa_member.error). */
struct node *wa_group_members_request(struct arena *arena, const struct jid *group,
	const char *change, const struct wa_invited *who, size_t count);
enum err wa_group_members_read(struct arena *arena, const struct node *iq, struct wa_member **out,
	size_t *count);

struct node *wa_group_subject_request(struct arena *arena, const struct jid *group, str subject);
/* text empty: removes it. id: unique, of ours; prev: the description_id of now, or none: when it is
 * another one, the answer is ERR_CONFLICT. */
struct wa_group_text { str text, id, prev; };
struct node *wa_group_description_request(struct arena *arena, const struct jid *group,
	const struct wa_group_text *text);
/* ANNOUNCE, LOCKED, OPEN or APPROVAL; NULL for others. */
struct node *wa_group_setting_request(struct arena *arena, const struct jid *group,
	enum wa_group_event setting, bool is_on);
struct node *wa_group_ephemeral_request(struct arena *arena, const struct jid *group,
	int64_t seconds);

/* The link of now, or (renew) a new one: the old one ends. */
struct node *wa_group_link_request(struct arena *arena, const struct jid *group, bool renew);
enum err wa_group_link_read(struct arena *arena, const struct node *iq, str *link);
/* link, or its code. Whose it is (wa_group_read); ERR_MISSING revoked, ERR_INPUT none at all. */
struct node *wa_group_linked_request(struct arena *arena, str link);
struct node *wa_group_join_request(struct arena *arena, str link);
/* is_waiting: an admin must let us in first. */
enum err wa_group_join_read(const struct node *iq, struct jid *group, bool *is_waiting);
/* By a group_invite message. */
struct wa_group_invite { struct jid group, admin; str code; int64_t until_ms; };
struct node *wa_group_accept_request(struct arena *arena, const struct wa_group_invite *invite);

/* Who asks to join: members, with names alone. */
struct node *wa_group_asking_request(struct arena *arena, const struct jid *group);
enum err wa_group_asking_read(struct arena *arena, const struct node *iq, struct wa_member **out,
	size_t *count);
/* Answered as wa_group_members_read says. */
struct node *wa_group_answer_request(struct arena *arena, const struct jid *group, bool approve,
	const struct wa_names *who, size_t count);

#endif
