/*
 * contacts.h: what a team does with its contacts: find, keep, merge, block, bring in, take out,
 * erase.
 *
 * Who a contact is and how it gets its names stands in inbox.h. Functions run inside the caller's
 * write transaction unless they say that they open their own; what changed goes to inbox_changes,
 * and the audit row of what a person did is written here.
 */
#ifndef INBOX_CONTACTS_H
#define INBOX_CONTACTS_H

#include "inbox/inbox.h"

#define CONTACT_NAME_MAX 120       /* code points */
#define CONTACT_VALUE_MAX 1000     /* code points of one attribute's value */
#define CONTACT_NOTE_MAX 4000      /* code points */
#define CONTACT_LABELS_MAX 100     /* of one contact */
#define CONTACT_ATTRIBUTES_MAX 200 /* of a workspace */

/* ---- attributes (contact_attribute.c) ---- */

enum attribute_kind {
	ATTRIBUTE_TEXT,
	ATTRIBUTE_NUMBER,
	ATTRIBUTE_DATE, /* 2026-11-21 */
	ATTRIBUTE_BOOLEAN,
	ATTRIBUTE_LIST, /* one of its options */
	ATTRIBUTE_URL,
	ATTRIBUTE_EMAIL,
	ATTRIBUTE_KINDS
};
const char *attribute_kind_name(enum attribute_kind kind);
bool attribute_kind_parse(str name, enum attribute_kind *out);

struct attribute {
	id64 id;
	str key, title; /* key: a to z, digits and _, from a letter on; never changes */
	enum attribute_kind kind;
	str options; /* JSON list of texts; "[]" for all but lists */
	bool required; /* a form asks for it; an import without it tells */
	int64_t created_ms;
};
struct attributes { struct attribute *items; size_t count; };

/* Those of the workspace, in the order they were made. */
enum err attribute_list(struct job *job, struct attributes *out);
const struct attribute *attribute_by_key(const struct attributes *all, str key);
/* The three write in a transaction of their own, with an audit row. Field errors name key, title,
 * type and options. A type and a key stay for ever; values of a deleted one are not shown again. */
enum err attribute_create(struct job *job, const struct attribute *draft, struct attribute *out);
struct attribute_patch { str title; json options; int required; }; /* none and -1: as it is */
enum err attribute_change(struct job *job, id64 id, const struct attribute_patch *patch,
	struct attribute *out);
enum err attribute_delete(struct job *job, id64 id);
/* A list of options as JSON: the texts of a request, checked and without doubles. */
enum err attribute_options(struct job *job, json list, str *out);

/* What somebody wrote → as it is stored, or why it cannot be (a sentence in *why). Empty is fine:
 * no value. */
bool attribute_read(struct arena *arena, const struct attribute *attribute, str text, str *out,
	const char **why);
/* The stored value of one; or none. */
str contact_value(struct arena *arena, const struct contact *contact, id64 attribute);
/* Values into a contact's stored attributes: `changes` has texts by key, none or empty takes one
 * away. Wrong ones are field errors "attributes.KEY". STR_NONE when nothing is left. */
enum err attributes_apply(struct job *job, const struct attributes *all, str stored, json changes,
	str *out);

/* ---- one contact (contact_edit.c) ---- */

struct contact_draft {
	str phone;        /* as typed */
	str name;
	json attributes;  /* {"key": value}, or NULL */
	const id64 *labels;
	size_t label_count;
	str source;       /* "console", "api" */
};
/* ERR_CONFLICT "contact_exists" when the number is somebody's; next_step names whose. */
enum err contact_create(struct job *job, const struct contact_draft *draft,
	struct inbox_changes *changes, struct contact *out);

struct contact_patch {
	str name;
	json attributes;
	bool has_labels;
	const id64 *labels;
	size_t label_count;
};
/* name none: as it is, empty: the person's own again. */
enum err contact_change(struct job *job, id64 id, const struct contact_patch *patch,
	struct inbox_changes *changes, struct contact *out);
/* The row locked and its attributes set as they are stored; the index follows. */
enum err contact_put_attributes(struct job *job, id64 id, str attributes);

enum err contact_consent(struct job *job, id64 id, bool opted_out, str source,
	struct inbox_changes *changes);
