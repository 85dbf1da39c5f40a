/*
 * jid.h: who is meant: user[:device]@server.
 *
 * A jid borrows its texts. Device 0 is the phone (or the whole account). Several servers name one
 * person: s.whatsapp.net by phone number, lid by a hidden id.
 * Source: docs/protocol/linked-device-1-transport.md §4.6.
 */
#ifndef WA_STANZA_JID_H
#define WA_STANZA_JID_H

#include "base/arena.h"

#define JID_SERVER_PN S("s.whatsapp.net")
#define JID_SERVER_LID S("lid")
#define JID_SERVER_GROUP S("g.us")
#define JID_SERVER_BROADCAST S("broadcast")
#define JID_SERVER_HOSTED S("hosted")
#define JID_SERVER_HOSTED_LID S("hosted.lid")
#define JID_SERVER_MSGR S("msgr")
#define JID_SERVER_INTEROP S("interop")

struct jid {
	str user, server;       /* user may be empty: the server itself */
	uint16_t device;
	uint16_t integrator;    /* interop alone */
	uint8_t agent;          /* a domain octet that we do not know, kept as it came */
};

/* s.whatsapp.net itself: whom most requests go to. */
extern const struct jid jid_server;

bool jid_is(const struct jid *a, const struct jid *b); /* device and all */
/* The same account, whatever the device. */
bool jid_is_account(const struct jid *a, const struct jid *b);

/* "user.agent:device@server", without what is 0; the bare server when there is no user;
 * "integrator-user:device@interop". */
str jid_text(struct arena *arena, const struct jid *jid);
/* Reads any of these; a text without @ is a server. false: a device or agent that is no number.
 * Borrows from text. */
bool jid_read(str text, struct jid *out);

#endif
