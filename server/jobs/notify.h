/*
 * notify.h: notices that leave for people who do not look: pushes to browsers, and digests by mail.
 *
 * What changed is heard after its commit (notify_hear); who wants to be told is decided on a call
 * worker and written down (table notify_due) before anything leaves, so a crash forgets nothing. A
 * push may come twice and then replaces itself; a digest leaves at most once: it is crossed off
 * before it is sent.
 */
#ifndef JOBS_NOTIFY_H
#define JOBS_NOTIFY_H

#include "inbox/notify.h"
#include "runtime/pool.h"

#define NOTIFY_LOOK_EVERY_MS 2000     /* for what became due by itself */
#define NOTIFY_HEARD_MAX 20000        /* waiting to be decided; more are not told */
#define NOTIFY_BATCH_MAX 200          /* decided in one transaction */
#define NOTIFY_LOOKING_MAX 16         /* people who look at one conversation */
#define NOTIFY_PUSH_ATTEMPTS_MAX 6
#define NOTIFY_PUSH_BACKOFF_MS 5000   /* doubled each time */
#define NOTIFY_MAIL_AGAIN_MS 600000   /* when the mail server was away */
#define NOTIFY_DIGEST_MAX 50          /* lines of one digest */

struct notify_config {
	struct store *store;
	struct pool *callers;
	struct timers *timers;
	const char *url;     /* of the console; read when it is needed */
	const char *contact; /* mailto: or https:, for push services */
	bool allow_private;  /* push services on private addresses, in tests */
};
struct notify;

struct notify *notify_create(const struct notify_config *config);
/* Takes nothing more. Before the pools end. */
void notify_stop(struct notify *notify);
/* After the pools and the loop have ended. */
void notify_destroy(struct notify *notify);

/* Any worker, after the commit; never fails. */
void notify_hear(struct notify *notify, struct job *job, const struct inbox_changes *changes);
/* Who has this conversation before their eyes. Set once at start; NULL: nobody. done is called
 * exactly once, on any thread. */
typedef void notify_looking_fn(void *arg, const id64 *people, size_t count);
extern void (*notify_who_looks)(struct job *job, id64 conversation, notify_looking_fn *done,
	void *arg);

/* account_mail_hook: an invitation leaves by mail, if there is mail here. Best effort. */
struct account_mail;
void notify_invite(struct notify *notify, struct job *job, const struct account_mail *mail);

/* A push to all browsers of the job's person, now: for the test button. *sent: how many took it. */
enum err notify_push_test(struct job *job, const struct notify_config *config, size_t *sent);
/* A mail to the job's person, now. */
enum err notify_mail_test(struct job *job, const struct notify_config *config);

#endif
