/*
 * notify_mail.c: digests of what waited unread, by e-mail.
 *
 * The one rule: a digest is crossed off, in a committed transaction, before it is sent. So a crash
 * may lose one, and never sends it twice; only a server that certainly did not take it gives it
 * back.
 */
#include "jobs/notify_internal.h"

#include "base/log.h"
#include "net/mail.h"

struct mail_call {
	struct notify *notify;
	id64 workspace, person;
	size_t count;
	id64 due[NOTIFY_DIGEST_MAX];
};

/* ---- whose turn it is ---- */

static enum err postpone(struct job *job, id64 person, int64_t due_ms)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notify_mail_postpone(job, &(struct sql_notify_mail_postpone){
		.workspace = job->workspace, .person = person, .due_ms = due_ms }, NULL));
	return db_commit(job);
}

/* Not at night, and not too often. */
static bool must_wait(const struct job *job, const struct notify_settings *s, int64_t *until_ms)
{
	int64_t next_ms = s->mailed_ms ? s->mailed_ms + s->mail_every_min * 60000 : 0;

	if (next_ms > job->now_ms) {
		*until_ms = next_ms;
		return true;
	}
	return notify_is_quiet(s, job->now_ms, until_ms);
}

/* Writes down that it has gone, and keeps what it is about. What was read meanwhile goes unsaid. */
static enum err claim(struct job *job, const struct reader *reader,
	const struct notify_due_rows *due, struct mail_call *call)
{
	for (size_t i = 0; i < due->count && call->count < NOTIFY_DIGEST_MAX; i++) {
		struct tale tale;

		TRY(notify_tell(job, reader, &due->items[i], &tale));
		if (tale.is_void) {
			TRY(sql_notify_due_drop(job, &(struct sql_notify_due_drop){
				.id = due->items[i].id, .workspace = job->workspace }, NULL));
			continue;
		}
		TRY(sql_notify_mail_claim(job, &(struct sql_notify_mail_claim){
			.id = due->items[i].id, .workspace = job->workspace }, NULL));
		call->due[call->count++] = due->items[i].id;
	}
	if (!call->count)
		return OK;
	if (!reader->settings.stored)
		TRY(notify_settings_write(job, reader->id, &reader->settings));
	return sql_notify_mailed(job, &(struct sql_notify_mailed){ .workspace = job->workspace,
		.person = reader->id, .now_ms = job->now_ms }, NULL);
}

static enum err claim_all(struct job *job, const struct reader *reader, struct mail_call *call)
{
	struct notify_due_rows due;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notify_mail_rows(job, &(struct sql_notify_mail_rows){ .workspace = job->workspace,
		.person = reader->id, .now_ms = job->now_ms }, &due));
	TRY(claim(job, reader, &due, call));
	return db_commit(job);
}

/* ---- sending ---- */

static enum err give_back(struct job *job, const struct mail_call *call)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < call->count; i++)
		TRY(sql_notify_mail_again(job,
			&(struct sql_notify_mail_again){ .id = call->due[i],
				.workspace = job->workspace,
				.due_ms = job->now_ms + NOTIFY_MAIL_AGAIN_MS }, NULL));
	return db_commit(job);
}

static str unsubscribe_url(struct job *job, const char *url, id64 person)
{
	return arena_printf(job->arena, "%s/api/v1/notifications/unsubscribe?token=" STR_F, url,
		STR_A(notify_unsubscribe_token(job, person)));
}

static enum err send(struct job *job, const struct notify_config *config,
	const struct reader *reader, const struct digest *digest, bool *may_have_left)
{
	return mail_send(job,
		&(struct mail){ .to = reader->email,
			.to_name = reader->name,
			.subject = digest->subject,
			.text = digest->text,
			.html = digest->html,
			.unsubscribe_url = unsubscribe_url(job, config->url, reader->id) },
		may_have_left);
}

static enum err load_tales(struct job *job, const struct mail_call *call,
	const struct reader *reader, struct tale *out, size_t *count)
{
	struct notify_due_row due;
	bool found;

	for (size_t i = 0; i < call->count; i++) {
		TRY(notify_found(job, sql_notify_due_find(job, &(struct sql_notify_due_find){
			.id = call->due[i], .workspace = job->workspace }, &due), &found));
		if (found)
			TRY(notify_tell(job, reader, &due, &out[*count]));
		*count += found && !out[*count].is_void;
	}
	return OK;
}

static enum err mail_tales(struct job *job, struct mail_call *call, const struct reader *reader)
{
	struct tale *tales = ARENA_ARRAY(job->arena, struct tale, call->count);
	struct digest digest;
	size_t count = 0;
	bool may_have_left;
	enum err e;

	TRY(load_tales(job, call, reader, tales, &count));
	if (!count)
		return OK;
	notify_digest_write(job, reader, tales, count, call->notify->config.url, &digest);
	e = send(job, &call->notify->config, reader, &digest, &may_have_left);
	if (e == OK)
		return OK;
	log_warn("a digest was not sent: " STR_F, STR_A(job->why));
	job_forgive(job);
	return may_have_left ? OK : give_back(job, call);
}

