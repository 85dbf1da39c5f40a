/*
 * graph_template.c: message templates: list, one, create, edit, delete, as Graph shows them.
 *
 * A template keeps the network's id where it has one; those that live here (channels whose provider
 * has none) and drafts go by ours.
 */
#include "account/template.h"
#include "api/graph.h"
#include "api/handlers.h"
#include "base/codec.h"
#include "store/queries.h"

enum { LIST_DEFAULT = 25, LIST_MAX = 250, CURSOR_MAX = 64 };

static str template_id(struct job *job, const struct template_item *t)
{
	return t->remote_id.len ? t->remote_id
	                        : arena_printf(job->arena, "%lld", (long long)t->id);
}

enum err graph_template_find(struct job *job, str id, struct template_item *out)
{
	struct graph_id_row row;
	enum err e = ERR_MISSING;

	if (id.len)
		e = sql_graph_template(job, &(struct sql_graph_template){ job->workspace, id },
			&row);
	if (e == ERR_MISSING && id64_parse(id, &row.id))
		e = OK;
	TRY(e);
	return template_get(job, row.id, out);
}

/* ---- shapes ---- */

static void put_if(struct buf *out, str fields, const char *name, str value)
{
	if (value.len && graph_wants(fields, name, true))
		json_put(out, name, value);
}

void graph_write_template(struct job *job, struct buf *out, const char *key,
	const struct template_item *t, str fields)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	put_if(out, fields, "name", t->name);
	put_if(out, fields, "language", t->language);
	put_if(out, fields, "status", t->status);
	put_if(out, fields, "category", t->category);
	put_if(out, fields, "parameter_format", t->parameter_format);
	if (graph_wants(fields, "components", true))
		json_put_raw(out, "components", t->components.len ? t->components : S("[]"));
	if (graph_wants(fields, "quality_score", false)) {
		json_open_in(out, "quality_score", '{');
		json_put(out, "score", t->quality.len ? t->quality : S("UNKNOWN"));
		json_close(out, '}');
	}
	if (graph_wants(fields, "rejected_reason", false))
		json_put(out, "rejected_reason", t->reason.len ? t->reason : S("NONE"));
	json_put(out, "id", template_id(job, t));
	json_close(out, '}');
}

/* ---- the list ---- */

static str cursor_of(struct job *job, id64 id)
{
	return base64_text(job->arena, bytes_of(arena_printf(job->arena, "t%lld",
					       (long long)id)));
}

static enum err read_cursor(struct job *job, str text, id64 *out)
{
	struct buf plain = buf_in(job->arena, CURSOR_MAX);

	*out = 0;
	if (!text.len)
		return OK;
	if (text.len < CURSOR_MAX && base64_read(text, &plain) && plain.len > 1 &&
		plain.ptr[0] == 't' &&
		id64_parse(str_part(buf_text(&plain), 1, plain.len), out))
		return OK;
	return graph_fail(job, "131059", "after is no cursor of this list.");
}

struct listing {
	struct template_filter filter;
	str name, fields;
	size_t limit;
};

static enum err read_listing(struct job *job, const struct request *req, str account,
	struct listing *out)
{
	str limit = request_query(job->arena, req, "limit");
	int64_t n = LIST_DEFAULT;

	*out = (struct listing){ .name = request_query(job->arena, req, "name"),
		.fields = request_query(job->arena, req, "fields"),
		.filter = { .account_id = account,
			.status = request_query(job->arena, req, "status"),
			.category = request_query(job->arena, req, "category"),
			.language = request_query(job->arena, req, "language"),
			.word = request_query(job->arena, req, "name_or_content") } };
	if (limit.len && (!str_to_i64(limit, &n) || n < 1))
		return graph_fail(job, "100", "(#100) Param limit must be a positive number.");
	out->limit = n < LIST_MAX ? (size_t)n : LIST_MAX;
	if (out->name.len)
		out->filter.word = out->name;
	if (request_query(job->arena, req, "before").len)
		return graph_fail(job, "131059", "Lists go forward: ask with after.");
	return read_cursor(job, request_query(job->arena, req, "after"), &out->filter.after);
}

