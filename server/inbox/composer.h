/*
 * composer.h: what people write with: variables, ready answers, macros, internal notes, and what a
 * person is told of because somebody wants them.
 *
 * Runs on workers like the rest of inbox/. Functions that change something open their own
 * transaction and tell of it, unless their name ends in _within: those run inside the caller's.
 */
#ifndef INBOX_COMPOSER_H
#define INBOX_COMPOSER_H

#include "inbox/inbox.h"

/* ---- variables (variables.c) ---- */

#define VARIABLES_TEXT_MAX 4096 /* code points of a text before and after */

/* {{contact.name}}, {{contact.first_name|friend}}: one syntax for ready answers, macros and
 * everything else that is filled in. Names: contact.name, contact.first_name, contact.phone,
 * contact.attributes.KEY, agent.name, agent.first_name, conversation.number (of the business),
 * channel.name, workspace.name. What follows the first | is used when there is no value. */
struct variable { str name, value; }; /* no value: it is missing */
struct variables { struct variable *items; size_t count; };

/* All that are known of this conversation, for that agent (0: none). */
enum err variables_of(struct job *job, const struct conversation *conv, id64 agent,
	struct variables *out);
/* Notes a field error for each {{…}} that is not closed or names nothing known. */
void variables_check(struct job *job, str field, str text);
/* Fills in. Notes a field error (missing_variable, unknown_variable) that names each one without
 * value and default; the caller ends with job_check_fields(). */
str variables_fill(struct job *job, str field, str text, const struct variables *variables);

/* ---- ready answers (canned.c) ---- */

#define CANNED_MAX 2000              /* of a workspace */
#define CANNED_SHORTCUT_MAX 32       /* letters of any script, digits, - and _; in lower case */
#define CANNED_TITLE_MAX 120
#define CANNED_CATEGORY_MAX 60
#define CANNED_MEDIA_MAX 10

enum owner_scope { OWNER_WORKSPACE, OWNER_TEAM, OWNER_PERSON, OWNER_SCOPES };
const char *owner_scope_name(enum owner_scope scope);
bool owner_scope_parse(str name, enum owner_scope *out);

/* owner_id: the team or person; 0 for the workspace. */
struct owner { enum owner_scope scope; id64 owner_id; };

struct canned {
	id64 id;
	str shortcut, title, category, body;
	id64 media[CANNED_MEDIA_MAX];
	size_t media_count;
	struct owner owner;
	id64 channel_id; /* it is a quick reply of that channel's phone; 0: it is not */
	int64_t created_ms, updated_ms;
};
struct canned_list { struct canned *items; size_t count; };
struct canned_figures { int64_t used, delivered, read, replied, last_used_ms; };

/* What the asker may use: the workspace's, those of the own teams (of all teams for API keys and
 * for who has canned.manage), the own. By id, above `after`. */
enum err canned_list(struct job *job, id64 after, size_t max, struct canned_list *out);
/* ERR_MISSING for what the asker may not use. */
enum err canned_get(struct job *job, id64 id, struct canned *out);
/* Field errors for all that is wrong; ERR_DENIED without canned.manage where it is not one's own;
 * ERR_CONFLICT "shortcut_taken". id and the times are not read. */
enum err canned_create(struct job *job, const struct canned *draft, struct canned *out);
enum err canned_change(struct job *job, const struct canned *draft, struct canned *out);
enum err canned_remove(struct job *job, id64 id);
/* What became of the messages made of them: figures[i] is of items[i]. At most 200. */
enum err canned_figures(struct job *job, const struct canned_list *list,
	struct canned_figures *figures);

/* ---- macros (macro.c) ---- */

#define MACROS_MAX 500               /* of a workspace */
#define MACRO_ACTIONS_MAX 20
#define MACRO_NAME_MAX 120

struct macro {
	id64 id;
	str name;
	json actions;                /* a checked list; see docs/api/README.md */
	struct owner owner;
	int64_t run_count, last_run_ms, created_ms, updated_ms;
};
struct macros { struct macro *items; size_t count; };
enum macro_outcome { MACRO_NOT_RUN, MACRO_DONE, MACRO_FAILED, MACRO_UNDONE };
/* Of one action, in order. why: a sentence, when it failed. */
struct macro_step { str type, why; enum macro_outcome outcome; id64 message; };
struct macro_run { struct macro_step steps[MACRO_ACTIONS_MAX]; size_t count; bool ok; };

enum err macro_list(struct job *job, id64 after, size_t max, struct macros *out);
enum err macro_get(struct job *job, id64 id, struct macro *out);
enum err macro_create(struct job *job, const struct macro *draft, struct macro *out);
enum err macro_change(struct job *job, const struct macro *draft, struct macro *out);
enum err macro_remove(struct job *job, id64 id);
/* All of it in one transaction, or nothing of it: an action that cannot be done undoes those before
 * it, and out tells which and why. OK also then; an error only when the store failed. */
enum err macro_run(struct job *job, id64 id, id64 conversation, struct macro_run *out);

/* ---- internal notes (note.c) ---- */

#define NOTE_TEXT_MAX 4096
#define NOTE_MENTIONS_MAX 50

/* A message of KIND_NOTE: shown and found like others, and nothing of it ever leaves. It has no
 * place in the outbox, no remote id to quote it by, and moves neither window nor unread count. */
struct mention { bool is_team; id64 id; };
struct note_draft {
	id64 conversation_id;
	str body;
	const struct mention *mentions;
	size_t mention_count;
};

enum err note_add(struct job *job, const struct note_draft *draft, struct message *out);
enum err note_add_within(struct job *job, const struct note_draft *draft,
	struct inbox_changes *changes, struct message *out);
/* By its author only; what it said before is kept. ERR_DENIED for others. */
enum err note_change(struct job *job, id64 message, str body, struct message *out);
enum err note_remove(struct job *job, id64 message, struct message *out);

/* What an edited message said before, oldest first; until_ms: when that ended. */
struct message_version { str content; int64_t until_ms; };
struct message_versions { struct message_version *items; size_t count; };
enum err message_versions(struct job *job, id64 message, struct message_versions *out);

/* ---- what a person is told of (notification.c) ---- */

#define NOTIFICATION_MENTION S("mention")
#define NOTIFICATION_ASSIGNED S("assigned")
#define NOTIFICATION_SLA S("sla")
#define NOTIFICATION_NOT_SENT S("scheduled_not_sent")
#define NOTIFICATIONS_COUNTED_MAX 100

struct notification {
	id64 id, person_id, conversation_id, message_id, actor_id;
	str kind, detail;            /* detail: a JSON object without bodies */
	int64_t read_ms;
};
struct notifications { struct notification *items; size_t count; };

/* In the caller's transaction. Nobody is told of what they did themselves. Each is also a
 * CHANGE_NOTIFICATION, by which those hear of it who deliver it. id and read_ms are not read. */
enum err notification_add_within(struct job *job, const struct notification *draft,
	struct inbox_changes *changes);
/* Of the job's person, newest first, below `before` (0: from the newest). */
enum err notification_list(struct job *job, bool unread_only, id64 before, size_t max,
	struct notifications *out);
enum err notification_get(struct job *job, id64 id, struct notification *out);
/* Counted up to NOTIFICATIONS_COUNTED_MAX. */
enum err notification_unread(struct job *job, id64 person, int64_t *out);
/* id 0: all of the job's person. */
enum err notification_mark_read(struct job *job, id64 id);
/* Those about a conversation, which the job's person has before their eyes. */
enum err notification_mark_read_about(struct job *job, id64 conversation);

#endif