/* Only the history row: the state is written by whoever calls. */
enum err contact_consent_note(struct job *job, id64 id, bool opted_out, str source, int64_t at_ms);
/* Before a template is queued for a contact (0: whoever `to` names): ERR_INPUT "opted_out" when it
 * is marketing and the person wants none. */
enum err consent_check(struct job *job, const struct channel *ch, id64 contact,
	const struct person_ref *to, json template);
/* A blocked contact's conversations are archived, and what they write makes no notice. */
enum err contact_block(struct job *job, id64 id, bool blocked, str reason,
	struct inbox_changes *changes, struct contact *out);

/* ---- notes (contact_note.c) ---- */

struct contact_note {
	id64 id, contact_id, author_id;
	enum actor_kind author_kind;
	str author_name, body;
	int64_t edited_ms;
};
struct contact_notes { struct contact_note *items; size_t count; };
enum err contact_note_list(struct job *job, id64 contact, id64 before, size_t max,
	struct contact_notes *out);
enum err contact_note_add(struct job *job, id64 contact, str body, struct contact_note *out);
/* Of its author, and of whoever may manage contacts. body none: deletes it. */
enum err contact_note_change(struct job *job, id64 contact, id64 note, str body,
	struct contact_note *out);

/* ---- the list (contact_find.c) ---- */

enum contact_sort {
	CONTACT_SORT_SEEN,     /* last message latest first */
	CONTACT_SORT_SEEN_UP,
	CONTACT_SORT_CREATED,  /* newest first */
	CONTACT_SORT_CREATED_UP,
	CONTACT_SORT_NAME,     /* when the filters leave at most CONTACT_SORTED_MAX */
	CONTACT_SORTS
};
#define CONTACT_SORTED_MAX 2000

/* opted_out and blocked: -1 any. Times: 0 any; `until` is behind the last. */
struct contact_filter {
	str query;             /* words of names and values, digits of a number, a label */
	int opted_out, blocked;
	str source;
	id64 label, number, attribute;
	str value;             /* of the attribute, as it is stored */
	int64_t created_from_ms, created_until_ms, seen_from_ms, seen_until_ms;
	enum contact_sort sort;
};
struct contact_place { int64_t ms; id64 id; }; /* zeros: the start */
struct contact_page {
	struct contacts contacts;
	bool has_more;              /* a page may be short, or empty, and have more */
	struct contact_place next;
	enum contact_sort sorted;   /* many hits of a query come newest first, whatever was asked */
};
/* Bounded work: at most so many rows are looked at. ERR_INPUT "too_many_to_sort" for names. */
enum err contact_find(struct job *job, const struct contact_filter *filter,
	const struct contact_place *after, size_t max, struct contact_page *out);
/* Those with one of the contact's e-mail addresses, its whole name, or a number that ends alike. */
struct contact_double { id64 contact; const char *reason; };
enum err contact_doubles(struct job *job, id64 id, struct contact_double *out, size_t max,
	size_t *count);
/* Groups of contacts with one e-mail address or whole name. after: where the page before ended. */
struct contact_group { const char *reason; struct contacts contacts; };
enum err contact_groups(struct job *job, int64_t kind, int64_t after, struct contact_group *out,
	size_t max, size_t *count, int64_t *next);

/* May the asker see it? A scope sees those who have a conversation that it sees. ERR_MISSING. */
enum err contact_check(struct job *job, id64 id);

/* ---- two become one (merge.c) ---- */

/* What the kept one takes from the other although it has its own; labels and notes it takes all. */
struct merge_choice { bool name; const id64 *attributes; size_t attribute_count; };
enum err contact_merge_chosen(struct job *job, id64 kept, id64 gone,
	const struct merge_choice *choice, struct inbox_changes *changes, id64 *merge);

/* ---- erasing (contact_erase.c) ---- */

/* The person's names, numbers, values, notes and labels go at once; messages and files by
 * contact_wipe(), in pieces. */
enum err contact_erase(struct job *job, id64 id, str reason, struct inbox_changes *changes);
/* One piece, in transactions of its own; *done when nothing is left. */
enum err contact_wipe(struct job *job, id64 id, bool *done);

/* Set once at start: there is work for jobs/contact_work.c. Called after the commit. */
extern void (*contact_work_hook)(void);

#endif
