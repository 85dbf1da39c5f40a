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

#include "account/live_limits.h"
#include "account/role.h"
#include "base/json.h"
#include "runtime/job.h"

#define NAME_TEXT_MAX 120     /* of people, workspaces, keys, channels; code points */
#define EMAIL_MAX 254
#define PASSWORD_TEXT_MIN 8
#define PASSWORD_TEXT_MAX 200

/* ---- workspaces ---- */

struct workspace {
	id64 id;
	str name;
	bool require_second_factor; /* who has none may only set one up */
	str time_zone, locale;      /* "Asia/Jakarta", "id": of who joins, and of its figures */
	str country;                /* two letters, or empty: of numbers without country code */
	int64_t created_ms;
};

/* That of the job. */
enum err workspace_get(struct job *job, struct workspace *out);
/* The day that a time falls on in its time zone, as days since 1970-01-01: what figures are kept
 * by.
 */
enum err workspace_day(struct job *job, int64_t at_ms, int64_t *day);
/* Texts: STR_NONE keeps; require_second_factor: -1 keeps. ERR_CONFLICT "own_second_factor_first"
 * when the asker has none. */
struct workspace_draft { str name, time_zone, locale, country; int require_second_factor; };
enum err workspace_change(struct job *job, const struct workspace_draft *draft,
	struct workspace *out);
/* All ids, oldest first, at most max: for the walkers of jobs/ and for `parley audit verify`.
 * after: 0 or the last one. */
enum err workspace_list(struct job *job, id64 after, id64 *out, size_t max, size_t *count);

/* ---- people ---- */

struct person {
	id64 id;
	str email, name, locale, time_zone;
	struct access access;
	bool disabled, has_second_factor;
	int64_t seen_ms, created_ms;
};

/* STR_NONE keeps; role and password are field-checked here, all at once. role: a built-in word or
 * the id of a custom one. channels, teams: JSON lists of ids; "[]": all. */
struct person_draft {
	str email, name, role, password, locale, time_zone, channels, teams;
	int disabled; /* -1 keep, 0, 1 */
	str current_password;
};

enum err person_get(struct job *job, id64 id, struct person *out);
/* By id, above `after`. */
enum err person_list(struct job *job, id64 after, size_t limit, struct person **out, size_t *count);
/* ERR_CONFLICT when the e-mail is in use. */
enum err person_create(struct job *job, const struct person_draft *draft, struct person *out);
/* Those who do not see every conversation, at most 1000. */
enum err person_scoped(struct job *job, struct person **out, size_t *count);
/* name, role, channels, teams, disabled. Only an owner makes or removes owners, and the last one
 * stays: ERR_DENIED, ERR_CONFLICT. Who is disabled is signed out at once. */
enum err person_change(struct job *job, id64 id, const struct person_draft *draft,
	struct person *out);
/* The actor's own name, locale, time zone and password; a new password ends the other sessions (all
 * but keep_session). */
enum err person_change_self(struct job *job, const struct person_draft *draft, id64 keep_session,
	struct person *out);

/* ---- sessions ---- */

#define SESSION_TOKEN_SIZE 32                         /* random octets; base64url in the cookie */
#define SESSION_IDLE_MS (14 * 24 * 3600 * 1000LL)
#define SESSION_LIFE_MS (30 * 24 * 3600 * 1000LL)
#define SIGN_IN_WINDOW_MS (15 * 60 * 1000LL)
#define SIGN_IN_FAILURES_MAX 10   /* of an e-mail from one address */
#define SIGN_IN_ADDRESS_MAX 40    /* of an address, whatever the e-mail: offices share one */
/* of an e-mail, from addresses where its person is not signed in */
#define SIGN_IN_STRANGERS_MAX 100
#define SIGN_IN_CODES_MAX 20      /* of the second factor, from anywhere: they know the password */
#define SESSIONS_LISTED_MAX 200

