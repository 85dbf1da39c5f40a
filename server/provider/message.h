/*
 * message.h: the kinds of message, and the words for them.
 *
 * A message's content is the Cloud API's own object of its kind, as JSON text: text → {"body":"…"},
 * image →
 * {"id":"…","caption":"…"}, interactive → {"type":"button",…}. One vocabulary from API to provider.
 * Numbers are stored: never renumber, only add.
 */
#ifndef PROVIDER_MESSAGE_H
#define PROVIDER_MESSAGE_H

#include "base/json.h"

enum message_kind {
	KIND_UNKNOWN = 0,      /* came, and we cannot draw it; raw JSON kept as content */
	KIND_TEXT = 1,
	KIND_IMAGE = 2,
	KIND_VIDEO = 3,
	KIND_AUDIO = 4,
	KIND_VOICE = 5,        /* audio with voice:true */
	KIND_DOCUMENT = 6,
	KIND_STICKER = 7,
	KIND_LOCATION = 8,
	KIND_LIVE_LOCATION = 9,
	KIND_CONTACTS = 10,
	/* out: buttons, list, …; in: button_reply, list_reply, nfm_reply, … */
	KIND_INTERACTIVE = 11,
	KIND_BUTTON = 12,      /* in: a tap on a template's quick reply */
	KIND_TEMPLATE = 13,
	KIND_POLL = 14,
	KIND_POLL_VOTE = 15,
	KIND_ORDER = 16,
	/* in: text that asks about a product (context.referred_product) stays KIND_TEXT */
	KIND_PRODUCT = 17,
	KIND_SYSTEM = 18,      /* number changed, identity changed, … */
	KIND_UNSUPPORTED = 19, /* WhatsApp says so: content has its errors */
	KIND_REQUEST_WELCOME = 20,
	KIND_REACTION = 21,    /* never a row: shown on its message */
	KIND_MEDIA_PLACEHOLDER = 22, /* history: the media comes later, or never */
	KIND_NOTE = 23,        /* internal; never leaves */
	KIND_PIN = 24,         /* out, to groups: pins a message, or takes the pin away */
	/* Out: change what was sent, and take it back; never rows of a thread, like reactions:
	 * {"message_id","body"}, {"message_id"}. */
	KIND_EDIT = 25,
	KIND_REVOKE = 26,
	KIND_WAITING = 27,     /* in: it does not decipher yet, and was asked for again */
	KINDS
};

/* Ranks: a status only moves to a higher one. FAILED beats all but DELIVERED, READ and PLAYED, and
 * is final but for a device's own report that the message arrived after all. */
enum message_status {
	STATUS_RECEIVED = 0,     /* incoming */
	STATUS_ACCEPTED = 1,     /* in our store */
	STATUS_SENDING = 2,
	STATUS_UNCONFIRMED = 3,  /* handed over, answer lost; settled by its status report */
	STATUS_SENT = 4,         /* the network's server acknowledged */
	STATUS_DELIVERED = 5,
	STATUS_READ = 6,
	STATUS_PLAYED = 7,
	STATUS_FAILED = 8,
};

enum message_flags {
	FLAG_FORWARDED = 1,
	FLAG_FREQUENTLY_FORWARDED = 2,
	FLAG_HISTORY = 4,        /* from a history sync: opens no window, wakes no automation */
	FLAG_ECHO = 8,           /* sent by the owner from the phone */
	FLAG_WARNED = 16,        /* a failure came after delivery: both are shown */
	FLAG_TEMPLATE = 32,      /* of a template, also of a local one that left as text */
	FLAG_BLOCKED = 256,      /* its sender was blocked when it came: it makes no notice */
};

/* "text", "voice", …; the API's `type`. */
const char *kind_name(enum message_kind kind);
/* The Cloud API's type word for it: "audio" for KIND_VOICE; the others as kind_name. */
const char *kind_cloud_type(enum message_kind kind);
/* KIND_UNKNOWN for words that are not known. */
enum message_kind kind_parse(str name);
/* What is done to another message, shown on it and in no thread: reaction, edit, revoke. */
bool kind_is_change(enum message_kind kind);
bool kind_is_media(enum message_kind kind); /* image, video, audio, voice, document, sticker */
const char *status_name(enum message_status status);
/* May a message in `from` become `to`? The one table of the forward-only rule. */
bool status_may_become(enum message_status from, enum message_status to);

#endif
