/*
 * contact.h: people: names, pictures, about texts, businesses, and whom we block.
 *
 * Pairs as request.h says; what comes by itself is told by WA_EVENT_CONTACT (of groups' pictures:
 * WA_EVENT_GROUP). Nothing of it is kept here: the caller's address book is the place.
 * Source: docs/protocol/linked-device-2-messaging.md §9.1–§9.7.
 */
#ifndef WA_CLIENT_CONTACT_H
#define WA_CLIENT_CONTACT_H

#include "wa/client/client.h"
#include "wa/client/request.h"

#define WA_ABOUT_MAX 139
#define WA_PICTURE_MAX (1u << 20)       /* octets of a JPEG */
#define WA_WEBSITES_MAX 2

enum wa_contact_part {
	WA_CONTACT_ABOUT = 1,
	WA_CONTACT_PICTURE = 2,         /* picture_id; empty: removed; none: ask for it */
	WA_CONTACT_VERIFIED = 4,        /* verified_name; none: ask for it */
	WA_CONTACT_BUSINESS = 8,        /* the business profile changed: ask for it */
	WA_CONTACT_BLOCKED = 16,        /* is_blocked */
	WA_CONTACT_BLOCK_LIST = 32,     /* the whole list changed: ask for it */
	WA_CONTACT_PRIVACY = 64,        /* our own settings changed: ask for them */
};

/* WA_EVENT_CONTACT. Own account: blocks and privacy. */
struct wa_contact {
	struct jid jid;                 /* bare */
	struct wa_names names;
	unsigned told;                  /* which of the following are */
	str about, picture_id, verified_name;
	bool is_blocked;
	int64_t t_ms;
};
struct wa_contacts { struct wa_contact *items; size_t count; };
/* Of the notifications picture, status, business and account_sync. A group's picture: *of_group. */
struct wa_group_change;
void wa_contact_read_notification(struct arena *arena, const struct node *notification,
	struct wa_contacts *out, struct wa_group_change **of_group);

/* The best name of those that are known, each may be none (§9.1); none at all: STR_NONE. */
struct wa_person_names { str full, first, verified, push, username; };
str wa_contact_name(const struct wa_person_names *names);

/* ---- pictures ---- */

/* of: a person or a group. token: not for ourselves. known_id: that we have, or none. */
struct wa_picture_ask { struct jid of; bool is_full; str known_id; bytes token; };
struct node *wa_picture_request(struct arena *arena, const struct wa_picture_ask *ask);
struct wa_picture { str id, url, direct_path; bool is_same, is_none; };
/* ERR_DENIED: hidden; ERR_MISSING and is_none: there is none. The URL ends soon. */
enum err wa_picture_read(struct arena *arena, const struct node *iq, struct wa_picture *out);
/* group: NULL for ourselves. jpeg: square, 640 pixels; BYTES_NONE removes it. */
struct node *wa_picture_set_request(struct arena *arena, const struct jid *group, bytes jpeg);

/* ---- about, business, privacy ---- */

struct node *wa_about_set_request(struct arena *arena, str about);

struct wa_business {
	str address, description, email, category;
	str websites[WA_WEBSITES_MAX];
	size_t website_count;
};
struct node *wa_business_request(struct arena *arena, const struct jid *jid);
/* ERR_MISSING: no business. */
enum err wa_business_read(struct arena *arena, const struct node *iq, struct wa_business *out);
/* Texts without pointer stay as they are; so do websites when there are none. */
struct node *wa_business_set_request(struct arena *arena, const struct wa_business *draft);

struct node *wa_blocked_request(struct arena *arena);
enum err wa_blocked_read(struct arena *arena, const struct node *iq, struct wa_names **out,
	size_t *count);
struct node *wa_block_request(struct arena *arena, const struct wa_names *who, bool block);

/* last, online, profile, status, readreceipts, groupadd, calladd, messages, …: all, contacts, … */
struct wa_privacy { str name, value; };
struct node *wa_privacy_request(struct arena *arena);
enum err wa_privacy_read(struct arena *arena, const struct node *iq, struct wa_privacy **out,
	size_t *count);
struct node *wa_privacy_set_request(struct arena *arena, const struct wa_privacy *setting);
/* Of new chats; 0: off. */
struct node *wa_ephemeral_default_request(struct arena *arena, int64_t seconds);

/* ---- presence ---- */

/* To be sent as it is, and again after each connection; no answer comes. */
struct node *wa_presence_subscribe(struct arena *arena, const struct jid *to, bytes token);

/* ---- what the network forbids us (§9.12) ---- */

/* WA_EVENT_RESTRICTED. */
struct wa_restriction {
	/* "reachout_timelock": no new conversations; "message_capping": few new ones. */
	str kind;
	bool is_active;
	int64_t until_ms;       /* 0: not told */
	str detail;             /* the network's own word: its type or state */
	int64_t quota, used;    /* new conversations; -1: not told */
};
/* false: a mex notification of something else. */
bool wa_restriction_read(struct arena *arena, const struct node *notification,
	struct wa_restriction *out);

#endif
