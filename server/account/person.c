/*
 * person.c: people and their role in a workspace.
 *
 * Only an owner makes, changes or removes an owner, and a workspace never loses its last one.
 */
#include "account/account_internal.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "store/queries.h"

enum err person_of_row(struct job *job, const struct person_row *row, struct person *out)
{
	*out = (struct person){
		.id = row->id,
		.email = row->email,
		.name = row->name,
		.locale = row->locale,
		.time_zone = row->time_zone,
		.disabled = row->disabled_ms != 0,
		.has_second_factor = row->second_factor_ms != 0,
		.seen_ms = row->seen_ms,
		.created_ms = row->created_ms,
	};
	return access_of(job,
		&(struct access_columns){ row->role, row->role_id, row->role_name,
			row->role_permissions, row->role_sees, row->channels, row->teams },
		&out->access);
}

enum err person_get(struct job *job, id64 id, struct person *out)
{
	struct person_row row;

	TRY(sql_person_get(job, &(struct sql_person_get){ .workspace = job->workspace, .id = id },
		&row));
	return person_of_row(job, &row, out);
}

static enum err from_rows(struct job *job, const struct person_rows *rows, struct person **out,
	size_t *count)
{
	*out = ARENA_ARRAY(job->arena, struct person, rows->count);
	*count = rows->count;
	for (size_t i = 0; i < rows->count; i++)
		TRY(person_of_row(job, &rows->items[i], &(*out)[i]));
	return OK;
}

enum err person_list(struct job *job, id64 after, size_t limit, struct person **out, size_t *count)
{
	struct person_rows rows;

	TRY(sql_person_list(job,
		&(struct sql_person_list){ .workspace = job->workspace,
			.after = after,
			.count = (int64_t)limit },
		&rows));
	return from_rows(job, &rows, out, count);
}

enum err person_scoped(struct job *job, struct person **out, size_t *count)
{
	struct person_rows rows;

	TRY(sql_person_scoped(job, &(struct sql_person_scoped){ .workspace = job->workspace },
		&rows));
	return from_rows(job, &rows, out, count);
}

/* ---- making one ---- */

static str detail_of(struct job *job, const struct person *p)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put(&out, "email", p->email);
	json_put(&out, "name", p->name);
	json_put(&out, "role", p->access.role_name);
	if (p->access.channels.len)
		json_put(&out, "channels", p->access.channels);
	if (p->access.teams.len)
		json_put(&out, "teams", p->access.teams);
	json_put_bool(&out, "disabled", p->disabled);
	json_close(&out, '}');
	return buf_text(&out);
}

enum err email_taken(struct job *job)
{
	return fail_code(job, ERR_CONFLICT, S("email_taken"), S("Use another e-mail address."),
		"Somebody with this e-mail address exists already.");
}

enum err person_insert(struct job *job, const struct person_draft *draft,
	const struct access *access, id64 *id)
{
	char hash[PASSWORD_HASH_MAX];
	struct workspace workspace;
	enum err e;

	TRY(workspace_get(job, &workspace));
	*id = job_id(job);
	password_hash(draft->password, hash);
	e = sql_person_insert(job,
		&(struct sql_person_insert){ .id = *id,
			.email = draft->email,
			.name = draft->name,
			.password_hash = str_of(hash),
			.locale = draft->locale.ptr ? draft->locale : workspace.locale,
			.time_zone = draft->time_zone.ptr ? draft->time_zone
							  : workspace.time_zone,
			.now_ms = job->now_ms },
		NULL);
	if (e == ERR_CONFLICT)
		return email_taken(job);
	TRY(e);
	return sql_member_insert(job,
		&(struct sql_member_insert){ .id = job_id(job),
			.workspace = job->workspace,
			.person = *id,
			.role = str_of(role_name(access->role)),
			.role_id = access->role_id,
			.channels = access->channels,
			.teams = access->teams,
			.now_ms = job->now_ms },
		NULL);
}

struct person_making {
	struct person_draft draft;
	struct access access;
	id64 id;
};

static enum err make_person(struct job *job, void *arg)
{
	struct person_making *making = arg;
	struct person made;

