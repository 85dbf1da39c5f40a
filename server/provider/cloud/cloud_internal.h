/*
 * cloud_internal.h: what the files of the Cloud API adapter share.
 *
 * encode.c makes the request, send.c carries it, errors.c explains refusals, parse*.c decode
 * webhooks, check*.c hold the published limits, media.c, manage.c and template.c are the other
 * calls. Facts: docs/protocol/cloud-api.md.
 */
#ifndef PROVIDER_CLOUD_CLOUD_INTERNAL_H
#define PROVIDER_CLOUD_CLOUD_INTERNAL_H

#include "provider/manage.h"

#define CLOUD_BODY_MAX (256u << 10) /* of a request to /messages */
#define CLOUD_TEXT_MAX 4096
#define CLOUD_DETAIL_MAX 300        /* code points of Meta's own words that we pass on */

/* ---- encode.c ---- */
/* The body of POST /{phone_number_id}/messages; content and options are those of msg, read. */
void cloud_encode(struct buf *b, const struct outgoing *msg, json content, json options);
void cloud_encode_read(struct buf *b, str remote_id, bool typing);

/* ---- errors.c ---- */
/* A refusal, explained. */
struct cloud_fault {
	int64_t code, subcode;
	int status;             /* HTTP; 0 when it came in a status report */
	bool is_graph;          /* an error object of the Graph API was there */
	bool is_transient;
	str details, trace;
	str sentence, next_step;
	enum err err;
	enum retry_advice advice;
};
/* Looks code, HTTP status and is_transient up; fills sentence, next_step, err and advice. */
void cloud_explain(struct arena *arena, struct cloud_fault *fault);
/* The fault in an error object ({"code", "message", "error_data", …}) of an answer or of a status
 * report. */
struct cloud_fault cloud_fault_of(struct arena *arena, int status, json error);
/* Fails the job by an answer that is no success. out may be NULL. */
enum err cloud_refused(struct job *job, int status, str body, struct send_result *out);
/* The wait before the next try after 131056, "4^X seconds". */
int64_t cloud_pair_wait_ms(unsigned attempts);

/* ---- send.c: calls ---- */
/* base_url/path with a bearer token. Any answer but a 2xx with JSON is a failure, explained. out
 * and root may be NULL. */
struct cloud_call {
	enum http_method method;
	str path;                 /* "123/messages"; or a whole URL */
	bytes body;               /* JSON */
	const char *body_path;    /* or: this file as it is, the way of resumable uploads … */
	int64_t body_from;        /* … from this octet on */
	bool is_upload;           /* a question about such an upload */
	const struct call_part *parts;
	size_t part_count;
	int64_t deadline_ms;      /* 0: the usual one */
};
enum err cloud_call(struct job *job, const struct channel *ch, const struct cloud_call *call,
	struct send_result *out, json *root);
struct header cloud_bearer(struct job *job, const struct channel *ch);
enum err cloud_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out);
enum err cloud_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing);

/* ---- parse.c, parse_message.c, parse_status.c, parse_notice.c ---- */
struct parsing {
	struct job *job;
	struct provider_events *out;
	str field, account_id, phone_number_id, business_phone;
	int64_t entry_ms;
	json value, contacts;
};
enum err cloud_parse(struct job *job, str body, struct provider_events *out);
struct provider_event *cloud_event(const struct parsing *p, enum event_kind kind);
/* Keeps v as it came. */
struct provider_event *cloud_undrawn(const struct parsing *p, json v);
struct provider_event *cloud_notice(const struct parsing *p, const char *severity, str sentence,
	json detail);
size_t cloud_list(json v); /* elements; 0 unless it is a list */
str cloud_json_text(struct arena *arena, json v);
/* text or number; STR_NONE for "" */
str cloud_id(const struct parsing *p, json map, const char *key);
/* its digits; STR_NONE when it is no phone number */
str cloud_phone(const struct parsing *p, json v);
int64_t cloud_time_ms(json v, int64_t otherwise);
/* Completes a person by the one of value.contacts that agrees with it. */
void cloud_know(const struct parsing *p, struct person_ref *who);
bool cloud_has_name(const struct person_ref *who);

