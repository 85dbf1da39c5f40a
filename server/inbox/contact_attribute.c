/*
 * contact_attribute.c: what a workspace wants to know about its contacts, and values of it.
 *
 * A value is stored as one text in one form (a date as 2026-11-21, a boolean as true), sealed with
 * the others of its contact, so that equal values are equal texts and can be found by their hash.
 */
#include "inbox/contacts.h"

#include "account/audit.h"
#include "account/seal.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#define KEY_MAX 40
#define TITLE_MAX 60
#define OPTIONS_MAX 100
#define OPTION_MAX 100
#define URL_MAX 2000
#define NUMBER_MAX 30
#define STORED_MAX (1u << 20)

static const char *const kind_names[ATTRIBUTE_KINDS] = {
	[ATTRIBUTE_TEXT] = "text",
	[ATTRIBUTE_NUMBER] = "number",
	[ATTRIBUTE_DATE] = "date",
	[ATTRIBUTE_BOOLEAN] = "boolean",
	[ATTRIBUTE_LIST] = "list",
	[ATTRIBUTE_URL] = "url",
	[ATTRIBUTE_EMAIL] = "email",
};

const char *attribute_kind_name(enum attribute_kind kind)
{
	return kind_names[kind];
}

bool attribute_kind_parse(str name, enum attribute_kind *out)
{
	for (size_t i = 0; i < ATTRIBUTE_KINDS; i++) {
		if (str_is(name, str_of(kind_names[i]))) {
			*out = (enum attribute_kind)i;
			return true;
		}
	}
	return false;
}

/* ---- values ---- */

static bool is_number(str text)
{
	size_t digits = 0, points = 0;

	for (size_t i = text.len && text.ptr[0] == '-'; i < text.len; i++) {
		digits += text.ptr[i] >= '0' && text.ptr[i] <= '9';
		points += text.ptr[i] == '.';
	}
	return digits > 0 && points <= 1 && text.len <= NUMBER_MAX &&
	       digits + points + (text.ptr[0] == '-') == text.len;
}

/* 007.50 → 7.5, 1,5 → 1.5, -0 → 0. */
static bool read_number(struct arena *arena, str text, str *out)
{
	struct buf plain = buf_in(arena, NUMBER_MAX + 2);
	bool minus = str_starts(text, S("-")), has_point = str_has(text, S("."));
	str rest = str_part(text, minus, text.len);

	for (size_t i = 0; i < rest.len; i++)
		buf_byte(&plain, rest.ptr[i] == ',' && !has_point ? '.' : (uint8_t)rest.ptr[i]);
	rest = buf_text(&plain);
	if (plain.failed || !is_number(rest) || str_starts(rest, S("-")))
		return false;
	while (rest.len > 1 && rest.ptr[0] == '0' && rest.ptr[1] != '.')
		rest = str_part(rest, 1, rest.len);
	while (str_has(rest, S(".")) && (str_ends(rest, S("0")) || str_ends(rest, S("."))))
		rest.len--;
	if (str_starts(rest, S(".")) || !rest.len)
		rest = arena_printf(arena, "0" STR_F, STR_A(rest));
	*out = minus && !str_is(rest, S("0")) ? arena_printf(arena, "-" STR_F, STR_A(rest)) : rest;
	return true;
}

static int64_t days_of(int64_t year, int64_t month)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* 2026-11-21, 21.11.2026, 21/11/2026: with points and slashes the day comes first. */
static bool read_date(struct arena *arena, str text, str *out)
{
	char between = str_has(text, S("-")) ? '-' : str_has(text, S(".")) ? '.' : '/';
	int64_t part[3];
	str rest = text;

	for (size_t i = 0; i < 3; i++)
		if (!str_to_i64(str_split(&rest, between), &part[i]) || part[i] < 1)
			return false;
	if (between != '-') {
		int64_t year = part[2];

		part[2] = part[0];
		part[0] = year;
	}
	if (rest.len || part[0] < 1000 || part[0] > 9999 || part[1] > 12 ||
		part[2] > days_of(part[0], part[1]))
		return false;
	*out = arena_printf(arena, "%04lld-%02lld-%02lld", (long long)part[0], (long long)part[1],
		(long long)part[2]);
	return true;
}

