/*
 * contact.c: one person, one contact.
 *
 * A contact is found by its aliases, never by one key: the network names people by phone, LID and
 * business-scoped id, some of them at a time. All names in one event are one person's, so a name
 * that is new is added, and contacts that turn out to be one are merged (merge.c). Aliases are
 * taken in one order everywhere, so two writers cannot wait for each other.
 */
#include "inbox/inbox_internal.h"

#include "account/seal.h"

static void add_alias(struct arena *arena, struct alias *out, size_t *count, struct alias alias)
{
	if (!alias.value.len || alias.value.len > ALIAS_MAX)
		return;
	alias.key = strcmp(alias.kind, "phone") == 0 ? phone_match_key(arena, alias.value)
	                                             : alias.value;
	out[(*count)++] = alias;
}

size_t alias_list(struct arena *arena, const struct person_ref *who,
	struct alias out[ALIASES_OF_PERSON])
{
	size_t count = 0;

	add_alias(arena, out, &count, (struct alias){ .kind = "group", .value = who->group });
	add_alias(arena, out, &count, (struct alias){ .kind = "bsuid", .value = who->bsuid });
	add_alias(arena, out, &count, (struct alias){ .kind = "lid", .value = who->lid });
	add_alias(arena, out, &count,
		(struct alias){ .kind = "parent_bsuid", .value = who->parent_bsuid });
	add_alias(arena, out, &count, (struct alias){ .kind = "phone", .value = who->phone });
	return count;
}

bool bsuid_is(str text)
{
	bool good = text.len > 3 && text.len <= ALIAS_MAX && text.ptr[2] == '.';

	for (size_t i = 0; i < text.len && good; i++) {
		char c = text.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		good = letter || (i > 2 && ((c >= '0' && c <= '9') || c == '.')) || i == 2;
	}
	return good;
}

static enum err find_alias(struct job *job, const struct alias *alias,
	struct contact_alias_row *out, bool *found)
{
	return found_or_none(job, sql_contact_alias_find(job, &(struct sql_contact_alias_find){
		.workspace = job->workspace, .kind = str_of(alias->kind), .match_key = alias->key,
	}, out), found);
}

/* The digits of a phone from the last on, for those who remember the end of a number. */
static str tail_of(struct arena *arena, const struct alias *alias)
{
	struct buf out = buf_in(arena, ALIAS_MAX);

	if (strcmp(alias->kind, "phone") != 0)
		return STR_NONE;
	for (size_t i = alias->key.len; i > 0; i--)
		buf_byte(&out, (uint8_t)alias->key.ptr[i - 1]);
	return buf_text(&out);
}

/* *added false: somebody else has it since a moment ago. */
static enum err claim_alias(struct job *job, id64 contact, const struct alias *alias, bool *added)
{
	int64_t changed;

	TRY(sql_contact_alias_add(job,
		&(struct sql_contact_alias_add){
			.id = job_id(job),
			.workspace = job->workspace,
			.contact = contact,
			.kind = str_of(alias->kind),
			.value = alias->value,
			.match_key = alias->key,
			.created_ms = job->now_ms,
			.tail = tail_of(job->arena, alias),
		},
		&changed));
	*added = changed > 0;
	return OK;
}

/* ---- making one ---- */

static enum err make_contact(struct job *job, const struct alias *alias, str source, id64 *out)
{
	id64 id = job_id(job);
	bool added;

	TRY(sql_contact_add(job,
		&(struct sql_contact_add){ .id = id,
			.workspace = job->workspace,
			.source = source,
			.now_ms = job->now_ms },
		NULL));
	TRY(claim_alias(job, id, alias, &added));
	*out = id;
	if (added)
		return OK;
	*out = 0;
	return sql_contact_drop(job,
		&(struct sql_contact_drop){ .id = id, .workspace = job->workspace }, NULL);
}

/* The contact of the first alias, made if there is none. */
static enum err first_contact(struct job *job, const struct alias *alias, str source, id64 *out)
{
	struct contact_alias_row row;
	bool found;

	TRY(find_alias(job, alias, &row, &found));
	if (!found) {
		TRY(make_contact(job, alias, source, out));
		if (*out)
			return OK;
		TRY(find_alias(job, alias, &row, &found));
	}
	if (!found)
		return fail(job, ERR_CONFLICT,
			"the contact was made by another request at this moment");
	*out = row.contact_id;
	return OK;
}

