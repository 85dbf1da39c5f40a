/*
 * chat.h: what the owner of a number does to chats on the phone, and people do here, is one thing.
 *
 * Pins and mutes are the number's, for all who work with it, as on the owner's phone; what one
 * person alone does not want to hear of is notify.h's. What is done here goes to the owner's phone
 * as a word: noted in the transaction, told after the commit by chat_tell(). Nothing that came from
 * a phone is noted (inbox_changes.from_outside), so nothing echoes. Of two words the later stands.
 */
#ifndef INBOX_CHAT_H
#define INBOX_CHAT_H

#include "inbox/inbox.h"

/* Stored: never renumber. */
enum chat_mark_kind { MARK_PIN = 0, MARK_MUTE = 1, MARK_LABEL = 2 };
/* until_ms: of a mute, -1 for ever. at_ms: when it was said. */
struct chat_mark { enum chat_mark_kind kind; bool is_on; int64_t until_ms, at_ms; };

/* Pins or mutes a conversation, or takes that back, in the caller's transaction: with its event and
 * audit row when it was not so. */
enum err conversation_mark(struct job *job, id64 conversation, const struct chat_mark *mark,
	struct inbox_changes *changes, struct conversation *out);
/* The same of a message: with a star. */
struct message_star { bool is_on; int64_t at_ms; };
enum err message_set_star(struct job *job, id64 message, const struct message_star *star,
	struct inbox_changes *changes);
/* Starred ones of a conversation, newest first; ids below `before` (0: from the newest). */
enum err message_starred(struct job *job, id64 conversation, id64 before, size_t max,
	struct messages *out);

/* ---- from the phone, in the transaction of the event ---- */

/* EVENT_CHAT: also of a chat that is no conversation yet, and of a message that is still to come.
 */
enum err chat_apply(struct job *job, const struct channel *ch, const struct provider_event *ev,
	struct inbox_changes *changes);
/* EVENT_LABEL: a label of that name is taken for it, or made; a renamed one renames ours. One that
 * is deleted there stays here. */
enum err chat_apply_label(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes);
/* EVENT_QUICK_REPLY: a ready answer of the workspace, marked as that phone's; deleted there, it is
 * deleted here. */
enum err chat_apply_quick_reply(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes);
/* What was said of the chat before the conversation was: its labels. */
enum err chat_arrive(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes);

/* ---- to the phone ---- */

/* Of a chat whose person is about to be erased: who it is goes along, for nobody will know. */
enum err chat_word_deleted(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes);

/* Blocks while the provider is told; no transaction may be open. On call workers. */
enum err chat_tell(struct job *job, const struct chat_word *word);

#endif
