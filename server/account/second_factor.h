/*
 * second_factor.h: a code beside the password.
 *
 * One begins with a secret that an authenticator app takes, and it counts from the first code on
 * that proves it. Ten recovery codes stand in for a lost app; each works once. The plain secret and
 * codes are in the answer that made them, and nowhere else.
 */
#ifndef ACCOUNT_SECOND_FACTOR_H
#define ACCOUNT_SECOND_FACTOR_H

#include "runtime/job.h"

#define RECOVERY_CODES 10

struct second_factor_offer { str secret, uri, qr_svg; };

/* Of the actor. ERR_CONFLICT when one is in use. */
enum err second_factor_begin(struct job *job, str email, struct second_factor_offer *out);
/* Field error "code" unless it is the app's code of now. codes: RECOVERY_CODES of them. */
enum err second_factor_confirm(struct job *job, str code, str codes[RECOVERY_CODES]);
/* With the actor's password: field error "password". */
enum err second_factor_disable(struct job *job, str password);
enum err second_factor_new_codes(struct job *job, str password, str codes[RECOVERY_CODES]);
enum err second_factor_codes_left(struct job *job, int64_t *out);
/* Takes that of somebody else away, who lost app and codes: they are signed out everywhere. */
enum err second_factor_reset(struct job *job, id64 person);

/* For signing in, with the job's workspace set: whether the person has one in use. */
enum err second_factor_needed(struct job *job, id64 person, bool *out);
/* A code of the app or a recovery code; *good false when it is none, or was used. In a transaction
 * of its own. *recovery: it was one of those. */
enum err second_factor_use(struct job *job, id64 person, str code, bool *good, bool *recovery);

#endif