	TRY(person_insert(job, &making->draft, &making->access, &making->id));
	TRY(person_get(job, making->id, &made));
	return audit_add(job, &(struct audit_entry){ .action = "person.create",
				      .target_kind = "person",
				      .target_id = made.id,
				      .detail = detail_of(job, &made) });
}

static enum err only_owners(struct job *job)
{
	struct person actor;
	enum err e = ERR_MISSING;

	if (job->actor.kind == ACTOR_SYSTEM)
		return OK;
	if (job->actor.kind == ACTOR_PERSON)
		e = person_get(job, job->actor.id, &actor);
	if (e != OK && e != ERR_MISSING)
		return e;
	if (e == OK && actor.access.role == ROLE_OWNER)
		return OK;
	return fail_code(job, ERR_DENIED, S("owner_only"), S("Ask an owner of the workspace."),
			 "Only an owner makes, changes or removes an owner.");
}

enum err access_may_give(struct job *job, const struct access *access)
{
	if (access->role == ROLE_OWNER)
		TRY(only_owners(job));
	return access_within_own(job, access);
}

/* What may be done to somebody, and what they may be given, is the same question. */
enum err person_may_manage(struct job *job, id64 id)
{
	struct person person;

	TRY(person_get(job, id, &person));
	return access_may_give(job, &person.access);
}

static struct access_draft access_draft_of(const struct person_draft *draft)
{
	return (struct access_draft){ draft->role, draft->channels, draft->teams };
}

enum err person_create(struct job *job, const struct person_draft *draft, struct person *out)
{
	struct person_making making = { .draft = *draft };
	struct access_draft wanted = access_draft_of(draft);

	making.draft.email = check_email(job, S("email"), draft->email);
	check_name(job, S("name"), draft->name);
	check_password(job, S("password"), draft->password,
		&(struct password_owner){ making.draft.email, draft->name });
	wanted.role = draft->role.ptr ? draft->role : S("");
	TRY(access_read(job, &wanted, &making.access));
	TRY(job_check_fields(job));
	TRY(access_may_give(job, &making.access));
	TRY(in_transaction(job, make_person, &making));
	return person_get(job, making.id, out);
}

/* ---- changing one ---- */

struct person_changing {
	id64 id;
	const struct person_draft *draft;
};

static enum err keep_an_owner(struct job *job)
{
	struct member_total_row owners;

	TRY(sql_member_owners(job, &(struct sql_member_owners){ .workspace = job->workspace },
		&owners));
	if (owners.total > 0)
		return OK;
	return fail_code(job, ERR_CONFLICT, S("last_owner"),
		S("Make somebody else an owner first."),
		"A workspace needs an owner, and this is the last one.");
}

static bool is_same_access(const struct access *a, const struct access *b)
{
	return a->role == b->role && a->role_id == b->role_id && str_is(a->channels, b->channels) &&
	       str_is(a->teams, b->teams);
}

static enum err store_member(struct job *job, const struct person *before,
	const struct person *after)
{
	if (!str_is(before->name, after->name))
		TRY(sql_person_set_name(job,
			&(struct sql_person_set_name){ .workspace = job->workspace,
				.id = after->id,
				.name = after->name },
			NULL));
	if (is_same_access(&before->access, &after->access) && before->disabled == after->disabled)
		return OK;
	TRY(sql_member_set(job,
		&(struct sql_member_set){ .workspace = job->workspace,
			.person = after->id,
			.role = str_of(role_name(after->access.role)),
			.role_id = after->access.role_id,
			.channels = after->access.channels,
			.teams = after->access.teams,
			.disabled_ms = after->disabled ? job->now_ms : 0 },
		NULL));
	if (after->disabled)
		TRY(sql_session_delete_person(job, &(struct sql_session_delete_person){
			.workspace = job->workspace, .person = after->id }, NULL));
	return keep_an_owner(job);
}

static enum err change_person(struct job *job, void *arg)
{
	const struct person_changing *changing = arg;
	const struct person_draft *draft = changing->draft;
	struct access_draft wanted = access_draft_of(draft);
	struct person before, after;