struct session {
	id64 id, workspace;
	struct person person;
	str csrf_token;
	int64_t expires_ms; /* of the cookie: the end of its life if it stays in use */
	bool must_enrol;    /* the workspace requires a second factor, and there is none */
};
struct sign_in { str email, password, code, address, user_agent; };

/* ERR_AUTH for a wrong pair (the same answer and time for an unknown e-mail), ERR_AUTH
 * "second_factor_required" for a right one without a code that is needed, ERR_LIMIT after too many.
 * *token: for the cookie. Sets the job's workspace and actor. */
enum err session_create(struct job *job, const struct sign_in *in, struct session *out, str *token);
/* The same for somebody who has proved who they are otherwise (an invitation). */
enum err session_create_for(struct job *job, id64 person, const struct sign_in *in,
	struct session *out, str *token);
/* ERR_AUTH: unknown, expired or its person is disabled. Sets the job's workspace, actor and scope
 * (not its address); without permissions for who must enrol. Notes the use at most once a minute;
 * such a note that fails is no failure. */
enum err session_use(struct job *job, str token, struct session *out);
enum err session_sign_out(struct job *job, id64 id);
/* Removes expired sessions and old sign-in failures: for the daily cleaner. */
enum err session_clean(struct job *job);

struct session_item {
	id64 id;
	str address, user_agent;
	int64_t created_ms, seen_ms, expires_ms;
};
/* Those of a person that last, the newest use first, at most SESSIONS_LISTED_MAX. ERR_MISSING for
 * who is not of the workspace. */
enum err session_list(struct job *job, id64 person, struct session_item **out, size_t *count);
/* Ends one (id) or all (0) of a person's, but `keep`. Of others: ERR_DENIED when they may more than
 * the actor. */
struct session_ending { id64 person, id, keep; };
enum err session_revoke(struct job *job, const struct session_ending *which);
/* Which of the owners of live sockets may still listen (sessions and keys): marks those that may
 * not with 0. */
enum err session_still_there(struct job *job, id64 *ids, size_t count);

/* ---- lock-outs (lockout.c) ---- */

struct lockout { id64 person; int64_t failures, until_ms; };
/* People of the workspace whom some address has tried too often: until when it has to wait. */
enum err lockout_list(struct job *job, struct lockout **out, size_t *count);
/* Lets a person try again at once, from anywhere. */
enum err lockout_release(struct job *job, id64 person);

/* ---- invitations (invitation.c) ---- */

#define INVITATION_LIFE_MS (7 * 24 * 3600 * 1000LL)
#define INVITATIONS_MAX 500 /* open ones of a workspace */

struct invitation {
	id64 id, workspace, invited_by;
	str email, name, inviter;
	struct access access;
	int64_t created_ms, expires_ms;
};

/* Newest first, below `before` (0: from the newest); those that expired, too, for a month. */
enum err invitation_list(struct job *job, id64 before, size_t limit, struct invitation **out,
	size_t *count);
/* email, role; name, channels and teams if they are known. *token: in the link, once. An older one
 * for the same address ends. ERR_CONFLICT "email_taken". */
enum err invitation_create(struct job *job, const struct person_draft *draft,
	struct invitation *out, str *token);
enum err invitation_revoke(struct job *job, id64 id);
/* ERR_MISSING "invitation_gone": unknown, used, revoked or expired. Sets the job's workspace. */
enum err invitation_find(struct job *job, str token, struct invitation *out);
/* name, password, and locale and time_zone if there. Makes the person; the job acts as them. */
enum err invitation_accept(struct job *job, str token, const struct person_draft *draft,
	id64 *person);

/* Something for a person's mailbox; best effort. Set once at start by who can send; NULL: nobody.
 */
struct account_mail { str to, name, url, workspace, inviter; };
extern void (*account_mail_hook)(struct job *job, const struct account_mail *mail);

/* ---- API keys ---- */

