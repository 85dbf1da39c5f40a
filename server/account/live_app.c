/* live_app.c: the key and secret by which a workspace's console joins the live hub. */
#include "account/account_internal.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define APP_KEY_SIZE 15
#define APP_SECRET_SIZE 24

enum err live_app_insert(struct job *job, struct live_app *out)
{
	bytes sealed;

	*out = (struct live_app){ .id = job_id(job), .workspace = job->workspace,
				  .key = crypto_random_text(job->arena, APP_KEY_SIZE),
				  .secret = crypto_random_text(job->arena, APP_SECRET_SIZE) };
	TRY(seal(job, SEAL_SECRET, out->secret, &sealed));
	return sql_live_app_insert(job,
		&(struct sql_live_app_insert){ .id = out->id,
			.workspace = job->workspace,
			.app_key = out->key,
			.secret_sealed = sealed,
			.now_ms = job->now_ms },
		NULL);
}

/* Under the workspace of the row, which is the job's own for all but the list. */
static enum err from_row(struct job *job, const struct live_app_row *row, struct live_app *out)
{
	id64 own = job->workspace;
	enum err e;

	*out = (struct live_app){ .id = row->id, .workspace = row->workspace, .key = row->app_key };
	job->workspace = row->workspace;
	e = unseal(job, SEAL_SECRET, row->secret_sealed, &out->secret);
	job->workspace = own;
	return e;
}

enum err live_app_get(struct job *job, struct live_app *out)
{
	struct live_app_row row;

	TRY(sql_live_app_get(job, &(struct sql_live_app_get){ .workspace = job->workspace }, &row));
	return from_row(job, &row, out);
}

enum err live_app_list(struct job *job, id64 after, struct live_app *out, size_t max, size_t *count)
{
	struct live_app_rows rows;

	TRY(sql_live_app_list(job,
		&(struct sql_live_app_list){ .after = after, .count = (int64_t)max }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(from_row(job, &rows.items[i], &out[i]));
	*count = rows.count;
	return OK;
}
