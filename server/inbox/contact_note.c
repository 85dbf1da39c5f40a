/* contact_note.c: what people of the team write down about a contact; the contact never sees it. */
#include "account/permission.h"
#include "account/seal.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"

static enum err note_of_row(struct job *job, const struct contact_note_row *row,
	struct contact_note *out)
{
	*out = (struct contact_note){ .id = row->id,
		.contact_id = row->contact_id,
		.author_id = row->author_id,
		.author_kind = (enum actor_kind)row->author_kind,
		.author_name = row->author_name,
		.edited_ms = row->edited_ms };
	return unseal(job, SEAL_CONTACT_NOTE, row->body_sealed, &out->body);
}

enum err contact_note_list(struct job *job, id64 contact, id64 before, size_t max,
	struct contact_notes *out)
{
	struct contact_note_rows rows;

	TRY(sql_contact_note_list(job,
		&(struct sql_contact_note_list){ .contact = contact,
			.workspace = job->workspace,
			.before = before ? before : INT64_MAX,
			.max = (int64_t)max },
		&rows));
	out->items = ARENA_ARRAY(job->arena, struct contact_note, rows.count);
	out->count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(note_of_row(job, &rows.items[i], &out->items[i]));
	return OK;
}

static enum err get(struct job *job, id64 contact, id64 id, struct contact_note *out)
{
	struct contact_note_row row;

	TRY(sql_contact_note_find(job,
		&(struct sql_contact_note_find){ .id = id, .workspace = job->workspace }, &row));
	TRY(note_of_row(job, &row, out));
	return out->contact_id == contact ? OK : ERR_MISSING;
}

enum err contact_note_add(struct job *job, id64 contact, str body, struct contact_note *out)
{
	id64 id = job_id(job);
	bytes sealed;

	TRY(seal(job, SEAL_CONTACT_NOTE, body, &sealed));
	TRY(sql_contact_note_add(job,
		&(struct sql_contact_note_add){ .id = id,
			.workspace = job->workspace,
			.contact = contact,
			.author_kind = job->actor.kind,
			.author = job->actor.id,
			.author_name = job->actor.name.ptr ? job->actor.name : S(""),
			.body = sealed },
		NULL));
	return get(job, contact, id, out);
}

static enum err check_author(struct job *job, const struct contact_note *note)
{
	bool is_own = note->author_kind == job->actor.kind && note->author_id == job->actor.id;

	return is_own || (job->actor.permissions & PERMIT(CONTACT_MANAGE))
		       ? OK
		       : fail_code(job, ERR_DENIED, S("not_yours"),
				 S("Ask its author, or somebody who may manage contacts."),
				 "The note is somebody else's.");
}

enum err contact_note_change(struct job *job, id64 contact, id64 id, str body,
	struct contact_note *out)
{
	bytes sealed;

	TRY(get(job, contact, id, out));
	TRY(check_author(job, out));
	TRY(seal(job, SEAL_CONTACT_NOTE, body.ptr ? body : S(""), &sealed));
	if (!body.ptr)
		return sql_contact_note_delete(job,
			&(struct sql_contact_note_delete){ .id = id,
				.workspace = job->workspace,
				.nothing = sealed,
				.now_ms = job->now_ms },
			NULL);
	TRY(sql_contact_note_set(job,
		&(struct sql_contact_note_set){ .id = id,
			.workspace = job->workspace,
			.body = sealed,
			.now_ms = job->now_ms },
		NULL));
	return get(job, contact, id, out);
}