#define API_KEY_PREFIX "pk_"
#define API_KEYS_MAX 200 /* of a workspace, not revoked */

struct api_key {
	id64 id;
	str name, prefix;
	uint64_t scopes;
	str channels, teams; /* as of struct access */
	int64_t created_ms, last_used_ms;
};

enum err api_key_list(struct job *job, id64 after, size_t limit, struct api_key **out,
	size_t *count);
/* One's own permissions are the most that a key gets: ERR_DENIED. *plain: shown once. */
struct api_key_draft { str name; uint64_t scopes; str channels, teams; };
enum err api_key_create(struct job *job, const struct api_key_draft *draft, struct api_key *out,
	str *plain);
enum err api_key_revoke(struct job *job, id64 id);
/* Those that see a part of the inbox only. */
enum err api_key_scoped(struct job *job, struct api_key **out, size_t *count);
/* ERR_AUTH for unknown and revoked ones. Sets the job's workspace, actor and scope (not its
 * address); notes the use at most once a minute. */
enum err api_key_use(struct job *job, str plain);

/* ---- live apps: who connects to the live hub, by which key, with which limits ---- */

#define LIVE_APPS_MAX 100               /* of a workspace */
#define LIVE_APP_HOOKS_MAX 5
#define LIVE_APP_NAME_BUILT_IN "Console"

/* Who outside is told of an app's channels and members. events: names, or all when there are none;
 * prefix, suffix: of the channels that count. */
struct live_app_hook { str url, prefix, suffix; str *events; size_t event_count; };

struct live_app {
	id64 id, workspace;
	str name, key, secret;
	bool is_built_in;               /* the console's own: cannot be removed or disabled */
	bool is_disabled, is_gone;      /* is_gone: removed; only live_app_changed() tells it */
	str own_limits;                 /* JSON object: what differs from the settings */
	struct live_limits limits;      /* with the settings for the rest */
	struct live_app_hook *hooks;
	size_t hook_count;
	int64_t created_ms, updated_ms;
};

/* What an app has that says nothing itself; before any other. */
void live_app_set_defaults(const struct live_limits *limits);
/* That of the console of the job's workspace. */
enum err live_app_get(struct job *job, struct live_app *out);
/* The console's of all workspaces, by id above `after`, at most max. */
enum err live_app_list(struct job *job, id64 after, struct live_app *out, size_t max,
	size_t *count);
/* Of all workspaces, by (updated_ms, id) behind these, removed and disabled ones too: for the hub.
 */
struct live_app_mark { int64_t updated_ms; id64 id; };
enum err live_app_changed(struct job *job, const struct live_app_mark *after, struct live_app *out,
	size_t max, size_t *count);
/* Those of the job's workspace. */
enum err live_app_page(struct job *job, id64 after, size_t limit, struct live_app **out,
	size_t *count);
enum err live_app_find(struct job *job, id64 id, struct live_app *out);

/* limits, hooks: JSON, none: as before (or none). is_disabled: -1: as before. */
struct live_app_draft { str name; json limits, hooks; int is_disabled; };
/* ERR_INPUT with field errors. The hub hears of it by live_app_hook. */
enum err live_app_create(struct job *job, const struct live_app_draft *draft, struct live_app *out);
enum err live_app_change(struct job *job, id64 id, const struct live_app_draft *draft,
	struct live_app *out);
/* Gives it a new secret; the old one is no good from now on. */
enum err live_app_rotate(struct job *job, id64 id, struct live_app *out);
enum err live_app_remove(struct job *job, id64 id);
/* Set once at start: an app has changed, and the change is committed. */
extern void (*live_app_hook)(const struct live_app *app);
/* {"url","events","prefix","suffix"} */
void live_app_write_hook(struct buf *out, const struct live_app_hook *hook);
void live_limits_write_json(struct buf *out, const char *key, const struct live_limits *limits);

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
