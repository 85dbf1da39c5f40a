/*
 * role.c: the roles that a workspace makes for itself, and what a member is given.
 *
 * A change of a role holds for those who have it from their next request on.
 */
#include "account/role.h"

#include "account/account_internal.h"
#include "base/json.h"
#include "store/queries.h"

#define USERS_TOLD 5
#define ROLE_TOTALS_MAX 1000

static const char *const sees_names[] = { [SEES_ALL] = "all",
	[SEES_UNASSIGNED_AND_OWN] = "unassigned_and_own",
	[SEES_OWN] = "own" };

const char *scope_sees_name(enum scope_sees sees)
{
	return sees_names[sees];
}

bool scope_sees_parse(str name, enum scope_sees *out)
{
	for (size_t i = 0; i < COUNT_OF(sees_names); i++) {
		if (str_is(name, str_of(sees_names[i]))) {
			*out = (enum scope_sees)i;
			return true;
		}
	}
	return false;
}

/* ---- what a member is given ---- */

enum err access_of(struct job *job, const struct access_columns *row, struct access *out)
{
	*out = (struct access){ .channels = row->channels, .teams = row->teams };
	if (row->role_id) {
		out->role = ROLE_CUSTOM;
		out->role_id = row->role_id;
		out->role_name = row->role_name;
		out->permissions = permissions_read(row->role_permissions);
		out->sees = (enum scope_sees)row->role_sees;
		return OK;
	}
	if (!role_parse(row->role, &out->role))
		return fail(job, ERR_BUG, "a member has an unknown role");
	out->role_name = str_of(role_name(out->role));
	out->permissions = role_permissions(out->role);
	return OK;
}

str access_role_word(struct job *job, const struct access *access)
{
	return access->role_id ? arena_printf(job->arena, "%lld", (long long)access->role_id)
			       : access->role_name;
}

static enum err read_role(struct job *job, str word, struct access *out)
{
	struct access_columns columns = { .role = word,
		.channels = out->channels,
		.teams = out->teams };
	struct role_row row;
	enum role built_in;
	enum err e = ERR_MISSING;
	id64 id;

	if (role_parse(word, &built_in))
		return access_of(job, &columns, out);
	if (id64_parse(word, &id))
		e = sql_role_get(job,
			&(struct sql_role_get){ .workspace = job->workspace, .id = id }, &row);
	if (e == ERR_MISSING) {
		field_error(job, S("role"), S("invalid"),
			S("One of owner, admin, supervisor, agent, analyst, viewer, or the id of a "
			  "role of the workspace."));
		return OK;
	}
	TRY(e);
	columns.role_id = row.id;
	columns.role_name = row.name;
	columns.role_permissions = row.permissions;
	columns.role_sees = row.sees;
	return access_of(job, &columns, out);
}

size_t scope_ids(struct job *job, str list, const id64 **out)
{
	id64 *ids;
	size_t count = 0;

	*out = NULL;
	if (list.len <= 2)
		return 0;
	ids = ARENA_ARRAY(job->arena, id64, SCOPE_IDS_MAX);
	list = str_part(list, 1, list.len - 2);
	while (list.len && count < SCOPE_IDS_MAX)
		if (id64_parse(str_split(&list, ','), &ids[count]))
			count++;
	*out = ids;
	return count;
}

static enum err check_known(struct job *job, str field, str list, bool teams)
{
	const id64 *ids;
	size_t count = scope_ids(job, list, &ids);
	struct scope_total_row known;

	if (!count)
		return OK;
	if (teams)
		TRY(sql_scope_teams_known(job,
			&(struct sql_scope_teams_known){ .workspace = job->workspace, .ids = list },
			&known));
	else
		TRY(sql_scope_channels_known(job,
			&(struct sql_scope_channels_known){ .workspace = job->workspace,
				.ids = list },
			&known));
	if (known.total != (int64_t)count)
		field_error(job, field, S("unknown"),
			S("One of these is not, or no longer, in the workspace."));
	return OK;
}

enum err access_read(struct job *job, const struct access_draft *draft, struct access *out)
{
	if (draft->role.ptr)
		TRY(read_role(job, draft->role, out));
	if (draft->channels.ptr) {
		out->channels = draft->channels;
		TRY(check_known(job, S("channels"), draft->channels, false));
	}
	if (draft->teams.ptr) {
		out->teams = draft->teams;
		TRY(check_known(job, S("teams"), draft->teams, true));
	}
	return OK;
}

/* ---- nobody gives what they lack ---- */

static bool holds_all(const id64 *own, size_t own_count, const id64 *given, size_t count)
{
	if (own_count == 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < own_count && own[at] != given[i])
			at++;
		if (at == own_count)
			return false;
	}
	return count > 0;
}

