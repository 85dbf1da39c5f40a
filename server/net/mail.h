/*
 * mail.h: sending e-mail by SMTP (libcurl), blocking, on call workers.
 *
 * smtps:// speaks TLS from the start; smtp:// asks for STARTTLS and refuses to go on without,
 * unless the settings allow plain text. A job that mails holds no transaction. The one rule: what
 * comes from people (names, subjects) never begins a header line of its own.
 */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include "base/buf.h"
#include "runtime/job.h"

#define MAIL_SIZE_MAX (256u << 10) /* octets, as it leaves */
#define MAIL_DEADLINE_MS 30000
#define MAIL_ADDRESS_MAX 254

/* All borrowed, for as long as the process lives. url NULL or empty: there is no mail. */
struct mail_config {
	const char *url;             /* smtp://host:587, smtps://host:465 */
	const char *user, *password; /* empty: without signing in */
	const char *from;            /* "parley@example.com" */
	bool allow_plain;
};
/* Once at start, before threads. */
void mail_configure(const struct mail_config *config);
bool mail_is_configured(void);

struct mail {
	str to, to_name;
	str subject, text, html;
	/* https address that takes the reader off by a POST without more (RFC 8058); or none */
	str unsubscribe_url;
};

/* One address and nothing else: no list, no name, no control octets. */
bool mail_is_address(str text);
/* The message as it leaves (RFC 5322, two alternatives), for mail_send() and its test. */
void mail_write(struct job *job, const struct mail *mail, str from, struct buf *out);
/* OK: the server has taken it. *may_have_left: on failure, whether it may be there all the same.
 * ERR_UNSUPPORTED when there is no mail here, ERR_UPSTREAM, ERR_TIMEOUT, ERR_INPUT. */
enum err mail_send(struct job *job, const struct mail *mail, bool *may_have_left);

#endif
