/*
 * channel.h: the channels of a workspace, as stored. struct channel itself is the provider's (provider/provider.h).
 */
#ifndef ACCOUNT_CHANNEL_H
#define ACCOUNT_CHANNEL_H

#include "provider/provider.h"

/* How all Cloud channels reach Meta; from settings, once at start. */
void channel_set_graph_url(const char *url, bool allow_private);

struct channel_draft {
	str provider, name, remote_id, account_id, access_token, app_secret, verify_token; /* none: keep, or make */
	str phone;           /* digits; none: "pending-" and the id, until health tells it */
	int64_t pace_per_second, pair_interval_ms, pair_burst; /* 0: default */
	int disabled;        /* -1 keep, 0 enable, 1 disable */
};

#define PACE_PER_SECOND_DEFAULT 80
#define PAIR_INTERVAL_MS_DEFAULT 6000
#define PAIR_BURST_DEFAULT 20

/* Loads and unseals; ERR_MISSING when there is none in job->workspace (0: any workspace). */
enum err channel_get(struct job *job, id64 id, struct channel **out);
/* The channel that a webhook names, of the same app as `posted_to` (same app secret); ERR_MISSING otherwise. */
enum err channel_of_event(struct job *job, const struct channel *posted_to, str remote_id, struct channel **out);
/* Each in its own transaction with an audit row. */
enum err channel_create(struct job *job, const struct channel_draft *draft, struct channel **out);
enum err channel_change(struct job *job, id64 id, const struct channel_draft *draft, str reason, struct channel **out);
enum err channel_delete(struct job *job, id64 id, str reason);
/* Proof and failure, seen by anybody who used the channel; few writes: only changes and, for proof, once a minute. */
enum err channel_note_health(struct job *job, id64 id, str state, str reason, str next_step);

/* For the intake on the loop: secrets of all live channels in memory, refreshed when channels change. NULL if unknown.
 * The entry is reference-counted: give it back with intake_key_drop. Any thread. */
struct intake_key { id64 channel, workspace; const struct provider *provider; str app_secret, verify_token; };
const struct intake_key *intake_key_take(id64 channel);
void intake_key_drop(const struct intake_key *key);
/* Reads them again from the store; at start and after each change (channel_create … call it). */
enum err intake_keys_load(struct job *job);

#endif
