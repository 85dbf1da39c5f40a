/*
 * inbox.h: contacts, conversations and messages.
 *
 * Everything here runs on workers, as part of a job whose workspace is set. Functions that change
 * something run inside the caller's write transaction unless they say that they open their own, and
 * note what changed in struct inbox_changes; after the commit the caller hands these to
 * inbox_tell(), which is how the console, flows and outgoing webhooks hear of it.
 */
#ifndef INBOX_INBOX_H
#define INBOX_INBOX_H

#include "account/scope.h"
#include "provider/provider.h"

#define WINDOW_MS (24 * 60 * 60 * 1000LL)

/* ---- what changed ---- */

enum change_kind {
	CHANGE_MESSAGE_CREATED,
	CHANGE_MESSAGE,
	CHANGE_CONVERSATION,
	CHANGE_CONTACT,
	CHANGE_NOTICE,
	CHANGE_LABEL,        /* a label is new, or another one than before */
	CHANGE_CANNED,       /* the same of a ready answer; or it is gone */
	CHANGE_TEMPLATE,
	CHANGE_NOTIFICATION, /* a person is told of something (composer.h) */
	CHANGE_SCHEDULED,    /* a message for later (scheduled.h) */
	CHANGE_PACE          /* how fast a linked number may send: item is its channel */
};
struct inbox_change {
	enum change_kind kind;
	id64 workspace, conversation, message, contact, notice, notification, scheduled, template;
	id64 item; /* of CHANGE_LABEL, CHANGE_CANNED, CHANGE_PACE */
	/* of a conversation: it has another assignee or team than before, or another channel */
	bool moved;
	struct scoped was;
	/* of a conversation that was merged: into this one; `was` is how it stood. 0: it was not */
	id64 into;
};
/* Something that the owner's phone shall show, too: of a conversation, or of a label alone (item).
 * item: the label, or the message of a star. The rest is of CHAT_DELETED: when it is told, nobody
 * knows any more who it was. */
struct chat_word {
	enum chat_done done;
	id64 workspace, conversation, item, channel;
	char phone[24], lid[24], group[64], newest_id[72];
	bool newest_is_ours;
	int64_t newest_ms;
};
struct inbox_changes {
	struct inbox_change *items;
	size_t count, cap;
	struct chat_word *words; /* for phones, in their order */
	size_t word_count, word_cap;
	/* in: it is applied what a network told: no words are noted */
	bool from_outside;
	/* in: the intake event that is being applied; rows made of it remember it. 0: none */
	id64 event;
	/* in: the network's own words go to webhooks in Meta's format (inbox_pass_on) */
	bool passed_on;
	bool media;   /* out: an attachment waits to be fetched */
	id64 outbox;  /* out: a message waits to be sent by this channel; 0: none */
	/* out: part of the event has a kind that nothing draws yet: keep the raw event, and show it
	 */
	bool kept;
};

/* In the job's arena; the same change is noted once. */
void inbox_note(struct job *job, struct inbox_changes *changes, struct inbox_change change);
/* For the owner's phone, unless it is from there. item: 0, or as of struct chat_word. */
void inbox_word(struct job *job, struct inbox_changes *changes, const struct chat_word *word);
/* After the commit. Calls the hooks if there are any; never fails (the console re-syncs by itself).
 */
void inbox_tell(struct job *job, const struct inbox_changes *changes);
/* Set once at start by main. A word is copied by who keeps it. */
extern void (*inbox_word_hook)(const struct chat_word *word);
extern void (*inbox_changed_hook)(struct job *job, const struct inbox_changes *changes);

/* ---- contacts ---- */

/* name: the one to show, never empty: given by a person, else from the owner's address book, else
 * the profile's, else the username with @, else the number. phone: digits, as WhatsApp last told
 * them, or none. */
