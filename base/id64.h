/*
 * id64.h: the ids of everything we store.
 *
 * 63 bits: 42 of milliseconds since 2024-01-01, 10 of node, 11 of sequence. They sort by time and
 * are unique over nodes without asking. 0 is no id (SQL NULL). In JSON they are strings.
 */
#ifndef BASE_ID64_H
#define BASE_ID64_H

#include "base/str.h"

typedef int64_t id64;

#define ID64_EPOCH_MS 1704067200000LL
#define ID64_NODE_MAX 1023
#define ID64_TEXT_MAX 20

/* Node of this process, 0 to ID64_NODE_MAX; once at start. */
void id64_set_node(unsigned node);
/* A new id; any thread. Never repeats and never goes back, even when the clock does. */
id64 id64_new(int64_t now_ms);
/* The time in an id. */
int64_t id64_ms(id64 id);
/* The smallest id of a millisecond: for ranges by time. */
id64 id64_floor(int64_t ms);
/* Decimal text of a positive id, as buf_i64() writes it: no sign, no leading zero; false otherwise.
 */
bool id64_parse(str s, id64 *out);

#endif
