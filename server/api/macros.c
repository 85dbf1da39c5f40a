/* macros.c: /macros, and running one on a conversation. */
#include "api/handlers.h"
#include "inbox/composer.h"

static void write_macro(struct buf *out, const struct macro *macro)
{
	json_open(out, '{');
	json_put_id(out, "id", macro->id);
	json_put(out, "name", macro->name);
	json_put_value(out, "actions", macro->actions);
	owner_write_json(out, &macro->owner);
	json_put_int(out, "run_count", macro->run_count);
	json_put_ms(out, "last_run_ms", macro->last_run_ms);
	json_put_int(out, "created_ms", macro->created_ms);
	json_put_int(out, "updated_ms", macro->updated_ms);
	json_close(out, '}');
}

enum err macros_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct macros list;
	struct page page;
	bool more;

	TRY(page_read(job, req, "macros", &page));
	TRY(macro_list(job, page.after.id, page.limit + 1, &list));
	more = list.count > page.limit;
	list.count = more ? page.limit : list.count;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < list.count; i++)
		write_macro(out, &list.items[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		more ? &(struct cursor){ .id = list.items[list.count - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err macros_get(struct job *job, const struct request *req, struct response *res)
{
	struct macro macro;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(macro_get(job, id, &macro));
	write_macro(reply_json(res, 200), &macro);
	return OK;
}

struct body { str name, scope; json actions; id64 owner_id; };

static const struct field create_fields[] = {
	FIELD(struct body, name, STR, .max = 200, .required = true),
	FIELD(struct body, actions, JSON, .required = true),
	FIELD(struct body, scope, STR, .max = 20),
	FIELD(struct body, owner_id, ID, .nullable = true),
	{ 0 },
};

static const struct field change_fields[] = {
	FIELD(struct body, name, STR, .max = 200),
	FIELD(struct body, actions, JSON),
	FIELD(struct body, scope, STR, .max = 20),
	FIELD(struct body, owner_id, ID, .nullable = true),
	{ 0 },
};

static void take(struct job *job, const struct body *body, struct macro *out)
{
	out->name = body->name.ptr ? body->name : out->name;
	out->actions = body->actions ? body->actions : out->actions;
	if (body->scope.ptr)
		owner_read(job, body->scope, body->owner_id, &out->owner);
}

enum err macros_post(struct job *job, const struct request *req, struct response *res)
{
	struct macro draft = { .owner = { OWNER_PERSON, 0 } }, macro;
	struct body body = { 0 };

	TRY(request_fields(job, req, create_fields, &body));
	take(job, &body, &draft);
	TRY(macro_create(job, &draft, &macro));
	api_tell_list(job, S("macro.updated"), macro.id);
	write_macro(reply_json(res, 201), &macro);
	return OK;
}

enum err macros_patch(struct job *job, const struct request *req, struct response *res)
{
	struct macro draft, macro;
	struct body body = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(macro_get(job, id, &draft));
	TRY(request_fields(job, req, change_fields, &body));
	take(job, &body, &draft);
	TRY(macro_change(job, &draft, &macro));
	api_tell_list(job, S("macro.updated"), macro.id);
	write_macro(reply_json(res, 200), &macro);
	return OK;
}

enum err macros_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(macro_remove(job, id));
	api_tell_list(job, S("macro.updated"), id);
	return reply_nothing(res);
}

/* ---- running ---- */

static void write_step(struct buf *out, const struct macro_step *step)
{
	static const char *const outcomes[] = {
		[MACRO_NOT_RUN] = "not_run",
		[MACRO_DONE] = "done",
		[MACRO_FAILED] = "failed",
		[MACRO_UNDONE] = "undone",
	};

	json_open(out, '{');
	json_put(out, "type", step->type);
	json_put(out, "outcome", str_of(outcomes[step->outcome]));
	json_put(out, "why", step->why);
	json_put_id(out, "message_id", step->message);
	json_close(out, '}');
}

struct run_body { id64 conversation_id; };

static const struct field run_fields[] = {
	FIELD(struct run_body, conversation_id, ID, .required = true),
	{ 0 },
};

enum err macros_run(struct job *job, const struct request *req, struct response *res)
{
	struct macro_run *run = ARENA_NEW(job->arena, struct macro_run);
	struct run_body body = { 0 };
	struct buf *out;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, run_fields, &body));
	TRY(macro_run(job, id, body.conversation_id, run));
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put_bool(out, "ok", run->ok);
	json_open_in(out, "steps", '[');
	for (size_t i = 0; i < run->count; i++)
		write_step(out, &run->steps[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}