struct contact {
	id64 id;
	/* group: it is no person but a group, of this id */
	str name, given_name, profile_name, username, phone, lid, bsuid, group;
	struct contact_alias { str kind, value; } *aliases; /* oldest first */
	size_t alias_count;
	str source;     /* how it came: webhook, send, address_book, console, api, import */
	str attributes; /* JSON {"ATTRIBUTE ID": "value"} (inbox/contacts.h), or none */
	int64_t created_ms, updated_ms, opt_out_ms, preference_ms, blocked_ms, erased_ms;
	int64_t seen_ms; /* the last message either way, to the minute; 0: none */
};
struct contacts { struct contact *items; size_t count; };

enum name_rank { NAME_NONE, NAME_ADDRESS_BOOK, NAME_PERSON };

/* The one contact that any of the names points to; makes or merges as needed (phone, LID and
 * business-scoped id are aliases, in any order of arrival; a merge is a contact_merge row and can
 * be undone). Brazilian and Mexican variants of one mobile number are one alias
 * (docs/protocol/phone-numbers.md). source says how it came to us: with "webhook" the network
 * itself named the person, so its way of writing the number is kept for sending. Safe against
 * others that do the same at the same moment: both get the same contact. */
enum err contact_resolve(struct job *job, const struct person_ref *who, str source,
	struct inbox_changes *changes, struct contact *out);
/* The contact that one of the names points to; none is made for them. *out 0: none. */
enum err contact_known(struct job *job, const struct person_ref *who, id64 *out);
/* Who and previous are one person; the names in who are those in use from at_ms on. */
enum err contact_link(struct job *job, const struct person_ref *who,
	const struct person_ref *previous, int64_t at_ms, struct inbox_changes *changes,
	struct contact *out);
/* Follows merges: the id of one that is gone gives the one that was kept. */
enum err contact_get(struct job *job, id64 id, struct contact *out);
/* Those of the ids that are there, in no order. At most 200. */
enum err contact_by_ids(struct job *job, const id64 *ids, size_t count, struct contacts *out);
/* One of lower rank never replaces one of higher rank. An empty one takes a person's name back. */
enum err contact_rename(struct job *job, id64 id, str name, enum name_rank rank,
	struct inbox_changes *changes);
/* Moves all that gone has to kept; in the caller's transaction. merge: the row that undoes it. */
enum err contact_merge(struct job *job, id64 kept, id64 gone, struct inbox_changes *changes,
	id64 *merge);
/* In the caller's transaction. ERR_CONFLICT when it was undone before. */
enum err contact_unmerge(struct job *job, id64 merge, struct inbox_changes *changes);
/* The form by which variants of one number find each other: digits in, digits out. */
str phone_match_key(struct arena *arena, str digits);
/* Numbers without a country code are read as of this region ("DE"; empty: there is none, and they
 * are refused unless they are whole) where the job's workspace names no country. Once at start,
 * before threads; false when there is no such region. */
bool phone_set_home(str region);
/* The region ("ID") whose calling code a number has; where several share one, the largest. None
 * when it is nobody's. */
str phone_region(str digits);
/* Usual ways of writing a number → digits; field error "to" otherwise. */
enum err phone_normalise(struct job *job, str text, str *digits);
/* A business-scoped id as WhatsApp writes it: two letters of a country, a dot, letters and digits
 * (in groups with dots for a parent's). */
bool bsuid_is(str text);

/* ---- conversations ---- */

enum conversation_status {
	CONVERSATION_OPEN,
	CONVERSATION_WAITING, /* for somebody else: the customer, a third party */
	CONVERSATION_RESOLVED,
	CONVERSATION_SNOOZED,
	CONVERSATION_ARCHIVED,
	CONVERSATION_STATUSES
};
const char *conversation_status_name(enum conversation_status status);
enum conversation_priority {
	PRIORITY_NONE,
	PRIORITY_LOW,
	PRIORITY_MEDIUM,
	PRIORITY_HIGH,
	PRIORITY_URGENT,
	PRIORITIES
};
const char *conversation_priority_name(enum conversation_priority priority);
bool conversation_priority_parse(str name, enum conversation_priority *out);

