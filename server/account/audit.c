/*
 * audit.c: the chain; see audit.h.
 *
 * A row's number and its predecessor's hash are read and written under the workspace's turn
 * (workspace_lock), so two changes at once make two rows in a row, never a fork.
 */
#include "account/audit.h"

#include "account/account_internal.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define WALK_PAGE 500

static const char *const actor_kinds[] = {
	[ACTOR_SYSTEM] = "system",
	[ACTOR_PERSON] = "person",
	[ACTOR_API_KEY] = "api_key",
	[ACTOR_CONTACT] = "contact",
	[ACTOR_AUTOMATION] = "automation",
	[ACTOR_PHONE] = "phone",
};

static void add_octets(struct sha256 *sum, bytes field)
{
	uint8_t size[8];

	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)field.len >> (56 - 8 * i));
	sha256_add(sum, (bytes){ size, sizeof size });
	sha256_add(sum, field);
}

static void add_number(struct sha256 *sum, int64_t value)
{
	uint8_t octets[8];

	for (int i = 0; i < 8; i++)
		octets[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
	add_octets(sum, (bytes){ octets, sizeof octets });
}

/* Every field but the hash itself, each with its length before it, so that none can lend octets to
 * its neighbour. */
static void row_hash(id64 workspace, const struct audit_row *row, uint8_t out[SHA256_SIZE])
{
	struct sha256 *sum = sha256_create();
	const int64_t numbers[] = { workspace, row->id, row->seq, row->at_ms, row->actor_id,
		row->target_id };
	const str texts[] = { row->actor_kind, row->actor_name, row->action, row->target_kind,
		row->reason, row->address, row->detail };

	add_octets(sum, row->prev_hash);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		add_number(sum, numbers[i]);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		add_octets(sum, bytes_of(texts[i]));
	sha256_finish(sum, out);
}

static enum err last_of_chain(struct job *job, struct audit_end_row *out)
{
	static const uint8_t zero[SHA256_SIZE];
	enum err e =
		sql_audit_last(job, &(struct sql_audit_last){ .workspace = job->workspace }, out);

	if (e != ERR_MISSING)
		return e;
	*out = (struct audit_end_row){ .seq = 0, .hash = { zero, sizeof zero } };
	return OK;
}

static str or_empty(str s)
{
	return s.ptr ? s : S("");
}

/* Kept for the rows that follow in the same transaction: nobody else adds one before its end. */
struct audit_turn {
	id64 workspace;
	int64_t seq;
	uint8_t hash[SHA256_SIZE];
};

static enum err take_turn(struct job *job, struct audit_turn **out)
{
	struct audit_end_row last;

	*out = job->audit;
	if (job->audit && job->audit->workspace == job->workspace)
		return OK;
	TRY(sql_workspace_lock(job, &(struct sql_workspace_lock){ .id = job->workspace }, NULL));
	TRY(last_of_chain(job, &last));
	*out = job->audit = ARENA_NEW(job->arena, struct audit_turn);
	(*out)->workspace = job->workspace;
	(*out)->seq = last.seq;
	memcpy((*out)->hash, last.hash.ptr, SHA256_SIZE);
	return OK;
}

enum err audit_add(struct job *job, const struct audit_entry *entry)
{
	struct audit_row row = {
		.id = job_id(job),
		.at_ms = job->now_ms,
		.actor_kind = str_of(actor_kinds[job->actor.kind]),
		.actor_id = job->actor.id,
		.actor_name = or_empty(job->actor.name),
		.action = str_of(entry->action),
		.target_kind = str_of(entry->target_kind),
		.target_id = entry->target_id,
		.reason = or_empty(entry->reason),
		.address = or_empty(job->actor.address),
		.detail = entry->detail.ptr ? entry->detail : S("{}"),
	};
	uint8_t before[SHA256_SIZE];
	struct audit_turn *turn;

	TRY(take_turn(job, &turn));
	memcpy(before, turn->hash, sizeof before);
	row.seq = ++turn->seq;
	row.prev_hash = (bytes){ before, sizeof before };
	row_hash(job->workspace, &row, turn->hash);
	return sql_audit_insert(job,
		&(struct sql_audit_insert){ .id = row.id,
			.workspace = job->workspace,
			.seq = row.seq,
			.at_ms = row.at_ms,
			.actor_kind = row.actor_kind,
			.actor_id = row.actor_id,
			.actor_name = row.actor_name,
			.action = row.action,
			.target_kind = row.target_kind,
			.target_id = row.target_id,
			.reason = row.reason,
			.address = row.address,
			.detail = row.detail,
			.prev_hash = row.prev_hash,
			.hash = { turn->hash, SHA256_SIZE } },
		NULL);
}

/* By the index that narrows most. */
static enum err find_rows(struct job *job, const struct audit_filter *f, int64_t before,
	size_t limit, struct audit_rows *rows)
{
	int64_t below = before ? before : INT64_MAX, count = (int64_t)limit;
	int64_t until_ms = f->until_ms ? f->until_ms : INT64_MAX;
	str action = or_empty(f->action), kind = or_empty(f->target_kind);

	if (f->target)
		return sql_audit_list_target(job,
			&(struct sql_audit_list_target){ job->workspace, below, action, kind,
				f->from_ms, until_ms, count, f->target, f->actor },
			rows);
	if (f->actor)
		return sql_audit_list_actor(job,
			&(struct sql_audit_list_actor){ job->workspace, below, action, kind,
				f->from_ms, until_ms, count, f->actor },
			rows);
	return sql_audit_list(job,
		&(struct sql_audit_list){ job->workspace, below, action, kind, f->from_ms,
			until_ms, count },
		rows);
}

enum err audit_read(struct job *job, const struct audit_filter *filter, int64_t before,
	size_t limit, struct audit_item **out, size_t *count)
{
	struct audit_rows rows;

	TRY(find_rows(job, filter, before, limit, &rows));
	*out = ARENA_ARRAY(job->arena, struct audit_item, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		const struct audit_row *row = &rows.items[i];

		(*out)[i] = (struct audit_item){ .id = row->id,
			.seq = row->seq,
			.at_ms = row->at_ms,
			.actor_kind = row->actor_kind,
			.actor_id = row->actor_id,
			.actor_name = row->actor_name,
			.action = row->action,
			.target_kind = row->target_kind,
			.target_id = row->target_id,
			.reason = row->reason,
			.address = row->address,
			.detail = row->detail,
			.hash = hex_text(job->arena, row->hash) };
	}
	return OK;
}

/* Where the walk stands: the last good row. */
struct walk {
	id64 workspace;
	int64_t seq;
	uint8_t hash[SHA256_SIZE];
};

static bool follows(struct walk *walk, const struct audit_row *row)
{
	uint8_t hash[SHA256_SIZE];

	row_hash(walk->workspace, row, hash);
	if (row->seq != walk->seq + 1 ||
		!str_is(str_from(row->prev_hash), (str){ (char *)walk->hash, SHA256_SIZE }) ||
		!str_is(str_from(row->hash), (str){ (char *)hash, SHA256_SIZE }))
		return false;
	walk->seq = row->seq;
	memcpy(walk->hash, hash, sizeof hash);
	return true;
}

static enum err walk_page(struct job *job, struct walk *walk, bool *more, int64_t *broken_at)
{
	struct audit_rows page;

	TRY(sql_audit_walk(job,
		&(struct sql_audit_walk){ .workspace = walk->workspace,
			.after = walk->seq,
			.count = WALK_PAGE },
		&page));
	for (size_t i = 0; i < page.count && *broken_at == 0; i++)
		if (!follows(walk, &page.items[i]))
			*broken_at = walk->seq + 1;
	*more = page.count == WALK_PAGE && *broken_at == 0;
	return OK;
}

/* A chain may be longer than a job's memory: each page has an arena of its own. */
enum err audit_verify(struct job *job, id64 workspace, int64_t *rows, int64_t *broken_at)
{
	struct arena *own = job->arena, *page_arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct walk walk = { .workspace = workspace };
	bool more = true;
	enum err e = OK;

	*broken_at = 0;
	job->arena = page_arena;
	while (e == OK && more) {
		e = walk_page(job, &walk, &more, broken_at);
		if (e == OK)
			arena_reset(page_arena);
	}
	job->arena = own;
	if (e != OK)
		job->why = arena_str(own, job->why);
	arena_destroy(page_arena);
	*rows = walk.seq;
	return e;
}
