/*
 * contact_import_run.c: the rows of an import, a batch at a time.
 *
 * A row is looked at whole before anything of it is written, so a wrong one leaves nothing. What a
 * row changed is kept as it was (contact_import_row), under the moment at which the row left its
 * contact: undoing puts it back only where that moment is still the contact's last.
 */
#include "inbox/contact_import_internal.h"

#include "account/seal.h"
#include "inbox/inbox_internal.h"
#include "inbox/media.h"
#include "store/store.h"

#include <stdio.h>

#define BEFORE_MAX (2u << 20)
#define ROW_LABELS_MAX 20
#define LABEL_COLOUR S("#64748b")

enum run_mode { RUN_CHECK, RUN_IMPORT, RUN_UNDO };

struct import_run {
	id64 id;
	enum run_mode mode;
	str state;
	struct buf text;     /* the file, on the heap */
	struct csv csv;
	struct csv next;     /* where the next batch begins */
	uint64_t *seen;      /* hashes of the numbers that a check met; 0: none */
	size_t seen_cap;
	int64_t undo_below;  /* rows from here on are undone */
};

/* ---- opening ---- */

static enum err read_file(struct job *job, const struct contact_import *import, struct buf *out)
{
	const struct media media = { .state = MEDIA_STORED,
		.blob_id = import->blob_id,
		.size_bytes = import->size_bytes };
	struct media_reader *reader;
	uint8_t *piece = arena_alloc(job->arena, MEDIA_CHUNK);
	struct buf raw = buf_in(job->arena, IMPORT_SIZE_MAX);
	ptrdiff_t n;

	TRY(media_read_start(job, &media, 0, media.size_bytes, &reader));
	while ((n = media_read(reader, piece, MEDIA_CHUNK)) > 0)
		buf_put(&raw, piece, (size_t)n);
	media_read_end(reader);
	if (n < 0 || raw.failed)
		return fail(job, ERR_CORRUPT, "the file of the import cannot be read");
	csv_decode(buf_bytes(&raw), csv_encoding_of(buf_bytes(&raw)), out);
	return OK;
}

static enum err start_reading(struct job *job, const struct contact_import *import,
	struct import_run *run)
{
	struct csv_row row;

	run->text = buf_heap(3 * IMPORT_SIZE_MAX + 3);
	TRY(read_file(job, import, &run->text));
	run->csv = (struct csv){ .text = buf_text(&run->text),
		.delimiter = csv_delimiter_of(buf_text(&run->text)) };
	csv_next(&run->csv, job->arena, &row); /* the titles */
	/* what was done before a crash is behind us; a check begins anew */
	for (int64_t i = 0; run->mode == RUN_IMPORT && i < import->rows_done; i++)
		csv_next(&run->csv, job->arena, &row);
	run->next = run->csv;
	return OK;
}

static size_t room_for(int64_t rows)
{
	size_t cap = 64;

	while (cap < 2 * (size_t)rows + 2)
		cap *= 2;
	return cap;
}

enum err import_run_open(struct job *job, id64 id, struct import_run **out)
{
	struct import_run *run;
	struct contact_import import;
	enum err e;

	TRY(import_get(job, id, &import));
	run = HEAP_NEW(struct import_run);
	run->id = id;
	run->undo_below = INT64_MAX;
	run->mode = str_is(import.state, S("checking"))	 ? RUN_CHECK
		    : str_is(import.state, S("running")) ? RUN_IMPORT
							 : RUN_UNDO;
	run->state = run->mode == RUN_CHECK    ? S("checking")
		     : run->mode == RUN_IMPORT ? S("running")
					       : S("undoing");
	if (run->mode == RUN_CHECK) {
		run->seen_cap = room_for(import.rows_total);
		run->seen = heap_alloc(run->seen_cap * sizeof *run->seen);
	}
	e = run->mode == RUN_UNDO ? OK : start_reading(job, &import, run);
	if (e == OK)
		*out = run;
	else
		import_run_close(run);
	return e;
}

