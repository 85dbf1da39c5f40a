/* channel_internal.h: what the channel files share. */
#ifndef ACCOUNT_CHANNEL_INTERNAL_H
#define ACCOUNT_CHANNEL_INTERNAL_H

#include "account/account_internal.h"
#include "account/channel.h"
#include "store/queries.h"

#define HEALTH_FIRST_REASON S("Nothing has come through yet.")
#define HEALTH_FIRST_STEP S("Run the test, then send a message to the number.")

/* A row with its secrets unsealed, under the row's own workspace. */
enum err channel_from_row(struct job *job, const struct channel_row *row, struct channel_full *out);
/* The sealed JSON of the three secrets and the config, under job->workspace. */
enum err channel_seal_config(struct job *job, const struct channel *channel, bytes *out);
/* What tells apps apart without telling the secret; BYTES_NONE without a secret. In the arena. */
bytes channel_app_tag(struct job *job, str app_secret);
/* The told of a health answer in the place of what was kept, and a warning when the token is about
 * to expire: in the open transaction. */
enum err channel_keep_told(struct job *job, const struct channel_full *full,
	const struct provider_health *health);
/* "number" and "warnings" of the API's Channel. */
void channel_write_told(struct buf *out, const struct channel_full *full);
/* After a commit: keys of the intake, and those who watch. */
void channel_changed(struct job *job, id64 id);

/* What will be stored: `given` (NULL: nothing new), with what `old` (STR_NONE: a new channel) has
 * where it is masked. Notes field errors below "config". */
enum err channel_take_config(struct job *job, const struct provider *provider, str old, json given,
	str *out);

/* A field error unless it is one of the two words, or not there (channel_environment.c). */
void channel_check_environment(struct job *job, str environment);
/* In the open transaction, of a channel as it will be: no credential of it serves the other
 * environment; then all of its account are of this one. is_new: its account must agree already. */
enum err channel_settle_environment(struct job *job, const struct channel *ch, bool is_new);

#endif
