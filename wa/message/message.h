/*
 * message.h: what is said end to end: looking into a Message, and making one.
 *
 *	describe.c  what the stanza around it says of it
 *	unwrap.c    the content inside its wrappers, and its context
 *	build.c     replies, reactions, edits, polls, … and what is added to any message
 *	addon.c     votes and others that are enciphered with the secret of the message they belong
 * to token.c     reporting token, privacy tokens card.c      contact cards
 *
 * Pure: no store, no clock, no random; those come as arguments. What comes out lives in the arena
 * and points into what went in, so that must live as long. Fields that our protos do not know stay
 * in the messages (protobuf-c keeps them), so what is read and written again is what it was.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §3.11, §3.12, §4.2, §4.6, §5.2, §5.10, §6.
 */
#ifndef WA_MESSAGE_MESSAGE_H
#define WA_MESSAGE_MESSAGE_H

#include "base/buf.h"
#include "wa/proto/proto.h"
#include "wa_e2e.pb-c.h"

#define WA_WRAPPERS_MAX 5
#define WA_SECRET_SIZE 32 /* of a message: message_context_info.message_secret */
#define WA_ADDON_IV_SIZE 12
#define WA_POLL_OPTIONS_MAX 12
#define WA_VOTES_MAX 64 /* options of one vote that are read */
#define WA_WAVEFORM_SIZE 64

/* Numbers of the fields of Message that are contents (§6.1). */
enum wa_field {
	WA_FIELD_CONVERSATION = 1,
	WA_FIELD_SENDER_KEY = 2,
	WA_FIELD_IMAGE = 3,
	WA_FIELD_CONTACT = 4,
	WA_FIELD_LOCATION = 5,
	WA_FIELD_EXTENDED_TEXT = 6,
	WA_FIELD_DOCUMENT = 7,
	WA_FIELD_AUDIO = 8,
	WA_FIELD_VIDEO = 9,
	WA_FIELD_CALL = 10,
	WA_FIELD_PROTOCOL = 12,
	WA_FIELD_CONTACTS_ARRAY = 13,
	WA_FIELD_FAST_SENDER_KEY = 15,
	WA_FIELD_SEND_PAYMENT = 16,
	WA_FIELD_LIVE_LOCATION = 18,
	WA_FIELD_REQUEST_PAYMENT = 22,
	WA_FIELD_DECLINE_PAYMENT = 23,
	WA_FIELD_CANCEL_PAYMENT = 24,
	WA_FIELD_TEMPLATE = 25,
	WA_FIELD_STICKER = 26,
	WA_FIELD_GROUP_INVITE = 28,
	WA_FIELD_TEMPLATE_REPLY = 29,
	WA_FIELD_PRODUCT = 30,
	WA_FIELD_DEVICE_SENT = 31,
	WA_FIELD_INFO = 35,
	WA_FIELD_LIST = 36,
	WA_FIELD_VIEW_ONCE = 37,
	WA_FIELD_ORDER = 38,
	WA_FIELD_LIST_RESPONSE = 39,
	WA_FIELD_EPHEMERAL = 40,
	WA_FIELD_BUTTONS = 42,
	WA_FIELD_BUTTONS_RESPONSE = 43,
	WA_FIELD_INTERACTIVE = 45,
	WA_FIELD_REACTION = 46,
	WA_FIELD_INTERACTIVE_RESPONSE = 48,
	WA_FIELD_POLL = 49,
	WA_FIELD_POLL_UPDATE = 50,
	WA_FIELD_KEEP = 51,
	WA_FIELD_REQUEST_PHONE = 54,
	WA_FIELD_VIEW_ONCE_V2 = 55,
	WA_FIELD_ENC_REACTION = 56,
	WA_FIELD_EDITED = 58,
	WA_FIELD_VIEW_ONCE_V2_EXTENSION = 59,
	WA_FIELD_POLL_V2 = 60,
	WA_FIELD_PIN = 63,
	WA_FIELD_POLL_V3 = 64,
	WA_FIELD_PTV = 66,
	WA_FIELD_CALL_LOG = 69,
	WA_FIELD_ENC_COMMENT = 71,
	WA_FIELD_EVENT = 75,
	WA_FIELD_ENC_EVENT_RESPONSE = 76,
	WA_FIELD_COMMENT = 77,
	WA_FIELD_PLACEHOLDER = 80,
	WA_FIELD_SECRET_ENCRYPTED = 82,
	WA_FIELD_ALBUM = 83,
	WA_FIELD_STICKER_PACK = 86,
	WA_FIELD_POLL_RESULT = 88,
	WA_FIELD_POLL_V5 = 111,
	WA_FIELD_POLL_V6 = 119,
	WA_FIELD_POLL_ADD_OPTION = 121,
};

/* ---- describing: for who writes the stanza ---- */

