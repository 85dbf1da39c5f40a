/*
 * search.h: one line that people type, as words and filters.
 *
 *	invoice "red car" from:ana label:vip after:2026-01-01 has:image
 *
 * The line is the whole of it: what the controls of the page choose is written into it, so a search
 * can be kept, shared and asked by programs. Filters of different keys must all hold; of one key,
 * any. A filter that names nobody finds nothing, and is told.
 */
#ifndef INBOX_SEARCH_H
#define INBOX_SEARCH_H

#include "inbox/inbox.h"

#define SEARCH_IDS_MAX 20     /* contacts, people, … that one key stands for */
#define SEARCH_FILTERS_MAX 12 /* in one line; the rest is taken as words */

struct search_ids { id64 items[SEARCH_IDS_MAX]; size_t count; };

/* One filter as it was typed, and what it was taken for. */
struct search_term { str key, value, name; bool known; };

struct search_filter {
	str text;                          /* the words and phrases that are left */
	struct search_ids contacts, authors; /* from: either */
	struct search_ids channels, assignees, labels;
	bool has_from, has_channel, has_assignee, has_label;
	bool unassigned, unread;
	uint32_t kinds;                    /* bits of enum message_kind; 0: any */
	unsigned statuses;                 /* bits of enum conversation_status; 0: any */
	bool in, out, notes, links;        /* direction; none of the three: any */
	int64_t from_ms, until_ms;         /* 0: open */
	struct search_term terms[SEARCH_FILTERS_MAX];
	size_t term_count;
	bool is_empty_set;                 /* a filter names nobody */
};

/* Reads a line for the job's actor, in the time zone of the dates ("Asia/Jakarta"; none: UTC). */
enum err search_read(struct job *job, str line, str time_zone, struct search_filter *out);
/* Are there filters of the message itself, which no contact or conversation has? */
bool search_is_of_messages(const struct search_filter *filter);

/* What may stand behind a key, by the beginning of its name; at most SEARCH_IDS_MAX. value: to be
 * typed; name: to be shown. */
struct search_suggestion { str value, name; };
struct search_suggestions { struct search_suggestion *items; size_t count; };
/* ERR_INPUT for a key that has none. */
enum err search_suggest(struct job *job, str key, str beginning, struct search_suggestions *out);

/* Conversations of contacts whose names or numbers hold the words, and, without words, those with
 * the labels; each as the filter wants it. Newest activity first, at most max. */
enum err search_conversations(struct job *job, const struct search_filter *filter, size_t max,
	struct conversations *out);
/* The folded words to mark in what was found: a word of three letters and more marks those that
 * begin with it. */
enum err search_marks(struct job *job, str text, str **out, size_t *count);

#endif
