/*
 * inbox_internal.h: what the files of inbox/ share.
 */
#ifndef INBOX_INBOX_INTERNAL_H
#define INBOX_INBOX_INTERNAL_H

#include "account/webhook.h"
#include "inbox/inbox.h"
#include "store/queries.h"

#define REMOTE_KEY_SIZE 16
#define REACTIONS_MAX 2      /* one of each side */
#define ALIAS_MAX 200        /* octets of a business-scoped id and the like */
#define MERGES_FOLLOWED_MAX 16

/* For look-ups where "there is none" is an answer: e if it is a real failure, else OK and *found.
 */
static inline enum err found_or_none(struct job *job, enum err e, bool *found)
{
	*found = e == OK;
	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return OK;
}

/* A time that somebody else tells, at most now: a clock that is wrong opens no window for years. */
static inline int64_t not_after(int64_t at_ms, int64_t now_ms)
{
	return at_ms < now_ms ? at_ms : now_ms;
}

/* A contact is new or has changed: noted, and emitted to webhooks (once in a list of changes, but
 * an opt-out always). In the transaction of the change. */
enum err contact_note(struct job *job, id64 contact, enum webhook_kind kind,
	struct inbox_changes *changes);

/* json_ids() for queries that are asked for some or for any: "" when there are none. */
str id_list(struct arena *arena, const id64 *ids, size_t count);

/* ---- contact.c ---- */

/* One name of a person: kind as in contact_alias. */
struct alias { const char *kind; str value, key; };
#define ALIASES_OF_PERSON 5
size_t alias_list(struct arena *arena, const struct person_ref *who,
	struct alias out[ALIASES_OF_PERSON]);
/* As it is compared: small letters, no @. None for what is too long to be one. */
str username_plain(struct arena *arena, str text);
/* If one of who's names is this contact's already, the others become its, too. */
enum err contact_learn(struct job *job, id64 contact, const struct person_ref *who,
	struct inbox_changes *changes);
/* The row that stands for a contact now: follows merges. */
enum err contact_row(struct job *job, id64 id, struct contact_row *out);
enum err contacts_of_rows(struct job *job, const struct contact_rows *rows, struct contacts *out);

/* ---- contact_index.c ---- */

/* What a contact is found by follows what it is: after a change, with the row from before it. */
enum err contact_reindex(struct job *job, const struct contact_row *before);
/* Hashes that a contact is found by: never 0. text: as it is stored. */
enum err contact_value_facet(struct job *job, id64 attribute, str text, int64_t *out);
enum err contact_name_facet(struct job *job, str name, int64_t *out); /* 0: too short a name */
enum err contact_email_facet(struct job *job, str email, int64_t *out);
enum facet_kind { FACET_VALUE = 1, FACET_NAME = 2, FACET_EMAIL = 3 };
/* The texts that a contact is found by, as words: names and values of attributes. */
#define CONTACT_TEXTS_MAX 202
struct contact_texts { str items[CONTACT_TEXTS_MAX]; size_t count; };
void contact_texts_add(struct arena *arena, struct contact_texts *out, str attributes);
/* A message of at_ms went to or came from it. */
enum err contact_was_seen(struct job *job, id64 id, int64_t at_ms);

/* ---- conversation.c ---- */

void conversation_of_row(const struct conversation_row *row, struct conversation *out);
void conversations_of_rows(struct job *job, const struct conversation_rows *rows,
	struct conversations *out);
/* A customer's message or reaction of at_ms keeps the window open. */
enum err conversation_widen(struct job *job, id64 id, int64_t at_ms, struct inbox_changes *changes);
/* service.c, in the transaction of what they tell of. conv: as it is after. */
enum err answer_note(struct job *job, const struct message *m, const struct conversation *conv);
enum err resolution_note(struct job *job, const struct conversation *conv);
/* Of what changed otherwise than by conversation_update(), and by somebody else than the job's
 * actor: the same events and audit row. */
enum err conversation_record(struct job *job, const struct conversation *was,
	const struct conversation *is, const struct actor *by, str reason);
/* An event on a conversation that names another one (0: none) and the merge (0: it was none). */
enum err conversation_add_meeting(struct job *job, id64 conversation, const char *kind, id64 other,
	id64 merge);
enum err conversation_note(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes);

