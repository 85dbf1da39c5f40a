/*
 * content.h: between what is said end to end (Wa__Message) and what Parley keeps (our kinds and
 * their JSON, provider/message.h).
 *
 *	wa_message ─► linked_said ─► linked_content_read() ─► provider_event      (parse, or the
 * lane) outgoing ─► linked_draft ─► linked_content_write() ─► Wa__Message         (send)
 *
 * Kinds and members are those that the other providers write (docs/api/README.md), so inbox, rules
 * and webhooks cannot tell a linked number by them. All of it is pure: no store, no network; what
 * comes out lives in the arena and borrows from what went in.
 *
 *	content_read.c      what came: events, and what its context says
 *	content_kind.c      what came, kind by kind
 *	content_kind_choice.c  buttons, lists and orders that came, and what was chosen
 *	content_card.c      contact cards, both ways
 *	content_write.c     what goes out, kind by kind
 *	content_write_file.c, content_write_choice.c  parts of it: files; buttons and lists
 *	content_check.c     what cannot go out, told by field before it is queued
 *	content_file.c      references of files with what was derived of them
 */
#ifndef PROVIDER_LINKED_CONTENT_H
#define PROVIDER_LINKED_CONTENT_H

#include "provider/provider.h"
#include "wa/media/media.h"
#include "wa/message/message.h"

/* What linked_provider.can has of it; PROV adds CAN_MARK_READ and so on. KIND_TEMPLATE is not among
 * them and CAN_TEMPLATES neither: templates of the workspace leave as the text that they make. */
#define LINKED_CAN_CONTENT                                                                    \
	(CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |                  \
		CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_VOICE) | CAN_KIND(KIND_DOCUMENT) |       \
		CAN_KIND(KIND_STICKER) | CAN_KIND(KIND_LOCATION) | CAN_KIND(KIND_CONTACTS) |  \
		CAN_KIND(KIND_INTERACTIVE) | CAN_KIND(KIND_POLL) | \
		CAN_KIND(KIND_REACTION) | CAN_KIND(KIND_PIN) | CAN_KIND(KIND_EDIT) |          \
		CAN_KIND(KIND_REVOKE) | CAN_KIND(KIND_POLL_VOTE) | CAN_REPLY | CAN_TIMER |    \
		CAN_FORWARD)
/* linked_provider.can_group: all of them. */
#define LINKED_CAN_GROUP (LINKED_CAN_CONTENT & ~CAN_REPLY)

/* linked_provider.check, .check_options, .check_media. */
enum err linked_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content);
enum err linked_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json options);
enum err linked_check_media(struct job *job, enum message_kind kind, str mime_type, int64_t size);
/* The largest file of that kind, octets; 0: it holds none. */
int64_t linked_media_max(enum message_kind kind);

/* ---- in ---- */

/* One message, as WA_EVENT_MESSAGE (or a history) tells it. Jids are texts without device. */
struct linked_said {
	/* wrapped or not; NULL when there is none: then is_waiting or unavailable says why */
	const Wa__Message *message;
	str id, chat, sender;
	bool is_from_me, is_group, is_view_once, is_ephemeral, is_waiting, is_history;
	str unavailable;
	/* Of an add-on (wa_addon_target() knows them: poll votes, enciphered reactions, edits): the
	 * secret of the message it is about, and both names of both people; use and target_id are
	 * taken from the message. NULL: not known; then it tells nothing. */
	const struct wa_addon *addon;
};

/* Fills what the content says: kind of event, kind of message, content, reply_to, referral, flags,
 * media with media_remote_id (wa_media_pack), target_id, emoji, votes; at_ms only
 * where the sender says it (reactions, edits, votes). The caller fills who,
 * remote_id, at_ms, is_echo, is_history, group_id. false: nothing of it is for people (keys,
 * settings of our own account, an add-on that does not open). */
bool linked_content_read(struct arena *arena, const struct linked_said *said,
	struct provider_event *out);

/* ---- out ---- */

struct linked_draft {
	const struct outgoing *out;     /* kind, content, options, files, quote: as it is sent */
	str chat;                       /* jid of whom it goes to */
	str own;                        /* our own jid in that chat's addressing */
	/* jid of who wrote out->quoted, when that is not us: in a group its author, else chat */
	str quoted_author;
	int64_t now_ms;
	const uint8_t *secret;          /* WA_SECRET_SIZE random octets, for polls; NULL: none */
	/* For KIND_POLL_VOTE: what the vote is sealed with, and WA_ADDON_IV_SIZE octets. */
	const struct wa_addon *addon;
	const uint8_t *iv;
	const struct linked_preview *preview; /* of a link in the text; or NULL */
	bool has_buttons;               /* real buttons and lists; else numbered text */
};
struct linked_preview { str url, title, description; bytes thumbnail; };

/* ERR_INPUT with a sentence when the content is none of ours (it was checked before). *edit: for
 * wa_send.edit ('1', '2', '7', '8' or 0). */
enum err linked_content_write(struct job *job, const struct linked_draft *draft,
	Wa__Message **out, char *edit);
/* The first address (http or https) of a text: what a preview would be of. STR_NONE: none. */
str linked_first_link(str text);
/* Buttons or a list as text with numbers, for people to answer with one. */
str linked_numbered(struct arena *arena, json interactive);

/* ---- files ---- */

/* What is derived of a file once, when it goes up; 0 and none: not known. */
struct linked_derived {
	str mime_type, file_name;
	uint32_t width, height, seconds;
	bytes thumbnail;        /* JPEG */
	bytes waveform;         /* WA_WAVEFORM_SIZE octets of 0 to 100 */
};
/* A reference and what was derived, as media_remote_id of what we send. */
str linked_file_write(struct arena *arena, const struct wa_media_reference *reference,
	const struct linked_derived *derived);
enum err linked_file_read(struct arena *arena, str text, struct wa_media_reference *reference,
	struct linked_derived *derived);
/* The kind of file on the media hosts. */
enum wa_media_kind linked_media_kind(enum message_kind kind);

#endif