/* waiting_since_ms: the customer's oldest message that nobody answered came then; queued_ms: it
 * waits for an agent since then; 0: neither. opened_ms: the present case began, first_answer_id: a
 * person's first answer in it; answered_since_ms: waiting_since_ms as the newest answer found it.
 */
struct conversation {
	id64 id, contact_id, number_id, channel_id, assignee_id, team_id, last_message_id,
		first_answer_id;
	enum conversation_status status;
	enum conversation_priority priority;
	int64_t unread_count, last_message_ms, last_in_ms, window_until_ms, created_ms, updated_ms,
		snoozed_until_ms, waiting_since_ms, queued_ms, opened_ms, answered_since_ms;
	/* messages disappear after so long, and since when it is so; 0: they stay */
	int64_t timer_s, timer_set_ms;
};

/* Whether the job's asker may see it (account/scope.h). */
bool conversation_visible(const struct job *job, const struct conversation *conv);
/* Follows merges, so that an old link still opens. ERR_MISSING also for what is out of the asker's
 * scope. */
enum err conversation_get(struct job *job, id64 id, struct conversation *out);
/* Whose conversation the message of that remote id is in. ERR_MISSING: no message has it. */
enum err conversation_person(struct job *job, id64 channel, str remote_id,
	struct person_ref *out);
/* The conversation of contact and the channel's number; makes it if needed. */
enum err conversation_of(struct job *job, id64 contact, const struct channel *ch,
	struct inbox_changes *changes, struct conversation *out);
bool conversation_status_parse(str name, enum conversation_status *out);
static inline bool conversation_window_open(const struct conversation *conv, int64_t now_ms)
{
	return conv->window_until_ms > now_ms;
}
/* What to change; an id of 0 is nobody, none. Snoozing needs a time to come. */
struct conversation_patch {
	bool has_status, has_assignee, has_team, has_priority, has_queued;
	enum conversation_status status;
	enum conversation_priority priority;
	id64 assignee_id, team_id;
	int64_t snoozed_until_ms, queued_ms;
	str reason; /* for the audit row; or none */
};
/* The only way to change these, in the caller's transaction: locks the row, writes what differs, an
 * event for each difference (conversation_event) and one audit row. ERR_INPUT with fields when the
 * assignee or the team is none of the workspace. */
enum err conversation_update(struct job *job, id64 id, const struct conversation_patch *patch,
	struct inbox_changes *changes, struct conversation *out);
/* Applies the patch, which names another assignee, to at most max of those that `from` has and that
 * are not done (open, waiting, snoozed), whoever asks. Its own transaction. */
enum err conversation_hand_over(struct job *job, id64 from, const struct conversation_patch *patch,
	size_t max, size_t *moved);
/* The same for at most 1000, whose ids go up: *found of them are there and in the asker's scope,
 * and in out (room for count), in the same order. */
struct conversation_bulk { id64 asked; struct conversation before, after; bool changed; };
enum err conversation_update_many(struct job *job, const id64 *ids, size_t count,
	const struct conversation_patch *patch, struct inbox_changes *changes,
	struct conversation_bulk *out, size_t *found);
/* conversation_get(), and nobody else changes it until the transaction ends. */
enum err conversation_lock(struct job *job, id64 id, struct conversation *out);
/* Something else that happened to it, in the caller's transaction. detail: a JSON object without
 * bodies, or none. */
enum err conversation_add_event(struct job *job, id64 conversation, str kind, str detail);
/* Nothing unread any more. *remote_id: the customer's last message on channel *channel, for blue
 * ticks; or none. */
struct read_receipt { id64 channel; str remote_id; };
enum err conversation_mark_read(struct job *job, id64 id, struct inbox_changes *changes,
	struct conversation *out, struct read_receipt *receipt);

/* The same without changing anything: what a typing mark refers to. */
enum err conversation_last_in(struct job *job, id64 id, struct read_receipt *receipt);