static bool is_one_of(str text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_is_nocase(text, str_of(words[i])))
			return true;
	return false;
}

static bool read_boolean(str text, str *out)
{
	static const char *const yes[] = { "true", "yes", "y", "1", "ya", "on", "x" };
	static const char *const no[] = { "false", "no", "n", "0", "tidak", "off" };

	*out = is_one_of(text, yes, COUNT_OF(yes)) ? S("true") : S("false");
	return str_is(*out, S("true")) || is_one_of(text, no, COUNT_OF(no));
}

static bool read_option(struct arena *arena, const struct attribute *attribute, str text, str *out)
{
	json list;

	if (json_read(arena, attribute->options, &list, NULL) != OK)
		return false;
	for (size_t i = 0; i < json_count(list); i++) {
		*out = json_text(json_at(list, i));
		if (str_is_nocase(*out, text))
			return true;
	}
	return false;
}

static bool has_blank(str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] <= ' ' || text.ptr[i] == 0x7F)
			return true;
	return false;
}

static bool is_url(str text)
{
	bool http = str_starts(text, S("http://")), https = str_starts(text, S("https://"));

	return (http || https) && text.len > (https ? 8u : 7u) && text.len <= URL_MAX &&
	       !has_blank(text);
}

static bool is_email(str text)
{
	str domain = text, name = str_split(&domain, '@');

	return name.len && domain.len > 2 && text.len <= 254 && !has_blank(text) &&
	       !str_has(domain, S("@")) && str_has(domain, S(".")) &&
	       !str_starts(domain, S(".")) && !str_ends(domain, S("."));
}

bool attribute_read(struct arena *arena, const struct attribute *attribute, str text, str *out,
	const char **why)
{
	static const char *const sentences[ATTRIBUTE_KINDS] = {
		[ATTRIBUTE_TEXT] = "At most 1000 characters.",
		[ATTRIBUTE_NUMBER] = "Must be a number, like 12.5.",
		[ATTRIBUTE_DATE] = "Must be a date, like 2026-11-21.",
		[ATTRIBUTE_BOOLEAN] = "Must be yes or no.",
		[ATTRIBUTE_LIST] = "Must be one of the options.",
		[ATTRIBUTE_URL] = "Must be an address that begins with http:// or https://.",
		[ATTRIBUTE_EMAIL] = "Must be an e-mail address.",
	};

	*out = text = str_trim(text);
	*why = sentences[attribute->kind];
	if (!text.len)
		return true;
	switch (attribute->kind) {
	case ATTRIBUTE_NUMBER:
		return read_number(arena, text, out);
	case ATTRIBUTE_DATE:
		return read_date(arena, text, out);
	case ATTRIBUTE_BOOLEAN:
		return read_boolean(text, out);
	case ATTRIBUTE_LIST:
		return read_option(arena, attribute, text, out);
	case ATTRIBUTE_URL:
		return is_url(text);
	case ATTRIBUTE_EMAIL:
		return is_email(text);
	default:
		return str_count_points(text) <= CONTACT_VALUE_MAX;
	}
}

str contact_value(struct arena *arena, const struct contact *contact, id64 attribute)
{
	json map;

	if (!contact->attributes.len || json_read(arena, contact->attributes, &map, NULL) != OK)
		return STR_NONE;
	return json_text(json_field(map, arena_printf(arena, "%lld", (long long)attribute).ptr));
}

/* A value of a request as somebody would type it. */
static str typed_value(struct arena *arena, json v)
{
	if (json_kind(v) == JSON_BOOL)
		return json_flag(v, false) ? S("true") : S("false");
	if (json_kind(v) == JSON_REAL_NUMBER)
		return arena_printf(arena, "%.10g", json_number(v, 0));
	return json_text_or_int(arena, v);
}

static bool is_value(json v)
{
	return json_kind(v) != JSON_LIST && json_kind(v) != JSON_MAP;
}

