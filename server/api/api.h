/*
 * api.h: the REST API: the table of routes, who may use them, and what handlers are written with.
 *
 * A handler says who may (its route's permission), what it takes (a table of fields), what it does
 * (one call into a module) and what it answers. It returns an err; api_serve() makes the problem
 * answer of it. openapi.yaml is held to the table by openapi_test.c.
 */
#ifndef API_API_H
#define API_API_H

#include "account/account.h"
#include "base/json.h"
#include "net/http.h"
#include "provider/provider.h"

/* ---- for main ---- */

/* The rows of the REST API and of the console; main appends those of intake, live and Graph. */
extern const struct route api_routes[];
extern const size_t api_route_count;
/* http_config.serve and .refuse. Serves any worker route: its permission is PERMIT_PUBLIC,
 * PERMIT_SIGNED_IN or one bit. */
void api_serve(struct job *job, const struct request *req, struct response *res);
void api_refuse(struct arena *arena, int status, const char *detail, struct response *res);

/* inbox_changed_hook: tells the live channels what changed (tell.c). */
struct inbox_changes;
void api_tell(struct job *job, const struct inbox_changes *changes);
/* contact_work_told: how far an import or export is. */
void api_tell_contact_work(struct job *job, bool is_import, id64 id);
/* channel_changed_hook: the same for a channel. */
void api_tell_channel(struct job *job, id64 channel);
/* route_changed_hook: the same for the route of a number; wakes the webhooks, too. */
void api_tell_route(struct job *job, id64 number);
/* linked_host.changed: the same for a number paired as a linked device. */
struct linked_number;
void api_tell_linked(struct job *job, const struct linked_number *number);
/* linked_host.live: a customer types, or is there. */
struct linked_live;
void api_tell_customer(struct job *job, const struct linked_live *live);
/* E-mail addresses, with commas between, of those who administer the whole server. Set once at
 * start; kept by the caller. */
void api_set_server_admins(const char *addresses);
bool api_is_server_admin(str email);
/* routing_agent_hook, routing_team_hook: the same for an agent and a team. */
void api_tell_agent(struct job *job, id64 person);
void api_tell_team(struct job *job, id64 team);
/* template_changed_hook: the same for a template; a deleted one has the status DELETED. */
void api_tell_template(struct job *job, id64 template);
/* Where it goes: the live hub. Set once at start; NULL: nobody listens. Any thread. */
extern void (*api_publish)(str app_key, str channel, str event, str data);
/* webhooks_config.compose, .compose_cloud and .changed (webhook_body.c, graph_event.c,
 * webhooks.c). */
struct webhook_event_row;
enum err api_webhook_body(struct job *job, const struct webhook_event_row *event, str *body);
enum err api_webhook_cloud_body(struct job *job, const struct webhook_event_row *event, str source,
	str *body);
void api_tell_webhook(struct job *job, id64 webhook);
/* Wakes the deliverer. Set once at start. */
extern void (*api_webhooks_hook)(void);
/* Somebody of the job's workspace may hear less than before: those who listen have to ask again.
 * api_live_reset does it in the hub. Set once at start; NULL: nobody listens. */
void api_tell_access(struct job *job);
extern void (*api_live_reset)(str app_key);
/* A user may not be in a presence channel any more. Set once at start; may be NULL. */
extern void (*api_live_close_member)(str app_key, str channel, str user_id);
/* A connection is this owner's (a session, or a key): it ends with it. Set once at start; may be
 * NULL. */
extern void (*api_live_claim)(str app_key, str socket_id, id64 owner);
/* A session or key may have ended: those who listen by it are closed. Set once at start; may be
 * NULL. */
extern void (*api_listeners_hook)(void);
void api_check_listeners(void);
/* Shows the customer that their message was read, or that somebody types; best effort, on a call
 * worker, so that no handler waits for the provider. Set once at start; copies what it keeps. */
struct api_receipt { id64 workspace, channel; str remote_id; bool typing; };
extern void (*api_receipt_hook)(const struct api_receipt *receipt);

/* A channel of the body that POST /channels takes, in job->workspace: by the same checks. For the
 * command line. */
struct channel;
enum err api_channel_import(struct job *job, json root, struct channel **out);

/* ---- what comes ---- */