enum conversation_view { VIEW_ALL, VIEW_MINE, VIEW_UNASSIGNED };
enum conversation_sort { SORT_NEWEST, SORT_OLDEST, SORT_WAITING, SORT_PRIORITY, SORTS };
/* Instead of a status: all but the archived, and these too. */
#define STATUS_ALL (-1)
#define STATUS_EVERY (-2)
#define FILTER_NONE (-1)             /* instead of an id: those that have none */
/* What the list shows, within the asker's scope; all zeros but status is the inbox. place_*: the
 * conversation_place() of the last row of the page before; both 0 at the start. */
struct conversation_filter {
	enum conversation_view view;
	enum conversation_sort sort;
	int status;                  /* enum conversation_status, or STATUS_ALL, STATUS_EVERY */
	id64 mine;                   /* of VIEW_MINE */
	/* 0: any; assignee and team: or FILTER_NONE */
	id64 channel_id, assignee_id, team_id, label_id;
	bool has_priority, unread_only;
	enum conversation_priority priority;
	str query;                   /* a contact's name or number; none: all */
	/* last message in this time; 0: any */
	int64_t from_ms, until_ms;
	int64_t waiting_ms;          /* the customer has waited so long at least; 0: any */
	int64_t place_ms;
	id64 place_id;
	size_t max;
};
struct conversations { struct conversation *items; size_t count; };
/* Those of the ids that are there, in no order. At most 200. */
enum err conversation_by_ids(struct job *job, const id64 *ids, size_t count,
	struct conversations *out);
/* At most 100. */
enum err conversation_of_contact(struct job *job, id64 contact, struct conversations *out);
/* Every filter walks an index; SORT_WAITING shows only those that wait. */
enum err conversation_list(struct job *job, const struct conversation_filter *filter,
	struct conversations *out);
/* Where a page that ends with this row goes on: place_ms; place_id is the row's id. */
int64_t conversation_place(const struct conversation_filter *filter,
	const struct conversation *last);

/* ---- labels (label.c) ---- */

#define LABEL_NAME_MAX 60             /* code points */
#define LABELS_MAX 500                /* of a workspace */
#define LABELS_OF_ONE_MAX 20          /* on one conversation */
struct label { id64 id; str name, colour; int64_t created_ms; }; /* colour: "#1f7a8c" */
struct labels { struct label *items; size_t count; };
/* By name. */
enum err label_list(struct job *job, struct labels *out);
/* These write their audit row, in the caller's transaction. A name that is taken is a field error.
 */
enum err label_create(struct job *job, str name, str colour, struct label *out);
enum err label_update(struct job *job, id64 id, str name, str colour, struct label *out);
/* It is gone from all that has it. */
enum err label_delete(struct job *job, id64 id);
/* Puts labels on a conversation and takes others off, with an event for each that was not so
 * before, in the caller's transaction. */
struct label_change { const id64 *add, *remove; size_t add_count, remove_count; str reason; };
enum err conversation_label(struct job *job, id64 id, const struct label_change *change,
	struct inbox_changes *changes, struct conversation *out);

/* ---- counts (conversation_count.c) ---- */

/* How many conversations there are of one channel, team, assignee and status; team and assignee 0:
 * none. Kept by the database in the transaction of each change. */
struct conversation_cell {
	id64 channel, team, assignee;
	enum conversation_status status;
	int64_t total, unread;
};
struct conversation_cells { struct conversation_cell *items; size_t count; };
#define COUNT_CELLS_MAX 20000
/* Those in the asker's scope, in the order of their ids; without those that are zero. */
enum err conversation_counts(struct job *job, struct conversation_cells *out);
/* Folds what PostgreSQL has written down apart into the table; its own transactions. */
enum err conversation_counts_fold(struct job *job);
/* Counts the workspace's rows anew and compares: *wrong cells differed; mend writes them right. Its
 * own transaction. */
enum err conversation_counts_check(struct job *job, bool mend, size_t *wrong);