/* ---- message.c ---- */

enum err message_of_row(struct job *job, const struct message_row *row, struct message *out);
/* The message that a remote id of this channel names; found_or_none for those not known yet. */
enum err message_by_remote(struct job *job, id64 channel, str remote_id,
	struct message_place_row *out);
/* Another content for a message, with the search following. */
enum err message_search_replace(struct job *job, const struct message_row *row,
	enum message_kind kind, str content);

/* ---- effect.c: what happens to a message, and may come before it ---- */

enum effect_kind { EFFECT_STATUS, EFFECT_REACTION, EFFECT_EDIT, EFFECT_REVOKE, EFFECT_QUOTE,
	EFFECT_VOTE, EFFECT_STAR, EFFECT_UNSTAR };

struct effect {
	enum effect_kind kind;
	int64_t at_ms;
	str remote_id;               /* of the message it is about, as the network names it */
	enum message_status status;
	str error;                   /* JSON */
	str emoji;
	bool by_business, is_history;
	str content;                 /* EFFECT_EDIT */
	id64 quoted_by;              /* EFFECT_QUOTE: the message that quotes this one */
	id64 by;                     /* EFFECT_EDIT in a group: the only author it may have; or 0 */
	str votes, voter, voter_name; /* EFFECT_VOTE: as of struct vote */
	id64 channel;                /* who tells it; 0: it waited for its message */
};

enum err effect_apply(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes);
/* Applies it, or keeps it until its message comes. target: our id when the provider told it, else
 * 0. *message: 0 while it waits. */
enum err effect_take(struct job *job, const struct channel *ch, const struct effect *effect,
	id64 target, struct inbox_changes *changes, id64 *message);
/* What waited for this remote key happens now. */
enum err effects_arrive(struct job *job, const uint8_t key[REMOTE_KEY_SIZE], id64 message,
	struct inbox_changes *changes);

/* ---- change.c ---- */

/* An edit or a revoke of ours has gone out (then it happens here, too), or never will (then a line
 * in the thread says so). */
enum err change_moved(struct job *job, const struct message_row *row, int64_t at_ms,
	struct inbox_changes *changes);
/* May what was sent still be changed so? Else ERR_INPUT with its reason. */
enum err change_check(struct job *job, enum message_kind kind, const struct message *target);

/* ---- act.c ---- */

/* Messages of a conversation disappear after so long, as somebody said at at_ms. */
enum err conversation_time(struct job *job, id64 conversation, int64_t seconds, int64_t at_ms,
	struct inbox_changes *changes);

/* ---- choice.c ---- */

/* Of a text that came, about to be written as *m: what was chosen by it of the numbered choices
 * before it becomes its kind and content. Others stay as they are. */
enum err choice_take(struct job *job, const struct channel *ch, const struct provider_event *ev,
	struct message *m);

/* ---- poll.c ---- */

/* hashes: JSON list of SHA-256 of names, as hex. voter: "business", or a contact's id. */
struct vote { str hashes, voter, name; int64_t at_ms; };
/* The poll's content with that vote counted; none: nothing changes by it. */
enum err poll_count(struct job *job, str content, const struct vote *vote, str *out);

/* ---- search_words.c ---- */

/* The keyed tokens of a message's visible text, of its conversation, and of what it is. */
enum err search_tokens_of(struct job *job, const struct message *msg, str *tokens);
/* Those of what it is alone: for who fills a store by hand (bench/fill.c). */
enum err search_tags_of(struct job *job, const struct message *msg, str *tokens);
/* Those of a contact: its names, and the values of its attributes. */
enum err search_tokens_of_names(struct job *job, const str *texts, size_t count, str *tokens);

/* ---- send_template.c ---- */

/* Of a draft of kind template: *template is the one (0: not known to us); a local one makes another
 * kind of it. */
enum err send_plan_template(struct job *job, const struct channel *ch, struct message_draft *draft,
	id64 *template);
/* The files that headers and cards name are ours, stored, and fit: field errors otherwise. */
enum err send_check_files(struct job *job, const struct channel *ch,
	const struct message_draft *draft);

/* ---- reroute.c ---- */

/* For somebody without a phone number: channels that write to nothing else cannot carry it. */
struct number_route;
void route_leave_out_phones(struct number_route *route);

#endif