static void check_value(struct job *job, const struct attribute *attribute, str key, json v,
	str *out)
{
	str field = arena_printf(job->arena, "attributes." STR_F, STR_A(key));
	const char *why = "Must be a text, a number or true or false.";

	if (!attribute)
		field_error(job, field, S("unknown"), S("There is no attribute with this key."));
	else if (!is_value(v) ||
		 !attribute_read(job->arena, attribute, typed_value(job->arena, v), out, &why))
		field_error(job, field, S("invalid"), str_of(why));
}

/* The values of attributes that are there still, but for those that the change names. */
static void keep_others(struct job *job, const struct attributes *all, json stored, json changes,
	struct buf *out)
{
	for (size_t i = 0; i < all->count; i++) {
		const char *id = arena_printf(job->arena, "%lld", (long long)all->items[i].id).ptr;
		str value = json_text(json_field(stored, id));

		if (value.len && !json_field(changes, arena_cstr(job->arena, all->items[i].key)))
			json_put(out, id, value);
	}
}

enum err attributes_apply(struct job *job, const struct attributes *all, str stored, json changes,
	str *out)
{
	struct buf text = buf_in(job->arena, STORED_MAX);
	json map = NULL;

	if (stored.len)
		TRY(json_read(job->arena, stored, &map, &job->why));
	json_open(&text, '{');
	keep_others(job, all, map, changes, &text);
	for (void *at = json_first(changes); at; at = json_next(changes, at)) {
		str key = json_member_name(at), value = STR_NONE;
		const struct attribute *attribute = attribute_by_key(all, key);

		check_value(job, attribute, key, json_member_value(at), &value);
		if (attribute && value.len)
			json_put(&text,
				arena_printf(job->arena, "%lld", (long long)attribute->id).ptr,
				value);
	}
	json_close(&text, '}');
	*out = str_is(buf_text(&text), S("{}")) ? STR_NONE : buf_text(&text);
	return job_check_fields(job);
}

/* ---- definitions ---- */

static void attribute_of_row(const struct contact_attribute_row *row, struct attribute *out)
{
	*out = (struct attribute){ .id = row->id,
		.key = row->attribute_key,
		.title = row->title,
		.options = row->options,
		.required = row->required,
		.created_ms = row->created_ms };
	attribute_kind_parse(row->kind, &out->kind);
}

enum err attribute_list(struct job *job, struct attributes *out)
{
	struct contact_attribute_rows rows;

	TRY(sql_contact_attribute_list(job, &(struct sql_contact_attribute_list){ job->workspace },
		&rows));
	out->items = ARENA_ARRAY(job->arena, struct attribute, rows.count);
	out->count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		attribute_of_row(&rows.items[i], &out->items[i]);
	return OK;
}

const struct attribute *attribute_by_key(const struct attributes *all, str key)
{
	for (size_t i = 0; i < all->count; i++)
		if (str_is(all->items[i].key, key))
			return &all->items[i];
	return NULL;
}

static bool is_key(str key)
{
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		if (!(c >= 'a' && c <= 'z') && !(i && ((c >= '0' && c <= '9') || c == '_')))
			return false;
	}
	return key.len > 0 && key.len <= KEY_MAX;
}

static bool has_option(json list, size_t before, str option)
{
	for (size_t i = 0; i < before; i++)
		if (str_is_nocase(str_trim(json_text(json_at(list, i))), option))
			return true;
	return false;
}

enum err attribute_options(struct job *job, json list, str *out)
{
	struct buf text = buf_in(job->arena, 64u << 10);

	if ((list && json_kind(list) != JSON_LIST) || json_count(list) > OPTIONS_MAX)
		field_error(job, S("options"), S("invalid"),
			S("Must be a list of at most 100 texts."));
	json_open(&text, '[');
	for (size_t i = 0; i < json_count(list); i++) {
		str option = str_trim(json_text(json_at(list, i)));

		if (!option.len || str_count_points(option) > OPTION_MAX)
			field_error(job, S("options"), S("invalid"),
				S("Each option is a text of 1 to 100 characters."));
		else if (!has_option(list, i, option))
			json_put(&text, NULL, option);
	}
	json_close(&text, ']');
	*out = buf_text(&text);
	return job_check_fields(job);
}

