/*
 * session.c: signing in, and the sessions of browsers.
 *
 * The store has SHA-256 of a token only: 32 random octets need no key or salt. How often one may
 * guess is lockout.c's.
 */
#include "account/account_internal.h"
#include "account/second_factor.h"
#include "base/json.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/queries.h"

#include <pthread.h>

#define CSRF_SIZE 24
#define AGENT_TEXT_MAX 200

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
static enum err check_pair(struct job *job, const struct attempt *attempt, str password,
	struct person_secret_row *who)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	enum err e = sql_person_sign_in(job,
		&(struct sql_person_sign_in){ .email = attempt->email }, who);
	bool good;

	if (e != OK && e != ERR_MISSING)
		return e;
	if (e == ERR_MISSING)
		job_forgive(job);
	pthread_once(&once, make_nobody);
	good = password_verify(password,
		e == OK ? arena_cstr(job->arena, who->password_hash) : nobody_hash);
	if (good && e == OK)
		return OK;
	job->workspace = e == OK ? who->workspace : 0;
	TRY(attempt_failed(job, attempt, e == OK ? who->id : 0));
	return wrong_pair(job);
}

/* ---- the second factor ---- */

static enum err take_back(struct job *job, void *arg)
{
	return attempt_take_back(job, arg);
}

/* The password was right, so asking for the code is no failure. */
static enum err ask_for_code(struct job *job, struct attempt *attempt)
{
	TRY(in_transaction(job, take_back, attempt));
	return fail_code(job, ERR_AUTH, S("second_factor_required"),
		S("Send the code that your authenticator app shows, or a recovery code."),
		"This account has a second factor.");
}

static enum err wrong_code(struct job *job, const struct attempt *attempt, id64 person)
{
	TRY(attempt_failed(job, attempt, person));
	return fail_code(job, ERR_AUTH, S("wrong_code"),
		S("Wait for the next code, or use a recovery code."),
		"The code is wrong, or was used before.");
}

static enum err check_code(struct job *job, const struct sign_in *in, struct attempt *attempt,
	const struct person_secret_row *who)
{
	bool needed, good, recovery;

	TRY(second_factor_needed(job, who->id, &needed));
	if (!needed)
		return OK;
	if (str_trim(in->code).len == 0)
		return ask_for_code(job, attempt);
	TRY(attempt_guess(job, who->id, attempt));
	TRY(second_factor_use(job, who->id, in->code, &good, &recovery));
	if (!good)
		return wrong_code(job, attempt, who->id);
	if (recovery)
		log_info("somebody signed in with a recovery code");
	return OK;
}

/* ---- the session ---- */

static enum err from_row(struct job *job, const struct session_row *row, struct session *out)
{
	const struct person_row person = { .id = row->id,
		.email = row->email,
		.name = row->name,
		.locale = row->locale,
		.time_zone = row->time_zone,
		.created_ms = row->created_ms,
		.disabled_ms = row->disabled_ms,
		.seen_ms = row->seen_ms,
		.role = row->role,
		.role_id = row->role_id,
		.role_name = row->role_name,
		.role_permissions = row->role_permissions,
		.role_sees = row->role_sees,
		.channels = row->channels,
		.teams = row->teams,
		.second_factor_ms = row->second_factor_ms };

	*out = (struct session){ .id = row->session_id,
		.workspace = row->workspace,
		.csrf_token = row->csrf_token,
		.expires_ms = row->session_created_ms + SESSION_LIFE_MS,
		.must_enrol = row->required && !row->second_factor_ms };
	return person_of_row(job, &person, &out->person);
}

static void become(struct job *job, const struct session *session)
{
	const struct person *person = &session->person;

	job->workspace = session->workspace;
	job->actor.kind = ACTOR_PERSON;
	job->actor.id = person->id;
	job->actor.via = session->id;
	job->actor.name = person->name;
	job->actor.permissions = session->must_enrol ? 0 : person->access.permissions;
	job->scope = scope_of(job, person->id, &person->access);
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
	id64 person, workspace;
	str name;
	const struct attempt *attempt; /* or NULL: there was no password */
	str token, csrf_token;
};

static str shown_agent(str user_agent)
{
	return user_agent.ptr && str_is_utf8(user_agent)
		       ? str_first_points(user_agent, AGENT_TEXT_MAX)
		       : S("");
}

static enum err make_session(struct job *job, void *arg)
{
	const struct session_making *m = arg;
	uint8_t hash[SHA256_SIZE];
	id64 id = job_id(job);

	sha256(bytes_of(m->token), hash);
	if (m->attempt)
		TRY(attempt_forget(job, m->attempt));
	TRY(sql_session_insert(job,
		&(struct sql_session_insert){ .id = id,
			.person = m->person,
			.workspace = m->workspace,
			.token_hash = { hash, sizeof hash },
			.csrf_token = m->csrf_token,
			.address = m->in->address.ptr ? m->in->address : S(""),
			.user_agent = shown_agent(m->in->user_agent),
			.now_ms = job->now_ms,
			.expires_ms = expiry(job->now_ms, job->now_ms) },
		NULL));
	TRY(sql_member_seen(job,
		&(struct sql_member_seen){ .workspace = m->workspace,
			.person = m->person,
			.now_ms = job->now_ms },
		NULL));
	job->workspace = m->workspace;
	job->actor.kind = ACTOR_PERSON;
	job->actor.id = m->person;
	job->actor.name = m->name;
	return audit_add(job, &(struct audit_entry){ .action = "session.create",
				      .target_kind = "session",
				      .target_id = id });
}

