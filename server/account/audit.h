/*
 * audit.h: who changed what, chained by hash.
 *
 * hash(n) = SHA-256(hash(n-1) ‖ the row's fields, each with its length). Written inside the
 * transaction of the change, so there is no change without its row.
 */
#ifndef ACCOUNT_AUDIT_H
#define ACCOUNT_AUDIT_H

#include "runtime/job.h"

struct audit_entry {
	const char *action;      /* "channel.create" */
	const char *target_kind; /* "channel" */
	id64 target_id;
	str reason;              /* what the person gave, or none */
	str detail;              /* JSON object without secrets or bodies; none: {} */
};

/* In the open write transaction; actor and address come from the job. */
enum err audit_add(struct job *job, const struct audit_entry *entry);
/* A stored row; hash in hex. */
struct audit_item {
	id64 id, actor_id, target_id;
	int64_t seq, at_ms;
	str actor_kind, actor_name, action, target_kind, reason, address, detail, hash;
};
/* Empty and 0: any. action: its beginning, "channel." for all of channels. */
struct audit_filter {
	id64 actor, target;
	str action, target_kind;
	int64_t from_ms, until_ms; /* [from, until) */
};
/* Newest first, below the number `before` (0: from the newest). */
enum err audit_read(struct job *job, const struct audit_filter *filter, int64_t before,
	size_t limit, struct audit_item **out, size_t *count);
/* Walks the chain; *broken_at is the seq of the first wrong row, 0 when all is right. */
enum err audit_verify(struct job *job, id64 workspace, int64_t *rows, int64_t *broken_at);

#endif