/* Texts are literals; NULL: the attribute or child is left out. */
struct wa_outline {
	const char *type;	/* of <message>: "text", "media", "reaction", "poll", "event" */
	const char *mediatype;	/* of <enc> */
	const char *polltype;	/* of <meta>: "creation", "vote" */
	const char *event_type; /* of <meta>: "creation", "response", "edit" */
	char edit;		/* of <message>: '1', '2', '7', '8'; 0: none */
	bool is_hidden;		/* decrypt-fail="hide" on each <enc> */
	bool is_protocol;	/* of no interest to people: no privacy token is issued for it */
	bool has_report;	/* a reporting token may go along (it needs a secret) */
};
void wa_message_describe(const Wa__Message *message, struct wa_outline *out);

/* ---- looking inside ---- */

struct wa_inside {
	const Wa__Message *content;	    /* the innermost; never NULL */
	const Wa__MessageContextInfo *info; /* the outermost one there is, or NULL */
	bool is_view_once, is_ephemeral, is_edit;
	/* It was wrapped for the sender's own other devices; destination: the chat. */
	bool is_device_sent;
	str destination;
};
void wa_message_unwrap(const Wa__Message *message, struct wa_inside *out);
/* Of a content (unwrapped): its context_info, or NULL. */
const Wa__ContextInfo *wa_message_context(const Wa__Message *content);
/* enum wa_field, the number of the field that is the content, or 0: of one that we do not know, or
 * of nothing but a key. Lowest first. */
unsigned wa_message_field(const Wa__Message *content);
/* It has fields that our protos do not know, and none that they do. */
bool wa_message_is_unknown(const Wa__Message *content);
/* The text a person would read of it: body or caption; none: STR_NONE. */
str wa_message_body(const Wa__Message *content);
/* message_secret, or none. */
bytes wa_message_secret_of(const Wa__Message *message);

/* ---- making one ---- */

/* Whom a key names. Jids are texts without device. */
struct wa_target {
	str chat, id;
	str author;   /* of a message in a group that is not ours; else none */
	bool from_me; /* from our point of view */
};
Wa__MessageKey *wa_message_key(struct arena *arena, const struct wa_target *target);

/* A protobuf text: borrowed texts are not terminated. NULL of STR_NONE. */
char *wa_cstr(struct arena *arena, str text);

Wa__Message *wa_message_new(struct arena *arena);
/* `conversation`; it turns into extended text when a context is made for it. */
Wa__Message *wa_message_text(struct arena *arena, str body);
Wa__Message *wa_message_react(struct arena *arena, const struct wa_target *target, str emoji,
	int64_t t_ms);
/* now: the whole new content. */
Wa__Message *wa_message_edit(struct arena *arena, const struct wa_target *target, Wa__Message *now,
	int64_t t_ms);
/* Ours, or (from_me false) one of another as admin. */
Wa__Message *wa_message_revoke(struct arena *arena, const struct wa_target *target);
/* seconds 0 takes the pin away. */
Wa__Message *wa_message_pin(struct arena *arena, const struct wa_target *target, uint32_t seconds,
	int64_t t_ms);
/* The timer of a chat with one person: 0, 86400, 604800 or 7776000. */
Wa__Message *wa_message_timer(struct arena *arena, uint32_t seconds, int64_t t_s);

struct wa_poll {
	str name;
	const str *options;
	size_t count;	     /* 2 to WA_POLL_OPTIONS_MAX */
	unsigned selectable; /* 0: any number; 1: one */
};
/* A secret must be put in before it goes out: wa_message_put_secret(). */
Wa__Message *wa_message_poll(struct arena *arena, const struct wa_poll *poll);
/* The poll in it, of whatever version, or NULL. */
const Wa__PollCreationMessage *wa_message_poll_of(const Wa__Message *content);

struct wa_button {
	str id, title;
};
Wa__Message *wa_message_buttons(struct arena *arena, str body, str footer,
	const struct wa_button *buttons, size_t count);
struct wa_row {
	str section, id, title, description;
}; /* rows of one section in a row */
struct wa_list {
	str title, body, footer, button;
	const struct wa_row *rows;
	size_t count;
};
Wa__Message *wa_message_list(struct arena *arena, const struct wa_list *list);

/* view_once_message_v2 around an image, video or voice note; the flag inside, too. */
Wa__Message *wa_message_view_once(struct arena *arena, Wa__Message *media);
/* A document that has a caption goes inside a wrapper of its own; others stay as they are. */
Wa__Message *wa_message_wrap_document(struct arena *arena, Wa__Message *message);

/* ---- added to a message ---- */