static bool sees_no_more(struct job *job, const struct access *access)
{
	const struct scope *own = job->scope;
	const id64 *channels, *teams;
	size_t channel_count, team_count;

	if (!own)
		return true;
	channel_count = scope_ids(job, access->channels, &channels);
	team_count = scope_ids(job, access->teams, &teams);
	return access->sees >= own->sees &&
	       holds_all(own->channels, own->channel_count, channels, channel_count) &&
	       holds_all(own->teams, own->team_count, teams, team_count);
}

static enum err refuse_sight(struct job *job)
{
	return fail_code(job, ERR_DENIED, S("beyond_own"),
		S("Choose among the channels and teams that you see."),
		"Nobody lets others see more than they see.");
}

static enum err permissions_within_own(struct job *job, uint64_t permissions)
{
	if (job->actor.kind == ACTOR_SYSTEM || !(permissions & ~job->actor.permissions))
		return OK;
	return fail_code(job, ERR_DENIED, S("beyond_own"),
		S("Leave out what you may not do yourself, or ask an owner."),
		"Nobody gives, changes or takes permissions that they do not have.");
}

enum err access_within_own(struct job *job, const struct access *access)
{
	TRY(permissions_within_own(job, access->permissions));
	return sees_no_more(job, access) ? OK : refuse_sight(job);
}

/* Who sees a channel sees its number: a conversation does not get out of sight because another
 * channel of the number took over. */
static str with_their_numbers(struct job *job, str channels)
{
	struct scope_channel_rows rows;
	struct buf out = buf_in(job->arena, SCOPE_CHANNELS_MAX * (ID64_TEXT_MAX + 1) + 2);

	if (channels.len <= 2 ||
		sql_scope_channels_of_numbers(job,
			&(struct sql_scope_channels_of_numbers){ .ids = channels }, &rows) != OK) {
		job_forgive(job);
		return channels;
	}
	json_open(&out, '[');
	for (size_t i = 0; i < rows.count; i++)
		json_put_int(&out, NULL, rows.items[i].id);
	json_close(&out, ']');
	return rows.count && !out.failed ? buf_text(&out) : channels;
}

const struct scope *scope_of(struct job *job, id64 person, const struct access *access)
{
	struct scope *scope;

	if (access->sees == SEES_ALL && access->channels.len <= 2 && access->teams.len <= 2)
		return NULL;
	scope = ARENA_NEW(job->arena, struct scope);
	scope->person = person;
	scope->sees = access->sees;
	scope->channel_count = scope_ids(job, with_their_numbers(job, access->channels),
		&scope->channels);
	scope->team_count = scope_ids(job, access->teams, &scope->teams);
	return scope;
}

/* ---- custom roles ---- */

static struct role_full from_row(const struct role_row *row)
{
	return (struct role_full){ .id = row->id,
		.name = row->name,
		.permissions = permissions_read(row->permissions),
		.sees = (enum scope_sees)row->sees,
		.created_ms = row->created_ms };
}

static int64_t people_with(const struct role_member_total_rows *totals,
	const struct role_full *role)
{
	for (size_t i = 0; i < totals->count; i++)
		if (totals->items[i].role_id == role->id &&
			(role->id || str_is(totals->items[i].role, role->name)))
			return totals->items[i].total;
	return 0;
}

enum err role_list(struct job *job, struct role_full **out, size_t *count)
{
	struct role_member_total_rows totals;
	struct role_rows rows;

	TRY(sql_role_list(job,
		&(struct sql_role_list){ .workspace = job->workspace, .max = ROLES_MAX }, &rows));
	TRY(sql_role_member_totals(job,
		&(struct sql_role_member_totals){ .workspace = job->workspace }, &totals));
	*count = ROLES + rows.count;
	*out = ARENA_ARRAY(job->arena, struct role_full, *count);
	for (size_t i = 0; i < *count; i++) {
		(*out)[i] = i < ROLES ? (struct role_full){ .name = str_of(role_name((enum role)i)),
						.permissions = role_permissions((enum role)i) }
				      : from_row(&rows.items[i - ROLES]);
		(*out)[i].people = people_with(&totals, &(*out)[i]);
	}
	return OK;
}

static str detail_of(struct job *job, const struct role_full *role)
{
	struct buf out = buf_in(job->arena, 8192);

	json_open(&out, '{');
	json_put(&out, "name", role->name);
	json_put(&out, "permissions", permissions_write(job->arena, role->permissions));
	json_put(&out, "sees", str_of(scope_sees_name(role->sees)));
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err audit_role(struct job *job, const char *action, const struct role_full *role)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "role",
				      .target_id = role->id,
				      .detail = detail_of(job, role) });
}

static enum err name_taken(struct job *job, enum err e)
{
	if (e != ERR_CONFLICT)
		return e;
	return fail_code(job, e, S("name_taken"), S("Use another name."),
		"There is a role of this name already.");
}

static enum err within_own(struct job *job, const struct role_full *role)
{
	TRY(permissions_within_own(job, role->permissions));
	return job->scope && role->sees < job->scope->sees ? refuse_sight(job) : OK;
}