void import_run_close(struct import_run *run)
{
	if (!run)
		return;
	buf_done(&run->text);
	heap_free(run->seen);
	heap_free(run);
}

/* ---- one row, looked at ---- */

struct batch {
	struct job *job;
	struct import_run *run;
	struct contact_import now;
	struct import_plan plan;
	struct inbox_changes changes;
};

/* What a row says. */
struct record {
	int64_t row;
	str phone, bsuid, name, note; /* phone or bsuid */
	str labels[ROW_LABELS_MAX];
	size_t label_count;
	int opted_out; /* -1: says nothing */
	str values[IMPORT_COLUMNS_MAX]; /* by column */
	bool wrong;
};

static enum err problem(struct batch *b, struct record *r, int64_t column, const char *code,
	const char *sentence)
{
	r->wrong = true;
	return sql_contact_import_problem_add(b->job,
		&(struct sql_contact_import_problem_add){ .import = b->run->id,
			.row = r->row,
			.column = column,
			.workspace = b->job->workspace,
			.code = str_of(code),
			.sentence = str_of(sentence) },
		NULL);
}

/* A cell without the apostrophe that keeps spreadsheets from reckoning. */
static str cell_at(const struct csv_row *row, size_t i)
{
	str cell = i < row->count ? str_trim(row->cells[i]) : S("");

	return cell.len > 1 && cell.ptr[0] == '\'' && memchr("=+-@", cell.ptr[1], 4)
		       ? str_part(cell, 1, cell.len)
		       : cell;
}

static enum err read_phone(struct batch *b, struct record *r, size_t column, str cell)
{
	enum err e;

	if (!cell.len)
		return problem(b, r, (int64_t)column, "phone_missing", "There is no phone number.");
	if (bsuid_is(cell)) {
		r->bsuid = cell;
		return OK;
	}
	e = phone_normalise(b->job, cell, &r->phone);
	if (e != ERR_INPUT)
		return e;
	job_forgive(b->job);
	r->phone = STR_NONE;
	return problem(b, r, (int64_t)column, "invalid_phone",
		"Not a phone number: write it with its country code, like +49 1512 3456789, "
		"or WhatsApp's id of the person, like US.1349120865530274.");
}

static enum err read_name(struct batch *b, struct record *r, size_t column, str cell)
{
	if (!cell.len)
		return OK;
	r->name = r->name.len ? arena_printf(b->job->arena, STR_F " " STR_F, STR_A(r->name),
					STR_A(cell))
			      : cell;
	return str_count_points(r->name) > CONTACT_NAME_MAX
		       ? problem(b, r, (int64_t)column, "name_too_long",
				 "A name has at most 120 characters.")
		       : OK;
}

static enum err read_labels(struct batch *b, struct record *r, size_t column, str cell)
{
	char between = str_has(cell, S("|")) ? '|' : str_has(cell, S(";")) ? ';' : ',';

	while (cell.len) {
		str name = str_trim(str_split(&cell, between));

		if (!name.len)
			continue;
		if (str_count_points(name) > LABEL_NAME_MAX || r->label_count == ROW_LABELS_MAX)
			return problem(b, r, (int64_t)column, "invalid_label",
				"At most 20 labels of at most 40 characters.");
		r->labels[r->label_count++] = name;
	}
	return OK;
}

static enum err read_opted_out(struct batch *b, struct record *r, size_t column, str cell)
{
	const struct attribute yes_or_no = { .kind = ATTRIBUTE_BOOLEAN };
	const char *why;
	str value;

	if (!attribute_read(b->job->arena, &yes_or_no, cell, &value, &why))
		return problem(b, r, (int64_t)column, "invalid_value", why);
	if (value.len)
		r->opted_out = str_is(value, S("true"));
	return OK;
}

