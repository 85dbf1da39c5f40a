/* account_internal.h: what the files of account/ share. */
#ifndef ACCOUNT_INTERNAL_H
#define ACCOUNT_INTERNAL_H

#include "account/account.h"
#include "account/audit.h"
#include "account/seal.h"

/* Notes of use ("seen", "last used") are written this seldom. */
#define NOTE_INTERVAL_MS 60000

/* Text of a person: 1 to NAME_TEXT_MAX code points without control characters, else a field error.
 */
void check_name(struct job *job, str field, str name);
/* whose: parts of it that a password must not be. */
struct password_owner { str email, name; };
void check_password(struct job *job, str field, str password, const struct password_owner *whose);
void check_locale(struct job *job, str locale);
void check_time_zone(struct job *job, str time_zone);
/* Trims and lowers; a field error unless it looks like an address. */
str check_email(struct job *job, str field, str email);

/* The first member of a workspace and their session: without permission checks, in the open
 * transaction. */
enum err person_insert(struct job *job, const struct person_draft *draft,
	const struct access *access, id64 *id);
enum err api_key_insert(struct job *job, const struct api_key_draft *draft, id64 *id, str *plain);
/* ERR_DENIED unless the job's actor may do to this one what managers of people may: only owners to
 * owners, nobody to who may more than they. ERR_MISSING for who is not of the workspace. */
enum err person_may_manage(struct job *job, id64 person);
struct person_row;
enum err person_of_row(struct job *job, const struct person_row *row, struct person *out);
enum err email_taken(struct job *job);
/* Given to a new member: within the actor's own, and only owners make owners. */
enum err access_may_give(struct job *job, const struct access *access);

/* ---- the limit of signing in (lockout.c) ---- */

enum attempt_subject { BY_PAIR, BY_ADDRESS, BY_EMAIL, ATTEMPT_SUBJECTS };
struct attempt {
	uint8_t subject[ATTEMPT_SUBJECTS][SHA256_SIZE];
	id64 id[ATTEMPT_SUBJECTS], guess; /* guess: at the second factor; 0: none */
	str email, address;
	bool is_last; /* of the pair: if it fails, the next one is not looked at */
};
/* Counts it as failed before its password is looked at: ERR_LIMIT after too many. */
enum err attempt_begin(struct job *job, const struct sign_in *in, str email, struct attempt *out);
/* Whose e-mail it was. The last one before the door closes is told to the log and the audit. */
enum err attempt_failed(struct job *job, const struct attempt *attempt, id64 person);
/* It was no failure, though not the end of it: takes this one back. In the open transaction. */
enum err attempt_take_back(struct job *job, const struct attempt *attempt);
/* Signed in: nothing counts against the pair any more. In the open transaction. */
enum err attempt_forget(struct job *job, const struct attempt *attempt);
/* One guess at a person's second factor: ERR_LIMIT after too many; a right one is forgotten with
 * the attempt. */
enum err attempt_guess(struct job *job, id64 person, struct attempt *attempt);
/* The built-in one of a new workspace. */
enum err live_app_insert(struct job *job, struct live_app *out);
/* A new one in out, not yet written; then written, with its hooks as JSON (live_app.c). */
void live_app_begin(struct job *job, str name, struct live_app *out);
enum err live_app_write(struct job *job, const struct live_app *app, str hooks);
str live_app_make_secret(struct job *job);
/* Sets what own says and is in range. */
void live_limits_apply(struct live_limits *out, json own);
/* Notes what is unknown or out of range. */
void live_limits_check(struct job *job, json own);

/* Runs change(job, arg) in a write transaction of its own and commits. */
enum err in_transaction(struct job *job, enum err (*change)(struct job *job, void *arg), void *arg);

/* New app tags for all channels, after the master key changed: in the open transaction (channel.c).
 */
enum err channel_retag(struct job *job);

#endif
