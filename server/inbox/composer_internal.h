/*
 * composer_internal.h: what the files of the composer share: whose a ready answer or a macro is.
 */
#ifndef INBOX_COMPOSER_INTERNAL_H
#define INBOX_COMPOSER_INTERNAL_H

#include "inbox/composer.h"
#include "inbox/inbox_internal.h"

/* Those who manage what is shared, and API keys. */
bool owner_sees_all_teams(const struct job *job);
/* ERR_MISSING for what the asker may not use. */
enum err owner_check_visible(struct job *job, const struct owner *owner);
/* Fills owner_id in for the workspace and the asker; field errors where it cannot be. */
enum err owner_settle(struct job *job, struct owner *owner);
/* ERR_DENIED for what others share, without canned.manage. */
enum err owner_check_change(struct job *job, const struct owner *owner);

/* A quick reply of a phone, in the caller's transaction: draft->id 0 makes it. Its owner, files and
 * category stay. ERR_INPUT, ERR_CONFLICT "shortcut_taken", ERR_LIMIT wrote nothing. */
enum err canned_take(struct job *job, struct canned *draft, id64 channel, str remote_id);
enum err canned_drop(struct job *job, id64 id);

#endif
