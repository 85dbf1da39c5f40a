/* template.c: reading templates and their history; see template.h. */
#include "account/template_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define FAMILY_MAX 100
#define VERSION_MAX 100000
#define PATH_MAX_ 400

void (*template_changed_hook)(struct job *job, id64 template);

void template_changed(struct job *job, id64 template)
{
	if (template_changed_hook)
		template_changed_hook(job, template);
}

void template_wrong(struct job *job, const char *code, const char *message, const char *path, ...)
{
	char text[PATH_MAX_];
	va_list args;

	va_start(args, path);
	vsnprintf(text, sizeof text, path, args);
	va_end(args);
	field_error(job, arena_str(job->arena, str_of(text)), str_of(code), str_of(message));
}

/* ---- rows ---- */

struct template_item template_of_row(const struct template_row *row)
{
	return (struct template_item){
		.id = row->id,
		.account_id = row->account_id,
		.remote_id = row->remote_id,
		.name = row->name,
		.language = row->language,
		.category = row->category,
		.status = row->status,
		.quality = row->quality,
		.reason = row->reason,
		.parameter_format = row->parameter_format,
		.components = row->components,
		.kind = (enum template_kind)row->kind,
		.revision = row->revision,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms,
		.deleted_ms = row->deleted_ms,
	};
}

struct template_item *templates_of_rows(struct job *job, const struct template_rows *rows)
{
	struct template_item *items = ARENA_ARRAY(job->arena, struct template_item, rows->count);

	for (size_t i = 0; i < rows->count; i++)
		items[i] = template_of_row(&rows->items[i]);
	return items;
}

/* The word inside of a LIKE: lower case, and its own signs for any text taken out. */
static str pattern_of(struct job *job, str word)
{
	struct buf out = buf_in(job->arena, 2 * word.len + 8);

	if (!word.len)
		return S("");
	buf_byte(&out, '%');
	for (size_t i = 0; i < word.len; i++) {
		char c = word.ptr[i];

		if (c == '%' || c == '\\')
			continue;
		buf_byte(&out, (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c));
	}
	buf_byte(&out, '%');
	return buf_text(&out);
}

static str text_or_empty(str text)
{
	return text.len ? text : S("");
}

enum err template_list(struct job *job, const struct template_filter *filter,
	struct template_item **out, size_t *count)
{
	struct template_rows rows;

	TRY(sql_template_list(job,
		&(struct sql_template_list){ .workspace = job->workspace,
			.after = filter->after,
			.count = (int64_t)filter->limit,
			.account_id = filter->account_id,
			.status = text_or_empty(filter->status),
			.category = text_or_empty(filter->category),
			.language = text_or_empty(filter->language),
			.word = pattern_of(job, filter->word) },
		&rows));
	*out = templates_of_rows(job, &rows);
	*count = rows.count;
	return OK;
}

enum err template_find(struct job *job, id64 id, struct template_item *out)
{
	struct template_row row;

	TRY(sql_template_find(job,
		&(struct sql_template_find){ .workspace = job->workspace, .id = id }, &row));
	*out = template_of_row(&row);
	return OK;
}

enum err template_get(struct job *job, id64 id, struct template_item *out)
{
	TRY(template_find(job, id, out));
	return out->deleted_ms ? ERR_MISSING : OK;
}

/* ---- where templates may go ---- */

str template_account_of(const struct channel *ch)
{
	return provider_can(ch) & CAN_TEMPLATES ? ch->account_id : S("");
}

bool template_fits_channel(const struct channel *ch, enum template_kind kind)
{
	return (kind == TEMPLATE_PROVIDER) == !!(provider_can(ch) & CAN_TEMPLATES);
}

enum err template_for(struct job *job, const struct channel *ch, str name, str language,
	struct template_item *out)
{
	struct template_row row;

	TRY(sql_template_by_name(job,
		&(struct sql_template_by_name){ .workspace = ch->workspace,
			.account_id = template_account_of(ch),
			.name = name,
			.language = language },
		&row));
	*out = template_of_row(&row);
	return out->deleted_ms || !template_fits_channel(ch, out->kind) ? ERR_MISSING : OK;
}

/* ---- versions ---- */

str template_family(str name, int64_t *version)
{
	size_t end = name.len;

	*version = 1;
	while (end > 0 && name.ptr[end - 1] >= '0' && name.ptr[end - 1] <= '9')
		end--;
	if (end == name.len || end < 3 || name.ptr[end - 1] != 'v' || name.ptr[end - 2] != '_' ||
		!str_to_i64(str_part(name, end, name.len), version) || *version > VERSION_MAX) {
		*version = 1;
		return name;
	}
	return str_part(name, 0, end - 2);
}