enum field_kind {
	FIELD_STR,  /* str; max: code points, 0: FIELD_STR_MAX */
	FIELD_INT,  /* int64_t; min to max, both inclusive, unless both are 0 */
	FIELD_BOOL, /* bool */
	FIELD_FLAG, /* int: 0 or 1; the caller sets it to -1 before, for "not there" */
	FIELD_ID,   /* id64 */
	FIELD_IDS,  /* struct field_ids; max: how many, 0: FIELD_IDS_MAX */
	FIELD_JSON, /* json: any value, looked at by the handler */
	FIELD_MAP,  /* a struct of its own, read by `fields` */
};

#define FIELD_STR_MAX 1000
#define FIELD_IDS_MAX 100
/* A list of ids, in the job's arena; items is NULL when it was not there. */
struct field_ids { id64 *items; size_t count; };

/* One member of a request's JSON object. A table ends with { 0 }. */
struct field {
	const char *name;
	enum field_kind kind;
	size_t at;              /* of the member in the struct */
	/* of a bool that tells whether it was there; 0: none (so it cannot be the first member) */
	size_t given_at;
	int64_t min, max;
	bool required, nullable; /* nullable: null is taken as "none", with *given true */
	const struct field *fields;
};

/* FIELD(struct draft, name, STR, .max = 120, .required = true); NAMED_FIELD where JSON has another
 * word for it. */
#define NAMED_FIELD(type, json_name, member, kind_, ...)                \
	{                                                               \
		.name = (json_name), .kind = FIELD_##kind_,             \
		.at = offsetof(type, member) __VA_OPT__(, ) __VA_ARGS__ \
	}
#define FIELD(type, member, kind_, ...) \
	NAMED_FIELD(type, #member, member, kind_ __VA_OPT__(, ) __VA_ARGS__)

/* The request's body as one JSON object: ERR_INPUT (400, 415) when it is none. */
enum err request_body(struct job *job, const struct request *req, json *out);
/* Reads the object's members into a struct and notes all that is wrong, unknown members too; goes
 * on where it can. */
void fields_read(struct job *job, json map, const struct field *fields, void *out);
/* Both. Wrong fields are only noted: for those who hand the struct to a function that checks more,
 * and then all of it by job_check_fields(). */
enum err request_fields(struct job *job, const struct request *req, const struct field *fields,
	void *out);
/* Both, and ERR_INPUT for wrong fields. */
enum err request_json(struct job *job, const struct request *req, const struct field *fields,
	void *out);

/* The id in the path, by its place: ERR_MISSING when it is none. */
enum err request_id(struct job *job, const struct request *req, size_t place, id64 *out);
/* An id in the query; 0 when absent, a field error when wrong. */
id64 request_query_id(struct job *job, const struct request *req, const char *name);
/* The index of the query's word in words; otherwise when absent, a field error when unknown. */
int request_query_word(struct job *job, const struct request *req, const char *name,
	const char *const *words, size_t count, int otherwise);
bool request_query_flag(struct job *job, const struct request *req, const char *name);

/* ---- pages ---- */

#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAX 100

/* Where a list goes on: what its order is made of. */
struct cursor { int64_t ms; id64 id; };
struct page {
	/* its name: a cursor of one list is refused by another, and by another workspace */
	const char *list;
	size_t limit;
	struct cursor after; /* zeros: the start */
};

/* limit and cursor from the query. Ask the store for limit + 1 rows: the one too many tells that
 * there is more. */
enum err page_read(struct job *job, const struct request *req, const char *list, struct page *out);
/* "next_cursor": the cursor, or null when there is no more (next NULL). Into the open object. */
enum err page_write_next(struct job *job, struct buf *out, const struct page *page,
	const struct cursor *next);

/* ---- what goes ---- */

/* 204. */
enum err reply_nothing(struct response *res);
/* Sets status and type; write the JSON into the buf. */
struct buf *reply_json(struct response *res, int status);

/* Makes the answer of a failed job. */
void problem_write(struct job *job, enum err e, struct response *res);
int problem_status(const struct job *job, enum err e);

/* The signed-in person's session; ERR_DENIED for an API key. */
enum err request_session(struct job *job, const struct request *req, struct session *out);

#define SESSION_COOKIE "parley_session"

#endif