/* The oldest contact that one of the names points to; 0: none. */
static enum err known_contact(struct job *job, const struct alias *aliases, size_t count, id64 *out)
{
	struct contact_alias_row row;
	bool found;

	*out = 0;
	for (size_t i = 0; i < count; i++) {
		TRY(find_alias(job, &aliases[i], &row, &found));
		if (found && (!*out || row.contact_id < *out))
			*out = row.contact_id;
	}
	return OK;
}

enum err contact_known(struct job *job, const struct person_ref *who, id64 *out)
{
	struct alias aliases[ALIASES_OF_PERSON];

	return known_contact(job, aliases, alias_list(job->arena, who, aliases), out);
}

/* ---- giving it all its names ---- */

static enum err keep_spelling(struct job *job, const struct contact_alias_row *row,
	const struct alias *alias)
{
	if (str_is(row->value, alias->value))
		return OK;
	return sql_contact_alias_set_value(job, &(struct sql_contact_alias_set_value){
		.id = row->id, .workspace = job->workspace, .value = alias->value }, NULL);
}

static enum err attach(struct job *job, id64 contact, const struct alias *alias, bool from_network,
		       struct inbox_changes *changes)
{
	struct contact_alias_row row;
	bool found, added;
	id64 merge;

	TRY(find_alias(job, alias, &row, &found));
	if (!found) {
		TRY(claim_alias(job, contact, alias, &added));
		TRY(contact_note(job, contact, WEBHOOK_CONTACT_UPDATED, changes));
		if (added)
			return OK;
		TRY(find_alias(job, alias, &row, &found));
		if (!found)
			return fail(job, ERR_CONFLICT, "the contact changed at this moment");
	}
	if (row.contact_id != contact)
		TRY(contact_merge(job, contact, row.contact_id, changes, &merge));
	return from_network ? keep_spelling(job, &row, alias) : OK;
}

static enum err attach_all(struct job *job, id64 contact, const struct alias *aliases, size_t count,
	bool from_network, struct inbox_changes *changes)
{
	for (size_t i = 0; i < count; i++)
		TRY(attach(job, contact, &aliases[i], from_network, changes));
	return OK;
}

/* ---- names ---- */

static enum err set_profile_name(struct job *job, id64 id, str name, struct inbox_changes *changes)
{
	struct contact_row row;
	bytes sealed;
	str before;

	if (!name.len)
		return OK;
	TRY(contact_row(job, id, &row));
	TRY(unseal(job, SEAL_NAME, row.profile_name_sealed, &before));
	if (str_is(before, name))
		return OK;
	TRY(seal(job, SEAL_NAME, name, &sealed));
	TRY(sql_contact_set_profile(job,
		&(struct sql_contact_set_profile){ .id = id,
			.workspace = job->workspace,
			.profile_name = sealed,
			.now_ms = job->now_ms },
		NULL));
	TRY(contact_note(job, id, WEBHOOK_CONTACT_UPDATED, changes));
	return contact_reindex(job, &row);
}

enum err contact_rename(struct job *job, id64 id, str name, enum name_rank rank,
	struct inbox_changes *changes)
{
	struct contact_row row;
	bytes sealed;
	str before;

	TRY(contact_row(job, id, &row));
	TRY(unseal(job, SEAL_NAME, row.name_sealed, &before));
	if (row.name_rank > (int64_t)rank ||
		(row.name_rank == (int64_t)rank && str_is(before, name)))
		return OK;
	TRY(seal(job, SEAL_NAME, name, &sealed));
	if (name.len)
		TRY(sql_contact_set_name(job,
			&(struct sql_contact_set_name){ .id = row.id,
				.workspace = job->workspace,
				.name = sealed,
				.rank = rank,
				.now_ms = job->now_ms },
			NULL));
	else
		TRY(sql_contact_clear_name(job,
			&(struct sql_contact_clear_name){ .id = row.id,
				.workspace = job->workspace,
				.now_ms = job->now_ms },
			NULL));
	TRY(contact_note(job, row.id, WEBHOOK_CONTACT_UPDATED, changes));
	return contact_reindex(job, &row);
}

