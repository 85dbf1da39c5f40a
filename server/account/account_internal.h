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
void check_password(struct job *job, str field, str password);
/* Trims and lowers; a field error unless it looks like an address. */
str check_email(struct job *job, str field, str email);

/* The first member of a workspace and their session: without permission checks, in the open
 * transaction. */
enum err person_insert(struct job *job, const struct person_draft *draft, enum role role, id64 *id);
enum err api_key_insert(struct job *job, str name, uint64_t scopes, id64 *id, str *plain);
enum err live_app_insert(struct job *job, struct live_app *out);

/* Runs change(job, arg) in a write transaction of its own and commits. */
enum err in_transaction(struct job *job, enum err (*change)(struct job *job, void *arg), void *arg);

/* New app tags for all channels, after the master key changed: in the open transaction (channel.c).
 */
enum err channel_retag(struct job *job);

#endif
