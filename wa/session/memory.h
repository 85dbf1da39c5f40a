/*
 * memory.h: a store of records in memory, for phones of the simulator, examples and tests.
 *
 * Changes count once they are committed; wa_memory_rollback() takes back what came since, as a
 * crash would. One lane. Values are wiped when they go.
 */
#ifndef WA_SESSION_MEMORY_H
#define WA_SESSION_MEMORY_H

#include "wa/session/session.h"

struct wa_memory;

struct wa_memory *wa_memory_create(void);
void wa_memory_destroy(struct wa_memory *m);
/* Borrows m. */
struct wa_store wa_memory_store(struct wa_memory *m);

void wa_memory_commit(struct wa_memory *m);
void wa_memory_rollback(struct wa_memory *m);

/* How many there are of a kind, and of all; octets of all kinds together. */
size_t wa_memory_count(const struct wa_memory *m, enum wa_record kind);
size_t wa_memory_total(const struct wa_memory *m);
size_t wa_memory_size(const struct wa_memory *m);
/* What all of it takes of the heap. */
size_t wa_memory_heap(const struct wa_memory *m);
/* Call number n of get, put, erase and scan from now, and all after it, answer ERR_STORE; 0: none.
 */
void wa_memory_fail_at(struct wa_memory *m, size_t n);

#endif
