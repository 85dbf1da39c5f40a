/*
 * search_internal.h: words and tokens, shared by search_words.c and search.c.
 */
#ifndef INBOX_SEARCH_INTERNAL_H
#define INBOX_SEARCH_INTERNAL_H

#include "inbox/inbox_internal.h"

#define SEARCH_TEXT_MAX (16u << 10)      /* octets of one text that are looked at */
#define SEARCH_TEXT_WORDS_MAX 4000       /* words of one message */
#define SEARCH_PREFIX_MIN 3              /* letters that are enough to find a longer word */
#define SEARCH_PREFIX_MAX \
	8 /* letters that tell tokens apart; more are compared with the text itself */

/* The first letter under the hash: words of messages, words of names, conversations, and what a
 * message is, never meet. */
enum search_space {
	SPACE_MESSAGE = 'm',
	SPACE_NAME = 'n',
	SPACE_CONVERSATION = 'c',
	SPACE_TAG = 't'
};

/* The digits of "+49 (30) 12", with what people put between them; empty for anything else, for
 * fewer than three, and for more than a number has. */
#define PHONE_DIGITS_MAX 15
str search_digits_of(struct arena *arena, str query);

/* Folded words, in the order of the text. */
struct words { str *items; size_t count, cap; };
/* A text as it is compared: NFKC, and small letters. */
str words_folded(struct arena *arena, str text);
void words_add(struct arena *arena, struct words *out, str text);
void words_of_message(struct arena *arena, const struct message *msg, struct words *out);

/* What a message is: "all", "in" or "out", "k2" for its kind, "c7" for its channel, "p9" for the
 * person who wrote it. */
#define TAGS_MAX 4
struct tags { str items[TAGS_MAX]; size_t count; };
str tag_of_kind(struct arena *arena, enum message_kind kind);
str tag_of_channel(struct arena *arena, id64 channel);
str tag_of_author(struct arena *arena, id64 person);
void tags_add(struct tags *tags, str tag);

/* The tokens that a hit must carry. conversation: only there; 0: anywhere. */
struct query_tokens {
	char space;
	const struct words *words;
	id64 conversation;
	struct tags tags;
};
enum err search_tokens_of_query(struct job *job, const struct query_tokens *query, str *text);

/* ---- what a query says (search.c) ---- */

struct term { size_t from, count; bool phrase; };
struct query_terms { struct words words; struct term *items; size_t count; };
void query_read(struct arena *arena, str query, struct query_terms *q);
bool query_fits(const struct words *words, const struct query_terms *q);
/* Do the words of a name begin as typed? Nothing typed fits all. */
bool name_fits(struct arena *arena, str name, str typed);

/* ---- which of the candidates are wanted (search_filter.c) ---- */

struct search_row_rows;
/* Drops what the filter or the job's scope does not take; keeps the order. */
enum err search_keep(struct job *job, const struct message_search *search, id64 *ids,
	size_t *count);

#endif