/* The context of whatever is inside, made if there is none; NULL: that kind has none. */
Wa__ContextInfo *wa_message_context_make(struct arena *arena, Wa__Message *message);
struct wa_quote {
	str id, author;		    /* author: jid without device */
	const Wa__Message *message; /* what is quoted; its own quote is left out */
	str chat;		    /* only when it is another one */
};
void wa_message_quote(struct arena *arena, Wa__Message *message, const struct wa_quote *quote);
void wa_message_mention(struct arena *arena, Wa__Message *message, const str *jids, size_t count);
/* As forwarded once more; drops the quote. */
void wa_message_forward(struct arena *arena, Wa__Message *message);
/* In a chat whose messages disappear: its timer, and when that was set (s). */
void wa_message_expire(struct arena *arena, Wa__Message *message, uint32_t seconds, int64_t set_s);
Wa__MessageContextInfo *wa_message_info_make(struct arena *arena, Wa__Message *message);
/* Does nothing when it has one. */
void wa_message_put_secret(struct arena *arena, Wa__Message *message,
	const uint8_t secret[WA_SECRET_SIZE]);

/* ---- add-ons: enciphered with the secret of the message they are about ---- */

enum wa_use {
	WA_USE_POLL_VOTE,
	WA_USE_EVENT_RESPONSE,
	WA_USE_REACTION,
	WA_USE_COMMENT,
	WA_USE_EVENT_EDIT,
	WA_USE_MESSAGE_EDIT,
	WA_USE_POLL_EDIT,
	WA_USE_POLL_ADD_OPTION,
	WA_USES
};
struct wa_addon {
	enum wa_use use;
	bytes secret; /* of the target; WA_SECRET_SIZE octets */
	str target_id;
	/* Jids without device, as the chat addresses them. Reading takes a second one of each (by
	 * number and by hidden id; or none) and tries all. */
	str target_author[2], author[2];
};
/* false, and BYTES_NONE: id and jids together are longer than 255 octets. */
bool wa_addon_key(const struct wa_addon *addon, uint8_t key[32]);
bytes wa_addon_seal(struct arena *arena, const struct wa_addon *addon,
	const uint8_t iv[WA_ADDON_IV_SIZE], bytes plain);
/* false: another secret, or it was changed. */
bool wa_addon_open(struct arena *arena, const struct wa_addon *addon, bytes iv, bytes payload,
	bytes *out);

/* Our vote for these options of a poll; count 0 takes it back. */
struct wa_ballot {
	const struct wa_target *poll;
	const str *options;
	size_t count;
	int64_t t_ms;
};
Wa__Message *wa_message_vote(struct arena *arena, const struct wa_addon *addon,
	const uint8_t iv[WA_ADDON_IV_SIZE], const struct wa_ballot *ballot);
/* Which options of the poll a vote chose: a bit each, in the poll's order. false: it does not
 * open. */
bool wa_vote_read(struct arena *arena, const struct wa_addon *addon,
	const Wa__PollUpdateMessage *update, const Wa__PollCreationMessage *poll, uint64_t *chosen);
/* The same where the poll is not at hand: SHA-256 of the names, `out` with room for WA_VOTES_MAX.
 */
bool wa_vote_hashes(struct arena *arena, const struct wa_addon *addon,
	const Wa__PollUpdateMessage *update, bytes *out, size_t *count);
/* What stands in an enciphered reaction, comment or edit, as a Message; NULL: it does not open. */
const Wa__Message *wa_addon_message(struct arena *arena, const struct wa_addon *addon,
	const Wa__Message *content);
/* The message that an add-on is about, and its use; NULL: it is none. */
const Wa__MessageKey *wa_addon_target(const Wa__Message *content, enum wa_use *use);

/* ---- tokens ---- */

#define WA_REPORT_SIZE 16
/* packed: the Message as it goes out, without padding. sender, remote: jids without device. */
void wa_reporting_token(struct arena *arena, bytes packed, bytes secret, str id, str sender,
	str remote, uint8_t out[WA_REPORT_SIZE]);
/* What the token covers of a packed message. */
bytes wa_reporting_content(struct arena *arena, bytes packed);

/* For who has no token of the other yet. lid: "<user>@lid". */
void wa_cstoken(bytes nct_salt, str lid, uint8_t out[32]);
/* Of times in seconds: a token of then no longer counts; ours was given out then, and is due
 * again. */
bool wa_token_is_expired(int64_t now_s, int64_t then_s);
bool wa_token_is_due(int64_t now_s, int64_t then_s);

/* ---- contact cards (vCard 3.0) ---- */

#define WA_CARD_LINES_MAX 256
#define WA_CARD_MAX (64u << 10)
/* A line of a card: its name and type ("TEL", "CELL"), the waid parameter, and the value with its
 * parts divided by ';' as they were written, unescaped by wa_card_part(). */
struct wa_card_line {
	str name, type, waid, value;
};
struct wa_card {
	struct wa_card_line lines[WA_CARD_LINES_MAX];
	size_t count;
};
void wa_card_read(struct arena *arena, str text, struct wa_card *out);
/* Part i of a value, unescaped; STR_NONE when there are fewer. */
str wa_card_part(struct arena *arena, str value, size_t i);
/* Appends one line, its parts escaped and divided by ';'. type, waid may be none. */
void wa_card_put(struct buf *out, const struct wa_card_line *line, const str *parts, size_t count);
void wa_card_begin(struct buf *out);
void wa_card_end(struct buf *out);

#endif