/* Where transactions run side by side (PostgreSQL), a receipt may be put among those that wait for
 * their message while another transaction names that message: neither sees the other. Applies those
 * of the last EFFECTS_MISSED_MS, at most max, each in a transaction of its own; *count how many.
 * For the timer. */
#define EFFECTS_MISSED_MS 600000
enum err effects_settle_missed(struct job *job, size_t max, size_t *count);

/* ---- their life (conversation_life.c) ---- */

/* Opens those whose snooze is over, of all workspaces, at most max, each in a transaction of its
 * own; *count how many. For the timer. */
enum err conversation_wake_due(struct job *job, size_t max, size_t *count);

#define SPLIT_MESSAGES_MAX 2000
/* The messages from `first` on were somebody else's: they move to the conversation of this contact
 * on the same number, which is made if needed. In the caller's transaction. ERR_INPUT when it is
 * the same contact, ERR_LIMIT for more than SPLIT_MESSAGES_MAX. */
struct split { id64 first, contact; str reason; };
enum err conversation_split(struct job *job, id64 id, const struct split *split,
	struct inbox_changes *changes, struct conversation *out);
/* The contacts of both turn out to be one person (contact_merge), so that their conversations
 * become one; `id` and its contact are kept. *merge undoes it. */
enum err conversation_merge(struct job *job, id64 id, id64 other, str reason,
	struct inbox_changes *changes, id64 *merge, struct conversation *out);
enum err conversation_unmerge(struct job *job, id64 id, id64 merge, str reason,
	struct inbox_changes *changes, struct conversation *out);

/* Whose customers wait, the longest first. */
enum err conversation_waiting_longest(struct job *job, size_t max, struct conversations *out);
/* Neither resolved nor archived, by the start of their case, after (opened_ms, id). */
enum err conversation_unfinished(struct job *job, const struct conversation *after, size_t max,
	struct conversations *out);

/* ---- messages ---- */

struct message {
	id64 id, workspace, conversation_id, channel_id, author_id, reply_to_id, media_id, event_id;
	enum message_kind kind;
	enum message_status status;
	unsigned flags;              /* enum message_flags */
	enum actor_kind author_kind;
	str remote_id, content;      /* content: unsealed JSON object of the kind */
	/* the quoted message's remote id, when the network named it so; or none */
	str reply_to_remote;
	str trace;                   /* hex */
	str error;                   /* JSON {"code","message","next_step","retryable"}, or none */
	/* JSON list of {"emoji","by","ms"}; removed ones have an empty emoji; or none */
	str reactions;
	int64_t provider_ms, sent_ms, delivered_ms, read_ms, played_ms, failed_ms, edited_ms,
		deleted_ms;
};

enum err message_get(struct job *job, id64 id, struct message *out);
/* Unique over all channels: 16 octets of SHA-256 over channel id and remote id. */
void message_remote_key(id64 channel, str remote_id, uint8_t out[16]);

/* The time it is shown with: the provider's if there is one. */
static inline int64_t message_time(const struct message *msg)
{
	return msg->provider_ms ? msg->provider_ms : id64_ms(msg->id);
}

/* Inserts a message row with its search tokens, and moves its conversation (last message, unread,
 * window, reopened when a customer writes). draft->id is given by the caller. ERR_CONFLICT when
 * remote_id is known already: nothing changed. */
enum err message_insert(struct job *job, const struct message *draft, struct conversation *conv,
			struct inbox_changes *changes);
/* Moves a status forward by the one rule (status_may_become), with its time; *moved false when it
 * is not forward. A settled message leaves the outbox. */
struct status_step {
	enum message_status status;
	int64_t at_ms;
	str error; /* JSON */
	str remote_id;
};
enum err message_move(struct job *job, id64 message, const struct status_step *step,
	struct inbox_changes *changes, bool *moved);

/* One emoji for each side; an empty one removes it. The later at_ms counts. */
struct reaction { str emoji; bool by_business; int64_t at_ms; bool is_history; };
enum err message_react(struct job *job, id64 message, const struct reaction *reaction,
	struct inbox_changes *changes);

