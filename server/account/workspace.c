/* workspace.c: the tenant itself. */
#include "account/account_internal.h"
#include "base/json.h"
#include "store/queries.h"

enum err workspace_get(struct job *job, struct workspace *out)
{
	struct workspace_row row;

	TRY(sql_workspace_get(job, &(struct sql_workspace_get){ .id = job->workspace }, &row));
	*out = (struct workspace){ .id = row.id, .name = row.name, .created_ms = row.created_ms };
	return OK;
}

static enum err rename_it(struct job *job, void *arg)
{
	const str *name = arg;
	struct workspace before;
	struct buf detail = buf_in(job->arena, 4096);

	TRY(workspace_get(job, &before));
	json_open(&detail, '{');
	json_put(&detail, "before", before.name);
	json_put(&detail, "name", *name);
	json_close(&detail, '}');
	TRY(sql_workspace_rename(job,
		&(struct sql_workspace_rename){ .id = job->workspace, .name = *name }, NULL));
	return audit_add(job, &(struct audit_entry){ .action = "workspace.change",
				      .target_kind = "workspace",
				      .target_id = job->workspace,
				      .detail = buf_text(&detail) });
}

enum err workspace_rename(struct job *job, str name, struct workspace *out)
{
	check_name(job, S("name"), name);
	TRY(job_check_fields(job));
	TRY(in_transaction(job, rename_it, &name));
	return workspace_get(job, out);
}

enum err workspace_list(struct job *job, id64 after, id64 *out, size_t max, size_t *count)
{
	struct workspace_rows rows;

	TRY(sql_workspace_list(job,
		&(struct sql_workspace_list){ .after = after, .count = (int64_t)max }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		out[i] = rows.items[i].id;
	*count = rows.count;
	return OK;
}