static enum err read_value(struct batch *b, struct record *r, size_t column, str cell)
{
	const struct attribute *a = b->plan.targets[column].attribute;
	const char *why;

	if (!attribute_read(b->job->arena, a, cell, &r->values[column], &why))
		return problem(b, r, (int64_t)column, "invalid_value", why);
	return a->required && !r->values[column].len
		       ? problem(b, r, (int64_t)column, "required", "This value is required.")
		       : OK;
}

static enum err read_cell(struct batch *b, struct record *r, size_t column, str cell)
{
	switch (b->plan.targets[column].kind) {
	case IMPORT_PHONE:
		return read_phone(b, r, column, cell);
	case IMPORT_NAME:
		return read_name(b, r, column, cell);
	case IMPORT_LABELS:
		return read_labels(b, r, column, cell);
	case IMPORT_OPTED_OUT:
		return read_opted_out(b, r, column, cell);
	case IMPORT_NOTE:
		r->note = str_first_points(cell, CONTACT_NOTE_MAX);
		return OK;
	case IMPORT_ATTRIBUTE:
		return read_value(b, r, column, cell);
	case IMPORT_IGNORE:
		break;
	}
	return OK;
}

static enum err read_record(struct batch *b, const struct csv_row *row, struct record *r)
{
	*r = (struct record){ .row = row->row, .opted_out = -1 };
	if (!row->has_end)
		return problem(b, r, -1, "open_quote", "A quotation mark is never closed.");
	if (row->is_cut || row->count > b->plan.count)
		return problem(b, r, -1, "too_many_cells",
			"The row has more cells than the file has columns.");
	for (size_t i = 0; i < b->plan.count; i++)
		TRY(read_cell(b, r, i, cell_at(row, i)));
	return OK;
}

/* ---- is it known? ---- */

static bool was_seen(struct import_run *run, str key)
{
	uint64_t hash = 1469598103934665603ull;
	size_t at;

	for (size_t i = 0; i < key.len; i++)
		hash = (hash ^ (uint8_t)key.ptr[i]) * 1099511628211ull;
	hash += !hash;
	for (at = hash & (run->seen_cap - 1); run->seen[at]; at = (at + 1) & (run->seen_cap - 1))
		if (run->seen[at] == hash)
			return true;
	run->seen[at] = hash;
	return false;
}

/* By what the row's person is known. */
static str key_of(struct batch *b, const struct record *r)
{
	return r->bsuid.len ? r->bsuid : phone_match_key(b->job->arena, r->phone);
}

static enum err find_contact(struct batch *b, const struct record *r, id64 *out)
{
	struct contact_alias_row row;
	bool found;

	TRY(found_or_none(b->job, sql_contact_alias_find(b->job, &(struct sql_contact_alias_find){
		.workspace = b->job->workspace, .kind = r->bsuid.len ? S("bsuid") : S("phone"),
		.match_key = key_of(b, r) }, &row), &found));
	*out = found ? row.contact_id : 0;
	return OK;
}

/* ---- writing a row ---- */

static enum err label_of(struct batch *b, str name, id64 *out)
{
	struct label_name_rows known;

	for (int tries = 0; tries < 2; tries++) {
		TRY(sql_contact_label_names(b->job,
			&(struct sql_contact_label_names){ b->job->workspace }, &known));
		for (size_t i = 0; i < known.count; i++) {
			*out = known.items[i].id;
			if (str_is_nocase(known.items[i].name, name))
				return OK;
		}
		TRY(sql_contact_label_make(b->job,
			&(struct sql_contact_label_make){ .id = job_id(b->job),
				.workspace = b->job->workspace,
				.name = name,
				.colour = LABEL_COLOUR,
				.now_ms = b->job->now_ms },
			NULL));
	}
	return fail(b->job, ERR_STORE, "a label could not be made");
}