/* Messages of a conversation next to `id`: older ones newest first (0: from the end), or newer ones
 * oldest first. */
struct messages { struct message *items; size_t count; };
enum err message_before(struct job *job, id64 conversation, id64 id, size_t max,
	struct messages *out);
enum err message_after(struct job *job, id64 conversation, id64 id, size_t max,
	struct messages *out);
/* Those of the ids that are there, in no order. At most 200. */
enum err message_by_ids(struct job *job, const id64 *ids, size_t count, struct messages *out);

/* ---- what the asker may see (visible.c); without a scope: everything ---- */

/* ERR_MISSING for what job->scope leaves out. */
enum err visible_conversation(struct job *job, id64 id);
enum err visible_contact(struct job *job, id64 contact);
/* Of these contacts those that lists and searches show: who has a conversation in sight. At most
 * VISIBLE_CONTACTS_MAX. */
#define VISIBLE_CONTACTS_MAX 200
enum err visible_contacts(struct job *job, id64 *ids, size_t *count);
enum err visible_media(struct job *job, id64 media);

/* ---- search (search.c) ---- */

#define SEARCH_QUERY_MAX 200 /* code points */
/* Messages that hold every word of the query (the beginning of a word is enough from three letters
 * on) and every "quoted phrase" as it stands, and that the filter takes, newest first. before: the
 * last id of the page before. A page looks at a bounded number of messages: it may hold fewer than
 * max, or none, and still go on at *next; 0 when there are no more. Respects the job's scope. */
struct search_filter; /* inbox/search.h; NULL: none */
struct message_search {
	str query;
	id64 conversation, before;
	size_t max;
	const struct search_filter *filter;
};
enum err search_messages(struct job *job, const struct message_search *search, struct messages *out,
	id64 *next);
/* Words as the search folds and cuts them: of a text, or of all that a message shows. */
struct text_words { str *items; size_t count; };
void text_words_of(struct arena *arena, str text, struct text_words *out);
void message_words(struct arena *arena, const struct message *msg, struct text_words *out);
/* Contacts by the words of their names or the first digits of their number, at most max.
 * With a scope: those of the first VISIBLE_CONTACTS_MAX that visible_contacts() leaves. */
enum err search_contacts(struct job *job, str query, size_t max, id64 *out, size_t *count);

/* ---- to another channel (reroute.c) ---- */

/* A message that waits, and surely is not with the network: to the channel of its number that would
 * be chosen now. In the open transaction: message and decision; the outbox row is the caller's. */
struct route_move {
	id64 message, from;
	bool leaves; /* it cannot stay with `from`, also if that would be chosen */
	id64 to;     /* out; 0: it stays */
};
enum err message_reroute(struct job *job, struct route_move *move);

/* ---- coming in (receive.c) ---- */

/* Applies one event of a channel, whole, in the caller's transaction. Doing it again changes
 * nothing. */
enum err inbox_apply(struct job *job, const struct channel *ch, const struct provider_event *event,
		     struct inbox_changes *changes);

/* What a webhook of Meta's told, element by element, to our webhooks in Meta's format, in the
 * caller's transaction, after it was applied. change: one of entry[].changes[] (pass_on.c). */
struct passing_on { const struct channel *channel; str account_id; json time, change; };
enum err inbox_pass_on(struct job *job, const struct passing_on *what);

/* ---- going out (send.c) ---- */

enum send_priority { PRIORITY_LIVE, PRIORITY_AUTOMATION, PRIORITY_NORMAL, PRIORITY_CAMPAIGN };

/* How often it was forwarded, as far as is known: 0, 1, or so often that it is shown as "many
 * times".
 */
int64_t message_forwards(const struct message *msg);

