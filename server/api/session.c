/* session.c: /session. */
#include "api/handlers.h"
#include "api/realtime.h"

#define COOKIE_SECONDS (SESSION_LIFE_MS / 1000)

/* What the inbox is told on: everything, or what one may see; null when one may not read messages.
 */
static str live_channel(struct job *job)
{
	const uint64_t needed = PERMIT(MESSAGE_READ) | PERMIT(CONTACT_READ);

	if ((job->actor.permissions & needed) != needed)
		return STR_NONE;
	return job->scope
		       ? arena_printf(job->arena, "private-person-%lld", (long long)job->actor.id)
		       : arena_printf(job->arena, "private-workspace-%lld",
				 (long long)job->workspace);
}

static enum err write_session(struct job *job, struct response *res, const struct session *session)
{
	struct buf *out = reply_json(res, 200);
	struct workspace workspace;

	TRY(workspace_get(job, &workspace));
	json_open(out, '{');
	person_write_json(job, out, "person", &session->person);
	workspace_write_json(out, "workspace", &workspace);
	json_put(out, "role", access_role_word(job, &session->person.access));
	permissions_write_json(out, "permissions", job->actor.permissions);
	json_put_bool(out, "sees_all", !job->scope);
	json_put_bool(out, "server_admin", api_is_server_admin(session->person.email));
	json_put_bool(out, "must_enrol", session->must_enrol);
	json_put(out, "csrf_token", session->csrf_token);
	TRY(live_write_json(job, out, "live", live_channel(job)));
	json_close(out, '}');
	return OK;
}

static void set_cookie(struct job *job, const struct request *req, struct response *res, str token)
{
	response_header(res, S("Set-Cookie"),
		arena_printf(job->arena,
			SESSION_COOKIE "=" STR_F "; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
			STR_A(token), token.len ? COOKIE_SECONDS : 0LL,
			req->secure ? "; Secure" : ""));
}

enum err reply_signed_in(struct job *job, const struct request *req, struct response *res,
	const struct session *session, str token)
{
	set_cookie(job, req, res, token);
	return write_session(job, res, session);
}

static const struct field sign_in_fields[] = {
	FIELD(struct sign_in, email, STR, .max = 1000, .required = true),
	FIELD(struct sign_in, password, STR, .max = 1000, .required = true),
	FIELD(struct sign_in, code, STR, .max = 100),
	{ 0 },
};

enum err session_post(struct job *job, const struct request *req, struct response *res)
{
	struct sign_in in = { .address = req->remote,
		.user_agent = request_header(req, S("user-agent")) };
	struct session session;
	str token;

	TRY(request_fields(job, req, sign_in_fields, &in));
	TRY(session_create(job, &in, &session, &token));
	return reply_signed_in(job, req, res, &session, token);
}

enum err session_get(struct job *job, const struct request *req, struct response *res)
{
	struct session session;

	TRY(request_session(job, req, &session));
	return write_session(job, res, &session);
}

static const struct field password_fields[] = {
	NAMED_FIELD(struct person_draft, "current", current_password, STR, .required = true),
	NAMED_FIELD(struct person_draft, "new", password, STR, .required = true),
	{ 0 },
};

static const struct field self_fields[] = {
	FIELD(struct person_draft, locale, STR, .max = 16),
	FIELD(struct person_draft, name, STR, .max = NAME_TEXT_MAX),
	FIELD(struct person_draft, time_zone, STR, .max = 64),
	{ .name = "password", .kind = FIELD_MAP, .at = 0, .fields = password_fields },
	{ 0 },
};

enum err session_patch(struct job *job, const struct request *req, struct response *res)
{
	struct person_draft draft = { .disabled = -1 };
	struct session session;

	TRY(request_session(job, req, &session));
	TRY(request_fields(job, req, self_fields, &draft));
	TRY(person_change_self(job, &draft, session.id, &session.person));
	if (draft.password.ptr)
		api_check_listeners();
	return write_session(job, res, &session);
}

enum err session_delete(struct job *job, const struct request *req, struct response *res)
{
	struct session session;

	TRY(request_session(job, req, &session));
	TRY(session_sign_out(job, session.id));
	api_check_listeners();
	set_cookie(job, req, res, S(""));
	return reply_nothing(res);
}
