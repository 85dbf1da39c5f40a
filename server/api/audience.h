/*
 * audience.h: who of a workspace hears an event.
 *
 * Those who see everything listen on private-workspace-{id}; whoever sees a part has a channel of
 * their own (private-person-{id}, private-key-{id}) and is told one by one.
 */
#ifndef API_AUDIENCE_H
#define API_AUDIENCE_H

#include "account/scope.h"
#include "base/buf.h"

struct audience {
	str app_key, workspace; /* the channel of those who see all */
	/* id: person or key */
	struct listener { id64 id; str channel; const struct scope *scope; } *items;
	size_t count;
};

/* That of the job's workspace, in its arena. */
enum err audience_load(struct job *job, struct audience *out);
/* An event without anything of a conversation: everybody hears it. */
void audience_tell(const struct audience *audience, str event, const struct buf *data);
/* An event about a conversation that stands so: for who sees it. */
void audience_tell_about(const struct audience *audience, const struct scoped *what, str event,
	const struct buf *data);
/* About several of them: for who sees one. */
void audience_tell_any(const struct audience *audience, const struct scoped *whats, size_t count,
	str event, const struct buf *data);
/* For who saw it as it was, and does not any more. */
void audience_tell_lost(const struct audience *audience, const struct scoped *was,
	const struct scoped *is, str event, const struct buf *data);
bool audience_lost(const struct listener *one, const struct scoped *was, const struct scoped *is);
/* On one channel alone. */
void audience_tell_one(const struct audience *audience, str channel, str event,
	const struct buf *data);

#endif
