/*
 * token.h: the words that binary XML writes in one or two octets; dictionary version 3.
 *
 * A word's number is its octet (1 to 235), or 256 · (dictionary + 1) + index for the four
 * dictionaries of 256. The tables are generated of tokens.json.
 * Source: docs/protocol/linked-device-1-transport.md §4.7.
 */
#ifndef WA_STANZA_TOKEN_H
#define WA_STANZA_TOKEN_H

#include "base/str.h"

#define STANZA_WORDS (256 * 5)
#define STANZA_SLOTS 4096 /* as in tools/tokengen.py */

/* By number; none where there is no word. */
extern const str stanza_words[STANZA_WORDS];
/* Numbers by hash, the next slot when one is taken; 0: free. */
extern const uint16_t stanza_slots[STANZA_SLOTS];

/* The number of a word, or 0. */
static inline unsigned stanza_word_number(str word)
{
	uint32_t hash = 2166136261u;
	unsigned slot;

	for (size_t i = 0; i < word.len; i++)
		hash = (hash ^ (uint8_t)word.ptr[i]) * 16777619u;
	for (slot = (hash ^ hash >> 16) % STANZA_SLOTS; stanza_slots[slot];
		slot = (slot + 1) % STANZA_SLOTS)
		if (str_is(stanza_words[stanza_slots[slot]], word))
			return stanza_slots[slot];
	return 0;
}

#endif
