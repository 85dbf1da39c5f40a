/*
 * account.h: workspaces, the people in them, and how they prove who they are.
 *
 * Functions run on workers. Those that change something open their own write transaction, write an
 * audit row in it and commit, unless they say otherwise; job->workspace and job->actor say for
 * whom. Passwords, tokens and keys are kept as hashes only: the plain ones are in the answer of the
 * call that made them, once.
 */
#ifndef ACCOUNT_ACCOUNT_H
#define ACCOUNT_ACCOUNT_H

#include "account/permission.h"
#include "base/buf.h"
#include "runtime/job.h"

#define NAME_TEXT_MAX 120     /* of people, workspaces, keys, channels; code points */
#define EMAIL_MAX 254
#define PASSWORD_TEXT_MIN 8
#define PASSWORD_TEXT_MAX 200

/* ---- workspaces ---- */

struct workspace { id64 id; str name; int64_t created_ms; };

/* That of the job. */
enum err workspace_get(struct job *job, struct workspace *out);
enum err workspace_rename(struct job *job, str name, struct workspace *out);
/* All ids, oldest first, at most max: for the walkers of jobs/ and for `parley audit verify`.
 * after: 0 or the last one. */
enum err workspace_list(struct job *job, id64 after, id64 *out, size_t max, size_t *count);

/* ---- people ---- */

struct person {
	id64 id;
	str email, name, locale;
	enum role role;
	bool disabled;
	int64_t seen_ms, created_ms;
};

/* STR_NONE keeps; role and password are field-checked here, all at once. */
struct person_draft {
	str email, name, role, password, locale;
	int disabled; /* -1 keep, 0, 1 */
	str current_password;
};

enum err person_get(struct job *job, id64 id, struct person *out);
/* By id, above `after`. */
enum err person_list(struct job *job, id64 after, size_t limit, struct person **out, size_t *count);
/* ERR_CONFLICT when the e-mail is in use. */
enum err person_create(struct job *job, const struct person_draft *draft, struct person *out);
/* name, role, disabled. Only an owner makes or removes owners, and the last one stays: ERR_DENIED,
 * ERR_CONFLICT. Who is disabled is signed out at once. */
enum err person_change(struct job *job, id64 id, const struct person_draft *draft,
	struct person *out);
/* The actor's own name, locale and password; a new password ends the other sessions (all but
 * keep_session). */
enum err person_change_self(struct job *job, const struct person_draft *draft, id64 keep_session,
	struct person *out);

/* ---- sessions ---- */

#define SESSION_TOKEN_SIZE 32                         /* random octets; base64url in the cookie */
#define SESSION_IDLE_MS (14 * 24 * 3600 * 1000LL)
#define SESSION_LIFE_MS (30 * 24 * 3600 * 1000LL)
#define SIGN_IN_FAILURES_MAX 10                       /* per e-mail, and per address */
#define SIGN_IN_WINDOW_MS (15 * 60 * 1000LL)

struct session {
	id64 id, workspace;
	struct person person;
	str csrf_token;
	int64_t expires_ms; /* of the cookie: the end of its life if it stays in use */
};
struct sign_in { str email, password, address, user_agent; };

/* ERR_AUTH for a wrong pair (the same answer and time for an unknown e-mail), ERR_LIMIT after too
 * many. *token: for the cookie. Sets the job's workspace and actor. */
enum err session_create(struct job *job, const struct sign_in *in, struct session *out, str *token);
/* ERR_AUTH: unknown, expired or its person is disabled. Sets the job's workspace and actor (not its
 * address). Notes the use at most once a minute; such a note that fails is no failure. */
enum err session_use(struct job *job, str token, struct session *out);
enum err session_end(struct job *job, id64 id);
/* Removes expired sessions and old sign-in failures: for the daily cleaner. */
enum err session_clean(struct job *job);

/* ---- API keys ---- */

#define API_KEY_PREFIX "pk_"
#define API_KEYS_MAX 200 /* of a workspace, not revoked */

struct api_key {
	id64 id;
	str name, prefix;
	uint64_t scopes;
	int64_t created_ms, last_used_ms;
};

enum err api_key_list(struct job *job, id64 after, size_t limit, struct api_key **out,
	size_t *count);
/* One's own permissions are the most that a key gets: ERR_DENIED. *plain: shown once. */
enum err api_key_create(struct job *job, str name, uint64_t scopes, struct api_key *out,
	str *plain);
enum err api_key_revoke(struct job *job, id64 id);
/* ERR_AUTH for unknown and revoked ones. Sets the job's workspace and actor (not its address);
 * notes the use at most once a minute. */
enum err api_key_use(struct job *job, str plain);

/* ---- live apps: what the console's live connection signs in with ---- */

struct live_app { id64 id, workspace; str key, secret; };

/* That of the job's workspace. */
enum err live_app_get(struct job *job, struct live_app *out);
/* Those of all workspaces, by id above `after`, at most max: for the start of the hub. */
enum err live_app_list(struct job *job, id64 after, struct live_app *out, size_t max,
	size_t *count);

/* ---- first things ---- */

struct setup_draft { str workspace, email, name, password; /* none: made up */ };
struct setup_result {
	id64 workspace, person;
	str email, password, api_key; /* api_key has all permissions */
	struct live_app app;
};

/* Makes a workspace with its data key, its owner, an API key and the live app, and sets the job's
 * workspace and actor to them. ERR_CONFLICT when the e-mail is in use; ERR_INPUT with field errors.
 */
enum err account_setup(struct job *job, const struct setup_draft *draft, struct setup_result *out);
/* The members of `parley setup --json`, into an open object. */
void setup_write_json(struct buf *out, const struct setup_result *result);
/* `parley audit verify`: checks the chains of all workspaces, a line of text for each; *broken: how
 * many are not whole. */
enum err account_verify_audit(struct job *job, struct buf *out, int64_t *broken);

#endif