static str next_url(struct job *job, const struct request *req, const struct listing *list,
	id64 last)
{
	static const char *const kept[] = { "fields", "name", "status", "category", "language",
		"name_or_content" };
	struct buf url = buf_in(job->arena, HTTP_TARGET_MAX);

	buf_printf(&url, STR_F "/graph/" STR_F "/" STR_F "/message_templates?limit=%zu&after=",
		STR_A(channel_public_url()), STR_A(graph_version(job, req)),
		STR_A(graph_part(req, 0)), list->limit);
	percent_write(&url, cursor_of(job, last));
	for (size_t i = 0; i < COUNT_OF(kept); i++) {
		str value = request_query(job->arena, req, kept[i]);

		if (!value.len)
			continue;
		buf_printf(&url, "&%s=", kept[i]);
		percent_write(&url, value);
	}
	return buf_text(&url);
}

static void write_paging(struct job *job, const struct request *req, struct buf *out,
	const struct listing *list, const struct template_item *first,
	const struct template_item *last, bool more)
{
	json_open_in(out, "paging", '{');
	json_open_in(out, "cursors", '{');
	json_put(out, "before", cursor_of(job, first->id));
	json_put(out, "after", cursor_of(job, last->id));
	json_close(out, '}');
	if (more)
		json_put(out, "next", next_url(job, req, list, last->id));
	json_close(out, '}');
}

/* The templates of channels without an account are the workspace's own, under no account. */
static str stored_account(const struct graph_account *account)
{
	return template_account_of(&account->channels[0].channel);
}

/* `name` is a part of a name; the store looks through names and texts, so the rest is left out
 * here. */
static enum err find_page(struct job *job, struct listing *list, struct template_item **out,
	size_t *count, bool *more)
{
	struct template_item *items, *kept = ARENA_ARRAY(job->arena, struct template_item,
						list->limit + 1);
	size_t found;

	*count = 0;
	list->filter.limit = list->limit + 1;
	do {
		TRY(template_list(job, &list->filter, &items, &found));
		for (size_t i = 0; i < found && *count <= list->limit; i++) {
			list->filter.after = items[i].id;
			if (str_has(items[i].name, list->name))
				kept[(*count)++] = items[i];
		}
	} while (found == list->limit + 1 && *count <= list->limit);
	*more = *count > list->limit;
	*count -= *more;
	*out = kept;
	return OK;
}

enum err graph_templates_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct graph_account account;
	struct template_item *items;
	struct listing list;
	size_t count;
	bool more;

	TRY(graph_account_asked(job, req, &account));
	TRY(read_listing(job, req, stored_account(&account), &list));
	TRY(find_page(job, &list, &items, &count, &more));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		graph_write_template(job, out, NULL, &items[i], list.fields);
	json_close(out, ']');
	if (count)
		write_paging(job, req, out, &list, &items[0], &items[count - 1], more);
	json_close(out, '}');
	return OK;
}

/* ---- making ---- */

struct turning { struct job *job; struct buf *out; };

static void turn(const struct turning *t, const char *key, json v);

/* "header_handle":["4::…"] of our upload is our file. */
static void put_handle(const struct turning *t, json v)
{
	id64 media = graph_handle_media(
		json_text(json_kind(v) == JSON_LIST ? json_at(v, 0) : v));

	if (media)
		json_put_id(t->out, "media_id", media);
	else
		json_put_value(t->out, "header_handle", v);
}

static void turn_map(const struct turning *t, json v)
{
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);

		if (str_is(name, S("header_handle")))
			put_handle(t, json_member_value(at));
		else
			turn(t, arena_cstr(t->job->arena, name), json_member_value(at));
	}
}

static void turn(const struct turning *t, const char *key, json v)
{
	enum json_kind kind = json_kind(v);
	char bracket = kind == JSON_MAP ? '{' : '[';

	if (kind != JSON_MAP && kind != JSON_LIST) {
		json_put_value(t->out, key, v);
		return;
	}
	if (key)
		json_open_in(t->out, key, bracket);
	else
		json_open(t->out, bracket);
	if (kind == JSON_MAP)
		turn_map(t, v);
	for (size_t i = 0; kind == JSON_LIST && i < json_count(v); i++)
		turn(t, NULL, json_at(v, i));
	json_close(t->out, kind == JSON_MAP ? '}' : ']');
}

