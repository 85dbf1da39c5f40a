/*
 * contact_import.c: imports as rows, and what people ask of them; see contact_import.h. The work
 * itself: contact_import_run.c.
 */
#include "inbox/contact_import.h"

#include "account/audit.h"
#include "account/seal.h"
#include "inbox/contact_import_internal.h"
#include "inbox/inbox_internal.h"
#include "inbox/media.h"
#include "store/store.h"

#define SAMPLE_ROWS 5
#define SAMPLE_POINTS 100
#define PLAN_MAX (64u << 10)
#define SHAPE_MAX (256u << 10)

/* ---- what a column is, by its title ---- */

static const struct { const char *target, *titles;
} known_titles[] = {
	{ "phone",
		" phone phonenumber mobile mobilephone mobilenumber cell cellphone tel telephone "
		"telepon nomor nomortelepon nomorhp nohp hp whatsapp wa number msisdn handy "
		"telefon telefonnummer phone1value primaryphone " },
	{ "name", " name fullname firstname lastname surname givenname familyname nama namalengkap "
		  "contactname displayname customername customer vorname nachname " },
	{ "labels", " label labels tag tags group groups segment " },
	{ "opted_out", " optout optedout unsubscribed donotcontact " },
	{ "note", " note notes comment comments remark catatan " },
};

/* Small letters and digits only: "Phone number" and "phone_number" are one. */
static str plain(struct arena *arena, str title)
{
	struct buf out = buf_in(arena, title.len + 1);

	for (size_t i = 0; i < title.len; i++) {
		char c = title.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + 32);
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80))
			buf_byte(&out, (uint8_t)c);
	}
	return buf_text(&out);
}

static str guess_attribute(struct arena *arena, const struct attributes *all, str title)
{
	bool is_mail = str_is(title, S("email")) || str_is(title, S("mail")) ||
		       str_is(title, S("emailaddress"));

	for (size_t i = 0; i < all->count; i++) {
		const struct attribute *a = &all->items[i];

		if (str_is(title, plain(arena, a->key)) || str_is(title, plain(arena, a->title)) ||
			(is_mail && a->kind == ATTRIBUTE_EMAIL))
			return arena_printf(arena, "attribute:" STR_F, STR_A(a->key));
	}
	return S("");
}

static str guess_target(struct arena *arena, const struct attributes *all, str title)
{
	str word = plain(arena, title), found;

	if (!word.len)
		return S("");
	found = guess_attribute(arena, all, word);
	for (size_t i = 0; i < COUNT_OF(known_titles) && !found.len; i++)
		if (str_has(str_of(known_titles[i].titles),
			    arena_printf(arena, " " STR_F " ", STR_A(word))))
			found = str_of(known_titles[i].target);
	return found;
}

/* ---- taking a file in ---- */

static enum err no_table(struct job *job, const char *why)
{
	return fail_code(job, ERR_INPUT, S("not_a_table"),
		S("Save the sheet as CSV, with one title for each column in the first row."), "%s",
		why);
}

struct shape { struct csv csv; struct buf json; int64_t rows; };