static enum err sign_in(struct job *job, struct session_making *making, struct session *out,
	str *token)
{
	struct session_row row;

	making->token = crypto_random_text(job->arena, SESSION_TOKEN_SIZE);
	making->csrf_token = crypto_random_text(job->arena, CSRF_SIZE);
	TRY(in_transaction(job, make_session, making));
	TRY(find(job, making->token, &row));
	TRY(from_row(job, &row, out));
	become(job, out);
	*token = making->token;
	return OK;
}

enum err session_create(struct job *job, const struct sign_in *in, struct session *out, str *token)
{
	struct person_secret_row who;
	struct attempt attempt;
	str email = check_email(job, S("email"), in->email);

	TRY(job_check_fields(job));
	TRY(attempt_begin(job, in, email, &attempt));
	if (in->password.len > PASSWORD_TEXT_MAX * 4)
		return wrong_pair(job);
	TRY(check_pair(job, &attempt, in->password, &who));
	job->workspace = who.workspace;
	TRY(check_code(job, in, &attempt, &who));
	return sign_in(job,
		&(struct session_making){ .in = in,
			.person = who.id,
			.workspace = who.workspace,
			.name = who.name,
			.attempt = &attempt },
		out, token);
}

enum err session_create_for(struct job *job, id64 person, const struct sign_in *in,
	struct session *out, str *token)
{
	return sign_in(job,
		&(struct session_making){ .in = in,
			.person = person,
			.workspace = job->workspace,
			.name = job->actor.name },
		out, token);
}

static enum err note_use(struct job *job, void *arg)
{
	const struct session_row *row = arg;

	TRY(sql_session_seen(job,
		&(struct sql_session_seen){ .id = row->session_id,
			.now_ms = job->now_ms,
			.expires_ms = expiry(row->session_created_ms, job->now_ms) },
		NULL));
	return sql_member_seen(job,
		&(struct sql_member_seen){ .workspace = row->workspace,
			.person = row->id,
			.now_ms = job->now_ms },
		NULL);
}

enum err session_use(struct job *job, str token, struct session *out)
{
	struct session_row row;

	TRY(find(job, token, &row));
	TRY(from_row(job, &row, out));
	become(job, out);
	if (job->now_ms - row.session_seen_ms >= NOTE_INTERVAL_MS &&
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

enum err session_sign_out(struct job *job, id64 id)
{
	return in_transaction(job, end_session, &id);
}

/* ---- the sessions of a person ---- */

enum err session_list(struct job *job, id64 person, struct session_item **out, size_t *count)
{
	struct session_item_rows rows;
	struct person found;

	TRY(person_get(job, person, &found));
	TRY(sql_session_list(job,
		&(struct sql_session_list){ .workspace = job->workspace,
			.person = person,
			.now_ms = job->now_ms,
			.max = SESSIONS_LISTED_MAX },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct session_item, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct session_item){ .id = rows.items[i].id,
			.address = rows.items[i].address,
			.user_agent = rows.items[i].user_agent,
			.created_ms = rows.items[i].created_ms,
			.seen_ms = rows.items[i].seen_ms,
			.expires_ms = rows.items[i].expires_ms };
	return OK;
}

static enum err audit_revoke(struct job *job, const struct session_ending *which)
{
	return audit_add(job, &(struct audit_entry){ .action = "session.revoke",
				      .target_kind = which->id ? "session" : "person",
				      .target_id = which->id ? which->id : which->person });
}

static enum err revoke(struct job *job, void *arg)
{
	const struct session_ending *which = arg;
	int64_t ended = 0;

	if (which->person != job->actor.id)
		TRY(person_may_manage(job, which->person));
	if (which->id)
		TRY(sql_session_delete_of(job,
			&(struct sql_session_delete_of){ .workspace = job->workspace,
				.person = which->person,
				.id = which->id },
			&ended));
	else
		TRY(sql_session_delete_person(job,
			&(struct sql_session_delete_person){ .workspace = job->workspace,
				.person = which->person,
				.keep = which->keep },
			NULL));
	if (which->id && !ended)
		return fail(job, ERR_MISSING, "there is no such session");
	return audit_revoke(job, which);
}

enum err session_revoke(struct job *job, const struct session_ending *which)
{
	return in_transaction(job, revoke, (void *)which);
}

static bool is_among(const struct session_owner_rows *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return true;
	return false;
}

enum err session_still_there(struct job *job, id64 *ids, size_t count)
{
	struct buf list = buf_in(job->arena, 24 * count + 8);
	struct session_owner_rows rows;

	for (size_t i = 0; i < count; i++)
		buf_printf(&list, "%c%lld", i ? ',' : '[', (long long)ids[i]);
	buf_byte(&list, ']');
	TRY(sql_session_alive(job,
		&(struct sql_session_alive){ .ids = buf_text(&list), .now_ms = job->now_ms },
		&rows));
	for (size_t i = 0; i < count; i++)
		if (!is_among(&rows, ids[i]))
			ids[i] = 0;
	return OK;
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
