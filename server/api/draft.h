/*
 * draft.h: a message as it comes in a request: in the Cloud API's own shape, with what else the
 * route takes.
 */
#ifndef API_DRAFT_H
#define API_DRAFT_H

#include "api/api.h"
#include "inbox/inbox.h"

enum draft_use { DRAFT_REPLY, DRAFT_ADDRESSED, DRAFT_LATER };

#define DRAFT_KINDS_MAX 16
#define DRAFT_OPTIONS_MAX 8

/* One object per kind, of which exactly that of `type` may be there. */
struct draft {
	enum draft_use use;
	str type, to, from, recipient, recipient_type;
	id64 channel_id, canned_id;
	struct { id64 message_id; } context;
	/* DRAFT_LATER */
	id64 conversation_id;
	int64_t send_at_ms, repeat_until_ms;
	str time_zone, repeat;
	bool only_if_no_reply;
	json contents[DRAFT_KINDS_MAX];
	json options[DRAFT_OPTIONS_MAX];
};

/* Wrong fields are only noted: draft_take() ends with all of them. */
enum err draft_read(struct job *job, const struct request *req, enum draft_use use,
	struct draft *out);
/* Its content and kind; the priority is that of who asks. */
enum err draft_take(struct job *job, const struct draft *draft, struct message_draft *out);
/* The type of a message that stands in an object: its `type`, or what its one content says. */
str draft_type(json root);
/* The options among the members of an object, as draft_take() would have them. */
enum err draft_options(struct job *job, json root, json *out);
/* The caller's key, and what it stands for: the route and the body. */
enum err draft_idempotency(struct job *job, const struct request *req, struct message_draft *out);

#endif