static void write_columns(struct job *job, struct buf *out, const struct csv_row *titles,
	const struct attributes *all)
{
	json_open_in(out, "columns", '[');
	for (size_t i = 0; i < titles->count; i++) {
		json_open(out, '{');
		json_put(out, "title", str_first_points(str_trim(titles->cells[i]), SAMPLE_POINTS));
		json_put(out, "guess", guess_target(job->arena, all, titles->cells[i]));
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_sample(struct buf *out, const struct csv_row *row)
{
	json_open(out, '[');
	for (size_t i = 0; i < row->count; i++)
		json_put(out, NULL, str_first_points(str_trim(row->cells[i]), SAMPLE_POINTS));
	json_close(out, ']');
}

static enum err read_rows(struct job *job, struct shape *shape)
{
	struct csv_row row;

	json_open_in(&shape->json, "sample", '[');
	while (csv_next(&shape->csv, job->arena, &row)) {
		if (++shape->rows > IMPORT_ROWS_MAX)
			return no_table(job, "The file has more than 200,000 rows: divide it.");
		if (shape->rows <= SAMPLE_ROWS)
			write_sample(&shape->json, &row);
	}
	json_close(&shape->json, ']');
	return shape->rows ? OK : no_table(job, "The file has no row below its titles.");
}

static enum err read_shape(struct job *job, bytes file, struct shape *out)
{
	enum csv_encoding encoding = csv_encoding_of(file);
	struct buf text = buf_in(job->arena, 3 * file.len + 3);
	struct csv_row titles;
	struct attributes all;

	csv_decode(file, encoding, &text);
	*out = (struct shape){ .csv = { .text = buf_text(&text) },
		.json = buf_in(job->arena, SHAPE_MAX) };
	out->csv.delimiter = csv_delimiter_of(out->csv.text);
	if (!csv_next(&out->csv, job->arena, &titles))
		return no_table(job, "The file is empty.");
	if (titles.count > IMPORT_COLUMNS_MAX)
		return no_table(job, "The file has more than 100 columns.");
	TRY(attribute_list(job, &all));
	json_open(&out->json, '{');
	json_put(&out->json, "encoding", str_of(csv_encoding_name(encoding)));
	json_put(&out->json, "delimiter", (str){ &out->csv.delimiter, 1 });
	write_columns(job, &out->json, &titles, &all);
	TRY(read_rows(job, out));
	json_close(&out->json, '}');
	return out->json.failed ? no_table(job, "The cells of the first rows are too long.") : OK;
}

static enum err write_file(struct job *job, bytes file, struct media_writer **out)
{
	TRY(media_write_start(job, out));
	TRY(media_write(*out, file));
	return media_write_finish(*out);
}

static enum err add_row(struct job *job, const struct sql_contact_import_add *row)
{
	TRY(sql_contact_import_add(job, row, NULL));
	return audit_add(job, &(struct audit_entry){ .action = "contact_import.upload",
				      .target_kind = "contact_import",
				      .target_id = row->id });
}

enum err import_create(struct job *job, bytes file, str file_name, struct contact_import *out)
{
	struct sql_contact_import_add row = { .id = job_id(job), .workspace = job->workspace };
	struct media_writer *w;
	struct shape shape;

	if (file.len > IMPORT_SIZE_MAX)
		return no_table(job, "The file is larger than 20 MB: divide it.");
	TRY(read_shape(job, file, &shape));
	TRY(write_file(job, file, &w));
	TRY(seal(job, SEAL_IMPORT, buf_text(&shape.json), &row.shape));
	TRY(seal(job, SEAL_FILE_NAME, media_name_clean(job->arena, file_name), &row.file_name));
	row.size_bytes = (int64_t)file.len;
	row.plan = S("{}");
	row.rows_total = shape.rows;
	row.actor_kind = job->actor.kind;
	row.actor = job->actor.id;
	row.actor_name = job->actor.name.ptr ? job->actor.name : S("");
	row.now_ms = job->now_ms;
	TRY(db_begin(job, DB_WRITE));
	TRY(media_keep(w, &row.blob));
	TRY(add_row(job, &row));
	TRY(db_commit(job));
	return import_get(job, row.id, out);
}

/* ---- reading ---- */

static enum err import_of_row(struct job *job, const struct contact_import_row *row,
	struct contact_import *out)
{
	*out = (struct contact_import){ .id = row->id,
		.blob_id = row->blob_id,
		.state = row->state,
		.plan = row->plan,
		.error = row->error,
		.size_bytes = row->size_bytes,
		.rows_total = row->rows_total,
		.rows_done = row->rows_done,
		.made = row->made,
		.changed = row->changed,
		.skipped = row->skipped,
		.wrong = row->wrong,
		.undone = row->undone,
		.kept = row->kept,
		.actor_kind = (enum actor_kind)row->actor_kind,
		.actor_id = row->actor_id,
		.actor_name = row->actor_name,
		.created_ms = row->created_ms,
		.ended_ms = row->ended_ms };
	TRY(unseal(job, SEAL_FILE_NAME, row->file_name_sealed, &out->file_name));
	return unseal(job, SEAL_IMPORT, row->shape_sealed, &out->shape);
}

enum err import_get(struct job *job, id64 id, struct contact_import *out)
{
	struct contact_import_row row;

	TRY(sql_contact_import_find(job, &(struct sql_contact_import_find){ id, job->workspace },
		&row));
	return import_of_row(job, &row, out);
}

enum err import_list(struct job *job, id64 before, size_t max, struct contact_import **out,
	size_t *count)
{
	struct contact_import_rows rows;

	TRY(sql_contact_import_list(job,
		&(struct sql_contact_import_list){ job->workspace, before ? before : INT64_MAX,
			(int64_t)max },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct contact_import, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(import_of_row(job, &rows.items[i], &(*out)[i]));
	return OK;
}

/* ---- the plan ---- */

static bool read_target(const struct attributes *all, str text, struct import_target *out)
{
	static const struct { const char *name; enum import_kind kind; } kinds[] = {
		{ "", IMPORT_IGNORE },	       { "name", IMPORT_NAME },
		{ "phone", IMPORT_PHONE },     { "labels", IMPORT_LABELS },
		{ "opted_out", IMPORT_OPTED_OUT }, { "note", IMPORT_NOTE },
	};

	*out = (struct import_target){ 0 };
	if (str_starts(text, S("attribute:"))) {
		out->kind = IMPORT_ATTRIBUTE;
		out->attribute = attribute_by_key(all, str_part(text, 10, text.len));
		return out->attribute != NULL;
	}
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		if (str_is(text, str_of(kinds[i].name))) {
			out->kind = kinds[i].kind;
			return true;
		}
	}
	return false;
}

enum err import_plan_read(struct job *job, json plan, struct import_plan *out)
{
	json columns = json_field(plan, "columns"), labels = json_field(plan, "label_ids");
	str existing = json_text_at(plan, "existing");
	size_t phones = 0;

	*out = (struct import_plan){ .updates = !str_is(existing, S("skip")) };
	TRY(attribute_list(job, &out->attributes));
	for (size_t i = 0; i < json_count(columns) && i < IMPORT_COLUMNS_MAX; i++) {
		str text = json_text(json_at(columns, i));

		if (!read_target(&out->attributes, text, &out->targets[out->count++]))
			field_error(job, arena_printf(job->arena, "columns.%zu", i), S("unknown"),
				S("There is no such target for a column."));
		phones += str_is(text, S("phone"));
	}
	if (phones != 1)
		field_error(job, S("columns"), S("no_phone"),
			S("Say which one column holds the phone numbers."));
	if (existing.len && out->updates && !str_is(existing, S("update")))
		field_error(job, S("existing"), S("unknown"), S("One of update, skip."));
	for (size_t i = 0; i < json_count(labels) && i < IMPORT_LABELS_MAX; i++)
		if (!json_id(json_at(labels, i), &out->labels[out->label_count++]))
			field_error(job, S("label_ids"), S("invalid"), S("Must be a list of ids."));
	return job_check_fields(job);
}

static enum err check_labels(struct job *job, const struct import_plan *plan)
{
	struct label_name_rows known;

	TRY(sql_contact_label_names(job, &(struct sql_contact_label_names){ job->workspace },
		&known));
	for (size_t i = 0; i < plan->label_count; i++) {
		bool found = false;

		for (size_t k = 0; k < known.count && !found; k++)
			found = known.items[k].id == plan->labels[i];
		if (!found)
			field_error(job, S("label_ids"), S("unknown"),
				S("There is no label with this id."));
	}
	return job_check_fields(job);
}

static enum err check_columns(struct job *job, const struct contact_import *import,
	const struct import_plan *plan)
{
	json shape;

	TRY(json_read(job->arena, import->shape, &shape, &job->why));
	if (plan->count != json_count(json_field(shape, "columns")))
		field_error(job, S("columns"), S("wrong_count"),
			S("One target for each column of the file, in their order."));
	return job_check_fields(job);
}

static enum err not_now(struct job *job, str state)
{
	return fail_code(job, ERR_CONFLICT, S("import_state"),
		S("Look at the import again, or upload the file anew."),
		"The import is in the state " STR_F ".", STR_A(state));
}

static enum err move(struct job *job, const struct contact_import *import, const char *to, str plan)
{
	int64_t moved;

	TRY(sql_contact_import_move(job,
		&(struct sql_contact_import_move){ .id = import->id,
			.workspace = job->workspace,
			.from_state = import->state,
			.to_state = str_of(to),
			.plan = plan },
		&moved));
	return moved ? OK : not_now(job, import->state);
}

static enum err audit(struct job *job, const char *action, id64 id)
{
	return audit_add(job, &(struct audit_entry){
		.action = action, .target_kind = "contact_import", .target_id = id });
}

enum err import_start(struct job *job, id64 id, json plan, bool in_earnest)
{
	struct buf text = buf_in(job->arena, PLAN_MAX);
	struct contact_import import;
	struct import_plan read;

	TRY(import_get(job, id, &import));
	if (!str_is(import.state, S("uploaded")) && !str_is(import.state, S("checked")))
		return not_now(job, import.state);
	TRY(import_plan_read(job, plan, &read));
	TRY(check_labels(job, &read));
	TRY(check_columns(job, &import, &read));
	json_put_value(&text, NULL, plan);
	TRY(db_begin(job, DB_WRITE));
	TRY(move(job, &import, in_earnest ? "running" : "checking", buf_text(&text)));
	TRY(sql_contact_import_problem_clear(job,
		&(struct sql_contact_import_problem_clear){ id, job->workspace }, NULL));
	if (in_earnest)
		TRY(audit(job, "contact_import.run", id));
	TRY(db_commit(job));
	if (contact_work_hook)
		contact_work_hook();
	return OK;
}

enum err import_undo(struct job *job, id64 id)
{
	struct contact_import import;
	int64_t moved;

	TRY(import_get(job, id, &import));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_import_undo(job, &(struct sql_contact_import_undo){ id, job->workspace },
		&moved));
	if (!moved)
		return not_now(job, import.state);
	TRY(audit(job, "contact_import.undo", id));
	TRY(db_commit(job));
	if (contact_work_hook)
		contact_work_hook();
	return OK;
}

static enum err end(struct job *job, const struct contact_import *import, const char *to, str why)
{
	int64_t moved;

	TRY(sql_contact_import_end(job,
		&(struct sql_contact_import_end){ .id = import->id,
			.workspace = job->workspace,
			.from_state = import->state,
			.to_state = str_of(to),
			.error = why,
			.now_ms = job->now_ms },
		&moved));
	return moved ? import_drop_file(job, import) : not_now(job, import->state);
}

/* What a running one has brought in stays, and can be undone. */
enum err import_cancel(struct job *job, id64 id)
{
	struct contact_import import;
	bool runs;

	TRY(import_get(job, id, &import));
	runs = str_is(import.state, S("running"));
	if (!runs && !str_is(import.state, S("uploaded")) && !str_is(import.state, S("checking")) &&
		!str_is(import.state, S("checked")))
		return not_now(job, import.state);
	TRY(db_begin(job, DB_WRITE));
	TRY(end(job, &import, runs ? "done" : "cancelled",
		runs ? S("It was stopped before its end.") : S("")));
	TRY(audit(job, "contact_import.cancel", id));
	return db_commit(job);
}

enum err import_fail(struct job *job, id64 id, str why)
{
	struct contact_import import;

	TRY(import_get(job, id, &import));
	TRY(db_begin(job, DB_WRITE));
	TRY(end(job, &import, "failed", why.len ? why : S("The import could not go on.")));
	return db_commit(job);
}

enum err import_drop_file(struct job *job, const struct contact_import *import)
{
	struct blob_id_rows unused;

	if (!import->blob_id)
		return OK;
	TRY(sql_contact_import_forget_file(job,
		&(struct sql_contact_import_forget_file){ import->id, job->workspace }, NULL));
	TRY(sql_contact_unused_blob(job,
		&(struct sql_contact_unused_blob){ import->blob_id, job->workspace }, &unused));
	return unused.count ? sql_contact_drop_blob(job,
				      &(struct sql_contact_drop_blob){ import->blob_id,
					      job->workspace },
				      NULL)
			    : OK;
}