static enum err put_label(struct batch *b, id64 contact, id64 label, struct buf *before)
{
	int64_t added;

	TRY(sql_contact_label_add(b->job,
		&(struct sql_contact_label_add){ contact, label, b->job->workspace }, &added));
	if (added)
		json_put_id(before, NULL, label);
	return OK;
}

static enum err put_labels(struct batch *b, id64 contact, const struct record *r,
	struct buf *before)
{
	id64 label = 0;

	json_open_in(before, "labels", '[');
	for (size_t i = 0; i < b->plan.label_count; i++)
		TRY(put_label(b, contact, b->plan.labels[i], before));
	for (size_t i = 0; i < r->label_count; i++) {
		TRY(label_of(b, r->labels[i], &label));
		TRY(put_label(b, contact, label, before));
	}
	json_close(before, ']');
	return OK;
}

/* The stored values with those of the row; empty cells change nothing. */
static enum err put_values(struct batch *b, const struct contact_row *row, const struct record *r)
{
	struct buf changes = buf_in(b->job->arena, BEFORE_MAX);
	str stored, next;
	json map;

	json_open(&changes, '{');
	for (size_t i = 0; i < b->plan.count; i++)
		if (b->plan.targets[i].kind == IMPORT_ATTRIBUTE && r->values[i].len)
			json_put(&changes,
				arena_cstr(b->job->arena, b->plan.targets[i].attribute->key),
				r->values[i]);
	json_close(&changes, '}');
	if (str_is(buf_text(&changes), S("{}")))
		return OK;
	TRY(json_read(b->job->arena, buf_text(&changes), &map, &b->job->why));
	TRY(unseal(b->job, SEAL_ATTRIBUTES, row->attributes_sealed, &stored));
	TRY(attributes_apply(b->job, &b->plan.attributes, stored, map, &next));
	return contact_put_attributes(b->job, row->id, next);
}

static enum err put_wish(struct batch *b, const struct contact_row *row, int opted_out)
{
	if (opted_out < 0 || (opted_out == 1) == (row->opt_out_ms != 0))
		return OK;
	TRY(sql_contact_put_preference(b->job,
		&(struct sql_contact_put_preference){ .id = row->id,
			.workspace = b->job->workspace,
			.opt_out_ms = opted_out ? b->job->now_ms : 0,
			.preference_ms = b->job->now_ms,
			.now_ms = b->job->now_ms },
		NULL));
	return contact_consent_note(b->job, row->id, opted_out, S("import"), b->job->now_ms);
}

static void write_before(struct batch *b, const struct contact_row *row, str name, str values,
	struct buf *out)
{
	json_open(out, '{');
	json_put(out, "name", name);
	json_put_int(out, "rank", row->name_rank);
	json_put(out, "values", values);
	json_put_ms(out, "opt_out_ms", row->opt_out_ms);
	json_put_ms(out, "preference_ms", row->preference_ms);
	json_put_int(out, "updated_ms", row->updated_ms);
	(void)b;
}

static enum err put_parts(struct batch *b, const struct contact_row *row, const struct record *r,
	struct buf *before)
{
	struct contact_note note;

	if (r->name.len)
		TRY(contact_rename(b->job, row->id, r->name, NAME_PERSON, &b->changes));
	TRY(put_values(b, row, r));
	TRY(put_wish(b, row, r->opted_out));
	TRY(put_labels(b, row->id, r, before));
	if (!r->note.len)
		return OK;
	TRY(contact_note_add(b->job, row->id, r->note, &note));
	json_put_id(before, "note", note.id);
	return OK;
}

/* Each row leaves its contact at a moment of its own, so that undoing knows whose was the last. */
static enum err remember(struct batch *b, id64 contact, const struct record *r, str before)
{
	bytes sealed = BYTES_NONE;

