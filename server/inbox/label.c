/*
 * label.c: labels of a workspace, and which conversations have them.
 *
 * A deleted label keeps its rows on conversations, which nobody reads any more: to delete one that
 * a hundred thousand have is one write.
 */
#include "inbox/inbox_internal.h"

#include "account/audit.h"

#define DETAIL_MAX 512

static void label_of_row(const struct label_row *row, struct label *out)
{
	*out = (struct label){ row->id, row->name, row->colour, row->created_ms };
}

enum err label_list(struct job *job, struct labels *out)
{
	struct label_rows rows;

	TRY(sql_label_list(job,
		&(struct sql_label_list){ .workspace = job->workspace, .max = LABELS_MAX }, &rows));
	out->items = ARENA_ARRAY(job->arena, struct label, rows.count);
	out->count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		label_of_row(&rows.items[i], &out->items[i]);
	return OK;
}

static enum err find(struct job *job, id64 id, struct label *out)
{
	struct label_row row;

	TRY(sql_label_find(job, &(struct sql_label_find){ .id = id, .workspace = job->workspace },
		&row));
	label_of_row(&row, out);
	return OK;
}

static bool is_colour(str colour)
{
	for (size_t i = 1; i < colour.len; i++)
		if (!strchr("0123456789abcdef", colour.ptr[i]))
			return false;
	return colour.len == 7 && colour.ptr[0] == '#';
}

static enum err check(struct job *job, str name, str colour)
{
	if (!str_trim(name).len)
		field_error(job, S("name"), S("required"), S("Must not be empty."));
	if (str_count_points(name) > LABEL_NAME_MAX)
		field_error(job, S("name"), S("too_long"), S("At most 60 characters."));
	if (!is_colour(colour))
		field_error(job, S("colour"), S("invalid"), S("Like #1f7a8c, in small letters."));
	return job_check_fields(job);
}

static enum err record(struct job *job, const char *action, const struct label *label)
{
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put(&detail, "name", label->name);
	json_put(&detail, "colour", label->colour);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "label",
				      .target_id = label->id,
				      .detail = buf_text(&detail) });
}

static enum err name_taken(struct job *job)
{
	field_error(job, S("name"), S("taken"), S("Another label has this name."));
	return job_check_fields(job);
}

enum err label_create(struct job *job, str name, str colour, struct label *out)
{
	struct labels all;
	int64_t added;

	*out = (struct label){ job_id(job), str_trim(name), colour, job->now_ms };
	TRY(check(job, name, colour));
	TRY(label_list(job, &all));
	if (all.count >= LABELS_MAX)
		return fail(job, ERR_LIMIT, "A workspace has at most %d labels.", LABELS_MAX);
	TRY(sql_label_add(job,
		&(struct sql_label_add){ .id = out->id,
			.workspace = job->workspace,
			.name = out->name,
			.colour = out->colour,
			.now_ms = job->now_ms },
		&added));
	return added ? record(job, "label.create", out) : name_taken(job);
}

enum err label_update(struct job *job, id64 id, str name, str colour, struct label *out)
{
	int64_t changed;

	TRY(find(job, id, out));
	out->name = name.ptr ? str_trim(name) : out->name;
	out->colour = colour.ptr ? colour : out->colour;
	TRY(check(job, out->name, out->colour));
	TRY(sql_label_change(job,
		&(struct sql_label_change){ .id = id,
			.workspace = job->workspace,
			.name = out->name,
			.colour = out->colour },
		&changed));
	return changed ? record(job, "label.update", out) : name_taken(job);
}

enum err label_delete(struct job *job, id64 id)
{
	struct label label;

	TRY(find(job, id, &label));
	TRY(sql_label_delete(job, &(struct sql_label_delete){
		.id = id, .workspace = job->workspace, .now_ms = job->now_ms }, NULL));
	return record(job, "label.delete", &label);
}

/* ---- on a conversation ---- */

struct labelling {
	struct job *job;
	id64 conversation;
	struct buf audit;
	bool changed;
	struct inbox_changes *changes;
};

static enum err note(struct labelling *l, const char *kind, const struct label *label)
{
	struct buf detail = buf_in(l->job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put_id(&detail, "id", label->id);
	json_put(&detail, "name", label->name);
	json_close(&detail, '}');
	json_open(&l->audit, '{');
	json_put(&l->audit, "kind", str_of(kind));
	json_put(&l->audit, "name", label->name);
	json_close(&l->audit, '}');
	l->changed = true;
	inbox_word(l->job, l->changes,
		&(struct chat_word){ .done = strcmp(kind, "labelled") == 0 ? CHAT_LABELLED
									: CHAT_UNLABELLED,
			.conversation = l->conversation,
			.item = label->id });
	return conversation_add_event(l->job, l->conversation, str_of(kind), buf_text(&detail));
}

static enum err find_asked(struct job *job, id64 id, const char *field, struct label *out)
{
	bool found;

	TRY(found_or_none(job, find(job, id, out), &found));
	if (!found)
		field_error(job, str_of(field), S("unknown"), S("There is no label with this id."));
	return job_check_fields(job);
}

static enum err put(struct labelling *l, id64 id)
{
	struct label label;
	int64_t changed;

	TRY(find_asked(l->job, id, "add_labels", &label));
	TRY(sql_label_put(l->job, &(struct sql_label_put){ l->conversation, id, l->job->workspace },
		&changed));
	return changed ? note(l, "labelled", &label) : OK;
}

static enum err take_off(struct labelling *l, id64 id)
{
	struct label label;
	int64_t changed;

	TRY(find_asked(l->job, id, "remove_labels", &label));
	TRY(sql_label_take_off(l->job,
		&(struct sql_label_take_off){ l->conversation, id, l->job->workspace }, &changed));
	return changed ? note(l, "unlabelled", &label) : OK;
}

static enum err label_rows_of(struct job *job, const id64 *conversations, size_t count,
	struct conversation_label_rows *out)
{
	return sql_label_of_conversations(job,
		&(struct sql_label_of_conversations){
			.conversations = id_list(job->arena, conversations, count),
			.workspace = job->workspace },
		out);
}

static enum err check_count(struct labelling *l)
{
	struct conversation_label_rows rows;

	TRY(label_rows_of(l->job, &l->conversation, 1, &rows));
	return rows.count <= LABELS_OF_ONE_MAX
		       ? OK
		       : fail(l->job, ERR_LIMIT, "A conversation has at most %d labels.",
				 LABELS_OF_ONE_MAX);
}

enum err conversation_label(struct job *job, id64 id, const struct label_change *change,
	struct inbox_changes *changes, struct conversation *out)
{
	struct labelling l = { .job = job, .audit = buf_in(job->arena, 64u << 10),
		.changes = changes };

	TRY(conversation_lock(job, id, out));
	l.conversation = out->id;
	json_open(&l.audit, '{');
	json_open_in(&l.audit, "labels", '[');
	for (size_t i = 0; i < change->remove_count; i++)
		TRY(take_off(&l, change->remove[i]));
	for (size_t i = 0; i < change->add_count; i++)
		TRY(put(&l, change->add[i]));
	json_close(&l.audit, ']');
	json_close(&l.audit, '}');
	if (!l.changed)
		return OK;
	TRY(check_count(&l));
	TRY(audit_add(job, &(struct audit_entry){ .action = "conversation.label",
				   .target_kind = "conversation",
				   .target_id = out->id,
				   .reason = change->reason,
				   .detail = buf_text(&l.audit) }));
	return conversation_note(job, out, changes);
}
