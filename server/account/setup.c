/* setup.c: the first workspace, owner and key; and `parley audit verify`. */
#include "account/account_internal.h"
#include "base/json.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#define MADE_PASSWORD_SIZE 12
#define ALL_PERMISSIONS ((1ull << PERMISSION_COUNT) - 1)
#define WORKSPACE_PAGE 200

struct setup {
	struct setup_draft draft;
	struct setup_result *out;
};

static enum err make_all(struct job *job, void *arg)
{
	struct setup *setup = arg;
	struct setup_result *out = setup->out;
	const struct person_draft owner = { .email = setup->draft.email, .name = setup->draft.name,
					    .password = setup->draft.password };
	const struct access access = { .role = ROLE_OWNER };
	id64 key;

	job->workspace = out->workspace = job_id(job);
	TRY(sql_workspace_insert(job,
		&(struct sql_workspace_insert){ .id = out->workspace,
			.name = setup->draft.workspace,
			.now_ms = job->now_ms },
		NULL));
	TRY(keyring_add_workspace(job, out->workspace));
	TRY(person_insert(job, &owner, &access, &out->person));
	TRY(api_key_insert(job,
		&(struct api_key_draft){ .name = S("Setup"), .scopes = ALL_PERMISSIONS }, &key,
		&out->api_key));
	TRY(live_app_insert(job, &out->app));
	return audit_add(job, &(struct audit_entry){ .action = "workspace.create",
				      .target_kind = "workspace",
				      .target_id = out->workspace });
}

enum err account_setup(struct job *job, const struct setup_draft *draft, struct setup_result *out)
{
	struct setup setup = { .draft = *draft, .out = out };

	setup.draft.email = check_email(job, S("email"), draft->email);
	check_name(job, S("workspace"), draft->workspace);
	check_name(job, S("name"), draft->name);
	if (!draft->password.ptr)
		setup.draft.password = crypto_random_text(job->arena, MADE_PASSWORD_SIZE);
	check_password(job, S("password"), setup.draft.password,
		&(struct password_owner){ setup.draft.email, draft->name });
	TRY(job_check_fields(job));
	*out = (struct setup_result){ .email = setup.draft.email,
		.password = setup.draft.password };
	TRY(in_transaction(job, make_all, &setup));
	job->actor = (struct actor){ .kind = ACTOR_PERSON,
		.id = out->person,
		.name = setup.draft.name,
		.permissions = role_permissions(ROLE_OWNER) };
	return OK;
}

void setup_write_json(struct buf *out, const struct setup_result *result)
{
	json_put(out, "email", result->email);
	json_put(out, "password", result->password);
	json_put(out, "api_key", result->api_key);
	json_put_id(out, "workspace_id", result->workspace);
	json_open_in(out, "pusher", '{');
	json_put_id(out, "app_id", result->app.id);
	json_put(out, "key", result->app.key);
	json_put(out, "secret", result->app.secret);
	json_close(out, '}');
}

static enum err verify_one(struct job *job, id64 workspace, struct buf *out, int64_t *broken)
{
	int64_t rows, broken_at;

	TRY(audit_verify(job, workspace, &rows, &broken_at));
	buf_printf(out, "workspace %lld: %lld rows, ", (long long)workspace, (long long)rows);
	if (broken_at)
		buf_printf(out, "BROKEN at row %lld\n", (long long)broken_at);
	else
		buf_str(out, S("whole\n"));
	*broken += broken_at != 0;
	return OK;
}

enum err account_verify_audit(struct job *job, struct buf *out, int64_t *broken)
{
	id64 page[WORKSPACE_PAGE], after = 0;
	size_t count;

	*broken = 0;
	do {
		TRY(workspace_list(job, after, page, WORKSPACE_PAGE, &count));
		for (size_t i = 0; i < count; i++) {
			TRY(verify_one(job, page[i], out, broken));
			after = page[i];
		}
	} while (count == WORKSPACE_PAGE);
	return OK;
}