static enum err check_draft(struct job *job, const struct attribute *draft)
{
	bool is_list = draft->kind == ATTRIBUTE_LIST;

	if (!is_key(draft->key))
		field_error(job, S("key"), S("invalid"),
			S("Small letters, digits and _, from a letter on, at most 40."));
	if (!draft->title.len || str_count_points(draft->title) > TITLE_MAX)
		field_error(job, S("title"), S("invalid"), S("From 1 to 60 characters."));
	if (is_list == str_is(draft->options, S("[]")))
		field_error(job, S("options"), S("invalid"),
			is_list ? S("A list needs its options.")
				: S("Only a list has options."));
	return job_check_fields(job);
}

static enum err check_room(struct job *job)
{
	struct attributes all;

	TRY(attribute_list(job, &all));
	return all.count < CONTACT_ATTRIBUTES_MAX
		       ? OK
		       : fail_code(job, ERR_LIMIT, S("too_many_attributes"),
				 S("Delete one that nobody needs."),
				 "A workspace has at most 200 attributes.");
}

static enum err audit(struct job *job, const char *action, const struct attribute *attribute)
{
	struct buf detail = buf_in(job->arena, 4096);

	json_open(&detail, '{');
	json_put(&detail, "key", attribute->key);
	json_put(&detail, "title", attribute->title);
	json_put(&detail, "type", str_of(attribute_kind_name(attribute->kind)));
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "contact_attribute",
				      .target_id = attribute->id,
				      .detail = buf_text(&detail) });
}

enum err attribute_create(struct job *job, const struct attribute *draft, struct attribute *out)
{
	int64_t added;

	TRY(check_draft(job, draft));
	TRY(check_room(job));
	*out = *draft;
	out->id = job_id(job);
	out->created_ms = job->now_ms;
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_contact_attribute_add(job,
		&(struct sql_contact_attribute_add){ .id = out->id,
			.workspace = job->workspace,
			.attribute_key = out->key,
			.title = out->title,
			.kind = str_of(attribute_kind_name(out->kind)),
			.options = out->options,
			.required = out->required,
			.now_ms = job->now_ms },
		&added));
	if (!added) {
		field_error(job, S("key"), S("taken"), S("There is an attribute with this key."));
		return job_check_fields(job);
	}
	TRY(audit(job, "contact_attribute.create", out));
	return db_commit(job);
}

static enum err get(struct job *job, id64 id, struct attribute *out)
{
	struct contact_attribute_row row;

	TRY(sql_contact_attribute_find(job, &(struct sql_contact_attribute_find){
		.id = id, .workspace = job->workspace }, &row));
	attribute_of_row(&row, out);
	return OK;
}

enum err attribute_change(struct job *job, id64 id, const struct attribute_patch *patch,
	struct attribute *out)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(get(job, id, out));
	if (patch->title.ptr)
		out->title = str_trim(patch->title);
	if (patch->required >= 0)
		out->required = patch->required;
	if (patch->options)
		TRY(attribute_options(job, patch->options, &out->options));
	TRY(check_draft(job, out));
	TRY(sql_contact_attribute_set(job,
		&(struct sql_contact_attribute_set){ .id = id,
			.workspace = job->workspace,
			.title = out->title,
			.options = out->options,
			.required = out->required },
		NULL));
	TRY(audit(job, "contact_attribute.update", out));
	return db_commit(job);
}

enum err attribute_delete(struct job *job, id64 id)
{
	struct attribute attribute;

	TRY(db_begin(job, DB_WRITE));
	TRY(get(job, id, &attribute));
	TRY(sql_contact_attribute_delete(job,
		&(struct sql_contact_attribute_delete){ .id = id,
			.workspace = job->workspace,
			.now_ms = job->now_ms },
		NULL));
	TRY(audit(job, "contact_attribute.delete", &attribute));
	return db_commit(job);
}