	/* The workspace's turn first: two owners who disable each other must not both succeed. */
	TRY(sql_workspace_lock(job, &(struct sql_workspace_lock){ .id = job->workspace }, NULL));
	TRY(person_get(job, changing->id, &before));
	after = before;
	if (draft->name.ptr)
		after.name = draft->name;
	if (draft->disabled >= 0)
		after.disabled = draft->disabled == 1;
	TRY(access_read(job, &wanted, &after.access));
	TRY(job_check_fields(job));
	TRY(access_may_give(job, &before.access));
	TRY(access_may_give(job, &after.access));
	TRY(store_member(job, &before, &after));
	return audit_add(job, &(struct audit_entry){ .action = "person.change",
				      .target_kind = "person",
				      .target_id = after.id,
				      .detail = detail_of(job, &after) });
}

enum err person_change(struct job *job, id64 id, const struct person_draft *draft,
	struct person *out)
{
	struct person_changing changing = { .id = id, .draft = draft };

	if (draft->name.ptr)
		check_name(job, S("name"), draft->name);
	TRY(in_transaction(job, change_person, &changing));
	return person_get(job, id, out);
}

/* ---- oneself ---- */

struct self_changing {
	const struct person_draft *draft;
	id64 keep_session;
	char hash[PASSWORD_HASH_MAX];
};

/* Checks the current password and hashes the new one: slow, so before the transaction. */
static enum err new_password(struct job *job, const struct person_draft *draft,
	char hash[PASSWORD_HASH_MAX])
{
	struct person_secret_row secret;

	TRY(sql_person_secret(job,
		&(struct sql_person_secret){ .workspace = job->workspace, .id = job->actor.id },
		&secret));
	if (!password_verify(draft->current_password,
		    arena_cstr(job->arena, secret.password_hash))) {
		field_error(job, S("password.current"), S("wrong"),
			S("This is not your current password."));
		return job_check_fields(job);
	}
	password_hash(draft->password, hash);
	return OK;
}

static enum err change_self(struct job *job, void *arg)
{
	const struct self_changing *changing = arg;
	const struct person_draft *draft = changing->draft;
	struct person_secret_row secret;
	struct person me;

	TRY(person_get(job, job->actor.id, &me));
	TRY(sql_person_secret(job,
		&(struct sql_person_secret){ .workspace = job->workspace, .id = me.id }, &secret));
	TRY(sql_person_set_self(job,
		&(struct sql_person_set_self){ .id = me.id,
			.name = draft->name.ptr ? draft->name : me.name,
			.locale = draft->locale.ptr ? draft->locale : me.locale,
			.time_zone = draft->time_zone.ptr ? draft->time_zone : me.time_zone,
			.password_hash =
				*changing->hash ? str_of(changing->hash) : secret.password_hash },
		NULL));
	if (*changing->hash)
		TRY(sql_session_delete_others(job, &(struct sql_session_delete_others){
			.person = me.id, .keep = changing->keep_session }, NULL));
	return audit_add(job,
		&(struct audit_entry){ .action = *changing->hash ? "person.password"
	                                                         : "person.change_self",
			.target_kind = "person",
			.target_id = me.id });
}

enum err person_change_self(struct job *job, const struct person_draft *draft, id64 keep_session,
	struct person *out)
{
	struct self_changing changing = { .draft = draft, .keep_session = keep_session };

	if (draft->name.ptr)
		check_name(job, S("name"), draft->name);
	if (draft->locale.ptr)
		check_locale(job, draft->locale);
	if (draft->time_zone.ptr)
		check_time_zone(job, draft->time_zone);
	TRY(person_get(job, job->actor.id, out));
	if (draft->password.ptr)
		check_password(job, S("password.new"), draft->password,
			&(struct password_owner){ out->email,
				draft->name.ptr ? draft->name : out->name });
	TRY(job_check_fields(job));
	if (draft->password.ptr)
		TRY(new_password(job, draft, changing.hash));
	TRY(in_transaction(job, change_self, &changing));
	return person_get(job, job->actor.id, out);
}