enum err template_versions(struct job *job, const struct template_item *of,
	struct template_item **out, size_t *count)
{
	struct template_rows rows;
	int64_t version;
	str family = template_family(of->name, &version);
	struct template_item *all;

	TRY(sql_template_family(job,
		&(struct sql_template_family){ .workspace = job->workspace,
			.account_id = of->account_id,
			.language = of->language,
			.pattern = arena_printf(job->arena, STR_F "%%", STR_A(family)),
			.count = FAMILY_MAX },
		&rows));
	all = templates_of_rows(job, &rows);
	*out = all;
	*count = 0;
	for (size_t i = 0; i < rows.count; i++)
		if (str_is(template_family(all[i].name, &version), family))
			(*out)[(*count)++] = all[i];
	return OK;
}

/* ---- history ---- */

enum err template_history(struct job *job, id64 template, id64 before, size_t limit,
	struct template_change **out, size_t *count)
{
	struct template_change_rows rows;

	TRY(sql_template_change_list(job,
		&(struct sql_template_change_list){ .workspace = job->workspace,
			.template = template,
			.before = before ? before : INT64_MAX,
			.count = (int64_t)limit },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct template_change, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		const struct template_change_row *row = &rows.items[i];

		(*out)[i] = (struct template_change){ row->id, row->source, row->actor_name,
			row->kind, row->old_value, row->new_value, row->reason };
	}
	return OK;
}

enum err template_note(struct job *job, id64 template, const struct template_change *change)
{
	return sql_template_change_add(job,
		&(struct sql_template_change_add){ .id = job_id(job),
			.workspace = job->workspace,
			.template = template,
			.source = change->source,
			.actor_name = text_or_empty(job->actor.name),
			.kind = change->kind,
			.old_value = text_or_empty(change->old_value),
			.new_value = text_or_empty(change->new_value),
			.reason = text_or_empty(change->reason) },
		NULL);
}

/* ---- parts ---- */

json template_part(json components, const char *type)
{
	for (size_t i = 0; i < json_count(components); i++)
		if (str_is_nocase(json_text_at(json_at(components, i), "type"), str_of(type)))
			return json_at(components, i);
	return NULL;
}

static void add_variable(struct variables *v, str name)
{
	for (size_t i = 0; i < v->count; i++)
		if (str_is(v->names[i], name))
			return;
	if (v->count < VARIABLES_MAX)
		v->names[v->count++] = name;
}

void template_variables(str text, struct variables *out)
{
	out->count = 0;
	for (size_t i = 0; i + 1 < text.len; i++) {
		size_t end = i + 2;

		if (text.ptr[i] != '{' || text.ptr[i + 1] != '{')
			continue;
		while (end + 1 < text.len && !(text.ptr[end] == '}' && text.ptr[end + 1] == '}'))
			end++;
		if (end + 1 >= text.len)
			return;
		add_variable(out, str_trim(str_part(text, i + 2, end - i - 2)));
		i = end + 1;
	}
}

/* ---- showing ---- */

static const char *const editable[] = { "DRAFT", "APPROVED", "REJECTED", "PAUSED" };

static bool is_editable(const struct template_item *t)
{
	for (size_t i = 0; i < COUNT_OF(editable); i++)
		if (str_is(t->status, str_of(editable[i])))
			return true;
	return false;
}

void template_write_json(struct buf *out, const char *key, const struct template_item *t,
	id64 channel)
{
	int64_t version;
	str family = template_family(t->name, &version);

	if (key)
		json_key(out, key);
	json_open(out, '{');
	json_put_id(out, "id", t->id);
	json_put_id(out, "channel_id", channel);
	json_put(out, "account_id", t->account_id);
	json_put(out, "kind", t->kind == TEMPLATE_LOCAL ? S("local") : S("provider"));
	json_put(out, "remote_id", t->remote_id);
	json_put(out, "name", t->name);
	json_put(out, "family", family);
	json_put_int(out, "version", version);
	json_put(out, "language", t->language);
	json_put(out, "category", t->category);
	json_put(out, "status", t->deleted_ms ? S("DELETED") : t->status);
	json_put(out, "quality", t->quality);
	json_put(out, "reason", t->reason);
	json_put(out, "parameter_format", t->parameter_format);
	json_put_int(out, "revision", t->revision);
	json_put_bool(out, "editable", is_editable(t));
	json_put_raw(out, "components", t->components);
	json_put_ms(out, "created_ms", t->created_ms);
	json_put_int(out, "updated_ms", t->updated_ms);
	json_close(out, '}');
}