enum cloud_origin { FROM_CUSTOMER, FROM_OWNER, FROM_HISTORY };
/* thread: the customer of a history thread, or NULL. */
void cloud_parse_message(const struct parsing *p, json msg, enum cloud_origin origin,
	const struct person_ref *thread);
void cloud_parse_status(const struct parsing *p, json status);
/* Fields that are no lists: templates, account, number, security, flows. false: not one of them. */
bool cloud_parse_notice(const struct parsing *p);
/* What nothing here has words for, said as far as it goes. */
void cloud_parse_other(const struct parsing *p, json v);
void cloud_parse_call(const struct parsing *p, json call);
void cloud_parse_group(const struct parsing *p, json group);

/* ---- verify.c ---- */
bool cloud_verify(str app_secret, const struct request *req);
bool cloud_handshake(str verify_token, struct arena *arena, const struct request *req, str *answer);

/* What files of a kind a network takes; of linked devices, too. */
struct cloud_media_rule {
	enum message_kind kind;
	int64_t size_max;
	const char *limit;      /* the sentence about it */
	const char *types[10];
};
enum err cloud_media_check(struct job *job, const struct cloud_media_rule *rules, size_t count,
	const struct media_info *file);

/* ---- check.c, check_interactive.c, check_template.c, check_option.c, check_media.c ---- */
enum err cloud_check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content);
enum err cloud_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json options);
/* Asks for the endpoint /marketing_messages instead of /messages. */
bool cloud_is_marketing(json options);
enum err cloud_check_media(struct job *job, enum message_kind kind, str mime_type, int64_t size);
/* Each notes field errors under path. */
void cloud_check_interactive(struct job *job, json interactive);
void cloud_check_template(struct job *job, json template);
void cloud_check_media_object(struct job *job, const char *path, json media);
[[gnu::format(printf, 4, 5)]] void cloud_wrong(struct job *job, const char *code,
	const char *message, const char *path, ...);
/* Text of min to max code points; an absent one only when min is 0. */
void cloud_check_text(struct job *job, json v, size_t min, size_t max, const char *path);
const char *cloud_path(struct job *job, const char *base, const char *name);
const char *cloud_path_at(struct job *job, const char *base, const char *name, size_t index);

/* ---- profile.c ---- */
enum err cloud_profile(struct job *job, const struct channel *ch, struct business_profile *out);
enum err cloud_profile_set(struct job *job, const struct channel *ch,
	const struct business_profile *draft);

/* ---- block.c ---- */
enum err cloud_block(struct job *job, const struct channel *ch, const struct person_ref *who,
	bool blocked);

/* ---- media.c, manage.c ---- */
enum err cloud_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id);
enum err cloud_fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
			   const struct media_sink *sink, struct media_info *out);
enum err cloud_subscribe(struct job *job, const struct channel *ch, str url);
enum err cloud_subscription(struct job *job, const struct channel *ch,
	struct provider_subscription *out);
enum err cloud_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer);
bool cloud_is_done(json answer); /* "success": true, or "true" */

/* ---- manage_table.c ---- */
#define CLOUD_MANAGE_COUNT 51
extern const struct manage_call cloud_manage_calls[CLOUD_MANAGE_COUNT];

/* ---- health.c ---- */
enum err cloud_health(struct job *job, const struct channel *ch, struct provider_health *out);

/* ---- template.c ---- */
enum err cloud_templates(struct job *job, const struct channel *ch, struct template_info **out,
	size_t *count);
enum err cloud_template_create(struct job *job, const struct channel *ch,
	const struct template_info *draft, struct template_info *out);
enum err cloud_template_edit(struct job *job, const struct channel *ch,
	const struct template_info *draft);
enum err cloud_template_delete(struct job *job, const struct channel *ch, str name, str remote_id);

/* ---- upload.c ---- */
enum err cloud_template_sample(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *handle);

#endif
