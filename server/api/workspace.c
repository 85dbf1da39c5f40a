/* workspace.c: /workspace, and words that several answers have. */
#include "api/handlers.h"

static void open_map(struct buf *out, const char *key)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
}

void workspace_write_json(struct buf *out, const char *key, const struct workspace *workspace)
{
	open_map(out, key);
	json_put_id(out, "id", workspace->id);
	json_put(out, "name", workspace->name);
	json_put_bool(out, "require_second_factor", workspace->require_second_factor);
	json_put(out, "time_zone", workspace->time_zone);
	json_put(out, "locale", workspace->locale);
	json_put(out, "country", workspace->country);
	json_put_int(out, "created_ms", workspace->created_ms);
	json_close(out, '}');
}

void permissions_write_json(struct buf *out, const char *key, uint64_t permissions)
{
	json_open_in(out, key, '[');
	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (permissions >> i & 1)
			json_put(out, NULL, str_of(permission_name((enum permission_index)i)));
	json_close(out, ']');
}

enum err workspace_read(struct job *job, const struct request *req, struct response *res)
{
	struct workspace workspace;

	(void)req;
	TRY(workspace_get(job, &workspace));
	workspace_write_json(reply_json(res, 200), NULL, &workspace);
	return OK;
}

static const struct field workspace_fields[] = {
	FIELD(struct workspace_draft, name, STR, .max = NAME_TEXT_MAX),
	FIELD(struct workspace_draft, require_second_factor, FLAG),
	FIELD(struct workspace_draft, time_zone, STR, .max = 64),
	FIELD(struct workspace_draft, locale, STR, .max = 8),
	FIELD(struct workspace_draft, country, STR, .max = 2),
	{ 0 },
};

enum err workspace_patch(struct job *job, const struct request *req, struct response *res)
{
	struct workspace_draft draft = { .require_second_factor = -1 };
	struct workspace workspace;

	TRY(request_fields(job, req, workspace_fields, &draft));
	TRY(workspace_change(job, &draft, &workspace));
	if (draft.require_second_factor == 1)
		api_tell_access(job);
	workspace_write_json(reply_json(res, 200), NULL, &workspace);
	return OK;
}
