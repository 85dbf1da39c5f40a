/* contact_json.c: see contact_json.h. */
#include "api/contact_json.h"

#include "api/message_json.h"

#define IDS_MAX 200

enum err contact_view_load(struct job *job, const struct contacts *contacts,
	struct contact_view *out)
{
	struct buf ids = buf_in(job->arena, IDS_MAX * (ID64_TEXT_MAX + 1) + 2);

	*out = (struct contact_view){ 0 };
	json_open(&ids, '[');
	for (size_t i = 0; i < contacts->count && i < IDS_MAX; i++)
		json_put_int(&ids, NULL, contacts->items[i].id);
	json_close(&ids, ']');
	TRY(attribute_list(job, &out->attributes));
	return contacts->count ? sql_contact_labels(job,
					 &(struct sql_contact_labels){ buf_text(&ids),
						 job->workspace },
					 &out->labels)
			       : OK;
}

static void write_value(struct buf *out, const struct attribute *attribute, const char *key,
	str value)
{
	if (!value.len)
		return;
	if (attribute->kind == ATTRIBUTE_BOOLEAN)
		json_put_bool(out, key, str_is(value, S("true")));
	else if (attribute->kind == ATTRIBUTE_NUMBER)
		json_put_raw(out, key, value);
	else
		json_put(out, key, value);
}

static void write_attributes(struct job *job, struct buf *out, const struct contact_view *view,
	const struct contact *contact)
{
	json map = NULL;

	json_open_in(out, "attributes", '{');
	if (contact->attributes.len && json_read(job->arena, contact->attributes, &map, NULL) == OK)
		for (size_t i = 0; i < view->attributes.count; i++) {
			const struct attribute *a = &view->attributes.items[i];
			const char *id = arena_printf(job->arena, "%lld", (long long)a->id).ptr;

			write_value(out, a, arena_cstr(job->arena, a->key),
				json_text(json_field(map, id)));
		}
	json_close(out, '}');
}

static void write_labels(struct buf *out, const struct contact_view *view, id64 contact)
{
	json_open_in(out, "labels", '[');
	for (size_t i = 0; i < view->labels.count; i++) {
		const struct contact_label_row *label = &view->labels.items[i];

		if (label->contact_id != contact)
			continue;
		json_open(out, '{');
		json_put_id(out, "id", label->id);
		json_put(out, "name", label->name);
		json_put(out, "colour", label->colour);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_aliases(struct buf *out, const struct contact *contact)
{
	json_open_in(out, "aliases", '[');
	for (size_t i = 0; i < contact->alias_count; i++) {
		str kind = contact->aliases[i].kind;

		json_open(out, '{');
		json_put(out, "kind", str_is(kind, S("parent_bsuid")) ? S("bsuid") : kind);
		json_put(out, "value", contact->aliases[i].value);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_fields(struct job *job, struct buf *out, const struct contact_view *view,
	const struct contact *contact)
{
	json_put_id(out, "id", contact->id);
	json_put(out, "name", contact->name);
	json_put(out, "given_name", contact->given_name.len ? contact->given_name : STR_NONE);
	json_put(out, "profile_name", contact->profile_name.len ? contact->profile_name : STR_NONE);
	json_put(out, "phone", with_plus(job, contact->phone));
	json_put_bool(out, "is_group", contact->group.len > 0);
	write_aliases(out, contact);
	json_put(out, "source", contact->source);
	write_labels(out, view, contact->id);
	write_attributes(job, out, view, contact);
	json_put_ms(out, "opted_out_ms", contact->opt_out_ms);
	json_put_ms(out, "blocked_ms", contact->blocked_ms);
	json_put_ms(out, "last_message_ms", contact->seen_ms);
	json_put_int(out, "created_ms", contact->created_ms);
	json_put_int(out, "updated_ms", contact->updated_ms);
}

void contact_write_view(struct job *job, struct buf *out, const char *key,
	const struct contact_view *view, const struct contact *contact)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	write_fields(job, out, view, contact);
	json_close(out, '}');
}

/* ---- the page of one ---- */

static void write_number(struct job *job, struct buf *out, const struct contact_number_row *row)
{
	json_open(out, '{');
	json_put_id(out, "number_id", row->number_id);
	json_put_id(out, "channel_id", row->channel_id);
	json_put_id(out, "conversation_id", row->conversation_id);
	json_put(out, "phone", with_plus(job, row->phone));
	json_put(out, "channel_name", row->channel_name);
	json_put_int(out, "first_ms", row->created_ms);
	json_put_ms(out, "last_message_ms", row->last_message_id ? row->last_message_ms : 0);
	json_close(out, '}');
}

static bool is_visible(struct job *job, const struct contact_number_row *row)
{
	struct conversation conv;
	bool visible = !job->scope || conversation_get(job, row->conversation_id, &conv) == OK;

	if (!visible)
		job_forgive(job);
	return visible;
}

static enum err write_numbers(struct job *job, struct buf *out, id64 contact)
{
	struct contact_number_rows rows;

	TRY(sql_contact_numbers(job, &(struct sql_contact_numbers){ contact, job->workspace },
		&rows));
	json_open_in(out, "numbers", '[');
	for (size_t i = 0; i < rows.count; i++)
		if (is_visible(job, &rows.items[i]))
			write_number(job, out, &rows.items[i]);
	json_close(out, ']');
	return OK;
}

static enum err write_blocks(struct job *job, struct buf *out, id64 contact)
{
	struct contact_block_rows rows;

	TRY(sql_contact_block_list(job, &(struct sql_contact_block_list){ contact, job->workspace },
		&rows));
	json_open_in(out, "blocks", '[');
	for (size_t i = 0; i < rows.count; i++) {
		json_open(out, '{');
		json_put_id(out, "channel_id", rows.items[i].channel_id);
		json_put(out, "state", rows.items[i].state);
		json_put(out, "error", rows.items[i].error.len ? rows.items[i].error : STR_NONE);
		json_put_int(out, "at_ms", rows.items[i].at_ms);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

enum err contact_write_page(struct job *job, struct buf *out, const struct contact *contact)
{
	struct contacts one = { (struct contact *)contact, 1 };
	struct contact_view view;

	TRY(contact_view_load(job, &one, &view));
	json_open(out, '{');
	write_fields(job, out, &view, contact);
	TRY(write_numbers(job, out, contact->id));
	TRY(write_blocks(job, out, contact->id));
	json_close(out, '}');
	return OK;
}

/* ---- what stands beside them ---- */

void attribute_write_json(struct buf *out, const struct attribute *attribute)
{
	json_open(out, '{');
	json_put_id(out, "id", attribute->id);
	json_put(out, "key", attribute->key);
	json_put(out, "title", attribute->title);
	json_put(out, "type", str_of(attribute_kind_name(attribute->kind)));
	json_put_raw(out, "options", attribute->options);
	json_put_bool(out, "required", attribute->required);
	json_put_int(out, "created_ms", attribute->created_ms);
	json_close(out, '}');
}

void note_write_json(struct buf *out, const struct contact_note *note)
{
	json_open(out, '{');
	json_put_id(out, "id", note->id);
	json_open_in(out, "author", '{');
	json_put_id(out, "id", note->author_id);
	json_put(out, "name", note->author_name);
	json_close(out, '}');
	json_put(out, "body", note->body);
	json_put_int(out, "created_ms", id64_ms(note->id));
	json_put_ms(out, "edited_ms", note->edited_ms);
	json_close(out, '}');
}
