/*
 * turns.h: a few places, and a queue before them that is served first come, first served.
 *
 * SQLite's writer is one place, its readers and PostgreSQL's connections are several. Waiting
 * stands here, in one bounded queue, and not in the database's own retry loops, which serve whoever
 * wakes first. Any thread.
 */
#ifndef STORE_TURNS_H
#define STORE_TURNS_H

#include <stddef.h>
#include <stdint.h>

struct turns;

struct turns *turns_create(size_t places);
void turns_destroy(struct turns *turns);
/* The number of a place that is ours until turns_give, or -1 after wait_ms. */
int turns_take(struct turns *turns, int64_t wait_ms);
void turns_give(struct turns *turns, int place);
size_t turns_in_use(struct turns *turns);
size_t turns_waiting(struct turns *turns);

#endif
