/*
 * merge_parts.c: what a team keeps about two contacts, when they become one and when they part.
 *
 * Values that the kept one lacks are taken over, and those that were chosen; labels and notes all
 * are. What was before stands in contact_merge.moved as it was sealed, so that undoing puts back
 * the very octets, and only where nobody changed them since.
 */
#include "inbox/merge_parts.h"

#include "account/seal.h"
#include "base/codec.h"

#define LISTED_MAX 1000
#define SEALED_MAX (2u << 20)

static void put_sealed(struct job *job, struct buf *out, const char *key, bytes sealed)
{
	json_put(out, key, sealed.ptr ? base64_text(job->arena, sealed) : STR_NONE);
}

static bytes get_sealed(struct job *job, json v)
{
	struct buf raw = buf_in(job->arena, SEALED_MAX);
	str text = json_text(v);

	return text.len && base64_read(text, &raw) ? buf_bytes(&raw) : BYTES_NONE;
}

static bool same_octets(bytes a, bytes b)
{
	return str_is(str_from(a), str_from(b));
}

/* ---- names and values ---- */

static bool is_chosen(const struct merge_choice *choice, id64 attribute)
{
	for (size_t i = 0; choice && i < choice->attribute_count; i++)
		if (choice->attributes[i] == attribute)
			return true;
	return false;
}

static enum err join_values(struct job *job, const struct contact_row *kept,
	const struct contact_row *gone, const struct merge_choice *choice, str *out)
{
	struct buf text = buf_in(job->arena, 1u << 20);
	json ours = NULL, theirs = NULL;
	str a, b;
	id64 id;

	TRY(unseal(job, SEAL_ATTRIBUTES, kept->attributes_sealed, &a));
	TRY(unseal(job, SEAL_ATTRIBUTES, gone->attributes_sealed, &b));
	if (a.len)
		TRY(json_read(job->arena, a, &ours, &job->why));
	if (b.len)
		TRY(json_read(job->arena, b, &theirs, &job->why));
	json_open(&text, '{');
	for (void *at = json_first(ours); at; at = json_next(ours, at)) {
		const char *key = arena_cstr(job->arena, json_member_name(at));
		bool taken = id64_parse(json_member_name(at), &id) && is_chosen(choice, id) &&
			     json_field(theirs, key);

		if (!taken)
			json_put(&text, key, json_text(json_member_value(at)));
	}
	for (void *at = json_first(theirs); at; at = json_next(theirs, at)) {
		const char *key = arena_cstr(job->arena, json_member_name(at));

		if (!json_field(ours, key) ||
			(id64_parse(json_member_name(at), &id) && is_chosen(choice, id)))
			json_put(&text, key, json_text(json_member_value(at)));
	}
	json_close(&text, '}');
	*out = str_is(buf_text(&text), S("{}")) ? STR_NONE : buf_text(&text);
	return OK;
}

static enum err take_values(struct job *job, const struct contact_row *kept,
	const struct contact_row *gone, const struct merge_choice *choice)
{
	str joined;

	if (!gone->attributes_sealed.len)
		return OK;
	TRY(join_values(job, kept, gone, choice, &joined));
	return contact_put_attributes(job, kept->id, joined);
}

static enum err take_name(struct job *job, const struct contact_row *kept,
	const struct contact_row *gone, const struct merge_choice *choice)
{
	if (!gone->name_sealed.len ||
		(gone->name_rank <= kept->name_rank && !(choice && choice->name)))
		return OK;
	TRY(sql_contact_put_name(job,
		&(struct sql_contact_put_name){ .id = kept->id,
			.workspace = job->workspace,
			.name = gone->name_sealed,
			.rank = gone->name_rank,
			.now_ms = job->now_ms },
		NULL));
	return contact_reindex(job, kept);
}

/* ---- lists ---- */

static enum err take_labels(struct job *job, id64 kept, id64 gone, struct buf *moved)
{
	struct contact_label_rows rows;
	int64_t added;

	TRY(sql_contact_labels(job, &(struct sql_contact_labels){
		.ids = id_list(job->arena, &gone, 1), .workspace = job->workspace }, &rows));
	json_open_in(moved, "labels", '[');
	for (size_t i = 0; i < rows.count; i++) {
		TRY(sql_contact_label_add(job,
			&(struct sql_contact_label_add){ .contact = kept,
				.label = rows.items[i].id,
				.workspace = job->workspace },
			&added));
		if (added)
			json_put_id(moved, NULL, rows.items[i].id);
	}
	json_close(moved, ']');
	return OK;
}

static enum err take_notes(struct job *job, id64 kept, id64 gone, struct buf *moved)
{
	struct contact_note_rows rows;

