/*
 * call.h: what providers that speak plain HTTP share: a call and what its failure means, content
 * whose files are links, and the times that others write.
 */
#ifndef PROVIDER_CALL_H
#define PROVIDER_CALL_H

#include "provider/provider.h"

/* Calls; a failure has its advice and may_have_happened in out (may be NULL). Any status is OK. */
enum err provider_call(struct job *job, const struct http_call *call, struct http_reply *reply,
	struct send_result *out);

/* An answer that is no success: the network's own words where it told some. */
struct refusal {
	int status;
	str code, sentence; /* empty: made of the status */
	/* what is known of this code; none: judged by the status */
	str word; /* "never", "retry", "wait", "later", "template", "stop" */
	bool is_answer; /* its own error object, not a page of some machine between us */
};
enum err provider_refused(struct job *job, const struct http_reply *reply,
	const struct refusal *refusal, struct send_result *out);

/* The content of a message, with links in place of our files' ids (provider.media_by_link). */
enum err provider_linked_content(struct job *job, const struct outgoing *msg, json *out);
/* The text that people see: a body, else a caption; "" where there is none. */
str provider_plain_text(enum message_kind kind, json content);

/* A time as networks write it: seconds, milliseconds, or ISO 8601 with or without an offset; else
 * `otherwise`. */
int64_t provider_time_ms(json v, int64_t otherwise);
/* A state as reports write it, in any case: "Delivered", "undelivered". false: none of ours. */
bool provider_status_of(str word, enum message_status *out);
/* The digits of a phone number as people and networks write it; STR_NONE for what is none. */
str provider_phone(struct arena *arena, str text);

/* HMAC-SHA256 of the body, in hex. */
str provider_signature(struct arena *arena, str secret, str body);

/* A file at a public address, piece by piece; the public-address rule of the channel holds. */
enum err provider_fetch_link(struct job *job, const struct channel *ch, str url,
	const struct media_sink *sink, struct media_info *out);

#endif