static enum err run_mail(struct job *job, void *arg)
{
	struct mail_call *call = arg;
	struct reader reader;
	bool found;

	job_defer(job, heap_free, call);
	job->workspace = call->workspace;
	TRY(notify_found(job, notify_reader(job, call->person, &reader), &found));
	return found ? mail_tales(job, call, &reader) : OK;
}

/* ---- looking ---- */

static enum err drop_person(struct job *job, id64 person)
{
	struct notify_due_rows due;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_notify_mail_rows(job, &(struct sql_notify_mail_rows){ .workspace = job->workspace,
		.person = person, .now_ms = job->now_ms }, &due));
	for (size_t i = 0; i < due.count; i++)
		TRY(sql_notify_due_drop(job, &(struct sql_notify_due_drop){
			.id = due.items[i].id, .workspace = job->workspace }, NULL));
	return db_commit(job);
}

static enum err mail_person(struct job *job, struct notify *n, id64 person)
{
	struct mail_call *call;
	struct reader reader;
	int64_t until_ms;
	bool found;

	TRY(notify_found(job, notify_reader(job, person, &reader), &found));
	if (!found)
		return drop_person(job, person);
	if (must_wait(job, &reader.settings, &until_ms))
		return postpone(job, person, until_ms);
	call = HEAP_NEW(struct mail_call);
	job_defer(job, heap_free, call);
	call->notify = n;
	call->workspace = job->workspace;
	call->person = person;
	TRY(claim_all(job, &reader, call));
	if (call->count) {
		struct mail_call *own = HEAP_NEW(struct mail_call);

		*own = *call;
		if (!pool_post(n->config.callers,
			    (struct task){ "mail", run_mail, heap_free, own })) {
			heap_free(own);
			return give_back(job, call);
		}
	}
	return OK;
}

static enum err look(struct job *job, struct notify *n)
{
	struct notify_mail_person_rows rows;

	TRY(sql_notify_due_mails(job, &(struct sql_notify_due_mails){ job->now_ms }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		job->workspace = rows.items[i].workspace_id;
		TRY(mail_person(job, n, rows.items[i].person_id));
	}
	return OK;
}

enum err notify_mail_look(struct job *job, struct notify *n)
{
	enum err e;

	if (!mail_is_configured() || atomic_exchange(&n->is_mailing, true))
		return OK;
	e = look(job, n);
	atomic_store(&n->is_mailing, false);
	return e;
}

enum err notify_mail_test(struct job *job, const struct notify_config *config)
{
	struct reader reader;
	struct digest digest;
	bool may_have_left;
	struct tale tale = { .kind = S("test") };

	TRY(notify_reader(job, job->actor.id, &reader));
	tale.contact = notify_text(reader.locale, TEXT_TEST_TITLE);
	tale.preview = notify_text(reader.locale, TEXT_TEST_BODY);
	notify_digest_write(job, &reader, &tale, 1, config->url, &digest);
	digest.subject = notify_text(reader.locale, TEXT_TEST_BODY);
	return send(job, config, &reader, &digest, &may_have_left);
}

/* ---- invitations ---- */

struct invitation_call {
	str to, name, subject, text, html; /* in octets */
	char octets[];
};

static enum err run_invitation(struct job *job, void *arg)
{
	const struct invitation_call *call = arg;
	bool may_have_left;

	job_defer(job, heap_free, arg);
	return mail_send(job, &(struct mail){ .to = call->to, .to_name = call->name,
		.subject = call->subject, .text = call->text, .html = call->html }, &may_have_left);
}

static str copy(char **at, str text)
{
	str copied = { *at, text.len };

	if (text.len)
		memcpy(*at, text.ptr, text.len);
	*at += text.len;
	return copied;
}

/* In the workspace's language: that of the invited is not known. */
void notify_invite(struct notify *n, struct job *job, const struct account_mail *mail)
{
	struct invitation_call *call;
	struct workspace workspace = { .locale = S("en") };
	struct digest digest;
	char *at;

	if (!mail_is_configured())
		return;
	if (workspace_get(job, &workspace) != OK)
		job_forgive(job);
	notify_invitation_write(job, workspace.locale, mail, &digest);
	call = heap_alloc(sizeof *call + mail->to.len + mail->name.len + digest.subject.len +
		digest.text.len + digest.html.len);
	at = call->octets;
	call->to = copy(&at, mail->to);
	call->name = copy(&at, mail->name);
	call->subject = copy(&at, digest.subject);
	call->text = copy(&at, digest.text);
	call->html = copy(&at, digest.html);
	if (!pool_post(n->config.callers,
		    (struct task){ "invitation", run_invitation, heap_free, call }))
		heap_free(call);
}
