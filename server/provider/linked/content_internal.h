/* content_internal.h: what the files of content.h share. */
#ifndef PROVIDER_LINKED_CONTENT_INTERNAL_H
#define PROVIDER_LINKED_CONTENT_INTERNAL_H

#include "provider/linked/content.h"
#include "wa/stanza/jid.h"

/* Octets of a content as JSON: a message of WA_MESSAGE_MAX, all of it escaped. */
#define CONTENT_MAX (8u << 20)

/* One content on its way in. */
struct reading {
	struct arena *arena;
	struct linked_said *said; /* a copy */
	const Wa__Message *m;   /* unwrapped */
	struct buf b;           /* its JSON */
	bool has_media;
	struct wa_media media;
	str mime_type, file_name;
};

/* ---- content_kind.c ---- */

/* Writes the members of r->m's kind, and answers it. */
enum message_kind linked_read_kind(struct reading *r);
/* KIND_UNSUPPORTED with its reason. */
enum message_kind linked_unsupported(struct reading *r, const char *type, const char *why);
/* A text, when it is there and not empty. */
void linked_say(struct reading *r, const char *key, const char *text);
/* Digits (or the name of a group) of a jid; STR_NONE of what is none. */
str linked_jid_user(const char *jid);

/* ---- content_card.c ---- */

/* Appends one contact, as the Cloud API has it, of a vCard. */
void linked_card_read(struct arena *arena, struct buf *out, str vcard, str name);
/* A vCard of one contact of the Cloud API's. */
str linked_card_write(struct arena *arena, json contact);
/* How it is called. */
str linked_card_name(json contact);

#endif