	TRY(sql_contact_note_list(job,
		&(struct sql_contact_note_list){ .contact = gone,
			.workspace = job->workspace,
			.before = INT64_MAX,
			.max = LISTED_MAX },
		&rows));
	json_open_in(moved, "notes", '[');
	for (size_t i = 0; i < rows.count; i++) {
		TRY(sql_contact_note_move(job,
			&(struct sql_contact_note_move){ .id = rows.items[i].id,
				.workspace = job->workspace,
				.contact = kept },
			NULL));
		json_put_id(moved, NULL, rows.items[i].id);
	}
	json_close(moved, ']');
	return OK;
}

static enum err take_consents(struct job *job, id64 kept, id64 gone, struct buf *moved)
{
	struct contact_consent_rows rows;

	TRY(sql_contact_consent_list(job,
		&(struct sql_contact_consent_list){ .contact = gone,
			.workspace = job->workspace,
			.before = INT64_MAX,
			.max = LISTED_MAX },
		&rows));
	json_open_in(moved, "consents", '[');
	for (size_t i = 0; i < rows.count; i++) {
		TRY(sql_contact_consent_move(job,
			&(struct sql_contact_consent_move){ .id = rows.items[i].id,
				.workspace = job->workspace,
				.contact = kept },
			NULL));
		json_put_id(moved, NULL, rows.items[i].id);
	}
	json_close(moved, ']');
	return OK;
}

enum err merge_take_parts(struct job *job, id64 kept_id, id64 gone_id,
	const struct merge_choice *choice, struct buf *moved)
{
	struct contact_row kept, gone, after;

	TRY(contact_row(job, kept_id, &kept));
	TRY(contact_row(job, gone_id, &gone));
	TRY(take_name(job, &kept, &gone, choice));
	TRY(take_values(job, &kept, &gone, choice));
	TRY(contact_was_seen(job, kept_id, gone.seen_ms));
	TRY(contact_row(job, kept_id, &after));
	json_open_in(moved, "parts", '{');
	put_sealed(job, moved, "name_before", kept.name_sealed);
	json_put_int(moved, "rank_before", kept.name_rank);
	put_sealed(job, moved, "name_after", after.name_sealed);
	put_sealed(job, moved, "values_before", kept.attributes_sealed);
	put_sealed(job, moved, "values_after", after.attributes_sealed);
	TRY(take_labels(job, kept_id, gone_id, moved));
	TRY(take_notes(job, kept_id, gone_id, moved));
	TRY(take_consents(job, kept_id, gone_id, moved));
	json_close(moved, '}');
	return OK;
}

/* ---- the way back ---- */

static enum err return_name(struct job *job, const struct contact_row *now, json parts)
{
	bytes before = get_sealed(job, json_field(parts, "name_before"));

	if (same_octets(before, now->name_sealed) ||
		!same_octets(now->name_sealed, get_sealed(job, json_field(parts, "name_after"))))
		return OK;
	return sql_contact_put_name(job,
		&(struct sql_contact_put_name){ .id = now->id,
			.workspace = job->workspace,
			.name = before,
			.rank = json_int(json_field(parts, "rank_before"), 0),
			.now_ms = job->now_ms },
		NULL);
}

static enum err return_values(struct job *job, const struct contact_row *now, json parts)
{
	bytes before = get_sealed(job, json_field(parts, "values_before"));

	if (same_octets(before, now->attributes_sealed) ||
		!same_octets(now->attributes_sealed,
			get_sealed(job, json_field(parts, "values_after"))))
		return OK;
	return sql_contact_set_attributes(job,
		&(struct sql_contact_set_attributes){ .id = now->id,
			.workspace = job->workspace,
			.attributes = before,
			.now_ms = job->now_ms },
		NULL);
}

static enum err return_lists(struct job *job, id64 kept, id64 gone, json parts)
{
	json labels = json_field(parts, "labels"), notes = json_field(parts, "notes"),
	     consents = json_field(parts, "consents");
	id64 id;

	for (size_t i = 0; i < json_count(labels); i++)
		if (json_id(json_at(labels, i), &id))
			TRY(sql_contact_label_remove(job, &(struct sql_contact_label_remove){
				.contact = kept, .label = id, .workspace = job->workspace }, NULL));
	for (size_t i = 0; i < json_count(notes); i++)
		if (json_id(json_at(notes, i), &id))
			TRY(sql_contact_note_move(job, &(struct sql_contact_note_move){
				.id = id, .workspace = job->workspace, .contact = gone }, NULL));
	for (size_t i = 0; i < json_count(consents); i++)
		if (json_id(json_at(consents, i), &id))
			TRY(sql_contact_consent_move(job, &(struct sql_contact_consent_move){
				.id = id, .workspace = job->workspace, .contact = gone }, NULL));
	return OK;
}

enum err merge_return_parts(struct job *job, id64 kept, id64 gone, json parts)
{
	struct contact_row now;

	TRY(sql_contact_find(job,
		&(struct sql_contact_find){ .id = kept, .workspace = job->workspace }, &now));
	TRY(return_name(job, &now, parts));
	TRY(return_values(job, &now, parts));
	TRY(contact_reindex(job, &now));
	return return_lists(job, kept, gone, parts);
}