struct message_draft {
	id64 conversation_id;        /* or: */
	str to;                      /* phone as typed, or a BSUID, or: */
	bool to_group;               /* the id of a group */
	id64 channel_id;             /* with `to`; 0: by `from`, or the workspace's only one */
	str from;                    /* phone of the business number */
	enum message_kind kind;
	json content;                /* the kind's object as it came */
	json options;                /* what it asks for beside it (provider.h), or NULL */
	id64 reply_to_id;
	id64 canned_id;              /* the ready answer it was made of; 0: none */
	unsigned flags;              /* FLAG_FORWARDED and FLAG_FREQUENTLY_FORWARDED, or 0 */
	enum send_priority priority;
	str idempotency_key;         /* none: not asked */
	str request_hash;            /* 32 octets over the request, for the key */
};

/* Checks policy (window, capabilities, limits), then message + outbox row in one transaction of its
 * own; durable when OK. The same idempotency key answers the first message (*repeated), another
 * request under it is ERR_CONFLICT. */
enum err inbox_send(struct job *job, const struct message_draft *draft, struct message *out,
	bool *repeated);
/* The same in the caller's write transaction, without idempotency; the caller tells of it. Refused
 * by policy, it has written nothing, and the transaction may go on. */
enum err inbox_send_within(struct job *job, const struct message_draft *draft,
	struct inbox_changes *changes, struct message *out);
/* Changes the text of what was sent (KIND_EDIT), or takes it back (KIND_REVOKE): queued like a
 * message, and shown once the network has it. out: that message, as it still is. */
enum err inbox_change_sent(struct job *job, id64 message, enum message_kind kind, str body,
	struct message *out);
/* A message of any conversation once more in another one, marked as forwarded where the network can
 * say so. Only what it says goes along: neither quote nor buttons. draft: to whom; the rest of it
 * is filled. ERR_INPUT "not_forwardable", "no_file". Its own transaction, as inbox_send(). */
enum err inbox_forward(struct job *job, id64 message, struct message_draft *draft,
	struct message *out, bool *repeated);

/* ---- at once (act.c): done when the network has said so; asked for by people who wait. They call
 * the network, and may take LINKED_CALL_MS. An audit row each. ---- */

/* Our vote in a poll: names of its options; none takes it back. Field errors under "options".
 * ERR_UNSUPPORTED: the channel cannot. out: the poll, with the vote counted. */
enum err inbox_vote(struct job *job, id64 message, json options, struct message *out);
/* How long messages of the chat stay: 0, 86400, 604800 or 7776000 seconds (field errors). */
enum err inbox_set_timer(struct job *job, id64 conversation, int64_t seconds,
	struct conversation *out);

/* Only the checks of it. */
enum err inbox_send_check(struct job *job, const struct message_draft *draft);
/* A failed message once more, under the same id. Its own transaction. */
enum err inbox_retry(struct job *job, id64 message, struct message *out);
/* Set once at start: wakes the outbox for a channel. */
extern void (*inbox_outbox_hook)(id64 channel);

/* ---- media (media.c; writing and reading contents: inbox/media.h) ---- */

/* MEDIA_REMOTE: nobody has wanted to see it yet: media_retry() has it fetched. */
enum media_state { MEDIA_PENDING, MEDIA_STORED, MEDIA_FAILED, MEDIA_REMOTE };
struct media {
	id64 id, channel_id, blob_id;
	enum media_state state;
	str mime_type, file_name, remote_id, url, error;
	int64_t size_bytes, remote_uploaded_ms, created_ms;
	int64_t attempts;
};

/* Once at start: the folder of sealed files, made if it is not there. */
enum err media_open_folder(struct arena *arena, const char *folder, str *why);
enum err media_get(struct job *job, id64 id, struct media *out);
/* A media row that waits to be fetched from the provider; url may be none. In the caller's
 * transaction. */
enum err media_expect(struct job *job, id64 channel, str remote_id, str url,
	const struct media_info *info, id64 *out);
/* Set once at start: something is waiting to be fetched. Whoever called media_expect() calls it
 * after the commit. */
extern void (*inbox_media_hook)(void);

#endif
