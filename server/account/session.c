/*
 * session.c: signing in, and the sessions of browsers.
 *
 * The store has SHA-256 of a token only: 32 random octets need no key or salt. A sign-in counts as
 * failed before its password is looked at, so a hundred guesses at once are no more than one after
 * the other.
 */
#include "account/account_internal.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#include <pthread.h>

#define CSRF_SIZE 24
#define AGENT_TEXT_MAX 200

/* ---- the limit ---- */

enum { BY_EMAIL, BY_ADDRESS, SUBJECTS };

struct attempt {
	uint8_t subject[SUBJECTS][SHA256_SIZE];
	id64 id[SUBJECTS];
};

static enum err check_limit(struct job *job, bytes subject)
{
	struct sign_in_failure_total_row failures;

	TRY(sql_sign_in_failure_count(job, &(struct sql_sign_in_failure_count){
		.subject = subject, .since_ms = job->now_ms - SIGN_IN_WINDOW_MS }, &failures));
	if (failures.total < SIGN_IN_FAILURES_MAX)
		return OK;
	job->retry_after_ms = failures.oldest_ms + SIGN_IN_WINDOW_MS - job->now_ms;
	return fail_code(job, ERR_LIMIT, S("too_many_sign_ins"),
		S("Wait, then try again; an owner can set a new password."),
		"Too many failed attempts to sign in.");
}

static enum err count_attempt(struct job *job, void *arg)
{
	struct attempt *attempt = arg;

	for (int i = 0; i < SUBJECTS; i++)
		TRY(check_limit(job, (bytes){ attempt->subject[i], SHA256_SIZE }));
	for (int i = 0; i < SUBJECTS; i++) {
		attempt->id[i] = job_id(job);
		TRY(sql_sign_in_failure_insert(job,
			&(struct sql_sign_in_failure_insert){ .id = attempt->id[i],
				.subject = { attempt->subject[i], SHA256_SIZE },
				.at_ms = job->now_ms },
			NULL));
	}
	return OK;
}

/* It was no failure: nothing counts against the e-mail any more, and this one not against the
 * address. */
static enum err forget_attempt(struct job *job, const struct attempt *attempt)
{
	TRY(sql_sign_in_failure_forget(job, &(struct sql_sign_in_failure_forget){
		.subject = { attempt->subject[BY_EMAIL], SHA256_SIZE } }, NULL));
	return sql_sign_in_failure_delete(job,
		&(struct sql_sign_in_failure_delete){ .id = attempt->id[BY_ADDRESS] }, NULL);
}

/* ---- the password ---- */

static char nobody_hash[PASSWORD_HASH_MAX];

static void make_nobody(void)
{
	password_hash(S("nobody has this password"), nobody_hash);
}

static enum err wrong_pair(struct job *job)
{
	return fail_code(job, ERR_AUTH, S("wrong_sign_in"), S("Check both and try again."),
			 "The e-mail address or the password is wrong.");
}

/* Takes as long for an e-mail that nobody has. */
static enum err check_pair(struct job *job, str email, str password, struct person_secret_row *who)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	enum err e = sql_person_sign_in(job, &(struct sql_person_sign_in){ .email = email }, who);
	bool good;

	if (e != OK && e != ERR_MISSING)
		return e;
	pthread_once(&once, make_nobody);
	good = password_verify(password,
		e == OK ? arena_cstr(job->arena, who->password_hash) : nobody_hash);
	return good && e == OK ? OK : wrong_pair(job);
}

/* ---- the session ---- */

static enum err from_row(struct job *job, const struct session_row *row, struct session *out)
{
	*out = (struct session){
		.id = row->id,
		.workspace = row->workspace,
		.csrf_token = row->csrf_token,
		.expires_ms = row->created_ms + SESSION_LIFE_MS,
		.person = { .id = row->person,
			.email = row->email,
			.name = row->name,
			.locale = row->locale,
			.seen_ms = row->person_seen_ms,
			.created_ms = row->person_created_ms },
	};
	return role_parse(row->role, &out->person.role)
	               ? OK
	               : fail(job, ERR_BUG, "a member has an unknown role");
}

static void become(struct job *job, const struct session *session)
{
	job->workspace = session->workspace;
	job->actor.kind = ACTOR_PERSON;
	job->actor.id = session->person.id;
	job->actor.name = session->person.name;
	job->actor.permissions = role_permissions(session->person.role);
}

static enum err find(struct job *job, str token, struct session_row *row)
{
	uint8_t hash[SHA256_SIZE];
	enum err e;

	sha256(bytes_of(token), hash);
	e = sql_session_find(job,
		&(struct sql_session_find){ .token_hash = { hash, sizeof hash },
			.now_ms = job->now_ms },
		row);
	if (e != ERR_MISSING)
		return e;
	return fail_code(job, ERR_AUTH, S("not_signed_in"), S("Sign in."),
		"You are not signed in, or no longer.");
}