	if (before.ptr)
		TRY(seal(b->job, SEAL_IMPORT, before, &sealed));
	TRY(sql_contact_touch(b->job,
		&(struct sql_contact_touch){ contact, b->job->workspace, b->job->now_ms }, NULL));
	return sql_contact_import_row_add(b->job,
		&(struct sql_contact_import_row_add){ .import = b->run->id,
			.row = r->row,
			.workspace = b->job->workspace,
			.contact = contact,
			.before = sealed,
			.after_ms = b->job->now_ms },
		NULL);
}

static enum err change_contact(struct batch *b, id64 id, const struct record *r)
{
	struct buf before = buf_in(b->job->arena, BEFORE_MAX);
	struct contact_row row;
	str name, values;

	TRY(contact_row(b->job, id, &row));
	TRY(unseal(b->job, SEAL_NAME, row.name_sealed, &name));
	TRY(unseal(b->job, SEAL_ATTRIBUTES, row.attributes_sealed, &values));
	write_before(b, &row, name, values, &before);
	TRY(put_parts(b, &row, r, &before));
	json_close(&before, '}');
	b->now.changed++;
	return remember(b, row.id, r, buf_text(&before));
}

static enum err make_contact(struct batch *b, const struct record *r)
{
	const struct person_ref who = { .phone = r->phone, .bsuid = r->bsuid };
	struct buf unused = buf_in(b->job->arena, BEFORE_MAX);
	struct contact contact;
	struct contact_row row;

	TRY(contact_resolve(b->job, &who, S("import"), &b->changes, &contact));
	TRY(contact_row(b->job, contact.id, &row));
	json_open(&unused, '{');
	TRY(put_parts(b, &row, r, &unused));
	b->now.made++;
	return remember(b, contact.id, r, STR_NONE);
}

static enum err check_row(struct batch *b, const struct record *r)
{
	bool twice = was_seen(b->run, key_of(b, r));
	id64 contact;

	TRY(find_contact(b, r, &contact));
	if (!contact && !twice)
		b->now.made++;
	else if (b->plan.updates)
		b->now.changed++;
	else
		b->now.skipped++;
	return OK;
}

static enum err take_row(struct batch *b, const struct csv_row *row)
{
	struct record r;
	id64 contact;

	TRY(read_record(b, row, &r));
	b->now.rows_done++;
	b->now.wrong += r.wrong;
	if (r.wrong)
		return OK;
	if (b->run->mode == RUN_CHECK)
		return check_row(b, &r);
	TRY(find_contact(b, &r, &contact));
	if (!contact)
		return make_contact(b, &r);
	b->now.skipped += !b->plan.updates;
	return b->plan.updates ? change_contact(b, contact, &r) : OK;
}

/* ---- undoing ---- */

/* Nothing of it is left: nobody has written to it or of it. */
static enum err unmake(struct batch *b, const struct contact_row *row)
{
	const id64 ws = b->job->workspace;
	struct contact_texts texts = { .count = 2 };
	str attributes, tokens;

	TRY(unseal(b->job, SEAL_NAME, row->name_sealed, &texts.items[0]));
	TRY(unseal(b->job, SEAL_NAME, row->profile_name_sealed, &texts.items[1]));
	TRY(unseal(b->job, SEAL_ATTRIBUTES, row->attributes_sealed, &attributes));
	contact_texts_add(b->job->arena, &texts, attributes);
	TRY(search_tokens_of_names(b->job, texts.items, texts.count, &tokens));
	if (tokens.len)
		TRY(search_remove(b->job, ws, row->id, tokens));
	TRY(sql_contact_facet_clear(b->job, &(struct sql_contact_facet_clear){ row->id }, NULL));
	TRY(sql_contact_alias_clear(b->job, &(struct sql_contact_alias_clear){ row->id, ws },
		NULL));
	TRY(sql_contact_label_clear(b->job, &(struct sql_contact_label_clear){ row->id, ws },
		NULL));
	TRY(sql_contact_note_clear(b->job, &(struct sql_contact_note_clear){ row->id, ws }, NULL));
	TRY(sql_contact_consent_clear(b->job, &(struct sql_contact_consent_clear){ row->id, ws },
		NULL));
	return sql_contact_drop(b->job, &(struct sql_contact_drop){ row->id, ws }, NULL);
}

