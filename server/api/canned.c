/* canned.c: /canned-responses, their preview, and the values of variables. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/composer.h"

#define VALUE_ITEMS_MAX 400

/* Whose it is, as canned responses and macros show it. */
void owner_write_json(struct buf *out, const struct owner *owner)
{
	json_put(out, "scope", str_of(owner_scope_name(owner->scope)));
	json_put_id(out, "owner_id", owner->owner_id);
}

bool owner_read(struct job *job, str scope, id64 owner_id, struct owner *out)
{
	*out = (struct owner){ .owner_id = owner_id };
	if (!scope.ptr || owner_scope_parse(scope, &out->scope))
		return true;
	field_error(job, S("scope"), S("unknown"), S("One of workspace, team, person."));
	return false;
}

/* ---- as they are shown ---- */

struct shown {
	struct canned_list list;
	struct canned_figures *figures;
	struct message_media_rows media;
};

static enum err load(struct job *job, const struct canned_list *list, struct shown *out)
{
	struct buf ids = buf_in(job->arena, VALUE_ITEMS_MAX * (ID64_TEXT_MAX + 1) + 2);
	size_t n = 0;

	*out = (struct shown){ .list = *list,
		.figures = ARENA_ARRAY(job->arena, struct canned_figures, list->count + 1) };
	json_open(&ids, '[');
	for (size_t i = 0; i < list->count; i++)
		for (size_t m = 0; m < list->items[i].media_count && n < VALUE_ITEMS_MAX; m++, n++)
			json_put_int(&ids, NULL, list->items[i].media[m]);
	json_close(&ids, ']');
	if (n)
		TRY(sql_message_media(job,
			&(struct sql_message_media){ .ids = buf_text(&ids),
				.workspace = job->workspace },
			&out->media));
	return canned_figures(job, list, out->figures);
}

static enum err write_media(struct job *job, struct buf *out, const struct shown *shown, id64 id)
{
	for (size_t i = 0; i < shown->media.count; i++)
		if (shown->media.items[i].id == id)
			return media_row_write_json(job, out, NULL, &shown->media.items[i]);
	return OK;
}

static enum err write_canned(struct job *job, struct buf *out, const struct shown *shown, size_t i)
{
	const struct canned *canned = &shown->list.items[i];
	const struct canned_figures *figures = &shown->figures[i];

	json_open(out, '{');
	json_put_id(out, "id", canned->id);
	json_put(out, "shortcut", canned->shortcut);
	json_put(out, "title", canned->title);
	json_put(out, "category", canned->category);
	json_put(out, "body", canned->body);
	json_open_in(out, "media", '[');
	for (size_t m = 0; m < canned->media_count; m++)
		TRY(write_media(job, out, shown, canned->media[m]));
	json_close(out, ']');
	owner_write_json(out, &canned->owner);
	json_put_id(out, "phone_channel_id", canned->channel_id);
	json_open_in(out, "usage", '{');
	json_put_int(out, "used", figures->used);
	json_put_int(out, "delivered", figures->delivered);
	json_put_int(out, "read", figures->read);
	json_put_int(out, "replied", figures->replied);
	json_put_ms(out, "last_used_ms", figures->last_used_ms);
	json_close(out, '}');
	json_put_int(out, "created_ms", canned->created_ms);
	json_put_int(out, "updated_ms", canned->updated_ms);
	json_close(out, '}');
	return OK;
}

static enum err reply_canned(struct job *job, struct response *res, int status,
	const struct canned *canned)
{
	struct canned_list list = { (struct canned *)canned, 1 };
	struct shown shown;

	TRY(load(job, &list, &shown));
	return write_canned(job, reply_json(res, status), &shown, 0);
}