static enum err read_components(struct job *job, json v, json *out)
{
	struct buf text = buf_in(job->arena, TEMPLATE_COMPONENTS_MAX);

	*out = NULL;
	if (!v)
		return OK;
	turn(&(struct turning){ job, &text }, NULL, v);
	if (text.failed || json_kind(v) != JSON_LIST ||
		json_read(job->arena, buf_text(&text), out, NULL) != OK)
		return graph_fail(job, "100", "Param components must be a list of components.");
	return OK;
}

static enum err reply_made(struct job *job, struct response *res, id64 id)
{
	struct buf *out = reply_json(res, 200);
	struct template_item t;

	TRY(template_get(job, id, &t));
	json_open(out, '{');
	json_put(out, "id", template_id(job, &t));
	json_put(out, "status", t.status);
	json_put(out, "category", t.category);
	json_close(out, '}');
	return OK;
}

enum err graph_templates_post(struct job *job, const struct request *req, struct response *res)
{
	struct template_draft draft = { .submit = true };
	struct graph_account account;
	json body;
	id64 id;

	TRY(graph_account_asked(job, req, &account));
	TRY(graph_body(job, req, &body));
	draft.channel_id = account.channels[0].channel.id;
	draft.name = json_text_at(body, "name");
	draft.language = json_text_at(body, "language");
	draft.category = json_text_at(body, "category");
	draft.parameter_format = json_text_at(body, "parameter_format");
	if (!draft.name.len || !draft.language.len || !json_field(body, "components"))
		return graph_fail(job, "100",
			"(#100) The parameters name, language and components are required.");
	TRY(read_components(job, json_field(body, "components"), &draft.components));
	TRY(template_create(job, &draft, &id));
	return reply_made(job, res, id);
}

enum err graph_template_edit(struct job *job, const struct request *req, struct response *res,
	const struct template_item *t)
{
	struct template_draft draft = { 0 };
	json body;

	TRY(graph_body(job, req, &body));
	draft.category = json_text_at(body, "category");
	TRY(read_components(job, json_field(body, "components"), &draft.components));
	if (!draft.category.ptr && !draft.components)
		return graph_fail(job, "100", "Give category or components.");
	TRY(template_edit(job, t->id, &draft));
	return graph_success(res);
}

/* ---- deleting ---- */

/* Any language of the name stands for all. */
static enum err find_named(struct job *job, const struct graph_account *account, str name,
	struct template_item *out)
{
	struct template_filter filter = { .account_id = stored_account(account), .word = name,
		.limit = LIST_MAX };
	struct template_item *items;
	size_t count;

	do {
		TRY(template_list(job, &filter, &items, &count));
		for (size_t i = 0; i < count; i++) {
			filter.after = items[i].id;
			if (!str_is(items[i].name, name))
				continue;
			*out = items[i];
			return OK;
		}
	} while (count == LIST_MAX);
	return ERR_MISSING;
}

enum err graph_templates_delete(struct job *job, const struct request *req, struct response *res)
{
	struct graph_account account;
	struct template_item t;
	str name, id;
	json body;
	enum err e;

	TRY(graph_account_asked(job, req, &account));
	TRY(graph_body(job, req, &body));
	name = graph_text(job, req, body, "name");
	id = graph_text(job, req, body, "hsm_id");
	if (!name.len && !id.len)
		return graph_fail(job, "100", "(#100) The parameter name is required.");
	e = id.len ? graph_template_find(job, id, &t) : find_named(job, &account, name, &t);
	if (e == ERR_MISSING || (e == OK && name.len && !str_is(t.name, name)))
		return graph_fail(job, "100", "(#100) There is no template of this name.");
	TRY(e);
	TRY(template_delete(job, t.id, !id.len));
	return graph_success(res);
}