static enum err put_back_parts(struct batch *b, const struct contact_row *row, json before)
{
	json labels = json_field(before, "labels");
	bytes nothing;
	id64 id;

	for (size_t i = 0; i < json_count(labels); i++)
		if (json_id(json_at(labels, i), &id))
			TRY(sql_contact_label_remove(b->job,
				&(struct sql_contact_label_remove){ row->id, id,
					b->job->workspace },
				NULL));
	if (!json_id(json_field(before, "note"), &id))
		return OK;
	TRY(seal(b->job, SEAL_CONTACT_NOTE, S(""), &nothing));
	return sql_contact_note_delete(b->job,
		&(struct sql_contact_note_delete){ id, b->job->workspace, nothing, b->job->now_ms },
		NULL);
}

static enum err put_back_wish(struct batch *b, const struct contact_row *row, json before)
{
	int64_t opt_out_ms = json_int(json_field(before, "opt_out_ms"), 0);

	TRY(sql_contact_put_preference(b->job,
		&(struct sql_contact_put_preference){ .id = row->id,
			.workspace = b->job->workspace,
			.opt_out_ms = opt_out_ms,
			.preference_ms = json_int(json_field(before, "preference_ms"), 0),
			.now_ms = b->job->now_ms },
		NULL));
	return (opt_out_ms != 0) == (row->opt_out_ms != 0)
		       ? OK
		       : contact_consent_note(b->job, row->id, opt_out_ms != 0,
				 S("import undone"), b->job->now_ms);
}

static enum err put_back(struct batch *b, const struct contact_row *row, bytes before_sealed)
{
	bytes name;
	json before;
	str text;

	TRY(unseal(b->job, SEAL_IMPORT, before_sealed, &text));
	TRY(json_read(b->job->arena, text, &before, &b->job->why));
	TRY(seal(b->job, SEAL_NAME, json_text_at(before, "name"), &name));
	TRY(sql_contact_put_name(b->job,
		&(struct sql_contact_put_name){ .id = row->id,
			.workspace = b->job->workspace,
			.name = name,
			.rank = json_int(json_field(before, "rank"), 0),
			.now_ms = b->job->now_ms },
		NULL));
	TRY(contact_reindex(b->job, row));
	TRY(contact_put_attributes(b->job, row->id, json_text_at(before, "values")));
	TRY(put_back_wish(b, row, before));
	TRY(put_back_parts(b, row, before));
	return sql_contact_import_restore(b->job,
		&(struct sql_contact_import_restore){ row->id, b->job->workspace,
			json_int(json_field(before, "updated_ms"), row->updated_ms) },
		NULL);
}

/* Somebody spoke with it, or it took another in. */
static enum err is_in_use(struct batch *b, id64 contact, bool *out)
{
	struct contact_id_rows places;
	struct contact_merge_rows merges;

	TRY(sql_contact_places(b->job, &(struct sql_contact_places){ contact, b->job->workspace },
		&places));
	TRY(sql_contact_merge_list(b->job,
		&(struct sql_contact_merge_list){ .kept = contact, .workspace = b->job->workspace },
		&merges));
	*out = places.count + merges.count > 0;
	return OK;
}

static enum err undo_row(struct batch *b, const struct contact_import_row_row *did)
{
	bool was_made = !did->before_sealed.len, talks = false, changed;
	struct contact_row row;