/* "Seen both with and without leading @"; "case-insensitive". */
str username_plain(struct arena *arena, str text)
{
	struct buf out = buf_in(arena, ALIAS_MAX);

	for (size_t i = str_starts(text, S("@")); i < text.len; i++)
		buf_byte(&out, (uint8_t)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + 32
										  : text.ptr[i]));
	return out.failed ? STR_NONE : buf_text(&out);
}

/* A username is shown and looked for, and names nobody: it may be another's tomorrow. So it is
 * taken from whoever had it, and never makes two contacts one. */
static enum err learn_username(struct job *job, id64 contact, str told,
	struct inbox_changes *changes)
{
	str name = username_plain(job->arena, told);
	struct alias alias = { .kind = "username", .value = name, .key = name };
	struct contact_alias_row row;
	bool found, added;

	if (!name.len)
		return OK;
	TRY(find_alias(job, &alias, &row, &found));
	if (found && row.contact_id == contact)
		return OK;
	TRY(sql_contact_alias_drop_username(job,
		&(struct sql_contact_alias_drop_username){
			.workspace = job->workspace, .contact = contact, .match_key = name },
		NULL));
	TRY(claim_alias(job, contact, &alias, &added));
	return contact_note(job, contact, WEBHOOK_CONTACT_UPDATED, changes);
}

/* ---- reading ---- */

enum err contact_row(struct job *job, id64 id, struct contact_row *out)
{
	for (int i = 0; i < MERGES_FOLLOWED_MAX; i++) {
		TRY(sql_contact_find(job,
			&(struct sql_contact_find){ .id = id, .workspace = job->workspace }, out));
		if (!out->merged_into)
			return visible_contact(job, out->id);
		id = out->merged_into;
	}
	return fail(job, ERR_CORRUPT, "a contact is merged in a circle");
}

static str shown_name(struct arena *arena, const struct contact *c, str given)
{
	if (given.len)
		return given;
	if (c->profile_name.len)
		return c->profile_name;
	return c->username.len ? arena_printf(arena, "@" STR_F, STR_A(c->username))
	       : c->phone.len  ? arena_printf(arena, "+" STR_F, STR_A(c->phone))
	       : c->bsuid.len  ? c->bsuid
	                       : S("?");
}

/* The aliases of one contact, of rows of several, oldest first: the last of a kind is the one in
 * use. */
static void take_aliases(struct job *job, const struct contact_alias_rows *rows,
	struct contact *out)
{
	out->aliases = ARENA_ARRAY(job->arena, struct contact_alias, rows->count);
	for (size_t i = 0; i < rows->count; i++) {
		const struct contact_alias_row *row = &rows->items[i];

		if (row->contact_id != out->id)
			continue;
		out->aliases[out->alias_count++] = (struct contact_alias){ row->kind, row->value };
		if (str_is(row->kind, S("phone")))
			out->phone = row->value;
		else if (str_is(row->kind, S("lid")))
			out->lid = row->value;
		else if (str_is(row->kind, S("bsuid")))
			out->bsuid = row->value;
		else if (str_is(row->kind, S("username")))
			out->username = row->value;
		else if (str_is(row->kind, S("group")))
			out->group = row->value;
	}
}

static enum err contact_of_row(struct job *job, const struct contact_row *row,
	const struct contact_alias_rows *aliases, struct contact *out)
{
	*out = (struct contact){
		.id = row->id,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
		.opt_out_ms = row->opt_out_ms,
		.preference_ms = row->preference_ms,
		.seen_ms = row->seen_ms,
		.blocked_ms = row->blocked_ms,
		.erased_ms = row->erased_ms,
		.source = row->source,
	};
	TRY(unseal(job, SEAL_NAME, row->name_sealed, &out->given_name));
	TRY(unseal(job, SEAL_NAME, row->profile_name_sealed, &out->profile_name));
	TRY(unseal(job, SEAL_ATTRIBUTES, row->attributes_sealed, &out->attributes));
	take_aliases(job, aliases, out);
	out->name = shown_name(job->arena, out, out->given_name);
	return OK;
}

enum err contact_get(struct job *job, id64 id, struct contact *out)
{
	struct contact_row row;
	struct contact_alias_rows aliases;

	TRY(contact_row(job, id, &row));
	TRY(sql_contact_alias_list(job, &(struct sql_contact_alias_list){
		.contact = row.id, .workspace = job->workspace }, &aliases));
	return contact_of_row(job, &row, &aliases, out);
}

