/*
 * notify.h: how people want to be told, what they have muted, and the browsers that hear them.
 *
 * Workers only. Who is told of what, and by which way it leaves, is jobs/notify.c; this is what it
 * and the API read and write. Functions that change something open their own transaction, unless
 * they say otherwise.
 */
#ifndef INBOX_NOTIFY_H
#define INBOX_NOTIFY_H

#include "crypto/p256.h"
#include "inbox/inbox.h"

/* ---- settings ---- */

enum notify_event {
	NOTIFY_MINE,       /* a customer's message in a conversation of mine */
	NOTIFY_UNASSIGNED, /* … in one of nobody */
	NOTIFY_OTHER,      /* … in one of somebody else */
	NOTIFY_MENTION,
	NOTIFY_ASSIGNED,
	NOTIFY_SLA,
	NOTIFY_EVENTS
};
const char *notify_event_name(enum notify_event event);

#define BY_SOUND 1u   /* in the page */
#define BY_BROWSER 2u /* by the browser, while the console is open */
#define BY_PUSH 4u    /* … and while it is not */
#define BY_MAIL 8u    /* in a digest */

#define MAIL_AFTER_MIN_MAX 1440
#define MAIL_EVERY_MIN_MAX 10080
#define MINUTES_OF_DAY 1440
#define TIME_ZONE_MAX 64

struct notify_settings {
	unsigned ways[NOTIFY_EVENTS];              /* BY_… */
	int64_t quiet_from_min, quiet_until_min;   /* minutes of the day; -1: no quiet hours */
	str time_zone;                             /* "Asia/Jakarta"; empty: UTC */
	bool shows_text;                           /* may leave the house: texts of messages */
	int64_t mail_after_min, mail_every_min;
	int64_t mailed_ms;                         /* read only; 0: never */
	bool stored;                               /* read only; false: these are the defaults */
};
void notify_defaults(struct notify_settings *out);
enum err notify_settings_get(struct job *job, id64 person, struct notify_settings *out);
/* Of the job's workspace; checks the fields, answers what is wrong. */
enum err notify_settings_put(struct job *job, id64 person, const struct notify_settings *settings);
/* The same in the caller's transaction, unchecked. */
enum err notify_settings_write(struct job *job, id64 person,
	const struct notify_settings *settings);
/* Is it quiet at at_ms? *until_ms: when it ends. */
bool notify_is_quiet(const struct notify_settings *settings, int64_t at_ms, int64_t *until_ms);
/* Takes somebody off all e-mail, by the link at its end. */
str notify_unsubscribe_token(struct job *job, id64 person);
enum err notify_unsubscribe(struct job *job, str token);

/* ---- muted conversations ---- */

#define MUTED_MAX 1000 /* of one person */
/* ERR_MISSING for a conversation out of the asker's scope, ERR_LIMIT past the maximum. */
enum err notify_mute(struct job *job, id64 person, id64 conversation, bool muted);
struct muted { id64 *ids; size_t count; };
enum err notify_muted_list(struct job *job, id64 person, struct muted *out);
enum err notify_is_muted(struct job *job, id64 person, id64 conversation, bool *out);

/* ---- browsers that hear pushes ---- */

#define PUSH_SUBSCRIPTIONS_MAX 20 /* of one person; the oldest goes */
#define PUSH_ENDPOINT_MAX 1000
#define PUSH_DEVICE_MAX 120
#define PUSH_SECRET_SIZE 16

struct push_subscription {
	id64 id;
	str endpoint, device; /* device: "Chrome on Linux" */
	uint8_t key[P256_PUBLIC_SIZE], auth[PUSH_SECRET_SIZE];
	int64_t created_ms, used_ms;
};
struct push_subscriptions { struct push_subscription *items; size_t count; };

/* The workspace's pair, made when it is first asked for. Wipe it after. */
enum err push_pair_get(struct job *job, struct p256_pair *out);
/* key and auth as the browser gave them, in base64url. ERR_INPUT with fields. */
struct push_draft { str endpoint, key, auth, device; };
enum err push_subscribe(struct job *job, id64 person, const struct push_draft *draft,
	struct push_subscription *out);
enum err push_subscription_list(struct job *job, id64 person, struct push_subscriptions *out);
enum err push_unsubscribe(struct job *job, id64 person, id64 subscription);

#endif