static int64_t expiry(int64_t created_ms, int64_t now_ms)
{
	int64_t idle = now_ms + SESSION_IDLE_MS, life = created_ms + SESSION_LIFE_MS;

	return idle < life ? idle : life;
}

struct session_making {
	const struct sign_in *in;
	const struct person_secret_row *who;
	const struct attempt *attempt;
	str token, csrf_token;
};

static enum err make_session(struct job *job, void *arg)
{
	const struct session_making *m = arg;
	uint8_t hash[SHA256_SIZE];
	id64 id = job_id(job);

	sha256(bytes_of(m->token), hash);
	TRY(forget_attempt(job, m->attempt));
	TRY(sql_session_insert(job,
		&(struct sql_session_insert){ .id = id,
			.person = m->who->id,
			.workspace = m->who->workspace,
			.token_hash = { hash, sizeof hash },
			.csrf_token = m->csrf_token,
			.address = m->in->address.ptr ? m->in->address : S(""),
			.user_agent = str_first_points(str_is_utf8(m->in->user_agent) &&
								       m->in->user_agent.ptr
							       ? m->in->user_agent
							       : S(""),
				AGENT_TEXT_MAX),
			.now_ms = job->now_ms,
			.expires_ms = expiry(job->now_ms, job->now_ms) },
		NULL));
	TRY(sql_member_seen(job,
		&(struct sql_member_seen){ .workspace = m->who->workspace,
			.person = m->who->id,
			.now_ms = job->now_ms },
		NULL));
	job->workspace = m->who->workspace;
	job->actor.kind = ACTOR_PERSON;
	job->actor.id = m->who->id;
	job->actor.name = m->who->name;
	return audit_add(job, &(struct audit_entry){ .action = "session.create",
				      .target_kind = "session",
				      .target_id = id });
}

static void name_subjects(struct job *job, const struct sign_in *in, str email, struct attempt *out)
{
	master_hash(S("sign-in"), arena_printf(job->arena, "email:" STR_F, STR_A(email)),
		out->subject[BY_EMAIL]);
	master_hash(S("sign-in"), arena_printf(job->arena, "address:" STR_F, STR_A(in->address)),
		out->subject[BY_ADDRESS]);
}

enum err session_create(struct job *job, const struct sign_in *in, struct session *out, str *token)
{
	struct person_secret_row who;
	struct session_row row;
	struct attempt attempt;
	struct session_making making = { .in = in, .who = &who, .attempt = &attempt };
	str email = check_email(job, S("email"), in->email);

	TRY(job_check_fields(job));
	name_subjects(job, in, email, &attempt);
	TRY(in_transaction(job, count_attempt, &attempt));
	if (in->password.len > PASSWORD_TEXT_MAX * 4)
		return wrong_pair(job);
	TRY(check_pair(job, email, in->password, &who));
	making.token = crypto_random_text(job->arena, SESSION_TOKEN_SIZE);
	making.csrf_token = crypto_random_text(job->arena, CSRF_SIZE);
	TRY(in_transaction(job, make_session, &making));
	TRY(find(job, making.token, &row));
	TRY(from_row(job, &row, out));
	become(job, out);
	*token = making.token;
	return OK;
}

static enum err note_use(struct job *job, void *arg)
{
	const struct session_row *row = arg;

	TRY(sql_session_seen(job,
		&(struct sql_session_seen){ .id = row->id,
			.now_ms = job->now_ms,
			.expires_ms = expiry(row->created_ms, job->now_ms) },
		NULL));
	return sql_member_seen(job,
		&(struct sql_member_seen){ .workspace = row->workspace,
			.person = row->person,
			.now_ms = job->now_ms },
		NULL);
}

enum err session_use(struct job *job, str token, struct session *out)
{
	struct session_row row;

	TRY(find(job, token, &row));
	TRY(from_row(job, &row, out));
	become(job, out);
	if (job->now_ms - row.seen_ms >= NOTE_INTERVAL_MS &&
		in_transaction(job, note_use, &row) != OK) {
		log_warn("could not note the use of a session: " STR_F, STR_A(job->why));
		job_forgive(job);
	}
	return OK;
}

static enum err end_session(struct job *job, void *arg)
{
	const id64 *id = arg;

	TRY(sql_session_delete(job,
		&(struct sql_session_delete){ .workspace = job->workspace, .id = *id }, NULL));
	return audit_add(job, &(struct audit_entry){ .action = "session.end",
				      .target_kind = "session",
				      .target_id = *id });
}

enum err session_end(struct job *job, id64 id)
{
	return in_transaction(job, end_session, &id);
}

static enum err clean(struct job *job, void *arg)
{
	(void)arg;
	TRY(sql_session_delete_expired(job,
		&(struct sql_session_delete_expired){ .now_ms = job->now_ms }, NULL));
	return sql_sign_in_failure_delete_old(job, &(struct sql_sign_in_failure_delete_old){
		.until_ms = job->now_ms - SIGN_IN_WINDOW_MS }, NULL);
}

enum err session_clean(struct job *job)
{
	return in_transaction(job, clean, NULL);
}
