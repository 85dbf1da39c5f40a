/*
 * notices.c: joins jobs/notify.h with the hub (who looks), the settings (mail) and the API (tests).
 */
#include "server.h"

#include "account/account.h"
#include "api/notify_hooks.h"
#include "inbox/inbox.h"
#include "jobs/notify.h"
#include "live/live_outlet.h"
#include "net/mail.h"

#include <stdio.h>

static struct {
	struct notices_parts parts;
	struct notify_config config;
	struct notify *notify;
	char contact[256];
} the;

/* ---- who has a conversation before their eyes ---- */

struct asked {
	notify_looking_fn *done;
	void *arg;
};

static void take_members(void *arg, const str *ids, size_t count)
{
	struct asked *asked = arg;
	id64 people[NOTIFY_LOOKING_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count && n < NOTIFY_LOOKING_MAX; i++)
		if (id64_parse(ids[i], &people[n]))
			n++;
	asked->done(asked->arg, people, n);
	heap_free(asked);
}

static void who_looks(struct job *job, id64 conversation, notify_looking_fn *done, void *arg)
{
	str channel = arena_printf(job->arena, "presence-conversation-%lld",
		(long long)conversation);
	struct live_figures figures;
	struct live_app app;
	struct asked *asked;

	live_figures(the.parts.live, &figures);
	if ((!figures.connections && !live_outlets_active(the.parts.outlets)) ||
		live_app_get(job, &app) != OK) {
		job_forgive(job);
		done(arg, NULL, 0);
		return;
	}
	asked = HEAP_NEW(struct asked);
	*asked = (struct asked){ done, arg };
	if (!live_outlets_present(the.parts.outlets, app.key, channel, take_members, asked))
		live_present(the.parts.live, app.key, channel, take_members, asked);
}

/* ---- the test buttons ---- */

static enum err test_push(struct job *job, size_t *sent)
{
	return notify_push_test(job, &the.config, sent);
}

static enum err test_mail(struct job *job)
{
	return notify_mail_test(job, &the.config);
}

static void send_mail(struct job *job, const struct account_mail *mail)
{
	notify_invite(the.notify, job, mail);
}

/* ---- the life ---- */

/* Push services want to know whom to ask when we misbehave. */
static const char *contact_of(const struct settings *s)
{
	if (s->push_contact[0])
		return s->push_contact;
	if (!s->smtp_from[0])
		return s->public_url[0] ? s->public_url : "mailto:postmaster@localhost";
	snprintf(the.contact, sizeof the.contact, "mailto:%s", s->smtp_from);
	return the.contact;
}

void notices_start(const struct notices_parts *parts)
{
	const struct settings *s = parts->settings;

	the.parts = *parts;
	mail_configure(&(struct mail_config){ .url = s->smtp_url, .user = s->smtp_user,
		.password = s->smtp_password, .from = s->smtp_from,
		.allow_plain = s->smtp_allow_plain });
	the.config = (struct notify_config){ .store = parts->store, .callers = parts->callers,
		.timers = parts->timers, .url = parts->url, .contact = contact_of(s),
		.allow_private = s->allow_private_calls };
	notify_who_looks = who_looks;
	api_push_test_hook = test_push;
	api_mail_test_hook = test_mail;
	the.notify = notify_create(&the.config);
	account_mail_hook = send_mail;
}

void notices_hear(struct job *job, const struct inbox_changes *changes)
{
	if (the.notify)
		notify_hear(the.notify, job, changes);
}

void notices_stop(void)
{
	if (the.notify)
		notify_stop(the.notify);
}

void notices_end(void)
{
	notify_destroy(the.notify);
	the.notify = NULL;
}
