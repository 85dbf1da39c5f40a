/* roles.c: /roles. */
#include "api/handlers.h"

static void write_role(struct buf *out, const struct role_full *role)
{
	json_open(out, '{');
	if (role->id)
		json_put_id(out, "id", role->id);
	else
		json_put(out, "id", role->name);
	json_put(out, "name", role->name);
	json_put_bool(out, "built_in", role->id == 0);
	permissions_write_json(out, "permissions", role->permissions);
	json_put(out, "sees", str_of(scope_sees_name(role->sees)));
	json_put_int(out, "people", role->people);
	json_put_ms(out, "created_ms", role->created_ms);
	json_close(out, '}');
}

enum err roles_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct role_full *roles;
	size_t count;

	(void)req;
	TRY(role_list(job, &roles, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		write_role(out, &roles[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

struct role_asked { str name, sees; json permissions; };

static const struct field role_fields[] = {
	FIELD(struct role_asked, name, STR),
	FIELD(struct role_asked, permissions, JSON),
	FIELD(struct role_asked, sees, STR),
	{ 0 },
};

static enum err read_role(struct job *job, const struct request *req, struct role_draft *out)
{
	struct role_asked asked = { 0 };
	enum scope_sees sees = SEES_ALL;

	TRY(request_fields(job, req, role_fields, &asked));
	*out = (struct role_draft){ .name = asked.name, .sees = -1 };
	if (asked.permissions) {
		out->has_permissions = true;
		out->permissions = permissions_read_json(job, "permissions", asked.permissions);
	}
	if (asked.sees.ptr && !scope_sees_parse(asked.sees, &sees))
		field_error(job, S("sees"), S("invalid"),
			S("One of all, unassigned_and_own, own."));
	if (asked.sees.ptr)
		out->sees = (int)sees;
	return OK;
}

enum err roles_post(struct job *job, const struct request *req, struct response *res)
{
	struct role_draft draft;
	struct role_full role;

	TRY(read_role(job, req, &draft));
	if (!draft.name.ptr)
		draft.name = S("");
	TRY(role_create(job, &draft, &role));
	write_role(reply_json(res, 201), &role);
	return OK;
}

enum err roles_patch(struct job *job, const struct request *req, struct response *res)
{
	struct role_draft draft;
	struct role_full role;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_role(job, req, &draft));
	TRY(role_change(job, id, &draft, &role));
	api_tell_access(job);
	write_role(reply_json(res, 200), &role);
	return OK;
}

enum err roles_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(role_delete(job, id));
	return reply_nothing(res);
}
