/*
 * api_key.c: keys of programs.
 *
 * A key is "pk_" and 32 characters of base64url (192 random bits); the store has its SHA-256 and
 * its first characters, by which people tell keys apart.
 */
#include "account/account_internal.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define KEY_RANDOM_SIZE 24 /* 32 characters */
#define KEY_TEXT_SIZE 35
#define PREFIX_SIZE 7

static struct api_key from_row(const struct api_key_row *row)
{
	return (struct api_key){ .id = row->id,
		.name = row->name,
		.prefix = row->prefix,
		.scopes = permissions_read(row->scopes),
		.channels = row->channels,
		.teams = row->teams,
		.created_ms = row->created_ms,
		.last_used_ms = row->last_used_ms };
}

static void from_rows(struct job *job, const struct api_key_rows *rows, struct api_key **out,
	size_t *count)
{
	*out = ARENA_ARRAY(job->arena, struct api_key, rows->count);
	*count = rows->count;
	for (size_t i = 0; i < rows->count; i++)
		(*out)[i] = from_row(&rows->items[i]);
}

enum err api_key_scoped(struct job *job, struct api_key **out, size_t *count)
{
	struct api_key_rows rows;

	TRY(sql_api_key_scoped(job, &(struct sql_api_key_scoped){ .workspace = job->workspace },
		&rows));
	from_rows(job, &rows, out, count);
	return OK;
}

enum err api_key_list(struct job *job, id64 after, size_t limit, struct api_key **out,
	size_t *count)
{
	struct api_key_rows rows;

	TRY(sql_api_key_list(job,
		&(struct sql_api_key_list){ .workspace = job->workspace,
			.after = after,
			.count = (int64_t)limit },
		&rows));
	from_rows(job, &rows, out, count);
	return OK;
}

/* ---- making one ---- */

enum err api_key_insert(struct job *job, const struct api_key_draft *draft, id64 *id, str *plain)
{
	uint8_t hash[SHA256_SIZE];

	*id = job_id(job);
	*plain = arena_printf(job->arena, API_KEY_PREFIX STR_F,
		STR_A(crypto_random_text(job->arena, KEY_RANDOM_SIZE)));
	sha256(bytes_of(*plain), hash);
	return sql_api_key_insert(job,
		&(struct sql_api_key_insert){ .id = *id,
			.workspace = job->workspace,
			.name = draft->name,
			.prefix = str_part(*plain, 0, PREFIX_SIZE),
			.key_hash = { hash, sizeof hash },
			.scopes = permissions_write(job->arena, draft->scopes),
			.created_by = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
			.channels = draft->channels,
			.teams = draft->teams,
			.now_ms = job->now_ms },
		NULL);
}

struct key_making {
	struct api_key_draft draft;
	str plain;
	id64 id;
};

static enum err make_key(struct job *job, void *arg)
{
	struct key_making *making = arg;
	struct api_key_total_row keys;
	struct buf detail = buf_in(job->arena, 8192);

	TRY(sql_api_key_count(job, &(struct sql_api_key_count){ .workspace = job->workspace },
		&keys));
	if (keys.total >= API_KEYS_MAX)
		return fail_code(job, ERR_CONFLICT, S("too_many_keys"),
			S("Delete keys that nobody uses."), "A workspace has at most %d API keys.",
			API_KEYS_MAX);
	TRY(api_key_insert(job, &making->draft, &making->id, &making->plain));
	json_open(&detail, '{');
	json_put(&detail, "name", making->draft.name);
	json_put(&detail, "scopes", permissions_write(job->arena, making->draft.scopes));
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "api_key.create",
				      .target_kind = "api_key",
				      .target_id = making->id,
				      .detail = buf_text(&detail) });
}

static enum err check_limits(struct job *job, const struct api_key_draft *draft,
	struct access *limits)
{
	const struct access_draft wanted = { .channels = draft->channels, .teams = draft->teams };

	*limits = (struct access){ .permissions = draft->scopes };
	return access_read(job, &wanted, limits);
}

enum err api_key_create(struct job *job, const struct api_key_draft *draft, struct api_key *out,
	str *plain)
{
	struct key_making making = { .draft = *draft };
	struct access limits;
	struct api_key_row row;

	check_name(job, S("name"), draft->name);
	if (draft->scopes == 0)
		field_error(job, S("scopes"), S("required"), S("At least one permission."));
	TRY(check_limits(job, draft, &limits));
	TRY(job_check_fields(job));
	if (draft->scopes & ~job->actor.permissions)
		return fail_code(job, ERR_DENIED, S("scope_beyond_own"),
			S("Leave out what you may not do yourself."),
			"A key cannot be given permissions that its maker does not have.");
	TRY(access_within_own(job, &limits));
	TRY(in_transaction(job, make_key, &making));
	TRY(sql_api_key_get(job,
		&(struct sql_api_key_get){ .workspace = job->workspace, .id = making.id }, &row));
	*out = from_row(&row);
	*plain = making.plain;
	return OK;
}

/* ---- ending one ---- */

static enum err revoke(struct job *job, void *arg)
{
	const id64 *id = arg;
	struct api_key_row row;
	struct buf detail = buf_in(job->arena, 4096);

	TRY(sql_api_key_get(job,
		&(struct sql_api_key_get){ .workspace = job->workspace, .id = *id }, &row));
	TRY(sql_api_key_revoke(job,
		&(struct sql_api_key_revoke){ .workspace = job->workspace,
			.id = *id,
			.now_ms = job->now_ms },
		NULL));
	json_open(&detail, '{');
	json_put(&detail, "name", row.name);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "api_key.revoke",
				      .target_kind = "api_key",
				      .target_id = *id,
				      .detail = buf_text(&detail) });
}

enum err api_key_revoke(struct job *job, id64 id)
{
	return in_transaction(job, revoke, &id);
}

/* ---- using one ---- */

static enum err note_use(struct job *job, void *arg)
{
	const struct api_key_row *row = arg;

	return sql_api_key_used(job,
		&(struct sql_api_key_used){ .id = row->id, .now_ms = job->now_ms }, NULL);
}

static enum err unknown_key(struct job *job)
{
	return fail_code(job, ERR_AUTH, S("unknown_key"),
		S("Check the key; make a new one if it was deleted."),
		"The API key is not known, or no longer.");
}

enum err api_key_use(struct job *job, str plain)
{
	uint8_t hash[SHA256_SIZE];
	struct api_key_row row;
	enum err e;

	if (plain.len != KEY_TEXT_SIZE || !str_starts(plain, S(API_KEY_PREFIX)))
		return unknown_key(job);
	sha256(bytes_of(plain), hash);
	e = sql_api_key_find(job, &(struct sql_api_key_find){ .key_hash = { hash, sizeof hash } },
		&row);
	if (e == ERR_MISSING)
		return unknown_key(job);
	TRY(e);
	job->workspace = row.workspace;
	job->actor.kind = ACTOR_API_KEY;
	job->actor.id = job->actor.via = row.id;
	job->actor.name = row.name;
	job->actor.permissions = permissions_read(row.scopes);
	job->scope = scope_of(job, 0,
		&(struct access){ .channels = row.channels, .teams = row.teams });
	if (job->now_ms - row.last_used_ms >= NOTE_INTERVAL_MS &&
		in_transaction(job, note_use, &row) != OK) {
		log_warn("could not note the use of an API key: " STR_F, STR_A(job->why));
		job_forgive(job);
	}
	return OK;
}
