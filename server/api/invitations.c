/*
 * invitations.c: /invitations.
 *
 * The link is in the answer that made it, and in no other. Its token stands behind a #, which
 * browsers keep to themselves: no log and no Referer has it.
 */
#include "account/channel.h"
#include "api/handlers.h"

static void write_invitation(struct job *job, struct buf *out, const struct invitation *invitation,
	str url)
{
	json_open(out, '{');
	json_put_id(out, "id", invitation->id);
	json_put(out, "email", invitation->email);
	json_put(out, "name", invitation->name);
	access_write_json(job, out, &invitation->access);
	json_open_in(out, "invited_by", '{');
	json_put_id(out, "id", invitation->invited_by);
	json_put(out, "name", invitation->inviter.ptr ? invitation->inviter : S(""));
	json_close(out, '}');
	json_put_bool(out, "expired", invitation->expires_ms <= job->now_ms);
	json_put_int(out, "created_ms", invitation->created_ms);
	json_put_int(out, "expires_ms", invitation->expires_ms);
	if (url.ptr)
		json_put(out, "url", url);
	json_close(out, '}');
}

enum err invitations_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct invitation *invitations;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "invitations", &page));
	TRY(invitation_list(job, page.after.id, page.limit + 1, &invitations, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_invitation(job, out, &invitations[i], STR_NONE);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = invitations[page.limit - 1].id }
				   : NULL));
	json_close(out, '}');
	return OK;
}

struct invitation_asked {
	struct person_draft draft;
	json channels, teams;
};

static const struct field invitation_fields[] = {
	NAMED_FIELD(struct invitation_asked, "email", draft.email, STR, .required = true),
	NAMED_FIELD(struct invitation_asked, "role", draft.role, STR, .required = true),
	NAMED_FIELD(struct invitation_asked, "name", draft.name, STR, .max = NAME_TEXT_MAX),
	FIELD(struct invitation_asked, channels, JSON),
	FIELD(struct invitation_asked, teams, JSON),
	{ 0 },
};

static enum err send_mail(struct job *job, const struct invitation *invitation, str url)
{
	struct workspace workspace;

	if (!account_mail_hook)
		return OK;
	TRY(workspace_get(job, &workspace));
	account_mail_hook(job, &(struct account_mail){ .to = invitation->email,
					.name = invitation->name,
					.url = url,
					.workspace = workspace.name,
					.inviter = invitation->inviter });
	return OK;
}

enum err invitations_post(struct job *job, const struct request *req, struct response *res)
{
	struct invitation_asked asked = { .draft.disabled = -1 };
	struct invitation invitation;
	str token, url;

	TRY(request_fields(job, req, invitation_fields, &asked));
	asked.draft.channels = scope_ids_read(job, "channels", asked.channels);
	asked.draft.teams = scope_ids_read(job, "teams", asked.teams);
	TRY(invitation_create(job, &asked.draft, &invitation, &token));
	url = arena_printf(job->arena, STR_F "/join#" STR_F, STR_A(channel_public_url()),
		STR_A(token));
	TRY(send_mail(job, &invitation, url));
	write_invitation(job, reply_json(res, 201), &invitation, url);
	return OK;
}

enum err invitations_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(invitation_revoke(job, id));
	return reply_nothing(res);
}

/* ---- by whoever has the link ---- */

struct acceptance {
	struct person_draft draft;
	str token;
};

static const struct field look_fields[] = {
	FIELD(struct acceptance, token, STR, .max = 100, .required = true),
	{ 0 },
};

enum err invitations_look(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct acceptance acceptance = { 0 };
	struct invitation invitation;
	struct workspace workspace;

	TRY(request_json(job, req, look_fields, &acceptance));
	TRY(invitation_find(job, acceptance.token, &invitation));
	TRY(workspace_get(job, &workspace));
	json_open(out, '{');
	json_put(out, "email", invitation.email);
	json_put(out, "name", invitation.name);
	json_put(out, "role_name", invitation.access.role_name);
	json_put(out, "workspace", workspace.name);
	json_put(out, "inviter", invitation.inviter.ptr ? invitation.inviter : S(""));
	json_put_int(out, "expires_ms", invitation.expires_ms);
	json_close(out, '}');
	return OK;
}

static const struct field accept_fields[] = {
	FIELD(struct acceptance, token, STR, .max = 100, .required = true),
	NAMED_FIELD(struct acceptance, "name", draft.name, STR, .required = true),
	NAMED_FIELD(struct acceptance, "password", draft.password, STR, .required = true),
	NAMED_FIELD(struct acceptance, "locale", draft.locale, STR, .max = 16),
	NAMED_FIELD(struct acceptance, "time_zone", draft.time_zone, STR, .max = 64),
	{ 0 },
};

enum err invitations_accept(struct job *job, const struct request *req, struct response *res)
{
	const struct sign_in in = { .address = req->remote,
		.user_agent = request_header(req, S("user-agent")) };
	struct acceptance acceptance = { .draft.disabled = -1 };
	struct session session;
	id64 person;
	str token;

	TRY(request_json(job, req, accept_fields, &acceptance));
	TRY(invitation_accept(job, acceptance.token, &acceptance.draft, &person));
	TRY(session_create_for(job, person, &in, &session, &token));
	return reply_signed_in(job, req, res, &session, token);
}
