/* notify_internal.h: what the files of notify share. */
#ifndef JOBS_NOTIFY_INTERNAL_H
#define JOBS_NOTIFY_INTERNAL_H

#include "account/account.h"
#include "jobs/notify.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdatomic.h>

struct heard;

struct notify {
	struct notify_config config;
	_Atomic(struct heard *) heard; /* newest first */
	atomic_int heard_count;
	atomic_bool is_posted, is_ending, is_pushing, is_mailing;
};

/* For look-ups where "there is none" is an answer. */
static inline enum err notify_found(struct job *job, enum err e, bool *found)
{
	*found = e == OK;
	if (e != ERR_MISSING)
		return e;
	job_forgive(job);
	return OK;
}

/* Somebody whom a notice is for: with the job in their place. ERR_MISSING when they have left. */
struct reader {
	id64 id;
	str email, name, locale;
	struct notify_settings settings;
	const struct scope *scope;
	bool sees_contacts, sees_messages;
};
enum err notify_reader(struct job *job, id64 person, struct reader *out);

/* ---- notify_push.c ---- */

/* Leases what is due and gives each to a call worker. */
enum err notify_push_look(struct job *job, struct notify *notify);

/* ---- notify_mail.c ---- */

enum err notify_mail_look(struct job *job, struct notify *notify);

/* ---- notify_text.c ---- */

/* One thing that is told: of which conversation, and how many messages wait in it. */
struct tale {
	str kind, contact, preview;  /* preview: none unless the reader lets texts leave */
	id64 conversation, message;
	int64_t waiting, since_ms;
	bool is_read;
	bool is_void;                /* read meanwhile, out of sight, or gone: nothing to tell */
};
enum err notify_tell(struct job *job, const struct reader *reader,
	const struct notify_due_row *due, struct tale *out);

enum text_key {
	TEXT_NEW_MESSAGE, TEXT_NEW_MESSAGES, TEXT_MENTION, TEXT_ASSIGNED, TEXT_SLA, TEXT_NOT_SENT,
	TEXT_SOMETHING, TEXT_SOMEBODY, TEXT_TEST_TITLE, TEXT_TEST_BODY, TEXT_SUBJECT_ONE,
	TEXT_SUBJECT_MANY, TEXT_HELLO, TEXT_WAITING_SINCE, TEXT_OPEN, TEXT_WHY, TEXT_INVITED,
	TEXT_INVITED_BY, TEXT_JOIN, TEXT_SETTINGS, TEXTS
};
/* In the reader's language, English otherwise. */
str notify_text(str locale, enum text_key key);
/* "3 new messages", "You were mentioned". */
str notify_line(struct job *job, str locale, const struct tale *tale);
/* Subject, plain text and HTML of a digest. */
struct digest { str subject, text, html; };
void notify_digest_write(struct job *job, const struct reader *reader, const struct tale *tales,
	size_t count, const char *url, struct digest *out);
void notify_invitation_write(struct job *job, str locale, const struct account_mail *mail,
	struct digest *out);

#endif
