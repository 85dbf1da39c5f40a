/*
 * recent.h: what was fetched for a number lately, by the name it was asked for: in memory, the
 * newest few, for ten minutes. A second try and a broadcast do not fetch it again.
 *
 * Any thread; each call takes the manager's lock itself.
 */
#ifndef PROVIDER_LINKED_RECENT_H
#define PROVIDER_LINKED_RECENT_H

#include "crypto/crypto.h"
#include "runtime/job.h"

#define LINKED_RECENT_MS 600000

struct linked_recent_one;
/* Made at the first keep; max: how many there are room for. */
struct linked_recent { struct linked_recent_one *all; size_t max; };

/* *out: a copy in the job's arena, empty when it is remembered that there is nothing. */
bool linked_recent_find(struct job *job, const struct linked_recent *recent, str name, bytes *out);
/* Copies the octets, in the place of the oldest. */
void linked_recent_keep(struct job *job, struct linked_recent *recent, str name, bytes octets);
void linked_recent_free(struct linked_recent *recent);

#endif
