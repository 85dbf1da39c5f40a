/*
 * msg91_internal.h: what the files of the MSG91 adapter share.
 *
 * encode.c makes requests, send.c carries them and reads answers, pace.c keeps to the requests a
 * minute, webhook.c decodes what comes, config.c holds what MSG91's documentation leaves open.
 * Facts: docs/protocol/msg91.md. The rule: a message's remote id is "request id:recipient", since
 * one request may have many recipients.
 */
#ifndef PROVIDER_MSG91_MSG91_INTERNAL_H
#define PROVIDER_MSG91_MSG91_INTERNAL_H

#include "provider/call.h"
#include "provider/cloud/cloud_internal.h"

#define MSG91_BODY_MAX (256u << 10)
#define MSG91_TEXT_MAX 4096
#define MSG91_REQUESTS_PER_MINUTE 100
#define MSG91_REQUESTS_PER_MINUTE_MAX 10000
#define MSG91_GROUP_MAX 8 /* recipients whose templates are alike go in one request */

/* ---- config.c ---- */
/* Names that accounts differ in; the default is what most integrations use. */
enum msg91_name {
	/* of requests */
	NAME_MEDIA_URL,
	NAME_MEDIA_CAPTION,
	NAME_MEDIA_FILE_NAME,
	NAME_REFERENCE,
	/* of webhooks: several, the first that is there counts */
	NAME_CUSTOMER,
	NAME_CUSTOMER_NAME,
	NAME_NUMBER,
	NAME_DIRECTION,
	NAME_UUID,
	NAME_REQUEST_ID,
	NAME_CRQID,
	NAME_CONTENT_TYPE,
	NAME_TEXT,
	NAME_MESSAGES,
	NAME_INTERACTIVE,
	NAME_BUTTON,
	NAME_URL,
	NAME_CAPTION,
	NAME_FILE_NAME,
	NAME_REPLY_TO,
	NAME_STATE,
	NAME_REASON,
	NAME_TIME,
	MSG91_NAMES
};
/* The names of it, separated by '|': the account's, else the documented ones. */
str msg91_name(json config, enum msg91_name which);
void msg91_check_config(struct job *job, json config);
str msg91_rule(struct job *job, const struct channel *ch);
json msg91_config(struct job *job, const struct channel *ch);

/* ---- encode.c ---- */
/* A message to `count` recipients (one, but for templates): the body of its request. reference:
 * ours, or none. */
struct msg91_message {
	const struct channel *ch;
	json config, content;
	enum message_kind kind;
	const str *to;
	size_t to_count;
	str reference;
};
void msg91_encode(struct buf *b, const struct msg91_message *msg);

/* ---- send.c ---- */
enum err msg91_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out);
enum err msg91_health(struct job *job, const struct channel *ch, struct provider_health *out);
enum err msg91_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count);

/* ---- pace.c ---- */
/* Takes one of the key's requests in any minute; else how long until the next is free. Any thread.
 */
bool msg91_take_turn(str key, int64_t per_minute, int64_t now_ms, int64_t *wait_ms);

/* ---- group.c ---- */
/* Waits a moment for others that want the same, then one of them calls for all. */
enum err msg91_send_together(struct job *job, const struct msg91_message *msg,
	struct send_result *out);
/* One request, for all of msg->to; out->remote_id is the request's id. */
enum err msg91_call(struct job *job, const struct msg91_message *msg, struct send_result *out);

/* ---- webhook.c ---- */
bool msg91_verify(const struct webhook_keys *keys, const struct request *req);
enum err msg91_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out);
enum err msg91_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out);
/* For its fuzz target. */
enum err msg91_parse_by(struct job *job, json config, str body, struct provider_events *out);

#endif
