/*
 * serve.c: from a request to its handler: who is it, may they, and what every answer carries.
 *
 * Only here a job gets its workspace and actor; no handler runs before the permission of its route
 * was checked.
 */
#include "account/channel.h"
#include "api/api.h"
#include "api/graph.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/store.h"

enum { ATTEMPTS_MAX = 4 };

#define POLICY                                                                                   \
	S("default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src " \
	  "'self' ws: wss:; "                                                                    \
	  "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")

/* ---- who ---- */

static bool is_safe(enum http_method method)
{
	return method == HTTP_GET || method == HTTP_HEAD;
}

static enum err check_csrf(struct job *job, const struct request *req,
	const struct session *session)
{
	if (is_safe(req->method) || crypto_equal(bytes_of(request_header(req, S("x-csrf-token"))),
					    bytes_of(session->csrf_token)))
		return OK;
	return fail_code(job, ERR_DENIED, S("csrf"),
		S("Send X-CSRF-Token with csrf_token of GET /session."),
		"The request does not carry the session's CSRF token.");
}

static str bearer(const struct request *req)
{
	str value = request_header(req, S("authorization"));

	if (!str_is_nocase(str_part(value, 0, 7), S("Bearer ")))
		return STR_NONE;
	return str_trim(str_part(value, 7, value.len));
}

/* A key counts before a cookie: programs that send one mean it. */
static enum err authenticate(struct job *job, const struct request *req)
{
	str key = graph_is(req->route) ? graph_bearer(req, job->arena) : bearer(req),
	    cookie = request_cookie(req, S(SESSION_COOKIE));
	struct session session;

	if (key.ptr)
		return api_key_use(job, key);
	if (cookie.len == 0)
		return ERR_AUTH;
	TRY(session_use(job, cookie, &session));
	TRY(check_csrf(job, req, &session));
	if (api_is_server_admin(session.person.email))
		job->actor.permissions |= PERMIT_SERVER_ADMIN;
	if (!session.must_enrol || req->route->permission == PERMIT_SIGNED_IN)
		return OK;
	return fail_code(job, ERR_DENIED, S("second_factor_to_set_up"),
		S("Set up a second factor in your profile."),
		"The workspace asks everybody for a second factor.");
}

static enum err authorise(struct job *job, uint64_t permission)
{
	if (permission == PERMIT_SIGNED_IN || (job->actor.permissions & permission))
		return OK;
	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (permission >> i & 1)
			return fail_code(job, ERR_DENIED, S("not_allowed"),
				S("Ask an admin of the workspace."),
				"This needs the permission %s.",
				permission_name((enum permission_index)i));
	return fail_code(job, ERR_DENIED, S("not_allowed"),
		S("Ask whoever runs the server: the setting server_admins names them."),
		"This needs the permission server-admin.");
}

enum err request_session(struct job *job, const struct request *req, struct session *out)
{
	if (job->actor.kind != ACTOR_PERSON)
		return fail_code(job, ERR_DENIED, S("people_only"),
			S("Sign in with e-mail and password."),
			"Sessions are for people, not for API keys.");
	return session_use(job, request_cookie(req, S(SESSION_COOKIE)), out);
}

/* ---- what ---- */

static void add_headers(struct job *job, const struct request *req, struct response *res)
{
	response_header(res, S("X-Trace-Id"), (str){ job->trace, TRACE_SIZE });
	response_header(res, S("Content-Security-Policy"), POLICY);
	response_header(res, S("X-Content-Type-Options"), S("nosniff"));
	response_header(res, S("X-Frame-Options"), S("DENY"));
	response_header(res, S("Referrer-Policy"), S("no-referrer"));
	response_header(res, S("Cross-Origin-Opener-Policy"), S("same-origin"));
	response_header(res, S("Cross-Origin-Resource-Policy"), S("same-origin"));
	if (req->secure)
		response_header(res, S("Strict-Transport-Security"), S("max-age=31536000"));
}

/* Handlers that may be kept by a browser say so themselves; nothing else is. */
static bool says_cache(const struct response *res)
{
	return str_has(buf_text(&res->head), S("Cache-Control:"));
}

static enum err run(struct job *job, const struct request *req, struct response *res)
{
	job->actor.address = req->remote;
	if (req->route->permission != PERMIT_PUBLIC) {
		TRY(authenticate(job, req));
		TRY(authorise(job, req->route->permission));
	}
	if (graph_is(req->route))
		TRY(graph_check_version(job, req));
	return req->route->handler(job, req, res);
}

/* Two transactions that waited for each other in a circle (PostgreSQL): one was ended, and nothing
 * of it is there. Handlers answer after their commit, so what failed so can be run again. */
static enum err run_again(struct job *job, const struct request *req, struct response *res)
{
	enum err e = run(job, req, res);

	for (int i = 1; i < ATTEMPTS_MAX && e == ERR_CONFLICT && job->again; i++) {
		if (job->db)
			db_rollback(job);
		job_forgive(job);
		if (req->route->flags & ROUTE_STREAM_BODY)
			return fail(job, e, "someone else changed it at the same time");
		e = run(job, req, res);
	}
	return e;
}

void api_serve(struct job *job, const struct request *req, struct response *res)
{
	enum err e;

	job_set_trace(job, request_header(req, S("x-trace-id")));
	add_headers(job, req, res);
	e = run_again(job, req, res);
	/* Before the answer goes out: nobody waits for a turn that this job no longer needs. */
	if (job->db)
		db_rollback(job);
	if (e == OK && res->body.failed)
		e = fail(job, ERR_BUG, "the answer is larger than its buffer");
	if (e != OK && graph_is(req->route))
		graph_error_write(job, e, req, res);
	else if (e != OK)
		problem_write(job, e, res);
	if (!says_cache(res))
		response_header(res, S("Cache-Control"), S("no-store"));
	log_debug("%s %s %d", http_method_name(req->method), req->route->pattern, res->status);
}

enum err reply_nothing(struct response *res)
{
	res->status = 204;
	return OK;
}

struct buf *reply_json(struct response *res, int status)
{
	res->status = status;
	res->type = S("application/json");
	buf_clear(&res->body);
	return &res->body;
}