	TRY(sql_contact_find(b->job,
		&(struct sql_contact_find){ did->contact_id, b->job->workspace }, &row));
	if (was_made)
		TRY(is_in_use(b, row.id, &talks));
	changed = row.updated_ms != did->after_ms || row.merged_into || row.erased_ms || talks;
	TRY(sql_contact_import_row_drop(b->job,
		&(struct sql_contact_import_row_drop){ b->run->id, did->row_number,
			b->job->workspace },
		NULL));
	b->now.kept += changed;
	b->now.undone += !changed;
	if (changed)
		return OK;
	return was_made ? unmake(b, &row) : put_back(b, &row, did->before_sealed);
}

static enum err undo_rows(struct batch *b, bool *last)
{
	struct contact_import_row_rows rows;

	TRY(sql_contact_import_rows_down(b->job,
		&(struct sql_contact_import_rows_down){ b->run->id, b->job->workspace,
			b->run->undo_below, IMPORT_BATCH },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(undo_row(b, &rows.items[i]));
	*last = rows.count < IMPORT_BATCH;
	return OK;
}

/* ---- a batch ---- */

static enum err take_rows(struct batch *b, bool *last)
{
	struct csv_row row;

	b->run->csv = b->run->next;
	*last = false;
	for (int i = 0; i < IMPORT_BATCH && !*last; i++) {
		*last = !csv_next(&b->run->csv, b->job->arena, &row);
		if (!*last)
			TRY(take_row(b, &row));
	}
	return OK;
}

static enum err save_step(struct batch *b, bool last)
{
	static const char *const ends[] = { [RUN_CHECK] = "checked", [RUN_IMPORT] = "done",
		[RUN_UNDO] = "undone" };
	const struct contact_import *now = &b->now;

	TRY(sql_contact_import_step(b->job,
		&(struct sql_contact_import_step){ .id = now->id,
			.workspace = b->job->workspace,
			.state = b->run->state,
			.rows_total = now->rows_total,
			.rows_done = now->rows_done,
			.made = now->made,
			.changed = now->changed,
			.skipped = now->skipped,
			.wrong = now->wrong,
			.undone = now->undone,
			.kept = now->kept },
		NULL));
	if (!last)
		return OK;
	if (b->run->mode != RUN_CHECK)
		TRY(import_drop_file(b->job, now));
	return sql_contact_import_end(b->job,
		&(struct sql_contact_import_end){ .id = now->id,
			.workspace = b->job->workspace,
			.from_state = b->run->state,
			.to_state = str_of(ends[b->run->mode]),
			.error = now->error,
			.now_ms = b->run->mode == RUN_CHECK ? 0 : b->job->now_ms },
		NULL);
}

/* A check that a crash cut begins anew, and so do its figures. */
static void begin_anew(struct batch *b)
{
	if (b->run->mode == RUN_CHECK && b->run->csv.row <= 1)
		b->now.rows_done = b->now.made = b->now.changed = b->now.skipped = b->now.wrong = 0;
}

static enum err load(struct batch *b, bool *is_ours)
{
	json plan;

	TRY(import_get(b->job, b->run->id, &b->now));
	*is_ours = str_is(b->now.state, b->run->state);
	if (b->run->mode == RUN_UNDO || !*is_ours)
		return OK;
	begin_anew(b);
	TRY(json_read(b->job->arena, b->now.plan, &plan, &b->job->why));
	return import_plan_read(b->job, plan, &b->plan);
}

enum err import_run_batch(struct job *job, struct import_run *run, bool *done)
{
	struct batch b = { .job = job, .run = run };
	bool is_ours, last;

	TRY(db_begin(job, DB_WRITE));
	TRY(load(&b, &is_ours));
	*done = !is_ours;
	if (!is_ours) {
		db_rollback(job);
		return OK;
	}
	TRY(run->mode == RUN_UNDO ? undo_rows(&b, &last) : take_rows(&b, &last));
	TRY(save_step(&b, last));
	TRY(db_commit(job));
	run->next = run->csv;
	*done = last;
	inbox_tell(job, &b.changes);
	return OK;
}
