/*
 * usync.h: one question about many people: are they here, on which devices, who are they?
 *
 * At most WA_USYNC_MAX in one question; ask in small batches, seconds apart, and keep the answers
 * for days: questions in loops are answered with 429, then by logging out.
 * Source: docs/protocol/linked-device-2-messaging.md §2.1.
 */
#ifndef WA_CLIENT_USYNC_H
#define WA_CLIENT_USYNC_H

#include "wa/client/request.h"

#define WA_USYNC_MAX 250

enum wa_usync_part {
	WA_USYNC_DEVICES = 1,
	WA_USYNC_CONTACT = 2,   /* by phone: is there an account? */
	WA_USYNC_LID = 4,
	WA_USYNC_ABOUT = 8,
	WA_USYNC_PICTURE = 16,
	WA_USYNC_BUSINESS = 32, /* the verified name */
	WA_USYNC_EPHEMERAL = 64,
	WA_USYNC_USERNAME = 128,
};
/* What the usual questions ask for, each with its mode and context. */
enum wa_usync_for { WA_USYNC_FOR_SENDING, WA_USYNC_FOR_EXISTENCE, WA_USYNC_FOR_INFO };

/* jid, or phone: digits alone. token: the privacy token that we have of this person, or none. */
struct wa_usync_user { struct jid jid; str phone; bytes token; };
struct wa_usync {
	enum wa_usync_for purpose;
	unsigned parts;         /* 0: those of the purpose */
	str sid;                /* unique: the id of the request will do */
	const struct wa_usync_user *users;
	size_t count;
};
struct node *wa_usync_request(struct arena *arena, const struct wa_usync *usync);

/* Of one person. A part that was refused is like one that was not asked for. */
struct wa_usync_result {
	struct jid jid;         /* as the server names it */
	struct wa_names names;
	unsigned told;          /* enum wa_usync_part */
	bool is_here;           /* CONTACT */
	str phone;              /* CONTACT: what was asked for, digits */
	str about;              /* empty: none */
	int64_t about_ms, ephemeral_s;
	bool is_about_hidden;
	str picture_id, verified_name, username;
	const struct node *devices; /* <devices>: client_address.c reads it */
};
enum err wa_usync_read(struct arena *arena, const struct node *iq, struct wa_usync_result **out,
	size_t *count);

/* The name that a certificate vouches for; none: it does not read. */
str wa_verified_name_read(struct arena *arena, bytes certificate);

#endif
