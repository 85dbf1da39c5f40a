/* contact_parts.c: what stands beside a contact: notes, consent, merges, and the attributes of all.
 */
#include "account/audit.h"
#include "api/contact_json.h"
#include "api/handlers.h"
#include "store/store.h"

#define SOURCE_MAX 100
#define DOUBLES_MAX 50
#define GROUPS_MAX 20

/* ---- attributes ---- */

struct attribute_body { str key, title, type; json options; int required; };

static const struct field create_fields[] = {
	FIELD(struct attribute_body, key, STR, .max = 40, .required = true),
	FIELD(struct attribute_body, title, STR, .max = 60, .required = true),
	FIELD(struct attribute_body, type, STR, .max = 20, .required = true),
	FIELD(struct attribute_body, options, JSON),
	FIELD(struct attribute_body, required, FLAG),
	{ 0 },
};

static const struct field patch_fields[] = {
	FIELD(struct attribute_body, title, STR, .max = 60, .required = true,
		.given_at = 0),
	FIELD(struct attribute_body, options, JSON),
	FIELD(struct attribute_body, required, FLAG),
	{ 0 },
};

enum err contact_attributes_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct attributes all;

	(void)req;
	TRY(attribute_list(job, &all));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < all.count; i++)
		attribute_write_json(out, &all.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err contact_attributes_post(struct job *job, const struct request *req, struct response *res)
{
	struct attribute_body body = { .required = 0 };
	struct attribute draft = { 0 }, made;

	TRY(request_fields(job, req, create_fields, &body));
	if (body.type.len && !attribute_kind_parse(body.type, &draft.kind))
		field_error(job, S("type"), S("unknown"),
			S("One of text, number, date, boolean, list, url, email."));
	TRY(attribute_options(job, body.options, &draft.options));
	draft.key = body.key;
	draft.title = str_trim(body.title);
	draft.required = body.required;
	TRY(attribute_create(job, &draft, &made));
	attribute_write_json(reply_json(res, 201), &made);
	return OK;
}

enum err contact_attributes_patch(struct job *job, const struct request *req, struct response *res)
{
	struct attribute_body body = { .required = -1 };
	struct attribute changed;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, patch_fields, &body));
	TRY(attribute_change(job, id,
		&(struct attribute_patch){ body.title, body.options, body.required }, &changed));
	attribute_write_json(reply_json(res, 200), &changed);
	return OK;
}

enum err contact_attributes_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(attribute_delete(job, id));
	return reply_nothing(res);
}

/* ---- notes ---- */

struct note_body { str body; };

static const struct field note_fields[] = {
	FIELD(struct note_body, body, STR, .max = CONTACT_NOTE_MAX, .required = true),
	{ 0 },
};

enum err contact_notes_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_notes notes;
	struct page page;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(page_read(job, req, "contact-notes", &page));
	TRY(contact_note_list(job, id, page.after.id, page.limit + 1, &notes));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < notes.count && i < page.limit; i++)
		note_write_json(out, &notes.items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		notes.count > page.limit ? &(struct cursor){ .id = notes.items[page.limit - 1].id }
					 : NULL));
	json_close(out, '}');
	return OK;
}

enum err contact_notes_post(struct job *job, const struct request *req, struct response *res)
{
	struct note_body body = { 0 };
	struct contact_note note;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(request_json(job, req, note_fields, &body));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_note_add(job, id, str_trim(body.body), &note));
	TRY(db_commit(job));
	note_write_json(reply_json(res, 201), &note);
	return OK;
}

static enum err request_note(struct job *job, const struct request *req, id64 *contact, id64 *note)
{
	TRY(request_contact(job, req, contact));
	return request_id(job, req, 1, note);
}

enum err contact_notes_patch(struct job *job, const struct request *req, struct response *res)
{
	struct note_body body = { 0 };
	struct contact_note note;
	id64 contact, id;

	TRY(request_note(job, req, &contact, &id));
	TRY(request_json(job, req, note_fields, &body));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_note_change(job, contact, id, str_trim(body.body), &note));
	TRY(db_commit(job));
	note_write_json(reply_json(res, 200), &note);
	return OK;
}

enum err contact_notes_delete(struct job *job, const struct request *req, struct response *res)
{
	struct contact_note note;
	id64 contact, id;

	TRY(request_note(job, req, &contact, &id));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_note_change(job, contact, id, STR_NONE, &note));
	TRY(db_commit(job));
	return reply_nothing(res);
}

/* ---- consent ---- */

struct consent_body { str state, source; };

static const struct field consent_fields[] = {
	FIELD(struct consent_body, state, STR, .max = 20, .required = true),
	FIELD(struct consent_body, source, STR, .max = SOURCE_MAX, .required = true),
	{ 0 },
};

static void write_consent(struct buf *out, const struct contact_consent_row *row)
{
	json_open(out, '{');
	json_put_id(out, "id", row->id);
	json_put(out, "state", row->state);
	json_put(out, "source", row->source);
	json_put(out, "by", row->actor_name.len ? row->actor_name : STR_NONE);
	json_put_int(out, "at_ms", row->at_ms);
	json_close(out, '}');
}

enum err contact_consent_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_consent_rows rows;
	struct page page;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(page_read(job, req, "contact-consent", &page));
	TRY(sql_contact_consent_list(job,
		&(struct sql_contact_consent_list){ .contact = id,
			.workspace = job->workspace,
			.before = page.after.id ? page.after.id : INT64_MAX,
			.max = (int64_t)page.limit + 1 },
		&rows));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count && i < page.limit; i++)
		write_consent(out, &rows.items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		rows.count > page.limit ? &(struct cursor){ .id = rows.items[page.limit - 1].id }
					: NULL));
	json_close(out, '}');
	return OK;
}

