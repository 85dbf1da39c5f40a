/*
 * http_internal.h: what the files of the HTTP transport share.
 *
 * schema.c and config.c hold a configuration, placeholder.c fills texts, request.c makes the call
 * of a message, send.c carries it and reads the answer, webhook.c reads what comes in.
 */
#ifndef PROVIDER_HTTP_HTTP_INTERNAL_H
#define PROVIDER_HTTP_HTTP_INTERNAL_H

#include "provider/call.h"
#include "provider/http/http.h"
#include "provider/http/placeholder.h"

#define TRANSPORT_HEADERS_MAX 42 /* of the schema, and those that we add */
#define TRANSPORT_TEXT_MAX 4096

/* ---- schema.c ---- */
/* Field errors below `field`. */
void schema_check(struct job *job, json schema, json v, str field);

/* ---- config.c ---- */
void transport_check_config(struct job *job, json config);
uint64_t transport_can(json config);
json transport_config(struct job *job, const struct channel *ch);
str transport_rule(struct job *job, const struct channel *ch);

/* ---- request.c ---- */
/* What placeholders can name; without a message only channel and secrets. */
enum err transport_values(struct job *job, const struct channel *ch, const struct outgoing *msg,
	json *out);
/* A call of the configuration: its "request" or "test". */
struct transport_call {
	str name;       /* "request", for sentences */
	json template;
	json values;
	str base_url;
};
enum err transport_fill(struct job *job, const struct transport_call *call, struct http_call *out);

/* ---- send.c ---- */
enum err transport_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out);
enum err transport_health(struct job *job, const struct channel *ch, struct provider_health *out);

/* ---- webhook.c ---- */
bool transport_verify(const struct webhook_keys *keys, const struct request *req);
enum err transport_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out);
enum err transport_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out);
/* For its fuzz target: a body by a configuration. */
enum err transport_parse_by(struct job *job, json config, str body, struct provider_events *out);

#endif
