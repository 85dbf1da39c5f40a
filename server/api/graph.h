/*
 * graph.h: the Graph-shaped API: what a program of Meta's Cloud API asks, over any provider.
 *
 * An address is /graph/v{version}/{object}/{edge}; the same without a version, and without /graph
 * for programs that let themselves be told another host alone (routes.c). The token is one of our
 * API keys. What Parley knows by its own ids keeps the network's names where it has them: a number
 * is its phone_number_id or the channel's id, an account its WABA id or (channels that have none)
 * the workspace's id, a message is "wamid." of ours, a file its id. Failures are Meta's error
 * objects (graph_error.c). docs/api/graph.md tells the rest.
 */
#ifndef API_GRAPH_H
#define API_GRAPH_H

#include "account/channel.h"
#include "api/api.h"
#include "inbox/inbox.h"

#define GRAPH_VERSION_MIN 13
#define GRAPH_VERSION_MAX 30
#define GRAPH_VERSION_OURS "v24.0"

/* ---- what every request goes through (graph.c) ---- */

/* Is this a row of the Graph-shaped API? */
bool graph_is(const struct route *route);
/* "Bearer …", "OAuth …" or access_token=…; STR_NONE without. */
str graph_bearer(const struct request *req, struct arena *arena);
/* ERR_INPUT for a version that nobody has. */
enum err graph_check_version(struct job *job, const struct request *req);
/* The n-th part of the address behind the version. */
str graph_part(const struct request *req, size_t n);
/* The version asked for, or ours: "v24.0". */
str graph_version(struct job *job, const struct request *req);

/* The parameters of a request as one JSON object: a JSON body, a form, or none (then an empty
 * object). */
enum err graph_body(struct job *job, const struct request *req, json *out);
/* A parameter of the body, else of the query; STR_NONE without. */
str graph_text(struct job *job, const struct request *req, json body, const char *name);
/* Is the field among those of `fields`? otherwise: when there is no `fields`. */
bool graph_wants(str fields, const char *name, bool otherwise);
enum err graph_success(struct response *res);

/* ---- failures (graph_error.c) ---- */

/* A refusal by Meta's code: fail_code() with the code as text, "100" or "100_33". */
#define graph_fail(job, code, ...) fail_code(job, ERR_INPUT, S(code), STR_NONE, __VA_ARGS__)
/* "Object with ID '…' does not exist". */
enum err graph_unknown(struct job *job, const struct request *req, str id);
/* ERR_DENIED unless the asker has the permission. For objects whose kind the address does not
 * tell. */
enum err graph_permit(struct job *job, uint64_t permission);
/* Instead of problem_write(). */
void graph_error_write(struct job *job, enum err e, const struct request *req,
	struct response *res);

/* ---- names (graph_name.c) ---- */

/* "wamid." and base64 of ours. */
str graph_wamid(struct arena *arena, id64 message);
/* Ours, or one that the network gave on this channel. ERR_MISSING. */
enum err graph_message_id(struct job *job, id64 channel, str wamid, id64 *out);
/* ERR_MISSING for what there is not, and for what a key's scope leaves out. */
enum err graph_channel_find(struct job *job, str id, struct channel_full **out);
/* The same; *id tells which part of the address. Unknown: Meta's refusal. */
enum err graph_channel(struct job *job, const struct request *req, struct channel_full **out);
str graph_number_id(struct arena *arena, const struct channel *ch);
str graph_account_id(struct arena *arena, const struct channel *ch);
/* An account by its id: its channels, at most GRAPH_CHANNELS_MAX, of those the asker sees. */
#define GRAPH_CHANNELS_MAX 200
struct graph_account { str id; struct channel_full *channels; size_t count; };
enum err graph_account_find(struct job *job, str id, struct graph_account *out);
enum err graph_account_asked(struct job *job, const struct request *req, struct graph_account *out);

/* ---- objects that an address names by id alone (graph_object.c) ---- */

struct media;
/* graph_media.c: ERR_MISSING also for what was deleted. */
enum err graph_media_find(struct job *job, str id, struct media *out);
enum err graph_media_describe(struct job *job, const struct request *req, struct response *res,
	const struct media *media);
enum err graph_media_delete(struct job *job, struct response *res, const struct media *media);
/* "4::…" of an upload, as the id of a file of ours; 0: none of ours. */
id64 graph_handle_media(str handle);
bool graph_is_upload(str id);
enum err graph_upload_take(struct job *job, const struct request *req, struct response *res);
enum err graph_upload_state(struct job *job, const struct request *req, struct response *res);

/* graph_template.c */
struct template_item;
enum err graph_template_find(struct job *job, str id, struct template_item *out);
void graph_write_template(struct job *job, struct buf *out, const char *key,
	const struct template_item *t, str fields);
enum err graph_template_edit(struct job *job, const struct request *req, struct response *res,
	const struct template_item *t);

/* graph_number.c */
void graph_number_write(struct job *job, struct buf *out, const struct channel_full *full,
	str fields);

/* graph_hook.c: the subscription of one channel, or (NULL) of all of an account. */
enum err graph_set_hook(struct job *job, const struct request *req, struct response *res,
	const struct channel_full *channels, size_t count);
void graph_hook_write(struct job *job, struct buf *out, const struct channel *ch);

#endif