static void check_draft(struct job *job, const struct role_draft *draft, bool is_new)
{
	enum role role;

	if (is_new || draft->name.ptr)
		check_name(job, S("name"), draft->name);
	if (role_parse(draft->name, &role))
		field_error(job, S("name"), S("taken"), S("A built-in role has this name."));
	if (is_new && !draft->has_permissions)
		field_error(job, S("permissions"), S("required"), S("Must not be missing."));
}

struct role_changing {
	id64 id;
	const struct role_draft *draft;
	struct role_full *out;
};

static void take_draft(const struct role_draft *draft, struct role_full *role)
{
	if (draft->name.ptr)
		role->name = draft->name;
	if (draft->has_permissions)
		role->permissions = draft->permissions;
	if (draft->sees >= 0)
		role->sees = (enum scope_sees)draft->sees;
}

static enum err make(struct job *job, void *arg)
{
	struct role_changing *making = arg;
	struct role_full *role = making->out;
	struct role_rows rows;

	TRY(sql_role_list(job,
		&(struct sql_role_list){ .workspace = job->workspace, .max = ROLES_MAX }, &rows));
	if (rows.count >= ROLES_MAX)
		return fail_code(job, ERR_CONFLICT, S("too_many_roles"),
			S("Delete roles that nobody has."), "A workspace has at most %d own roles.",
			ROLES_MAX);
	*role = (struct role_full){ .id = job_id(job), .created_ms = job->now_ms };
	take_draft(making->draft, role);
	TRY(within_own(job, role));
	TRY(name_taken(job,
		sql_role_insert(job,
			&(struct sql_role_insert){ .id = role->id,
				.workspace = job->workspace,
				.name = role->name,
				.permissions = permissions_write(job->arena, role->permissions),
				.sees = role->sees,
				.now_ms = job->now_ms },
			NULL)));
	return audit_role(job, "role.create", role);
}

enum err role_create(struct job *job, const struct role_draft *draft, struct role_full *out)
{
	check_draft(job, draft, true);
	TRY(job_check_fields(job));
	return in_transaction(job, make, &(struct role_changing){ .draft = draft, .out = out });
}

static enum err get(struct job *job, id64 id, struct role_full *out)
{
	struct role_row row;

	TRY(sql_role_get(job, &(struct sql_role_get){ .workspace = job->workspace, .id = id },
		&row));
	*out = from_row(&row);
	return OK;
}

static enum err change(struct job *job, void *arg)
{
	struct role_changing *changing = arg;
	struct role_full *role = changing->out;

	TRY(get(job, changing->id, role));
	TRY(within_own(job, role));
	take_draft(changing->draft, role);
	TRY(within_own(job, role));
	TRY(name_taken(job,
		sql_role_set(job,
			&(struct sql_role_set){ .workspace = job->workspace,
				.id = role->id,
				.name = role->name,
				.permissions = permissions_write(job->arena, role->permissions),
				.sees = role->sees },
			NULL)));
	return audit_role(job, "role.change", role);
}

enum err role_change(struct job *job, id64 id, const struct role_draft *draft,
	struct role_full *out)
{
	check_draft(job, draft, false);
	TRY(job_check_fields(job));
	return in_transaction(job, change,
		&(struct role_changing){ .id = id, .draft = draft, .out = out });
}

static enum err refuse_in_use(struct job *job, const struct role_user_rows *users)
{
	struct buf names = buf_in(job->arena, 4096);

	for (size_t i = 0; i < users->count && i < USERS_TOLD; i++)
		buf_printf(&names, "%s" STR_F, i ? ", " : "", STR_A(users->items[i].name));
	if (users->count > USERS_TOLD)
		buf_str(&names, S(" and others"));
	return fail_code(job, ERR_CONFLICT, S("role_in_use"), S("Give them another role first."),
		"This role is in use by " STR_F ".", STR_A(buf_text(&names)));
}

static enum err delete(struct job *job, void *arg)
{
	const id64 *id = arg;
	struct role_user_rows users;
	struct role_full role;

	TRY(sql_workspace_lock(job, &(struct sql_workspace_lock){ .id = job->workspace }, NULL));
	TRY(get(job, *id, &role));
	TRY(within_own(job, &role));
	TRY(sql_role_users(job,
		&(struct sql_role_users){ .workspace = job->workspace,
			.id = *id,
			.now_ms = job->now_ms,
			.max = USERS_TOLD + 1 },
		&users));
	if (users.count)
		return refuse_in_use(job, &users);
	TRY(sql_role_delete(job,
		&(struct sql_role_delete){ .workspace = job->workspace, .id = *id }, NULL));
	return audit_role(job, "role.delete", &role);
}

enum err role_delete(struct job *job, id64 id)
{
	return in_transaction(job, delete, &id);
}