enum err contacts_of_rows(struct job *job, const struct contact_rows *rows,
	struct contacts *out)
{
	struct contact_alias_rows aliases;
	id64 *ids = ARENA_ARRAY(job->arena, id64, rows->count);

	for (size_t i = 0; i < rows->count; i++)
		ids[i] = rows->items[i].id;
	TRY(sql_contact_alias_by_contacts(job,
		&(struct sql_contact_alias_by_contacts){
			.ids = id_list(job->arena, ids, rows->count),
			.workspace = job->workspace },
		&aliases));
	out->items = ARENA_ARRAY(job->arena, struct contact, rows->count);
	out->count = rows->count;
	for (size_t i = 0; i < rows->count; i++)
		TRY(contact_of_row(job, &rows->items[i], &aliases, &out->items[i]));
	return OK;
}

enum err contact_by_ids(struct job *job, const id64 *ids, size_t count, struct contacts *out)
{
	struct contact_rows rows;

	TRY(sql_contact_by_ids(job, &(struct sql_contact_by_ids){
		.ids = id_list(job->arena, ids, count), .workspace = job->workspace }, &rows));
	return contacts_of_rows(job, &rows, out);
}

/* ---- the ways in ---- */

/* By name, not by id: whom others talk with on another channel may be written to on one's own. So
 * nothing is hidden here; what comes of it is told by conversations. */
static enum err resolve(struct job *job, const struct person_ref *who, str source,
	struct inbox_changes *changes, struct contact *out)
{
	struct alias aliases[ALIASES_OF_PERSON];
	size_t count = alias_list(job->arena, who, aliases);
	bool from_network = str_is(source, S("webhook"));
	id64 id;

	if (!count)
		return fail(job, ERR_INPUT, "nobody is named");
	TRY(known_contact(job, aliases, count, &id));
	if (!id) {
		TRY(first_contact(job, &aliases[0], source, &id));
		TRY(contact_note(job, id, WEBHOOK_CONTACT_CREATED, changes));
	}
	TRY(attach_all(job, id, aliases, count, from_network, changes));
	TRY(set_profile_name(job, id, who->name, changes));
	TRY(learn_username(job, id, who->username, changes));
	return contact_get(job, id, out);
}

enum err contact_resolve(struct job *job, const struct person_ref *who, str source,
	struct inbox_changes *changes, struct contact *out)
{
	const struct scope *scope = job->scope;
	enum err e;

	job->scope = NULL;
	e = resolve(job, who, source, changes, out);
	job->scope = scope;
	return e;
}

enum err contact_link(struct job *job, const struct person_ref *who,
	const struct person_ref *previous, int64_t at_ms, struct inbox_changes *changes,
	struct contact *out)
{
	struct alias aliases[2 * ALIASES_OF_PERSON];
	size_t old = alias_list(job->arena, previous, aliases);
	size_t count = old + alias_list(job->arena, who, aliases + old);
	id64 id;

	if (!count)
		return fail(job, ERR_INPUT, "nobody is named");
	TRY(known_contact(job, aliases, count, &id));
	if (!id) {
		TRY(first_contact(job, &aliases[0], S("webhook"), &id));
		TRY(contact_note(job, id, WEBHOOK_CONTACT_CREATED, changes));
	}
	TRY(attach_all(job, id, aliases, count, true, changes));
	for (size_t i = old; i < count; i++)
		TRY(sql_contact_alias_touch(job,
			&(struct sql_contact_alias_touch){ .workspace = job->workspace,
				.kind = str_of(aliases[i].kind),
				.match_key = aliases[i].key,
				.at_ms = at_ms ? at_ms : job->now_ms },
			NULL));
	TRY(set_profile_name(job, id, who->name, changes));
	TRY(contact_note(job, id, WEBHOOK_CONTACT_UPDATED, changes));
	return contact_get(job, id, out);
}

enum err contact_learn(struct job *job, id64 contact, const struct person_ref *who,
	struct inbox_changes *changes)
{
	struct alias aliases[ALIASES_OF_PERSON];
	size_t count = alias_list(job->arena, who, aliases);
	struct contact_alias_row row;
	bool found, is_theirs = false;

	for (size_t i = 0; i < count && !is_theirs; i++) {
		TRY(find_alias(job, &aliases[i], &row, &found));
		is_theirs = found && row.contact_id == contact;
	}
	return is_theirs ? attach_all(job, contact, aliases, count, true, changes) : OK;
}
