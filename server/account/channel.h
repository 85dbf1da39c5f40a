/*
 * channel.h: the channels of a workspace, as stored. struct channel itself is the provider's
 * (provider/provider.h).
 */
#ifndef ACCOUNT_CHANNEL_H
#define ACCOUNT_CHANNEL_H

#include "provider/provider.h"

/* How all channels of a provider reach it; from settings, once at start. allow_private: that
 * address may be private. */
void channel_set_base_url(const char *provider, const char *url, bool allow_private);
/* May an address of a channel's own config be private? From settings, once at start. */
void channel_set_allow_private(bool allow_private);

/* Texts: STR_NONE keeps what is there, or makes a default. */
struct channel_draft {
	str provider, name;
	str remote_id;       /* field phone_number_id */
	str account_id;      /* field waba_id */
	str access_token, app_secret, verify_token;
	/* digits, also with '+'; none: "pending-" and the id, until health tells it */
	str phone;
	json config;         /* the provider's own; NULL: none, or keep */
	/* 0: default, or keep; pair_interval_ms -1: none */
	int64_t pace_per_second, pair_interval_ms, pair_burst;
	int disabled;        /* -1 keep, 0 enable, 1 disable */
	str environment;     /* "production" (the default) or "development" */
	/* of a changed app_secret: days that the one before is taken as well; -1:
	 * SECRET_OVERLAP_DAYS */
	int64_t secret_overlap_days;
	bool forget_old_secret;
};

#define SECRET_OVERLAP_DAYS 7
#define SECRET_OVERLAP_DAYS_MAX 30

/* Of a new channel, unless channel_set_defaults() says otherwise. */
#define PACE_PER_SECOND_DEFAULT 80
#define PAIR_INTERVAL_MS_DEFAULT 6000
#define PAIR_BURST_DEFAULT 20
#define PACE_PER_SECOND_MAX 1000
#define PAIR_INTERVAL_MS_MAX 600000
#define PAIR_BURST_MAX 1000
void channel_set_defaults(int64_t pace_per_second, int64_t pair_interval_ms, int64_t pair_burst);

/* A channel, and what we saw of it. */
struct channel_full {
	struct channel channel;
	/* "healthy", "unverified", "failing", "disabled" */
	str health, health_reason, health_next_step;
	str verified_name, quality;                  /* as the provider tells; none until it did */
	/* all that it tells (channel_told.c), or NULL */
	json told;
	int64_t health_since_ms, proof_ms, last_event_ms, last_send_ms, created_ms;
};

/* Loads and unseals; ERR_MISSING when there is none in job->workspace (0: any workspace), or it was
 * deleted. */
enum err channel_get(struct job *job, id64 id, struct channel **out);
enum err channel_get_full(struct job *job, id64 id, struct channel_full **out);
/* Those of the workspace, by id above `after`. */
enum err channel_list(struct job *job, id64 after, size_t limit, struct channel_full **out,
	size_t *count);
/* The channel that a webhook names, of the same app as `posted_to` (same app secret), maybe of
 * another workspace; ERR_MISSING otherwise. */
enum err channel_of_event(struct job *job, const struct channel *posted_to, str remote_id,
	struct channel **out);
/* Each in its own transaction with an audit row. ERR_CONFLICT when the number is connected already,
 * or "environment_crossed" when a token, secret or account would serve production and development.
 * A change of the environment goes for all channels of the account. */
enum err channel_create(struct job *job, const struct channel_draft *draft, struct channel **out);
enum err channel_change(struct job *job, id64 id, const struct channel_draft *draft, str reason,
	struct channel **out);
enum err channel_delete(struct job *job, id64 id, str reason);

/* Moves the channel to the number with these digits: in the open transaction. */
enum err channel_set_phone(struct job *job, const struct channel *channel, str phone);

/* What customers see of the number, as the network has it. No transaction may be open. */
enum err channel_profile(struct job *job, id64 id, struct business_profile *out);
/* What is given; picture: a file of ours to show, or 0. Field errors; an audit row. */
enum err channel_profile_change(struct job *job, id64 id, const struct business_profile *draft,
	id64 picture, struct business_profile *out);

/* Proof and failure, seen by anybody who used the channel: state "healthy" (that is proof),
 * "failing", "unverified". Few writes: only changes and, for proof, once a minute. In the open
 * write transaction, or in one of its own.
 * "received" is proof by an event that came: healthy, unless sending fails: then only a send, or a
 * test that passes, makes it so. */
enum err channel_note_health(struct job *job, id64 id, str state, str reason, str next_step);
/* Something came, or went. At most a write in ten seconds and channel. As above. */
enum err channel_note_traffic(struct job *job, id64 id, bool is_incoming);
/* Asks the provider, and keeps what it tells: number, name, quality, health. No transaction may be
 * open. */
enum err channel_check(struct job *job, id64 id, struct provider_health *out);
/* What an EVENT_NOTICE says of the number or account, beside its sentence: quality, limit, name,
 * review: kept where channel_check() keeps it, in the open transaction. What it does not say is
 * asked for by channel_refresh_hook. */
enum err channel_apply_notice(struct job *job, const struct channel *ch,
	const struct provider_event *event);
/* Set once at start: a channel_check() soon. May be NULL. */
extern void (*channel_refresh_hook)(id64 workspace, id64 channel);

/* One management call by its name (provider/manage.h): field errors, an audit row for what changes
 * something; the network's answer as JSON text. No transaction may be open. */
enum err channel_manage(struct job *job, id64 id, str name, json parameters, str *answer);
/* Subscribes our webhook URL at the provider, and looks whether it stands there then. */
enum err channel_subscribe(struct job *job, id64 id, struct provider_subscription *out);

/* After each change that people see (a note of health in an open transaction: before its commit).
 * Set once at start by main; may be NULL. */
extern void (*channel_changed_hook)(struct job *job, id64 channel);

/* The API's Channel object, as a member `key` or (NULL) an element or the whole text. verify_token,
 * webhook_secret and config only for those who may manage channels. out: of an arena. */
void channel_write_json(struct buf *out, const char *key, const struct channel_full *full,
	bool may_manage);
/* "capabilities": the words for bits of provider.can. */
void channel_write_capabilities(struct buf *out, uint64_t can);
/* The config as a member `key`, with its secrets masked. */
void channel_write_config(struct buf *out, const char *key, const struct channel *channel);
/* The public URL, for webhook addresses; once at start, when the port is known. Kept by the caller.
 */
void channel_set_public_url(const char *url);
str channel_public_url(void);
str channel_webhook_url(struct arena *arena, const struct channel *channel);

/* For the intake on the loop: secrets of all live channels in memory, refreshed when channels
 * change. NULL if unknown. The entry is reference-counted: give it back with intake_key_drop. Any
 * thread. */
struct intake_key {
	id64 channel, workspace;
	const struct provider *provider;
	struct webhook_keys keys;
};
const struct intake_key *intake_key_take(id64 channel);
void intake_key_drop(const struct intake_key *key);
/* Reads them again from the store; at start and after each change (channel_create … call it). */
enum err intake_keys_load(struct job *job);
/* At the end of the process: forgets them all. */
void intake_keys_close(void);

#endif