enum err contact_consent_post(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct consent_body body = { 0 };
	struct contact contact;
	bool opted_out;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(request_fields(job, req, consent_fields, &body));
	opted_out = str_is(body.state, S("opted_out"));
	if (body.state.len && !opted_out && !str_is(body.state, S("opted_in")))
		field_error(job, S("state"), S("unknown"), S("One of opted_out, opted_in."));
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_consent(job, id, opted_out, str_trim(body.source), &changes));
	TRY(contact_get(job, id, &contact));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return contact_write_page(job, reply_json(res, 200), &contact);
}

/* ---- doubles and merges ---- */

struct merge_body { id64 with; bool name; json attributes; };

static const struct field merge_fields[] = {
	FIELD(struct merge_body, with, ID, .required = true),
	FIELD(struct merge_body, name, BOOL),
	FIELD(struct merge_body, attributes, JSON),
	{ 0 },
};

static enum err read_choice(struct job *job, const struct merge_body *body,
	struct merge_choice *out)
{
	size_t count = json_count(body->attributes);
	id64 *ids = ARENA_ARRAY(job->arena, id64, count + 1);
	struct attributes all;

	*out = (struct merge_choice){ .name = body->name, .attributes = ids };
	if (body->attributes && json_kind(body->attributes) != JSON_LIST)
		field_error(job, S("attributes"), S("wrong_type"), S("Must be a list of keys."));
	TRY(job_check_fields(job));
	TRY(attribute_list(job, &all));
	for (size_t i = 0; i < count; i++) {
		const struct attribute *a =
			attribute_by_key(&all, json_text(json_at(body->attributes, i)));

		if (a)
			ids[out->attribute_count++] = a->id;
		else
			field_error(job, S("attributes"), S("unknown"),
				S("There is no attribute with this key."));
	}
	return job_check_fields(job);
}

enum err contacts_merge(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct inbox_changes changes = { 0 };
	struct merge_body body = { 0 };
	struct merge_choice choice;
	struct contact contact;
	id64 id, merge;

	TRY(request_contact(job, req, &id));
	TRY(request_json(job, req, merge_fields, &body));
	TRY(contact_check(job, body.with));
	TRY(read_choice(job, &body, &choice));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_merge_chosen(job, id, body.with, &choice, &changes, &merge));
	TRY(contact_get(job, id, &contact));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	json_open(out, '{');
	json_put_id(out, "merge_id", merge);
	json_key(out, "contact");
	TRY(contact_write_page(job, out, &contact));
	json_close(out, '}');
	return OK;
}

static enum err write_merge(struct job *job, struct buf *out, const struct contact_merge_row *row)
{
	struct contact_row gone;

	TRY(sql_contact_find(job, &(struct sql_contact_find){ row->gone_id, job->workspace },
		&gone));
	json_open(out, '{');
	json_put_id(out, "id", row->id);
	json_put_id(out, "with", row->gone_id);
	json_put(out, "reason", row->reason);
	json_put_int(out, "at_ms", row->at_ms);
	json_put_ms(out, "undone_ms", row->undone_ms);
	json_close(out, '}');
	return OK;
}

enum err contact_merges_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_merge_rows rows;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(sql_contact_merge_list(job,
		&(struct sql_contact_merge_list){ .kept = id, .workspace = job->workspace },
		&rows));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count; i++)
		TRY(write_merge(job, out, &rows.items[i]));
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err contact_merges_undo(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct inbox_changes changes = { 0 };
	struct contact_merge_row merge;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(sql_contact_merge_find(job,
		&(struct sql_contact_merge_find){ .id = id, .workspace = job->workspace }, &merge));
	TRY(contact_check(job, merge.kept_id));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_unmerge(job, id, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	json_open(out, '{');
	json_put_id(out, "contact_id", merge.kept_id);
	json_put_id(out, "other_id", merge.gone_id);
	json_close(out, '}');
	return OK;
}

/* Those of the doubles that the asker may see, with why they may be one. */
enum err contact_doubles_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contact_double doubles[DOUBLES_MAX];
	struct contact_view view;
	struct contact contact;
	size_t count;
	id64 id;

	TRY(request_contact(job, req, &id));
	TRY(contact_doubles(job, id, doubles, DOUBLES_MAX, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++) {
		TRY(contact_get(job, doubles[i].contact, &contact));
		TRY(contact_view_load(job, &(struct contacts){ &contact, 1 }, &view));
		json_open(out, '{');
		json_put(out, "reason", str_of(doubles[i].reason));
		contact_write_view(job, out, "contact", &view, &contact);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

static enum err write_group(struct job *job, struct buf *out, const struct contact_group *group)
{
	struct contact_view view;

	TRY(contact_view_load(job, &group->contacts, &view));
	json_open(out, '{');
	json_put(out, "reason", str_of(group->reason));
	json_open_in(out, "contacts", '[');
	for (size_t i = 0; i < group->contacts.count; i++)
		contact_write_view(job, out, NULL, &view, &group->contacts.items[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err contact_groups_get(struct job *job, const struct request *req, struct response *res)
{
	static const char *const kinds[] = { "email", "name" };
	struct buf *out = reply_json(res, 200);
	int kind = request_query_word(job, req, "by", kinds, COUNT_OF(kinds), 0);
	struct contact_group groups[GROUPS_MAX];
	struct page page;
	int64_t next;
	size_t count;

	TRY(page_read(job, req, kinds[kind], &page));
	TRY(contact_groups(job, kind, page.after.ms, groups, GROUPS_MAX, &count, &next));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		TRY(write_group(job, out, &groups[i]));
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		next ? &(struct cursor){ .ms = next, .id = 1 } : NULL));
	json_close(out, '}');
	return OK;
}
