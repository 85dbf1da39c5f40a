/*
 * contact_edit.c: what people decide about one contact: name, values, labels, consent, blocking.
 *
 * Each change is one audit row with what it was about, never with the values themselves: names and
 * values are sealed in their rows, and the audit trail is not.
 */
#include "inbox/contacts.h"

#include "account/audit.h"
#include "account/seal.h"
#include "inbox/inbox_internal.h"

void (*contact_work_hook)(void);

static enum err audit(struct job *job, const char *action, id64 contact, str reason, str detail)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "contact",
				      .target_id = contact,
				      .reason = reason,
				      .detail = detail });
}

/* Nobody else changes it until the transaction ends: on PostgreSQL a write is the lock that both
 * databases have a word for. */
static enum err lock(struct job *job, id64 id, struct contact_row *out)
{
	TRY(contact_row(job, id, out));
	if (out->erased_ms)
		return fail(job, ERR_MISSING, "the contact was erased");
	TRY(sql_contact_touch(job,
		&(struct sql_contact_touch){ .id = out->id,
			.workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	return sql_contact_find(job,
		&(struct sql_contact_find){ .id = out->id, .workspace = job->workspace }, out);
}

/* ---- attributes ---- */

enum err contact_put_attributes(struct job *job, id64 id, str attributes)
{
	struct contact_row before;
	bytes sealed;

	TRY(contact_row(job, id, &before));
	TRY(seal(job, SEAL_ATTRIBUTES, attributes, &sealed));
	TRY(sql_contact_set_attributes(job,
		&(struct sql_contact_set_attributes){ .id = before.id,
			.workspace = job->workspace,
			.attributes = sealed,
			.now_ms = job->now_ms },
		NULL));
	return contact_reindex(job, &before);
}

static enum err change_attributes(struct job *job, const struct contact_row *row, json changes)
{
	struct attributes all;
	str stored, next;

	TRY(attribute_list(job, &all));
	TRY(unseal(job, SEAL_ATTRIBUTES, row->attributes_sealed, &stored));
	TRY(attributes_apply(job, &all, stored, changes, &next));
	return contact_put_attributes(job, row->id, next);
}

/* ---- labels ---- */

static bool is_listed(const id64 *ids, size_t count, id64 id)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static enum err check_labels(struct job *job, const id64 *labels, size_t count)
{
	struct label_name_rows known;

	TRY(sql_contact_label_names(job, &(struct sql_contact_label_names){ job->workspace },
		&known));
	if (count > CONTACT_LABELS_MAX)
		field_error(job, S("label_ids"), S("too_many"), S("At most 100 labels."));
	for (size_t i = 0; i < count; i++) {
		bool found = false;

		for (size_t k = 0; k < known.count && !found; k++)
			found = known.items[k].id == labels[i];
		if (!found)
			field_error(job, S("label_ids"), S("unknown"),
				S("There is no label with this id."));
	}
	return job_check_fields(job);
}

static enum err set_labels(struct job *job, id64 contact, const id64 *labels, size_t count)
{
	struct contact_label_rows had;

	TRY(check_labels(job, labels, count));
	TRY(sql_contact_labels(job, &(struct sql_contact_labels){
		.ids = id_list(job->arena, &contact, 1), .workspace = job->workspace }, &had));
	for (size_t i = 0; i < had.count; i++)
		if (!is_listed(labels, count, had.items[i].id))
			TRY(sql_contact_label_remove(job,
				&(struct sql_contact_label_remove){ .contact = contact,
					.label = had.items[i].id,
					.workspace = job->workspace },
				NULL));
	for (size_t i = 0; i < count; i++)
		TRY(sql_contact_label_add(job,
			&(struct sql_contact_label_add){ .contact = contact,
				.label = labels[i],
				.workspace = job->workspace },
			NULL));
	return OK;
}

/* ---- making one ---- */

/* The same check as for a recipient, told about the field that it is here. */
static enum err read_phone(struct job *job, str text, str *digits)
{
	enum err e = phone_normalise(job, text, digits);

	if (e != ERR_INPUT)
		return e;
	job_forgive(job);
	field_error(job, S("phone"), S("invalid_phone"),
		S("Not a phone number: write it with its country code, like +49 1512 3456789."));
	return job_check_fields(job);
}

static enum err check_free(struct job *job, str digits)
{
	struct contact_alias_row row;
	bool found;

	TRY(found_or_none(job, sql_contact_alias_find(job, &(struct sql_contact_alias_find){
		.workspace = job->workspace, .kind = S("phone"),
		.match_key = phone_match_key(job->arena, digits) }, &row), &found));
	return found ? fail_code(job, ERR_CONFLICT, S("contact_exists"),
			       arena_printf(job->arena, "Open the contact %lld.",
				       (long long)row.contact_id),
			       "There is a contact with this number.")
		     : OK;
}

enum err contact_create(struct job *job, const struct contact_draft *draft,
	struct inbox_changes *changes, struct contact *out)
{
	struct contact_patch rest = { .name = draft->name,
		.attributes = draft->attributes,
		.has_labels = draft->label_count > 0,
		.labels = draft->labels,
		.label_count = draft->label_count };
	struct person_ref who = { 0 };

	TRY(read_phone(job, draft->phone, &who.phone));
	TRY(check_free(job, who.phone));
	TRY(contact_resolve(job, &who, draft->source, changes, out));
	TRY(audit(job, "contact.create", out->id, STR_NONE, STR_NONE));
	if (!draft->name.len && !draft->attributes && !draft->label_count)
		return OK;
	if (!draft->name.len)
		rest.name = STR_NONE;
	return contact_change(job, out->id, &rest, changes, out);
}

static str what_changed(struct job *job, const struct contact_patch *patch)
{
	struct buf out = buf_in(job->arena, 16u << 10);

	json_open(&out, '{');
	json_open_in(&out, "changed", '[');
	if (patch->name.ptr)
		json_put(&out, NULL, S("name"));
	if (patch->has_labels)
		json_put(&out, NULL, S("labels"));
	for (void *at = json_first(patch->attributes); at; at = json_next(patch->attributes, at))
		json_put(&out, NULL, arena_printf(job->arena, "attributes." STR_F,
					     STR_A(json_member_name(at))));
	json_close(&out, ']');
	json_close(&out, '}');
	return buf_text(&out);
}

enum err contact_change(struct job *job, id64 id, const struct contact_patch *patch,
	struct inbox_changes *changes, struct contact *out)
{
	struct contact_row row;

	TRY(lock(job, id, &row));
	if (patch->name.ptr)
		TRY(contact_rename(job, row.id, str_trim(patch->name), NAME_PERSON, changes));
	if (patch->attributes)
		TRY(change_attributes(job, &row, patch->attributes));
	if (patch->has_labels)
		TRY(set_labels(job, row.id, patch->labels, patch->label_count));
	TRY(audit(job, "contact.update", row.id, STR_NONE, what_changed(job, patch)));
	TRY(contact_note(job, row.id, WEBHOOK_CONTACT_UPDATED, changes));
	return contact_get(job, row.id, out);
}

/* ---- consent ---- */

enum err contact_consent_note(struct job *job, id64 id, bool opted_out, str source, int64_t at_ms)
{
	return sql_contact_consent_add(job,
		&(struct sql_contact_consent_add){ .id = job_id(job),
			.workspace = job->workspace,
			.contact = id,
			.state = opted_out ? S("opted_out") : S("opted_in"),
			.source = source,
			.actor_kind = job->actor.kind,
			.actor = job->actor.id,
			.actor_name = job->actor.name.ptr ? job->actor.name : S(""),
			.at_ms = at_ms },
		NULL);
}

enum err contact_consent(struct job *job, id64 id, bool opted_out, str source,
	struct inbox_changes *changes)
{
	struct contact_row row;

	TRY(lock(job, id, &row));
	TRY(sql_contact_put_preference(job,
		&(struct sql_contact_put_preference){ .id = row.id,
			.workspace = job->workspace,
			.opt_out_ms = opted_out ? job->now_ms : 0,
			.preference_ms = job->now_ms,
			.now_ms = job->now_ms },
		NULL));
	TRY(contact_consent_note(job, row.id, opted_out, source, job->now_ms));
	TRY(audit(job, opted_out ? "contact.opt_out" : "contact.opt_in", row.id, STR_NONE,
		STR_NONE));
	return contact_note(job, row.id,
		opted_out ? WEBHOOK_CONTACT_OPTED_OUT : WEBHOOK_CONTACT_UPDATED, changes);
}

/* ---- blocking ---- */

static enum err put_away(struct job *job, id64 contact, bool blocked, str reason,
	struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_status = true,
		.status = blocked ? CONVERSATION_ARCHIVED : CONVERSATION_RESOLVED,
		.reason = reason };
	struct conversations all;
	struct conversation now;

	TRY(conversation_of_contact(job, contact, &all));
	for (size_t i = 0; i < all.count; i++)
		if (blocked || all.items[i].status == CONVERSATION_ARCHIVED)
			TRY(conversation_update(job, all.items[i].id, &patch, changes, &now));
	return OK;
}

enum err contact_block(struct job *job, id64 id, bool blocked, str reason,
	struct inbox_changes *changes, struct contact *out)
{
	struct contact_row row;

	TRY(lock(job, id, &row));
	if (blocked != !row.blocked_ms)
		return contact_get(job, row.id, out);
	TRY(sql_contact_set_blocked(job,
		&(struct sql_contact_set_blocked){ .id = row.id,
			.workspace = job->workspace,
			.blocked_ms = blocked ? job->now_ms : 0,
			.now_ms = job->now_ms },
		NULL));
	TRY(put_away(job, row.id, blocked, reason, changes));
	TRY(audit(job, blocked ? "contact.block" : "contact.unblock", row.id, reason, STR_NONE));
	TRY(contact_note(job, row.id, WEBHOOK_CONTACT_UPDATED, changes));
	return contact_get(job, row.id, out);
}
