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

/* The first letter under the hash: words of messages, words of names, and conversations never meet.
 */
enum search_space { SPACE_MESSAGE = 'm', SPACE_NAME = 'n', SPACE_CONVERSATION = 'c' };

/* Folded words, in the order of the text. */
struct words { str *items; size_t count, cap; };
void words_add(struct arena *arena, struct words *out, str text);
void words_of_message(struct arena *arena, const struct message *msg, struct words *out);

/* The tokens that a hit must carry. conversation: only there; 0: anywhere. */
enum err search_tokens_of_query(struct job *job, char space, const struct words *words,
	id64 conversation, str *text);

#endif
