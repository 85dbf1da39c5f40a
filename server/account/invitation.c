/*
 * invitation.c: letting somebody in who sets their own name and password.
 *
 * The link's token is 32 random octets, kept as SHA-256. It works once, for seven days, and a newer
 * invitation of the same address ends it.
 */
#include "account/account_internal.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define LISTED_MS (30 * 24 * 3600 * 1000LL)

void (*account_mail_hook)(struct job *job, const struct account_mail *mail);

static enum err from_row(struct job *job, const struct invitation_row *row, struct invitation *out)
{
	*out = (struct invitation){ .id = row->id,
		.workspace = row->workspace,
		.invited_by = row->invited_by,
		.email = row->email,
		.name = row->name,
		.inviter = row->inviter,
		.created_ms = row->created_ms,
		.expires_ms = row->expires_ms };
	return access_of(job,
		&(struct access_columns){ row->role, row->role_id, row->role_name,
			row->role_permissions, row->role_sees, row->channels, row->teams },
		&out->access);
}

enum err invitation_list(struct job *job, id64 before, size_t limit, struct invitation **out,
	size_t *count)
{
	struct invitation_rows rows;

	TRY(sql_invitation_list(job,
		&(struct sql_invitation_list){ .workspace = job->workspace,
			.before = before ? before : INT64_MAX,
			.since_ms = job->now_ms - LISTED_MS,
			.count = (int64_t)limit },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct invitation, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(from_row(job, &rows.items[i], &(*out)[i]));
	return OK;
}

static str detail_of(struct job *job, str email, const struct access *access)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put(&out, "email", email);
	json_put(&out, "role", access->role_name);
	json_close(&out, '}');
	return buf_text(&out);
}

/* ---- making one ---- */

struct inviting {
	str email, name, token;
	struct access access;
	id64 id;
};

static enum err check_room(struct job *job, str email)
{
	struct person_total_row same;
	struct invitation_total_row open;

	TRY(sql_person_by_email(job, &(struct sql_person_by_email){ .email = email }, &same));
	if (same.total)
		return email_taken(job);
	TRY(sql_invitation_count(job,
		&(struct sql_invitation_count){ .workspace = job->workspace,
			.now_ms = job->now_ms },
		&open));
	if (open.total < INVITATIONS_MAX)
		return OK;
	return fail_code(job, ERR_CONFLICT, S("too_many_invitations"),
		S("Revoke those that nobody will accept."),
		"A workspace has at most %d open invitations.", INVITATIONS_MAX);
}

static enum err store(struct job *job, const struct inviting *inviting)
{
	uint8_t hash[SHA256_SIZE];

	sha256(bytes_of(inviting->token), hash);
	return sql_invitation_insert(job,
		&(struct sql_invitation_insert){ .id = inviting->id,
			.workspace = job->workspace,
			.email = inviting->email,
			.name = inviting->name,
			.role = str_of(role_name(inviting->access.role)),
			.role_id = inviting->access.role_id,
			.channels = inviting->access.channels,
			.teams = inviting->access.teams,
			.token_hash = { hash, sizeof hash },
			.invited_by = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
			.now_ms = job->now_ms,
			.expires_ms = job->now_ms + INVITATION_LIFE_MS },
		NULL);
}

static enum err invite(struct job *job, void *arg)
{
	struct inviting *inviting = arg;

	TRY(check_room(job, inviting->email));
	TRY(sql_invitation_revoke_email(job,
		&(struct sql_invitation_revoke_email){ .workspace = job->workspace,
			.email = inviting->email,
			.now_ms = job->now_ms },
		NULL));
	inviting->id = job_id(job);
	TRY(store(job, inviting));
	return audit_add(job,
		&(struct audit_entry){ .action = "invitation.create",
			.target_kind = "invitation",
			.target_id = inviting->id,
			.detail = detail_of(job, inviting->email, &inviting->access) });
}

static enum err get(struct job *job, id64 id, struct invitation *out)
{
	struct invitation_row row;

	TRY(sql_invitation_get(job,
		&(struct sql_invitation_get){ .workspace = job->workspace, .id = id }, &row));
	return from_row(job, &row, out);
}

enum err invitation_create(struct job *job, const struct person_draft *draft,
	struct invitation *out, str *token)
{
	struct access_draft wanted = { draft->role.ptr ? draft->role : S(""), draft->channels,
		draft->teams };
	struct inviting inviting = { .name = draft->name.ptr ? str_trim(draft->name) : S("") };

	inviting.email = check_email(job, S("email"), draft->email);
	if (inviting.name.len)
		check_name(job, S("name"), inviting.name);
	TRY(access_read(job, &wanted, &inviting.access));
	TRY(job_check_fields(job));
	TRY(access_may_give(job, &inviting.access));
	inviting.token = crypto_random_text(job->arena, SESSION_TOKEN_SIZE);
	TRY(in_transaction(job, invite, &inviting));
	*token = inviting.token;
	return get(job, inviting.id, out);
}

/* ---- ending one ---- */

static enum err revoke(struct job *job, void *arg)
{
	const id64 *id = arg;
	struct invitation invitation;

	TRY(get(job, *id, &invitation));
	TRY(sql_invitation_revoke(job,
		&(struct sql_invitation_revoke){ .workspace = job->workspace,
			.id = *id,
			.now_ms = job->now_ms },
		NULL));
	return audit_add(job,
		&(struct audit_entry){ .action = "invitation.revoke",
			.target_kind = "invitation",
			.target_id = *id,
			.detail = detail_of(job, invitation.email, &invitation.access) });
}

enum err invitation_revoke(struct job *job, id64 id)
{
	return in_transaction(job, revoke, &id);
}

/* ---- accepting one ---- */

static enum err gone(struct job *job)
{
	return fail_code(job, ERR_MISSING, S("invitation_gone"),
		S("Ask whoever invited you for a new link."),
		"This invitation was used or withdrawn, or its seven days are over.");
}

enum err invitation_find(struct job *job, str token, struct invitation *out)
{
	struct invitation_row row;
	uint8_t hash[SHA256_SIZE];
	enum err e;

	sha256(bytes_of(token), hash);
	e = sql_invitation_find(job,
		&(struct sql_invitation_find){ .token_hash = { hash, sizeof hash },
			.now_ms = job->now_ms },
		&row);
	if (e == ERR_MISSING)
		return gone(job);
	TRY(e);
	job->workspace = row.workspace;
	return from_row(job, &row, out);
}

struct accepting {
	const struct invitation *invitation;
	struct person_draft draft;
	id64 person;
};

static enum err accept(struct job *job, void *arg)
{
	struct accepting *a = arg;
	int64_t taken;

	TRY(sql_invitation_accept(job,
		&(struct sql_invitation_accept){ .id = a->invitation->id, .now_ms = job->now_ms },
		&taken));
	if (!taken)
		return gone(job);
	TRY(person_insert(job, &a->draft, &a->invitation->access, &a->person));
	job->actor = (struct actor){ .kind = ACTOR_PERSON,
		.id = a->person,
		.name = a->draft.name,
		.address = job->actor.address };
	return audit_add(job, &(struct audit_entry){ .action = "invitation.accept",
				      .target_kind = "person",
				      .target_id = a->person,
				      .detail = detail_of(job, a->invitation->email,
					      &a->invitation->access) });
}

enum err invitation_accept(struct job *job, str token, const struct person_draft *draft,
	id64 *person)
{
	struct accepting accepting = { .draft = *draft };
	struct invitation invitation;

	TRY(invitation_find(job, token, &invitation));
	accepting.invitation = &invitation;
	accepting.draft.email = invitation.email;
	check_name(job, S("name"), draft->name);
	check_password(job, S("password"), draft->password,
		&(struct password_owner){ invitation.email, draft->name });
	if (draft->locale.ptr)
		check_locale(job, draft->locale);
	if (draft->time_zone.ptr)
		check_time_zone(job, draft->time_zone);
	TRY(job_check_fields(job));
	TRY(in_transaction(job, accept, &accepting));
	*person = accepting.person;
	return OK;
}