enum err canned_responses_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct canned_list list;
	struct shown shown;
	struct page page;
	bool more;

	TRY(page_read(job, req, "canned-responses", &page));
	TRY(canned_list(job, page.after.id, page.limit + 1, &list));
	more = list.count > page.limit;
	list.count = more ? page.limit : list.count;
	TRY(load(job, &list, &shown));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < list.count; i++)
		TRY(write_canned(job, out, &shown, i));
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		more ? &(struct cursor){ .id = list.items[list.count - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err canned_responses_get(struct job *job, const struct request *req, struct response *res)
{
	struct canned canned;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(canned_get(job, id, &canned));
	return reply_canned(job, res, 200, &canned);
}

/* ---- changing ---- */

struct body { str shortcut, title, category, body, scope; json media; id64 owner_id; };

#define COMMON_FIELDS(required_)                                                                 \
	FIELD(struct body, shortcut, STR, .max = 64, .required = (required_)),                   \
		FIELD(struct body, title, STR, .max = 200, .required = (required_)),             \
		FIELD(struct body, category, STR, .max = 200),                                   \
		FIELD(struct body, body, STR, .max = VARIABLES_TEXT_MAX, .required = (required_)), \
		FIELD(struct body, media, JSON), FIELD(struct body, scope, STR, .max = 20),      \
		FIELD(struct body, owner_id, ID, .nullable = true), { 0 }

static const struct field create_fields[] = { COMMON_FIELDS(true) };
static const struct field change_fields[] = { COMMON_FIELDS(false) };

static void read_media(struct job *job, json list, struct canned *out)
{
	out->media_count = 0;
	if (json_kind(list) != JSON_LIST || json_count(list) > CANNED_MEDIA_MAX) {
		field_error(job, S("media"), S("invalid"), S("A list of at most 10 media ids."));
		return;
	}
	for (size_t i = 0; i < json_count(list); i++)
		if (!json_id(json_at(list, i), &out->media[out->media_count++]))
			field_error(job, arena_printf(job->arena, "media.%zu", i), S("invalid"),
				S("Must be the id of an upload."));
}

static void take(struct job *job, const struct body *body, struct canned *out)
{
	out->shortcut = body->shortcut.ptr ? body->shortcut : out->shortcut;
	out->title = body->title.ptr ? body->title : out->title;
	out->category = body->category.ptr ? body->category : out->category;
	out->body = body->body.ptr ? body->body : out->body;
	if (body->media)
		read_media(job, body->media, out);
	if (body->scope.ptr)
		owner_read(job, body->scope, body->owner_id, &out->owner);
}

enum err canned_responses_post(struct job *job, const struct request *req, struct response *res)
{
	struct canned draft = { .owner = { OWNER_PERSON, 0 } }, canned;
	struct body body = { 0 };

	TRY(request_fields(job, req, create_fields, &body));
	take(job, &body, &draft);
	TRY(canned_create(job, &draft, &canned));
	api_tell_list(job, S("canned.updated"), canned.id);
	return reply_canned(job, res, 201, &canned);
}

enum err canned_responses_patch(struct job *job, const struct request *req, struct response *res)
{
	struct canned draft, canned;
	struct body body = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(canned_get(job, id, &draft));
	TRY(request_fields(job, req, change_fields, &body));
	take(job, &body, &draft);
	TRY(canned_change(job, &draft, &canned));
	api_tell_list(job, S("canned.updated"), canned.id);
	return reply_canned(job, res, 200, &canned);
}

enum err canned_responses_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(canned_remove(job, id));
	api_tell_list(job, S("canned.updated"), id);
	return reply_nothing(res);
}

/* ---- filling in ---- */

static id64 agent_of(const struct job *job)
{
	return job->actor.kind == ACTOR_PERSON ? job->actor.id : 0;
}

struct preview { id64 conversation_id, id; str body; };

static const struct field preview_fields[] = {
	FIELD(struct preview, conversation_id, ID, .required = true),
	FIELD(struct preview, id, ID),
	FIELD(struct preview, body, STR, .max = VARIABLES_TEXT_MAX),
	{ 0 },
};

static enum err find_text(struct job *job, const struct preview *asked, str *text)
{
	struct canned canned;

	*text = asked->body;
	if (!asked->id == !asked->body.ptr)
		field_error(job, S("body"), S("required"), S("Give either body or id."));
	TRY(job_check_fields(job));
	if (!asked->id)
		return OK;
	TRY(canned_get(job, asked->id, &canned));
	*text = canned.body;
	return OK;
}

enum err canned_responses_preview(struct job *job, const struct request *req,
	struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct preview asked = { 0 };
	struct conversation conv;
	struct variables variables;
	str text;

	TRY(request_json(job, req, preview_fields, &asked));
	TRY(find_text(job, &asked, &text));
	TRY(conversation_get(job, asked.conversation_id, &conv));
	TRY(variables_of(job, &conv, agent_of(job), &variables));
	text = variables_fill(job, S("body"), text, &variables);
	TRY(job_check_fields(job));
	json_open(out, '{');
	json_put(out, "text", text);
	json_close(out, '}');
	return OK;
}

/* Without contact.read there is no name and no number to fill in. */
static bool is_hidden(const struct job *job, str name)
{
	return !may_read_contacts(job) && str_starts(name, S("contact."));
}

enum err conversations_variables(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct variables variables;
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(conversation_get(job, id, &conv));
	TRY(variables_of(job, &conv, agent_of(job), &variables));
	json_open(out, '{');
	json_open_in(out, "variables", '{');
	for (size_t i = 0; i < variables.count; i++) {
		json_key_str(out, variables.items[i].name);
		json_put(out, NULL,
			is_hidden(job, variables.items[i].name) ? STR_NONE
								: variables.items[i].value);
	}
	json_close(out, '}');
	json_close(out, '}');
	return OK;
}
