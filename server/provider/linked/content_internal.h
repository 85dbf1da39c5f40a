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
/* A number, when it is there. */
void linked_say_number(struct reading *r, const char *key, bool has, int64_t n);
/* Digits (or the name of a group) of a jid; STR_NONE of what is none. */
str linked_jid_user(const char *jid);

/* ---- content_kind_choice.c: rows of its table ---- */

enum message_kind linked_read_order(struct reading *r);
enum message_kind linked_read_product(struct reading *r);
enum message_kind linked_read_buttons(struct reading *r);
enum message_kind linked_read_list(struct reading *r);
enum message_kind linked_read_interactive(struct reading *r);
enum message_kind linked_read_template(struct reading *r);
enum message_kind linked_read_buttons_response(struct reading *r);
enum message_kind linked_read_list_response(struct reading *r);
enum message_kind linked_read_template_reply(struct reading *r);
enum message_kind linked_read_flow_response(struct reading *r);

/* ---- content_card.c ---- */

/* Appends one contact, as the Cloud API has it, of a vCard. */
void linked_card_read(struct arena *arena, struct buf *out, str vcard, str name);
/* A vCard of one contact of the Cloud API's. */
str linked_card_write(struct arena *arena, json contact);
/* How it is called. */
str linked_card_name(json contact);

#endif
